"""Two plans, or a plan and today's PCNs, held against each other.

Hubs of two plans are matched so that as many patients as possible are in matched hubs (each hub
with one at the most: the assignment problem, solved exactly). A practice has moved if its hub in
the second plan isn't the match of its hub in the first, so renaming a hub moves nobody; going
in or out of any hub is a move too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pcs_dash.hubs.journeys import Journeys
from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.summary import Floats, Groups, groups_of, prepare, scorecard
from pcs_dash.measures.workforce import DEFAULT_DEFINITION
from pcs_dash.tables.errors import UserError

KEPT_TOGETHER = (
    "Of all pairs of patients whose two practices, not being the same, are in one hub in the first "
    "plan: the share still in one hub in the second. Each pair of practices weighs the product of "
    "its lists."
)
TOGETHER_BEFORE = (
    "The same read backwards: of the pairs in one hub in the second plan, the share that is in one "
    "hub in the first."
)
MOVED = (
    "Practices whose hub in the second plan is not the match of their hub in the first; hubs are "
    "matched by the most patients in common."
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Plan A (the first) against plan B over the practices of an area.

    measures: index key; measure, unit, a, b, difference (b - a), definition.
    moved: index practice_code; practice_name, patients, hub_a, hub_b (names; missing =
    unassigned), match_of_hub_a (the hub of B that hub_a became; missing if none), most patients
    first.
    matching: hub_a, hub_b (missing where unmatched), shared_patients.
    share_kept_together, share_together_before: 0 to 1, NaN if no two practices are together; see
    KEPT_TOGETHER and TOGETHER_BEFORE.
    """

    name_a: str
    name_b: str
    measures: pd.DataFrame
    moved: pd.DataFrame
    matching: pd.DataFrame
    practices: int
    patients: int
    share_kept_together: float
    share_together_before: float

    @property
    def practices_moved(self) -> int:
        """How many practices are in another hub than before."""
        return len(self.moved)

    @property
    def patients_moved(self) -> int:
        """Registered patients of the practices that moved."""
        return int(self.moved["patients"].sum())

    @property
    def share_of_patients_moved(self) -> float:
        """Of all patients, 0 to 1; NaN where there are none."""
        return self.patients_moved / self.patients if self.patients else float("nan")


def compare_plans(
    a: Plan,
    b: Plan,
    practices: pd.DataFrame,
    *,
    names: tuple[str, str] = ("A", "B"),
    **judged_by: Any,
) -> Comparison:
    """Everything that differs between two plans for the practices of an area.

    Both plans are taken as the area sees them (`Plan.within`). `names` name the plans in tables;
    the rest is as `compare_many` takes it.
    """
    a, b = a.within(practices.index), b.within(practices.index)
    if names[0] == names[1]:
        names = (f"{names[0]} (first)", f"{names[1]} (second)")
    cards = compare_many(dict(zip(names, (a, b), strict=True)), practices, **judged_by)
    measures = cards.rename(columns={names[0]: "a", names[1]: "b"})
    measures.insert(4, "difference", measures["b"] - measures["a"])
    patients = np.nan_to_num(practices["patients"].to_numpy(dtype=float, na_value=np.nan))
    group_a, group_b = groups_of(a, practices.index), groups_of(b, practices.index)
    hubs = len(a.hubs), len(b.hubs)
    shared = shared_patients(group_a, group_b, patients, hubs)
    match = match_hubs(shared)
    return Comparison(
        name_a=names[0],
        name_b=names[1],
        measures=measures,
        moved=_moved(a, b, practices, (group_a, group_b), match),
        matching=_matching(a, b, shared, match),
        practices=len(practices),
        patients=int(patients.sum()),
        share_kept_together=kept_together(group_a, group_b, patients, hubs),
        share_together_before=kept_together(group_b, group_a, patients, hubs[::-1]),
    )


def compare_many(
    plans: Mapping[str, Plan],
    practices: pd.DataFrame,
    *,
    definition: str = DEFAULT_DEFINITION,
    journeys: Journeys | None = None,
    **judged_by: Any,
) -> pd.DataFrame:
    """The score cards of several plans side by side; index key, columns measure, unit, one a plan
    under its name, definition. Plans are taken as the area sees them. Names must be unlike
    "measure", "unit" and "definition". `judged_by`: benchmark, rules, neighbours (`scorecard`).
    """
    taken = {"measure", "unit", "definition"} & set(plans)
    if taken or not plans:
        raise UserError("Give at least one plan, and none the name measure, unit or definition.")
    prepared = prepare(practices, definition=definition, journeys=journeys)
    cards = {
        name: scorecard(plan.within(practices.index), prepared, **judged_by)
        for name, plan in plans.items()
    }
    first = next(iter(cards.values()))
    table = first[["measure", "unit"]].copy()
    for name, card in cards.items():
        table[name] = card["value"]
    table["definition"] = first["definition"]
    return table


