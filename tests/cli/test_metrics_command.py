from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest

from pcs_dash.__main__ import main
from pcs_dash.tables.areas import places
from pcs_dash.tables.load import load_pcn_codes
from pcs_dash.tables.paths import ROOT


def run(capsys, *arguments: str):
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_json_is_a_list_with_the_figures_asked_for(capsys) -> None:
    (row,) = json.loads(run(capsys, "metrics", "--area", "thurrock", "--format", "json"))
    assert row["area"] == "Thurrock"
    assert row["practices"] == 26
    assert row["practices_without_fte"] == 0
    assert row["patients"] == 190_486
    assert round(row["fte_gp"], 2) == 68.52
    assert round(row["patients_per_fte_gp"], 1) == 2_780.1


@pytest.mark.parametrize(
    ("by", "groups"), [("area", 1), ("place", 7), ("district", 15), ("pcn", 41), ("practice", 204)]
)
def test_groups_add_up_to_the_area(capsys, by: str, groups: int) -> None:
    rows = json.loads(run(capsys, "metrics", "--by", by, "--format", "json"))
    assert len(rows) == groups
    assert sum(row["practices"] for row in rows) == 204
    assert sum(row["patients"] for row in rows) == 2_016_793
    assert sum(row["fte_gp"] for row in rows) == pytest.approx(2_016_793 / 2_584.3, rel=1e-4)


def test_groups_are_named_with_their_code_places_in_the_order_of_the_county(capsys) -> None:
    rows = json.loads(run(capsys, "metrics", "--by", "place", "--format", "json"))
    assert [row["area"] for row in rows] == [place.name for place in places()]
    codes = load_pcn_codes().dropna().set_index("pcn_name")["pcn_code"]
    rows = json.loads(run(capsys, "metrics", "--by", "pcn", "--format", "json"))
    known = {row["area"]: row["pcn_code"] for row in rows if row["pcn_code"]}
    assert known == codes.to_dict()
    assert all(type(row["patients"]) is int and type(row["fte_gp"]) is float for row in rows)


def test_a_practice_without_such_gps_is_null_in_json_and_empty_in_csv(capsys) -> None:
    options = (
        "metrics",
        "--area",
        "Castle Point",
        "--by",
        "practice",
        "--gp-definition",
        "permanent",
    )
    rows = {row["area"]: row for row in json.loads(run(capsys, *options, "--format", "json"))}
    assert rows["F81032"]["patients_per_fte_gp"] is None
    assert rows["F81032"]["fte_gp"] == 0
    table = csv.DictReader(io.StringIO(run(capsys, *options, "--format", "csv")))
    assert {row["area"]: row for row in table}["F81032"]["patients_per_fte_gp"] == ""


def test_the_table_is_for_reading(capsys) -> None:
    out = run(capsys, "metrics", "--area", "Mid and South Essex")
    assert "2,607.3" in out
    assert "1,296,778" in out


def test_an_unknown_area_goes_to_stderr_with_status_two() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "pcs_dash", "metrics", "--area", "Kent"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "no area called 'Kent'" in answer.stderr
    assert "Choose one of" in answer.stderr


def test_help_names_the_commands(capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert "metrics" in capsys.readouterr().out
