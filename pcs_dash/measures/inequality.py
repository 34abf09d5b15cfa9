"""Inequality by deprivation: slope and relative index, quintile table and gap, concentration.

Everywhere quantile 1 is the most deprived, and the relative rank runs from 0 (the most deprived
end) to 1 (the least deprived end). A Slope Index of Inequality above zero therefore means that
the figure is higher where people are less deprived; one below zero, higher where they are more
deprived. This is OHID's convention.

Sources: OHID, PHEindicatormethods `phe_sii` (v2.1.1), after Low and Low, "Measuring the gap",
Journal of Public Health 2004; 26: 388-395; Kakwani, Wagstaff and van Doorslaer, "Socioeconomic
inequalities in health", Journal of Econometrics 1997; 77: 87-103 (concentration index).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from pcs_dash.measures.correlation import weighted_midranks
from pcs_dash.measures.small_numbers import is_small
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.errors import UserError

Floats = NDArray[np.float64]
Kind = Literal["mean", "rate", "proportion"]
Level = Literal["practice", "quintile", "lsoa"]
Measure = Literal["patients_per_fte_gp", "fte_gp_per_10000"]
Interval = Literal["jackknife", "bootstrap"]

LEVELS: tuple[Level, ...] = ("practice", "quintile", "lsoa")
MEASURES: tuple[Measure, ...] = ("patients_per_fte_gp", "fte_gp_per_10000")
EDITIONS = ("2025", "2019")
FEWEST_QUANTILES = 3
# Fewer practices than this tell nothing of how far a figure depends on each of them.
FEWEST_PRACTICES = 5
CHUNK = 20_000
JACKKNIFE = "jackknife over practices, Student's t"


# --- OHID's method from quantile values and their standard errors --------------------------------


@dataclass(frozen=True)
class SlopeIndex:
    """Slope (SII) and Relative (RII) Index of Inequality with their limits.

    `sii` = fitted value at the least deprived end minus that at the most deprived end, in the
    unit of the measure; `rii` = the first over the second; `intercept` = the fitted value at the
    most deprived end. NaN limits: no standard errors were given, or (RII) the fitted value at
    the most deprived end can't be told from zero.
    """

    sii: float
    sii_low: float
    sii_high: float
    rii: float
    rii_low: float
    rii_high: float
    intercept: float
    confidence: float = 0.95
    interval_method: str = "none"

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval of the SII lies on one side of zero."""
        return bool(self.sii_low > 0 or self.sii_high < 0)


def slope_index_of_inequality(
    quantiles: ArrayLike,
    population: ArrayLike,
    value: ArrayLike,
    standard_error: ArrayLike | None = None,
    *,
    kind: Kind = "mean",
    transform: bool = False,
    confidence: float = 0.95,
    repetitions: int = 100_000,
    seed: int = 0,
) -> SlopeIndex:
    """Slope and Relative Index of Inequality as OHID defines them.

    `quantiles` rise from 1 (most deprived), three or more; `population` > 0 and `value` stand for
    each. The relative rank of a quantile is the midpoint of its range in the cumulative share of
    the population. SII: the slope of the least-squares line of value on relative rank, weighted
    by population share (OHID multiplies both sides by the square root of the share).
    RII = (intercept + SII) / intercept.

    With `transform` the line is fitted to log (kind "rate") or logit (kind "proportion") values,
    and SII and RII are taken between its back-transformed ends; "mean" has no transform.

    `standard_error` is that of `value`, in its unit; for rates and proportions it is carried to
    the log or logit scale by the delta method (see `standard_error_from_limits`). The limits come
    from `repetitions` simulated sets of values: normal for means, log-normal for rates,
    logit-normal for proportions, whether or not `transform` is set. With `transform` the limits
    are those of the slope on the log or logit scale, turned about the fitted middle of the line.

    Raises UserError for arguments that the method can't use.
    """
    ranks, weights, values = _checked(quantiles, population, value, kind, transform)
    _check_simulation(confidence, repetitions)
    to_line, to_value = _scales(kind)
    projection = _projection(ranks, weights)
    fitted = values if not transform else to_line(values)
    intercept, slope = (float(part) for part in projection @ fitted)
    ends = np.array([intercept, intercept + slope])
    if transform:
        ends = to_value(ends)
    sii = float(ends[1] - ends[0])
    rii = _ratio_of_ends(float(ends[0]), float(ends[1]), float(np.abs(values).max()))
    nan = float("nan")
    if standard_error is None:
        return SlopeIndex(sii, nan, nan, rii, nan, nan, float(ends[0]), confidence)
    errors = _checked_errors(standard_error, values, kind)
    intercepts, slopes = _simulate(
        to_line(values), errors, to_value, projection, transform, repetitions, seed
    )
    if transform:
        low, high = _positions(slopes, confidence)
        middle = intercept + slope / 2
        turned = [to_value(np.array([middle - s / 2, middle + s / 2])) for s in (low, high)]
        sii_low, sii_high = (float(end[1] - end[0]) for end in turned)
        rii_low, rii_high = (float(end[1] / end[0]) for end in turned)
    else:
        sii_low, sii_high = _positions(slopes, confidence)
        rii_low, rii_high = _ratio_limits(intercepts, intercepts + slopes, confidence)
    method = f"simulation ({repetitions:,} repetitions)"
    return SlopeIndex(
        sii, sii_low, sii_high, rii, rii_low, rii_high, float(ends[0]), confidence, method
    )


