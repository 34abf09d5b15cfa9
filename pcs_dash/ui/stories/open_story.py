"""The story on the table: kept in the session, and as a draft in the database at every change.

Whose draft it is, the same cookie says as for plans (docs/decisions/0002-hub-map-component.md).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.store.documents import ConflictError
from pcs_dash.store.drafts import Draft, Place, open_draft
from pcs_dash.tables.areas import Area
from pcs_dash.tables.errors import UserError
from pcs_dash.ui.browser import browser_token
from pcs_dash.ui.hubs.open_plan import database
from pcs_dash.views.position import StoryError
from pcs_dash.views.story import SavedView, Story, ready_made

_KEY = "story-desk"
_UNDO = 100
_log = logging.getLogger(__name__)


@dataclass
class Desk:
    """What the editor works on.

    `at` is the chosen view's place; `stamp` grows when the list changes other than by typing, so
    that input fields show it; `untouched` while it is still the ready-made story of the area;
    `fault` tells why the draft can't be kept; the saved version it came from, and what stood in the
    way of saving the next, as for plans; `linked` is the text by which the address carries it, made
    of the story `link_made_of`; `place` and `other_drafts` as for plans.
    """

    story: Story
    token: str
    at: int = 0
    stamp: int = 0
    untouched: bool = True
    past: list[Story] = field(default_factory=list)
    said: str = ""
    fault: str = ""
    saved_id: int | None = None
    saved_version: int | None = None
    conflict: ConflictError | None = None
    linked: str = ""
    link_made_of: Story | None = None
    other_drafts: Sequence[Draft] = ()
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = Place(self.token, "story", "story")

    def put(self, story: Story, *, at: int | None = None, typed: bool = False) -> None:
        """Put a changed story on the table and keep it as the draft; `undo` takes it back."""
        if story == self.story and not self.untouched:
            return
        self.past = [*self.past[1 - _UNDO :], self.story]
        self.story, self.untouched, self.said = story, False, ""
        self._choose(self.at if at is None else at)
        self.stamp += not typed
        self.keep()

    def undo(self) -> None:
        """The story before the last change."""
        if self.past:
            self.story = self.past.pop()
            self._choose(self.at)
            self.stamp += 1
            self.keep()

    def _choose(self, at: int) -> None:
        self.at = max(0, min(at, len(self.story.views) - 1))

    def keep(self) -> None:
        """Write the draft. The story on screen stays usable if that fails; the page says so."""
        try:
            told = self.place.keep(database(), self.to_dict())
            self.fault, self.said = "", f"{self.said} {told}".strip()
        except UserError as error:
            _log.warning("draft not kept: %s %s", error, error.aside)
            self.fault = str(error)

    def to_dict(self) -> dict[str, Any]:
        """The draft as it is stored."""
        return {
            "story": self.story.to_dict(),
            "at": self.at,
            "saved_id": self.saved_id,
            "saved_version": self.saved_version,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], token: str) -> Desk:
        """The desk of `to_dict`; StoryError if the draft makes no sense."""
        story = Story.from_dict(document.get("story"))
        saved = (document.get("saved_id"), document.get("saved_version"))
        known = saved if all(isinstance(number, int) for number in saved) else (None, None)
        at = document.get("at")
        held = cls(story, token, untouched=False, saved_id=known[0], saved_version=known[1])
        held._choose(at if isinstance(at, int) else 0)
        return held


def begin(
    area: Area,
    switches: Mapping[str, str] | None = None,
    plan: Plan | None = None,
    plan_name: str = "",
) -> Desk:
    """The story on the table: this session's, else this browser's draft, else the ready-made one
    of the area, which follows the sidebar and the plan on the table until it is changed.
    """
    held: Desk | None = st.session_state.get(_KEY)
    if held is None:
        held = st.session_state[_KEY] = _from_draft(area)
    if held.untouched:
        held.story = ready_made(area, switches=switches, plan=plan, plan_name=plan_name)
        held._choose(held.at)
    return held


def _from_draft(area: Area) -> Desk:
    token = browser_token()
    fault = ""
    try:
        place, drafts = open_draft(database(), token, "story")
        if drafts:
            held = Desk.from_dict(drafts[0].document, token)
            held.place, held.other_drafts = place, drafts[1:]
            return held
    except UserError as error:
        fault = str(error)
    return Desk(ready_made(area), token, fault=fault)


def add(view: SavedView, area: Area) -> str:
    """Add a view to the story on the table; the first one begins a story of its own. Returns what
    to tell. StoryError if the story is full.
    """
    held = begin(area)
    if held.untouched:
        held.put(Story(f"Story of {area.name}", (view,)), at=0)
    else:
        held.put(held.story.add(view), at=len(held.story.views))
    return f"Added as view {len(held.story.views)} of '{held.story.name}'."


__all__ = ["Desk", "StoryError", "add", "begin"]
