"""Map files: GeoJSON (also one feature a line), GeoPackage, shapefile and KML.

GeoJSON is read by hand, since its faults are named by feature; the others through GDAL.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError

from pcs_dash.hubs.plan import MAX_HUBS
from pcs_dash.hubs.reading.delimited import decoded, too_many_rows
from pcs_dash.hubs.reading.faults import Faults
from pcs_dash.hubs.reading.sheet import MAX_COLUMNS, MAX_ROWS, Row, Sheet, cell_text, on_disk, short
from pcs_dash.hubs.reading.workbooks import described_hub

_SEPARATOR = "\x1e"  # before each feature, where RFC 8142 is followed
_KML_REFUSED = (b"<!DOCTYPE", b"<!ENTITY", b"<OGR")
MAX_LAYERS = 50


# --- GeoJSON ---


def geojson_sheet(content: bytes, faults: Faults) -> Sheet:
    """The features of a GeoJSON file as rows: their properties are the columns."""
    text = decoded(content, faults)
    data = _json(text, faults)
    kind = data.get("type") if isinstance(data, dict) else None
    if kind == "Topology":
        faults.refuse(
            "This is TopoJSON. Save it as GeoJSON (in mapshaper: Export, GeoJSON) and open that."
        )
    if kind not in ("FeatureCollection", "Feature"):
        faults.refuse(
            "This is JSON, but not a GeoJSON FeatureCollection. Export the plan as CSV, Excel or "
            "GeoJSON."
        )
    features = [data] if kind == "Feature" else data.get("features")
    if not isinstance(features, list) or not features:
        faults.refuse("The GeoJSON has no features. Draw or choose at least one hub.")
    if len(features) > MAX_ROWS:
        faults.refuse(too_many_rows())
    records = [_record(feature) for feature in features]
    hubs = _hub_member(data)
    ours = bool(hubs) and "provenance" in data
    return _features("", records, crs=_said_crs(data, faults), hubs=hubs, ours=ours)


def _json(text: str, faults: Faults) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line.strip(_SEPARATOR + " \t\r") for line in text.splitlines()]
        found = _one_a_line([line for line in lines if line])
        if found is not None:
            return {"type": "FeatureCollection", "features": found}
        faults.refuse(
            f"Row {error.lineno}, column {error.colno}: this is not valid JSON ({error.msg}). "
            "Export the GeoJSON again."
        )
    except (RecursionError, ValueError):
        faults.refuse("The JSON is nested too deeply or has a number that is far too long.")


def _one_a_line(lines: Sequence[str]) -> list[Any] | None:
    """The features of a file with one on each line; None where it is not such a file."""
    if len(lines) < 2 or not all(line.startswith("{") for line in lines):
        return None
    try:
        return [json.loads(line) for line in lines[: MAX_ROWS + 1]]
    except (ValueError, RecursionError):
        return None


def _record(feature: Any) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    feature = feature if isinstance(feature, dict) else {}
    properties, geometry = feature.get("properties"), feature.get("geometry")
    given = properties if isinstance(properties, dict) else {}
    return given, geometry if isinstance(geometry, dict) else None


def _hub_member(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The hubs that our own GeoJSON carries beside its features."""
    member = data.get("hubs")
    if not isinstance(member, list) or not all(isinstance(hub, dict) for hub in member):
        return ()
    return tuple(member[: MAX_HUBS + 1])


def _said_crs(data: Mapping[str, Any], faults: Faults) -> int | None:
    """4326 or 27700 where the file names it, None where it doesn't."""
    member = data.get("crs")
    named = ""
    if isinstance(member, dict) and isinstance(member.get("properties"), dict):
        named = str(member["properties"].get("name", ""))
    if "27700" in named:
        return 27700
    if named and not any(known in named for known in ("4326", "CRS84", "84")):
        faults.refuse(
            f"The coordinates are in '{short(named)}'. Save the GeoJSON in WGS 84 (EPSG:4326)."
        )
    return 4326 if named else None


def _features(
    name: str,
    records: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]],
    *,
    crs: int | None,
    hubs: tuple[Mapping[str, Any], ...] = (),
    ours: bool = False,
) -> Sheet:
    at = f"Layer '{short(name)}', feature" if name else "Feature"
    headings = list(dict.fromkeys(str(key) for values, _ in records for key in values))
    headings = headings[:MAX_COLUMNS]
    rows = tuple(
        Row(
            f"{at} {number}",
            tuple(_property(values.get(key)) for key in headings),
            shape=None if shape is None else MappingProxyType(dict(shape)),
        )
        for number, (values, shape) in enumerate(records, start=1)
    )
    return Sheet(name, rows, at, headings=tuple(headings), crs=crs, hubs=hubs, ours=ours)


