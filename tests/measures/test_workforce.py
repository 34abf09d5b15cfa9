from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures.workforce import (
    GP_DEFINITIONS,
    Benchmark,
    area_patients_per_fte_gp,
    benchmarks,
    england_benchmark,
    fte_gap,
    gp_definition,
    patients_per_fte_gp,
    summarise,
    typed_benchmark,
)
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import DATA_DIR


@pytest.mark.parametrize(
    ("area", "definition", "practices_there", "ratio"),
    [
        ("Thurrock", "fully_qualified", 26, 2_780.1),
        ("Thurrock", "all", 26, 2_330.2),
        ("Thurrock", "permanent", 26, 3_228.7),
        ("Mid and South Essex", "fully_qualified", 143, 2_607.3),
        ("Essex", "fully_qualified", 204, 2_584.3),
        ("Castle Point", "fully_qualified", 13, 3_231.2),
    ],
)
def test_check_figures(practices, area, definition, practices_there, ratio) -> None:
    own = find_area(area).select(practices)
    row = summarise(own, definition=definition).iloc[0]
    assert row["practices"] == practices_there
    assert round(row["patients_per_fte_gp"], 1) == ratio
    assert round(area_patients_per_fte_gp(own, definition), 1) == ratio


def test_thurrock_in_full(practices) -> None:
    row = summarise(find_area("Thurrock").select(practices)).iloc[0]
    assert (row["patients"], round(row["fte_gp"], 2)) == (190_486, 68.52)


def test_against_the_raw_file(practices) -> None:
    """Every district's ratio from the source file, with nothing but the standard library."""
    path = DATA_DIR / "gp_workforce_practice_2025-12_essex.csv"
    with path.open(encoding="utf-8", newline="") as file:
        raw = {row["practice_code"]: row for row in csv.DictReader(file)}
    table = summarise(practices, "district")
    for district, codes in practices.groupby("district").groups.items():
        patients = sum(int(raw[code]["TOTAL_PATIENTS"]) for code in codes)
        fte = sum(float(raw[code]["TOTAL_GP_EXTG_FTE"]) for code in codes)
        assert table.loc[district, "patients_per_fte_gp"] == pytest.approx(patients / fte)
        assert table.loc[district, "gps_per_1000"] == pytest.approx(1_000 * fte / patients)
        assert table.loc[district, "gps_per_10000"] == pytest.approx(10_000 * fte / patients)


def made(patients: list[float], fte: list[float], practices: pd.DataFrame) -> pd.DataFrame:
    """Real rows with other lists and FTE."""
    rows = practices.iloc[: len(patients)].copy()
    return rows.assign(patients=patients, gp_fte_fully_qualified=fte)


def test_a_practice_without_a_figure_leaves_both_sums_and_is_counted(practices) -> None:
    row = summarise(made([1_000, 2_000, 9_000], [1.0, 1.0, np.nan], practices)).iloc[0]
    assert row["patients_per_fte_gp"] == 1_500
    assert row["practices_without_fte"] == 1
    assert (row["patients"], row["patients_in_ratio"]) == (12_000, 3_000)


def test_a_reported_zero_stays_in_the_sums(practices) -> None:
    table = made([1_000, 2_000], [1.0, 0.0], practices)
    row = summarise(table).iloc[0]
    assert row["patients_per_fte_gp"] == 3_000
    assert row["practices_without_fte"] == 0
    assert patients_per_fte_gp(table).isna().tolist() == [False, True]


def test_a_group_in_which_nobody_reports_has_no_figures_rather_than_zeros(practices) -> None:
    row = summarise(made([1_000], [np.nan], practices), benchmark=2_000).iloc[0]
    assert row[["fte_gp", "patients_per_fte_gp", "gps_per_1000", "fte_gap"]].isna().all()
    assert np.isnan(area_patients_per_fte_gp(made([1_000], [np.nan], practices)))


def test_an_empty_set_of_practices_makes_an_empty_table(practices) -> None:
    assert summarise(practices.iloc[:0]).empty


sizes = st.lists(
    # Nothing, none, or at least what is published: two decimals.
    st.tuples(st.integers(1, 60_000), st.none() | st.just(0.0) | st.floats(0.01, 40)),
    min_size=2,
    max_size=12,
)


