"""The boundaries of LSOAs (2011) as GeoJSON, GeoPackage or shapefile. Those of districts, ICBs
and sub-ICB locations are made from them (`outlines`).

All three are read through pyogrio (GDAL), which takes a file of England's LSOAs in a second; a
GeoPackage is looked at as the database it is first, as it may hold more than tables.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyogrio.errors
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from pcs_dash.official.archive import SHAPE_PARTS, InputFile, kind_of
from pcs_dash.official.layout import normalise_heading
from pcs_dash.tables.errors import InputFileError

BRITISH_NATIONAL_GRID = 27700
WGS84 = 4326
# Great Britain in the national grid, with a margin.
_EASTINGS = (-100_000, 800_000)
_NORTHINGS = (-100_000, 1_400_000)
LARGEST_LAYER = 300 * 1024**2
MOST_FEATURES = 200_000  # England and Wales have 35,672 LSOAs
# Of one shape, of lines that cross each other: generalising makes a few, and what mending takes
# grows with their square.
MOST_CROSSINGS = 1_000
_AT_ONCE = 200  # lines whose crossings are looked for together

CODE_COLUMN = "lsoa11cd"
_CODE = r"[EWSN]\d{8}"


def load_boundaries(file: InputFile) -> gpd.GeoDataFrame:
    """Columns code, name, geometry (EPSG:27700), one row an LSOA.

    Coordinates are in the system that the file states; GeoJSON without one is longitude and
    latitude unless its figures can't be. Of several layers with codes the one with most areas is
    read. That, and how many shapes that cross themselves (generalising makes some) were mended, is
    told in `file.notes`. Raises InputFileError for missing or repeated codes, missing or
    broken shapes, degrees under the name of a grid, and places outside Great Britain.
    """
    with _readable(file) as layer:
        code_at = has_codes(layer.fields)
        if code_at is None:
            raise file.fault(
                f"Expected a column {CODE_COLUMN.upper()} with codes; found "
                f"{', '.join(layer.fields[:30]) or 'no columns'}."
            )
        name_at = next((f for f in layer.fields if f.lower() == f"{code_at[:-2]}nm".lower()), None)
        frame = _read(file, layer, [code_at, *([name_at] if name_at else [])])
    _check(file, frame, code_at)
    names = frame[name_at].fillna(frame[code_at]) if name_at else frame[code_at]
    frame = gpd.GeoDataFrame(
        {"code": frame[code_at].astype("str"), "name": names.astype("str")},
        geometry=frame.geometry.to_numpy(),
        crs=_crs(file, frame),
    ).to_crs(BRITISH_NATIONAL_GRID)
    _check_place(file, frame)
    mended = _mend(file, frame)
    frame = frame.sort_values("code").reset_index(drop=True)
    if layer.note:
        file.notes.append(layer.note)
    if mended:
        file.notes.append(f"{mended:,} shapes that crossed themselves were mended.")
    return frame


def layer_fields(file: InputFile) -> list[str]:
    """The columns of a GeoPackage's or shapefile's layer of areas (for recognising it)."""
    with _readable(file) as layer:
        return layer.fields


def has_codes(fields: Iterable[str]) -> str | None:
    """The column with the codes of LSOAs of 2011, or None."""
    return next((f for f in fields if normalise_heading(f) == CODE_COLUMN), None)


@dataclass(frozen=True)
class _Layer:
    """A layer that GDAL can read: the file, its name in it, its columns; `note`: which was taken
    of several.
    """

    path: Path
    name: str | None
    fields: list[str]
    note: str = ""


@contextmanager
def _readable(file: InputFile) -> Iterator[_Layer]:
    """The layer of areas in a file.

    GDAL goes by the ending of a name, and may write beside a database: so it gets a copy.
    """
    if file.path.stat().st_size > LARGEST_LAYER:
        raise file.fault("The layer is larger than 300 MB; take a generalised one (BSC or BGC).")
    kind = kind_of(file.path)
    with tempfile.TemporaryDirectory(prefix="pcs_dash-") as folder:
        layer, note = _geopackage_layer(file) if kind == "geopackage" else (None, "")
        ending = {"geopackage": ".gpkg", "shapefile": ".shp"}.get(kind, ".geojson")
        path = Path(folder) / f"layer{ending}"
        shutil.copyfile(file.path, path)
        if kind == "shapefile":
            for suffix in SHAPE_PARTS:
                for part in (file.path.with_suffix(suffix), file.path.with_suffix(suffix.upper())):
                    if part.is_file():
                        shutil.copyfile(part, path.with_suffix(suffix))
        yield _Layer(path, layer, _fields(file, path, layer), note)


def _fields(file: InputFile, path: Path, layer: str | None) -> list[str]:
    with _told(file):
        info = pyogrio.read_info(path, layer=layer, force_feature_count=True)
    if info["features"] == 0:
        raise file.fault("The layer holds no features.")
    if info["features"] > MOST_FEATURES:
        raise file.fault(f"The layer holds {info['features']:,} features.")
    return [str(name) for name in info["fields"]]


def _read(file: InputFile, layer: _Layer, columns: list[str]) -> gpd.GeoDataFrame:
    with _told(file):
        frame = pyogrio.read_dataframe(layer.path, layer=layer.name, columns=columns)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise file.fault("The layer has no shapes.")
    return frame


@contextmanager
def _told(file: InputFile) -> Iterator[None]:
    """GDAL's faults as InputFileError; what it warns of shows as a feature without a shape."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputFileError:
        raise
    except UnboundLocalError as fault:
        # What pyogrio meets where the text of a coordinate system (.prj) is no UTF-8.
        raise file.fault(
            "The coordinate system (.prj) is damaged. Save the layer again."
        ) from fault
    except (
        pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError, pyogrio.errors.FieldError, pyogrio.errors.GeometryError,
        GEOSException, UnicodeDecodeError, ValueError, OverflowError,
    ) as fault:  # fmt: skip
        reason = " ".join(str(fault).split()).replace(str(file.path), file.name)
        reason = re.sub(r"'?/\S+layer\.\w+'?", "the file", reason)
        raise file.fault(f"The layer can't be read: {reason[:200].rstrip('.')}.") from fault


