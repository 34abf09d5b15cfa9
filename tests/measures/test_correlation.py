"""Oracles: numpy from the definitions, scipy and statsmodels; identities."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pcs_dash.measures import correlation
from pcs_dash.measures.correlation import (
    HEADLINE,
    METHODS,
    PEARSON_CARRYING,
    correlate,
    correlate_practices,
    forest,
    influence,
    partial_correlation,
    residual_correlation,
    weighted_midranks,
    within_between,
)
from pcs_dash.measures.practice_measures import (
    VARIABLES,
    available_variables,
    measure,
    without_flagged,
)
from pcs_dash.measures.register import ACROSS
from pcs_dash.measures.trend_lines import lines
from pcs_dash.tables.errors import UserError


def cloud(n: int = 60, rho: float = 0.4, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return 20 + 5 * x, 2000 + 300 * (rho * x + math.sqrt(1 - rho**2) * rng.normal(size=n))


def by_hand(x: np.ndarray, y: np.ndarray, coefficient) -> tuple[float, float, float]:  # type: ignore[no-untyped-def]
    """Jackknife limits and p of a coefficient of Fisher's z, one practice left out in turn."""
    n = len(x)
    whole = math.atanh(coefficient(x, y))
    without = [math.atanh(coefficient(np.delete(x, i), np.delete(y, i))) for i in range(n)]
    error = math.sqrt((n - 1) / n * sum((z - np.mean(without)) ** 2 for z in without))
    reach = stats.t.ppf(0.975, n - 1) * error
    p = 2 * stats.t.sf(abs(whole) / error, n - 1)
    return math.tanh(whole - reach), math.tanh(whole + reach), p


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def test_spearman_has_the_jackknife_of_fishers_z_on_the_ranks_of_the_sample() -> None:
    x, y = cloud(n=40, seed=3)
    x = np.round(x)  # ties
    result = correlate(x, y, holds=True)
    assert result.method == HEADLINE == "spearman"
    assert result.coefficient == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    low, high, p = by_hand(stats.rankdata(x), stats.rankdata(y), pearson)
    assert (result.ci_low, result.ci_high, result.p_value) == pytest.approx((low, high, p))
    assert (result.n, result.n_missing, result.reason) == (40, 0, "")
    assert result.interval_method == "jackknife over practices, Student's t"


def test_pearson_has_the_same_on_the_figures_where_enough_practices_carry_it() -> None:
    x, y = cloud(n=200)
    result = correlate(x, y, method="pearson")
    assert result.coefficient == pytest.approx(pearson(x, y), abs=1e-12)
    assert (result.ci_low, result.ci_high, result.p_value) == pytest.approx(by_hand(x, y, pearson))


def test_pearson_has_no_interval_where_few_practices_carry_it() -> None:
    x, y = cloud(n=60)
    x[0], y[0] = 60, 20_000
    result = correlate(x, y, method="pearson")
    assert result.coefficient == pytest.approx(pearson(x, y))
    assert math.isnan(result.ci_low)
    assert "fewer than 2 of the 60 practices carry" in result.reason
    permuted = stats.permutation_test(
        (y,), lambda part: pearson(x, part), permutation_type="pairings", n_resamples=2_000, rng=3
    )
    assert result.p_value == pytest.approx(permuted.pvalue, abs=0.03)
    assert PEARSON_CARRYING > 2
    # The ranks do not mind.
    assert math.isfinite(correlate(x, y).ci_low)


def test_kendall_has_the_jackknife_of_tau_itself() -> None:
    x, y = cloud(n=40, seed=3)
    x = np.round(x)
    result = correlate(x, y, method="kendall")
    tau = stats.kendalltau(x, y).statistic
    without = [stats.kendalltau(np.delete(x, i), np.delete(y, i)).statistic for i in range(40)]
    reach = stats.t.ppf(0.975, 39) * math.sqrt(39 / 40 * np.sum((without - np.mean(without)) ** 2))
    assert result.coefficient == pytest.approx(tau, abs=1e-12)
    assert (result.ci_low, result.ci_high) == pytest.approx((tau - reach, tau + reach))


def test_no_limit_of_kendalls_lies_beyond_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.arange(12.0)
    y = np.array([0, 1, 2, 3, 4, 5, 6, 7, 11, 8, 9, 10.0])
    up, down = (correlate(x, part, method="kendall", holds=True) for part in (y, -y))
    assert (up.ci_high, down.ci_low) == (1, -1)
    assert -1 < down.ci_high < 0
    assert down.ci_high == pytest.approx(-up.ci_low)
    # What is counted in parts is what is counted at once.
    monkeypatch.setattr(correlation, "CHUNK", 5)
    assert correlate(x, y, method="kendall", holds=True) == up


