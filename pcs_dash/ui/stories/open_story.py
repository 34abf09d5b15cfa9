"""The story on the table: its views, which of them is chosen, and the steps back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.store.documents import Saved
from pcs_dash.ui import presenting
from pcs_dash.ui.on_table import UNDO, OnTable, from_draft, saved_in
from pcs_dash.views.position import StoryError
from pcs_dash.views.question import Question
from pcs_dash.views.story import SavedView, Story

_KEY = "story-desk"


@dataclass(kw_only=True)
class OpenStory(OnTable):
    """What the editor works on.

    `at` is the chosen view's place; `untouched` while it is still the ready-made story of the area;
    `linked` is the text by which the address carries it, made of the story `link_made_of`.
    """

    kind = "story"
    story: Story
    at: int = 0
    untouched: bool = True
    past: list[Story] = field(default_factory=list)
    linked: str = ""
    link_made_of: Story | None = None

    @property
    def held(self) -> Story:
        """The story."""
        return self.story

    read = staticmethod(Story.from_dict)

    def take(self, held: Story) -> None:
        """Put a story on the table at its first view; `undo` brings back what was there."""
        self.put(held, at=0)

    def put(self, story: Story, *, at: int | None = None, typed: bool = False) -> None:
        """Put a changed story on the table and keep it as the draft; `undo` takes it back."""
        if story == self.story and not self.untouched:
            return
        self.past = [*self.past[1 - UNDO :], self.story]
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

    def came_from(self, saved: Saved | None) -> None:
        """Note which saved version is on the table: from then on the story is the user's own."""
        self.untouched = self.untouched and saved is None
        super().came_from(saved)

    def to_dict(self) -> dict[str, Any]:
        """The draft as it is stored."""
        return {
            "story": self.story.to_dict(),
            "at": self.at,
            "saved_id": self.saved_id,
            "saved_version": self.saved_version,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], token: str) -> OpenStory:
        """What `to_dict` gave; StoryError if the draft makes no sense."""
        story = Story.from_dict(document.get("story"))
        at = document.get("at")
        found = cls(story=story, token=token, untouched=False, **saved_in(document))
        found._choose(at if isinstance(at, int) else 0)
        return found


def begin(choices: Question, plan: Plan | None = None, plan_name: str = "") -> OpenStory:
    """The story on the table: this session's, else this browser's draft, else the ready-made one
    of the area, which follows the sidebar and the plan on the table until it is changed.
    """
    held: OpenStory | None = st.session_state.get(_KEY)
    if held is None:
        held = st.session_state[_KEY] = from_draft(
            OpenStory.kind,
            OpenStory.from_dict,
            lambda token: OpenStory(story=presenting.ready_story(choices), token=token),
        )
    if held.untouched:
        held.story = presenting.ready_story(choices, plan, plan_name)
        held._choose(held.at)
    return held


def add(view: SavedView, choices: Question) -> str:
    """Add a view to the story on the table; the first one begins a story of its own. Returns what
    to tell. StoryError if the story is full.
    """
    held = begin(choices)
    if held.untouched:
        held.put(Story(f"Story of {choices.area.name}", (view,)), at=0)
    else:
        held.put(held.story.add(view), at=len(held.story.views))
    return f"Added as view {len(held.story.views)} of '{held.story.name}'."


__all__ = ["OpenStory", "StoryError", "add", "begin"]
