"""England by ICB, sub-ICB location or district: who has the highest and the lowest figure.

About England, whatever the area; the chosen area is marked where it is one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from pcs_dash.measures import england_areas as england
from pcs_dash.measures.england_areas import ENGLAND, LEVEL_LABELS
from pcs_dash.measures.numbers import number, per_cent
from pcs_dash.measures.register import Measure
from pcs_dash.measures.words import Words, lower_first
from pcs_dash.official.loaded_areas import OfficialArea
from pcs_dash.tables.errors import UserError
from pcs_dash.views import maps
from pcs_dash.views.answer import (
    CHART_COLOURS,
    Answer,
    Blocks,
    Chart,
    Column,
    Figure,
    MapBlock,
    Option,
    Section,
    Series,
    Table,
    Text,
    View,
    or_none,
    text_table,
)
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.phrases import NO_OFFICIAL
from pcs_dash.views.question import Question

if TYPE_CHECKING:
    from pcs_dash.views.loaded_data import England

_MOST_BARS = 12
_NOTHING = "No official data are loaded yet, so there is only Essex to show."
_HOW = (
    "Once they are loaded, this page compares every ICB, sub-ICB location and district of England, "
    "and any of them can be chosen as the area. The files are published by NHS England; Data and "
    "methods says where they are, and takes them."
)


@dataclass(frozen=True, eq=False)
class Shown:
    """What is asked of England: areas of a `level`, by a `measure`, highest first.

    `table`: a row an area, index its code; `whole`: that of all practices loaded.
    """

    loaded: England
    level: str
    measure: Measure
    measures: Mapping[str, Measure]
    table: pd.DataFrame
    whole: pd.Series

    @property
    def title(self) -> str:
        """What the areas are called."""
        return LEVEL_LABELS[self.level]

    @property
    def values(self) -> pd.Series:
        """The figures that there are, highest first."""
        return self.table[self.measure.key].dropna()

    @property
    def period(self) -> str:
        """The period of the measure."""
        return england.period(self.measure, self.loaded.periods, self.loaded.months)

    @property
    def classes(self) -> tuple[pd.Series, dict[int, str]]:
        """The fifth by rank of each area, and each fifth's range in words."""
        found, ranges = england.fifths(self.table[self.measure.key])
        return found, {place: self._span(*ends) for place, ends in ranges.items()}

    def _span(self, low: float, high: float) -> str:
        ends = (self.measure.with_unit(low), self.measure.with_unit(high))
        return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _level(question: Question) -> str:
    return question.option("england-areas", LEVEL_LABELS)


def shown(question: Question) -> Shown | None:
    """England as it is asked for; None where no official data are loaded. UserError where they
    hold no measure.
    """
    level = _level(question)
    loaded = question.readers.england(level)
    if loaded is None:
        return None
    measures = england.shown_measures(loaded.table, loaded.measures)
    if not measures:
        raise UserError(f"No measure of England is loaded yet. {NO_OFFICIAL}")
    key = question.option("england-measure", measures)
    table = england.in_order(loaded.table.drop(index=ENGLAND), key)
    whole: pd.Series = loaded.table.T[ENGLAND]
    return Shown(loaded, level, measures[key], measures, table, whole)


def _measure_labels(question: Question) -> Mapping[str, str]:
    found = shown(question)
    return {} if found is None else {key: each.label for key, each in found.measures.items()}


def answer(question: Question) -> Answer:
    """Who has the highest and the lowest figure in England."""
    found = shown(question)
    if found is None:
        return Answer(
            Words(_NOTHING), below=(Text(_HOW, "info"),), about_gps=False,
            refusal=NO_OFFICIAL,
        )  # fmt: skip
    measure, period = found.measure, found.period
    own = _own_codes(question, found)
    chart = _bars(found, own)
    mapped = len(found.loaded.outlines) > 1
    return Answer(
        Words(
            england.sentence(found.table, found.whole, measure),
            "",
            f"{measure.label}: {measure.definition}. Files: {period}. An area has no figure where "
            f"practices with less than {per_cent(england.LEAST_COVERED)} of its patients have one. "
            "All of England, whatever area the menu says; patients as registered.",
        ),
        figures=_figures(found, own),
        front=(_map(question, found), chart) if mapped else (chart, _listing(found, own)),
        sections=(Section("missing", "Measures that need another file", _missing),),
        share=0.42 if mapped else 0.55,
        about_gps=False,
        sources=f"{measure.label}, {period}; {measure.definition}",
        heading=f"England: {lower_first(measure.label)}",
        foot=("Sources and licences: Data and methods.",),
    )  # fmt: skip


def _own_codes(question: Question, found: Shown) -> list[str]:
    """The codes of the chosen area, or of what it is made of, among these areas."""
    area, names = question.area, found.table["name"].astype("str")
    if isinstance(area, OfficialArea) and area.kind == found.level:
        own = set(area.codes)
    elif found.level == "sub_icb" and area.sub_icb_codes:
        own = set(area.sub_icb_codes)
    else:
        own = set(names.index[names == area.name])
    return [str(code) for code in found.values.index if code in own]


