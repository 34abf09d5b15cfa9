"""An area at a glance: short of GPs, worse where people are deprived, and which places?

It says what the views of each question say; no figure is worked out here.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from pcs_dash.measures.numbers import number, of_all, per_cent, signed_per_cent
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.words import Words, upper_first
from pcs_dash.tables.constants import MINIMUM_GP_WTE, MINIMUM_LIST
from pcs_dash.views import maps, under_doctored, verdict
from pcs_dash.views.answer import Answer, Chart, Column, Late, MapBlock, Table, View, measured
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.phrases import ratio_bars
from pcs_dash.views.practices import practice_rows
from pcs_dash.views.question import Question

_DEPRIVED = "Worse where people are deprived?"
_WORST = 5
_FLAGS = {
    "single_handed": "single-handed",
    "below_2_5_wte": f"under {MINIMUM_GP_WTE} FTE",
    "below_4500": f"under {MINIMUM_LIST:,} patients",
}
# What an area is made of, the largest that tells its practices apart: column and name.
_PARTS = {"place": "places", "district": "districts", "pcn": "PCNs"}


def answer(question: Question) -> Answer:
    """Three questions with a sentence each, the map, the worst practices and the places."""
    return _ended(question, _begun(question))


def _ended(question: Question, begun: Answer) -> Answer:
    """The answer with the verdict of every way of asking, as the Answer has it."""
    _, told = verdict.together(question)
    said = f"{told.finding} {told.caution}".strip()
    asked = tuple((each, said if each == _DEPRIVED else words) for each, words in begun.questions)
    return replace(begun, message=replace(begun.message, caution=said), questions=asked)


def _begun(question: Question) -> Answer:
    """The answer but for the verdict, which takes longer than all the rest."""
    total, rows = question.total(), practice_rows(question)
    what, places = _places(question)
    short = under_doctored.headline(question, total)
    spec = MapSpec("practices", question, highlight=question.highlight, position=question.position)
    return Answer(
        Words(short, "", question.basis),
        figures=under_doctored.figures(question, total),
        questions=(
            ("Short of GPs?", short),
            (_DEPRIVED, "Asking every way ..."),
            (f"Which {what}?", _where(question, what, places)),
        ),
        front=(
            MapBlock(spec, pick="practice", high=420),
            *_worst(rows),
            *_chart(question, what, places),
        ),
        share=0.6,
        sources=f"MHCLG, IMD {question.edition}",
        picked=under_doctored.card,
    )


def _places(question: Question) -> tuple[str, pd.DataFrame]:
    """What the area is made of, and the figures of each part, most patients per FTE GP first."""
    practices = question.practices
    column = next((key for key in _PARTS if len(practices[key].dropna().unique()) > 1), "pcn")
    table = question.summarised(column)
    table = table[table["patients_per_fte_gp"].notna()]
    return _PARTS[column], table.sort_values("patients_per_fte_gp", ascending=False, kind="stable")


def _where(question: Question, what: str, places: pd.DataFrame) -> str:
    """How many of the parts are above the benchmark, the highest and the lowest by name."""
    ratios = places["patients_per_fte_gp"]
    if ratios.empty:
        return "No figure of any practice here tells."
    over = int((ratios > question.benchmark.value).sum())
    have = of_all(over, len(ratios), what.removesuffix("s"), "is", "are")
    told = f"{have} above {question.benchmark.label}: {ratios.index[0]} ({number(ratios.iloc[0])})"
    if len(ratios) == 1:
        return f"{told}."
    return f"{told} is highest, {ratios.index[-1]} ({number(ratios.iloc[-1])}) lowest."


def _worst(rows: pd.DataFrame) -> tuple[Table, ...]:
    """The practices with most patients per FTE GP, if any is known; implausible figures are named,
    not ranked.
    """
    doubtful = rows["flagged_low_fte"] > 0
    shown = rows[~doubtful & rows["patients_per_fte_gp"].notna()].head(_WORST)
    if shown.empty and not doubtful.any():
        return ()
    why = [_why(row) for _, row in shown.iterrows()]
    doubted = ", ".join(str(code) for code in rows.index[doubtful])
    return (
        Table(
            f"The {len(shown)} practices with most patients per FTE GP",
            shown.assign(why=why),
            (
                Column("named", "Practice", wide=1.6),
                measured("patients_per_fte_gp", 0.8),
                Column("why", "Why", wide=2.4),
            ),
            small=True,
            note=f"Implausible FTE, so not ranked here: {doubted}." if doubted else "",
        ),
    )


def _why(row: pd.Series) -> str:
    """What stands behind a practice's ratio, and the flags it has."""
    told = [
        f"{number(row['fte_gp'], 1)} FTE GPs for {number(row['patients'])} patients",
        *(words for flag, words in _FLAGS.items() if row[flag] > 0),
        f"{per_cent(row['share_quintile_1'])} in the most deprived fifth",
    ]
    return "; ".join(told)


def _chart(question: Question, what: str, places: pd.DataFrame) -> tuple[Chart, ...]:
    """Each part against the benchmark, in the map's colours; none where there is nothing to set
    side by side.
    """
    ratios, benchmark = places["patients_per_fte_gp"], question.benchmark
    if len(ratios) < 2:
        return ()
    told = "; ".join(
        f"{name} {number(ratio)} ({signed_per_cent(ratio / benchmark.value - 1)})"
        for name, ratio in ratios.items()
    )
    chart = ratio_bars(
        question,
        f"{upper_first(what)} against {benchmark.label}",
        ratios,
        f"{PER_GP.label} of the {what} of {question.name} against {benchmark.label} "
        f"({number(benchmark.value)}): {told}.",
        colours=maps.benchmark_layer("", ratios, benchmark.value).colours_of(ratios.index),
        names=[str(name) for name in ratios.index],
        said=False,
    )
    return (chart,)


VIEW = View(
    "overview",
    "overview",
    "At a glance",
    "An area at a glance: whether it is short of GPs, whether that goes with deprivation, where.",
    answer,
    options=(under_doctored.PRACTICE,),
    map_key="overview",
    late=Late(_begun, _ended, verdict.known),
)
