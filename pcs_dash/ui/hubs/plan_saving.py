"""Saving plans as versions, opening older ones, and links that carry a plan."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import rules_to_list
from pcs_dash.store.checks import MAX_NAME
from pcs_dash.store.documents import ConflictError
from pcs_dash.store.plan_library import Conflict, MergeResult, PlanLibrary, Side
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


class PlanPanel(LibraryPanel):
    """What is its own with plans: a name to type, the rules, and two versions that are merged."""

    def linked(self, opened: OpenPlan, dataset: Dataset) -> dict[str, Any]:
        """The document that a link carries."""
        return document_of(opened, dataset)

    def name(self, opened: OpenPlan) -> str:
        """What it is to be called, as typed."""
        return st.text_input("Name of the plan", opened.name, max_chars=MAX_NAME, key="hub-name")

    def about(self, opened: OpenPlan, dataset: Dataset) -> dict[str, Any]:
        """What a version says besides the plan."""
        patients = dataset.practices["patients"]
        return super().about(opened, dataset) | {
            "rules": rules_to_list(opened.rules),
            # Of every practice, so that those that are new to a later reader can be told.
            "list_sizes": {str(code): int(size) for code, size in patients.items()},
        }

    def places(self) -> tuple[Any, Any]:
        """Where the two buttons stand: side by side."""
        again, new = st.columns(2)
        return again, new

    def _conflict(self, opened: OpenPlan, dataset: Dataset, about: dict[str, Any]) -> None:
        """Someone saved in between: nothing is overwritten; merge the two, or keep a copy."""
        conflict = opened.conflict
        assert conflict is not None
        st.warning(plain(str(conflict)))
        merged = _merge(opened, conflict, dataset)
        for remark in merged.notes:
            st.markdown(f"- {plain(remark)}")
        if not merged.conflicts:
            st.caption("Your changes and theirs don't touch one another.")
        if st.button("Merge the two and save", type="primary", key="hub-merge"):
            opened.saved_version = conflict.theirs.version
            label = f"Merged with version {conflict.theirs.version}"
            opened.change(Plan.from_dict(merged.document), label)
            self._save_version(opened, about)
            # Not saved: someone was faster once more, and the question is a new one.
            st.rerun()
        if st.button("Save mine as a copy", key="hub-copy"):
            copy = about | {"name": f"{about['name']} (copy)"[:MAX_NAME]}
            self._saved(opened, self.books.create(opened.plan.to_dict(), **copy))


def library_panel() -> PlanPanel:
    """Its list and its links on screen."""
    where = "in the plan library"
    return PlanPanel(library, "plan", "plans", "hubs", LINK, "hub", where)


def save(opened: OpenPlan, dataset: Dataset) -> None:
    """Save the plan as a version, or as a plan of its own, and share it by a link."""
    library_panel().save(opened, dataset)


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
