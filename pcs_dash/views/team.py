"""Appointments needed against those the team can give, staff for the patients, rooms and space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pcs_dash.measures.numbers import NO_FIGURE, between, count, number, signed
from pcs_dash.measures.register import REGISTER, Measure
from pcs_dash.measures.sums import over
from pcs_dash.measures.words import lower_first
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.scenarios.bands import Drawn, banded
from pcs_dash.scenarios.demand import (
    HOURS_A_WEEK,
    ROLES,
    Floats,
    Values,
    appointments_by_practice,
    appointments_more,
    no_longer_known,
    rooms_needed,
    space_needed,
)
from pcs_dash.scenarios.project import OTHERS
from pcs_dash.scenarios.projected import loaded_ageing
from pcs_dash.scenarios.state import GP_ROLES
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
# Those of the fully qualified who have a contract with the practice.
_CONTRACTS = ("fte_partners", "fte_salaried", "fte_retainers")
STAFF = ("gps_per_10000", "nurse_fte_per_10000", _CARE)


@dataclass(frozen=True, eq=False)
class Year:
    """An area's practices in a year, and in every draw; `others`: FTE of `OTHERS` together;
    `gps`: by a name of `GP_ROWS`; `became`: what each practice of today is then.
    """

    table: pd.DataFrame
    others: pd.Series
    drawn: Drawn
    gps: Callable[[str], Drawn]
    became: pd.Series


def blocks(question: Question, years: Mapping[str, Year], value: Values) -> list[Block]:
    """`years` by what they are called, which begins with the year: today's first, the asked one
    last; `value`: what is assumed, central and drawn.
    """
    names, tables = list(years), list(years.values())
    first, *_ = calendar = [int(name[:4]) for name in names]
    older = [
        loaded_ageing(year.table["district"], first, when)
        for year, when in zip(tables, calendar, strict=True)
    ]
    needed = [
        appointments_by_practice(
            year.table, year.drawn.patients, value, question.edition, factor
        ).sum(axis=0)
        for year, factor in zip(tables, older, strict=True)
    ]
    column = question.definition.column
    more = [
        appointments_more(
            tables[0].table, year.table, _gps_more(tables[0], year, column), value, year.became
        )
        for year in tables
    ]
    return [
        Text(_said(names, needed, more), "finding"),
        _appointments(names, needed, more, _note(question, tables, older[-1], value)),
        _roles(names, tables),
        _staff(question, names, tables),
        _space(names, tables, needed, value),
        Text(_pcn_staff(question), "note"),
    ]


def _gps_more(first: Year, year: Year, column: str) -> Floats:
    """The change in FTE GPs by draw, of practices of which it is known."""
    gone = first.table.index.isin(no_longer_known(year.table[column], year.became))
    return np.asarray(np.nansum(year.drawn.fte, axis=0) - np.nansum(first.drawn.fte[~gone], axis=0))


def _said(names: list[str], needed: list[Floats], more: list[dict[str, Floats]]) -> str:
    rise, given = needed[-1] - needed[0], sum(more[-1].values(), np.zeros(1))
    left = banded(rise - given)
    gap = "short of" if left.central > 0 else "beyond"
    ends = sorted([abs(left.low), abs(left.high)])
    spans = left.low < 0 < left.high
    band = (
        f"({signed(-left.high, 0)} to {signed(-left.low, 0)} in 95% of the draws, so it could be "
        "either)"
        if spans
        else f"({between(ends[0], ends[1])} in 95% of the draws)"
    )
    return (
        f"By {names[-1].split(',')[0]} people would need {_more(float(rise[0]))} appointments in "
        f"three months than in {names[0]}, and the team would give {_more(float(given[0]))}: "
        f"{number(abs(left.central))} {gap} today's balance {band}."
    )


def _more(change: float) -> str:
    return f"{number(abs(change))} {'more' if change >= 0 else 'fewer'}"


def _appointments(
    names: list[str], needed: list[Floats], more: list[dict[str, Floats]], note: str
) -> Table:
    rows = [
        ("Needed: patients by consultation rate", *(banded(one).text() for one in needed)),
        *(
            (
                f"Given, against {names[0]}: {_WHO[role]}",
                *(banded(one[role]).text(sign=True) for one in more),
            )
            for role in ROLES
        ),
    ]
    return _by_year("Appointments in three months", names, rows, note)


def _note(question: Question, years: list[Year], older: pd.Series | None, value: Values) -> str:
    booked = _booked(question, years[0].table)
    more = " Booked with all staff in the three months loaded: " + booked if booked else ""
    rates = ", ".join(f"{number(value(key)[0])} ({_WHO[role]})" for role, key in ROLES.items())
    return (
        f"In brackets: 95% of the draws. Needed: {value('consultations_per_person')[0]:g} a "
        f"person a year, {value('deprived_consult_more')[0]:g}% more in the most deprived fifth; "
        f"{_aged(years[-1].table, older)} One FTE more gives {rates} (BJGP 2023, e644): averages "
        f"of practices, so what the next one brings may differ.{more}"
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
        f"workload by age and sex, which tells 45% of how published weights of Essex's practices "
        f"differ{without})."
    )


def _by_year(caption: str, names: list[str], rows: Sequence[Sequence[str]], note: str) -> Table:
    """A column a year, after what each row is."""
    return text_table(caption, ("", *names), rows, widths=(1.9, *[1.5] * len(names)), note=note)


def _booked(question: Question, practices: pd.DataFrame) -> str:
    if "appointments" not in practices.columns:
        return ""
    known = practices["appointments"].where(practices.index.isin(question.practices.index))
    missing = int(known.isna().sum())
    left = f", {missing} practices without a figure" if missing else ""
    return f"{number(float(known.sum()))}{left}." if known.notna().any() else ""


def _roles(names: list[str], years: list[Year]) -> Table:
    """FTE by role. GPs have the band of their leaving and joining; in other staff nothing is
    drawn.
    """

    def gps(year: Year, name: str, *less: str) -> str:
        parts = [year.gps(each).fte for each in (name, *less)]
        if any(np.isnan(part).all() for part in parts):
            return NO_FIGURE
        whole, *others = (np.nansum(part, axis=0) for part in parts)
        return banded(whole - sum(others, np.zeros(1))).text(1)

    labels = {one.column: one.label for one in GP_DEFINITIONS.values()}
    labels |= {key: REGISTER[key].label for key in GP_ROLES}
    rows = [(label, *(gps(year, name) for year in years)) for name, label in labels.items()]
    since = (gps(year, "gp_fte_permanent", *_CONTRACTS) for year in years)
    rows.append(("GPs who came since, contract open", *since))
    for key in OTHERS:
        rows.append((staff_label(key), *(number(year.others[key], 1) for year in years)))
    return _by_year(
        "Staff by role, FTE",
        names,
        rows,
        note="In brackets: 95% of the draws. GPs of every contract leave at the rate of their "
        "practice's ages; trainees stay as many. Other staff change by what is decided alone. "
        "Practices without a figure add nothing. Of a merged one of which one had none the others' "
        "nurses, direct care and other staff still count, and no GPs.",
    )


def staff_label(key: str) -> str:
    """What staff of a column of `OTHERS` are called."""
    return "Direct patient care of networks" if key == NETWORK_CARE else REGISTER[key].label


def _staff(question: Question, names: list[str], years: list[Year]) -> Table:
    rows = []
    for key in STAFF:
        measure = REGISTER[key]
        values = []
        for year in years:
            values.append(_rate(measure, year, year.table, question))
            if key == _CARE:
                # As NHS England counts it: practices and networks together.
                table = year.table
                both = table.assign(direct_care_fte=table["direct_care_fte"] + table[NETWORK_CARE])
                values[-1] = f"{values[-1]}; {_rate(measure, year, both, question)}"
        more = "; with those of networks" if key == _CARE else ""
        rows.append((measure.label + more, *values))
    return _by_year(
        "Staff for the patients",
        names,
        rows,
        note=f"In brackets: 95% of the draws. Patients counted: "
        f"{lower_first(question.weighting.label)}."
        f"{_as_published(question)} Practices without a figure leave both sums.",
    )


def _rate(measure: Measure, year: Year, table: pd.DataFrame, question: Question) -> str:
    """The rate with its band: patients are drawn, and so are GPs."""
    top, bottom = measure.parts(table, question.definition.key)
    both = (top.notna() & bottom.notna()).to_numpy()
    gps = measure.key == STAFF[0]
    patients = year.drawn.patients[both].sum(axis=0)
    tops = year.drawn.fte[both].sum(axis=0) if gps else np.full(1, float(top[both].sum()))
    return banded(over(measure.times * tops + 0 * patients, patients)).text(measure.decimals)


def _as_published(question: Question) -> str:
    """How to get the measure of NHS England's dashboard, where it is not what is shown."""
    if question.weighting.key == "carr_hill" or question.area.loaded:
        return ""
    return (
        " NHS England's primary-care dashboard has these per 10,000 weighted patients, direct "
        "patient care with that of networks: choose By Carr-Hill weight under Settings."
    )


def _space(names: list[str], years: list[Year], needed: list[Floats], value: Values) -> Table:
    metres = [space_needed(np.nansum(year.drawn.patients, axis=0), value) for year in years]
    cost = value("cost_per_square_metre")
    rows = [
        ("Square metres for the patients", *(banded(one).text() for one in metres)),
        (
            f"Pounds for what is more than in {names[0]}, million",
            *(banded((one - metres[0]).clip(min=0) * cost / 1e6).text(1) for one in metres),
        ),
        (
            "Consulting rooms for the appointments needed",
            *(banded(rooms_needed(one, value)).text() for one in needed),
        ),
    ]
    return _by_year(
        "Space and rooms",
        names,
        rows,
        note="In brackets: 95% of the draws. "
        f"{value('floor_space_per_1750_patients')[0]:g} square metres for 1,750 patients "
        "(Community Health Partnerships, 2018); rooms used at least "
        f"{value('room_utilisation_minimum')[0]:g}% of {HOURS_A_WEEK} hours a week, "
        f"{value('consultation_length')[0]:g} minutes an appointment; £{number(cost[0])} a square "
        "metre at prices of 2018. What there is already, your own list says (Your premises against "
        "need).",
    )


def _pcn_staff(question: Question) -> str:
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
