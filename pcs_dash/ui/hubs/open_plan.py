"""The plan on the table: kept in the session, and as a draft in the database at every change.

Whose draft it is, a cookie says: a random token that the browser keeps and sends with its first
request, so that the plan is there at once after a reload, and no address that is passed on carries
it. Why not the address or local storage: docs/decisions/0002-hub-map-component.md.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.engine import URL

from pcs_dash.hubs.contiguity import Neighbours, neighbours
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan, plan_from_column
from pcs_dash.hubs.rules import Rule, rules_from_list, rules_to_list
from pcs_dash.hubs.summary import Prepared, prepare
from pcs_dash.render.provenance import Provenance
from pcs_dash.store.checks import MAX_NAME
from pcs_dash.store.database import Database, database_url, open_database
from pcs_dash.store.documents import ConflictError, Saved
from pcs_dash.store.drafts import Draft, Place, clean_drafts
from pcs_dash.store.rights import Action
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import data
from pcs_dash.ui.hubs.map_events import PaintedPlan, Said
from pcs_dash.ui.sign_in import person
from pcs_dash.views.question import Question

STARTS = {
    "pcn": "Today's PCNs",
    "district": "Districts",
    "place": "Sub-ICB places",
    "nothing": "Nothing: every practice unassigned",
}
_log = logging.getLogger(__name__)


def database() -> Database:
    """The plan library's database, opened once for the server. StoreError if it can't be."""
    try:
        return _opened(database_url())
    except UserError as error:
        _log.warning("%s %s", error, error.aside)
        raise


@st.cache_resource(show_spinner=False)
def _opened(url: URL) -> Database:
    opened = open_database(url)
    opened.check()
    clean_drafts(opened)
    # As after loading the data: what this page brought in never dies, and Streamlit collects
    # garbage after every run.
    gc.collect()
    gc.freeze()
    return opened


def every_practice(choices: Question, dataset: Dataset) -> pd.DataFrame:
    """Every practice of the area, those left out of the figures included."""
    return _every_practice(_name(choices), choices.area, dataset)


def prepared_for(choices: Question) -> Prepared:
    """What every summary needs for what the sidebar says, whatever the plan."""
    return _prepared((*_name(choices), *choices.readers.version), *_counted(choices), choices)


def neighbours_for(choices: Question, dataset: Dataset) -> Neighbours:
    """Which practices are neighbours, of those that the sidebar leaves."""
    return _neighbours(_name(choices), _counted(choices)[-1], choices, dataset)


def _name(choices: Question) -> tuple[str, ...]:
    """Area and data set, as the name of what is kept of them."""
    return choices.area.key, choices.version


def _counted(choices: Question) -> tuple[str, str, tuple[str, ...]]:
    """Definition, edition and the practices left out."""
    return choices.definition.key, choices.edition, tuple(choices.excluded.index)


@st.cache_resource(show_spinner=False, max_entries=64)
def _every_practice(
    name: tuple[str, ...],  # noqa: ARG001 - the cache's key
    _area: Area,
    _dataset: Dataset,
) -> pd.DataFrame:
    return _area.select(_dataset.practices)


@st.cache_resource(show_spinner=False, max_entries=64)
def _prepared(
    name: tuple[str, ...],  # noqa: ARG001 - part of the cache's key
    definition: str,
    edition: str,
    left_out: tuple[str, ...],  # noqa: ARG001
    _choices: Question,
) -> Prepared:
    practices, journeys = _choices.with_own_figures, _choices.journeys
    return prepare(practices, definition=definition, edition=edition, journeys=journeys)


@st.cache_resource(show_spinner=False, max_entries=64)
def _neighbours(
    name: tuple[str, ...],  # noqa: ARG001 - part of the cache's key
    left_out: tuple[str, ...],  # noqa: ARG001
    _choices: Question,
    _dataset: Dataset,
) -> Neighbours:
    outlines, area = _dataset.outlines, _choices.area
    same = outlines[(outlines["kind"] == area.kind) & (outlines["name"] == area.name)]
    return neighbours(_choices.practices, same.geometry.iloc[0] if len(same) else None)


@dataclass
class OpenPlan:
    """What is on the table: the one thing of this page that the session holds.

    `token` tells whose drafts, `place` where this tab keeps its draft, and `other_drafts` those of
    tabs that went their own way; `saying` grows with everything that is said, so that the page
    says it once; `fault` tells why the draft can't be kept, "" if it is; `saved_id` and
    `saved_version` name the version in the library that the plan was opened from or saved as;
    `conflict` is what stood in the way of saving the next; `suggested` is the search under way or
    done (suggesting.Search); `migration` is what changed since the version opened was saved;
    `untouched_since` is the area whose PCNs were put on the table, "" once anything was done;
    `linked` is the text by which the address carries it, made of `link_made_of`;
    `fixed` is the builder's, to spare work from click to click.
    """

    painted: PaintedPlan
    rules: tuple[Rule, ...]
    token: str
    name: str = ""
    saying: int = 0
    fault: str = ""
    saved_id: int | None = None
    saved_version: int | None = None
    conflict: ConflictError | None = None
    suggested: Any = None
    migration: Sequence[str] = ()
    untouched_since: str = ""
    linked: str = ""
    link_made_of: tuple[object, ...] = ()
    fixed: Any = None
    other_drafts: Sequence[Draft] = ()
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = Place(self.token, "plan", "plan")

    @property
    def plan(self) -> Plan:
        """The plan on the table."""
        return self.painted.plan

    # By the name that all that is saved has it by.
    held = plan

    def is_as(self, saved: Saved) -> bool:
        """Whether a saved version says what is on the table."""
        same = Plan.from_dict(saved.document) == self.plan
        return same and saved.rules == rules_to_list(self.rules)

    def saved_as(self, saved: Saved) -> None:
        """Note that it was saved as a version, and say so."""
        self.name, self.saved_id, self.saved_version = saved.name, saved.id, saved.version
        self.conflict = None
        self.say(f"Saved: '{saved.name}', version {saved.version}.")
        self.keep()

    def put(self, changed: PaintedPlan) -> None:
        """Put the changed plan on the table and keep it as the draft."""
        if changed.said is not self.painted.said:
            self.saying += 1
        self.painted, self.untouched_since = changed, ""
        self.keep()

    def change(self, plan: Plan, label: str) -> None:
        """A change from outside the map (a start, a file, a version): one step to undo."""
        self.put(self.painted.change(plan, label))

    def say(self, text: str, *, fault: bool = False) -> None:
        """Tell the user something beside the map."""
        self.saying += 1
        self.painted = replace(self.painted, said=Said(text, fault=fault))

    def judge_by(self, rules: Sequence[Rule]) -> None:
        """Judge the plan by other rules."""
        self.rules = tuple(rules)
        self.keep()

    def keep(self) -> None:
        """Write the draft. The plan on screen stays usable if that fails; the page says so."""
        if not person.allowed(Action.SAVE):
            return
        try:
            told = self.place.keep(database(), self.to_dict())
            self.fault = ""
            if told:
                self.say(f"{self.painted.said.text} {told}".strip(), fault=True)
        except UserError as error:
            _log.warning("draft not kept: %s %s", error, error.aside)
            self.fault = str(error)

    def to_dict(self) -> dict[str, Any]:
        """The draft as it is stored."""
        return {
            "desk": self.painted.to_dict(),
            "rules": rules_to_list(self.rules),
            "name": self.name,
            "saved_id": self.saved_id,
            "saved_version": self.saved_version,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], token: str) -> OpenPlan:
        """The open plan of `to_dict`; PlanError or RuleError if the draft makes no sense."""
        painted = PaintedPlan.from_dict(document.get("desk"))
        saved = (document.get("saved_id"), document.get("saved_version"))
        known = saved if all(isinstance(number, int) for number in saved) else (None, None)
        return cls(
            painted=replace(painted, said=Said("Your plan is as you left it.")),
            rules=rules_from_list(document.get("rules")),
            token=token,
            name=str(document.get("name", ""))[:MAX_NAME],
            saved_id=known[0],
            saved_version=known[1],
        )


def start_plan(kind: str, practices: pd.DataFrame) -> Plan:
    """A plan to start from: a key of STARTS, over the practices given."""
    return EMPTY_PLAN if kind == "nothing" else plan_from_column(practices, kind)


def provenance(opened: OpenPlan, choices: Question) -> Provenance:
    """What an export of the plan was made from."""
    return Provenance(
        exported=date.today(),
        area=choices.area.name,
        definition=choices.definition.key,
        edition=choices.edition,
        benchmark=choices.benchmark,
        rules=opened.rules,
        plan_name=opened.name,
        data_period=choices.period,
        mix_period=data.current().mix_words,
    )
