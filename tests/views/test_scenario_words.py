"""A scenario as sentences, and its way through an address into the view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.official.any_area import find_area
from pcs_dash.scenarios.changes import Scenario, ScenarioError
from pcs_dash.store.links import LinkError
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import Bullets, Chart, Table
from pcs_dash.views.plan_ahead import VIEW, scenario_of
from pcs_dash.views.question import Question, ask
from pcs_dash.views.scenario_words import from_text, sentence, to_text
from pcs_dash.views.story import SavedView

CHANGES = [
    ({"kind": "homes", "from": 2026, "to_year": 2030, "a_year": 1_000, "where": "Thurrock"},
     "From 2026 to 2030 1,000 homes a year are built in Thurrock."),
    ({"kind": "population", "from": 2026, "per_cent": [0, 0.5, 1]},
     "From 2026 patients of all practices change by 0.5% (0.0 to 1.0) a year."),
    ({"kind": "leave", "from": 2026, "ages": "retirement", "on": False},
     "From 2026 GPs aged 55 and over leave at England's rates, in all practices (switched off)."),
    ({"kind": "join", "from": 2026, "where": "Thurrock"},
     "From 2026 GPs who finish their training join, in Thurrock."),
    ({"kind": "staff", "from": 2027, "role": "nurse", "fte": -1.5, "where": "f81110"},
     "From 2027 there are 1.5 FTE nurses fewer in Tilbury (F81110)."),
    ({"kind": "close", "from": 2027, "practice": "F81110", "staff_follow": 0.5},
     "In 2027 Tilbury (F81110) closes; its patients go where others of their small area are "
     "registered; 50% of its staff go with them."),
    ({"kind": "close", "from": 2027, "practice": "F81003", "to": "hub"},
     "In 2027 F81003 closes; its patients go to the rest of its hub; its staff leave."),
    ({"kind": "close", "from": 2027, "practice": "F81003", "to": ["F81110", "F81088"],
      "staff_follow": 1, "premises": "f81110"},
     "In 2027 F81003 closes; its patients go to Tilbury (F81110) and F81088; its staff go with "
     "them; Tilbury (F81110) has its premises."),
    ({"kind": "merge", "from": 2028, "practices": ["F81110", "F81088"]},
     "In 2028 F81088 becomes one list and one team with Tilbury (F81110); the premises of Tilbury "
     "(F81110) stay."),
    ({"kind": "merge", "from": 2028, "practices": ["F81110", "A", "B"], "sites": ["A", "B"]},
     "In 2028 A and B become one list and one team with Tilbury (F81110); the premises of A and B "
     "stay."),
    ({"kind": "merge", "from": 2028, "practices": ["F81110", "A"], "sites": ["A", "F81110"]},
     "In 2028 A becomes one list and one team with Tilbury (F81110); all premises stay."),
    ({"kind": "open", "from": 2028, "code": "NEW1", "name": "New", "longitude": 0.3,
      "latitude": 51.5, "gp": 3},
     "From 2028 New (NEW1) opens with 3 FTE GPs."),
]  # fmt: skip


def scenario(*changes: dict, **more: object) -> Scenario:
    document = {"version": 1, "name": "Mine", "years": 10, "changes": list(changes), **more}
    return Scenario.from_dict(document)


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_a_change_is_a_sentence(change: dict, said: str) -> None:
    assert sentence(scenario(change).changes[0], {"F81110": "Tilbury"}) == said


@given(
    st.lists(st.sampled_from([change for change, _ in CHANGES]), max_size=20),
    st.text(min_size=1, max_size=50).filter(str.strip),
)
def test_an_address_brings_back_the_same_scenario(changes: list[dict], name: str) -> None:
    try:
        whole = scenario(*changes, name=name)
        text = to_text(whole)
    except (ScenarioError, LinkError):
        # Half a character, which no link can carry.
        assert not name.isprintable()
        return
    assert from_text(text) == whole


def test_a_damaged_text_is_told() -> None:
    text = to_text(scenario(CHANGES[0][0]))
    with pytest.raises(LinkError, match="damaged"):
        from_text(text[:-3])
    with pytest.raises(LinkError, match="no link to a scenario"):
        from_text(text.replace("c1.", "s1."))


def asked(dataset: Dataset, whole: Scenario) -> Question:
    return ask(dataset, find_area("Thurrock"), options={"scenario": to_text(whole)})


def test_a_scenario_stands_in_place_of_the_boxes(dataset: Dataset) -> None:
    """The same changes give the same figures, whoever lists them."""
    boxes = ask(dataset, find_area("Thurrock"), options={"close": "F81110", "years": "5"})
    listed = asked(dataset, scenario_of(boxes, 2025))
    mine, theirs = VIEW.answer(listed), VIEW.answer(boxes)
    assert mine.message.finding == theirs.message.finding
    (happens,) = [section for section in mine.sections if section.key == "happens"]
    (said,) = happens.blocks(listed)
    assert isinstance(said, Bullets)
    assert any("Tilbury Health Centre (F81110) closes" in line for line in said.items)
    assert [section.key for section in mine.sections] == [each.key for each in theirs.sections]


def test_what_was_typed_over_is_marked(dataset: Dataset) -> None:
    whole = scenario(CHANGES[0][0], assumptions={"residents_per_dwelling": [1.5, 2, 3]})
    question = asked(dataset, whole)
    answer = VIEW.answer(question)
    assert "typed in: residents per dwelling" in answer.message.text
    part = next(section for section in answer.sections if section.key == "assumptions")
    (table,) = [block for block in part.blocks(question) if isinstance(block, Table)]
    typed = table.frame[table.frame["typed"]]
    assert typed["label"].to_list() == ["residents per dwelling (typed in)"]
    # The published figure stays to be seen, with its source.
    assert typed["source"].iloc[0].startswith("Typed in over 1.54, 2.4, 2.53: low: Transforming")


def test_a_closure_that_nobody_takes_is_told_in_its_section(dataset: Dataset) -> None:
    closing = {"kind": "close", "from": 2027, "practice": "F81110", "to": "NOWHERE"}
    question = asked(dataset, scenario(closing))
    with pytest.raises(ScenarioError, match="no practice NOWHERE"):
        VIEW.answer(question)


def test_two_scenarios_stand_beside_doing_nothing(dataset: Dataset) -> None:
    """A scenario compared with itself differs by nothing; the lines are those of each alone."""
    closing = scenario({"kind": "close", "from": 2027, "practice": "F81110"}, years=5)
    staffed = scenario(
        {"kind": "staff", "from": 2027, "role": "gp", "fte": 5, "where": "Thurrock"}, years=5
    )
    question = asked(dataset, closing).with_options({"against": to_text(staffed)})
    answer = VIEW.answer(question)
    chart = answer.front[0]
    assert isinstance(chart, Chart)
    alone = VIEW.answer(asked(dataset, staffed)).front[0]
    assert isinstance(alone, Chart)
    lines = {series.name: series.values for series in chart.series}
    assert lines["Mine"] == next(
        series.values for series in alone.series if series.name == "With what is decided"
    )
    (section,) = [section for section in answer.sections if section.key == "compare"]
    (table,) = section.blocks(question)
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["Nothing is done", "This scenario", "Mine"]
    same = question.with_options({"against": to_text(closing)})
    (table,) = VIEW.answer(same).sections[1].blocks(same)
    assert isinstance(table, Table)
    assert "are the same in patients per FTE GP in every draw" in table.note
    assert table.rows[1][1:] == table.rows[2][1:]


def test_scenarios_of_different_years_are_not_compared(dataset: Dataset) -> None:
    longer = scenario(years=9)
    question = asked(dataset, scenario()).with_options({"against": to_text(longer)})
    with pytest.raises(UserError, match="looks 9 years ahead, this one 10"):
        VIEW.answer(question)


def test_a_story_keeps_a_scenario() -> None:
    text = to_text(scenario(*(change for change, _ in CHANGES)))
    assert len(text) > 120
    view = SavedView(page="plan_ahead", options={"scenario": text})
    assert SavedView.from_dict(view.to_dict()).options["scenario"] == text
