"""How much longer is the way for the patients of a practice that closes, or of those that merge?
For Plan ahead.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pcs_dash.measures.catchments import Registered
from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.measures.numbers import number
from pcs_dash.measures.small_numbers import SMALL_NUMBER, hide_small
from pcs_dash.scenarios.changes import Close, Merge
from pcs_dash.tables.constants import MODES
from pcs_dash.tables.errors import UserError
from pcs_dash.travel.closing import before_and_after, by_small_area, closing, merging, who_moves
from pcs_dash.travel.minutes import Minutes, between
from pcs_dash.views.answer import Block, Column, Table, Text, text_table
from pcs_dash.views.question import Question

_SHOWN = ("walk", "drive", "transit")
_MOST = 5
_NO_REGISTRATIONS = (
    "No registrations are loaded, so its patients are taken to live where it is the nearest."
)
_EQUAL = (
    "No residents by small area are loaded, so all are taken to hold about the same number, and "
    "how many live in one is not shown."
)
_FIGURES = ("people", "median_before", "median_after", "p90_before", "p90_after")


def blocks(question: Question, change: Close | Merge, to: Sequence[str] = ()) -> list[Block]:
    """Before and after by mode and quintile, and the small areas that lose most on foot.

    `to`: practices that take the patients of one that closes; none: all others.
    """
    dataset, readers = question.dataset, question.readers
    registered = readers.registered(dataset)
    who = f"{_NO_REGISTRATIONS if registered.modelled else ''} {_who(change, to, registered)}"
    rows, labels, kinds, found = [], [], [], {}
    for mode in _SHOWN:
        try:
            minutes = between(dataset, mode, "", readers.minutes())
            found[mode] = _moving(minutes, who_moves(minutes, registered), change, to)
        except UserError:
            continue
        labels.append(minutes.label)
        kinds.append(minutes.kind)
        rows += _rows(question, found[mode], f"{MODES[mode].capitalize()}, {minutes.kind}")
    if not found:
        return []
    equal = _EQUAL if registered.equal else ""
    return [
        text_table(
            "How far those who move have to go, before and after",
            ("Who, and how", f"Patients{registered.suffix}", "Half within, before", "after",
             "Nine in ten within, before", "after"),
            rows,
            widths=(2.6, 1, 1, 1, 1, 1),
        ),
        _losers(question, registered, *next(iter(found.items())), kinds[0]),
        Text(
            f"{who} Who lives where: {registered.label}; {'; '.join(labels)}. {equal}".strip(),
            "note",
        ),
    ]  # fmt: skip


def _moving(
    minutes: Minutes, registrations: pd.DataFrame, change: Close | Merge, to: Sequence[str]
) -> pd.DataFrame:
    if isinstance(change, Merge):
        return merging(minutes, registrations, change.practices, change.kept)
    return closing(minutes, registrations, change.practice, to, change.premises)


def _who(change: Close | Merge, to: Sequence[str], registered: Registered) -> str:
    if isinstance(change, Merge):
        return "As if those whose premises are given up went to the quickest of those that stay."
    goal = "those named" if to else "the other practices"
    if registered.modelled:
        return f"As if they went to the nearest of {goal}."
    return f"As if everyone went to {goal} as their neighbours of the small area are registered."


def _rows(question: Question, found: pd.DataFrame, how: str) -> list[tuple[str, ...]]:
    """All patients, then those of the most and the least deprived fifth, where 5 or more."""
    quintile = question.dataset.lsoas[f"imd{question.edition}_quintile"]
    groups = found["lsoa_code"].map(quintile).map(QUINTILE_LABELS)
    every = before_and_after(found).set_axis(["all"])
    each = before_and_after(found, groups)
    each = each[each["people"] >= SMALL_NUMBER].reindex([QUINTILE_LABELS[q] for q in (1, 5)])
    shown = pd.concat([every, each.dropna(subset=["people"]).rename("quintile {}".format)])
    return [
        (f"{how}: {name}", *(number(row[key]) for key in _FIGURES))
        for name, row in zip(shown.index, shown.to_dict("records"), strict=True)
    ]


def _losers(
    question: Question, registered: Registered, mode: str, found: pd.DataFrame, kind: str
) -> Table:
    """The small areas whose patients' way grows most, and how many they are where that is known."""
    names = question.dataset.lsoas["lsoa11nm"]
    shown = by_small_area(found).round({"people": 0}).assign(whole=0)
    shown = hide_small(shown, "people", within="whole").drop(columns=["whole", "hidden"])
    shown.insert(0, "name", shown.index.to_series().map(names))
    shown = shown.dropna(subset=["people"])
    if registered.equal:
        shown = shown.drop(columns="people")
    people = (
        () if registered.equal else (Column("people", f"Patients{registered.suffix}", "count"),)
    )
    return Table(
        f"Who loses most, in minutes {MODES[mode]}, {kind}",
        shown.head(_MOST).reset_index(),
        (
            Column("name", "Small area", wide=2.0),
            *people,
            Column("before", "Minutes before", "count"),
            Column("after", "Minutes after", "count"),
            Column("added", "More", "count"),
        ),
        file=shown,
        name=f"closing-minutes-{mode}",
    )
