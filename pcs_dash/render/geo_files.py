"""Plans as GeoJSON (RFC 7946, degrees) and GeoPackage (EPSG:27700), with what they were made
from.
"""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pcs_dash.hubs.contiguity import CRS, Neighbours
from pcs_dash.hubs.hub_shapes import grid_to_lonlat, hub_polygons
from pcs_dash.hubs.palette import UNASSIGNED_COLOUR
from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import rules_to_frame
from pcs_dash.measures.deprivation import without_small_counts
from pcs_dash.render.provenance import Provenance
from pcs_dash.views.geopackage import Look, geopackage

# A millionth of a degree is about a tenth of a metre: finer than any surgery is placed.
_DEGREES = 1e-6
_DECIMALS = 6


def plan_geojson(
    plan: Plan,
    practices: pd.DataFrame,
    provenance: Provenance,
    *,
    neighbours: Neighbours | None = None,
) -> bytes:
    """A FeatureCollection of the practices as points and, with `neighbours`, the hubs as polygons.

    Points have practice_code, practice_name, hub and colour (null = unassigned), patients;
    assigned codes that are not in `practices` come without geometry. Polygons (see
    `hub_shapes.hub_polygons`) have hub, colour, practices, patients. The members "hubs"
    and "provenance" beside the features carry the plan's colours, notes and locks, and what the
    export was made from; `hubs.reading.read_plan` gives the very plan back.
    UTF-8, WGS 84, outer rings anticlockwise.
    """
    columns = ["practice_name", "longitude", "latitude", "patients"]
    records = practices[columns].to_dict("index")
    features = [_practice_feature(plan, str(code), row) for code, row in records.items()]
    for code in plan.unknown_codes(practices.index):
        hub = plan.hub_of(code)
        features.append(
            _feature(None, {"practice_code": code, "hub": None if hub is None else hub.name})
        )
    if neighbours is not None:
        polygons = hub_polygons(plan, practices, neighbours)
        features += [_hub_feature(row) for row in polygons.to_dict("records")]
    collection = {
        "type": "FeatureCollection",
        "provenance": dict(provenance.lines()),
        "hubs": [hub.to_dict() for hub in plan.hubs],
        "features": features,
    }
    text = json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


def plan_geopackage(
    plan: Plan,
    practices: pd.DataFrame,
    provenance: Provenance,
    *,
    neighbours: Neighbours,
    summary: pd.DataFrame | None = None,
) -> bytes:
    """A GeoPackage with the layers hubs (polygons) and practices (points), both EPSG:27700, and the
    tables plan_hubs, rules, about, layer_styles (`views.geopackage`) and, for assigned codes that
    are not in `practices`, practices_elsewhere. Hubs without practices here have no polygon.

    With `summary` (of `summary.summarise_hubs`) the hub layer has all its measures and verdicts.
    `hubs.reading.read_plan` gives the very plan back, by all but the polygons.
    """
    hubs = hub_polygons(plan, practices, neighbours)
    if summary is not None:
        measured = summary.iloc[:-1].drop(columns=["practices", "patients", "colour"])
        hubs = hubs.merge(measured, on="hub_id", how="left", validate="1:1")
    hubs["note"] = [plan.hub(hub_id).note for hub_id in hubs["hub_id"]]
    about = pd.DataFrame(provenance.lines(), columns=["item", "value"])
    tables = {
        "hubs": hubs,
        "practices": _practice_points(plan, practices),
        "plan_hubs": _plan_hubs(plan),
        "practices_elsewhere": plan.to_frame(plan.unknown_codes(practices.index)),
        "rules": rules_to_frame(provenance.rules),
        "about": about,
    }
    # Names of hubs differ, so none loses its colour.
    colours = {hub.name: hub.colour for hub in plan.hubs}
    loose = {**colours, "": UNASSIGNED_COLOUR}
    looks = {
        "hubs": Look("fill", "hub", colours),
        "practices": Look("marker", "hub", loose, rest="In no hub"),
    }
    return geopackage(tables, looks, provenance.exported)


def _practice_feature(plan: Plan, code: str, row: dict[Any, Any]) -> dict[str, Any]:
    hub = plan.hub_of(code)
    place = [row["longitude"], row["latitude"]]
    geometry = None
    if np.isfinite(place).all():
        coordinates = [round(float(degrees), _DECIMALS) for degrees in place]
        geometry = {"type": "Point", "coordinates": coordinates}
    return _feature(
        geometry,
        {
            "practice_code": code,
            "practice_name": None if pd.isna(row["practice_name"]) else str(row["practice_name"]),
            "hub": None if hub is None else hub.name,
            "colour": None if hub is None else hub.colour,
            "patients": None if pd.isna(row["patients"]) else int(row["patients"]),
        },
    )


def _hub_feature(row: dict[Any, Any]) -> dict[str, Any]:
    degrees = shapely.transform(row["geometry"], grid_to_lonlat)
    # Snapping keeps the polygon valid, which rounding its corners might not.
    degrees = shapely.set_precision(degrees, _DEGREES)
    parts = [part for part in shapely.get_parts(degrees) if part.geom_type == "Polygon"]
    oriented = shapely.orient_polygons(shapely.multipolygons(parts), exterior_cw=False)
    coordinates = [
        [
            [[round(x, _DECIMALS), round(y, _DECIMALS)] for x, y in shapely.get_coordinates(ring)]
            for ring in (part.exterior, *part.interiors)
        ]
        for part in shapely.get_parts(oriented)
    ]
    properties = {
        "hub": row["hub"],
        "colour": row["colour"],
        "practices": int(row["practices"]),
        "patients": int(row["patients"]),
    }
    return _feature({"type": "MultiPolygon", "coordinates": coordinates}, properties)


def _feature(geometry: dict[str, Any] | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _practice_points(plan: Plan, practices: pd.DataFrame) -> gpd.GeoDataFrame:
    position = practices[["easting", "northing"]].to_numpy(dtype=float)
    placed = np.isfinite(position).all(axis=1)
    points = np.full(len(practices), None, dtype=object)
    points[placed] = shapely.points(position[placed])
    table = without_small_counts(practices).drop(columns=["easting", "northing"])
    table.insert(0, "hub", plan.to_series(practices.index))
    return gpd.GeoDataFrame(table.reset_index(), geometry=points, crs=CRS)


def _plan_hubs(plan: Plan) -> pd.DataFrame:
    """Every hub in the plan's order, one without practices too: what it needs to be read back."""
    rows = [hub.to_dict() for hub in plan.hubs]
    table = pd.DataFrame(rows, columns=["id", "name", "colour", "note", "locked"])
    return table.astype({"locked": bool}).rename(columns={"id": "hub_id", "name": "hub"})
