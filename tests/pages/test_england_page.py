"""The England page and the pages of a loaded area, without a browser."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pcs_dash.official import area_dataset
from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.tables.paths import STATIC_DIR
from pcs_dash.ui import data, england_data
from pcs_dash.views import places

PAGES = (*(sheet.key for sheet in places.SHEETS if sheet.key != "board_pack"), "data_and_methods")
# About England, the data, or documents that name their own area.
WITHOUT_AREA = ("england", "data_and_methods", "then_and_now")
AREAS = ("icb-qks", "icb-qh8", "sub-icb-91q", "district-e07000107", "district-e07000107+e07000109")
WITH_GPS = ("icb-qh8",)
# Pages that say something where no GP figures are loaded, too.
WITHOUT_GPS = ("trends", "catchments", "deprivation", "getting_there", "new_homes", "quality")


@pytest.fixture
def run_loaded(run_page, england_data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(england_data))
    return run_page


def text_of(app) -> str:
    kinds = ("markdown", "info", "caption", "title", "header", "subheader")
    # What a page shows of plain text has its Markdown escaped.
    return " ".join(item.value for kind in kinds for item in app.get(kind)).replace("\\", "")


@pytest.mark.parametrize(
    "text", ["district-e07000107 e07000109", "dartford gravesham", "Dartford   Gravesham"]
)
def test_the_plus_of_a_set_of_areas_arrives_as_a_space(run_loaded, text: str) -> None:
    """`?area=dartford+gravesham`, and "Dartford + Gravesham" as a browser sends it."""
    app = run_loaded(area=text)
    assert app.selectbox(key="area").value == "district-e07000107+e07000109"
    assert not app.warning


def test_an_unknown_area_offers_loaded_ones_too(run_loaded) -> None:
    app = run_loaded(area="kent and midway")
    app.button(key="near-icb-qks").click().run()
    assert app.title[0].value == "Overview: Kent and Medway (ICB)"


def test_without_official_data_it_says_how_to_load_them(run_page) -> None:
    app = run_page("england", weight="carr_hill")
    shown = text_of(app)
    # The switch that the page does not follow is not there, and the choice is kept for others.
    assert "This page counts patients as registered" in shown
    assert "weight" not in [box.key for box in app.selectbox]
    assert app.query_params["weight"] in ("carr_hill", ["carr_hill"])
    assert "No official data are loaded yet" in shown
    assert "Data and methods says where they are" in shown


def test_england_by_icb(run_loaded) -> None:
    app = run_loaded("england")
    shown = text_of(app)
    assert "from 0.7% in Surrey Heartlands to 50.9% in Birmingham and Solihull" in shown
    assert "England: 20.9%" in shown
    table = app.dataframe[0].value
    assert len(table) == 42
    assert table["Practices"].sum() == 6_169


def test_another_measure_and_level_by_address(run_loaded) -> None:
    app = run_loaded("england", **{"england-areas": "district", "england-measure": "cqc"})
    assert "Practices that CQC rates good or outstanding" in text_of(app)
    assert len(app.dataframe[0].value) == 309
    assert not app.warning


def test_a_measure_that_few_areas_have_is_told_as_such(run_loaded) -> None:
    app = run_loaded("england", **{"england-measure": "patients_per_fte_gp_fully_qualified"})
    shown = text_of(app)
    assert "hardly any area has the figure" in shown
    # England's own figure would rest on Essex alone.
    assert "England:" not in app.markdown[0].value


def test_the_table_opens_with_the_highest_and_has_units(run_loaded) -> None:
    app = run_loaded("england", **{"england-measure": "dispensing"})
    table = app.dataframe[0].value
    assert table.columns[1] == "Practices that dispense"
    assert table.iloc[:, 1].is_monotonic_decreasing
    config = json.loads(app.dataframe[0].proto.columns)
    assert config["Practices that dispense"]["type_config"]["format"] == "%,.1f%%"
    assert config["Patients"]["help"] == "List sizes, March 2026"
    assert not any("boundaries" in item.value for item in app.info)


@pytest.fixture(scope="module")
def of_essex(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All practices of England, and the boundaries of Essex alone."""
    root = tmp_path_factory.mktemp("essex-boundaries")
    sources = ["list_sizes", "pcn_membership", "allocations", "registrations_lsoa", "imd2019",
               "lsoa11_lsoa21", "boundaries_lsoa11", "cqc"]  # fmt: skip
    report = update_store(Store(root), sources=sources, origin=str(official))
    assert not report.failed, report.failed
    return root


