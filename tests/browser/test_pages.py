"""The pages with folium maps, driven as a commissioner would, with every other host refused.

The `tab` fixture fails a test when anything was asked of another host or a script went wrong.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Frame, Page, expect
from pptx import Presentation

from pcs_dash.tables.paths import ROOT
from pcs_dash.views import places

from .conftest import App, Tab, another_browser, free_port

pytestmark = pytest.mark.browser

SIZES = ((1440, 900), (1024, 768), (390, 844))
PATHS = ["data_and_methods", *dict.fromkeys(sheet.path for sheet in places.SHEETS)]
MAPS = ("overview", "under_doctoring", "quality", "deprivation", "spatial_pattern", "catchments",
        "correlation")  # fmt: skip
CHARTS = ("verdict", "inequality", "robustness", "then_and_now", "correlation", "plan_ahead")
# Two and a half screens of a laptop.
HIGHEST = 2_250
WIDER = (
    "() => { const m = document.querySelector('.stMain'); return m.scrollWidth - m.clientWidth; }"
)


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


def serious(page: Page) -> list[str]:
    """axe-core's serious and critical faults, each with its first element."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['impact']} {fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


def check_phone(page: Page) -> None:
    """Tabs wrap instead of scrolling, and buttons to present cover neither map nor words."""
    strips = "(lists) => lists.every((list) => list.scrollWidth <= list.clientWidth)"
    assert page.locator(".stMain [role='tablist']").evaluate_all(strips), page.url
    bar = page.locator(".st-key-present-bar")
    if bar.count():
        assert bar.evaluate("(bar) => getComputedStyle(bar).position") == "static"
        below, title = bar.bounding_box(), page.get_by_role("heading", level=1).bounding_box()
        assert below is not None
        assert title is not None
        assert below["y"] + below["height"] <= title["y"], page.url


def check_sheet(tab: Tab) -> None:
    """No error, no serious fault, and nothing runs off sideways at any of three sizes."""
    page = tab.page
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert serious(page) == []
    for wide, high in SIZES:
        page.set_viewport_size({"width": wide, "height": high})
        # A chart takes a moment to fit; the page's policy lets no script wait for it.
        for _ in range(20):
            if (wider := page.evaluate(WIDER)) <= 1:
                break
            page.wait_for_timeout(250)
        assert wider <= 1, (wide, page.url)
        if (wide, high) == SIZES[-1]:
            check_phone(page)
        if (wide, high) == SIZES[0]:
            long = page.locator(".stMain").evaluate("(main) => main.scrollHeight")
            assert long <= HIGHEST, (long, page.url)
    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path or "home")
