"""Polygons named after hubs: which practices each of them covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pcs_dash.hubs.hub_shapes import CrossingError, ShapeError, claims, polygon
from pcs_dash.hubs.plan import MAX_HUBS, PlanError, clean_name
from pcs_dash.hubs.reading.columns import Layout
from pcs_dash.hubs.reading.faults import Faults, listed
from pcs_dash.hubs.reading.sheet import Row, Sheet, short
from pcs_dash.measures import numbers
from pcs_dash.tables.labels import name_key

_AREAS = ("Polygon", "MultiPolygon")
_DEPTH = 6  # of coordinates of a GeometryCollection of MultiPolygons
# Nobody's National Grid reference is so small, and no degrees are so large.
_LEAST_GRID = 1_000


@dataclass(frozen=True)
class Claimed:
    """What the polygons cover: practice code -> hub, code -> hubs where several claim it, and every
    hub in order.
    """

    hub_of: Mapping[str, str]
    twice: Mapping[str, tuple[str, ...]]
    hubs: tuple[str, ...]


def claimed_by_shapes(
    sheet: Sheet, layout: Layout, practices: pd.DataFrame, faults: Faults, *, repair: bool
) -> Claimed:
    """The practices within the polygons of a layer. Features that are no polygons are counted and
    passed over; what is wrong with a polygon is a fault.
    """
    shaped = [(row, _areas(row.shape)) for row in sheet.rows]
    polygons = [(row, shape) for row, shape in shaped if shape is not None]
    _tell_of_others(shaped, faults)
    if not polygons:
        faults.refuse(
            "The map file has neither practice codes nor polygons. Draw a polygon round each hub, "
            "or give each point a property practice_code and a property hub."
        )
    if len(polygons) > MAX_HUBS:
        faults.refuse(f"The file has {len(polygons):,} polygons; the most is {MAX_HUBS:,}.")
    crs, polygons = _settled(sheet.crs, polygons, faults)
    shapes: dict[str, Any] = {}
    hub_of_shape: dict[str, str] = {}
    spelling: dict[str, str] = {}
    for number, (row, shape) in enumerate(polygons, start=1):
        hub = f"Hub {number}" if layout.hub is None else row.cell(layout.hub)
        named = f"{row.at} ('{short(hub)}')" if hub else row.at
        try:
            shapes[row.at] = polygon(shape, what=named, crs=crs, repair=repair)
            name = clean_name(hub)
            hub_of_shape[row.at] = spelling.setdefault(name_key(name), name)
        except CrossingError as error:
            faults.crossings += 1
            faults.faults.append(
                f"{error} Draw it again, mend it (in QGIS: Vector, Geometry Tools, Fix Geometries)"
                " or let it be read as all that its line encloses."
            )
        except ShapeError as error:
            faults.faults.append(str(error))
        except PlanError as error:
            called = "hub" if layout.hub is None else layout.headings[layout.hub]
            faults.faults.append(f"{named}, property {short(called)}: {error}")
    faults.check()
    if layout.hub is None:
        faults.notes.append(
            "The polygons have no property with a name: they were called Hub 1, Hub 2 and so on."
        )
    return _claimed(shapes, hub_of_shape, practices, faults, on_map=crs != 27700)


def _claimed(
    shapes: Mapping[str, Any],
    hub_of_shape: Mapping[str, str],
    practices: pd.DataFrame,
    faults: Faults,
    *,
    on_map: bool,
) -> Claimed:
    hub_of: dict[str, str] = {}
    twice: dict[str, tuple[str, ...]] = {}
    for code, keys in claims(shapes, practices, on_map=on_map).items():
        # Several polygons of one name are one hub in several parts.
        hubs = tuple(dict.fromkeys(hub_of_shape[key] for key in keys))
        if len(hubs) == 1:
            hub_of[code] = hubs[0]
        else:
            twice[code] = hubs
    if not hub_of and not twice:
        faults.refuse(_nobody(shapes))
    hubs = tuple(dict.fromkeys(hub_of_shape.values()))
    if twice:
        told = [f"{code} ({' and '.join(names)})" for code, names in twice.items()]
        faults.notes.append(
            f"Practices in polygons of more than one hub, left unassigned: {len(twice)}, namely "
            f"{listed(told)}."
        )
    empty = [name for name in hubs if name not in set(hub_of.values())]
    if empty:
        faults.notes.append(f"Without a practice: {listed(empty, 8)}.")
    return Claimed(hub_of, twice, hubs)


def _nobody(shapes: Mapping[str, Any]) -> str:
    at = next(iter(shapes.values())).representative_point()
    return (
        "The polygons cover no practice. The first lies about easting "
        f"{numbers.number(at.x)}, northing {numbers.number(at.y)} (metres): check its coordinates "
        "and the area."
    )


# --- what a feature's geometry is ---


def _areas(shape: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The polygons of a geometry, those of a collection as one; None where there is none."""
    if shape is None:
        return None
    if shape.get("type") in _AREAS:
        return shape
    parts = shape.get("geometries")
    if shape.get("type") != "GeometryCollection" or not isinstance(parts, (list, tuple)):
        return None
    coordinates: list[Any] = []
    for part in parts:
        if not isinstance(part, Mapping) or part.get("type") not in _AREAS:
            continue
        own = part.get("coordinates")
        if not isinstance(own, (list, tuple)):
            return None
        coordinates += [own] if part["type"] == "Polygon" else list(own)
    return {"type": "MultiPolygon", "coordinates": coordinates} if coordinates else None


