"""Quality beside capacity: CQC, QOF, appointments, payments (contract, dispensing), survey,
allocations (weighted populations and coordinates).
"""

from __future__ import annotations

import pandas as pd

from pcs_dash.official.archive import InputFile
from pcs_dash.official.file_dates import one_period
from pcs_dash.official.layout import ODS_PRACTICE, Column, Layout

CQC_RATINGS = ("Outstanding", "Good", "Requires improvement", "Inadequate")

CQC = Layout(
    columns=(
        Column(
            "location_code", ("Practice.Code", "Location ODS Code"), "code",
            "ODS code of the place inspected", nullable=True, missing=("NA",),
        ),
        Column("year", ("Year",), "int", "year of the rating", required=False, minimum=2010,
               maximum=2100),
        Column("published", ("Publication Date",), "date", "day of the report", required=False,
               nullable=True),
        Column("location_name", ("location_name",), "text", "name of the place", nullable=True),
        Column("group", ("service_population_group", "Service / Population Group"), "text",
               "service or population group", repeated=True, nullable=True),
        Column("domain", ("domain",), "text", "question rated", repeated=True),
        Column("rating", ("latest_rating",), "text", "latest rating", nullable=True),
        Column("inherited", ("inherited_rating_y_n", "Inherited Rating (Y/N)"), "yes_no",
               "rating inherited from an earlier provider", required=False, nullable=True),
    ),
)  # fmt: skip


