"""A view on a page: its options, its message and figures, its picture, its sections.

Answers are kept by all that they depend on and shared between sessions; a click runs the view
again, not the page, and a section's own options run that section only.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pcs_dash.jobs import for_page
from pcs_dash.render.csv_files import table_csv
from pcs_dash.render.report_files import MIME
from pcs_dash.scenarios.flows import degrees_in
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address, blocks, boxes, page, page_parts, slow_work, tabs
from pcs_dash.ui.text import plain
from pcs_dash.views.answer import (
    Answer,
    Beside,
    Block,
    Bullets,
    Chart,
    File,
    MapBlock,
    Option,
    Section,
    Table,
    Text,
    View,
)
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.map_spec import map_view
from pcs_dash.views.places import Sheet
from pcs_dash.views.question import Question
from pcs_dash.views.registry import find_view
from pcs_dash.views.web_files import WebFiles

Pick = Callable[[str, Sequence[str]], None]
# Draws what stands above a view, and says what view and question that makes.
Above = Callable[[View, Question], tuple[View, Question]] | None
# Draws what stands under a page, or in a section above its blocks.
Inside = Callable[[Question], None] | None
# Where the last practice was clicked: the view, its option and the practice.
_CLICKED = "practice-clicked"


@dataclass(frozen=True)
class Asked:
    """What blocks are drawn for: a question, what is `picked`, and what hears of another."""

    web: WebFiles
    question: Question
    picked: str = ""
    pick: Pick = lambda *_: None


def page_of(
    title: str, after: Inside = None, *, above: Above = None, inside: Inside = None
) -> None:
    """A whole page: the title with the area's name, its tabs, and the views of the open one;
    `above` draws what stands above each, `inside` what stands in sections that change the view,
    `after` what comes under them.
    """
    sheet = tabs.of_this_run.get(None)
    views = [] if sheet is None else sheet.views
    _, web, question = page.begin(needs_gps=any(view.needs_gps for view in views))
    tags = "".join(view.tag(question) for view in views if view.tag is not None)
    st.title(f"{title}: {plain(question.area.title)}{plain(tags)}")
    if sheet is not None:
        tabs.show(sheet, lambda: _sheet(sheet, web, question, above, inside))
    if after is not None:
        after(question)
    page.foot(question)


def _sheet(sheet: Sheet, web: WebFiles, question: Question, above: Above, inside: Inside) -> None:
    views = sheet.views
    # The home page says by its questions what it is about.
    if sheet.path and views[0].about:
        st.caption(views[0].about)
    if question.practices.empty:
        st.info(
            "No practice is left in this area. Switch the exclusion off, or choose another area."
        )
        raise address.EndedEarly
    plan = any(view.with_plan for view in views)
    address.fragment(_show)(views, web, _with_plan(question) if plan else question, above, inside)


def _with_plan(question: Question) -> Question:
    """The question with the plan on the table, where it is no longer today's PCNs."""
    # The builder brings the database with it: only where its plan is asked for.
    from pcs_dash.ui.hubs import address_plan

    held = address_plan.begin(question.dataset, question)
    if held.untouched_since:
        return question
    return replace(question, plan=held.plan, plan_name=held.name)


def _show(
    views: Sequence[View], web: WebFiles, question: Question, above: Above, inside: Inside
) -> None:
    """The views in one fragment: a practice that is chosen in one is chosen in all."""
    drawn: set[str] = set()
    carded = _carded(views)
    for view in views:
        if view is not views[0]:
            st.header(plain(view.title))
        # What is found stands above what it is asked by, where that takes a page's room.
        head = st.container()
        shown, asked = (view, question) if above is None else above(view, question)
        place = None if above is None else head
        show_view(
            shown, web, asked, first=view is views[0], card=view is carded, head=place,
            drawn=drawn, inside=inside,
        )  # fmt: skip
        drawn |= {option.key for option in shown.options}


