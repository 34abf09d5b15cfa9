"""Capacity: patients per FTE GP, GPs per head, gaps to a benchmark, who the GPs are.

Ratios of areas are sums over sums, never means of ratios. A practice whose FTE or list is
missing leaves both sums and is counted; a reported FTE of 0 stays in (its patients have no such
GP), although the practice itself then has no ratio.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from pcs_dash.measures.numbers import number
from pcs_dash.measures.sums import capacity, capacity_summands, stacked, sums_by_group
from pcs_dash.tables.areas import select_area
from pcs_dash.tables.constants import (
    BENCHMARK_RANGE,
    MINIMUM_GP_WTE,
    MINIMUM_LIST,
    PATIENTS_PER_WTE_RULE,
)
from pcs_dash.tables.errors import UserError

Shared = Literal["same", "inside", "around", "overlapping", "apart"]
# A figure, or an array or series of figures.
Amount = TypeVar("Amount", float, np.ndarray, pd.Series)


@dataclass(frozen=True)
class GPDefinition:
    """Which GPs count: `key` in addresses and commands, `label` on screen, `meaning` in full."""

    key: str
    label: str
    meaning: str
    source_column: str

    @property
    def column(self) -> str:
        """The practice table's FTE column for this definition."""
        return f"gp_fte_{self.key}"


GP_DEFINITIONS = {
    key: GPDefinition(key, label, meaning, f"TOTAL_GP{suffix}_FTE")
    for key, label, meaning, suffix in (
        (
            "fully_qualified",
            "Fully qualified GPs",
            "without GPs in training; regular locums included",
            "_EXTG",
        ),
        ("all", "All GPs", "with GPs in training and locums", ""),
        ("permanent", "Permanent GPs", "without GPs in training and without locums", "_EXTGL"),
    )
}
DEFAULT_DEFINITION = "fully_qualified"
BENCHMARK_LABELS = {
    "england": "England",
    "mse": "Mid and South Essex",
    "icb": "The whole ICB",
    "rule": f"{PATIENTS_PER_WTE_RULE:,} per FTE GP rule",
    "own": "Type in a figure",
}
# As addresses and stories of earlier versions say it, in small letters.
EARLIER_LABELS = {f"{PATIENTS_PER_WTE_RULE:,} per wte rule": "rule"}


@dataclass(frozen=True)
class Benchmark:
    """A number of patients per FTE GP to hold a place against.

    `definition` is the GP definition it was measured under, None where it fits any;
    `period` and `source` are printed beside it. `place`: whose figure it is, if anyone's; `codes`:
    the practices it was computed from here.
    """

    key: str
    label: str
    value: float
    definition: str | None
    period: str
    source: str
    place: str = ""
    codes: frozenset[str] = frozenset()

    def shared_with(self, place: str, codes: Collection[str]) -> Shared:
        """How an area and its practices lie to the place of the benchmark.

        The same; inside it; around it (the area includes it); overlapping; or apart.
        """
        own = frozenset(codes)
        if place == self.place or (own and own == self.codes):
            return "same"
        if not own & self.codes:
            return "apart"
        return "inside" if own < self.codes else "around" if own > self.codes else "overlapping"


def gp_definition(key: str) -> GPDefinition:
    """The definition of that key; UserError names the three when there is none."""
    if key not in GP_DEFINITIONS:
        raise UserError(
            f"There is no GP definition '{key}'. Choose one of: {', '.join(GP_DEFINITIONS)}."
        )
    return GP_DEFINITIONS[key]


def patients_per_fte_gp(practices: pd.DataFrame, definition: str = DEFAULT_DEFINITION) -> pd.Series:
    """Registered patients per FTE GP of each practice, on the same index.

    Missing where the FTE or the list is missing, or where the FTE is 0: never 0, never infinity.
    Source: General Practice Workforce (TOTAL_PATIENTS over the definition's FTE).
    """
    fte = practices[gp_definition(definition).column]
    ratio = practices["patients"] / fte.where(fte > 0)
    return ratio.rename("patients_per_fte_gp")


def area_patients_per_fte_gp(
    practices: pd.DataFrame, definition: str = DEFAULT_DEFINITION
) -> float:
    """Sum of patients over sum of FTE, of the practices that report both; NaN if there is no GP."""
    fte = practices[gp_definition(definition).column]
    reported = fte.notna() & practices["patients"].notna()
    patients, total = float(practices["patients"][reported].sum()), float(fte[reported].sum())
    return patients / total if total > 0 else float("nan")


