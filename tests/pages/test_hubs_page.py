"""The Hubs page without a browser: what its panels do to the plan on the table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.hubs.plan import Plan, plan_from_column
from pcs_dash.hubs.rules import Rule, default_rules
from pcs_dash.hubs.summary import verdict_column
from pcs_dash.jobs import JobError
from pcs_dash.official.store import Store
from pcs_dash.store.links import data_fingerprint, make_link
from pcs_dash.tables.dataset import build_dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.ui.hubs import plan_saving, suggesting
from pcs_dash.ui.hubs.adopt import adopt
from pcs_dash.ui.hubs.open_plan import OpenPlan

# The page as app.py runs it, without the menu: AppTest runs a page of a menu through a rerun, in
# which a button that was pressed is no longer pressed.
SCRIPT = """
import runpy
import streamlit as st
from pcs_dash.ui import choices, data
choices.of_this_run.set(choices.sidebar())
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


def work_of(app: AppTest) -> OpenPlan:
    held: OpenPlan = app.session_state["hub-work"]
    return held


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def click_begins(app: AppTest, start: str, end: str) -> AppTest:
    """Click the button whose key has the number of an upload in its middle."""
    (key,) = (b.key for b in app.button if b.key.startswith(start) and b.key.endswith(end))
    return click(app, key)


def open_tab(app: AppTest, name: str) -> AppTest:
    app.session_state["hub-tab"] = name
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def wait_for_answers(app: AppTest) -> AppTest:
    """Run the page again once the search under way has ended."""
    work_of(app).suggested.job.future.exception(timeout=90)
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader(key="hub-file").set_value((name, content, "application/octet-stream")).run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def save_new(app: AppTest, name: str) -> int:
    """Save the plan on the table under a name; its number in the library."""
    app.text_input(key="hub-name").set_value(name).run()
    click(app, "hub-save-new")
    number = work_of(app).saved_id
    assert number is not None
    return number


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
    assert work_of(app).painted.history.undo().present == before


