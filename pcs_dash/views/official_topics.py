"""The slides of the pages of official data: England, catchments, list sizes, quality."""

from __future__ import annotations

import math
from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from pcs_dash.measures import england_areas as areas_of_england
from pcs_dash.measures import list_trends
from pcs_dash.measures.gravity import MODEL_ERROR
from pcs_dash.measures.profile import NO_FIGURE, number, per_cent, signed
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.words import lower_first
from pcs_dash.measures.workforce import area_patients_per_fte_gp, patients_per_fte_gp
from pcs_dash.official.loaded_areas import OfficialArea
from pcs_dash.tables.errors import UserError
from pcs_dash.views import catchments, maps, quality
from pcs_dash.views.blocks import CHART_COLOURS, Block, Chart, MapBlock, Series, Slide, Table
from pcs_dash.views.map_views import MapSpec, alt_text
from pcs_dash.views.work import Work

_MOST_BARS = 12
_GREW, _SHRANK = "#2166ac", "#d6604d"
_LISTS = "NHS England, Patients Registered at a GP Practice"
_NO_OFFICIAL = (
    "No official data are loaded. `python -m pcs_dash update` loads them, or choose the files "
    "under Data and methods."
)


# --- who lives where ---


def catchment(work: Work) -> list[Slide]:
    """Where the patients of a practice, PCN or hub live."""
    dataset, options, settings = work.dataset, work.options, work.settings
    registered = work.readers.registered(dataset)
    kind = options.get("whose", catchments.PCN)
    groups = catchments.groups_of(kind, dataset.practices, work.shown_plan.to_series())
    everyone = settings.area.select(dataset.practices)
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
        settings,
        highlight=unit if kind == catchments.PRACTICE else work.view.highlight,
        position=work.view.position,
        marks=catchments.own_marks(dataset.practices, codes),
        ground=ground,
        about=f"small areas around {name}, whose practices are magenta.",
        note=f"Magenta: practices of {name}. {note}",
    )
    rows = catchments.catchment_rows(registered, codes, dataset.lsoas)
    shown = rows[~rows["hidden"]].head(12)
    hidden = int(rows["hidden"].sum())
    table = Table(
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
    what, dataset = options.get("catchment-map", catchments.SHARE), work.dataset
    if what == catchments.RATIO:
        fte = dataset.practices[work.settings.definition.column].astype("float64")
        left_out = fte.index.isin(work.settings.excluded.index)
        ratios = catchments.ratios_by_lsoa(registered, fte.mask(left_out))
        benchmark = work.settings.benchmark
        layer = catchments.ratio_layer(
            registered, ratios["patients_per_fte_gp"], benchmark.value, benchmark.label
        )
        return layer, "Each practice's FTE is shared out over where its patients live."
    if what in (catchments.MAIN_PRACTICE, catchments.MAIN_GROUP):
        by_pcn = catchments.groups_of(catchments.PCN, dataset.practices, pd.Series(dtype="str"))
        named = groups if kind != catchments.PRACTICE else by_pcn
        noun = "hub" if kind == catchments.HUB else "PCN"
        by_practice = what == catchments.MAIN_PRACTICE
        layer = catchments.main_layer(
            registered,
            None if by_practice else named,
            dataset.practices,
            catchments.neighbours_of(dataset.lsoas),
            "practice" if by_practice else noun,
        )
        here = layer.counts(work.settings.area.select(dataset.lsoas).index)
        used = [word for word, n in zip(layer.colours, here, strict=True) if n]
        kept = {word: layer.colours[word] for word in used}
        layer = maps.Layer(layer.title, layer.labels, kept, tip=layer.tip)
        return layer, "Colours may repeat, but not side by side."
    return catchments.share_layer(registered, codes, name), "Bare: none."


# --- list sizes over time ---


def lists(work: Work) -> list[Slide]:
    """Who grew and who shrank between two months."""
    options, dataset = work.options, work.dataset
    loaded = work.readers.history(dataset)
    history = None if loaded is None else work.settings.area.select(loaded)
    if history is None or history["period"].nunique() < 2:
        raise UserError(
            "A trend needs the lists of at least two months. `python -m pcs_dash update "
            "list_sizes` fetches the newest; --from FOLDER reads files of other months."
        )
    months = {
        f"{month:%B %Y}": month for month in sorted(pd.to_datetime(history["period"]).unique())
    }
    names = list(months)
    first = months.get(options.get("trend-from", ""), months[names[0]])
    last = months.get(options.get("trend-to", ""), months[names[-1]])
    if last <= first:
        first, last = months[names[0]], months[names[-1]]
    chosen = list_trends.between(history, first, last)
    when = pd.to_datetime(chosen["period"])
    changes = list_trends.compare_lists(
        chosen[when == first], chosen[when == last], successors=work.readers.successors()
    )
    level = options.get("trend-by", list_trends.PCN)
    measure = options.get("trend-in", list_trends.PER_CENT)

    def by(what: str) -> pd.DataFrame:
        groups = list_trends.groups_of(
            what,
            chosen,
            work.settings.area.select(dataset.practices),
            names=work.readers.names(dataset),
            plan=work.shown_plan.to_series(),
            area_name=work.name,
        )
        return list_trends.trend(chosen, groups)

    whole = by(list_trends.WHOLE).iloc[0]
    message = list_trends.sentence(work.name, whole, changes.counts, first, last)
    ranked = list_trends.fair(by(level), measure)
    column = "change_per_cent" if measure == list_trends.PER_CENT else "change"
    bars = ranked if len(ranked) <= _MOST_BARS else _ends(ranked)
    cut = "" if len(ranked) <= _MOST_BARS else f", the {_MOST_BARS // 2} most and least"
    values = bars[column].astype("float64")
    period = f"{first:%B %Y} to {last:%B %Y}"
    chart = Chart(
        "bars",
        f"Change in registered patients by {_lower(level)}{cut}",
        (
            Series(
                "Change",
                tuple(map(float, values)),
                colours=tuple(_GREW if value >= 0 else _SHRANK for value in values),
            ),
        ),
        f"Bars of the change in registered patients, {period}: "
        + "; ".join(f"{unit} {value:+,.1f}" for unit, value in values.items()),
        categories=tuple(map(str, values.index)),
        value_title="Change in %" if measure == list_trends.PER_CENT else "Change in patients",
        number_format='#,##0.0"%"' if measure == list_trends.PER_CENT else "#,##0",
    )
    table = Table(
        f"List sizes by {_lower(level)}",
        (level.split(" of ")[0], f"{first:%b %Y}", f"{last:%b %Y}", "Change", "Change in %"),
        tuple(
            (
                str(unit),
                number(row["first"]),
                number(row["last"]),
                signed(row["change"], 0),
                f"{signed(row['change_per_cent'])}%",
            )
            for unit, row in bars.iterrows()
        ),
        widths=(2.4, 0.9, 0.9, 0.9, 0.9),
        note="Units are those of now, carried back. A list is not a population.",
    )
    count = changes.counts
    return [
        work.slide(
            message,
            chart,
            table,
            share=0.48,
            about_gps=False,
            sources=f"{_LISTS}, {period}",
            figures=(
                (f"Patients, {last:%b %Y}", number(whole["last"])),
                ("Change", signed(whole["change"], 0)),
                ("Practices", f"{int(whole['practices_last'])}"),
                ("Closed, merged, new", f"{count['closed']}, {count['merged']}, {count['new']}"),
            ),
        )
    ]


def _ends(ranked: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([ranked.head(_MOST_BARS // 2), ranked.tail(_MOST_BARS // 2)])


def _lower(level: str) -> str:
    return level if level == list_trends.PCN else level.lower()


# --- quality beside capacity ---


def quality_slide(work: Work) -> list[Slide]:
    """A measure of quality on the map, and beside patients per FTE GP."""
    dataset, settings = work.dataset, work.settings
    loaded = work.readers.practices(dataset)
    everything = quality.quality_table(dataset.practices, None if loaded is None else loaded.table)
    measures = quality.available(everything)
    if not measures:
        raise UserError(f"No quality measure is loaded for {work.name}. {_NO_OFFICIAL}")
    measure = measures.get(work.options.get("quality", ""), next(iter(measures.values())))
    table = everything.loc[work.practices.index]
    if table[measure.key].isna().all():
        raise UserError(f"No practice of {work.name} has a figure for {measure.label}.")
    period = quality.period_of(measure, {} if loaded is None else loaded.periods)
    ratios = patients_per_fte_gp(work.practices, work.definition)
    flagged = quality.flags(everything, measure)
    layer = quality.layer(everything, table.index, measure, period)
    if work.options.get("quality-colour", "") == "Patients per FTE GP":
        layer = _capacity_layer(work, ratios)
    spec = MapSpec(
        "layers",
        settings,
        highlight=work.view.highlight,
        position=work.view.position,
        marks=layer,
        ground=maps.quintile_layer(dataset.lsoas, settings.edition, maps.QUINTILE_GREYS),
        ring=frozenset(map(str, flagged.index[flagged])),
        notes={
            str(code): f"{measure.label} ({period}): {_cell(value, measure)}"
            for code, value in table[measure.key].items()
        },
        about=f"practices by {layer.title}, over deprivation in grey.",
        note="Hollow: no figure." + (" Dashed ring: implausible count." if measure.flag else ""),
    )
    said, right = _beside(work, table, measure, ratios, period)
    return [
        work.slide(
            quality.sentence(table, measure, work.name, period),
            MapBlock(spec, alt_text(dataset, spec)),
            right,
            notes=(said, measure.beware, f"{measure.label}: {measure.unit}, {measure.grouped}."),
            share=0.55,
            heading=f"{work.name}: {measure.label} beside capacity",
            sources=f"{measure.label}, {period}",
            figures=_quality_figures(work, table, measure, period),
        )
    ]


def _quality_figures(
    work: Work, table: pd.DataFrame, measure: quality.Measure, period: str
) -> tuple[tuple[str, str], ...]:
    capacity = area_patients_per_fte_gp(work.practices, work.definition)
    last = (
        ("Without a figure", f"{int(table[measure.key].isna().sum())}"),
        (f"Patients per FTE GP, {work.dataset.workforce_period}", number(capacity)),
    )
    if measure.kind != "number":
        have = int(table[measure.key].notna().sum())
        return (("Practices with a figure", f"{have} of {len(table)}"), *last)
    value, n, _, _ = quality.of_area(table, measure)
    return (
        (f"{measure.label}, {period}", quality.value_text(value, measure)),
        ("Rests on", f"{n} practices"),
        *last,
    )


def _capacity_layer(work: Work, ratios: pd.Series) -> maps.Layer:
    benchmark = work.settings.benchmark
    classes = maps.benchmark_classes(ratios, benchmark.value)
    return maps.Layer(
        f"Patients per FTE GP against {benchmark.label}, {work.dataset.workforce_period}",
        classes.map(dict(enumerate(maps.BENCHMARK_LABELS))),
        dict(zip(maps.BENCHMARK_LABELS, maps.BENCHMARK_COLOURS, strict=True)),
    )


def _cell(value: object, measure: quality.Measure) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return NO_FIGURE
    if measure.kind != "number":
        return str(value)
    text = f"{float(str(value)):,.{measure.decimals}f}"
    return f"{text}%" if measure.unit.startswith("%") else text


def _beside(
    work: Work,
    table: pd.DataFrame,
    measure: quality.Measure,
    ratios: pd.Series,
    period: str,
) -> tuple[str, Chart | Table]:
    """What may be said of the measure and patients per FTE GP, and the picture or table of it."""
    if measure.kind != "number":
        counts = quality.by_category(
            table, measure, work.practices, work.settings.definition.column
        )
        rows = tuple(
            (
                str(name),
                number(row["practices"]),
                number(row["patients"]),
                number(row["patients_per_fte_gp"]),
            )
            for name, row in counts.iterrows()
        )
        found = Table(
            f"{measure.label} and capacity",
            (measure.label, "Practices", "Patients", "Patients per FTE GP"),
            rows,
            widths=(1.8, 0.9, 1.0, 1.1),
            note="Sums over sums; no test is made, and groups of few practices say little.",
        )
        return "", found
    result = quality.with_capacity(table, measure, ratios)
    words = quality.capacity_words(
        result,
        measure,
        place=work.name,
        period=period,
        definition=work.definition,
        date=work.dataset.workforce_period,
        left_out=int(quality.flags(table, measure).sum()),
    )
    sound = table[measure.key].mask(quality.flags(table, measure))
    both = pd.DataFrame({"x": sound, "y": ratios}).dropna()
    said = words.text if words else "Too few practices have both figures for a sentence."
    chart = Chart(
        "scatter",
        "Each dot is a practice",
        (
            Series(
                "Practices",
                tuple(map(float, both["y"])),
                x=tuple(map(float, both["x"])),
                colour=CHART_COLOURS[0],
                codes=tuple(map(str, both.index)),
            ),
        ),
        f"Scatter chart of {len(both)} practices: {measure.label} ({period}) across, patients per "
        f"FTE GP up. {said}",
        value_title=f"Patients per FTE GP, {work.dataset.workforce_period}",
        x_title=f"{measure.label}, {period}",
    )
    return said, chart


# --- England ---


def england(work: Work) -> list[Slide]:
    """Who has the highest and the lowest figure in England. About England, whatever the area."""
    level = work.options.get("england-areas", "icb")
    if level not in areas_of_england.LEVELS:
        level = "icb"
    loaded = work.readers.england(level)
    if loaded is None:
        raise UserError(_NO_OFFICIAL)
    table = loaded.table.drop(index=areas_of_england.ENGLAND)
    whole: pd.Series = loaded.table.T[areas_of_england.ENGLAND]
    shown = areas_of_england.shown_measures(loaded.table, loaded.measures)
    if not shown:
        raise UserError(f"No measure of England is loaded yet. {_NO_OFFICIAL}")
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
    drawn: list[Block] = []
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
    listing = Table(
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
        work.settings,
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
    area = work.settings.area
    if isinstance(area, OfficialArea) and area.kind == level:
        return list(area.codes)
    if level == "sub_icb" and area.sub_icb_codes:
        return list(area.sub_icb_codes)
    return [str(code) for code in names.index[names == area.name]]
