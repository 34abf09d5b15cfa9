"""What version 954cac2 (25 November 2026) left with its users opens as it was.

Contracts that no change may break. The files in `kept/` were written by that version;
`expected.json` says what they hold.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.reading import read_plan_file
from pcs_dash.store.database import open_database
from pcs_dash.store.documents import StoryLibrary
from pcs_dash.store.links import open_link, open_short_link
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.story import Story

KEPT = Path(__file__).parent / "kept"
EXPECTED = json.loads((KEPT / "expected.json").read_text("utf-8"))
LINKS = json.loads((KEPT / "links.json").read_text("utf-8"))


@pytest.fixture
def libraries(tmp_path: Path) -> tuple[PlanLibrary, StoryLibrary, Any]:
    """The libraries over a copy of the old database, which opening it may bring up to date."""
    copy = tmp_path / "library.sqlite"
    shutil.copy(KEPT / "library.sqlite", copy)
    database = open_database(f"sqlite:///{copy}")
    return PlanLibrary(database), StoryLibrary(database), database


@pytest.mark.parametrize("kind", ["plans", "stories"])
def test_every_version_of_the_library_is_as_it_was(
    libraries: tuple[PlanLibrary, StoryLibrary, Any], kind: str
) -> None:
    library = libraries[0] if kind == "plans" else libraries[1]
    for old in EXPECTED[kind]:
        saved = library.open(old["id"], old["version"])
        for field in ("name", "note", "author", "data_period", "document", "rules"):
            assert getattr(saved, field) == old[field], field


def test_every_story_still_makes_sense() -> None:
    for old in EXPECTED["stories"]:
        story = Story.from_dict(old["document"])
        assert [view.to_dict() for view in story.views] == old["document"]["views"]


@pytest.mark.parametrize("name", ["plan", "plan_today", "story"])
def test_links_open_what_they_carried(dataset: Dataset, name: str) -> None:
    kind = "story" if name == "story" else "plan"
    found = open_link(LINKS[name], dataset.practices.index, kind=kind)
    assert found.document == EXPECTED["links"][name]


@pytest.mark.parametrize("name", ["plan_short", "plan_short_of_version_2", "story_short"])
def test_short_links_open_the_version_they_stood_for(
    libraries: tuple[PlanLibrary, StoryLibrary, Any], name: str
) -> None:
    plans, stories, database = libraries
    library = stories if name.startswith("story") else plans
    saved = open_short_link(library, database, LINKS[name])
    expected = EXPECTED["links"][name]
    assert [saved.id, saved.version] == expected


@pytest.mark.parametrize("name", ["plan.csv", "plan.xlsx", "plan.geojson", "plan.gpkg"])
def test_plan_files_open_with_every_practice_in_its_hub(dataset: Dataset, name: str) -> None:
    plan = Plan.from_dict(EXPECTED["links"]["plan"])
    found = read_plan_file(KEPT / name, dataset.practices).plan
    assert found.to_series().dropna().to_dict() == plan.to_series().dropna().to_dict()


@pytest.mark.parametrize(
    "name", ["story.json", "story-two-plans.json", "story-library-export.json"]
)
def test_story_files_open(name: str) -> None:
    content = json.loads((KEPT / name).read_text("utf-8"))
    views = content.get("document", content)["views"]
    story = Story.from_json((KEPT / name).read_bytes(), name)
    assert [view.to_dict() for view in story.views] == views