def _carded(views: Sequence[View]) -> View:
    """The one view with the card of what is chosen: where it was clicked, else the first."""
    where, option, code = st.session_state.get(_CLICKED, ("", "", ""))
    still = option and st.session_state.get(option) == code
    return next((view for view in views if still and view.key == where), views[0])


def show_view(
    view: View,
    web: WebFiles,
    question: Question,
    *,
    first: bool = True,
    card: bool = True,
    picture: Callable[[Question], None] | None = None,
    head: DeltaGenerator | None = None,
    drawn: Container[str] = (),
    inside: Inside = None,
) -> None:
    """One view, as the page's switches and its own options ask for it; the page's `first` has its
    figures, and its message large; `card`: what is chosen has its card here. `picture` draws what
    stands in place of the answer's front, `head` is where the message stands if not below the
    options, `drawn` are the options that a view above shares with it; `inside` draws what stands
    in sections that change the view.
    """
    above = [option for option in view.options if not (option.inside or _beside_picture(option))]
    asked = question.with_options(_draw(above, question))
    answer = _begun(view, asked) or _answered(view, asked)
    if answer is None:
        return
    answer = answer if card else replace(answer, picked=None)
    at = Asked(web, asked, _state(view, question), _picking(view, question))

    with head or st.container():
        places = _said(answer, first=first)
    part, shown = _part(view, answer), answer.front if picture is None else ()
    if not part:
        if picture is None:
            finders = [
                each for each in view.options if _beside_picture(each) and each.key not in drawn
            ]
            _front(view, at, answer, finders)
        else:
            picture(asked)
        for number, block in enumerate(answer.below):
            draw(block, at, f"{view.key}-below-{number}")
        _printed(view, asked)
    sections = [one for one in answer.sections if one.part == part]
    told = [] if part else _words((*shown, *answer.below))
    # A part that is chosen already is shown whole.
    together = len(sections) == 1 or any(one.part for one in answer.sections)
    if sections or told:
        whole = any(section.whole for section in sections)
        more = _more if whole else address.fragment(_more, view.key)
        more(view, sections, told, at, together=together, inside=inside)
    for line in answer.foot:
        st.caption(plain(line))
    _end(view, asked, answer, places)


def _picking(view: View, question: Question) -> Pick:
    """What is done with a practice that is clicked."""

    def pick(option: str, codes: Sequence[str]) -> None:
        known = [code for code in codes if code in question.practices.index]
        # What is picked may be an option of another view of the page.
        own = next((each for each in view.options if each.key == option), None)
        if own is not None and own.kind == "several":
            st.session_state[option] = known
            return
        if known and own is not None and own.sets:
            st.session_state.update(own.sets)
        st.session_state[option] = known[0] if known else None
        st.session_state[_CLICKED] = (view.key, option, st.session_state[option])

    return pick


def _begun(view: View, asked: Question) -> Answer | None:
    """The answer without what takes long; None where that is there already, or nothing does."""
    return None if view.late is None or view.late.known(asked) else view.late.begun(asked)


def _end(
    view: View, asked: Question, begun: Answer, places: Sequence[tuple[str, DeltaGenerator]]
) -> None:
    """Put what takes long in its place, now that the rest is shown."""
    if view.late is not None and not view.late.known(asked):
        try:
            said = dict(_answer(view.key, asked.key, asked, begun).questions)
        except UserError as error:
            st.info(plain(str(error)))
            return
        for question, place in places:
            blocks.question(place, question, said[question])


def _answered(view: View, asked: Question) -> Answer | None:
    """The answer; None, and why in words, where there is none."""
    try:
        if view.slow:
            name = (view.key, *asked.key)
            return slow_work.computed(name, lambda: view.answer(asked), label=view.slow)
        return _answer(view.key, asked.key, asked)
    except UserError as error:
        st.info(plain(str(error)))
        return None


