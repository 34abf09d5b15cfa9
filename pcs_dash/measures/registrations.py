"""Who lives where: catchments, LSOA ratios, deprivation, distance, overlap, from registrations.

Tables in, tables out. `registrations` has practice_code, lsoa_code, patients, one row a pair.
The functions compute with the exact figures: `pcs_dash.measures.small_numbers` hides small counts
before anything is shown or exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pcs_dash.measures.numbers import number
from pcs_dash.tables.constants import QUINTILES
from pcs_dash.tables.errors import UserError


def _by_text(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table under its index as text (a category loses its unused values), of that name."""
    return table.set_axis(pd.Index(table.index.astype("str"), name=name))


def _group_of(
    registrations: pd.DataFrame, groups: pd.Series | Mapping[str, str] | None
) -> pd.Series:
    """The group of each row's practice, missing for none; its code without `groups`."""
    codes = registrations["practice_code"].astype("str")
    return codes if groups is None else codes.map(pd.Series(groups, dtype="str"))


def lsoa_totals(registrations: pd.DataFrame) -> pd.Series:
    """Registered patients of each LSOA over all practices given; index lsoa_code."""
    return registrations.groupby("lsoa_code", observed=True)["patients"].sum()


def catchment(
    registrations: pd.DataFrame, codes: Iterable[str], *, totals: pd.Series | None = None
) -> pd.DataFrame:
    """Where the patients of a practice or hub live: index lsoa_code, sorted by patients.

    Columns: patients (of these practices), lsoa_patients (registered there with anyone),
    share (of the LSOA's patients, 0 to 1), share_of_list (of the practices' patients).
    `totals`: registered patients by LSOA over all England; without it those of the registrations
    given, which is right only when they hold every practice that the LSOAs use.
    """
    wanted = set(codes)
    ours = registrations[registrations["practice_code"].isin(wanted)]
    if ours.empty:
        raise UserError(
            "No registrations by LSOA are loaded for: " + ", ".join(sorted(wanted)[:10]) + "."
        )
    patients = ours.groupby("lsoa_code", observed=True)["patients"].sum()
    everyone = lsoa_totals(registrations) if totals is None else totals
    table = pd.DataFrame({"patients": patients})
    table["lsoa_patients"] = everyone.reindex(table.index).astype("float64")
    table["share"] = table["patients"] / table["lsoa_patients"]
    table["share_of_list"] = table["patients"] / table["patients"].sum()
    table = _by_text(table, "lsoa_code")
    order = np.lexsort((table.index.to_numpy(str), -table["patients"].to_numpy()))
    return table.iloc[order]


def core_catchment(table: pd.DataFrame, *, share_of_list: float = 0.8) -> pd.DataFrame:
    """The LSOAs with most patients that together hold this share of the list."""
    before = table["share_of_list"].cumsum() - table["share_of_list"]
    return table[before < share_of_list]


def patients_per_fte_gp_by_lsoa(registrations: pd.DataFrame, fte: pd.Series) -> pd.DataFrame:
    """Patients per FTE GP of each LSOA: its patients over the FTE they draw on.

    Each practice's FTE is shared out over LSOAs in proportion to its registered patients.
    `fte`: index practice_code, missing where not reported; such practices leave both sums.
    A practice with FTE 0 stays in: its patients have no GP. Returns index lsoa_code: patients,
    patients_in_ratio, fte_gp, patients_per_fte_gp (missing where FTE is 0 or unknown).
    The FTE shares of all LSOAs, unknown places included, add up to the practices' FTE.
    """
    list_size = registrations.groupby("practice_code", observed=True)["patients"].sum()
    per_patient = (fte.reindex(list_size.index) / list_size.where(list_size > 0)).astype("float64")
    rate = registrations["practice_code"].map(per_patient).astype("float64")
    summed = _sums_by("lsoa_code", registrations, rate, ("patients_in_ratio", "fte_gp"))
    ratio = summed["patients_in_ratio"] / summed["fte_gp"].where(summed["fte_gp"] > 0)
    return _by_text(summed.assign(patients_per_fte_gp=ratio), "lsoa_code")


