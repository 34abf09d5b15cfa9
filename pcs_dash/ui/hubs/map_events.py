"""What the browser reports of the user's hand, applied to the plan: each event exactly once.

The map numbers its events and repeats them until it hears that they are kept, so that none is
lost when several come before an answer, when the connection drops, or when the server is
restarted. `apply` skips those it has seen. Events come from a browser: nothing in them is trusted.

An event: {"n": number, "t": kind, ...}; the kinds are the keys of `_KINDS`. A hub is named by its
id, or by a passing id ("new-7") that the browser gave a hub of its own making.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from pcs_dash.hubs import hub_shapes
from pcs_dash.hubs.history import History
from pcs_dash.hubs.plan import Moved, Plan, PlanError
from pcs_dash.measures.numbers import count
from pcs_dash.tables.errors import UserError

# Browsers whose numbering is remembered: a reload or a second tab makes one more.
_MAX_CLIENTS = 8
_MAX_ALIASES = 200
# What `Plan.add_hub` calls a hub without a name.
_NUMBERED = re.compile(r"Hub [0-9]+")


@dataclass(frozen=True)
class Said:
    """What to tell the user about the last change. Untrusted text (names) inside."""

    text: str = ""
    fault: bool = False


@dataclass(frozen=True)
class PaintedPlan:
    """The plan under way with its undo steps, and what is needed to apply each event once.

    `applied`: number of the last event of each browser; `aliases`: passing hub id -> hub id.
    """

    history: History = field(default_factory=History)
    applied: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    said: Said = field(default_factory=Said)

    @property
    def plan(self) -> Plan:
        """The plan as it is now."""
        return self.history.present

    def change(self, plan: Plan, label: str) -> PaintedPlan:
        """As it is with `plan`, one step further; the label is told to the user."""
        return replace(self, history=self.history.change(plan, label), said=Said(label))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form for the autosaved draft."""
        return {
            "history": self.history.to_dict(),
            "applied": dict(self.applied),
            "aliases": dict(self.aliases),
        }

    @classmethod
    def from_dict(cls, data: Any) -> PaintedPlan:
        """What `to_dict` gave; PlanError if it makes no sense."""
        if not isinstance(data, Mapping):
            raise PlanError("This draft is damaged and can't be opened. Open a saved plan.")
        applied, aliases = data.get("applied"), data.get("aliases")
        return cls(
            history=History.from_dict(data.get("history")),
            applied=_only(applied, int),
            aliases=_only(aliases, str),
        )


def _only(items: Any, wanted: type) -> dict[str, Any]:
    if not isinstance(items, Mapping):
        return {}
    return {str(key): value for key, value in items.items() if type(value) is wanted}


def apply(
    painted: PaintedPlan, client: str, events: Sequence[Any], practices: pd.DataFrame
) -> PaintedPlan:
    """The plan after those of the events that it has not seen, in the order of their numbers.

    `practices` are those a shape may catch (the area shown). An event that can't be carried out
    changes nothing, is told (`said.fault`) and counts as seen.
    """
    seen = painted.applied.get(client, 0)
    fresh = {number: event for event in events if (number := _number(event)) > seen}
    for number in sorted(fresh):
        try:
            painted = _carry_out(painted, fresh[number], practices)
        except UserError as error:
            painted = replace(painted, said=Said(str(error), fault=True))
        except (KeyError, TypeError, ValueError, AttributeError):
            fault = "The browser sent something that makes no sense; nothing was changed."
            painted = replace(painted, said=Said(fault, fault=True))
        painted = replace(painted, applied=_noted(painted.applied, client, number))
    return painted


def _number(event: Any) -> int:
    number = event.get("n") if isinstance(event, Mapping) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _noted(applied: Mapping[str, int], client: str, number: int) -> dict[str, int]:
    kept = {key: value for key, value in applied.items() if key != client}
    recent = dict(list(kept.items())[-(_MAX_CLIENTS - 1) :])
    return recent | {client: number}


