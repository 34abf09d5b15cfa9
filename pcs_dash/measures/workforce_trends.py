"""Staff by role and month: sums over the practices that report, gaps and changed definitions seen.

A month is a row of the General Practice Workforce of each practice: period, practice_code,
patients and the publisher's columns. Units are those of now; a practice that has closed stands in
that of its successor, so that a merger moves nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pcs_dash.measures.register import PER_GP, REGISTER, ROLE_COLUMNS, Measure
from pcs_dash.measures.sums import ratio_by_group
from pcs_dash.measures.workforce import GP_DEFINITIONS

# From this month no data is NA; before, ND or 0, so that fewer practices seem to report.
MISSING_MARKED_FROM = pd.Timestamp(2023, 2, 1)
# Every quarter until June 2021, every month since.
MONTHLY_FROM = pd.Timestamp(2021, 6, 30)
HEADCOUNT = "gp_headcount"
ROLES = tuple(ROLE_COLUMNS)


def months_of_staff(raw: pd.DataFrame) -> pd.DataFrame:
    """The publisher's columns under our names: period, practice_code, patients, FTE of GPs under
    each definition, FTE by role (missing where a part of it is), headcount of fully qualified GPs;
    columns that the file has beside (areas) stay.
    """
    columns = {each.column: [each.source_column] for each in GP_DEFINITIONS.values()}
    columns |= {HEADCOUNT: ["TOTAL_GP_EXTG_HC"]}
    columns |= {key: list(parts) for key, parts in ROLE_COLUMNS.items()}
    found = raw[[name for name in raw.columns if not name.startswith("TOTAL_")]].copy()
    for key, parts in columns.items():
        there = set(parts) <= set(raw.columns)
        found[key] = raw[parts].sum(axis=1, skipna=False) if there else np.nan
    return found


def menu(history: pd.DataFrame) -> dict[str, Measure]:
    """The measures of which some practice has a figure in some month."""
    roles = {key: REGISTER[key] for key in ROLES if history[key].notna().any()}
    return {PER_GP.key: PER_GP, "fte_gp": REGISTER["fte_gp"], **roles}


def by_month(
    history: pd.DataFrame, units: Mapping[str, str], key: str, definition: str
) -> pd.DataFrame:
    """A measure of each unit in each month: columns unit, period, value, n (practices it rests on)
    and of (practices that stand in the month's file). Months that are missing between have no row.
    """
    own = history.assign(unit=history["practice_code"].map(units)).dropna(subset=["unit"])
    top, bottom = _parts(own, key, definition)
    pairs = pd.MultiIndex.from_frame(own[["unit", "period"]])
    place = pd.Series(pairs.to_flat_index(), index=own.index)
    found = ratio_by_group(top, bottom, place)
    of = own.groupby(place).size().reindex(found.index)
    value = found["value"]
    if key != PER_GP.key:
        value = top.groupby(place).sum(min_count=1).reindex(found.index)
    keys = pd.DataFrame(list(found.index), columns=["unit", "period"])
    return keys.assign(value=value.to_numpy(), n=found["n"].to_numpy(), of=of.to_numpy())


def _parts(own: pd.DataFrame, key: str, definition: str) -> tuple[pd.Series, pd.Series]:
    """What is summed above and below; of a plain sum, 1 for each practice that reports."""
    fte = own[GP_DEFINITIONS[definition].column]
    if key == PER_GP.key:
        return own["patients"].astype("float64"), fte
    column = fte if key == "fte_gp" else own[key]
    return column, column.notna().astype("float64").where(column.notna())


def missing_months(periods: list[pd.Timestamp]) -> list[pd.Timestamp]:
    """The last days of months between the first and last that were published and are not loaded."""
    if not periods:
        return []
    ends = pd.date_range(min(periods), max(periods), freq="ME")
    there = {(day.year, day.month) for day in periods}
    return [
        day for day in ends
        if (day.year, day.month) not in there and (day > MONTHLY_FROM or day.month % 3 == 0)
    ]  # fmt: skip


def with_gaps(months: pd.DataFrame) -> pd.DataFrame:
    """One unit's months, index period, those that are missing between as rows without a value;
    `stretch` tells the definitions apart.
    """
    own = months.set_index("period").sort_index()
    periods = [pd.Timestamp(day) for day in own.index]
    found = own.reindex(sorted({*periods, *missing_months(periods)}))
    return found.assign(stretch=(found.index >= MISSING_MARKED_FROM).astype(int))


def movements(
    history: pd.DataFrame,
    units: Mapping[str, str],
    heirs: Mapping[str, str],
    column: str = HEADCOUNT,
) -> pd.DataFrame:
    """What came and went of a `column` of the practices, at least (fully qualified GPs, if not
    given): the sum of what it rose by, and fell by, at each practice from one loaded month to the
    next. Index unit; columns joined, left, compared (pairs of months of a practice that could be),
    skipped (those that could not).

    `heirs`: closed practice to the one that took over; both are one practice in all months, so that
    a merger moves nobody. Who left and was replaced in between shows in neither; who works at two
    practices counts twice.
    """
    code = history["practice_code"].astype("str")
    practice = code.map(heirs).astype(code.dtype).fillna(code)  # floats where nobody has one
    unit = practice.map(units).astype(code.dtype).fillna(code.map(units))
    own = history.assign(practice=practice, unit=unit).dropna(subset=["unit"])
    grouped = own.groupby(["unit", "practice", "period"])[column]
    heads = grouped.agg(lambda values: values.sum(skipna=False))
    step = heads.astype("float64").groupby(level=["unit", "practice"]).diff()
    first = ~heads.reset_index().duplicated(["unit", "practice"]).to_numpy()
    table = pd.DataFrame({
        "joined": step.clip(lower=0), "left": -step.clip(upper=0),
        "compared": step.notna().astype(int), "skipped": (step.isna() & ~first).astype(int),
    })  # fmt: skip
    by_unit = table.groupby(level="unit")
    sums = by_unit[["joined", "left"]].sum(min_count=1)
    return sums.join(by_unit[["compared", "skipped"]].sum())
