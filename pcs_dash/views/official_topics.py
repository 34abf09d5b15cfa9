"""The slides of the pages of official data: England, catchments, list sizes, quality."""

from __future__ import annotations

import math
from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from pcs_dash.measures import catchments
from pcs_dash.measures.gravity import MODEL_ERROR
from pcs_dash.measures.profile import number, per_cent
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.words import lower_first
from pcs_dash.official import england as areas_of_england
from pcs_dash.official.loaded_areas import OfficialArea
from pcs_dash.tables.errors import UserError
from pcs_dash.views import catchment_maps, maps
from pcs_dash.views.answer import CHART_COLOURS, Chart, Drawn, MapBlock, Series, text_table
from pcs_dash.views.map_spec import MapSpec, alt_text
from pcs_dash.views.phrases import NO_OFFICIAL
from pcs_dash.views.report import Slide
from pcs_dash.views.work import Work

_MOST_BARS = 12
_GREW, _SHRANK = "#2166ac", "#d6604d"
_LISTS = "NHS England, Patients Registered at a GP Practice"


# --- who lives where ---


def catchment(work: Work) -> list[Slide]:
    """Where the patients of a practice, PCN or hub live."""
    dataset, options, question = work.dataset, work.options, work.question
    registered = work.readers.registered(dataset)
    kind = options.get("whose", catchments.PCN)
    groups = catchments.groups_of(kind, dataset.practices, work.shown_plan.to_series())
    everyone = question.area.select(dataset.practices)
    units = catchments.units_in(kind, groups, everyone)
    if not units:
        raise UserError(f"No practice of {work.name} is in a {kind}. Choose a practice instead.")
    unit = _unit(kind, units, options, everyone)
    name = units[unit]
    codes = [code for code, group in groups.items() if group == unit]
    if not set(registered.table["practice_code"]) & set(codes):
        raise UserError(f"{name} is not in the {registered.label}: it is newer, or had no list.")
    points = catchments.points_of(dataset.lsoas)
    portrait = catchments.portrait(registered, codes, dataset.practices, points)
    overlap = catchments.overlap_of(registered, groups)
    away = catchments.elsewhere(overlap, unit)[1]
    ground, note = _ground(work, registered, options, kind, name, codes, groups)
    spec = MapSpec(
        "layers",
        question,
        highlight=unit if kind == catchments.PRACTICE else work.view.highlight,
        position=work.view.position,
        marks=catchment_maps.own_marks(dataset.practices, codes),
        ground=ground,
        about=f"small areas around {name}, whose practices are magenta.",
        note=f"Magenta: practices of {name}. {note}",
    )
    rows = catchments.catchment_rows(registered, codes, dataset.lsoas)
    shown = rows[~rows["hidden"]].head(12)
    hidden = int(rows["hidden"].sum())
    table = text_table(
        f"Where most patients of {name} live{registered.suffix}",
        ("Small area", "Patients", "Its share there", "Of its list"),
        tuple(
            (
                str(code) if pd.isna(row["lsoa"]) else str(row["lsoa"]),
                number(row["patients"]),
                "" if pd.isna(row["share_per_cent"]) else f"{row['share_per_cent']:.0f}%",
                f"{row['share_of_list_per_cent']:.1f}%",
            )
            for code, row in shown.iterrows()
        ),
        widths=(1.7, 0.9, 1.0, 0.9),
        note=f"{len(rows):,} small areas in all; {hidden:,} with fewer than {small_number()} "
        "patients (or the next fewest) are not shown singly.",
    )
    message = catchments.sentence(kind, name, portrait, away, modelled=registered.modelled)
    return [
        work.slide(
            message,
            MapBlock(spec, alt_text(dataset, spec)),
            table,
            notes=(
                f"{registered.note} {MODEL_ERROR}" if registered.modelled else "",
                "Distances are straight lines from a point inside the LSOA to the surgery's "
                "postcode.",
                *catchments.beyond(registered, portrait, rows),
            ),
            share=0.62,
            heading=f"Who lives where: {name}{registered.suffix}",
            about_gps=ground.title.startswith("Small areas: patients per FTE GP"),
            sources=registered.label,
            figures=(
                (f"Patients, {registered.tag}", number(portrait.patients)),
                ("Small areas that hold 80%", f"{portrait.core:,}"),
                ("Half live within", catchments.km_text(portrait.median_km)),
                (f"Where most use {catchments.another(kind)}", per_cent(away)),
            ),
        )
    ]


def _unit(
    kind: str, units: Mapping[str, str], options: Mapping[str, str], practices: pd.DataFrame
) -> str:
    """The unit that is looked at: the one asked for, else the largest."""
    asked = {
        catchments.PRACTICE: options.get("practice", ""),
        catchments.PCN: options.get("catchment-pcn", ""),
    }.get(kind, options.get("catchment-hub", ""))
    if asked in units:
        return asked
    return str(practices["patients"].idxmax()) if kind == catchments.PRACTICE else next(iter(units))


def _ground(
    work: Work,
    registered: catchments.Registered,
    options: Mapping[str, str],
    kind: str,
    name: str,
    codes: list[str],
    groups: Mapping[str, str],
) -> tuple[maps.Layer, str]:
    """How the small areas are coloured, and how to read it."""
    what, dataset = options.get("catchment-map", catchment_maps.SHARE), work.dataset
    if what == catchment_maps.RATIO:
        fte = dataset.practices[work.question.definition.column].astype("float64")
        left_out = fte.index.isin(work.question.excluded.index)
        ratios = catchments.ratios_by_lsoa(registered, fte.mask(left_out))
        benchmark = work.question.benchmark
        layer = catchment_maps.ratio_layer(
            registered, ratios["patients_per_fte_gp"], benchmark.value, benchmark.label
        )
        return layer, "Each practice's FTE is shared out over where its patients live."
    if what in (catchment_maps.MAIN_PRACTICE, catchment_maps.MAIN_GROUP):
        by_pcn = catchments.groups_of(catchments.PCN, dataset.practices, pd.Series(dtype="str"))
        named = groups if kind != catchments.PRACTICE else by_pcn
        noun = "hub" if kind == catchments.HUB else "PCN"
        by_practice = what == catchment_maps.MAIN_PRACTICE
        layer = catchment_maps.main_layer(
            registered,
            None if by_practice else named,
            dataset.practices,
            catchment_maps.neighbours_of(dataset.lsoas),
            "practice" if by_practice else noun,
        )
        here = layer.counts(work.question.area.select(dataset.lsoas).index)
        used = [word for word, n in zip(layer.colours, here, strict=True) if n]
        kept = {word: layer.colours[word] for word in used}
        layer = maps.Layer(layer.title, layer.labels, kept, tip=layer.tip)
        return layer, "Colours may repeat, but not side by side."
    return catchment_maps.share_layer(registered, codes, name), "Bare: none."


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
