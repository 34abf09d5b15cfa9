"""`python -m pcs_dash plans list|export|import`, run as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pcs_dash.__main__ import EXIT_USER_ERROR, main
from pcs_dash.cli.library_actions import plan_csv
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan
from pcs_dash.store.database import open_database
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.store.rights import Who

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


def test_a_file_is_read_as_on_the_page_with_its_notes_on_stderr(
    run: Run, library: PlanLibrary, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("Proposed hubs,\nODS code,Locality,PCN\nf81010 ,North,A\nF81082,TBC,A\n")
    status, out, err = run("import", path, "--column", "Locality", "--area", "Thurrock",
                           "--format", "json")  # fmt: skip
    assert status == 0
    plan = Plan.from_dict(library.open(json.loads(out)[0]["id"]).document)
    assert plan.to_series().to_dict() == {"F81010": "North"}
    assert "left unassigned: 1 (among them 'TBC')" in err
    assert "left unassigned: 24 of 26" in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("practice_code,hub\nG99999,Ghost\nF81010,A\n", "Row 2, column 'practice_code'.*G99999"),
        ("practice_code,hub\nF81010,Unassigned\n", "puts no practice.* in a hub. Nothing was"),
        ("practice_code,hub\n", "no practices"),
        ("practice_code,hub\nF81010,A\nF81010,B\n", "Row 3.*two hubs"),
        ("practice_code,hub\nF81010,#REF!\n", "Row 2, column 'hub': an error"),
    ],
)
def test_a_file_that_is_no_plan_saves_none(
    run: Run, library: PlanLibrary, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text, "utf-8")
    status, out, err = run("import", path)
    assert (status, out) == (EXIT_USER_ERROR, "")
    assert re.search(message, err)
    assert library.count() == 0


def test_unknown_practices_are_left_out_on_request_and_named(
    run: Run, library: PlanLibrary, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("practice_code,hub\nG99999,Ghost\nF81010,A\n", "utf-8")
    status, out, err = run("import", path, "--leave-out-unknown", "--format", "json")
    assert status == 0
    assert "Practices not in the data, left out: 1 (G99999)." in err
    plan = Plan.from_dict(library.open(json.loads(out)[0]["id"]).document)
    assert plan.to_series().to_dict() == {"F81010": "A"}


def test_an_exported_plan_keeps_codes_of_other_data_and_names_them(
    run: Run, library: PlanLibrary, tmp_path: Path
) -> None:
    other = EMPTY_PLAN.add_hub("A").assign(["F81010", "G99999"], "h1")
    library.create(other.to_dict(), name="Theirs")
    out = tmp_path / "theirs.json"
    run.json("export", "Theirs", "--out", out)
    status, printed, err = run("import", out, "--format", "json")
    assert status == 0
    assert "Practices not in the data, kept in the plan: 1 (G99999)." in err
    assert Plan.from_dict(library.open(json.loads(printed)[0]["id"]).document) == other


def test_an_empty_plan_is_a_header() -> None:
    assert plan_csv(EMPTY_PLAN.to_dict()) == "practice_code,hub\n"


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
        (("import", tmp_path / "none.csv"), "no such file"),
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


@pytest.mark.usefixtures("run")
def test_the_audit_is_listed_from_a_day_on(
    library: PlanLibrary, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit"]) == 0
    capsys.readouterr()
    library.who = Who("ann", "Ann", "editor")
    library.create({}, name="Secret")
    assert main(["audit", "--format", "json", "--since", "2020-01-01"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["action"], row["kind"], row["detail"]) == (
        "Ann",
        "saved",
        "plan",
        "version 1",
    )
    assert main(["audit", "--format", "json", "--since", "2999-01-01"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["audit", "--since", "yesterday"]) == 2
    assert "'yesterday' is no day" in capsys.readouterr().err
