"""What is missing, implausible or unmatched, counted and listed."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from pcs_dash.measures.numbers import number
from pcs_dash.measures.register import PER_GP, QUALITY_MEASURES, REGISTER
from pcs_dash.measures.words import lower_first
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.tables.dataset import (
    IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT,
    IMPLAUSIBLE_PATIENTS_PER_FTE_GP,
    JoinReport,
)

# Columns of the practices that no measure of the register is, and what they are called.
_COLUMNS = {
    **{gps.column: f"FTE, {lower_first(gps.label)}" for gps in GP_DEFINITIONS.values()},
    "gps_with_known_age": "GPs by age",
    "list_size_2025_12": "List size, 1 December 2025",
    "pct_65plus": "Patients aged 65 and over",
    "appointments": "Appointments",
    "pcn": "PCN",
}


def _needed() -> dict[str, str]:
    """Columns that a measure needs, and what the figure is called."""
    own = ("patients", "nurse_fte", "direct_care_fte", "imd_score")
    recorded = [key for key in QUALITY_MEASURES if key.startswith("prev_")]
    return {key: REGISTER[key].long for key in (*own, *recorded)} | _COLUMNS


def missing_figures(practices: pd.DataFrame) -> pd.DataFrame:
    """One row a figure that some practice lacks: figure, how many lack it, their codes."""
    rows = []
    for column, figure in _needed().items():
        without = practices.index[practices[column].isna()]
        if len(without):
            rows.append((figure, len(without), ", ".join(without)))
    return pd.DataFrame(rows, columns=["Figure", "Practices without it", "Which"])


def flagged_practices(practices: pd.DataFrame) -> pd.DataFrame:
    """Practices with an implausible figure: what it is, and the rule that flagged it."""
    few = f"over {IMPLAUSIBLE_PATIENTS_PER_FTE_GP:,} {PER_GP.noun}"
    many = f"over {IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT} appointments a patient"
    rows = []
    for code, row in practices[practices["flag_low_fte"]].iterrows():
        gps = f"{number(row['gp_fte_fully_qualified'], 2)} FTE fully qualified GPs"
        figure = f"{gps} for {number(row['patients'])} patients"
        rows.append((code, row["practice_name"], figure, few))
    for code, row in practices[practices["flag_appointments"]].iterrows():
        booked = f"{number(row['appointments'])} appointments in three months"
        figure = f"{booked} for {number(row['list_size_2025_12'])} patients"
        rows.append((code, row["practice_name"], figure, many))
    return pd.DataFrame(rows, columns=["Code", "Practice", "Figure", "Rule"])


def join_table(reports: Iterable[JoinReport]) -> pd.DataFrame:
    """The join reports as a table, unmatched keys listed."""
    return pd.DataFrame(
        [
            {
                "Join": report.name,
                "Cardinality": report.cardinality,
                "Left rows": report.left_rows,
                "Right rows": report.right_rows,
                "Matched": report.matched,
                "Only on the left": ", ".join(report.left_only) or "none",
                "Only on the right": ", ".join(report.right_only) or "none",
            }
            for report in reports
        ]
    )
