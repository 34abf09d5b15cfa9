"""Practices and shapes: which practices a drawn shape catches, and the shape of a hub.

Tests are exact, in EPSG:27700 (metres). What is drawn on the map is held against the practices as
the map shows them, so both their longitude and latitude and the shape go through the same
transformation; a shape in National Grid coordinates is held against easting and northing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from pcs_dash.hubs.contiguity import CRS, Neighbours
from pcs_dash.hubs.plan import Plan
from pcs_dash.measures import numbers
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.geometry import lonlat_to_grid

HUB_SHAPES = ("cells", "concave", "convex")
MAX_RADIUS = 200_000.0
MAX_VERTICES = 500_000
# Crossings can be as many as the square of the corners: no more corners than this are mended.
MAX_REPAIR_VERTICES = 20_000

# A straight line on the web map is a curve on the National Grid: edges are followed in steps of
# this many metres (Mercator metres on the map, a little over half as many on the ground).
_STEP = 500.0
_HULL_MARGIN = 300.0
_HULL_RATIO = 0.4


class ShapeError(UserError):
    """A shape that can't be used; the text says which and why."""


class CrossingError(ShapeError):
    """A polygon whose outline crosses itself; `repair=True` takes all that the line encloses."""


@dataclass(frozen=True)
class Circle:
    """A circle on the National Grid: centre and radius in metres."""

    easting: float
    northing: float
    radius: float


# A shapely Polygon or MultiPolygon in EPSG:27700, or a Circle.
Shape: TypeAlias = Any


# --- shapes from the map ---


def circle(longitude: float, latitude: float, radius: float) -> Circle:
    """A circle about a point of the map; `radius` in metres."""
    _check_degrees(np.array([[longitude, latitude]], dtype=float), "The circle")
    if not (math.isfinite(radius) and 0 < radius <= MAX_RADIUS):
        raise ShapeError(
            f"The circle's radius must be above 0 and at most {numbers.number(MAX_RADIUS)} m."
        )
    ((easting, northing),) = lonlat_to_grid(np.array([[longitude, latitude]], dtype=float))
    return Circle(float(easting), float(northing), float(radius))


def polygon(
    geometry: Mapping[str, Any], *, repair: bool = False, what: str = "The shape", crs: int = 4326
) -> shapely.Polygon | shapely.MultiPolygon:
    """A GeoJSON Polygon or MultiPolygon in EPSG:27700.

    Edges are straight in the coordinates given (4326; 3857 for lines drawn on a web map, whose
    coordinates are then still degrees; 27700). ShapeError if it is none, CrossingError if its line
    crosses itself; with `repair` such a shape becomes all that the line encloses. `what` opens
    the message ("Feature 3 ('North')").
    """
    try:
        parts = [
            _polygon(_grid_rings(part, what=what, crs=crs), repair=repair, what=what)
            for part in _rings(geometry, what)
        ]
        whole = shapely.union_all(parts)
    except shapely.errors.GEOSException as error:
        # Degenerate rings that the checks above let through.
        raise ShapeError(f"{what} is no shape that can be computed with. Draw it again.") from error
    if not shapely.area(whole) > 0:
        raise ShapeError(f"{what} has no area. Draw it again.")
    made = _multi(whole)
    return made.geoms[0] if len(made.geoms) == 1 else made


def _grid_rings(
    part: list[NDArray[np.float64]], *, what: str, crs: int
) -> list[NDArray[np.float64]]:
    if crs == 27700:
        return part
    for ring in part:
        _check_degrees(ring, what)
        if (ring == ring[0]).all():
            raise ShapeError(f"{what} has no area. Draw it again.")
    return [_ring_to_grid(ring, mercator=crs == 3857) for ring in part]


def drawn_shape(feature: Mapping[str, Any]) -> Shape:
    """A shape drawn on the map, as Leaflet.draw reports it, on the National Grid.

    A GeoJSON feature: Polygon (lasso, polygon, rectangle; what a crossing line encloses counts),
    or Point with the property `radius` in metres (circle). Edges are straight on the map.
    """
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    if not isinstance(geometry, Mapping):
        raise ShapeError("The drawing has no shape. Draw it again.")
    if geometry.get("type") == "Point":
        properties = feature.get("properties")
        radius = properties.get("radius") if isinstance(properties, Mapping) else None
        place = _positions([geometry.get("coordinates")], "The circle")[0]
        if isinstance(radius, bool) or not isinstance(radius, (int, float)):
            raise ShapeError("The drawing is a point. Draw a polygon, a rectangle or a circle.")
        return circle(float(place[0]), float(place[1]), float(radius))
    return polygon(geometry, repair=True, what="The drawing", crs=3857)


# --- practices and shapes ---


def practices_in(shape: Shape, practices: pd.DataFrame, *, on_map: bool = True) -> tuple[str, ...]:
    """Codes of the practices that a shape covers, its line included, in the table's order.

    `on_map` True: by longitude and latitude, as the map shows them; False: by easting and northing.
    """
    return tuple(claims({"shape": shape}, practices, on_map=on_map))


