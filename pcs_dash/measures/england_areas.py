"""England by ICB, sub-ICB location or district: one row an area, every measure that is loaded.

Sums over practices, never means of ratios: practices that lack a figure leave both sums of a
ratio. An area where none has the figure has a missing value, not a nought.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pcs_dash.measures import numbers
from pcs_dash.measures.workforce import GP_DEFINITIONS
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
_GOOD = ("Good", "Outstanding")


@dataclass(frozen=True)
class AreaMeasure:
    """A measure of an area: `how` says what is divided by what, `sources` whose periods it has.

    `top` and `bottom` are summed over the practices where both are known; without `bottom` the
    sum of `top` is the measure. `times` scales the ratio (100: per cent).
    """

    key: str
    label: str
    unit: str
    how: str
    sources: tuple[str, ...]
    needs: tuple[str, ...]
    top: Callable[[pd.DataFrame], pd.Series]
    bottom: Callable[[pd.DataFrame], pd.Series] | None = None
    times: float = 1.0
    digits: int = 0


def _number(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda practices: practices[name].astype("float64")


def _plausible(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    """A count of appointments, missing where it is marked as implausible."""
    return lambda practices: (
        practices[name].astype("float64").mask(practices["flag_appointments"].eq(True))
    )


def _in_quintile_1(edition: str) -> Callable[[pd.DataFrame], pd.Series]:
    return _number(f"imd{edition}_patients_quintile_1")


def _in_any_quintile(edition: str) -> Callable[[pd.DataFrame], pd.Series]:
    columns = [f"imd{edition}_patients_quintile_{quintile}" for quintile in range(1, 6)]
    return lambda practices: practices[columns].astype("float64").sum(axis=1, skipna=False)


def _known_waits(practices: pd.DataFrame) -> pd.Series:
    return _plausible("appointments")(practices) - practices["wait_unknown"].astype("float64")


def _rated(practices: pd.DataFrame) -> pd.Series:
    return practices["cqc_rating"].notna().astype("float64").replace(0.0, np.nan)


def _good(practices: pd.DataFrame) -> pd.Series:
    return practices["cqc_rating"].isin(_GOOD).astype("float64")


def _listed(practices: pd.DataFrame) -> pd.Series:
    """Registered patients, all of one date: `patients` are those of the workforce where it knows a
    practice, which is another month's.
    """
    return practices[_people(practices)].astype("float64")


def _people(practices: pd.DataFrame) -> str:
    return "list_size" if "list_size" in practices.columns else "patients"


def _one(practices: pd.DataFrame) -> pd.Series:
    return pd.Series(1.0, index=practices.index)


def _dispenses(practices: pd.DataFrame) -> pd.Series:
    return practices["dispensing"].astype("Float64").astype("float64")


def _per_gp(definition: str) -> AreaMeasure:
    chosen = GP_DEFINITIONS[definition]
    return AreaMeasure(
        f"patients_per_fte_gp_{definition}",
        f"Patients per FTE GP ({chosen.label[0].lower()}{chosen.label[1:]})",
        "patients",
        "patients over FTE GPs, of practices that report both",
        ("workforce",),
        (chosen.column,),
        _number("patients"),
        _number(chosen.column),
    )


def _quintile_1(edition: str) -> AreaMeasure:
    return AreaMeasure(
        f"share_quintile_1_{edition}",
        f"Patients in the most deprived fifth of England (IMD {edition})",
        "%",
        "patients living in quintile 1 over patients with a known quintile",
        ("registrations_lsoa", f"imd{edition}"),
        (f"imd{edition}_patients_quintile_1",),
        _in_quintile_1(edition),
        _in_any_quintile(edition),
        100,
        1,
    )


MEASURES = (
    *(_per_gp(definition) for definition in GP_DEFINITIONS),
    _quintile_1("2025"),
    _quintile_1("2019"),
    AreaMeasure(
        "patients_per_practice", "Patients per practice", "patients",
        "registered patients over practices", ("list_sizes",), ("patients",),
        _listed, _one,
    ),
    AreaMeasure(
        "need_weighted", "Population weighted by need, per registered patient", "",
        "the allocations' weighted population over registered patients",
        ("allocations", "list_sizes"), ("weighted_population",),
        _number("weighted_population"), _number("list_size"), 1, 3,
    ),
    AreaMeasure(
        "qof", "QOF achievement, by patients", "%",
        "practices' achievement weighted by list size", ("qof",), ("qof_per_cent",),
        lambda p: p["qof_per_cent"].astype("float64") * _listed(p),
        lambda p: _listed(p).where(p["qof_per_cent"].notna()), 1, 1,
    ),
    AreaMeasure(
        "appointments", "Appointments a patient in the month", "",
        "appointments over patients, practices with implausible counts left out",
        ("appointments", "list_sizes"), ("appointments",), _plausible("appointments"), _listed,
        1, 2,
    ),
    AreaMeasure(
        "same_day", "Appointments on the day they were booked", "%",
        "same-day appointments over appointments with a known wait, practices with implausible "
        "counts left out",
        ("appointments",), ("same_day",), _plausible("same_day"), _known_waits, 100, 1,
    ),
    AreaMeasure(
        "cqc", "Practices that CQC rates good or outstanding", "%",
        "practices so rated over practices with a rating", ("cqc",), ("cqc_rating",),
        _good, _rated, 100, 1,
    ),
    AreaMeasure(
        "dispensing", "Practices that dispense", "%",
        "dispensing practices over practices with a contract record", ("payments",),
        ("dispensing",), _dispenses,
        lambda p: _one(p).where(p["dispensing"].notna()), 100, 1,
    ),
    AreaMeasure(
        "dentists", "Practices with a dental practice within a mile", "%",
        "practices with one within a mile (straight line) over practices with a position",
        ("dentists", "allocations"), ("dentists_1_mile",),
        lambda p: p["dentists_1_mile"].gt(0).astype("Float64").astype("float64"),
        lambda p: _one(p).where(p["dentists_1_mile"].notna()), 100, 1,
    ),
)  # fmt: skip


def available(practices: pd.DataFrame) -> dict[str, AreaMeasure]:
    """The measures whose columns are there with at least one figure, by key, in menu order."""
    return {
        measure.key: measure
        for measure in MEASURES
        if all(
            name in practices.columns and practices[name].notna().any() for name in measure.needs
        )
    }


CHANGE = "change_per_cent"
CHANGE_LABEL = "Change of registered patients"


@dataclass(frozen=True)
class ShownMeasure:
    """A measure as it is shown: `signed` where its sign matters; without `sources` its period is
    from the first to the last month of list sizes.
    """

    key: str
    label: str
    unit: str
    digits: int
    how: str
    sources: tuple[str, ...] = ()
    signed: bool = False

    def text(self, value: float) -> str:
        """A figure of the measure with its unit."""
        if pd.isna(value):
            return numbers.NO_FIGURE
        text = (numbers.signed if self.signed else numbers.number)(value, self.digits)
        return f"{text}%" if self.unit == "%" else f"{text} {self.unit}".strip()

    def period(self, periods: Mapping[str, str], months: tuple[str, str]) -> str:
        """The periods of its sources ("May 2025, July 2023"); where no lists are loaded those of
        the workforce stand for them.
        """
        if not self.sources:
            return " to ".join(months)
        return ", ".join(dict.fromkeys(period_of(name, periods) for name in self.sources))

    @property
    def number_format(self) -> str:
        """As a workbook or chart has it."""
        decimals = f".{'0' * self.digits}" if self.digits else ""
        return f"#,##0{decimals}" + ('"%"' if self.unit == "%" else "")


def period_of(source: str, periods: Mapping[str, str]) -> str:
    """The period of a source: of the lists, that of the workforce where none are loaded."""
    if source == "list_sizes" and source not in periods:
        source = "workforce"
    return periods.get(source, "period unknown")


def shown_measures(table: pd.DataFrame, keys: Collection[str]) -> dict[str, ShownMeasure]:
    """The measures of a `by_area` table, those that few areas have last."""
    found = [
        ShownMeasure(m.key, m.label, m.unit, m.digits, m.how, m.sources)
        for m in MEASURES
        if m.key in keys
    ]
    if CHANGE in table:
        how = "registered patients, first to last month loaded"
        found.append(ShownMeasure(CHANGE, CHANGE_LABEL, "%", 1, how, signed=True))
    found.sort(key=lambda m: table[m.key].notna().sum() < len(table) / 2)
    return {measure.key: measure for measure in found}


def in_order(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The areas by a measure, highest first; equal ones by name, those without a figure last."""
    named = table.sort_values("name", kind="stable")
    return named.sort_values(measure, ascending=False, na_position="last", kind="stable")


