"""Help: a line for every page, a tour of six steps, an example plan that is what it says."""

from __future__ import annotations

import pytest

from pcs_dash.hubs.plan import Plan
from pcs_dash.store.links import open_link
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.tables.sources import WORKFORCE_PERIOD
from pcs_dash.ui import help_panel
from pcs_dash.views.answer import View
from pcs_dash.views.registry import VIEWS

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_it_is(page: str) -> None:
    """A page of views says what its first view is about; any other has a line of its own."""
    text = (ROOT / "pages" / f"{page}.py").read_text("utf-8")
    if "page_of(" in text or "view.about" in text:
        assert page not in help_panel.WHAT
        return
    assert page in help_panel.WHAT, f"add a line for pages/{page}.py to help_panel.WHAT"
    assert f'help_panel.about("{page}")' in text, f'call help_panel.about("{page}") under the title'


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_every_view_says_what_it_is_about(view: View) -> None:
    assert 20 < len(view.about) <= 250
    assert view.about.endswith(".")


@pytest.mark.parametrize("line", help_panel.WHAT.values())
def test_a_line_is_one_line(line: str) -> None:
    assert len(line) <= 150
    assert line.endswith(".")


def test_the_tour_has_six_steps() -> None:
    assert len(help_panel.TOUR) == 6
    assert all(step.at and step.title and len(step.text) < 300 for step in help_panel.TOUR)


def test_the_example_is_thurrock_in_hubs_of_the_band(dataset: Dataset) -> None:
    plan = help_panel.example_plan()
    thurrock = dataset.practices[dataset.practices["place"] == "Thurrock"]
    assert set(plan.assignment) == set(thurrock.index)
    patients = thurrock["patients"].groupby(dict(plan.assignment)).sum()
    assert len(patients) == 5
    assert patients.between(30_000, 50_000).all()


def test_the_example_s_link_opens_it(dataset: Dataset) -> None:
    (_, (address, _)) = help_panel.content(dataset)["examples"]
    link = address.partition("plan=")[2]
    linked = open_link(link, dataset.practices.index, data_period=WORKFORCE_PERIOD)
    assert Plan.from_dict(linked.document) == help_panel.example_plan()
    assert linked.matches_data
