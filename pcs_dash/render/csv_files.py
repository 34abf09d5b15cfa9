"""CSV files that spreadsheets open safely and that come back as they went out.

UTF-8 with a byte order mark, without which Excel takes UTF-8 for the Windows code page; commas;
CRLF line ends (RFC 4180); missing values empty; numbers in full precision without separators.

A text that a spreadsheet would run as a formula gets a leading apostrophe, which `restore` takes
off again. So that no text is changed by the way out and back, a text that already begins with
apostrophes before such a character gets one more. Numbers stay numbers: only text is treated.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, time
from typing import Any

import pandas as pd
from pandas.api.types import is_integer_dtype

from pcs_dash.hubs.plan import Plan
from pcs_dash.measures.sums import whole_counts
from pcs_dash.render.provenance import Provenance
from pcs_dash.tables.spreadsheet_text import neutralise


def table_csv(table: pd.DataFrame) -> bytes:
    """A table as CSV bytes; column names and text neutralised, missing values empty.

    The table's index becomes the first columns, unless it only numbers the rows.
    """
    only_numbers = table.index.name is None and is_integer_dtype(table.index.dtype)
    frame = table if only_numbers else table.reset_index()
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([neutralise(str(column)) for column in frame.columns])
    columns = [_cells(frame.iloc[:, place]) for place in range(frame.shape[1])]
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue().encode("utf-8-sig")


def plan_csv(
    plan: Plan, practices: pd.DataFrame | None = None, provenance: Provenance | None = None
) -> bytes:
    """PLAN.csv: practice_code and hub (name; empty = unassigned), sorted by code.

    With `practices` a row for each of them and for every assigned code besides, with
    practice_name and patients; with `provenance` its columns on every row, but for the rules, which
    stand in the first. `hubs.reading.read_plan` needs the first two columns only. Colours, notes,
    locks and empty hubs are not in a CSV: use Excel or GeoJSON to keep them.
    """
    table = plan_table(plan, practices)
    if provenance is not None:
        table = with_provenance(table, provenance)
        # As long as the rest of a row, and of the plan, not of a practice.
        table.loc[table.index[1:], "rules"] = ""
    return table_csv(table)


def plan_table(plan: Plan, practices: pd.DataFrame | None = None) -> pd.DataFrame:
    """`hub`, and with `practices` practice_name and patients, by practice_code, sorted."""
    codes = sorted({*plan.assignment, *(() if practices is None else practices.index)})
    table = plan.to_series(codes).to_frame()
    if practices is not None:
        table["practice_name"] = practices["practice_name"].reindex(table.index)
        table["patients"] = practices["patients"].reindex(table.index).astype("Int64")
    return table


def hubs_csv(summary: pd.DataFrame, provenance: Provenance) -> bytes:
    """The table of `summary.summarise_hubs`, with the provenance on every row."""
    table = whole_counts(summary).drop(columns=["colour", "locked", "hub_id"], errors="ignore")
    return table_csv(with_provenance(table, provenance))


def with_provenance(table: pd.DataFrame, provenance: Provenance) -> pd.DataFrame:
    """The table with the provenance's columns after its own; a column that is there is kept."""
    added = {
        name: value for name, value in provenance.columns().items() if name not in table.columns
    }
    return table.assign(**added)


def _cells(column: pd.Series[Any]) -> list[Any]:
    missing = column.isna().to_numpy()
    values = column.astype(object).tolist()
    return ["" if absent else _plain(value) for value, absent in zip(values, missing, strict=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value == datetime.combine(value.date(), time()):
        return value.date().isoformat()
    return neutralise(value) if isinstance(value, str) else value
