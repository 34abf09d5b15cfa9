"""Quality beside capacity: a measure on the map, and beside patients per FTE GP."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pcs_dash.measures import quality
from pcs_dash.measures.numbers import NO_FIGURE, count, number
from pcs_dash.measures.register import PER_GP, QUALITY_MEASURES, Measure
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.words import Words, lower_first
from pcs_dash.measures.workforce import area_patients_per_fte_gp
from pcs_dash.views import maps
from pcs_dash.views.answer import (
    CHART_COLOURS,
    Answer,
    Block,
    Blocks,
    Bullets,
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
    measured,
)
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.phrases import NO_OFFICIAL
from pcs_dash.views.question import Question

if TYPE_CHECKING:
    from pcs_dash.views.loaded_data import OfficialPractices

THE_MEASURE, CAPACITY = "The measure", PER_GP.label
HUB = "Hub of my plan"
GROUPS = {"PCN": "pcn", HUB: "", "District": "district", "Place": "place"}
# Colour and sign of the words of a measure.
STYLES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "cqc_rating": {
        "Outstanding": ("#01665e", "O"),
        "Good": ("#80cdc1", "G"),
        "Requires improvement": ("#dfc27d", "R"),
        "Inadequate": ("#6b3e08", "I"),
    },
    "contract_type": {"GMS": ("#0072b2", "G"), "PMS": ("#e69f00", "P"), "APMS": ("#cc79a7", "A")},
    "dispensing": {"yes": ("#0072b2", "Y"), "no": ("#e5e7eb", "N")},
}
# Light to dark is less to more, in any colour vision.
LESS_TO_MORE = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
_IMPLAUSIBLE = "#d55e00"
_NOTHING_HERE = "none: what is loaded has no figure for these practices"


# --- what there is ---


@dataclass(frozen=True, eq=False)
class _Shown:
    """Every measure that is loaded: `everything` of the data's practices, `table` of the area's."""

    everything: pd.DataFrame
    table: pd.DataFrame
    loaded: OfficialPractices | None

    @property
    def dates(self) -> Mapping[str, str]:
        """Source to the date of what is loaded."""
        return {} if self.loaded is None else self.loaded.periods

    @property
    def measures(self) -> dict[str, Measure]:
        return quality.available(self.everything)

    def period(self, measure: Measure) -> str:
        return quality.period_of(measure, self.dates)

    def dated(self, measure: Measure) -> str:
        return f"{measure.label}, {self.period(measure)}"


def _shown(question: Question) -> _Shown:
    dataset = question.with_own.dataset
    loaded = question.readers.practices(question.dataset)
    everything = kept(
        question.readers.own(question.dataset) or loaded or dataset, ("quality", dataset.key),
        lambda: quality.quality_table(dataset.practices, None if loaded is None else loaded.table),
    )  # fmt: skip
    return _Shown(everything, everything.loc[question.practices.index], loaded)


def _measure_labels(question: Question) -> Mapping[str, str]:
    shown = _shown(question)
    return {key: f"{item.label} ({shown.period(item)})" for key, item in shown.measures.items()}


def _colour_labels(question: Question) -> Mapping[str, str]:
    names = (THE_MEASURE, CAPACITY) if question.dataset.has_gps else (THE_MEASURE,)
    return dict(zip(names, names, strict=True))


# --- the answer ---


def answer(question: Question) -> Answer:
    """A measure of quality on the map, and beside patients per FTE GP."""
    shown = _shown(question)
    title = "What is not loaded, and what would bring it"
    missing = Section("missing", title, partial(_not_loaded, shown))
    below = () if shown.loaded is not None else (Text(_EMBEDDED_ONLY, "info"),)
    if not shown.measures:
        said = f"No quality measure is loaded for {question.name}."
        return Answer(
            Words(said), sections=(missing,), below=below,
            refusal=f"{said} {NO_OFFICIAL}",
        )  # fmt: skip
    sections = (
        Section("practices", "Every practice", partial(_practices, shown)),
        Section("groups", "Groups of practices", partial(_groups, shown), options=("quality-by",)),
        missing,
    )
    measure = shown.measures[question.option("quality", shown.measures)]
    if shown.table[measure.key].isna().all():
        said = f"No practice of {question.name} has a figure for {measure.label}."
        return Answer(Words(said), sections=sections, below=below, refusal=said)
    period = shown.period(measure)
    beside, said = _beside(question, shown, measure)
    return Answer(
        Words(
            quality.sentence(shown.table, measure, question.name, period),
            "",
            f"{measure.label}: {measure.unit}, {period}; for an area or group: "
            f"{measure.definition}. {measure.beware} Both figures keep their own date: read them "
            f"side by side, not as one moment. {PER_GP.label}: {question.period}.",
        ),
        figures=_figures(question, shown, measure),
        front=(_map(question, shown, measure), *beside),
        below=below,
        sections=sections,
        share=0.52,
        notes=(said,) if said else (),
        sources=f"{measure.label}, {period}",
        heading=f"{question.name}: {lower_first(measure.label)}, beside capacity",
        foot=(_told_periods(shown),),
    )


_EMBEDDED_ONLY = (
    "No official data are loaded, so ratings, QOF achievement, contracts and dentists are missing. "
    "Shown is what is embedded: recorded prevalence and appointments. The table at the end says "
    "which publication brings what; Data and methods takes the files."
)


def _told_periods(shown: _Shown) -> str:
    loaded = [measure for measure in shown.measures.values() if measure.sources]
    if not loaded:
        return "Prevalence and appointments: embedded figures, see Data and methods."
    return f"Quality: {'; '.join(map(shown.dated, loaded))}."


def _figures(question: Question, shown: _Shown, measure: Measure) -> tuple[Figure, ...]:
    table = shown.table
    gaps = int(table[measure.key].isna().sum())
    found = []
    if measure.kind == "number":
        value, n, gaps, _ = quality.of_area(table, measure)
        hidden = int(table[measure.key].isna().sum()) - gaps
        text = quality.value_text(value, measure)
        found.append(Figure("The area's figure", text, shown.period(measure)))
        found.append(Figure("Rests on", count(n, "practice"), f"of {len(table):,}"))
        if hidden > 0:
            found.append(
                Figure("Of these too small to show", f"{hidden:,}", "in the area's figure")
            )
    else:
        have = f"{len(table) - gaps:,} of {len(table):,}"
        found.append(Figure("With a figure", have, "practices"))
    found.append(Figure("Without a figure", f"{gaps:,}", "practices"))
    if measure.flag:
        implausible = int(quality.flags(table, measure).sum())
        found.append(Figure("Implausible", f"{implausible:,}", "left out of the sum", slide=False))
    if question.dataset.has_gps:
        capacity = area_patients_per_fte_gp(question.practices, question.definition.key)
        found.append(Figure(PER_GP.label, number(capacity), question.period))
    return tuple(found)


# --- the map ---


def _map(question: Question, shown: _Shown, measure: Measure) -> MapBlock:
    dataset, period = question.dataset, shown.period(measure)
    note = "Hollow: no figure."
    if question.option("quality-colour", _colour_labels(question)) == CAPACITY:
        marks, note = _capacity_layer(question), "Hollow: no ratio."
    else:
        marks = layer(shown.everything, shown.table.index, measure, period)
        if measure.kind == "number":
            note = f"Fifths of this area's practices; {measure.unit}. {note}"
    flagged = quality.flags(shown.everything, measure)
    ringed = " Dashed ring: implausible count." if measure.flag else ""
    spec = MapSpec(
        "layers",
        question,
        highlight=question.highlight,
        position=question.position,
        marks=marks,
        ground=maps.quintile_layer(dataset.lsoas, question.edition, maps.QUINTILE_GREYS),
        ring=frozenset(map(str, flagged.index[flagged])),
        notes=_tips(shown.table, measure, period),
        about=f"practices by {marks.title}, over deprivation in grey.",
        note=f"{note}{ringed} Size: patients.",
    )
    return MapBlock(spec, high=420)


def _tips(table: pd.DataFrame, measure: Measure, period: str) -> dict[str, str]:
    years = table.get("cqc_year") if measure.key == "cqc_rating" else None
    rated = {} if years is None else years.dropna().to_dict()
    found = {}
    for code, value in table[measure.key].items():
        text = NO_FIGURE if pd.isna(value) else str(value)
        if measure.kind == "number":
            text = measure.text(value)
        elif code in rated:
            text += f", rated {int(rated[code])}"
        found[str(code)] = f"{measure.label} ({period}): {text}"
    return found


def _capacity_layer(question: Question) -> maps.Layer:
    benchmark = question.benchmark
    ratios = question.ratios
    title = f"{PER_GP.label} against {benchmark.label}, {question.period}"
    return maps.benchmark_layer(title, ratios, benchmark.value)


# --- beside capacity ---

# How far the axis goes beyond the largest figure that is plausible.
_ROOM = 1.15


def _beside(question: Question, shown: _Shown, measure: Measure) -> tuple[tuple[Block, ...], str]:
    """The measure beside patients per FTE GP, and what may be said of the two together."""
    ratios = question.ratios
    both = int((shown.table[measure.key].notna() & ratios.notna()).sum())
    none: tuple[Block, ...] = ()
    if not both:
        told = (
            f"No practice of {question.name} has both a figure for {measure.label} and patients "
            "per FTE GP, so the two can't be set side by side."
        )
        none = (Text(told, "info"),)
    if measure.kind != "number":
        return (_categories(question, shown, measure), *none), ""
    return (none, "") if none else _dots(question, shown, measure, ratios)


def _categories(question: Question, shown: _Shown, measure: Measure) -> Table:
    counts = quality.by_category(
        shown.table, measure, question.practices, question.definition.column
    )
    capacity = (measured("patients_per_fte_gp", 1.1),)
    return Table(
        f"{measure.label} and capacity" if question.dataset.has_gps else measure.label,
        counts.rename_axis("category").reset_index(),
        (
            Column("category", measure.label, wide=1.8),
            measured("practices", 0.9),
            measured("patients"),
            *(capacity if question.dataset.has_gps else ()),
        ),
        small=True,
        note="Sums over sums; no test is made, and groups of few practices say little.",
    )


def _dots(
    question: Question, shown: _Shown, measure: Measure, ratios: pd.Series
) -> tuple[tuple[Block, ...], str]:
    """A dot a practice, and the sentence that the correlation allows."""
    table, period = shown.table, shown.period(measure)
    flagged = quality.flags(table, measure)
    words = quality.capacity_words(
        quality.with_capacity(table, measure, ratios),
        measure,
        place=question.name,
        period=period,
        definition=question.definition.key,
        date=question.period,
        left_out=int(flagged.sum()),
    )
    too_few = "Too few practices have both figures for a sentence on how the two go together."
    said = words.text if words else too_few
    both = pd.DataFrame({"x": table[measure.key].astype("float64"), "y": ratios}).dropna()
    hidden = len(table) - len(both)
    note = f"One dot a practice, sized by its list; {len(both):,} have both figures"
    note += f", {hidden:,} don't and are not drawn" if hidden else ""
    sound = flagged.reindex(both.index).eq(False)
    # What is implausible does not squeeze the others.
    edge = _ROOM * both.loc[sound, "x"].max()
    far = both.index[both["x"] > edge]
    both["x"] = both["x"].mask(both["x"] > edge, edge)
    crosses = (
        _series(question, both[~sound], "Implausible counts", _IMPLAUSIBLE, "cross"),
    ) if len(both[~sound]) else ()  # fmt: skip
    note += ". Orange crosses: implausible counts" if crosses else ""
    names = [f"{code} ({measure.text(table.loc[code, measure.key])})" for code in far]
    note += f"; beyond the right edge: {', '.join(names)}." if names else "."
    chart = Chart(
        "scatter",
        f"{measure.label} and patients per FTE GP",
        (_series(question, both[sound], "Practices", CHART_COLOURS[0], "circle"), *crosses),
        f"Scatter chart of {len(both)} practices: {measure.label} ({period}) across, patients per "
        f"FTE GP up. {said}",
        value_title=f"{PER_GP.label}, {question.period}",
        x_title=f"{measure.label}, {period}",
        x_format="#,##0.0" if measure.decimals else "#,##0",
        reference=question.benchmark.value,
        reference_label=question.benchmark.label,
        log=True,
        words=said,
    )
    return (chart, Text(note, "note"), Text(words or too_few)), said


def _series(question: Question, points: pd.DataFrame, name: str, colour: str, shape: str) -> Series:
    own = question.practices.loc[points.index]
    return Series.of_practices(name, own, points["y"], points["x"], colour=colour, shape=shape)


# --- the tables ---


def practice_columns(question: Question) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    """Every measure that is loaded of the area's practices, by code, and the columns they make."""
    shown = _shown(question)
    columns = tuple(
        Column(key, shown.dated(measure), _form(measure, grouped=False), only="page")
        for key, measure in shown.measures.items()
    )
    return shown.table[list(shown.measures)], columns


