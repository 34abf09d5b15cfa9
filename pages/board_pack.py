"""What to leave behind after the meeting: slides, a paper, a page, the tables."""

import streamlit as st

from pcs_dash.ui import help_panel, page, page_parts, presenting
from pcs_dash.ui.hubs import plan_upload
from pcs_dash.ui.stories import handout
from pcs_dash.ui.text import plain
from pcs_dash.views.story import ready_made

dataset, web, choices = page.begin()
area = choices.area

st.title(f"Board pack: {plain(area.label)}")
help_panel.about("board_pack")
page_parts.headline(
    "A story in nine views for the board, with the figures and definitions in the notes."
)
st.markdown(
    "Where we are, practice by practice, whether it is where people are deprived, how sure we are, "
    "the options and what each costs and gains. It follows the sidebar: area, which GPs count, IMD "
    "edition, benchmark, exclusions. Charts and tables in the slides are native, so you can edit "
    "them. Everything is made on this computer. To show it, or to change its "
    "views and their order: the page Stories."
)

switches = presenting.switches_of(choices)

with st.expander("Put a plan of hubs beside today's PCNs, or use your own PowerPoint template"):
    plan_file = st.file_uploader(
        f"Plan ({plan_upload.KINDS})", key="board-plan", max_upload_size=50
    )
    reading = plan_upload.for_paper(plan_file, dataset.practices, area) if plan_file else None
    template_file = st.file_uploader(
        "PowerPoint template", type=["pptx", "potx"], key="board-template", max_upload_size=50
    )

# Without a file, the plan that is open on the page Hubs.
presenting.open_plan(dataset, choices)
plan, plan_name = presenting.plan_for("options")
if plan is not None and plan_file is None:
    st.caption(f"With the plan that is open on the page Hubs: {plain(plan_name or 'unnamed')}.")
if plan_file is not None and reading is None:
    st.stop()
if reading is not None:
    plan, plan_name = reading.plan, reading.called
template = template_file.getvalue() if template_file is not None else None

handout.offer(
    lambda: ready_made(area, switches=switches, plan=plan, plan_name=plan_name),
    area,
    plan=plan,
    plan_name=plan_name,
    template=template,
)
page_parts.footer(plain(choices.basis))
