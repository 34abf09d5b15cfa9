"""Appointments needed against those the team can give, staff for the patients, rooms and space."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pcs_dash.measures.numbers import between, number, signed
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.words import lower_first
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.scenarios.assumptions import Assumption
from pcs_dash.scenarios.demand import (
    HOURS_A_WEEK,
    ROLES,
    appointments_more,
    appointments_needed,
    rooms_needed,
    space_needed,
)
from pcs_dash.tables.load import load_pcn_staff
from pcs_dash.views.answer import Block, Table, Text, text_table
from pcs_dash.views.question import Question

STAFF = ("gps_per_10000", "nurse_fte_per_10000", "direct_care_fte_per_10000")
_WHO = {"gp": "GPs", "nurse_fte": "nurses", "direct_care_fte": "direct patient care staff"}
_PCN_CARE = "Other Direct Patient Care staff"


def blocks(
    question: Question, years: Mapping[str, pd.DataFrame], assumed: Mapping[str, Assumption]
) -> list[Block]:
    """`years`: the area's practices by what they are called, today's first, the asked one last."""
    names, tables = list(years), list(years.values())
    needed = [appointments_needed(table, assumed, question.edition) for table in tables]
    column = gp_definition(question.definition.key).column
    more = [appointments_more(tables[0], table, column, assumed) for table in tables]
    return [
        Text(_said(names, needed, more), "finding"),
        _appointments(question, names, tables, needed, more, assumed),
        _staff(question, names, tables),
        _space(names, tables, needed, assumed),
        Text(_pcn_staff(question), "note"),
    ]


def _said(names: list[str], needed: list[dict[str, float]], more: list[dict[str, float]]) -> str:
    rise = needed[-1]["central"] - needed[0]["central"]
    given = sum(more[-1].values())
    left = rise - given
    gap = "short of" if left > 0 else "beyond"
    return (
        f"By {names[-1].split(',')[0]} people would need {_more(rise)} appointments in three "
        f"months than in {names[0]}, and the team would give {_more(given)}: {number(abs(left))} "
        f"{gap} today's balance."
    )


def _more(change: float) -> str:
    return f"{number(abs(change))} {'more' if change >= 0 else 'fewer'}"


def _appointments(
    question: Question,
    names: list[str],
    tables: list[pd.DataFrame],
    needed: list[dict[str, float]],
    more: list[dict[str, float]],
    assumed: Mapping[str, Assumption],
) -> Table:
    rows = [
        (
            "Needed: patients by consultation rate",
            *(f"{number(one['central'])} ({between(one['low'], one['high'])})" for one in needed),
        ),
        *(
            (f"Given, against {names[0]}: {_WHO[role]}", *(signed(one[role], 0) for one in more))
            for role in ROLES
        ),
    ]
    booked = _booked(question, tables[0])
    note = " Booked with all staff in the three months loaded: " + booked if booked else ""
    rates = ", ".join(
        f"{number(assumed[key].central)} ({_WHO[role]})" for role, key in ROLES.items()
    )
    return text_table(
        "Appointments in three months",
        ("", *names),
        rows,
        widths=(1.9, *[1.5] * len(names)),
        note=f"Needed: {assumed['consultations_per_person'].central:g} a person a year, "
        f"{assumed['deprived_consult_more'].central:g}% more in the most deprived fifth; age is "
        f"not in it. One FTE more gives {rates} (BJGP 2023, e644): averages of practices, so what "
        f"the next one brings may differ.{note}",
    )


def _booked(question: Question, practices: pd.DataFrame) -> str:
    if "appointments" not in practices.columns:
        return ""
    known = practices["appointments"].where(practices.index.isin(question.practices.index))
    missing = int(known.isna().sum())
    left = f", {missing} practices without a figure" if missing else ""
    return f"{number(float(known.sum()))}{left}." if known.notna().any() else ""


def _staff(question: Question, names: list[str], tables: list[pd.DataFrame]) -> Table:
    rows = []
    for key in STAFF:
        measure = REGISTER[key]
        values = []
        for table in tables:
            top, bottom = measure.parts(table, question.definition.key)
            both = top.notna() & bottom.notna()
            values.append(measure.times * top[both].sum() / bottom[both].sum())
        rows.append((measure.label, *(measure.text(value) for value in values)))
    return text_table(
        "Staff of the practices for their patients",
        ("", *names),
        rows,
        widths=(1.9, *[1.5] * len(names)),
        note=f"Patients counted: {lower_first(question.weighting.label)}. Practices without a "
        "figure leave both sums.",
    )


def _space(
    names: list[str],
    tables: list[pd.DataFrame],
    needed: list[dict[str, float]],
    assumed: Mapping[str, Assumption],
) -> Table:
    metres = [space_needed(float(table["patients"].sum(skipna=True)), assumed) for table in tables]
    rooms = [rooms_needed(one["central"], assumed) for one in needed]
    cost = assumed["cost_per_square_metre"].central
    rows = [
        ("Square metres for the patients", *(number(value) for value in metres)),
        (
            f"Pounds for what is more than in {names[0]}, million",
            *(number(max(0.0, value - metres[0]) * cost / 1e6, 1) for value in metres),
        ),
        (
            "Consulting rooms for the appointments needed",
            *(f"{number(one['central'])} ({between(one['low'], one['high'])})" for one in rooms),
        ),
    ]
    use = assumed["room_utilisation_minimum"]
    return text_table(
        "Space and rooms",
        ("", *names),
        rows,
        widths=(1.9, *[1.5] * len(names)),
        note="120 square metres for 1,750 patients (Community Health Partnerships, 2018); rooms "
        f"used {use.low:g} to {use.high:g}% of {HOURS_A_WEEK} hours a week, "
        f"{assumed['consultation_length'].central:g} minutes an appointment; £{number(cost)} a "
        "square metre at prices of 2018. What there is already, your own list says (Your "
        "premises).",
    )


def _pcn_staff(question: Question) -> str:
    """What the networks of the area employed besides, as far as they still are."""
    table = load_pcn_staff()
    codes = set(question.practices["pcn_code"].dropna().astype(str))
    own = table[table["pcn_code"].isin(codes)]
    with_staff = own["pcn_code"].nunique()
    if not with_staff:
        return "No staff employed by this area's networks are known."
    care = float(own.loc[own["staff_group"] == _PCN_CARE, "fte"].sum())
    return (
        f"Networks employ staff besides, in no practice's figures: {number(care, 1)} FTE in direct "
        f"patient care in September 2022, in {with_staff} of this area's {len(codes)} networks. "
        "The figures above are of practices only."
    )
