"""From a problem to the best plan: written-down columns where they fit, else the compact model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pcs_dash.hubs.suggesting.clock import Clock
from pcs_dash.hubs.suggesting.compact import solve_compact
from pcs_dash.hubs.suggesting.model import Facts, Floats, Problem, build_problem
from pcs_dash.hubs.suggesting.partition import Found, Partition
from pcs_dash.hubs.suggesting.possible_hubs import MOST_AT_EASE, Centre, TooManyColumns, all_columns
from pcs_dash.hubs.suggesting.request import SuggestRequest

# An even plan is first sought among the most even of the possible hubs, with short distances.
_EVEN_SHARES = (0.3, 1.0)
_MANY_UNITS = 60


def search(
    problem: Problem,
    clock: Clock,
    found: Found,
    *,
    any_plan: bool = False,
    earlier: Sequence[Floats] = (),
    stay_most: Sequence[float] = (),
) -> None:
    """Search for the best plan, or for any; `found` holds what is known, also after Stopped.

    earlier, stay_most: see `partition.Partition`; needs columns that can be written down.
    """
    if problem.units == 0 and problem.hubs_low <= 0 <= problem.hubs_high:
        found.plan, found.cost, found.bound = [], 0.0, 0.0
        return
    if problem.units == 0 or problem.hubs_low > problem.hubs_high or problem.hubs_high < 1:
        found.infeasible = True
        return
    try:
        most = MOST_AT_EASE if any_plan or earlier else None
        centres = all_columns(problem, clock, earlier, most=most)
    except TooManyColumns:
        if not earlier:
            solve_compact(problem, clock, found, any_plan=any_plan)
        return
    if not problem.exact_tolerance and not any_plan and problem.units > _MANY_UNITS:
        _start_even(problem, centres, clock, found, earlier, stay_most)
    Partition(problem, centres, clock, found, earlier, stay_most).run(any_plan=any_plan)
    if found.plan is None and not found.infeasible and not earlier:
        solve_compact(problem, clock, found, any_plan=any_plan)


def possible(facts: Facts, request: SuggestRequest, clock: Clock) -> bool | None:
    """Whether any plan meets a request without contradictions; None when time ran out."""
    plain = request.but(objective="distance")
    problem = build_problem(facts, plain)
    found = Found()
    search(problem, clock, found, any_plan=True)
    if found.plan is not None:
        return True
    return False if found.infeasible else None


def hub_numbers(facts: Facts, request: SuggestRequest) -> list[int | None]:
    """Numbers of hubs to try in turn: the request's, or None (left to the search).

    Equal size needs a number before it knows what equal is. Without one, the number is taken whose
    mean hub is nearest to the middle of the band, and the next nearest if that is impossible.
    """
    if request.hubs is not None:
        return [request.hubs]
    if "size" not in request.weights:
        return [None]
    problem = build_problem(facts, request.but(objective="distance"))
    locked = len(problem.locked)
    numbers = range(problem.hubs_low + locked, problem.hubs_high + locked + 1)
    bounds = [bound for bound in (request.min_patients, request.max_patients) if bound is not None]
    middle = sum(bounds) / len(bounds)
    by_fit = sorted((abs(facts.total / number - middle), number) for number in numbers)
    return [number for _, number in by_fit]


def _start_even(
    problem: Problem,
    centres: Sequence[Centre],
    clock: Clock,
    found: Found,
    earlier: Sequence[Floats],
    stay_most: Sequence[float],
) -> None:
    """A plan of short distances among even hubs, from which to improve."""
    near = replace(
        problem,
        weight_distance=1.0,
        weight_size=0.0,
        weight_fte=0.0,
        weight_imd=0.0,
        scale=1.0,
        constant=0.0,
    )
    every = np.concatenate([centre.cost for centre in centres])
    for share in _EVEN_SHARES:
        limit = np.quantile(every, share) if len(every) else math.inf
        even = [centre.kept(centre.cost <= limit) for centre in centres]
        even = [replace(centre, cost=centre.away) for centre in even]
        quiet = clock.sooner(clock.remaining)
        first = Found()
        Partition(near, even, quiet, first, earlier, stay_most).run(any_plan=True, quick=True)
        clock.check()
        if first.plan is not None:
            found.plan = sorted(first.plan)
            found.cost = sum(problem.hub_cost(units)[0] for units in first.plan)
            clock.report("plan", best=found.cost, now=True)
            return
