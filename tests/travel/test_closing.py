"""A practice that closes: minutes before and after by hand, to the nearest of all or of some."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.tables.errors import UserError
from pcs_dash.travel.closing import before_and_after, by_small_area, closing, merging
from pcs_dash.travel.minutes import Minutes

MINUTES = Minutes(
    "walk",
    pd.DataFrame(
        [[5.0, 15.0, 30.0], [10.0, 8.0, 12.0], [1.0, np.nan, np.nan]],
        ["E1", "E2", "E3"],
        ["F1", "F2", "F3"],
    ),
    "measured",
    "made up",
)
REGISTERED = pd.DataFrame(
    {
        "practice_code": ["F1", "F1", "F1", "F1", "F2", "F3", "F9"],
        "lsoa_code": ["E1", "E2", "E3", "E9", "E1", "E1", "E1"],
        "patients": [60, 30, 10, 5, 20, 10, 1_000],
    }
)


def test_before_and_after_by_hand() -> None:
    found = closing(MINUTES, REGISTERED, "F1")
    known = found.dropna().set_index(["lsoa_code", "practice_code"])
    # E1 as its neighbours with F2 and F3 (F9 is beyond the data); in E2 nobody is with another.
    assert known["people"].to_dict() == {("E1", "F2"): 40, ("E1", "F3"): 20, ("E2", "F2"): 30}
    assert known["added"].tolist() == [10, 25, -2]
    whole = before_and_after(found).iloc[0]
    # No way to another practice, and a small area without minutes: not told, and counted.
    assert (whole["people"], whole["unknown"]) == (105, 15)
    assert (whole["median_before"], whole["median_after"]) == (5, 15)
    assert (whole["p90_before"], whole["p90_after"]) == (10, 30)
    areas = by_small_area(found)
    assert areas["added"].to_dict() == {"E1": pytest.approx(15), "E2": -2}
    named = closing(MINUTES, REGISTERED, "F1", to=["F3"])
    assert before_and_after(named).iloc[0]["share_beyond_20_after"] == pytest.approx(60 / 90)
    # The one that takes the premises over has two: nobody has farther to go.
    kept = closing(MINUTES, REGISTERED, "F1", to=["F3"], premises="F3")
    assert kept["added"].dropna().tolist() == [0, 0]


def test_who_merges_goes_to_the_quickest_of_the_premises_that_stay() -> None:
    found = merging(MINUTES, REGISTERED, ["F1", "F2", "F3"], ["F2", "F3"])
    known = found.dropna().set_index("lsoa_code")
    assert known["people"].to_dict() == {"E1": 60, "E2": 30}
    assert known["practice_code"].to_dict() == {"E1": "F2", "E2": "F2"}
    assert known["added"].to_dict() == {"E1": 10, "E2": -2}
    assert len(found) == 4
    for sites in (["F1", "F2", "F3"], ["F8"]):
        with pytest.raises(UserError, match="Nobody"):
            merging(MINUTES, REGISTERED, ["F1", "F2", "F3"], sites)


def test_a_practice_without_patients_by_area_is_told() -> None:
    with pytest.raises(UserError, match="F7 live is not known"):
        closing(MINUTES, REGISTERED, "F7")
