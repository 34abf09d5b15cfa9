"""What programs can ask for: each resource once, with its parameters, its answer and an example.

The addresses, the description for machines (OpenAPI) and the tests are made from this list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pcs_dash.hubs.plan import Plan
from pcs_dash.measures.group_figures import GROUPS, group_figures
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.small_numbers import is_small
from pcs_dash.measures.weighted_lists import WEIGHTINGS
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS
from pcs_dash.official.any_area import find_any_area, find_area, practices_for
from pcs_dash.official.loaded_areas import loaded_areas
from pcs_dash.store.database import Database
from pcs_dash.store.links import is_short_link, open_link, open_short_link
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.store.rights import EVERYONE, Who
from pcs_dash.tables.areas import Area, all_areas
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views.as_data import answer_as_data
from pcs_dash.views.judging import hub_figures, setting_of
from pcs_dash.views.question import ask
from pcs_dash.views.registry import VIEWS, find_view

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Sources:
    """Where answers come from: what the server has read already, and its library, as `who` asks."""

    dataset: Callable[[Area], Dataset]
    database: Callable[[], Database]
    who: Who = EVERYONE


@dataclass(frozen=True)
class Resource:
    """One address: `path` as in OpenAPI, `optional` parameters by name with what they mean,
    `answer` from parameters to rows or an object, `rows` whether CSV can be had, an `example`.
    """

    path: str
    about: str
    answer: Callable[[Sources, Mapping[str, str]], Any]
    example: str
    optional: Mapping[str, str]
    rows: bool = True
    open_ended: bool = False


_GP = f"which GPs count: one of {', '.join(GP_DEFINITIONS)} (default {DEFAULT_DEFINITION})"
_BY = f"a row for each: one of {', '.join(GROUPS)} (default area)"
_SWITCHES = {
    "gp": _GP,
    "weight": f"how patients count: one of {', '.join(WEIGHTINGS)}",
    "imd": "IMD edition: 2025 or 2019",
    "benchmark": "what the area is held against, as in the page's address",
    "own": "patients per FTE GP, where benchmark is own",
    "exclude": "true leaves out practices with implausible FTE",
}


def areas(_: Sources, __: Mapping[str, str]) -> Rows:
    """Every area there is."""
    return [
        {"key": area.key, "name": area.name, "label": area.label, "kind": area.kind}
        for area in (*all_areas(), *loaded_areas())
    ]


def measures(sources: Sources, asked: Mapping[str, str]) -> Rows:
    """Capacity measures of an area by group, small numbers hidden."""
    area = find_any_area(asked["area"])
    by, definition = asked.get("by", "area"), _definition(asked)
    if by not in GROUPS:
        raise UserError(f"There is no group '{by[:40]}'. Choose one of: {', '.join(GROUPS)}.")
    # Of England and its regions there is no data set, only practices.
    known = practices_for(area)[0] if area.loaded else sources.dataset(area).practices
    practices = area.select(known)
    return [_shown(row) for row in group_figures(practices, area, by=by, definition=definition)]


def views(_: Sources, __: Mapping[str, str]) -> Rows:
    """Every view, with what it can be asked."""
    return [
        {
            "key": view.key,
            "title": view.title,
            "about": view.about,
            "options": ", ".join(option.key for option in view.options),
        }
        for view in VIEWS.values()
    ]


def view(sources: Sources, asked: Mapping[str, str]) -> dict[str, Any]:
    """What a view says of an area: the page's own answer, its small numbers hidden as there."""
    found, area = find_view(asked["view"]), find_area(asked["area"])
    options = [option.key for option in found.options]
    unknown = asked.keys() - {"view", "area", *options, *_SWITCHES}
    if unknown:
        raise UserError(
            f"'{min(unknown)[:40]}' is nothing that {found.key} can be asked. Choose of: "
            f"{', '.join([*_SWITCHES, *options])}."
        )
    question = ask(
        sources.dataset(area),
        area,
        {name: asked[name] for name in _SWITCHES if name in asked},
        options={name: asked[name] for name in options if name in asked},
    )
    found.check(question)
    return answer_as_data(found, question, found.answer(question))


def hubs(sources: Sources, asked: Mapping[str, str]) -> Rows:
    """The hubs of a plan that was shared by link, one row each and one for Unassigned."""
    area = find_area(asked.get("area", "Essex"))
    definition, dataset = _definition(asked), sources.dataset(area)
    setting = setting_of(area, dataset, definition)
    plan = _plan(sources, asked["plan"], dataset.practices)
    return [_shown(row) for row in hub_figures(plan, setting, definition=definition)]


def _plan(sources: Sources, link: str, practices: pd.DataFrame) -> Plan:
    if is_short_link(link):
        database = sources.database()
        books = PlanLibrary(database, sources.who)
        return Plan.from_dict(open_short_link(books, database, link).document)
    return Plan.from_dict(open_link(link, practices.index).document)


def _definition(asked: Mapping[str, str]) -> str:
    definition = asked.get("gp", DEFAULT_DEFINITION)
    if definition not in GP_DEFINITIONS:
        raise UserError(
            f"'{definition[:40]}' is no GP definition. Choose one of: {', '.join(GP_DEFINITIONS)}."
        )
    return definition


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of figures, all missing where its patients are too few to be shown."""
    patients = row.get("patients")
    if patients is None or not is_small(patients):
        return dict(row)
    return {name: value if isinstance(value, str) else None for name, value in row.items()}


RESOURCES = (
    Resource("/areas", "Every area: key, name, kind.", areas, "/areas", {}),
    Resource(
        "/areas/{area}/measures",
        f"{PER_GP.label} and the other capacity measures of an area, by group.",
        measures,
        "/areas/thurrock/measures?by=pcn",
        {"by": _BY, "gp": _GP},
    ),
    Resource("/views", "Every view of the app, and what it can be asked.", views, "/views", {}),
    Resource(
        "/areas/{area}/views/{view}",
        "What a view says of an area: finding, figures, tables, charts, as on the page. The "
        "view's own options are parameters too.",
        view,
        "/areas/thurrock/views/where",
        _SWITCHES,
        rows=False,
        open_ended=True,
    ),
    Resource(
        "/plans/{plan}/hubs",
        "The hubs of a plan shared by link: {plan} is the text after plan= in the link.",
        hubs,
        "",
        {"area": "the area it is judged within (default Essex)", "gp": _GP},
    ),
)
