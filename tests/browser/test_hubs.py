"""The hub builder as a person uses it: the real app in Chromium, with no other host to be had."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from pcs_dash.measures.register import HUB_MEASURES
from tests.browser.conftest import App, Tab

pytestmark = pytest.mark.browser

WAIT = 90_000  # a cold server on a busy machine
HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}"
APP = "document.querySelector('.pcs-hubs').pcsHubs"


@dataclass
class Builder:
    """The builder in a tab: where things are, and what is on the table."""

    page: Page

    def wait(self) -> Builder:
        self.page.wait_for_selector(".pcs-hubs .pcs-map[data-painted]", timeout=WAIT)
        self.page.wait_for_selector(".pcs-hubs[data-answered]", timeout=WAIT)
        return self

    def answered(self) -> None:
        """Wait until the server has applied everything that was done."""
        self.page.wait_for_function(
            """() => { const root = document.querySelector('.pcs-hubs'), own = root?.pcsHubs;
            return own?.data && root.dataset.answered === String(own.tab.next); }""",
            timeout=WAIT,
        )

    def plan(self) -> dict[str, str]:
        """Practice code -> hub name, as the server has it, of the area's practices."""
        held: dict[str, str] = self.page.evaluate(
            f"""() => {{ const b = {APP}; const found = {{}};
            b.order.forEach((code, i) => {{ const hub = b.served.hubs[b.served.groups[i]];
              if (hub && b.points.has(code)) found[code] = hub.name; }}); return found; }}"""
        )
        return held

    def shown(self) -> dict[str, str]:
        """Practice code -> the colour its dot has on the map."""
        held: dict[str, str] = self.page.evaluate(
            f"""() => Object.fromEntries(Object.values(PCSMap.state({APP}.map).points)
                .map((p) => [p.code, p.dot.options.fillColor]))"""
        )
        return held

    def place(self, code: str) -> tuple[float, float]:
        """Where a practice's dot is in the window."""
        x, y = self.page.evaluate(
            f"""(code) => {{ const b = {APP}, p = PCSMap.state(b.map).points[code];
            const at = b.map.latLngToContainerPoint(p.dot.getLatLng());
            const box = b.mapBox.getBoundingClientRect();
            return [box.x + at.x, box.y + at.y]; }}""",
            code,
        )
        return x, y

    def click(self, code: str) -> None:
        self.page.mouse.click(*self.place(code))

    def hover(self, code: str, text: str) -> None:
        """Move over a practice's dot until a tooltip with the text is there: Leaflet's canvas
        drops a move that follows another within 32 ms, so that one sweep may leave nothing.
        """
        tooltip = self.page.locator(".leaflet-tooltip", has_text=text)
        x, y = self.place(code)
        for step in range(100):
            self.page.mouse.move(x + step % 2, y)
            with suppress(TimeoutError):
                tooltip.wait_for(timeout=300)
                return
        raise AssertionError(f"No tooltip with {text!r} over {code}.")

    def target(self, name: str) -> None:
        self.page.locator(".pcs-pick", has_text=name).first.click()

    def say(self) -> str:
        return self.page.inner_text(".pcs-hubs-say")

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)
        self.answered()

    def said(self, start: str) -> str:
        """What the builder says, once it starts so."""
        self.page.wait_for_function(
            "(start) => document.querySelector('.pcs-hubs-say')?.innerText.startsWith(start)",
            arg=start,
            timeout=WAIT,
        )
        return self.say()

    def corners(self, *points: tuple[float, float]) -> None:
        """Set corners of a polygon one by one; a point again at the first one closes it."""
        box = self.page.locator(".pcs-hubs-map").bounding_box()
        assert box is not None
        # For a moment after each corner the drawing tool takes no other.
        ready = f"() => {APP}.handler?.enabled() && !{APP}.handler._disableMarkers"
        for number, (x, y) in enumerate(points, start=1):
            self.page.wait_for_function(ready, timeout=WAIT)
            self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if (x, y) != points[0] or number == 1:
                self.page.wait_for_function(
                    f"(number) => {APP}.handler._markers.length === number",
                    arg=number,
                    timeout=WAIT,
                )

    def start_from(self, what: str) -> None:
        self.page.get_by_role("button", name="Start from").click()
        self.page.get_by_text(what, exact=True).click()
        self.page.get_by_role("button", name="Start", exact=True).click()
        self.page.keyboard.press("Escape")

    def drag(self, *points: tuple[float, float]) -> None:
        box = self.page.locator(".pcs-hubs-map").bounding_box()
        assert box is not None
        spots = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        self.page.mouse.move(*spots[0])
        self.page.mouse.down()
        for spot in spots[1:]:
            self.page.mouse.move(*spot, steps=6)
        self.page.mouse.up()


