"""The columns of the embedded tables: type, meaning, unit, constraint and source of each.

One pandera schema a table. `load.py` validates against them; the Data and methods page and the
dictionaries print them, so that what is said of a column stands in one place.
"""

from __future__ import annotations

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


def _column(
    dtype: Any,
    meaning: str,
    source: str,
    *,
    unit: str = "",
    checks: pa.Check | list[pa.Check] | None = None,
    nullable: bool = False,
    unique: bool = False,
    required: bool = True,
) -> pa.Column:
    return pa.Column(
        dtype,
        checks,
        description=meaning,
        metadata={"unit": unit, "source": source},
        nullable=nullable,
        unique=unique,
        required=required,
    )


def _code(pattern: str, meaning: str, source: str) -> pa.Column:
    return _column(str, meaning, source, checks=pa.Check.str_matches(pattern), unique=True)


def _at_least_zero() -> pa.Check:
    return pa.Check.ge(0)


def _per_cent() -> list[pa.Check]:
    return [pa.Check.ge(0), pa.Check.le(100)]


practices = pa.DataFrameSchema(
    {
        "practice_code": _code(ODS_CODE, "ODS code of the practice", ORGANISATIONS),
        "practice_name": _column(str, "Name of the practice", ORGANISATIONS),
        "postcode": _column(str, "Postcode of the main surgery", ORGANISATIONS),
        "latitude": _column(
            float,
            "Latitude of the postcode",
            CODE_POINT,
            unit="degrees",
            checks=pa.Check.in_range(49, 61),
        ),
        "longitude": _column(
            float,
            "Longitude of the postcode",
            CODE_POINT,
            unit="degrees",
            checks=pa.Check.in_range(-9, 3),
        ),
        "easting": _column(
            float,
            "Easting of the postcode",
            CODE_POINT,
            unit="m",
            checks=pa.Check.in_range(0, 700_000),
        ),
        "northing": _column(
            float,
            "Northing of the postcode",
            CODE_POINT,
            unit="m",
            checks=pa.Check.in_range(0, 1_300_000),
        ),
        "lad_code": _column(str, "ONS code of the district", ONS),
        "lad_name": _column(
            str, "District of the main surgery", ONS, checks=pa.Check.isin(DISTRICTS)
        ),
        "sub_icb_code": _column(
            str,
            "Sub-ICB location the practice belongs to",
            ORGANISATIONS,
            checks=pa.Check.isin(list(PLACES)),
        ),
        "pcn_name": _column(
            str,
            "Primary care network, 2026 membership; UNALLOCATED where it has none",
            ORGANISATIONS,
        ),
    },
    strict=True,
    coerce=True,
)

