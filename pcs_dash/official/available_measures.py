"""Which measures the publications loaded allow, and what would bring the others."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pcs_dash.official.built_tables import LSOAS, PRACTICES
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.manifest import Manifest
from pcs_dash.official.store import Store
from pcs_dash.official.stored_tables import read_entry, stored_columns


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
    Measure(
        "carr_hill_ratio", "Patients weighted by Carr-Hill, payments per patient", ("payments",)
    ),
    Measure(
        "patients_gp_road_km",
        "Patients' road distance to a GP surgery",
        ("barriers2019", "registrations_lsoa"),
    ),
    Measure(
        "patients_rural_per_cent",
        "Patients in rural areas",
        ("rural_urban2011", "registrations_lsoa"),
    ),
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
    Measure("imd2019_quintile", "IMD 2019 by LSOA", ("imd2019",), "lsoas"),
    Measure("imd2025_quintile", "IMD 2025 by LSOA", ("imd2025", "lsoa11_lsoa21"), "lsoas"),
    Measure(
        "registered_patients",
        "Catchments as they are (patients by LSOA)",
        ("registrations_lsoa",),
        "lsoas",
    ),
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
