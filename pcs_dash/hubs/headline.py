"""A plan of hubs in short sentences, the same on the page Hubs and on a slide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pcs_dash.hubs.rules import Rule
from pcs_dash.hubs.summary import verdict_column


def headline(summary: pd.DataFrame, rules: Sequence[Rule], area: str) -> str:
    """The plan in short sentences: how many hubs keep each hub rule, who is in none, the sum."""
    hubs = summary.iloc[:-1]
    filled, rest = hubs[hubs["practices"] > 0], summary.iloc[-1]
    whole = f"{area}: {_counted(summary)}"
    outside = int(hubs["practices_outside_area"].sum())
    tail = f" {outside:,} more of the plan lie outside the area or are left out." if outside else ""
    if filled.empty:
        paint = "Choose a hub and click practices, or draw a shape."
        return f"{whole}, none in a hub yet. {paint}{tail}"
    judged = [
        f"{rule.label}: {int((filled[verdict_column(rule)] == 'meets').sum())} of {len(filled)}."
        for rule in rules
        if rule.on and rule.measure == "patients"
    ]
    none = f"{_counted(rest)} in no hub." if rest["practices"] else "Every practice is in a hub."
    count = f"{len(filled):,} {'hub' if len(filled) == 1 else 'hubs'}."
    return f"{' '.join([count, *judged])} {none} {whole}.{tail}"


def _counted(rows: Any) -> str:
    """Practices and patients of a row, or of rows together, in words."""
    practices, patients = int(rows["practices"].sum()), int(rows["patients"].sum())
    word = "practice" if practices == 1 else "practices"
    return f"{practices:,} {word} ({patients:,} patients)"