def _carry_out(
    painted: PaintedPlan, event: Mapping[str, Any], practices: pd.DataFrame
) -> PaintedPlan:
    kind = event.get("t")
    if kind == "undo":
        return _stepped(painted, painted.history.undo(), "Taken back", painted.history.undo_label)
    if kind == "redo":
        return _stepped(painted, painted.history.redo(), "Done again", painted.history.redo_label)
    if kind == "shape":
        return _shape(painted, event, practices)
    if kind == "paint":
        return _paint(painted, event, practices)
    if kind == "add":
        return _add(painted, event)[0]
    change = _KINDS.get(str(kind))
    if change is None:
        raise PlanError("The browser asked for something unknown. Reload the page.")
    if "into" in event:
        event = {**event, "into": _hub_id(painted, event["into"])}
    plan, label = change(painted.plan, _hub_id(painted, event["hub"]), event)
    return painted.change(plan, label)


def _stepped(painted: PaintedPlan, history: History, word: str, label: str | None) -> PaintedPlan:
    said = Said(f"{word}: {label}" if label else "There is nothing left to step to.")
    return replace(painted, history=history, said=said)


def _hub_id(painted: PaintedPlan, named: Any) -> str:
    return painted.aliases.get(str(named), str(named))


# --- painting ---


def _paint(painted: PaintedPlan, event: Mapping[str, Any], practices: pd.DataFrame) -> PaintedPlan:
    codes = [str(code) for code in event["codes"]]
    hub = None if event["hub"] is None else _hub_id(painted, event["hub"])
    moved = _called(painted.plan, _moved(painted.plan, codes, hub), hub, event)
    return _told(painted, moved, hub, practices, caught=len(codes), how="")


def _shape(painted: PaintedPlan, event: Mapping[str, Any], practices: pd.DataFrame) -> PaintedPlan:
    """What a drawn shape catches goes to a hub, to a new hub with the name given, or to none."""
    shape = hub_shapes.drawn_shape(event["shape"])
    codes = hub_shapes.practices_in(shape, practices, on_map=False)
    how = str(event.get("how") or "The shape")[:20]
    if "name" in event:
        made, hub_id = _add(painted, event)
        moved = _moved(made.plan, codes, hub_id)
        # One step: the new hub and its practices come and go together.
        named = replace(made, history=painted.history)
        return _told(named, moved, hub_id, practices, caught=len(codes), how=how)
    hub = None if event["hub"] is None else _hub_id(painted, event["hub"])
    moved = _called(painted.plan, _moved(painted.plan, codes, hub), hub, event)
    return _told(painted, moved, hub, practices, caught=len(codes), how=how)


def _moved(plan: Plan, codes: Sequence[str], hub_id: str | None) -> Moved:
    return plan.try_unassign(codes) if hub_id is None else plan.try_assign(codes, hub_id)


def _called(plan: Plan, moved: Moved, hub_id: str | None, event: Mapping[str, Any]) -> Moved:
    """The first practices of a numbered hub name it after their town, in the same step."""
    name = str(event.get("called") or "")
    if hub_id is None or not (name and moved.moved) or plan.members(hub_id):
        return moved
    if not _NUMBERED.fullmatch(plan.hub(hub_id).name) or plan.hub_by_name(name):
        return moved
    return replace(moved, plan=moved.plan.rename(hub_id, name))


