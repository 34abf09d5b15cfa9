"""Which practices belong together? Paint hubs on the map, see what they mean, save and compare."""

import streamlit as st

from pcs_dash.sources import WORKFORCE_PERIOD
from pcs_dash.ui import page, show
from pcs_dash.ui.hubs import builder, work

dataset, web, choices = page.begin()
work.begin(dataset, choices)

st.title(f"Hubs: {choices.area.label}")
builder.show(dataset, web, choices)
show.footer(
    f"General Practice Workforce, {WORKFORCE_PERIOD} (NHS England). "
    f"Benchmark: {choices.benchmark.source}. IMD {choices.edition} (MHCLG)."
)
