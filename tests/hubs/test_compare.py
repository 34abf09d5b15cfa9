from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.compare import compare_many, compare_plans, match_hubs, paper_table
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan, plan_from_column
from pcs_dash.hubs.rules import Rule
from pcs_dash.hubs.summary import scorecard


def dealt(codes: pd.Index, seed: int, hubs: int = 4) -> Plan:
    numbers = np.random.default_rng(seed).integers(0, hubs + 1, len(codes))
    names = [f"Hub {n}" if n else None for n in numbers]
    return Plan.from_series(pd.Series(names, index=codes, dtype="str"))


def test_a_plan_against_itself(mse: pd.DataFrame) -> None:
    plan = plan_from_column(mse, "pcn")
    same = compare_plans(plan, plan, mse)
    assert same.practices_moved == 0
    assert same.patients_moved == 0
    assert same.share_kept_together == pytest.approx(1)
    assert same.share_together_before == pytest.approx(1)
    assert (same.measures["difference"].dropna() == 0).all()


def test_renaming_and_reordering_move_nobody(mse: pd.DataFrame) -> None:
    plan = plan_from_column(mse, "pcn")
    other = replace(plan, hubs=tuple(reversed(plan.hubs)))
    for number, hub in enumerate(plan.hubs):
        other = other.rename(hub.id, f"New {number}").recolour(hub.id, "#123456")
    assert compare_plans(plan, other, mse).practices_moved == 0


def test_one_practice_moves(thurrock: pd.DataFrame) -> None:
    plan = plan_from_column(thurrock, "pcn")
    code = min(plan.members("h1"), key=lambda code: thurrock.at[code, "patients"])
    result = compare_plans(plan, plan.assign([code], "h2"), thurrock, names=("Now", "Then"))
    assert list(result.moved.index) == [code]
    row = result.moved.loc[code]
    assert row["hub_a"] == row["match_of_hub_a"] == plan.hub("h1").name
    assert row["hub_b"] == plan.hub("h2").name
    assert result.patients_moved == thurrock.at[code, "patients"]


def test_in_and_out_of_hubs_is_a_move(thurrock: pd.DataFrame) -> None:
    plan = plan_from_column(thurrock, "pcn")
    code = plan.members("h1")[0]
    out = compare_plans(plan, plan.unassign([code]), thurrock)
    assert list(out.moved.index) == [code]
    assert pd.isna(out.moved.loc[code, "hub_b"])
    back = compare_plans(plan.unassign([code]), plan, thurrock)
    assert list(back.moved.index) == [code]
    assert pd.isna(back.moved.loc[code, "hub_a"])


def test_a_split_hub_keeps_its_larger_part(thurrock: pd.DataFrame) -> None:
    whole = EMPTY_PLAN.add_hub("All").assign(thurrock.index, "h1")
    order = thurrock["patients"].sort_values(ascending=False).index
    split = EMPTY_PLAN.add_hub("Small").add_hub("Large")
    split = split.assign(order[:20], "h2").assign(order[20:], "h1")
    result = compare_plans(whole, split, thurrock)
    assert set(result.moved.index) == set(order[20:])
    matched = result.matching.set_index("hub_b")["hub_a"]
    assert matched["Large"] == "All"
    assert pd.isna(matched["Small"])


@given(seed=st.integers(0, 5_000), other=st.integers(0, 5_000))
@settings(max_examples=25)
def test_pairs_and_matching_by_brute_force(thurrock: pd.DataFrame, seed: int, other: int) -> None:
    a, b = dealt(thurrock.index, seed), dealt(thurrock.index, other)
    result = compare_plans(a, b, thurrock)
    patients = {str(code): int(count) for code, count in thurrock["patients"].items()}
    together = kept = before = 0
    for one, two in itertools.combinations(patients, 2):
        weight = patients[one] * patients[two]
        in_a = a.assignment.get(one, 1) == a.assignment.get(two, 2)
        in_b = b.assignment.get(one, 1) == b.assignment.get(two, 2)
        together += weight * in_a
        before += weight * in_b
        kept += weight * (in_a and in_b)
    assert result.share_kept_together == pytest.approx(kept / together)
    assert result.share_together_before == pytest.approx(kept / before)
    shared: dict[tuple[str, str], int] = {}
    for code, count in patients.items():
        if code in a.assignment and code in b.assignment:
            pair = a.assignment[code], b.assignment[code]
            shared[pair] = shared.get(pair, 0) + count
    best = max(
        sum(shared.get((hub.id, other), 0) for hub, other in zip(a.hubs, chosen, strict=True))
        for chosen in itertools.permutations([*(h.id for h in b.hubs), "", "", "", ""], len(a.hubs))
    )
    assert result.matching["shared_patients"].sum() == best
    neither = [c for c in thurrock.index if c not in a.assignment and c not in b.assignment]
    stayed = best + thurrock.loc[neither, "patients"].sum()
    assert result.patients_moved == thurrock["patients"].sum() - stayed


def test_hubs_that_share_nobody_are_not_matched() -> None:
    assert match_hubs(np.array([[5.0, 0.0], [0.0, 0.0]])) == {0: 0}
    assert match_hubs(np.zeros((0, 3))) == {}


def test_measures_are_the_two_score_cards(mse: pd.DataFrame, rules: tuple[Rule, ...]) -> None:
    a, b = plan_from_column(mse, "pcn"), plan_from_column(mse, "district")
    result = compare_plans(a, b, mse, rules=rules, names=("PCN", "District"))
    for column, plan in (("a", a), ("b", b)):
        card = scorecard(plan, mse, rules=rules)
        pd.testing.assert_series_equal(result.measures[column], card["value"], check_names=False)
    difference = result.measures["b"] - result.measures["a"]
    pd.testing.assert_series_equal(result.measures["difference"], difference, check_names=False)
    paper = paper_table(result)
    assert {"measure", "unit", "PCN", "District", "difference", "definition"} == set(paper.columns)
    assert paper["definition"].str.len().gt(10).all()
    moved = paper.set_index("measure").loc["Practices that move", "difference"]
    assert moved == result.practices_moved


def test_three_side_by_side(mse: pd.DataFrame) -> None:
    plans = {column: plan_from_column(mse, column) for column in ("pcn", "district", "place")}
    table = compare_many(plans, mse)
    assert list(table.columns) == ["measure", "unit", "pcn", "district", "place", "definition"]
    assert table.loc["hubs", "place"] == 5


def test_only_the_area_counts(practices: pd.DataFrame, thurrock: pd.DataFrame) -> None:
    everywhere, here = plan_from_column(practices, "pcn"), plan_from_column(thurrock, "pcn")
    result = compare_plans(everywhere, here, thurrock)
    assert result.practices_moved == 0
    assert result.practices == 26
    assert len(result.matching) == len(here.hubs)
    assert result.measures.loc["empty_hubs", "a"] == 0


def test_plans_of_one_name_and_empty_plans(thurrock: pd.DataFrame) -> None:
    result = compare_plans(EMPTY_PLAN, EMPTY_PLAN, thurrock, names=("Plan", "Plan"))
    assert result.name_a != result.name_b
    assert result.practices_moved == 0
    assert np.isnan(result.share_kept_together)
