"""Components of our own: a root element, and a script that the app serves to fill it.

The script of a component travels with every answer, so it only fetches the others, which the
browser keeps; each once a page, since Leaflet loaded twice would be two Leaflets. They are fetched
together and run in their order.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

_LOADER = """
const wanted = (window.pcsFiles ||= {});
const load = (tag, name, url) => (wanted[url] ||= new Promise((done, failed) => {
  const element = document.createElement(tag);
  element[name] = url;
  if (tag === "link") element.rel = "stylesheet";
  element.async = false;
  element.onload = done;
  element.onerror = () => { delete wanted[url]; failed(new Error(url)); };
  document.head.append(element);
}));
export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".ROOT");
  (async () => {
    await Promise.all([
      ...data.styles.map((url) => load("link", "href", url)),
      ...data.scripts.map((url) => load("script", "src", url)),
    ]);
    SHOW;
  })().catch((error) => {
    root.textContent = "WHAT could not be loaded (" + error.message + "). Reload the page.";
  });
}
"""


def component(name: str, root: str, show: str, *, what: str, inner: str = "", css: str = "") -> Any:
    """A component whose `data` names `scripts` and `styles` to load, in order.

    `root`: the class of its element, and others after it; `show`: JavaScript that fills it, with
    root, data, setStateValue and setTriggerValue at hand; `what`: how it is called where it can't
    be loaded; `inner`: what stands there until then.
    """
    script = _LOADER.replace("ROOT", root.split()[0]).replace("SHOW", show).replace("WHAT", what)
    return st.components.v2.component(
        f"pcs_dash_{name}",
        html=f'<div class="{root}">{inner}</div>',
        css=css or None,
        js=script,
        isolate_styles=False,
    )
