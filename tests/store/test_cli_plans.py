"""`python -m pcs_dash plans list|export|import`, run as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pcs_dash.__main__ import EXIT_USER_ERROR, main
from pcs_dash.cli.plans import plan_csv, read_plan_csv
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan
from pcs_dash.store.database import open_database
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.errors import InputFileError

PLAN = (
    EMPTY_PLAN.add_hub("North", note="kept in JSON")
    .add_hub("=1+1", colour="#123456")
    .add_hub('Em,pty "quoted" \'hub')
    .assign(["F81010", "F81011"], "h1")
    .assign(["F81012"], "h2")
    .set_locked("h1")
)


class Run:
    """Runs a command against the library of the test."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        status = main(["plans", *map(str, arguments)])
        captured = self._capsys.readouterr()
        return status, captured.out, captured.err

    def json(self, *arguments: object) -> list[dict[str, Any]]:
        status, out, err = self(*arguments, "--format", "json")
        assert (status, err) == (0, "")
        result = json.loads(out)
        assert isinstance(result, list)
        return result


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("PCS_DASH_DATABASE_URL", url)
    return Run(capsys)


@pytest.fixture
def library(url: str) -> Any:
    with open_database(url) as database:
        yield PlanLibrary(database)


def test_an_empty_library_lists_nothing(run: Run) -> None:
    assert run.json("list") == []
    assert run("list")[:2] == (0, "(nothing to show)\n")


def test_list_searches_and_shows_the_deleted_apart(run: Run, library: PlanLibrary) -> None:
    for name in ("North", "South"):
        library.create({}, name=name, author="Zoë", data_period="p", note="n")
    library.delete(library.create({}, name="Gone").id)
    assert [row["name"] for row in run.json("list")] == ["South", "North"]
    assert [row["name"] for row in run.json("list", "--deleted")] == ["Gone"]
    (row,) = run.json("list", "--search", "NORTH zoë")
    saved = library.find("North")
    assert row == {
        "id": saved.id,
        "version": 1,
        "name": "North",
        "author": "Zoë",
        "saved_at": saved.saved_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "data_period": "p",
        "note": "n",
    }
    (line,) = csv.DictReader(io.StringIO(run("list", "--search", "north", "--format", "csv")[1]))
    assert (line["name"], line["author"]) == ("North", "Zoë")


def test_a_name_cannot_command_the_terminal(run: Run, library: PlanLibrary) -> None:
    name = "Red\x1b[31m\nSecond line\u202e"
    library.create({}, name=name)
    table = run("list")[1]
    assert "\x1b" not in table
    assert "\u202e" not in table
    assert len(table.splitlines()) == 2
    assert run.json("list")[0]["name"] == name


def test_json_export_and_import_is_the_identity(
    run: Run, library: PlanLibrary, tmp_path: Path
) -> None:
    first = library.create(
        PLAN.to_dict(), name="Mine", note="n", author="Ann", rules=[{"name": "r"}]
    )
    library.save(first.id, 1, {"version": 1, "hubs": [], "assignment": {}}, name="Mine")
    out = tmp_path / "mine.json"
    (row,) = run.json("export", "Mine", "--version", 1, "--out", out)
    assert (row["id"], row["version"], row["file"]) == (first.id, 1, str(out))
    (row,) = run.json("import", out)
    again = library.open(row["id"])
    assert again.id != first.id
    assert Plan.from_dict(again.document) == PLAN
    assert (again.name, again.note, again.author, again.rules) == ("Mine", "n", "Ann", first.rules)
    (row,) = run.json("import", out, "--name", "Copy", "--author", "", "--note", "by hand")
    assert (row["name"], row["author"], row["note"]) == ("Copy", "", "by hand")


def test_without_a_version_the_latest_is_exported(
    run: Run, library: PlanLibrary, tmp_path: Path
) -> None:
    id = library.create(EMPTY_PLAN.to_dict(), name="Mine").id
    library.save(id, 1, PLAN.to_dict(), name="Mine")
    run.json("export", id, "--out", tmp_path / "p.json")
    assert json.loads((tmp_path / "p.json").read_text())["document"] == PLAN.to_dict()


