"""General Practice Workforce: the practice-level file (294 columns, 64 taken) and individuals;
the staff of primary care networks.

Conventions by year. From February 2023 `NA` is no data and 0 is zero. Before, a practice
without data had `ND`, or 0 for everyone: such a practice with patients but no GP of any kind is
taken as no data. Until 2019 the registrars' columns have other names (`EXR`, `REG_ST1_4`).
"""

from __future__ import annotations

import pandas as pd

from pcs_dash.official.archive import InputFile
from pcs_dash.official.file_dates import month_in_name, one_period
from pcs_dash.official.layout import ODS_PRACTICE, Column, Layout
from pcs_dash.tables.no_value import NO_FIGURE

NA_MEANS_NO_DATA_FROM = pd.Timestamp(2023, 2, 1)
_MISSING = ("NA", "ND", *NO_FIGURE)

GP_GROUPS = {
    "": "all GPs, trainees and locums included",
    "_EXTG": "fully qualified GPs: no trainees, regular locums included",
    "_EXL": "GPs without locums, trainees included",
    "_EXTGL": "permanent GPs: neither trainees nor locums",
}
GP_ROLES = {
    "SEN_PTNR": "senior partners",
    "PTNR_PROV": "partners and providers",
    "SAL_BY_PRAC": "GPs salaried by the practice",
    "SAL_BY_OTH": "GPs salaried by another body",
    "TRN_GR_ST1": "trainees, year 1",
    "TRN_GR_ST2": "trainees, year 2",
    "TRN_GR_ST3": "trainees, year 3",
    "TRN_GR_ST4": "trainees, year 4",
    "TRN_GR_OTH": "trainees, other",
    "TRN_GR_F1_2": "foundation doctors",
    "RET": "retainers",
    "LOCUM_VAC": "locums for a vacancy",
    "LOCUM_ABS": "locums for an absence",
    "LOCUM_OTH": "other locums",
}
AGE_BANDS = (
    "UNDER30", "30TO34", "35TO39", "40TO44", "45TO49", "50TO54",
    "55TO59", "60TO64", "65TO69", "70PLUS", "UNKNOWN_AGE",
)  # fmt: skip
# Names of 2015-2019 for what has another name now. EXRL still contains foundation doctors, so
# it stands in for nothing: the fully qualified figures of those years are computed.
_OLD_ROLES = {"TRN_GR_F1_2": "REG_F1_2"}
OLD_REGISTRARS = ("REG_ST3_4", "REG_ST1_4", "REG_ST1_2")


def _number(name: str, meaning: str, unit: str, *, old: tuple[str, ...] = ()) -> Column:
    return Column(
        name, (name, *old), "float", meaning, unit, required=False, nullable=True,
        missing=_MISSING, minimum=0,
    )  # fmt: skip


def _columns() -> tuple[Column, ...]:
    columns = [
        Column(
            "practice_code", ("PRAC_CODE", "PRACTICE_CODE"), "code", "ODS code of the practice",
            pattern=ODS_PRACTICE,
        ),
        Column("practice_name", ("PRAC_NAME",), "text", "name of the practice", nullable=True),
        Column(
            "sub_icb_code", ("SUB_ICB_CODE", "CCG_CODE"), "code",
            "sub-ICB location (until 2022 CCG)", required=False, nullable=True, missing=_MISSING,
        ),
        Column(
            "pcn_code", ("PCN_CODE",), "code", "network", required=False, nullable=True,
            missing=(*_MISSING, "U"),
        ),
        Column(
            "patients", ("TOTAL_PATIENTS",), "float", "registered patients", "patients",
            nullable=True, missing=_MISSING, minimum=0,
        ),
        Column(
            "TOTAL_GP_HC", ("TOTAL_GP_HC",), "float", "headcount, all GPs", "people",
            nullable=True, missing=_MISSING, minimum=0,
        ),
        Column(
            "TOTAL_GP_FTE", ("TOTAL_GP_FTE",), "float", "FTE, all GPs", "FTE (37.5 h = 1)",
            nullable=True, missing=_MISSING, minimum=0,
        ),
    ]  # fmt: skip
    for unit, label, what in (
        ("HC", "people", "headcount"),
        ("FTE", "FTE (37.5 h = 1)", "FTE"),
    ):
        for group, meaning in GP_GROUPS.items():
            if group:
                columns.append(_number(f"TOTAL_GP{group}_{unit}", f"{what}, {meaning}", label))
        for role, meaning in GP_ROLES.items():
            old = (f"TOTAL_GP_{_OLD_ROLES[role]}_{unit}",) if role in _OLD_ROLES else ()
            columns.append(_number(f"TOTAL_GP_{role}_{unit}", f"{what}, {meaning}", label, old=old))
        columns += [
            _number(f"TOTAL_GP_{role}_{unit}", f"{what}, registrars until 2019", label)
            for role in OLD_REGISTRARS
        ]
        columns += [
            _number(f"TOTAL_GP_{unit}_{band}", f"{what}, GPs aged {band.lower()}", label)
            for band in AGE_BANDS
        ]
    for group, meaning in (
        ("NURSES", "nurses"),
        ("DPC", "direct patient care staff"),
        ("ADMIN", "administrative staff"),
    ):
        columns.append(_number(f"TOTAL_{group}_FTE", f"FTE, {meaning}", "FTE (37.5 h = 1)"))
    return tuple(columns)


