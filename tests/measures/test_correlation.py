"""Oracles: numpy from the definitions, scipy and statsmodels; identities."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pcs_dash.measures.correlation import (
    METHODS,
    VARIABLES,
    available_variables,
    bca_limits,
    correlate,
    correlate_practices,
    forest,
    influence,
    lines,
    measure,
    partial_correlation,
    within_between,
    without_flagged,
)
from pcs_dash.tables.errors import UserError


def cloud(n: int = 60, rho: float = 0.4, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return 20 + 5 * x, 2000 + 300 * (rho * x + math.sqrt(1 - rho**2) * rng.normal(size=n))


def test_pearson_is_the_definition_with_fishers_interval() -> None:
    x, y = cloud()
    result = correlate(x, y)
    r = np.corrcoef(x, y)[0, 1]
    z, error = math.atanh(r), 1 / math.sqrt(len(x) - 3)
    assert result.coefficient == pytest.approx(r, abs=1e-12)
    assert result.ci_low == pytest.approx(math.tanh(z - 1.959963984540054 * error), abs=1e-12)
    assert result.ci_high == pytest.approx(math.tanh(z + 1.959963984540054 * error), abs=1e-12)
    assert result.p_value == pytest.approx(stats.pearsonr(x, y).pvalue, rel=1e-9)
    assert (result.n, result.n_missing, result.interval_method) == (60, 0, "Fisher z")


def test_spearman_and_kendall_agree_with_scipy_and_bonett_wright() -> None:
    x, y = cloud(n=40, seed=3)
    x = np.round(x)  # ties
    spearman, kendall = correlate(x, y, method="spearman"), correlate(x, y, method="kendall")
    rho, tau = stats.spearmanr(x, y).statistic, stats.kendalltau(x, y).statistic
    assert spearman.coefficient == pytest.approx(rho, abs=1e-12)
    assert spearman.p_value == pytest.approx(stats.spearmanr(x, y).pvalue, rel=1e-9)
    assert kendall.coefficient == pytest.approx(tau, abs=1e-12)
    assert kendall.p_value == pytest.approx(stats.kendalltau(x, y).pvalue, rel=1e-9)
    reach = 1.959963984540054 * math.sqrt((1 + rho**2 / 2) / 37)
    assert spearman.ci_low == pytest.approx(math.tanh(math.atanh(rho) - reach))
    reach = 1.959963984540054 * math.sqrt(0.437 / 36)
    assert kendall.ci_high == pytest.approx(math.tanh(math.atanh(tau) + reach))


@pytest.mark.parametrize("method", METHODS)
def test_equal_weights_give_the_unweighted_coefficient_and_interval(method: str) -> None:
    x, y = cloud(n=30, seed=5)
    plain = correlate(x, y, method=method)
    weighted = correlate(x, y, method=method, weights=np.full(30, 7.5))
    assert weighted.coefficient == pytest.approx(plain.coefficient, abs=1e-12)
    assert weighted.ci_low == pytest.approx(plain.ci_low, abs=1e-12)
    assert weighted.weighted
    assert not plain.weighted


def test_weighted_pearson_is_the_definition() -> None:
    x, y = cloud(n=25, seed=7)
    w = np.random.default_rng(0).lognormal(size=25)
    covariance = np.cov(x, y, aweights=w)
    expected = covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])
    result = correlate(x, y, weights=w)
    assert result.coefficient == pytest.approx(expected, abs=1e-12)
    kish = w.sum() ** 2 / (w**2).sum()
    reach = 1.959963984540054 / math.sqrt(kish - 3)
    assert result.ci_high == pytest.approx(math.tanh(math.atanh(expected) + reach))
    assert "effective" in result.interval_method


@pytest.mark.parametrize("method", METHODS)
def test_a_whole_number_weight_counts_a_pair_that_often(method: str) -> None:
    x, y = cloud(n=15, seed=8)
    repeats = np.random.default_rng(2).integers(1, 4, size=15)
    weighted = correlate(x, y, method=method, weights=repeats)
    repeated = correlate(np.repeat(x, repeats), np.repeat(y, repeats), method=method)
    assert weighted.coefficient == pytest.approx(repeated.coefficient, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_bootstrap_is_seeded_and_near_the_analytic_interval(method: str) -> None:
    x, y = cloud(n=200, seed=11)
    first = correlate(x, y, method=method, interval="bootstrap", seed=4)
    again = correlate(x, y, method=method, interval="bootstrap", seed=4)
    other = correlate(x, y, method=method, interval="bootstrap", seed=5)
    analytic = correlate(x, y, method=method)
    assert first == again
    assert (first.ci_low, first.ci_high) != (other.ci_low, other.ci_high)
    assert first.ci_low == pytest.approx(analytic.ci_low, abs=0.06)
    assert first.ci_high == pytest.approx(analytic.ci_high, abs=0.06)
    assert first.interval_method == "bootstrap (BCa, 2,000 samples)"


def test_bca_limits_agree_with_scipy_on_the_same_kind_of_problem() -> None:
    x, y = cloud(n=80, seed=12)
    ours = correlate(x, y, interval="bootstrap", repetitions=9_000)
    theirs = stats.bootstrap(
        (x, y),
        lambda a, b: np.corrcoef(a, b)[0, 1],
        paired=True,
        vectorized=False,
        n_resamples=3_000,
        method="BCa",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert ours.ci_low == pytest.approx(theirs.low, abs=0.03)
    assert ours.ci_high == pytest.approx(theirs.high, abs=0.03)


def test_bca_without_samples_has_no_limits() -> None:
    nothing = np.array([np.nan])
    assert all(math.isnan(limit) for limit in bca_limits(nothing, 0.2, nothing, 0.95))


def test_missing_pairs_leave_and_are_counted() -> None:
    x, y = cloud(n=20)
    x[3], y[5], y[3] = np.nan, np.nan, np.nan
    result = correlate(x, y)
    keep = np.isfinite(x) & np.isfinite(y)
    assert (result.n, result.n_missing) == (18, 2)
    assert result.coefficient == pytest.approx(np.corrcoef(x[keep], y[keep])[0, 1])


def test_nullable_columns_with_missing_values_are_read() -> None:
    x = pd.Series([1, 2, None, 4, 5, 6], dtype="Int64")
    y = pd.Series([2.0, 1.0, 3.0, 5.0, 4.0, 7.0])
    assert correlate(x, y).n == 5


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("interval", ["analytic", "bootstrap"])
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
    x: list[float], y: list[float], words: str, method: str, interval: str
) -> None:
    result = correlate(x, y, method=method, interval=interval)
    assert words in result.reason
    figures = (result.coefficient, result.ci_low, result.ci_high, result.p_value)
    assert all(math.isnan(figure) for figure in figures)
    assert not result.excludes_zero


def test_kendall_with_four_pairs_has_a_coefficient_without_an_interval() -> None:
    result = correlate([1, 2, 3, 4], [2, 1, 4, 3], method="kendall")
    assert result.coefficient == pytest.approx(1 / 3)
    assert math.isnan(result.ci_low)
    assert "too few" in result.reason


def test_a_perfect_line_is_one_and_stays_finite() -> None:
    result = correlate([1, 2, 3, 4, 5], [2, 4, 6, 8, 10])
    assert (result.coefficient, result.ci_low, result.ci_high) == (1, 1, 1)
    assert result.p_value == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "distance"}, "pearson, spearman, kendall"),
        ({"confidence": 95}, "from 0.5 up to below 1"),
        ({"repetitions": 5}, "100 repetitions"),
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


@settings(deadline=None, max_examples=60)
@given(pairs, st.sampled_from(METHODS), st.booleans())
def test_any_cloud_gives_an_ordered_interval_or_a_reason(
    points: list[tuple[int, int, int]], method: str, weighted: bool
) -> None:
    x, y, w = (np.array(part, dtype=float) for part in zip(*points, strict=True))
    weights = w if weighted else None
    result = correlate(x, y, method=method, weights=weights)
    if math.isnan(result.ci_low):
        assert result.reason
        return
    assert -1 <= result.ci_low <= result.coefficient <= result.ci_high <= 1
    swapped = correlate(y, x, method=method, weights=weights)
    flipped = correlate(-x, y, method=method, weights=weights)
    stretched = correlate(3 * x + 7, y, method=method, weights=weights)
    assert swapped.coefficient == pytest.approx(result.coefficient, abs=1e-9)
    assert flipped.coefficient == pytest.approx(-result.coefficient, abs=1e-9)
    assert flipped.ci_low == pytest.approx(-result.ci_high, abs=1e-9)
    assert stretched.coefficient == pytest.approx(result.coefficient, abs=1e-9)


# --- lines, influence, partial, within and between


@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_agrees_with_statsmodels_hc3(weighted: bool) -> None:
    x, y = cloud(n=50, seed=21)
    w = np.random.default_rng(3).lognormal(size=50) if weighted else None
    line = lines(x, y, weights=w)[0]
    model = sm.WLS(y, sm.add_constant(x), weights=np.ones(50) if w is None else w)
    fit = model.fit(cov_type="HC3", use_t=True)
    assert (line.intercept, line.slope) == pytest.approx(tuple(fit.params))
    assert (line.slope_low, line.slope_high) == pytest.approx(tuple(fit.conf_int()[1]))
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


def test_influence_names_the_practice_that_carries_the_result() -> None:
    rng = np.random.default_rng(6)
    x = pd.Series(np.append(rng.normal(size=20), 12.0))
    y = pd.Series(np.append(rng.normal(size=20), 12.0))
    table = influence(x, y)
    assert table.index[0] == 20
    assert table["changes_conclusion"].iloc[0]
    assert influence(x[:4], y[:4]).empty


def test_partial_correlation_is_the_classical_formula() -> None:
    x, y = cloud(n=70, seed=14)
    z = x + np.random.default_rng(9).normal(scale=4, size=70)
    r = np.corrcoef([x, y, z])
    expected = (r[0, 1] - r[0, 2] * r[1, 2]) / math.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    result = partial_correlation(x, y, pd.DataFrame({"z": z}))
    assert result.coefficient == pytest.approx(expected)
    reach = 1.959963984540054 / math.sqrt(70 - 3 - 1)
    assert result.ci_low == pytest.approx(math.tanh(math.atanh(expected) - reach))
    fit = sm.OLS(y, sm.add_constant(np.column_stack([x, z]))).fit()
    assert result.p_value == pytest.approx(fit.pvalues[1], rel=1e-6)


def test_partial_correlation_says_when_nothing_is_left() -> None:
    x, y = cloud(n=20)
    assert "nothing is left" in partial_correlation(x, y, pd.DataFrame({"z": 2 * x + 1})).reason
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(6, 4)))
    assert "covariates need more" in partial_correlation(x[:6], y[:6], wide).reason
    with pytest.raises(UserError, match="pearson and spearman"):
        partial_correlation(x, y, pd.DataFrame({"z": y}), method="kendall")  # type: ignore[arg-type]


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
    assert result.pooled_low > 0
    assert result.within_high < 0
    assert result.between_low > 0
    assert result.simpson
    assert result.simpson_clear
    assert result.group_share > 0.5
    dummies = pd.get_dummies(place, dtype=float)
    fit = sm.OLS(y, pd.concat([x, dummies], axis=1)).fit(cov_type="HC3", use_t=True)
    assert result.within == pytest.approx(fit.params.iloc[0])
    assert (result.within_low, result.within_high) == pytest.approx(tuple(fit.conf_int().iloc[0]))
    assert result.mixed == pytest.approx(result.within, abs=0.1)
    means = pd.DataFrame({"x": x, "y": y}).groupby(place).mean()
    assert result.between == pytest.approx(np.polyfit(means["x"], means["y"], 1)[0])


def test_one_place_has_no_within_and_between() -> None:
    x, y = (pd.Series(part) for part in cloud(n=20))
    result = within_between(x, y, pd.Series(["Thurrock"] * 20))
    assert math.isnan(result.within)
    assert math.isnan(result.mixed)
    assert not result.simpson
    assert "too few groups" in result.note
    assert result.groups.loc["Thurrock", "slope"] == pytest.approx(result.pooled)


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
    assert {variable.axis for variable in available_variables(practices, "x").values()} == {"x"}
    with pytest.raises(UserError, match="imd_score"):
        measure(practices, "shoe_size")


def test_flagged_practices_leave_only_where_their_figure_is_used(practices: pd.DataFrame) -> None:
    assert "F00000" not in without_flagged(practices, ["patients_per_fte_gp"]).index
    assert "F00001" in without_flagged(practices, ["patients_per_fte_gp"]).index
    assert "F00001" not in without_flagged(practices, ["appointments_per_patient"]).index
    assert without_flagged(practices, ["nurse_fte_per_10000"]).equals(practices)


def test_forest_has_the_nine_areas_and_adds_up(practices: pd.DataFrame) -> None:
    table = forest(practices, method="spearman")
    assert len(table) == 9
    assert list(table.index[-2:]) == ["Mid and South Essex", "Essex"]
    assert table.loc[table["kind"] == "place", "n"].sum() == table.loc["Essex", "n"] == 56
    thurrock = practices[practices["sub_icb_code"] == "07G"]
    alone = correlate_practices(thurrock, "imd_score", "patients_per_fte_gp", method="spearman")
    assert table.loc["Thurrock", "coefficient"] == alone.coefficient
