"""Keyboard, focus, zoom and motion; axe-core on the report (on every page: test_pages)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from pcs_dash.official.any_area import find_area
from pcs_dash.render import report_files
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.content import build_deck
from pcs_dash.views.story import ready_made
from tests.contrast import contrast

from .conftest import App, Tab
from .test_pages import serious

pytestmark = pytest.mark.browser


def test_the_page_reads_at_twice_the_size(tab: Tab, app: App) -> None:
    """200% zoom of a 1280 pixel screen leaves 640 CSS pixels: nothing may run off sideways."""
    tab.page.set_viewport_size({"width": 640, "height": 480})
    tab.open(f"{app.url}/?area=thurrock")
    extra = tab.page.evaluate(
        "() => { const main = document.querySelector('.stMain');"
        " return main.scrollWidth - main.clientWidth; }"
    )
    assert extra <= 1


def _painted(tab: Tab, table: Locator, row: int) -> Image.Image:
    """What heads a row of a table; the canvas is there before it is painted."""
    for _ in range(100):
        box = table.bounding_box()
        assert box is not None
        clip = {"x": box["x"] + 6, "y": box["y"] + 42 + 35 * row, "width": 180, "height": 28}
        picture = Image.open(BytesIO(tab.page.screenshot(clip=clip))).convert("RGB")
        if len(picture.getcolors(10_000)) > 1:
            break
        tab.page.wait_for_timeout(100)
    return picture


def test_what_heads_the_rows_of_a_table_reads_well_on_white_and_on_a_tint(
    tab: Tab, app: App
) -> None:
    """Text on a canvas, which axe does not see: 4.5 to 1 (WCAG 1.4.3)."""
    tab.page.set_viewport_size({"width": 1440, "height": 2300})
    tab.open(f"{app.url}/practices?area=thurrock&practices-tab=similar")
    table = tab.page.locator("[data-testid=stDataFrame]").first
    expect(table.locator("canvas").first).to_be_visible()
    tab.settle()
    # The first measure is worse than in similar places, and tinted; the second is not.
    rows = [_painted(tab, table, row) for row in (0, 1)]
    grounds = [max(row.getcolors(10_000))[1] for row in rows]
    assert grounds[1] == (255, 255, 255) != grounds[0]
    for row, ground in zip(rows, grounds, strict=True):
        darkest = min(colour for _, colour in row.getcolors(10_000))
        assert contrast(darkest, ground) >= 4.5


# Of what has the focus: the ring's width in pixels, and by how many pixels what is around cuts it.
RING = """() => {
    const element = document.activeElement, style = getComputedStyle(element);
    const wide = parseFloat(style.outlineWidth), reach = wide + parseFloat(style.outlineOffset);
    const box = element.getBoundingClientRect();
    let cut = 0;
    for (let around = element.parentElement; around; around = around.parentElement) {
        if (getComputedStyle(around).overflowX === 'visible') continue;
        const edge = around.getBoundingClientRect();
        cut = Math.max(cut, edge.left - box.left + reach, box.right + reach - edge.right);
    }
    return [element.tagName, wide, cut];
}"""


def test_focus_shows_and_its_ring_is_whole(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/practices?area=thurrock")
    expect(tab.page.locator("iframe[title*='st_folium']").first).to_be_attached()
    seen = set()
    for _ in range(36):
        tab.page.keyboard.press("Tab")
        name, wide, cut = tab.page.evaluate(RING)
        if name not in ("BODY", "IFRAME"):
            assert wide >= 2, name
            assert cut <= 1, name
            seen.add(name)
    assert {"A", "BUTTON", "INPUT", "MAIN"} <= seen


def test_the_html_report_has_no_serious_fault(
    chromium: Browser, dataset: Dataset, tmp_path: Path
) -> None:
    area = find_area("Thurrock")
    made = report_files.make(build_deck(dataset, ready_made(area), area=area), ".html")
    file = tmp_path / "board.html"
    file.write_bytes(made)
    page = chromium.new_page()
    page.goto(file.as_uri())
    assert serious(page) == []
    page.close()


def test_nothing_of_ours_moves_where_motion_is_not_wanted(tab: Tab, app: App) -> None:
    tab.page.emulate_media(reduced_motion="reduce")
    tab.open(f"{app.url}/?area=thurrock")
    frame = tab.map_frame()
    moving = frame.evaluate(
        "() => [...document.querySelectorAll('.pcs-map, .pcs-map *')].filter((element) => {"
        " const style = getComputedStyle(element);"
        " return parseFloat(style.transitionDuration) > 0.01 && style.transitionProperty !== 'none'"
        " || style.animationName !== 'none'; }).map((element) => element.className)"
    )
    assert moving == []


def test_the_practice_list_moves_the_focus_of_the_map(tab: Tab, app: App) -> None:
    """By keyboard alone: choose a practice in the list, and the map marks it."""
    tab.open(f"{app.url}/?area=thurrock")
    frame = tab.map_frame()
    box = tab.page.get_by_role("combobox", name="Find a practice")
    box.focus()
    box.press_sequentially("F81110")
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_text("F81110 beside Thurrock")).to_be_visible()
    frame.wait_for_function("() => window.PCSMap.state(window.map).view.selected === 'F81110'")


@pytest.mark.parametrize(
    ("page", "label"),
    [
        ("correlation", "Find a practice on this map"),
        ("quality", "Find a practice on this map"),
        ("catchments", "Find a practice on this map"),
        ("spatial_pattern", "Find a practice on this map"),
    ],
)
def test_every_map_of_practices_has_a_list_that_moves_it(
    tab: Tab, app: App, page: str, label: str
) -> None:
    tab.open(f"{app.url}/{page}?area=thurrock")
    frame = tab.map_frame()
    # Where several maps have one, the first is of the first.
    box = tab.page.get_by_role("combobox", name=label).first
    box.focus()
    box.press_sequentially("F81110")
    tab.page.keyboard.press("Enter")
    frame.wait_for_function("() => window.PCSMap.state(window.map).view.selected === 'F81110'")


def test_the_maps_of_the_html_report_have_lists(
    chromium: Browser, dataset: Dataset, tmp_path: Path
) -> None:
    area = find_area("Thurrock")
    file = tmp_path / "board.html"
    file.write_bytes(report_files.make(build_deck(dataset, ready_made(area), area=area), ".html"))
    page = chromium.new_page()
    page.goto(file.as_uri())
    page.wait_for_selector(".map[data-painted]", state="attached")
    lists = page.get_by_label("Find a practice on the map")
    assert lists.count() == page.locator(".map").count()
    lists.first.select_option("F81110")
    selected = "() => PCSMap.state(PCSMap.maps()[0]).view.selected"
    assert page.evaluate(selected) == "F81110"
    lists.first.select_option("")
    assert page.evaluate(selected) is None
    page.close()
