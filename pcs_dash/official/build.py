"""Join the loaded publications for any area of England: practices, LSOAs, registrations.

Every join is one to one or many to one and says in a report what found no partner; a measure
whose input is not loaded is left out, and `measures` says which file would bring it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import pyproj

from pcs_dash.measures.nearby_sites import dentists_near, listed_sites_near
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.loaded_areas import (
    PART_OF_ENGLAND,
    OfficialArea,
    area_table,
    find_official_area,
)
from pcs_dash.official.loaders.registrations import lsoa_vintage
from pcs_dash.official.outlines import area_outlines
from pcs_dash.official.store import Manifest, Store, Update, read_entry, stored_columns
from pcs_dash.tables.areas import PLACES
from pcs_dash.tables.dataset import LSOAS_IN_ENGLAND, JoinReport, join, quintile_of_rank
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.labels import labels_by_code

PRACTICES = "built_practices"
LSOAS = "built_lsoas"
REGISTRATIONS = "built_registrations"
LISTS = "built_lists"
AREAS = "built_areas"
REPORTS = "built_reports"
OUTLINES = "built_outlines"
SHAPES = "built_shapes"

# As for the embedded three months (4 a patient), for one month.
IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT_MONTH = 4 / 3
_NO_ICB = "none"

_AGED_60 = ("60TO64", "65TO69", "70PLUS")
_AGED_55 = ("55TO59", *_AGED_60)
_AGED_UNDER_55 = ("UNDER30", "30TO34", "35TO39", "40TO44", "45TO49", "50TO54")

_NULLABLE = {"int64": "Int64", "bool": "boolean"}

Read = Callable[[str], "pd.DataFrame | None"]
Stage = Callable[[str, int, int], None]
BUILD_STAGES = 4


@dataclass(frozen=True)
class Measure:
    """A measure: its column in the practices or LSOAs table and the sources it needs."""

    column: str
    label: str
    needs: tuple[str, ...]
    table: str = "practices"


MEASURES = (
    Measure("patients", "List size", ("list_sizes",)),
    Measure("gp_fte_fully_qualified", "FTE GPs and patients per FTE GP", ("workforce",)),
    Measure("nurse_fte", "FTE nurses, direct patient care, administration", ("workforce",)),
    Measure("pcn", "PCN, sub-ICB, ICB", ("pcn_membership",)),
    Measure("latitude", "Place on the map, district", ("allocations",)),
    Measure("weighted_population", "Population weighted by need", ("allocations",)),
    Measure(
        "imd2019_patients_quintile_1",
        "Patients by IMD 2019 quintile",
        ("registrations_lsoa", "imd2019"),
    ),
    Measure(
        "imd2025_patients_quintile_1",
        "Patients by IMD 2025 quintile",
        ("registrations_lsoa", "imd2025", "lsoa11_lsoa21"),
    ),
    Measure(
        "imd_score",
        "Patient-weighted IMD 2025 score (needs File 7, which has scores)",
        ("registrations_lsoa", "imd2025", "lsoa11_lsoa21"),
    ),
    Measure("qof_per_cent", "QOF achievement", ("qof",)),
    Measure("qof_prev_dm", "QOF prevalence: diabetes and other registers", ("qof_prevalence",)),
    Measure("cqc_rating", "CQC rating", ("cqc",)),
    Measure("appointments_per_patient", "Appointments per patient", ("appointments",)),
    Measure("same_day_per_cent", "Same-day appointments", ("appointments",)),
    Measure("contract_type", "Contract type, dispensing", ("payments",)),
    Measure("survey_overall_good", "Patients' experience", ("survey",)),
    Measure("dentists_1_mile", "Dental practices within a mile", ("dentists", "allocations")),
    Measure(
        "pharmacies_1_mile",
        "Pharmacies within a mile (needs coordinates of postcodes)",
        ("pharmacies", "postcodes", "allocations"),
    ),
    Measure(
        "opticians_1_mile",
        "Opticians within a mile (needs coordinates of postcodes)",
        ("opticians", "postcodes", "allocations"),
    ),
    Measure(
        "dental_sites_1_mile",
        "Dental sites of the ODS within a mile (needs coordinates of postcodes)",
        ("dental_sites", "postcodes", "allocations"),
    ),
    Measure("opened", "Dates opened and closed", ("ods_practices",)),
    Measure("imd2019_quintile", "IMD 2019 by LSOA", ("imd2019",), "lsoas"),
    Measure("imd2025_quintile", "IMD 2025 by LSOA", ("imd2025", "lsoa11_lsoa21"), "lsoas"),
    Measure("gp_road_km", "Road distance to a GP surgery", ("barriers2019",), "lsoas"),
    Measure("rural_urban", "Rural or urban", ("rural_urban2011",), "lsoas"),
    Measure("registered_patients", "Registered patients by LSOA", ("registrations_lsoa",), "lsoas"),
    Measure("easting", "LSOA on the map", ("boundaries_lsoa11",), "lsoas"),
)


def measures(store: Store) -> pd.DataFrame:
    """Which measures are there: measure, column, table, available, covers, period, needs, how.

    `covers` says of how many practices or LSOAs ("204 of 6,169 practices"); a measure that none
    has is not available. `needs` names the publications that are missing, `how` the command that
    loads them.
    """
    manifest = store.current()
    counts = {
        "practices": _counts(store, manifest, PRACTICES, "practices"),
        "lsoas": _counts(store, manifest, LSOAS, "lsoas"),
    }
    words = {"practices": "practices", "lsoas": "LSOAs"}
    rows = []
    for measure in MEASURES:
        there, of = counts[measure.table].get(measure.column, (0, 0))
        available = there > 0
        loaded = {key: manifest.latest(key) if manifest else None for key in measure.needs}
        missing = [key for key, entry in loaded.items() if entry is None]
        periods = sorted({entry.period for entry in loaded.values() if entry})
        if available:
            how = ""
        elif missing:
            by_hand = not all(SOURCES[key].downloadable for key in missing)
            how = f"python -m pcs_dash update {' '.join(missing)}{' --from FOLDER' * by_hand}"
        else:
            how = "The files loaded lack the columns it needs."
        rows.append(
            {
                "measure": measure.label,
                "column": measure.column,
                "table": measure.table,
                "available": available,
                "covers": f"{there:,} of {of:,} {words[measure.table]}" if available else "",
                "period": ", ".join(periods) if available else "",
                "needs": "; ".join(SOURCES[key].title for key in missing),
                "how": how,
            }
        )
    return pd.DataFrame(rows)


def _counts(
    store: Store, manifest: Manifest | None, source: str, table: str
) -> dict[str, tuple[int, int]]:
    """Column of each measure that is there -> rows that have the figure, and all rows."""
    entry = manifest.latest(source) if manifest else None
    if entry is None:
        return {}
    stored = set(stored_columns(store.root, entry))
    wanted = [m.column for m in MEASURES if m.table == table and m.column in stored]
    if not wanted:
        return {}
    rows = read_entry(store.root, entry, columns=list(dict.fromkeys(wanted)))
    return {column: (int(rows[column].notna().sum()), len(rows)) for column in wanted}


# --- reading an area ------------------------------------------------------------------------


def england_practices(
    area: str | OfficialArea = "England", *, store: Store | None = None
) -> pd.DataFrame:
    """Practices of England, an ICB, a sub-ICB or districts: index practice_code, sorted.

    Only the ICBs that the area touches are read into memory. The columns are those of the
    embedded `Dataset.practices` where the inputs are loaded, and those of `MEASURES`. UserError
    when nothing is loaded or there is no such area.
    """
    store = store or Store()
    chosen = find_official_area(area, store) if isinstance(area, str) else area
    table = store.read(PRACTICES, where=chosen.icb_codes)
    return chosen.select(table).set_index("practice_code").sort_index()


def england_lsoas(
    area: str | OfficialArea = "England", *, store: Store | None = None
) -> pd.DataFrame:
    """LSOAs (2011) of an area: index lsoa11cd. An LSOA belongs to the ICB the lookup names or,
    without it, to that of most of its registered patients (`icb_basis`); to its district.
    """
    store = store or Store()
    chosen = find_official_area(area, store) if isinstance(area, str) else area
    table = store.read(LSOAS, where=chosen.icb_codes)
    return chosen.select(table).set_index("lsoa11cd").sort_index()


def england_registrations(
    area: str | OfficialArea = "England", *, store: Store | None = None
) -> pd.DataFrame:
    """Patients by practice and LSOA of the practices of an area: practice_code, lsoa_code,
    patients (where the patients live may be anywhere).

    LSOAs are those of 2011 also where the publication has those of 2021 (`build_all` carries
    them back; merged ones keep their new code). England includes practices closed since, and all
    of England also where the build is of one ICB: totals of an LSOA are of everyone in it.
    """
    store = store or Store()
    chosen = find_official_area(area, store) if isinstance(area, str) else area
    if chosen.kind == "england":
        return store.read(REGISTRATIONS)
    table = store.read(REGISTRATIONS, where=chosen.icb_codes)
    if chosen.kind in ("region", "icb"):
        return table
    codes = england_practices(chosen, store=store).index
    return table[table["practice_code"].isin(codes)].reset_index(drop=True)


def registrations_of(codes: Sequence[str], *, store: Store | None = None) -> pd.DataFrame:
    """Patients by practice and LSOA of the practices of these codes; only their ICBs are read."""
    store = store or Store()
    practices = store.read(PRACTICES, columns=["practice_code", "icb_code"])
    icbs = practices.loc[practices["practice_code"].isin(codes), "icb_code"]
    # Practices that have closed since stand under no ICB.
    table = store.read(REGISTRATIONS, where=[*icbs.unique(), _NO_ICB])
    return table[table["practice_code"].isin(codes)].reset_index(drop=True)


def list_history(
    area: str | OfficialArea = "England", *, store: Store | None = None
) -> pd.DataFrame:
    """List sizes of every loaded month: period, practice_code, patients, sub_icb_code."""
    store = store or Store()
    chosen = find_official_area(area, store) if isinstance(area, str) else area
    table = store.read(LISTS)
    if chosen.kind == "england":
        return table
    if chosen.kind in ("sub_icb", "icb", "region"):
        return table[table["sub_icb_code"].isin(chosen.sub_icb_codes)].reset_index(drop=True)
    codes = england_practices(chosen, store=store).index
    return table[table["practice_code"].isin(codes)].reset_index(drop=True)


# --- building -------------------------------------------------------------------------------


def build_all(
    update: Update, *, area: str = "England", stage: Stage = lambda *_: None
) -> list[JoinReport]:
    """Build every joined table from what the update holds, and put them into it.

    `area`: the ICB (or region) to build for; England builds all. Registrations are kept for all
    of England whatever the area: people of an LSOA are registered with practices of other ICBs
    too, and the embedded tables of Essex lie in three. Returns the join reports. Raises
    UserError when no source of practices is loaded.
    """
    read: Read = update.read
    stage("building: practices", 1, BUILD_STAGES)
    practices, reports = build_practices(read, lists=_lists(update), periods=_periods(update))
    stage("building: registrations", 2, BUILD_STAGES)
    published = update.read("registrations_lsoa")
    registrations, moved = _on_lsoas_of_2011(published, read("lsoa11_lsoa21"))
    reports += moved
    stage("building: LSOAs", 3, BUILD_STAGES)
    lsoas, lsoa_reports = build_lsoas(read, practices, registrations)
    reports += lsoa_reports
    if published is not None:
        mixes = _quintile_mixes(published, lsoas, read)
        # Without a loaded edition of the IMD there is no mix to join.
        if not mixes.empty:
            counts = mixes.columns[mixes.columns.str.contains("_patients_")]
            mixes = mixes.astype(dict.fromkeys(counts, "Int64"))
            practices = practices.join(mixes, on="practice_code")
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


def _on_lsoas_of_2011(
    registrations: pd.DataFrame | None, lookup: pd.DataFrame | None
) -> tuple[pd.DataFrame | None, list[JoinReport]]:
    """Registrations on LSOAs of 2011, on which maps and IMD 2019 stand.

    Registrations by LSOA of 2021 (since 2024) are carried back: unchanged LSOAs keep their
    code, parts of a split LSOA add up to it. LSOAs that were merged or otherwise redrawn can't
    be told apart again: they keep their code of 2021, match no LSOA, and are reported. Without
    the lookup nothing can be joined, and None is returned.
    """
    if registrations is None or lsoa_vintage(registrations["lsoa_code"]) == 2011:
        return registrations, []
    if lookup is None:
        return None, []
    single = lookup[~lookup["lsoa21cd"].duplicated(keep=False)].set_index("lsoa21cd")["lsoa11cd"]
    codes = registrations["lsoa_code"].astype("str")
    back = codes.map(single)
    known = codes.str.match(r"[EW]01")
    lost = known & back.isna()
    report = JoinReport(
        "registrations by LSOA of 2021 on LSOAs of 2011",
        "m:1",
        len(registrations),
        len(single),
        int((known & ~lost).sum()),
        tuple(sorted(set(codes[lost]))),
        (),
    )
    moved = registrations.assign(lsoa_code=back.fillna(codes))
    carried = pd.DataFrame(
        moved.groupby(["period", "practice_code", "lsoa_code"], observed=True, as_index=False)[
            ["patients"]
        ].sum()
    )
    for column in ("practice_code", "lsoa_code"):
        carried[column] = carried[column].astype("category")
    return carried, [report]


def _lists(update: Update) -> dict[str, pd.DataFrame]:
    tables = {}
    for entry in update.entries("list_sizes"):
        table = update.read("list_sizes", entry.period)
        if table is not None:
            tables[entry.period] = table
    return tables


def _periods(update: Update) -> dict[str, str]:
    """The newest period of each source, as ISO date."""
    newest: dict[str, str] = {}
    for source, period in sorted(update.tables):
        newest[source] = period
    return newest


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


def build_practices(
    read: Read, *, lists: dict[str, pd.DataFrame], periods: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[JoinReport]]:
    """One row a practice that has a list in the newest month, with all that is known of it.

    `read` gives the newest table of a source or None; `lists` the list sizes by month; `periods`
    the newest period (ISO date) of each source. UserError where a source names a practice twice.
    """
    periods = periods or {}
    workforce = read("workforce")
    if lists:
        newest = max(lists)
        base = lists[newest][["practice_code", "sub_icb_code", "postcode", "patients"]].rename(
            columns={"patients": "list_size"}
        )
        base = base.assign(list_period=newest)
    elif workforce is not None:
        base = workforce.reindex(columns=["practice_code", "sub_icb_code"]).assign(
            list_size=workforce["patients"], list_period=f"{workforce['period'].iloc[0]:%Y-%m-%d}"
        )
    else:
        raise UserError(
            "No list of practices is loaded. Load 'list_sizes' (Patients Registered at a GP "
            "Practice), and 'pcn_membership' for their ICBs."
        )
    reports: list[JoinReport] = []

    def add(table: pd.DataFrame | None, name: str, columns: list[str]) -> None:
        nonlocal base
        if table is None:
            return
        there = [c for c in columns if c in table.columns]
        # A practice without a partner gets a missing value, not a 0.0 or False.
        table = table.astype(
            {c: _NULLABLE[str(table[c].dtype)] for c in there if str(table[c].dtype) in _NULLABLE}
        )
        base, report = _join_or_tell(
            base, table[["practice_code", *there]], on="practice_code", name=name
        )
        reports.append(report)

    membership = read("pcn_membership")
    add(
        membership,
        "practices with PCN and ICB",
        ["practice_name", "pcn_code", "pcn", "sub_icb", "icb_code", "icb", "region_code", "region"],
    )
    base, pcn_reports = _newer_pcn(base, read("pcn_core_partners"), periods)
    reports += pcn_reports
    allocations = read("allocations")
    if allocations is not None:
        extra = ["latitude", "longitude", "district_code", "district", "weighted_population",
                 "weighted_primary_care"]  # fmt: skip
        fill = ["practice_name", "icb_code", "icb", "region_code", "region", "postcode"]
        base = _fill(base, allocations, fill)
        add(allocations, "practices with allocations", extra)
    base = _one_name_a_code(_fill_icb_from_sub_icb(base))
    base = _with_grid(base)
    ods = read("ods_practices")
    if ods is not None:
        base = _fill(base, ods, ["practice_name", "postcode"])
        add(ods.rename(columns={"status": "ods_status"}), "practices with ODS status",
            ["opened", "closed", "ods_status"])  # fmt: skip
    if workforce is not None:
        add(_workforce(workforce), "practices with workforce", list(_WORKFORCE_COLUMNS))
        base["patients"] = base["workforce_patients"].fillna(base["list_size"])
        if base["patients"].notna().all():
            base["patients"] = base["patients"].astype("int64")
    else:
        base["patients"] = base["list_size"]
    add(read("qof"), "practices with QOF", ["qof_points", "qof_per_cent",
        "qof_per_cent_of_available"])  # fmt: skip
    prevalence = read("qof_prevalence")
    if prevalence is not None:
        registers = [column for column in prevalence.columns if column.startswith("qof_prev_")]
        add(prevalence, "practices with QOF prevalence", registers)
    add(read("cqc"), "practices with CQC rating", ["cqc_rating", "cqc_year", "cqc_inherited"])
    money = ["contract_type", "dispensing", "rural", "payments_weighted", "payment_per_patient"]
    add(read("payments"), "practices with payments", money)
    add(read("survey"), "practices with survey",
        ["survey_answers", "survey_overall_good", "survey_contact_good"])  # fmt: skip
    appointments = read("appointments")
    if appointments is not None:
        add(appointments, "practices with appointments",
            ["appointments", "same_day", "wait_unknown", "same_day_per_cent"])  # fmt: skip
        per_patient = base["appointments"] / base["patients"].where(base["patients"] > 0)
        base["appointments_per_patient"] = per_patient.astype("float64")
        base["flag_appointments"] = (
            per_patient > IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT_MONTH
        ).fillna(False) | (base["appointments"] == 0).fillna(False)
    dentists = read("dentists")
    if dentists is not None and "easting" in base.columns:
        base = base.join(dentists_near(base, dentists))
    if "easting" in base.columns:
        near, near_reports = listed_sites_near(base, read)
        base = base.join(near)
        reports += near_reports
    base["icb_code"] = base["icb_code"].fillna(_NO_ICB)
    base["place"] = base["sub_icb_code"].map(PLACES)
    if "sub_icb" in base.columns:
        base["place"] = base["place"].fillna(base["sub_icb"])
    return base.sort_values("practice_code").reset_index(drop=True), reports


def _fill(base: pd.DataFrame, table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Take columns that are not there, and fill gaps of those that are; nothing is overwritten."""
    source = table.set_index("practice_code")
    for column in [c for c in columns if c in source.columns]:
        values = base["practice_code"].map(source[column])
        base[column] = base[column].fillna(values) if column in base.columns else values
    return base


