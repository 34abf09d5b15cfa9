"""From the published files to the page in one command, and files loaded by hand, in Chromium."""

from __future__ import annotations

import csv
import gzip
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from pcs_dash.official.store import Store
from pcs_dash.tables.paths import ROOT

from .conftest import App, Tab, free_port

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on what one command made of the folder of published files."""
    folder = tmp_path_factory.mktemp("official-app")
    environment = os.environ | {
        "PCS_DASH_DATABASE": str(folder / "plans.sqlite"),
        "PCS_DASH_DATA_DIR": str(folder / "data"),
    }
    environment.pop("PCS_DASH_DATABASE_URL", None)
    environment.pop("PCS_DASH_UPLOADS", None)
    subprocess.run(
        [sys.executable, "-m", "pcs_dash", "update", "--from", str(official)],
        cwd=ROOT, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    running = App(free_port(), environment, folder / "app.log")
    running.start()
    yield running
    running.stop()
    assert "Traceback" not in running.log.read_text(), running.log.read_text()[-4000:]


def store_of(app: App) -> Store:
    return Store(Path(app.environment["PCS_DASH_DATA_DIR"]))


def open_page(tab: Tab, app: App, name: str | None = None) -> None:
    tab.open(f"{app.url}/data_and_methods?area=thurrock")
    if name:
        tab.page.get_by_role("tab", name=name).click()
        expect(tab.page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        tab.settle()


def headline(tab: Tab) -> Locator:
    return tab.page.locator(".st-key-headline")


def raw_lines(path: Path, encoding: str = "utf-8-sig") -> list[list[str]]:
    with gzip.open(path) as stream:
        return list(csv.reader(io.TextIOWrapper(stream, encoding, newline="")))


def test_from_the_published_files_to_the_page(tab: Tab, app: App, official: Path) -> None:
    open_page(tab, app)
    expect(headline(tab)).to_contain_text("Official data loaded: 17 of")
    expect(headline(tab)).to_contain_text("the newest of March 2026")
    with tab.page.expect_download() as download:
        tab.page.locator(".st-key-download-official-data button").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as stream:
        shown = {row["From file"]: row for row in csv.DictReader(stream) if row["From file"]}
    assert len(shown) == 17
    # Rows of files that are loaded as they stand, counted here line by line.
    for name, file, encoding in (
        ("gp-reg-pat-prac-all-2026-03.csv", "registrations", "utf-8-sig"),
        ("gp-reg-pat-prac-lsoa-all-2023-07.csv", "registrations", "utf-8-sig"),
        ("QOF_2022-23_practice_achievement.csv", "quality", "utf-8-sig"),
        ("LSOA11_to_LSOA21_to_LAD22.csv", "lookups", "latin-1"),
        ("nhspaymentsgp-22-23-prac.csv", "organisations", "utf-8-sig"),
    ):
        lines = raw_lines(official / file / f"{name}.gz", encoding)
        assert int(shown[name]["Rows"]) == len(lines) - 1
    assert shown["gp-reg-pat-prac-all-2026-03.csv"]["Period"] == "2026-03-01"
    assert shown["QOF_2022-23_practice_achievement.csv"]["Period"] == "2023-03-31"


def test_every_tab_is_without_serious_fault_and_fits_a_phone(tab: Tab, app: App) -> None:
    for name in ("What is loaded", "Load files", "Measures", "Versions", "Joins"):
        open_page(tab, app, name)
        found = Axe().run(tab.page).response["violations"]
        serious = [f"{f['id']}: {f['nodes'][0]['html'][:200]}" for f in found
                   if f["impact"] in ("serious", "critical")]  # fmt: skip
        assert serious == [], name
    tab.page.set_viewport_size({"width": 390, "height": 844})
    for name in ("Load files", "Versions"):
        open_page(tab, app, name)
        wide = tab.page.evaluate(
            "() => { const main = document.querySelector('.stMain');"
            " return main.scrollWidth - main.clientWidth; }"
        )
        assert wide <= 1


def test_a_new_month_is_looked_at_loaded_seen_by_others_and_taken_back(
    tab: Tab, app: App, official: Path, tmp_path: Path
) -> None:
    rows = raw_lines(official / "registrations" / "gp-reg-pat-prac-all-2026-03.csv.gz")
    day = rows[0].index("EXTRACT_DATE")
    gone = rows.pop()
    next_month = tmp_path / "download (1).gz"
    with gzip.open(next_month, "wt", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [rows[0], *([*row[:day], "2026-04-01", *row[day + 1 :]] for row in rows[1:])]
        )
    faulty = tmp_path / "<img src=x>faulty 2022-23.csv"
    lines = raw_lines(official / "quality" / "QOF_2022-23_practice_achievement.csv.gz")
    # One such row would be left out and told; this many are a sign of another layout.
    for line in lines[20:40]:
        line[[cell.lower() for cell in lines[0]].index("list size")] = "many"
    with faulty.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(lines)

    other = tab.page.context.new_page()
    other.goto(f"{app.url}/data_and_methods?area=thurrock")
    open_page(tab, app, "Load files")
    tab.page.locator("input[type=file]").set_input_files([next_month, faulty])
    load = tab.page.get_by_role("button", name="Load this table and leave the rest")
    expect(load).to_be_visible(timeout=120_000)
    expect(tab.page.get_by_text("Row 21, column 'List size': 'many'")).to_be_visible()
    expect(tab.page.locator("img[src=x]")).to_have_count(0)
    store = store_of(app)
    assert store.require().version == 1
    load.click()
    expect(tab.page.get_by_text("Everyone on this server sees the new version")).to_be_visible(
        timeout=300_000
    )
    expect(tab.page.get_by_text("Practices that went")).to_be_visible()
    expect(headline(tab)).to_contain_text("the newest of April 2026")
    assert len(store.read("list_sizes", "2026-04-01")) == len(rows) - 1
    assert gone[rows[0].index("CODE")] not in set(store.read("list_sizes")["practice_code"])
    other.reload()
    expect(other.locator(".st-key-headline")).to_contain_text("the newest of April 2026")

    open_page(tab, app, "Versions")
    back = tab.page.get_by_role("button", name="Go back")
    expect(back).to_be_disabled()
    tab.page.get_by_text("Use version 1 for everyone on this server").click()
    expect(back).to_be_enabled()
    back.click()
    expect(headline(tab)).to_contain_text("the newest of March 2026")
    assert store.require().version == 1
