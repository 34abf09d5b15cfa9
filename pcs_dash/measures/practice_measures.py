"""The measures of a practice that can be set against each other: the menu of both axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from pcs_dash.measures import register
from pcs_dash.measures.deprivation import quintile_shares
from pcs_dash.measures.register import ACROSS, UP, Measure
from pcs_dash.tables.constants import IMD_EDITIONS
from pcs_dash.tables.errors import UserError

VARIABLES: dict[str, Measure] = ACROSS | UP


def available_variables(
    practices: pd.DataFrame, axis: Literal["x", "y"] | None = None
) -> dict[str, Measure]:
    """The measures that the columns of `practices` allow, in menu order (QOF only if loaded), then
    those of users' own files.

    A measure of deprivation that no practice has (the score, where none is loaded) is left out.
    """
    menu = {"x": ACROSS, "y": UP, None: VARIABLES}[axis]
    found = {
        key: variable
        for key, variable in menu.items()
        if set(variable.needs) <= set(practices.columns)
        and (key in UP or variable.values(practices).notna().any())
    }
    return found | register.own(practices.columns)


def variable(practices: pd.DataFrame, key: str) -> Measure:
    """The measure of that key, of the menu or of a user's file; UserError if there is none."""
    found = VARIABLES.get(key) or register.own(practices.columns).get(key)
    if found is None or not set(found.needs) <= set(practices.columns):
        names = ", ".join(available_variables(practices))
        raise UserError(f"There is no measure '{key}'. Choose one of: {names}.")
    return found


def deprivation_measure(practices: pd.DataFrame, edition: str = "") -> str:
    """The first measure of deprivation that the practices have, of an IMD `edition` where one is
    asked for: the score (2025 only), or a share. UserError where they have none of that edition.
    """
    known = available_variables(practices, "x")
    if not edition:
        return next(iter(known), "imd_score")
    found = [key for key in known if measured_edition(key) == edition]
    if not found:
        there = "; ".join(known[key].label for key in known if measured_edition(key))
        raise UserError(
            f"There is no measure of deprivation by IMD {edition} for these practices. There is: "
            f"{there or 'none'}."
        )
    return found[0]


def measured_edition(key: str) -> str:
    """The IMD edition that a measure of deprivation is of; "" for any other measure."""
    if key not in ACROSS:
        return ""
    return next(each for each in IMD_EDITIONS if each in ACROSS[key].label)


def measure(practices: pd.DataFrame, key: str, definition: str = "fully_qualified") -> pd.Series:
    """The measure `key` for each practice (`variable`)."""
    return variable(practices, key).values(practices, definition)


def shown_measure(
    practices: pd.DataFrame, key: str, definition: str = "fully_qualified"
) -> pd.Series:
    """The measure as a dot or a file may show it for each practice: a share by quintile that rests
    on a few patients is rounded or missing (`deprivation.quintile_shares`), an own measure of a
    few is missing. Coefficients are of the exact figures.
    """
    if key.endswith("_share_quintile_1"):
        shares = quintile_shares(practices, key.removeprefix("imd")[:4])
        return (100 * shares[1]).rename(key)
    if key in register.own(practices.columns):
        return practices[key].astype("float64")
    return measure(practices, key, definition)


def without_flagged(practices: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The practices whose figures for the measures `keys` are not marked as implausible."""
    flags = {VARIABLES[key].flag for key in keys if key in VARIABLES} - {""}
    marked = pd.Series(False, index=practices.index)
    for flag in flags:
        marked |= practices[flag].astype(bool)
    return practices[~marked]
