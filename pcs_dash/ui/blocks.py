"""The words, figures and tables of an answer on a page."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pcs_dash.measures import glossary
from pcs_dash.measures.numbers import MINUS
from pcs_dash.measures.words import Words
from pcs_dash.render import page_charts
from pcs_dash.render.hub_colours import swatch
from pcs_dash.ui import browser
from pcs_dash.ui.text import plain
from pcs_dash.views.answer import Bullets, Chart, Column, Figure, Table, Text
from pcs_dash.views.cells import FORMS, cell_text
from pcs_dash.views.kept_answers import kept

_NUMBER = re.compile(r"[^A-Za-z\[\]<>`!:]*")
# A number for each chart that is shown: another has never had it.
_numbers = count()
# A bar in a cell is whole at so many times the middle figure.
_LONGEST = 3
# Pixels of a letter, left and right of a name, and of what heads the rows at most: a phone has
# no room for more beside a figure and its bar.
_LETTER, _AROUND, _WIDE, _ON_PHONE, _BAR = 7.2, 24, 360, 180, 138
# How much of a colour a tint has, as the last two digits of "#rrggbbaa": names read well on it,
# which the table draws in three fifths of their own colour.
_TINT = "48"
# Pixels of a row, and of one that holds three lines: in lower ones Streamlit breaks none.
_ROW, _TALL = 35, 66
_LEFT = ' style="text-align:left"'


def figures(*items: Figure) -> None:
    """Headline figures in a row that wraps on a narrow screen (see the style in page.py)."""
    with st.container(key="headline-figures"):
        for column, item in zip(st.columns(len(items)), items, strict=True):
            # Streamlit knows a fall by its hyphen only; ours has a minus sign.
            less = item.note.startswith(MINUS)
            column.metric(
                plain(item.label),
                # A number is none to read as Markdown, and stays as it is.
                item.value if _NUMBER.fullmatch(item.value) else plain(item.value),
                plain(item.note) or None,
                delta_color=("normal" if less else "inverse") if item.more_is_worse else "off",
                delta_arrow=("down" if less else "up") if item.more_is_worse else "off",
                help=glossary.meaning(item.term) if item.term else None,
            )


def message(words: Words, *, first: bool) -> None:
    """What was found, how far it can be trusted and what it rests on; the page's first is large."""
    with st.container(key="headline" if first else None):
        st.markdown(plain(words.finding))
    if words.caution:
        st.markdown(plain(words.caution))
    if words.basis:
        st.caption(plain(words.basis))


def questions(asked: Sequence[tuple[str, str]]) -> list[tuple[str, DeltaGenerator]]:
    """Questions side by side, each over its answer; returns each with its place."""
    places = []
    with st.container(key="questions"):
        # What is said of chance takes most words.
        columns = st.columns([max(len(said), 150) for _, said in asked], gap="medium")
        for column, (text, said) in zip(columns, asked, strict=True):
            places.append((text, column.empty()))
            question(places[-1][1], text, said)
    return places


def question(place: DeltaGenerator, text: str, said: str) -> None:
    """A question over its answer, in the place of an earlier answer."""
    place.markdown(f"**{plain(text)}**  \n{plain(said)}")


def words_for_paper(text: str, *, key: str) -> None:
    """Words to copy; the button stands in the corner of the box and needs no internet."""
    box = st.expander(
        "Words for your paper",
        icon=":material/content_copy:",
        key=f"{key}-words",
        on_change="rerun",
    )
    if box.open:
        # The box that can be copied is 1.6 MB of script, which no page needs before it is asked.
        with box:
            st.code(text, language=None, wrap_lines=True)


def text(block: Text) -> None:
    """A paragraph, but for a note that stands among the words to copy."""
    said = block.said
    if block.kind == "note" and block.words:
        return
    if block.kind == "info":
        st.info(plain(said))
    elif block.kind == "note":
        st.caption(plain(said))
    elif isinstance(said, str):
        st.markdown(plain(said))
    else:
        st.markdown(f"**{plain(said.finding)}**")
        rest = f"{said.caution} {said.basis}".strip()
        if rest:
            st.markdown(plain(rest))


def bullets(block: Bullets) -> None:
    """A list under its caption."""
    if block.caption:
        st.markdown(f"**{plain(block.caption)}**")
    st.markdown("\n".join(f"- {plain(item)}" for item in block.items))


