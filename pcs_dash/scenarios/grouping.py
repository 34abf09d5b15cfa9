"""Groups that a projection is summed by, and what both fronts ask of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.scenarios.changes import Close, Homes, Merge, Scenario
from pcs_dash.scenarios.project import Grouping, one_group, project
from pcs_dash.scenarios.today import NEEDED, Today, homes_a_year
from pcs_dash.tables.areas import Area

NO_PCN, NO_HUB = "No PCN", "Unassigned"
KINDS = ("area", "place", "district", "pcn", "hub", "practice")


def grouping(area: Area, by: str = "area", hubs: Mapping[str, str] | None = None) -> Grouping:
    """The practices of an area by a key of `KINDS`; those of elsewhere are in no group."""

    def groups(practices: pd.DataFrame) -> pd.Series:
        own = area.select(practices)
        if by == "area":
            keys = pd.Series(area.name, index=own.index)
        elif by == "practice":
            keys = own.index.to_series()
        elif by == "hub":
            found = own.index.to_series().map(dict(hubs or {}))
            keys = found.where(found.notna(), NO_HUB)
        else:
            keys = own[by].astype("object")
            keys = keys.where(keys.notna(), NO_PCN)
        return keys.astype("object").reindex(practices.index)

    return groups


def planned_homes(first: int, which: str = NEEDED) -> tuple[Homes, ...]:
    """The homes that every district of Essex is to get each year."""
    homes = homes_a_year(which).items()
    return tuple(Homes(year=first, a_year=a_year, where=where) for where, a_year in homes)


def who_takes_them(today: Today, close: Close, definition: str, **more: object) -> pd.DataFrame:
    """Who takes the patients of a practice that closes, the most first: index practice_code ("":
    practices beyond the data); practice_name, patients_before, patients_moved, patients_after,
    patients_per_fte_gp_before and _after, km (straight line from the practice that closes; 0 to
    the one that keeps its premises), sites (whose premises it has then, blanks between).
    """
    scenario = Scenario("Closing", max(close.year - today.year, 1), (close,))
    asked = {**more, "definition": definition, "draws": 0}
    found = project(today, scenario, one_group("all"), **asked)  # type: ignore[arg-type]
    before, after = today.practices, found.frame(close.year)
    moved = (after["patients"] - before["patients"].reindex(after.index)).rename("patients_moved")
    rows = moved[moved > 1e-9].sort_values(ascending=False, kind="stable").index
    own = before.loc[close.practice]
    taken = before.loc[rows]
    km = np.hypot(taken["easting"] - own["easting"], taken["northing"] - own["northing"]) / 1_000
    there = rows == close.premises
    table = pd.DataFrame(
        {
            "practice_name": taken["practice_name"],
            "patients_before": taken["patients"].astype(float),
            "patients_moved": moved[rows],
            "patients_after": after["patients"][rows],
            "patients_per_fte_gp_before": patients_per_fte_gp(before, definition)[rows],
            "patients_per_fte_gp_after": patients_per_fte_gp(after, definition)[rows],
            "km": np.where(there, 0.0, km),
            "sites": found.sites_of(close.year).reindex(rows),
        }
    )
    beyond = found.outside(close.year)
    if beyond > 0:
        table.loc["", "practice_name"] = "Practices beyond the data"
        table.loc["", "patients_moved"] = beyond
    return table.rename_axis("practice_code")


def where_they_meet(today: Today, merge: Merge) -> pd.DataFrame:
    """Where patients of practices that merge go, as of today: index practice_code; practice_name,
    patients, premises (the nearest practice whose premises stay) and km to them (straight line
    between practices, 0 where the own ones stay); missing where a position is.
    """
    own = today.practices.loc[[code for code in merge.practices if code in today.practices.index]]
    kept = own[own.index.isin(merge.kept)].dropna(subset=["easting", "northing"])
    east, north = (
        own[[axis]].to_numpy(float) - kept[axis].to_numpy(float) for axis in ("easting", "northing")
    )
    km = pd.DataFrame(np.hypot(east, north) / 1_000, own.index, kept.index)
    near = km.dropna(how="all").idxmin(axis=1)
    return pd.DataFrame(
        {
            "practice_name": own["practice_name"],
            "patients": own["patients"].astype(float),
            "premises": near.map(own["practice_name"]),
            "km": km.min(axis=1),
        },
        index=own.index,
    )
