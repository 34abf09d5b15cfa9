"""List sizes over time; practices closed, merged and new; plans carried over to new lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pcs_dash.measures import numbers
from pcs_dash.tables.errors import UserError

# A closed practice's list is taken to have gone to a practice at the same postcode that grew by
# at least half of it between the two dates.
SAME_PLACE_SHARE = 0.5
DAYS_A_YEAR = 365.25
# What lists are added up by.
LEVELS = PCN, PRACTICE, HUB, DISTRICT, WHOLE = (
    "PCN", "Practice", "Hub of my plan", "District", "The area as a whole",
)  # fmt: skip
PER_CENT, PATIENTS = CHANGE_IN = ("Per cent", "Patients")
# Below this a handful of families moves a percentage.
SMALL_LIST = 1_000


def groups_of(
    level: str,
    lists: pd.DataFrame,
    practices: pd.DataFrame,
    *,
    names: Mapping[str, str],
    plan: pd.Series,
    area_name: str,
    successors: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Practice code to its unit of that level; a closed practice is in the PCN or hub of the one
    that took over, where `successors` (code to code) names it, and in none otherwise.

    `lists`: practice_code, district; `practices`: those of now; `names`: closed ones' too; `plan`:
    practice code to hub.
    """
    codes = [str(code) for code in lists["practice_code"].unique()]
    if level == PRACTICE:
        return {code: f"{names[code]} ({code})" if code in names else code for code in codes}
    if level == WHOLE:
        return dict.fromkeys(codes, area_name)
    if level == DISTRICT:
        known = lists.dropna(subset=["district"]).drop_duplicates("practice_code")
        found = known.set_index("practice_code")["district"]
    else:
        found = practices["pcn"].dropna() if level == PCN else plan.dropna()
    units = {str(code): str(name) for code, name in found.items()}
    heirs = {} if successors is None else successors
    return units | {
        code: units[heirs[code]] for code in codes if code not in units and heirs.get(code) in units
    }


def unplaced(lists: pd.DataFrame) -> int:
    """Practices of a history whose district is not known: no district counts them."""
    return int(lists.loc[lists["district"].isna(), "practice_code"].nunique())


def trend(
    history: pd.DataFrame, groups: pd.Series | Mapping[str, str] | None = None
) -> pd.DataFrame:
    """List sizes of each practice (or PCN, hub) over time, wide, with the change.

    `history`: period, practice_code, patients, a row a practice and month; `groups`:
    practice_code -> group (practices without one are left out). Columns: one a period (ISO date;
    missing where the practice had no list), then first, last (patients at the first and last
    period), change, change_per_cent and per_year (least-squares slope, patients a year), all
    missing for a practice without both ends; for groups also practices_first and
    practices_last. UserError with fewer than two periods.
    """
    periods = sorted(pd.to_datetime(history["period"].unique()))
    if len(periods) < 2:
        raise UserError("Trends need the lists of at least two months; load more list_sizes files.")
    table = history[["period", "practice_code", "patients"]].copy()
    table["group"] = table["practice_code"].astype("str")
    if groups is not None:
        table["group"] = table["group"].map(pd.Series(groups, dtype="str"))
        table = table.dropna(subset=["group"])
    if table.duplicated(["period", "practice_code"]).any():
        raise UserError("A practice stands twice in a month; load one file a month.")
    wide = table.pivot_table(index="group", columns="period", values="patients", aggfunc="sum")
    wide = wide.reindex(columns=periods).astype("Float64")
    first, last = wide[periods[0]], wide[periods[-1]]
    result = wide.copy()
    result.columns = [f"{period:%Y-%m-%d}" for period in periods]
    years = np.array([(p - periods[0]).days / DAYS_A_YEAR for p in periods])
    result["first"] = first
    result["last"] = last
    result["change"] = last - first
    result["change_per_cent"] = 100 * (last - first) / first.where(first > 0)
    slopes = [_slope(years, row) for row in wide.to_numpy(dtype=float, na_value=np.nan)]
    result["per_year"] = pd.array(slopes, dtype="Float64")
    if groups is not None:
        count = table.pivot_table(
            index="group", columns="period", values="patients", aggfunc="size", fill_value=0
        ).reindex(columns=periods, fill_value=0)
        result["practices_first"] = count[periods[0]]
        result["practices_last"] = count[periods[-1]]
    result.index.name = "practice_code" if groups is None else "group"
    return result.sort_index()


