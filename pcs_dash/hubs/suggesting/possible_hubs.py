"""Every possible hub of an area, centre by centre, as bit masks.

With bands such as 30,000-50,000 patients a hub has four to eight practices around a centre, so all
possible hubs can be written down: about 3 million for Essex, in a fifth of a second. Every rule
that concerns one hub (band, pairs, neighbours) is a filter here, and every aim is a number a hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pcs_dash.hubs.suggesting.clock import Clock
from pcs_dash.hubs.suggesting.model import Bools, Floats, Ints, Problem, pieces

# More possible hubs than this don't fit in memory and time; the compact model takes over.
MOST_COLUMNS = 40_000_000
# Where any plan does, a search of more takes longer than the compact model; beside earlier plans
# each takes more memory.
MOST_AT_EASE = 12_000_000
_MOST_AT_A_CENTRE = 8_000_000
_MOST_UNITS = 60
# Bits of a mask that one look-up table covers.
_CHUNK = 13


class TooManyColumns(Exception):  # noqa: N818 - not a fault: another method is chosen
    """The possible hubs can't all be written down."""


@dataclass(frozen=True, eq=False)
class Centre:
    """The possible hubs around one practice.

    own: the practice's unit, in every hub; others: the units that bit 0, 1, ... of a mask stand
    for; mask, cost: one entry a hub; stay: for each earlier plan, the patients of the hub who
    would still be with one of that plan's hubs, shape (plans, hubs).
    """

    practice: int
    own: int
    others: Ints
    mask: NDArray[Any]
    cost: Floats
    away: Floats
    stay: Floats

    def __len__(self) -> int:
        return len(self.mask)

    def kept(self, keep: Bools) -> Centre:
        """Only some of the hubs."""
        return replace(
            self,
            mask=self.mask[keep],
            cost=self.cost[keep],
            away=self.away[keep],
            stay=self.stay[:, keep],
        )

    def without(self, units: Bools) -> Bools:
        """Which of the hubs hold none of some units but the own one, shape (units,)."""
        bits = np.flatnonzero(units[self.others])
        flags = self.mask.dtype.type(sum(1 << int(bit) for bit in bits))
        return np.asarray((self.mask & flags) == 0)


def subset_sums(mask: NDArray[Any], values: Floats) -> Floats:
    """For each mask the sum of the values its bits stand for."""
    total = np.zeros(len(mask))
    for start in range(0, len(values), _CHUNK):
        table = _table(values[start : start + _CHUNK])
        chunk = mask >> mask.dtype.type(start) if start else mask
        if len(values) > start + _CHUNK:
            chunk = chunk & mask.dtype.type(2**_CHUNK - 1)
        total += table[chunk]
    return total


def all_columns(
    problem: Problem, clock: Clock, earlier: Sequence[Floats] = (), *, most: int | None = None
) -> list[Centre]:
    """The possible hubs of a problem, `most` of them (MOST_COLUMNS). `earlier`: patients of each
    unit in each hub of an earlier plan, shape (units, hubs), for plans to differ from.

    Raises TooManyColumns, or Stopped.
    """
    order = np.argsort(-problem.unit_patients, kind="stable")
    own_unit, unit_fte, unit_imd = problem.own_unit, problem.unit_fte, problem.unit_imd
    unit_pieces = None
    if problem.adjacent is not None:
        unit_pieces = [pieces(problem.adjacent, practices) for practices in problem.members]
    centres, count = [], 0
    for practice in range(len(problem.free)):
        clock.check()
        own = int(own_unit[practice])
        allowed = problem.near[:, practice] & ~problem.apart[own]
        allowed[own] = False
        others = order[allowed[order]]
        mask = _masks(problem, own, others)
        if unit_pieces is not None:
            mask = mask[_hangs_together(problem, own, others, mask, unit_pieces)]
        count += len(mask)
        if count > (MOST_COLUMNS if most is None else most):
            raise TooManyColumns
        distance = problem.centre_cost[:, practice]
        away = distance[own] + subset_sums(mask, distance[others])
        # Short distances alone: the same numbers, written down once.
        cost = away if problem.weight_distance == 1 else problem.weight_distance * away
        if problem.weight_size and problem.target is not None:
            patients = problem.unit_patients.astype(float)
            size = patients[own] + subset_sums(mask, patients[others])
            cost = cost + problem.weight_size * np.abs(size - problem.target) / 2
        if problem.weight_fte:
            surplus = unit_fte[own] + subset_sums(mask, unit_fte[others])
            cost = cost + problem.weight_fte * np.abs(surplus) / 2
        if problem.weight_imd:
            surplus = unit_imd[own] + subset_sums(mask, unit_imd[others])
            cost = cost + problem.weight_imd * np.abs(surplus)
        stay = np.zeros((len(earlier), len(mask)))
        for number, plan in enumerate(earlier):
            stay[number] = _stay(plan, own, others, mask)
        centres.append(Centre(practice, own, others, mask, cost, away, stay))
    return centres


