"""Spreadsheets row by row: .xlsx through openpyxl, .xls through xlrd, .ods through expat.

OpenDocument is read here because the libraries for it unroll repeated rows and columns into
memory: a file of a kilobyte can declare a million rows of sixteen thousand cells.
"""

from __future__ import annotations

import math
import os
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from xml.parsers import expat

import openpyxl
import xlrd

from pcs_dash.official.archive import InputFile
from pcs_dash.tables.errors import InputFileError

KINDS = ("xlsx", "xls", "ods")
MOST_COLUMNS = 4_000
MOST_ROWS = 1_048_576  # Excel's own limit
MOST_CELLS = 20_000_000  # the largest published sheet has some 4 million
EMPTY_ROWS_END_SHEET = 1_000
# The same row a thousand times over is no published table.
MOST_REPEATS = 1_000
LARGEST_XLS = 100 * 1024**2
LARGEST_XML_PIECE = 16 * 1024**2  # a tag with its attributes, or the text of a cell
_CHUNK = 1 << 16

Row = tuple[Any, ...]


@contextmanager
def opened(file: InputFile, kind: str) -> Iterator[_Xlsx | _Xls | _Ods]:
    """A spreadsheet of one of `KINDS`: the `titles` of its sheets, and the `rows` of one, one at a
    time. Its faults become InputFileError.
    """
    readers: dict[str, type[_Xlsx | _Xls | _Ods]] = {"xlsx": _Xlsx, "xls": _Xls, "ods": _Ods}
    with closing(readers[kind](file)) as book:
        yield book


def heads(file: InputFile, kind: str, rows: int) -> list[tuple[str, list[Row], bool]]:
    """The title and first rows of every sheet, and whether it is hidden (told for .xlsx only).
    InputFileError when there is no sheet.
    """
    with opened(file, kind) as book:
        if isinstance(book, _Ods):
            found = [(title, first, False) for title, first in book.heads(rows)]
        else:
            hidden = book.hidden if isinstance(book, _Xlsx) else frozenset[str]()
            found = [
                (title, list(islice(book.rows(title), rows)), title in hidden)
                for title in book.titles()
            ]
    if not found:
        raise file.fault("The spreadsheet has no sheet.")
    return found


@dataclass(frozen=True)
class OdsSheet:
    """A sheet of an OpenDocument spreadsheet as it lies there: rows from the first, what is hidden,
    and cells merged over rows (first row and column, last row and column, counted from 0).
    """

    title: str
    rows: tuple[Row, ...]
    hidden: bool
    merged: tuple[tuple[int, int, int, int], ...]


def ods_sheets(file: InputFile, *, most_rows: int, most_cells: int) -> list[OdsSheet]:
    """Every sheet of an OpenDocument spreadsheet, at most `most_rows` rows of each. InputFileError
    where they have more than `most_cells` cells together.
    """
    book = _Ods(file)
    return [
        OdsSheet(title, tuple(rows), n in book.hidden, tuple(book.merged.get(n, ())))
        for n, (title, rows) in enumerate(book.heads(most_rows, most_cells))
    ]


