"""Practices under the minimum, and groups outside their band, in the years of a plan ahead."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pcs_dash.measures.numbers import number
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.workforce import summarise
from pcs_dash.tables.constants import BAND
from pcs_dash.views.answer import Block, Column, Table, Text, text_table
from pcs_dash.views.question import Question

COUNTS = ("practices", "below_4500", "below_2_5_wte", "single_handed")


def blocks(
    question: Question,
    years: Mapping[str, pd.DataFrame],
    groups: Mapping[str, pd.Series],
    kind: str,
) -> list[Block]:
    """`years`: the area's practices by what they are called, today's first, the asked one last;
    `groups`: in the same years the patients of each group of that kind.
    """
    counted = [
        summarise(
            table, pd.Series("all", index=table.index), definition=question.definition.key
        ).iloc[0]
        for table in years.values()
    ]
    rows = [
        (REGISTER[key].label, *(REGISTER[key].text(float(row[key])) for row in counted))
        for key in COUNTS
    ]
    low, high = BAND
    outside = [int((~lists.between(low, high)).sum()) for lists in groups.values()]
    rows.append((f"{kind}s outside {low:,} to {high:,} {question.patients}", *map(number, outside)))
    return [
        text_table(
            "Practices under the minimum, and groups outside their band",
            ("", *years),
            rows,
            widths=(2.0, *[1.3] * len(years)),
            note="Central figures. How many GPs a practice has by head is not projected: "
            "single-handed are those of today that are still there, and what mergers make.",
        ),
        _movers(groups, kind, question.patients),
    ]


def _movers(groups: Mapping[str, pd.Series], kind: str, patients: str) -> Block:
    """Groups that are in their band at one end of the years and not at the other."""
    low, high = BAND
    (first, then), *_, (last, ahead) = groups.items()
    both = pd.DataFrame({"then": then, "ahead": ahead})
    moved = both[both["then"].between(low, high) != both["ahead"].between(low, high)]
    if moved.empty:
        return Text(
            f"No {kind} leaves its band of {low:,} to {high:,} {patients}, or comes into it."
        )
    table = moved.sort_values("ahead", ascending=False).rename_axis("group").reset_index()
    return Table(
        f"{kind}s that leave their band of {low:,} to {high:,} {patients}, or come into it",
        table,
        (
            Column("group", kind, wide=2.0),
            Column("then", f"Patients {first}", "count"),
            Column("ahead", f"Patients {last}", "count"),
        ),
        name="plan-ahead-outside-band",
    )
