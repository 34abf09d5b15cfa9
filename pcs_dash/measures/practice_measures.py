"""The measures of a practice that can be set against each other: the menu of both axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from pcs_dash.measures.deprivation import quintile_shares
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.errors import UserError


@dataclass(frozen=True)
class Variable:
    """A measure of a practice that can stand on an axis.

    `higher` completes "a higher figure means ..."; `flag` is the column that marks a practice
    whose figure is implausible; `per_gp` says that the GP definition changes it.
    """

    key: str
    label: str
    unit: str
    axis: Literal["x", "y"]
    higher: str
    flag: str | None = None
    per_gp: bool = False
    needs: tuple[str, ...] = ()

    def values(self, practices: pd.DataFrame, definition: str = "fully_qualified") -> pd.Series:
        """The measure on the index of `practices`; NaN where it can't be computed."""
        return _VALUES[self.key](practices, gp_definition(definition).column).rename(self.key)


def _ratio(top: pd.Series, bottom: pd.Series) -> pd.Series:
    """top / bottom, NaN where bottom is 0 or either is missing."""
    numerator, denominator = top.astype("float64"), bottom.astype("float64")
    return numerator / denominator.where(denominator > 0)


def _share_quintile_1(practices: pd.DataFrame, edition: str) -> pd.Series:
    columns = [f"imd{edition}_patients_quintile_{quintile}" for quintile in range(1, 6)]
    return 100 * _ratio(practices[columns[0]], practices[columns].sum(axis=1, skipna=False))


_VALUES: dict[str, Any] = {
    "imd_score": lambda p, _: p["imd_score"].astype("float64"),
    "imd2025_share_quintile_1": lambda p, _: _share_quintile_1(p, "2025"),
    "imd2019_share_quintile_1": lambda p, _: _share_quintile_1(p, "2019"),
    "patients_per_fte_gp": lambda p, fte: _ratio(p["patients"], p[fte]),
    "fte_gp_per_10000": lambda p, fte: 1e4 * _ratio(p[fte], p["patients"]),
    "share_gps_60_plus": lambda p, _: 100 * _ratio(p["gps_60_plus"], p["gps_with_known_age"]),
    "share_gps_55_plus": lambda p, _: 100 * _ratio(p["gps_55_plus"], p["gps_with_known_age"]),
    "patients_per_nurse_fte": lambda p, _: _ratio(p["patients"], p["nurse_fte"]),
    "nurse_fte_per_10000": lambda p, _: 1e4 * _ratio(p["nurse_fte"], p["patients"]),
    "direct_care_fte_per_10000": lambda p, _: 1e4 * _ratio(p["direct_care_fte"], p["patients"]),
    "appointments_per_patient": lambda p, _: _ratio(p["appointments"], p["patients"]),
    "qof_achievement": lambda p, _: p["qof_achievement"].astype("float64"),
}

_MENU = (
    Variable(
        "imd_score",
        "Deprivation score (IMD 2025, patient-weighted)",
        "score",
        "x",
        "patients live in more deprived areas",
    ),
    Variable(
        "imd2025_share_quintile_1",
        "Patients in the most deprived fifth of England (IMD 2025)",
        "per cent",
        "x",
        "more patients live in the most deprived fifth",
    ),
    Variable(
        "imd2019_share_quintile_1",
        "Patients in the most deprived fifth of England (IMD 2019)",
        "per cent",
        "x",
        "more patients live in the most deprived fifth",
    ),
    Variable(
        "patients_per_fte_gp",
        "Patients per FTE GP",
        "patients",
        "y",
        "fewer GPs for the patients",
        flag="flag_low_fte",
        per_gp=True,
    ),
    Variable(
        "fte_gp_per_10000",
        "FTE GPs per 10,000 patients",
        "FTE GPs",
        "y",
        "more GPs for the patients",
        flag="flag_low_fte",
        per_gp=True,
    ),
    Variable(
        "share_gps_60_plus",
        "GPs aged 60 and over",
        "per cent of GPs with a known age",
        "y",
        "more GPs are near retirement",
    ),
    Variable(
        "share_gps_55_plus",
        "GPs aged 55 and over",
        "per cent of GPs with a known age",
        "y",
        "more GPs are near retirement",
    ),
    Variable(
        "patients_per_nurse_fte",
        "Patients per FTE nurse",
        "patients",
        "y",
        "fewer nurses for the patients",
    ),
    Variable(
        "nurse_fte_per_10000",
        "FTE nurses per 10,000 patients",
        "FTE nurses",
        "y",
        "more nurses for the patients",
    ),
    Variable(
        "direct_care_fte_per_10000",
        "FTE direct patient care staff per 10,000 patients",
        "FTE staff",
        "y",
        "more direct patient care staff for the patients",
    ),
    Variable(
        "appointments_per_patient",
        "Appointments per patient, June to August 2026",
        "appointments in three months",
        "y",
        "more appointments for the patients",
        flag="flag_appointments",
    ),
    Variable(
        "qof_achievement",
        "QOF achievement",
        "per cent of points",
        "y",
        "more of the quality points achieved",
        needs=("qof_achievement",),
    ),
)
VARIABLES: dict[str, Variable] = {variable.key: variable for variable in _MENU}


def available_variables(
    practices: pd.DataFrame, axis: Literal["x", "y"] | None = None
) -> dict[str, Variable]:
    """The measures that the columns of `practices` allow, in menu order (QOF only if loaded).

    A measure of deprivation that no practice has (the score, where none is loaded) is left out.
    """
    return {
        key: variable
        for key, variable in VARIABLES.items()
        if axis in (None, variable.axis)
        and set(variable.needs) <= set(practices.columns)
        and (variable.axis == "y" or variable.values(practices).notna().any())
    }


def deprivation_measure(practices: pd.DataFrame) -> str:
    """The first measure of deprivation that the practices have: the score, or a share."""
    return next(iter(available_variables(practices, "x")), "imd_score")


def measure(practices: pd.DataFrame, key: str, definition: str = "fully_qualified") -> pd.Series:
    """The measure `key` of VARIABLES for each practice; UserError if there is none."""
    if key not in VARIABLES or not set(VARIABLES[key].needs) <= set(practices.columns):
        names = ", ".join(available_variables(practices))
        raise UserError(f"There is no measure '{key}'. Choose one of: {names}.")
    return VARIABLES[key].values(practices, definition)


def shown_measure(
    practices: pd.DataFrame, key: str, definition: str = "fully_qualified"
) -> pd.Series:
    """The measure as a dot or a file may show it for each practice: a share by quintile that rests
    on a few patients is rounded or missing (`deprivation.quintile_shares`). Coefficients are of
    the exact figures.
    """
    if key.endswith("_share_quintile_1"):
        shares = quintile_shares(practices, key.removeprefix("imd")[:4])
        return (100 * shares[1]).rename(key)
    return measure(practices, key, definition)


def without_flagged(practices: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The practices whose figures for the measures `keys` are not marked as implausible."""
    flags = {VARIABLES[key].flag for key in keys if key in VARIABLES} - {None}
    marked = pd.Series(False, index=practices.index)
    for flag in flags:
        marked |= practices[flag].astype(bool)
    return practices[~marked]
