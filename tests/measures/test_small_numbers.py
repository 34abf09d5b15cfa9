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
    is_small,
    is_small_quotient,
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
        ([3, *[7] * 40], [True, True, *[False] * 39]),  # of equal ones the first
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


# Half of the cells are around the thresholds: at random hardly one would be.
cells = st.integers(0, 9) | st.integers(0, 3_000)


@given(st.lists(st.lists(cells, min_size=5, max_size=5), min_size=1, max_size=3), st.integers(2, 8))
@settings(max_examples=200)
def test_no_share_tells_a_small_count(rows: list[list[int]], threshold: int) -> None:
    """Every other count of the row being known exactly, at least two would give the same share."""
    shown = shown_shares(np.array(rows, float), threshold)
    for counts, shares in zip(rows, shown, strict=True):
        total = sum(counts)
        if total == 0:
            assert np.isnan(shares).all()
            continue
        if not any(0 < count < threshold for count in counts):
            np.testing.assert_allclose(shares, np.array(counts) / total)
            continue
        if total < 100 * threshold:
            assert np.isnan(shares).all()
            continue
        for count, share in zip(counts, shares, strict=True):
            assert share == pytest.approx(round(count / total, 2))
            if 0 < count < threshold:
                rest = total - count
                assert len({n for n in range(50) if round(n / (rest + n), 2) == share}) > 1


def test_shares_are_missing_where_a_per_cent_is_fewer_than_the_threshold() -> None:
    rows = np.array([[1.0, 498.0], [1.0, 499.0], [5.0, 10.0], [0.0, 1.0]])
    few, enough, exact, one = shown_shares(rows, 5)
    assert np.isnan([*few, *one]).all()
    assert enough.tolist() == [0, 1]
    assert exact.tolist() == pytest.approx([1 / 3, 2 / 3])
    assert shown_shares(rows, 0)[3].tolist() == [0, 1]


def test_the_few_of_the_rest_are_hidden_too() -> None:
    table = pd.DataFrame(
        {"n": [500.0, 500.0, 3.0, 500.0], "of": [503.0, 505.0, 900.0, 500.0], "share": 0.5}
    )
    shown = hide_rest(table, "n", "of", derived=["share"], threshold=5)
    assert shown["n"].isna().tolist() == [True, False, True, False]
    assert shown["share"].isna().tolist() == [True, False, True, False]
    assert shown["of"].notna().all()


def test_quotients_that_rest_on_few_people() -> None:
    """Of a share those left over count too; a sum of FTE is no count of people."""
    top, bottom = pd.Series([3.0, 40.0, 98.0, 3.5, 0.0]), pd.Series([100.0] * 5)
    assert is_small_quotient(top, bottom, share=False).tolist() == [True, *[False] * 4]
    assert is_small_quotient(top, bottom, share=True).tolist() == [True, False, True, False, False]


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


@pytest.mark.parametrize(("text", "limit"), [("0", 0), (" 7 ", 7), ("1000", 1000), ("", 5)])
def test_a_threshold_that_can_be_set(
    monkeypatch: pytest.MonkeyPatch, text: str, limit: int
) -> None:
    monkeypatch.setenv("PCS_DASH_SMALL_NUMBER", text)
    assert small_number() == limit


@pytest.mark.parametrize("text", ["-1", "1001", "2.5"])
def test_a_threshold_that_can_not_be_set(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PCS_DASH_SMALL_NUMBER", text)
    with pytest.raises(UserError, match=f"is '{text}'; set a whole number from 0 to 1000"):
        small_number()


@pytest.mark.parametrize("limit", [None, 8, 3])
def test_every_function_follows_the_threshold_or_the_setting(
    monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    """7 of 700 and of 1,400: small below 8, not below 3, and at first by the setting of 8."""
    monkeypatch.setenv("PCS_DASH_SMALL_NUMBER", "8")
    small = limit != 3
    counts = pd.DataFrame({"n": [7, 1393, 700], "of": [700, 1400, 707]}, index=list("abc"))
    assert is_small(7, limit) == small
    assert small_text(7, limit) == ("fewer than 8" if small else "7")
    hidden = hidden_cells(counts["n"].to_numpy(float), limit)
    assert hidden.tolist() == [small, False, small]
    rest = hide_rest(counts.astype("Int64"), "n", "of", threshold=limit)
    assert rest["n"].isna().tolist() == [small] * 3
    shares = shown_shares(np.array([[7.0, 793.0], [800.0, 9.0]]), limit)
    exact = [[7 / 800, 793 / 800], [800 / 809, 9 / 809]]
    assert shares.tolist() == [[0.01, 0.99], exact[1]] if small else exact


def test_counts_stay_whole_and_keep_their_rows() -> None:
    """Groups known, an index that does not begin at 0, and a count that is missing already."""
    table = pd.DataFrame(
        {"n": pd.array([3, 9, 20, None, 2], "Int64"), "group": list("aaabb")}, index=list("vwxyz")
    )
    shown = hide_small(table, "n", within="group", threshold=5)
    assert shown["n"].dtype == "Int64"
    assert shown["hidden"].to_dict() == {"v": True, "w": True, "x": False, "y": False, "z": True}
    assert shown["n"].dropna().to_dict() == {"x": 20}
    alone = hide_small(table, "n", threshold=5)
    assert alone["n"].dropna().to_dict() == {"w": 9, "x": 20}
