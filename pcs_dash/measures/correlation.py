"""Correlation between two measures, with its interval, its robustness and its reasons.

Spearman's rho is the headline: of the coefficients tried, its interval alone holds on the long
tails that practices have (docs/methods.md). All intervals are jackknives over practices
(`intervals.jackknife`):

* Spearman's rho and Pearson's r on the scale of Fisher's z = atanh r, ranks being those of the
  sample; Kendall's tau-b as it is (on Fisher's scale 34 of 57 were outside 93% to 97%);
* Pearson's r has one only where at least PEARSON_CARRYING practices carry it, weighted rank
  coefficients where WEIGHTED_CARRYING do;
* of up to MOST_DRAWN practices an interval is given only where practices drawn again show that it
  holds;
* a p-value is that of the interval, or of a permutation test where there is none.

With weights, the coefficient is the weighted one (Spearman on weighted mid-ranks). Pairs with a
missing value leave and are counted. A coefficient says that two figures go together, not that one
brings the other about.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from pcs_dash.measures.intervals import (
    FEWEST_PRACTICES,
    Again,
    Limits,
    check_confidence,
    jackknife,
    permutation_p,
)
from pcs_dash.measures.numbers import count
from pcs_dash.measures.practice_measures import measure
from pcs_dash.measures.sums import Floats
from pcs_dash.tables.areas import all_areas
from pcs_dash.tables.errors import UserError

Method = Literal["spearman", "kendall", "pearson"]

METHODS: tuple[Method, ...] = ("spearman", "kendall", "pearson")
HEADLINE: Method = "spearman"
COEFFICIENT_NAMES = {
    "spearman": "Spearman's rho",
    "kendall": "Kendall's tau",
    "pearson": "Pearson's r",
}
# Fewer pairs than this have no coefficient.
SMALLEST_N = 4
PEARSON_CARRYING = 6.0
# More practices for each covariate: with 23 and three, 91.5% of the intervals held.
FOR_A_COVARIATE = 5
WEIGHTED_CARRYING = 6.0
# Of more practices all intervals tried held (docs/methods.md).
MOST_DRAWN = 500
# Rows of a table of pairs made at a time, so that memory stays small.
CHUNK = 500


@dataclass(frozen=True)
class Correlation:
    """A coefficient and what it rests on; NaN with a `reason` where there is none.

    `n` counts the pairs used, `n_missing` those that left because a value was missing. Where the
    coefficient has no interval, `reason` says why, and `p_value` is from permutations.
    """

    n: int
    coefficient: float
    ci_low: float
    ci_high: float
    p_value: float
    method: str
    weighted: bool
    interval_method: str
    n_missing: int = 0
    confidence: float = 0.95
    reason: str = ""

    @property
    def excludes_zero(self) -> bool:
        """Whether chance alone would rarely give it (p < 0.05): the one rule for every claim."""
        return bool(self.p_value < 0.05)


def correlate(
    x: ArrayLike,
    y: ArrayLike,
    *,
    method: Method = HEADLINE,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
    holds: bool = False,
) -> Correlation:
    """Correlate `x` with `y`, paired by position (Series must share their index).

    `weights` are positive (list sizes); a pair with weight 0 or none leaves like a missing one.
    `holds`: the interval is known to hold and is not tried. Raises UserError for a bad argument;
    too few pairs or no variation give NaN and a reason.
    """
    if method not in METHODS:
        raise UserError(f"There is no method '{method}'. Choose one of: {', '.join(METHODS)}.")
    check_confidence(confidence)
    xs, ys, ws, n_missing = complete_pairs(x, y, weights)
    weighted = weights is not None
    reason = why_not(xs, ys)
    if reason:
        return _undefined(len(xs), method, weighted, n_missing, confidence, reason)
    if method == "spearman":
        xs, ys = (weighted_midranks(ws[None, :], part)[0] for part in (xs, ys))
    again = _taus(xs, ys, ws) if method == "kendall" else _rhos(xs, ys, ws, method == "spearman")
    coefficient, left_out = (part[0] for part in again(np.ones((1, len(xs)))))
    limits = _limits(
        coefficient,
        left_out,
        confidence,
        _fewest(weighted, method),
        None if holds else again,
        as_it_is=method == "kendall",
    )
    if not limits.known:
        limits = replace(limits, p_value=_dealt_out(xs, ys, ws, method))
    return _result(len(xs), coefficient, limits, method, weighted, n_missing, confidence)


def _fewest(weighted: bool, method: str = HEADLINE) -> float:
    if method == "pearson":
        return PEARSON_CARRYING
    return WEIGHTED_CARRYING if weighted else 0.0


def _undefined(
    n: int, method: str, weighted: bool, n_missing: int, confidence: float, reason: str
) -> Correlation:
    limits = Limits(reason=reason)
    return _result(n, math.nan, limits, method, weighted, n_missing, confidence)


def _result(
    n: int,
    coefficient: float,
    limits: Limits,
    method: str,
    weighted: bool,
    n_missing: int,
    confidence: float,
) -> Correlation:
    figures = (float(coefficient), limits.low, limits.high, limits.p_value, method, weighted)
    return Correlation(n, *figures, limits.method, n_missing, confidence, limits.reason)


def complete_pairs(
    x: ArrayLike, y: ArrayLike, weights: ArrayLike | None
) -> tuple[Floats, Floats, Floats, int]:
    """The pairs without gaps, their weights (scaled to mean 1) and the number that left."""
    series = [part for part in (x, y, weights) if isinstance(part, pd.Series)]
    if any(not part.index.equals(series[0].index) for part in series[1:]):
        raise UserError("The two measures are not for the same practices in the same order.")
    xs, ys = floats(x), floats(y)
    ws = np.ones_like(xs) if weights is None else floats(weights)
    if not xs.shape == ys.shape == ws.shape:
        raise UserError(
            f"The measures differ in length: {xs.size} and {ys.size} values, {ws.size} weights."
        )
    if np.any(ws[np.isfinite(ws)] < 0):
        raise UserError("A weight is negative; weights are list sizes or other positive counts.")
    keep = np.isfinite(xs) & np.isfinite(ys) & np.isfinite(ws) & (ws > 0)
    ws = ws[keep]
    return xs[keep], ys[keep], ws / ws.mean() if ws.size else ws, int((~keep).sum())


def floats(values: ArrayLike) -> Floats:
    """The values as one row of floating-point numbers, NaN where missing."""
    return np.ravel(np.asarray(pd.Series(np.ravel(np.asarray(values))), dtype="float64"))


def why_not(x: Floats, y: Floats) -> str:
    """Why no coefficient or line can be had of the pairs; empty where it can."""
    n = len(x)
    if n < SMALLEST_N:
        have = count(n, "practice has", "practices have")
        return f"Only {have} both figures; at least {SMALLEST_N} are needed."
    if is_constant(x) or is_constant(y):
        return "One of the measures is the same for every practice, so nothing can vary with it."
    return ""


def is_constant(values: Floats) -> bool:
    """Whether the values differ by no more than rounding."""
    return bool(np.ptp(values) <= 1e-12 * max(1e-300, float(np.abs(values).max())))


# --- Coefficients, whole and without each practice -----------------------------------------------


def residual_correlation(
    x: Floats, y: Floats, weights: Floats | None = None, given: Floats | None = None
) -> tuple[float, Floats]:
    """Pearson's r of what least squares on `given` (and a constant) leave of `x` and `y`; and the
    same without each row in turn (NaN where it is undefined).

    Leaving a row out takes e_x e_y / (1 - h) from the sum of products of residuals, h being the
    row's leverage, so that no regression has to be fitted again.
    """
    n = len(x)
    root = np.sqrt(np.ones(n) if weights is None else weights)
    design = np.ones((n, 1)) if given is None else np.column_stack([np.ones(n), given])
    # The columns that are combinations of others have no direction of their own.
    basis, sizes, _ = np.linalg.svd(design * root[:, None], full_matrices=False)
    basis = basis[:, sizes > 1e-10 * sizes[0]]
    ex, ey = (root * part - basis @ (basis.T @ (root * part)) for part in (x, y))
    free = 1 - (basis**2).sum(axis=1)
    share = np.divide(1.0, free, out=np.full(n, np.nan), where=free > 1e-9)
    whole, left_out = _without_one(np.ones((1, n)), ex, ey, share)
    return float(whole[0]), left_out[0]


def _limits(
    coefficient: float,
    left_out: Floats,
    confidence: float,
    fewest: float,
    again: Again | None,
    cells: int | None = None,
    *,
    as_it_is: bool = False,
) -> Limits:
    """Limits of a coefficient: on Fisher's scale, or as it is; tried by drawing `again`."""

    def scaled(part: Floats) -> Floats:
        # A coefficient of 1 lies infinitely far out: no interval, never certainty.
        inside = np.where(np.abs(part) < 1 - 1e-12, part, np.nan)
        return part if as_it_is else np.asarray(np.arctanh(inside))

    def drawn(counts: Floats) -> tuple[Floats, Floats]:
        assert again is not None
        coefficients, without = again(counts)
        return scaled(coefficients), scaled(without)

    whole = float(scaled(np.asarray(coefficient)))
    if not np.isfinite(whole):
        reason = "There is no interval: the two agree perfectly, as a few practices can by chance."
        return Limits(reason=reason)
    found = jackknife(
        whole,
        scaled(left_out),
        confidence=confidence,
        ranks=True,
        fewest=fewest,
        again=None if again is None or len(left_out) > MOST_DRAWN else drawn,
        cells=cells,
    )
    if as_it_is:
        return replace(found, low=max(found.low, -1.0), high=min(found.high, 1.0))
    return replace(found, low=float(np.tanh(found.low)), high=float(np.tanh(found.high)))


