"""Oracles: the slope index on groups' figures, loops that leave out one practice, identities."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pcs_dash.measures.inequality import (
    area_inequality,
    area_ratio,
    concentration_index,
    gradient,
    quintile_table,
    relative_gradient,
)
from pcs_dash.measures.intervals import jackknife
from pcs_dash.measures.patient_matrix import practice_matrix, quintile_matrix
from pcs_dash.measures.slope_index import relative_ranks, slope_index_of_inequality
from pcs_dash.tables.errors import UserError


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
    practices = make_practices(n=150)
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
    assert 0 < result.index.p_value <= 1
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
    figures = [index.sii, index.rii, index.intercept, index.p_value]
    assert [math.isnan(figure) for figure in figures] == [n < 5] * 4
    # From five to nine there is an index, but no interval.
    assert math.isnan(index.sii_low)
    assert f"Only {n} practice" in result.reason if n < 5 else "at least 10" in result.reason


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
    reason = "None of the patients live in quintile 5."
    assert result.gaps["patients_per_fte_gp"].reason == reason
    slope = area_inequality(practices)
    assert slope.n_groups == 4
    assert math.isfinite(slope.index.sii_low)


@pytest.mark.parametrize("measure", ["patients_per_fte_gp", "fte_gp_per_10000"])
@pytest.mark.parametrize("level", ["practice", "quintile"])
def test_limits_come_from_the_relative_gradient_without_each_practice(
    level: str, measure: str
) -> None:
    practices = make_practices(n=60, slope=-0.5)

    def relative(table: pd.DataFrame) -> tuple[float, float]:
        index = area_inequality(table, level=level, measure=measure).index  # type: ignore[arg-type]
        mean = index.intercept + index.sii / 2
        return index.sii / mean, mean

    whole, mean = relative(practices)
    left_out = np.array([relative(practices.drop(code))[0] for code in practices.index])
    limits = jackknife(whole, left_out)
    index = area_inequality(practices, level=level, measure=measure).index  # type: ignore[arg-type]
    assert (index.sii_low, index.sii_high) == pytest.approx((limits.low * mean, limits.high * mean))
    assert index.rii_low == pytest.approx((1 + limits.low / 2) / (1 - limits.low / 2))
    assert index.rii_high == pytest.approx((1 + limits.high / 2) / (1 - limits.high / 2))
    assert index.p_value == pytest.approx(limits.p_value)


def test_the_relative_gradient_is_the_index_with_its_sign_turned() -> None:
    practices = make_practices(n=60, slope=-0.5)
    index = area_inequality(practices).index
    mean = index.intercept + index.sii / 2
    found = relative_gradient(quintile_matrix(practices))
    expected = [-100 * part / mean for part in (index.sii, index.sii_high, index.sii_low)]
    assert found == pytest.approx(tuple(expected))


def test_slope_and_ratio_never_disagree() -> None:
    for seed in range(30):
        practices = make_practices(n=40, seed=seed, slope=-0.4)
        for measure in ("patients_per_fte_gp", "fte_gp_per_10000"):
            index = area_inequality(practices, measure=measure).index
            gap = quintile_table(practices).gaps[measure]
            if math.isfinite(index.sii_low):
                sides = {index.sii_low > 0 or index.sii_high < 0, index.p_value < 0.05}
                sides |= {index.rii_low > 1 or index.rii_high < 1}
                assert len(sides) == 1
            if math.isfinite(gap.ratio_low):
                sides = {gap.ratio_low > 1 or gap.ratio_high < 1, gap.p_value < 0.05}
                sides |= {gap.difference_low > 0 or gap.difference_high < 0}
                assert len(sides) == 1


def test_equal_scores_have_no_gradient_to_fit() -> None:
    practices = make_practices(n=8)
    practices["imd_score"] = 21.7
    for measure in ("patients_per_fte_gp", "fte_gp_per_10000"):
        result = area_inequality(practices, level="practice", measure=measure)
        assert math.isnan(result.index.sii)
        assert "equally deprived" in result.reason
    alike = relative_gradient(practice_matrix(practices), by_patients=False)
    assert all(math.isnan(part) for part in alike)
    held = concentration_index(
        practices["gp_fte_fully_qualified"], practices["patients"], practices["imd_score"]
    )
    assert math.isnan(held.index)
    assert "equally deprived" in held.reason


def test_all_but_one_equal_score_is_no_sound_gradient() -> None:
    # Without the odd one out nothing is left of the spread but rounding.
    practices = make_practices(n=12)
    practices["imd_score"] = [21.7] * 11 + [30.1]
    index = area_inequality(practices, level="practice", measure="fte_gp_per_10000").index
    assert math.isnan(index.sii_low)
    assert abs(index.sii) < 1e4


def test_where_few_practices_carry_it_p_is_of_all_the_ways_to_deal_them_out() -> None:
    practices = make_practices(n=6, slope=-0.5)
    result = area_inequality(practices)
    assert math.isnan(result.index.sii_low)
    mix = [f"imd2025_patients_quintile_{q}" for q in range(1, 6)]
    found = []
    for order in itertools.permutations(range(6)):
        dealt = practices.iloc[list(order)].reset_index(drop=True)
        dealt[mix] = practices[mix].to_numpy()
        index = area_inequality(dealt).index
        found.append(index.sii / (index.intercept + index.sii / 2))
    above = np.mean(np.array(found) >= found[0] - 1e-12)
    below = np.mean(np.array(found) <= found[0] + 1e-12)
    assert result.index.p_value == pytest.approx(min(1, 2 * min(above, below)))
    assert math.isnan(gradient(quintile_matrix(practices), permute=False).p_value)


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


def by_hand(practices: pd.DataFrame, logs) -> tuple[float, float, float]:  # type: ignore[no-untyped-def]
    """A logarithm, its jackknife error and degrees of freedom, one practice left out in turn."""
    n = len(practices)
    left_out = np.array([logs(practices.drop(code)) for code in practices.index])
    squares = (left_out - left_out.mean()) ** 2
    carrying = squares.sum() ** 2 / (squares**2).sum()
    freedom = min(n - 1, 1.5 * carrying / (1 - carrying / n))
    return logs(practices), math.sqrt((n - 1) / n * squares.sum()), freedom


def log_ratio(practices: pd.DataFrame) -> float:
    return math.log(practices["patients"].sum() / practices["gp_fte_fully_qualified"].sum())


def test_an_area_against_a_figure_taken_as_exact() -> None:
    practices = make_practices()
    estimate, error, freedom = by_hand(practices, log_ratio)
    result = area_ratio(practices, benchmark=2_400.0)
    reach = stats.t.ppf(0.975, freedom) * error
    assert (result.low, result.high) == pytest.approx(
        (math.exp(estimate - reach), math.exp(estimate + reach))
    )
    t = (estimate - math.log(2_400)) / error
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(t), freedom))
    assert (result.p_value < 0.05) == (not result.low <= 2_400 <= result.high)
    assert math.isnan(area_ratio(practices).p_value)


def test_a_part_is_held_against_the_rest_of_the_whole() -> None:
    everyone = make_practices(n=60)
    part = everyone[:20]

    def apart(practices: pd.DataFrame) -> float:
        inside = practices.index.isin(part.index)
        return log_ratio(practices[inside]) - log_ratio(practices[~inside])

    estimate, error, freedom = by_hand(everyone, apart)
    result = area_ratio(part, whole=everyone)
    assert result.rest == pytest.approx(math.exp(log_ratio(everyone[20:])))
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(estimate) / error, freedom))
    alone = area_ratio(everyone, whole=everyone)
    assert math.isnan(alone.p_value)
    assert math.isnan(alone.rest)


def test_the_gap_has_the_jackknife_of_the_ratio_of_two_quintiles() -> None:
    practices = make_practices(n=60, slope=-0.5)

    def logs(table: pd.DataFrame) -> float:
        values = quintile_table(table).table["patients_per_fte_gp"]
        return math.log(values[1] / values[5])

    estimate, error, freedom = by_hand(practices, logs)
    reach = stats.t.ppf(0.975, freedom) * error
    gap = quintile_table(practices).gaps["patients_per_fte_gp"]
    assert gap.ratio_high == pytest.approx(math.exp(estimate + reach))
    assert gap.p_value == pytest.approx(2 * stats.t.sf(abs(estimate) / error, freedom))
    values = quintile_table(practices).table["patients_per_fte_gp"]
    middle = math.sqrt(values[1] * values[5])
    assert gap.difference_high == pytest.approx(2 * middle * math.sinh((estimate + reach) / 2))


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
