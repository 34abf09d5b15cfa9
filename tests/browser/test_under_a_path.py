"""The app under a path of its server, as behind a proxy that serves others too."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import App, Tab, free_port

# A site on this computer: by the one name it may frame the app, by the other it is another site.
SITE = free_port()


@dataclass
class AppUnderPath(App):
    """A server whose app stands at /pcs."""

    @property
    def url(self) -> str:
        return f"{super().url}/pcs"


@pytest.fixture(scope="module")
def under_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppUnderPath]:
    folder = tmp_path_factory.mktemp("under")
    environment = os.environ | {
        "PCS_DASH_DATABASE": str(folder / "plans.sqlite"),
        "PCS_DASH_DATA_DIR": str(folder / "data"),
        "PCS_DASH_EMBED_SITES": f"http://localhost:{SITE}",
        "STREAMLIT_SERVER_BASE_URL_PATH": "/pcs",
    }
    app = AppUnderPath(free_port(), environment, folder / "app.log")
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
    # The map tells that it is painted, and what stands below follows.
    with page.expect_response(f"{under_path.url}/told/map") as told:
        tab.open(f"{under_path.url}/practices?area=thurrock")
    assert told.value.status == 204
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


class _Framing(BaseHTTPRequestHandler):
    """A page of another site with the app in a frame."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        address = parse_qs(urlsplit(self.path).query).get("app", [""])[0]
        self.wfile.write(f'<iframe src="{address}" width="1200" height="700">'.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_only_a_site_that_the_administrator_names_may_frame_a_page(
    under_path: AppUnderPath, chromium: Browser
) -> None:
    site = ThreadingHTTPServer(("127.0.0.1", SITE), _Framing)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    asked = urlencode({"app": f"{under_path.url}/practices?area=thurrock&embed=true"})
    context = chromium.new_context()
    page = context.new_page()
    with page.expect_event("requestfailed") as refused:
        page.goto(f"http://127.0.0.1:{SITE}/?{asked}")
    assert "BLOCKED_BY_RESPONSE" in str(refused.value.failure)
    page.goto(f"http://localhost:{SITE}/?{asked}")
    shown = page.frame_locator("iframe")
    expect(shown.get_by_role("heading", name="Practices: Thurrock")).to_be_visible()
    expect(shown.get_by_test_id("stSidebar")).to_be_hidden()
    context.close()
    site.shutdown()
    site.server_close()
