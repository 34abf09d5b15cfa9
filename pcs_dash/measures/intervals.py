"""How far a figure over practices could move: its interval, and its p-value.

*Jackknife*: the figure is computed without each practice in turn; with d the differences of these
from their mean, its standard error is sqrt((n - 1) / n * sum d^2). Limits: Student's t.

*Who carries it*: m = (sum d^2)^2 / sum d^4 practices, in effect: n if all move the figure alike, 1
if a single one does. Where few do, the standard error is itself a guess, so sums and slopes take
Student's t on 1.5 m / (1 - m / n) degrees of freedom (Satterthwaite's formula has 2; 1.5 was
measured to hold), and below FEWEST_CARRYING no interval is given: none tried held. Ranks bound what
one practice can do; they take n - 1 degrees and need no such limit.

*Drawn again*: between FEWEST_CARRYING and MANY_CARRYING some hold and some do not, and how many
carry it does not tell which; of ranks nothing known beforehand tells. So there, where the caller
gives the figure of practices `again`, the practices are drawn with replacement DRAWS times
(seeded), as many as there are; the interval is given only where that of the draws holds the figure
about as often as it should. Where that would take too long (LSOAs) UNTRIED_CARRYING are needed.

*p-value*: that of the interval, so that one of 95% leaves the null value out exactly where
p < 0.05. Where there is no interval it is that of a permutation test: how often chance alone, with
the figures dealt out to the practices anew, gives a figure as far from the null value.

What holds was measured by resampling real practices: see docs/methods.md and
benchmarks/coverage.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pcs_dash.measures.numbers import number
from pcs_dash.measures.sums import Floats
from pcs_dash.tables.errors import UserError

Bools = NDArray[np.bool_]
Orders = NDArray[np.intp]
# Figures, and figures without one of each practice, for rows of how often each practice counts.
Again = Callable[[Floats], tuple[Floats, Floats]]

FEWEST_PRACTICES = 10
FEWEST_CARRYING = 4.0
MANY_CARRYING = 10.0
UNTRIED_CARRYING = 8.0
DRAWS = 8_000
# Of the draws at 95%: the standard error is 0.2 points, and 93% to 97% is to be kept.
HOLDS = (0.936, 0.964)
# Numbers in a table made at a time, so that memory stays small; of a single draw at most, so that
# it takes a second at most.
CHUNK = 1_000_000
DRAWS_AT_A_TIME = 1_500
CELLS = 4_000
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

    low: float = math.nan
    high: float = math.nan
    p_value: float = math.nan
    carried_by: float = math.nan
    reason: str = ""

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.low)

    @property
    def method(self) -> str:
        """How the interval was made."""
        return JACKKNIFE if self.known else NO_INTERVAL


def jackknife(
    estimate: float,
    left_out: Floats,
    *,
    null: float = 0.0,
    confidence: float = 0.95,
    ranks: bool = False,
    fewest: float | None = None,
    again: Again | None = None,
    cells: int | None = None,
) -> Limits:
    """Limits of `estimate` from the estimates without each practice, and p of "it is `null`".

    Give both on the scale on which the estimate is roughly symmetrical, and carry the limits back.
    `ranks`: the figures are ranks. `fewest`: below so many practices that carry it there is no
    interval (FEWEST_CARRYING, or none for ranks). `again`: the figure of practices drawn
    again, which handles `cells` numbers for a draw (n, if not given).
    """
    check_confidence(confidence)
    n = len(left_out)
    if not math.isfinite(estimate) or n < FEWEST_PRACTICES:
        reason = f"An interval needs at least {FEWEST_PRACTICES} practices; there are {n}."
        return Limits(reason=reason)
    if not np.all(np.isfinite(left_out)):
        return Limits(reason="There is no interval: the figure hangs on a single practice.")
    error, carrying = (float(part) for part in _spread(left_out, np.ones(n)))
    if error <= 1e-12 * max(1.0, abs(estimate)):
        return Limits(reason="There is no interval: the practices do not differ.")
    fewest = (0.0 if ranks else FEWEST_CARRYING) if fewest is None else fewest
    if again is not None and not ranks and (cells or n) > CELLS:
        fewest, again = UNTRIED_CARRYING, None
    if carrying < fewest:
        return Limits(carried_by=carrying, reason=_carried(carrying, n))
    freedom = float(_freedom(np.array([carrying]), n, ranks)[0])
    reach = error * float(stats.t.ppf((1 + confidence) / 2, freedom))
    p_value = 2 * float(stats.t.sf(abs(estimate - null) / error, freedom))
    limits = Limits(estimate - reach, estimate + reach, p_value, carrying)
    if again is not None and (ranks or carrying < MANY_CARRYING):
        held = _share_held(draw_again(estimate, n, again, cells=cells, ranks=ranks))
        if not HOLDS[0] <= held <= HOLDS[1]:
            reason = (
                f"There is no interval that holds: with the {n:,} practices drawn again and again, "
                f"one of 95% held the figure in {number(100 * held, 1)}% of the draws."
            )
            return Limits(carried_by=carrying, reason=reason)
    return limits


def _spread(left_out: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Standard error, and how many practices carry the figure, by the last axis."""
    n = counts.sum(axis=-1)
    mean = (counts * left_out).sum(axis=-1) / n
    squares = (left_out - mean[..., None]) ** 2
    total, fourth = (counts * squares).sum(axis=-1), (counts * squares**2).sum(axis=-1)
    carrying = np.divide(total**2, fourth, out=np.zeros_like(total), where=fourth > 0)
    return np.sqrt((n - 1) / n * total), carrying