def sentence(table: pd.DataFrame, whole: pd.Series, measure: ShownMeasure) -> str:
    """Who has the highest and the lowest figure, and how many have none. `table`: without England,
    whose row is `whole`.
    """
    values = table[measure.key]
    there = values.dropna()
    if len(there) < 2:
        return f"{measure.label}: hardly any area has the figure in the files loaded."
    names = table["name"].to_dict()
    highest, lowest = names[there.idxmax()], names[there.idxmin()]
    rest = len(values) - len(there)
    without = f" {rest:,} have no figure." if rest else ""
    overall = (
        f" {whole['name']}: {measure.text(whole[measure.key])}."
        if pd.notna(whole[measure.key])
        else ""
    )
    return (
        f"{measure.label}: from {measure.text(there.min())} in {lowest} to "
        f"{measure.text(there.max())} in {highest}.{overall}{without}"
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
            "patients": practices.groupby(groups)[_people(practices)].sum(),
        }
    )
    table["name"] = [short_name(str(text), level) for text in table["name"]]
    table = table[table.index != "none"].sort_values("name")
    everyone = {
        "name": whole,
        "practices": len(practices),
        "patients": practices[_people(practices)].sum(),
    }
    table = pd.concat([table, pd.DataFrame(everyone, index=[ENGLAND])])
    for key, measure in available(practices).items():
        values, counted = _values(measure, practices, groups)
        table[key] = values.reindex(table.index)
        table[f"{key}_practices"] = counted.reindex(table.index).astype("Int64")
    return table.astype({"practices": "int64", "patients": "int64"})


def _values(
    measure: AreaMeasure, practices: pd.DataFrame, groups: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """The measure of each group and of England, and how many practices each rests on."""
    top = measure.top(practices)
    bottom = _one(practices) if measure.bottom is None else measure.bottom(practices)
    known = top.notna() & bottom.notna()
    frame = pd.DataFrame({"top": top[known], "bottom": bottom[known], "n": 1})
    sums = frame.groupby(groups[known]).sum()
    sums.loc[ENGLAND] = frame.sum()
    divisor = sums["bottom"].where(sums["bottom"] > 0)
    value = sums["top"] if measure.bottom is None else sums["top"] / divisor
    enough = covered_by(known, _listed(practices), groups) >= LEAST_COVERED
    return (value * measure.times).where(enough.reindex(value.index)), sums["n"]


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
