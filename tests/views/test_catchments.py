"""Catchments ready to show: by hand, by plain loops, and what may never be seen."""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures import catchments
from pcs_dash.measures.catchments import Registered
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views import catchment_maps

L1, L2, L3, OUT = "E01000001", "E01000002", "E01000003", "E01999999"
HERE = pd.Index([L1, L2, L3])
LSOAS = pd.DataFrame(
    {"lsoa11nm": ["Alpha 1", "Alpha 2", "Beta 1"], "district": ["A", "A", "B"]}, index=HERE
)
CELLS = {
    ("P1", L1): 900, ("P1", L2): 3, ("P1", L3): 40, ("P1", OUT): 57, ("P2", L1): 100,
    ("P2", L2): 297, ("P3", L3): 360, ("P3", "NO2011"): 4,
}  # fmt: skip
GROUPS = {"P1": "north", "P2": "north", "P3": "south"}


def registered(cells: dict[tuple[str, str], float], lsoas: pd.Index = HERE) -> Registered:
    table = pd.DataFrame(
        [(code, place, n) for (code, place), n in cells.items()],
        columns=["practice_code", "lsoa_code", "patients"],
    ).astype({"practice_code": "category", "lsoa_code": "category"})
    return Registered(table, lsoas, period="July 2023")


SMALL = registered(CELLS)


@pytest.fixture(scope="module")
def model(dataset: Dataset) -> Registered:
    return catchments.modelled(dataset.practices, dataset.lsoas)


def test_a_portrait_by_hand() -> None:
    practices = pd.DataFrame({"easting": [0.0], "northing": [0.0]}, index=["P1"])
    points = pd.DataFrame({"easting": [1000.0, 5000.0, 3000.0], "northing": 0.0}, index=HERE)
    found = catchments.portrait(SMALL, ["P1"], practices, points)
    assert found.patients == 1000
    assert (found.lsoas, found.core) == (4, 1)
    assert (found.outside, found.unknown, found.placed) == (57, 0, 943)
    assert (found.median_km, found.p90_km) == (1.0, 1.0)
    south = catchments.portrait(SMALL, ["P3"], practices, points)
    assert (south.unknown, south.placed) == (4, 0)
    assert np.isnan(south.median_km)
    with pytest.raises(UserError, match="P9"):
        catchments.portrait(SMALL, ["P9"], practices, points)


def test_shares_are_of_everyone_who_lives_there() -> None:
    rows = catchments.catchment_rows(SMALL, ["P1", "P2"], LSOAS, threshold=0)
    assert rows.loc[L3, "share_per_cent"] == pytest.approx(100 * 40 / 400)
    assert rows.loc[L1, "share_per_cent"] == 100
    # Beyond the map not everyone is known, so there is no share.
    assert np.isnan(rows.loc[OUT, "share_per_cent"])
    assert rows.loc[OUT, "patients"] == 57
    assert pd.isna(rows.loc[OUT, "lsoa"])
    assert rows["share_of_list_per_cent"].sum() == pytest.approx(100)
    assert rows.index[0] == L1
    assert not rows["modelled"].any()


def test_a_small_cell_is_hidden_with_the_next_so_that_none_stands_alone() -> None:
    rows = catchments.catchment_rows(SMALL, ["P1"], LSOAS, threshold=5)
    # By code: their order must not tell which of them is larger.
    assert rows.index[rows["hidden"]].tolist() == [L2, L3]
    hidden = rows[rows["hidden"]]
    assert hidden[["patients", "share_per_cent", "share_of_list_per_cent"]].isna().all(axis=None)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["P1", "P2", "P3"]), st.sampled_from([L1, L2, L3, OUT])),
        st.integers(1, 12),
        min_size=2,
    ),
    st.sampled_from([0, 2, 5, 8]),
)
def test_no_cell_below_the_limit_is_ever_shown(
    cells: dict[tuple[str, str], int], limit: int
) -> None:
    data = registered(cells)
    for code in {practice for practice, _ in cells}:
        rows = catchments.catchment_rows(data, [code], LSOAS, threshold=limit)
        assert (rows["patients"].dropna() >= limit).all()
        assert rows["hidden"].sum() != 1 or len(rows) == 1
        classes = catchment_maps.share_classes(data, [code], threshold=limit)
        for place in HERE:
            n = cells.get((code, place), 0)
            if n == 0:
                assert pd.isna(classes[place])
            else:
                assert (classes[place] == catchment_maps.small_words(limit)) == (n < limit)
    inside = [code for code, place in cells if place in HERE]
    if inside:
        groups = {code: GROUPS[code] for code in inside}
        overlap = catchments.overlap_of(data, groups)
        table = catchments.matrix_rows(overlap, sorted(set(groups.values())), threshold=limit)
        shown = table.drop(columns=["patients", "elsewhere_per_cent"])
        values = shown.to_numpy(dtype=float, na_value=np.nan).ravel()
        assert not ((values > 0) & (values < limit)).any()