def _columns(shown: _Shown, question: Question, *, grouped: bool = False) -> tuple[Column, ...]:
    """The measure that is asked for, patients, capacity and every other measure, each with its
    period in its heading.
    """
    capacity = Column(PER_GP.key, f"{PER_GP.label}, {question.period}", PER_GP.form)
    rest = [measured("patients"), *([capacity] if question.dataset.has_gps else [])]
    asked = question.option("quality", shown.measures)
    found: list[Column] = []
    for key in sorted(shown.measures, key=lambda key: key != asked):
        measure = shown.measures[key]
        found.append(Column(key, shown.dated(measure), _form(measure, grouped=grouped)))
        if grouped and measure.flag:
            found.append(Column(f"{key}_flagged", f"Implausible: {measure.label.lower()}", "count"))
        if key == "cqc_rating" and not grouped and "cqc_year" in shown.table.columns:
            found.append(Column("cqc_year", "Rated in", "year"))
        if key == asked:
            found += rest
    return tuple(found)


def _form(measure: Measure, *, grouped: bool) -> str:
    """How a measure's figures are written; a mean of whole numbers has a decimal."""
    if measure.kind != "number":
        return "text"
    return replace(measure, decimals=max(measure.decimals, 1)).form if grouped else measure.form


def _dated(shown: _Shown, question: Question) -> dict[str, str]:
    """Names of the columns of a file, with the period of each."""
    capacity = f"patients_per_fte_gp ({question.definition.key}, {question.period})"
    dated = {key: f"{key} ({shown.period(item)})" for key, item in shown.measures.items()}
    return dated | {"patients_per_fte_gp": capacity}


