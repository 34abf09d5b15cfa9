"""Beside similar places: the ratio of the practice itself, and no colour without evidence."""

from __future__ import annotations

import pytest

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.answer import Chart, Table
from pcs_dash.views.maps import BENCHMARK_COLOURS
from pcs_dash.views.question import Question, ask
from pcs_dash.views.readers import Readers
from pcs_dash.views.similar_places import COLOURS, VIEW, nearest


def asked(dataset: Dataset, area: str = "Thurrock", **options: str) -> Question:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    readers = Readers(practices=lambda _: None)
    return ask(dataset, find_area(area), options=named, readers=readers)


@pytest.mark.parametrize(
    ("level", "to"), [("Practice", ""), ("Practice", "F81206"), ("PCN", ""), ("District", "")]
)
def test_what_is_said_is_what_is_shown(dataset: Dataset, level: str, to: str) -> None:
    question = asked(dataset, similar_level=level, similar_to=to)
    answer = VIEW.answer(question)
    chart, table = answer.front
    assert isinstance(chart, Chart)
    assert isinstance(table, Table)
    own = table.frame.iloc[0]
    assert f"{own['own']}, and in" in answer.message.finding
    assert f"similar places {own['similar']}." in answer.message.finding
    coloured = set(chart.series[0].colours) & set(COLOURS.values())
    assert bool(coloured) == own["verdict"].startswith(("Worse", "Better"))
    assert own["verdict"].lower() in chart.title.lower()
    # Words beside every colour; red is for worse than the benchmark.
    words = {"": "", COLOURS["worse"]: "Worse", COLOURS["better"]: "Better"}
    for colour, verdict in zip(table.colours, table.frame["verdict"], strict=True):
        assert verdict.startswith(words[colour])
        assert bool(colour) == verdict.startswith(("Worse", "Better"))
    assert not set(COLOURS.values()) & set(BENCHMARK_COLOURS[3:])


def test_a_ratio_is_the_practice_s_own(dataset: Dataset) -> None:
    answer = VIEW.answer(asked(dataset, similar_to="F81134"))
    practice = dataset.practices.loc["F81134"]
    ratio = practice["patients"] / practice["gp_fte_fully_qualified"]
    assert f"{ratio:,.0f}," in answer.message.finding
    assert answer.figures[0].value == f"{ratio:,.0f}"


def test_the_variables_chosen_decide_who_is_similar(dataset: Dataset) -> None:
    question = asked(dataset, similar_to="F81134", similar_by="patients")
    (section,) = VIEW.answer(question).sections
    (table,) = section.blocks(question)
    assert isinstance(table, Table)
    lists = dataset.practices["patients"]
    ratio = (lists / lists["F81134"]).drop("F81134")
    nearest_by_size = ratio.where(ratio > 1, 1 / ratio).sort_values(kind="stable").index[:10]
    assert set(table.frame["unit"]) == {"F81134", *nearest_by_size}


def test_the_card_names_the_most_similar_practices(dataset: Dataset) -> None:
    table = nearest(asked(dataset), "F81134")
    assert table is not None
    assert table.frame["apart"].is_monotonic_increasing
    assert len(table.frame) == 6
