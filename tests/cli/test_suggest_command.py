"""`python -m pcs_dash suggest`, run as a user would."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from pcs_dash.__main__ import main


def test_json_of_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "plan.csv"
    options = ["--area", "Thurrock", "--time-limit", "60", "--format", "json"]
    status = main(["suggest", *options, "--out", str(out)])
    answer = json.loads(capsys.readouterr().out)
    assert status == 0
    assert answer["status"] == "optimal"
    assert answer["gap"] == pytest.approx(0, abs=1e-6)
    assert answer["best_bound"] <= answer["objective_value"]
    assert sum(hub["patients"] for hub in answer["hubs"]) == 190_486
    assert all(30_000 <= hub["patients"] <= 50_000 for hub in answer["hubs"])
    plan = pd.read_csv(out)
    assert list(plan.columns) == ["practice_code", "hub"]
    by_hub = plan.groupby("hub")["practice_code"].apply(sorted).to_dict()
    assert by_hub == {hub["hub"]: sorted(hub["practices"]) for hub in answer["hubs"]}


def test_no_plan_has_its_own_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(
        ["suggest", "--area", "Thurrock", "--max", "14000", "--min", "5000", "--format", "json"]
    )
    answer = json.loads(capsys.readouterr().out)
    assert status == 3
    assert answer["status"] == "infeasible"
    assert "F81113 by itself has 14,294 patients" in answer["reason"]
    assert answer["hubs"] == []


def test_mistakes_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suggest", "--area", "Thurrock", "--min", "9", "--max", "3"]) == 2
    assert "above the most" in capsys.readouterr().err


def test_table_for_reading(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suggest", "--area", "Castle Point and Rochford", "--time-limit", "60"]) == 0
    text = capsys.readouterr().out
    assert "Hub 1" in text
    assert "km a patient on average" in text
