"""Cards: the figures of the measures themselves, distances by hand, the smallest area."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.workforce import GP_DEFINITIONS, england_benchmark
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.areas import all_areas
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import cards
from pcs_dash.views.search import Hit, SearchIndex, build_index


@pytest.fixture(scope="module")
def index(dataset: Dataset) -> SearchIndex:
    return build_index(dataset)


def basis(dataset: Dataset, area: str = "Thurrock", **changes) -> cards.Basis:
    return cards.Basis(
        dataset=dataset,
        counted=changes.pop("counted", dataset.practices),
        area=find_area(area),
        areas=all_areas(),
        definition=GP_DEFINITIONS["fully_qualified"],
        benchmark=england_benchmark(dataset.published),
        edition="2025",
        **changes,
    )


def cell(table: cards.Table, row: str, column: int = 1) -> str:
    return next(cells[column] for cells in table.rows if cells[0] == row)


def test_a_practice_beside_its_area(dataset: Dataset, index: SearchIndex) -> None:
    made = cards.card(index.find("F81110")[0], basis(dataset))
    practice = dataset.practices.loc["F81110"]
    ratio = practice["patients"] / practice["gp_fte_fully_qualified"]
    (table,) = made.tables
    assert cell(table, "Patients per FTE GP") == f"{ratio:,.0f}"
    assert cell(table, "Patients per FTE GP", 2) == "2,780"
    assert table.columns == ("Measure", "This practice", "Thurrock")
    assert made.outside is None


def test_outside_the_area_names_the_place_that_holds_it(
    dataset: Dataset, index: SearchIndex
) -> None:
    for text, area, kind in [
        ("F81110", "Thurrock", "practice"), ("Chelmsford", "Mid Essex", "town"),
        ("GRAYS PCN", "Thurrock", "pcn"), ("E01021263", None, "lsoa"),
    ]:  # fmt: skip
        hit = next(hit for hit in index.find(text) if hit.kind == kind)
        made = cards.card(hit, basis(dataset, "Southend"))
        assert made.outside is not None
        assert made.outside.text.startswith("Outside Southend")
        wanted = area or dataset.lsoas.at[hit.key, "place"]
        assert made.outside.name == wanted
        assert find_area(made.outside.area).name == wanted


def test_partly_outside(dataset: Dataset) -> None:
    hit = Hit("hub", "h1", "Two places", "", 51.5, 0.5, 12, ("F81110", "F81003"))
    made = cards.card(hit, basis(dataset))
    assert made.outside is not None
    assert made.outside.text.startswith("Partly outside Thurrock")
    assert find_area(made.outside.area).kind == "region"


def test_a_group_is_summed_never_averaged(dataset: Dataset) -> None:
    codes = ("F81110", "F81206", "F81652")
    own = dataset.practices.loc[list(codes)]
    ratio = own["patients"].sum() / own["gp_fte_fully_qualified"].sum()
    made = cards.card(Hit("hub", "h", "H", "", 51.5, 0.4, 12, (*codes, "X99999")), basis(dataset))
    assert cell(made.tables[0], "Patients per FTE GP") == f"{ratio:,.0f}"
    assert cell(made.tables[0], "Patients") == f"{own['patients'].sum():,}"
    assert made.lines[0] == f"3 practices, {own['patients'].sum():,} patients."


def test_practices_left_out_are_said(dataset: Dataset) -> None:
    counted = dataset.practices.drop(index=["F81652"])
    hit = Hit("hub", "h", "H", "", 51.5, 0.4, 12, ("F81110", "F81652"))
    made = cards.card(hit, basis(dataset, counted=counted))
    assert "1 of its practices left out, as the sidebar says." in made.lines
    alone = cards.card(Hit("practice", "F81652", "M", "", 51.5, 0.4, 14, ("F81652",)),
                       basis(dataset, counted=counted))  # fmt: skip
    assert "Left out of the area's figures, as the sidebar says." in alone.lines


def test_the_nearest_practices_by_another_road(dataset: Dataset, index: SearchIndex) -> None:
    """Distances on the sphere instead of on the grid: within 1% of one another."""
    hit = next(hit for hit in index.find("Tilbury") if hit.kind == "town")
    (table,) = cards.card(hit, basis(dataset)).tables
    lat, lng = np.radians(dataset.practices["latitude"]), np.radians(dataset.practices["longitude"])
    lat0, lng0 = math.radians(hit.latitude), math.radians(hit.longitude)
    angle = np.sin((lat - lat0) / 2) ** 2
    angle += np.cos(lat) * math.cos(lat0) * np.sin((lng - lng0) / 2) ** 2
    away = (2 * 6_371.0 * np.arcsin(np.sqrt(angle))).sort_values()
    assert [row[0].rsplit("(")[-1][:-1] for row in table.rows] == list(away.index[:5])
    for row, km in zip(table.rows, away[:5], strict=True):
        assert float(row[1].removesuffix(" km")) == pytest.approx(km, rel=0.01, abs=0.06)


def test_an_lsoa_has_both_editions_and_its_residents_where_loaded(dataset: Dataset) -> None:
    code = dataset.lsoas.index[dataset.lsoas["district"] == "Thurrock"][0]
    lsoa = dataset.lsoas.loc[code]
    hit = Hit("lsoa", code, lsoa["lsoa11nm"], f"LSOA {code}, Thurrock", 51.5, 0.3, 14)
    made = cards.card(hit, basis(dataset))
    table = made.tables[0]
    assert (
        cell(table, "IMD 2019 rank (1 is most deprived)") == f"{lsoa['imd2019_rank']:,} of 32,844"
    )
    assert cell(table, "IMD 2025 quintile").startswith(str(lsoa["imd2025_quintile"]))
    assert not any(row[0].startswith("Patients per") for row in table.rows)
    residents = pd.Series({code: 2_345.6})
    loaded = cards.card(hit, basis(dataset, residents=residents, residents_basis="July 2023"))
    assert cell(loaded.tables[0], "Patients per FTE GP of its residents") == "2,346"
    few = cards.card(hit, basis(dataset, residents=pd.Series({code: np.nan})))
    assert cell(few.tables[0], "Patients per FTE GP of its residents") == "no figure"


def test_what_the_data_do_not_hold_is_passed_over(dataset: Dataset) -> None:
    for kind in ("practice", "lsoa", "hub", "pcn", "area", "postcode", "town"):
        hit = Hit(kind, "X99999", "<b>X</b>", "detail", 51.5, 0.4, 12, ("X99999",), "note")
        made = cards.card(hit, basis(dataset))
        assert made.lines
        assert made.tables or kind in ("hub", "pcn", "area")


def test_every_find_has_a_card(dataset: Dataset, index: SearchIndex) -> None:
    for text in ("surgery", "thurrock", "ss7", "basildon", "E0102", "rm18 8zz"):
        for hit in index.find(text, 20):
            made = cards.card(hit, basis(dataset))
            assert made.lines
            assert made.tables