def _freedom(carrying: Floats, n: int, ranks: bool) -> Floats:
    """Degrees of freedom of ranks, or of a sum or slope."""
    if ranks:
        return np.full_like(carrying, n - 1.0)
    # All alike (up to rounding) carry it: the most there are.
    apart = np.maximum(1 - carrying / n, 1e-12)
    return np.asarray(np.minimum(n - 1, 1.5 * carrying / apart))


def _share_held(drawn: Iterator[Bools]) -> float:
    """How often it held; no more draws than tell on which side of HOLDS that lies."""
    held = n = 0
    share = 0.0
    for part in drawn:
        held, n = held + int(part.sum()), n + len(part)
        share = held / max(n, 1)
        if min(abs(share - bound) for bound in HOLDS) > 2 * math.sqrt(0.0475 / max(n, 1)):
            break
    return share


def draw_again(
    estimate: float,
    n: int,
    again: Again,
    *,
    cells: int | None = None,
    ranks: bool = False,
    draws: int | None = None,
    seed: int = 0,
) -> Iterator[Bools]:
    """Whether the 95% intervals of n practices drawn with replacement hold `estimate`, some of the
    `draws` (DRAWS, of ranks half as many again) at a time; those without an interval are left out.
    The rest is as `jackknife` has it.
    """
    rng = np.random.default_rng(seed)
    # Coefficients are quick to draw.
    draws = draws or (DRAWS * 3 // 2 if ranks else DRAWS)
    step = min(DRAWS_AT_A_TIME, max(1, CHUNK // (cells or n)))
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        counts = rng.multinomial(n, np.full(n, 1 / n), size=rows).astype("float64")
        with np.errstate(invalid="ignore", divide="ignore"):
            figures, left_out = again(counts)
            # Who is not drawn can't be left out.
            error, carrying = _spread(np.where(counts > 0, left_out, 0.0), counts)
        known = np.isfinite(figures) & np.isfinite(error) & (error > 0)
        reach = stats.t.ppf(0.975, _freedom(carrying[known], n, ranks)) * error[known]
        yield np.abs(figures[known] - estimate) <= reach


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
