from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pcs_dash.hubs.palette import PALETTE
from pcs_dash.hubs.plan import (
    EMPTY_PLAN,
    Assignment,
    Hub,
    LockedHubError,
    Plan,
    PlanError,
    clean_name,
    natural_key,
    plan_from_column,
)
from tests.hubs.palette_maker import make_palette, seen

CODES = [f"F81{number:03}" for number in range(12)]


@pytest.fixture
def plan() -> Plan:
    """Two hubs, North with three practices and South with two."""
    made = EMPTY_PLAN.add_hub("North").add_hub("South")
    return made.assign(CODES[:3], "h1").assign(CODES[3:5], "h2")


def test_a_change_leaves_the_old_plan_as_it_was(plan: Plan) -> None:
    before = plan.to_dict()
    plan.assign(CODES, "h2")
    plan.delete_hub("h1")
    plan.rename("h1", "Other")
    assert plan.to_dict() == before
    with pytest.raises(FrozenInstanceError):
        plan.hubs = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        plan.assignment["F81000"] = "h2"  # type: ignore[index]


def test_plans_are_equal_and_hash_by_value_whatever_the_order_of_clicks(plan: Plan) -> None:
    other = EMPTY_PLAN.add_hub("North").add_hub("South")
    for code in reversed(CODES[3:5]):
        other = other.assign([code], "h2")
    other = other.assign(CODES[:3], "h1")
    assert other == plan
    assert hash(other) == hash(plan)
    assert other.to_dict() == plan.to_dict()
    assert plan != plan.unassign(CODES[:1])
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert Plan(plan.hubs, dict(plan.assignment)) == plan


def test_assignment_equals_a_plain_mapping() -> None:
    assert Assignment({"a": "h1"}) == {"a": "h1"}
    assert Assignment({"a": "h1"}) != {"a": "h2"}


def test_new_hubs_get_free_names_ids_and_colours() -> None:
    plan = EMPTY_PLAN
    for _ in range(3):
        plan = plan.add_hub()
    assert [hub.name for hub in plan.hubs] == ["Hub 1", "Hub 2", "Hub 3"]
    assert [hub.id for hub in plan.hubs] == ["h1", "h2", "h3"]
    assert [hub.colour for hub in plan.hubs] == list(PALETTE[:3])
    again = plan.delete_hub("h2").add_hub()
    assert again.hubs[-1] == Hub("h4", "Hub 2", PALETTE[1])


def test_names_are_unique_ignoring_case_and_spaces(plan: Plan) -> None:
    with pytest.raises(PlanError, match="North"):
        plan.add_hub(" nORTH ")
    with pytest.raises(PlanError, match="already"):
        plan.rename("h2", "NORTH")
    assert plan.rename("h1", "NORTH").hub("h1").name == "NORTH"


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>${alert(2)}", "=1+1", "'a", "Ωmega"])
def test_untrusted_names_are_kept_as_typed(plan: Plan, text: str) -> None:
    assert plan.rename("h1", text).hub("h1").name == text


@pytest.mark.parametrize(
    "text", ["", "  ", "unassigned", "NaN", "<NA>", "a\x00b", "\ud800", "x" * 121, "\u200b", 7]
)
def test_names_that_no_file_could_carry_are_refused(plan: Plan, text: object) -> None:
    with pytest.raises(PlanError):
        plan.rename("h1", text)  # type: ignore[arg-type]


@pytest.mark.parametrize("colour", ["red", "#12345", "#1234567", "url(x)", "#12345g", None])
def test_a_colour_is_six_hexadecimal_digits(plan: Plan, colour: str) -> None:
    with pytest.raises(PlanError, match="colour"):
        plan.recolour("h1", colour)


def test_colours_are_lower_case(plan: Plan) -> None:
    assert plan.recolour("h1", "#ABCDEF").hub("h1").colour == "#abcdef"


def test_merge_empty_delete(plan: Plan) -> None:
    merged = plan.merge("h1", "h2")
    assert [hub.id for hub in merged.hubs] == ["h1"]
    assert merged.members("h1") == tuple(CODES[:5])
    emptied = plan.empty("h1")
    assert emptied.members("h1") == ()
    assert emptied.hubs == plan.hubs
    deleted = plan.delete_hub("h1")
    assert sorted(set(CODES) - set(deleted.assignment)) == sorted(CODES[:3] + CODES[5:])
    with pytest.raises(PlanError, match="two different"):
        plan.merge("h1", "h1")


