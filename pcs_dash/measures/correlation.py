"""Correlation between two measures, with its interval, its robustness and its reasons.

Coefficients (pairs with a missing value leave and are counted):

* Pearson's r, interval by Fisher's z = atanh r, standard error 1 / sqrt(n - 3).
* Spearman's rho, interval by Bonett and Wright (2000): standard error of atanh rho is
  sqrt((1 + rho^2 / 2) / (n - 3)).
* Kendall's tau-b, interval by Fieller, Hartley and Pearson (1957), as Bonett and Wright give it:
  standard error of atanh tau is sqrt(0.437 / (n - 4)).

With weights, the coefficient is the weighted one (Spearman on weighted mid-ranks) and n in the
standard error is Kish's effective sample size (sum w)^2 / sum w^2. `interval="bootstrap"` gives a
bias-corrected and accelerated bootstrap over the pairs instead (Efron 1987), seeded.

A coefficient says that two figures go together, not that one brings the other about.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from pcs_dash.measures.deprivation import quintile_shares
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.areas import all_areas
from pcs_dash.tables.errors import UserError

Method = Literal["pearson", "spearman", "kendall"]
Interval = Literal["analytic", "bootstrap"]
Floats = NDArray[np.float64]

METHODS: tuple[Method, ...] = ("pearson", "spearman", "kendall")
COEFFICIENT_NAMES = {
    "pearson": "Pearson's r",
    "spearman": "Spearman's rho",
    "kendall": "Kendall's tau",
}
# Fewer pairs than this have no interval under any of the methods.
SMALLEST_N = 4
# Bootstrap samples made at a time, so that memory stays small.
CHUNK = 2_000


@dataclass(frozen=True)
class Correlation:
    """A coefficient and what it rests on; NaN with a `reason` where there is none.

    `n` counts the pairs used, `n_missing` those that left because a value was missing.
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
        """Whether the whole interval lies on one side of zero."""
        return bool(self.ci_low > 0 or self.ci_high < 0)


def correlate(
    x: ArrayLike,
    y: ArrayLike,
    *,
    method: Method = "pearson",
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
    interval: Interval = "analytic",
    seed: int = 0,
    repetitions: int = 2_000,
) -> Correlation:
    """Correlate `x` with `y`, paired by position (Series must share their index).

    `weights` are positive (list sizes); a pair with weight 0 or none leaves like a missing one.
    The p-value tests "no correlation": Student's t for Pearson and Spearman, scipy's test for
    Kendall, each on Kish's effective n where weighted. Raises UserError for a bad argument;
    too few pairs or no variation give NaN and a reason.
    """
    _check_options(method, confidence, repetitions)
    xs, ys, ws, n_missing = _complete_pairs(x, y, weights)
    weighted = weights is not None
    n = len(xs)
    reason = _why_not(xs, ys, n)
    if reason:
        return _undefined(n, method, weighted, n_missing, confidence, reason)
    coefficient = float(_coefficients(ws[None, :], xs, ys, method)[0])
    n_effective = float(ws.sum() ** 2 / (ws**2).sum())
    p_value = _p_value(xs, ys, coefficient, method, n_effective, weighted)
    if interval == "bootstrap":
        low, high = _bca(xs, ys, ws, coefficient, method, confidence, seed, repetitions)
        name = f"bootstrap (BCa, {repetitions:,} samples)"
    else:
        low, high = _analytic_interval(coefficient, n_effective, method, confidence)
        name = "Fisher z" if method == "pearson" else "Bonett-Wright"
        if weighted:
            name += " on the effective sample size"
    reason = "" if np.isfinite(low) else "There are too few practices for an interval."
    return Correlation(
        n, coefficient, low, high, p_value, method, weighted, name, n_missing, confidence, reason
    )


def _undefined(
    n: int, method: str, weighted: bool, n_missing: int, confidence: float, reason: str
) -> Correlation:
    nan = float("nan")
    return Correlation(
        n, nan, nan, nan, nan, method, weighted, "none", n_missing, confidence, reason
    )