def test_save_open_delete_and_undo_the_delete(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    saved = work_of(app).plan
    app.text_input(key="hub-name").set_value(HOSTILE).run()
    click(app, "hub-save-new")
    opened = work_of(app)
    assert (opened.name, opened.saved_version) == (HOSTILE, 1)
    number = opened.saved_id
    app.radio(key="hub-start").set_value("nothing").run()
    click(app, "hub-start-go")
    open_tab(app, "Plan library")
    assert HOSTILE not in texts(app), "a name must be escaped where Markdown is"
    click(app, f"hub-open-{number}")
    assert work_of(app).plan == saved
    click(app, f"hub-delete-{number}")
    assert [entry.id for entry in plan_saving.library().entries(deleted=True)] == [number]
    app.toggle(key="hub-deleted").set_value(True).run()
    click(app, f"hub-undelete-{number}")
    assert [entry.id for entry in plan_saving.library().entries()] == [number]


def test_a_second_saver_is_told_and_can_merge(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    app.text_input(key="hub-name").set_value("Ours").run()
    click(app, "hub-save-new")
    opened, books = work_of(app), plan_saving.library()
    assert opened.saved_id is not None
    theirs = opened.plan.rename(opened.plan.hubs[0].id, "Theirs")
    books.save(opened.saved_id, 1, theirs.to_dict(), name="Ours", author="Somebody")
    mine = opened.plan.rename(opened.plan.hubs[1].id, "Mine")
    opened.change(mine, "Rename")
    app.run()
    click(app, "hub-save")
    assert "Somebody saved version 2" in texts(app).replace("\\", "")
    assert books.open(opened.saved_id).version == 2
    click(app, "hub-merge")
    merged = Plan.from_dict(books.open(opened.saved_id).document)
    assert books.open(opened.saved_id).version == 3
    assert {"Theirs", "Mine"} <= {hub.name for hub in merged.hubs}
    assert work_of(app).plan == merged


def conflicting(app: AppTest) -> tuple[int, Plan]:
    """Two people name the first hub, and put the first practice, each in their own way."""
    base = work_of(app).plan
    number = save_new(app, "Ours")
    code = next(iter(base.assignment))
    other = [hub.id for hub in base.hubs if hub.id != base.assignment[code]]
    first = base.hubs[0].id
    theirs = base.rename(first, "Theirs").assign([code], other[0])
    plan_saving.library().save(number, 1, theirs.to_dict(), name="Ours", author="Somebody")
    work_of(app).change(base.rename(first, "Mine").assign([code], other[1]), "Both")
    app.run()
    click(app, "hub-save")
    return number, base


@pytest.mark.parametrize("chosen", ["mine", "theirs", "each"])
def test_each_conflict_of_a_merge_is_settled_as_chosen(run_page: Run, chosen: str) -> None:
    app = run_page(area="Thurrock")
    number, base = conflicting(app)
    mine, books = work_of(app).plan, plan_saving.library()
    theirs = Plan.from_dict(books.open(number, 2).document)
    first, code = base.hubs[0].id, next(iter(base.assignment))
    name_key, code_key = (
        f"hub-side-{number}-1-2-{what}" for what in (f"hub:{first}:name", f"practice:{code}")
    )
    assert {app.radio(key=key).value for key in (name_key, code_key)} == {"theirs"}
    if chosen == "each":
        app.radio(key=name_key).set_value("mine").run()
    else:
        click(app, f"hub-all-{chosen}")
    assert books.open(number).version == 2, "choosing saves nothing"
    click(app, "hub-merge")
    merged = Plan.from_dict(books.open(number).document)
    assert books.open(number).version == 3
    assert merged.hub(first).name == ("Theirs" if chosen == "theirs" else "Mine")
    side = mine if chosen == "mine" else theirs
    assert merged.assignment[code] == side.assignment[code]
    assert work_of(app).plan == merged
    assert work_of(app).conflict is None


def test_a_third_saver_between_the_question_and_the_answer_is_not_overwritten(
    run_page: Run,
) -> None:
    app = run_page(area="Thurrock")
    number, base = conflicting(app)
    books = plan_saving.library()
    third = Plan.from_dict(books.open(number).document).set_note(base.hubs[1].id, "Third")
    books.save(number, 2, third.to_dict(), name="Ours", author="Third")
    click(app, "hub-merge")
    assert books.open(number).version == 3
    assert "Third saved version 3" in texts(app).replace("\\", "")
    click(app, "hub-merge")
    merged = Plan.from_dict(books.open(number).document)
    assert books.open(number).version == 4
    assert merged.hub(base.hubs[1].id).note == "Third"


def made_before(plan: Plan) -> tuple[Plan, dict[str, int]]:
    """The plan as of other data: a practice Z00001 besides, one not yet there, one list smaller."""
    sizes = {str(code): int(n) for code, n in build_dataset().practices["patients"].items()}
    codes = sorted(plan.assignment)
    del sizes[codes[0]]
    sizes[codes[1]] -= 100
    sizes["Z00001"] = 5_000
    return plan.changed({codes[0]: None, "Z00001": plan.assignment[codes[0]]}), sizes


def load_successors(names: dict[str, str]) -> None:
    table = pd.DataFrame({"practice_code": [*names], "successor_code": [*names.values()]})
    table["effective"] = pd.Timestamp("2026-01-01")
    with Store().writing() as update:
        update.put("ods_successors", pd.Timestamp("2026-01-01"), table)
        update.commit()


@pytest.mark.parametrize("known", [False, True])
def test_a_version_of_other_data_opens_with_a_report(run_page: Run, known: bool) -> None:
    app = run_page(area="Thurrock")
    now = work_of(app).plan
    old, sizes = made_before(now)
    codes = sorted(now.assignment)
    if known:
        load_successors({"Z00001": codes[0]})
    number = (
        plan_saving.library()
        .create(
            old.to_dict(),
            name="Old",
            data_period="30 June 2025",
            data_fingerprint=data_fingerprint(sizes, "30 June 2025"),
            list_sizes=sizes,
        )
        .id
    )
    open_tab(app, "Plan library")
    click(app, f"hub-open-{number}")
    told = texts(app).replace("\\", "")
    assert "made with data of 30 June 2025" in told
    assert "1 list size has changed" in told
    carried = now if known else now.changed({codes[0]: None})
    assert work_of(app).plan == carried
    if known:
        assert "Z00001 merged into" in told
        assert "New in the data" not in told
    else:
        assert "Z00001 of '" in told
        assert "ODS list of successors is not loaded" in told
        assert f"({codes[0]})" in told
    assert work_of(app).painted.history.undo().present == old, "undo brings back the plan as saved"
    click(app, "hub-migration-close")
    assert "30 June 2025; these" not in texts(app).replace("\\", "")


def test_a_link_of_other_data_opens_with_a_report(run_page: Run) -> None:
    now = plan_from_column(build_dataset().practices, "district")
    old, sizes = made_before(now)
    app = run_page(area="Essex", plan=make_link(old.to_dict(), sizes, data_period="2025"))
    told = texts(app).replace("\\", "")
    first = sorted(now.assignment)[0]
    assert "made with data of 2025" in told
    assert "Z00001 of '" in told
    assert "New in the data, and in no hub yet: 1 practice" in told
    assert work_of(app).plan == now.changed({first: None})


def test_a_file_of_other_data_opens_when_asked_with_a_report(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    load_successors({"Z00001": "F81010"})
    before = work_of(app).plan
    upload(app, "old.csv", b"practice_code,hub\nZ00001,North\n")
    assert work_of(app).plan == before
    assert "Z00001 merged into" in texts(app)
    click(app, "hub-file-go")
    assert dict(work_of(app).plan.to_series()) == {"F81010": "North"}
    assert "Z00001 merged into" in texts(app)


def test_a_saved_version_of_these_data_has_nothing_to_report(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    number = save_new(app, "Ours")
    open_tab(app, "Plan library")
    click(app, f"hub-open-{number}")
    assert work_of(app).migration == ()


def carried(app: AppTest) -> str:
    """The plan that the address of the page carries."""
    [text] = app.session_state["address"].drawn.get("plan", ("",))
    return str(text)


def test_a_link_opens_the_plan_once_and_the_address_carries_it_on(run_page: Run) -> None:
    data = build_dataset()
    plan = plan_from_column(data.practices, "district")
    text = make_link(plan.to_dict(), data.practices.index)
    app = run_page(area="Thurrock", plan=text)
    assert work_of(app).plan == plan
    steps = len(work_of(app).painted.history.past)
    assert steps
    app.run()
    assert len(work_of(app).painted.history.past) == steps
    again = run_page(area="Thurrock", plan=carried(app))
    assert work_of(again).plan == plan


def test_the_address_carries_a_plan_once_anything_was_done_to_it(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    assert carried(app) == ""
    first = work_of(app).plan
    work_of(app).change(first.rename(first.hubs[0].id, "Riverside"), "Rename")
    app.run()
    one = carried(app)
    assert one.startswith("p1.")
    work_of(app).change(first.rename(first.hubs[0].id, "Lakeside"), "Rename")
    app.run()
    assert carried(app) != one


def test_a_link_carries_the_name_and_the_rules_that_the_plan_is_judged_by(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    first = work_of(app).plan
    work_of(app).change(first.rename(first.hubs[0].id, "Riverside"), "Rename")
    work_of(app).name = "Ours"
    work_of(app).judge_by(work_of(app).rules[:1])
    app.run()
    other = run_page(area="Thurrock", plan=carried(app))
    assert work_of(other).name == "Ours"
    assert work_of(other).rules == work_of(app).rules
    # A plan judged by the published rules is shown so, whatever the reader judged by before.
    work_of(app).judge_by(default_rules(build_dataset().published))
    app.run()
    other.session_state["address"].asked["plan"] = (carried(app),)
    other.run()
    assert work_of(other).rules == work_of(app).rules


def test_a_damaged_link_leaves_the_plan(run_page: Run) -> None:
    app = run_page(area="Thurrock", plan="p1.broken")
    assert "damaged" in texts(app)
    assert work_of(app).plan.hubs


def test_suggest_takes_a_plan_that_keeps_the_band(run_page: Run) -> None:
    app = open_tab(run_page(area="Thurrock"), "Suggest hubs")
    click(app, "hub-suggest")
    wait_for_answers(app)
    answers = work_of(app).suggested.job.future.result()
    assert answers[0].status in ("optimal", "feasible")
    click(app, "hub-take-0")
    # It is seen on the map at once, and by whoever opens its address.
    assert app.session_state["hub-tab"] == "Paint"
    assert "hub-tab" not in app.session_state["address"].drawn
    plan, practices = work_of(app).plan, build_dataset().practices
    sizes = practices["patients"].groupby(plan.to_series()).sum()
    assert sizes.between(30_000, 50_000).all()
    assert len(plan.assignment) == 26


def test_an_impossible_wish_is_told_with_its_reason(run_page: Run) -> None:
    app = open_tab(run_page(area="Thurrock"), "Suggest hubs")
    app.number_input(key="hub-count").set_value(20).run()
    click(app, "hub-suggest")
    wait_for_answers(app)
    assert work_of(app).suggested.job.future.result()[0].status == "infeasible"
    assert app.error


def test_work_that_can_t_be_taken_on_is_told(
    run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> NoReturn:
        raise JobError("The scheduler can't be reached.")

    app = open_tab(run_page(area="Thurrock"), "Suggest hubs")
    monkeypatch.setattr(suggesting, "executor", gone)
    click(app, "hub-suggest")
    assert "The scheduler can't be reached" in texts(app)
    assert work_of(app).suggested is None


def test_cancel_ends_a_search_long_before_its_time_limit(run_page: Run) -> None:
    app = open_tab(run_page(area="Essex"), "Suggest hubs")
    before = work_of(app).plan
    app.number_input(key="hub-limit").set_value(600).run()
    app.selectbox(key="hub-aim").select("size").run()
    asked = time.monotonic()
    click(app, "hub-suggest")
    assert work_of(app).suggested.running
    click(app, "hub-cancel")
    assert work_of(app).suggested.job.stopping.is_set()
    wait_for_answers(app)
    assert time.monotonic() - asked < 300
    # None where a busy machine had not begun it.
    found = work_of(app).suggested.found()
    assert all(answer.stopped == "cancelled" for answer in found)
    assert "failed" not in texts(app)
    assert work_of(app).plan == before


def test_repair_makes_the_moves_it_names_and_keeps_the_hubs(run_page: Run) -> None:
    app = open_tab(run_page(area="Thurrock"), "Suggest hubs")
    before, practices = work_of(app).plan, build_dataset().practices
    click(app, "hub-repair")
    wait_for_answers(app)
    answer = work_of(app).suggested.job.future.result()
    assert answer.status in ("optimal", "feasible")
    assert answer.moves
    assert work_of(app).plan == before
    click(app, "hub-take-repair")
    after = work_of(app).plan
    was, now = before.to_series(), after.to_series(sorted(before.assignment))
    moved = set(was.index[was != now])
    assert moved == {move.practice for move in answer.moves}
    sizes = practices["patients"].groupby(after.to_series()).sum()
    assert sizes.between(30_000, 50_000).all()
    assert {hub.id for hub in after.hubs} & {hub.id for hub in before.hubs}
    assert work_of(app).painted.history.undo().present == before


def test_alternatives_differ_and_the_one_taken_is_the_one_on_the_map(run_page: Run) -> None:
    # Of eight practices both are proven in half a second of a core: no clock decides.
    app = open_tab(run_page(area="Harlow"), "Suggest hubs")
    app.selectbox(key="hub-answers").select(2).run()
    click(app, "hub-suggest")
    wait_for_answers(app)
    answers = work_of(app).suggested.job.future.result()
    assert len(answers) >= 2
    partitions = {frozenset(frozenset(hub.practices) for hub in each.hubs) for each in answers}
    assert len(partitions) == len(answers)
    click(app, "hub-take-1")
    plan = work_of(app).plan
    taken = frozenset(frozenset(plan.members(hub.id)) for hub in plan.hubs)
    assert taken == frozenset(frozenset(hub.practices) for hub in answers[1].hubs)


def test_an_older_version_opens_as_it_was(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    first = work_of(app).plan
    number = save_new(app, "Ours")
    second = first.rename(first.hubs[0].id, "Renamed")
    work_of(app).change(second, "Rename")
    app.run()
    click(app, "hub-save")
    assert work_of(app).saved_version == 2
    open_tab(app, "Plan library")
    app.selectbox(key=f"hub-version-{number}").select(1).run()
    click(app, f"hub-open-{number}")
    assert work_of(app).plan == first
    assert (work_of(app).saved_id, work_of(app).saved_version) == (number, 1)
    assert plan_saving.library().open(number).document == second.to_dict()


def test_a_second_saver_can_keep_a_copy(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    number, books = save_new(app, "Ours"), plan_saving.library()
    opened = work_of(app)
    theirs = opened.plan.rename(opened.plan.hubs[0].id, "Theirs")
    books.save(number, 1, theirs.to_dict(), name="Ours", author="Somebody")
    mine = opened.plan.rename(opened.plan.hubs[0].id, "Mine")
    opened.change(mine, "Rename")
    app.run()
    click(app, "hub-save")
    click(app, "hub-copy")
    copy = work_of(app).saved_id
    assert copy is not None
    assert copy != number
    assert (books.open(copy).name, books.open(copy).version) == ("Ours (copy)", 1)
    assert Plan.from_dict(books.open(copy).document) == mine == work_of(app).plan
    assert Plan.from_dict(books.open(number).document) == theirs
    assert work_of(app).conflict is None


@pytest.mark.parametrize("kind", ["hub-short", "hub-link"])
def test_a_link_made_here_opens_in_another_session(run_page: Run, kind: str) -> None:
    app = run_page(area="Thurrock")
    first = work_of(app).plan
    plan = first.assign([next(iter(first.assignment))], first.hubs[-1].id)
    work_of(app).change(plan, "Move")
    number = save_new(app, HOSTILE)
    click(app, kind)
    [shown] = [
        json.loads(item.proto.json)["link"]
        for item in app.get("bidi_component")
        if item.proto.component_name == "pcs_dash_link"
    ]
    address = urlsplit(shown)
    assert address.path.endswith("/hubs")
    asked = parse_qs(address.query)
    # Another browser opens what was seen here: the area and which GPs count, too.
    assert asked["area"] == ["thurrock"]
    assert asked["gp"] == ["fully_qualified"]
    [link] = asked["plan"]
    other = run_page(area="Southend", plan=link)
    assert work_of(other).plan == plan
    assert work_of(other).saved_id == (number if kind == "hub-short" else None)


def crossing() -> bytes:
    """Two features around Grays: a sound square, and a bow tie whose lines cross."""
    square = [[0.2, 51.4], [0.3, 51.4], [0.3, 51.45], [0.2, 51.45], [0.2, 51.4]]
    tie = [[0.3, 51.45], [0.5, 51.6], [0.5, 51.45], [0.3, 51.6], [0.3, 51.45]]
    features = [
        {
            "type": "Feature",
            "properties": {"hub": hub},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for hub, ring in (("Sound", square), ("Bow tie", tie))
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


LARGE = b"practice_code,hub\n" + b"F81010,North\n" * (12_000_000 // 13)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("large.csv", LARGE, ["12.0 MB", "the most is 10 MB"]),
        ("shapes.geojson", crossing(), ["Feature 2", "Bow tie", "crosses itself"]),
        ("twice.csv", b"practice_code,hub\nF81010,A\nF81010,B\n", ["Row 3", "practice_code"]),
        ("bare.csv", b"practice_code\nF81010\n", ["hub"]),
        ("empty.csv", b"", ["empty"]),
        ("greek.csv", "practice_code,hub\nF81010,\u0391\n".encode("utf-16-le"), ["UTF"]),
        (f"{HOSTILE}.csv", b"practice_code\n", ["hub"]),
    ],
)
def test_a_bad_file_is_explained_and_the_plan_stays(
    run_page: Run, name: str, content: bytes, says: list[str]
) -> None:
    app = run_page(area="Thurrock")
    before = work_of(app).painted.history
    upload(app, name, content)
    told = texts(app)
    assert HOSTILE not in told, "a file's name must be escaped where Markdown is"
    told = told.replace("\\", "")
    assert f"**{name}** was not opened. Your plan is as it was." in told
    for part in says:
        assert part in told
    assert work_of(app).painted.history == before
    assert app.title[0].value == "Hubs: Thurrock"
    app.run()
    assert not app.exception


def test_a_crossing_shape_can_be_opened_as_what_it_encloses(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    upload(app, "shapes.geojson", crossing())
    click_begins(app, "hub-file-", "-repair-go")
    click(app, "hub-file-go")
    assert {hub.name for hub in work_of(app).plan.hubs} == {"Sound", "Bow tie"}
    assert "is on the map" in texts(app)


def test_a_good_file_opens_once_and_later_work_stays(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    upload(app, "plan.csv", b"practice_code,hub\nF81010,North\n")
    click(app, "hub-file-go")
    plan = work_of(app).plan
    assert "is on the map" in texts(app)
    assert dict(plan.to_series()) == {"F81010": "North"}
    work_of(app).change(plan.rename(plan.hubs[0].id, "South"), "Rename")
    app.run()
    assert work_of(app).plan.hubs[0].name == "South"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("practice_code,hub\nZ99999,A\n", "None of its practices is in the data: Z99999"),
        ("practice_code,hub\nF81010,TBC\nF81082,\n", "puts no practice of Thurrock in a hub"),
        ("practice_code,hub\nF81003,Sea\n", "they are in Southend. Choose that area first"),
    ],
)
def test_a_file_that_catches_nobody_never_empties_the_plan(
    run_page: Run, text: str, says: str
) -> None:
    app = run_page(area="Thurrock")
    before = work_of(app).painted.history
    upload(app, "nobody.csv", text.encode())
    told = texts(app).replace("\\", "")
    assert says in told
    assert "Your plan is as it was." in told
    assert not [button for button in app.button if button.key == "hub-file-go"]
    assert work_of(app).painted.history == before


def test_what_a_file_holds_is_shown_before_it_is_used(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    before = work_of(app).plan
    upload(app, "mine.csv", b"ODS code,hub\nF81010,A\nF81082,A\nF81003,B\nF81999,B\nF81088,\n")
    assert work_of(app).plan == before
    told = texts(app).replace("\\", "")
    for part in (
        "Read as CSV: practices in column 'ODS code', hubs in column 'hub'.",
        "**3 practices in 2 hubs** (A 2, B 2); 2 of the 26 practices of Thurrock.",
        "In no hub: 1. Not in the data: 1. Outside the area: 1. Rows left out: 1.",
        "Row 5: F81999",
        "outside Thurrock, kept in the plan: 1 (F81003 in Southend)",
    ):
        assert part in told
    assert app.button(key="hub-file-go").label == "Put it on the map without 1 unknown practice"
    click(app, "hub-file-go")
    assert work_of(app).plan.to_series().to_dict() == {"F81003": "B", "F81010": "A", "F81082": "A"}


def test_of_two_columns_as_likely_the_user_picks(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    before = work_of(app).plan
    upload(app, "mine.csv", b"Code,PCN,Locality\nF81010,A,North\nF81082,B,North\n")
    assert not [button for button in app.button if button.key == "hub-file-go"]
    assert work_of(app).plan == before
    (column,) = (box for box in app.selectbox if (box.key or "").startswith("hub-file-"))
    assert (column.options, column.value) == (["PCN", "Locality"], None)
    column.set_value("Locality").run()
    click(app, "hub-file-go")
    assert work_of(app).plan.to_series().to_dict() == {"F81010": "North", "F81082": "North"}


def test_of_columns_that_say_nothing_the_user_picks(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    rows = "F81010,A,N\nF81082,B,N\nF81088,B,S\nF81110,A,S\n"
    upload(app, "mine.csv", f"Who,One,Two\n{rows}".encode())
    (column,) = (box for box in app.selectbox if (box.key or "").startswith("hub-file-"))
    column.set_value("Two").run()
    assert not app.exception, app.exception[0].stack_trace
    click(app, "hub-file-go")
    assert {hub.name for hub in work_of(app).plan.hubs} == {"N", "S"}


def test_comparing_with_todays_pcns_names_what_moves(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    opened = work_of(app)
    code = next(iter(opened.plan.assignment))
    other = next(hub.id for hub in opened.plan.hubs if hub.id != opened.plan.assignment[code])
    opened.change(opened.plan.assign([code], other), "Move")
    open_tab(app, "Compare")
    assert "1 of 26 practices" in texts(app).replace("\\", "")


def test_rules_can_go_back_to_the_strategies(run_page: Run) -> None:
    app = run_page(area="Thurrock")
    opened = work_of(app)
    standard = opened.rules
    opened.judge_by(standard[:1])
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


def test_of_two_tabs_of_a_browser_both_are_told_and_neither_plan_is_lost(
    run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pcs_dash.ui.hubs.address_plan.person.draft_token", lambda: "one-browser-token-1"
    )
    one, two = run_page(area="thurrock"), run_page(area="thurrock")
    plans = []
    for tab, kind in ((one, "district"), (two, "place"), (one, "nothing")):
        tab.radio(key="hub-start").set_value(kind).run()
        click(tab, "hub-start-go")
        plans.append(work_of(tab).plan)
    assert all("Both are kept" in work_of(tab).painted.said.text for tab in (one, two))
    later = run_page(area="thurrock")
    assert work_of(later).plan == plans[2]
    click_begins(later, "hub-draft-open-", "")
    assert work_of(later).plan == plans[1]
    assert not work_of(later).other_drafts


def test_sites_are_found_and_what_can_not_be_asked_is_told(run_page: Run) -> None:
    app = run_page(area="thurrock")
    open_tab(app, "Where sites stand")
    press = next(button for button in app.button if button.label == "Find the sites")
    press.click().run()
    assert not app.exception
    assert any("Proven" in str(part.value) for part in app.info)
    next(box for box in app.number_input if box.label == "How many sites").set_value(27)
    next(button for button in app.button if button.label == "Find the sites").click().run()
    assert any("from 1 to 26 sites" in str(part.value) for part in app.error)


@pytest.mark.parametrize("asked", ["a rule", "every measure", "the score card", "nothing"])
def test_minutes_are_there_where_they_are_asked_for(run_page: Run, asked: str) -> None:
    """A click leaves them out where nothing shows them: where something does, they are known."""
    app = run_page(area="thurrock")
    at_most = Rule(
        "Minutes by car", "own_most_drive", None, 1.0, "minutes", source="a test", date="today"
    )
    if asked == "a rule":
        work_of(app).judge_by([at_most])
    app.session_state["hub-every-measure"] = asked == "every measure"
    app.session_state["hub-score-open"] = asked == "the score card"
    app.run()
    shown = json.loads(next(
        each.proto.json for each in app.get("bidi_component")
        if each.proto.component_name.endswith("hub_builder")
    ))  # fmt: skip
    cells = {
        column["key"]: [row[place] for row in shown["figures"]["rows"]]
        for place, column in enumerate(shown["figures"]["columns"])
    }
    minutes = [line[:2] for line in shown.get("score", []) if "inutes" in line[0]]
    if asked == "a rule":
        assert set(cells[verdict_column(at_most)][:-2]) == {"above"}
    elif asked == "every measure":
        assert min(cells["own_most_drive"][:-2]) > 1
    elif asked == "the score card":
        assert minutes and all(value != "no figure" for _, value in minutes)
    else:
        assert "own_most_drive" not in cells and "score" not in shown
