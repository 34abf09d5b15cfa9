"""What a report says: a story turned into slides of maps, charts, tables and words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from pcs_dash.areas import Area
from pcs_dash.build import Dataset
from pcs_dash.datasets import dataset_for
from pcs_dash.errors import UserError
from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import default_rules
from pcs_dash.report import evidence_topics, official_topics, topics
from pcs_dash.report.blocks import Deck, Slide, Table
from pcs_dash.report.readers import STRAIGHT, Readers
from pcs_dash.report.settings import Settings, resolve
from pcs_dash.report.work import Work, definitions, sources
from pcs_dash.sources import ATTRIBUTION
from pcs_dash.stories import Story, View

_TOPICS: dict[str, Callable[[Work], list[Slide]]] = {
    "where": topics.where,
    "practices": topics.practices,
    "deprivation": topics.deprivation,
    "correlation": topics.correlation,
    "sure": topics.sure,
    "options": topics.options,
    "hubs": topics.hubs,
    "costs": topics.costs,
    "ask": topics.ask,
    "inequality": evidence_topics.inequality,
    "pattern": evidence_topics.pattern,
    "survives": evidence_topics.survives,
    "then_now": evidence_topics.then_now,
    "england": official_topics.england,
    "catchment": official_topics.catchment,
    "lists": official_topics.lists,
    "quality": official_topics.quality_slide,
}
# What needs no GP figures.
_WITHOUT_GPS = frozenset({"england", "lists", "catchment", "then_now"})


def _in_same_data(one: Area, other: Area) -> bool:
    """Whether one data set holds both: all embedded areas share one, loaded ones have their own."""
    return one.key == other.key or not (one.loaded or other.loaded)


def _check_gps(settings: Settings) -> None:
    if settings.practices["gp_fte_all"].isna().all():
        raise UserError(
            f"No GP figures (FTE) are loaded for {settings.area.name}, and the report is about "
            "them. `python -m pcs_dash update workforce` brings them."
        )


def build_deck(
    dataset: Dataset,
    story: Story,
    *,
    area: Area,
    made: date | None = None,
    plan: Plan | None = None,
    plan_name: str = "",
    readers: Readers = STRAIGHT,
) -> Deck:
    """The report that a story makes with these data.

    `area` and `plan` stand in where a view names none; `readers` fetch what is in no data set.
    UserError where a view can't be shown, with the number of the view.
    """
    rules = default_rules(dataset.published)
    slides: list[Slide] = []
    first: Settings | None = None
    for place, view in enumerate(story.views, start=1):
        try:
            shown = view.area_in(area)
            own = dataset if _in_same_data(shown, area) else dataset_for(shown)
            settings = resolve(view.switches, own, shown)
            if view.topic not in _WITHOUT_GPS:
                _check_gps(settings)
            work = Work(
                own, settings, view, rules, view.plan or plan, view.plan_name or plan_name, readers
            )
            slides += _TOPICS[view.topic](work)
        except UserError as error:
            raise UserError(f"View {place} of the story '{story.name}': {error}") from error
        first = first or settings
    first = first or resolve({}, dataset, area)
    used = next((view.plan for view in story.views if view.plan is not None), plan)
    used_name = next((view.plan_name for view in story.views if view.plan_name), plan_name)
    link = story.views[0].link(area) if story.views else View().link(area)
    found = definitions(first, rules)
    slides.append(_method_slide(first, found, link))
    return Deck(
        title=story.name,
        subtitle=f"{first.area.name}: practices, people and GPs",
        slides=tuple(slides),
        made=made or date.today(),
        settings=first,
        definitions=found,
        rules=rules,
        link=link,
        dataset=dataset,
        plan=used,
        plan_name=used_name,
        story=story,
    )


def _method_slide(settings: Settings, found: Sequence[tuple[str, str]], link: str) -> Slide:
    return Slide(
        heading="Definitions, rules and sources",
        message="",
        blocks=(
            Table(
                "What the words mean",
                ("Term", "Meaning"),
                tuple(found),
                overflow="split",
                widths=(1.0, 4.4),
            ),
        ),
        footer=ATTRIBUTION,
        notes=(
            *(f"{term}: {meaning}" for term, meaning in found),
            "Sources:",
            *(f"{title} ({publisher}), {period}, {licence}" for title, publisher, period, licence
              in sources()),
            f"Opens the first view: {link}",
        ),
        link=link,
        settings=settings,
    )  # fmt: skip
