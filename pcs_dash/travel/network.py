"""Minutes over a network of roads: a graph a mode, shortest ways from the fewer side.

Places are brought to the nearest place of the network of their mode, and the straight line there
is walked. What lies further off than `SNAP_LIMIT_M` is left without minutes and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
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


def snap(network: Network, mode: str, points: pd.DataFrame) -> tuple[Places, Floats]:
    """The nearest place of the mode's main network, and the minutes walked there, of each point
    (easting, northing); -1 and missing beyond `SNAP_LIMIT_M`.
    """
    graph = network.graphs[mode]
    _, part = connected_components(graph, directed=True, connection="weak")
    usable = np.flatnonzero(part == np.bincount(part).argmax()) if graph.nnz else np.array([], int)
    place, off = np.full(len(points), -1), np.full(len(points), np.nan)
    if len(usable):
        far, near = cKDTree(network.points[usable]).query(points[["easting", "northing"]])
        good = far <= SNAP_LIMIT_M
        place[good] = usable[near[good]]
        off[good] = far[good] / 1000 / factors()["walk_speed"].central * 60
    return place, off


def minutes_between(
    network: Network, mode: str, origins: pd.DataFrame, practices: pd.DataFrame
) -> pd.DataFrame:
    """Minutes from each origin (rows) to each practice (columns), both with easting and northing;
    missing where no way of up to two hours is known.
    """
    graph = network.graphs[mode]
    (start, off), (goal, on) = snap(network, mode, origins), snap(network, mode, practices)
    back = len(practices) <= len(origins)
    sources, others = (goal, start) if back else (start, goal)
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
    times = (times.T if back else times) + off[:, None] + on
    times[~(times <= LONGEST_MINUTES)] = np.nan
    return pd.DataFrame(times, origins.index, practices.index)


def build(
    roads: Roads,
    origins: pd.DataFrame,
    practices: pd.DataFrame,
    source: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Built:
    """Minutes of all modes over a network. `origins` (index LSOA code) and `practices` (index
    practice_code) have easting and northing.

    UserError where fewer than half of the practices lie near the network: another place's extract.
    """
    check_place(roads, practices)
    network = network_of(roads)
    parts, notes = [], []
    for mode in MODELLED_MODES:
        progress(f"shortest ways {MODES[mode]}")
        lost = [
            f"{int((snap(network, mode, table)[0] < 0).sum()):,} of {len(table):,} {what}"
            for table, what in ((origins, "small areas"), (practices, "practices"))
        ]
        notes.append(
            f"{MODES[mode].capitalize()}: {' and '.join(lost)} lie more than "
            f"{SNAP_LIMIT_M:,.0f} m from the network and have no minutes."
        )
        wide = minutes_between(network, mode, origins, practices)
        parts.append(pairs_of(wide, mode))
    return Built.of(parts, source, notes)


def check_place(roads: Roads, practices: pd.DataFrame) -> None:
    """UserError for an extract of another place, in which less than half of the practices lie."""
    west, east = roads.lon.min(), roads.lon.max()
    south, north = roads.lat.min(), roads.lat.max()
    inside = practices["longitude"].between(west, east) & practices["latitude"].between(
        south, north
    )
    if inside.sum() * 2 < len(practices):
        raise UserError(
            f"The extract covers {south:.2f} to {north:.2f} degrees north and {west:.2f} to "
            f"{east:.2f} degrees east, where {int(inside.sum())} of {len(practices)} practices "
            "lie. Take the extract of their county or region."
        )
