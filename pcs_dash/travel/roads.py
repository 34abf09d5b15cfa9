"""Roads and paths of an OpenStreetMap extract (.osm.pbf): what may be used, how fast, which way.

Rules and speeds by class: `data/road_speeds.csv`; what a road's own tags say goes before. Tunnels
and bridges need no rule, as ways join at shared nodes only; ferries take the time they state.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pcs_dash.measures.sums import Floats
from pcs_dash.tables import load
from pcs_dash.tables.errors import InputFileError

# Several times the extract of a county; what is larger takes too long and too much memory.
LARGEST_MB = 400
MPH = 1.609344
FERRY_KMH = 10.0
_SHUT = ("no", "private")
# Which tags speak for a mode, the most particular first.
_ACCESS = {
    "walk": ("foot", "access"),
    "cycle": ("bicycle", "vehicle", "access"),
    "drive": ("motorcar", "motor_vehicle", "vehicle", "access"),
}
_FORWARD, _BACKWARD = ("yes", "true", "1"), ("-1", "reverse")
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Way:
    """How a way may be used: km/h along its nodes and against them, by mode; 0 where it may not.

    `minutes`: what the whole of it takes, where it says so (ferries).
    """

    along: Mapping[str, float]
    against: Mapping[str, float]
    minutes: float = 0.0


@dataclass(frozen=True, eq=False)
class Roads:
    """Every way one after the other: node, lon and lat of each place on it, `way` its number
    (rising), and what the ways are; `period` of the extract (ISO date, or "").
    """

    node: NDArray[np.int64]
    lon: Floats
    lat: Floats
    way: NDArray[np.int64]
    ways: tuple[Way, ...]
    period: str = ""


@cache
def _speeds() -> Mapping[str, tuple[float, bool, bool]]:
    """km/h by car (0: none), whether on foot, whether by bicycle, by class of road."""
    table = load.load_road_speeds()
    kmh = table["drive_kmh"].where(table["drive_kmh"].notna(), 0.0)
    rows = zip(
        table["road_class"], kmh, table["walk"] == "yes", table["cycle"] == "yes", strict=True
    )
    return {str(name): (float(speed), bool(walk), bool(cycle)) for name, speed, walk, cycle in rows}


def way_of(tags: Tags, walk_kmh: float, cycle_kmh: float) -> Way | None:
    """How a way of these tags may be used; None where it is no road, or nobody may use it."""
    kind = "ferry" if tags.get("route") == "ferry" else tags.get("highway", "")
    if kind not in _speeds() or tags.get("area") == "yes":
        return None
    drive, walk, cycle = _speeds()[kind]
    speed = {
        "walk": walk_kmh if walk else 0.0,
        "cycle": cycle_kmh if cycle else 0.0,
        "drive": min(drive, _posted(tags)) if drive else 0.0,
    }
    usual = {"walk": walk_kmh, "cycle": cycle_kmh, "drive": 0.0}
    if kind == "ferry":
        usual = dict.fromkeys(speed, FERRY_KMH)
        speed = {"walk": FERRY_KMH, "cycle": FERRY_KMH, "drive": 0.0}
    for mode, names in _ACCESS.items():
        said = next((name for name in names if name in tags), None)
        if said is not None and tags[said] in _SHUT:
            speed[mode] = 0.0
        elif said == names[0] or (kind == "ferry" and said == "motor_vehicle"):
            # Open to this very mode: a footway for bicycles, a ferry for cars.
            speed[mode] = speed[mode] or usual[mode]
    if not any(speed.values()):
        return None
    along, against = _directions(tags, kind, speed)
    return Way(along, against, _duration(tags) if kind == "ferry" else 0.0)


def _directions(
    tags: Tags, kind: str, speed: Mapping[str, float]
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The speeds along and against: nobody drives against a one-way road; walkers mind none."""
    way = tags.get("oneway", "")
    round_about = tags.get("junction") in ("roundabout", "circular")
    if way not in (*_FORWARD, *_BACKWARD, "no") and (kind == "motorway" or round_about):
        way = "yes"
    bound = ["drive"] if tags.get("oneway:bicycle") == "no" else ["drive", "cycle"]
    barred = {**speed, **dict.fromkeys(bound, 0.0)}
    if way in _FORWARD:
        return speed, barred
    if way in _BACKWARD:
        return barred, speed
    return speed, speed


