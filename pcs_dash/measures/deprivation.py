"""Deprivation of LSOAs and of the people registered with practices.

Quintile 1 is the most deprived fifth of England's LSOAs, in either edition of the IMD.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pcs_dash.measures.small_numbers import hidden_cells, shown_shares
from pcs_dash.tables.constants import IMD_EDITIONS, QUINTILES
from pcs_dash.tables.errors import UserError

DEFAULT_EDITION = "2025"
QUINTILE_LABELS = {1: "1 (most deprived)", 2: "2", 3: "3", 4: "4", 5: "5 (least deprived)"}


def imd_edition(text: str) -> str:
    """The edition, or a UserError that names those there are."""
    if text not in IMD_EDITIONS:
        raise UserError(f"There is no IMD edition '{text}'. Choose 2025 or 2019.")
    return text


def quintile_columns(edition: str = DEFAULT_EDITION) -> list[str]:
    """The practice table's five columns of patients by quintile, 1 (most deprived) first."""
    return [f"imd{imd_edition(edition)}_patients_quintile_{q}" for q in QUINTILES]


def patients_by_quintile(practices: pd.DataFrame, edition: str = DEFAULT_EDITION) -> pd.Series:
    """Registered patients by national quintile of the LSOA they live in, index 1 to 5; exact."""
    sums = practices[quintile_columns(edition)].sum()
    return pd.Series(sums.to_numpy(), index=pd.Index(QUINTILES, name="quintile"), name="patients")


def shown_patients_by_quintile(
    practices: pd.DataFrame, edition: str = DEFAULT_EDITION
) -> pd.Series:
    """The same as it may be shown: missing where a count is small, or would tell a small one."""
    counts = patients_by_quintile(practices, edition).astype("float64")
    unknown = patients_of_unknown_quintile(practices, edition)
    return counts.mask(hidden_cells(np.array([*counts, float(unknown)]))[:-1])


def patients_of_unknown_quintile(practices: pd.DataFrame, edition: str = DEFAULT_EDITION) -> int:
    """Patients living outside England or in no known LSOA: in no quintile, in no share."""
    return int(practices[f"imd{imd_edition(edition)}_patients_unknown"].sum())


def without_small_counts(practices: pd.DataFrame) -> pd.DataFrame:
    """The practices with their patients by quintile as they may be exported, both editions."""
    result = practices.copy()
    for edition in IMD_EDITIONS:
        columns = [*quintile_columns(edition), f"imd{edition}_patients_unknown"]
        counts = practices[columns].astype("float64")
        rows = [hidden_cells(row) for row in counts.to_numpy()]
        hidden = np.array(rows, dtype=bool).reshape(counts.shape)
        result[columns] = counts.mask(hidden).astype("Int64")
    return result


def quintile_shares(practices: pd.DataFrame, edition: str = DEFAULT_EDITION) -> pd.DataFrame:
    """Each practice's share of patients by quintile (0 to 1), columns 1 to 5, same index.

    Shares are of the patients whose quintile is known; missing where there are none. To be shown:
    those that rest on small counts are rounded (`small_numbers.shown_shares`).
    """
    return _shares(practices[quintile_columns(edition)])


def _shares(counts: pd.DataFrame) -> pd.DataFrame:
    shares = shown_shares(counts.to_numpy(dtype=float, na_value=np.nan))
    return pd.DataFrame(shares, index=counts.index, columns=pd.Index(QUINTILES, name="quintile"))


def group_quintile_shares(
    practices: pd.DataFrame, by: str | pd.Series, edition: str = DEFAULT_EDITION
) -> pd.DataFrame:
    """Share of patients by quintile of each group of practices: sums over sums, columns 1 to 5;
    as they may be shown.
    """
    keys = practices[by] if isinstance(by, str) else by.reindex(practices.index)
    return _shares(practices[quintile_columns(edition)].groupby(keys).sum())


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
    shares = group_quintile_shares(practices, "district", edition)[1]
    shares = shares.rename("share_patients_quintile_1")
    table = by_lsoa.join([by_practice, shares], how="outer")
    whole = ["lsoas", "lsoas_quintile_1", "practices", "patients"]
    return table.astype(dict.fromkeys(whole, "Int64")).rename_axis("district")
