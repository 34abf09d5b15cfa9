"""The evidence pages in a real browser that can reach no other host."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import App, Tab

pytestmark = pytest.mark.browser


def test_the_words_are_copied_as_they_stand(tab: Tab, app: App) -> None:
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    tab.open(f"{app.url}/then_and_now")
    tab.page.get_by_text("Words for your paper", exact=True).click()
    box = tab.page.get_by_test_id("stCode").first
    expect(box).to_be_visible()
    box.hover()
    box.get_by_role("button").first.click()
    tab.page.wait_for_function(
        "navigator.clipboard.readText().then((text) => text.includes('Today'))", timeout=30_000
    )
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    assert "On 15 March 2017 Thurrock's Health and Wellbeing Board was told of a strong" in copied
    assert "95% interval" in copied


def test_charts_say_in_words_what_they_show(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/inequality?area=essex")
    # The words may stand on the chart or on a part of it, and come once it is drawn.
    tab.page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')].slice(0, 1)
            .flatMap((chart) => [chart, ...chart.querySelectorAll('*')])
            .map((part) => part.getAttribute('aria-label') || part.getAttribute('alt'))
            .some((words) => words && words.includes('Ratio of quintile 1 to quintile 5'))""",
        timeout=30_000,
    )


def test_clusters_are_coloured_on_the_first_map(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/spatial_pattern?area=mid-and-south-essex&pattern=deprivation")
    expect(tab.page.get_by_text("high surrounded by high").first).to_be_visible()
    frames = tab.page.locator("iframe[title*='st_folium']")
    expect(frames).to_have_count(2)
    handle = frames.nth(0).element_handle()
    assert handle is not None
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_selector(".pcs-map[data-painted]", timeout=30_000, state="attached")
    colours = frame.evaluate(
        "() => [...new Set(PCSMap.state(map).lsoas.map((layer) => layer.options.fillColor))]"
    )
    assert {"#b35806", "#e5e7eb"} <= set(colours)


def test_a_link_opens_the_chosen_specification(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/spatial_pattern?area=thurrock&near=4-nearest")
    expect(tab.page.get_by_text("neighbours by the 4 nearest").first).to_be_visible()
    assert "near=4-nearest" in tab.page.url
