"""The commands hubs and compare, as a shell would call them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from pcs_dash.__main__ import main
from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.hubs.reading import read_plan_file
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


# --- the same file, the same answer in every command ---

FILES = Path(__file__).parent / "plan_files"


@pytest.mark.parametrize("name", ["c01_lower.csv", "a08_header_ods_pcn.csv", "g50_two_layers.gpkg"])
def test_every_command_reads_a_file_alike(
    name: str,
    practices: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "plans.sqlite"))
    path = str(FILES / name)
    here = ["--area", "Thurrock", "--format", "json"]
    assert main(["hubs", path, *here]) == 0
    by_hub = {row["hub"]: row["patients"] for row in json.loads(capsys.readouterr().out)}
    right = read_plan_file(path, practices).plan.to_series()
    sizes = practices["patients"].groupby(right).sum()
    assert {hub: by_hub[hub] for hub in sizes.index} == sizes.to_dict()
    assert main(["compare", path, path, *here]) == 0
    assert json.loads(capsys.readouterr().out)["practices_moved"] == 0
    assert main(["plans", "import", path, "--name", "Mine", "--format", "json"]) == 0
    out = tmp_path / "mine.json"
    assert main(["plans", "export", "Mine", "--out", str(out)]) == 0
    assert read_plan_file(out, practices).plan.to_series().to_dict() == right.to_dict()
    capsys.readouterr()
    paper = tmp_path / "paper.xlsx"
    assert main(["report", "--plan", path, "--to", str(paper), *here]) == 0
    sheet = load_workbook(paper)["Hubs"]
    cells = {cell.value for row in sheet.iter_rows() for cell in row}
    assert set(sizes) <= cells
    assert set(sizes.index) <= cells


@pytest.mark.parametrize("command", ["hubs", "compare", "report", "plans"])
def test_every_command_refuses_what_the_page_refuses(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "plans.sqlite"))
    path = str(FILES / "c03_unknown.csv")
    arguments = {
        "hubs": ["hubs", path],
        "compare": ["compare", "pcn", path],
        "report": ["report", "--plan", path, "--to", str(tmp_path / "paper.pdf")],
        "plans": ["plans", "import", path],
    }[command]
    assert main([*arguments, "--area", "Thurrock"]) == 2
    error = capsys.readouterr().err
    assert "Row 3, column 'practice_code': the data have no practice 'F8108 2' (perhaps" in error
    assert "Row 4" in error
    assert not (tmp_path / "paper.pdf").exists()


def test_what_is_left_out_of_a_paper_stands_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paper = tmp_path / "paper.html"
    arguments = ["report", "--plan", str(FILES / "c03_unknown.csv"), "--area", "Thurrock"]
    assert main([*arguments, "--leave-out-unknown", "--to", str(paper)]) == 0
    assert "Practices not in the data, left out: 2 (F8108 2: perhaps" in capsys.readouterr().err
    assert "c03_unknown (without 2 unknown practices)" in paper.read_text("utf-8")


def test_a_paper_of_a_plan_of_another_place_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sea.csv"
    path.write_text("practice_code,hub\nF81003,Sea\n", "utf-8")
    arguments = ["report", "--plan", str(path), "--to", str(tmp_path / "paper.pdf")]
    assert main([*arguments, "--area", "Thurrock"]) == 2
    assert "None of its practices is in Thurrock: they are in Southend" in capsys.readouterr().err


def test_of_two_columns_the_command_says_which_it_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("Code,PCN,Locality\nF81010,A,North\nF81082,B,North\n", "utf-8")
    arguments = ["hubs", str(path), "--area", "Thurrock", "--format", "json"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert [row["hub"] for row in json.loads(printed.out)] == ["A", "B", "Unassigned"]
    assert "Hubs were taken from 'PCN'. It could be 'Locality' instead." in printed.err
    assert "hubs in column 'PCN'. --column and --sheet choose." in printed.err
    assert main([*arguments, "--column", "Locality"]) == 0
    printed = capsys.readouterr()
    assert [row["hub"] for row in json.loads(printed.out)] == ["North", "Unassigned"]
    assert "could be" not in printed.err
    # Each of two files has its own.
    compare = ["compare", str(path), str(path), "--area", "Thurrock", "--format", "json"]
    assert main([*compare, "--column", "PCN", "--column", "Locality"]) == 0
    moved = json.loads(capsys.readouterr().out)
    assert {row["hub_a"] for row in moved["hubs"]} == {"A", "B"}
    assert {row["hub_b"] for row in moved["hubs"]} == {"North", None}
