"""A scenario year by year: practices, and the figures of groups of them with their bands.

All draws are carried at once. A group's figures are sums over sums of its practices in every draw;
the central ones come from the same sums as today's figures (`measures.sums`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pcs_dash.measures.sums import Floats, Groups, over, sums_by_group
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, gp_definition
from pcs_dash.scenarios import apply
from pcs_dash.scenarios.ageing import JOINING_BAND, a_year_earlier, leaving_rates
from pcs_dash.scenarios.assumptions import Assumption, Draws, draw, published, with_typed
from pcs_dash.scenarios.bands import Drawn, band
from pcs_dash.scenarios.changes import Scenario
from pcs_dash.scenarios.state import GP_ROLES, GP_ROWS, GPS, STAFF, State, frame_of, state_of
from pcs_dash.scenarios.today import BANDS, NETWORK_CARE, Today

# Practices -> the name of each one's group; missing: in none.
Grouping = Callable[[pd.DataFrame], pd.Series]

DRAWS = 1_000
SEED = 15
FIGURES = ("patients", "fte_gp", "patients_per_fte_gp")


def one_group(name: str) -> Grouping:
    """All practices as one group of that name."""
    return lambda practices: pd.Series(name, index=practices.index)


@dataclass(frozen=True, eq=False)
class Projection:
    """What comes of a scenario.

    `figures`: one row a year and group: year, group, practices, patients_in_ratio (of practices
    that report GPs), `FIGURES` with _low and _high (95% of the draws; wide enough to hold the
    central figure), and nurse_fte, direct_care_fte, network_care_fte, admin_fte, in which nothing
    is drawn (practices without a figure add nothing, a merged one what is known of it; missing
    where no practice has one).
    `practices`: today's and those that open; `kept`: what `frame` makes a year's practices of.
    `ends`: per assumption the patients per FTE GP of all groups together in the last year at its
    low and its high end. `whole`: patients and FTE of all groups' practices that report both,
    central and drawn; an assumption's draws (`values_of`) are the same in every scenario, so that
    two can be compared draw by draw. `last_year`: the practices of the last year in each draw, by
    the name of a definition's or role's column (`GP_ROWS`). `notes`: what is missing and what was
    taken instead.
    """

    scenario: Scenario
    today: Today
    assumptions: Mapping[str, Assumption]
    used: tuple[str, ...]
    figures: pd.DataFrame
    practices: pd.DataFrame
    kept: Mapping[int, tuple[State, Floats]]
    ends: pd.DataFrame
    whole: tuple[Floats, Floats]
    last_year: Callable[[str], Drawn]
    notes: tuple[str, ...]
    draws: int = DRAWS
    seed: int = SEED

    @property
    def years(self) -> tuple[int, ...]:
        """The years of the projection, today's first."""
        return tuple(self.kept)

    def frame(self, year: int) -> pd.DataFrame:
        """The practices of a year, central, as a table like today's."""
        state, gps = self.kept[year]
        return frame_of(state, self.practices, gps)

    @property
    def drawn(self) -> Floats:
        """Patients per FTE GP of all groups together in each draw."""
        return over(*self.whole)[1:]

    def values_of(self, key: str) -> Floats:
        """An assumption, central and drawn, shape (1 + draws,)."""
        values = draw(self.assumptions, (key,), number=self.draws, seed=self.seed)
        return values.of(key)[: 1 + self.draws]

    def sites(self, year: int) -> pd.Series:
        """The practice that has each one's premises in a year (index: whose they are today), those
        apart that have fallen away.
        """
        state, _ = self.kept[year]
        codes, had = np.array(state.codes, dtype=object), np.flatnonzero(state.sites >= 0)
        had = had[state.alive[state.sites[had]]]
        return pd.Series(codes[state.sites[had]], index=pd.Index(codes[had]))

    def sites_of(self, year: int) -> pd.Series:
        """The codes whose premises each practice has in a year, blanks between; index its code."""
        held = self.sites(year)
        return held.index.to_series().groupby(held.to_numpy()).agg(" ".join)

    def successors(self, year: int) -> pd.Series:
        """The practice that each has become by then (itself, or what it merged into), closed ones
        apart.
        """
        state, _ = self.kept[year]
        codes = np.array(state.codes, dtype=object)
        to = np.array([state.holder(place) for place in range(len(codes))])
        open_then = state.alive[to]
        return pd.Series(codes[to[open_then]], index=pd.Index(codes[open_then]))

    def outside(self, year: int) -> float:
        """Patients who went to practices beyond the data by then, central."""
        return float(self.kept[year][0].outside[0])


