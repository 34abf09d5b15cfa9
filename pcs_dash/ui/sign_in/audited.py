"""The audit from a page: what is done to the data, and the table of who did what."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pcs_dash.store import audit
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import boxes, page_parts
from pcs_dash.ui.hubs.open_plan import database
from pcs_dash.ui.sign_in import person
from pcs_dash.ui.text import plain

TAB = "Who did what"
_SHOWN = 1_000


def note(action: str, detail: str) -> None:
    """Tell the audit what who looks at this page has done to the data."""
    looking = person.who()
    if looking.signed_in:
        audit.note(database(), looking, action, detail=detail)


def panel() -> None:
    """Who signed in, saved, shared, deleted, loaded, was refused; the latest first."""
    try:
        rows = audit.entries(database(), limit=_SHOWN)
    except UserError as error:
        st.error(plain(str(error)))
        return
    st.caption(
        f"The last {_SHOWN:,} at most, latest first, times in UTC; whoever runs the server can "
        "list all. Names of plans are not in it, since private ones are not for others to read."
    )
    table = pd.DataFrame(
        {
            "When": row["at"],
            "Who": row["name"],
            "Person": row["person"],
            "Role": row["role"],
            "What": row["action"],
            "Of": row["kind"] or None,
            "Number": row["document_id"],
            "Detail": None if row["action"].startswith("signed") else row["detail"] or None,
        }
        for row in rows
    )
    if table.empty:
        st.info("Nothing yet.")
        return
    table["Number"] = table["Number"].astype("Int64")
    boxes.table(
        table,
        "Who did what, latest first",
        height="content" if len(table) <= 12 else 460,
        column_config={"When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss")},
    )
    page_parts.download_csv(table, name="audit")
