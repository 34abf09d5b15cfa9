"""Where a number of GPs should go so that the largest gaps close, and what that leaves."""

from __future__ import annotations

import pandas as pd

from pcs_dash.measures.numbers import count, number, signed
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.workforce import fte_gap, gp_definition, patients_per_fte_gp
from pcs_dash.scenarios.placing import place_gps
from pcs_dash.scenarios.slope import SlopeClosed, close_slope
from pcs_dash.views.answer import Block, Column, Option, Table, Text, measured
from pcs_dash.views.question import Question

POSTS, MOST, AIM = "posts", "a_practice", "aim"
AIMS = {"gaps": "Close the largest gaps", "slope": "The same in every fifth of deprivation"}
OPTIONS = (
    Option(POSTS, "FTE GPs to place", "number", default="10", bounds=(1, 500), inside=True),
    Option(MOST, "At most, in one practice", "number", default="2", bounds=(1, 20), inside=True),
    Option(AIM, "What they are to do", choices=AIMS, inside=True),
)


def blocks(question: Question, practices: pd.DataFrame, year: int) -> list[Block]:
    """The placing in the practices of a year; UserError for numbers that are none."""
    posts, most = (option.whole(question) for option in OPTIONS[:2])
    if question.option(AIM, AIMS) == "slope":
        return _slope(question, practices, year, posts, most)
    fte = practices[gp_definition(question.definition.key).column].astype(float)
    gaps = fte_gap(practices["patients"].astype(float), fte, question.benchmark.value)
    placed = place_gps(gaps, posts, most)
    table = pd.DataFrame(
        {
            "practice_name": practices["practice_name"],
            "patients_per_fte_gp": patients_per_fte_gp(practices, question.definition.key),
            "fte_gap": gaps,
            "posts": placed,
            "left": (gaps - placed).where(gaps.isna(), (gaps - placed).clip(lower=0)),
        }
    )
    gaining = table[table["posts"] > 0].sort_values(
        ["posts", "fte_gap"], ascending=False, kind="stable"
    )
    return [
        Text(_said(question, table, posts, year), "finding"),
        Table(
            f"{question.name} in {year}, {count(posts, 'post')} of one FTE",
            gaining,
            (
                Column("practice_name", "Practice", wide=2.4),
                measured("patients_per_fte_gp"),
                Column("fte_gap", REGISTER["fte_gap"].label, "signed_tenth"),
                Column("posts", "Posts", "count"),
                Column("left", "Still short", "tenth"),
            ),
            name=f"posts-{question.area.key}",
            file=table,
        ),
        Text(
            "First the largest gap that is left is made as small as can be, then what is left in "
            "all: no other placing does better in that order (proven). Whole posts; nobody is "
            "taken from anywhere, and whether anybody wants to work there is not known.",
            "note",
        ),
    ]


def _slope(
    question: Question, practices: pd.DataFrame, year: int, posts: int, most: int
) -> list[Block]:
    """Posts that make patients per FTE GP alike from the most to the least deprived fifth."""
    found = close_slope(
        practices,
        definition=question.definition.key,
        edition=question.edition,
        most=most,
        limit=posts,
    )
    gaining = found.posts[found.posts > 0].sort_values(ascending=False, kind="stable")
    table = pd.DataFrame(
        {
            "practice_name": practices["practice_name"].reindex(gaining.index),
            "patients_per_fte_gp": patients_per_fte_gp(practices, question.definition.key).reindex(
                gaining.index
            ),
            "posts": gaining,
        }
    )
    said = (
        f"{count(int(gaining.sum()), 'post')} in {count(len(gaining), 'practice')} would bring "
        f"the slope index of {year} from {signed(found.before, 0)} to {signed(found.after, 0)} "
        "patients per FTE GP."
    )
    said += f" {_proof(found, posts, most)}"
    if not found.reached:
        said += f" {_enough(question, practices, most)}"
    return [
        Text(said, "finding"),
        Table(
            f"{question.name} in {year}, posts of one FTE",
            table,
            (
                Column("practice_name", "Practice", wide=2.4),
                measured("patients_per_fte_gp"),
                Column("posts", "Posts", "count"),
            ),
            name=f"posts-slope-{question.area.key}",
        ),
        Text(
            "The slope has an interval (Deprived or not): where it spans 0, there may be nothing "
            "to close.",
            "note",
        ),
    ]


def _proof(found: SlopeClosed, posts: int, most: int) -> str:
    """What the solver proved of the number of posts, or between what it lies."""
    rule = f"with at most {most} in one practice"
    if not found.reached:
        if found.proven:
            return f"No placing of {count(posts, 'post')} {rule} brings it to 0 (proven)."
        return f"None was found that brings it to 0 {rule}; that there is none is not proven."
    short = found.passing - int(found.posts.sum())
    more = " One post more would take it past 0 by more than this leaves." if short else ""
    if found.proven:
        fewer = f"Fewer than {count(found.passing, 'post')} can't bring it to 0 {rule} (proven)."
    else:
        fewer = (
            f"{rule.capitalize()} at least {number(found.least)} are needed: fewer than these "
            "may do."
        )
    return fewer + more


def _enough(question: Question, practices: pd.DataFrame, most: int) -> str:
    """How many posts it would take under the same rule."""
    found = close_slope(
        practices, definition=question.definition.key, edition=question.edition, most=most
    )
    if not found.reached:
        return "Nor would any number: allow more in one practice."
    least = "" if found.proven else ", and perhaps fewer"
    return f"{count(found.passing, 'post')} would{least}."


def _said(question: Question, table: pd.DataFrame, posts: int, year: int) -> str:
    """What it does, and what it could not do."""
    placed = int(table["posts"].sum())
    gaps = table["fte_gap"].clip(lower=0)
    short = int((table["left"] > 0).sum())
    said = (
        f"{number(placed)} FTE GPs in {count(int((table['posts'] > 0).sum()), 'practice')} would "
        f"bring the largest gap to {question.benchmark.label} in {year} from "
        f"{number(gaps.max(), 1)} to {number(table['left'].max(), 1)} FTE, and all gaps together "
        f"from {number(gaps.sum(), 1)} to {number(table['left'].sum(), 1)}."
    )
    if placed < posts:
        said += f" {number(posts - placed)} more would close no gap under that limit."
    if short:
        said += f" {count(short, 'practice')} would still be short."
    unknown = int(table["fte_gap"].isna().sum())
    if unknown:
        said += f" {count(unknown, 'practice')} without a figure got none."
    return said
