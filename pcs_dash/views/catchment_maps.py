"""Who lives where on the map, and as a GeoPackage: small areas by what their patients use."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pcs_dash.measures.catchments import Registered, main_users, of_codes
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.views.geopackage import Look, geopackage, points_of
from pcs_dash.views.map_spec import Box
from pcs_dash.views.maps import CLASS_BLUES, CLEAR, Layer, benchmark_layer

SHARE_CUTS = (0.05, 0.1, 0.25, 0.5)
SHARE_LABELS = ("under 5%", "5% to 10%", "10% to 25%", "25% to 50%", "half or more")
HIDDEN_COLOUR = "#d9d9d9"
ELSEWHERE = "another practice"
ELSEWHERE_COLOUR = "#b8b8b8"
# Enough to colour any map of territories so that neighbours differ (five do in practice, greedily).
TERRITORY_COLOURS = (
    "#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#0072b2", "#d55e00", "#999999",
)  # fmt: skip
# Generalised boundaries of neighbours may leave slivers between them.
NEIGHBOUR_M = 60
OWN_COLOUR = "#d6006e"
# What the map shows.
SHARE, MAIN_PRACTICE, MAIN_GROUP, RATIO = MAPS = (
    "Its share of each small area's patients",
    "Main practice of each small area",
    "Main PCN or hub of each small area",
    f"{PER_GP.label} of each small area's patients",
)


def extent(lsoas: gpd.GeoDataFrame, rows: pd.DataFrame) -> Box | None:
    """The box of a unit's core catchment in degrees, ((south, west), (north, east)), for the map;
    None where no boundary of it is loaded. `rows`: its `catchment_rows`.
    """
    core = lsoas.loc[lsoas.index.isin(rows.index[rows["in_core"]]), "geometry"].dropna()
    return None if core.empty else box_of(core)


def box_of(shapes: gpd.GeoSeries) -> Box:
    """The box of shapes in degrees: ((south, west), (north, east))."""
    west, south, east, north = shapes.to_crs(4326).total_bounds.round(4)
    return (float(south), float(west)), (float(north), float(east))


def share_classes(
    registered: Registered, codes: Collection[str], *, threshold: int | None = None
) -> pd.Series:
    """The class of each LSOA of the map by the unit's share of its patients, a word of
    `share_categories`; missing where it has none.
    """
    limit = small_number() if threshold is None else threshold
    table = of_codes(registered, codes)
    table = table[table.index.isin(registered.lsoas)]
    words = _share_words(table["share"])
    small = (table["patients"] > 0) & (table["patients"] < limit)
    words = words.mask(small, small_words(limit)).where(table["patients"] > 0)
    return words.reindex(registered.lsoas)


def small_words(threshold: int | None = None) -> str:
    """How a hidden cell is called."""
    return f"fewer than {small_number() if threshold is None else threshold} patients"


def share_categories(threshold: int | None = None) -> dict[str, str]:
    """Word to colour of `share_classes`, in the legend's order."""
    limit = small_number() if threshold is None else threshold
    hidden = {small_words(limit): HIDDEN_COLOUR} if limit > 1 else {}
    return hidden | dict(zip(SHARE_LABELS, CLASS_BLUES, strict=True))


def share_layer(registered: Registered, codes: Collection[str], name: str) -> Layer:
    """LSOAs by the unit's share of their patients."""
    return Layer(
        f"Small areas: share of all their patients who are with {name}{registered.suffix}",
        share_classes(registered, codes),
        share_categories(),
        tip=f"Share of the area's patients{registered.suffix}",
    )


def main_layer(
    registered: Registered,
    groups: Mapping[str, str] | None,
    practices: pd.DataFrame,
    borders: Sequence[tuple[str, str]],
    noun: str,
    own: Mapping[str, str],
) -> Layer:
    """LSOAs by the group most of their patients use; by practice where `groups` is None. `own` has
    the colours of groups that have one.

    `practices` are those of the data: whoever is none of them is "another practice".
    """
    owner = main_users(registered, groups)["dominant"].reindex(registered.lsoas)
    known = set(practices.index) if groups is None else set(groups.values())
    owner = owner.where(owner.isin(known) | owner.isna(), ELSEWHERE)
    colours = territory_colours(owner.mask(owner == ELSEWHERE), borders)
    colours |= {name: own[name] for name in colours if name in own}
    colours[ELSEWHERE] = ELSEWHERE_COLOUR
    names = practices["practice_name"]
    labels = {
        key: f"{names[key]} ({key})" if groups is None and key in names.index else key
        for key in colours
    }
    return Layer(
        f"Small areas by the {noun} most of their patients use{registered.suffix}",
        owner.map(labels),
        {labels[key]: colour for key, colour in colours.items()},
        tip=f"Most people use{registered.suffix}",
    )


