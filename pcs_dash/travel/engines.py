"""Minutes by a routing program that the user has installed beside the app: Valhalla or r5.

Neither is a part of the app, and nothing is downloaded here. Valhalla (the package pyvalhalla, with
its program valhalla_build_tiles) walks, cycles and drives; r5 (the package r5py, Java, and the file
r5-all.jar that r5py keeps) goes by public transport too, where timetables (GTFS) are given.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from pcs_dash.hubs.hub_shapes import grid_to_lonlat
from pcs_dash.tables.errors import UserError
from pcs_dash.travel.minutes import MODELLED_MODES, factors
from pcs_dash.travel.network import (
    LONGEST_MINUTES,
    SNAP_LIMIT_M,
    Built,
    check_place,
    network_of,
    pairs_of,
    snap,
)
from pcs_dash.travel.roads import Roads

# Our mode -> theirs.
VALHALLA = {"walk": "pedestrian", "cycle": "bicycle", "drive": "auto"}
R5 = {"walk": "WALK", "cycle": "BICYCLE", "drive": "CAR", "transit": "TRANSIT"}
# Ways asked for in one go, and how far apart their ends may be (m).
_AT_ONCE, _FURTHEST_M = 10_000, 400_000.0
# No faster in a straight line, km/h: what lies beyond two hours of it is not asked for.
_FASTEST_KMH = {"walk": 10.0, "cycle": 30.0, "drive": 120.0}
# A routing program sets up the roads of a county in minutes.
_SECONDS = 3 * 3600
Told = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What a program is to do: the extract, timetables and when people set out (r5 alone)."""

    osm: Path
    gtfs: tuple[Path, ...] = ()
    departure: datetime | None = None
    window: timedelta = timedelta(hours=2)


def computed(
    engine: str, asked: Asked, roads: Roads, origins: pd.DataFrame, practices: pd.DataFrame,
    told: Told = lambda _: None,
) -> Built:  # fmt: skip
    """Minutes of every mode the program has, from each origin (index LSOA code) to each practice
    (both with easting and northing), as `network.build` gives them: places more than
    `SNAP_LIMIT_M` from the `roads` of the extract, and ways of over two hours, have none.

    UserError where it is not installed, fails, finds no way, or the extract is of another place.
    """
    check_place(roads, practices)
    name, run = _RUNS[engine]
    package = _installed(engine, name)
    network = network_of(roads)
    near = [table[snap(network, "walk", table).place >= 0] for table in (origins, practices)]
    notes = [
        f"{len(table) - len(kept):,} of {len(table):,} {what} lie more than {SNAP_LIMIT_M:,.0f} m "
        "from the network and have no minutes."
        for table, kept, what in zip(
            (origins, practices), near, ("small areas", "practices"), strict=True
        )
    ]
    parts = [
        pairs_of(wide.where(wide <= LONGEST_MINUTES), mode)
        for mode, wide in run(package, asked, near[0], near[1], told)
    ]
    version = getattr(package, "__version__", "")
    return Built.of(parts, " ".join(filter(None, (engine, version, asked.osm.name))), notes)


def _installed(engine: str, package: str) -> Any:
    """The program's package. UserError where it is not there, or can't start."""
    try:
        return importlib.import_module(package)
    except ImportError as fault:
        raise UserError(
            f"{engine} is not installed beside the app (pip install "
            f"{'pyvalhalla' if engine == 'valhalla' else engine}), or not for this Python."
        ) from fault
    except Exception as fault:
        # r5py looks for Java and its jar when it is imported.
        raise UserError(
            f"{engine} can't start: {fault}. docs/travel.md says what it needs."
        ) from fault


def _degrees(places: pd.DataFrame) -> np.ndarray:
    return grid_to_lonlat(places[["easting", "northing"]].to_numpy(float))


# --- Valhalla ---


def _valhalla(
    package: Any, asked: Asked, origins: pd.DataFrame, practices: pd.DataFrame, told: Told
) -> list[tuple[str, pd.DataFrame]]:
    with tempfile.TemporaryDirectory(prefix="pcs_dash_") as folder:
        tiles = Path(folder) / "tiles"
        tiles.mkdir()
        config = package.get_config(tile_extract="", tile_dir=str(tiles), verbose=False)
        for costing in VALHALLA.values():
            config["service_limits"][costing] |= {
                "max_matrix_location_pairs": _AT_ONCE, "max_matrix_distance": _FURTHEST_M,
            }  # fmt: skip
        path = Path(folder) / "valhalla.json"
        path.write_text(json.dumps(config), "utf-8")
        told("valhalla sets up its roads")
        _run_valhalla(["valhalla_build_tiles", "-c", str(path), str(asked.osm)])
        actor = package.Actor(str(path))
        found = []
        for mode in MODELLED_MODES:
            told(f"valhalla, {mode}")
            found.append((mode, _valhalla_matrix(actor, mode, origins, practices)))
        return found


