"""The practices in one year of a projection, for all draws at once, and what changes do to them.

Everything a change does moves shares of rows to other rows, so it is the same for every draw.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pcs_dash.measures.deprivation import quintile_columns
from pcs_dash.measures.sums import Flags, Floats, column, over
from pcs_dash.scenarios.today import BANDS, NETWORK_CARE, Today

# Rows of `State.staff`: GPs by definition (with those who may leave first), then others.
GPS = ("gp_fte_fully_qualified", "gp_fte_all", "gp_fte_permanent")
# The same GPs by role, as far as it is known: whoever joins has none yet.
GP_ROLES = ("fte_partners", "fte_salaried", "fte_retainers", "fte_locums", "fte_trainees")
GP_ROWS = (*GPS, *GP_ROLES)
# Staff of networks are those of their practices by list size.
STAFF = (*GP_ROWS, "nurse_fte", "direct_care_fte", NETWORK_CARE, "admin_fte")
_ROUNDING = 1e-9
EDITIONS = ("2025", "2019")
HEADCOUNTS = (
    "gp_headcount_all",
    "gp_headcount_fully_qualified",
    "gp_headcount_permanent",
    "gps_with_known_age",
    "gps_55_plus",
    "gps_60_plus",
)


@dataclass(eq=False)
class Joined:
    """GPs who joined at the end of `year`: FTE of each practice for 1 of `scale`, by draw."""

    year: int
    fte: Floats
    scale: Floats


@dataclass(eq=False)
class State:
    """`patients`: (practices, draws); `staff`: FTE as if nobody left, (roles, practices); `part`:
    what is known of it where the whole is not, as one of those that merged had no figure;
    `leaving`: the part of the GPs' FTE that may leave, (`GP_ROWS`, practices, bands); `mix`:
    shares of patients by quintile, (editions, practices, groups); `outside`: patients who went to
    practices beyond the data, by draw. `passed_to`: the practice a merged one became; `sites`: the
    practice that has the premises of each one of today, -1: they have fallen away.
    """

    codes: tuple[str, ...]
    patients: Floats
    staff: Floats
    part: Floats
    leaving: Floats
    headcounts: Floats
    mix: Floats
    imd: Floats
    outside: Floats
    alive: Flags
    mixed: Flags
    sites: NDArray[np.intp]
    joined: list[Joined] = field(default_factory=list)
    passed_to: dict[int, int] = field(default_factory=dict)

    def place(self, code: str) -> int:
        """The row of a practice."""
        return self.codes.index(code)

    def holder(self, place: int) -> int:
        """The row that a practice's patients are in after mergers."""
        while place in self.passed_to:
            place = self.passed_to[place]
        return place

    def lists(self) -> Floats:
        """Patients of each practice, central."""
        return self.patients[:, 0]

    def central(self) -> State:
        """A copy with the central figures only."""
        return replace(
            self,
            patients=self.patients[:, :1].copy(),
            outside=self.outside[:1].copy(),
            joined=[Joined(part.year, part.fte.copy(), part.scale[:1]) for part in self.joined],
            passed_to=dict(self.passed_to),
            # Who may leave is all that a table needs of it.
            leaving=self.leaving.sum(axis=(0, 2))[None, :, None],
            **{
                name: getattr(self, name).copy()
                for name in ("staff", "part", "headcounts", "mix", "imd", "alive", "mixed", "sites")
            },
        )

    def among_open(self, shares: Floats) -> Floats:
        """Shares (practices first) with those of merged practices at their successors, and those of
        closed ones spread over the others as theirs are; what is missing to 1 stays so.
        """
        whole = shares.sum()
        found = np.zeros_like(shares) if self.passed_to else shares.copy()
        merged = np.flatnonzero(shares.reshape(len(shares), -1).any(axis=1))
        for place in merged if self.passed_to else ():
            found[self.holder(int(place))] += shares[place]
        found[~self.alive] = 0
        left = found.sum()
        return found if left == 0 or left == whole else found * (whole / left)

    def settle(self, share: Floats, incoming: Floats, outside: float) -> None:
        """New patients (by draw): what each practice has more for one of them, and the share that
        registers with practices beyond the data.
        """
        rows = np.flatnonzero(share)
        self.patients[rows] += share[rows, None] * incoming
        self.outside += outside * incoming

    def pass_premises(self, source: int, to: int) -> None:
        """All premises that a practice has are another one's (-1: fall away)."""
        self.sites[self.sites == source] = to

    def by_site(self, sizes: Floats) -> Floats:
        """Patients of each practice shared over the premises it has, as `sizes` are; 0 at premises
        that have fallen away.
        """
        had = self.sites >= 0
        holder, sizes = self.sites[had], np.nan_to_num(sizes[had])
        whole = np.bincount(holder, sizes, len(self.sites))[holder]
        alone = self.sites[had] == np.flatnonzero(had)
        share = np.divide(sizes, whole, out=alone.astype(float), where=whole > 0)
        found = np.zeros(len(self.sites))
        found[had] = self.lists()[holder] * share
        return found

    def pass_on(self, source: int, by_group: Floats, staff_share: float, *, whole: bool) -> None:
        """Move all patients and some staff of a row to others; the rest of its staff leaves.

        `by_group`: shares of its patients, (practices, groups). `whole`: the practice is taken
        over, so that what is unknown of it is unknown of its successor too.
        """
        to = by_group.sum(axis=1)
        rows = np.flatnonzero(to)
        moved = to[rows, None] * self.patients[source]
        self._mix_in(source, rows, by_group[rows], whole=whole)
        self.patients[rows] += moved
        self.outside += rest_of(to) * self.patients[source]
        self.patients[source] = 0
        # Staff of a network are not the practice's, and stay with the patients.
        stays = np.where([name == NETWORK_CARE for name in STAFF], 1.0, staff_share)[:, None]
        follow = stays * self._followers(rows, to[rows], whole=whole)
        coming = (np.nan_to_num(self.staff[:, source]) + self.part[:, source])[:, None] * follow
        own = self.staff[:, rows]
        unknown = np.isnan(own) | (whole & np.isnan(self.staff[:, source]))[:, None]
        self.part[:, rows] += np.where(unknown, np.nan_to_num(own) + coming, 0)
        self.staff[:, rows] = np.where(unknown, np.nan, own + coming)
        gps = follow[: len(GP_ROWS)]
        self.leaving[:, rows] += self.leaving[:, source][:, None] * gps[:, :, None]
        for part in self.joined:
            part.fte[rows] += part.fte[source] * gps[0]
            part.fte[source] = 0
        if whole:
            self.headcounts[:, rows] += self.headcounts[:, source][:, None]
        for gone in (self.staff, self.part, self.leaving, self.headcounts):
            gone[:, source] = 0
        self.alive[source] = False

    def _followers(self, rows: NDArray[np.intp], to: Floats, *, whole: bool) -> Floats:
        """The share of each role's FTE that each of the rows gets, (roles, rows): as the patients
        that stay within the data, among those whose own figure is known, if any is.
        """
        known = ~np.isnan(self.staff[:, rows]) | whole
        known |= ~known.any(axis=1, keepdims=True)
        weight = known * to
        whole_weight = weight.sum(axis=1, keepdims=True)
        return np.divide(weight, whole_weight, out=np.zeros_like(weight), where=whole_weight > 0)

    def _mix_in(self, source: int, rows: NDArray[np.intp], parts: Floats, *, whole: bool) -> None:
        """The quintiles and IMD score of those who take patients over."""
        before, coming = self.lists()[rows], self.lists()[source]
        amount = parts.sum(axis=1) * coming
        after = np.maximum(before + amount, 1e-9)
        for edition in range(len(EDITIONS)):
            if edition == 0 and not whole:
                moved = parts * coming
            else:
                moved = amount[:, None] * self.mix[edition, source]
            own = self.mix[edition, rows] * before[:, None]
            self.mix[edition, rows] = (own + moved) / after[:, None]
        score = self.imd[source] * amount
        self.imd[rows] = (self.imd[rows] * before + score) / after
        self.mixed[rows] = True

    def lose(self, place: int, role: int | slice, share: float) -> None:
        """A share of a role's FTE at a practice goes."""
        self.staff[role, place] *= 1 - share
        if isinstance(role, slice):
            self.leaving[:, place] *= 1 - share
            for part in self.joined:
                part.fte[place] *= 1 - share


