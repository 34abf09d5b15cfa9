"""The story on the table: its views in order, the chosen one's words, what can be done to it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.measures.weighted_lists import WEIGHTINGS
from pcs_dash.measures.workforce import BENCHMARK_LABELS, GP_DEFINITIONS
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address, boxes, data, page_parts, presenting
from pcs_dash.ui.browser import app_address
from pcs_dash.ui.saved_documents import tell
from pcs_dash.ui.stories import handout, options, story_saving
from pcs_dash.ui.stories.open_story import OpenStory, begin
from pcs_dash.ui.text import plain
from pcs_dash.views.question import Question
from pcs_dash.views.registry import VIEWS
from pcs_dash.views.report_links import with_plan
from pcs_dash.views.story import (
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    SavedView,
    Story,
)
from pcs_dash.views.web_files import WebFiles

_PRESENT: presenting.Button = ("present", "Present", "Show the story full screen")
_REHEARSE: presenting.Button = ("rehearse", "Rehearse", "With clock, time on each slide and notes")
_AT = "story-at"


@address.fragment
def show_editor(dataset: Dataset, files: WebFiles, choices: Question) -> None:
    """Everything of the page that changes with the story: what leaves it on top, views, words."""
    presenting.open_plan(dataset, choices)
    plan, plan_name = presenting.plan_for("options")
    opened = begin(choices, plan, plan_name)
    story_saving.open_from_address(opened, dataset)
    many = len(opened.story.views)
    page_parts.headline(
        f"{plain(opened.story.name)}: {many} view{'s' * (many != 1)}, shown full screen from here; "
        "once it has begun, nothing waits for a network or for this server."
    )
    tell(opened, "story")
    presenting.buttons(
        "presenter-stories",
        files,
        lambda _: {"slides": presenting.slides(opened.story, choices.area)},
        [_PRESENT, _REHEARSE],
    )
    with st.container(horizontal=True):
        handout.files(opened, dataset, choices)
        options.panel(opened, dataset, choices)
        _begin_again(opened, choices)
        library_panel = story_saving.library_panel()
        library_panel.save(opened, dataset)
        library_panel.exchange(opened, story_saving.as_file(opened), Story.from_json)
    left, right = st.columns(2, gap="large")
    with left:
        _views(opened)
        _add(opened, choices)
    with right:
        shown = st.empty()
        _chosen(opened, choices)
    library_panel.saved_ones(opened)
    story_saving.into_address(opened, dataset)
    if opened.story.views:
        # Drawn last: nothing else waits for it.
        with shown:
            _preview(opened.story.views[opened.at], choices)


def _views(opened: OpenStory) -> None:
    views = opened.story.views
    st.text_input(
        "Name of the story",
        value=opened.story.name,
        max_chars=MAX_NAME_LENGTH,
        key=f"story-name-{opened.stamp}",
        on_change=lambda: _typed(opened, f"story-name-{opened.stamp}", "name"),
    )
    if not views:
        st.info(
            "No view yet. Add one below, start from the ready-made story, or press 'Add to story' "
            "on a page."
        )
        return
    st.session_state[_AT] = opened.at

    def choose() -> None:
        opened.at = int(st.session_state[_AT])

    st.radio(
        "Views in the order they are shown",
        range(len(views)),
        format_func=lambda at: f"{at + 1}. {plain(views[at].heading)}",
        captions=[_about(view) for view in views],
        key=_AT,
        on_change=choose,
    )
    with st.container(horizontal=True):
        last = len(views) - 1
        for label, icon, key, off, do in (
            ("Move up", "arrow_upward", "up", opened.at == 0, partial(_move, opened, -1)),
            ("Move down", "arrow_downward", "down", opened.at == last, partial(_move, opened, 1)),
            ("Remove", "delete", "remove", False, partial(_remove, opened)),
            ("Undo", "undo", "undo", not opened.past, opened.undo),
        ):
            st.button(
                label, icon=f":material/{icon}:", key=f"story-{key}", disabled=off, on_click=do
            )


def _about(view: SavedView) -> str:
    """A line under a view: what it shows, of which area, with what else."""
    topic = VIEWS[view.topic].title
    parts = [topic] if view.heading != topic else []
    if view.area:
        parts.append(view.area_in(view.area).label)
    if view.plan is not None:
        others = [name for name, _ in view.others]
        parts.append(f"plan: {', '.join([view.plan_name or 'unnamed', *others])}")
    if view.highlight:
        parts.append(f"highlight: {view.highlight}")
    if view.position is not None:
        parts.append("map as it stood")
    return plain(" · ".join(parts) + (f" · “{view.text}”" if view.text else ""))


def _move(opened: OpenStory, by: int) -> None:
    end = opened.at + by
    if 0 <= end < len(opened.story.views):
        opened.put(opened.story.move(opened.at, end), at=end)


def _remove(opened: OpenStory) -> None:
    opened.put(opened.story.remove(opened.at))


def _typed(opened: OpenStory, key: str, what: str) -> None:
    """Take up what was typed; a text that makes no story is told and the story stays."""
    text = str(st.session_state[key])
    try:
        if what == "name":
            opened.put(opened.story.rename(text), typed=True)
        else:
            opened.put(opened.story.change(opened.at, **{what: text}), typed=True)
    except UserError as error:
        opened.said = str(error)


def _chosen(opened: OpenStory, choices: Question) -> None:
    """The words of the chosen view, and where it is told of."""
    if not opened.story.views:
        return
    view, which = opened.story.views[opened.at], f"{opened.stamp}-{opened.at}"
    st.header(f"View {opened.at + 1}")
    title, text = f"story-title-{which}", f"story-text-{which}"
    st.text_input(
        "Title",
        value=view.title,
        max_chars=MAX_NAME_LENGTH,
        key=title,
        placeholder=VIEWS[view.topic].title,
        on_change=_typed,
        args=(opened, title, "title"),
    )
    st.text_area(
        "Your line under the title",
        value=view.text,
        max_chars=MAX_TEXT_LENGTH,
        key=text,
        height=80,
        on_change=_typed,
        args=(opened, text, "text"),
    )
    _pointing(opened, choices, view, which)
    st.caption(f"{_settings(view)} [Open it in the app]({_link(view, choices)})")
    with st.container(horizontal=True):
        for label, key, places in (
            ("Take area and switches of the sidebar", "story-take", [opened.at]),
            ("For every view", "story-take-all", range(len(opened.story.views))),
        ):
            st.button(label, key=key, on_click=_take, args=(opened, choices, places))


def _preview(view: SavedView, choices: Question) -> None:
    """The slide, drawn as it will be, or why there is none."""
    try:
        picture = presenting.picture(view, choices.area)
    except UserError as error:
        st.info(plain(str(error)))
        return
    st.image(picture, width="stretch", alt=f"Slide: {view.heading}")


def _link(view: SavedView, choices: Question) -> str:
    """The address that opens a view as it is here, its plan with it."""
    dataset = data.of(view.area_in(choices.area))[0]
    plan = with_plan(view, view.plan, dataset.practices.index, dataset.workforce_period)
    return f"{app_address()}/{view.link(choices.area)}{'&' if plan else ''}{urlencode(plan)}"


def _pointing(opened: OpenStory, choices: Question, view: SavedView, which: str) -> None:
    """What the view points at, and the way back from a map that stands where it was added."""
    offered = _pointed_at(view, choices)
    key = f"story-highlight-{which}"
    boxes.one(
        "Point at",
        offered,
        key,
        index=list(offered).index(view.highlight),
        on_change=_typed,
        args=(opened, key, "highlight"),
        help="The practice or hub that is ringed, with its card, when the slide comes up.",
    )
    if view.position is not None:
        st.button(
            "Show the whole area, not the map as it stood",
            key="story-unplace",
            on_click=lambda: opened.put(opened.story.change(opened.at, position=None)),
        )


def _pointed_at(view: SavedView, choices: Question) -> dict[str, str]:
    """What a view can point at: value to label; the plan's hubs (or PCNs) before practices."""
    area = view.area_in(choices.area)
    practices = area.select(data.of(area)[0].practices)
    found = {"": "Nothing"}
    if VIEWS[view.topic].page == "hubs":
        plan = view.plan if view.plan is not None else plan_from_column(practices, "pcn")
        found |= {hub.name: f"Hub: {hub.name}" for hub in plan.hubs}
    found |= {str(code): f"{name} ({code})" for code, name in practices["practice_name"].items()}
    return found if view.highlight in found else found | {view.highlight: view.highlight}


