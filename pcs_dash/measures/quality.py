"""Quality beside capacity: what each measure is, per practice and per group, and its period.

A measure is read from the practices (embedded) or from the official columns joined by code
("official_..."). Missing stays missing and is counted; implausible appointment counts are kept,
flagged, and left out of groups and of the comparison with capacity, with their number.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pcs_dash.measures import register
from pcs_dash.measures.correlation import Correlation, correlate
from pcs_dash.measures.numbers import count, number, p_text
from pcs_dash.measures.register import (
    PER_GP,
    QUALITY_MEASURES,
    Measure,
    flagged_appointments,
    flagged_recent,
    recent_appointments,
)
from pcs_dash.measures.small_numbers import is_small_quotient
from pcs_dash.measures.sums import ratio_by_group
from pcs_dash.measures.words import (
    NOT_WHY,
    Words,
    definition_text,
    grade,
    interval_text,
    size_range,
)

PREFIX = "official_"
# Appointments by how long after booking.
WAITS = ("within_week", "days_over_28")
# The columns of the built practices that this module reads.
OFFICIAL_COLUMNS = (
    "cqc_rating", "cqc_year", "cqc_inherited", "qof_per_cent", "appointments", "same_day",
    "wait_unknown", *WAITS, "appointments_per_patient", "same_day_per_cent", "flag_appointments",
    "contract_type", "dispensing", "carr_hill_ratio", "payment_per_patient",
    "patients_gp_road_km", "patients_rural_per_cent", "dentists_1_mile",
    "dentists_1_mile_taking_adults", "pharmacies_1_mile", "opticians_1_mile", "dental_sites_1_mile",
    "survey_answers", "survey_overall_good", "survey_contact_good", "patients",
    "weighted_primary_care", "list_size",
    *(key for key in QUALITY_MEASURES if key.startswith("qof_prev_")),
)  # fmt: skip
FEWEST_FOR_WORDS = 10
_RECENT = "recent_appointments_per_patient"

# --- the table ----------------------------------------------------------------------------------


def quality_table(practices: pd.DataFrame, official: pd.DataFrame | None) -> pd.DataFrame:
    """One row a practice (the index of `practices`): every measure that there is, with the sums
    and flags that its groups need.

    `official`: columns "official_...", same index (`ui.official_store.practices`); None where
    nothing is loaded. Columns without a single figure are left out.
    """
    table = practices[["patients"]].astype("float64").copy()
    if official is not None:
        _add_official(table, official.reindex(practices.index))
    for key in QUALITY_MEASURES:
        if key.startswith("prev_") and key in practices.columns:
            table[key] = practices[key]
    if {"appointments", "list_size_2025_12"} <= set(practices.columns):
        table[_RECENT] = recent_appointments(practices)
        table["flag_recent"] = flagged_recent(practices)
        _add_parts(table, practices, _RECENT)
    for key, measure in register.own(practices.columns).items():
        parts = () if measure.weighted else (measure.top, measure.bottom)
        table[[key, *parts]] = practices[[key, *parts]]
    if "dispensing" in table.columns:
        table["dispensing"] = table["dispensing"].map({True: "yes", False: "no"}).astype("str")
    for key, measure in available(table).items():
        if measure.kind == "number":
            table[key] = table[key].astype("float64")
    return table.drop(columns=[key for key in available(table) if table[key].isna().all()])


def _add_official(table: pd.DataFrame, official: pd.DataFrame) -> None:
    """Adds what is loaded, and the sums that the month's appointments of a group are made of."""
    own = official.rename(columns=lambda name: name[len(PREFIX) :])
    for key in (*QUALITY_MEASURES, "cqc_year"):
        if key in own.columns:
            table[key] = own[key]
    if {"appointments", "same_day", "wait_unknown", "patients"} <= set(own.columns):
        table["flag_month"] = flagged_appointments(own)
        _add_parts(table, own, "appointments_per_patient", "same_day_per_cent")
        known = own["appointments"].astype("float64") - own["wait_unknown"].astype("float64")
        for wait in (each for each in WAITS if each in own.columns):
            table[f"{wait}_per_cent"] = 100 * own[wait].astype("float64") / known.where(known > 0)
            _add_parts(table, own, f"{wait}_per_cent")
    for key in ("payment_per_weighted_patient", "need_per_patient"):
        measure = QUALITY_MEASURES[key]
        if {*measure.needs, "patients"} <= set(own.columns):
            table[key] = measure.values(own)
            _add_parts(table, own, key)


