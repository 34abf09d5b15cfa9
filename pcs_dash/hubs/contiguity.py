"""Which practices are neighbours, and whether a hub hangs together.

Two practices are neighbours where their Voronoi cells (the land nearer to the one than to any other
practice of the area) share an edge inside the area's outline: water and land outside the area don't
join. Practices that share a building share its cell and are neighbours of each other. Where the
outline leaves groups of practices with no land between them (islands, an area in two parts), the
two nearest practices of such groups are linked, so that the whole area always hangs together;
`Neighbours.links` lists these.

Depends on the area alone, not on the plan: compute once an area and keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import cdist

from pcs_dash.tables.errors import UserError

CRS = 27700
# A touch of less than this, in metres, is a corner that rounding has opened, not a border.
_SHORTEST_BORDER = 1.0
# How far cells reach beyond the practices where there is no outline, and the disc, in metres, of a
# practice so far outside the outline that none of it is nearest to the practice.
_MARGIN = 3_000.0
_DISC = 250.0


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The neighbourhood of an area's practices.

    codes: practices with a position, in the order of the table given; cells: their Voronoi cells
    clipped to the outline, on that index, EPSG:27700 (equal for practices that share a building);
    site: number of the building of each practice, shape (n,); pairs: positions in `codes` of
    neighbouring practices, shape (m, 2), first < second, sorted; links: code pairs that are
    neighbours only because nothing else joins their parts of the area.
    """

    codes: pd.Index
    cells: gpd.GeoSeries
    site: NDArray[np.intp]
    pairs: NDArray[np.intp]
    links: tuple[tuple[str, str], ...]


def neighbours(practices: pd.DataFrame, outline: shapely.Geometry | None = None) -> Neighbours:
    """Neighbours of the practices of an area whose outline (EPSG:27700) is given.

    Needs the columns easting and northing (m) and the practice codes as a unique index. Practices
    without a position are left out. Without an outline the cells reach 3 km around the practices.
    """
    if not practices.index.is_unique:
        raise UserError("A practice code is there twice: neighbours need one row a practice.")
    position = practices[["easting", "northing"]].to_numpy(dtype=float)
    placed = np.isfinite(position).all(axis=1)
    codes, position = practices.index[placed], position[placed]
    if not len(codes):
        empty = gpd.GeoSeries([], index=codes, crs=CRS)
        return Neighbours(codes, empty, np.empty(0, int), np.empty((0, 2), int), ())
    sites, site = np.unique(position, axis=0, return_inverse=True)
    site = site.reshape(-1)
    if outline is None:
        outline = shapely.buffer(shapely.convex_hull(shapely.multipoints(sites)), _MARGIN)
    whole = _voronoi(sites, outline)
    borders = _site_borders(whole, outline)
    links = _missing_links(sites, borders)
    pairs = _practice_pairs(site, np.concatenate([borders, links]))
    # A site is called after the first practice on it.
    names = [str(codes[place]) for place in np.unique(site, return_index=True)[1]]
    return Neighbours(
        codes=codes,
        cells=gpd.GeoSeries(_clipped(whole, sites, outline)[site], index=codes, crs=CRS),
        site=site,
        pairs=pairs,
        links=tuple((names[first], names[second]) for first, second in links),
    )


def pieces(neighbourhood: Neighbours, group: NDArray[np.intp], groups: int) -> NDArray[np.intp]:
    """Connected pieces of each group, shape (groups,); 0 for a group without practices.

    `group` holds, for each practice of `neighbourhood.codes`, its group 0 .. groups - 1, or -1.
    """
    first, second = neighbourhood.pairs.T
    inside = (group[first] == group[second]) & (group[first] >= 0)
    _, label = _components(len(group), neighbourhood.pairs[inside])
    # Every piece lies in one group, so counting one member of each piece counts the pieces.
    _, member = np.unique(label, return_index=True)
    held = group[member]
    return np.bincount(held[held >= 0], minlength=groups)


