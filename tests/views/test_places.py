"""Where views stand: every view has a place, every old address leads to one, with what it asks."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from pcs_dash.tables.paths import ROOT
from pcs_dash.views import places
from pcs_dash.views.registry import VIEWS
from pcs_dash.views.story import PAGES, SavedView

# The pages of the version before, as their addresses are in documents and saved links.
OLD = {
    "under_doctoring": ("practices", {}),
    "deprivation": ("deprivation_and_gps", {"deprivation-tab": "where"}),
    "correlation": ("deprivation_and_gps", {"deprivation-tab": "analyst"}),
    "inequality": ("deprivation_and_gps", {"deprivation-tab": "by-fifth"}),
    "spatial_pattern": (
        "deprivation_and_gps",
        {"deprivation-tab": "how-sure", "how-sure": "spatial_pattern"},
    ),
    "robustness": ("deprivation_and_gps", {"deprivation-tab": "how-sure"}),
    "then_and_now": ("deprivation_and_gps", {"deprivation-tab": "then-and-now"}),
    "plan_ahead": ("plan_ahead", {}),
    "england": ("england", {}),
    "catchments": ("deprivation_and_gps", {"deprivation-tab": "who-lives-where"}),
    "trends": ("practices", {"practices-tab": "lists"}),
    "quality": ("practices", {"practices-tab": "quality"}),
    "hubs": ("hubs", {}),
    "stories": ("present_and_pack", {}),
    "board_pack": ("present_and_pack", {}),
}


@pytest.mark.parametrize("old", OLD)
def test_every_old_page_has_its_place(old: str) -> None:
    sheet = places.sheet_of(old)
    assert (sheet.path, sheet.asked) == OLD[old]
    assert (old in places.moved()) == (old != sheet.path)


def test_every_page_of_a_story_and_every_view_has_a_place() -> None:
    assert all(places.sheet_of(page).path is not None for page in PAGES)
    assert all(places.sheet_of(view.page, key) for key, view in VIEWS.items())


def test_what_sheets_show_are_views_each_once() -> None:
    shown = [view.key for sheet in places.SHEETS for view in sheet.views]
    assert len(shown) == len(set(shown))


def test_every_path_is_a_page_and_every_page_but_the_methods_has_a_sheet() -> None:
    files = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"data_and_methods"}
    assert files == {sheet.path or "overview" for sheet in places.SHEETS}


@pytest.mark.parametrize("page", PAGES)
def test_a_saved_view_opens_its_sheet_with_all_it_asks(page: str) -> None:
    view = SavedView(page=page, area="thurrock", switches={"gp": "permanent", "exclude": "true"})
    link = urlsplit(view.link("essex"))
    sheet = places.sheet_of(page, view.topic)
    wanted = {"area": "thurrock", "gp": "permanent", "exclude": "true"} | sheet.asked
    assert link.path == sheet.path
    assert {name: texts[-1] for name, texts in parse_qs(link.query).items()} == wanted