def standard_error_from_limits(
    value: ArrayLike, low: ArrayLike, high: ArrayLike, *, kind: Kind = "mean", z: float = 1.959964
) -> Floats:
    """The standard error, in the unit of `value`, that published limits imply.

    As OHID: the width of the interval on the log (rate) or logit (proportion) scale over 2z; then
    brought back to the unit of the value, so that `slope_index_of_inequality` works with it.
    """
    values, lows, highs = (np.asarray(part, dtype="float64") for part in (value, low, high))
    to_line, _ = _scales(kind)
    errors = (to_line(highs) - to_line(lows)) / (2 * z)
    return np.asarray(errors * _delta(values, kind))


def relative_ranks(population: ArrayLike) -> Floats:
    """The midpoint of each group's range in the cumulative share of the population, 0 to 1."""
    share = np.asarray(population, dtype="float64")
    share = share / share.sum()
    return np.cumsum(share) - share / 2


def _checked(
    quantiles: ArrayLike, population: ArrayLike, value: ArrayLike, kind: str, transform: bool
) -> tuple[Floats, Floats, Floats]:
    """Relative ranks, population shares and values, or every fault found."""
    try:
        order, people, values = (
            np.atleast_1d(np.asarray(part, dtype="float64"))
            for part in (quantiles, population, value)
        )
    except (TypeError, ValueError):
        raise UserError("Quantiles, populations and values must be numbers.") from None
    problems = []
    if kind not in ("mean", "rate", "proportion"):
        problems.append(f"There is no kind '{kind}'; choose mean, rate or proportion.")
    if kind == "mean" and transform:
        problems.append("A mean has no transform; choose kind rate (log) or proportion (logit).")
    if not order.shape == people.shape == values.shape or order.ndim != 1:
        raise UserError(
            f"The lengths differ: {order.size} quantiles, {people.size} populations and "
            f"{values.size} values. Give one of each for every quantile."
        )
    if order.size < FEWEST_QUANTILES:
        problems.append(
            f"{order.size} quantiles are too few for a slope; give at least {FEWEST_QUANTILES}."
        )
    if not np.all(np.diff(order) > 0):
        problems.append("Quantiles must rise from 1 (most deprived), each once.")
    if not np.all(np.isfinite(people) & (people > 0)):
        problems.append("Every quantile needs a population above zero; leave empty quantiles out.")
    if not np.all(np.isfinite(values)):
        problems.append("Every quantile needs a value; leave quantiles without one out.")
    elif kind == "proportion" and not np.all((values >= 0) & (values <= 1)):
        problems.append("A proportion lies between 0 and 1; divide per cent by 100.")
    elif kind == "proportion" and transform and not np.all((values > 0) & (values < 1)):
        problems.append("A proportion of 0 or 1 has no logit; use transform=False.")
    elif kind == "rate" and np.any(values < 0):
        problems.append("A rate can't be below zero.")
    elif kind == "rate" and transform and np.any(values <= 0):
        problems.append("A rate of 0 has no logarithm; use transform=False.")
    if problems:
        raise UserError(" ".join(problems))
    return relative_ranks(people), people / people.sum(), values


