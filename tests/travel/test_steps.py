"""Smooth steps: circles where minutes are straight lines, each middle on its side, bare land."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pcs_dash.travel.steps import steps_around

SIDE, WIDE = 15, 400.0


@pytest.fixture(scope="module")
def squares() -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """A field of squares as small areas, and their middles; the site is the middle of all."""
    east, north = (part.ravel() * WIDE for part in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    boxes = shapely.box(east, north, east + WIDE, north + WIDE)
    codes = [f"E{number:03}" for number in range(len(boxes))]
    lsoas = gpd.GeoDataFrame(geometry=boxes, index=codes, crs=27700)
    middles = pd.DataFrame({"easting": east + WIDE / 2, "northing": north + WIDE / 2}, codes)
    return lsoas, middles


SITE = (SIDE * WIDE / 2, SIDE * WIDE / 2)


def far(middles: pd.DataFrame) -> pd.Series:
    return np.hypot(middles["easting"] - SITE[0], middles["northing"] - SITE[1])


def test_straight_lines_give_circles(squares) -> None:
    lsoas, middles = squares
    found = steps_around(far(middles) / 80, lsoas, middles, SITE, (5, 10))
    assert found["within"].tolist() == [5, 10]
    # 400 and 800 m; the second without the first.
    assert found.area.tolist() == pytest.approx(
        [np.pi * 400**2, np.pi * (800**2 - 400**2)], rel=0.01
    )
    assert shapely.contains_xy(found.geometry.iloc[0], *SITE)


def test_every_middle_is_within_its_step(squares) -> None:
    lsoas, middles = squares
    minutes = far(middles) / 80 + np.random.default_rng(5).uniform(0, 9, len(middles))
    limits = (10, 20, 30, 40)
    found = steps_around(minutes, lsoas, middles, SITE, limits)
    for row in found.itertuples():
        inside = shapely.contains_xy(row.geometry, middles["easting"], middles["northing"])
        told = minutes[inside]
        # A cell of the grid is 50 m: two thirds of a minute here, more where neighbours differ.
        assert told.between(row.above - 2, row.within + 2).all()
        assert inside[minutes.between(row.above + 2, row.within - 2)].all()


def test_a_river_is_gone_round_and_what_is_not_known_is_bare(squares) -> None:
    lsoas, middles = squares
    beyond = middles["northing"] > SITE[1] + WIDE
    minutes = (far(middles) / 80).mask(beyond, 90.0)
    minutes["E000"] = np.nan
    found = steps_around(minutes, lsoas, middles, SITE, (10, 60))
    land = shapely.union_all(found.geometry)
    assert not shapely.contains_xy(land, middles.loc[beyond, "easting"],
                                   middles.loc[beyond, "northing"]).any()  # fmt: skip
    assert land.intersection(lsoas.geometry["E000"]).area == 0
    assert land.intersection(lsoas.geometry["E001"]).area == pytest.approx(WIDE**2)


def test_few_places_and_none(squares) -> None:
    lsoas, middles = squares
    row = middles.index[middles["northing"] == SITE[1]]
    found = steps_around(far(middles.loc[row]) / 80, lsoas, middles, SITE, (5,))
    assert found.area.tolist() == pytest.approx([WIDE * 800], rel=0.05)
    nobody = pd.Series(np.nan, middles.index)
    assert steps_around(nobody, lsoas, middles, SITE).empty
