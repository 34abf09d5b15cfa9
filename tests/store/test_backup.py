"""A backup holds everything and goes back into either kind of database; damage is told."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from pcs_dash.__main__ import main
from pcs_dash.store import audit
from pcs_dash.store.backup import back_up, restore
from pcs_dash.store.database import Database, StoreError, open_database
from pcs_dash.store.drafts import clean_drafts, load_draft, open_draft, save_draft
from pcs_dash.store.links import make_short_link
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.store.rights import Who
from pcs_dash.tables.errors import UserError

TOKEN = "0123456789abcdef"
ANN = Who("ann", "Ann", "editor")


def _filled(database: Database) -> None:
    library = PlanLibrary(database)
    first = library.create(name="Ünder", document={"nul\0": ["\ud83c", 1.5]}, author="Ann")
    saved = library.save(first.id, based_on_version=1, name="Later", document={"two": 2})
    make_short_link(database, saved)
    save_draft(database, TOKEN, {"draft": 1})
    audit.note(database, ANN, "signed in")


def _all_of(database: Database) -> list[object]:
    library = PlanLibrary(database)
    return [library.open(1, 1), library.open(1, 2), load_draft(database, TOKEN)]


def test_a_backup_goes_back_whole_whichever_the_database(
    database: Database, tmp_path: Path
) -> None:
    _filled(database)
    before = _all_of(database)
    rows = back_up(database, tmp_path / "b.sqlite")
    assert rows == {
        "audit": 1,
        "documents": 1,
        "drafts": 1,
        "document_versions": 2,
        "guests": 0,
        "short_links": 1,
    }
    with pytest.raises(UserError, match="already"):
        back_up(database, tmp_path / "b.sqlite")
    PlanLibrary(database).create(name="After the backup", document={})
    audit.note(database, ANN, "refused")
    with pytest.raises(UserError, match="has 2 documents"):
        restore(database, tmp_path / "b.sqlite")
    assert restore(database, tmp_path / "b.sqlite", replace=True) == rows
    assert _all_of(database) == before
    # What the audit had since then is not taken back, and nothing stands there twice.
    assert [row["action"] for row in audit.entries(database)] == ["refused", "signed in"]
    # Keys go on after those that were put in.
    assert PlanLibrary(database).create(name="New", document={}).id == 2


def test_a_damaged_backup_leaves_the_library_as_it_was(database: Database, tmp_path: Path) -> None:
    _filled(database)
    back_up(database, tmp_path / "b.sqlite")
    content = (tmp_path / "b.sqlite").read_bytes()
    (tmp_path / "b.sqlite").write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError, match="damaged"):
        restore(database, tmp_path / "b.sqlite", replace=True)
    assert PlanLibrary(database).open(1).name == "Later"


def test_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "one.sqlite"))
    with open_database() as opened:
        _filled(opened)
    file = str(tmp_path / "backup.sqlite")
    assert main(["backup", file, "--format", "csv"]) == 0
    assert "document_versions,2" in capsys.readouterr().out
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "two.sqlite"))
    assert main(["restore", file]) == 0
    assert main(["restore", file]) == 2
    assert "--replace" in capsys.readouterr().err


# --- damage ---


def _library(tmp_path: Path) -> Path:
    path = tmp_path / "plans.sqlite"
    with open_database(path) as opened:
        _filled(opened)
    return path


def test_a_file_cut_short_is_found_at_the_start_and_says_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = _library(tmp_path)
    path.write_bytes(path.read_bytes()[:-4096])
    with (
        pytest.raises(StoreError, match="pcs_dash restore FILE") as caught,
        open_database(path) as d,
    ):
        d.check()
    assert "plans.sqlite" not in str(caught.value)
    assert "plans.sqlite" in caplog.text


def test_a_library_of_no_bytes_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "plans.sqlite"
    path.touch()
    # As another process makes it at this moment.
    open_database(path).close()
    path.write_bytes(b"")
    long_ago = path.stat().st_mtime - 3_600
    os.utime(path, (long_ago, long_ago))
    with pytest.raises(StoreError, match="0 bytes"):
        open_database(path)
    assert path.stat().st_size == 0


def test_one_row_of_bad_json_leaves_the_others_of_use(tmp_path: Path) -> None:
    path = _library(tmp_path)
    with open_database(path) as opened:
        other = PlanLibrary(opened).create(name="Sound", document={"a": 1})
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE document_versions SET document = '{\"a' WHERE document_id = 1")
        raw.execute("UPDATE drafts SET document = 'x'")
    with open_database(path) as opened:
        opened.check()
        library = PlanLibrary(opened)
        assert [entry.name for entry in library.entries("")] == ["Sound", "Later"]
        assert library.open(other.id).document == {"a": 1}
        for attempt in (lambda: library.open(1), lambda: open_draft(opened, TOKEN, "plan")):
            with pytest.raises(UserError, match="damaged"):
                attempt()


# --- clocks ---


class _Clock(datetime):
    """A clock that can be put wrong."""

    days = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(days=cls.days)


def test_no_clock_makes_a_draft_old(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _filled(database)
    for module in ("pcs_dash.store.database", "pcs_dash.store.drafts"):
        monkeypatch.setattr(f"{module}.datetime", _Clock)
    # Behind: what is kept then is still there once the clock is right.
    monkeypatch.setattr(_Clock, "days", -400)
    database._latest = None
    save_draft(database, TOKEN, {"kept": 1})
    monkeypatch.setattr(_Clock, "days", 0)
    assert clean_drafts(database) == 0
    # Ahead: nothing has grown old but the clock.
    monkeypatch.setattr(_Clock, "days", 400)
    assert clean_drafts(database) == 0
    draft = load_draft(database, TOKEN)
    assert draft is not None
    assert draft.document == {"kept": 1}
