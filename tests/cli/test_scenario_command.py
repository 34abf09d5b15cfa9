"""`scenario`: run, close and homes as another program would ask them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pcs_dash.__main__ import main

CHANGES: list[dict[str, Any]] = [
    {"kind": "homes", "from": 2026, "where": "Thurrock", "a_year": 1_000},
    {"kind": "leave", "from": 2026},
    {"kind": "join", "from": 2026},
    {"kind": "close", "from": 2027, "practice": "F81110", "to": "hub"},
]


def written(folder: Path, changes: list[dict[str, Any]] = CHANGES, **more: Any) -> str:
    path = folder / "scenario.json"
    document = {"version": 1, "name": "Tilbury closes", "years": 5, "changes": changes} | more
    path.write_text(json.dumps(document), "utf-8")
    return str(path)


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.csv"
    path.write_text("practice_code,hub\nF81110,East\nF81206,East\nF81010,West\n", "utf-8")
    return str(path)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["scenario", *arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_run_starts_today_and_stands_beside_doing_nothing(capsys, tmp_path, plan) -> None:
    file = written(tmp_path)
    asked = ("run", file, "--area", "Thurrock", "--plan", plan, "--draws", "50")
    rows = shown(capsys, *asked)
    assert [row["year"] for row in rows] == list(range(2025, 2031))
    first, last = rows[0], rows[-1]
    assert (first["patients"], first["practices"], last["practices"]) == (190_486, 26, 25)
    assert round(first["patients_per_fte_gp_low"], 1) == 2_780.1
    # The takers are in Thurrock; of those who would have registered with the closed practice later
    # a few register beyond it, as the others of the district do.
    assert 0 < last["patients_doing_nothing"] - last["patients"] < 10
    assert last["patients_per_fte_gp"] > last["patients_per_fte_gp_doing_nothing"]
    assert last["fte_gp_low"] < last["fte_gp"] < last["fte_gp_high"]
    weighted = shown(capsys, *asked, "--year", "2025", "--weight", "carr_hill")[0]
    assert weighted["patients_counted"] == "carr_hill"
    # A published ratio of 0.94 for Thurrock, in whole patients by practice.
    assert 0.93 < weighted["patients"] / first["patients"] < 0.95
    hubs = shown(capsys, *asked, "--by", "hub", "--year", "2030")
    assert [row["group"] for row in hubs] == ["East", "Unassigned", "West"]
    assert sum(row["patients"] for row in hubs) == pytest.approx(last["patients"])
    assert sum(row["fte_gp"] for row in hubs) == pytest.approx(last["fte_gp"])
    # Without a plan its hub is its PCN, as on the page.
    pcns = shown(capsys, "run", file, "--area", "Thurrock", "--by", "pcn", "--year", "2030")
    (own,) = [row for row in pcns if row["group"] == "TILBURY AND CHADWELL PCN"]
    assert own["patients"] > 0.99 * own["patients_doing_nothing"]
    assert own["patients_low_doing_nothing"] < own["patients_doing_nothing"]


def test_a_closure_adds_up_to_the_list(capsys) -> None:
    rows = shown(capsys, "close", "f81110", "--area", "Thurrock")
    named = [row for row in rows if row["practice_code"]]
    assert {"patients_before", "patients_per_fte_gp_before", "practice_name"} <= set(named[0])
    for row in named:
        moved = row["patients_after"] - row["patients_before"]
        assert moved == pytest.approx(row["patients_moved"])
        assert row["patients_per_fte_gp_after"] > row["patients_per_fte_gp_before"]
    # Tilbury Health Centre's list in the workforce file.
    assert sum(row["patients_moved"] for row in rows) == pytest.approx(12_219)
    assert rows[-1]["practice_name"] == "Practices beyond the data"
    asked = ("close", "F81110", "--area", "Thurrock", "--premises", "f81206")
    (stays,) = [row for row in shown(capsys, *asked) if row["practice_code"] == "F81206"]
    assert (stays["km"], stays["sites"]) == (0, "F81110 F81206")
    (goes,) = [row for row in named if row["practice_code"] == "F81206"]
    for mode in ("walk", "drive"):
        before, after = (stays[f"minutes_{mode}_{when}"] for when in ("before", "after"))
        assert after <= before < goes[f"minutes_{mode}_after"]
    (one,) = shown(capsys, "close", "F81110", "--to", "F81206")
    assert one["patients_moved"] == pytest.approx(12_219)
    for when in ("before", "after"):
        assert one[f"minutes_walk_{when}"] > one[f"minutes_drive_{when}"] > 0
    # Modelled patients are those who live nearest: no closure brings them nearer.
    far = shown(capsys, "close", "F81100", "--area", "Essex")
    assert all(
        row["minutes_walk_after"] >= row["minutes_walk_before"]
        for row in far
        if row["minutes_walk_after"]
    )


def test_homes_by_hand_and_where_they_register(capsys) -> None:
    found = shown(capsys, "homes", "5000", "--district", "Thurrock")
    assert (found["residents"], found["fte_gp"], found["square_metres"]) == (12_000, 6, 540)
    assert found["cost_pounds"] == pytest.approx(1_242_000)
    assert sum(row["patients"] for row in found["practices"]) == pytest.approx(12_000)
    typed = shown(capsys, "homes", "5000", "--assume", "residents_per_dwelling=1,2,3")
    assert (typed["residents_low"], typed["residents"], typed["residents_high"]) == (
        5_000, 10_000, 15_000,
    )  # fmt: skip


def test_assumptions_are_cited(capsys) -> None:
    assert main(["scenario", "homes", "10"]) == 0
    assert "Census 2021" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["homes", "0"], "0 homes can't be right"),
        (["homes", "10000000"], "can't be right"),
        (["homes", "10", "--district", "Atlantis"], "Atlantis"),
        (["homes", "10", "--assume", "residents_per_dwelling"], "is no assumption"),
        (["close", "F81999", "--area", "Thurrock"], "no practice F81999 in Thurrock"),
        (["close", "F81110", "--staff-follow", "2"], "from 0 to 1"),
        (["close", "F81110", "--premises", "F81999"], "no practice F81999 in these data"),
        (["run", "no-such-file.json"], "can't be read"),
    ],
)
def test_what_can_not_be_is_told(capsys, arguments: list[str], says: str) -> None:
    assert main(["scenario", *arguments]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "options", "says"),
    [
        ({"version": 2}, [], "format version 2"),
        ({}, ["--by", "hub"], "--by hub needs a plan"),
        ({}, ["--year", "1999"], "from 2025 to 2030"),
        ({"changes": [CHANGES[3] | {"to": ["F81999"]}]}, [], "there is no practice F81999"),
        ({"changes": [CHANGES[0] | {"to_year": 2020}]}, [], "before it begins"),
    ],
)
def test_a_bad_scenario_is_told(
    capsys, tmp_path: Path, more: dict[str, Any], options: list[str], says: str
) -> None:
    if says.startswith("from"):
        more = {"changes": CHANGES[:3]}
    assert main(["scenario", "run", written(tmp_path, **more), "--area", "Thurrock", *options]) == 2
    assert says in capsys.readouterr().err