def ratio_layer(registered: Registered, ratios: pd.Series, benchmark: float, label: str) -> Layer:
    """LSOAs by the patients per FTE GP of whoever lives there (`ratios_by_lsoa`)."""
    return benchmark_layer(
        f"Small areas: patients per FTE GP against {label}{registered.suffix}",
        ratios,
        benchmark,
        tip=f"{PER_GP.label}{registered.suffix}",
    )


def own_marks(practices: pd.DataFrame, codes: Collection[str], sign: str = "") -> Layer:
    """The unit's own practices in magenta (with `sign` on them), the others as outlines."""
    ours = practices.index.isin(list(codes))
    labels = pd.Series("other", index=practices.index).mask(ours, "own")
    return Layer("", labels, {"own": OWN_COLOUR, "other": CLEAR}, {"own": sign})


def neighbours_of(lsoas: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    """Pairs of LSOAs that border each other (within 60 m, for slivers), each pair once."""
    tree = shapely.STRtree(lsoas.geometry.to_numpy())
    left, right = tree.query(lsoas.geometry.to_numpy(), predicate="dwithin", distance=NEIGHBOUR_M)
    once = left < right
    names = lsoas.index.to_numpy(str)
    return list(zip(names[left[once]], names[right[once]], strict=True))


def territory_colours(owner: pd.Series, borders: Sequence[tuple[str, str]]) -> dict[str, str]:
    """A colour for each owner (practice, PCN), so that territories that touch differ.

    `owner`: LSOA -> owner; `borders`: pairs of neighbouring LSOAs. The owner of most LSOAs is
    coloured first. Where all eight colours touch one territory, the least used one repeats.
    """
    who = owner.dropna().to_dict()
    touching: dict[str, set[str]] = {name: set() for name in set(who.values())}
    for a, b in borders:
        one, other = who.get(a), who.get(b)
        if one is not None and other is not None and one != other:
            touching[one].add(other)
            touching[other].add(one)
    sizes = owner.value_counts()
    colours: dict[str, str] = {}
    for name in sorted(touching, key=lambda key: (-int(sizes[key]), key)):
        taken = [colours[other] for other in touching[name] if other in colours]
        free = [colour for colour in TERRITORY_COLOURS if colour not in taken]
        colours[name] = free[0] if free else min(TERRITORY_COLOURS, key=taken.count)
    return colours


def catchment_file(
    rows: pd.DataFrame,
    lsoas: gpd.GeoDataFrame,
    practices: pd.DataFrame,
    about: Sequence[tuple[str, str]],
) -> bytes:
    """A GeoPackage (EPSG:27700): layer catchment (the rows with their LSOA's polygon, and
    share_class, the class of its share), layer practices (points of the unit), table about. Rows
    beyond the map have no polygon, are in the CSV, and are counted in `about`.
    """
    here = rows[rows.index.isin(lsoas.index)]
    polygons = gpd.GeoDataFrame(
        here.reset_index(), geometry=lsoas.geometry.reindex(here.index).to_numpy(), crs=27700
    )
    points = points_of(practices, ("practice_name", "patients"))
    beyond = f"{len(rows) - len(here):,} LSOAs or unknown places"
    notes = pd.DataFrame([*about, ("Beyond the map", beyond)], columns=["item", "value"])
    # What is not shown singly has no class either.
    polygons["share_class"] = _share_words(polygons["share_per_cent"] / 100)
    classes = dict(zip(SHARE_LABELS, CLASS_BLUES, strict=True)) | {"": HIDDEN_COLOUR}
    return geopackage(
        {"catchment": polygons, "practices": points, "about": notes},
        {
            "catchment": Look("fill", "share_class", classes, rest="not shown: few patients"),
            "practices": Look("marker", "practice_code", {"": OWN_COLOUR}, rest="its practices"),
        },
    )


def _share_words(shares: pd.Series) -> pd.Series:
    """Each share (0 to 1) by its class of `SHARE_LABELS`; missing stays missing."""
    classes = np.searchsorted(SHARE_CUTS, shares.to_numpy(float), side="right")
    words = pd.Series([SHARE_LABELS[number] for number in classes], shares.index, dtype="str")
    return words.where(shares.notna())