def test_a_locked_hub_neither_gains_nor_loses(plan: Plan) -> None:
    locked = plan.set_locked("h1")
    for change in (
        lambda: locked.assign([CODES[0]], "h2"),
        lambda: locked.assign([CODES[3]], "h1"),
        lambda: locked.unassign([CODES[0]]),
        lambda: locked.merge("h1", "h2"),
        lambda: locked.merge("h2", "h1"),
        lambda: locked.empty("h1"),
        lambda: locked.delete_hub("h1"),
    ):
        with pytest.raises(LockedHubError, match="North"):
            change()
    # Renaming, colouring and notes move no practice.
    assert locked.rename("h1", "Far north").hub("h1").name == "Far north"


def test_a_lasso_moves_what_it_may_and_reports_the_rest(plan: Plan) -> None:
    moved = plan.set_locked("h1").try_assign([*CODES[2:6], CODES[4]], "h2")
    assert moved.moved == (CODES[5],)
    assert dict(moved.refused) == {CODES[2]: "North"}
    assert moved.unchanged == (CODES[3], CODES[4])
    assert moved.plan.members("h2") == tuple(CODES[3:6])


def test_an_error_names_hubs_and_codes(plan: Plan) -> None:
    with pytest.raises(LockedHubError) as caught:
        plan.set_locked("h1").assign(CODES[:5], "h2")
    assert caught.value.hubs == ("North",)
    assert caught.value.codes == tuple(CODES[:3])


def test_unknown_hub(plan: Plan) -> None:
    with pytest.raises(PlanError, match="h9"):
        plan.assign(CODES, "h9")


def test_within_an_area_hubs_from_elsewhere_go_and_empty_ones_stay(plan: Plan) -> None:
    seen_here = plan.add_hub("Empty").within(CODES[:2])
    assert [hub.name for hub in seen_here.hubs] == ["North", "Empty"]
    assert dict(seen_here.assignment) == dict.fromkeys(CODES[:2], "h1")


def test_json_round_trip(plan: Plan) -> None:
    dressed = plan.set_note("h1", "two\nlines").set_locked("h2").recolour("h2", "#123456")
    assert Plan.from_dict(json.loads(json.dumps(dressed.to_dict()))) == dressed


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"version": 2, "hubs": [], "assignment": {}},
        {"version": 1, "hubs": {}, "assignment": {}},
        {"version": 1, "hubs": [{"id": "h1"}], "assignment": {}},
        {"version": 1, "hubs": [], "assignment": {"F81000": "h1"}},
        {"version": 1, "hubs": [], "assignment": {"F81000": []}},
        {"version": 1, "hubs": [{"id": "h1", "name": "A", "colour": "x"}], "assignment": {}},
        {"version": 1, "hubs": [{"id": 1, "name": "A", "colour": "#000000"}], "assignment": {}},
        {
            "version": 1,
            "hubs": [
                {"id": "h1", "name": "A", "colour": "#000000"},
                {"id": "h1", "name": "B", "colour": "#000000"},
            ],
            "assignment": {},
        },
    ],
)
def test_what_is_no_plan_is_refused(data: object) -> None:
    with pytest.raises(PlanError):
        Plan.from_dict(data)


def test_tables_and_back(plan: Plan) -> None:
    frame = plan.to_frame([*CODES[:6]])
    assert frame["hub"].tolist()[:5] == ["North"] * 3 + ["South"] * 2
    assert frame["hub"].isna().tolist() == [False] * 5 + [True]
    assert Plan.from_series(frame.set_index("practice_code")["hub"]) == plan


def test_from_series_sorts_names_naturally_and_joins_spellings() -> None:
    names = pd.Series(["Hub 10", "hub 2", "HUB 10", None, np.nan, " "], index=CODES[:6])
    plan = Plan.from_series(names)
    assert [hub.name for hub in plan.hubs] == ["hub 2", "Hub 10"]
    assert plan.members("h2") == (CODES[0], CODES[2])
    assert len(plan.assignment) == 3
    with pytest.raises(PlanError, match=CODES[0]):
        Plan.from_series(pd.Series(["A", "B"], index=[CODES[0], CODES[0]]))


