"""Minutes from each small area to each practice by one mode, modelled or measured, never mixed.

Modelled: straight line x detour factor / speed of the mode, both from `data/travel_factors.csv`.
Measured: a table of the official store, from another program or from `travel.network`. Public
transport has no model: without a loaded table there are no minutes for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from pcs_dash.measures.catchments import points_of
from pcs_dash.measures.gravity import distance_km
from pcs_dash.measures.numbers import count
from pcs_dash.measures.registrations import weighted_quantile
from pcs_dash.official.store import Store
from pcs_dash.tables import load
from pcs_dash.tables.constants import MODES, PER_PATIENTS
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError

# The key of the stored table in the official store, and of its source there.
STORED = "travel_minutes"
STORED_NEAREST, STORED_CARS, STORED_LOOKUP = "jts_gp", "cars2021", "lsoa11_lsoa21"
MODELLED_MODES = ("walk", "cycle", "drive")
LIMITS = (15, 20, 30)
MODELLED, MEASURED, PUBLISHED = "modelled", "measured", "published"
# Stands for whichever surgery was nearest, where a publication does not name it.
NEAREST = "nearest"
# Against the road distances of the IoD 2019 in Essex; docs/methods.md has the figures.
MODEL_ERROR = (
    "The modelled way is within 30% of the road distance (IoD 2019) for half of the small areas of "
    "Essex, further off for the rest. It knows no rivers, railways, hills, traffic or branch "
    "surgeries."
)


@dataclass(frozen=True)
class Factor:
    """An assumption of the modelled minutes: central value, range, unit, source."""

    low: float
    central: float
    high: float
    unit: str
    source: str


@cache
def factors() -> Mapping[str, Factor]:
    """The detour factor ("detour") and the speeds ("walk_speed", ..., km/h)."""
    return {
        str(row["parameter"]): Factor(
            row["low"], row["central"], row["high"], str(row["unit"]), str(row["source"])
        )
        for row in load.load_travel_factors().to_dict("records")
    }


@dataclass(frozen=True, eq=False)
class Minutes:
    """Minutes of one mode. `table`: small areas (rows) by practices (columns), missing where not
    known. `source` and `period` say where they are from; `note` what did not match.
    """

    mode: str
    table: pd.DataFrame
    kind: str
    source: str
    period: str = ""
    note: str = ""

    @property
    def label(self) -> str:
        """What they are, for under every figure."""
        when = f", {self.period}" if self.period else ""
        return f"minutes {MODES[self.mode]}, {self.kind} ({self.source}{when})"

    def nearest(self) -> pd.DataFrame:
        """The quickest practice of each small area: columns minutes, practice_code; both missing
        where no way is known.
        """
        best = self.table.min(axis=1)
        known = self.table.loc[best.notna()]
        code = known.idxmin(axis=1) if len(known) and known.shape[1] else pd.Series(dtype="str")
        return pd.DataFrame({"minutes": best, "practice_code": code.reindex(best.index)})

    def to_own(self, registrations: pd.DataFrame) -> pd.Series:
        """Minutes of each row (practice_code, lsoa_code) to the practice of registration."""
        row, column = (
            axis.get_indexer(pd.Index(registrations[name].astype("str")))
            for axis, name in (
                (self.table.index, "lsoa_code"),
                (self.table.columns, "practice_code"),
            )
        )
        found = np.full(len(registrations), np.nan)
        known = (row >= 0) & (column >= 0)
        found[known] = self.table.to_numpy(float)[row[known], column[known]]
        return pd.Series(found, index=registrations.index)


def minutes_per_km(mode: str) -> float:
    """Modelled minutes for a kilometre of straight line. UserError for a mode without a model."""
    if mode not in MODELLED_MODES:
        raise UserError(
            f"Minutes {MODES.get(mode, mode)} are not modelled: they need timetables. Load a table "
            "of minutes (docs/travel.md)."
        )
    return 60 * factors()["detour"].central / factors()[f"{mode}_speed"].central


def modelled(points: pd.DataFrame, practices: pd.DataFrame, mode: str) -> Minutes:
    """Straight line x detour / speed. `points`, `practices`: easting, northing (m, EPSG:27700);
    practices without a position are left out and counted.
    """
    placed = practices.dropna(subset=["easting", "northing"])
    table = pd.DataFrame(
        minutes_per_km(mode) * distance_km(points, placed), points.index, placed.index
    )
    left_out = len(practices) - len(placed)
    note = f"{count(left_out, 'practice')} without a position left out." if left_out else ""
    return Minutes(mode, table, MODELLED, "straight line, detour factor and speed", note=note)


def measured(
    stored: pd.DataFrame, origins: pd.Index, practices: pd.Index, mode: str, period: str
) -> Minutes | None:
    """The loaded minutes of a mode (`stored`: origin, destination, mode, minutes, source) between
    these small areas and practices; None where there are none.

    Pairs are 1:1, as the loader has made sure. `note` counts small areas and practices of the
    data that the table does not hold; those are missing, never modelled.
    """
    own = stored[
        (stored["mode"] == mode)
        & stored["origin"].isin(origins)
        & stored["destination"].isin(practices)
    ]
    if own.empty:
        return None
    table = own.astype({"origin": "str", "destination": "str"}).pivot_table(
        index="origin", columns="destination", values="minutes", aggfunc="first"
    )
    areas, goals = len(origins) - len(table.index), len(practices) - len(table.columns)
    lacking = [count(n, what) for n, what in ((areas, "small area"), (goals, "practice")) if n]
    note = f"Not in the table of minutes: {' and '.join(lacking)}." if lacking else ""
    named = sorted(set(own["source"].astype("str")))
    table = table.reindex(origins)
    return Minutes(mode, table, MEASURED, ", ".join(named), period, note)


def summary(
    minutes: pd.Series,
    people: pd.Series,
    groups: pd.Series | None = None,
    limits: Sequence[int] = LIMITS,
) -> pd.DataFrame:
    """How far people are, by group: sums over people, never means of small areas.

    `minutes`, `people` and `groups` on one index. Columns people, unknown (those without
    minutes, in no other figure), median, p90 (minutes that half, nine in ten, do not exceed) and
    for each limit beyond_N (people) and share_beyond_N (of those with minutes).
    """
    label = pd.Series("all", index=minutes.index) if groups is None else groups
    rows = {}
    for name, own in people.groupby(label, observed=True):
        time = minutes.loc[own.index]
        known = time.notna()
        weights, values = own[known].to_numpy(float), time[known].to_numpy(float)
        total = weights.sum()
        row = {
            "people": own.sum(),
            "unknown": own[~known].sum(),
            "median": weighted_quantile(values, weights, 0.5),
            "p90": weighted_quantile(values, weights, 0.9),
        }
        for limit in limits:
            beyond = weights[values > limit].sum()
            row[f"beyond_{limit}"] = beyond if total else np.nan
            row[f"share_beyond_{limit}"] = beyond / total if total else np.nan
        rows[name] = row
    names = [f"{start}beyond_{limit}" for limit in limits for start in ("", "share_")]
    columns = ["people", "unknown", "median", "p90", *names]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("group")


def reach(minutes: Minutes, code: str, within: float, step: int = 5) -> pd.DataFrame:
    """The small areas within so many minutes of a practice, nearest first: index lsoa_code,
    columns minutes, band ("0 to 5", in steps of `step`). UserError for a practice without minutes.
    """
    if not 0 < within <= 24 * 60:
        raise UserError("Choose a reach above 0 and of at most 1,440 minutes.")
    if code not in minutes.table.columns:
        raise UserError(f"There are no minutes to practice {code[:20]}.")
    time = minutes.table[code].dropna()
    time = time[time <= within].sort_values(kind="stable")
    # On the border of two bands: the earlier one.
    band = (np.ceil(time / step).clip(lower=1) * step).astype(int)
    return pd.DataFrame(
        {"minutes": time, "band": [f"{high - step} to {high}" for high in band]},
        index=pd.Index(time.index, name="lsoa_code"),
    )


# --- what there is for a data set ---


@dataclass(frozen=True, eq=False)
class Stored:
    """What is loaded: a table of minutes, the day it is of, and what was said when it was loaded
    (`notes`); `nearest`: published minutes to the nearest surgery (lsoa_code and a column a mode)
    and their day; `cars`: households by LSOA of 2021, `lookup`: which of those were which of 2011.
    """

    table: pd.DataFrame
    period: str
    nearest: pd.DataFrame | None = None
    nearest_period: str = ""
    cars: pd.DataFrame | None = None
    lookup: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes that the table has, in the order of the menu."""
        there = set(self.table["mode"].astype("str"))
        return tuple(mode for mode in MODES if mode in there)

    @property
    def nearest_modes(self) -> tuple[str, ...]:
        """The modes that minutes to the nearest surgery are published of."""
        there = () if self.nearest is None else self.nearest.columns
        return tuple(mode for mode in MODES if mode in there)


