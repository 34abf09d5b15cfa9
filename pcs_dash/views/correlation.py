"""Do under-doctoring and deprivation go together?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from pcs_dash.measures import words
from pcs_dash.measures.correlation import COEFFICIENT_NAMES, METHODS, Correlation, WithinBetween
from pcs_dash.measures.numbers import between, count, decimals_for, number, p_text
from pcs_dash.views import compared_measures, how_sure, inequality, maps
from pcs_dash.views.answer import (
    CHART_COLOURS,
    Answer,
    Beside,
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
    text_table,
)
from pcs_dash.views.by_place import place_series
from pcs_dash.views.cells import p_cell
from pcs_dash.views.compared_measures import Compared, coefficient_marks
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.phrases import at_the_edge, interval_figures
from pcs_dash.views.question import Question

_LINE_NAMES = {
    "least squares": "Least squares",
    "least squares, weighted": "Least squares, weighted",
    "Theil-Sen": "Robust line",
}
_LINE_LOOKS: tuple[dict[str, Any], ...] = (
    {"colour": "#212b32"},
    {"colour": CHART_COLOURS[2], "dash": True},
)
# Columns of practices that the correlation can allow for.
ALLOWED_FOR = {
    "pct_65plus": "share aged 65 and over",
    "pct_75plus": "share aged 75 and over",
    "pct_0_14": "share aged 0-14",
    "prev_hyp": "hypertension",
    "prev_dm": "diabetes",
    "prev_copd": "COPD",
    "prev_chd": "coronary heart disease",
    "prev_dep": "depression",
    "prev_ob": "obesity",
    "prev_smok": "smoking",
}
_FIRST_ALLOWED = ("pct_65plus", "prev_hyp", "prev_dm")


def answer(question: Question) -> Answer:
    """The correlation of a measure with deprivation, practice by practice."""
    pair = compared_measures.asked(question)
    result = pair.result()
    said = pair.said(result)
    table, gap_said = inequality.quintiles(question)
    return Answer(
        said,
        figures=(
            Figure(pair.coefficient_name, number(result.coefficient, 2)),
            *interval_figures(compared_measures.interval_cell(result)),
            Figure("Practices", f"{result.n:,}", _missing(result)),
        ),
        front=(
            _scatter(pair, said),
            inequality.quintile_rows(question, table),
            Text(gap_said),
            *_slopes(pair),
        ),
        share=0.52,
        sections=(
            Section("map", "On the map", lambda asked: (_map(compared_measures.asked(asked)),)),
            Section("quintiles", "By deprivation quintile of where patients live", _quintiles),
            Section("coefficients", "Three coefficients", _coefficients),
            Section("sure", "How sure are we? Areas side by side", _sure),
            Section("within", "Within places and between places", _within),
            Section("given", "Allowing for age and illness", _given, options=("given",)),
            Section(
                "influence",
                "Which practices carry the result?",
                _influence,
                slow="Leaving out each practice",
            ),
        ),
        notes=(gap_said.text,),
        sources=f"MHCLG, {pair.edition}; patients by LSOA, {question.mix_period}",
        foot=(
            "Deprivation: patient-weighted IMD 2025 score (OHID), or shares of patients by "
            f"quintile ({question.dataset.mix_words}, NHS England and MHCLG).",
        ),
    )


def _missing(result: Correlation) -> str:
    return f"{result.n_missing:,} without a figure" if result.n_missing else ""


# --- the picture ---


def _scatter(pair: Compared, said: words.Words) -> Chart:
    question = pair.question
    dots, bounds = at_the_edge(place_series(question.practices, *pair.shown()))
    heights = [value or 0.0 for series in dots for value in series.values]
    benchmark = pair.benchmark
    held = "" if benchmark is None else f"{question.benchmark.label} {number(benchmark)}"
    return Chart(
        "scatter",
        "Each mark is a practice",
        (*dots, *_line_series(pair)),
        f"Scatter chart of {count(len(heights), 'practice')} of {question.name}: {pair.x.label} "
        f"across, {pair.y.label} up. {said.text}",
        value_title=pair.y_title,
        x_title=f"{pair.x.label} (higher = more deprived)",
        # Where the highest mark is small, ticks need a decimal.
        number_format="#,##0.0" if max(heights, default=0.0) < 20 else "#,##0",
        bounds=bounds,
        reference=benchmark,
        reference_label=held,
        words=said.text,
    )


def _line_series(pair: Compared) -> list[Series]:
    both = pd.DataFrame({"x": pair.x_values, "y": pair.y_values}).dropna()
    if both.empty:
        return []
    ends = (float(both["x"].min()), float(both["x"].max()))
    return [
        Series.of(_LINE_NAMES.get(line.name, line.name), line.at(ends), x=ends, line=True, **looks)
        for line, looks in zip(pair.lines(), _LINE_LOOKS, strict=False)
    ]


def _slopes(pair: Compared) -> tuple[Text, ...]:
    found = pair.lines()
    if not found:
        return ()
    places = decimals_for(max(abs(line.slope) for line in found))
    told = "; ".join(
        f"{_LINE_NAMES[line.name].lower()} {number(line.slope, places)}" for line in found
    )
    return (
        Text(
            f"Slope per unit of deprivation: {told}. The robust line has the median of the slopes "
            "between all pairs of practices (Theil-Sen): a few odd practices can't turn it. How "
            "sure the direction is, the coefficients say.",
            "note",
        ),
    )


# Thirds of the measure (outer) and of deprivation (inner), as maps.BIVARIATE_COLOURS has them.
_THIRDS = ("low", "middle", "high")
_PAIRS = tuple(f"{up} figure, {across} deprivation" for up in _THIRDS for across in _THIRDS)


def _map(pair: Compared) -> MapBlock:
    """Practices coloured by both thirds, those of the area only."""
    question = pair.question
    place = maps.thirds(pair.y_values) * 3 + maps.thirds(pair.x_values)
    labels = place.map(dict(enumerate(_PAIRS)))
    spec = MapSpec(
        "layers",
        question,
        highlight=question.highlight,
        position=question.position,
        marks=maps.Layer(
            f"Practices: {pair.y.label}, and deprivation",
            labels,
            dict(zip(_PAIRS, maps.BIVARIATE_COLOURS, strict=True)),
        ),
        about=f"practices by thirds of {pair.y.label} and of {pair.x.label}.",
        note=f"Figure: {pair.y.label}. Deprivation: {pair.x.label}. Low, middle and high: thirds "
        "of this area's practices. Hollow: a figure is missing. Size: patients.",
    )
    return MapBlock(spec, high=400)


# --- sections ---


def _quintiles(question: Question) -> Blocks:
    table, said = inequality.quintiles(question)
    more = Text("More of it under the tab By fifth.", "note")
    return [Beside((3, 2), ((inequality.quintile_chart(question, table, said),), (more,)))]


def _sure(question: Question) -> Blocks:
    told = how_sure.answer(question)
    picture, *beside = told.front
    foot = (Text(line, "note") for line in told.foot)
    table = pair_table(question)
    return [Text(told.message), Beside((3, 2), ((picture,), (*beside, *foot))), table]


def pair_table(question: Question) -> Table:
    """The areas side by side as a table, with its file."""
    pair = compared_measures.asked(question)
    table = pair.everywhere()
    return Table(
        "Areas side by side",
        table.reset_index(),
        (
            Column("area", "Area", wide=2.0),
            Column("n", "Practices", "count"),
            Column("n_missing", "Without a figure", "count"),
            Column("coefficient", pair.coefficient_name, "hundredth"),
            Column("ci_low", "95% from", "hundredth"),
            Column("ci_high", "to", "hundredth"),
            Column("p_value", "p", "thousandth"),
        ),
        name=f"correlation-areas-{pair.x.key}-{pair.y.key}-{question.definition.key}",
        file=table,
    )


def _coefficients(question: Question) -> Blocks:
    """By ranks, by pairs, and of the figures as they are."""
    pair = compared_measures.asked(question)
    results = [pair.result(method) for method in METHODS]
    rows = [
        (
            COEFFICIENT_NAMES[result.method],
            *compared_measures.cells(result),
            f"{result.n:,}" + (f" ({_missing(result)})" if result.n_missing else ""),
            result.interval_method,
        )
        for result in results
    ]
    reasons = dict.fromkeys(result.reason for result in results if result.reason)
    return [
        text_table(
            "Practice level: every practice is one point",
            ("Coefficient", "Value", "95% interval", "p", "Practices", "Interval by"),
            rows,
        ),
        *(Text(reason, "info") for reason in reasons),
        Text(
            "Spearman's rho and Kendall's tau go by ranks, so that a few extreme figures can't "
            "carry them. Pearson's r takes the figures as they are; where a few practices carry "
            "it, no interval of it holds, and its p is from permutations.",
            "note",
        ),
        # The first is the headline of the page.
        *(Text(str(pair.said(result)), "note", words=True) for result in results[1:]),
    ]


def _within(question: Question) -> Blocks:
    pair = compared_measures.asked(question)
    several = len(question.practices["place"].unique()) > 1
    column, unit = ("place", "places") if several else ("pcn", "PCNs")
    result = pair.within(column)
    said = words.within_between_words(
        result, definition=question.definition.key, date=question.period, unit=unit
    )
    tested = p_text(result.between.p_value)
    how = (
        "By ranks over all practices, unweighted. Within: each of the "
        f"{len(result.groups)} {unit} has a level of its own. Between: one point for each, its "
        f"means{f' ({tested})' if tested else ''}. {result.between.reason}"
    )
    chart = _levels_chart(result, unit, said.text)
    right = (Text(said), Text(how.strip(), "note"))
    return [Beside((3, 2), ((chart,), right)), _group_rows(pair, result, unit)]


def _levels_chart(result: WithinBetween, unit: str, told: str) -> Chart:
    rows = {
        "Over all practices": result.pooled,
        f"Within {unit}": result.within,
        f"Between {unit}": result.between,
    }
    return Chart(
        "intervals",
        "Spearman's rho with 95% intervals",
        (coefficient_marks("Spearman's rho", rows.values()),),
        told,
        categories=tuple(f"{name} (n = {found.n:,})" for name, found in rows.items()),
        value_title="Spearman's rho: left of 0 falling, right of 0 rising",
        number_format="0.00",
        reference=0.0,
        reference_label="none",
    )


def _group_rows(pair: Compared, result: WithinBetween, unit: str) -> Table:
    """Each group's means and coefficient."""
    question, table = pair.question, result.groups
    rows = []
    for group, row in table.iterrows():
        rho = "too few practices"
        if pd.notna(row["coefficient"]):
            limits = between(row["ci_low"], row["ci_high"], 2)
            rho = f"{number(row['coefficient'], 2)} ({limits})"
        figure = number(row["mean_y"], decimals_for(row["mean_y"]))
        means = number(row["mean_x"], 1), figure
        rows.append((str(group), f"{int(row['n']):,}", *means, rho, p_cell(row["p_value"])))
    return text_table(
        f"Inside each of the {unit}",
        ("Place" if unit == "places" else "PCN", "Practices", "Mean deprivation", "Mean figure",
         "rho (95% interval)", "p"),
        rows,
        name=f"within-{question.area.key}-{pair.x.key}-{pair.y.key}-{question.definition.key}",
        file=table,
    )  # fmt: skip


