"""The stories command, with a real database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pcs_dash.__main__ import main
from pcs_dash.official.any_area import find_area
from pcs_dash.views.story import Story, ready_made


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PCS_DASH_DATABASE_URL", raising=False)
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "stories.sqlite"))


@pytest.fixture
def given(tmp_path: Path) -> Path:
    path = tmp_path / "given.json"
    path.write_text(ready_made(find_area("Thurrock")).rename("For the board").to_json())
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main(["stories", *arguments, "--format", "json"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_a_story_comes_out_as_it_went_in(
    capsys: pytest.CaptureFixture[str], given: Path, tmp_path: Path
) -> None:
    saved = run(capsys, "import", str(given), "--author", "Ann", "--note", "first")
    assert (saved[0]["name"], saved[0]["version"], saved[0]["author"]) == (
        "For the board", 1, "Ann",
    )  # fmt: skip
    assert [row["name"] for row in run(capsys, "list")] == ["For the board"]
    assert run(capsys, "list", "--search", "nothing like it") == []
    out = tmp_path / "out.json"
    run(capsys, "export", "For the board", "--out", str(out))
    assert Story.from_json(out.read_bytes()) == Story.from_json(given.read_bytes())
    again = run(capsys, "import", str(out), "--name", "Another")
    assert again[0]["name"] == "Another"
    assert len(run(capsys, "list")) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "{plan}"], "plan.json"),
        (["import", "{gone}"], "can't be read"),
        (["export", "Nobody", "--out", "{gone}"], "Nobody"),
        (["export", "Nobody", "--out", "board.pptx"], "does not end in .json"),
    ],
)
def test_a_fault_is_told_and_nothing_is_saved(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], says: str
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"version": 1, "hubs": []}')
    named = {"{plan}": str(plan), "{gone}": str(tmp_path / "gone.json")}
    assert main(["stories", *(named.get(text, text) for text in arguments)]) == 2
    assert says in capsys.readouterr().err
    assert run(capsys, "list") == []
