"""A saved version as a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pcs_dash.store.database import Database
from pcs_dash.store.documents import StoryLibrary
from pcs_dash.store.library_files import MAX_FILE_BYTES, from_file, to_file
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.errors import InputFileError

CONTENT: dict[str, Any] = {
    "name": "Ŵ 🏥 'quoted' \n=1+1",
    "note": "n\nn",
    "author": "Ann",
    "data_period": "31 December 2025",
    "data_fingerprint": "31 December 2025#00",
    "rules": [{"name": "size", "threshold": 30000}],
    "list_sizes": {"F81010": 9001},
}


def test_a_version_comes_back_from_its_file_in_another_library(database: Database) -> None:
    library = PlanLibrary(database)
    saved = library.create({"a": ["\ud83c", "\0", 0.1]}, **CONTENT)
    content = from_file(to_file(saved).encode(), "plan.json")
    again = library.create(**content)
    assert again.id != saved.id
    for name in [*CONTENT, "document"]:
        assert getattr(again, name) == getattr(saved, name)


def test_a_story_is_no_plan(database: Database) -> None:
    story = StoryLibrary(database).create({"slides": []}, name="Story")
    text = to_file(story, kind="story")
    assert from_file(text, "s.json", kind="story")["document"] == {"slides": []}
    with pytest.raises(InputFileError, match=r"s\.json: The file is not a pcs_dash plan"):
        from_file(text, "s.json")


def test_an_editor_may_have_put_a_mark_in_front() -> None:
    text = json.dumps({"format": "pcs_dash plan", "format_version": 1, "document": {}})
    assert from_file(b"\xef\xbb\xbf" + text.encode(), "plan.json")["document"] == {}


HEAD = {"format": "pcs_dash plan", "format_version": 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a pcs_dash plan"),
        (b"{}", "not a pcs_dash plan"),
        (b" " * (MAX_FILE_BYTES + 1), "more than"),
        (json.dumps({**HEAD, "format_version": 2}).encode(), "format version 2"),
        (json.dumps(HEAD).encode(), "'document' is missing"),
        (json.dumps({**HEAD, "document": []}).encode(), "'document' must be an object"),
        (json.dumps({**HEAD, "document": {}, "rules": [1]}).encode(), "Rule 1 must be"),
        (b'{"format": "pcs_dash plan", "format_version": 1, "document": {"a": NaN}}', "not JSON"),
        (
            json.dumps({**HEAD, "document": {}, "list_sizes": {"F81010": True}}).encode(),
            "list size of practice 'F81010'",
        ),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputFileError, match=message):
        from_file(data, "plan.json")


def test_every_fault_is_named_at_once() -> None:
    text = json.dumps({**HEAD, "name": 1, "rules": {}})
    with pytest.raises(InputFileError) as caught:
        from_file(text, "plan.json")
    assert caught.value.problems == (
        "'name' must be text.",
        "'rules' must be a list.",
        "'document' is missing.",
    )
