"""Spatial pattern: are like values near each other, and where?

Moran's I and its local form (Anselin 1995), Getis and Ord's G* (1995), bivariate local Moran
(Anselin, Syabri and Smirnov 2002), by PySAL's esda on libpysal weights; pseudo p-values are
two-sided, from seeded permutations; the false discovery rate is controlled after Benjamini and
Hochberg (1995). Two-step floating catchment access (Luo and Wang 2003) by PySAL's access.

PySAL takes seconds to import, so it is imported when first used. Distances are in km, from
eastings and northings (EPSG:27700).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from pcs_dash.measures.sums import Floats
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.constants import PER_PATIENTS
from pcs_dash.tables.errors import UserError

Neighbours = Literal["queen", "knn"]
NEIGHBOURS: tuple[Neighbours, ...] = ("queen", "knn")

NEAREST = 6
PERMUTATIONS = 4_999
# Fewer units than this can't show a pattern that permutations could tell from chance.
FEWEST = 10
NOT_SIGNIFICANT = "no cluster"
NO_FIGURE = "no figure"
MORAN_LABELS = {
    1: "high surrounded by high",
    2: "low surrounded by high",
    3: "low surrounded by low",
    4: "high surrounded by low",
}
HOT, COLD = "high values together", "low values together"


@contextmanager
def _quiet() -> Iterator[None]:
    """PySAL warns of changes to come and of disconnected parts, both of which are handled here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# --- Neighbours -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpatialWeights:
    """Row-standardised weights of the units of a table, in its order.

    `label` says how neighbours were chosen, `note` what had to be done about units without any.
    """

    w: Any
    label: str
    note: str = ""


def spatial_weights(
    table: pd.DataFrame, *, neighbours: Neighbours = "knn", k: int = NEAREST
) -> SpatialWeights:
    """Neighbours of the rows of `table`: "queen" (polygons that touch) or the `k` nearest.

    Queen needs a GeoDataFrame of polygons; a polygon that touches none gets its nearest one, both
    ways. Nearest needs a geometry, or the columns easting and northing; practices at one address
    are neighbours at distance 0, ties going by the order of the rows.
    """
    if neighbours not in NEIGHBOURS:
        raise UserError(f"There is no kind of neighbour '{neighbours}'. Choose queen or knn.")
    if k < 1:
        raise UserError("Choose at least one nearest neighbour.")
    if not table.index.is_unique:
        raise UserError("Two rows have the same code; each unit may appear once.")
    ids = list(table.index)
    points = _points(table)
    note = ""
    if neighbours == "queen":
        lists, islands = _touching(table, points)
        label = "shared borders (queen)"
        if islands:
            note = f"{islands} without a shared border took the nearest neighbour."
    else:
        k = min(k, max(len(ids) - 1, 0))
        lists, label = _nearest(points, k), f"the {k} nearest"
    from libpysal.weights import W

    with _quiet():
        w = W({code: [ids[j] for j in near] for code, near in zip(ids, lists, strict=True)})
        w.transform = "r"
    return SpatialWeights(w, label, note)


def _points(table: pd.DataFrame) -> Floats:
    if "easting" in table.columns:
        return table[["easting", "northing"]].to_numpy(dtype="float64")
    centre = table.geometry.centroid
    return np.column_stack([centre.x, centre.y])


def _nearest(points: Floats, k: int) -> list[list[int]]:
    """Row numbers of the k nearest others of each point, nearest first."""
    if k == 0:
        return [[] for _ in points]
    # A stack of identical points can push a point out of its own list, so ask for all of it.
    _, stacks = np.unique(points, axis=0, return_counts=True)
    distance, place = cKDTree(points).query(points, k=min(len(points), k + int(stacks.max())))
    lists = []
    for own, (far, near) in enumerate(zip(distance, place, strict=True)):
        others = sorted((d, j) for d, j in zip(far, near, strict=True) if j != own)
        lists.append([int(j) for _, j in others[:k]])
    return lists


