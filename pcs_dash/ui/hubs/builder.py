"""The map and the hubs beside it: what the browser is sent, and what it sends back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.hubs.headline import headline
from pcs_dash.hubs.palette import PALETTE
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan
from pcs_dash.hubs.rules import counting
from pcs_dash.hubs.summary import Prepared, scorecard, summarise_hubs
from pcs_dash.hubs.town_names import towns_of
from pcs_dash.measures.register import HUB_MINUTES, PER_GP
from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.render.web import publish
from pcs_dash.tables.dataset import Dataset
from pcs_dash.ui import address, hub_map
from pcs_dash.ui.browser import browser_token
from pcs_dash.ui.hubs import plan_figures
from pcs_dash.ui.hubs.address_plan import into_address
from pcs_dash.ui.hubs.map_events import apply
from pcs_dash.ui.hubs.open_plan import OpenPlan, every_practice, neighbours_for, prepared_for
from pcs_dash.views import maps
from pcs_dash.views.question import Question
from pcs_dash.views.web_files import WebFiles

KEY = "hub-builder"
# Map and list side by side need the width that other pages leave at their sides.
_ROOM = """<style>
@media (min-width: 641px) {
  .stMainBlockContainer { padding-left: 2rem; padding-right: 2rem; }
  [data-testid="stLayoutWrapper"]:has(> .st-key-present-bar) { width: calc(100% - 4rem); }
}
.st-key-hub-tab:has([role="tabpanel"] > div:empty) { margin-bottom: -1.5rem; }
@media (min-width: 961px) and (max-width: 1200px) { .st-key-present-bar { right: -1.4rem; } }
</style>"""


def make_room() -> None:
    """Let the page use the whole width of the window."""
    st.html(_ROOM)


@address.fragment
def show(opened: OpenPlan, dataset: Dataset, web: WebFiles, choices: Question) -> None:
    """The builder. A click reruns this alone: no widget of the page takes part."""
    answer = hub_map.show_builder(
        web,
        content(opened, dataset, web, choices),
        key=KEY,
        on_events=lambda: hear(opened, dataset, choices),
    )
    # After a restart the browser's events come with the first run, before any callback is known.
    if unheard(opened, answer):
        hear(opened, dataset, choices)
        st.rerun()
    into_address(opened, dataset)


def hear(opened: OpenPlan, dataset: Dataset, choices: Question) -> None:
    """Apply what the browser reports and keep the plan, before anything is drawn."""
    sent = hub_map.events(KEY)
    if not isinstance(sent, Mapping):
        return
    # What is closed is not worked out, nor sent.
    st.session_state["hub-score-open"] = bool(sent.get("score"))
    st.session_state["hub-every-measure"] = bool(sent.get("every"))
    client, events = str(sent.get("client", ""))[:40], sent.get("list")
    if client and isinstance(events, list) and unheard(opened, sent):
        caught_among = every_practice(choices, dataset)
        opened.put(apply(opened.painted, client, events, caught_among))


def unheard(opened: OpenPlan, sent: Any) -> bool:
    """Whether the browser reports something that was not applied yet."""
    if not isinstance(sent, Mapping) or not isinstance(sent.get("list"), list):
        return False
    seen = opened.painted.applied.get(str(sent.get("client", ""))[:40], 0)
    numbers = (item.get("n") for item in sent["list"] if isinstance(item, Mapping))
    return any(isinstance(number, int) and number > seen for number in numbers)


def content(opened: OpenPlan, dataset: Dataset, web: WebFiles, choices: Question) -> dict[str, Any]:
    """Everything the builder shows, ready for JSON; names are as typed, for it to show as text."""
    painted, rules, plan = opened.painted, opened.rules, opened.painted.plan
    judged, near = _judged(opened, choices), neighbours_for(choices, dataset)
    options: dict[str, Any] = {"benchmark": choices.benchmark, "rules": rules, "neighbours": near}
    summary = summarise_hubs(plan, judged, **options)
    fixed = _fixed(opened, dataset, web, choices, options)
    low, high = plan_figures.band_of(rules)
    made: dict[str, Any] = {
        "fixed": fixed.url,
        "area": choices.area.name,
        "excluded": list(choices.excluded.index),
        "plan": {
            "hubs": [hub.to_dict() for hub in plan.hubs],
            "groups": groups(plan, dataset.practices),
        },
        "applied": {client: [number, number] for client, number in painted.applied.items()},
        "aliases": dict(painted.aliases),
        "undo": painted.history.undo_label,
        "redo": painted.history.redo_label,
        "said": {"n": opened.saying, "text": painted.said.text, "fault": painted.said.fault},
        "figures": {
            "columns": fixed.columns,
            "rows": [*plan_figures.rows(summary, fixed.columns, choices.benchmark), *fixed.total],
        },
        "headline": headline(summary, counting(rules, choices.patients), choices.area.name),
        "note": f"{choices.basis} Totals are counted on their own and equal the sum of the rows.",
        "band": {"low": low, "high": high},
        "palette": list(PALETTE[:20]),
        "token": browser_token(),
        "draft": opened.fault,
    }
    if st.session_state.get("hub-score-open"):
        score = scorecard(plan, judged, summary=summary, **options)
        made["score"] = plan_figures.score_lines(score)
    return made


def _judged(opened: OpenPlan, choices: Question) -> Prepared:
    """What the plan is judged by; without minutes, a quarter of the work, where none is shown."""
    prepared = prepared_for(choices)
    asked = any(rule.on and rule.measure in HUB_MINUTES for rule in opened.rules)
    shown = any(st.session_state.get(key) for key in ("hub-score-open", "hub-every-measure"))
    return prepared if asked or shown else replace(prepared, journeys=None)


@dataclass(frozen=True)
class Fixed:
    """What stays the same from click to click, for one state of sidebar and rules.

    `url`: the file with the map under the plan (`view`) and the towns that hubs are named after.
    """

    key: tuple[object, ...]
    url: str
    columns: list[dict[str, Any]]
    total: list[list[Any]]


def _fixed(
    opened: OpenPlan, dataset: Dataset, web: WebFiles, choices: Question, options: Mapping[str, Any]
) -> Fixed:
    every = bool(st.session_state.get("hub-every-measure"))
    key = every, choices.key, choices.tiles, opened.rules
    held = opened.fixed
    if not isinstance(held, Fixed) or held.key != key:
        own = prepared_for(choices).own
        columns = plan_figures.columns(
            counting(opened.rules, choices.patients),
            choices.benchmark,
            choices.journeys.kinds,
            own,
            every=every,
        )
        # A plan without hubs: its row Unassigned is the area, counted on its own.
        area = summarise_hubs(EMPTY_PLAN, prepared_for(choices), **options)
        total = plan_figures.rows(area, columns, choices.benchmark)
        towns = towns_of(choices.practices, dataset.towns)
        same = {"view": view(dataset, web, choices), "towns": towns}
        held = Fixed(key, publish("hubs", same), columns, total)
        opened.fixed = held
    return held


def view(dataset: Dataset, web: WebFiles, choices: Question) -> dict[str, Any]:
    """The map under the plan: area, deprivation, patients per FTE GP."""
    ratios = patients_per_fte_gp(dataset.practices, choices.definition.key)
    tip = f"IMD {choices.edition} quintile"
    quintiles = maps.quintile_layer(dataset.lsoas, choices.edition, maps.QUINTILE_GREYS, tip)
    return maps.view(
        web,
        choices.area,
        key="hubs",
        fill=quintiles.fill(dataset.lsoas.index, choices.edition, opacity=0.75),
        marks={},
        values=ratios.mask(ratios.index.isin(choices.excluded.index)),
        value_title=f"{PER_GP.label} ({choices.definition.label.lower()})",
        tiles=choices.tiles,
    )


def groups(plan: Plan, practices: pd.DataFrame) -> list[int]:
    """For each practice the place of its hub in the plan, -1 for none."""
    place = {hub.id: number for number, hub in enumerate(plan.hubs)}
    return [place.get(plan.assignment.get(code, ""), -1) for code in practices.index]
