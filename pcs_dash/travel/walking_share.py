"""Who lives within a 20-minute walk of a practice, beside the paper that asked it of England.

Todd, Copeland, Husband, Kasim and Bambra: Access all areas? BMJ Open 2015;5:e007328 (PMC4431167).
It takes GP premises, postcodes and the IMD of 2010; this takes main surgeries, the middle of small
areas and the IMD of 2019, so the two agree roughly at best.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from pcs_dash.tables.errors import UserError
from pcs_dash.travel.minutes import factors, minutes_per_km

MINUTES = 20
# Per cent of the population within a 20-minute walk, abstract of the paper.
PAPER = {
    "all": 84.8,
    "most deprived tenth": 98.2,
    "least deprived tenth": 81.2,
    "urban": 94.2,
    "village, hamlet or isolated": 19.4,
}


def walking_shares(lsoas: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """Ours beside the paper's, index group (`PAPER`): lsoas, people, paper, straight, modelled.

    `lsoas`: easting, northing, people, imd_decile, rural_urban (the class of 2011 in words; may be
    missing); `practices`: easting, northing. Per cent of people: `straight` without detour, at the
    speed of the model; `modelled` with its detour. UserError where nobody or nothing has a place.
    """
    placed = practices.dropna(subset=["easting", "northing"])
    known = lsoas.dropna(subset=["easting", "northing", "people"])
    if placed.empty or not known["people"].sum() > 0:
        raise UserError("No practice, or nobody, has a known position here.")
    far, _ = cKDTree(placed[["easting", "northing"]]).query(known[["easting", "northing"]])
    detour = minutes_per_km("walk") / 1_000
    straight = detour / factors()["detour"].central
    kind = known["rural_urban"].astype("object")
    groups = {
        "all": np.ones(len(known), bool),
        "most deprived tenth": known["imd_decile"] == 1,
        "least deprived tenth": known["imd_decile"] == 10,
        "urban": kind.str.startswith("Urban").eq(True),
        "village, hamlet or isolated": kind.str.contains("village|hamlet", case=False).eq(True),
    }
    rows = []
    for name, paper in PAPER.items():
        people = known["people"].to_numpy(float) * np.asarray(groups[name], float)
        total = people.sum()
        within = [
            100 * people[far * pace <= MINUTES].sum() / total if total else np.nan
            for pace in (straight, detour)
        ]
        rows.append((name, int((people > 0).sum()), total, paper, *within))
    columns = ["group", "lsoas", "people", "paper", "straight", "modelled"]
    return pd.DataFrame(rows, columns=columns).set_index("group")
