"""Where to go from the Overview: what can be done next, and what else is loaded."""

from __future__ import annotations

import streamlit as st

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
            st.page_link(
                "pages/practices.py",
                label="List sizes over time",
                icon=":material/timeline:",
                query_params=places.sheet_of("trends").asked,
            )
