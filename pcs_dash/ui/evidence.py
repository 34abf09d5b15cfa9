"""What the evidence pages share: findings in words, charts that can be read out, slow work.

Slow work (resampling, permutations, a library that takes seconds to import) runs beside the page:
the page says what it waits for, and any click ends the wait at once, while the work goes on and
is there when it is next asked for.
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import altair as alt
import pandas as pd
import streamlit as st

from pcs_dash.measures.words import Words
from pcs_dash.ui.text import plain
from pcs_dash.views.question import Question

# Shorter waits than this need no words; so often the page looks, and can be interrupted.
QUIET_SECONDS = 0.25
LOOK_SECONDS = 0.1

T = TypeVar("T")


def stop_if_empty(choices: Question) -> None:
    """End the page where the area has no practice left."""
    if choices.practices.empty:
        st.info(
            "No practice is left in this area. Switch the exclusion off, or choose another area."
        )
        st.stop()


def say(words: Words, *, headline: bool = False) -> None:
    """A finding, then how far it can be trusted and what it rests on.

    Names of practices never stand in findings; names of areas are ours.
    """
    st.markdown(f"#### {words.finding}" if headline else f"**{words.finding}**")
    rest = f"{words.caution} {words.basis}".strip()
    if rest:
        st.markdown(rest)


def chart(drawn: alt.TopLevelMixin, text: str, *, key: str) -> None:
    """A chart with its text alternative, which can be copied into a paper."""
    st.altair_chart(drawn, key=key, alt=text)
    paper(text, key=key)


def paper(text: str, *, key: str) -> None:
    """Words to copy; the button stands in the corner of the box and needs no internet."""
    with st.expander("Words for your paper", icon=":material/content_copy:", key=f"paper-{key}"):
        st.code(text, language=None, wrap_lines=True)


def reading_table(table: pd.DataFrame, *, caption: str) -> None:
    """A table of sentences: left-aligned, its first column as row headings."""
    cell = 'style="text-align:left;padding-right:14px"'
    head = "".join(
        f'<th scope="col" {cell}>{html.escape(str(name))}</th>' for name in table.columns
    )
    body = "".join(
        f'<tr><th scope="row" {cell}>{html.escape(str(first))}</th>'
        + "".join(f"<td {cell}>{html.escape(str(part))}</td>" for part in rest)
        + "</tr>"
        for first, *rest in table.itertuples(index=False)
    )
    st.html(
        f'<div class="pcs-small-table" role="region" aria-label="{html.escape(caption)}" '
        f'tabindex="0"><table style="min-width:540px"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def computed(name: tuple[Any, ...], work: Callable[[], T], *, label: str) -> T:
    """The result of `work`, computed once for every `name` (which must say all it depends on).

    The result is shared between sessions: never change it. Where the work raises, so does this,
    and it is tried afresh the next time.
    """
    future = _started(name, work)
    began = time.monotonic()
    place = st.empty()
    while not future.done():
        waited = time.monotonic() - began
        if waited > QUIET_SECONDS:
            # Writing to the page is also where Streamlit stops a run that a click has overtaken.
            place.info(f"{plain(label)} ... {waited:.0f} s", icon=":material/hourglass_top:")
        time.sleep(LOOK_SECONDS if waited > QUIET_SECONDS else 0.01)
    place.empty()
    if future.exception() is not None:
        _started.clear(name, work)
    return future.result()


@st.cache_resource(show_spinner=False, max_entries=400)
def _started(name: tuple[Any, ...], _work: Callable[[], Any]) -> Future[Any]:  # noqa: ARG001
    # The name is what Streamlit keeps the work under.
    return _workers().submit(_work)


@st.cache_resource(show_spinner=False)
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="evidence")
