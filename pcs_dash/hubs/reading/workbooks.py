"""Workbooks: Excel (.xlsx through openpyxl, .xls through xlrd) and OpenDocument (.ods).

How much a sheet holds is counted before it is parsed: a file of 60 kB can unpack to a sheet that
takes half a minute and more than a gigabyte.
"""

from __future__ import annotations

import io
import os
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import xlrd
from openpyxl.utils import column_index_from_string

from pcs_dash.hubs.plan import MAX_HUBS
from pcs_dash.hubs.reading.faults import Faults
from pcs_dash.hubs.reading.sheet import (
    EMPTY_ROWS_END,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    Sheet,
    cell_text,
    column_key,
    grid_rows,
    short,
)
from pcs_dash.official.archive import InputFile
from pcs_dash.official.sheets import ods_sheets, xls_value
from pcs_dash.tables.spreadsheet_text import restore

MAX_UNPACKED_BYTES = 30_000_000
MAX_ENTRIES = 1_000
MAX_SHEETS = 200
# Of a part that is neither a sheet nor its texts: styles and names are parsed whole.
MAX_PART_BYTES = 4_000_000
NO_VALUE = "a formula whose value is not stored in the file: open it in its program and save it"
_MOST_ROWS = MAX_ROWS + 1  # with a heading
_MOST_LINES = 3 * MAX_ROWS  # with those that are only formatted
_BULKY = ("xl/worksheets/", "xl/sharedStrings", "xl/media/", "xl/drawings/", "xl/embeddings/")
_CELL = re.compile(rb"<(?:\w{1,20}:)?c[\s/>]")
_LINE = re.compile(rb"<(?:\w{1,20}:)?row[\s/>]")
_TEXT = re.compile(rb"<(?:\w{1,20}:)?si[\s/>]")
_PLACE = re.compile(rb'<(?:\w{1,20}:)?c\b[^>]{0,200}?\br="([A-Z]{1,3})\d')
_FORMULA = re.compile(rb"<(?:\w{1,20}:)?f[\s/>]")
_MERGED = re.compile(
    rb'<(?:\w{1,20}:)?mergeCell\b[^>]{0,200}?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"'
)
_EMPTY = b"""<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<sheetData/></worksheet>"""
Grid = list[list[str]]
# First row and column, last row and column, counted from 0.
Merged = tuple[int, int, int, int]


def xlsx_sheets(content: bytes, faults: Faults) -> list[Sheet]:
    """The sheets of an .xlsx, hidden ones too; those too large to be plans without their rows."""
    damaged = "The workbook is damaged. Open it in Excel and save it again as .xlsx."
    with faults.damaged(damaged), zipfile.ZipFile(io.BytesIO(content)) as archive:
        large = _check_parts(archive, faults)
        content = _without(archive, large) if large else content
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that don't matter
            return _read(content, archive, large, faults)


def _check_parts(archive: zipfile.ZipFile, faults: Faults) -> set[str]:
    """Refuse what unpacks to too much, or would expand when parsed; the sheets too large to be
    parsed.
    """
    large, cells, lines = set(), 0, 0
    entries = archive.infolist()
    # zipfile reads no more of an entry than its directory declares.
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES:
        faults.refuse(
            f"The workbook unpacks to {unpacked / 1e6:,.0f} MB in {len(entries):,} parts; "
            f"the most is {MAX_UNPACKED_BYTES / 1e6:,.0f} MB. Save the plan's sheet alone."
        )
    for entry in entries:
        if entry.file_size > MAX_PART_BYTES and not entry.filename.startswith(_BULKY):
            faults.refuse(
                f"The workbook's part {short(entry.filename)} has {entry.file_size / 1e6:,.0f} MB, "
                "as no plan's has. Copy the plan's sheet into a new workbook."
            )
        if not entry.filename.endswith((".xml", ".rels")):
            continue
        part = archive.read(entry)
        # A document type can make a few bytes expand to gigabytes; Excel writes none.
        if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
            faults.refuse(
                "The workbook has declarations that no Excel writes. Save it anew in Excel."
            )
        if entry.filename.startswith("xl/sharedStrings") and _count(_TEXT, part) > MAX_CELLS:
            faults.refuse(
                f"The workbook has more than {MAX_CELLS:,} texts. Save the plan's sheet alone."
            )
        # All sheets together have what one may have: the one that is beyond it is left out.
        own = _count(_CELL, part), _count(_LINE, part)
        if cells + own[0] > MAX_CELLS or lines + own[1] > _MOST_LINES:
            large.add(entry.filename)
        else:
            cells, lines = cells + own[0], lines + own[1]
    return large