def _settings(view: SavedView) -> str:
    given = view.switches
    definition = GP_DEFINITIONS.get(given.get("gp", ""))
    benchmark = given.get("benchmark", "")
    said = [
        definition.label if definition else "",
        WEIGHTINGS[given["weight"]].label if given.get("weight") in WEIGHTINGS else "",
        f"IMD {plain(given['imd'])}" if given.get("imd") else "",
        f"benchmark {plain(BENCHMARK_LABELS.get(benchmark, benchmark))}" if benchmark else "",
        f"{plain(given['own'])} patients per FTE GP" if given.get("own") else "",
        "implausible FTE left out" if given.get("exclude") == "true" else "",
    ]
    told = ", ".join(text for text in said if text)
    return f"Shown with: {told or 'what the app begins with'}."


def _take(opened: OpenStory, choices: Question, places: Any) -> None:
    story, switches = opened.story, presenting.switches_of(choices)
    for at in places:
        view = story.views[at]
        # A map's position and a highlight belong to the area that they were taken in.
        moved = view.area != choices.area.key
        kept = {"position": None, "highlight": ""} if moved else {}
        story = story.replace_view(
            at, replace(view, area=choices.area.key, switches=switches, **kept)
        )
    opened.put(story)


def _add(opened: OpenStory, choices: Question) -> None:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    titles = {key: view.title for key, view in VIEWS.items()}
    topic = boxes.one("Add a view of the sidebar's area", titles, "story-topic", at=left)
    right.button("Add", key="story-add", on_click=_add_view, args=(opened, choices, topic))


def _add_view(opened: OpenStory, choices: Question, topic: str) -> None:
    plan, name = presenting.plan_for(topic)
    view = SavedView(
        page=VIEWS[topic].page,
        topic=topic,
        area=choices.area.key,
        switches=presenting.switches_of(choices),
        plan=plan,
        plan_name=name,
    )
    after = opened.at + 1 if opened.story.views else 0
    try:
        opened.put(opened.story.add(view, after), at=after)
    except UserError as error:
        opened.said = str(error)


def _begin_again(opened: OpenStory, choices: Question) -> None:
    with st.popover("Start from ...", icon=":material/restart_alt:"):
        st.caption("What is on the table can be brought back with Undo.")
        if st.button(f"The ready-made story of {plain(choices.area.name)}", key="story-ready"):
            plan, name = presenting.plan_for("options")
            _start(opened, presenting.ready_story(choices, plan, name))
        if st.button("An empty story", key="story-empty"):
            _start(opened, Story(f"Story of {choices.area.name}"))


def _start(opened: OpenStory, story: Story) -> None:
    opened.saved_id = opened.saved_version = opened.conflict = None
    opened.put(story, at=0)
    st.rerun()