def _check_options(method: str, confidence: float, repetitions: int) -> None:
    if method not in METHODS:
        raise UserError(f"There is no method '{method}'. Choose one of: {', '.join(METHODS)}.")
    if not 0.5 <= confidence < 1:
        raise UserError(f"The confidence is {confidence}; give a figure from 0.5 up to below 1.")
    if repetitions < 100:
        raise UserError("Fewer than 100 repetitions give no steady interval; ask for more.")


def _complete_pairs(
    x: ArrayLike, y: ArrayLike, weights: ArrayLike | None
) -> tuple[Floats, Floats, Floats, int]:
    """The pairs without gaps, their weights (scaled to mean 1) and the number that left."""
    series = [part for part in (x, y, weights) if isinstance(part, pd.Series)]
    if any(not part.index.equals(series[0].index) for part in series[1:]):
        raise UserError("The two measures are not for the same practices in the same order.")
    xs, ys = _floats(x), _floats(y)
    ws = np.ones_like(xs) if weights is None else _floats(weights)
    if not xs.shape == ys.shape == ws.shape:
        raise UserError(
            f"The measures differ in length: {xs.size} and {ys.size} values, {ws.size} weights."
        )
    if np.any(ws[np.isfinite(ws)] < 0):
        raise UserError("A weight is negative; weights are list sizes or other positive counts.")
    keep = np.isfinite(xs) & np.isfinite(ys) & np.isfinite(ws) & (ws > 0)
    ws = ws[keep]
    return xs[keep], ys[keep], ws / ws.mean() if ws.size else ws, int((~keep).sum())


def _floats(values: ArrayLike) -> Floats:
    return np.ravel(np.asarray(pd.Series(np.ravel(np.asarray(values))), dtype="float64"))


def _why_not(x: Floats, y: Floats, n: int) -> str:
    if n < SMALLEST_N:
        have = "practice has" if n == 1 else "practices have"
        return f"Only {n} {have} both figures; at least {SMALLEST_N} are needed."
    if _is_constant(x) or _is_constant(y):
        return "One of the measures is the same for every practice, so nothing can vary with it."
    return ""


def _is_constant(values: Floats) -> bool:
    # Rounding alone can make equal ratios differ in the last place.
    return bool(np.ptp(values) <= 1e-12 * max(1e-300, float(np.abs(values).max())))


def _coefficients(weights: Floats, x: Floats, y: Floats, method: Method) -> Floats:
    """The coefficient under each row of `weights` (samples x pairs); NaN where undefined."""
    if method == "kendall":
        return _kendall(weights, x, y)
    if method == "spearman":
        return _pearson(weights, weighted_midranks(weights, x), weighted_midranks(weights, y))
    return _pearson(weights, x[None, :], y[None, :])


def _pearson(weights: Floats, x: Floats, y: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    dx = x - (weights * x).sum(axis=1, keepdims=True) / total
    dy = y - (weights * y).sum(axis=1, keepdims=True) / total
    sxy = (weights * dx * dy).sum(axis=1)
    spread = np.sqrt((weights * dx * dx).sum(axis=1) * (weights * dy * dy).sum(axis=1))
    return np.clip(_divide(sxy, spread), -1.0, 1.0)


def weighted_midranks(weights: Floats, values: Floats) -> Floats:
    """Weighted mid-ranks: the weight below each value plus half the weight at it."""
    distinct, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(distinct)))
    at = np.add.reduceat(weights[:, order], starts, axis=1)
    below = np.cumsum(at, axis=1) - at
    return (below + at / 2)[:, group]


def _kendall(weights: Floats, x: Floats, y: Floats) -> Floats:
    sx = np.sign(x[:, None] - x[None, :])
    sy = np.sign(y[:, None] - y[None, :])

    def over_pairs(matrix: Floats) -> Floats:
        return np.einsum("bi,bi->b", weights @ matrix, weights)

    spread = np.sqrt(over_pairs(sx * sx) * over_pairs(sy * sy))
    return np.clip(_divide(over_pairs(sx * sy), spread), -1.0, 1.0)


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(
        numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0
    )