def _rhos(x: Floats, y: Floats, weights: Floats, ranks: bool) -> Again:
    """Pearson's r, of the ranks within the sample or of the figures, where practices count so
    often; and without one of each.
    """

    def again(counts: Floats) -> tuple[Floats, Floats]:
        heavy = counts * weights
        xs, ys = (weighted_midranks(heavy, part) if ranks else part for part in (x, y))
        total = heavy.sum(axis=1, keepdims=True)
        ex, ey = (part - (heavy * part).sum(axis=1, keepdims=True) / total for part in (xs, ys))
        return _without_one(heavy, ex, ey, weights / (1 - weights / total))

    return again


def _without_one(weights: Floats, ex: Floats, ey: Floats, share: Floats) -> tuple[Floats, Floats]:
    """r of residuals for each row, and without one practice, whose products of residuals leave the
    sums `share` times (see `residual_correlation`).
    """
    sxx, syy, sxy = (
        (weights * part).sum(axis=1, keepdims=True) for part in (ex * ex, ey * ey, ex * ey)
    )
    left_x, left_y = sxx - share * ex**2, syy - share * ey**2
    varies = (left_x > 1e-12 * sxx) & (left_y > 1e-12 * syy)
    spread = np.sqrt(np.where(varies, left_x * left_y, np.nan))
    whole = np.clip(sxy / np.sqrt(sxx * syy), -1, 1)[:, 0]
    return whole, np.clip((sxy - share * ex * ey) / spread, -1, 1)