def _without(archive: zipfile.ZipFile, large: set[str]) -> bytes:
    """The workbook with empty sheets in place of large ones: openpyxl looks through every sheet."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as copy:
        for entry in archive.infolist():
            copy.writestr(entry, _EMPTY if entry.filename in large else archive.read(entry))
    return made.getvalue()


def _count(pattern: re.Pattern[bytes], part: bytes) -> int:
    return sum(1 for _ in pattern.finditer(part))


def _read(content: bytes, archive: zipfile.ZipFile, large: set[str], faults: Faults) -> list[Sheet]:
    def book(values: bool) -> Any:
        return openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=values, keep_links=False
        )

    values, formulas = book(True), None
    sheets = []
    try:
        if len(values.worksheets) > MAX_SHEETS:
            faults.refuse(f"The workbook has more than {MAX_SHEETS} sheets. Save the plan's alone.")
        for sheet in values.worksheets:
            place = sheet._worksheet_path.lstrip("/")
            hidden = sheet.sheet_state != "visible"
            if place in large:
                sheets.append(_too_large(sheet.title, hidden))
                continue
            part, written = archive.read(place), None
            if _FORMULA.search(part):
                formulas = formulas or book(False)
                written = formulas[sheet.title]
            grid, flaws, stored = _grid(sheet, written, _width(part), faults)
            made = _sheet(sheet.title, hidden, grid, _merged(part), faults, flaws)
            sheets.append(replace(made, formulas=stored))
    finally:
        values.close()
        if formulas is not None:
            formulas.close()
    return _ours(sheets)


def _grid(
    sheet: Any, written: Any, width: int, faults: Faults
) -> tuple[Grid, dict[tuple[int, int], str], int]:
    """The texts of a sheet's rows, cells whose formula has no value, and how many have one."""
    grid: Grid = []
    flaws: dict[tuple[int, int], str] = {}
    stored = empty = 0
    other = _rows(written, width) if written is not None else None
    for number, row in enumerate(_rows(sheet, width)):
        if number >= _MOST_ROWS:
            faults.refuse(f"Sheet '{short(sheet.title)}' has more than {MAX_ROWS:,} rows.")
        values = [cell.value for cell in row]
        while values and values[-1] is None and written is None:
            values.pop()
        cells = [cell_text(value) for value in values]
        for place, cell in enumerate(next(other, ()) if other is not None else ()):
            if cell.data_type == "f":
                stored += bool(cells[place])
                if not cells[place] and row[place].value is None:
                    flaws[number, place] = NO_VALUE
        while cells and not cells[-1] and (number, len(cells) - 1) not in flaws:
            cells.pop()
        grid.append(cells)
        empty = 0 if cells else empty + 1
        if empty > EMPTY_ROWS_END:
            break
    return grid, flaws, stored


def _rows(sheet: Any, width: int) -> Iterator[Sequence[Any]]:
    # As far as rows can go, whatever the sheet says of its size; the caller ends them.
    return iter(sheet.iter_rows(max_row=1_048_576, max_col=width))


def _width(part: bytes) -> int:
    """The columns that a sheet's cells take, at most MAX_COLUMNS."""
    letters = {match.decode() for match in _PLACE.findall(part)}
    widest = max(map(column_index_from_string, letters), default=MAX_COLUMNS)
    return min(widest, MAX_COLUMNS)


def _merged(part: bytes) -> list[Merged]:
    found = []
    for first, top, last, bottom in _MERGED.findall(part):
        left, right = (column_index_from_string(c.decode()) - 1 for c in (first, last))
        found.append((int(top) - 1, left, int(bottom) - 1, right))
    return found


