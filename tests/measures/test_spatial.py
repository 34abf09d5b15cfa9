"""Oracles: Moran's I, G* and two-step access from their definitions; identities."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from pcs_dash.measures.spatial import (
    HOT,
    NO_FIGURE,
    NOT_SIGNIFICANT,
    LocalPattern,
    _fdr,
    _two_sided,
    bivariate_local_moran,
    even_demand,
    floating_catchment_access,
    getis_ord,
    global_moran,
    local_moran,
    spatial_weights,
)
from pcs_dash.tables.errors import UserError


def grid(side: int = 8) -> gpd.GeoDataFrame:
    cells = [box(1_000 * i, 1_000 * j, 1_000 * (i + 1), 1_000 * (j + 1)) for i in range(side)
             for j in range(side)]  # fmt: skip
    names = [f"E{i:03}" for i in range(side * side)]
    return gpd.GeoDataFrame(geometry=cells, index=names, crs=27700)


def points(n: int = 30, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"easting": rng.uniform(0, 1e4, n), "northing": rng.uniform(0, 1e4, n)},
        index=[f"F{i:03}" for i in range(n)],
    )


def spread() -> tuple[pd.Series, pd.DataFrame]:
    table = points(12)
    return pd.Series(range(12), index=table.index), table


def dense(table: pd.DataFrame, **options: object) -> np.ndarray:
    return spatial_weights(table, **options).w.sparse.toarray()  # type: ignore[arg-type]


def test_queen_neighbours_of_a_grid() -> None:
    weights = spatial_weights(grid(3), neighbours="queen")
    assert sorted(weights.w.neighbors["E004"]) == [name for name in grid(3).index if name != "E004"]
    assert sorted(weights.w.neighbors["E000"]) == ["E001", "E003", "E004"]
    assert np.allclose(weights.w.sparse.toarray().sum(axis=1), 1)
    assert weights.note == ""


def test_an_island_takes_its_nearest_neighbour_both_ways() -> None:
    table = grid(3)
    table.loc["ISLE"] = [box(9_000, 9_000, 9_500, 9_500)]
    weights = spatial_weights(table, neighbours="queen")
    assert weights.w.neighbors["ISLE"] == ["E008"]
    assert "ISLE" in weights.w.neighbors["E008"]
    assert "1 without a shared border" in weights.note
    assert not weights.w.islands


def test_nearest_neighbours_match_brute_force() -> None:
    table = points()
    weights = spatial_weights(table, k=4)
    xy = table.to_numpy()
    for i, code in enumerate(table.index):
        distance = np.hypot(*(xy - xy[i]).T)
        distance[i] = math.inf
        assert set(weights.w.neighbors[code]) == set(table.index[np.argsort(distance)[:4]])
    assert weights.label == "the 4 nearest"
    assert weights.w.id_order == list(table.index)


def test_practices_in_one_building_are_neighbours_and_never_their_own() -> None:
    table = points(12)
    table.iloc[:9] = [5_000.0, 5_000.0]
    weights = spatial_weights(table, k=3)
    for code in table.index:
        assert code not in weights.w.neighbors[code]
        assert len(weights.w.neighbors[code]) == 3
    assert set(weights.w.neighbors["F000"]) <= set(table.index[:9])
    # All at one address: each still has three others, in the order of the rows.
    table.iloc[:] = [5_000.0, 5_000.0]
    assert spatial_weights(table, k=3).w.neighbors["F011"] == ["F000", "F001", "F002"]
    assert spatial_weights(table[:2], k=6).label == "the 1 nearest"


def test_bad_neighbours_are_refused() -> None:
    with pytest.raises(UserError, match="queen or knn"):
        spatial_weights(points(), neighbours="rook")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="at least one"):
        spatial_weights(points(), k=0)
    with pytest.raises(UserError, match=r"^Two rows have the same code"):
        spatial_weights(pd.concat([points(3), points(3)]))


def test_global_moran_is_the_definition() -> None:
    table = grid()
    values = pd.Series(np.random.default_rng(4).normal(size=64), index=table.index)
    result = global_moran(values, table, neighbours="queen", permutations=199, unit="LSOA")
    w = dense(table, neighbours="queen")
    z = values.to_numpy() - values.mean()
    expected = len(z) / w.sum() * (z @ w @ z) / (z @ z)
    assert result.statistic == pytest.approx(expected)
    assert result.expected == pytest.approx(-1 / 63)
    again = global_moran(values, table, neighbours="queen", permutations=199, unit="LSOA")
    assert result == again


def test_morans_i_of_noise_centres_on_its_expectation_and_rarely_alarms() -> None:
    table = points(40)
    rng = np.random.default_rng(8)
    results = [
        global_moran(pd.Series(rng.normal(size=40), index=table.index), table, permutations=99)
        for _ in range(120)
    ]
    statistics = np.array([result.statistic for result in results])
    error = statistics.std() / math.sqrt(len(statistics))
    assert abs(statistics.mean() + 1 / 39) < 3 * error
    assert np.mean([result.p_value < 0.05 for result in results]) < 0.12


def test_a_gradient_is_a_pattern_and_a_chessboard_the_opposite() -> None:
    table = grid()
    smooth = pd.Series(table.geometry.centroid.x, index=table.index)
    found = global_moran(smooth, table, neighbours="queen", permutations=199)
    assert found.statistic > 0.7
    assert found.p_value == pytest.approx(2 / 200)
    spots = pd.Series([(-1.0) ** (i // 8 + i % 8) for i in range(64)], index=table.index)
    assert global_moran(spots, table, neighbours="queen", permutations=199).statistic < -0.05


def test_missing_and_too_few_and_constant() -> None:
    table = points(12)
    values = pd.Series(np.arange(12.0), index=table.index)
    values.iloc[0] = np.nan
    assert global_moran(values, table, permutations=99).n_missing == 1
    assert "at least 10" in global_moran(values[:6], table, permutations=99).reason
    flat = pd.Series(2.0, index=table.index)
    assert "same everywhere" in global_moran(flat, table, permutations=99).reason
    pattern = local_moran(flat, table, permutations=99)
    assert pattern.n_tested == 0
    assert (pattern.table["label"] == NO_FIGURE).all()


def patch() -> tuple[gpd.GeoDataFrame, pd.Series]:
    table = grid(10)
    rng = np.random.default_rng(2)
    values = pd.Series(rng.normal(size=100), index=table.index)
    for i in range(3):
        for j in range(3):
            values.iloc[10 * i + j] += 8
    return table, values


def test_local_moran_is_the_definition_and_finds_the_patch() -> None:
    table, values = patch()
    values.iloc[99] = np.nan
    result = local_moran(values, table, neighbours="queen", permutations=999, unit="LSOA")
    assert result.table.index.equals(table.index)
    kept = table.index[:99]
    w = dense(table.loc[kept], neighbours="queen")
    z = values[kept].to_numpy() - values[kept].mean()
    expected = (len(z) - 1) * z * (w @ z) / (z @ z)
    assert np.allclose(result.table.loc[kept, "statistic"], expected)
    assert result.table.loc["E000", "label"] == "high surrounded by high"
    assert result.table.loc["E099", "label"] == NO_FIGURE
    assert result.n_significant == result.table["significant"].sum()
    assert (result.n_missing, result.n_tested) == (1, 99)
    assert result.expected_by_chance == pytest.approx(0.05 * 99)
    calm = result.table[~result.table["significant"] & result.table["value"].notna()]
    assert (calm["label"] == NOT_SIGNIFICANT).all()


def test_false_discovery_control_leaves_noise_almost_without_clusters() -> None:
    table = grid(10)
    rng = np.random.default_rng(12)
    found = 0
    for _ in range(5):
        values = pd.Series(rng.normal(size=100), index=table.index)
        found += local_moran(values, table, neighbours="queen", permutations=499).n_significant
    assert found <= 5


def test_fdr_threshold_is_the_step_up_rule_and_esdas() -> None:
    import esda

    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.5])
    # 0.008 <= 2/7 of 0.05; 0.039 > 3/7 of 0.05, and so on.
    assert _fdr(p, 0.05) == 0.008
    assert (p <= _fdr(p, 0.05)).sum() == (p <= esda.fdr(p, 0.05)).sum()
    assert _fdr(np.array([0.5, 0.9]), 0.05) == -1


def test_g_star_is_the_definition_and_finds_the_patch() -> None:
    table, values = patch()
    result = getis_ord(values, table, neighbours="queen", permutations=999)
    w = (dense(table, neighbours="queen") > 0).astype(float) + np.eye(100)
    w /= w.sum(axis=1, keepdims=True)
    x = values.to_numpy()
    n, mean, spread = 100, x.mean(), x.std()
    expected = (w @ x - mean) / (spread * np.sqrt((n * (w**2).sum(axis=1) - 1) / (n - 1)))
    assert np.allclose(result.table["statistic"], expected)
    assert result.table.loc["E000", "label"] == HOT
    assert (result.permutations, result.n_tested, result.unit) == (999, 100, "practice")


def test_bivariate_moran_sets_a_unit_against_its_neighbours_other_figure() -> None:
    table, values = patch()
    other = pd.Series(np.random.default_rng(5).normal(size=100), index=table.index)
    result = bivariate_local_moran(values, other, table, neighbours="queen", permutations=199)
    w = dense(table, neighbours="queen")
    zx = (values - values.mean()) / values.std(ddof=0)
    zy = (other - other.mean()) / other.std(ddof=0)
    ratio = result.table["statistic"] / (zx.to_numpy() * (w @ zy.to_numpy()))
    assert np.allclose(ratio, ratio.iloc[0])
    assert ratio.iloc[0] > 0
    # Twice a count of 200: of the 199 permutations asked for and the figures themselves.
    assert np.allclose(result.table["p_value"] * 100, (result.table["p_value"] * 100).round())
    said = (result.statistic_name, result.weights, result.unit, result.note, result.reason)
    assert said == ("Bivariate local Moran's I", "shared borders (queen)", "practice", "", "")


def test_both_tails_count_what_equals_the_observed_figure() -> None:
    simulated = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [-1.0, 0.0, 3.0]])
    assert _two_sided(np.zeros(3), simulated).tolist() == [1.0, 0.5, 1.0]


def test_a_unit_without_a_place_is_no_neighbour_and_is_counted() -> None:
    """A practice whose postcode is not known has a figure, and lies nowhere."""
    shapes, values = patch()
    centre = shapes.geometry.centroid
    table = pd.DataFrame({"easting": centre.x, "northing": centre.y})
    table.loc["E099"] = np.nan
    found = global_moran(values, table, permutations=99)
    alone = global_moran(values[:99], table[:99], permutations=99)
    assert (found.statistic, found.n, found.n_missing) == (alone.statistic, 99, 1)
    local = local_moran(values, table, permutations=99)
    assert (local.n_tested, local.n_missing) == (99, 1)
    nowhere = global_moran(values, shapes.assign(geometry=None), permutations=99)
    assert (nowhere.n, nowhere.n_missing) == (0, 100)


@pytest.mark.parametrize("find", [getis_ord, bivariate_local_moran])
def test_a_unit_without_a_figure_changes_nothing_for_the_others(find: Any) -> None:
    table, values = patch()
    values.iloc[99] = np.nan
    more = () if find is getis_ord else (values[::-1].set_axis(values.index).fillna(0),)
    options = {"neighbours": "queen", "permutations": 99}
    found = find(values, *more, table, **options)
    alone = find(values[:99], *more, table[:99], **options)
    assert (found.n_tested, found.n_missing, found.permutations) == (99, 1, 99)
    columns = ["statistic", "p_value"]
    pd.testing.assert_frame_equal(found.table[columns][:99], alone.table[columns])
    assert found.table.loc["E099", columns].isna().all()
    only = global_moran(values[99:], table[98:], permutations=99)
    assert (only.reason, only.permutations, only.n, only.n_missing) == (
        "Only 0 have a figure; at least 10 are needed.", 0, 0, 2,
    )  # fmt: skip
    assert math.isnan(only.statistic)
    assert math.isnan(only.p_value)
    one = global_moran(values[98:], table[98:], permutations=99)
    assert one.reason == "Only 1 has a figure; at least 10 are needed."


@pytest.mark.parametrize("find", [local_moran, getis_ord])
def test_without_a_pattern_every_unit_is_there_and_the_reason_is_told(find: Any) -> None:
    table = points(12)
    result = find(pd.Series(2.0, index=table.index), table, unit="place")
    assert result.table.index.equals(table.index)
    assert result.table["value"].eq(2.0).all()
    assert result.table.columns.tolist() == list(find(*spread(), permutations=99).table)
    assert not result.table[["unadjusted", "significant"]].any(axis=None)
    assert result.table[["statistic", "p_value"]].isna().all(axis=None)
    assert math.isnan(result.threshold)
    name = {local_moran: "Local Moran's I", getis_ord: "Getis and Ord's G*"}[find]
    told = replace(result, table=None, threshold=0.0)
    assert told == LocalPattern(
        None, name, 0, 0, 0, 0, 0.0, 0.0, "false discovery rate 5% (Benjamini-Hochberg)", 0,
        "none", "place", "", "The figure is the same everywhere, so it has no pattern.",
    )  # fmt: skip


# --- access


def two_practices() -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    practices = pd.DataFrame(
        {
            "easting": [500.0, 4_500.0, 500.0],
            "northing": [500.0, 500.0, 500.0],
            "gp_fte_fully_qualified": [2.0, 3.0, np.nan],
        },
        index=["A", "B", "C"],
    )
    lsoas = gpd.GeoDataFrame(
        geometry=[box(1_000 * i, 0, 1_000 * (i + 1), 1_000) for i in range(8)],
        index=[f"E{i}" for i in range(8)],
        crs=27700,
    )
    return practices, lsoas


def test_two_step_access_is_the_definition() -> None:
    practices, lsoas = two_practices()
    demand = pd.Series([100.0, 50, 80, 120, 60, 90, 70, 40], index=lsoas.index)
    result = floating_catchment_access(practices, lsoas, demand, max_km=2.0)
    centres = np.arange(8) + 0.5
    near_a, near_b = np.abs(centres - 0.5) <= 2, np.abs(centres - 4.5) <= 2
    ratio_a, ratio_b = 2 / demand[near_a].sum(), 3 / demand[near_b].sum()
    expected = 1e4 * (near_a * ratio_a + near_b * ratio_b)
    assert np.allclose(result["fte_per_10000"], expected)
    assert result["practices_in_reach"].tolist() == (near_a.astype(int) + near_b).tolist()
    assert result.loc["E7", "fte_per_10000"] == 0
    assert result.loc["E0", "nearest_km"] == pytest.approx(0)


def test_a_catchment_that_covers_everything_gives_total_supply_over_total_demand() -> None:
    practices, lsoas = two_practices()
    demand = even_demand(lsoas, 4_000)
    assert demand.sum() == pytest.approx(4_000)
    result = floating_catchment_access(practices, lsoas, demand, max_km=100)
    assert np.allclose(result["fte_per_10000"], 1e4 * 5 / 4_000)


def test_access_conserves_supply_in_reach() -> None:
    practices, lsoas = two_practices()
    demand = pd.Series([100.0, 50, 80, 120, 60, 90, 70, 40], index=lsoas.index)
    result = floating_catchment_access(practices, lsoas, demand, max_km=1.5)
    assert (result["fte_per_10000"] * demand).sum() / 1e4 == pytest.approx(5)


def test_access_refuses_gaps_and_odd_reaches() -> None:
    practices, lsoas = two_practices()
    with pytest.raises(UserError, match="Every LSOA"):
        floating_catchment_access(practices, lsoas, pd.Series({"E0": 10.0}))
    with pytest.raises(UserError, match="reach"):
        floating_catchment_access(practices, lsoas, even_demand(lsoas, 10), max_km=0)
    none = floating_catchment_access(practices[:0], lsoas, even_demand(lsoas, 10))
    assert (none["fte_per_10000"] == 0).all()
