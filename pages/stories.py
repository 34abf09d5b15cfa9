"""What is shown, in which order: the presenter's list of views."""

import streamlit as st

from pcs_dash.ui import help_panel, page, page_parts
from pcs_dash.ui.stories import editor
from pcs_dash.ui.text import plain

dataset, web, choices = page.begin()

st.title("Stories")
help_panel.about("stories")
editor.show_editor(dataset, web, choices)
page_parts.footer(plain(choices.basis))
