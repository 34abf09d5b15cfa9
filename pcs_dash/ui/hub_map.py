"""The hub builder in the browser: a Streamlit component over the maps' own Leaflet files.

Why not streamlit-folium here: docs/decisions/0002-hub-map-component.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pcs_dash.ui.component import component
from pcs_dash.views.web_files import WebFiles

_SHOW = 'window.{}.show(root, data, (value) => setStateValue("events", value))'
_builder = component(
    "hub_builder",
    "pcs-hubs",
    _SHOW.format("PCSHubs"),
    what="The map",
    inner='<div style="min-height: 640px">Loading the map ...</div>',
)
_pair = component("hub_pair", "pcs-hubs pcs-pair", _SHOW.format("PCSPair"), what="The map")


def show_builder(
    web: WebFiles, content: Mapping[str, Any], *, key: str, on_events: Callable[[], None]
) -> Any:
    """Show the builder; what the user does arrives as `events(key)` when `on_events` is called."""
    result = _builder(key=key, data={**content, **_files(web)}, on_events_change=on_events)
    return result.events


def show_pair(web: WebFiles, content: Mapping[str, Any], *, key: str) -> None:
    """Show two plans on two maps in step: `plans` (name, hubs, groups) and `moved` codes."""
    _pair(key=key, data={**content, **_files(web)})


def _files(web: WebFiles) -> dict[str, list[str]]:
    return {
        "scripts": [web.scripts[0], *web.draw_scripts, *web.scripts[1:], *web.hub_scripts],
        "styles": [*web.styles, *web.draw_styles, *web.hub_styles],
    }


def events(key: str) -> Any:
    """What the browser last sent, or None."""
    state = st.session_state.get(key)
    return None if state is None else state.get("events")
