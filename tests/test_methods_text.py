"""Counts and figures quoted in docs/methods.md are those of the tables, worked out here anew."""

from __future__ import annotations

import pandas as pd
import pytest

from pcs_dash.tables.paths import ROOT

FTE = "gp_fte_fully_qualified"


@pytest.fixture(scope="module")
def methods() -> str:
    """The text with its line breaks as spaces."""
    return " ".join((ROOT / "docs" / "methods.md").read_text("utf-8").split())


def ratio(practices: pd.DataFrame, fte: str = FTE) -> str:
    known = practices[practices[fte].notna() & practices["patients"].notna()]
    return f"{known['patients'].sum() / known[fte].sum():,.1f}"


def test_check_figures(methods: str, practices: pd.DataFrame) -> None:
    thurrock = practices[practices["place"] == "Thurrock"]
    north = practices["place"].isin(["North East Essex", "West Essex"])
    castle = practices[practices["district"] == "Castle Point"]
    assert (
        f"Thurrock {len(thurrock)} practices, {thurrock['patients'].sum():,} patients, "
        f"{thurrock[FTE].sum():.2f} FTE, {ratio(thurrock)} (all "
        f"{ratio(thurrock, 'gp_fte_all')}, permanent {ratio(thurrock, 'gp_fte_permanent')}); "
        f"Mid and South Essex {(~north).sum()} practices, {ratio(practices[~north])}; "
        f"Essex {len(practices)} practices, {ratio(practices)}; "
        f"Castle Point district {ratio(castle)}."
    ) in methods


def test_counts_of_what_is_missing_or_implausible(methods: str, practices: pd.DataFrame) -> None:
    unknown_age = practices["gp_headcount_all"].sum() - practices["gps_with_known_age"].sum()
    assert unknown_age == 5
    assert "Five of Essex's GPs are of unknown age" in methods
    without = [practices[column].isna().sum() for column in ("nurse_fte", "direct_care_fte")]
    assert "practices without a figure ({} and {} in Essex)".format(*without) in methods
    few = practices[practices["patients"] > 10_000 * practices[FTE]]
    assert f"(5,559 in September 2024, BJGP 2025): {', '.join(sorted(few.index))}." in methods
    often = practices["appointments"] / practices["patients"]
    many = ", ".join(sorted(often.index[often > 4]))
    assert (
        f"more than 4 a patient in three months (median {often.median():.1f}): {many}." in methods
    )


def test_lists_that_have_changed(methods: str, practices: pd.DataFrame) -> None:
    quintiles = [f"imd2025_patients_quintile_{quintile}" for quintile in range(1, 6)]
    then = practices[[*quintiles, "imd2025_patients_unknown"]].sum(axis=1)
    changed = (practices["patients"] / then - 1).abs() > 0.2
    assert changed.sum() == 10
    assert "(ten practices by more than a fifth)" in methods
