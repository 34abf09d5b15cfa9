"""Reading the embedded tables: one function a table, typed and validated.

Every reader refuses what its schema in `schemas.py` does not allow, with an error that names the
file, the row and the column.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import pandera.errors
import pandera.pandas as pa

from pcs_dash.tables import schemas
from pcs_dash.tables.errors import InputFileError
from pcs_dash.tables.no_value import NOT_SUPPLIED
from pcs_dash.tables.paths import DATA_DIR, GEO_DIR

MOST_FAULTS_NAMED = 10
_LAYOUT_FAULTS = {
    "column_in_dataframe": "is missing",
    "column_in_schema": "is not expected in this file",
}


def read_table(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """A CSV as a table of the schema's types. Raises InputFileError naming rows and columns."""
    if not path.is_file():
        raise InputFileError(path.name, ["The file is not there. Restore it from the repository."])
    table = pd.read_csv(path, na_values=list(NOT_SUPPLIED), keep_default_na=False)
    try:
        return schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as error:
        raise InputFileError(path.name, _faults(error.failure_cases)) from None


class _Case(NamedTuple):
    """A row of pandera's table of failure cases."""

    schema_context: str
    column: str
    check: str
    failure_case: object
    index: Any


def _faults(cases: pd.DataFrame) -> list[str]:
    """Sentences for pandera's failure cases, columns first. Line 1 of the file is its header."""
    # A check of the whole table comes back once a column of the row that fails it.
    whole = cases["schema_context"] != "Column"
    once = pd.concat([cases[~whole], cases[whole].drop_duplicates(["index", "check"])])
    sentences = []
    for case in map(_Case._make, once[list(_Case._fields)].head(MOST_FAULTS_NAMED).to_numpy()):
        line = f"line {int(case.index) + 2}, " if pd.notna(case.index) else ""
        if case.check in _LAYOUT_FAULTS:
            sentences.append(f"column '{case.failure_case}' {_LAYOUT_FAULTS[case.check]}.")
            continue
        if case.schema_context == "Column":
            where = f"{line}column '{case.column}': {case.failure_case!r} fails the check"
        else:
            where = f"{line}the table: {case.failure_case!r} fails the check"
        sentences.append(f"{where} {case.check}.")
    if len(once) > MOST_FAULTS_NAMED:
        sentences.append(f"And {len(once) - MOST_FAULTS_NAMED:,} more.")
    return sentences


def _table(file: str, schema: pa.DataFrameSchema) -> Callable[..., pd.DataFrame]:
    """The reader of a table of data/, or of another folder."""

    def load(folder: Path = DATA_DIR) -> pd.DataFrame:
        return read_table(folder / file, schema)

    return load


def _layer(file: str) -> Callable[..., gpd.GeoDataFrame]:
    """The reader of a layer of geo/, or of another folder; EPSG:27700."""

    def load(folder: Path = GEO_DIR) -> gpd.GeoDataFrame:
        return gpd.read_parquet(folder / file)

    return load


def load_practices(folder: Path = DATA_DIR) -> pd.DataFrame:
    """204 practices: ODS code, name, postcode, position, district, sub-ICB, PCN."""
    table = read_table(folder / "practices_essex.csv", schemas.practices)
    return table.assign(practice_name=as_names(table["practice_name"]))


def as_names(names: pd.Series) -> pd.Series:
    """Names in capitals as one writes them, and Luke's where it says Luke'S."""
    written = names.where(names != names.str.upper(), names.str.title())
    return written.str.replace(r"(?<=\w)(['\u2019])S\b", r"\1s", regex=True)


def load_quintile_mix(edition: str, folder: Path = DATA_DIR) -> pd.DataFrame:
    """Each practice's patients by IMD quintile of their LSOA (edition "2019" or "2025")."""
    schema = {"2019": schemas.quintile_mix_2019, "2025": schemas.quintile_mix_2025}[edition]
    path = folder / f"practice_patients_by_imd{edition}_quintile_2023-07_essex.csv"
    return read_table(path, schema)


# The month of the embedded table.
PCN_STAFF_OF = "2022-09-01"
# Code of each PCN name of the practices; missing where it is not known.
load_pcn_codes = _table("pcn_codes_essex.csv", schemas.pcn_codes)
# Staff employed by PCNs, September 2022: FTE by network, group and role.
load_pcn_staff = _table("pcn_staff_2022-09_essex.csv", schemas.pcn_staff)
# General Practice Workforce, 31 December 2025, one row a practice, source column names.
load_workforce = _table("gp_workforce_practice_2025-12_essex.csv", schemas.workforce)
# List size, patient-weighted IMD 2025 score, ages, prevalence, appointments by practice.
load_context = _table("practice_context_essex.csv", schemas.context)
# Weighted over registered patients by practice, by Carr-Hill and by need for primary care.
load_relative_need = cache(_table("relative_need_essex.csv", schemas.relative_need))
# 1,077 LSOAs of 2011: code, name, district, sub-ICB.
load_lsoa_areas = _table("lsoa11_areas_essex.csv", schemas.lsoa11_areas)
# IMD 2019 rank, decile and score by 2011 LSOA.
load_imd2019 = _table("imd2019_lsoa11_essex.csv", schemas.imd2019)
# IMD 2025 rank and decile by 2021 LSOA.
load_imd2025 = _table("imd2025_lsoa21_essex.csv", schemas.imd2025)
# The 2011 LSOAs split in 2021: parent and part, 62 rows.
load_lsoa_splits = _table("lsoa11_lsoa21_splits_essex.csv", schemas.lsoa_splits)
# Published benchmarks and rules, each with place, period and source.
load_published_figures = _table("published_figures.csv", schemas.published_figures)
# GP age profile by CCG place in 2014, per cent.
load_gp_age_profile_2014 = _table("gp_age_profile_2014.csv", schemas.gp_age_profile_2014)
# Where each practice's patients would be if it closed, by IMD 2025 quintile: a row a destination;
# those of a practice add up to its list of July 2023.
load_closure_dispersal = _table("closure_dispersal_2023-07_essex.csv", schemas.closure_dispersal)
# Assumptions of planning: low, central, high, unit, period and source of each.
load_planning_parameters = _table("planning_parameters.csv", schemas.planning_parameters)
# Homes a year by district: needed, needed before, built; missing where not published.
load_homes = _table("homes_essex_districts.csv", schemas.homes)
# What modelled minutes rest on, laid out as the assumptions of planning.
load_travel_factors = _table("travel_factors.csv", schemas.planning_parameters)
# Speed by car and who may use it, by class of road; missing where no cars go.
load_road_speeds = _table("road_speeds.csv", schemas.road_speeds)
# Boundaries of the 1,077 LSOAs (2011), EPSG:27700, columns lsoa11cd and geometry.
load_boundaries = _layer("lsoa11_essex.parquet")
# Outlines of districts, places and regions, EPSG:27700, columns kind, name, geometry.
load_outlines = _layer("outlines_essex.parquet")
# Outlines for a map of England, EPSG:27700, columns kind (icb, sub_icb, district), name, geometry;
# ICBs and sub-ICB locations until March 2026, districts of 2021 and of 2023.
load_england_outlines = _layer("outlines_england.parquet")
# Town labels, EPSG:27700, columns name, size (1 largest to 3), geometry (points).
load_towns = _layer("towns_essex.parquet")
