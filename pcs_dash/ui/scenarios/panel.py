"""The list of a scenario's changes on the page Plan ahead, and what can be done to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from pcs_dash.measures.register import REGISTER
from pcs_dash.render.report_files import MIME
from pcs_dash.scenarios.assumptions import published, with_typed
from pcs_dash.scenarios.changes import (
    AGES,
    HUB,
    LASTING,
    LONGEST,
    MOST_HOMES,
    ROLE_WORDS,
    Close,
    Scenario,
)
from pcs_dash.scenarios.projected import loaded_growth
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address, boxes, presenting
from pcs_dash.ui.saved_documents import tell
from pcs_dash.ui.scenarios import premises_panel, saving
from pcs_dash.ui.scenarios.open_scenario import OpenScenario, begin
from pcs_dash.ui.text import plain
from pcs_dash.views.answer import View
from pcs_dash.views.new_homes import WHOLE, places
from pcs_dash.views.plan_ahead import (
    AT,
    DECIDED,
    DRAWN,
    VIEW,
    scenario_of,
    takers_of,
    today_for,
)
from pcs_dash.views.question import Question
from pcs_dash.views.scenario_words import AGAINST, LINK, sentence

# Which part of the answer is open (`view_page`), and the one that premises belong to.
PART, STAFFED_KEY = "plan-part", "staff-and-space"
# Years that the projected growth of a place is taken over.
GROWS_FOR = 10
# A longer list scrolls by itself.
LISTED = 5
# FTE that a practice opens with, unless something else is typed.
NEW_TEAM = {"gp": 2.0, "nurse": 1.0, "direct_care": 1.0}
# The change that is edited: of which state of the table, and its place in the list.
_EDITING = "scenario-editing"
# Dates and numbers of a change's file, as boxes.
_EDITED = {
    "from": "In, or from",
    "to_year": "To (empty: to the end)",
    "a_year": "Homes a year",
    "per_cent": "Per cent a year",
    "fte": "FTE more (or fewer: −)",
    "staff_follow": "Share of staff that follow, 0 to 1",
    "gp": REGISTER["fte_gp"].label,
    "nurse": "FTE nurses",
    "direct_care": "FTE direct patient care",
}
_KINDS = {
    "close": "A practice closes",
    "merge": "Practices merge",
    "open": "A practice or branch opens",
    "staff": "Staff come or go",
    "homes": "Homes are built",
    "population": "Patients grow or shrink",
    "leave": "GPs leave by age",
    "join": "GPs who finish training join",
}


def with_table(view: View, question: Question) -> tuple[View, Question]:
    """The view and its question with the scenario on the table, which is drawn here: where there is
    one, it stands in place of the boxes.
    """
    if view.key != VIEW.key or not question.dataset.has_gps:
        return view, question
    opened = begin()
    saving.open_from_address(opened)
    _draw(opened, question)
    address.carry(LINK, opened.text)
    carried = {LINK: opened.text, AGAINST: opened.against}
    for name, text in carried.items():
        # What is presented and kept in stories asks the session what the page stands at.
        st.session_state[name] = text or None
    asked = question.with_options({name: text for name, text in carried.items() if text})
    inside = tuple(option for option in view.options if option.inside)
    return (replace(view, options=inside) if opened.text else view), asked


def _draw(opened: OpenScenario, question: Question) -> None:
    tell(opened, "scenario")
    library_panel = saving.library_panel()
    with st.container(horizontal=True):
        if opened.scenario is None:
            _button(
                opened, "Change by change", "begin", lambda: _of_boxes(question),
                icon=":material/list:",
                help="Makes a list of what the boxes below say, to be changed, dated and saved.",
            )  # fmt: skip
        _steps(opened)
        if opened.scenario is not None:
            _add(opened, opened.scenario, question)
            _assume(opened, opened.scenario)
            library_panel.save(opened, question.dataset)
        library_panel.exchange(
            opened, saving.as_file(opened), saving.read, lambda: _workbook(opened, question)
        )
        saving.compare(opened)
    if opened.scenario is not None:
        _list(opened, opened.scenario, question)
    library_panel.saved_ones(opened)
    # At first only the address says which part is open.
    asked = address.held().asked.get(PART) or ("",)
    if st.session_state.get(PART, asked[-1]) == STAFFED_KEY:
        premises_panel.show(asked_of(opened, question))


def _workbook(opened: OpenScenario, question: Question) -> None:
    """A button that gives what is shown as a workbook, made when it is asked for."""
    asked = asked_of(opened, question)

    def made() -> bytes:
        # Making a report brings its own libraries with it.
        from pcs_dash.ui.stories.handout import workbook

        return workbook(VIEW, asked)

    boxes.download(
        "Figures and assumptions (Excel)",
        made,
        f"plan-ahead-{question.area.key}.xlsx",
        MIME[".xlsx"],
        "scenario-excel",
        help="Every year with nothing done and as decided, and every assumption with its source.",
    )


def asked_of(opened: OpenScenario, question: Question) -> Question:
    """The question with the scenario on the table, else with what the boxes say."""
    if opened.text:
        return question.with_options({LINK: opened.text})
    return question.with_options(presenting.options_of_page(VIEW.page))


def _of_boxes(question: Question) -> Scenario:
    asked = question.with_options(presenting.options_of_page(VIEW.page))
    return scenario_of(asked, today_for(question).year)


def _do(opened: OpenScenario, make: Callable[[], Scenario | None]) -> None:
    """Put on the table what `make` gives; what can't be is told, and the table stays."""
    try:
        opened.put(make())
    except UserError as error:
        opened.said = str(error)