def _tell_of_others(shaped: Sequence[tuple[Row, Mapping[str, Any] | None]], faults: Faults) -> None:
    others = [row for row, shape in shaped if shape is None]
    if not others or len(others) == len(shaped):
        return
    kinds = Counter(
        "without a shape" if row.shape is None else str(row.shape.get("type"))[:20]
        for row in others
    )
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    faults.notes.append(
        f"Features that are no polygons, passed over: {len(others)} ({told}), the first "
        f"{others[0].at.lower()}."
    )


# --- coordinates ---


def _settled(
    said: int | None, polygons: Sequence[tuple[Row, Mapping[str, Any]]], faults: Faults
) -> tuple[int, list[tuple[Row, Mapping[str, Any]]]]:
    """What the coordinates are, by their size rather than by what the file says, and the polygons
    with longitudes beyond the date line brought back.
    """
    places = [place for _, shape in polygons if (place := _first_place(shape))]
    in_degrees = [abs(x) <= 180 and abs(y) <= 90 for x, y in places]
    on_grid = [
        0 <= x <= 700_000 and 0 <= y <= 1_300_000 and max(x, y) >= _LEAST_GRID for x, y in places
    ]
    around = [abs(abs(x) - 360) <= 12 and abs(y) <= 90 for x, y in places]
    if any(around) and all(a or b for a, b in zip(around, in_degrees, strict=True)):
        faults.notes.append(
            "Longitudes were 360 degrees off, as of shapes drawn on a map that was turned round: "
            "they were taken back."
        )
        return 4326, [
            (row, {**shape, "coordinates": _shifted(shape.get("coordinates"), _DEPTH)})
            for row, shape in polygons
        ]
    if said == 27700 and places and all(in_degrees):
        faults.notes.append(
            "The file says that its coordinates are on the British National Grid, but they are "
            "degrees, and were taken so."
        )
        return 4326, list(polygons)
    if said != 27700 and places and all(on_grid):
        why = "though the file says degrees" if said == 4326 else "they are too large for degrees"
        faults.notes.append(
            f"The coordinates were taken as British National Grid (EPSG:27700): {why}."
        )
        return 27700, list(polygons)
    return said or 4326, list(polygons)


def _first_place(geometry: Mapping[str, Any]) -> tuple[float, float] | None:
    place = geometry.get("coordinates")
    for _ in range(_DEPTH):
        if not isinstance(place, (list, tuple)) or not place:
            return None
        if isinstance(place[0], (int, float)):
            break
        place = place[0]
    if (
        isinstance(place, (list, tuple))
        and len(place) >= 2
        and all(isinstance(value, (int, float)) for value in place[:2])
    ):
        return place[0], place[1]
    return None


def _shifted(places: Any, depth: int) -> Any:
    if not isinstance(places, (list, tuple)) or not places or depth == 0:
        return places
    first = places[0]
    if isinstance(first, (int, float)) and not isinstance(first, bool):
        return [first - 360 if first > 180 else first + 360 if first < -180 else first, *places[1:]]
    return [_shifted(place, depth - 1) for place in places]
