"""The compact model: each unit goes to one slot (a centre, or a hub of the present plan).

Needs no list of possible hubs, so it serves where that list would be too long (wide bands), for
the elastic question "by how much must the band give way?", and for repairs. Connected hubs are
enforced by cuts: solve, look for hubs in pieces, forbid them, solve again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import highspy
import numpy as np

from pcs_dash.hubs.suggesting.clock import Clock, make_whole, new_solver, offer, run_solver
from pcs_dash.hubs.suggesting.model import Bools, Floats, Ints, Problem, pieces
from pcs_dash.hubs.suggesting.partition import RELATIVE_GAP, Found

Elastic = Literal["min", "max", "both"]


@dataclass
class Slots:
    """Where units can go.

    allowed, cost: shape (units, slots); root: the practice (place among the free ones) that every
    hub of the slot holds, -1 where any practices may make it up.
    """

    allowed: Bools
    cost: Floats
    root: Ints
    # Slots that must be used whatever the number of hubs.
    used: Sequence[int] = ()


@dataclass
class Answer:
    """What the solver found: the slot of each unit (None: nothing), value, bound, band slack."""

    slot: Ints | None = None
    value: float = math.inf
    bound: float = -math.inf
    infeasible: bool = False
    complete: bool = False
    slack_low: int = 0
    slack_high: int = 0


@dataclass
class Compact:
    """A mixed-integer program that is built once and cut until the hubs hang together."""

    problem: Problem
    slots: Slots
    clock: Clock
    elastic: Elastic | None = None
    least_slack: tuple[int, int] = (0, 0)
    stage: str = "compact model"
    tolerance: float = 0.0
    # Another cost of each unit and slot, and the most it may come to.
    limit: tuple[Floats, float] | None = None
    # Cuts found so far; those of a model with the same slots may be given.
    cuts: list[tuple[float, float, list[int], list[float]]] = field(default_factory=list)
    columns: list[tuple[float, float, float, bool]] = field(default_factory=list)
    rows: list[tuple[float, float, list[int], list[float]]] = field(default_factory=list)

    def solve(self, *, any_plan: bool = False, start: Answer | None = None) -> Answer:
        """Solve; `any_plan` ends at the first plan. Raises Stopped only when cancelled."""
        self._build(any_plan)
        highs = new_solver()
        highs.setOptionValue("mip_rel_gap", RELATIVE_GAP)
        highs.setOptionValue("mip_abs_gap", max(1e-6, self.tolerance))
        self._pass(highs)
        answer = start or Answer()
        if answer.slot is not None:
            self._offer(highs, answer.slot)
        while True:
            status = run_solver(highs, self.clock, self.stage)
            info = highs.getInfo()
            if status == "Infeasible":
                answer.infeasible, answer.complete = answer.slot is None, True
                return answer
            if math.isfinite(info.mip_dual_bound):
                answer.bound = max(answer.bound, info.mip_dual_bound)
            if info.primal_solution_status != 2:
                return answer
            level = np.array(highs.getSolution().col_value)
            slot = np.where(self.x >= 0, level[self.x], 0.0).argmax(axis=1)
            cuts = self._separators(slot)
            if not cuts:
                if info.objective_function_value < answer.value - 1e-6:
                    answer.slot, answer.value = slot, info.objective_function_value
                    answer.slack_low, answer.slack_high = (
                        math.ceil(round(float(level[column]), 3)) if column >= 0 else 0
                        for column in (self.delta_low, self.delta_high)
                    )
                    self.clock.report(self.stage, best=answer.value, bound=answer.bound, now=True)
                answer.complete = status == "Optimal"
                return answer
            if self.clock.stopped:
                return answer
            self.cuts += cuts
            for low, high, columns, values in cuts:
                places = np.array(columns, dtype=np.int32)
                highs.addRow(low, high, len(columns), places, np.array(values))

    def _build(self, any_plan: bool) -> None:
        problem, slots = self.problem, self.slots
        units, places = slots.allowed.shape
        self.x = np.full((units, places), -1)
        for unit, slot in np.argwhere(slots.allowed):
            cost = 0.0 if any_plan or self.elastic else float(slots.cost[unit, slot])
            self.x[unit, slot] = self._column(cost, 0, 1, True)
        self.y = [self._column(0.0, float(slot in slots.used), 1, True) for slot in range(places)]
        self._slack_columns()
        for unit in range(units):
            chosen = self.x[unit][self.x[unit] >= 0]
            self._row(1, 1, chosen, np.ones(len(chosen)))
        for slot in range(places):
            self._slot_rows(slot)
        self._row(problem.hubs_low, problem.hubs_high, self.y, np.ones(places))
        self._apart()
        if problem.adjacent is not None:
            self._beside()
        self.rows += self.cuts
        if self.limit is not None:
            limited, most = self.limit
            placed = self.x >= 0
            self._row(-math.inf, most, self.x[placed], limited[placed])
        if not (any_plan or self.elastic):
            self._evenness()

    def _slack_columns(self) -> None:
        """By how many patients the band may be missed below and above, where it is elastic."""
        problem = self.problem
        self.delta_low = self.delta_high = -1
        if self.elastic in ("min", "both"):
            self.delta_low = self._column(1.0, self.least_slack[0], max(problem.low, 0), False)
        if self.elastic in ("max", "both"):
            total = float(problem.facts.total)
            self.delta_high = self._column(1.0, self.least_slack[1], total, False)

    def _apart(self) -> None:
        """Of two units that are to be apart, a hub holds one at most."""
        for first, second in np.argwhere(np.triu(self.problem.apart)):
            for slot, here in enumerate(self.y):
                pair = [self.x[first, slot], self.x[second, slot]]
                if min(pair) >= 0:
                    self._row(-math.inf, 0, [*pair, here], [1, 1, -1])

    def _slot_rows(self, slot: int) -> None:
        problem = self.problem
        inside = np.flatnonzero(self.x[:, slot] >= 0)
        chosen = self.x[inside, slot]
        patients = problem.unit_patients[inside].astype(float)
        here = self.y[slot]
        for column in chosen:
            self._row(-math.inf, 0, [column, here], [1, -1])
        self._row(0, math.inf, [*chosen, here], [*np.ones(len(chosen)), -1])
        low = [*patients, -float(problem.low)]
        high = [*patients, -float(problem.high)]
        columns = [*chosen, here]
        slack_low = [self.delta_low] * (self.delta_low >= 0)
        slack_high = [self.delta_high] * (self.delta_high >= 0)
        self._row(0, math.inf, columns + slack_low, low + [1.0] * len(slack_low))
        self._row(-math.inf, 0, columns + slack_high, high + [-1.0] * len(slack_high))
        if self.slots.root[slot] >= 0:
            own = self.x[problem.own_unit[self.slots.root[slot]], slot]
            self._row(0, 0, [own, here], [1, -1])

    def _beside(self) -> None:
        """A unit too small to be a hub joins one only with a neighbour: the first of the cuts."""
        problem = self.problem
        assert problem.adjacent is not None
        own_unit = problem.own_unit
        low = problem.low if self.elastic not in ("min", "both") else 0
        for unit, practices in enumerate(problem.members):
            if problem.unit_patients[unit] >= low:
                continue
            around = own_unit[problem.adjacent[practices].any(axis=0)]
            gates = np.setdiff1d(around, [unit])
            for slot in np.flatnonzero(self.x[unit] >= 0):
                open_ = [column for column in self.x[gates, slot] if column >= 0]
                columns = [self.x[unit, slot], *open_]
                self._row(-math.inf, 0, columns, [1.0] + [-1.0] * len(open_))

    def _evenness(self) -> None:
        """A column a slot and aim that is at least the hub's distance from even."""
        problem = self.problem
        aims = [
            (problem.weight_size / 2, problem.unit_patients.astype(float), problem.target or 0.0),
            (problem.weight_fte / 2, problem.unit_fte, 0.0),
            (problem.weight_imd, problem.unit_imd, 0.0),
        ]
        for weight, values, target in aims:
            if not weight:
                continue
            for slot, here in enumerate(self.y):
                inside = np.flatnonzero(self.x[:, slot] >= 0)
                away = self._column(weight, 0, math.inf, False)
                columns = [*self.x[inside, slot], here, away]
                self._row(0, math.inf, columns, [*values[inside], -target, 1])
                self._row(-math.inf, 0, columns, [*values[inside], -target, -1])

    def _separators(self, slot: Ints) -> list[tuple[float, float, list[int], list[float]]]:
        """For each hub in pieces: a piece belongs to it only with a practice beside the piece."""
        problem = self.problem
        if problem.adjacent is None:
            return []
        own_unit = problem.own_unit
        at = slot[own_unit]
        cuts = []
        for place in np.unique(slot):
            group = np.flatnonzero(at == place)
            parts = pieces(problem.adjacent, group)
            if len(parts) == 1:
                continue
            parts.sort(key=lambda part: (-len(part), int(part[0])))
            root = int(self.slots.root[place])
            main = next((part for part in parts if root in part), parts[0])
            for part in parts:
                if part is main:
                    continue
                beside = np.flatnonzero(problem.adjacent[part].any(axis=0))
                gates = np.unique(own_unit[np.setdiff1d(beside, part)])
                others = [root] if root >= 0 else main
                for unit in np.unique(own_unit[part]):
                    for other in np.unique(own_unit[others]):
                        cuts += self._cut(int(unit), int(other), gates, part)
        return cuts

    def _cut(
        self, unit: int, other: int, gates: Ints, part: Ints
    ) -> list[tuple[float, float, list[int], list[float]]]:
        cuts = []
        for place in np.flatnonzero(self.x[unit] >= 0):
            inside = [int(self.x[unit, place])]
            if self.slots.root[place] >= 0:
                if self.slots.root[place] in part:
                    continue
            elif self.x[other, place] >= 0:
                inside.append(int(self.x[other, place]))
            else:
                continue
            open_ = [int(self.x[gate, place]) for gate in gates if self.x[gate, place] >= 0]
            signs = [1.0] * len(inside) + [-1.0] * len(open_)
            cuts.append((-math.inf, len(inside) - 1.0, *_merged([*inside, *open_], signs)))
        return cuts

    def _offer(self, highs: highspy.Highs, slot: Ints) -> None:
        """Start from a plan (without the columns of evenness, which a repair has not got)."""
        level = np.zeros(len(self.columns))
        level[self.x[np.arange(len(slot)), slot]] = 1.0
        level[[self.y[int(place)] for place in np.unique(slot)]] = 1.0
        offer(highs, level)

    def _column(self, cost: float, low: float, high: float, whole: bool) -> int:
        self.columns.append((cost, low, high, whole))
        return len(self.columns) - 1

    def _row(
        self,
        low: float,
        high: float,
        columns: Sequence[int] | Ints,
        values: Sequence[float] | Floats,
    ) -> None:
        merged = _merged([int(column) for column in columns], [float(value) for value in values])
        self.rows.append((low, high, *merged))

    def _pass(self, highs: highspy.Highs) -> None:
        cost, least, most, whole = np.array(self.columns, dtype=float).T.copy()
        nothing = np.zeros(len(cost), dtype=np.int32)
        highs.addCols(len(cost), cost, least, most, 0, nothing, nothing[:0], cost[:0])
        make_whole(highs, np.flatnonzero(whole))
        least, most, columns, values = zip(*self.rows, strict=True)
        starts = np.cumsum([0, *map(len, columns[:-1])]).astype(np.int32)
        entries = np.concatenate(columns).astype(np.int32)
        bounds = [np.array(each, dtype=float) for each in (least, most)]
        entered = np.concatenate(values).astype(float)
        highs.addRows(len(self.rows), *bounds, len(entries), starts, entries, entered)


