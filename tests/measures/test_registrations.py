"""Catchments, ratios, overlap and suppression against definitions written out in plain loops."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.loaded import england_lsoas, england_registrations
from pcs_dash.measures.registrations import (
    agreement,
    catchment,
    core_catchment,
    distances_to_practice,
    dominant,
    hub_overlap,
    lsoa_totals,
    patient_weighted,
    patients_per_fte_gp_by_lsoa,
    quintile_mix,
    weighted_quantile,
)
from pcs_dash.official.built_tables import read_around
from pcs_dash.tables.errors import UserError

PRACTICES = ["P1", "P2", "P3", "P4"]
PLACES = ["L1", "L2", "L3", "NO2011"]

cells = st.dictionaries(
    st.tuples(st.sampled_from(PRACTICES), st.sampled_from(PLACES)),
    st.integers(1, 5000),
    min_size=1,
)


def frame(counts: dict[tuple[str, str], int], *, category: bool = True) -> pd.DataFrame:
    table = pd.DataFrame(
        [(p, place, n) for (p, place), n in counts.items()],
        columns=["practice_code", "lsoa_code", "patients"],
    )
    if category:
        table = table.astype({"practice_code": "category", "lsoa_code": "category"})
    return table


SMALL = frame(
    {
        ("P1", "L1"): 900, ("P1", "L2"): 100, ("P2", "L1"): 300, ("P2", "L3"): 700,
        ("P3", "L3"): 500, ("P3", "NO2011"): 3,
    }
)  # fmt: skip


@settings(max_examples=40)
@given(cells, st.sets(st.sampled_from(PRACTICES), min_size=1))
def test_catchment_by_definition(counts: dict[tuple[str, str], int], codes: set[str]) -> None:
    ours: dict[str, int] = defaultdict(int)
    everyone: dict[str, int] = defaultdict(int)
    for (practice, place), n in counts.items():
        everyone[place] += n
        if practice in codes:
            ours[place] += n
    if not ours:
        with pytest.raises(UserError, match="No registrations"):
            catchment(frame(counts), codes)
        return
    table = catchment(frame(counts), codes)
    assert table["patients"].to_dict() == dict(ours)
    assert table["share"].to_dict() == {p: ours[p] / everyone[p] for p in ours}
    assert table["share_of_list"].sum() == pytest.approx(1)
    assert (np.diff(table["patients"]) <= 0).all()


def test_catchment_share_uses_all_england_where_given() -> None:
    totals = lsoa_totals(SMALL) * 2
    table = catchment(SMALL, ["P1"], totals=totals)
    assert table.loc["L1", "share"] == 900 / 2400


def test_core_catchment_reaches_the_share_and_no_further() -> None:
    table = catchment(SMALL, ["P1"])
    assert core_catchment(table, share_of_list=0.8).index.tolist() == ["L1"]
    assert core_catchment(table, share_of_list=0.95).index.tolist() == ["L1", "L2"]


@settings(max_examples=40)
@given(
    cells,
    st.dictionaries(
        st.sampled_from(PRACTICES),
        st.one_of(st.none(), st.floats(0, 20).map(lambda x: round(x, 3))),
    ),
)
def test_patients_per_fte_by_definition(
    counts: dict[tuple[str, str], int], fte: dict[str, float | None]
) -> None:
    lists: dict[str, int] = defaultdict(int)
    for (practice, _), n in counts.items():
        lists[practice] += n
    patients: dict[str, float] = defaultdict(float)
    drawn: dict[str, float] = defaultdict(float)
    for (practice, place), n in counts.items():
        value = fte.get(practice)
        patients[place] += 0 if value is None else n
        drawn[place] += 0 if value is None else value * n / lists[practice]
    table = patients_per_fte_gp_by_lsoa(frame(counts), pd.Series(fte, dtype="float64"))
    for place in table.index:
        assert table.loc[place, "patients_in_ratio"] == patients[place]
        assert table.loc[place, "fte_gp"] == pytest.approx(drawn[place])
        if drawn[place] > 0:
            ratio = patients[place] / drawn[place]
            assert table.loc[place, "patients_per_fte_gp"] == pytest.approx(ratio)
        else:
            assert np.isnan(table.loc[place, "patients_per_fte_gp"])
    # Identity: nothing of the FTE of the practices with registrations is lost.
    known = sum(v for p, v in fte.items() if v is not None and p in lists)
    assert table["fte_gp"].sum() == pytest.approx(known)


def test_a_zero_stays_in_and_a_missing_fte_leaves_both_sums() -> None:
    table = patients_per_fte_gp_by_lsoa(SMALL, pd.Series({"P1": 1.0, "P2": 0.0, "P3": np.nan}))
    assert table.loc["L1", "patients_in_ratio"] == 1200
    assert table.loc["L1", "patients_per_fte_gp"] == pytest.approx(1200 / 0.9)
    assert table.loc["L3", "patients_in_ratio"] == 700
    assert np.isnan(table.loc["L3", "patients_per_fte_gp"])


def test_patient_weighted_mean_leaves_out_unknown_places_and_counts_them() -> None:
    result = patient_weighted(SMALL, pd.Series({"L1": 10.0, "L2": 50.0, "L3": 30.0}))
    assert result.loc["P1", "value"] == pytest.approx(14)
    assert result.loc["P3", "value"] == 30
    assert (result.loc["P3", "patients"], result.loc["P3", "patients_matched"]) == (503, 500)
    nobody = patient_weighted(SMALL, pd.Series({"L9": 1.0}))
    assert nobody["value"].isna().all()


def test_quintiles_add_up_to_the_list() -> None:
    mix = quintile_mix(SMALL, pd.Series({"L1": 1, "L2": 5, "L3": 3}))
    assert mix.loc["P1"].tolist() == [900, 0, 0, 0, 100, 0]
    assert mix.loc["P3"].tolist() == [0, 0, 500, 0, 0, 3]
    assert mix.sum(axis=1).to_dict() == {"P1": 1000, "P2": 1000, "P3": 503}


def test_dominant_practice_and_group() -> None:
    assert dominant(SMALL)["dominant"].to_dict() == {
        "L1": "P1", "L2": "P1", "L3": "P2", "NO2011": "P3",
    }  # fmt: skip
    by_group = dominant(SMALL, {"P2": "east", "P3": "east"})
    assert by_group["dominant"].to_dict() == {"L1": "east", "L3": "east", "NO2011": "east"}
    assert by_group.loc["L1", "share"] == 300 / 1200


def test_a_tie_goes_to_the_first_in_the_alphabet() -> None:
    tie = frame({("P2", "L1"): 10, ("P1", "L1"): 10})
    assert dominant(tie).loc["L1", "dominant"] == "P1"


def test_overlap_by_hand() -> None:
    result = hub_overlap(SMALL, {"P1": "west", "P2": "east", "P3": "east"})
    # P2's 300 patients of L1 live where most people use the west hub.
    assert result.hubs.loc["east", "patients_elsewhere"] == 300
    assert result.hubs.loc["west", "patients_elsewhere"] == 0
    assert result.matrix.loc["east", "west"] == 300
    assert result.hubs["patients"].sum() == SMALL["patients"].sum()


@settings(max_examples=30)
@given(cells, st.dictionaries(st.sampled_from(PRACTICES), st.sampled_from("xyz"), min_size=1))
def test_overlap_identities(counts: dict[tuple[str, str], int], hubs: dict[str, str]) -> None:
    table = frame(counts)
    inside = sum(n for (p, _), n in counts.items() if p in hubs)
    if inside == 0:
        with pytest.raises(UserError):
            hub_overlap(table, hubs)
        return
    result = hub_overlap(table, hubs)
    assert result.matrix.to_numpy().sum() == inside
    at_home = np.diag(result.matrix.to_numpy()).sum()
    assert result.hubs["patients_elsewhere"].sum() == inside - at_home
    # The dominant hub has the most patients of its LSOAs, so it is at least half at home overall
    # only by weight of numbers: each LSOA gives its largest group to its own hub.
    assert at_home >= inside / len(set(hubs.values()))


def test_distances_weigh_by_patients() -> None:
    practices = pd.DataFrame({"easting": [0.0, 0.0], "northing": [0.0, 0.0]}, index=["P1", "P2"])
    points = pd.DataFrame(
        {"easting": [3000.0, 0.0, 0.0], "northing": [4000.0, 1000.0, 2000.0]},
        index=["L1", "L2", "L3"],
    )
    result = distances_to_practice(SMALL, practices, points)
    assert result.loc["P1", "mean_km"] == pytest.approx((900 * 5 + 100 * 1) / 1000)
    assert result.loc["P1", "median_km"] == 5
    assert result.loc["P2", "p90_km"] == 5
    assert result.loc["P3", "patients_placed"] == 0
    assert np.isnan(result.loc["P3", "mean_km"])


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=12),
    st.sampled_from([0.1, 0.5, 0.9]),
)
def test_weighted_quantile_is_the_quantile_of_repeated_values(
    pairs: list[tuple[int, int]], share: float
) -> None:
    values = np.array([v for v, _ in pairs], float)
    weights = np.array([w for _, w in pairs], float)
    repeated = np.sort(np.repeat(values, weights.astype(int)))
    expected = repeated[int(np.ceil(share * len(repeated) - 1e-9)) - 1]
    assert weighted_quantile(values, weights, share) == expected


def test_agreement_says_how_far_and_where() -> None:
    result = agreement(
        pd.Series({"a": 1.0, "b": 2.0, "c": 3.0, "d": np.nan}),
        pd.Series({"a": 1.0, "b": 2.5, "c": 3.0, "e": 9.0}),
    )
    assert (result.n, result.largest_at, result.largest_absolute_difference) == (3, "b", 0.5)
    assert "3 practices" in result.sentence
    with pytest.raises(UserError, match="Fewer than three"):
        agreement(pd.Series({"a": 1.0}), pd.Series({"a": 1.0}))


# --- reading around an area ---------------------------------------------------------------------


def test_everyone_around_an_area_is_read_and_nobody_else(england) -> None:  # type: ignore[no-untyped-def]
    """Against a filter over all of England in memory."""
    from pcs_dash.official import built_tables

    whole = england_registrations(store=england)
    codes = set(built_tables.england_practices("Thurrock", store=england).index)
    lsoas = england_lsoas("England", store=england)
    places = set(lsoas.index[lsoas["district"] == "Thurrock"])
    expected = whole[whole["practice_code"].isin(codes) | whole["lsoa_code"].isin(places)]
    found = read_around(england, codes, places)
    columns = ["practice_code", "lsoa_code", "patients"]

    def rows(table: pd.DataFrame) -> set[tuple[str, str, int]]:
        return set(table[columns].astype({"patients": "int64"}).itertuples(index=False, name=None))

    assert len(found) == len(expected)
    assert rows(found) == rows(expected)
    # Others' practices that people of Thurrock use are there, so that totals are whole.
    assert not set(found["practice_code"]) <= codes
    totals = lsoa_totals(found[found["lsoa_code"].isin(places)])
    assert totals.sum() == lsoas.loc[sorted(places), "registered_patients"].sum()


def test_distances_of_a_group_are_to_the_own_practice() -> None:
    practices = pd.DataFrame(
        {"easting": [0.0, 10_000.0], "northing": [0.0, 0.0]}, index=["P1", "P2"]
    )
    points = pd.DataFrame({"easting": [1000.0, 8000.0], "northing": 0.0}, index=["L1", "L3"])
    result = distances_to_practice(SMALL, practices, points, groups={"P1": "west", "P2": "west"})
    assert result.index.tolist() == ["west"]
    row = result.loc["west"]
    # P1's 900 in L1 live 1 km away; P2's 300 in L1 9 km, its 700 in L3 2 km; L2 has no point.
    assert row["patients"] == 2000
    assert row["patients_placed"] == 1900
    assert row["mean_km"] == pytest.approx((900 * 1 + 300 * 9 + 700 * 2) / 1900)
    assert row["median_km"] == 2
    assert row["p90_km"] == 9
    assert distances_to_practice(SMALL, practices, points, groups={"P9": "x"}).empty


def test_the_score_of_practices_is_that_of_imd_2025_and_splits_take_the_mean_of_parts() -> None:
    from pcs_dash.official.lsoa_table import quintile_mixes

    registrations = pd.DataFrame(
        {
            "practice_code": ["A", "A", "B"],
            "lsoa_code": ["E01000001", "E01000002", "E01000002"],
            "patients": [100, 300, 50],
        }
    )
    lsoas = pd.DataFrame(
        {
            "lsoa11cd": ["E01000001", "E01000002"],
            "imd2019_rank": [10.0, 30_000.0],
            "imd2019_quintile": [1, 5],
            "imd2019_score": [70.0, 4.0],
        }
    )
    tables = {
        "imd2025": pd.DataFrame(
            {
                "lsoa_code": ["E01000001", "E01033001", "E01033002"],
                "imd_rank": [20, 100, 200],
                "imd_score": [60.0, 10.0, 20.0],
            }
        ),
        "lsoa11_lsoa21": pd.DataFrame(
            {
                "lsoa11cd": ["E01000001", "E01000002", "E01000002"],
                "lsoa21cd": ["E01000001", "E01033001", "E01033002"],
            }
        ),
    }
    found = quintile_mixes(registrations, lsoas, tables.get)
    assert found.loc["A", "imd_score"] == pytest.approx((100 * 60 + 300 * 15) / 400)
    assert found.loc["A", "imd2019_score_mean"] == pytest.approx((100 * 70 + 300 * 4) / 400)
    del tables["imd2025"]["imd_score"]
    # Without scores of 2025 there is no score: that of 2019 does not stand in its place.
    assert "imd_score" not in quintile_mixes(registrations, lsoas, tables.get).columns
