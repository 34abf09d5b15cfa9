"""The commands hubs and compare, as a shell would call them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from pcs_dash.__main__ import main
from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.official.any_area import find_area
from pcs_dash.render.csv_files import plan_csv


@pytest.fixture
def pcns(practices: pd.DataFrame, tmp_path: Path) -> Path:
    """Thurrock's PCNs with one practice left out."""
    thurrock = find_area("Thurrock").select(practices)
    path = tmp_path / "pcns.csv"
    path.write_bytes(plan_csv(plan_from_column(thurrock, "pcn").unassign(["F81010"])))
    return path


def test_hubs_as_json(
    pcns: Path, practices: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hubs", str(pcns), "--area", "thurrock", "--format", "json"]) == 0
    printed = capsys.readouterr()
    rows = json.loads(printed.out)
    assert "not in the file, left unassigned: 1 of 26" in printed.err
    thurrock = find_area("Thurrock").select(practices)
    expected = thurrock.drop("F81010").groupby("pcn")["patients"].sum()
    assert {row["hub"]: row["patients"] for row in rows[:-1]} == expected.to_dict()
    assert rows[-1]["hub"] == "Unassigned"
    assert rows[-1]["practices"] == 1
    assert rows[-1]["meets_20000"] is None
    for row in rows[:-1]:
        assert row["meets_20000"] is (row["patients"] >= 20_000)
        assert row["within_30000_50000"] is (30_000 <= row["patients"] <= 50_000)
        assert row["gp_definition"] == "fully_qualified"
    assert sum(row["patients"] for row in rows) == 190_486
    assert sum(row["fte_gp"] for row in rows) == pytest.approx(68.52, abs=0.005)


def test_unassigned_is_always_there(
    practices: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "all.csv"
    path.write_bytes(plan_csv(plan_from_column(practices, "district")))
    arguments = ["hubs", str(path), "--area", "Mid Essex", "--gp-definition", "all"]
    assert main([*arguments, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    here = find_area("Mid Essex").select(practices)
    assert [row["hub"] for row in rows] == [*sorted(here["district"].unique()), "Unassigned"]
    assert rows[-1]["practices"] == "0"
    assert sum(float(row["fte_gp"]) for row in rows) == pytest.approx(here["gp_fte_all"].sum())


def test_tables_are_for_reading(pcns: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hubs", str(pcns), "--area", "Thurrock"]) == 0
    assert "Unassigned" in capsys.readouterr().out
    assert main(["compare", "pcn", str(pcns), "--area", "Thurrock"]) == 0
    printed = capsys.readouterr().out
    assert "Practices that move" in printed
    assert "F81010" in printed


def test_compare_as_json(pcns: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", "pcn", str(pcns), "--area", "Thurrock", "--format", "json"]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["practices_moved"] == 1
    assert [moved["practice_code"] for moved in result["moved"]] == ["F81010"]
    assert result["patients_moved"] == result["moved"][0]["patients"]
    assert result["moved"][0]["hub_b"] is None
    measures = {row["key"]: row for row in result["measures"]}
    assert measures["unassigned_practices"]["difference"] == 1
    assert result["share_together_before"] == 1.0
    assert (result["a"], result["b"]) == ("pcn", "pcns.csv")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["hubs", "none.csv"], "none.csv: There is no such file"),
        (["hubs", "{pcns}", "--area", "Atlantis"], "no area called 'Atlantis'"),
        (["compare", "{pcns}", "none.csv"], "none.csv"),
    ],
)
def test_faults_go_to_stderr_with_status_2(
    pcns: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    assert main([argument.format(pcns=pcns) for argument in arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert expected in printed.err


def test_a_faulty_plan_names_row_and_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("practice_code,hub\nF81010,A\nX1,B\n")
    assert main(["hubs", str(path)]) == 2
    assert "plan.csv: Row 3, column 'practice_code'" in capsys.readouterr().err
