"""Where a number of GPs should go so that the largest gaps close, and what that leaves."""

from __future__ import annotations

import pandas as pd

from pcs_dash.measures.numbers import count, number
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.workforce import fte_gap, gp_definition, patients_per_fte_gp
from pcs_dash.scenarios.placing import place_gps
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import Block, Column, Option, Table, Text, measured
from pcs_dash.views.question import Question

POSTS, MOST = "posts", "a_practice"
OPTIONS = (
    Option(POSTS, "FTE GPs to place", "number", default="10", bounds=(1, 500), inside=True),
    Option(MOST, "At most, in one practice", "number", default="2", bounds=(1, 20), inside=True),
)


def blocks(question: Question, practices: pd.DataFrame, year: int) -> list[Block]:
    """The placing in the practices of a year; UserError for numbers that are none."""
    posts, most = (_whole(question, option) for option in OPTIONS)
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
            "all. Whole posts; nobody is taken from anywhere, and whether anybody wants to work "
            "there is not known.",
            "note",
        ),
    ]


def _whole(question: Question, option: Option) -> int:
    text = question.options.get(option.key, "") or option.default
    low, high = option.bounds
    if not text.isdecimal() or not low <= int(text) <= high:
        raise UserError(f"{option.label}: {text[:20]} must be a whole number, {low} to {high}.")
    return int(text)


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
