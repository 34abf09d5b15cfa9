"""The links of a report open what the report shows."""

from __future__ import annotations

import random
import string
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from pcs_dash.hubs.plan import Plan, plan_from_column
from pcs_dash.hubs.rules import default_rules, rules_from_list
from pcs_dash.official.any_area import find_area
from pcs_dash.store.links import open_link
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views.content import build_deck, only_dataset
from pcs_dash.views.position import Position
from pcs_dash.views.report_links import LOCAL_APP, shown, with_plan
from pcs_dash.views.story import SavedView, Story, ready_made

THURROCK = find_area("Thurrock")


def asked(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


@pytest.fixture(scope="module")
def plan(dataset: Dataset) -> Plan:
    return plan_from_column(THURROCK.select(dataset.practices), "pcn")


def test_a_link_carries_switches_options_and_plan(dataset: Dataset, plan: Plan) -> None:
    view = SavedView(page="hubs", switches={"gp": "permanent", "benchmark": "own", "own": "1750"})
    deck = build_deck(
        dataset, Story("S", (view,)), area=THURROCK, plan=plan, base="https://app.example/pcs"
    )
    link = deck.slides[0].link
    assert link.startswith("https://app.example/pcs/hubs?")
    given = asked(link)
    assert {name: given[name] for name in ("area", "gp", "imd", "benchmark", "own")} == {
        "area": "thurrock", "gp": "permanent", "imd": "2025", "benchmark": "own", "own": "1750",
    }  # fmt: skip
    opened = open_link(given["plan"], dataset.practices.index, data_period=deck.question.period)
    assert Plan.from_dict(opened.document).assignment == plan.assignment
    assert shown(link) == "hubs?area=thurrock&gp=permanent&imd=2025&benchmark=own&own=1750"


def test_a_link_carries_the_name_and_the_rules_of_the_plan(dataset: Dataset, plan: Plan) -> None:
    published = default_rules(dataset.published)
    mine = (replace(published[0], lower=12_345.0), *published[1:])
    view = SavedView(page="hubs", plan=plan, plan_name="Mine", rules=mine)
    deck = build_deck(dataset, Story("S", (view,)), area=THURROCK)
    opened = open_link(asked(deck.slides[0].link)["plan"], dataset.practices.index)
    assert opened.document["name"] == "Mine"
    assert rules_from_list(opened.document["rules"]) == mine


@pytest.mark.parametrize(("whose", "carried"), [("Hub of my plan", True), ("PCN", False)])
def test_a_link_to_another_page_carries_the_plan_where_it_shows_it(
    dataset: Dataset, plan: Plan, whose: str, *, carried: bool
) -> None:
    view = SavedView(page="catchments", options={"whose": whose}, plan=plan)
    assert bool(with_plan(view, plan, dataset.practices.index, "")) == carried


def test_the_story_link_is_the_whole_story(dataset: Dataset, plan: Plan) -> None:
    story = ready_made(THURROCK, plan=plan, plan_name="Mine")
    story = story.change(0, position=Position(51.5, 0.3, 11), text="Look here", highlight="F81010")
    deck = build_deck(dataset, story, area=THURROCK)
    assert asked(deck.story_link)["area"] == "thurrock"
    text = asked(deck.story_link)["story"]
    opened = open_link(
        text, dataset.practices.index, data_period=deck.question.period, kind="story"
    )
    again = Story.from_dict(opened.document)
    assert [view.topic for view in again.views] == [view.topic for view in story.views]
    assert again.views[0].position == Position(51.5, 0.3, 11)
    assert again.views[0].text == "Look here"
    assert again.views[5].plan is not None
    assert again.views[5].plan.assignment == plan.assignment
    assert shown(deck.story_link) == "the whole story, in the app"


def test_a_story_too_long_for_a_link_says_so(dataset: Dataset) -> None:
    draw = random.Random(1)
    texts = ["".join(draw.choices(string.ascii_letters, k=590)) for _ in range(30)]
    deck = build_deck(
        dataset, Story("Long", tuple(SavedView(text=text) for text in texts)), area=THURROCK
    )
    assert deck.story_link == ""
    assert any("too long for a link" in note for note in deck.slides[-1].notes)


# --- definitions ---


def test_views_with_other_definitions_are_all_defined(dataset: Dataset) -> None:
    story = Story(
        "Mixed",
        (
            SavedView(
                switches={"gp": "permanent", "benchmark": "own", "own": "1750", "imd": "2019"}
            ),
            SavedView(page="correlation"),
            SavedView(page="deprivation"),
        ),
    )
    deck = build_deck(dataset, story, area=THURROCK)
    assert [basis.views for basis in deck.bases] == [(1,), (2, 3)]
    terms = dict(deck.definitions)
    assert terms["GPs counted (view 1)"].startswith("Permanent")
    assert terms["GPs counted (views 2 and 3)"].startswith("Fully qualified")
    assert "1,750" in terms["Benchmark (view 1)"]
    assert "2,258" in terms["Benchmark (views 2 and 3)"]
    # What is the same for all is said once.
    assert "Patients per FTE GP" in terms
    assert deck.basis_lines[0].startswith("View 1: Data: Permanent")
    assert deck.basis_lines[1].startswith("Views 2 and 3: Data: Fully qualified")
    assert "as each view says" in deck.slides[-1].footer


def test_the_rules_of_a_view_are_those_printed(dataset: Dataset, plan: Plan) -> None:
    rules = default_rules(dataset.published)
    mine = (replace(rules[0], lower=12_345.0), *rules[1:])
    view = SavedView(page="hubs", plan=plan, rules=mine)
    assert SavedView.from_dict(view.to_dict()).rules == mine
    deck = build_deck(dataset, Story("S", (view,)), area=THURROCK)
    assert deck.rules == mine
    assert any("12,345" in meaning for _, meaning in deck.definitions)


def test_your_own_benchmark_is_named_once(dataset: Dataset) -> None:
    view = SavedView(switches={"benchmark": "own", "own": "1750"})
    deck = build_deck(dataset, Story("S", (view,)), area=THURROCK)
    assert "than your own benchmark (1,750, typed in)" in deck.slides[0].message
    assert dict(deck.definitions)["Benchmark"] == "your own benchmark, 1,750. Typed in."


def test_a_file_has_one_data_set(dataset: Dataset) -> None:
    from pcs_dash.official.loaded_areas import OfficialArea

    kent = OfficialArea("Kent", "icb", codes=("QKS",), icb_codes=("QKS",))

    places = iter([THURROCK, kent])

    class Mixed(SavedView):
        def area_in(self, default: object) -> object:  # noqa: ARG002
            return next(places)

    story = Story("S", (Mixed(), Mixed()))
    with pytest.raises(UserError, match="different data sets"):
        only_dataset(story, THURROCK, lambda _: dataset)
    assert only_dataset(Story("S", (SavedView(),)), THURROCK, lambda _: dataset) is dataset
    assert LOCAL_APP.startswith("http://localhost")