def _practices(shown: _Shown, question: Question) -> Blocks:
    own = question.practices
    frame = own[["practice_name", "pcn", "patients"]].rename(columns={"practice_name": "practice"})
    frame = frame.assign(patients_per_fte_gp=question.ratios)
    frame = frame.join(shown.table[list(shown.measures)])
    if "cqc_year" in shown.table.columns and "cqc_rating" in frame.columns:
        place = frame.columns.tolist().index("cqc_rating") + 1
        frame.insert(place, "cqc_year", shown.table["cqc_year"])
    if not question.dataset.has_gps:
        frame = frame.drop(columns="patients_per_fte_gp")
    flagged = pd.Series("", index=frame.index)
    # The appointments of a month are flagged once, for all of their measures.
    marks = {measure.flag: measure for measure in reversed(shown.measures.values())}
    for measure in shown.measures.values():
        if marks[measure.flag] is measure:
            mark = quality.flags(shown.table, measure)
            flagged = flagged.mask(mark, flagged + f"{shown.dated(measure)}. ")
    frame = frame.assign(implausible=flagged).rename_axis("practice_code")
    return [
        Table(
            f"Practices of {question.name} with every quality measure and patients per FTE GP",
            frame.reset_index(),
            (
                Column("practice", "Practice", wide=2.0),
                *_columns(shown, question),
                Column("practice_code", "Code"),
                Column("pcn", "PCN"),
                Column("implausible", "Implausible"),
            ),
            name=f"quality-{question.area.key}",
            file=frame.rename(columns=_dated(shown, question)),
        )
    ]


