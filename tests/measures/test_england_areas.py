"""England by area: each figure recomputed with the standard library from the built practices."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures import england_areas as england
from pcs_dash.measures.register import AREA_MEASURES, REGISTER
from pcs_dash.official.area_dataset import england_outlines
from pcs_dash.official.built_tables import LISTS, england_practices
from pcs_dash.official.outlines import area_outlines, outlines_for_england
from pcs_dash.official.store import Store


@pytest.fixture(scope="module")
def store(england_data: Path) -> Store:
    return Store(england_data)


@pytest.fixture(scope="module")
def practices(store: Store) -> pd.DataFrame:
    return england_practices(store=store)


@pytest.mark.parametrize("level", england.LEVELS)
def test_areas_add_up_to_england(practices: pd.DataFrame, level: str) -> None:
    table = england.by_area(practices, level)
    parts, whole = table.drop(index=england.ENGLAND), table.loc[england.ENGLAND]
    assert parts["practices"].sum() == whole["practices"] == len(practices)
    assert parts["patients"].sum() == whole["patients"] == practices["list_size"].sum()
    assert not parts["name"].duplicated().any() or level == "district"


def test_a_ratio_is_a_sum_over_a_sum(practices: pd.DataFrame) -> None:
    table = england.by_area(practices, "icb")
    for icb in ("QKS", "QOP", "QMF"):
        first = one_to_five = appointments = patients = 0.0
        for _, row in practices[practices["icb_code"] == icb].iterrows():
            quintiles = [row[f"imd2025_patients_quintile_{q}"] for q in range(1, 6)]
            if not any(pd.isna(count) for count in quintiles):
                first += quintiles[0]
                one_to_five += sum(quintiles)
            if pd.notna(row["appointments"]) and not row["flag_appointments"]:
                appointments += row["appointments"]
                patients += row["list_size"]
        assert table.loc[icb, "share_quintile_1_2025"] == pytest.approx(100 * first / one_to_five)
        assert table.loc[icb, "appointments"] == pytest.approx(appointments / patients)


def test_patients_are_all_of_the_date_that_is_said(practices: pd.DataFrame, official: Path) -> None:
    """With the workforce of Essex loaded, `patients` are its practices' of another month."""
    assert (practices["patients"] != practices["list_size"]).any()
    table = england.by_area(practices, "icb")
    raw = pd.read_csv(next((official / "registrations").glob("*prac-all-2026-03*")))
    everyone = raw["NUMBER_OF_PATIENTS"].sum()
    assert table.loc[england.ENGLAND, "patients"] == everyone
    assert table.loc[england.ENGLAND, "patients_per_practice"] == everyone / len(raw)
    shown = england.shown_measures(table, england.available(practices))
    periods = {"list_sizes": "March 2026", "appointments": "April 2025"}
    assert england.period(shown["patients_per_practice"], periods, ("", "")) == "March 2026"
    assert england.period(shown["appointments"], periods, ("", "")) == "April 2025, March 2026"
    assert england.period_of("list_sizes", {"workforce": "December 2025"}) == "December 2025"


def test_the_highest_comes_first_and_what_has_no_figure_last(practices: pd.DataFrame) -> None:
    table = england.by_area(practices, "district").drop(index=england.ENGLAND)
    ordered = england.in_order(table, "dentists")
    values = ordered["dentists"].dropna()
    assert values.is_monotonic_decreasing
    assert ordered["dentists"].isna().to_numpy()[len(values) :].all()
    assert len(ordered) == len(table)


def test_a_figure_of_few_patients_is_not_passed_off_as_the_area_s(practices: pd.DataFrame) -> None:
    table = england.by_area(practices, "icb")
    key = "patients_per_fte_gp_fully_qualified"
    # GP figures are loaded for Essex alone.
    assert table.loc["QH8", key] == pytest.approx(2607.3, abs=0.05)
    assert table.loc["QH8", f"{key}_practices"] == 143
    assert pd.isna(table.loc[england.ENGLAND, key])
    assert table.loc[england.ENGLAND, f"{key}_practices"] == 204
    assert pd.isna(table.loc["QJG", key])  # Suffolk and North East Essex: a third of its patients
    assert pd.isna(table.loc["QKS", key])


