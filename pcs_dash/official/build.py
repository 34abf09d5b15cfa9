"""Join the loaded publications for any area of England: practices, LSOAs, registrations.

Every join is one to one or many to one and says in a report what found no partner; a measure
whose input is not loaded is left out, and `available_measures` says which file would bring it.
"""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import pandas as pd

from pcs_dash.official.built_tables import (
    LISTS,
    LSOAS,
    OUTLINES,
    PRACTICES,
    REGISTRATIONS,
    REPORTS,
    SHAPES,
)
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.loaded_areas import (
    AREAS,
    NO_ICB,
    PART_OF_ENGLAND,
    area_table,
    find_official_area,
)
from pcs_dash.official.lsoa_table import build_lsoas, on_lsoas_of_2011, quintile_mixes, surroundings
from pcs_dash.official.outlines import area_outlines
from pcs_dash.official.practice_table import Read, build_practices
from pcs_dash.official.store import Update
from pcs_dash.tables.dataset import JoinReport, report_of
from pcs_dash.tables.errors import UserError

# What is being done, and how many of how many such steps it is.
Stage = Callable[[str, int, int], None]
BUILD_STAGES = 4


def build_all(
    update: Update, *, area: str = "England", stage: Stage = lambda *_: None
) -> list[JoinReport]:
    """Build every joined table from what the update holds, and put them into it.

    `area`: the ICB (or region) to build for; England builds all. Registrations are kept for all
    of England whatever the area: people of an LSOA are registered with practices of other ICBs
    too, and the embedded tables of Essex lie in three. Returns the join reports; none, and builds
    nothing, where all that is loaded stands alone. UserError when no source of practices is loaded.
    """
    if all(SOURCES[key].stands_alone for key, _ in update.tables if key in SOURCES):
        return []
    read: Read = update.read
    stage("building: practices", 1, BUILD_STAGES)
    practices, reports = build_practices(
        read, lists=_lists(update), periods=dict(sorted(update.tables))
    )
    stage("building: registrations", 2, BUILD_STAGES)
    published = update.read("registrations_lsoa")
    registrations, moved = on_lsoas_of_2011(published, read("lsoa11_lsoa21"))
    reports += moved
    stage("building: LSOAs", 3, BUILD_STAGES)
    lsoas, lsoa_reports = build_lsoas(read, practices, registrations)
    reports += lsoa_reports
    if published is not None:
        mixes = quintile_mixes(published, lsoas, read)
        # Without a loaded edition of the IMD there is no mix to join.
        if not mixes.empty:
            counts = mixes.columns[mixes.columns.str.contains("_patients_")]
            mixes = mixes.astype(dict.fromkeys(counts, "Int64"))
            practices = practices.join(mixes, on="practice_code")
    reports += _minutes_report(update, practices)
    if registrations is not None and not lsoas.empty:
        practices = practices.join(surroundings(registrations, lsoas), on="practice_code")
    areas = area_table(practices, lsoas)
    everyone = practices
    if area.strip().lower() != "england":
        chosen = find_official_area(area, areas)
        practices = practices[practices["icb_code"].isin(chosen.icb_codes)]
        if not lsoas.empty:
            lsoas = lsoas[lsoas["icb_code"].isin(chosen.icb_codes)]
        areas = area_table(practices, lsoas, whole=PART_OF_ENGLAND)
    period = _period_of_practices(update)
    stage("building: tables and outlines", 4, BUILD_STAGES)
    update.put(PRACTICES, period, practices, partition_by="icb_code")
    if not lsoas.empty:
        update.put(LSOAS, period, lsoas, partition_by="icb_code")
        _put_shapes(update, period, lsoas, practices)
    if registrations is not None:
        by_icb = _with_icb(registrations, everyone)
        update.put(REGISTRATIONS, by_icb["period"].iloc[0], by_icb, partition_by="icb_code")
    history = _history(update)
    if history is not None:
        update.put(LISTS, period, history)
    update.put(AREAS, period, areas)
    update.put(REPORTS, period, reports_table(reports))
    return reports


def _put_shapes(
    update: Update, period: pd.Timestamp, lsoas: pd.DataFrame, practices: pd.DataFrame
) -> None:
    """Outlines of the areas, and the boundaries of their LSOAs by ICB (as WKB, EPSG:27700)."""
    boundaries = update.read("boundaries_lsoa11")
    if not isinstance(boundaries, gpd.GeoDataFrame):
        return
    update.put(OUTLINES, period, area_outlines(lsoas, boundaries, practices))
    shapes = pd.DataFrame({"lsoa11cd": boundaries["code"], "wkb": boundaries.geometry.to_wkb()})
    shapes = lsoas[["lsoa11cd", "icb_code"]].merge(shapes, on="lsoa11cd", validate="1:1")
    if len(shapes):
        update.put(SHAPES, period, shapes, partition_by="icb_code")


def _minutes_report(update: Update, practices: pd.DataFrame) -> list[JoinReport]:
    """Which destinations of the minutes loaded are practices, many to one."""
    minutes = update.read("travel_minutes")
    if minutes is None:
        return []
    codes = minutes["destination"].astype("str")
    return [report_of("minutes with practices", "m:1", codes, practices["practice_code"])]


def _lists(update: Update) -> dict[str, pd.DataFrame]:
    """The list sizes of each month."""
    tables = {e.period: update.read(e.source, e.period) for e in update.entries("list_sizes")}
    return {period: table for period, table in tables.items() if table is not None}


def _period_of_practices(update: Update) -> pd.Timestamp:
    for source in ("list_sizes", "workforce", "pcn_membership", "allocations"):
        entries = update.entries(source)
        if entries:
            return pd.Timestamp(entries[-1].period)
    raise UserError(
        "No list of practices is loaded. Load at least 'list_sizes' (Patients Registered at a GP "
        "Practice) and 'pcn_membership'."
    )


def _history(update: Update) -> pd.DataFrame | None:
    tables = [
        table[["period", "practice_code", "patients", "sub_icb_code", "postcode"]]
        for table in _lists(update).values()
    ]
    return pd.concat(tables, ignore_index=True) if tables else None


def _with_icb(registrations: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """Registrations with the practice's ICB. Practices that have closed since keep their rows
    under 'none'. `practices` are those of all England.
    """
    icb_of = practices.set_index("practice_code")["icb_code"]
    icb = registrations["practice_code"].map(icb_of).astype("str")
    return registrations.assign(icb_code=icb.fillna(NO_ICB))


def reports_table(reports: list[JoinReport]) -> pd.DataFrame:
    """The join reports as a table: name, cardinality, rows, matched, and the unmatched codes."""
    return pd.DataFrame(
        [
            {
                "join": report.name,
                "cardinality": report.cardinality,
                "left_rows": report.left_rows,
                "right_rows": report.right_rows,
                "matched": report.matched,
                "left_only_count": len(report.left_only),
                "right_only_count": len(report.right_only),
                "left_only": " ".join(report.left_only),
                "right_only": " ".join(report.right_only),
            }
            for report in reports
        ]
    )