def _run_valhalla(command: Sequence[str]) -> None:
    path = os.environ.get("PATH", "")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "valhalla", *command],
            capture_output=True, text=True, timeout=_SECONDS, check=False,
            # Its programs stand beside this Python, whether or not that is the shell's.
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{path}"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as fault:
        raise UserError("valhalla did not set up its roads in three hours.") from fault
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise UserError(
            f"valhalla could not set up its roads ({said}). Versions before 3.5 bring no program "
            "for it: install a newer one."
        )


def _valhalla_matrix(
    actor: Any, mode: str, origins: pd.DataFrame, practices: pd.DataFrame
) -> pd.DataFrame:
    """Minutes on foot and by bicycle at the speeds that the app takes, by car at Valhalla's."""
    asked: dict[str, Any] = {"costing": VALHALLA[mode]}
    speed = {"walk": "walking_speed", "cycle": "cycling_speed"}.get(mode)
    if speed:
        asked["costing_options"] = {VALHALLA[mode]: {speed: factors()[f"{mode}_speed"].central}}
    reach = _FASTEST_KMH[mode] * 1000 * LONGEST_MINUTES / 60
    wide = pd.DataFrame(np.nan, origins.index, practices.index)
    for starts, goals in _near_each_other(origins, practices, reach):
        try:
            answer = actor.matrix(
                asked | {"sources": _as_places(starts), "targets": _as_places(goals)}
            )
        except RuntimeError as fault:
            raise UserError(f"valhalla found no ways, {mode}: {fault}.") from fault
        wide.loc[starts.index, goals.index] = [
            [np.nan if pair["time"] is None else pair["time"] / 60 for pair in row]
            for row in answer["sources_to_targets"]
        ]
    return wide


def _as_places(table: pd.DataFrame) -> list[dict[str, float]]:
    return [{"lon": lon, "lat": lat} for lon, lat in _degrees(table).tolist()]


def _near_each_other(
    origins: pd.DataFrame, practices: pd.DataFrame, reach: float
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Origins by squares of 10 km, at most so many pairs at once, and the practices that one of
    them may reach: what lies further off in a straight line (m) need not be asked.
    """
    squares = [origins["easting"] // 10_000, origins["northing"] // 10_000]
    places = practices[["easting", "northing"]].to_numpy(float)
    for _, own in origins.groupby(squares):
        far, _ = cKDTree(own[["easting", "northing"]]).query(places)
        goals = practices[far <= reach]
        step = max(1, _AT_ONCE // max(len(goals), 1))
        for at in range(0, len(own) if len(goals) else 0, step):
            yield own.iloc[at : at + step], goals


# --- r5 ---


def _r5(
    package: Any, asked: Asked, origins: pd.DataFrame, practices: pd.DataFrame, told: Told
) -> list[tuple[str, pd.DataFrame]]:
    if asked.departure is None and asked.gtfs:
        raise UserError("Public transport needs --departure, such as 2026-11-24T09:00.")
    told("r5 sets up its roads and timetables")
    network = _tried(package.TransportNetwork, str(asked.osm), [str(path) for path in asked.gtfs])
    starts, goals = (
        gpd.GeoDataFrame(
            {"id": places.index.astype("str")},
            geometry=gpd.points_from_xy(*_degrees(places).T),
            crs=4326,
        )
        for places in (origins, practices)
    )
    found = []
    for mode, theirs in R5.items():
        if mode == "transit" and not asked.gtfs:
            continue
        told(f"r5, {mode}")
        table = _tried(
            package.TravelTimeMatrix, network, origins=starts, destinations=goals,
            transport_modes=[theirs],
            departure=asked.departure or datetime(2026, 1, 6, 9), snap_to_network=True,
            departure_time_window=asked.window, max_time=timedelta(minutes=LONGEST_MINUTES),
            speed_walking=factors()["walk_speed"].central,
            speed_cycling=factors()["cycle_speed"].central,
        )  # fmt: skip
        wide = pd.DataFrame(table).pivot_table("travel_time", "from_id", "to_id")
        found.append((mode, wide.reindex(index=origins.index, columns=practices.index)))
    return found


def _tried(call: Callable[..., Any], *given: Any, **asked: Any) -> Any:
    """What r5py makes of it; its faults, and those of the Java behind it, as UserError."""
    try:
        return call(*given, **asked)
    except Exception as fault:
        raise UserError(
            f"r5py failed ({type(fault).__name__}: {str(fault)[:300]}). Nothing was stored; "
            "docs/travel.md says what it needs."
        ) from fault


_RUNS = {"valhalla": ("valhalla", _valhalla), "r5py": ("r5py", _r5)}
