"""Boundary layers in three formats: the same areas from each; England's real ones; bad ones."""

from __future__ import annotations

import json
import math
import sqlite3
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.loaded import england_lsoas
from pcs_dash.official import built_tables
from pcs_dash.official.recognise import Loaded
from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.tables.rebuild import BOUNDARY_FILE, package_file
from tests.loading import load_file


def load(path: Path, content: bytes) -> Loaded:
    path.write_bytes(content)
    return load_file(path)[0]


@pytest.mark.parametrize("kind", ["geojson", "geopackage", "shapefile", "geopackage in zip"])
def test_the_layer_in_every_format(kind: str, tmp_path: Path) -> None:
    prefix = "LSOA11"
    if kind == "geojson":
        content = samples.boundaries(prefix).encode()
    elif kind == "shapefile":
        content = samples.shapefile(tmp_path, prefix)
    else:
        content = samples.geopackage(tmp_path, prefix)
        if "zip" in kind:
            content = samples.zipped({"a/b.dat": content, "a/readme.txt": b"words"})
    loaded = load(tmp_path / "download.tmp", content)
    assert loaded.source.key == "boundaries_lsoa11"
    frame = loaded.table
    assert isinstance(frame, gpd.GeoDataFrame)
    assert frame.crs.to_epsg() == 27700
    assert frame["code"].tolist() == ["E01000001", "E01000002", "E01000003"]
    assert frame["name"].tolist() == ["A 1", "A 2", "A 3"]
    expected = samples.squares(prefix).to_crs(27700).geometry
    assert frame.geometry.symmetric_difference(expected).area.max() < 1


def test_the_crs_of_a_file_may_stand_before_its_features(tmp_path: Path) -> None:
    layer = json.loads(samples.boundaries())
    stated = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    text = json.dumps({"type": "FeatureCollection", "crs": stated, "features": layer["features"]})
    assert load(tmp_path / "x", text.encode()).source.key == "boundaries_lsoa11"