@settings(max_examples=60)
@given(sizes, st.integers(1, 11))
def test_sums_of_parts_are_the_sums_of_the_whole(practices, figures, cut) -> None:
    table = made(
        [patients for patients, _ in figures],
        [np.nan if fte is None else fte for _, fte in figures],
        practices,
    )
    halves = pd.Series(["first"] * cut + ["second"] * len(table), index=None)[: len(table)]
    parts = summarise(table, pd.Series(halves.to_numpy(), index=table.index))
    whole = summarise(table).iloc[0]
    for column in ("practices", "practices_without_fte", "patients", "patients_in_ratio"):
        assert parts[column].sum() == whole[column]
    assert parts["fte_gp"].sum() == pytest.approx(np.nan_to_num(whole["fte_gp"]))
    if whole["fte_gp"] > 0:
        assert whole["patients_per_fte_gp"] == pytest.approx(
            whole["patients_in_ratio"] / whole["fte_gp"]
        )


@given(st.floats(1, 1e6), st.floats(0, 500), st.floats(500, 5_000))
def test_the_gap_added_reaches_the_benchmark(patients, fte, benchmark) -> None:
    gap = fte_gap(patients, fte, benchmark)
    assert patients / (fte + gap) == pytest.approx(benchmark)


def test_gaps_of_parts_add_up(practices) -> None:
    parts = summarise(practices, "place", benchmark=1_800)["fte_gap"]
    assert parts.sum() == pytest.approx(summarise(practices, benchmark=1_800).iloc[0]["fte_gap"])


def test_definitions_nest(practices) -> None:
    by_definition = [
        summarise(practices, definition=key).iloc[0]["fte_gp"]
        for key in ("all", "fully_qualified", "permanent")
    ]
    assert by_definition == sorted(by_definition, reverse=True)


def test_nurse_figures_say_how_many_practices_are_missing(practices) -> None:
    row = summarise(practices).iloc[0]
    assert row["practices_without_nurse_figure"] == 9
    assert row["practices_without_direct_care_figure"] == 5
    assert row["nurse_fte"] == pytest.approx(practices["nurse_fte"].dropna().sum())


def test_the_imd_score_of_an_area_is_weighted_by_patients(practices) -> None:
    own = find_area("Thurrock").select(practices)
    weighted = np.average(own["imd_score"], weights=own["patients"])
    assert summarise(own).iloc[0]["imd_score"] == pytest.approx(weighted)


def test_single_handed_leaves_trainees_and_locums_apart(practices) -> None:
    row = summarise(practices).iloc[0]
    assert row["single_handed"] == 28
    assert row["single_handed_share"] == pytest.approx(28 / 204)


def test_englands_benchmark_is_the_latest_and_carries_its_date(dataset) -> None:
    benchmark = england_benchmark(dataset.published)
    assert (benchmark.value, benchmark.period) == (2_258, "May 2025")
    assert "BMA" in benchmark.source


def test_england_is_offered_only_for_the_definition_it_was_measured_under(dataset) -> None:
    for key in GP_DEFINITIONS:
        known = benchmarks(
            dataset.published, dataset.practices, definition=key, practices_period="now"
        )
        assert ("england" in known) == (key == "fully_qualified")
        assert known["rule"].value == 1_800
        mse = find_area("Mid and South Essex").select(dataset.practices)
        column = GP_DEFINITIONS[key].column
        assert known["mse"].value == pytest.approx(mse["patients"].sum() / mse[column].sum())


@pytest.mark.parametrize("value", [0, -5, 99, 20_001, float("nan"), float("inf")])
def test_an_impossible_benchmark_is_refused(value: float) -> None:
    with pytest.raises(UserError, match="between 100 and 20,000"):
        typed_benchmark(value)


def test_an_unknown_definition_names_the_three() -> None:
    with pytest.raises(UserError, match="fully_qualified, all, permanent"):
        gp_definition("some")


@pytest.mark.parametrize(
    ("place", "codes", "shared"),
    [
        ("Essex", "xyz", "same"),  # by its name, whoever is open there
        ("Thurrock", "abc", "same"),  # by its practices
        ("Thurrock", "ab", "inside"),
        ("Thurrock", "abcd", "around"),
        ("Thurrock", "bcd", "overlapping"),
        ("Thurrock", "de", "apart"),
        ("Thurrock", "", "apart"),
    ],
)
def test_how_an_area_lies_to_the_place_of_a_benchmark(place: str, codes: str, shared: str) -> None:
    held = Benchmark("k", "l", 1.0, None, "", "", "Essex", frozenset("abc"))
    assert held.shared_with(place, list(codes)) == shared
    nobodys = Benchmark("own", "l", 1.0, None, "", "")
    assert nobodys.shared_with("Thurrock", []) == "apart"


