"""Patients Registered at a GP Practice: list sizes, and patients by practice and LSOA."""

from __future__ import annotations

import pandas as pd

from pcs_dash.official.archive import InputFile
from pcs_dash.official.file_dates import one_period
from pcs_dash.official.layout import LSOA_OR_UNKNOWN, ODS_PRACTICE, Column, Layout

LIST_SIZES = Layout(
    columns=(
        Column(
            "period", ("EXTRACT_DATE",), "date", "day the lists were counted", first_of_month=True
        ),
        Column("practice_code", ("CODE",), "code", "ODS code of the practice"),
        Column("kind", ("TYPE",), "code", "GP, or the area a row adds up to"),
        Column(
            "sub_icb_code",
            ("SUB_ICB_LOCATION_CODE", "CCG_CODE"),
            "code",
            "sub-ICB location (until 2022 CCG)",
        ),
        Column("postcode", ("POSTCODE",), "postcode", "postcode of the practice", nullable=True),
        Column("sex", ("SEX",), "code", "ALL, MALE or FEMALE", repeated=True),
        Column("age", ("AGE",), "code", "ALL, or an age or band", repeated=True),
        Column(
            "patients", ("NUMBER_OF_PATIENTS",), "int", "registered patients", "patients", minimum=0
        ),
    ),
)


def load_list_sizes(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """List size of every practice on one day: period, practice_code, sub_icb_code, postcode,
    patients. Files with ages and sexes are read too: their ALL/ALL rows are taken.
    """
    totals = table[
        (table["kind"] == "GP") & (table["sex"] == "ALL") & (table["age"] == "ALL")
    ].drop(columns=["kind", "sex", "age"])
    if totals.empty:
        raise file.fault(
            "It has no row for practices with SEX and AGE both 'ALL': take the totals."
        )
    one_period(file, totals["period"])
    _practice_codes(file, totals["practice_code"])
    twice = totals["practice_code"].duplicated(keep=False)
    if twice.any():
        codes = ", ".join(sorted(set(totals.loc[twice, "practice_code"]))[:10])
        raise file.fault(f"These practices stand in more than one row: {codes}.")
    return totals.sort_values("practice_code").reset_index(drop=True)


def _practice_codes(file: InputFile, codes: pd.Series) -> None:
    wrong = codes[~codes.str.match(ODS_PRACTICE)]
    if not wrong.empty:
        raise file.fault(
            "These are no practice codes (a letter and five digits): "
            + ", ".join(repr(code) for code in wrong.head(10))
            + "."
        )


BY_LSOA = Layout(
    columns=(
        Column(
            "period", ("EXTRACT_DATE",), "date", "day the lists were counted", first_of_month=True
        ),
        Column(
            "practice_code",
            ("PRACTICE_CODE",),
            "code",
            "ODS code of the practice",
            pattern=ODS_PRACTICE,
            repeated=True,
        ),
        Column(
            "lsoa_code",
            ("LSOA_CODE",),
            "code",
            "LSOA where the patients live; NO2011 or NO2021 where it is not known",
            pattern=LSOA_OR_UNKNOWN,
            repeated=True,
        ),
        Column("sex", ("SEX",), "code", "ALL, MALE or FEMALE", repeated=True),
        Column(
            "patients",
            ("NUMBER_OF_PATIENTS", "NUMBER_OF_PATIENTS_ALL"),
            "int",
            "registered patients",
            "patients",
            minimum=0,
        ),
    ),
)


def load_registrations_lsoa(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Patients by practice and LSOA on one day: period, practice_code, lsoa_code, patients.

    The male and female files are refused: their sum is in the file for all. Codes are
    categories (868,505 rows, some 10 MB).
    """
    everyone = table[table["sex"] == "ALL"].drop(columns="sex")
    if everyone.empty:
        raise file.fault(
            "It has no rows for SEX 'ALL': take the file of all patients (…-lsoa-all)."
        )
    one_period(file, everyone["period"])
    file.refuse(
        everyone[everyone.duplicated(["practice_code", "lsoa_code"])],
        "Practice {practice_code} and LSOA {lsoa_code} stand in two rows.",
    )
    return everyone.reset_index(drop=True)


def lsoa_vintage(codes: pd.Series) -> int:
    """2011 or 2021: the edition of the LSOAs, by the marker for 'not known' or by new codes."""
    known = pd.Index(codes.unique())
    if known.isin(["NO2021"]).any():
        return 2021
    if known.isin(["NO2011"]).any():
        return 2011
    # Codes from E01033769 on were made for 2021.
    new = known[known.str.match(r"^E010(33(769|7[7-9]\d|[89]\d\d)|3[4-9]\d{3})$")]
    return 2021 if len(new) else 2011
