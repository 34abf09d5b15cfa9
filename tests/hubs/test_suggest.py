"""Suggestions against an oracle that looks at every grouping of a few practices."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libpysal.graph import Graph
from libpysal.weights import W
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from scipy.sparse import csr_matrix

from pcs_dash.hubs.contiguity import neighbours
from pcs_dash.hubs.suggest import (
    OBJECTIVES,
    Suggestion,
    SuggestRequest,
    broken_rules,
    neighbour_pairs,
    repair,
    suggest,
    suggest_alternatives,
)
from pcs_dash.hubs.suggesting import partition, possible_hubs
from pcs_dash.tables.dataset import build_dataset
from pcs_dash.tables.errors import UserError

Groups = list[list[int]]
SETTINGS = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


# --- the oracle ----------------------------------------------------------------------------------


def partitions(count: int) -> Iterator[Groups]:
    """Every way to split 0 .. count - 1 into groups."""
    if count == 0:
        yield []
        return
    last = count - 1
    for smaller in partitions(last):
        for place in range(len(smaller)):
            yield [[*group, last] if at == place else group for at, group in enumerate(smaller)]
        yield [*smaller, [last]]


def to_series(table: pd.DataFrame, groups: Groups) -> pd.Series:
    names = {table.index[i]: f"g{at}" for at, group in enumerate(groups) for i in group}
    return pd.Series(names, dtype=object)


def measures_of(table: pd.DataFrame, groups: Groups) -> dict[str, float]:
    """The four aims from their definitions, with loops."""
    patients = table["patients"].tolist()
    x, y = table["easting"].tolist(), table["northing"].tolist()
    total = sum(patients)
    known = [
        i for i in range(len(table)) if not math.isnan(table["gp_fte_fully_qualified"].iloc[i])
    ]
    fte = table["gp_fte_fully_qualified"].tolist()
    ratio = sum(patients[i] for i in known) / sum(fte[i] for i in known)
    score = table["imd_score"].tolist()
    mean = sum(p * s for p, s in zip(patients, score, strict=True)) / total
    out = dict.fromkeys(OBJECTIVES, 0.0)
    for group in groups:
        out["distance"] += min(
            sum(patients[i] * math.hypot(x[i] - x[j], y[i] - y[j]) / 1000 for i in group)
            for j in group
        )
        out["size"] += abs(sum(patients[i] for i in group) - total / len(groups)) / 2
        out["fte"] += abs(sum(patients[i] - ratio * fte[i] for i in group if i in known)) / 2
        out["deprivation"] += abs(sum(patients[i] * (score[i] - mean) for i in group)) / total
    return out


def value_of(table: pd.DataFrame, groups: Groups, request: SuggestRequest) -> float:
    measures = measures_of(table, groups)
    weights = request.weights
    if len(weights) == 1:
        return measures[next(iter(weights))]
    total = table["patients"].sum()
    as_score = {
        "distance": measures["distance"] / total,
        "size": 100 * measures["size"] / total,
        "fte": 100 * measures["fte"] / total,
        "deprivation": measures["deprivation"],
    }
    return sum(weight * as_score[name] for name, weight in weights.items())


def best_value(table: pd.DataFrame, request: SuggestRequest) -> float | None:
    """The least value over all groupings that keep the rules; None when there is none."""
    values = [
        value_of(table, groups, request)
        for groups in partitions(len(table))
        if not broken_rules(to_series(table, groups), table, request)
    ]
    return min(values, default=None)


# --- instances -----------------------------------------------------------------------------------


def small_table(seed: int, count: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "patients": random.integers(2_000, 15_000, count),
            "easting": random.integers(560_000, 575_000, count).astype(float),
            "northing": random.integers(180_000, 195_000, count).astype(float),
            "gp_fte_fully_qualified": np.where(
                random.random(count) < 0.15, np.nan, random.uniform(0.5, 8, count)
            ),
            "imd_score": random.uniform(5, 50, count),
        },
        index=pd.Index([f"P{i:02d}" for i in range(count)], name="practice_code"),
    ).assign(
        # One practice always has a figure, so that the area has a ratio.
        gp_fte_fully_qualified=lambda t: t["gp_fte_fully_qualified"].where(t.index != "P00", 3.0)
    )


@st.composite
def instances(draw: st.DrawFn) -> tuple[pd.DataFrame, SuggestRequest]:
    count = draw(st.integers(2, 7))
    table = small_table(draw(st.integers(0, 10_000)), count)
    codes = list(table.index)
    total = int(table["patients"].sum())
    low = draw(st.integers(0, max(1, total // 2)))
    high = low + draw(st.integers(0, total))
    pairs = st.lists(
        st.sampled_from(list(itertools.combinations(codes, 2))), max_size=2, unique=True
    )
    locked = draw(st.sampled_from([{}, {}, {"Old": codes[:1]}, {"Old": codes[:2]}]))
    edges = list(itertools.combinations(codes, 2))
    graph = draw(st.none() | st.lists(st.sampled_from(edges), min_size=1, max_size=9, unique=True))
    whole = draw(st.sampled_from([{}, {}, {"A PCN": codes[-2:]}]))
    alone = draw(st.sampled_from([(), (), (), codes[-1:], codes[-2:]]))
    # One practice in two settled hubs is a mistake of the request.
    alone = [code for code in alone if not any(code in held for held in locked.values())]
    request = SuggestRequest(
        min_patients=low,
        max_patients=high,
        hubs=draw(st.none() | st.integers(1, 4)),
        locked=locked,
        alone=alone,
        keep_whole=whole,
        together=draw(pairs),
        apart=draw(pairs),
        neighbours=graph,
    )
    return table, request


def rules_hold(answer: Suggestion, table: pd.DataFrame, request: SuggestRequest) -> None:
    assert broken_rules(answer.assignment, table, request) == ()
    assert sorted(answer.assignment.index) == sorted(table.index)
    assert sum(hub.patients for hub in answer.hubs) == table["patients"].sum()


# --- optimality ----------------------------------------------------------------------------------

AIMS = [
    "distance",
    "size",
    "fte",
    "deprivation",
    {"distance": 1, "deprivation": 0.5},
    {"distance": 0.2, "size": 1, "fte": 0.5},
]


def check_against_oracle(table: pd.DataFrame, request: SuggestRequest) -> None:
    answer = suggest(table, request, time_limit=60)
    best = best_value(table, request)
    if best is None:
        assert answer.status == "infeasible", answer
        assert answer.conflicts
        return
    assert answer.status == "optimal", answer
    rules_hold(answer, table, request)
    groups = [[table.index.get_loc(code) for code in hub.practices] for hub in answer.hubs]
    assert answer.objective_value == pytest.approx(value_of(table, groups, request), abs=1e-6)
    assert answer.objective_value is not None and answer.best_bound is not None
    assert answer.objective_value <= best + answer.tolerance + 1e-6 * best + 1e-6
    assert answer.best_bound <= best + 1e-6 * best + 1e-6
    expected = measures_of(table, groups)
    assert answer.measures == pytest.approx(expected, abs=1e-6)


@SETTINGS
@given(instances(), st.sampled_from(AIMS))
def test_optimum_of_all_groupings(
    instance: tuple[pd.DataFrame, SuggestRequest], aim: str | dict[str, float]
) -> None:
    table, request = instance
    request = request.but(objective=aim)
    if "size" in request.weights and request.hubs is None:
        request = request.but(hubs=2)
    check_against_oracle(table, request)


@SETTINGS
@given(instances(), st.sampled_from(AIMS))
def test_optimum_by_column_generation_and_cuts(
    monkeypatch: pytest.MonkeyPatch,
    instance: tuple[pd.DataFrame, SuggestRequest],
    aim: str | dict[str, float],
) -> None:
    """The way of large areas, taken on small ones."""
    for name, value in {
        "_FIRST_COLUMNS": 1,
        "_EASY_COLUMNS": 1,
        "_PER_CENTRE": 2,
        "_QUICK_COLUMNS": 3,
        "_FEW_UNITS": 0,
    }.items():
        monkeypatch.setattr(partition, name, value)
    table, request = instance
    request = request.but(objective=aim)
    if "size" in request.weights and request.hubs is None:
        request = request.but(hubs=2)
    check_against_oracle(table, request)


@SETTINGS
@given(instances(), st.sampled_from(AIMS))
def test_optimum_by_the_compact_model(
    monkeypatch: pytest.MonkeyPatch,
    instance: tuple[pd.DataFrame, SuggestRequest],
    aim: str | dict[str, float],
) -> None:
    """The way of bands too wide to write every hub down, taken on narrow ones."""
    monkeypatch.setattr(possible_hubs, "MOST_COLUMNS", -1)
    table, request = instance
    request = request.but(objective=aim)
    if "size" in request.weights and request.hubs is None:
        request = request.but(hubs=2)
    check_against_oracle(table, request)


def _of_twelve(seed: int) -> Suggestion:
    """What is suggested for a made-up area of twelve practices."""
    request = SuggestRequest(min_patients=18_000, max_patients=32_000, nearest=12)
    return suggest(small_table(seed, 12), request, time_limit=60)


@pytest.mark.parametrize("seed", [17, 26])
def test_columns_taken_in_several_steps_prove_the_same(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first steps rule out says nothing of a single dearer hub in a better plan."""
    at_once = _of_twelve(seed)
    steps = {"_FIRST_COLUMNS": 2, "_EASY_COLUMNS": 1, "_GROWTH": 2}
    weak = {"_ROUNDS": 0, "_QUICK_COLUMNS": 1, "_QUICK_NODES": 1}
    for name, value in (steps | weak).items():
        monkeypatch.setattr(partition, name, value)
    stepwise = _of_twelve(seed)
    assert at_once.status == stepwise.status == "optimal"
    assert stepwise.objective_value == pytest.approx(at_once.objective_value)


