"""The pages with folium maps, driven as a commissioner would, with every other host refused.

The `tab` fixture fails a test when anything was asked of another host or a script went wrong.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Frame, expect

from pcs_dash.tables.paths import ROOT

from .conftest import App, Tab, free_port

pytestmark = pytest.mark.browser

PAGES = ["", "deprivation", "correlation", "catchments", "trends", "quality", "data_and_methods"]
WITHOUT_MAP = ("trends", "data_and_methods")


def where(frame: Frame, code: str) -> dict[str, float]:
    """Where in the map's frame a practice is drawn, in pixels."""
    return frame.evaluate(
        """code => {
            const point = PCSMap.state(map).points[code];
            const at = map.latLngToContainerPoint(point.dot.getLatLng());
            return {x: at.x, y: at.y};
        }""",
        code,
    )


def click_practice(frame: Frame, code: str) -> None:
    frame.locator(".pcs-map").click(position=where(frame, code))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)], ids=str)
def test_pages_open_without_internet_and_without_sideways_scrolling(
    tab: Tab, app: App, page: str, size: tuple[int, int]
) -> None:
    tab.page.set_viewport_size({"width": size[0], "height": size[1]})
    tab.open(f"{app.url}/{page}?area=thurrock")
    if page not in WITHOUT_MAP:
        tab.map_frame()
    wide = tab.page.evaluate(
        "() => { const main = document.querySelector('.stMain');"
        " return main.scrollWidth - main.clientWidth; }"
    )
    assert wide <= 1


def test_a_click_on_the_map_shows_the_card_and_goes_into_the_address(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    click_practice(tab.map_frame(), "F81010")
    expect(tab.page.get_by_text("F81010 beside Thurrock")).to_be_visible()
    tab.page.wait_for_url("**practice=*F81010*")
    address = tab.page.url
    tab.page.goto("about:blank")
    tab.open(address)
    expect(tab.page.get_by_text("F81010 beside Thurrock")).to_be_visible()


def test_the_map_is_kept_while_figures_change(tab: Tab, app: App) -> None:
    """A click, another definition and a pan must neither rebuild the map nor move it back."""
    tab.open(f"{app.url}/?area=thurrock")
    frame = tab.map_frame()
    frame.evaluate("() => { window.keptMark = 1; map.setZoom(12, {animate: false}); }")
    click_practice(frame, "F81082")
    expect(tab.page.get_by_text("F81082 beside Thurrock")).to_be_visible()
    tab.page.get_by_role("combobox", name="Which GPs count").click()
    tab.page.get_by_role("option", name="Permanent GPs").click()
    expect(tab.page.get_by_text("3,229", exact=True).first).to_be_visible()
    tab.settle()
    assert frame.evaluate("window.keptMark") == 1
    assert frame.evaluate("map.getZoom()") == 12
    title = frame.evaluate("PCSMap.state(map).view.valueTitle")
    assert "permanent" in title


def test_practices_in_one_building_are_clicked_apart(tab: Tab, app: App, practices) -> None:
    southend = practices[practices["place"] == "Southend"]
    shared = southend[southend.duplicated(["easting", "northing"], keep=False)]
    assert len(shared) >= 2
    tab.open(f"{app.url}/?area=southend")
    frame = tab.map_frame()
    frame.evaluate("() => { map.setZoom(13, {animate: false}); }")
    for code in shared.index:
        frame.evaluate(
            "code => { map.panTo(PCSMap.state(map).points[code].at, {animate: false}); }", code
        )
        click_practice(frame, code)
        expect(tab.page.get_by_text(f"{code} beside Southend")).to_be_visible(timeout=15_000)


def test_a_row_of_the_table_marks_the_map(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock&practice=F81110")
    frame = tab.map_frame()
    frame.wait_for_function("PCSMap.state(map).view.selected === 'F81110'")
    grid = tab.page.locator("[data-testid='stDataFrame']").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    # The first row: the practice with most patients per FTE GP.
    tab.page.mouse.click(box["x"] + 15, box["y"] + 53)
    expect(tab.page.get_by_text("F81652 beside Thurrock")).to_be_visible()
    frame.wait_for_function("PCSMap.state(map).view.selected === 'F81652'")


def test_back_and_forward_walk_through_the_pages(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock&gp=permanent")
    tab.page.get_by_role("link", name="Deprivation").click()
    expect(tab.page.get_by_role("heading", name="Deprivation: Thurrock")).to_be_visible()
    tab.page.go_back()
    expect(tab.page.get_by_role("heading", name="Under-doctoring: Thurrock")).to_be_visible()
    expect(tab.page.get_by_text("3,229", exact=True).first).to_be_visible()


def test_the_keyboard_finds_a_practice(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    tab.page.get_by_role("combobox", name="Find a practice").focus()
    tab.page.keyboard.type("Tilbury Health")
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_text("F81110 beside Thurrock")).to_be_visible()


def test_the_street_map_is_asked_for_only_when_switched_on_and_may_fail(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock&tiles=true")
    frame = tab.map_frame()
    tab.page.wait_for_timeout(500)
    assert tab.asked_elsewhere
    assert all("tile.openstreetmap.org" in url for url in tab.asked_elsewhere)
    tab.asked_elsewhere.clear()
    click_practice(frame, "F81010")
    expect(tab.page.get_by_text("F81010 beside Thurrock")).to_be_visible()
    tab.asked_elsewhere.clear()


EVIL = "<img src=x onerror=alert(1)>${alert(2)}`{{7*7}}"


@pytest.fixture(scope="module")
def evil_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app over data in which a practice of Thurrock has a hostile name."""
    copy = tmp_path_factory.mktemp("evil")
    for folder in ("pages", "pcs_dash", "data", "geo", "docs", ".streamlit"):
        shutil.copytree(ROOT / folder, copy / folder)
    shutil.copy(ROOT / "app.py", copy)
    table = copy / "data" / "practices_essex.csv"
    text = table.read_text("utf-8")
    assert "Aveley Medical Centre" in text
    table.write_text(text.replace("Aveley Medical Centre", f'"{EVIL}"'), "utf-8")
    running = App(free_port(), dict(os.environ), copy / "app.log", folder=copy)
    running.start()
    yield running
    running.stop()


def test_a_hostile_name_is_shown_as_text_everywhere(tab: Tab, evil_app: App) -> None:
    tab.home = evil_app.url
    for page in ("", "deprivation", "correlation"):
        tab.open(f"{evil_app.url}/{page}?area=thurrock&practice=F81010")
        frame = tab.map_frame()
        at = where(frame, "F81010")
        frame.locator(".pcs-map").hover(position=at)
        tip = frame.locator(".leaflet-tooltip strong")
        expect(tip).to_have_text(f"{EVIL} (F81010)")
        assert frame.locator("img[src='x']").count() == 0
        assert tab.page.locator("img[src='x']").count() == 0
    tab.open(f"{evil_app.url}/?area=thurrock&practice=F81010")
    expect(tab.page.get_by_text(EVIL).first).to_be_visible()