def test_classes_of_shares_are_what_their_words_say() -> None:
    classes = catchment_maps.share_classes(SMALL, ["P1"], threshold=5)
    # 900 of 1,000; 3 of 300, hidden; 40 of 400.
    assert classes[L1] == "half or more"
    assert classes[L2] == "fewer than 5 patients"
    assert classes[L3] == "10% to 25%"
    assert set(classes.dropna()) <= set(catchment_maps.share_categories(5))
    assert catchment_maps.small_words(0) not in catchment_maps.share_categories(0)


def test_the_matrix_by_plain_loops() -> None:
    overlap = catchments.overlap_of(SMALL, GROUPS)
    home: dict[str, str] = {}
    by_place: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (code, place), n in CELLS.items():
        if place in HERE:
            by_place[place][GROUPS[code]] += n
    for place, counts in by_place.items():
        home[place] = max(counts, key=lambda name: counts[name])
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for (code, place), n in CELLS.items():
        if place in HERE:
            expected[GROUPS[code], home[place]] += n
    table = catchments.matrix_rows(overlap, ["south", "north"], threshold=0)
    for (row, column), n in expected.items():
        assert table.loc[row, column] == n
    assert table.loc["north", "elsewhere_per_cent"] == pytest.approx(100 * 40 / 1340)
    assert catchments.elsewhere(overlap, "north") == (40, 40 / 1340)
    assert np.isnan(catchments.elsewhere(overlap, "nowhere")[1])
    only = catchments.matrix_rows(overlap, ["north"], threshold=0)
    assert only.loc["north", "others"] == 40
    assert catchments.matrix_rows(overlap, ["nowhere"]).empty


def test_main_users_leave_out_small_counts() -> None:
    users = catchments.main_users(SMALL, threshold=5)
    assert users["dominant"].to_dict() == {L1: "P1", L2: "P2", L3: "P3"}
    assert catchments.main_users(SMALL, threshold=361).index.tolist() == [L1]
    assert catchments.main_users(SMALL, {"P1": "n"}, threshold=5).index.tolist() == [L1, L3]


def test_a_few_who_use_others_are_not_told_by_the_total() -> None:
    """497 of 500 in the file of main practices would tell that 3 are with someone else."""
    data = registered({("P1", L1): 497, ("P2", L1): 3, ("P1", L2): 300, ("P2", L2): 200})
    users = catchments.main_users(data, threshold=5)
    assert users["dominant"].tolist() == ["P1", "P1"]
    assert np.isnan(users.loc[L1, ["patients", "share"]].astype(float)).all()
    assert users.loc[L1, "lsoa_patients"] == 500
    assert users.loc[L2, "patients"] == 300
    # Nor by the share in the file of the catchment, to full precision.
    rows = catchments.catchment_rows(data, ["P1"], LSOAS, threshold=5)
    assert rows["patients"].tolist() == [497, 300]
    assert rows["share_per_cent"].isna().tolist() == [True, False]
    # Where any few would make it 100%, the whole per cent tells no more than that they are few.
    most = registered({("P1", L1): 2_000, ("P2", L1): 3})
    assert catchments.catchment_rows(most, ["P1"], LSOAS, threshold=5)["share_per_cent"][L1] == 100


def test_the_share_of_the_others_does_not_tell_a_hidden_cell_of_the_matrix() -> None:
    data = registered({("P1", L1): 900, ("P1", L3): 3, ("P3", L3): 360, ("P3", L1): 70})
    overlap = catchments.overlap_of(data, GROUPS)
    table = catchments.matrix_rows(overlap, ["north", "south"], threshold=5)
    # 903 patients, of whom 0.33% elsewhere, are 3.
    assert table.loc["north", ["north", "south", "elsewhere_per_cent"]].isna().all()
    assert table.loc["south", "elsewhere_per_cent"] == pytest.approx(100 * 70 / 430)
    assert np.isnan(catchments.elsewhere(overlap, "north")).all()


