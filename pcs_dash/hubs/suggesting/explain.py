"""Why no plan keeps the rules, and the smallest changes that make one possible.

First what can be seen without a search: rules that contradict each other, practices or locked hubs
outside the band, totals that no number of hubs fits. Then the elastic question to the compact model
(how far must the band give way?), and each rule left out by itself. Every change offered has been
tried: a plan was found for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pcs_dash.hubs.suggesting.clock import Clock, Stopped
from pcs_dash.hubs.suggesting.compact import Compact, Elastic, centre_slots
from pcs_dash.hubs.suggesting.model import Facts, Problem, band, build_problem, listed, pieces
from pcs_dash.hubs.suggesting.request import Relaxation, SuggestRequest
from pcs_dash.hubs.suggesting.solve import possible
from pcs_dash.measures.numbers import count
from pcs_dash.tables.errors import UserError

# Rules left out one by one: at most so many are tried.
_MOST_TRIED = 25
# Shares of a needed bound that are tried on top of it.
_EXTRA = (0.0, 0.02, 0.05, 0.1)
# Share of the remaining time for the elastic questions, and for one rule left out.
_ELASTIC_SHARE = 0.3
_TRIAL_SHARE = 0.4


@dataclass(frozen=True)
class Explanation:
    """Why there is no plan (`reason`, whole sentences), rule by rule, and what would help."""

    reason: str
    conflicts: tuple[str, ...]
    relaxations: tuple[Relaxation, ...]


def check_codes(facts: Facts, request: SuggestRequest) -> None:
    """Raise UserError where the request names practices that are not there, or locks one twice."""
    known = set(facts.codes)
    named: dict[str, set[str]] = {}
    for name, codes in [*request.held.items(), *request.keep_whole.items()]:
        named.setdefault(f"'{name}'", set()).update(codes)
    for what, pairs in (("a pair together", request.together), ("a pair apart", request.apart)):
        named.setdefault(what, set()).update(code for pair in pairs for code in pair)
    for what, asked in named.items():
        if foreign := sorted(asked - known):
            raise UserError(
                f"Practices of {what} are not in this area: {listed(foreign)}. Leave them out, or "
                "choose the area that holds them."
            )
    held: dict[str, str] = {}
    for name, codes in request.held.items():
        for code in codes:
            if held.setdefault(code, name) != name:
                raise UserError(f"{code} is in two locked hubs, {held[code]} and {name}.")
    if request.neighbours is not None:
        placed = {code for pair in request.neighbours for code in pair}
        if len(known) > 1 and not known & placed:
            raise UserError("The neighbours given name none of this area's practices.")


def contradictions(facts: Facts, request: SuggestRequest) -> list[str]:
    """Rules that no assignment of practices can meet at once, whatever the band."""
    problem = build_problem(facts, request)
    return [
        *_against_locks(request),
        *_apart_yet_together(facts, request, problem),
        *_against_number(request, problem),
        *_locked_pieces(facts, request, problem),
    ]


def _against_locks(request: SuggestRequest) -> Iterator[str]:
    """Rules that the locked hubs break."""
    lock_of = {code: name for name, codes in request.held.items() for code in codes}
    for name, codes in request.keep_whole.items():
        locks = sorted({lock_of[code] for code in codes if code in lock_of})
        loose = [code for code in codes if code not in lock_of]
        if len(locks) > 1 or (locks and loose):
            yield f"{name} is to stay whole, but the locked hub {locks[0]} holds only part of it."
    for first, second in request.together:
        if lock_of.get(first) != lock_of.get(second):
            holder = lock_of.get(first) or lock_of.get(second)
            yield (
                f"{first} and {second} are to be together, but the locked hub {holder} holds "
                "one of them."
            )
    for first, second in request.apart:
        if first in lock_of and lock_of[first] == lock_of.get(second):
            yield (
                f"{first} and {second} are to be apart, but the locked hub {lock_of[first]} "
                "holds both."
            )


def _apart_yet_together(facts: Facts, request: SuggestRequest, problem: Problem) -> Iterator[str]:
    own_unit = problem.own_unit
    place = {facts.codes[practice]: number for number, practice in enumerate(problem.free)}
    for first, second in request.apart:
        if first in place and second in place and own_unit[place[first]] == own_unit[place[second]]:
            yield f"{first} and {second} are to be apart, but other rules keep them together."


def _against_number(request: SuggestRequest, problem: Problem) -> Iterator[str]:
    """The number of hubs, where locked hubs or the groups that can't be parted don't allow it."""
    if request.hubs is None:
        return
    locked, most = len(problem.locked), len(problem.members) + len(problem.locked)
    asked = count(request.hubs, "hub is", "hubs are")
    if locked > request.hubs or (locked == request.hubs and problem.units):
        over = count(len(problem.free), "practice is", "practices are")
        left = f", and {over} left over" if problem.units else ""
        yield f"{asked} asked for, but {count(locked, 'is', 'are')} locked{left}."
    elif most < request.hubs:
        yield (
            f"{asked} asked for, but there are only {most:,} practices or groups to make them of."
        )


def band_conflicts(facts: Facts, request: SuggestRequest) -> list[str]:
    """Practices, locked hubs and totals that the band can't hold."""
    problem = build_problem(facts, request)
    low, high = band(request, facts.total)
    faults = []
    for name, group in problem.locked:
        size = int(facts.patients[group].sum())
        # A practice alone is a hub whatever its size.
        if name in request.locked and not low <= size <= high:
            bound = f"over the most, {high:,}" if size > high else f"under the least, {low:,}"
            faults.append(f"The locked hub {name} has {size:,} patients, {bound}.")
    for practices, size in zip(problem.members, problem.unit_patients, strict=True):
        if size > high:
            codes = [facts.codes[problem.free[practice]] for practice in practices]
            has = f"{codes[0]} by itself has"
            if len(codes) > 1:
                has = f"{_group_name(request, codes)} together have"
            faults.append(f"{has} {size:,} patients, over the most, {high:,}.")
    if problem.units and not faults:
        faults += _total_conflict(problem, request)
    if problem.adjacent is not None and not faults and problem.units > 1:
        faults += _component_conflicts(problem, low, high)
    return faults


