"""No sentence may claim more than its p-value allows: over grids and over random results."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures.correlation import Correlation, WithinBetween, correlate, within_between
from pcs_dash.measures.funnel import POSITIONS
from pcs_dash.measures.inequality import AreaInequality, AreaRatio, Concentration, Gap
from pcs_dash.measures.numbers import MINUS, number
from pcs_dash.measures.slope_index import SlopeIndex
from pcs_dash.measures.spatial import GlobalMoran, LocalPattern
from pcs_dash.measures.specification import SpecificationSummary
from pcs_dash.measures.then_now import ThenNow
from pcs_dash.measures.words import (
    Words,
    benchmark_words,
    clusters_words,
    concentration_words,
    correlation_words,
    funnel_words,
    gap_words,
    grade,
    inequality_words,
    influence_words,
    join,
    moran_words,
    partial_words,
    size_range,
    slope_words,
    specification_words,
    then_now_words,
    within_between_words,
)
from pcs_dash.measures.workforce import Benchmark

DATE = "31 December 2025"
CAUSAL = re.compile(
    r"\b(caus\w*|because|due to|leads? to|led to|effects?|impacts?|drives?|driven|results? in|"
    r"explains? why|makes?|owing)\b",
    re.IGNORECASE,
)
ASSERTS = re.compile(r"(weak|clear) evidence|\btends?\b")


def p_of(low: float, high: float, null: float = 0.0, *, clear: bool = False) -> float:
    """A p-value that goes with the interval."""
    return 0.5 if low <= null <= high else 0.002 if clear else 0.03


def result(r: float, low: float, high: float, n: int = 30, **more: object) -> Correlation:
    options = {
        "p_value": p_of(low, high),
        "method": "spearman",
        "weighted": False,
        "interval_method": "jackknife",
    }
    return Correlation(n, r, low, high, **(options | more))  # type: ignore[arg-type]


def words(r: float, low: float, high: float, **more: object) -> Words:
    return correlation_words(result(r, low, high, **more), place="Thurrock", date=DATE)


coefficients = st.floats(-0.999, 0.999)


@settings(max_examples=400)
@given(coefficients, coefficients, coefficients)
def test_a_correlation_is_asserted_only_where_the_interval_excludes_zero(
    a: float, b: float, c: float
) -> None:
    low, r, high = sorted((a, b, c))
    said = words(r, low, high)
    if low <= 0 <= high:
        assert "no evidence of an association" in said.finding
        assert not ASSERTS.search(said.text)
        assert "where patients live" not in said.text
    else:
        assert ASSERTS.search(said.finding)
        assert "no evidence" not in said.text
        sign, direction = ("positive", "higher") if r > 0 else ("negative", "lower")
        assert f"a {sign} association" in said.finding
        assert said.finding.endswith(f"to be {direction}.")
    assert not CAUSAL.search(said.text)


@pytest.mark.parametrize(
    ("p_value", "expected"),
    [
        (0.5, "none"), (0.05, "none"), (0.049, "weak"), (0.01, "weak"), (0.009, "clear"),
        (1e-12, "clear"), (math.nan, "undefined"),
    ],
)  # fmt: skip
def test_grades_go_by_the_p_value(p_value: float, expected: str) -> None:
    assert grade(p_value) == expected


def test_weak_evidence_is_worded_more_carefully_than_clear() -> None:
    assert "may tend to be higher" in words(0.2, 0.02, 0.36).finding
    assert "tends to be higher" in words(0.3, 0.15, 0.43, p_value=0.002).finding


def test_without_an_interval_the_p_value_speaks_and_the_reason_is_given() -> None:
    few = "There is no interval that holds: in effect fewer than 3 of the 26 practices carry it."
    said = words(0.4, math.nan, math.nan, p_value=0.03, reason=few)
    assert "weak evidence of a positive association" in said.finding
    assert said.caution.startswith(few)
    assert "(no interval, p = 0.030 by permutation)" in said.basis
    open_ = words(0.4, math.nan, math.nan, p_value=0.3, reason=few)
    assert "no evidence of an association" in open_.finding
    assert open_.caution == f"That is not the same as evidence of none. {few}"


def test_a_limit_close_to_zero_is_told_from_zero() -> None:
    assert "95% interval 0.001 to 0.36" in words(0.2, 0.0012, 0.36).text
    assert "95% interval −0.0004 to 0.36" not in words(0.2, -0.0004, 0.36).text
    assert "95% interval 0.00 to 0.36" in words(0.2, -0.0004, 0.36).text
    assert "p = 0.0496" in words(0.2, 0.0012, 0.36, p_value=0.04958).text
    assert "p = 0.0096" in words(0.2, 0.05, 0.36, p_value=0.00961).text


def test_an_interval_around_zero_says_what_it_leaves_open() -> None:
    assert "a moderate negative one to a moderate positive one" in words(0.05, -0.35, 0.43).caution
    assert "it is very small" in words(0.01, -0.05, 0.07).caution
    assert "from none to a small positive one" in words(0.1, -0.001, 0.2).caution
    assert "not the same as evidence of none" in words(0.05, -0.35, 0.43).caution


def test_sizes_span_the_interval() -> None:
    assert size_range(0.04, 0.36) == "very small to moderate"
    assert size_range(-0.36, -0.04) == "very small to moderate"
    assert size_range(0.12, 0.28) == "small"
    assert "could be very small to moderate" in words(0.2, 0.04, 0.36).text
    assert "Its size is small." in words(0.2, 0.12, 0.28).text


def test_the_basis_has_n_interval_p_definition_and_date() -> None:
    text = words(0.2, 0.04, 0.36, n=1_430, p_value=0.0151, n_missing=3).text
    for part in ("0.20", "95% interval 0.04 to 0.36", "p = 0.015", "1,430 practices", "3 left out"):
        assert part in text
    assert "fully qualified GPs (without GPs in training; regular locums included)" in text
    assert DATE in text
    assert f"{MINUS}0.35" in words(0.05, -0.35, 0.43).text


def test_an_undefined_correlation_gives_its_reason() -> None:
    nothing = correlate([1, 2, 3], [1, 2, 3])
    said = correlation_words(nothing, place="Redbridge", date=DATE)
    assert "nothing can be said" in said.finding
    assert "at least 4" in said.caution
    assert "nan" not in said.text.lower()


def slope(sii: float, low: float, high: float, p_value: float | None = None) -> SlopeIndex:
    p_value = p_of(low, high) if p_value is None else p_value
    return SlopeIndex(
        sii, low, high, (2_500 + sii) / 2_500, 0.9, 1.1, 2_500, 0.95, "jackknife", p_value
    )


@settings(max_examples=200)
@given(st.tuples(*[st.floats(-2_000, 2_000)] * 3), st.sampled_from(["patients", "fte"]))
def test_a_gradient_is_asserted_only_where_the_interval_excludes_zero(
    values: tuple[float, float, float], kind: str
) -> None:
    low, sii, high = sorted(values)
    measure = "patients_per_fte_gp" if kind == "patients" else "fte_gp_per_10000"
    said = slope_words(slope(sii, low, high), place="Essex", measure=measure, date=DATE)
    if low <= 0 <= high:
        assert "no evidence of a gradient" in said.finding
        assert not ASSERTS.search(said.text)
    else:
        side = "higher" if sii < 0 else "lower"
        assert f"{side} where people are more deprived" in said.finding
    assert not CAUSAL.search(said.text)


def test_a_slope_without_errors_is_not_judged() -> None:
    said = slope_words(slope(-400, math.nan, math.nan, math.nan), place="Essex", date=DATE)
    assert "can't be told from chance" in said.text
    assert not ASSERTS.search(said.text)
    nothing = SlopeIndex(*[math.nan] * 7)
    assert "can be fitted" in slope_words(nothing, place="Essex", date=DATE).finding


@settings(max_examples=100)
@given(st.tuples(*[st.floats(0.2, 5)] * 3))
def test_a_gap_is_asserted_only_where_the_ratio_excludes_one(
    values: tuple[float, float, float],
) -> None:
    low, ratio, high = sorted(values)
    p_value = p_of(low, high, 1)
    gap = Gap("patients_per_fte_gp", ratio, low, high, 100, 50, 150, 0.95, "jackknife", p_value)
    said = gap_words(gap, place="Essex", date=DATE)
    if low <= 1 <= high:
        assert "no evidence" in said.finding
        assert not ASSERTS.search(said.text)
    else:
        assert f"of {'more' if ratio > 1 else 'fewer'} patients per FTE GP" in said.finding
    assert not CAUSAL.search(said.text)


@settings(max_examples=100)
@given(st.tuples(*[st.floats(-0.9, 0.9)] * 3))
def test_concentration_is_asserted_only_where_the_interval_excludes_zero(
    values: tuple[float, float, float],
) -> None:
    low, index, high = sorted(values)
    p_value = p_of(low, high)
    found = Concentration(index, low, high, 30, 0, pd.DataFrame(), 0.95, "jackknife", p_value)
    said = concentration_words(found, place="Essex", date=DATE)
    if low <= 0 <= high:
        assert "no evidence" in said.finding
    else:
        assert f"{'less' if index > 0 else 'more'} deprived" in said.finding
    assert not CAUSAL.search(said.text)


ENGLAND = Benchmark("england", "England", 2_258, None, "May 2025", "", place="England")
WHOLE = Benchmark("mse", "Mid and South Essex", 2_607, None, DATE, "", codes=frozenset("abcde"))


def benchmark(value: float, low: float = math.nan, high: float = math.nan) -> Words:
    p_value = p_of(low, high, 2_258, clear=low > 2_400)
    ratio = AreaRatio(value, low, high, p_value, 26, 0, 0.95, "jackknife")
    known = math.isfinite(low)
    return benchmark_words(
        value, ENGLAND, place="Thurrock", date=DATE, ratio=ratio if known else None
    )


def test_a_benchmark_prints_both_dates_and_judges_only_with_an_interval() -> None:
    said = benchmark(2_780.1)
    assert said.finding == (
        "Thurrock has 2,780 patients per FTE GP, 23% more than England (2,258, May 2025)."
    )
    assert DATE in said.text
    assert "evidence" not in said.text
    assert "10% fewer" in benchmark(2_032).finding
    assert "within half a per cent" in benchmark(2_260).finding
    assert "could be chance" in benchmark(2_400, 2_200, 2_620).caution
    assert "clear evidence that the figure is above" in benchmark(2_780, 2_500, 3_100).caution
    assert "evidence that the figure is below" in benchmark(1_900, 1_700, 2_100).caution
    assert "(95% interval 2,258.3 to" in benchmark(2_780, 2_258.3, 3_100).caution
    assert "England's figure is taken as exact" in benchmark(2_780, 2_500, 3_100).caution
    assert "no figure" in benchmark(math.nan).finding


@pytest.mark.parametrize(
    ("place", "codes", "benchmark"),
    [("Mid and South Essex", "abcde", WHOLE), ("England", "xyz", ENGLAND)],
)
def test_an_area_is_not_held_against_itself(place: str, codes: str, benchmark: Benchmark) -> None:
    ratio = AreaRatio(2_700, 2_650, 2_750, 0.001, 5, 0, 0.95, "jackknife")
    said = benchmark_words(2_700, benchmark, place=place, date=DATE, codes=codes, ratio=ratio)
    assert "the benchmark is its own figure" in said.finding
    assert said.caution == ""
    assert "evidence" not in said.text


def test_a_part_is_held_against_the_others_of_the_whole() -> None:
    ratio = AreaRatio(2_780, 2_369, 3_262, 0.38, 2, 0, 0.95, "jackknife", rest=2_580.4)
    said = benchmark_words(2_780, WHOLE, place="Thurrock", date=DATE, codes="ab", ratio=ratio)
    assert "7% more than Mid and South Essex (2,607" in said.finding
    assert said.finding.endswith("which includes it.")
    assert "the others in Mid and South Essex (2,580, p = 0.38)" in said.caution
    assert "could be chance" in said.caution
    sure = AreaRatio(2_780, 2_700, 2_860, 0.001, 2, 0, 0.95, "jackknife", rest=2_580.4)
    told = benchmark_words(2_780, WHOLE, place="Thurrock", date=DATE, codes="ab", ratio=sure)
    assert "clear evidence that the figure is above that of the others" in told.caution


def test_an_area_around_or_across_the_whole_is_not_tested_against_it() -> None:
    ratio = AreaRatio(2_700, 2_650, 2_750, 0.001, 6, 0, 0.95, "jackknife")
    for codes, words_ in (("abcdef", "which is a part of it"), ("def", "2,607")):
        said = benchmark_words(2_700, WHOLE, place="Essex", date=DATE, codes=codes, ratio=ratio)
        assert words_ in said.finding
        assert "evidence" not in said.text


def moran(p_value: float, statistic: float = 0.3) -> Words:
    found = GlobalMoran(statistic, -0.005, p_value, 204, 2, 4_999, "the 6 nearest", "practice")
    return moran_words(found, what="patients per FTE GP", place="Essex", date=DATE)


def test_a_spatial_pattern_is_graded_by_its_p_value() -> None:
    assert "no evidence of a spatial pattern" in moran(0.4).finding
    assert "weak evidence" in moran(0.03).finding
    assert "more alike" in moran(0.001).finding
    assert "more unlike" in moran(0.001, -0.4).finding
    assert "4,999 permutations" in moran(0.4).basis


def test_clusters_come_with_what_chance_would_give() -> None:
    def pattern(found: int) -> LocalPattern:
        return LocalPattern(
            pd.DataFrame(), "Local Moran's I", 1_077, 0, found, 90, 53.85, 0.01, "FDR 5%", 4_999,
            "queen", "LSOA",
        )  # fmt: skip

    said = clusters_words(pattern(12), what="deprivation")
    assert "12 of 1,077 LSOAs stand out" in said.finding
    assert "about 53.9" in said.caution
    assert "No LSOA stands out" in clusters_words(pattern(0), what="x").finding


def summary(n: int, positive: int, up: int, down: int) -> Words:
    found = SpecificationSummary(n, 0, 0, positive, up, down, -7.0, 12.0, 40.0)
    return specification_words(found, place="Thurrock", date=DATE)


def test_specifications_are_counted_as_the_issue_has_it() -> None:
    said = summary(48, 31, 9, 0)
    assert "positive in 31 of 48 ways of measuring" in said.finding
    assert "excludes zero in 9 (9 positive)" in said.finding
    assert "depends on the way" in said.caution
    assert "no single one" in summary(48, 31, 9, 2).caution
    assert "can tell it from chance" in summary(48, 31, 0, 0).caution
    assert "finds the same" in summary(48, 48, 48, 0).caution
    assert "negative gradient" in summary(48, 0, 0, 48).caution
    assert "no way of measuring" in summary(0, 0, 0, 0).finding


def test_specifications_without_an_interval_are_told() -> None:
    found = SpecificationSummary(48, 0, 5, 31, 9, 0, -7.0, 12.0, 40.0)
    said = specification_words(found, place="Thurrock", date=DATE)
    assert "excludes zero in 9 (9 positive); 5 have no interval." in said.finding
    assert "a few practices carry the figure" in said.basis


def test_nearly_every_way_of_measuring_is_nine_in_ten_on_one_side() -> None:
    said = summary(96, 96, 95, 0)
    assert "excludes zero in 95." in said.finding
    assert "(" not in said.finding
    assert "survives nearly every way of measuring; 1 does not leave" in said.caution
    falling = summary(96, 3, 0, 90)
    assert "(90 negative)" in falling.finding
    assert "nearly every way of measuring, a negative gradient; 6 do" in falling.caution


@given(st.integers(1, 200), st.data())
def test_specifications_claim_no_more_than_their_counts(n: int, data: st.DataObject) -> None:
    up = data.draw(st.integers(0, n))
    down = data.draw(st.integers(0, n - up))
    positive = data.draw(st.integers(up, n - down))
    said = summary(n, positive, up, down)
    one_sided = not (up and down)
    assert ("Every way" in said.caution) == (one_sided and up + down == n)
    nearly = one_sided and 10 * (up + down) >= 9 * n and up + down < n
    assert ("nearly every way" in said.caution) == nearly
    assert ("no single one" in said.caution) == (not one_sided)
    assert ("from chance" in said.caution) == (up + down == 0)
    assert ("negative gradient" in said.caution) == (down > 0 and up == 0 and 10 * down >= 9 * n)
    # A bracket says what the counts before it do not.
    assert ("(" in said.finding) == (0 < positive < n and up + down > 0)


@pytest.mark.parametrize("turning", [0, 1, 7])
@pytest.mark.parametrize("r", [-0.4, 0.0, 0.4])
def test_influence_counts_the_practices_that_turn_the_conclusion(turning: int, r: float) -> None:
    carried = pd.DataFrame(
        {
            "changes_conclusion": [i < turning for i in range(30)],
            "coefficient_without": r + 0.1,
            "ci_low": r - 0.2,
            "ci_high": r + 0.3,
        },
        index=[f"F{i}" for i in range(30)],
    )
    said = influence_words(carried, r, place="Thurrock")
    assert ("never changes" in said) == (turning == 0)
    assert (f"for {turning} of 30 practices" in said) == (turning > 0)
    assert f"(F0) Spearman's rho is {number(r + 0.1, 2)}" in said
    assert said.endswith(f"in place of {number(r, 2)}.")
    assert not CAUSAL.search(said)


@pytest.mark.parametrize("given", [["hypertension"], ["hypertension", "diabetes"]])
@pytest.mark.parametrize("interval", [(-0.5, -0.1), (-0.2, 0.3), (0.1, 0.5)])
def test_partial_correlation_asserts_no_more_than_the_plain_sentence(given, interval) -> None:
    plain = words(sum(interval) / 2, *interval)
    said = partial_words(plain, given)
    assert said.finding.startswith(f"Once {', '.join(given)} {'is' if len(given) == 1 else 'are'}")
    assert bool(ASSERTS.search(said.finding)) == (interval[0] > 0 or interval[1] < 0)
    assert said.basis.startswith("Partial Spearman's rho")
    assert said.caution == plain.caution


@pytest.mark.parametrize("low", [0, 1, 5])
@pytest.mark.parametrize("high", [0, 1, 4])
def test_the_funnel_counts_both_sides_and_what_chance_gives(low: int, high: int) -> None:
    places = [POSITIONS[1]] * low + [POSITIONS[-2]] * high + [POSITIONS[2]] * (30 - low - high)
    found = SimpleNamespace(
        points=pd.DataFrame({"position": places}), n=30, n_outside_95=low + high, average=4.2,
        expected_outside_95=1.5, n_missing=2, adjusted=False, definition="all", note="",
    )  # fmt: skip
    said = funnel_words(found, place="Thurrock", date=DATE)
    counted = "1 practice of 30 has fewer" if low == 1 else f"{low} practices of 30 have fewer"
    assert counted in said.finding
    assert f"{high} {'has' if high == 1 else 'have'} more" in said.finding
    assert "chance alone would put about 1.5 outside" in said.finding
    assert "2 left out for a missing figure" in said.basis
    assert not ASSERTS.search(said.text)


def test_then_and_now_says_whether_the_two_can_be_compared() -> None:
    row = ThenNow(
        "GP practices", "Thurrock", 33, "33 practices", "2017", "Board", 26, "26 practices", DATE,
        True, "Mergers.",
    )  # fmt: skip
    assert "measured alike" in then_now_words(row).caution
    other = ThenNow(*[*row.__dict__.values()][:9], False, "Another count.")
    assert "not measured alike" in then_now_words(other).caution
    gone = ThenNow(*[*row.__dict__.values()][:6], math.nan, "", DATE, False, "No figure.")
    assert "no comparable figure" in then_now_words(gone).caution


def levels(pooled: tuple[float, float], within: tuple[float, float]) -> Words:
    """The sentence for coefficients and p-values over all practices and within places."""
    parts = [result(r, r - 0.1, r + 0.1, p_value=p) for r, p in (pooled, within)]
    found = WithinBetween(parts[0], parts[1], parts[0], pd.DataFrame(index=range(7)))
    return within_between_words(found, date=DATE)


@pytest.mark.parametrize(
    ("pooled", "within", "finding", "caution"),
    [
        ((0.3, 0.001), (0.3, 0.001), "clear evidence of a rising line; within", "The two agree"),
        ((0.3, 0.001), (0.1, 0.3), "within places there is no evidence", "may come from differ"),
        ((0.1, 0.3), (0.3, 0.02), "within places there is weak evidence", "hide over all"),
        ((0.1, 0.3), (0.1, 0.3), "within places there is no evidence", "Neither can be told"),
        ((0.3, 0.001), (-0.3, 0.001), "clear evidence of a falling line", "Simpson's paradox"),
        ((0.3, 0.001), (-0.1, 0.3), "within places there is no evidence", "may be chance"),
    ],
)
def test_all_practices_and_places_are_reconciled(pooled, within, finding, caution) -> None:
    said = levels(pooled, within)
    assert finding in said.finding
    assert caution in said.caution
    assert ("Simpson" in said.text) == (caution == "Simpson's paradox")
    assert not CAUSAL.search(said.text)


def test_one_place_can_not_be_told_apart() -> None:
    x = pd.Series([1.0, 5, 2, 8, 3, 9, 4, 7, 6, 10])
    one = within_between(x, x**2, pd.Series(["A"] * 10))
    said = within_between_words(one, date=DATE)
    assert "can't be told apart" in said.finding
    assert "one group only" in said.caution


GPS = (
    "GPs counted: fully qualified GPs (without GPs in training; regular locums included), "
    "31 December 2025."
)


def test_whole_sentences_of_a_correlation() -> None:
    said = words(0.1264, 0.04, 0.36, n=26, n_missing=1)
    assert said.finding == (
        "In Thurrock there is weak evidence of a positive association between patients per FTE GP "
        "and deprivation score (IMD 2025, patient-weighted): where patients live in more deprived "
        "areas, patients per FTE GP may tend to be higher."
    )
    assert said.caution == (
        "Its size could be very small to moderate. Figures that go together do not say why."
    )
    assert said.basis == (
        "Spearman's rho = 0.13 (95% interval 0.04 to 0.36, p = 0.030), 26 practices; "
        f"1 left out for a missing figure. {GPS}"
    )


def test_whole_sentences_of_a_slope_and_of_what_it_rests_on() -> None:
    index = SlopeIndex(
        -400.4, -700.25, -100.75, 0.8526, 0.7444, 0.9619, 2_716.4, 0.95, "jackknife", 0.012
    )
    figures = (
        f"Slope Index of Inequality {MINUS}400 (95% interval {MINUS}700 to {MINUS}101, p = 0.012); "
        "Relative Index of Inequality 0.85 (95% interval 0.74 to 0.96): fitted 2,716 at the most "
        "deprived end, 2,316 at the least deprived end."
    )
    said = slope_words(index, place="Essex", date=DATE)
    assert said.finding == (
        "In Essex there is weak evidence that patients per FTE GP are higher where people are more "
        "deprived."
    )
    assert (said.caution, said.basis) == (
        "Figures that go together do not say why.",
        f"{figures} {GPS}",
    )
    area = AreaInequality(
        index, "lsoa", "patients_per_fte_gp", "fully_qualified", "2019", 204, 2, 9,
        pd.DataFrame(), note="Patients are modelled.",
    )  # fmt: skip
    assert inequality_words(area, place="Essex", date=DATE).basis == (
        f"{figures} Measured by LSOA, 204 practices; 2 left out for a missing figure; jackknife. "
        f"LSOAs ranked by IMD 2019. Patients are modelled. {GPS}"
    )


def test_whole_sentences_of_the_gap_between_fifths() -> None:
    gap = Gap("patients_per_fte_gp", 1.25, 1.1, 1.42, 500.4, 220, 800, 0.95, "jackknife", 0.004)
    assert gap_words(gap, place="Essex", date=DATE) == Words(
        "In Essex there is clear evidence of more patients per FTE GP in the most deprived fifth "
        "than in the least deprived fifth.",
        "Figures that go together do not say why.",
        "Ratio of quintile 1 to quintile 5: 1.25 (95% interval 1.10 to 1.42, p = 0.004); "
        f"difference 500 (95% interval 220 to 800). {GPS}",
    )
    small = Gap("patients_per_fte_gp", 1.05, 0.9, 1.2, 100, -50, 250, 0.95, "jackknife", 0.4)
    assert gap_words(small, place="Essex", date=DATE) == Words(
        "In Essex there is no evidence that patients per FTE GP differ between the most and the "
        "least deprived fifth.",
        "That is not the same as evidence that they are equal.",
        "Ratio of quintile 1 to quintile 5: 1.05 (95% interval 0.90 to 1.20, p = 0.40); "
        f"difference 100 (95% interval {MINUS}50 to 250). {GPS}",
    )


def test_whole_sentences_of_levels_clusters_and_a_part_beside_the_rest() -> None:
    assert levels((0.2, 0.4), (0.1, 0.3)) == Words(
        "Over all practices there is no evidence of a line; within places there is no evidence of "
        "a line.",
        "Neither can be told from chance.",
        "Spearman's rho 0.20 (95% interval 0.10 to 0.30, p = 0.40) over all practices, 0.10 (95% "
        "interval 0.00 to 0.20, p = 0.30) within places, each with a level of its own. "
        f"30 practices, 7 places. {GPS}",
    )
    none = LocalPattern(
        pd.DataFrame(), "Local Moran's I", 77, 0, 0, 3, 3.85, -1, "FDR", 99, "queen", "LSOA"
    )
    assert clusters_words(none, what="deprivation").finding == (
        "No LSOA stands out as part of a cluster of deprivation after control for the "
        "number of tests."
    )
    # Above the rest of the whole, though below the whole's own figure.
    ratio = AreaRatio(2_600, 2_500, 2_700, 0.02, 26, 0, 0.95, "jackknife", rest=2_500.4)
    said = benchmark_words(2_600, WHOLE, place="Thurrock", date=DATE, codes="a", ratio=ratio)
    assert said.caution == (
        "There is weak evidence that the figure is above that of the others in Mid and South Essex "
        "(2,500, p = 0.020), were these practices a sample."
    )


def test_whole_sentences_where_there_is_nothing_to_say() -> None:
    assert summary(0, 0, 0, 0) == Words(
        "In Thurrock no way of measuring gives a gradient.", "", "31 December 2025."
    )
    nan = math.nan
    nothing = Concentration(nan, nan, nan, 3, 0, pd.DataFrame(), 0.95, "", nan, "Too few.")
    assert concentration_words(nothing, place="Essex", date=DATE) == Words(
        "In Essex no concentration index can be given.", "Too few.", f"3 practices. {GPS}"
    )
    none = SimpleNamespace(n=0, definition="fully_qualified")
    assert funnel_words(none, place="Essex", date=DATE) == Words(
        "In Essex no practice has a figure.", "", GPS
    )


def test_whole_sentences_of_many_times_the_benchmark_and_of_the_curve() -> None:
    assert benchmark(27_096).finding == (
        "Thurrock has 27,096 patients per FTE GP, 12 times England (2,258, May 2025)."
    )
    assert summary(48, 31, 9, 2) == Words(
        "In Thurrock the gradient of patients per FTE GP towards deprivation is positive in 31 of "
        "48 ways of measuring; its interval excludes zero in 11 (9 positive, 2 negative).",
        "The answer turns with the way of measuring: no single one should be quoted alone.",
        f"From {MINUS}7.0% to 40.0%, median 12.0%: patients per FTE GP at the most against the "
        "least deprived end, in per cent of their mean. 31 December 2025.",
    )


def test_paragraphs() -> None:
    assert join([Words("A.", "", "B."), "C."]) == "A. B.\n\nC."
    assert str(Words("A.", "B.", "C.")) == "A. B. C."
