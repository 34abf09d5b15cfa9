"""Where people go: who `where` means, who takes a closed practice's patients, who the new residents
register with, and whom a new practice draws.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

import numpy as np
import pandas as pd
import shapely

from pcs_dash.measures.catchments import points_of
from pcs_dash.measures.deprivation import quintile_columns
from pcs_dash.measures.gravity import DECAY_KM, distance_km
from pcs_dash.measures.sums import Flags, Floats
from pcs_dash.official.any_area import find_area
from pcs_dash.scenarios.changes import ScenarioError
from pcs_dash.scenarios.today import BEYOND, Today, districts_named
from pcs_dash.tables.areas import DISTRICTS
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.geometry import lonlat_to_grid

# South, west; north, east: degrees.
_ENGLAND = (49.8, -6.5), (55.9, 1.9)
# Six groups of patients: the five quintiles, and those of no known one.
GROUPS = 6
_DISPERSED = (
    *(f"patients_quintile_{q}" for q in range(1, 6)),
    "patients_outside_england_or_unknown",
)
POOLED, OUTSIDE = "OTHER", "OUTSIDE"
# The middles of small areas are closer than this to all who live in them.
FAR_KM = 10


def members(practices: pd.DataFrame, where: str, groups: Mapping[str, str]) -> Flags:
    """The practices that `where` means, shape (n,): a practice's code, the name of a group (hub) of
    `groups`, a PCN's code or name, or an area. ScenarioError when it is none of them.
    """
    index = practices.index
    if not where:
        return np.ones(len(index), dtype=bool)
    if where.upper() in index:
        return np.asarray(index == where.upper())
    named = index.to_series().map(dict(groups)).eq(where)
    if named.any():
        return named.to_numpy()
    for column in ("pcn_code", "pcn"):
        own = practices[column].astype("object").eq(where)
        if own.any():
            return own.to_numpy(dtype=bool)
    try:
        area = find_area(where)
    except UserError:
        raise ScenarioError(
            f"'{where[:60]}' is no practice, hub, PCN or area of these data."
        ) from None
    chosen = area.select(practices).index
    if chosen.empty:
        raise ScenarioError(f"'{where[:60]}' has no practice in these data.")
    return np.asarray(index.isin(chosen))


# --- homes ---


def shares_of_new_residents(today: Today, where: str, groups: Mapping[str, str]) -> pd.Series:
    """The share of new residents of a place that registers with each practice, by code.

    In proportion to who is registered in the small areas of a district (or several) today, or in
    those whose middle is in a shape, or in the one nearest to a point (`points_in`); what is
    missing to 1 goes to practices beyond the data. For a practice, PCN or hub: by list size.
    """
    at = points_in(where)
    if at is not None:
        return _around(today, at)
    named = districts_named(where)
    wanted = named if set(named) <= set(DISTRICTS) else (where,)
    known = [name for name in wanted if name in today.living_in.columns]
    if not known:
        chosen = members(today.practices, where, groups)
        lists = today.practices["patients"].where(chosen).dropna()
        return lists / lists.sum()
    return _living_in(today, tuple(known))


@lru_cache(maxsize=64)
def _living_in(today: Today, districts: tuple[str, ...]) -> pd.Series:
    """The same share of who lives in districts, worked out once: never change it."""
    by_practice = today.living_in[[*districts]].sum(axis=1)
    share = by_practice[by_practice > 0] / by_practice.sum()
    return share.drop(BEYOND, errors="ignore")


def points_in(where: str) -> Floats | None:
    """The points of `degrees_in` as easting and northing, shape (n, 2); None where `where` is no
    such text. ScenarioError for two points, and for one that is not in England.
    """
    degrees = degrees_in(where)
    if degrees is None:
        return None
    (south, west), (north, east) = _ENGLAND
    inside = (degrees >= (south, west)) & (degrees <= (north, east))
    if not inside.all() or len(degrees) == 2:
        raise ScenarioError(
            f"'{where[:60]}' is no place in England. Give a point as 'latitude, longitude', or "
            "three and more of them with ';' between for a shape."
        )
    return lonlat_to_grid(degrees[:, ::-1])


def degrees_in(where: str) -> Floats | None:
    """Latitude and longitude of "51.48, 0.32" or, of a shape's corners, "51.48, 0.32; 51.49, 0.33;
    ...", shape (n, 2); None where `where` is no such text.
    """
    try:
        found = [[float(text) for text in pair.split(",")] for pair in where.split(";")]
        return np.array(found, dtype=float).reshape(len(found), 2)
    except ValueError:
        return None


def check_near(today: Today, at: Floats, who: str) -> None:
    """ScenarioError where nobody of these data lives within `FAR_KM` of a place, shape (2,)."""
    points = points_of(today.lsoas)[["easting", "northing"]].to_numpy(dtype=float)
    if np.nanmin(np.hypot(*(points - at).T), initial=np.inf) > 1_000 * FAR_KM:
        raise ScenarioError(
            f"{who} is more than {FAR_KM} km from where anybody of these data lives. Give latitude "
            "and longitude of a place in them."
        )


def _around(today: Today, at: Floats) -> pd.Series:
    """Who is registered in the small areas of a shape, or in the one nearest to its middle."""
    check_near(today, at.mean(axis=0), "Where they are built")
    points = points_of(today.lsoas)
    grid = points[["easting", "northing"]].to_numpy(dtype=float)
    inside = np.zeros(len(points), dtype=bool)
    if len(at) > 2:
        inside = shapely.contains_xy(shapely.Polygon(at), grid[:, 0], grid[:, 1])
    if not inside.any():
        inside[np.argmin(np.hypot(*(grid - at.mean(axis=0)).T))] = True
    table = today.registrations.table
    living = table[table["lsoa_code"].astype("object").isin(points.index[inside])]
    codes = living["practice_code"].astype("object")
    by_practice = living["patients"].groupby(codes).sum()
    share = by_practice[by_practice > 0] / by_practice.sum()
    return share[share.index.isin(today.practices.index)]


# --- closing ---


def dispersal(today: Today, code: str) -> pd.DataFrame | None:
    """Where patients of a practice would go: index destination (codes, `OUTSIDE`), one column a
    group of patients (`GROUPS`), adding up to 1; None where nobody can tell (it has no patients).

    From the table of Essex (pooled small cells are spread as the rest is) where it has the
    practice; else from registrations by small area, in proportion to who has patients there.
    """
    if today.dispersal is not None:
        rows = today.dispersal[today.dispersal["practice_code"] == code]
        if len(rows):
            by_group = rows.set_index("destination")[[*_DISPERSED]].set_axis(range(GROUPS), axis=1)
            named = by_group.drop(index=POOLED, errors="ignore")
            return named / named.to_numpy().sum()
    table = today.registrations.table
    own = table[table["practice_code"] == code].set_index("lsoa_code")["patients"]
    others = table[table["lsoa_code"].isin(own.index) & (table["practice_code"] != code)]
    others = others.astype({"practice_code": "object", "lsoa_code": "object"})
    whole = others.groupby("lsoa_code")["patients"].transform("sum")
    moved = others["patients"] / whole * others["lsoa_code"].map(own)
    known = others["practice_code"].isin(today.practices.index)
    going = moved.groupby(others["practice_code"].where(known, OUTSIDE)).sum()
    if not going.sum() > 0:
        return None
    mix = _mix(today.practices.loc[[code]])
    return pd.DataFrame(np.outer(going / going.sum(), mix), index=going.index)


def most_go_to(today: Today, code: str) -> list[tuple[str, float]]:
    """The two practices most patients of one would go to if it closed today: code and share."""
    table = dispersal(today, code)
    if table is None:
        return []
    shares = table.sum(axis=1).drop(OUTSIDE, errors="ignore").groupby(level=0).sum()
    return [(str(name), float(share)) for name, share in shares.nlargest(2).items()]


def _mix(practice: pd.DataFrame) -> Floats:
    """The shares of a practice's patients by group (IMD 2025), all of the last group if unknown."""
    names = [*quintile_columns("2025"), "imd2025_patients_unknown"]
    found = practice[names].to_numpy(dtype=float, na_value=np.nan)[0]
    if np.isnan(found).any() or not found.sum() > 0:
        return np.eye(GROUPS)[-1]
    return found / found.sum()


