"""The app's data set for areas of the loaded data, against the raw files and the embedded data."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from pcs_dash.__main__ import main
from pcs_dash.measures.workforce import area_patients_per_fte_gp, benchmarks
from pcs_dash.official.any_area import dataset_for, find_area, practices_for
from pcs_dash.official.area_dataset import NO_GPS
from pcs_dash.official.built_tables import england_practices
from pcs_dash.official.loaded_areas import find_loaded_area, loaded_areas
from pcs_dash.tables.areas import short_name
from pcs_dash.tables.dataset import Dataset, build_dataset
from pcs_dash.tables.errors import UserError


@pytest.fixture(autouse=True)
def england(england_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(england_data))
    return england_data


@pytest.fixture
def kent() -> Dataset:
    return dataset_for(find_area("icb-qks"))


def test_loaded_areas_are_found_by_key_name_and_label() -> None:
    for text in ("icb-qks", "Kent and Medway", "kent and medway (icb, loaded)", "ICB-QKS"):
        area = find_area(text)
        assert (area.key, area.label) == ("icb-qks", "Kent and Medway (ICB, loaded)")
        assert area.loaded
    # An embedded area keeps its name; the loaded one of that name has its key.
    assert not find_area("Mid and South Essex").loaded
    assert find_area("icb-qh8").name == "Mid and South Essex"
    assert len({area.key for area in loaded_areas()}) == len(loaded_areas())
    assert len({area.label for area in loaded_areas()}) == len(loaded_areas())
    for area in loaded_areas():
        assert find_area(area.label) == find_area(area.key) == area


def test_a_set_of_districts_is_an_area() -> None:
    both = find_area("district-e07000109+e07000107")
    assert both.label == "Dartford + Gravesham (districts, loaded)"
    assert find_area(both.label) == find_area(both.key) == both
    data = dataset_for(both)
    own = both.select(data.practices)
    assert set(own["district"]) == {"Dartford", "Gravesham"}
    # The whole ICB is at hand, for the search and for comparison.
    assert len(data.practices) > len(own)
    outline = data.outlines[data.outlines["name"] == both.name].geometry.iloc[0]
    assert outline.is_valid
    parts = data.outlines[data.outlines["name"].isin(["Dartford", "Gravesham"])]
    assert outline.area == pytest.approx(parts.area.sum(), rel=1e-3)


def test_sets_by_names_and_codes() -> None:
    both = find_area("Castle Point + Basildon")
    assert both.label == "Basildon + Castle Point (districts, loaded)"
    assert find_area("basildon; castle point") == both == find_area("E07000066+e07000069")
    assert find_area("QKS + Mid and South Essex").kind == "icb"
    with pytest.raises(UserError, match="no set of areas called"):
        find_area("Castle Point + Narnia")


@pytest.mark.parametrize("area", ["England", "East of England", "Castle Point + Basildon"])
def test_figures_of_england_a_region_and_a_set(
    area: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["metrics", "--area", area, "--format", "json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    practices = england_practices(area)
    assert row["practices"] == len(practices)
    assert row["patients"] == practices["patients"].sum()


def test_england_is_too_large_for_a_page_and_that_is_said() -> None:
    with pytest.raises(UserError, match=r"too large.*metrics --area \"England\""):
        find_area("England")


def test_an_unknown_area_names_near_ones() -> None:
    with pytest.raises(UserError, match=r"Did you mean.*Kent and Medway \(ICB, loaded\)"):
        find_area("Kent")
    assert find_loaded_area("district-e07000109+nowhere") is None


def test_without_official_data_there_are_the_embedded_areas_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path))
    assert loaded_areas() == ()
    with pytest.raises(UserError, match="no area called 'icb-qks'"):
        find_area("icb-qks")


def test_it_has_every_column_of_the_embedded_tables(kent: Dataset) -> None:
    embedded = build_dataset()
    assert set(embedded.practices.columns) <= set(kent.practices.columns)
    assert set(embedded.lsoas.columns) - {"imd2019_score"} <= set(kent.lsoas.columns)
    for column in embedded.practices.columns:
        ours, theirs = kent.practices[column].dtype, embedded.practices[column].dtype
        numeric = pd.api.types.is_numeric_dtype
        assert numeric(ours) == numeric(theirs), column
    assert kent.practices.index.is_unique
    assert kent.lsoas.crs == embedded.lsoas.crs
    assert kent.lsoas.geometry.notna().all()


def test_what_no_file_brings_is_missing_and_not_nought(kent: Dataset) -> None:
    assert not kent.has_gps
    assert kent.workforce_period == NO_GPS
    for column in ("gp_fte_fully_qualified", "imd_score", "appointments", "prev_dm"):
        assert kent.practices[column].isna().all()
    assert not kent.practices["flag_low_fte"].any()
    assert not kent.practices["single_handed"].any()
    known = benchmarks(kent.published, kent.practices, practices_period=kent.workforce_period)
    assert set(known) == {"england", "rule"}


def test_list_sizes_are_those_of_the_raw_file(kent: Dataset, official: Path) -> None:
    raw: dict[str, int] = {}
    with gzip.open(
        next(official.glob("registrations/gp-reg-pat-prac-all-2026-03*")),
        "rt",
        encoding="utf-8-sig",
    ) as file:
        for row in csv.DictReader(file):
            upper = {key.upper(): value for key, value in row.items()}
            if upper["SEX"].upper() == "ALL" and upper["AGE"].upper() == "ALL":
                raw[upper["CODE"]] = int(upper["NUMBER_OF_PATIENTS"])
    assert {str(code): int(size) for code, size in kent.practices["patients"].items()} == {
        code: raw[code] for code in kent.practices.index
    }


def test_mid_and_south_essex_agrees_with_the_embedded_figures() -> None:
    area = find_area("icb-qh8")
    practices, period = practices_for(area)
    embedded, embedded_period = practices_for(find_area("Mid and South Essex"))
    own = find_area("Mid and South Essex").select(embedded)
    assert period == embedded_period == "31 December 2025"
    for definition in ("all", "fully_qualified", "permanent"):
        assert area_patients_per_fte_gp(area.select(practices), definition) == pytest.approx(
            area_patients_per_fte_gp(own, definition), rel=1e-12
        )
    # Thurrock's check figure, through the loaded data.
    thurrock = find_area("district-e06000034")
    assert area_patients_per_fte_gp(
        thurrock.select(practices).reindex(find_area("Thurrock").select(embedded).index)
    ) == pytest.approx(2780.1, abs=0.05)


def test_its_benchmark_is_its_own_icb() -> None:
    dataset = dataset_for(find_area("icb-qh8"))
    known = benchmarks(dataset.published, dataset.practices, practices_period="now")
    assert set(known) == {"england", "icb", "rule"}
    assert known["icb"].value == pytest.approx(2607.3, abs=0.05)


def test_only_districts_that_lie_mostly_inside_are_drawn(kent: Dataset) -> None:
    drawn = set(kent.outlines.loc[kent.outlines["kind"] == "district", "name"])
    assert {"Dartford", "Thanet", "Ashford"} <= drawn
    assert "Rother" not in drawn
    assert set(kent.towns["name"]) == drawn


def test_reports_of_the_joins_come_along(kent: Dataset) -> None:
    names = {report.name for report in kent.reports}
    assert "practices with workforce" in names
    workforce = next(r for r in kent.reports if r.name == "practices with workforce")
    assert workforce.matched == 204
    assert len(workforce.left_only) == workforce.left_rows - 204


@pytest.mark.parametrize(
    ("name", "kind", "short"),
    [
        ("NHS Kent and Medway Integrated Care Board", "icb", "Kent and Medway"),
        ("NHS Kent and Medway ICB - 91Q", "sub_icb", "Kent and Medway 91Q"),
        ("Dartford", "district", "Dartford"),
        ("Thurrock", "sub_icb", "Thurrock"),
    ],
)
def test_names_are_shortened(name: str, kind: str, short: str) -> None:
    assert short_name(name, kind) == short
