"""Small numbers: counts of a few patients are not shown singly, on screen or in files.

The rule, in one place. A count from 1 to below the threshold (5, or PCS_DASH_SMALL_NUMBER) is
missing in tables and files, and "fewer than 5" in words; so is what is computed from it. Where the
total stands beside, so many of the next smallest are hidden too that no hidden count follows by
subtraction. Shares of which one rests on such a count are rounded to whole per cent, and are
missing where even that would tell the count.

The functions that compute figures work with the exact counts: these are for what is shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcs_dash.measures import numbers
from pcs_dash.measures.sums import Floats, over
from pcs_dash.tables.errors import UserError

Bools = npt.NDArray[np.bool_]

SMALL_NUMBER_VARIABLE = "PCS_DASH_SMALL_NUMBER"
SMALL_NUMBER = 5
# What shares that rest on a small count are rounded to: whole per cent.
_SHARE_DECIMALS = 2


def small_number() -> int:
    """Cells below this are not shown singly: 5, or PCS_DASH_SMALL_NUMBER (0 shows all)."""
    text = os.environ.get(SMALL_NUMBER_VARIABLE, "").strip()
    if not text:
        return SMALL_NUMBER
    if not text.isdigit() or int(text) > 1000:
        raise UserError(f"{SMALL_NUMBER_VARIABLE} is {text!r}; set a whole number from 0 to 1000.")
    return int(text)


def is_small(counts: Any, threshold: int | None = None) -> Any:
    """Which counts (a number, a Series, an array) are from 1 to below the threshold."""
    limit = small_number() if threshold is None else threshold
    return (counts > 0) & (counts < limit)


def is_small_quotient(top: pd.Series, bottom: pd.Series, *, share: bool) -> pd.Series:
    """Which quotients rest on a small whole number of people; of a share, who is left over too."""
    counted = top.eq(top.round())
    few = is_small(top) & counted
    return (few | (is_small(bottom - top) & counted) if share else few).astype(bool)


def small_text(count: float, threshold: int | None = None) -> str:
    """A count in words: "1,234", or "fewer than 5" for one of 1 to 4."""
    limit = small_number() if threshold is None else threshold
    return f"fewer than {limit}" if is_small(count, limit) else numbers.number(count)


def hidden_cells(counts: Floats, threshold: int | None = None) -> Bools:
    """Which counts of one group to hide, their total being known.

    All small ones, and then the next smallest until the hidden ones can't be had from their sum: a
    single one can, and so can several that are all 1 or all one below the threshold. Zeros are
    shown, and where nothing else is left the small ones are all that is hidden.
    """
    limit = small_number() if threshold is None else threshold
    hidden: Bools = np.asarray(is_small(counts, limit), dtype=bool)
    spare = np.flatnonzero(~hidden & (counts > 0))
    for place in spare[np.argsort(counts[spare], kind="stable")]:
        total, number = counts[hidden].sum(), hidden.sum()
        if number == 0 or (number > 1 and total not in (number, number * (limit - 1))):
            break
        hidden[place] = True
    return hidden


def hide_small(
    table: pd.DataFrame,
    count: str,
    *,
    derived: Iterable[str] = (),
    within: str | None = None,
    threshold: int | None = None,
) -> pd.DataFrame:
    """The table with small counts made missing, and `hidden` set there.

    `derived`: columns computed from the count, hidden with it. `within`: a column whose groups'
    totals are known (a practice, an LSOA); see `hidden_cells`.
    """
    counts = table[count].astype("float64")
    hidden = pd.Series(is_small(counts, threshold), index=table.index)
    if within is not None and hidden.any():
        values, found = np.asarray(counts, dtype=np.float64), hidden.to_numpy(copy=True)
        groups = table[within]
        for places in groups.groupby(groups, observed=True).indices.values():
            found[places] = hidden_cells(values[places], threshold)
        hidden = pd.Series(found, index=table.index)
    result = table.copy()
    result[count] = counts.mask(hidden).astype("Int64")
    for column in derived:
        result[column] = result[column].mask(hidden)
    return result.assign(hidden=hidden)


def hide_rest(
    table: pd.DataFrame,
    part: str,
    whole: str,
    *,
    derived: Iterable[str] = (),
    threshold: int | None = None,
) -> pd.DataFrame:
    """The table with a part of a whole missing where the part or the rest of the whole is small;
    `derived` with it.
    """
    counts = table[part].astype("float64")
    rest = table[whole].astype("float64") - counts
    hidden = is_small(counts, threshold) | is_small(rest, threshold)
    result = table.copy()
    for column in (part, *derived):
        result[column] = result[column].mask(hidden)
    return result


def shown_shares(counts: Floats, threshold: int | None = None) -> Floats:
    """Shares (0 to 1) of each row's total, as they may be shown; missing where the total is 0.

    Where a count of the row is small all its shares are rounded to whole per cent, since the exact
    ones of the others would tell it; where a per cent is fewer patients than the threshold, they
    are missing.
    """
    limit = small_number() if threshold is None else threshold
    total = counts.sum(axis=1, keepdims=True)
    shares = over(counts, total)
    small = is_small(counts, limit).any(axis=1, keepdims=True)
    few = total < 10**_SHARE_DECIMALS * limit
    rounded = np.where(few, np.nan, shares.round(_SHARE_DECIMALS))
    return np.where(small, rounded, shares)
