"""The hub builder in a real browser: click to colour, click to figures, bytes an answer.

Run by hand on a quiet machine: python -m benchmarks.hub_map [--area mid-and-south-essex]. The
click is a real one; colour is the moment a pixel of the practice's dot has the hub's colour on the
canvas; figures is the moment the server's figures of every hub stand in the table and the lists.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.load import served
from benchmarks.pages import Traffic
from pcs_dash.tables.paths import ROOT
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS

TARGETS = {"click to colour": (50, 50), "click to figures": (100, 200)}
APP = "document.querySelector('.pcs-hubs').pcsHubs"

# Practices whose dot no other dot covers, so that a click is certain to meet them.
ALONE = f"""() => {{
    const b = {APP}, own = PCSMap.state(b.map);
    const all = Object.values(own.points).map((p) => ({{ code: p.code, r: p.dot.getRadius(),
        at: b.map.latLngToContainerPoint(p.dot.getLatLng()) }}));
    const box = b.mapBox.getBoundingClientRect();
    const inside = (p) => p.at.x > 60 && p.at.x < box.width - 60 && p.at.y > 90
        && p.at.y < box.height - 60;
    const apart = (p) => all.every((o) => o === p || o.at.distanceTo(p.at) > o.r + p.r + 2);
    return all.filter((p) => inside(p) && apart(p))
        .map((p) => [p.code, box.x + p.at.x, box.y + p.at.y]);
}}"""

WATCH = f"""(code) => {{
    const b = {APP}, own = PCSMap.state(b.map), dot = own.points[code].dot;
    const canvas = own.dots._container, context = canvas.getContext('2d');
    const spot = dot._point.subtract(own.dots._bounds.min).add([0, dot.getRadius() * 0.7]);
    const scale = canvas.width / parseFloat(canvas.style.width);
    const pixel = () => [...context.getImageData(spot.x * scale, spot.y * scale, 1, 1).data].join();
    const before = pixel(), wanted = b.tab.next + 1;
    window.clickedAt = window.colourAt = window.figuresAt = null;
    addEventListener('pointerup', (event) => {{ window.clickedAt = event.timeStamp; }},
        {{ once: true, capture: true }});
    const look = () => {{
        if (window.clickedAt === null || pixel() === before) requestAnimationFrame(look);
        else window.colourAt = performance.now();
    }};
    requestAnimationFrame(look);
    const watch = new MutationObserver(() => {{
        if (Number(b.root.dataset.answered) < wanted) return;
        watch.disconnect();
        window.figuresAt = performance.now();
    }});
    watch.observe(b.root, {{ attributes: true }});
}}"""


def clicks(page: Page, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from each click to the colour and to the figures; each dot is clicked twice."""
    spots: list[Any] = page.evaluate(ALONE)
    colours, figures = [], []
    for number in range(count):
        code, x, y = spots[number % len(spots)]
        page.mouse.move(x, y)
        page.wait_for_timeout(120)
        page.evaluate(WATCH, code)
        page.mouse.click(x, y)
        page.wait_for_function("window.figuresAt !== null && window.colourAt !== null")
        colours.append(page.evaluate("window.colourAt - window.clickedAt"))
        figures.append(page.evaluate("window.figuresAt - window.clickedAt"))
        page.wait_for_timeout(120)
    return colours, figures


def report(name: str, values: list[float]) -> None:
    """One line: median, 95th percentile, targets."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    goal = TARGETS[name]
    print(
        f"{name:18} median {statistics.median(values):6.1f} ms   p95 {p95:6.1f} ms"
        f"   n={len(values)}   target {goal[0]} / {goal[1]} ms"
    )


def main() -> None:
    """Start the app, click, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--area", default="mid-and-south-essex")
    parser.add_argument("--clicks", type=int, default=40)
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app = stack.enter_context(served(ROOT, folder, twice=False))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        size: Any = {"width": 1440, "height": 1000}
        page = browser.new_context(bypass_csp=True, viewport=size).new_page()
        traffic = Traffic(page)
        page.goto(f"http://localhost:{app.port}/hubs?area={args.area}")
        page.wait_for_selector(".pcs-hubs .pcs-map[data-painted]", timeout=90_000)
        page.wait_for_timeout(2_000)
        first = traffic.socket
        clicks(page, 3)
        before, used = traffic.socket, app.processor_s
        colours, figures = clicks(page, args.clicks)
        each = (traffic.socket - before) / args.clicks
        processor = (app.processor_s - used) / args.clicks
        browser.close()
    print(f"{args.area}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    report("click to colour", colours)
    report("click to figures", figures)
    print(f"server's processor time for each click: {1_000 * processor:.1f} ms")
    print(f"websocket bytes: {first:,} until painted, {each:,.0f} for each click")


if __name__ == "__main__":
    main()