def _touching(table: pd.DataFrame, points: Floats) -> tuple[list[list[int]], int]:
    from libpysal.weights import Queen

    with _quiet():
        found = Queen.from_dataframe(table, use_index=False).neighbors
    lists = [sorted(found[i]) for i in range(len(table))]
    islands = [i for i, near in enumerate(lists) if not near]
    if islands and len(table) > 1:
        closest = _nearest(points, 1)
        for island in islands:
            partner = closest[island][0]
            lists[island] = sorted({*lists[island], partner})
            lists[partner] = sorted({*lists[partner], island})
    return lists, len(islands)


def _complete(
    values: pd.Series, table: pd.DataFrame, others: pd.Series | None = None
) -> tuple[pd.DataFrame, int]:
    """The rows of `table` with a place and a figure (two figures), and how many lack one."""
    figures = values.reindex(table.index).astype("float64")
    keep = np.isfinite(figures.to_numpy()) & np.isfinite(_points(table)).all(axis=1)
    if others is not None:
        keep &= np.isfinite(others.reindex(table.index).to_numpy(dtype="float64"))
    return table[keep], int((~keep).sum())


def _why_not(values: Floats) -> str:
    if len(values) < FEWEST:
        have = "has" if len(values) == 1 else "have"
        return f"Only {len(values)} {have} a figure; at least {FEWEST} are needed."
    if np.ptp(values) <= 1e-12 * max(1e-300, float(np.abs(values).max())):
        return "The figure is the same everywhere, so it has no pattern."
    return ""


def _two_sided(observed: Floats, simulated: Floats) -> Floats:
    """Pseudo p-values: twice the smaller tail, the observed figure counted among the simulated."""
    runs = simulated.shape[-1]
    high = (1 + (simulated >= observed[..., None]).sum(axis=-1)) / (runs + 1)
    low = (1 + (simulated <= observed[..., None]).sum(axis=-1)) / (runs + 1)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(high, low)))


# --- The whole map --------------------------------------------------------------------------------


@dataclass(frozen=True)
class GlobalMoran:
    """Moran's I, what chance would give (-1 / (n - 1)), and its two-sided permutation p-value."""

    statistic: float
    expected: float
    p_value: float
    n: int
    n_missing: int
    permutations: int
    weights: str
    unit: str
    note: str = ""
    reason: str = ""


def global_moran(
    values: pd.Series,
    table: pd.DataFrame,
    *,
    neighbours: Neighbours = "knn",
    k: int = NEAREST,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    unit: str = "practice",
) -> GlobalMoran:
    """Global Moran's I of `values` over the rows of `table` (see `spatial_weights`).

    Rows without a figure or a place leave before neighbours are chosen, and are counted.
    """
    kept, missing = _complete(values, table)
    figures = values.reindex(kept.index).to_numpy(dtype="float64")
    reason = _why_not(figures)
    if reason:
        nan = float("nan")
        return GlobalMoran(nan, nan, nan, len(figures), missing, 0, "none", unit, "", reason)
    weights = spatial_weights(kept, neighbours=neighbours, k=k)
    from esda import Moran

    with _quiet():
        result = Moran(figures, weights.w, permutations=0)
    matrix = weights.w.sparse
    z = figures - figures.mean()
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(z, (permutations, 1)), axis=1)
    simulated = (shuffled * (matrix @ shuffled.T).T).sum(axis=1)
    simulated *= len(z) / matrix.sum() / (z @ z)
    p_value = float(_two_sided(np.array(result.I), simulated))
    return GlobalMoran(
        float(result.I),
        float(result.EI),
        p_value,
        len(figures),
        missing,
        permutations,
        weights.label,
        unit,
        weights.note,
    )


# --- Where? ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LocalPattern:
    """A local statistic for each unit of the map.

    `table`: the index of the map's table; columns value, statistic, p_value (two-sided),
    unadjusted (p below alpha), significant (after control of the false discovery rate), label
    (words for the legend; "no cluster", "no figure"). `expected_by_chance`: how many would be
    unadjusted-significant if there were no pattern at all.
    """

    table: pd.DataFrame
    statistic_name: str
    n_tested: int
    n_missing: int
    n_significant: int
    n_unadjusted: int
    expected_by_chance: float
    threshold: float
    control: str
    permutations: int
    weights: str
    unit: str
    note: str = ""
    reason: str = ""


class LocalOptions(TypedDict, total=False):
    """What every local statistic may be asked for; `_local` has what is taken otherwise."""

    neighbours: Neighbours
    k: int
    permutations: int
    seed: int
    alpha: float
    unit: str


