"""Merging two people's changes to one plan, without losing either's.

A plan document holds `assignment` (practice code -> hub id), `hubs` (objects with id, name, colour,
note, locked) and a few other keys. Where only one side changed something, that change stands.
Where both changed the same thing differently, it is a conflict: the result takes one side
(theirs, which is saved already, unless `choices` says otherwise) and the conflict is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pcs_dash.hubs.plan import MAX_NAME_LENGTH, name_key
from pcs_dash.tables.errors import UserError

Side = Literal["mine", "theirs"]
Hub = dict[str, Any]

_ABSENT = object()
_HUB_WORDS = {"name": "name", "colour": "colour", "note": "note", "locked": "lock"}


@dataclass(frozen=True)
class Conflict:
    """Something both sides changed, differently.

    key   names it in `choices`: "practice:F81010", "hub:h2" (one side deleted it),
          "hub:h2:name", "plan:title"
    base, mine, theirs   the values (hub ids for a practice, hub objects, field values; None where
          there is none)
    taken the side the merged document follows
    text  one sentence for the user, with hub names
    """

    key: str
    base: Any
    mine: Any
    theirs: Any
    taken: Side
    text: str


@dataclass(frozen=True)
class MergeResult:
    """The merged document, the conflicts in it, and notes on what else the user should know."""

    document: dict[str, Any]
    conflicts: tuple[Conflict, ...]
    notes: tuple[str, ...]


def three_way_merge(
    base: Mapping[str, Any],
    mine: Mapping[str, Any],
    theirs: Mapping[str, Any],
    *,
    choices: Mapping[str, Side] | None = None,
) -> MergeResult:
    """Both changes to `base` in one document. UserError if one of the three is no plan.

    Call it once, show the conflicts, and call it again with what the user chose (`choices`:
    conflict key -> side). A hub that one side deleted and the other changed or filled stays,
    unless chosen otherwise. Hubs that both sides added are two hubs, even under one id, unless
    they are alike in everything; mine then gets a new id, and a new name if the name is taken.
    A practice that one side moved into or out of a hub that the other side locked is a conflict.
    """
    merge = _Merge(_Parts.of(base), _Parts.of(mine), _Parts.of(theirs), dict(choices or {}))
    return merge.run()


@dataclass(frozen=True)
class _Parts:
    hubs: dict[str, Hub]
    assignment: dict[str, str]
    rest: dict[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> _Parts:
        try:
            hubs = {str(hub["id"]): dict(hub) for hub in document["hubs"]}
            assignment = {str(code): str(hub) for code, hub in document["assignment"].items()}
        except (KeyError, TypeError, AttributeError, ValueError):
            raise UserError(
                "One of the two versions is not a plan, so they can't be merged. "
                "Save yours as a copy instead."
            ) from None
        rest = {key: value for key, value in document.items() if key not in ("hubs", "assignment")}
        return cls(hubs, assignment, rest)

    def members(self, hub_id: str) -> set[str]:
        return {code for code, held in self.assignment.items() if held == hub_id}


class _Merge:
    """One merge under way: what it reads, and the conflicts and notes it gathers."""

    def __init__(
        self, base: _Parts, mine: _Parts, theirs: _Parts, choices: dict[str, Side]
    ) -> None:
        self.notes: list[str] = []
        self.conflicts: list[Conflict] = []
        self.choices = choices
        self.base, self.theirs = base, theirs
        self.mine = self._with_own_ids(mine)

    def run(self) -> MergeResult:
        assignment = self._assignment()
        hubs = self._hubs(assignment)
        assignment = self._rehoused(assignment, hubs)
        document = self._rest()
        document["hubs"] = self._with_unique_names(self._in_order(hubs))
        document["assignment"] = dict(sorted(assignment.items()))
        return MergeResult(document, tuple(self.conflicts), tuple(self.notes))

    # --- hubs that both sides added ---

    def _with_own_ids(self, mine: _Parts) -> _Parts:
        """Mine, with new ids for hubs that aren't theirs though they were given the same id."""
        shared = [id for id in mine.hubs if id in self.theirs.hubs and id not in self.base.hubs]
        used = {*self.base.hubs, *mine.hubs, *self.theirs.hubs}
        renamed: dict[str, str] = {}
        for id in shared:
            alike = mine.hubs[id] == self.theirs.hubs[id]
            if not (alike and mine.members(id) == self.theirs.members(id)):
                renamed[id] = _free_id(used)
                used.add(renamed[id])
        if not renamed:
            return mine
        hubs = {
            renamed.get(id, id): {**hub, "id": renamed.get(id, id)} for id, hub in mine.hubs.items()
        }
        assignment = {code: renamed.get(id, id) for code, id in mine.assignment.items()}
        return _Parts(hubs, assignment, mine.rest)

    # --- practices ---

    def _assignment(self) -> dict[str, str]:
        codes = {*self.base.assignment, *self.mine.assignment, *self.theirs.assignment}
        merged: dict[str, str] = {}
        for code in sorted(codes):
            value = self._hub_of(code)
            if value is not None:
                merged[code] = value
        return merged

    def _hub_of(self, code: str) -> str | None:
        b, m, t = (side.assignment.get(code) for side in (self.base, self.mine, self.theirs))
        if m == t:
            return m
        if m == b:
            if not self._newly_locked(self.mine, (b, t)):
                return t
            reason = "you locked one of these hubs"
        elif t == b:
            if not self._newly_locked(self.theirs, (b, m)):
                return m
            reason = "the other person locked one of these hubs"
        else:
            reason = "both were changed"
        text = (
            f"Practice {code}: {self._place(m, self.mine)} in yours, "
            f"{self._place(t, self.theirs)} in theirs ({reason})."
        )
        taken = self._conflict(f"practice:{code}", b, m, t, text, "theirs")
        return m if taken == "mine" else t

    def _newly_locked(self, side: _Parts, hub_ids: Iterable[str | None]) -> bool:
        return any(
            id is not None
            and side.hubs.get(id, {}).get("locked") is True
            and self.base.hubs.get(id, {}).get("locked") is not True
            and id in self.base.hubs
            for id in hub_ids
        )

    def _place(self, hub_id: str | None, side: _Parts) -> str:
        return "in no hub" if hub_id is None else f"in '{_name(side.hubs.get(hub_id), hub_id)}'"

    # --- hubs ---

    def _hubs(self, assignment: Mapping[str, str]) -> dict[str, Hub]:
        ids = dict.fromkeys([*self.theirs.hubs, *self.mine.hubs])
        filled = set(assignment.values())
        merged: dict[str, Hub] = {}
        for id in ids:
            b, m, t = (side.hubs.get(id) for side in (self.base, self.mine, self.theirs))
            if m is not None and t is not None:
                merged[id] = self._fields(id, b or {}, m, t)
            elif b is None or self._stays(id, b, m, t, id in filled):
                merged[id] = m if m is not None else t  # type: ignore[assignment]
        return merged

    def _stays(self, id: str, b: Hub, m: Hub | None, t: Hub | None, filled: bool) -> bool:
        """Whether a hub that one side deleted stays."""
        kept, keeper, deleter = (m, "mine", "theirs") if t is None else (t, "theirs", "mine")
        if kept == b and not filled:
            return False
        who = "the other person deleted it" if deleter == "theirs" else "you deleted it"
        by = "you changed or filled it" if keeper == "mine" else "the other person did"
        text = f"Hub '{_name(kept, id)}': {who}, {by} meanwhile."
        taken = self._conflict(f"hub:{id}", b, m, t, text, "mine" if keeper == "mine" else "theirs")
        return taken == keeper

    def _fields(self, id: str, b: Hub, m: Hub, t: Hub) -> Hub:
        def words(field: str) -> str:
            return (
                f"The {_HUB_WORDS.get(field, field)} of hub '{_name(t, id)}': "
                f"{_shown(m.get(field))} in yours, {_shown(t.get(field))} in theirs."
            )

        return self._values(f"hub:{id}", b, m, t, words)

    def _rehoused(self, assignment: Mapping[str, str], hubs: Mapping[str, Hub]) -> dict[str, str]:
        """Practices of a hub that was chosen to go: where the side that deleted it has them."""
        placed: dict[str, str] = {}
        for code, id in assignment.items():
            if id in hubs:
                placed[code] = id
                continue
            deleter = self.theirs if id in self.mine.hubs else self.mine
            other = deleter.assignment.get(code)
            if other is not None and other in hubs:
                placed[code] = other
            else:
                self.notes.append(f"Practice {code} is in no hub now: its hub was deleted.")
        return placed

    def _in_order(self, hubs: Mapping[str, Hub]) -> list[Hub]:
        """Their order, unless only mine differs from the base."""
        first, second = self.theirs, self.mine
        if list(self.theirs.hubs) == list(self.base.hubs):
            first, second = second, first
        return [hubs[id] for id in dict.fromkeys([*first.hubs, *second.hubs]) if id in hubs]

    def _with_unique_names(self, hubs: list[Hub]) -> list[Hub]:
        """A name given to two hubs stays with theirs; mine gets a number."""

        def is_theirs(hub: Hub) -> bool:
            return self.theirs.hubs.get(str(hub["id"]), {}).get("name") == hub.get("name")

        used = {name_key(str(hub.get("name", ""))) for hub in hubs if is_theirs(hub)}
        result = []
        for hub in hubs:
            if not is_theirs(hub):
                name = str(hub.get("name", ""))
                free = _free_name(name, used)
                if free != name:
                    self.notes.append(f"Both versions have a hub '{name}'; yours is '{free}' now.")
                    hub = {**hub, "name": free}
                used.add(name_key(free))
            result.append(hub)
        return result

    # --- the rest ---

    def _rest(self) -> dict[str, Any]:
        def words(key: str) -> str:
            return f"'{key}' of the plan was changed in both."

        sides = (self.base.rest, self.mine.rest, self.theirs.rest)
        return self._values("plan", *sides, words)

    def _values(
        self,
        prefix: str,
        base: Mapping[str, Any],
        mine: Mapping[str, Any],
        theirs: Mapping[str, Any],
        words: Callable[[str], str],
    ) -> dict[str, Any]:
        """Both changes to a mapping, key by key; `words` of a conflict, which `prefix` names."""
        merged: dict[str, Any] = {}
        for key in dict.fromkeys([*theirs, *mine]):
            b, m, t = (side.get(key, _ABSENT) for side in (base, mine, theirs))
            value = t
            if m not in (t, b):
                value = m
                if t != b:
                    was, mv, tv = (None if side is _ABSENT else side for side in (b, m, t))
                    taken = self._conflict(f"{prefix}:{key}", was, mv, tv, words(key), "theirs")
                    value = m if taken == "mine" else t
            if value is not _ABSENT:
                merged[key] = value
        return merged

    def _conflict(
        self, key: str, base: Any, mine: Any, theirs: Any, text: str, default: Side
    ) -> Side:
        taken = self.choices.get(key, default)
        self.conflicts.append(Conflict(key, base, mine, theirs, taken, text))
        return taken


def _name(hub: Hub | None, id: str) -> str:
    return str((hub or {}).get("name", id))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    text = str(value)
    return f"'{text if len(text) <= 60 else text[:59] + '…'}'"


def _free_id(used: set[str]) -> str:
    number = 1 + max(
        (int(id[1:]) for id in used if id[:1] == "h" and id[1:].isdecimal()), default=0
    )
    return f"h{number}"


def _free_name(name: str, used: set[str]) -> str:
    """`name`, or the first of "name (2)", "name (3)" ... that is not used."""
    free, number = name, 2
    while name_key(free) in used:
        suffix = f" ({number})"
        free, number = name[: MAX_NAME_LENGTH - len(suffix)] + suffix, number + 1
    return free