def months_of(
    history: pd.DataFrame, groups: Mapping[str, str], unit: str, heirs: Mapping[str, str]
) -> pd.DataFrame:
    """A unit's list month by month; index the first of each month, those that are not loaded in
    between without a figure.

    `groups`: practice_code -> unit; `heirs`: closed practice -> the one that took over. Columns:
    patients, change (from the month before), taken_over (closed practices of other units whose
    patients came, in the first loaded month without them), stretch, which rises with each such
    month, and change_stretch, in which each such month is one by itself.
    """
    code = history["practice_code"].astype("str")
    day = pd.to_datetime(history["period"])
    month = day - pd.to_timedelta(day.dt.day - 1, unit="D")
    listed = history["patients"].fillna(0) > 0
    sums = history["patients"].where(code.map(groups) == unit).groupby(month).sum(min_count=1)
    found = pd.DataFrame({"patients": sums.astype("float64")})
    last = month[listed].groupby(code[listed]).max()
    came: dict[pd.Timestamp, list[str]] = {}
    for closed, left in last.items():
        heir = heirs.get(str(closed), "")
        later = found.index[found.index > left]
        if len(later) and groups.get(heir) == unit and groups.get(str(closed)) != unit:
            came.setdefault(later[0], []).append(str(closed))
    found = found.reindex(pd.date_range(found.index.min(), found.index.max(), freq="MS"))
    found["taken_over"] = [tuple(came.get(day, ())) for day in found.index]
    step = found["taken_over"].map(bool)
    stretch = step.cumsum()
    return found.assign(
        change=found["patients"].diff(), stretch=stretch, change_stretch=2 * stretch - step
    )


def sentence(
    place: str, whole: pd.Series, counts: Mapping[str, int], first: pd.Timestamp, last: pd.Timestamp
) -> str:
    """How the lists of a place changed, and how many practices closed or opened. `whole`: its row
    of `trend`; `counts`: `PracticeChanges.counts`.
    """
    gone = counts["closed"] + counts["merged"]
    grew = "grew" if whole["change"] >= 0 else "shrank"
    closed = numbers.count(gone, "practice") if gone else "No practice"
    return (
        f"From {first:%B %Y} to {last:%B %Y} the lists of {place} {grew} by "
        f"{numbers.number(abs(whole['change']))} patients "
        f"({numbers.signed(whole['change_per_cent'])}%), to "
        f"{numbers.number(whole['last'])}. {closed} closed or merged, {counts['new'] or 'none'} "
        "opened."
    )


