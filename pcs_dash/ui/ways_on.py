"""Where to go from the Overview: what can be done next, and what else is loaded."""

from __future__ import annotations

import streamlit as st

from pcs_dash.ui import address
from pcs_dash.views import places
from pcs_dash.views.question import Question


def ways_on(question: Question) -> None:
    """Links to the next steps; to England and to lists over time where their data are loaded."""
    with st.container(horizontal=True, key="ways-on"):
        st.page_link("pages/practices.py", label="All practices", icon=":material/list:")
        st.page_link("pages/hubs.py", label="Group into hubs", icon=":material/hub:")
        st.page_link("pages/plan_ahead.py", label="Plan ahead", icon=":material/event_upcoming:")
        st.page_link("pages/present_and_pack.py", label="Present", icon=":material/co_present:")
        if question.readers.version:
            st.page_link(
                "pages/england.py", label="England compared", icon=":material/travel_explore:"
            )
            lists = places.sheet_of("trends")
            if st.button(
                "List sizes over time",
                icon=":material/timeline:",
                type="tertiary",
                on_click=address.ask,
                args=(lists.asked,),
            ):
                # What the address says stays in it, so that Back leads to this very view.
                st.switch_page(f"pages/{lists.path}.py", query_params=address.said())
