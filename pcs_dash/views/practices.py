"""Which practices? Every practice, most patients per FTE GP first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from pcs_dash.measures import numbers
from pcs_dash.measures.deprivation import quintile_shares
from pcs_dash.measures.profile import FLAGGED_BY, flags, measure_table
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.words import Words
from pcs_dash.views import maps, quality
from pcs_dash.views.answer import (
    Answer,
    Chart,
    Column,
    Figure,
    Option,
    Table,
    View,
    measured,
    text_table,
)
from pcs_dash.views.phrases import ratio_bars, short_list, span
from pcs_dash.views.question import Question
from pcs_dash.views.under_doctored import PRACTICE, above, card

_MOST_BARS = 12
# Before the name of a practice with an implausible figure, which its flags explain.
_SIGN = "⚠"


def practice_rows(question: Question) -> pd.DataFrame:
    """One row a practice, most patients per FTE GP first, those without a ratio last.

    The columns of `measures.workforce.summarise`, and code, marked, named, practice_name, pcn,
    district, against_benchmark (times it), share_quintile_1 and flags (sentences).
    """
    practices, benchmark = question.practices, question.benchmark.value
    table = question.summarised(practices.index.to_series())
    table = table.join(practices[["practice_name", "district", "pcn"]])
    own = practices.loc[table.index]
    # Said before the name, or the practice would pass for the worst; short where it would be cut.
    name, implausible = table["practice_name"], table["flagged_low_fte"] > 0
    table = table.assign(
        code=table.index,
        marked=name.mask(implausible, _SIGN + " " + name),
        named=name.mask(implausible, "Implausible FTE: " + name) + " (" + table.index + ")",
        against_benchmark=table["patients_per_fte_gp"] / benchmark,
        share_quintile_1=quintile_shares(own, question.edition)[1],
        flags=[" ".join(flags(row)) for row in own[list(FLAGGED_BY)].to_dict("records")],
    )
    return table.sort_values(
        ["patients_per_fte_gp", "patients"], ascending=[False, False], kind="stable"
    )


_ALWAYS = (
    Column("marked", "Practice", only="page"),
    Column("named", "Practice", wide=2.9, only="paper"),
    measured("patients_per_fte_gp", 1.1, bar=True),
    Column("against_benchmark", "Times the benchmark", "hundredth", only="page"),
    measured("patients"),
    measured("fte_gp", 0.8),
    measured("fte_gap", 0.9, name="short"),
    Column("code", "Code", only="page"),
)
# What a user may add to them, besides the quality measures.
_MORE = (
    Column("flags", "Flags", only="page"),
    measured("share_quintile_1", name="short", only="page"),
    measured("imd_score", only="page"),
    measured("gps_per_10000", name="short", form="tenth", only="page"),
    measured("share_gps_60_plus", only="page"),
    Column("pcn", "PCN", only="page"),
    Column("district", "District", only="page"),
)
_FIRST_CHOSEN = ("flags", "share_quintile_1", "pcn")
COLUMNS, COMPARE = "columns", "compare"
MOST_COMPARED = 5


def _column_labels(question: Question) -> Mapping[str, str]:
    _, of_quality = quality.practice_columns(question)
    return {column.key: column.label for column in (*_MORE, *of_quality)}


def _chosen(question: Question) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    measures, of_quality = quality.practice_columns(question)
    known = {column.key: column for column in (*_MORE, *of_quality)}
    return measures, tuple(known[key] for key in question.several(COLUMNS, known, _FIRST_CHOSEN))


def _compared(question: Question) -> tuple[Table, ...]:
    """Two to five practices side by side; none where fewer are chosen."""
    practices = question.practices
    codes = question.several(COMPARE, practices.index)[:MOST_COMPARED]
    if len(codes) < 2:
        return ()
    names = practices["practice_name"]
    table = measure_table(
        {f"{names[code]} ({code})": practices.loc[[code]] for code in codes},
        definition=question.definition,
        benchmark=question.benchmark,
        edition=question.edition,
    )
    return (
        text_table(
            f"{len(codes)} practices side by side",
            list(table.columns),
            table.to_numpy().tolist(),
            widths=(1.6, *[1.0] * len(codes)),
        ),
    )


def answer(question: Question) -> Answer:
    """The practices above the benchmark, those with an implausible figure, and all in a table."""
    benchmark, table = question.benchmark, practice_rows(question)
    ratios = table["patients_per_fte_gp"]
    over = table[ratios > benchmark.value]
    flagged = [str(code) for code in table.index[table["flagged_low_fte"] > 0]]
    known = int(ratios.notna().sum())
    have = numbers.of_all(len(over), known, "practice", "has", "have")
    people = numbers.count(round(over["patients"].sum()), "patient")
    found = (
        f"{have} more patients per FTE GP than {benchmark.label} "
        f"({numbers.number(benchmark.value)}); {'it has' if len(over) == 1 else 'they have'} "
        f"{people}."
        if known
        else f"No practice of {question.name} has a figure for patients per FTE GP."
    )
    caution = f"Implausible FTE, check the return: {', '.join(flagged)}." if flagged else ""
    measures, chosen = _chosen(question)
    fields = (*_ALWAYS, *chosen)
    table = table.join(measures[[column.key for column in chosen if column.key in measures]])
    listed = Table(
        "Practices, most patients per FTE GP first",
        table,
        fields,
        name=f"under-doctoring-{question.area.key}",
        file=_file(table, (*_ALWAYS, *_MORE, *chosen)),
        pick="practice",
        compare=COMPARE,
        codes=tuple(map(str, table.index)),
    )
    return Answer(
        Words(found, caution, question.basis),
        figures=(
            Figure("Above the benchmark", above(question)),
            Figure(
                "Patients there",
                numbers.number(over["patients"].sum()) if known else numbers.NO_FIGURE,
            ),
            Figure("Implausible FTE", f"{len(flagged)}"),
            Figure("Without a GP figure", f"{int(ratios.isna().sum())}"),
        ),
        front=(listed, *(_compared(question) or _highest(question, table[ratios.notna()]))),
        share=0.6,
        picked=card,
        notes=(
            "A practice's ratio rests on one day's return of a few people: read extremes as a "
            "question to the practice.",
        ),
    )


def _file(table: pd.DataFrame, fields: Sequence[Column]) -> pd.DataFrame:
    """The rows as they are downloaded, shares in per cent."""
    shown = table.assign(
        share_gps_60_plus=100 * table["share_gps_60_plus"],
        share_quintile_1=100 * table["share_quintile_1"],
    )
    labels = {column.key: column.label for column in fields if column.only != "paper"}
    shown["marked"] = shown["practice_name"]
    labels["fte_gap"] = "FTE GPs to add"
    return (
        shown.set_index("code")[[key for key in labels if key != "code"]]
        .rename(columns=labels)
        .rename_axis("Code")
    )


def _highest(question: Question, table: pd.DataFrame) -> tuple[Chart, ...]:
    """The practices with most patients per FTE GP as bars, in the map's colours; none without.
    Implausible figures, by which nobody is the worst, are named under the title.
    """
    doubted = table["flagged_low_fte"] > 0
    shown = table[~doubted].head(_MOST_BARS)
    if shown.empty:
        return ()
    left = short_list([str(code) for code in table.index[doubted]], 3)
    without = f" (without implausible FTE: {left})" if left else ""
    ratios, benchmark = shown["patients_per_fte_gp"], question.benchmark.value
    chart = ratio_bars(
        question,
        f"{PER_GP.label}: highest {len(shown)}{without}",
        ratios,
        f"Bar chart of the {len(shown)} practices with most patients per FTE GP in "
        f"{question.name}{without}, from {span(ratios)}; benchmark {numbers.number(benchmark)}.",
        colours=maps.benchmark_layer("", ratios, benchmark).colours_of(shown.index),
        names=shown["named"].to_list(),
        codes=[str(code) for code in shown.index],
    )
    return (chart,)


VIEW = View(
    "practices",
    "under_doctoring",
    "Which practices",
    "Every practice with its list, GPs and ratio, most patients per FTE GP first. Click one to see "
    "all of it; tick two to five to see them side by side.",
    answer,
    options=(
        Option(COLUMNS, "More columns", "several", _column_labels, default="|".join(_FIRST_CHOSEN)),
        Option(
            COMPARE,
            "Side by side",
            "several",
            lambda question: PRACTICE.labels(question),
            placeholder="Tick rows, or type names: two to five",
        ),
        PRACTICE,
    ),
)
