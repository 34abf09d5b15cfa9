"""Pharmacies, opticians and dental sites within a mile: by postcode, or not at all."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.measures import quality
from pcs_dash.measures.nearby_sites import listed_sites_near, sites_near
from pcs_dash.official import available_measures, built_tables
from pcs_dash.official.area_dataset import dataset_of
from pcs_dash.official.loaded_areas import find_official_area
from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.views import loaded_data

PLACES = {"AA1 1AA": (580_000.0, 180_000.0), "AA1 1AB": (581_600.0, 180_000.0),
          "AA1 1AC": (580_000.0, 190_000.0)}  # fmt: skip
metres = st.tuples(st.integers(0, 5_000), st.integers(0, 5_000))


@given(practices=st.lists(metres, max_size=6), sites=st.lists(metres, max_size=8))
def test_counts_are_those_of_measuring_every_pair(
    practices: list[tuple[int, int]], sites: list[tuple[int, int]]
) -> None:
    columns = ["easting", "northing"]
    base = pd.DataFrame(practices, columns=columns, dtype=float)
    places = pd.DataFrame(sites, columns=columns, dtype=float)
    found = sites_near(base, places, count="n", nearest="km")
    assert found.index.equals(base.index)
    for (x, y), n, km in zip(practices, found["n"], found["km"], strict=True):
        distances = [math.dist((x, y), site) for site in sites]
        if sites:
            assert n == sum(d <= 1_609 for d in distances)
            assert km == pytest.approx(min(distances) / 1000)
        else:
            assert pd.isna(n)
            assert pd.isna(km)


def listed(codes: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """A list of the ODS: code -> (postcode, status)."""
    return pd.DataFrame(
        [(code, postcode, status) for code, (postcode, status) in codes.items()],
        columns=["pharmacy_code", "postcode", "status"],
    )


def postcodes(**extra: tuple[float, float]) -> pd.DataFrame:
    known = PLACES | extra
    return pd.DataFrame(
        [(code, east, north) for code, (east, north) in known.items()],
        columns=["postcode", "easting", "northing"],
    )


PRACTICES = pd.DataFrame({"easting": [580_000.0, np.nan], "northing": [180_000.0, np.nan]})


def test_open_sites_by_postcode() -> None:
    """As the loaders give it: in capitals, with its space."""
    sites = listed({"FA001": ("AA1 1AA", "active"), "FA002": ("AA1 1AB", "active"),
                    "FA003": ("AA1 1AC", "active"), "FA004": ("AA1 1AA", "closed")})  # fmt: skip
    tables = {"pharmacies": sites, "postcodes": postcodes()}
    table, reports = listed_sites_near(PRACTICES, tables.get)
    assert table["pharmacies_1_mile"].tolist() == [2, pd.NA]
    assert table["nearest_pharmacy_km"].iloc[0] == 0
    assert [(r.left_rows, r.matched, r.left_only) for r in reports] == [(3, 3, ())]


def test_with_too_few_places_known_nothing_is_counted_and_the_report_says_so() -> None:
    sites = listed({"FA001": ("AA1 1AA", "active"), "FA002": ("ZZ9 9ZZ", "active")})
    tables = {"pharmacies": sites, "postcodes": postcodes()}
    table, reports = listed_sites_near(PRACTICES, tables.get)
    assert table.columns.empty
    assert reports[0].left_only == ("FA002",)


def test_a_lookup_without_coordinates_places_nothing() -> None:
    tables = {
        "pharmacies": listed({"FA001": ("AA1 1AA", "active")}),
        "postcodes": postcodes().drop(columns=["easting", "northing"]),
    }
    table, reports = listed_sites_near(PRACTICES, tables.get)
    assert table.columns.empty
    assert reports == []


def test_postcodes_without_a_grid_reference_are_no_place() -> None:
    tables = {
        "pharmacies": listed({"FA001": ("GY1 1AA", "active")}),
        "postcodes": postcodes(**{"GY1 1AA": (0.0, 0.0)}),
    }
    table, reports = listed_sites_near(PRACTICES, tables.get)
    assert table.columns.empty
    assert reports[0].left_only == ("FA001",)


def test_from_files_to_the_table_of_practices(tmp_path: Path) -> None:
    folder = samples.write(
        tmp_path / "files", "list_sizes", "pcn_membership", "allocations", "pharmacies",
        "opticians", "dental_sites", "qof_prevalence",
    )  # fmt: skip
    # F81001 stands at 51.570733 N, 0.548167 E; all three sites have the postcode SS7 4EA.
    (folder / "ONSPD_MAY_2025.csv").write_text(
        "pcds,doterm,oseast1m,osnrth1m,oslaua,lsoa11,lsoa21\n"
        "SS7 4EA,,577000,189000,E07000069,E01000001,E01000001\n",
        encoding="utf-8",
    )
    store = Store(tmp_path / "data")
    report = update_store(store, origin=str(folder))
    assert not report.failed
    table = built_tables.england_practices(store=store)
    for column in ("pharmacies_1_mile", "opticians_1_mile", "dental_sites_1_mile"):
        assert table[column].dropna().to_dict() == {"F81001": 1, "F81003": 0, "F81100": 0}
        assert pd.isna(table.loc["F81102", column])  # it has no position
    # The pages show what was built, nought and missing as they are.
    data = dataset_of(find_official_area("England", store), store)
    shown = loaded_data.practices(store, data)
    assert shown is not None
    offered = quality.quality_table(data.practices, shown.table)
    assert offered["pharmacies_1_mile"].dropna().to_dict() == {
        "F81001": 1,
        "F81003": 0,
        "F81100": 0,
    }
    assert offered.loc["F81001", "qof_prev_dm"] == pytest.approx(100 * 900 / 10_800)
    measures = available_measures.measures(store).set_index("column")
    assert measures.loc[["pharmacies_1_mile", "opticians_1_mile"], "available"].all()
    assert measures.loc["qof_prev_dm", "available"]
    assert table.loc["F81001", "qof_prev_dm"] == pytest.approx(100 * 900 / 10_800)
    assert table.loc["F81001", "qof_prev_dep"] == 0
    assert pd.isna(table.loc["F81001", "qof_prev_ost"])
    assert pd.isna(table.loc["F81003", "qof_prev_ost"])
    assert pd.isna(table.loc["F81100", "qof_prev_dm"])