def _merged(columns: list[int], values: list[float]) -> tuple[list[int], list[float]]:
    """The row with each column once."""
    total: dict[int, float] = {}
    for column, value in zip(columns, values, strict=True):
        total[column] = total.get(column, 0.0) + value
    return list(total), list(total.values())


def centre_slots(problem: Problem) -> Slots:
    """A slot a practice that may be a centre."""
    return Slots(
        allowed=problem.near,
        cost=problem.weight_distance * problem.centre_cost,
        root=np.arange(len(problem.free)),
    )


def plan_of(slot: Ints) -> list[tuple[int, ...]]:
    """The units of each used slot."""
    return [tuple(int(unit) for unit in np.flatnonzero(slot == place)) for place in np.unique(slot)]


def solve_compact(problem: Problem, clock: Clock, found: Found, *, any_plan: bool = False) -> None:
    """Search with the compact model; writes what it learns into `found`."""
    model = Compact(problem, centre_slots(problem), clock, tolerance=problem.tolerance)
    answer = model.solve(any_plan=any_plan)
    found.infeasible = answer.infeasible and found.plan is None
    if answer.slot is not None:
        plan = plan_of(answer.slot)
        cost = sum(problem.hub_cost(units)[0] for units in plan)
        if cost < found.cost:
            found.plan, found.cost = plan, cost
    if not any_plan and math.isfinite(answer.bound):
        found.bound = max(found.bound, answer.bound)
