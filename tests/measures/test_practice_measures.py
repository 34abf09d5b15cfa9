"""The menu of practice measures against divisions by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.practice_measures import (
    VARIABLES,
    available_variables,
    deprivation_measure,
    measure,
    shown_measure,
    without_flagged,
)
from pcs_dash.tables.errors import UserError

# By hand: A has every figure, B a zero wherever something is divided by, C nothing at all.
TABLE = pd.DataFrame(
    {
        "patients": pd.array([8_000, 0, None], "Int64"),
        "imd_score": [30.5, 10.25, math.nan],
        "gp_fte_fully_qualified": [4.0, 0.0, math.nan],
        "gp_fte_all": [5.0, 0.0, math.nan],
        "gps_55_plus": pd.array([3, 0, None], "Int64"),
        "gps_60_plus": pd.array([2, 0, None], "Int64"),
        "gps_with_known_age": pd.array([8, 0, None], "Int64"),
        "nurse_fte": [2.5, 0.0, math.nan],
        "direct_care_fte": [1.5, 0.0, math.nan],
        "appointments": pd.array([12_000, 0, None], "Int64"),
        "flag_low_fte": [False, True, False],
        "flag_appointments": [False, False, True],
        **{
            f"imd{edition}_patients_quintile_{q}": pd.array([count, 0, None], "Int64")
            for edition, counts in {
                "2025": (3, 497, 0, 250, 250),
                "2019": (600, 100, 100, 100, 100),
            }.items()
            for q, count in enumerate(counts, start=1)
        },
    },
    index=["A", "B", "C"],
)
BY_HAND = {
    "imd_score": [30.5, 10.25],
    "imd2025_share_quintile_1": [0.3, None],
    "imd2019_share_quintile_1": [60.0, None],
    "patients_per_fte_gp": [2_000.0, None],
    "fte_gp_per_10000": [5.0, None],
    "share_gps_60_plus": [25.0, None],
    "share_gps_55_plus": [37.5, None],
    "patients_per_nurse_fte": [3_200.0, None],
    "nurse_fte_per_10000": [3.125, None],
    "direct_care_fte_per_10000": [1.875, None],
    "appointments_per_patient": [1.5, None],
}


@pytest.mark.parametrize("key", list(BY_HAND))
def test_a_measure_is_the_division_its_name_says(key: str) -> None:
    found = measure(TABLE, key)
    expected = [math.nan if value is None else value for value in [*BY_HAND[key], None]]
    assert found.tolist() == pytest.approx(expected, nan_ok=True)
    assert (found.name, list(found.index)) == (key, ["A", "B", "C"])


def test_the_gp_definition_changes_what_counts_gps_and_nothing_else() -> None:
    for key, variable in VARIABLES.items():
        if key in BY_HAND:
            moved = measure(TABLE, key, "all")["A"] != measure(TABLE, key)["A"]
            assert moved == variable.per_gp
    assert measure(TABLE, "patients_per_fte_gp", "all")["A"] == 1_600
    assert shown_measure(TABLE, "patients_per_fte_gp", "all")["A"] == 1_600


def test_one_missing_quintile_leaves_no_share() -> None:
    """It could be all the patients: the others do not stand for them."""
    table = TABLE.assign(imd2025_patients_quintile_4=pd.array([None, 0, None], "Int64"))
    assert measure(table, "imd2025_share_quintile_1").isna().all()


def test_qof_is_offered_where_it_is_loaded_and_asked_for_by_name() -> None:
    loaded = TABLE.assign(qof_per_cent=pd.array([95, 90, None], "Int64"))
    assert list(available_variables(TABLE)) == list(BY_HAND)
    assert list(available_variables(loaded)) == list(VARIABLES)
    assert measure(loaded, "qof_per_cent").tolist() == pytest.approx(
        [95, 90, math.nan], nan_ok=True
    )
    for key in ("qof_per_cent", "qof"):
        names = ", ".join(BY_HAND)
        with pytest.raises(UserError) as told:
            measure(TABLE, key)
        assert str(told.value) == f"There is no measure '{key}'. Choose one of: {names}."


def test_deprivation_that_no_practice_has_is_not_offered() -> None:
    shares = ["imd2025_share_quintile_1", "imd2019_share_quintile_1"]
    assert list(available_variables(TABLE, "x")) == ["imd_score", *shares]
    assert set(available_variables(TABLE, "y")) == set(BY_HAND) - {"imd_score", *shares}
    unscored = TABLE.assign(imd_score=np.nan)
    assert list(available_variables(unscored, "x")) == shares
    assert deprivation_measure(unscored) == shares[0]
    assert deprivation_measure(TABLE) == "imd_score"
    nothing = TABLE.loc[["C"]]
    assert deprivation_measure(nothing) == "imd_score"
    # What a practice has none of stays on the other axis: it is asked for, and empty.
    assert "patients_per_nurse_fte" in available_variables(nothing)


def test_a_share_of_few_patients_is_shown_rounded_and_computed_exactly() -> None:
    key = "imd2025_share_quintile_1"
    assert measure(TABLE, key)["A"] == pytest.approx(0.3)
    shown = shown_measure(TABLE, key)
    assert (shown.name, shown["A"]) == (key, 0)
    assert shown_measure(TABLE, "imd2019_share_quintile_1")["A"] == pytest.approx(60)
    assert shown_measure(TABLE, "imd_score")["B"] == 10.25


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        (["imd_score", "patients_per_fte_gp"], ["A", "C"]),
        (["fte_gp_per_10000", "appointments_per_patient"], ["A"]),
        (["appointments_per_patient", "not a measure"], ["A", "B"]),
        (["imd_score", "patients_per_nurse_fte"], ["A", "B", "C"]),
        ([], ["A", "B", "C"]),
    ],
)
def test_only_what_is_marked_for_a_chosen_measure_leaves(keys: list[str], kept: list[str]) -> None:
    assert without_flagged(TABLE, keys).index.tolist() == kept