def _part(view: View, answer: Answer) -> str:
    """Which part of an answer that has several is chosen; "" is its picture."""
    parts = {"": "Answer"} | {one.part: one.part for one in answer.sections if one.part}
    if len(parts) == 1:
        return ""
    keys = {label.replace(" ", "-").lower(): part for part, label in parts.items()}
    labels = {key: part or "Answer" for key, part in keys.items()}
    key = address.choice(f"{view.page.partition('_')[0]}-part", labels)
    return keys[boxes.part("Part of the answer", labels, key)]


def _printed(view: View, question: Question) -> None:
    """A button that gives a view that prints as one sheet, made when it is asked for."""
    if not view.prints:
        return

    def made() -> bytes:
        # Drawing brings its own libraries with it.
        from pcs_dash.ui.stories.handout import one_page

        return one_page(view, question)

    name, icon = f"{view.key}-{question.area.key}.pdf", ":material/print:"
    key = f"{view.key}-print"
    boxes.download("One page to print (PDF)", made, name, MIME[".pdf"], key, icon=icon)


def _said(answer: Answer, *, first: bool) -> list[tuple[str, DeltaGenerator]]:
    """What stands above the picture; returns its questions, if any, with the place of each."""
    places: list[tuple[str, DeltaGenerator]] = []
    if answer.warning:
        st.warning(plain(answer.warning))
    if answer.questions:
        places = blocks.questions(answer.questions)
    else:
        blocks.message(answer.message, first=first)
    if answer.figures and first:
        blocks.figures(*answer.figures)
    return places


@st.cache_resource(show_spinner=False, max_entries=300)
def _answer(
    key: str,
    name: tuple[str, ...],  # noqa: ARG001 - with the key, what Streamlit keeps the answer under
    _question: Question,
    _begun: Answer | None = None,
) -> Answer:
    view = find_view(key)
    with for_page(slow_work.session()):
        if _begun is None or view.late is None:
            return view.answer(_question)
        return view.late.ended(_question, _begun)


@st.cache_resource(show_spinner=False, max_entries=600)
def _blocks(
    name: tuple[str, ...],  # noqa: ARG001 - what Streamlit keeps the blocks under
    _section: Section,
    _question: Question,
) -> Sequence[Block | Beside]:
    return _section.blocks(_question)


@st.cache_resource(show_spinner=False, max_entries=2_000)
def _picked(
    key: str,  # noqa: ARG001 - with the next, what Streamlit keeps the blocks under
    name: tuple[str, ...],  # noqa: ARG001
    code: str,
    _answer: Answer,
    _question: Question,
) -> Sequence[Block]:
    assert _answer.picked is not None
    return _answer.picked(_question, code)


# --- options ---


def _draw(options: Sequence[Option], question: Question) -> dict[str, str]:
    """Draw options side by side and return what they stand at; none where nothing can be chosen."""
    free = ("switch", "practice", "number")
    options = [each for each in options if each.kind in free or each.when or each.labels(question)]
    if not options:
        return {}
    places = _places(options)
    columns = _columns(len(places))
    found: dict[str, str] = {}
    for column, together in zip(columns, places, strict=True):
        for option in together:
            # What can be chosen may depend on the options before it.
            asked = question.with_options(found)
            if option.when is not None and not option.when(asked):
                continue
            with column:
                value = _widget(option, asked)
            if value is not None:
                found[option.key] = value
    return found


def _columns(places: int) -> list[DeltaGenerator]:
    """Places side by side; of more than four, three a row, or a small screen cuts what they say."""
    if places == 1:
        return [st.container()]
    a_row = places if places <= 4 else 3
    rows = [st.columns(a_row, gap="medium") for _ in range(0, places, a_row)]
    return [column for row in rows for column in row][:places]


def _beside_picture(option: Option) -> bool:
    """Whether the option only points at a practice, and so stands beside the picture."""
    return option.kind == "practice" and not option.inside and option.when is None


