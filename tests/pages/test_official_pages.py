"""Who lives where, List sizes over time, Quality beside capacity: with official data and without.

The store is built once from the files as published.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store

SOURCES = [
    "list_sizes", "registrations_lsoa", "pcn_membership", "allocations", "qof", "cqc",
    "appointments", "payments", "dentists", "ods_practices",
]  # fmt: skip
PAGES = ("catchments", "trends", "quality")
# A place with one practice and no LSOA of Essex, one of many, one without sub-ICB code of its own.
AREAS = ("thurrock", "mid-and-south-essex", "redbridge-district", "colchester-district")


@pytest.fixture(scope="module")
def folder(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("official")
    report = update_store(Store(root), sources=SOURCES, origin=str(official))
    assert not report.failed, report.failed
    return root


@pytest.fixture
def run_loaded(run_page, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(folder))
    return run_page


def said(app: AppTest) -> str:
    parts = [*app.title, *app.markdown, *app.caption, *app.info, *app.warning, *app.header]
    # What a page shows of plain text has its Markdown escaped.
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("area", AREAS)
def test_the_pages_open_with_official_data(run_loaded, page: str, area: str) -> None:
    app = run_loaded(page, area=area)
    assert not app.error
    assert not app.warning
    assert "modelled" not in said(app).lower()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("area", ["thurrock", "redbridge-district"])
def test_without_official_data_it_says_where_to_load_them(run_page, page: str, area: str) -> None:
    app = run_page(page, area=area)
    assert not app.error
    assert "Data and methods" in said(app)


# --- who lives where ----------------------------------------------------------------------------


def test_the_stand_in_is_called_modelled_in_title_figures_and_legends(run_page) -> None:
    app = run_page("catchments", area="thurrock", **{"catchment-section": "check"})
    assert app.title[0].value == "Deprivation and GPs: Thurrock (modelled)"
    assert "Modelled, not registrations" in app.warning[0].value
    assert "every LSOA to hold the same number of people" in app.warning[0].value
    assert "can be loaded under Data and methods" in app.warning[0].value
    assert "Modelled: 80% of the patients" in said(app)
    assert app.metric[0].delta == "modelled"
    parts = next(part for part in app.get("button_group") if part.key == "catchment-section")
    (overlap,) = (option for option in parts.options if "Overlap" in option)
    assert "modelled" in overlap
    assert "(modelled)" in "".join(str(block.proto.body) for block in app.get("html"))
    assert "can only be checked with registrations" in said(app)


@pytest.mark.parametrize("whose", ["PCN", "Practice", "Hub of my plan"])
@pytest.mark.parametrize(
    "what",
    [
        "Its share of each small area's patients",
        "Main practice of each small area",
        "Main PCN or hub of each small area",
        "Patients per FTE GP of each small area's patients",
    ],
)
def test_every_view_of_every_unit(run_loaded, whose: str, what: str) -> None:
    query = {"area": "thurrock", "whose": whose, "catchment-map": what}
    app = run_loaded("catchments", **query)
    assert not app.error
    assert not app.warning
    assert next(box for box in app.selectbox if box.key == "whose").value == whose
    assert next(box for box in app.selectbox if box.key == "catchment-map").value == what
    assert "80% of the patients of" in said(app)


def test_a_catchment_is_that_of_the_published_file(run_loaded, official: Path) -> None:
    """F81010 against the file read by pandas alone."""
    app = run_loaded("catchments", area="thurrock", whose="Practice", practice="F81010")
    name = next((official / "registrations").glob("*lsoa-all*"))
    raw = pd.read_csv(name)
    own = raw[raw["PRACTICE_CODE"] == "F81010"].groupby("LSOA_CODE")["NUMBER_OF_PATIENTS"].sum()
    own = own.sort_values(ascending=False)
    assert app.metric[0].value == f"{own.sum():,}"
    core = int((own.cumsum() - own < 0.8 * own.sum()).sum())
    assert app.metric[1].value == f"{core} LSOAs"
    table = next(frame.value for frame in app.dataframe if "share_of_list_per_cent" in frame.value)
    assert table["patients"].tolist() == own[own >= 5].tolist()[: len(table)]
    assert (table["patients"] >= 5).all()
    everyone = raw[raw["LSOA_CODE"] == own.index[0]]["NUMBER_OF_PATIENTS"].sum()
    assert table["share_per_cent"].iloc[0] == pytest.approx(100 * own.iloc[0] / everyone)


# --- list sizes over time -----------------------------------------------------------------------


def lists(official: Path, month: str) -> pd.Series:
    """Patients by practice of Thurrock in a month, by pandas alone."""
    raw = pd.read_csv(next((official / "registrations").glob(f"*prac-all-{month}*")))
    raw = raw[raw["SUB_ICB_LOCATION_CODE"] == "07G"]
    return raw.groupby("CODE")["NUMBER_OF_PATIENTS"].sum()


def test_the_change_is_that_of_the_published_files(run_loaded, official: Path) -> None:
    app = run_loaded("trends", area="thurrock", **{"lists-section": "months"})
    first, last = (lists(official, month).sum() for month in ("2025-05", "2026-03"))
    assert app.metric[0].value == f"{last:,}"
    assert app.metric[1].value == f"{last - first:+,}".replace("-", "−")
    told = run_loaded("trends", area="thurrock", **{"lists-section": "changes"})
    assert "Southend Road Surgery" in said(told)
    table = next(frame.value for frame in app.dataframe if "2026-03-01" in frame.value)
    assert int(table["2026-03-01"].sum()) == last
    assert len(table) == 4


@pytest.mark.parametrize("level", ["Practice", "Hub of my plan", "District", "The area as a whole"])
def test_trends_at_every_level(run_loaded, level: str) -> None:
    query = {
        "area": "thurrock",
        "trend-by": level,
        "trend-from": "October 2025",
        "trend-in": "Patients",
    }
    app = run_loaded("trends", **query)
    assert not app.error
    assert not app.warning
    assert "From October 2025 to March 2026" in said(app)


def test_a_closed_practice_is_told(run_loaded) -> None:
    app = run_loaded("trends", area="west-essex", **{"lists-section": "changes"})
    assert "Y07016" in said(app)
    assert "no successor is known" in said(app)
    assert "1 practice closed" in said(app)


# --- quality beside capacity --------------------------------------------------------------------


def test_each_figure_has_its_period(run_loaded) -> None:
    asked = {"area": "mid-and-south-essex", "quality-section": "missing"}
    app = run_loaded("quality", **asked)
    text = said(app)
    assert "CQC rating in Mid and South Essex, to 2024" in text
    assert "143 of 143 practices matched" in text or "204 of 204 practices matched" in text
    options = next(box for box in app.selectbox if box.key == "quality").options
    for words in (
        "QOF achievement (2022-23)", "Appointments per patient and month (April 2025)",
        "Contract type (2022-23)", "Dental practices within a mile (February 2026)",
        "Prevalence: COPD (QOF 2024/25)",
    ):  # fmt: skip
        assert words in options


@pytest.mark.parametrize(
    "measure",
    [
        "QOF achievement (2022-23)",
        "Appointments per patient and month (April 2025)",
        "Same-day appointments (April 2025)",
        "Contract type (2022-23)",
        "Dispensing practice (2022-23)",
        "Dental practices within a mile (February 2026)",
        "Prevalence: obesity (18 and over) (QOF 2024/25)",
    ],
)
@pytest.mark.parametrize("area", ["essex", "maldon-district"])
def test_every_measure(run_loaded, measure: str, area: str) -> None:
    app = run_loaded("quality", area=area, quality=measure)
    assert not app.error
    assert not app.warning
    assert measure.rsplit(" (", 1)[0] in said(app)


def test_implausible_counts_are_counted(run_loaded) -> None:
    query = {"area": "essex", "quality": "Appointments per patient and month (April 2025)"}
    app = run_loaded("quality", **query)
    implausible = next(metric for metric in app.metric if metric.label == "Implausible")
    assert implausible.value == "3"
    assert "3 with implausible counts left out" in said(app)


def test_what_is_not_loaded_names_the_file(run_loaded) -> None:
    loaded = run_loaded("quality", area="thurrock", **{"quality-section": "missing"})
    page = "".join(str(block.proto.body) for block in loaded.get("html"))
    assert "GP Patient Survey" in page
    assert "choose its file" in page
