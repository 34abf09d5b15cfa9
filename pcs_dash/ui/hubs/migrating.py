"""A plan made with other data: carried over to the data at hand, with a report of what changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from pcs_dash.hubs.plan import Plan
from pcs_dash.measures.numbers import count
from pcs_dash.store.documents import Saved
from pcs_dash.store.links import LinkedPlan, data_fingerprint

_SHOWN = 10
_LARGEST = 5


@dataclass(frozen=True)
class Before:
    """What is known of the data that a plan was made with.

    codes: its practices, None if only those in the plan are known; sizes: patients by practice
    code, as far as known; period: as typed then, "" if unknown.
    """

    codes: frozenset[str] | None = None
    sizes: Mapping[str, int] | None = None
    period: str = ""

    @classmethod
    def of_saved(cls, saved: Saved) -> Before:
        """Of a saved version: its list sizes name every practice if the fingerprint says so."""
        whole = data_fingerprint(saved.list_sizes, saved.data_period) == saved.data_fingerprint
        codes = frozenset(saved.list_sizes) if whole else None
        return cls(codes, saved.list_sizes, saved.data_period)

    @classmethod
    def of_link(cls, linked: LinkedPlan, practices: pd.DataFrame) -> Before:
        """Of a link: it may list its data's practices, never their sizes."""
        now = set(practices.index)
        codes = frozenset((now - set(linked.new_codes)) | set(linked.missing_codes))
        return cls(codes if linked.new_known else None, None, linked.data_period)


@dataclass(frozen=True)
class Carried:
    """The plan for the data at hand, sentences (plain text) on what differs, and those of them on
    practices whose successors took their places.
    """

    plan: Plan
    sentences: tuple[str, ...]
    merged: tuple[str, ...] = ()


def carry_over(
    plan: Plan,
    before: Before,
    practices: pd.DataFrame,
    *,
    period: str,
    successors: pd.DataFrame | None,
    known_of: Mapping[str, str] = MappingProxyType({}),
) -> Carried:
    """`plan` with the practices of `practices` (index practice_code; practice_name, patients).

    A practice that is gone leaves the plan; its successor takes its place in the hub unless it is
    in a hub already. Hubs stay, empty ones and locked ones too: the data changed, not the wish.
    `known_of`: what the loaded lists know of practices that are gone ("closed on 31 March 2023").
    """
    gone = plan.unknown_codes(practices.index)
    heirs = _heirs(gone, practices, successors)
    moves: dict[str, str | None] = dict.fromkeys(gone)
    merged = []
    for code, heir in heirs.items():
        hub = plan.assignment[code]
        held = plan.assignment.get(heir, moves.get(heir))
        if held is None:
            moves[heir] = hub
        merged.append(_merged(plan, code, hub, heir, held, practices))
    carried = plan.changed(moves) if gone else plan
    sentences = [
        *_period(before, period),
        *_gone(
            plan, [code for code in gone if code not in heirs], known_of, successors is not None
        ),
        *_few(merged),
        *_new(before, carried, practices),
        *_sizes(before, practices),
    ]
    return Carried(carried, tuple(sentences), tuple(merged))


def _heirs(
    gone: Collection[str], practices: pd.DataFrame, successors: pd.DataFrame | None
) -> dict[str, str]:
    """Practice that is gone -> the living one that took over, where the ODS names it."""
    if not gone or successors is None:
        return {}
    from pcs_dash.measures.list_trends import compare_lists

    # Sizes play no part where the ODS names the successor; a list of one counts as open.
    then = pd.DataFrame({"practice_code": [*gone], "patients": 1})
    now = pd.DataFrame({"practice_code": practices.index, "patients": 1})
    return compare_lists(then, now, successors=successors).successors


def _merged(
    plan: Plan, code: str, hub: str, heir: str, held: str | None, practices: pd.DataFrame
) -> str:
    name = f"{practices['practice_name'].get(heir, heir)} ({heir})"
    if held is None:
        return f"{code} merged into {name}, which takes its place in '{plan.hub(hub).name}'."
    if held == hub:
        return f"{code} merged into {name}, which is in '{plan.hub(hub).name}' already."
    return (
        f"{code} of '{plan.hub(hub).name}' merged into {name}, which stays in "
        f"'{plan.hub(held).name}'. Move it if need be."
    )


def _period(before: Before, period: str) -> list[str]:
    if not before.period or before.period == period:
        return []
    return [f"The plan was made with data of {before.period}; these are of {period}."]


def _gone(plan: Plan, codes: list[str], known_of: Mapping[str, str], asked: bool) -> list[str]:
    if not codes:
        return []
    listed = [
        f"{code} of '{plan.hub(plan.assignment[code]).name}'"
        + (f", {known_of[code]}" if code in known_of else "")
        for code in codes
    ]
    why = ""
    if not asked:
        why = (
            " No successor is known, because the ODS list of successors is not loaded "
            "(see Data and methods)."
        )
    elif any(code not in known_of for code in codes):
        why = " The ODS names no successor that is in the data."
    between = "; " if known_of else ", "
    return [f"Not in the data, and so not in the plan: {_counted(listed, between)}.{why}"]


def _new(before: Before, carried: Plan, practices: pd.DataFrame) -> list[str]:
    if before.codes is None:
        return []
    names = practices["practice_name"]
    new = [code for code in names.index if code not in before.codes]
    free = [f"{names[code]} ({code})" for code in new if code not in carried.assignment]
    return [f"New in the data, and in no hub yet: {_counted(free)}."] if free else []


def _sizes(before: Before, practices: pd.DataFrame) -> list[str]:
    now = practices["patients"]
    changed = {
        code: (size, int(now[code]))
        for code, size in (before.sizes or {}).items()
        if code in now.index and int(now[code]) != size
    }
    if not changed:
        return []
    then, later = (sum(pair[side] for pair in changed.values()) for side in (0, 1))
    largest = sorted(changed, key=lambda code: (-abs(changed[code][1] - changed[code][0]), code))
    listed = "; ".join(
        f"{practices['practice_name'][code]} ({code}) {changed[code][0]:,} to {changed[code][1]:,}"
        for code in largest[:_LARGEST]
    )
    word = "list size has" if len(changed) == 1 else "list sizes have"
    return [
        f"{len(changed):,} {word} changed, from {then:,} to {later:,} patients together. "
        f"{'The largest changes' if len(changed) > _LARGEST else 'Changed'}: {listed}."
    ]


def _counted(listed: list[str], between: str = ", ") -> str:
    more = f" and {len(listed) - _SHOWN:,} more" if len(listed) > _SHOWN else ""
    return f"{count(len(listed), 'practice')} ({between.join(listed[:_SHOWN])}{more})"


def _few(sentences: list[str]) -> list[str]:
    more = len(sentences) - _SHOWN
    return [*sentences[:_SHOWN], *([f"{more:,} more practices merged."] if more > 0 else [])]
