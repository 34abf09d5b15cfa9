"""Slope and Relative Index of Inequality from quantile values, as OHID defines them.

Quantile 1 is the most deprived, and the relative rank runs from 0 (the most deprived end) to 1 (the
least deprived end). A Slope Index of Inequality above zero therefore means that the figure is
higher where people are less deprived; one below zero, higher where they are more deprived.

Sources: OHID, PHEindicatormethods `phe_sii` (v2.1.1), after Low and Low, "Measuring the gap",
Journal of Public Health 2004; 26: 388-395.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pcs_dash.measures.intervals import NO_INTERVAL, check_confidence
from pcs_dash.measures.sums import Floats
from pcs_dash.tables.errors import UserError

Kind = Literal["mean", "rate", "proportion"]

NAN = float("nan")
FEWEST_QUANTILES = 3
CHUNK = 20_000


@dataclass(frozen=True)
class SlopeIndex:
    """Slope (SII) and Relative (RII) Index of Inequality with their limits.

    `sii` = fitted value at the least deprived end minus that at the most deprived end, in the
    unit of the measure; `rii` = the first over the second; `intercept` = the fitted value at the
    most deprived end; `p_value` tests that there is no slope. NaN limits: no standard errors were
    given, or (RII) the fitted value at the most deprived end can't be told from zero.
    """

    sii: float
    sii_low: float
    sii_high: float
    rii: float
    rii_low: float
    rii_high: float
    intercept: float
    confidence: float = 0.95
    interval_method: str = NO_INTERVAL
    p_value: float = float("nan")


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
    check_confidence(confidence)
    method = f"simulation ({repetitions:,} repetitions)"
    if repetitions < 100:
        raise UserError("Fewer than 100 repetitions give no steady interval (OHID: 100,000).")
    to_line, to_value = _scales(kind)
    projection = _projection(ranks, weights)
    fitted = values if not transform else to_line(values)
    intercept, slope = (float(part) for part in projection @ fitted)
    ends = np.array([intercept, intercept + slope])
    most, least = (float(end) for end in (to_value(ends) if transform else ends))
    sii, rii = least - most, _ratio_of_ends(most, least, float(np.abs(values).max()))
    if standard_error is None:
        return SlopeIndex(sii, NAN, NAN, rii, NAN, NAN, most, confidence)
    errors = _checked_errors(standard_error, values, kind)
    intercepts, slopes = _simulate(
        to_line(values), errors, to_value, projection, transform, repetitions, seed
    )
    sii_limits, rii_limits = (
        _turned_limits(intercept + slope / 2, slopes, to_value, confidence)
        if transform
        else (
            _positions(slopes, confidence),
            _ratio_limits(intercepts, intercepts + slopes, confidence),
        )
    )
    p_value = _p_value(slopes, repetitions)
    return SlopeIndex(sii, *sii_limits, rii, *rii_limits, most, confidence, method, p_value)


def _turned_limits(  # type: ignore[no-untyped-def]
    middle: float, slopes: Floats, to_value, confidence: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits of SII and RII: those of the slope, turned about the middle of the line."""
    low, high = (
        to_value(np.array([middle - slope / 2, middle + slope / 2]))
        for slope in _positions(slopes, confidence)
    )
    sii = float(low[1] - low[0]), float(high[1] - high[0])
    return sii, (float(low[1] / low[0]), float(high[1] / high[0]))


def _p_value(slopes: Floats, repetitions: int) -> float:
    """Twice the smaller share of simulated slopes on the other side of zero."""
    beyond = min(int((slopes <= 0).sum()), int((slopes >= 0).sum()))
    return min(1.0, 2 * (beyond + 1) / (repetitions + 1))


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
    if not order.shape == people.shape == values.shape or order.ndim != 1:
        raise UserError(
            f"The lengths differ: {order.size} quantiles, {people.size} populations and "
            f"{values.size} values. Give one of each for every quantile."
        )
    problems = [*_faults_of_kind(kind, transform)]
    if order.size < FEWEST_QUANTILES:
        problems.append(
            f"{order.size} quantiles are too few for a slope; give at least {FEWEST_QUANTILES}."
        )
    if not np.all(np.diff(order) > 0):
        problems.append("Quantiles must rise from 1 (most deprived), each once.")
    if not np.all(np.isfinite(people) & (people > 0)):
        problems.append("Every quantile needs a population above zero; leave empty quantiles out.")
    problems += _faults_of_values(values, kind, transform)
    if problems:
        raise UserError(" ".join(problems))
    return relative_ranks(people), people / people.sum(), values


def _faults_of_kind(kind: str, transform: bool) -> list[str]:
    if kind not in ("mean", "rate", "proportion"):
        return [f"There is no kind '{kind}'; choose mean, rate or proportion."]
    if kind == "mean" and transform:
        return ["A mean has no transform; choose kind rate (log) or proportion (logit)."]
    return []


def _faults_of_values(values: Floats, kind: str, transform: bool) -> list[str]:
    if not np.all(np.isfinite(values)):
        return ["Every quantile needs a value; leave quantiles without one out."]
    low, high = float(values.min(initial=1)), float(values.max(initial=0))
    if kind == "proportion" and (low < 0 or high > 1):
        return ["A proportion lies between 0 and 1; divide per cent by 100."]
    if kind == "proportion" and transform and (low == 0 or high == 1):
        return ["A proportion of 0 or 1 has no logit; use transform=False."]
    if kind == "rate" and low < 0:
        return ["A rate can't be below zero."]
    if kind == "rate" and transform and low == 0:
        return ["A rate of 0 has no logarithm; use transform=False."]
    return []


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