def _fill_merged(grid: Grid, merged: Sequence[Merged], faults: Faults) -> None:
    """Cells merged over rows: each row gets the text that stands for all of them."""
    filled = 0
    for top, left, bottom, right in merged:
        if top < 0 or bottom <= top or top >= len(grid) or left >= len(grid[top]):
            continue
        last = min(bottom, len(grid) - 1)
        wide = min(right, len(grid[top]) - 1)
        filled += (last - top) * (wide - left + 1)
        if filled > MAX_CELLS:
            faults.refuse("The sheet has more merged cells than any plan. Save it without them.")
        texts = grid[top][left : wide + 1]
        for row in grid[top + 1 : last + 1]:
            row += [""] * (wide + 1 - len(row))
            row[left : wide + 1] = texts


def _sheet(
    title: str,
    hidden: bool,
    grid: Grid,
    merged: Sequence[Merged],
    faults: Faults,
    flaws: Mapping[tuple[int, int], str] | None = None,
) -> Sheet:
    _fill_merged(grid, merged, faults)
    at = f"Sheet '{short(title)}', row"
    return Sheet(title, grid_rows(grid, at, flaws), at, hidden=hidden)


def _too_large(title: str, hidden: bool) -> Sheet:
    return Sheet(title, (), hidden=hidden, too_large=True)


# --- other programs' workbooks ---


def xls_sheets(content: bytes, faults: Faults) -> list[Sheet]:
    """The sheets of an old Excel workbook."""
    damaged = (
        "This is an old Office file that can't be read: damaged, with a password, or no "
        "workbook. Open it and save it as .xlsx without a password."
    )
    with faults.damaged(damaged), Path(os.devnull).open("w", encoding="utf-8") as log:
        book = xlrd.open_workbook(
            file_contents=content, formatting_info=True, ragged_rows=True, logfile=log
        )
        return [_xls_sheet(book, sheet, faults) for sheet in book.sheets()]


def _xls_sheet(book: Any, sheet: Any, faults: Faults) -> Sheet:
    if sheet.nrows > _MOST_ROWS:
        return _too_large(sheet.name, bool(sheet.visibility))
    grid = [
        [
            cell_text(xls_value(book, cell.ctype, cell.value))
            for cell in sheet.row(number)[:MAX_COLUMNS]
        ]
        for number in range(sheet.nrows)
    ]
    merged = [(t, left, b - 1, r - 1) for t, b, left, r in sheet.merged_cells]
    return _sheet(sheet.name, bool(sheet.visibility), grid, merged, faults)


def opendocument_sheets(path: Path, faults: Faults) -> list[Sheet]:
    """The sheets of an OpenDocument workbook."""
    sheets = []
    file = InputFile(path, faults.name)
    for found in ods_sheets(file, most_rows=_MOST_ROWS + 1, most_cells=MAX_CELLS):
        if len(found.rows) > _MOST_ROWS:
            sheets.append(_too_large(found.title, found.hidden))
            continue
        grid = [[cell_text(value) for value in row[:MAX_COLUMNS]] for row in found.rows]
        sheets.append(_sheet(found.title, found.hidden, grid, found.merged, faults))
    return sheets


# --- workbooks of our own ---


def _ours(sheets: list[Sheet]) -> list[Sheet]:
    """Of a workbook of our own the sheet Plan alone, with the hubs' colours, notes and locks."""
    by_name = {sheet.name: sheet for sheet in sheets}
    plan, hubs = by_name.get("Plan"), by_name.get("Hubs")
    if plan is None or hubs is None or not hubs.rows:
        return sheets
    heading = [column_key(cell) for cell in hubs.rows[0].cells]
    if not {"hub", "hub_id", "colour"} <= set(heading):
        return sheets
    described = []
    for row in hubs.rows[1 : MAX_HUBS + 2]:
        values = dict(zip(heading, [*row.cells, *[""] * len(heading)], strict=False))
        if values["hub_id"]:
            described.append(described_hub(values, restore))
    return [Sheet(plan.name, plan.rows, plan.at, hubs=tuple(described), ours=True)]


def described_hub(values: Mapping[str, str], text: Callable[[str], str]) -> dict[str, Any]:
    """A hub as a table of our own has it: hub_id, hub, colour, note, locked; `text` gives back
    what was typed.
    """
    return {
        "id": values["hub_id"],
        "name": text(values["hub"]),
        "colour": values["colour"],
        "note": text(values.get("note", "")),
        "locked": values.get("locked") == "yes",
    }
