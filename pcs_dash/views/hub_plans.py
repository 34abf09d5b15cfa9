"""Which grouping? The plan of hubs beside today's PCNs, and its hubs one by one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pcs_dash.hubs.headline import headline
from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.summary import scorecard
from pcs_dash.measures.numbers import number, of_all
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.words import Words
from pcs_dash.views.answer import (
    Answer,
    Chart,
    Column,
    Figure,
    MapBlock,
    Table,
    View,
    measured,
    side_by_side,
)
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.phrases import band, join_words, ratio_bars, span
from pcs_dash.views.question import TODAY_S_PCNS, Question

_MOST_BARS = 12


def options(question: Question) -> Answer:
    """The plan on the map, beside today's PCNs in a table."""
    plan, name = question.shown_plan, question.shown_plan_name
    spec = MapSpec(
        "hubs", question, plan=plan, highlight=question.highlight, position=question.position
    )
    columns = {each: _plan_figures(question, made) for each, made in question.groupings.items()}
    every = question.hubs(plan)
    filled = _filled(every)
    table = side_by_side("Groupings side by side", columns, 2.0)
    if len(columns) > 2:
        said, figures = _side_by_side(question, columns)
    else:
        # On the page an empty plan is told what to do first; a room is not.
        found = headline(every, question.told_rules, question.name)
        said = f"{name}: {found if len(filled) else 'no practice is in a hub yet.'}"
        figures = _sizes(filled) if len(filled) else ()
    size = REGISTER["within_30000_50000"].label
    beside = f"{TODAY_S_PCNS}: {columns[TODAY_S_PCNS][size]} with {size}."
    return Answer(
        Words(said, beside if len(columns) == 2 else "", question.basis),
        figures=figures,
        front=(MapBlock(spec), table),
        share=0.66 if len(columns) == 1 else 0.6,
        # One grouping is no choice, so its slide does not promise any.
        heading="" if len(columns) > 1 else f"{question.name}: today's PCNs",
        notes=tuple(
            f"Rule: {rule.label}. {rule.source}, {rule.date}."
            for rule in question.told_rules
            if rule.on
        ),
    )


def _side_by_side(
    question: Question, columns: Mapping[str, Mapping[str, str]]
) -> tuple[str, tuple[Figure, ...]]:
    """How many groups of each grouping are of the size asked for, and which one the map shows."""
    size = REGISTER["within_30000_50000"].label
    told = join_words([f"{name} {column[size]}" for name, column in columns.items()])
    said = f"Groups of {size}: {told}. On the map: {question.shown_plan_name}."
    return said, tuple(Figure(name, column[size]) for name, column in columns.items())


def _filled(summary: pd.DataFrame) -> pd.DataFrame:
    """The hubs that have practices, without the row of those in none."""
    hubs = summary.iloc[:-1]
    return hubs[hubs["practices"] > 0]


def _sizes(filled: pd.DataFrame) -> tuple[Figure, ...]:
    inside = int(filled["within_30000_50000"].sum())
    return (
        Figure("Groups", f"{len(filled)}"),
        Figure(REGISTER["within_30000_50000"].label, f"{inside} of {len(filled)}"),
        Figure("Smallest", number(filled["patients"].min())),
        Figure("Largest", number(filled["patients"].max())),
    )


