"""The question in numbers: practices, units that move as one, rules, and what a hub costs.

A *unit* is one practice or several that must stay together. A *column* is one possible hub, a set
of units. Costs are in an internal unit (patient-km or -minutes, or its equivalent in a weighting);
`Problem.scale` turns them into the unit of the answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from pcs_dash.hubs.suggesting.request import SuggestRequest
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.sums import Floats
from pcs_dash.tables.errors import UserError

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEAREST = 15
# 1% of the patients counts as much as 1 km of mean distance and 1 point of IMD score.
_PERCENT = 100.0
_LISTED = 5
A_DAY = 24 * 60.0


@dataclass(frozen=True, eq=False)
class Facts:
    """The practices' figures in the order of their codes, so that the order of the table given
    changes nothing.

    patients: whole numbers; distance: km, shape (n, n); away: what short distances count, km or
    mean minutes of a practice's patients (rows) to a centre (columns); fte_surplus: patients minus
    those the FTE would serve at the area's ratio (0 without a figure); imd_surplus: patients x
    (score - the area's score) (0 without a figure).
    """

    codes: tuple[str, ...]
    patients: Ints
    easting: Floats
    distance: Floats
    away: Floats
    fte_surplus: Floats
    imd_surplus: Floats
    fte: Floats
    imd: Floats
    notes: tuple[str, ...]

    @property
    def total(self) -> int:
        """Patients of the area."""
        return int(self.patients.sum())

    @cached_property
    def position(self) -> dict[str, int]:
        """Code -> place in `codes`."""
        return {code: place for place, code in enumerate(self.codes)}


def read_facts(practices: pd.DataFrame, request: SuggestRequest) -> Facts:
    """Check the table and take what a suggestion needs.

    Needs the index practice_code and the columns patients, easting, northing (m); the objectives
    fte and deprivation also need gp_fte_<definition> and imd_score. Raises UserError that names the
    practices whose figures are missing.
    """
    if practices.empty:
        raise UserError("There is no practice to group: choose an area that has some.")
    if not practices.index.is_unique:
        twice = practices.index[practices.index.duplicated()].unique()
        raise UserError(f"Practice codes are there twice: {listed(twice)}. Keep one row each.")
    table = practices.set_axis(practices.index.astype(str), axis=0).sort_index()
    fte_column = f"gp_fte_{request.gp_definition}"
    needed = ["patients", "easting", "northing"]
    needed += [fte_column] * ("fte" in request.weights)
    needed += ["imd_score"] * ("deprivation" in request.weights)
    absent = [column for column in needed if column not in table.columns]
    if absent:
        raise UserError(f"The table of practices has no column {', '.join(absent)}.")
    patients = _whole_patients(table)
    position = np.column_stack([_column(table, "easting"), _column(table, "northing")])
    nowhere = ~np.isfinite(position.sum(axis=1))
    if nowhere.any():
        raise UserError(
            f"No coordinates for {listed(table.index[nowhere])}: give their easting and northing, "
            "or leave them out of the area."
        )
    fte = _column(table, fte_column)
    imd = _column(table, "imd_score")
    notes = []
    if "fte" in request.weights:
        notes += _left_out(table.index, fte, "FTE figure", "patients per FTE GP")
    if "deprivation" in request.weights:
        notes += _left_out(table.index, imd, REGISTER["imd_score"].label, "the hubs' IMD scores")
    difference = position[:, None, :] - position[None, :, :]
    distance = np.hypot(difference[..., 0], difference[..., 1]) / 1000
    return Facts(
        codes=tuple(table.index),
        patients=patients,
        easting=position[:, 0],
        distance=distance,
        away=distance if request.minutes is None else _minutes(table.index, patients, request),
        fte_surplus=_surplus(patients, fte, "fte" in request.weights),
        imd_surplus=_imd_surplus(patients, imd),
        fte=fte,
        imd=imd,
        notes=tuple(notes),
    )


@dataclass(frozen=True, eq=False)
class Problem:
    """What the solvers work on. Shapes: n free practices (those in no locked hub), u units.

    members: practices of each unit; near: which practice may be the centre for which unit, (u, n);
    centre_cost: patient-km of a unit to a centre, (u, n); apart: units that must not share a hub,
    (u, u); adjacent: neighbouring practices, (n, n), or None; hubs_low, hubs_high: how many hubs
    the free practices may form; target: patients of a hub of equal share (None: not asked for).
    weight_*: internal cost of a patient-km, of a patient beyond equal size, of a patient beyond
    the even ratio, of a patient-point of IMD score.
    """

    facts: Facts
    request: SuggestRequest
    free: Ints
    locked: tuple[tuple[str, Ints], ...]
    members: tuple[Ints, ...]
    unit_patients: Ints
    low: int
    high: int
    hubs_low: int
    hubs_high: int
    near: Bools
    centre_cost: Floats
    apart: Bools
    adjacent: Bools | None
    target: float | None
    weight_distance: float
    weight_size: float
    weight_fte: float
    weight_imd: float
    scale: float
    constant: float
    nearest: int

    @property
    def units(self) -> int:
        """How many units there are to place."""
        return len(self.members)

    @cached_property
    def own_unit(self) -> Ints:
        """The unit of each free practice."""
        unit = np.empty(len(self.free), dtype=np.int64)
        for number, practices in enumerate(self.members):
            unit[practices] = number
        return unit

    @cached_property
    def unit_fte(self) -> Floats:
        """FTE surplus of each unit."""
        return self._by_unit(self.facts.fte_surplus)

    @cached_property
    def unit_imd(self) -> Floats:
        """IMD surplus of each unit."""
        return self._by_unit(self.facts.imd_surplus)

    def _by_unit(self, figures: Floats) -> Floats:
        return np.array([figures[self.free[practices]].sum() for practices in self.members])

    @property
    def exact_tolerance(self) -> bool:
        """Whether the answer is proven to the last digit: the distance alone is."""
        return not (self.weight_size or self.weight_fte or self.weight_imd)

    @property
    def tolerance(self) -> float:
        """Internal cost difference that is not told apart.

        Evenness has many plans within a handful of patients of each other, so differences of 0.05%
        of the patients, or 0.05 points of IMD score, count as none.
        """
        if self.exact_tolerance:
            return 0.0
        share = 0.0005 * self.facts.total
        return share * max(self.weight_size, self.weight_fte, self.weight_imd * _PERCENT)

    def hub_cost(self, units: Sequence[int]) -> tuple[float, int]:
        """Internal cost of a hub of these units (inf without a centre), and its free practice."""
        chosen = np.asarray(units)
        practices = np.concatenate([self.members[unit] for unit in chosen])
        allowed = self.near[np.ix_(chosen, practices)].all(axis=0)
        if not allowed.any():
            return math.inf, int(practices.min())
        centres = np.sort(practices[allowed])
        away = self.centre_cost[np.ix_(chosen, centres)].sum(axis=0)
        best = int(away.argmin())
        sums = (part[chosen].sum() for part in (self.unit_patients, self.unit_fte, self.unit_imd))
        cost = self.weight_distance * float(away[best]) + self._uneven(*map(float, sums))
        return cost, int(centres[best])

    def _uneven(self, patients: float, fte: float, imd: float) -> float:
        size = abs(patients - self.target) / 2 if self.target is not None else 0.0
        return self.weight_size * size + self.weight_fte * abs(fte) / 2 + self.weight_imd * abs(imd)


def build_problem(facts: Facts, request: SuggestRequest, *, hubs: int | None = None) -> Problem:
    """The problem of a request whose rules don't contradict each other (see explain).

    hubs: the number of hubs in all, instead of the request's.
    """
    total = facts.total
    locked = tuple(
        (name, np.array(sorted(facts.position[code] for code in codes), dtype=np.int64))
        for name, codes in request.held.items()
        if codes
    )
    held = np.concatenate([group for _, group in locked]) if locked else np.array([], dtype=int)
    free = np.setdiff1d(np.arange(len(facts.codes)), held)
    members = _units(facts, request, free)
    patients = facts.patients[free]
    unit_patients = np.array([patients[unit].sum() for unit in members], dtype=np.int64)
    low, high = band(request, total)
    number = request.hubs if hubs is None else hubs
    hubs_low, hubs_high = _hub_range(unit_patients, low, high, number, len(locked))
    nearest = request.nearest or default_nearest(facts, request)
    distance = facts.away[np.ix_(free, free)]
    near = _near(distance, members, nearest)
    weights = request.weights
    mixed = len(weights) > 1
    problem = Problem(
        facts=facts,
        request=request,
        free=free,
        locked=locked,
        members=members,
        unit_patients=unit_patients,
        low=low,
        high=high,
        hubs_low=hubs_low,
        hubs_high=hubs_high,
        near=near,
        centre_cost=np.array([patients[unit] @ distance[unit] for unit in members]).reshape(
            len(members), len(free)
        ),
        apart=_apart_units(facts, request, free, members),
        adjacent=adjacency(facts, request, free),
        target=total / number if "size" in weights and number else None,
        weight_distance=weights.get("distance", 0.0),
        weight_size=weights.get("size", 0.0) * (_PERCENT if mixed else 1),
        weight_fte=weights.get("fte", 0.0) * (_PERCENT if mixed else 1),
        weight_imd=weights.get("deprivation", 0.0),
        scale=1 / total if mixed or "deprivation" in weights else 1.0,
        constant=0.0,
        nearest=nearest,
    )
    return replace(problem, constant=_locked_cost(problem))


def band(request: SuggestRequest, total: int) -> tuple[int, int]:
    """The least and the most patients of a hub, as whole numbers."""
    low = math.ceil(request.min_patients) if request.min_patients is not None else 0
    high = math.floor(request.max_patients) if request.max_patients is not None else total
    return low, high


def default_nearest(facts: Facts, request: SuggestRequest) -> int:
    """15, or twice as many practices as the largest likely hub has."""
    total = facts.total
    low, high = band(request, total)
    if request.hubs:
        high = min(high, math.ceil(1.5 * max(low, total / request.hubs)))
    elif low:
        high = min(high, 3 * low)
    typical = high * len(facts.codes) / max(total, 1)
    return min(len(facts.codes), max(NEAREST, math.ceil(2 * typical)))


def adjacency(facts: Facts, request: SuggestRequest, chosen: Ints) -> Bools | None:
    """Which of the chosen practices are neighbours; None where hubs may be in pieces."""
    if request.neighbours is None:
        return None
    place = {facts.codes[practice]: number for number, practice in enumerate(chosen)}
    return _linked(request.neighbours, place, len(chosen))


def _linked(pairs: Iterable[Sequence[str]], place: Mapping[str, int], count: int) -> Bools:
    """Which places pairs of codes link, shape (count, count), of those that have a place."""
    linked = np.zeros((count, count), dtype=bool)
    for first, second in pairs:
        if first in place and second in place:
            linked[place[first], place[second]] = linked[place[second], place[first]] = True
    return linked


def pieces(adjacent: Bools, practices: Ints) -> list[Ints]:
    """The connected pieces of a group of practices, in the order of their first practice."""
    count, label = connected_components(adjacent[np.ix_(practices, practices)], directed=False)
    return [practices[label == number] for number in range(count)]


def listed(codes: Iterable[object]) -> str:
    """A few codes in words."""
    names = [str(code) for code in codes]
    if len(names) > _LISTED:
        return f"{', '.join(names[:_LISTED])} and {len(names) - _LISTED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _minutes(codes: pd.Index, patients: Ints, request: SuggestRequest) -> Floats:
    """Minutes between practices; a pair without a way counts a day, so none is chosen without need.

    UserError where a practice's patients have no way to any practice.
    """
    assert request.minutes is not None
    found = request.minutes.reindex(index=codes, columns=codes).to_numpy(float)
    nowhere = np.isnan(found).all(axis=1) & (patients > 0)
    if nowhere.any():
        raise UserError(
            f"No {request.minutes_label} are known for the patients of {listed(codes[nowhere])}: "
            "choose straight lines or another way of travelling, or leave them out of the area."
        )
    return np.where(np.isnan(found), A_DAY, found)


def _column(table: pd.DataFrame, column: str) -> Floats:
    """A column as floats, NaN where it has no number; all of it where the table has no such."""
    if column not in table.columns:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _whole_patients(table: pd.DataFrame) -> Ints:
    patients = _column(table, "patients")
    missing = ~np.isfinite(patients)
    if missing.any():
        raise UserError(
            f"No number of patients for {listed(table.index[missing])}: give it, or leave them "
            "out of the area."
        )
    wrong = (patients < 0) | (patients != np.rint(patients))
    if wrong.any():
        raise UserError(
            f"The patients of {listed(table.index[wrong])} are not a whole number of 0 or more."
        )
    return patients.astype(np.int64)


def _left_out(codes: pd.Index, figures: Floats, what: str, where: str) -> list[str]:
    missing = np.isnan(figures)
    if missing.all():
        raise UserError(f"No practice of the area has an {what}: choose another objective.")
    if not missing.any():
        return []
    return [f"Without an {what}, and so not counted in {where}: {listed(codes[missing])}."]


def _surplus(patients: Ints, fte: Floats, needed: bool) -> Floats:
    known = np.isfinite(fte)
    if not fte[known].sum() > 0:
        if needed:
            raise UserError("The area has no FTE GP under this definition: choose another one.")
        return np.zeros(len(fte))
    ratio = patients[known].sum() / fte[known].sum()
    return np.where(known, patients - ratio * np.where(known, fte, 0.0), 0.0)


def _imd_surplus(patients: Ints, imd: Floats) -> Floats:
    known = np.isfinite(imd) & (patients > 0)
    if not known.any():
        return np.zeros(len(imd))
    mean = np.average(imd[known], weights=patients[known])
    return np.where(known, patients * (np.where(known, imd, 0.0) - mean), 0.0)


def _units(facts: Facts, request: SuggestRequest, free: Ints) -> tuple[Ints, ...]:
    place = {facts.codes[practice]: number for number, practice in enumerate(free)}
    whole = [(codes[0], code) for codes in request.keep_whole.values() for code in codes[1:]]
    bonded = _linked([*whole, *request.together], place, len(free))
    number, label = connected_components(bonded, directed=False)
    return tuple(np.flatnonzero(label == unit) for unit in range(number))


def _apart_units(
    facts: Facts, request: SuggestRequest, free: Ints, members: tuple[Ints, ...]
) -> Bools:
    unit = {
        facts.codes[free[practice]]: number
        for number, practices in enumerate(members)
        for practice in practices
    }
    return _linked(request.apart, unit, len(members))


def _hub_range(
    unit_patients: Ints, low: int, high: int, hubs: int | None, locked: int
) -> tuple[int, int]:
    """How many hubs the free practices may form."""
    units, total = len(unit_patients), int(unit_patients.sum())
    if hubs is not None:
        return hubs - locked, hubs - locked
    fewest = math.ceil(total / high) if high else units
    most = min(units, total // low) if low else units
    return max(fewest, 1 if units else 0), most


def _near(distance: Floats, members: tuple[Ints, ...], nearest: int) -> Bools:
    """A practice may be the centre of a unit when it is among the nearest of one of its practices,
    or belongs to the unit.
    """
    count = len(distance)
    order = np.argsort(distance, axis=1, kind="stable")
    # Practices of one building come first by code, and a practice is always nearest to itself.
    near = np.zeros((count, count), dtype=bool)
    np.put_along_axis(near, order[:, :nearest], True, axis=1)
    np.fill_diagonal(near, True)
    units = np.zeros((len(members), count), dtype=bool)
    for number, unit in enumerate(members):
        units[number] = near[unit].any(axis=0)
        units[number, unit] = True
    return units


def _locked_cost(problem: Problem) -> float:
    facts = problem.facts
    cost = 0.0
    for _, group in problem.locked:
        parts = (facts.patients, facts.fte_surplus, facts.imd_surplus)
        uneven = problem._uneven(*(float(part[group].sum()) for part in parts))
        cost += problem.weight_distance * medoid(facts, group)[0] + uneven
    return cost


def medoid(facts: Facts, group: Ints) -> tuple[float, int]:
    """Patient-km, or -minutes, of a group to its best centre, and that centre (place in
    `facts.codes`).
    """
    away = facts.patients[group] @ facts.away[np.ix_(group, group)]
    best = int(away.argmin())
    return float(away[best]), int(group[best])