def _told(
    painted: PaintedPlan,
    moved: Moved,
    hub_id: str | None,
    practices: pd.DataFrame,
    *,
    caught: int,
    how: str,
) -> PaintedPlan:
    """Say how many were caught, moved, there already, and held back by which lock."""
    target = "no hub" if hub_id is None else f"'{moved.plan.hub(hub_id).name}'"
    label = f"{_named(moved.moved, practices)} to {target}"
    parts = [label] if moved.moved else []
    former = [painted.plan.hub_of(code) for code in moved.moved]
    left = Counter(hub.name for hub in former if hub is not None)
    if left:
        parts.append("from " + _listed(left, of=len(moved.moved) > 1))
    if moved.unchanged:
        parts.append(f"{count(len(moved.unchanged), 'practice')} there already")
    if moved.refused:
        held = Counter(moved.refused.values())
        parts.append(f"{count(len(moved.refused), 'practice')} kept by a lock ({_listed(held)})")
    text = "; ".join(parts) or "nothing to move"
    if how:
        text = f"{how} caught {count(caught, 'practice')}: {text}"
    nothing = not moved.moved and (bool(moved.refused) or not caught)
    return replace(
        painted,
        history=painted.history.change(moved.plan, label),
        said=Said(f"{text[:1].upper()}{text[1:]}.", fault=nothing),
    )


def _named(codes: Sequence[str], practices: pd.DataFrame) -> str:
    """One practice by its name, several by their number."""
    if len(codes) == 1 and codes[0] in practices.index:
        return str(practices.at[codes[0], "practice_name"])
    return count(len(codes), "practice")


def _listed(counts: Counter[str], *, of: bool = True, limit: int = 3) -> str:
    """As "3 of 'A', 2 of 'B' and 4 more hubs"; without the numbers unless `of`."""
    ordered = counts.most_common()
    shown = ", ".join(
        f"{number} of '{name}'" if of else f"'{name}'" for name, number in ordered[:limit]
    )
    return shown if len(ordered) <= limit else f"{shown} and {len(ordered) - limit} more hubs"


# --- hubs ---


def _add(painted: PaintedPlan, event: Mapping[str, Any]) -> tuple[PaintedPlan, str]:
    name = event.get("name")
    plan = painted.plan.add_hub(None if not str(name or "").strip() else str(name))
    hub = plan.hubs[-1]
    aliases = dict(list(painted.aliases.items())[-_MAX_ALIASES:])
    if isinstance(event.get("as"), str):
        aliases[event["as"][:40]] = hub.id
    return replace(painted.change(plan, f"Hub '{hub.name}' added"), aliases=aliases), hub.id


def _rename(plan: Plan, hub: str, event: Mapping[str, Any]) -> tuple[Plan, str]:
    before = plan.hub(hub).name
    changed = plan.rename(hub, event["name"])
    return changed, f"'{before}' renamed to '{changed.hub(hub).name}'"


def _recolour(plan: Plan, hub: str, event: Mapping[str, Any]) -> tuple[Plan, str]:
    return plan.recolour(hub, event["colour"]), f"New colour for '{plan.hub(hub).name}'"


def _note(plan: Plan, hub: str, event: Mapping[str, Any]) -> tuple[Plan, str]:
    return plan.set_note(hub, event["note"]), f"Note on '{plan.hub(hub).name}'"


def _lock(plan: Plan, hub: str, event: Mapping[str, Any]) -> tuple[Plan, str]:
    word = "locked" if event["locked"] else "unlocked"
    return plan.set_locked(hub, event["locked"]), f"'{plan.hub(hub).name}' {word}"


def _merge(plan: Plan, hub: str, event: Mapping[str, Any]) -> tuple[Plan, str]:
    into = str(event["into"])
    label = f"'{plan.hub(hub).name}' merged into '{plan.hub(into).name}'"
    return plan.merge(into, hub), label


def _empty(plan: Plan, hub: str, _: Mapping[str, Any]) -> tuple[Plan, str]:
    return plan.empty(hub), f"Empty '{plan.hub(hub).name}'"


def _delete(plan: Plan, hub: str, _: Mapping[str, Any]) -> tuple[Plan, str]:
    return plan.delete_hub(hub), f"Delete '{plan.hub(hub).name}'"


_KINDS: dict[str, Callable[[Plan, str, Mapping[str, Any]], tuple[Plan, str]]] = {
    "rename": _rename,
    "recolour": _recolour,
    "note": _note,
    "lock": _lock,
    "merge": _merge,
    "empty": _empty,
    "delete": _delete,
}