def _groups(shown: _Shown, question: Question) -> Blocks:
    own = question.practices
    kind = question.option("quality-by", GROUPS)
    groups = question.shown_plan.to_series(own.index) if kind == HUB else own[GROUPS[kind]]
    if groups.isna().all():
        return [Text("None of the practices here is in such a group.", "info")]
    grouped = quality.by_group(shown.table, groups)
    if question.dataset.has_gps:
        capacity = question.summarised(groups)
        grouped.insert(2, "patients_per_fte_gp", capacity["patients_per_fte_gp"])
    left_out = count(int(groups.isna().sum()), "practice")
    return [
        Table(
            f"Quality measures by {kind[0].lower() + kind[1:] if kind != 'PCN' else kind}",
            grouped.reset_index(),
            (
                Column("group", kind.split(" of ")[0], wide=2.0),
                *_columns(shown, question, grouped=True),
                measured("practices"),
            ),
            note="Ratings, contracts and dispensing: practices counted. Appointments and same-day "
            "share: sums over sums, implausible counts left out and counted. All other numbers: "
            "mean weighted by patients over the practices that have the figure; how many those "
            f"are is in the file. {left_out} in no group.",
            name=f"quality-{question.area.key}-{kind.lower()}",
            file=grouped.rename(columns=_dated(shown, question)),
            colours=question.colours_of(grouped.index) if kind == HUB else (),
        )
    ]