def claims(
    shapes: Mapping[str, Shape], practices: pd.DataFrame, *, on_map: bool = True
) -> dict[str, tuple[str, ...]]:
    """Of the practices that a shape covers (in the table's order) the names of all that do."""
    position = _positions_of(practices, on_map=on_map)
    placed = np.flatnonzero(np.isfinite(position).all(axis=1))
    tree = shapely.STRtree(shapely.points(position[placed]))
    claimed: dict[int, list[str]] = {}
    for name, shape in shapes.items():
        if isinstance(shape, Circle):
            distance = np.hypot(*(position[placed] - (shape.easting, shape.northing)).T)
            found = np.flatnonzero(distance <= shape.radius)
        else:
            shapely.prepare(shape)
            found = tree.query(shape, predicate="covers")
        for place in placed[found]:
            claimed.setdefault(int(place), []).append(name)
    return {str(practices.index[place]): tuple(claimed[place]) for place in sorted(claimed)}


# --- the shape of a hub ---


def hub_polygons(
    plan: Plan, practices: pd.DataFrame, neighbours: Neighbours, *, shape: str = "cells"
) -> gpd.GeoDataFrame:
    """One row a hub with practices in the table: hub_id, hub, colour, practices, patients,
    shares_building, geometry (EPSG:27700).

    shape "cells": the Voronoi cells of its practices, clipped to the area, dissolved; hubs then
    cover the area once and without overlap, which no catchment does: they show which surgery is
    nearest. Where practices of several hubs share a building its cell goes to the hub with most
    patients there (then the first in the plan), and `shares_building` counts a hub's practices
    whose cell another hub has. "convex" and "concave": hull of the practices' positions and 300 m
    around; hulls may overlap and leave land out. Areas are for display: they say nothing about
    patients.
    """
    if shape not in HUB_SHAPES:
        raise UserError(f"There is no hub shape '{shape}'. Choose one of: {', '.join(HUB_SHAPES)}.")
    table = pd.DataFrame(
        {
            "hub_id": [plan.assignment.get(code) for code in neighbours.codes],
            "patients": practices["patients"].reindex(neighbours.codes).to_numpy(dtype=float),
            "site": neighbours.site,
            "cell": np.arange(len(neighbours.codes)),
        },
        index=neighbours.codes,
    )
    table = table[table["hub_id"].notna()]
    order = {hub.id: number for number, hub in enumerate(plan.hubs)}
    table["order"] = table["hub_id"].map(order)
    there = table.groupby(["site", "order"])["patients"].sum().reset_index()
    # Stable sorts: by patients, and the first in the plan where those are equal.
    there = there.sort_values(by="patients", ascending=False, kind="stable")
    owner = there.drop_duplicates("site").set_index("site")["order"]
    table["owner"] = table["site"].map(owner)
    rows = []
    for hub in plan.hubs:
        members = table[table["hub_id"] == hub.id]
        if members.empty:
            continue
        owned = table.loc[table["owner"] == order[hub.id]].drop_duplicates("site")
        places = practices.loc[members.index, ["easting", "northing"]].to_numpy(dtype=float)
        area = (
            shapely.union_all(neighbours.cells.to_numpy()[owned["cell"]])
            if shape == "cells"
            else _hull(places, shape)
        )
        shared = int((members["owner"] != order[hub.id]).sum())
        figures = (len(members), int(members["patients"].sum()), shared)
        rows.append((hub.id, hub.name, hub.colour, *figures, _multi(area)))
    columns = ["hub_id", "hub", "colour", "practices", "patients", "shares_building", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=CRS)


# --- coordinates ---


@cache
def _transformer(before: int, after: int) -> Transformer:
    return Transformer.from_crs(before, after, always_xy=True)


def _transformed(places: NDArray[np.float64], before: int, after: int) -> NDArray[np.float64]:
    return np.column_stack(_transformer(before, after).transform(places[:, 0], places[:, 1]))