def _places(options: Sequence[Option]) -> list[list[Option]]:
    """The options by the place where they stand; those with a condition share one."""
    places: list[list[Option]] = []
    for option in options:
        if places and option.when is not None and places[-1][-1].when is not None:
            places[-1].append(option)
        else:
            places.append([option])
    return places


def _widget(option: Option, question: Question) -> str | None:
    if option.kind == "switch":
        on = st.toggle(option.label, key=address.switch(option.key), help=option.help or None)
        return "true" if on else "false"
    if option.kind == "number":
        low, high = option.bounds
        key = address.number(option.key, low, high, int(option.default))
        return str(st.number_input(option.label, low, high, step=1, key=key))
    labels = option.labels(question)
    more: dict[str, Any] = {"help": option.help or None}
    if option.kind == "several":
        begins = [key for key in option.default.split("|") if key in labels]
        key = address.several(option.key, labels, begins)
        more["placeholder"] = option.placeholder or "all"
        return "|".join(boxes.several(option.label, labels, key, **more))
    if option.kind == "practice":
        key = address.choice(option.key, labels, empty=True)
        more |= {"index": None, "placeholder": option.placeholder or "Type a name or code"}
    else:
        key = address.choice(option.key, labels, default=option.default or None)
    chosen: str | None = boxes.one(option.label, labels, key, **more)
    return chosen


def _state(view: View, question: Question) -> str:
    """The practice that is chosen on this view, if it lets one be chosen."""
    for option in view.options:
        if option.kind != "practice":
            continue
        if _beside_picture(option):
            # Its box stands below what it points at: the address is asked first.
            address.choice(option.key, option.labels(question), empty=True, tell=False)
        if st.session_state.get(option.key):
            return str(st.session_state[option.key])
    return ""


# --- blocks ---


def _front(view: View, at: Asked, answer: Answer, finders: Sequence[Option]) -> None:
    # Present asks the browser where the map of that name stands.
    picture, question = view.map_key or f"{view.key}-front", at.question
    beside: Sequence[Block | Beside] = answer.front[1:]
    if at.picked and answer.picked is not None and at.picked in question.practices.index:
        beside = _picked(view.key, question.key, at.picked, answer, question)
    if answer.stacked or not (beside or finders):
        _draw(finders, question)
        for number, block in enumerate(answer.front):
            draw(block, at, f"{picture}-{number}" if number else picture)
        return
    with st.container(key=f"picture-{view.key}"):
        left, right = st.columns([answer.share, 1 - answer.share], gap="medium")
    with left:
        draw(answer.front[0], at, picture)
    with right:
        _draw(finders, question)
        for number, part in enumerate(beside):
            draw(part, at, f"{view.key}-beside-{number}")


def _more(
    view: View,
    sections: Sequence[Section],
    told: Sequence[str],
    at: Asked,
    *,
    together: bool,
    inside: Inside,
) -> None:
    """The sections, or the one that is chosen; then all words to copy, of here and above."""
    words = list(told)
    for section in sections if together or not sections else [_chosen(view, sections)]:
        if together:
            st.header(plain(section.title))
        options = [view.option(key) for key in section.options]
        asked = at.question.with_options(_draw(options, at.question))
        if section.whole and inside is not None:
            inside(at.question)
        made = _made(view, section, asked)
        here = replace(at, question=asked, picked=_state(view, at.question))
        for number, block in enumerate(made):
            draw(block, here, f"{view.key}-{section.key}-{number}")
        words += _words(made)
    if words:
        blocks.words_for_paper("\n\n".join(dict.fromkeys(words)), key=view.key)


def _chosen(view: View, sections: Sequence[Section]) -> Section:
    """The open section: the one chosen, or whose options the address asks for, or the first."""
    titles = {section.key: section.title for section in sections}
    asked = (each.key for each in sections if any(map(address.asked, each.options)))
    key = address.choice(f"{view.key}-section", titles, default=next(asked, None))
    shown = {key: plain(title) for key, title in titles.items()}
    chosen = boxes.part("Look closer at", shown, key, hidden=False)
    return next(section for section in sections if section.key == chosen)


