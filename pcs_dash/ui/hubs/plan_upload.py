"""A plan's file on a page: what was read of it, what could be read instead, before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.hubs.reading import (
    ColumnChoiceError,
    CrossingShapeError,
    PlanReading,
    read_plan,
)
from pcs_dash.hubs.reading.rows import OnUnknown
from pcs_dash.jobs import JobError
from pcs_dash.measures.numbers import count
from pcs_dash.tables.areas import Area
from pcs_dash.tables.errors import InputFileError
from pcs_dash.ui import slow_work
from pcs_dash.ui.text import plain

KINDS = "CSV, Excel, OpenDocument, GeoJSON, GeoPackage, KML, zipped shapefile or exported plan"
_SHOWN = 12
# A real plan takes one or two; what takes longer is made to.
READ_SECONDS = 60.0


def read_uploaded(
    uploaded: Any, practices: pd.DataFrame, area: Area, *, key: str, unknown: OnUnknown
) -> PlanReading | None:
    """What is in an uploaded file. Whatever is wrong with it is told, and what can be read in two
    ways is asked; None while that leaves nothing to use. `key` begins the keys of the widgets.
    """
    own = f"{key}-{uploaded.file_id}"
    choice = {
        "sheet": st.session_state.get(f"{own}-sheet"),
        "column": st.session_state.get(f"{own}-column"),
        "repair": bool(st.session_state.get(f"{own}-repair")),
        "nearest_names": bool(st.session_state.get(f"{own}-nearest")),
    }
    try:
        reading = _read(uploaded, practices, area, f"{own}-read", choice, unknown)
    except InputFileError as error:
        _explain(error, own)
        return None
    except JobError as error:
        st.error(f"**{plain(uploaded.name)}** was not opened. {plain(str(error))}")
        return None
    st.markdown(f"**{plain(reading.file)}**: {plain(reading.read_as)}")
    asked = _choices(reading, own, chosen=choice["column"] is not None)
    return reading if asked else None


def _read(
    uploaded: Any,
    practices: pd.DataFrame,
    area: Area,
    kept_at: str,
    choice: dict[str, Any],
    unknown: OnUnknown,
) -> PlanReading:
    """The reading, kept for the next run of the page: a large file takes a second to read."""
    about = (*choice.values(), area.key, len(practices))
    held = st.session_state.get(kept_at)
    if held is None or held[0] != about:
        found = slow_work.away(
            read_plan,
            uploaded.name,
            uploaded.getvalue(),
            practices,
            area=area,
            unknown=unknown,
            label="Reading the file",
            seconds=READ_SECONDS,
            **choice,
        )
        st.session_state[kept_at] = held = (about, found)
    reading: PlanReading = held[1]
    return reading


def _choices(reading: PlanReading, own: str, *, chosen: bool) -> bool:
    """Ask what else could be read; whether all that must be answered is."""
    # As first read: what was chosen comes first later, and a list must not turn under the hand.
    sheets = st.session_state.setdefault(f"{own}-sheets", reading.sheets)
    if len(sheets) > 1:
        st.selectbox("Sheet or layer", sheets, key=f"{own}-sheet", format_func=plain)
    columns, sure = st.session_state.setdefault(
        f"{own}-columns-{reading.sheet}", (reading.columns, reading.sure)
    )
    if len(columns) > 1:
        _ask_column(columns, own, index=0 if sure else None)
    if any(row.why.startswith("perhaps") for row in reading.unknown):
        st.toggle("Take the nearest name where none is the very one", key=f"{own}-nearest")
    return sure or chosen or len(columns) < 2


def _ask_column(columns: Sequence[str], own: str, *, index: int | None) -> None:
    label, key = "Which column holds the hubs?", f"{own}-column"
    st.selectbox(
        label, columns, index, key=key, format_func=plain, placeholder="Choose the column"
    )  # fmt: skip


def _explain(error: InputFileError, own: str) -> None:
    """Every fault with its row and column, and what would get around them."""
    st.error(f"**{plain(error.file_name)}** was not opened. Your plan is as it was.")
    st.markdown("\n".join(f"- {plain(problem)}" for problem in error.problems))
    if isinstance(error, ColumnChoiceError):
        _ask_column(error.columns, own, index=None)
    elif isinstance(error, CrossingShapeError):
        st.button(
            "Open it: take all that the crossing lines enclose",
            key=f"{own}-repair-go",
            on_click=st.session_state.__setitem__,
            args=(f"{own}-repair", True),
        )


def for_paper(uploaded: Any, practices: pd.DataFrame, area: Area) -> PlanReading | None:
    """A plan's file to be used at once; None where it can't be, which is told."""
    reading = read_uploaded(uploaded, practices, area, key="board-plan", unknown="leave out")
    if reading is None:
        return None
    preview(reading, area)
    if reading.nobody:
        st.warning(plain(reading.nobody))
        return None
    return reading


def preview(reading: PlanReading, area: Area) -> None:
    """What the plan would be: practices, hubs, what the data lack and what was left out."""
    hubs = [(hub.name, len(reading.plan.members(hub.id))) for hub in reading.plan.hubs]
    named = ", ".join(f"{plain(name)} {count:,}" for name, count in hubs[:_SHOWN])
    more = f" and {len(hubs) - _SHOWN:,} more" if len(hubs) > _SHOWN else ""
    st.markdown(
        f"**{count(reading.practices, 'practice')} in {count(reading.hubs, 'hub')}** "
        f"({named or 'none'}{more}); "
        f"{reading.in_area:,} of the {reading.of_area:,} practices of {plain(area.label)}."
    )
    counts = {
        "In no hub": reading.without_hub,
        "Not in the data": len(reading.unknown),
        "Of these closed": reading.closed,
        "Outside the area": len(reading.elsewhere),
        "Rows left out": reading.left_out,
    }
    told = [f"{label}: {count:,}" for label, count in counts.items() if count]
    if told:
        st.caption(". ".join(told) + ".")
    for row in reading.unknown[:_SHOWN]:
        st.markdown(f"- {plain(f'{row.at}: {row.words}' if row.at else row.words)}")
    if len(reading.unknown) > _SHOWN:
        st.markdown(f"- and {len(reading.unknown) - _SHOWN:,} more that the data lack")
    notes(reading)


def notes(reading: PlanReading) -> None:
    """What there is to know of a file that was read."""
    for note in reading.notes:
        st.markdown(f"- {plain(note)}")