def test_a_benchmark_says_what_it_is_where_it_is_from_and_whose(dataset) -> None:
    known = benchmarks(dataset.published, dataset.practices, practices_period="December 2025")
    assert list(known) == ["england", "mse", "rule"]
    mse = find_area("Mid and South Essex").select(dataset.practices)
    assert (known["mse"].key, known["mse"].label) == ("mse", "Mid and South Essex")
    assert (known["mse"].definition, known["mse"].period) == ("fully_qualified", "December 2025")
    assert known["mse"].source == "computed here from General Practice Workforce"
    assert (known["mse"].place, known["mse"].codes) == ("", frozenset(mse.index))
    assert known["rule"] == Benchmark(
        "rule", "1,800 per FTE GP rule", 1_800.0, None, "2014 strategy",
        "4,500 patients with 2.5 WTE GPs: Transforming Primary Care in Essex, NHS England, 2014",
    )  # fmt: skip
    england = known["england"]
    assert (england.key, england.label, england.place) == ("england", "England", "England")
    assert england.definition == "fully_qualified"


def test_loaded_icbs_are_their_own_benchmark_if_they_have_gps(dataset) -> None:
    own = find_area("Thurrock").select(dataset.practices).assign(icb_code="QH8")
    held = benchmarks(dataset.published, own, definition="all", practices_period="now")["icb"]
    assert (held.label, held.definition) == ("The whole ICB", "all")
    assert held.codes == frozenset(own.index)
    assert held.value == pytest.approx(own["patients"].sum() / own["gp_fte_all"].sum())
    none = own.assign(gp_fte_all=np.nan)
    known = benchmarks(dataset.published, none, definition="all", practices_period="now")
    assert list(known) == ["rule"]


def test_the_latest_figure_of_england_and_of_no_other_place() -> None:
    figure = "patients per FTE GP (fully qualified)"
    rows = [
        (figure, "England", "May 2024", 2_300, "old"),
        (figure, "England", "April 2025", 2_250, "new"),
        (figure, "Wales", "May 2025", 1_000, "elsewhere"),
        ("patients per practice", "England", "June 2025", 9_000, "another figure"),
        (figure, "England", "December 2024", 2_280, "between"),
    ]
    published = pd.DataFrame(rows, columns=["figure", "place", "period", "value", "source"])
    found = england_benchmark(published)
    assert (found.value, found.period, found.source) == (2_250.0, "April 2025", "new")


@pytest.mark.parametrize("value", [100, 1_800.5, 20_000])
def test_a_benchmark_typed_in(value: float) -> None:
    expected = Benchmark("own", "your own benchmark", value, None, "", "Typed in")
    assert typed_benchmark(value) == expected
    assert expected.place == ""


def test_the_figure_that_is_refused_is_named() -> None:
    with pytest.raises(UserError) as told:
        typed_benchmark(25_000)
    assert str(told.value) == (
        "A benchmark of 25,000 patients per FTE GP can't be right. "
        "Type a figure between 100 and 20,000."
    )


def test_groups_are_named_in_order_and_who_has_none_makes_no_row(practices) -> None:
    table = made([1_000, 2_000, 4_000, 8_000], [1.0, 1.0, 2.0, 2.0], practices)
    by = pd.Series(["b", "a", None, "b"], index=table.index)
    rows = summarise(table, by.iloc[::-1])
    assert (rows.index.tolist(), rows.index.name) == (["a", "b"], "group")
    assert rows["patients"].tolist() == [2_000, 9_000]
    assert rows["patients_per_fte_gp"].tolist() == [2_000, 3_000]
    assert rows["fte_gap"].isna().all()
    assert summarise(table).index.tolist() == ["All practices"]
    assert summarise(table, name="Essex").index.tolist() == ["Essex"]
    pd.testing.assert_frame_equal(rows, summarise(table.assign(group=by), "group"))


def test_ratios_of_practices_and_areas_keep_to_their_definition(practices) -> None:
    table = made([1_000, 3_000, 500], [0.5, np.nan, 0.0], practices).assign(gp_fte_all=2.0)
    assert patients_per_fte_gp(table).name == "patients_per_fte_gp"
    assert patients_per_fte_gp(table).iloc[0] == 2_000
    assert patients_per_fte_gp(table, "all").tolist() == [500, 1_500, 250]
    assert area_patients_per_fte_gp(table) == 3_000
    assert area_patients_per_fte_gp(table, "all") == 750
    assert np.isnan(area_patients_per_fte_gp(table.iloc[2:]))
