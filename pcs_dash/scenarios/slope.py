"""The fewest posts with which the slope of patients per FTE GP over deprivation is gone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import lil_array

from pcs_dash.measures.patient_matrix import quintile_matrix
from pcs_dash.measures.slope_index import relative_ranks
from pcs_dash.measures.sums import Floats
from pcs_dash.tables.errors import UserError

Posts = NDArray[np.int64]
MOST_POSTS = 500
# Straight pieces of a quotient; what the solver may take; its word for "there is none".
_PIECES, _SECONDS, _NONE = 12, 10.0, 2
_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class SlopeClosed:
    """`posts`: whole FTE by practice code; the slope index before, after, and whether it is as near
    to zero as whole posts bring it, or there was no post left that helps. `passing`: how many take
    it to zero or past it; `least`: no placing of fewer does, as the solver has proven (infinite:
    none does at all).
    """

    posts: pd.Series
    before: float
    after: float
    reached: bool
    passing: int
    least: float

    @property
    def proven(self) -> bool:
        """Whether no placing of fewer posts does it, or none where this one does not."""
        return self.least >= self.passing if self.reached else bool(np.isinf(self.least))


def close_slope(
    practices: pd.DataFrame, *, definition: str, edition: str, most: int, limit: int = MOST_POSTS
) -> SlopeClosed:
    """Place posts of 1 FTE, one at a time where each moves the slope index (SII) most, until it
    passes zero; at most `most` a practice and `limit` in all.

    Each fifth's ratio is its patients over the FTE they draw on (`quintile_matrix`); a post is
    drawn on by the fifths as its practice's patients are. `least_posts` proves how many it takes
    at least, and gives a better placing where it finds one. UserError where fewer than three
    fifths have patients.
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
    before = float(weights @ (patients / fte))
    index = pd.Index(matrix.codes, name="practice_code")
    sign = float(np.sign(before))
    if sign == 0:
        return SlopeClosed(pd.Series(0, index=index), before, before, True, 0, 0)
    wanted = -sign * weights * patients
    placed, passing = _one_by_one(wanted, fte, share, most, limit)
    least, better = least_posts(wanted, fte, share, most, passing or limit)
    if better is not None and not (passing and better.sum() >= passing):
        placed, passing = better, int(better.sum())
    now = float(weights @ (patients / (fte + placed @ share)))
    posts, number = pd.Series(placed, index=index), passing or int(placed.sum())
    return SlopeClosed(posts, before, now, passing > 0, number, least)


def _one_by_one(
    wanted: Floats, fte: Floats, share: Floats, most: int, limit: int
) -> tuple[Posts, int]:
    """Posts where each helps most, until `wanted` / FTE adds up to 0, and how many take it there
    (0: not to be reached so). A last one that passes by more than was left is counted, not placed.
    """
    placed = np.zeros(len(share), dtype=np.int64)
    now = float((wanted / fte).sum())
    while placed.sum() < limit:
        found = (wanted / (fte + share)).sum(axis=1)
        found[placed >= most] = -np.inf
        best = int(np.argmax(found))
        if not found[best] > now:
            break
        if found[best] > -now:
            return placed, int(placed.sum()) + 1
        placed[best] += 1
        fte, now = fte + share[best], float(found[best])
        if now >= 0:
            return placed, int(placed.sum())
    return placed, 0


def least_posts(
    wanted: Floats, fte: Floats, share: Floats, most: int, limit: int
) -> tuple[float, Posts | None]:
    """How many posts are needed at least, at most `most` a practice, for the sum over groups of
    `wanted` / FTE to reach 0; infinite where `limit` posts can't do it. And the placing found,
    where it does so itself.

    Each quotient is replaced by straight pieces that are never below it, so that what the solver
    (HiGHS) proves of them holds for the slope: tangents where it is concave (`wanted` below 0),
    chords of `_PIECES` parts where it is convex.
    """
    model = _Model(len(share))
    together = np.zeros(len(fte), dtype=np.int64)
    for group, (want, start) in enumerate(zip(wanted, fte, strict=True)):
        highest = float(np.sort(np.repeat(share[:, group], min(most, limit)))[-limit:].sum())
        together[group] = model.group(share[:, group], float(want), float(start), highest)
    found = model.fewest(together, most, limit)
    if found.status == _NONE:
        return np.inf, None
    bound = getattr(found, "mip_dual_bound", None)
    least = 0.0 if bound is None else float(np.ceil(bound - _SAME))
    if found.x is None:
        return least, None
    posts = np.rint(found.x[: len(share)]).astype(np.int64)
    reaches = (wanted / (fte + posts @ share)).sum() >= 0
    return least, posts if reaches else None


