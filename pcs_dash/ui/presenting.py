"""Present mode: the buttons on a page, and the slides that the browser shows on its own.

Why the browser holds every slide: docs/decisions/0006-present-mode.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import streamlit as st

from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address, data, official_store
from pcs_dash.ui.browser import (
    HUB_WORK,
    app_address,
    browser_token,
    plan_on_table,
    rules_on_table,
)
from pcs_dash.ui.component import component
from pcs_dash.views.answer import View
from pcs_dash.views.places import Sheet
from pcs_dash.views.position import Position
from pcs_dash.views.question import Question
from pcs_dash.views.registry import VIEWS
from pcs_dash.views.story import (
    MAX_NAME_LENGTH,
    SavedView,
    Story,
    options_of,
    pointed_at,
    ready_made,
)
from pcs_dash.views.web_files import WebFiles

if TYPE_CHECKING:
    from pcs_dash.hubs.plan import Plan
    from pcs_dash.views.deck import Deck

KEY = "presenter"
_ANSWER = "presenter-answer"
Button = tuple[str, str, str]
PRESENT: Button = ("present", "Present", "Show this view full screen")
ADD: Button = ("add", "Add to story", "Add this view to the story under Present and pack")

_component = component(
    "presenter",
    "pcs-bar",
    'window.PCSPresent.attach(root, data, (value) => setTriggerValue("ask", value))',
    what="Present mode",
)


def bar(sheet: Sheet, dataset: Dataset, files: WebFiles, choices: Question) -> None:
    """The buttons of a sheet whose view a story can hold; nothing on any other."""
    views = sheet.views
    if not views or not (dataset.has_gps or not views[0].needs_gps):
        return
    with st.container(key="present-bar"):
        _bar(sheet, files, choices)


def place_of_map(sheet: Sheet, files: WebFiles, area: Area) -> str:
    """Under what the browser remembers where the map of a sheet stands; "" where it has none."""
    name = next((view.map_key for view in sheet.views if view.map_key), "")
    return f"{name}:{files.areas[area.key].url}" if name else ""


@st.fragment
def _bar(sheet: Sheet, files: WebFiles, choices: Question) -> None:
    def hear(ask: Mapping[str, Any]) -> dict[str, Any]:
        view = current_view(sheet.views[0], choices, ask.get("position"))
        if ask.get("what") == "add":
            from pcs_dash.ui.stories import open_story

            return {"said": open_story.add(view, choices)}
        story = Story(view.heading, (view,))
        try:
            return {"slides": slides(story, choices.area)}
        except UserError as error:
            # There is one view, so its number says nothing.
            said = str(error).removeprefix(f"View 1 of the story '{story.name}': ")
            raise UserError(said) from error

    place = place_of_map(sheet, files, choices.area)
    buttons(f"{KEY}-{sheet.key}", files, hear, [PRESENT, ADD], place=place)


def buttons(
    key: str,
    files: WebFiles,
    hear: Callable[[Mapping[str, Any]], dict[str, Any]],
    offered: Sequence[Button],
    *,
    place: str = "",
) -> None:
    """Show buttons; `hear` answers what was pressed with `slides` to show or words (`said`).

    Call it in a fragment. `place` names the map whose position travels with the question. A
    UserError of `hear` is told beside the buttons.
    """

    def asked() -> None:
        ask = (st.session_state.get(key) or {}).get("ask")
        if not isinstance(ask, Mapping) or not isinstance(ask.get("n"), int):
            return
        answer = {"n": ask["n"], "what": str(ask.get("what")), "at": ask.get("at", 0)}
        try:
            answer |= hear(ask)
        except UserError as error:
            answer |= {"fault": True, "said": str(error)}
        st.session_state[_ANSWER] = answer

    _component(
        key=key,
        data={
            "buttons": [list(button) for button in offered],
            "map": place,
            "token": browser_token(),
            "resume": any(button[0] == "present" for button in offered),
            "answer": st.session_state.pop(_ANSWER, None),
            "scripts": [*files.scripts, *files.present_scripts],
            "styles": [*files.styles, *files.present_styles],
        },
        on_ask_change=asked,
    )


def ready_story(choices: Question, plan: Plan | None = None, plan_name: str = "") -> Story:
    """The ready-made story of the sidebar's area and switches; `plan` is put beside the PCNs."""
    return ready_made(
        choices.area, switches=switches_of(choices), plan=plan, plan_name=plan_name,
        has_gps=choices.dataset.has_gps,
    )  # fmt: skip


