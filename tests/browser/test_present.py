"""Present mode as a presenter drives it, in a browser that can reach no other host.

The `tab` fixture fails a test when anything was asked of another host or a script went wrong.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pcs_dash.areas import find_area
from pcs_dash.paths import ROOT
from pcs_dash.stories import Story, View, ready_made

from .conftest import App, Tab, free_port

pytestmark = pytest.mark.browser

SLIDE = "dialog.pcs-present[data-painted=true]"
LAST = len(ready_made(find_area("thurrock")).views)


def ready(tab: Tab, url: str) -> None:
    """Open a page and wait for its buttons."""
    tab.open(url)
    tab.page.wait_for_selector(".pcs-bar[data-ready]", timeout=60_000)
    tab.settle()


def on_slide(page: Page, number: int) -> None:
    page.wait_for_selector(f"{SLIDE}[data-slide='{number}']", timeout=60_000)


def present(tab: Tab, url: str) -> None:
    """Open a page and press its button, by keyboard alone."""
    ready(tab, url)
    tab.page.get_by_role("button", name="Present", exact=True).focus()
    tab.page.keyboard.press("Enter")
    on_slide(tab.page, 1)


def heading(page: Page) -> str:
    return page.locator("dialog.pcs-present h1").inner_text()


def test_a_whole_story_by_keyboard(tab: Tab, app: App) -> None:
    """Each slide once forwards and once backwards, with every key that a clicker may send."""
    present(tab, f"{app.url}/stories?area=thurrock")
    page, seen = tab.page, [heading(tab.page)]
    for number in range(2, LAST + 1):
        page.keyboard.press(("PageDown", "ArrowRight", "Space")[number % 3])
        on_slide(page, number)
        expect(page.locator(".pcs-p-number")).to_have_text(f"Slide {number} of {LAST}")
        expect(page.locator(".pcs-p-said")).to_contain_text(f"Slide {number} of {LAST}.")
        seen.append(heading(page))
    assert len(set(seen)) == LAST
    assert all(title.startswith("Thurrock: ") for title in seen)
    page.keyboard.press("PageDown")
    expect(page.locator(".pcs-p-said")).to_have_text("This is the last slide.")
    for number in range(LAST - 1, 0, -1):
        page.keyboard.press(("PageUp", "ArrowLeft")[number % 2])
        on_slide(page, number)
        assert heading(page) == seen[number - 1]
    page.keyboard.press("End")
    on_slide(page, LAST)
    page.keyboard.press("Home")
    on_slide(page, 1)
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    on_slide(page, 4)


def test_every_slide_says_source_period_and_which_gps_count(tab: Tab, app: App) -> None:
    present(tab, f"{app.url}/stories?area=thurrock&gp=permanent")
    for number in range(1, LAST + 1):
        on_slide(tab.page, number)
        foot = tab.page.locator(".pcs-p-stage > footer")
        expect(foot).to_contain_text("NHS England, General Practice Workforce, 31 December 2025")
        expect(foot).to_contain_text("Permanent GPs")
        tab.page.keyboard.press("PageDown")


@pytest.mark.parametrize("size", [(1024, 768), (1440, 900), (1920, 1080)], ids=str)
def test_type_is_large_and_nothing_is_cut_off(tab: Tab, app: App, size: tuple[int, int]) -> None:
    tab.page.set_viewport_size({"width": size[0], "height": size[1]})
    present(tab, f"{app.url}/stories?area=thurrock")
    measure = """() => {
        const box = document.querySelector('dialog.pcs-present');
        const size = (name) => [...box.querySelectorAll(name)].map(
            (e) => parseFloat(getComputedStyle(e).fontSize));
        const out = [...box.querySelectorAll('.pcs-p-stage *')].filter((e) => {
            const r = e.getBoundingClientRect();
            return r.width && !e.closest('.pcs-p-scroll, .leaflet-container')
                && (r.right > innerWidth + 1 || r.bottom > innerHeight + 1);
        }).map((e) => e.outerHTML.slice(0, 120));
        return {head: size('h1'), body: size('.pcs-p-message, .pcs-p-own, .pcs-p-points li'),
                small: size('footer, .pcs-p-legend li, svg text, .pcs-p-figures dt'), out};
    }"""
    for number in range(1, LAST + 1):
        on_slide(tab.page, number)
        found = tab.page.evaluate(measure)
        assert min(found["head"]) >= 36
        assert min(found["body"], default=24) >= 24
        assert min(found["small"]) >= 13
        assert found["out"] == []
        tab.page.keyboard.press("PageDown")


def test_black_out(tab: Tab, app: App) -> None:
    present(tab, f"{app.url}/?area=thurrock")
    black = tab.page.locator(".pcs-p-black")
    for key in ("b", "."):
        tab.page.keyboard.press(key)
        expect(black).to_be_visible()
        box = black.bounding_box()
        assert box == {"x": 0, "y": 0, "width": 1440, "height": 900}
        tab.page.keyboard.press(key)
        expect(black).to_be_hidden()
    tab.page.keyboard.press("b")
    tab.page.keyboard.press("Escape")
    expect(black).to_be_hidden()
    expect(tab.page.locator(SLIDE)).to_be_visible()


def test_escape_returns_to_the_page_as_it_was(tab: Tab, app: App) -> None:
    ready(tab, f"{app.url}/?area=thurrock&gp=permanent&practice=F81110")
    expect(tab.page.get_by_text("F81110 beside Thurrock")).to_be_visible()
    frame = tab.map_frame()
    frame.evaluate("() => { window.keptMark = 1; map.setView([51.5, 0.4], 13, {animate: false}); }")
    address = tab.page.url
    tab.page.get_by_role("button", name="Present", exact=True).click()
    on_slide(tab.page, 1)
    # The page's map, practice and switches are on the slide.
    expect(tab.page.locator(".pcs-p-card h2")).to_have_text("Tilbury Health Centre")
    shown = (
        "(() => { const [map] = PCSMap.maps(); return [map.getZoom(), map.getCenter().lat]; })()"
    )
    zoom, latitude = tab.page.evaluate(shown)
    assert zoom == 13
    assert latitude == pytest.approx(51.5, abs=0.001)
    expect(tab.page.locator(".pcs-p-stage > footer")).to_contain_text("Permanent GPs")
    assert "present=" in tab.page.url
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("dialog.pcs-present")).to_have_count(0)
    assert tab.page.url == address
    expect(tab.page.get_by_text("F81110 beside Thurrock")).to_be_visible()
    assert frame.evaluate("window.keptMark") == 1
    assert frame.evaluate("map.getZoom()") == 13
    assert tab.page.evaluate("document.activeElement.textContent") == "Present"


def test_the_server_stops_and_starts_in_the_middle(chromium: Browser, tmp_path: Path) -> None:
    """Every slide while it is down; after it is up again, a reload shows the same slide."""
    environment = os.environ | {
        "PCS_DASH_DATABASE": str(tmp_path / "plans.sqlite"),
        "PCS_DASH_DATA_DIR": str(tmp_path / "data"),
    }
    app = App(free_port(), environment, tmp_path / "app.log")
    app.start()
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    elsewhere: list[str] = []
    page.on(
        "request",
        lambda r: r.url.startswith((app.url, "data:", "blob:")) or elsewhere.append(r.url),
    )
    try:
        tab = Tab(page, app.url)
        present(tab, f"{app.url}/stories?area=thurrock")
        page.keyboard.press("PageDown")
        on_slide(page, 2)
        app.stop()
        for number in range(3, LAST + 1):
            page.keyboard.press("PageDown")
            on_slide(page, number)
        page.keyboard.press("Home")
        on_slide(page, 1)
        click_practice(page, "F81010")
        expect(page.locator(".pcs-p-card h2")).to_have_text("Aveley Medical Centre")
        page.keyboard.press("6")
        page.keyboard.press("Enter")
        on_slide(page, 6)
        before = heading(page)
        app.start()
        page.reload()
        on_slide(page, 6)
        assert heading(page) == before
        page.keyboard.press("PageDown")
        on_slide(page, 7)
        page.keyboard.press("Escape")
        expect(page.locator("dialog.pcs-present")).to_have_count(0)
        expect(page.get_by_role("heading", name="Stories")).to_be_visible()
        assert elsewhere == []
    finally:
        page.close()
        app.stop()


def test_a_reload_comes_back_to_slide_map_and_practice(tab: Tab, app: App) -> None:
    present(tab, f"{app.url}/stories?area=thurrock")
    page = tab.page
    page.keyboard.press("PageDown")
    on_slide(page, 2)
    page.keyboard.press("PageDown")
    on_slide(page, 3)
    page.evaluate("() => { PCSMap.maps()[0].setView([51.462, 0.36], 14, {animate: false}); }")
    click_practice(page, "F81110")
    expect(page.locator(".pcs-p-card h2")).to_have_text("Tilbury Health Centre")
    page.reload()
    on_slide(page, 3)
    expect(page.locator(".pcs-p-card h2")).to_have_text("Tilbury Health Centre")
    assert page.evaluate("PCSMap.maps()[0].getZoom()") == 14
    assert page.evaluate("PCSMap.maps()[0].getCenter().lat") == pytest.approx(51.462, abs=0.001)


def test_without_what_the_browser_kept_the_server_makes_the_slides_anew(tab: Tab, app: App) -> None:
    present(tab, f"{app.url}/stories?area=thurrock")
    tab.page.keyboard.press("4")
    tab.page.keyboard.press("Enter")
    on_slide(tab.page, 4)
    title, address = heading(tab.page), tab.page.url
    tab.page.evaluate("localStorage.clear()")
    tab.page.goto(address)
    on_slide(tab.page, 4)
    assert heading(tab.page) == title


def click_practice(page: Page, code: str) -> None:
    """Click a practice on the presentation's map; a neighbour may lie on top of it."""
    at = page.evaluate(
        """code => {
            const [map] = PCSMap.maps(), point = PCSMap.state(map).points[code];
            const at = map.latLngToContainerPoint(point.dot.getLatLng());
            return {x: at.x, y: at.y};
        }""",
        code,
    )
    page.locator(".pcs-p-map").click(position=at)


