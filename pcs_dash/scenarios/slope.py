"""Posts placed until the slope of patients per FTE GP over deprivation is gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pcs_dash.measures.patient_matrix import quintile_matrix
from pcs_dash.tables.errors import UserError

Floats = NDArray[np.float64]
MOST_POSTS = 500


@dataclass(frozen=True, eq=False)
class SlopeClosed:
    """`posts`: whole FTE by practice code; the slope index before, after, and whether it is as near
    to zero as whole posts bring it, or there was no post left that helps.
    """

    posts: pd.Series
    before: float
    after: float
    reached: bool


def close_slope(
    practices: pd.DataFrame, *, definition: str, edition: str, most: int, limit: int = MOST_POSTS
) -> SlopeClosed:
    """Place posts of 1 FTE, one at a time where each moves the slope index (SII) most, until it
    passes zero; at most `most` a practice and `limit` in all.

    Each fifth's ratio is its patients over the FTE they draw on (`quintile_matrix`); a post is
    drawn on by the fifths as its practice's patients are. Of each post the best is taken, which
    keeps the number small, but no proof is given that none smaller would do. UserError where fewer
    than three fifths have patients.
    """
    matrix = quintile_matrix(practices, definition=definition, edition=edition)
    if len(matrix.groups) < 3:
        raise UserError("Patients of three fifths and more are needed for a slope.")
    share = matrix.share
    assert share is not None
    patients = matrix.patients @ share
    weights = _slope_weights(patients)
    fte = matrix.fte @ share
    if not (fte > 0).all():
        raise UserError("A fifth has no FTE GP at all, so there is no slope to close.")
    before = now = float(weights @ (patients / fte))
    placed = np.zeros(len(matrix.patients), dtype=np.int64)
    sign = np.sign(before)
    reached = sign == 0
    while placed.sum() < limit and now * sign > 0:
        found = (patients / (fte + share)) @ weights
        found[placed >= most] = np.inf * sign
        best = int(np.argmin(found * sign))
        if not found[best] * sign < now * sign:
            break
        # A post that passes zero by more than it was away is not needed.
        reached = bool(found[best] * sign <= 0)
        if reached and abs(found[best]) > abs(now):
            break
        placed[best] += 1
        fte = fte + share[best]
        now = float(found[best])
    return SlopeClosed(
        pd.Series(placed, index=pd.Index(matrix.codes, name="practice_code")),
        before,
        now,
        bool(reached),
    )


def _slope_weights(patients: Floats) -> Floats:
    """What each fifth's figure is multiplied by for the slope weighted by population (OHID)."""
    share = patients / patients.sum()
    rank = np.cumsum(share) - share / 2
    off = share * (rank - share @ rank)
    return np.asarray(off / (off @ rank))