def _check_simulation(confidence: float, repetitions: int) -> None:
    if not 0.5 <= confidence < 1:
        raise UserError(f"The confidence is {confidence}; give a figure from 0.5 up to below 1.")
    if repetitions < 100:
        raise UserError("Fewer than 100 repetitions give no steady interval (OHID: 100,000).")


def _checked_errors(standard_error: ArrayLike, values: Floats, kind: Kind) -> Floats:
    """Standard errors on the scale of the simulation."""
    errors = np.atleast_1d(np.asarray(standard_error, dtype="float64"))
    if errors.shape != values.shape:
        raise UserError(f"There are {errors.size} standard errors for {values.size} quantiles.")
    if not np.all(np.isfinite(errors) & (errors >= 0)):
        raise UserError("Standard errors must be numbers of zero or more, one for each quantile.")
    if kind == "rate" and np.any(values <= 0):
        raise UserError("A rate of 0 has no interval by OHID's method; merge quantiles.")
    if kind == "proportion" and not np.all((values > 0) & (values < 1)):
        raise UserError("A proportion of 0 or 1 has no interval by OHID's method; merge quantiles.")
    return np.asarray(errors / _delta(values, kind))


def _delta(values: Floats, kind: Kind) -> Floats:
    """d value / d (log or logit value): what carries a standard error between the scales."""
    if kind == "rate":
        return values
    if kind == "proportion":
        return values * (1 - values)
    return np.ones_like(values)


def _scales(kind: Kind):  # type: ignore[no-untyped-def]
    """(value -> simulation scale, and back)."""
    if kind == "rate":
        return np.log, np.exp
    if kind == "proportion":
        return special.logit, special.expit
    return np.asarray, np.asarray


def _projection(ranks: Floats, weights: Floats) -> Floats:
    """2 x k matrix that turns values into the intercept and slope of the weighted line."""
    design = np.column_stack([np.ones_like(ranks), ranks])
    weighted = design * weights[:, None]
    return np.asarray(np.linalg.solve(design.T @ weighted, weighted.T))


def _simulate(  # type: ignore[no-untyped-def]
    centre: Floats,
    errors: Floats,
    to_value,
    projection: Floats,
    transform: bool,
    repetitions: int,
    seed: int,
) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    parts = []
    for start in range(0, repetitions, CHUNK):
        drawn = rng.standard_normal((min(CHUNK, repetitions - start), len(centre)))
        drawn = centre + drawn * errors
        parts.append((drawn if transform else to_value(drawn)) @ projection.T)
    lines = np.concatenate(parts)
    return lines[:, 0], lines[:, 1]


def _positions(samples: Floats, confidence: float) -> tuple[float, float]:
    """The sorted samples at OHID's places: round(repetitions x tail) from either end."""
    tail = (1 - confidence) / 2
    places = [round(len(samples) * tail), round(len(samples) * (1 - tail))]
    places = [min(max(place, 1), len(samples)) - 1 for place in places]
    part = np.partition(samples, places)
    return float(part[places[0]]), float(part[places[1]])


def _ratio_of_ends(most: float, least: float, size: float) -> float:
    return least / most if abs(most) > 1e-12 * size else float("nan")


def _ratio_limits(most: Floats, least: Floats, confidence: float) -> tuple[float, float]:
    # Where the denominator changes sign within the interval, the ratio has no bounded interval.
    tail = (1 - confidence) / 2
    positive = float(np.mean(most > 0))
    if tail < positive < 1 - tail or np.any(most == 0):
        return float("nan"), float("nan")
    return _positions(least / most, confidence)


# --- The same over practices: by quintile, practice or LSOA -----------------------------------


@dataclass(frozen=True)
class PatientMatrix:
    """Patients and FTE of each practice (rows) in each group (columns).

    Groups are quintiles, LSOAs or the practices themselves. `order` rises from the most to the
    least deprived group. Practices without an FTE figure or a list are left out and counted.
    `diagonal`: each practice is a group of its own.
    """

    patients: Floats
    fte: Floats
    order: Floats
    groups: tuple[object, ...]
    n_practices: int
    n_missing: int
    note: str = ""
    diagonal: bool = False