def project(
    today: Today,
    scenario: Scenario,
    grouping: Grouping,
    *,
    definition: str = DEFAULT_DEFINITION,
    hubs: Mapping[str, str] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Projection:
    """Carry today's practices through a scenario. `hubs`: practice code -> hub, for changes that
    name one. ScenarioError names a change that can't be made, and nothing is half done.
    """
    run = apply.Run(today, scenario, hubs or {})
    assumptions = with_typed({**published(), **run.growths()}, scenario.assumptions)
    values = draw(assumptions, run.used(), number=draws, seed=seed)
    state = state_of(today, run.practices, values.columns)
    groups, names = pd.factorize(grouping(run.practices), sort=True)
    rows, kept = [], {}
    leavers = Leavers(run, values)
    place = GPS.index(gp_definition(definition).column)
    sums = None
    for year in range(today.year, today.year + scenario.years + 1):
        if year > today.year:
            run.apply(state, apply.Moment(year, values, leavers))
        kept[year] = state.central(), leavers.gps(state, year)
        sums = _sums(state, place, leavers, year, groups)
        rows.append(_figures(sums, values, state, groups))
    assert sums is not None
    return Projection(
        scenario,
        today,
        assumptions,
        values.keys,
        _table(kept, names, rows),
        run.practices,
        kept,
        _ends(sums, values),
        (sums.in_ratio.sum(axis=0)[: 1 + draws], np.nansum(sums.fte, axis=0)[: 1 + draws]),
        _last_year(state, leavers, values, year),
        tuple(run.notes),
        draws,
        seed,
    )


def _last_year(state: State, leavers: Leavers, values: Draws, year: int) -> Callable[[str], Drawn]:
    """What gives the practices that are open in every draw, by a row of `GP_ROWS`."""
    codes = pd.Index(state.codes, name="practice_code")[state.alive]
    # Half as much to keep; a band needs no more digits.
    columns = slice(0, 1 + values.number)
    patients = state.patients[state.alive][:, columns].astype(np.float32)
    # Not a view, which would keep all of it.
    rest = replace(state, patients=state.patients[:, :1].copy())

    def found(gps: str) -> Drawn:
        parts = _parts_of(rest, GP_ROWS.index(gps))[rest.alive]
        if gps in GP_ROLES:
            # Whoever joins counts under every definition, and has no role yet.
            parts[:, 1 + len(BANDS) :] = 0
        fte = leavers.by_draw(rest, year, parts)
        return Drawn(codes, patients.astype(float), fte[:, columns])

    return found


def do_nothing(projection: Projection, grouping: Grouping, **more: object) -> Projection:
    """The same without what anybody decides."""
    return project(projection.today, projection.scenario.doing_nothing, grouping, **more)  # type: ignore[arg-type]


class Leavers:
    """How much of the GPs' FTE is left in a year, by draw."""

    def __init__(self, run: apply.Run, values: Draws) -> None:
        self.start = run.today.year
        self.columns = values.columns
        self.years = range(0)
        self.rates: Floats | None = None
        if (leave := run.leave) is not None:
            self.years = range(leave.year, run.until(leave) + 1)
            self.rates = leaving_rates(leave.ages, values.of, values.columns)
        self._left: dict[int, list[Floats]] = {}

    def left(self, year: int) -> list[Floats]:
        """Share left at the end of `year` of those in service at the end of each year from the
        first to it, by band and draw.
        """
        if year not in self._left:
            found = [np.ones((apply.BAND_COUNT, self.columns))]
            for earlier in range(year, self.start, -1):
                rates = self.rates if earlier in self.years else None
                found.append(a_year_earlier(found[-1], rates))
            self._left = {year: found[::-1]}
        return self._left[year]

    def gps(self, state: State, year: int) -> Floats:
        """Central FTE by `GP_ROWS` and practice at the end of a year."""
        left = self.left(year)
        found = state.staff[: len(GP_ROWS)] - state.leaving @ (1 - left[0][:, 0])
        for part in state.joined:
            stay = left[part.year - self.start][JOINING_BAND, 0]
            found[: len(GPS)] += part.fte * (part.scale[0] * stay)
        return np.asarray(found)

    def by_draw(self, state: State, year: int, sums: Floats) -> Floats:
        """FTE of groups by draw, from sums over their practices of `parts_of` columns."""
        left = self.left(year)
        rows = [left[0] - 1]
        for part in state.joined:
            rows.append(part.scale * left[part.year - self.start][[JOINING_BAND]])
        return np.asarray(sums[:, :1] + sums[:, 1:] @ np.vstack(rows))


def _parts_of(state: State, place: int) -> Floats:
    """What adds up to a group's FTE under a definition, a row a practice: FTE if nobody left, what
    may leave by band, and what each year's joiners are.
    """
    joined = [part.fte[:, None] for part in state.joined]
    return np.hstack([state.staff[place][:, None], state.leaving[place], *joined])


@dataclass(frozen=True, eq=False)
class _Sums:
    patients: Floats
    in_ratio: Floats
    fte: Floats


def _sums(state: State, place: int, leavers: Leavers, year: int, groups: Groups) -> _Sums:
    """Sums by group and draw: all patients; those of practices that report both; their FTE."""
    number = groups.max(initial=-1) + 1
    listed = ~np.isnan(state.lists())
    reported = listed & ~np.isnan(state.staff[place])
    member = groups == np.arange(number)[:, None]
    # A list is unknown in all draws or in none.
    patients = state.patients if listed.all() else np.nan_to_num(state.patients)
    counted = reported & (groups >= 0)
    parts = sums_by_group(_parts_of(state, place)[counted], groups[counted], number)
    whole = member.astype(float) @ patients
    in_ratio = whole if reported.all() else (member & reported).astype(float) @ patients
    fte = leavers.by_draw(state, year, parts)
    # A group of practices without figures has no FTE, rather than none of it.
    present = member & state.alive
    unknown = present.any(axis=1) & ~(present & reported).any(axis=1)
    fte[unknown] = np.nan
    return _Sums(whole, in_ratio, fte)


def _figures(sums: _Sums, values: Draws, state: State, groups: Groups) -> Floats:
    """A year's figures of each group: a row each, in the order of `_COLUMNS`."""
    number = len(sums.patients)
    present = np.bincount(groups[(groups >= 0) & state.alive], minlength=number)
    found = np.stack([sums.patients, sums.fte, over(sums.in_ratio, sums.fte)])
    central = found[:, :, 0]
    drawn = found[:, :, values.drawn] if values.number else found[:, :, :1]
    bands = np.stack([central, *band(drawn, central)], axis=1)
    counted = groups >= 0
    rows = [STAFF.index(name) for name in OTHERS]
    others, part = state.staff[rows].T, state.part[rows].T
    staff = sums_by_group((np.nan_to_num(others) + part)[counted], groups[counted], number)
    there = (~np.isnan(others) & state.alive[:, None]).astype(np.float64)
    known = sums_by_group(there[counted], groups[counted], number)
    staff[(known == 0) & (present > 0)[:, None]] = np.nan
    return np.column_stack([present, sums.in_ratio[:, 0], bands.reshape(-1, number).T, staff])


# Who else works there.
OTHERS = ("nurse_fte", "direct_care_fte", NETWORK_CARE, "admin_fte")
_COLUMNS = (
    "practices",
    "patients_in_ratio",
    *(name + end for name in FIGURES for end in ("", "_low", "_high")),
    *OTHERS,
)


def _table(years: Iterable[int], names: pd.Index, rows: list[Floats]) -> pd.DataFrame:
    """The figures of all years and groups as `Projection.figures`."""
    table = pd.DataFrame(np.vstack(rows), columns=list(_COLUMNS))
    table.insert(0, "year", np.repeat([*years], len(names)))
    table.insert(1, "group", pd.Series([*names] * len(rows), dtype="object"))
    return table.astype({"practices": np.int64})


def _ends(sums: _Sums, values: Draws) -> pd.DataFrame:
    """Patients per FTE GP of all groups in the last year at each assumption's ends; the one that
    moves it most first. Index: the assumption's key; columns low, high.
    """
    whole = over(sums.in_ratio.sum(axis=0), np.nansum(sums.fte, axis=0))
    found = pd.DataFrame(
        [[whole[column] for column in values.ends(key)] for key in values.keys],
        index=pd.Index(values.keys, name="assumption"),
        columns=["low", "high"],
        dtype=float,
    )
    width = (found["high"] - found["low"]).abs()
    return found.loc[width.sort_values(ascending=False, kind="stable").index]