def small_table(table: Table) -> None:
    """A short table that fits its column, with its first column as row headings; on a phone these
    stand above their figures where there are three or more.
    """
    right = [FORMS[column.form].right for column in table.on_page]
    columns = [
        [cell_text(value, column.form, table.missing) for value in table.frame[column.key]]
        for column in table.on_page
    ]
    head = "".join(
        f'<th scope="col"{"" if numbers else _LEFT}>{html.escape(column.label)}</th>'
        for column, numbers in zip(table.on_page, right, strict=True)
    )
    colours = table.colours or ("",) * len(table.frame)
    rows = "".join(
        f'<tr><th scope="row">{swatch(colour)}{html.escape(first)}</th>'
        + "".join(
            f"<td{'' if numbers else _LEFT}>{html.escape(cell)}</td>"
            for cell, numbers in zip(rest, right[1:], strict=True)
        )
        + "</tr>"
        for colour, first, *rest in zip(colours, *columns, strict=True)
    )
    name = html.escape(table.caption)
    kind = " pcs-stacked" if len(right) > 3 and all(right[1:]) else ""
    st.html(
        f'<div class="pcs-small-table{kind}" role="region" aria-label="{name}" tabindex="0">'
        f"<table><caption>{name}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def data_table(table: Table, *, key: str, pick: Callable[[str, Sequence[str]], None]) -> None:
    """A long table to sort; a click on a row picks what it stands for, ticked rows are compared."""

    def chosen() -> None:
        found, before = st.session_state[key]["selection"], f"{key}-ticked"
        ticked = [table.codes[row] for row in found["rows"]]
        if ticked != st.session_state.get(before, []):
            # A cell stays chosen while rows are ticked: what was done last is shown.
            st.session_state[before] = ticked
            pick(table.compare, ticked)
            pick(table.pick, [])
        else:
            pick(table.pick, [table.codes[row] for row, _ in found["cells"]])

    modes = ["single-cell", *(["multi-row"] if table.compare else [])]
    select: dict[str, Any] = {"on_select": chosen, "selection_mode": modes} if table.pick else {}
    if not table.fields:
        return
    columns, row = kept(table, ("columns", browser.is_phone()), lambda: _columns(table))
    st.markdown(f"**{plain(table.caption)}**")
    st.dataframe(
        _tinted(table)
        if any(table.colours)
        else kept(table, "sortable", lambda: pa.Table.from_pandas(_sortable(table))),
        hide_index=True,
        key=key,
        column_config=columns,
        placeholder=table.missing,
        height=min(374, 38 + row * len(table.frame)),
        row_height=row if row > _ROW else None,
        alt=table.caption,
        **select,
    )


def _columns(table: Table) -> tuple[dict[str, Any], int]:
    """How its columns are shown, and pixels of a row."""
    width, row = _heading_size(table)
    columns = {
        column.key: _column(table, column, pinned=place == 0, width=None if place else width)
        for place, column in enumerate(table.on_page)
    }
    return columns, row


def _heading_size(table: Table) -> tuple[int | None, int]:
    """Pixels of what heads the rows, across: its longest name, while the first measure stays in
    view on a phone (None where there is little else); and down, where it takes two or three lines
    there.
    """
    if len(table.on_page) <= 2:
        return None, _ROW
    names = table.frame[table.on_page[0].key].dropna().astype(str)
    needed = round(_LETTER * max(map(len, [table.on_page[0].label, *names])))
    if not browser.is_phone():
        return min(_WIDE, max(80, _AROUND + needed)), _ROW
    width = max(80, _AROUND + needed)
    return min(_ON_PHONE, width), _TALL if width > _ON_PHONE else _ROW


def _column(table: Table, column: Column, *, pinned: bool, width: int | None) -> Any:
    form = FORMS[column.form]
    if not form.column:
        return st.column_config.TextColumn(column.label, pinned=pinned, width=width)
    values = table.frame[column.key]
    if column.bar and values.notna().any():
        # One figure far out would leave the others no bar.
        longest = form.times * min(float(values.max()), _LONGEST * float(values.median()))
        return st.column_config.ProgressColumn(
            column.label,
            format=form.column,
            min_value=0.0,
            max_value=longest,
            pinned=pinned,
            width=_BAR,
        )
    # Where a figure is missing, its word stands whole, too.
    word = max(len(column.label), len(table.missing)) if values.isna().any() else 0
    width = _AROUND + round(_LETTER * word) if word == len(table.missing) else None
    return st.column_config.NumberColumn(
        column.label, format=form.column, pinned=pinned, width=width
    )


def _tinted(table: Table) -> Any:
    """The same with the name of each hub on a tint of its colour, as its land on maps."""
    frame = _sortable(table)
    tints = [
        colour and f"background-color: {colour}{_TINT}; color: #000000" for colour in table.colours
    ]
    return frame.style.apply(lambda _: tints, subset=[frame.columns[0]])


def _sortable(table: Table) -> pd.DataFrame:
    """Words for yes and no, shares in per cent; numbers and words as they are, to be sorted."""
    frame = table.frame[[column.key for column in table.on_page]]
    shown: dict[str, Any] = {}
    for column in table.on_page:
        if column.form == "yes":
            shown[column.key] = [cell_text(value, "yes") for value in frame[column.key]]
        elif FORMS[column.form].times != 1:
            shown[column.key] = FORMS[column.form].times * frame[column.key]
    return frame.assign(**shown)


def chart(block: Chart, *, key: str) -> None:
    """A chart under its title, with its text alternative."""
    st.markdown(f"**{plain(block.title)}**")
    _picture(kept(block, "number", lambda: next(_numbers)), key, block)


# Streamlit keeps what such a function draws and sends it again: making a chart takes longest.
@st.cache_resource(show_spinner=False, max_entries=500)
def _picture(number: int, key: str, _chart: Chart) -> None:  # noqa: ARG001 - the cache's key
    st.altair_chart(page_charts.drawn(_chart), key=key, alt=_chart.alt)
