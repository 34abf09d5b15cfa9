"""Where sites should stand, as the page shows it: found, whom each serves, what each more buys."""

from __future__ import annotations

import pandas as pd
import pytest

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.travel.sites import Wanted
from pcs_dash.views.answer import Chart, Table, Text
from pcs_dash.views.question import Question, ask
from pcs_dash.views.where_sites import blocks, standing


@pytest.fixture(scope="module")
def question(dataset: Dataset) -> Question:
    return ask(dataset, find_area("Thurrock"))


def test_the_sites_serve_everyone_and_each_more_buys_less(question: Question) -> None:
    made = standing(question, "walk", Wanted("p-median", 3))
    lived = question.area.select(question.dataset.lsoas).index
    people = question.readers.registered(question.dataset).totals.reindex(lived).sum()
    assert made.each["people"].sum() == pytest.approx(people)
    said, table, chart, note = blocks(question, made)
    assert isinstance(said, Text) and said.said.startswith("Proven")
    assert isinstance(table, Table) and len(table.frame) == 3
    assert isinstance(chart, Chart)
    values = pd.Series(chart.series[0].values)
    assert values.is_monotonic_decreasing and len(values) == 3
    assert values.iloc[-1] == pytest.approx(made.found.value)
    assert isinstance(note, Text) and "modelled" in note.said


def test_what_can_not_be_is_said_alone(question: Question) -> None:
    made = standing(question, "walk", Wanted("set-cover", within=1))
    (said,) = blocks(question, made)
    assert isinstance(said, Text) and "No choice of sites" in said.said
