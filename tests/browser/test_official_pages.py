"""The pages of official data in a browser, on a store built from the files as published."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store

from .conftest import App, Tab, started
from .test_pages import check_sheet, click_practice

pytestmark = pytest.mark.browser

SOURCES = [
    "list_sizes", "registrations_lsoa", "pcn_membership", "allocations", "qof", "cqc",
    "appointments", "payments", "dentists", "ods_practices",
]  # fmt: skip
PAGES = ["catchments", "trends", "quality"]


@pytest.fixture(scope="module")
def loaded(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with official data."""
    folder = tmp_path_factory.mktemp("loaded")
    report = update_store(Store(folder / "data"), sources=SOURCES, origin=str(official))
    assert not report.failed, report.failed
    with started(folder, folder / "data") as running:
        yield running


@pytest.mark.parametrize("page", PAGES)
def test_pages_fit_and_have_no_serious_fault(tab: Tab, loaded: App, page: str) -> None:
    tab.home = loaded.url
    tab.open(f"{loaded.url}/{page}?area=thurrock")
    if page != "trends":
        tab.map_frame()
    check_sheet(tab)


def test_a_click_on_the_map_shows_that_practices_catchment(tab: Tab, loaded: App) -> None:
    tab.home = loaded.url
    tab.open(f"{loaded.url}/catchments?area=thurrock")
    frame = tab.map_frame()
    colours = "() => new Set(PCSMap.state(map).lsoas.map((one) => one.options.fillColor)).size"
    frame.wait_for_function(f"({colours})() >= 5")
    click_practice(frame, "F81010")
    expect(tab.page.get_by_text("80% of the patients of Aveley Medical Centre")).to_be_visible()
    tab.page.wait_for_url("**practice=*F81010*")
    frame.wait_for_function("PCSMap.state(map).view.selected === 'F81010'")
    address = tab.page.url
    tab.page.goto("about:blank")
    tab.open(address)
    expect(tab.page.get_by_text("80% of the patients of Aveley Medical Centre")).to_be_visible()


def test_many_territories_are_named_and_coloured(tab: Tab, loaded: App) -> None:
    """More practices than there are letters: numbers stand in their place."""
    tab.home = loaded.url
    tab.open(f"{loaded.url}/catchments?area=essex&catchment-map=Main+practice+of+each+small+area")
    frame = tab.map_frame()
    frame.wait_for_function("Array.isArray((PCSMap.state(map).view.fill || {}).letters)")
    fill = frame.evaluate("PCSMap.state(map).view.fill")
    assert len(fill["palette"]) == len(fill["labels"]) > 36
    assert max(fill["letters"]) < len(fill["palette"])
    bare = frame.evaluate(
        "PCSMap.state(map).lsoas.filter((one) => !one.options.fillOpacity).length"
    )
    assert bare == 0


def test_the_file_holds_no_small_cell(tab: Tab, loaded: App, tmp_path: Path) -> None:
    tab.home = loaded.url
    tab.open(f"{loaded.url}/catchments?area=thurrock&whose=Practice")
    with tab.page.expect_download() as waiting:
        tab.page.get_by_test_id("stDownloadButton").first.click()
    assert waiting.value.suggested_filename.endswith("july-2023.csv")
    path = tmp_path / "catchment.csv"
    waiting.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    shown = [float(row["patients"]) for row in rows if row["patients"]]
    hidden = [row for row in rows if not row["patients"]]
    assert min(shown) >= 5
    assert hidden
    assert all(not row["share_per_cent"] and row["hidden"] == "true" for row in hidden)
    with tab.page.expect_download() as waiting:
        tab.page.get_by_role("button", name="Download as GeoPackage").click()
    waiting.value.save_as(tmp_path / "catchment.gpkg")
    assert (tmp_path / "catchment.gpkg").read_bytes().startswith(b"SQLite format 3")


def test_the_modelled_file_says_so_in_its_name(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/catchments?area=thurrock")
    with tab.page.expect_download() as waiting:
        tab.page.get_by_test_id("stDownloadButton").first.click()
    assert waiting.value.suggested_filename.endswith("-modelled.csv")


def test_quality_and_capacity_on_the_same_map(tab: Tab, loaded: App) -> None:
    tab.home = loaded.url
    tab.open(f"{loaded.url}/quality?area=thurrock")
    frame = tab.map_frame()
    before = frame.evaluate("PCSMap.state(map).view.marks.palette.join()")
    assert "CQC rating (to 2024): " in frame.evaluate("PCSMap.state(map).view.notes['F81010']")
    tab.page.get_by_role("combobox", name="Colour on the map").click()
    tab.page.get_by_role("option", name="Patients per FTE GP").click()
    frame.wait_for_function(
        "before => PCSMap.state(map).view.marks.palette.join() !== before", arg=before
    )
    tab.page.get_by_role("combobox", name="Measure").click()
    tab.page.get_by_role("option", name="QOF achievement (2022-23)").click()
    expect(tab.page.get_by_text("QOF achievement in Thurrock, 2022-23")).to_be_visible()


def test_the_plan_after_the_changes_opens(tab: Tab, loaded: App) -> None:
    tab.home = loaded.url
    tab.open(f"{loaded.url}/trends?area=thurrock")
    tab.page.get_by_text("What this means for your plan of hubs").click()
    expect(
        tab.page.get_by_text("every practice of Today's PCNs stands in both lists")
    ).to_be_visible()


def test_a_chosen_practice_fills_the_map_which_keeps_its_place(tab: Tab, loaded: App) -> None:
    """The core catchment at first; where the user moved it when the page is opened again; another
    practice's catchment for another practice.
    """
    tab.home = loaded.url
    where = "() => [map.getZoom(), map.getCenter().lat, map.getCenter().lng]"

    def opened(query: str) -> list[float]:
        tab.open(f"{loaded.url}/catchments?area=essex{query}")
        found: list[float] = tab.map_frame().evaluate(where)
        return found

    whole = opened("")
    largest = opened("&whose=Practice")
    assert largest[0] > whole[0] + 2
    tab.map_frame().evaluate("() => { map.setView([51.9, 0.8], 11, {animate: false}); }")
    tab.page.wait_for_timeout(300)
    assert opened("&whose=Practice") == pytest.approx([11, 51.9, 0.8], abs=0.01)
    other = opened("&whose=Practice&practice=Aveley+Medical+Centre+(F81010)")
    assert other[0] > whole[0] + 2
    assert other[1:] == pytest.approx([51.49, 0.26], abs=0.05)