def _residual_rhos(x: Floats, y: Floats, given: Floats, ranks: bool, ranked: bool) -> Again:
    """`residual_correlation`, unweighted, where practices count so often; and without one of each.
    `ranks`: of the ranks of x and y within the sample, `ranked`: and of those of `given`.
    """
    given = (given - given.mean(axis=0)) / np.where(np.ptp(given, axis=0) > 0, given.std(axis=0), 1)

    def again(counts: Floats) -> tuple[Floats, Floats]:
        def placed(part: Floats, by_rank: bool) -> Floats:
            as_is = np.broadcast_to(part, counts.shape)
            return weighted_midranks(counts, part) if by_rank else as_is

        columns = [np.ones(counts.shape), *(placed(part, ranked) for part in given.T)]
        design = np.stack(columns, axis=2)
        turned = np.swapaxes(counts[..., None] * design, 1, 2)
        inner = np.linalg.pinv(turned @ design, rtol=1e-10, hermitian=True)
        free = 1 - (design @ inner * design).sum(axis=2)
        ex, ey = (
            part - (design @ (inner @ (turned @ part[..., None])))[..., 0]
            for part in (placed(x, ranks), placed(y, ranks))
        )
        share = np.divide(1.0, free, out=np.full_like(free, np.nan), where=free > 1e-9)
        return _without_one(counts, ex, ey, share)

    return again


