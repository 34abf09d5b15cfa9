"""The embedded data, joined once for all tests; the official files where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from pcs_dash.build import Dataset, build_dataset
from pcs_dash.paths import ROOT


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