def _button(
    opened: OpenScenario, label: str, key: str, make: Callable[[], Scenario | None], **more: Any
) -> None:
    """A button that puts on the table what `make` gives."""
    st.button(label, key=f"scenario-{key}", on_click=_do, args=(opened, make), **more)


def at_map(question: Question) -> None:
    """What can be done at the practice that is clicked on the map, and with what is drawn there."""
    if not question.dataset.has_gps:
        return
    opened, year = begin(), today_for(question).year + DECIDED
    drawn = st.session_state.get(DRAWN) or ""
    if drawn:
        _at_drawn(opened, question, drawn, year)
    code = st.session_state.get(AT)
    if code not in question.practices.index:
        return
    offered = {
        "It closes": {"kind": "close", "practice": code},
        "One FTE GP more": {"kind": "staff", "role": "gp", "fte": 1, "where": code},
        "One FTE nurse more": {"kind": "staff", "role": "nurse", "fte": 1, "where": code},
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(question.practices['practice_name'].to_dict()[code])}**, {year}:")
        _offer(opened, question, offered, year, "at")


def _at_drawn(opened: OpenScenario, question: Question, drawn: str, year: int) -> None:
    """Homes in what was drawn, or a practice at a point."""
    point = ";" not in drawn
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            f"Homes a year {'at this point' if point else 'in this shape'}, from {year}",
            1, MOST_HOMES, 100, key="scenario-drawn-homes", width=260,
        )  # fmt: skip
        offered: dict[str, dict[str, Any]] = {"Build them": {"kind": "homes", "where": drawn}}
        if point:
            latitude, _, longitude = drawn.partition(",")
            offered["A practice opens here"] = {
                "kind": "open", "code": _free_code(opened, question), "name": "New practice",
                "latitude": float(latitude), "longitude": float(longitude), **NEW_TEAM,
            }  # fmt: skip
        _offer(opened, question, offered, year, "drawn")
        st.button(
            "Take it away", type="tertiary", key="scenario-drawn-away",
            on_click=st.session_state.pop, args=(DRAWN, None),
        )  # fmt: skip


def _offer(
    opened: OpenScenario,
    question: Question,
    offered: dict[str, dict[str, Any]],
    year: int,
    key: str,
) -> None:
    """A button for each change; what is drawn is no longer needed once it is one."""

    def add(change: dict[str, Any]) -> None:
        if change["kind"] == "homes":
            # As it stands at the click: what was typed just before it counts.
            change = {**change, "a_year": st.session_state["scenario-drawn-homes"]}
        _do(opened, lambda: _with(opened, question, {**change, "from": year}))
        if key == "drawn" and not opened.said:
            st.session_state.pop(DRAWN, None)

    for place, (label, change) in enumerate(offered.items()):
        st.button(label, key=f"scenario-{key}-{place}", on_click=add, args=(change,))


def _free_code(opened: OpenScenario, question: Question) -> str:
    """A code that no practice has, nor one that opens in the scenario."""
    changes = () if opened.scenario is None else opened.scenario.changes
    taken = {getattr(change, "code", "") for change in changes} | set(
        question.dataset.practices.index
    )
    return next(code for n in range(1, 1_000) if (code := f"N{n:05}") not in taken)