def weighted_midranks(weights: Floats, values: Floats) -> Floats:
    """Weighted mid-ranks under each row of `weights` (samples x values): the weight below each
    value plus half the weight at it.
    """
    distinct, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(distinct)))
    at = np.add.reduceat(weights[:, order], starts, axis=1)
    below = np.cumsum(at, axis=1) - at
    return (below + at / 2)[:, group]


def _taus(x: Floats, y: Floats, weights: Floats) -> Again:
    """Kendall's tau-b, pairs weighing by the product of their weights, where practices count so
    often; and without one of each.
    """

    def again(counts: Floats) -> tuple[Floats, Floats]:
        heavy = counts * weights
        rows = np.empty((3, *counts.shape))
        for start in range(0, len(x), CHUNK):
            part = slice(start, start + CHUNK)
            sx, sy = (np.sign(values[:, None] - values[part]) for values in (x, y))
            for kind, signs in enumerate((sx * sy, sx * sx, sy * sy)):
                rows[kind][:, part] = weights[part] * (heavy @ signs)
        whole = (counts * rows).sum(axis=2)
        agree, of_x, of_y = whole[..., None] - 2 * rows
        spread = np.sqrt(np.where((of_x > 0) & (of_y > 0), of_x * of_y, np.nan))
        tau = whole[0] / np.sqrt(whole[1] * whole[2])
        return np.clip(tau, -1, 1), np.clip(agree / spread, -1, 1)

    return again


def _dealt_out(x: Floats, y: Floats, weights: Floats, method: str) -> float:
    """p of a permutation test: the values of y dealt out to the practices anew."""
    statistic = _kendall_of_orders if method == "kendall" else _pearson_of_orders
    cells = len(x) ** 2 if method == "kendall" else len(x)
    return permutation_p(statistic(x, y, weights), len(x), cells=cells)


def _pearson_of_orders(x: Floats, y: Floats, weights: Floats) -> Callable[..., Floats]:
    share = weights / weights.sum()
    centred = x - share @ x

    def coefficients(orders: NDArray[np.intp]) -> Floats:
        values = y[orders]
        mean = (share * values).sum(axis=-1, keepdims=True)
        spread = np.sqrt((share * (values - mean) ** 2).sum(axis=-1))
        return np.asarray((share * centred * values).sum(axis=-1) / spread)

    return coefficients


def _kendall_of_orders(x: Floats, y: Floats, weights: Floats) -> Callable[..., Floats]:
    sx = np.sign(x[:, None] - x) * np.outer(weights, weights)

    def coefficients(orders: NDArray[np.intp]) -> Floats:
        values = y[orders]
        signs = np.sign(values[..., :, None] - values[..., None, :])
        spread = np.sqrt((np.abs(sx) * signs**2).sum(axis=(-1, -2)))
        return np.asarray((sx * signs).sum(axis=(-1, -2)) / spread)

    return coefficients


# --- Which practices carry the result? ---------------------------------------------------------