def _plan_figures(question: Question, plan: Plan) -> dict[str, str]:
    summary = question.hubs(plan)
    filled = _filled(summary)
    card = scorecard(
        plan,
        question.practices,
        definition=question.definition.key,
        benchmark=question.benchmark,
        rules=question.rules,
        summary=summary,
        journeys=question.journeys,
    )

    def of(key: str) -> str:
        row = card.loc[key]
        if pd.isna(row["value"]):
            return "no figure"
        out_of = "" if pd.isna(row["of"]) else f" of {number(row['of'])}"
        return f"{number(row['value'])}{out_of}"

    n = len(filled)
    return {
        "Groups with practices": f"{n}",
        REGISTER["meets_20000"].label: f"{int(filled['meets_20000'].sum())} of {n}",
        REGISTER["within_30000_50000"].label: f"{int(filled['within_30000_50000'].sum())} of {n}",
        "Smallest group, patients": of("patients_min"),
        "Largest group, patients": of("patients_max"),
        f"{PER_GP.label}, lowest": of("patients_per_fte_gp_min"),
        f"{PER_GP.label}, highest": of("patients_per_fte_gp_max"),
        "Groups above the benchmark": of("hubs_above_benchmark"),
        "Groups in one piece": of("contiguous_hubs"),
        **{
            f"{REGISTER[key].short} ({question.journeys.kinds[mode]}), minutes": of(key)
            for mode in ("walk", "drive", "transit")
            if (key := f"site_most_{mode}") in card.index
        },
        "Practices in no group": of("unassigned_practices"),
        "Patients in no group": of("unassigned_patients"),
    }


_FIELDS = (
    Column("hub", "Group", wide=2.9),
    measured("practices", 0.9),
    measured("patients"),
    Column("band", REGISTER["within_30000_50000"].short, wide=0.95),
    measured("fte_gp", 0.85),
    measured("patients_per_fte_gp", 1.05),
    measured("fte_gap", 0.85, name="short"),
    measured("imd_score", 0.8),
    measured("share_quintile_1", 0.9, name="short"),
    measured("share_gps_60_plus", 0.9),
)


def one_by_one(question: Question) -> Answer:
    """Every hub of the plan in a table; on a screen the fullest as bars."""
    summary = question.hubs(question.shown_plan)
    filled, rest = _filled(summary), summary.iloc[-1:]
    empty = len(summary) - 1 - len(filled)
    rows = filled.assign(hub=filled.index, band=[band(float(n)) for n in filled["patients"]])
    if rest["practices"].iloc[0]:
        rows = pd.concat([rows, rest.assign(hub="In no group", band="")])
    ratio, benchmark = filled["patients_per_fte_gp"].dropna(), question.benchmark
    above = of_all(int((ratio > benchmark.value).sum()), len(ratio), "group", "has", "have")
    found = (
        f"{question.shown_plan_name}: {above} more patients per FTE GP than {benchmark.label} "
        f"({number(benchmark.value)})."
        if len(ratio)
        else f"{question.shown_plan_name}: no group has a figure for patients per FTE GP."
    )
    table = Table(
        f"{question.shown_plan_name}, one by one",
        rows,
        _FIELDS,
        overflow="split",
        note=f"{empty} groups without a practice here are not shown." if empty else "",
        colours=question.colours_of(rows["hub"]),
    )
    return Answer(
        Words(found, "", question.basis),
        front=(table,),
        screen=_bars(question, ratio) if len(ratio) else None,
        sources=f"MHCLG, IMD 2025; patients by LSOA, {question.mix_period}",
    )


def _bars(question: Question, ratio: pd.Series) -> Chart:
    highest = ratio.sort_values(ascending=False, kind="stable").head(_MOST_BARS)
    cut = f", the {len(highest)} highest of {len(ratio)}" if len(ratio) > len(highest) else ""
    names = tuple(map(str, highest.index))
    return ratio_bars(
        question,
        f"{PER_GP.label} by group{cut}",
        highest,
        f"Bar chart of the {len(highest)} groups of practices with most patients per FTE GP: "
        f"{span(highest)}; benchmark {number(question.benchmark.value)}.",
        colours=question.colours_of(highest.index),
        names=names,
        codes=names,
    )


OPTIONS = View(
    "options",
    "hubs",
    "The options",
    "Practices in groups: paint them on the map and see at once what each group means.",
    options,
    needs_gps=False,
    with_plan=True,
    map_key="hubs",
)
ONE_BY_ONE = View(
    "hubs",
    "hubs",
    "The hubs, one by one",
    "Every hub of the plan with its patients, GPs and deprivation.",
    one_by_one,
    needs_gps=False,
    with_plan=True,
)
