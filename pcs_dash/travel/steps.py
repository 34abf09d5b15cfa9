"""Smooth steps of minutes around a practice (isochrones), from the minutes of small areas.

At the middle of each small area the figure is that of the table, at the practice's door it is 0.
In between: the straight line at the table's median pace, and what the way takes more or less than
that, linear from middle to middle (beyond the outermost: as at the nearest). So modelled minutes
give circles, which is what they are, and measured ones bend round rivers as their table does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from contourpy import FillType, contour_generator
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.spatial import QhullError

from pcs_dash.travel.roads import Floats

STEP = 5
LIMITS = (5, 10, 15, 20, 25, 30)
# Cells of the grid that lines are drawn through: at most so many a side, none below so many metres.
_CELLS, _FINEST_M = 220, 50.0
_NONE = 1e-6  # minutes that make no difference


def steps_around(
    minutes: pd.Series, lsoas: gpd.GeoDataFrame, points: pd.DataFrame, site: Sequence[float],
    limits: Sequence[int] = LIMITS,
) -> gpd.GeoDataFrame:  # fmt: skip
    """The land within so many minutes of `site` (easting, northing), each step without those before
    it: columns above and within (minutes), geometry (EPSG:27700); steps that hold no land are left
    out.

    `minutes` by small area; `lsoas` their polygons; `points` their middles (easting, northing).
    Land of small areas without minutes is left bare.
    """
    table = points.join(minutes.rename("minutes"), how="inner").dropna()
    shapes = lsoas.geometry.reindex(table.index)
    table = table[shapes.notna()]
    found = []
    if len(table):
        at = np.array(site, dtype=float)
        values = _Between(table, at)
        east, north = _grid(table, shapes, at, max(limits))
        wide, high = np.meshgrid(east, north)
        times = values(np.column_stack([wide.ravel(), high.ravel()])).reshape(wide.shape)
        land = _land(shapes, east, north)
        lows = (0, *limits[:-1])
        for low, limit in zip(lows, limits, strict=True):
            ring = shapely.union_all(list(_rings(east, north, times, low, limit)))
            part = _areas(shapely.intersection(ring, land))
            if not part.is_empty:
                found.append((low, limit, part))
    return gpd.GeoDataFrame(
        found, columns=["above", "within", "geometry"], geometry="geometry", crs=27700
    )


class _Between:
    """Minutes at places (easting, northing; shape (n, 2)) between the middles of small areas."""

    def __init__(self, table: pd.DataFrame, site: Floats) -> None:
        self.site = site
        places = table[["easting", "northing"]].to_numpy(float)
        far = np.hypot(*(places - site).T)
        known = far > 0
        pace = table["minutes"].to_numpy(float)[known] / far[known]
        self.pace = float(np.median(pace)) if len(pace) else 0.0
        rest = table["minutes"].to_numpy(float) - self.pace * far
        self.straight = bool(len(rest) and np.abs(rest).max() < _NONE)
        places, rest = np.vstack([site, places]), np.concatenate([[0.0], rest])
        self.nearest = NearestNDInterpolator(places, rest)
        try:
            self.inner = LinearNDInterpolator(places, rest)
        except QhullError:  # fewer than three, or all on one line
            self.inner = self.nearest

    def __call__(self, places: Floats) -> Floats:
        way = self.pace * np.hypot(*(places - self.site).T)
        if self.straight:
            return way
        rest = self.inner(places)
        beyond = np.isnan(rest)
        rest[beyond] = self.nearest(places[beyond])
        return np.maximum(way + rest, 0.0)


def _grid(
    table: pd.DataFrame, shapes: gpd.GeoSeries, site: Floats, most: float
) -> tuple[Floats, Floats]:
    """Eastings and northings of a grid that holds every small area that may be within reach."""
    near = shapes[table.index[table["minutes"] <= 1.5 * most]]
    corners = near.bounds.to_numpy()
    low = np.vstack([corners[:, :2], site - _FINEST_M]).min(axis=0)
    high = np.vstack([corners[:, 2:], site + _FINEST_M]).max(axis=0)
    cell = max(_FINEST_M, float((high - low).max()) / _CELLS)
    return (
        np.arange(low[0] - cell, high[0] + 2 * cell, cell),
        np.arange(low[1] - cell, high[1] + 2 * cell, cell),
    )


def _rings(
    east: Floats, north: Floats, times: Floats, low: float, high: float
) -> Iterator[shapely.Geometry]:
    """Polygons between two lines of equal minutes."""
    drawn = contour_generator(east, north, times, fill_type=FillType.OuterOffset)
    # The lower line counts to the step before, but 0 is where the way begins.
    for points, offsets in zip(*drawn.filled(low if low else -1.0, high), strict=True):
        outer, *holes = (points[start:end] for start, end in pairwise(offsets))
        yield shapely.make_valid(shapely.Polygon(outer, holes))


def _land(shapes: gpd.GeoSeries, east: Floats, north: Floats) -> shapely.Geometry:
    """The small areas that the grid touches, as one."""
    own = shapes.to_numpy()
    box = shapely.box(east[0], north[0], east[-1], north[-1])
    return shapely.union_all(own[shapely.intersects(own, box)])


def _areas(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """Its polygons alone: what only touches is no land."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == 3])