def cell_text(cell: Any) -> str:
    """A cell as the text a CSV would hold."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "Y" if cell else "N"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, (datetime, date)):
        return f"{cell:%Y-%m-%d}"
    return str(cell)


def _damaged(file: InputFile, sheet: str | None = None) -> InputFileError:
    what = f"Sheet {sheet!r}" if sheet else "The spreadsheet"
    return file.fault(f"{what} is damaged. Download the file again.")


def _bounded(file: InputFile, title: str, rows: Iterator[Row]) -> Iterator[Row]:
    """At most MOST_ROWS; stops after a long run of empty ones; faults are told."""
    empty = cells = 0
    try:
        for number, row in enumerate(rows, start=1):
            cells += len(row)
            if len(row) > MOST_COLUMNS or number > MOST_ROWS or cells > MOST_CELLS:
                raise file.fault(f"Sheet {title!r} is too large a table.")
            empty = 0 if any(cell is not None for cell in row) else empty + 1
            if empty > EMPTY_ROWS_END_SHEET:
                return
            yield row
    except InputFileError:
        raise
    except Exception as fault:  # the libraries raise anything on a broken file
        raise _damaged(file, title) from fault


class _Xlsx:
    """An Excel file read through openpyxl without holding a sheet in memory."""

    def __init__(self, file: InputFile) -> None:
        self.file = file
        self.stream = file.path.open("rb")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of styles and extensions that don't matter
                self.book = openpyxl.load_workbook(self.stream, read_only=True, data_only=True)
        except Exception as fault:  # openpyxl raises anything on a broken file
            self.stream.close()
            raise _damaged(file) from fault
        self.sheets = {s.title: s for s in self.book.worksheets if hasattr(s, "iter_rows")}
        self.hidden = frozenset(s.title for s in self.book.worksheets if s.sheet_state != "visible")

    def titles(self) -> list[str]:
        return list(self.sheets)

    def rows(self, title: str) -> Iterator[Row]:
        sheet = self.sheets[title]

        def cells() -> Iterator[Row]:
            sheet.reset_dimensions()  # the stated size can be wrong, and would pad every row
            yield from sheet.iter_rows(values_only=True)

        return _bounded(self.file, title, cells())

    def close(self) -> None:
        self.book.close()
        self.stream.close()


class _Xls:
    """An old Excel file (until 2003) through xlrd, one sheet in memory at a time."""

    def __init__(self, file: InputFile) -> None:
        self.file = file
        if file.path.stat().st_size > LARGEST_XLS:
            raise file.fault("It is larger than 100 MB: save it as .xlsx or CSV.")
        self.log = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for xlrd
        try:
            self.book = xlrd.open_workbook(
                str(file.path), on_demand=True, ragged_rows=True, logfile=self.log
            )
        except Exception as fault:  # xlrd raises anything on a broken file
            self.log.close()
            raise file.fault(
                "It is an old Office file that can't be read: damaged, with a password, or no "
                "Excel file. Open it and save it as .xlsx or CSV."
            ) from fault

    def titles(self) -> list[str]:
        return list(self.book.sheet_names())

    def rows(self, title: str) -> Iterator[Row]:
        return _bounded(self.file, title, self._cells(title))

    def _cells(self, title: str) -> Iterator[Row]:
        sheet = self.book.sheet_by_name(title)
        try:
            for number in range(sheet.nrows):
                values = zip(sheet.row_types(number), sheet.row_values(number), strict=True)
                yield tuple(xls_value(self.book, kind, value) for kind, value in values)
        finally:
            self.book.unload_sheet(title)

    def close(self) -> None:
        self.book.release_resources()
        self.log.close()


def xls_value(book: xlrd.Book, kind: int, value: Any) -> Any:
    """A cell of an old Excel file: text, number, date or truth; None where it is empty."""
    if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(value, "#ERROR")
    if kind == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(value, book.datemode)
        except (ValueError, OverflowError):
            return value
    return value if value != "" else None


_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "


class _Ods:
    """An OpenDocument spreadsheet as a stream; repeated cells and rows are counted, not copied."""

    def __init__(self, file: InputFile) -> None:
        self.file = file
        # Of the sheets by number, known once they were read through.
        self.hidden: set[int] = set()
        self.merged: dict[int, list[tuple[int, int, int, int]]] = {}

    def titles(self) -> list[str]:
        return [title for title, _ in self.heads(0)]

    def heads(self, most: int, most_cells: float = math.inf) -> list[tuple[str, list[Row]]]:
        """The title and first rows of every sheet, in one pass."""
        found: list[tuple[str, list[Row]]] = []
        cells = 0
        for index, title, row in self.events(lambda _: True, most):
            if index == len(found):
                found.append((title, []))
            if row is not None:
                found[index][1].append(row)
                cells += len(row)
                if cells > most_cells:
                    raise self.file.fault(f"Sheet {title!r} is too large a table.")
        return found

    def rows(self, title: str) -> Iterator[Row]:
        events = self.events(lambda name: name == title, None)
        first: list[int] = []

        def cells() -> Iterator[Row]:
            for index, name, row in events:
                if row is None:
                    if first and index != first[0]:
                        return
                    if name == title and not first:
                        first.append(index)
                elif first and index == first[0]:
                    yield row

        return _bounded(self.file, title, cells())

    def events(
        self, wanted: Callable[[str], bool], most: int | None
    ) -> Iterator[tuple[int, str, Row | None]]:
        """Sheet number and title with None at the start of a sheet, then with each row."""
        reader = _OdsHandler(self.file, wanted, most)
        self.hidden, self.merged = reader.hidden, reader.merged
        try:
            with (
                zipfile.ZipFile(self.file.path) as archive,
                archive.open("content.xml") as stream,
            ):
                fed = 0
                while chunk := stream.read(_CHUNK):
                    fed += len(chunk)
                    reader.parser.Parse(chunk, False)
                    if fed - reader.parser.CurrentByteIndex > LARGEST_XML_PIECE:
                        reader.refuse_size()
                    yield from reader.drain()
                reader.parser.Parse(b"", True)
                yield from reader.drain()
        except InputFileError:
            raise
        except Exception as fault:
            raise _damaged(self.file) from fault

    def close(self) -> None:
        pass


class _OdsHandler:
    """Collects rows from the events of the XML parser."""

    def __init__(self, file: InputFile, wanted: Callable[[str], bool], most: int | None) -> None:
        self.file = file
        self.wanted = wanted
        self.most = most
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.refuse_doctype
        self.ready: list[tuple[int, str, Row | None]] = []
        self.sheet = -1
        self.title = ""
        self.reading = False
        self.rows_read = 0
        self.row: list[Any] | None = None
        self.repeat_row = 1
        self.gap = 0  # empty cells not yet written, as nothing may follow them
        self.cell: dict[str, str] | None = None
        self.text: list[str] = []
        self.length = 0
        self.paragraphs = 0
        self.aside = 0  # inside a comment on a cell
        self.in_text = 0
        self.style = ""
        self.hiding: set[str] = set()  # styles of sheets that are not shown
        self.hidden: set[int] = set()
        self.merged: dict[int, list[tuple[int, int, int, int]]] = {}

    def drain(self) -> list[tuple[int, str, Row | None]]:
        ready, self.ready = self.ready, []
        return ready

    def refuse_size(self) -> None:
        raise self.file.fault(f"Sheet {self.title!r} is too large a table.")

    def refuse_doctype(self, *_: object) -> None:
        raise self.file.fault("It defines XML entities: refused.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == _STYLE + "style":
            self.style = attributes.get(_STYLE + "name", "")
        elif name == _STYLE + "table-properties":
            if attributes.get(_TABLE + "display") == "false":
                self.hiding.add(self.style)
        elif name == _TABLE + "table":
            self._start_sheet(attributes)
        elif self.reading and (self.most is None or self.rows_read < self.most):
            self._start_within(name, attributes)

    def _start_sheet(self, attributes: dict[str, str]) -> None:
        self.sheet += 1
        if attributes.get(_TABLE + "style-name") in self.hiding:
            self.hidden.add(self.sheet)
        self.title = attributes.get(_TABLE + "name", "")
        self.reading = self.wanted(self.title)
        self.rows_read = 0
        self.ready.append((self.sheet, self.title, None))

    def _start_within(self, name: str, attributes: dict[str, str]) -> None:
        if name == _TABLE + "table-row":
            self.row, self.gap = [], 0
            self.repeat_row = _count(attributes.get(_TABLE + "number-rows-repeated"))
        elif self.row is None:
            return
        elif name in (_TABLE + "table-cell", _TABLE + "covered-table-cell"):
            self.cell, self.text, self.paragraphs, self.length = attributes, [], 0, 0
        elif name == _OFFICE + "annotation":
            self.aside += 1
        elif self.cell is not None and not self.aside:
            self._text_element(name, attributes)

    def _text_element(self, name: str, attributes: dict[str, str]) -> None:
        if name == _TEXT + "p":
            if self.paragraphs:
                self.text.append("\n")
            self.paragraphs += 1
            self.in_text += 1
        elif name == _TEXT + "s":
            self.text.append(" " * min(_count(attributes.get(_TEXT + "c")), 1_000))
        elif name in (_TEXT + "tab", _TEXT + "line-break"):
            self.text.append("\n")

    def characters(self, data: str) -> None:
        if self.in_text and self.cell is not None and not self.aside:
            self.text.append(data)
            self.length += len(data)
            if self.length > LARGEST_XML_PIECE:
                self.refuse_size()

    def end(self, name: str) -> None:
        if self.row is None:
            return
        if name in (_TABLE + "table-cell", _TABLE + "covered-table-cell"):
            self._end_cell()
        elif name == _TABLE + "table-row":
            self._end_row()
        elif name == _OFFICE + "annotation":
            self.aside -= 1
        elif name == _TEXT + "p" and not self.aside:
            self.in_text -= 1

    def _end_cell(self) -> None:
        assert self.row is not None
        assert self.cell is not None
        repeat = _count(self.cell.get(_TABLE + "number-columns-repeated"))
        value = _ods_value(self.cell, "".join(self.text))
        down = _count(self.cell.get(_TABLE + "number-rows-spanned")) - 1
        if down > 0:
            at = len(self.row) + self.gap
            right = at + _count(self.cell.get(_TABLE + "number-columns-spanned")) - 1
            place = (self.rows_read, at, self.rows_read + down, right)
            self.merged.setdefault(self.sheet, []).append(place)
        self.cell = None
        if value is None:
            self.gap += repeat
            return
        if len(self.row) + self.gap + repeat > MOST_COLUMNS:
            self.refuse_size()
        self.row.extend([None] * self.gap)
        self.row.extend([value] * repeat)
        self.gap = 0

    def _end_row(self) -> None:
        row, self.row = tuple(self.row or ()), None
        repeat = self.repeat_row
        if row and repeat > MOST_REPEATS:
            raise self.file.fault(f"Sheet {self.title!r} repeats one row {repeat:,} times.")
        repeat = min(repeat, EMPTY_ROWS_END_SHEET + 1)
        if self.most is not None:
            repeat = min(repeat, self.most - self.rows_read)
        self.rows_read += repeat
        self.ready.extend([(self.sheet, self.title, row)] * repeat)


def _count(text: str | None) -> int:
    """How often something is repeated; once unless said."""
    return int(text) if text and text.isdecimal() and len(text) < 12 else 1


def _ods_value(attributes: dict[str, str], text: str) -> Any:
    kind = attributes.get(_OFFICE + "value-type")
    if kind in ("float", "percentage", "currency"):
        number = attributes.get(_OFFICE + "value", "")
        try:
            return float(number)
        except ValueError:
            return number or None
    if kind == "date":
        day = attributes.get(_OFFICE + "date-value", "")
        return day.removesuffix("T00:00:00") or None
    if kind == "boolean":
        return attributes.get(_OFFICE + "boolean-value") == "true"
    return attributes.get(_OFFICE + "string-value") or text or None
