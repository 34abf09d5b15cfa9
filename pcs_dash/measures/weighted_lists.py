"""Lists counted by need: registered patients, by Carr-Hill weight, or by need for primary care.

A weighted list is the registered one times the practice's published ratio, in whole patients; the
ratio is 1 for England as a whole, so England's figures stay what they are. Practices without a
ratio have no weighted list, and leave both sums of a ratio. Source: `data/relative_need_essex.csv`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from pcs_dash.measures.catchments import Registered
from pcs_dash.measures.deprivation import quintile_columns
from pcs_dash.measures.small_numbers import is_small
from pcs_dash.tables import load
from pcs_dash.tables.constants import IMD_EDITIONS
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError


@dataclass(frozen=True)
class Weighting:
    """A way to count patients; `words` say it after a date, `column` has the ratio."""

    key: str
    label: str
    meaning: str
    words: str = ""
    column: str = ""


WEIGHTINGS: Mapping[str, Weighting] = {
    one.key: one
    for one in (
        Weighting("registered", "As registered", "everyone on the list counts as one"),
        Weighting(
            "carr_hill",
            "By Carr-Hill weight",
            "weighted by the formula that practices are paid by, 2022/23: age and sex, illness, "
            "turnover, care homes, rurality, staff costs",
            "patients by Carr-Hill weight of 2022/23",
            "weighted_per_registered_2022_23",
        ),
        Weighting(
            "primary_care",
            "By need for primary care",
            "weighted by need for primary medical care in NHS England's allocations for 2025/26",
            "patients by need for primary care of 2025/26",
            "primary_medical_care_need_2025_26",
        ),
    )
}
REGISTERED = WEIGHTINGS["registered"]


def find_weighting(text: str) -> Weighting:
    """The way to count of a key or label ("": registered). UserError where there is none."""
    wanted = text.casefold()
    for key, one in WEIGHTINGS.items():
        if wanted in ("", key, one.label.casefold()):
            return one
    raise UserError(
        f"Patients can't be counted by '{text[:40]}'. Choose one of: {', '.join(WEIGHTINGS)}."
    )


def ratios(practices: pd.DataFrame, weighting: Weighting) -> pd.Series:
    """Weighted over registered patients by practice (1:1 by code); missing where not published."""
    if weighting == REGISTERED:
        return pd.Series(1.0, index=practices.index)
    table = load.load_relative_need().set_index("practice_code")
    return table[weighting.column].reindex(practices.index).astype("float64")


def known_ratios(practices: pd.DataFrame) -> pd.Index:
    """The practices that have ratios."""
    return practices.index.intersection(pd.Index(load.load_relative_need()["practice_code"]))


def weighted_dataset(dataset: Dataset, weighting: Weighting) -> Dataset:
    """The data with lists, and patients by quintile, counted another way, which its period says.

    UserError where no practice of the data has a ratio.
    """
    if weighting == REGISTERED:
        return dataset
    by = ratios(dataset.practices, weighting)
    if known_ratios(dataset.practices).empty:
        raise UserError(
            "Weighted lists are known for the practices of Essex only. Count registered patients "
            "(weight=registered), or choose an area of Essex."
        )
    return replace(
        dataset,
        practices=_counted(dataset.practices, by),
        workforce_period=f"{dataset.workforce_period}, {weighting.words}",
        weighting=weighting.key,
    )


def as_registered(dataset: Dataset) -> Dataset:
    """The data with registered patients again; of a weighted list to a patient or so, as that is in
    whole ones.
    """
    if not dataset.weighting:
        return dataset
    weighting = WEIGHTINGS[dataset.weighting]
    return replace(
        dataset,
        practices=_counted(dataset.practices, 1 / ratios(dataset.practices, weighting)),
        workforce_period=dataset.workforce_period.removesuffix(f", {weighting.words}"),
        weighting="",
    )


def _counted(practices: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """The practices with lists, and patients by quintile, times a factor each."""
    names = ["patients"]
    for edition in IMD_EDITIONS:
        names += [*quintile_columns(edition), f"imd{edition}_patients_unknown"]
    there = [name for name in names if name in practices.columns]
    return practices.assign(**{name: _weighted(practices[name], by) for name in there})


def weighted_registrations(found: Registered, dataset: Dataset, weighting: Weighting) -> Registered:
    """Patients by small area, each counted by the ratio of their practice (m:1 by code); those of
    practices without one are missing.
    """
    by = ratios(dataset.practices, weighting)
    codes = found.table["practice_code"].astype("object")
    own = codes.isin(by.index)
    factor = codes.map(by).where(own, 1.0)
    counted = _weighted(found.table["patients"], factor.astype("float64"))
    return replace(found, table=found.table.assign(patients=counted))


def _weighted(counts: pd.Series, by: pd.Series) -> pd.Series:
    """Whole weighted patients. Counts too small to be shown stay what they are, so that they stay
    hidden whatever the ratio.
    """
    counts = counts.astype("float64")
    return (counts * by).round().where(~is_small(counts) | by.isna(), counts)
