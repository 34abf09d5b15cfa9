"""Appointments that people need against those a team can give, and the rooms they take.

All are sums over the practices of an area, for three months, in each draw. docs/methods.md has the
formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from pcs_dash.measures.deprivation import quintile_columns
from pcs_dash.measures.sums import Floats
from pcs_dash.scenarios.assumptions import Assumption
from pcs_dash.scenarios.today import NETWORK_CARE

ROLES = {
    "gp": "appointments_per_fte_gp",
    "nurse_fte": "appointments_per_fte_nurse",
    "direct_care_fte": "appointments_per_fte_direct_care",
    NETWORK_CARE: "appointments_per_fte_direct_care",
}
QUARTERS = 4
WEEKS = 13
# Core hours of the GP contract: 08:00 to 18:30, Monday to Friday.
HOURS_A_WEEK = 52.5
PATIENTS_PER_SPACE = 1_750
FIFTH = 0.2
# What the figures of this module rest on.
USED = (
    "consultations_per_person",
    "deprived_consult_more",
    *dict.fromkeys(ROLES.values()),
    "consultation_length",
    "room_utilisation_minimum",
    "floor_space_per_1750_patients",
)
# An assumption's values by its key, shape (draws,); or (1,): the central one.
Values = Callable[[str], Floats]


def central(assumed: Mapping[str, Assumption]) -> Values:
    """The central values."""
    return lambda key: np.array([assumed[key].central])


def appointments_by_practice(
    practices: pd.DataFrame,
    patients: Floats,
    value: Values,
    edition: str,
    older: pd.Series | None = None,
) -> Floats:
    """Consultations in three months by patients and deprivation, shape (practices, draws).

    Patients x consultations a person a year / 4. Those of the most deprived fifth consult more, so
    that England's fifths together have the published mean. Patients of no known fifth have the
    others' rate, those without a list none. `patients`: of each practice, (practices, draws);
    `older`: what a person of each practice consults for 1 of today, through ageing; missing: as
    today.
    """
    lists = np.nan_to_num(patients)
    if older is not None:
        lists = lists * older.reindex(practices.index).fillna(1.0).to_numpy()[:, None]
    mix = practices[quintile_columns(edition)].astype("float64")
    shares = (mix.iloc[:, [0]].div(mix.sum(axis=1), axis=0)).to_numpy(dtype=float, na_value=np.nan)
    more = value("deprived_consult_more") / 100
    others = value("consultations_per_person") / (1 + FIFTH * more)
    return np.asarray(lists * (1 + more * np.nan_to_num(shares)) * others / QUARTERS)


def appointments_more(
    before: pd.DataFrame, after: pd.DataFrame, gps: Floats, value: Values, became: pd.Series
) -> dict[str, Floats]:
    """Appointments in three months that each role's change in FTE brings (fewer: negative), by
    keys of `ROLES`, shape (draws,): FTE after less before x appointments of one FTE more. `gps`:
    the change in FTE GPs, by draw. `became`: what each practice of before is after (closed ones
    apart): where its figure is not known after a merger, it is no change.
    """
    return {
        role: (gps if role == "gp" else _change(before, after, role, became)) * value(key)
        for role, key in ROLES.items()
    }


def no_longer_known(after: pd.Series, became: pd.Series) -> pd.Index:
    """The practices of before that are part of one whose figure is not known after."""
    return became[became.isin(after.index[after.isna()])].index


def _change(before: pd.DataFrame, after: pd.DataFrame, column: str, became: pd.Series) -> float:
    known = before[column].mask(before.index.isin(no_longer_known(after[column], became)))
    return float(after[column].sum(skipna=True) - known.sum(skipna=True))


def rooms_needed(appointments: Floats, value: Values) -> Floats:
    """Consulting rooms that appointments of three months take, at the lowest use that guidance
    accepts for a room: appointments x minutes / 60 / (13 weeks x 52.5 hours x share in use).
    """
    hours = WEEKS * HOURS_A_WEEK * value("room_utilisation_minimum") / 100
    return appointments * value("consultation_length") / 60 / hours


def space_needed(patients: Floats, value: Values) -> Floats:
    """Square metres of a whole practice for its patients: 120 for each 1,750."""
    return patients / PATIENTS_PER_SPACE * value("floor_space_per_1750_patients")
