"""A scenario and its changes, and their JSON form.

A scenario is a list of dated changes that apply in order and can be switched off singly. What
comes whatever anybody decides (`Change.comes_anyway`) is what "do nothing" means.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, ClassVar, Literal

from pcs_dash.tables.errors import UserError

FORMAT_VERSION = 1
LONGEST = 30
MOST_HOMES = 100_000
MOST_FTE = 500.0
MOST_CHANGES = 200
_LAST_YEAR = 2100
# Characters: sixty corners.
_LONGEST_SHAPE = 1_000

Role = Literal["gp", "nurse", "direct_care", "network_care", "admin"]
ROLE_WORDS: Mapping[Role, str] = {
    "gp": "GPs",
    "nurse": "nurses",
    "direct_care": "direct care",
    "network_care": "direct care employed by networks",
    "admin": "other staff",
}
# Patients of a practice that closes go to the rest of its group.
HUB = "hub"
AGES = {"all": "GPs of all ages leave", "retirement": "GPs aged 55 and over leave"}


class ScenarioError(UserError):
    """A scenario can't be used; the message names the change and the field."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change from `year` on, to `last` (what lasts: to the end unless it says). `where` names a
    practice, PCN, hub or area ("": all that the data hold).
    """

    kind: ClassVar[str] = ""
    comes_anyway: ClassVar[bool] = False
    year: int
    last: int | None = None
    on: bool = True


@dataclass(frozen=True, kw_only=True)
class Homes(Change):
    """`a_year` dwellings in each year, in a district (or "A, B and C together"), PCN, hub, ..."""

    kind: ClassVar[str] = "homes"
    comes_anyway: ClassVar[bool] = True
    a_year: float
    where: str


@dataclass(frozen=True, kw_only=True)
class Population(Change):
    """Patients grow by `per_cent` (low, central, high) a year."""

    kind: ClassVar[str] = "population"
    comes_anyway: ClassVar[bool] = True
    per_cent: tuple[float, float, float]
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Leave(Change):
    """GPs leave by age: `ages` is a key of `AGES`."""

    kind: ClassVar[str] = "leave"
    comes_anyway: ClassVar[bool] = True
    ages: str = "all"
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Join(Change):
    """GPs in their last year of training finish each year, and some join the practices."""

    kind: ClassVar[str] = "join"
    comes_anyway: ClassVar[bool] = True
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Staff(Change):
    """`fte` of a role more (or fewer) from a year on, shared out by list size."""

    kind: ClassVar[str] = "staff"
    role: Role
    fte: float
    where: str


@dataclass(frozen=True, kw_only=True)
class Close(Change):
    """A practice closes. `to`: practices that take its patients ("" : by where they live; "hub":
    the rest of its group). `staff_follow`: the share of its staff that goes with them.
    `premises`: the practice that takes its premises over ("": they fall away).
    """

    kind: ClassVar[str] = "close"
    practice: str
    to: tuple[str, ...] = ()
    staff_follow: float = 0.0
    premises: str = ""


@dataclass(frozen=True, kw_only=True)
class Merge(Change):
    """Practices become one list and one team, under the code of the first. `sites`: those of them
    whose premises stay (none named: the first one's); the others' fall away.
    """

    kind: ClassVar[str] = "merge"
    practices: tuple[str, ...]
    sites: tuple[str, ...] = ()

    @property
    def kept(self) -> tuple[str, ...]:
        """The practices whose premises stay."""
        return self.sites or self.practices[:1]


@dataclass(frozen=True, kw_only=True)
class Open(Change):
    """A practice opens at a point (degrees) with staff; it draws patients from around it."""

    kind: ClassVar[str] = "open"
    code: str
    name: str
    longitude: float
    latitude: float
    gp: float
    nurse: float = 0.0
    direct_care: float = 0.0


KINDS: Mapping[str, type[Change]] = {
    kind.kind: kind for kind in (Homes, Population, Leave, Join, Staff, Close, Merge, Open)
}
LASTING = ("homes", "population", "leave", "join")
# Left out of files where nothing is said, so that older programs read them.
_LATER = ("premises", "sites")


@dataclass(frozen=True)
class Scenario:
    """`years`: how many years ahead; `assumptions`: low, central, high of what was typed over."""

    name: str
    years: int
    changes: tuple[Change, ...] = ()
    assumptions: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def doing_nothing(self) -> Scenario:
        """Only what comes whatever anybody decides."""
        kept = tuple(change for change in self.changes if change.comes_anyway)
        return replace(self, name="Do nothing", changes=kept)

    def switched(self, position: int, *, on: bool) -> Scenario:
        """The scenario with one change (by its place in the list) switched on or off."""
        changes = list(self.changes)
        changes[position] = replace(changes[position], on=on)
        return replace(self, changes=tuple(changes))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form with its version."""
        return {
            "version": FORMAT_VERSION,
            "name": self.name,
            "years": self.years,
            "assumptions": {key: list(three) for key, three in self.assumptions.items()},
            "changes": [_change_to_dict(change) for change in self.changes],
        }

    @classmethod
    def from_dict(cls, data: Any) -> Scenario:
        """The scenario of a JSON-able form. ScenarioError names what is wrong in it."""
        if not isinstance(data, dict):
            raise ScenarioError("A scenario is a JSON object with name, years and changes.")
        if data.get("version") != FORMAT_VERSION:
            raise ScenarioError(
                f"This scenario has the format version {_short(data.get('version'))}; this program "
                f"reads version {FORMAT_VERSION}."
            )
        _no_others(data, ("version", "name", "years", "assumptions", "changes"), "The scenario")
        changes, typed = data.get("changes", []), data.get("assumptions", {})
        if not isinstance(changes, list) or len(changes) > MOST_CHANGES:
            raise ScenarioError(f"'changes' must be a list of at most {MOST_CHANGES} changes.")
        if not isinstance(typed, dict):
            raise ScenarioError("'assumptions' must be an object of figures by name.")
        return cls(
            name=_field("The scenario", "name", data, _text),
            years=_field("The scenario", "years", data, _whole(1, LONGEST)),
            changes=tuple(_change(place, item) for place, item in enumerate(changes, start=1)),
            assumptions={
                str(key): _field("The assumptions", str(key), typed, _three(0, 1e6))
                for key in typed
            },
        )


def read_scenario(text: str) -> Scenario:
    """The scenario in the text of a JSON file. ScenarioError names what is wrong in it."""
    try:
        found = json.loads(text)
    # Not its own error alone: a whole number of 5,000 digits is another.
    except (ValueError, RecursionError) as error:
        told = error if isinstance(error, json.JSONDecodeError) else "it is too long or too deep"
        raise ScenarioError(f"This is no JSON: {told}.") from None
    return Scenario.from_dict(found)


# --- JSON: one parser a field ---

Parser = Callable[[Any], Any]


def _short(value: Any) -> str:
    return repr(value)[:60]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200:
        raise ValueError("must be a text of 1 to 200 characters")
    return value.strip()


def _place(value: Any) -> str:
    """A name, or the corners of a shape, which may be long."""
    if isinstance(value, str) and ";" in value and len(value) <= _LONGEST_SHAPE:
        return value.strip()
    return "" if value == "" else _text(value)


def _number(low: float, high: float) -> Parser:
    def parse(value: Any) -> float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not math.isfinite(value) or not low <= value <= high:
            raise ValueError(f"must be a number from {low:,g} to {high:,g}")
        return float(value)

    return parse


def _whole(low: int, high: int) -> Parser:
    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return parse


def _three(low: float, high: float) -> Parser:
    """One number, or its low, central and high."""

    def parse(value: Any) -> tuple[float, float, float]:
        given = value if isinstance(value, list) else [value] * 3
        if len(given) != 3:
            raise ValueError("must be one number, or three: low, central, high")
        first, central, last = map(_number(low, high), given)
        if (central - first) * (last - central) < 0:
            raise ValueError("must have its central value between low and high")
        return first, central, last

    return parse


def _one_of(known: tuple[str, ...]) -> Parser:
    def parse(value: Any) -> str:
        if value not in known:
            raise ValueError(f"must be one of: {', '.join(known)}")
        return str(value)

    return parse


def _code(value: Any) -> str:
    return _text(value).upper()


def _codes(fewest: int) -> Parser:
    def parse(value: Any) -> tuple[str, ...]:
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list) or not fewest <= len(given) <= 100:
            raise ValueError(f"must be a list of at least {fewest} practice codes")
        codes = tuple(map(_code, given))
        if len(set(codes)) < len(codes):
            raise ValueError("names a practice twice")
        return codes

    return parse