def fair(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The units of a `trend` with both ends, the largest change first; without small lists where
    the change is in per cent.
    """
    column = "change_per_cent" if measure == PER_CENT else "change"
    ranked = table.dropna(subset=["change"]).sort_values(column, ascending=False)
    return ranked[ranked["first"] >= SMALL_LIST] if measure == PER_CENT else ranked


def _slope(years: np.ndarray, values: np.ndarray) -> float | None:
    known = ~np.isnan(values)
    if not (known[0] and known[-1]):
        return None
    return float(np.polyfit(years[known], values[known], 1)[0])


@dataclass(frozen=True)
class PracticeChanges:
    """What happened to practices between two lists.

    `table`: index practice_code; change ('closed', 'merged', 'new', 'moved', 'continuing'),
    patients_before, patients_after, successor (code, or missing) and basis ('ODS', 'same
    postcode and growth (inferred)' or missing). `merged` is a closed practice with a successor,
    `moved` one with another postcode.
    """

    table: pd.DataFrame

    def of(self, change: str) -> pd.DataFrame:
        """The practices of one kind of change."""
        return self.table[self.table["change"] == change]

    @property
    def counts(self) -> dict[str, int]:
        """How many practices changed in each way, ways without any included."""
        order = ("continuing", "moved", "new", "merged", "closed")
        found = self.table["change"].value_counts()
        return {change: int(found.get(change, 0)) for change in order}

    @property
    def successors(self) -> dict[str, str]:
        """Closed practice -> the practice that took over, where known."""
        known = self.table.dropna(subset=["successor"])
        return {str(code): str(new) for code, new in known["successor"].items()}


def compare_lists(
    before: pd.DataFrame, after: pd.DataFrame, *, successors: pd.DataFrame | None = None
) -> PracticeChanges:
    """Practices closed, merged, new and moved between two lists of practices.

    Both: practice_code, patients, and if present postcode. `successors`: the ODS's
    practice_code, successor_code, effective; chains are followed. Where the ODS names none, a
    practice at the same postcode that grew by half the closed list or more is named, marked as
    inferred. A practice with no patients left counts as closed.
    """
    old = _listed(before)
    new = _listed(after)
    codes = old.index.union(new.index).sort_values()
    table = pd.DataFrame(index=pd.Index(codes, name="practice_code"))
    table["patients_before"] = old["patients"].reindex(codes).astype("Int64")
    table["patients_after"] = new["patients"].reindex(codes).astype("Int64")
    in_old, in_new = codes.isin(old.index), codes.isin(new.index)
    kinds = np.select([in_old & in_new, in_new], ["continuing", "new"], default="closed")
    change = pd.Series(kinds, index=codes).astype("str")
    if "postcode" in old.columns and "postcode" in new.columns:
        here, there = (each["postcode"].reindex(codes) for each in (old, new))
        moved = (in_old & in_new) & here.notna() & there.notna() & (here != there)
        change = change.mask(moved, "moved")
    table["change"] = change
    named = ods_successors(successors, set(new.index))
    found, basis = {}, {}
    for code in table.index[table["change"] == "closed"]:
        heir, how = named.get(code), "ODS"
        if heir is None:
            heir, how = _same_place(code, old, new), "same postcode and growth (inferred)"
        if heir:
            found[code], basis[code] = heir, how
    table["successor"] = pd.Series(found, dtype="str").reindex(codes)
    table["basis"] = pd.Series(basis, dtype="str").reindex(codes)
    table.loc[table["successor"].notna(), "change"] = "merged"
    return PracticeChanges(table)


# Where patients of a closed practice without a known successor may have gone: so near, so many.
NEAR_KM = 3.0
NEAREST = 3


def growth_nearby(changes: PracticeChanges, positions: pd.DataFrame) -> pd.DataFrame:
    """Practices near a closed one that grew in the same time: a hint, not a finding.

    `positions`: index practice_code, easting and northing (m). For each closed practice without a
    successor whose place is known, the `NEAREST` practices within `NEAR_KM` that gained most.
    Columns closed, patients_lost, neighbour, km, gained. Lists grow for many reasons, so what was
    gained near by need not be what was lost.
    """
    known = positions.dropna(subset=["easting", "northing"])
    table = changes.table
    both = table[table["change"].isin(["continuing", "moved"]) & table.index.isin(known.index)]
    gained = (both["patients_after"] - both["patients_before"]).astype("float64")
    there = known.loc[both.index, ["easting", "northing"]].to_numpy(float)
    rows = []
    lost = table["patients_before"].to_dict()
    for code in changes.of("closed").index:
        if code not in known.index:
            continue
        here = known.loc[[code], ["easting", "northing"]].to_numpy(float)[0]
        km = np.hypot(*(there - here).T) / 1000
        near = pd.DataFrame({"km": km, "gained": gained.to_numpy()}, index=both.index)
        near = near[(near["km"] <= NEAR_KM) & (near["gained"] > 0)]
        for neighbour, km_away, more in near.nlargest(NEAREST, "gained").itertuples():
            rows.append((code, int(lost[code]), neighbour, float(km_away), int(more)))
    return pd.DataFrame(rows, columns=["closed", "patients_lost", "neighbour", "km", "gained"])


def between(history: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """The months of a history from `first` to `last`, both included."""
    periods = pd.to_datetime(history["period"])
    return history[(periods >= first) & (periods <= last)]


def _listed(table: pd.DataFrame) -> pd.DataFrame:
    listed = table[table["patients"] > 0].set_index("practice_code")
    if listed.index.has_duplicates:
        twice = listed.index[listed.index.duplicated()][0]
        raise UserError(f"Practice {twice} stands twice in one list.")
    return listed


def ods_successors(successors: pd.DataFrame | None, alive: set[str]) -> dict[str, str]:
    """Closed code -> the first living practice along the ODS's chain of successors."""
    if successors is None:
        return {}
    ordered = successors.sort_values("effective") if "effective" in successors else successors
    step = dict(zip(ordered["practice_code"], ordered["successor_code"], strict=True))
    named = {}
    for code in step:
        at, seen = step[code], {code}
        while at not in alive and at in step and at not in seen:
            seen.add(at)
            at = step[at]
        if at in alive and at != code:
            named[code] = at
    return named


def _same_place(code: str, old: pd.DataFrame, new: pd.DataFrame) -> str | None:
    if "postcode" not in old.columns or "postcode" not in new.columns:
        return None
    place = old["postcode"].to_dict().get(code)
    if not isinstance(place, str):
        return None
    lost = int(old["patients"].to_dict()[code])
    neighbours = new[new["postcode"] == place]
    growth = neighbours["patients"] - old["patients"].reindex(neighbours.index).fillna(0)
    growth = growth[growth >= SAME_PLACE_SHARE * lost]
    return str(growth.idxmax()) if len(growth) else None


@dataclass(frozen=True)
class Migration:
    """A plan carried over to a newer list of practices.

    `assignment`: practice_code -> hub, of practices that exist now. `report`: a row for each
    practice that needs a look: practice_code, what, hub, successor, sentence.
    """

    assignment: dict[str, str]
    report: pd.DataFrame = field(repr=False)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What became of each practice, as it is told to the user."""
        return tuple(self.report["sentence"])


def migrate_assignment(assignment: Mapping[str, str], changes: PracticeChanges) -> Migration:
    """Carry a plan (practice_code -> hub id) over from the older to the newer practices.

    Continuing practices stay. A closed practice with a successor: the successor joins its hub
    if it is in none; if it is in another hub it stays there, and the report says so. A closed
    practice without a successor leaves the plan. New practices are listed, not assigned.
    """
    table = changes.table
    rows: list[tuple[str, str, str, str, str]] = []
    alive = set(table.index[table["change"].isin(["continuing", "moved", "new"])])
    result = {code: hub for code, hub in assignment.items() if code in alive}
    columns = ("patients_before", "patients_after", "basis")
    before, after, basis = (table[name].to_dict() for name in columns)
    successors = changes.successors
    for code, hub in sorted(assignment.items()):
        if code in alive:
            continue
        successor = successors.get(code, "")
        closed = f"{code} has closed; its successor {successor}"
        if code not in table.index:
            what, told = "unknown", f"{code} is in neither list; it leaves hub {hub}."
        elif not successor:
            gone = f"{code} ({before[code]:,} patients) has closed and no successor is known"
            what, told = "closed", f"{gone}; it leaves hub {hub}."
        elif successor not in result:
            result[successor] = hub
            what, told = "merged", f"{closed} joins hub {hub} ({basis[code]})."
        elif result[successor] == hub:
            what, told = "merged", f"{closed} is in hub {hub} already."
        else:
            stays = f"its successor {successor} stays in hub {result[successor]}"
            what, told = "conflict", f"{code} of hub {hub} has closed; {stays}. Move it if need be."
        rows.append((code, what, hub, successor, told))
    for code in table.index[table["change"] == "new"].difference([*result], sort=False):
        told = f"{code} ({after[code]:,} patients) is new and in no hub."
        rows.append((code, "new", "", "", told))
    report = pd.DataFrame(rows, columns=["practice_code", "what", "hub", "successor", "sentence"])
    return Migration(dict(sorted(result.items())), report)
