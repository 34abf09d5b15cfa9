"""What the server does before it answers anybody, so that its first visitor waits no longer than
the second, and never sees Streamlit's own menu of the files in pages/.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.session_manager import SessionClient
from streamlit.web.server.server_util import get_url

from pcs_dash.jobs import JobError, Limits, executor
from pcs_dash.jobs.worker import ready
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import BASES, ROOT
from pcs_dash.ui import data, official_store
from pcs_dash.ui.area_choice import DEFAULT_AREA
from pcs_dash.views import places, verdict
from pcs_dash.views.question import ask

# What pages other than the first bring with them, and takes longest to import.
_LATER = (
    # Where the map's component is named: until then it is answered with 404.
    "pcs_dash.ui.page_parts",
    "pcs_dash.ui.slow_work",
    "pcs_dash.official.area_dataset",
    "pcs_dash.ui.hubs.suggesting",
    "alembic.command",
    "pcs_dash.ui.stories.editor",
    "pcs_dash.render.screen",
)
# What heavy work brings with it.
_HEAVY = (
    "pcs_dash.hubs.suggest", "pcs_dash.hubs.reading", "pcs_dash.measures.verdict", "esda",
)  # fmt: skip
# Seconds that it may take to import.
_PATIENCE = 300.0
# Seconds until a page that nobody sees must be whole, and between two of them.
_WHOLE_WITHIN, _BETWEEN = 60.0, 0.2
# How often what refers to itself is collected, in seconds.
COLLECT_EVERY = 30.0
_log = logging.getLogger(__name__)
# Warns of whatever would show that it is busy while nobody sees it: at the start, and where a file
# is made as it is downloaded. Neither is a fault.
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").addFilter(
    lambda record: "missing ScriptRunContext" not in record.getMessage()
)


@asynccontextmanager
async def warm(_app: Any) -> AsyncIterator[None]:
    """Show the first page to nobody, import what the others need, then tell the address."""
    print("Reading the data ...", flush=True)
    await asyncio.to_thread(_first_verdict)
    fine, why = await runtime.get_instance().does_script_run_without_error()
    if not fine:
        _log.warning("the first page could not be made ready: %s", why)
    for name in _LATER:
        import_module(name)
    # What stands now stays: no collection need look at it again.
    gc.collect()
    gc.freeze()
    stop = threading.Event()
    threading.Thread(target=collect, args=(stop,), daemon=True, name="collect").start()
    print(f"pcs_dash is ready: {get_url(st.get_option('browser.serverAddress'))}", flush=True)
    threading.Thread(target=ready_worker, daemon=True, name="ready-worker").start()
    others = asyncio.create_task(_show_to_nobody())
    try:
        yield
    finally:
        stop.set()
        others.cancel()


class _Nobody(SessionClient):
    """Takes what a page is made of, and notes when it is whole."""

    def __init__(self) -> None:
        self.whole = asyncio.Event()

    def write_forward_msg(self, message: ForwardMsg) -> None:
        """Hear how a run ended; one that asks for another is not the page's."""
        ended = message.WhichOneof("type") == "script_finished"
        if ended and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            self.whole.set()


async def _show_to_nobody() -> None:
    """Make the other pages once, so that many who arrive at once need not wait for each other: a
    page's first run imports and works out what all later ones share.
    """
    server = runtime.get_instance()
    for file in sorted((ROOT / "pages").glob("*.py")):
        nobody, message = _Nobody(), BackMsg()
        message.rerun_script.page_name = file.stem
        session = server.connect_session(nobody, {})
        try:
            server.handle_backmsg(session, message)
            with suppress(TimeoutError):
                await asyncio.wait_for(nobody.whole.wait(), _WHOLE_WITHIN)
        finally:
            server.close_session(session)
        await asyncio.sleep(_BETWEEN)


def _first_verdict() -> None:
    """Work out what takes longest on the first page, which Streamlit gives a minute to be shown."""
    try:
        dataset, area = data.load()[0], find_area(DEFAULT_AREA)
        verdict.together(ask(dataset, area, readers=official_store.readers()))
    except UserError as error:
        _log.warning("the first page's verdict was not worked out: %s", error)


def ready_worker() -> None:
    """Start a process for heavy work, with what suggesting and reading plans import, so that the
    first to ask for it does not wait; where that fails, the log says so.
    """
    try:
        job = executor().submit(ready, *_HEAVY, owner="", limits=Limits(_PATIENCE))
        job.future.result()
    except (JobError, CancelledError) as error:
        _log.warning("no process for heavy work could be made ready: %s", error)


def moved() -> list[Route]:
    """The addresses of earlier versions; each leads to where its views stand now, with all that it
    asks for. The server answers, not a page: Back must not come upon the old one.
    """
    return [Route(f"{base}/{old}", _lead, name=old) for old in places.moved() for base in BASES]


def _lead(request: Request) -> RedirectResponse:
    sheet = places.moved()[request.url.path.rpartition("/")[2]]
    # As it was asked, names that stand there several times and all.
    asked = "&".join(part for part in (urlencode(sheet.asked), request.url.query) if part)
    return RedirectResponse(f"{sheet.path or '.'}{'?' if asked else ''}{asked}")


def not_there() -> list[Route]:
    """Where a browser that opens a page by its address asks for the server first: under the page.
    "Several choices" sends it on to the next place at once, as 404 would, but is no fault that its
    console shows.
    """

    def elsewhere(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("Not under a page.", status_code=300)

    pages = [file.stem for file in (ROOT / "pages").glob("*.py")]
    return [
        Route(f"{base}/{page}/_stcore/{asked}", elsewhere)
        for base in BASES
        for page in pages
        for asked in ("health", "host-config")
    ]


def collect(stop: threading.Event, every: float = COLLECT_EVERY) -> None:
    """Collect garbage every so many seconds until `stop` is set.

    Streamlit would do it after each run of a script (runner.postScriptGC), which is half of the
    time of a click and grows with what is loaded.
    """
    while not stop.wait(every):
        gc.collect()
