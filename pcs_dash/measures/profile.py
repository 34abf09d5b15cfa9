"""The card of a practice: every measure, against its area and the benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pcs_dash.measures.deprivation import (
    QUINTILE_LABELS,
    group_quintile_shares,
    lsoas_by_quintile,
    patients_by_quintile,
)
from pcs_dash.measures.numbers import number, per_cent, signed
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.workforce import Benchmark, GPDefinition, fte_gap, summarise
from pcs_dash.tables.constants import (
    MINIMUM_GP_WTE,
    MINIMUM_LIST,
    PATIENTS_PER_WTE_RULE,
    PER_PATIENTS,
)


def gap_sentence(fte_gap: float) -> str:
    """What it would take to match the benchmark, in one sentence; empty where there is no figure.

    `fte_gap` is FTE GPs to add, negative where there are more than the benchmark asks for.
    """
    if pd.isna(fte_gap):
        return ""
    if abs(fte_gap) < 0.05:
        return "It already has the FTE GPs that matching it takes."
    if fte_gap > 0:
        return f"Matching it would take {number(fte_gap, 1)} more FTE GPs."
    return f"It has {number(-fte_gap, 1)} FTE GPs more than matching it takes."


def deprivation_sentence(
    name: str, lsoas: pd.DataFrame, practices: pd.DataFrame, edition: str
) -> str:
    """How many of an area's LSOAs and of its patients are in England's most deprived fifth."""
    counts = lsoas_by_quintile(lsoas, edition)
    patients = patients_by_quintile(practices, edition)
    share = patients[1] / patients.sum() if patients.sum() else float("nan")
    if not len(lsoas):
        return f"{per_cent(share)} of the patients of {name} live in England's most deprived fifth."
    return (
        f"{counts[1]:,} of {name}'s {len(lsoas):,} small areas "
        f"({per_cent(counts[1] / len(lsoas))}) are among England's most deprived fifth; "
        f"{per_cent(share)} of its practices' patients live in such areas."
    )


def measure_table(
    groups: Mapping[str, pd.DataFrame],
    *,
    definition: GPDefinition,
    benchmark: Benchmark,
    edition: str,
) -> pd.DataFrame:
    """Every measure of some groups of practices side by side, as text ready to show.

    Columns: Measure, then the name of each group. Sums and shares are of each group as a whole.
    """
    found = {
        name: every_figure(own, definition, benchmark, edition) for name, own in groups.items()
    }
    measures = list(next(iter(found.values())))
    columns = {name: [own[measure] for measure in measures] for name, own in found.items()}
    return pd.DataFrame({"Measure": measures, **columns})


def practice_card(
    own: Mapping[str, str], area: Mapping[str, str], *, benchmark: Benchmark, area_name: str
) -> pd.DataFrame:
    """Measures of one practice beside its area's and the benchmark, as text ready to show.

    `own` and `area` are `every_figure` of both. Columns: Measure, This practice, the area's name,
    Benchmark. A measure without a benchmark has an empty cell there, not a zero.
    """
    against = {
        PER_GP.long: f"{number(benchmark.value)} ({benchmark.label})",
        REGISTER["gps_per_10000"].long: number(PER_PATIENTS / benchmark.value, 1),
        REGISTER["patients"].long: f"{MINIMUM_LIST:,} or more (2014 rule)",
        REGISTER["fte_gp"].long: f"{MINIMUM_GP_WTE} or more (2014 rule)",
        f"FTE GPs to add for {PATIENTS_PER_WTE_RULE:,} per FTE GP": "0",
    }
    return pd.DataFrame(
        {
            "Measure": list(own),
            "This practice": list(own.values()),
            area_name: [area[measure] for measure in own],
            "Benchmark": [against.get(measure, "") for measure in own],
        }
    )


def every_figure(
    practices: pd.DataFrame, definition: GPDefinition, benchmark: Benchmark, edition: str
) -> dict[str, str]:
    """Every measure of some practices as a whole, as text ready to show, by its name."""
    row = summarise(practices, definition=definition.key, benchmark=benchmark.value).iloc[0]
    rule_gap = fte_gap(row["patients_in_ratio"], row["fte_gp"], float(PATIENTS_PER_WTE_RULE))
    whole = pd.Series("all", index=practices.index)
    shares = group_quintile_shares(practices, whole, edition)

    def share(quintile: int) -> str:
        return per_cent(shares[quintile].iloc[0] if len(shares) else float("nan"))

    def of(key: str, note: str = "", decimals: int | None = None) -> dict[str, str]:
        return {f"{REGISTER[key].long}{note}": REGISTER[key].text(row[key], decimals)}

    headcount = " (headcount, all GPs)"
    return {
        **of(PER_GP.key),
        **of("patients"),
        **of("fte_gp"),
        **of("gps_per_1000"),
        **of("gps_per_10000", decimals=1),
        **of("fte_gap"),
        f"FTE GPs to add for {PATIENTS_PER_WTE_RULE:,} per FTE GP": signed(rule_gap),
        **of("share_gps_55_plus", headcount),
        **of("share_gps_60_plus", headcount),
        **of("nurse_fte"),
        **of("direct_care_fte"),
        **of("imd_score"),
        f"Patients in quintile {QUINTILE_LABELS[1]}, IMD {edition}": share(1),
        f"Patients in quintile {QUINTILE_LABELS[5]}, IMD {edition}": share(5),
    }


# What `flags` looks at.
FLAGGED_BY = (
    "flag_low_fte", "gp_fte_fully_qualified", "single_handed", "flag_appointments", "nurse_fte",
    "direct_care_fte", "patients",
)  # fmt: skip


def flags(practice: Mapping[Any, Any] | pd.Series) -> list[str]:
    """What to beware of in one practice's figures (FLAGGED_BY), as short sentences."""
    told = {
        "Implausibly low FTE for the list: check the workforce return.": practice["flag_low_fte"],
        "No GP figure was supplied.": pd.isna(practice["gp_fte_fully_qualified"]),
        "Single-handed: one permanent GP by headcount.": practice["single_handed"],
        "Implausible appointment count.": practice["flag_appointments"],
        "No nurse figure was supplied.": pd.isna(practice["nurse_fte"]),
        "No direct patient care figure was supplied.": pd.isna(practice["direct_care_fte"]),
        f"Fewer than {MINIMUM_LIST:,} patients.": practice["patients"] < MINIMUM_LIST,
    }
    return [text for text, is_so in told.items() if is_so]
