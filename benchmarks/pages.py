"""How quick the pages are in a real browser: paint, click, bytes, start, memory.

Run by hand on a quiet machine: python -m benchmarks.pages. Prints medians with the machine's
cores and load, and each figure's target. Nothing leaves this machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.conftest import App, free_port
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS

REPEATS = 7
CLICKS = 30


class Traffic:
    """Bytes that reached a page over its websocket, and over HTTP besides cacheable files."""

    def __init__(self, page: Page) -> None:
        self.socket = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._count))

    def _count(self, payload: bytes | str) -> None:
        self.socket += len(payload)


def painted_map(page: Page) -> Any:
    """The frame of the folium map, once drawn."""
    handle = page.wait_for_selector("iframe[title*='st_folium']")
    assert handle is not None
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_selector(".pcs-map[data-painted]", state="attached")
    return frame


def cold_paint(browser: Browser, url: str) -> tuple[float, int]:
    """Milliseconds from navigation to painted map in a new profile, and websocket bytes."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    traffic = Traffic(page)
    page.goto(url, wait_until="commit")
    frame = painted_map(page)
    at = frame.evaluate("window.__pcsPainted")
    begun = page.evaluate("performance.timeOrigin")
    received = traffic.socket
    context.close()
    return at - begun, received


def cold_words(browser: Browser, url: str, wanted: str) -> float:
    """Milliseconds from navigation in a new profile until something stands on the page: what
    matches `wanted`, seen in the frame after it was drawn.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(url, wait_until="commit")
    at = page.evaluate(STANDS, wanted)
    begun = page.evaluate("performance.timeOrigin")
    context.close()
    return float(at - begun)


# Asked for frame by frame, so that it is there to be seen.
STANDS = """async wanted => {
    const drawn = () => new Promise(requestAnimationFrame);
    while (!document.querySelector(wanted)) await drawn();
    await drawn();
    return performance.timeOrigin + performance.now();
}"""


def beside_an_empty_page(browser: Browser, app: App, work: Path, repeats: int) -> Iterator[str]:
    """How much later than Streamlit's own first word the map, and Correlation's first chart, stand:
    a new profile each, in turn, so that all meet the same machine.
    """
    (work / "app.py").write_text('import streamlit\n\nstreamlit.write("A word")\n')
    quiet = {"STREAMLIT_SERVER_HEADLESS": "true", "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    empty = App(free_port(), app.environment | quiet, work / "empty.log", folder=work)
    empty.start()
    took: dict[str, list[float]] = {"empty": [], "words": [], "map": [], "chart": []}
    home, chart = f"{app.url}/?area=Essex", f"{app.url}/correlation?area=Essex"
    for _ in range(repeats + 1):
        took["empty"].append(cold_words(browser, empty.url, ".stMain p"))
        took["words"].append(cold_words(browser, home, ".stMain p"))
        took["map"].append(cold_paint(browser, home)[0])
        took["chart"].append(cold_words(browser, chart, ".stVegaLiteChart :is(canvas, svg)"))
    empty.stop()
    # The first of each finds the machine without the files at hand.
    kept = {what: values[1:] for what, values in took.items()}
    once = statistics.median(kept.pop("empty"))
    for (what, values), target in zip(kept.items(), ("", "1.8", "2.2"), strict=True):
        times = statistics.median(values) / once
        yield row(f"first {what}, {times:.2f} times an empty page", values, "ms", target)
    yield row("first word of an empty page", took["empty"][1:], "ms", "")


def clicks_to_figures(browser: Browser, url: str) -> tuple[list[float], list[float]]:
    """Milliseconds from a click on a practice to its mark on the map, and to its card."""
    context = browser.new_context(bypass_csp=True, viewport={"width": 1440, "height": 1400})
    page = context.new_page()
    page.goto(url)
    frame = painted_map(page)
    page.wait_for_timeout(1_500)
    codes = frame.evaluate("Object.keys(PCSMap.state(map).points)")[:CLICKS]
    page.evaluate(WATCH_CARD)
    marks, cards = [], []
    for code in codes:
        page.evaluate("code => { window.cardAt = null; window.wanted = code; }", code)
        marked = frame.evaluate(CLICK, code)
        page.wait_for_function("window.cardAt !== null")
        cards.append(page.evaluate("window.cardAt") - marked["clicked"])
        marks.append(marked["marked"] - marked["clicked"])
        page.wait_for_timeout(150)
    context.close()
    return marks, cards


# The card's caption names the practice: the moment it stands on the page is the answer's time.
WATCH_CARD = """() => {
    new MutationObserver(() => {
        if (window.cardAt === null && document.body.innerText.includes(window.wanted + ' beside'))
            window.cardAt = performance.timeOrigin + performance.now();
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
CLICK = """async code => {
    const own = PCSMap.state(map), now = () => performance.timeOrigin + performance.now();
    const clicked = now();
    own.points[code].dot.fire('click', {latlng: own.points[code].dot.getLatLng()});
    return {clicked, marked: own.view.selected === code ? now() : NaN};
}"""


def rerun_bytes(browser: Browser, url: str) -> int:
    """Websocket bytes of a rerun in which nothing changed."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    traffic = Traffic(page)
    page.goto(url)
    painted_map(page)
    page.wait_for_timeout(2_000)
    before = traffic.socket
    page.keyboard.press("r")
    page.wait_for_timeout(2_000)
    context.close()
    return traffic.socket - before


def start_to_served(app: App) -> float:
    """Seconds from the start of the server to the first page served."""
    begun = time.perf_counter()
    app.start()
    with urllib.request.urlopen(app.url, timeout=30) as answer:
        assert answer.status == 200
    return time.perf_counter() - begun


def row(name: str, values: Sequence[float], unit: str, target: str) -> str:
    """A line of the table: median, 95th percentile, extremes."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return (
        f"| {name} | {statistics.median(values):,.0f} {unit} | {p95:,.0f} | "
        f"{ordered[0]:,.0f}-{ordered[-1]:,.0f} | {len(values)} | {target} |"
    )


def measure(say: Callable[[str], None] = print) -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    repeats = parser.parse_args().repeats
    folder = Path(tempfile.mkdtemp())
    environment = os.environ | {"PCS_DASH_DATABASE": str(folder / "plans.sqlite")}
    starts = []
    for _ in range(repeats):
        app = App(free_port(), environment, folder / "app.log")
        starts.append(start_to_served(app))
        app.stop()
    app.start()
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    say("| what | median | p95 | range | n | to reach |\n|---|---|---|---|---|---|")
    say(row("start to first page served", [1_000 * s for s in starts], "ms", "4,000"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        for area in ("thurrock", "mid-and-south-essex", "essex"):
            url = f"{app.url}/?area={area}"
            cold_paint(browser, url)
            painted, sent = zip(*(cold_paint(browser, url) for _ in range(repeats)), strict=True)
            say(row(f"cold page to painted map, {area}", painted, "ms", "1,500"))
            say(row(f"websocket bytes at first paint, {area}", sent, "B", "60,000"))
        url = f"{app.url}/?area=mid-and-south-essex"
        for line in beside_an_empty_page(browser, app, folder, repeats):
            say(line)
        marks, cards = clicks_to_figures(browser, url)
        say(row("click to mark in the map", marks, "ms", "at once"))
        say(row("click to the practice's card", cards, "ms", "330, p95 450"))
        sent = [rerun_bytes(browser, url) for _ in range(5)]
        say(row("bytes of a rerun without change", sent, "B", "2,000"))
        browser.close()
    assert app.process is not None
    memory = psutil.Process(app.process.pid).memory_info().rss / 1e6
    say(f"| server memory after all that | {memory:,.0f} MB | | | 1 | 500 |")
    say(f"load {os.getloadavg()[0]:.1f} at the end")
    app.stop()


if __name__ == "__main__":
    measure()
