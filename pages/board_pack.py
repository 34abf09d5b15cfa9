"""What to leave behind after the meeting: slides, a paper, a page, the tables."""

import streamlit as st

from pcs_dash.errors import UserError
from pcs_dash.hubs.files import read_plan
from pcs_dash.hubs.plan import Plan
from pcs_dash.report import files
from pcs_dash.report.content import build_deck
from pcs_dash.stories import ready_made
from pcs_dash.ui import page, show
from pcs_dash.ui.text import plain

dataset, web, choices = page.begin()
area = choices.area

st.title(f"Board pack: {area.label}")
show.headline("A story in nine views for the board, with the figures and definitions in the notes.")
st.markdown(
    "Where we are, practice by practice, whether it is where people are deprived, how sure we are, "
    "the options and what each costs and gains. It follows the sidebar: area, which GPs count, IMD "
    "edition, benchmark, exclusions. Charts and tables in the slides are native, so you can edit "
    "them. Everything is made on this computer."
)

switches = {
    "gp": choices.definition.key,
    "imd": choices.edition,
    "benchmark": choices.benchmark.key,
    "exclude": "true" if choices.excludes_flagged else "false",
}
if choices.benchmark.key == "own":
    switches["own"] = f"{choices.benchmark.value:g}"

with st.expander("Put a plan of hubs beside today's PCNs, or use your own PowerPoint template"):
    plan_file = st.file_uploader(
        "Plan (CSV, Excel or GeoJSON, as downloaded from the Hubs page)",
        type=["csv", "xlsx", "geojson", "json"],
        key="board-plan",
    )
    template_file = st.file_uploader("PowerPoint template", type=["pptx"], key="board-template")

plan: Plan | None = None
if plan_file is not None:
    try:
        plan = read_plan(plan_file.name, plan_file.getvalue(), dataset.practices).plan
    except UserError as error:
        st.error(plain(str(error)))
        st.stop()
template = template_file.getvalue() if template_file is not None else None
plan_name = plan_file.name.rsplit(".", 1)[0] if plan_file is not None else ""


def prepare(kind: str) -> None:
    """Make one file and keep it for its download button; a fault is told and nothing is kept."""
    try:
        with st.spinner(f"Making {files.KINDS[kind]} ..."):
            story = ready_made(area, switches=switches, plan=plan, plan_name=plan_name)
            deck = build_deck(dataset, story, area=area, plan=plan, plan_name=plan_name)
            made = files.make(deck, kind, template=template if kind == ".pptx" else None)
    except UserError as error:
        st.error(plain(str(error)))
        return
    st.download_button(
        f"Save {files.KINDS[kind]} ({len(made) / 1e6:.1f} MB)",
        made,
        file_name=f"{area.key}-board{kind}",
        mime=files.MIME[kind],
        key=f"save{kind}",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )


ABOUT = {
    ".pptx": "Slides with native charts and tables, maps as pictures, speaker notes, alt text.",
    ".pdf": "The same as a paper.",
    ".html": "One file that opens from a memory stick with no network; its maps pan and zoom.",
    ".xlsx": "Measures by place, district, PCN and practice, with definitions and sources.",
}
for kind, about in ABOUT.items():
    with st.container(border=True):
        st.markdown(f"**{files.KINDS[kind][0].upper()}{files.KINDS[kind][1:]}.** {about}")
        if st.button("Make it", key=f"make{kind}", help=f"Make {files.KINDS[kind]}"):
            prepare(kind)

show.footer(choices.basis)
