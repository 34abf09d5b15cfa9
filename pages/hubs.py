"""Which practices belong together? Paint hubs on the map, see what they mean, save and compare."""

from collections.abc import Callable

import streamlit as st

from pcs_dash.ui import address, boxes, help_panel, page, page_parts
from pcs_dash.ui.hubs import (
    builder,
    comparing,
    panels,
    plan_saving,
    rules_panel,
    standing,
    suggesting,
)
from pcs_dash.ui.hubs.address_plan import begin
from pcs_dash.ui.text import plain

dataset, web, choices = page.begin()
opened = begin(dataset, choices)

builder.make_room()
st.title(f"Hubs: {plain(choices.area.title)}")
help_panel.about("hubs")
if choices.practices.empty:
    st.info("No practice is left in this area. Switch the exclusion off, or choose another area.")
    raise address.EndedEarly
with st.container(horizontal=True, gap="xsmall"):
    panels.start(opened, choices)
    panels.open_file(opened, dataset, choices)
    plan_saving.save(opened, dataset)
    panels.download(opened, dataset, choices)
    if st.button(
        "Look ahead",
        icon=":material/event_upcoming:",
        key="hub-ahead",
        help="What becomes of this plan in the years to come",
        on_click=address.ask,
        args=({"plan-part": "by-place-and-hub"},),
    ):
        st.switch_page("pages/plan_ahead.py", query_params=address.said())
above = st.container()
panels.told(opened)
builder.show(opened, dataset, web, choices)


@address.fragment
def more() -> None:
    """What needs more room than the map leaves, one at a time: only the open tab is made."""
    drawn: dict[str, Callable[[], object]] = {
        "Paint": lambda: None,
        "Suggest hubs": lambda: suggesting.panel(opened, dataset, choices),
        "Where sites stand": lambda: standing.panel(web, choices, opened),
        "Compare": lambda: comparing.panel(opened, dataset, web, choices),
        "Plan library": lambda: plan_saving.browse(opened, dataset),
        "Rules": lambda: rules_panel.edit(opened, dataset),
    }
    if suggesting.just_taken():
        # Before the address is written, which says which tab is open.
        st.session_state["hub-tab"] = "Paint"
    boxes.tabs(drawn, address.choice("hub-tab", list(drawn)))


# Made after the map has heard what was painted, and shown above it.
with above:
    more()
page_parts.footer(
    f"General Practice Workforce, {plain(choices.period)} (NHS England). "
    f"Benchmark: {plain(choices.benchmark.source)}. IMD {choices.edition} (MHCLG)."
)
