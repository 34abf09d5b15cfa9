"""axe-core on every page: no serious or critical fault; headings in order; maps have names."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pcs_dash.paths import ROOT

from .conftest import App, Tab

pytestmark = pytest.mark.browser

FILES = sorted((ROOT / "pages").glob("*.py"))
# The home page answers at the address without a name.
PAGES = ["" if file.stem == "under_doctoring" else file.stem for file in FILES]


def faults(tab: Tab) -> list[str]:
    """Serious and critical faults, each with its first element."""
    found = Axe().run(tab.page).response["violations"]
    return [
        f"{fault['impact']} {fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda name: name or "home")
def test_no_serious_fault(tab: Tab, app: App, page: str) -> None:
    tab.open(f"{app.url}/{page}?area=thurrock")
    tab.page.wait_for_timeout(1_000)
    assert faults(tab) == []


def test_the_page_reads_at_twice_the_size(tab: Tab, app: App) -> None:
    """200% zoom of a 1280 pixel screen leaves 640 CSS pixels: nothing may run off sideways."""
    tab.page.set_viewport_size({"width": 640, "height": 480})
    tab.open(f"{app.url}/?area=thurrock")
    extra = tab.page.evaluate(
        "() => { const main = document.querySelector('.stMain');"
        " return main.scrollWidth - main.clientWidth; }"
    )
    assert extra <= 1


def test_focus_shows(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    tab.page.get_by_role("link", name="Deprivation").focus()
    tab.page.keyboard.press("Shift+Tab")
    width = tab.page.evaluate(
        "() => parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
    )
    assert width >= 2
    expect(tab.page.locator("iframe[title*='st_folium']").first).to_be_attached()