@pytest.mark.parametrize("level", ["icb", "district"])
def test_a_map_of_england_is_whole_where_boundaries_of_a_part_are_loaded(
    run_page, of_essex: Path, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(of_essex))
    app = run_page("england", **{"england-areas": level, "england-measure": "cqc"})
    assert not any("boundaries" in item.value for item in app.info)
    loaded = england_data.load(level)
    assert loaded is not None
    assert loaded.files is not None
    drawn = list(loaded.drawn)
    table = loaded.figures.table
    assert len(drawn) == len(table) - 1
    # The browser colours area number i of the layer with letter and texts number i of the view.
    layer = json.loads((STATIC_DIR / Path(loaded.files.areas[level].url).name).read_text("utf-8"))
    codes = {each["properties"]["i"]: each["properties"]["code"] for each in
             layer["lsoas"]["features"]}  # fmt: skip
    assert [codes[i] for i in range(len(codes))] == drawn


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("area", AREAS)
def test_every_page_shows_a_loaded_area(run_loaded, page: str, area: str) -> None:
    app = run_loaded(page, area=area)
    assert not app.error
    if page in WITHOUT_AREA:
        return
    assert app.title[0].value.endswith(")")
    assert "loaded" not in app.title[0].value
    told = [item.value for item in app.info if "No GP figures (FTE) are loaded" in item.value]
    assert bool(told) == (area not in WITH_GPS and page not in WITHOUT_GPS)


def test_what_is_not_loaded_is_no_nought(run_page, of_essex: Path, monkeypatch) -> None:
    """Kent without GP figures and without boundaries: nothing is claimed of either."""
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(of_essex))
    first = run_page("", area="icb-qks")
    assert {m.label: m.value for m in first.metric}["Above the benchmark"] == "no figure"
    asked = {"area": "icb-qks", "pattern-section": "access"}
    pattern = text_of(run_page("spatial_pattern", **asked))
    assert "no practice within reach" not in pattern
    assert "Access can't be told" in pattern
    lives = run_page("catchments", area="icb-qks")
    said = text_of(lives)
    assert "How far they live from their practice is not known" in said
    assert "no figure km" not in said
    assert "No boundaries of small areas (LSOAs) are loaded here" in said
    assert not any("patients who are with" in str(b.proto.body) for b in lives.get("html"))
    rated = run_page("quality", area="icb-qks", quality="CQC rating (to 2024)")
    assert "can't be set side by side" in text_of(rated)
    assert "Patients per FTE GP" not in {m.label for m in rated.metric}
    assert "loaded here" in text_of(run_page("deprivation", area="icb-qks"))


def test_boundaries_loaded_later_are_seen_without_a_restart(
    run_page, official: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They change no practice, by whose table alone the data were kept before."""
    root = tmp_path / "growing"
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(root))
    sources = ["list_sizes", "pcn_membership", "allocations", "imd2019", "registrations_lsoa"]
    assert not update_store(Store(root), sources=sources, origin=str(official)).failed
    before = text_of(run_page("catchments", area="icb-qh8"))
    assert "No boundaries of small areas (LSOAs) are loaded here" in before
    boundaries = ["boundaries_lsoa11"]
    assert not update_store(Store(root), sources=boundaries, origin=str(official)).failed
    after = text_of(run_page("catchments", area="icb-qh8"))
    assert "No boundaries" not in after
    assert "km of their practice" in after


@pytest.mark.parametrize("page", [page for page in PAGES if page not in WITHOUT_AREA])
def test_no_loaded_area_shows_an_embedded_date(
    run_loaded, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registrations loaded are of the embedded month, so here they say another."""
    made = area_dataset.dataset_of
    monkeypatch.setattr(
        area_dataset, "dataset_of",
        lambda area, store=None: replace(made(area, store), mix_period="April 2031"),
    )  # fmt: skip
    data._of_loaded.clear()
    try:
        app = run_loaded(page, area="icb-qks")
    finally:
        data._of_loaded.clear()
    charts = [str(chart.proto.spec) for chart in app.get("vega_lite_chart")]
    shown = "\n".join([text_of(app), *charts])
    assert "31 December 2025" not in shown
    if page not in ("catchments", "getting_there"):  # they rest on the registrations themselves
        assert "July 2023" not in shown


def test_the_loaded_icb_shows_the_check_figure(run_loaded) -> None:
    app = run_loaded("", area="icb-qh8")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Patients per FTE GP"] == "2,607"
    assert "The whole ICB" in app.selectbox(key="benchmark").options


def test_going_back_to_an_embedded_area_brings_the_embedded_figures(run_loaded) -> None:
    app = run_loaded("", area="icb-qks")
    assert {m.label: m.value for m in app.metric}["Patients per FTE GP"] == "no figure"
    app.selectbox(key="area").set_value("thurrock").run()
    assert not app.exception
    assert {m.label: m.value for m in app.metric}["Patients per FTE GP"] == "2,780"
