"""The real app in a real browser that can reach no other host."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Request, expect

from pcs_dash.tables.paths import ROOT

# The server answers once it has read the data and made the first page.
START_TIMEOUT = 240
# A busy machine is slow, not wrong: speed is measured in benchmarks/, never here.
expect.set_options(timeout=30_000)


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class App:
    """A running server: where it is, and how to stop and start it again."""

    port: int
    environment: dict[str, str]
    log: Path
    folder: Path = ROOT
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        command = [
            sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port),
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + START_TIMEOUT
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"The app did not start: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None


@contextmanager
def started(folder: Path, data: Path) -> Iterator[App]:
    """A running app that keeps plans and log in `folder` and reads the official data in `data`."""
    environment = os.environ | {
        "PCS_DASH_DATABASE": str(folder / "plans.sqlite"),
        "PCS_DASH_DATA_DIR": str(data),
    }
    environment.pop("PCS_DASH_DATABASE_URL", None)
    running = App(free_port(), environment, folder / "app.log")
    running.start()
    yield running
    running.stop()
    told = running.log.read_text()
    assert "Traceback" not in told, told[-4000:]
    assert "ScriptRunContext" not in told, told[-4000:]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with databases and data folders of its own."""
    folder = tmp_path_factory.mktemp("app")
    with started(folder, folder / "data") as running:
        yield running


@dataclass
class Tab:
    """A browser tab that keeps account of what it asked for and what went wrong."""

    page: Page
    home: str
    asked_elsewhere: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, url: str) -> None:
        """Open an address and wait for the page's title and for the run to end."""
        self.page.goto(url)
        self.page.wait_for_selector("h1", timeout=60_000)
        self.settle()

    def settle(self) -> None:
        """Wait until the server has nothing more to say and nothing old is faded any more."""
        self.page.wait_for_selector('[data-test-script-state="notRunning"]', timeout=60_000)
        stale = self.page.locator('[data-stale="true"], [data-testid="stSkeleton"]')
        expect(stale).to_have_count(0)

    def map_frame(self) -> Frame:
        """The frame of a folium map, once it is painted."""
        handle = self.page.wait_for_selector("iframe[title*='st_folium']", timeout=30_000)
        assert handle is not None
        frame = handle.content_frame()
        assert frame is not None
        frame.wait_for_selector(".pcs-map[data-painted]", timeout=30_000, state="attached")
        return frame


@contextmanager
def another_browser(chromium: Browser, home: str) -> Iterator[Tab]:
    """A tab in a browser that has never seen the app; closed at the end."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield Tab(context.new_page(), home)
    context.close()


@pytest.fixture(scope="session")
def used_browser(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser in which the app was open before: the second page that somebody opens costs half
    of the first. What a test leaves in it, `tab` takes away.
    """
    # What waits for a page's state is script that its policy does not know; test_pages.py tries
    # the pages under the policy.
    context = chromium.new_context(bypass_csp=True)
    yield context
    context.close()


def forget(context: BrowserContext, origins: set[str]) -> None:
    """Close all tabs but the first and take away what their pages kept in the browser."""
    for page in context.pages[1:]:
        page.close()
    context.clear_cookies()
    context.clear_permissions()
    context.set_offline(False)
    session = context.new_cdp_session(context.pages[0])
    for origin in origins:
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.detach()


@pytest.fixture
def tab(used_browser: BrowserContext, app: App) -> Iterator[Tab]:
    """A fresh tab; at the end, nothing may have been asked of any other host."""
    if not used_browser.pages:
        # A page of the site that stays open keeps the process that has read its scripts.
        used_browser.new_page().goto(f"{app.url}/_stcore/health")
    page = used_browser.new_page()
    page.set_viewport_size({"width": 1440, "height": 900})
    opened = Tab(page, app.url)
    origins: set[str] = set()

    def note(request: Request) -> None:
        local = (opened.home, "data:", "blob:", "about:")
        if not request.url.startswith(local):
            opened.asked_elsewhere.append(request.url)
        if request.url.startswith("http"):
            origins.add("/".join(request.url.split("/")[:3]))

    page.on("request", note)
    page.on(
        "websocket",
        lambda ws: None if "localhost" in ws.url else opened.asked_elsewhere.append(ws.url),
    )
    page.on("pageerror", lambda error: opened.faults.append(str(error)))
    page.on("dialog", lambda dialog: opened.faults.append(f"dialog: {dialog.message}"))
    yield opened
    forget(used_browser, origins)
    assert not opened.asked_elsewhere
    assert not opened.faults
