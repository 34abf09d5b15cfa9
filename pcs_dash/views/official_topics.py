"""The slides of the pages of official data: England, catchments, list sizes, quality."""

from __future__ import annotations

import math

import geopandas as gpd
import pandas as pd

from pcs_dash.measures.profile import number
from pcs_dash.measures.words import lower_first
from pcs_dash.official import england as areas_of_england
from pcs_dash.official.loaded_areas import OfficialArea
from pcs_dash.tables.errors import UserError
from pcs_dash.views import maps
from pcs_dash.views.answer import CHART_COLOURS, Chart, Drawn, MapBlock, Series, text_table
from pcs_dash.views.map_spec import MapSpec, alt_text
from pcs_dash.views.phrases import NO_OFFICIAL
from pcs_dash.views.report import Slide
from pcs_dash.views.work import Work

_MOST_BARS = 12
_GREW, _SHRANK = "#2166ac", "#d6604d"
_LISTS = "NHS England, Patients Registered at a GP Practice"


# --- England ---


def england(work: Work) -> list[Slide]:
    """Who has the highest and the lowest figure in England. About England, whatever the area."""
    level = work.options.get("england-areas", "icb")
    if level not in areas_of_england.LEVELS:
        level = "icb"
    loaded = work.readers.england(level)
    if loaded is None:
        raise UserError(NO_OFFICIAL)
    table = loaded.table.drop(index=areas_of_england.ENGLAND)
    whole: pd.Series = loaded.table.T[areas_of_england.ENGLAND]
    shown = areas_of_england.shown_measures(loaded.table, loaded.measures)
    if not shown:
        raise UserError(f"No measure of England is loaded yet. {NO_OFFICIAL}")
    measure = shown.get(work.options.get("england-measure", ""), next(iter(shown.values())))
    values = table[measure.key].dropna().sort_values(ascending=False)
    title = areas_of_england.LEVEL_LABELS[level]
    period = measure.period(loaded.periods, loaded.months)
    bars = values
    if len(values) > _MOST_BARS:
        bars = pd.concat([values.head(_MOST_BARS // 2), values.tail(_MOST_BARS // 2)])
    names = table["name"].astype("str")
    own = set(_own_codes(work, level, names))
    england_value = float(whole[measure.key])
    chart = Chart(
        "bars",
        f"{measure.label}: {title}"
        + (f", the {_MOST_BARS // 2} highest and lowest" if len(values) > len(bars) else ""),
        (
            Series(
                measure.label,
                tuple(map(float, bars)),
                colours=tuple(
                    CHART_COLOURS[1] if code in own else CHART_COLOURS[0] for code in bars.index
                ),
            ),
        ),
        f"Bars of {measure.label.lower()}: "
        + "; ".join(f"{names[str(code)]} {measure.text(value)}" for code, value in bars.items()),
        categories=tuple(str(names[code]) for code in bars.index),
        value_title=f"{measure.label} ({measure.unit})" if measure.unit else measure.label,
        number_format=measure.number_format,
        reference=england_value if math.isfinite(england_value) else None,
        reference_label=str(whole["name"]),
    )
    shapes = loaded.outlines
    drawn: list[Drawn] = []
    if len(shapes) > 1:
        drawn = [_england_map(work, measure, level, table, shapes), chart]
    ranks = values.rank(ascending=False, method="min")
    listed = [str(code) for code in values.index if code in own]
    listed = list(dict.fromkeys([*listed, *map(str, bars.index)]))
    people = table["patients"].to_dict()
    rows = tuple(
        (
            str(names[code]),
            measure.text(values[code]),
            f"{int(ranks[code])} of {len(values)}",
            number(people[code]),
        )
        for code in listed
    )
    listing = text_table(
        title,
        ("Area", measure.label, "Rank, highest first", "Patients"),
        rows,
        widths=(2.4, 1.1, 1.0, 1.0),
        note="Every area is in the table of the page England.",
    )
    return [
        work.slide(
            areas_of_england.sentence(table, whole, measure),
            *(drawn or [chart, listing]),
            notes=(f"{measure.label}: {measure.how}.",),
            share=0.55,
            heading=f"England: {lower_first(measure.label)}",
            about_gps=False,
            sources=f"{measure.label}, {period}; {measure.how}",
            figures=(
                (str(whole["name"]), measure.text(england_value)),
                *(
                    (str(names[code]), measure.text(values[code]))
                    for code in values.index
                    if code in own
                ),
            )[:4],
        )
    ]


def _england_map(
    work: Work,
    measure: areas_of_england.ShownMeasure,
    level: str,
    table: pd.DataFrame,
    shapes: gpd.GeoDataFrame,
) -> MapBlock:
    """All areas of a level by fifths of a measure."""
    classes, ranges = areas_of_england.fifths(table[measure.key])
    words = {number: _span(measure, *ends) for number, ends in ranges.items()}
    title = areas_of_england.LEVEL_LABELS[level]
    missing = len(table) - len(shapes)
    spec = MapSpec(
        "areas",
        work.question,
        position=work.view.position,
        ground=maps.Layer(
            f"{title}: {measure.label}, fifths by rank",
            classes.map(words),
            {word: maps.CLASS_PURPLES[number] for number, word in words.items()},
        ),
        notes={
            str(code): f"{measure.label}: {measure.text(value)}"
            for code, value in table[measure.key].items()
        },
        about=f"{title} by {lower_first(measure.label)}.",
        note="Bare: no figure."
        + (f" {missing} of {len(table)} have no boundary loaded." if missing else ""),
        shapes=shapes,
        level=level,
    )
    return MapBlock(spec, alt_text(work.dataset, spec))


def _span(measure: areas_of_england.ShownMeasure, low: float, high: float) -> str:
    ends = (measure.text(low), measure.text(high))
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _own_codes(work: Work, level: str, names: pd.Series) -> list[str]:
    """The codes of the chosen area, or of what it is made of, among the areas of a kind."""
    area = work.question.area
    if isinstance(area, OfficialArea) and area.kind == level:
        return list(area.codes)
    if level == "sub_icb" and area.sub_icb_codes:
        return list(area.sub_icb_codes)
    return [str(code) for code in names.index[names == area.name]]
