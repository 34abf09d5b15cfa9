"""Limits against the Poisson's definition and against figures from phstatsmethods."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from pcs_dash.measures.funnel import POSITIONS, WITHIN, funnel, poisson_limits
from pcs_dash.tables.dataset import build_practices


@pytest.mark.parametrize("tail", [0.025, 0.001])
@pytest.mark.parametrize("count", [1, 4, 12, 60])
def test_limits_are_exact_poisson_tails_at_whole_counts(count: int, tail: float) -> None:
    # The mean under which `count` or fewer have probability `tail`, and `count` or more.
    mean_low = stats.chi2.ppf(1 - tail, 2 * (count + 1)) / 2
    mean_high = stats.chi2.ppf(tail, 2 * count) / 2
    assert stats.poisson.cdf(count, mean_low) == pytest.approx(tail)
    assert stats.poisson.sf(count - 1, mean_high) == pytest.approx(tail)
    assert poisson_limits(mean_low, tail)[0] == pytest.approx(count, rel=1e-6)
    assert poisson_limits(mean_high, tail)[1] == pytest.approx(count, rel=1e-6)


def test_nothing_is_rare_enough_below_a_small_expectation() -> None:
    assert poisson_limits(3.0, 0.025)[0] == 0
    assert poisson_limits(4.0, 0.025)[0] > 0


def make(n: int = 300, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    patients = np.round(rng.lognormal(9.5, 0.6, size=n))
    return pd.DataFrame(
        {"patients": patients, "gp_fte_fully_qualified": rng.poisson(patients / 2_000)},
        index=[f"F{i:04}" for i in range(n)],
    )


def test_poisson_practices_lie_within_as_often_as_the_limits_say() -> None:
    outside = [funnel(make(seed=seed)).n_outside_95 for seed in range(10)]
    assert 0.02 < np.mean(outside) / 300 < 0.06
    assert np.mean([funnel(make(seed=seed)).dispersion for seed in range(10)]) == pytest.approx(
        0.75, abs=0.15
    )


def test_positions_agree_with_the_lines_and_the_direction() -> None:
    table = make()
    table.loc["LOW"] = [40_000.0, 5.0]
    table.loc["HIGH"] = [40_000.0, 60.0]
    result = funnel(table)
    assert result.points.loc["LOW", "position"] == POSITIONS[0]
    assert result.points.loc["HIGH", "position"] == POSITIONS[-1]
    assert result.average == pytest.approx(
        1e4 * table["gp_fte_fully_qualified"].sum() / table["patients"].sum()
    )
    lines = result.limits
    for name in ("low_998", "low_95", "average", "high_95", "high_998"):
        assert lines[name].notna().all()
    assert (lines["low_998"] <= lines["low_95"]).all()
    assert (lines["high_95"] <= lines["high_998"]).all()
    inside = result.points["position"] == WITHIN
    for code in result.points.index[:40]:
        row = result.points.loc[code]
        low, high = poisson_limits(row["expected_fte"], 0.025)
        assert inside[code] == (low <= row["fte_gp"] <= high)


def test_the_limits_can_follow_the_practices_own_spread() -> None:
    practices = build_practices()[0]
    plain, own = funnel(practices), funnel(practices, adjust=True)
    # FTE spreads less than a count of events, so its own limits are narrower.
    assert plain.dispersion < 1
    assert own.n_outside_95 > plain.n_outside_95
    assert (own.limits["high_95"] < plain.limits["high_95"]).all()
    assert "generous" in plain.note
    assert plain.expected_outside_95 == pytest.approx(0.05 * 204)


def test_missing_fte_leaves_and_zero_stays() -> None:
    table = make(20)
    table["gp_fte_fully_qualified"] = table["gp_fte_fully_qualified"].astype(float)
    table.iloc[0, 1] = np.nan
    table.iloc[1, 1] = 0.0
    result = funnel(table)
    assert (result.n, result.n_missing) == (19, 1)
    assert result.points.loc["F0001", "fte_per_10000"] == 0
    assert math.isnan(result.points.loc["F0001", "patients_per_fte_gp"])


def test_no_practices_make_an_empty_funnel() -> None:
    result = funnel(make(3)[:0])
    assert result.limits.empty
    assert result.n == 0
    assert "Too few" in result.note


def test_the_points_and_lines_of_a_funnel_by_hand() -> None:
    """Ten practices; the limits of a size from the definition, at either end of the axis."""
    fte = [0.0, 1, 2, 3, 4, 5, 6, 7, 8, 30]
    table = pd.DataFrame(
        {"patients": [8_000.0] * 9 + [16_000], "gp_fte_all": fte, "gp_fte_fully_qualified": 1.0},
        index=list("abcdefghij"),
    )
    table.loc["k"] = [0.0, 5.0, 1.0]
    table.loc["l"] = [np.nan, 5.0, 1.0]
    found = funnel(table, definition="all", grid=7)
    average = 66 / 88_000
    assert (found.n, found.n_missing, found.definition, found.adjusted) == (10, 2, "all", False)
    assert found.average == pytest.approx(1e4 * average)
    assert found.expected_outside_95 == 0.5
    points = found.points
    assert points["expected_fte"].tolist() == pytest.approx([6.0] * 9 + [12.0])
    assert points["fte_per_10000"].tolist() == pytest.approx([1.25 * n for n in fte[:9]] + [18.75])
    assert points["patients_per_fte_gp"].tolist()[1:] == pytest.approx(
        [8_000 / n for n in fte[1:9]] + [16_000 / 30]
    )
    low, high = poisson_limits(6.0, 0.025)
    # The Poisson's tails at counts that are not whole are the incomplete gamma function's.
    tails = (special.gammaincc(low + 1, 6.0), special.gammainc(high, 6.0))
    assert tails == pytest.approx((0.025, 0.025))
    assert points["position"].tolist() == [POSITIONS[1]] * 2 + [WITHIN] * 7 + [POSITIONS[4]]
    assert found.n_outside_95 == 3
    lines = found.limits
    assert len(lines) == 7
    assert lines["patients"].iloc[[0, -1]].tolist() == pytest.approx([6_400, 17_600])
    assert lines["average"].tolist() == pytest.approx([1e4 * average] * 7)
    for name, tail in (("95", 0.025), ("998", 0.001)):
        low, high = poisson_limits(lines["patients"] * average, tail)
        assert lines[f"low_{name}"].tolist() == pytest.approx(list(1e4 * low / lines["patients"]))
        assert lines[f"high_{name}"].tolist() == pytest.approx(list(1e4 * high / lines["patients"]))


def test_limits_as_wide_as_the_practices_spread() -> None:
    """Winsorised at a tenth in each tail, and on the square-root scale."""
    table = make(60)
    table["gp_fte_fully_qualified"] = table["gp_fte_fully_qualified"] ** 1.5
    plain, own = funnel(table), funnel(table, adjust=True)
    due = table["patients"] * plain.average / 1e4
    scores = sorted(2 * (np.sqrt(table["gp_fte_fully_qualified"]) - np.sqrt(due)))
    cut = np.interp([0.1 * 59, 0.9 * 59], range(60), scores)
    dispersion = np.mean([min(max(score, cut[0]), cut[1]) ** 2 for score in scores])
    assert plain.dispersion == own.dispersion == pytest.approx(dispersion)
    assert dispersion > 1
    assert f"variance is {dispersion:.1f} times what the Poisson limits allow for" in own.note
    assert "overdispersion" in own.note
    assert own.adjusted
    expected = own.limits["expected_fte"]
    for name, deviate in (("95", 1.959964), ("998", 3.090232)):
        reach = deviate * math.sqrt(dispersion) / 2
        low = np.maximum(np.sqrt(expected) - reach, 0) ** 2 * 1e4 / own.limits["patients"]
        high = (np.sqrt(expected) + reach) ** 2 * 1e4 / own.limits["patients"]
        assert own.limits[f"low_{name}"].tolist() == pytest.approx(low.tolist(), rel=1e-6, abs=1e-4)
        assert own.limits[f"high_{name}"].tolist() == pytest.approx(
            high.tolist(), rel=1e-6, abs=1e-4
        )
    assert (own.limits["low_95"] > 0).any()
    assert own.n_outside_95 < plain.n_outside_95


@pytest.mark.parametrize("n", [4, 5])
def test_five_practices_are_enough_to_tell_a_spread(n: int) -> None:
    result = funnel(make(n), adjust=True)
    assert math.isfinite(result.dispersion) == (n == 5)
    assert ("Too few" in result.note) == (n == 4)
    if n == 4:
        pd.testing.assert_frame_equal(result.limits, funnel(make(n)).limits)


def test_a_funnel_begins_at_a_hundred_patients() -> None:
    table = make(8).assign(patients=[50.0, *[5_000] * 7])
    assert funnel(table).limits["patients"].iloc[0] == pytest.approx(100)
    assert len(funnel(table).limits) == 100