def test_ranks_need_no_more_than_few_to_carry_them_weighted_ones_do() -> None:
    x = np.arange(30.0)
    y = x.copy()
    y[0], y[29] = 29, 0
    assert math.isfinite(correlate(x, y, holds=True).ci_low)
    weighted = correlate(x, y, weights=np.ones(30), holds=True)
    assert math.isnan(weighted.ci_low)
    assert "practices carry the figure" in weighted.reason


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("columns", [0, 2])
def test_leaving_out_needs_no_second_regression(weighted: bool, columns: int) -> None:
    rng = np.random.default_rng(5)
    x, y, given_ = rng.normal(size=25), rng.normal(size=25), rng.normal(size=(25, columns))
    y += x + given_.sum(axis=1)
    w = rng.lognormal(size=25) if weighted else np.ones(25)

    def left(part: np.ndarray, rows: np.ndarray) -> np.ndarray:
        fit = sm.WLS(part[rows], sm.add_constant(given_[rows], has_constant="add"), weights=w[rows])
        return fit.fit().resid

    def coefficient(rows: np.ndarray) -> float:
        pairs = np.cov(left(x, rows), left(y, rows), aweights=w[rows])
        return pairs[0, 1] / math.sqrt(pairs[0, 0] * pairs[1, 1])

    everyone = np.arange(25)
    whole, without = residual_correlation(x, y, w, given_ if columns else None)
    assert whole == pytest.approx(coefficient(everyone))
    assert without == pytest.approx([coefficient(np.delete(everyone, i)) for i in range(25)])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_a_practice_drawn_twice_counts_as_two(method: str, weighted: bool) -> None:
    x, y = cloud(n=20, seed=1)
    x = np.round(x)
    w = np.random.default_rng(3).lognormal(size=20) if weighted else np.ones(20)
    again = (
        correlation._taus(x, y, w)
        if method == "kendall"
        else correlation._rhos(x, y, w, method == "spearman")
    )
    counts = np.random.default_rng(4).multinomial(20, np.full(20, 1 / 20), size=2)
    for row, whole, without in zip(counts, *again(counts), strict=True):
        drawn = np.repeat(np.arange(20), row)
        of = partial(correlate, method=method, holds=True)
        assert whole == pytest.approx(of(x[drawn], y[drawn], weights=w[drawn]).coefficient)
        if method != "spearman":  # whose ranks stay those of the whole sample
            less = drawn[1:]
            left = of(x[less], y[less], weights=w[less]).coefficient
            assert without[drawn[0]] == pytest.approx(left)


def test_so_it_does_where_others_are_allowed_for() -> None:
    x, y = cloud(n=20, seed=1)
    z = np.random.default_rng(2).normal(size=(20, 2))
    counts = np.random.default_rng(4).multinomial(20, np.full(20, 1 / 20), size=2)
    found = correlation._residual_rhos(x, y, z, True, True)(counts.astype(float))
    for row, whole, without in zip(counts, *found, strict=True):
        drawn = np.repeat(np.arange(20), row)
        ranks = [stats.rankdata(part[drawn], axis=0) for part in (x, y, z)]
        coefficient, left_out = residual_correlation(ranks[0], ranks[1], None, ranks[2])
        assert whole == pytest.approx(coefficient)
        assert without[drawn] == pytest.approx(left_out)


@pytest.mark.parametrize(("n", "p"), [(4, 2 / 24), (5, 2 / 120), (6, 2 / 720), (7, 2 / 5_040)])
@pytest.mark.parametrize("method", METHODS)
def test_perfect_agreement_of_a_few_is_no_certainty(n: int, p: float, method: str) -> None:
    result = correlate(np.arange(n), np.arange(n) ** 2, method=method)
    assert result.p_value == pytest.approx(p)
    assert math.isnan(result.ci_low)
    assert result.reason
    assert result.excludes_zero == (p < 0.05)


@pytest.mark.parametrize("method", METHODS)
def test_perfect_agreement_of_many_is_not_certain_either(method: str) -> None:
    result = correlate(range(30), range(30), method=method)
    assert result.coefficient == pytest.approx(1)
    assert 0 < result.p_value < 0.001
    assert math.isnan(result.ci_low)
    assert result.reason


@pytest.mark.parametrize("method", METHODS)
def test_a_few_practices_have_the_exact_p_of_all_orders(method: str) -> None:
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=6), rng.normal(size=6)
    exact = {
        "spearman": lambda a, b: stats.spearmanr(a, b).statistic,
        "kendall": lambda a, b: stats.kendalltau(a, b).statistic,
        "pearson": pearson,
    }[method]
    found = [exact(x, y[list(order)]) for order in itertools.permutations(range(6))]
    above = np.mean(np.array(found) >= exact(x, y) - 1e-12)
    below = np.mean(np.array(found) <= exact(x, y) + 1e-12)
    result = correlate(x, y, method=method)
    assert result.p_value == pytest.approx(min(1, 2 * min(above, below)))


