"""Minutes over a network of roads: a graph a mode, shortest ways from the fewer side.

A place is brought to the nearest road of its mode on its own land, the part of a small area that it
lies in, and the straight line there is walked: so it is not taken across the water that parts small
areas. Where its land has no road it is brought to the nearest beyond; where the roads of its land
lead nowhere else, or none is near, it has no minutes. Both are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from pcs_dash.tables.constants import MODES
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.geometry import lonlat_to_grid
from pcs_dash.travel.minutes import MODELLED_MODES, factors
from pcs_dash.travel.roads import Floats, Roads

Places = NDArray[np.intp]
SNAP_LIMIT_M = 1_000.0
# A practice stands by a road. So near it may lie beyond the practice's land, as boundaries follow
# roads and are drawn coarsely; and no further off where that land has none.
AT_THE_DOOR_M, PRACTICE_LIMIT_M = 100.0, 250.0
# No way longer than this is looked for.
LONGEST_MINUTES = 120.0
# On a long road without junctions a place is kept at least so often, to be brought to.
_KEEP_EVERY_M = 150.0
_SOURCES_AT_ONCE = 16
_LEAST_MINUTES = 1e-6  # an edge of nothing would be no edge


@dataclass(frozen=True, eq=False)
class Network:
    """`points`: places (m, EPSG:27700); `graphs`: minutes from place to place, by mode."""

    points: Floats
    graphs: dict[str, csr_matrix]


@dataclass(frozen=True, eq=False)
class Built:
    """Minutes as a table (origin, destination, mode, minutes, source), and what to say of it."""

    table: pd.DataFrame
    notes: tuple[str, ...]

    @staticmethod
    def of(parts: Sequence[pd.DataFrame], source: str, notes: Sequence[str]) -> Built:
        """From `pairs_of` each mode. UserError where no way was found."""
        table = pd.concat(parts, ignore_index=True).assign(source=source)
        if table.empty:
            raise UserError("No practice can be reached from any small area over this network.")
        names = ["origin", "destination", "mode", "source"]
        table = table.astype(dict.fromkeys(names, "category"))
        return Built(table[["origin", "destination", "mode", "minutes", "source"]], tuple(notes))


def pairs_of(wide: pd.DataFrame, mode: str) -> pd.DataFrame:
    """Minutes (small areas by practices) as a row a pair, those without a way left out."""
    pairs = wide.round(2).rename_axis("origin").reset_index()
    pairs = pairs.melt("origin", var_name="destination", value_name="minutes")
    return pairs.dropna().assign(mode=mode)


def network_of(roads: Roads) -> Network:
    """The graphs of all modes. Between junctions and ends only a place every 150 m is kept."""
    grid = lonlat_to_grid(np.column_stack([roads.lon, roads.lat]))
    step = np.hypot(*np.diff(grid, axis=0).T)
    same = roads.way[1:] == roads.way[:-1]
    along = np.concatenate([[0.0], np.cumsum(np.where(same, step, 0.0))])
    node, place_of, times = np.unique(roads.node, return_inverse=True, return_counts=True)
    kept = times[place_of] > 1
    kept[1:] |= ~same
    kept[:-1] |= ~same
    kept[[0, -1]] = True
    marks = along // _KEEP_EVERY_M
    kept[1:] |= marks[1:] != marks[:-1]
    at = np.flatnonzero(kept)
    begin, end = at[:-1], at[1:]
    one = roads.way[begin] == roads.way[end]
    begin, end = begin[one], end[one]
    length = along[end] - along[begin]
    way = roads.way[begin]
    used, number = np.unique(place_of[at], return_inverse=True)
    new = np.full(len(node), -1)
    new[place_of[at]] = number
    first = np.zeros(len(node), dtype=np.intp)
    first[place_of] = np.arange(len(place_of))
    whole = np.bincount(roads.way[1:][same], step[same], len(roads.ways)).astype(np.float64)
    graphs = {
        mode: _graph(
            (new[place_of[begin]], new[place_of[end]]),
            length,
            [_kmh(roads, mode, whole, against=against)[way] for against in (False, True)],
            len(used),
        )
        for mode in MODELLED_MODES
    }
    return Network(grid[first[used]], graphs)


def _kmh(roads: Roads, mode: str, whole: Floats, *, against: bool) -> Floats:
    """Speed of each way; that of a ferry with a time is its length over its time."""
    speed = np.array([(w.against if against else w.along)[mode] for w in roads.ways])
    minutes = np.array([w.minutes for w in roads.ways])
    timed = (minutes > 0) & (speed > 0)
    speed[timed] = whole[timed] / 1000 / (minutes[timed] / 60)
    return speed


def _graph(
    ends: tuple[Places, Places], length: Floats, speeds: Sequence[Floats], size: int
) -> csr_matrix:
    """Minutes of the edges that may be used, the quickest of parallel ones."""
    rows, columns, minutes = [], [], []
    for (a, b), speed in zip((ends, ends[::-1]), speeds, strict=True):
        open_ = (speed > 0) & (a != b)
        rows.append(a[open_])
        columns.append(b[open_])
        minutes.append(np.maximum(length[open_] / 1000 / speed[open_] * 60, _LEAST_MINUTES))
    row, column, time = map(np.concatenate, (rows, columns, minutes))
    order = np.lexsort((time, column, row))
    row, column, time = row[order], column[order], time[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    return csr_matrix((time[first], (row[first], column[first])), shape=(size, size))


@dataclass(frozen=True, eq=False)
class Snapped:
    """Where places join the network of a mode: `place` (-1: nowhere) and the minutes walked there
    (`off`); which were brought `beyond` their own land, and which have no minutes as its roads lead
    nowhere else (`cut_off`).
    """

    place: Places
    off: Floats
    beyond: NDArray[np.bool_]
    cut_off: NDArray[np.bool_]


def snap(
    network: Network, mode: str, points: pd.DataFrame, land: gpd.GeoSeries | None = None, *,
    door: float = 0.0, limit: float = SNAP_LIMIT_M,
) -> Snapped:  # fmt: skip
    """The place of the mode's main network that each point (easting, northing) joins.

    The nearest within `SNAP_LIMIT_M` on its own part of the `land` (polygons of small areas; None:
    everywhere), or within `door` m wherever that lies; else the nearest within `limit` m.
    """
    usable, apart = _roads_of(network.graphs[mode])
    roads, lost_roads = network.points[usable], network.points[apart]
    at = points[["easting", "northing"]].to_numpy(float)
    far, near = np.full(len(at), np.inf), np.zeros(len(at), dtype=np.intp)
    if len(usable):
        far, near = cKDTree(roads).query(at)
    on_own, cut_off = np.full(len(at), land is None), np.zeros(len(at), dtype=bool)
    for point, own in _own_land(at, land) if land is not None and len(usable) else ():
        if far[point] <= door or shapely.contains_xy(own, *roads[near[point]]):
            on_own[point] = True
            continue
        inside = _on(own, roads)
        away = np.hypot(*(roads[inside] - at[point]).T)
        cut_off[point] = not len(inside) and len(_on(own, lost_roads)) > 0
        if len(inside) and away.min() <= SNAP_LIMIT_M:
            far[point], near[point], on_own[point] = away.min(), inside[away.argmin()], True
    joined = (far <= np.where(on_own, SNAP_LIMIT_M, limit)) & ~cut_off
    place, off = np.full(len(at), -1), np.full(len(at), np.nan)
    place[joined] = usable[near[joined]]
    off[joined] = far[joined] / 1000 / factors()["walk_speed"].central * 60
    return Snapped(place, off, joined & ~on_own, cut_off)


def _roads_of(graph: csr_matrix) -> tuple[Places, Places]:
    """The places of a mode's main network, and those of roads that do not hang together with it."""
    _, part = connected_components(graph, directed=True, connection="weak")
    size = np.bincount(part)
    main = part == size.argmax()
    return np.flatnonzero(main & (graph.nnz > 0)), np.flatnonzero(~main & (size[part] > 1))


