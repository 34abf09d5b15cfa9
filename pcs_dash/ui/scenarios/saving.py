"""Saving scenarios as versions, opening older ones, links and files that carry a scenario."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from pcs_dash.scenarios.changes import Scenario, read_scenario
from pcs_dash.store.checks import MAX_AUTHOR, MAX_NOTE
from pcs_dash.store.documents import ConflictError, DeletedError, Saved
from pcs_dash.store.library_files import MAX_FILE_BYTES
from pcs_dash.store.links import is_short_link, open_short_link
from pcs_dash.store.scenario_library import ScenarioLibrary
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.ui import address
from pcs_dash.ui.hubs.open_plan import database
from pcs_dash.ui.saved_documents import Shelf
from pcs_dash.ui.scenarios.desk import Desk
from pcs_dash.ui.text import plain
from pcs_dash.views.scenario_words import AGAINST, LINK, from_text, to_text


def library() -> ScenarioLibrary:
    """The saved scenarios."""
    return ScenarioLibrary(database())


def shelf() -> Shelf:
    """Its list and its links on screen."""
    return Shelf(library(), database(), "scenario", "scenarios", "plan_ahead", LINK, "scenario")


def save(desk: Desk, dataset: Dataset) -> None:
    """Save the scenario as a version, or as one of its own, and share it by a link."""
    assert desk.scenario is not None
    with st.popover("Save and share", icon=":material/save:"):
        try:
            _save_form(desk, desk.scenario, dataset)
            st.divider()
            shelf().links(desk.scenario.to_dict(), dataset, desk.saved_id, desk.saved_version)
        except UserError as error:
            st.error(plain(str(error)))


def _save_form(desk: Desk, scenario: Scenario, dataset: Dataset) -> None:
    about: dict[str, Any] = {
        "name": scenario.name,
        "note": st.text_area("Note", max_chars=MAX_NOTE, height=70, key="scenario-note"),
        "author": st.text_input(
            "Your name, as others shall see it", max_chars=MAX_AUTHOR, key="scenario-author"
        ),
        "data_period": dataset.workforce_period,
    }
    st.caption(desk.state)
    document = scenario.to_dict()
    if desk.saved_id is not None and st.button("Save version", type="primary", key="scenario-save"):
        assert desk.saved_version is not None
        try:
            _saved(desk, library().save(desk.saved_id, desk.saved_version, document, **about))
        except ConflictError as error:
            desk.conflict = error
        except DeletedError as error:
            st.error(f"{plain(str(error))} Undelete it below, or save as a new scenario.")
    if st.button("Save as a new scenario", key="scenario-save-new"):
        _saved(desk, library().create(document, **about))
    if desk.conflict is not None:
        _conflict(desk, desk.conflict, document, about)


def _saved(desk: Desk, saved: Saved) -> None:
    desk.came_from(saved)
    desk.said = f"Saved: '{saved.name}', version {saved.version}."
    st.rerun()


def _conflict(
    desk: Desk, conflict: ConflictError, document: dict[str, Any], about: dict[str, Any]
) -> None:
    """Someone saved in between: nothing is overwritten. Keep a copy, or take theirs."""
    st.warning(
        f"{plain(conflict.theirs.author) or 'Someone'} saved version {conflict.theirs.version} "
        "meanwhile. Yours is not saved yet: save it as a copy, or open theirs (Undo brings yours "
        "back)."
    )
    if st.button("Save mine as a copy", type="primary", key="scenario-copy"):
        name = f"{about['name'][:190]} (copy)"
        desk.put(Scenario.from_dict(document | {"name": name}))
        _saved(desk, library().create(document | {"name": name}, **about | {"name": name}))
    if st.button("Open theirs", key="scenario-theirs"):
        desk.open(conflict.theirs)
        st.rerun()


def open_from_address(desk: Desk) -> None:
    """Open the scenario of the address, where it is another: undo brings back what was there."""
    text = address.document(LINK)
    if text is None or text == desk.text:
        return
    try:
        if is_short_link(text):
            desk.open(open_short_link(library(), database(), text))
            return
        scenario = from_text(text)
        if scenario != desk.scenario:
            desk.put(scenario)
            desk.came_from(None)
    except UserError as error:
        st.error(f"{plain(str(error))} Your scenario is as it was.")


def compare(desk: Desk) -> None:
    """Choose a saved scenario to compare with; the address carries it."""
    desk.against = address.document(AGAINST) or desk.against
    try:
        offered = {entry.id: entry.name for entry in library().entries(limit=100)}
    except UserError as error:
        st.error(plain(str(error)))
        offered = {}

    def choose() -> None:
        chosen = st.session_state["scenario-against"]
        if chosen is not None:
            document = library().open(chosen).document
            desk.against = to_text(Scenario.from_dict(document))

    with st.popover("Compare", icon=":material/compare_arrows:"):
        st.selectbox(
            "With a saved scenario",
            list(offered),
            index=None,
            format_func=lambda id: plain(offered.get(id, "")),
            key="scenario-against",
            on_change=choose,
        )
        if desk.against and st.button("Compare with none", key="scenario-alone"):
            desk.against = ""
            st.rerun()
    address.carry(AGAINST, desk.against)


def exchange(desk: Desk) -> None:
    """The scenario as the file that `scenario run` reads, and one out of such a file."""
    with st.popover("File", icon=":material/description:"):
        if desk.scenario is not None:
            st.download_button(
                "Export the scenario",
                json.dumps(desk.scenario.to_dict(), indent=1) + "\n",
                file_name="scenario.json",
                mime="application/json",
                key="scenario-export",
                icon=":material/download:",
                on_click="ignore",
            )
        given = st.file_uploader("Open a scenario (JSON)", type=["json"], key="scenario-file")
        if given is not None and st.button("Open it", type="primary", key="scenario-import"):
            try:
                desk.put(read(given.getvalue(), given.name))
            except UserError as error:
                st.error(f"{plain(str(error))} Your scenario is as it was.")
                return
            desk.came_from(None)
            st.rerun()


def read(data: bytes, name: str) -> Scenario:
    """The scenario in a file's bytes. UserError names what is wrong with it."""
    if len(data) > MAX_FILE_BYTES:
        raise InputFileError(name, [f"The file has more than {MAX_FILE_BYTES:,} bytes."])
    try:
        return read_scenario(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputFileError(name, ["The file is no text in UTF-8."]) from None


@st.fragment
def browse(desk: Desk) -> None:
    """Every saved scenario: open a version, delete, undo a delete."""
    try:
        shelf().browse(desk.saved_id, desk.open)
    except UserError as error:
        st.error(plain(str(error)))
