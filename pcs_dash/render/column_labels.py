"""What the columns of tables are called in a workbook, and how their figures are written."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from pcs_dash.measures.register import REGISTER, own

WHOLE: Final = "#,##0"
ONE: Final = "#,##0.0"
TWO: Final = "#,##0.00"
SHARE: Final = "0.0%"
# 20,000 and 2.5 in one column; "#,##0.##" would write "20,000.".
BOUND: Final = "[>=1000]#,##0;General"
_GRID: Final = "0"
_DEGREES: Final = "0.00000"

# Column -> heading and number format ("" for text). Headings keep the words of a plan's columns, by
# which `hubs.reading` knows them again.
_COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "hub": ("Hub", ""),
    "hub_id": ("Hub ID", ""),
    "colour": ("Colour", ""),
    "locked": ("Locked", ""),
    "note": ("Note", ""),
    "practice_code": ("Practice code", ""),
    "practice_name": ("Practice name", ""),
    "postcode": ("Postcode", ""),
    "latitude": ("Latitude", _DEGREES),
    "longitude": ("Longitude", _DEGREES),
    "easting": ("Easting (EPSG:27700)", _GRID),
    "northing": ("Northing (EPSG:27700)", _GRID),
    "district_code": ("District code", ""),
    "district": ("District", ""),
    "sub_icb_code": ("Sub-ICB code", ""),
    "icb_code": ("ICB code", ""),
    "icb": ("ICB", ""),
    "sub_icb": ("Sub-ICB", ""),
    "place": ("Sub-ICB place", ""),
    "pcn": ("PCN", ""),
    "pcn_code": ("PCN code", ""),
    "patients": ("Patients", WHOLE),
    "gp_fte_all": ("FTE: all GPs", TWO),
    "gp_fte_fully_qualified": ("FTE: fully qualified GPs", TWO),
    "gp_fte_permanent": ("FTE: permanent GPs", TWO),
    "gp_headcount_all": ("Headcount: all GPs", WHOLE),
    "gp_headcount_fully_qualified": ("Headcount: fully qualified GPs", WHOLE),
    "gp_headcount_permanent": ("Headcount: permanent GPs", WHOLE),
    "gps_with_known_age": ("GPs of known age", WHOLE),
    "gps_55_plus": ("Headcount: GPs aged 55 and over", WHOLE),
    "gps_60_plus": ("Headcount: GPs aged 60 and over", WHOLE),
    "nurse_fte": (REGISTER["nurse_fte"].long, TWO),
    "direct_care_fte": (REGISTER["direct_care_fte"].long, TWO),
    "admin_fte": ("Administrative FTE", TWO),
    "imd_score": (REGISTER["imd_score"].long, ONE),
    "pct_0_14": ("Patients aged 0-14, per cent", ONE),
    "pct_65plus": ("Patients aged 65+, per cent", ONE),
    "pct_75plus": ("Patients aged 75+, per cent", ONE),
    "prev_hyp": ("Hypertension, per cent", ONE),
    "prev_dm": ("Diabetes, per cent", ONE),
    "prev_copd": ("COPD, per cent", ONE),
    "prev_chd": ("Coronary heart disease, per cent", ONE),
    "prev_dep": ("Depression, per cent", ONE),
    "prev_ob": ("Obesity, per cent", ONE),
    "prev_smok": ("Smoking, per cent", ONE),
    "appointments": ("Appointments in three months", WHOLE),
    "gp_appointments": ("Appointments with a GP in three months", WHOLE),
    "flag_low_fte": ("Implausibly low FTE", ""),
    "flag_appointments": ("Implausibly many appointments", ""),
    "single_handed": ("Single-handed", ""),
    # Rules.
    "name": ("Rule", ""),
    "lower": ("At least", BOUND),
    "upper": ("At most", BOUND),
    "on": ("Judged by", ""),
}


_CAPITALS: Final = r"\b(cqc|fte|gps?|icb|ods|pcn|qof|imd(?=\d{4}))"


def heading(column: str) -> str:
    """The label of a column: "nurse_fte" is "Nurse FTE"; a label that is one already stays."""
    if column in _COLUMNS:
        return _COLUMNS[column][0]
    measure = REGISTER.get(column) or own([column]).get(column)
    if measure is not None:
        told = not measure.unit or measure.unit.split()[-1] in measure.long.lower()
        return (
            measure.long if told or measure.kind != "number" else f"{measure.long} ({measure.unit})"
        )
    kind, _, quintile = column.partition("_patients_")
    if kind in ("imd2019", "imd2025"):
        where = "of unknown quintile" if quintile == "unknown" else quintile.replace("_", " ")
        return f"Patients, IMD {kind.removeprefix('imd')} {where}"
    year, _, month = column.removeprefix("list_size_").partition("_")
    if column.startswith("list_size_") and month.isdigit():
        return f"List size, {pd.Timestamp(int(year), int(month), 1):%B %Y}"
    words = re.sub(_CAPITALS, _capitals, column.replace("_", " "))
    return words[:1].upper() + words[1:]


def _capitals(found: re.Match[str]) -> str:
    return {"gps": "GPs", "imd": "IMD "}.get(found[0], found[0].upper())


def number_format(column: str) -> str:
    """How its figures are written, "" where that is not known."""
    if column in _COLUMNS:
        return _COLUMNS[column][1]
    measure = REGISTER.get(column) or own([column]).get(column)
    if measure is None or measure.kind != "number" or measure.unit == "share":
        return ""
    return {0: WHOLE, 1: ONE, 2: TWO}.get(measure.decimals, "")


def format_of(value: float) -> str:
    """For a figure of a column that has no format: whole numbers without decimals."""
    return WHOLE if value == int(value) else TWO if abs(value) < 100 else ONE
