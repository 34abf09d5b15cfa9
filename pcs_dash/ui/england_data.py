"""England's areas and their measures, read once for every session of the server."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pcs_dash.render import web
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import data

if TYPE_CHECKING:
    from pcs_dash.views.loaded_data import England

_log = logging.getLogger(__name__)


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
    from pcs_dash.official.store import Store

    store = Store()
    try:
        manifest = store.current()
        if manifest is None or manifest.latest(PRACTICES) is None:
            return None
        return _load(level, str(store.root), manifest.identity)
    except UserError as error:
        _log.warning("England not read: %s", error)
        return None


@st.cache_resource(show_spinner="Reading England ...", max_entries=6)
def _load(
    level: str,
    root: str,  # noqa: ARG001 - part of the cache's key
    version: str,  # noqa: ARG001 - another version may have other boundaries
) -> EnglandOnMap | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views.loaded_data import england_by

    figures = england_by(Store(), level)
    if figures is None:
        return None
    outlines = figures.outlines
    drawn = tuple(sorted(outlines["code"]))
    files = web.prepare_england(data.load()[1], outlines, level) if drawn else None
    return EnglandOnMap(figures, files, drawn)
