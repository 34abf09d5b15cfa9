"""Where sites should stand, against every choice there is on small cases."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pcs_dash.tables.errors import UserError
from pcs_dash.travel import sites
from pcs_dash.travel.sites import Wanted, choose, curve, served


def case(seed: int, areas: int = 9, sites: int = 6) -> tuple[pd.DataFrame, pd.Series]:
    """Minutes over a plane with some pairs without a way, and people; whole minutes, for ties."""
    generator = np.random.default_rng(seed)
    here, there = generator.uniform(0, 30, (areas, 2)), generator.uniform(0, 30, (sites, 2))
    times = np.round(np.hypot(*(here[:, None] - there).transpose(2, 0, 1)))
    times[generator.random(times.shape) < 0.1] = np.nan
    codes = [f"F{number:05d}" for number in range(sites)]
    minutes = pd.DataFrame(times, [f"E{number}" for number in range(areas)], codes)
    minutes.iloc[:, 0] = minutes.iloc[:, 0].fillna(40)
    return minutes, pd.Series(generator.integers(0, 900, areas).astype(float), minutes.index)


def oracle(minutes: pd.DataFrame, people: pd.Series, wanted: Wanted) -> float:
    """The best value over every choice; infinite where none is possible."""
    lived = people > 0
    table, weights = minutes[lived].to_numpy(), people[lived].to_numpy()
    table = np.where(np.isnan(table), 1_440, table)
    numbers = [wanted.sites] if wanted.aim != "set-cover" else range(1, table.shape[1] + 1)
    best = np.inf
    for number in numbers:
        for chosen in combinations(minutes.columns, number):
            if set(wanted.without) & set(chosen) or not set(wanted.keep) <= set(chosen):
                continue
            near = table[:, minutes.columns.get_indexer(list(chosen))].min(axis=1)
            inside = near <= wanted.within
            value = {
                "p-median": (weights @ near) / weights.sum(),
                "p-centre": near.max(),
                "max-cover": -weights[inside].sum(),
                "set-cover": number if inside.all() else np.inf,
            }[wanted.aim]
            best = min(best, value)
    return best


@pytest.mark.parametrize("aim", ["p-median", "p-centre", "max-cover", "set-cover"])
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), number=st.integers(1, 4), fixed=st.booleans())
def test_the_best_of_every_choice(aim, seed: int, number: int, fixed: bool) -> None:
    minutes, people = case(seed)
    if not people.sum():
        return
    keep, without = (("F00002",), ("F00004",)) if fixed else ((), ())
    wanted = Wanted(aim, number, 12.0, keep=keep, without=without)
    found, expected = choose(minutes, people, wanted), oracle(minutes, people, wanted)
    if not np.isfinite(expected) or (aim == "p-centre" and expected >= 1_440):
        assert found.status == "infeasible"
        return
    assert found.status == "proven"
    value = -found.value if aim == "max-cover" else found.value
    assert value == pytest.approx(expected)
    assert found.bound == pytest.approx(found.value)
    assert set(keep) <= set(found.chosen)
    assert not set(without) & set(found.chosen)
    assert aim == "set-cover" or len(found.chosen) <= number
    if aim in ("p-median", "max-cover"):
        assert len(found.chosen) == number


def test_the_most_deprived_count_as_often_as_is_said_and_fill_a_site_once() -> None:
    minutes, people = case(3)
    deprived = pd.Series(np.arange(len(people)) % 3 == 0, people.index)
    wanted = Wanted("p-median", 2, deprived=3)
    found = choose(minutes, people, wanted, deprived)
    counted = people.mask(deprived, 3 * people)
    assert found.value == pytest.approx(oracle(minutes, counted, wanted))
    assert "most deprived fifth counted 3 times" in found.message
    assert served(minutes, people, found)["people"].sum() == people.sum()
    room = replace(wanted, capacity=people.sum() / 1.9)
    assert choose(minutes, people, room, deprived).status == "proven"


def test_each_more_site_buys_something_or_nothing_never_less() -> None:
    minutes, people = case(5, 20, 8)
    rows = curve(minutes, people, Wanted("p-median", 4), 5)
    values = [row["value"] for row in rows]
    assert [row["sites"] for row in rows] == [1, 2, 3, 4, 5]
    assert values == sorted(values, reverse=True)
    assert rows[1]["bought"] == pytest.approx(values[0] - values[1])
    assert np.isnan(rows[0]["bought"])


def test_whom_the_sites_serve_adds_up_to_the_value() -> None:
    minutes, people = case(7)
    found = choose(minutes, people, Wanted("p-median", 3))
    table = served(minutes, people, found)
    assert table["people"].sum() == people.sum()
    mean = (table["people"] * table["mean_minutes"]).sum() / people.sum()
    assert mean == pytest.approx(found.value)


def test_an_area_without_any_way_is_named() -> None:
    minutes, people = case(1)
    minutes.loc["E3"], people["E3"] = np.nan, 10.0
    found = choose(minutes, people, Wanted("p-median", 2))
    assert found.status == "infeasible"
    assert "(E3)" in found.message


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("p-median", 0), "from 1 to 6"),
        (Wanted("p-median", 6, without=("F00001",)), "from 1 to 5"),
        (Wanted("p-median", 1, keep=("F00001", "F00002")), "from 2 to 6"),
        (Wanted("p-median", 1, keep=("X",)), "no possible sites"),
        (Wanted("p-median", 1, keep=("F00001",), without=("F00001",)), "kept and left out"),
        (Wanted("set-cover", within=0), "reach above 0"),
        (Wanted("p-centre", 2, capacity=9), "p-median alone"),
        (Wanted("p-median", 2, capacity=0), "above 0"),
    ],
)
def test_what_can_not_be_asked(wanted: Wanted, said: str) -> None:
    with pytest.raises(UserError, match=said):
        choose(*case(1), wanted)


def test_nobody_to_serve() -> None:
    minutes, people = case(1)
    with pytest.raises(UserError, match="Nobody"):
        choose(minutes, people * 0, Wanted("p-median", 2))


def test_stopped_early_it_claims_no_more_than_it_knows() -> None:
    minutes, people = case(2, 400, 120)
    found = choose(minutes, people, Wanted("p-median", 9, time_limit=0.35))
    assert found.status in ("gap", "unknown", "proven")
    if found.status == "gap":
        assert found.bound < found.value
        assert "could gain up to" in found.message


def shared_out(minutes: pd.DataFrame, people: pd.Series, capacity: float, number: int) -> float:
    """The least mean minutes over every choice, everyone sent by another solver."""
    lived = people > 0
    times, weights = minutes[lived].to_numpy(), people[lived].to_numpy()
    best = np.inf
    for chosen in combinations(range(times.shape[1]), number):
        own = times[:, chosen]
        cost = np.where(np.isnan(own), 0, own).ravel()
        bounds = [(0, 0 if np.isnan(time) else None) for time in own.ravel()]
        found = linprog(
            cost, np.tile(np.eye(number), len(own)), [capacity] * number,
            np.kron(np.eye(len(own)), np.ones(number)), weights, bounds,
        )  # fmt: skip
        best = min(best, found.fun / weights.sum()) if found.status == 0 else best
    return best


@pytest.mark.parametrize("at_once", [sites.MOST_PAIRS, 0])  # all pairs, or by prices
@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), room=st.floats(0.9, 2.0))
@example(seed=0, room=6.0)  # room for all at the nearest: prices have nothing to do
def test_with_a_capacity_everyone_is_shared_out_as_well_as_can_be(
    at_once: int, seed: int, room: float
) -> None:
    minutes, people = case(seed, areas=6, sites=5)
    if not people.sum():
        return
    capacity = room * people.sum() / 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sites, "MOST_PAIRS", at_once)
        found = choose(minutes, people, Wanted("p-median", 2, capacity=capacity))
    expected = shared_out(minutes, people, capacity, 2)
    if not np.isfinite(expected):
        assert found.status == "infeasible"
        return
    if at_once:
        assert found.status == "proven"
    # Prices leave a gap, but never claim what is not so.
    assert found.value == pytest.approx(expected, abs=1e-6) or not at_once
    assert found.bound - 1e-6 <= expected <= found.value + 1e-6
    table = served(minutes, people, found)
    assert table["people"].sum() == pytest.approx(people.sum())
    assert table["people"].max() <= capacity * (1 + 1e-6)
    assert (table["people"] @ table["mean_minutes"]) / people.sum() == pytest.approx(found.value)
