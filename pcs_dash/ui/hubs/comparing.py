"""Two plans held against each other and against today's PCNs: measures, moves, maps in step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.hubs.compare import (
    KEPT_TOGETHER,
    MOVED,
    Comparison,
    compare_many,
    compare_plans,
    paper_table,
)
from pcs_dash.hubs.palette import PALETTE
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan
from pcs_dash.hubs.suggest import Suggestion
from pcs_dash.measures import numbers
from pcs_dash.render.csv_files import with_provenance
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address, blocks, hub_map, page_parts
from pcs_dash.ui.hubs import builder
from pcs_dash.ui.hubs.adopt import adopt
from pcs_dash.ui.hubs.open_plan import STARTS, OpenPlan, neighbours_for, provenance, start_plan
from pcs_dash.ui.hubs.plan_saving import library
from pcs_dash.ui.text import plain
from pcs_dash.views.answer import text_table
from pcs_dash.views.question import Question
from pcs_dash.views.web_files import WebFiles

NOW = "The plan on the map"
PCNS = STARTS["pcn"]
_SAVED = 30


@address.fragment
def panel(opened: OpenPlan, dataset: Dataset, web: WebFiles, choices: Question) -> None:
    """Choose A and B; see what differs. The plan on the map is taken as it is at each refresh."""
    try:
        _panel(opened, dataset, web, choices)
    except UserError as error:
        st.error(plain(str(error)))


def _panel(opened: OpenPlan, dataset: Dataset, web: WebFiles, choices: Question) -> None:
    offered = plans_on_offer(opened, choices)
    row = st.columns([2, 2, 1], vertical_alignment="bottom")
    names = list(offered)
    first = row[0].selectbox(
        "Plan A", names, key=address.choice("hub-compare-a", names, default=PCNS)
    )
    second = row[1].selectbox("Plan B", names, key=address.choice("hub-compare-b", names))
    row[2].button("Refresh", key="hub-compare-refresh", help="After painting on", width="stretch")
    a, b, by = offered[first](), offered[second](), _judged_by(opened, dataset, choices)
    compared = compare_plans(a, b, choices.with_own_figures, names=(first, second), **by)
    st.markdown(f"**{plain(in_words(compared))}**", help=f"{MOVED} {KEPT_TOGETHER}")
    hub_map.show_pair(web, _maps(dataset, web, choices, compared, a, b), key="hub-pair")
    st.caption("The maps move together. A dashed ring marks a practice that moves.")
    plans = {compared.name_a: a, compared.name_b: b}
    _measures(opened, choices, compared, plans, by)
    _moves(opened, choices, compared)


def plans_on_offer(opened: OpenPlan, choices: Question) -> dict[str, Callable[[], Plan]]:
    """Name -> how to get the plan: the one on the map, today's groups, answers, saved plans."""
    offered: dict[str, Callable[[], Plan]] = {
        NOW: lambda: opened.plan,
        PCNS: partial(start_plan, "pcn", choices.practices),
        **groupings(choices),
    }
    search = opened.suggested
    if search is not None and search.area == choices.area.key and not search.running:
        for number, answer in enumerate(search.found(), start=1):
            if isinstance(answer, Suggestion) and answer.hubs:
                offered[f"Suggestion {number}"] = partial(
                    adopt, EMPTY_PLAN, answer.assignment, search.codes
                )
    return offered | saved_plans()


def groupings(choices: Question) -> dict[str, Callable[[], Plan]]:
    """Name -> how to get the grouping, of those there are beside today's PCNs."""
    return {
        STARTS[kind]: partial(start_plan, kind, choices.practices) for kind in ("district", "place")
    }


def saved_plans() -> dict[str, Callable[[], Plan]]:
    """Name -> how to get the plan, of the newest saved; none where the library can't be opened."""
    try:
        entries = library().entries(limit=_SAVED)
    except UserError as error:
        st.error(plain(str(error)))
        return {}
    return {
        f"{entry.name} (saved, version {entry.version}, no. {entry.id})": partial(
            _saved_plan, entry.id
        )
        for entry in entries
    }


def _saved_plan(id: int) -> Plan:
    return Plan.from_dict(library().open(id).document)


