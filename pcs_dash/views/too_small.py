"""Practices under the minimum, and groups outside their band, in the years of a plan ahead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pcs_dash.measures.register import REGISTER
from pcs_dash.scenarios.bands import Floats, banded
from pcs_dash.scenarios.project import DRAWS
from pcs_dash.tables.constants import BAND, MINIMUM_GP_WTE, MINIMUM_LIST
from pcs_dash.views.answer import Block, Column, Table, Text, text_table
from pcs_dash.views.question import Question
from pcs_dash.views.team import Year

COUNTS = ("practices", "below_4500", "below_2_5_wte", "single_handed")


def blocks(
    question: Question, years: Mapping[str, Year], groups: Mapping[str, pd.Series], kind: str
) -> list[Block]:
    """`years`: the area's practices by what they are called, today's first, the asked one last;
    `groups`: in the same years the group of that kind of each practice, missing: of none.
    """
    # One row for the area, none once its last practice has closed.
    counted = [
        question.summarised(practices=year.table)[[*COUNTS]].sum(skipna=False)
        for year in years.values()
    ]
    drawn = {
        "below_4500": lambda year: year.drawn.patients < MINIMUM_LIST,
        "below_2_5_wte": lambda year: year.drawn.fte < MINIMUM_GP_WTE,
    }
    rows = [
        (
            REGISTER[key].label,
            *(
                banded(drawn[key](year).sum(axis=0)).text()
                if key in drawn
                else REGISTER[key].text(float(row[key]))
                for row, year in zip(counted, years.values(), strict=True)
            ),
        )
        for key in COUNTS
    ]
    low, high = BAND
    lists = {name: _lists(year, groups[name]) for name, year in years.items()}
    outside = [banded(_outside(table.to_numpy()).sum(axis=0)).text() for table in lists.values()]
    rows.append((f"{kind}s outside {low:,} to {high:,} {question.patients}", *outside))
    return [
        text_table(
            "Practices under the minimum, and groups outside their band",
            ("", *years),
            rows,
            widths=(2.0, *[1.3] * len(years)),
            note="In brackets: 95% of the draws. How many GPs a practice has by head is not "
            "projected: single-handed are those of today that are still there, and what mergers "
            "make.",
        ),
        _movers(lists, kind, question),
    ]


def _lists(year: Year, groups: pd.Series) -> pd.DataFrame:
    """Patients of each group: a row each, the central figure and the draws; missing where no list
    of its practices is known.
    """
    patients = pd.DataFrame(year.drawn.patients, index=year.table.index)
    return patients.groupby(groups.reindex(year.table.index)).sum(min_count=1)


def _outside(patients: Floats) -> NDArray[np.bool_]:
    low, high = BAND
    return ~((patients >= low) & (patients <= high))


def _movers(lists: Mapping[str, pd.DataFrame], kind: str, question: Question) -> Block:
    """Groups that are in their band at one end of the years and not at the other."""
    (low, high), patients = BAND, question.patients
    (first, then), *_, (last, ahead) = lists.items()
    both = pd.DataFrame({"then": then[0], "ahead": ahead[0]})
    moved = both[_outside(both["then"].to_numpy()) != _outside(both["ahead"].to_numpy())]
    if moved.empty:
        return Text(
            f"No {kind} leaves its band of {low:,} to {high:,} {patients}, or comes into it."
        )
    drawn = ahead.reindex(moved.index).to_numpy()
    outside = 100 * _outside(drawn[:, -DRAWS:]).mean(axis=1)
    moved = moved.assign(low=np.nan, high=np.nan, outside=outside)
    known = ~np.isnan(drawn).any(axis=1)
    ends = [banded(row) for row in drawn[known]]
    moved.loc[known, ["low", "high"]] = [(one.low, one.high) for one in ends]
    table = moved.sort_values("ahead", ascending=False).rename_axis("group").reset_index()
    return Table(
        f"{kind}s that leave their band of {low:,} to {high:,} {patients}, or come into it",
        table,
        (
            Column("group", kind, wide=2.0),
            Column("then", f"Patients {first}", "count"),
            Column("ahead", f"Patients {last}", "count"),
            Column("low", "Low", "count"),
            Column("high", "High", "count"),
            Column("outside", "% of draws outside", "count"),
        ),
        name="plan-ahead-outside-band",
        colours=question.colours_of(table["group"]),
    )
