"""What each figure is, from when, under what licence, what is missing, and how it is defined."""

import streamlit as st

from pcs_dash.ui import embedded_figures, help_panel, official_data, page, page_parts

dataset, web, choices = page.begin()
store, manifest, rows = official_data.rows_now()

st.title("Data and methods")
help_panel.about("data_and_methods")
page_parts.headline(official_data.message(rows))
st.caption(
    "What each figure is, from when, under what licence; what is missing; how every measure is "
    "defined. Nothing on this page is fetched from the internet."
)

official_data.section(store, manifest, rows)
embedded_figures.figures(dataset, choices.area)
page_parts.footer()