def quintile_matrix(
    practices: pd.DataFrame, *, definition: str = "fully_qualified", edition: str = "2025"
) -> PatientMatrix:
    """Each practice's patients and FTE shared over quintiles in proportion to where patients live.

    The mix is of the month of the registrations by LSOA (`Dataset.mix_period`), of patients with
    a known quintile; patients and FTE are those of the workforce.
    """
    if edition not in EDITIONS:
        raise UserError(f"There is no IMD edition '{edition}'. Choose 2025 or 2019.")
    mix = practices[[f"imd{edition}_patients_quintile_{q}" for q in range(1, 6)]]
    mix = mix.astype("float64")
    fte = practices[gp_definition(definition).column].astype("float64")
    patients = practices["patients"].astype("float64")
    keep = (fte.notna() & patients.notna() & (mix.sum(axis=1, skipna=False) > 0)).to_numpy()
    share = mix[keep].div(mix[keep].sum(axis=1), axis=0).to_numpy()
    people, doctors = (
        share * patients[keep].to_numpy()[:, None],
        share * fte[keep].to_numpy()[:, None],
    )
    used = people.sum(axis=0) > 0
    empty = [str(q) for q in range(1, 6) if not used[q - 1]]
    note = f"Nobody lives in quintile {', '.join(empty)}." if empty and keep.any() else ""
    return PatientMatrix(
        _floats(people[:, used]),
        _floats(doctors[:, used]),
        _floats(np.arange(1, 6)[used]),
        tuple(int(q) for q in np.arange(1, 6)[used]),
        int(keep.sum()),
        int((~keep).sum()),
        note,
    )


def practice_matrix(
    practices: pd.DataFrame,
    *,
    definition: str = "fully_qualified",
    measure: Measure = "patients_per_fte_gp",
    deprivation: pd.Series | None = None,
) -> PatientMatrix:
    """Every practice a group of its own, ordered by the deprivation of its patients.

    `deprivation` is higher where patients are more deprived; the IMD 2025 score if not given.
    A practice that reports no such GP (FTE 0) has no patients per FTE GP and leaves that measure;
    it stays in FTE per 10,000 as 0.
    """
    fte = practices[gp_definition(definition).column].astype("float64")
    score = practices["imd_score"] if deprivation is None else deprivation.reindex(practices.index)
    score = score.astype("float64")
    keep = fte.notna() & score.notna() & practices["patients"].notna()
    if measure == "patients_per_fte_gp":
        keep &= fte > 0
    return PatientMatrix(
        _floats(np.diag(practices["patients"][keep])),
        _floats(np.diag(fte[keep])),
        -_floats(score[keep]),
        tuple(practices.index[keep]),
        int(keep.sum()),
        int((~keep).sum()),
        diagonal=True,
    )


def lsoa_matrix(
    practices: pd.DataFrame,
    registrations: pd.DataFrame,
    lsoa_rank: pd.Series,
    *,
    definition: str = "fully_qualified",
) -> PatientMatrix:
    """Each practice's patients by LSOA, its FTE shared out in proportion to them.

    `registrations`: columns practice_code, lsoa11cd, patients. `lsoa_rank`: IMD rank (1 = most
    deprived) on the index of LSOA codes; patients living elsewhere leave with their share of FTE.
    No row or no column where no registration belongs to these practices or LSOAs.
    """
    columns = {"practice_code", "lsoa11cd", "patients"}
    if not columns <= set(registrations.columns):
        raise UserError("Registrations need the columns practice_code, lsoa11cd and patients.")
    fte = practices[gp_definition(definition).column].astype("float64").dropna()
    table = registrations[registrations["practice_code"].isin(fte.index)].pivot_table(
        index="practice_code", columns="lsoa11cd", values="patients", aggfunc="sum", fill_value=0
    )
    lists = table.sum(axis=1)
    known = [code for code in lsoa_rank.dropna().index if code in table.columns]
    table = table.loc[lists > 0, known].astype("float64")
    per_patient = (fte.loc[table.index] / lists[lists > 0]).to_numpy()
    return PatientMatrix(
        table.to_numpy(),
        table.to_numpy() * per_patient[:, None],
        _floats(lsoa_rank.loc[known]),
        tuple(known),
        len(table),
        len(practices) - len(table),
    )


