"""What was published in 2014 to 2018, what today's figures say, and what changed in between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from pcs_dash.measures import words
from pcs_dash.measures.correlation import COEFFICIENT_NAMES
from pcs_dash.measures.numbers import NO_FIGURE, between, number
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.then_now import (
    AGED_55,
    CLAIM_PLACE,
    Claim,
    ThenNow,
    claim_retested,
    published_value,
    then_and_now,
)
from pcs_dash.measures.words import Words
from pcs_dash.tables.dataset import Dataset, build_dataset
from pcs_dash.tables.load import load_gp_age_profile_2014
from pcs_dash.views.answer import (
    CHART_COLOURS,
    Answer,
    Blocks,
    Chart,
    Column,
    Figure,
    Section,
    Series,
    Table,
    Text,
    View,
    text_table,
)
from pcs_dash.views.compared_measures import coefficient_marks
from pcs_dash.views.phrases import fifths, interval_figures
from pcs_dash.views.question import Question

SINGLE = "single-handed GP contracts"
ABOUT_ESSEX = "This page is about Thurrock and the seven places, whatever area the menu says."


def answer(question: Question) -> Answer:
    """The claim of 2017 tested on today's figures. About Essex, whatever the area."""
    dataset = build_dataset() if question.area.loaded else question.dataset
    practices = replace(question, dataset=dataset).all_practices
    definition, date = question.definition, dataset.workforce_period
    claim = claim_retested(practices, definition=definition.key, date=date)
    rows = then_and_now(
        practices,
        dataset.published,
        load_gp_age_profile_2014(),
        definition=definition.key,
        date=date,
        edition=question.edition,
    )
    local = claim.results[CLAIM_PLACE]
    return Answer(
        Words(f"{claim.then} {claim.verdict}", "", f"Now: {claim.now.text}"),
        figures=(
            Figure(
                f"{COEFFICIENT_NAMES[local.method]}, {CLAIM_PLACE}", number(local.coefficient, 2)
            ),
            *interval_figures(between(local.ci_low, local.ci_high, 2), CLAIM_PLACE),
            Figure(f"Practices, {CLAIM_PLACE}", f"{local.n}"),
        ),
        front=(_claim_chart(claim), _all_figures(rows)),
        sections=(
            Section("claim", "The claim, area by area", partial(_areas, claim)),
            Section(
                "ratio",
                "Patients per GP: Thurrock beside England",
                lambda _: _ratio(rows[0], dataset),
            ),
            Section("single", REGISTER["single_handed"].label, lambda _: _single(rows)),
            Section(
                "changes",
                "Every figure, and what changed in its definition",
                lambda _: _changes(rows, definition.key),
            ),
        ),
        share=0.46,
        notes=(
            f"Source of the claim: {claim.then_source}. Its coefficient was not published.",
            claim.now.text,
            *(f"{row.figure}, {row.place}: {row.change}" for row in rows),
        ),
        heading="Then and now: the claim of 2017",
        sources="published figures as cited in the app",
        foot=(
            f"Then: the sources named in each row. Now: General Practice Workforce, {date} (NHS "
            f"England), {definition.label} ({definition.meaning}); IMD {question.edition} "
            f"(MHCLG). {ABOUT_ESSEX}",
        ),
    )


def _claim_chart(claim: Claim) -> Chart:
    found = claim.results
    lows = [result.ci_low for result in found.values() if math.isfinite(result.ci_low)]
    highs = [result.ci_high for result in found.values() if math.isfinite(result.ci_high)]
    name = COEFFICIENT_NAMES[next(iter(found.values())).method]
    return Chart(
        "intervals",
        f"{PER_GP.label} against deprivation, today (95% intervals)",
        (coefficient_marks(name, found.values(), colour="#92c5de"),),
        f"{claim.then} {claim.verdict} {claim.now.basis}",
        categories=tuple(found),
        value_title=f"{name}: 0 none, 0.5 and above strong",
        number_format="0.0",
        reference=0.5,
        reference_label="strong",
        bounds=fifths(min([*lows, 0.0]), max([*highs, 0.6])),
        highlight=CLAIM_PLACE,
    )


def _all_figures(rows: Sequence[ThenNow]) -> Table:
    # Of the age profile the place of the claim; all seven stand among the changes.
    shown = [row for row in rows if row.figure != AGED_55 or row.place == CLAIM_PLACE]
    shown.sort(key=lambda row: (not row.comparable, -_apart(row)))
    frame = pd.DataFrame(
        {
            "figure": [f"{row.figure}, {row.place}" for row in shown],
            "then_text": [f"{row.then_text} ({row.then_period})" for row in shown],
            "now_text": [_now(row) for row in shown],
            "then": [f"{_short(row, row.then_value)} ({row.then_period})" for row in shown],
            "now": [_short(row, row.now_value) for row in shown],
            "comparable": [row.comparable for row in shown],
        }
    )
    return Table(
        "Published figures beside today's: those counted alike, then by how far they are apart",
        frame,
        (
            Column("figure", "Figure", wide=2.4),
            Column("then_text", "Then", wide=1.9, only="page"),
            Column("now_text", "Now", wide=1.9, only="page"),
            Column("then", "Then", wide=1.2, only="paper"),
            Column("now", "Now", wide=0.6, only="paper"),
            Column("comparable", "Alike?", "yes", 0.6),
        ),
        small=True,
        note="Alike: whether the difference may be read as a change.",
    )


