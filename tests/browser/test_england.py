"""From England to an ICB's own pages, in a real browser, on the published files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import App, Tab, started


@pytest.fixture(scope="module")
def app(england_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on a data folder with all of England."""
    folder = tmp_path_factory.mktemp("england-app")
    with started(folder, england_data) as running:
        yield running


def test_click_an_icb_see_it_beside_england_and_open_it(tab: Tab) -> None:
    page = tab.page
    tab.open(f"{tab.home}/england")
    frame = tab.map_frame()
    box = frame.locator(".pcs-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
    caption = page.locator(".pcs-small-table caption", has_text="beside England")
    expect(caption).to_be_visible()
    name = caption.inner_text().removesuffix(" beside England")
    page.get_by_role("button", name=f"Open {name}", exact=True).click()
    expect(page.locator("h1")).to_have_text(f"Overview: {name} (ICB)")
    tab.map_frame()
    page.wait_for_url("**/?area=icb-*")
    # One Back leads to the view of England that was left, the area still picked.
    page.go_back()
    expect(caption).to_have_text(f"{name} beside England")
    assert "england-area=" in page.url
    page.go_forward()
    # The address opens the same view in a fresh tab, and back goes back to England.
    page.reload()
    expect(page.locator("h1")).to_have_text(f"Overview: {name} (ICB)")
    page.get_by_role("link", name=re.compile("Deprivation")).click()
    expect(page.locator("h1")).to_contain_text(f"Deprivation and GPs: {name}")
    page.get_by_role("tab", name="Where", exact=True).click()
    tab.map_frame()


def test_a_plus_in_the_address_is_a_set_of_areas(tab: Tab) -> None:
    for text in ("district-e07000107+e07000109", "Dartford + Gravesham"):
        tab.open(f"{tab.home}/?area={text}")
        expect(tab.page.locator("h1")).to_contain_text("Overview: Dartford + Gravesham")


def test_every_hub_tool_works_for_a_loaded_icb(tab: Tab) -> None:
    tab.open(f"{tab.home}/hubs?area=icb-qks")
    page = tab.page
    expect(page.locator("h1")).to_have_text("Hubs: Kent and Medway (ICB)")
    expect(page.get_by_text("Today's PCNs of Kent and Medway.")).to_be_visible()
    expect(page.locator(".pcs-hubs .pcs-map[data-painted]")).to_be_attached()


def test_search_opens_loaded_areas_and_comes_home(tab: Tab) -> None:
    """From Essex to Kent, to one of its districts, and back to an embedded area."""
    page = tab.page
    tab.open(f"{tab.home}/?area=thurrock")
    page.wait_for_selector(".pcs-find[data-ready]", state="attached")
    for text, name in (
        ("kent & medway", "Kent and Medway"),
        ("Dartford", "Dartford"),
        ("Thurrock", "Thurrock"),
    ):
        page.keyboard.press("/")
        page.keyboard.type(text)
        page.wait_for_selector(f".pcs-find-list[data-for='{text}'] [role=option]")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text(f"Overview: {name}")
        tab.settle()
        tab.map_frame()
    assert "loaded" not in page.locator("h1").inner_text()


def test_the_map_of_england_fills_its_frame_and_comes_back(tab: Tab) -> None:
    tab.open(f"{tab.home}/england")
    frame = tab.map_frame()
    # Larger of the shares of width and height that England takes.
    share = """() => { const [a, b] = PCSMap.state(map).view.area.bounds
        .map((at) => map.latLngToContainerPoint(at)), size = map.getSize();
        return Math.max((b.x - a.x) / size.x, (a.y - b.y) / size.y); }"""
    assert 0.85 <= frame.evaluate(share) <= 1
    frame.evaluate("() => { map.setView([50.5, -4], 10, {animate: false}); }")
    frame.get_by_role("button", name="Whole area").press("Enter")
    frame.wait_for_function(f"() => ({share})() <= 1")
    assert frame.evaluate(share) >= 0.85


def test_no_other_host_is_asked_and_it_fits_a_phone(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.open(f"{tab.home}/england")
    tab.map_frame()
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
