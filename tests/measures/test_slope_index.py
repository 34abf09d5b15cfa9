"""Oracles: numpy from OHID's definition, the published worked example, and identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures.slope_index import (
    relative_ranks,
    slope_index_of_inequality,
    standard_error_from_limits,
)
from pcs_dash.tables.errors import UserError

# The worked example in the documentation of OHID's phe_sii, its first area.
POPULATION = [7291, 7997, 6105, 7666, 5790, 6934, 5918, 5974, 7147, 7534]
VALUE = [75.9, 78.3, 83.8, 83.6, 80.5, 81.1, 81.7, 84.2, 80.6, 86.3]
ERROR = [1.64, 1.58, 1.51, 1.78, 1.7, 1.56, 1.37, 1.4, 2.43, 1.57]
LOWER = [72.7, 75.3, 80.9, 80.2, 77.1, 78, 79, 81.4, 75.8, 83.2]
UPPER = [79.1, 81.4, 86.8, 87.1, 83.8, 84.2, 84.4, 86.9, 85.4, 89.4]


def ohid(
    population: list[float], value: np.ndarray | list[float]
) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Both sides times the square root of the share, then ordinary least squares."""
    share = np.array(population) / sum(population)
    rank = np.array([share[:i].sum() + share[i] / 2 for i in range(len(share))])
    root = np.sqrt(share)
    columns = np.column_stack([root, rank * root])
    line = np.linalg.lstsq(columns, root * np.asarray(value), rcond=None)[0]
    return rank, root, (line[0], line[1])


def test_point_estimates_are_ohids_regression() -> None:
    _, _, (intercept, slope) = ohid(POPULATION, VALUE)
    result = slope_index_of_inequality(range(1, 11), POPULATION, VALUE)
    assert result.sii == pytest.approx(slope, rel=1e-12)
    assert result.intercept == pytest.approx(intercept, rel=1e-12)
    assert result.rii == pytest.approx((intercept + slope) / intercept, rel=1e-12)
    assert math.isnan(result.sii_low)
    assert math.isnan(result.rii_high)
    assert math.isnan(result.p_value)


def test_the_interval_of_means_is_ohids_simulation() -> None:
    result = slope_index_of_inequality(range(1, 11), POPULATION, VALUE, ERROR)
    rank, root, _ = ohid(POPULATION, VALUE)
    rng = np.random.default_rng(99)
    drawn = rng.normal(VALUE, ERROR, size=(40_000, 10))
    columns = np.column_stack([root, rank * root])
    lines = np.linalg.lstsq(columns, (drawn * root).T, rcond=None)[0]
    assert result.sii_low == pytest.approx(np.quantile(lines[1], 0.025), abs=0.12)
    assert result.sii_high == pytest.approx(np.quantile(lines[1], 0.975), abs=0.12)
    ratio = (lines[0] + lines[1]) / lines[0]
    assert result.rii_low == pytest.approx(np.quantile(ratio, 0.025), abs=0.002)
    assert result.rii_high == pytest.approx(np.quantile(ratio, 0.975), abs=0.002)
    # A slope is linear in the values, so its standard error is exact.
    share = root**2
    weight = share * (rank - 0.5) / (share * (rank - 0.5) ** 2).sum()
    reach = 1.959964 * math.sqrt(((weight * np.array(ERROR)) ** 2).sum())
    assert result.sii_high - result.sii == pytest.approx(reach, rel=0.02)
    error = reach / 1.959964
    assert result.p_value == pytest.approx(math.erfc(abs(result.sii) / error / 2**0.5), abs=0.003)


def test_the_same_seed_gives_the_same_interval() -> None:
    first = slope_index_of_inequality(range(1, 11), POPULATION, VALUE, ERROR, seed=3)
    assert first == slope_index_of_inequality(range(1, 11), POPULATION, VALUE, ERROR, seed=3)
    assert first != slope_index_of_inequality(range(1, 11), POPULATION, VALUE, ERROR, seed=4)


def test_equal_values_have_no_inequality() -> None:
    result = slope_index_of_inequality([1, 2, 3], [10, 30, 20], [7, 7, 7], [0, 0, 0])
    assert result.sii == pytest.approx(0, abs=1e-12)
    assert result.rii == pytest.approx(1, abs=1e-12)
    assert (result.sii_low, result.sii_high) == pytest.approx((0, 0), abs=1e-12)


@settings(max_examples=50)
@given(
    st.lists(st.integers(1, 100_000), min_size=3, max_size=20),
    st.floats(-1_000, 1_000),
    st.floats(-500, 500),
)
def test_a_measure_linear_in_relative_rank_gives_its_slope_exactly(
    population: list[int], intercept: float, slope: float
) -> None:
    ranks = relative_ranks(population)
    result = slope_index_of_inequality(
        np.arange(1, len(population) + 1), population, intercept + slope * ranks
    )
    assert result.sii == pytest.approx(slope, rel=1e-6, abs=1e-6)
    assert result.intercept == pytest.approx(intercept, rel=1e-6, abs=1e-6)


def test_direction_quantile_1_is_most_deprived_and_rank_0() -> None:
    worse_when_deprived = slope_index_of_inequality([1, 2, 3], [1, 1, 1], [30, 20, 10])
    assert worse_when_deprived.sii == pytest.approx(-30)
    assert worse_when_deprived.intercept == pytest.approx(35)
    assert worse_when_deprived.rii == pytest.approx(5 / 35)


def test_a_measure_of_zero_at_the_deprived_end_has_no_ratio() -> None:
    ranks = relative_ranks([4, 4, 4, 4])
    result = slope_index_of_inequality([1, 2, 3, 4], [4, 4, 4, 4], 8 * ranks, [1, 1, 1, 1])
    assert result.sii == pytest.approx(8)
    assert math.isnan(result.rii)
    assert math.isnan(result.rii_low)
    assert math.isfinite(result.sii_low)