def test_csv_export_and_import_keeps_who_is_with_whom(
    run: Run, library: PlanLibrary, tmp_path: Path
) -> None:
    library.create(PLAN.to_dict(), name="Mine")
    out = tmp_path / "mine.csv"
    run.json("export", "mine", "--out", out)
    assert out.read_bytes() == (b"practice_code,hub\nF81010,North\nF81011,North\nF81012,'=1+1\n")
    (row,) = run.json("import", out)
    assert row["name"] == "mine"
    again = Plan.from_dict(library.open(row["id"]).document)
    assert again.to_series().to_dict() == PLAN.to_series().to_dict()


def test_csv_from_a_spreadsheet_is_read() -> None:
    lines = [
        "\ufeffName,HUB , Practice_Code",
        "x,North,F81010",
        "",
        "y,,F81011",
        "z, north ,A1",
        "",
    ]
    data = "\r\n".join(lines).encode()
    plan = Plan.from_dict(read_plan_csv(data, "x.csv"))
    assert plan.to_series().to_dict() == {"A1": "North", "F81010": "North"}


def test_csv_faults_are_told_by_row_all_at_once() -> None:
    data = b"practice_code,hub\nF81010,North\n,South\nF81011\nF81010,South\n"
    with pytest.raises(InputFileError) as caught:
        read_plan_csv(data, "x.csv")
    assert str(caught.value) == (
        "x.csv: Row 3 has no practice_code. Row 5 names F81010 again, first named in row 2."
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no column practice_code and no column hub"),
        (b"practice_code\nF81010\n", "no column hub"),
        (b"practice_code,hub\nF81010,\xff\n", "not CSV in UTF-8"),
        (b'practice_code,hub\nF81010,"North\n', "not CSV in UTF-8"),
        (b"practice_code,hub\nF81010,Unassigned\n", "Choose another name"),
        (b"practice_code,hub\nF81010," + b"x" * 200 + b"\n", "200 characters"),
    ],
)
def test_csv_that_is_no_plan_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputFileError, match=rf"x\.csv: .*{message}"):
        read_plan_csv(data, "x.csv")


def test_an_empty_plan_is_a_header() -> None:
    text = plan_csv(EMPTY_PLAN.to_dict())
    assert text == "practice_code,hub\n"
    assert Plan.from_dict(read_plan_csv(text.encode(), "x.csv")) == EMPTY_PLAN


def test_faults_of_the_user_end_in_status_2_with_a_way_out(
    run: Run, library: PlanLibrary, tmp_path: Path
) -> None:
    id = library.create(PLAN.to_dict(), name="Mine").id
    (tmp_path / "no_plan.json").write_text(
        json.dumps({"format": "pcs_dash plan", "format_version": 1, "document": {"version": 1}})
    )
    out = tmp_path / "x.json"
    for arguments, message in [
        (("export", "Yours", "--out", out), "no plan with the id or name 'Yours'"),
        (("export", id, "--version", 7, "--out", out), "no version 7"),
        (("export", id, "--out", tmp_path / "x.doc"), "neither in .json nor in .csv"),
        (("export", id, "--out", tmp_path / "none" / "x.json"), "can't be written"),
        (("import", tmp_path / "none.json"), "can't be read"),
        (("import", tmp_path / "no_plan.json"), "no_plan.json: This is not a saved plan"),
        (("list", "--search", "x" * 201), "search has 201"),
    ]:
        status, printed, error = run(*arguments)
        assert (status, printed) == (EXIT_USER_ERROR, "")
        assert message in error
    assert library.count() == 1
    assert not out.exists()


def test_the_command_starts_without_the_database_library() -> None:
    # Every command imports this module, so that it must cost next to nothing.
    code = "import sys, pcs_dash.cli.plans; print('sqlalchemy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == "False\n"