def _property(value: Any) -> str:
    """A property as text; what is no single value counts as none."""
    return "" if isinstance(value, (dict, list)) else cell_text(value)


# --- through GDAL ---


def kml_sheet(content: bytes, faults: Faults) -> Sheet:
    """The placemarks of a KML file, those of all its folders together."""
    # What would expand, or make GDAL take the file for a pointer to others.
    if any(word in content.upper() for word in (word.upper() for word in _KML_REFUSED)):
        faults.refuse("The KML has declarations that no map program writes. Export it again.")
    with on_disk(content, "plan.kml") as path:
        layers = gdal_sheets(path, faults)
    headings = tuple(dict.fromkeys(name for layer in layers for name in layer.headings or ()))
    whole: list[Row] = []
    for layer in layers:
        for row in layer.rows:
            cells = dict(zip(layer.headings or (), row.cells, strict=True))
            told = (*(cells.get(name, "") for name in headings), layer.name)
            whole.append(Row(f"Placemark {len(whole) + 1}", told, shape=row.shape))
    return Sheet("", tuple(whole), "Placemark", headings=(*headings, "folder"), crs=4326)


def geopackage_sheets(content: bytes, faults: Faults) -> list[Sheet]:
    """The layers of a GeoPackage; of one of our own the practices, with the hubs they are in."""
    with on_disk(content, "plan.gpkg") as path:
        sheets = gdal_sheets(path, faults)
    by_name = {sheet.name: sheet for sheet in sheets}
    plan, hubs = by_name.get("practices"), by_name.get("plan_hubs")
    if plan is None or hubs is None or not {"hub_id", "hub"} <= set(hubs.headings or ()):
        return sheets
    more = by_name.get("practices_elsewhere", Sheet("", ()))
    rows = (*plan.rows, *_rows_like(plan, more))
    described = [
        described_hub(dict(zip(hubs.headings or (), row.cells, strict=True)), str)
        for row in hubs.rows
    ]
    return [replace(plan, rows=rows, hubs=tuple(described), ours=True)]


def _rows_like(plan: Sheet, more: Sheet) -> list[Row]:
    """The rows of another table in the columns of the plan's."""
    places = [
        (more.headings or ()).index(name) if name in (more.headings or ()) else MAX_COLUMNS
        for name in plan.headings or ()
    ]
    return [Row(row.at, tuple(row.cell(place) for place in places)) for row in more.rows]


def gdal_sheets(path: Path, faults: Faults) -> list[Sheet]:
    """Every layer of a file that GDAL reads, in WGS 84 or on the National Grid."""
    damaged = "The map file is damaged. Open it in its program and save it again."
    with faults.damaged(damaged), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rings and fields that GDAL puts right
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        if len(names) > MAX_LAYERS:
            faults.refuse(f"The file has {len(names):,} layers. Save the plan's layer alone.")
        return [_layer(path, name, faults, only=len(names) == 1) for name in names]


def _layer(path: Path, name: str, faults: Faults, *, only: bool) -> Sheet:
    """A layer with its geometry in EPSG:4326 or 27700; `only`: it needs no name."""
    if pyogrio.read_info(path, layer=name, force_feature_count=True)["features"] > MAX_ROWS:
        faults.refuse(too_many_rows())
    table = pyogrio.read_dataframe(path, layer=name, fid_as_index=False)
    crs = None
    geometry = getattr(table, "geometry", None) if "geometry" in table.columns else None
    if geometry is not None and geometry.crs is not None:
        crs = _plain_crs(geometry.crs)
        if crs is None:
            geometry, crs = geometry.to_crs(27700), 27700
    columns = [column for column in table.columns if column != "geometry"]
    shapes = [None] * len(table) if geometry is None else geometry
    records = [
        (
            dict(zip(columns, values, strict=True)),
            None if shape is None or shape.is_empty else shape.__geo_interface__,
        )
        for *values, shape in zip(*(table[name] for name in columns), shapes, strict=True)
    ]
    return _features("" if only else name, records, crs=crs)


def _plain_crs(crs: Any) -> int | None:
    """4326 or 27700, however the file spells them; None for any other."""
    try:
        code = CRS.from_user_input(crs).to_epsg(min_confidence=25)
    except CRSError:
        return None
    return code if code in (4326, 27700) else None