def test_log_transform_back_transforms_the_ends_and_their_limits() -> None:
    _, _, (a, b) = ohid(POPULATION, np.log(VALUE))
    result = slope_index_of_inequality(
        range(1, 11), POPULATION, VALUE, ERROR, kind="rate", transform=True
    )
    assert result.intercept == pytest.approx(math.exp(a))
    assert result.sii == pytest.approx(math.exp(a + b) - math.exp(a))
    assert result.rii == pytest.approx(math.exp(b))
    # The limits: those of the slope on the log scale, with the middle of the line held.
    rank, root, _ = ohid(POPULATION, VALUE)
    share = root**2
    weight = share * (rank - 0.5) / (share * (rank - 0.5) ** 2).sum()
    reach = 1.959964 * math.sqrt(((weight * np.array(ERROR) / np.array(VALUE)) ** 2).sum())
    low, middle = b - reach, a + b / 2
    assert result.rii_low == pytest.approx(math.exp(low), rel=2e-3)
    expected = math.exp(middle + low / 2) - math.exp(middle - low / 2)
    assert result.sii_low == pytest.approx(expected, abs=0.05)


def test_logit_transform_back_transforms_the_ends() -> None:
    value = np.array([0.31, 0.25, 0.22, 0.18, 0.12])
    population = [120, 90, 100, 80, 110]
    _, _, (a, b) = ohid(population, np.log(value / (1 - value)))
    result = slope_index_of_inequality(
        range(1, 6), population, value, np.full(5, 0.02), kind="proportion", transform=True
    )
    ends = [1 / (1 + math.exp(-a)), 1 / (1 + math.exp(-a - b))]
    assert result.sii == pytest.approx(ends[1] - ends[0])
    assert result.rii == pytest.approx(ends[1] / ends[0])
    assert result.sii_low < result.sii < result.sii_high < 0
    assert result.sii_low > -1


def test_rates_without_transform_are_simulated_as_log_normal() -> None:
    value, error = np.array([300.0, 200.0, 100.0]), np.array([60.0, 40.0, 20.0])
    result = slope_index_of_inequality([1, 2, 3], [1, 1, 1], value, error, kind="rate")
    drawn = value * np.exp(np.random.default_rng(5).normal(size=(60_000, 3)) * error / value)
    slopes = 1.5 * (drawn[:, 2] - drawn[:, 0])
    assert result.sii == pytest.approx(-300)
    assert result.sii_low == pytest.approx(np.quantile(slopes, 0.025), abs=6)
    assert result.sii_high == pytest.approx(np.quantile(slopes, 0.975), abs=3)


def test_limits_give_back_ohids_standard_error() -> None:
    means = standard_error_from_limits(VALUE, LOWER, UPPER)
    # The published standard errors are rounded to two places, the limits to one.
    assert means == pytest.approx(ERROR, abs=0.1)
    low, high = np.array([80.0, 60.0, 40.0]), np.array([125.0, 90.0, 70.0])
    value = np.sqrt(low * high)
    errors = standard_error_from_limits(value, low, high, kind="rate")
    assert errors / value == pytest.approx(np.log(high / low) / (2 * 1.959964))


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (([1, 2], [1, 1], [1, 1]), {}, "too few"),
        (([1, 2, 3], [1, 1], [1, 1, 1]), {}, "lengths differ"),
        (([1, 3, 2], [1, 1, 1], [1, 1, 1]), {}, "must rise"),
        (([1, 2, 2], [1, 1, 1], [1, 1, 1]), {}, "each once"),
        (([1, 2, 3], [1, 0, 1], [1, 1, 1]), {}, "above zero"),
        (([1, 2, 3], [1, math.nan, 1], [1, 1, 1]), {}, "above zero"),
        (([1, 2, 3], [1, 1, 1], [1, math.nan, 1]), {}, "needs a value"),
        (([1, 2, 3], [1, 1, 1], [0.1, 1.2, 0.3]), {"kind": "proportion"}, "between 0 and 1"),
        (([1, 2, 3], [1, 1, 1], [0.1, 1, 0.3]), {"kind": "proportion", "transform": True}, "logit"),
        (([1, 2, 3], [1, 1, 1], [5, 0, 3]), {"kind": "rate", "transform": True}, "no logarithm"),
        (([1, 2, 3], [1, 1, 1], [5, -1, 3]), {"kind": "rate"}, "below zero"),
        (([1, 2, 3], [1, 1, 1], [5, 0, 3], [1, 1, 1]), {"kind": "rate"}, "merge quantiles"),
        (([1, 2, 3], [1, 1, 1], [1, 1, 1], [1, -1, 1]), {}, "zero or more"),
        (([1, 2, 3], [1, 1, 1], [1, 1, 1], [1, 1]), {}, "2 standard errors"),
        (([1, 2, 3], [1, 1, 1], [1, 1, 1]), {"kind": "count"}, "mean, rate or proportion"),
        (([1, 2, 3], [1, 1, 1], [1, 1, 1]), {"transform": True}, "no transform"),
        (([1, 2, 3], [1, 1, 1], [1, 1, 1]), {"confidence": 95}, "from 0.5"),
        (([1, 2, 3], [1, 1, 1], [1, 1, 1]), {"repetitions": 3}, "repetitions"),
        ((["a", "b", "c"], [1, 1, 1], [1, 1, 1]), {}, "must be numbers"),
    ],
)
def test_what_the_method_cannot_use_is_said(
    arguments: tuple[object, ...], options: dict[str, object], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        slope_index_of_inequality(*arguments, **options)  # type: ignore[arg-type]
