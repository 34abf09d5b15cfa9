"""Every map: the page scrolls over it, the area fills it, one button shows all, none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Frame, Locator, Page, expect

from pcs_dash.official.any_area import find_area
from pcs_dash.render.html_file import to_html
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.content import build_deck
from pcs_dash.views.story import ready_made

from .conftest import App, Tab

pytestmark = pytest.mark.browser

HINT = "Use Ctrl and the wheel to zoom the map"
SIZES = [(1440, 900), (1024, 768), (390, 844)]
# Of the frame: the larger of width and height that the area takes, and whether all of it is in.
FILLS = """() => PCSMap.maps().map((map) => {
    const [a, b] = PCSMap.state(map).view.area.bounds.map((at) => map.latLngToContainerPoint(at));
    const size = map.getSize(), whole = a.x >= 0 && b.y >= 0 && b.x <= size.x && a.y <= size.y;
    return [Math.max((b.x - a.x) / size.x, (a.y - b.y) / size.y), whole];
})"""
ZOOM = "() => PCSMap.maps()[0].getZoom()"
RESTS = "() => PCSMap.maps().every((map) => !map._animatingZoom && !map._panAnim?._inProgress)"
Where = Page | Frame


def filled(where: Where) -> None:
    """Whether the area fills 85% of one dimension of every map, and is whole."""
    where.wait_for_function(f"() => ({FILLS})().every(([share, whole]) => share >= 0.85 && whole)")
    where.wait_for_function(RESTS)
    maps = where.evaluate(FILLS)
    assert maps
    for share, whole in maps:
        assert share >= 0.85
        assert whole


def home(tab: Tab, app: App, area: str = "thurrock") -> Where:
    tab.open(f"{app.url}/?area={area}")
    return tab.map_frame()


def hubs(tab: Tab, app: App) -> Where:
    tab.open(f"{app.url}/hubs?area=thurrock")
    tab.page.wait_for_selector(".pcs-hubs[data-answered]", timeout=90_000)
    tab.page.wait_for_selector(".pcs-hubs .pcs-map[data-painted]")
    return tab.page


def slide(tab: Tab, app: App, area: str = "thurrock") -> Where:
    tab.open(f"{app.url}/?area={area}")
    tab.page.wait_for_selector(".pcs-bar[data-ready]")
    tab.page.get_by_role("button", name="Present", exact=True).click()
    tab.page.wait_for_selector("dialog.pcs-present[data-painted=true]")
    return tab.page


def report(tab: Tab, app: App) -> Where:
    tab.home = "file:"
    tab.page.goto((Path(app.environment["PCS_DASH_DATABASE"]).parent / "report.html").as_uri())
    tab.page.wait_for_selector(".map[data-painted]")
    return tab.page


@pytest.fixture(scope="module", autouse=True)
def report_file(app: App, dataset: Dataset) -> None:
    area = find_area("thurrock")
    file = Path(app.environment["PCS_DASH_DATABASE"]).parent / "report.html"
    file.write_bytes(to_html(build_deck(dataset, ready_made(area), area=area)))


EVERY: list[Callable[[Tab, App], Where]] = [home, hubs, slide, report]


def middle(tab: Tab, where: Where) -> tuple[float, float]:
    """A point in the middle of the first map, in the window."""
    shown: Locator = where.locator(".pcs-map").first
    shown.scroll_into_view_if_needed()
    box = shown.bounding_box()
    assert box is not None
    height = tab.page.viewport_size["height"] if tab.page.viewport_size else 900
    return box["x"] + box["width"] / 2, min(box["y"] + box["height"] / 2, height - 20)


SCROLLED = """() => [document.querySelector('.stMain'), document.scrollingElement]
    .map((box) => (box ? box.scrollTop : 0)).reduce((a, b) => a + b, 0)"""


def the_wheel_scrolls_the_page_and_zooms_with_ctrl(
    tab: Tab, where: Where, *, scrolls: bool
) -> None:
    tab.page.mouse.move(*middle(tab, where))
    zoom, at, hint = where.evaluate(ZOOM), tab.page.evaluate(SCROLLED), where.locator(".pcs-hint")
    tab.page.mouse.wheel(0, 240)
    expect(hint.first).to_have_class("pcs-hint pcs-said")
    expect(hint.first).to_have_text(HINT)
    if scrolls:
        tab.page.wait_for_function(f"at => ({SCROLLED})() > at", arg=at)
    assert where.evaluate(ZOOM) == zoom
    tab.page.mouse.move(*middle(tab, where))
    at = tab.page.evaluate(SCROLLED)
    tab.page.keyboard.down("Control")
    tab.page.mouse.wheel(0, -240)
    tab.page.keyboard.up("Control")
    where.wait_for_function(f"zoom => ({ZOOM})() > zoom", arg=zoom)
    expect(hint.first).to_have_class("pcs-hint")
    assert tab.page.evaluate(SCROLLED) == at
    assert tab.page.evaluate("visualViewport.scale") == 1


def the_whole_area_is_one_key_away(tab: Tab, where: Where) -> None:
    where.evaluate("() => { PCSMap.maps()[0].setView([51.47, 0.36], 15, {animate: false}); }")
    button = where.get_by_role("button", name="Whole area").first
    button.focus()
    tab.page.keyboard.press("Enter")
    where.wait_for_function(f"() => ({FILLS})()[0][1]")
    filled(where)
    box = button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24


def it_is_not_lost(where: Where) -> None:
    """It zooms out to half of its area and no further, and comes back when it is dragged off."""
    whole = where.evaluate(ZOOM)
    for _ in range(4):
        where.evaluate("() => { PCSMap.maps()[0].zoomOut(1, {animate: false}); }")
    assert where.evaluate(ZOOM) == pytest.approx(whole - 1, abs=0.01)
    expect(where.get_by_role("button", name="Zoom out").first).to_have_attribute(
        "aria-disabled", "true"
    )
    where.evaluate("() => { PCSMap.maps()[0].panBy([9000, 6000], {animate: false}); }")
    where.wait_for_function(
        """() => { const [map] = PCSMap.maps(), at = map.getCenter();
        const [[south, west], [north, east]] = PCSMap.state(map).view.area.bounds;
        return at.lat > south - 0.01 && at.lat < north && at.lng > west
            && at.lng < east + 0.01; }"""
    )


@pytest.mark.parametrize("opened", EVERY, ids=lambda one: one.__name__)
def test_every_map_is_moved_alike_and_never_lost(
    tab: Tab, app: App, opened: Callable[[Tab, App], Where]
) -> None:
    where = opened(tab, app)
    filled(where)
    it_is_not_lost(where)
    the_whole_area_is_one_key_away(tab, where)
    # A slide fills the screen: there is nothing to scroll.
    the_wheel_scrolls_the_page_and_zooms_with_ctrl(tab, where, scrolls=opened is not slide)


@pytest.mark.parametrize("page", ["deprivation", "correlation", "spatial_pattern", "quality"])
def test_the_maps_of_other_pages_have_it_too(tab: Tab, app: App, page: str) -> None:
    tab.open(f"{app.url}/{page}?area=southend")
    frame = tab.map_frame()
    expect(frame.get_by_role("button", name="Whole area")).to_be_visible()
    expect(frame.locator(".pcs-hint")).to_have_count(1)
    filled(frame)


@pytest.mark.parametrize(
    ("opened", "area"),
    [
        *((home, area) for area in ("thurrock", "mid-and-south-essex", "essex", "castle-point")),
        (slide, "essex"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_the_area_fills_its_frame_at_every_size(
    tab: Tab, app: App, opened: Callable[[Tab, App, str], Where], area: str
) -> None:
    where = opened(tab, app, area)
    filled(where)
    for width, height in SIZES[1:]:
        tab.page.set_viewport_size({"width": width, "height": height})
        filled(where)


def test_on_a_phone_the_area_fills_the_map_from_the_start(tab: Tab, app: App) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 844})
    filled(home(tab, app, "essex"))


def test_dots_that_hide_one_another_fan_out_at_a_click_and_go_back(tab: Tab, app: App) -> None:
    frame = home(tab, app)
    filled(frame)
    places = """() => Object.fromEntries(Object.values(PCSMap.state(map).points)
        .map((p) => [p.code, [p.dot.getLatLng().lat, p.dot.getLatLng().lng]]))"""
    stood = frame.evaluate(places)
    # The dot that most others touch.
    x, y = frame.evaluate(
        """() => { const all = Object.values(PCSMap.state(map).points);
        const dots = all.map((p) => { const at = map.latLngToContainerPoint(p.dot.getLatLng());
            return [at.x, at.y, p.dot.getRadius()]; });
        const most = all.map((_, k) => PCSLayers.pile(dots, k).length);
        return dots[most.indexOf(Math.max(...most))]; }"""
    )[:2]
    frame.locator(".pcs-map").click(position={"x": x, "y": y})
    fanned = "() => Object.keys(PCSMap.state(map).fan || {})"
    frame.wait_for_function(f"({fanned})().length >= 4")
    assert frame.evaluate(
        f"""() => {{ const own = ({fanned})().map((code) => PCSMap.state(map).points[code].dot)
            .map((dot) => [map.latLngToContainerPoint(dot.getLatLng()), dot.getRadius()]);
        return own.every(([a, r], i) => own.every(([b, s], j) => i === j
            || a.distanceTo(b) >= r + s)); }}"""
    )
    frame.evaluate("() => { map.zoomIn(1, {animate: false}); }")
    frame.wait_for_function(f"({fanned})().length === 0")
    frame.evaluate("() => { map.zoomOut(1, {animate: false}); }")
    now = frame.evaluate(places)
    assert all(now[code] == pytest.approx(at, abs=1e-4) for code, at in stood.items())


def test_a_map_that_showed_all_does_so_at_another_size(tab: Tab, app: App) -> None:
    frame = home(tab, app)
    filled(frame)
    wide = frame.evaluate(ZOOM)
    tab.page.set_viewport_size({"width": 390, "height": 844})
    frame.wait_for_function(f"zoom => ({ZOOM})() < zoom", arg=wide)
    filled(frame)
    # One that the user has moved stays where it is.
    frame.evaluate("() => { map.setView([51.47, 0.36], 14, {animate: false}); }")
    tab.page.set_viewport_size({"width": 1440, "height": 900})
    frame.wait_for_function("() => map.getSize().x > 450")
    assert frame.evaluate(ZOOM) == 14


def test_a_find_beyond_the_area_is_reached_and_left(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    frame = tab.map_frame()
    tab.page.wait_for_selector(".pcs-find[data-ready]", state="attached")
    filled(frame)
    least = frame.evaluate("map.getMinZoom()")
    box = tab.page.get_by_role("combobox", name="What about ...?")
    box.fill("Harwich")
    tab.page.wait_for_selector(".pcs-find-list[data-for=Harwich] [role=option]")
    box.press("Enter")
    frame.wait_for_function("() => Math.abs(map.getCenter().lng - 1.27) < 0.1")
    assert frame.evaluate("map.getMinZoom()") < least
    tab.page.keyboard.press("Escape")
    frame.wait_for_function(f"least => map.getMinZoom() === least && ({FILLS})()[0][1]", arg=least)
    filled(frame)


# --- touch ---


@pytest.fixture
def phone(chromium: Browser, app: App) -> Iterator[tuple[Tab, CDPSession]]:
    context = chromium.new_context(
        bypass_csp=True, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    yield Tab(page, app.url), context.new_cdp_session(page)
    context.close()


def fingers(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    given = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})


@pytest.mark.parametrize("opened", [home, hubs], ids=lambda one: one.__name__)
def test_one_finger_scrolls_two_move_the_map(
    phone: tuple[Tab, CDPSession], app: App, opened: Callable[[Tab, App], Where]
) -> None:
    tab, session = phone
    where = opened(tab, app)
    x, y = middle(tab, where)
    place = "() => { const [map] = PCSMap.maps(); return [map.getZoom(), map.getCenter().lat]; }"
    before, at = where.evaluate(place), tab.page.evaluate(SCROLLED)
    hint = where.locator(".pcs-hint").first
    fingers(session, "touchStart", (x, y))
    for step in range(1, 12):
        fingers(session, "touchMove", (x, y - 12 * step))
    expect(hint).to_have_text("Use two fingers to move the map")
    expect(hint).to_have_class("pcs-hint pcs-said")
    fingers(session, "touchEnd")
    tab.page.wait_for_function(f"at => ({SCROLLED})() > at + 50", arg=at)
    assert where.evaluate(place) == before
    x, y = middle(tab, where)
    fingers(session, "touchStart", (x - 30, y), (x + 30, y))
    for step in range(1, 12):
        fingers(session, "touchMove", (x - 30 - 5 * step, y), (x + 30 + 5 * step, y))
    fingers(session, "touchEnd")
    where.wait_for_function(f"zoom => ({place})()[0] > zoom", arg=before[0])


def test_homes_come_in_a_shape_that_is_drawn(app: App, tab: Tab) -> None:
    tab.open(f"{app.url}/plan_ahead?area=thurrock")
    where, page = tab.map_frame(), tab.page
    where.get_by_role("button", name="Shape").click()
    x, y = middle(tab, where)
    for right, down in ((0, 0), (90, 0), (90, 60), (0, 60), (0, 0)):
        page.mouse.move(x + right, y + down)
        page.mouse.click(x + right, y + down)
        # Nobody's hand is as quick, and for 50 ms after a click the tool hears no other.
        page.wait_for_timeout(200)
    page.get_by_role("button", name="Build them").click()
    expect(page.get_by_text("100 homes a year are built in a shape around 51.")).to_be_visible()
