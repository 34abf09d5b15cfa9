"""A scenario's file: what is read, what comes back, and what is told of a bad one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pcs_dash.scenarios.changes import KINDS, Close, Scenario, ScenarioError, read_scenario
from pcs_dash.scenarios.flows import shares_of_new_residents
from pcs_dash.scenarios.today import Today

EVERY_KIND: list[dict[str, Any]] = [
    {"kind": "homes", "from": 2026, "to_year": 2030, "where": "Thurrock", "a_year": 500},
    {"kind": "population", "from": 2026, "per_cent": [0.2, 0.5, 0.9]},
    {"kind": "leave", "from": 2026, "ages": "retirement"},
    {"kind": "join", "from": 2026, "where": "Thurrock"},
    {"kind": "staff", "from": 2028, "role": "nurse", "fte": -1.5, "where": "F81010"},
    {"kind": "close", "from": 2027, "practice": "f81110", "to": "hub", "staff_follow": 0.5},
    {"kind": "merge", "from": 2029, "practices": ["F81010", "F81206"], "sites": ["f81206"],
     "on": False},
    {"kind": "open", "from": 2030, "code": "NEW1", "name": "New", "longitude": 0.36,
     "latitude": 51.47, "gp": 4},
]  # fmt: skip


def document(**changed: Any) -> dict[str, Any]:
    return {"version": 1, "name": "A try", "years": 10, "changes": EVERY_KIND} | changed


def test_every_kind_comes_back_as_it_was_written() -> None:
    scenario = Scenario.from_dict(document(assumptions={"residents_per_dwelling": 2}))
    assert {change.kind for change in scenario.changes} == set(KINDS)
    assert read_scenario(json.dumps(scenario.to_dict())) == scenario
    assert scenario.assumptions == {"residents_per_dwelling": (2, 2, 2)}
    close = scenario.changes[5]
    assert isinstance(close, Close)
    assert (close.practice, close.to, close.staff_follow) == ("F81110", ("hub",), 0.5)


def test_a_file_that_names_no_sites_means_what_it_meant() -> None:
    """One site stays after a merger, the first one's, and none after a closure; nothing is written
    that an older program would not read.
    """
    merge = {key: value for key, value in EVERY_KIND[6].items() if key != "sites"}
    scenario = Scenario.from_dict(document(changes=[merge, EVERY_KIND[5]]))
    (merged, closed) = scenario.changes
    assert (merged.kept, closed.premises) == (("F81010",), "")
    written = scenario.to_dict()["changes"]
    assert "sites" not in written[0]
    assert "premises" not in written[1]


def test_doing_nothing_keeps_what_comes_anyway() -> None:
    kept = [change.kind for change in Scenario.from_dict(document()).doing_nothing.changes]
    assert kept == ["homes", "population", "leave", "join"]


def test_switched_off_and_on_again_is_the_same() -> None:
    scenario = Scenario.from_dict(document())
    off = scenario.switched(0, on=False)
    assert [change.on for change in off.changes[:2]] == [False, True]
    assert off.switched(0, on=True) == scenario


HOMES = EVERY_KIND[0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "A scenario is a JSON object"),
        (document(version=2), "format version 2; this program reads version 1"),
        (document(years=0), "'years' must be a whole number from 1 to 30, not 0"),
        (document(years=True), "'years' must be"),
        (document(colour="red"), "'colour' is not expected"),
        (document(changes=[{"kind": "flood"}]), "Change 1: 'kind' is 'flood'. Use one of: homes"),
        (document(changes=[HOMES | {"a_year": 0}]), "'a_year' must be a number from 1 to 100,000"),
        (document(changes=[HOMES | {"a_year": 10_000_000}]), "not 10000000"),
        (document(changes=[HOMES | {"a_year": float("nan")}]), "'a_year' must be"),
        (document(changes=[HOMES | {"to_year": 2025}]), "ends in 2025, before it begins in 2026"),
        (document(changes=[HOMES, HOMES | {"where": 7}]), "Change 2 (homes): 'where' must be"),
        (document(changes=[{"kind": "homes"}]), "'from' is missing"),
        (document(changes=[HOMES | {"wher": "x"}]), "'wher' is not expected. It may have: kind"),
        (document(changes=[EVERY_KIND[4] | {"fte": 0}]), "'fte' must not be 0"),
        (document(changes=[EVERY_KIND[5] | {"to_year": 2030}]), "'to_year' is not expected"),
        (document(changes=[EVERY_KIND[6] | {"practices": ["A", "a"]}]), "names a practice twice"),
        (document(changes=[EVERY_KIND[1] | {"per_cent": [2, 1, 3]}]), "central value between"),
        (document(changes=[EVERY_KIND[5] | {"to": ["F81110"]}]), "names F81110 itself"),
        (document(changes=[EVERY_KIND[5] | {"premises": "f81110"}]), "'premises' names F81110"),
        (document(changes=[EVERY_KIND[6] | {"sites": ["F81110"]}]), "F81110, which does not merge"),
        (document(assumptions={"x": [1, 2]}), "must be one number, or three"),
    ],
)
def test_what_is_wrong_is_named(data: Any, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_dict(data)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["{", "1" * 5_000, "[" * 100_000], ids=["cut", "long", "deep"])
def test_what_is_no_json_is_told(text: str) -> None:
    with pytest.raises(ScenarioError, match="no JSON"):
        read_scenario(text)


def test_homes_at_a_point_register_as_those_who_live_there(today: Today) -> None:
    """Of a point the nearest small area, of a shape those in it; nonsense is refused."""
    code = today.practices.index[0]
    latitude, longitude = today.practices.loc[code, ["latitude", "longitude"]]
    at = shares_of_new_residents(today, f"{latitude:.4f}, {longitude:.4f}", {})
    assert 0 < at.sum() <= 1 + 1e-9
    south, north, west, east = latitude - 1, latitude + 1, longitude - 1.5, longitude + 1
    corners = f"{south}, {west}; {south}, {east}; {north}, {east}; {north}, {west}"
    everywhere = shares_of_new_residents(today, corners, {})
    table = today.registrations.table
    lists = table.groupby(table["practice_code"].astype("object"))["patients"].sum()
    own = lists[lists.index.isin(today.practices.index)]
    inside = (everywhere.reindex(own.index) / (own / own.sum())).dropna()
    assert inside.to_numpy() == pytest.approx(inside.iloc[0])
    for bad in ("0, 0", "51.5, 0.3; 51.6, 0.3"):
        with pytest.raises(ScenarioError, match="no place in England"):
            shares_of_new_residents(today, bad, {})