WORKFORCE = Layout(columns=_columns(), key=("practice_code",))


def load_workforce(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """One row a practice: `period` (a month's last day) and the 64 columns that matter.

    The month comes from the file's name ("... December 2025 Practice Level ...").
    Raises InputFileError when it can't be known, or when no column gives the fully qualified.
    """
    period = month_in_name(file.base_name) or month_in_name(file.name)
    if period is None:
        raise file.fault(
            "The file does not say which month it is for. Put the month in its name, "
            "for example 'General Practice - December 2025 Practice Level.csv'."
        )
    table = _fully_qualified(file, table)
    if period < NA_MEANS_NO_DATA_FROM:
        table = _old_zeros_are_missing(table)
    _check_order(file, table)
    table.insert(0, "period", period)
    return table.sort_values("practice_code").reset_index(drop=True)


def _fully_qualified(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """EXTG and EXTGL, computed for the files that had registrars' columns instead.

    Fully qualified = all - registrars - foundation doctors; the published EXR of those years
    leaves the foundation doctors in.
    """
    additions: dict[str, pd.Series] = {}
    for unit in ("HC", "FTE"):
        whole = f"TOTAL_GP_EXTG_{unit}"
        if whole in table.columns:
            continue
        registrars = next(
            (f"TOTAL_GP_{r}_{unit}" for r in ("REG_ST1_4", "REG_ST3_4")
             if f"TOTAL_GP_{r}_{unit}" in table.columns),
            None,
        )  # fmt: skip
        if registrars is None:
            raise file.fault(
                f"It has neither '{whole}' nor the registrars' columns that older files "
                "have, so fully qualified GPs can't be told. Take the practice-level file "
                "with all columns ('Detailed')."
            )
        foundation = f"TOTAL_GP_TRN_GR_F1_2_{unit}"
        trainees = table[registrars]
        if foundation in table.columns:
            trainees = trainees + table[foundation]
        # Subtraction of published decimals can leave -1e-16.
        additions[whole] = (table[f"TOTAL_GP_{unit}"] - trainees).round(9).clip(lower=0)
        locums = [f"TOTAL_GP_LOCUM_{k}_{unit}" for k in ("VAC", "ABS", "OTH")]
        if f"TOTAL_GP_EXTGL_{unit}" not in table.columns and set(locums) <= set(table.columns):
            additions[f"TOTAL_GP_EXTGL_{unit}"] = (
                (additions[whole] - table[locums].sum(axis=1, skipna=False)).round(9).clip(lower=0)
            )
    return table.assign(**additions)


def _old_zeros_are_missing(table: pd.DataFrame) -> pd.DataFrame:
    """Before February 2023: no GP of any kind for a list of patients means no data."""
    no_data = (table["TOTAL_GP_HC"] == 0) & (table["TOTAL_GP_FTE"] == 0) & (table["patients"] > 0)
    numbers = [c for c in table.columns if c.startswith("TOTAL_GP")]
    result = table.copy()
    result.loc[no_data, numbers] = float("nan")
    groups = [c for c in ("TOTAL_NURSES_FTE", "TOTAL_DPC_FTE", "TOTAL_ADMIN_FTE") if c in table]
    if groups:
        # A practice with no staff of any group reported nothing at all.
        nobody = no_data & (table[groups].fillna(0) == 0).all(axis=1)
        result.loc[nobody, groups] = float("nan")
    return result


def _check_order(file: InputFile, table: pd.DataFrame) -> None:
    """FTE can only fall as trainees and locums are left out; a swap of columns breaks this."""
    faults = []
    pairs = (("TOTAL_GP_EXTG_FTE", "TOTAL_GP_FTE"), ("TOTAL_GP_EXTGL_FTE", "TOTAL_GP_EXTG_FTE"))
    for part, whole in pairs:
        if part not in table.columns:
            continue
        wrong = table[table[part] > table[whole] + 1e-6]
        faults += [
            f"{row['practice_code']}: {part} {row[part]:g} is more than {whole} {row[whole]:g}."
            for row in wrong.head(5).to_dict("records")
        ]
    if faults:
        raise file.fault(*faults)


INDIVIDUALS = Layout(
    columns=(
        Column("icb_code", ("ICB_CODE", "STP_CODE"), "code", "ICB", required=False, nullable=True),
        Column(
            "sub_icb_code", ("SUB_ICB_CODE", "CCG_CODE"), "code", "sub-ICB location",
            nullable=True, missing=_MISSING,
        ),
        Column("staff_group", ("STAFF_GROUP",), "text", "GP, Nurses, ...", repeated=True),
        Column("staff_role", ("STAFF_ROLE",), "text", "role", nullable=True, repeated=True),
        Column(
            "detailed_role", ("DETAILED_STAFF_ROLE",), "text", "role in detail", nullable=True,
            required=False, repeated=True,
        ),
        Column(
            "age_band", ("AGE_BAND",), "text", "age band", nullable=True, required=False,
            missing=_MISSING, repeated=True,
        ),
        Column(
            "gender", ("GENDER",), "text", "gender", nullable=True, required=False, repeated=True
        ),
        Column(
            "fte", ("FTE",), "float", "full-time equivalent", "FTE (37.5 h = 1)", nullable=True,
            missing=_MISSING, minimum=0,
        ),
    )
)  # fmt: skip


PCN_WORKFORCE = Layout(
    columns=(
        Column("year", ("CENSUS_YEAR",), "int", "year", minimum=2019, maximum=2100),
        Column("month", ("CENSUS_MONTH",), "int", "month", minimum=1, maximum=12),
        Column("pcn_code", ("PCN_CODE",), "code", "network", pattern=r"^U\d{5}$", repeated=True),
        Column("pcn", ("PCN_NAME",), "text", "name of the network", nullable=True, repeated=True),
        Column("staff_group", ("STAFF_GROUP",), "text", "direct care, admin, directors",
               repeated=True),
        Column("staff_role", ("STAFF_ROLE",), "text", "role", nullable=True, repeated=True),
        Column("detailed_role", ("DETAILED_STAFF_ROLE",), "text", "role in detail",
               nullable=True, repeated=True),
        Column("person", ("UNIQUE_IDENTIFIER",), "code", "a number for each person",
               nullable=True, missing=_MISSING),
        Column("fte", ("FTE",), "float", "full-time equivalent", "FTE (37.5 h = 1)", nullable=True,
               missing=_MISSING, minimum=0),
    )
)  # fmt: skip


def _added_up(table: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    """Rows of one person each as people (rows) and FTE of each group."""
    by_group = table.groupby(groups, dropna=False, observed=True)["fte"]
    return by_group.agg(people="size", fte=lambda each: each.sum(min_count=1)).reset_index()


def load_pcn_workforce(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Staff employed by or for networks, added up: one row per pcn_code, staff group and role,
    with people (rows; contracted services have one a service), FTE, and the month's last day.
    """
    days = pd.to_datetime(table[["year", "month"]].assign(day=1)) + pd.offsets.MonthEnd(0)
    one_period(file, days)
    groups = ["pcn_code", "staff_group", "staff_role", "detailed_role"]
    summed = _added_up(table, groups)
    named = table.dropna(subset=["pcn"]).drop_duplicates("pcn_code").set_index("pcn_code")["pcn"]
    summed.insert(1, "pcn", summed["pcn_code"].map(named))
    summed.insert(0, "period", days.iloc[0])
    return summed


def load_workforce_individual(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """The individual-level file, added up: no row of one person leaves this function.

    One row per sub-ICB, staff group, role, age band and gender: people (rows) and FTE.
    """
    period = month_in_name(file.base_name) or month_in_name(file.name)
    if period is None:
        raise file.fault("The file does not say which month it is for. Put the month in its name.")
    groups = [c for c in table.columns if c not in ("fte", "icb_code")]
    summed = _added_up(table, groups)
    summed.insert(0, "period", period)
    return summed
