"""Which measures the publications loaded allow, and what would bring the others."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.official.built_tables import LSOAS, PRACTICES
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.manifest import Manifest
from pcs_dash.official.store import Store
from pcs_dash.official.stored_tables import read_entry, stored_columns


@dataclass(frozen=True)
class Brought:
    """What publications bring: its column in the practices or LSOAs table, what it is called, and
    the sources it needs.
    """

    column: str
    label: str
    needs: tuple[str, ...]
    table: str = "practices"


def _measure(key: str, note: str = "") -> Brought:
    """A measure of the register, which is a column of the practices too."""
    return Brought(key, f"{REGISTER[key].label}{note}", REGISTER[key].sources)


_PLACED = " (needs coordinates of postcodes)"
_IMD2025 = ("registrations_lsoa", "imd2025", "lsoa11_lsoa21")
MEASURES = (
    Brought("patients", REGISTER["patients"].term, ("list_sizes",)),
    Brought("gp_fte_fully_qualified", f"FTE GPs and {PER_GP.noun}", PER_GP.sources),
    Brought("nurse_fte", "FTE nurses, direct patient care, administration", ("workforce",)),
    Brought("pcn", "PCN, sub-ICB, ICB", ("pcn_membership",)),
    Brought("latitude", "Place on the map, district", ("allocations",)),
    Brought("weighted_population", "Population weighted by need", ("allocations",)),
    Brought(
        "imd2019_patients_quintile_1",
        "Patients by IMD 2019 quintile",
        ("registrations_lsoa", "imd2019"),
    ),
    Brought("imd2025_patients_quintile_1", "Patients by IMD 2025 quintile", _IMD2025),
    Brought(
        "imd_score", "Patient-weighted IMD 2025 score (needs File 7, which has scores)", _IMD2025
    ),
    _measure("qof_per_cent"),
    Brought("qof_prev_dm", "QOF prevalence: diabetes and other registers", ("qof_prevalence",)),
    _measure("cqc_rating"),
    _measure("appointments_per_patient"),
    _measure("same_day_per_cent"),
    Brought("contract_type", "Contract type, dispensing", ("payments",)),
    Brought(
        "carr_hill_ratio", "Patients weighted by Carr-Hill, payments per patient", ("payments",)
    ),
    _measure("patients_gp_road_km"),
    _measure("patients_rural_per_cent"),
    Brought("survey_overall_good", "Patients' experience", ("survey",)),
    _measure("dentists_1_mile"),
    _measure("pharmacies_1_mile", _PLACED),
    _measure("opticians_1_mile", _PLACED),
    _measure("dental_sites_1_mile", _PLACED),
    Brought("imd2019_quintile", "IMD 2019 by LSOA", ("imd2019",), "lsoas"),
    Brought("imd2025_quintile", "IMD 2025 by LSOA", ("imd2025", "lsoa11_lsoa21"), "lsoas"),
    Brought(
        "registered_patients",
        "Catchments as they are (patients by LSOA)",
        ("registrations_lsoa",),
        "lsoas",
    ),
    Brought("easting", "LSOA on the map", ("boundaries_lsoa11",), "lsoas"),
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