@pytest.fixture
def builder(tab: Tab) -> Builder:
    return opened(tab, "thurrock")


def opened(tab: Tab, area: str) -> Builder:
    """The page of an area, once the map is painted."""
    tab.page.goto(f"{tab.home}/hubs?area={area}")
    return Builder(tab.page).wait()


def test_a_click_paints_at_once_and_the_figures_follow(builder: Builder) -> None:
    before, name = builder.plan(), builder.page.inner_text(".pcs-pick[aria-pressed=true] .pcs-name")
    code = next(code for code, hub in before.items() if hub != name)
    builder.click(code)
    colour = builder.page.evaluate(f"{APP}.hub({APP}.target).colour")
    assert builder.shown()[code] == colour
    builder.answered()
    assert builder.plan() == before | {code: name}
    total = builder.page.inner_text(".pcs-total")
    assert "26 practices" in total
    assert "190,486 patients" in total
    builder.click(code)
    builder.answered()
    assert builder.plan() == {key: hub for key, hub in before.items() if key != code}


def test_every_measure_is_sent_once_it_is_asked_for(builder: Builder) -> None:
    heads = builder.page.locator("[data-part=figures] th[scope=col]")
    more = heads.filter(has_text=HUB_MEASURES["widest_km"].short)
    asked = f"{APP}.data.figures.columns.filter((column) => column.more).length"
    expect(heads.first).to_be_visible()
    assert (more.count(), builder.page.evaluate(asked)) == (0, 0)
    builder.page.get_by_label("every measure").click()
    expect(more).to_have_count(1)


def test_clicks_that_come_faster_than_answers_all_count_once(builder: Builder) -> None:
    before = builder.plan()
    name = builder.page.inner_text(".pcs-pick[aria-pressed=true] .pcs-name")
    codes = [code for code, hub in before.items() if hub != name][:8]
    for code in codes:
        builder.page.evaluate(f"(code) => {APP}.pick(code)", code)
    builder.answered()
    assert builder.plan() == before | dict.fromkeys(codes, name)


def test_undo_to_the_start_and_redo_to_the_end(builder: Builder) -> None:
    start = builder.plan()
    for code in list(start)[:4]:
        builder.page.evaluate(f"(code) => {APP}.pick(code)", code)
    builder.page.get_by_role("button", name="Rectangle").click()
    builder.drag((0.3, 0.3), (0.7, 0.7))
    builder.answered()
    end = builder.plan()
    assert end != start
    while builder.page.get_by_role("button", name="Undo").is_enabled():
        builder.press("Control+z")
    assert builder.plan() == start
    while builder.page.get_by_role("button", name="Redo").is_enabled():
        builder.press("Control+y")
    assert builder.plan() == end
    builder.press("Control+z")
    builder.press("Control+Shift+Z")
    assert builder.plan() == end


def test_shapes_say_what_they_caught_and_what_a_lock_held(builder: Builder) -> None:
    hub = builder.page.evaluate(f"{APP}.hubs[1].id")
    builder.page.evaluate(f"(hub) => {APP}.send({{t: 'lock', hub, locked: true}})", hub)
    builder.answered()
    before = builder.plan()
    held = builder.page.evaluate(f"{APP}.hubs[1].name")
    builder.page.get_by_role("button", name="Lasso").click()
    builder.drag((0.2, 0.02), (0.98, 0.02), (0.98, 0.9), (0.02, 0.9), (0.02, 0.25))
    builder.said("Lasso caught 26 practices")
    builder.answered()
    locked = [code for code, name in before.items() if name == held]
    assert f"{len(locked)} practices kept by a lock" in builder.say()
    first = builder.page.evaluate(f"{APP}.hub({APP}.target).name")
    after = builder.plan()
    assert len(after) == 26
    assert {code for code, name in after.items() if name == held} == set(locked)
    assert {name for code, name in after.items() if code not in locked} == {first}