class _Model:
    """Posts of each practice, then the variables of each group: FTE added by pieces, which piece is
    full, and the quotient.
    """

    def __init__(self, practices: int) -> None:
        self.practices = practices
        self.upper: list[float] = [0.0] * practices
        self.lower: list[float] = [0.0] * practices
        self.whole = [1] * practices
        self.rows: list[tuple[dict[int, float], float, float]] = []

    def variable(self, low: float, high: float, *, whole: bool = False) -> int:
        """One more variable; returns its place."""
        self.lower.append(low)
        self.upper.append(high)
        self.whole.append(int(whole))
        return len(self.lower) - 1

    def row(self, terms: dict[int, float], low: float, high: float) -> None:
        """low <= sum of terms <= high."""
        self.rows.append((terms, low, high))

    def group(self, share: Floats, want: float, start: float, highest: float) -> int:
        """A group's FTE and what its quotient is at most; returns the place of the latter."""
        value = self.variable(-np.inf, np.inf)
        ends = np.linspace(start, start + max(highest, _SAME), _PIECES + 1)
        drawn = {place: float(part) for place, part in enumerate(share) if part}
        if want <= 0:
            fte = self.variable(0, np.inf)
            self.row({**drawn, fte: -1.0}, 0, 0)
            for at in ends:
                self.row(
                    {value: 1.0, fte: want / at**2}, -np.inf, want / at * (1 + (at - start) / at)
                )
            return value
        pieces = [self.variable(0, wide) for wide in np.diff(ends)]
        self.row({**drawn, **dict.fromkeys(pieces, -1.0)}, 0, 0)
        slopes = np.diff(want / ends) / np.diff(ends)
        of_pieces = {piece: -float(slope) for piece, slope in zip(pieces, slopes, strict=True)}
        self.row({value: 1.0, **of_pieces}, -np.inf, want / start)
        for place, (before, after) in enumerate(pairwise(pieces)):
            full = self.variable(0, 1, whole=True)
            wide, wider = np.diff(ends)[place : place + 2]
            self.row({before: 1.0, full: -float(wide)}, 0, np.inf)
            self.row({after: 1.0, full: -float(wider)}, -np.inf, 0)
        return value

    def fewest(self, values: NDArray[np.int64], most: int, limit: int) -> OptimizeResult:
        """The fewest posts for which the quotients add up to 0."""
        self.row(dict.fromkeys(map(int, values), 1.0), 0, np.inf)
        self.row(dict.fromkeys(range(self.practices), 1.0), 0, limit)
        self.upper[: self.practices] = [most] * self.practices
        number = len(self.lower)
        table = lil_array((len(self.rows), number))
        for place, (terms, _, _) in enumerate(self.rows):
            for column, factor in terms.items():
                table[place, column] = factor
        cost = np.r_[np.ones(self.practices), np.zeros(number - self.practices)]
        lows, highs = ([row[end] for row in self.rows] for end in (1, 2))
        return milp(
            cost,
            integrality=np.array(self.whole),
            bounds=Bounds(self.lower, self.upper),
            constraints=LinearConstraint(table.tocsr(), lows, highs),
            options={"time_limit": _SECONDS},
        )


def _slope_weights(patients: Floats) -> Floats:
    """What each fifth's figure is multiplied by for the slope weighted by population (OHID)."""
    share, rank = patients / patients.sum(), relative_ranks(patients)
    off = share * (rank - share @ rank)
    return np.asarray(off / (off @ rank))
