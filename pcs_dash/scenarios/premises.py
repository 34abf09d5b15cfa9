"""The user's own list of premises against what the patients of a year need."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

import pandas as pd

from pcs_dash.scenarios.bands import Drawn, band
from pcs_dash.scenarios.demand import Values, appointments_by_practice, rooms_needed, space_needed
from pcs_dash.tables.errors import InputFileError

COLUMNS = ("practice_code", "site", "m2", "rooms", "tenure", "lease_end", "condition")
NEEDED = ("practice_code", "site")
_MOST_ROWS, _MOST = 20_000, 1_000_000


def read_premises(content: bytes, name: str) -> pd.DataFrame:
    """Premises of a CSV: practice_code and site, and what is known of m2, rooms, tenure, lease_end
    (a year, or a date that begins with one), condition. InputFileError names row and column.
    """
    try:
        table = pd.read_csv(io.StringIO(content.decode("utf-8-sig")), dtype=str, nrows=_MOST_ROWS)
    except (UnicodeDecodeError, ValueError) as error:
        raise InputFileError(name, [f"It is no CSV in UTF-8: {error}."]) from None
    table.columns = table.columns.str.strip().str.lower()
    missing = [column for column in NEEDED if column not in table.columns]
    if missing:
        raise InputFileError(
            name, [f"The column {missing[0]} is missing. It may have: {', '.join(COLUMNS)}."]
        )
    table = table.reindex(columns=[*COLUMNS])
    table["practice_code"] = table["practice_code"].str.strip().str.upper()
    faults = [
        f"Row {place + 2}: practice_code is missing."
        for place in range(len(table))
        if pd.isna(table["practice_code"].iloc[place])
    ]
    for column in ("m2", "rooms"):
        numbers = pd.to_numeric(table[column], errors="coerce")
        bad = (numbers.isna() & table[column].notna()) | ~numbers.fillna(0).between(0, _MOST)
        faults += [f"Row {place + 2}: {column} is no number from 0 to {_MOST:,}: "
                   f"{table[column].iloc[place][:20]}."
                   for place in bad.to_numpy().nonzero()[0]]  # fmt: skip
        table[column] = numbers
    years = table["lease_end"].astype("string").str.extract(r"\b((?:19|20|21)\d\d)\b", expand=False)
    bad = years.isna() & table["lease_end"].notna()
    faults += [
        f"Row {place + 2}: lease_end has no year: {table['lease_end'].iloc[place][:20]}."
        for place in bad.to_numpy().nonzero()[0]
    ]
    faults += [
        f"Row {place + 2}: the same site of {table['practice_code'].iloc[place]} stands above."
        for place in table.duplicated(["practice_code", "site"]).to_numpy().nonzero()[0]
    ]
    if faults:
        raise InputFileError(name, faults)
    return table.assign(lease_end=pd.to_numeric(years).astype("float64"))


def against_need(
    premises: pd.DataFrame,
    practices: pd.DataFrame,
    drawn: Drawn,
    year: int,
    value: Values,
    edition: str,
    held: pd.Series,
) -> pd.DataFrame:
    """What each practice has in a year against what its patients need, the shortest first.

    Index practice_code; practice_name, patients, sites, leases_end (sites whose lease ends before
    or in that year: not counted in what there is), m2, rooms, and with _low and _high m2_needed,
    m2_short, rooms_needed, rooms_short and pounds (for the square metres it is short of). `held`:
    the practice that has each one's premises then (`Projection.sites`); the others have fallen
    away. A figure that a site of the practice lacks is missing for the practice, as it is where
    premises that it has are not in the list. Practices that are not in `practices` are left out.
    `drawn`: the patients of that year.
    """
    listed = premises.assign(holder=premises["practice_code"].map(held))
    ended = listed["lease_end"] <= year
    own = practices[practices.index.isin([*listed["holder"].dropna(), *listed["practice_code"]])]
    lacking = held[~held.index.isin(premises["practice_code"])]
    found = pd.DataFrame({"practice_name": own["practice_name"]}, index=own.index)
    found["patients"] = own["patients"].astype("float64")
    for name, rows in (("sites", listed), ("leases_end", listed[ended])):
        found[name] = rows.groupby("holder").size().reindex(own.index, fill_value=0)
    for name in ("m2", "rooms"):
        sums = listed[~ended].groupby("holder")[name].agg(lambda sizes: sizes.sum(skipna=False))
        known = ~own.index.isin(lacking)
        found[name] = sums.reindex(own.index, fill_value=0.0).where(known)
    lists = drawn.of(own.index).patients
    metres = space_needed(lists, value)
    rooms = rooms_needed(appointments_by_practice(own, lists, value, edition), value)
    short = (metres - found[["m2"]].to_numpy(float)).clip(min=0)
    projected = {
        "m2_needed": metres,
        "m2_short": short,
        "rooms_needed": rooms,
        "rooms_short": (rooms - found[["rooms"]].to_numpy(float)).clip(min=0),
        "pounds": short * value("cost_per_square_metre"),
    }
    for name, values in projected.items():
        found[name] = values[:, 0]
        ends = band(values[:, 1:] if values.shape[1] > 1 else values, values[:, 0])
        found[f"{name}_low"], found[f"{name}_high"] = ends
    return found.sort_values("m2_short", ascending=False, kind="stable")


TOTALS = ("m2", "m2_needed", "m2_short", "rooms", "rooms_needed", "rooms_short")


def by_year(years: Iterable[int], found: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
    """`TOTALS` of the practices whose size is known, a row a year, and `sites` (all); `found`: a
    year's `against_need`.
    """
    rows = []
    for year in years:
        table = found(year)
        row: dict[str, float] = {"year": year, "sites": table["sites"].sum()}
        for name in TOTALS:
            known = table["m2" if name.startswith("m2") else "rooms"].notna()
            row[name] = table.loc[known, name].sum(min_count=1)
        rows.append(row)
    return pd.DataFrame(rows)
