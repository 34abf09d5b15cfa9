"""England by ICB, sub-ICB location or district: choose a measure, see all, open any of them."""

import streamlit as st

from pcs_dash.ui import address, england_picker, page, page_parts
from pcs_dash.ui.view_page import show_view
from pcs_dash.views.registry import find_view

_, web, question = page.begin(needs_gps=False)
view = find_view("england")
st.title("England: every ICB and district")
st.caption(view.about)
address.fragment(show_view)(view, web, question, picture=england_picker.explore)
page_parts.footer()