def group_ratios(matrix: PatientMatrix) -> pd.DataFrame:
    """One row a group: patients, fte_gp, patients_per_fte_gp, fte_gp_per_10000."""
    patients, fte = matrix.patients.sum(axis=0), matrix.fte.sum(axis=0)
    return pd.DataFrame(
        {
            "patients": patients,
            "fte_gp": fte,
            "patients_per_fte_gp": _ratio(patients, fte),
            "fte_gp_per_10000": 1e4 * _ratio(fte, patients),
        },
        index=pd.Index(matrix.groups, name="group"),
    )


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype="float64")


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)


@dataclass(frozen=True)
class AreaInequality:
    """SII and RII of a measure over an area's practices, with limits over practices."""

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
    measure: Measure = "patients_per_fte_gp",
    definition: str = "fully_qualified",
    edition: str = "2025",
    registrations: pd.DataFrame | None = None,
    lsoa_rank: pd.Series | None = None,
    confidence: float = 0.95,
    interval: Interval = "jackknife",
    repetitions: int = 2_000,
    seed: int = 0,
) -> AreaInequality:
    """Slope and Relative Index of Inequality at a level, with limits over practices.

    The quintiles share practices, so their errors are not independent as OHID's simulation has
    it; leaving out (or resampling) whole practices keeps that. `interval`: "jackknife" (RII on
    the log scale), or "bootstrap" (its standard error, seeded), which agrees with it closely.
    `edition` matters for quintiles; practices are ranked by their IMD 2025 score; LSOAs by
    `lsoa_rank`. Too few practices: NaN and a `reason`.
    """
    if measure not in MEASURES:
        raise UserError(f"There is no measure '{measure}'. Choose one of: {', '.join(MEASURES)}.")
    _check_simulation(confidence, repetitions)
    if level == "quintile":
        matrix = quintile_matrix(practices, definition=definition, edition=edition)
    elif level == "practice":
        matrix = practice_matrix(practices, definition=definition, measure=measure)
    elif level == "lsoa":
        if registrations is None or lsoa_rank is None:
            raise UserError("The LSOA level needs the table of patients by practice and LSOA.")
        matrix = lsoa_matrix(practices, registrations, lsoa_rank, definition=definition)
    else:
        raise UserError(f"There is no level '{level}'. Choose one of: {', '.join(LEVELS)}.")
    index, reason = _area_index(matrix, measure, confidence, interval, repetitions, seed)
    return AreaInequality(
        index,
        level,
        measure,
        definition,
        edition,
        matrix.n_practices,
        matrix.n_missing,
        len(matrix.groups),
        group_ratios(matrix),
        matrix.note,
        reason,
    )


def _area_index(
    matrix: PatientMatrix,
    measure: Measure,
    confidence: float,
    interval: Interval,
    repetitions: int,
    seed: int,
) -> tuple[SlopeIndex, str]:
    nan = float("nan")
    n = len(matrix.fte)
    if n < FEWEST_PRACTICES:
        # Groups that share so few practices repeat their figures: a slope would be of rounding.
        reason = (
            f"Only {n} {'practice has' if n == 1 else 'practices have'} a figure; an index of "
            f"inequality needs at least {FEWEST_PRACTICES}."
        )
        return SlopeIndex(nan, nan, nan, nan, nan, nan, nan, confidence), reason
    if len(matrix.groups) < FEWEST_QUANTILES:
        reason = f"Only {len(matrix.groups)} groups have patients; a slope needs at least 3."
        return SlopeIndex(nan, nan, nan, nan, nan, nan, nan, confidence), reason
    starts, rises = _slopes(np.ones((1, n)), matrix, measure)
    intercept, slope = float(starts[0]), float(rises[0])
    if not np.isfinite(slope):
        reason = "No group has both patients and GPs, so there is nothing to compare."
        return SlopeIndex(nan, nan, nan, nan, nan, nan, nan, confidence), reason
    rii = _ratio_of_ends(intercept, intercept + slope, abs(intercept) + abs(slope))
    left_start, left_rise = _slopes(1 - np.eye(n), matrix, measure)
    with np.errstate(divide="ignore", invalid="ignore"):
        left_log = np.log1p(left_rise / left_start)
        log_rii = float(np.log1p(slope / intercept)) if intercept else nan
    if interval == "bootstrap":
        starts, rises = _resampled(matrix, measure, repetitions, seed)
        low, high = _bootstrap_limits(slope, rises, n, confidence)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = _bootstrap_limits(log_rii, np.log1p(rises / starts), n, confidence)
        method = f"bootstrap error over practices ({repetitions:,} samples), Student's t"
    else:
        low, high = jackknife_limits(slope, left_rise, confidence)
        logs = jackknife_limits(log_rii, left_log, confidence)
        method = JACKKNIFE
    rii_low, rii_high = (float(np.exp(limit)) for limit in logs)
    return SlopeIndex(slope, low, high, rii, rii_low, rii_high, intercept, confidence, method), ""


