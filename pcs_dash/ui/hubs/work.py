"""The plan on the table: kept in the session, and as a draft in the database at every change.

Whose draft it is, a cookie says: a random token that the browser keeps and sends with its first
request, so that the plan is there at once after a reload, and no address that is passed on carries
it. Why not the address or local storage: docs/decisions/0002-hub-map-component.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.areas import Area
from pcs_dash.build import Dataset
from pcs_dash.errors import UserError
from pcs_dash.hubs.contiguity import Neighbours, neighbours
from pcs_dash.hubs.history import History
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan, plan_from_column
from pcs_dash.hubs.rules import Rule, default_rules, rules_from_list, rules_to_list
from pcs_dash.hubs.summary import Prepared, prepare
from pcs_dash.store.database import Database, open_database
from pcs_dash.store.drafts import clean_drafts, load_draft, new_token, save_draft
from pcs_dash.ui.choices import Choices
from pcs_dash.ui.hubs.events import Desk, Said

COOKIE = "pcs_dash_browser"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,100}")
_DESK, _RULES, _TOKEN_KEY, _NAME, _SAYING, _FAULT = (
    "hub-desk", "hub-rules", "hub-token", "hub-plan-name", "hub-saying", "hub-draft-fault",
)  # fmt: skip
STARTS = {
    "pcn": "Today's PCNs",
    "district": "Districts",
    "place": "Sub-ICB places",
    "nothing": "Nothing: every practice unassigned",
}
_log = logging.getLogger(__name__)


@st.cache_resource(show_spinner=False)
def database() -> Database:
    """The plan library's database, opened once for the server."""
    opened = open_database()
    clean_drafts(opened)
    return opened


@st.cache_resource(show_spinner=False, max_entries=64)
def prepared(
    area_key: str,
    definition: str,
    edition: str,
    left_out: tuple[str, ...],
    _practices: pd.DataFrame,
) -> Prepared:
    """What every summary of an area needs, whatever the plan."""
    return prepare(_practices, definition=definition, edition=edition)


@st.cache_resource(show_spinner=False, max_entries=64)
def neighbourhood(
    area_key: str,
    left_out: tuple[str, ...],
    _area: Area,
    _dataset: Dataset,
    _practices: pd.DataFrame,
) -> Neighbours:
    """Which practices of an area are neighbours."""
    outlines = _dataset.outlines
    same = outlines[(outlines["kind"] == _area.kind) & (outlines["name"] == _area.name)]
    return neighbours(_practices, same.geometry.iloc[0] if len(same) else None)


def begin(dataset: Dataset, choices: Choices) -> None:
    """Put a plan on the table: the draft of this browser or, for a first visit, today's PCNs."""
    if _DESK in st.session_state:
        return
    given = st.context.cookies.get(COOKIE, "")
    token = given if _TOKEN.fullmatch(given) else new_token()
    st.session_state[_TOKEN_KEY] = token
    st.session_state[_RULES] = default_rules(dataset.published)
    try:
        draft = load_draft(database(), token)
        if draft is not None:
            _take_up(draft.document)
            return
    except UserError as error:
        st.session_state[_FAULT] = str(error)
    plan = start_plan("pcn", choices.practices)
    st.session_state[_DESK] = Desk(
        history=History(present=plan),
        said=Said(
            f"Today's PCNs of {choices.area.name}. Change them, or start from something else."
        ),
    )


def _take_up(document: dict[str, Any]) -> None:
    desk = Desk.from_dict(document.get("desk"))
    rules = rules_from_list(document.get("rules"))
    st.session_state[_DESK] = replace(desk, said=Said("Your plan is as you left it."))
    st.session_state[_RULES] = rules
    st.session_state[_NAME] = str(document.get("name", ""))[:200]


def start_plan(kind: str, practices: pd.DataFrame) -> Plan:
    """A plan to start from: a key of STARTS, over the practices given."""
    return EMPTY_PLAN if kind == "nothing" else plan_from_column(practices, kind)


def desk() -> Desk:
    """The plan on the table with its undo steps."""
    held: Desk = st.session_state[_DESK]
    return held


def rules() -> tuple[Rule, ...]:
    """The rules the plan is judged by."""
    held: tuple[Rule, ...] = st.session_state[_RULES]
    return held


def token() -> str:
    """The browser's token, for it to keep."""
    return str(st.session_state[_TOKEN_KEY])


def plan_name() -> str:
    """What the plan is called, "" if it has no name yet."""
    return str(st.session_state.get(_NAME, ""))


def saying() -> int:
    """A number that grows with everything that was said, so that the page says it once."""
    return int(st.session_state.get(_SAYING, 0))


def draft_fault() -> str:
    """Why the draft can't be kept, "" if it is."""
    return str(st.session_state.get(_FAULT, ""))


def put(changed: Desk) -> None:
    """Put the changed plan on the table and keep it as the draft."""
    if changed.said != desk().said or changed.history is not desk().history:
        st.session_state[_SAYING] = saying() + 1
    st.session_state[_DESK] = changed
    keep()


def change(plan: Plan, label: str) -> None:
    """A change from outside the map (a start, an upload, a version): one step to undo."""
    put(desk().change(plan, label))


def say(text: str, *, fault: bool = False) -> None:
    """Tell the user something beside the map."""
    st.session_state[_SAYING] = saying() + 1
    st.session_state[_DESK] = replace(desk(), said=Said(text, fault=fault))


def set_rules(changed: Sequence[Rule]) -> None:
    """Judge the plan by other rules."""
    st.session_state[_RULES] = tuple(changed)
    keep()


def set_plan_name(name: str) -> None:
    st.session_state[_NAME] = name
    keep()


def keep() -> None:
    """Write the draft. The plan on screen stays usable if that fails; the page says so."""
    document = {
        "desk": desk().to_dict(),
        "rules": rules_to_list(rules()),
        "name": plan_name(),
    }
    try:
        save_draft(database(), token(), document)
        st.session_state[_FAULT] = ""
    except UserError as error:
        _log.warning("draft not kept: %s", error)
        st.session_state[_FAULT] = str(error)