def _join_or_tell(
    left: pd.DataFrame, right: pd.DataFrame, *, on: str, name: str
) -> tuple[pd.DataFrame, JoinReport]:
    """A 1:1 join; UserError with the codes where one stands in several rows of the file."""
    twice = right.loc[right[on].duplicated(), on]
    if not twice.empty:
        codes = ", ".join(sorted(set(twice.astype(str)))[:10])
        raise UserError(
            f"{name}: the file loaded has more than one row for {codes}. Load a file with one row "
            "for each; the last good version is still in use."
        )
    return join(left, right, on=on, cardinality="1:1", name=name)


def _newer_pcn(
    base: pd.DataFrame, partners: pd.DataFrame | None, periods: Mapping[str, str]
) -> tuple[pd.DataFrame, list[JoinReport]]:
    """PCNs by the nightly list of the ODS, where it is not older than the mapping.

    A practice that the list lacks keeps the PCN of the mapping; the report names those.
    """
    if partners is None:
        return base, []
    table = partners.set_index("practice_code")
    name = "practices with PCN of the ODS list"
    mapped = base["pcn_code"] if "pcn_code" in base.columns else pd.Series(pd.NA, base.index)
    listed = base["practice_code"].isin(table.index)
    older = periods.get("pcn_core_partners", "") < periods.get("pcn_membership", "")
    if older and "pcn_code" in base.columns:
        name += " (not used: older than the mapping)"
    else:
        for column in ("pcn_code", "pcn"):
            newer = base["practice_code"].map(table[column])
            base[column] = newer.fillna(base[column]) if column in base.columns else newer
        kept = int((~listed & mapped.notna()).sum())
        name += f" ({kept:,} keep that of the mapping)" if kept else ""
    report = JoinReport(
        name, "1:1", len(base), len(table), int(listed.sum()),
        tuple(sorted(base.loc[~listed, "practice_code"])),
        tuple(sorted(set(table.index) - set(base["practice_code"]))),
    )  # fmt: skip
    return base, [report]