def grid_to_lonlat(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """The way back: metres, shape (n, 2), to longitude and latitude."""
    return _transformed(grid, CRS, 4326)


def _ring_to_grid(ring: NDArray[np.float64], *, mercator: bool) -> NDArray[np.float64]:
    if mercator:
        flat = _transformed(ring, 4326, 3857)
        return _transformed(shapely.get_coordinates(_segmented(flat, _STEP)), 3857, CRS)
    # A hundredth of a degree is about 1.1 km of latitude and 0.7 km of longitude here.
    return lonlat_to_grid(shapely.get_coordinates(_segmented(ring, 0.01)))


def _segmented(ring: NDArray[np.float64], step: float) -> shapely.LineString:
    line = shapely.linestrings(ring)
    if shapely.length(line) / step > MAX_VERTICES:
        raise ShapeError("The shape is far too large. Draw it within England.")
    return shapely.segmentize(line, step)


def _positions_of(practices: pd.DataFrame, *, on_map: bool) -> NDArray[np.float64]:
    columns = ["longitude", "latitude"] if on_map else ["easting", "northing"]
    position = practices[columns].to_numpy(dtype=float)
    if not on_map:
        return position
    known = np.isfinite(position).all(axis=1)
    grid = np.full(position.shape, np.nan)
    if known.any():
        grid[known] = lonlat_to_grid(position[known])
    return grid


# --- GeoJSON coordinates, untrusted ---


def _rings(geometry: Mapping[str, Any], what: str) -> list[list[NDArray[np.float64]]]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Polygon":
        coordinates = [coordinates]
    elif kind != "MultiPolygon":
        raise ShapeError(f"{what} is a {str(kind)[:40]}. Use a Polygon or MultiPolygon.")
    if not isinstance(coordinates, Sequence) or isinstance(coordinates, str) or not coordinates:
        raise ShapeError(f"{what} has no coordinates.")
    parts = []
    for part in coordinates:
        if not isinstance(part, Sequence) or isinstance(part, str) or not part:
            raise ShapeError(f"{what} has a part without coordinates.")
        parts.append([_ring(ring, what) for ring in part])
    return parts


def _ring(ring: Any, what: str) -> NDArray[np.float64]:
    if not isinstance(ring, Sequence) or isinstance(ring, str):
        raise ShapeError(f"{what} has a ring that is no list of positions.")
    positions = _positions(ring, what)
    if len(positions) and (positions[0] != positions[-1]).any():
        # RFC 7946 closes rings; many programs leave that to the reader.
        positions = np.vstack([positions, positions[:1]])
    if len(positions) < 4:
        raise ShapeError(f"{what} has a ring of fewer than three corners.")
    return positions


def _positions(items: Sequence[Any], what: str) -> NDArray[np.float64]:
    if len(items) > MAX_VERTICES:
        raise ShapeError(f"{what} has over {MAX_VERTICES:,} corners. Simplify it.")
    positions = np.empty((len(items), 2))
    for number, item in enumerate(items):
        pair = item[:2] if isinstance(item, Sequence) and not isinstance(item, str) else ()
        if len(pair) < 2 or not all(
            isinstance(value, (int, float)) and not isinstance(value, bool) for value in pair
        ):
            raise ShapeError(f"{what}: corner {number + 1} is not a pair of numbers.")
        try:
            positions[number] = pair
        except OverflowError:
            positions[number] = np.inf
    if not np.isfinite(positions).all():
        raise ShapeError(f"{what} has a coordinate that is no finite number.")
    return positions


def _check_degrees(positions: NDArray[np.float64], what: str) -> None:
    longitude, latitude = positions[:, 0], positions[:, 1]
    if (np.abs(longitude) > 180).any() or (np.abs(latitude) > 90).any():
        raise ShapeError(f"{what} is not in longitude and latitude (degrees, WGS 84).")
    if (latitude < 48).any() or (latitude > 62).any() or (np.abs(longitude) > 12).any():
        swapped = (np.abs(latitude) <= 12).all() and ((longitude > 48) & (longitude < 62)).all()
        raise ShapeError(
            f"{what} has latitude before longitude. GeoJSON puts longitude first: swap them."
            if swapped
            else f"{what} lies outside Great Britain. Check its coordinates (longitude first)."
        )


def _polygon(
    rings: list[NDArray[np.float64]], *, repair: bool, what: str
) -> shapely.Polygon | shapely.MultiPolygon:
    holes = [shapely.linearrings(ring) for ring in rings[1:]]
    made = shapely.polygons(rings[0], holes=holes or None)
    if shapely.is_valid(made):
        return made
    if not repair:
        raise CrossingError(f"{what}: its line crosses itself ({_fault_at(made)}).")
    if sum(len(ring) for ring in rings) > MAX_REPAIR_VERTICES:
        raise ShapeError(f"{what} crosses itself and has too many corners to be mended.")
    shells = [_enclosed(ring) for ring in rings]
    return shapely.difference(shells[0], shapely.union_all(shells[1:]))


def _enclosed(ring: NDArray[np.float64]) -> shapely.Geometry:
    """Everything that a line which crosses itself encloses, however often it winds around it."""
    noded = shapely.union_all(shapely.linestrings(ring))
    return shapely.union_all(shapely.get_parts(shapely.polygonize(list(shapely.get_parts(noded)))))


def _fault_at(made: shapely.Geometry) -> str:
    """Where the line crosses, in degrees: "near longitude 0.5, latitude 51.5"."""
    reason = str(shapely.is_valid_reason(made))
    inside = reason[reason.find("[") + 1 : reason.find("]")].split()
    try:
        place = grid_to_lonlat(np.array([[float(inside[0]), float(inside[1])]]))[0]
    except (ValueError, IndexError):
        return reason
    return f"near longitude {place[0]:.4f}, latitude {place[1]:.4f}"


def _multi(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """One geometry type for the whole layer; holes and lines of zero area left out."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return shapely.multipolygons(parts)


def _hull(places: NDArray[np.float64], shape: str) -> shapely.Geometry:
    points = shapely.multipoints(places)
    convex = shape == "convex"
    hull = (
        shapely.convex_hull(points) if convex else shapely.concave_hull(points, ratio=_HULL_RATIO)
    )
    return shapely.buffer(hull, _HULL_MARGIN)
