"""A plan of hubs in short sentences, the same on the page Hubs and on a slide."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pcs_dash.hubs.rules import Rule
from pcs_dash.hubs.summary import verdict_column
from pcs_dash.measures.numbers import count


def headline(summary: pd.DataFrame, rules: Sequence[Rule], area: str) -> str:
    """The plan in short sentences: how many hubs keep each hub rule, who is in none, the sum."""
    # As arrays: a table taken apart for every click costs more than its sums.
    practices, patients = (summary[name].to_numpy() for name in ("practices", "patients"))
    filled = practices[:-1] > 0
    whole = f"{area}: {_counted(practices.sum(), patients.sum())}"
    outside = int(summary["practices_outside_area"].to_numpy()[:-1].sum())
    tail = f" {outside:,} more of the plan lie outside the area or are left out." if outside else ""
    if not filled.any():
        paint = "Choose a hub and click practices, or draw a shape."
        return f"{whole}, none in a hub yet. {paint}{tail}"
    number = int(filled.sum())
    judged = []
    for rule in rules:
        if rule.on and rule.measure == "patients":
            kept = (summary[verdict_column(rule)] == "meets").to_numpy()[:-1] & filled
            judged.append(f"{rule.label}: {int(kept.sum())} of {number}.")
    none = "Every practice is in a hub."
    if practices[-1]:
        none = f"{_counted(practices[-1], patients[-1])} in no hub."
    hubs = f"{count(number, 'hub')}."
    return f"{' '.join([hubs, *judged])} {none} {whole}.{tail}"


def _counted(practices: int, patients: int) -> str:
    """Practices and patients in words."""
    return f"{count(int(practices), 'practice')} ({int(patients):,} patients)"
