"""The joins: embedded tables in, one table of practices and one of LSOAs out.

Every join states its cardinality, refuses rows that break it, and says in a JoinReport what did
not match. Nothing is dropped and nothing is filled in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from pcs_dash.tables import load
from pcs_dash.tables.areas import PLACES
from pcs_dash.tables.constants import (
    IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT,
    IMPLAUSIBLE_PATIENTS_PER_FTE_GP,
    LSOAS_IN_ENGLAND,
    QUINTILES,
)
from pcs_dash.tables.labels import labels_by_code
from pcs_dash.tables.no_value import NO_PCN
from pcs_dash.tables.paths import DATA_DIR, GEO_DIR
from pcs_dash.tables.sources import QUINTILE_MIX_PERIOD, WORKFORCE_PERIOD

Cardinality = Literal["1:1", "m:1"]
# GPs by age, from the youngest.
_AGED = tuple(
    f"TOTAL_GP_HC_{band}"
    for band in (
        "UNDER30", "30TO34", "35TO39", "40TO44", "45TO49", "50TO54", "55TO59", "60TO64", "65TO69",
        "70PLUS",
    )
)  # fmt: skip
# The project's name -> the columns of the workforce that it is the sum of.
_STAFF = {
    "gp_fte_all": ("TOTAL_GP_FTE",),
    "gp_fte_fully_qualified": ("TOTAL_GP_EXTG_FTE",),
    "gp_fte_permanent": ("TOTAL_GP_EXTGL_FTE",),
    "gp_headcount_all": ("TOTAL_GP_HC",),
    "gp_headcount_fully_qualified": ("TOTAL_GP_EXTG_HC",),
    "gp_headcount_permanent": ("TOTAL_GP_EXTGL_HC",),
    "gps_with_known_age": _AGED,
    "gps_55_plus": _AGED[6:],
    "gps_60_plus": _AGED[7:],
    "nurse_fte": ("TOTAL_NURSES_FTE",),
    "direct_care_fte": ("TOTAL_DPC_FTE",),
    "admin_fte": ("TOTAL_ADMIN_FTE",),
}


@dataclass(frozen=True)
class JoinReport:
    """What a join matched: `left_only` and `right_only` are the keys that found no partner."""

    name: str
    cardinality: str
    left_rows: int
    right_rows: int
    matched: int
    left_only: tuple[str, ...]
    right_only: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every row on both sides found its partner."""
        return not self.left_only and not self.right_only


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything the app shows, joined. Tables are shared: copy before changing one.

    `workforce_period` and `mix_period` say when the GP figures and the patients by quintile are
    from, for under the figures; `version` tells apart data sets whose practices share codes;
    `weighting`: how patients are counted where not as registered (`measures.weighted_lists`).
    """

    practices: pd.DataFrame
    lsoas: gpd.GeoDataFrame
    outlines: gpd.GeoDataFrame
    towns: gpd.GeoDataFrame
    published: pd.DataFrame
    reports: tuple[JoinReport, ...]
    workforce_period: str = WORKFORCE_PERIOD
    mix_period: str = QUINTILE_MIX_PERIOD
    version: str = "embedded"
    weighting: str = ""

    @cached_property
    def key(self) -> tuple[str, str]:
        """What tells this data set from every other, for what is kept of it: its version and how
        its patients are counted, and a checksum of the codes of its practices and LSOAs (those of
        two areas of one version differ).
        """
        codes = " ".join([*self.practices.index, *self.lsoas.index])
        return self.version + self.weighting, hashlib.sha256(codes.encode()).hexdigest()

    @property
    def mix_words(self) -> str:
        """`mix_period` for a sentence: "July 2023", "a month that is not loaded"."""
        return self.mix_period or "a month that is not loaded"

    @property
    def has_gps(self) -> bool:
        """Whether any practice has a GP figure."""
        return bool(self.practices["gp_fte_all"].notna().any())


def join(
    left: pd.DataFrame, right: pd.DataFrame, *, on: str, cardinality: Cardinality, name: str
) -> tuple[pd.DataFrame, JoinReport]:
    """Left join on a column, keeping every left row, with a report of what did not match.

    `cardinality` is "1:1" or "m:1"; pandas' MergeError is raised where the keys break it. Left
    rows without a partner stay, with missing values; right rows without one are only reported.
    """
    joined = left.merge(right, on=on, how="left", validate=cardinality)
    return joined, report_of(name, cardinality, left[on], right[on])


def report_of(name: str, cardinality: str, left: pd.Series, right: pd.Series) -> JoinReport:
    """What a join on these keys matches."""
    has_partner = left.isin(right)
    return JoinReport(
        name,
        cardinality,
        len(left),
        len(right),
        int(has_partner.sum()),
        tuple(sorted(set(left[~has_partner].astype(str)))),
        tuple(sorted(set(right.dropna()) - set(left.dropna()))),
    )


def _joined(
    table: pd.DataFrame, others: Iterable[tuple[str, pd.DataFrame, str, Cardinality]]
) -> tuple[pd.DataFrame, list[JoinReport]]:
    """One `join` after another: name, right table, column and cardinality of each."""
    reports = []
    for name, right, on, cardinality in others:
        table, report = join(table, right, on=on, cardinality=cardinality, name=name)
        reports.append(report)
    return table, reports


def with_words(table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """The table with these columns of text, missing throughout where it lacks one."""
    lacking = [column for column in columns if column not in table.columns]
    return table.assign(**{c: pd.Series(pd.NA, table.index, dtype="str") for c in lacking})


def quintile_of_rank(rank: pd.Series, lsoas: int) -> pd.Series:
    """National quintile of a rank (1 = most deprived fifth); ranks may be means of parts."""
    return np.ceil(rank * 5 / lsoas).astype("Int64")


def build_practices(folder: Path = DATA_DIR) -> tuple[pd.DataFrame, tuple[JoinReport, ...]]:
    """One row a practice, index practice_code: who, where, list, FTE, deprivation, flags."""
    mixes = {
        edition: _quintile_columns(load.load_quintile_mix(edition, folder), edition)
        for edition in ("2019", "2025")
    }
    workforce = _workforce_measures(load.load_workforce(folder))
    context = load.load_context(folder).rename(columns=_CONTEXT_NAMES)
    table, reports = _joined(
        load.load_practices(folder),
        [
            ("practices with workforce", workforce, "practice_code", "1:1"),
            ("practices with context", context, "practice_code", "1:1"),
            ("practices with IMD 2019 quintile mix", mixes["2019"], "practice_code", "1:1"),
            ("practices with IMD 2025 quintile mix", mixes["2025"], "practice_code", "1:1"),
            ("practices with sub-ICB place", _places(), "sub_icb_code", "m:1"),
            ("PCN codes", load.load_pcn_codes(folder), "pcn_name", "m:1"),
        ],
    )
    with_code = reports.pop()
    districts = load.load_lsoa_areas(folder)["lad_name"].drop_duplicates()
    reports += [
        _pcn_report(table),
        _pcn_code_report(table, with_code),
        report_of("practices with district", "m:1", table["lad_name"], districts),
    ]
    table = table.rename(
        columns={"lad_code": "district_code", "lad_name": "district", "pcn_name": "pcn"}
    )
    table["pcn"] = labels_by_code(table["pcn_code"], table["pcn"].mask(table["pcn"].isin(NO_PCN)))
    return flag(_placed(table.set_index("practice_code").sort_index())), tuple(reports)


def _placed(practices: pd.DataFrame) -> pd.DataFrame:
    """Degrees from easting and northing, by the transformation that draws the boundaries.

    Code-Point Open gives eastings and northings; the latitudes and longitudes published beside
    them come from elsewhere and are up to 74 m off (F81025), so a map and a drawn shape would
    disagree.
    """
    at = gpd.GeoSeries.from_xy(practices["easting"], practices["northing"], crs=27700).to_crs(4326)
    return practices.assign(latitude=at.y, longitude=at.x)


_CONTEXT_NAMES = {
    "imd2025_score_patient_weighted": "imd_score",
    "appointments_2026_06_to_08": "appointments",
    "gp_appointments_2026_06_to_08": "gp_appointments",
}


def _places() -> pd.DataFrame:
    return pd.DataFrame({"sub_icb_code": list(PLACES), "place": list(PLACES.values())})


def _workforce_measures(workforce: pd.DataFrame) -> pd.DataFrame:
    """The workforce columns the measures use, under the project's names."""
    return pd.DataFrame(
        {
            "practice_code": workforce["practice_code"],
            "patients": workforce["TOTAL_PATIENTS"],
            **staff_figures(workforce),
        }
    )