def test_a_measure_without_its_columns_is_not_offered(practices: pd.DataFrame) -> None:
    assert "cqc" in england.available(practices)
    assert "cqc" not in england.available(practices.drop(columns="cqc_rating"))
    assert "cqc" not in england.available(practices.assign(cqc_rating=pd.NA))


def test_cqc_counts_rated_practices_only(practices: pd.DataFrame) -> None:
    table = england.by_area(practices, "icb")
    own = practices[practices["icb_code"] == "QKS"]
    ratings = [rating for rating in own["cqc_rating"] if isinstance(rating, str)]
    good = sum(rating in ("Good", "Outstanding") for rating in ratings)
    assert table.loc["QKS", "cqc"] == pytest.approx(100 * good / len(ratings))
    assert table.loc["QKS", "cqc_practices"] == len(ratings) < len(own)


@pytest.mark.parametrize("level", england.LEVELS)
def test_change_of_lists_is_first_to_last_month(
    store: Store, practices: pd.DataFrame, level: str
) -> None:
    lists = store.read(LISTS)
    change = england.change_of_lists(lists, practices, level)
    months = sorted(lists["period"].unique())
    first = lists.loc[lists["period"] == months[0], "patients"].sum()
    last = lists.loc[lists["period"] == months[-1], "patients"].sum()
    if level != "district":
        assert change.loc[england.ENGLAND, "first"] == first
        assert change.loc[england.ENGLAND, "last"] == last
    else:
        assert change.loc[england.ENGLAND, "first"] <= first
    # A district is told of practices open in both months: closing is no loss of patients there.
    assert change["change_per_cent"].between(-60, 60).all()


def test_every_area_of_england_has_an_outline_that_covers_its_lsoas(store: Store) -> None:
    outlines = england_outlines(store)
    assert outlines["kind"].value_counts().to_dict() == {"district": 309, "sub_icb": 106, "icb": 42}
    assert outlines.geometry.is_valid.all()
    assert gpd.GeoSeries(outlines["coarse"]).is_valid.all()
    areas = outlines.groupby("kind")["geometry"].apply(lambda shapes: shapes.area.sum())
    lsoas = store.read("boundaries_lsoa11")
    england_area = lsoas[lsoas["code"].str.startswith("E")].area.sum()
    for kind in ("icb", "sub_icb", "district"):
        assert areas[kind] == pytest.approx(england_area, rel=0.001)


def test_half_an_area_gets_no_outline() -> None:
    shapes = [(0, 0, 5000, 5000), (5000, 0, 9000, 5000), (0, 5000, 5000, 9000)]
    boundaries = gpd.GeoDataFrame(
        {"code": ["E1", "E2", "E3"]}, geometry=[shapely.box(*box) for box in shapes], crs=27700
    )
    lsoas = pd.DataFrame(
        {
            "lsoa11cd": ["E1", "E2", "E3", "E4"],
            "icb_code": ["A", "A", "B", "B"],
            "sub_icb_code": ["a", "a", "b", "b"],
            "district_code": ["d", "d", "e", "f"],
        }
    )
    practices = pd.DataFrame(
        {
            "icb_code": ["A", "B", "B"],
            "icb": ["NHS A Integrated Care Board", "NHS B Integrated Care Board", "x"],
            "district_code": ["d", "e", "f"],
            "district": ["D", "E", "F"],
        }
    )
    made = area_outlines(lsoas, boundaries, practices)
    assert made[["kind", "code", "name"]].to_numpy().tolist() == [
        ["icb", "A", "A"],
        ["district", "d", "D"],
        ["district", "e", "E"],
    ]
    assert made.geometry.iloc[0].area == pytest.approx(9000 * 5000)


