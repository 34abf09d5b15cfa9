"""Undo and redo without limit: the plan on screen, what led to it and what was taken back.

A history is immutable. It keeps the present plan whole and every step as the difference it made,
so that a thousand clicks cost about as much as two hundred plans would, however many practices a
plan has, and `undo` still returns the very plan there was (equal by value, hubs and order
included).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from pcs_dash.hubs.plan import EMPTY_PLAN, Hub, Plan, PlanError
from pcs_dash.tables.errors import UserError

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Step:
    """One change: hubs before and after, and for each practice that moved its hub ids before and
    after.

    `label` says what was done ("Assign 3 practices to Hub 2") for the undo button.
    """

    label: str
    hubs_before: tuple[Hub, ...]
    hubs_after: tuple[Hub, ...]
    moved: tuple[tuple[str, str | None, str | None], ...]

    @classmethod
    def between(cls, before: Plan, after: Plan, label: str) -> Step:
        """The step that leads from one plan to the other, named for the user."""
        codes = dict.fromkeys((*before.assignment, *after.assignment))
        pairs = ((c, before.assignment.get(c), after.assignment.get(c)) for c in codes)
        return cls(label, before.hubs, after.hubs, tuple(p for p in pairs if p[1] != p[2]))

    def forwards(self, plan: Plan) -> Plan:
        """The plan after the step."""
        changes = {code: after for code, _, after in self.moved}
        return plan.changed(changes, hubs=self.hubs_after)

    def backwards(self, plan: Plan) -> Plan:
        """The plan before the step."""
        changes = {code: before for code, before, _ in self.moved}
        return plan.changed(changes, hubs=self.hubs_before)


@dataclass(frozen=True)
class History:
    """`past` (oldest first), `present`, and `future` (next redo first)."""

    past: tuple[Step, ...] = ()
    present: Plan = field(default_factory=lambda: EMPTY_PLAN)
    future: tuple[Step, ...] = ()

    @property
    def undo_label(self) -> str | None:
        """What `undo` would take back, or None."""
        return self.past[-1].label if self.past else None

    @property
    def redo_label(self) -> str | None:
        """What `redo` would do again, or None."""
        return self.future[0].label if self.future else None

    def change(self, plan: Plan, label: str = "Change") -> History:
        """The history with `plan` as the present; what was undone is forgotten. No change, no
        step.
        """
        if plan == self.present:
            return self
        step = Step.between(self.present, plan, label)
        return History(past=(*self.past, step), present=plan)

    def undo(self) -> History:
        """One step back; the same history if there is none."""
        if not self.past:
            return self
        *past, step = self.past
        return History(tuple(past), step.backwards(self.present), (step, *self.future))

    def redo(self) -> History:
        """One step forward again; the same history if there is none."""
        if not self.future:
            return self
        step, *future = self.future
        return History((*self.past, step), step.forwards(self.present), tuple(future))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form for an autosaved draft. Hub lists that repeat are stored once."""
        hub_lists: dict[tuple[Hub, ...], int] = {}
        # Most steps share one list: looked up by identity, for hashing every hub of it takes long.
        numbers: dict[int, int] = {}

        def number(hubs: tuple[Hub, ...]) -> int:
            if id(hubs) not in numbers:
                numbers[id(hubs)] = hub_lists.setdefault(hubs, len(hub_lists))
            return numbers[id(hubs)]

        def steps(items: tuple[Step, ...]) -> list[list[Any]]:
            return [
                [s.label, number(s.hubs_before), number(s.hubs_after), [list(m) for m in s.moved]]
                for s in items
            ]

        past, future = steps(self.past), steps(self.future)
        return {
            "version": FORMAT_VERSION,
            "present": self.present.to_dict(),
            "hub_lists": [[hub.to_dict() for hub in hubs] for hubs in hub_lists],
            "past": past,
            "future": future,
        }

    @classmethod
    def from_dict(cls, data: Any) -> History:
        """The history of `to_dict`, with every step tried; PlanError if it makes no sense."""
        try:
            if data["version"] != FORMAT_VERSION:
                raise PlanError("This draft was saved by another version of the program.")
            hub_lists = [tuple(Hub(**hub) for hub in hubs) for hubs in data["hub_lists"]]
            history = cls(
                past=tuple(_step(item, hub_lists) for item in data["past"]),
                present=Plan.from_dict(data["present"]),
                future=tuple(_step(item, hub_lists) for item in data["future"]),
            )
            # To both ends: every plan on the way must be valid.
            reduce(lambda plan, step: step.backwards(plan), history.past[::-1], history.present)
            reduce(lambda plan, step: step.forwards(plan), history.future, history.present)
        except UserError:
            raise
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise PlanError(
                "This draft is damaged and can't be opened. Open a saved plan."
            ) from error
        return history


def _step(item: Any, hub_lists: list[tuple[Hub, ...]]) -> Step:
    label, before, after, moved = item
    return Step(
        str(label), hub_lists[before], hub_lists[after], tuple((str(c), b, a) for c, b, a in moved)
    )
