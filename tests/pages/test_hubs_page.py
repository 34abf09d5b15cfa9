"""The Hubs page without a browser: what its panels do to the plan on the table."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.build import build_dataset
from pcs_dash.hubs.plan import Plan, plan_from_column
from pcs_dash.paths import ROOT
from pcs_dash.ui.hubs import library
from pcs_dash.ui.hubs.adopt import adopt
from pcs_dash.ui.hubs.work import Work

# The page as app.py runs it, without the menu: AppTest runs a page of a menu through a rerun, in
# which a button that was pressed is no longer pressed.
SCRIPT = """
import runpy
import streamlit as st
from pcs_dash.ui import choices, data
st.session_state["ran-app"] = True
choices.of_this_run.set(choices.sidebar(data.load()[0]))
runpy.run_path("pages/hubs.py")
"""
HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}"
Run = Callable[..., AppTest]


@pytest.fixture
def run_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the page with query parameters and a library of its own."""
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "plans.sqlite"))
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(ROOT)

    def run(**query: str) -> AppTest:
        app = AppTest.from_string(SCRIPT, default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception[0].stack_trace
        return app

    return run


def work_of(app: AppTest) -> Work:
    held: Work = app.session_state["hub-work"]
    return held


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def open_tab(app: AppTest, name: str) -> AppTest:
    app.session_state["hub-tab"] = name
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def texts(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.success, app.info, app.warning)
    return "\n".join(item.value for kind in kinds for item in kind)


@pytest.mark.parametrize(
    "area", ["Essex", "Mid and South Essex", "Thurrock", "Redbridge (district)", "West Essex"]
)
def test_the_page_opens_with_todays_pcns_of_the_area(run_page: Run, area: str) -> None:
    app = run_page(area=area)
    plan = work_of(app).plan
    assert plan.hubs
    assert app.title[0].value.startswith("Hubs")


def test_an_untouched_plan_follows_the_area_and_a_changed_one_stays(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    first = work_of(app).plan
    app.selectbox(key="area").select("southend").run()
    second = work_of(app).plan
    assert set(first.assignment).isdisjoint(second.assignment)
    app.radio(key="hub-start").set_value("district").run()
    click(app, "hub-start-go")
    third = work_of(app).plan
    assert [hub.name for hub in third.hubs] == ["Southend-on-Sea"]
    app.selectbox(key="area").select("thurrock").run()
    assert work_of(app).plan == third


def test_a_start_is_one_step_to_undo(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    before = work_of(app).plan
    app.radio(key="hub-start").set_value("nothing").run()
    click(app, "hub-start-go")
    assert work_of(app).plan == Plan()
    assert work_of(app).desk.history.undo().present == before


def test_save_open_delete_and_undo_the_delete(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    saved = work_of(app).plan
    app.text_input(key="hub-name").set_value(HOSTILE).run()
    click(app, "hub-save-new")
    work = work_of(app)
    assert (work.name, work.saved_version) == (HOSTILE, 1)
    number = work.saved_id
    app.radio(key="hub-start").set_value("nothing").run()
    click(app, "hub-start-go")
    open_tab(app, "Plan library")
    assert HOSTILE not in texts(app), "a name must be escaped where Markdown is"
    click(app, f"hub-open-{number}")
    assert work_of(app).plan == saved
    click(app, f"hub-delete-{number}")
    assert [entry.id for entry in library.library().entries(deleted=True)] == [number]
    app.toggle(key="hub-deleted").set_value(True).run()
    click(app, f"hub-undelete-{number}")
    assert [entry.id for entry in library.library().entries()] == [number]


def test_a_second_saver_is_told_and_can_merge(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    app.text_input(key="hub-name").set_value("Ours").run()
    click(app, "hub-save-new")
    work, books = work_of(app), library.library()
    assert work.saved_id is not None
    theirs = work.plan.rename(work.plan.hubs[0].id, "Theirs")
    books.save(work.saved_id, 1, theirs.to_dict(), name="Ours", author="Somebody")
    mine = work.plan.rename(work.plan.hubs[1].id, "Mine")
    work.change(mine, "Rename")
    app.run()
    click(app, "hub-save")
    assert "Somebody saved version 2" in texts(app).replace("\\", "")
    assert books.open(work.saved_id).version == 2
    click(app, "hub-merge")
    merged = Plan.from_dict(books.open(work.saved_id).document)
    assert books.open(work.saved_id).version == 3
    assert {"Theirs", "Mine"} <= {hub.name for hub in merged.hubs}
    assert work_of(app).plan == merged


def test_a_link_opens_the_plan_once_and_leaves_the_address(run_page: Run) -> None:
    data = build_dataset()
    plan = plan_from_column(data.practices, "district")
    text = library.make_link(plan.to_dict(), data.practices.index)
    app = run_page(area="Thurrock", plan=text)
    assert work_of(app).plan == plan
    assert "plan" not in app.query_params
    assert work_of(app).desk.history.can_undo


def test_a_damaged_link_leaves_the_plan(run_page: Run) -> None:
    app = run_page(area="Thurrock", plan="p1.broken")
    assert "damaged" in texts(app)
    assert work_of(app).plan.hubs


def test_suggest_takes_a_plan_that_keeps_the_band(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    click(app, "hub-suggest")
    end = time.monotonic() + 60
    while work_of(app).suggested.running and time.monotonic() < end:
        time.sleep(0.2)
    app.run()
    answers = work_of(app).suggested.future.result()
    assert answers[0].status in ("optimal", "feasible")
    click(app, "hub-take-0")
    plan, practices = work_of(app).plan, build_dataset().practices
    sizes = practices["patients"].groupby(plan.to_series()).sum()
    assert sizes.between(30_000, 50_000).all()
    assert len(plan.assignment) == 26


def test_an_impossible_wish_is_told_with_its_reason(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    app.number_input(key="hub-count").set_value(20).run()
    click(app, "hub-suggest")
    end = time.monotonic() + 60
    while work_of(app).suggested.running and time.monotonic() < end:
        time.sleep(0.2)
    app.run()
    assert work_of(app).suggested.future.result()[0].status == "infeasible"
    assert app.error


def test_comparing_with_todays_pcns_names_what_moves(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    work = work_of(app)
    code = next(iter(work.plan.assignment))
    other = next(hub.id for hub in work.plan.hubs if hub.id != work.plan.assignment[code])
    work.change(work.plan.assign([code], other), "Move")
    open_tab(app, "Compare")
    assert "1 of 26 practices" in texts(app).replace("\\", "")


def test_rules_can_go_back_to_the_strategies(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    work = work_of(app)
    standard = work.rules
    work.judge_by(standard[:1])
    open_tab(app, "Rules")
    click(app, "hub-rules-back")
    assert work_of(app).rules == standard


def test_adopt_keeps_what_lies_outside_and_what_is_locked() -> None:
    plan = Plan().add_hub("Away").add_hub("Kept").add_hub("Hub 1")
    away, kept, old = (hub.id for hub in plan.hubs)
    plan = plan.assign(["X1"], away).assign(["A1"], kept).assign(["A2", "A3"], old)
    plan = plan.set_locked(kept)
    wanted = pd.Series({"A1": "Kept", "A2": "Hub 1", "A3": "Hub 2"})
    made = adopt(plan, wanted, ["A1", "A2", "A3"], reuse=["Kept"])
    assert made.hub(kept).locked
    assert made.members(kept) == ("A1",)
    assert made.members(away) == ("X1",)
    assert made.to_series(["A2", "A3"]).nunique() == 2
    assert {hub.name for hub in made.hubs} == {"Away", "Kept", "Hub 1", "Hub 2"}
    assert plan.members(old) == ("A2", "A3"), "the plan itself is as it was"
