"""The columns of the embedded tables: type, meaning, unit, constraint and source of each.

One pandera schema a table. `load.py` validates against them; the Data and methods page and the
dictionaries print them, so that what is said of a column stands in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import pandera.pandas as pa

from pcs_dash.tables.areas import DISTRICTS, PLACES
from pcs_dash.tables.constants import LSOAS_IN_ENGLAND, QUINTILES

ODS_CODE = r"^[A-Z]\d{5}$"
PCN_CODE = r"^U\d{5}$"
LSOA_CODE = r"^E01\d{6}$"

WORKFORCE = "NHS England, General Practice Workforce"
ORGANISATIONS = "NHS England, Organisation Data Service"
PCN_MAPPING = "NHS England, GP practice to PCN, sub-ICB and ICB mapping"
CODE_POINT = "Ordnance Survey, Code-Point Open"
PROFILES = "OHID, National General Practice Profiles"
REGISTRATIONS = "NHS England, Patients Registered at a GP Practice"
MHCLG_2019 = "MHCLG, English Indices of Deprivation 2019"
MHCLG_2025 = "MHCLG, English Indices of Deprivation 2025"
ONS = "Office for National Statistics"
DISPERSAL = "computed from registrations by LSOA of July 2023 (NHS England) and IMD 2025 (MHCLG)"
RELATIVE_NEED = "computed from NHS Payments to General Practice and NHS England allocations"
_APPOINTMENTS = "NHS England, Appointments in General Practice"
_STRATEGY = "Transforming Primary Care in Essex, 2014"
_CITED = "as cited in the row"

_NOT_BELOW_0 = pa.Check.ge(0)
_ABOVE_0 = pa.Check.gt(0)
_PER_CENT = (pa.Check.ge(0), pa.Check.le(100))


def _column(
    dtype: Any, meaning: str, source: str, checks: Sequence[pa.Check], unit: str, **more: bool
) -> pa.Column:
    about = {"unit": unit, "source": source}
    return pa.Column(dtype, [*checks], description=meaning, metadata=about, **more)


def _text(meaning: str, source: str, *checks: pa.Check, **more: bool) -> pa.Column:
    return _column(str, meaning, source, checks, "", **more)


def _like(pattern: str, meaning: str, source: str, **more: bool) -> pa.Column:
    return _text(meaning, source, pa.Check.str_matches(pattern), **more)


def _key(pattern: str, meaning: str, source: str) -> pa.Column:
    return _like(pattern, meaning, source, unique=True)


def _one_of(allowed: Iterable[str], meaning: str, source: str) -> pa.Column:
    return _text(meaning, source, pa.Check.isin(allowed))


def _number(meaning: str, source: str, unit: str, *checks: pa.Check, **more: bool) -> pa.Column:
    """Not below 0 unless `checks` say otherwise."""
    return _column(float, meaning, source, checks or [_NOT_BELOW_0], unit, **more)


def _whole(meaning: str, source: str, unit: str, *checks: pa.Check) -> pa.Column:
    """A whole number, not below 0 unless `checks` say otherwise."""
    return _column(int, meaning, source, checks or [_NOT_BELOW_0], unit)


def _within(low: float, high: float) -> pa.Check:
    return pa.Check.in_range(low, high)


def _table(columns: dict[str, pa.Column], **more: Any) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, strict=True, coerce=True, **more)


practices = _table(
    {
        "practice_code": _key(ODS_CODE, "ODS code of the practice", ORGANISATIONS),
        "practice_name": _text("Name of the practice", ORGANISATIONS),
        "postcode": _text("Postcode of the main surgery", ORGANISATIONS),
        "latitude": _number("Latitude of the postcode", CODE_POINT, "degrees", _within(49, 61)),
        "longitude": _number("Longitude of the postcode", CODE_POINT, "degrees", _within(-9, 3)),
        "easting": _number("Easting of the postcode", CODE_POINT, "m", _within(0, 700_000)),
        "northing": _number("Northing of the postcode", CODE_POINT, "m", _within(0, 1_300_000)),
        "lad_code": _text("ONS code of the district", ONS),
        "lad_name": _one_of(DISTRICTS, "District of the main surgery", ONS),
        "sub_icb_code": _one_of(
            list(PLACES), "Sub-ICB location the practice belongs to", ORGANISATIONS
        ),
        "pcn_name": _text(
            "Primary care network, 2026 membership; UNALLOCATED where it has none", ORGANISATIONS
        ),
    }
)

pcn_codes = _table(
    {
        "pcn_name": _text("Primary care network", ORGANISATIONS, unique=True),
        "pcn_code": _like(
            PCN_CODE,
            "ODS code of the network, its key; missing where it is not known",
            PCN_MAPPING,
            nullable=True,
        ),
    }
)

_GP_COUNTS = {
    "TOTAL_GP": "all GPs, trainees and locums included",
    "TOTAL_GP_EXTG": "fully qualified GPs: no trainees, regular locums included",
    "TOTAL_GP_EXL": "GPs without locums, trainees included",
    "TOTAL_GP_EXTGL": "permanent GPs: neither trainees nor locums",
    "TOTAL_GP_SEN_PTNR": "senior partners",
    "TOTAL_GP_PTNR_PROV": "partners and providers",
    "TOTAL_GP_SAL_BY_PRAC": "GPs salaried by the practice",
    "TOTAL_GP_SAL_BY_OTH": "GPs salaried by another body",
    "TOTAL_GP_TRN_GR_ST1": "GPs in training, first year",
    "TOTAL_GP_TRN_GR_ST2": "GPs in training, second year",
    "TOTAL_GP_TRN_GR_ST3": "GPs in training, third year",
    "TOTAL_GP_TRN_GR_ST4": "GPs in training, fourth year",
    "TOTAL_GP_TRN_GR_OTH": "GPs in training, other",
    "TOTAL_GP_TRN_GR_F1_2": "foundation doctors",
    "TOTAL_GP_RET": "GP retainers",
    "TOTAL_GP_LOCUM_VAC": "locums covering a vacancy",
    "TOTAL_GP_LOCUM_ABS": "locums covering an absence",
    "TOTAL_GP_LOCUM_OTH": "other locums",
}
_AGE_BANDS = {
    "UNDER30": "under 30",
    "30TO34": "30 to 34",
    "35TO39": "35 to 39",
    "40TO44": "40 to 44",
    "45TO49": "45 to 49",
    "50TO54": "50 to 54",
    "55TO59": "55 to 59",
    "60TO64": "60 to 64",
    "65TO69": "65 to 69",
    "70PLUS": "70 and over",
    "UNKNOWN_AGE": "of unknown age",
}


def _workforce_columns() -> dict[str, pa.Column]:
    headcount, fte = ("HC", "Headcount", "people"), ("FTE", "FTE", "FTE")
    whole_fte = ("FTE", "FTE", "FTE (37.5 h a week = 1)")
    staff = {
        "NURSES": "nurses",
        "DPC": "direct patient care staff other than GPs and nurses",
        "ADMIN": "administrative staff",
    }
    said = {
        f"{prefix}_{end}": (f"{what}, {who}", unit)
        for prefix, who in _GP_COUNTS.items()
        for end, what, unit in (headcount, whole_fte)
    }
    said |= {
        f"TOTAL_GP_{end}_{band}": (f"{what}, GPs {words}", unit)
        for band, words in _AGE_BANDS.items()
        for end, what, unit in (headcount, fte)
    }
    said |= {f"TOTAL_{prefix}_FTE": (f"FTE, {who}", "FTE") for prefix, who in staff.items()}
    return {
        "practice_code": _key(ODS_CODE, "ODS code of the practice", WORKFORCE),
        "PRAC_NAME": _text("Name of the practice as in the workforce file", WORKFORCE),
        "TOTAL_PATIENTS": _whole(
            "Registered patients (list size)", WORKFORCE, "patients", _ABOVE_0
        ),
        **{
            name: _number(meaning, WORKFORCE, unit, nullable=True)
            for name, (meaning, unit) in said.items()
        },
    }


def _qualified_within_all(table: pd.DataFrame) -> pd.Series:
    """FTE can only fall as trainees and locums are left out (to rounding)."""
    fully = table["TOTAL_GP_EXTG_FTE"]
    return ~((fully > table["TOTAL_GP_FTE"] + 1e-6) | (table["TOTAL_GP_EXTGL_FTE"] > fully + 1e-6))


workforce = _table(
    _workforce_columns(),
    checks=pa.Check(
        _qualified_within_all, error="FTE permanent <= fully qualified <= all does not hold"
    ),
)

_PREVALENCE = {
    "prev_hyp": "hypertension",
    "prev_dm": "diabetes",
    "prev_copd": "chronic obstructive pulmonary disease",
    "prev_chd": "coronary heart disease",
    "prev_dep": "depression",
    "prev_ob": "obesity",
    "prev_smok": "smoking",
}


def _share(meaning: str) -> pa.Column:
    return _number(meaning, PROFILES, "%", *_PER_CENT, nullable=True)


context = _table(
    {
        "practice_code": _key(ODS_CODE, "ODS code of the practice", ORGANISATIONS),
        "list_size_2025_12": _number(
            "Registered patients, 1 December 2025",
            REGISTRATIONS,
            "patients",
            _ABOVE_0,
            nullable=True,
        ),
        "imd2025_score_patient_weighted": _number(
            "Mean IMD 2025 score of the LSOAs where the patients live, weighted by patients",
            PROFILES,
            "IMD score (higher is more deprived)",
            *_PER_CENT,
            nullable=True,
        ),
        "pct_0_14": _share("Share of patients aged 0 to 14"),
        "pct_65plus": _share("Share of patients aged 65 and over"),
        "pct_75plus": _share("Share of patients aged 75 and over"),
        **{
            column: _share(f"QOF 2024/25 recorded prevalence of {condition}")
            for column, condition in _PREVALENCE.items()
        },
        "appointments_2026_06_to_08": _number(
            "Appointments, June to August 2026", _APPOINTMENTS, "count", nullable=True
        ),
        "gp_appointments_2026_06_to_08": _number(
            "Appointments with a GP, June to August 2026", _APPOINTMENTS, "count", nullable=True
        ),
    }
)


def _quintile_mix(edition: str, source: str) -> pa.DataFrameSchema:
    words = {1: " (most deprived)", 5: " (least deprived)"}
    return _table(
        {
            "practice_code": _key(ODS_CODE, "ODS code of the practice", ORGANISATIONS),
            **{
                f"patients_quintile_{q}": _whole(
                    f"Patients in LSOAs of IMD {edition} quintile {q}{words.get(q, '')}, July 2023",
                    f"{REGISTRATIONS}; {source}",
                    "patients",
                )
                for q in QUINTILES
            },
            "patients_outside_england_or_unknown": _whole(
                "Patients living outside England or in no known LSOA, July 2023",
                REGISTRATIONS,
                "patients",
            ),
        }
    )


quintile_mix_2019 = _quintile_mix("2019", MHCLG_2019)
quintile_mix_2025 = _quintile_mix("2025", MHCLG_2025)

lsoa11_areas = _table(
    {
        "lsoa11cd": _key(LSOA_CODE, "2011 LSOA code", ONS),
        "lsoa11nm": _text("2011 LSOA name", ONS, unique=True),
        "lad_name": _one_of(DISTRICTS, "District", ONS),
        "sub_icb_code": _one_of(list(PLACES), "Sub-ICB location", ONS),
    }
)


def _imd_columns(edition: str, vintage: int, source: str) -> dict[str, pa.Column]:
    lsoas = LSOAS_IN_ENGLAND[edition]
    rank = f"Rank in England, 1 = most deprived of {lsoas:,}"
    decile = "Decile in England, 1 = most deprived"
    return {
        f"lsoa{vintage % 100}cd": _key(LSOA_CODE, f"{vintage} LSOA code", ONS),
        f"imd{edition}_rank": _whole(rank, source, "", _within(1, lsoas)),
        f"imd{edition}_decile": _whole(decile, source, "", _within(1, 10)),
    }


imd2019 = _table(
    {
        **_imd_columns("2019", 2011, MHCLG_2019),
        "imd2019_score": _number("IMD score, higher is more deprived", MHCLG_2019, "", *_PER_CENT),
    }
)
imd2025 = _table(_imd_columns("2025", 2021, MHCLG_2025))

lsoa_splits = _table(
    {
        "lsoa11cd": _like(LSOA_CODE, "2011 LSOA that was split", ONS),
        "lsoa21cd": _key(LSOA_CODE, "2021 LSOA, one of its parts", ONS),
    }
)

published_figures = _table(
    {
        "figure": _text("What the figure is", _CITED),
        "place": _text("Where", _CITED),
        "period": _text("When", _CITED),
        "value": _column(float, "The figure", _CITED, (), ""),
        "unit": _text("Its unit", _CITED),
        "source": _text("The publication", _CITED),
    }
)

gp_age_profile_2014 = _table(
    {
        "place": _text("CCG place of 2014", _STRATEGY),
        **{
            band: _number(f"Share of GPs aged {band.replace('_', ' ')}", _STRATEGY, "%", *_PER_CENT)
            for band in ("under_50", "50_to_54", "55_to_59", "60_to_64", "65_to_69", "70_plus")
        },
    }
)

pcn_staff = pa.DataFrameSchema(
    {
        "pcn_code": _like(PCN_CODE, "ODS code of the network", WORKFORCE),
        "pcn_name": _text("Its name in September 2022", WORKFORCE),
        "staff_group": _text("Directors, direct patient care, or administration", WORKFORCE),
        "staff_role": _text("Role", WORKFORCE),
        "fte": _number("Employed by the network", WORKFORCE, "FTE"),
    },
    strict=True,
    unique=["pcn_code", "staff_group", "staff_role"],
)

_NEED = {
    "weighted_per_registered_2022_23": "Carr-Hill weighted over registered patients",
    "primary_medical_care_need_2025_26": (
        "Share of need for primary medical care over share of population"
    ),
}
relative_need = pa.DataFrameSchema(
    {
        "practice_code": _key(ODS_CODE, "ODS code of the practice", ORGANISATIONS),
        **{
            name: _number(meaning, RELATIVE_NEED, "1 = England", _within(0.3, 3))
            for name, meaning in _NEED.items()
        },
    },
    strict=True,
    unique=["practice_code"],
)

closure_dispersal = _table(
    {
        "practice_code": _like(ODS_CODE, "Practice that closes", ORGANISATIONS),
        "destination": _like(
            r"^([A-Z]\d{5}|OTHER|OUTSIDE)$",
            "Where its patients would be: a practice, OTHER (pooled cells under 5) or OUTSIDE",
            DISPERSAL,
        ),
        **{
            f"patients_quintile_{q}": _number(
                f"Patients of July 2023 in LSOAs of IMD 2025 quintile {q}", DISPERSAL, "patients"
            )
            for q in QUINTILES
        },
        "patients_outside_england_or_unknown": _number(
            "Patients of July 2023 in no known LSOA of England", DISPERSAL, "patients"
        ),
    }
)

planning_parameters = _table(
    {
        "parameter": _text("What is assumed", _CITED, unique=True),
        **{
            name: _number(f"The {name} value", _CITED, "as in unit")
            for name in ("low", "central", "high")
        },
        "unit": _text("Unit of the three", _CITED),
        "applies_to": _text("Part of a plan that needs it", _CITED),
        "period": _text("When it was measured or published", _CITED),
        "source": _text("The publication", _CITED),
    },
    # Low and high are those of what is needed: 1,800 patients a GP need more GPs than 2,000.
    checks=pa.Check(
        lambda table: (table["central"] - table["low"]) * (table["high"] - table["central"]) >= 0,
        error="central does not lie between low and high",
    ),
)

homes = _table(
    {
        "district": _text("District, or several that are known only together", _CITED, unique=True),
        **{
            name: _number(meaning, _CITED, "homes a year", nullable=True)
            for name, meaning in {
                "homes_needed_a_year": "Needed by the standard method of December 2024",
                "homes_needed_a_year_before": "Needed by the method before",
                "homes_built_a_year_3_year_average": "Built, mean of three years",
            }.items()
        },
        "period": _text("When", _CITED),
        "source": _text("The publication", _CITED),
    }
)

road_speeds = _table(
    {
        "road_class": _text("Class of road of OpenStreetMap", _CITED, unique=True),
        "drive_kmh": _number("Speed by car", _CITED, "km/h", _ABOVE_0, nullable=True),
        **{
            name: _one_of(
                ["yes", "no"],
                f"Whether one may {name} there unless the road itself says otherwise",
                _CITED,
            )
            for name in ("walk", "cycle")
        },
        "source": _text("The publication, or what is assumed", _CITED),
    }
)


def dictionary(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """The columns of a schema as a table: column, type, meaning, unit, may be missing, source."""
    return pd.DataFrame(
        [
            {
                "column": name,
                "type": str(column.dtype),
                "meaning": column.description,
                "unit": (column.metadata or {}).get("unit", ""),
                "may be missing": "yes" if column.nullable else "no",
                "source": (column.metadata or {}).get("source", ""),
            }
            for name, column in schema.columns.items()
        ]
    )