def _with(opened: OpenScenario, question: Question, change: dict[str, Any]) -> Scenario:
    """The scenario on the table, else that of the boxes, with a change more."""
    scenario = opened.scenario or _of_boxes(question)
    return _changed(scenario, changes=[*scenario.to_dict()["changes"], change])


def _steps(opened: OpenScenario) -> None:
    for label, steps, do in (
        ("Undo", opened.past, opened.undo),
        ("Redo", opened.future, opened.redo),
    ):
        name = label.lower()
        st.button(label, icon=f":material/{name}:", key=f"scenario-{name}", disabled=not steps,
                  on_click=do)  # fmt: skip
    if opened.scenario is not None:
        st.button(
            "Back to the boxes",
            key="scenario-end",
            help="Undo brings the list back.",
            on_click=_end,
            args=(opened,),
        )


def _end(opened: OpenScenario) -> None:
    opened.put(None)
    opened.came_from(None)


def _list(opened: OpenScenario, scenario: Scenario, question: Question) -> None:
    """Name, years, and each change as a sentence with a switch."""
    left, right = st.columns([3, 1])
    name, years = f"scenario-name-{opened.stamp}", f"scenario-years-{opened.stamp}"
    left.text_input(
        "Name of the scenario", scenario.name, max_chars=200, key=name,
        on_change=lambda: _do(opened, lambda: _changed(scenario, name=st.session_state[name])),
    )  # fmt: skip
    right.number_input(
        "Years ahead", 1, LONGEST, scenario.years, key=years,
        on_change=lambda: _do(opened, lambda: _changed(scenario, years=st.session_state[years])),
    )  # fmt: skip
    saving.library_panel().tell_version(opened.saved_id, opened.saved_version, opened.is_as)
    called = question.dataset.practices["practice_name"]
    names = {str(code): str(name) for code, name in called.items()}
    takers = takers_of(today_for(question))
    if not scenario.changes:
        st.info("Nothing changes: no homes, and nobody leaves or joins. Add a change.")
    many = len(scenario.changes) > LISTED
    stamp, editing = st.session_state.get(_EDITING, (None, 0))
    editing = editing if stamp == opened.stamp else None
    changes = st.container(
        key="scenario-changes",
        height=(210 if editing is None else 420) if many else "content",
        border=many,
        gap=None if many else "small",
    )
    # What is decided first: of what comes anyway there are many.
    listed = sorted(enumerate(scenario.changes), key=lambda pair: pair[1].comes_anyway)
    for place, change in listed:
        with changes:
            _row(opened, scenario, place, sentence(change, names, takers))
            if place == editing:
                _edit(opened, scenario, place)


def _row(opened: OpenScenario, scenario: Scenario, place: int, said: str) -> None:
    """A change as a sentence with a switch, and what can be done to it."""
    change = scenario.changes[place]
    rest = scenario.changes[:place] + scenario.changes[place + 1 :]
    which, editing = f"{opened.stamp}-{place}", {_EDITING: (opened.stamp, place)}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            plain(said),
            change.on,
            key=f"scenario-on-{which}",
            on_change=opened.put,
            args=(scenario.switched(place, on=not change.on),),
            width="stretch",
        )
        for label, key, do in (
            ("Edit", "edit", partial(st.session_state.update, editing)),
            ("Remove", "drop", partial(opened.put, replace(scenario, changes=rest))),
        ):
            st.button(
                label, type="tertiary", key=f"scenario-{key}-{which}",
                help=f"{label}: {plain(said)}", on_click=do,
            )  # fmt: skip


def _edit(opened: OpenScenario, scenario: Scenario, place: int) -> None:
    """The dates and numbers of a change; whom it means is changed by another one."""
    changes = scenario.to_dict()["changes"]
    given = changes[place] | {"per_cent": _alone(changes[place].get("per_cent", []))}
    lasts = scenario.changes[place].kind in LASTING
    names = [
        name for name in _EDITED if given.get(name) is not None or (name == "to_year" and lasts)
    ]
    keys = {name: f"scenario-edit-{name}-{opened.stamp}-{place}" for name in names}

    def take() -> None:
        typed = {name: st.session_state[key] for name, key in keys.items()}
        found = {key: value for key, value in (changes[place] | typed).items() if value is not None}
        _do(
            opened,
            lambda: _changed(scenario, changes=[*changes[:place], found, *changes[place + 1 :]]),
        )

    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        for name, key in keys.items():
            whole = name in ("from", "to_year", "a_year")
            value = given.get(name)
            st.number_input(
                _EDITED[name],
                value=value if value is None or not whole else int(value),
                step=1 if whole else 0.1,
                key=key,
                width=210,
            )
        st.button("Take these", type="primary", key="scenario-edit-take", on_click=take)
        st.button(
            "Leave it", key="scenario-edit-leave", on_click=st.session_state.pop,
            args=(_EDITING, None),
        )  # fmt: skip


