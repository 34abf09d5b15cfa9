"""The plan on the table of every page: where it comes from, and how the address carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from pcs_dash.hubs.history import History
from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import rules_from_list, rules_to_list
from pcs_dash.official.absent_practices import whereabouts
from pcs_dash.store.checks import MAX_NAME
from pcs_dash.store.documents import Saved
from pcs_dash.store.links import LinkError, is_short_link, open_link, open_short_link
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address, data, official_store
from pcs_dash.ui.browser import HUB_WORK
from pcs_dash.ui.hubs.map_events import PaintedPlan, Said
from pcs_dash.ui.hubs.migrating import Before, Carried, carry_over
from pcs_dash.ui.hubs.open_plan import OpenPlan, database, start_plan
from pcs_dash.ui.on_table import from_draft
from pcs_dash.ui.saved_documents import link_of
from pcs_dash.ui.sign_in import person
from pcs_dash.ui.text import plain
from pcs_dash.views.question import Question

LINK = "plan"


def begin(dataset: Dataset, choices: Question) -> OpenPlan:
    """The plan on the table: what the address carries, else this session's, else the draft of this
    browser, else today's PCNs. From now on the address of the page carries it.
    """
    opened: OpenPlan | None = st.session_state.get(HUB_WORK)
    if opened is None:
        opened = st.session_state[HUB_WORK] = from_draft(
            "plan", OpenPlan.from_dict, lambda token: _afresh(token, dataset, choices)
        )
    elif opened.untouched_since not in ("", choices.area.key):
        _start(opened, choices)
    _open_from_address(opened, dataset)
    into_address(opened, dataset)
    return opened


def _afresh(token: str, dataset: Dataset, choices: Question) -> OpenPlan:
    opened = OpenPlan(PaintedPlan(), data.rules_of(dataset), token)
    _start(opened, choices)
    return opened


def _start(opened: OpenPlan, choices: Question) -> None:
    """Today's PCNs of the area, as long as nothing was done to the plan."""
    plan = start_plan("pcn", choices.practices)
    said = Said(f"Today's PCNs of {choices.area.name}. Change them, or start from another.")
    opened.painted = replace(opened.painted, history=History(present=plan), said=said)
    opened.saying += 1
    opened.untouched_since = choices.area.key


# --- links ---


def document_of(opened: OpenPlan, dataset: Dataset) -> dict[str, Any]:
    """What a link to the plan carries: its name, and rules that are not the published ones, too."""
    document = opened.plan.to_dict() | {"name": opened.name}
    if opened.rules != data.rules_of(dataset):
        document["rules"] = rules_to_list(opened.rules)
    return document


def into_address(opened: OpenPlan, dataset: Dataset) -> None:
    """Let the address carry the plan, unless it is still today's PCNs, or too long for a link."""
    if opened.untouched_since:
        opened.linked = ""
    elif opened.link_made_of != (
        made_of := (opened.plan, opened.rules, opened.name, dataset.version)
    ):
        opened.link_made_of = made_of
        try:
            opened.linked = link_of(document_of(opened, dataset), dataset)
        except LinkError:
            opened.linked = ""
    address.carry(LINK, opened.linked)


def _open_from_address(opened: OpenPlan, dataset: Dataset) -> None:
    """Open the plan of the address, where it is another: undo brings back what was on the table."""
    text = address.document(LINK)
    if text is None or text == opened.linked:
        return
    try:
        if is_short_link(text):
            books = PlanLibrary(database(), person.who())
            saved = open_short_link(books, database(), text)
            put_saved(opened, dataset, saved)
        else:
            _put_linked(opened, dataset, text)
    except UserError as error:
        st.error(f"{plain(str(error))} Your plan is as it was.")


def _put_linked(opened: OpenPlan, dataset: Dataset, text: str) -> None:
    linked = open_link(text, dataset.practices.index, data_period=dataset.workforce_period)
    plan = Plan.from_dict(linked.document)
    rules = _rules_of(linked.document, dataset)
    if rules is not None and rules != opened.rules:
        opened.judge_by(rules)
    if plan == opened.plan and not opened.untouched_since:
        return
    opened.saved_id = opened.saved_version = opened.conflict = None
    opened.name = str(linked.document.get("name", ""))[:MAX_NAME]
    before = Before.of_link(linked, dataset.practices)
    put_carried(opened, dataset, plan, before, "The plan of a link opened")


def _rules_of(document: Mapping[str, Any], dataset: Dataset) -> Any:
    """The rules that a link's plan was judged by; None where the link is too old to say."""
    if "rules" in document:
        return rules_from_list(document["rules"])
    return data.rules_of(dataset) if "name" in document else None


def put_saved(opened: OpenPlan, dataset: Dataset, saved: Saved) -> None:
    """Put a version of the library on the table."""
    plan = Plan.from_dict(saved.document)
    rules = rules_from_list(saved.rules)
    opened.name, opened.saved_id, opened.saved_version = saved.name, saved.id, saved.version
    opened.conflict = None
    if rules:
        opened.rules = rules
    label = f"Open '{saved.name}', version {saved.version}"
    put_carried(opened, dataset, plan, Before.of_saved(saved), label)


def carried_over(dataset: Dataset, plan: Plan, before: Before) -> Carried:
    """A plan made with other data, for the data at hand."""
    lost = plan.unknown_codes(dataset.practices.index)
    return carry_over(
        plan,
        before,
        dataset.practices,
        period=dataset.workforce_period,
        successors=official_store.successors() if lost else None,
        known_of={code: found.words for code, found in whereabouts(lost).items()},
    )


def put_carried(opened: OpenPlan, dataset: Dataset, plan: Plan, before: Before, label: str) -> None:
    """Put a plan made with other data on the table, as it was and, a step on, for these data."""
    carried = carried_over(dataset, plan, before)
    opened.change(plan, label)
    if carried.plan != plan:
        opened.change(carried.plan, "The plan carried over to the data at hand")
    opened.migration = carried.sentences
