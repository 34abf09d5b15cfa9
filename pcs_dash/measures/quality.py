"""Quality beside capacity: what each measure is, per practice and per group, and its period.

A measure is read from the practices (embedded) or from the official columns joined by code
("official_..."). Missing stays missing and is counted; implausible appointment counts are kept,
flagged, and left out of groups and of the comparison with capacity, with their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pcs_dash.measures import numbers
from pcs_dash.measures.correlation import Correlation, correlate
from pcs_dash.measures.numbers import count, number, p_text
from pcs_dash.measures.words import (
    NOT_WHY,
    Words,
    definition_text,
    grade,
    interval_text,
    size_range,
)
from pcs_dash.tables.dataset import IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT

Kind = Literal["number", "category", "yes_no"]
PREFIX = "official_"
_REGISTER = "qof_prev_"
# The register of each group, as the headings of a page or table say it; others keep their code.
QOF_REGISTERS = {
    "AF": "atrial fibrillation",
    "AST": "asthma",
    "CAN": "cancer",
    "CHD": "coronary heart disease",
    "CKD": "chronic kidney disease",
    "COPD": "chronic obstructive pulmonary disease",
    "DEM": "dementia",
    "DEP": "depression",
    "DM": "diabetes mellitus",
    "EP": "epilepsy",
    "HF": "heart failure",
    "HYP": "hypertension",
    "LD": "learning disability",
    "MH": "serious mental illness",
    "NDH": "non-diabetic hyperglycaemia",
    "OB": "obesity",
    "OST": "osteoporosis",
    "PAD": "peripheral arterial disease",
    "PC": "palliative care",
    "RA": "rheumatoid arthritis",
    "SMOK": "smoking",
    "STIA": "stroke and transient ischaemic attack",
}
# The columns of the built practices that this module reads.
OFFICIAL_COLUMNS = (
    "cqc_rating", "cqc_year", "cqc_inherited", "qof_per_cent", "appointments", "same_day",
    "wait_unknown", "appointments_per_patient", "same_day_per_cent", "flag_appointments",
    "contract_type", "dispensing", "carr_hill_ratio", "payment_per_patient",
    "patients_gp_road_km", "patients_rural_per_cent", "dentists_1_mile",
    "dentists_1_mile_taking_adults", "pharmacies_1_mile", "opticians_1_mile", "dental_sites_1_mile",
    "survey_answers", "survey_overall_good", "survey_contact_good", "patients",
    *(f"{_REGISTER}{key.lower()}" for key in QOF_REGISTERS),
)  # fmt: skip
FEWEST_FOR_WORDS = 10

CQC_RATINGS = ("Outstanding", "Good", "Requires improvement", "Inadequate")
CONTRACTS = ("GMS", "PMS", "APMS")
YES_NO = ("yes", "no")


@dataclass(frozen=True)
class Measure:
    """One measure. `key`: its column in `quality_table`; `sources`: the publications it
    needs (none: embedded); `fixed_period`: its period when embedded; `grouped`: how a PCN or hub
    gets its figure; `weight`: the column that weighs it; `beware`: what not to read into it;
    `family`: what measures of one publication are called together where none of them is there.
    """

    key: str
    label: str
    noun: str
    kind: Kind
    unit: str
    grouped: str
    beware: str
    sources: tuple[str, ...] = ()
    fixed_period: str = ""
    decimals: int = 1
    over: tuple[str, str] | None = None
    flag: str = ""
    weight: str = "patients"
    categories: tuple[str, ...] = ()
    family: str = ""


_QOF_PREVALENCE = "QOF 2024/25"
_PREVALENCE = {
    "prev_hyp": "hypertension",
    "prev_dm": "diabetes (17 and over)",
    "prev_copd": "COPD",
    "prev_chd": "coronary heart disease",
    "prev_dep": "depression (18 and over)",
    "prev_ob": "obesity (18 and over)",
    "prev_smok": "smoking (15 and over)",
}
_WEIGHTED = "mean weighted by patients"
_COUNTED = "practices counted"

MEASURES: tuple[Measure, ...] = (
    Measure(
        "cqc_rating", "CQC rating", "CQC rating", "category", "overall rating", _COUNTED,
        "The latest overall rating up to the period given; many are years old. A rating can be "
        "inherited from the provider before.",
        ("cqc",), categories=CQC_RATINGS,
    ),
    Measure(
        "qof_per_cent", "QOF achievement", "QOF achievement", "number", "% of points", _WEIGHTED,
        "Points for what is recorded and done for registered conditions, not the quality of all "
        "care.",
        ("qof",),
    ),
    Measure(
        "appointments_per_patient", "Appointments per patient and month",
        "appointments per patient", "number", "a patient and month",
        "sum of appointments over sum of patients, implausible counts left out",
        "What is in the appointment book: practices book differently, and not every contact is an "
        "appointment.",
        ("appointments",), decimals=2, over=("month_appointments", "month_patients"),
        flag="flag_month",
    ),
    Measure(
        "same_day_per_cent", "Same-day appointments", "the same-day share of appointments",
        "number", "% of appointments with a known wait",
        "sum of same-day appointments over sum of those with a known wait, implausible counts "
        "left out",
        "Same day is not better in itself: some patients want a later date.",
        ("appointments",), over=("month_same_day", "month_known_wait"), flag="flag_month",
    ),
    Measure(
        "recent_appointments_per_patient", "Appointments per patient, three months",
        "appointments per patient in three months", "number", "a patient in three months",
        "sum of appointments over sum of patients, implausible counts left out",
        "What is in the appointment book: practices book differently, and not every contact is an "
        "appointment. Held against the list of 1 December 2025.",
        fixed_period="June to August 2026", decimals=2,
        over=("recent_appointments", "recent_patients"), flag="flag_recent",
    ),
    *(
        Measure(
            key, f"Prevalence: {name}", f"recorded prevalence of {name}", "number",
            "% of registered patients", _WEIGHTED,
            "What is recorded: age and how well a practice looks for it move it as much as need.",
            fixed_period=_QOF_PREVALENCE,
        )
        for key, name in _PREVALENCE.items()
    ),
    *(
        Measure(
            f"{_REGISTER}{key.lower()}", f"Prevalence: {name}", f"recorded prevalence of {name}",
            "number", "% of the patients of the register's ages", _WEIGHTED,
            "What is recorded: age and how well a practice looks for it move it as much as need. "
            "Some registers are of patients of certain ages only.",
            ("qof_prevalence",), family="Prevalence of the registers of the QOF",
        )
        for key, name in QOF_REGISTERS.items()
    ),
    Measure(
        "contract_type", "Contract type", "contract type", "category", "contract", _COUNTED,
        "GMS: national contract; PMS: locally agreed; APMS: with any provider.",
        ("payments",), categories=CONTRACTS,
    ),
    Measure(
        "dispensing", "Dispensing practice", "dispensing", "yes_no", "dispenses", _COUNTED,
        "Practices that may dispense medicines, mostly where pharmacies are far.",
        ("payments",), categories=YES_NO,
    ),
    Measure(
        "carr_hill_ratio", "Patients weighted by Carr-Hill, per registered patient",
        "weighted patients per registered patient", "number", "weighted over registered",
        _WEIGHTED,
        "The formula by which practices are paid: age, sex, nursing homes, turnover, rurality, "
        "staff costs. It weighs the work expected, not the work done.",
        ("payments",), decimals=3,
    ),
    Measure(
        "payment_per_patient", "NHS payments per registered patient",
        "payments per registered patient", "number", "pounds a year", _WEIGHTED,
        "All NHS payments to the practice over its mean list, premises and dispensing among "
        "them: not income, and not alike between dispensing and other practices.",
        ("payments",), decimals=0,
    ),
    Measure(
        "patients_gp_road_km", "Patients' road distance to the nearest GP surgery",
        "patients' road distance to a GP surgery", "number", "km, mean of its patients",
        _WEIGHTED,
        "From the patients' small areas to the nearest surgery of any practice (IoD 2019), not "
        "to their own.",
        ("barriers2019", "registrations_lsoa"),
    ),
    Measure(
        "patients_rural_per_cent", "Patients who live in rural areas",
        "the share of patients in rural areas", "number", "% of patients", _WEIGHTED,
        "By the rural-urban classification of 2011 of the patients' small areas.",
        ("rural_urban2011", "registrations_lsoa"),
    ),
    Measure(
        "dentists_1_mile", "Dental practices within a mile", "dental practices within a mile",
        "number", "practices", _WEIGHTED,
        "Straight line from the surgery; says nothing of whether they take patients.",
        ("dentists", "allocations"), decimals=0,
    ),
    Measure(
        "dentists_1_mile_taking_adults", "Dental practices within a mile that take adults",
        "dental practices within a mile that say they take adults", "number", "practices",
        _WEIGHTED,
        "As the practices say themselves, in a third party's compilation; it changes from week to "
        "week.",
        ("dentists", "allocations"), decimals=0,
    ),
    *(
        Measure(
            f"{key}_1_mile", f"{name} within a mile", f"{name[0].lower()}{name[1:]} within a mile",
            "number", unit, _WEIGHTED,
            "Open ones of the ODS list, straight line from the surgery to their postcode; counted "
            "only where the place of at least 95% of the list is known.",
            (key, "postcodes", "allocations"), decimals=0,
        )
        for key, name, unit in (
            ("pharmacies", "Pharmacies", "pharmacies"),
            ("opticians", "Opticians", "opticians"),
            ("dental_sites", "Dental sites of the ODS", "dental sites"),
        )
    ),
    Measure(
        "survey_overall_good", "Patients' overall experience good",
        "the share of patients with a good overall experience", "number", "% of answers",
        _WEIGHTED,
        "A sample of patients: small practices have few answers.",
        ("survey",),
    ),
    Measure(
        "survey_contact_good", "Patients' experience of contact good",
        "the share of patients with a good experience of contacting the practice", "number",
        "% of answers", _WEIGHTED,
        "A sample of patients: small practices have few answers.",
        ("survey",),
    ),
)  # fmt: skip
# --- the table ----------------------------------------------------------------------------------


def quality_table(practices: pd.DataFrame, official: pd.DataFrame | None) -> pd.DataFrame:
    """One row a practice (the index of `practices`): every measure that there is, with the sums
    and flags that its groups need.

    `official`: columns "official_...", same index (`ui.official_store.practices`); None where
    nothing is loaded. Columns without a single figure are left out.
    """
    table = practices[["patients"]].astype("float64").copy()
    if official is not None:
        own = official.reindex(practices.index)
        for key in (*(measure.key for measure in MEASURES), "cqc_year"):
            if PREFIX + key in own.columns:
                table[key] = own[PREFIX + key]
        table = table.join(_month(own))
    for key in _PREVALENCE:
        if key in practices.columns:
            table[key] = practices[key].astype("float64")
    if {"appointments", "list_size_2025_12"} <= set(practices.columns):
        size = practices["list_size_2025_12"]
        recent = practices["appointments"] / size.where(size > 0)
        table["recent_appointments_per_patient"] = recent
        table["flag_recent"] = (recent > IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT) | (recent == 0)
        table["recent_appointments"] = practices["appointments"].where(~table["flag_recent"])
        table["recent_patients"] = size.where(recent.notna() & ~table["flag_recent"])
    if "dispensing" in table.columns:
        table["dispensing"] = table["dispensing"].map({True: "yes", False: "no"}).astype("str")
    for measure in MEASURES:
        if measure.key in table.columns and measure.kind == "number":
            table[measure.key] = table[measure.key].astype("float64")
    empty = [m.key for m in MEASURES if m.key in table.columns and table[m.key].isna().all()]
    return table.drop(columns=empty)


def _month(own: pd.DataFrame) -> pd.DataFrame:
    """The sums that the month's appointments of a group are made of."""
    needed = {PREFIX + name for name in ("appointments", "same_day", "wait_unknown", "patients")}
    if not needed <= set(own.columns):
        return pd.DataFrame(index=own.index)
    flagged = own[PREFIX + "flag_appointments"].astype("boolean").fillna(False).astype(bool)
    booked = own[PREFIX + "appointments"].astype("float64")
    counts = booked.notna() & ~flagged
    known = booked - own[PREFIX + "wait_unknown"].astype("float64")
    return pd.DataFrame(
        {
            "flag_month": flagged,
            "month_appointments": booked.where(counts),
            "month_patients": own[PREFIX + "patients"].astype("float64").where(counts),
            "month_same_day": own[PREFIX + "same_day"].astype("float64").where(counts),
            "month_known_wait": known.where(counts),
        }
    )


