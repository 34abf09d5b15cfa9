"""Limits against the Poisson's definition and against figures from phstatsmethods."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

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