def _analytic_interval(
    coefficient: float, n: float, method: Method, confidence: float, covariates: int = 0
) -> tuple[float, float]:
    taken = (4 if method == "kendall" else 3) + covariates
    if n <= taken:
        return float("nan"), float("nan")
    if abs(coefficient) >= 1:
        return coefficient, coefficient
    variance = {"pearson": 1.0, "spearman": 1 + coefficient**2 / 2, "kendall": 0.437}[method]
    reach = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(variance / (n - taken))
    centre = np.arctanh(coefficient)
    return float(np.tanh(centre - reach)), float(np.tanh(centre + reach))


def _p_value(
    x: Floats, y: Floats, coefficient: float, method: Method, n_effective: float, weighted: bool
) -> float:
    if method == "kendall":
        if not weighted:
            return float(stats.kendalltau(x, y).pvalue)
        if n_effective <= 4 or abs(coefficient) >= 1:
            return float("nan")
        z = np.arctanh(coefficient) / np.sqrt(0.437 / (n_effective - 4))
        return float(2 * stats.norm.sf(abs(z)))
    return _t_test(coefficient, n_effective - 2)


def _t_test(coefficient: float, freedom: float) -> float:
    if freedom <= 0:
        return float("nan")
    if abs(coefficient) >= 1:
        return 0.0
    t = coefficient * np.sqrt(freedom / (1 - coefficient**2))
    return float(2 * stats.t.sf(abs(t), freedom))


def _bca(
    x: Floats,
    y: Floats,
    weights: Floats,
    coefficient: float,
    method: Method,
    confidence: float,
    seed: int,
    repetitions: int,
) -> tuple[float, float]:
    """Efron's bias-corrected and accelerated interval; a resample is a set of multiplicities."""
    n = len(x)
    rng = np.random.default_rng(seed)
    parts = []
    for start in range(0, repetitions, CHUNK):
        size = min(CHUNK, repetitions - start)
        counts = rng.multinomial(n, np.full(n, 1 / n), size=size)
        parts.append(_coefficients(counts * weights, x, y, method))
    samples = np.concatenate(parts)
    left_out = _coefficients((1 - np.eye(n)) * weights, x, y, method)
    return bca_limits(samples, coefficient, left_out, confidence)


