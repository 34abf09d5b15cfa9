"""Minutes: the model by hand, sums over people against a loop, reach, nothing filled in."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.tables.errors import UserError
from pcs_dash.travel.minutes import (
    LIMITS,
    NEARNESS,
    Minutes,
    access_in_reach,
    factors,
    measured,
    minutes_per_km,
    modelled,
    reach,
    summary,
)

POINTS = pd.DataFrame({"easting": [0.0, 3_000.0], "northing": [0.0, 4_000.0]}, ["E1", "E2"])
PRACTICES = pd.DataFrame(
    {"easting": [0.0, 3_000.0, np.nan], "northing": [0.0, 0.0, 1.0]}, ["F1", "F2", "F3"]
)
STORED = pd.DataFrame(
    [
        ("E1", "F1", "walk", 10.0, "r5"),
        ("E1", "F2", "walk", 4.5, "r5"),
        ("E2", "F1", "transit", 7.0, "r5"),
        ("E9", "F1", "walk", 1.0, "other"),
    ],
    columns=["origin", "destination", "mode", "minutes", "source"],
)


def test_modelled_minutes_by_hand() -> None:
    found = modelled(POINTS, PRACTICES, "walk")
    # 3, 4 and 5 km of straight line x 1.24 at 4.8 km/h.
    expected = [[0, 3 * 1.24 / 4.8 * 60], [5 * 1.24 / 4.8 * 60, 4 * 1.24 / 4.8 * 60]]
    assert found.table.to_numpy() == pytest.approx(np.array(expected))
    assert list(found.table.columns) == ["F1", "F2"]
    assert found.note == "1 practices without a position left out."
    assert "modelled" in found.label
    assert list(found.nearest()["practice_code"]) == ["F1", "F2"]


def test_the_model_is_slower_on_foot_than_by_bicycle_than_by_car() -> None:
    assert minutes_per_km("walk") > minutes_per_km("cycle") > minutes_per_km("drive") > 0
    for key, factor in factors().items():
        assert factor.low <= factor.central <= factor.high, key
        assert len(factor.source) > 20


@pytest.mark.parametrize("mode", ["transit", "horse"])
def test_what_is_not_modelled_says_so(mode: str) -> None:
    with pytest.raises(UserError, match="not modelled"):
        modelled(POINTS, PRACTICES, mode)


def test_measured_minutes_leave_missing_what_the_table_lacks() -> None:
    found = measured(STORED, POINTS.index, PRACTICES.index, "walk", "May 2026")
    assert found is not None
    assert found.table.loc["E1"].to_dict() == {"F1": 10.0, "F2": 4.5}
    assert found.table.loc["E2"].isna().all()
    assert found.note == "Not in the table of minutes: 1 small areas and 1 practices."
    assert found.label == "minutes on foot, measured (r5, May 2026)"
    near = found.nearest()
    assert near.loc["E1", "practice_code"] == "F2"
    assert near.loc["E2"].isna().all()
    assert measured(STORED, POINTS.index, PRACTICES.index, "drive", "") is None


def test_minutes_to_the_own_practice_are_those_of_the_pair() -> None:
    found = measured(STORED, POINTS.index, PRACTICES.index, "walk", "")
    assert found is not None
    own = pd.DataFrame(
        {"practice_code": ["F1", "F2", "F3", "X"], "lsoa_code": ["E1", "E1", "E1", "E2"]},
        index=[7, 8, 9, 10],
    )
    minutes = found.to_own(own)
    assert minutes[7] == 10.0
    assert minutes[8] == 4.5
    assert minutes[[9, 10]].isna().all()


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(0, 60, allow_nan=False)),
            st.integers(0, 3_000),
            st.sampled_from("ab"),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_summary_is_a_sum_over_people(rows: list[tuple[float | None, int, str]]) -> None:
    minutes = pd.Series([row[0] for row in rows], dtype="float64")
    people = pd.Series([float(row[1]) for row in rows])
    groups = pd.Series([row[2] for row in rows])
    found = summary(minutes, people, groups)
    for group in set(groups):
        own = [(time, n) for time, n, name in rows if name == group]
        one = [time for time, n in own if time is not None for _ in range(n)]
        assert found.loc[group, "people"] == sum(n for _, n in own)
        assert found.loc[group, "unknown"] == sum(n for time, n in own if time is None)
        if not one:
            assert math.isnan(found.loc[group, "median"])
            assert math.isnan(found.loc[group, "share_beyond_15"])
            continue
        one.sort()
        assert found.loc[group, "median"] == one[math.ceil(len(one) / 2) - 1]
        assert found.loc[group, "p90"] == one[math.ceil(len(one) * 9 / 10) - 1]
        for limit in LIMITS:
            beyond = sum(time > limit for time in one)
            assert found.loc[group, f"beyond_{limit}"] == beyond
            assert found.loc[group, f"share_beyond_{limit}"] == pytest.approx(beyond / len(one))


def test_groups_add_up_to_the_whole() -> None:
    generator = np.random.default_rng(3)
    minutes = pd.Series(generator.uniform(0, 45, 80)).mask(generator.random(80) < 0.1)
    people = pd.Series(generator.integers(0, 2_000, 80).astype(float))
    whole = summary(minutes, people).loc["all"]
    parts = summary(minutes, people, pd.Series(generator.integers(1, 6, 80)))
    for column in ("people", "unknown", "beyond_15", "beyond_20", "beyond_30"):
        assert parts[column].sum() == whole[column]


def test_reach_has_bands_whose_upper_end_counts() -> None:
    table = pd.DataFrame({"F1": [0.0, 5.0, 5.1, 20.0, 20.1, np.nan]}, list("abcdef"))
    found = reach(Minutes("walk", table, "modelled", "m"), "F1", 20)
    assert found["band"].to_dict() == {
        "a": "0 to 5",
        "b": "0 to 5",
        "c": "5 to 10",
        "d": "15 to 20",
    }
    with pytest.raises(UserError, match="no minutes to practice"):
        reach(Minutes("walk", table, "modelled", "m"), "F2", 20)
    with pytest.raises(UserError, match="above 0"):
        reach(Minutes("walk", table, "modelled", "m"), "F1", 0)


def test_access_agrees_with_the_package_access() -> None:
    from access.fca import two_stage_fca
    from access.weights import step_fn

    generator = np.random.default_rng(1)
    minutes = pd.DataFrame(
        generator.uniform(0, 40, (12, 5)), [f"E{n}" for n in range(12)], list("ABCDE")
    )
    people = pd.Series(generator.integers(1, 2_000, 12).astype(float), minutes.index)
    fte = pd.Series([3.0, 0.0, 2.5, np.nan, 7.0], minutes.columns)
    found = access_in_reach(minutes, people, fte, 30)
    pairs = minutes.drop(columns="D").rename_axis("origin").reset_index()
    cost = pairs.melt("origin", var_name="dest", value_name="cost")
    expected = two_stage_fca(
        demand_df=people.rename("people").to_frame(),
        supply_df=fte.dropna().rename("fte").to_frame(),
        cost_df=cost,
        max_cost=30,
        demand_index=True,
        demand_name="people",
        supply_index=True,
        supply_name="fte",
        weight_fn=step_fn({30 * share: weight for share, weight in NEARNESS}),
    )
    pd.testing.assert_series_equal(
        found, 10_000 * expected.reindex(minutes.index), check_names=False
    )


def test_access_shares_out_every_gp_and_is_nothing_beyond_reach() -> None:
    minutes = pd.DataFrame({"A": [1.0, 9.0, 31.0, np.nan]}, list("wxyz"))
    people = pd.Series([100.0, 300.0, 50.0, 70.0], minutes.index)
    found = access_in_reach(minutes, people, pd.Series({"A": 4.0}), 30)
    assert (found[["w", "x"]] * people[["w", "x"]]).sum() / 10_000 == pytest.approx(4)
    assert found["y"] == 0
    assert np.isnan(found["z"])
