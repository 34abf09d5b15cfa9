"""Which plans the story puts beside today's PCNs: saved ones, the one on the map, a suggestion."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.suggest import TIME_LIMIT
from pcs_dash.hubs.suggested_plan import suggested_plan
from pcs_dash.hubs.town_names import towns_of
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import slow_work
from pcs_dash.ui.browser import plan_on_table
from pcs_dash.ui.hubs import comparing
from pcs_dash.ui.stories.open_story import OpenStory
from pcs_dash.ui.text import plain
from pcs_dash.views.question import Question, free_name
from pcs_dash.views.story import MAX_NAME_LENGTH, MAX_OPTIONS, with_options

BOX = "story-options-box"
# Beyond the search's own limit: it has to begin and to write its answer down.
_GRACE = 60.0


def panel(opened: OpenStory, dataset: Dataset, choices: Question) -> None:
    """Choose plans; the story's views of the options, and what each costs, then show them all."""
    box = st.popover("The options", icon=":material/account_tree:", key=BOX, on_change="rerun")
    # The library is asked when somebody looks, not whenever the page runs.
    if not box.open:
        return
    with box:
        offered = _offered(choices)
        picked = st.multiselect(
            "Beside today's PCNs",
            list(offered),
            format_func=plain,
            max_selections=MAX_OPTIONS,
            key="story-options",
            placeholder="Choose saved plans" if offered else "No plan is saved yet",
        )
        also = st.toggle(
            "And a suggestion: 30,000 to 50,000 patients a hub, distances as short as can be",
            key="story-suggestion",
        )
        if not st.button("Show these options", type="primary", key="story-options-show"):
            return
        try:
            plans = {name: offered[name]() for name in picked}
            if also:
                name, plan = _suggested(dataset, choices)
                plans[free_name(name, plans)] = plan
            opened.put(with_options(opened.story, plans, choices.area))
        except UserError as error:
            st.error(plain(str(error)))
            return
        st.rerun()


def _offered(choices: Question) -> dict[str, Callable[[], Plan]]:
    """Name -> how to get the plan: the one on the map, those of the library, other groupings."""
    offered: dict[str, Callable[[], Plan]] = {}
    if on_table := plan_on_table():
        plan, name = on_table
        offered[name[:MAX_NAME_LENGTH] or comparing.NOW] = lambda: plan
    return offered | comparing.saved_plans() | comparing.groupings(choices)


def _suggested(dataset: Dataset, choices: Question) -> tuple[str, Plan]:
    return slow_work.away(
        suggested_plan,
        choices.practices,
        towns_of(choices.practices, dataset.towns),
        label="Looking for the shortest distances",
        seconds=TIME_LIMIT + _GRACE,
        long=True,
    )