def test_polygon_corner_by_corner(builder: Builder) -> None:
    builder.page.get_by_role("button", name="Polygon").click()
    builder.corners((0.2, 0.1), (0.94, 0.1), (0.94, 0.9), (0.3, 0.9), (0.2, 0.1))
    builder.said("Polygon caught")
    builder.answered()
    assert len(set(builder.plan().values())) < 5


def test_a_hub_that_is_drawn_asks_for_its_name_and_shows_it_as_text(
    builder: Builder, app: App
) -> None:
    builder.page.get_by_role("button", name="Draw a hub").click()
    builder.drag((0.1, 0.1), (0.6, 0.1), (0.6, 0.9), (0.1, 0.9))
    name = builder.page.locator(".pcs-dialog input").first
    name.fill(HOSTILE)
    name.press("Enter")
    builder.answered()
    assert HOSTILE in builder.plan().values()
    assert HOSTILE in builder.say()
    code = next(code for code, name in builder.plan().items() if name == HOSTILE)
    builder.page.get_by_role("button", name="Click").click()
    builder.hover(code, HOSTILE)
    builder.page.get_by_text("Practices: find, choose several, move").click()
    for place in (".pcs-hubs-list", "[data-part=figures]"):
        assert HOSTILE in builder.page.inner_text(place), place
    # The table is filled once it is opened.
    expect(builder.page.locator("[data-part=practices] tbody")).to_contain_text(HOSTILE)
    builder.press("Control+z")
    assert HOSTILE not in builder.plan().values()
    assert HOSTILE not in builder.page.inner_text(".pcs-hubs-list")
    assert "Draw a shape and name the hub it makes" in builder.page.content()
    assert app.process is not None


def test_a_reload_and_a_restart_bring_the_plan_back_with_its_undo(
    builder: Builder, app: App
) -> None:
    start = builder.plan()
    code = list(start)[3]
    builder.page.evaluate(f"(code) => {APP}.pick(code)", code)
    builder.answered()
    changed = builder.plan()
    assert changed != start
    builder.page.reload()
    builder.wait()
    assert builder.plan() == changed
    app.stop()
    app.start()
    builder.page.reload()
    builder.wait()
    assert builder.plan() == changed
    builder.press("Control+z")
    assert builder.plan() == start


def test_what_is_painted_while_the_server_is_down_is_not_lost(builder: Builder, app: App) -> None:
    start = builder.plan()
    name = builder.page.inner_text(".pcs-pick[aria-pressed=true] .pcs-name")
    code = next(code for code, hub in start.items() if hub != name)
    app.stop()
    builder.page.evaluate(f"(code) => {APP}.pick(code)", code)
    app.start()
    builder.answered()
    assert builder.plan() == start | {code: name}
    builder.page.reload()
    builder.wait()
    assert builder.plan() == start | {code: name}


def test_zoom_and_half_drawn_shape_stay_at_every_answer(builder: Builder) -> None:
    made = builder.page.evaluate(
        f"""() => {{ window.kept = {APP}.map; kept.setZoom(12, {{animate: false}});
            return kept.getZoom(); }}"""
    )
    codes = list(builder.plan())[:3]
    for code in codes:
        builder.page.evaluate(f"(code) => {APP}.pick(code)", code)
        builder.answered()
    assert builder.page.evaluate(f"window.kept === {APP}.map")
    assert builder.page.evaluate(f"{APP}.map.getZoom()") == made
    builder.page.get_by_role("button", name="Polygon").click()
    builder.corners((0.2, 0.2), (0.8, 0.2))
    builder.page.evaluate(f"{APP}.addHub()")
    builder.answered()
    assert builder.page.evaluate(f"{APP}.handler._markers.length") == 2