def _geopackage_layer(file: InputFile) -> tuple[str, str]:
    """The table of a GeoPackage that holds LSOAs, and a note where several do: the one with most
    rows, as a selection is often saved beside the whole. InputFileError when there is none.

    Only plain tables: a view in a hostile file could run for ever.
    """
    address = f"{file.path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            tables = database.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
            ).fetchmany(1_000)
            plain = {n for n, sql in tables if re.match(r"(?i)\s*create\s+table\b", str(sql))}
            if "gpkg_contents" not in plain:
                raise file.fault("It is a database, but no GeoPackage.")
            layers = database.execute(
                "SELECT table_name FROM gpkg_contents WHERE data_type = 'features'"
            ).fetchmany(1_000)
            sizes = {
                str(layer): _rows_of_lsoas(database, str(layer))
                for (layer,) in layers
                if layer in plain
            }
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as fault:
        raise file.fault("The GeoPackage is damaged. Download it again.") from fault
    fitting = {layer: rows for layer, rows in sizes.items() if rows is not None}
    if not fitting:
        names = ", ".join(str(name) for (name,) in layers[:10]) or "none"
        raise file.fault(f"None of its layers has codes of areas this tool reads; layers: {names}.")
    chosen = max(fitting, key=lambda layer: fitting[layer])
    others = [f"'{layer}' ({rows:,} areas)" for layer, rows in fitting.items() if layer != chosen]
    if not others:
        return chosen, ""
    return chosen, (
        f"Of its layers '{chosen}' ({fitting[chosen]:,} areas) was read, not {', '.join(others)}."
    )


def _rows_of_lsoas(database: sqlite3.Connection, layer: str) -> int | None:
    """How many rows a table of LSOAs has; None for another table."""
    quoted = layer.replace('"', '""')
    columns = database.execute(f'PRAGMA table_info("{quoted}")').fetchall()
    if has_codes(str(column[1]) for column in columns) is None:
        return None
    return int(database.execute(f'SELECT COUNT(*) FROM "{quoted}"').fetchone()[0])


