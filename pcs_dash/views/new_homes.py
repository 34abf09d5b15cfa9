"""What does a number of homes bring, and need? Residents, patients, GPs, space and cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from pcs_dash.measures.numbers import between, number
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.words import Words
from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.scenarios.assumptions import Assumption, published
from pcs_dash.scenarios.flows import shares_of_new_residents
from pcs_dash.scenarios.homes import MOST_HOMES, STEPS, USED, what_homes_need
from pcs_dash.scenarios.today import Today
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import (
    Answer,
    Blocks,
    Bullets,
    Column,
    Figure,
    Option,
    Section,
    Table,
    View,
    measured,
    or_why_not,
    text_table,
)
from pcs_dash.views.plan_ahead import today_for
from pcs_dash.views.question import Question

HOMES = 5_000
WHOLE = "area"
SHOWN = 10
CAUTION = "A rule of thumb, no forecast: many who move into a new home live here already."
_TAKEN = (
    "All residents are taken to register; low and high take every assumption at that end at once."
)
# Each step: what it is called, its decimals, and the assumption that leads to it.
_STEPS: Mapping[str, tuple[str, int, str]] = {
    "residents": ("Residents", 0, USED[0]),
    "patients": ("Patients", 0, ""),
    "fte_gp": (REGISTER["fte_gp"].label, 1, USED[1]),
    "square_metres": ("Square metres", 0, USED[2]),
    "cost_pounds": ("Cost, million pounds", 2, USED[3]),
}


def places(question: Question) -> Mapping[str, str]:
    """The area as a whole, its districts (who lives there is known) and its PCNs."""
    own = question.practices
    districts = {
        str(name): f"{name} (district)" for name in sorted(own["district"].dropna().unique())
    }
    pcns = own.dropna(subset=["pcn_code"]).drop_duplicates("pcn_code").sort_values("pcn")
    named = {
        str(code): f"PCN: {name}" for code, name in zip(pcns["pcn_code"], pcns["pcn"], strict=True)
    }
    return {WHOLE: question.area.label} | districts | named


def _per_home(_: Question) -> Mapping[str, str]:
    """The range, or one of what it is made of."""
    one = published()[USED[0]]
    return {
        "range": f"{one.central:g} ({one.low:g} to {one.high:g})",
        f"{one.low:g}": f"{one.low:g}, as in the strategy of 2014",
        f"{one.high:g}": f"{one.high:g}, as in Uttlesford in 2014",
    }


def _assumed(question: Question) -> Mapping[str, Assumption]:
    """The published assumptions, with the residents per dwelling that are asked for."""
    chosen = question.option("per_home", _per_home(question))
    known = published()
    if chosen == "range":
        return known
    at = float(chosen)
    # It stays a published figure, with its source.
    return {**known, USED[0]: replace(known[USED[0]], low=at, central=at, high=at)}


OPTIONS = (
    Option("dwellings", "Homes", "number", default=str(HOMES), bounds=(1, MOST_HOMES)),
    Option("built_in", "Where", choices=places),
    Option("per_home", "Residents per dwelling", choices=_per_home),
    Option(
        "room", "Patients there is room for today", "number", default="0", bounds=(0, MOST_HOMES)
    ),
)


def answer(question: Question) -> Answer:
    """Homes to residents, patients, GPs, square metres and pounds, and who would register where."""
    homes, room = _given(question, "dwellings"), _given(question, "room")
    place = question.option("built_in", places(question))
    where = question.area.label if place == WHOLE else place
    label = places(question)[place]
    assumed = _assumed(question)
    found = what_homes_need(homes, assumed, room=room)
    who = f"; those beyond the {number(room)} there is room for" if room else ", who"
    said = (
        f"{number(homes)} homes in {label} would bring {number(found['patients'])} patients{who} "
        f"need {number(found['fte_gp'], 1)} FTE GPs in {number(found['square_metres'])} square "
        f"metres for £{number(found['cost_pounds'] / 1e6, 2)} million."
    )
    basis = f"{_TAKEN} Assumptions: published ones, cited below."
    if room:
        basis += f" Room for {number(room)} patients in the practices of today: typed in."
    return Answer(
        Words(said, CAUTION, basis),
        figures=tuple(
            Figure(name, _text(found[step], step), _range(found, step), banded=True)
            for step, (name, _, _) in _STEPS.items()
            if step != "residents"
        ),
        front=(_steps(homes, room, found, assumed), Bullets(_sources(assumed), "Sources")),
        sections=(Section("registering", "Who would register where", _registering(where, found)),),
        stacked=True,
        about_gps=False,
        sources="published assumptions, each cited in the app",
        notes=_sources(assumed),
    )


def _given(question: Question, key: str) -> float:
    (option,) = (option for option in OPTIONS if option.key == key)
    text = question.options.get(key, "") or option.default
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise UserError(f"{option.label}: '{text[:40]}' is no number.") from None


def _text(value: float, step: str) -> str:
    return number(value / 1e6 if step == "cost_pounds" else value, _STEPS[step][1])


def _range(found: Mapping[str, float], step: str) -> str:
    scale = 1e6 if step == "cost_pounds" else 1
    low, high = found[f"{step}_low"] / scale, found[f"{step}_high"] / scale
    return between(low, high, _STEPS[step][1]) if high > low else ""


def _steps(
    homes: float, room: float, found: Mapping[str, float], assumed: Mapping[str, Assumption]
) -> Table:
    rows = [
        (
            _STEPS[step][0],
            *(_text(found[step + end], step) for end in ("_low", "", "_high")),
            _by(assumed.get(_STEPS[step][2]))
            + (f", beyond {number(room)}" if room and step == "fte_gp" else ""),
        )
        for step in STEPS
    ]
    heads = (f"{number(homes)} homes", "Low", "Central", "High", "Worked out by")
    return text_table("What they bring and need", heads, rows, widths=(1.4, 0.8, 0.8, 0.8, 2.6))


def _by(one: Assumption | None) -> str:
    if one is None:
        return "all of them register"
    central, low, high = (
        number(value, 0 if value == round(value) else 2)
        for value in (one.central, one.low, one.high)
    )
    return f"{central} {one.unit}" + ("" if low == high else f" (from {low} to {high})")


def _sources(assumed: Mapping[str, Assumption]) -> tuple[str, ...]:
    return tuple(f"{_by(assumed[key])}: {assumed[key].source}" for key in USED)


def _registering(where: str, found: Mapping[str, float]) -> Callable[[Question], Blocks]:
    @or_why_not
    def blocks(question: Question) -> Blocks:
        today = today_for(question)
        table = registering(today, where, found["patients"], question.definition.key)
        return [
            Table(
                f"The {min(SHOWN, len(table))} practices that most would register with",
                table.head(SHOWN),
                (
                    Column("practice_name", "Practice", wide=2.4),
                    Column("coming", "Would register", "count"),
                    measured("patients"),
                    measured("patients_per_fte_gp"),
                    Column("after", "With them", "count"),
                ),
                note=_how(today, where),
                name="new-homes",
                file=table,
            )
        ]

    return blocks


def registering(today: Today, where: str, patients: float, definition: str) -> pd.DataFrame:
    """Who would register with each practice, the most first: index practice_code; practice_name,
    coming, patients, patients_per_fte_gp and after (the same with those who come, and the staff of
    today). What goes to practices beyond the data is in none.
    """
    share = shares_of_new_residents(today, where, {}).sort_values(ascending=False, kind="stable")
    own = today.practices.loc[share.index]
    coming = share * patients
    return pd.DataFrame(
        {
            "practice_name": own["practice_name"],
            "coming": coming,
            "patients": own["patients"].astype(float),
            "patients_per_fte_gp": patients_per_fte_gp(own, definition),
            "after": patients_per_fte_gp(
                own.assign(patients=own["patients"] + coming * today.weights[own.index]), definition
            ),
        }
    ).rename_axis("practice_code")


def _how(today: Today, where: str) -> str:
    if where in today.living_in.columns:
        return f"As those who live there are registered today: {today.registrations.label}."
    return "In proportion to list sizes."


VIEW = View(
    "new_homes",
    "plan_ahead",
    "What new homes need",
    "Residents, patients, GPs, square metres and cost of any number of homes, with low and high.",
    answer,
    options=OPTIONS,
    needs_gps=False,
    prints=True,
)
