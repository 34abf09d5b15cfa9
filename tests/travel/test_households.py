"""Households of 2021 carried to small areas of 2011: splits add up, merged ones stay missing."""

from __future__ import annotations

import pandas as pd

from pcs_dash.travel.households import by_lsoa_of_2011

CARS = pd.DataFrame(
    {"lsoa_code": list("abcde"), "households": [10, 20, 30, 40, 50], "without_car": [1, 2, 3, 4, 5]}
)


def test_parts_add_up_and_what_was_merged_is_missing() -> None:
    pairs = [("A", "a"), ("B", "b"), ("B", "c"), ("C", "d"), ("D", "d"), ("F", "b2"), ("F", "e")]
    lookup = pd.DataFrame(pairs, columns=["lsoa11cd", "lsoa21cd"])
    found = by_lsoa_of_2011(CARS, lookup, pd.Index(list("ABCDFG")))
    assert found["households"].dropna().to_dict() == {"A": 10, "B": 50}
    assert found["without_car"].dropna().to_dict() == {"A": 1, "B": 5}


def test_without_the_lookup_the_splits_of_essex_are_known() -> None:
    """E01021541 was split into E01034081 and E01034082 (ONS)."""
    cars = CARS.assign(lsoa_code=["E01034081", "E01034082", "E01000001", "x", "y"])
    found = by_lsoa_of_2011(cars, None, pd.Index(["E01021541", "E01000001", "E01000002"]))
    assert found["households"].tolist()[:2] == [30, 30]
    assert found["households"].isna().tolist() == [False, False, True]
