"""Oracles: plain pandas from the definitions, metrics.workforce, and identities over any plan."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.contiguity import Neighbours
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan, plan_from_column
from pcs_dash.hubs.rules import Rule
from pcs_dash.hubs.summary import (
    gini,
    prepare,
    scorecard,
    summarise_hubs,
    verdict_column,
)
from pcs_dash.measures.register import HUB_MEASURES
from pcs_dash.measures.workforce import Benchmark, area_patients_per_fte_gp, summarise
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError


def random_plan(codes: pd.Index, seed: int, hubs: int = 6) -> Plan:
    """Practices dealt at random to `hubs` hubs or none."""
    dealt = np.random.default_rng(seed).integers(0, hubs + 1, len(codes))
    names = pd.Series([f"Hub {d}" if d else None for d in dealt], index=codes, dtype="str")
    return Plan.from_series(names)


@pytest.mark.parametrize("definition", ["all", "fully_qualified", "permanent"])
def test_agrees_with_the_measures_of_every_other_page(
    practices: pd.DataFrame, definition: str
) -> None:
    plan = plan_from_column(practices, "pcn")
    ours = summarise_hubs(plan, practices, definition=definition, benchmark=2_258.0)
    theirs = summarise(practices, "pcn", definition=definition, benchmark=2_258.0)
    theirs = theirs.reindex(ours.index[:-1])
    shared = [column for column in theirs.columns if column in ours.columns]
    assert len(shared) >= 15
    for column in shared:
        np.testing.assert_allclose(
            ours[column].iloc[:-1].to_numpy(dtype=float),
            theirs[column].to_numpy(dtype=float),
            err_msg=column,
        )


@given(seed=st.integers(0, 10_000), cut=st.integers(0, 143))
@settings(max_examples=25)
def test_totals_always_add_up_to_the_area(mse: pd.DataFrame, seed: int, cut: int) -> None:
    area = mse.iloc[cut:]
    # Codes outside the area are in the plan too, and in no total.
    plan = random_plan(mse.index, seed)
    table = summarise_hubs(plan, area)
    totals = table.select_dtypes("number").sum()
    assert totals["practices"] == len(area)
    assert totals["patients"] == area["patients"].sum()
    for column in ("gp_fte_fully_qualified", "nurse_fte", "direct_care_fte"):
        name = {"gp_fte_fully_qualified": "fte_gp"}.get(column, column)
        assert totals[name] == pytest.approx(area[column].sum())
    assert totals["single_handed"] == area["single_handed"].sum()
    assert totals["below_4500"] == (area["patients"] < 4_500).sum()
    assert totals["practices_without_nurse_figure"] == area["nurse_fte"].isna().sum()
    outside = sum(1 for code in plan.assignment if code not in area.index)
    assert table["practices_outside_area"].sum() == outside


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10)
def test_every_row_from_its_definition(mse: pd.DataFrame, seed: int) -> None:
    plan = random_plan(mse.index, seed)
    table = summarise_hubs(plan, mse, benchmark=1_800.0, edition="2019")
    rows = {hub.name: mse.loc[list(plan.members(hub.id))] for hub in plan.hubs}
    rows["Unassigned"] = mse.loc[~mse.index.isin([*plan.assignment])]
    assert list(table.index) == list(rows)
    for name, group in rows.items():
        row = table.loc[name]
        known = group[group["gp_fte_fully_qualified"].notna()]
        patients, fte = known["patients"].sum(), known["gp_fte_fully_qualified"].sum()
        assert row["patients_per_fte_gp"] == pytest.approx(patients / fte)
        assert row["gps_per_10000"] == pytest.approx(1e4 * fte / patients)
        assert row["fte_gap"] == pytest.approx(patients / 1_800 - fte)
        scored = group[group["imd_score"].notna()]
        mean = np.average(scored["imd_score"], weights=scored["patients"])
        assert row["imd_score"] == pytest.approx(mean)
        mix = group[[f"imd2019_patients_quintile_{q}" for q in range(1, 6)]].sum()
        shares = [row[f"share_quintile_{q}"] for q in range(1, 6)]
        np.testing.assert_allclose(shares, mix / mix.sum())
        assert row["share_gps_55_plus"] == pytest.approx(
            group["gps_55_plus"].sum() / group["gps_with_known_age"].sum()
        )


def test_small_counts_can_not_be_had_from_hubs_of_one_practice(mse: pd.DataFrame) -> None:
    plan = EMPTY_PLAN
    for number, code in enumerate(mse.index[:60], start=1):
        plan = plan.add_hub(str(code)).assign([code], f"h{number}")
    table = summarise_hubs(plan, mse)
    unknown = table["patients_without_quintile"]
    assert not unknown.between(1, 4).any()
    assert unknown.isna().sum() > 1
    shares = table[[f"share_quintile_{q}" for q in range(1, 6)]].to_numpy()
    columns = [f"imd2025_patients_quintile_{q}" for q in range(1, 6)]
    counts = mse.loc[mse.index[:60], columns].to_numpy()
    few = ((counts > 0) & (counts < 5)).any(axis=1)
    assert few.any()
    np.testing.assert_allclose(shares[:60][few] * 100, np.rint(shares[:60][few] * 100))
    exact = counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares[:60][~few], exact[~few])
    np.testing.assert_allclose(shares[:60][few], exact[few], atol=0.005)


def test_rules_judge_the_exact_share(mse: pd.DataFrame) -> None:
    columns = [f"imd2025_patients_quintile_{q}" for q in range(1, 6)]
    own = mse[(mse[columns] > 0).all(axis=1) & (mse[columns] < 5).any(axis=1)]
    share = own[columns[0]] / own[columns].sum(axis=1)
    code = share.index[share.gt(share.round(2) + 0.0005)][0]
    bound = (share[code] + round(share[code], 2)) / 2
    rule = Rule("Share", "share_quintile_1", bound, None, "share")
    plan = EMPTY_PLAN.add_hub("One").assign([code], "h1")
    row = summarise_hubs(plan, mse, rules=(rule,)).loc["One"]
    assert row["share_quintile_1"] < bound
    assert row["Rule: Share"] == "meets"


def test_distances_from_their_definition(mse: pd.DataFrame) -> None:
    plan = plan_from_column(mse, "place")
    table = summarise_hubs(plan, mse)
    for hub in plan.hubs:
        group = mse.loc[list(plan.members(hub.id))]
        place = group[["easting", "northing"]].to_numpy() / 1_000
        centre = (place * group[["patients"]].to_numpy()).sum(axis=0) / group["patients"].sum()
        away = np.linalg.norm(place - centre, axis=1)
        row = table.loc[hub.name]
        assert row["mean_distance_km"] == pytest.approx(away.mean())
        assert row["patient_distance_km"] == pytest.approx(
            np.average(away, weights=group["patients"])
        )
        widest = np.linalg.norm(place[:, None] - place[None], axis=-1).max()
        assert row["widest_km"] == pytest.approx(widest)


def test_check_figures(thurrock: pd.DataFrame, mse: pd.DataFrame) -> None:
    one = EMPTY_PLAN.add_hub("All").assign(thurrock.index, "h1")
    row = summarise_hubs(one, thurrock).loc["All"]
    assert row["practices"] == 26
    assert row["patients"] == 190_486
    assert row["fte_gp"] == pytest.approx(68.52, abs=0.005)
    assert row["patients_per_fte_gp"] == pytest.approx(2_780.1, abs=0.05)
    whole = summarise_hubs(EMPTY_PLAN, mse).loc["Unassigned"]
    assert whole["practices"] == 143
    assert whole["patients_per_fte_gp"] == pytest.approx(2_607.3, abs=0.05)
    assert whole["patients_per_fte_gp"] == pytest.approx(area_patients_per_fte_gp(mse))


def test_missing_figures_leave_both_sums_and_are_counted(thurrock: pd.DataFrame) -> None:
    table = thurrock.copy()
    first, second = table.index[:2]
    table.loc[first, ["gp_fte_fully_qualified", "nurse_fte", "imd_score"]] = np.nan
    table.loc[second, "gp_fte_fully_qualified"] = 0.0
    plan = EMPTY_PLAN.add_hub("A").add_hub("B").add_hub("None")
    plan = plan.assign([first, second, table.index[2]], "h1").assign([first], "h2")
    plan = plan.assign(table.index[1:3], "h1")
    rows = summarise_hubs(plan, table, benchmark=1_800.0)
    # A reported 0 stays in the sums: its patients have no GP.
    patients = table.loc[table.index[1:3], "patients"].sum()
    expected = patients / table.loc[table.index[2], "gp_fte_fully_qualified"]
    assert rows.loc["A", "patients_per_fte_gp"] == pytest.approx(expected)
    lone = rows.loc["B"]
    assert lone["practices_without_fte"] == 1
    assert lone["practices_without_nurse_figure"] == 1
    for column in (
        "fte_gp",
        "patients_per_fte_gp",
        "fte_gap",
        "gps_per_10000",
        "nurse_fte",
        "imd_score",
    ):
        assert np.isnan(lone[column]), column
    empty = rows.loc["None"]
    assert empty["patients"] == 0
    assert np.isnan(empty["patients_per_fte_gp"])
    assert np.isnan(empty["widest_km"])


def test_a_practice_without_a_position_is_counted_and_in_no_distance(
    thurrock: pd.DataFrame,
) -> None:
    table = thurrock.copy()
    table.loc[table.index[0], ["easting", "northing"]] = np.nan
    plan = EMPTY_PLAN.add_hub("A").assign(table.index[:3], "h1")
    row = summarise_hubs(plan, table).loc["A"]
    without = EMPTY_PLAN.add_hub("A").assign(table.index[1:3], "h1")
    assert row["practices_without_position"] == 1
    assert row["widest_km"] == summarise_hubs(without, table).loc["A", "widest_km"]


def test_twenty_thousand_and_the_band_count_their_bounds(thurrock: pd.DataFrame) -> None:
    table = thurrock.iloc[:5].copy()
    table["patients"] = [19_999, 20_000, 30_000, 50_000, 50_001]
    plan = Plan.from_series(pd.Series(list("ABCDE"), index=table.index))
    rows = summarise_hubs(plan, table)
    assert rows["meets_20000"].tolist()[:5] == [False, True, True, True, True]
    assert rows["within_30000_50000"].tolist()[:5] == [False, False, True, True, False]
    assert pd.isna(rows.loc["Unassigned", "meets_20000"])


def test_verdicts_of_rules(mse: pd.DataFrame, rules: tuple[Rule, ...]) -> None:
    plan = plan_from_column(mse, "pcn")
    rows = summarise_hubs(plan, mse, rules=rules)
    band, lists = verdict_column(rules[1]), verdict_column(rules[2])
    for hub in plan.hubs:
        group = mse.loc[list(plan.members(hub.id))]
        patients = group["patients"].sum()
        expected = "below" if patients < 30_000 else "above" if patients > 50_000 else "meets"
        assert rows.loc[hub.name, band] == expected
        assert rows.loc[hub.name, lists] == (
            "below" if (group["patients"] < 4_500).any() else "meets"
        )
    assert rows.loc["Unassigned", [band, lists]].isna().all()
    off = summarise_hubs(plan, mse, rules=(rules[0], replace(rules[1], on=False), *rules[2:]))
    assert band not in off.columns
    assert lists in off.columns


def test_no_figure_is_no_verdict(thurrock: pd.DataFrame, rules: tuple[Rule, ...]) -> None:
    table = thurrock.copy()
    table["gp_fte_fully_qualified"] = np.nan
    plan = EMPTY_PLAN.add_hub("A").assign(table.index, "h1")
    row = summarise_hubs(plan, table, rules=rules).loc["A"]
    assert row[verdict_column(rules[3])] == "no figure"
    assert row[verdict_column(rules[4])] == "no figure"


def test_a_rule_on_any_measure_can_be_added(mse: pd.DataFrame, mse_neighbours: Neighbours) -> None:
    own = (
        Rule("Compact", "widest_km", None, 12, "km"),
        Rule("One piece", "pieces", None, 1, "pieces"),
        Rule("Not too poor", "practice_imd_score", None, 40, "score"),
    )
    plan = plan_from_column(mse, "pcn")
    rows = summarise_hubs(plan, mse, rules=own, neighbours=mse_neighbours).iloc[:-1]
    assert (rows[verdict_column(own[0])] == "meets").equals(rows["widest_km"] <= 12)
    assert ((rows[verdict_column(own[1])] == "meets") == rows["contiguous"]).all()


def test_prepared_or_not_is_the_same(mse: pd.DataFrame, rules: tuple[Rule, ...]) -> None:
    plan = random_plan(mse.index, 1)
    ready = prepare(mse, definition="all", edition="2019")
    pd.testing.assert_frame_equal(
        summarise_hubs(plan, ready, rules=rules),
        summarise_hubs(plan, mse, rules=rules, definition="all", edition="2019"),
    )


def test_columns_are_those_defined(mse: pd.DataFrame) -> None:
    table = summarise_hubs(random_plan(mse.index, 2), mse)
    assert list(table.columns) == ["hub_id", "colour", "locked", *HUB_MEASURES]
    assert all(measure.definition for measure in HUB_MEASURES.values())


def test_no_practices_at_all(mse: pd.DataFrame) -> None:
    table = summarise_hubs(EMPTY_PLAN.add_hub("A"), mse.iloc[:0])
    assert table["practices"].tolist() == [0, 0]
    card = scorecard(EMPTY_PLAN, mse.iloc[:0])
    assert card.loc["hubs", "value"] == 0
    assert np.isnan(card.loc["patients_gini", "value"])


def test_faults_are_the_users(
    dataset: Dataset, mse: pd.DataFrame, mse_neighbours: Neighbours
) -> None:
    wrong = (
        ({"edition": "2015"}, mse, "There is no IMD edition '2015'. Choose one of: 2025, 2019."),
        (
            {"benchmark": 0.0}, mse,
            "A benchmark must be a number of patients per FTE GP above 0.",
        ),
        (
            {}, pd.concat([mse, mse]),
            "A practice code is there twice: a summary needs one row a practice.",
        ),
        (
            {"neighbours": mse_neighbours}, dataset.practices,
            "The neighbours are those of another area. Compute them for this one.",
        ),
    )  # fmt: skip
    for options, practices, words in wrong:
        with pytest.raises(UserError) as told:
            summarise_hubs(EMPTY_PLAN, practices, **options)  # type: ignore[arg-type]
        assert str(told.value) == words
    with pytest.raises(UserError, match="definition"):
        summarise_hubs(EMPTY_PLAN, mse, definition="most")


def test_the_row_of_practices_in_no_hub_is_not_judged(five: pd.DataFrame) -> None:
    """It has figures, no colour, no lock, no verdict; hubs keep their own."""
    plan = dealt(five, "AABB.")
    plan = plan.set_locked(plan.hubs[0].id)
    rows = summarise_hubs(plan, five, rules=(Rule("Size", "patients", 1, None, "patients"),))
    assert rows.index.name == "hub"
    assert rows.index.tolist() == ["A", "B", "Unassigned"]
    rest = rows.loc["Unassigned"]
    assert rest[["hub_id", "colour"]].isna().all()
    assert rows["locked"].tolist() == [True, False, False]
    assert rest[["Rule: Size", "meets_20000", "within_30000_50000", "pieces"]].isna().all()
    assert rows["Rule: Size"].cat.categories.tolist() == ["meets", "below", "above", "no figure"]
    assert (rest["practices"], rest["patients"], rest["widest_km"]) == (1, 5_000, 0)
    assert rest["practices_outside_area"] == 0
    outside = summarise_hubs(plan, five.iloc[1:])["practices_outside_area"]
    assert outside.tolist() == [1, 0, 0]


def test_score_card(mse: pd.DataFrame, rules: tuple[Rule, ...], mse_neighbours: Neighbours) -> None:
    plan = plan_from_column(mse, "pcn").add_hub("Empty")
    card = scorecard(plan, mse, rules=rules, neighbours=mse_neighbours, benchmark=2_258.0)
    sizes = mse.groupby("pcn")["patients"].sum()
    assert card.loc["hubs", "value"] == len(sizes)
    assert card.loc["empty_hubs", "value"] == 1
    assert card.loc["unassigned_practices", "value"] == mse["pcn"].isna().sum()
    assert card.loc["unassigned_patients", "of"] == mse["patients"].sum()
    assert card.loc["patients_min", "value"] == sizes.min()
    assert card.loc["patients_max", "value"] == sizes.max()
    assert card.loc["patients_ratio", "value"] == pytest.approx(sizes.max() / sizes.min())
    band = card.loc["rule:PCN or locality"]
    assert band["value"] == sizes.between(30_000, 50_000).sum()
    assert band["of"] == len(sizes)
    teams = mse[mse["pcn"].notna()]["gp_fte_fully_qualified"]
    assert card.loc["rule:Practice GP team", "value"] == (teams >= 2.5).sum()
    assert card.loc["rule:Practice GP team", "of"] == teams.notna().sum()
    ratio = summarise(mse, "pcn")["patients_per_fte_gp"]
    assert card.loc["hubs_above_benchmark", "value"] == (ratio > 2_258).sum()
    assert card["definition"].str.len().gt(10).all()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20))
def test_gini_is_half_the_relative_mean_difference(values: list[float]) -> None:
    array = np.array(values)
    if array.sum() <= 0:
        assert np.isnan(gini(values))
        return
    oracle = np.abs(array[:, None] - array[None]).mean() / (2 * array.mean())
    assert gini(values) == pytest.approx(oracle, abs=1e-9)


def test_gini_of_equal_shares_is_nothing() -> None:
    assert gini([3, 3, 3]) == pytest.approx(0)
    assert gini([0, 0, 0, 1]) == pytest.approx(0.75)
    assert np.isnan(gini([]))


@pytest.fixture
def five(thurrock: pd.DataFrame) -> pd.DataFrame:
    """Five practices on a right-angled street plan, in km, with simple figures."""
    return thurrock.iloc[:5].assign(
        patients=[10_000, 30_000, 20_000, 40_000, 5_000],
        gp_fte_fully_qualified=[5.0, 10.0, 20.0, np.nan, 1.0],
        easting=[0.0, 4_000, 0, 0, 0],
        northing=[0.0, 0, 3_000, 0, 9_000],
        imd_score=[10.0, 20.0, 30.0, 40.0, np.nan],
    )


def dealt(five: pd.DataFrame, hubs: str) -> Plan:
    """The plan that gives each practice the hub of its letter, or none for a dot."""
    names = pd.Series([None if hub == "." else hub for hub in hubs], index=five.index, dtype="str")
    return Plan.from_series(names)


def spread_in_words(key: str, what: str) -> dict[str, str]:
    return {
        f"{key}_min": f"Lowest {what}.",
        f"{key}_max": f"Highest {what}.",
        f"{key}_ratio": f"Highest over lowest {what} among the hubs; 1 = all equal.",
        f"{key}_gini": f"Half the mean absolute difference in {what} over all pairs of hubs, "
        "divided by the mean; each hub counts once. 0 = all equal.",
    }


RULES_OF_FIVE = (
    Rule("Lists", "practice_patients", 15_000, None, "patients", source="us", date="2014"),
    Rule("Size", "patients", None, 50_000, "patients"),
    Rule("Off", "patients", 1, None, "patients", on=False),
)


def card_of_five(five: pd.DataFrame) -> pd.DataFrame:
    plan = dealt(five, "AABB.").add_hub("C")
    return scorecard(plan, five, benchmark=1_500.0, rules=RULES_OF_FIVE)


def test_the_score_card_of_five_practices_by_hand(five: pd.DataFrame) -> None:
    card = card_of_five(five)
    # A: 40,000 over 15 FTE, 4 km wide, its centre 3 km from the first practice and 1 from the
    # second. B: 60,000, of which 20,000 are over 20 FTE; 3 km wide, its centre 2 and 1 km away.
    ratios = [40_000 / 15, 1_000.0]
    expected = {
        "hubs": (2, None, "hubs"),
        "empty_hubs": (1, None, "hubs"),
        "unassigned_practices": (1, 5, "practices"),
        "unassigned_patients": (5_000, 105_000, "patients"),
        "rule:Lists": (3, 4, "practices"),
        "rule:Size": (1, 2, "hubs"),
        "contiguous_hubs": (None, 0, "hubs"),
        "patient_distance_km": ((10 * 3 + 30 * 1 + 20 * 2 + 40 * 1) / 100, None, "km"),
        "widest_km_max": (4, None, "km"),
        "patients_min": (40_000, None, "patients"),
        "patients_max": (60_000, None, "patients"),
        "patients_ratio": (1.5, None, "ratio"),
        "patients_gini": (0.1, None, "0 to 1"),
        "patients_per_fte_gp_min": (ratios[1], None, "patients per FTE GP"),
        "patients_per_fte_gp_max": (ratios[0], None, "patients per FTE GP"),
        "patients_per_fte_gp_ratio": (ratios[0] / 1_000, None, "ratio"),
        "patients_per_fte_gp_gini": ((ratios[0] - 1_000) / sum(ratios) / 2, None, "0 to 1"),
        "hubs_above_benchmark": (1, 2, "hubs"),
    }
    assert (card.index.tolist(), card.index.name) == (list(expected), "key")
    assert card.columns.tolist() == ["measure", "value", "of", "unit", "definition"]
    for key, (value, of, unit) in expected.items():
        row = card.loc[key]
        figures = [math.nan if figure is None else figure for figure in (value, of)]
        assert [row["value"], row["of"]] == pytest.approx(figures, nan_ok=True), key
        assert row["unit"] == unit, key
    plan = dealt(five, "AABB.").add_hub("C")
    summary = summarise_hubs(plan, five, rules=RULES_OF_FIVE)
    again = scorecard(plan, prepare(five), benchmark=1_500.0, rules=RULES_OF_FIVE, summary=summary)
    pd.testing.assert_frame_equal(again, card)


def test_the_score_card_says_what_its_figures_are(five: pd.DataFrame) -> None:
    card = card_of_five(five)
    assert card["definition"].to_dict() == {
        "hubs": "Hubs with practices here.",
        "empty_hubs": "Hubs without a practice of this area.",
        "unassigned_practices": "Practices of the area in no hub.",
        "unassigned_patients": "Registered patients of practices in no hub.",
        "rule:Lists": "Practices in the plan that meet the rule, of those with a figure. Source: "
        "us, 2014.",
        "rule:Size": "Hubs in the plan that meet the rule, of those with a figure. Source: set by "
        "the user.",
        "contiguous_hubs": "Whether the hub is one connected piece.",
        "patient_distance_km": "Mean over the patients in hubs of the straight-line distance from "
        "their practice to their hub's patient-weighted centre.",
        "widest_km_max": "Longest straight-line distance between two practices of one hub.",
        **spread_in_words("patients", "patients"),
        **spread_in_words("patients_per_fte_gp", "patients per FTE GP"),
        "hubs_above_benchmark": "Hubs with more than 1,500 patients per FTE GP (the benchmark).",
    }
    assert card["measure"].tolist() == [
        "Hubs", "Empty hubs", "Unassigned practices", "Unassigned patients",
        "Meet the rule Lists (at least 15,000 patients)",
        "Meet the rule Size (at most 50,000 patients)", "Hubs in one piece",
        "Mean distance from practice to hub centre", "Widest hub",
        "Hub size: lowest", "Hub size: highest", "Hub size: highest / lowest",
        "Hub size: Gini coefficient", "Patients per FTE GP: lowest",
        "Patients per FTE GP: highest", "Patients per FTE GP: highest / lowest",
        "Patients per FTE GP: Gini coefficient", "Under-doctored hubs",
    ]  # fmt: skip


def test_the_last_hub_counts_like_any_other(five: pd.DataFrame) -> None:
    without_empty = scorecard(dealt(five, "AABB."), five)["value"].drop("empty_hubs")
    with_empty = scorecard(dealt(five, "AABB.").add_hub("C"), five)["value"].drop("empty_hubs")
    pd.testing.assert_series_equal(without_empty, with_empty)


def test_distances_and_verdicts_of_five_practices_by_hand(five: pd.DataFrame) -> None:
    lists = Rule("Lists", "practice_patients", 15_000, 35_000, "patients")
    score = Rule("Score", "practice_imd_score", None, 30, "score")
    ratio = Rule("Ratio", "practice_patients_per_fte_gp", 1_000, 2_000, "patients")
    wtes = Rule("WTE", "practice_fte_gp", 10, None, "WTE")
    plan = dealt(five, "AAABC")
    rows = summarise_hubs(plan, five, rules=(lists, score, ratio, wtes)).iloc[:-1]
    assert rows["hub_id"].tolist() == [hub.id for hub in plan.hubs]
    assert rows["colour"].tolist() == [hub.colour for hub in plan.hubs]
    assert rows["widest_km"].tolist() == [5, 0, 0]
    # The centre of A is at 2 km east and 1 km north.
    assert rows.loc["A", "mean_distance_km"] == pytest.approx((5**0.5 + 5**0.5 + 8**0.5) / 3)
    mean = (10 * 5**0.5 + 30 * 5**0.5 + 20 * 8**0.5) / 60
    assert rows.loc["A", "patient_distance_km"] == pytest.approx(mean)
    # One below is enough, and comes before one above; a bound itself is met.
    assert rows["Rule: Lists"].tolist() == ["below", "above", "below"]
    assert rows["Rule: Score"].tolist() == ["meets", "above", "no figure"]
    assert rows["Rule: Ratio"].tolist() == ["above", "no figure", "above"]
    assert rows["Rule: WTE"].tolist() == ["below", "no figure", "below"]
    assert rows["pieces"].isna().all()
    assert rows["contiguous"].isna().all()


def test_without_patients_the_centre_is_the_middle_of_the_practices(five: pd.DataFrame) -> None:
    table = five.assign(patients=[0.0, 0.0, 20_000, np.nan, 1.0])
    rows = summarise_hubs(dealt(table, "AAB.."), table)
    assert rows.loc["A", ["mean_distance_km", "patient_distance_km"]].tolist() == [2, 2]


def test_many_practices_are_as_far_apart_as_any_two_of_them(mse: pd.DataFrame) -> None:
    for size in (40, 41, 143):
        own = mse.iloc[:size]
        place = own[["easting", "northing"]].to_numpy() / 1_000
        widest = np.linalg.norm(place[:, None] - place[None], axis=-1).max()
        row = summarise_hubs(EMPTY_PLAN, own).loc["Unassigned"]
        assert row["widest_km"] == pytest.approx(widest)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_benchmark_is_a_positive_number(five: pd.DataFrame, value: float) -> None:
    with pytest.raises(UserError, match="must be a number of patients per FTE GP above 0"):
        summarise_hubs(EMPTY_PLAN, five, benchmark=value)
    held = Benchmark("own", "", 0.5, None, "", "")
    row = summarise_hubs(EMPTY_PLAN, five, benchmark=held).loc["Unassigned"]
    assert row["fte_gap"] == pytest.approx(65_000 / 0.5 - 36)