NAMES = pd.Series(
    {"QMF": "North East London", "QRL": "Hampshire and Isle Of Wight", "QXX": "Made up"}
)


def loaded_outlines(*codes: str) -> gpd.GeoDataFrame:
    squares = gpd.GeoSeries([shapely.box(0, 0, 1, 1)] * len(codes), crs=27700)
    return gpd.GeoDataFrame(
        {"kind": "icb", "code": list(codes), "name": [NAMES[code] for code in codes],
         "coarse": squares}, geometry=squares,
    )  # fmt: skip


def test_a_map_of_england_has_outlines_out_of_the_box() -> None:
    none = outlines_for_england(loaded_outlines(), "icb", NAMES)
    # One county's boundaries are no England either; the name's capitals and its "the" vary.
    one = outlines_for_england(loaded_outlines("QMF"), "icb", NAMES)
    for found in (none, one):
        assert list(found["code"]) == ["QMF", "QRL"]
        assert list(found["name"]) == ["North East London", "Hampshire and Isle Of Wight"]
        assert (gpd.GeoSeries(found["coarse"]).area > 1e8).all()
        assert found.crs.to_epsg() == 27700


def test_loaded_outlines_of_as_many_areas_come_first() -> None:
    for codes in (("QMF", "QRL", "QXX"), ("QMF", "QXX")):
        found = outlines_for_england(loaded_outlines(*codes), "icb", NAMES)
        assert list(found["code"]) == list(codes)
        assert found.area.tolist() == [1.0] * len(codes)


@settings(max_examples=40)
@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.none()), max_size=60))
def test_fifths_keep_order_and_missing(values: list[float | None]) -> None:
    series = pd.Series(values, dtype="float64")
    classes, ranges = england.fifths(series)
    assert (classes.isna() == series.isna()).all()
    known = classes.dropna()
    assert set(known.astype(int)) == set(ranges)
    assert known.isin(range(5)).all()
    for low, high in ranges.values():
        assert low <= high
    ordered = [ranges[number] for number in sorted(ranges)]
    for (_, below), (above, _) in pairwise(ordered):
        assert below < above
    # Equal figures are in one class.
    assert all(len(set(group)) == 1 for _, group in known.groupby(series[known.index]))


def test_fewer_than_ten_figures_make_one_class() -> None:
    classes, ranges = england.fifths(pd.Series([1.0, 2.0, np.nan]))
    assert ranges == {0: (1.0, 2.0)}
    assert classes.tolist()[:2] == [0, 0]


# --- made-up areas ------------------------------------------------------------------------------


@pytest.fixture
def few() -> pd.DataFrame:
    """Two ICBs and a practice in none; B has no rating, C a list of 100 and no FTE."""
    return pd.DataFrame(
        {
            "icb_code": ["Q2", "Q2", "Q2", "Q1", "none"],
            "icb": ["NHS Kent ICB", "NHS Kent ICB", "NHS Kent ICB",
                    "NHS Avon Integrated Care Board", "no ICB"],
            "patients": [4_000.0, 5_000, 100, 800, 900],
            "list_size": [4_100, 5_000, 100, 800, 900],
            "gp_fte_all": [2.0, 2.0, np.nan, 1.0, 1.0],
            "cqc_rating": ["Good", None, "Inadequate", "Outstanding", "Good"],
            "dispensing": pd.array([None, None, None, True, False], dtype="boolean"),
            "dentists_1_mile": pd.array([0, 2, 1, None, 3], dtype="Int64"),
        },
        index=[*"ABCDE"],
    )  # fmt: skip