def test_who_lives_beyond_is_told_as_carefully_as_the_rows() -> None:
    cells = {("P1", L1): 900, ("P1", OUT): 4, ("P1", "NO2011"): 3, ("P2", L1): 500,
             ("P2", OUT): 57, ("P3", L3): 360, ("P3", OUT): 4, ("P3", "E01888888"): 118,
             ("P3", "NO2011"): 6, ("P3", L1): 6}  # fmt: skip
    data = registered(cells)
    practices = pd.DataFrame({"easting": 0.0, "northing": 0.0}, index=["P1", "P2", "P3"])
    points = pd.DataFrame({"easting": [1000.0, 5000.0, 3000.0], "northing": 0.0}, index=HERE)

    def told(code: str) -> str:
        rows = catchments.catchment_rows(data, [code], LSOAS, threshold=5)
        figures = catchments.portrait(data, [code], practices, points)
        return " ".join(catchments.beyond(data, figures, rows))

    assert told("P1").startswith("Fewer than 5 patients live beyond")
    assert told("P1").endswith("Fewer than 5 live at an unknown place.")
    assert told("P2").startswith("57 patients live beyond")
    # 122, of whom 4 are hidden, and one of the two sixes with them.
    assert told("P3").startswith("About 120 patients live beyond")


def test_without_a_place_the_sentence_says_so() -> None:
    nowhere = catchments.Portrait(1000, 4, 1, 0, 0, 0, np.nan, np.nan)
    said = catchments.sentence(catchments.PCN, "Kent PCN", nowhere, 0.25, modelled=False)
    assert "no figure" not in said
    assert "live in 1 small area. How far they live from their practice is not known" in said
    assert "25% live where most people use another PCN" in said
    assert catchments.km_text(np.nan) == "no figure"
    assert catchments.km_text(2.449) == "2.4 km"


def test_the_extent_is_that_of_the_core(dataset: Dataset) -> None:
    some = dataset.lsoas.index[:3]
    rows = pd.DataFrame({"in_core": [True, True, False]}, index=some)
    (south, west), (north, east) = catchment_maps.extent(dataset.lsoas, rows)
    box = dataset.lsoas.loc[some[:2]].to_crs(4326).total_bounds
    assert (west, south, east, north) == pytest.approx(tuple(box), abs=1e-4)
    bare = dataset.lsoas.assign(geometry=None)
    assert catchment_maps.extent(bare, rows) is None


def test_neighbours_by_measuring_every_pair(dataset: Dataset) -> None:
    some = dataset.lsoas[dataset.lsoas["district"] == "Castle Point"]
    found = {frozenset(pair) for pair in catchment_maps.neighbours_of(some)}
    expected = {
        frozenset((a, b))
        for i, a in enumerate(some.index)
        for b in some.index[i + 1 :]
        if some.geometry[a].distance(some.geometry[b]) <= catchment_maps.NEIGHBOUR_M
    }
    assert found == expected
    assert len(found) == len(catchment_maps.neighbours_of(some))


def test_territories_that_touch_differ_in_colour(dataset: Dataset, model: Registered) -> None:
    owner = catchments.main_users(model)["dominant"]
    borders = catchment_maps.neighbours_of(dataset.lsoas)
    colours = catchment_maps.territory_colours(owner, borders)
    assert set(colours) == set(owner)
    who = owner.to_dict()
    clashes = [
        (a, b)
        for a, b in borders
        if who.get(a) != who.get(b) and a in who and b in who and colours[who[a]] == colours[who[b]]
    ]
    assert not clashes


def test_ratios_by_lsoa_use_up_the_fte(model: Registered, dataset: Dataset) -> None:
    fte = dataset.practices["gp_fte_fully_qualified"]
    table = catchments.ratios_by_lsoa(model, fte, threshold=0)
    modelled = set(model.table["practice_code"])
    assert table["fte_gp"].sum() == pytest.approx(fte[fte.index.isin(modelled)].sum())
    assert table["coverage"].max() == pytest.approx(1)
    whole = catchments.ratios_by_lsoa(SMALL, pd.Series({"P1": 1.0, "P3": np.nan}), threshold=5)
    assert whole.loc[L1, "coverage"] == 900 / 1000
    # Only the three patients of P1 are with a practice whose FTE is known: too few for a ratio.
    assert np.isnan(whole.loc[L2, "patients_per_fte_gp"])


# --- the stand-in -------------------------------------------------------------------------------


