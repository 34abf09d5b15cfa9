"""The one sum engine: identities, and sums worked out one practice at a time."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.hubs.summary import summarise_hubs
from pcs_dash.measures.sums import (
    COUNTS,
    COUNTS_OF_GPS,
    capacity,
    capacity_summands,
    column,
    over,
    ratio_by_group,
    stacked,
    sums_by_group,
    whole_counts,
)
from pcs_dash.measures.workforce import GP_DEFINITIONS, summarise

figure = st.integers(-1_000, 1_000)


@given(rows=st.lists(st.tuples(st.integers(0, 4), figure, figure), max_size=40))
def test_sums_are_those_of_adding_one_by_one(rows: list[tuple[int, int, int]]) -> None:
    group = np.array([row[0] for row in rows], dtype=np.intp)
    values = np.array([row[1:] for row in rows], dtype=float).reshape(len(rows), 2)
    expected = np.zeros((5, 2))
    for number, *added in rows:
        expected[number] += added
    assert (sums_by_group(values, group, 5) == expected).all()


def test_a_pcn_is_the_same_whether_it_is_a_group_or_a_hub(practices: pd.DataFrame) -> None:
    """One name, one figure: the areas' table and the hubs' agree to the last digit."""
    plan = plan_from_column(practices, "pcn")
    names = {hub.name for hub in plan.hubs}
    for definition in GP_DEFINITIONS:
        hubs = summarise_hubs(plan, practices, definition=definition, benchmark=2258.0).iloc[:-1]
        named = plan.to_series(practices.index)
        groups = summarise(practices, named, definition=definition, benchmark=2258.0)
        assert set(groups.index) == names
        for figure_key in ("patients", "fte_gp", "patients_per_fte_gp", "fte_gap", "imd_score"):
            pd.testing.assert_series_equal(
                hubs[figure_key].sort_index(),
                groups[figure_key].sort_index(),
                check_names=False,
                check_index_type=False,
                rtol=0,
                atol=0,
            )


def test_a_practice_without_a_list_or_fte_leaves_both_sums(practices: pd.DataFrame) -> None:
    two = practices.iloc[:2].copy()
    two["patients"] = two["patients"].astype("float64")
    two.loc[two.index[1], "patients"] = math.nan
    whole = summarise(two).iloc[0]
    one = summarise(two.iloc[:1]).iloc[0]
    assert whole["patients_per_fte_gp"] == one["patients_per_fte_gp"]
    assert whole["practices_without_fte"] == 1


NO = math.nan
# Group 0: the whole; 1: a practice without FTE and one without a list; 2: nobody reports anything.
BY_HAND = pd.DataFrame(
    {
        "group": [0, 0, 1, 1, 1, 2],
        "patients": [4_500, 4_499, 6_000, NO, 2_000, 3_000],
        "fte": [2.5, 2.4, NO, 3.0, 0.0, NO],
        "nurse_fte": [1.0, NO, 2.0, 0.5, NO, NO],
        "direct_care_fte": [NO, 0.25, 1.0, 1.0, 1.0, NO],
        "imd_score": [10.0, 20.0, NO, 30.0, 40.0, NO],
        "single_handed": [1, 0, 0, 0, 1, 0],
        "flag_low_fte": [0, 1, 0, 0, 1, 0],
        "gps_with_known_age": [4, 0, NO, 2, 1, NO],
        "gps_55_plus": [2, 0, NO, 2, 0, NO],
        "gps_60_plus": [1, 0, NO, 1, 0, NO],
    }
)
# Of each group, the empty fourth one among them, held against 2,000 patients per FTE GP.
EXPECTED = {
    "practices": [2, 3, 1, 0],
    "practices_without_fte": [0, 2, 1, 0],
    "patients": [8_999, 8_000, 3_000, 0],
    "patients_in_ratio": [8_999, 2_000, 0, 0],
    "fte_gp": [4.9, 0, NO, 0],
    "patients_per_fte_gp": [8_999 / 4.9, NO, NO, NO],
    "gps_per_1000": [4_900 / 8_999, 0, NO, NO],
    "gps_per_10000": [49_000 / 8_999, 0, NO, NO],
    "fte_gap": [4.4995 - 4.9, 1, NO, 0],
    "below_4500": [1, 1, 1, 0],
    "below_2_5_wte": [1, 1, NO, 0],
    "single_handed": [1, 1, NO, 0],
    "single_handed_share": [1 / 2, 1 / 3, NO, NO],
    "share_gps_55_plus": [2 / 4, 2 / 3, NO, NO],
    "share_gps_60_plus": [1 / 4, 1 / 3, NO, NO],
    "nurse_fte": [1.0, 2.5, NO, 0],
    "practices_without_nurse_figure": [1, 1, 1, 0],
    "direct_care_fte": [0.25, 3, NO, 0],
    "practices_without_direct_care_figure": [1, 0, 1, 0],
    "flagged_low_fte": [1, 1, NO, 0],
    "imd_score": [(10 * 4_500 + 20 * 4_499) / 8_999, 40, NO, NO],
}


def by_hand(rows: pd.DataFrame, groups: int, benchmark: float | None) -> dict[str, np.ndarray]:
    summands = capacity_summands(rows, "fte")
    sums = sums_by_group(stacked(summands), rows["group"].to_numpy(), groups)
    return capacity(dict(zip(summands, sums.T, strict=True)), benchmark)


def test_every_measure_of_a_group_is_what_a_hand_works_out() -> None:
    found = by_hand(BY_HAND, 4, 2_000.0)
    assert set(found) == set(EXPECTED)
    for name, values in EXPECTED.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12, err_msg=name)
    assert np.isnan(by_hand(BY_HAND, 4, None)["fte_gap"]).all()


def test_a_quotient_of_groups_is_that_of_sums_where_both_parts_are_known() -> None:
    top, bottom = pd.Series([1.0, 3.0, 5.0, np.nan]), pd.Series([2.0, 6.0, np.nan, 1.0])
    found = ratio_by_group(top, bottom, pd.Series(["b", "b", "a", "b"]))
    assert found.index.tolist() == ["a", "b"]
    assert found.loc["b"].to_dict() == {"value": 0.5, "n": 2}
    assert math.isnan(found.loc["a", "value"])


def test_counts_of_a_file_stay_whole_where_one_is_missing() -> None:
    found = whole_counts(pd.DataFrame({name: [2.0, np.nan] for name in COUNTS_OF_GPS}))
    assert found.astype(object).iloc[0].tolist() == [2, 2, 2]
    assert found.iloc[1].isna().all()
    assert {str(kind) for kind in found.dtypes} == {"Int64"}


def test_counts_are_whole_unless_one_is_missing() -> None:
    known = by_hand(BY_HAND.iloc[:5], 2, None)
    assert all(known[name].dtype == np.int64 for name in COUNTS)
    unknown = by_hand(BY_HAND, 4, None)
    floats = {name for name in COUNTS if unknown[name].dtype == np.float64}
    assert floats == {"below_2_5_wte", "single_handed", "flagged_low_fte"}


def test_nothing_over_nothing_is_missing() -> None:
    top = np.array([3.0, 0.0, 1.0, 5.0])
    found = over(top, np.array([2.0, 0.0, 0.0, 0.5]))
    np.testing.assert_array_equal(found, [1.5, NO, NO, 10.0])


def test_what_is_missing_adds_nothing() -> None:
    """Columns in the order of their names, whole numbers and truths as floats."""
    found = stacked({"b": np.array([1.0, NO]), "a": np.array([True, False])})
    assert found.tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert found.dtype == np.float64
    table = pd.DataFrame({"n": pd.array([3, None], "Int64")})
    np.testing.assert_array_equal(column(table, "n"), [3.0, NO])
