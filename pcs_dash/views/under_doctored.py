"""Where are we under-doctored? The area against the benchmark, the map, a practice's card."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from pcs_dash.measures.deprivation import patients_by_quintile
from pcs_dash.measures.numbers import NO_FIGURE, number, per_cent, signed, signed_per_cent
from pcs_dash.measures.profile import every_figure, flags, gap_sentence, practice_card
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.words import Words, benchmark_words
from pcs_dash.views.answer import (
    Answer,
    Block,
    Figure,
    MapBlock,
    Option,
    Table,
    Text,
    View,
    text_table,
)
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.question import Question
from pcs_dash.views.similar_places import nearest

PRACTICE = Option(
    "practice",
    "Find a practice",
    "practice",
    placeholder="Type a name or code, or click one on the map or in the table",
)


def headline(question: Question, total: pd.Series) -> str:
    """The area's figure against the benchmark, and what it would take to match it."""
    said = benchmark_words(
        float(total["patients_per_fte_gp"]),
        question.benchmark,
        place=question.name,
        definition=question.definition.key,
        date=question.period,
        codes=question.area.select(question.dataset.practices).index,
    )
    return f"{said.finding} {gap_sentence(total['fte_gap'])}".strip()


def answer(question: Question) -> Answer:
    """The area as a whole, its practices on the map, and whichever of them is chosen."""
    total = question.total()
    spec = MapSpec("practices", question, highlight=question.highlight, position=question.position)
    benchmark, missing = question.benchmark, int(total["practices_without_fte"])
    dated = f" ({benchmark.period})" if benchmark.period else ""
    left_out = ", left out of patients and FTE alike" if missing else ""
    return Answer(
        Words(
            headline(question, total),
            "",
            f"{question.basis} Benchmark: {benchmark.label}, {number(benchmark.value)}{dated}. "
            f"Practices without a GP figure: {missing}{left_out}.",
        ),
        figures=figures(question, total),
        front=(MapBlock(spec, pick="practice"), _key_figures(question, total)),
        share=0.6,
        sources=f"MHCLG, IMD {question.edition}",
        foot=(
            f"General Practice Workforce, {question.period} (NHS England). "
            f"Benchmark: {benchmark.source}. IMD {question.edition} (MHCLG).",
        ),
        picked=card,
    )


def above(question: Question) -> str:
    """How many practices are above the benchmark, of those that have a ratio."""
    ratios = question.ratios
    if not ratios.notna().any():
        return NO_FIGURE
    over = int((ratios > question.benchmark.value).sum())
    return f"{over:,} of {int(ratios.notna().sum()):,}"


def figures(question: Question, total: pd.Series) -> tuple[Figure, ...]:
    """The five headline figures of an area, `total` being its sums (`Question.total`)."""
    benchmark, has_gps = question.benchmark, question.dataset.has_gps
    relative = total["patients_per_fte_gp"] / benchmark.value - 1
    return (
        Figure(
            PER_GP.label,
            number(total["patients_per_fte_gp"]),
            f"{signed_per_cent(relative)} against {benchmark.label}" if pd.notna(relative) else "",
            more_is_worse=True,
            term=PER_GP.label,
        ),
        Figure(
            REGISTER["fte_gap"].noun,
            signed(total["fte_gap"]),
            f"to reach {number(benchmark.value)}"
            if not total["fte_gap"] < 0
            else f"more than {number(benchmark.value)} takes",
            term=REGISTER["fte_gap"].term,
        ),
        Figure(
            REGISTER["patients"].label,
            number(total["patients"]),
            f"with {number(total['fte_gp'], 1)} FTE GPs" if has_gps else "",
            term="List size",
        ),
        Figure(
            "Above the benchmark",
            above(question),
            f"{number(total['single_handed'])} single-handed" if has_gps else "",
            term="Single-handed practice",
        ),
        Figure(
            REGISTER["share_gps_60_plus"].long,
            per_cent(total["share_gps_60_plus"]),
            "of all GPs by headcount",
        ),
    )


def _key_figures(question: Question, total: pd.Series) -> Table:
    quintiles = patients_by_quintile(question.practices, question.edition)
    known = quintiles.sum()
    rows = (
        (PER_GP.label, number(total["patients_per_fte_gp"])),
        (f"Benchmark: {question.benchmark.label}", number(question.benchmark.value)),
        ("FTE GPs to add to reach it", signed(total["fte_gap"])),
        (REGISTER["patients"].label, number(total["patients"])),
        (REGISTER["fte_gp"].label, number(total["fte_gp"], 1)),
        ("Practices", number(total["practices"])),
        ("Practices above the benchmark", above(question)),
        (REGISTER["single_handed"].label, number(total["single_handed"])),
        (REGISTER["below_4500"].label, number(total["below_4500"])),
        ("GPs aged 60 and over (all GPs)", per_cent(total["share_gps_60_plus"])),
        (
            "Patients in the most deprived fifth",
            per_cent(quintiles[1] / known if known else math.nan),
        ),
        ("Practices without a GP figure", number(total["practices_without_fte"])),
    )
    return text_table("Key figures", ("Measure", question.name), rows, widths=(2.3, 1.0))


def card(question: Question, code: str) -> Sequence[Block]:
    """Every measure of the chosen practice, beside the area's and the benchmark."""
    practice = question.practices.loc[[code]].iloc[0]
    pcn = practice["pcn"] if pd.notna(practice["pcn"]) else "in no PCN"
    asked = question.definition, question.benchmark, question.edition
    whole = kept(
        question.dataset,
        ("figures", question.area.key, question.exclude, *asked),
        lambda: every_figure(question.practices, *asked),
    )
    own = every_figure(question.practices.loc[[code]], *asked)
    card = practice_card(own, whole, benchmark=question.benchmark, area_name=question.name)
    who = Words(
        f"{practice['practice_name']} ({code})",
        "",
        f"{practice['postcode']}, {practice['district']}; {pcn}.",
    )
    told = [Text(sentence) for sentence in flags(practice)]
    table = text_table(
        f"{code} beside {question.name} and the benchmark",
        list(card.columns),
        card.to_numpy().tolist(),
    )
    like = nearest(question, code)
    return [Text(who), *told, table, *([] if like is None else [like])]


VIEW = View(
    "where",
    "under_doctoring",
    "Where we are",
    "Where patients share each GP with more others than the benchmark asks for: the area, its "
    "practices, and any one of them.",
    answer,
    options=(PRACTICE,),
    map_key="home",
)
