"""Who is similar: nearest in size, age, deprivation ... by a stated distance; and who lies beyond.

Distance: each variable (list size as its logarithm) in standard deviations over all units of the
data that have it, and of the differences of two units the root of the mean square. Like is compared
with like by what is given, not by what practices do: no variable is of GPs or of their work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from pcs_dash.measures.register import UP, Measure
from pcs_dash.measures.sums import ratio_by_group

NEAREST = 10
# Fewer than twice as many others as are compared with are hardly chosen at all.
FEWEST_UNITS = 8
_FEWEST_PEERS = 4
_TWO_SIDED = 0.975
# Which way of a measure is worse; of the others neither is.
WORSE: Mapping[str, int] = {
    "patients_per_fte_gp": 1, "share_gps_55_plus": 1, "nurse_fte_per_10000": -1,
    "direct_care_fte_per_10000": -1,
}  # fmt: skip
# Others in other words, which would be counted twice.
_TWICE = ("fte_gp_per_10000", "patients_per_nurse_fte", "share_gps_60_plus")
Grade = Literal["worse", "better", "higher", "lower", "as similar", "not known"]


def _mean(column: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda practices: practices[column].astype("float64")


# What similar can mean: label, and the figure of a practice of which a group has the mean by list.
VARIABLES: Mapping[str, tuple[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "patients": ("List size", _mean("patients")),
    "pct_65plus": ("Share aged 65 and over", _mean("pct_65plus")),
    "pct_0_14": ("Share aged under 15", _mean("pct_0_14")),
    "imd_score": ("Deprivation", _mean("imd_score")),
    "patients_rural_per_cent": ("Share in rural areas", _mean("patients_rural_per_cent")),
    "dispensing": ("Dispensing", lambda p: p["dispensing"].astype("Float64").astype("float64")),
}
FIRST = ("patients", "pct_65plus", "imd_score", "patients_rural_per_cent", "dispensing")


def offered(practices: pd.DataFrame) -> dict[str, str]:
    """Key and label of the variables that some practice has."""
    return {
        key: label for key, (label, _) in VARIABLES.items()
        if key in practices.columns and practices[key].notna().any()
    }  # fmt: skip


def profiles(practices: pd.DataFrame, groups: pd.Series, keys: Sequence[str]) -> pd.DataFrame:
    """The variables of each group: its list, and means by list of the others; index the groups.

    A group of which a variable is not known of any practice has none.
    """
    lists = practices["patients"].astype("float64")
    found = {}
    for key in keys:
        own = VARIABLES[key][1](practices)
        if key == "patients":
            found[key] = lists.groupby(groups).sum(min_count=1)
        else:
            found[key] = ratio_by_group(own * lists, lists.where(own.notna()), groups)["value"]
    return pd.DataFrame(found)


def scaled(units: pd.DataFrame) -> pd.DataFrame:
    """The variables in standard deviations over all units (see above), without the units that lack
    one. A variable that is the same everywhere tells nobody apart and is passed over.
    """
    found = units.astype("float64").copy()
    if "patients" in found:
        found["patients"] = np.log(found["patients"].where(found["patients"] > 0))
    spread = found.std(ddof=1)
    return (found[spread.index[spread > 0]] / spread[spread > 0]).dropna()


def distances(scales: pd.DataFrame, target: str) -> pd.Series:
    """How far each other unit is from one, nearest first, in standard deviations (`scales` are the
    units' `scaled`). Empty where the target lacks a variable.
    """
    if target not in scales.index or scales.empty:
        return pd.Series(dtype="float64")
    apart = ((scales - scales.loc[target]) ** 2).mean(axis=1).pow(0.5)
    return apart.drop(index=target).sort_values(kind="stable")


def how_many(units: int) -> int:
    """With how many a unit is compared: ten, or a third of the others where they are few."""
    return min(NEAREST, max(_FEWEST_PEERS, (units - 1) // 3))


@dataclass(frozen=True)
class Beside:
    """A unit's figure among those of similar ones: `pooled` is their sum over their sum, `low` and
    `high` bound where 95% of such units lie; `n` of them have a figure.
    """

    measure: Measure
    value: float
    pooled: float
    low: float
    high: float
    n: int

    @property
    def grade(self) -> Grade:
        """What the interval allows to be said of the figure."""
        if not np.isfinite([self.value, self.low, self.high]).all():
            return "not known"
        if self.low <= self.value <= self.high:
            return "as similar"
        side = 1 if self.value > self.high else -1
        worse = WORSE.get(self.measure.key)
        if worse is None:
            return "higher" if side > 0 else "lower"
        return "worse" if side == worse else "better"


def beside(values: pd.Series, pooled: float, target: str, measure: Measure) -> Beside:
    """A unit's figure against a 95% prediction interval of the others in `values`: Student's t on
    square roots, which hold better than logarithms and know nought. Missing with fewer than four
    others.
    """
    own = float(values.get(target, np.nan))
    others = values.drop(index=target, errors="ignore").dropna().to_numpy(float)
    low = high = float("nan")
    if len(others) >= _FEWEST_PEERS:
        scale = np.sqrt(others)
        half = stats.t.ppf(_TWO_SIDED, len(scale) - 1) * scale.std(ddof=1)
        ends = scale.mean() + np.array([-1, 1]) * half * np.sqrt(1 + 1 / len(scale))
        # No figure here is below 0, and no share beyond all.
        low, high = map(float, np.square(np.maximum(ends, 0.0)))
        high = min(high, 100.0 if "per cent" in measure.unit else high)
    return Beside(measure, own, pooled, low, high, len(others))


def compared(
    practices: pd.DataFrame, groups: pd.Series, target: str, peers: Sequence[str], definition: str
) -> tuple[Beside, ...]:
    """Every measure of a unit beside its peers, those it has no figure for too. Figures that are
    marked as implausible are in no sum.
    """
    found = []
    pool = groups.where(groups.isin(list(peers)))
    for key, measure in UP.items():
        if key in _TWICE or not set(measure.needs) <= set(practices.columns):
            continue
        top, bottom = measure.parts(practices, definition)
        if measure.flag:
            sound = ~practices[measure.flag].astype(bool)
            top, bottom = top.where(sound), bottom.where(sound)
        own = measure.times * ratio_by_group(top, bottom, groups)["value"]
        everyone = pd.Series("all", index=groups.index).where(pool.notna())
        whole = ratio_by_group(top, bottom, everyone)["value"]
        pooled = measure.times * float(whole.get("all", np.nan))
        if own.notna().any():
            found.append(beside(own.reindex([target, *peers]), pooled, target, UP[key]))
    return tuple(found)
