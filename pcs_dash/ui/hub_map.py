"""The hub builder in the browser: a Streamlit component over the maps' own Leaflet files.

Why not streamlit-folium here: docs/decisions/0002-hub-map-component.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pcs_dash.web import WebFiles

# The script travels with every answer, so it only fetches the others, which the browser keeps.
_LOADER = """
// Shared with the other components of a page: Leaflet loaded twice would be two Leaflets.
const wanted = (window.pcsFiles ||= {});
const load = (tag, name, url) => (wanted[url] ||= new Promise((done, failed) => {
  const element = document.createElement(tag);
  element[name] = url;
  if (tag === "link") element.rel = "stylesheet";
  element.onload = done;
  element.onerror = () => { delete wanted[url]; failed(new Error(url)); };
  document.head.append(element);
}));
let ready;
export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".pcs-hubs");
  ready ||= (async () => {
    await Promise.all(data.styles.map((url) => load("link", "href", url)));
    for (const url of data.scripts) await load("script", "src", url);
  })();
  const send = (value) => setStateValue("events", value);
  const what = data.plans ? "PCSPair" : "PCSHubs";
  ready.then(() => window[what].show(root, data, send))
    .catch((error) => {
      ready = null;
      root.textContent = "The map could not be loaded (" + error.message + "). Reload the page.";
    });
}
"""

_builder = st.components.v2.component(
    "pcs_dash_hub_builder",
    html='<div class="pcs-hubs"><div style="min-height: 640px">Loading the map ...</div></div>',
    js=_LOADER,
    isolate_styles=False,
)
_pair = st.components.v2.component(
    "pcs_dash_hub_pair",
    html='<div class="pcs-hubs pcs-pair"></div>',
    js=_LOADER,
    isolate_styles=False,
)


def show_builder(
    web: WebFiles,
    content: Mapping[str, Any],
    *,
    key: str,
    on_events: Callable[[], None],
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
