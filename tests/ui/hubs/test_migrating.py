"""A plan of other data: what is gone, merged, new and changed is told, and nothing else moves."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.ui.hubs.migrating import Before, Carried, carry_over

NOW = pd.DataFrame(
    {"practice_name": ["Ash", "Birch", "Cedar"], "patients": [1_000, 2_000, 3_000]},
    index=pd.Index(["A", "B", "C"], name="practice_code"),
)
EMPTY = Plan().add_hub("North").add_hub("South")
NORTH, SOUTH = (hub.id for hub in EMPTY.hubs)
PLAN = EMPTY.assign(["A", "X"], NORTH).assign(["B"], SOUTH)


def carry(plan: Plan, before: Before, successors: dict[str, str] | None = None) -> Carried:
    named = None
    if successors is not None:
        named = pd.DataFrame(
            {"practice_code": [*successors], "successor_code": [*successors.values()]}
        )
    return carry_over(plan, before, NOW, period="2026", successors=named)


def test_a_plan_of_the_same_data_is_the_plan_and_there_is_nothing_to_tell() -> None:
    plan = EMPTY.assign(["A"], NORTH)
    before = Before(frozenset("ABC"), {"A": 1_000, "B": 2_000, "C": 3_000}, "2026")
    assert carry(plan, before) == Carried(plan, ())


def test_a_practice_that_is_gone_leaves_and_no_successor_is_made_up() -> None:
    made = carry(PLAN, Before())
    assert dict(made.plan.assignment) == {"A": NORTH, "B": SOUTH}
    assert made.plan.hubs == PLAN.hubs
    [told] = made.sentences
    assert "1 practice (X of 'North')" in told
    assert "ODS list of successors is not loaded" in told
    assert "The ODS names no successor" in carry(PLAN, Before(), {"Y": "C"}).sentences[0]


def test_a_successor_takes_the_place_even_along_a_chain_and_in_a_locked_hub() -> None:
    made = carry(PLAN.set_locked(NORTH), Before(), {"X": "Z", "Z": "C"})
    assert made.plan.assignment["C"] == NORTH
    assert "X" not in made.plan.assignment
    assert made.sentences == ("X merged into Cedar (C), which takes its place in 'North'.",)


def test_a_successor_in_a_hub_stays_there() -> None:
    assert dict(carry(PLAN, Before(), {"X": "B"}).plan.assignment) == {"A": NORTH, "B": SOUTH}
    assert "stays in 'South'. Move it" in carry(PLAN, Before(), {"X": "B"}).sentences[0]
    assert "in 'North' already" in carry(PLAN, Before(), {"X": "A"}).sentences[0]


def test_two_that_merged_into_one_do_not_pull_it_apart() -> None:
    plan = EMPTY.assign(["X"], NORTH).assign(["Y"], SOUTH)
    made = carry(plan, Before(), {"X": "C", "Y": "C"})
    assert dict(made.plan.assignment) == {"C": NORTH}
    assert "Y of 'South' merged into Cedar (C), which stays in 'North'" in made.sentences[1]


def test_new_practices_and_changed_lists_are_told_where_they_can_be_known() -> None:
    before = Before(frozenset("ABX"), {"A": 900, "B": 2_000, "X": 50}, "2025")
    told = carry(PLAN, before, {}).sentences
    assert told[0] == "The plan was made with data of 2025; these are of 2026."
    assert "New in the data, and in no hub yet: 1 practice (Cedar (C))." in told
    assert (
        "1 list size has changed, from 900 to 1,000 patients together. "
        "Changed: Ash (A) 900 to 1,000." in told
    )
    assert not any("New" in line for line in carry(PLAN, Before(), {}).sentences)


codes = st.sampled_from(["A", "B", "C", "X", "Y", "Z"])


@given(
    st.dictionaries(codes, st.sampled_from([NORTH, SOUTH])),
    st.dictionaries(st.sampled_from(["X", "Y", "Z"]), codes),
)
def test_who_is_here_stays_and_who_is_gone_leaves(
    assignment: dict[str, str], successors: dict[str, str]
) -> None:
    plan = EMPTY.changed(assignment)
    made = carry(plan, Before(), successors).plan
    for code, hub in assignment.items():
        assert made.assignment.get(code) == (hub if code in NOW.index else None)
    joined = set(made.assignment) - set(assignment)
    assert joined <= set(successors.values())
    assert made.hubs == plan.hubs