def _made(view: View, section: Section, question: Question) -> Sequence[Block | Beside]:
    name = (view.key, section.key, *question.key)
    if section.slow:
        return slow_work.computed(name, lambda: section.blocks(question), label=section.slow)
    return _blocks(name, section, question)


def _words(made: Sequence[Block | Beside]) -> list[str]:
    """The paragraphs for a paper that stand behind these blocks."""
    told = []
    for block in made:
        match block:
            case Beside():
                told += _words([one for column in block.columns for one in column])
            case Chart():
                told.append(block.words or block.alt)
            case Text(words=True):
                told.append(str(block.said))
    return told


def draw(block: Block | Beside, at: Asked, key: str) -> None:
    """One block, or columns of them."""
    match block:
        case Beside():
            columns = zip(st.columns(list(block.shares), gap="medium"), block.columns, strict=True)
            for number, (column, stacked) in enumerate(columns):
                for place, one in enumerate(stacked):
                    with column:
                        draw(one, at, f"{key}-{number}-{place}")
        case MapBlock():
            _map(block, at, key)
        case Chart():
            blocks.chart(block, key=key)
        case Table():
            _table(block, key, at.pick)
        case Bullets():
            blocks.bullets(block)
        case Text():
            blocks.text(block)
        case File():
            boxes.download(plain(block.label), block.made, block.name, block.mime, key)


def _map(block: MapBlock, at: Asked, key: str) -> None:
    spec, web, question = block.spec, at.web, at.question
    made, legends, note = kept(spec, ("map", key), lambda: map_view(question.dataset, spec, key))
    if spec.page_legend is not None:
        legends = [spec.page_legend]
    layer = web.areas[question.area.key]
    content = {
        **made,
        "area": {"url": layer.url, "bounds": layer.bounds},
        "points": {"url": web.points_url},
        "tiles": question.tiles,
    }
    if spec.focus is not None:
        content["focus"] = {"name": spec.focus[0], "bounds": spec.focus[1]}
    on_pick = None
    if block.pick:
        content["selected"] = at.picked or content["selected"]

        def on_pick(code: str) -> None:
            at.pick(block.pick, [code])

    on_draw = None
    if block.draw:
        drawn = degrees_in(st.session_state.get(block.draw) or "")
        content["tools"] = True
        content["shapes"] = [*block.shapes, *([] if drawn is None else [drawn.tolist()])]

        def on_draw(corners: list[list[float]]) -> None:
            st.session_state[block.draw] = "; ".join(f"{at[0]}, {at[1]}" for at in corners)

    names = question.practices["practice_name"] if block.listed or not block.pick else None
    page_parts.show_map(
        web, content, key=f"{key}-map", height=block.high, on_pick=on_pick, on_draw=on_draw,
        practices=names,
    )  # fmt: skip
    if spec.kind != "areas" and kept(spec, "bare", lambda: _bare(question)):
        page_parts.say_without_boundaries()
        # Without land only what the circles say needs a legend.
        legends = legends[:1] if spec.marks is not None and spec.marks.title else []
    for place, legend in enumerate(legends):
        page_parts.show_legend(legend, note=note if place == len(legends) - 1 else "")


def _bare(question: Question) -> bool:
    """Whether the LSOAs have no boundaries; where there is no LSOA, a page says so itself."""
    lsoas = question.area.select(question.dataset.lsoas)
    return not (lsoas.empty or lsoas["geometry"].notna().any())


def _table(table: Table, key: str, pick: Pick) -> None:
    if table.small:
        blocks.small_table(table)
    else:
        blocks.data_table(table, key=key, pick=pick)
    if table.note:
        st.caption(plain(table.note))
    if table.name:
        file = table.frame if table.file is None else table.file
        page_parts.download_csv(kept(table, "csv", lambda: table_csv(file)), name=table.name)
