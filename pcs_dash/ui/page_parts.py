"""Putting maps, legends and tables on a page."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st
import streamlit_folium
from jinja2.utils import htmlsafe_json_dumps

from pcs_dash.render.csv_files import table_csv
from pcs_dash.render.hub_colours import swatch
from pcs_dash.tables.sources import ATTRIBUTION
from pcs_dash.ui import address, boxes, first_map
from pcs_dash.views.maps import Legend, PracticeMap, view_layer
from pcs_dash.views.web_files import WebFiles

_VIEW = "VIEW-GOES-HERE"


def headline(sentence: str) -> None:
    """The page's message in one or two sentences, as Markdown, large."""
    with st.container(key="headline"):
        st.markdown(sentence)


def show_map(
    web: WebFiles,
    content: Mapping[str, Any],
    *,
    key: str,
    height: int = 520,
    on_pick: Callable[[str], None] | None = None,
    on_draw: Callable[[list[list[float]]], None] | None = None,
    practices: pd.Series | None = None,
) -> None:
    """Show a view; `on_pick` hears the code of a practice that is clicked, `on_draw` the corners
    (latitude, longitude) of what is drawn with the map's tools, before the rerun.

    `practices` (names by code) puts a list above a map whose page has none, so that a practice is
    found without a pointer.

    The one place that knows how a map reaches the browser. The base map never changes, so that
    st_folium keeps it; the view travels beside it.
    """
    if practices is not None:
        # A page that hears clicks runs again as a whole, the list with it.
        listed = _with_list if on_pick else address.fragment(_with_list, key)
        listed(web, content, key, height, practices, on_pick)
        return

    def picked() -> None:
        answer = st.session_state.get(key) or {}
        if on_pick and "picked" in answer:
            on_pick(str(answer["picked"]))
        if on_draw and "drawn" in answer:
            on_draw(answer["drawn"])

    _send(web if on_draw is None else _with_tools(web), content, key, height, picked)
    first_map.wait()


def _with_tools(web: WebFiles) -> WebFiles:
    """The files of a map that is drawn on."""
    leaflet, *ours = web.scripts
    return replace(
        web,
        scripts=(leaflet, *web.draw_scripts, *ours, *web.tool_scripts),
        styles=(*web.styles, *web.draw_styles),
    )


def _send(
    web: WebFiles, content: Mapping[str, Any], key: str, height: int, on_change: Callable[[], None]
) -> None:
    """What `st_folium(PracticeMap(web), feature_group_to_add=view_layer(content), ...)` would send.

    Sent by ourselves, since st_folium writes the base map anew each time, which took longer than
    the rest of a click; a test holds that it would send the same.
    """
    script, header, body = _base_map(web.scripts, web.styles)
    name = streamlit_folium.generate_js_hash(script, key)

    def heard() -> None:
        st.session_state[key] = st.session_state.get(name, {})
        on_change()

    streamlit_folium._component_func(
        script=script, header=header, html=body, id="map_div", key=name, height=height, width=None,
        returned_objects=[], default={}, zoom=None, center=None,
        feature_group=_layer().replace(_VIEW, htmlsafe_json_dumps(content, sort_keys=True)),
        return_on_hover=False, layer_control=None, pixelated=False, css_links=list(web.styles),
        js_links=list(web.scripts), on_change=heard, wrap_longitude=False,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _base_map(scripts: tuple[str, ...], styles: tuple[str, ...]) -> tuple[str, str, str]:
    """Script, head and body of the map under every view."""
    base = PracticeMap(scripts, styles)
    base.get_root().render()
    body, head = streamlit_folium._get_html(base), streamlit_folium._get_header(base)
    return streamlit_folium._get_map_string(base), head, body


@lru_cache(maxsize=1)
def _layer() -> str:
    """The script that shows a view, with a word where the view goes."""
    base, layer = PracticeMap((), ()), view_layer(_VIEW)
    base.get_root().render()
    return str(streamlit_folium._get_feature_group_string(layer, base)).replace(f'"{_VIEW}"', _VIEW)


def say_without_boundaries() -> None:
    """Say that a map has no LSOAs to colour, and which file brings them."""
    st.info(
        "No boundaries of small areas (LSOAs) are loaded here, so the map shows practices only. "
        "Data and methods says which file brings them."
    )


def list_key(key: str) -> str:
    """Where the session holds the practice chosen in the list of the map `key`."""
    return f"{key}-practice"


def _with_list(
    web: WebFiles,
    content: Mapping[str, Any],
    key: str,
    height: int,
    practices: pd.Series,
    on_pick: Callable[[str], None] | None,
) -> None:
    labels = {str(code): f"{name} ({code})" for code, name in practices.items()}

    def choose(code: str) -> None:
        st.session_state[list_key(key)] = code if code in labels else None

    chosen = boxes.one(
        "Find a practice on this map",
        labels,
        address.choice(list_key(key), labels, empty=True),
        index=None,
        placeholder="Type a name or code, or click one on the map",
    )
    content = {**content, "selected": chosen}
    show_map(web, content, key=key, height=height, on_pick=on_pick or choose)


def show_legend(legend: Legend, *, note: str = "") -> None:
    """A legend as a line of swatches with words; counts stand behind the words."""
    items = []
    for i, (colour, label) in enumerate(zip(legend.colours, legend.labels, strict=True)):
        count = f" <b>{legend.counts[i]:,}</b>" if legend.counts is not None else ""
        items.append(
            '<span style="display:inline-flex;align-items:center;margin:0 14px 2px 0">'
            f"{swatch(colour)}<span>{html.escape(label)}{count}</span></span>"
        )
    tail = f'<div style="color:#425563">{html.escape(note)}</div>' if note else ""
    st.html(
        '<div style="font-size:0.86rem;line-height:1.5">'
        f"<b>{html.escape(legend.title)}</b><br>{''.join(items)}{tail}</div>"
    )


def small_table(table: pd.DataFrame, *, caption: str) -> None:
    """A short table that fits its column, with its first column as row headings."""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{html.escape(str(first))}</th>'
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in table.itertuples(index=False)
    )
    name = html.escape(caption)
    st.html(
        f'<div class="pcs-small-table" role="region" aria-label="{name}" tabindex="0">'
        f"<table><caption>{name}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def download_csv(
    table: pd.DataFrame | bytes, *, name: str, label: str = "Download as CSV", key: str = ""
) -> None:
    """A download button for a table, its index first (see `table_csv`), or for its CSV."""
    made = table if isinstance(table, bytes) else table_csv(table)
    boxes.download(label, made, f"{name}.csv", "text/csv", key or f"download-{name}")


def footer(*lines: str) -> None:
    """Periods, definitions and attribution under a page."""
    st.caption("  \n".join([*lines, ATTRIBUTION]))