def test_the_map_pans_zooms_and_answers_a_click(tab: Tab, app: App) -> None:
    present(tab, f"{app.url}/?area=thurrock")
    page = tab.page
    centre = "PCSMap.maps()[0].getCenter()"
    state = f"[PCSMap.maps()[0].getZoom(), {centre}.lat, {centre}.lng]"
    zoom, _, longitude = page.evaluate(state)
    page.keyboard.press("+")
    page.wait_for_function(f"{state}[0] > {zoom}")
    page.wait_for_function("!PCSMap.maps()[0]._animatingZoom")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function(f"{state}[2] > {longitude} + 0.001")
    page.keyboard.press("0")
    page.wait_for_function(f"Math.abs({state}[0] - {zoom}) < 0.6")
    box = page.locator(".pcs-p-map").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.85)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 200, middle[1], steps=5)
    page.mouse.up()
    page.wait_for_function(f"{state}[2] > {longitude} + 0.01")
    page.mouse.wheel(0, -300)
    # Until the zoom has ended, nothing else moves the map.
    page.wait_for_function(f"{state}[0] > {zoom} && !PCSMap.maps()[0]._animatingZoom")
    page.keyboard.press("0")
    page.wait_for_function(f"{state}[0] === {zoom} && Math.abs({state}[2] - {longitude}) < 0.001")
    click_practice(page, "F81010")
    expect(page.locator(".pcs-p-card h2")).to_have_text("Aveley Medical Centre")
    expect(page.locator(".pcs-p-card")).to_contain_text("4,661")
    assert page.locator(".leaflet-pcs-rings-pane path[stroke='#d6006e']").count() == 1
    page.get_by_role("button", name="Close the card").click()
    expect(page.locator(".pcs-p-card")).to_have_count(0)
    assert page.locator(".leaflet-pcs-rings-pane path").count() == 0


