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


@settings(max_examples=20)
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


@settings(max_examples=20)
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


@settings(max_examples=15)
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


def test_categories_that_nobody_has_make_no_rows_and_indexes_are_named_texts() -> None:
    """Rows of an area keep the categories of all England: those are no places and no practices."""
    some = SMALL[SMALL["practice_code"] != "P2"]
    scores = pd.Series({"L1": 10.0, "L2": 50.0})
    by_place = {
        "totals": lsoa_totals(some).index,
        "catchment": catchment(some, ["P1"]).index,
        "ratios": patients_per_fte_gp_by_lsoa(some, pd.Series({"P1": 1.0})).index,
        "dominant": dominant(some).index,
    }
    expected = ["L1", "L2", "L3", "NO2011"]
    for name, index in by_place.items():
        assert sorted(index) == (expected[:2] if name == "catchment" else expected)
        assert index.name == "lsoa_code"
        assert name == "totals" or index.dtype == pd.Index(["text"]).astype("str").dtype
    for table in (
        patient_weighted(some, scores),
        quintile_mix(some, pd.Series({"L1": 1})),
        distances_to_practice(some, *placed()),
    ):
        assert table.index.tolist() == ["P1", "P3"]
        assert table.index.name == "practice_code"
        assert table.index.dtype == pd.Index(["text"]).astype("str").dtype
    overlap = hub_overlap(some, {"P1": "west", "P2": "east", "P3": "far"})
    assert overlap.hubs.index.tolist() == overlap.matrix.columns.tolist() == ["far", "west"]


def placed() -> tuple[pd.DataFrame, pd.DataFrame]:
    practices = pd.DataFrame({"easting": 0.0, "northing": 0.0}, index=["P1", "P2", "P3"])
    return practices, pd.DataFrame({"easting": [3000.0], "northing": [4000.0]}, index=["L1"])


def test_columns_of_each_table() -> None:
    assert list(catchment(SMALL, ["P1"]).columns) == [
        "patients", "lsoa_patients", "share", "share_of_list",
    ]  # fmt: skip
    assert catchment(SMALL, ["P1"])["lsoa_patients"].tolist() == [1200, 100]
    # Without their total over England places have no share, and keep their patients.
    partly = catchment(SMALL, ["P1"], totals=pd.Series({"L1": 1800}))
    assert partly.loc["L1"].tolist() == [900, 1800, 0.5, 0.9]
    assert partly.loc["L2"].isna().tolist() == [False, True, True, False]
    ratios = patients_per_fte_gp_by_lsoa(SMALL, pd.Series({"P1": 1.0}))
    assert list(ratios.columns) == ["patients", "patients_in_ratio", "fte_gp",
                                    "patients_per_fte_gp"]  # fmt: skip
    assert ratios.loc["L3"].tolist()[:3] == [1200, 0, 0]
    weighted = patient_weighted(SMALL, pd.Series({"L1": 10.0}))
    assert list(weighted.columns) == ["patients", "patients_matched", "value"]
    assert list(distances_to_practice(SMALL, *placed()).columns) == [
        "patients", "patients_placed", "mean_km", "median_km", "p90_km",
    ]  # fmt: skip
    mix = quintile_mix(SMALL, pd.Series({"L1": 1, "L2": 5, "L3": 3}))
    assert list(mix.columns) == [*(f"patients_quintile_{q}" for q in range(1, 6)),
                                 "patients_unknown"]  # fmt: skip
    assert set(mix.dtypes.astype(str)) == {"int64"}
    assert list(dominant(SMALL).columns) == ["dominant", "patients", "lsoa_patients", "share"]
    assert dominant(SMALL).loc["L1"].tolist() == ["P1", 900, 1200, 0.75]


