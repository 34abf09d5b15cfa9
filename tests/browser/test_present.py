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

from pcs_dash.hubs.plan import Plan
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.paths import ROOT
from pcs_dash.views.story import SavedView, Story, ready_made

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
        expect(foot).to_contain_text("NHS England, General Practice Workforce")
        expect(foot).to_contain_text("Permanent GPs")
        expect(foot).to_contain_text("31 December 2025")
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
    page = chromium.new_page(bypass_csp=True, viewport={"width": 1440, "height": 900})
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
        page.get_by_role("button", name="Close the card").click()
        # Streamlit's own window comes up below, in plain words, and takes nothing from it.
        below = page.locator(".stDialog")
        expect(below).to_contain_text("The app does not answer", timeout=60_000)
        assert "treamlit" not in below.inner_text()
        everything_works(page)
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
        expect(page.get_by_role("heading", name="Present and pack")).to_be_visible()
        assert elsewhere == []
    finally:
        page.close()
        app.stop()


def everything_works(page: Page) -> None:
    """Zoom, search, click, laser, black-out and Escape, on a slide with a map."""
    zoom = page.evaluate("PCSMap.maps()[0].getZoom()")
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function(f"PCSMap.maps()[0].getZoom() > {zoom}")
    page.keyboard.press("0")
    page.wait_for_function(f"PCSMap.maps()[0].getZoom() === {zoom}")
    page.keyboard.press("/")
    page.keyboard.type("Tilbury Health")
    expect(page.locator("dialog .pcs-find-list [role=option]").first).to_contain_text("Tilbury")
    page.keyboard.press("Enter")
    expect(page.locator(".pcs-p-card h2")).to_have_text("Tilbury Health Centre")
    page.keyboard.press("Escape")
    expect(page.locator(".pcs-p-card")).to_have_count(0)
    page.wait_for_function(f"PCSMap.maps()[0].getZoom() === {zoom}")
    click_practice(page, "F81010")
    expect(page.locator(".pcs-p-card h2")).to_have_text("Aveley Medical Centre")
    page.mouse.move(500, 400)
    page.keyboard.press("l")
    expect(page.locator(".pcs-p-laser")).to_be_visible()
    page.keyboard.press("l")
    page.keyboard.press("b")
    expect(page.locator(".pcs-p-black")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".pcs-p-black")).to_be_hidden()


