"""Each event exactly once, whatever comes twice, late or damaged; undo returns the very plan."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.history import History
from pcs_dash.hubs.plan import Plan
from pcs_dash.ui.hubs.map_events import PaintedPlan, apply

CODES = ("A", "B", "C", "D")
PRACTICES = pd.DataFrame(
    {
        "practice_name": [f"Practice {code}" for code in CODES],
        "easting": [560_000.0, 560_100.0, 561_000.0, 570_000.0],
        "northing": [180_000.0, 180_000.0, 180_000.0, 180_000.0],
    },
    index=pd.Index(CODES, name="practice_code"),
)
PLAN = Plan().add_hub("One").add_hub("Two")
START = PaintedPlan(history=History(present=PLAN))


def events() -> st.SearchStrategy[dict[str, Any]]:
    hubs = st.sampled_from(["h1", "h2", "h3", "new-1"])
    return st.one_of(
        st.fixed_dictionaries(
            {
                "t": st.just("paint"),
                "codes": st.lists(st.sampled_from(CODES), max_size=3),
                "hub": st.one_of(st.none(), hubs),
            }
        ),
        st.fixed_dictionaries({"t": st.just("add"), "as": st.just("new-1")}),
        st.fixed_dictionaries({"t": st.just("lock"), "hub": hubs, "locked": st.booleans()}),
        st.fixed_dictionaries({"t": st.sampled_from(["empty", "delete"]), "hub": hubs}),
        st.fixed_dictionaries({"t": st.just("merge"), "hub": hubs, "into": hubs}),
        st.fixed_dictionaries({"t": st.just("rename"), "hub": hubs, "name": st.text(max_size=5)}),
        st.fixed_dictionaries({"t": st.sampled_from(["undo", "redo"])}),
    )


def numbered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"n": number, **item} for number, item in enumerate(items, start=1)]


@settings(max_examples=60)
@given(st.lists(events(), max_size=12), st.data())
def test_pieces_repeats_and_order_of_arrival_make_no_difference(
    items: list[dict[str, Any]], data: st.DataObject
) -> None:
    sent = numbered(items)
    once = apply(START, "tab", sent, PRACTICES)
    cut = data.draw(st.integers(0, len(sent)))
    pieces = apply(START, "tab", sent[:cut], PRACTICES)
    # The browser repeats what it has no answer for, and messages may come turned about.
    pieces = apply(pieces, "tab", [*reversed(sent), *sent], PRACTICES)
    again = apply(pieces, "tab", sent, PRACTICES)
    assert pieces.plan == once.plan == again.plan
    assert pieces.history == once.history
    assert again.applied == {"tab": len(sent)} or not sent


@settings(max_examples=60)
@given(st.lists(events(), max_size=12))
def test_undo_to_the_start_gives_the_very_plan_and_drafts_come_back(
    items: list[dict[str, Any]],
) -> None:
    painted = apply(START, "tab", numbered(items), PRACTICES)
    kept = PaintedPlan.from_dict(json.loads(json.dumps(painted.to_dict())))
    assert (kept.history, kept.applied, kept.aliases) == (
        painted.history,
        painted.applied,
        painted.aliases,
    )
    history = painted.history
    while history.past:
        history = history.undo()
    assert history.present == PLAN


@pytest.mark.parametrize(
    "event",
    [
        {"t": "paint"},
        {"t": "paint", "codes": 3, "hub": "h1"},
        {"t": "paint", "codes": ["A"], "hub": "h99"},
        {"t": "paint", "codes": ["A"], "hub": {"a": 1}},
        {
            "t": "shape",
            "shape": {"geometry": {"type": "Polygon", "coordinates": [[]]}},
            "hub": None,
        },
        {"t": "shape", "shape": "x", "hub": "h1"},
        {"t": "rename", "hub": "h1", "name": ""},
        {"t": "rename", "hub": "h1", "name": ["x"]},
        {"t": "recolour", "hub": "h1", "colour": "red;}"},
        {"t": "lock", "hub": "h1", "locked": "yes"},
        {"t": "merge", "hub": "h1", "into": "h1"},
        {"t": "no such thing", "hub": "h1"},
        {},
    ],
)
def test_what_makes_no_sense_changes_nothing_is_told_and_counts_as_seen(
    event: dict[str, Any],
) -> None:
    painted = apply(START, "tab", [{"n": 1, **event}], PRACTICES)
    assert painted.plan == PLAN
    assert painted.said.fault
    assert painted.said.text
    assert painted.applied == {"tab": 1}


@pytest.mark.parametrize("items", [[None], ["x"], [{"n": "1"}], [{"n": True}], [{"n": -4}]])
def test_what_is_no_event_is_passed_over(items: list[Any]) -> None:
    assert apply(START, "tab", items, PRACTICES) == START


def test_two_tabs_count_apart_and_a_passing_id_becomes_the_hub() -> None:
    painted = apply(START, "one", [{"n": 1, "t": "add", "as": "new-7"}], PRACTICES)
    paint = {"n": 1, "t": "paint", "codes": ["A"], "hub": "new-7"}
    painted = apply(painted, "two", [paint], PRACTICES)
    assert painted.plan.assignment["A"] == painted.plan.hubs[2].id
    assert painted.applied == {"one": 1, "two": 1}


def test_a_shape_says_what_it_caught_and_what_a_lock_kept() -> None:
    plan = PLAN.assign(["A"], "h2").set_locked("h2")
    painted = PaintedPlan(history=History(present=plan))
    # A circle of 500 m about A and B on the grid; C is 1 km away.
    circle = {
        "type": "Feature",
        "properties": {"radius": 500},
        "geometry": {"type": "Point", "coordinates": [0.3045, 51.4967]},
    }
    event = {"n": 1, "t": "shape", "shape": circle, "hub": "h1", "how": "Circle"}
    told = apply(painted, "tab", [event], PRACTICES)
    assert dict(told.plan.assignment) == {"A": "h2", "B": "h1"}
    assert told.said.text == (
        "Circle caught 2 practices: Practice B to 'One'; 1 practice kept by a lock (1 of 'Two')."
    )


def test_a_drawn_hub_comes_and_goes_in_one_step() -> None:
    circle = {
        "properties": {"radius": 500},
        "geometry": {"type": "Point", "coordinates": [0.3045, 51.4967]},
    }
    event = {"n": 1, "t": "shape", "shape": circle, "name": "North", "as": "new-1", "how": "Circle"}
    painted = apply(START, "tab", [event], PRACTICES)
    hub = painted.plan.hub_by_name("North")
    assert hub is not None
    assert painted.plan.members(hub.id) == ("A", "B")
    assert painted.aliases == {"new-1": hub.id}
    assert painted.history.undo().present == PLAN


def test_the_first_practices_of_an_empty_hub_call_it_after_their_town_in_one_step() -> None:
    def painted(start: PaintedPlan, n: int, hub: str, called: str) -> PaintedPlan:
        event = {"n": n, "t": "paint", "codes": ["A"], "hub": hub, "called": called}
        return apply(start, "tab", [event], PRACTICES)

    start = apply(START, "tab", [{"n": 1, "t": "add"}], PRACTICES)
    named = painted(start, 2, "h3", "Grays")
    assert (named.plan.hub("h3").name, named.plan.members("h3")) == ("Grays", ("A",))
    assert named.said.text == "Practice A to 'Grays'."
    assert named.history.undo().present == start.plan
    # A name given by hand, one that is taken, and a hub that has practices stay as they are.
    assert painted(start, 2, "h1", "Grays").plan.hub("h1").name == "One"
    assert painted(start, 2, "h3", "two").plan.hub("h3").name == "Hub 1"
    full = PaintedPlan(history=History(present=start.plan.assign(["B"], "h3")))
    assert painted(full, 1, "h3", "Grays").plan.hub("h3").name == "Hub 1"
