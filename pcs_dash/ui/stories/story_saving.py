"""The library of stories, and links and files that carry a story."""

from __future__ import annotations

import streamlit as st

from pcs_dash.store.documents import StoryLibrary
from pcs_dash.store.library_files import to_file
from pcs_dash.store.links import LinkError, is_short_link, open_link, open_short_link
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address
from pcs_dash.ui.hubs.address_plan import LINK as PLAN
from pcs_dash.ui.hubs.open_plan import database
from pcs_dash.ui.saved_documents import LibraryPanel, link_of
from pcs_dash.ui.sign_in import person
from pcs_dash.ui.stories.open_story import OpenStory
from pcs_dash.ui.text import plain
from pcs_dash.views.story import Story

LINK = "story"


def library() -> StoryLibrary:
    """The saved stories."""
    return StoryLibrary(database(), person.who())


def library_panel() -> LibraryPanel:
    """Its list and its links on screen."""
    return LibraryPanel(library, "story", "stories", "stories", LINK, "story")


def open_from_address(opened: OpenStory, dataset: Dataset) -> None:
    """Open the story of the address, where it is another: undo brings back what was there."""
    text = address.document(LINK)
    if text is None or text == opened.linked:
        return
    try:
        if is_short_link(text):
            opened.open(open_short_link(library(), database(), text))
            return
        linked = open_link(
            text, dataset.practices.index, data_period=dataset.workforce_period, kind="story"
        )
        story = Story.from_dict(linked.document)
        if story == opened.story and not opened.untouched:
            return
        opened.take(story)
        opened.came_from(None)
    except UserError as error:
        st.error(f"{plain(str(error))} Your story is as it was.")


def into_address(opened: OpenStory, dataset: Dataset) -> None:
    """Let the address carry the story, unless it is still the ready-made one, or too long."""
    if opened.untouched:
        opened.linked, opened.link_made_of = "", None
    elif opened.link_made_of != opened.story:
        opened.link_made_of = opened.story
        try:
            opened.linked = link_of(opened.story.to_dict(), dataset, LINK)
        except LinkError:
            opened.linked = ""
    address.carry(LINK, opened.linked)
    if opened.linked:
        # The story's views hold their own plans.
        address.carry(PLAN, "")


def as_file(opened: OpenStory) -> str:
    """As saved, with version and author, if it is what was saved; else the story alone."""
    try:
        if opened.saved_id is not None:
            saved = library().open(opened.saved_id, opened.saved_version)
            if opened.is_as(saved):
                return to_file(saved, kind="story")
    except UserError:
        pass
    return opened.story.to_json()
