"""Does the conclusion survive another way of measuring, and the noise of small practices?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from pcs_dash.jobs import beside
from pcs_dash.measures import funnel, words
from pcs_dash.measures.numbers import NO_FIGURE, count, signed
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.specification import (
    SpecificationSummary,
    other_lists,
    specification_curve,
    summarise_curve,
)
from pcs_dash.measures.words import Words
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.tables.constants import IMD_EDITIONS
from pcs_dash.views import maps
from pcs_dash.views.answer import (
    Answer,
    Blocks,
    Chart,
    Column,
    Figure,
    Option,
    Section,
    Series,
    Table,
    Text,
    View,
    measured,
    text_table,
)
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.question import Question
from pcs_dash.views.readers import NO_REGISTRATIONS, patients_by_lsoa

# Columns of the curve with the words of the filters.
FILTERS = {
    "gp_definition": "GPs",
    "list": "Lists",
    "flagged": "Implausible FTE",
    "imd_edition": "IMD",
    "level": "Level",
    "weighting": "Weighting",
}
TOLD, NOT_TOLD, _NONE = "#2166ac", "#768692", "#212b32"
ASKED = (
    "One question, measured every reasonable way: do practices with more deprived patients have "
    "more patients per FTE GP? Above zero: yes, by so much of the mean from the least to the most "
    "deprived end."
)
# Far fewer, fewer, within, more, far more GPs than the funnel's limits.
FUNNEL_LOOKS = tuple(
    zip(
        maps.HIGH_TO_LOW,
        ("triangle-down", "square", "circle", "diamond", "triangle-up"),
        strict=True,
    )
)


def specification_data(question: Question) -> dict[str, Any]:
    """What the specifications are made of beside the area's practices, by the names that
    `measures.specification` gives it.
    """
    dataset = question.dataset
    registered = patients_by_lsoa(question.readers, dataset)
    return {
        "lists": other_lists(dataset.practices),
        "registrations": None if registered is None else registered[0],
        "lsoa_ranks": {year: dataset.lsoas[f"imd{year}_rank"] for year in IMD_EDITIONS},
    }


def curve_of(question: Question) -> pd.DataFrame:
    """Every specification of the area, with the options in words."""
    return in_words(every_way(question))


def every_way(question: Question) -> pd.DataFrame:
    """Every specification of the area, worked out once and shared.

    Practices with implausible FTE are one of the choices, so they are never left out before it.
    """
    practices = question.area.select(question.dataset.practices)
    return kept(
        question.dataset,
        ("every way", question.area.key, *question.readers.version),
        lambda: beside(specification_curve, practices, **specification_data(question)),
    )


def in_words(curve: pd.DataFrame) -> pd.DataFrame:
    """A specification curve with GP definitions and IMD editions as users know them."""
    labels = {key: item.label for key, item in GP_DEFINITIONS.items()}
    return curve.assign(
        gp_definition=curve["gp_definition"].map(labels), imd_edition="IMD " + curve["imd_edition"]
    )


def answer(question: Question) -> Answer:
    """How the specifications fall, and which choice moves them."""
    curve = curve_of(question)
    for column in FILTERS:
        kept = question.several(f"spec-{column}", list(dict.fromkeys(curve[column])))
        if kept:
            curve = curve[curve[column].isin(kept)]
    summary = summarise_curve(curve)
    said = words.specification_words(summary, place=question.name, date=question.period)
    every = Section(
        "every",
        "Every way of measuring",
        lambda _: (Text(ASKED), _every(question, curve), Text(_method(question), "note")),
    )
    if not summary.n:
        nothing = (
            "There is nothing to draw: the area has too few practices, or no way of measuring "
            "fits the filters."
        )
        return Answer(said, below=(Text(ASKED), Text(nothing, "info")), sections=(FUNNEL,))
    return Answer(
        said,
        figures=(
            Figure("Ways of measuring", f"{summary.n}"),
            Figure("Positive", f"{summary.n_positive}"),
            Figure("Interval above zero", f"{summary.n_positive_excludes_zero}"),
            Figure("Median gradient", f"{signed(summary.median)}%"),
        ),
        front=(curve_chart(curve, summary, said), _by_option(curve)),
        sections=(every, FUNNEL),
        share=0.5,
        sources=f"MHCLG, IMD 2019 and 2025; patients by LSOA, {question.mix_period}",
        foot=(
            f"{count(len(question.area.select(question.dataset.practices)), 'practice')}. "
            f"Deprivation: IMD 2025 and IMD 2019 (MHCLG), patients by quintile, "
            f"{question.dataset.mix_words} (NHS England). Specification curve after Simonsohn, "
            "Simmons and Nelson (2020); limits as OHID's funnel plots.",
        ),
    )


def curve_chart(curve: pd.DataFrame, summary: SpecificationSummary, said: Words) -> Chart:
    """Every specification with its interval, sorted, and the line of no gradient."""
    known = curve[curve["coefficient"].notna()]
    clear = known["excludes_zero"].astype(bool)
    parts = (
        ("Interval includes zero, or none", NOT_TOLD, "square", known[~clear]),
        ("Interval excludes zero", TOLD, "circle", known[clear]),
    )
    marks = [
        Series.of(
            name,
            part["coefficient"],
            x=part.index,
            low=part["ci_low"],
            high=part["ci_high"],
            labels=tuple("; ".join(map(str, row)) for row in part[list(FILTERS)].to_numpy()),
            colour=colour,
            shape=shape,
        )
        for name, colour, shape, part in parts
        if len(part)
    ]
    ends = (float(known.index.min()), float(known.index.max()))
    none = Series("No gradient", (0.0, 0.0), x=ends, colour=_NONE, line=True)
    return Chart(
        "scatter",
        f"Gradient by deprivation, {summary.n} ways of measuring it, lowest first",
        (*marks, none),
        said.text,
        value_title="% of the mean, least to most deprived",
        x_title="Ways of measuring, lowest gradient first",
    )


def _by_option(curve: pd.DataFrame) -> Table:
    rows = []
    for column, label in FILTERS.items():
        for option, part in curve.groupby(column, sort=True):
            told = summarise_curve(part)
            median = signed(told.median) if told.n else NO_FIGURE
            rows.append(
                (
                    f"{label}: {str(option).replace('lsoa', 'LSOA')}",
                    f"{told.n:,}",
                    f"{told.n_positive:,}",
                    f"{told.n_positive_excludes_zero:,}",
                    f"{told.n_negative_excludes_zero:,}",
                    median,
                )
            )
    return text_table(
        "Which choice moves it?",
        ("Choice", "Ways", "Positive", "Above zero", "Below zero", "Median, %"),
        rows,
        widths=(2.6, 0.6, 0.8, 0.9, 0.9, 0.8),
        note="Above and below zero: the whole 95% interval is. They are not independent tests: all "
        "use the same practices.",
    )


def _every(question: Question, curve: pd.DataFrame) -> Table:
    return Table(
        f"Every way of measuring for {question.name}, one row each",
        curve.reset_index(),
        (
            Column("specification", "No.", "count"),
            *(Column(column, label) for column, label in FILTERS.items()),
            Column("coefficient", "Gradient, %", "signed_tenth"),
            Column("ci_low", "95% from", "signed_tenth"),
            Column("ci_high", "to", "signed_tenth"),
            Column("n", "Practices", "count"),
            Column("n_left_out", "Left out", "count"),
            Column("excludes_zero", "Interval excludes zero", "yes"),
        ),
        name=f"specifications-{question.area.key}",
        file=curve,
    )


def _method(question: Question) -> str:
    registered = patients_by_lsoa(question.readers, question.dataset)
    level = (
        NO_REGISTRATIONS
        if registered is None
        else f"Level LSOA: {registered[1]} (NHS England), on raw lists only; no intervals where "
        "each small area counts alike."
    )
    return (
        "GP definition × raw or need-adjusted lists × with or without practices of implausible FTE "
        "× IMD edition × level × weighting. For the analyst: intervals by jackknife over "
        "practices, none where a few carry the figure. At practice level IMD 2019 ranks "
        "practices by their share of patients in the most deprived fifth, for want of a score. "
        "Published weighted lists are not among "
        f"the embedded figures. {level}"
    )


# --- small practices ---


def _funnel(question: Question) -> Blocks:
    practices = question.practices
    result = funnel.funnel(
        practices, definition=question.definition.key, adjust=question.on("adjust")
    )
    said = words.funnel_words(result, place=question.name, date=question.period)
    if not result.n:
        return [Text(said)]
    points = result.points.assign(name=practices["practice_name"].reindex(result.points.index))
    order = {position: place for place, position in enumerate(funnel.POSITIONS)}
    table = points.sort_values(
        ["position", "fte_per_10000"], key=lambda c: c.map(order) if c.name == "position" else c
    )
    listed = Table(
        f"Practices of {question.name} against the funnel's limits, furthest below first",
        table.reset_index(names="practice_code"),
        (
            Column("practice_code", "Code"),
            Column("name", "Practice"),
            measured("patients"),
            measured("fte_gp"),
            Column("fte_per_10000", REGISTER["gps_per_10000"].short, "tenth"),
            Column("expected_fte", "FTE at the average", "tenth"),
            Column("position", "Against the limits"),
        ),
        name=f"funnel-{question.area.key}-{question.definition.key}",
        file=table,
    )
    return [Text(said), _funnel_chart(result, points, said), listed]


def _funnel_chart(result: funnel.Funnel, points: pd.DataFrame, said: Words) -> Chart:
    marks = []
    for position, (colour, shape) in zip(funnel.POSITIONS, FUNNEL_LOOKS, strict=True):
        part = points[points["position"] == position]
        if len(part):
            marks.append(
                Series.of(
                    position,
                    part["fte_per_10000"],
                    x=part["patients"],
                    codes=tuple(map(str, part.index)),
                    labels=tuple(f"{name} ({code})" for code, name in part["name"].items()),
                    colour=colour,
                    shape=shape,
                )
            )
    limits = result.limits
    names = {
        "average": "average", "low_95": "95% limits", "high_95": "95% limits ",
        "low_998": "99.8% limits", "high_998": "99.8% limits ",
    }  # fmt: skip
    looks: dict[str, Any] = {"x": limits["patients"], "colour": _NONE, "line": True}
    lines = [
        Series.of(name, limits[column], dash=column != "average", **looks)
        for column, name in names.items()
    ]
    return Chart(
        "scatter",
        f"{REGISTER['gps_per_10000'].label} by list size",
        (*marks, *lines),
        said.text,
        value_title=REGISTER["gps_per_10000"].label,
        x_title=REGISTER["patients"].long,
        number_format="#,##0.0",
    )


FUNNEL = Section("funnel", "A scandal, or a small practice?", _funnel, options=("adjust",))


def _options(column: str, label: str) -> Option:
    known = {
        "gp_definition": [item.label for item in GP_DEFINITIONS.values()],
        "imd_edition": [f"IMD {year}" for year in IMD_EDITIONS],
    }

    def there(question: Question) -> list[str]:
        found = known.get(column) or curve_of(question)[column].sort_values()
        return [str(option) for option in dict.fromkeys(found)]

    return Option(f"spec-{column}", label, "several", there)


VIEW = View(
    "survives",
    "robustness",
    "Does it survive?",
    "Whether the answer stays the same when the question is asked in every reasonable way.",
    answer,
    options=(
        *(_options(column, label) for column, label in FILTERS.items()),
        Option(
            "adjust",
            "Widen or narrow the limits to the practices' own spread",
            "switch",
            help="Poisson limits are a yardstick for counts. On: the limits are scaled to the "
            "spread that practices here have (Spiegelhalter 2005).",
            inside=True,
        ),
    ),
)
