"""The library of scenarios, and links and files that carry a scenario."""

from __future__ import annotations

import json

import streamlit as st

from pcs_dash.scenarios.changes import Scenario, read_scenario
from pcs_dash.store.documents import ScenarioLibrary
from pcs_dash.store.library_files import MAX_FILE_BYTES
from pcs_dash.store.links import is_short_link, open_short_link
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.ui import address
from pcs_dash.ui.hubs.open_plan import database
from pcs_dash.ui.saved_documents import LibraryPanel
from pcs_dash.ui.scenarios.open_scenario import OpenScenario
from pcs_dash.ui.sign_in import person
from pcs_dash.ui.text import plain
from pcs_dash.views.scenario_words import AGAINST, LINK, from_text, to_text


def library() -> ScenarioLibrary:
    """The saved scenarios."""
    return ScenarioLibrary(database(), person.who())


def library_panel() -> LibraryPanel:
    """Its list and its links on screen."""
    return LibraryPanel(library, "scenario", "scenarios", "plan_ahead", LINK, "scenario")


def open_from_address(opened: OpenScenario) -> None:
    """Open the scenario of the address, where it is another: undo brings back what was there."""
    text = address.document(LINK)
    if text is None or text == opened.text:
        return
    try:
        if is_short_link(text):
            opened.open(open_short_link(library(), database(), text))
            return
        scenario = from_text(text)
        if scenario != opened.scenario:
            opened.put(scenario)
            opened.came_from(None)
    except UserError as error:
        st.error(f"{plain(str(error))} Your scenario is as it was.")


def compare(opened: OpenScenario) -> None:
    """Choose a saved scenario to compare with; the address carries it."""
    opened.against = address.document(AGAINST) or opened.against
    try:
        offered = {entry.id: entry.name for entry in library().entries(limit=100)}
    except UserError as error:
        st.error(plain(str(error)))
        offered = {}

    def choose() -> None:
        chosen = st.session_state["scenario-against"]
        if chosen is not None:
            document = library().open(chosen).document
            opened.against = to_text(Scenario.from_dict(document))

    with st.popover("Compare", icon=":material/compare_arrows:"):
        st.selectbox(
            "With a saved scenario",
            list(offered),
            index=None,
            format_func=lambda id: plain(offered.get(id, "")),
            key="scenario-against",
            on_change=choose,
        )
        if opened.against and st.button("Compare with none", key="scenario-alone"):
            opened.against = ""
            st.rerun()
    address.carry(AGAINST, opened.against)


def as_file(opened: OpenScenario) -> str:
    """The scenario as the file that `scenario run` reads."""
    scenario = opened.scenario
    return "" if scenario is None else json.dumps(scenario.to_dict(), indent=1) + "\n"


def read(data: bytes, name: str) -> Scenario:
    """The scenario in a file's bytes. UserError names what is wrong with it."""
    if len(data) > MAX_FILE_BYTES:
        raise InputFileError(name, [f"The file has more than {MAX_FILE_BYTES:,} bytes."])
    try:
        return read_scenario(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputFileError(name, ["The file is no text in UTF-8."]) from None
