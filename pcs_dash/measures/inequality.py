"""Inequality by deprivation over an area's practices: gradient, quintiles and their gap,
concentration, and the area's own ratio.

Everywhere quantile 1 is the most deprived (see `slope_index`, OHID's method). Limits are jackknives
over practices on a scale where the figure is symmetrical (`intervals`). Two ways of putting one
finding share one jackknife, so that they can't disagree: the slope and the relative index come from
the relative gradient, the difference of two quintiles from their ratio. Where a few practices carry
the figure there is no interval, and p is from a permutation test: practices' lists and GPs dealt
out anew to the places where practices' patients live.

Concentration index: Kakwani, Wagstaff and van Doorslaer, "Socioeconomic inequalities in health",
Journal of Econometrics 1997; 77: 87-103.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pcs_dash.measures.correlation import is_constant, weighted_midranks
from pcs_dash.measures.deprivation import DEFAULT_EDITION
from pcs_dash.measures.intervals import (
    JACKKNIFE,
    NO_INTERVAL,
    Limits,
    check_confidence,
    jackknife,
    permutation_p,
)
from pcs_dash.measures.numbers import count
from pcs_dash.measures.patient_matrix import (
    MEASURES,
    PatientMatrix,
    RatioKey,
    floats,
    group_ratios,
    lsoa_matrix,
    measured,
    practice_matrix,
    quintile_matrix,
)
from pcs_dash.measures.slope_index import FEWEST_QUANTILES, SlopeIndex
from pcs_dash.measures.small_numbers import is_small
from pcs_dash.measures.sums import Floats, over
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.constants import PER_PATIENTS, QUINTILES
from pcs_dash.tables.errors import UserError

Level = Literal["practice", "quintile", "lsoa"]

LEVELS: tuple[Level, ...] = ("practice", "quintile", "lsoa")
# Fewer practices than this show no gradient: their groups repeat the same few figures.
FEWEST_FOR_GRADIENT = 5
# Slopes over practices' own ratios, which a little FTE makes huge: with fewer that carry them 91.5%
# and 92.7% of intervals held (docs/methods.md).
RATIOS_CARRYING = 4.5
# One tried (Mid and South Essex, all GPs) held in 97.6% of the draws (docs/methods.md).
_ALIKE = (
    "There is no interval that holds where each small area counts alike: those where a handful of "
    "the patients live count as much as any other."
)
# Numbers in a table made at a time, so that memory stays small.
CHUNK = 4_000_000


# --- The gradient --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gradient:
    """The line of a measure over relative rank: its weighted mean and its rise from the most to the
    least deprived end, over the mean (`relative`), with limits and p of "no gradient".
    """

    mean: float
    relative: float
    limits: Limits
    reason: str = ""

    @property
    def p_value(self) -> float:
        """p of "no gradient"."""
        return self.limits.p_value

    def index(self, confidence: float) -> SlopeIndex:
        """Slope and Relative Index of Inequality of the same line."""
        low, high = self.limits.low, self.limits.high
        # Where the most deprived end can't be told from nothing, the ratio has no bounds.
        bounded = low > -2 and high < 2
        return SlopeIndex(
            self.relative * self.mean,
            low * self.mean,
            high * self.mean,
            _ratio_of_ends(self.relative),
            _ratio_of_ends(low) if bounded else math.nan,
            _ratio_of_ends(high) if bounded else math.nan,
            self.mean * (1 - self.relative / 2),
            confidence,
            self.limits.method,
            self.p_value,
        )


def _ratio_of_ends(relative: float) -> float:
    most, least = 1 - relative / 2, 1 + relative / 2
    return least / most if abs(most) > 1e-12 else math.nan


def gradient(
    matrix: PatientMatrix,
    *,
    measure: RatioKey = "patients_per_fte_gp",
    by_patients: bool = True,
    confidence: float = 0.95,
    permute: bool = True,
) -> Gradient:
    """The gradient of `measure` over the groups, which weigh by their patients or each alike.

    `permute`: whether to go for a permutation test where there is no interval.
    """

    def line(patients: Floats, fte: Floats) -> tuple[Floats, Floats]:
        return _line(*matrix.sums(patients, fte), matrix.order, measure, by_patients)

    mean = relative = math.nan
    reason = _no_gradient(matrix)
    if not reason:
        mean, relative = (float(part[0]) for part in line(matrix.patients, matrix.fte))
        if not math.isfinite(relative):
            reason = "No group has both patients and GPs, so there is nothing to compare."
    if reason:
        return Gradient(math.nan, math.nan, Limits(reason=reason), reason)
    limits = _limits_of_gradient(matrix, relative, measure, by_patients, confidence)
    if permute and not limits.known:
        p_value = permutation_p(
            lambda orders: line(matrix.patients[orders], matrix.fte[orders])[1],
            matrix.n,
            cells=matrix.n + len(matrix.groups),
        )
        limits = replace(limits, p_value=p_value)
    return Gradient(mean, relative, limits, limits.reason)


def _limits_of_gradient(
    matrix: PatientMatrix, relative: float, measure: RatioKey, by_patients: bool, confidence: float
) -> Limits:
    lines = _practice_lines if matrix.share is None else _group_lines
    if not by_patients and matrix.share is not None and len(matrix.groups) > len(QUINTILES):
        return Limits(reason=_ALIKE)

    def again(counts: Floats) -> tuple[Floats, Floats]:
        return lines(matrix, counts, measure, by_patients)

    if matrix.share is None:
        left_out, cells = again(np.ones((1, matrix.n)))[1][0], matrix.n
    else:
        left_out = _without_each(matrix, measure, by_patients)
        cells = matrix.n * len(matrix.groups)
    singly = matrix.share is None and measure == "patients_per_fte_gp"
    return jackknife(
        relative,
        left_out,
        confidence=confidence,
        fewest=RATIOS_CARRYING if singly else None,
        again=again,
        cells=cells,
    )


def _no_gradient(matrix: PatientMatrix) -> str:
    n, groups = matrix.n, len(matrix.groups)
    if n < FEWEST_FOR_GRADIENT:
        return (
            f"Only {count(n, 'practice has', 'practices have')} a figure; an index of inequality "
            f"needs at least {FEWEST_FOR_GRADIENT}."
        )
    if groups < FEWEST_QUANTILES:
        have = count(groups, "group has", "groups have")
        return f"Only {have} patients; a slope needs at least {FEWEST_QUANTILES}."
    if is_constant(matrix.order):
        return "All practices are equally deprived, so nothing can vary with deprivation."
    return ""


def _without_each(matrix: PatientMatrix, measure: RatioKey, by_patients: bool) -> Floats:
    """The relative gradient without each practice."""
    step = max(1, CHUNK // max(len(matrix.groups), 1))
    parts = [
        _line(*matrix.without_each(slice(start, start + step)), matrix.order, measure, by_patients)
        for start in range(0, matrix.n, step)
    ]
    return np.concatenate([relative for _, relative in parts])


def _group_lines(
    matrix: PatientMatrix, counts: Floats, measure: RatioKey, by_patients: bool
) -> tuple[Floats, Floats]:
    """The relative gradient where practices count so often, and without one of each practice."""
    assert matrix.share is not None
    drawn, practice = np.nonzero(counts)
    whole = matrix.sums(counts * matrix.patients, counts * matrix.fte)
    own = matrix.share[practice]
    patients = whole[0][drawn] - matrix.patients[practice, None] * own
    fte = whole[1][drawn] - matrix.fte[practice, None] * own
    left_out = np.full(counts.shape, np.nan)
    left_out[drawn, practice] = _line(patients, fte, matrix.order, measure, by_patients)[1]
    return _line(*whole, matrix.order, measure, by_patients)[1], left_out


def _practice_lines(
    matrix: PatientMatrix, counts: Floats, measure: RatioKey, by_patients: bool
) -> tuple[Floats, Floats]:
    """The same over practices that are groups of their own. One that leaves moves the ranks of
    those above it, all by its own weight (its equals' by half of it), so that a few sums tell what
    is left and no table of practices by practices is made.
    """
    values = measured(matrix.patients, matrix.fte, measure)
    own = np.where(np.isfinite(values), matrix.patients if by_patients else 1.0, 0.0)
    values = np.where(own > 0, values, 0.0)
    weights = counts * own
    ranks = weighted_midranks(weights, matrix.order)
    _, group = np.unique(matrix.order, return_inverse=True)
    equals = np.stack([np.bincount(group, row)[group] for row in weights])

    def whole(part: Floats) -> Floats:
        return part.sum(axis=1, keepdims=True)

    def above(part: Floats) -> Floats:
        return whole(part) - weighted_midranks(part, matrix.order)

    def lines(gone: Floats) -> Floats:
        left = whole(weights) - gone
        middle = left / 2
        at = ranks - gone / 2 - middle
        rise = whole(weights * ranks * values) - middle * whole(weights * values)
        rise -= gone * (above(weights * values) + at * values)
        spread = whole(weights * ranks**2) - 2 * middle * whole(weights * ranks)
        spread += middle**2 * whole(weights) + gone**2 * (above(weights) - equals / 4)
        spread -= 2 * gone * (above(weights * ranks) - middle * above(weights)) + gone * at**2
        mean = whole(weights * values) - gone * values
        # Where all ranks tie, rounding alone is left of the spread.
        return over(rise, np.where(spread > 1e-9 * left**3, spread, 0.0) * mean / left**2)

    return lines(np.zeros_like(weights))[:, 0], lines(np.broadcast_to(own, weights.shape))


def _line(
    patients: Floats, fte: Floats, order: Floats, measure: RatioKey, by_patients: bool
) -> tuple[Floats, Floats]:
    """Mean of the measure, and rise over it, for each row of groups' sums."""
    patients, fte = np.atleast_2d(patients, fte)
    values = measured(patients, fte, measure)
    # A group that a row leaves empty, or without a GP, has no figure and no weight.
    sizes = patients if by_patients else (patients > 0).astype("float64")
    weights = np.where(np.isfinite(values), sizes, 0.0)
    values = np.where(weights > 0, values, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    weights = weights / np.where(total > 0, total, np.nan)
    # Weighted mid-ranks have the mean 1/2.
    centred = weighted_midranks(weights, order) - 0.5
    spread = (weights * centred**2).sum(axis=1)
    # Where all ranks tie, rounding alone is left of the spread.
    rise = over((weights * centred * values).sum(axis=1), np.where(spread > 1e-9, spread, 0.0))
    mean = (weights * values).sum(axis=1)
    return mean, over(rise, mean)


def relative_gradient(
    matrix: PatientMatrix, *, by_patients: bool = True, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Patients per FTE GP fitted at the most minus that at the least deprived end, per cent of the
    mean, with its limits; NaN where there is too little to go on.

    The relative gradient with its sign turned: comparable between levels, definitions and lists.
    """
    found = gradient(matrix, by_patients=by_patients, confidence=confidence, permute=False)
    return -100 * found.relative, -100 * found.limits.high, -100 * found.limits.low


def gradients_of(
    matrix: PatientMatrix, patients: Floats, fte: Floats, *, by_patients: bool = True
) -> Floats:
    """The estimate of `relative_gradient` for each row of practices' `patients` and `fte`, which
    are 0 where a practice does not count.
    """
    sums = matrix.sums(patients, fte)
    return -100 * _line(*sums, matrix.order, "patients_per_fte_gp", by_patients)[1]


def slopes_of(matrix: PatientMatrix, patients: Floats, fte: Floats) -> tuple[Floats, Floats]:
    """Slope and relative index of patients per FTE GP for each row of practices' `patients` and
    `fte`, as `Gradient.index` has them of the matrix's own.
    """
    mean, relative = _line(*matrix.sums(patients, fte), matrix.order, "patients_per_fte_gp", True)
    return relative * mean, over(1 + relative / 2, 1 - relative / 2)


@dataclass(frozen=True)
class AreaInequality:
    """SII and RII of a measure over an area's practices, with limits over practices.

    `reason` says why there is no index, or no interval of it.
    """

    index: SlopeIndex
    level: str
    measure: str
    definition: str
    edition: str
    n_practices: int
    n_missing: int
    n_groups: int
    groups: pd.DataFrame
    note: str = ""
    reason: str = ""


def area_inequality(
    practices: pd.DataFrame,
    *,
    level: Level = "quintile",
    measure: RatioKey = "patients_per_fte_gp",
    definition: str = "fully_qualified",
    edition: str = "2025",
    registrations: pd.DataFrame | None = None,
    lsoa_rank: pd.Series | None = None,
    confidence: float = 0.95,
) -> AreaInequality:
    """Slope and Relative Index of Inequality at a level, with limits over practices.

    The quintiles share practices, so their errors are not independent as OHID's simulation has
    it; leaving out whole practices keeps that. Practices are ranked by their IMD 2025 score, so
    another `edition` is refused there; LSOAs by `lsoa_rank`. Too few practices: NaN and a `reason`.
    """
    if measure not in MEASURES:
        raise UserError(f"There is no measure '{measure}'. Choose one of: {', '.join(MEASURES)}.")
    check_confidence(confidence)
    if level == "quintile":
        matrix = quintile_matrix(practices, definition=definition, edition=edition)
    elif level == "practice":
        if edition != DEFAULT_EDITION:
            raise UserError(
                f"Practices are ranked by their IMD {DEFAULT_EDITION} score; there is no score of "
                f"{edition}. Take the level quintile for IMD {edition}."
            )
        matrix = practice_matrix(practices, definition=definition, measure=measure)
    elif level == "lsoa":
        if registrations is None or lsoa_rank is None:
            raise UserError("The LSOA level needs the table of patients by practice and LSOA.")
        matrix = lsoa_matrix(practices, registrations, lsoa_rank, definition=definition)
    else:
        raise UserError(f"There is no level '{level}'. Choose one of: {', '.join(LEVELS)}.")
    found = gradient(matrix, measure=measure, confidence=confidence)
    return AreaInequality(
        found.index(confidence),
        level,
        measure,
        definition,
        edition,
        matrix.n,
        matrix.n_missing,
        len(matrix.groups),
        group_ratios(matrix),
        matrix.note,
        found.reason,
    )


# --- Ratios of sums: an area, a quintile, two of them --------------------------------------------


@dataclass(frozen=True)
class AreaRatio:
    """An area's patients per FTE GP with limits, as if its practices were a sample.

    `p_value` tests that it is the benchmark given, or the figure of the rest of the whole (`rest`);
    NaN where neither was asked for or the area is the whole.
    """

    value: float
    low: float
    high: float
    p_value: float
    n: int
    n_missing: int
    confidence: float
    interval_method: str
    rest: float = math.nan
    reason: str = ""


def area_ratio(
    practices: pd.DataFrame,
    *,
    definition: str = "fully_qualified",
    benchmark: float = math.nan,
    whole: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> AreaRatio:
    """Patients per FTE GP of all practices together (sum over sum), with its interval.

    The practices are all there are, so the interval answers: how much could the figure owe to
    which practices happen to be there? `benchmark` is taken as exact. Where it is that of `whole`,
    practices that the area is among, the area is held against the others of them instead.
    """
    people, doctors, missing = _sums_of(practices, definition)
    value, limits = _log_ratio(people, doctors, confidence, null=benchmark)
    p_value, rest = limits.p_value, math.nan
    if whole is not None:
        others = whole.drop(index=practices.index, errors="ignore")
        p_value, rest = _against_rest(people, doctors, _sums_of(others, definition), confidence)
    return AreaRatio(
        value,
        math.exp(limits.low),
        math.exp(limits.high),
        p_value,
        len(people),
        missing,
        confidence,
        limits.method,
        rest,
        limits.reason,
    )


def _sums_of(practices: pd.DataFrame, definition: str) -> tuple[Floats, Floats, int]:
    """Patients and FTE of the practices that report both, and how many do not."""
    fte = practices[gp_definition(definition).column].astype("float64")
    patients = practices["patients"].astype("float64")
    keep = fte.notna() & (patients > 0)
    return floats(patients[keep]), floats(fte[keep]), int((~keep).sum())


def _against_rest(
    people: Floats, doctors: Floats, others: tuple[Floats, Floats, int], confidence: float
) -> tuple[float, float]:
    """p of "the area is as the others", and the others' ratio; NaN where there are no others."""
    rest = float(over(np.array([others[0].sum()]), np.array([others[1].sum()]))[0])
    tops, bottoms = (
        np.concatenate([np.column_stack([own, np.zeros(len(own))]),
                        np.column_stack([np.zeros(len(other)), other])])
        for own, other in ((people, others[0]), (doctors, others[1]))
    )  # fmt: skip
    _, limits = _log_ratio(tops, bottoms, confidence)
    return limits.p_value, rest


def _log_ratio(
    people: Floats, doctors: Floats, confidence: float, *, null: float = math.nan
) -> tuple[float, Limits]:
    """people / doctors, or that of the first column over that of the second; and the limits of its
    logarithm, with p of "it is `null`" (1 for two columns).
    """
    tops, bottoms = np.atleast_2d(people.T), np.atleast_2d(doctors.T)
    signs = np.array([1.0, -1.0])[: len(tops)]

    def logs(top: Floats, bottom: Floats) -> Floats:
        positive = (top > 0) & (bottom > 0)
        ratios = np.divide(top, bottom, out=np.full_like(top, np.nan), where=positive)
        return np.asarray(np.tensordot(signs, np.log(ratios), axes=1))

    def again(counts: Floats) -> tuple[Floats, Floats]:
        top, bottom = tops @ counts.T, bottoms @ counts.T
        left_out = logs(top[..., None] - tops[:, None], bottom[..., None] - bottoms[:, None])
        return logs(top, bottom), left_out

    estimates, left_out = again(np.ones((1, tops.shape[1])))
    estimate = float(estimates[0])
    against = math.log(null) if null > 0 else 0.0 if len(tops) == 2 else math.nan
    limits = jackknife(estimate, left_out[0], null=against, confidence=confidence, again=again)
    return math.exp(estimate), limits


@dataclass(frozen=True)
class Gap:
    """Quintile 1 (most deprived) against quintile 5: ratio and difference with their limits.

    `p_value` tests that the two are alike; `reason` says why there is no figure or no interval.
    """

    measure: str
    ratio: float
    ratio_low: float
    ratio_high: float
    difference: float
    difference_low: float
    difference_high: float
    confidence: float
    interval_method: str
    p_value: float
    reason: str = ""


@dataclass(frozen=True)
class QuintileTable:
    """The quintiles of an area with intervals, and the gap between quintile 1 and 5.

    `table`: index quintile 1..5, columns patients, fte_gp, patients_per_fte_gp (and _low,
    _high), fte_gp_per_10000 (and _low, _high). The columns patients and fte_gp add up to the area.
    """

    table: pd.DataFrame
    gaps: dict[str, Gap]
    definition: str
    edition: str
    n_practices: int
    n_missing: int
    interval_method: str

    @property
    def shown(self) -> pd.DataFrame:
        """`table` as it may be shown: a quintile of a few patients is missing, and then the others
        are rounded (tens of patients, tenths of an FTE), as the area's sums would tell it.
        """
        few = is_small(self.table["patients"])
        if not few.any():
            return self.table
        rounded = self.table.assign(
            patients=self.table["patients"].round(-1), fte_gp=self.table["fte_gp"].round(1)
        )
        return rounded.mask(few)


def quintile_table(
    practices: pd.DataFrame,
    *,
    definition: str = "fully_qualified",
    edition: str = "2025",
    confidence: float = 0.95,
) -> QuintileTable:
    """Patients per FTE GP and FTE GPs per 10,000 patients by deprivation quintile, with limits."""
    matrix = quintile_matrix(practices, definition=definition, edition=edition)
    table = group_ratios(matrix).reindex(QUINTILES).rename_axis("quintile")
    table[["patients", "fte_gp"]] = table[["patients", "fte_gp"]].where(
        table["patients"].notna(), 0.0
    )
    limits = {
        int(str(group)): _log_ratio(*_columns(matrix, [g]), confidence)[1]
        for g, group in enumerate(matrix.groups)
    }
    low, high = (
        np.array([math.exp(getattr(limits[q], end)) if q in limits else math.nan
                  for q in QUINTILES])
        for end in ("low", "high")
    )  # fmt: skip
    table["patients_per_fte_gp_low"], table["patients_per_fte_gp_high"] = low, high
    table["fte_gp_per_10000_low"] = PER_PATIENTS / high
    table["fte_gp_per_10000_high"] = PER_PATIENTS / low
    order = [f"{m}{end}" for m in MEASURES for end in ("", "_low", "_high")]
    return QuintileTable(
        table[["patients", "fte_gp", *order]],
        _gaps(matrix, confidence),
        definition,
        edition,
        matrix.n,
        matrix.n_missing,
        f"{JACKKNIFE}; none where a few practices carry the figure",
    )


def _columns(matrix: PatientMatrix, groups: list[int]) -> tuple[Floats, Floats]:
    """Patients and FTE of each practice in some of the groups."""
    assert matrix.share is not None
    share = matrix.share[:, groups]
    return matrix.patients[:, None] * share, matrix.fte[:, None] * share


def _gaps(matrix: PatientMatrix, confidence: float) -> dict[str, Gap]:
    """Both measures from one ratio: the rate's is the other's inverse."""
    if not {1, 5} <= set(matrix.groups) or matrix.n < FEWEST_FOR_GRADIENT:
        reason = matrix.note or "There are too few practices to compare two quintiles."
        none = Limits(reason=reason)
        return {m: _gap(m, (math.nan,) * 3, math.nan, none, confidence) for m in MEASURES}
    ends = [matrix.groups.index(1), matrix.groups.index(5)]
    people, doctors = _columns(matrix, ends)
    ratio, limits = _log_ratio(people, doctors, confidence)
    if not limits.known and math.isfinite(ratio):
        limits = replace(limits, p_value=_dealt_out(matrix, ends))
    values = measured(people.sum(axis=0), doctors.sum(axis=0), "patients_per_fte_gp")
    middle = float(np.sqrt(values.prod()))
    logs = (math.log(ratio), limits.low, limits.high)
    turned = (-logs[0], -limits.high, -limits.low)
    per_gp, rate = MEASURES
    return {
        per_gp: _gap(per_gp, logs, middle, limits, confidence),
        rate: _gap(rate, turned, PER_PATIENTS / middle, limits, confidence),
    }


def _gap(
    measure: str, logs: tuple[float, float, float], middle: float, limits: Limits, confidence: float
) -> Gap:
    """Ratio and difference from the logarithm of the ratio and the geometric mean of both ends."""

    def three(of: Callable[[float], float]) -> tuple[float, float, float]:
        return of(logs[0]), of(logs[1]), of(logs[2])

    ratios, apart = three(math.exp), three(lambda log: 2 * middle * math.sinh(log / 2))
    return Gap(measure, *ratios, *apart, confidence, limits.method, limits.p_value, limits.reason)


def _dealt_out(matrix: PatientMatrix, ends: list[int]) -> float:
    """p of a permutation test that two groups have the same ratio."""

    def logs(orders: NDArray[np.intp]) -> Floats:
        patients, fte = matrix.sums(matrix.patients[orders], matrix.fte[orders])
        values = measured(patients[..., ends], fte[..., ends], "patients_per_fte_gp")
        return np.asarray(np.log(values[..., 0] / values[..., 1]))

    return permutation_p(logs, matrix.n, cells=matrix.n + len(matrix.groups))


# --- Concentration index -------------------------------------------------------------------------


@dataclass(frozen=True)
class Concentration:
    """Concentration index of a resource over people ranked from most to least deprived.

    Between -1 and 1; above zero: more of it goes to people in less deprived areas. `curve`:
    cumulative shares, columns people and resource, from (0, 0) to (1, 1). `p_value` tests that
    there is none; `reason` says why there is no figure or no interval.
    """

    index: float
    low: float
    high: float
    n: int
    n_missing: int
    curve: pd.DataFrame
    confidence: float
    interval_method: str
    p_value: float
    reason: str = ""


def concentration_index(
    resource: ArrayLike, people: ArrayLike, deprivation: ArrayLike, *, confidence: float = 0.95
) -> Concentration:
    """Concentration of `resource` (FTE, a total) over `people`, most deprived first.

    `deprivation` is higher where people are more deprived; practices with the same deprivation
    share their rank. C = 2 cov(h, r) / mean(h), with h resource per person, r the relative rank
    and everything weighted by people (Kakwani, Wagstaff and van Doorslaer 1997).
    """
    amounts, persons, scores = (
        np.asarray(pd.Series(np.ravel(np.asarray(part))), dtype="float64")
        for part in (resource, people, deprivation)
    )
    if not amounts.shape == persons.shape == scores.shape:
        raise UserError("Resource, people and deprivation differ in length.")
    keep = np.isfinite(amounts) & np.isfinite(persons) & np.isfinite(scores) & (persons > 0)
    if np.any(amounts[keep] < 0):
        raise UserError("A resource below zero has no concentration index.")
    amounts, persons, scores = amounts[keep], persons[keep], scores[keep]
    n, missing = len(amounts), int((~keep).sum())
    curve = _curve(amounts, persons, scores)
    nan = math.nan
    reason = ""
    if n < FEWEST_FOR_GRADIENT or not amounts.sum() > 0:
        reason = "There are too few practices, or there is nothing to share out."
    elif is_constant(scores):
        reason = "All practices are equally deprived, so nothing can vary with deprivation."
    if reason:
        return Concentration(nan, nan, nan, n, missing, curve, confidence, NO_INTERVAL, nan, reason)

    def again(counts: Floats) -> tuple[Floats, Floats]:
        return _indices(amounts, persons, -scores, counts)

    estimates, left_out = again(np.ones((1, n)))
    estimate = float(estimates[0])
    limits = jackknife(estimate, left_out[0], confidence=confidence, again=again)
    known = limits.known
    p_value = limits.p_value if known else permutation_p(_index_of(amounts, persons, -scores), n)
    return Concentration(
        estimate, limits.low, limits.high, n, missing, curve, confidence, limits.method, p_value,
        limits.reason,
    )  # fmt: skip


def _indices(
    amounts: Floats, persons: Floats, order: Floats, counts: Floats
) -> tuple[Floats, Floats]:
    """The index where practices count so often, and without one of each (see `_practice_lines`)."""
    weights, shares = counts * persons, counts * amounts
    ranks = weighted_midranks(weights, order)
    people, resource, met = (
        part.sum(axis=1, keepdims=True) for part in (weights, shares, shares * ranks)
    )
    above = resource - weighted_midranks(shares, order)
    left = met - persons * above - amounts * (ranks - persons / 2)
    return (
        (2 * over(met, people * resource) - 1)[:, 0],
        2 * over(left, (people - persons) * (resource - amounts)) - 1,
    )


def _index_of(
    amounts: Floats, persons: Floats, order: Floats
) -> Callable[[NDArray[np.intp]], Floats]:
    """The index for practices dealt out in some orders."""

    def index(orders: NDArray[np.intp]) -> Floats:
        weights, shares = np.atleast_2d(persons[orders], amounts[orders])
        ranks = weighted_midranks(weights, order) / weights.sum(axis=1, keepdims=True)
        return 2 * over((shares * ranks).sum(axis=1), shares.sum(axis=1)) - 1

    return index


def _curve(amounts: Floats, persons: Floats, scores: Floats) -> pd.DataFrame:
    groups = pd.DataFrame({"order": -scores, "people": persons, "resource": amounts})
    sums = groups.groupby("order", sort=True)[["people", "resource"]].sum()
    steps = sums.cumsum() / sums.sum().where(sums.sum() > 0)
    start = pd.DataFrame({"people": [0.0], "resource": [0.0]})
    return pd.concat([start, steps], ignore_index=True)