def _alone(ends: list[float]) -> float | None:
    """The one number that low, central and high are, if they are one."""
    return ends[0] if len(set(ends)) == 1 else None


def _changed(scenario: Scenario, **values: Any) -> Scenario:
    """The scenario with fields of its file replaced, read as a file is."""
    return Scenario.from_dict({**scenario.to_dict(), **values})


def _add(opened: OpenScenario, scenario: Scenario, question: Question) -> None:
    with st.popover("Add a change", icon=":material/add:"):
        what, when = st.columns(2)
        kind = boxes.one("What happens", _KINDS, "scenario-kind", at=what)
        first = today_for(question).year + 1
        last = first + scenario.years - 1
        # With other limits it is another box: what was typed may lie beyond them.
        begins = f"scenario-in-{first}-{last}"
        when.number_input("In, or from", first, last, key=begins)
        change = {"kind": kind, **_FIELDS[kind](question)}
        _button(
            opened, "Add it", "add",
            lambda: _with(opened, question, change | _numbers(kind, begins)), type="primary",
        )  # fmt: skip


def _numbers(kind: str, begins: str) -> dict[str, Any]:
    """Numbers as they stand at the click: what was typed just before it counts."""
    state = st.session_state
    found: dict[str, Any] = {"from": int(state[begins])}
    if kind == Close.kind:
        found["staff_follow"] = state["scenario-follow"] / 100
    elif kind in _TYPED:
        field, key = _TYPED[kind]
        found[field] = state[key]
    return found


def _assume(opened: OpenScenario, scenario: Scenario) -> None:
    """Type over an assumption, or go back to the published one; what is typed is marked."""
    with st.popover("Assumptions", icon=":material/edit:"):
        known = published()
        typed = dict(scenario.assumptions)
        labels = {
            key: one.label + (" (typed in)" if key in typed else "") for key, one in known.items()
        }
        key = boxes.one("Assumption", labels, "scenario-assumption")
        one = known[key]
        st.caption(f"In {plain(one.unit)}. {plain(one.source)}")
        ends = typed.get(key, (one.low, one.central, one.high))
        found = tuple(
            st.number_input(label, value=float(value), key=f"scenario-{label}-{key}-{opened.stamp}")
            for label, value in zip(("Low", "Central", "High"), ends, strict=True)
        )
        others = {name: value for name, value in typed.items() if name != key}
        taken = {**others, key: found}
        _button(opened, "Take these", "assume", lambda: _assuming(scenario, taken), type="primary")
        if key in typed:
            _button(
                opened, "The published ones again", "published", lambda: _assuming(scenario, others)
            )


def _assuming(scenario: Scenario, typed: dict[str, Any]) -> Scenario:
    """The scenario with assumptions typed over. UserError where they make no sense."""
    with_typed(published(), typed)
    return _changed(scenario, assumptions={key: list(ends) for key, ends in typed.items()})


# --- what each kind of change asks ---


def _where(question: Question) -> dict[str, Any]:
    place = boxes.one("Where", places(question), f"scenario-where-{question.area.key}")
    return {"where": question.area.label if place == WHOLE else place}


def _homes(question: Question) -> dict[str, Any]:
    a_year = st.number_input("Homes a year", 1, 100_000, 100, key="scenario-homes")
    where = _where(question)
    at = st.text_input(
        "Or at a point, or within a shape",
        key="scenario-at",
        placeholder="51.48, 0.32; 51.49, 0.33; ...",
        help="Latitude and longitude of one point, or of three and more corners. Who is registered "
        "in the small areas there today says where new residents register.",
    )
    return {"a_year": a_year, **({"where": at.strip()} if at.strip() else where)}