def _table(values: Floats) -> Floats:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums


def _masks(problem: Problem, own: int, others: Ints) -> NDArray[Any]:
    """Subsets of the other units that make a hub within the band with the own unit."""
    if len(others) > _MOST_UNITS:
        raise TooManyColumns
    kind: type[np.unsignedinteger[Any]] = np.uint32 if len(others) <= 32 else np.uint64
    mask = np.zeros(1, dtype=kind)
    size = np.array([problem.unit_patients[own]], dtype=np.int64)
    mask, size = mask[size <= problem.high], size[size <= problem.high]
    for bit, unit in enumerate(others):
        fits = size + problem.unit_patients[unit] <= problem.high
        clashes = np.flatnonzero(problem.apart[unit, others[:bit]])
        if len(clashes):
            fits &= (mask & kind(sum(1 << int(clash) for clash in clashes))) == 0
        size = np.concatenate([size, size[fits] + problem.unit_patients[unit]])
        mask = np.concatenate([mask, mask[fits] | kind(1 << bit)])
        if len(mask) > _MOST_AT_A_CENTRE:
            raise TooManyColumns
    return mask[size >= problem.low]


def _hangs_together(
    problem: Problem, own: int, others: Ints, mask: NDArray[Any], unit_pieces: list[list[Ints]]
) -> Bools:
    """Which of the hubs are connected: spread from the own unit until nothing more is reached."""
    assert problem.adjacent is not None
    nodes = [(bit, piece) for bit, unit in enumerate(others) for piece in unit_pieces[unit]]
    nodes = [(-1, piece) for piece in unit_pieces[own]] + nodes
    if len(nodes) > _MOST_UNITS:
        raise TooManyColumns
    bit_nodes = np.zeros(len(others), dtype=np.uint64)
    own_nodes = np.uint64(0)
    for node, (bit, _) in enumerate(nodes):
        if bit < 0:
            own_nodes |= np.uint64(1 << node)
        else:
            bit_nodes[bit] |= np.uint64(1 << node)
    beside = [
        sum(
            1 << other
            for other, (_, there) in enumerate(nodes)
            if other != node and problem.adjacent[np.ix_(here, there)].any()
        )
        for node, (_, here) in enumerate(nodes)
    ]
    whole = np.full(len(mask), own_nodes, dtype=np.uint64)
    for bit, of_bit in enumerate(bit_nodes):
        whole[(mask >> mask.dtype.type(bit)) & mask.dtype.type(1) == 1] |= of_bit
    reached = np.ones(len(mask), dtype=np.uint64)
    open_ = np.arange(len(mask))
    while len(open_):
        here, inside = reached[open_], whole[open_]
        before = here.copy()
        for node, others_beside in enumerate(beside):
            flag = np.uint64(1 << node)
            joins = ((here & np.uint64(others_beside)) != 0) & ((inside & flag) != 0)
            here[joins] |= flag
        reached[open_] = here
        open_ = open_[(here != before) & (here != inside)]
    return reached == whole


def _stay(plan: Floats, own: int, others: Ints, mask: NDArray[Any]) -> Floats:
    """Patients of each hub in the earlier hub that it shares most patients with."""
    best = np.zeros(len(mask))
    for hub in np.flatnonzero(plan[own] + plan[others].sum(axis=0) if len(others) else plan[own]):
        shared = plan[own, hub] + subset_sums(mask, plan[others, hub])
        np.maximum(best, shared, out=best)
    return best