def stored_minutes(store: Store | None = None) -> Stored | None:
    """What of these is loaded; None where nothing is. UserError where the store is damaged."""
    store = store or Store()
    loaded = store.current()
    if loaded is None:
        return None
    found = {key: loaded.latest(key) for key in (STORED, STORED_NEAREST, STORED_CARS)}
    if not any(found.values()):
        return None
    tables = {key: store.read(key) for key, entry in found.items() if entry is not None}
    days = {key: f"{pd.Timestamp(entry.period):%B %Y}" for key, entry in found.items() if entry}
    return Stored(
        tables.get(STORED, pd.DataFrame(columns=["origin", "destination", "mode", "minutes"])),
        days.get(STORED, ""),
        tables.get(STORED_NEAREST),
        days.get(STORED_NEAREST, ""),
        tables.get(STORED_CARS),
        store.read(STORED_LOOKUP) if loaded.latest(STORED_LOOKUP) else None,
        entry.notes if (entry := found[STORED]) is not None else (),
    )


def published(stored: Stored, origins: pd.Index, mode: str) -> Minutes:
    """Published minutes of these small areas to the nearest surgery of their day: one column,
    `NEAREST`. Missing where the publication has none.
    """
    assert stored.nearest is not None
    found = stored.nearest.set_index("lsoa_code")[mode].reindex(origins)
    lacking = int(found.isna().sum())
    note = f"Not in the publication: {count(lacking, 'small area')}." if lacking else ""
    source = "Department for Transport, JTS0505"
    return Minutes(mode, found.to_frame(NEAREST), PUBLISHED, source, stored.nearest_period, note)


