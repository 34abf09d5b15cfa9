"""Saving stories as versions, opening older ones, links and files that carry a story."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pcs_dash.store.checks import MAX_AUTHOR, MAX_NOTE
from pcs_dash.store.documents import ConflictError, DeletedError, Saved
from pcs_dash.store.library_files import to_file
from pcs_dash.store.links import (
    LinkError,
    data_fingerprint,
    is_short_link,
    make_link,
    open_link,
    open_short_link,
)
from pcs_dash.store.story_library import StoryLibrary
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address
from pcs_dash.ui.hubs.address_plan import LINK as PLAN
from pcs_dash.ui.hubs.open_plan import database
from pcs_dash.ui.saved_documents import Shelf
from pcs_dash.ui.stories.open_story import Desk
from pcs_dash.ui.text import plain
from pcs_dash.views.story import Story

LINK = "story"


def library() -> StoryLibrary:
    """The saved stories."""
    return StoryLibrary(database())


def shelf() -> Shelf:
    """Its list and its links on screen."""
    return Shelf(library(), database(), "story", "stories", "stories", LINK, "story")


# --- saving and sharing ---


def save(desk: Desk, dataset: Dataset) -> None:
    """Save the story as a version, or as a story of its own, and share it by a link."""
    with st.popover("Save and share", icon=":material/save:"):
        try:
            _save_form(desk, dataset)
            st.divider()
            shelf().links(desk.story.to_dict(), dataset, desk.saved_id, desk.saved_version)
        except UserError as error:
            st.error(plain(str(error)))


def _save_form(desk: Desk, dataset: Dataset) -> None:
    note = st.text_area("Note", max_chars=MAX_NOTE, height=70, key="story-note")
    author = st.text_input(
        "Your name, as others shall see it", max_chars=MAX_AUTHOR, key="story-author"
    )
    about = _about(desk.story, dataset, note, author)
    known = desk.saved_id is not None
    if known:
        shelf().tell_version(
            desk.saved_id,
            desk.saved_version,
            lambda saved: Story.from_dict(saved.document) == desk.story,
        )
    again, new = st.columns(2)
    if known and again.button("Save version", type="primary", width="stretch", key="story-save"):
        _save_version(desk, about)
    if new.button(
        "Save as a new story",
        type="secondary" if known else "primary",
        width="stretch",
        key="story-save-new",
    ):
        _note_saved(desk, library().create(desk.story.to_dict(), **about))
    if desk.conflict is not None:
        _conflict(desk, about)


def _about(story: Story, dataset: Dataset, note: str, author: str) -> dict[str, Any]:
    """What a version says besides the story."""
    return {
        "name": story.name,
        "note": note,
        "author": author,
        "data_period": dataset.workforce_period,
        "data_fingerprint": data_fingerprint(dataset.practices.index, dataset.workforce_period),
    }


def _save_version(desk: Desk, about: dict[str, Any]) -> None:
    assert desk.saved_id is not None
    assert desk.saved_version is not None
    try:
        saved = library().save(desk.saved_id, desk.saved_version, desk.story.to_dict(), **about)
    except ConflictError as error:
        desk.conflict = error
        return
    except DeletedError as error:
        st.error(f"{plain(str(error))} Undelete it below, or save as a new story.")
        return
    _note_saved(desk, saved)


def _note_saved(desk: Desk, saved: Saved) -> None:
    desk.saved_id, desk.saved_version, desk.conflict = saved.id, saved.version, None
    desk.untouched = False
    desk.said = f"Saved: '{saved.name}', version {saved.version}."
    desk.keep()
    st.rerun()


def _conflict(desk: Desk, about: dict[str, Any]) -> None:
    """Someone saved in between: nothing is overwritten. Keep a copy, or take theirs."""
    conflict = desk.conflict
    assert conflict is not None
    st.warning(
        f"{plain(conflict.theirs.author) or 'Someone'} saved version {conflict.theirs.version} "
        "meanwhile. Yours is not saved yet: save it as a copy, or open theirs (Undo brings yours "
        "back)."
    )
    if st.button("Save mine as a copy", type="primary", key="story-copy"):
        copy = desk.story.rename(f"{desk.story.name[:110]} (copy)")
        desk.put(copy)
        _note_saved(desk, library().create(copy.to_dict(), **about | {"name": copy.name}))
    if st.button("Open theirs", key="story-theirs"):
        _put_on_table(desk, conflict.theirs)
        st.rerun()


def open_from_address(desk: Desk, dataset: Dataset) -> None:
    """Open the story of the address, where it is another: undo brings back what was there."""
    text = address.document(LINK)
    if text is None or text == desk.linked:
        return
    try:
        if is_short_link(text):
            _put_on_table(desk, open_short_link(library(), database(), text))
            return
        linked = open_link(
            text, dataset.practices.index, data_period=dataset.workforce_period, kind="story"
        )
        story = Story.from_dict(linked.document)
        if story == desk.story and not desk.untouched:
            return
        desk.saved_id = desk.saved_version = desk.conflict = None
        desk.put(story, at=0)
    except UserError as error:
        st.error(f"{plain(str(error))} Your story is as it was.")


def into_address(desk: Desk, dataset: Dataset) -> None:
    """Let the address carry the story, unless it is still the ready-made one, or too long."""
    if desk.untouched:
        desk.linked, desk.link_made_of = "", None
    elif desk.link_made_of != desk.story:
        desk.link_made_of = desk.story
        try:
            desk.linked = make_link(
                desk.story.to_dict(),
                dataset.practices.index,
                data_period=dataset.workforce_period,
                kind=LINK,
            )
        except LinkError:
            desk.linked = ""
    address.carry(LINK, desk.linked)
    if desk.linked:
        # The story's views hold their own plans.
        address.carry(PLAN, "")


def _put_on_table(desk: Desk, saved: Saved) -> None:
    story = Story.from_dict(saved.document)
    desk.saved_id, desk.saved_version, desk.conflict = saved.id, saved.version, None
    desk.put(story, at=0)
    desk.keep()
    desk.said = f"Open: '{saved.name}', version {saved.version}."


# --- files ---


def exchange(desk: Desk) -> None:
    """The story as a file, and a story out of a file."""
    with st.popover("File", icon=":material/description:"):
        st.download_button(
            "Export the story",
            _as_file(desk),
            file_name="story.json",
            mime="application/json",
            key="story-export",
            icon=":material/download:",
            on_click="ignore",
        )
        given = st.file_uploader(
            "Import a story (JSON, as exported here)", type=["json"], key="story-file"
        )
        if given is not None and st.button("Open it", type="primary", key="story-import"):
            try:
                story = Story.from_json(given.getvalue(), given.name)
            except UserError as error:
                st.error(f"{plain(str(error))} Your story is as it was.")
                return
            desk.saved_id = desk.saved_version = desk.conflict = None
            desk.put(story, at=0)
            st.rerun()


def _as_file(desk: Desk) -> str:
    """As saved, with version and author, if it is what was saved; else the story alone."""
    try:
        if desk.saved_id is not None:
            saved = library().open(desk.saved_id, desk.saved_version)
            if saved.document == desk.story.to_dict():
                return to_file(saved, kind="story")
    except UserError:
        pass
    return desk.story.to_json()


# --- the library ---


@st.fragment
def browse(desk: Desk) -> None:
    """Every saved story: open a version, delete, undo a delete."""
    try:
        shelf().browse(desk.saved_id, lambda saved: _put_on_table(desk, saved))
    except UserError as error:
        st.error(plain(str(error)))
