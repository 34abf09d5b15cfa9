"""Where new GPs should go: whole posts placed so that the largest gaps close first."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack

from pcs_dash.tables.errors import UserError

# Left gaps closer than this are the same; far below what FTE are reported to.
_SAME = 1e-6


def place_gps(gaps: pd.Series, posts: int, most: int) -> pd.Series:
    """Posts of 1 FTE for each practice: index as `gaps`, whole numbers.

    `gaps`: FTE GPs short of a benchmark by practice (negative: none short; missing: not known, and
    gets none); `posts`: how many there are, `most`: at most so many a practice. No other placing
    leaves a smaller largest gap; of those that leave the same, none leaves less gap in all; posts
    that would close none stay over. Solved by HiGHS. UserError for numbers below 1.
    """
    if posts < 1 or most < 1:
        raise UserError("Give at least one post, and at least one a practice.")
    short = gaps[gaps > 0].astype(float)
    placed = pd.Series(0, index=gaps.index, dtype=np.int64)
    if short.empty:
        return placed
    gap = short.to_numpy()
    first = _solved(gap, posts, most, None)
    placed[short.index] = _solved(gap, posts, most, float(np.maximum(gap - first, 0).max()))
    return placed


def _solved(gap: np.ndarray, posts: int, most: int, largest: float | None) -> np.ndarray:
    """Posts that leave the least largest gap (`largest` None), or least in all within that one.

    Variables: posts of each practice, and what is left of each gap; or once, of the largest.
    """
    number = len(gap)
    left = number if largest is not None else 1
    of_left = eye_array(number, format="csr") if left == number else csr_array(np.ones((number, 1)))
    together = csr_array(np.r_[np.ones(number), np.zeros(left)][None, :])
    # A post above what is short would close nothing.
    highest = np.minimum(np.ceil(gap - _SAME), most)
    upper = np.inf if largest is None else largest + _SAME
    found = milp(
        np.r_[np.zeros(number), np.ones(left)],
        integrality=np.r_[np.ones(number), np.zeros(left)],
        bounds=Bounds(0, np.r_[highest, np.full(left, upper)]),
        constraints=[
            LinearConstraint(hstack([eye_array(number), of_left], format="csr"), gap, np.inf),
            LinearConstraint(together, 0, posts),
        ],
        options={"mip_rel_gap": 0},
    )
    if found.x is None:
        raise UserError(f"The solver found no placing: {found.message}")
    return np.rint(found.x[:number]).astype(np.int64)
