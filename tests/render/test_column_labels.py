"""Headings of workbooks: labels throughout, those of measures from the register."""

from __future__ import annotations

import pytest

from pcs_dash.render.column_labels import heading, number_format


@pytest.mark.parametrize(
    ("column", "label", "format"),
    [
        ("practice_code", "Practice code", ""),
        ("qof_per_cent", "QOF achievement (% of points)", "#,##0.0"),
        ("dentists_1_mile", "Dental practices within a mile", "#,##0"),
        ("cqc_rating", "CQC rating", ""),
        ("imd2025_patients_quintile_1", "Patients, IMD 2025 quintile 1", ""),
        ("imd2019_rank_mean", "IMD 2019 rank mean", ""),
        ("list_size_2025_12", "List size, December 2025", ""),
        ("ods_status", "ODS status", ""),
        ("Rule: Hub", "Rule: Hub", ""),
    ],
)
def test_a_heading_and_how_its_figures_are_written(column: str, label: str, format: str) -> None:
    assert (heading(column), number_format(column)) == (label, format)