def test_the_stand_in_says_modelled_everywhere(model: Registered, dataset: Dataset) -> None:
    assert model.modelled
    assert "modelled" in model.label
    assert model.tag == model.file_tag == "modelled"
    assert "every LSOA to hold the same number" in model.note
    rows = catchments.catchment_rows(model, ["F81010"], dataset.lsoas)
    assert rows["modelled"].all()
    shown = rows["patients"].dropna().astype(float)
    assert (shown == shown.round()).all()
    lists = model.table.groupby("practice_code", observed=True)["patients"].sum()
    np.testing.assert_allclose(lists.loc[dataset.practices.index], dataset.practices["patients"])
    with pytest.raises(UserError, match="not loaded"):
        catchments.check_scores(model, dataset.practices, dataset.lsoas)


def test_residents_are_used_where_every_lsoa_has_them(dataset: Dataset) -> None:
    some = dataset.lsoas[dataset.lsoas["district"] == "Thurrock"]
    practices = dataset.practices[dataset.practices["district"] == "Thurrock"]
    residents = pd.Series(np.arange(1000.0, 1000.0 + len(some)), index=some.index)
    data = catchments.modelled(practices, some, residents)
    assert "not loaded" not in data.note
    expected = residents / residents.sum() * practices["patients"].sum()
    np.testing.assert_allclose(data.totals.reindex(some.index), expected, rtol=0.01)
    gap = catchments.modelled(practices, some, residents.iloc[1:])
    assert "not loaded" in gap.note
    nowhere = practices.assign(easting=practices["easting"].where(practices.index != "F81010"))
    assert "1 practices without a position" in catchments.modelled(nowhere, some).note


def test_residents_on_lsoas_of_2011() -> None:
    lookup = pd.DataFrame(
        {
            "lsoa11cd": ["same", "split", "split", "one", "other", "lost"],
            "lsoa21cd": ["same", "part1", "part2", "merged", "merged", "unknown"],
        }
    )
    population = pd.DataFrame(
        {"lsoa_code": ["same", "part1", "part2", "merged"], "population": [10.0, 20.0, 30.0, 80.0]}
    )
    found = catchments.residents_of_2011(population, lookup)
    assert found.drop("lost").to_dict() == {"same": 10, "split": 50, "one": 40, "other": 40}
    assert np.isnan(found["lost"])


# --- the check and the files --------------------------------------------------------------------


def test_the_check_recomputes_by_hand() -> None:
    cells: dict[tuple[str, str], float] = {
        ("P1", L1): 100, ("P1", L2): 300, ("P2", L2): 50, ("P2", OUT): 50, ("P3", L3): 10,
    }  # fmt: skip
    lsoas = LSOAS.assign(imd2019_score=[10.0, 20.0, 40.0])
    practices = pd.DataFrame({"imd_score": [17.0, 20.0, 39.0, 5.0]}, index=["P1", "P2", "P3", "P4"])
    check = catchments.check_scores(registered(cells), practices, lsoas)
    assert check.table["recomputed"].to_dict() == {"P1": 17.5, "P2": 20.0, "P3": 40.0}
    assert check.agreement.n == 3
    assert check.agreement.largest_absolute_difference == 1
    assert check.rank_correlation == pytest.approx(1)
    assert check.unmatched == pytest.approx(50 / 510)
    with pytest.raises(UserError, match="File 7"):
        catchments.check_scores(registered(cells), practices, LSOAS)
    with pytest.raises(UserError, match="published"):
        catchments.check_scores(registered(cells), practices[[]], lsoas)


def test_the_geopackage_holds_what_the_rows_hold(
    dataset: Dataset, model: Registered, tmp_path: Path
) -> None:
    rows = catchments.catchment_rows(model, ["F81010"], dataset.lsoas, threshold=5)
    content = catchment_maps.catchment_file(
        rows, dataset.lsoas, dataset.practices.loc[["F81010"]], [("Rests on", model.label)]
    )
    path = tmp_path / "catchment.gpkg"
    path.write_bytes(content)
    layers = {"catchment", "practices", "about", "layer_styles"}
    assert {name for name, _ in pyogrio.list_layers(path)} == layers
    layer: gpd.GeoDataFrame = gpd.read_file(path, layer="catchment").set_index("lsoa_code")
    assert layer.crs.to_epsg() == 27700
    assert set(layer.index) == set(rows.index)
    assert layer["patients"].isna().sum() == rows["patients"].isna().sum() > 0
    assert (layer["patients"].dropna() >= 5).all()
    assert layer["modelled"].all()
    same = layer.geometry.geom_equals(dataset.lsoas.geometry.reindex(layer.index))
    assert same.all()
    about = pyogrio.read_dataframe(path, layer="about", read_geometry=False)
    assert about["value"].str.contains("modelled").any()
    assert len(io.BytesIO(content).getvalue()) > 10_000