@pytest.mark.parametrize("method", METHODS)
def test_equal_weights_give_the_unweighted_coefficient_and_interval(method: str) -> None:
    x, y = cloud(n=200, seed=5)
    plain = correlate(x, y, method=method)
    weighted = correlate(x, y, method=method, weights=np.full(200, 7.5))
    assert weighted.coefficient == pytest.approx(plain.coefficient, abs=1e-12)
    assert weighted.ci_low == pytest.approx(plain.ci_low, abs=1e-12)
    assert weighted.weighted
    assert not plain.weighted


def test_weighted_pearson_is_the_definition() -> None:
    x, y = cloud(n=25, seed=7)
    w = np.random.default_rng(0).lognormal(size=25)
    covariance = np.cov(x, y, aweights=w)
    expected = covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])
    result = correlate(x, y, weights=w, method="pearson")
    assert result.coefficient == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_a_whole_number_weight_counts_a_pair_that_often(method: str) -> None:
    x, y = cloud(n=15, seed=8)
    repeats = np.random.default_rng(2).integers(1, 4, size=15)
    weighted = correlate(x, y, method=method, weights=repeats)
    repeated = correlate(np.repeat(x, repeats), np.repeat(y, repeats), method=method)
    assert weighted.coefficient == pytest.approx(repeated.coefficient, abs=1e-12)


def test_missing_pairs_leave_and_are_counted() -> None:
    x, y = cloud(n=20)
    x[3], y[5], y[3] = np.nan, np.nan, np.nan
    result = correlate(x, y, method="pearson")
    keep = np.isfinite(x) & np.isfinite(y)
    assert (result.n, result.n_missing) == (18, 2)
    assert result.coefficient == pytest.approx(np.corrcoef(x[keep], y[keep])[0, 1])


def test_nullable_columns_with_missing_values_are_read() -> None:
    x = pd.Series([1, 2, None, 4, 5, 6], dtype="Int64")
    y = pd.Series([2.0, 1.0, 3.0, 5.0, 4.0, 7.0])
    assert correlate(x, y).n == 5


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([], [], "Only 0 practices"),
        ([1, 2, 3], [3, 1, 2], "Only 3 practices"),
        ([5, 5, 5, 5, 5], [1, 2, 3, 4, 5], "the same for every practice"),
        ([0.1 + 0.2, 0.3, 0.3, 0.3], [1, 2, 3, 4], "the same for every practice"),
        ([math.nan] * 6, [1, 2, 3, 4, 5, 6], "Only 0 practices"),
    ],
)
def test_too_little_gives_a_reason_and_no_number(
    x: list[float], y: list[float], words: str, method: str
) -> None:
    result = correlate(x, y, method=method)
    assert words in result.reason
    figures = (result.coefficient, result.ci_low, result.ci_high, result.p_value)
    assert all(math.isnan(figure) for figure in figures)
    assert not result.excludes_zero


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "distance"}, "spearman, kendall, pearson"),
        ({"confidence": 95}, "from 0.5 up to below 1"),
        ({"weights": [1, 2, 3, 4, -5]}, "negative"),
        ({"weights": [1, 2]}, "differ in length"),
    ],
)
def test_bad_arguments_are_the_users_to_mend(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        correlate([1, 2, 3, 4, 5], [1, 3, 2, 5, 4], **arguments)  # type: ignore[arg-type]


def test_series_of_different_practices_are_refused() -> None:
    x = pd.Series([1.0, 2, 3, 4], index=list("abcd"))
    with pytest.raises(UserError, match="same practices"):
        correlate(x, pd.Series([1.0, 2, 3, 4], index=list("abce")))


pairs = st.lists(
    st.tuples(st.integers(-20, 20), st.integers(-20, 20), st.integers(1, 9)),
    min_size=4,
    max_size=30,
)


@settings(max_examples=60)
@given(pairs, st.sampled_from(METHODS), st.booleans())
def test_any_cloud_gives_an_ordered_interval_or_a_reason(
    points: list[tuple[int, int, int]], method: str, weighted: bool
) -> None:
    x, y, w = (np.array(part, dtype=float) for part in zip(*points, strict=True))
    weights = w if weighted else None
    result = correlate(x, y, method=method, weights=weights)
    if math.isnan(result.coefficient):
        assert result.reason
        return
    assert 0 < result.p_value <= 1
    if math.isnan(result.ci_low):
        assert result.reason
    else:
        assert -1 <= result.ci_low <= result.coefficient <= result.ci_high <= 1
        assert (result.p_value < 0.05) == (result.ci_low > 0 or result.ci_high < 0)
    swapped = correlate(y, x, method=method, weights=weights)
    flipped = correlate(-x, y, method=method, weights=weights)
    stretched = correlate(3 * x + 7, y, method=method, weights=weights)
    assert swapped.coefficient == pytest.approx(result.coefficient, abs=1e-9)
    assert flipped.coefficient == pytest.approx(-result.coefficient, abs=1e-9)
    assert flipped.ci_low == pytest.approx(-result.ci_high, abs=1e-9, nan_ok=True)
    assert stretched.coefficient == pytest.approx(result.coefficient, abs=1e-9)


# --- lines, influence, partial, within and between


@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_agrees_with_statsmodels(weighted: bool) -> None:
    x, y = cloud(n=50, seed=21)
    w = np.random.default_rng(3).lognormal(size=50) if weighted else None
    line = lines(x, y, weights=w)[0]
    model = sm.WLS(y, sm.add_constant(x), weights=np.ones(50) if w is None else w)
    assert (line.intercept, line.slope) == pytest.approx(tuple(model.fit().params))
    assert line.at([0.0])[0] == pytest.approx(line.intercept)


def test_theil_sen_is_the_median_of_pairwise_slopes_and_shrugs_off_an_outlier() -> None:
    x = np.arange(10.0)
    y = 3 * x + 1
    y[9] = 500
    squares, robust = lines(x, y)
    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i in range(10) for j in range(i + 1, 10)]
    assert robust.slope == pytest.approx(np.median(slopes)) == pytest.approx(3)
    assert squares.slope > 20
    assert lines([1, 1, 1, 1], [1, 2, 3, 4]) == ()