def _given(question: Question) -> Blocks:
    """The correlation that is left once age and recorded illness are allowed for."""
    columns = {
        key: ALLOWED_FOR[key] for key in question.several("given", ALLOWED_FOR, _FIRST_ALLOWED)
    }
    if not columns:
        return [Text("Choose at least one figure to allow for.", "info")]
    pair = compared_measures.asked(question)
    result = pair.given(columns)
    said = words.partial_words(pair.said(result), list(columns.values()))
    both = {"as it is": pair.unweighted(), "allowing for these": result}
    rows = [(name, *compared_measures.cells(one), f"{one.n:,}") for name, one in both.items()]
    return [
        Text(said, words=True),
        text_table(
            "Before and after, both unweighted",
            ("Spearman's rho", "Value", "95% interval", "p", "Practices"),
            rows,
        ),
        Text(
            "Illness is recorded less where GPs are few, so allowing for it can hide a real "
            "disadvantage.",
            "note",
        ),
    ]


def _influence(question: Question) -> Blocks:
    """The coefficient without each practice, the most influential first."""
    pair = compared_measures.asked(question)
    carried = pair.influence()
    if carried.empty:
        return [Text("There are too few practices to leave one out.", "info")]
    told = words.influence_words(carried, pair.result().coefficient, place=question.name)
    practices = question.practices
    named = carried.assign(
        name=practices["practice_name"].reindex(carried.index),
        flagged=practices["flag_low_fte"].reindex(carried.index),
    ).rename_axis("code")
    shown = named.reset_index()
    for column in ("changes_conclusion", "flagged"):
        shown[column] = shown[column].map({True: "yes", False: "no"})
    return [
        Text(words.Words(told), words=True),
        Table(
            f"Practices of {question.name} by how much the coefficient moves without them",
            shown,
            (
                Column("code", "Code"),
                Column("name", "Practice", wide=2.0),
                Column("coefficient_without", "rho without it", "thousandth"),
                Column("change", "Change", "signed_thousandth"),
                Column("ci_low", "95% from", "hundredth"),
                Column("ci_high", "to", "hundredth"),
                Column("changes_conclusion", "Changes the conclusion"),
                Column("flagged", "Implausible FTE"),
            ),
            name=f"influence-{question.area.key}-{pair.x.key}-{pair.y.key}"
            f"-{question.definition.key}",
            file=named.rename_axis("practice_code"),
        ),
    ]


VIEW = View(
    "correlation",
    "correlation",
    "Is it where people are deprived?",
    "Whether practices with more patients per GP are those with more deprived patients, and how "
    "sure that is.",
    answer,
    options=(
        Option("x", "Deprivation measure", choices=lambda q: compared_measures.axis_labels(q, "x")),
        Option("y", "Compared with", choices=lambda q: compared_measures.axis_labels(q, "y")),
        Option(
            "weighted",
            "Weigh by list size",
            "switch",
            help="Off: every practice counts the same. On: large practices count for more.",
        ),
        Option(
            "given",
            "Allow for",
            "several",
            choices=ALLOWED_FOR,
            default="|".join(_FIRST_ALLOWED),
            inside=True,
        ),
    ),
    pointer="correlation-map-0",
)