def _own_land(at: Floats, land: gpd.GeoSeries) -> Iterator[tuple[int, shapely.Polygon]]:
    """Each point that lies in a polygon, by its number, and that polygon."""
    parts = shapely.get_parts(land.dropna().to_numpy())
    point, own = shapely.STRtree(parts).query(shapely.points(at), predicate="within")
    yield from zip(point.tolist(), parts[own], strict=True)


def _on(own: shapely.Polygon, places: Floats) -> Places:
    """The numbers of the places that lie in a polygon."""
    west, south, east, north = own.bounds
    x, y = places.T
    near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
    return near[shapely.contains_xy(own, x[near], y[near])]


def joined(
    network: Network, mode: str, origins: pd.DataFrame, practices: pd.DataFrame,
    land: gpd.GeoSeries | None = None,
) -> tuple[Snapped, Snapped]:  # fmt: skip
    """Where small areas and practices join the network; practices by their own limits (above)
    where the `land` is known.
    """
    own = {} if land is None else {"door": AT_THE_DOOR_M, "limit": PRACTICE_LIMIT_M}
    return snap(network, mode, origins, land), snap(network, mode, practices, land, **own)


def minutes_between(
    network: Network, mode: str, origins: pd.DataFrame, practices: pd.DataFrame,
    ends: tuple[Snapped, Snapped] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Minutes from each origin (rows) to each practice (columns), both with easting and northing,
    which join the network at `ends` (None: at the nearest roads); missing where no way of up to
    two hours is known.
    """
    graph = network.graphs[mode]
    start, goal = ends or joined(network, mode, origins, practices)
    back = len(practices) <= len(origins)
    sources, others = (goal.place, start.place) if back else (start.place, goal.place)
    # Backwards from the practices: against one-way roads.
    graph = graph.T.tocsr() if back else graph
    distinct, which = np.unique(sources[sources >= 0], return_inverse=True)
    reached = np.full((len(distinct), int((others >= 0).sum())), np.inf)
    for at in range(0, len(distinct), _SOURCES_AT_ONCE):
        part = distinct[at : at + _SOURCES_AT_ONCE]
        found = dijkstra(graph, indices=part, limit=LONGEST_MINUTES)
        reached[at : at + len(part)] = found[:, others[others >= 0]]
    times = np.full((len(sources), len(others)), np.nan)
    times[np.ix_(sources >= 0, others >= 0)] = reached[which]
    times = (times.T if back else times) + start.off[:, None] + goal.off
    times[~(times <= LONGEST_MINUTES)] = np.nan
    return pd.DataFrame(times, origins.index, practices.index)


def build(
    roads: Roads,
    origins: pd.DataFrame,
    practices: pd.DataFrame,
    source: str,
    progress: Callable[[str], None] = lambda _: None,
    land: gpd.GeoSeries | None = None,
) -> Built:
    """Minutes of all modes over a network. `origins` (index LSOA code) and `practices` (index
    practice_code) have easting and northing; `land`: polygons of the small areas (EPSG:27700).

    UserError where fewer than half of the practices lie near the network: another place's extract.
    """
    check_place(roads, practices)
    network = network_of(roads)
    parts: list[pd.DataFrame] = []
    notes: list[str] = []
    for mode in MODELLED_MODES:
        progress(f"shortest ways {MODES[mode]}")
        ends = joined(network, mode, origins, practices, land)
        notes += _told(mode, *ends)
        wide = minutes_between(network, mode, origins, practices, ends)
        parts.append(pairs_of(wide, mode))
    return Built.of(parts, source, notes)


def _told(mode: str, start: Snapped, goal: Snapped) -> Iterator[str]:
    """What did not join the network, or did so elsewhere than on its own land."""

    def counts(of: Callable[[Snapped], NDArray[np.bool_]]) -> str:
        both = ((start, "small areas"), (goal, "practices"))
        return " and ".join(f"{of(e).sum():,} of {len(e.place):,} {what}" for e, what in both)

    yield (
        f"{MODES[mode].capitalize()}: {counts(lambda e: (e.place < 0) & ~e.cut_off)} lie more than "
        f"{SNAP_LIMIT_M:,.0f} m from the network (practices without a road on their own land: "
        f"{PRACTICE_LIMIT_M:,.0f} m) and have no minutes."
    )
    if any(e.cut_off.any() for e in (start, goal)):
        yield (
            f"{counts(lambda e: e.cut_off)} have no minutes as the roads of their own land lead "
            "nowhere else, such as those of an island."
        )
    if any(e.beyond.any() for e in (start, goal)):
        yield (
            f"{counts(lambda e: e.beyond)} have no road on their own land within "
            f"{SNAP_LIMIT_M:,.0f} m and were brought to the nearest beyond it, over water if there "
            "is any."
        )


def check_place(roads: Roads, practices: pd.DataFrame) -> None:
    """UserError for an extract of another place, in which less than half of the practices lie."""
    west, east = roads.lon.min(), roads.lon.max()
    south, north = roads.lat.min(), roads.lat.max()
    inside = practices["longitude"].between(west, east)
    inside &= practices["latitude"].between(south, north)
    if inside.sum() * 2 < len(practices):
        raise UserError(
            f"The extract covers {south:.2f} to {north:.2f} degrees north and {west:.2f} to "
            f"{east:.2f} degrees east, where {int(inside.sum())} of {len(practices)} practices "
            "lie. Take the extract of their county or region."
        )
