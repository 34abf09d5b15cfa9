"""`python -m pcs_dash report` and `search`: files whole or not at all, faults told early."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from pcs_dash.__main__ import main
from pcs_dash.views.story import SavedView, Story


def test_a_story_and_a_plan_become_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").write_text("practice_code,hub\nF81010,West\nF81110,East\n", "utf-8")
    story = Story("For the board", (SavedView(page="hubs", text="Two hubs to begin with"),))
    (tmp_path / "story.json").write_text(story.to_json(), "utf-8")
    to = tmp_path / "board.PDF"
    to.write_bytes(b"old")
    arguments = ["report", "--area", "thurrock", "--plan", str(tmp_path / "mine.csv"),
                 "--story", str(tmp_path / "story.json"), "--to", str(to),
                 "--format", "json"]  # fmt: skip
    assert main(arguments) == 0
    [said] = json.loads(capsys.readouterr().out)
    assert said["area"] == "Thurrock"
    assert said["bytes"] == to.stat().st_size
    words = " ".join(page.extract_text() for page in PdfReader(to).pages)
    assert "Two hubs to begin with" in words
    assert "mine: 2 hubs." in " ".join(words.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "board.PDF", "mine.csv", "story.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--to", "board.doc"], "ends in none of .pptx, .pdf, .html, .xlsx"),
        (["--to", "nowhere/board.pdf"], "There is no folder"),
        (["--to", "folder.pdf"], "is a folder"),
        (["--to", "b.pdf", "--area", "Atlantis"], "no area called 'Atlantis'"),
        (["--to", "b.pdf", "--plan", "missing.csv"], "missing.csv: There is no such file"),
        (["--to", "b.pdf", "--plan", "plan.txt"], "plan.txt: There is no such file"),
        (["--to", "b.pdf", "--plan", "bad.csv"], "bad.csv: Row 1: no column with practice codes"),
        (["--to", "b.pdf", "--story", "bad.csv"], "bad.csv: The file is not JSON"),
        (["--to", "b.pdf", "--template", "bad.csv"], "A template is for PowerPoint only"),
        (["--to", "b.pptx", "--template", "bad.csv"], "can't be read as PowerPoint"),
        (["--to", "b.pdf", "--area", "Maldon", "--suggest"], "There is no suggestion to show"),
        (["--to", "b.pdf", "--benchmark", "5"], "can't be right"),
        (["--to", "b.pdf", "--benchmark", "moon"], "no benchmark 'moon'"),
    ],
)
def test_a_fault_is_told_and_nothing_is_left(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", "utf-8")
    (tmp_path / "folder.pdf").mkdir()
    area = [] if "--area" in arguments else ["--area", "Maldon"]
    assert main(["report", *area, *arguments]) == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.out == ""
    assert {path.name for path in tmp_path.iterdir()} == {"bad.csv", "folder.pdf"}


def test_search_prints_its_finds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "ss7", "4zz", "--format", "csv"]) == 0
    found = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert found[0]["kind"] == "postcode"
    assert "sector SS7 4" in found[0]["note"]
    assert main(["search", "zzqqxx"]) == 0
    assert "nothing to show" in capsys.readouterr().out