def slides(story: Story, area: Area) -> dict[str, Any]:
    """Every slide of a story, ready for the browser. UserError where a view can't be shown."""
    if not story.views:
        raise UserError("This story has no views yet. Add one, or start from the ready-made story.")
    made: dict[str, Any] = _slides(_named(story, area), area, story)
    return made


def picture(view: SavedView, area: Area) -> bytes:
    """The slide of a view as PNG bytes. UserError where it can't be shown."""
    story = Story(view.heading, (view,))
    made: bytes = _picture(_named(story, area), area, story)
    return made


def _named(story: Story, area: Area) -> tuple[str, ...]:
    """All that the slides of a story depend on, which Streamlit keeps them under."""
    versions = (data.of(view.area_in(area))[0].version for view in story.views)
    return (story.to_json(), area.key, app_address(), *versions, *official_store.version())


@st.cache_data(show_spinner=False, max_entries=64)
def _picture(key: tuple[str, ...], _area: Area, _story: Story) -> bytes:  # noqa: ARG001
    # Drawing brings its own libraries with it.
    from pcs_dash.render.pdf import slide_picture

    ((deck, _),) = _decks(_story, _area)
    return slide_picture(deck)


@st.cache_data(show_spinner=False, max_entries=64)
def _slides(key: tuple[str, ...], _area: Area, _story: Story) -> dict[str, Any]:  # noqa: ARG001
    from pcs_dash.render.screen import to_screen

    return to_screen(_story.name, _decks(_story, _area), england=_england_files)


def _decks(story: Story, area: Area) -> list[tuple[Deck, WebFiles]]:
    """A report of each run of views that one data set shows, and the files of its maps."""
    from pcs_dash.views.content import build_deck

    parts, readers, base = [], official_store.readers(), app_address()
    for _, run in groupby(story.views, lambda view: data.of(view.area_in(area))[0].key):
        own = Story(story.name, tuple(run))
        dataset, files = data.of(own.views[0].area_in(area))
        deck = build_deck(dataset, own, area=area, readers=readers, base=base)
        parts.append((deck, files))
    return parts


def _england_files(level: str) -> WebFiles | None:
    from pcs_dash.ui import england_data

    loaded = england_data.load(level)
    return None if loaded is None else loaded.files


def switches_of(choices: Question) -> dict[str, str]:
    """The sidebar's switches as a view holds them: one that is off is told too."""
    return {"exclude": "false"} | choices.switches


def current_view(shown: View, choices: Question, position: Any = None) -> SavedView:
    """A view as it is on screen. `position` is what the browser says of its map; [lat, lng, zoom]
    or anything else, which is passed over.
    """
    plan, plan_name = plan_for(shown.key)
    return SavedView(
        page=shown.page,
        topic=shown.key,
        area=choices.area.key,
        switches=switches_of(choices),
        position=_position(position),
        plan=plan,
        plan_name=plan_name,
        rules=rules_on_table() if shown.page == "hubs" else (),
        highlight=_highlight(shown.page, choices),
        options=options_of_page(shown.page),
    )


def _highlight(page: str, choices: Question) -> str:
    """The practice that is chosen on the page; "" where none is, or none can be."""
    option = pointed_at(page)
    chosen = st.session_state.get(option) if option else None
    return str(chosen) if chosen in choices.practices.index else ""


def open_plan(dataset: Dataset, choices: Question) -> None:
    """Open the plan that the address of this page carries; let it carry the one that is open."""
    if HUB_WORK in st.session_state or address.asks_for("plan"):
        from pcs_dash.ui.hubs import address_plan

        address_plan.begin(dataset, choices)


def plan_for(topic: str) -> tuple[Plan | None, str]:
    """The plan on the table and its name for a view that a plan belongs to; None and "" else."""
    plan, name = (plan_on_table() if VIEWS[topic].with_plan else None) or (None, "")
    return plan, name[:MAX_NAME_LENGTH]


def options_of_page(page: str) -> dict[str, str]:
    """What the page's own menus and switches stand at, by their names in an address."""
    found = {}
    for name in options_of(page):
        value = st.session_state.get(name)
        if isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif isinstance(value, (str, int)):
            found[name] = str(value)
        elif isinstance(value, list):
            found[name] = "|".join(map(str, value))
    return found


def _position(given: Any) -> Position | None:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 3:
        return None
    if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in given):
        return None
    try:
        latitude, longitude, zoom = (round(float(value), 5) for value in given)
        return Position(latitude, longitude, zoom)
    except UserError:
        return None
