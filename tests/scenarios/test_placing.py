"""Placing GPs against every placing there is, on cases small enough to try all."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.scenarios.placing import place_gps
from pcs_dash.tables.errors import UserError


def left(gaps: list[float], posts: tuple[int, ...]) -> tuple[float, float]:
    """The largest gap left, and what is left in all."""
    rest = [max(gap - n, 0.0) for gap, n in zip(gaps, posts, strict=True)]
    return max(rest), sum(rest)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(-8, 16).map(lambda quarters: quarters / 4), min_size=1, max_size=4),
    st.integers(1, 6),
    st.integers(1, 3),
)
def test_no_other_placing_is_better(gaps: list[float], posts: int, most: int) -> None:
    found = tuple(place_gps(pd.Series(gaps), posts, most))
    assert sum(found) <= posts
    assert all(0 <= n <= most for n in found)
    every = product(range(most + 1), repeat=len(gaps))
    best = min(left(gaps, each) for each in every if sum(each) <= posts)
    assert left(gaps, found) == pytest.approx(best)


def test_posts_that_close_nothing_stay_over() -> None:
    gaps = pd.Series({"a": 1.5, "b": -2.0, "c": np.nan, "d": 0.2})
    assert place_gps(gaps, 10, 5).to_dict() == {"a": 2, "b": 0, "c": 0, "d": 1}
    assert place_gps(gaps * -1, 10, 5).sum() == 2


def test_at_most_so_many_a_practice() -> None:
    gaps = pd.Series({"a": 9.0, "b": 1.0})
    assert place_gps(gaps, 5, 2).to_dict() == {"a": 2, "b": 1}


@pytest.mark.parametrize(("posts", "most"), [(0, 1), (1, 0)])
def test_no_posts_are_told(posts: int, most: int) -> None:
    with pytest.raises(UserError, match="at least one"):
        place_gps(pd.Series([1.0]), posts, most)
