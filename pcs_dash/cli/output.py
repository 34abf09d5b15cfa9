"""How the commands print: a table to read, CSV or JSON to work on."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pcs_dash.measures.numbers import number
from pcs_dash.tables.as_plain import as_plain
from pcs_dash.tables.spreadsheet_text import neutralise

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("table", "csv", "json")
# Nothing keeps the rules; none was found in time.
EXIT_INFEASIBLE, EXIT_UNKNOWN = 3, 4
Row = Mapping[str, Any]


def add_format(parser: argparse.ArgumentParser) -> None:
    """The --format option, the same for every command."""
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")


def write(rows: Sequence[Row] | Row, format: str) -> None:
    """Print rows (a list of mappings, or one mapping) to stdout; missing values print empty.

    JSON keeps the shape given: a list of objects for a list, one object for a mapping; missing
    numbers are null.
    """
    if format == "json":
        json.dump(as_plain(rows), sys.stdout, indent=2, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
        return
    table = [rows] if isinstance(rows, Mapping) else list(rows)
    if format == "csv":
        _write_csv(table)
    else:
        _write_table(table)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table for `write`; whole numbers stay whole where others are missing."""
    return table.astype(object).to_dict("records")  # type: ignore[return-value]


def exit_status(status: str) -> int:
    """Of a search for the best: 0 with an answer, else `EXIT_INFEASIBLE` or `EXIT_UNKNOWN`."""
    return {"infeasible": EXIT_INFEASIBLE, "unknown": EXIT_UNKNOWN}.get(status, 0)


def _cell(value: Any) -> str:
    value = as_plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value, 3) if abs(value) < 10 else number(value, 1)
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def _write_csv(table: list[Row]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    columns = list(table[0]) if table else []
    writer.writerow([neutralise(column) for column in columns])
    for row in table:
        plain = (as_plain(row[column]) for column in columns)
        writer.writerow(["" if value is None else neutralise(value) for value in plain])


def hubs_csv(hubs: Iterable[tuple[Any, Any]]) -> str:
    """A plan's practices and hubs as CSV text: practice_code, hub."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["practice_code", "hub"])
    writer.writerows((neutralise(code), neutralise(hub)) for code, hub in hubs)
    return text.getvalue()


def _write_table(table: list[Row]) -> None:
    if not table:
        print("(nothing to show)")
        return
    columns = list(table[0])
    cells = [[_cell(row[column]) for column in columns] for row in table]
    widths = [max(len(text) for text in column) for column in zip(columns, *cells, strict=True)]
    for line in [columns, *cells]:
        print(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        )
