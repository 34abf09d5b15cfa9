from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.contiguity import Neighbours, neighbours
from pcs_dash.hubs.hub_shapes import (
    Circle,
    CrossingError,
    ShapeError,
    circle,
    claims,
    drawn_shape,
    grid_to_lonlat,
    hub_polygons,
    polygon,
    practices_in,
)
from pcs_dash.hubs.plan import EMPTY_PLAN, plan_from_column
from pcs_dash.tables.geometry import lonlat_to_grid

BOWTIE = [[0.2, 51.4], [0.6, 51.6], [0.6, 51.4], [0.2, 51.6], [0.2, 51.4]]


def feature(ring: list[list[float]], **properties: object) -> dict[str, object]:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def rectangle(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


longitudes = st.floats(-0.1, 1.3)
latitudes = st.floats(51.4, 52.2)


@given(longitudes, longitudes, latitudes, latitudes)
@settings(max_examples=50)
def test_a_rectangle_catches_what_lies_between_its_sides(
    practices: pd.DataFrame, west: float, east: float, south: float, north: float
) -> None:
    west, east = sorted((west, east))
    south, north = sorted((south, north))
    if east - west < 1e-4 or north - south < 1e-4:
        return
    # Sides of a rectangle on the map are parallels and meridians, so degrees are an exact oracle
    # but for practices within a whisker of a side.
    caught = practices_in(drawn_shape(feature(rectangle(west, south, east, north))), practices)
    place = practices[["longitude", "latitude"]].to_numpy()
    margin = np.minimum.reduce(
        [place[:, 0] - west, east - place[:, 0], place[:, 1] - south, north - place[:, 1]]
    )
    surely = practices.index[margin > 2e-5]
    surely_not = practices.index[margin < -2e-5]
    assert set(surely) <= set(caught)
    assert not set(surely_not) & set(caught)


@given(longitudes, latitudes, st.floats(10, 60_000))
@settings(max_examples=30)
def test_a_circle_catches_what_is_within_its_radius(
    practices: pd.DataFrame, longitude: float, latitude: float, radius: float
) -> None:
    caught = practices_in(circle(longitude, latitude, radius), practices)
    points = gpd.GeoSeries(
        gpd.points_from_xy(practices["longitude"], practices["latitude"]), crs=4326
    ).to_crs(27700)
    centre = gpd.GeoSeries.from_xy([longitude], [latitude], crs=4326).to_crs(27700).iloc[0]
    oracle = practices.index[(points.distance(centre) <= radius).to_numpy()]
    assert caught == tuple(oracle)


def test_a_drawn_circle_is_a_point_with_a_radius() -> None:
    drawn = {
        "type": "Feature",
        "properties": {"radius": 1_500},
        "geometry": {"type": "Point", "coordinates": [0.5, 51.5]},
    }
    shape = drawn_shape(drawn)
    assert isinstance(shape, Circle)
    assert shape == circle(0.5, 51.5, 1_500)


def test_edges_are_straight_on_the_map() -> None:
    # On the Mercator map the edge from A to B passes through the middle of the two in Mercator;
    # on the National Grid the straight line misses that point by some metres.
    south, north, west, east = 51.4, 52.2, -0.1, 1.3
    middle = math.degrees(
        2
        * math.atan(
            math.exp(
                (
                    math.asinh(math.tan(math.radians(south)))
                    + math.asinh(math.tan(math.radians(north)))
                )
                / 2
            )
        )
        - math.pi / 2
    )
    shape = drawn_shape(feature([[west, south], [east, north], [east, south], [west, south]]))
    place = lonlat_to_grid(np.array([[(west + east) / 2, middle]]))[0]
    assert shapely.distance(shape.boundary, shapely.Point(place)) < 0.5
    straight = shapely.LineString(lonlat_to_grid(np.array([[west, south], [east, north]])))
    assert straight.distance(shapely.Point(place)) > 5


def test_a_lasso_that_crosses_itself_takes_all_it_encloses(practices: pd.DataFrame) -> None:
    caught = set(practices_in(drawn_shape(feature(BOWTIE)), practices))
    left = [[0.2, 51.4], [0.4, 51.5], [0.2, 51.6], [0.2, 51.4]]
    right = [[0.6, 51.6], [0.6, 51.4], [0.4, 51.5], [0.6, 51.6]]
    halves = [set(practices_in(drawn_shape(feature(half)), practices)) for half in (left, right)]
    assert all(halves)
    # Halves meet at a point of the straight line, which Mercator bends by less than a practice.
    assert len(caught ^ (halves[0] | halves[1])) <= 1


def test_a_loop_wound_twice_is_taken_once() -> None:
    ring = rectangle(0.2, 51.4, 0.6, 51.6)
    twice = drawn_shape(feature([*ring, *ring[1:]]))
    once = drawn_shape(feature(ring))
    assert shapely.area(shapely.symmetric_difference(twice, once)) < 1


def test_a_crossing_polygon_is_named_with_its_place() -> None:
    with pytest.raises(CrossingError, match=r"Feature 7: .*longitude 0\.4000, latitude 51\.5000"):
        polygon({"type": "Polygon", "coordinates": [BOWTIE]}, what="Feature 7")


def test_a_hole_catches_nobody(practices: pd.DataFrame) -> None:
    outer, inner = rectangle(0.2, 51.4, 0.6, 51.6), rectangle(0.3, 51.45, 0.5, 51.55)
    with_hole = polygon({"type": "Polygon", "coordinates": [outer, inner]})
    caught = set(practices_in(with_hole, practices))
    whole = set(practices_in(drawn_shape(feature(outer)), practices))
    hole = set(practices_in(drawn_shape(feature(inner)), practices))
    assert hole
    assert caught == whole - hole


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ({"type": "LineString", "coordinates": [[0, 51], [1, 52]]}, "LineString"),
        ({"type": "Polygon"}, "part"),
        ({"type": "Polygon", "coordinates": []}, "coordinates"),
        ({"type": "Polygon", "coordinates": [[[0.1, 51.5], [0.2, 51.5]]]}, "three corners"),
        ({"type": "Polygon", "coordinates": [[["a", 1], [1, 2], [2, 1]]]}, "pair of numbers"),
        ({"type": "Polygon", "coordinates": [[[0.1, float("nan")]] * 4]}, "finite"),
        ({"type": "Polygon", "coordinates": [rectangle(51.4, 0.2, 51.6, 0.6)]}, "swap"),
        ({"type": "Polygon", "coordinates": [rectangle(100, 10, 110, 20)]}, "Great Britain"),
        ({"type": "Polygon", "coordinates": [rectangle(5e5, 1e5, 6e5, 2e5)]}, "degrees"),
        ({"type": "Polygon", "coordinates": [[[0.1, 51.5]] * 5]}, "area|crosses"),
        ({"type": "Polygon", "coordinates": "x"}, "part"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "part"),
    ],
)
def test_shapes_that_are_none_say_why(geometry: dict[str, object], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        polygon(geometry)


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@given(st.sampled_from(["Polygon", "MultiPolygon", "Point"]), json_like, json_like)
def test_any_drawing_is_a_shape_or_a_clear_fault(
    kind: str, coordinates: object, radius: object
) -> None:
    drawn = {
        "type": "Feature",
        "properties": {"radius": radius},
        "geometry": {"type": kind, "coordinates": coordinates},
    }
    try:
        drawn_shape(drawn)
    except ShapeError as fault:
        assert str(fault)


def test_claims_once_twice_and_never(practices: pd.DataFrame) -> None:
    shapes = {
        "West": drawn_shape(feature(rectangle(0.2, 51.4, 0.5, 51.6))),
        "East": drawn_shape(feature(rectangle(0.4, 51.4, 0.7, 51.6))),
    }
    claimed = claims(shapes, practices)
    west, east = (set(practices_in(shapes[name], practices)) for name in ("West", "East"))
    assert west & east
    assert {code for code, names in claimed.items() if names == ("West", "East")} == west & east
    assert {code for code, names in claimed.items() if names == ("West",)} == west - east
    assert set(claimed) == west | east
    assert [code for code in practices.index if code in claimed] == list(claimed)


def test_painting_a_shape_reports_locks(practices: pd.DataFrame) -> None:
    shape = drawn_shape(feature(rectangle(0.2, 51.4, 0.5, 51.6)))
    caught = practices_in(shape, practices)
    plan = EMPTY_PLAN.add_hub("Kept").add_hub("New").assign(caught[:2], "h1").set_locked("h1")
    result = plan.try_assign(caught, "h2")
    assert result.moved == caught[2:]
    assert dict(result.refused) == dict.fromkeys(caught[:2], "Kept")


def test_practices_are_where_the_map_shows_them(practices: pd.DataFrame) -> None:
    one = practices.iloc[[0]].copy()
    at = one[["longitude", "latitude"]].to_numpy()[0]
    one[["easting", "northing"]] = [0.0, 0.0]
    assert practices_in(circle(at[0], at[1], 1), one) == (one.index[0],)
    on_grid = Circle(0.0, 0.0, 1.0)
    assert practices_in(on_grid, one) == ()
    assert practices_in(on_grid, one, on_map=False) == (one.index[0],)


@given(st.floats(-0.1, 1.3), st.floats(51.4, 52.2))
def test_there_and_back(longitude: float, latitude: float) -> None:
    place = np.array([[longitude, latitude]])
    np.testing.assert_allclose(grid_to_lonlat(lonlat_to_grid(place)), place, atol=1e-7)


def test_cells_of_hubs_are_those_of_their_practices(
    mse: pd.DataFrame, mse_neighbours: Neighbours
) -> None:
    plan = plan_from_column(mse, "pcn")
    hubs = hub_polygons(plan, mse, mse_neighbours).set_index("hub_id")
    assert hubs.crs.to_epsg() == 27700
    assert hubs.is_valid.all()
    assert set(hubs.geom_type) == {"MultiPolygon"}
    assert hubs["patients"].sum() == mse.loc[mse["pcn"].notna(), "patients"].sum()
    # Hubs cover each place once: what they cover together is the sum of their areas.
    assert shapely.union_all(hubs.geometry).area == pytest.approx(hubs.area.sum())
    for hub in plan.hubs:
        alone = [
            code
            for code in plan.members(hub.id)
            if (mse_neighbours.site == mse_neighbours.site[mse.index.get_loc(code)]).sum() == 1
        ]
        cells = shapely.union_all(mse_neighbours.cells.loc[alone].to_numpy())
        # Dissolving rounds by fractions of a millimetre.
        assert shapely.area(shapely.difference(cells, hubs.geometry[hub.id])) < 1


def test_a_shared_building_goes_to_the_hub_with_most_patients(thurrock: pd.DataFrame) -> None:
    table = thurrock.iloc[:3].copy()
    table["patients"] = [100, 200, 50]
    table[["easting", "northing"]] = [[0.0, 0.0], [0.0, 0.0], [1_000.0, 0.0]]
    near = neighbours(table, shapely.box(-500, -500, 1_500, 500))
    plan = EMPTY_PLAN.add_hub("Few").add_hub("Many")
    plan = plan.assign([table.index[0], table.index[2]], "h1").assign([table.index[1]], "h2")
    hubs = hub_polygons(plan, table, near).set_index("hub")
    assert hubs.geometry["Many"].equals(shapely.box(-500, -500, 500, 500))
    assert hubs.geometry["Few"].equals(shapely.box(500, -500, 1_500, 500))
    assert hubs["shares_building"].to_dict() == {"Few": 1, "Many": 0}


@pytest.mark.parametrize("shape", ["convex", "concave"])
def test_hulls_hold_their_practices(
    mse: pd.DataFrame, mse_neighbours: Neighbours, shape: str
) -> None:
    plan = plan_from_column(mse, "pcn")
    hubs = hub_polygons(plan, mse, mse_neighbours, shape=shape).set_index("hub_id")
    for hub in plan.hubs:
        members = mse.loc[list(plan.members(hub.id)), ["easting", "northing"]]
        inside = shapely.covers(hubs.geometry[hub.id], shapely.points(members.to_numpy()))
        assert inside.all()


def test_no_hubs_no_polygons(mse: pd.DataFrame, mse_neighbours: Neighbours) -> None:
    hubs = hub_polygons(EMPTY_PLAN.add_hub(), mse, mse_neighbours)
    assert len(hubs) == 0
    assert hubs.crs.to_epsg() == 27700
