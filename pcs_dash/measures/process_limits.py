"""XmR charts: what of a series of months is more than the usual month-to-month variation.

Limits and rules are those of NHS England's Making Data Count: the mean and 2.66 mean moving ranges
either side; a month beyond a limit, seven in a row on one side of the mean, seven in a row rising
or falling, two of three in the outer third on one side.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

# 3 / 1.128, the expected range of two draws in standard deviations.
LIMIT_RANGES = 2.66
# Ranges beyond so many mean ranges are no usual variation: the mean is taken again without them.
SCREENED = 3.267
RUN = 7
FEWEST = 10
BEYOND, SHIFT, TREND, OUTER = "beyond a limit", "shift", "trend", "two of three near a limit"


@dataclass(frozen=True, eq=False)
class Process:
    """`points`: index as the series, columns value, low, mean, high and signal ("" for usual);
    limits are missing where fewer than ten months of one definition are there to make them of.
    """

    points: pd.DataFrame

    @property
    def signals(self) -> pd.Series:
        """The months that stand out, with the rule each breaks."""
        return self.points.loc[self.points["signal"] != "", "signal"]

    @property
    def limited(self) -> bool:
        """Whether there are limits at all."""
        return bool(self.points["mean"].notna().any())


def process(values: pd.Series, breaks: pd.Series | None = None) -> Process:
    """Limits and signals of a series, one value a step in order; NaN is a gap.

    `breaks`: on the same index, what changes where the definition does: each stretch has its own
    limits. No range, run or pair reaches across a gap or a break.
    """
    stretch = pd.Series(0, values.index) if breaks is None else breaks
    parts = [_stretch(part) for _, part in values.astype("float64").groupby(stretch, sort=False)]
    empty = pd.DataFrame(columns=["value", "low", "mean", "high", "signal"])
    return Process(pd.concat(parts) if parts else empty)


def _stretch(values: pd.Series) -> pd.DataFrame:
    found = pd.DataFrame({"value": values, "low": np.nan, "mean": np.nan, "high": np.nan})
    found["signal"] = ""
    ranges = values.diff().abs().dropna()
    if values.notna().sum() < FEWEST or ranges.empty:
        return found
    typical = float(ranges[ranges <= SCREENED * ranges.mean()].mean())
    mean = float(values.mean())
    found["mean"] = mean
    found["low"], found["high"] = mean - LIMIT_RANGES * typical, mean + LIMIT_RANGES * typical
    # The rules in the order in which a month that breaks several is named.
    for name, mark in (
        (OUTER, _outer(values, mean, LIMIT_RANGES * typical)),
        (TREND, _runs(np.sign(values.diff()), RUN - 1, before=1)),
        (SHIFT, _runs(np.sign(values - mean), RUN)),
        (BEYOND, (values - mean).abs() > LIMIT_RANGES * typical),
    ):
        found.loc[mark, "signal"] = name
    return found


def _runs(signs: pd.Series, length: int, before: int = 0) -> pd.Series:
    """The months in runs of so many equal signs; `before`: how many more a run begins earlier."""
    marked = pd.Series(False, index=signs.index)
    first = 0
    for sign, run in itertools.groupby(signs):
        end = first + len(list(run))
        if end - first >= length and sign in (-1, 1):
            marked.iloc[max(first - before, 0) : end] = True
        first = end
    return marked


def _outer(values: pd.Series, mean: float, reach: float) -> pd.Series:
    """The months of which two of three neighbours lie in the outer third on one side."""
    marked = pd.Series(False, index=values.index)
    for side in (1, -1):
        far = side * (values - mean) > 2 / 3 * reach
        whole = values.notna().rolling(3).sum() == 3
        for end in np.flatnonzero((far.rolling(3).sum() >= 2) & whole):
            three = far.iloc[end - 2 : end + 1]
            marked.loc[three.index[three]] = True
    return marked
