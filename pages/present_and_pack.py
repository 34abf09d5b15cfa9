"""What is shown, in which order, and what is left behind: slides, a paper, a page, the tables."""

import streamlit as st

from pcs_dash.ui import help_panel, page, page_parts
from pcs_dash.ui.stories import editor
from pcs_dash.ui.text import plain

dataset, web, choices = page.begin()

st.title(f"Present and pack: {plain(choices.area.title)}")
help_panel.about("present_and_pack")
editor.show_editor(dataset, web, choices)
page_parts.footer(plain(choices.basis))