def explain(facts: Facts, request: SuggestRequest, clock: Clock) -> Explanation:
    """Why an impossible request is impossible, and what would make it possible.

    Raises Stopped only when cancelled: when the time is up it returns what is known by then.
    """
    conflicts = contradictions(facts, request)
    contradicted = bool(conflicts)
    if not contradicted:
        conflicts += band_conflicts(facts, request)
    relaxations: list[Relaxation] = []
    try:
        if not contradicted:
            relaxations += _standing_alone(facts, request, clock)
            relaxations += _band_relaxations(facts, request, clock)
        relaxations += _rules_left_out(facts, request, clock)
        if not relaxations:
            relaxations += _everything_left_out(facts, request, clock)
    except Stopped as stop:
        if stop.cancelled:
            raise
    if not conflicts:
        conflicts = _found_conflicts(facts, request)
    return Explanation(_reason(conflicts, relaxations), tuple(conflicts), tuple(relaxations))


def _locked_pieces(facts: Facts, request: SuggestRequest, problem: Problem) -> list[str]:
    if request.neighbours is None:
        return []
    from_all = build_problem(facts, request.but(locked={}, alone=())).adjacent
    assert from_all is not None
    return [
        f"Hubs must hang together, but the locked hub {name} is in {len(parts)} pieces."
        for name, group in problem.locked
        if len(parts := pieces(from_all, group)) > 1
    ]


def _group_name(request: SuggestRequest, codes: list[str]) -> str:
    """The name of the group that keeps these practices together, or their codes."""
    for name, group in request.keep_whole.items():
        if set(codes) == set(group):
            return f"The practices of {name}, which is to stay whole,"
    return f"{listed(codes)}, which are to stay together,"


