"""Many users on two replicas, of which one is killed while they paint: nobody loses anything."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from websockets.exceptions import WebSocketException

from benchmarks import load
from benchmarks.load import User
from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.official.any_area import find_area
from pcs_dash.store.database import open_database
from pcs_dash.store.links import make_short_link
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.dataset import build_dataset
from tests.browser.test_hubs import APP, Builder
from tests.soak.replicas import Replicas, started

pytestmark = pytest.mark.soak
USERS = int(os.environ.get("PCS_DASH_SOAK_USERS", "40"))
SECONDS = float(os.environ.get("PCS_DASH_SOAK_SECONDS", "120"))
EVERY, PATIENCE = 3.0, 240.0
COMPONENT = "/component/streamlit_folium.st_folium/index.html"
REPLICA = "PCS_REPLICA"


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    with started(tmp_path_factory.mktemp("replicas")) as both:
        yield both


def _body(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        return bytes(answer.read())


def test_a_fresh_replica_has_components_and_links_of_the_other(replicas: Replicas) -> None:
    dataset = build_dataset()
    practices = find_area("Thurrock").select(dataset.practices)
    with open_database(replicas.database) as database:
        saved = PlanLibrary(database).create(plan_from_column(practices, "pcn").to_dict(), name="A")
        link = make_short_link(database, saved)
    ports = [server.port for server in replicas.servers.values()]
    path = f"/api/v1/plans/{link}/hubs?area=thurrock"
    one, two, proxied = (_body(port, path) for port in (*ports, replicas.port))
    assert one == two == proxied
    assert all(b"<html" in _body(port, COMPONENT) for port in ports)


class Painter:
    """A tab on Hubs that paints, comes back when its connection is lost, and knows what the server
    has acknowledged.
    """

    def __init__(self, port: int, codes: list[str]) -> None:
        self.user = User(port, "thurrock", codes)
        self.painted: dict[str, str] = {}
        self.at_risk: set[str] = set()
        self.came_back = 0
        self.waits: list[float] = []

    async def live(self, end: float) -> None:
        await self._open()
        await asyncio.sleep(random.uniform(0, EVERY))
        while time.monotonic() < end:
            try:
                self.waits.append(await self.user.click())
                code, hub = self.user.painting
                self.painted[code] = hub
                self.at_risk.discard(code)
            except (WebSocketException, OSError):
                # What was on its way when the server died was painted, or not.
                self.at_risk.add(self.user.painting[0])
                self.came_back += 1
                await self._open()
            await asyncio.sleep(EVERY)
        await self.user.close()

    async def _open(self) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                # A page that is loaded afresh knows nothing of what the last one had.
                self.user.known.clear()
                self.user.target, self.user.page_hash = None, ""
                await self.user.open("hubs")
                while self.user.target is None:
                    # The run that was waited for led to another, which draws the builder.
                    await self.user.click()
                return
            except (WebSocketException, OSError):
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.5)

    async def lost(self, every: list[str]) -> dict[str, tuple[str, str | None]]:
        """What was acknowledged and is not in the plan of a new tab."""
        await self._open()
        await self.user.close()
        hubs, groups = [hub["id"] for hub in self.user.plan["hubs"]], self.user.plan["groups"]
        found = {
            code: None if place < 0 else hubs[place]
            for code, place in zip(every, groups, strict=True)
        }
        return {
            code: (hub, found[code])
            for code, hub in self.painted.items()
            if found[code] != hub and code not in self.at_risk
        }


def test_nobody_loses_what_was_painted_when_a_replica_is_killed(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "PATIENCE_S", PATIENCE)
    practices = build_dataset().practices
    every = list(practices.index.astype(str))
    codes = list(find_area("Thurrock").select(practices).index.astype(str))
    painters = [Painter(replicas.port, codes) for _ in range(USERS)]

    async def all_of_it() -> list[dict[str, tuple[str, str | None]]]:
        end = time.monotonic() + SECONDS + PATIENCE / 4
        lives = [asyncio.create_task(painter.live(end)) for painter in painters]
        while any(len(painter.waits) < 2 for painter in painters):
            assert not any(life.done() for life in lives), [life for life in lives if life.done()]
            await asyncio.sleep(0.2)
        first = {painter: painter.user.cookies[REPLICA] for painter in painters}
        assert set(first.values()) == {"one", "two"}
        process = replicas.servers["one"].process
        assert process is not None
        process.kill()
        await asyncio.gather(*lives)
        # Those of the other replica noticed nothing.
        for painter in painters:
            assert (painter.came_back > 0) == (first[painter] == "one"), first[painter]
            assert painter.user.cookies[REPLICA] == "two"
        return [await painter.lost(every) for painter in painters]

    assert [lost for lost in asyncio.run(all_of_it()) if lost] == []
    waits = [1_000 * wait for painter in painters for wait in painter.waits]
    print(
        f"{USERS} users, {len(waits)} clicks acknowledged, median {statistics.median(waits):.0f} "
        f"ms, {sum(painter.came_back > 0 for painter in painters)} came back to the other replica"
    )


class Person:
    """A browser that the proxy keeps on one replica."""

    def __init__(self, chromium: Browser, port: int, replica: str) -> None:
        self.at = f"http://127.0.0.1:{port}"
        # What waits for a page's state is script that its policy does not know.
        size = {"width": 1440, "height": 900}
        self.context = chromium.new_context(viewport=size, bypass_csp=True)
        self.context.add_cookies([{"name": REPLICA, "value": replica, "url": self.at}])
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE * 1_000)
        self.plan: dict[str, str] = {}

    def hubs(self, address: str = "") -> Builder:
        """The builder with the plan on the table, or that of a link."""
        self.page.goto(address or f"{self.at}/hubs?area=thurrock")
        return Builder(self.page).wait()

    def files(self, folder: Path) -> None:
        """Download the plan, start from nothing, and open the file."""
        builder = self.hubs()
        before = builder.plan()
        self.page.get_by_role("button", name="Download").click()
        with self.page.expect_download() as waiting:
            self.page.get_by_role("button", name="Plan as CSV").click()
        waiting.value.save_as(folder / "plan.csv")
        self.page.keyboard.press("Escape")
        builder.start_from("Nothing: every practice unassigned")
        self.page.wait_for_function(f"{APP}.served.hubs.length === 0")
        self.page.get_by_role("button", name="Open a file").click()
        self.page.set_input_files("input[type=file]", folder / "plan.csv")
        self.page.get_by_role("button", name="Put it on the map").click()
        self.page.wait_for_function(f"{APP}.served.hubs.length > 0")
        assert builder.plan() == before
        self.page.keyboard.press("Escape")
        # A change that only the draft and the address have.
        into = next(iter(before.values()))
        builder.target(into)
        code = next(code for code, hub in before.items() if hub != into)
        self.page.evaluate(f"(code) => {APP}.pick(code)", code)
        builder.answered()
        self.plan = builder.plan()
        assert self.plan == before | {code: into}

    def present(self) -> None:
        """Show the first page full screen."""
        self.page.goto(f"{self.at}/?area=thurrock")
        self.page.get_by_role("button", name="Present", exact=True).click()
        self.page.wait_for_selector("dialog.pcs-present[data-painted=true]")
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector("dialog.pcs-present", state="detached")


def test_files_drafts_links_stories_and_presenting_on_either_and_after_one_is_killed(
    replicas: Replicas, chromium: Browser, tmp_path: Path
) -> None:
    one = replicas.servers["one"]
    if one.process is None or one.process.poll() is not None:
        one.start()
        # The proxy wants two good answers of it.
        time.sleep(10)
    people = [Person(chromium, replicas.port, replica) for replica in ("one", "two")]
    for person in people:
        person.files(tmp_path)
        person.present()
        person.page.get_by_role("button", name="Add to story").click()
        person.page.get_by_text("Added as view").first.wait_for()
    links = []
    for person in people:
        assert person.hubs().plan() == person.plan
        links.append((person.page.url, person.plan))
    assert one.process is not None
    one.process.kill()
    for person, (link, linked) in zip(people, reversed(links), strict=True):
        assert person.hubs().plan() == person.plan
        person.page.goto(f"{person.at}/present_and_pack?area=thurrock")
        person.page.get_by_text("At a glance").first.wait_for()
        person.present()
        assert person.hubs(link).plan() == linked
        person.files(tmp_path)
        cookies = {each["name"]: each["value"] for each in person.context.cookies()}
        assert cookies[REPLICA] == "two"
        person.context.close()


def test_logs_have_no_faults(replicas: Replicas) -> None:
    for server in replicas.servers.values():
        assert "Traceback" not in Path(server.log).read_text("utf-8")
