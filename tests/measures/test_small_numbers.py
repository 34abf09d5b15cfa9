"""Small counts: hidden, not to be had from what is shown, by trying every possibility."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures.small_numbers import (
    hidden_cells,
    hide_rest,
    hide_small,
    shown_shares,
    small_number,
    small_text,
)
from pcs_dash.tables.errors import UserError


def test_small_counts_are_hidden_with_what_is_derived_from_them() -> None:
    table = pd.DataFrame({"n": [0, 1, 4, 5, 9], "share": [0.0, 0.1, 0.4, 0.5, 0.9]})
    shown = hide_small(table, "n", derived=["share"], threshold=5)
    assert shown["hidden"].tolist() == [False, True, True, False, False]
    assert shown["n"].isna().tolist() == [False, True, True, False, False]
    assert shown["share"].isna().tolist() == [False, True, True, False, False]
    assert hide_small(table, "n", threshold=0)["hidden"].sum() == 0


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([1, 1, 7, 9], [True, True, True, False]),  # a sum of 2 over two cells: both are 1
        ([4, 4, 7, 9], [True, True, True, False]),  # a sum of 8: both are 4
        ([1, 3, 7, 9], [True, True, False, False]),  # a sum of 4: 1 and 3, 2 and 2, 3 and 1
        ([3, 7, 9, 0], [True, True, False, False]),
        ([1, 1, 0, 0], [True, True, False, False]),  # nothing else is left to hide
        ([5, 6, 7, 0], [False, False, False, False]),
    ],
)
def test_enough_is_hidden_with_them(counts: list[int], hidden: list[bool]) -> None:
    assert hidden_cells(np.array(counts, float), 5).tolist() == hidden


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 12)), min_size=1, max_size=12),
    st.integers(0, 8),
)
def test_no_hidden_cell_can_be_had_by_subtraction(
    rows: list[tuple[str, int]], threshold: int
) -> None:
    table = pd.DataFrame(rows, columns=["group", "n"])
    shown = hide_small(table, "n", within="group", threshold=threshold)
    for _, group in shown.groupby("group"):
        original = table.loc[group.index, "n"]
        hidden = group["hidden"]
        assert (hidden | ~((original > 0) & (original < threshold))).all()
        assert (group.loc[~hidden, "n"] == original[~hidden]).all()
        if not hidden.any() or (original[~hidden] > 0).sum() == 0:
            continue
        # Whoever takes every hidden count for small finds none that must be what it is.
        total, number = original[hidden].sum(), hidden.sum()
        assert number > 1
        small = range(1, threshold)
        if number <= 5:
            fits = [
                cells for cells in itertools.product(small, repeat=number) if sum(cells) == total
            ]
            for place in range(number):
                assert len({cells[place] for cells in fits}) != 1


@given(st.lists(st.integers(0, 3_000), min_size=5, max_size=5))
@settings(max_examples=200)
def test_no_share_tells_a_small_count(counts: list[int]) -> None:
    """Every other count of the row being known exactly, at least two would give the same share."""
    total = sum(counts)
    shares = shown_shares(np.array([counts], float), 5)[0]
    if total == 0:
        assert np.isnan(shares).all()
        return
    if not any(0 < count < 5 for count in counts):
        np.testing.assert_allclose(shares, np.array(counts) / total)
        return
    if total < 500:
        assert np.isnan(shares).all()
        return
    for count, share in zip(counts, shares, strict=True):
        assert share == pytest.approx(round(count / total, 2))
        if 0 < count < 5:
            rest = total - count
            assert len({n for n in range(50) if round(n / (rest + n), 2) == share}) > 1


def test_the_few_of_the_rest_are_hidden_too() -> None:
    table = pd.DataFrame(
        {"n": [500.0, 500.0, 3.0, 500.0], "of": [503.0, 505.0, 900.0, 500.0], "share": 0.5}
    )
    shown = hide_rest(table, "n", "of", derived=["share"], threshold=5)
    assert shown["n"].isna().tolist() == [True, False, True, False]
    assert shown["share"].isna().tolist() == [True, False, True, False]
    assert shown["of"].notna().all()


def test_small_counts_in_words() -> None:
    assert [small_text(n, 5) for n in (0, 1, 4, 5, 1234)] == [
        "0", "fewer than 5", "fewer than 5", "5", "1,234",
    ]  # fmt: skip
    assert small_text(1, 0) == "1"


def test_the_threshold_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PCS_DASH_SMALL_NUMBER", raising=False)
    assert small_number() == 5
    monkeypatch.setenv("PCS_DASH_SMALL_NUMBER", "8")
    assert small_number() == 8
    monkeypatch.setenv("PCS_DASH_SMALL_NUMBER", "many")
    with pytest.raises(UserError, match="whole number"):
        small_number()
