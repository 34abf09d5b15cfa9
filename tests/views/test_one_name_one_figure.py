"""One name, one figure: whatever view says it of the same area, place, PCN or practice. And what
slides make of the same answers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import pandas as pd
import pytest

from pcs_dash.official.any_area import find_area
from pcs_dash.scenarios.changes import Scenario
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.answer import Answer, Beside, Block, Chart, Table
from pcs_dash.views.cells import cell_text
from pcs_dash.views.question import Question, ask
from pcs_dash.views.registry import VIEWS
from pcs_dash.views.scenario_words import to_text
from pcs_dash.views.slides import slides_of
from pcs_dash.views.story import SavedView

Answers = dict[str, Answer]
Found = dict[tuple[str, str], dict[str, set[str]]]
# Views that ask what would be.
WHAT_IF = ("plan_ahead", "new_homes")
# Views whose headline figures are of the one practice or PCN that is chosen there.
OF_ONE = ("similar", "catchment")
# Four lines at 1024 x 768.
MOST_WORDS = 53
# What belongs to the coefficient beside it.
OF_ANOTHER_FIGURE = ("p", "95% interval")


def blocks_of(question: Question, answer: Answer) -> Iterator[Block]:
    """Every block of an answer and its sections, those side by side one by one."""
    shown = [*answer.front, *answer.below]
    for section in answer.sections:
        shown += section.blocks(question)
    for block in shown:
        yield from (
            (part for column in block.columns for part in column)
            if isinstance(block, Beside)
            else (block,)
        )


def group_of(cell: object) -> str:
    return str(cell).removesuffix(" (all)").casefold()


def cells_of(table: Table) -> Iterator[tuple[str, str, str]]:
    """Group (the row's name), measure (the column's label) and figure as it is written; of rows
    that have their name to themselves.
    """
    if not table.on_page:
        return
    first, *columns = table.on_page
    for _, row in table.frame[~table.frame[first.key].duplicated(keep=False)].iterrows():
        for column in columns:
            value = row[column.key]
            if not isinstance(value, str) and not pd.isna(value):
                yield group_of(row[first.key]), column.label, cell_text(value, column.form)


@pytest.fixture(scope="module", params=["thurrock", "mid and south essex", "essex"])
def answered(dataset: Dataset, request: pytest.FixtureRequest) -> tuple[Question, Answers]:
    """An area's question and what every view answers."""
    question = ask(dataset, find_area(request.param))
    return question, {key: view.answer(question) for key, view in VIEWS.items()}


def test_a_picture_answers_one_question(answered: tuple[Question, Answers]) -> None:
    """No view opens with the chart of another."""
    _, answers = answered
    shown = Counter(
        block.series
        for each in answers.values()
        for block in each.front
        if isinstance(block, Chart)
    )
    assert len(shown) > 5
    assert [[one.name for one in twice] for twice, times in shown.items() if times > 1] == []


def test_a_figure_of_one_name_is_one_figure(answered: tuple[Question, Answers]) -> None:
    question, answers = answered
    found: Found = defaultdict(lambda: defaultdict(set))
    for key, answer in answers.items():
        if key in WHAT_IF:
            continue
        subject = key if key in OF_ONE else question.name.casefold()
        for figure in answer.figures:
            found[subject, figure.label][figure.value].add(key)
        for block in blocks_of(question, answer):
            if isinstance(block, Table):
                for group, name, text in cells_of(block):
                    found[group, name][text].add(f"{key}: {block.caption}")
    several = {
        what: dict(told)
        for what, told in found.items()
        if len(told) > 1 and what[1] not in OF_ANOTHER_FIGURE
    }
    assert len(found) > 100
    assert not several, "\n".join(f"{what}: {told}" for what, told in several.items())


def test_the_message_of_a_slide_is_short_and_names_no_interval_that_is_none(
    answered: tuple[Question, Answers],
) -> None:
    question, answers = answered
    shown = 0
    for key, answer in answers.items():
        saved = SavedView(VIEWS[key].page, key, area=question.area.key)
        for slide in [] if answer.refusal else slides_of(saved, question, answer, ""):
            shown += 1
            words = slide.message.replace(question.name, "X").split()
            assert len(words) <= MOST_WORDS, f"{key}: {slide.message}"
            figures = [" ".join(figure) for figure in slide.figures]
            for text in (slide.message, *slide.notes, *figures):
                assert "% interval no interval" not in text, f"{key}: {text}"
                assert "no interval 95%" not in text, f"{key}: {text}"
    assert shown > 20


CLOSE = {"kind": "close", "from": 2027, "practice": "F81110"}
CHANGES = [
    CLOSE,
    {"kind": "staff", "from": 2027, "role": "gp", "fte": -2, "where": "F81206"},
    {"kind": "homes", "from": 2026, "a_year": 500, "where": "Thurrock"},
    {"kind": "leave", "from": 2026},
    {"kind": "merge", "from": 2028, "practices": ["F81010", "F81206"], "sites": ["F81206"]},
]


@pytest.mark.parametrize("compared", [False, True], ids=["alone", "compared"])
@pytest.mark.parametrize("many", [1, 2, 5])
def test_the_message_of_a_scenario_is_short(dataset: Dataset, many: int, compared: bool) -> None:
    """In Thurrock and around it, whatever is decided; in the boxes' words and as a list."""
    document = {"version": 1, "name": "Mine", "years": 5, "changes": CHANGES[:many]}
    text = to_text(Scenario.from_dict(document))
    other = to_text(Scenario.from_dict(document | {"changes": [CLOSE]}))
    asked = {"scenario": text} | ({"against": other} if compared else {})
    for area in map(find_area, ("Thurrock", "Essex")):
        question = ask(dataset, area, options=asked)
        answer = VIEWS["plan_ahead"].answer(question)
        saved = SavedView("plan_ahead", "plan_ahead", area=area.key, options=asked)
        (slide,) = slides_of(saved, question, answer, "")
        words = slide.message.replace(question.name, "X").split()
        assert len(words) <= MOST_WORDS, slide.message
        assert "With what is decided" in slide.message
