"""A plan: which practice belongs to which hub. Immutable, comparable and hashable by value,
JSON-able.

Every change returns a new plan and leaves the old one as it was, so that undo, comparison and
caching need no copies. A plan holds choices only (codes, names, colours); list sizes and
everything else come from the practices table.

Names and notes are what a person typed: they are stored as typed and must be escaped where they
are shown.

Locked hubs neither gain nor lose practices. `Plan.assign` and `Plan.unassign` raise
`LockedHubError` (all or nothing); `Plan.try_assign` and `Plan.try_unassign` move what they may
and report what was refused, which is what a lasso over many practices wants.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from pcs_dash.hubs.palette import PALETTE
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.labels import name_key
from pcs_dash.tables.no_value import NO_HUB

FORMAT_VERSION = 1
UNASSIGNED = "Unassigned"
MAX_NAME_LENGTH = 120
MAX_NOTE_LENGTH = 2_000
MAX_HUBS = 2_000
MAX_PRACTICES = 20_000

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_DIGITS = re.compile(r"(\d+)")


class PlanError(UserError):
    """A change, or a stored plan, that makes no valid plan. The text says what to do."""


class LockedHubError(PlanError):
    """A change would add to or take from a locked hub. `hubs`: their names; `codes`: the
    practices concerned.
    """

    def __init__(self, message: str, *, hubs: tuple[str, ...], codes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.hubs = hubs
        self.codes = codes


class Assignment(Mapping[str, str]):
    """A read-only mapping practice code -> hub id, hashable and equal by value (also to a plain
    dict).
    """

    __slots__ = ("_hash", "_items")

    def __init__(self, items: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self._items: dict[str, str] = dict(items)
        self._hash: int | None = None

    def __getitem__(self, code: str) -> str:
        return self._items[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, code: object) -> bool:
        return code in self._items

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Mapping):
            return self._items == (other._items if isinstance(other, Assignment) else dict(other))
        return NotImplemented

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._items.items()))
        return self._hash

    def __repr__(self) -> str:
        return f"Assignment({self._items!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Assignment, (self._items,))

    def changed(self, changes: Mapping[str, str | None]) -> Assignment:
        """A copy with `changes` made; None takes a practice out."""
        items = dict(self._items)
        for code, hub_id in changes.items():
            if hub_id is None:
                items.pop(code, None)
            else:
                items[code] = hub_id
        return Assignment(items)


@dataclass(frozen=True)
class Hub:
    """A named group of practices. `id` never changes; `name` and `note` are untrusted text;
    `colour` is "#rrggbb".
    """

    id: str
    name: str
    colour: str
    note: str = ""
    locked: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not _ID.fullmatch(self.id):
            raise PlanError(
                f"'{short(self.id)}' is not a hub id: use up to 40 letters, digits, '.', '_', '-'."
            )
        object.__setattr__(self, "name", clean_name(self.name))
        object.__setattr__(self, "colour", clean_colour(self.colour))
        object.__setattr__(self, "note", clean_note(self.note))
        if not isinstance(self.locked, bool):
            raise PlanError(f"Hub '{self.name}': 'locked' must be true or false.")

    def to_dict(self) -> dict[str, Any]:
        """The hub as plan files hold it."""
        return dict(vars(self))


@dataclass(frozen=True)
class Moved:
    """What a change did: the new plan, the codes moved, those refused (code -> name of the locked
    hub), and the codes that were already where they were sent.
    """

    plan: Plan
    moved: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unchanged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Hubs in display order, and for each assigned practice the id of its hub. A practice absent
    from `assignment` is unassigned, so that every practice is in exactly one hub or in none.
    """

    hubs: tuple[Hub, ...] = ()
    assignment: Mapping[str, str] = field(default_factory=Assignment)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hubs", tuple(self.hubs))
        if not isinstance(self.assignment, Assignment):
            object.__setattr__(self, "assignment", Assignment(self.assignment))
        _check_plan(self.hubs, self.assignment)

    # --- reading ---

    def hub(self, hub_id: str) -> Hub:
        """The hub with this id; PlanError if there is none."""
        for hub in self.hubs:
            if hub.id == hub_id:
                return hub
        raise PlanError(
            f"There is no hub '{short(hub_id)}' in this plan. Reload the plan and try again."
        )

    def hub_by_name(self, name: str) -> Hub | None:
        """The hub of this name, ignoring case and runs of spaces, or None."""
        key = name_key(name)
        return next((hub for hub in self.hubs if name_key(hub.name) == key), None)

    def hub_of(self, code: str) -> Hub | None:
        """The hub a practice belongs to, or None."""
        hub_id = self.assignment.get(code)
        return None if hub_id is None else self.hub(hub_id)

    def members(self, hub_id: str) -> tuple[str, ...]:
        """Practice codes of a hub, sorted."""
        self.hub(hub_id)
        return tuple(sorted(code for code, held in self.assignment.items() if held == hub_id))

    def unknown_codes(self, known: Iterable[str]) -> tuple[str, ...]:
        """Assigned codes that are not among `known` (practices closed, or of another area),
        sorted.
        """
        return tuple(sorted(set(self.assignment) - set(known)))

    # --- hubs ---

    def add_hub(
        self, name: str | None = None, *, colour: str | None = None, note: str = ""
    ) -> Plan:
        """The plan with one more, empty hub at the end (`plan.hubs[-1]`).

        Without a name the first free "Hub n"; without a colour the first of the palette not in use.
        """
        hub = Hub(
            id=_next_id(self.hubs),
            name=_free_name(self.hubs) if name is None else name,
            colour=_free_colour(self.hubs) if colour is None else colour,
            note=note,
        )
        return replace(self, hubs=(*self.hubs, hub))

    def rename(self, hub_id: str, name: str) -> Plan:
        """The plan with another name for the hub; faults as in `hub` and `Hub`."""
        return self._with_hub(replace(self.hub(hub_id), name=name))

    def recolour(self, hub_id: str, colour: str) -> Plan:
        """The plan with another colour (#rrggbb) for the hub."""
        return self._with_hub(replace(self.hub(hub_id), colour=colour))

    def set_note(self, hub_id: str, note: str) -> Plan:
        """The plan with another note on the hub."""
        return self._with_hub(replace(self.hub(hub_id), note=note))

    def set_locked(self, hub_id: str, locked: bool = True) -> Plan:
        """The plan with the hub locked: its practices stay, and no others join; or open again."""
        return self._with_hub(replace(self.hub(hub_id), locked=locked))

    # --- practices ---

    def assign(self, codes: Iterable[str], hub_id: str) -> Plan:
        """Move practices into a hub. LockedHubError if that hub, or one they would leave, is
        locked.
        """
        return _all_or_nothing(self.try_assign(codes, hub_id))

    def unassign(self, codes: Iterable[str]) -> Plan:
        """Take practices out of their hubs. LockedHubError if one of those hubs is locked."""
        return _all_or_nothing(self.try_unassign(codes))

    def try_assign(self, codes: Iterable[str], hub_id: str) -> Moved:
        """Move into a hub those practices that no lock holds, and report the rest."""
        return self._move(codes, self.hub(hub_id))

    def try_unassign(self, codes: Iterable[str]) -> Moved:
        """Take out of their hubs those practices that no lock holds, and report the rest."""
        return self._move(codes, None)

    def merge(self, into: str, other: str) -> Plan:
        """Move all practices of `other` into `into` and delete `other`. LockedHubError if either
        is locked.
        """
        if into == other:
            raise PlanError("Choose two different hubs to merge.")
        self._refuse_locked(into, "merged")
        self._refuse_locked(other, "merged")
        return self.changed(dict.fromkeys(self.members(other), into), hubs=self._without(other))

    def empty(self, hub_id: str) -> Plan:
        """Take all practices out of a hub and keep the hub. LockedHubError if it is locked."""
        self._refuse_locked(hub_id, "emptied")
        return self.changed(dict.fromkeys(self.members(hub_id)))

    def delete_hub(self, hub_id: str) -> Plan:
        """Remove a hub; its practices become unassigned. LockedHubError if it is locked."""
        self._refuse_locked(hub_id, "deleted")
        return self.changed(dict.fromkeys(self.members(hub_id)), hubs=self._without(hub_id))

    def within(self, known: Iterable[str]) -> Plan:
        """The plan as an area sees it: without practices that are not among `known`, and without
        the hubs that lose all their practices by that. Hubs that were empty before stay, and locks
        don't apply.
        """
        trimmed = self.changed(dict.fromkeys(self.unknown_codes(known)))
        before, after = set(self.assignment.values()), set(trimmed.assignment.values())
        return replace(trimmed, hubs=tuple(h for h in self.hubs if h.id not in before - after))

    def changed(
        self, moves: Mapping[str, str | None], *, hubs: tuple[Hub, ...] | None = None
    ) -> Plan:
        """The plan with `moves` (code -> hub id, or None for none) and `hubs` in one go, whatever
        is locked. For undo, merging versions and imports; painting goes through `try_assign`.
        """
        assert isinstance(self.assignment, Assignment)
        return Plan(self.hubs if hubs is None else hubs, self.assignment.changed(moves))

    # --- tables and JSON ---

    def to_series(self, codes: Iterable[str] | None = None) -> pd.Series[str]:
        """Hub name by practice code (index `practice_code`, name `hub`, missing = unassigned).

        Without `codes`: the assigned practices, sorted by code; with them: these, in their order.
        """
        names = {hub.id: hub.name for hub in self.hubs}
        index = pd.Index(
            sorted(self.assignment) if codes is None else list(codes),
            dtype="str",
            name="practice_code",
        )
        values = [names.get(self.assignment.get(code, "")) for code in index]
        return pd.Series(values, index=index, name="hub", dtype="str")

    def to_frame(self, codes: Iterable[str] | None = None) -> pd.DataFrame:
        """Columns practice_code, hub (name; missing = unassigned), as `to_series`."""
        return self.to_series(codes).reset_index()

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form, the same for equal plans: version, hubs in order, assignment sorted
        by code.
        """
        return {
            "version": FORMAT_VERSION,
            "hubs": [hub.to_dict() for hub in self.hubs],
            "assignment": {code: self.assignment[code] for code in sorted(self.assignment)},
        }

    @classmethod
    def from_dict(cls, data: Any) -> Plan:
        """The plan of `to_dict`. Anything else (a link or file is untrusted) raises PlanError."""
        if not isinstance(data, Mapping):
            raise PlanError(
                "This is not a saved plan: it needs 'version', 'hubs' and 'assignment'."
            )
        version = data.get("version")
        if version != FORMAT_VERSION:
            raise PlanError(
                f"This plan has the format version {short(version)}; this program reads version "
                f"{FORMAT_VERSION}. "
                "Open it with the version of the program that saved it and export it as CSV."
            )
        hubs, assignment = data.get("hubs"), data.get("assignment")
        if not isinstance(hubs, list) or not isinstance(assignment, Mapping):
            raise PlanError(
                "This is not a saved plan: 'hubs' must be a list and 'assignment' an object."
            )
        return cls(
            hubs=tuple(_hub_from_dict(item) for item in hubs), assignment=Assignment(assignment)
        )

    @classmethod
    def from_series(cls, names: pd.Series[Any]) -> Plan:
        """A plan from hub names by practice code (the index). Missing or blank: unassigned.

        Names that differ in case or spaces only are one hub (first spelling wins). Hubs are
        sorted by name in natural order ("Hub 2" before "Hub 10") and coloured in that order. A
        repeated code raises PlanError.
        """
        repeated = sorted({str(code) for code in names.index[names.index.duplicated()]})
        if repeated:
            raise PlanError(
                f"Named more than once: {_listing(repeated)}. Keep one row for each practice."
            )
        spelling: dict[str, str] = {}
        keys: dict[str, str] = {}
        for code, value in names.items():
            if pd.isna(value) or not str(value).strip():
                continue
            name = clean_name(str(value))
            key = name_key(name)
            spelling.setdefault(key, name)
            keys[str(code)] = key
        ordered = sorted(spelling, key=lambda key: natural_key(spelling[key]))
        ids = {key: f"h{number}" for number, key in enumerate(ordered, start=1)}
        hubs = tuple(
            Hub(id=ids[key], name=spelling[key], colour=PALETTE[number % len(PALETTE)])
            for number, key in enumerate(ordered)
        )
        return cls(hubs=hubs, assignment=Assignment({code: ids[key] for code, key in keys.items()}))

    # --- inside ---

    def _with_hub(self, changed: Hub) -> Plan:
        hubs = tuple(changed if hub.id == changed.id else hub for hub in self.hubs)
        return replace(self, hubs=hubs)

    def _without(self, hub_id: str) -> tuple[Hub, ...]:
        return tuple(hub for hub in self.hubs if hub.id != hub_id)

    def _move(self, codes: Iterable[str], target: Hub | None) -> Moved:
        target_id = None if target is None else target.id
        locked = {hub.id: hub.name for hub in self.hubs if hub.locked}
        changes: dict[str, str | None] = {}
        refused: dict[str, str] = {}
        unchanged: list[str] = []
        for code in dict.fromkeys(codes):
            held = self.assignment.get(code)
            if held == target_id:
                unchanged.append(code)
            elif holder := locked.get(held or "") or locked.get(target_id or ""):
                refused[code] = holder
            else:
                changes[code] = target_id
        plan = self.changed(changes) if changes else self
        return Moved(plan, tuple(changes), MappingProxyType(refused), tuple(unchanged))

    def _refuse_locked(self, hub_id: str, done: str) -> None:
        hub = self.hub(hub_id)
        if hub.locked:
            raise LockedHubError(
                f"Hub '{hub.name}' is locked and can't be {done}. Unlock it first.",
                hubs=(hub.name,),
                codes=self.members(hub_id),
            )


def plan_from_column(practices: pd.DataFrame, column: str) -> Plan:
    """Today's grouping as a plan: one hub for each value of `column` ("pcn", "district", "place").

    Practices with no value stay unassigned (F81031 has no PCN).
    """
    if column not in practices.columns:
        raise PlanError(f"There is no grouping '{short(column)}'. Choose pcn, district or place.")
    return Plan.from_series(practices[column])


def clean_name(name: object) -> str:
    """A hub name as it is stored: as typed, runs of spaces made one. PlanError if empty, too
    long, reserved ("Unassigned") or with characters that can't be shown.
    """
    if not isinstance(name, str):
        raise PlanError("A hub name must be text.")
    text = " ".join(name.split())
    if not text:
        raise PlanError("A hub needs a name. Type one.")
    if len(text) > MAX_NAME_LENGTH:
        raise PlanError(
            f"The hub name '{short(text)}' has {len(text)} characters. "
            f"Use {MAX_NAME_LENGTH} at the most."
        )
    if _unprintable(text) or not any(unicodedata.category(c)[0] in "LNPS" for c in text):
        raise PlanError(
            f"The hub name '{short(text)}' has characters that can't be shown. Retype it."
        )
    if name_key(text) in NO_HUB:
        raise PlanError(f"'{text}' stands for practices in no hub. Choose another name.")
    return text


def clean_note(note: object) -> str:
    """A hub note as it is stored: as typed; line breaks and tabs allowed. PlanError if too long
    or unprintable.
    """
    if not isinstance(note, str):
        raise PlanError("A hub note must be text.")
    text = note.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_NOTE_LENGTH:
        raise PlanError(
            f"The note has {len(text):,} characters. Use {MAX_NOTE_LENGTH:,} at the most."
        )
    if _unprintable(text.replace("\n", "").replace("\t", "")):
        raise PlanError("The note has characters that can't be shown. Retype it.")
    return text


def clean_colour(colour: object) -> str:
    """A colour as "#rrggbb" in lower case; PlanError otherwise (a colour goes into style sheets:
    nothing else may).
    """
    text = colour.lower() if isinstance(colour, str) else ""
    if not _COLOUR.fullmatch(text):
        raise PlanError(
            f"'{short(colour)}' is not a colour. Use '#' and six digits, as in #0072b2."
        )
    return text


def natural_key(name: str) -> tuple[Any, ...]:
    """A sort key by which "Hub 2" comes before "Hub 10"; ties fall back on the name itself."""
    parts = _DIGITS.split(name.casefold())
    # \d matches digits of every script, and int reads them all.
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts), name


def _check_plan(hubs: tuple[Hub, ...], assignment: Mapping[str, str]) -> None:
    if len(hubs) > MAX_HUBS:
        raise PlanError(f"The plan has {len(hubs):,} hubs. Use {MAX_HUBS:,} at the most.")
    if len(assignment) > MAX_PRACTICES:
        raise PlanError(
            f"The plan has {len(assignment):,} practices. Use {MAX_PRACTICES:,} at the most."
        )
    ids: set[str] = set()
    names: dict[str, str] = {}
    for hub in hubs:
        if hub.id in ids:
            raise PlanError(f"Two hubs have the id '{hub.id}'. Each hub needs its own.")
        key = name_key(hub.name)
        if key in names:
            raise PlanError(
                f"There is a hub called '{names[key]}' already. "
                f"Choose another name than '{hub.name}'."
            )
        ids.add(hub.id)
        names[key] = hub.name
    for code, hub_id in assignment.items():
        if not isinstance(hub_id, str) or hub_id not in ids:
            raise PlanError(
                f"Practice '{short(code)}' is in the hub '{short(hub_id)}', which doesn't exist."
            )
        if not isinstance(code, str) or not code:
            raise PlanError(f"'{short(code)}' is not a practice code.")


def _hub_from_dict(item: Any) -> Hub:
    if not isinstance(item, Mapping) or not {"id", "name", "colour"} <= set(item):
        raise PlanError("This is not a saved plan: every hub needs 'id', 'name' and 'colour'.")
    return Hub(**{field.name: item[field.name] for field in fields(Hub) if field.name in item})


def _all_or_nothing(result: Moved) -> Plan:
    if result.refused:
        hubs = tuple(dict.fromkeys(result.refused.values()))
        codes = tuple(result.refused)
        raise LockedHubError(
            f"Nothing was moved: {_listing(hubs)} {'is' if len(hubs) == 1 else 'are'} locked "
            f"({_listing(codes)}). Unlock first, or leave these practices out.",
            hubs=hubs,
            codes=codes,
        )
    return result.plan


def _next_id(hubs: tuple[Hub, ...]) -> str:
    numbers = [int(hub.id[1:]) for hub in hubs if re.fullmatch(r"h[0-9]{1,9}", hub.id)]
    return f"h{max(numbers, default=0) + 1}"


def _free_name(hubs: tuple[Hub, ...]) -> str:
    used = {name_key(hub.name) for hub in hubs}
    names = (f"Hub {number}" for number in range(1, len(hubs) + 2))
    return next(name for name in names if name_key(name) not in used)


def _free_colour(hubs: tuple[Hub, ...]) -> str:
    used = {hub.colour for hub in hubs}
    free = (colour for colour in PALETTE if colour not in used)
    return next(free, PALETTE[len(hubs) % len(PALETTE)])


def _unprintable(text: str) -> bool:
    # Control characters, lone surrogates and U+FFFE/F: XML, hence Excel, can't carry them.
    return any(unicodedata.category(c) in ("Cc", "Cs") or c in "\ufffe\uffff" for c in text)


def short(value: object, limit: int = 40) -> str:
    """Text cut to fit into a sentence."""
    text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _listing(items: Iterable[str], limit: int = 5) -> str:
    names = list(items)
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


EMPTY_PLAN = Plan()
