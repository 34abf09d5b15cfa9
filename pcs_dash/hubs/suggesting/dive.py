"""A plan for a large area, by rounding the relaxation step by step.

Hubs that the relaxation uses wholly are settled, else the one of a few whose settling costs least;
what is left is solved anew with the hubs that now pay, until every unit is placed (diving with
column generation and strong branching; Sadykov et al. 2019). Units that end up in no hub are placed
by making the hubs around them anew. Counts, not seconds, end each step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import highspy
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pcs_dash.hubs.suggesting.partition import Partition, Units
    from pcs_dash.hubs.suggesting.possible_hubs import Centre

# Hubs that the relaxation uses at least so much are settled together.
_SETTLED = 0.97
# Of others so many are tried, those used less than the most used one by at most so much: none for
# a first plan, quickly.
QUICK, THOROUGH = 1, 3
_NEARLY = 0.35
_USED = 1e-6
# So many possible hubs are looked at: a plan within 1% needs none that are dearer.
_PROMISING = 1_000_000
# Rounds of pricing at each step.
_PRICINGS = 2
_PRICINGS_WIDE = 10
# Hubs made anew around a unit that is left over, and around all of them where that does not do.
_FEW = (3, 5, 8)
_MANY = (16, 40, 80)


def dive(search: Partition, tries: int) -> list[Units] | None:
    """A plan, or None where the dive ends without one. The relaxation is left as it was, with the
    hubs found on the way. `tries`: of how many hubs the one is settled that costs least.
    """
    settled: list[int] = []
    centres = search.promising(_PROMISING)
    level = _level(search)
    wide = False
    try:
        while level.max(initial=0.0) > _USED:
            new = _next(search, level, tries)
            _bound(search, new, 1.0)
            settled += [int(place) for place in new]
            chosen = [search.pool_units[place] for place in new]
            centres = _without(centres, chosen, search.problem.units)
            _price(search, centres)
            if not wide and _unplaced(search):
                # One step back: what is left needs dearer hubs.
                wide = True
                _bound(search, new, 0.0)
                del settled[-len(new) :]
                chosen = [search.pool_units[place] for place in settled]
                centres = _without(search.centres, chosen, search.problem.units)
                _price(search, centres, _PRICINGS_WIDE)
            level = _level(search)
            level[settled] = 0.0
    finally:
        _bound(search, np.array(settled, dtype=np.intp), 0.0)
    return _with_left_over(search, [search.pool_units[place] for place in settled])


def _next(search: Partition, level: NDArray[np.float64], tries: int) -> NDArray[np.intp]:
    """The hubs of the pool to settle next."""
    whole = np.flatnonzero(level >= _SETTLED)
    if len(whole):
        return whole
    order = np.argsort(-level, kind="stable")[:tries]
    tried = order[level[order] >= level.max() - _NEARLY]
    cost = []
    for place in tried if len(tried) > 1 else []:
        _bound(search, np.array([place]), 1.0)
        cost.append(search.solve_master())
        _bound(search, np.array([place]), 0.0)
    return tried[[int(np.argmin(cost)) if cost else 0]]


def _level(search: Partition) -> NDArray[np.float64]:
    """How much of each hub of the pool the relaxation uses."""
    return np.array(search.master.getSolution().col_value)[search.stand_ins :]


def _unplaced(search: Partition) -> bool:
    """Whether the relaxation needs stand-ins: the hubs looked at do not place every unit."""
    level = np.array(search.master.getSolution().col_value)[: search.stand_ins]
    return bool(level.max(initial=0.0) > _USED)


def _price(search: Partition, centres: list[Centre], rounds: int = _PRICINGS) -> None:
    """Solve the relaxation, a few times with the possible hubs that pay added."""
    for _ in range(rounds):
        search.solve_master()
        if not search.add_columns(centres, search.prices(centres)):
            return
    search.solve_master()


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


def _with_left_over(search: Partition, plan: list[Units]) -> list[Units] | None:
    """The plan with the units that it does not hold, for which the hubs near them are made anew:
    a few for each unit in turn, else more for all of them.
    """
    held = {unit for units in plan for unit in units}
    left = [unit for unit in range(search.problem.units) if unit not in held]
    placed: list[Units] | None = plan
    for unit in left:
        placed = placed and _placed(search, placed, [unit], _FEW)
    return placed or _placed(search, plan, left, _MANY)


def _placed(
    search: Partition, plan: list[Units], left: list[int], anew: Sequence[int]
) -> list[Units] | None:
    """The plan with these units too, so many hubs near them made anew; None where that fails."""
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
