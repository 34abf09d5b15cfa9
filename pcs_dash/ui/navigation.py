"""The pages and their order."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from pcs_dash.ui import address, choices, data, help_panel, presenting, search_box, tabs
from pcs_dash.ui.sign_in import person


def configure() -> None:
    """Title, icon and layout, the same on every page."""
    st.set_page_config(
        page_title="pcs_dash: primary care planning in Essex",
        page_icon="pcs_dash/assets/icon.png",
        layout="wide",
        initial_sidebar_state=244,
    )


def pages() -> list[Any]:
    """The pages in the order of the menu.

    One list without headings: Streamlit's headings put a `div` among the items of a list, which
    screen readers stumble over (axe: list, listitem).
    """
    return [
        st.Page("pages/overview.py", title="Overview", icon=":material/home:", default=True),
        st.Page("pages/practices.py", title="Practices", icon=":material/stethoscope:"),
        st.Page("pages/deprivation_and_gps.py", title="Deprivation and GPs", icon=":material/map:"),
        st.Page("pages/hubs.py", title="Hubs", icon=":material/hub:"),
        st.Page("pages/plan_ahead.py", title="Plan ahead", icon=":material/event_upcoming:"),
        st.Page(
            "pages/present_and_pack.py", title="Present and pack", icon=":material/co_present:"
        ),
        st.Page("pages/data_and_methods.py", title="Data and methods", icon=":material/menu_book:"),
        # Behind a card of the Overview, where its data are loaded.
        st.Page("pages/england.py", title="England", visibility="hidden"),
    ]


def run() -> None:
    """Show the menu and the sidebar, and run the chosen page; called by app.py.

    The sidebar is drawn here and not by the pages, so that it is the same whatever the page is.
    """
    page = st.navigation(pages(), expanded=True)
    address.begin(page.url_path)
    with suppress(address.EndedEarly):
        _show(page)
    address.end()


def _show(page: Any) -> None:
    try:
        # England's practices have no ratios of weighted lists.
        chosen = choices.sidebar(weighted=page.url_path != "england")
    except address.EndedEarly:
        # No such area, so no map.
        address.of_map("")
        raise
    choices.of_this_run.set(chosen)
    dataset, files = data.of(chosen.area)
    search_box.box(dataset, files, chosen)
    help_panel.button(dataset, files)
    # After what lies over the top of the page, so that what the address asks for in vain is seen.
    sheet = tabs.open_sheet(page.url_path)
    tabs.of_this_run.set(sheet)
    address.of_map(presenting.place_of_map(sheet, files, chosen.area) if sheet else "")
    if sheet is not None:
        presenting.bar(sheet, dataset, files, chosen)
    person.show()
    page.run()
