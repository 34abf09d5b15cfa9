"""Boxes and buttons of Streamlit, as all pages have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st


def one(label: str, labels: Mapping[Any, str], key: str, *, at: Any = st, **more: Any) -> Any:
    """A box `at` a place to choose one of `labels` (key to label) in: the key that is chosen."""
    return at.selectbox(label, list(labels), format_func=_named(labels), key=key, **more)


def several(label: str, labels: Mapping[Any, str], key: str, **more: Any) -> list[Any]:
    """A box to choose any number of `labels` (key to label) in: the keys that are chosen."""
    return st.multiselect(label, list(labels), format_func=_named(labels), key=key, **more)


def part(label: str, labels: Mapping[str, str], key: str, *, hidden: bool = True) -> str:
    """Buttons side by side, one of which (key to label) is always pressed: its key; `hidden`: the
    label is there to be read aloud only.
    """
    chosen = st.segmented_control(
        label,
        list(labels),
        format_func=_named(labels),
        key=key,
        required=True,
        label_visibility="collapsed" if hidden else "visible",
    )
    return str(chosen)


def tabs(drawn: Mapping[str, Callable[[], object]], key: str) -> None:
    """Tabs by name; what is under the open one is drawn, and nothing else."""
    shown = st.tabs(list(drawn), key=key, on_change="rerun")
    for tab, draw in zip(shown, drawn.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def _named(labels: Mapping[Any, str]) -> Any:
    return lambda key: labels.get(key, key)


def table(rows: Any, alt: str, *, height: Any = "content", **more: Any) -> None:
    """A table to look at; what is missing is left empty."""
    st.dataframe(rows, hide_index=True, height=height, placeholder="", alt=alt, **more)


def download(label: str, made: Any, name: str, mime: str, key: str, **more: Any) -> None:
    """A button that saves what is `made` (or what it makes when pressed) as a file of that name."""
    told = {"icon": ":material/download:"} | more
    st.download_button(label, made, file_name=name, mime=mime, key=key, on_click="ignore", **told)
