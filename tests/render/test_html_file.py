"""The one HTML file, opened in Chromium from the disk with every host refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, Page, expect

from pcs_dash.official.any_area import find_area
from pcs_dash.render.html_file import to_html
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.answer import Table
from pcs_dash.views.content import build_deck
from pcs_dash.views.deck import Deck
from pcs_dash.views.report_links import LOCAL_APP
from pcs_dash.views.story import Story, ready_made

from .conftest import HOSTILE, MADE

MAX_BYTES = 5_000_000


@pytest.fixture(scope="module")
def text(deck: Deck) -> str:
    return to_html(deck).decode()


@pytest.fixture(scope="module")
def page(chromium: Browser, text: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The file on a "memory stick", loaded; fails if anything was asked for or went wrong."""
    path = tmp_path_factory.mktemp("stick") / "board.html"
    path.write_text(text, "utf-8")
    asked: list[str] = []
    faults: list[str] = []
    page = chromium.new_page(viewport={"width": 1024, "height": 768})
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
    page.goto(path.as_uri())
    # Nothing that the page's own policy forbids: `wait_for_function` would evaluate text in it.
    expect(page.locator(".map[data-painted]")).to_have_count(3, timeout=30_000)
    yield page
    page.close()
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert faults == []


def test_maps_are_painted_and_zoom_and_pan(page: Page) -> None:
    element = page.locator(".map").first
    element.scroll_into_view_if_needed()
    before = element.screenshot()
    scale = element.locator(".leaflet-control-scale-line").first
    words = scale.inner_text()
    element.locator(".leaflet-control-zoom-in").click()
    expect(scale).not_to_have_text(words)
    assert element.screenshot() != before
    element.focus()
    pane = element.locator(".leaflet-map-pane")
    at = pane.get_attribute("style") or ""
    page.keyboard.press("ArrowRight")
    expect(pane).not_to_have_attribute("style", at)


def test_a_hostile_name_is_shown_and_runs_nothing(page: Page) -> None:
    assert page.locator("section img:not([src^='data:'])").count() == 0
    assert page.locator("section i, section script").count() == 0
    everything = page.locator("body").inner_text()
    for name in HOSTILE[:4]:
        assert name in everything


def test_the_story_can_be_taken_out_again(page: Page, deck: Deck) -> None:
    content = page.evaluate("JSON.parse(document.getElementById('pcs-data:story').textContent)")
    assert Story.from_dict(content) == deck.story


def test_tables_have_captions_and_scopes_and_all_their_rows(page: Page, deck: Deck) -> None:
    assert page.locator("table").count() == page.locator("table > caption").count() >= 12
    assert page.locator("thead th:not([scope=col]), tbody th:not([scope=row])").count() == 0
    captions = page.locator("caption").all_text_contents()
    for slide in deck.slides:
        for block in slide.blocks:
            if isinstance(block, Table):
                place = captions.index(block.caption)
                rows = page.locator("table").nth(place).locator("tbody tr").count()
                assert rows == len(block.rows), block.caption


def test_pictures_and_maps_have_names(page: Page) -> None:
    for image in page.locator("img").all():
        assert len(image.get_attribute("alt") or "") > 20
    for element in page.locator(".map").all():
        assert "Map of Thurrock" in (element.get_attribute("aria-label") or "")
    assert page.locator("html").get_attribute("lang") == "en-GB"


def test_date_period_rules_and_links_are_printed(page: Page, deck: Deck) -> None:
    everything = page.locator("body").inner_text()
    for part in ("5 March 2026", "31 December 2025", "2,258", "PCN or locality", "area=thurrock"):
        assert part in everything
    for term, _ in deck.definitions:
        assert term.removeprefix("Rule: ") in everything


def test_nothing_in_the_file_points_outside(text: str) -> None:
    class Links(HTMLParser):
        found: list[str]
        loaded: list[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            for name, value in attrs:
                if name in ("src", "href", "srcset", "action", "poster"):
                    self.found.append(value or "")
                    if tag != "a":
                        self.loaded.append(value or "")

    links = Links()
    links.found, links.loaded = [], []
    links.feed(text)
    assert links.found
    # Links to the app are followed by a click only; the policy below forbids everything else.
    assert all(link.startswith(("data:", "#", f"{LOCAL_APP}/")) for link in links.found)
    assert not any(link.startswith(LOCAL_APP) for link in links.loaded)
    assert "connect-src" not in text or "connect-src 'none'" in text
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!data:)", text.split("</style>")[0])


def test_a_large_area_stays_under_five_megabytes(dataset: Dataset) -> None:
    area = find_area("Essex")
    content = to_html(build_deck(dataset, ready_made(area), area=area, made=MADE))
    assert len(content) < MAX_BYTES
    data = re.findall(rb'<script type="application/json" id="([^"]+)">(.*?)</script>', content)
    assert {name.decode() for name, _ in data} == {
        "pcs-data:story",
        "pcs-data:points",
        "pcs-data:views",
        "pcs-data:area-essex",
    }
    for _, inside in data:
        assert b"<" not in inside
        json.loads(inside)