def _total_conflict(problem: Problem, request: SuggestRequest) -> list[str]:
    low, high, total = problem.low, problem.high, int(problem.unit_patients.sum())
    have = f"practices{' not in locked hubs' if problem.locked else ''} have {total:,}"
    if request.hubs is not None:
        number = problem.hubs_low
        for bound, fault, does in (
            (low, number * low > total, "at least {:,} need"),
            (high, number * high < total, "at most {:,} hold"),
        ):
            if fault:
                hubs = f"{number:,} hubs of {does.format(bound)} {number * bound:,} patients"
                return [f"{hubs}; the {have}."]
        return []
    if not _between_numbers(total, low, high):
        return []
    if total < low:
        return [f"The {have} patients, under the least of one hub, {low:,}."]
    few = total // low
    return [
        f"The {have} patients: too many for {count(few, 'hub')} of at most {high:,}, too few for "
        f"{few + 1:,} of at least {low:,}."
    ]


def _between_numbers(patients: int, low: int, high: int) -> bool:
    """Whether no number of hubs holds so many patients: too many for n, too few for n + 1."""
    return math.ceil(patients / max(high, 1)) > (patients // low if low else patients)


def _component_conflicts(problem: Problem, low: int, high: int) -> list[str]:
    assert problem.adjacent is not None
    joined = problem.adjacent.copy()
    for practices in problem.members:
        joined[np.ix_(practices, practices)] = True
    faults = []
    parts = pieces(joined, np.arange(len(problem.free)))
    for part in parts if len(parts) > 1 else ():
        codes = [problem.facts.codes[problem.free[practice]] for practice in part]
        size = int(problem.facts.patients[problem.free[part]].sum())
        if _between_numbers(size, low, high):
            faults.append(
                f"Hubs must hang together, but {listed(codes)} have {size:,} patients and no "
                "neighbours outside their group that are free to join them."
            )
    return faults


def _standing_alone(facts: Facts, request: SuggestRequest, clock: Clock) -> list[Relaxation]:
    """Practices that are larger than any hub may be, each a hub by itself."""
    problem = build_problem(facts, request)
    _, high = band(request, facts.total)
    large = [
        problem.free[practices[0]]
        for practices, size in zip(problem.members, problem.unit_patients, strict=True)
        if size > high and len(practices) == 1
    ]
    changed = request.but(alone=(*request.alone, *(facts.codes[place] for place in large)))
    if not large or not _works(facts, changed, clock):
        return []
    sizes = [f"{facts.codes[place]} ({int(facts.patients[place]):,} patients)" for place in large]
    return [Relaxation(f"Let {listed(sizes)} stand alone, as an exception.", changed)]


def _band_relaxations(facts: Facts, request: SuggestRequest, clock: Clock) -> list[Relaxation]:
    """The band widened as little as possible at its lower end, its upper end, or (if neither helps
    alone) both.
    """
    found: list[Relaxation] = []
    kinds: tuple[Elastic, ...] = ("min", "max", "both")
    for kind in kinds:
        change = None if kind == "both" and found else _widened(facts, request, clock, kind)
        found += [] if change is None else [change]

    def size(change: Relaxation) -> float:
        old, new = request, change.request
        lower = (old.min_patients or 0) - (new.min_patients or 0)
        upper = (new.max_patients or 0) - (old.max_patients or 0)
        return lower + upper

    return sorted(found, key=size)


def _widened(
    facts: Facts, request: SuggestRequest, clock: Clock, kind: Elastic
) -> Relaxation | None:
    """The least widening of one end of the band, or of both together, that a plan was found for."""
    if (kind == "min" and not request.min_patients) or (
        kind == "max" and request.max_patients is None
    ):
        return None
    low, high = band(request, facts.total)
    first = None
    if kind == "both":
        least = _locked_slack(facts, request)
    else:
        needed = _needed(facts, request, kind)
        if needed is None:
            return None
        least = (low - needed, 0) if kind == "min" else (0, needed - high)
        # A little more than needed is tried too: that often does where the least does not.
        for extra in _EXTRA:
            more = math.ceil(needed * extra)
            value = max(needed - more, 0) if kind == "min" else needed + more
            if _works(facts, _with_bound(request, kind, value), clock):
                slack = (low - value, 0) if kind == "min" else (0, value - high)
                first = _Widening(*slack, extra == 0)
                break
        if first is not None and first.proven and (first.low or first.high):
            return _as_relaxation(request, low, high, first)
    found = _elastic(facts, request, clock, kind, least)
    best = min(
        (change for change in (first, found) if change is not None and (change.low or change.high)),
        key=lambda change: (change.low + change.high, not change.proven),
        default=None,
    )
    return None if best is None else _as_relaxation(request, low, high, best)


@dataclass(frozen=True)
class _Widening:
    """Patients by which the band gives way at its lower and upper end."""

    low: int
    high: int
    proven: bool


def _with_bound(request: SuggestRequest, kind: Elastic, value: int) -> SuggestRequest:
    return request.but(**{f"{kind}_patients": value})


def _needed(facts: Facts, request: SuggestRequest, kind: Elastic) -> int | None:
    """The bound nearest to the request's at which no conflict can be seen; None without one."""

    def clear(value: int) -> bool:
        return not band_conflicts(facts, _with_bound(request, kind, value))

    low, high = band(request, facts.total)
    near, far = (low, 0) if kind == "min" else (high, max(high, facts.total))
    if clear(near):
        return near
    if not clear(far):
        return None
    # Widening never makes a conflict, so the first clear bound is found by halving.
    while abs(near - far) > 1:
        middle = (near + far) // 2
        near, far = (near, middle) if clear(middle) else (middle, far)
    return far


def _locked_slack(facts: Facts, request: SuggestRequest) -> tuple[int, int]:
    """By how much locked hubs are under and over the band."""
    low, high = band(request, facts.total)
    sizes = [
        int(sum(facts.patients[facts.position[code]] for code in codes))
        for codes in request.locked.values()
        if codes
    ]
    return max([0, *(low - size for size in sizes)]), max([0, *(size - high for size in sizes)])


def _elastic(
    facts: Facts, request: SuggestRequest, clock: Clock, kind: Elastic, least: tuple[int, int]
) -> _Widening | None:
    """The least widening by the compact model, at least `least`."""
    problem = build_problem(facts, request.but(objective="distance"))
    if request.hubs is None:
        problem = replace(
            problem,
            hubs_low=1 if kind != "min" else problem.hubs_low,
            hubs_high=problem.units if kind != "max" else problem.hubs_high,
        )
    if not problem.units:
        return _Widening(*least, proven=True)
    if problem.hubs_low > problem.hubs_high or problem.hubs_high < 1:
        return None
    model = Compact(
        problem,
        centre_slots(problem),
        clock.sooner(clock.remaining * _ELASTIC_SHARE),
        elastic=kind,
        least_slack=least,
        stage="looking for the smallest change",
    )
    answer = model.solve()
    if answer.slot is None:
        return None
    return _Widening(answer.slack_low, answer.slack_high, answer.complete)


def _as_relaxation(request: SuggestRequest, low: int, high: int, change: _Widening) -> Relaxation:
    changes: dict[str, int] = {}
    words = []
    if change.low:
        changes["min_patients"] = low - change.low
        words.append(f"lower the least number of patients from {low:,} to {low - change.low:,}")
    if change.high:
        changes["max_patients"] = high + change.high
        words.append(f"raise the most from {high:,} to {high + change.high:,} patients")
    text = " and ".join(words)
    if not change.proven:
        text += " (a smaller change may do: the time ran out)"
    return Relaxation(f"{text[0].upper()}{text[1:]}.", request.but(**changes), change.proven)


def _changes(request: SuggestRequest) -> Iterator[tuple[str, SuggestRequest]]:
    """Each rule left out by itself."""
    if request.hubs is not None and (
        request.min_patients is not None or request.max_patients is not None
    ):
        yield f"Leave the number of hubs open instead of {request.hubs:,}.", request.but(hubs=None)
    if request.neighbours is not None:
        yield "Allow hubs in pieces.", request.but(neighbours=None)
    for field, groups, text in (
        ("locked", request.locked, "Unlock the hub {}."),
        ("keep_whole", request.keep_whole, "Allow {} to be split."),
    ):
        for name in groups:
            others = {key: codes for key, codes in groups.items() if key != name}
            yield text.format(name), request.but(**{field: others})
    for field, pairs, where in (
        ("apart", request.apart, "one hub"),
        ("together", request.together, "different hubs"),
    ):
        for pair in pairs:
            rest = tuple(other for other in pairs if other != pair)
            yield f"Allow {pair[0]} and {pair[1]} in {where}.", request.but(**{field: rest})


def _rules_left_out(facts: Facts, request: SuggestRequest, clock: Clock) -> list[Relaxation]:
    helpful = []
    for tried, (text, changed) in enumerate(_changes(request)):
        if tried == _MOST_TRIED:
            break
        if _works(facts, changed, clock):
            if changed.hubs is None and request.hubs is not None:
                text, changed = _number_that_works(facts, request, changed, clock)
            helpful.append(Relaxation(text, changed))
    return helpful


def _number_that_works(
    facts: Facts, request: SuggestRequest, changed: SuggestRequest, clock: Clock
) -> tuple[str, SuggestRequest]:
    """The number of hubs nearest to the one asked for that a plan was found for."""
    problem = build_problem(facts, changed.but(objective="distance"))
    locked = len(problem.locked)
    asked = request.hubs or 0
    numbers = range(problem.hubs_low + locked, problem.hubs_high + locked + 1)
    for number in sorted(numbers, key=lambda number: (abs(number - asked), number))[:4]:
        if _works(facts, request.but(hubs=number), clock):
            return f"Make it {number:,} hubs instead of {asked:,}.", request.but(hubs=number)
    return f"Leave the number of hubs open instead of {asked:,}.", changed


def _everything_left_out(facts: Facts, request: SuggestRequest, clock: Clock) -> list[Relaxation]:
    """The band alone: where no single change helps, say whether it is the other rules together."""
    texts: list[str] = []
    changed = request
    drops: list[tuple[Any, str, dict[str, Any]]] = [
        (request.apart or request.together, "drop the pairs", {"apart": (), "together": ()}),
        (request.keep_whole, "allow groups to be split", {"keep_whole": {}}),
        (request.locked, "unlock the hubs", {"locked": {}}),
        (request.neighbours is not None, "allow hubs in pieces", {"neighbours": None}),
    ]
    for there, text, without in drops:
        if not there:
            continue
        texts.append(text)
        changed = changed.but(**without)
        together = " and ".join(texts)
        together = together[0].upper() + together[1:]
        if _works(facts, changed, clock):
            return [Relaxation(f"{together}.", changed, smallest=False)]
        if not contradictions(facts, changed):
            for best in _band_relaxations(facts, changed, clock)[:1]:
                text = f"{together}, and {best.text[0].lower()}{best.text[1:]}"
                return [Relaxation(text, best.request, smallest=False)]
    return []


def _works(facts: Facts, request: SuggestRequest, clock: Clock) -> bool:
    clock.check()
    if contradictions(facts, request) or band_conflicts(facts, request):
        return False
    part = clock.sooner(clock.remaining * _TRIAL_SHARE)
    try:
        return possible(facts, request, part) is True
    except Stopped as stop:
        if stop.cancelled:
            raise
        return False


def _found_conflicts(facts: Facts, request: SuggestRequest) -> list[str]:
    """What a search has shown, where no single figure gives it away."""
    low, high = band(request, facts.total)
    wanted = f"{request.hubs:,} hubs" if request.hubs is not None else "hubs"
    where = " that hang together" if request.neighbours is not None else ""
    bounds = f"{low:,} to {high:,} patients{where}"
    kept_rules = {
        "the locked hubs": request.locked,
        "the groups kept whole": request.keep_whole,
        "the pairs": request.together or request.apart,
    }
    rules = [name for name, there in kept_rules.items() if there]
    kept = f" with {' and '.join(rules)} as asked for" if rules else ""
    return [f"The practices can't be grouped into {wanted} of {bounds}{kept}."]


def _reason(conflicts: list[str], relaxations: list[Relaxation]) -> str:
    why = "No plan keeps all the rules. " + " ".join(conflicts)
    if not relaxations:
        return f"{why} No single change that would help was found in the time allowed."
    texts = [item.text for item in relaxations]
    if len(texts) == 1:
        return f"{why} What would work: {texts[0]}"
    return f"{why} Any one of these would work: " + " ".join(
        f"({number}) {text}" for number, text in enumerate(texts, start=1)
    )
