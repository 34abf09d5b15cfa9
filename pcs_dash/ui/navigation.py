"""The pages and their order."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from pcs_dash.ui import address, choices, data, help_panel, presenting, search_box


def configure() -> None:
    """Title, icon and layout, the same on every page."""
    st.set_page_config(
        page_title="pcs_dash: primary care planning in Essex",
        page_icon="pcs_dash/assets/icon.png",
        layout="wide",
    )


def pages() -> list[Any]:
    """The pages in the order of the menu.

    One list without headings: Streamlit's headings put a `div` among the items of a list, which
    screen readers stumble over (axe: list, listitem).
    """
    return [
        st.Page(
            "pages/under_doctoring.py",
            title="Under-doctoring",
            icon=":material/stethoscope:",
            default=True,
        ),
        st.Page("pages/deprivation.py", title="Deprivation", icon=":material/map:"),
        st.Page("pages/correlation.py", title="Correlation", icon=":material/scatter_plot:"),
        st.Page("pages/inequality.py", title="Inequality", icon=":material/stairs:"),
        st.Page(
            "pages/spatial_pattern.py", title="Spatial pattern", icon=":material/bubble_chart:"
        ),
        st.Page("pages/robustness.py", title="Does it survive?", icon=":material/rule:"),
        st.Page("pages/then_and_now.py", title="Then and now", icon=":material/history:"),
        st.Page("pages/plan_ahead.py", title="Plan ahead", icon=":material/event_upcoming:"),
        st.Page("pages/england.py", title="England", icon=":material/travel_explore:"),
        st.Page("pages/catchments.py", title="Who lives where", icon=":material/home_pin:"),
        st.Page("pages/getting_there.py", title="Getting there", icon=":material/directions_walk:"),
        st.Page("pages/trends.py", title="List sizes over time", icon=":material/timeline:"),
        st.Page("pages/quality.py", title="Quality beside capacity", icon=":material/verified:"),
        st.Page("pages/hubs.py", title="Hubs", icon=":material/hub:"),
        st.Page("pages/stories.py", title="Stories", icon=":material/slideshow:"),
        st.Page("pages/board_pack.py", title="Board pack", icon=":material/co_present:"),
        st.Page("pages/data_and_methods.py", title="Data and methods", icon=":material/menu_book:"),
    ]


def run() -> None:
    """Show the menu and the sidebar, and run the chosen page; called by app.py.

    The sidebar is drawn here and not by the pages, so that it is the same whatever the page is.
    """
    page = st.navigation(pages(), expanded=True)
    address.begin(page.url_path)
    try:
        _show(page)
    except StopException:
        # A page that has nothing to show ends early; what was chosen on it stands all the same.
        address.end()
        raise
    address.end()


def _show(page: Any) -> None:
    chosen = choices.sidebar()
    choices.of_this_run.set(chosen)
    dataset, files = data.of(chosen.area)
    address.of_map(presenting.place_of_map(page.url_path, files, chosen.area))
    search_box.box(dataset, files, chosen)
    presenting.bar(page.url_path, dataset, files, chosen)
    help_panel.button(dataset, files)
    page.run()