def _posted(tags: Tags) -> float:
    """The speed limit in km/h; infinite where none can be read."""
    found = re.fullmatch(r"(\d{1,3})\s*(mph)?", tags.get("maxspeed", "").strip())
    if found is None or int(found[1]) == 0:
        return float("inf")
    return int(found[1]) * (MPH if found[2] else 1.0)


def _duration(tags: Tags) -> float:
    """Minutes that a ferry takes ("35" or "01:20"); 0 where it does not say."""
    found = re.fullmatch(r"(?:(\d{1,2}):)?(\d{1,3})(?::\d\d)?", tags.get("duration", "").strip())
    return 60.0 * int(found[1] or 0) + int(found[2]) if found else 0.0


def check_extract(path: Path, largest_mb: float = LARGEST_MB) -> None:
    """Refuse, before reading it, what is no .osm.pbf or too large, by InputFileError."""
    try:
        size = path.stat().st_size / 1024**2
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise InputFileError(path.name, [f"It can't be read ({error.strerror})."]) from error
    fault = ""
    if size > largest_mb:
        fault = (
            f"It has {size:,.0f} MB, more than {largest_mb:,.0f}. Take the extract of a county or "
            "region, or allow more with --largest-mb."
        )
    elif b"OSMHeader" not in head:
        what = "OpenStreetMap XML" if head.lstrip().startswith((b"<?xml", b"<osm")) else "no map"
        fault = f"It is {what}. Take the extract as .osm.pbf (docs/travel.md)."
    if fault:
        raise InputFileError(path.name, [fault])


def read_roads(
    path: Path,
    walk_kmh: float,
    cycle_kmh: float,
    *,
    largest_mb: float = LARGEST_MB,
    progress: Callable[[str], None] = lambda _: None,
) -> Roads:
    """The ways of an extract that some mode may use. InputFileError for a file that is refused
    (`check_extract`), is damaged or cut short, or holds no roads.
    """
    import osmium  # only needed here, and not small

    check_extract(path, largest_mb)
    nodes: list[int] = []
    lon: list[float] = []
    lat: list[float] = []
    numbers: list[int] = []
    ways: list[Way] = []
    try:
        reader = osmium.io.Reader(str(path))
        period = reader.header().get("osmosis_replication_timestamp")[:10]
        reader.close()
        found = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        for item in found.with_filter(osmium.filter.KeyFilter("highway", "route")):
            if not item.is_way():
                continue
            way = way_of(dict(item.tags), walk_kmh, cycle_kmh)
            if way is None:
                continue
            number = len(ways)
            ways.append(way)
            for node in item.nodes:
                # Beyond the border of an extract a way has no places: it ends there.
                if node.location.valid():
                    nodes.append(node.ref)
                    lon.append(node.location.lon)
                    lat.append(node.location.lat)
                    numbers.append(number)
            if len(ways) % 100_000 == 0:
                progress(f"{len(ways):,} ways read")
    except (RuntimeError, OSError) as fault:
        raise InputFileError(
            path.name, [f"It is damaged or cut short ({fault}). Download it again."]
        ) from fault
    if len(nodes) < 2:
        raise InputFileError(path.name, ["It holds no roads. Take an extract with highways."])
    return Roads(
        np.array(nodes, dtype=np.int64), np.array(lon), np.array(lat),
        np.array(numbers, dtype=np.int64), tuple(ways), period,
    )  # fmt: skip
