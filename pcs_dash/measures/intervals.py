"""How far a figure over practices could move: its interval, and its p-value.

*Jackknife*: the figure is computed without each practice in turn; with d the differences of these
from their mean, its standard error is sqrt((n - 1) / n * sum d^2). Limits: Student's t.

*Who carries it*: m = (sum d^2)^2 / sum d^4 practices, in effect: n if all move the figure alike, 1
if a single one does. Where few do, the standard error is itself a guess, so sums and slopes take
Student's t on 1.5 m / (1 - m / n) degrees of freedom (Satterthwaite's formula has 2; 1.5 was
measured to hold), and below FEWEST_CARRYING no interval is given: none tried held. Ranks bound what
one practice can do; they take n - 1 degrees and need no such limit.

*p-value*: that of the interval, so that one of 95% leaves the null value out exactly where
p < 0.05. Where there is no interval it is that of a permutation test: how often chance alone, with
the figures dealt out to the practices anew, gives a figure as far from the null value.

What holds was measured by resampling real practices: see docs/methods.md and
benchmarks/coverage.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pcs_dash.tables.errors import UserError

Floats = NDArray[np.float64]
Orders = NDArray[np.intp]

FEWEST_PRACTICES = 10
FEWEST_CARRYING = 4.0
# All orders of up to seven practices; of more, so many at random.
PERMUTATIONS = 5_040
# Rounding differs between what is computed alone and in a batch: figures as near as this are equal.
DECIMALS = 12
JACKKNIFE = "jackknife over practices, Student's t"
NO_INTERVAL = "none"


@dataclass(frozen=True)
class Limits:
    """An interval and the p-value that goes with it; NaN and a `reason` where none can be given.

    `carried_by`: by how many practices, in effect, the figure is carried.
    """

    low: float
    high: float
    p_value: float
    carried_by: float = float("nan")
    reason: str = ""

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.low)


def jackknife(
    estimate: float,
    left_out: Floats,
    *,
    null: float = 0.0,
    confidence: float = 0.95,
    ranks: bool = False,
    fewest: float | None = None,
) -> Limits:
    """Limits of `estimate` from the estimates without each practice, and p of "it is `null`".

    Give both on the scale on which the estimate is roughly symmetrical, and carry the limits back.
    `ranks`: the figures are ranks. `fewest`: below so many practices that carry it there is no
    interval (FEWEST_CARRYING, or none for ranks).
    """
    check_confidence(confidence)
    nan = float("nan")
    n = len(left_out)
    if not math.isfinite(estimate) or n < FEWEST_PRACTICES:
        reason = f"An interval needs at least {FEWEST_PRACTICES} practices; there are {n}."
        return Limits(nan, nan, nan, nan, reason)
    if not np.all(np.isfinite(left_out)):
        return Limits(
            nan, nan, nan, nan, "There is no interval: the figure hangs on a single practice."
        )
    apart = left_out - left_out.mean()
    squares = float((apart**2).sum())
    if squares <= (1e-12 * max(1.0, abs(estimate))) ** 2:
        return Limits(nan, nan, nan, nan, "There is no interval: the practices do not differ.")
    carrying = squares**2 / float((apart**4).sum())
    if carrying < ((0.0 if ranks else FEWEST_CARRYING) if fewest is None else fewest):
        return Limits(nan, nan, nan, carrying, _carried(carrying, n))
    freedom = n - 1.0
    if not ranks and carrying < n:
        freedom = min(freedom, 1.5 * carrying / (1 - carrying / n))
    error = math.sqrt((n - 1) / n * squares)
    reach = error * float(stats.t.ppf((1 + confidence) / 2, freedom))
    p_value = 2 * float(stats.t.sf(abs(estimate - null) / error, freedom))
    return Limits(estimate - reach, estimate + reach, p_value, carrying)


def _carried(carrying: float, n: int) -> str:
    few = math.floor(carrying) + 1
    return (
        f"There is no interval that holds: in effect fewer than {few} of the {n:,} practices carry "
        "the figure."
    )


def permutation_p(
    statistic: Callable[[Orders], Floats], n: int, *, cells: int | None = None, seed: int = 0
) -> float:
    """Two-sided p-value of `statistic` where chance alone deals the figures out to n practices.

    `statistic` takes orders of the practices (samples x n, the first axis may be missing) and gives
    one figure each; the order 0, 1, ... is what was observed. Exact up to seven practices, else
    from PERMUTATIONS seeded ones. `cells`: how many numbers the statistic handles for one order
    (n, if not given). NaN where it is not defined.
    """
    if n < 2:
        return float("nan")
    with np.errstate(invalid="ignore", divide="ignore"):
        found = stats.permutation_test(
            (np.arange(n),),
            lambda orders, axis: np.round(statistic(orders), DECIMALS),  # noqa: ARG005 - scipy's form
            permutation_type="pairings",
            vectorized=True,
            n_resamples=PERMUTATIONS,
            batch=max(1, 2_000_000 // (cells or n)),
            rng=seed,
        )
    # Without this an undefined figure would have the smallest p there is: NaN is above nothing.
    return float("nan") if np.isnan(found.statistic) else float(found.pvalue)


def check_confidence(confidence: float) -> None:
    """UserError unless the confidence is a share."""
    if not 0.5 <= confidence < 1:
        raise UserError(f"The confidence is {confidence}; give a figure from 0.5 up to below 1.")
