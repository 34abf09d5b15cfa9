"""Which sheet of a page is open: what the address says, and the tabs that choose another."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

import streamlit as st

from pcs_dash.ui import address, boxes
from pcs_dash.views import places
from pcs_dash.views.places import Sheet

# The open sheet of the run that this thread is in; set by the entry script before the page runs.
of_this_run: ContextVar[Sheet | None] = ContextVar("sheet")


def open_sheet(path: str) -> Sheet | None:
    """The sheet that the address opens, None without one. Call it before what depends on it."""
    tab, labels = "", places.tabs(path)
    if labels:
        name = address.tabs(places.tab_name(path), labels)
        tab = next(key for key, label in labels.items() if label == st.session_state[name])
    parts = places.parts(path, tab)
    if len(parts) > 1 and tab:
        address.choice(tab, {key: sheet.part for key, sheet in parts.items()})
        return parts[st.session_state[tab]]
    return next(iter(parts.values()), None)


def show(sheet: Sheet, draw: Callable[[], None]) -> None:
    """Draw the sheet under its tab; the others are not computed."""
    labels = places.tabs(sheet.path)
    if not labels:
        draw()
        return
    drawn = st.tabs(list(labels.values()), key=places.tab_name(sheet.path), on_change="rerun")
    with drawn[list(labels).index(sheet.tab)]:
        parts = places.parts(sheet.path, sheet.tab)
        if len(parts) > 1:
            boxes.part(sheet.label, {key: one.part for key, one in parts.items()}, sheet.tab)
        draw()
