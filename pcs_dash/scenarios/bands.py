"""Bands: what holds 95% of the draws, and the practices of a year in every draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pcs_dash.measures.sums import column
from pcs_dash.measures.workforce import gp_definition

Floats = NDArray[np.float64]

# The band holds 95% of the draws.
BAND_ENDS = (2.5, 97.5)


def band(drawn: Floats, central: ArrayLike) -> tuple[Floats, Floats]:
    """Low and high of 95% of the draws (last axis), wide enough to hold the central figure."""
    low, high = np.percentile(drawn, BAND_ENDS, axis=-1)
    return np.fmin(low, central), np.fmax(high, central)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Practices of a year in every draw: `patients` and `fte` (GPs of one definition; missing: no
    figure), shape (practices, draws); one column where nothing is drawn, as of today.
    """

    codes: pd.Index
    patients: Floats
    fte: Floats

    def of(self, codes: pd.Index) -> Drawn:
        """The same of some of its practices, in their order."""
        rows = self.codes.get_indexer(codes)
        return Drawn(codes, self.patients[rows], self.fte[rows])

    def sums(self) -> tuple[Floats, Floats]:
        """Patients and FTE by draw of the practices that report both."""
        both = ~np.isnan(self.patients) & ~np.isnan(self.fte)
        return np.where(both, self.patients, 0).sum(axis=0), np.where(both, self.fte, 0).sum(axis=0)


def as_today(practices: pd.DataFrame, definition: str) -> Drawn:
    """Practices of whom nothing is drawn."""
    return Drawn(
        practices.index,
        column(practices, "patients")[:, None],
        column(practices, gp_definition(definition).column)[:, None],
    )
