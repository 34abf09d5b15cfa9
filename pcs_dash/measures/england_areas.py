"""England by ICB, sub-ICB location or district: one row an area, every measure that is loaded.

Sums over practices, never means of ratios: practices that lack a figure leave both sums of a
ratio. An area where none has the figure has a missing value, not a nought.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from pcs_dash.measures.register import AREA_MEASURES, REGISTER, Measure, people
from pcs_dash.measures.sums import ratio_by_group
from pcs_dash.tables.areas import short_name

# Kind of area -> its code and name columns in the practices.
LEVELS = {
    "icb": ("icb_code", "icb"),
    "sub_icb": ("sub_icb_code", "sub_icb"),
    "district": ("district_code", "district"),
}
LEVEL_LABELS = {"icb": "ICBs", "sub_icb": "Sub-ICB locations", "district": "Districts"}
ENGLAND = "E92000001"
# A figure that rests on practices with fewer of an area's patients would pass for the area's.
LEAST_COVERED = 0.8


def available(practices: pd.DataFrame) -> dict[str, Measure]:
    """The measures whose columns are there with at least one figure, by key, in menu order."""
    return {
        key: measure
        for key, measure in AREA_MEASURES.items()
        if all(
            name in practices.columns and practices[name].notna().any() for name in measure.needs
        )
    }


CHANGE = "change_per_cent"


def period(measure: Measure, periods: Mapping[str, str], months: tuple[str, str]) -> str:
    """The periods of a measure's sources ("May 2025, July 2023"); without sources it is from the
    first to the last month of list sizes.
    """
    if not measure.sources:
        return " to ".join(months)
    return ", ".join(dict.fromkeys(period_of(name, periods) for name in measure.sources))


def period_of(source: str, periods: Mapping[str, str]) -> str:
    """The period of a source: of the lists, that of the workforce where none are loaded."""
    if source == "list_sizes" and source not in periods:
        source = "workforce"
    return periods.get(source, "period unknown")


def shown_measures(table: pd.DataFrame, keys: Collection[str]) -> dict[str, Measure]:
    """The measures of a `by_area` table, those that few areas have last."""
    found = {key: measure for key, measure in AREA_MEASURES.items() if key in keys}
    if CHANGE in table:
        found[CHANGE] = REGISTER[CHANGE]
    return dict(sorted(found.items(), key=lambda m: table[m[0]].notna().sum() < len(table) / 2))


def in_order(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The areas by a measure, highest first; equal ones by name, those without a figure last."""
    named = table.sort_values("name", kind="stable")
    return named.sort_values(measure, ascending=False, na_position="last", kind="stable")


def sentence(table: pd.DataFrame, whole: pd.Series, measure: Measure) -> str:
    """Who has the highest and the lowest figure, and how many have none. `table`: without England,
    whose row is `whole`.
    """
    values = table[measure.key]
    there = values.dropna()
    if len(there) < 2:
        return f"{measure.label}: hardly any area has the figure in the files loaded."

    def where(end: float) -> str:
        alike = table["name"][there.index[there == end]]
        return f"in {alike.iloc[0]}" if len(alike) == 1 else f"in {len(alike):,} areas"

    rest = len(values) - len(there)
    without = f" {rest:,} have no figure." if rest else ""
    figure = whole[measure.key]
    overall = "" if pd.isna(figure) else f" {whole['name']}: {measure.with_unit(figure)}."
    return (
        f"{measure.label}: from {measure.with_unit(there.min())} {where(there.min())} to "
        f"{measure.with_unit(there.max())} {where(there.max())}.{overall}{without}"
    )