def fte_gap(patients: Amount, fte: Amount, benchmark: float) -> Amount:
    """FTE GPs to add to bring `patients` down to `benchmark` patients per FTE GP.

    Negative where there are more GPs than the benchmark asks for. Unit: FTE.
    """
    return patients / benchmark - fte


def benchmarks(
    published: pd.DataFrame,
    practices: pd.DataFrame,
    *,
    definition: str = DEFAULT_DEFINITION,
    practices_period: str,
) -> dict[str, Benchmark]:
    """The benchmarks that can be held against figures under `definition`, by key.

    England's published figure counts fully qualified GPs, so it is left out under the other
    definitions: comparing across definitions would be off by about a sixth. `mse` is computed
    from `practices` (all of Essex) under the same definition and period; where `practices` are
    those of loaded ICBs (they have `icb_code`), `icb` stands in its place, if they have GP figures.
    """
    chosen: dict[str, Benchmark] = {}
    if definition == "fully_qualified":
        chosen["england"] = england_benchmark(published)
    whole, everyone = "icb", practices
    if "icb_code" not in practices.columns:
        whole, everyone = "mse", select_area("Mid and South Essex", practices)
    value = area_patients_per_fte_gp(everyone, definition)
    if pd.notna(value):
        chosen[whole] = Benchmark(
            whole,
            BENCHMARK_LABELS[whole],
            value,
            definition,
            practices_period,
            "computed here from General Practice Workforce",
            codes=frozenset(everyone.index),
        )
    chosen["rule"] = Benchmark(
        "rule",
        BENCHMARK_LABELS["rule"],
        float(PATIENTS_PER_WTE_RULE),
        None,
        "2014 strategy",
        f"{MINIMUM_LIST:,} patients with {MINIMUM_GP_WTE} WTE GPs: Transforming Primary Care in "
        "Essex, NHS England, 2014",
    )
    return chosen


def england_benchmark(published: pd.DataFrame) -> Benchmark:
    """The latest published figure for England, fully qualified GPs (May 2025)."""
    rows = published[
        (published["figure"] == "patients per FTE GP (fully qualified)")
        & (published["place"] == "England")
    ]
    latest = rows.iloc[int(pd.to_datetime(rows["period"], format="%B %Y").to_numpy().argmax())]
    return Benchmark(
        "england",
        BENCHMARK_LABELS["england"],
        float(latest["value"]),
        "fully_qualified",
        str(latest["period"]),
        str(latest["source"]),
        place="England",
    )


def typed_benchmark(value: float) -> Benchmark:
    """A figure the user typed in; UserError unless it is a plausible, positive number."""
    low, high = BENCHMARK_RANGE
    if not np.isfinite(value) or not low <= value <= high:
        raise UserError(
            f"A benchmark of {number(value)} patients per FTE GP can't be right. "
            f"Type a figure between {low:,} and {high:,}."
        )
    return Benchmark("own", "your own benchmark", float(value), None, "", "Typed in")


def summarise(
    practices: pd.DataFrame,
    by: str | pd.Series | None = None,
    *,
    definition: str = DEFAULT_DEFINITION,
    benchmark: float | None = None,
    name: str = "All practices",
) -> pd.DataFrame:
    """One row a group of practices, index the group's name, with every capacity measure.

    `by` is a column or a Series on the practices' index; None makes one row called `name`.
    Practices whose group is missing make no row: ask for `unallocated` yourself. Columns:
    practices, practices_without_fte (count: no FTE or no list), patients (all),
    patients_in_ratio and fte_gp (practices that report both), patients_per_fte_gp,
    gps_per_1000, gps_per_10000, fte_gap (where a benchmark is given), below_4500 and
    below_2_5_wte (counts), single_handed (count) and single_handed_share,
    share_gps_55_plus and share_gps_60_plus (of GPs of known age, headcount, all GPs),
    nurse_fte, practices_without_nurse_figure, direct_care_fte,
    practices_without_direct_care_figure, flagged_low_fte, imd_score (patient-weighted).
    below_2_5_wte, single_handed and flagged_low_fte are missing where no practice reports FTE.
    """
    keys = pd.Series(name, index=practices.index)
    if by is not None:
        keys = practices[by] if isinstance(by, str) else by.reindex(practices.index)
    group, names = pd.factorize(keys, sort=True)
    summands = capacity_summands(practices, gp_definition(definition).column)
    counted = group >= 0
    sums = sums_by_group(stacked(summands)[counted], group[counted], len(names))
    found = capacity(dict(zip(summands, sums.T, strict=True)), benchmark or None)
    return pd.DataFrame(found, index=pd.Index(names, name="group"))
