"""Every view as data: what programs read, of Thurrock as embedded and with less known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import Beside, Chart, MapBlock, Table
from pcs_dash.views.as_data import answer_as_data
from pcs_dash.views.question import Question, ask
from pcs_dash.views.registry import VIEWS

# Of official data, which are not loaded here.
OF_LOADED_DATA = ("england", "lists")


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "nothing"))


@pytest.fixture
def thurrock(dataset: Dataset) -> Question:
    return ask(dataset, find_area("thurrock"))


def tables(question: Question, topic: str) -> Iterator[Table]:
    answer = VIEWS[topic].answer(question)
    blocks = [*answer.front, *(b for each in answer.sections for b in each.blocks(question))]
    for block in blocks:
        parts = [b for c in block.columns for b in c] if isinstance(block, Beside) else [block]
        yield from (part for part in parts if isinstance(part, Table))


@pytest.mark.parametrize("topic", sorted(set(VIEWS) - set(OF_LOADED_DATA)))
def test_every_view_is_data_with_all_columns_of_its_tables(thurrock: Question, topic: str) -> None:
    view = VIEWS[topic]
    found = answer_as_data(view, thurrock, view.answer(thurrock))
    json.dumps(found, allow_nan=False)
    blocks = [*found["front"], *(b for each in found["sections"] for b in each["blocks"])]
    rows = [block["rows"] for block in blocks if block["kind"] == "table"]
    shown = list(tables(thurrock, topic))
    assert len(rows) == len(shown)
    for told, table in zip(rows, shown, strict=True):
        # Some are a file alone, without a column on the page.
        assert len(told) == (len(table.frame) if table.on_page else 0)
        assert {len(row) for row in told} <= {len(table.on_page)}


def test_a_plan_called_as_a_column_is_there_beside_it(dataset: Dataset) -> None:
    area = find_area("thurrock")
    pcns = ask(dataset, area).shown_plan
    question = ask(dataset, area, plan=pcns, plan_name="Measure")
    view = VIEWS["options"]
    found = answer_as_data(view, question, view.answer(question))
    (rows,) = (block["rows"] for block in found["front"] if block["kind"] == "table")
    assert list(rows[0]) == ["Measure", "Today's PCNs", "Measure (3)"]


def test_what_is_not_loaded_is_refused(thurrock: Question) -> None:
    answers = (VIEWS[topic].answer for topic in OF_LOADED_DATA)
    assert all(_refused(answer, thurrock) for answer in answers)


def _refused(answer: Any, question: Question) -> bool:
    try:
        return bool(answer(question).refusal)
    except UserError:
        return True


def test_where_no_quintile_is_known_there_is_a_map_and_no_chart(dataset: Dataset) -> None:
    known = [name for name in dataset.practices.columns if "quintile" in name]
    bare = replace(dataset, practices=dataset.practices.assign(**dict.fromkeys(known, np.nan)))
    answer = VIEWS["deprivation"].answer(ask(bare, find_area("thurrock")))
    assert isinstance(answer.front[0], MapBlock)
    assert not any(isinstance(block, Chart) for block in answer.front)


def test_an_area_whose_only_practice_closes_is_told_to_its_last_year(dataset: Dataset) -> None:
    alone = ask(dataset, find_area("redbridge-district"))
    (code,) = alone.practices.index
    question = alone.with_options({"close": str(code)})
    view = VIEWS["plan_ahead"]
    found = answer_as_data(view, question, view.answer(question))
    json.dumps(found, allow_nan=False)
    assert "no practice here is left with a figure" in found["finding"]
    assert any(block["kind"] == "map" for s in found["sections"] for block in s["blocks"])
