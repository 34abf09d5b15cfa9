"""Where sites should stand, as the page shows it: found, whom each serves, what each more buys."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.travel.minutes import Stored
from pcs_dash.travel.sites import Wanted
from pcs_dash.views.answer import Beside, Chart, MapBlock, Table, Text
from pcs_dash.views.plan_ahead import VIEW
from pcs_dash.views.question import Question, ask
from pcs_dash.views.where_sites import blocks, main_sites, standing, usual_mode


@pytest.fixture(scope="module")
def question(dataset: Dataset) -> Question:
    return ask(dataset, find_area("Thurrock"))


def test_the_sites_serve_everyone_and_each_more_buys_less(question: Question) -> None:
    made = standing(question, "walk", Wanted("p-median", 3))
    lived = question.area.select(question.dataset.lsoas).index
    people = question.readers.registered(question.dataset).totals.reindex(lived).sum()
    assert made.each["people"].sum() == pytest.approx(people)
    said, beside, note = blocks(question, made)
    assert isinstance(beside, Beside)
    (drawn,), (table, ways, chart) = beside.columns
    assert isinstance(said, Text) and said.said.startswith("Proven")
    assert isinstance(table, Table) and len(table.frame) == 3
    assert isinstance(chart, Chart)
    values = pd.Series(chart.series[0].values)
    assert values.is_monotonic_decreasing and len(values) == 3
    assert values.iloc[-1] == pytest.approx(made.found.value)
    assert isinstance(note, Text) and "modelled" in note.said
    assert isinstance(drawn, MapBlock)
    marks = drawn.spec.marks.labels
    assert set(marks[marks == "own"].index) == set(made.found.chosen)
    assert ways.frame.iloc[:, 0].tolist()[::2] == ["On foot, modelled", "By car, modelled"]
    foot = pd.Series(made.times).sort_values()
    half = question.readers.registered(question.dataset).totals[foot.index].cumsum() >= people / 2
    assert float(ways.frame.iloc[0, 1]) == round(foot[half].iloc[0])
    mean = (made.times * question.readers.registered(question.dataset).totals).sum() / people
    assert mean == pytest.approx(made.found.value)


def test_a_mode_whose_table_lacks_a_site_has_no_figure(question: Question) -> None:
    lsoas = question.area.select(question.dataset.lsoas).index
    codes = question.area.select(question.dataset.practices).index
    for there, expected in ((codes, "7"), (codes[:1], "no figure")):
        pairs = pd.MultiIndex.from_product([lsoas, there], names=["origin", "destination"])
        table = pairs.to_frame(index=False).assign(mode="transit", minutes=7.0, source="r5")
        loaded = Stored(table, "May 2026")
        minutes = partial(lambda kept: kept, loaded)
        readers = replace(question.readers, minutes=minutes, version=("sites", expected))
        asked = ask(question.dataset, question.area, readers=readers)
        made = standing(asked, "drive", Wanted("p-median", 2))
        assert made.ways[-1] == ("By public transport, measured", expected, expected)


def test_people_go_by_car_unless_it_is_said_and_else_as_there_are_minutes(question) -> None:
    assert usual_mode(question.journeys.kinds) == "drive"
    assert usual_mode(["transit", "walk"]) == "transit"
    shown = VIEW.answer(question).sections
    _, beside, *_ = next(part for part in shown if part.key == "sites").blocks(question)
    assert "by car, modelled" in beside.columns[1][0].caption


def test_a_plan_chooses_among_those_that_stay_open(question: Question) -> None:
    best = standing(question, "walk", Wanted("p-median", 1)).found.chosen[0]
    asked = question.with_options({"sites": "1", "sites_how": "walk", "close": best})
    shown = VIEW.answer(asked).sections
    said, beside, *_ = next(part for part in shown if part.key == "sites").blocks(asked)
    assert said.said.startswith("Proven")
    assert beside.columns[1][0].frame["practice_code"].tolist() not in ([best], [])
    wrong = asked.with_options({"sites": "many"})
    (told,) = next(part for part in shown if part.key == "sites").blocks(wrong)
    assert "whole number, 1 to 30" in told.said


def test_each_hub_of_the_plan_has_its_main_site(question: Question) -> None:
    table, _ = main_sites(question)
    plan = question.shown_plan
    found = table.frame.set_index("hub")["main_site"]
    assert set(found.index) <= {hub.name for hub in plan.hubs} and len(found) > 1
    assert all(plan.hub_of(code).name == hub for hub, code in found.items())
    assert "modelled" in table.caption


def test_what_can_not_be_is_said_alone(question: Question) -> None:
    made = standing(question, "walk", Wanted("set-cover", within=1))
    (said,) = blocks(question, made)
    assert isinstance(said, Text) and "No choice of sites" in said.said
