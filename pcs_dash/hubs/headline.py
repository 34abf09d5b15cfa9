"""A plan of hubs in short sentences, the same on the page Hubs and on a slide."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pcs_dash.hubs.rules import Rule
from pcs_dash.hubs.summary import verdict_column


def headline(summary: pd.DataFrame, rules: Sequence[Rule], area: str) -> str:
    """The plan in short sentences: how many hubs keep each hub rule, who is in none, the sum."""
    practices = summary["practices"].to_numpy()
    filled = practices[:-1] > 0
    whole = f"{area}: {_counted(summary)}"
    outside = int(summary["practices_outside_area"].iloc[:-1].sum())
    tail = f" {outside:,} more of the plan lie outside the area or are left out." if outside else ""
    if not filled.any():
        paint = "Choose a hub and click practices, or draw a shape."
        return f"{whole}, none in a hub yet. {paint}{tail}"
    number = int(filled.sum())
    judged = [
        f"{rule.label}: {_kept(summary[verdict_column(rule)].iloc[:-1][filled])} of {number}."
        for rule in rules
        if rule.on and rule.measure == "patients"
    ]
    rest = summary[["practices", "patients"]].iloc[-1:]
    none = f"{_counted(rest)} in no hub." if practices[-1] else "Every practice is in a hub."
    count = f"{number:,} {'hub' if number == 1 else 'hubs'}."
    return f"{' '.join([count, *judged])} {none} {whole}.{tail}"


def _kept(verdicts: pd.Series) -> int:
    return int((verdicts == "meets").sum())


def _counted(rows: pd.DataFrame) -> str:
    """Practices and patients of rows together, in words."""
    practices, patients = int(rows["practices"].sum()), int(rows["patients"].sum())
    word = "practice" if practices == 1 else "practices"
    return f"{practices:,} {word} ({patients:,} patients)"