def test_todays_pcns(practices: pd.DataFrame) -> None:
    plan = plan_from_column(practices, "pcn")
    named = practices["pcn"].dropna()
    assert len(plan.hubs) == named.nunique()
    assert plan.to_series(named.index).tolist() == named.tolist()
    assert set(practices.index) - set(plan.assignment) == {
        *practices.index[practices["pcn"].isna()]
    }
    assert "F81031" not in plan.assignment
    with pytest.raises(PlanError, match="pcn"):
        plan_from_column(practices, "ward")


@given(st.lists(st.text(max_size=8)))
def test_natural_order_is_an_order(names: list[str]) -> None:
    # Names that differ in any way have different keys, so shuffled names sort the same.
    assert sorted(names[1:] + names[:1], key=natural_key) == sorted(names, key=natural_key)
    assert len({natural_key(name) for name in names}) == len(set(names))


@given(st.text(max_size=130))
def test_a_clean_name_is_clean(text: str) -> None:
    try:
        name = clean_name(text)
    except PlanError:
        return
    assert clean_name(name) == name
    assert name == name.strip()
    name.encode("utf-8")


def test_the_palette_is_the_one_described() -> None:
    assert make_palette(40) == PALETTE
    assert len(set(PALETTE)) == 40


@pytest.mark.parametrize(
    ("number", "apart", "apart_in_plain_view"), [(12, 0.07, 0.14), (30, 0.039, 0.06)]
)
def test_palette_colours_stay_apart_in_every_view(
    number: int, apart: float, apart_in_plain_view: float
) -> None:
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in PALETTE[:number]])
    views = seen(rgb.astype(float))
    distance = np.linalg.norm(views[:, None] - views[None], axis=-1)
    pairs = distance[np.triu_indices(number, 1)]
    assert pairs.min() >= apart
    assert pairs[:, 0].min() >= apart_in_plain_view


class Painting(RuleBasedStateMachine):
    """Any sequence of changes: each practice is in one hub or none, and no locked hub changes."""

    @initialize()
    def start(self) -> None:
        self.plan = EMPTY_PLAN

    def _hub(self, pick: int) -> str | None:
        return self.plan.hubs[pick % len(self.plan.hubs)].id if self.plan.hubs else None

    @rule()
    def add(self) -> None:
        self.plan = self.plan.add_hub()

    @rule(pick=st.integers(0, 9), codes=st.lists(st.sampled_from(CODES)), into=st.booleans())
    def move(self, pick: int, codes: list[str], into: bool) -> None:
        hub = self._hub(pick)
        before = self.plan
        result = (
            before.try_assign(codes, hub)
            if into and hub is not None
            else before.try_unassign(codes)
        )
        assert sorted([*result.moved, *result.refused, *result.unchanged]) == sorted(set(codes))
        for locked in (hub for hub in before.hubs if hub.locked):
            assert result.plan.members(locked.id) == before.members(locked.id)
        target = hub if into else None
        assert all(result.plan.assignment.get(code) == target for code in result.moved)
        untouched = set(CODES) - set(result.moved)
        for code in untouched:
            assert result.plan.assignment.get(code) == before.assignment.get(code)
        self.plan = result.plan

    @rule(pick=st.integers(0, 9), locked=st.booleans())
    def lock(self, pick: int, locked: bool) -> None:
        if (hub := self._hub(pick)) is not None:
            self.plan = self.plan.set_locked(hub, locked)

    @rule(pick=st.integers(0, 9), other=st.integers(0, 9))
    def merge_or_delete(self, pick: int, other: int) -> None:
        one, two = self._hub(pick), self._hub(other)
        if one is None or two is None:
            return
        try:
            self.plan = self.plan.delete_hub(one) if one == two else self.plan.merge(one, two)
        except LockedHubError:
            assert self.plan.hub(one).locked or self.plan.hub(two).locked

    @invariant()
    def every_practice_is_in_one_hub_or_none(self) -> None:
        members = [code for hub in self.plan.hubs for code in self.plan.members(hub.id)]
        assert sorted(members) == sorted(self.plan.assignment)
        assert set(members) <= set(CODES)
        assert Plan.from_dict(json.loads(json.dumps(self.plan.to_dict()))) == self.plan


TestPainting = Painting.TestCase