def test_influence_is_the_correlation_without_each_practice() -> None:
    x, y = (pd.Series(part, index=[f"F{i}" for i in range(30)]) for part in cloud(n=30, seed=2))
    y.iloc[4] = np.nan
    table = influence(x, y)
    assert "F4" not in table.index
    assert len(table) == 29
    for code in table.index[:5]:
        kept = [name for name in x.index if name not in ("F4", code)]
        alone = correlate(x[kept], y[kept])
        row = table.loc[code]
        assert row["coefficient_without"] == pytest.approx(alone.coefficient)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((alone.ci_low, alone.ci_high))
    assert table["change"].abs().is_monotonic_decreasing


def test_of_five_in_line_each_carries_the_claim() -> None:
    """Of five in line 2 orders in 120 do as much, of four 2 in 24: no longer below 1 in 20."""
    five = pd.Series([1.0, 2, 3, 4, 5])
    for y in (five, 6 - five):
        assert influence(five, y)["changes_conclusion"].all()
    # Where all are alike they stay in their order.
    line = pd.Series(np.arange(40.0))
    table = influence(line, line, method="kendall")
    assert table.index.tolist() == list(line.index)
    assert not table["changes_conclusion"].any()


def test_no_coefficient_lies_beyond_one_by_rounding() -> None:
    for seed in range(20):
        x = np.random.default_rng(seed).lognormal(size=25)
        for y in (3 * x, -x / 7):
            for part in correlation._rhos(x, y, np.ones(25), False)(np.ones((1, 25))):
                assert (np.abs(part) <= 1).all()


def test_influence_names_the_practice_that_carries_the_result() -> None:
    rng = np.random.default_rng(6)
    x = pd.Series(np.append(rng.normal(size=20), 12.0))
    y = pd.Series(np.append(rng.normal(size=20), 12.0))
    table = influence(x, y, method="pearson")
    assert table.index[0] == 20
    assert table["changes_conclusion"].iloc[0]
    # Of the ranks no single practice can carry so much.
    assert influence(x, y)["change"].abs().max() < table["change"].abs().max() / 2
    assert influence(x[:4], y[:4]).empty


@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_partial_correlation_is_the_classical_formula(method: str) -> None:
    x, y = cloud(n=250, seed=14)
    z = x + np.random.default_rng(9).normal(scale=4, size=250)

    def partial(*parts: np.ndarray) -> float:
        r = np.corrcoef(parts)
        return (r[0, 1] - r[0, 2] * r[1, 2]) / math.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))

    figures = [stats.rankdata(part) if method == "spearman" else part for part in (x, y, z)]
    result = partial_correlation(x, y, pd.DataFrame({"z": z}), method=method)
    assert result.coefficient == pytest.approx(partial(*figures))
    without = [math.atanh(partial(*(np.delete(part, i) for part in figures))) for i in range(250)]
    error = math.sqrt(249 / 250 * np.sum((without - np.mean(without)) ** 2))
    reach = stats.t.ppf(0.975, 249) * error
    assert result.ci_low == pytest.approx(math.tanh(math.atanh(result.coefficient) - reach))


