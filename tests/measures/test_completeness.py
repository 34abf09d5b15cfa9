"""What is missing or flagged, counted by hand and as the embedded data have it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pcs_dash.measures.completeness import flagged_practices, join_table, missing_figures
from pcs_dash.tables.dataset import JoinReport


def test_what_is_missing_is_counted_and_listed(practices: pd.DataFrame) -> None:
    table = missing_figures(practices).set_index("Figure")
    assert table["Practices without it"].to_dict() == {
        "Nurse FTE": 9,
        "Direct patient care FTE": 5,
        "Prevalence: hypertension": 3,
        "Prevalence: coronary heart disease": 3,
        "PCN": 3,
    }
    assert table.loc["PCN", "Which"] == "F81014, F81031, Y05023"
    assert missing_figures(practices.loc[["F81010"]]).empty


def test_every_figure_that_a_measure_needs_is_looked_at(practices: pd.DataFrame) -> None:
    """Practices that have nothing but a code lack each of them, in the order of the pages."""
    nothing = practices.iloc[:2].map(lambda _: np.nan)
    found = missing_figures(nothing)
    assert found["Figure"].tolist() == [
        "Patients", "Nurse FTE", "Direct patient care FTE", "IMD 2025 score of patients",
        "Prevalence: hypertension", "Prevalence: diabetes (17 and over)", "Prevalence: COPD",
        "Prevalence: coronary heart disease", "Prevalence: depression (18 and over)",
        "Prevalence: obesity (18 and over)", "Prevalence: smoking (15 and over)",
        "FTE, fully qualified GPs", "FTE, all GPs", "FTE, permanent GPs", "GPs by age",
        "List size, 1 December 2025", "Patients aged 65 and over", "Appointments", "PCN",
    ]  # fmt: skip
    assert set(found["Practices without it"]) == {2}
    assert set(found["Which"]) == {", ".join(practices.index[:2])}
    whole = missing_figures(nothing[:0])
    assert list(whole.columns) == ["Figure", "Practices without it", "Which"]


def test_flagged_practices_come_with_figure_and_rule(practices: pd.DataFrame) -> None:
    table = flagged_practices(practices)
    assert len(table) == 6
    assert list(flagged_practices(practices[:0]).columns) == ["Code", "Practice", "Figure", "Rule"]


def test_the_figure_and_the_rule_in_words() -> None:
    made = pd.DataFrame(
        {
            "practice_name": ["Low", "Busy", "Sound"],
            "flag_low_fte": [True, False, False],
            "flag_appointments": [False, True, False],
            "gp_fte_fully_qualified": [0.126, 4.0, 5.0],
            "patients": [12_345.0, 9_000, 8_000],
            "appointments": [3_000, 250_000, 9_000],
            "list_size_2025_12": [12_000, 8_765, 8_000],
        },
        index=["A", "B", "C"],
    )
    assert flagged_practices(made).to_dict("records") == [
        {
            "Code": "A", "Practice": "Low",
            "Figure": "0.13 FTE fully qualified GPs for 12,345 patients",
            "Rule": "over 10,000 patients per FTE GP",
        },
        {
            "Code": "B", "Practice": "Busy",
            "Figure": "250,000 appointments in three months for 8,765 patients",
            "Rule": "over 4 appointments a patient",
        },
    ]  # fmt: skip


def test_the_join_table_lists_the_unmatched() -> None:
    reports = [
        JoinReport("one", "1:1", 5, 4, 3, ("a", "b"), ("z",)),
        JoinReport("two", "m:1", 2, 2, 2, (), ()),
    ]
    assert join_table(reports).to_dict("records") == [
        {
            "Join": "one", "Cardinality": "1:1", "Left rows": 5, "Right rows": 4, "Matched": 3,
            "Only on the left": "a, b", "Only on the right": "z",
        },
        {
            "Join": "two", "Cardinality": "m:1", "Left rows": 2, "Right rows": 2, "Matched": 2,
            "Only on the left": "none", "Only on the right": "none",
        },
    ]  # fmt: skip
