"""Sites within a mile of each practice: every pair measured; by postcode, or not at all."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures.nearby_sites import dentists_near, listed_sites_near, sites_near
from pcs_dash.tables.geometry import lonlat_to_grid

PLACES = {"AA1 1AA": (580_000.0, 180_000.0), "AA1 1AB": (581_600.0, 180_000.0),
          "AA1 1AC": (580_000.0, 190_000.0)}  # fmt: skip
metres = st.tuples(st.integers(0, 5_000), st.integers(0, 5_000))


@settings(max_examples=40)
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


def test_a_mile_is_1609_metres_and_a_radius_can_be_given() -> None:
    one = pd.DataFrame({"easting": [0.0], "northing": [0.0]}, index=["P"])
    sites = pd.DataFrame({"easting": [1_609.0, 1_610.0, 3_000.0, np.nan], "northing": 0.0})
    assert sites_near(one, sites, count="n", nearest="km").loc["P"].tolist() == [1, 1.609]
    wide = sites_near(one, sites, count="n", nearest="km", radius_m=3_000)
    assert wide.loc["P"].tolist() == [3, 1.609]
    assert wide.dtypes.astype(str).tolist() == ["Int64", "float64"]
    # What else is missing of a practice takes nothing from its place.
    unnamed = one.assign(name=pd.NA)
    assert sites_near(unnamed, sites, count="n", nearest="km").loc["P", "n"] == 1
    # A practice with half a place has none; sites with half a place are none.
    half = one.assign(northing=np.nan)
    assert sites_near(half, sites, count="n", nearest="km").isna().all(axis=None)
    nowhere = sites_near(one, sites.assign(northing=np.nan), count="n", nearest="km")
    assert nowhere.isna().all(axis=None)
    assert nowhere.dtypes.astype(str).tolist() == ["Int64", "float64"]


def test_three_lists_each_under_its_own_names() -> None:
    """19 of 20 places known are enough, 18 are not; a list that is not loaded is left out."""
    where = [("AA1 1AA", "active")] * 19 + [("ZZ9 9ZZ", "active"), ("AA1 1AB", "closed")]
    codes = [f"O{n:02}" for n in range(21)]
    opticians = pd.DataFrame(where, columns=["postcode", "status"]).assign(optician_code=codes)
    dental = opticians.iloc[1:].rename(columns={"optician_code": "dentist_code"})
    dental.loc[1, "postcode"] = "ZZ9 9ZY"
    moved = postcodes().assign(easting=1.0, northing=1.0)
    twice = pd.concat([postcodes(), moved])  # The first is believed.
    asked: list[str] = []

    def read(source: str) -> pd.DataFrame | None:
        asked.append(source)
        return {"opticians": opticians, "dental_sites": dental, "postcodes": twice}.get(source)

    table, reports = listed_sites_near(PRACTICES, read)
    assert list(table.columns) == ["opticians_1_mile", "nearest_optician_km"]
    assert table.iloc[0].tolist() == [19, 0]
    assert [(r.name, r.cardinality, r.left_rows, r.right_rows, r.matched) for r in reports] == [
        ("opticians with the place of their postcode", "m:1", 20, 3, 19),
        ("dental_sites with the place of their postcode", "m:1", 19, 3, 17),
    ]
    assert [r.left_only for r in reports] == [("O19",), ("O01", "O19")]
    assert [r.right_only for r in reports] == [(), ()]
    # The postcodes are read once, and not at all where there is no list.
    assert asked.count("postcodes") == 1
    assert listed_sites_near(PRACTICES, lambda _: None)[1] == []
    both = dental.iloc[2:].assign(postcode="AA1 1AC")
    tables = {"opticians": opticians, "dental_sites": both, "postcodes": twice}
    found, _ = listed_sites_near(PRACTICES, tables.get)
    assert found.loc[0, ["dental_sites_1_mile", "nearest_dental_site_km"]].tolist() == [0, 10]


def test_lists_without_postcodes_and_empty_lists_say_nothing() -> None:
    sites = listed({"FA001": ("AA1 1AA", "active")})
    assert listed_sites_near(PRACTICES, {"pharmacies": sites}.get)[1] == []
    closed = {"pharmacies": listed({"FA001": ("AA1 1AA", "closed")}), "postcodes": postcodes()}
    table, reports = listed_sites_near(PRACTICES, closed.get)
    assert table.columns.empty
    assert table.index.equals(PRACTICES.index)
    assert reports[0].left_rows == 0
    # A place by half is none.
    for half in ({"GY1 1AA": (5.0, 0.0)}, {"GY1 1AA": (0.0, 5.0)}):
        tables = {
            "pharmacies": listed({"FA001": ("GY1 1AA", "active")}),
            "postcodes": postcodes(**half),
        }
        assert listed_sites_near(PRACTICES, tables.get)[1][0].left_only == ("FA001",)
    tables = {"pharmacies": sites, "postcodes": postcodes().drop(columns="northing")}
    assert listed_sites_near(PRACTICES, tables.get)[1] == []


@pytest.fixture
def dentists() -> pd.DataFrame:
    """Two at one door, one of which takes adults, one does not say; a third far off."""
    return pd.DataFrame(
        {
            "longitude": [0.5, 0.5, 0.5, 0.6],
            "latitude": [51.5, 51.5, 51.5, 51.5],
            "accepting_adults": pd.array([True, False, None, True], dtype="boolean"),
        }
    )


def test_dentists_and_those_that_take_adults(dentists: pd.DataFrame) -> None:
    (east, north), (far, _) = lonlat_to_grid(np.array([[0.5, 51.5], [0.6, 51.5]]))
    practices = pd.DataFrame(
        {"easting": [east + 500, np.nan, far], "northing": [north, north, north]},
        index=["near", "nowhere", "far"],
    )
    found = dentists_near(practices, dentists)
    assert list(found.columns) == [
        "dentists_1_mile", "dentists_1_mile_taking_adults", "nearest_dentist_km",
    ]  # fmt: skip
    assert found.loc["near"].tolist() == [3, 1, pytest.approx(0.5)]
    assert found.loc["far"].tolist()[:2] == [1, 1]
    assert found.loc["nowhere"].isna().all()
    # Nobody takes adults: a count of none, but only where there is a count.
    none = dentists_near(practices, dentists.assign(accepting_adults=False))
    assert none["dentists_1_mile_taking_adults"].tolist() == [0, pd.NA, 0]
    assert none["dentists_1_mile"].tolist() == [3, pd.NA, 1]