def test_partial_correlation_says_when_nothing_is_left() -> None:
    x, y = cloud(n=20)
    assert "nothing is left" in partial_correlation(x, y, pd.DataFrame({"z": 2 * x + 1})).reason
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(6, 4)))
    assert "covariates need more" in partial_correlation(x[:6], y[:6], wide).reason
    gap = np.where(np.arange(20) == 3, np.nan, x)
    nothing = partial_correlation(gap, y, pd.DataFrame({"z": 2 * x + 1}))
    assert (nothing.n, nothing.n_missing, nothing.weighted) == (19, 1, False)
    with pytest.raises(UserError, match="pearson and spearman"):
        partial_correlation(x, y, pd.DataFrame({"z": y}), method="kendall")  # type: ignore[arg-type]


def test_each_covariate_needs_five_practices_more() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=19)
    y = x + rng.normal(size=19)
    found = partial_correlation(x, y, pd.DataFrame(rng.normal(size=(19, 2))))
    assert found.reason == (
        "With 2 covariates an interval needs at least 20 practices; there are 19."
    )
    assert math.isnan(found.ci_low)
    assert found.p_value < 0.05


def simpsons_places() -> tuple[pd.Series, pd.Series, pd.Series]:
    rng = np.random.default_rng(17)
    place = np.repeat(np.arange(6), 20)
    inside = rng.normal(size=120)
    x = 10 * place + 2 * inside
    y = 5 * place - 3 * inside + rng.normal(scale=0.5, size=120)
    return pd.Series(x), pd.Series(y), pd.Series(place)


def test_simpsons_paradox_is_seen() -> None:
    x, y, place = simpsons_places()
    result = within_between(x, y, place)
    assert result.pooled.coefficient > 0 > result.within.coefficient
    assert result.pooled.excludes_zero
    assert result.within.excludes_zero
    # Nearly in line, so that with the practices drawn again the interval holds too often.
    assert "drawn again" in result.pooled.reason
    assert result.between.coefficient == pytest.approx(1)
    assert result.simpson
    # Within: what is left of the ranks once each place has its own mean.
    ranks = pd.DataFrame({"x": x.rank(), "y": y.rank()})
    left = ranks - ranks.groupby(place).transform("mean")
    assert result.within.coefficient == pytest.approx(left.corr().loc["x", "y"])
    assert result.pooled.coefficient == pytest.approx(ranks.corr().loc["x", "y"])
    assert result.groups["n"].tolist() == [20] * 6
    first = correlate(x[:20], y[:20])
    assert result.groups["coefficient"].iloc[0] == first.coefficient


def test_one_place_has_no_within_and_between() -> None:
    x, y = (pd.Series(part) for part in cloud(n=20))
    result = within_between(x, y, pd.Series(["Thurrock"] * 20))
    assert math.isnan(result.within.coefficient)
    assert not result.simpson
    assert "one group only" in result.within.reason
    assert result.groups.loc["Thurrock", "coefficient"] == result.pooled.coefficient


