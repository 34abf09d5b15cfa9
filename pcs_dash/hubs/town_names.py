"""Hubs called after their town: where most of their patients are registered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import geopandas as gpd
import pandas as pd

# A practice farther from every town than this (m) is near none of those that have names here.
_FARTHEST = 15_000.0


def towns_of(practices: pd.DataFrame, towns: gpd.GeoDataFrame) -> dict[str, str]:
    """Practice code -> the town of the map's labels nearest to it, for those within 15 km of one.

    practices: index practice_code, columns easting, northing (m, EPSG:27700); towns: column name,
    points in EPSG:27700. At equal distance the first name of the alphabet counts (many to one).
    """
    known = practices[["easting", "northing"]].dropna()
    if known.empty or towns.empty:
        return {}
    points = gpd.GeoDataFrame(
        {"code": known.index.astype(str)},
        geometry=gpd.points_from_xy(known["easting"], known["northing"], crs=towns.crs),
    )
    found = points.sjoin_nearest(towns[["name", "geometry"]], max_distance=_FARTHEST)
    found = found.sort_values(["code", "name"]).drop_duplicates("code")
    return dict(zip(found["code"], found["name"].astype(str), strict=True))


def town_names(
    groups: Sequence[Mapping[str, float]], towns: Mapping[str, str], taken: Collection[str]
) -> list[str]:
    """A name for each group: the town with most of its patients, numbered from the second hub of
    that town on; "Hub 1", ... for a group of no known town. None is one of `taken`.

    groups: practice code -> patients; towns: as `towns_of` gives them.
    """
    used, names = {name.casefold() for name in taken}, []
    for group in groups:
        patients: dict[str, float] = defaultdict(float)
        for code, number in group.items():
            if code in towns:
                patients[towns[code]] += number
        town = min(patients, key=lambda name: (-patients[name], name), default="")
        names.append(_free(town, used))
        used.add(names[-1].casefold())
    return names


def _free(town: str, used: Collection[str]) -> str:
    number, name = 1, town or "Hub 1"
    while name.casefold() in used:
        number += 1
        name = f"{town or 'Hub'} {number}"
    return name
