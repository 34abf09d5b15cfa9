"""The level of LSOAs on the evidence pages, on a store of the registrations as published."""

from __future__ import annotations

from pathlib import Path

import pytest

from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store

PAGES = {
    "inequality": {"level": "lsoa"},
    "robustness": {},
    "spatial_pattern": {"pattern": "residents"},
}


@pytest.fixture(scope="module")
def folder(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the registrations and the list that they are joined to."""
    root = tmp_path_factory.mktemp("registrations")
    report = update_store(
        Store(root),
        sources=["list_sizes", "registrations_lsoa"],
        origin=str(official / "registrations"),
    )
    assert not report.failed
    return root


@pytest.fixture
def run_loaded(run_page, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(folder))
    return run_page


def said(app) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.code]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


@pytest.mark.parametrize(("page", "query"), PAGES.items())
def test_without_registrations_it_says_where_to_load_them(run_page, page: str, query: dict) -> None:
    app = run_page(page, area="thurrock", **query)
    assert "Data and methods says which files bring them" in said(app)
    # The address asks for what is not there: told, not passed over.
    assert len(app.warning) == len(query)


@pytest.mark.parametrize(("page", "query"), PAGES.items())
@pytest.mark.parametrize("area", ["thurrock", "redbridge-district"])
def test_with_registrations_the_pages_open_without_a_warning(
    run_loaded, page: str, query: dict, area: str
) -> None:
    app = run_loaded(page, area=area, **query)
    assert not app.error
    assert not app.warning
    assert "pcs_dash update" not in said(app)


def test_inequality_by_lsoa_says_what_it_rests_on(run_loaded) -> None:
    text = said(run_loaded("inequality", area="essex", level="lsoa", imd="2019"))
    assert "Measured by LSOA, 204 practices" in text
    assert "patients by LSOA of July 2023 (NHS England)" in text
    assert "LSOAs ranked by IMD 2019" in text


def test_specifications_gain_the_lsoa_level(run_loaded) -> None:
    app = run_loaded("robustness", area="mid-and-south-essex")
    options = next(box for box in app.multiselect if box.label == "Level").options
    assert "lsoa" in options
    # On raw lists: 3 definitions x 2 (flagged) x 2 (IMD) x 2 (weighting) by LSOA.
    # By quintile and practice there are 48 each, need-adjusted lists among them.
    assert "of 120 ways of measuring" in said(app)


def test_residents_have_a_pattern(run_loaded) -> None:
    text = said(run_loaded("spatial_pattern", area="thurrock", pattern="residents"))
    assert "spatial pattern of patients per FTE GP of residents" in text
    assert "98 LSOAs" in text
    assert "alike by construction" in text
