"""Where patients of practices that close or merge go, as of today, and how far. For Plan ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from pcs_dash.measures.numbers import number
from pcs_dash.scenarios.changes import Close, Merge
from pcs_dash.scenarios.grouping import where_they_meet, who_takes_them
from pcs_dash.scenarios.today import Today
from pcs_dash.tables.errors import UserError
from pcs_dash.views import closing_minutes
from pcs_dash.views.answer import Block, Column, Table, Text, measured
from pcs_dash.views.question import Question

_BY_PLACE = (
    "As if every patient joined another practice of the own small area, in proportion to who is "
    "registered there. People choose for themselves. "
)


def blocks(
    question: Question, today: Today, change: Close | Merge, hubs: Mapping[str, str]
) -> list[Block]:
    """Who takes the patients, or whose premises they go to, and how far it is before and after;
    `hubs`: practice code -> hub.
    """
    if isinstance(change, Merge):
        return _meeting(question, today, change)
    return _taking(question, today, change, hubs)


def _meeting(question: Question, today: Today, merge: Merge) -> list[Block]:
    """How far it is to the premises that stay, for those whose own do not."""
    table = where_they_meet(today, merge).reset_index()
    first = today.practices["practice_name"].get(merge.practices[0], merge.practices[0])
    moving = table[~table["practice_code"].isin(merge.kept)]
    shown = Table(
        f"Where patients go when practices merge with {first}, as of today",
        table,
        (
            Column("practice_name", "Practice", wide=2.4),
            measured("patients"),
            Column("premises", "Premises, the nearest that stay", wide=2.4),
            Column("km", "km away", "tenth"),
        ),
        name=f"merging-{merge.practices[0]}",
    )
    if moving.empty:
        return [shown, Text("All premises stay: nobody has farther to go.", "note")]
    said = (
        "Distances are straight lines between practices, on average "
        f"{number(_mean_km(moving, 'patients'), 1)} km for those whose premises are given up."
    )
    return [shown, Text(said, "note"), *closing_minutes.blocks(question, merge)]


def _taking(question: Question, today: Today, close: Close, hubs: Mapping[str, str]) -> list[Block]:
    asked = replace(close, year=today.year + 1)
    try:
        found = who_takes_them(today, asked, question.definition.key, hubs=hubs)
    except UserError as error:
        return [Text(f"If it closed today nobody could say. {error}", "info")]
    table = found.reset_index()
    name = today.practices["practice_name"].get(close.practice, close.practice)
    named = [code for code in map(str, found.index) if code] if close.to else []
    how = "" if named else _BY_PLACE
    return [
        Table(
            f"Who takes the patients of {name}, if it closed today",
            table,
            (
                Column("practice_name", "Practice", wide=2.4),
                Column("patients_moved", "Patients moved", "count"),
                Column("patients_before", "List before", "count"),
                Column("patients_after", "List after", "count"),
                Column("patients_per_fte_gp_before", "Per FTE GP before", "count"),
                Column("patients_per_fte_gp_after", "After", "count"),
                Column("km", "km away", "tenth"),
            ),
            name=f"closing-{close.practice}",
        ),
        Text(
            f"{how}Distances are straight lines between practices, on average "
            f"{number(_mean_km(table, 'patients_moved'), 1)} km for those who move.",
            "note",
        ),
        *closing_minutes.blocks(question, close, named),
    ]


def _mean_km(table: pd.DataFrame, people: str) -> float:
    """Mean distance by people who move, those to practices beyond the data apart."""
    known = table.dropna(subset=["km"])
    return float((known["km"] * known[people]).sum() / known[people].sum())