def test_a_hub_is_pointed_at_from_the_legend_and_from_the_map(
    tab: Tab, app: App, practices
) -> None:
    present(tab, f"{app.url}/stories?area=thurrock")
    page = tab.page
    page.keyboard.press("6")
    page.keyboard.press("Enter")
    on_slide(page, 6)
    thurrock = practices[practices["place"] == "Thurrock"]
    pcn = str(thurrock["pcn"].dropna().iloc[0])
    members = thurrock.index[thurrock["pcn"] == pcn]
    page.locator(".pcs-p-legend button", has_text=pcn).click()
    expect(page.locator(".pcs-p-card h2")).to_have_text(pcn)
    patients = f"{thurrock.loc[members, 'patients'].sum():,}"
    expect(page.locator(".pcs-p-card")).to_contain_text(patients)
    rings = page.locator(".leaflet-pcs-rings-pane path[stroke='#d6006e']")
    assert rings.count() == len(members)
    page.get_by_role("button", name="Close the card").click()
    click_practice(page, str(members[0]))
    expect(page.locator(".pcs-p-card h2")).to_have_text(pcn)
    assert rings.count() == len(members)


def test_the_laser_follows_the_pointer_and_keys_are_told(tab: Tab, app: App) -> None:
    present(tab, f"{app.url}/?area=thurrock")
    page = tab.page
    laser = page.locator(".pcs-p-laser")
    expect(laser).to_be_hidden()
    page.keyboard.press("l")
    page.mouse.move(400, 300)
    expect(laser).to_be_visible()
    box = laser.bounding_box()
    assert box is not None
    assert abs(box["x"] + box["width"] / 2 - 400) < 2
    assert abs(box["y"] + box["height"] / 2 - 300) < 2
    page.keyboard.press("l")
    expect(laser).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("region", name="Keys")).to_contain_text("Black-out")
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Keys")).to_be_hidden()
    expect(page.locator(SLIDE)).to_be_visible()


