"""One row a practice of England: its newest list, with all that the publications loaded know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from pcs_dash.measures.nearby_sites import dentists_near, listed_sites_near
from pcs_dash.official.loaded_areas import NO_ICB
from pcs_dash.tables.areas import PLACES
from pcs_dash.tables.constants import IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT
from pcs_dash.tables.dataset import JoinReport, join, report_of, staff_figures, with_words
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.geometry import lonlat_to_grid
from pcs_dash.tables.labels import labels_by_code

# As for the embedded three months, for one month.
IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT_MONTH = IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT / 3
_NULLABLE = {"int64": "Int64", "bool": "boolean"}
Read = Callable[[str], "pd.DataFrame | None"]
# Code and name of the areas and networks that a practice is in.
AREA_NAMES = {
    "pcn_code": "pcn",
    "sub_icb_code": "sub_icb",
    "icb_code": "icb",
    "region_code": "region",
    "district_code": "district",
}
# Source -> the name of its join, and the columns taken.
_JOINED: Mapping[str, tuple[str, Sequence[str]]] = {
    "pcn_membership": (
        "practices with PCN and ICB",
        ("practice_name", "pcn_code", "pcn", "sub_icb", "icb_code", "icb", "region_code", "region"),
    ),
    "allocations": (
        "practices with allocations",
        ("latitude", "longitude", "district_code", "district", "weighted_population",
         "weighted_primary_care"),
    ),
    "qof": ("practices with QOF", ("qof_per_cent",)),
    "cqc": ("practices with CQC rating", ("cqc_rating", "cqc_year", "cqc_inherited")),
    "payments": (
        "practices with payments",
        ("contract_type", "dispensing", "carr_hill_ratio", "payment_per_patient"),
    ),
    "survey": (
        "practices with survey",
        ("survey_answers", "survey_overall_good", "survey_contact_good"),
    ),
    "appointments": (
        "practices with appointments",
        ("appointments", "same_day", "wait_unknown", "same_day_per_cent", "within_week",
         "days_over_28"),
    ),
}  # fmt: skip
# What the allocations know of practices that the mapping lacks.
_FILLED = ("practice_name", "icb_code", "icb", "region_code", "region", "postcode")


def build_practices(
    read: Read, *, lists: dict[str, pd.DataFrame], periods: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[JoinReport]]:
    """One row a practice that has a list in the newest month, with all that is known of it.

    `read` gives the newest table of a source or None; `lists` the list sizes by month; `periods`
    the newest period (ISO date) of each source. PCN, sub-ICB, ICB, region and district each have
    one name a code. UserError where a source names a practice twice.
    """
    rows = Rows(_listed(lists, read("workforce")))
    rows.add(read("pcn_membership"), *_JOINED["pcn_membership"])
    rows.table, reports = _newer_pcn(rows.table, read("pcn_core_partners"), periods or {})
    rows.reports += reports
    _add_places(rows, read)
    _add_workforce(rows, read("workforce"))
    for source in ("qof", "cqc", "payments", "survey"):
        rows.add(read(source), *_JOINED[source])
    _add_prevalence(rows, read("qof_prevalence"))
    _add_appointments(rows, read("appointments"))
    _add_nearby(rows, read)
    table = rows.table
    table["icb_code"] = table["icb_code"].fillna(NO_ICB)
    for code, name in AREA_NAMES.items():
        if {code, name} <= set(table.columns):
            table[name] = labels_by_code(table[code], table[name])
    table["place"] = table["sub_icb_code"].map(PLACES)
    if "sub_icb" in table.columns:
        table["place"] = table["place"].fillna(table["sub_icb"])
    return table.sort_values("practice_code").reset_index(drop=True), rows.reports


class Rows:
    """Practices or LSOAs (told by `key`) as they are joined, and what each join matched."""

    def __init__(self, table: pd.DataFrame, key: str = "practice_code") -> None:
        self.table, self.key = table, key
        self.reports: list[JoinReport] = []

    def add(self, table: pd.DataFrame | None, name: str, columns: Sequence[str]) -> None:
        """Join the columns that the table has, 1:1 by practice_code; nothing without a table."""
        if table is None:
            return
        there = [c for c in columns if c in table.columns]
        # A practice without a partner gets a missing value, not a 0.0 or False.
        table = table.astype(
            {c: _NULLABLE[str(table[c].dtype)] for c in there if str(table[c].dtype) in _NULLABLE}
        )
        self.join(table[[self.key, *there]], name)

    def join(self, table: pd.DataFrame, name: str) -> None:
        """Join 1:1; UserError with the codes where one stands in several rows of the file."""
        twice = table.loc[table[self.key].duplicated(), self.key]
        if not twice.empty:
            codes = ", ".join(sorted(set(twice.astype(str)))[:10])
            raise UserError(
                f"{name}: the file loaded has more than one row for {codes}. Load a file with one "
                "row for each; the last good version is still in use."
            )
        self.table, report = join(self.table, table, on=self.key, cardinality="1:1", name=name)
        self.reports.append(report)


def _listed(lists: dict[str, pd.DataFrame], workforce: pd.DataFrame | None) -> pd.DataFrame:
    """The practices of the newest list; without lists those of the workforce."""
    if lists:
        newest = max(lists)
        table = lists[newest][["practice_code", "sub_icb_code", "postcode", "patients"]]
        return table.rename(columns={"patients": "list_size"}).assign(list_period=newest)
    if workforce is None:
        raise UserError(
            "No list of practices is loaded. Load 'list_sizes' (Patients Registered at a GP "
            "Practice), and 'pcn_membership' for their ICBs."
        )
    table = workforce.reindex(columns=["practice_code", "sub_icb_code"])
    period = f"{workforce['period'].iloc[0]:%Y-%m-%d}"
    return table.assign(list_size=workforce["patients"], list_period=period)


def _add_places(rows: Rows, read: Read) -> None:
    """Where a practice stands, from the allocations and the ODS list; gaps of names are filled."""
    allocations, ods = read("allocations"), read("ods_practices")
    if allocations is not None:
        rows.table = _fill(rows.table, allocations, _FILLED)
        rows.add(allocations, *_JOINED["allocations"])
    rows.table = _with_grid(_fill_icb_from_sub_icb(rows.table))
    if ods is not None:
        rows.table = _fill(rows.table, ods, ("practice_name", "postcode"))


def _add_workforce(rows: Rows, workforce: pd.DataFrame | None) -> None:
    """GPs and staff; `patients` are those the workforce is held against, else the list."""
    if workforce is None:
        rows.table["patients"] = rows.table["list_size"]
        return
    figures = {"workforce_patients": workforce["patients"], **staff_figures(workforce)}
    staff = workforce[["practice_code"]].assign(**figures)
    rows.add(staff, "practices with workforce", list(figures))
    patients = rows.table["workforce_patients"].fillna(rows.table["list_size"])
    rows.table["patients"] = patients.astype("int64") if patients.notna().all() else patients


def _add_prevalence(rows: Rows, prevalence: pd.DataFrame | None) -> None:
    if prevalence is not None:
        registers = [column for column in prevalence.columns if column.startswith("qof_prev_")]
        rows.add(prevalence, "practices with QOF prevalence", registers)


def _add_appointments(rows: Rows, appointments: pd.DataFrame | None) -> None:
    """Appointments of a month, per patient, and whether their number is implausible."""
    if appointments is None:
        return
    week = appointments[["same_day", "day_1", "days_2_7"]].sum(axis=1, skipna=False)
    rows.add(appointments.assign(within_week=week), *_JOINED["appointments"])
    table = rows.table
    per_patient = table["appointments"] / table["patients"].where(table["patients"] > 0)
    table["appointments_per_patient"] = per_patient.astype("float64")
    too_many = per_patient > IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT_MONTH
    none = table["appointments"] == 0
    table["flag_appointments"] = too_many.fillna(False) | none.fillna(False)


def _add_nearby(rows: Rows, read: Read) -> None:
    """Dentists, pharmacies and opticians within a mile, where the practices have a place."""
    if "easting" not in rows.table.columns:
        return
    dentists = read("dentists")
    if dentists is not None:
        rows.table = rows.table.join(dentists_near(rows.table, dentists))
    near, reports = listed_sites_near(rows.table, read)
    rows.table = rows.table.join(near)
    rows.reports += reports


def _fill(base: pd.DataFrame, table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Take columns that are not there, and fill gaps of those that are; nothing is overwritten."""
    source = table.set_index("practice_code")
    for column in [c for c in columns if c in source.columns]:
        values = base["practice_code"].map(source[column])
        base[column] = base[column].fillna(values) if column in base.columns else values
    return base


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
    return base, [report_of(name, "1:1", base["practice_code"], partners["practice_code"])]


def _fill_icb_from_sub_icb(base: pd.DataFrame) -> pd.DataFrame:
    """A practice that the mapping lacks is in the ICB of the others of its sub-ICB location."""
    filled = ("icb_code", "icb", "region_code", "region", "sub_icb")
    for column in [column for column in filled if column in base.columns]:
        known = base.dropna(subset=[column]).drop_duplicates("sub_icb_code")
        by_sub_icb = known.set_index("sub_icb_code")[column]
        base[column] = base[column].fillna(base["sub_icb_code"].map(by_sub_icb))
    return with_words(base, filled)


def _with_grid(base: pd.DataFrame) -> pd.DataFrame:
    """Eastings and northings (EPSG:27700, metres) of latitude and longitude."""
    if "latitude" not in base.columns:
        return base
    known = base[["longitude", "latitude"]].dropna()
    grid = lonlat_to_grid(known.to_numpy(float))
    places = pd.DataFrame(grid, index=known.index, columns=["easting", "northing"])
    return base.join(places)
