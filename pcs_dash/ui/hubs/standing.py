"""Where sites should stand: the form, and what was found for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pcs_dash.tables.constants import MODES
from pcs_dash.tables.errors import UserError
from pcs_dash.travel.sites import AIMS, Aim, Wanted
from pcs_dash.ui.hubs.open_plan import OpenPlan
from pcs_dash.ui.slow_work import computed
from pcs_dash.ui.text import plain
from pcs_dash.ui.view_page import Asked, draw
from pcs_dash.views import where_sites
from pcs_dash.views.answer import Beside, Block
from pcs_dash.views.question import Question
from pcs_dash.views.web_files import WebFiles

_SECONDS = 20


def panel(web: WebFiles, choices: Question, opened: OpenPlan) -> None:
    """The main site of each hub; the best of so many among today's premises, until asked anew."""
    _drawn(where_sites.main_sites(replace(choices, plan=opened.plan)), web, choices, "main")
    st.markdown("**Sites chosen afresh**")
    st.caption(
        "Chooses sites for a hub or an extra service among today's main surgeries of "
        f"{plain(choices.area.name)}, and says whether that is proven to be the best choice."
    )
    asked = _form(choices)
    if asked is not None:
        st.session_state["hub-sites"] = (choices.area.key, *asked)
    area, mode, wanted = st.session_state.get("hub-sites", ("", "", None))
    if area != choices.area.key or wanted is None:
        return
    try:
        name = ("sites", mode, wanted, *choices.key)
        made = computed(
            name, lambda: where_sites.standing(choices, mode, wanted), label="Comparing sites"
        )
    except UserError as error:
        st.error(plain(str(error)))
        return
    _drawn(where_sites.blocks(choices, made), web, choices, "sites")


def _drawn(blocks: Sequence[Block | Beside], web: WebFiles, choices: Question, key: str) -> None:
    for number, block in enumerate(blocks):
        draw(block, Asked(web, choices), f"hub-{key}-{number}")


def _form(choices: Question) -> tuple[str, Wanted] | None:
    """What is asked for; None where the button was not pressed."""
    kinds, names = choices.journeys.kinds, choices.practices["practice_name"]
    with st.form("hub-sites-form", border=False):
        row = st.columns(4, vertical_alignment="bottom")
        aims: list[Aim] = list(AIMS)
        aim = row[0].selectbox("Aim", aims, format_func=lambda key: AIMS[key][0])
        mode = row[1].selectbox(
            "How people travel", list(kinds), list(kinds).index(where_sites.usual_mode(kinds)),
            format_func=lambda key: f"{MODES[key].capitalize()} ({kinds[key]})",
        )  # fmt: skip
        sites = row[2].number_input("How many sites", 1, 30, 4, help="Not for the fewest sites")
        within = row[3].number_input("Within (minutes)", 1, 240, 20, help="For reach alone")
        label = {code: f"{name} ({code})" for code, name in names.items()}.__getitem__
        more = st.columns([2, 2, 1, 1], vertical_alignment="bottom")
        keep = more[0].multiselect("Sites that stay", list(names.index), format_func=label)
        without = more[1].multiselect("Not to be used", list(names.index), format_func=label)
        most = more[2].number_input(
            "Most patients a site", 0, None, 0, 5_000, help="0: no limit. With least minutes alone"
        )
        deprived = more[3].number_input(
            "Most deprived count", 0.5, 10.0, 1.0, 0.5,
            help="How often each patient of the most deprived fifth counts",
        )  # fmt: skip
        if not st.form_submit_button("Find the sites", type="primary"):
            return None
    return str(mode), Wanted(
        aim,
        int(sites),
        float(within),
        tuple(keep),
        tuple(without),
        _SECONDS,
        float(most) or None,
        float(deprived),
    )