# --- what is not loaded ---


def missing_measures(table: pd.DataFrame, loaded: Collection[str] = ()) -> pd.DataFrame:
    """The measures that are not there: measure (or family, in one row), publication that would
    bring it, how.

    `loaded`: the sources that are. Where they all are, the files lack what the measure needs, and
    loading would not change that.
    """
    there = {measure.family or measure.label for measure in quality.available(table).values()}
    from pcs_dash.official.catalogue import SOURCES

    rows: dict[str, dict[str, str]] = {}
    for measure in QUALITY_MEASURES.values():
        name = measure.family or measure.label
        if measure.key in table.columns or name in there or not measure.sources:
            continue
        keys = [key for key in measure.sources if key not in loaded]
        by_hand = any(not SOURCES[key].downloadable for key in keys)
        rows[name] = {
            "measure": name,
            "publication": "; ".join(SOURCES[key].title for key in keys or measure.sources),
            "how": ("choose its file" if by_hand else "load it") if keys else _NOTHING_HERE,
        }
    return pd.DataFrame(rows.values(), columns=["measure", "publication", "how"])


def _not_loaded(shown: _Shown, question: Question) -> Blocks:
    """Which file would bring what, and how the official figures were joined."""
    missing = missing_measures(shown.everything, shown.dates)
    blocks: list[Block] = []
    if not question.dataset.has_gps:
        blocks.append(Text(f"{PER_GP.label} is left out: no GP figures (FTE) are loaded."))
    if missing.empty:
        blocks.append(Text("Every measure of this page is loaded."))
    else:
        blocks.append(
            Table(
                "Measures that are not loaded",
                missing,
                (
                    Column("measure", "Measure", wide=1.6),
                    Column("publication", "Publication that brings it", wide=1.6),
                    Column("how", "How", wide=1.2),
                ),
                small=True,
                note="The page Data and methods says where each is published, and takes it.",
            )
        )
    blocks += _own_files(question)
    if shown.loaded is not None:
        report = shown.loaded.report
        lost = f"; not matched: {', '.join(report.left_only[:20])}" if report.left_only else ""
        joined = (
            "Official figures are joined to practices by code, one to one: "
            f"{report.matched:,} of {report.left_rows:,} practices matched{lost}."
        )
        blocks.append(Text(joined, "note"))
    return blocks


