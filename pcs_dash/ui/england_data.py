"""England's areas and their measures, read once for every session of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pcs_dash.render import web
from pcs_dash.ui import data, official_store

if TYPE_CHECKING:
    from pcs_dash.views.loaded_data import England


@dataclass(frozen=True)
class EnglandOnMap:
    """England by one kind of area; `files` are its map's, None where no boundaries are loaded, and
    `drawn` the codes of the areas that have one, in the order in which the map numbers them.
    """

    figures: England
    files: web.WebFiles | None
    drawn: tuple[str, ...]


def load(level: str) -> EnglandOnMap | None:
    """England by one kind of area, or None where no official data are loaded, or damaged."""
    from pcs_dash.official.built_tables import PRACTICES

    loaded = official_store.manifest()
    if loaded is None or loaded.latest(PRACTICES) is None:
        return None
    return official_store.or_none(lambda: _load(level, official_store.version()))


@st.cache_resource(show_spinner="Reading England ...", max_entries=6)
def _load(
    level: str,
    version: tuple[str, ...],  # noqa: ARG001 - another may have other boundaries
) -> EnglandOnMap | None:
    from pcs_dash.official.store import Store

    figures = official_store.loaded_data().england_by(Store(), level)
    if figures is None:
        return None
    outlines = figures.outlines
    drawn = tuple(sorted(outlines["code"]))
    files = web.prepare_england(data.load()[1], outlines, level) if drawn else None
    return EnglandOnMap(figures, files, drawn)
