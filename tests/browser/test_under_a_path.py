"""The app under a path of its server, as behind a proxy that serves others too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import App, Tab, free_port


@dataclass
class AppUnderPath(App):
    """A server whose app stands at /pcs."""

    @property
    def url(self) -> str:
        return f"{super().url}/pcs"


@pytest.fixture
def under_path(tmp_path: Path) -> Iterator[AppUnderPath]:
    environment = os.environ | {
        "PCS_DASH_DATABASE": str(tmp_path / "plans.sqlite"),
        "PCS_DASH_DATA_DIR": str(tmp_path / "data"),
        "STREAMLIT_SERVER_BASE_URL_PATH": "/pcs",
    }
    app = AppUnderPath(free_port(), environment, tmp_path / "app.log")
    app.start()
    yield app
    app.stop()
    assert "Traceback" not in app.log.read_text()


def test_map_search_hubs_presenting_and_links_work_under_a_path(
    under_path: AppUnderPath, chromium: Browser
) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    tab = Tab(page, under_path.url)
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Policy" in said.text else None)
    page.on("pageerror", lambda error: tab.faults.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((under_path.url, "data:", "blob:", "about:"))
            else tab.asked_elsewhere.append(request.url)
        ),
    )
    tab.open(f"{under_path.url}/practices?area=thurrock")
    tab.map_frame()
    page.keyboard.press("/")
    page.keyboard.type("Tilbury")
    expect(page.locator("#pcs-find-list [role=option]").first).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Present", exact=True).click()
    expect(page.locator("dialog.pcs-present .pcs-p-picture > *").first).to_be_visible()
    tab.open(f"{under_path.url}/hubs?area=thurrock")
    expect(page.locator(".pcs-hubs canvas").first).to_be_visible()
    page.get_by_text("Save and share").first.click()
    page.get_by_role("button", name="Make a link that carries the plan").click()
    expect(page.get_by_text(f"{under_path.url}/hubs?").first).to_be_visible()
    context.close()
    assert not (tab.asked_elsewhere or tab.faults or refused)