def in_words(compared: Comparison) -> str:
    """What moves, in a sentence."""
    if not compared.practices_moved:
        return f"From {compared.name_a} to {compared.name_b}: no practice changes its hub."
    kept = compared.share_kept_together
    stay = (
        ""
        if pd.isna(kept)
        else f" Of patients who shared a hub, {numbers.per_cent(kept)} still do."
    )
    return (
        f"From {compared.name_a} to {compared.name_b}: {compared.practices_moved:,} of "
        f"{compared.practices:,} practices with {compared.patients_moved:,} patients "
        f"({numbers.per_cent(compared.share_of_patients_moved)}) move.{stay}"
    )


def _maps(
    dataset: Dataset, web: WebFiles, choices: Question, compared: Comparison, a: Plan, b: Plan
) -> dict[str, object]:
    plans = [
        {
            "name": name,
            "hubs": [{"name": hub.name, "colour": hub.colour} for hub in plan.hubs],
            "groups": builder.groups(plan, dataset.practices),
        }
        for name, plan in ((compared.name_a, a), (compared.name_b, _in_colours_of(a, b, compared)))
    ]
    return {
        "view": builder.view(dataset, web, choices),
        "plans": plans,
        "moved": list(compared.moved.index),
    }


def _in_colours_of(a: Plan, b: Plan, compared: Comparison) -> Plan:
    """Plan b, its hubs in the colours of those of a that match, all others in free ones."""
    matched = compared.matching.dropna().set_index("hub_b")["hub_a"].map(a.hub_by_name)
    taken = {hub.colour for hub in a.hubs}
    free = [colour for colour in PALETTE if colour not in taken | {hub.colour for hub in b.hubs}]
    for hub in b.hubs:
        if hub.name in matched.index:
            b = b.recolour(hub.id, matched[hub.name].colour)
        elif hub.colour in taken and free:
            b = b.recolour(hub.id, free.pop(0))
    return b


def _judged_by(opened: OpenPlan, dataset: Dataset, choices: Question) -> dict[str, Any]:
    """What plans are compared by, as arguments."""
    return {
        "definition": choices.definition.key,
        "benchmark": choices.benchmark,
        "rules": opened.rules,
        "neighbours": neighbours_for(choices, dataset),
        "journeys": choices.journeys,
    }


def _measures(
    opened: OpenPlan,
    choices: Question,
    compared: Comparison,
    plans: dict[str, Plan],
    by: dict[str, Any],
) -> None:
    table = paper_table(compared)
    if PCNS not in plans:
        pcns = {PCNS: start_plan("pcn", choices.practices)}
        three = compare_many(pcns | plans, choices.with_own_figures, **by)
        table.insert(2, PCNS, [*three[PCNS], *[None] * (len(table) - len(three))])
    figures = [name for name in table.columns if name not in ("measure", "unit", "definition")]
    shown = text_table(
        "Measures of the plans side by side, with differences",
        ("Measure", *(name.capitalize() if name == "difference" else name for name in figures)),
        [
            (
                _named(row["measure"], row["unit"]),
                *(_cell(row[name], sign=name == "difference") for name in figures),
            )
            for _, row in table.iterrows()
        ],
    )
    with st.expander("Every measure, side by side"):
        blocks.small_table(shown)
    page_parts.download_csv(
        with_provenance(table, provenance(opened, choices)),
        name=f"compare-{choices.area.key}",
        label="Download this table as CSV",
        key="hub-compare-csv",
    )


def _named(measure: str, unit: str) -> str:
    """The measure with its unit, where its name does not say it."""
    return measure if unit.lower() in measure.lower() else f"{measure} ({unit})"


def _cell(value: float, *, sign: bool) -> str:
    """A figure of any measure: whole where it is whole or large; nothing where there is none."""
    if pd.isna(value):
        return ""
    decimals = 0 if value == round(value) or abs(value) >= 1_000 else 2
    return numbers.signed(value, decimals) if sign else numbers.number(value, decimals)


def _moves(opened: OpenPlan, choices: Question, compared: Comparison) -> None:
    if compared.moved.empty:
        return
    with st.expander(f"The {compared.practices_moved:,} practices that move"):
        moved = compared.moved.reset_index().rename(
            columns={
                "practice_code": "Code",
                "practice_name": "Practice",
                "patients": "Patients",
                "hub_a": f"Hub in {compared.name_a}",
                "hub_b": f"Hub in {compared.name_b}",
                "match_of_hub_a": "Match of its old hub",
            }
        )
        st.dataframe(moved, hide_index=True, placeholder="no hub", alt="Practices that move")
        page_parts.download_csv(
            with_provenance(moved, provenance(opened, choices)),
            name=f"moves-{choices.area.key}",
            label="Download the moves as CSV",
            key="hub-moves-csv",
        )