def test_a_browser_that_refuses_storage_still_presents(chromium: Browser, app: App) -> None:
    context = chromium.new_context(bypass_csp=True, viewport={"width": 1440, "height": 900})
    context.add_init_script(
        "for (const name of ['getItem', 'setItem', 'removeItem', 'key'])"
        " Storage.prototype[name] = () => { throw new DOMException('no', 'SecurityError'); };"
        "Object.defineProperty(window, 'localStorage',"
        " { get: () => { throw new DOMException('no', 'SecurityError'); } });"
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        present(Tab(page, app.url), f"{app.url}/stories?area=thurrock")
        page.keyboard.press("PageDown")
        on_slide(page, 2)
        page.keyboard.press("PageUp")
        on_slide(page, 1)
        everything_works(page)
        page.keyboard.press("Escape")
        expect(page.locator("dialog.pcs-present")).to_have_count(0)
        assert not [fault for fault in faults if "pcs" in fault.lower()], faults
    finally:
        context.close()


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
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
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
    context = chromium.new_context(
        bypass_csp=True, viewport={"width": 1024, "height": 768}, has_touch=True
    )
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
        # On a list, a table or a chart as on a heading; a finger on the map moves the map.
        parts = (".pcs-p-side", ".pcs-p-table", "footer", ".pcs-p-picture > svg")
        for then, on in enumerate(parts, start=2):
            page.evaluate(swipe.replace(".pcs-p-message", f"dialog {on}"), [700, 300])
            on_slide(page, then)
        page.keyboard.press("Home")
        on_slide(page, 1)
        page.evaluate(swipe.replace(".pcs-p-message", "dialog .pcs-p-map"), [700, 300])
        expect(page.locator(".pcs-p-number")).to_have_text(f"Slide 1 of {LAST}")
        page.touchscreen.tap(500, 60)
        button = page.get_by_role("button", name="Next slide")
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
        button.tap()
        on_slide(page, 2)
    finally:
        context.close()


# The eight seconds after which a page wonders about its server are over once that is at work.
IMPATIENT = """() => {
  const later = window.setTimeout;
  window.setTimeout = (call, ms, ...given) => {
    if (ms !== 8000) return later(call, ms, ...given);
    const look = () => {
      if (!PCSDom.atWork()) { later(look, 5); return; }
      window.impatient = "waited";
      call();
    };
    return later(look, 0);
  };
}"""


def test_rehearsing_shows_clock_and_notes(tab: Tab, app: App) -> None:
    tab.page.set_viewport_size({"width": 1024, "height": 768})
    ready(tab, f"{app.url}/stories?area=essex")
    tab.page.evaluate(IMPATIENT)
    tab.page.get_by_role("button", name="Rehearse").click()
    on_slide(tab.page, 1)
    # A server that takes its time is waited for: the page was not opened anew.
    assert tab.page.evaluate("window.impatient") == "waited"
    expect(tab.page.locator(".pcs-p-clock")).to_have_text(re.compile(r"Elapsed 0:0[1-9]"))
    expect(tab.page.locator(".pcs-p-notes")).to_contain_text("Patients per FTE GP")
    # The whole area is on the map, which has less room than when presenting.
    assert inside(tab.page)
    tab.page.keyboard.press("Escape")
    tab.page.get_by_role("button", name="Present", exact=True).click()
    on_slide(tab.page, 1)
    assert inside(tab.page)
    tab.page.keyboard.press("Escape")
    tab.page.get_by_role("button", name="Rehearse").click()
    on_slide(tab.page, 1)
    assert inside(tab.page)
    tab.page.keyboard.press("PageDown")
    on_slide(tab.page, 2)
    expect(tab.page.locator(".pcs-p-clock")).to_have_text(re.compile(r"slides 1: 0:0\d, 2: 0:0\d"))
    tab.page.reload()
    on_slide(tab.page, 2)
    expect(tab.page.locator(".pcs-p-clock")).to_be_visible()


def inside(page: Page) -> bool:
    """Whether the whole area is on the map."""
    return bool(
        page.evaluate(
            "() => { const [map] = PCSMap.maps(), view = PCSMap.state(map).view;"
            " return map.getBounds().pad(0.01).contains(view.area.bounds); }"
        )
    )


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


RINGED = """() => {
    const [map] = PCSMap.maps(), state = PCSMap.state(map), seen = new Set();
    const near = (layer) => Object.values(state.points).forEach((p) => {
        if (p.dot.getLatLng().equals(layer.getLatLng(), 1e-9)) seen.add(p.code);
    });
    const rings = Object.values(map._layers).filter((layer) => layer instanceof L.CircleMarker
        && layer.options.color === '#d6006e');
    rings.forEach(near);
    return [rings.length > 0, ...seen];
}"""


def ringed(page: Page) -> list[str]:
    """The practices that have a ring on the presentation's map, and nothing else that has one."""
    drawn, *codes = page.evaluate(RINGED)
    assert drawn == bool(codes)
    return sorted(codes)


def find(page: Page, text: str) -> None:
    """Search while presenting and go to the first find."""
    page.keyboard.press("/")
    page.keyboard.type(text)
    page.wait_for_function(
        "text => document.querySelector('dialog .pcs-find-list').dataset.for === text", arg=text
    )
    page.keyboard.press("Enter")


def test_what_was_found_is_ringed_and_nothing_else(tab: Tab, app: App) -> None:
    """From a slide with a chart, where the map is out of sight: after Escape and on the next map
    nothing is ringed; a second find takes the place of the first.
    """
    present(tab, f"{app.url}/stories?area=thurrock")
    page, card = tab.page, tab.page.locator(".pcs-p-card h2")
    page.keyboard.press("PageDown")
    on_slide(page, 2)  # no map
    find(page, "F81110")
    on_slide(page, 1)
    expect(card).to_have_text("Tilbury Health Centre")
    page.wait_for_function(f"({RINGED})().includes('F81110')")
    assert ringed(page) == ["F81110"]
    page.keyboard.press("Escape")
    on_slide(page, 2)
    for number in (3, 4, 5, 6):
        page.keyboard.press("PageDown")
        on_slide(page, number)
        if page.locator(".pcs-p-map").count():
            assert ringed(page) == []
    page.keyboard.press("Home")
    on_slide(page, 1)
    assert ringed(page) == []
    page.keyboard.press("PageDown")
    on_slide(page, 2)
    for text, name, code in (
        ("F81110", "Tilbury Health Centre", "F81110"),
        ("F81010", "Aveley Medical Centre", "F81010"),
    ):
        find(page, text)
        expect(card).to_have_text(name)
        on_slide(page, 1)
        page.wait_for_function(f"({RINGED})().includes('{code}')")
        assert ringed(page) == [code]
    # A place that is no practice of the slide takes the ring, too.
    find(page, "Chelmsford")
    expect(card).to_have_text("Chelmsford (district)")
    page.wait_for_function(f"!({RINGED})()[0]")
    page.keyboard.press("Escape")
    on_slide(page, 2)


def test_a_click_and_the_card_s_cross_end_a_find(tab: Tab, app: App) -> None:
    present(tab, f"{app.url}/?area=thurrock")
    page, card = tab.page, tab.page.locator(".pcs-p-card h2")
    find(page, "F81110")
    expect(card).to_have_text("Tilbury Health Centre")
    page.evaluate("() => { PCSMap.maps()[0].setView([51.49, 0.3], 12, {animate: false}); }")
    click_practice(page, "F81010")
    expect(card).to_have_text("Aveley Medical Centre")
    assert ringed(page) == ["F81010"]
    find(page, "RM18 8EB")
    expect(card).to_have_text("RM18 8EB")
    page.get_by_role("button", name="Close the card").click()
    expect(card).to_have_count(0)
    assert page.evaluate(RINGED) == [False]


def test_a_find_of_the_page_is_no_part_of_a_presentation(tab: Tab, app: App) -> None:
    ready(tab, f"{app.url}/?area=thurrock")
    page = tab.page
    page.keyboard.press("/")
    page.keyboard.type("Tilbury")
    page.wait_for_selector(".pcs-find-list [role=option]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pcs-find-card[data-n]")
    page.get_by_role("button", name="Present", exact=True).click()
    on_slide(page, 1)
    assert page.evaluate(RINGED) == [False]
    assert inside(page)


def look_for(page: Page, text: str, kind: str) -> None:
    """Search while presenting, and go to the first find of a kind."""
    page.keyboard.press("/")
    page.keyboard.type(text)
    options = page.locator("dialog .pcs-find-list [role=option]")
    found = options.filter(has=page.locator(".pcs-find-kind", has_text=re.compile(f"^{kind}$")))
    found.first.click()


def test_cards_of_places_have_figures_without_the_server(tab: Tab, app: App, practices) -> None:
    present(tab, f"{app.url}/?area=thurrock&gp=permanent")
    page, card = tab.page, tab.page.locator(".pcs-p-card")
    own = practices[(practices["place"] == "Thurrock") & practices["pcn"].notna()]
    tab.page.context.set_offline(True)
    pcn = str(own["pcn"].iloc[0])
    members = own[own["pcn"] == pcn]
    known = members["gp_fte_permanent"].notna()
    look_for(page, pcn, "PCN")
    expect(card.locator("h2")).to_have_text(pcn)
    expect(card).to_contain_text(f"{members['patients'].sum():,}")
    ratio = members["patients"][known].sum() / members["gp_fte_permanent"][known].sum()
    expect(card).to_contain_text(f"{ratio:,.0f}")
    page.keyboard.press("Escape")
    look_for(page, "Thurrock 014C", "LSOA")
    expect(card).to_contain_text("IMD 2025 quintile")
    expect(card).to_contain_text("Its rank of 33,755")
    expect(card).to_contain_text("Nearest practices")
    expect(card.locator("dt", has_text=" km")).to_have_count(3)
    page.keyboard.press("Escape")
    look_for(page, "RM18 8EB", "Postcode")
    expect(card.locator("dt", has_text=" km")).to_have_count(3)
    expect(card).not_to_contain_text("Outside")
    page.keyboard.press("Escape")
    look_for(page, "Colchester", "Town")
    expect(card).to_contain_text("Outside Thurrock, the area shown.")
    page.keyboard.press("Escape")
    look_for(page, "Essex", "Area")
    expect(card).to_contain_text("Partly outside Thurrock")
    tab.page.context.set_offline(False)


def test_the_hubs_of_the_plan_are_found_and_its_legend_works_by_keyboard(
    tab: Tab, app: App, practices, tmp_path: Path
) -> None:
    own = list(practices.index[practices["place"] == "Thurrock"])
    plan = Plan().add_hub("Riverside").add_hub("Northern heights")
    plan = plan.assign(own[:9], plan.hubs[0].id).assign(own[9:], plan.hubs[1].id)
    story = ready_made(find_area("thurrock"), plan=plan, plan_name="Two hubs")
    file = tmp_path / "story.json"
    file.write_text(story.to_json(), "utf-8")
    ready(tab, f"{app.url}/stories?area=thurrock")
    page = tab.page
    page.get_by_role("button", name="File", exact=False).first.click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Open it").click()
    page.keyboard.press("Escape")
    tab.settle()
    page.get_by_role("button", name="Present", exact=True).click()
    on_slide(page, 1)
    look_for(page, "Northern", "Hub")
    # The first slide has no hubs: the one that has them shows it.
    on_slide(page, 6)
    expect(page.locator(".pcs-p-card h2")).to_have_text("Northern heights")
    rings = page.locator(".leaflet-pcs-rings-pane path[stroke='#d6006e']")
    expect(rings).to_have_count(len(own) - 9)
    page.keyboard.press("Escape")
    on_slide(page, 1)
    page.keyboard.press("6")
    page.keyboard.press("Enter")
    on_slide(page, 6)
    entry = page.locator(".pcs-p-legend button", has_text="Riverside")
    entry.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".pcs-p-card")).to_be_focused()
    page.keyboard.press("Escape")
    expect(entry).to_be_focused()
    expect(page.locator(".pcs-p-card")).to_have_count(0)
    on_slide(page, 6)