def _fill_icb_from_sub_icb(base: pd.DataFrame) -> pd.DataFrame:
    """A practice that the mapping lacks is in the ICB of the others of its sub-ICB location."""
    for column in ("icb_code", "icb", "region_code", "region", "sub_icb"):
        if column not in base.columns:
            base[column] = pd.Series(pd.NA, index=base.index, dtype="str")
            continue
        known = base.dropna(subset=[column]).drop_duplicates("sub_icb_code")
        by_sub_icb = known.set_index("sub_icb_code")[column]
        base[column] = base[column].fillna(base["sub_icb_code"].map(by_sub_icb))
    return base


def _one_name_a_code(base: pd.DataFrame) -> pd.DataFrame:
    """Publications spell the same network, ICB or region in several ways; its code is the key."""
    for code, name in (
        ("pcn_code", "pcn"),
        ("sub_icb_code", "sub_icb"),
        ("icb_code", "icb"),
        ("region_code", "region"),
    ):
        if code in base.columns and name in base.columns:
            base[name] = labels_by_code(base[code], base[name])
    return base


def _with_grid(base: pd.DataFrame) -> pd.DataFrame:
    """Eastings and northings (EPSG:27700, metres) of latitude and longitude."""
    if "latitude" not in base.columns:
        return base
    transformer = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)
    known = base["latitude"].notna() & base["longitude"].notna()
    east, north = transformer.transform(
        base.loc[known, "longitude"].to_numpy(), base.loc[known, "latitude"].to_numpy()
    )
    base["easting"] = pd.Series(east, index=base.index[known]).reindex(base.index)
    base["northing"] = pd.Series(north, index=base.index[known]).reindex(base.index)
    return base