def _some(value: Any) -> tuple[str, ...]:
    return () if value in ("", []) else _codes(1)(value)


def _to(value: Any) -> tuple[str, ...]:
    found = _some(value)
    return (HUB,) if found == (HUB.upper(),) else found


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _fte(value: Any) -> float:
    if (found := _number(-MOST_FTE, MOST_FTE)(value)) == 0:
        raise ValueError("must not be 0")
    return float(found)


_PARSERS: Mapping[str, Parser] = {
    "year": _whole(2000, _LAST_YEAR),
    "last": _whole(2000, _LAST_YEAR),
    "on": _switch,
    "a_year": _number(1, MOST_HOMES),
    "per_cent": _three(-20, 20),
    "ages": _one_of(tuple(AGES)),
    "role": _one_of(tuple(ROLE_WORDS)),
    "fte": _fte,
    "where": _place,
    "practice": _code,
    "to": _to,
    "staff_follow": _number(0, 1),
    "premises": lambda value: "" if value == "" else _code(value),
    "practices": _codes(2),
    "sites": _some,
    "code": _code,
    "name": _text,
    "longitude": _number(-9, 3),
    "latitude": _number(49, 61),
    "gp": _number(0.1, MOST_FTE),
    "nurse": _number(0, MOST_FTE),
    "direct_care": _number(0, MOST_FTE),
}
# In files the dates are called as one says them: from 2027 to 2035.
_IN_FILES = {"year": "from", "last": "to_year"}