def _add_parts(table: pd.DataFrame, source: pd.DataFrame, *keys: str) -> None:
    """Adds what groups' figures are sums of: `source` has columns that the table has not."""
    for key in keys:
        table[f"{key}_top"], table[f"{key}_bottom"] = QUALITY_MEASURES[key].parts(source)


def available(table: pd.DataFrame) -> dict[str, Measure]:
    """The measures that the table holds, in the order of the menu; own ones last."""
    known = {key: measure for key, measure in QUALITY_MEASURES.items() if key in table.columns}
    return known | register.own(table.columns)


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

    Numbers: as `Measure.definition` says, with "<key>_n", the practices that the figure rests on.
    A figure of a user's file is missing where it rests on too few people to show.
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
            said = {name: counted(part, measure) for name, part in grouped[measure.key]}
            result[measure.key] = pd.Series(said, dtype="str")
            continue
        parts = measure.parts(table) if measure.weighted else _parts(table, measure.key)
        found = ratio_by_group(*parts, keys)
        value = measure.times * found["value"]
        if register.own([measure.key]) and not measure.weighted:
            value = value.mask(_small(parts, keys, measure).reindex(value.index, fill_value=False))
        result[measure.key] = value
        result[f"{measure.key}_n"] = found["n"]
        if measure.flag:
            result[f"{measure.key}_flagged"] = grouped[measure.flag].sum().astype(int)
    result.index.name = "group"
    return result.sort_index()


def _small(parts: tuple[pd.Series, pd.Series], groups: pd.Series, measure: Measure) -> pd.Series:
    """Which groups' figure, of a user's file, rests on too few people to be shown."""
    known = pd.concat(parts, axis=1, keys=["top", "bottom"]).dropna()
    sums = known.groupby(groups.reindex(known.index)).sum()
    return is_small_quotient(sums["top"], sums["bottom"], share=measure.unit.startswith("%"))


def _parts(table: pd.DataFrame, key: str) -> tuple[pd.Series, pd.Series]:
    return table[f"{key}_top"], table[f"{key}_bottom"]


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
    a figure, flagged as implausible. The three add up to the practices: one whose figure is too
    small to show is among those it rests on.
    """
    whole = by_group(table, pd.Series("all", index=table.index))
    row = whole.iloc[0].to_dict()
    n, flagged = int(row[f"{measure.key}_n"]), int(row.get(f"{measure.key}_flagged", 0))
    return float(row[measure.key]), n, len(table) - n - flagged, flagged


def flags(table: pd.DataFrame, measure: Measure) -> pd.Series:
    """Which practices' figures are implausible under a measure."""
    if not measure.flag:
        return pd.Series(False, index=table.index)
    return table[measure.flag].astype(bool)


def value_text(value: float, measure: Measure) -> str:
    """A group's figure with its unit; a mean of whole numbers has a decimal."""
    return measure.text(value, max(measure.decimals, 1))


def sentence(table: pd.DataFrame, measure: Measure, place: str, period: str) -> str:
    """What an area has of a measure, in a sentence or two."""
    if measure.kind != "number":
        words = counted(table[measure.key], measure)
        return f"{measure.label} in {place}, {period}: practices {words}."
    value = of_area(table, measure)[0]
    sound = table[measure.key].mask(flags(table, measure)).dropna()
    said = f"{measure.label} in {place}, {period}: {value_text(value, measure)}."
    if len(sound) < 2:
        return said
    many = len(sound) >= FEWEST_FOR_WORDS
    ends = (0.1, 0.9) if many else (0.0, 1.0)
    low, high = (value_text(float(sound.quantile(q)), measure) for q in ends)
    who = "Eight in ten practices" if many else f"The {len(sound)} practices shown"
    return f"{said} {who} lie between {low} and {high}."


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
    pair = f"{measure.noun} ({period}) and {PER_GP.noun} ({date})"
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
    fte, people = (practices[name].reindex(table.index) for name in (fte_column, "patients"))
    result = pd.DataFrame(
        {
            "practices": labels.groupby(labels).size(),
            "patients": people.groupby(labels).sum(),
            "patients_per_fte_gp": ratio_by_group(people, fte, labels)["value"],
        }
    )
    order = [*measure.categories, *sorted(result.index), "no figure"]
    return result.rename_axis("label").reindex(
        [name for name in dict.fromkeys(order) if name in result.index]
    )
