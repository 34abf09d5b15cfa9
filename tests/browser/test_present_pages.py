"""Every page that shows figures can be presented, and its slide says what the page says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pcs_dash.views import places
from pcs_dash.views.story import PAGES

from .conftest import App, Tab, started
from .test_present import on_slide, ready

pytestmark = pytest.mark.browser

# What each page is asked here: never only what it begins with.
ASKED = {
    "overview": {"gp": "all"},
    "under_doctoring": {"gp": "permanent"},
    "deprivation": {"imd": "2019"},
    "correlation": {"area": "essex", "weighted": "true", "x": "imd2025_share_quintile_1"},
    "inequality": {"area": "essex", "gp": "all"},
    "spatial_pattern": {"pattern": "deprivation", "near-lsoa": "6-nearest"},
    "robustness": {},
    "then_and_now": {"gp": "permanent"},
    "england": {"england-areas": "district", "england-measure": "share_quintile_1_2019"},
    "catchments": {"whose": "Practice", "practice": "F81010"},
    "trends": {"trend-by": "District", "trend-in": "Patients"},
    "quality": {"quality": "prev_dm", "quality-colour": "Patients per FTE GP"},
    "staff": {"staff-by": "PCN"},
    "similar": {"similar-level": "PCN"},
    "hubs": {"area": "essex"},
    "getting_there": {"mode": "drive", "within": "15"},
    "plan_ahead": {"years": "15", "close": "F81110"},
}


@pytest.fixture(scope="module")
def official_app(england_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with official data of all England."""
    folder = tmp_path_factory.mktemp("present-official")
    with started(folder, england_data) as running:
        yield running


def address(app: App, page: str, asked: dict[str, str]) -> str:
    return f"{app.url}/{places.address(places.sheet_of(page), {'area': 'thurrock'} | asked)}"


def headline(page: Page) -> str:
    said = page.locator(
        ".st-key-headline p, .st-key-questions p, .stMarkdown h4, .pcs-hubs-head"
    ).first
    expect(said).not_to_be_empty()
    return said.inner_text().removeprefix("Short of GPs?").strip()


def message(page: Page) -> str:
    page.get_by_role("button", name="Present", exact=True).click()
    on_slide(page, 1)
    return page.locator(".pcs-p-message").inner_text()


def slide(page: Page) -> dict[str, object]:
    """The slide that is shown, as the browser keeps it."""
    kept = page.evaluate(
        "() => Object.entries(localStorage).find(([key]) => key.startsWith('pcs-present:'))[1]"
    )
    shown: dict[str, object] = json.loads(kept)["slides"][0]
    return shown


def test_every_page_is_asked_something() -> None:
    assert set(ASKED) == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_the_slide_says_what_the_page_says(tab: Tab, official_app: App, name: str) -> None:
    tab.home = official_app.url
    ready(tab, address(official_app, name, ASKED[name]))
    page = tab.page
    expect(page.get_by_role("button", name="Add to story")).to_be_visible()
    said = headline(page)
    assert said in message(page)
    # Lines that have no dots to go by fill the picture too.
    lines = page.locator("svg[role=img] polyline")
    wide = lines.evaluate_all("(all) => all.map((line) => line.getBBox().width)")
    assert all(width > 100 for width in wide)
    assert wide or name != "plan_ahead"
    # The address on the slide opens the same view.
    link = str(slide(page)["link"])
    ready(tab, link)
    assert headline(page) == said


def test_hubs_of_my_plan_are_the_page_s(tab: Tab, official_app: App) -> None:
    """Before a plan was made they are the area's PCNs, on the page and on the slide."""
    tab.home = official_app.url
    ready(tab, address(official_app, "catchments", {"whose": "Hub of my plan"}))
    said = headline(tab.page)
    assert said in message(tab.page)


def test_what_was_chosen_is_on_the_slide(tab: Tab, official_app: App) -> None:
    tab.home = official_app.url
    page = tab.page
    ready(tab, address(official_app, "correlation", ASKED["correlation"]))
    message(page)
    chart = slide(page)["picture"]["chart"]  # type: ignore[index]
    assert "most deprived fifth" in chart["x_title"]
    expect(page.locator(".pcs-p-figures")).to_contain_text("Weighted Spearman's rho")
    ready(tab, address(official_app, "catchments", ASKED["catchments"]))
    message(page)
    expect(page.locator("dialog h1")).to_contain_text("Aveley Medical Centre")
    ready(tab, address(official_app, "quality", ASKED["quality"]))
    message(page)
    expect(page.locator("dialog h1")).to_contain_text("iabetes")
    expect(page.locator(".pcs-p-legend")).to_contain_text("Patients per FTE GP against")