def test_what_overflows_scrolls_by_keyboard(tab: Tab, app: App) -> None:
    """The legend of forty PCNs, and a whole slide at 200% zoom; Page Down still goes on."""
    present(tab, f"{app.url}/hubs?area=essex")
    page, side = tab.page, tab.page.locator(".pcs-p-side")
    side.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.querySelector('.pcs-p-side').scrollTop > 10")
    page.keyboard.press("End")
    page.wait_for_function(
        "() => { const e = document.querySelector('.pcs-p-side');"
        " return e.scrollTop + e.clientHeight > e.scrollHeight - 3; }"
    )
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 640, "height": 360})
    present(tab, f"{app.url}/stories?area=thurrock")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.querySelector('.pcs-p-stage').scrollTop > 10")
    on_slide(page, 1)
    page.keyboard.press("PageDown")
    on_slide(page, 2)


@pytest.mark.parametrize("area", ["thurrock", "essex"])
def test_names_of_towns_cover_neither_each_other_nor_the_controls(
    tab: Tab, app: App, area: str
) -> None:
    tab.page.set_viewport_size({"width": 1024, "height": 768})
    present(tab, f"{app.url}/?area={area}")
    over = tab.page.evaluate(
        """() => {
            const box = (e) => e.getBoundingClientRect();
            const names = [...document.querySelectorAll('.pcs-p-map .pcs-town span')].map(box);
            const fixed = [...document.querySelectorAll('.pcs-p-map .leaflet-control')].map(box);
            const hit = (a, b) => a.left < b.right - 1 && a.right > b.left + 1
                && a.top + 3 < b.bottom - 3 && a.bottom - 3 > b.top + 3;
            const twice = names.filter((a, i) => names.some((b, j) => j > i && hit(a, b)));
            const under = names.filter((a) => fixed.some((b) => hit(a, b)));
            return [names.length, twice.length, under.length];
        }"""
    )
    assert over[0] >= 5
    assert over[1:] == [0, 0]


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
    context = chromium.new_context(bypass_csp=True, reduced_motion="reduce")
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
            SavedView(area="thurrock", title=EVIL, text=EVIL, highlight="F81010"),
            SavedView(page="hubs", area="thurrock", highlight=f"{EVIL} PCN"),
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
