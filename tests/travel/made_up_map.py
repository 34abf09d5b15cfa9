"""A made-up .osm.pbf on a grid of metres, whose times are known by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
import osmium.osm.mutable as osm
import pandas as pd
from pyproj import Transformer

# Metres from a corner in Thurrock. A, B, C on a street; D north, G a dead end south; E beyond a
# motorway; F beyond a ferry; H on a footpath from C to E.
PLACES = {
    "A": (0, 0), "B": (1000, 0), "C": (2000, 0), "D": (1000, 1000), "E": (3000, 0),
    "F": (3000, 5000), "G": (1000, -500), "H": (2500, 1200),
}  # fmt: skip
CORNER = (560_000, 180_000)
STREETS = (
    ("ABC", {"highway": "residential"}),
    ("BD", {"highway": "residential", "oneway": "yes"}),
    ("DC", {"highway": "primary", "oneway": "yes", "oneway:bicycle": "no"}),
    ("BG", {"highway": "service"}),
    ("CE", {"highway": "motorway"}),
    ("CHE", {"highway": "footway"}),
    ("EF", {"route": "ferry", "duration": "00:20", "motor_vehicle": "yes"}),
    ("AD", {"highway": "residential", "access": "private"}),
    ("AE", {"waterway": "river"}),
)
_NUMBER = {name: number for number, name in enumerate(PLACES, 1)}


def positions(names: str = "ABCDEFGH") -> pd.DataFrame:
    """The places by name: easting, northing, longitude, latitude."""
    table = pd.DataFrame([PLACES[name] for name in names], list(names), ["easting", "northing"])
    table = table.astype(float) + np.array(CORNER)
    to_degrees = Transformer.from_crs(27700, 4326, always_xy=True)
    table["longitude"], table["latitude"] = to_degrees.transform(
        table["easting"].to_numpy(), table["northing"].to_numpy()
    )
    return table


def write(path: Path, streets=STREETS) -> Path:
    """Write the map."""
    with osmium.SimpleWriter(str(path)) as writer:
        for name, row in positions().iterrows():
            place = (row["longitude"], row["latitude"])
            writer.add_node(osm.Node(id=_NUMBER[str(name)], location=place))
        for number, (names, tags) in enumerate(streets, 1):
            nodes = [_NUMBER[name] for name in names]
            writer.add_way(osm.Way(id=number, nodes=nodes, tags=tags))
    return path
