"""Present and pack: views are added, moved, renamed, removed; stories saved, shared, imported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.hubs.history import History
from pcs_dash.hubs.plan import Plan
from pcs_dash.official.any_area import find_area
from pcs_dash.store.database import open_database
from pcs_dash.store.documents import StoryLibrary
from pcs_dash.store.links import make_link, make_short_link, open_link
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.ui.hubs.map_events import PaintedPlan
from pcs_dash.ui.hubs.open_plan import OpenPlan
from pcs_dash.views.position import Position
from pcs_dash.views.story import SavedView, Story, ready_made

# Without the menu: AppTest runs a page of a menu through a rerun, in which a button that was
# pressed is no longer pressed.
SCRIPT = """
import runpy
import streamlit as st
from pcs_dash.ui import choices
choices.of_this_run.set(choices.sidebar())
runpy.run_path("pages/present_and_pack.py")
"""
READY = ready_made(find_area("thurrock"))
HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "plans.sqlite"))
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    app = AppTest.from_string(SCRIPT, default_timeout=120)
    app.query_params["area"] = "Thurrock"
    return app


def press(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception


def story(app: AppTest) -> Story:
    """The story on the table."""
    held: Story = app.session_state["story-desk"].story
    return held


def headings(app: AppTest) -> list[str]:
    return [view.heading for view in story(app).views]


def field(app: AppTest, label: str):
    """A field by its label: its key changes with what it is for."""
    return next(item for item in [*app.text_input, *app.text_area] if item.label == label)


def test_the_page_begins_with_the_ready_made_story_of_the_area(run_page) -> None:
    app = run_page("stories", area="thurrock")
    assert app.title[0].value == "Present and pack: Thurrock"
    assert headings(app) == [view.heading for view in READY.views]
    assert [view.area for view in story(app).views] == ["thurrock"] * len(READY.views)


def test_move_remove_and_undo(page: AppTest) -> None:
    page.run()
    first, second, *rest = headings(page)
    press(page, "story-down")
    assert headings(page) == [second, first, *rest]
    # The view that was moved stays chosen.
    press(page, "story-down")
    assert headings(page) == [second, rest[0], first, *rest[1:]]
    press(page, "story-up")
    press(page, "story-remove")
    assert headings(page) == [second, *rest]
    press(page, "story-undo")
    press(page, "story-undo")
    press(page, "story-undo")
    press(page, "story-undo")
    assert headings(page) == [first, second, *rest]
    assert page.button(key="story-undo").disabled


def test_add_rename_and_text(page: AppTest) -> None:
    page.run()
    page.selectbox(key="story-topic").set_value("ask").run()
    press(page, "story-add")
    assert headings(page)[1] == "What we ask for"
    field(page, "Title").set_value(HOSTILE).run()
    field(page, "Your line under the title").set_value("Say this").run()
    field(page, "Name of the story").set_value("For the board").run()
    assert not page.exception
    assert story(page).name == "For the board"
    (picture,) = page.get("image")
    assert picture.proto.imgs[0].alt.startswith("Slide: ")
    view = story(page).views[1]
    assert (view.title, view.text, view.topic) == (HOSTILE, "Say this", "ask")
    # Shown letter by letter, not as Markdown or HTML.
    option = page.radio(key="story-at").options[1]
    assert r"\<img" in option
    assert r"\*\*bold\*\*" in option


def test_every_view_takes_the_sidebar_s_area_and_switches(page: AppTest) -> None:
    page.run()
    field(page, "Name of the story").set_value("Mine").run()
    page.selectbox(key="area").set_value("southend").run()
    page.selectbox(key="gp").set_value("permanent").run()
    assert {view.area for view in story(page).views} == {"thurrock"}
    press(page, "story-take-all")
    assert {view.area for view in story(page).views} == {"southend"}
    assert {view.switches["gp"] for view in story(page).views} == {"permanent"}


def test_saved_as_versions_and_opened_again(page: AppTest, tmp_path: Path) -> None:
    page.run()
    field(page, "Name of the story").set_value("For the board").run()
    press(page, "story-save-new")
    press(page, "story-remove")
    press(page, "story-save")
    with open_database(tmp_path / "plans.sqlite") as database:
        books = StoryLibrary(database)
        (entry,) = books.entries()
        assert (entry.name, entry.latest_version) == ("For the board", 2)
        lengths = [len(Story.from_dict(books.open(entry.id, n).document).views) for n in (1, 2)]
    assert lengths == [len(READY.views), len(READY.views) - 1]
    # The library is read once its box is open.
    assert not any((button.key or "").startswith("story-open-") for button in page.button)
    page.session_state["story-saved"] = True
    page.run()
    press(page, f"story-open-{entry.id}")
    assert len(story(page).views) == len(READY.views) - 1


def test_another_s_version_is_never_overwritten(page: AppTest, tmp_path: Path) -> None:
    page.run()
    field(page, "Name of the story").set_value("For the board").run()
    press(page, "story-save-new")
    with open_database(tmp_path / "plans.sqlite") as database:
        books = StoryLibrary(database)
        (entry,) = books.entries()
        theirs = Story("Theirs", (SavedView(area="essex"),))
        books.save(entry.id, 1, theirs.to_dict(), name="Theirs", author="Ann")
    press(page, "story-remove")
    press(page, "story-save")
    assert any("Ann" in warning.value for warning in page.warning)
    press(page, "story-copy")
    with open_database(tmp_path / "plans.sqlite") as database:
        names = {item.name for item in StoryLibrary(database).entries()}
    assert names == {"Theirs", "For the board (copy)"}


def test_a_bad_file_is_told_and_the_story_stays(page: AppTest) -> None:
    page.run()
    before = story(page)
    for name, content in (
        ("a.json", b"{"),
        ("b.json", b'{"version": 1, "views": [{"page": "x"}]}'),
    ):
        page.file_uploader(key="story-file").upload(name, content, "application/json").run()
        press(page, "story-import")
        (error,) = page.error
        assert name.replace(".", r"\.") in error.value
        assert "Your story is as it was" in error.value
        assert story(page) == before


def test_an_exported_story_is_imported(page: AppTest) -> None:
    page.run()
    given = Story("From a file", (SavedView(area="essex", text="Hello"),))
    page.file_uploader(key="story-file").upload(
        "story.json", json.dumps(given.to_dict()).encode(), "application/json"
    ).run()
    press(page, "story-import")
    assert story(page) == given


def test_a_link_opens_its_story_once(page: AppTest, dataset: Dataset) -> None:
    given = Story("By link", (SavedView(area="essex", highlight="F81110"),))
    link = make_link(
        given.to_dict(),
        dataset.practices.index,
        data_period=dataset.workforce_period,
        kind="story",
    )
    page.query_params["story"] = link
    page.run()
    assert not page.exception
    assert story(page) == given
    [carried] = page.session_state["address"].drawn["story"]
    assert open_link(carried, dataset.practices.index, kind="story").document == given.to_dict()
    press(page, "story-undo")
    assert headings(page) == [view.heading for view in READY.views]


def test_a_short_link_opens_the_version_it_was_made_of(page: AppTest, tmp_path: Path) -> None:
    given = Story("Short", (SavedView(area="essex"),))
    with open_database(tmp_path / "plans.sqlite") as database:
        saved = StoryLibrary(database).create(given.to_dict(), name=given.name)
        page.query_params["story"] = make_short_link(database, saved)
    page.run()
    assert story(page) == given


def test_a_damaged_link_is_told(page: AppTest) -> None:
    page.query_params["story"] = "s1.nonsense"
    page.run()
    assert "Your story is as it was" in page.error[0].value
    assert headings(page) == [view.heading for view in READY.views]


def on_table(app: AppTest) -> Plan:
    """Put a plan of two hubs on the table, as the page Hubs does."""
    plan = Plan().add_hub("Riverside").add_hub("Northern heights")
    plan = plan.assign(["F81010", "F81082"], plan.hubs[0].id)
    painted = PaintedPlan(history=History(present=plan))
    app.session_state["hub-work"] = OpenPlan(painted, (), "token-of-a-browser", name="Two hubs")
    return plan


def test_the_plan_on_the_table_is_in_the_ready_made_story_and_in_views_it_belongs_to(
    page: AppTest,
) -> None:
    plan = on_table(page)
    page.run()
    with_plan = [view.topic for view in story(page).views if view.plan == plan]
    assert with_plan == ["options", "hubs", "costs", "ask"]
    for topic, held in (("ask", True), ("catchment", True), ("lists", True), ("where", False)):
        page.selectbox(key="story-topic").select(topic).run()
        press(page, "story-add")
        view = story(page).views[page.session_state["story-desk"].at]
        assert (view.topic, view.plan == plan) == (topic, held)


def test_what_a_view_points_at_is_chosen_and_its_map_put_back(page: AppTest) -> None:
    on_table(page)
    page.run()
    page.radio(key="story-at").set_value(5).run()

    def pointing():
        return next(box for box in page.selectbox if box.label == "Point at")

    assert pointing().options[:3] == ["Nothing", "Hub: Riverside", "Hub: Northern heights"]
    pointing().select("Riverside").run()
    assert story(page).views[5].highlight == "Riverside"
    page.radio(key="story-at").set_value(0).run()
    assert "Hub: Riverside" not in pointing().options
    pointing().select("F81110").run()
    assert story(page).views[0].highlight == "F81110"
    pointing().select("").run()
    assert story(page).views[0].highlight == ""
    opened = page.session_state["story-desk"]
    opened.put(opened.story.change(0, position=Position(51.5, 0.4, 12)))
    page.run()
    press(page, "story-unplace")
    assert story(page).views[0].position is None
    assert not [button for button in page.button if button.key == "story-unplace"]


def test_plans_and_a_suggestion_are_put_beside_todays_pcns(page: AppTest) -> None:
    plan = on_table(page)
    page.run()
    # The library is not read for a list that nobody has opened.
    assert "story-options" not in [box.key for box in page.multiselect]
    page.session_state["story-options-box"] = True
    page.run()
    page.multiselect(key="story-options").select("Two hubs")
    page.toggle(key="story-suggestion").set_value(True)
    press(page, "story-options-show")
    view = next(view for view in story(page).views if view.topic == "options")
    assert (view.plan, view.plan_name) == (plan, "Two hubs")
    ((name, suggested),) = view.others
    assert name == "Suggestion (proven shortest)"
    assert len(suggested.assignment) == 26
