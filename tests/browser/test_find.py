"""The search box "What about ...?": the same finds as in Python, the map goes there and back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page, expect

from pcs_dash.hubs.plan import Plan
from pcs_dash.measures import profile
from pcs_dash.measures.workforce import summarise
from pcs_dash.official.store import Store
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.search import Hit, SearchIndex, build_index, directory_near
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


def queries(dataset: Dataset) -> list[str]:
    """What people type: codes, names and parts of them, postcodes, and text that is nothing."""
    practices, lsoas = dataset.practices, dataset.lsoas
    names = practices["practice_name"]
    asked = [*practices.index[::7], *names[::5], *practices["postcode"][::6]]
    asked += [name.lower()[:n] for name in names[::9] for n in (1, 2, 3, 5, 9)]
    asked += [name[2:8] for name in names[::8]]
    asked += [" ".join(reversed(name.split())) for name in names[::11]]
    asked += [postcode[:n] for postcode in practices["postcode"][::13] for n in (2, 4, 5, 6)]
    asked += [f"{postcode[:-2]}ZZ" for postcode in practices["postcode"][::10]]
    asked += [f"{postcode[:-3]}9ZZ" for postcode in practices["postcode"][::10]]
    asked += [*lsoas.index[::151], *lsoas["lsoa11nm"][::149], *dataset.towns["name"][::6]]
    asked += [*practices["pcn"].dropna().unique()[::4], "thurrock", "07G", "essex", "Mid & South"]
    asked += [
        "Avélèy--Medical  Ctr",
        "ST. MARY’S",
        "ß",
        "ſaint",
        "ﬁtz",
        "İstanbul",
        "ΣΑΣ",
        "①",
        "½",
    ]
    asked += ["", "   ", "...", "zzqqxx", "\0", "x" * 300, "𝔊𝔯𝔞𝔶𝔰", "__", "a_b", "constructor"]
    asked += ["__proto__ practice", "ss7", "SS7 4", "ss7 9zz", "ZE1 0AA", "practice", "surgery 2"]
    return [str(text) for text in asked]


def test_the_browser_finds_what_python_finds(tab: Tab, app: App, dataset: Dataset) -> None:
    index = build_index(dataset)
    asked = queries(dataset)
    tab.open(app.url)
    ready(tab.page)
    given = tab.page.evaluate(ASK, asked)
    different = [
        (text, python, browser)
        for text, python, browser in zip(
            asked, ([seen(h) for h in index.find(t, LIMIT)] for t in asked), given, strict=True
        )
        if python != browser
    ]
    assert different == []
    assert sum(map(len, given)) > 500


def test_hubs_are_found_as_in_python(tab: Tab, app: App, dataset: Dataset) -> None:
    plan = Plan().add_hub("Grays & Tilbury").assign(["F81010", "F81110"], "h1").add_hub("Empty")
    index = build_index(dataset, plan=plan)
    tab.open(app.url)
    ready(tab.page)
    asked = ["grays", "grays tilbury", "empty", "hub", "Tilbury & Grays"]
    given = tab.page.evaluate(
        """([raw, hubs, texts]) => { const index = PCSFind.withHubs(PCSFind.prepared(raw), hubs);
          const found = (text) => PCSFind.find(index, text, 8).map((hit) => [hit.kind, hit.key]);
          return texts.map(found); }""",
        [
            index.as_json(),
            [["h1", "Grays & Tilbury", ["F81010", "F81110"]], ["h2", "E", []]],
            asked,
        ],
    )
    assert given == [[[hit.kind, hit.key] for hit in index.find(text, LIMIT)] for text in asked]
    assert ["hub", "h1"] in given[0]


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
    ratio = profile.number(summarise(own).iloc[0]["patients_per_fte_gp"])
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
    expect(tab.page.get_by_role("heading", name="Under-doctoring: Thurrock")).to_be_visible()
    expect(card.get_by_text("Outside")).to_have_count(0)
    expect(tab.page.get_by_text("F81110 beside Thurrock and the benchmark")).to_be_attached()
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("heading", name="Under-doctoring: Mid Essex")).to_be_visible()


def test_a_page_without_a_map_offers_the_first_page(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/then_and_now?area=thurrock")
    ready(tab.page)
    tab.page.keyboard.press("/")
    go_to(tab.page, "GRAYS PCN")
    card = tab.page.get_by_role("region", name="Card: GRAYS PCN")
    expect(card.get_by_text("Patients per FTE GP", exact=True)).to_be_visible()
    card.get_by_role("button", name="Show on the map").click()
    expect(tab.page.get_by_role("heading", name="Under-doctoring: Thurrock")).to_be_visible()
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
    go_to(tab.page, "chelmsford")
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
    index: SearchIndex = build_index(dataset, directory=directory_near(table, dataset))
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