def by_area(practices: pd.DataFrame, level: str, *, whole: str = "England") -> pd.DataFrame:
    """One row an area of LEVELS, index its code, sorted by name.

    Columns: name, practices, patients (of the newest lists), and for each measure of `available`
    its value and `<key>_practices`, the number of practices it rests on. A value is missing where
    those hold less than LEAST_COVERED of the area's patients. The last row, ENGLAND, is that of all
    practices given, called `whole`.
    """
    code, name = LEVELS[level]
    groups = practices[code]
    table = pd.DataFrame(
        {
            "name": practices.groupby(groups)[name].first(),
            "practices": groups.value_counts(),
            "patients": practices.groupby(groups)[str(people(practices).name)].sum(),
        }
    )
    table["name"] = [short_name(str(text), level) for text in table["name"]]
    table = table[table.index != "none"].sort_values("name")
    everyone = {"name": whole, "practices": len(practices), "patients": people(practices).sum()}
    table = pd.concat([table, pd.DataFrame(everyone, index=[ENGLAND])])
    for key, measure in available(practices).items():
        values, counted = _values(measure, practices, groups)
        table[key] = values.reindex(table.index)
        table[f"{key}_practices"] = counted.reindex(table.index).astype("Int64")
    return table.astype({"practices": "int64", "patients": "int64"})


def _values(
    measure: Measure, practices: pd.DataFrame, groups: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """The measure of each group and of England, and how many practices each rests on."""
    top, bottom = measure.parts(practices)
    whole = ratio_by_group(top, bottom, pd.Series(ENGLAND, index=practices.index))
    found = pd.concat([ratio_by_group(top, bottom, groups), whole])
    known = top.notna() & bottom.notna()
    enough = covered_by(known, people(practices), groups) >= LEAST_COVERED
    value = (found["value"] * measure.times).where(enough.reindex(found.index))
    return value, found["n"].where(found["n"] > 0)


def covered_by(known: pd.Series, patients: pd.Series, groups: pd.Series) -> pd.Series:
    """Share (0 to 1) of the patients of each group, and of England, whose practice is `known`."""
    frame = pd.DataFrame({"known": patients.where(known), "all": patients}).astype("float64")
    sums = frame.groupby(groups).sum()
    sums.loc[ENGLAND] = frame.sum()
    return sums["known"] / sums["all"].where(sums["all"] > 0)


def change_of_lists(lists: pd.DataFrame, practices: pd.DataFrame, level: str) -> pd.DataFrame:
    """Registered patients of each area in the first and the last month loaded: index its code.

    Columns first, last (patients) and change_per_cent. `lists` is `build.list_history`. A practice
    that has closed since has no ICB or district any more: it counts by its sub-ICB location, so
    districts, which can't be told of it, are given for practices open in both months only.
    """
    months = sorted(lists["period"].unique())
    ends = lists[lists["period"].isin([months[0], months[-1]])]
    if level == "district":
        both = ends.groupby("practice_code")["period"].nunique() == len({months[0], months[-1]})
        ends = ends[ends["practice_code"].map(both)]
        area = ends["practice_code"].map(practices["district_code"])
    elif level == "icb":
        by_place = practices.drop_duplicates("sub_icb_code").set_index("sub_icb_code")["icb_code"]
        area = ends["sub_icb_code"].map(by_place)
    else:
        area = ends["sub_icb_code"]
    sums = ends.assign(code=area).pivot_table(
        index="code", columns="period", values="patients", aggfunc="sum"
    )
    sums.loc[ENGLAND] = ends.groupby("period")["patients"].sum()
    first, last = sums[months[0]].astype("float64"), sums[months[-1]].astype("float64")
    return pd.DataFrame({"first": first, "last": last, "change_per_cent": 100 * (last / first - 1)})


def fifths(values: pd.Series) -> tuple[pd.Series, dict[int, tuple[float, float]]]:
    """Class 0 (lowest) to 4 of each value by rank, missing where it is; and each class's lowest
    and highest value.

    Fewer than ten figures make no fifths: then all fall in one class.
    """
    known = values.dropna()
    classes = pd.Series(np.nan, index=values.index)
    if len(known) < 10:
        classes[known.index] = 0
    else:
        classes[known.index] = np.ceil(known.rank(method="average", pct=True) * 5) - 1
    groups = known.groupby(classes[known.index].astype("int64"))
    return classes, {number: (own.min(), own.max()) for number, own in groups}
