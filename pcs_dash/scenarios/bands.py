"""Bands: what holds 95% of the draws, and the practices of a year in every draw.

Figures by draw have the central one first: what is worked out of them all is so once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pcs_dash.measures.numbers import number, signed
from pcs_dash.measures.sums import Floats, column

# The band holds 95% of the draws.
BAND_ENDS = (2.5, 97.5)


def band(drawn: Floats, central: ArrayLike) -> tuple[Floats, Floats]:
    """Low and high of 95% of the draws (last axis), wide enough to hold the central figure."""
    low, high = np.percentile(drawn, BAND_ENDS, axis=-1)
    return np.fmin(low, central), np.fmax(high, central)


@dataclass(frozen=True)
class Banded:
    """A figure with its band; both ends are the figure itself where nothing is drawn."""

    central: float
    low: float
    high: float

    def text(self, decimals: int = 0, *, sign: bool = False) -> str:
        """As "2,636 (2,400 to 3,100)"."""
        own = signed if sign else number
        said = own(self.central, decimals)
        if not self.high > self.low:
            return said
        return f"{said} ({own(self.low, decimals)} to {own(self.high, decimals)})"


def banded(values: ArrayLike) -> Banded:
    """The central figure (the first) and the band of the draws (the others)."""
    given = np.atleast_1d(np.asarray(values, dtype=float))
    low, high = band(given[1:] if len(given) > 1 else given, given[0])
    return Banded(float(given[0]), float(low), float(high))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Practices of a year in every draw: `patients` and `fte` (GPs of one definition or role;
    missing: no figure), shape (practices, 1 + draws), central first; one column where nothing is
    drawn.
    """

    codes: pd.Index
    patients: Floats
    fte: Floats

    def of(self, codes: pd.Index) -> Drawn:
        """The same of some of its practices, in their order."""
        rows = self.codes.get_indexer(codes)
        return Drawn(codes, self.patients[rows], self.fte[rows])

    def reported(self) -> tuple[Floats, Floats]:
        """Patients and FTE of the practices that report both; 0 of the others."""
        both = ~np.isnan(self.patients) & ~np.isnan(self.fte)
        return np.where(both, self.patients, 0), np.where(both, self.fte, 0)


def as_today(practices: pd.DataFrame, fte: str) -> Drawn:
    """Practices of whom nothing is drawn; `fte`: the column of their GPs."""
    patients, gps = (column(practices, name)[:, None] for name in ("patients", fte))
    return Drawn(practices.index, patients, gps)