_WORKFORCE_COLUMNS = {
    "workforce_patients": "patients",
    "gp_fte_all": "TOTAL_GP_FTE",
    "gp_fte_fully_qualified": "TOTAL_GP_EXTG_FTE",
    "gp_fte_permanent": "TOTAL_GP_EXTGL_FTE",
    "gp_headcount_all": "TOTAL_GP_HC",
    "gp_headcount_fully_qualified": "TOTAL_GP_EXTG_HC",
    "gp_headcount_permanent": "TOTAL_GP_EXTGL_HC",
    "gps_with_known_age": None,
    "gps_55_plus": None,
    "gps_60_plus": None,
    "nurse_fte": "TOTAL_NURSES_FTE",
    "direct_care_fte": "TOTAL_DPC_FTE",
    "admin_fte": "TOTAL_ADMIN_FTE",
}


def _workforce(table: pd.DataFrame) -> pd.DataFrame:
    measures_ = {"practice_code": table["practice_code"]}
    for name, source in _WORKFORCE_COLUMNS.items():
        if source is not None and source in table.columns:
            measures_[name] = table[source]
    bands = [f"TOTAL_GP_HC_{band}" for band in (*_AGED_UNDER_55, *_AGED_55)]
    if set(bands) <= set(table.columns):
        for name, group in (
            ("gps_with_known_age", (*_AGED_UNDER_55, *_AGED_55)),
            ("gps_55_plus", _AGED_55),
            ("gps_60_plus", _AGED_60),
        ):
            columns = [f"TOTAL_GP_HC_{band}" for band in group]
            measures_[name] = table[columns].sum(axis=1, skipna=False)
    return pd.DataFrame(measures_)