def influence(
    x: pd.Series,
    y: pd.Series,
    *,
    method: Method = HEADLINE,
    weights: pd.Series | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Leave one out: the coefficient without each practice, the most influential first.

    Index: that of the complete pairs of `x` and `y`. Columns: `coefficient_without`, `change`
    (without minus with), `ci_low`, `ci_high`, and `changes_conclusion`: whether chance would rarely
    give it (p < 0.05), or on which side of zero, differs from the whole. Empty where the
    coefficient is undefined.
    """
    whole = correlate(x, y, method=method, weights=weights, confidence=confidence)
    columns = ["coefficient_without", "change", "ci_low", "ci_high", "changes_conclusion"]
    kept = x.notna() & y.notna()
    if weights is not None:
        kept &= weights.notna() & (weights > 0)
    codes = x.index[kept.to_numpy()]
    if len(codes) <= SMALLEST_N or not np.isfinite(whole.coefficient):
        return pd.DataFrame(columns=columns)
    parts = [x[kept].to_numpy("float64"), y[kept].to_numpy("float64")]
    heavy = None if weights is None else weights[kept].to_numpy("float64")
    rows = []
    for place in range(len(codes)):
        without = correlate(
            *(np.delete(part, place) for part in parts),
            method=method,
            weights=None if heavy is None else np.delete(heavy, place),
            confidence=confidence,
            holds=bool(np.isfinite(whole.ci_low)),
        )
        change, interval = (
            without.coefficient - whole.coefficient,
            (without.ci_low, without.ci_high),
        )
        rows.append((without.coefficient, change, *interval, _side(without) != _side(whole)))
    table = pd.DataFrame(rows, columns=columns, index=codes)
    return table.sort_values("change", key=np.abs, ascending=False, kind="stable")


def _side(result: Correlation) -> int:
    return int(np.sign(result.coefficient)) if result.excludes_zero else 0


# --- What is left once other figures are allowed for? -------------------------------------------


def partial_correlation(
    x: ArrayLike,
    y: ArrayLike,
    covariates: pd.DataFrame,
    *,
    method: Literal["spearman", "pearson"] = "spearman",
    confidence: float = 0.95,
) -> Correlation:
    """The correlation of what linear regression on `covariates` leaves of `x` and of `y`.

    Spearman: the same on ranks. A covariate is a column, one row a practice in the order of `x`.
    """
    if method not in ("pearson", "spearman"):
        raise UserError("A partial correlation is offered for pearson and spearman.")
    check_confidence(confidence)
    xs, ys = floats(x), floats(y)
    given = covariates.to_numpy(dtype="float64", na_value=np.nan).reshape(len(covariates), -1)
    if not len(xs) == len(ys) == len(given):
        raise UserError("The measures and the covariates differ in length.")
    keep = np.isfinite(xs) & np.isfinite(ys) & np.isfinite(given).all(axis=1)
    xs, ys, given = xs[keep], ys[keep], given[keep]
    ranked = method == "spearman"
    if ranked and len(xs):
        xs, ys = stats.rankdata(xs), stats.rankdata(ys)
        given = stats.rankdata(given, axis=0)
    return _allowing_for(xs, ys, given, method, int((~keep).sum()), confidence, ranked)


def _allowing_for(
    x: Floats,
    y: Floats,
    given: Floats,
    method: str,
    n_missing: int,
    confidence: float,
    ranked: bool,
) -> Correlation:
    """Pearson's r of what `given` (ranks, if `ranked`) leaves of ranks or figures, with its
    interval.
    """
    n, taken = len(x), given.shape[1]
    reason = why_not(x, y)
    if not reason and n <= taken + 3:
        have = count(n, "practice has", "practices have")
        need = count(taken, "covariate needs", "covariates need")
        reason = f"Only {have} every figure; {need} more."
    if not reason:
        basis = np.column_stack([np.ones(n), given])
        left = [part - basis @ np.linalg.lstsq(basis, part, rcond=None)[0] for part in (x, y)]
        if any(np.std(e) <= 1e-9 * np.std(part) for e, part in zip(left, (x, y), strict=True)):
            reason = "The covariates explain one of the measures entirely; nothing is left."
    if reason:
        return _undefined(n, method, False, n_missing, confidence, reason)
    coefficient, left_out = residual_correlation(x, y, None, given)
    again = _residual_rhos(x, y, given, method == "spearman", ranked)
    limits = _limits(
        coefficient, left_out, confidence, _fewest(False, method), again, n * (taken + 1)
    )
    needed = FEWEST_PRACTICES + FOR_A_COVARIATE * taken
    if limits.known and n < needed:
        what = count(taken, "covariate")
        reason = f"With {what} an interval needs at least {needed} practices; there are {n}."
        limits = replace(limits, low=math.nan, high=math.nan, reason=reason)
    if not limits.known:
        limits = replace(limits, p_value=_dealt_out(left[0], left[1], np.ones(n), method))
    return _result(n, coefficient, limits, method, False, n_missing, confidence)


# --- Within places and between places ----------------------------------------------------------


@dataclass(frozen=True)
class WithinBetween:
    """Spearman's rho of y and x: over all practices, within groups, and between the groups' means.

    `within` is the partial coefficient: ranks over all practices, each group with a level of its
    own. `opposite` is true where it and `pooled` have opposite signs; `simpson` where, besides,
    chance would rarely give either. `groups` is one row a group: n, mean_x, mean_y, coefficient,
    ci_low, ci_high, p_value.
    """

    pooled: Correlation
    within: Correlation
    between: Correlation
    groups: pd.DataFrame

    @property
    def opposite(self) -> bool:
        """Whether the two point opposite ways."""
        return bool(self.pooled.coefficient * self.within.coefficient < 0)

    @property
    def simpson(self) -> bool:
        """Simpson's paradox: they point opposite ways, and neither could easily be chance."""
        return self.opposite and self.pooled.excludes_zero and self.within.excludes_zero


def within_between(
    x: pd.Series, y: pd.Series, groups: pd.Series, *, confidence: float = 0.95
) -> WithinBetween:
    """Tell what holds within places from what holds between places."""
    kept = x.notna() & y.notna() & groups.notna()
    xs, ys = x[kept].astype("float64"), y[kept].astype("float64")
    names = groups[kept].astype(str)
    table = _group_table(xs, ys, names, confidence)
    missing = int((~kept).sum())
    dummies = pd.get_dummies(names, dtype="float64").to_numpy()[:, 1:]
    if len(table) < 2:
        groups_found = "one group only" if len(table) else "no group with both figures"
        reason = f"There is {groups_found}: nothing can be told apart."
        within = _undefined(len(xs), HEADLINE, False, missing, confidence, reason)
    else:
        ranks = stats.rankdata(xs), stats.rankdata(ys)
        within = _allowing_for(*ranks, dummies, HEADLINE, missing, confidence, ranked=False)
    return WithinBetween(
        correlate(xs, ys, confidence=confidence),
        within,
        correlate(table["mean_x"], table["mean_y"], confidence=confidence),
        table,
    )


_FIGURES = ("coefficient", "ci_low", "ci_high", "p_value")


def _group_table(x: pd.Series, y: pd.Series, names: pd.Series, confidence: float) -> pd.DataFrame:
    rows = {}
    for name, own in x.groupby(names, sort=True):
        others = y[own.index]
        result = correlate(own, others, confidence=confidence)
        means = {"n": len(own), "mean_x": float(own.mean()), "mean_y": float(others.mean())}
        rows[str(name)] = means | {key: getattr(result, key) for key in _FIGURES}
    columns = ["n", "mean_x", "mean_y", *_FIGURES]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.astype({"n": int}).rename_axis("group")


# --- Practices, and areas side by side -----------------------------------------------------------


def correlate_practices(
    practices: pd.DataFrame,
    x: str,
    y: str,
    *,
    definition: str = "fully_qualified",
    method: Method = HEADLINE,
    weighted: bool = False,
    confidence: float = 0.95,
) -> Correlation:
    """Correlate two measures of the menu over `practices`, weighted by list size or not."""
    return correlate(
        measure(practices, x, definition),
        measure(practices, y, definition),
        method=method,
        weights=practices["patients"].astype("float64") if weighted else None,
        confidence=confidence,
    )


def forest(
    practices: pd.DataFrame, *, x: str = "imd_score", y: str = "patients_per_fte_gp", **asked: Any
) -> pd.DataFrame:
    """The correlation in each of the seven places, Mid and South Essex and Essex; where the
    practices are those of loaded ICBs, in each sub-ICB location (or district) and in the whole.

    One row an area, the largest last: index `area`; columns kind, n, n_missing, coefficient,
    ci_low, ci_high, p_value, reason. `practices` are those of all Essex or of whole ICBs (flagged
    ones left out or not); `asked`: what else `correlate_practices` takes.
    """
    rows = []
    for name, kind, own in _side_by_side(practices):
        result = vars(correlate_practices(own, x, y, **asked))
        told = {key: result[key] for key in ("n", "n_missing", *_FIGURES, "reason")}
        rows.append({"area": name, "kind": kind, **told})
    return pd.DataFrame(rows).set_index("area")


def _side_by_side(practices: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    """Name, kind and practices of the areas to set beside one another."""
    if "icb_code" not in practices.columns:
        areas = [area for area in all_areas() if area.kind == "place"]
        areas += [area for area in reversed(all_areas()) if area.kind == "region"]
        return [(area.name, area.kind, area.select(practices)) for area in areas]
    column = "place" if len(practices["place"].dropna().unique()) > 1 else "district"
    parts = [(str(name), column, own) for name, own in practices.groupby(column)]
    whole = " + ".join(sorted(practices["icb"].dropna().unique()))
    return [*parts, (whole, "icb", practices)]