def test_practices_in_one_building_are_painted_apart(tab: Tab) -> None:
    builder = opened(tab, "mid-and-south-essex")
    builder.start_from("Nothing: every practice unassigned")
    builder.page.wait_for_function(f"{APP}.served.hubs.length === 0", timeout=WAIT)
    builder.page.evaluate(f"{APP}.addHub()")
    builder.answered()
    groups: dict[str, list[str]] = {}
    for code, at in builder.page.evaluate(
        f"() => [...{APP}.points.values()].map((p) => [p.code, p.at.lat + ',' + p.at.lng])"
    ):
        groups.setdefault(at, []).append(code)
    shared = [codes for codes in groups.values() if len(codes) > 1]
    assert len(shared) >= 5
    for first, *others in shared[:4]:
        builder.page.evaluate(
            f"(code) => {{ {APP}.map.setView({APP}.points.get(code).at, 16, {{animate: false}}) }}",
            first,
        )
        builder.click(first)
        builder.answered()
        plan = builder.plan()
        assert first in plan
        assert not set(others) & set(plan)


def test_a_bad_file_is_explained_by_row_and_column_and_the_plan_stays(
    builder: Builder, tmp_path: Path
) -> None:
    before = builder.plan()
    bad = tmp_path / "bad.csv"
    bad.write_text("practice_code,hub\nF81010,North\nF81010,South\n", "utf-8")
    builder.page.get_by_role("button", name="Open a file").click()
    builder.page.set_input_files("input[type=file]", bad)
    builder.page.wait_for_selector("text=was not opened", timeout=WAIT)
    told = builder.page.get_by_test_id("stPopoverBody")
    for part in ("bad.csv", "F81010", "Row 3"):
        expect(told).to_contain_text(part)
    assert builder.plan() == before
    assert builder.page.is_visible(".pcs-hubs-map")


def test_a_downloaded_plan_opens_again(builder: Builder, tmp_path: Path) -> None:
    before = builder.plan()
    builder.page.get_by_role("button", name="Download").click()
    with builder.page.expect_download(timeout=WAIT) as waiting:
        builder.page.get_by_role("button", name="Plan as CSV").click()
    saved = tmp_path / "plan.csv"
    waiting.value.save_as(saved)
    rows = list(csv.DictReader(io.StringIO(saved.read_text("utf-8-sig"))))
    assert {row["practice_code"]: row["hub"] for row in rows if row["hub"]} == before
    builder.page.keyboard.press("Escape")
    builder.start_from("Nothing: every practice unassigned")
    builder.page.wait_for_function(f"{APP}.served.hubs.length === 0", timeout=WAIT)
    builder.page.get_by_role("button", name="Open a file").click()
    builder.page.set_input_files("input[type=file]", saved)
    builder.page.get_by_role("button", name="Put it on the map").click(timeout=WAIT)
    builder.page.wait_for_function(f"{APP}.served.hubs.length > 0", timeout=WAIT)
    assert builder.plan() == before


def test_several_practices_are_moved_from_the_table_by_keyboard(builder: Builder) -> None:
    builder.page.locator("[data-part=practices] summary").press("Enter")
    names = [builder.page.evaluate(f"[...{APP}.points.values()][{i}].name") for i in (0, 1, 2)]
    for name in names:
        builder.page.get_by_label(f"Choose {name}", exact=True).press("Space")
    into = builder.page.get_by_label("Move the chosen practices to")
    hub = builder.page.evaluate(f"{APP}.hubs[2]")
    into.select_option(hub["id"])
    builder.page.get_by_role("button", name="Move 3 practices").press("Enter")
    builder.answered()
    codes: list[Any] = builder.page.evaluate(f"[...{APP}.points.keys()].slice(0, 3)")
    assert [builder.plan()[code] for code in codes] == [hub["name"]] * 3


def test_the_plan_outlives_a_change_of_area(builder: Builder) -> None:
    builder.page.evaluate(f"(code) => {APP}.pick(code)", next(iter(builder.plan())))
    builder.answered()
    before = builder.plan()
    builder.page.goto(builder.page.url.split("?")[0] + "?area=southend")
    builder.wait()
    assert builder.plan() == {}
    assert "outside the area" in builder.page.inner_text(".pcs-hubs-head")
    builder.page.goto(builder.page.url.split("?")[0] + "?area=thurrock")
    builder.wait()
    assert builder.plan() == before