def imd2025_on_lsoa11(imd2025: pd.DataFrame, lookup: pd.DataFrame) -> pd.DataFrame:
    """IMD 2025 carried to LSOAs of 2011: index lsoa11cd, imd2025_rank, _quintile, _split, _parts.

    Unchanged LSOAs keep their rank; where the lookup names several parts (split, merged or
    otherwise changed) the rank is the mean of the parts' ranks. England only.
    """
    pairs = lookup[lookup["lsoa11cd"].str.startswith("E")].merge(
        imd2025[["lsoa_code", "imd_rank"]],
        left_on="lsoa21cd",
        right_on="lsoa_code",
        how="left",
        validate="m:1",
    )
    grouped = pairs.sort_values("lsoa21cd").groupby("lsoa11cd")
    # A part without a rank leaves the whole without one.
    complete = grouped["imd_rank"].count() == grouped.size()
    rank = grouped["imd_rank"].mean().where(complete)
    first = pairs.drop_duplicates("lsoa11cd").set_index("lsoa11cd")["lsoa21cd"]
    several = pairs[pairs["lsoa11cd"].duplicated(keep=False)].sort_values("lsoa21cd")
    parts = first.reindex(rank.index)
    parts.update(several.groupby("lsoa11cd")["lsoa21cd"].agg(" ".join))
    return pd.DataFrame(
        {
            "imd2025_rank": rank.astype("float64"),
            "imd2025_quintile": quintile_of_rank(rank, LSOAS_IN_ENGLAND["2025"]),
            "imd2025_split": parts.str.contains(" "),
            "imd2025_parts": parts,
        }
    )


