"""Saving plans as versions, opening older ones, and links that carry a plan."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import rules_to_list
from pcs_dash.store.checks import MAX_NAME, MAX_NOTE
from pcs_dash.store.documents import ConflictError, DeletedError, Saved
from pcs_dash.store.links import data_fingerprint
from pcs_dash.store.plan_library import Conflict, MergeResult, PlanLibrary, Side
from pcs_dash.store.rights import Action
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui.hubs.address_plan import LINK, document_of, put_saved
from pcs_dash.ui.hubs.open_plan import OpenPlan, database
from pcs_dash.ui.saved_documents import LibraryPanel
from pcs_dash.ui.sign_in import person
from pcs_dash.ui.text import plain

_LONG = 5
_SIDES: dict[Side, str] = {"theirs": "Theirs", "mine": "Mine"}


def library() -> PlanLibrary:
    """The saved plans."""
    return PlanLibrary(database(), person.who())


def library_panel() -> LibraryPanel:
    """Its list and its links on screen."""
    return LibraryPanel(library, "plan", "plans", "hubs", LINK, "hub")


# --- saving ---


def save(opened: OpenPlan, dataset: Dataset) -> None:
    """Save the plan as a version, or as a plan of its own, and share it by a link."""
    panel = library_panel()
    with panel.saving():
        try:
            if person.allowed(Action.SAVE):
                _save_form(opened, dataset, panel)
                st.divider()
            panel.links(
                document_of(opened, dataset), dataset, opened.saved_id, opened.saved_version
            )
        except UserError as error:
            st.error(plain(str(error)))


def _save_form(opened: OpenPlan, dataset: Dataset, panel: LibraryPanel) -> None:
    name = st.text_input("Name of the plan", value=opened.name, max_chars=MAX_NAME, key="hub-name")
    note = st.text_area("Note", max_chars=MAX_NOTE, height=70, key="hub-note")
    author = panel.author()
    known = panel.may_save_version(opened)
    panel.tell_version(opened.saved_id, opened.saved_version, lambda saved: _is_same(opened, saved))
    again, new = st.columns(2)
    if known and again.button("Save version", type="primary", width="stretch", key="hub-save"):
        _save_version(opened, dataset, name, note, author)
    if new.button(
        "Save as a new plan",
        type="secondary" if known else "primary",
        width="stretch",
        key="hub-save-new",
    ):
        _note_saved(
            opened,
            library().create(opened.plan.to_dict(), **_about(opened, dataset, name, note, author)),
        )
    if opened.conflict is not None:
        _conflict(opened, dataset, name, note, author)


def _is_same(opened: OpenPlan, saved: Saved) -> bool:
    return Plan.from_dict(saved.document) == opened.plan and saved.rules == rules_to_list(
        opened.rules
    )


def _about(opened: OpenPlan, dataset: Dataset, name: str, note: str, author: str) -> dict[str, Any]:
    """What a version says besides the plan."""
    codes = dataset.practices.index
    patients = dataset.practices["patients"]
    return {
        "name": name,
        "note": note,
        "author": author,
        "data_period": dataset.workforce_period,
        "data_fingerprint": data_fingerprint(codes, dataset.workforce_period),
        "rules": rules_to_list(opened.rules),
        # Of every practice, so that those that are new to a later reader can be told.
        "list_sizes": {str(code): int(size) for code, size in patients.items()},
    }


def _save_version(opened: OpenPlan, dataset: Dataset, name: str, note: str, author: str) -> None:
    assert opened.saved_id is not None
    assert opened.saved_version is not None
    about = _about(opened, dataset, name, note, author)
    try:
        saved = library().save(
            opened.saved_id, opened.saved_version, opened.plan.to_dict(), **about
        )
    except ConflictError as error:
        opened.conflict = error
        return
    except DeletedError as error:
        st.error(f"{plain(str(error))} Undelete it in the plan library, or save as a new plan.")
        return
    _note_saved(opened, saved)


def _note_saved(opened: OpenPlan, saved: Saved) -> None:
    opened.name, opened.saved_id, opened.saved_version = saved.name, saved.id, saved.version
    opened.conflict = None
    opened.say(f"Saved: '{saved.name}', version {saved.version}.")
    opened.keep()
    st.rerun()


def _conflict(opened: OpenPlan, dataset: Dataset, name: str, note: str, author: str) -> None:
    """Someone saved in between: nothing is overwritten; merge the two, or keep a copy."""
    conflict = opened.conflict
    assert conflict is not None
    theirs = conflict.theirs
    st.warning(plain(str(conflict)))
    merged = _merge(opened, conflict, dataset)
    for remark in merged.notes:
        st.markdown(f"- {plain(remark)}")
    if not merged.conflicts:
        st.caption("Your changes and theirs don't touch one another.")
    if st.button("Merge the two and save", type="primary", key="hub-merge"):
        plan = Plan.from_dict(merged.document)
        opened.saved_version = theirs.version
        opened.change(plan, f"Merged with version {theirs.version}")
        _save_version(opened, dataset, name, note, author)
        # Not saved: someone was faster once more, and the question is a new one.
        st.rerun()
    if st.button("Save mine as a copy", key="hub-copy"):
        about = _about(opened, dataset, f"{name} (copy)"[:MAX_NAME], note, author)
        _note_saved(opened, library().create(opened.plan.to_dict(), **about))


def _merge(opened: OpenPlan, conflict: ConflictError, dataset: Dataset) -> MergeResult:
    """What comes of both versions, with the user's choice wherever both changed the same."""
    books, theirs, choices = library(), conflict.theirs, dict[str, Side]()
    asked = f"hub-side-{theirs.id}-{conflict.based_on_version}-{theirs.version}-"

    def merged() -> MergeResult:
        return books.merge(
            theirs.id,
            conflict.based_on_version,
            opened.plan.to_dict(),
            theirs_version=theirs.version,
            choices=choices,
        )

    found = merged()
    if found.conflicts:
        st.caption(f"Both versions changed the same in {len(found.conflicts):,} places. Choose:")
        every = st.container(horizontal=True)
        questions = st.container(height=300) if len(found.conflicts) > _LONG else st.container()
        # A choice may raise another question (a hub that is to go had been filled): ask until none
        # is left.
        while fresh := [clash for clash in found.conflicts if clash.key not in choices]:
            with questions:
                choices |= {clash.key: _ask(clash, asked, dataset) for clash in fresh}
            found = merged()
        for side, words in _SIDES.items():
            every.button(
                f"{words} everywhere",
                key=f"hub-all-{side}",
                on_click=_choose_all,
                args=([asked + key for key in choices], side),
            )
    return found


def _ask(clash: Conflict, asked: str, dataset: Dataset) -> Side:
    key = asked + clash.key
    st.session_state.setdefault(key, clash.taken)
    code = clash.key.removeprefix("practice:")
    name = dataset.practices["practice_name"].get(code)
    label = clash.text if name is None else f"{name}: {clash.text}"
    side: Side = st.radio(
        plain(label), list(_SIDES), format_func=_SIDES.__getitem__, key=key, horizontal=True
    )
    return side


def _choose_all(keys: list[str], side: Side) -> None:
    st.session_state.update(dict.fromkeys(keys, side))


# --- the library ---


@st.fragment
def browse(opened: OpenPlan, dataset: Dataset) -> None:
    """Every saved plan: open a version, delete, undo a delete."""
    try:
        library_panel().browse(opened.saved_id, lambda saved: put_saved(opened, dataset, saved))
    except UserError as error:
        st.error(plain(str(error)))
