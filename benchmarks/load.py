"""How quick the server stays with many users: real messages over real websockets.

Run by hand on a quiet machine: python -m benchmarks.load [--users 50] [--seconds 60]. Each user
opens a page as a browser does and clicks a practice every few seconds: on a map, or into a hub;
where a page has neither, what is shared is asked for again. A click ends when the server says
that its run ended. With --other FOLDER another checkout is measured too, in turn with this one, so
that both meet the same machine. The processor time of a click is the server's alone and holds on a
machine with other work too; the waits do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import build_dataset
from pcs_dash.tables.paths import ROOT
from tests.browser.conftest import App, free_port
from tests.soak import replicas

EVERY_S = 3.0
PATIENCE_S = 60.0
SCENES = ("home", "practices", "hubs", "mixed")
COOKIE = "pcs_dash_browser"
DONE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


@dataclass
class Target:
    """What a user can click on a page: a map or a builder of hubs, by the ids in its messages."""

    kind: str
    widget: str
    fragment: str
    hubs: list[str] = field(default_factory=list)


class User:
    """One browser tab: a connection, a page, and what can be clicked there."""

    def __init__(self, port: int, area: str, codes: Sequence[str]) -> None:
        self.port, self.area, self.codes = port, area, codes
        self.token = secrets.token_urlsafe(16)
        self.cookies = {COOKIE: self.token}
        # What was painted last, and the plan as the page last had it whole.
        self.painting: tuple[str, str] = ("", "")
        self.plan: dict[str, Any] = {}
        self.pages: list[str] = []
        self.target: Target | None = None
        self.number = 0
        self.bytes = 0
        self.page, self.page_hash = "", ""
        self.known: set[str] = set()
        self.socket: ClientConnection

    async def open(self, page: str) -> float:
        """Open a page; seconds from the connection to the true end of its first run."""
        self.page = page
        begun = time.perf_counter()
        self.socket = await connect(
            f"ws://localhost:{self.port}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={"Cookie": "; ".join(map("=".join, self.cookies.items()))},
            max_size=None,
            open_timeout=PATIENCE_S,
        )
        assert self.socket.response is not None
        # A proxy before several servers says so which one it chose.
        for cookie in self.socket.response.headers.get_all("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        await self._run(self._message())
        return time.perf_counter() - begun

    async def click(self) -> float:
        """Click what the page has; seconds until the run ends."""
        message = self._message()
        state = message.rerun_script
        self.number += 1
        if self.target is not None:
            state.fragment_id = self.target.fragment
            state.widget_states.widgets.add(
                id=self.target.widget, json_value=json.dumps(self._clicked(self.target))
            )
        begun = time.perf_counter()
        await self._run(message)
        return time.perf_counter() - begun

    async def close(self) -> None:
        """Close the tab."""
        await self.socket.close()

    def _clicked(self, target: Target) -> dict[str, Any]:
        code = random.choice(self.codes)
        if target.kind == "map":
            return {"picked": code, "count": self.number}
        self.painting = code, random.choice(target.hubs)
        event = {"t": "paint", "codes": [code], "hub": self.painting[1]}
        log = [{**event, "n": self.number}]
        return {"events": {"client": self.token, "list": log, "score": False, "again": 0}}

    def _message(self) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = urlencode({"area": self.area})
        state.page_name, state.page_script_hash = self.page, self.page_hash
        state.cached_message_hashes.extend(self.known)
        state.context_info.url = f"http://localhost:{self.port}/{self.page}"
        state.context_info.timezone = "Europe/London"
        return message

    async def _run(self, message: BackMsg) -> None:
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE_S):
            while True:
                received = await self.socket.recv(decode=False)
                self.bytes += len(received)
                if self._hear(ForwardMsg.FromString(received)):
                    return

    def _hear(self, message: ForwardMsg) -> bool:
        """Note what a message brings; whether the run has truly ended with it."""
        if message.metadata.cacheable and message.hash:
            self.known.add(message.hash)
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self.pages = [page.url_pathname for page in message.navigation.app_pages]
        elif kind == "new_session":
            self.page_hash = message.new_session.page_script_hash
        elif kind == "delta":
            self._look(message.delta)
        elif kind == "script_finished":
            # A run that asks for another one ends early: the other is the page's.
            return message.script_finished in DONE
        return False

    def _look(self, delta: Any) -> None:
        element = delta.new_element
        if element.WhichOneof("type") == "exception":
            raise RuntimeError(element.exception.message)
        if element.WhichOneof("type") == "component_instance" and self.target is None:
            shown = element.component_instance
            if "st_folium" in shown.component_name:
                self.target = Target("map", shown.id, delta.fragment_id)
        if element.WhichOneof("type") == "bidi_component":
            shown = element.bidi_component
            if "hub_builder" in shown.component_name:
                self.plan = json.loads(shown.json)["plan"]
                hubs = [hub["id"] for hub in self.plan["hubs"]]
                self.target = Target("builder", shown.id, delta.fragment_id, hubs)


@dataclass
class Found:
    """What a window of load found: seconds a click, seconds a first page, and the server's cost."""

    clicks: list[float] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    processor_s: float = 0.0
    memory_mb: tuple[float, float] = (0.0, 0.0)
    bytes: float = 0.0

    @property
    def processor_ms(self) -> float:
        """Processor time of the server for a click, in milliseconds."""
        return 1_000 * self.processor_s / max(1, len(self.clicks))