def available(table: pd.DataFrame) -> dict[str, Measure]:
    """The measures that the table holds, in the order of the menu."""
    return {m.key: m for m in MEASURES if m.key in table.columns}


def period_of(measure: Measure, periods: Mapping[str, str]) -> str:
    """The period of a measure in words: "2022-23", "to 2024", "April 2025"."""
    if not measure.sources:
        return measure.fixed_period
    date = periods.get(measure.sources[0])
    if date is None:
        return "period unknown"
    when = pd.Timestamp(date)
    if measure.sources[0] in ("qof", "qof_prevalence", "payments"):
        return f"{when.year - 1}-{when.year % 100:02d}" if when.month <= 3 else f"{when.year}"
    if measure.sources[0] == "cqc":
        return f"to {when.year}"
    return f"{when:%Y}" if measure.sources[0] == "survey" else f"{when:%B %Y}"


# --- groups -------------------------------------------------------------------------------------


def by_group(table: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Every measure for each group (PCN, hub, district): index group, sorted.

    Numbers: as `Measure.grouped` says, with "<key>_n", the practices that the figure rests on.
    Categories: words such as "Good 5, Requires improvement 1, no figure 1". `groups`: group of
    each practice, missing for none.
    """
    keys = groups.reindex(table.index)
    used = table[keys.notna()]
    keys = keys[keys.notna()]
    grouped = used.groupby(keys)
    result = pd.DataFrame(
        {"practices": grouped.size(), "patients": grouped["patients"].sum(min_count=1)}
    )
    for measure in available(table).values():
        if measure.kind != "number":
            parts = {name: counted(part, measure) for name, part in grouped[measure.key]}
            result[measure.key] = pd.Series(parts, dtype="str")
            continue
        if measure.over is not None:
            top, bottom = (grouped[name].sum(min_count=1) for name in measure.over)
            value = top / bottom.where(bottom > 0)
            if measure.unit.startswith("%"):
                value = 100 * value
            n = grouped[measure.over[0]].count()
        else:
            weight = used[measure.weight].where(used[measure.key].notna())
            sums = (used[measure.key] * weight).groupby(keys).sum(min_count=1)
            weights = weight.groupby(keys).sum(min_count=1)
            value = sums / weights.where(weights > 0)
            n = grouped[measure.key].count()
        result[measure.key] = value
        result[f"{measure.key}_n"] = n
        if measure.flag:
            result[f"{measure.key}_flagged"] = grouped[measure.flag].sum().astype(int)
    result.index.name = "group"
    return result.sort_index()


def counted(values: pd.Series, measure: Measure) -> str:
    """Practices by category in the legend's order: "Good 5, no figure 1"."""
    numbers = values.value_counts()
    order = list(measure.categories)
    names = [*order, *sorted(str(n) for n in numbers.index if n not in order)]
    parts = [f"{name} {int(numbers[name])}" for name in names if name in numbers.index]
    gaps = int(values.isna().sum())
    return ", ".join([*parts, *([f"no figure {gaps}"] if gaps else [])])


def of_area(table: pd.DataFrame, measure: Measure) -> tuple[float, int, int, int]:
    """A number for all practices of the table as one group: value, practices it rests on, without
    a figure, flagged as implausible.
    """
    whole = by_group(table, pd.Series("all", index=table.index))
    row = whole.iloc[0].to_dict()
    return (
        float(row[measure.key]),
        int(row[f"{measure.key}_n"]),
        int(table[measure.key].isna().sum()),
        int(row.get(f"{measure.key}_flagged", 0)),
    )


def flags(table: pd.DataFrame, measure: Measure) -> pd.Series:
    """Which practices' figures are implausible under a measure."""
    if not measure.flag:
        return pd.Series(False, index=table.index)
    return table[measure.flag].astype(bool)


def figure_text(value: float, measure: Measure) -> str:
    """A practice's figure with its unit."""
    text = numbers.number(value, measure.decimals)
    percent = measure.unit.startswith("%") and text != numbers.NO_FIGURE
    return f"{text}%" if percent else text


def value_text(value: float, measure: Measure) -> str:
    """A figure with its unit; a mean of whole numbers has a decimal."""
    text = numbers.number(value, max(measure.decimals, 1))
    if text == numbers.NO_FIGURE:
        return text
    return f"{text}%" if measure.unit.startswith("%") else text


def sentence(table: pd.DataFrame, measure: Measure, place: str, period: str) -> str:
    """What an area has of a measure, in a sentence or two."""
    if measure.kind != "number":
        words = counted(table[measure.key], measure)
        return f"{measure.label} in {place}, {period}: practices {words}."
    value = of_area(table, measure)[0]
    sound = table[measure.key].mask(flags(table, measure)).dropna()
    low, high = (value_text(float(sound.quantile(q)), measure) for q in (0.1, 0.9))
    return (
        f"{measure.label} in {place}, {period}: {value_text(value, measure)}. "
        f"Eight in ten practices lie between {low} and {high}."
    )


# --- with capacity ------------------------------------------------------------------------------


def with_capacity(table: pd.DataFrame, measure: Measure, ratios: pd.Series) -> Correlation:
    """Spearman's rank correlation of a number with patients per FTE GP, over practices with both
    figures; implausible ones are left out.
    """
    values = table[measure.key].astype("float64").mask(flags(table, measure))
    return correlate(values, ratios.reindex(table.index).astype("float64"), method="spearman")


def capacity_words(
    result: Correlation,
    measure: Measure,
    *,
    place: str,
    period: str,
    definition: str,
    date: str,
    left_out: int = 0,
) -> Words | None:
    """What the correlation allows to be said; None where it has no interval or too few practices
    (10) for a sentence.
    """
    if result.n < FEWEST_FOR_WORDS or not np.isfinite([result.ci_low, result.ci_high]).all():
        return None
    level = grade(result.p_value)
    pair = f"{measure.noun} ({period}) and patients per FTE GP ({date})"
    p_value = p_text(result.p_value)
    gaps = max(result.n_missing - left_out, 0)
    gone = f", {gaps} without both figures" if gaps else ""
    basis = (
        f"Spearman's rho = {number(result.coefficient, 2)} "
        f"({interval_text(result.ci_low, result.ci_high, 2, result.confidence)}"
        f"{', ' + p_value if p_value else ''}), {count(result.n, 'practice')}{gone}. "
        + (f"{left_out} with implausible counts left out. " if left_out else "")
        + definition_text(definition, date)
    )
    other = "The two figures are of different dates."
    if level in ("none", "undefined"):
        return Words(
            f"In {place} there is no evidence that {pair} go together.",
            f"That is not the same as evidence that they don't. {other}",
            basis,
        )
    direction = "higher" if result.coefficient > 0 else "lower"
    verb = "tends" if level == "clear" else "may tend"
    return Words(
        f"In {place} there is {level} evidence that {pair} go together: where there are more "
        f"patients per GP, {measure.noun} {verb} to be {direction}.",
        f"The size could be {size_range(result.ci_low, result.ci_high)}. {NOT_WHY} {other}",
        basis,
    )


def by_category(
    table: pd.DataFrame, measure: Measure, practices: pd.DataFrame, fte_column: str
) -> pd.DataFrame:
    """Practices, patients and patients per FTE GP (sum over sum) of each category; no test is
    made of them. Index the category, "no figure" last where there is one.
    """
    labels = table[measure.key].astype("object").where(table[measure.key].notna(), "no figure")
    fte = practices[fte_column].reindex(table.index)
    people = practices["patients"].reindex(table.index)
    both = fte.notna() & people.notna()
    frame = pd.DataFrame(
        {"label": labels, "patients": people, "p": people.where(both), "fte": fte.where(both)}
    )
    grouped = frame.groupby("label")
    sums = grouped[["p", "fte"]].sum()
    result = pd.DataFrame(
        {
            "practices": grouped.size(),
            "patients": grouped["patients"].sum(),
            "patients_per_fte_gp": sums["p"] / sums["fte"].where(sums["fte"] > 0),
        }
    )
    order = [*measure.categories, *sorted(result.index), "no figure"]
    return result.reindex([name for name in dict.fromkeys(order) if name in result.index])
