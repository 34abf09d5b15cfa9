"""What is missing, implausible or unmatched, counted and listed."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from pcs_dash.tables.dataset import (
    IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT,
    IMPLAUSIBLE_PATIENTS_PER_FTE_GP,
    JoinReport,
)

# Columns that a measure needs, and what the measure is called.
_NEEDED = {
    "patients": "Registered patients",
    "gp_fte_all": "FTE, all GPs",
    "gp_fte_fully_qualified": "FTE, fully qualified GPs",
    "gp_fte_permanent": "FTE, permanent GPs",
    "gps_with_known_age": "GPs by age",
    "nurse_fte": "Nurse FTE",
    "direct_care_fte": "Direct patient care FTE",
    "imd_score": "IMD 2025 score of patients",
    "list_size_2025_12": "List size, 1 December 2025",
    "pct_65plus": "Patients aged 65 and over",
    "prev_hyp": "Hypertension prevalence",
    "prev_dm": "Diabetes prevalence",
    "prev_copd": "COPD prevalence",
    "prev_chd": "Coronary heart disease prevalence",
    "prev_dep": "Depression prevalence",
    "prev_ob": "Obesity prevalence",
    "prev_smok": "Smoking prevalence",
    "appointments": "Appointments",
    "pcn": "PCN",
}


def missing_figures(practices: pd.DataFrame) -> pd.DataFrame:
    """One row a figure that some practice lacks: figure, how many lack it, their codes."""
    rows = []
    for column, figure in _NEEDED.items():
        without = practices.index[practices[column].isna()]
        if len(without):
            rows.append(
                {
                    "Figure": figure,
                    "Practices without it": len(without),
                    "Which": ", ".join(without),
                }
            )
    return pd.DataFrame(rows, columns=["Figure", "Practices without it", "Which"])


def flagged_practices(practices: pd.DataFrame) -> pd.DataFrame:
    """Practices with an implausible figure: what it is, and the rule that flagged it."""
    low = practices[practices["flag_low_fte"]]
    busy = practices[practices["flag_appointments"]]
    rows = [
        {
            "Code": code,
            "Practice": row["practice_name"],
            "Figure": f"{row['gp_fte_fully_qualified']:.2f} FTE fully qualified GPs "
            f"for {row['patients']:,} patients",
            "Rule": f"over {IMPLAUSIBLE_PATIENTS_PER_FTE_GP:,} patients per FTE GP",
        }
        for code, row in low.iterrows()
    ] + [
        {
            "Code": code,
            "Practice": row["practice_name"],
            "Figure": f"{row['appointments']:,.0f} appointments in three months "
            f"for {row['list_size_2025_12']:,.0f} patients",
            "Rule": f"over {IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT} appointments a patient",
        }
        for code, row in busy.iterrows()
    ]
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