def test_eastings_and_northings_under_the_name_of_geojson(tmp_path: Path) -> None:
    ring = [[580_000, 180_000], [581_000, 180_000], [581_000, 181_000], [580_000, 180_000]]
    feature = {
        "type": "Feature",
        "properties": {"LSOA11CD": "E01000001"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    frame = load(tmp_path / "x", text.encode()).table
    assert frame.geometry.area.tolist() == [500_000]
    assert frame["name"].tolist() == ["E01000001"]


def test_a_shape_that_crosses_itself_is_mended_and_counted(tmp_path: Path) -> None:
    layer = json.loads(samples.boundaries())
    ring = layer["features"][0]["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    loaded = load(tmp_path / "x", json.dumps(layer).encode())
    assert loaded.table.geometry.is_valid.all()
    assert set(loaded.table.geom_type) <= {"Polygon", "MultiPolygon"}
    assert loaded.notes == ("1 shapes that crossed themselves were mended.",)


# A star of so many rays that its lines cross each other some ten thousand times.
TANGLED = [
    [0.5 + 0.01 * math.cos(3 * n * math.pi / 7.01), 51.5 + 0.01 * math.sin(3 * n * math.pi / 7.01)]
    for n in range(200)
]
TANGLED.append(TANGLED[0])
SQUARE = [[0.5, 51.5], [0.51, 51.5], [0.51, 51.51], [0.5, 51.5]]


@pytest.mark.parametrize(
    ("geometry", "code", "words"),
    [
        (None, "E01000009", "Feature 4 .E01000009. has no valid shape"),
        ({"type": "Point", "coordinates": [0.5, 51.5]}, "E01000009", "is no polygon"),
        ({"type": "Polygon", "coordinates": []}, "E01000009", "is no polygon"),
        ({"type": "Polygon", "coordinates": "x"}, "E01000009", "no valid shape"),
        ({"type": "Polygon", "coordinates": [SQUARE[:2]]}, "E01000009", "can't be read"),
        ({"type": "Circle"}, "E01000009", "no valid shape"),
        ({"type": "Polygon", "coordinates": [SQUARE]}, None, "has no code"),
        ({"type": "Polygon", "coordinates": [SQUARE]}, "<script>", "has no code"),
        ({"type": "Polygon", "coordinates": [SQUARE]}, "E01000001", "in more than one feature"),
        ({"type": "Polygon", "coordinates": [TANGLED]}, "E01000009", "more than 1,000 times"),
    ],
)
def test_a_faulty_feature_is_told(
    geometry: object, code: str | None, words: str, tmp_path: Path
) -> None:
    layer = json.loads(samples.boundaries())
    layer["features"].append(
        {"type": "Feature", "properties": {"LSOA11CD": code}, "geometry": geometry}
    )
    with pytest.raises(InputFileError, match=words):
        load(tmp_path / "x", json.dumps(layer).encode())


def test_a_layer_of_other_things_shows_its_columns(tmp_path: Path) -> None:
    text = samples.boundaries().replace("LSOA11CD", "parish")
    with pytest.raises(InputFileError, match=r"none of the layers.*parish"):
        load(tmp_path / "x", text.encode())
    with pytest.raises(InputFileError, match=r"None of its layers.*Areas of England"):
        load(tmp_path / "y", samples.geopackage(tmp_path, "parish"))


def test_a_shapefile_without_its_parts_says_what_is_needed(tmp_path: Path) -> None:
    with zipfile.ZipFile(BytesIO(samples.shapefile(tmp_path))) as archive:
        shape = archive.read("Boundaries/Areas.shp")
    with pytest.raises(InputFileError, match="give them in one zip"):
        load(tmp_path / "alone.shp", shape)


def test_loose_parts_of_a_shapefile_in_a_folder(tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "files", "list_sizes", "pcn_membership", "imd2019")
    with zipfile.ZipFile(BytesIO(samples.shapefile(tmp_path))) as archive:
        archive.extractall(folder)
    store = Store(tmp_path / "data")
    report = update_store(store, origin=str(folder))
    assert not report.failed
    assert len(store.read("boundaries_lsoa11")) == 3


@pytest.mark.parametrize("kind", ["view", "no contents", "other database", "endless"])
def test_a_database_that_is_no_plain_geopackage_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(samples.geopackage(tmp_path))
    with closing(sqlite3.connect(path)) as database:
        if kind == "view":
            database.execute('ALTER TABLE "Areas of England" RENAME TO hidden')
            database.execute('CREATE VIEW "Areas of England" AS SELECT * FROM hidden')
            database.execute("UPDATE gpkg_contents SET table_name = 'Areas of England'")
        elif kind == "no contents":
            database.execute("DELETE FROM gpkg_contents")
        elif kind == "endless":
            database.execute("DELETE FROM gpkg_contents")
            database.execute(
                "CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
                "FROM n) SELECT x AS fid, 'E01000001' AS LSOA11CD FROM n"
            )
            database.execute(
                "INSERT INTO gpkg_contents (table_name, data_type) VALUES ('endless', 'features')"
            )
        else:
            database.execute("DROP TABLE gpkg_contents")
        database.commit()
    with pytest.raises(InputFileError, match=r"None of its layers|no GeoPackage"):
        load_file(path)


@pytest.mark.parametrize("kind", ["geopackage", "shapefile"])
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_layers_give_a_layer_or_a_clear_error(
    kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("layer")
    make = samples.geopackage if kind == "geopackage" else samples.shapefile
    content = make(folder)
    if kind == "shapefile":
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = data.draw(st.sampled_from(sorted(parts)))
        parts[name] = damaged(parts[name], data)
        content = samples.zipped(parts)
    else:
        content = damaged(content, data)
    path = folder / "damaged"
    path.write_bytes(content)
    try:
        loaded = load_file(path)
    except UserError as fault:
        assert "Traceback" not in str(fault)
        assert str(folder) not in str(fault).replace(str(path), "")
    else:
        assert loaded[0].table.geometry.is_valid.all()


def test_a_coordinate_system_that_is_no_text_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(BytesIO(samples.shapefile(tmp_path))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in parts if name.endswith(".prj"))
    parts[name] = parts[name].replace(b"D_OSGB", b"\x80_OSGB", 1)
    (tmp_path / "layer.zip").write_bytes(samples.zipped(parts))
    with pytest.raises(UserError, match=r"coordinate system \(\.prj\) is damaged"):
        load_file(tmp_path / "layer.zip")


def damaged(content: bytes, data: st.DataObject) -> bytes:
    at = data.draw(st.integers(0, len(content)))
    piece = data.draw(st.binary(min_size=1, max_size=20))
    return data.draw(
        st.sampled_from([content[:at], content[:at] + piece + content[at + len(piece) :]])
    )


@pytest.fixture(scope="module")
def england_boundaries() -> Path:
    try:
        return package_file(*BOUNDARY_FILE)
    except UserError as absent:
        pytest.skip(str(absent))


def test_the_lsoas_of_england_load_and_find_their_partners(
    england_boundaries: Path, official: Path, tmp_path: Path
) -> None:
    """The real layer of 34,753 LSOAs of England and Wales, by `update --from`, with IMD 2019."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "download (3)").write_bytes(england_boundaries.read_bytes())
    for name in (
        "deprivation/File_1_IMD2019.xlsx",
        "registrations/gp-reg-pat-prac-all-2026-03.csv.gz",
        "organisations/practice-pcn-icb-mapping-2025-08.csv.gz",
    ):
        (folder / Path(name).name).write_bytes((official / name).read_bytes())
    store = Store(tmp_path / "data")
    report = update_store(store, origin=str(folder))
    assert not report.failed
    layer = store.read("boundaries_lsoa11")
    english = layer[layer["code"].str.startswith("E")]
    assert len(layer) == 34_753
    assert len(english) == 32_844
    assert layer.geometry.is_valid.all()
    # England has 130,310 sq km; to the coast and generalised, within half a per cent.
    assert english.geometry.area.sum() / 1e6 == pytest.approx(130_310, rel=0.005)
    lsoas = england_lsoas(store=store)
    assert lsoas["easting"].notna().all()
    reports = store.read(built_tables.REPORTS).set_index("join")
    joined = reports.loc["LSOAs with boundaries"]
    assert (joined["left_only_count"], joined["right_only_count"]) == (0, 34_753 - 32_844)
    embedded = gpd.read_parquet("geo/lsoa11_essex.parquet").set_index("lsoa11cd")
    ours = english.set_index("code").loc[embedded.index]
    # The embedded layer was projected by another transformation: apart by two metres at most.
    apart = np.hypot(
        ours.geometry.centroid.x - embedded.geometry.centroid.x,
        ours.geometry.centroid.y - embedded.geometry.centroid.y,
    )
    assert apart.max() < 3
