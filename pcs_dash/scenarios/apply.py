"""What each kind of change does to the practices, year by year and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pcs_dash.measures.sums import Flags, Floats, column
from pcs_dash.scenarios import flows
from pcs_dash.scenarios.ageing import INTERPOLATED, keys_used
from pcs_dash.scenarios.assumptions import Assumption, Draws
from pcs_dash.scenarios.changes import (
    HUB,
    LASTING,
    ROLE_WORDS,
    Change,
    Close,
    Homes,
    Join,
    Leave,
    Merge,
    Open,
    Population,
    Scenario,
    ScenarioError,
    Staff,
)
from pcs_dash.scenarios.state import (
    GP_ROLES,
    GP_ROWS,
    GPS,
    STAFF,
    Joined,
    State,
    band_shares,
    rest_of,
)
from pcs_dash.scenarios.today import BANDS, NETWORK_CARE, Today
from pcs_dash.tables.geometry import lonlat_to_grid

if TYPE_CHECKING:
    from pcs_dash.scenarios.project import Leavers


BAND_COUNT = len(BANDS)
RESIDENTS, TRAINEES, PARTICIPATION = (
    "residents_per_dwelling", "trainee_to_nhs_gp_within_1_year", "joiner_participation",
)  # fmt: skip
# docs/methods.md, Weighted lists, has how it was worked out.
WEIGHED = (
    "New residents count as the patients do whom their practice has today; practices whose "
    "patients live in the same small areas differ by 5% on average (Essex)."
)
PATIENTS_PER_GP = "patients_per_wte_gp_new_homes"
_ROLE_ROWS: Mapping[str, int | slice] = {
    # Who comes counts under every definition, and has no role yet.
    "gp": slice(0, len(GPS)),
    "nurse": STAFF.index("nurse_fte"),
    "direct_care": STAFF.index("direct_care_fte"),
    "network_care": STAFF.index(NETWORK_CARE),
    "admin": STAFF.index("admin_fte"),
}


@dataclass(frozen=True, eq=False)
class Moment:
    """The year that changes apply in, and what is drawn and left by then."""

    year: int
    values: Draws
    leavers: Leavers


class Run:
    """A scenario on its way through the years: who is meant by each change, worked out once.

    `practices`: today's, and those that will open, without patients; `notes` gathers what was
    missing and what was taken in its place.
    """

    def __init__(self, today: Today, scenario: Scenario, hubs: Mapping[str, str]) -> None:
        self.today, self.hubs = today, hubs
        self.changes = [
            (f"Change {place} ({change.kind})", change)
            for place, change in enumerate(scenario.changes, start=1)
            if change.on
        ]
        self.notes: list[str] = []
        self.horizon = today.year + scenario.years
        self._check_years()
        self.practices = self._with_opened()
        # A practice without a ratio has no list, and so none with new residents.
        self.weights = np.nan_to_num(today.weights.reindex(self.practices.index))
        self.leave = self._only_leave()
        self._shares: dict[str, Floats] = {}

    # --- what is asked ---

    def _check_years(self) -> None:
        for who, change in self.changes:
            if not self.today.year < change.year <= self.horizon:
                raise ScenarioError(
                    f"{who}: it begins in {change.year}; the scenario goes from "
                    f"{self.today.year + 1} to {self.horizon}."
                )

    def _only_leave(self) -> Leave | None:
        found = [(who, change) for who, change in self.changes if isinstance(change, Leave)]
        if len(found) > 1:
            raise ScenarioError(f"{found[1][0]}: GPs leave by one change only; switch one off.")
        if not found:
            return None
        leave = found[0][1]
        if self.today.bands is None:
            at = "at the rate of all ages" if leave.ages == "all" else "and so nobody retires"
            self.note(f"GPs by age are not loaded for this area: all are of unknown age, {at}.")
        else:
            names = " and ".join(band.replace("TO", " to ") for band in INTERPOLATED)
            self.note(f"No rate of leaving is published for GPs aged {names}: the mean of the ages "
                      "on either side is taken.")  # fmt: skip
        return leave

    def growths(self) -> dict[str, Assumption]:
        """The growth of each population change as an assumption of its own."""
        return {
            _growth(who): Assumption(
                _growth(who), *change.per_cent, "per cent a year", "", "Typed in", typed=True
            )
            for who, change in self.changes
            if isinstance(change, Population)
        }

    def used(self) -> list[str]:
        """The assumptions that the changes rest on."""
        found: list[str] = []
        for _, change in self.changes:
            if isinstance(change, Homes):
                found.append(RESIDENTS)
            elif isinstance(change, Join):
                found += [TRAINEES, PARTICIPATION]
            elif isinstance(change, Leave):
                found += keys_used(change.ages)
            elif isinstance(change, Open):
                found.append(PATIENTS_PER_GP)
        return [*dict.fromkeys([*found, *self.growths()])]

    def _with_opened(self) -> pd.DataFrame:
        """Today's practices and those that open, which are where the nearest one is."""
        practices = self.today.practices
        for who, change in self.changes:
            if not isinstance(change, Open):
                continue
            if change.code in practices.index:
                raise ScenarioError(f"{who}: there is a practice {change.code} already.")
            ((east, north),) = lonlat_to_grid(np.array([[change.longitude, change.latitude]]))
            flows.check_near(
                self.today, np.array([east, north]), f"{who}: the point where it opens"
            )
            far = np.hypot(practices["easting"] - east, practices["northing"] - north)
            row = practices.loc[[far.idxmin()]].set_axis([change.code])
            # Where it is goes by the nearest practice; no figure does.
            row[row.select_dtypes("number").columns] = np.nan
            row[row.select_dtypes("bool").columns] = False
            row = row.assign(
                practice_name=change.name, easting=east, northing=north, patients=0.0,
                latitude=change.latitude, longitude=change.longitude,
            )  # fmt: skip
            row[[*STAFF]] = 0.0
            row.index.name = practices.index.name
            practices = pd.concat([practices, row])
        return practices

    def note(self, text: str) -> None:
        """Say once what is missing."""
        if text not in self.notes:
            self.notes.append(text)

    def members(self, where: str) -> Flags:
        """The practices that a change means."""
        return flows.members(self.practices, where, self.hubs)

    # --- a year ---

    def until(self, change: Change) -> int:
        """The last year that a change applies in; what lasts does so to the end unless it says."""
        if change.kind not in LASTING:
            return change.year
        return self.horizon if change.last is None else change.last

    def apply(self, state: State, moment: Moment) -> None:
        """Do what happens in a year, in the order of the list."""
        due = [pair for pair in self.changes if pair[1].year <= moment.year <= self.until(pair[1])]
        for kind, together in groupby(due, key=lambda pair: pair[1].kind):
            if kind == Homes.kind:
                self._homes(state, list(together), moment)
                continue
            for who, change in together:
                with _named(who):
                    _DONE_BY[kind](self, state, change, who, moment)

    def _leave(self, state: State, leave: Leave, _who: str, moment: Moment) -> None:
        """From its first year on the GPs of then may leave; `Leavers` says how many have."""
        if moment.year > leave.year:
            return
        shares = band_shares(self.today, self.practices)
        fte = np.nan_to_num(state.staff[: len(GP_ROWS)])
        # Trainees do not leave: of all GPs the fully qualified do.
        fte[GP_ROWS.index("gp_fte_all")] = fte[0]
        fte[GP_ROWS.index("fte_trainees")] = 0
        state.leaving = fte[:, :, None] * shares * self.members(leave.where)[:, None]

    def _homes(self, state: State, homes: Sequence[tuple[str, Change]], moment: Moment) -> None:
        """Dwellings x residents, each of whom registers; shared as those who live there are. What
        is built in several places is one sum, as residents per dwelling are the same in all.
        """
        settling = np.zeros(len(state.codes))
        registering = settling.copy()
        number = 0.0
        for who, change in homes:
            assert isinstance(change, Homes)
            shares = change.a_year * self._new_residents(state, change, who)
            # Each counts as the patients do whom the practice has today.
            settling += state.among_open(shares * self.weights)
            registering += shares
            number += change.a_year
        incoming = number * moment.values.of(RESIDENTS)
        state.settle(settling / number, incoming, rest_of(registering / number))

    def _new_residents(self, state: State, change: Homes, who: str) -> Floats:
        """The share of them that registers with each practice of today."""
        if change.where not in self._shares:
            with _named(who):
                known = flows.shares_of_new_residents(self.today, change.where, self.hubs)
            if not known.sum() > 0:
                raise ScenarioError(f"{who}: nobody is registered in '{change.where[:60]}' today.")
            self._shares[change.where] = flows.on(state.codes, known)
            self.note(f"New residents register as those who live there do today: "
                      f"{self.today.registrations.label}.")  # fmt: skip
            if (self.today.weights != 1).any():
                self.note(WEIGHED)
        return self._shares[change.where]

    def _population(self, state: State, change: Population, who: str, moment: Moment) -> None:
        rows = self.members(change.where)
        state.patients[rows] *= 1 + moment.values.of(_growth(who)) / 100

    def _join(self, state: State, change: Join, _who: str, moment: Moment) -> None:
        """Trainees of the place x share who become NHS GPs x participation, by FTE today."""
        rows = self.members(change.where)
        if self.today.trainees is None:
            self.note("GPs in training are not loaded for this area: nobody joins from training.")
            return
        trainees = self.today.trainees.reindex(self.practices.index)
        whole = float(trainees[rows].sum())
        fte = np.where(rows & state.alive, np.nan_to_num(state.staff[0]), 0)
        if whole and fte.sum():
            values = moment.values
            scale = whole * values.of(TRAINEES) / 100 * values.of(PARTICIPATION) / 100
            state.joined.append(Joined(moment.year, fte / fte.sum(), scale))

    def _staff(self, state: State, change: Staff, who: str, moment: Moment) -> None:
        role = _ROLE_ROWS[change.role]
        known = ~np.isnan(np.atleast_2d(state.staff[role])[0])
        rows = self.members(change.where) & state.alive & known
        if not rows.any():
            raise ScenarioError(
                f"{who}: no practice of '{change.where[:60]}' is open and has such a figure."
            )
        if change.fte > 0:
            lists = np.where(rows, np.nan_to_num(state.lists()), 0)
            state.staff[role] += change.fte * lists / lists.sum()
            return
        gps = moment.leavers.gps(state, moment.year)[0]
        there = gps if change.role == "gp" else state.staff[role]
        there = np.where(rows, np.nan_to_num(there), 0)
        if -change.fte > there.sum() + 1e-9:
            raise ScenarioError(
                f"{who}: {-change.fte:g} FTE can't go from '{change.where[:60]}', which has "
                f"{there.sum():.1f} in {moment.year}."
            )
        for place in np.flatnonzero(there):
            rows_lost = slice(0, len(GP_ROWS)) if change.role == "gp" else role
            state.lose(int(place), rows_lost, -change.fte / there.sum())

    # --- practices that close, merge, open ---

    def _row(self, state: State, code: str, who: str) -> int:
        """The row of a practice that is there; ScenarioError where it is not."""
        if code not in self.practices.index:
            raise ScenarioError(f"{who}: there is no practice {code[:20]} in these data.")
        place = state.place(code)
        if not state.alive[place]:
            raise ScenarioError(f"{who}: {code} has closed, merged or not opened by then.")
        return place

    def _close(self, state: State, change: Close, who: str, _moment: Moment) -> None:
        source = self._row(state, change.practice, who)
        state.alive[source] = False
        by_group = self._takers(state, change, source, who)
        state.pass_on(source, by_group, change.staff_follow, whole=False)
        to = self._row(state, change.premises, who) if change.premises else -1
        state.pass_premises(source, to)

    def _takers(self, state: State, change: Close, source: int, who: str) -> Floats:
        """Shares of a closing practice's patients, (practices, groups)."""
        mix = np.nan_to_num(state.mix[0, source])
        mix = mix / mix.sum() if mix.sum() else np.eye(flows.GROUPS)[-1]
        if change.to:
            return np.outer(self._named(state, change, source, who), mix)
        merged = [place for place in range(len(state.codes)) if state.holder(place) == source]
        lists = column(self.practices, "patients")[merged]
        found = np.zeros((len(state.codes), flows.GROUPS))
        for place, part in zip(merged, lists / lists.sum(), strict=True):
            table = self._dispersal(state.codes[place], who)
            for group in range(flows.GROUPS):
                found[:, group] += part * flows.on(state.codes, table[group])
        return state.among_open(found)

    def _dispersal(self, code: str, who: str) -> pd.DataFrame:
        table = flows.dispersal(self.today, code) if code in self.today.practices.index else None
        if table is None:
            raise ScenarioError(
                f"{who}: nobody knows where the patients of {code} live. Name the practices that "
                "take them ('to')."
            )
        if self.today.dispersal is None:
            self.note(f"Patients of a closed practice go where others of their small area are "
                      f"registered: {self.today.registrations.label}.")  # fmt: skip
        return table

    def _named(self, state: State, change: Close, source: int, who: str) -> Floats:
        """Shares by list size of the practices that take the patients."""
        if change.to == (HUB,):
            hub = self.hubs.get(change.practice)
            others = self.members(hub) if hub else np.zeros(len(state.codes), dtype=bool)
        else:
            places = [self._row(state, code, who) for code in change.to]
            others = np.isin(np.arange(len(state.codes)), places)
        others = others & state.alive
        others[source] = False
        lists = np.where(others, np.nan_to_num(state.lists()), 0)
        if not lists.sum() > 0:
            raise ScenarioError(f"{who}: no open practice is there to take the patients.")
        return np.asarray(lists / lists.sum())

    def _merge(self, state: State, change: Merge, who: str, _moment: Moment) -> None:
        first, *others = (self._row(state, code, who) for code in change.practices)
        for place in others:
            self._note_unknown(state, first, place, who)
            share = np.zeros((len(state.codes), flows.GROUPS))
            mix = state.mix[0, place]
            share[first] = mix if not np.isnan(mix).any() else np.eye(flows.GROUPS)[-1]
            state.pass_on(place, share, 1.0, whole=True)
            state.passed_to[place] = first
        for code in change.practices:
            state.pass_premises(state.place(code), first if code in change.kept else -1)

    def _note_unknown(self, state: State, first: int, other: int, who: str) -> None:
        """Say whose figures are not known once two practices are one."""
        for role, words in ROLE_WORDS.items():
            pair = np.atleast_2d(state.staff[_ROLE_ROWS[role]])[0, [first, other]]
            if np.isnan(pair).sum() != 1:
                continue
            unknown = state.codes[(first, other)[int(np.isnan(pair[1]))]]
            left = "sums count what is known"
            if role == "gp":
                left = "they and their patients leave patients per FTE GP"
            self.note(
                f"{who}: how many {words} {unknown} has is not known, nor therefore of "
                f"{state.codes[first]} from then on; {left}."
            )

    def _open(self, state: State, change: Open, _who: str, moment: Moment) -> None:
        place = state.place(change.code)
        state.staff[:, place] = [
            *[change.gp] * len(GPS), *[0] * len(GP_ROLES), change.nurse, change.direct_care, 0, 0,
        ]  # fmt: skip
        own = self.practices.loc[[change.code]].iloc[0]
        lists = state.by_site(column(self.practices, "patients"))
        practices = self.practices.assign(patients=lists)
        size = change.gp * float(moment.values.of(PATIENTS_PER_GP)[0])
        at = float(own["easting"]), float(own["northing"])
        became = {state.codes[row]: state.codes[state.holder(row)] for row in state.passed_to}
        drawn = flows.drawn_by(self.today, practices, at, size, became)
        share = np.nan_to_num(drawn.to_numpy()) * state.alive
        moved = share[:, None] * state.patients
        state.patients -= moved
        state.patients[place] += moved.sum(axis=0)
        weights = np.nan_to_num(moved[:, 0])
        if weights.sum() > 0:
            mix = np.nan_to_num(state.mix) * weights[:, None]
            state.mix[:, place] = mix.sum(axis=1) / weights.sum()
            state.imd[place] = (np.nan_to_num(state.imd) * weights).sum() / weights.sum()
        state.mixed[place] = state.alive[place] = True


@contextmanager
def _named(who: str) -> Iterator[None]:
    """What can't be done names its change."""
    try:
        yield
    except ScenarioError as error:
        said = str(error)
        raise ScenarioError(said if said.startswith(who) else f"{who}: {said}") from None


def _growth(who: str) -> str:
    return f"growth of {who.lower().replace(' (population)', '')}"


# Homes apart, which are done together.
_DONE_BY: Mapping[str, Callable[..., None]] = {
    "population": Run._population,
    "leave": Run._leave,
    "join": Run._join,
    "staff": Run._staff,
    "close": Run._close,
    "merge": Run._merge,
    "open": Run._open,
}
