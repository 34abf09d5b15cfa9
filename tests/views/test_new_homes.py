"""The sum for a phone call: one page, the numbers of the command, and a sheet of paper."""

from __future__ import annotations

import pytest

from pcs_dash.official.any_area import find_area
from pcs_dash.scenarios.assumptions import published
from pcs_dash.scenarios.homes import MOST_HOMES, STEPS, what_homes_need
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import Bullets, Table
from pcs_dash.views.new_homes import OPTIONS, VIEW
from pcs_dash.views.question import Question, ask


def asked(dataset: Dataset, area: str = "Thurrock", **options: str) -> Question:
    return ask(dataset, find_area(area), options=options)


def test_five_thousand_homes_by_hand(dataset: Dataset) -> None:
    """5,000 x 2.4 = 12,000; / 2,000 = 6.0; x 90 = 540; x 2,300 = 1.24 million."""
    answer = VIEW.answer(asked(dataset))
    table, sources = answer.front
    assert isinstance(table, Table)
    assert isinstance(sources, Bullets)
    assert [row[2] for row in table.rows] == ["12,000", "12,000", "6.0", "540", "1.24"]
    assert "12,000 patients" in answer.message.finding
    assert len(sources.items) == 4
    assert "Census 2021" in sources.items[0]


def test_the_homes_of_the_strategy_of_2014(dataset: Dataset) -> None:
    """107,000 dwellings at 1.54 are the 165,000 residents of its section 5."""
    table = VIEW.answer(asked(dataset, "Essex", dwellings="107000", per_home="1.54")).front[0]
    assert isinstance(table, Table)
    assert table.rows[0][1:4] == ("164,780",) * 3
    assert table.rows[2][2] == "82.4"


def test_room_that_is_typed_in_is_said_wherever_it_counts(dataset: Dataset) -> None:
    answer = VIEW.answer(asked(dataset, room="3000"))
    assert "12,000 patients; those beyond the 3,000 there is room for need 4.5" in (
        answer.message.finding
    )
    assert "typed in" in answer.message.basis
    assert isinstance(answer.front[0], Table)
    assert answer.front[0].rows[2][2:] == (
        "4.5",
        "5.4",
        "2,000 patients per WTE GP (from 2,000 to 1,800), beyond 3,000",
    )


@pytest.mark.parametrize("homes", [1, 137, MOST_HOMES])
def test_the_numbers_are_those_of_the_command(dataset: Dataset, homes: int) -> None:
    table = VIEW.answer(asked(dataset, dwellings=str(homes))).front[0]
    assert isinstance(table, Table)
    found = what_homes_need(homes, published())
    for row, step in zip(table.rows, STEPS, strict=True):
        scale, decimals = (1e6, 2) if step == "cost_pounds" else (1, 1 if step == "fte_gp" else 0)
        ends = [found[step + end] / scale for end in ("_low", "", "_high")]
        assert row[1:4] == tuple(f"{value:,.{decimals}f}" for value in ends)


def test_who_registers_where_adds_up_to_what_stays_in_the_data(dataset: Dataset) -> None:
    question = asked(dataset, built_in="Thurrock")
    (section,) = VIEW.answer(question).sections
    (table,) = section.blocks(question)
    assert isinstance(table, Table)
    assert table.file is not None
    coming = table.file["coming"]
    assert 10_000 < coming.sum() <= 12_000 + 1e-6
    assert coming.is_monotonic_decreasing
    assert len(table.frame) == 10
    grown = table.file["patients_per_fte_gp"] * (1 + coming / table.file["patients"])
    assert table.file["after"].to_list() == pytest.approx(grown.to_list(), nan_ok=True)


def test_any_place_of_the_area_can_be_asked(dataset: Dataset) -> None:
    question = asked(dataset)
    for place in OPTIONS[1].labels(question):
        one = question.with_options({"built_in": place})
        (section,) = VIEW.answer(one).sections
        assert section.blocks(one)


@pytest.mark.parametrize("homes", ["0", "10000000", "many", "nan"])
def test_a_number_that_can_not_be_is_told(dataset: Dataset, homes: str) -> None:
    with pytest.raises(UserError, match=r"can't be right|is no number"):
        VIEW.answer(asked(dataset, dwellings=homes))
