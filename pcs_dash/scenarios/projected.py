"""How a place's population is projected to grow and to age, where ONS projections are loaded."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pcs_dash.official.loaders.lookups import AGED
from pcs_dash.official.store import Store

PROJECTIONS = "population_projections"
# Workload of the Carr-Hill formula by sex and the age that a band begins with; boys of 5 to 14: 1.
# Source: GMS contract 2004, statement of financial entitlements, global sum allocation formula.
WORKLOAD = dict(zip(
    AGED,
    (3.97, 1.00, 1.02, 2.15, 4.19, 5.18, 6.27, 3.64, 1.04, 2.19, 3.36, 4.90, 6.56, 6.72),
    strict=True,
))  # fmt: skip


def projected_growth(table: pd.DataFrame, area: str, first: int, last: int) -> float | None:
    """Per cent a year from one year to another, the same each year, of an area of that name (the
    nearest years there are); None where it is not in the table, or in one year of it only.

    `table`: area_code, area, year, people. 100 x ((last / first) ^ (1 / years) - 1).
    """
    own = table[table["area"].astype("object") == area].set_index("year")["people"]
    within = own[(own.index >= first) & (own.index <= last)].sort_index()
    if len(within) < 2 or not within.iloc[0] > 0:
        return None
    years = int(within.index[-1]) - int(within.index[0])
    return 100 * (float(within.iloc[-1] / within.iloc[0]) ** (1 / years) - 1)


def ageing(table: pd.DataFrame, areas: pd.Series, first: int, last: int) -> pd.Series:
    """What a person consults in one year for 1 in another, through age and sex alone: index as
    `areas` (names); missing where the area, one of the years, or ages and sexes are not there.

    Sum of people x `WORKLOAD` over people, last over first.
    """
    if not set(WORKLOAD) <= set(table.columns) or not {first, last} <= set(table["year"]):
        return pd.Series(np.nan, index=areas.index)
    people = table.set_index([table["area"].astype("object"), "year"])[[*WORKLOAD]]
    a_head = (people * pd.Series(WORKLOAD)).sum(axis=1, skipna=False) / people.sum(axis=1)
    more = a_head.xs(last, level="year") / a_head.xs(first, level="year")
    return areas.astype("object").map(more).astype("float64")


def loaded_growth(area: str, first: int, last: int) -> float | None:
    """`projected_growth` from what is loaded; None where nothing is."""
    table = _loaded()
    return None if table is None else projected_growth(table, area, first, last)


def loaded_ageing(areas: pd.Series, first: int, last: int) -> pd.Series | None:
    """`ageing` from what is loaded; None where that tells of none of the areas."""
    table = _loaded()
    found = None if table is None else ageing(table, areas, first, last)
    return None if found is None or found.isna().all() else found


def _loaded() -> pd.DataFrame | None:
    store = Store()
    loaded = store.current()
    if loaded is None or loaded.latest(PROJECTIONS) is None:
        return None
    return store.read(PROJECTIONS)
