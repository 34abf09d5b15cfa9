"""Within a 20-minute walk: small areas where one or both ways of counting reach."""

from __future__ import annotations

import pandas as pd
import pytest

from pcs_dash.tables.errors import UserError
from pcs_dash.travel.walking_share import PAPER, walking_shares

# 4.8 km/h for 20 minutes are 1,600 m of straight line, 1,290 m with a detour of 1.24.
LSOAS = pd.DataFrame(
    {
        "easting": [0.0, 1_280.0, 1_599.0, 1_601.0, 5.0],
        "northing": 0.0,
        "people": [10, 20, 30, 40, None],
        "imd_decile": [1, 1, 10, 10, 1],
        "rural_urban": ["Urban city and town", "Rural town and fringe",
                        "Rural village and dispersed", "Rural village and dispersed", None],
    }
)  # fmt: skip
PRACTICES = pd.DataFrame({"easting": [0.0, None], "northing": [0.0, None]})


def test_shares_by_hand() -> None:
    found = walking_shares(LSOAS, PRACTICES)
    assert found["paper"].to_dict() == PAPER
    assert found.loc["all", ["lsoas", "people", "straight", "modelled"]].tolist() == [
        4,
        100,
        60,
        30,
    ]
    assert found["straight"].tolist()[1:] == pytest.approx([100, 300 / 7, 100, 300 / 7])
    assert found["modelled"].tolist()[1:] == [100, 0, 100, 0]
    bare = walking_shares(LSOAS.assign(rural_urban=None), PRACTICES)
    assert bare["straight"].isna().tolist() == [False, False, False, True, True]
    with pytest.raises(UserError, match="known position"):
        walking_shares(LSOAS, PRACTICES.iloc[1:])
