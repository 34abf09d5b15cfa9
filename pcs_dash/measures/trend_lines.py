"""Straight lines through a cloud of practices, to guide the eye: how sure the direction is, the
coefficients say (`correlation`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from pcs_dash.measures.correlation import complete_pairs, floats, why_not


@dataclass(frozen=True)
class Line:
    """A straight line y = intercept + slope * x."""

    name: str
    slope: float
    intercept: float
    n: int

    def at(self, x: ArrayLike) -> NDArray[np.float64]:
        """The line's y at each x."""
        return self.intercept + self.slope * floats(x)


def lines(x: ArrayLike, y: ArrayLike, *, weights: ArrayLike | None = None) -> tuple[Line, ...]:
    """Least squares and Theil-Sen; empty where there are too few points.

    The Theil-Sen slope is the median of the slopes over all pairs of points, so that one odd
    practice cannot turn it; it takes no weights. Neither has an interval: none tried held on real
    practices (docs/methods.md).
    """
    xs, ys, ws, _ = complete_pairs(x, y, weights)
    if why_not(xs, ys):
        return ()
    slope, intercept = np.polyfit(xs, ys, 1, w=np.sqrt(ws))
    robust = stats.theilslopes(ys, xs)
    name = "least squares" if weights is None else "least squares, weighted"
    return (
        Line(name, float(slope), float(intercept), len(xs)),
        Line("Theil-Sen", float(robust.slope), float(robust.intercept), len(xs)),
    )
