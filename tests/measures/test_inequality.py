"""Oracles: the slope index on groups' figures, loops that leave out one practice, identities."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pcs_dash.measures import inequality
from pcs_dash.measures.inequality import (
    Concentration,
    Gradient,
    area_inequality,
    area_ratio,
    concentration_index,
    gradient,
    quintile_table,
    relative_gradient,
)
from pcs_dash.measures.intervals import Again, Limits, jackknife
from pcs_dash.measures.patient_matrix import PatientMatrix, practice_matrix, quintile_matrix
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


def by_practice(table: pd.DataFrame, measure: str, *, by_patients: bool) -> float:
    matrix = practice_matrix(table, measure=measure)  # type: ignore[arg-type]
    return gradient(matrix, measure=measure, by_patients=by_patients).relative  # type: ignore[arg-type]


FIGURES = {
    "by practice": lambda table: by_practice(table, "patients_per_fte_gp", by_patients=True),
    "each alike": lambda table: by_practice(table, "fte_gp_per_10000", by_patients=False),
    "by quintile": lambda table: gradient(quintile_matrix(table)).relative,
    "the area": lambda table: math.log(area_ratio(table).value),
    "two quintiles": lambda table: math.log(
        quintile_table(table).gaps["patients_per_fte_gp"].ratio
    ),
    "concentration": lambda table: (
        concentration_index(
            table["gp_fte_fully_qualified"], table["patients"], table["imd_score"]
        ).index
    ),
}


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_practices_drawn_again_give_what_a_table_of_them_gives(
    figure: Callable[[pd.DataFrame], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    practices = make_practices(n=12, slope=-0.5)
    practices.loc[practices.index[3:6], "imd_score"] = 21.7
    given: list[Again] = []

    def noting(*args: Any, again: Again, **options: Any) -> Limits:
        given.append(again)
        return jackknife(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(inequality, "jackknife", noting)
        figure(practices)
    counts = np.array([2, 0, 1, 1, 2, 0, 1, 1, 3, 0, 1, 0])
    drawn, left_out = given[-1](np.stack([counts, np.ones(12)]).astype("float64"))
    for row, times in enumerate((counts, np.ones(12, dtype=int))):
        table = practices.loc[practices.index.repeat(times)]
        assert drawn[row] == pytest.approx(figure(table.set_axis(range(len(table)))))
        for place in np.flatnonzero(times):
            less = times - (np.arange(12) == place)
            table = practices.loc[practices.index.repeat(less)]
            expected = figure(table.set_axis(range(len(table))))
            assert left_out[row, place] == pytest.approx(expected)


def test_small_areas_that_count_alike_have_no_interval() -> None:
    matrix = quintile_matrix(make_practices(n=60))
    assert matrix.share is not None
    halves = replace(
        matrix,
        share=np.repeat(matrix.share / 2, 2, axis=1),
        order=np.arange(10.0),
        groups=tuple(range(10)),
    )
    assert gradient(halves).limits.known
    assert "alike" not in gradient(matrix, by_patients=False).reason
    alike = gradient(halves, by_patients=False)
    assert "each small area counts alike" in alike.reason
    assert 0 < alike.p_value < 1


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


def spread_practices(seed: int) -> pd.DataFrame:
    practices = make_practices(n=12, seed=seed)
    noise = np.random.default_rng(seed + 1000).normal(scale=0.6, size=12)
    practices["gp_fte_fully_qualified"] *= np.exp(noise)
    return practices


def test_slopes_over_practices_own_ratios_need_more_that_carry_them() -> None:
    """Between 4 and 4.5 practices: enough for FTE per patient and for quintiles alone."""
    few = spread_practices(84)
    ratios = gradient(practice_matrix(few)).limits
    assert 4 < ratios.carried_by < inequality.RATIOS_CARRYING
    assert "fewer than 5 of the 12 practices carry" in ratios.reason
    upside_down = practice_matrix(few, measure="fte_gp_per_10000")
    supply = gradient(upside_down, measure="fte_gp_per_10000").limits
    quintiles = gradient(quintile_matrix(spread_practices(94))).limits
    for limits in (supply, quintiles):
        assert 4 < limits.carried_by < inequality.RATIOS_CARRYING
        assert limits.known


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


# --- in full ------------------------------------------------------------------------------------


def matrix_of(n: int, groups: int) -> PatientMatrix:
    share = np.full((n, groups), 1 / groups)
    return PatientMatrix(
        np.full(n, 1_000.0), np.ones(n), share, np.arange(groups) + 1.0, tuple(range(groups)), 0
    )


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (matrix_of(1, 3), "Only 1 practice has a figure; an index of inequality needs at least 5."),
        (
            matrix_of(4, 3),
            "Only 4 practices have a figure; an index of inequality needs at least 5.",
        ),
        (matrix_of(5, 1), "Only 1 group has patients; a slope needs at least 3."),
        (matrix_of(5, 2), "Only 2 groups have patients; a slope needs at least 3."),
        (
            replace(matrix_of(5, 3), fte=np.zeros(5)),
            "No group has both patients and GPs, so there is nothing to compare.",
        ),
        (
            replace(matrix_of(5, 3), order=np.full(3, 2.0)),
            "All practices are equally deprived, so nothing can vary with deprivation.",
        ),
    ],
)
def test_why_there_is_no_gradient(matrix: PatientMatrix, words: str) -> None:
    found = gradient(matrix)
    assert found.reason == found.limits.reason == words
    assert [found.mean, found.relative, found.p_value, found.limits.low, found.limits.high,
            found.limits.carried_by] == pytest.approx([math.nan] * 6, nan_ok=True)  # fmt: skip
    index = found.index(0.9)
    assert (index.confidence, index.interval_method) == (0.9, "none")
    assert math.isnan(index.sii)


def test_five_practices_in_three_groups_are_enough() -> None:
    rng = np.random.default_rng(1)
    share, fte = rng.dirichlet([1, 1, 1], 5), np.arange(1.0, 6)
    found = gradient(replace(matrix_of(5, 3), share=share, fte=fte))
    assert math.isfinite(found.relative)
    assert found.reason == "An interval needs at least 10 practices; there are 5."
    assert 0 < found.p_value <= 1
    # GPs in proportion to patients everywhere: rounding is no evidence of anything.
    assert gradient(replace(matrix_of(5, 3), share=share)).p_value == 1


def test_the_index_of_a_line_by_hand() -> None:
    """A mean of 2,000 that rises by a tenth of it: from 1,900 to 2,100."""
    index = Gradient(2_000, 0.1, Limits(-0.2, 0.4, 0.03)).index(0.95)
    assert (index.sii, index.sii_low, index.sii_high) == pytest.approx((200, -400, 800))
    assert index.intercept == pytest.approx(1_900)
    assert (index.rii, index.rii_low, index.rii_high) == pytest.approx(
        (2_100 / 1_900, 1_800 / 2_200, 2_400 / 1_600)
    )
    assert (index.p_value, index.interval_method) == (0.03, "jackknife over practices, Student's t")
    # An end at nothing or below has no ratio; the slope keeps its limits.
    for low, high in ((-2.0, 1.0), (-1.0, 2.0)):
        unbounded = Gradient(2_000, 0.1, Limits(low, high, 0.5)).index(0.95)
        assert math.isnan(unbounded.rii_low)
        assert math.isnan(unbounded.rii_high)
        assert (unbounded.sii_low, unbounded.sii_high) == (2_000 * low, 2_000 * high)
    assert math.isnan(Gradient(1, 2.0, Limits(0, 1, 1)).index(0.95).rii)


def test_groups_each_alike_or_by_their_patients() -> None:
    """Values of 1, 2, 6 on ranks of sizes 1, 2, 1 and alike; an empty group weighs nothing."""
    share = np.vstack([np.eye(3), np.eye(3)])
    patients, fte = np.array([50.0, 200, 300, 50, 200, 300]), np.array([50.0, 100, 50] * 2)
    matrix = PatientMatrix(patients, fte, share, np.arange(3.0), (1, 2, 3), 0)
    alike = gradient(matrix, by_patients=False)
    assert alike.mean == pytest.approx(3)
    assert alike.relative * alike.mean == pytest.approx(7.5)
    weighed = gradient(matrix)
    expected = slope_index_of_inequality([1, 2, 3], [100, 400, 600], [1, 2, 6])
    assert weighed.relative * weighed.mean == pytest.approx(expected.sii)
    empty = replace(matrix, share=np.c_[share, np.zeros(6)], order=np.arange(4.0),
                    groups=(1, 2, 3, 4))  # fmt: skip
    assert gradient(empty).relative == pytest.approx(weighed.relative)
    assert gradient(empty, by_patients=False).relative == pytest.approx(alike.relative)
    rate = gradient(matrix, measure="fte_gp_per_10000", by_patients=False)
    assert rate.mean == pytest.approx(1e4 * (1 + 1 / 2 + 1 / 6) / 3)


def test_what_an_inequality_says_of_itself() -> None:
    practices = make_practices(n=20, slope=-0.5)
    practices["gp_fte_all"] = practices["gp_fte_fully_qualified"] * 2
    practices["imd2019_patients_quintile_4"] = 0
    practices.loc["F00000", "gp_fte_all"] = np.nan
    found = area_inequality(practices, definition="all", edition="2019", confidence=0.8)
    assert (found.level, found.measure) == ("quintile", "patients_per_fte_gp")
    assert (found.definition, found.edition) == ("all", "2019")
    assert (found.n_practices, found.n_missing, found.n_groups) == (19, 1, 4)
    assert found.groups.index.tolist() == [1, 2, 3, 5]
    assert found.note == "None of the patients live in quintile 4."
    assert found.reason == ""
    assert found.index.confidence == 0.8
    wide = area_inequality(practices, definition="all", edition="2019")
    assert wide.index.sii_high > found.index.sii_high
    for options, words in (
        ({"measure": "smiles"}, "There is no measure 'smiles'. Choose one of: patients_per_fte_gp, "
         "fte_gp_per_10000."),
        ({"level": "ward"}, "There is no level 'ward'. Choose one of: practice, quintile, lsoa."),
        ({"level": "lsoa", "lsoa_rank": pd.Series(dtype=float)}, "The LSOA level needs the table "
         "of patients by practice and LSOA."),
        ({"level": "lsoa", "registrations": practices}, "The LSOA level needs the table of "
         "patients by practice and LSOA."),
        ({"confidence": 1.5}, "The confidence is 1.5; give a figure from 0.5 up to below 1."),
    ):  # fmt: skip
        with pytest.raises(UserError) as told:
            area_inequality(practices, **options)  # type: ignore[arg-type]
        assert str(told.value) == words


def test_what_a_ratio_says_of_itself() -> None:
    practices = make_practices(n=20)
    practices["gp_fte_all"] = practices["gp_fte_fully_qualified"] * 2
    found = area_ratio(practices, definition="all", confidence=0.8)
    assert found.value == pytest.approx(area_ratio(practices).value / 2)
    assert found.high / found.low < area_ratio(practices).high / area_ratio(practices).low
    assert (found.confidence, found.reason) == (0.8, "")
    assert found.interval_method == "jackknife over practices, Student's t"
    assert math.isnan(found.rest)
    few = area_ratio(practices[:9])
    assert few.interval_method == "none"
    assert few.reason == "An interval needs at least 10 practices; there are 9."
    empty = practices.assign(patients=practices["patients"].where(practices.index != "F00003", 0))
    assert area_ratio(empty).n_missing == 1
    # The rest is counted by the same definition and interval.
    part = area_ratio(practices[:10], whole=practices, definition="all")
    others = practices[10:]
    assert part.rest == pytest.approx(others["patients"].sum() / others["gp_fte_all"].sum())


def test_the_quintiles_and_their_gap_in_full() -> None:
    practices = make_practices(n=60, slope=-0.5)
    practices["gp_fte_all"] = practices["gp_fte_fully_qualified"] * 2
    practices["imd2019_patients_quintile_2"] = 0
    found = quintile_table(practices, definition="all", edition="2019", confidence=0.8)
    assert (found.definition, found.edition) == ("all", "2019")
    assert (found.n_practices, found.n_missing) == (60, 0)
    assert found.interval_method == (
        "jackknife over practices, Student's t; none where a few practices carry the figure"
    )
    assert found.table.index.name == "quintile"
    assert list(found.table.columns) == [
        "patients", "fte_gp", "patients_per_fte_gp", "patients_per_fte_gp_low",
        "patients_per_fte_gp_high", "fte_gp_per_10000", "fte_gp_per_10000_low",
        "fte_gp_per_10000_high",
    ]  # fmt: skip
    assert found.table.loc[2, ["patients", "fte_gp"]].tolist() == [0, 0]
    assert found.table.loc[2, "patients_per_fte_gp":].isna().all()
    ratio, rate = found.gaps["patients_per_fte_gp"], found.gaps["fte_gp_per_10000"]
    assert (ratio.measure, rate.measure) == ("patients_per_fte_gp", "fte_gp_per_10000")
    for gap in (ratio, rate):
        values = found.table[gap.measure]
        assert gap.difference == pytest.approx(values[1] - values[5])
        assert gap.ratio == pytest.approx(values[1] / values[5])
        assert gap.difference_low < gap.difference < gap.difference_high
        assert gap.ratio_low < gap.ratio < gap.ratio_high
        assert (gap.confidence, gap.reason) == (0.8, "")
        assert gap.interval_method == "jackknife over practices, Student's t"
    assert rate.p_value == ratio.p_value
    assert rate.ratio_high == pytest.approx(1 / ratio.ratio_low)


@pytest.mark.parametrize("n", [4, 6])
def test_a_gap_of_few_practices(n: int) -> None:
    """Four have none; six have one, with p of all the ways to deal them out."""
    practices = make_practices(n=n, slope=-0.5)
    gap = quintile_table(practices, confidence=0.9).gaps["fte_gp_per_10000"]
    assert (gap.confidence, gap.interval_method) == (0.9, "none")
    if n == 4:
        assert gap.reason == "There are too few practices to compare two quintiles."
        assert math.isnan(gap.ratio)
        assert math.isnan(gap.p_value)
        return
    assert gap.reason == "An interval needs at least 10 practices; there are 6."
    mix = [f"imd2025_patients_quintile_{q}" for q in range(1, 6)]
    found = []
    for order in itertools.permutations(range(6)):
        dealt = practices.iloc[list(order)].reset_index(drop=True)
        share = practices[mix].to_numpy() / practices[mix].to_numpy().sum(axis=1, keepdims=True)
        people, doctors = (
            dealt[name].to_numpy() @ share for name in ("patients", "gp_fte_fully_qualified")
        )
        found.append(math.log(people[0] / doctors[0] / people[4] * doctors[4]))
    above = np.mean(np.array(found) >= found[0] - 1e-12)
    below = np.mean(np.array(found) <= found[0] + 1e-12)
    assert gap.p_value == pytest.approx(min(1, 2 * min(above, below)))


def test_quintiles_of_a_few_patients_are_not_shown() -> None:
    practices = make_practices(n=20)
    whole = quintile_table(practices)
    assert whole.shown is whole.table
    practices["imd2025_patients_quintile_3"] = 0
    practices.loc["F00000", "imd2025_patients_quintile_3"] = 3
    few = quintile_table(practices)
    assert 0 < few.table.loc[3, "patients"] < 5
    assert few.shown.loc[3].isna().all()
    others = few.table.drop(index=3)
    assert few.shown.loc[1, "patients"] == round(others.loc[1, "patients"], -1)
    assert few.shown.loc[1, "fte_gp"] == round(others.loc[1, "fte_gp"], 1)
    assert few.shown.loc[1, "patients_per_fte_gp"] == others.loc[1, "patients_per_fte_gp"]


def test_concentration_by_hand_and_what_it_says_of_itself() -> None:
    """All of it with the least deprived of five alike: 4/5; with the most deprived: -4/5."""
    people, scores = [10.0] * 5, [5, 4, 3, 2, 1]
    last = concentration_index([0, 0, 0, 0, 7], people, scores)
    assert last.index == pytest.approx(0.8)
    assert concentration_index([7, 0, 0, 0, 0], people, scores).index == pytest.approx(-0.8)
    assert (last.n, last.n_missing, last.interval_method) == (5, 0, "none")
    assert last.reason == "An interval needs at least 10 practices; there are 5."
    # In a fifth of all orders it comes last, as far off as it can be: twice a fifth.
    assert last.p_value == pytest.approx(0.4)
    assert last.curve["resource"].tolist() == [0, 0, 0, 0, 0, 1]
    gaps = concentration_index(
        [np.nan, 1, 1, 1, 2, 1, 1], [1, np.nan, 0, 1, 1, 1, 1], [1, 1, 1, 2, 3, 4, 5],
        confidence=0.8,
    )  # fmt: skip
    assert (gaps.n, gaps.n_missing, gaps.confidence) == (4, 3, 0.8)
    assert gaps.reason == "There are too few practices, or there is nothing to share out."
    assert [gaps.index, gaps.low, gaps.high, gaps.p_value] == pytest.approx(
        [math.nan] * 4, nan_ok=True
    )
    nothing = concentration_index([0] * 6, [1] * 6, range(6))
    assert nothing.reason == gaps.reason
    assert nothing.curve["resource"].isna().tolist() == [False, *[True] * 6]
    assert concentration_index([1] * 6, [1] * 6, [2] * 6).reason == (
        "All practices are equally deprived, so nothing can vary with deprivation."
    )
    for wrong, words in (
        (([1, 2], [1], [1, 2]), "Resource, people and deprivation differ in length."),
        (([1, -2, 3], [1] * 3, [1, 2, 3]), "A resource below zero has no concentration index."),
    ):
        with pytest.raises(UserError) as told:
            concentration_index(*wrong)  # type: ignore[arg-type]
        assert str(told.value) == words
    # A negative amount of a practice that is left out does not matter.
    assert concentration_index([-1, *[1] * 5], [np.nan, *[1] * 5], range(6)).n == 5


def test_the_limits_of_concentration_are_a_jackknife_of_it() -> None:
    practices = make_practices(n=30, slope=-0.8)
    columns = ["gp_fte_fully_qualified", "patients", "imd_score"]

    def of(table: pd.DataFrame, **options: float) -> Concentration:
        return concentration_index(*(table[name] for name in columns), **options)

    left_out = np.array([of(practices.drop(code)).index for code in practices.index])
    whole = of(practices, confidence=0.8)
    limits = jackknife(whole.index, left_out, confidence=0.8)
    assert (whole.low, whole.high, whole.p_value) == pytest.approx(
        (limits.low, limits.high, limits.p_value)
    )
    assert (whole.reason, whole.confidence) == ("", 0.8)
    assert whole.interval_method == "jackknife over practices, Student's t"
    assert list(whole.curve.columns) == ["people", "resource"]