def _open(question: Question) -> dict[str, Any]:
    own = question.practices
    middle = own.loc[[st.session_state[AT]]] if st.session_state.get(AT) in own.index else own
    name = st.text_input("Name", "New practice", max_chars=100, key="scenario-open-name")
    code = _free_code(begin(), question)
    code = st.text_input("A code for it", code, max_chars=6, key=f"scenario-open-code-{code}")
    there = st.text_input(
        "Where (latitude, longitude)",
        f"{round(middle['latitude'].mean(), 4)}, {round(middle['longitude'].mean(), 4)}",
        key=f"scenario-open-at-{st.session_state.get(AT)}-{question.area.key}",
        help="It begins at the practice that is clicked on the map, or in the middle of the area.",
    )
    fte = {
        role: st.number_input(_EDITED[role], 0.0, 100.0, value, 0.5, key=f"scenario-open-{role}")
        for role, value in NEW_TEAM.items()
    }
    latitude, _, longitude = there.partition(",")
    return {"code": code, "name": name, "latitude": _degrees(latitude),
            "longitude": _degrees(longitude), **fte}  # fmt: skip


def _degrees(text: str) -> float | str:
    """The number, or the text itself, which the scenario's reader then refuses by its field."""
    try:
        return float(text)
    except ValueError:
        return text


def _population(question: Question) -> dict[str, Any]:
    where = _where(question)
    first = today_for(question).year
    projected = loaded_growth(where["where"], first, first + GROWS_FOR)
    key = f"scenario-growth-{where['where'] if projected is not None else ''}"
    begin_at = 0.5 if projected is None else round(projected, 2)
    growth = st.number_input("Per cent a year", -20.0, 20.0, begin_at, 0.1, key=key)
    if projected is not None:
        st.caption(f"{begin_at:g}% a year is the ONS's projection from {first} on, of all ages.")
    return {"per_cent": growth, **where}


def _leave(question: Question) -> dict[str, Any]:
    return {"ages": boxes.one("Who", AGES, "scenario-ages"), **_where(question)}


def _staff(question: Question) -> dict[str, Any]:
    role = boxes.one("Who", ROLE_WORDS, "scenario-role")
    fte = st.number_input("FTE more (or fewer: −)", -500.0, 500.0, 1.0, 0.5, key="scenario-fte")
    return {"role": role, "fte": fte, **_where(question)}


def _practices(question: Question) -> dict[str, str]:
    names = question.practices["practice_name"]
    return {str(code): f"{name} ({code})" for code, name in names.items()}


_GO = {
    "": "by where they live",
    HUB: "to the rest of its hub or PCN",
    "named": "to practices named here",
}


def _close(question: Question) -> dict[str, Any]:
    offered = _practices(question)
    code = boxes.one("Which", offered, f"scenario-practice-{question.area.key}")
    others = {other: name for other, name in offered.items() if other != code}
    left, right = st.columns(2)
    left.number_input("Staff that follow, %", 0, 100, 0, 10, key="scenario-follow")
    stay = boxes.one(
        "Its premises",
        {"": "are given up", **others},
        f"scenario-premises-of-{question.area.key}-{code}",
        at=right,
        help="Given up, or a site of another practice from then on.",
    )
    to: str | list[str] = boxes.one("Its patients go", _GO, "scenario-patients-go")
    if to == "named":
        to = boxes.several("To", others, f"scenario-takers-{question.area.key}-{code}")
    return {"practice": code, "to": to, "premises": stay}


def _merge(question: Question) -> dict[str, Any]:
    offered, key = _practices(question), f"scenario-practices-{question.area.key}"
    codes = boxes.several("Which (the first one's code stays)", offered, key)
    sites = boxes.several(
        "Whose premises stay",
        {code: offered[code] for code in codes},
        f"scenario-sites-{'-'.join(codes)}",
        default=codes[:1],
        help="Patients whose practice's premises stay go on going there; the others go to the "
        "nearest that stay.",
    )
    return {"practices": codes, "sites": sites}


# The number that a kind of change is about, and its box.
_TYPED = {"staff": ("fte", "scenario-fte"), "homes": ("a_year", "scenario-homes")}
_FIELDS: dict[str, Callable[[Question], dict[str, Any]]] = {
    "close": _close,
    "merge": _merge,
    "open": _open,
    "staff": _staff,
    "homes": _homes,
    "population": _population,
    "leave": _leave,
    "join": _where,
}