def test_the_table_of_areas_by_hand(few: pd.DataFrame) -> None:
    """A figure that holds for less than four fifths of an area's patients is not the area's."""
    table = england.by_area(few, "icb", whole="Essex")
    assert table.index.tolist() == ["Q1", "Q2", england.ENGLAND]
    assert table["name"].tolist() == ["Avon", "Kent", "Essex"]
    assert table["practices"].tolist() == [1, 3, 5]
    assert table["patients"].tolist() == [800, 9_200, 10_900]
    assert table[["practices", "patients"]].dtypes.astype(str).tolist() == ["int64"] * 2
    ratio = "patients_per_fte_gp_all"
    assert table[ratio].tolist() == pytest.approx([800, 2_250, 10_700 / 6])
    assert table[f"{ratio}_practices"].tolist() == [1, 2, 4]
    assert str(table[f"{ratio}_practices"].dtype) == "Int64"
    # Kent: 4,200 of 9,200 patients are with a practice that has a rating; England: 54%.
    assert table["cqc"].tolist() == pytest.approx([100, np.nan, np.nan], nan_ok=True)
    assert table["cqc_practices"].tolist() == [1, 2, 4]
    assert table["patients_per_practice"].tolist() == pytest.approx([800, 9_200 / 3, 2_180])
    # Nobody in Kent says whether it dispenses: no figure and no practices, not nought of nought.
    assert table["dispensing_practices"].tolist() == [1, pd.NA, 2]
    assert table["dispensing"].isna().tolist() == [False, True, True]
    assert table.loc["Q2", "dentists"] == pytest.approx(200 / 3)
    assert england.by_area(few, "icb").loc[england.ENGLAND, "name"] == "England"
    # One more of Kent rated, and the figure is there: 9,200 of 9,200.
    rated = england.by_area(few.assign(cqc_rating="Good"), "icb")
    assert rated["cqc"].tolist() == [100, 100, 100]


def test_four_fifths_are_enough(few: pd.DataFrame) -> None:
    groups, patients = pd.Series(["a", "a", "b", None]), pd.Series([80, 20, 0, 100])
    known = pd.Series([True, False, True, True])
    found = england.covered_by(known, patients, groups)
    assert found["a"] == 0.8
    assert np.isnan(found["b"])
    assert found[england.ENGLAND] == 0.9
    at = few.iloc[:2].assign(list_size=[8_000, 2_000])
    assert england.by_area(at, "icb").loc["Q2", "cqc"] == 100
    below = few.iloc[:2].assign(list_size=[7_999, 2_001])
    assert np.isnan(england.by_area(below, "icb").loc["Q2", "cqc"])


def test_what_is_offered_needs_every_column(few: pd.DataFrame) -> None:
    assert list(england.available(few)) == [
        "patients_per_fte_gp_all", "patients_per_practice", "cqc", "dispensing", "dentists",
    ]  # fmt: skip
    assert "dentists" not in england.available(few.assign(dentists_1_mile=np.nan))
    table = pd.DataFrame(
        {"cqc": [1.0, np.nan, np.nan], "dentists": [1.0, 2, np.nan], england.CHANGE: 1.0}
    )
    # Those that fewer than half of the areas have come last, the change behind what is asked for.
    shown = england.shown_measures(table, ["dentists", "cqc"])
    assert list(shown) == ["dentists", england.CHANGE, "cqc"]
    assert shown[england.CHANGE].label == "Change of registered patients"
    half = pd.DataFrame({"cqc": [1.0, np.nan], "dentists": [1.0, 2]})
    assert list(england.shown_measures(half, ["dentists", "cqc"])) == ["cqc", "dentists"]


def test_periods_of_sources() -> None:
    measures = AREA_MEASURES
    months = ("May 2025", "March 2026")
    assert england.period(REGISTER["change_per_cent"], {}, months) == "May 2025 to March 2026"
    two = measures["appointments"]
    assert england.period(two, {"appointments": "May 2025", "list_sizes": "July 2023"}, months) == (
        "May 2025, July 2023"
    )
    assert england.period(two, {"appointments": "May", "list_sizes": "May"}, months) == "May"
    assert england.period_of("list_sizes", {"list_sizes": "x", "workforce": "y"}) == "x"
    assert england.period_of("cqc", {"workforce": "y"}) == "period unknown"
    assert england.period_of("list_sizes", {}) == "period unknown"


