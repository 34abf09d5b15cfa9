"""The one sum engine: what each practice adds to its group, the sums, and what they come to.

Areas, PCNs, districts and hubs are summed here and nowhere else, so that a group has the same
figures wherever it is shown. Ratios are sums over sums; a missing figure adds nothing and is
counted; nothing over nothing is missing. Works on arrays throughout: hubs are summed at every
click.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pcs_dash.tables.constants import MINIMUM_GP_WTE, MINIMUM_LIST, PER_PATIENTS

Floats = NDArray[np.float64]
Groups = NDArray[np.intp]
Flags = NDArray[np.bool_]

# Counts of practices and of patients.
COUNTS = (
    "practices",
    "practices_without_fte",
    "patients",
    "patients_in_ratio",
    "below_4500",
    "below_2_5_wte",
    "single_handed",
    "practices_without_nurse_figure",
    "practices_without_direct_care_figure",
    "flagged_low_fte",
)


# Counts that nobody knows of a group whose practices report no GPs.
COUNTS_OF_GPS = ("below_2_5_wte", "single_handed", "flagged_low_fte")


def whole_counts(groups: pd.DataFrame) -> pd.DataFrame:
    """Groups for a file or a command: counts stay whole numbers where one of them is missing."""
    return groups.astype(dict.fromkeys(COUNTS_OF_GPS, "Int64"))


def column(practices: pd.DataFrame, name: str) -> Floats:
    """A column as floats, shape (n,), NaN where it is missing."""
    return practices[name].to_numpy(dtype=float, na_value=np.nan)


def capacity_summands(practices: pd.DataFrame, fte_column: str) -> dict[str, Floats]:
    """What each practice adds to its group's sums, shape (n,) each; NaN where it adds nothing.

    A practice counts in a ratio only where both its list and its FTE are known.
    """
    patients, fte = column(practices, "patients"), column(practices, fte_column)
    nurses, direct = column(practices, "nurse_fte"), column(practices, "direct_care_fte")
    imd = column(practices, "imd_score")
    reported = ~np.isnan(patients) & ~np.isnan(fte)
    scored = ~np.isnan(patients) & ~np.isnan(imd)
    return {
        "practices": np.ones(len(practices)),
        "practices_without_fte": (~reported).astype(float),
        "patients": patients,
        "patients_in_ratio": np.where(reported, patients, 0),
        "fte_gp": np.where(reported, fte, 0),
        "below_4500": (patients < MINIMUM_LIST).astype(float),
        "below_2_5_wte": (fte < MINIMUM_GP_WTE).astype(float),
        "single_handed": column(practices, "single_handed"),
        "known_age": column(practices, "gps_with_known_age"),
        "aged_55": column(practices, "gps_55_plus"),
        "aged_60": column(practices, "gps_60_plus"),
        "nurse_fte": nurses,
        "practices_without_nurse_figure": np.isnan(nurses).astype(float),
        "direct_care_fte": direct,
        "practices_without_direct_care_figure": np.isnan(direct).astype(float),
        "flagged_low_fte": column(practices, "flag_low_fte"),
        "patients_with_imd": np.where(scored, patients, 0),
        "imd_times_patients": np.where(scored, imd * patients, 0),
    }


def stacked(summands: Mapping[str, Floats]) -> Floats:
    """Summands as one matrix, shape (n, number of them), nothing missing."""
    return np.nan_to_num(np.column_stack(list(summands.values())).astype(float))


def sorted_groups(group: Groups) -> tuple[Groups, Groups, Groups]:
    """Positions ordered by group, the groups there are, and where each starts in that order."""
    order = np.argsort(group, kind="stable")
    filled, starts = np.unique(group[order], return_index=True)
    return order, filled, starts


def sums_by_group(summands: Floats, group: Groups, number: int) -> Floats:
    """Sums of the summands, shape (number, columns): row g of the practices whose group is g.

    A group without practices has sums of 0.
    """
    totals = np.zeros((number, summands.shape[1]))
    order, filled, starts = sorted_groups(group)
    if len(filled):
        totals[filled] = np.add.reduceat(summands[order], starts, axis=0)
    return totals


def over(top: Floats, bottom: Floats) -> Floats:
    """A quotient, of any shape, that is missing where there is nothing to divide by."""
    missing = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    return np.divide(top, bottom, out=missing, where=bottom > 0)


def ratio_by_group(top: pd.Series, bottom: pd.Series, groups: pd.Series) -> pd.DataFrame:
    """The sum of `top` over the sum of `bottom` of each group, over the rows where both are known.

    Index: the groups, sorted; a row whose group is missing is in none. Columns: value (missing
    where there is nothing to divide by) and n, the rows it rests on.
    """
    codes, names = pd.factorize(groups.reindex(top.index), sort=True)
    parts = np.column_stack([each.to_numpy(float, na_value=np.nan) for each in (top, bottom)])
    known = ~np.isnan(parts).any(axis=1) & (codes >= 0)
    summands = np.column_stack([parts, np.ones(len(parts))])[known]
    sums = sums_by_group(summands, codes[known], len(names))
    found = {"value": over(sums[:, 0], sums[:, 1]), "n": sums[:, 2].astype(np.int64)}
    return pd.DataFrame(found, index=names)


def capacity(sums: Mapping[str, Floats], benchmark: float | None) -> dict[str, NDArray[Any]]:
    """Every capacity measure of groups from their sums; definitions in `measures.register`.

    Counts are whole numbers. A sum or a count that rests on what none of a group's practices
    reports is missing, not 0 (and the count then a float).
    """
    practices = sums["practices"]

    def unreported(missing: str) -> NDArray[np.bool_]:
        # An empty group has a sum of 0; a group of practices without figures has none.
        return np.asarray((sums[missing] == practices) & (practices > 0))

    def where_reported(name: str, missing: str) -> Floats:
        return np.where(unreported(missing), np.nan, sums[name])

    fte = where_reported("fte_gp", "practices_without_fte")
    patients = sums["patients_in_ratio"]
    per_patient = over(fte, patients)
    gap = np.full(len(fte), np.nan) if benchmark is None else patients / benchmark - fte
    counts: dict[str, NDArray[Any]] = {
        name: np.rint(sums[name]).astype(np.int64) for name in COUNTS
    }
    if unreported("practices_without_fte").any():
        for name in COUNTS_OF_GPS:
            counts[name] = where_reported(name, "practices_without_fte")
    return {
        **counts,
        "fte_gp": fte,
        "patients_per_fte_gp": over(patients, fte),
        "gps_per_1000": 1_000 * per_patient,
        "gps_per_10000": PER_PATIENTS * per_patient,
        "fte_gap": gap,
        "single_handed_share": over(
            where_reported("single_handed", "practices_without_fte"), practices
        ),
        "share_gps_55_plus": over(sums["aged_55"], sums["known_age"]),
        "share_gps_60_plus": over(sums["aged_60"], sums["known_age"]),
        "nurse_fte": where_reported("nurse_fte", "practices_without_nurse_figure"),
        "direct_care_fte": where_reported(
            "direct_care_fte", "practices_without_direct_care_figure"
        ),
        "imd_score": over(sums["imd_times_patients"], sums["patients_with_imd"]),
    }
