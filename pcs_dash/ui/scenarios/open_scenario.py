"""The scenario on the table, and the steps back and forth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pcs_dash.scenarios.changes import Scenario
from pcs_dash.ui.on_table import UNDO, OnTable, from_draft, saved_in
from pcs_dash.views.scenario_words import LINK, to_text

_KEY = "scenario-desk"


@dataclass(kw_only=True)
class OpenScenario(OnTable):
    """What is worked on. `scenario`: None while the page's boxes say what happens.

    `past` and `future` are what undo and redo bring back; `text` is what address and view carry,
    `against` the same of the scenario that it is compared with.
    """

    kind = LINK
    scenario: Scenario | None = None
    past: list[Scenario | None] = field(default_factory=list)
    future: list[Scenario | None] = field(default_factory=list)
    text: str = ""
    against: str = ""

    @property
    def held(self) -> Scenario | None:
        """The scenario."""
        return self.scenario

    read = staticmethod(Scenario.from_dict)

    def put(self, scenario: Scenario | None) -> None:
        """Put a changed scenario on the table and keep it as the draft; `undo` takes it back."""
        if scenario == self.scenario:
            return
        # Before anything is changed: what is too long for a view stays off the table.
        text = "" if scenario is None else to_text(scenario)
        self.past = [*self.past[1 - UNDO :], self.scenario]
        self.future = []
        self._show(scenario, text)

    take = put

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

    def to_dict(self) -> dict[str, Any]:
        """The draft as it is stored."""
        return {
            "scenario": None if self.scenario is None else self.scenario.to_dict(),
            "saved_id": self.saved_id,
            "saved_version": self.saved_version,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], token: str) -> OpenScenario:
        """What `to_dict` gave; UserError if the draft makes no sense."""
        given = document.get("scenario")
        scenario = None if given is None else cls.read(given)
        text = "" if scenario is None else to_text(scenario)
        return cls(token=token, scenario=scenario, text=text, **saved_in(document))


def begin() -> OpenScenario:
    """The scenario on the table: this session's, else this browser's draft, else none."""
    held: OpenScenario | None = st.session_state.get(_KEY)
    if held is None:
        held = st.session_state[_KEY] = from_draft(
            OpenScenario.kind, OpenScenario.from_dict, lambda token: OpenScenario(token=token)
        )
    return held
