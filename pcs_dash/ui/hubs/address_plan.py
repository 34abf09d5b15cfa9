"""The plan on the table, of every page that shows one: where it comes from, and how the address
carries it.
"""

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
from pcs_dash.store.drafts import open_draft
from pcs_dash.store.links import LinkError, is_short_link, make_link, open_link, open_short_link
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address, data
from pcs_dash.ui.browser import HUB_WORK, browser_token
from pcs_dash.ui.hubs.map_events import Desk, Said
from pcs_dash.ui.hubs.migrating import Before, Carried, carry_over, ods_successors
from pcs_dash.ui.hubs.open_plan import Work, database, start_plan
from pcs_dash.ui.text import plain
from pcs_dash.views.question import Question

LINK = "plan"


def begin(dataset: Dataset, choices: Question) -> Work:
    """The plan on the table: what the address carries, else this session's, else the draft of this
    browser, else today's PCNs. From now on the address of the page carries it.
    """
    work: Work | None = st.session_state.get(HUB_WORK)
    if work is None:
        work = st.session_state[HUB_WORK] = _from_draft(dataset, choices)
    elif work.untouched_since not in ("", choices.area.key):
        _start(work, choices)
    _open_from_address(work, dataset)
    into_address(work, dataset)
    return work


def _from_draft(dataset: Dataset, choices: Question) -> Work:
    token, fault = browser_token(), ""
    try:
        place, drafts = open_draft(database(), token, "plan")
        if drafts:
            work = Work.from_dict(drafts[0].document, token)
            work.place, work.other_drafts = place, drafts[1:]
            return work
    except UserError as error:
        fault = str(error)
    work = Work(Desk(), data.rules_of(dataset), token, draft_fault=fault)
    _start(work, choices)
    return work


def _start(work: Work, choices: Question) -> None:
    """Today's PCNs of the area, as long as nothing was done to the plan."""
    plan = start_plan("pcn", choices.practices)
    said = Said(f"Today's PCNs of {choices.area.name}. Change them, or start from another.")
    work.desk = replace(work.desk, history=History(present=plan), said=said)
    work.saying += 1
    work.untouched_since = choices.area.key


# --- links ---


def document_of(work: Work, dataset: Dataset) -> dict[str, Any]:
    """What a link to the plan carries: its name, and rules that are not the published ones, too."""
    document = work.plan.to_dict() | {"name": work.name}
    if work.rules != data.rules_of(dataset):
        document["rules"] = rules_to_list(work.rules)
    return document


def into_address(work: Work, dataset: Dataset) -> None:
    """Let the address carry the plan, unless it is still today's PCNs, or too long for a link."""
    if work.untouched_since:
        work.linked = ""
    elif work.link_made_of != (made_of := (work.plan, work.rules, work.name, dataset.version)):
        work.link_made_of = made_of
        try:
            work.linked = make_link(
                document_of(work, dataset),
                dataset.practices.index,
                data_period=dataset.workforce_period,
            )
        except LinkError:
            work.linked = ""
    address.carry(LINK, work.linked)


def _open_from_address(work: Work, dataset: Dataset) -> None:
    """Open the plan of the address, where it is another: undo brings back what was on the table."""
    text = address.document(LINK)
    if text is None or text == work.linked:
        return
    try:
        if is_short_link(text):
            saved = open_short_link(PlanLibrary(database()), database(), text)
            put_saved(work, dataset, saved)
        else:
            _put_linked(work, dataset, text)
    except UserError as error:
        st.error(f"{plain(str(error))} Your plan is as it was.")


def _put_linked(work: Work, dataset: Dataset, text: str) -> None:
    linked = open_link(text, dataset.practices.index, data_period=dataset.workforce_period)
    plan = Plan.from_dict(linked.document)
    rules = _rules_of(linked.document, dataset)
    if rules is not None and rules != work.rules:
        work.judge_by(rules)
    if plan == work.plan and not work.untouched_since:
        return
    work.saved_id = work.saved_version = work.conflict = None
    work.name = str(linked.document.get("name", ""))[:MAX_NAME]
    before = Before.of_link(linked, dataset.practices)
    put_carried(work, dataset, plan, before, "The plan of a link opened")


def _rules_of(document: Mapping[str, Any], dataset: Dataset) -> Any:
    """The rules that a link's plan was judged by; None where the link is too old to say."""
    if "rules" in document:
        return rules_from_list(document["rules"])
    return data.rules_of(dataset) if "name" in document else None


def put_saved(work: Work, dataset: Dataset, saved: Saved) -> None:
    """Put a version of the library on the table."""
    plan = Plan.from_dict(saved.document)
    rules = rules_from_list(saved.rules)
    work.name, work.saved_id, work.saved_version = saved.name, saved.id, saved.version
    work.conflict = None
    if rules:
        work.rules = rules
    label = f"Open '{saved.name}', version {saved.version}"
    put_carried(work, dataset, plan, Before.of_saved(saved), label)


def carried_over(dataset: Dataset, plan: Plan, before: Before) -> Carried:
    """A plan made with other data, for the data at hand."""
    lost = plan.unknown_codes(dataset.practices.index)
    return carry_over(
        plan,
        before,
        dataset.practices,
        period=dataset.workforce_period,
        successors=ods_successors() if lost else None,
        known_of={code: found.words for code, found in whereabouts(lost).items()},
    )


def put_carried(work: Work, dataset: Dataset, plan: Plan, before: Before, label: str) -> None:
    """Put a plan made with other data on the table, as it was and, a step on, for these data."""
    carried = carried_over(dataset, plan, before)
    work.change(plan, label)
    if carried.plan != plan:
        work.change(carried.plan, "The plan carried over to the data at hand")
    work.migration = carried.sentences
