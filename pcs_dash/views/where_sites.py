"""Where should so many sites stand, whom does each serve, and what does each more site buy?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pcs_dash.measures.numbers import number
from pcs_dash.tables.constants import MODES
from pcs_dash.travel.minutes import between
from pcs_dash.travel.sites import AIMS, Sites, Wanted, choose, curve, possible, served
from pcs_dash.views.answer import Block, Chart, Column, Series, Table, Text
from pcs_dash.views.question import Question


@dataclass(frozen=True, eq=False)
class Standing:
    """The sites found, whom each serves (practice_name, people, mean_minutes), the best of every
    number of sites up to those (`steps`: sites, value, bought), and what the minutes are.
    """

    found: Sites
    each: pd.DataFrame
    steps: list[dict[str, Any]]
    mode: str
    kind: str
    label: str


def standing(question: Question, mode: str, wanted: Wanted) -> Standing:
    """Where sites of the area's practices would stand best for who lives in the area.

    UserError for what can't be asked.
    """
    dataset, readers = question.dataset, question.readers
    minutes = between(dataset, mode, "", readers.minutes())
    registered = readers.registered(dataset)
    table, people = possible(question.area, dataset, minutes, registered.totals)
    found = choose(table, people, wanted)
    each = served(table, people, found)
    each.insert(0, "practice_name", each.index.to_series().map(dataset.practices["practice_name"]))
    steps = []
    if found.chosen and wanted.aim != "set-cover" and wanted.capacity is None:
        part = replace(wanted, time_limit=wanted.time_limit / wanted.sites)
        steps = curve(table, people, part, wanted.sites)
    return Standing(found, each, steps, mode, minutes.kind, f"{minutes.label}; {registered.label}")


def blocks(question: Question, made: Standing) -> list[Block]:
    """What was found, in a sentence, a table and a curve."""
    found = made.found
    shown: list[Block] = [Text(found.message, "info")]
    if not found.chosen:
        return shown
    shown.append(
        Table(
            f"The sites: {AIMS[found.aim][0]}, {MODES[made.mode]}, {made.kind}",
            made.each.reset_index(),
            (
                Column("practice_name", "Where", wide=2.4),
                Column("practice_code", "Code"),
                Column("people", "Patients it serves", "count"),
                Column("mean_minutes", "Minutes, mean", "tenth"),
            ),
            small=True,
            name=f"sites-{question.area.key}-{made.mode}",
            file=made.each,
        )
    )
    if len(made.steps) > 1:
        shown.append(_curve(made))
    shown.append(Text(f"Sites serve who lives in {question.name}: {made.label}.", "note"))
    return shown


def _curve(made: Standing) -> Chart:
    """The best value of each number of sites."""
    unit = AIMS[made.found.aim][1]
    values = tuple(float(step["value"]) for step in made.steps)
    counts = tuple(str(step["sites"]) for step in made.steps)
    last = made.steps[-1]
    return Chart(
        "bars",
        f"What each more site buys: {unit}",
        (Series(unit, values),),
        f"Bar chart of {unit} with 1 to {counts[-1]} sites: from {number(values[0], 1)} to "
        f"{number(values[-1], 1)}; the last site changes it by {number(last['bought'], 1)}.",
        categories=tuple(f"{count} site{'s' * (count != '1')}" for count in counts),
        value_title=unit,
        number_format="#,##0.0" if "minutes," in unit else "#,##0",
    )
