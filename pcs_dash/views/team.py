"""Appointments needed against those the team can give, staff for the patients, rooms and space."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pcs_dash.measures.numbers import between, count, number, signed
from pcs_dash.measures.register import REGISTER, Measure
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
from pcs_dash.scenarios.projected import loaded_ageing
from pcs_dash.scenarios.today import NETWORK_CARE, PCN_CARE
from pcs_dash.views.answer import Block, Table, Text, text_table
from pcs_dash.views.question import Question
from pcs_dash.views.readers import staff_of_networks

_WHO = {
    "gp": "GPs",
    "nurse_fte": "nurses",
    "direct_care_fte": "direct patient care staff",
    NETWORK_CARE: "direct patient care of networks",
}
_CARE = "direct_care_fte_per_10000"
STAFF = ("gps_per_10000", "nurse_fte_per_10000", _CARE)


def blocks(
    question: Question, years: Mapping[str, pd.DataFrame], assumed: Mapping[str, Assumption]
) -> list[Block]:
    """`years`: the area's practices by what they are called, which begins with the year, today's
    first, the asked one last.
    """
    names, tables = list(years), list(years.values())
    first, *_ = calendar = [int(name[:4]) for name in names]
    older = [
        loaded_ageing(table["district"], first, year)
        for table, year in zip(tables, calendar, strict=True)
    ]
    needed = [
        appointments_needed(table, assumed, question.edition, factor)
        for table, factor in zip(tables, older, strict=True)
    ]
    column = gp_definition(question.definition.key).column
    more = [appointments_more(tables[0], table, column, assumed) for table in tables]
    return [
        Text(_said(names, needed, more), "finding"),
        _appointments(question, names, tables, needed, more, assumed, older[-1]),
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
    older: pd.Series | None,
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
        f"{assumed['deprived_consult_more'].central:g}% more in the most deprived fifth; "
        f"{_aged(tables[-1], older)} One FTE more gives {rates} (BJGP 2023, e644): averages of "
        f"practices, so what the next one brings may differ.{note}",
    )


def _aged(practices: pd.DataFrame, older: pd.Series | None) -> str:
    """What age does to what is needed, or that it is not in it."""
    if older is None:
        return "age is not in it (no projections by age are loaded)."
    known = older.notna()
    lists = practices["patients"].astype("float64")[known]
    rise = 100 * (float((lists * older[known]).sum() / lists.sum()) - 1)
    left = int((~known).sum())
    without = f"; {count(left, 'practice')} without a projection as today" if left else ""
    return (
        f"{signed(rise)}% a person through ageing (ONS projections of the district x Carr-Hill "
        f"workload by age and sex, whose weights are still to be checked against the contract of "
        f"2004{without})."
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
            values.append(measure.text(_rate(measure, table, question)))
            if key == _CARE:
                # As NHS England counts it: practices and networks together.
                both = table.assign(direct_care_fte=table["direct_care_fte"] + table[NETWORK_CARE])
                values[-1] = f"{values[-1]} ({measure.text(_rate(measure, both, question))})"
        more = " (with those of networks)" if key == _CARE else ""
        rows.append((measure.label + more, *values))
    return text_table(
        "Staff for the patients",
        ("", *names),
        rows,
        widths=(1.9, *[1.5] * len(names)),
        note=f"Patients counted: {lower_first(question.weighting.label)}."
        f"{_as_published(question)} Practices without a figure leave both sums.",
    )


def _rate(measure: Measure, table: pd.DataFrame, question: Question) -> float:
    top, bottom = measure.parts(table, question.definition.key)
    both = top.notna() & bottom.notna()
    return float(measure.times * top[both].sum() / bottom[both].sum())


def _as_published(question: Question) -> str:
    """How to get the measure of NHS England's dashboard, where it is not what is shown."""
    if question.weighting.key == "carr_hill" or question.area.loaded:
        return ""
    return (
        " NHS England's primary-care dashboard has these per 10,000 weighted patients, direct "
        "patient care with that of networks: choose By Carr-Hill weight under Settings."
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
    """What the networks of the area employ, as far as it is known."""
    table = staff_of_networks(question.readers, question.dataset)
    codes = set(question.practices["pcn_code"].dropna().astype(str))
    own = None if table is None else table[table["pcn_code"].astype(str).isin(codes)]
    if own is None or own.empty:
        return "No staff employed by this area's networks are known."
    care = float(own.loc[own["staff_group"].astype(str) == PCN_CARE, "fte"].sum())
    return (
        f"Networks employ {number(care, 1)} FTE in direct patient care besides "
        f"({own['period'].max():%B %Y}, {own['pcn_code'].nunique()} of this area's {len(codes)} "
        "networks), shared over their practices by list size. Practices of other networks are in "
        "no figure with them."
    )
