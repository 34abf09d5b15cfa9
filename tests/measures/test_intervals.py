"""The jackknife and permutations against loops by hand, and what they must never do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pcs_dash.measures.intervals import (
    CELLS,
    FEWEST_CARRYING,
    MANY_CARRYING,
    check_confidence,
    draw_again,
    jackknife,
    permutation_p,
)
from pcs_dash.tables.errors import UserError


def spread_over(n: int, seed: int = 1) -> np.ndarray:
    return 5 + np.random.default_rng(seed).normal(size=n) / n


def test_ranks_have_the_jackknifes_error_and_students_t() -> None:
    left_out = spread_over(30)
    error = math.sqrt(29 / 30 * sum((value - left_out.mean()) ** 2 for value in left_out))
    found = jackknife(5.0, left_out, ranks=True)
    assert found.high - 5 == pytest.approx(stats.t.ppf(0.975, 29) * error)
    assert 5 - found.low == pytest.approx(found.high - 5)
    assert found.p_value == pytest.approx(2 * stats.t.sf(5 / error, 29))


def test_sums_lose_degrees_of_freedom_where_few_practices_carry_them() -> None:
    left_out = np.zeros(40)
    left_out[:8] = [1, -1, 1, -1, 1, -1, 1, -1]
    found = jackknife(0.5, left_out)
    assert found.carried_by == pytest.approx(8)
    freedom = 1.5 * 8 / (1 - 8 / 40)
    error = math.sqrt(39 / 40 * 8)
    assert found.high == pytest.approx(0.5 + stats.t.ppf(0.975, freedom) * error)
    assert jackknife(0.5, left_out, fewest=9).reason
    assert not jackknife(0.5, left_out, fewest=8).reason


def test_no_interval_where_too_few_carry_the_figure() -> None:
    left_out = np.zeros(26)
    left_out[0] = 3.0
    found = jackknife(1.0, left_out)
    assert not found.known
    assert math.isnan(found.high)
    assert math.isnan(found.p_value)
    assert found.carried_by < FEWEST_CARRYING
    assert found.reason == (
        "There is no interval that holds: in effect fewer than 2 of the 26 practices carry the "
        "figure."
    )
    assert jackknife(1.0, left_out, ranks=True).known


def mean_again(values: np.ndarray):
    """The mean of practices drawn again, and without one of each of them."""

    def again(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        total = (counts @ values)[:, None]
        return (total / len(values))[:, 0], (total - values) / (len(values) - 1)

    return again


def test_where_few_carry_it_practices_are_drawn_again() -> None:
    lopsided, even = np.zeros(26), np.zeros(26)
    lopsided[:7], even[:6] = [3, 3, 3, -1, -1, -1, -1], [1, -1, 1, -1, 0.1, -0.1]
    for values, known in ((lopsided, True), (even, False)):
        again = mean_again(values)
        mean, left_out = (part[0] for part in again(np.ones((1, 26))))
        plain, found = jackknife(mean, left_out), jackknife(mean, left_out, again=again)
        assert FEWEST_CARRYING < plain.carried_by < MANY_CARRYING
        rng, held = np.random.default_rng(5), []
        for _ in range(2_000):
            drawn = values[rng.integers(26, size=26)]
            less = (drawn.sum() - drawn) / 25
            if less.std() > 0:
                part = jackknife(drawn.mean(), less, fewest=0)
                held.append(part.low <= mean <= part.high)
        assert (abs(np.mean(held) - 0.95) < 0.015) == found.known == known
        if known:
            assert found == plain
        else:
            assert "drawn again and again, one of 95% held the figure in 97" in found.reason
            assert math.isnan(found.p_value)
    # Of ranks nothing known beforehand tells, so they are tried however many carry them.
    many = np.arange(26.0) - 12.5
    mean, left_out = (part[0] for part in mean_again(many)(np.ones((1, 26))))
    assert jackknife(mean, left_out, ranks=True, again=mean_again(many)).known
    never = jackknife(9.0, left_out, ranks=True, again=mean_again(many))
    assert "held the figure in 0.0% of the draws" in never.reason
    mean, left_out = (part[0] for part in again(np.ones((1, 26))))
    # What takes too long to draw again needs many to carry it.
    slow = jackknife(mean, left_out, again=again, cells=CELLS + 1)
    assert "fewer than 5 of the 26" in slow.reason


def test_so_many_draws_are_made_a_part_at_a_time() -> None:
    again = mean_again(np.arange(26.0))

    def parts(**options) -> list[int]:
        return [len(part) for part in draw_again(12.5, 26, again, **options)]

    assert parts() == [1_500] * 5 + [500]
    # Coefficients are quick to draw.
    assert parts(ranks=True) == [1_500] * 8
    assert parts(draws=7, cells=400_000) == [2, 2, 2, 1]
    assert parts(draws=3, cells=5_000_000) == [1, 1, 1]
    first, second = (np.concatenate(list(draw_again(12.5, 26, again))) for _ in range(2))
    assert (first == second).all()
    assert (first != np.concatenate(list(draw_again(12.5, 26, again, seed=1)))).any()


def test_ranks_are_drawn_again_as_ranks_and_no_more_often_than_tells() -> None:
    values = np.zeros(26)
    values[:4] = [1, -1, 1, -1]
    drawn: list[int] = []

    def again(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        drawn.append(len(counts))
        return mean_again(values)(counts)

    mean, left_out = (part[0] for part in mean_again(values)(np.ones((1, 26))))
    held = {
        ranks: np.concatenate(list(draw_again(mean, 26, again, ranks=ranks))).mean()
        for ranks in (True, False)
    }
    assert 0.936 < held[True] < 0.964 < held[False]
    assert jackknife(mean, left_out, ranks=True, again=again).known
    drawn.clear()
    assert not jackknife(9.0, left_out, ranks=True, again=again).known
    assert drawn == [1_500]


def test_a_sum_that_all_carry_alike_has_the_most_degrees_of_freedom() -> None:
    left_out = np.tile([1.0, -1.0], 10)
    found = jackknife(0.0, left_out)
    assert found.carried_by == pytest.approx(20)
    assert found.high == pytest.approx(stats.t.ppf(0.975, 19) * math.sqrt(19 / 20 * 20))


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        (spread_over(9), "An interval needs at least 10 practices; there are 9."),
        (
            np.append(spread_over(20), np.nan),
            "There is no interval: the figure hangs on a single practice.",
        ),
        (np.full(20, 5.0), "There is no interval: the practices do not differ."),
    ],
)
def test_what_has_no_interval_says_why(left_out: np.ndarray, words: str) -> None:
    found = jackknife(5.0, left_out)
    assert found.reason == words
    assert math.isnan(found.low)


def test_a_confidence_is_a_share() -> None:
    with pytest.raises(UserError, match=r"from 0\.5 up to below 1"):
        jackknife(5.0, spread_over(20), confidence=95)


@given(st.integers(10, 60), st.integers(0, 10_000), st.floats(-2, 2), st.booleans())
def test_the_interval_leaves_the_null_value_out_exactly_where_p_is_below_5_per_cent(
    n: int, seed: int, estimate: float, ranks: bool
) -> None:
    found = jackknife(estimate, spread_over(n, seed), ranks=ranks)
    if found.known and abs(found.p_value - 0.05) > 1e-9:
        assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)
    wide = jackknife(estimate, spread_over(n, seed), ranks=ranks, confidence=0.99)
    if wide.known and abs(wide.p_value - 0.01) > 1e-9:
        assert (wide.p_value < 0.01) == (wide.low > 0 or wide.high < 0)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 7])
def test_permutations_of_a_few_are_all_orders(n: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.normal(size=n)
    observed = x @ y
    products = [x @ y[list(order)] for order in itertools.permutations(range(n))]
    above = np.mean(np.array(products) >= observed - 1e-12)
    below = np.mean(np.array(products) <= observed + 1e-12)
    assert permutation_p(lambda orders: y[orders] @ x, n) == pytest.approx(
        min(1.0, 2 * min(above, below))
    )


def test_permutations_of_many_are_seeded_and_never_certain() -> None:
    x = np.arange(30.0)
    first = permutation_p(lambda orders: x[orders] @ x, 30)
    assert first == permutation_p(lambda orders: x[orders] @ x, 30)
    assert 0 < first < 0.001
    assert math.isnan(permutation_p(lambda orders: x[orders] @ x, 1))


def test_ten_practices_are_enough_and_a_figure_that_is_none_has_no_interval() -> None:
    assert jackknife(5.0, spread_over(10), ranks=True).known
    wrong = {
        "at least 10": jackknife(math.nan, spread_over(12)),
        "do not differ": jackknife(5e6, 5e6 + 1e-9 * np.arange(12.0) / 12),
        "hangs on a single practice": jackknife(5.0, np.append(spread_over(12), math.inf)),
    }
    for words, found in wrong.items():
        assert words in found.reason
        # No half of a result: no figure at all.
        assert [found.low, found.high, found.p_value, found.carried_by] == pytest.approx(
            [math.nan] * 4, nan_ok=True
        )
    assert jackknife(0.0, 1e-9 * np.arange(12.0), ranks=True).known


def test_p_and_the_interval_are_about_the_null_value_and_the_confidence() -> None:
    left_out = spread_over(30)
    error = math.sqrt(29 / 30 * ((left_out - left_out.mean()) ** 2).sum())
    found = jackknife(5.0, left_out, null=5.3, ranks=True, confidence=0.8)
    assert found.p_value == pytest.approx(2 * stats.t.sf(0.3 / error, 29))
    assert found.low == pytest.approx(5 + stats.t.ppf(0.1, 29) * error)
    assert jackknife(5.0, left_out, ranks=True, fewest=31).reason


@pytest.mark.parametrize("confidence", [0.49, 1, 1.5, math.nan])
def test_what_is_no_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(UserError, match=f"The confidence is {confidence}; give a figure from"):
        check_confidence(confidence)
    check_confidence(0.5)
    check_confidence(0.999)


def test_random_orders_are_the_same_at_every_call_and_others_by_seed() -> None:
    """Batches hold the numbers that a statistic handles within bounds, and undefined is no p."""
    x = np.random.default_rng(2).normal(size=12)
    sizes: list[int] = []

    def statistic(orders: np.ndarray) -> np.ndarray:
        sizes.append(orders.size)
        return x[orders] @ np.arange(12.0)

    first = permutation_p(statistic, 12)
    assert max(sizes) == 5_040 * 12
    assert first == permutation_p(statistic, 12, seed=0)
    assert first != permutation_p(statistic, 12, seed=1)
    sizes.clear()
    assert permutation_p(statistic, 12, cells=2_000) == first
    assert max(sizes) == 1_000 * 12
    sizes.clear()
    permutation_p(statistic, 12, cells=1_000_000_000)
    assert max(sizes) == 12
    assert math.isnan(permutation_p(lambda orders: (x * 0)[orders] @ x / 0, 12))
    assert permutation_p(lambda orders: orders[..., 0] * 1.0, 2) == 1


@pytest.mark.parametrize("n", [5, 12])
def test_rounding_is_no_evidence(n: int) -> None:
    """A statistic that is nothing but rounding, of which an order alone has other than a batch."""

    def statistic(orders: np.ndarray) -> np.ndarray:
        return np.zeros(orders.shape[:-1]) + (2e-16 if orders.ndim == 1 else -1e-16)

    assert permutation_p(statistic, n) == 1