def test_areas_in_order_and_in_a_sentence() -> None:
    table = pd.DataFrame(
        {"name": ["Dover", "Ashford", "Canterbury", "Barnet"], "cqc": [50.0, 50, np.nan, 90]},
        index=[*"dacb"],
    )
    assert england.in_order(table, "cqc")["name"].tolist() == [
        "Barnet", "Ashford", "Dover", "Canterbury",
    ]  # fmt: skip
    measure = AREA_MEASURES["cqc"]
    whole = pd.Series({"name": "England", "cqc": 62.5})
    label = "Practices that CQC rates good or outstanding"
    assert england.sentence(table, whole, measure) == (
        f"{label}: from 50.0% in 2 areas to 90.0% in Barnet. England: 62.5%. 1 have no figure."
    )
    assert england.sentence(table.drop(index="c"), whole.replace(62.5, np.nan), measure) == (
        f"{label}: from 50.0% in 2 areas to 90.0% in Barnet."
    )
    assert england.sentence(table.iloc[1:3], whole, measure) == (
        f"{label}: hardly any area has the figure in the files loaded."
    )
    assert england.sentence(table.iloc[:2], whole, measure).startswith(f"{label}: from 50.0% in")


def test_change_by_hand_and_who_closed_since() -> None:
    """B has closed: its sub-ICB location keeps its patients, its district loses it at both ends."""
    lists = pd.DataFrame(
        {
            "period": ["2025-05-01"] * 3 + ["2025-09-01"] + ["2026-03-01"] * 2,
            "practice_code": ["A", "B", "C", "A", "A", "C"],
            "patients": [1_000, 200, 300, 9, 1_100, 330],
            "sub_icb_code": ["S1", "S1", "S2", "S1", "S1", "S2"],
        }
    )
    practices = pd.DataFrame(
        {"sub_icb_code": ["S1", "S2"], "icb_code": ["Q", "Q"], "district_code": ["D1", "D2"]},
        index=["A", "C"],
    )
    places = england.change_of_lists(lists, practices, "sub_icb")
    assert list(places.columns) == ["first", "last", "change_per_cent"]
    assert places.loc["S1"].tolist() == pytest.approx([1_200, 1_100, -100 / 12])
    assert places.loc["S2"].tolist() == pytest.approx([300, 330, 10])
    assert places.loc[england.ENGLAND].tolist()[:2] == [1_500, 1_430]
    icbs = england.change_of_lists(lists, practices, "icb")
    assert icbs.index.tolist() == ["Q", england.ENGLAND]
    assert icbs.loc["Q"].tolist()[:2] == [1_500, 1_430]
    districts = england.change_of_lists(lists, practices, "district")
    assert districts.loc["D1"].tolist() == pytest.approx([1_000, 1_100, 10])
    assert districts.loc[england.ENGLAND].tolist()[:2] == [1_300, 1_430]
    one = england.change_of_lists(lists[lists["period"] == "2026-03-01"], practices, "district")
    assert one["change_per_cent"].tolist() == [0, 0, 0]


def test_fifths_by_rank() -> None:
    """Ten figures are two a class; of equal ones the mean rank says which."""
    values = pd.Series([9.0, 1, 2, 3, 4, 5, 6, 7, 8, 10, np.nan])
    classes, ranges = england.fifths(values)
    assert classes.tolist()[:10] == [4, 0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert ranges == {0: (1, 2), 1: (3, 4), 2: (5, 6), 3: (7, 8), 4: (9, 10)}
    nine, one = england.fifths(values.iloc[:9])
    assert nine.tolist() == [0] * 9
    assert one == {0: (1, 9)}
    tied, _ = england.fifths(pd.Series([1.0, 1, 1, 2, 3, 4, 5, 6, 7, 8]))
    assert tied.tolist() == [0, 0, 0, 1, 2, 2, 3, 3, 4, 4]