def placed(dataset: Dataset) -> pd.DataFrame:
    """A point inside each small area that has a boundary: easting, northing by LSOA code."""
    return points_of(dataset.lsoas[dataset.lsoas.geometry.notna()])


def between(dataset: Dataset, mode: str, kind: str, stored: Stored | None) -> Minutes:
    """Minutes from every small area to every practice of the data, of one kind throughout.

    `kind`: "modelled", "measured", "published" (to the nearest alone), or "" for measured where
    there are any. UserError where that kind has none for the mode.
    """
    if kind == PUBLISHED and stored is not None and mode in stored.nearest_modes:
        return published(stored, dataset.lsoas.index, mode)
    if kind != MODELLED and stored is not None:
        lsoas, practices = dataset.lsoas.index, dataset.practices.index
        found = measured(stored.table, lsoas, practices, mode, stored.period)
        if found is not None:
            return found
    if kind in (MEASURED, PUBLISHED):
        raise UserError(
            f"No {kind} minutes {MODES.get(mode, mode)} are loaded for these places. "
            "docs/travel.md says what brings them."
        )
    points = placed(dataset)
    found = modelled(points, dataset.practices, mode)
    bare = len(dataset.lsoas) - len(points)
    if not bare:
        return found
    note = f"{found.note} Without a boundary, and so without minutes: {count(bare, 'small area')}."
    return replace(found, table=found.table.reindex(dataset.lsoas.index), note=note.strip())


# Luo and Qi 2009: what is within a third, two thirds and all of the reach counts so much.
NEARNESS = ((1 / 3, 1.0), (2 / 3, 0.68), (1.0, 0.22))


def access_in_reach(
    minutes: pd.DataFrame, people: pd.Series, fte: pd.Series, within: float
) -> pd.Series:
    """Enhanced two-step floating catchment access of small areas, FTE per 10,000 people.

    Step 1: each practice's FTE over the people in reach, weighted by nearness (`NEARNESS`); step
    2: the sum of those ratios in reach of each small area, weighted so. `minutes`: small areas by
    practices; `people` and `fte` on its rows and columns. Practices without FTE leave; nothing in
    reach is an access of 0; a small area without any minutes has none.
    """
    known = fte.reindex(minutes.columns).dropna()
    times = minutes[known.index].to_numpy(float)
    weights = np.zeros_like(times)
    for share, weight in reversed(NEARNESS):
        weights[times <= share * within] = weight
    around = people.reindex(minutes.index).to_numpy(float) @ weights
    ratio = np.divide(known.to_numpy(float), around, out=np.zeros(len(known)), where=around > 0)
    found = pd.Series(PER_PATIENTS * (weights @ ratio), index=minutes.index)
    return found.where(minutes.notna().any(axis=1))
