"""Deprivation of LSOAs and of the people registered with practices.

Quintile 1 is the most deprived fifth of England's LSOAs, in either edition of the IMD.
"""

from __future__ import annotations

import pandas as pd

from pcs_dash.build import IMD_EDITIONS, QUINTILES
from pcs_dash.errors import UserError

DEFAULT_EDITION = "2025"
QUINTILE_LABELS = {
    1: "1 (most deprived)",
    2: "2",
    3: "3",
    4: "4",
    5: "5 (least deprived)",
}


def imd_edition(text: str) -> str:
    """The edition, or a UserError that names those there are."""
    if text not in IMD_EDITIONS:
        raise UserError(f"There is no IMD edition '{text}'. Choose 2025 or 2019.")
    return text


def quintile_columns(edition: str = DEFAULT_EDITION) -> list[str]:
    """The practice table's five columns of patients by quintile, 1 (most deprived) first."""
    return [f"imd{imd_edition(edition)}_patients_quintile_{q}" for q in QUINTILES]


def patients_by_quintile(practices: pd.DataFrame, edition: str = DEFAULT_EDITION) -> pd.Series:
    """Patients (July 2023) by national quintile of the LSOA they live in, index 1 to 5."""
    sums = practices[quintile_columns(edition)].sum()
    return pd.Series(sums.to_numpy(), index=pd.Index(QUINTILES, name="quintile"), name="patients")


def patients_of_unknown_quintile(practices: pd.DataFrame, edition: str = DEFAULT_EDITION) -> int:
    """Patients living outside England or in no known LSOA: in no quintile, in no share."""
    return int(practices[f"imd{imd_edition(edition)}_patients_unknown"].sum())


def quintile_shares(practices: pd.DataFrame, edition: str = DEFAULT_EDITION) -> pd.DataFrame:
    """Each practice's share of patients by quintile (0 to 1), columns 1 to 5, same index.

    Shares are of the patients whose quintile is known; missing where there are none.
    """
    counts = practices[quintile_columns(edition)]
    shares = counts.div(counts.sum(axis=1).where(lambda total: total > 0), axis=0)
    return shares.set_axis(pd.Index(QUINTILES, name="quintile"), axis=1)


def group_quintile_shares(
    practices: pd.DataFrame, by: str | pd.Series, edition: str = DEFAULT_EDITION
) -> pd.DataFrame:
    """Share of patients by quintile of each group of practices: sums over sums, columns 1 to 5."""
    keys = practices[by] if isinstance(by, str) else by.reindex(practices.index)
    counts = practices[quintile_columns(edition)].groupby(keys).sum()
    shares = counts.div(counts.sum(axis=1).where(lambda total: total > 0), axis=0)
    return shares.set_axis(pd.Index(QUINTILES, name="quintile"), axis=1)


def lsoas_by_quintile(lsoas: pd.DataFrame, edition: str = DEFAULT_EDITION) -> pd.Series:
    """Number of LSOAs in each national quintile, index 1 to 5 (0 where there are none)."""
    counts = lsoas[f"imd{imd_edition(edition)}_quintile"].value_counts()
    return counts.reindex(pd.Index(QUINTILES, name="quintile"), fill_value=0).rename("lsoas")


def district_table(
    practices: pd.DataFrame, lsoas: pd.DataFrame, edition: str = DEFAULT_EDITION
) -> pd.DataFrame:
    """One row a district: LSOAs, those in quintile 1, patients, their share in quintile 1, IMD.

    Districts come from both tables: one with practices but no LSOAs here (Redbridge) has missing
    LSOA figures, not zeros.
    """
    quintile = lsoas[f"imd{imd_edition(edition)}_quintile"]
    by_lsoa = pd.DataFrame(
        {
            "lsoas": lsoas.groupby("district").size(),
            "lsoas_quintile_1": (quintile == 1).groupby(lsoas["district"]).sum(),
        }
    )
    by_lsoa["share_lsoas_quintile_1"] = by_lsoa["lsoas_quintile_1"] / by_lsoa["lsoas"]
    weighted = (practices["imd_score"] * practices["patients"]).groupby(practices["district"])
    known = practices["patients"].where(practices["imd_score"].notna())
    by_practice = pd.DataFrame(
        {
            "practices": practices.groupby("district").size(),
            "patients": practices.groupby("district")["patients"].sum(),
            "imd_score": weighted.sum(min_count=1) / known.groupby(practices["district"]).sum(),
        }
    )
    shares = group_quintile_shares(practices, "district", edition)[1].rename(
        "share_patients_quintile_1"
    )
    table = by_lsoa.join([by_practice, shares], how="outer")
    whole = ["lsoas", "lsoas_quintile_1", "practices", "patients"]
    return table.astype(dict.fromkeys(whole, "Int64")).rename_axis("district")
