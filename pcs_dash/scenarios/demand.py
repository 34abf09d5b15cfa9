"""Appointments that people need against those a team can give, and the rooms they take.

All are sums over the practices of an area, for three months. docs/methods.md has the formulas.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pcs_dash.measures.deprivation import quintile_columns
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
ENDS = ("low", "central", "high")
Three = dict[str, float]


def appointments_needed(
    practices: pd.DataFrame,
    assumed: Mapping[str, Assumption],
    edition: str,
    older: pd.Series | None = None,
) -> Three:
    """Consultations in three months by patients and deprivation: low, central, high.

    Patients x consultations a person a year / 4. Those of the most deprived fifth consult more, so
    that England's fifths together have the published mean. Patients of no known fifth have the
    others' rate, those without a list none. `older`: what a person of each practice consults for 1
    of today, through ageing; missing: as today.
    """
    patients = practices["patients"].astype("float64")
    if older is not None:
        patients = patients * older.reindex(practices.index).fillna(1.0)
    lists = float(patients.sum(skipna=True))
    mix = practices[quintile_columns(edition)].astype("float64")
    shares = mix.iloc[:, 0] / mix.sum(axis=1)
    deprived = float((patients * shares).sum(skipna=True))
    found = {}
    for end in ENDS:
        more = getattr(assumed["deprived_consult_more"], end) / 100
        others = getattr(assumed["consultations_per_person"], end) / (1 + FIFTH * more)
        found[end] = (lists + more * deprived) * others / QUARTERS
    return found


def appointments_more(
    before: pd.DataFrame, after: pd.DataFrame, column: str, assumed: Mapping[str, Assumption]
) -> dict[str, float]:
    """Appointments in three months that each role's change in FTE brings (fewer: negative), by
    keys of `ROLES`: FTE after less before x appointments of one FTE more. `column`: the GPs'.
    """
    return {
        role: _change(before, after, column if role == "gp" else role) * assumed[key].central
        for role, key in ROLES.items()
    }


def _change(before: pd.DataFrame, after: pd.DataFrame, column: str) -> float:
    return float(after[column].sum(skipna=True) - before[column].sum(skipna=True))


def rooms_needed(appointments: float, assumed: Mapping[str, Assumption]) -> Three:
    """Consulting rooms that appointments of three months take, at the lowest use that guidance
    accepts for a room: appointments x minutes / 60 / (13 weeks x 52.5 hours x share in use).

    "low" is short appointments in rooms much used, "high" long ones in rooms little used.
    """
    minutes, use = assumed["consultation_length"], assumed["room_utilisation_minimum"]
    shares = {"low": max(use.low, use.high), "central": use.central, "high": min(use.low, use.high)}
    return {
        end: appointments * getattr(minutes, end) / 60 / (WEEKS * HOURS_A_WEEK * shares[end] / 100)
        for end in ENDS
    }


def space_needed(patients: float, assumed: Mapping[str, Assumption]) -> float:
    """Square metres of a whole practice for its patients: 120 for each 1,750."""
    return patients / PATIENTS_PER_SPACE * assumed["floor_space_per_1750_patients"].central
