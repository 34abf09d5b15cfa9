"""The scenario on the table: kept in the session, and as a draft in the database at every change.

Whose draft it is, the same cookie says as for plans (docs/decisions/0002-hub-map-component.md).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pcs_dash.scenarios.changes import Scenario
from pcs_dash.store.documents import ConflictError, Saved
from pcs_dash.store.drafts import load_draft, save_draft
from pcs_dash.tables.errors import UserError
from pcs_dash.ui.browser import browser_token
from pcs_dash.ui.hubs.open_plan import database
from pcs_dash.views.scenario_words import LINK, to_text

_KEY = "scenario-desk"
_UNDO = 100
_log = logging.getLogger(__name__)


@dataclass
class Desk:
    """What is worked on. `scenario`: None while the page's boxes say what happens.

    `past` and `future` are what undo and redo bring back; `stamp` grows at every change, so that
    boxes show it; `saved_*` the saved version it came from (`saved_as`: what that says), and
    `conflict` what stood in the way of saving the next; `text` is what address and view carry,
    `against` the same of the scenario that it is compared with.
    """

    token: str
    scenario: Scenario | None = None
    past: list[Scenario | None] = field(default_factory=list)
    future: list[Scenario | None] = field(default_factory=list)
    stamp: int = 0
    said: str = ""
    fault: str = ""
    saved_id: int | None = None
    saved_version: int | None = None
    saved_as: Scenario | None = None
    conflict: ConflictError | None = None
    text: str = ""
    against: str = ""

    def put(self, scenario: Scenario | None) -> None:
        """Put a changed scenario on the table and keep it as the draft; `undo` takes it back."""
        if scenario == self.scenario:
            return
        # Before anything is changed: what is too long for a view stays off the table.
        text = "" if scenario is None else to_text(scenario)
        self.past = [*self.past[1 - _UNDO :], self.scenario]
        self.future = []
        self._show(scenario, text)

    def undo(self) -> None:
        """The scenario before the last change."""
        self._step(self.past, self.future)

    def redo(self) -> None:
        """The scenario before the last undo."""
        self._step(self.future, self.past)

    def _step(self, back: list[Scenario | None], on: list[Scenario | None]) -> None:
        if back:
            on.append(self.scenario)
            scenario = back.pop()
            self._show(scenario, "" if scenario is None else to_text(scenario))

    def _show(self, scenario: Scenario | None, text: str) -> None:
        self.scenario, self.text, self.said = scenario, text, ""
        self.stamp += 1
        self.keep()

    def open(self, saved: Saved) -> None:
        """Put a saved version on the table. ScenarioError where its document makes no sense."""
        scenario = Scenario.from_dict(saved.document)
        self.put(scenario)
        self.came_from(saved)
        self.said = f"Open: '{saved.name}', version {saved.version}."

    def came_from(self, saved: Saved | None) -> None:
        """Note which saved version is on the table; None: it is none."""
        self.saved_id = None if saved is None else saved.id
        self.saved_version = None if saved is None else saved.version
        self.saved_as = None if saved is None else self.scenario
        self.conflict = None
        self.keep()

    @property
    def state(self) -> str:
        """What of it is saved, in words."""
        if self.saved_version is None:
            return "Not saved in the library."
        since = "" if self.scenario == self.saved_as else ", with your changes since"
        return f"Version {self.saved_version} of the library{since}."

    def keep(self) -> None:
        """Write the draft. The scenario stays usable if that fails; the page says so."""
        try:
            save_draft(database(), self.token, self.to_dict(), kind=LINK)
            self.fault = ""
        except UserError as error:
            _log.warning("draft not kept: %s", error)
            self.fault = str(error)

    def to_dict(self) -> dict[str, Any]:
        """The draft as it is stored."""
        return {
            "scenario": None if self.scenario is None else self.scenario.to_dict(),
            "saved_as": None if self.saved_as is None else self.saved_as.to_dict(),
            "saved_id": self.saved_id,
            "saved_version": self.saved_version,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], token: str) -> Desk:
        """The desk of `to_dict`; UserError if the draft makes no sense."""
        scenario, as_saved = (
            None if document.get(name) is None else Scenario.from_dict(document[name])
            for name in ("scenario", "saved_as")
        )
        saved = (document.get("saved_id"), document.get("saved_version"))
        known = saved if all(isinstance(number, int) for number in saved) else (None, None)
        text = "" if scenario is None else to_text(scenario)
        return cls(
            token,
            scenario,
            saved_id=known[0],
            saved_version=known[1],
            saved_as=as_saved,
            text=text,
        )


def begin() -> Desk:
    """The scenario on the table: this session's, else this browser's draft, else none."""
    held: Desk | None = st.session_state.get(_KEY)
    if held is None:
        held = st.session_state[_KEY] = _from_draft()
    return held


def _from_draft() -> Desk:
    token = browser_token()
    try:
        draft = load_draft(database(), token, kind=LINK)
        return Desk(token) if draft is None else Desk.from_dict(draft.document, token)
    except UserError as error:
        return Desk(token, fault=str(error))
