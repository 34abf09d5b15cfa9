"""Geometry in, geometry out: coordinates into the National Grid, and coverages dissolved.

Nothing here reads or writes a file.
"""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from pcs_dash.tables.errors import UserError

BRITISH_NATIONAL_GRID = "EPSG:27700"
HELMERT_GRID = (
    "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy "
    "+towgs84=446.448,-125.157,542.06,0.15,0.247,0.842,-20.489"
)


@cache
def _to_grid() -> Transformer:
    return Transformer.from_crs(4326, BRITISH_NATIONAL_GRID, always_xy=True)


def lonlat_to_grid(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitude and latitude, shape (n, 2), to EPSG:27700 metres by PROJ's own transformation.

    Within about 2 m of the true position; the same for shapes and practices, which is what
    counts. (Boundaries are prepared by `ostn15_grid`.)
    """
    return np.column_stack(_to_grid().transform(degrees[:, 0], degrees[:, 1]))


def helmert_grid(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitude and latitude, shape (n, 2), to EPSG:27700 metres, rounded to 1 mm, by the seven
    parameters of EPSG:1314: within about 3 m anywhere in Great Britain, and the same on every
    machine, which `lonlat_to_grid` is not.
    """
    pipeline = Transformer.from_crs("+proj=longlat +datum=WGS84", HELMERT_GRID, always_xy=True)
    return np.round(np.column_stack(pipeline.transform(degrees[:, 0], degrees[:, 1])), 3)


def ostn15_grid(
    longitudes: NDArray[np.float64], latitudes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """WGS 84 degrees to National Grid metres, shape (n, 2), by OSTN15, rounded to 1 mm.

    OSTN15 is Ordnance Survey's definitive transformation. Its grid is compiled into convertbng,
    so the result depends on that package's version alone; PROJ would quietly take a Helmert
    transformation (about 2 m off in Essex) on a machine without the grid file.
    Raises UserError if convertbng is missing or a point lies outside Great Britain.
    """
    try:
        from convertbng.cutil import convert_bng
    except ImportError as error:
        raise UserError(
            "The package convertbng is not installed: pip install -r requirements-dev.txt"
        ) from error
    grid = np.column_stack(convert_bng(longitudes, latitudes))
    outside = np.isnan(grid).any(axis=1)
    if outside.any():
        first = int(outside.argmax())
        raise UserError(
            f"{outside.sum()} points lie outside the National Grid, the first at longitude "
            f"{longitudes[first]}, latitude {latitudes[first]}: check that the source is in degrees"
            " with longitude first."
        )
    # The same digits whichever C library computed the sines.
    return np.round(grid, 3)


def to_grid(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """Geometries in degrees (longitude, latitude) to the National Grid, vertex by vertex.

    No vertex is added or removed, so neighbours that shared a vertex still share it. Rings
    start and turn in shapely's normal form, so equal shapes are equal bytes.
    """
    projected = shapely.transform(
        geometry.to_numpy(), lambda lonlat: ostn15_grid(lonlat[:, 0], lonlat[:, 1])
    )
    return gpd.GeoSeries(
        shapely.normalize(projected), index=geometry.index, crs=BRITISH_NATIONAL_GRID
    )


def dissolve(geometry: gpd.GeoSeries, groups: pd.Series) -> gpd.GeoSeries:
    """One outline a group: the edges shared inside a group are removed, all others kept.

    `geometry` must be a valid coverage (no gaps cut by rounding, no overlaps): then the union
    needs no arithmetic, and outlines of neighbouring groups meet in the very same vertices.
    Returns a series indexed by the sorted group names. Raises ValueError for an invalid coverage
    or a missing group name.
    """
    if groups.isna().any():
        raise ValueError(f"no group for {list(groups.index[groups.isna()])}")
    if not shapely.coverage_is_valid(geometry.to_numpy()):
        raise ValueError("the polygons overlap, or neighbours do not share their vertices")
    names = sorted(groups.unique())
    outlines = [
        shapely.normalize(shapely.coverage_union_all(geometry[groups == name].to_numpy()))
        for name in names
    ]
    return gpd.GeoSeries(outlines, index=pd.Index(names, name=groups.name), crs=geometry.crs)