def bca_limits(
    samples: Floats, estimate: float, left_out: Floats, confidence: float
) -> tuple[float, float]:
    """The BCa limits from bootstrap `samples` and leave-one-out estimates (Efron 1987).

    The tails are widened for small n as Hesterberg (2015) proposes: Student's t for the normal
    quantile, and sqrt(n / (n - 1)) for the bootstrap's too small variance. Samples without a
    value (no variation was drawn) leave. NaN where none is left.
    """
    samples, left_out = samples[np.isfinite(samples)], left_out[np.isfinite(left_out)]
    if not samples.size or left_out.size < 2:
        return float("nan"), float("nan")
    below = (np.sum(samples < estimate) + np.sum(samples == estimate) / 2) / samples.size
    # Keep the bias finite where every sample falls on one side.
    below = min(max(below, 0.5 / samples.size), 1 - 0.5 / samples.size)
    bias = stats.norm.ppf(below)
    deviation = left_out.mean() - left_out
    spread = float((deviation**2).sum())
    acceleration = float((deviation**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    n = left_out.size
    widened = stats.t.ppf((1 + confidence) / 2, n - 1) * np.sqrt(n / (n - 1))
    z = np.array([-widened, widened]) + bias
    low, high = np.quantile(samples, stats.norm.cdf(bias + z / (1 - acceleration * z)))
    return float(low), float(high)


# --- Lines through the cloud -------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A straight line y = intercept + slope * x with an interval for the slope."""

    name: str
    slope: float
    intercept: float
    slope_low: float
    slope_high: float
    n: int

    def at(self, x: ArrayLike) -> Floats:
        """The line's y at each x."""
        return self.intercept + self.slope * _floats(x)


def lines(
    x: ArrayLike, y: ArrayLike, *, weights: ArrayLike | None = None, confidence: float = 0.95
) -> tuple[Line, ...]:
    """Least squares (heteroscedasticity-robust HC3 interval) and Theil-Sen (Sen's interval).

    The Theil-Sen slope is the median of the slopes over all pairs of points, so that one odd
    practice cannot turn it; it takes no weights. Empty where there are too few points.
    """
    xs, ys, ws, _ = _complete_pairs(x, y, weights)
    if _why_not(xs, ys, len(xs)):
        return ()
    squares = _least_squares(ys, xs[:, None], ws, confidence)
    robust = stats.theilslopes(ys, xs, alpha=confidence)
    name = "least squares" if weights is None else "least squares, weighted"
    return (
        Line(name, *squares, n=len(xs)),
        Line(
            "Theil-Sen",
            float(robust.slope),
            float(robust.intercept),
            float(robust.low_slope),
            float(robust.high_slope),
            n=len(xs),
        ),
    )


def _least_squares(
    y: Floats, columns: Floats, weights: Floats, confidence: float
) -> tuple[float, float, float, float]:
    """Slope of the first column, intercept, and the slope's limits: HC3 errors, Student's t."""
    design = np.column_stack([np.ones(len(y)), columns])
    weighted = design * weights[:, None]
    inverse = np.linalg.pinv(design.T @ weighted)
    estimate = inverse @ (weighted.T @ y)
    residual = y - design @ estimate
    leverage = np.einsum("ij,jk,ik->i", weighted, inverse, design)
    # A point that fits itself (leverage 1) tells nothing about the error: it leaves the sum.
    free = leverage < 1 - 1e-9
    scaled = np.where(free, residual / np.where(free, 1 - leverage, 1), 0.0)
    middle = (weighted * scaled[:, None]).T @ (weighted * scaled[:, None])
    error = float(np.sqrt((inverse @ middle @ inverse)[1, 1]))
    reach = error * stats.t.ppf((1 + confidence) / 2, len(y) - design.shape[1])
    slope, intercept = float(estimate[1]), float(estimate[0])
    return slope, intercept, slope - float(reach), slope + float(reach)


# --- Which practices carry the result? ---------------------------------------------------------


def influence(
    x: pd.Series,
    y: pd.Series,
    *,
    method: Method = "pearson",
    weights: pd.Series | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Leave one out: the coefficient without each practice, the most influential first.

    Index: that of the complete pairs of `x` and `y`. Columns: `coefficient_without`, `change`
    (without minus with), `ci_low`, `ci_high`, and `changes_conclusion`: the interval without the
    practice excludes zero where the whole did not, or the other way round, or changes its side.
    Empty where the coefficient is undefined.
    """
    _check_options(method, confidence, 100)
    xs, ys, ws, _ = _complete_pairs(x, y, weights)
    columns = ["coefficient_without", "change", "ci_low", "ci_high", "changes_conclusion"]
    whole = correlate(x, y, method=method, weights=weights, confidence=confidence)
    if len(xs) <= SMALLEST_N or whole.reason:
        return pd.DataFrame(columns=columns)
    kept = x.notna() & y.notna()
    if weights is not None:
        kept &= weights.notna() & (weights > 0)
    without = _coefficients((1 - np.eye(len(xs))) * ws, xs, ys, method)
    total, squares = ws.sum(), (ws**2).sum()
    n_effective = (total - ws) ** 2 / (squares - ws**2)
    limits = np.array(
        [
            _analytic_interval(r, n, method, confidence) if np.isfinite(r) else (np.nan, np.nan)
            for r, n in zip(without, n_effective, strict=True)
        ]
    )
    side = np.where(limits[:, 0] > 0, 1, np.where(limits[:, 1] < 0, -1, 0))
    side_whole = 1 if whole.ci_low > 0 else -1 if whole.ci_high < 0 else 0
    table = pd.DataFrame(
        {
            "coefficient_without": without,
            "change": without - whole.coefficient,
            "ci_low": limits[:, 0],
            "ci_high": limits[:, 1],
            "changes_conclusion": side != side_whole,
        },
        index=x.index[kept.to_numpy()],
    )
    return table.sort_values("change", key=np.abs, ascending=False, kind="stable")


# --- What is left once age and illness are allowed for? ----------------------------------------


def partial_correlation(
    x: ArrayLike,
    y: ArrayLike,
    covariates: pd.DataFrame,
    *,
    method: Literal["pearson", "spearman"] = "pearson",
    confidence: float = 0.95,
) -> Correlation:
    """The correlation of what linear regression on `covariates` leaves of `x` and of `y`.

    Spearman: the same on ranks. The interval and the test lose one degree of freedom a covariate
    (Fisher 1924). A covariate is a column, one row a practice in the order of `x`.
    """
    if method not in ("pearson", "spearman"):
        raise UserError("A partial correlation is offered for pearson and spearman.")
    _check_options(method, confidence, 100)
    xs, ys = _floats(x), _floats(y)
    given = covariates.to_numpy(dtype="float64", na_value=np.nan).reshape(len(covariates), -1)
    if not len(xs) == len(ys) == len(given):
        raise UserError("The measures and the covariates differ in length.")
    keep = np.isfinite(xs) & np.isfinite(ys) & np.isfinite(given).all(axis=1)
    xs, ys, given = xs[keep], ys[keep], given[keep]
    n, missing, taken = len(xs), int((~keep).sum()), given.shape[1]
    names = ", ".join(map(str, covariates.columns))
    label = f"Fisher z given {names}" if method == "pearson" else f"Bonett-Wright given {names}"
    reason = _why_not(xs, ys, n)
    if not reason and n <= taken + 3:
        reason = f"Only {n} practices have every figure; {taken} covariates need more."
    if not reason:
        if method == "spearman":
            xs, ys = stats.rankdata(xs), stats.rankdata(ys)
            given = stats.rankdata(given, axis=0)
        basis = np.column_stack([np.ones(n), given])
        residuals = [
            values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0] for values in (xs, ys)
        ]
        if any(
            np.std(left) <= 1e-9 * np.std(whole)
            for left, whole in zip(residuals, (xs, ys), strict=True)
        ):
            reason = "The covariates explain one of the measures entirely; nothing is left."
    if reason:
        return _undefined(n, method, False, missing, confidence, reason)
    coefficient = float(_pearson(np.ones((1, n)), residuals[0][None, :], residuals[1][None, :])[0])
    low, high = _analytic_interval(coefficient, n, method, confidence, taken)
    p_value = _t_test(coefficient, n - 2 - taken)
    return Correlation(
        n, coefficient, low, high, p_value, method, False, label, missing, confidence
    )


# --- Within places and between places ----------------------------------------------------------


@dataclass(frozen=True)
class WithinBetween:
    """Slopes of y on x: over all practices, within groups, and between the groups' means.

    `simpson` is true where the pooled and the within slope point opposite ways; `simpson_clear`
    where, besides, neither interval includes zero. `mixed_*` come from a model with a random
    intercept for each group; `group_share` is the share of the variance that lies between groups
    in it. `groups` is one row a group: n, mean_x, mean_y, slope, slope_low, slope_high.
    """

    n: int
    n_missing: int
    n_groups: int
    pooled: float
    pooled_low: float
    pooled_high: float
    within: float
    within_low: float
    within_high: float
    between: float
    between_low: float
    between_high: float
    mixed: float
    mixed_low: float
    mixed_high: float
    group_share: float
    simpson: bool
    simpson_clear: bool
    errors: str
    note: str
    groups: pd.DataFrame


def within_between(
    x: pd.Series, y: pd.Series, groups: pd.Series, *, confidence: float = 0.95
) -> WithinBetween:
    """Tell the slope within places from the slope between places.

    Pooled: least squares. Within: the same with one intercept a group (fixed effects); both with
    HC3 errors, since with seven places errors clustered by place are too small (Cameron and
    Miller 2015). Between: least squares on the group means, Student's t on groups - 2.
    """
    kept = x.notna() & y.notna() & groups.notna()
    xs, ys = x[kept].to_numpy(dtype="float64"), y[kept].to_numpy(dtype="float64")
    names = groups[kept].astype(str).to_numpy()
    table = _group_table(xs, ys, names, confidence)
    ones = np.ones(len(xs))
    nothing = (float("nan"),) * 3
    pooled = within = between = nothing
    notes = []
    if not _why_not(xs, ys, len(xs)):
        slope, _, low, high = _least_squares(ys, xs[:, None], ones, confidence)
        pooled = (slope, low, high)
    means_x = pd.Series(xs).groupby(names).transform("mean").to_numpy()
    if len(table) < 2 or len(xs) - len(table) < 3 or _is_constant(np.append(xs - means_x, 0)):
        notes.append("There are too few groups or practices to tell within from between.")
    else:
        dummies = pd.get_dummies(names, dtype="float64").to_numpy()[:, 1:]
        columns = np.column_stack([xs, dummies])
        slope, _, low, high = _least_squares(ys, columns, ones, confidence)
        within = (slope, low, high)
    if len(table) >= 4 and not _is_constant(table["mean_x"].to_numpy()):
        between = _plain_slope(table["mean_x"].to_numpy(), table["mean_y"].to_numpy(), confidence)
    else:
        notes.append("Fewer than four groups: no interval for the slope between them.")
    mixed, share, mixed_note = (
        _mixed(xs, ys, names, confidence)
        if within[0] == within[0]
        else (
            nothing,
            float("nan"),
            "",
        )
    )
    if mixed_note:
        notes.append(mixed_note)
    opposite = bool(pooled[0] * within[0] < 0)
    clear = opposite and all(low > 0 or high < 0 for _, low, high in (pooled, within))
    return WithinBetween(
        len(xs),
        int((~kept).sum()),
        len(table),
        *pooled,
        *within,
        *between,
        *mixed,
        group_share=share,
        simpson=opposite,
        simpson_clear=clear,
        errors="HC3 (robust to unequal spread), Student's t; between: plain, t on groups - 2",
        note=" ".join(notes),
        groups=table,
    )


def _group_table(x: Floats, y: Floats, names: NDArray[Any], confidence: float) -> pd.DataFrame:
    rows = []
    for name in sorted(set(names)):
        here = names == name
        gx, gy = x[here], y[here]
        slope, low, high = float("nan"), float("nan"), float("nan")
        if not _why_not(gx, gy, len(gx)):
            slope, _, low, high = _least_squares(gy, gx[:, None], np.ones(len(gx)), confidence)
        rows.append(
            {
                "group": name,
                "n": len(gx),
                "mean_x": float(gx.mean()),
                "mean_y": float(gy.mean()),
                "slope": slope,
                "slope_low": low,
                "slope_high": high,
            }
        )
    columns = ["group", "n", "mean_x", "mean_y", "slope", "slope_low", "slope_high"]
    return pd.DataFrame(rows, columns=columns).set_index("group")


def _plain_slope(x: Floats, y: Floats, confidence: float) -> tuple[float, float, float]:
    line = stats.linregress(x, y)
    reach = float(line.stderr * stats.t.ppf((1 + confidence) / 2, len(x) - 2))
    return float(line.slope), float(line.slope - reach), float(line.slope + reach)


def _mixed(
    x: Floats, y: Floats, names: NDArray[Any], confidence: float
) -> tuple[tuple[float, float, float], float, str]:
    """A random intercept a group, by restricted maximum likelihood, on standardised figures."""
    scale_x, scale_y = x.std(), y.std()
    # Imported here, since the import takes a second and nothing else needs it.
    from statsmodels.regression.mixed_linear_model import MixedLM

    design = np.column_stack([np.ones(len(x)), (x - x.mean()) / scale_x])
    with warnings.catch_warnings():
        # On the boundary (no variance between groups) statsmodels warns; the note says it.
        warnings.simplefilter("ignore")
        try:
            fit = MixedLM((y - y.mean()) / scale_y, design, groups=names).fit(reml=True)
            low, high = fit.conf_int(alpha=1 - confidence)[1]
            between, noise = float(np.ravel(fit.cov_re)[0]), float(fit.scale)
        except np.linalg.LinAlgError:
            return (float("nan"),) * 3, float("nan"), "The mixed model has no solution here."
    unit = scale_y / scale_x
    share = between / (between + noise)
    note = "" if share > 1e-4 else "The mixed model finds no variance between the groups."
    slope = (float(fit.params[1] * unit), float(low * unit), float(high * unit))
    return slope, share, note


# --- The menu of measures ----------------------------------------------------------------------


@dataclass(frozen=True)
class Variable:
    """A measure of a practice that can stand on an axis.

    `higher` completes "a higher figure means ..."; `flag` is the column that marks a practice
    whose figure is implausible; `per_gp` says that the GP definition changes it.
    """

    key: str
    label: str
    unit: str
    axis: Literal["x", "y"]
    higher: str
    flag: str | None = None
    per_gp: bool = False
    needs: tuple[str, ...] = ()

    def values(self, practices: pd.DataFrame, definition: str = "fully_qualified") -> pd.Series:
        """The measure on the index of `practices`; NaN where it can't be computed."""
        return _VALUES[self.key](practices, gp_definition(definition).column).rename(self.key)


def _ratio(top: pd.Series, bottom: pd.Series) -> pd.Series:
    """top / bottom, NaN where bottom is 0 or either is missing."""
    numerator, denominator = top.astype("float64"), bottom.astype("float64")
    return numerator / denominator.where(denominator > 0)


def _share_quintile_1(practices: pd.DataFrame, edition: str) -> pd.Series:
    columns = [f"imd{edition}_patients_quintile_{quintile}" for quintile in range(1, 6)]
    return 100 * _ratio(practices[columns[0]], practices[columns].sum(axis=1, skipna=False))


_VALUES: dict[str, Any] = {
    "imd_score": lambda p, _: p["imd_score"].astype("float64"),
    "imd2025_share_quintile_1": lambda p, _: _share_quintile_1(p, "2025"),
    "imd2019_share_quintile_1": lambda p, _: _share_quintile_1(p, "2019"),
    "patients_per_fte_gp": lambda p, fte: _ratio(p["patients"], p[fte]),
    "fte_gp_per_10000": lambda p, fte: 1e4 * _ratio(p[fte], p["patients"]),
    "share_gps_60_plus": lambda p, _: 100 * _ratio(p["gps_60_plus"], p["gps_with_known_age"]),
    "share_gps_55_plus": lambda p, _: 100 * _ratio(p["gps_55_plus"], p["gps_with_known_age"]),
    "patients_per_nurse_fte": lambda p, _: _ratio(p["patients"], p["nurse_fte"]),
    "nurse_fte_per_10000": lambda p, _: 1e4 * _ratio(p["nurse_fte"], p["patients"]),
    "direct_care_fte_per_10000": lambda p, _: 1e4 * _ratio(p["direct_care_fte"], p["patients"]),
    "appointments_per_patient": lambda p, _: _ratio(p["appointments"], p["patients"]),
    "qof_per_cent": lambda p, _: p["qof_per_cent"].astype("float64"),
}

_MENU = (
    Variable(
        "imd_score",
        "Deprivation score (IMD 2025, patient-weighted)",
        "score",
        "x",
        "patients live in more deprived areas",
    ),
    Variable(
        "imd2025_share_quintile_1",
        "Patients in the most deprived fifth of England (IMD 2025)",
        "per cent",
        "x",
        "more patients live in the most deprived fifth",
    ),
    Variable(
        "imd2019_share_quintile_1",
        "Patients in the most deprived fifth of England (IMD 2019)",
        "per cent",
        "x",
        "more patients live in the most deprived fifth",
    ),
    Variable(
        "patients_per_fte_gp",
        "Patients per FTE GP",
        "patients",
        "y",
        "fewer GPs for the patients",
        flag="flag_low_fte",
        per_gp=True,
    ),
    Variable(
        "fte_gp_per_10000",
        "FTE GPs per 10,000 patients",
        "FTE GPs",
        "y",
        "more GPs for the patients",
        flag="flag_low_fte",
        per_gp=True,
    ),
    Variable(
        "share_gps_60_plus",
        "GPs aged 60 and over",
        "per cent of GPs with a known age",
        "y",
        "more GPs are near retirement",
    ),
    Variable(
        "share_gps_55_plus",
        "GPs aged 55 and over",
        "per cent of GPs with a known age",
        "y",
        "more GPs are near retirement",
    ),
    Variable(
        "patients_per_nurse_fte",
        "Patients per FTE nurse",
        "patients",
        "y",
        "fewer nurses for the patients",
    ),
    Variable(
        "nurse_fte_per_10000",
        "FTE nurses per 10,000 patients",
        "FTE nurses",
        "y",
        "more nurses for the patients",
    ),
    Variable(
        "direct_care_fte_per_10000",
        "FTE direct patient care staff per 10,000 patients",
        "FTE staff",
        "y",
        "more direct patient care staff for the patients",
    ),
    Variable(
        "appointments_per_patient",
        "Appointments per patient, June to August 2026",
        "appointments in three months",
        "y",
        "more appointments for the patients",
        flag="flag_appointments",
    ),
    Variable(
        "qof_per_cent",
        "QOF achievement, latest year loaded",
        "per cent of points",
        "y",
        "more of the quality points achieved",
        needs=("qof_per_cent",),
    ),
)
VARIABLES: dict[str, Variable] = {variable.key: variable for variable in _MENU}


def available_variables(
    practices: pd.DataFrame, axis: Literal["x", "y"] | None = None
) -> dict[str, Variable]:
    """The measures that the columns of `practices` allow, in menu order (QOF only if loaded).

    A measure of deprivation that no practice has (the score, where none is loaded) is left out.
    """
    return {
        key: variable
        for key, variable in VARIABLES.items()
        if axis in (None, variable.axis)
        and set(variable.needs) <= set(practices.columns)
        and (variable.axis == "y" or variable.values(practices).notna().any())
    }


def deprivation_measure(practices: pd.DataFrame) -> str:
    """The first measure of deprivation that the practices have: the score, or a share."""
    return next(iter(available_variables(practices, "x")), "imd_score")


def measure(practices: pd.DataFrame, key: str, definition: str = "fully_qualified") -> pd.Series:
    """The measure `key` of VARIABLES for each practice; UserError if there is none."""
    if key not in VARIABLES or not set(VARIABLES[key].needs) <= set(practices.columns):
        names = ", ".join(available_variables(practices))
        raise UserError(f"There is no measure '{key}'. Choose one of: {names}.")
    return VARIABLES[key].values(practices, definition)


def shown_measure(
    practices: pd.DataFrame, key: str, definition: str = "fully_qualified"
) -> pd.Series:
    """The measure as a dot or a file may show it for each practice: a share by quintile that rests
    on a few patients is rounded or missing (`deprivation.quintile_shares`). Coefficients are of
    the exact figures.
    """
    if key.endswith("_share_quintile_1"):
        shares = quintile_shares(practices, key.removeprefix("imd")[:4])
        return (100 * shares[1]).rename(key)
    return measure(practices, key, definition)


def without_flagged(practices: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The practices whose figures for the measures `keys` are not marked as implausible."""
    flags = {VARIABLES[key].flag for key in keys if key in VARIABLES} - {None}
    marked = pd.Series(False, index=practices.index)
    for flag in flags:
        marked |= practices[flag].astype(bool)
    return practices[~marked]


def correlate_practices(
    practices: pd.DataFrame,
    x: str,
    y: str,
    *,
    definition: str = "fully_qualified",
    method: Method = "pearson",
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
    practices: pd.DataFrame,
    *,
    x: str = "imd_score",
    y: str = "patients_per_fte_gp",
    definition: str = "fully_qualified",
    method: Method = "pearson",
    weighted: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The correlation in each of the seven places, Mid and South Essex and Essex; where the
    practices are those of loaded ICBs, in each sub-ICB location (or district) and in the whole.

    One row an area, the largest last: index `area`; columns kind, n, n_missing, coefficient,
    ci_low, ci_high, p_value, reason. `practices` are those of all Essex or of whole ICBs (flagged
    ones left out or not).
    """
    rows = []
    for name, kind, own in _side_by_side(practices):
        result = correlate_practices(
            own,
            x,
            y,
            definition=definition,
            method=method,
            weighted=weighted,
            confidence=confidence,
        )
        rows.append(
            {
                "area": name,
                "kind": kind,
                "n": result.n,
                "n_missing": result.n_missing,
                "coefficient": result.coefficient,
                "ci_low": result.ci_low,
                "ci_high": result.ci_high,
                "p_value": result.p_value,
                "reason": result.reason,
            }
        )
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