def jackknife_limits(
    estimate: float, left_out: Floats, confidence: float = 0.95
) -> tuple[float, float]:
    """Limits from the estimates without each practice: standard error x Student's t on n - 1.

    NaN where an estimate is missing: without that practice there would be no figure at all.
    """
    n = len(left_out)
    if n < FEWEST_PRACTICES or not np.isfinite(estimate) or not np.all(np.isfinite(left_out)):
        return float("nan"), float("nan")
    error = np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
    reach = float(error * stats.t.ppf((1 + confidence) / 2, n - 1))
    return estimate - reach, estimate + reach


def _bootstrap_limits(
    estimate: float, samples: Floats, n: int, confidence: float
) -> tuple[float, float]:
    """Bootstrap standard error, freed of its bias for small n, x Student's t on n - 1."""
    usable = samples[np.isfinite(samples)]
    if not np.isfinite(estimate) or usable.size < 0.9 * samples.size:
        return float("nan"), float("nan")
    error = usable.std(ddof=1) * np.sqrt(n / (n - 1))
    reach = float(error * stats.t.ppf((1 + confidence) / 2, n - 1))
    return estimate - reach, estimate + reach


def relative_gradient(
    matrix: PatientMatrix,
    *,
    measure: Measure = "patients_per_fte_gp",
    by_patients: bool = True,
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    """Fitted value at the most minus that at the least deprived end, per cent of the mean.

    The SII with its sign turned, over the mean: comparable between levels, definitions and kinds
    of list. Groups weigh by their patients, or each alike. With its jackknife limits over
    practices; NaN where there is too little to go on.
    """
    nan = float("nan")
    n = len(matrix.fte)
    if len(matrix.groups) < FEWEST_QUANTILES or n < FEWEST_PRACTICES:
        return nan, nan, nan

    def gradient(counts: Floats) -> Floats:
        starts, rises = _slopes(counts, matrix, measure, by_patients)
        return -100 * _ratio(rises, starts + rises / 2)

    estimate = float(gradient(np.ones((1, n)))[0])
    return estimate, *jackknife_limits(estimate, gradient(1 - np.eye(n)), confidence)


def _draws(n: int, repetitions: int, seed: int) -> Floats:
    """How often each of n practices stands in each bootstrap sample (read only)."""
    # Kept for the next call, unless that would take more than 16 MB.
    return (_kept if n * repetitions <= 2_000_000 else _drawn)(n, repetitions, seed)


def _drawn(n: int, repetitions: int, seed: int) -> Floats:
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=repetitions)
    draws = counts.astype("float64")
    draws.setflags(write=False)
    return draws


_kept = lru_cache(maxsize=4)(_drawn)


