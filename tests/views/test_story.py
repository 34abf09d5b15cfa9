"""Stories: values, changes, JSON and what a damaged file is answered with."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.areas import all_areas
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.views.position import Position, StoryError
from pcs_dash.views.registry import VIEWS
from pcs_dash.views.story import (
    MAX_VIEWS,
    PAGES,
    SWITCHES,
    SavedView,
    Story,
    pointed_at,
    ready_made,
    with_options,
)

THURROCK = find_area("Thurrock")
PLAN = Plan().add_hub("Grays & <b>Tilbury</b>").assign(["F81010", "F81110"], "h1")

texts = st.text(max_size=60)
views = st.builds(
    SavedView,
    page=st.sampled_from(PAGES),
    topic=st.sampled_from(["", *VIEWS]),
    title=texts,
    text=texts,
    area=st.sampled_from(["", *(area.key for area in all_areas())]),
    switches=st.dictionaries(st.sampled_from(SWITCHES), texts, max_size=3),
    position=st.none()
    | st.builds(
        Position,
        latitude=st.floats(-90, 90),
        longitude=st.floats(-180, 180),
        zoom=st.floats(0, 24),
    ),
    plan=st.none() | st.just(PLAN),
    plan_name=texts,
    highlight=texts,
)
stories = st.builds(Story, name=texts, views=st.lists(views, max_size=4).map(tuple))


@settings(max_examples=60)
@given(stories)
def test_a_story_survives_json(story: Story) -> None:
    again = Story.from_json(story.to_json())
    assert again == story
    assert hash(again) == hash(story)
    assert Story.from_json(story.to_json().encode()) == story
    assert pickle.loads(pickle.dumps(story)) == story


@settings(max_examples=60)
@given(stories, st.data())
def test_changes_leave_the_old_story_and_are_permutations(
    story: Story, data: st.DataObject
) -> None:
    before = story.to_dict()
    n = len(story.views)
    if n:
        start, end = (data.draw(st.integers(0, n - 1)) for _ in range(2))
        moved = story.move(start, end)
        assert moved.views[end] is story.views[start]
        assert moved.move(end, start) == story
        assert sorted(map(id, moved.views)) == sorted(map(id, story.views))
        assert len(story.remove(start).views) == n - 1
        assert story.change(start, title="New").views[start].title == "New"
    at = data.draw(st.integers(0, n))
    grown = story.add(SavedView(title="mine"), at)
    assert grown.views[at].title == "mine"
    assert grown.remove(at) == story
    assert story.to_dict() == before


@pytest.mark.parametrize("area", all_areas(), ids=lambda area: area.key)
def test_every_area_has_a_story_that_asks_the_six_questions(area) -> None:  # type: ignore[no-untyped-def]
    story = ready_made(area)
    headings = [view.heading for view in story.views]
    wanted = [
        "Where we are",
        "Is it where people are deprived?",
        "How sure are we?",
        "The options",
        "What it takes to reach each benchmark",
        "What we ask for",
    ]
    assert [heading for heading in headings if heading in wanted] == wanted
    assert {view.area for view in story.views} == {area.key}
    assert Story.from_json(story.to_json()) == story


def test_the_plan_goes_to_the_views_that_speak_of_options() -> None:
    story = ready_made(THURROCK, plan=PLAN, plan_name="Mine", switches={"gp": "permanent"})
    with_plan = {view.topic for view in story.views if view.plan is not None}
    assert with_plan == {"options", "hubs", "costs", "ask"}
    assert all(view.switches == {"gp": "permanent"} for view in story.views)


@pytest.mark.parametrize("page", [page for page in PAGES if pointed_at(page)])
def test_a_link_says_which_practice_is_pointed_at_and_where_the_map_stands(page: str) -> None:
    view = SavedView(page=page, highlight="F81010", position=Position(51.48, -0.3312345, 12.5))
    asked = parse_qs(urlsplit(view.link("thurrock")).query)
    assert asked[pointed_at(page)] == ["F81010"]
    assert asked["map"] == ["51.48_-0.3312345_12.5"]


def test_a_link_carries_page_area_switches_and_practice() -> None:
    view = SavedView(
        area="Thurrock", switches={"gp": "permanent", "own": "1 800&x"}, highlight="F81010"
    )
    assert view.link("essex").startswith("practices?")
    assert parse_qs(urlsplit(view.link("essex")).query) == {
        "area": ["thurrock"],
        "gp": ["permanent"],
        "own": ["1 800&x"],
        "practice": ["F81010"],
    }
    assert replace(view, page="hubs", highlight="", area="").link("essex") == (
        "hubs?area=essex&gp=permanent&own=1+800%26x"
    )


def test_an_area_may_be_left_to_the_report() -> None:
    assert SavedView().area_in("Thurrock") == THURROCK
    assert SavedView().area_in(THURROCK) == THURROCK
    assert SavedView(area="Southend").area_in(THURROCK).name == "Southend"


def test_text_is_kept_as_typed_apart_from_control_characters() -> None:
    view = SavedView(text="  <script>\x00alert(1)\r\n</script>\u2028 ${x} ")
    assert view.text == "<script> alert(1) </script> ${x}"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"page": "nowhere"}, "There is no page 'nowhere'"),
        ({"topic": "gossip"}, "There is no topic 'gossip'"),
        ({"area": "Atlantis"}, "There is no area called 'Atlantis'"),
        ({"switches": {"colour": "red"}}, "no switch 'colour'"),
        ({"switches": {"gp": 3}}, "must be text"),
        ({"switches": [1]}, "must be an object"),
        ({"title": "x" * 121}, "Shorten it to 120"),
    ],
)
def test_a_view_that_makes_no_sense_is_refused(fields, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match=says):
        SavedView(**fields)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 91, "51", True, None])
def test_a_map_position_is_on_earth(value: object) -> None:
    with pytest.raises(StoryError, match="latitude"):
        Position(value, 0.3, 10)  # type: ignore[arg-type]


def test_a_damaged_file_names_itself_and_every_faulty_view() -> None:
    content = ready_made(THURROCK).to_dict()
    content["views"][1] = {"page": "nowhere"}
    content["views"][3] = {"page": "hubs", "title": 7}
    content["views"][4] = {"page": "hubs", "colour": "red"}
    content["views"][5]["plan"] = {"version": 1}
    with pytest.raises(InputFileError) as caught:
        Story.from_json(json.dumps(content), "board.json")
    message = str(caught.value)
    assert message.startswith("board.json: ")
    for part in ("View 2:", "View 4:", "View 5:", "View 6: Its plan can't be read"):
        assert part in message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"version": 2, "views": []}',
        b'{"version": 1, "views": {}}',
        b'{"version": 1, "name": 3, "views": []}',
        b'{"version": 1, "views": [3]}',
        b'{"format": "pcs_dash story"}',
        b"[" * 100_000,
        json.dumps({"version": 1, "views": [{}] * (MAX_VIEWS + 1)}).encode(),
        b" " * 4_000_001,
    ],
)
def test_what_is_no_story_is_told_so(data: bytes) -> None:
    with pytest.raises(InputFileError, match=r"^x\.json: "):
        Story.from_json(data, "x.json")


@settings(max_examples=80)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["version", "views", "page", "plan", "position", "switches", "area"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_story_or_a_user_error(content: object) -> None:
    for data in (content, {"version": 1, "views": [content]}):
        try:
            story = Story.from_dict(data)
        except UserError:
            continue
        assert Story.from_dict(story.to_dict()) == story


def test_a_file_of_the_story_library_opens_too() -> None:
    story = ready_made(THURROCK)
    wrapped = {"format": "pcs_dash story", "format_version": 1, "name": "Board, March"}
    again = Story.from_json(json.dumps(wrapped | {"document": story.to_dict()}))
    assert again == story.rename("Board, March")


# --- what a page is asked ---


def test_the_options_of_a_page_travel_with_its_view() -> None:
    view = SavedView(
        page="catchments", area="Thurrock",
        options={"whose": "Practice", "practice": "F81010"},
    )  # fmt: skip
    assert view.topic == "catchment"
    assert SavedView.from_dict(view.to_dict()) == view
    assert view.link("Thurrock") == (
        "deprivation_and_gps?deprivation-tab=who-lives-where"
        "&area=thurrock&practice=F81010&whose=Practice"
    )


@pytest.mark.parametrize(
    ("page", "options", "says"),
    [
        ("catchments", {"pattern": "both"}, "no option 'pattern'"),
        ("overview", {"whose": "PCN"}, "This page has none"),
        ("quality", {"quality": 3}, "must be text"),
        ("quality", ["quality"], "must be an object"),
    ],
)
def test_options_a_page_does_not_have_are_refused(page: str, options: object, says: str) -> None:
    with pytest.raises(StoryError, match=says):
        SavedView(page=page, options=options)  # type: ignore[arg-type]


def test_every_page_that_a_view_can_show_has_a_topic_of_its_own() -> None:
    assert {SavedView(page=page).topic for page in PAGES} <= set(VIEWS)
    assert all(VIEWS[SavedView(page=page).topic].page == page for page in PAGES)


def test_several_plans_are_the_options_of_a_story() -> None:
    plans = {"Mine": PLAN, "Yours": Plan(), "Ours": PLAN}
    story = with_options(ready_made(THURROCK), plans, THURROCK)
    for view in story.views:
        told = (view.plan_name, [name for name, _ in view.others])
        shown = view.topic in ("options", "hubs", "costs", "ask")
        assert told == (("Mine", ["Yours", "Ours"]) if shown else ("", []))
    assert Story.from_json(story.to_json()).to_dict() == story.to_dict()
    added = with_options(Story("Short", (SavedView(),)), plans, THURROCK)
    assert [view.topic for view in added.views[1:]] == ["options", "costs"]
    with pytest.raises(StoryError, match="at most 4 plans"):
        with_options(story, dict.fromkeys("ABCDE", PLAN), THURROCK)