def build_lsoas(
    read: Read, practices: pd.DataFrame, registrations: pd.DataFrame | None
) -> tuple[pd.DataFrame, list[JoinReport]]:
    """One row an LSOA of 2011 in England: deprivation, district, rural class, patients, ICB."""
    imd2019 = read("imd2019")
    reports: list[JoinReport] = []
    if imd2019 is None:
        return pd.DataFrame(), reports
    lsoas = imd2019.rename(
        columns={
            "lsoa_code": "lsoa11cd",
            "lsoa_name": "lsoa11nm",
            "imd_rank": "imd2019_rank",
            "imd_decile": "imd2019_decile",
            "imd_quintile": "imd2019_quintile",
            "imd_score": "imd2019_score",
            "population": "population_2015",
        }
    )
    lookup = read("lsoa11_lsoa21")
    if lookup is not None:
        newest = lookup.drop_duplicates("lsoa11cd").set_index("lsoa11cd")
        for column in ("district_code", "district"):
            lsoas[column] = lsoas["lsoa11cd"].map(newest[column]).fillna(lsoas[column])
        imd2025 = read("imd2025")
        if imd2025 is not None:
            carried = imd2025_on_lsoa11(imd2025, lookup).reset_index()
            lsoas, report = _join_or_tell(lsoas, carried, on="lsoa11cd", name="LSOAs with IMD 2025")
            reports.append(report)
    for source, columns, name in (
        ("barriers2019", ["gp_road_km"], "LSOAs with road distance to a GP"),
        ("rural_urban2011", ["rural_urban", "rural"], "LSOAs with rural-urban class"),
    ):
        table = read(source)
        if table is not None:
            table = table[["lsoa_code", *columns]].rename(columns={"lsoa_code": "lsoa11cd"})
            table = table[table["lsoa11cd"].str.startswith("E")]
            lsoas, report = _join_or_tell(lsoas, table, on="lsoa11cd", name=name)
            reports.append(report)
    boundaries = read("boundaries_lsoa11")
    if boundaries is not None:
        points = boundaries.geometry.representative_point()
        where = pd.DataFrame(
            {"lsoa11cd": boundaries["code"], "easting": points.x, "northing": points.y}
        )
        lsoas, report = _join_or_tell(lsoas, where, on="lsoa11cd", name="LSOAs with boundaries")
        reports.append(report)
    lsoas = _with_patients(lsoas, practices, registrations)
    lsoas = _with_lsoa_icb(lsoas, practices, read("lsoa_icb"))
    return lsoas.sort_values("lsoa11cd").reset_index(drop=True), reports


