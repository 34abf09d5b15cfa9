"""Funnel plot of practices: is a small practice's figure more than noise?

Limits are those of OHID's funnel plots for rates (PHEindicatormethods / phstatsmethods
`calculate_funnel_limits`): exact Poisson at 95% and 99.8% about the average of the practices
shown, here for FTE GPs per 10,000 patients, with FTE in the place of the count. FTE is not a
count of independent events, so the limits are a yardstick, not a test; the dispersion tells how
far the practices spread beside it (Spiegelhalter 2005, winsorised at 10% in each tail).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special, stats

from pcs_dash.measures.numbers import number
from pcs_dash.measures.sums import Floats
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.constants import PER_PATIENTS

# One-sided tails of the 95% and 99.8% limits.
TAILS = {"95": 0.025, "998": 0.001}
WITHIN = "within the limits"
POSITIONS = (
    "far fewer GPs (below 99.8%)",
    "fewer GPs (below 95%)",
    WITHIN,
    "more GPs (above 95%)",
    "far more GPs (above 99.8%)",
)
WINSORISED = 0.1


@dataclass(frozen=True)
class Funnel:
    """`average`: FTE per 10,000 patients of all practices together, the line of the funnel.

    `points`: index practice; columns patients, fte_gp, expected_fte, fte_per_10000,
    patients_per_fte_gp (NaN for FTE 0), position (one of POSITIONS). `limits`: columns patients,
    expected_fte, average, low_95, high_95, low_998, high_998 (FTE per 10,000) along the x axis.
    `dispersion`: 1 if the practices spread as the Poisson does; below 1 less, above 1 more.
    """

    average: float
    points: pd.DataFrame
    limits: pd.DataFrame
    dispersion: float
    adjusted: bool
    n: int
    n_missing: int
    n_outside_95: int
    expected_outside_95: float
    definition: str
    note: str


def poisson_limits(expected: ArrayLike, tail: float) -> tuple[Floats, Floats]:
    """Counts (not only whole ones) that leave `tail` below and above when `expected` are due.

    Low: P(X <= low) = tail, 0 where even 0 is less rare than that. High: P(X >= high) = tail.
    """
    mean = np.asarray(expected, dtype="float64")
    with np.errstate(invalid="ignore"):
        low = special.pdtrik(tail, mean)
        high = special.pdtrik(1 - tail, mean) + 1
    return np.where(np.exp(-mean) > tail, 0.0, low), high


def funnel(
    practices: pd.DataFrame,
    *,
    definition: str = "fully_qualified",
    adjust: bool = False,
    grid: int = 100,
) -> Funnel:
    """Practices against control limits for their size.

    `adjust` scales the limits to the spread that the practices have (by the square root of the
    dispersion, on the square-root scale): wider above 1, as Spiegelhalter proposes, and narrower
    below 1, since full-time equivalents vary less than counts of events do.
    Practices without an FTE figure or patients leave and are counted; FTE 0 stays, as 0.
    """
    fte = practices[gp_definition(definition).column].astype("float64")
    patients = practices["patients"].astype("float64")
    keep = fte.notna() & (patients > 0)
    fte, patients = fte[keep], patients[keep]
    average = float(fte.sum() / patients.sum()) if patients.sum() > 0 else float("nan")
    points = pd.DataFrame({"patients": patients, "fte_gp": fte, "expected_fte": patients * average})
    points["fte_per_10000"] = PER_PATIENTS * fte / patients
    points["patients_per_fte_gp"] = patients / fte.where(fte > 0)
    dispersion = _dispersion(points)
    widen = float(np.sqrt(dispersion)) if adjust and np.isfinite(dispersion) else 1.0
    points["position"] = _positions(points, widen)
    sizes = np.array([])
    if patients.sum() > 0:
        sizes = np.geomspace(max(100.0, patients.min() * 0.8), patients.max() * 1.1, grid)
    outside = int((points["position"] != WITHIN).sum())
    return Funnel(
        PER_PATIENTS * average,
        points,
        _limit_lines(sizes, average, widen),
        dispersion,
        adjust,
        len(points),
        int((~keep).sum()),
        outside,
        0.05 * len(points),
        definition,
        _note(dispersion),
    )


def _counts(expected: ArrayLike, tail: float, widen: float) -> tuple[Floats, Floats]:
    mean = np.asarray(expected, dtype="float64")
    if widen == 1.0:
        return poisson_limits(mean, tail)
    # On the square-root scale a count has variance 1/4 x dispersion.
    reach = stats.norm.isf(tail) * widen / 2
    return np.maximum(np.sqrt(mean) - reach, 0.0) ** 2, (np.sqrt(mean) + reach) ** 2


def _limit_lines(sizes: Floats, average: float, widen: float) -> pd.DataFrame:
    expected = sizes * average
    table = pd.DataFrame(
        {"patients": sizes, "expected_fte": expected, "average": PER_PATIENTS * average}
    )
    for name, tail in TAILS.items():
        low, high = _counts(expected, tail, widen)
        table[f"low_{name}"] = PER_PATIENTS * low / sizes
        table[f"high_{name}"] = PER_PATIENTS * high / sizes
    return table


def _positions(points: pd.DataFrame, widen: float) -> pd.Series:
    fte = points["fte_gp"].to_numpy()
    place = np.full(len(points), 2)
    for tail in TAILS.values():
        low, high = _counts(points["expected_fte"], tail, widen)
        place = place - (fte < low) + (fte > high)
    return pd.Series([POSITIONS[p] for p in place], index=points.index, dtype="object")


def _dispersion(points: pd.DataFrame) -> float:
    if len(points) < 5:
        return float("nan")
    scores = 2 * (np.sqrt(points["fte_gp"]) - np.sqrt(points["expected_fte"]))
    low, high = np.quantile(scores, [WINSORISED, 1 - WINSORISED])
    return float((np.clip(scores, low, high) ** 2).mean())


def _note(dispersion: float) -> str:
    if not np.isfinite(dispersion):
        return "Too few practices to tell how far they spread."
    times = f"{number(dispersion, 1)} times what the Poisson limits allow for"
    meaning = (
        " (overdispersion), so more of them lie outside than chance explains."
        if dispersion > 1
        else ": the limits are generous, a practice outside them stands out, and one inside may "
        "still be odd."
    )
    return f"The practices' variance is {times}{meaning}"
