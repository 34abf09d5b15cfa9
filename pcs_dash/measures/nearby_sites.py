"""Dentists, pharmacies and opticians near each practice, by straight line on the national grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from pcs_dash.tables.dataset import JoinReport
from pcs_dash.tables.geometry import lonlat_to_grid

# One mile, the distance of a walk of some twenty minutes.
RADIUS_M = 1_609
# With fewer sites placed, a count of none nearby could be a gap in the postcodes.
LEAST_PLACED = 0.95

# source -> its code column, and what the columns are called
LISTS = {
    "pharmacies": ("pharmacy_code", "pharmacies_1_mile", "nearest_pharmacy_km"),
    "opticians": ("optician_code", "opticians_1_mile", "nearest_optician_km"),
    "dental_sites": ("dentist_code", "dental_sites_1_mile", "nearest_dental_site_km"),
}


def sites_near(
    practices: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    count: str,
    nearest: str,
    radius_m: float = RADIUS_M,
) -> pd.DataFrame:
    """Sites within a radius of each practice, on the same index: columns `count` (integer) and
    `nearest` (km).

    Both tables have easting and northing in metres. Missing where the practice has no position,
    for every practice where there is no site; sites without a position are left out.
    """
    points = sites[["easting", "northing"]].dropna().to_numpy(float)
    placed = practices.dropna(subset=["easting", "northing"])
    if not len(points):
        placed = placed[:0]
    inside, far = np.array([], dtype=int), np.array([])
    if not placed.empty:
        where, tree = placed[["easting", "northing"]].to_numpy(float), cKDTree(points)
        inside = tree.query_ball_point(where, radius_m, return_length=True)
        far = tree.query(where)[0] / 1000
    found = pd.DataFrame({count: pd.array(inside, "Int64"), nearest: far}, index=placed.index)
    return found.reindex(practices.index)


def dentists_near(practices: pd.DataFrame, dentists: pd.DataFrame) -> pd.DataFrame:
    """Dental practices within a mile, on the index of `practices`: dentists_1_mile,
    dentists_1_mile_taking_adults (those that say they take new adults), nearest_dentist_km.
    """
    east, north = lonlat_to_grid(dentists[["longitude", "latitude"]].to_numpy(float)).T
    placed = dentists.assign(easting=east, northing=north)
    everyone = sites_near(practices, placed, count="dentists_1_mile", nearest="nearest_dentist_km")
    taking = placed[placed["accepting_adults"].fillna(False).astype(bool)]
    some = sites_near(
        practices, taking, count="dentists_1_mile_taking_adults", nearest="nearest_taking_km"
    )["dentists_1_mile_taking_adults"]
    if taking.empty:
        # None takes adults: that is a count of none, not a gap.
        some = everyone["dentists_1_mile"].where(everyone["dentists_1_mile"].isna(), 0)
    everyone.insert(1, "dentists_1_mile_taking_adults", some)
    return everyone


def listed_sites_near(
    practices: pd.DataFrame, read: Callable[[str], pd.DataFrame | None]
) -> tuple[pd.DataFrame, list[JoinReport]]:
    """Open pharmacies, opticians and dental sites of the ODS lists within a mile.

    The lists have postcodes only: their place is that of the postcode in the ONS Postcode
    Directory, where that has coordinates. Where fewer than 95% of the open sites of a list are
    placed no count is made, as "none nearby" could not be told from a gap; the report says how
    many were placed.
    """
    parts: list[pd.DataFrame] = []
    reports: list[JoinReport] = []
    postcodes: pd.DataFrame | None = None
    for source, (code, count, nearest) in LISTS.items():
        sites = read(source)
        if sites is None:
            continue
        if postcodes is None:
            postcodes = _places(read("postcodes"))
        if postcodes is None:
            break
        sites = sites[sites["status"] == "active"]
        placed = sites.join(postcodes, on="postcode")
        known = placed["easting"].notna()
        reports.append(
            JoinReport(
                f"{source} with the place of their postcode", "m:1", len(sites), len(postcodes),
                int(known.sum()), tuple(sorted(placed.loc[~known, code])), (),
            )
        )  # fmt: skip
        if len(placed) and known.mean() >= LEAST_PLACED:
            parts.append(sites_near(practices, placed, count=count, nearest=nearest))
    nothing = pd.DataFrame(index=practices.index)
    return (pd.concat(parts, axis=1) if parts else nothing), reports


def _places(postcodes: pd.DataFrame | None) -> pd.DataFrame | None:
    """Easting and northing by postcode; None where the file has none."""
    if postcodes is None or not {"easting", "northing"} <= set(postcodes.columns):
        return None
    known = postcodes[postcodes["easting"].gt(0) & postcodes["northing"].gt(0)]
    keyed = known[["postcode", "easting", "northing"]]
    return keyed.drop_duplicates("postcode").set_index("postcode")