def test_a_swipe_and_the_large_buttons(chromium: Browser, app: App) -> None:
    context = chromium.new_context(viewport={"width": 1024, "height": 768}, has_touch=True)
    page = context.new_page()
    tab = Tab(page, app.url)
    try:
        present(tab, f"{app.url}/stories?area=thurrock")
        swipe = """([from, to]) => {
            const on = document.querySelector('.pcs-p-message');
            const touch = (x) => new Touch({identifier: 1, target: on, clientX: x, clientY: 80});
            const fire = (type, x, list) => on.dispatchEvent(new TouchEvent(type,
                {bubbles: true, touches: list, changedTouches: [touch(x)]}));
            fire('touchstart', from, [touch(from)]);
            fire('touchend', to, []);
        }"""
        page.evaluate(swipe, [700, 300])
        on_slide(page, 2)
        page.evaluate(swipe, [300, 700])
        on_slide(page, 1)
        page.touchscreen.tap(500, 60)
        button = page.get_by_role("button", name="Next slide")
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
        button.tap()
        on_slide(page, 2)
    finally:
        context.close()


def test_rehearsing_shows_clock_and_notes(tab: Tab, app: App) -> None:
    ready(tab, f"{app.url}/stories?area=thurrock")
    tab.page.get_by_role("button", name="Rehearse").click()
    on_slide(tab.page, 1)
    expect(tab.page.locator(".pcs-p-clock")).to_have_text(re.compile(r"Elapsed 0:0[1-9]"))
    expect(tab.page.locator(".pcs-p-notes")).to_contain_text("Patients per FTE GP")
    tab.page.keyboard.press("PageDown")
    on_slide(tab.page, 2)
    expect(tab.page.locator(".pcs-p-clock")).to_have_text(re.compile(r"slides 1: 0:0\d, 2: 0:0\d"))
    tab.page.reload()
    on_slide(tab.page, 2)
    expect(tab.page.locator(".pcs-p-clock")).to_be_visible()


