"""Households without a car by small area of 2011, from the census's of 2021."""

from __future__ import annotations

import pandas as pd

from pcs_dash.tables import load

CARS = ["households", "without_car"]


def by_lsoa_of_2011(
    cars: pd.DataFrame, lookup: pd.DataFrame | None, lsoas: pd.Index
) -> pd.DataFrame:
    """Households and those without a car (`CARS`), index `lsoas` (2011), floats.

    `cars`: lsoa_code (2021) and `CARS`; `lookup`: lsoa11cd, lsoa21cd (one row a pair), None for the
    embedded splits of Essex, beyond which codes are taken to be unchanged. The parts of a split
    add up. Missing where a part is, and where an area of 2021 was made of several.
    """
    if lookup is None:
        pairs = load.load_lsoa_splits()[["lsoa11cd", "lsoa21cd"]]
        whole = lsoas.difference(pd.Index(pairs["lsoa11cd"]))
        same = pd.DataFrame({"lsoa11cd": whole, "lsoa21cd": whole})
        pairs = pd.concat([pairs, same], ignore_index=True)
    else:
        pairs = lookup[["lsoa11cd", "lsoa21cd"]].drop_duplicates()
    known = cars.set_index("lsoa_code")[CARS].astype("float64")
    merged = pairs["lsoa21cd"].duplicated(keep=False)
    parts = known.reindex(pairs["lsoa21cd"]).set_axis(pairs.index).mask(merged)
    summed = parts.groupby(pairs["lsoa11cd"]).sum(min_count=1)
    complete = parts[CARS[0]].notna().groupby(pairs["lsoa11cd"]).all()
    return summed.where(complete).reindex(lsoas)
