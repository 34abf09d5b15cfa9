"""What every page begins with."""

from __future__ import annotations

import streamlit as st

from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.sources import ATTRIBUTION
from pcs_dash.ui import data, navigation
from pcs_dash.ui.choices import of_this_run
from pcs_dash.ui.text import plain
from pcs_dash.views.question import Question
from pcs_dash.views.web_files import WebFiles

# Less empty space above the title, small tables that fit a phone, a focus ring that shows.
_STYLE = """
<style>
.stMainBlockContainer { padding-top: 2.6rem; padding-bottom: 2rem; }
.stMainBlockContainer h1 { font-size: 1.9rem; padding: 0 0 0.3rem; }
.st-key-questions p { line-height: 1.4; }
.st-key-headline p { font-size: 1.25rem; font-weight: 600; line-height: 1.35; }
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {
  color: #425563 !important; opacity: 1 !important;
}
.stMainBlockContainer h2 { font-size: 1.4rem; padding-bottom: 0.2rem; }
.stMainBlockContainer h3 { font-size: 1.15rem; }
.st-key-headline-figures [data-testid="stHorizontalBlock"] {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(148px, 1fr)); gap: 0.6rem 1rem;
}
.st-key-headline-figures [data-testid="stColumn"] { width: auto; min-width: 0; }
.st-key-headline-figures [data-testid="stMetricValue"] { font-size: 1.8rem; }
[data-testid="stMetric"] [data-testid^="stMetric"],
[data-testid="stMetric"] [data-testid^="stMetric"] * {
  white-space: normal; overflow: visible; text-overflow: clip;
}
.st-key-scenario-changes [data-testid="stCheckbox"] * {
  white-space: normal; overflow: visible; text-overflow: clip;
}
[data-testid="stPopoverBody"]:has(.st-key-scenario-add) { min-width: min(36rem, 92vw); }
.st-key-scenario-changes .stElementContainer:has(.stCheckbox) { flex: 1 1 13rem; min-width: 0; }
.pcs-small-table { overflow: auto; max-height: 30rem; font-size: 0.86rem; }
.pcs-small-table caption { text-align: left; font-weight: 600; padding-bottom: 4px; }
.pcs-small-table thead th { position: sticky; top: 0; background: #ffffff; }
.pcs-small-table table { border-collapse: collapse; width: 100%; }
.pcs-small-table th, .pcs-small-table td {
  border-bottom: 1px solid #d8dde0; padding: 4px 8px 4px 0; text-align: right; vertical-align: top;
}
.pcs-small-table th:first-child, .pcs-small-table td:first-child { text-align: left; }
.pcs-small-table tbody th { font-weight: 400; }
[data-testid="stTabs"] [role="tablist"] { flex-wrap: wrap; row-gap: 0; overflow: visible; }
:focus-visible { outline: 3px solid #d6006e !important; outline-offset: 1px; }
/* Where what is around would cut it off, the ring stands inside. */
:is(input, textarea, canvas, .stMain, .stSelectbox button, .stMultiSelect button,
  [data-testid="stDataFrame"] *, .pcs-hubs-list button):focus-visible {
  outline-offset: -3px !important;
}
@media (min-width: 641px) and (max-width: 1200px) {
  .stMainBlockContainer { padding-left: 1.5rem; padding-right: 1.5rem; }
  .stMainBlockContainer h1 { font-size: 1.5rem; }
  .st-key-questions p { font-size: 0.86rem; }
  .st-key-headline-figures [data-testid="stHorizontalBlock"] {
    grid-template-columns: repeat(auto-fit, minmax(124px, 1fr));
  }
  .st-key-headline-figures [data-testid="stMetricValue"] { font-size: 1.35rem; }
  .st-key-headline-figures [data-testid="stMetricLabel"] p,
  .st-key-headline-figures [data-testid="stMetricDelta"] { font-size: 0.68rem; }
  :is(.st-key-picture-overview, .st-key-picture-practices, .st-key-picture-pattern)
    [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  :is(.st-key-picture-overview, .st-key-picture-practices, .st-key-picture-pattern)
    [data-testid="stColumn"] { flex: 1 1 100%; }
}
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; padding-top: 4.2rem; }
  .stMainBlockContainer h1 { font-size: 1.5rem; }
  .st-key-headline p { font-size: 1.05rem; }
  .pcs-small-table { max-height: 44rem; }
  /* The buttons over a table, always there on a touch screen, leave its caption free. */
  .stElementContainer:has([data-testid="stDataFrame"]) { margin-top: 1.4rem; }
  .pcs-stacked thead { position: sticky; top: 0; background: #ffffff; }
  .pcs-stacked tr { display: flex; flex-wrap: wrap; border-bottom: 1px solid #d8dde0; }
  .pcs-stacked :is(th, td) { flex: 1 1 0; min-width: 0; border: none; }
  .pcs-stacked tr > :first-child { flex: 0 0 100%; padding-bottom: 0; }
}
</style>
"""

# In a frame of another site: the page alone, as its address asks for it.
_FRAMED = """
<style>
[data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stExpandSidebarButton"] {
  display: none !important;
}
</style>
"""


def begin(*, needs_gps: bool = True) -> tuple[Dataset, WebFiles, Question]:
    """The data, the map's files and the sidebar's choices; where no GP figures are loaded, a page
    that `needs_gps` says which file would bring them.
    """
    if of_this_run.get(None) is None:
        # Streamlit ran the page's file alone, as it does until st.navigation was first called:
        # never where the server warmed up, always in AppTest.
        st.navigation(navigation.pages())
        st.rerun()
    st.html(_STYLE)
    if st.context.is_embedded:
        st.html(_FRAMED)
    dataset, files = data.of_this_run.get() or data.load()
    if needs_gps and not dataset.has_gps:
        name = plain(of_this_run.get().area.name)
        st.info(
            f"No GP figures (FTE) are loaded for {name}, so what rests on them is left out. The "
            "General Practice Workforce file brings them: choose it under Data and methods."
        )
    return dataset, files, of_this_run.get()


def foot(question: Question) -> None:
    """Under every page: which GPs and when, the benchmark's source, and the attribution."""
    st.caption(
        f"{plain(question.basis)} Benchmark: {plain(question.benchmark.source)}. {ATTRIBUTION}"
    )
