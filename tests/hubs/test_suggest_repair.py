"""Repairs against an oracle that tries every way to place a few practices."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.contiguity import neighbours
from pcs_dash.hubs.suggest import SuggestRequest, broken_rules, repair
from pcs_dash.tables.errors import UserError

SETTINGS = settings(max_examples=25)
NAMES = ("North", "South", "West")
NEW = ("Hub 1", "Hub 2", "Hub 3")


def small_table(seed: int, count: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "patients": random.integers(2_000, 15_000, count),
            "easting": random.integers(560_000, 575_000, count).astype(float),
            "northing": random.integers(180_000, 195_000, count).astype(float),
        },
        index=pd.Index([f"P{i}" for i in range(count)], name="practice_code"),
    )


def groupings(count: int) -> list[tuple[int, ...]]:
    """Every way to split practices into groups, as the group of each practice."""
    found = [(0,)]
    for _ in range(count - 1):
        found = [(*done, group) for done in found for group in range(max(done) + 2)]
    return found


def fewest_moves(
    plan: pd.Series, table: pd.DataFrame, request: SuggestRequest
) -> tuple[int, int] | None:
    """The least moves and, with so many, the least patients; None when no plan keeps the rules."""
    before, patients = plan.tolist(), table["patients"].tolist()
    best: tuple[int, int] | None = None
    for groups in groupings(len(table)):
        if broken_rules(pd.Series(groups, index=table.index), table, request):
            continue
        for names in itertools.permutations((*NAMES, *NEW), max(groups) + 1):
            moved = [
                count
                for count, old, group in zip(patients, before, groups, strict=True)
                if old is not None and old != names[group]
            ]
            cost = (len(moved), sum(moved))
            best = cost if best is None else min(best, cost)
    return best


@SETTINGS
@given(
    st.integers(0, 10_000),
    st.lists(st.sampled_from([*NAMES, None]), min_size=5, max_size=5),
    st.sampled_from([0.2, 0.3, 0.4]),
    st.booleans(),
    st.sampled_from([(), (("P0", "P1"),), (("P3", "P4"),)]),
    st.sampled_from([(), (("P1", "P2"),)]),
)
def test_fewest_moves_of_all(
    seed: int,
    names: list[str | None],
    least: float,
    in_one_piece: bool,
    apart: tuple[tuple[str, str], ...],
    together: tuple[tuple[str, str], ...],
) -> None:
    table = small_table(seed, 5)
    plan = pd.Series(names, index=table.index, dtype=object)
    total = int(table["patients"].sum())
    request = SuggestRequest(
        min_patients=round(least * total),
        max_patients=round(2 * least * total),
        apart=apart,
        together=together,
        neighbours=[(f"P{i}", f"P{i + 1}") for i in range(4)] if in_one_piece else None,
    )
    expected = fewest_moves(plan, table, request)
    result = repair(plan, table, request, time_limit=60)
    if expected is None:
        assert result.status == "infeasible"
        return
    assert result.status == "optimal"
    assert broken_rules(result.assignment, table, request) == ()
    assert (len(result.moves), result.patients_moved) == expected
    assert result.least_moves == len(result.moves)


def test_todays_networks_of_thurrock(thurrock: pd.DataFrame) -> None:
    request = SuggestRequest(neighbours=neighbours(thurrock))
    result = repair(thurrock["pcn"], thurrock, request, time_limit=60)
    assert result.status == "optimal"
    assert broken_rules(result.assignment, thurrock, request) == ()
    changed = result.assignment != thurrock["pcn"].reindex(result.assignment.index)
    assert {move.practice for move in (*result.moves, *result.placed)} == set(
        changed.index[changed]
    )
    assert result.patients_moved == sum(move.patients for move in result.moves)
    assert "fewer moves can't do it" in result.message


def test_a_plan_that_keeps_its_rules_is_left_alone() -> None:
    table = small_table(1, 4)
    plan = pd.Series(["a", "a", "b", "b"], index=table.index)
    result = repair(plan, table, SuggestRequest(min_patients=0, max_patients=None))
    assert (result.status, result.moves, result.least_moves) == ("optimal", (), 0)
    assert result.assignment.to_dict() == plan.to_dict()
    assert "nothing to move" in result.message


def test_locked_hubs_are_not_touched() -> None:
    table = small_table(1, 4)
    table["patients"] = [40_000, 10_000, 35_000, 60_000]
    plan = pd.Series(["a", None, "b", "b"], index=table.index, dtype=object)
    request = SuggestRequest(max_patients=70_000, locked={"a": ["P0"]})
    result = repair(plan, table, request)
    assert result.status == "optimal"
    assert result.assignment["P0"] == "a"
    assert (result.assignment == "a").sum() == 1
    assert [move.practice for move in result.placed] == ["P1"]


def test_no_repair_says_why() -> None:
    table = small_table(1, 2)
    table["patients"] = [60_000, 40_000]
    result = repair(pd.Series({"P0": "a", "P1": "b"}), table, SuggestRequest())
    assert result.status == "infeasible"
    assert "P0 by itself has 60,000 patients" in result.message
    assert result.relaxations


def test_a_plan_for_another_area_is_refused() -> None:
    with pytest.raises(UserError, match="not in this area: X1"):
        repair(pd.Series({"X1": "a"}), small_table(1, 3), SuggestRequest())


def test_cancel_gives_no_plan() -> None:
    table = small_table(1, 4)
    plan = pd.Series(["a", "a", "a", None], index=table.index, dtype=object)
    result = repair(plan, table, SuggestRequest(min_patients=0), cancel=lambda: True)
    assert (result.status, result.stopped) == ("unknown", "cancelled")