@pytest.mark.parametrize("seed", [74, 79])
def test_the_bands_of_the_dearest_column_hold_the_best_plan(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if nothing were known of cheaper columns, and only a plan a fifth dearer than the best."""
    at_once = _of_twelve(seed)
    beyond, begun = partition.Partition._close_beyond, []

    def from_the_start(search: partition.Partition, *_: float) -> None:
        assert search.found.plan is not None
        search.found.cost, search.found.plan = 1.2 * search.found.cost, search.found.plan[:1]
        begun.append(search.found.cost)
        beyond(search, -1.0, math.inf)
        assert search.found.cost < begun[-1]

    monkeypatch.setattr(partition.Partition, "_close_beyond", from_the_start)
    few = {"_FIRST_COLUMNS": 2, "_EASY_COLUMNS": 1, "_MOST_COLUMNS": 3, "_MOST_DEARER": 5}
    for name, value in (few | {"_ROUNDS": 0}).items():
        monkeypatch.setattr(partition, name, value)
    in_bands = _of_twelve(seed)
    assert begun
    assert at_once.status == in_bands.status == "optimal"
    assert in_bands.objective_value == pytest.approx(at_once.objective_value)


def test_equal_size_takes_the_number_nearest_to_the_middle_of_the_band() -> None:
    table = small_table(3, 7)
    total = int(table["patients"].sum())
    request = SuggestRequest(min_patients=total // 4, max_patients=total // 2, objective="size")
    answer = suggest(table, request)
    middle = (total // 4 + total // 2) / 2
    assert len(answer.hubs) == min(range(2, 5), key=lambda k: abs(total / k - middle))
    assert any("hubs" in note for note in answer.notes)


# --- Thurrock ------------------------------------------------------------------------------------


def test_thurrock_is_proven_and_agrees_with_another_model(thurrock: pd.DataFrame) -> None:
    answer = suggest(thurrock, SuggestRequest(), time_limit=60)
    assert answer.status == "optimal"
    assert answer.gap == pytest.approx(0, abs=1e-6)
    rules_hold(answer, thurrock, SuggestRequest())
    assert answer.objective_value == pytest.approx(location_model(thurrock, 30_000, 50_000, 15))
    assert len(answer.hubs) == 5


def location_model(table: pd.DataFrame, low: int, high: int, nearest: int) -> float:
    """Least patient-km by the textbook capacitated location model, with scipy."""
    patients = table["patients"].to_numpy(dtype=float)
    place = table[["easting", "northing"]].to_numpy(dtype=float) / 1000
    away = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    count = len(table)
    order = np.argsort(away, axis=1, kind="stable")[:, :nearest]
    i, j = np.repeat(np.arange(count), nearest), order.ravel()
    links = len(i)
    link, width = np.arange(links), links + count
    once = csr_matrix((np.ones(links), (i, link)), (count, width))
    open_ = csr_matrix(
        (np.r_[np.ones(links), -np.ones(links)], (np.r_[link, link], np.r_[link, links + j])),
        (links, width),
    )
    load = csr_matrix((patients[i], (j, link)), (count, width))
    centre = csr_matrix((np.ones(count), (np.arange(count), links + np.arange(count))), load.shape)
    result = milp(
        np.r_[patients[i] * away[i, j], np.zeros(count)],
        constraints=[
            LinearConstraint(once, 1, 1),
            LinearConstraint(open_, -np.inf, 0),
            LinearConstraint(load - low * centre, 0, np.inf),
            LinearConstraint(load - high * centre, -np.inf, 0),
        ],
        integrality=np.ones(width),
        bounds=Bounds(0, 1),
    )
    assert result.status == 0
    return float(result.fun)


def test_the_way_of_large_areas_proves_the_same(
    thurrock: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = suggest(thurrock, SuggestRequest(), time_limit=60)
    dived: list[list[tuple[int, ...]] | None] = []
    dive = partition.dive

    def watched(search: partition.Partition, anew: Sequence[int]) -> list[tuple[int, ...]] | None:
        dived.append(dive(search, anew))
        return dived[-1]

    monkeypatch.setattr(partition, "dive", watched)
    monkeypatch.setattr(partition, "_DIVING_UNITS", 5)
    monkeypatch.setattr(partition, "_VERY_MANY_COLUMNS", 1_000)
    monkeypatch.setattr(partition, "_PROMISING", 500)
    large = suggest(thurrock, SuggestRequest(), time_limit=60)
    assert large.status == plain.status == "optimal"
    assert large.objective_value == pytest.approx(plain.objective_value)
    assert dived
    for plan in dived:
        assert plan is not None
        assert sorted(unit for hub in plan for unit in hub) == list(range(len(thurrock)))


def test_the_same_input_gives_the_same_answer_in_any_row_order(thurrock: pd.DataFrame) -> None:
    request = SuggestRequest()
    first = suggest(thurrock, request, time_limit=60)
    shuffled = suggest(thurrock.sample(frac=1, random_state=1), request, time_limit=60)
    pd.testing.assert_series_equal(first.assignment, shuffled.assignment)
    assert first.objective_value == shuffled.objective_value


def test_connected_hubs_and_whole_networks(thurrock: pd.DataFrame) -> None:
    around = neighbours(thurrock)
    request = SuggestRequest(max_patients=75_000, keep_whole=networks(thurrock), neighbours=around)
    answer = suggest(thurrock, request, time_limit=60)
    assert answer.status == "optimal"
    rules_hold(answer, thurrock, request)


def networks(table: pd.DataFrame) -> dict[str, list[str]]:
    return {
        str(name): [str(code) for code in table.index[table["pcn"] == name]]
        for name in table["pcn"].dropna().unique()
    }


def test_locked_hub_stays_and_keeps_its_name(thurrock: pd.DataFrame) -> None:
    plain = suggest(thurrock, SuggestRequest(), time_limit=60)
    kept = plain.hubs[1]
    request = SuggestRequest(locked={"Hub 1": kept.practices})
    answer = suggest(thurrock, request, time_limit=60)
    rules_hold(answer, thurrock, request)
    assert set(answer.assignment[answer.assignment == "Hub 1"].index) == set(kept.practices)
    assert [hub.hub for hub in answer.hubs if hub.locked] == ["Hub 1"]
    assert len({hub.hub for hub in answer.hubs}) == len(answer.hubs)
    # A hub of the best plan can be locked at no cost.
    assert answer.objective_value == pytest.approx(plain.objective_value)


@settings(SETTINGS, max_examples=8)
@given(st.integers(0, 1_000), st.sampled_from(["distance", "deprivation"]))
def test_alternatives_are_clearly_different_and_the_best_such(seed: int, aim: str) -> None:
    table = small_table(seed, 5)
    total = int(table["patients"].sum())
    request = SuggestRequest(min_patients=total // 5, max_patients=total // 2, objective=aim)
    plans = suggest_alternatives(table, request, count=3, time_limit=60)
    allowed = [
        (value_of(table, groups, request), to_series(table, groups))
        for groups in partitions(5)
        if not broken_rules(to_series(table, groups), table, request)
    ]
    assert bool(allowed) == bool(plans[0].hubs)
    for number, plan in enumerate(plans):
        if not plan.hubs:
            assert (number, plan.status) == (0, "infeasible")
            continue
        rules_hold(plan, table, request)
        earlier = [other.assignment for other in plans[:number]]
        for other in earlier:
            assert share_moved(other, plan.assignment, table["patients"]) >= 0.2
        strict = [
            value
            for value, groups in allowed
            if all(patients_who_stay(other, groups, table) <= 0.8 * total for other in earlier)
        ]
        best = min(strict)
        assert plan.objective_value == pytest.approx(best, abs=plan.tolerance + 1e-6 * best + 1e-6)


def share_moved(one: pd.Series, other: pd.Series, patients: pd.Series) -> float:
    """The share of patients who are in another hub in the second plan, 0 to 1.

    The hubs of the two plans are matched, one to one, so that as few as possible are. one, other:
    practice code -> hub name; patients: practice code -> patients, all on the same codes.
    """
    table = pd.DataFrame({"one": one, "other": other, "patients": patients})
    shared = table.pivot_table(
        index="one", columns="other", values="patients", aggfunc="sum", fill_value=0
    ).to_numpy()
    rows, columns = linear_sum_assignment(shared, maximize=True)
    total = float(table["patients"].sum())
    return 1 - float(shared[rows, columns].sum()) / total if total else 0.0


def patients_who_stay(one: pd.Series, other: pd.Series, table: pd.DataFrame) -> float:
    """Patients of each hub of the second plan in the earlier hub that it shares most with."""
    shared = pd.crosstab(other, one.reindex(other.index), table["patients"], aggfunc="sum")
    return float(shared.max(axis=1).sum())


def test_two_plans_for_thurrock(thurrock: pd.DataFrame) -> None:
    first, second = suggest_alternatives(
        thurrock, SuggestRequest(max_patients=45_000), count=2, time_limit=120
    )
    rules_hold(second, thurrock, SuggestRequest(max_patients=45_000))
    assert share_moved(first.assignment, second.assignment, thurrock["patients"]) >= 0.2
    assert first.objective_value is not None and second.objective_value is not None
    assert first.objective_value <= second.objective_value


# --- no plan -------------------------------------------------------------------------------------


@SETTINGS
@given(instances())
def test_every_change_offered_makes_a_plan_possible(
    instance: tuple[pd.DataFrame, SuggestRequest],
) -> None:
    table, request = instance
    answer = suggest(table, request, time_limit=60)
    if answer.status != "infeasible":
        return
    assert answer.reason.startswith("No plan keeps all the rules.")
    for change in answer.relaxations:
        assert best_value(table, change.request) is not None, change.text
        lower = change.request.min_patients != request.min_patients
        upper = change.request.max_patients != request.max_patients
        if change.smallest and lower != upper:
            # One patient less of a change does not do.
            almost = (
                change.request.but(min_patients=change.request.min_patients + 1)
                if lower
                else change.request.but(max_patients=change.request.max_patients - 1)
            )
            assert best_value(table, almost) is None, change.text


def table_of(patients: Sequence[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patients": patients,
            "easting": [1_000.0 * i for i in range(len(patients))],
            "northing": 0.0,
        },
        index=[f"P{i}" for i in range(len(patients))],
    )


def line(count: int) -> list[tuple[str, str]]:
    return [(f"P{i}", f"P{i + 1}") for i in range(count - 1)]


@pytest.mark.parametrize(
    ("patients", "changes", "says", "helps"),
    [
        ([60_000, 40_000], {}, "P0 by itself has 60,000 patients", "from 50,000 to 60,000"),
        (
            [60_000, 40_000],
            {},
            "P0 by itself has 60,000 patients",
            "Let P0 (60,000 patients) stand alone, as an exception",
        ),
        (
            [20_000, 35_000],
            {},
            "too many for 1 hub of at most 50,000, too few for 2 of at least 30,000",
            "from 50,000 to 55,000",
        ),
        ([9_000, 9_000], {}, "18,000 patients, under the least of one hub", "to 18,000"),
        (
            [40_000, 40_000],
            {"hubs": 3},
            "only 2 practices or groups",
            "2 hubs instead of 3",
        ),
        ([40_000, 40_000], {"hubs": 1}, "hold 50,000 patients", "2 hubs instead of 1"),
        (
            [30_000, 30_000, 40_000],
            {"locked": {"East": ["P0", "P1"]}},
            "The locked hub East has 60,000 patients, over the most, 50,000",
            "Unlock the hub East",
        ),
        (
            [20_000, 40_000],
            {"locked": {"East": ["P0"]}},
            "The locked hub East has 20,000 patients, under the least, 30,000",
            "from 30,000 to 20,000",
        ),
        (
            [20_000, 20_000],
            {"together": [("P0", "P1")], "apart": [("P0", "P1")]},
            "P0 and P1 are to be apart, but other rules keep them together",
            "Allow P0 and P1 in one hub",
        ),
        (
            [20_000, 20_000, 35_000],
            {"locked": {"East": ["P0", "P1"]}, "apart": [("P0", "P1")]},
            "the locked hub East holds both",
            "Allow P0 and P1 in one hub",
        ),
        (
            [30_000, 30_000, 40_000],
            {"keep_whole": {"Sea PCN": ["P0", "P1"]}},
            "Sea PCN, which is to stay whole, together have 60,000 patients",
            "Allow Sea PCN to be split",
        ),
        (
            [20_000, 35_000, 20_000],
            {"neighbours": [("P0", "P1"), ("P1", "P2")]},
            "can't be grouped into hubs of 30,000 to 50,000 patients that hang together",
            "Allow hubs in pieces",
        ),
        (
            [20_000, 25_000, 40_000],
            {"neighbours": [("P1", "P2")]},
            "P0 have 20,000 patients and no neighbours",
            "Allow hubs in pieces",
        ),
    ],
)
def test_reasons(patients: list[int], changes: dict[str, object], says: str, helps: str) -> None:
    table = table_of(patients)
    answer = suggest(table, SuggestRequest(**changes))  # type: ignore[arg-type]
    assert answer.status == "infeasible"
    assert says in answer.message
    assert any(helps in change.text for change in answer.relaxations), answer.message


def test_practices_larger_than_the_band_stand_alone_as_an_exception() -> None:
    table = table_of([60_000, 20_000, 25_000, 70_000, 40_000])
    answer = suggest(table, SuggestRequest())
    (change,) = [change for change in answer.relaxations if "stand alone" in change.text]
    assert "P0 (60,000 patients) and P3 (70,000 patients)" in change.text
    found = suggest(table, change.request)
    assert found.status == "optimal"
    assert {hub.practices for hub in found.hubs} == {("P0",), ("P1", "P2"), ("P3",), ("P4",)}
    assert not any(hub.locked for hub in found.hubs)
    # Mended as well: what is there keeps its practices but for the two.
    before = pd.Series({"P0": "A", "P1": "A", "P2": "A", "P3": "B", "P4": "B"})
    mended = repair(before, table, change.request)
    assert broken_rules(mended.assignment, table, change.request) == ()
    assert mended.assignment["P1"] == mended.assignment["P2"] == "A"
    own = pd.Series({"P0": "A", "P1": "A", "P2": "A", "P3": "Own", "P4": "B"})
    alone = repair(own, table, change.request)
    assert alone.assignment["P3"] == "Own"
    pair = pd.Series({"P0": "A", "P1": "B", "P2": "B", "P3": "A", "P4": "C"})
    parted = repair(pair, table, change.request)
    assert broken_rules(parted.assignment, table, change.request) == ()
    # An exception is of the band only, and of those practices only.
    assert broken_rules(found.assignment, table, SuggestRequest()) != ()
    both = pd.Series({"P0": "A", "P1": "A", "P2": "A", "P3": "B", "P4": "C"})
    faults = broken_rules(both, table, change.request)
    assert faults[0] == "P0 does not stand alone."


def test_two_faults_at_once_are_both_named_and_mended() -> None:
    table = table_of([60_000, 20_000, 40_000])
    request = SuggestRequest(locked={"West": ["P1"]})
    answer = suggest(table, request)
    assert answer.status == "infeasible"
    assert len(answer.conflicts) == 2
    assert answer.relaxations
    for change in answer.relaxations:
        assert suggest(table, change.request).status == "optimal"


# --- time, cancel, progress ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def essex() -> pd.DataFrame:
    return build_dataset().practices


def test_no_answer_in_time_is_said_apart_from_no_plan(essex: pd.DataFrame) -> None:
    answer = suggest(essex, SuggestRequest(), time_limit=0.05)
    assert answer.status == "unknown"
    assert answer.stopped == "time limit"
    assert "not known" in answer.message
    assert answer.assignment.empty


def test_cancel_stops_soon_and_keeps_the_best_plan(essex: pd.DataFrame) -> None:
    cancelled = threading.Event()
    asked: list[float] = []

    def watch(progress: object) -> None:
        if getattr(progress, "best", None) is not None and not cancelled.is_set():
            cancelled.set()
            asked.append(time.monotonic())

    answer = suggest(
        essex, SuggestRequest(), time_limit=90, progress=watch, cancel=cancelled.is_set
    )
    assert asked
    assert answer.stopped == "cancelled"
    assert answer.status == "feasible"
    assert answer.gap is not None and 0 <= answer.gap < 0.1
    rules_hold(answer, essex, SuggestRequest())


def test_cancel_at_once_gives_no_plan(thurrock: pd.DataFrame) -> None:
    answer = suggest(thurrock, SuggestRequest(), cancel=lambda: True)
    assert (answer.status, answer.stopped) == ("unknown", "cancelled")
    assert "You cancelled" in answer.message


def test_progress_comes_in_the_unit_of_the_answer(thurrock: pd.DataFrame) -> None:
    seen = []
    request = SuggestRequest(objective="deprivation")
    answer = suggest(thurrock, request, time_limit=60, progress=seen.append)
    best = [progress.best for progress in seen if progress.best is not None]
    assert best and best[-1] == pytest.approx(answer.objective_value)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("easting", np.nan, "No coordinates for P1"),
        ("patients", np.nan, "No number of patients for P1"),
        ("patients", -1, "not a whole number of 0 or more"),
        ("patients", 0.5, "not a whole number of 0 or more"),
    ],
)
def test_missing_figures_are_named(column: str, value: float, says: str) -> None:
    table = table_of([20_000, 20_000]).astype({"patients": float})
    table.loc["P1", column] = value
    with pytest.raises(UserError, match=says):
        suggest(table, SuggestRequest())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"min_patients": 50, "max_patients": 40}, "above the most"),
        ({"min_patients": -1}, "give 0 or more"),
        ({"min_patients": None, "max_patients": None}, "Give a band"),
        ({"hubs": 0}, "whole number of 1 or more"),
        ({"objective": "beauty"}, "There is no objective 'beauty'"),
        ({"objective": {"distance": -1}}, "below 0"),
        ({"objective": {"distance": 0}}, "Every weight is 0"),
        ({"objective": {"beauty": 1}}, "There is no objective 'beauty'"),
        ({"gp_definition": "robots"}, "There is no GP definition"),
        ({"together": [("A", "A")]}, "two different practice codes"),
        ({"nearest": 0}, "give 1 or more"),
    ],
)
def test_requests_that_make_no_sense(changes: dict[str, object], says: str) -> None:
    with pytest.raises(UserError, match=says):
        SuggestRequest(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"locked": {"East": ["X9"]}}, "'East' are not in this area: X9"),
        ({"apart": [("P0", "X9")]}, "a pair apart are not in this area"),
        ({"locked": {"East": ["P0"], "West": ["P0"]}}, "P0 is in two locked hubs"),
        ({"neighbours": [("X1", "X2")]}, "name none of this area's practices"),
        ({"objective": "fte"}, "no column gp_fte_fully_qualified"),
        ({"objective": "deprivation"}, "no column imd_score"),
    ],
)
def test_requests_that_do_not_fit_the_area(changes: dict[str, object], says: str) -> None:
    with pytest.raises(UserError, match=says):
        suggest(table_of([40_000, 40_000]), SuggestRequest(**changes))  # type: ignore[arg-type]


def test_empty_and_doubled_tables_and_no_time() -> None:
    table = table_of([40_000, 40_000])
    with pytest.raises(UserError, match="no practice to group"):
        suggest(table.iloc[:0], SuggestRequest())
    with pytest.raises(UserError, match="are there twice: P0"):
        suggest(pd.concat([table, table.iloc[:1]]), SuggestRequest())
    with pytest.raises(UserError, match="more than 0 seconds"):
        suggest(table, SuggestRequest(), time_limit=0)
    with pytest.raises(UserError, match="1 to 3 plans"):
        suggest_alternatives(table, SuggestRequest(), count=4)


def test_practices_of_one_building_and_without_fte() -> None:
    table = table_of([20_000, 20_000, 20_000, 20_000])
    table[["easting", "northing"]] = 550_000.0
    table["gp_fte_fully_qualified"] = [5.0, np.nan, 5.0, 0.0]
    answer = suggest(table, SuggestRequest(objective="fte"))
    assert answer.status == "optimal"
    assert answer.notes == (
        "Without an FTE figure, and so not counted in patients per FTE GP: P1.",
    )
    rules_hold(answer, table, SuggestRequest(objective="fte"))


def test_all_locked_needs_no_search() -> None:
    table = table_of([40_000, 40_000])
    request = SuggestRequest(locked={"East": ["P0"], "West": ["P1"]}, hubs=2)
    answer = suggest(table, request)
    assert answer.status == "optimal"
    assert [hub.hub for hub in answer.hubs] == ["East", "West"]
    assert answer.objective_value == 0


def test_neighbours_in_every_form() -> None:
    pairs = (("a", "b"), ("b", "c"))
    assert neighbour_pairs([("b", "a"), ("b", "c"), ("c", "b")]) == pairs
    assert neighbour_pairs(W({"a": ["b"], "b": ["a", "c"], "c": ["b"]}, silence_warnings=True)) == (
        pairs
    )
    graph = Graph.from_arrays(["a", "b", "b", "c", "d"], ["b", "a", "c", "b", "d"], [1, 1, 1, 1, 0])
    assert neighbour_pairs(graph) == pairs


@pytest.mark.parametrize(
    ("plan", "changes", "says"),
    [
        (["a", "a", None], {}, "In no hub: P2"),
        (["a", "b", "b"], {}, "a has 20,000 patients, under 30,000"),
        (["a", "a", "a"], {}, "a has 60,000 patients, over 50,000"),
        (["a", "a", "b"], {"hubs": 3, "min_patients": 0}, "There are 2 hubs, not 3"),
        (["a", "a", "b"], {"min_patients": 0, "locked": {"a": ["P0"]}}, "locked hub a has changed"),
        (["a", "a", "b"], {"min_patients": 0, "keep_whole": {"N": ["P1", "P2"]}}, "N is split"),
        (["a", "a", "b"], {"min_patients": 0, "together": [("P1", "P2")]}, "P1 and P2 are apart"),
        (["a", "a", "b"], {"min_patients": 0, "apart": [("P0", "P1")]}, "P0 and P1 are together"),
        (["a", "b", "a"], {"min_patients": 0, "neighbours": line(3)}, "a is in pieces"),
    ],
)
def test_broken_rules(plan: list[str | None], changes: dict[str, object], says: str) -> None:
    table = table_of([20_000, 20_000, 20_000])
    request = SuggestRequest(**changes)  # type: ignore[arg-type]
    assert any(
        says in fault
        for fault in broken_rules(pd.Series(plan, index=table.index, dtype=object), table, request)
    )


def test_no_rule_broken_says_nothing() -> None:
    table = table_of([20_000, 20_000, 30_000])
    plan = pd.Series(["a", "a", "b"], index=table.index)
    assert broken_rules(plan, table, SuggestRequest(neighbours=line(3), hubs=2)) == ()