def _own_files(question: Question) -> list[Block]:
    found = question.readers.own(question.dataset)
    if found is None:
        return []
    told = []
    for key, name in found.names.items():
        have = int((found.table[key].notna()).sum())
        text = f"{name}: {have:,} of {len(found.table):,} practices"
        if found.hidden[key]:
            text += f"; {found.hidden[key]:,} rest on fewer than {small_number()} and are not shown"
        codes = found.unknown[key]
        if codes:
            text += f"; {count(len(codes), 'code')} of the file in no practice here"
            text += f" ({', '.join(codes[:5])}{' ...' * (len(codes) > 5)})"
        told.append(f"{text}.")
    return [Text("Measures of your own files, joined by code, one to one:"), Bullets(tuple(told))]


VIEW = View(
    "quality",
    "quality",
    "Quality beside capacity",
    "CQC rating, QOF, appointments and more, beside patients per GP; each figure with its own "
    "period.",
    answer,
    options=(
        Option("quality", "Measure", choices=_measure_labels),
        Option("quality-colour", "Colour on the map", choices=_colour_labels),
        Option(
            "quality-by", "By", choices=tuple(GROUPS),
            inside=True,
        ),
    ),
    needs_gps=False,
    with_plan=True,
    map_key="quality",
    pointer="quality",
)  # fmt: skip

# --- classes for the map ---


def number_classes(values: pd.Series, decimals: int) -> tuple[pd.Series, list[str]]:
    """Up to five classes of like size, from least to most: class of each value, and its words.

    Cuts are quantiles rounded to the measure's decimals, so that they can be read; ties make
    fewer classes. Missing stays missing.
    """
    known = values.dropna().astype("float64")
    if known.empty:
        return pd.Series(np.nan, index=values.index), []
    cuts = np.unique(np.round(np.quantile(known, [0.2, 0.4, 0.6, 0.8]), decimals))
    cuts = cuts[(cuts > known.min()) & (cuts <= known.max())]
    if not len(cuts):
        # Nearly all are the same: the few above them still stand apart.
        rounded = np.unique(np.round(known, decimals))
        cuts = rounded[(rounded > known.min()) & (rounded <= known.max())][:1]
    classes = pd.Series(
        np.searchsorted(cuts, values.to_numpy(float), side="right"), index=values.index
    ).where(values.notna())

    def text(value: float) -> str:
        return f"{number(value, decimals)}"

    if not len(cuts):
        return classes, [f"all {text(known.iloc[0])}"]
    if decimals == 0:
        # Whole numbers: "under 2" is "0 to 1", and "2 to under 4" is "2 to 3".
        ends = [int(known.min()), *(int(cut) for cut in cuts), int(known.max()) + 1]
        words = [f"{a:,}" if b - a == 1 else f"{a:,} to {b - 1:,}" for a, b in pairwise(ends)]
        return classes, words
    words = [f"under {text(cuts[0])}"]
    words += [f"{text(a)} to {text(b)}" for a, b in pairwise(cuts)]
    return classes, [*words, f"{text(cuts[-1])} or more"]


def colours_for(number_of_classes: int) -> list[str]:
    """So many colours from light to dark, spread over the scale."""
    if number_of_classes <= 1:
        return [LESS_TO_MORE[2]]
    places = np.linspace(0, len(LESS_TO_MORE) - 1, number_of_classes).round().astype(int)
    return [LESS_TO_MORE[place] for place in places]


def layer(everything: pd.DataFrame, own: pd.Index, measure: Measure, period: str) -> maps.Layer:
    """Practices by a measure: fifths of the area's own practices (`own`), or the words it has."""
    title = f"{measure.label}, {period}"
    if measure.kind == "number":
        figures = everything.loc[own, measure.key].astype("float64")
        classes, labels = number_classes(figures, measure.decimals)
        colours = dict(zip(labels, colours_for(len(labels)), strict=True))
        return maps.Layer(title, classes.map(dict(enumerate(labels))), colours)
    return maps.Layer.signed(title, everything[measure.key], STYLES[measure.key])
