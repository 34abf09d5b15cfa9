"""The first map that a browser is sent: painted before it is sent what stands below.

Otherwise it would read the scripts of tables and charts, lay out all that is below, and draw the
map last. The map tells that it is painted (pcs_map.js) by a word to `told/map`, under the cookie
that Streamlit gives each browser.
"""

from __future__ import annotations

from threading import Event

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from pcs_dash.tables.paths import BASES

# Seconds that what is below waits at most.
_LONGEST = 1.2
_SEEN = "first-map-seen"
_waiting: dict[str, Event] = {}


def wait() -> None:
    """Wait until this session's first map is painted; not where no browser would tell."""
    browser = st.context.cookies.to_dict().get(XSRF_COOKIE_NAME)
    if not browser or st.session_state.get(_SEEN):
        return
    st.session_state[_SEEN] = True
    told = _waiting.setdefault(browser, Event())
    try:
        told.wait(_LONGEST)
    finally:
        _waiting.pop(browser, None)


def told() -> list[Route]:
    """Where a map says that it is painted."""
    return [Route(f"{base}/told/map", _hear, methods=["POST"]) for base in BASES]


async def _hear(request: Request) -> Response:
    if waits := _waiting.get(request.cookies.get(XSRF_COOKIE_NAME, "")):
        waits.set()
    return Response(status_code=204)