def _with_patients(
    lsoas: pd.DataFrame, practices: pd.DataFrame, registrations: pd.DataFrame | None
) -> pd.DataFrame:
    if registrations is None:
        return lsoas
    by_lsoa = registrations.groupby("lsoa_code", observed=True)["patients"]
    lsoas["registered_patients"] = lsoas["lsoa11cd"].map(by_lsoa.sum()).astype("Int64")
    largest = registrations.loc[by_lsoa.idxmax()].set_index("lsoa_code")
    lsoas["dominant_practice"] = (
        lsoas["lsoa11cd"].map(largest["practice_code"].astype(str)).astype("str")
    )
    lsoas["dominant_practice_share"] = lsoas["lsoa11cd"].map(largest["patients"]).astype(
        "float64"
    ) / lsoas["registered_patients"].astype("float64")
    sub_icb = practices.set_index("practice_code")["sub_icb_code"]
    mapped = registrations["practice_code"].astype(str).map(sub_icb)
    by_place = (
        registrations.assign(sub_icb_code=mapped)
        .dropna(subset=["sub_icb_code"])
        .groupby(["lsoa_code", "sub_icb_code"], observed=True)["patients"]
        .sum()
        .reset_index()
    )
    main = by_place.loc[by_place.groupby("lsoa_code", observed=True)["patients"].idxmax()]
    lsoas["sub_icb_code"] = lsoas["lsoa11cd"].map(main.set_index("lsoa_code")["sub_icb_code"])
    return lsoas


def _with_lsoa_icb(
    lsoas: pd.DataFrame, practices: pd.DataFrame, lookup: pd.DataFrame | None
) -> pd.DataFrame:
    """The ICB of each LSOA: by the ONS lookup, else where most of its patients are registered,
    else where most practices of its district are.
    """
    if "sub_icb_code" not in lsoas.columns:
        lsoas["sub_icb_code"] = pd.Series(pd.NA, index=lsoas.index, dtype="str")
    basis = pd.Series("registrations", index=lsoas.index, dtype="str")
    icb_of = practices.drop_duplicates("sub_icb_code").set_index("sub_icb_code")["icb_code"]
    icb = lsoas["sub_icb_code"].map(icb_of)
    if lookup is not None:
        by_code = lookup.set_index("lsoa_code")
        official = lsoas["lsoa11cd"].map(by_code["icb_code"])
        basis = basis.mask(official.notna(), "ONS lookup")
        icb = official.fillna(icb)
        lsoas["sub_icb_code"] = (
            lsoas["lsoa11cd"].map(by_code["sub_icb_code"]).fillna(lsoas["sub_icb_code"])
        )
    if "district_code" in practices.columns:
        main = practices.groupby("district_code")["icb_code"].agg(
            lambda codes: codes.mode().iloc[0]
        )
        gap = icb.isna()
        icb = icb.fillna(lsoas["district_code"].map(main))
        basis = basis.mask(gap, "district")
    return lsoas.assign(icb_code=icb.fillna(_NO_ICB), icb_basis=basis.where(icb.notna()))


