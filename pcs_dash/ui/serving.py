"""What the server does before it answers anybody, so that its first visitor waits no longer than
the second, and never sees Streamlit's own menu of the files in pages/.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.web.server.server_util import get_url

# What pages other than the first bring with them, and takes longest to import.
_LATER = (
    "pcs_dash.ui.slow_work",
    "esda",
    "pcs_dash.official.area_dataset",
    "pcs_dash.ui.hubs.suggesting",
    "alembic.command",
    "pcs_dash.ui.stories.editor",
    "pcs_dash.render.screen",
)
_log = logging.getLogger(__name__)


@asynccontextmanager
async def warm(_app: Any) -> AsyncIterator[None]:
    """Show the first page to nobody, import what the others need, then tell the address."""
    print("Reading the data ...", flush=True)
    fine, why = await runtime.get_instance().does_script_run_without_error()
    if not fine:
        _log.warning("the first page could not be made ready: %s", why)
    for name in _LATER:
        import_module(name)
    print(f"pcs_dash is ready: {get_url(st.get_option('browser.serverAddress'))}", flush=True)
    yield
