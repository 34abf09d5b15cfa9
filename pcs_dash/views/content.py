"""What a report says: a story turned into slides of maps, charts, tables and words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import Rule, default_rules
from pcs_dash.official.any_area import dataset_for
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.sources import ATTRIBUTION
from pcs_dash.views.answer import text_table
from pcs_dash.views.deck import Basis, Deck, Slide, sources, views_text
from pcs_dash.views.question import Question, ask
from pcs_dash.views.readers import STRAIGHT, Readers
from pcs_dash.views.registry import VIEWS
from pcs_dash.views.report_links import LOCAL_APP, of_story, of_view
from pcs_dash.views.slides import Definition, definitions, slides_of
from pcs_dash.views.story import SavedView, Story


def _in_same_data(one: Area, other: Area) -> bool:
    """Whether one data set holds both: all embedded areas share one, loaded ones have their own."""
    return one.key == other.key or not (one.loaded or other.loaded)


def _check_gps(question: Question) -> None:
    if question.practices["gp_fte_all"].isna().all():
        raise UserError(
            f"No GP figures (FTE) are loaded for {question.area.name}, and the report is about "
            "them. Data and methods says how they are loaded."
        )


def only_dataset(story: Story, area: Area, read: Callable[[Area], Dataset]) -> Dataset:
    """The data set of every view's area. UserError where they are several: a file has one."""
    areas = [view.area_in(area) for view in story.views] or [area]
    if not all(_in_same_data(areas[0], other) for other in areas):
        raise UserError(
            "The views of this story are of areas from different data sets, which one file can't "
            "hold. Present it, or make a file of the views of one area."
        )
    return read(areas[0])


def build_deck(
    dataset: Dataset,
    story: Story,
    *,
    area: Area,
    made: date | None = None,
    plan: Plan | None = None,
    plan_name: str = "",
    readers: Readers = STRAIGHT,
    base: str = LOCAL_APP,
) -> Deck:
    """The report that a story makes with these data.

    `area` and `plan` stand in where a view names none; `readers` fetch what is in no data set;
    `base` is the address of the app that links lead to. UserError where a view can't be shown,
    with the number of the view.
    """
    slides: list[Slide] = []
    bases: dict[tuple[object, ...], Basis] = {}
    for place, view in enumerate(story.views, start=1):
        try:
            shown = view.area_in(area)
            own = dataset if _in_same_data(shown, area) else dataset_for(shown)
            question = _question(own, shown, view, plan, plan_name, readers)
            slides += slides_of(view, question, VIEWS[view.topic].answer(question), base)
        except UserError as error:
            raise UserError(f"View {place} of the story '{story.name}': {error}") from error
        _note_basis(bases, question, question.told_rules, place)
    if not bases:
        _note_basis(bases, ask(dataset, area), default_rules(dataset.published), 1)
    found_bases = tuple(bases.values())
    first, rules = found_bases[0].question, found_bases[0].rules
    used = next((view.plan for view in story.views if view.plan is not None), plan)
    used_name = next((view.plan_name for view in story.views if view.plan_name), plan_name)
    codes = tuple(dataset.practices.index)
    link = slides[0].link if slides else of_view(SavedView(), first, None, codes, base)
    found = _all_definitions(found_bases)
    told = of_story(story, area, used, used_name, codes, dataset.workforce_period, base)
    slides.append(_method_slide(found_bases, found, link, told))
    return Deck(
        title=story.name,
        subtitle=f"{first.area.name}: practices, people and GPs",
        slides=tuple(slides),
        made=made or date.today(),
        question=first,
        definitions=tuple((each.term, each.meaning) for each in found),
        rules=rules,
        link=link,
        dataset=dataset,
        bases=found_bases,
        story_link=told,
        plan=used,
        plan_name=used_name,
        story=story,
    )


def _question(
    dataset: Dataset, area: Area, view: SavedView, plan: Plan | None, plan_name: str,
    readers: Readers,
) -> Question:  # fmt: skip
    question = ask(
        dataset, area, view.switches, plan=view.plan or plan,
        plan_name=view.plan_name or plan_name, others=dict(view.others), rules=view.rules,
        options=view.options,
        highlight=view.highlight, position=view.position, readers=readers,
    )  # fmt: skip
    if VIEWS[view.topic].needs_gps:
        _check_gps(question)
    return question


def _note_basis(
    bases: dict[tuple[object, ...], Basis], question: Question, rules: tuple[Rule, ...], view: int
) -> None:
    """Add a view to those that share its switches and rules."""
    key = (tuple(sorted(question.switches.items())), rules, question.period)
    known = bases.get(key)
    views = (*known.views, view) if known else (view,)
    bases[key] = Basis(known.question if known else question, rules, views)


def _all_definitions(bases: Sequence[Basis]) -> tuple[Definition, ...]:
    """`slides.definitions` of every basis; a term whose meaning differs says for which views."""
    meanings: dict[str, dict[Definition, list[int]]] = {}
    for basis in bases:
        for each in definitions(basis.question, basis.rules):
            meanings.setdefault(each.term, {}).setdefault(each, []).extend(basis.views)
    every = sum(len(basis.views) for basis in bases)
    rows = []
    for term, found in meanings.items():
        for each, views in found.items():
            where = "" if len(views) == every else f" ({views_text(sorted(views)).lower()})"
            rows.append(each._replace(term=f"{term}{where}"))
    return tuple(rows)


def _in_short(found: Sequence[Definition]) -> list[tuple[str, str]]:
    """The terms, the rules in one row: with what follows they are to stand on one slide."""
    terms = [(each.term, each.meaning) for each in found if not each.rule]
    rules = [each.rule for each in found if each.rule]
    return [*terms, ("Rules", f"{'; '.join(rules)}.")] if rules else terms


def _publishers(said: Iterable[str]) -> list[str]:
    """Who published the sources, each once: without what was taken from whom and how."""
    named = (part.split(",")[0].split(" (")[0] for text in said for part in text.split("; "))
    return [name for name in dict.fromkeys(named) if name[:1].isupper()]


def _method_slide(
    bases: Sequence[Basis], found: Sequence[Definition], link: str, story_link: str
) -> Slide:
    question = bases[0].question
    listed = sources()
    publishers = (
        f"{', '.join(_publishers(publisher for _, publisher, *_ in listed))}. Each with its "
        "period and licence in the notes and under Data and methods."
    )
    counted = question.basis if len(bases) == 1 else "as each view says."
    basis = f"Source: NHS England, General Practice Workforce, {question.period}."
    return Slide(
        heading="Definitions, rules and sources",
        message="",
        blocks=(
            text_table(
                "What the words mean, and where the figures come from",
                ("Term", "Meaning"),
                _in_short(found),
                # A note stays where rows are cut.
                note=f"Sources: {publishers} {ATTRIBUTION}",
                widths=(1.0, 3.4),
            ),
        ),
        footer=f"{basis} GPs counted: {counted}",
        notes=(
            *(f"{each.term}: {each.meaning}" for each in found),
            "Sources:",
            *(f"{title} ({publisher}), {period}, {licence}" for title, publisher, period, licence
              in listed),
            f"Opens the first view: {link}",
            f"Opens the whole story: {story_link or 'it is too long for a link.'}",
        ),
        link=link,
        question=question,
    )  # fmt: skip
