"""Where should k sites stand? p-median, p-centre, largest cover and fewest sites, with HiGHS.

p-median: sites y, and for each small area i its minutes t(i) as a variable. Whatever sites are
chosen, t(i) >= d - sum over sites j nearer than d of (d - d(i, j)) y(j), for any d; such cuts are
added where the solution breaks them (Benders), first without whole numbers, then with them. So
the bound is one at every moment, and what is found is proven when both meet. With a capacity every
small area's people are shared out over sites: with all pairs at once, or where those are too many
by prices (Lagrange multipliers; Held, Wolfe and Crowder 1974), which give a bound at every step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, Literal

import highspy
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack

from pcs_dash.hubs.suggesting.clock import (
    Clock,
    Stopped,
    make_whole,
    new_solver,
    relative_gap,
    run_solver,
)
from pcs_dash.measures.numbers import number, per_cent
from pcs_dash.measures.sums import Floats
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.travel.minutes import Minutes

Aim = Literal["p-median", "p-centre", "max-cover", "set-cover"]
AIMS: dict[Aim, tuple[str, str]] = {
    "p-median": ("least minutes over all patients", "minutes, mean over patients"),
    "p-centre": ("least minutes for those furthest away", "minutes, of those furthest away"),
    "max-cover": ("most patients within reach", "patients within reach"),
    "set-cover": ("fewest sites with everyone within reach", "sites"),
}
TIME_LIMIT = 30.0
_ENOUGH = 1e-6
# With a capacity every pair is a variable; more than these take too long, and prices are used.
MOST_PAIRS = 60_000
# Prices: turns without a gain before the step is shortened, the step that ends it, every how many
# turns the sites are tried, and how many near ones are tried in a site's place.
_PATIENCE, _LEAST_STEP, _TRY_EVERY, _NEAR = 20, 0.003, 15, 8
# A pair without a known way, in minutes: never chosen while there is another.
_NO_WAY = 1_440.0
# Rows of the solver's table, the least and the most that each may come to.
_Cut = tuple[csr_matrix, Floats, Floats]


@dataclass(frozen=True)
class Wanted:
    """What is asked: `sites` how many (not for set-cover), `within` minutes for the covers, sites
    that stay (`keep`) and that must not be used (`without`); `capacity`: most people of a site, for
    p-median alone (None: everyone goes to the nearest); `deprived`: how often people of the most
    deprived fifth count in what is made best (a capacity takes them as they are).
    """

    aim: Aim = "p-median"
    sites: int = 0
    within: float = 20.0
    keep: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    time_limit: float = TIME_LIMIT
    capacity: float | None = None
    deprived: float = 1.0


@dataclass(frozen=True)
class Sites:
    """An answer. `status`: "proven" (no better one), "gap" (the best found; `bound` says how far
    a better one could go), "infeasible" or "unknown" (none found in time). `value` and `bound` are
    in `unit`. `loads`: people and their mean minutes of each site, where a capacity shares them
    out.
    """

    aim: Aim
    status: str
    message: str
    chosen: tuple[str, ...] = ()
    value: float = float("nan")
    bound: float = float("nan")
    unit: str = ""
    seconds: float = 0.0
    loads: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Problem:
    minutes: Floats  # small areas x sites
    people: Floats  # as many as there are
    weight: Floats  # as many as they count
    codes: tuple[str, ...]
    sites: int
    low: Floats
    high: Floats
    capacity: float | None = None


def choose(
    minutes: pd.DataFrame, people: pd.Series, wanted: Wanted, deprived: pd.Series | None = None
) -> Sites:
    """The best sites. `minutes`: small areas x possible sites; `people` on the same small areas,
    and whether they are in the most deprived fifth (None: nobody is).

    Small areas without people leave; those no possible site can be reached from make every aim
    infeasible, and are named. UserError for what can't be asked.
    """
    problem = _problem(minutes, people, wanted, deprived)
    cut_off = minutes.index[(people > 0) & minutes.isna().all(axis=1)]
    if len(cut_off):
        named = ", ".join(map(str, cut_off[:5]))
        return Sites(
            wanted.aim, "infeasible", f"No site can be reached from {len(cut_off)} areas ({named})."
        )
    clock = Clock(wanted.time_limit)
    many = problem.minutes.size > MOST_PAIRS
    solvers: Mapping[Aim, Callable[[_Problem, float, Clock], _Found]] = {
        "p-median": _median if wanted.capacity is None else _priced if many else _shared,
        "p-centre": _centre,
        "max-cover": _most,
        "set-cover": _fewest,
    }
    found = solvers[wanted.aim](problem, wanted.within, clock)
    return _said(wanted, problem, found, clock.seconds)


def _problem(
    minutes: pd.DataFrame, people: pd.Series, wanted: Wanted, deprived: pd.Series | None
) -> _Problem:
    """Checked, as arrays."""
    codes = tuple(map(str, minutes.columns))
    unknown = sorted({*wanted.keep, *wanted.without} - set(codes))
    if unknown:
        raise UserError(f"These are no possible sites here: {', '.join(unknown[:5])}.")
    if set(wanted.keep) & set(wanted.without):
        raise UserError("A site can't be both kept and left out.")
    usable = len(codes) - len(set(wanted.without))
    most = max(len(set(wanted.keep)), 1)
    if wanted.aim != "set-cover" and not most <= wanted.sites <= usable:
        raise UserError(f"Choose from {most} to {usable} sites.")
    if wanted.aim in ("max-cover", "set-cover") and not 0 < wanted.within < _NO_WAY:
        raise UserError("Choose a reach above 0 and below 1,440 minutes.")
    if not people.sum() > 0:
        raise UserError("Nobody is known to live here, so no site serves better than another.")
    if not 0 < wanted.deprived < np.inf:
        raise UserError("The most deprived fifth can be counted any number of times above 0.")
    own = people.to_numpy(float) > 0
    if wanted.capacity is not None and wanted.aim != "p-median":
        raise UserError("A capacity goes with the aim p-median alone.")
    if wanted.capacity is not None and not 0 < wanted.capacity < np.inf:
        raise UserError("A capacity is a number of patients above 0.")
    times = minutes.to_numpy(float)[own]
    heads = people.to_numpy(float)[own]
    counted = np.zeros(len(heads), bool) if deprived is None else deprived.to_numpy(bool)[own]
    return _Problem(
        np.where(np.isnan(times), _NO_WAY, times),
        heads,
        np.where(counted, wanted.deprived, 1.0) * heads,
        codes,
        wanted.sites,
        np.array([float(code in wanted.keep) for code in codes]),
        np.array([float(code not in wanted.without) for code in codes]),
        wanted.capacity,
    )


def possible(
    area: Area, dataset: Dataset, minutes: Minutes, people: pd.Series
) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """What `choose` takes for an area: minutes from its small areas to its practices, the people of
    those, and which are in the most deprived fifth (IMD 2025); small areas without known people
    leave.
    """
    own = area.select(dataset.practices).index.intersection(minutes.table.columns)
    lsoas = area.select(dataset.lsoas)
    weights = people.reindex(lsoas.index).dropna()
    most = lsoas["imd2025_quintile"].reindex(weights.index) == 1
    return minutes.table.reindex(weights.index)[own], weights, most


@dataclass(frozen=True)
class _Found:
    """Sites (or none), their value, and what no sites can beat."""

    sites: tuple[int, ...] | None
    value: float
    bound: float
    infeasible: bool = False
    loads: Mapping[int, tuple[float, float]] = field(default_factory=dict)


def _said(wanted: Wanted, problem: _Problem, found: _Found, seconds: float) -> Sites:
    """An answer in words."""
    aim, unit = wanted.aim, AIMS[wanted.aim][1]
    if wanted.deprived != 1 and aim in ("p-median", "max-cover"):
        unit += f", the most deprived fifth counted {wanted.deprived:g} times"
    if found.infeasible:
        why = "No such number of sites can be reached by everyone."
        if aim == "set-cover":
            why = f"No choice of sites has everyone within {wanted.within:g} minutes."
        elif problem.capacity is not None:
            of = f"{problem.sites} sites of {number(problem.capacity)} patients"
            why = f"{of} can't take all {number(problem.people.sum())}."
        return Sites(aim, "infeasible", why, seconds=seconds)
    if found.sites is None:
        return Sites(aim, "unknown", "None was found in time: allow more.", seconds=seconds)
    worst, best = found.value, found.bound
    if aim == "max-cover":  # more is better
        worst, best = best, worst
    gap = relative_gap(worst, best) or 0.0
    proven = gap <= _ENOUGH
    said = f"The best found; a better one could gain up to {per_cent(gap, 1)}."
    if proven:
        said = "Proven: no other choice does better."
    shown = number(found.value, 1 if unit.startswith("minutes") else 0)
    codes = tuple(problem.codes[site] for site in found.sites)
    if aim == "p-centre" and len(codes) < problem.sites:
        said += f" {len(codes)} of {problem.sites} sites suffice for it."
    lost = problem.people[problem.minutes[:, list(found.sites)].min(axis=1) >= _NO_WAY].sum()
    if lost and aim == "p-median":
        said += f" {number(lost)} patients have no known way to any, counted as a day."
    status = "proven" if proven else "gap"
    return Sites(
        aim, status, f"{said} {shown} {unit}.", codes, found.value, found.bound, unit, seconds,
        {problem.codes[site]: load for site, load in found.loads.items()},
    )  # fmt: skip


def curve(
    minutes: pd.DataFrame,
    people: pd.Series,
    wanted: Wanted,
    most: int,
    deprived: pd.Series | None = None,
) -> list[dict[str, Any]]:
    """What each more site buys: the best of 1 (or all that are kept) up to `most` sites."""
    first = max(1, len(set(wanted.keep)))
    rows: list[dict[str, Any]] = []
    for count in range(first, most + 1):
        found = choose(minutes, people, replace(wanted, sites=count), deprived)
        bought = abs(rows[-1]["value"] - found.value) if rows else float("nan")
        told = {"status": found.status, "value": found.value}
        rows.append({"sites": count, **told, "bought": bought})
    return rows


# --- the four aims ---


def _median(problem: _Problem, _within: float, clock: Clock) -> _Found:
    """Least people x minutes, everyone at the nearest site, by cuts."""
    people, times = problem.weight / problem.weight.sum(), problem.minutes
    size, count = len(people), len(problem.codes)
    order = np.argsort(times, axis=1, kind="stable")
    ranked = np.take_along_axis(times, order, axis=1)
    highs = new_solver()
    highs.setOptionValue("mip_rel_gap", _ENOUGH / 10)
    _columns(highs, np.zeros(count), problem.low, problem.high)
    _columns(highs, people, ranked[:, 0], np.full(size, _NO_WAY))
    _rows(highs, _ones(count), [float(problem.sites)], [float(problem.sites)])
    best, bound, whole = _Found(None, np.inf, 0.0), 0.0, False
    try:
        while best.sites is None or best.value - bound > _ENOUGH * best.value:
            status = run_solver(highs, clock)
            if status != "Optimal":
                best = replace(best, infeasible=status == "Infeasible" and best.sites is None)
                break
            found = np.array(highs.getSolution().col_value)
            info = highs.getInfo()
            bound = max(bound, info.mip_dual_bound if whole else info.objective_function_value)
            chosen = np.sort(np.argsort(-found[:count], kind="stable")[: problem.sites])
            cuts = _cuts(times, order, ranked, found[:count], found[count:])
            if cuts is None and not whole:
                make_whole(highs, np.arange(count))
                whole = True
                continue
            value = float(people @ times[:, chosen].min(axis=1))
            best = min(best, _Found(tuple(chosen.tolist()), value, 0.0), key=attrgetter("value"))
            if cuts is None:
                break
            _rows(highs, *cuts)
    except Stopped:
        pass
    return replace(best, bound=min(bound, best.value))


def _priced(problem: _Problem, within: float, clock: Clock) -> _Found:
    """Least people x minutes with at most so many people a site, by prices.

    At any prices of the small areas (minutes a head) a site earns most by serving those who pay
    most above their way, until it is full; so no sites cost less than all prices less the largest
    earnings. Prices rise where the sites that earn most serve too few, and fall where too many
    (Polyak's step towards the best choice known). Those sites are choices too, and are tried.
    """
    assert problem.capacity is not None
    if problem.sites * problem.capacity < problem.people.sum():
        return _Found(None, np.nan, np.nan, infeasible=True)
    free = _median(replace(problem, capacity=None), within, clock.sooner(clock.remaining / 6))
    if free.sites is None:
        return free
    tries, bound = _Tries(problem, clock), free.bound
    weight = problem.weight / problem.weight.sum()
    # To the second nearest site: about what one more is worth.
    price = np.sort(problem.minutes[:, list(free.sites)], axis=1)[:, min(1, len(free.sites) - 1)]
    best, earned, way, step, idle, turn = price, np.zeros(0), np.zeros(len(price)), 1.0, 0, 0
    at_best = -np.inf
    try:
        tries.settle(free.sites)
        while step > _LEAST_STEP and tries.best.value - bound > _ENOUGH * tries.best.value:
            clock.check()
            chosen, earning, lack = _earning(problem, price)
            now = float(weight @ price - earning[chosen].sum())
            idle = 0 if now > at_best * (1 + 2e-5) else idle + 1
            if now > at_best:
                at_best, best, earned = now, price, earning
                bound = max(bound, now)
            turn += 1
            if turn % _TRY_EVERY == 0:
                tries.settle(chosen.tolist())
            if idle >= _PATIENCE:
                step, idle, price, way = step / 1.6, 0, best, lack
                continue
            way = lack if turn == 1 else (way + lack) / 2
            aim = tries.best.value if tries.best.sites else 1.1 * bound
            price = price + step * (aim - now) / max(float(weight @ way**2), 1e-12) * way
            price = np.minimum(price, _NO_WAY)
        if turn:
            tries.swap(earned, bound)
    except Stopped:
        pass
    return replace(tries.best, bound=min(bound, tries.best.value))


def _earning(problem: _Problem, price: Floats) -> tuple[NDArray[np.intp], Floats, Floats]:
    """At these prices: the sites that earn most, what each site earns, and what share of each small
    area those leave unserved (below 0: they serve it more than once).
    """
    assert problem.capacity is not None
    people, weight = problem.people[:, None], problem.weight[:, None] / problem.weight.sum()
    gain = weight / people * (price[:, None] - problem.minutes)
    order = np.argsort(-gain, axis=0)
    gain, heads = np.take_along_axis(gain, order, axis=0), problem.people[order]
    full = np.cumsum(heads, axis=0)
    taken = np.clip((problem.capacity - (full - heads)) / heads, 0, 1) * (gain > 0)
    earning = (taken * heads * gain).sum(axis=0)
    rank = np.where(problem.low > 0, np.inf, np.where(problem.high > 0, earning, -np.inf))
    chosen = np.argsort(-rank, kind="stable")[: problem.sites]
    served = np.zeros(gain.shape)
    np.put_along_axis(served, order, taken, axis=0)
    return chosen, earning, 1 - served[:, chosen].sum(axis=1)


class _Tries:
    """Choices of sites tried with a capacity, and the best of them."""

    def __init__(self, problem: _Problem, clock: Clock) -> None:
        self.problem, self.clock = problem, clock
        self.known: set[tuple[int, ...]] = set()
        self.best = _Found(None, np.inf, 0.0)

    def settle(self, sites: Sequence[int]) -> None:
        """Try these sites, and each moved to the middle of whom it serves while that is better."""
        before = np.inf
        while (sites := tuple(sorted(sites))) not in self.known:
            self.clock.check()
            self.known.add(sites)
            found, sent = _sent(self.problem, sites)
            if found.value >= before:
                return
            before = found.value
            self.best = min(self.best, found, key=attrgetter("value"))
            sites = self._moved(sites, sent)

    def swap(self, earned: Floats, bound: float) -> None:
        """Try each site at those near it, those that earn most first, while that is better."""
        problem, value = self.problem, np.inf
        while self.best.sites and self.best.value < value and self.best.value > bound:
            value, sites = self.best.value, self.best.sites
            far = [np.abs(problem.minutes - problem.minutes[:, [s]]).mean(axis=0) for s in sites]
            moves = [
                (earned[old] - earned[new], old, int(new))
                for old, away in zip(sites, far, strict=True)
                for new in np.argsort(away)[1 : _NEAR + 1]
                if new not in sites and problem.high[new] > 0 and not problem.low[old]
            ]
            for _, old, new in sorted(moves):
                self.settle([new if site == old else site for site in sites])
                if self.best.value < value:
                    break

    def _moved(self, sites: tuple[int, ...], sent: Floats) -> tuple[int, ...]:
        """Each site where those it serves (`sent`: small areas x sites) have least to go."""
        problem, moved = self.problem, [site for site in sites if self.problem.low[site] > 0]
        share = sent * (problem.weight / problem.people)[:, None]
        cost = np.where(problem.high > 0, share.T @ problem.minutes, np.inf)
        for site in np.argsort(-sent.sum(axis=0)):
            if sites[site] not in moved:
                cost[site, moved] = np.inf
                moved.append(int(cost[site].argmin()))
        return tuple(moved)


def _sent(problem: _Problem, sites: tuple[int, ...]) -> tuple[_Found, Floats]:
    """Everyone shared out over these sites, none beyond its capacity, and how many people of each
    small area go to each; infinite where they can't take all.
    """
    chosen, k, size = list(sites), len(sites), len(problem.people)
    weight = problem.weight / problem.weight.sum()
    area, site = np.divmod(np.arange(size * k), k)
    pair = np.arange(size * k)
    times = problem.minutes[:, chosen]
    most = np.where(times < _NO_WAY, np.inf, 0.0).ravel()
    done = linprog(
        (weight[:, None] * times).ravel(),
        A_ub=csr_matrix((problem.people[area], (site, pair))),
        b_ub=np.full(k, problem.capacity),
        A_eq=csr_matrix((np.ones(size * k), (area, pair))), b_eq=np.ones(size),
        bounds=np.column_stack([np.zeros(size * k), most]),
    )  # fmt: skip
    if done.status != 0:
        return _Found(None, np.inf, 0.0), np.zeros((size, k))
    sent = done.x.reshape(size, k) * problem.people[:, None]
    return _Found(sites, float(done.fun), 0.0, loads=_loads(problem, sites, sent)), sent


def _loads(
    problem: _Problem, sites: tuple[int, ...], sent: Floats
) -> dict[int, tuple[float, float]]:
    """People and their mean minutes of each site; `sent`: small areas x these sites."""
    times = problem.minutes[:, list(sites)]
    total = sent.sum(axis=0)
    mean = (sent * times).sum(axis=0) / np.maximum(total, 1e-9)
    return dict(zip(sites, zip(total.tolist(), mean.tolist(), strict=True), strict=True))


def _shared(problem: _Problem, _within: float, clock: Clock) -> _Found:
    """Least people x minutes with at most so many people a site; an area's may be split."""
    people, times = problem.people, problem.minutes
    size, count = times.shape
    assert problem.capacity is not None
    highs = new_solver()
    highs.setOptionValue("mip_rel_gap", _ENOUGH / 10)
    weight = problem.weight / problem.weight.sum()
    share = (weight[:, None] * times).ravel()
    _columns(highs, np.zeros(count), problem.low, problem.high)
    _columns(highs, share, np.zeros(len(share)), (times < _NO_WAY).ravel().astype(float))
    area, site = np.divmod(np.arange(len(share)), count)
    x = count + np.arange(len(share))
    wide = count + len(share)
    ones = np.ones(len(share))
    # Everyone goes somewhere, nobody to what is not open, and no more than it takes.
    _rows(highs, csr_matrix((ones, (area, x)), (size, wide)), np.ones(size), np.ones(size))
    open_ = csr_matrix(
        (np.r_[ones, -ones], (np.r_[x, x] - count, np.r_[x, site])), (len(share), wide)
    )
    _rows(highs, open_, np.full(len(share), -np.inf), np.zeros(len(share)))
    full = csr_matrix(
        (
            np.r_[people[area], np.full(count, -problem.capacity)],
            (np.r_[site, np.arange(count)], np.r_[x, np.arange(count)]),
        ),
        (count, wide),
    )
    _rows(highs, full, np.full(count, -np.inf), np.zeros(count))
    _rows(highs, _ones(count), [float(problem.sites)], [float(problem.sites)])
    make_whole(highs, np.arange(count))
    found = _result(highs, clock, count, problem.sites)
    if found.sites is None:
        return found
    sent = np.array(highs.getSolution().col_value)[count:].reshape(size, count) * people[:, None]
    return replace(found, loads=_loads(problem, found.sites, sent[:, list(found.sites)]))


def _cuts(
    times: Floats, order: NDArray[np.intp], ranked: Floats, sites: Floats, minutes: Floats
) -> _Cut | None:
    """The cuts that a solution breaks, one a small area at most; None where it breaks none.

    Sites are filled from the nearest on until they make one whole: the minutes of the last is d.
    """
    filled = np.cumsum(sites[order], axis=1)
    last = np.argmax(filled >= 1 - 1e-9, axis=1)
    level = np.take_along_axis(ranked, last[:, None], axis=1)
    gain = np.maximum(level - times, 0.0)
    broken = np.flatnonzero(level[:, 0] - gain @ sites > minutes + 1e-7)
    if not len(broken):
        return None
    shape = (len(broken), len(times))
    own = csr_matrix((np.ones(len(broken)), (np.arange(len(broken)), broken)), shape)
    matrix = csr_matrix(hstack([csr_matrix(gain[broken]), own]))
    return matrix, level[broken, 0], np.full(len(broken), np.inf)


def _centre(problem: _Problem, _within: float, clock: Clock) -> _Found:
    """Least of the longest minutes: the shortest reach within which so many sites suffice."""
    levels = np.unique(problem.minutes[problem.minutes < _NO_WAY])
    # One of the sites is the nearest: no reach is below the furthest of the nearest ones.
    low, high = int(np.searchsorted(levels, problem.minutes.min(axis=1).max())), len(levels) - 1
    best, value = None, np.inf
    try:
        while low <= high:
            middle = (low + high) // 2
            found = _fewest(problem, float(levels[middle]), clock, at_most=problem.sites)
            if found.sites is None and not found.infeasible:
                break
            if found.infeasible:
                low = middle + 1
            else:
                best, value, high = found.sites, float(levels[middle]), middle - 1
    except Stopped:
        pass
    if best is None:
        return _Found(None, value, 0.0, infeasible=low >= len(levels))
    return _Found(best, value, float(levels[min(low, len(levels) - 1)]) if low <= high else value)


def _fewest(
    problem: _Problem, within: float, clock: Clock, *, at_most: int | None = None
) -> _Found:
    """Fewest sites with everyone within reach; `at_most` makes more than so many infeasible."""
    near = np.unique((problem.minutes <= within) & (problem.high > 0), axis=0)
    if not near.any(axis=1).all():
        return _Found(None, np.nan, np.nan, infeasible=True)
    near = near[_hardest(near)]
    count = len(problem.codes)
    highs = new_solver()
    _columns(highs, np.ones(count), problem.low, problem.high)
    _rows(highs, csr_matrix(near.astype(float)), np.ones(len(near)), np.full(len(near), np.inf))
    if at_most is not None:
        _rows(highs, _ones(count), [0.0], [float(at_most)])
    make_whole(highs, np.arange(count))
    return _result(highs, clock, count, at_most)


def _hardest(near: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rows (all different) that hold no other row whole: whoever covers these covers all."""
    count = near.sum(axis=1)
    shared = near.astype(np.float32) @ near.T.astype(np.float32)
    within_other = (shared == count) & (count < count[:, None])
    return ~within_other.any(axis=1)


def _most(problem: _Problem, within: float, clock: Clock) -> _Found:
    """Most people within reach of so many sites; areas with the same sites in reach are one."""
    near, which = np.unique(problem.minutes <= within, axis=0, return_inverse=True)
    people = np.bincount(which.ravel(), problem.weight, len(near)).astype(np.float64)
    count, size = len(problem.codes), len(near)
    highs = new_solver()
    highs.setOptionValue("mip_rel_gap", _ENOUGH / 10)
    _columns(highs, np.zeros(count), problem.low, problem.high)
    _columns(highs, -people, np.zeros(size), np.ones(size))
    covered = csr_matrix((-np.ones(size), (np.arange(size), np.arange(size))), (size, size))
    matrix = csr_matrix(hstack([csr_matrix(near.astype(float)), covered]))
    _rows(highs, matrix, np.zeros(size), np.full(size, np.inf))
    _rows(highs, _ones(count), [float(problem.sites)], [float(problem.sites)])
    make_whole(highs, np.arange(count))
    found = _result(highs, clock, count, problem.sites)
    # Counted from the sites, as zeros of the solver are not quite zero.
    if found.sites is None:
        return found
    value = float(people[near[:, list(found.sites)].any(axis=1)].sum())
    return _Found(found.sites, value, max(-found.bound, value))


# --- the solver ---


def _result(highs: Any, clock: Clock, count: int, sites: int | None) -> _Found:
    """Run it: the sites chosen among the first `count` columns, their value and the bound."""
    status = run_solver(highs, clock)
    if status == "Infeasible":
        return _Found(None, np.nan, np.nan, infeasible=True)
    info = highs.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return _Found(None, np.nan, np.nan)
    chosen = np.flatnonzero(np.array(highs.getSolution().col_value)[:count] > 0.5)
    value = info.objective_function_value
    bound = np.ceil(info.mip_dual_bound - 1e-6) if sites is None else info.mip_dual_bound
    return _Found(tuple(int(site) for site in chosen), value, float(bound))


def _columns(highs: Any, cost: Floats, low: Floats, high: Floats) -> None:
    none = np.zeros(0)
    highs.addCols(
        len(cost), cost.astype(float), low, high, 0, np.zeros(len(cost), np.int32),
        none.astype(np.int32), none,
    )  # fmt: skip


def _rows(
    highs: Any, matrix: csr_matrix, low: Sequence[float] | Floats, high: Sequence[float] | Floats
) -> None:
    highs.addRows(
        matrix.shape[0], np.array(low, float), np.array(high, float), matrix.nnz,
        matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32), matrix.data,
    )  # fmt: skip


def _ones(count: int) -> csr_matrix:
    """A row that adds up the first `count` columns."""
    return csr_matrix(np.ones((1, count)))


def served(minutes: pd.DataFrame, people: pd.Series, found: Sites) -> pd.DataFrame:
    """Whom each chosen site serves: people, mean_minutes. Everyone goes to the nearest, unless a
    capacity shares them out.
    """
    chosen = list(found.chosen)
    if found.loads:
        table = pd.DataFrame(found.loads, ["people", "mean_minutes"]).T[["people", "mean_minutes"]]
        return table.rename_axis("practice_code")
    own = minutes[chosen]
    known = own.notna().any(axis=1) & (people > 0)
    site, time = own[known].idxmin(axis=1), own[known].min(axis=1)
    weights = people[known]
    table = pd.DataFrame({"people": weights, "time": weights * time}).groupby(site).sum()
    # A site that is nobody's nearest serves nobody.
    table = table.reindex(chosen, fill_value=0.0)
    mean = (table["time"] / table["people"]).rename("mean_minutes")
    return pd.concat([table["people"], mean], axis=1).rename_axis("practice_code")