pcn_codes = pa.DataFrameSchema(
    {
        "pcn_name": _column(str, "Primary care network", ORGANISATIONS, unique=True),
        "pcn_code": _column(
            str,
            "ODS code of the network, its key; missing where it is not known",
            PCN_MAPPING,
            checks=pa.Check.str_matches(PCN_CODE),
            nullable=True,
        ),
    },
    strict=True,
    coerce=True,
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


def _workforce_number(meaning: str, unit: str) -> pa.Column:
    return _column(float, meaning, WORKFORCE, unit=unit, checks=_at_least_zero(), nullable=True)


def _workforce_columns() -> dict[str, pa.Column]:
    columns = {
        "practice_code": _code(ODS_CODE, "ODS code of the practice", WORKFORCE),
        "PRAC_NAME": _column(str, "Name of the practice as in the workforce file", WORKFORCE),
        "TOTAL_PATIENTS": _column(
            int,
            "Registered patients (list size)",
            WORKFORCE,
            unit="patients",
            checks=pa.Check.gt(0),
        ),
    }
    for prefix, who in _GP_COUNTS.items():
        columns[f"{prefix}_HC"] = _workforce_number(f"Headcount, {who}", "people")
        columns[f"{prefix}_FTE"] = _workforce_number(f"FTE, {who}", "FTE (37.5 h a week = 1)")
    for band, words in _AGE_BANDS.items():
        columns[f"TOTAL_GP_HC_{band}"] = _workforce_number(f"Headcount, GPs {words}", "people")
        columns[f"TOTAL_GP_FTE_{band}"] = _workforce_number(f"FTE, GPs {words}", "FTE")
    for prefix, who in {
        "NURSES": "nurses",
        "DPC": "direct patient care staff other than GPs and nurses",
        "ADMIN": "administrative staff",
    }.items():
        columns[f"TOTAL_{prefix}_FTE"] = _workforce_number(f"FTE, {who}", "FTE")
    return columns


def _qualified_within_all(table: pd.DataFrame) -> pd.Series:
    """FTE can only fall as trainees and locums are left out (to rounding)."""
    fully = table["TOTAL_GP_EXTG_FTE"]
    return ~((fully > table["TOTAL_GP_FTE"] + 1e-6) | (table["TOTAL_GP_EXTGL_FTE"] > fully + 1e-6))


workforce = pa.DataFrameSchema(
    _workforce_columns(),
    checks=pa.Check(
        _qualified_within_all, error="FTE permanent <= fully qualified <= all does not hold"
    ),
    strict=True,
    coerce=True,
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
    return _column(float, meaning, PROFILES, unit="%", checks=_per_cent(), nullable=True)


def _count(meaning: str, source: str) -> pa.Column:
    return _column(float, meaning, source, unit="count", checks=_at_least_zero(), nullable=True)


context = pa.DataFrameSchema(
    {
        "practice_code": _code(ODS_CODE, "ODS code of the practice", ORGANISATIONS),
        "list_size_2025_12": _column(
            float,
            "Registered patients, 1 December 2025",
            REGISTRATIONS,
            unit="patients",
            checks=pa.Check.gt(0),
            nullable=True,
        ),
        "imd2025_score_patient_weighted": _column(
            float,
            "Mean IMD 2025 score of the LSOAs where the patients live, weighted by patients",
            PROFILES,
            unit="IMD score (higher is more deprived)",
            checks=_per_cent(),
            nullable=True,
        ),
        "pct_0_14": _share("Share of patients aged 0 to 14"),
        "pct_65plus": _share("Share of patients aged 65 and over"),
        "pct_75plus": _share("Share of patients aged 75 and over"),
        **{
            column: _share(f"QOF 2024/25 recorded prevalence of {condition}")
            for column, condition in _PREVALENCE.items()
        },
        "appointments_2026_06_to_08": _count(
            "Appointments, June to August 2026", "NHS England, Appointments in General Practice"
        ),
        "gp_appointments_2026_06_to_08": _count(
            "Appointments with a GP, June to August 2026",
            "NHS England, Appointments in General Practice",
        ),
    },
    strict=True,
    coerce=True,
)


def _quintile_mix(edition: str, source: str) -> pa.DataFrameSchema:
    words = {1: " (most deprived)", 5: " (least deprived)"}
    quintiles = {
        f"patients_quintile_{q}": _column(
            int,
            f"Patients in LSOAs of IMD {edition} quintile {q}{words.get(q, '')}, July 2023",
            f"{REGISTRATIONS}; {source}",
            unit="patients",
            checks=_at_least_zero(),
        )
        for q in QUINTILES
    }
    return pa.DataFrameSchema(
        {
            "practice_code": _code(ODS_CODE, "ODS code of the practice", ORGANISATIONS),
            **quintiles,
            "patients_outside_england_or_unknown": _column(
                int,
                "Patients living outside England or in no known LSOA, July 2023",
                REGISTRATIONS,
                unit="patients",
                checks=_at_least_zero(),
            ),
        },
        strict=True,
        coerce=True,
    )


quintile_mix_2019 = _quintile_mix("2019", MHCLG_2019)
quintile_mix_2025 = _quintile_mix("2025", MHCLG_2025)

lsoa11_areas = pa.DataFrameSchema(
    {
        "lsoa11cd": _code(LSOA_CODE, "2011 LSOA code", ONS),
        "lsoa11nm": _column(str, "2011 LSOA name", ONS, unique=True),
        "lad_name": _column(str, "District", ONS, checks=pa.Check.isin(DISTRICTS)),
        "sub_icb_code": _column(str, "Sub-ICB location", ONS, checks=pa.Check.isin(list(PLACES))),
    },
    strict=True,
    coerce=True,
)

imd2019 = pa.DataFrameSchema(
    {
        "lsoa11cd": _code(LSOA_CODE, "2011 LSOA code", ONS),
        "imd2019_rank": _column(
            int,
            f"Rank in England, 1 = most deprived of {LSOAS_IN_ENGLAND['2019']:,}",
            MHCLG_2019,
            checks=pa.Check.in_range(1, LSOAS_IN_ENGLAND["2019"]),
        ),
        "imd2019_decile": _column(
            int, "Decile in England, 1 = most deprived", MHCLG_2019, checks=pa.Check.in_range(1, 10)
        ),
        "imd2019_score": _column(
            float, "IMD score, higher is more deprived", MHCLG_2019, checks=_per_cent()
        ),
    },
    strict=True,
    coerce=True,
)

imd2025 = pa.DataFrameSchema(
    {
        "lsoa21cd": _code(LSOA_CODE, "2021 LSOA code", ONS),
        "imd2025_rank": _column(
            int,
            f"Rank in England, 1 = most deprived of {LSOAS_IN_ENGLAND['2025']:,}",
            MHCLG_2025,
            checks=pa.Check.in_range(1, LSOAS_IN_ENGLAND["2025"]),
        ),
        "imd2025_decile": _column(
            int, "Decile in England, 1 = most deprived", MHCLG_2025, checks=pa.Check.in_range(1, 10)
        ),
    },
    strict=True,
    coerce=True,
)

lsoa_splits = pa.DataFrameSchema(
    {
        "lsoa11cd": _column(
            str, "2011 LSOA that was split", ONS, checks=pa.Check.str_matches(LSOA_CODE)
        ),
        "lsoa21cd": _code(LSOA_CODE, "2021 LSOA, one of its parts", ONS),
    },
    strict=True,
    coerce=True,
)

published_figures = pa.DataFrameSchema(
    {
        "figure": _column(str, "What the figure is", "as cited in the row"),
        "place": _column(str, "Where", "as cited in the row"),
        "period": _column(str, "When", "as cited in the row"),
        "value": _column(float, "The figure", "as cited in the row"),
        "unit": _column(str, "Its unit", "as cited in the row"),
        "source": _column(str, "The publication", "as cited in the row"),
    },
    strict=True,
    coerce=True,
)

gp_age_profile_2014 = pa.DataFrameSchema(
    {
        "place": _column(str, "CCG place of 2014", "Transforming Primary Care in Essex, 2014"),
        **{
            band: _column(
                float,
                f"Share of GPs aged {band.replace('_', ' ')}",
                "Transforming Primary Care in Essex, 2014",
                unit="%",
                checks=_per_cent(),
            )
            for band in ("under_50", "50_to_54", "55_to_59", "60_to_64", "65_to_69", "70_plus")
        },
    },
    strict=True,
    coerce=True,
)


DISPERSAL = "computed from registrations by LSOA of July 2023 (NHS England) and IMD 2025 (MHCLG)"

pcn_staff = pa.DataFrameSchema(
    {
        "pcn_code": _column(
            str, "ODS code of the network", WORKFORCE, checks=pa.Check.str_matches(PCN_CODE)
        ),
        "pcn_name": _column(str, "Its name in September 2022", WORKFORCE),
        "staff_group": _column(str, "Directors, direct patient care, or administration", WORKFORCE),
        "staff_role": _column(str, "Role", WORKFORCE),
        "fte": _column(
            float, "Employed by the network", WORKFORCE, unit="FTE", checks=_at_least_zero()
        ),
    },
    strict=True,
    unique=["pcn_code", "staff_group", "staff_role"],
)

RELATIVE_NEED = "computed from NHS Payments to General Practice and NHS England allocations"
relative_need = pa.DataFrameSchema(
    {
        "practice_code": _code(ODS_CODE, "ODS code of the practice", ORGANISATIONS),
        **{
            name: _column(
                float, meaning, RELATIVE_NEED, unit="1 = England", checks=pa.Check.in_range(0.3, 3)
            )
            for name, meaning in (
                ("weighted_per_registered_2022_23", "Carr-Hill weighted over registered patients"),
                (
                    "primary_medical_care_need_2025_26",
                    "Share of need for primary medical care over share of population",
                ),
            )
        },
    },
    strict=True,
    unique=["practice_code"],
)

closure_dispersal = pa.DataFrameSchema(
    {
        "practice_code": _column(
            str, "Practice that closes", ORGANISATIONS, checks=pa.Check.str_matches(ODS_CODE)
        ),
        "destination": _column(
            str,
            "Where its patients would be: a practice, OTHER (pooled cells under 5) or OUTSIDE",
            DISPERSAL,
            checks=pa.Check.str_matches(r"^([A-Z]\d{5}|OTHER|OUTSIDE)$"),
        ),
        **{
            f"patients_quintile_{q}": _column(
                float,
                f"Patients of July 2023 in LSOAs of IMD 2025 quintile {q}",
                DISPERSAL,
                unit="patients",
                checks=_at_least_zero(),
            )
            for q in range(1, 6)
        },
        "patients_outside_england_or_unknown": _column(
            float,
            "Patients of July 2023 in no known LSOA of England",
            DISPERSAL,
            unit="patients",
            checks=_at_least_zero(),
        ),
    },
    strict=True,
    coerce=True,
)

_CITED = "as cited in the row"
planning_parameters = pa.DataFrameSchema(
    {
        "parameter": _column(str, "What is assumed", _CITED, unique=True),
        **{
            name: _column(
                float, f"The {name} value", _CITED, unit="as in unit", checks=_at_least_zero()
            )
            for name in ("low", "central", "high")
        },
        "unit": _column(str, "Unit of the three", _CITED),
        "applies_to": _column(str, "Part of a plan that needs it", _CITED),
        "period": _column(str, "When it was measured or published", _CITED),
        "source": _column(str, "The publication", _CITED),
    },
    # Low and high are those of what is needed: 1,800 patients a GP need more GPs than 2,000.
    checks=pa.Check(
        lambda table: (table["central"] - table["low"]) * (table["high"] - table["central"]) >= 0,
        error="central does not lie between low and high",
    ),
    strict=True,
    coerce=True,
)

homes = pa.DataFrameSchema(
    {
        "district": _column(
            str, "District, or several that are known only together", _CITED, unique=True
        ),
        **{
            name: _column(
                float, meaning, _CITED, unit="homes a year", checks=_at_least_zero(), nullable=True
            )
            for name, meaning in {
                "homes_needed_a_year": "Needed by the standard method of December 2024",
                "homes_needed_a_year_before": "Needed by the method before",
                "homes_built_a_year_3_year_average": "Built, mean of three years",
            }.items()
        },
        "period": _column(str, "When", _CITED),
        "source": _column(str, "The publication", _CITED),
    },
    strict=True,
    coerce=True,
)


road_speeds = pa.DataFrameSchema(
    {
        "road_class": _column(str, "Class of road of OpenStreetMap", _CITED, unique=True),
        "drive_kmh": _column(
            float, "Speed by car", _CITED, unit="km/h", checks=pa.Check.gt(0), nullable=True
        ),
        **{
            name: _column(
                str,
                f"Whether one may {name} there unless the road itself says otherwise",
                _CITED,
                checks=pa.Check.isin(["yes", "no"]),
            )
            for name in ("walk", "cycle")
        },
        "source": _column(str, "The publication, or what is assumed", _CITED),
    },
    strict=True,
    coerce=True,
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
