"""The addresses that a report prints: of each view's page, and of the whole story.

A link to the Hubs page carries the plan, a link to the story everything: positions, highlights,
texts and plans. Both open on any computer that runs this program with the same data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import rules_to_list
from pcs_dash.measures.catchments import HUB
from pcs_dash.tables.areas import Area
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import LOCAL_APP as LOCAL_APP
from pcs_dash.views import places
from pcs_dash.views.question import Question
from pcs_dash.views.story import SavedView, Story

_PLAN, _STORY = "plan", "story"
_SHOWN = 110
# Office programs open no longer ones, and Excel calls a file damaged that has them.
LONGEST_IN_OFFICE = 2_000


def of_view(
    view: SavedView, question: Question, plan: Plan | None, codes: Iterable[str], base: str
) -> str:
    """The address that opens a view's page as the slide has it: all switches, options, plan."""
    asked = {"area": question.area.key} | question.switches | view.asked()
    asked |= with_plan(view, plan, codes, question.period)
    return f"{base}/{places.address(places.sheet_of(view.page, view.topic), asked)}"


def with_plan(
    view: SavedView, plan: Plan | None, codes: Iterable[str], period: str
) -> dict[str, str]:
    """The plan in a view's address, with its name and rules, where its page shows one."""
    if plan is None or not (view.page == "hubs" or HUB in view.options.values()):
        return {}
    document = plan.to_dict() | {"name": view.plan_name}
    if view.rules:
        document["rules"] = rules_to_list(view.rules)
    text = _carried(document, codes, period, _PLAN)
    return {_PLAN: text} if text else {}


def of_story(
    story: Story, area: Area, plan: Plan | None, plan_name: str, codes: Iterable[str],
    period: str, base: str,
) -> str:  # fmt: skip
    """The address that opens the whole story; "" where it is too long for a link.

    Views that name no area or plan are told of the report's own.
    """
    views = [
        replace(
            view,
            area=view.area or area.key,
            plan=view.plan if view.plan is not None else plan,
            plan_name=view.plan_name or (plan_name if view.plan is None else ""),
        )
        for view in story.views
    ]
    told = Story(story.name, tuple(views))
    text = _carried(told.to_dict(), codes, period, "story")
    asked = {"area": area.key, _STORY: text}
    return f"{base}/{places.address(places.sheet_of('stories'), asked)}" if text else ""


def shown(link: str) -> str:
    """A link as it is printed: without the server and the plan or story, which nobody types."""
    parts = urlsplit(link)
    if any(name == _STORY for name, _ in parse_qsl(parts.query)):
        return "the whole story, in the app"
    asked = [item for item in parse_qsl(parts.query) if item[0] not in (_PLAN, _STORY)]
    page = parts.path.rpartition("/")[2]
    text = f"{page}?{urlencode(asked)}" if asked else page
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _carried(document: dict[str, object], codes: Iterable[str], period: str, kind: str) -> str:
    # The links bring the database's library with them: only where one is made.
    from pcs_dash.store.links import make_link

    try:
        return make_link(document, codes, data_period=period, kind=kind)
    except UserError:
        return ""