# --- in full ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "options", "words"),
    [
        ([1, 2, 3, 4], [1, 2, 3], {}, "The measures differ in length: 4 and 3 values, 4 weights."),
        (
            [1, 2, 3, 4], [1, 2, 3, 4], {"weights": [1, 2]},
            "The measures differ in length: 4 and 4 values, 2 weights.",
        ),
        (
            [1, 2, 3, 4], [1, 2, 3, 4], {"weights": [1, 2, 3, -1]},
            "A weight is negative; weights are list sizes or other positive counts.",
        ),
        (
            [1, 2, 3, 4], [1, 2, 3, 4], {"method": "distance"},
            "There is no method 'distance'. Choose one of: spearman, kendall, pearson.",
        ),
        (
            pd.Series([1.0, 2], index=[*"ab"]), pd.Series([1.0, 2], index=[*"ba"]), {},
            "The two measures are not for the same practices in the same order.",
        ),
        (
            pd.Series([1.0, 2]), [1.0, 2], {"weights": pd.Series([1.0, 2], index=[1, 0])},
            "The two measures are not for the same practices in the same order.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_correlated_is_told_in_full(
    x: object, y: object, options: dict[str, object], words: str
) -> None:
    with pytest.raises(UserError) as told:
        correlate(x, y, **options)  # type: ignore[arg-type]
    assert str(told.value) == words


def test_why_there_is_no_coefficient_in_full() -> None:
    few = correlate([1, np.nan, 3], [3, 1, 2], method="kendall", weights=[1, 1, 0], confidence=0.9)
    assert few.reason == "Only 1 practice has both figures; at least 4 are needed."
    assert (few.n, few.n_missing, few.method, few.weighted) == (1, 2, "kendall", True)
    assert (few.interval_method, few.confidence) == ("none", 0.9)
    assert correlate([1, 2, 3], [3, 1, 2]).reason == (
        "Only 3 practices have both figures; at least 4 are needed."
    )
    flat = "One of the measures is the same for every practice, so nothing can vary with it."
    assert correlate([1, 2, 3, 4], [7] * 4).reason == flat
    assert correlate([0] * 4, [1, 2, 3, 4]).reason == flat
    # A weight that is missing leaves as a missing figure does.
    gap = correlate(range(6), [2, 1, 4, 3, 6, 5], weights=[1, 1, 1, 1, 1, np.nan])
    assert (gap.n, gap.n_missing) == (5, 1)
    perfect = correlate([1, 2, 3, 4], [1, 2, 3, 4])
    assert perfect.reason == (
        "There is no interval: the two agree perfectly, as a few practices can by chance."
    )
    assert (perfect.interval_method, perfect.confidence, perfect.weighted) == ("none", 0.95, False)
    known = correlate(*cloud(), confidence=0.8)
    assert (known.confidence, known.method) == (0.8, "spearman")
    assert known.ci_low > correlate(*cloud()).ci_low


def test_a_claim_is_below_and_not_at_one_in_twenty() -> None:
    known = correlate(*cloud())
    assert replace(known, p_value=0.0499).excludes_zero
    assert not replace(known, p_value=0.05).excludes_zero
    assert not replace(known, p_value=math.nan).excludes_zero


def test_midranks_by_hand() -> None:
    """Weights 1, 2, 3, 4 on values 5, 1, 5, 9: 2 below the two 5s, which weigh 4 together."""
    weights = np.array([[1.0, 2, 3, 4], [0, 1, 0, 1]])
    found = weighted_midranks(weights, np.array([5.0, 1, 5, 9]))
    assert found.tolist() == [[4, 1, 4, 8], [1, 0.5, 1, 1.5]]


@pytest.mark.parametrize("method", METHODS)
def test_the_p_of_few_weighted_practices_is_of_all_orders(method: str) -> None:
    """Weights stay with x; the values of y are dealt out anew."""
    rng = np.random.default_rng(4)
    x, y, w = rng.normal(size=5), rng.normal(size=5), np.array([1.0, 2, 1, 3, 2])

    def rank(values: np.ndarray) -> np.ndarray:
        return np.array([w[values < v].sum() + w[values == v].sum() / 2 for v in values])

    def coefficient(a: np.ndarray, b: np.ndarray) -> float:
        if method == "kendall":
            pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
            top = sum(w[i] * w[j] * np.sign((a[i] - a[j]) * (b[i] - b[j])) for i, j in pairs)
            return float(top / sum(w[i] * w[j] for i, j in pairs))
        c = np.cov(a, b, aweights=w)
        return float(c[0, 1] / math.sqrt(c[0, 0] * c[1, 1]))

    a, b = (rank(x), rank(y)) if method == "spearman" else (x, y)
    found = [coefficient(a, b[list(order)]) for order in itertools.permutations(range(5))]
    above = np.mean(np.array(found) >= found[0] - 1e-12)
    below = np.mean(np.array(found) <= found[0] + 1e-12)
    result = correlate(x, y, method=method, weights=w)
    assert result.coefficient == pytest.approx(found[0])
    assert result.p_value == pytest.approx(min(1, 2 * min(above, below)))


def test_influence_with_weights_and_gaps() -> None:
    x, y = (pd.Series(part, index=[f"F{i}" for i in range(14)]) for part in cloud(n=14, seed=2))
    w = pd.Series(np.r_[np.nan, 0.0, np.arange(1.0, 13)], index=x.index)
    x.iloc[2] = np.nan
    table = influence(x, y, method="kendall", weights=w, confidence=0.8)
    assert list(table.columns) == [
        "coefficient_without", "change", "ci_low", "ci_high", "changes_conclusion",
    ]  # fmt: skip
    assert set(table.index) == {f"F{i}" for i in range(3, 14)}
    whole = correlate(x, y, method="kendall", weights=w, confidence=0.8)
    for code, row in table.iterrows():
        kept = [name for name in x.index if name != code]
        alone = correlate(x[kept], y[kept], method="kendall", weights=w[kept], confidence=0.8)
        assert row["coefficient_without"] == pytest.approx(alone.coefficient)
        assert row["change"] == pytest.approx(alone.coefficient - whole.coefficient)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(
            (alone.ci_low, alone.ci_high), nan_ok=True
        )
        assert row["changes_conclusion"] == (alone.excludes_zero != whole.excludes_zero)
    # Five pairs can lose one, four can't; without a coefficient there is nothing to change.
    five = pd.Series([1.0, 2, 3, 4, 5])
    assert len(influence(five, five[::-1].reset_index(drop=True))) == 5
    flat = influence(five, five * 0)
    assert flat.empty
    assert list(flat.columns) == list(table.columns)


def test_partial_correlations_in_full() -> None:
    x, y = cloud(n=30)
    z = pd.DataFrame({"z": np.random.default_rng(7).normal(size=30)})
    gaps = z.copy()
    gaps.iloc[3, 0] = np.nan
    x[5] = np.nan
    found = partial_correlation(x, y, gaps, confidence=0.8)
    assert (found.n, found.n_missing, found.method, found.weighted) == (28, 2, "spearman", False)
    assert (found.confidence, found.reason) == (0.8, "")
    assert found.interval_method == "jackknife over practices, Student's t"
    assert found.ci_low < found.coefficient < found.ci_high
    wide = partial_correlation(x, y, gaps)
    assert wide.ci_low < found.ci_low
    for arguments, words in (
        ((x, y, z[:5]), "The measures and the covariates differ in length."),
        ((x, y[:5], z), "The measures and the covariates differ in length."),
    ):
        with pytest.raises(UserError) as told:
            partial_correlation(*arguments)
        assert str(told.value) == words
    with pytest.raises(UserError) as told:
        partial_correlation(x, y, z, method="kendall")  # type: ignore[arg-type]
    assert str(told.value) == "A partial correlation is offered for pearson and spearman."
    with pytest.raises(UserError, match="The confidence is 7"):
        partial_correlation(x, y, z, confidence=7)
    assert partial_correlation(x, y, pd.DataFrame({"z": 2 * x}), method="pearson").reason == (
        "The covariates explain one of the measures entirely; nothing is left."
    )
    # n practices can allow for n - 4 covariates.
    x[5] = 0.0
    two = pd.DataFrame(np.random.default_rng(2).normal(size=(30, 2)))
    assert partial_correlation(x[:5], y[:5], two[:5]).reason == (
        "Only 5 practices have every figure; 2 covariates need more."
    )
    assert partial_correlation(x[:4], y[:4], z[:4]).reason == (
        "Only 4 practices have every figure; 1 covariate needs more."
    )
    six = partial_correlation(x[:6], y[:6], two[:6])
    assert math.isfinite(six.coefficient)
    assert 0 < six.p_value <= 1


def test_within_and_between_in_full() -> None:
    x, y, place = simpsons_places()
    x[0], y[1], place = np.nan, np.nan, place.astype(object)
    place[2] = None
    found = within_between(x, y, place, confidence=0.8)
    assert (found.within.n, found.within.n_missing, found.within.confidence) == (117, 3, 0.8)
    assert found.pooled.confidence == found.between.confidence == 0.8
    assert list(found.groups.columns) == [
        "n", "mean_x", "mean_y", "coefficient", "ci_low", "ci_high", "p_value",
    ]  # fmt: skip
    assert found.groups.index.tolist() == [str(n) for n in range(6)]
    assert found.groups.index.name == "group"
    first = found.groups.iloc[0]
    assert first[["n", "mean_x", "mean_y"]].tolist() == [17, x[3:20].mean(), y[3:20].mean()]
    own = correlate(x[3:20], y[3:20], confidence=0.8)
    assert (first["ci_low"], first["ci_high"], first["p_value"]) == pytest.approx(
        (own.ci_low, own.ci_high, own.p_value), nan_ok=True
    )
    assert found.opposite
    chance = replace(found.pooled, p_value=0.2)
    assert not replace(found, pooled=chance).simpson
    assert not replace(found, within=replace(found.within, p_value=0.2)).simpson
    assert replace(found, pooled=chance).opposite
    assert not replace(found, pooled=found.within).opposite
    one = within_between(x, y, pd.Series(["Thurrock"] * 120), confidence=0.8).within
    assert one.reason == "There is one group only: nothing can be told apart."
    assert (one.n, one.n_missing, one.method, one.confidence) == (118, 2, "spearman", 0.8)
    assert not one.weighted
    two = within_between(x[:40], y[:40], place[:40])
    assert math.isfinite(two.within.coefficient)


# --- the menu, on a small made-up table


@pytest.fixture
def practices() -> pd.DataFrame:
    rng = np.random.default_rng(31)
    codes = ["07G", "99G", "99F", "99E", "06Q", "06T", "07H"] * 8
    n = len(codes)
    table = pd.DataFrame(
        {
            "sub_icb_code": codes,
            "district": "Anywhere",
            "patients": rng.integers(2_000, 20_000, size=n),
            "imd_score": rng.uniform(5, 45, size=n),
            "gp_fte_fully_qualified": rng.uniform(1, 9, size=n),
            "gp_fte_all": rng.uniform(9, 12, size=n),
            "gps_60_plus": 2,
            "gps_55_plus": 3,
            "gps_with_known_age": 8,
            "nurse_fte": 2.0,
            "direct_care_fte": 3.0,
            "appointments": 9_000,
            "flag_low_fte": [True] + [False] * (n - 1),
            "flag_appointments": [False, True] + [False] * (n - 2),
        },
        index=[f"F{i:05}" for i in range(n)],
    )
    for edition in ("2019", "2025"):
        for quintile in range(1, 6):
            table[f"imd{edition}_patients_quintile_{quintile}"] = quintile * 100
    return table


def test_measures_keep_the_index_and_zero_fte_has_no_ratio(practices: pd.DataFrame) -> None:
    practices.loc["F00003", "gp_fte_fully_qualified"] = 0.0
    practices.loc["F00004", "gp_fte_fully_qualified"] = np.nan
    ratio = measure(practices, "patients_per_fte_gp")
    assert ratio.index.equals(practices.index)
    assert list(ratio[ratio.isna()].index) == ["F00003", "F00004"]
    rate = measure(practices, "fte_gp_per_10000")
    assert rate["F00003"] == 0
    assert math.isnan(rate["F00004"])
    both = ratio.notna() & (rate > 0)
    assert np.allclose(ratio[both] * rate[both], 10_000)
    assert measure(practices, "imd2025_share_quintile_1").iloc[0] == pytest.approx(100 / 15)
    assert measure(practices, "share_gps_60_plus").iloc[0] == 25
    assert (measure(practices, "fte_gp_per_10000", "all") > rate)["F00000"]


def test_every_variable_of_the_menu_can_be_computed(practices: pd.DataFrame) -> None:
    choice = available_variables(practices)
    assert set(VARIABLES) - set(choice) == {"qof_per_cent"}  # not embedded
    with_qof = practices.assign(qof_per_cent=range(len(practices)))
    assert set(available_variables(with_qof)) == set(VARIABLES)
    assert measure(with_qof, "qof_per_cent").tolist() == list(range(len(practices)))
    assert all(len(measure(practices, key)) == len(practices) for key in choice)
    assert set(available_variables(practices, "x")) == set(ACROSS)
    with pytest.raises(UserError, match="imd_score"):
        measure(practices, "shoe_size")


def test_flagged_practices_leave_only_where_their_figure_is_used(practices: pd.DataFrame) -> None:
    assert "F00000" not in without_flagged(practices, ["patients_per_fte_gp"]).index
    assert "F00001" in without_flagged(practices, ["patients_per_fte_gp"]).index
    assert "F00001" not in without_flagged(practices, ["appointments_per_patient"]).index
    assert without_flagged(practices, ["nurse_fte_per_10000"]).equals(practices)


def test_forest_has_the_nine_areas_and_adds_up(practices: pd.DataFrame) -> None:
    table = forest(practices)
    assert len(table) == 9
    assert list(table.index[-2:]) == ["Mid and South Essex", "Essex"]
    assert table.loc[table["kind"] == "place", "n"].sum() == table.loc["Essex", "n"] == 56
    thurrock = practices[practices["sub_icb_code"] == "07G"]
    alone = correlate_practices(thurrock, "imd_score", "patients_per_fte_gp")
    assert table.loc["Thurrock", "coefficient"] == alone.coefficient


def test_a_forest_passes_on_what_it_is_asked(practices: pd.DataFrame) -> None:
    asked = {"definition": "all", "method": "kendall", "weighted": True, "confidence": 0.8}
    practices.loc["F00005", "imd_score"] = np.nan
    table = forest(practices, x="imd_score", y="fte_gp_per_10000", **asked)
    whole = correlate(
        practices["imd_score"],
        1e4 * practices["gp_fte_all"] / practices["patients"],
        method="kendall",
        weights=practices["patients"],
        confidence=0.8,
    )
    assert list(table.columns) == [
        "kind", "n", "n_missing", "coefficient", "ci_low", "ci_high", "p_value", "reason",
    ]  # fmt: skip
    assert table.index.name == "area"
    assert table["kind"].tolist() == ["place"] * 7 + ["region"] * 2
    row = table.loc["Essex"]
    assert (row["n"], row["n_missing"], row["reason"]) == (55, 1, whole.reason)
    assert row[["coefficient", "ci_low", "ci_high", "p_value"]].astype(float).tolist() == (
        pytest.approx([whole.coefficient, whole.ci_low, whole.ci_high, whole.p_value], nan_ok=True)
    )


def test_loaded_icbs_stand_by_sub_icb_or_district(practices: pd.DataFrame) -> None:
    """Of one place alone the districts stand side by side; the last row is the whole."""
    loaded = practices.assign(
        icb_code="Q", icb=["Kent"] * 28 + ["Avon"] * 28, place=["P2", "P1"] * 28,
        district=["D1", "D2", "D2", "D1"] * 14,
    )  # fmt: skip
    table = forest(loaded)
    assert table.index.tolist() == ["P1", "P2", "Avon + Kent"]
    assert table["kind"].tolist() == ["place", "place", "icb"]
    assert table["n"].tolist() == [28, 28, 56]
    one = forest(loaded.assign(place=["P1", None] * 28))
    assert one.index.tolist() == ["D1", "D2", "Avon + Kent"]
    assert one["kind"].tolist() == ["district", "district", "icb"]