def _figures(found: Shown, own: Sequence[str]) -> tuple[Figure, ...]:
    measure, names = found.measure, found.table["name"]
    overall = measure.with_unit(float(found.whole[measure.key]))
    return (
        Figure(str(found.whole["name"]), overall),
        *(Figure(str(names[code]), measure.with_unit(found.values[code])) for code in own[:3]),
    )


def _ends(found: Shown) -> pd.Series:
    """The areas that bars are drawn of: all, or the highest and the lowest."""
    values = found.values
    if len(values) <= _MOST_BARS:
        return values
    return pd.concat([values.head(_MOST_BARS // 2), values.tail(_MOST_BARS // 2)])


def _bars(found: Shown, own: Sequence[str]) -> Chart:
    measure, bars = found.measure, _ends(found)
    names = found.table["name"].astype("str").reindex(bars.index)
    told = (f"{name} {measure.with_unit(value)}" for name, value in zip(names, bars, strict=True))
    return Chart(
        "bars",
        f"{measure.label}: {found.title}{_cut(found.values)}",
        (
            Series.of(
                measure.label,
                bars,
                colours=tuple(CHART_COLOURS[1 if code in own else 0] for code in bars.index),
            ),
        ),
        f"Bars of {lower_first(measure.label)}: {'; '.join(told)}",
        categories=tuple(names),
        value_title=f"{measure.label} ({measure.unit})" if measure.unit else measure.label,
        number_format=measure.number_format,
        reference=or_none(float(found.whole[measure.key])),
        reference_label=str(found.whole["name"]),
    )


def _cut(values: pd.Series) -> str:
    """Which of them bars are drawn of; of many that are alike, that others are, too."""
    half = _MOST_BARS // 2
    if len(values) <= _MOST_BARS:
        return ""
    alike = {
        "highest": (values >= values.iloc[half - 1]).sum(),
        "lowest": (values <= values.iloc[-half]).sum(),
    }
    return ", " + " and ".join(
        f"the {half} {end}" if n == half else f"{half} of the {n} {end}" for end, n in alike.items()
    )


def _listing(found: Shown, own: Sequence[str]) -> Table:
    """The chosen area's and the areas of the bars, with their ranks."""
    measure, values, names = found.measure, found.values, found.table["name"]
    ranks = values.rank(ascending=False, method="min")
    patients = found.table["patients"].to_dict()
    listed = list(dict.fromkeys([*own, *map(str, _ends(found).index)]))
    return text_table(
        found.title,
        ("Area", measure.label, "Rank, highest first", "Patients"),
        [
            (
                str(names[code]),
                measure.with_unit(values[code]),
                f"{int(ranks[code])} of {len(values)}",
                number(patients[code]),
            )
            for code in listed
        ],
        widths=(2.4, 1.1, 1.0, 1.0),
        note="Every area is in the table of the page England.",
    )


def _map(question: Question, found: Shown) -> MapBlock:
    measure, shapes = found.measure, found.loaded.outlines
    classes, words = found.classes
    missing = len(found.table) - len(shapes)
    spec = MapSpec(
        "areas",
        question,
        position=question.position,
        ground=maps.Layer(
            f"{found.title}: {measure.label}, fifths by rank",
            classes.map(words),
            {word: maps.CLASS_BLUES[place] for place, word in words.items()},
        ),
        notes={
            str(code): f"{measure.label}: {measure.with_unit(value)}"
            for code, value in found.table[measure.key].items()
        },
        about=f"{found.title} by {lower_first(measure.label)}.",
        note="Bare: no figure."
        + (f" {missing} of {len(found.table)} have no outline here." if missing else ""),
        shapes=shapes,
        level=found.level,
    )
    return MapBlock(spec)


def _missing(question: Question) -> Blocks:
    loaded = question.readers.england(_level(question))
    if loaded is None or loaded.missing.empty:
        return [Text("None: every measure has its file.")]
    return [
        Table(
            "What is missing and what would bring it",
            # Of what is loaded without the columns that it takes.
            loaded.missing.replace({"needs": {"": "Another file of the publication loaded"}}),
            (Column("measure", "Measure", wide=1.4), Column("needs", "File", wide=1.2)),
            small=True,
            note="Data and methods says where each file is published, and takes it.",
        )
    ]


VIEW = View(
    "england",
    "england",
    "England",
    "Every ICB, sub-ICB location or district of England by one measure; open any of them as the "
    "area of all pages.",
    answer,
    options=(
        Option("england-areas", "Areas", choices=LEVEL_LABELS),
        Option("england-measure", "Measure", choices=_measure_labels),
    ),
    needs_gps=False,
)
