"""The user's own list of premises against what the patients of a year need."""

from __future__ import annotations

import io

import pandas as pd

from pcs_dash.scenarios.bands import Drawn, banded
from pcs_dash.scenarios.demand import Values, appointments_needed, rooms_needed, space_needed
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
) -> pd.DataFrame:
    """What each practice has in a year against what its patients need, the shortest first.

    Index practice_code; practice_name, patients, sites, leases_end (sites whose lease ends before
    or in that year: not counted in what there is), m2, rooms, and with _low and _high m2_needed,
    m2_short, rooms_needed and pounds (for the square metres it is short of). A figure that a site
    of the practice lacks is missing for the practice. Practices of the list that are not in
    `practices` are left out. `drawn`: the patients of that year.
    """
    kept = premises[~(premises["lease_end"] <= year)]
    own = practices.loc[practices.index.isin(premises["practice_code"])]
    found = pd.DataFrame(index=own.index)
    found["practice_name"] = own["practice_name"]
    found["patients"] = own["patients"].astype("float64")
    sites = premises.groupby("practice_code").size()
    left = kept.groupby("practice_code").size().reindex(sites.index, fill_value=0)
    found["sites"], found["leases_end"] = (
        sites.reindex(own.index),
        (sites - left).reindex(own.index),
    )
    for column in ("m2", "rooms"):
        known = kept.groupby("practice_code")[column].agg(lambda sizes: sizes.sum(skipna=False))
        gone = sites.index[left == 0]
        known = pd.concat([known, pd.Series(0.0, index=gone)])
        found[column] = known.reindex(own.index)
    lists = drawn.of(own.index).patients
    metres = [space_needed(patients, value) for patients in lists]
    rooms = [
        rooms_needed(appointments_needed(own.iloc[[row]], lists[[row]], value, edition), value)
        for row in range(len(own))
    ]
    short = [(needs - has).clip(min=0) for needs, has in zip(metres, found["m2"], strict=True)]
    cost = value("cost_per_square_metre")
    projected = {"m2_needed": metres, "m2_short": short, "rooms_needed": rooms,
                 "pounds": [metres * cost for metres in short]}  # fmt: skip
    for name, values in projected.items():
        figures = [banded(row) for row in values]
        found[name] = [figure.central for figure in figures]
        found[f"{name}_low"] = [figure.low for figure in figures]
        found[f"{name}_high"] = [figure.high for figure in figures]
    return found.sort_values("m2_short", ascending=False, kind="stable")