def _sums_by(
    key: str, registrations: pd.DataFrame, figure: pd.Series, names: tuple[str, str]
) -> pd.DataFrame:
    """Sums by a column: patients; those whose figure is known, and patients x figure (`names`)."""
    patients, known = registrations["patients"], figure.notna()
    parts = (patients.where(known, 0), (patients * figure).where(known, 0.0))
    frame = pd.DataFrame({"patients": patients, **dict(zip(names, parts, strict=True))})
    return frame.groupby(registrations[key], observed=True).sum()


def patient_weighted(registrations: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """Mean of an LSOA's value over each practice's patients: index practice_code.

    `values`: index LSOA code. Columns value, patients, patients_matched: patients in LSOAs
    without a value (unknown place, Wales) leave the mean and are counted.
    """
    value = registrations["lsoa_code"].map(values).astype("float64")
    summed = _sums_by("practice_code", registrations, value, ("patients_matched", "weighted"))
    matched = summed["patients_matched"]
    mean = summed["weighted"] / matched.where(matched > 0)
    return _by_text(summed.drop(columns="weighted").assign(value=mean), "practice_code")


def quintile_mix(registrations: pd.DataFrame, quintile: pd.Series) -> pd.DataFrame:
    """Each practice's patients by national quintile of their LSOA: index practice_code, columns
    patients_quintile_1 .. _5 and patients_unknown (outside England or unknown place).
    """
    of_row = registrations["lsoa_code"].map(quintile).astype("Int64")
    table = registrations.assign(quintile=of_row.fillna(0).astype("int64"))
    counts = table.pivot_table(
        "patients", "practice_code", "quintile", aggfunc="sum", fill_value=0, observed=True
    ).reindex(columns=[*QUINTILES, 0], fill_value=0)
    counts.columns = [*(f"patients_quintile_{q}" for q in QUINTILES), "patients_unknown"]
    return _by_text(counts.astype("int64"), "practice_code")


@dataclass(frozen=True)
class Agreement:
    """How a recomputed figure agrees with the published one, over `n` practices."""

    n: int
    pearson: float
    mean_absolute_difference: float
    largest_absolute_difference: float
    largest_at: str

    @property
    def sentence(self) -> str:
        """How well the two figures agree, in words."""
        return (
            f"Over {self.n:,} practices the recomputed and the published figure correlate at "
            f"{number(self.pearson, 3)}; they differ by "
            f"{number(self.mean_absolute_difference, 2)} on average "
            f"and by at most {number(self.largest_absolute_difference, 2)} ({self.largest_at})."
        )


def agreement(recomputed: pd.Series, published: pd.Series) -> Agreement:
    """Compare two series over the practices in both. UserError with fewer than three."""
    both = pd.concat([recomputed.rename("a"), published.rename("b")], axis=1, join="inner").dropna()
    if len(both) < 3:
        raise UserError("Fewer than three practices have both figures, so they can't be compared.")
    difference = both["a"] - both["b"]
    return Agreement(
        n=len(both),
        pearson=float(np.corrcoef(both["a"], both["b"])[0, 1]),
        mean_absolute_difference=float(difference.abs().mean()),
        largest_absolute_difference=float(difference.abs().max()),
        largest_at=str(difference.abs().idxmax()),
    )


def distances_to_practice(
    registrations: pd.DataFrame,
    practices: pd.DataFrame,
    points: pd.DataFrame,
    *,
    groups: pd.Series | Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """How far patients live from their practice, straight line: index practice_code.

    `practices`: index practice_code; `points`: index LSOA code; both with easting and northing
    in metres (EPSG:27700). `groups`: practice_code -> group (PCN, hub), then the index is the
    group: still each patient's distance to the own practice. Columns mean_km, median_km, p90_km
    (all by patients), patients, patients_placed: patients in LSOAs without a point are counted
    and left out.
    """
    east, north = (
        registrations["practice_code"].map(practices[axis]).astype("float64")
        - registrations["lsoa_code"].map(points[axis]).astype("float64")
        for axis in ("easting", "northing")
    )
    frame = pd.DataFrame(
        {
            "group": _group_of(registrations, groups),
            "patients": registrations["patients"],
            "km": np.hypot(east, north) / 1000,
        }
    )
    rows = []
    for name, group in frame.groupby("group"):
        km, weights = group.dropna(subset=["km"])[["km", "patients"]].to_numpy(float).T
        mean = float(np.average(km, weights=weights)) if weights.sum() else np.nan
        half, most = (weighted_quantile(km, weights, share) for share in (0.5, 0.9))
        rows.append((name, group["patients"].sum(), weights.sum(), mean, half, most))
    columns = ["group", "patients", "patients_placed", "mean_km", "median_km", "p90_km"]
    table = pd.DataFrame(rows, columns=columns).set_index("group")
    table.index.name = "practice_code" if groups is None else "group"
    return table


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The smallest value at or below which at least this share of the weight lies; NaN if none."""
    if weights.sum() <= 0:
        return float("nan")
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) >= share * weights.sum() - 1e-9
    return float(values[order][np.argmax(reached)])


def dominant(
    registrations: pd.DataFrame, groups: pd.Series | Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The practice (or group: PCN, hub) that most patients of each LSOA use: index lsoa_code.

    `groups`: practice_code -> group; practices without one leave the contest but stay in the
    LSOA's total. Columns dominant, patients, lsoa_patients, share. On a tie the first in
    alphabetical order.
    """
    by_group = (
        registrations.assign(dominant=_group_of(registrations, groups))
        .dropna(subset=["dominant"])
        .groupby(["lsoa_code", "dominant"], observed=True)["patients"]
        .sum()
        .reset_index()
        .sort_values(["lsoa_code", "patients", "dominant"], ascending=[True, False, True])
    )
    first = by_group.drop_duplicates("lsoa_code").set_index("lsoa_code")
    first["lsoa_patients"] = lsoa_totals(registrations).reindex(first.index)
    first["share"] = first["patients"] / first["lsoa_patients"]
    return _by_text(first, "lsoa_code").sort_index()


@dataclass(frozen=True)
class Overlap:
    """How far hubs share their patients' neighbourhoods.

    `hubs`: index hub; patients, patients_elsewhere (who live where most people use another hub
    or no hub), share_elsewhere. `matrix`: rows the hub of registration, columns the hub that
    most patients of the LSOA use; patients. Its row sums are the hubs' patients in LSOAs with a
    dominant hub.
    """

    hubs: pd.DataFrame
    matrix: pd.DataFrame


def hub_overlap(registrations: pd.DataFrame, hubs: pd.Series | Mapping[str, str]) -> Overlap:
    """Patients of each hub whose LSOA mostly uses another hub.

    `hubs`: practice_code -> hub; practices in no hub are left out of both sides. UserError when
    no practice with registrations is in a hub.
    """
    ours = registrations.assign(hub=_group_of(registrations, hubs)).dropna(subset=["hub"])
    if ours.empty:
        raise UserError("None of the practices in these hubs has registrations by LSOA.")
    home = dominant(registrations, hubs)["dominant"]
    by_lsoa = ours.groupby(["lsoa_code", "hub"], observed=True)["patients"].sum().reset_index()
    by_lsoa["mostly"] = by_lsoa["lsoa_code"].astype("str").map(home)
    matrix = by_lsoa.pivot_table(
        index="hub", columns="mostly", values="patients", aggfunc="sum", fill_value=0
    )
    names = sorted(set(matrix.index) | set(matrix.columns))
    matrix = matrix.reindex(index=names, columns=names, fill_value=0).astype("int64")
    patients = matrix.sum(axis=1)
    at_home = pd.Series(np.diag(matrix.to_numpy()), index=names)
    table = pd.DataFrame({"patients": patients, "patients_elsewhere": patients - at_home})
    table["share_elsewhere"] = table["patients_elsewhere"] / patients.where(patients > 0)
    return Overlap(table, matrix)