def staff_figures(workforce: pd.DataFrame) -> dict[str, pd.Series]:
    """GPs and staff by the project's names, of those columns of the workforce that are there; the
    ages of GPs only where every band is.
    """
    there = set(workforce.columns)
    figures = {}
    for name, columns in _STAFF.items():
        if there.issuperset(_AGED if columns[0] in _AGED else columns):
            figures[name] = workforce[[*columns]].sum(axis=1, skipna=False)
    return figures


def _quintile_columns(mix: pd.DataFrame, edition: str) -> pd.DataFrame:
    names = {f"patients_quintile_{q}": f"imd{edition}_patients_quintile_{q}" for q in QUINTILES}
    names["patients_outside_england_or_unknown"] = f"imd{edition}_patients_unknown"
    return mix.rename(columns=names)


def flag(practices: pd.DataFrame) -> pd.DataFrame:
    """Flags that stand beside a figure; a missing figure raises none."""
    ratio = practices["patients"] / practices["gp_fte_fully_qualified"].replace(0, np.nan)
    appointments = practices["appointments"] / practices["list_size_2025_12"]
    return practices.assign(
        flag_low_fte=ratio > IMPLAUSIBLE_PATIENTS_PER_FTE_GP,
        flag_appointments=appointments > IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT,
        single_handed=practices["gp_headcount_permanent"] == 1,
    )


