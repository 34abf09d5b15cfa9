"""A first plan for a large area, by rounding the relaxation step by step.

The hubs that the relaxation uses most are settled, what is left is solved anew with the hubs that
now pay, until every unit is placed (diving with column generation; Sadykov et al. 2019). Units that
end up in no hub are placed by making the hubs around them anew. Counts, not seconds, end each step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import highspy
import numpy as np
from numpy.typing import NDArray

from pcs_dash.hubs.suggesting.clock import run_solver

if TYPE_CHECKING:
    from pcs_dash.hubs.suggesting.partition import Partition, Units
    from pcs_dash.hubs.suggesting.possible_hubs import Centre

# Hubs that the relaxation uses at least so much are settled together; of others the most used.
_SETTLED = 0.7
_USED = 1e-6
# Rounds of pricing at each step.
_PRICINGS = 2
# Hubs made anew around units that are left over, and more where that does not do: quickly, or so
# many that the plan is good there.
QUICK = (16, 40, 80)
THOROUGH = (40, 80)


def dive(search: Partition, anew: Sequence[int]) -> list[Units] | None:
    """A plan, or None where the dive ends without one. The relaxation is left as it was, with the
    hubs found on the way. `anew`: how many hubs are made anew around units left over.
    """
    settled: list[int] = []
    centres = list(search.centres)
    level = _level(search)
    try:
        while level.max(initial=0.0) > _USED:
            # Two that are used for more than half can't hold the same unit.
            new = np.flatnonzero(level >= _SETTLED)
            new = new if len(new) else np.array([level.argmax()])
            _bound(search, new, 1.0)
            settled += [int(place) for place in new]
            chosen = [search.pool_units[place] for place in new]
            centres = _without(centres, chosen, search.problem.units)
            for _ in range(_PRICINGS):
                run_solver(search.master, search.clock)
                search.add_columns(centres, search.prices(centres))
            run_solver(search.master, search.clock)
            level = _level(search)
            level[settled] = 0.0
    finally:
        _bound(search, np.array(settled, dtype=np.intp), 0.0)
    return _with_left_over(search, [search.pool_units[place] for place in settled], anew)


def _level(search: Partition) -> NDArray[np.float64]:
    """How much of each hub of the pool the relaxation uses."""
    return np.array(search.master.getSolution().col_value)[search.stand_ins :]


def _bound(search: Partition, places: NDArray[np.intp], least: float) -> None:
    """Use these hubs of the pool wholly (1), or as much as pays (0)."""
    columns = (places + search.stand_ins).astype(np.int32)
    none = np.full(len(columns), highspy.kHighsInf)
    search.master.changeColsBounds(len(columns), columns, np.full(len(columns), least), none)


def _without(centres: list[Centre], plan: list[Units], units_in_all: int) -> list[Centre]:
    """Only the possible hubs that hold none of the units of these."""
    taken = np.zeros(units_in_all, dtype=bool)
    for units in plan:
        taken[list(units)] = True
    left = [centre.kept(centre.without(taken)) for centre in centres if not taken[centre.own]]
    return [centre for centre in left if len(centre)]


def _with_left_over(
    search: Partition, plan: list[Units], anew: Sequence[int]
) -> list[Units] | None:
    """The plan with the units that it does not hold, for which the hubs near them are made anew."""
    held = {unit for units in plan for unit in units}
    left = [unit for unit in range(search.problem.units) if unit not in held]
    if not left:
        return plan
    for count in anew:
        near = _nearest(search, plan, left, count)
        rest = [units for units in plan if units not in near]
        chosen = search.made_anew(near, rest, left)
        if chosen is not None:
            return [*rest, *chosen]
    return None


def _nearest(search: Partition, plan: list[Units], left: list[int], count: int) -> list[Units]:
    """The hubs of which a practice is nearest to one of the units."""
    problem, free = search.problem, search.problem.free
    practices = np.concatenate([problem.members[unit] for unit in left])
    away = problem.facts.away[np.ix_(free[practices], free)].min(axis=0)

    def distance(units: Units) -> float:
        return min(float(away[problem.members[other]].min()) for other in units)

    return sorted(plan, key=lambda units: (distance(units), units))[:count]
