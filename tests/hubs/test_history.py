from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.hubs.history import History
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan, PlanError

CODES = [f"F81{number:03}" for number in range(8)]

changes = st.lists(
    st.tuples(
        st.sampled_from(["add", "assign", "unassign", "delete", "rename", "lock", "reorder"]),
        st.integers(0, 5),
        st.lists(st.sampled_from(CODES), max_size=4),
    ),
    max_size=25,
)


def changed(plan: Plan, kind: str, pick: int, codes: list[str]) -> Plan:
    if kind == "add" or not plan.hubs:
        return plan.add_hub()
    hub = plan.hubs[pick % len(plan.hubs)].id
    if kind == "assign":
        return plan.try_assign(codes, hub).plan
    if kind == "unassign":
        return plan.try_unassign(codes).plan
    if kind == "delete":
        return plan if plan.hub(hub).locked else plan.delete_hub(hub)
    if kind == "rename":
        return plan.rename(hub, f"Name {pick} of {hub}")
    if kind == "lock":
        return plan.set_locked(hub, not plan.hub(hub).locked)
    return replace(plan, hubs=tuple(reversed(plan.hubs)))


@given(changes)
def test_undo_returns_the_very_states_and_redo_too(steps: list[tuple[str, int, list[str]]]) -> None:
    history = History()
    states = [history.present]
    for kind, pick, codes in steps:
        plan = changed(history.present, kind, pick, codes)
        history = history.change(plan, kind)
        if plan != states[-1]:
            states.append(plan)
    latest = history
    for state in reversed(states):
        assert history.present == state
        assert history.present.to_dict() == state.to_dict()
        history = history.undo()
    assert not history.past
    for state in states:
        assert history.present == state
        history = history.redo()
    assert history == latest


@given(changes, st.integers(0, 10))
def test_a_draft_comes_back_with_all_its_steps(
    steps: list[tuple[str, int, list[str]]], undone: int
) -> None:
    history = History()
    for kind, pick, codes in steps:
        history = history.change(changed(history.present, kind, pick, codes), kind)
    for _ in range(undone):
        history = history.undo()
    assert History.from_dict(json.loads(json.dumps(history.to_dict()))) == history


def test_a_change_after_undo_forgets_what_was_undone() -> None:
    one = History().change(EMPTY_PLAN.add_hub("A"), "Add A")
    other = one.undo().change(EMPTY_PLAN.add_hub("B"), "Add B")
    assert not other.future
    assert other.undo_label == "Add B"
    assert other.undo().present == EMPTY_PLAN
    assert other.undo().redo_label == "Add B"


def test_no_change_makes_no_step() -> None:
    history = History().change(EMPTY_PLAN.add_hub("A"))
    assert history.change(history.present) is history
    assert History().undo() == History()
    assert History().redo() == History()
    assert History().undo_label is None


def test_a_thousand_clicks_are_kept_as_differences() -> None:
    plan = EMPTY_PLAN.add_hub().add_hub().assign(CODES, "h1")
    history = History(present=plan)
    for number in range(1_000):
        code = CODES[number % 8]
        other = "h1" if history.present.assignment[code] == "h2" else "h2"
        clicked = history.present.assign([code], other)
        history = history.change(clicked, "click")
    assert len(history.past) == 1_000
    assert all(len(step.moved) == 1 for step in history.past)
    while history.past:
        history = history.undo()
    assert history.present == plan


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.update(version=9),
        lambda d: d.pop("past"),
        lambda d: d.update(past=[["x", 0, 99, []]]),
        lambda d: d.update(past=[["x"]]),
        lambda d: d.update(past=[["x", 0, 0, [["F81000", "h7", None]]]]),
        lambda d: d.update(hub_lists=[[{"id": "h1"}]]),
        lambda d: d.update(present=None),
    ],
)
def test_a_damaged_draft_is_refused(damage) -> None:
    history = History().change(EMPTY_PLAN.add_hub("A")).change(EMPTY_PLAN.add_hub("B"))
    data = json.loads(json.dumps(history.to_dict()))
    damage(data)
    with pytest.raises(PlanError):
        History.from_dict(data)


def test_what_is_no_draft_is_refused() -> None:
    for data in (None, [], "x", 3):
        with pytest.raises(PlanError):
            History.from_dict(data)