# --- opening ---


def drawn_by(
    today: Today,
    practices: pd.DataFrame,
    at: tuple[float, float],
    size: float,
    became: Mapping[str, str],
) -> pd.Series:
    """The share of each practice's patients that a new one at `at` (easting, northing, m) draws.

    In each small area practices attract by their lists and by distance (the gravity model's
    decay); the new one has `size` patients for this. Practices without patients by area: 0.
    `became`: the practice that each merged one is part of; of its list, the share of all whom its
    members have today.
    """
    table = today.registrations.table
    codes = table["practice_code"].astype("object").replace(dict(became))
    points = points_of(today.lsoas)
    placed = practices[practices["patients"] > 0].dropna(subset=["easting", "northing"])
    near = np.exp(-distance_km(points, placed) / DECAY_KM)
    others = near @ placed["patients"].to_numpy(float)
    new = pd.DataFrame({"easting": [at[0]], "northing": [at[1]]})
    own = size * np.exp(-distance_km(points, new)[:, 0] / DECAY_KM)
    share = pd.Series(own / np.maximum(own + others, 1e-300), index=points.index)
    living = table.assign(share=table["lsoa_code"].astype("object").map(share))
    living = living.dropna(subset=["share"])
    drawn = (living["patients"] * living["share"]).groupby(codes[living.index]).sum()
    whole = table["patients"].groupby(codes).sum()
    return (drawn / whole).reindex(practices.index).astype(float)


def on(codes: Collection[str], share: pd.Series) -> Floats:
    """Shares by code as an array in the order of `codes`, 0 where a code has none."""
    position = _positions(tuple(codes))
    found = np.zeros(len(position))
    for code, value in share.items():
        if str(code) in position and value == value:
            found[position[str(code)]] += float(value)
    return found


@lru_cache(maxsize=8)
def _positions(codes: tuple[str, ...]) -> dict[str, int]:
    return {code: place for place, code in enumerate(codes)}
