"""Measures of users' own files as columns of the practices; they join the register here."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pcs_dash.measures import register
from pcs_dash.measures.register import Measure
from pcs_dash.measures.small_numbers import is_small_quotient
from pcs_dash.official.store import Store

OWN = "own_measures"


@dataclass(frozen=True, eq=False)
class OwnMeasures:
    """What own files say of some practices.

    `table`: index practice_code; for each measure its key (the figure as it may be shown), and
    "<key>_top", "<key>_bottom", of which a group's figure is the sum over the sum. `unknown`: codes
    of the files that are none of these practices, by key; `hidden`: figures not shown because they
    rest on fewer than five; `names`: "label (source, period)".
    """

    measures: dict[str, Measure]
    table: pd.DataFrame
    unknown: dict[str, tuple[str, ...]]
    hidden: dict[str, int]
    names: dict[str, str]


def own_measures(store: Store, practices: pd.DataFrame) -> OwnMeasures | None:
    """The newest period of each measure loaded for these practices (index practice_code), whose
    measures join the register; None where no such file is loaded. UserError where it can't be read.
    """
    loaded = store.current()
    if loaded is None or loaded.latest(OWN) is None:
        return None
    measures, columns, unknown, hidden, names = {}, {}, {}, {}, {}
    for key, rows in store.read(OWN).groupby("key", sort=True):
        newest = rows[rows["period"] == rows["period"].max()].set_index("practice_code")
        measure = _measure(str(key), newest)
        own = newest.reindex(practices.index)
        value, top, bottom = (own[name].astype("float64") for name in
                              ("value", "numerator", "denominator"))  # fmt: skip
        few = is_small_quotient(top, bottom, share=measure.unit.startswith("%"))
        measures[measure.key], hidden[measure.key] = measure, int(few.sum())
        columns[measure.key] = value.mask(few)
        if not measure.weighted:
            columns[f"{key}_top"], columns[f"{key}_bottom"] = top, bottom
        unknown[measure.key] = tuple(sorted(set(newest.index) - set(practices.index)))
        names[measure.key] = f"{measure.label} ({newest['source'].iloc[0]}, {measure.fixed_period})"
    register.join(measures)
    return OwnMeasures(
        measures, pd.DataFrame(columns, index=practices.index), unknown, hidden, names
    )


def _measure(key: str, rows: pd.DataFrame) -> Measure:
    """The measure of a file's rows of one period."""
    first = rows.iloc[0]
    parts = bool(rows["numerator"].notna().all())
    summed = f"{'' if first['times'] == 1 else format(first['times'], ',g') + ' x '}sum of the "
    return Measure(
        key=key,
        label=str(first["measure"]),
        unit=str(first["unit"]),
        definition=f"{summed}numerators over sum of the denominators" if parts
        else "mean weighted by patients",
        decimals=_places(rows["value"].dropna()),
        top=f"{key}_top" if parts else "",
        bottom=f"{key}_bottom" if parts else "",
        times=float(first["times"]) if parts else 1,
        weighted="" if parts else key,
        needs=(key,),
        fixed_period=str(first["period_label"]),
        higher=f"the figure for {first['measure']} is higher",
        beware=f"From a file loaded here; source as stated in it: {first['source']}.",
    )  # fmt: skip


def _places(values: pd.Series) -> int:
    """Decimals to write figures with: none for whole numbers, else what tells them apart."""
    if values.eq(values.round()).all():
        return 0
    typical = float(values.abs().median())
    return 1 if typical >= 10 else 2


def with_own_columns(practices: pd.DataFrame, store: Store | None = None) -> pd.DataFrame:
    """The practices with the columns of the own measures, where any are loaded."""
    found = own_measures(store or Store(), practices)
    return practices if found is None else practices.join(found.table)
