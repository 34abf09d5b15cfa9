"""What does it take to reach each benchmark, and what does each grouping cost and gain?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from pcs_dash.hubs.compare import compare_plans
from pcs_dash.hubs.plan import Plan
from pcs_dash.measures.numbers import count, number, signed
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.words import Words, lower_first
from pcs_dash.views.answer import (
    CHART_COLOURS,
    Answer,
    Block,
    Chart,
    Figure,
    Section,
    Series,
    Table,
    View,
    side_by_side,
    text_table,
)
from pcs_dash.views.phrases import join_words
from pcs_dash.views.question import TODAY_S_PCNS, Question

NOT_IN_THE_DATA = "Costs in money are not in the data."


def option_rows(question: Question) -> pd.DataFrame:
    """What reaching each benchmark costs and gains; index the benchmark's label.

    Columns: benchmark (patients per FTE GP), net (FTE to add over the whole area), gross (FTE to
    add so that no practice is above it, none losing any), ratio (patients per FTE GP after the
    gross addition), helped (practices that gain), patients (registered with them), space_low and
    space_high (square metres, by the published rule per additional GP).
    """
    published = question.dataset.published
    space = published[published["figure"].str.startswith("space per additional GP")]["value"]
    choices = dict(question.benchmarks)
    choices.setdefault(question.benchmark.key, question.benchmark)
    rows = []
    for benchmark in choices.values():
        each = replace(question, benchmark=benchmark).summarised(
            question.practices.index.to_series()
        )
        gaps = each["fte_gap"]
        helped = each[gaps > 0]
        gross = float(helped["fte_gap"].sum())
        then = float(each["fte_gp"].sum()) + gross
        rows.append(
            {
                "option": benchmark.label,
                "benchmark": benchmark.value,
                "net": float(gaps.sum()) if gaps.notna().any() else math.nan,
                "gross": gross,
                "ratio": each["patients_in_ratio"].sum() / then if then > 0 else math.nan,
                "helped": len(helped),
                "patients": int(helped["patients"].sum()),
                "space_low": gross * float(space.min()),
                "space_high": gross * float(space.max()),
            }
        )
    return pd.DataFrame(rows).set_index("option")


def answer(question: Question) -> Answer:
    """What it takes that every practice reaches the benchmark, and that each grouping does."""
    if question.ratios.isna().all():
        unknown = (
            f"No practice of {question.name} has a figure for patients per FTE GP, so what it "
            "takes can't be told."
        )
        return Answer(Words(unknown, "", question.basis))
    table = option_rows(question)
    chosen = question.benchmark.label
    row = table.loc[[chosen]].iloc[0]
    found = (
        f"To bring every practice to {chosen} ({number(row['benchmark'])}) takes "
        f"{number(row['gross'], 1)} more FTE GPs in {number(row['helped'])} practices; over "
        f"{question.name} as a whole the gap is {signed(row['net'])}."
    )
    return Answer(
        Words(found, NOT_IN_THE_DATA, question.basis),
        figures=(
            Figure("FTE GPs, no practice above it", signed(row["gross"])),
            Figure("FTE GPs, area as a whole", signed(row["net"])),
            Figure("Practices that gain", number(row["helped"])),
            Figure("Patients there", number(row["patients"])),
        ),
        front=(_chart(table), _costs_and_gains(table, question)),
        sections=(_groupings(question),) if len(question.groupings) > 1 else (),
        share=0.38,
        notes=(
            "Net: practices below the benchmark offset those above it. No practice above it: GPs "
            "are added where they are short and taken from nowhere.",
            NOT_IN_THE_DATA,
        ),
    )


def _chart(table: pd.DataFrame) -> Chart:
    told = "; ".join(
        f"{option} {signed(row['net'])} net, {signed(row['gross'])} so that no practice is above it"
        for option, row in table.iterrows()
    )
    return Chart(
        "bars",
        "FTE GPs to add",
        (
            Series.of("Over the whole area (net)", table["net"]),
            Series.of("No practice above it", table["gross"], colour=CHART_COLOURS[1]),
        ),
        f"Bar chart of FTE GPs to add for each benchmark: {told}",
        categories=tuple(
            f"{option} ({number(row['benchmark'])})" for option, row in table.iterrows()
        ),
        value_title=REGISTER["fte_gp"].label,
        number_format="#,##0.0",
    )


def _costs_and_gains(table: pd.DataFrame, question: Question) -> Table:
    space = [
        f"{number(row['space_low'])} to {number(row['space_high'])}" for _, row in table.iterrows()
    ]
    now = number(question.total()["patients_per_fte_gp"])
    rows = (
        ("Benchmark, patients per FTE GP", "", *map(number, table["benchmark"])),
        ("Costs: FTE GPs over the whole area", "0", *map(signed, table["net"])),
        ("Costs: FTE GPs, no practice above it", "0", *map(signed, table["gross"])),
        ("Costs: space by the 2014 rule, m²", "0", *space),
        ("Gains: patients per FTE GP then", now, *map(number, table["ratio"])),
        ("Gains: practices that gain GPs", "0", *map(number, table["helped"])),
        ("Gains: patients there", "0", *map(number, table["patients"])),
    )
    options = [str(option) for option in table.index]
    return text_table(
        "Costs and gains of each benchmark",
        ("Measure", "As now", *options),
        rows,
        widths=(2.3, 0.8, *[1.15] * len(options)),
        note="Space: 80 to 100 square metres for each additional GP (2014 strategy).",
    )


class _Grouping(NamedTuple):
    """What a grouping takes: FTE GPs so that no group is above the benchmark, who moves, and what
    the table says of each measure.
    """

    gap: float
    practices_moved: int
    patients_moved: int
    cells: dict[str, str]


def _grouping(question: Question, name: str, plan: Plan, today: Plan) -> _Grouping:
    filled = question.filled_hubs(plan)
    short = filled["fte_gap"][filled["fte_gap"] > 0]
    moved = compare_plans(today, plan, question.practices, names=(TODAY_S_PCNS, name))
    gap = float(short.sum())
    n = len(filled)
    cells = {
        "Groups": f"{n}",
        f"Costs: FTE GPs, no group above {question.benchmark.label}": signed(gap),
        "Groups short of GPs": f"{len(short)} of {n}",
        "Gains: groups of 20,000 and more": f"{int(filled['meets_20000'].sum())} of {n}",
        "Gains: groups of 30,000 to 50,000": f"{int(filled['within_30000_50000'].sum())} of {n}",
        "Costs: practices that change group": f"{moved.practices_moved:,}",
        "Patients there": f"{moved.patients_moved:,}",
    }
    return _Grouping(gap, moved.practices_moved, moved.patients_moved, cells)


def _groupings(question: Question) -> Section:
    benchmark, plans = question.benchmark, question.groupings
    today = plans[TODAY_S_PCNS]
    found = {name: _grouping(question, name, plan, today) for name, plan in plans.items()}
    alike = len({signed(each.gap) for each in found.values()}) == 1

    def blocks(_: Question) -> Sequence[Block]:
        table = _grouping_table(found)
        # Equal bars show nothing.
        return [table] if alike else [_gap_chart(benchmark.label, found), table]

    moving = alike and len(found) > 2
    figures = [
        Figure(f"Change group with {name}", f"{each.practices_moved:,}")
        if moving
        else Figure(name, f"{signed(each.gap)} FTE")
        for name, each in found.items()
        if not moving or name != TODAY_S_PCNS
    ]
    if len(found) == 2:
        (own,) = (each for name, each in found.items() if name != TODAY_S_PCNS)
        figures += [
            Figure("Practices that change group", f"{own.practices_moved:,}"),
            Figure("Patients there", f"{own.patients_moved:,}"),
        ]
    return Section(
        "groupings",
        "What each grouping costs and gains",
        blocks,
        message=_grouping_words(benchmark.label, found, alike=alike),
        heading=f"{question.name}: what each grouping costs and gains",
        figures=tuple(figures),
        share=0.4,
    )


def _grouping_words(benchmark: str, found: Mapping[str, _Grouping], *, alike: bool) -> str:
    own = {name: each for name, each in found.items() if name != TODAY_S_PCNS}
    now, begun = found[TODAY_S_PCNS], f"So that no group is above {benchmark},"
    today = lower_first(TODAY_S_PCNS)
    if len(own) == 1:
        ((name, each),) = own.items()
        beside = f"as {today} do" if alike else f"{today} take {signed(now.gap)}"
        return (
            f"{begun} {name} takes {signed(each.gap)} FTE GPs, {beside}; "
            f"{count(each.practices_moved, 'practice')} would change group."
        )
    if alike:
        moves = [f"{each.practices_moved:,} with {name}" for name, each in own.items()]
        return (
            f"{begun} every grouping takes {signed(now.gap)} FTE GPs. Practices that would change "
            f"group: {join_words(moves)}."
        )
    takes = [
        f"{name} {signed(each.gap)} (moves {count(each.practices_moved, 'practice')})"
        for name, each in own.items()
    ]
    return f"{begun} {today} take {signed(now.gap)} FTE GPs, {join_words(takes)}."


def _gap_chart(benchmark: str, found: Mapping[str, _Grouping]) -> Chart:
    return Chart(
        "bars",
        f"FTE GPs to add so that no group is above {benchmark}",
        (Series(REGISTER["fte_gp"].label, tuple(each.gap for each in found.values())),),
        "FTE GPs to add: "
        + "; ".join(f"{name} {signed(each.gap)}" for name, each in found.items()),
        categories=tuple(found),
        value_title=REGISTER["fte_gp"].label,
        number_format="#,##0.0",
    )


def _grouping_table(found: Mapping[str, _Grouping]) -> Table:
    return side_by_side(
        "What each grouping costs and gains",
        {name: each.cells for name, each in found.items()},
        2.3,
        note="Change group: hubs are matched with PCNs by the most patients in common. No group "
        "above: within a group practices offset each other.",
    )


VIEW = View(
    "costs",
    "under_doctoring",
    "What it takes to reach each benchmark",
    "FTE GPs that it takes to reach each benchmark, and what each grouping takes.",
    answer,
    with_plan=True,
)