@dataclass(frozen=True)
class Served:
    """Where the app is asked, and the processes that answer."""

    port: int
    processes: tuple[psutil.Process, ...]

    @property
    def processor_s(self) -> float:
        """Processor time that they have spent, in seconds."""
        times = [process.cpu_times() for process in self.processes]
        return float(sum(spent.user + spent.system for spent in times))

    @property
    def memory_mb(self) -> float:
        """Memory that they hold, together."""
        return float(sum(process.memory_info().rss for process in self.processes)) / 1e6


async def load(
    app: Served, scene: str, users: int, seconds: float, area: str, codes: Sequence[str]
) -> Found:
    """Let so many users arrive at once and click for so long."""
    found = Found()
    tabs = [User(app.port, area, codes) for _ in range(users)]
    pages = await _pages(app.port, scene, area, codes)

    async def arrive(place: int, tab: User) -> None:
        try:
            found.arrivals.append(await tab.open(pages[place % len(pages)]))
        except Exception as error:  # the benchmark counts faults of any kind
            found.faults.append(f"{tab.page}: {error!r}")

    await asyncio.gather(*(arrive(place, tab) for place, tab in enumerate(tabs)))
    for tab in tabs:
        tab.bytes = 0
    before, memory = app.processor_s, app.memory_mb
    end = time.perf_counter() + seconds

    async def clicking(tab: User) -> None:
        await asyncio.sleep(random.uniform(0, EVERY_S))
        while time.perf_counter() < end:
            begun = time.perf_counter()
            try:
                found.clicks.append(await tab.click())
            except Exception as error:  # as above
                found.faults.append(f"{tab.page}: {error!r}")
                return
            await asyncio.sleep(max(0.0, EVERY_S - (time.perf_counter() - begun)))

    await asyncio.gather(*(clicking(tab) for tab in tabs))
    found.processor_s = app.processor_s - before
    found.memory_mb = memory, app.memory_mb
    found.bytes = sum(tab.bytes for tab in tabs) / max(1, len(found.clicks))
    await asyncio.gather(*(tab.close() for tab in tabs if hasattr(tab, "socket")))
    return found


async def _pages(port: int, scene: str, area: str, codes: Sequence[str]) -> list[str]:
    if scene != "mixed":
        return ["" if scene == "home" else scene]
    first = User(port, area, codes)
    await first.open("")
    await first.close()
    return first.pages


@contextmanager
def server(folder: Path, work: Path) -> Iterator[App]:
    """A running app of a checkout, with a library and a data folder of its own."""
    environment = os.environ | {
        "PCS_DASH_DATABASE": str(work / "plans.sqlite"),
        "PCS_DASH_DATA_DIR": str(work / "data"),
    }
    app = App(free_port(), environment, work / "app.log", folder=folder)
    app.start()
    try:
        yield app
    finally:
        app.stop()


@contextmanager
def served(folder: Path, work: Path, *, twice: bool) -> Iterator[Served]:
    """A checkout's app, or two of this one's behind a proxy."""
    with ExitStack() as stack:
        if twice:
            both = stack.enter_context(replicas.started(work))
            port, apps = both.port, list(both.servers.values())
        else:
            app = stack.enter_context(server(folder, work))
            port, apps = app.port, [app]
        started = [app.process for app in apps if app.process is not None]
        yield Served(port, tuple(psutil.Process(process.pid) for process in started))


def row(where: str, scene: str, users: int, found: Found) -> str:
    """A line of the table."""
    waits = sorted(1_000 * wait for wait in found.clicks) or [float("nan")]
    arrivals = sorted(found.arrivals) or [float("nan")]
    return (
        f"| {where} | {scene} | {users} | {len(found.clicks)} | {statistics.median(waits):,.0f} | "
        f"{p95(waits):,.0f} | {found.processor_ms:,.1f} | {found.bytes / 1e3:,.1f} | "
        f"{p95(arrivals):,.1f} | {found.memory_mb[0]:,.0f}, {found.memory_mb[1]:,.0f} | "
        f"{len(found.faults)} |"
    )


def p95(ordered: Sequence[float]) -> float:
    """The 95th percentile of what is in order."""
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def measure(say: Callable[[str], None] = print) -> None:
    """Run the scenes on each checkout in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[50])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--scenes", nargs="+", choices=SCENES, default=list(SCENES))
    parser.add_argument("--area", default="essex")
    parser.add_argument("--other", type=Path, help="another checkout, to compare with")
    parser.add_argument("--replicas", action="store_true", help="two servers behind a proxy")
    given = parser.parse_args()
    codes = list(find_area(given.area).select(build_dataset().practices).index.astype(str))
    folders = {"this": ROOT} | ({"other": given.other.resolve()} if given.other else {})
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; {given.area}")
    say(
        "| checkout | scene | users | clicks | p50 ms | p95 ms | processor ms a click | kB a click "
        "| first page p95 s | memory MB before, after | faults |\n" + 11 * "|---" + "|"
    )
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        apps = {}
        for name, folder in folders.items():
            (work / name).mkdir()
            twice = given.replicas and name == "this"
            apps[name] = stack.enter_context(served(folder, work / name, twice=twice))
        for scene in given.scenes:
            for users in given.users:
                for name, app in apps.items():
                    found = asyncio.run(load(app, scene, users, given.seconds, given.area, codes))
                    say(row(name, scene, users, found))
                    for fault in sorted(set(found.faults))[:5]:
                        say(f"  {fault}")
    say(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    measure()