def _voronoi(sites: NDArray[np.float64], outline: shapely.Geometry) -> NDArray[np.object_]:
    """Unclipped cells in the order of the sites, reaching well beyond the outline."""
    left, bottom, right, top = shapely.bounds(shapely.union(outline, shapely.multipoints(sites)))
    margin = max(right - left, top - bottom, _MARGIN)
    frame = shapely.box(left - margin, bottom - margin, right + margin, top + margin)
    if len(sites) == 1:
        return np.array([frame], dtype=object)
    cells = shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=frame, ordered=True)
    return shapely.get_parts(cells)


def _site_borders(cells: NDArray[np.object_], outline: shapely.Geometry) -> NDArray[np.intp]:
    """Pairs of sites whose cells share an edge inside the outline (rook contiguity), shape (m, 2).

    The same as libpysal's contiguity of the cells where the outline cuts nothing, which a test
    holds it to; libpysal takes seconds to import, far more than this takes to run.
    """
    touching = np.sort(shapely.STRtree(cells).query(cells, predicate="intersects").T, axis=1)
    touching = np.unique(touching[touching[:, 0] < touching[:, 1]], axis=0).reshape(-1, 2)
    shapely.prepare(outline)
    edge = shapely.intersection(cells[touching[:, 0]], cells[touching[:, 1]])
    inside = shapely.length(shapely.intersection(edge, outline)) >= _SHORTEST_BORDER
    return touching[inside].astype(np.intp)


def _missing_links(sites: NDArray[np.float64], borders: NDArray[np.intp]) -> NDArray[np.intp]:
    """The fewest, shortest site pairs that join up what the borders leave apart, shape (k, 2)."""
    count, label = _components(len(sites), borders)
    if count == 1:
        return np.empty((0, 2), dtype=np.intp)
    apart = np.full((count, count), np.inf)
    closest: dict[tuple[int, int], tuple[int, int]] = {}
    for one, other in combinations(range(count), 2):
        here, there = np.flatnonzero(label == one), np.flatnonzero(label == other)
        distance = cdist(sites[here], sites[there])
        row, column = np.unravel_index(distance.argmin(), distance.shape)
        apart[one, other] = distance[row, column]
        closest[one, other] = int(here[row]), int(there[column])
    tree = minimum_spanning_tree(np.where(np.isinf(apart), 0, apart)).tocoo()
    chosen = [
        sorted(closest[min(i, j), max(i, j)]) for i, j in zip(tree.row, tree.col, strict=True)
    ]
    return np.array(sorted(chosen), dtype=np.intp)


def _practice_pairs(site: NDArray[np.intp], site_pairs: NDArray[np.intp]) -> NDArray[np.intp]:
    """Practices of neighbouring sites, and of one site, as pairs of positions."""
    same = np.column_stack([np.unique(site)] * 2)
    members = pd.DataFrame({"site": site, "practice": np.arange(len(site))})
    table = (
        pd.DataFrame(np.concatenate([site_pairs, same]), columns=["first", "second"])
        .merge(members, left_on="first", right_on="site")
        .merge(members, left_on="second", right_on="site", suffixes=("_first", "_second"))
    )
    pairs = np.sort(table[["practice_first", "practice_second"]].to_numpy(), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    return pairs.reshape(-1, 2).astype(np.intp)


def _clipped(
    cells: NDArray[np.object_], sites: NDArray[np.float64], outline: shapely.Geometry
) -> NDArray[np.object_]:
    clipped = shapely.intersection(cells, outline)
    nothing = shapely.area(clipped) == 0
    clipped[nothing] = shapely.buffer(shapely.points(sites[nothing]), _DISC)
    return clipped


def _components(count: int, pairs: NDArray[np.intp]) -> tuple[int, NDArray[np.intp]]:
    joined = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    number, label = connected_components(joined, directed=False)
    return int(number), label
