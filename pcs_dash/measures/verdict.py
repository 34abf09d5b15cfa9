"""One verdict from every way of asking whether deprived patients have fewer GPs.

The ways are those of `specification`; they share their practices, so their intervals can't be
counted as if each were a finding of its own. One figure stands for all, the median gradient, and
one test: what chance alone makes of it, where lists and GPs are dealt out anew to the places where
practices' patients live, the same deal for every way. So the test knows how the ways hang together,
and its error rate is that of its p-value however many they are (Simonsohn, Simmons and Nelson
2020). Dealt out within places only, the same figure says what is left inside them; that is looked
at only where the first test finds something, so where there is nothing it adds no error. Tried on
made-up data: benchmarks/verdict.py, docs/methods.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pcs_dash.measures.inequality import gradients_of
from pcs_dash.measures.patient_matrix import PatientMatrix
from pcs_dash.measures.specification import (
    CHOICES,
    RAW,
    WEIGHTINGS,
    SpecificationSummary,
    counted_tables,
    matrices,
    summarise_curve,
)
from pcs_dash.measures.sums import Floats
from pcs_dash.measures.words import NEARLY_ALL, grade
from pcs_dash.measures.workforce import GP_DEFINITIONS

Orders = NDArray[np.intp]

# So many deals of the practices; a p-value of 0.05 has a standard error of 0.7 points.
DEALS = 999
# Cells of a table of deals made at a time, so that memory stays small.
_CHUNK = 1 << 15

Outcome = Literal["undefined", "not shown", "depends", "shown"]
Inside = Literal["", "same", "none", "opposite"]


@dataclass(frozen=True)
class Verdict:
    """What all ways of asking say together.

    `summary` counts them, as the specification curve does. `p_value`: how often chance alone
    gives a median gradient as far out. `outcome`: *shown* where p < 0.05 and NEARLY_ALL of the
    ways have the median's sign, *depends* where fewer have, *not shown* where p is larger.
    `inside`: what is left within places, where something was found and there are at least two;
    `inside_p` its p. `lists`: p by kind of list.
    """

    summary: SpecificationSummary
    outcome: Outcome
    p_value: float
    inside: Inside
    inside_p: float
    n_places: int
    lists: Mapping[str, float]

    @property
    def more(self) -> bool:
        """Whether patients per FTE GP rise with deprivation in the middle of the ways."""
        return self.summary.median > 0

    @property
    def n_same(self) -> int:
        """How many ways have the sign of the median."""
        summary = self.summary
        return summary.n_positive if self.more else summary.n - summary.n_positive


def verdict(
    practices: pd.DataFrame,
    curve: pd.DataFrame,
    *,
    places: pd.Series | None = None,
    deals: int = DEALS,
    seed: int = 0,
    **data: Any,
) -> Verdict:
    """The verdict on `curve`, the `specification_curve` of the same `practices` and `data` (lists,
    registrations, lsoa_ranks). `places` says in which place each practice is.
    """
    summary = summarise_curve(curve)
    nan = math.nan
    if not summary.n:
        return Verdict(summary, "undefined", nan, "", nan, 0, {})
    orders = deal(len(practices), deals, seed)
    ways, dealt = dealt_gradients(practices, orders, **data)
    known = ways.merge(curve, how="left", on=list(CHOICES), validate="1:1")["coefficient"].notna()
    ways, dealt = ways[known.to_numpy()], dealt[known.to_numpy()]
    p_value, _ = _chance(dealt)
    lists = {
        str(kind): _chance(dealt[rows.to_numpy()])[0]
        for kind in ways["list"].unique()
        if (rows := ways["list"] == kind).any()
    }
    found = Verdict(summary, "not shown", p_value, "", nan, 0, lists)
    if grade(p_value) == "none":
        return found
    outcome: Outcome = "shown" if found.n_same >= NEARLY_ALL * summary.n else "depends"
    where = practices["place"] if places is None else places
    groups = pd.factorize(where, use_na_sentinel=False)[0]
    if groups.max() < 1:
        return replace(found, outcome=outcome)
    _, within = dealt_gradients(practices, deal_within(orders, groups), **data)
    inside_p, above = _chance(within[known.to_numpy()])
    inside: Inside = "none"
    if grade(inside_p) != "none":
        inside = "same" if above == found.more else "opposite"
    return replace(
        found, outcome=outcome, inside=inside, inside_p=inside_p, n_places=int(groups.max()) + 1
    )


def deal(n: int, deals: int, seed: int = 0) -> Orders:
    """Orders of n practices, deals x n: as they are first, then at random."""
    orders = np.tile(np.arange(n), (deals + 1, 1))
    orders[1:] = np.random.default_rng(seed).permuted(orders[1:], axis=1)
    return orders


def deal_within(orders: Orders, groups: NDArray[np.intp]) -> Orders:
    """The same orders with every practice kept in its own group."""
    kept = orders.copy()
    for group in range(groups.max() + 1):
        own = np.flatnonzero(groups == group)
        kept[:, own] = own[np.argsort(orders[:, own], axis=1)]
    return kept


def dealt_gradients(
    practices: pd.DataFrame,
    orders: Orders,
    *,
    lists: Mapping[str, pd.Series] | None = None,
    registrations: pd.DataFrame | None = None,
    lsoa_ranks: Mapping[str, pd.Series] | None = None,
) -> tuple[pd.DataFrame, Floats]:
    """The choices of every specification, and its gradient for each of the orders (ways x orders).

    A practice's lists, GPs and flags go together to another practice's patients: where those live
    and how deprived they are stays.
    """
    codes, first = practices.index, next(iter(GP_DEFINITIONS.values()))
    everywhere = practices.assign(**{"patients": 1.0, first.column: 1.0})
    places = list(matrices(everywhere, first.key, registrations, lsoa_ranks))
    choices, rows = [], []
    for definition, kind, flagged, table in counted_tables(practices, lists):
        column = GP_DEFINITIONS[definition].column
        own = table[["patients", column]].astype("float64").dropna().reindex(codes)
        for edition, level, where in places:
            patients = own["patients"]
            if level == "lsoa":
                if kind != RAW:
                    continue
                registered = pd.Series(where.patients, list(where.codes)).reindex(codes)
                patients = registered.where(own["patients"].notna())
            # Who does not count is in neither sum.
            sums = patients.notna() & own[column].notna()
            people, doctors = (
                values.where(sums, 0.0).to_numpy() for values in (patients, own[column])
            )
            for weighting in WEIGHTINGS:
                choices.append((definition, kind, flagged, edition, level, weighting))
                rows.append(_dealt(codes, where, people, doctors, orders, weighting))
    return pd.DataFrame(choices, columns=list(CHOICES)), np.array(rows)


def _dealt(
    codes: pd.Index,
    where: PatientMatrix,
    people: Floats,
    doctors: Floats,
    orders: Orders,
    weighting: str,
) -> Floats:
    at = codes.get_indexer(pd.Index(where.codes))
    step = max(1, _CHUNK // max(len(where.groups), len(codes), 1))
    parts = [
        gradients_of(where, people[some], doctors[some], by_patients=weighting == WEIGHTINGS[0])
        for some in (orders[start : start + step, at] for start in range(0, len(orders), step))
    ]
    return np.concatenate(parts)


def _chance(dealt: Floats) -> tuple[float, bool]:
    """Two-sided p of the first median gradient among those dealt out, and whether it lies above
    their middle.
    """
    medians = np.nanmedian(dealt, axis=0)
    above, below = (medians >= medians[0]).mean(), (medians <= medians[0]).mean()
    return float(min(1.0, 2 * min(above, below))), bool(above < below)
