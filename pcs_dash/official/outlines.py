"""Shapes of the areas of England, dissolved from the LSOA boundaries that are loaded; for a map of
England those of geo/ where the loaded ones are of fewer areas.

An area gets an outline only when every one of its LSOAs has a boundary: half an outline would
look like a whole one.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from pcs_dash.tables.areas import plain_name, short_name
from pcs_dash.tables.load import load_england_outlines

# In metres: about a pixel of a map of one ICB, and of a map of England.
ICB_TOLERANCE = 60.0
ENGLAND_TOLERANCE = 600.0
# In square metres: no ICB, sub-ICB location or district encloses less of another.
SMALLEST_HOLE = 4_000_000.0
_KINDS = ("icb", "sub_icb", "district")


def area_outlines(
    lsoas: pd.DataFrame, boundaries: gpd.GeoDataFrame, practices: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Outlines of ICBs, sub-ICB locations and districts, EPSG:27700.

    `lsoas` has lsoa11cd and the areas' codes, `boundaries` code and geometry, `practices` the
    areas' names. One row an area whose LSOAs all have a boundary: kind, code, name, geometry,
    and `coarse`, the same simplified for a map of England (neighbours keep their shared border).
    """
    pieces = _pieces(lsoas, boundaries)
    rows = [
        made
        for kind in _KINDS
        if f"{kind}_code" in pieces.columns and f"{kind}_code" in practices.columns
        for made in _outlines_of(kind, pieces, _names(practices, kind))
    ]
    frame = gpd.GeoDataFrame(
        rows, columns=["kind", "code", "name", "geometry"], geometry="geometry", crs=boundaries.crs
    )
    fine, coarse = [], []
    for _, group in frame.groupby("kind", sort=False):
        fine.append(_simplified(group.geometry, ICB_TOLERANCE))
        coarse.append(_simplified(group.geometry, ENGLAND_TOLERANCE))
    if not fine:
        return frame.assign(coarse=gpd.GeoSeries([], crs=boundaries.crs))
    return frame.assign(geometry=pd.concat(fine), coarse=pd.concat(coarse))


def outlines_for_england(
    loaded: gpd.GeoDataFrame, level: str, names: pd.Series
) -> gpd.GeoDataFrame:
    """Outlines of these areas (`names` by code) for a map of England: the loaded ones, or those of
    geo/, told by name, where they are of more areas. Columns kind, code, name, coarse at least.
    """
    own = loaded[(loaded["kind"] == level) & loaded["code"].isin(names.index)]
    if len(own) == len(names):
        return own
    embedded = load_england_outlines()
    embedded = embedded[embedded["kind"] == level]
    shapes = dict(zip(map(_told_by, embedded["name"]), embedded.geometry, strict=True))
    known = {code: name for code, name in names.items() if _told_by(name) in shapes}
    if len(known) <= len(own):
        return own
    found = gpd.GeoSeries([shapes[_told_by(name)] for name in known.values()], crs=embedded.crs)
    return gpd.GeoDataFrame(
        {"kind": level, "code": list(known), "name": list(known.values()), "coarse": found},
        geometry=found,
    )


def _told_by(name: str) -> str:
    """One ICB is "Hampshire and Isle Of Wight" in one list and "Hampshire and the Isle of Wight" in
    another.
    """
    return plain_name(name).replace(" the ", " ")


def _names(practices: pd.DataFrame, kind: str) -> dict[str, str]:
    code = f"{kind}_code"
    column = kind if kind in practices.columns else code
    return dict(practices.dropna(subset=[code, column]).groupby(code)[column].first())


def _pieces(lsoas: pd.DataFrame, boundaries: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """LSOAs put together where they share ICB, sub-ICB location and district, so that each is
    dissolved once and not once a kind; geometry None where a boundary is missing.
    """
    shapes = lsoas["lsoa11cd"].map(boundaries.set_index("code").geometry)
    codes = [code for kind in _KINDS if (code := f"{kind}_code") in lsoas.columns]
    rows = []
    for keys, own in shapes.groupby([lsoas[code] for code in codes], dropna=False):
        whole = _union(own.to_numpy()) if own.notna().all() else None
        rows.append((*keys, whole))
    return gpd.GeoDataFrame(
        rows, columns=[*codes, "geometry"], geometry="geometry", crs=boundaries.crs
    )


def _outlines_of(
    kind: str, pieces: gpd.GeoDataFrame, names: dict[str, str]
) -> list[tuple[str, str, str, shapely.Geometry]]:
    made = []
    for value, own in pieces.geometry.groupby(pieces[f"{kind}_code"]):
        if value in names and own.notna().all():
            title = short_name(names[str(value)], kind)
            made.append((kind, str(value), title, _without_slivers(_union(own.to_numpy()))))
    return made


def _union(shapes: Any) -> shapely.Geometry:
    # Generalised boundaries don't meet in every point: a metre's grid closes the gaps.
    return shapely.union_all(shapes, grid_size=1.0)


def _without_slivers(shape: shapely.Geometry) -> shapely.Geometry:
    """Without the small holes that generalised boundaries leave between them."""
    parts = []
    for part in shapely.get_parts(shape):
        holes = [ring for ring in part.interiors if shapely.Polygon(ring).area >= SMALLEST_HOLE]
        parts.append(shapely.Polygon(part.exterior, holes))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _simplified(shapes: gpd.GeoSeries, tolerance: float) -> gpd.GeoSeries:
    """Simplified together, so that borders that two areas share stay shared."""
    simple = shapely.coverage_simplify(shapes.to_numpy(), tolerance)
    return gpd.GeoSeries(simple, index=shapes.index, crs=shapes.crs)
