"""A scenario as sentences, and as the text that an address and a story carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pcs_dash.measures.numbers import number, per_cent
from pcs_dash.scenarios.changes import (
    AGES,
    HUB,
    ROLE_WORDS,
    Change,
    Close,
    Homes,
    Join,
    Leave,
    Merge,
    Open,
    Population,
    Scenario,
    Staff,
)
from pcs_dash.scenarios.flows import degrees_in
from pcs_dash.store.links import make_link, open_link
from pcs_dash.views.phrases import join_words

LINK = "scenario"
# What an address calls the scenario that it is compared with.
AGAINST = "against"


def to_text(scenario: Scenario) -> str:
    """The scenario as the text of a link. LinkError where it is too long for one."""
    return make_link(scenario.to_dict(), (), kind=LINK)


def from_text(text: str) -> Scenario:
    """The scenario of such a text. LinkError or ScenarioError where it is damaged."""
    return Scenario.from_dict(open_link(text, (), kind=LINK).document)


# Which practices most patients of one go to, with their shares.
Takers = Callable[[str], Sequence[tuple[str, float]]]


def sentence(change: Change, names: Mapping[str, str], takers: Takers = lambda _: ()) -> str:
    """A change as one reads it; `names`: those of practices by code."""
    said = f"{_when(change)} {_what(change, names, takers)}"
    return said + ("." if change.on else " (switched off).")


def _when(change: Change) -> str:
    if isinstance(change, (Close, Merge)):
        return f"In {change.year}"
    return f"From {change.year}" + ("" if change.last is None else f" to {change.last}")


def _where(where: str, names: Mapping[str, str]) -> str:
    return _named(where, names) if where else "all practices"


def _built(where: str) -> str:
    corners = degrees_in(where)
    if corners is None:
        return f"in {where}"
    latitude, longitude = corners.mean(axis=0)
    at = f"{number(latitude, 3)}, {number(longitude, 3)}"
    return f"at {at}" if len(corners) == 1 else f"in a shape around {at}"


def _named(code: str, names: Mapping[str, str]) -> str:
    known = names.get(code.upper())
    return code if known is None else f"{known} ({code.upper()})"


def _what(change: Change, names: Mapping[str, str], takers: Takers) -> str:
    match change:
        case Homes():
            return f"{number(change.a_year)} homes a year are built {_built(change.where)}"
        case Population():
            low, central, high = (number(value, 1) for value in change.per_cent)
            ends = "" if low == high else f" ({low} to {high})"
            where = _where(change.where, names)
            return f"patients of {where} change by {central}%{ends} a year"
        case Leave():
            return f"{AGES[change.ages]} at England's rates, in {_where(change.where, names)}"
        case Join():
            return f"GPs who finish their training join, in {_where(change.where, names)}"
        case Staff():
            more = "more" if change.fte > 0 else "fewer"
            role, where = ROLE_WORDS[change.role], _where(change.where, names)
            return f"there are {abs(change.fte):g} FTE {role} {more} in {where}"
        case Close():
            return f"{_named(change.practice, names)} closes; {_goes(change, names, takers)}"
        case Merge():
            first, *others = (_named(code, names) for code in change.practices)
            become = "becomes" if len(others) == 1 else "become"
            team = f"{join_words(others)} {become} one list and one team with {first}"
            return f"{team}; {_stay(change, names)}"
        case Open():
            return f"{change.name} ({change.code}) opens with {change.gp:g} FTE GPs"
    raise TypeError(change)


def _stay(change: Merge, names: Mapping[str, str]) -> str:
    if set(change.kept) == set(change.practices):
        return "all premises stay"
    return f"the premises of {join_words([_named(code, names) for code in change.kept])} stay"


def _goes(change: Close, names: Mapping[str, str], takers: Takers) -> str:
    if change.to == (HUB,):
        to = "its patients go to the rest of its hub"
    elif change.to:
        to = f"its patients go to {join_words([_named(code, names) for code in change.to])}"
    else:
        to = "its patients go where others of their small area are registered"
        most = [f"{per_cent(share)} to {_named(code, names)}" for code, share in
                takers(change.practice)]  # fmt: skip
        to += f", {join_words(most)}" if most else ""
    share = f"{number(100 * change.staff_follow)}% of " if change.staff_follow < 1 else ""
    staff = f"{share}its staff go with them" if change.staff_follow else "its staff leave"
    stay = f"; {_named(change.premises, names)} has its premises" if change.premises else ""
    return f"{to}; {staff}{stay}"
