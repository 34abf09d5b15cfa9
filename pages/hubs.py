"""Which practices belong together? Paint hubs on the map, see what they mean, save and compare."""

import streamlit as st

from pcs_dash.sources import WORKFORCE_PERIOD
from pcs_dash.ui import page, show
from pcs_dash.ui.hubs import builder, panels
from pcs_dash.ui.hubs.work import begin

dataset, web, choices = page.begin()
work = begin(dataset, choices)

st.title(f"Hubs: {choices.area.label}")
with st.container(horizontal=True):
    panels.start(work, choices)
    panels.open_file(work, dataset, choices)
    panels.download(work, dataset, choices)
builder.show(work, dataset, web, choices)
show.footer(
    f"General Practice Workforce, {WORKFORCE_PERIOD} (NHS England). "
    f"Benchmark: {choices.benchmark.source}. IMD {choices.edition} (MHCLG)."
)
