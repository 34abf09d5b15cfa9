"""The network: a made-up map whose times are known by hand, and what is no such map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from made_up_map import STREETS, positions, write

from pcs_dash.hubs.hub_shapes import grid_to_lonlat
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.travel.minutes import modelled
from pcs_dash.travel.network import Network, build, joined, minutes_between, network_of, snap
from pcs_dash.travel.roads import Roads, read_roads, way_of

WALK, CYCLE = 4.8, 16.0
ROOT_2 = math.sqrt(2)


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Roads:
    return read_roads(write(tmp_path_factory.mktemp("osm") / "x.osm.pbf"), WALK, CYCLE)


@pytest.fixture(scope="module")
def network(roads: Roads) -> Network:
    return network_of(roads)


def minutes(network: Network, mode: str, start: str, goal: str) -> float:
    found = minutes_between(network, mode, positions(start), positions(goal))
    return float(found.iloc[0, 0])


def at(km: float, kmh: float) -> float:
    return km / kmh * 60


CASES = [
    ("drive", "A", "C", at(2, 24)),
    ("drive", "B", "D", at(1, 24)),
    # One way: back by the primary road and the street.
    ("drive", "D", "B", at(ROOT_2, 37.5) + at(1, 24)),
    ("drive", "C", "D", at(2, 24)),
    ("drive", "A", "G", at(1, 24) + at(0.5, 16)),
    ("drive", "G", "A", at(1, 24) + at(0.5, 16)),
    ("drive", "C", "E", at(1, 92)),
    ("drive", "E", "F", 20),
    ("drive", "A", "F", at(2, 24) + at(1, 92) + 20),
    # The motorway leads one way, and nothing else leads cars back.
    ("drive", "E", "C", math.nan),
    ("walk", "D", "B", at(1, WALK)),
    ("walk", "A", "D", at(2, WALK)),
    # Nobody walks on the motorway: by the footpath.
    ("walk", "C", "E", at(2 * 1.3, WALK)),
    ("walk", "E", "F", 20),
    ("cycle", "D", "B", at(ROOT_2, CYCLE) + at(1, CYCLE)),
    ("cycle", "C", "D", at(ROOT_2, CYCLE)),
]


@pytest.mark.parametrize(("mode", "start", "goal", "expected"), CASES)
def test_times_known_by_hand(
    network: Network, mode: str, start: str, goal: str, expected: float
) -> None:
    found = minutes(network, mode, start, goal)
    # Degrees have seven decimals in the file: a centimetre.
    assert found == pytest.approx(expected, abs=0.01, nan_ok=True)


def test_bicycles_do_not_reach_what_only_walkers_do(network: Network) -> None:
    assert math.isnan(minutes(network, "cycle", "A", "F"))
    assert minutes(network, "walk", "A", "F") == pytest.approx(at(4.6, WALK) + 20, abs=0.02)


def test_walking_is_the_same_both_ways_and_no_detour_is_shorter(network: Network) -> None:
    every = positions()
    table = minutes_between(network, "walk", every, every).to_numpy()
    np.testing.assert_allclose(table, table.T, atol=1e-6)
    for mode in ("walk", "drive"):
        table = minutes_between(network, mode, every, every).to_numpy()
        known = np.where(np.isnan(table), np.inf, table)
        by_way_of = (known[:, :, None] + known[None, :, :]).min(axis=1)
        assert (known <= by_way_of + 1e-6).all()


def test_from_the_fewer_side_gives_the_same(network: Network) -> None:
    every, few = positions(), positions("DE")
    wide = minutes_between(network, "drive", every, few)
    back = pd.concat([minutes_between(network, "drive", positions(n), few) for n in "ABCDEFGH"])
    pd.testing.assert_frame_equal(wide, back)


def test_the_way_to_the_network_is_walked_up_to_a_limit(network: Network) -> None:
    off = positions("A")
    off["northing"] -= 600
    found = minutes_between(network, "drive", off, positions("C")).iloc[0, 0]
    assert found == pytest.approx(at(2, 24) + at(0.6, WALK), abs=0.01)
    off["northing"] -= 401
    assert snap(network, "drive", off).place[0] == -1
    assert math.isnan(minutes_between(network, "drive", off, positions("C")).iloc[0, 0])


def test_build_makes_one_table_and_counts_what_did_not_snap(roads: Roads) -> None:
    origins = positions("AD").set_axis(["E01000001", "E01000002"])
    practices = positions("CG").set_axis(["F81001", "F81002"])
    origins.loc["E01000003"] = {"easting": 0.0, "northing": 0.0}
    built = build(roads, origins, practices, "x.osm.pbf")
    table = built.table.set_index(["origin", "destination", "mode"])["minutes"]
    assert table[("E01000001", "F81001", "drive")] == pytest.approx(5, abs=0.01)
    assert len(table) == 2 * 2 * 3
    assert "On foot: 1 of 3 small areas and 0 of 2 practices" in built.notes[0]


def test_an_island_without_a_way_has_no_minutes_and_is_counted(tmp_path: Path) -> None:
    streets = (("ABCD", {"highway": "residential"}), ("EF", {"highway": "residential"}))
    apart = read_roads(write(tmp_path / "i.osm.pbf", streets), WALK, CYCLE)
    practices = positions("CF").set_axis(["F81001", "F81002"])
    built = build(apart, positions("AF").set_axis(["E01000001", "E01000002"]), practices, "x")
    assert set(built.table["destination"]) == {"F81001"}
    assert "1 of 2 small areas and 1 of 2 practices lie more than 1,000 m" in built.notes[0]


def over(*lines: Sequence[tuple[float, float]]) -> Roads:
    """Streets along these corners (m), a place every 200 m."""
    places = [shapely.segmentize(shapely.LineString(line), 200) for line in lines]
    grid, way = shapely.get_coordinates(places, return_index=True)
    lon, lat = grid_to_lonlat(grid + positions("A")[["easting", "northing"]].to_numpy()).T
    node = np.unique(grid, axis=0, return_inverse=True)[1]
    return Roads(
        node, lon, lat, way, (way_of({"highway": "residential"}, WALK, CYCLE),) * len(lines)
    )


def at_places(names: str, *places: tuple[float, float]) -> pd.DataFrame:
    corner = positions("A")[["easting", "northing"]]
    return pd.DataFrame(places + corner.to_numpy(), list(names), corner.columns)


# Two banks with water between, a road on each, and a bridge in the east.
NEAR, FAR = [(0, 200), (3000, 200)], [(0, 1200), (3000, 1200)]
BRIDGE = [(3000, 200), (3000, 1200)]
EAST, NORTH = positions("A")[["easting", "northing"]].to_numpy()[0]
BANKS = gpd.GeoSeries(
    shapely.box(EAST, [NORTH, NORTH + 1000], EAST + 3500, [NORTH + 950, NORTH + 2000]),
    ["near", "far"],
)


def test_a_place_by_an_estuary_joins_a_road_of_its_own_bank() -> None:
    network = network_of(over(NEAR, FAR, BRIDGE))
    ways = at_places("P", (1000, 900)), at_places("Q", (1000, 1250))
    ends = joined(network, "drive", *ways, BANKS)
    found = minutes_between(network, "drive", *ways, ends).iloc[0, 0]
    # 300 m from the far road, 700 m from its own.
    assert found == pytest.approx(at(0.7, WALK) + at(5, 24) + at(0.05, WALK), abs=0.02)
    # A practice joins what passes its door, wherever the line on the map is drawn.
    door = joined(network, "walk", ways[0], at_places("Q", (1000, 1150)), BANKS[:1])[1]
    assert door.off[0] == pytest.approx(at(0.05, WALK), abs=0.02)


def test_an_island_is_cut_off_and_what_has_no_road_is_brought_over_and_counted() -> None:
    home, practices = at_places("P", (1000, 900)), at_places("QR", (1000, 1250), (1000, 940))
    for table in (home, practices):
        table[["longitude", "latitude"]] = grid_to_lonlat(table.to_numpy())
    across = over([*FAR, (3000, 1900)])
    built = build(across, home, practices, "x", land=BANKS)
    assert "0 of 1 small areas and 1 of 2 practices lie more than 1,000 m" in built.notes[0]
    assert "1 of 1 small areas and 0 of 2 practices have no road on their own" in built.notes[1]
    walked = built.table.set_index(["destination", "mode"])["minutes"]
    assert walked[("Q", "walk")] == pytest.approx(at(0.35, WALK), abs=0.02)
    # A road on the near bank, which leads to no other: an island.
    apart = network_of(over(FAR, [(1000, 200), (1200, 200)]))
    ends = joined(apart, "walk", home, practices, BANKS)
    assert [end.cut_off.tolist() for end in ends] == [[True], [False, True]]
    assert minutes_between(apart, "walk", home, practices, ends).isna().all(axis=None)


def test_an_extract_of_another_place_is_refused(roads: Roads) -> None:
    elsewhere = positions("CG").assign(longitude=-3.0)
    with pytest.raises(UserError, match="where 0 of 2 practices lie"):
        build(roads, positions("A"), elsewhere, "x")


def test_a_long_road_without_junctions_can_be_joined_in_the_middle() -> None:
    place = np.arange(11)
    grid = positions("A")
    lon = grid["longitude"].iloc[0] + place * 0.001
    line = Roads(
        place.astype(np.int64), lon, np.full(11, grid["latitude"].iloc[0]),
        np.zeros(11, dtype=np.int64), (way_of({"highway": "path"}, WALK, CYCLE),),
    )  # fmt: skip
    found = network_of(line)
    # Some 69 m a step: every third place is kept, and the ends.
    assert 4 <= len(found.points) <= 7
    length = found.graphs["walk"].sum() / 2
    assert length == pytest.approx(np.hypot(*np.ptp(found.points, axis=0)) / 1000 / WALK * 60)


def test_modelled_minutes_lie_between_the_shortest_and_the_longest_way_over_a_lattice() -> None:
    side, step = 5, 700.0
    east, north = (part.ravel() * step for part in np.meshgrid(np.arange(side), np.arange(side)))
    grid = np.column_stack([east, north]) + np.array([560_000.0, 180_000.0])
    lon, lat = grid_to_lonlat(grid).T
    node = np.arange(side * side).reshape(side, side)
    lines = np.vstack([node, node.T])
    roads = Roads(
        lines.ravel(), lon[lines.ravel()], lat[lines.ravel()],
        np.repeat(np.arange(len(lines)), side),
        (way_of({"highway": "residential"}, WALK, CYCLE),) * len(lines),
    )  # fmt: skip
    places = pd.DataFrame(grid, [f"F{n}" for n in range(len(grid))], ["easting", "northing"])
    walked = minutes_between(network_of(roads), "walk", places, places).to_numpy()
    taken = modelled(places, places, "walk").table.to_numpy()
    apart = taken > 1
    # Straight along a street 1.24 times too long, along the diagonal of the squares too short.
    ratio = taken[apart] / walked[apart]
    assert ratio.max() == pytest.approx(1.24, abs=0.001)
    assert ratio.min() == pytest.approx(1.24 / ROOT_2, abs=0.001)
    assert taken[apart].sum() / walked[apart].sum() == pytest.approx(1, abs=0.05)


def test_of_parallel_roads_the_quicker_counts(tmp_path: Path) -> None:
    streets = (("AB", {"highway": "service"}), ("AB", {"highway": "primary"}))
    found = network_of(read_roads(write(tmp_path / "p.osm.pbf", streets), WALK, CYCLE))
    assert minutes(found, "drive", "A", "B") == pytest.approx(at(1, 37.5), abs=0.01)


@pytest.mark.parametrize(
    ("tags", "along", "against"),
    [
        ({"highway": "residential", "maxspeed": "10 mph"}, 16.09344, 16.09344),
        ({"highway": "residential", "maxspeed": "50"}, 24, 24),
        ({"highway": "residential", "oneway": "-1"}, 0, 24),
        ({"highway": "tertiary", "junction": "roundabout"}, 35, 0),
        ({"highway": "tertiary", "access": "private", "motor_vehicle": "yes"}, 35, 35),
        ({"highway": "tertiary", "access": "private"}, None, None),
        ({"highway": "proposed"}, None, None),
        ({"route": "ferry"}, 0, 0),
        ({"highway": "footway"}, 0, 0),
    ],
)
def test_who_may_drive_where(tags: dict[str, str], along: float | None, against: float) -> None:
    way = way_of(tags, WALK, CYCLE)
    if along is None:
        assert way is None
    else:
        assert way is not None
        assert way.along["drive"] == pytest.approx(along)
        assert way.against["drive"] == pytest.approx(against)


def test_a_footway_open_to_bicycles() -> None:
    shut, open_ = ({"highway": "footway"} | more for more in ({}, {"bicycle": "yes"}))
    assert way_of(shut, WALK, CYCLE).along["cycle"] == 0
    assert way_of(open_, WALK, CYCLE).along["cycle"] == CYCLE


def test_what_is_no_extract_is_refused_before_it_is_read(tmp_path: Path) -> None:
    xml = tmp_path / "old.osm"
    xml.write_text("<?xml version='1.0'?><osm/>", "utf-8")
    with pytest.raises(InputFileError, match="OpenStreetMap XML"):
        read_roads(xml, WALK, CYCLE)
    whole = write(tmp_path / "x.osm.pbf")
    with pytest.raises(InputFileError, match="--largest-mb"):
        read_roads(whole, WALK, CYCLE, largest_mb=1e-6)
    # A planet's size without its bytes: whoever read it would not end.
    planet = tmp_path / "planet.osm.pbf"
    with planet.open("wb") as stream:
        stream.truncate(60 * 1024**3)
    with pytest.raises(InputFileError, match="It has 61,440 MB, more than 400"):
        read_roads(planet, WALK, CYCLE)
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(InputFileError, match="damaged or cut short"):
        read_roads(cut, WALK, CYCLE)
    with pytest.raises(InputFileError, match="can't be read"):
        read_roads(tmp_path / "none.osm.pbf", WALK, CYCLE)
    empty = write(tmp_path / "e.osm.pbf", STREETS[-1:])
    with pytest.raises(InputFileError, match="no roads"):
        read_roads(empty, WALK, CYCLE)