# Statistic of each unit, what the permutations gave, words for the legend, what is compared.
Computed = tuple[Floats, Floats, list[str], Floats]


def local_moran(
    values: pd.Series, table: pd.DataFrame, **options: Unpack[LocalOptions]
) -> LocalPattern:
    """Local Moran's I: which units and their neighbours are alike, which stand apart."""
    return _local("Local Moran's I", _moran, values, None, table, **options)


def bivariate_local_moran(
    values: pd.Series, surroundings: pd.Series, table: pd.DataFrame, **options: Unpack[LocalOptions]
) -> LocalPattern:
    """A unit's own `values` (under-doctoring) against its neighbours' `surroundings` (deprivation).

    "high surrounded by high" reads: under-doctored, in deprived surroundings. It says nothing of
    the unit's own deprivation, and nothing of cause. Where the surroundings are themselves
    clustered, as deprivation is, many units stand out for that alone.
    """
    return _local("Bivariate local Moran's I", _moran, values, surroundings, table, **options)


def getis_ord(
    values: pd.Series, table: pd.DataFrame, **options: Unpack[LocalOptions]
) -> LocalPattern:
    """Getis and Ord's G*: where high (or low) values gather, the unit itself among them.

    The statistic is the z-score; the unit counts as much as each of its neighbours.
    """
    return _local("Getis and Ord's G*", _g_star, values, None, table, **options)


def _moran(figures: list[Floats], w: Any, permutations: int, seed: int) -> Computed:
    from esda import Moran_Local, Moran_Local_BV

    statistic = Moran_Local if len(figures) == 1 else Moran_Local_BV
    result = statistic(*figures, w, permutations=permutations, seed=seed)
    return result.Is, result.rlisas, [MORAN_LABELS[int(q)] for q in result.q], result.Is


def _g_star(figures: list[Floats], w: Any, permutations: int, seed: int) -> Computed:
    from esda import G_Local
    from libpysal.weights import fill_diagonal

    # G* is defined for positive figures; shifting them changes no z-score or rank.
    shifted = figures[0] - min(0.0, float(figures[0].min()))
    w.transform = "b"
    star = fill_diagonal(w, 1.0)
    result = G_Local(
        shifted, star, star=None, transform="B", permutations=permutations, n_jobs=1, seed=seed
    )
    return result.Zs, result.rGs, [HOT if z > 0 else COLD for z in result.Zs], result.Gs


def _local(
    name: str,
    compute: Callable[[list[Floats], Any, int, int], Computed],
    values: pd.Series,
    others: pd.Series | None,
    table: pd.DataFrame,
    *,
    neighbours: Neighbours = "knn",
    k: int = NEAREST,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    alpha: float = 0.05,
    unit: str = "practice",
) -> LocalPattern:
    kept, missing = _complete(values, table, others)
    known = [values] if others is None else [values, others]
    figures = [each.reindex(kept.index).to_numpy(dtype="float64") for each in known]
    out = pd.DataFrame({"value": values.reindex(table.index).astype("float64")})
    out[["statistic", "p_value"]] = np.nan
    out[["unadjusted", "significant"]] = False
    out["label"] = NO_FIGURE
    control = f"false discovery rate {100 * alpha:g}% (Benjamini-Hochberg)"
    reason = next(filter(None, map(_why_not, figures)), "")
    if reason:
        return LocalPattern(
            out, name, 0, missing, 0, 0, 0.0, float("nan"), control, 0, "none", unit, "", reason
        )
    weights = spatial_weights(kept, neighbours=neighbours, k=k)
    with _quiet():
        statistic, simulated, labels, compared = compute(figures, weights.w, permutations, seed)
    p_values = _two_sided(np.asarray(compared), simulated)
    threshold = _fdr(p_values, alpha)
    significant = p_values <= threshold
    out.loc[kept.index, "statistic"] = statistic
    out.loc[kept.index, "p_value"] = p_values
    out.loc[kept.index, "unadjusted"] = p_values < alpha
    out.loc[kept.index, "significant"] = significant
    out.loc[kept.index, "label"] = np.where(significant, labels, NOT_SIGNIFICANT)
    return LocalPattern(
        out,
        name,
        len(kept),
        missing,
        int(significant.sum()),
        int((p_values < alpha).sum()),
        alpha * len(kept),
        threshold,
        control,
        permutations,
        weights.label,
        unit,
        weights.note,
    )


