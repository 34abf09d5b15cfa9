"""The scenario on the table of Plan ahead: listed, undone, saved, never overwritten, opened."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.scenarios.changes import Scenario, ScenarioError
from pcs_dash.store.database import open_database
from pcs_dash.store.documents import ScenarioLibrary
from pcs_dash.store.drafts import open_draft
from pcs_dash.tables.errors import InputFileError
from pcs_dash.tables.paths import ROOT
from pcs_dash.ui import on_table
from pcs_dash.ui.on_table import from_draft
from pcs_dash.ui.scenarios.open_scenario import OpenScenario
from pcs_dash.ui.scenarios.saving import read
from pcs_dash.views.scenario_words import from_text, to_text

# The table alone: what the view makes of it needs no session.
SCRIPT = """
import streamlit as st
from pcs_dash.ui import choices
from pcs_dash.ui.scenarios.panel import at_map, with_table
from pcs_dash.views.plan_ahead import VIEW
view, question = with_table(VIEW, choices.sidebar())
at_map(question)
st.code(question.options.get("scenario", ""))
st.code([option.key for option in view.options])
"""
FIRST = Scenario.from_dict(
    {"version": 1, "name": "First", "years": 5,
     "changes": [{"kind": "close", "from": 2027, "practice": "F81110"}]}
)  # fmt: skip
SECOND = FIRST.switched(0, on=False)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "plans.sqlite"))
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    app = AppTest.from_string(SCRIPT, default_timeout=600)
    app.query_params["area"] = "Thurrock"
    return app


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> OpenScenario:
    """An open story whose draft goes nowhere."""
    monkeypatch.setattr(OpenScenario, "keep", lambda _: None)
    return OpenScenario(token="token")


def press(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception, app.exception[0].stack_trace


def table(app: AppTest) -> OpenScenario:
    held: OpenScenario = app.session_state["scenario-desk"]
    return held


def switch(app: AppTest):
    """The switch of the only change."""
    return next(item for item in app.toggle if (item.key or "").startswith("scenario-on-"))


def test_undo_and_redo_give_back_what_was_there(opened: OpenScenario) -> None:
    for scenario in (FIRST, SECOND, None):
        opened.put(scenario)
    seen = [opened.scenario]
    for _ in range(4):
        opened.undo()
        seen.append(opened.scenario)
    assert seen == [None, SECOND, FIRST, None, None]
    opened.redo()
    assert (opened.scenario, opened.text) == (FIRST, to_text(FIRST))
    opened.put(SECOND)
    assert opened.future == []


def test_a_draft_comes_back_as_it_was(opened: OpenScenario) -> None:
    opened.put(FIRST)
    opened.saved_id, opened.saved_version = 3, 2
    opened.put(SECOND)
    again = OpenScenario.from_dict(json.loads(json.dumps(opened.to_dict())), "token")
    assert (again.scenario, again.text) == (SECOND, to_text(SECOND))
    assert (again.saved_id, again.saved_version) == (3, 2)


def test_two_tabs_of_a_browser_keep_a_draft_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "t" * 20
    with open_database(tmp_path / "plans.sqlite") as database:
        monkeypatch.setattr(on_table, "database", lambda: database)
        monkeypatch.setattr(on_table.person, "draft_token", lambda: token)
        one, two = (
            from_draft("scenario", OpenScenario.from_dict, lambda t: OpenScenario(token=t))
            for _ in "ab"
        )
        one.put(FIRST)
        two.put(SECOND)
        one.put(SECOND)
        one.put(FIRST)
        assert "Both are kept" in two.said
        _, drafts = open_draft(database, token, "scenario")
        kept = [OpenScenario.from_dict(draft.document, token).scenario for draft in drafts]
        assert kept == [FIRST, SECOND]
        again = from_draft("scenario", OpenScenario.from_dict, lambda t: OpenScenario(token=t))
        assert again.scenario == FIRST
        assert [draft.kind for draft in again.other_drafts] == [two.place.name]


def test_a_file_that_is_none_is_told() -> None:
    assert read(json.dumps(FIRST.to_dict()).encode(), "a.json") == FIRST
    with pytest.raises(ScenarioError, match="no JSON"):
        read(b"{", "a.json")
    with pytest.raises(ScenarioError, match="reads version 1"):
        read(json.dumps(FIRST.to_dict() | {"version": 2}).encode(), "a.json")
    with pytest.raises(InputFileError):
        read(b"\xff\xfe\xfa", "a.json")


def test_listed_switched_saved_and_never_overwritten(page: AppTest, tmp_path: Path) -> None:
    page.query_params["scenario"] = to_text(FIRST)
    page.run()
    assert not page.exception, page.exception[0].stack_trace
    assert table(page).scenario == FIRST
    assert "Tilbury Health Centre" in switch(page).label
    press(page, "scenario-save-new")
    switch(page).set_value(False).run()
    assert table(page).scenario == SECOND
    [carried] = page.session_state["address"].drawn["scenario"]
    assert from_text(carried) == SECOND
    assert any("with your changes since" in caption.value for caption in page.caption)
    with open_database(tmp_path / "plans.sqlite") as database:
        books = ScenarioLibrary(database)
        (entry,) = books.entries()
        books.save(entry.id, 1, FIRST.to_dict(), name="Theirs", author="Ann")
    press(page, "scenario-save")
    assert any("Ann" in warning.value for warning in page.warning)
    press(page, "scenario-copy")
    with open_database(tmp_path / "plans.sqlite") as database:
        names = {item.name for item in ScenarioLibrary(database).entries()}
    assert names == {"Theirs", "First (copy)"}


def test_a_practice_chosen_on_the_map_is_changed_where_it_is_named(page: AppTest) -> None:
    page.session_state["at"] = "F81110"
    page.run()
    assert table(page).scenario is None
    press(page, "scenario-at-1")
    more = table(page).scenario
    assert more is not None
    staff = more.changes[-1]
    assert (staff.kind, staff.year) == ("staff", 2027)
    assert from_text(page.code[0].value) == more
    # What is typed over is in the scenario, and can be taken back.
    page.selectbox(key="scenario-assumption").set_value("residents_per_dwelling").run()
    box = next(item for item in page.number_input if item.label == "Central")
    box.set_value(2.0).run()
    press(page, "scenario-assume")
    assert table(page).scenario.assumptions == {"residents_per_dwelling": (1.54, 2.0, 2.53)}
    press(page, "scenario-published")
    assert table(page).scenario.assumptions == {}


def test_homes_come_in_the_shape_and_a_practice_opens_at_the_point_that_are_drawn(
    page: AppTest,
) -> None:
    shape = "51.5, 0.35; 51.53, 0.36; 51.52, 0.41"
    page.session_state["scenario-drawn"] = shape
    page.run()
    page.number_input(key="scenario-drawn-homes").set_value(250)
    press(page, "scenario-drawn-0")
    homes = table(page).scenario.changes[-1]
    assert (homes.kind, homes.a_year, homes.where) == ("homes", 250, shape)
    # What was drawn has become a change; a point offers a practice, too.
    assert "scenario-drawn" not in page.session_state
    page.session_state["scenario-drawn"] = "51.52, 0.4"
    page.run()
    press(page, "scenario-drawn-1")
    opens = table(page).scenario.changes[-1]
    assert (opens.kind, opens.latitude, opens.longitude) == ("open", 51.52, 0.4)
    assert from_text(page.code[0].value) == table(page).scenario


def test_the_boxes_become_a_list_and_come_back(page: AppTest) -> None:
    page.session_state["close"] = "F81110"
    page.run()
    assert page.code[0].value == ""
    press(page, "scenario-begin")
    listed = table(page).scenario
    assert listed is not None
    assert any(getattr(change, "practice", "") == "F81110" for change in listed.changes)
    assert from_text(page.code[0].value) == listed
    assert "years" not in page.code[1].value
    page.selectbox(key="scenario-patients-go").set_value("hub").run()
    page.number_input(key="scenario-follow").set_value(50)
    press(page, "scenario-add")
    assert table(page).scenario is not None
    assert len(table(page).scenario.changes) == len(listed.changes) + 1
    closes = table(page).scenario.changes[-1]
    assert (closes.to, closes.staff_follow) == (("hub",), 0.5)
    # Its year is typed over where it stands; what can't be is told, and nothing is lost.
    place = len(listed.changes)
    for year, kept in ((1000, closes), (2030, replace(closes, year=2030))):
        press(page, f"scenario-edit-{table(page).stamp}-{place}")
        box = next(each for each in page.number_input if "edit-from" in (each.key or ""))
        box.set_value(year)
        press(page, "scenario-edit-take")
        assert table(page).scenario.changes[-1] == kept
    press(page, "scenario-end")
    assert table(page).scenario is None
    assert "years" in page.code[1].value
