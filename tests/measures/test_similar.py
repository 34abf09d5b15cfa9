"""Similar units: distances by hand, who is left out, and what an interval allows to be said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pcs_dash.measures import similar
from pcs_dash.measures.register import UP

UNITS = pd.DataFrame(
    {"patients": [1_000, 2_000, 4_000, 8_000], "imd_score": [10.0, 20.0, 30.0, np.nan]},
    index=["A", "B", "C", "D"],
)


def distances(units: pd.DataFrame, target: str) -> pd.Series:
    return similar.distances(similar.scaled(units), target)


def test_distance_by_hand() -> None:
    found = distances(UNITS, "A")
    size = np.log(2) / np.log([1_000, 2_000, 4_000, 8_000]).std(ddof=1)
    expected = {"B": np.sqrt((size**2 + 1) / 2), "C": np.sqrt((4 * size**2 + 4) / 2)}
    assert found.to_dict() == pytest.approx(expected)
    assert list(found.index) == ["B", "C"]  # D has no score
    assert distances(UNITS, "D").empty


def test_what_is_the_same_everywhere_tells_nobody_apart() -> None:
    same = UNITS.assign(dispensing=0.0)
    pd.testing.assert_series_equal(distances(same, "A"), distances(UNITS, "A"))
    assert distances(UNITS[["patients"]].assign(patients=5), "A").empty


def test_groups_have_their_list_and_means_by_list() -> None:
    practices = pd.DataFrame({
        "patients": [1_000, 3_000, 500], "pct_65plus": [10.0, 30.0, np.nan],
        "dispensing": pd.array([True, False, None], dtype="boolean"),
    })  # fmt: skip
    groups = pd.Series(["x", "x", "y"])
    found = similar.profiles(practices, groups, ["patients", "pct_65plus", "dispensing"])
    assert found.loc["x"].tolist() == [4_000, 25.0, 0.25]
    assert found.loc["y"].isna().tolist() == [False, True, True]


PEERS = [2_000.0, 2_200.0, 2_400.0, 2_600.0, 2_800.0]


@pytest.mark.parametrize(
    ("value", "key", "grade"),
    [
        (4_000.0, "patients_per_fte_gp", "worse"),
        (1_000.0, "patients_per_fte_gp", "better"),
        (1_000.0, "nurse_fte_per_10000", "worse"),
        (4_000.0, "appointments_per_patient", "higher"),
        (2_500.0, "patients_per_fte_gp", "as similar"),
        (np.nan, "patients_per_fte_gp", "not known"),
    ],
)
def test_grades(value: float, key: str, grade: str) -> None:
    values = pd.Series([value, *PEERS], index=list("abcdef"))
    found = similar.beside(values, 2_400, "a", UP[key])
    roots = np.sqrt(PEERS)
    half = stats.t.ppf(0.975, 4) * roots.std(ddof=1) * np.sqrt(1.2)
    assert [found.low, found.high] == pytest.approx(
        np.square([roots.mean() - half, roots.mean() + half])
    )
    assert found.grade == grade


def test_a_share_lies_between_none_and_all() -> None:
    values = pd.Series([50.0, 0.0, 10.0, 100.0, 90.0, 0.0], index=list("abcdef"))
    found = similar.beside(values, 40.0, "a", UP["share_gps_55_plus"])
    assert (found.low, found.high) == (0.0, 100.0)


def test_three_others_allow_nothing() -> None:
    values = pd.Series([9_000.0, *PEERS[:3]], index=list("abcd"))
    assert similar.beside(values, 2_200, "a", UP["patients_per_fte_gp"]).grade == "not known"


def test_the_pool_is_a_sum_over_a_sum_without_implausible_figures() -> None:
    practices = pd.DataFrame({
        "patients": [9_000, 2_000, 4_000, 6_000, 8_000, 5_000],
        "gp_fte_fully_qualified": [3.0, 1.0, 1.0, 3.0, 4.0, 0.1],
        "flag_low_fte": [False] * 5 + [True],
    }, index=list("abcdef"))  # fmt: skip
    needed = ["nurse_fte", "direct_care_fte", "gps_55_plus", "gps_with_known_age", "appointments"]
    practices = practices.assign(**dict.fromkeys(needed, np.nan), flag_appointments=False)
    groups = pd.Series(practices.index, practices.index)
    found = similar.compared(practices, groups, "a", list("bcdef"), "fully_qualified")
    assert [(each.measure.key, each.value, each.n) for each in found] == [
        ("patients_per_fte_gp", 3_000, 4)
    ]
    assert found[0].pooled == pytest.approx(20_000 / 9)