def rest_of(shares: Floats) -> float:
    """What is missing to 1, rounding apart."""
    rest = 1 - float(shares.sum())
    return rest if rest > _ROUNDING else 0.0


def state_of(today: Today, practices: pd.DataFrame, columns: int) -> State:
    """Today's practices as a state of that many draws; rows of `practices` without patients (those
    that will open) are not there yet.
    """
    patients = column(practices, "patients")
    staff = np.vstack([column(practices, name) for name in STAFF])
    number = len(practices)
    mix = np.stack([_mix(practices, edition) for edition in EDITIONS])
    return State(
        codes=tuple(map(str, practices.index)),
        patients=np.repeat(patients[:, None], columns, axis=1),
        staff=staff,
        part=np.zeros_like(staff),
        leaving=np.zeros((len(GP_ROWS), number, len(BANDS))),
        headcounts=np.vstack([column(practices, name) for name in HEADCOUNTS]),
        mix=mix,
        imd=column(practices, "imd_score").copy(),
        outside=np.zeros(columns),
        alive=np.asarray(practices.index.isin(today.practices.index)),
        mixed=np.zeros(number, dtype=bool),
        sites=np.arange(number),
    )


def band_shares(today: Today, practices: pd.DataFrame) -> Floats:
    """Shares of each practice's GPs who are not in training by age band, (practices, bands).

    The bands are those of all GPs. Trainees are taken out of the youngest ones, since their ages
    are not published apart. Where nothing is known, all are of unknown age.
    """
    number = len(practices)
    shares = np.zeros((number, len(BANDS)))
    shares[:, -1] = 1
    if today.bands is None:
        return shares
    fte = today.bands.reindex(practices.index).to_numpy(dtype=float, na_value=np.nan)
    trainees = column(practices, "gp_fte_all") - column(practices, "gp_fte_fully_qualified")
    taken = np.clip(np.nan_to_num(trainees)[:, None] - (np.cumsum(fte, axis=1) - fte), 0, fte)
    left = fte - taken
    whole = left.sum(axis=1)
    known = whole > 0
    shares[known] = left[known] / whole[known, None]
    return shares