def test_equal_places_stand_by_code_and_who_has_none_is_named() -> None:
    tied = frame({("P1", "L3"): 5, ("P1", "L1"): 5, ("P1", "L2"): 9})
    assert catchment(tied, ["P1"]).index.tolist() == ["L2", "L1", "L3"]
    assert core_catchment(catchment(tied, ["P1"])).index.tolist() == ["L2", "L1", "L3"]
    four = catchment(frame({("P1", f"L{n}"): 20 for n in range(1, 6)}), ["P1"])
    # Four fifths are held by four of five alike; the fifth adds nothing that was asked for.
    assert len(core_catchment(four, share_of_list=0.75)) == 4
    with pytest.raises(UserError) as told:
        catchment(SMALL, [f"Q{n:02}" for n in range(12)])
    assert str(told.value) == (
        "No registrations by LSOA are loaded for: Q00, Q01, Q02, Q03, Q04, Q05, Q06, Q07, Q08, Q09."
    )
    with pytest.raises(UserError) as told:
        hub_overlap(SMALL, {"Q": "hub"})
    assert str(told.value) == "None of the practices in these hubs has registrations by LSOA."


def test_a_hub_that_nobody_uses_most_still_has_its_column() -> None:
    """East has patients in L1 only, where most use west; a hub without patients divides nothing."""
    cells = frame({("P1", "L1"): 900, ("P2", "L1"): 100, ("P3", "L1"): 0})
    found = hub_overlap(cells, {"P1": "west", "P2": "east", "P3": "south"})
    assert found.matrix.loc["east"].to_dict() == {"east": 0, "south": 0, "west": 100}
    assert set(found.matrix.dtypes.astype(str)) == {"int64"}
    assert found.hubs.loc["east"].tolist() == [100, 100, 1]
    assert found.hubs.loc["west"].tolist() == [900, 0, 0]
    assert np.isnan(found.hubs.loc["south", "share_elsewhere"])
    assert list(found.hubs.columns) == ["patients", "patients_elsewhere", "share_elsewhere"]
    # The practices in no hub are in neither side: east has the most of those that are.
    rest = hub_overlap(cells, {"P2": "east", "P3": "south"})
    assert rest.hubs.loc["east"].tolist() == [100, 0, 0]


def test_the_sentence_of_an_agreement_in_full() -> None:
    ours = pd.Series({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.5})
    theirs = pd.Series({"d": 4.0, "c": 3.25, "b": 2.0, "a": 1.0})
    found = agreement(ours, theirs)
    x, y = np.array([1, 2, 3, 4.5]), np.array([1, 2, 3.25, 4])
    x, y = x - x.mean(), y - y.mean()
    r = (x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())
    assert found.pearson == pytest.approx(r)
    assert found.mean_absolute_difference == pytest.approx(0.1875)
    assert found.sentence == (
        f"Over 4 practices the recomputed and the published figure correlate at {r:.3f}; they "
        "differ by 0.19 on average and by at most 0.50 (d)."
    )
    assert agreement(ours.iloc[:3], theirs).n == 3
    with pytest.raises(UserError) as told:
        agreement(ours.iloc[:2], theirs)
    assert str(told.value) == (
        "Fewer than three practices have both figures, so they can't be compared."
    )


def test_a_quantile_of_nobody_is_none_and_rounding_does_not_move_it() -> None:
    assert np.isnan(weighted_quantile(np.array([]), np.array([]), 0.5))
    assert np.isnan(weighted_quantile(np.array([1.0]), np.array([0.0]), 0.5))
    # Ten thirds: three of them are 0.3 of the weight, though the sum of floats falls short.
    values, weights = np.arange(10.0), np.full(10, 1 / 3)
    assert weighted_quantile(values, weights, 0.3) == 2
    assert weighted_quantile(values[::-1], weights, 0.9) == 8
    nobody = distances_to_practice(SMALL, placed()[0], placed()[1].iloc[:0])
    assert nobody["patients_placed"].tolist() == [0, 0, 0]
    assert nobody[["mean_km", "median_km", "p90_km"]].isna().all(axis=None)
    assert distances_to_practice(SMALL, *placed()).loc["P2"].tolist() == [1000, 300, 5, 5, 5]
    assert distances_to_practice(SMALL, *placed(), groups={"P1": "x"}).index.name == "group"


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
