"""Minutes of hubs' patients: to the practice they are with, and to their hub's main site.

A hub's main site is the practice of it that all its patients reach in the least minutes together,
by the first mode of `DECIDES` that there are minutes for: one building, whatever the mode asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pcs_dash.measures.sums import Floats, Groups, over, sorted_groups
from pcs_dash.tables.constants import MODES
from pcs_dash.tables.errors import UserError

# By car nearly every way is known; on foot a measured table ends after two hours.
DECIDES = ("drive", "transit", "cycle", "walk")
HALF, MOST = 0.5, 0.9


@dataclass(frozen=True, eq=False)
class Journeys:
    """`patients`: of each practice (`codes`, n) by place of living, shape (n, places); `minutes`:
    of each mode from place to practice, shape (places, n), NaN where not known; `kinds`: whether
    those of a mode are modelled or measured; `label` says all that, and where it is from.
    """

    codes: pd.Index
    patients: Floats
    minutes: Mapping[str, Floats]
    kinds: Mapping[str, str]
    label: str

    def of(self, codes: pd.Index) -> Journeys:
        """Those of some practices, in their order; practices without patients or way have none."""
        at = self.codes.get_indexer(codes)
        there = at >= 0
        minutes = {
            mode: np.where(there, table[:, at], np.nan) for mode, table in self.minutes.items()
        }
        patients = np.where(there[:, None], self.patients[at], 0.0)
        return Journeys(codes, patients, minutes, self.kinds, self.label)

    def between(self, mode: str) -> Floats:
        """Mean minutes of each practice's patients (rows) to each practice (columns), shape (n, n);
        NaN where none of them has a way there.
        """
        total, lost = self._sums(mode)
        return over(total, self.patients.sum(axis=1)[:, None] - lost)

    def asked(self, mode: str) -> dict[str, Any]:
        """What a `SuggestRequest` takes to count distances in minutes of a mode. UserError where
        there are none.
        """
        if mode not in self.minutes:
            raise UserError(
                f"There are no minutes {MODES.get(mode, mode)} for these places: load a table of "
                "them (docs/travel.md), or choose another way."
            )
        table = pd.DataFrame(self.between(mode), self.codes, self.codes)
        return {"minutes": table, "minutes_label": f"minutes {MODES[mode]} ({self.kinds[mode]})"}

    def _sums(self, mode: str) -> tuple[Floats, Floats]:
        """Patient-minutes of each practice's patients to each practice, and patients without."""
        table = self.minutes[mode]
        unknown = np.isnan(table)
        return self.patients @ np.where(unknown, 0.0, table), self.patients @ unknown.astype(float)

    @cached_property
    def deciding(self) -> tuple[Floats, Floats] | None:
        """`_sums` of the mode that chooses main sites; None where no minutes are known at all."""
        modes = [mode for mode in DECIDES if np.isfinite(self.minutes.get(mode, np.nan)).any()]
        return self._sums(modes[0]) if modes else None

    @cached_property
    def rows(self) -> tuple[Groups, Groups, Floats]:
        """Practice, place and patients wherever there are any, shape (rows,) each."""
        practice, place = np.nonzero(self.patients)
        return practice, place, self.patients[practice, place]


def main_sites(journeys: Journeys, group: Groups, number: int) -> Groups:
    """The practice (place in `codes`) that is each group's main site, shape (number,); -1 for none.

    Fewest patients without a way come first, then the least patient-minutes; of equals the first.
    """
    sites = np.full(number, -1)
    if journeys.deciding is None:
        return sites
    total, lost = journeys.deciding
    people = journeys.patients.sum(axis=1)
    order, filled, starts = sorted_groups(group)
    for hub, members in zip(filled, np.split(order, starts[1:]), strict=False):
        own = np.ix_(members, members)
        without = lost[own].sum(axis=0)
        if people[members].sum() > without.min():
            sites[hub] = members[np.lexsort((total[own].sum(axis=0), without))[0]]
    return sites


def minutes_of_groups(
    journeys: Journeys, group: Groups, goals: Groups, number: int
) -> dict[str, Floats]:
    """Minutes that half of a group's patients, and nine in ten, do not exceed, by mode: to the
    practice they are with (`own_`), and to their main site (`site_`).

    `group`, `goals`: of each practice its group and main site (-1: none). Shape (number,) each;
    patients without known minutes are in no figure.
    """
    practice, place, people = journeys.rows
    held, goal = group[practice], goals[practice]
    found: dict[str, Floats] = {}
    for mode in MODES:
        table = journeys.minutes.get(mode)
        for start, to in (("own", practice), ("site", goal)):
            values = np.full(len(people), np.nan)
            if table is not None:
                values = np.where(to >= 0, table[place, to], np.nan)
            half, most = quantiles(values, people, held, number)
            found |= {f"{start}_half_{mode}": half, f"{start}_most_{mode}": most}
    return found


def quantiles(values: Floats, people: Floats, group: Groups, number: int) -> tuple[Floats, Floats]:
    """By group the smallest value at or below which half, nine in ten, of its people lie; NaN
    where nobody has a value. `registrations.weighted_quantile` for many groups at once.
    """
    known = ~np.isnan(values)
    values, people, group = values[known], people[known], group[known]
    # One key sorts several times quicker than two.
    order = np.argsort(group * (1.0 + values.max(initial=0.0)) + values)
    reached = np.concatenate([[0.0], np.cumsum(people[order])])
    bounds = np.searchsorted(group[order], np.arange(number + 1))
    before, total = reached[bounds[:-1]], np.diff(reached[bounds])
    found = []
    for share in (HALF, MOST):
        at = np.searchsorted(reached[1:], before + share * total - 1e-6)
        value = np.full(number, np.nan)
        filled = total > 0
        value[filled] = values[order][at[filled]]
        found.append(value)
    return found[0], found[1]


def described(journeys: Journeys | None, sites: Groups, number: int) -> dict[str, Any]:
    """The main site's code of each group, and what the minutes are, shape (number,) each."""
    if journeys is None:
        return {"main_site": [None] * number, "minutes_are": [None] * number}
    codes = [*map(str, journeys.codes), None]
    return {"main_site": [codes[site] for site in sites], "minutes_are": [journeys.label] * number}
