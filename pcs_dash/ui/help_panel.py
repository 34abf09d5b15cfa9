"""Help on every page: what am I looking at, the words used, a tour of six steps, an example.

The help travels only when it is opened: a small file from the app itself, so it works offline.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.measures import glossary
from pcs_dash.render import web
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.sources import WORKFORCE_PERIOD
from pcs_dash.ui import data
from pcs_dash.ui.component import component

# What am I looking at? One line, drawn by `about` under the title, for every
# page that is not of views: those say it themselves (`View.about`).
WHAT = {
    "hubs": "Practices in groups: paint them on the map and see at once what each group means.",
    "present_and_pack": "The views you will show, in order, each with a line of your own; on "
    "screen, or as slides, a paper, a page or a spreadsheet to leave behind.",
    "data_and_methods": "Where every figure comes from, of when it is, what is missing, and how "
    "it is worked out.",
}


@dataclass(frozen=True)
class Step:
    """A step of the tour: what it points at (CSS, first that is on screen), title and words."""

    at: tuple[str, ...]
    title: str
    text: str


# What opens the sidebar where there is no room for it beside the page.
_MENU = '[data-testid="stExpandSidebarButton"]'
TOUR = (
    Step(
        ('[data-testid="stSidebar"] .st-key-area', _MENU),
        "Choose the area",
        "“Area”: Essex, Mid and South Essex (an ICB until 31 March 2026), one of the seven places "
        "or a district; with official data loaded, any area of England. Every page follows, and so "
        "does the address: a copied link opens the same view.",
    ),
    Step(
        ('[data-testid="stSidebar"] .st-key-gp', _MENU),
        "Say which GPs count",
        "“Which GPs count”: with or without GPs in training and locums. Headlines differ by a "
        "third between them, so one switch changes every figure, and each says which it is. "
        "“Settings” has the benchmark and the rest.",
    ),
    Step(
        (".st-key-headline", ".pcs-hubs-head", ".stMainBlockContainer h1"),
        "Read the message first",
        "Each page begins with its answer, which claims no more than the figures allow. The "
        "figures, the picture and the table follow.",
    ),
    Step(
        ("iframe[title*='st_folium']", ".pcs-hubs-map"),
        "Look at the map",
        "Circles are practices, sized by patients; the darker the land, the more deprived. Click a "
        "practice for its card. Ctrl and the wheel zoom. By keyboard: arrow keys move, + and − "
        "zoom, and the list beside the map chooses a practice.",
    ),
    Step(
        (".pcs-find-box",),
        "Ask “What about ...?”",
        "Press / on any page and type any part of a name or code: a practice, hub, PCN, town, "
        "postcode or LSOA. Enter goes there and shows its card, or opens an area; Escape goes "
        "back.",
    ),
    Step(
        ('[data-testid="stSidebarNav"]', _MENU),
        "Draw hubs, take it to the board",
        "“Hubs”: put practices together on the map. “Plan ahead”: the years to come. “Present”, "
        "at the top of a page, shows its view full screen; “Present and pack” makes slides, a "
        "paper and a spreadsheet of several. “Help” brings this tour back.",
    ),
)

# Thurrock's 26 practices in five hubs of 30,000 to 50,000 patients, as `pcs_dash suggest --area
# Thurrock --min 30000 --max 50000` answers on the embedded figures (the optimum, proved).
_EXAMPLE = (
    "F81010 F81134 F81197 F81632 F81669 Y00033",
    "F81211 F81219 F81623 F81641 Y00999 Y02807",
    "F81113 F81137 F81155 F81192",
    "F81110 F81206 F81652 F81708",
    "F81082 F81088 F81153 F81177 F81198 F81697",
)

_STYLE = """
div:has(> .st-key-pcs-help) {
  position: sticky; top: 2.6rem; height: 0; z-index: 999990; margin-bottom: -0.6rem;
  overflow: visible;
}
@media (max-width: 640px) { div:has(> .st-key-pcs-help) { top: 4.2rem; } }
"""
_help = component("help", "pcs-help", "window.PCSHelp.show(root, data)", what="Help", css=_STYLE)


def about(page: str) -> None:
    """The line under a page's title that says what it shows; `page` is a key of WHAT."""
    st.caption(WHAT[page])


def button(dataset: Dataset, files: web.WebFiles) -> None:
    """The help button beside the search box; called once a run for every page."""
    with st.container(key="pcs-help"):
        _help(
            key="help-button",
            data={
                "scripts": list(files.tour_scripts),
                "styles": list(files.tour_styles),
                "content": _published(dataset),
            },
        )


def example_plan() -> Plan:
    """Thurrock's practices in five hubs, to try the page Hubs with."""
    plan = Plan()
    for number, codes in enumerate(_EXAMPLE, start=1):
        plan = plan.add_hub(f"Example hub {number}")
        plan = plan.assign(codes.split(), plan.hubs[-1].id)
    return plan


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={Dataset: data.key_of})
def _published(dataset: Dataset) -> str:
    """The address of what the help panel and the tour say."""
    return web.publish("help", content(dataset))


def content(dataset: Dataset) -> dict[str, Any]:
    """Glossary, tour and examples, ready for JSON."""
    from pcs_dash.store.links import make_link

    plan = example_plan()
    # Where other data are open, the link names its own practices alone.
    known = dataset.practices.index
    own = known if set(plan.assignment) <= set(known) else list(plan.assignment)
    link = make_link(plan.to_dict(), own, data_period=WORKFORCE_PERIOD)
    return {
        "glossary": [[term.word, term.meaning, list(term.also)] for term in glossary.TERMS],
        "tour": [asdict(step) for step in TOUR],
        "examples": [
            ["/?area=thurrock", "Thurrock: where are GPs short?"],
            [f"/hubs?area=thurrock&plan={link}", "Thurrock in five hubs of 30,000 to 50,000"],
        ],
    }