def paper_table(comparison: Comparison) -> pd.DataFrame:
    """A tidy table: measure, unit, one column a plan under its name, difference, definition.

    The score card's lines, then what moved; numbers unrounded.
    """
    names = {"a": comparison.name_a, "b": comparison.name_b}
    rows = comparison.measures.rename(columns=names).reset_index(drop=True)
    pairs = "share of pairs"
    extra = pd.DataFrame(
        [
            ("Practices that move", "practices", comparison.practices_moved, MOVED),
            ("Patients of practices that move", "patients", comparison.patients_moved, MOVED),
            ("Patients kept together", pairs, comparison.share_kept_together, KEPT_TOGETHER),
            ("Patients together before", pairs, comparison.share_together_before, TOGETHER_BEFORE),
        ],
        columns=["measure", "unit", "difference", "definition"],
    )
    return pd.concat([rows, extra.reindex(columns=rows.columns)], ignore_index=True)


def shared_patients(
    group_a: Groups, group_b: Groups, patients: Floats, hubs: tuple[int, int]
) -> Floats:
    """Patients that each hub of A has in common with each of B, shape `hubs`; unassigned left out.

    `group_a`, `group_b`: see `summary.groups_of`.
    """
    both = (group_a < hubs[0]) & (group_b < hubs[1])
    cell = group_a[both] * hubs[1] + group_b[both]
    total = np.bincount(cell, weights=patients[both], minlength=hubs[0] * hubs[1])
    return total.reshape(hubs).astype(float)


def match_hubs(shared: Floats) -> dict[int, int]:
    """Hub of A -> hub of B, one to one, with the most shared patients in all; pairs that share
    nobody are not matched.
    """
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if shared[r, c] > 0}


def kept_together(
    group_a: Groups, group_b: Groups, patients: Floats, hubs: tuple[int, int]
) -> float:
    """See KEPT_TOGETHER; NaN if no two practices of patients share a hub in A."""
    in_a = group_a < hubs[0]
    together = _pairs(group_a[in_a], patients[in_a])
    in_both = in_a & (group_b < hubs[1])
    cell = group_a[in_both] * max(hubs[1], 1) + group_b[in_both]
    kept = _pairs(cell, patients[in_both])
    return kept / together if together > 0 else float("nan")


def _pairs(group: NDArray[np.intp], patients: Floats) -> float:
    """Sum over ordered pairs of different practices in one group of the product of their lists."""
    sums = np.bincount(group, weights=patients)
    return float((sums**2).sum() - (patients**2).sum())


def _moved(
    a: Plan,
    b: Plan,
    practices: pd.DataFrame,
    groups: tuple[Groups, Groups],
    match: Mapping[int, int],
) -> pd.DataFrame:
    # Unassigned, which comes after the last hub, is the match of Unassigned.
    becomes = np.array([match.get(hub, -1) for hub in range(len(a.hubs))] + [len(b.hubs)])
    expected = becomes[groups[0]]
    moves = expected != groups[1]
    # None for Unassigned, and for -1 of a hub that has no match.
    names_a = np.array([*(hub.name for hub in a.hubs), None], dtype=object)
    names_b = np.array([*(hub.name for hub in b.hubs), None], dtype=object)
    table = practices.loc[moves, ["practice_name", "patients"]].copy()
    table["hub_a"] = pd.array(names_a[groups[0][moves]], dtype="str")
    table["hub_b"] = pd.array(names_b[groups[1][moves]], dtype="str")
    table["match_of_hub_a"] = pd.array(names_b[expected[moves]], dtype="str")
    return table.sort_values(by="patients", ascending=False, kind="stable")


def _matching(a: Plan, b: Plan, shared: Floats, match: Mapping[int, int]) -> pd.DataFrame:
    rows: list[tuple[str | None, str | None, int]] = [
        (hub.name, b.hubs[match[i]].name, int(shared[i, match[i]]))
        if i in match
        else (hub.name, None, 0)
        for i, hub in enumerate(a.hubs)
    ]
    rows += [(None, hub.name, 0) for j, hub in enumerate(b.hubs) if j not in match.values()]
    table = pd.DataFrame(rows, columns=["hub_a", "hub_b", "shared_patients"])
    return table.astype({"hub_a": "str", "hub_b": "str", "shared_patients": "int64"})
