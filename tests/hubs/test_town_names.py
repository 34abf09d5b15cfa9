"""What new hubs are called."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from pcs_dash.hubs.suggest import SuggestRequest, suggest
from pcs_dash.hubs.town_names import town_names, towns_of

TOWNS = {"A": "Grays", "B": "Tilbury", "C": "Tilbury", "D": "Grays"}


def test_a_hub_is_called_after_the_town_of_most_patients_and_no_name_is_there_twice() -> None:
    groups = [{"A": 10.0, "B": 4.0, "C": 5.0}, {"D": 1.0}, {"B": 2.0, "A": 2.0}, {"X": 9.0}]
    assert town_names(groups, TOWNS, ["grays 2"]) == ["Grays", "Grays 3", "Grays 4", "Hub 1"]
    assert town_names([{"B": 1.0}, {}], TOWNS, ["Hub 1"]) == ["Tilbury", "Hub 2"]


def test_a_practice_far_from_every_town_or_without_a_place_has_none() -> None:
    towns = gpd.GeoDataFrame(
        {"name": ["West", "East"]},
        geometry=gpd.points_from_xy([0, 10_000], [0, 0], crs="EPSG:27700"),
    )
    practices = pd.DataFrame(
        {"easting": [4_000.0, 6_000.0, 5_000.0, 25_001.0, None], "northing": [0.0] * 5},
        index=list("ABCDE"),
    )
    assert towns_of(practices, towns) == {"A": "West", "B": "East", "C": "East"}
    assert towns_of(practices, towns.iloc[:0]) == {}


def test_suggested_hubs_have_the_names_of_their_towns() -> None:
    practices = pd.DataFrame(
        {"patients": 100, "easting": [0.0, 100, 9_000, 9_100], "northing": 0.0}, index=list("ABCD")
    )
    request = SuggestRequest(
        min_patients=200, max_patients=200, towns={"A": "West", "B": "West", "C": "East"}
    )
    answer = suggest(practices, request)
    assert {hub.hub: hub.practices for hub in answer.hubs} == {
        "West": ("A", "B"),
        "East": ("C", "D"),
    }
