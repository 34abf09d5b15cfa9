"""The user's own premises, against what the patients of the last year need."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.render.csv_files import table_csv
from pcs_dash.scenarios.premises import COLUMNS, read_premises
from pcs_dash.store.rights import Action
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import blocks, page_parts, slow_work
from pcs_dash.ui.sign_in import person
from pcs_dash.ui.text import plain
from pcs_dash.views.answer import Column, Table
from pcs_dash.views.plan_ahead import premises_ahead
from pcs_dash.views.question import Question

# What a list of a county's sites is far below; what takes longer to read is made to.
LARGEST_MB, READ_SECONDS = 5, 20.0


def _read(given: Any) -> pd.DataFrame:
    """The premises of a file, kept for the next run of the page."""
    kept_at = f"scenario-premises-{given.file_id}"
    if kept_at not in st.session_state:
        st.session_state[kept_at] = slow_work.away(
            read_premises,
            given.getvalue(),
            given.name,
            label="Reading the file",
            seconds=READ_SECONDS,
        )
    found: pd.DataFrame = st.session_state[kept_at]
    return found


def show(question: Question) -> None:
    """A box for the file, kept in this session alone, and the table of what is short."""
    if not person.allowed(Action.UPLOAD):
        return
    with st.expander("Your premises against need"):
        given = st.file_uploader(
            "Premises (CSV)",
            type=["csv"],
            key="scenario-premises",
            max_upload_size=LARGEST_MB,
            help=f"Columns: {', '.join(COLUMNS)}; the first two are needed. It is read here and "
            "kept nowhere.",
        )
        if given is None:
            return
        try:
            premises = _read(given)
            year, found, years, fallen = premises_ahead(question, premises)
        except UserError as error:
            st.error(plain(str(error)))
            return
        table = Table(
            f"Premises in {year}, the shortest of space first",
            found,
            (
                Column("practice_name", "Practice", wide=2.2),
                Column("patients", "Patients", "count"),
                Column("leases_end", "Leases that have ended", "count"),
                Column("m2", "Square metres", "count"),
                Column("m2_needed", "Needed", "count"),
                Column("m2_short", "Short of", "count"),
                Column("m2_short_low", "Low", "count"),
                Column("m2_short_high", "High", "count"),
                Column("rooms", "Rooms", "count"),
                Column("rooms_needed", "Rooms needed", "tenth"),
                Column("rooms_short", "Rooms short of", "tenth"),
                Column("pounds", "Pounds", "count"),
            ),
        )
        blocks.data_table(table, key="scenario-premises-table", pick=lambda *_: None)
        gone = f" Given up with what closes or merges: {', '.join(fallen)}." if fallen else ""
        st.caption(
            f"A lease that ends by {year} is taken to be lost; where a site's size is not "
            f"given, or it is not in the list, the practice's is not known.{plain(gone)}"
        )
        blocks.data_table(_years(years), key="scenario-premises-years", pick=lambda *_: None)
        page_parts.download_csv(table_csv(found), name="premises-against-need")


def _years(years: pd.DataFrame) -> Table:
    return Table(
        "Year by year, practices of the list whose size is known together",
        years,
        (
            Column("year", "Year", "year"),
            Column("sites", "Sites", "count"),
            Column("m2", "Square metres", "count"),
            Column("m2_needed", "Needed", "count"),
            Column("m2_short", "Short of", "count"),
            Column("rooms", "Rooms", "count"),
            Column("rooms_needed", "Rooms needed", "tenth"),
            Column("rooms_short", "Rooms short of", "tenth"),
        ),
    )
