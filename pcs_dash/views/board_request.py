"""What do we ask the board for? Points drafted from the figures, to be changed."""

from __future__ import annotations

from dataclasses import replace

from pcs_dash.hubs.plan import Plan
from pcs_dash.measures.numbers import count, number, of_all
from pcs_dash.measures.words import Words
from pcs_dash.views import compared_measures
from pcs_dash.views.answer import Answer, Bullets, View
from pcs_dash.views.costs import option_rows
from pcs_dash.views.phrases import join_words, short_list
from pcs_dash.views.question import Question
from pcs_dash.views.under_doctored import headline


def answer(question: Question) -> Answer:
    """The points that a board is asked to note and to agree."""
    total = question.total()
    # The pair that the analyst's tab begins with, whatever is chosen there.
    pair = compared_measures.asked(replace(question, options={}))
    said = pair.said(pair.result())
    counted = f" Counted: {question.weighting.words}." if question.weighting.words else ""
    asked = [
        f"Note: {headline(question, total)}{counted}",
        f"Agree a benchmark to plan by. {_short_of(question)}",
        f"When deciding where GPs go first, keep in mind: {said.finding}",
        _grouping(question),
        *_returns(question, int(total["practices_without_fte"])),
    ]
    return Answer(
        Words(""),
        front=(Bullets(tuple(asked), caption="The board is asked to"),),
        notes=(
            "These points are drafted from the figures: change them to what is asked for.",
            said.text,
        ),
    )


def _short_of(question: Question) -> str:
    """What it takes that no practice is above the benchmark chosen."""
    benchmark = question.benchmark
    if question.ratios.isna().all():
        return "No practice here has a figure, so what it would take can't be told."
    row = option_rows(question).loc[[benchmark.label]].iloc[0]
    return (
        f"With {benchmark.label} ({number(benchmark.value)}), "
        f"{count(int(row['helped']), 'practice is', 'practices are')} short of "
        f"{number(row['gross'], 1)} FTE GPs between them ({number(row['space_low'])} to "
        f"{number(row['space_high'])} square metres by the 2014 rule)."
    )


def _grouping(question: Question) -> str:
    if len(question.groupings) > 2:
        told = [
            "{} ({} of {})".format(name, *_sized(question, plan))
            for name, plan in question.groupings.items()
        ]
        return (
            "Choose which grouping goes to practices for comment. Groups of 30,000 to 50,000 "
            f"{question.patients}: {join_words(told)}."
        )
    agree = (
        f"Agree to take '{question.shown_plan_name}' to practices for comment"
        if question.plan is not None
        else "Agree whether today's PCNs stay the unit to plan by"
    )
    have = of_all(*_sized(question, question.shown_plan), "group", "has", "have")
    return f"{agree}: {have} 30,000 to 50,000 {question.patients}."


def _sized(question: Question, plan: Plan) -> tuple[int, int]:
    """How many of a plan's groups have 30,000 to 50,000 patients, and of how many."""
    filled = question.filled_hubs(plan)
    return int(filled["within_30000_50000"].sum()), len(filled)


def _returns(question: Question, silent: int) -> list[str]:
    """What practices are asked to mend in their workforce returns; nothing where all is well."""
    practices = question.practices
    flagged = [str(code) for code in practices.index[practices["flag_low_fte"].astype(bool)]]
    parts = [f"check an implausible GP figure ({short_list(flagged)})"] if flagged else []
    if silent:
        parts.append(f"supply one ({silent} without any)")
    return [f"Ask practices to {' and to '.join(parts)} before the next return."] if parts else []


VIEW = View(
    "ask",
    "under_doctoring",
    "What we ask for",
    "Points for the board, drafted from the figures.",
    answer,
    with_plan=True,
)