def _fdr(p_values: Floats, alpha: float) -> float:
    """The largest p-value that passes Benjamini and Hochberg's step-up rule; -1 if none does."""
    ordered = np.sort(p_values)
    passing = ordered <= alpha * np.arange(1, len(ordered) + 1) / len(ordered)
    return float(ordered[passing].max()) if passing.any() else -1.0


# --- Access: is there a GP within reach? ----------------------------------------------------------


def even_demand(lsoas: pd.DataFrame, total: float) -> pd.Series:
    """`total` people spread evenly over the LSOAs.

    For use where no table of residents is loaded: LSOAs were drawn to hold alike numbers of
    people (1,000 to 3,000), so this is a fair, rough stand-in, and the page says so.
    """
    return pd.Series(float(total) / max(len(lsoas), 1), index=lsoas.index, name="demand")


def floating_catchment_access(
    practices: pd.DataFrame,
    lsoas: pd.DataFrame,
    demand: pd.Series,
    *,
    definition: str = "fully_qualified",
    max_km: float = 5.0,
) -> pd.DataFrame:
    """Two-step floating catchment access of LSOAs to FTE GPs, straight-line distance.

    Step 1: each practice's FTE over the people within `max_km` of it. Step 2: for each LSOA, the
    sum of those ratios within `max_km`. Index: that of `lsoas`. Columns: fte_per_10000 (0 where
    no practice is in reach), practices_in_reach, nearest_km. `demand`: people by LSOA.

    Not the same as under-doctoring: it measures what is near, not where people are registered.
    """
    if not 0 < max_km < 1_000:
        raise UserError("Choose a reach above 0 km and below 1,000 km.")
    people = demand.reindex(lsoas.index).astype("float64")
    if people.isna().any() or (people < 0).any():
        raise UserError("Every LSOA needs a number of people, zero or more.")
    fte = practices[gp_definition(definition).column].astype("float64").dropna()
    supply = practices.loc[fte.index]
    here, there = _points(lsoas) / 1_000, _points(supply) / 1_000
    out = pd.DataFrame(
        {"fte_per_10000": 0.0, "practices_in_reach": 0, "nearest_km": np.nan}, index=lsoas.index
    )
    if not len(supply) or not len(lsoas):
        return out
    out["nearest_km"] = cKDTree(there).query(here)[0]
    pairs = cKDTree(here).sparse_distance_matrix(cKDTree(there), max_km, output_type="coo_matrix")
    # A distance of exactly 0 is kept by the tree, so nothing in reach is lost.
    cost = pd.DataFrame(
        {
            "origin": lsoas.index.to_numpy()[pairs.row],
            "dest": supply.index.to_numpy()[pairs.col],
            "cost": pairs.data,
        }
    )
    if cost.empty:
        return out
    ratio = _two_stage(people, fte, cost, max_km).reindex(lsoas.index)
    reached = cost.groupby("origin").size().reindex(lsoas.index)
    out["practices_in_reach"] = reached.where(reached.notna(), 0).astype(int)
    # No ratio for an LSOA means that nothing is in reach: an access of zero, not a missing figure.
    out["fte_per_10000"] = PER_PATIENTS * ratio.where(ratio.notna(), 0.0)
    return out


def _two_stage(people: pd.Series, fte: pd.Series, cost: pd.DataFrame, max_km: float) -> pd.Series:
    """FTE per person in reach of each origin of `cost` (origin, dest, cost in km)."""
    from access.fca import two_stage_fca

    with _quiet():
        ratio: pd.Series = two_stage_fca(
            demand_df=people.rename("people").to_frame(),
            supply_df=fte.rename("fte").to_frame(),
            cost_df=cost,
            max_cost=max_km,
            demand_index=True,
            demand_name="people",
            supply_index=True,
            supply_name="fte",
            cost_origin="origin",
            cost_dest="dest",
            cost_name="cost",
        )
    return ratio.replace([np.inf, -np.inf], np.nan)
