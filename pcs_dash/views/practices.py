"""Which practices? Every practice, most patients per FTE GP first."""

from __future__ import annotations

import pandas as pd

from pcs_dash.measures import numbers
from pcs_dash.measures.deprivation import quintile_shares
from pcs_dash.measures.profile import flags
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.words import Words
from pcs_dash.measures.workforce import summarise
from pcs_dash.views import maps
from pcs_dash.views.answer import Answer, Chart, Column, Figure, Series, Table, View, measured
from pcs_dash.views.phrases import short_list, span
from pcs_dash.views.question import Question

_MOST_BARS = 12


def practice_rows(question: Question) -> pd.DataFrame:
    """One row a practice, most patients per FTE GP first, those without a ratio last.

    The columns of `measures.workforce.summarise`, and code, marked, named, practice_name, pcn,
    district, against_benchmark (per cent above it), share_quintile_1 and flags (sentences).
    """
    practices, benchmark = question.practices, question.benchmark.value
    table = summarise(
        practices,
        practices.index.to_series(),
        definition=question.definition.key,
        benchmark=benchmark,
    )
    table = table.join(practices[["practice_name", "district", "pcn"]])
    own = practices.loc[table.index]
    # Said before the name, or the practice would pass for the worst.
    marked = table["practice_name"].mask(
        table["flagged_low_fte"] > 0, "Implausible FTE: " + table["practice_name"]
    )
    table = table.assign(
        code=table.index,
        marked=marked,
        named=marked + " (" + table.index + ")",
        against_benchmark=100 * (table["patients_per_fte_gp"] / benchmark - 1),
        share_quintile_1=quintile_shares(own, question.edition)[1],
        flags=[" ".join(flags(row)) for _, row in own.iterrows()],
    )
    return table.sort_values(
        ["patients_per_fte_gp", "patients"], ascending=[False, False], kind="stable"
    )


_FIELDS = (
    Column("code", "Code", only="page"),
    Column("marked", "Practice", only="page"),
    Column("named", "Practice", wide=2.9, only="paper"),
    Column("pcn", "PCN", only="page"),
    Column("district", "District", only="page"),
    measured("patients"),
    measured("fte_gp", 0.8),
    measured("patients_per_fte_gp", 1.1),
    Column("against_benchmark", "Against benchmark", "signed_per_cent", only="page"),
    measured("fte_gap", 0.9, name="short"),
    measured("gps_per_10000", name="short", form="tenth", only="page"),
    measured("share_gps_60_plus", only="page"),
    measured("imd_score", only="page"),
    measured("share_quintile_1", name="short", only="page"),
    Column("flags", "Flags", only="page"),
)


def answer(question: Question) -> Answer:
    """The practices above the benchmark, those with an implausible figure, and all in a table."""
    benchmark, table = question.benchmark, practice_rows(question)
    ratios = table["patients_per_fte_gp"]
    over = table[ratios > benchmark.value]
    flagged = [str(code) for code in table.index[table["flagged_low_fte"] > 0]]
    have = numbers.of_all(len(over), int(ratios.notna().sum()), "practice", "has", "have")
    people = numbers.count(int(over["patients"].sum()), "person is", "people are")
    found = (
        f"{have} more patients per FTE GP than {benchmark.label} "
        f"({numbers.number(benchmark.value)}); {people} registered "
        f"{'there' if len(over) == 1 else 'with them'}."
    )
    caution = f"Implausible FTE, check the return: {', '.join(flagged)}." if flagged else ""
    listed = Table(
        "Practices, most patients per FTE GP first",
        table,
        _FIELDS,
        note="Every practice is in the workbook (tables.xlsx) and in the app.",
        name=f"under-doctoring-{question.area.key}",
        file=_file(table),
        pick="practice",
        codes=tuple(map(str, table.index)),
    )
    return Answer(
        Words(found, caution, question.basis),
        figures=(
            Figure("Above the benchmark", f"{len(over)} of {int(ratios.notna().sum())}"),
            Figure("Patients registered there", numbers.number(over["patients"].sum())),
            Figure("Implausible FTE", f"{len(flagged)}"),
            Figure("Without a GP figure", f"{int(ratios.isna().sum())}"),
        ),
        front=(*_highest(question, table[ratios.notna()]), listed),
        share=0.44,
        stacked=True,
        notes=(
            "A practice's ratio rests on one day's return of a few people: read extremes as a "
            "question to the practice.",
        ),
    )


def _file(table: pd.DataFrame) -> pd.DataFrame:
    """The rows as they are downloaded, shares in per cent."""
    shown = table.assign(
        share_gps_60_plus=100 * table["share_gps_60_plus"],
        share_quintile_1=100 * table["share_quintile_1"],
    )
    labels = {column.key: column.label for column in _FIELDS if column.only != "paper"}
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
    benchmark, ratios = question.benchmark, shown["patients_per_fte_gp"]
    classes = maps.benchmark_classes(ratios, benchmark.value)
    chart = Chart(
        "bars",
        f"{PER_GP.label}: highest {len(shown)}{without}",
        (
            Series(
                PER_GP.label,
                tuple(map(float, ratios)),
                colours=tuple(maps.BENCHMARK_COLOURS[int(number)] for number in classes),
                codes=tuple(map(str, shown.index)),
            ),
        ),
        f"Bar chart of the {len(shown)} practices with most patients per FTE GP in "
        f"{question.name}{without}, from {span(ratios)}; benchmark "
        f"{numbers.number(benchmark.value)}.",
        categories=tuple(shown["named"]),
        value_title=f"{PER_GP.label} (benchmark: {numbers.number(benchmark.value)})",
        reference=benchmark.value,
        reference_label=benchmark.label,
    )
    return (chart,)


VIEW = View(
    "practices",
    "under_doctoring",
    "Which practices",
    "Every practice with its list, GPs and ratio, most patients per FTE GP first.",
    answer,
)
