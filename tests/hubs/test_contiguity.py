from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
import shapely

from pcs_dash.hubs.contiguity import Neighbours, neighbours, pieces
from pcs_dash.hubs.plan import EMPTY_PLAN, plan_from_column
from pcs_dash.hubs.summary import groups_of, summarise_hubs
from pcs_dash.tables.areas import all_areas
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError


def table(places: list[tuple[float, float]]) -> pd.DataFrame:
    codes = pd.Index([f"P{number}" for number in range(len(places))], name="practice_code")
    return pd.DataFrame(places, columns=["easting", "northing"], index=codes)


def named_pairs(found: Neighbours) -> set[tuple[str, str]]:
    return {(found.codes[i], found.codes[j]) for i, j in found.pairs}


def walks(places: Iterable[int], pairs: np.ndarray) -> int:
    """How many walks from neighbour to neighbour it takes to visit all places."""
    left = set(places)
    number = 0
    while left:
        number += 1
        reached = [left.pop()]
        while reached:
            here = reached.pop()
            near = {int(b if a == here else a) for a, b in pairs if here in (a, b)} & left
            left -= near
            reached += near
    return number


def grid(side: int, step: float = 1_000.0) -> pd.DataFrame:
    return table([(column * step, row * step) for row in range(side) for column in range(side)])


def test_a_grid_has_rook_neighbours() -> None:
    found = neighbours(grid(3), shapely.box(-500, -500, 2_500, 2_500))
    expected = set()
    for place in range(9):
        if place % 3 < 2:
            expected.add((f"P{place}", f"P{place + 1}"))
        if place < 6:
            expected.add((f"P{place}", f"P{place + 3}"))
    assert named_pairs(found) == expected
    assert np.allclose(found.cells.area, 1e6)
    assert found.links == ()


def test_practices_of_one_building_are_neighbours_and_share_its_borders() -> None:
    found = neighbours(table([(0, 0), (0, 0), (1_000, 0)]), shapely.box(-500, -500, 1_500, 500))
    assert named_pairs(found) == {("P0", "P1"), ("P0", "P2"), ("P1", "P2")}
    assert found.cells.iloc[0].equals(found.cells.iloc[1])
    assert found.site[0] == found.site[1]


def test_land_outside_the_area_does_not_join() -> None:
    # Two squares with water between: the border of their cells lies in the water.
    left, right = shapely.box(0, 0, 900, 900), shapely.box(1_100, 0, 2_000, 900)
    places = table([(450, 200), (450, 700), (1_550, 450)])
    found = neighbours(places, shapely.union(left, right))
    assert ("P0", "P1") in named_pairs(found)
    # Nothing but the shortest link joins the island, and it is named.
    assert len(found.links) == 1
    assert found.links[0][1] == "P2"
    assert len(named_pairs(found)) == 2


def test_a_strip_of_land_joins() -> None:
    land = shapely.union_all(
        [
            shapely.box(0, 0, 900, 900),
            shapely.box(1_100, 0, 2_000, 900),
            shapely.box(0, 0, 2_000, 9),
        ]
    )
    found = neighbours(table([(450, 450), (1_550, 450)]), land)
    assert named_pairs(found) == {("P0", "P1")}
    assert found.links == ()


@pytest.mark.parametrize(
    "places", [[], [(0, 0)], [(0, 0), (0, 0)], [(0, 0), (5, 5)], [(0, 0), (5, 5), (9, 9)]]
)
def test_a_handful_of_practices(places: list[tuple[float, float]]) -> None:
    found = neighbours(table(places))
    assert len(found.codes) == len(places)
    assert len(found.pairs) == max(len(places) - 1, 0)
    assert (found.cells.area > 0).all()


def test_a_practice_without_a_position_is_left_out() -> None:
    found = neighbours(table([(0, 0), (np.nan, 0), (900, 0)]))
    assert list(found.codes) == ["P0", "P2"]


def test_a_practice_far_outside_still_has_a_cell_and_a_neighbour() -> None:
    found = neighbours(
        table([(100, 500), (900, 500), (50_000, 500)]), shapely.box(0, 0, 1_000, 1_000)
    )
    assert found.cells.iloc[2].area > 0
    assert found.links == (("P1", "P2"),)


def test_codes_must_be_unique() -> None:
    twice = pd.concat([table([(0, 0)]), table([(1, 1)])])
    with pytest.raises(UserError, match="twice"):
        neighbours(twice)


def test_the_cells_cover_the_area_once(mse_neighbours: Neighbours, dataset: Dataset) -> None:
    outline = dataset.outlines.loc[dataset.outlines["name"] == "Mid and South Essex"]
    one_a_site = mse_neighbours.cells[~pd.Series(mse_neighbours.site).duplicated().to_numpy()]
    assert one_a_site.area.sum() == pytest.approx(outline.geometry.area.iloc[0])
    assert one_a_site.is_valid.all()


def test_agrees_with_libpysal_where_the_outline_cuts_nothing(mse: pd.DataFrame) -> None:
    from libpysal.graph import Graph

    whole = shapely.box(*shapely.total_bounds(shapely.points(mse[["easting", "northing"]])))
    found = neighbours(mse, shapely.buffer(whole, 1e6, join_style="mitre"))
    first = ~pd.Series(found.site).duplicated().to_numpy()
    sites = found.cells[first]
    oracle = Graph.build_contiguity(sites, rook=True).adjacency
    focal = oracle[oracle > 0].index
    expected = {tuple(sorted(pair)) for pair in focal}
    ours = {tuple(sorted(pair)) for pair in named_pairs(found) if set(pair) <= set(sites.index)}
    assert ours == expected


@pytest.mark.parametrize("area", all_areas(), ids=lambda area: area.key)
def test_every_area_hangs_together(dataset: Dataset, area) -> None:
    practices = area.select(dataset.practices)
    found_outline = dataset.outlines.query("kind == @area.kind and name == @area.name")
    outline = found_outline.geometry.iloc[0] if len(found_outline) else None
    found = neighbours(practices, outline)
    assert walks(range(len(practices)), found.pairs) == 1
    assert len(found.cells) == len(practices)


def test_pieces_are_what_one_can_walk_through(mse_neighbours: Neighbours) -> None:
    for seed in range(10):
        group = np.random.default_rng(seed).integers(-1, 12, len(mse_neighbours.codes))
        oracle = [
            walks(np.flatnonzero(group == hub).tolist(), mse_neighbours.pairs) for hub in range(12)
        ]
        assert pieces(mse_neighbours, group, 12).tolist() == oracle


def test_contiguity_in_the_summary(mse: pd.DataFrame, mse_neighbours: Neighbours) -> None:
    plan = plan_from_column(mse, "pcn").add_hub("Empty")
    rows = summarise_hubs(plan, mse, neighbours=mse_neighbours)
    group = groups_of(plan, mse.index)
    counted = pieces(mse_neighbours, group, len(plan.hubs) + 1)
    assert rows["pieces"].iloc[:-2].tolist() == counted[:-2].tolist()
    assert rows["contiguous"].iloc[:-2].tolist() == (counted[:-2] == 1).tolist()
    assert rows["pieces"].iloc[-2:].isna().all()
    assert summarise_hubs(plan, mse)["contiguous"].isna().all()


def test_a_torn_hub_is_not_contiguous() -> None:
    line = table([(number * 1_000.0, 0.0) for number in range(5)])
    found = neighbours(line, shapely.box(-500, -500, 4_500, 500))
    plan = EMPTY_PLAN.add_hub("Ends").assign(["P0", "P4"], "h1")
    assert pieces(found, groups_of(plan, line.index), 2).tolist() == [2, 1]