def _pcn_report(table: pd.DataFrame) -> JoinReport:
    """PCNs are named in the practice table itself: a PCN has many practices, a practice one."""
    without = table.loc[table["pcn_name"].isin(NO_PCN), "practice_code"]
    pcns = table.loc[~table["pcn_name"].isin(NO_PCN), "pcn_name"].nunique()
    return JoinReport(
        "practices with PCN",
        "m:1",
        len(table),
        pcns,
        len(table) - len(without),
        tuple(sorted(without)),
        (),
    )


def _pcn_code_report(table: pd.DataFrame, joined: JoinReport) -> JoinReport:
    """A PCN is its code; those without one are kept apart by name, and named here."""
    named = table.loc[~table["pcn_name"].isin(NO_PCN)].drop_duplicates("pcn_name")
    without = named.loc[named["pcn_code"].isna(), "pcn_name"]
    return JoinReport(
        "PCNs with their code (without one: by name)",
        "1:1",
        len(named),
        joined.right_rows,
        len(named) - len(without),
        tuple(sorted(without)),
        tuple(name for name in joined.right_only if name not in NO_PCN),
    )


def build_lsoas(
    folder: Path = DATA_DIR, geo_folder: Path = GEO_DIR
) -> tuple[gpd.GeoDataFrame, tuple[JoinReport, ...]]:
    """One row a 2011 LSOA, index lsoa11cd, EPSG:27700: both IMD editions and the boundary."""
    carried, split_report = carry_imd2025(load.load_imd2025(folder), load.load_lsoa_splits(folder))
    table, reports = _joined(
        load.load_lsoa_areas(folder),
        [
            ("LSOAs with boundary", load.load_boundaries(geo_folder), "lsoa11cd", "1:1"),
            ("LSOAs with IMD 2019", load.load_imd2019(folder), "lsoa11cd", "1:1"),
            ("LSOAs with IMD 2025 carried to 2011 boundaries", carried, "lsoa11cd", "1:1"),
            ("LSOAs with sub-ICB place", _places(), "sub_icb_code", "m:1"),
        ],
    )
    reports.insert(2, split_report)
    for edition in ("2019", "2025"):
        table[f"imd{edition}_quintile"] = quintile_of_rank(
            table[f"imd{edition}_rank"], LSOAS_IN_ENGLAND[edition]
        )
    frame = gpd.GeoDataFrame(
        table.rename(columns={"lad_name": "district"}).set_index("lsoa11cd").sort_index(),
        geometry="geometry",
        crs=27700,
    )
    return frame, tuple(reports)


def carry_imd2025(imd2025: pd.DataFrame, splits: pd.DataFrame) -> tuple[pd.DataFrame, JoinReport]:
    """IMD 2025 ranks by 2011 LSOA: unchanged codes as they are, split ones by their parts' mean.

    Returns lsoa11cd, imd2025_rank (float), imd2025_split, imd2025_parts (each part's code, rank
    and decile in words, empty where not split), and the report of the join of parts to ranks.
    """
    parts, report = join(
        splits, imd2025, on="lsoa21cd", cardinality="1:1", name="parts of split LSOAs with IMD 2025"
    )
    # Ranks outside the splits are the unchanged LSOAs, so only missing parts are worth reporting.
    report = replace(report, right_only=())
    words = [_part_in_words(part) for part in parts.itertuples()]
    by_parent = parts.assign(words=words).groupby("lsoa11cd", sort=True)
    split = pd.DataFrame(
        {
            # skipna would take a mean of the parts that are known as the mean of all.
            "imd2025_rank": by_parent["imd2025_rank"].agg(lambda ranks: ranks.mean(skipna=False)),
            "imd2025_split": True,
            "imd2025_parts": by_parent["words"].agg("; ".join),
        }
    ).reset_index()
    unchanged = imd2025[~imd2025["lsoa21cd"].isin(splits["lsoa21cd"])]
    whole = pd.DataFrame(
        {
            "lsoa11cd": unchanged["lsoa21cd"],
            "imd2025_rank": unchanged["imd2025_rank"].astype(float),
            "imd2025_split": False,
            "imd2025_parts": "",
        }
    )
    return pd.concat([whole, split], ignore_index=True), report


def _part_in_words(part: Any) -> str:
    if pd.isna(part.imd2025_rank):
        return f"{part.lsoa21cd}: rank missing"
    return f"{part.lsoa21cd}: rank {part.imd2025_rank:,.0f}, decile {part.imd2025_decile:.0f}"


def build_dataset(folder: Path = DATA_DIR, geo_folder: Path = GEO_DIR) -> Dataset:
    """Everything embedded, read, validated and joined."""
    practices, practice_reports = build_practices(folder)
    lsoas, lsoa_reports = build_lsoas(folder, geo_folder)
    return Dataset(
        practices=practices,
        lsoas=lsoas,
        outlines=load.load_outlines(geo_folder),
        towns=load.load_towns(geo_folder),
        published=load.load_published_figures(folder),
        reports=practice_reports + lsoa_reports,
    )