def _check(file: InputFile, frame: gpd.GeoDataFrame, code_at: str) -> None:
    """Every feature has a code of its own and is a polygon."""
    codes = frame[code_at].astype("str")
    shapes = frame.geometry
    polygon = shapes.geom_type.isin(["Polygon", "MultiPolygon"]) & ~shapes.is_empty
    finite = pd.Series(
        np.isfinite(shapely.bounds(shapes.to_numpy())).all(axis=1), index=frame.index
    )
    for wrong, what in (
        (~codes.str.fullmatch(_CODE).fillna(False).astype(bool), "has no code such as E01000001"),
        (shapes.isna(), "has no valid shape"),
        (~polygon, "is no polygon"),
        (~finite, "has coordinates that are no numbers"),
    ):
        if wrong.any():
            number = int(np.flatnonzero(wrong.to_numpy())[0])
            code = " ".join(str(codes.iloc[number]).split())[:40]
            raise file.fault(f"Feature {number + 1} ({code}) {what}.")
    repeated = codes[codes.duplicated()]
    if not repeated.empty:
        raise file.fault(f"{repeated.iloc[0]} stands in more than one feature.")


def _mend(file: InputFile, frame: gpd.GeoDataFrame) -> int:
    """Make shapes valid, in place, as areas; how many needed it. InputFileError for one that
    crosses itself more than MOST_CROSSINGS times.
    """
    wrong = ~frame.geometry.is_valid
    if wrong.any():
        for code, shape in zip(frame["code"][wrong], frame.geometry[wrong], strict=True):
            if _tangled(shape):
                raise file.fault(
                    f"The shape of {code} crosses itself more than {MOST_CROSSINGS:,} times. "
                    "Take the boundaries as published, or mend it (in QGIS: Fix geometries)."
                )
        # The method of structure keeps polygons polygons.
        frame.loc[wrong, frame.geometry.name] = shapely.make_valid(
            frame.geometry[wrong].to_numpy(), method="structure", keep_collapsed=False
        )
    return int(wrong.sum())


def _tangled(shape: BaseGeometry) -> bool:
    """Whether more than MOST_CROSSINGS pairs of a shape's lines cross."""
    points, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(shape)), return_index=True
    )
    pairs = np.stack([points[:-1], points[1:]], axis=1)[ring[:-1] == ring[1:]]
    lines = shapely.linestrings(pairs)
    tree, found = shapely.STRtree(lines), 0
    for start in range(0, len(lines), _AT_ONCE):
        found += tree.query(lines[start : start + _AT_ONCE], predicate="crosses").shape[1]
        if found > 2 * MOST_CROSSINGS:  # each pair is found from either line
            return True
    return False


def _crs(file: InputFile, frame: gpd.GeoDataFrame) -> int | str:
    """GeoJSON means WGS84; the ONS portal also gives eastings and northings under that name.

    Degrees under the name of a grid are refused: whether the figures or the name are wrong can't
    be told.
    """
    west, south, east, north = frame.total_bounds
    degrees = max(abs(west), abs(south), abs(east), abs(north)) <= 180
    stated = frame.crs
    if stated is None or (stated.is_geographic and not degrees):
        return WGS84 if degrees else BRITISH_NATIONAL_GRID
    if degrees and not stated.is_geographic:
        raise file.fault(
            f"Its coordinates are degrees ({west:.2f} to {east:.2f}, {south:.2f} to "
            f"{north:.2f}), but it says that they are metres of {stated.name}. Save the layer "
            "again with the system its coordinates are in (EPSG:4326 for degrees)."
        )
    return str(stated.to_wkt())


def _check_place(file: InputFile, frame: gpd.GeoDataFrame) -> None:
    west, south, east, north = frame.total_bounds
    inside = (
        _EASTINGS[0] <= west <= east <= _EASTINGS[1]
        and _NORTHINGS[0] <= south <= north <= _NORTHINGS[1]
    )
    if not inside:
        raise file.fault("Its coordinates lie outside Great Britain (are they swapped?).")