def test_every_sheet_opens_by_its_old_address_and_fits(tab: Tab, app: App, path: str) -> None:
    """Without internet: `tab` sees to that."""
    sheets = [sheet for sheet in places.SHEETS if sheet.path == path]
    for key in [sheet.key for sheet in sheets] or [path]:
        tab.open(f"{app.url}/{key}?area=thurrock&gp=all")
        if key in MAPS:
            tab.map_frame()
        if key in CHARTS:
            expect(tab.page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
        at = urlsplit(tab.page.url)
        assert at.path == f"/{path}"
        assert parse_qs(at.query)["gp"] == ["all"]
        for sheet in sheets:
            if sheet.key == key and sheet.tab:
                open_tab = tab.page.get_by_role("tab", selected=True).first
                expect(open_tab).to_have_text(sheet.label)
        check_sheet(tab)


def test_the_overview_is_one_screen_of_a_projector_and_its_menu_needs_no_scrolling(
    tab: Tab, app: App
) -> None:
    tab.page.set_viewport_size({"width": 1024, "height": 768})
    tab.open(f"{app.url}/?area=thurrock")
    tab.map_frame()
    box = tab.page.locator("iframe[title*='st_folium']").first.bounding_box()
    assert box is not None
    assert box["width"] >= 600
    assert min(768, box["y"] + box["height"]) - max(0, box["y"]) >= 400
    menu = tab.page.get_by_test_id("stSidebarContent")
    assert menu.evaluate("(menu) => menu.scrollHeight <= menu.clientHeight")


def test_a_board_s_questions_are_answered_at_once(tab: Tab, app: App, chromium: Browser) -> None:
    """Thurrock without a click, Basildon's worst in one, slides of the plan in two, and a link
    that opens the same in another browser.
    """
    page = tab.page
    tab.open(f"{app.url}/?area=thurrock")
    for wide, high in SIZES[1::-1]:
        page.set_viewport_size({"width": wide, "height": high})
        for said in ("23% more than England", "in Thurrock the figures do not show it"):
            expect(page.get_by_text(said).first).to_be_in_viewport(ratio=1)
    page.get_by_role("combobox", name="Area", exact=True).click()
    page.get_by_role("option", name="Basildon (district)", exact=True).click()
    worst = page.get_by_role("region", name="The 5 practices with most patients per FTE GP")
    expect(worst.get_by_role("rowheader")).to_have_count(5)
    expect(worst).to_contain_text("under 2.5 FTE")
    expect(page.get_by_role("heading", name="Overview: Basildon (district)")).to_be_visible()
    tab.settle()
    five = worst.get_by_role("row").all_inner_texts()
    with another_browser(chromium, app.url) as other:
        other.open(page.url)
        expect(other.page.get_by_role("heading", name="Overview: Basildon (dist")).to_be_visible()
        same = other.page.get_by_role("region", name="The 5 practices with most patients per FTE")
        expect(same.get_by_role("row")).to_have_text(five, use_inner_text=True)
    page.get_by_role("link", name="Group into hubs").click()
    expect(page.get_by_role("heading", name="Hubs: Basildon (district)")).to_be_visible()
    tab.settle()
    page.get_by_role("button", name="Download").first.click()
    with page.expect_download(timeout=60_000) as given:
        page.get_by_role("button", name="PowerPoint of this plan").click()
    assert len(Presentation(given.value.path()).slides) >= 3


def test_on_a_phone_the_menu_closes_once_a_page_was_chosen(tab: Tab, app: App) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.open(f"{app.url}/?area=thurrock")
    tab.page.get_by_test_id("stExpandSidebarButton").click()
    link = tab.page.get_by_test_id("stSidebarNav").get_by_role("link", name="Practices")
    expect(link).to_be_in_viewport()
    link.click()
    expect(tab.page.get_by_role("heading", name="Practices: Thurrock")).to_be_visible()
    expect(link).not_to_be_in_viewport()


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


def test_a_click_anywhere_on_a_row_opens_its_card_and_ticked_rows_stand_side_by_side(
    tab: Tab, app: App
) -> None:
    tab.open(f"{app.url}/practices?area=thurrock&practice=F81110")
    frame = tab.map_frame()
    frame.wait_for_function("PCSMap.state(map).view.selected === 'F81110'")
    grid = tab.page.locator("[data-testid='stDataFrame']").first
    box = grid.bounding_box()
    assert box is not None
    # The first row, far from its box: the practice with most patients per FTE GP.
    tab.page.mouse.click(box["x"] + 300, box["y"] + 53)
    expect(tab.page.get_by_text("F81652 beside Thurrock").first).to_be_visible()
    frame.wait_for_function("PCSMap.state(map).view.selected === 'F81652'")
    tab.settle()
    expect(tab.page.get_by_text("F81652 beside Thurrock")).to_have_count(1)
    assert grid.bounding_box() == box
    for row in range(2):
        tab.page.mouse.click(box["x"] + 15, box["y"] + 53 + 35 * row)
        tab.settle()
    expect(tab.page.get_by_text("2 practices side by side")).to_be_visible()
    tab.page.wait_for_url("**compare=F81652**")
    assert grid.bounding_box() == box
    # What is clicked on the map below the table has its card beside that map.
    tab.settle()
    click_practice(tab.map_frame(), "F81010")
    card = tab.page.get_by_text("F81010 beside Thurrock")
    expect(card).to_be_in_viewport()
    expect(card).to_have_count(1)


def test_back_and_forward_walk_through_the_pages(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock&gp=permanent")
    tab.page.get_by_role("link", name="Deprivation").click()
    expect(tab.page.get_by_role("heading", name="Deprivation and GPs: Thurrock")).to_be_visible()
    tab.page.go_back()
    expect(tab.page.get_by_role("heading", name="Overview: Thurrock")).to_be_visible()
    expect(tab.page.get_by_text("3,229", exact=True).first).to_be_visible()


def test_quick_steps_back_end_at_the_last_one_and_keep_the_way_forward(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    titles = ("Practices", "Hubs", "Plan ahead")
    for title in titles:
        tab.page.get_by_role("link", name=title).first.click()
        expect(tab.page.get_by_role("heading", name=f"{title}: Thurrock")).to_be_visible()
        tab.settle()
    for _ in titles:
        tab.page.evaluate("history.back()")
        tab.page.wait_for_timeout(75)
    expect(tab.page.get_by_role("heading", name="Overview: Thurrock")).to_be_visible()
    tab.settle()
    tab.page.evaluate(f"history.go({len(titles)})")
    expect(tab.page.get_by_role("heading", name="Plan ahead: Thurrock")).to_be_visible()


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
    tab.page.goto("about:blank")  # The map may still be asking.
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
    for page in ("", "practices", "deprivation", "correlation"):
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


def test_the_policy_of_our_pages_stops_nothing_of_ours(chromium: Browser, app: App) -> None:
    """Other tests wait in ways that the policy forbids, so their browser leaves it out."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    tab, told = Tab(page, app.url), []
    page.on("console", lambda message: told.append(message.text))
    for path in ("", "practices", "deprivation_and_gps", "plan_ahead", "data_and_methods"):
        tab.open(f"{app.url}/{path}?area=thurrock")
    tab.open(f"{app.url}/hubs?area=thurrock")
    page.wait_for_selector(".pcs-hubs .pcs-map[data-painted]")
    page.get_by_role("button", name="Present", exact=True).click()
    page.wait_for_selector("dialog.pcs-present[data-painted=true]")
    context.close()
    assert [text for text in told if "Content Security Policy" in text] == []
