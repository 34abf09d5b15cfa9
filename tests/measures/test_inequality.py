"""Oracles: numpy from OHID's definition, the published worked example, and identities."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures.inequality import (
    area_inequality,
    area_ratio,
    concentration_index,
    jackknife_limits,
    quintile_matrix,
    quintile_table,
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
    assert not result.excludes_zero


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


def test_the_same_seed_gives_the_same_interval() -> None:
    first = slope_index_of_inequality(range(1, 11), POPULATION, VALUE, ERROR, seed=3)
    assert first == slope_index_of_inequality(range(1, 11), POPULATION, VALUE, ERROR, seed=3)
    assert first != slope_index_of_inequality(range(1, 11), POPULATION, VALUE, ERROR, seed=4)


def test_equal_values_have_no_inequality() -> None:
    result = slope_index_of_inequality([1, 2, 3], [10, 30, 20], [7, 7, 7], [0, 0, 0])
    assert result.sii == pytest.approx(0, abs=1e-12)
    assert result.rii == pytest.approx(1, abs=1e-12)
    assert (result.sii_low, result.sii_high) == pytest.approx((0, 0), abs=1e-12)


@settings(deadline=None, max_examples=50)
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


# --- practices


def make_practices(n: int = 40, seed: int = 1, slope: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    deprived = rng.uniform(size=n)
    patients = np.round(rng.lognormal(9, 0.5, size=n))
    table = pd.DataFrame(
        {
            "patients": patients,
            "imd_score": 5 + 40 * deprived,
            "gp_fte_fully_qualified": patients
            / 2_500
            * np.exp(slope * (deprived - 0.5) + rng.normal(scale=0.2, size=n)),
        },
        index=[f"F{i:05}" for i in range(n)],
    )
    centres = np.array([0.9, 0.7, 0.5, 0.3, 0.1])
    mix = np.exp(-8 * (deprived[:, None] - centres) ** 2) * rng.uniform(0.5, 1.5, size=(n, 5))
    for edition in ("2019", "2025"):
        for quintile in range(5):
            table[f"imd{edition}_patients_quintile_{quintile + 1}"] = np.round(
                mix[:, quintile] / mix.sum(axis=1) * patients * 0.97
            ).astype(int)
    return table


def test_quintiles_add_up_to_the_area_and_match_the_definition() -> None:
    practices = make_practices()
    result = quintile_table(practices)
    table = result.table
    assert table["patients"].sum() == pytest.approx(practices["patients"].sum())
    assert table["fte_gp"].sum() == pytest.approx(practices["gp_fte_fully_qualified"].sum())
    for q in range(1, 6):
        people = doctors = 0.0
        for row in practices.itertuples():
            counts = [getattr(row, f"imd2025_patients_quintile_{i}") for i in range(1, 6)]
            people += row.patients * counts[q - 1] / sum(counts)
            doctors += row.gp_fte_fully_qualified * counts[q - 1] / sum(counts)
        assert table.loc[q, "patients_per_fte_gp"] == pytest.approx(people / doctors)
        assert table.loc[q, "fte_gp_per_10000"] == pytest.approx(1e4 * doctors / people)
    low, high = table["patients_per_fte_gp_low"], table["patients_per_fte_gp_high"]
    assert ((low < table["patients_per_fte_gp"]) & (table["patients_per_fte_gp"] < high)).all()
    assert table["fte_gp_per_10000_low"].to_numpy() == pytest.approx(1e4 / high.to_numpy())
    gap = result.gaps["patients_per_fte_gp"]
    values = table["patients_per_fte_gp"]
    assert gap.ratio == pytest.approx(values[1] / values[5])
    assert gap.difference == pytest.approx(values[1] - values[5])
    inverse = result.gaps["fte_gp_per_10000"]
    assert inverse.ratio == pytest.approx(1 / gap.ratio)
    assert inverse.ratio_low == pytest.approx(1 / gap.ratio_high)


def test_practices_without_fte_leave_the_quintiles_and_are_counted() -> None:
    practices = make_practices()
    practices.loc[["F00002", "F00005"], "gp_fte_fully_qualified"] = np.nan
    practices.loc["F00007", "gp_fte_fully_qualified"] = 0.0
    result = quintile_table(practices)
    assert (result.n_practices, result.n_missing) == (38, 2)
    kept = practices.drop(["F00002", "F00005"])
    assert result.table["patients"].sum() == pytest.approx(kept["patients"].sum())


def test_the_quintile_slope_is_ohids_on_the_quintile_table() -> None:
    practices = make_practices(slope=-0.5)
    table = quintile_table(practices).table
    for measure in ("patients_per_fte_gp", "fte_gp_per_10000"):
        expected = slope_index_of_inequality(table.index, table["patients"], table[measure])
        result = area_inequality(practices, measure=measure)
        assert result.index.sii == pytest.approx(expected.sii)
        assert result.index.rii == pytest.approx(expected.rii)
        assert result.index.intercept == pytest.approx(expected.intercept)
        assert result.index.sii_low < result.index.sii < result.index.sii_high


def test_the_practice_slope_is_the_weighted_line_over_practices() -> None:
    practices = make_practices(slope=-0.5)
    practices.loc["F00003", "gp_fte_fully_qualified"] = 0.0
    ordered = practices.sort_values("imd_score", ascending=False)
    rate = 1e4 * ordered["gp_fte_fully_qualified"] / ordered["patients"]
    expected = slope_index_of_inequality(range(1, 41), ordered["patients"], rate)
    result = area_inequality(practices, level="practice", measure="fte_gp_per_10000")
    assert result.index.sii == pytest.approx(expected.sii)
    assert result.n_practices == 40
    ratio = area_inequality(practices, level="practice")
    assert (ratio.n_practices, ratio.n_missing) == (39, 1)


def test_practices_of_equal_deprivation_share_a_rank() -> None:
    practices = make_practices(n=12)
    practices["imd_score"] = [10.0] * 4 + [20.0] * 4 + [30.0] * 4
    result = area_inequality(practices, level="practice", measure="fte_gp_per_10000")
    groups = practices.groupby("imd_score")[["patients", "gp_fte_fully_qualified"]].sum()
    groups = groups.sort_index(ascending=False)
    rate = 1e4 * groups["gp_fte_fully_qualified"] / groups["patients"]
    expected = slope_index_of_inequality([1, 2, 3], groups["patients"], rate)
    assert result.index.sii == pytest.approx(expected.sii)


def test_lsoas_share_a_practices_fte_by_its_patients() -> None:
    codes = ["A", "B", "C", "D", "F"]
    practices = pd.DataFrame(
        {"patients": [100, 60, 50, 40, 30], "gp_fte_fully_qualified": [2.0, 1.0, 1.5, 0.5, 1.0]},
        index=codes,
    )
    patients = {
        "A": [30, 50, 0, 20], "B": [0, 20, 40, 0], "C": [10, 0, 40, 0], "D": [40, 0, 0, 0],
        "F": [5, 15, 10, 0],
    }  # fmt: skip
    registrations = pd.DataFrame(
        [
            {"practice_code": code, "lsoa11cd": lsoa, "patients": count}
            for code, counts in patients.items()
            for lsoa, count in zip(["E1", "E2", "E3", "W9"], counts, strict=True)
            if count
        ]
    )
    rank = pd.Series({"E1": 10, "E2": 20, "E3": 30})
    result = area_inequality(practices, level="lsoa", registrations=registrations, lsoa_rank=rank)
    counts = np.array([patients[code] for code in codes], dtype="float64")
    shares = counts / counts.sum(axis=1, keepdims=True)
    doctors = (shares * practices["gp_fte_fully_qualified"].to_numpy()[:, None]).sum(axis=0)[:3]
    people = counts.sum(axis=0)[:3]
    assert result.groups["fte_gp"].tolist() == pytest.approx(doctors)
    expected = slope_index_of_inequality([1, 2, 3], people, people / doctors)
    assert result.index.sii == pytest.approx(expected.sii)
    assert math.isfinite(result.index.sii_low)
    with pytest.raises(UserError, match="LSOA level needs"):
        area_inequality(practices, level="lsoa")
    nobody = area_inequality(
        practices, level="lsoa", registrations=registrations[:0], lsoa_rank=rank
    )
    assert "Only 0 practices" in nobody.reason
    elsewhere = area_inequality(
        practices, level="lsoa", registrations=registrations, lsoa_rank=rank[:0]
    )
    assert "Only 0 groups" in elsewhere.reason


@pytest.mark.parametrize("level", ["practice", "quintile"])
@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_fewer_than_five_practices_have_no_index(level: str, n: int) -> None:
    result = area_inequality(make_practices(n=n), level=level)  # type: ignore[arg-type]
    index = result.index
    figures = [index.sii, index.sii_low, index.sii_high, index.rii, index.intercept]
    assert [math.isnan(figure) for figure in figures] == [n < 5] * 5
    assert bool(result.reason) == (n < 5)
    if n < 5:
        assert f"Only {n} practice" in result.reason


def test_bad_choices_are_named() -> None:
    practices = make_practices(n=6)
    with pytest.raises(UserError, match="practice, quintile, lsoa"):
        area_inequality(practices, level="ward")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="fte_gp_per_10000"):
        area_inequality(practices, measure="smiles")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="2025 or 2019"):
        quintile_matrix(practices, edition="2015")


@pytest.mark.parametrize("level", ["practice", "quintile"])
def test_no_practices_is_a_reason_not_a_crash(level: str) -> None:
    result = area_inequality(make_practices()[:0], level=level)  # type: ignore[arg-type]
    assert math.isnan(result.index.sii)
    assert result.reason
    assert quintile_table(make_practices()[:0]).table["patients"].sum() == 0


def test_an_empty_quintile_leaves_the_slope_and_the_gap() -> None:
    practices = make_practices()
    practices["imd2025_patients_quintile_5"] = 0
    result = quintile_table(practices)
    assert math.isnan(result.table.loc[5, "patients_per_fte_gp"])
    assert "quintile 5" in result.gaps["patients_per_fte_gp"].reason
    slope = area_inequality(practices)
    assert slope.n_groups == 4
    assert math.isfinite(slope.index.sii_low)


def test_jackknife_of_a_mean_is_students_interval() -> None:
    values = np.random.default_rng(2).normal(size=12)
    left_out = np.array([np.delete(values, i).mean() for i in range(12)])
    low, high = jackknife_limits(values.mean(), left_out)
    reach = 2.200985160082949 * values.std(ddof=1) / math.sqrt(12)
    assert (low, high) == pytest.approx((values.mean() - reach, values.mean() + reach))
    assert math.isnan(jackknife_limits(1.0, np.array([1.0, math.nan, 1, 1, 1, 1]))[0])
    assert math.isnan(jackknife_limits(1.0, np.ones(3))[0])


@pytest.mark.parametrize("level", ["practice", "quintile"])
def test_jackknife_leaves_out_each_practice_in_turn_and_is_near_the_bootstrap(level: str) -> None:
    practices = make_practices(slope=-0.5)
    jackknife = area_inequality(practices, level=level).index  # type: ignore[arg-type]
    left_out = [
        area_inequality(practices.drop(code), level=level).index  # type: ignore[arg-type]
        for code in practices.index
    ]
    by_hand = jackknife_limits(jackknife.sii, np.array([index.sii for index in left_out]))
    assert (jackknife.sii_low, jackknife.sii_high) == pytest.approx(by_hand)
    logs = jackknife_limits(
        math.log(jackknife.rii), np.log(np.array([index.rii for index in left_out]))
    )
    assert (jackknife.rii_low, jackknife.rii_high) == pytest.approx(tuple(np.exp(logs)))
    bootstrap = area_inequality(practices, level=level, interval="bootstrap").index  # type: ignore[arg-type]
    assert bootstrap == area_inequality(practices, level=level, interval="bootstrap").index  # type: ignore[arg-type]
    width = jackknife.sii_high - jackknife.sii_low
    assert bootstrap.sii_high - bootstrap.sii_low == pytest.approx(width, rel=0.15)
    assert "2,000 samples" in bootstrap.interval_method


def test_area_ratio_is_sum_over_sum_with_its_interval() -> None:
    practices = make_practices()
    practices.loc["F00001", "gp_fte_fully_qualified"] = np.nan
    kept = practices.drop("F00001")
    result = area_ratio(practices)
    expected = kept["patients"].sum() / kept["gp_fte_fully_qualified"].sum()
    assert result.value == pytest.approx(expected)
    assert (result.n, result.n_missing) == (39, 1)
    assert result.low < expected < result.high
    assert math.isnan(area_ratio(practices[:3]).low)
    assert math.isnan(area_ratio(practices[:0]).value)


# --- concentration


def test_concentration_is_twice_the_area_between_curve_and_diagonal() -> None:
    practices = make_practices(slope=-0.8)
    result = concentration_index(
        practices["gp_fte_fully_qualified"], practices["patients"], practices["imd_score"]
    )
    area = np.trapezoid(result.curve["resource"], result.curve["people"])
    assert result.index == pytest.approx(1 - 2 * area)
    assert result.curve.iloc[0].tolist() == [0, 0]
    assert result.curve.iloc[-1].tolist() == pytest.approx([1, 1])
    assert result.low < result.index < result.high


def test_concentration_is_the_convenient_regression() -> None:
    practices = make_practices()
    ordered = practices.sort_values("imd_score", ascending=False)
    rank = relative_ranks(ordered["patients"])
    weight = ordered["patients"] / ordered["patients"].sum()
    h = ordered["gp_fte_fully_qualified"] / ordered["patients"]
    variance = (weight * (rank - 0.5) ** 2).sum()
    left = 2 * variance * h / (weight * h).sum()
    slope = (weight * (rank - 0.5) * left).sum() / variance
    result = concentration_index(
        practices["gp_fte_fully_qualified"], practices["patients"], practices["imd_score"]
    )
    assert result.index == pytest.approx(slope)


def test_equal_shares_are_not_concentrated_and_ties_share_a_step() -> None:
    people = [10, 20, 30, 15, 25]
    even = concentration_index(np.array(people) * 0.3, people, [5, 3, 3, 2, 1])
    assert even.index == pytest.approx(0, abs=1e-12)
    assert len(even.curve) == 5
    assert concentration_index([1, 2], [1, 1], [1, 2]).reason
    with pytest.raises(UserError, match="below zero"):
        concentration_index([1, -2, 3], [1, 1, 1], [1, 2, 3])
