"""The search box "What about ...?": the map goes there and back, areas are opened.

That it finds what Python finds is tested without a page, in tests/views/test_search.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page, expect

from pcs_dash.measures import numbers
from pcs_dash.measures.workforce import summarise
from pcs_dash.official.store import Store
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.search import Hit, build_index, directory_near
from tests.loading import load_file

from .conftest import App, Tab, free_port

pytestmark = pytest.mark.browser

LIMIT = 8


def ready(page: Page) -> None:
    page.wait_for_selector(".pcs-find[data-ready]", state="attached")


def box(page: Page) -> Any:
    return page.get_by_role("combobox", name="What about ...?")


def look_for(page: Page, text: str) -> None:
    """Type and wait until what was found for just this text is on screen."""
    box(page).fill(text)
    page.wait_for_function(
        "text => document.querySelector('.pcs-find-list').dataset.for === text", arg=text
    )


def go_to(page: Page, text: str) -> None:
    """Choose the first find and wait for its card from the server."""
    look_for(page, text)
    box(page).press("Enter")
    page.wait_for_selector(".pcs-find-card[data-n]")


def seen(hit: Hit) -> list[str]:
    return [hit.kind, hit.key, hit.name, hit.detail, hit.note]


ASK = """async (texts) => { const found = [];
  for (const text of texts) found.push((await PCSFind.answer(text, 8))
    .map((hit) => [hit.kind, hit.key, hit.name, hit.detail, hit.note]));
  return found; }"""


def test_the_map_goes_there_and_escape_goes_back(
    tab: Tab, app: App, practices: pd.DataFrame
) -> None:
    tab.open(f"{app.url}/?area=thurrock&practice=F81010")
    frame = tab.map_frame()
    ready(tab.page)
    stood = where_it_rests(frame)
    # From inside the map's frame.
    frame.locator(".pcs-map").focus()
    tab.page.keyboard.press("/")
    expect(box(tab.page)).to_be_focused()
    go_to(tab.page, "Tilbury Health Centre")
    card = tab.page.get_by_role("region", name="Card: Tilbury Health Centre")
    own = practices.loc[["F81110"]]
    ratio = numbers.number(summarise(own).iloc[0]["patients_per_fte_gp"])
    expect(card.get_by_role("row", name=f"Patients per FTE GP {ratio}")).to_be_visible()
    at = practices.loc["F81110"]
    wait_for_map(frame, at["latitude"], at["longitude"], 14)
    # The page's own choice follows.
    expect(tab.page.get_by_text("F81110 beside Thurrock and the benchmark")).to_be_attached()
    tab.page.wait_for_url("**practice=*F81110*")
    tab.page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    wait_for_map(frame, *stood)
    tab.page.wait_for_url("**practice=*F81010*")
    expect(tab.page.get_by_text("F81010 beside Thurrock and the benchmark")).to_be_visible()
    assert frame.evaluate("PCSMap.state(map).found") is None
    assert tab.page.evaluate("document.activeElement.tagName") == "IFRAME"


def where_it_rests(frame: Frame) -> list[float]:
    """Latitude, longitude and zoom of a map once it has not moved for half a second."""
    seen: list[list[float]] = []
    for _ in range(150):
        now = frame.evaluate("[map.getCenter().lat, map.getCenter().lng, map.getZoom()]")
        seen.append(now)
        if len(seen) > 5 and seen[-6:] == [now] * 6:
            return now
        frame.page.wait_for_timeout(100)
    raise AssertionError(f"The map does not come to rest: {seen[-6:]}")


def wait_for_map(frame: Frame, latitude: float, longitude: float, zoom: float) -> None:
    frame.wait_for_function(
        """([lat, lng, zoom]) => map.getZoom() === zoom && !map._flyToFrame_running
          && Math.abs(map.getCenter().lat - lat) < 0.003
          && Math.abs(map.getCenter().lng - lng) < 0.003""",
        arg=[latitude, longitude, zoom],
    )


def test_an_lsoa_and_a_postcode_s_sector_are_shown(tab: Tab, app: App, dataset: Dataset) -> None:
    tab.open(f"{app.url}/deprivation?area=thurrock")
    frame = tab.map_frame()
    ready(tab.page)
    code = dataset.lsoas.index[dataset.lsoas["district"] == "Thurrock"][3]
    lsoa = dataset.lsoas.loc[code]
    go_to(tab.page, code)
    card = tab.page.get_by_role("region", name=f"Card: {lsoa['lsoa11nm']}")
    rank = f"{lsoa['imd2019_rank']:,} of 32,844"
    expect(
        card.get_by_role("row", name=f"IMD 2019 rank (1 is most deprived) {rank}")
    ).to_be_visible()
    marked = "() => PCSMap.state(map).found.marks.getLayers().length"
    assert frame.evaluate(marked) == 3  # a white line, a coloured one, the name
    go_to(tab.page, "rm18 8zz")
    expect(tab.page.get_by_text("RM18 8ZZ is no practice's postcode; shown:")).to_be_visible()
    expect(tab.page.get_by_role("table", name="Nearest practices")).to_be_visible()


def test_outside_the_area_it_says_so_and_one_click_switches(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=mid-essex")
    tab.map_frame()
    ready(tab.page)
    go_to(tab.page, "F81110")
    card = tab.page.get_by_role("region", name="Card: Tilbury Health Centre")
    expect(card.get_by_text("Outside Mid Essex, the area chosen")).to_be_visible()
    card.get_by_role("button", name="Switch to Thurrock").click()
    expect(tab.page.get_by_role("heading", name="Overview: Thurrock")).to_be_visible()
    expect(card.get_by_text("Outside")).to_have_count(0)
    expect(tab.page.get_by_text("F81110 beside Thurrock and the benchmark")).to_be_attached()
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("heading", name="Overview: Mid Essex")).to_be_visible()


def opened(page: Page, title: str, text: str, keys: list[str]) -> None:
    """Type, press, and wait for the page of that title without a card."""
    page.keyboard.press("/")
    look_for(page, text)
    for key in keys:
        box(page).press(key)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator(".pcs-find-card")).to_be_hidden()
    expect(box(page)).to_have_value("")


def test_areas_towns_and_postcodes_open_their_area(tab: Tab, app: App) -> None:
    """An area by Enter; what lies in one by Shift+Enter, or the second of the list."""
    tab.open(f"{app.url}/?area=mid-essex")
    ready(tab.page)
    page = tab.page
    page.keyboard.press("/")
    look_for(page, "Basildon")
    first = page.get_by_role("option").first
    expect(first).to_contain_text("Open")
    expect(first).to_contain_text("Basildon (district)")
    opened(page, "Overview: Basildon", "Basildon", ["Enter"])
    page.wait_for_url("**area=basildon-district*")
    opened(page, "Overview: Thurrock", "Tilbury", ["Shift+Enter"])
    opened(page, "Overview: West Essex", "CM20 1QX", ["Shift+Enter"])
    opened(page, "Overview: North East Essex", "Harwich", ["ArrowDown", "Enter"])
    # An area that is open already has its card, and what lies in it is not offered again.
    look_for(page, "Harwich")
    expect(page.get_by_role("option", name="Open")).to_have_count(0)
    go_to(page, "North East Essex")
    expect(page.get_by_role("region", name="Card: North East Essex")).to_be_visible()
    # On another page the page stays.
    page.goto(f"{app.url}/inequality?area=thurrock")
    ready(page)
    tab.settle()
    opened(page, "Deprivation and GPs: Southend", "southend", ["Enter"])
    assert "deprivation-tab=by-fifth" in page.url


def test_opening_an_area_leaves_no_find_behind(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    ready(tab.page)
    tab.map_frame()
    go_to(tab.page, "F81110")
    box(tab.page).focus()
    look_for(tab.page, "Southend")
    box(tab.page).press("Enter")
    expect(tab.page.get_by_role("heading", name="Overview: Southend")).to_be_visible()
    expect(tab.page.locator(".pcs-find-card")).to_be_hidden()
    tab.settle()
    assert tab.map_frame().evaluate("PCSMap.state(map).found") is None


def test_a_page_without_a_map_offers_the_first_page(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/then_and_now?area=thurrock")
    ready(tab.page)
    tab.page.keyboard.press("/")
    go_to(tab.page, "GRAYS PCN")
    card = tab.page.get_by_role("region", name="Card: GRAYS PCN")
    expect(card.get_by_text("Patients per FTE GP", exact=True)).to_be_visible()
    card.get_by_role("button", name="Show on the map").click()
    expect(tab.page.get_by_role("heading", name="Overview: Thurrock")).to_be_visible()
    frame = tab.map_frame()
    frame.wait_for_function("() => PCSMap.state(map).found?.marks.getLayers().length > 4")
    expect(card.get_by_role("button", name="Show on the map")).to_have_count(0)
    expect(card).to_be_visible()


def test_the_hub_builder_s_map_goes_there_too(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/hubs?area=thurrock")
    tab.page.wait_for_selector(".pcs-hubs[data-answered]", timeout=90_000)
    ready(tab.page)
    tab.page.locator(".pcs-hubs .pcs-map").focus()
    tab.page.keyboard.press("/")
    expect(box(tab.page)).to_be_focused()
    look_for(tab.page, "grays pcn")
    expect(tab.page.get_by_role("option", name="Hub GRAYS PCN")).to_be_visible()
    tab.page.get_by_role("option", name="Hub GRAYS PCN").click()
    expect(tab.page.get_by_role("columnheader", name="This hub")).to_be_visible()
    tab.page.wait_for_function(
        "() => PCSMap.maps().some((map) => PCSMap.state(map).found?.marks.getLayers().length > 4)"
    )


def test_a_slash_typed_into_a_field_stays_there(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    ready(tab.page)
    field = tab.page.get_by_role("combobox", name="Find a practice")
    field.focus()
    tab.page.keyboard.type("a/b")
    expect(field).to_have_value("a/b")
    # The open list hides the rest of the page from get_by_role.
    expect(tab.page.locator(".pcs-find-input")).not_to_be_focused()


def test_the_keyboard_alone(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    ready(tab.page)
    tab.page.keyboard.press("/")
    expect(box(tab.page)).to_have_attribute("aria-expanded", "false")
    look_for(tab.page, "tilbury")
    options = tab.page.get_by_role("option")
    expect(box(tab.page)).to_have_attribute("aria-expanded", "true")
    tab.page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box(tab.page)).to_have_attribute("aria-activedescendant", "pcs-find-1")
    tab.page.keyboard.press("ArrowUp")
    tab.page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    tab.page.keyboard.press("Escape")
    expect(box(tab.page)).to_have_attribute("aria-expanded", "false")
    look_for(tab.page, "zzqqxx")
    expect(tab.page.get_by_text("Nothing is called “zzqqxx” here.").first).to_be_visible()


def test_no_serious_fault_with_list_or_card_open(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    ready(tab.page)

    def faults() -> list[str]:
        found = Axe().run(tab.page).response["violations"]
        return [f"{f['id']}: {f['nodes'][0]['html'][:200]}" for f in found
                if f["impact"] in ("serious", "critical")]  # fmt: skip

    look_for(tab.page, "tilbury")
    assert faults() == []
    go_to(tab.page, "chelmsford medical")
    assert faults() == []


def test_reduced_motion_goes_there_at_once(chromium, app: App) -> None:
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{app.url}/?area=thurrock")
    handle = page.wait_for_selector("iframe[title*='st_folium']")
    frame = handle.content_frame()
    frame.wait_for_selector(".pcs-map[data-painted]", state="attached")
    hit = {"kind": "town", "key": "T", "name": "T", "detail": "", "note": "", "codes": [],
           "latitude": 51.46, "longitude": 0.36, "zoom": 13, "n": 1}  # fmt: skip
    there = "[map.getZoom(), Math.round(map.getCenter().lat * 100)]"
    assert frame.evaluate(f"(hit) => {{ PCSMap.fly(map, hit); return {there}; }}", hit) == [
        13,
        5146,
    ]
    before = frame.evaluate("() => { const f = PCSMap.state(map).found; return f.zoom; }")
    assert frame.evaluate("() => { PCSMap.back(map); return map.getZoom(); }") == before
    context.close()


POSTCODES = """pcds,doterm,lsoa11,oslaua,oseast1m,osnrth1m
RM18 8ZZ,,E01024557,E07000159,564000,176000
RM17 9ZY,,{lsoa},E07000159,,
ZE1 0AA,,S01011111,S12000027,447000,1141000
"""


@pytest.fixture(scope="module")
def loaded(
    tmp_path_factory: pytest.TempPathFactory, dataset: Dataset
) -> Iterator[tuple[App, Path]]:
    """The app with a small postcode directory loaded."""
    folder = tmp_path_factory.mktemp("directory")
    lsoa = dataset.lsoas.index[dataset.lsoas["district"] == "Thurrock"][0]
    source = folder / "ONSPD_AUG_2025_UK.csv"
    source.write_text(POSTCODES.format(lsoa=lsoa), "utf-8")
    environment = os.environ | {"PCS_DASH_DATA_DIR": str(folder / "data")}
    with Store(folder / "data").writing() as update:
        (parsed,) = load_file(source)
        update.put(parsed.source.key, parsed.period, parsed.table)
        update.commit()
    running = App(free_port(), environment, folder / "app.log")
    running.start()
    yield running, source
    running.stop()


def test_a_loaded_directory_resolves_postcodes(
    tab: Tab, loaded: tuple[App, Path], dataset: Dataset
) -> None:
    app, source = loaded
    tab.home = app.url
    tab.open(app.url)
    ready(tab.page)
    table = pd.read_csv(source).rename(
        columns={"pcds": "postcode", "doterm": "ended", "lsoa11": "lsoa11cd",
                 "oseast1m": "easting", "osnrth1m": "northing"}
    )  # fmt: skip
    index = build_index(dataset, directory=directory_near(table, dataset))
    asked = ["rm18 8zz", "RM179ZY", "RM17 9ZZ", "ZE1 0AA", "ss7 4ea"]
    # The directory is prepared beside the first page; until then sectors stand in.
    whole = "async () => (await PCSFind.answer('rm188zz', 8))[0].note === ''"
    for _ in range(300):  # `wait_for_function` does not ask a promise again
        if tab.page.evaluate(whole):
            break
        tab.page.wait_for_timeout(100)
    given = tab.page.evaluate(ASK, asked)
    assert given == [[seen(hit) for hit in index.find(text, LIMIT)] for text in asked]
    assert given[1][0][4].startswith("The directory loaded has no position; shown: the middle of")
    assert "is not in the postcode directory loaded" in given[2][0][4]
