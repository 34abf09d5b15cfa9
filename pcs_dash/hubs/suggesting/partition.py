"""Set partitioning: choose, among all possible hubs, those that hold every unit once.

The linear relaxation is solved by column generation (HiGHS prices nothing: all reduced costs are
read off the written-down columns), tightened with subset-row cuts (of any three units, at most one
hub can hold two or more; Jepsen et al. 2008), and closed by enumeration: any better plan uses only
hubs whose reduced cost is within the gap (Baldacci et al. 2008), and HiGHS chooses among those.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from pcs_dash.hubs.suggesting.clock import (
    Clock,
    add_empty_rows,
    make_whole,
    new_solver,
    offer,
    run_solver,
)
from pcs_dash.hubs.suggesting.dive import QUICK, THOROUGH, dive
from pcs_dash.hubs.suggesting.model import Bools, Floats, Problem
from pcs_dash.hubs.suggesting.possible_hubs import Centre, subset_sums

Units = tuple[int, ...]
Triple = tuple[int, int, int]
# Stands for the best plan so far among columns: a choice of it finds none that is better.
NO_BETTER: Units = ()

# With more columns than this, HiGHS's presolve takes longer than it saves, and does not look at
# the clock.
_PRESOLVED = 8_000
# The clock is asked once in so many columns.
_CHECK_EVERY = 1_000
# A plan counts as optimal within this share of its cost.
RELATIVE_GAP = 1e-6
_REDUCED_COST = 1e-6
# New columns a centre and round of pricing; columns of the first, quick search for a plan.
_PER_CENTRE = 15
_QUICK_COLUMNS = 2000
_QUICK_NODES = 50
# With more columns than these, so many of the cheapest are looked at before all of them are; which
# they are is read off one in so many.
_VERY_MANY_COLUMNS = 1_000_000
_PROMISING = 200_000
_SAMPLED = 16
# So few columns are all looked at at once.
_EASY_COLUMNS = 10_000
# So few units are worth a quick search whatever the aim.
_FEW_UNITS = 60
# With more units a plan is sought by diving; Essex, with 204, is proven sooner by quick searches.
_DIVING_UNITS = 250
# A quick search ends when its plan is within this share of the best of its columns; a start,
# from which to improve, within this.
_QUICK_GAP = 1e-3
_START_GAP = 0.05
# Improving: how many hubs are made anew together, first few, then more; columns for each of them,
# and nodes.
_TOGETHER = (3, 5)
_TOGETHER_LARGE = (12,)
_IMPROVE_COLUMNS = 350
_IMPROVE_NODES = 20
# Closing: columns of the first try, growth, the most that one search takes; about how many dearer
# ones are then searched at a time, and how many columns may be left for that.
_FIRST_COLUMNS = 4_000
_GROWTH = 4
_MOST_COLUMNS = 100_000
_MOST_DEARER = 18_000
_MOST_BEYOND = 400_000
# Cuts a round, most with one unit in a round, rounds, and the least gain that warrants another.
_CUTS = 60
_CUTS_PER_UNIT = 4
_ROUNDS = 30
_ROUNDS_EVEN = 2
_LEAST_GAIN = 1e-4
_LEAST_GAIN_LARGE = 5e-4
_VIOLATED = 1e-3


class Column(NamedTuple):
    """A possible hub at its cheapest centre: its cost, the patients who stay with each earlier
    plan's hubs, and what it costs beyond the relaxation's prices.
    """

    cost: float
    stay: Floats
    beyond: float = math.inf


@dataclass
class Found:
    """What a search knows: the best plan (tuples of units), its internal cost, a lower bound."""

    plan: list[Units] | None = None
    cost: float = math.inf
    bound: float = -math.inf
    infeasible: bool = False

    def closed(self, tolerance: float) -> bool:
        """Whether the plan is proven to be the best."""
        if self.plan is None:
            return False
        return self.cost - self.bound <= max(tolerance, RELATIVE_GAP * abs(self.cost))


class Partition:
    """One search of a problem with units to place and a number of hubs that fits (see `solve`).
    `found` can be read at any time, also after Stopped.

    earlier, stay_most: for each earlier plan, the patients of each unit in each of its hubs, and
    the most patients who may stay with its hubs.
    """

    def __init__(
        self,
        problem: Problem,
        centres: Sequence[Centre],
        clock: Clock,
        found: Found,
        earlier: Sequence[Floats] = (),
        stay_most: Sequence[float] = (),
    ) -> None:
        self.problem = problem
        self.large = problem.units > _DIVING_UNITS
        self.centres = [centre for centre in centres if len(centre)]
        self.clock = clock
        self.found = found
        # No cost is below 0.
        found.bound = max(found.bound, 0.0)
        self.earlier = list(earlier)
        self.stay_most = list(stay_most)
        self.cuts: list[Triple] = []
        self.pool_units: list[Units] = []
        self.pool: dict[Units, int] = {}
        self.pool_cost: list[float] = []
        self.pool_stay: list[Floats] = []
        self.reduced: list[Floats] = []
        # The bound that the reduced costs are counted from.
        self.relaxed = 0.0
        self.worst = _worst_cost(problem)
        self.tolerance = problem.tolerance

    def run(self, *, any_plan: bool = False, quick: bool = False) -> None:
        """Search until the plan is proven, none is proven to exist, or Stopped is raised.

        any_plan: end at the first plan; quick: end after the first try at one. May end without an
        answer when the possible hubs are too many to close the gap: `found` says so.
        """
        problem, found = self.problem, self.found
        if not self._coverable():
            found.infeasible = True
            return
        if sum(map(len, self.centres)) <= _FIRST_COLUMNS:
            self.reduced = [centre.cost for centre in self.centres]
            self._close()
            return
        self._start_master()
        self._generate()
        if found.infeasible:
            return
        if found.plan is None and self.large:
            self._keep(dive(self, QUICK))
        if found.plan is None:
            self._quick(1.0 if any_plan and not quick else _START_GAP if quick else _QUICK_GAP)
        if quick:
            return
        if not problem.exact_tolerance:
            self._improve(_TOGETHER[0])
        if not self._tighten(any_plan):
            self._prove(any_plan)

    @property
    def _left(self) -> int:
        """How many possible hubs are left, as of the last pricing."""
        return sum(map(len, self.reduced))

    def _coverable(self) -> bool:
        """Whether every unit is in one possible hub at least."""
        held = np.zeros(self.problem.units, dtype=bool)
        for centre in self.centres:
            held[centre.own] = True
            for bit, unit in enumerate(centre.others):
                if not held[unit]:
                    held[unit] = bool((centre.mask >> centre.mask.dtype.type(bit) & 1).any())
        return bool(held.all())

    def _tighten(self, any_plan: bool) -> bool:
        """Cuts and new columns while they raise the bound; True where that ends the search."""
        found = self.found
        least = _LEAST_GAIN_LARGE if self.large else _LEAST_GAIN
        for _ in range(_ROUNDS if self.problem.exact_tolerance else _ROUNDS_EVEN):
            if found.closed(self.tolerance) or (any_plan and found.plan is not None):
                return True
            self._drop_hopeless()
            cuts = self._violated()
            if not cuts:
                break
            before = found.bound
            self._add_cuts(cuts)
            self._generate()
            if found.infeasible:
                return True
            if found.bound - before < least * abs(found.bound):
                break
        return False

    def _prove(self, any_plan: bool) -> None:
        """What cuts left open: a better plan where many columns are left, then the whole search."""
        self._drop_hopeless()
        if self.large and self._left > _EASY_COLUMNS:
            # The cheapest columns hold a good plan, or none: then a better one is dearer.
            before, limit = self.found.cost, self._smallest(_EASY_COLUMNS)
            self._raise_bound(self._choose(limit, nodes=_QUICK_NODES)[1], limit)
            if self.found.cost == before:
                self._keep(dive(self, THOROUGH))
            self._drop_hopeless()
        if self._left > _EASY_COLUMNS:
            if not self.large:
                self._quick(_QUICK_GAP)
            if self.large or not self.problem.exact_tolerance:
                for together in _TOGETHER_LARGE if self.large else _TOGETHER:
                    self._improve(together)
                    self._drop_hopeless()
        self._close(any_plan=any_plan)

    # --- the linear relaxation -------------------------------------------------------------------

    def _start_master(self) -> None:
        """Rows: each unit once; the number of hubs; patients who stay, a row an earlier plan."""
        problem = self.problem
        units, plans = problem.units, len(self.stay_most)
        low = np.concatenate(
            [np.ones(units), [problem.hubs_low], np.full(plans, -highspy.kHighsInf)]
        )
        high = np.concatenate([np.ones(units), [problem.hubs_high], np.ones(plans)])
        self.master = new_solver()
        add_empty_rows(self.master, low, high)
        # Stand-ins make every set of columns feasible, at a price that no real plan reaches.
        self.penalty = 10 * max(self.worst, 1.0) / units
        rows = [*range(units), units, units, *range(units + 1, units + 1 + plans)]
        sign = [1.0] * (units + 1) + [-1.0] * (1 + plans)
        self.stand_ins = len(rows)
        for row, entry in zip(rows, sign, strict=True):
            self._add_master_column(self.penalty, [row], [entry])

    def _generate(self) -> None:
        """Solve the relaxation over all columns: a bound, or the proof that there is no plan."""
        found = self.found
        while True:
            self._solve_promising()
            value = self.solve_master()
            self.dual = np.array(self.master.getSolution().row_dual)
            self.reduced = self.prices(self.centres)
            lowest = min(float(reduced.min()) for reduced in self.reduced)
            bound = value + self.problem.hubs_high * min(0.0, lowest)
            self.relaxed = bound
            found.bound = max(found.bound, bound)
            if found.bound > self.worst * (1 + 1e-6) + 1e-6:
                found.infeasible = True
                return
            self.clock.report("bound", bound=found.bound)
            if lowest >= -_REDUCED_COST * max(1.0, abs(value) / self.problem.units):
                level = np.array(self.master.getSolution().col_value)
                self.level = level[self.stand_ins :]
                if level[: self.stand_ins].max() < 1e-6 or self.penalty > 2 * self.worst + 1:
                    return
                self._raise_penalty()
                continue
            self.add_columns(self.centres, self.reduced)

    def solve_master(self) -> float:
        """Solve the relaxation over the master's columns; its value."""
        status = run_solver(self.master, self.clock)
        self.clock.check()
        if status != "Optimal":
            raise RuntimeError(f"The relaxation ended as '{status}'.")
        return float(self.master.getInfo().objective_function_value)

    def _solve_promising(self) -> None:
        """Where the columns are very many: first solve over those that were cheapest last time."""
        if self._left < _VERY_MANY_COLUMNS:
            return
        promising = self.promising(_PROMISING)
        while True:
            self.solve_master()
            if not self.add_columns(promising, self.prices(promising)):
                return

    def promising(self, count: int) -> list[Centre]:
        """About so many of the possible hubs, those that were cheapest last time."""
        if self._left <= count:
            return self.centres
        sample = np.concatenate([reduced[::_SAMPLED] for reduced in self.reduced])
        limit = np.quantile(sample, count / self._left)
        cheap = [
            centre.kept(reduced <= limit)
            for centre, reduced in zip(self.centres, self.reduced, strict=True)
        ]
        return [centre for centre in cheap if len(centre)]

    def prices(self, centres: Sequence[Centre]) -> list[Floats]:
        """What each column would cost beyond the relaxation's prices for what it holds."""
        dual = np.array(self.master.getSolution().row_dual)
        return [self._reduced_costs(centre, dual) for centre in centres]

    def _raise_penalty(self) -> None:
        self.penalty = min(self.penalty * 10, 2 * self.worst + 2)
        which = np.arange(self.stand_ins, dtype=np.int32)
        self.master.changeColsCost(len(which), which, np.full(len(which), self.penalty))

    def _reduced_costs(self, centre: Centre, dual: Floats) -> Floats:
        self.clock.check()
        units = self.problem.units
        reduced = centre.cost - subset_sums(centre.mask, dual[centre.others])
        reduced -= dual[centre.own] + dual[units]
        for plan, most in enumerate(self.stay_most):
            price = dual[units + 1 + plan]
            if price:
                reduced -= price * centre.stay[plan] / most
        bit = {int(unit): number for number, unit in enumerate(centre.others)}
        first_cut = units + 1 + len(self.stay_most)
        kind = centre.mask.dtype.type
        for number, triple in enumerate(self.cuts):
            price = dual[first_cut + number]
            if price > -1e-9:
                continue
            flags = sum(1 << bit[unit] for unit in triple if unit in bit)
            if centre.own in triple:
                hit = (centre.mask & kind(flags)) != 0
            elif flags & (flags - 1):
                shared = centre.mask & kind(flags)
                # Taking the lowest bit away leaves something only where there are two or more.
                hit = (shared & (shared - (shared != 0))) != 0
            else:
                continue
            reduced[hit] -= price
        return reduced

    def add_columns(self, centres: Sequence[Centre], prices: Sequence[Floats]) -> int:
        """Give the master the cheapest columns of each centre that it has not got yet; how many."""
        new: dict[Units, Column] = {}
        before = len(self.pool_cost)
        for centre, reduced in zip(centres, prices, strict=True):
            count = min(_PER_CENTRE, len(reduced))
            hubs = np.argpartition(reduced, count - 1)[:count]
            hubs = hubs[reduced[hubs] < -_REDUCED_COST]
            _cheapest(new, centre, hubs, reduced[hubs])
        for units, column in new.items():
            if units in self.pool and self.pool_cost[self.pool[units]] <= column.cost + 1e-12:
                continue
            self._add_column(units, column.cost, column.stay)
        return len(self.pool_cost) - before

    def _add_column(self, units: Units, cost: float, stay: Floats) -> None:
        rows, values = self._rows_of(units, stay)
        self.pool[units] = len(self.pool_cost)
        self.pool_cost.append(cost)
        self.pool_stay.append(stay)
        self.pool_units.append(units)
        self._add_master_column(cost, rows, values)

    def _add_master_column(self, cost: float, rows: list[int], values: list[float]) -> None:
        places = np.array(rows, dtype=np.int32)
        self.master.addCol(cost, 0.0, highspy.kHighsInf, len(rows), places, np.array(values))

    def _rows_of(self, units: Units, stay: Floats) -> tuple[list[int], list[float]]:
        """The master's rows that a hub counts in, and how much."""
        count = self.problem.units
        rows = [*units, count]
        values = [1.0] * len(rows)
        for plan, most in enumerate(self.stay_most):
            rows.append(count + 1 + plan)
            values.append(float(stay[plan]) / most)
        first_cut = count + 1 + len(self.stay_most)
        inside = set(units)
        for number, triple in enumerate(self.cuts):
            if len(inside.intersection(triple)) >= 2:
                rows.append(first_cut + number)
                values.append(1.0)
        return rows, values

    # --- cuts ------------------------------------------------------------------------------------

    def _violated(self) -> list[Triple]:
        """Triples of which the relaxation spends more than one hub on two or more."""
        used = np.flatnonzero(self.level > 1e-6)
        level = self.level[used]
        inside = np.zeros((len(used), self.problem.units))
        for row, column in enumerate(used):
            inside[row, list(self.pool_units[column])] = 1
        pair = (inside * level[:, None]).T @ inside
        violated: list[tuple[float, Triple]] = []
        known = set(self.cuts)
        for first in range(self.problem.units):
            self.clock.check()
            later = slice(first + 1, None)
            with_first = inside[:, first] > 0
            rest = inside[with_first, later]
            three = (rest * level[with_first][:, None]).T @ rest
            alone = pair[first, later]
            spent = np.triu(alone[:, None] + alone[None, :] + pair[later, later] - 2 * three, 1)
            for second, third in np.argwhere(spent > 1 + _VIOLATED) + first + 1:
                triple = (first, int(second), int(third))
                if triple not in known:
                    over = float(spent[second - first - 1, third - first - 1])
                    violated.append((-round(over, 6), triple))
        chosen: list[Triple] = []
        uses = np.zeros(self.problem.units, dtype=int)
        for _, triple in sorted(violated):
            if (uses[list(triple)] < _CUTS_PER_UNIT).all():
                chosen.append(triple)
                uses[list(triple)] += 1
            if len(chosen) == (self.problem.units // 2 if self.large else _CUTS):
                break
        return chosen

    def _add_cuts(self, cuts: list[Triple]) -> None:
        inside = np.zeros((len(self.pool_units), self.problem.units), dtype=np.int8)
        for row, units in enumerate(self.pool_units):
            inside[row, list(units)] = 1
        for triple in cuts:
            hit = np.flatnonzero(inside[:, triple].sum(axis=1) >= 2) + self.stand_ins
            self.master.addRow(
                -highspy.kHighsInf, 1.0, len(hit), hit.astype(np.int32), np.ones(len(hit))
            )
            self.cuts.append(triple)

    def _drop_hopeless(self) -> None:
        """Forget columns that no plan better than the best one can use."""
        if self.found.plan is None:
            return
        gap = self.found.cost - self.relaxed + _REDUCED_COST
        kept = [reduced <= gap for reduced in self.reduced]
        pairs = [
            (centre.kept(keep), reduced[keep])
            for centre, reduced, keep in zip(self.centres, self.reduced, kept, strict=True)
            if keep.any()
        ]
        self.centres = [centre for centre, _ in pairs]
        self.reduced = [reduced for _, reduced in pairs]

    # --- choosing among columns ------------------------------------------------------------------

    def _smallest(self, count: int) -> float:
        """The reduced cost that `count` columns don't exceed (inf when there are fewer)."""
        reduced = np.concatenate(self.reduced)
        if len(reduced) <= count:
            return math.inf
        return float(np.partition(reduced, count)[count])

    def _close(self, *, any_plan: bool = False) -> None:
        """Choose among ever more columns until no other column can belong to a better plan."""
        found = self.found
        count = _FIRST_COLUMNS
        while True:
            self._drop_hopeless()
            if self._left <= max(2 * count, _EASY_COLUMNS):
                count = self._left
            limit = self._smallest(count)
            proven, bound = self._choose(limit)
            if math.isinf(limit):
                if proven and found.plan is None:
                    found.infeasible = True
                found.bound = max(found.bound, min(bound, found.cost))
                self.clock.check()
                return
            self._raise_bound(bound, limit)
            if found.closed(self.tolerance) or (any_plan and found.plan is not None):
                return
            self.clock.check()
            count *= _GROWTH
            if count > _MOST_COLUMNS:
                self._close_beyond(limit, bound)
                return

    def _close_beyond(self, within: float, lowest: float) -> None:
        """Go on where no plan of the columns within a reduced cost is better than `lowest`: in
        bands of what a plan's dearest column costs, which bounds what its others can.
        """
        found = self.found
        self._drop_hopeless()
        if found.plan is None or self._left > _MOST_BEYOND:
            return
        columns = self._columns_within(math.inf)
        price = np.array([column.beyond for column in columns.values()])
        gap = found.cost - self.relaxed
        number = math.ceil(int((price > within).sum()) / _MOST_DEARER)
        for low, high in pairwise(np.linspace(within, gap + _REDUCED_COST, number + 1).tolist()):
            dear = (price > low) & (price <= high)
            kept = dear | (price <= min(low, gap - low))
            taken = {
                units: columns[units] for units, keep in zip(columns, kept, strict=True) if keep
            }
            one_of = {units for units, keep in zip(columns, dear, strict=True) if keep}
            if one_of:
                choice = Choice(self, taken, range(self.problem.units), one_of=one_of)
                chosen, _, bound = choice.solve([NO_BETTER])
                self._keep(chosen)
                lowest = min(lowest, bound)
            self.clock.check()
            self._raise_bound(lowest, high)

    def _raise_bound(self, bound: float, limit: float) -> None:
        """A better plan is one of the columns within `limit`, which cost `bound` at least, or has a
        dearer one.
        """
        found = self.found
        found.bound = max(found.bound, min(bound, self.relaxed + limit, found.cost))
        self.clock.report("closing", bound=found.bound)

    def _quick(self, gap: float) -> None:
        """A quick search among the most promising columns, and for large areas the master's too."""
        limit, with_pool = self._smallest(_QUICK_COLUMNS), self.problem.units > _FEW_UNITS
        self._choose(limit, nodes=_QUICK_NODES, gap=gap, with_pool=with_pool)

    def _choose(
        self,
        limit: float,
        nodes: int | None = None,
        gap: float = RELATIVE_GAP,
        *,
        with_pool: bool = False,
    ) -> tuple[bool, float]:
        """The best plan of the columns within a reduced cost; whether that is proven, and a bound
        for plans of these columns. `nodes`: the most nodes; with_pool: the master's columns too.
        """
        columns = self._columns_within(limit, with_pool=with_pool)
        choice = Choice(self, columns, range(self.problem.units))
        chosen, proven, bound = choice.solve(self.found.plan, nodes, gap)
        self._keep(chosen)
        return proven, bound

    def _keep(self, plan: list[Units] | None) -> None:
        """Take a plan if it is better than the best one."""
        if plan is None:
            return
        cost = sum(self.problem.hub_cost(units)[0] for units in plan)
        if cost < self.found.cost - 1e-9 * max(1.0, cost):
            self.found.plan, self.found.cost = sorted(plan), cost
            self.clock.report("plan", best=cost, bound=self.found.bound, now=True)

    def _improve(self, together: int) -> None:
        """Make a few neighbouring hubs anew, the rest unchanged, until that helps nowhere."""
        found = self.found
        if found.plan is None:
            return
        tried: set[frozenset[Units]] = set()
        start = 0
        while not found.closed(self.tolerance):
            group = self._untried(found.plan, together, start, tried)
            if not group:
                return
            tried.add(frozenset(group))
            rest = [units for units in found.plan if units not in group]
            chosen = self.made_anew(group, rest)
            if chosen is not None:
                self._keep([*rest, *chosen])
            self.clock.check()
            start += 1

    def _untried(
        self, plan: list[Units], together: int, start: int, tried: set[frozenset[Units]]
    ) -> list[Units]:
        """Neighbouring hubs not yet made anew together: in a large area where the plan costs most
        beyond the relaxation, as little can be gained elsewhere, else in turn; [] when all were.
        """
        centres = [self.problem.hub_cost(units)[1] for units in plan]
        free = self.problem.free[centres]
        seeds = np.roll(np.arange(len(plan)), -(start % len(plan)))
        if self.large:
            beyond = np.array([self._beyond(units) for units in plan])
            seeds = np.argsort(-beyond, kind="stable")
            seeds = seeds[beyond[seeds] > _LEAST_GAIN * self.found.bound]
        for seed in seeds:
            away = self.problem.facts.away[free[seed], free]
            away[seed] = -1.0
            group = [plan[number] for number in np.argsort(away, kind="stable")[:together]]
            if frozenset(group) not in tried:
                return group
        return []

    def _beyond(self, units: Units) -> float:
        """What a hub costs beyond the relaxation's prices for what it holds."""
        rows, values = self._rows_of(units, self._stay_of(units))
        return self.problem.hub_cost(units)[0] - float(self.dual[rows] @ np.array(values))

    def made_anew(
        self, group: list[Units], rest: list[Units], left: Sequence[int] = ()
    ) -> list[Units] | None:
        """Better hubs of the units of a group and of those left in no hub, the rest unchanged;
        None where none were found.
        """
        units = sorted([unit for hub in group for unit in hub] + list(left))
        # Dearer ones hardly make better hubs than these.
        limit = sum(map(self._beyond, group)) if self.large and not left else math.inf
        columns = self._columns_of(units, _IMPROVE_COLUMNS * len(group), limit)
        for hub in group:
            columns.setdefault(hub, Column(self.problem.hub_cost(hub)[0], self._stay_of(hub)))
        start = None if left else group
        return Choice(self, columns, units, rest=rest).solve(start, _IMPROVE_NODES)[0]

    def _columns_of(self, units: list[int], most: int, limit: float) -> dict[Units, Column]:
        """The most promising columns within a reduced cost that hold none but these units."""
        inside = np.zeros(self.problem.units, dtype=bool)
        inside[units] = True
        parts: list[tuple[Centre, NDArray[np.intp], Floats]] = []
        for centre, reduced in zip(self.centres, self.reduced, strict=True):
            if not inside[centre.own]:
                continue
            hubs = np.flatnonzero(centre.without(~inside))
            parts.append((centre, hubs, reduced[hubs]))
        every = np.concatenate([reduced for _, _, reduced in parts] or [np.empty(0)])
        if len(every) > most:
            limit = min(limit, float(np.partition(every, most)[most]))
        columns: dict[Units, Column] = {}
        for centre, hubs, reduced in parts:
            within = reduced <= limit
            _cheapest(columns, centre, hubs[within], reduced[within])
        return dict(sorted(columns.items()))

    def _stay_of(self, units: Units) -> Floats:
        return np.array([plan[list(units)].sum(axis=0).max() for plan in self.earlier])

    def _columns_within(self, limit: float, *, with_pool: bool = False) -> dict[Units, Column]:
        """Columns by their units, each at its cheapest centre; `with_pool`: also the master's."""
        columns = {
            units: Column(self.pool_cost[place], self.pool_stay[place])
            for units, place in self.pool.items()
            if with_pool
        }
        for centre, reduced in zip(self.centres, self.reduced, strict=True):
            self.clock.check()
            within = np.flatnonzero(reduced <= limit)
            _cheapest(columns, centre, within, reduced[within])
        return dict(sorted(columns.items()))


class Choice:
    """The choice among columns that hold each of some units once, as a mixed-integer program.

    `rest`: hubs that stay, for the rules that count over the whole plan. `one_of`: columns of
    which at least one is chosen; the best plan so far, as NO_BETTER, stands for all other plans.
    """

    def __init__(
        self,
        search: Partition,
        columns: dict[Units, Column],
        units: Sequence[int],
        rest: Sequence[Units] = (),
        one_of: Set[Units] = frozenset(),
    ) -> None:
        self.search = search
        self.units_of = list(columns)
        cost = np.array([column.cost for column in columns.values()])
        row_of = {unit: row for row, unit in enumerate(units)}
        problem, plans = search.problem, len(search.stay_most)
        cuts = [triple for triple in search.cuts if all(unit in row_of for unit in triple)]
        staying = sum((search._stay_of(hub) for hub in rest), np.zeros(plans))
        most = np.array(search.stay_most)
        count, first_cut = len(row_of), len(row_of) + 1 + plans
        last = first_cut + len(cuts)
        low = np.full(last + bool(one_of), -highspy.kHighsInf)
        high = np.ones(len(low))
        low[last:], high[last:] = 1.0, highspy.kHighsInf
        low[:count] = 1.0
        low[count], high[count] = problem.hubs_low - len(rest), problem.hubs_high - len(rest)
        high[count + 1 : first_cut] = (most - staying) / most if plans else []
        cuts_of: dict[int, list[int]] = {}
        for number, triple in enumerate(cuts):
            for unit in triple:
                cuts_of.setdefault(unit, []).append(number)
        rows: list[int] = []
        values: list[float] = []
        starts: list[int] = []
        for place, chosen in enumerate(self.units_of):
            if place % _CHECK_EVERY == 0:
                search.clock.check()
            starts.append(len(rows))
            rows += [*(row_of[unit] for unit in chosen), count, *range(count + 1, first_cut)]
            values += [1.0] * (len(chosen) + 1)
            values += list(columns[chosen].stay / most) if plans else []
            times: dict[int, int] = {}
            for unit in chosen:
                for number in cuts_of.get(unit, ()):
                    times[number] = times.get(number, 0) + 1
            hit = [first_cut + number for number, held in times.items() if held >= 2]
            if chosen in one_of:
                hit.append(last)
            rows += hit
            values += [1.0] * len(hit)
        if one_of:
            self.units_of.append(NO_BETTER)
            cost = np.append(cost, search.found.cost)
            starts.append(len(rows))
            rows += [*range(count + 1), last]
            values += [*[1.0] * count, low[count], 1.0]
        self.highs = new_solver()
        if len(self.units_of) > _PRESOLVED:
            self.highs.setOptionValue("presolve", "off")
        self.highs.setOptionValue("mip_abs_gap", max(1e-6, search.tolerance))
        add_empty_rows(self.highs, low, high)
        self._add_columns(cost, starts, rows, values)

    def _add_columns(
        self, cost: Floats, starts: list[int], rows: list[int], values: list[float]
    ) -> None:
        """One binary column for each possible hub (sparse, by column)."""
        number = len(cost)
        if number:
            places = [np.array(each, dtype=np.int32) for each in (starts, rows)]
            zeros, ones = np.zeros(number), np.ones(number)
            self.highs.addCols(number, cost, zeros, ones, len(rows), *places, np.array(values))
            make_whole(self.highs, np.arange(number))

    def solve(
        self, start: list[Units] | None, nodes: int | None = None, gap: float = RELATIVE_GAP
    ) -> tuple[list[Units] | None, bool, float]:
        """The best choice found (None: none), whether the search was complete, and a bound."""
        self.highs.setOptionValue("mip_rel_gap", gap)
        if nodes is not None:
            self.highs.setOptionValue("mip_max_nodes", nodes)
        place = {units: column for column, units in enumerate(self.units_of)}
        # Start from a plan, where its hubs are among the columns.
        if start is not None and all(units in place for units in start):
            level = np.zeros(len(self.units_of))
            level[[place[units] for units in start]] = 1.0
            offer(self.highs, level)
        status = run_solver(self.highs, self.search.clock, "choosing hubs")
        info = self.highs.getInfo()
        if status == "Infeasible":
            return None, True, math.inf
        chosen = None
        if info.primal_solution_status == 2:
            level = np.array(self.highs.getSolution().col_value)
            chosen = [self.units_of[column] for column in np.flatnonzero(level > 0.5)]
        if chosen == [NO_BETTER]:
            chosen = None
        bound = info.mip_dual_bound
        return chosen, status == "Optimal", bound if math.isfinite(bound) else -math.inf


def _cheapest(
    columns: dict[Units, Column], centre: Centre, hubs: NDArray[np.intp], reduced: Floats
) -> None:
    """Add hubs of a centre to the columns, unless they are there at a lower cost."""
    kind = centre.mask.dtype.type
    bits = np.arange(len(centre.others)).astype(centre.mask.dtype)
    inside: Bools = (centre.mask[hubs][:, None] >> bits & kind(1)).astype(bool)
    for hub, row, beyond in zip(hubs, inside, reduced.tolist(), strict=True):
        units = tuple(sorted([centre.own, *centre.others[row].tolist()]))
        cost = float(centre.cost[hub])
        if units not in columns or cost < columns[units].cost:
            columns[units] = Column(cost, centre.stay[:, hub], beyond)


def _worst_cost(problem: Problem) -> float:
    """A cost that no plan exceeds."""
    away = np.where(problem.near, problem.centre_cost, 0.0).max(axis=1, initial=0.0).sum()
    patients = float(problem.unit_patients.sum())
    target = problem.target or 0.0
    return (
        problem.weight_distance * float(away)
        + problem.weight_size * (patients + target * max(problem.hubs_high, 0)) / 2
        + problem.weight_fte * float(np.abs(problem.unit_fte).sum()) / 2
        + problem.weight_imd * float(np.abs(problem.unit_imd).sum())
    )