def _resampled(
    matrix: PatientMatrix, measure: Measure, repetitions: int, seed: int
) -> tuple[Floats, Floats]:
    draws = _draws(len(matrix.fte), repetitions, seed)
    # About 16 MB a time, however many groups there are.
    size = max(50, 2_000_000 // max(1, len(matrix.groups)))
    parts = [
        _slopes(draws[start : start + size], matrix, measure)
        for start in range(0, repetitions, size)
    ]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _slopes(
    counts: Floats, matrix: PatientMatrix, measure: Measure, by_patients: bool = True
) -> tuple[Floats, Floats]:
    """Intercept and slope for each row of `counts` (how often each practice stands in it).

    Groups weigh by their patients, or each alike (a practice drawn twice then counts twice).
    """
    if matrix.diagonal:
        # The same as the products below, without the zeros.
        patients, fte = counts * matrix.patients.diagonal(), counts * matrix.fte.diagonal()
    else:
        patients, fte = counts @ matrix.patients, counts @ matrix.fte
    values = _measured(patients, fte, measure)
    # A group that this sample leaves empty, or without a GP, has no figure and no weight.
    sizes = patients
    if not by_patients:
        sizes = counts if matrix.diagonal else (patients > 0).astype("float64")
    weights = np.where(np.isfinite(values), sizes, 0.0)
    values = np.where(weights > 0, values, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    total = np.where(total > 0, total, np.nan)
    ranks = weighted_midranks(weights, matrix.order) / total
    weights = weights / total
    centred = ranks - (weights * ranks).sum(axis=1, keepdims=True)
    spread = (weights * centred**2).sum(axis=1)
    slope = _ratio((weights * centred * values).sum(axis=1), spread)
    mean = (weights * values).sum(axis=1)
    # Mid-ranks have the weighted mean 1/2.
    return mean - slope / 2, slope


def _measured(patients: Floats, fte: Floats, measure: Measure) -> Floats:
    if measure == "patients_per_fte_gp":
        return _ratio(patients, fte)
    return 1e4 * _ratio(fte, patients)


@dataclass(frozen=True)
class AreaRatio:
    """An area's patients per FTE GP with limits, as if its practices were a sample."""

    value: float
    low: float
    high: float
    n: int
    n_missing: int
    confidence: float
    interval_method: str


def area_ratio(
    practices: pd.DataFrame, *, definition: str = "fully_qualified", confidence: float = 0.95
) -> AreaRatio:
    """Patients per FTE GP of all practices together (sum over sum), with its interval.

    The jackknife over practices, on the log scale. The practices are all there are, so the
    interval answers: how much could the figure owe to which practices happen to be there?
    """
    fte = practices[gp_definition(definition).column].astype("float64")
    keep = (fte.notna() & (practices["patients"] > 0)).to_numpy()
    people = _floats(practices["patients"])[keep][:, None]
    doctors = _floats(fte)[keep][:, None]
    value, low, high = _log_ratio_limits(people, doctors, confidence)
    return AreaRatio(value, low, high, int(keep.sum()), int((~keep).sum()), confidence, JACKKNIFE)


def _log_ratio_limits(
    people: Floats, doctors: Floats, confidence: float
) -> tuple[float, float, float]:
    """people / doctors of one column, or the ratio of that in the first and in the second column.

    With jackknife limits on the log scale.
    """
    signs = np.array([1.0, -1.0])[: people.shape[1]]

    def logs(counts: Floats) -> Floats:
        tops, bottoms = counts @ people, counts @ doctors
        positive = (tops > 0) & (bottoms > 0)
        ratios = np.where(positive, tops, 1.0) / np.where(positive, bottoms, 1.0)
        return np.asarray(np.where(positive, np.log(ratios), np.nan) @ signs)

    n = len(people)
    estimate = float(logs(np.ones((1, n)))[0]) if n else float("nan")
    low, high = jackknife_limits(estimate, logs(1 - np.eye(n)), confidence)
    return float(np.exp(estimate)), float(np.exp(low)), float(np.exp(high))


@dataclass(frozen=True)
class Gap:
    """Quintile 1 (most deprived) against quintile 5: ratio and difference with their limits."""

    measure: str
    ratio: float
    ratio_low: float
    ratio_high: float
    difference: float
    difference_low: float
    difference_high: float
    confidence: float
    interval_method: str
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
    """Patients per FTE GP and FTE GPs per 10,000 patients by deprivation quintile.

    Limits by the jackknife over practices, on the log scale; NaN with fewer than five practices
    or an empty quintile.
    """
    matrix = quintile_matrix(practices, definition=definition, edition=edition)
    table = group_ratios(matrix).reindex(range(1, 6)).rename_axis("quintile")
    table[["patients", "fte_gp"]] = table[["patients", "fte_gp"]].where(
        table["patients"].notna(), 0.0
    )
    limits = {
        group: _log_ratio_limits(matrix.patients[:, [g]], matrix.fte[:, [g]], confidence)
        for g, group in enumerate(matrix.groups)
    }
    nothing = (float("nan"),) * 3
    low, high = (np.array([limits.get(q, nothing)[side] for q in range(1, 6)]) for side in (1, 2))
    table["patients_per_fte_gp_low"], table["patients_per_fte_gp_high"] = low, high
    table["fte_gp_per_10000_low"], table["fte_gp_per_10000_high"] = 1e4 / high, 1e4 / low
    order = ["patients", "fte_gp"] + [
        f"{m}{end}" for m in MEASURES for end in ("", "_low", "_high")
    ]
    gaps: dict[str, Gap] = {m: _gap(matrix, m, confidence) for m in MEASURES}
    return QuintileTable(
        table[order], gaps, definition, edition, matrix.n_practices, matrix.n_missing, JACKKNIFE
    )


def _gap(matrix: PatientMatrix, measure: Measure, confidence: float) -> Gap:
    nan = float("nan")
    if not {1, 5} <= set(matrix.groups):
        return Gap(measure, nan, nan, nan, nan, nan, nan, confidence, "none", matrix.note)
    ends = [matrix.groups.index(1), matrix.groups.index(5)]
    people, doctors = matrix.patients[:, ends], matrix.fte[:, ends]
    n = len(people)

    def difference(counts: Floats) -> Floats:
        values = _measured(counts @ people, counts @ doctors, measure)
        return np.asarray(values[:, 0] - values[:, 1])

    ratio, low, high = _log_ratio_limits(people, doctors, confidence)
    if measure == "fte_gp_per_10000":
        ratio, low, high = (1 / limit if limit else nan for limit in (ratio, high, low))
    apart = float(difference(np.ones((1, n)))[0])
    apart_low, apart_high = jackknife_limits(apart, difference(1 - np.eye(n)), confidence)
    reason = "" if np.isfinite(low) else "There are too few practices for an interval."
    return Gap(
        measure, ratio, low, high, apart, apart_low, apart_high, confidence, JACKKNIFE, reason
    )


# --- Concentration index -------------------------------------------------------------------------


@dataclass(frozen=True)
class Concentration:
    """Concentration index of a resource over people ranked from most to least deprived.

    Between -1 and 1; above zero: more of it goes to people in less deprived areas. `curve`:
    cumulative shares, columns people and resource, from (0, 0) to (1, 1).
    """

    index: float
    low: float
    high: float
    n: int
    n_missing: int
    curve: pd.DataFrame
    confidence: float
    interval_method: str
    reason: str = ""

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of zero."""
        return bool(self.low > 0 or self.high < 0)


def concentration_index(
    resource: ArrayLike,
    people: ArrayLike,
    deprivation: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Concentration:
    """Concentration of `resource` (FTE, a total) over `people`, most deprived first.

    `deprivation` is higher where people are more deprived; practices with the same deprivation
    share their rank. C = 2 cov(h, r) / mean(h), with h resource per person, r the relative rank
    and everything weighted by people (Kakwani, Wagstaff and van Doorslaer 1997). Limits:
    jackknife over the rows.
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
    nan = float("nan")
    if n < FEWEST_PRACTICES or not amounts.sum() > 0:
        reason = "There are too few practices, or there is nothing to share out."
        return Concentration(nan, nan, nan, n, missing, curve, confidence, "none", reason)

    def index(counts: Floats) -> Floats:
        weights = counts * persons
        total = weights.sum(axis=1, keepdims=True)
        ranks = weighted_midranks(weights, -scores) / total
        shares = counts * amounts
        held = shares.sum(axis=1)
        return 2 * _ratio((shares * ranks).sum(axis=1), held) - 1

    estimate = float(index(np.ones((1, n)))[0])
    low, high = jackknife_limits(estimate, index(1 - np.eye(n)), confidence)
    return Concentration(estimate, low, high, n, missing, curve, confidence, JACKKNIFE)


def _curve(amounts: Floats, persons: Floats, scores: Floats) -> pd.DataFrame:
    groups = pd.DataFrame({"order": -scores, "people": persons, "resource": amounts})
    sums = groups.groupby("order", sort=True)[["people", "resource"]].sum()
    steps = sums.cumsum() / sums.sum().where(sums.sum() > 0)
    start = pd.DataFrame({"people": [0.0], "resource": [0.0]})
    return pd.concat([start, steps], ignore_index=True)