def _fields(kind: type[Change]) -> dict[str, bool]:
    """The fields of a kind of change, and whether each may be left out."""
    return {
        item.name: item.default is not MISSING
        for item in fields(kind)
        if item.name != "last" or kind.kind in LASTING
    }


def _change(place: int, data: Any) -> Change:
    who = f"Change {place}"
    if not isinstance(data, dict):
        raise ScenarioError(f"{who} must be an object, not {_short(data)}.")
    kind = KINDS.get(str(data.get("kind", "")))
    if kind is None:
        raise ScenarioError(
            f"{who}: 'kind' is {_short(data.get('kind'))}. Use one of: {', '.join(KINDS)}."
        )
    who = f"{who} ({kind.kind})"
    known = _fields(kind)
    _no_others(data, ("kind", *(_IN_FILES.get(name, name) for name in known)), who)
    given = {
        name: _field(who, _IN_FILES.get(name, name), data, _PARSERS[name])
        for name, optional in known.items()
        if _IN_FILES.get(name, name) in data or not optional
    }
    change = kind(**given)
    if change.last is not None and change.last < change.year:
        raise ScenarioError(f"{who}: it ends in {change.last}, before it begins in {change.year}.")
    _check_named(change, who)
    return change


def _check_named(change: Change, who: str) -> None:
    """ScenarioError where a practice is named that can't be meant there."""
    if isinstance(change, Close):
        for name, codes in (("to", change.to), ("premises", (change.premises,))):
            if change.practice in codes:
                raise ScenarioError(
                    f"{who}: '{name}' names {change.practice} itself, which closes."
                )
    elif isinstance(change, Merge):
        others = [code for code in change.sites if code not in change.practices]
        if others:
            raise ScenarioError(
                f"{who}: 'sites' names {others[0][:20]}, which does not merge here."
            )


def _change_to_dict(change: Change) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": change.kind}
    for name in _fields(type(change)):
        value = getattr(change, name)
        if value is not None and (value or name not in _LATER):
            value = list(value) if isinstance(value, tuple) else value
            found[_IN_FILES.get(name, name)] = "" if value == [] else value
    return found


def _field(who: str, name: str, data: Mapping[str, Any], parse: Parser) -> Any:
    if name not in data:
        raise ScenarioError(f"{who}: '{name}' is missing.")
    try:
        return parse(data[name])
    except ValueError as error:
        raise ScenarioError(f"{who}: '{name}' {error}, not {_short(data[name])}.") from None


def _no_others(data: Mapping[str, Any], known: tuple[str, ...], who: str) -> None:
    others = [str(name)[:40] for name in data if name not in known]
    if others:
        raise ScenarioError(
            f"{who}: '{others[0]}' is not expected. It may have: {', '.join(known)}."
        )
