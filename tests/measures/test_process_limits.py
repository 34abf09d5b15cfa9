"""XmR limits by hand, each rule at its edge, and gaps that nothing reaches across."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.process_limits import BEYOND, OUTER, SHIFT, TREND, process

# Mean 10, every moving range 2: limits 10 +- 5.32, outer third beyond 13.55.
USUAL = [9.0, 11.0] * 6


def signals(values: list[float], breaks: list[int] | None = None) -> dict[int, str]:
    return process(
        pd.Series(values), None if breaks is None else pd.Series(breaks)
    ).signals.to_dict()


def test_limits_by_hand() -> None:
    points = process(pd.Series(USUAL)).points
    assert points[["low", "mean", "high"]].iloc[0].tolist() == pytest.approx([4.68, 10, 15.32])
    assert signals(USUAL) == {}


def test_a_range_out_of_the_usual_makes_no_limit_wider() -> None:
    values = [*USUAL, 40.0]
    points = process(pd.Series(values)).points
    mean = np.mean(values)
    assert points["high"].iloc[0] == pytest.approx(mean + 2.66 * 2)
    assert signals(values)[12] == BEYOND


def test_seven_on_one_side_and_not_six() -> None:
    low, high = [8.0, 9.8] * 4, [10.2, 12.0] * 4
    assert signals([*low[:7], *high[:7]]) == dict.fromkeys(range(14), SHIFT)
    assert signals([*low[:6], *high[:6]]) == {}


def test_seven_rising_in_a_row_are_a_trend() -> None:
    rising = [10.0, 9.0, 11.0, 9.4, 9.6, 9.8, 10.0, 10.2, 10.4, 10.6, 9.2, 11.2]
    assert signals(rising) == dict.fromkeys(range(3, 10), TREND)
    assert signals([*rising[:9], 10.3, *rising[10:]]) == {}


def test_two_of_three_near_a_limit_on_one_side() -> None:
    assert signals([*USUAL * 3, 14.5, 10.0, 14.5, 9.0, 11.0]) == {36: OUTER, 38: OUTER}
    assert signals([*USUAL * 3, 5.5, 10.0, 5.5, 9.0, 11.0]) == {36: OUTER, 38: OUTER}
    assert signals([*USUAL * 3, 14.5, 10.0, 5.5, 9.0, 11.0]) == {}


def test_nothing_reaches_across_a_gap_or_a_new_definition() -> None:
    gap = float("nan")
    broken = [9.0, 9.5, 9.0, gap, 9.5, 9.0, 9.5, 9.0, 11.0, 10.5, 11.0, 10.5, 11.0, 10.5]
    assert signals(broken) == {}
    steps = process(
        pd.Series([*USUAL, *(value + 50 for value in USUAL)]), pd.Series([0] * 12 + [1] * 12)
    )
    assert steps.points["mean"].unique().tolist() == [10, 60]
    assert steps.signals.empty


def test_nine_months_have_no_limits() -> None:
    found = process(pd.Series(USUAL[:9]))
    assert not found.limited
    assert process(pd.Series(USUAL[:10])).limited


def test_no_month_at_all_is_no_process() -> None:
    found = process(pd.Series(dtype="float64"))
    assert list(found.points) == list(process(pd.Series(USUAL)).points)
    assert found.signals.empty
    assert not found.limited
