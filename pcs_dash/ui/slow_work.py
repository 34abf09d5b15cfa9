"""Slow work beside the page: resampling, permutations, a library that takes seconds to import;
and, in processes of their own (`jobs`), what reads a file given by others or takes a minute.

The page says what it waits for, and any click ends the wait at once, while the work goes on and
is there when it is next asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pcs_dash.jobs import Limits, executor, for_page
from pcs_dash.ui.text import plain

# Shorter waits than this need no words; so often the page looks, and can be interrupted.
QUIET_SECONDS = 0.25
LOOK_SECONDS = 0.1

T = TypeVar("T")


def computed(name: tuple[Any, ...], work: Callable[[], T], *, label: str) -> T:
    """The result of `work`, computed once for every `name` (which must say all it depends on).

    The result is shared between sessions: never change it. Where the work raises, so does this,
    and it is tried afresh the next time.
    """
    future = _started(name, work)
    _wait(future, label)
    if future.exception() is not None:
        _started.clear(name, work)
    return future.result()


def away(function: Callable[..., T], *args: Any, label: str, seconds: float, **options: Any) -> T:
    """What a function of a module returns, made in a process of its own within limits of time and
    memory (`jobs`). What it raises is raised here, JobError where the limits end it. A click ends
    the wait and the work.
    """
    limits = Limits(seconds)
    job = executor().submit(function, *args, owner=session(), limits=limits, **options)
    try:
        _wait(job.future, label)
        found: T = job.future.result()
    finally:
        job.cancel()
    return found


def session() -> str:
    """Whose work it is, for a queue that is fair to each."""
    context = get_script_run_ctx(suppress_warning=True)
    return "" if context is None else context.session_id


def _wait(future: Future[Any], label: str) -> None:
    """Say what is waited for until it is there."""
    began = time.monotonic()
    place = st.empty()
    while not future.done():
        waited = time.monotonic() - began
        if waited > QUIET_SECONDS:
            # Writing to the page is also where Streamlit stops a run that a click has overtaken.
            place.info(f"{plain(label)} ... {waited:.0f} s", icon=":material/hourglass_top:")
        wait([future], LOOK_SECONDS if waited > QUIET_SECONDS else QUIET_SECONDS)
    place.empty()


@st.cache_resource(show_spinner=False, max_entries=400)
def _started(name: tuple[Any, ...], _work: Callable[[], Any]) -> Future[Any]:  # noqa: ARG001
    # The name is what Streamlit keeps the work under.
    return _workers().submit(_made, session(), _work)


def _made(owner: str, work: Callable[[], Any]) -> Any:
    with for_page(owner):
        return work()


@st.cache_resource(show_spinner=False)
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="slow-work")
