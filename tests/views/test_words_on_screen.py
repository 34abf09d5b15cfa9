"""What a commissioner reads: no shell command, one word for full-time equivalent."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.hubs.rules import default_rules
from pcs_dash.hubs.suggesting.request import SuggestedHub, Suggestion, SuggestRequest
from pcs_dash.measures.glossary import TERMS
from pcs_dash.measures.workforce import BENCHMARK_LABELS
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.tables.sources import ATTRIBUTION
from pcs_dash.views import board_request, costs, hub_plans
from pcs_dash.views.answer import Chart, Table
from pcs_dash.views.content import build_deck
from pcs_dash.views.question import ask
from pcs_dash.views.story import Story

PACKAGE = ROOT / "pcs_dash"
# Where whoever runs the server is told what to type, and what the command line itself says.
FOR_OPERATORS = {"ui/official_data.py"}
SHOWN = [
    path
    for room in ("views", "ui", "measures", "hubs", "render")
    for path in sorted((PACKAGE / room).rglob("*.py"))
    if str(path.relative_to(PACKAGE)) not in FOR_OPERATORS
]


def texts(path: Path) -> Iterator[str]:
    """The strings of a module but its docstrings, an f-string's parts joined."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documents
        ):
            yield node.value


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_command_and_no_wte_in_what_is_shown(path: Path) -> None:
    for text in texts(path):
        assert "python -m" not in text, text
        # A setting's name stands alone, as what is read, not in a sentence.
        assert not re.search(r"PCS_DASH_\w+", text) or re.fullmatch(r"PCS_DASH_\w+", text), text
        if "`" in text:
            # A pattern that looks for backticks, not a sentence with some.
            assert not re.search(r"`[\w ./-]+`", text), text
        # The published rule's own words, and the glossary's one explanation, are quotations.
        if re.search(r"\bWTEs?\b", text):
            assert (
                "Transforming Primary Care" in text
                or '"WTE"' in text
                or text == "WTE"
                or (path.name == "workforce.py" and text.startswith(" WTE GPs: Transforming"))
            ), text


def test_fte_is_explained_once() -> None:
    assert [term.word for term in TERMS if "37.5" in term.meaning] == ["FTE"]


def test_definitions_take_one_slide_and_keep_their_sources(dataset: Dataset) -> None:
    deck = build_deck(dataset, Story("Empty"), area=find_area("Thurrock"))
    (slide,) = deck.slides
    (table,) = slide.blocks
    assert isinstance(table, Table)
    assert table.overflow == "top"
    assert len(table.rows) < 10
    assert [row[0] for row in table.rows][-1] == "Rules"
    for rule in default_rules(dataset.published):
        assert rule.label in table.rows[-1][1]
    assert "MHCLG" in table.note
    assert ATTRIBUTION in table.note


def test_two_equal_bars_are_not_drawn(dataset: Dataset) -> None:
    area = find_area("Thurrock")
    today = plan_from_column(area.select(dataset.practices), "pcn")
    question = ask(dataset, area, plan=today, plan_name="A copy")
    (section,) = costs.VIEW.answer(question).sections
    assert not any(isinstance(block, Chart) for block in section.blocks(question))
    assert "as today's PCNs do" in section.message


def test_several_plans_stand_side_by_side(dataset: Dataset) -> None:
    area = find_area("Thurrock")
    practices = area.select(dataset.practices)
    whole, today = (plan_from_column(practices, column) for column in ("district", "pcn"))
    others = {"A copy": today, "One": whole}
    question = ask(dataset, area, plan=whole, plan_name="One", others=others)
    names = ("Measure", "Today's PCNs", "One", "A copy", "One (2)")
    options = hub_plans.OPTIONS.answer(question)
    assert options.front[1].columns == names
    # On a screen the map stands alone: the message and the figures are those of every grouping.
    assert "Today's PCNs 2 of 4, One 0 of 1, A copy 2 of 4 and" in options.message.finding
    assert [figure.value for figure in options.figures] == ["2 of 4", "0 of 1", "2 of 4", "0 of 1"]
    (section,) = costs.VIEW.answer(question).sections
    assert section.blocks(question)[-1].columns == names
    moved = question.practices["pcn"].value_counts().iloc[1:].sum()
    assert f"{moved} with One, 0 with A copy" in section.message
    asked = board_request.VIEW.answer(question).front[0].items[-1]
    assert "Today's PCNs (2 of 4), One (0 of 1), A copy (2 of 4) and One (2) (0 of 1)" in asked


def test_one_grouping_is_not_called_options(dataset: Dataset) -> None:
    area = find_area("Thurrock")
    alone = hub_plans.OPTIONS.answer(ask(dataset, area))
    assert alone.heading == "Thurrock: today's PCNs"
    today = plan_from_column(area.select(dataset.practices), "pcn")
    both = hub_plans.OPTIONS.answer(ask(dataset, area, plan=today, plan_name="A copy"))
    assert both.heading == ""
    # One plan keeps the headline of its page, with today's beside it.
    assert both.message.finding.removeprefix("A copy: ") == alone.message.finding.removeprefix(
        "Today's PCNs: "
    )
    assert both.message.caution == "Today's PCNs: 2 of 4 with 30,000 to 50,000 patients."


@pytest.mark.parametrize(
    ("unit", "words"), [("patient-km", "2.5 km a patient on average"), ("patients", "5,000.0 pat")]
)
def test_how_far_a_suggestion_goes_is_told_a_patient(unit: str, words: str) -> None:
    hub = SuggestedHub("Hub 1", ("F1",), 2_000, "F1", 2.5, None, None, False)
    answer = Suggestion(
        "optimal",
        SuggestRequest(),
        1.0,
        hubs=(hub,),
        objective_value=5_000.0,
        unit=unit,
        measures={"distance": 5_000.0},
    )
    assert answer.value_words.startswith(words)
    assert replace(answer, objective_value=None).value_words == ""


@pytest.mark.parametrize("text", ["1,800 per WTE rule", "1,800 per FTE GP rule", "rule"])
def test_the_rule_of_2014_is_read_by_its_earlier_name_too(dataset: Dataset, text: str) -> None:
    question = ask(dataset, find_area("Thurrock"), {"benchmark": text})
    assert question.benchmark.label == BENCHMARK_LABELS["rule"]