def load_cqc(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """The latest overall CQC rating of each practice: practice_code, cqc_rating, cqc_year.

    Rows with a branch code (practice code and three digits) and rows without a code are left
    out; of several ratings of a practice the latest counts, and among those of one year the
    worse. Both are counted in `file.notes`.
    """
    if "year" not in table.columns:
        if "published" not in table.columns:
            raise file.fault("It has neither 'Year' nor 'Publication Date'.")
        table["year"] = table["published"].dt.year
    overall = table[
        (table["domain"].astype(str).str.lower() == "overall")
        & (table["group"].astype("str").str.lower() == "overall")
    ]
    is_practice = overall["location_code"].str.match(ODS_PRACTICE).fillna(False).astype(bool)
    rated = overall[is_practice & overall["rating"].notna() & overall["year"].notna()]
    rated = rated.assign(rating=rated["rating"].str.capitalize())
    unknown = sorted(set(rated["rating"]) - set(CQC_RATINGS))
    rated = rated[rated["rating"].isin(CQC_RATINGS)]
    worse = rated["rating"].map({r: i for i, r in enumerate(CQC_RATINGS)})
    latest = (
        rated.assign(worse=worse)
        .sort_values(["location_code", "year", "worse"])
        .drop_duplicates("location_code", keep="last")
    )
    columns = {"location_code": "practice_code", "rating": "cqc_rating", "year": "cqc_year"}
    result = latest[[*columns, *(["inherited"] if "inherited" in latest else [])]].rename(
        columns={**columns, "inherited": "cqc_inherited"}
    )
    result["cqc_year"] = result["cqc_year"].astype("int64")
    result = result.sort_values("practice_code").reset_index(drop=True)
    file.notes.extend(
        [
            f"{int((~is_practice).sum()):,} rows have no practice code or a branch's code.",
            f"{len(rated) - len(result):,} older ratings of a practice were left out.",
            *([f"Ratings not counted: {', '.join(unknown)}."] if unknown else []),
        ]
    )
    return result


MOST_REGISTERS = 100

QOF = Layout(
    columns=(
        Column("practice_code", ("Practice code",), "code", "ODS code", pattern=ODS_PRACTICE),
        Column("qof_list_size", ("List size",), "int", "list size used", "patients", minimum=0),
        Column("qof_points", (r"~achievement_score_\d+_max",), "float", "points achieved",
               "points", minimum=0, maximum=2000),
        Column("qof_per_cent", (r"~qof_points_total_\d+_available",), "float",
               "points achieved of all points", "per cent", minimum=0, maximum=100),
        Column("qof_per_cent_of_available", ("Points achieved/ max. QOF points available (%)",),
               "float", "points achieved of those the practice could reach", "per cent",
               required=False, nullable=True, minimum=0, maximum=100),
    ),
    key=("practice_code",),
)  # fmt: skip


QOF_PREVALENCE = Layout(
    columns=(
        Column("practice_code", ("PRACTICE_CODE", "PRACTICECODE"), "code", "ODS code",
               pattern=ODS_PRACTICE, repeated=True),
        Column("group", ("GROUP_CODE", "INDICATOR_GROUP_CODE", "INDICATOR_GROUP"), "code",
               "disease register", pattern=r"^[A-Z0-9]{1,12}$", repeated=True),
        Column("list_type", ("PATIENT_LIST_TYPE",), "code",
               "ages the register is of: TOTAL, 18OV ...", required=False, nullable=True,
               repeated=True),
        Column("register", ("REGISTER", "REGISTER_SIZE", "DISEASE_REGISTER_SIZE"), "int",
               "patients on the register", "patients", minimum=0),
        Column("listed", ("PRACTICE_LIST_SIZE", "PRACTICE_LISTSIZE", "PATIENT_LIST_SIZE"), "int",
               "patients of those ages on the list", "patients", minimum=0),
    ),
    key=("practice_code", "group"),
)  # fmt: skip


def load_qof_prevalence(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """QOF prevalence, one row a practice: qof_prev_<group> in per cent of the patients of the
    ages that the register is of (all, or 18 and over ...), which `file.notes` names.

    The published file has a row for each practice and register. Missing where a practice has no
    such register or no patient of those ages. A register larger than its list is refused.
    """
    over = table[table["register"] > table["listed"]]
    file.refuse(
        over,
        "{practice_code}: register {group} has {register:,} patients of {listed:,} on the list "
        "({count:,} such rows).",
    )
    groups = table["group"].cat.remove_unused_categories().cat.categories
    if len(groups) > MOST_REGISTERS:
        raise file.fault(f"It has {len(groups):,} registers; some 22 expected.")
    share = 100 * table["register"] / table["listed"].where(table["listed"] > 0)
    keyed = table.assign(share=share, practice_code=table["practice_code"].astype("str"))
    keyed = keyed.set_index(["practice_code", "group"])[["share"]]
    wide = keyed["share"].unstack()  # noqa: PD010 - keys don't repeat, and no practice may go
    wide = wide.sort_index().sort_index(axis=1)
    wide.columns = pd.Index([f"qof_prev_{str(group).lower()}" for group in wide.columns])
    result = wide.reset_index()
    if "list_type" in table.columns:
        ages = table.dropna(subset=["list_type"]).drop_duplicates(["group", "list_type"])
        mixed = ages.loc[ages["group"].duplicated(), "group"]
        if not mixed.empty:
            raise file.fault(f"Register {mixed.iloc[0]} is counted on lists of different ages.")
        narrow = ages[ages["list_type"] != "TOTAL"]
        pairs = zip(narrow["group"], narrow["list_type"], strict=True)
        named = sorted(f"{group} {ages_of}" for group, ages_of in pairs)
        if named:
            file.notes.append(f"Not of patients of all ages: {', '.join(named)}.")
    return result


WAITS = {
    "same_day": "Same Day",
    "day_1": "1 Day",
    "days_2_7": "2 to 7 Days",
    "days_8_14": "8 to 14 Days",
    "days_15_21": "15 to 21 Days",
    "days_22_28": "22 to 28 Days",
    "days_over_28": "More than 28 Days",
    "wait_unknown": "Unknown / Data Quality",
}
APPOINTMENTS = Layout(
    columns=(
        Column("period", ("Appointment Month Start Date",), "date", "month of the appointments",
               first_of_month=True),
        Column("practice_code", ("GP_CODE",), "code", "ODS code", pattern=ODS_PRACTICE),
        *(
            Column(name, (heading,), "int", f"appointments booked: {heading}", "appointments",
                   minimum=0)
            for name, heading in WAITS.items()
        ),
    ),
)  # fmt: skip


def load_appointments(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Appointments of a month by practice and wait since booking, with the total and the
    same-day share (per cent of those whose wait is known; missing where there is none). A file
    of several months is refused.
    """
    one_period(file, table["period"])
    waits = list(WAITS)
    # A practice with two GP systems has two rows.
    summed = table.groupby(["period", "practice_code"], as_index=False)[waits].sum()
    total = summed[waits].sum(axis=1)
    known = total - summed["wait_unknown"]
    return summed.assign(
        appointments=total,
        same_day_per_cent=100 * summed["same_day"] / known.where(known > 0),
    )


PAYMENTS = Layout(
    columns=(
        Column("practice_code", ("Practice Code",), "code", "ODS code", pattern=ODS_PRACTICE),
        Column("contract_type", ("Contract Type",), "code", "GMS, PMS, APMS", nullable=True,
               missing=("UNKNOWN",)),
        Column("dispensing", ("Dispensing Practice",), "yes_no", "dispenses medicines",
               nullable=True, missing=("UNKNOWN",)),
        Column("rural", ("Practice Rurality",), "code", "URBAN or RURAL", nullable=True),
        Column("payments_registered", ("Average Number of Registered Patients",), "float",
               "registered patients, mean of the year", "patients", minimum=0),
        Column("payments_weighted", ("Average Number of Weighted Patients",), "float",
               "patients weighted by need (Carr-Hill)", "patients", minimum=0),
        Column("payment_per_patient", ("Average payments per registered patient",), "float",
               "NHS payments per registered patient", "pounds", nullable=True),
    ),
    key=("practice_code",),
)  # fmt: skip


def load_payments(_: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """NHS Payments to General Practice: contract, dispensing, weighted patients, and
    `carr_hill_ratio`, weighted over registered patients.

    A practice with no registered patients has no meaningful figure per patient: missing.
    """
    registered = table["payments_registered"].where(table["payments_registered"] > 0)
    return (
        table.assign(
            payment_per_patient=table["payment_per_patient"].where(registered.notna()),
            carr_hill_ratio=table["payments_weighted"] / registered,
        )
        .sort_values("practice_code")
        .reset_index(drop=True)
    )


ALLOCATIONS = Layout(
    columns=(
        Column("practice_code", ("Practice_Code",), "code", "ODS code", pattern=ODS_PRACTICE),
        Column("practice_name", ("GP_Practice_Name",), "text", "name of the practice"),
        Column("postcode", ("Practice_Postcode",), "postcode", "postcode", nullable=True),
        Column("latitude", ("Latitude",), "float", "latitude of the postcode", "degrees",
               nullable=True, minimum=49, maximum=61),
        Column("longitude", ("Longitude",), "float", "longitude of the postcode", "degrees",
               nullable=True, minimum=-9, maximum=3),
        Column("icb_code", ("ICB",), "code", "integrated care board"),
        Column("icb", ("ICBname",), "text", "name of the board"),
        Column("region_code", ("Rcode",), "code", "NHS England region"),
        Column("region", ("Region",), "text", "name of the region"),
        Column("district_code", ("LAD",), "code", "district of the surgery", nullable=True),
        Column("district", ("LTLA",), "text", "name of the district", nullable=True),
        Column("allocation_population", ("Population",), "float",
               "registered patients, projected for the year", "patients", minimum=0),
        Column("weighted_population", ("Final WP",), "float",
               "population weighted by need, all services", "patients", minimum=0),
        Column("weighted_primary_care", ("Final PMC WP",), "float",
               "population weighted by need, primary medical care", "patients", minimum=0),
    ),
    key=("practice_code",),
)  # fmt: skip


SURVEY = Layout(
    columns=(
        Column("practice_code", ("ad_practicecode", "Practice_Code"), "code", "ODS code",
               pattern=ODS_PRACTICE),
        Column("survey_answers", ("received",), "float", "forms received", "answers",
               nullable=True, minimum=0, missing=("/",)),
        Column("survey_overall_good", ("overallexp.pcteval",), "float",
               "overall experience good", "per cent", nullable=True, minimum=0, maximum=100,
               missing=("/", "-", "NA", "*")),
        Column("survey_contact_good", ("gpcontactoverall.pcteval",), "float",
               "contacting the practice good", "per cent", nullable=True, required=False,
               minimum=0, maximum=100, missing=("/", "-", "NA", "*")),
    ),
    key=("practice_code",),
)  # fmt: skip


def load_survey(_: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """GP Patient Survey, weighted practice results; shares become per cent."""
    for column in ("survey_overall_good", "survey_contact_good"):
        if column in table.columns and table[column].max() <= 1:
            table[column] = table[column] * 100
    return table.sort_values("practice_code").reset_index(drop=True)
