"""Suggest hubs: the grouping of practices that serves an aim best and keeps every rule.

`suggest` answers one request, `suggest_alternatives` adds plans that are clearly different, and
`repair` mends a plan with the fewest moves. What the answers mean and how they are found:
docs/methods.md. All of them keep to their time limit, can be cancelled, and may run in a
thread: HiGHS lets go of Python's lock while it works.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from pcs_dash.hubs.suggesting.broken_rules import broken_rules
from pcs_dash.hubs.suggesting.clock import TIME_LIMIT, Clock, Progress, Stopped, relative_gap
from pcs_dash.hubs.suggesting.explain import band_conflicts, check_codes, contradictions, explain
from pcs_dash.hubs.suggesting.model import (
    Facts,
    Floats,
    Ints,
    Problem,
    build_problem,
    medoid,
    read_facts,
)
from pcs_dash.hubs.suggesting.partition import Found
from pcs_dash.hubs.suggesting.repair import Repair, repair
from pcs_dash.hubs.suggesting.request import (
    OBJECTIVES,
    Ended,
    Status,
    SuggestedHub,
    Suggestion,
    SuggestRequest,
    assignment_of,
    neighbour_pairs,
)
from pcs_dash.hubs.suggesting.solve import hub_numbers, search
from pcs_dash.hubs.town_names import town_names
from pcs_dash.tables.errors import UserError

__all__ = [
    "DIFFERENCE",
    "OBJECTIVES",
    "TIME_LIMIT",
    "Progress",
    "Repair",
    "SuggestRequest",
    "SuggestedHub",
    "Suggestion",
    "broken_rules",
    "neighbour_pairs",
    "repair",
    "suggest",
    "suggest_alternatives",
]

# An alternative is clearly different when at least this share of the patients in hubs that are not
# locked is in another hub, hubs being matched so that as few as possible are.
DIFFERENCE = 0.2
MOST_ALTERNATIVES = 3


def suggest(
    practices: pd.DataFrame,
    request: SuggestRequest,
    *,
    time_limit: float = TIME_LIMIT,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Suggestion:
    """The best grouping of the practices for a request, and how sure that is.

    practices: one row a practice, index practice_code, columns patients, easting, northing (m,
    EPSG:27700), gp_fte_<definition> and imd_score (the last two only where the aim needs them; else
    they are reported where present). time_limit: seconds for everything. progress: called with a
    Progress at most ten times a second, from this thread. cancel: returns True to stop; the best
    plan so far comes back. Raises UserError for missing figures and unknown codes.
    """
    clock = Clock(time_limit, progress=progress, cancel=cancel)
    facts = read_facts(practices, request)
    check_codes(facts, request)
    return _suggest(practices, facts, request, clock, [])


def suggest_alternatives(
    practices: pd.DataFrame,
    request: SuggestRequest,
    *,
    count: int = MOST_ALTERNATIVES,
    difference: float = DIFFERENCE,
    time_limit: float = TIME_LIMIT,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> tuple[Suggestion, ...]:
    """Up to `count` plans, best first, each clearly different from all before it.

    Clearly different: at least the share `difference` of the patients outside locked hubs is in
    another hub, hubs matched so that as few as possible are. Each plan is the best of those (its
    status says how sure that is) under a slightly stricter count: two hubs made of one earlier hub
    both count as that hub. The time limit holds for all together. Fewer come back where there are
    no more, or the time is up, or the band is so wide that the possible hubs can't be written down.
    Without any plan, the one answer says why.
    """
    if not 1 <= count <= MOST_ALTERNATIVES:
        raise UserError(f"Ask for 1 to {MOST_ALTERNATIVES} plans, not {count}.")
    if not 0 < difference < 1:
        raise UserError(f"The difference is a share between 0 and 1, not {difference:g}.")
    whole = Clock(time_limit, progress=progress, cancel=cancel)
    facts = read_facts(practices, request)
    check_codes(facts, request)
    plans: list[Suggestion] = []
    for number in range(count):
        part = max(whole.time_limit - whole.seconds, 0.0) / (count - number)
        if part < 0.2 or whole.cancelled:
            break
        clock = Clock(part, progress=progress, cancel=cancel)
        earlier = [plan.assignment for plan in plans]
        answer = _suggest(practices, facts, request, clock, earlier, difference)
        if answer.hubs or not plans:
            plans.append(answer)
        if not answer.hubs:
            break
    return tuple(plans)


def _suggest(
    practices: pd.DataFrame,
    facts: Facts,
    request: SuggestRequest,
    clock: Clock,
    earlier: Sequence[pd.Series],
    difference: float = DIFFERENCE,
) -> Suggestion:
    found, problem = Found(), None
    stopped: Ended = "finished"
    notes = list(facts.notes)
    try:
        impossible = bool(contradictions(facts, request) or band_conflicts(facts, request))
        for number in [] if impossible else hub_numbers(facts, request):
            clock.check()
            problem, found = build_problem(facts, request, hubs=number), Found()
            clock.scale, clock.offset = problem.scale, problem.constant * problem.scale
            plans = [_earlier_plan(problem, plan) for plan in earlier]
            most = (1 - difference) * float(problem.unit_patients.sum())
            search(problem, clock, found, earlier=plans, stay_most=[most] * len(plans))
            if not found.infeasible:
                if request.hubs is None and number is not None:
                    notes.append(f"Equal size was sought with {number:,} hubs.")
                break
        impossible = impossible or found.infeasible or problem is None
        if impossible and not earlier:
            wider = _wider(facts, request, problem, clock)
            if wider is not None:
                problem, found = wider
                notes.append(
                    f"No plan has every hub's centre among the {request.nearest or 15} practices "
                    f"nearest to each of its practices; it was sought among {problem.nearest}."
                )
            else:
                why = explain(facts, request, clock)
                told = {**vars(why), "notes": tuple(notes), "unit": request.unit}
                return Suggestion("infeasible", request, clock.seconds, **told)
    except Stopped as stop:
        stopped = "cancelled" if stop.cancelled else "time limit"
    if problem is None or found.plan is None:
        if stopped == "finished":
            stopped = "time limit"
        status: Status = "infeasible" if found.infeasible else "unknown"
        return Suggestion(status, request, clock.seconds, stopped, unit=request.unit)
    return _answer(practices, problem, found, clock, stopped, notes)


def _wider(
    facts: Facts, request: SuggestRequest, problem: Problem | None, clock: Clock
) -> tuple[Problem, Found] | None:
    """A plan whose centres may be further away, where only that rule of ours stands in the way."""
    if problem is None or request.nearest is not None or problem.nearest >= len(facts.codes):
        return None
    found = Found()
    for number in hub_numbers(facts, request):
        wide = build_problem(facts, request.but(nearest=len(facts.codes)), hubs=number)
        part = clock.sooner(clock.remaining / 2)
        try:
            search(wide, part, found)
        except Stopped as stop:
            if stop.cancelled:
                raise
        if found.plan is not None:
            return wide, found
        if not found.infeasible:
            return None
        found = Found()
    return None


def _earlier_plan(problem: Problem, plan: pd.Series) -> Floats:
    """Patients of each unit in each hub of an earlier plan, shape (units, hubs)."""
    codes = [problem.facts.codes[practice] for practice in problem.free]
    hubs, _ = pd.factorize(plan.reindex(codes), sort=True)
    patients = problem.facts.patients[problem.free].astype(float)
    held = np.zeros((problem.units, int(hubs.max(initial=-1)) + 1))
    np.add.at(held, (problem.own_unit, hubs), patients)
    return held


def _answer(
    practices: pd.DataFrame,
    problem: Problem,
    found: Found,
    clock: Clock,
    stopped: Ended,
    notes: list[str],
) -> Suggestion:
    assert found.plan is not None
    facts, request = problem.facts, problem.request
    cost = sum(problem.hub_cost(units)[0] for units in found.plan)
    groups = _named_groups(problem, found.plan)
    assignment = assignment_of(
        {facts.codes[practice]: name for name, group, _, _ in groups for practice in group}
    )
    if faults := broken_rules(assignment, practices, request):
        raise RuntimeError(f"The suggested plan breaks its rules: {' '.join(faults)}")
    value = (cost + problem.constant) * problem.scale
    least = min(found.bound, cost) if math.isfinite(found.bound) else None
    bound = None if least is None else (least + problem.constant) * problem.scale
    closed = Found(found.plan, cost, found.bound).closed(problem.tolerance)
    clock.report("finished", best=cost, bound=least, now=True)
    return Suggestion(
        "optimal" if closed else "feasible",
        request,
        clock.seconds,
        "finished" if closed else stopped if stopped != "finished" else "time limit",
        assignment=assignment,
        hubs=tuple(_hub(facts, *group) for group in groups),
        objective_value=value,
        best_bound=bound,
        gap=relative_gap(value, bound),
        unit=request.unit,
        tolerance=problem.tolerance * problem.scale,
        measures=_measures(problem, groups),
        notes=tuple(notes),
    )


def _named_groups(
    problem: Problem, plan: Sequence[tuple[int, ...]]
) -> list[tuple[str, Ints, int, bool]]:
    """Hubs as (name, practices, centre, locked): locked ones first, then from west to east."""
    facts = problem.facts
    groups = [
        (name, group, medoid(facts, group)[1], name in problem.request.locked)
        for name, group in problem.locked
    ]
    taken = {name for name, _ in problem.locked}
    made = []
    for units in plan:
        group = np.sort(np.concatenate([problem.free[problem.members[unit]] for unit in units]))
        made.append((group, int(problem.free[problem.hub_cost(units)[1]])))
    made.sort(key=lambda item: (facts.easting[item[1]], facts.codes[item[1]]))
    members = [{facts.codes[i]: float(facts.patients[i]) for i in group} for group, _ in made]
    names = town_names(members, problem.request.towns, taken)
    groups += [(name, *hub, False) for name, hub in zip(names, made, strict=True)]
    return groups


def _hub(facts: Facts, name: str, group: Ints, centre: int, locked: bool) -> SuggestedHub:
    patients, total = facts.patients[group], int(facts.patients[group].sum())
    away = float(patients @ facts.distance[group, centre])
    with_fte, with_imd = np.isfinite(facts.fte[group]), np.isfinite(facts.imd[group])
    fte, known = float(facts.fte[group][with_fte].sum()), float(patients[with_imd].sum())
    return SuggestedHub(
        hub=name,
        practices=tuple(facts.codes[practice] for practice in group),
        patients=total,
        centre=facts.codes[centre],
        mean_distance_km=away / total if total else 0.0,
        patients_per_fte_gp=float(patients[with_fte].sum()) / fte if fte > 0 else None,
        imd_score=(
            float(patients[with_imd] @ facts.imd[group][with_imd]) / known if known else None
        ),
        locked=locked,
    )


def _measures(problem: Problem, groups: Sequence[tuple[str, Ints, int, bool]]) -> dict[str, float]:
    """All four aims of a plan, in the units of `UNITS`, locked hubs included."""
    facts = problem.facts
    equal = facts.total / len(groups)
    minutes = 0.0
    measures = dict.fromkeys(OBJECTIVES, 0.0)
    for _, group, centre, _ in groups:
        patients = facts.patients[group]
        measures["distance"] += float(patients @ facts.distance[group, centre])
        minutes += float(patients @ facts.away[group, centre])
        measures["size"] += abs(float(patients.sum()) - equal) / 2
        measures["fte"] += abs(float(facts.fte_surplus[group].sum())) / 2
        measures["deprivation"] += abs(float(facts.imd_surplus[group].sum())) / facts.total
    if problem.request.minutes is not None:
        measures["minutes"] = minutes
    if not np.isfinite(facts.fte).any():
        del measures["fte"]
    if not np.isfinite(facts.imd).any():
        del measures["deprivation"]
    return measures