def _mix(practices: pd.DataFrame, edition: str) -> Floats:
    names = [*quintile_columns(edition), f"imd{edition}_patients_unknown"]
    counts = np.column_stack([column(practices, name) for name in names])
    return over(counts, counts.sum(axis=1, keepdims=True))


def frame_of(state: State, practices: pd.DataFrame, gps: Floats) -> pd.DataFrame:
    """The practices as a table like today's, central: what nothing changed is as it was.

    `gps`: FTE by `GP_ROWS` after leaving and joining, (rows, practices). Headcounts and
    ages of GPs are not projected: they are missing where GPs came or went, and added up where
    practices merged.
    """
    table = practices.assign(patients=state.lists())
    values = np.vstack([gps, state.staff[len(GP_ROWS) :]])
    for name, row in zip(STAFF, values, strict=True):
        table[name] = row
    before = np.vstack([column(practices, name) for name in GPS])
    changed = (values[: len(GPS)] != before) & ~np.isnan(before)
    known = ~changed.any(axis=0)
    merged = np.isin(np.arange(len(practices)), [*state.passed_to.values()])
    merged &= ~state.leaving.any(axis=(0, 2)) & (not state.joined)
    for name, row in zip(HEADCOUNTS, state.headcounts, strict=True):
        table[name] = np.where(known | merged, row, np.nan)
    one = column(practices, "gp_headcount_permanent") == 1
    table["single_handed"] = np.where(merged, state.headcounts[2] == 1, one)
    for place, edition in enumerate(EDITIONS):
        counts = state.mix[place] * state.lists()[:, None]
        names = quintile_columns(edition)
        for group, name in enumerate((*names, f"imd{edition}_patients_unknown")):
            table[name] = np.where(state.mixed, counts[:, group], column(practices, name))
    table["imd_score"] = np.where(state.mixed, state.imd, column(practices, "imd_score"))
    return table[state.alive]