def _imd_values(vintage: int, lsoas: pd.DataFrame, read: Read) -> pd.DataFrame:
    """IMD of both editions by LSOA of the vintage of the registrations: index LSOA code."""
    if lsoas.empty:
        return pd.DataFrame()
    imd2025, lookup = read("imd2025"), read("lsoa11_lsoa21")
    if vintage == 2011:
        return lsoas.set_index("lsoa11cd").join(_scores_2025_on_lsoa11(imd2025, lookup))
    values = pd.DataFrame()
    if imd2025 is not None:
        own = imd2025.set_index("lsoa_code")
        values = own[["imd_rank"]].rename(columns={"imd_rank": "imd2025_rank"}).astype("float64")
        values["imd2025_quintile"] = quintile_of_rank(
            values["imd2025_rank"], LSOAS_IN_ENGLAND["2025"]
        )
        if "imd_score" in own.columns:
            values["imd2025_score"] = own["imd_score"]
    if lookup is not None:
        pairs = lookup.merge(
            lsoas[[c for c in ("lsoa11cd", "imd2019_rank", "imd2019_score") if c in lsoas.columns]],
            on="lsoa11cd",
            validate="m:1",
        )
        # Parts of a split have the rank of the whole; a merger the mean of what went into it.
        carried = pairs.groupby("lsoa21cd")[
            [c for c in ("imd2019_rank", "imd2019_score") if c in pairs.columns]
        ].mean()
        carried["imd2019_quintile"] = quintile_of_rank(
            carried["imd2019_rank"], LSOAS_IN_ENGLAND["2019"]
        )
        values = values.join(carried, how="outer") if len(values) else carried
    return values


def _scores_2025_on_lsoa11(imd2025: pd.DataFrame | None, lookup: pd.DataFrame | None) -> pd.Series:
    """IMD 2025 scores by LSOA of 2011, the mean of the parts of a split; empty without scores."""
    if imd2025 is None or lookup is None or "imd_score" not in imd2025.columns:
        return pd.Series(dtype="float64", name="imd2025_score")
    scores = imd2025.set_index("lsoa_code")["imd_score"]
    pairs = lookup[["lsoa11cd", "lsoa21cd"]].drop_duplicates()
    parts = pairs["lsoa21cd"].map(scores).groupby(pairs["lsoa11cd"])
    # A part without a score leaves the whole without one.
    whole = parts.agg(lambda part: part.mean(skipna=False))
    return whole.rename("imd2025_score")


def _quintile_mixes(registrations: pd.DataFrame, lsoas: pd.DataFrame, read: Read) -> pd.DataFrame:
    """Each practice's patients by IMD quintile (both editions), the patient-weighted mean rank
    and, where scores are loaded, the patient-weighted scores. Index practice_code.
    """
    from pcs_dash.measures.registrations import patient_weighted, quintile_mix

    by_code = _imd_values(lsoa_vintage(registrations["lsoa_code"]), lsoas, read)
    parts = []
    for edition in ("2019", "2025"):
        if f"imd{edition}_quintile" not in by_code.columns:
            continue
        mix = quintile_mix(registrations, by_code[f"imd{edition}_quintile"])
        parts.append(mix.add_prefix(f"imd{edition}_"))
        rank = patient_weighted(registrations, by_code[f"imd{edition}_rank"])["value"]
        parts.append(rank.rename(f"imd{edition}_rank_mean").to_frame())
    # The pages' score is that of IMD 2025; the one of 2019 stands beside it under its own name.
    for column, name in (("imd2025_score", "imd_score"), ("imd2019_score", "imd2019_score_mean")):
        if column in by_code.columns and by_code[column].notna().any():
            score = patient_weighted(registrations, by_code[column])["value"]
            parts.append(score.rename(name).to_frame())
    return pd.concat(parts, axis=1) if parts else pd.DataFrame()


def _with_icb(registrations: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """Registrations with the practice's ICB. Practices that have closed since keep their rows
    under 'none'. `practices` are those of all England.
    """
    icb_of = practices.set_index("practice_code")["icb_code"]
    icb = registrations["practice_code"].map(icb_of).astype("str")
    return registrations.assign(icb_code=icb.fillna(_NO_ICB))


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