def test_what_about_works_while_presenting(tab: Tab, app: App) -> None:
    """On a slide without a map, too; Escape comes back to that slide."""
    present(tab, f"{app.url}/stories?area=thurrock")
    page = tab.page
    page.keyboard.press("PageDown")
    on_slide(page, 2)
    page.keyboard.press("/")
    page.keyboard.type("Aveley Medical")
    expect(page.locator("dialog .pcs-find-list [role=option]").first).to_contain_text("Aveley")
    page.keyboard.press("Enter")
    expect(page.locator(".pcs-p-card h2")).to_have_text("Aveley Medical Centre")
    on_slide(page, 1)
    page.keyboard.press("Escape")
    on_slide(page, 2)
    page.keyboard.press("PageDown")
    on_slide(page, 3)
    # The box is where it was, on the page.
    page.keyboard.press("Escape")
    expect(page.locator("dialog.pcs-present")).to_have_count(0)
    expect(page.locator(".pcs-find .pcs-find-input")).to_be_visible()


def test_no_serious_fault_while_presenting(tab: Tab, app: App) -> None:
    present(tab, f"{app.url}/stories?area=thurrock")
    for number in range(1, LAST + 1):
        on_slide(tab.page, number)
        found = Axe().run(tab.page, "dialog.pcs-present").response["violations"]
        bad = [
            f"slide {number}: {fault['id']}: {fault['nodes'][0]['html'][:200]}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
        assert bad == []
        tab.page.keyboard.press("PageDown")


def test_motion_is_left_out_where_it_is_not_wanted(chromium: Browser, app: App) -> None:
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    tab = Tab(page, app.url)
    try:
        present(tab, f"{app.url}/?area=thurrock")
        assert page.evaluate("PCSMap.maps()[0].options.zoomAnimation") is False
    finally:
        context.close()


EVIL = "<img src=x onerror=alert(1)>${alert(2)}</script>"


@pytest.fixture(scope="module")
def evil_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app over data in which a practice and its PCN have hostile names."""
    copy = tmp_path_factory.mktemp("evil")
    for folder in ("pages", "pcs_dash", "data", "geo", "docs", ".streamlit"):
        shutil.copytree(ROOT / folder, copy / folder)
    shutil.copy(ROOT / "app.py", copy)
    table = copy / "data" / "practices_essex.csv"
    text = table.read_text("utf-8")
    assert "Aveley Medical Centre" in text
    table.write_text(
        text.replace("Aveley Medical Centre", f'"{EVIL}"').replace("ASOP PCN", f'"{EVIL} PCN"'),
        "utf-8",
    )
    environment = os.environ | {"PCS_DASH_DATABASE": str(copy / "plans.sqlite")}
    running = App(free_port(), environment, copy / "app.log", folder=copy)
    running.start()
    yield running
    running.stop()


def test_hostile_names_are_text(tab: Tab, evil_app: App, tmp_path: Path) -> None:
    tab.home = evil_app.url
    page = tab.page
    ready(tab, f"{evil_app.url}/stories?area=thurrock")
    story = Story(
        EVIL,
        (
            View(area="thurrock", title=EVIL, text=EVIL, highlight="F81010"),
            View(page="hubs", area="thurrock", highlight=f"{EVIL} PCN"),
            *ready_made(find_area("thurrock")).views[1:],
        ),
    )
    file = tmp_path / "story.json"
    file.write_text(json.dumps(story.to_dict()), "utf-8")
    page.get_by_role("button", name="File", exact=False).first.click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_text(f"{EVIL}: {len(story.views)} views")).to_be_visible()
    page.keyboard.press("Escape")
    tab.settle()
    page.get_by_role("button", name="Present", exact=True).click()
    on_slide(page, 1)
    assert heading(page) == EVIL
    expect(page.locator(".pcs-p-own")).to_have_text(EVIL)
    expect(page.locator(".pcs-p-card h2")).to_have_text(EVIL)
    page.keyboard.press("PageDown")
    on_slide(page, 2)
    expect(page.locator(".pcs-p-card h2")).to_have_text(f"{EVIL} PCN")
    for number in range(3, len(story.views) + 1):
        page.keyboard.press("PageDown")
        on_slide(page, number)
        assert page.locator("img[src='x']").count() == 0
