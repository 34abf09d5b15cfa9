"""The sentence at the top of the first page."""

from __future__ import annotations

import pandas as pd

from pcs_dash.metrics.workforce import Benchmark, GPDefinition

# Closer than this and the difference is within rounding of the published benchmark.
ABOUT_THE_SAME = 0.01


def area_headline(
    name: str, total: pd.Series, benchmark: Benchmark, definition: GPDefinition
) -> str:
    """What the area's figure is against the benchmark, in words.

    `total` is a row of `metrics.workforce.summarise`. The figure is a count of everyone
    registered over everyone employed, so it has no sampling error; it is still one day's return.
    """
    ratio = total["patients_per_fte_gp"]
    if pd.isna(ratio):
        return f"{name}: no practice reports GPs under this definition, so there is no ratio."
    who = definition.label[0].lower() + definition.label[1:].removesuffix("s")
    start = f"{name} has {ratio:,.0f} patients for each full-time equivalent {_singular(who)}"
    against = f"{benchmark.label}'s" if benchmark.key in ("england", "mse") else "the benchmark of"
    difference = ratio / benchmark.value - 1
    period = f" ({benchmark.period})" if benchmark.period else ""
    if abs(difference) < ABOUT_THE_SAME:
        return f"{start}: about the same as {against} {benchmark.value:,.0f}{period}."
    more = "more" if difference > 0 else "fewer"
    gap = abs(total["fte_gap"])
    need = "more" if difference > 0 else "fewer"
    return (
        f"{start}: {abs(difference):.0%} {more} than {against} {benchmark.value:,.0f}{period}. "
        f"Matching it would take {gap:,.1f} {need} FTE GPs."
    )


def _singular(who: str) -> str:
    return {"all GP": "GP (trainees and locums included)"}.get(who, who)
