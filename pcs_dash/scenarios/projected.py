"""How a place's population is projected to grow, where the ONS's projections are loaded."""

from __future__ import annotations

import pandas as pd

from pcs_dash.official.store import Store

PROJECTIONS = "population_projections"


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


def loaded_growth(area: str, first: int, last: int) -> float | None:
    """The same from what is loaded; None where nothing is."""
    store = Store()
    loaded = store.current()
    if loaded is None or loaded.latest(PROJECTIONS) is None:
        return None
    return projected_growth(store.read(PROJECTIONS), area, first, last)
