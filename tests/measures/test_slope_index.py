"""Oracles: numpy from OHID's definition, the published worked example, and identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures.slope_index import (
    _p_value,
    _positions,
    _ratio_limits,
    _simulate,
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


THREE = [1, 2, 3]
ONES = [1, 1, 1]
FEW = "2 quantiles are too few for a slope; give at least 3."
RISE = "Quantiles must rise from 1 (most deprived), each once."
EMPTY = "Every quantile needs a population above zero; leave empty quantiles out."
MERGE = "has no interval by OHID's method; merge quantiles."
ERRORS = "Standard errors must be numbers of zero or more, one for each quantile."
VALUES = "Every quantile needs a value; leave quantiles without one out."
SHARE = "A proportion lies between 0 and 1; divide per cent by 100."
KIND = "There is no kind 'count'; choose mean, rate or proportion."


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (([1, 2], [1, 1], [1, 1]), {}, FEW),
        (
            (THREE, [1, 1], ONES),
            {},
            "The lengths differ: 3 quantiles, 2 populations and 3 values. Give one of each for "
            "every quantile.",
        ),
        (
            ([THREE], [ONES], [ONES]),
            {},
            "The lengths differ: 3 quantiles, 3 populations and 3 values. Give one of each for "
            "every quantile.",
        ),
        (([1, 3, 2], ONES, ONES), {}, RISE),
        (([1, 2, 2], ONES, ONES), {}, RISE),
        ((THREE, [1, 0, 1], ONES), {}, EMPTY),
        ((THREE, [1, math.nan, 1], ONES), {}, EMPTY),
        ((THREE, [1, math.inf, 1], ONES), {}, EMPTY),
        ((THREE, ONES, [1, math.nan, 1]), {}, VALUES),
        ((THREE, ONES, [0.1, 1.2, 0.3]), {"kind": "proportion"}, SHARE),
        ((THREE, ONES, [0.1, -0.2, 0.3]), {"kind": "proportion"}, SHARE),
        (
            (THREE, ONES, [0.1, 1, 0.3]),
            {"kind": "proportion", "transform": True},
            "A proportion of 0 or 1 has no logit; use transform=False.",
        ),
        (
            (THREE, ONES, [0.1, 0, 0.3]),
            {"kind": "proportion", "transform": True},
            "A proportion of 0 or 1 has no logit; use transform=False.",
        ),
        (
            (THREE, ONES, [5, 0, 3]),
            {"kind": "rate", "transform": True},
            "A rate of 0 has no logarithm; use transform=False.",
        ),
        ((THREE, ONES, [5, -1, 3]), {"kind": "rate"}, "A rate can't be below zero."),
        ((THREE, ONES, [5, 0, 3], ONES), {"kind": "rate"}, f"A rate of 0 {MERGE}"),
        (
            (THREE, ONES, [0.5, 0, 0.3], ONES),
            {"kind": "proportion"},
            f"A proportion of 0 or 1 {MERGE}",
        ),
        (
            (THREE, ONES, [0.5, 1, 0.3], ONES),
            {"kind": "proportion"},
            f"A proportion of 0 or 1 {MERGE}",
        ),
        ((THREE, ONES, ONES, [1, -1, 1]), {}, ERRORS),
        ((THREE, ONES, ONES, [1, math.nan, 1]), {}, ERRORS),
        ((THREE, ONES, ONES, [1, 1]), {}, "There are 2 standard errors for 3 quantiles."),
        ((THREE, ONES, ONES), {"kind": "count"}, KIND),
        (
            (THREE, ONES, ONES),
            {"transform": True},
            "A mean has no transform; choose kind rate (log) or proportion (logit).",
        ),
        (
            (THREE, ONES, ONES),
            {"confidence": 95},
            "The confidence is 95; give a figure from 0.5 up to below 1.",
        ),
        (
            (THREE, ONES, ONES),
            {"repetitions": 99},
            "Fewer than 100 repetitions give no steady interval (OHID: 100,000).",
        ),
        ((["a", "b", "c"], ONES, ONES), {}, "Quantiles, populations and values must be numbers."),
        ((THREE, ["a", 1, 1], ONES), {}, "Quantiles, populations and values must be numbers."),
        # All that is wrong is said at once.
        (
            ([2, 1], [1, 0], [1, math.nan]),
            {"kind": "count"},
            f"{KIND} {FEW} {RISE} {EMPTY} {VALUES}",
        ),
    ],
)
def test_what_the_method_cannot_use_is_said(
    arguments: tuple[object, ...], options: dict[str, object], words: str
) -> None:
    with pytest.raises(UserError) as told:
        slope_index_of_inequality(*arguments, **options)  # type: ignore[arg-type]
    assert str(told.value) == words


def test_what_lies_on_the_edge_is_used() -> None:
    """Proportions of 0 and 1 and rates of 0 have a slope, without transform or interval."""
    ends = slope_index_of_inequality(THREE, ONES, [0, 0.5, 1], kind="proportion")
    assert (ends.sii, ends.intercept) == pytest.approx((1.5, -0.25))
    assert slope_index_of_inequality(THREE, ONES, [0, 1, 2], kind="rate").sii == pytest.approx(3)
    drawn = slope_index_of_inequality(THREE, ONES, [7, 8, 10], ONES, repetitions=100)
    assert drawn.interval_method == "simulation (100 repetitions)"
    assert slope_index_of_inequality(THREE, ONES, [7, 8, 10]).interval_method == "none"
    usual = slope_index_of_inequality(THREE, ONES, [7, 8, 10], ONES)
    assert usual.interval_method == "simulation (100,000 repetitions)"
    assert usual == slope_index_of_inequality(THREE, ONES, [7, 8, 10], ONES, seed=0)
    assert drawn.confidence == 0.95
    narrow = slope_index_of_inequality(
        THREE, ONES, [7, 8, 10], ONES, repetitions=1_000, confidence=0.5
    )
    assert narrow.confidence == 0.5
    # The quartiles of the slope: 0.674 standard errors, of 1.5 x the difference of two.
    reach = 0.6745 * 1.5 * math.sqrt(2)
    assert narrow.sii_high - narrow.sii_low == pytest.approx(2 * reach, rel=0.1)


def test_the_limits_of_proportions_are_on_the_logit_scale_and_back() -> None:
    """By hand: the interval of logits over 2z, times p (1 - p)."""
    low, value, high = 0.2, 0.25, 0.31
    logits = [math.log(p / (1 - p)) for p in (low, high)]
    found = standard_error_from_limits([value], [low], [high], kind="proportion")
    assert found == pytest.approx([(logits[1] - logits[0]) / (2 * 1.959964) * 0.25 * 0.75])
    wide = standard_error_from_limits([10.0], [7.0], [13.0], z=1.5)
    assert wide == pytest.approx([2.0])


def test_the_places_of_the_limits_are_those_of_the_sorted_samples() -> None:
    """Of 1 to 1,000 in any order those at 25 and 975; of few the ends, never beyond them."""
    samples = np.random.default_rng(1).permutation(np.arange(1.0, 1_001))
    assert _positions(samples, 0.95) == (25, 975)
    assert _positions(samples, 0.8) == (100, 900)
    assert _positions(samples[:1], 0.95) == (samples[0], samples[0])
    assert _positions(np.array([3.0, 1.0, 2.0]), 0.95) == (1, 3)


def test_a_ratio_has_limits_only_where_its_denominator_keeps_its_sign() -> None:
    top = np.full(1_000, 6.0)
    most = np.r_[np.full(30, -2.0), np.full(970, 3.0)]
    assert np.isnan(_ratio_limits(most, top, 0.95)).all()
    assert _ratio_limits(np.abs(most), top, 0.95) == (2, 3)
    # 2% of another sign are within the tail that is cut off, 3% are not.
    few = np.r_[np.full(20, -2.0), np.full(980, 3.0)]
    assert _ratio_limits(few, top, 0.95) == (2, 2)
    assert _ratio_limits(-few, top, 0.95) == (-2, -2)
    assert np.isnan(_ratio_limits(np.r_[0.0, most[100:]], top[:901], 0.95)).all()


def test_p_is_twice_the_smaller_tail_and_never_nought_or_above_one() -> None:
    slopes = np.r_[np.full(9, -1.0), np.full(190, 1.0)]
    assert _p_value(slopes, 199) == pytest.approx(0.1)
    assert _p_value(-slopes, 199) == pytest.approx(0.1)
    assert _p_value(np.ones(99), 99) == pytest.approx(0.02)
    # A slope of exactly 0 is on both sides.
    assert _p_value(np.zeros(99), 99) == 1
    assert _p_value(np.r_[np.zeros(9), np.ones(190)], 199) == pytest.approx(0.1)
    assert _p_value(np.r_[np.zeros(9), -np.ones(190)], 199) == pytest.approx(0.1)


def test_a_chunk_of_draws_more_or_less_changes_no_other_draw() -> None:
    """20,001 repetitions are two chunks; the first 20,000 lines are those of 20,000."""
    projection = np.array([[1.0, 0, 0], [0, 0, 1.0]])
    options = (np.array([1.0, 2, 3]), np.array([0.0, 1, 2]), np.asarray, projection, False)
    one = _simulate(*options, 20_000, 5)
    two = _simulate(*options, 20_001, 5)
    assert [len(each) for each in two] == [20_001, 20_001]
    assert (two[1][:20_000] == one[1]).all()
    assert (one[0] == 1).all()
    assert one[1].mean() == pytest.approx(3, abs=0.05)
    assert one[1].std() == pytest.approx(2, rel=0.03)
    assert abs(two[1][-1] - 3) < 10