def test_the_map_stands_where_it_stood(tab: Tab, official_app: App) -> None:
    tab.home = official_app.url
    for name in ("catchments", "quality", "spatial_pattern"):
        ready(tab, address(official_app, name, {}))
        page = tab.page
        # Of several maps, the first has what the slide shows.
        page.locator("iframe[title*='st_folium']").first.wait_for()
        handle = page.locator("iframe[title*='st_folium']").first.element_handle()
        frame = handle.content_frame()
        assert frame is not None
        frame.wait_for_selector(".pcs-map[data-painted]", state="attached")
        frame.evaluate("() => { map.setView([51.48, 0.35], 13, {animate: false}); }")
        message(page)
        shown = page.evaluate("PCSMap.maps()[0].getCenter().lat")
        assert shown == pytest.approx(51.48, abs=0.001), name
        assert page.evaluate("PCSMap.maps()[0].getZoom()") == 13, name


def test_an_icb_without_gp_figures_has_slides_of_the_rest(tab: Tab, official_app: App) -> None:
    tab.home = official_app.url
    ready(tab, f"{official_app.url}/catchments?area=icb-qks")
    said = headline(tab.page)
    assert said in message(tab.page)


@pytest.mark.parametrize("name", ["correlation", "quality"])
def test_the_practice_chosen_beside_the_map_is_pointed_at(tab: Tab, app: App, name: str) -> None:
    ready(tab, f"{app.url}/{name}?area=thurrock")
    box = tab.page.get_by_role("combobox", name="Find a practice on this map")
    box.focus()
    box.press_sequentially("F81110")
    tab.page.keyboard.press("Enter")
    tab.map_frame().wait_for_function("PCSMap.state(map).view.selected === 'F81110'")
    tab.settle()
    message(tab.page)
    expect(tab.page.locator(".pcs-p-card h2")).to_have_text("Tilbury Health Centre")


def test_a_fault_is_told_in_full(tab: Tab, app: App) -> None:
    """Where no official data are loaded, the button says what is missing."""
    ready(tab, f"{app.url}/england?area=thurrock")
    tab.page.get_by_role("button", name="Present", exact=True).click()
    said = tab.page.locator(".pcs-bar-said[data-fault=true]")
    expect(said).to_contain_text("No official data are loaded")
    box = said.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1440


STRIP = """() => [
    '.pcs-find-box', '.pcs-help-button', '.pcs-bar-add', '.pcs-bar-present'
].map((name) => {
    const box = document.querySelector(name).getBoundingClientRect();
    const points = [[0.1, 0.5], [0.5, 0.5], [0.9, 0.5]].map(([x, y]) =>
        document.elementFromPoint(box.left + x * box.width, box.top + y * box.height));
    const hit = points.every((at) => at && at.closest(name));
    return hit ? '' : name + ' is under ' + points.map((at) => at && at.className).join(', ');
}).filter(Boolean)"""


@pytest.mark.parametrize("path", ["", "hubs"])
def test_nothing_lies_over_the_strip_above_the_title(tab: Tab, app: App, path: str) -> None:
    # With the invitation to the tour, which a first visit shows, and without.
    for _ in ("offered", "seen"):
        ready(tab, f"{app.url}/{path}?area=thurrock")
        tab.page.wait_for_selector(".pcs-help[data-ready]", state="attached")
        tab.page.wait_for_selector(".pcs-find[data-ready]", state="attached")
        for wide in (1440, 1280, 1024, 800, 390):
            tab.page.set_viewport_size({"width": wide, "height": 800})
            tab.page.wait_for_function(f"() => ({STRIP})().length === 0")
        tab.page.evaluate("localStorage.setItem('pcs-dash-tour', 'seen')")
        tab.page.set_viewport_size({"width": 1440, "height": 800})


def serious(page: Page, part: str | None = None) -> list[str]:
    found = Axe().run(page, part).response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


def test_no_serious_fault_in_england_or_while_waiting_pointing_and_rehearsing(
    tab: Tab, official_app: App
) -> None:
    tab.home = official_app.url
    page = tab.page
    ready(tab, f"{official_app.url}/england")
    tab.map_frame()
    assert serious(page) == []
    ready(tab, f"{official_app.url}/stories?area=thurrock")
    # The curtain: shown for as long as the server takes, here for ever.
    page.evaluate("() => { window.PCSPresent.curtain('Thurrock'); }")
    expect(page.get_by_text("Making the slides ...")).to_be_visible()
    assert serious(page, "dialog.pcs-present") == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Rehearse").click()
    on_slide(page, 1)
    assert serious(page, "dialog.pcs-present") == []
    page.keyboard.press("/")
    page.keyboard.type("RM18 8EB")
    page.locator("dialog .pcs-find-list [role=option]").first.click()
    expect(page.locator(".pcs-p-card")).to_contain_text("Nearest practices")
    assert serious(page, "dialog.pcs-present") == []
