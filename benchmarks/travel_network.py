"""Minutes over a made-up county: a street grid of 1.5 million edges, 1,100 small areas, 250
practices, three modes. Prints seconds and the most memory; to reach: the network in 3 minutes and
3 GB, the minutes in 2.

    python -m benchmarks.travel_network
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import osmium
import osmium.osm.mutable as osm
import pandas as pd
from pyproj import Transformer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pcs_dash.travel.minutes import MODELLED_MODES, factors
from pcs_dash.travel.network import minutes_between, network_of
from pcs_dash.travel.roads import read_roads

SIDE, STEP_M, CORNER = 870, 60.0, (555_000.0, 180_000.0)
A_WAY = 8  # nodes
_CLASSES = ("residential", "residential", "unclassified", "tertiary", "primary", "footway")


def _written(path: Path, random: np.random.Generator) -> int:
    """Write the county; how many edges it has."""
    east, north = np.meshgrid(np.arange(SIDE) * STEP_M, np.arange(SIDE) * STEP_M)
    bent = random.normal(0, 8, (2, SIDE, SIDE))
    lon, lat = Transformer.from_crs(27700, 4326, always_xy=True).transform(
        CORNER[0] + (east + bent[0]).ravel(), CORNER[1] + (north + bent[1]).ravel()
    )
    number = np.arange(1, SIDE * SIDE + 1).reshape(SIDE, SIDE)
    edges = 0
    with osmium.SimpleWriter(str(path)) as writer:
        for at, place in enumerate(zip(lon.tolist(), lat.tolist(), strict=True), 1):
            writer.add_node(osm.Node(id=at, location=place))
        way = 0
        for line in (*number, *number.T):
            for start in range(0, SIDE - 1, A_WAY - 1):
                nodes = line[start : start + A_WAY].tolist()
                way += 1
                edges += len(nodes) - 1
                tags = {"highway": _CLASSES[way % len(_CLASSES)]}
                writer.add_way(osm.Way(id=way, nodes=nodes, tags=tags))
    return edges


def _places(number: int, name: str, random: np.random.Generator) -> pd.DataFrame:
    at = random.random((number, 2)) * SIDE * STEP_M + np.array(CORNER)
    return pd.DataFrame(
        at, [f"{name}{place:05}" for place in range(number)], ["easting", "northing"]
    )


def main() -> None:
    """Write, read, build, compute; print each."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    random = np.random.default_rng(20_260_726)
    speeds = [factors()[f"{mode}_speed"].central for mode in ("walk", "cycle")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "county.osm.pbf"
        edges = _written(path, random)
        print(f"{edges:,} edges, {path.stat().st_size / 1e6:,.0f} MB", flush=True)
        clock = time.perf_counter(), time.process_time()

        def told(what: str) -> None:
            nonlocal clock
            now = time.perf_counter(), time.process_time()
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
            print(
                f"{what}: {now[0] - clock[0]:,.1f} s ({now[1] - clock[1]:,.1f} s of processor), "
                f"at most {most:,.2f} GB so far",
                flush=True,
            )
            clock = time.perf_counter(), time.process_time()

        roads = read_roads(path, *speeds)
        told("read")
        network = network_of(roads)
        told("network")
    origins, practices = _places(1_100, "E", random), _places(250, "F", random)
    for mode in MODELLED_MODES:
        found = minutes_between(network, mode, origins, practices)
        told(f"minutes, {mode} ({found.notna().to_numpy().mean():.0%} of pairs within two hours)")


if __name__ == "__main__":
    main()