def _apart(row: ThenNow) -> float:
    """How far now is from then, as a quotient: twice and half are as far. What is missing is last,
    and ranks, which are no amounts.
    """
    if row.figure.startswith("rank") or not math.isfinite(row.then_value + row.now_value):
        return -1.0
    low, high = sorted((row.then_value, row.now_value))
    return high / low if low > 0 else math.inf


def _short(row: ThenNow, value: float) -> str:
    unit = "%" if row.then_text.endswith("%") else ""
    decimals = 2 if row.then_value < 1 else 0
    return f"{number(value, decimals)}{unit}" if math.isfinite(value) else NO_FIGURE


def _now(row: ThenNow) -> str:
    return f"{row.now_text} ({row.now_period})" if pd.notna(row.now_value) else NO_FIGURE


def _areas(claim: Claim, question: Question) -> Blocks:
    """The same test in each area, in words and as rows."""
    told = [
        words.correlation_words(
            result, place=name, definition=question.definition.key, date=question.period
        )
        for name, result in claim.results.items()
    ]
    shown = ("coefficient", "ci_low", "ci_high", "p_value", "n", "n_missing")
    forest = pd.DataFrame(
        [
            {"area": area} | {key: getattr(result, key) for key in shown}
            for area, result in claim.results.items()
        ]
    )
    strong = (
        "A claim of a strong positive correlation is upheld only if the whole interval lies to "
        "the right of 0.5."
    )
    table = Table(
        "The claim on today's figures",
        forest,
        (
            Column("area", "Area"),
            Column("coefficient", "Coefficient", "hundredth"),
            Column("ci_low", "95% from", "hundredth"),
            Column("ci_high", "to", "hundredth"),
            Column("p_value", "p", "thousandth"),
            Column("n", "Practices", "count"),
        ),
        small=True,
        name=f"claim-{question.definition.key}",
        file=forest.set_index("area"),
    )
    source = f"Source of the claim: {claim.then_source}. Its coefficient was not published."
    return [Text(strong, "note"), *map(Text, told[1:]), table, Text(source, "note")]


def _pair(
    title: str, then: dict[str, float], now: dict[str, float], said: str, names: tuple[str, str]
) -> Chart:
    return Chart(
        "bars",
        title,
        (
            Series.of(names[0], then.values(), colour=CHART_COLOURS[2]),
            Series.of(names[1], now.values(), colour=CHART_COLOURS[0]),
        ),
        said,
        categories=tuple(then),
        value_title=title,
    )


def _ratio(row: ThenNow, dataset: Dataset) -> Blocks:
    said = words.then_now_words(row)
    then = published_value(dataset.published, "patients per FTE GP (mean)", "England", "2014/15")
    now = published_value(
        dataset.published, "patients per FTE GP (fully qualified)", "England", "May 2025"
    )
    chart = _pair(
        PER_GP.label,
        {"England": then, "Thurrock": row.then_value},
        {"England": now, "Thurrock": row.now_value},
        said.text,
        ("2014/15, as counted then", "now (England: May 2025)"),
    )
    return [chart, Text(said)]


def _single(rows: Sequence[ThenNow]) -> Blocks:
    single = [row for row in rows if row.figure == SINGLE]
    said = " ".join(f"{row.place}: then {row.then_text}, now {row.now_text}." for row in single)
    chart = _pair(
        "Number",
        {row.place: row.then_value for row in single},
        {row.place: row.now_value for row in single},
        f"{said} {single[0].change}",
        ("2014: contracts held by a single GP", "now: practices with one GP by headcount"),
    )
    return [chart, Text(f"{single[0].change} Source of then: {single[0].then_source}.", "note")]


def _changes(rows: Sequence[ThenNow], definition: str) -> Blocks:
    heads = ("Figure", "Then", "Now", "Measured alike?", "What changed", "Source of then")
    cells = [
        (
            f"{row.figure}, {row.place}",
            f"{row.then_text} ({row.then_period})",
            _now(row),
            "yes" if row.comparable else "no",
            row.change,
            row.then_source,
        )
        for row in rows
    ]
    shown = [cell for cell, row in zip(cells, rows, strict=True) if row.figure != SINGLE]
    file = pd.DataFrame(cells, columns=list(heads)).set_index("Figure")
    table = text_table(
        "Published figures of 2014 to 2018 beside today's; single-handed practices: see above",
        heads,
        shown,
        words=True,
        name=f"then-and-now-{definition}",
        file=file,
    )
    paper = words.join([words.then_now_words(row) for row in rows])
    return [table, Text(paper, "note", words=True)]


VIEW = View(
    "then_now",
    "then_and_now",
    "Then and now",
    "What was published in 2014 to 2018 beside today's figures, and what changed in how they are "
    "counted.",
    answer,
    needs_gps=False,
)
