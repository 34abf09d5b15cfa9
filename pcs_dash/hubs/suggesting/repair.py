"""The fewest moves that make a plan keep its rules, and among those the fewest patients moved."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pcs_dash.hubs.suggesting.broken_rules import broken_rules
from pcs_dash.hubs.suggesting.clock import TIME_LIMIT, Clock, Progress, Stopped
from pcs_dash.hubs.suggesting.compact import Answer, Compact, Slots
from pcs_dash.hubs.suggesting.explain import band_conflicts, check_codes, contradictions, explain
from pcs_dash.hubs.suggesting.model import (
    Bools,
    Facts,
    Ints,
    Problem,
    build_problem,
    listed,
    read_facts,
)
from pcs_dash.hubs.suggesting.request import Ended, Outcome, SuggestRequest, assignment_of
from pcs_dash.hubs.town_names import town_names
from pcs_dash.measures.numbers import count
from pcs_dash.tables.errors import UserError

# Share of the time for the number of moves; the rest is for the patients moved.
_FIRST_SHARE = 0.7


@dataclass(frozen=True)
class Move:
    """One practice that changes hub; `before` is None for a practice that was in no hub."""

    practice: str
    before: str | None
    after: str
    patients: int


@dataclass(frozen=True)
class Repair(Outcome):
    """A repaired plan and what it took.

    status: "optimal" when no plan that keeps the rules needs fewer moves (nor, with so many, moves
    fewer patients); "feasible" when that is not proven; the others as in Suggestion.
    moves: practices that leave a hub for another; placed: practices that were in no hub (they have
    to go somewhere, and don't count as moves). least_moves: the proven least number of moves.
    """

    moves: tuple[Move, ...] = ()
    placed: tuple[Move, ...] = ()
    patients_moved: int = 0
    least_moves: int | None = None

    @property
    def message(self) -> str:
        """One sentence that says what this answer is."""
        if self.status == "infeasible":
            return self.reason
        if self.status == "unknown":
            return (
                "No repair was found in time, and it is not known whether there is one. "
                "Allow more time."
            )
        if not self.moves and not self.placed:
            return "The plan keeps every rule already: nothing to move."
        moved = f"{count(len(self.moves), 'move')} ({self.patients_moved:,} patients)"
        if self.placed:
            moved += f", and {len(self.placed):,} practices placed that were in no hub"
        if self.status == "optimal":
            return f"{moved}: fewer moves can't do it."
        if self.least_moves == len(self.moves):
            return (
                f"{moved}: fewer moves can't do it, but so many might move fewer patients: the "
                "time ran out."
            )
        return f"{moved}; at least {self.least_moves or 0:,} moves are needed."


def repair(
    plan_assignment: pd.Series,
    practices: pd.DataFrame,
    request: SuggestRequest,
    *,
    time_limit: float = TIME_LIMIT,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Repair:
    """The fewest moves, then the fewest patients moved, after which every practice is in a hub and
    every rule of the request is kept (its objective is not looked at).

    plan_assignment: practice code -> hub name (missing = in no hub); hubs may be dissolved, and
    new ones ("Hub 1", ...) opened where the rules need it. A practice moves to hubs that hold one
    of the 15 practices nearest to it (or `request.nearest`), and anywhere only where that can't do;
    "fewer moves can't do it" is meant so. practices: as for `suggest`. Raises UserError for faults
    of the input.
    """
    clock = Clock(time_limit, progress=progress, cancel=cancel)
    request = request.but(objective="distance")
    facts = read_facts(practices, request)
    check_codes(facts, request)
    before = _present(plan_assignment, facts)
    present = assignment_of(before)
    if not broken_rules(present, practices, request):
        return Repair("optimal", request, clock.seconds, assignment=present, least_moves=0)
    answer, least, problem, hubs = Answer(), None, None, []
    stopped: Ended = "finished"
    try:
        impossible = bool(contradictions(facts, request) or band_conflicts(facts, request))
        if not impossible:
            problem = build_problem(facts, request)
            hubs = _present_hubs(problem, before)
            answer, least = _fewest(problem, hubs, before, clock)
        if impossible or answer.infeasible:
            why = explain(facts, request, clock)
            return Repair("infeasible", request, clock.seconds, **vars(why))
    except Stopped as stop:
        stopped = "cancelled" if stop.cancelled else "time limit"
    if stopped == "finished" and not answer.complete:
        stopped = "time limit"
    if answer.slot is None or problem is None:
        return Repair("unknown", request, clock.seconds, stopped)
    after = _repaired(problem, hubs, answer.slot, before)
    repaired = assignment_of(after)
    if faults := broken_rules(repaired, practices, request):
        raise RuntimeError(f"The repaired plan breaks its rules: {' '.join(faults)}")
    changed = _changed(before, after, facts)
    moves = tuple(move for move in changed if move.before is not None)
    return Repair(
        "optimal" if answer.complete else "feasible",
        request,
        clock.seconds,
        stopped,
        assignment=repaired,
        moves=moves,
        placed=tuple(move for move in changed if move.before is None),
        patients_moved=sum(move.patients for move in moves),
        least_moves=least,
    )


def _changed(before: dict[str, str], after: dict[str, str], facts: Facts) -> list[Move]:
    return [
        Move(code, before.get(code), hub, int(facts.patients[facts.position[code]]))
        for code, hub in sorted(after.items())
        if before.get(code) != hub
    ]


def _present(plan_assignment: pd.Series, facts: Facts) -> dict[str, str]:
    plan = {str(code): str(hub) for code, hub in plan_assignment.dropna().items()}
    if foreign := sorted(set(plan) - set(facts.codes)):
        raise UserError(
            f"The plan holds practices that are not in this area: {listed(foreign)}. Choose the "
            "area the plan was made for."
        )
    return plan


def _slot_names(problem: Problem, present: list[str], slot: Ints) -> dict[int, str]:
    """The hub's name of each slot; new ones are called after their town."""
    facts, taken = problem.facts, {*present, *(name for name, _ in problem.locked)}
    new: dict[int, dict[str, float]] = {int(k): {} for k in np.unique(slot[slot >= len(present)])}
    for place, members in zip(slot, problem.members, strict=True):
        for practice in problem.free[members] if int(place) in new else ():
            new[int(place)][facts.codes[practice]] = float(facts.patients[practice])
    names = town_names([*new.values()], problem.request.towns, taken)
    return dict(enumerate(present)) | dict(zip(new, names, strict=True))


def _present_hubs(problem: Problem, before: dict[str, str]) -> list[str]:
    """The plan's hubs that are not locked."""
    locked = {name for name, _ in problem.locked}
    codes = (problem.facts.codes[practice] for practice in problem.free)
    return sorted({before[code] for code in codes if code in before} - locked)


def _fewest(
    problem: Problem, present: list[str], before: dict[str, str], clock: Clock
) -> tuple[Answer, int | None]:
    """The least number of moves, then the least patients moved with so many.

    The first slots of the answer are the present hubs, the others new ones.
    """
    codes = [problem.facts.codes[practice] for practice in problem.free]
    patients = problem.facts.patients[problem.free]
    place = {name: number for number, name in enumerate(present)}
    at = np.array([place.get(before.get(code, ""), -1) for code in codes])
    allowed, root = _places(problem, at, len(present))
    slots = allowed.shape[1]
    moves = np.zeros((problem.units, slots))
    moved = np.zeros((problem.units, slots))
    for unit, members in enumerate(problem.members):
        for practice in members:
            if codes[practice] in before:
                away = np.arange(slots) != at[practice]
                moves[unit] += away
                moved[unit] += away * float(patients[practice])
    first = clock.sooner(clock.remaining * _FIRST_SHARE)
    for everywhere in (False, True):
        # Hubs further away are asked only where the near ones can't do it.
        allowed[:, : len(present)] |= everywhere
        model = Compact(problem, Slots(allowed, moves, root), first, stage="fewest moves")
        near = model.solve()
        if not near.infeasible:
            break
    if near.infeasible or near.slot is None:
        return near, None
    number = round(near.value)
    least = max(0, math.ceil(near.bound - 1e-6)) if math.isfinite(near.bound) else 0
    near.complete = near.complete or least >= number
    second = Compact(
        problem,
        Slots(allowed, moved, root),
        clock,
        stage="fewest patients",
        limit=(moves, number),
        cuts=model.cuts,
    )
    start = replace(near, value=float(moved[np.arange(problem.units), near.slot].sum()))
    start.bound, start.complete = -math.inf, False
    final = second.solve(start=start)
    final.complete = final.complete and near.complete
    return final, least


def _places(problem: Problem, at: Ints, present: int) -> tuple[Bools, Ints]:
    """Where each unit may go, shape (units, slots), and the root of each slot (see Slots).

    A unit may go to its own hub, to one with a practice near to it, and to a new one. A new hub is
    known by its first unit, so that no two slots mean the same hub.
    """
    old = np.zeros((problem.units, present), dtype=bool)
    for hub in range(present):
        inside = np.flatnonzero(at == hub)
        old[:, hub] = problem.near[:, inside].any(axis=1)
        old[problem.own_unit[inside], hub] = True
    firsts = np.array([members[0] for members in problem.members])
    later = np.arange(problem.units)[:, None] >= np.arange(problem.units)[None, :]
    new = problem.near[:, firsts] & later
    np.fill_diagonal(new, True)
    root = np.concatenate([np.full(present, -1), firsts])
    return np.concatenate([old, new], axis=1), root


def _repaired(
    problem: Problem, hubs: list[str], slot: Ints, before: dict[str, str]
) -> dict[str, str]:
    """Practice code -> hub name after the repair, locked hubs included. A practice that stands
    alone and was so already keeps the name of its hub.
    """
    codes = problem.facts.codes
    names = _slot_names(problem, hubs, slot)
    after = {
        codes[problem.free[practice]]: names[int(slot[unit])]
        for unit, members in enumerate(problem.members)
        for practice in members
    }
    for name, group in problem.locked:
        now = before.get(codes[group[0]], "")
        by_itself = name not in problem.request.locked and [*before.values()].count(now) == 1
        kept = now if by_itself else name
        after |= {codes[practice]: kept for practice in group}
    return after
