"""What a load changed, as a function of two tables of practices and through the command."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import samples

from pcs_dash.__main__ import main
from pcs_dash.official.load_changes import changes_between

BEFORE = pd.DataFrame(
    [
        ("A1", "Dr Khan", 5000, 2.0, "Good"),
        ("A2", "Old Mill", 6000, 1.5, "Outstanding"),
        ("A3", "Closing", 700, None, None),
        ("A4", None, 900, 1.0, "Inadequate"),
    ],
    columns=["practice_code", "practice_name", "list_size", "gp_fte_fully_qualified", "cqc_rating"],
)
NOW = pd.DataFrame(
    [
        ("A1", "DR  KHAN", 5300, 2.0, "Good"),
        ("A2", "New\nMill", 5900, None, "Requires improvement"),
        ("A4", "The Elms", 900, 1.25, "Good"),
        ("A5", "Opened", None, 1.0, "Good"),
    ],
    columns=BEFORE.columns,
)


def test_who_came_went_and_moved() -> None:
    found = changes_between(BEFORE, NOW, {"list_sizes": "2025-05-01"}, {"list_sizes": "2025-10-01"})
    assert found.sentences() == [
        "Practices that came: 1. A5 Opened.",
        "Practices that went: 1. A3 Closing (700 patients).",
        # Neither another case nor a name that was missing is a new name.
        "Practices renamed: 1. A2 New Mill (was Old Mill).",
        "List size, 2025-10-01 (before: 2025-05-01): changed for 2 of 3 practices, "
        "together +200 (11,900 to 12,100).",
        "  A1 DR KHAN: +300, 5,000 to 5,300",
        "  A2 New Mill: −100, 6,000 to 5,900",
        "FTE GPs (fully qualified): changed for 1 of 2 practices, together +0.25 (3.00 to 3.25). "
        "1 practice without one now.",
        "  A4 The Elms: +0.25, 1.00 to 1.25",
        "CQC rating: changed for 2 of 3 practices.",
        "  A2 New Mill: Outstanding to Requires improvement",
        "  A4 The Elms: Inadequate to Good",
    ]  # fmt: skip
    back = changes_between(NOW, BEFORE)
    assert [one.practice_code for one in (*back.came, *back.went)] == ["A3", "A5"]
    assert back.figures[0].largest[0].difference == -300
    assert not changes_between(NOW, NOW).any


def test_update_ends_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    folder = samples.write(tmp_path / "files", "pcn_membership")
    lists = folder / "lists.csv"
    lists.write_text(samples.LISTS_OLD, "utf-8")
    command = ["update", "--from", str(folder), "--quiet"]
    assert main(command) == 0
    assert "Since the last load" not in capsys.readouterr().out
    lists.write_text(samples.LISTS_NEW, "utf-8")
    assert main([*command, "--dry-run"]) == 0
    ended = capsys.readouterr().out.split("Since the last load\n")[1]
    assert ended.startswith("Practices that came: 1. F81102")
    assert "together +1,900 (28,000 to 29,900)" in ended
    assert main([*command, "--format", "csv"]) == 0
    shown = capsys.readouterr()
    assert "Since" not in shown.out
    assert ended.strip() in shown.err
    lists.write_text(samples.LISTS_NEW.replace("13100", "13150"), "utf-8")
    assert main([*command, "--format", "json"]) == 0
    last = json.loads(capsys.readouterr().out)[-1]
    assert (last["source"], last["status"], last["came"]) == ("changes", "changed", [])
    moved = last["figures"][0]["largest"]
    assert [(one["practice_code"], one["difference"]) for one in moved] == [("F81001", 50)]
