"""Read one published table: find its headings and take the columns that matter.

CSV goes through pyarrow (the registrations have 868,505 rows), spreadsheets row by row (`sheets`);
`cell_types` makes numbers and dates of their text. Every fault becomes a sentence with file, row
and column; the first ten are listed.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pv

from pcs_dash.official import sheets
from pcs_dash.official.archive import CHUNK, InputFile, kind_of
from pcs_dash.official.cell_types import MOST_PROBLEMS, convert, short
from pcs_dash.official.layout import Layout, first_name, normalise_heading
from pcs_dash.official.sheets import MOST_COLUMNS, cell_text
from pcs_dash.tables.errors import InputFileError

HEAD_BYTES = 1 << 18
HEADING_ROWS = 40  # notes above the headings, in CSV and Excel
MOST_SHEET_TEXT = 400 * 1024**2
_MOST_ENDS = 500_000
_STARTS_WITH_FIGURE = re.compile(r"\s*[-+.£]?\d")


@dataclass(frozen=True)
class Head:
    """The first rows of a table: where its headings stand and what they say."""

    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]  # physical lines before each row
    delimiter: str
    encoding: str
    sheet: str | None = None
    hidden: bool = False  # a sheet that Excel does not show

    def headings(self, row: int) -> list[str]:
        """The row's cells as normalised headings."""
        return [normalise_heading(cell) for cell in self.rows[row]]


# --- the head of a file ---------------------------------------------------------------------


def read_heads(file: InputFile) -> list[Head]:
    """The first rows of a text file, or of each sheet of a spreadsheet.

    Raises InputFileError when the file is no table (binary, a web page, damaged).
    """
    kind = kind_of(file.path)
    if kind in sheets.KINDS:
        facts = file.path.stat()
        return list(_sheet_heads_once(file, kind, facts.st_mtime_ns, facts.st_size))
    if kind == "text":
        return [_text_head(file)]
    raise file.fault(f"A {kind} file where a CSV file or a spreadsheet was expected.")


def _text_head(file: InputFile) -> Head:
    encoding = text_encoding(file)
    with file.path.open("rb") as stream:
        raw = stream.read(HEAD_BYTES)
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    text = decoder.decode(raw, final=len(raw) < HEAD_BYTES).removeprefix("\ufeff")
    delimiter = _delimiter(text)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = 0
    try:
        for row in reader:
            if len(row) > MOST_COLUMNS:
                raise file.fault(f"Row {len(rows) + 1} has {len(row):,} columns.")
            rows.append(tuple(row))
            lines.append(before)
            before = reader.line_num
            if len(rows) >= HEADING_ROWS:
                break
    except csv.Error as fault:
        raise file.fault(f"Row {len(rows) + 1} can't be read as CSV ({fault}).") from fault
    return Head(tuple(rows), tuple(lines), delimiter, encoding)


def _delimiter(text: str) -> str:
    """Comma, unless the first line that has any has more semicolons or tabs."""
    for line in text.split("\n", 20)[:20]:
        counts = {mark: line.count(mark) for mark in (",", "\t", ";")}
        best = max(counts, key=lambda mark: counts[mark])
        if counts[best] > 0:
            return best
    return ","


def text_encoding(file: InputFile) -> str:
    """'utf-8' or 'cp1252' or 'latin-1': the first that decodes the whole file.

    Raises InputFileError at a NUL (which also marks UTF-16) or a stray control character.
    """
    candidates: dict[str, codecs.IncrementalDecoder] = {
        name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "cp1252")
    }
    position = 0
    with file.path.open("rb") as stream:
        more = True
        while more:
            chunk = stream.read(CHUNK)
            more = bool(chunk)
            nul = chunk.find(b"\0")
            if nul >= 0:
                raise file.fault(
                    f"It holds a zero byte at position {position + nul:,}: it is damaged, or "
                    "saved as 'Unicode text'. Download it again, or save it as 'CSV UTF-8'."
                )
            for name in tuple(candidates):
                try:
                    candidates[name].decode(chunk, final=not more)
                except UnicodeDecodeError:
                    del candidates[name]
            position += len(chunk)
    return next(iter(candidates), "latin-1")


@lru_cache(maxsize=4)
def _sheet_heads_once(file: InputFile, kind: str, _mtime: int, _size: int) -> tuple[Head, ...]:
    """To open a spreadsheet takes a second: recognising and reading share its heads."""
    found = []
    for title, cells, hidden in sheets.heads(file, kind, HEADING_ROWS):
        rows = tuple(tuple(cell_text(cell) for cell in row) for row in cells)
        found.append(Head(rows, tuple(range(len(rows))), ",", "", title, hidden))
    return tuple(found)


def cut_short(file: InputFile) -> bool:
    """Whether a text file ends in the middle of its last line, as a broken-off download does.

    Some publications end without a line break (the rural-urban classes). Such an end is sound
    when the last cell is no number and stands, beside the same cell before it, in another row:
    half a word does not.
    """
    if kind_of(file.path) != "text":
        return False
    with file.path.open("rb") as stream:
        stream.seek(-1, io.SEEK_END)
        if stream.read(1) in (b"\n", b"\r"):
            return False
    head = _text_head(file)
    ends: Counter[tuple[str, ...]] = Counter()
    last: tuple[str, ...] = ()
    try:
        with file.path.open(encoding=head.encoding, newline="") as text:
            for row in csv.reader(text, delimiter=head.delimiter):
                last = tuple(row[-2:])
                ends[last] += 1
                if len(ends) > _MOST_ENDS:
                    return True  # no list of classes
    except csv.Error:
        return True
    if not last or _STARTS_WITH_FIGURE.match(last[-1]):
        return True
    # A column that is blank in the last row must be so in every row.
    blank_only = bool(last[-1]) or not any(end and end[-1] for end in ends)
    return ends[last] < 2 or not blank_only


def line_count(file: InputFile) -> int:
    """Lines of a text file; 0 for other kinds of file."""
    if kind_of(file.path) != "text":
        return 0
    with file.path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(CHUNK), b""))


# --- finding the headings -------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a layout's headings were found: which head and row (-1: a file without headings)."""

    head: Head
    row: int


def find_layout(heads: Sequence[Head], layout: Layout) -> Place | None:
    """Where the layout fits, or None. A file without headings is judged by its first rows."""
    return next(iter(_fitting(heads, layout)), None)


def _fitting(heads: Sequence[Head], layout: Layout) -> list[Place]:
    """Where the layout fits best, in each sheet where it fits as well; hidden sheets count only
    where no other fits.
    """
    if layout.headless:
        return [
            Place(head, -1)
            for head in heads
            if head.sheet is None and layout.probe_matches([list(r) for r in head.rows if any(r)])
        ]
    best: list[tuple[int, Place]] = []
    for head in heads:
        scores = [layout.score(head.headings(number)) for number in range(len(head.rows))]
        highest = max(scores, default=0)
        if highest:
            best.append((highest, Place(head, scores.index(highest))))
    shown = [(score, place) for score, place in best if not place.head.hidden] or best
    most = max((score for score, _ in shown), default=0)
    return [place for score, place in shown if score == most]


def _fullest(file: InputFile, places: Sequence[Place]) -> Place:
    """Of several sheets that fit as well the one with most rows: a selection often stands beside
    the whole; of equal ones that of the last name, which is the newest year. Which was taken is
    noted.
    """
    with sheets.opened(file, kind_of(file.path)) as book:
        sizes = [
            sum(any(cell is not None for cell in row) for row in book.rows(place.head.sheet or ""))
            for place in places
        ]
    at = max(range(len(places)), key=lambda i: (sizes[i], str(places[i].head.sheet)))
    named = [f"'{p.head.sheet}' ({n:,} rows)" for p, n in zip(places, sizes, strict=True)]
    chosen = named.pop(at)
    file.notes.append(f"Of its sheets {chosen} was read, not {', '.join(named)}.")
    return places[at]


def changed_layout(file: InputFile, heads: Sequence[Head], layout: Layout) -> InputFileError:
    """The error for a file whose headings are not as expected: what was expected, what found."""
    if layout.headless:
        width = max((len(row) for head in heads for row in head.rows), default=0)
        low, high = layout.widths
        return file.fault(
            f"Expected a file without headings of {low} to {high} columns whose first columns "
            f"are {', '.join(c.meaning for c in layout.columns[:3])}; found {width} columns. "
            "The layout has changed, or it is another file."
        )
    nearest = max(
        ((head, row) for head in heads for row in range(len(head.rows))),
        key=lambda place: (
            layout.closeness(place[0].headings(place[1])),
            sum(bool(cell) for cell in place[0].rows[place[1]]),
        ),
        default=None,
    )
    if nearest is None:
        return file.fault("It holds no rows.")
    head, row = nearest
    missing = layout.missing_columns(head.headings(row))
    found = [cell.strip() for cell in head.rows[row] if cell.strip()][:30]
    where = f" (sheet {head.sheet!r}, row {row + 1})" if head.sheet else f" (row {row + 1})"
    return file.fault(
        "The layout is not as expected: missing "
        + ", ".join(f"'{first_name(c)}' ({c.meaning})" for c in missing)
        + f". Found{where}: "
        + (", ".join(short(cell) for cell in found) or "nothing")
        + "."
    )


# --- reading --------------------------------------------------------------------------------


def read_table(file: InputFile, layout: Layout) -> pd.DataFrame:
    """The table with our column names and types, one row a published row, validated.

    Columns that the layout does not require and the file lacks are left out. Raises
    InputFileError that lists up to ten faults by row and column.
    """
    heads = read_heads(file)
    places = _fitting(heads, layout)
    if not places:
        raise changed_layout(file, heads, layout)
    place = places[0] if len(places) == 1 else _fullest(file, places)
    if layout.headless:
        positions = {c.name: int(c.sources[0]) for c in layout.columns}
    else:
        found = layout.positions(place.head.headings(place.row))
        twice = [name for name, places in found.items() if len(places) > 1]
        if twice:
            named = ", ".join(
                f"'{place.head.rows[place.row][i]}'" for name in twice for i in found[name]
            )
            raise file.fault(f"These columns mean the same: {named}.")
        positions = {name: places[0] for name, places in found.items()}
    if place.head.sheet is None:
        texts, first_row = _read_text(file, place, positions, layout)
    else:
        texts, first_row = _read_sheet(file, place, positions)
    return convert(file, texts, layout, first_row=first_row)


def _read_text(
    file: InputFile, place: Place, positions: dict[str, int], layout: Layout
) -> tuple[dict[str, pa.Array], int]:
    """The wanted columns as text, and the row number of the first record (headings are row 1)."""
    head = place.head
    width = len(head.rows[max(place.row, 0)])
    names = [f"c{i}" for i in range(width)]
    if layout.headless:
        widths = {len(row) for row in head.rows if any(row)}
        width = max(widths)
        names = [f"c{i}" for i in range(width)]
        positions = {name: at for name, at in positions.items() if at < width}
    skip = 0 if place.row < 0 else _line_after(head, place.row)
    faults: list[str] = []

    def note(row: Any) -> str:
        if len(faults) < MOST_PROBLEMS:
            # pyarrow counts the lines skipped too.
            number = "" if row.number is None else f" {row.number - skip + place.row + 1:,}"
            faults.append(
                f"Row{number} has {row.actual_columns} columns where {row.expected_columns} "
                f"were expected ({short(row.text)})."
            )
        return "skip"

    wanted = {f"c{at}": pa.string() for at in positions.values()}
    try:
        table = pv.read_csv(
            io.BytesIO() if file.path.stat().st_size == 0 else str(file.path),
            read_options=pv.ReadOptions(
                use_threads=False,  # with threads the faulty row's number is not known
                column_names=names,
                skip_rows=skip,
                encoding="utf8" if head.encoding == "utf-8" else head.encoding,
                block_size=8 * CHUNK,
            ),
            parse_options=pv.ParseOptions(
                delimiter=head.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=True,
                invalid_row_handler=note,
            ),
            convert_options=pv.ConvertOptions(
                include_columns=list(wanted),
                column_types=wanted,
                strings_can_be_null=False,
                check_utf8=True,
            ),
        )
    except pa.ArrowInvalid as fault:
        reason = str(fault)
        if "straddl" in reason or "block" in reason:
            reason = "a field is far too long; a quotation mark may be unbalanced"
        elif "Empty CSV" in reason:
            reason = "there are no rows below the headings"
        raise file.fault(f"It can't be read as CSV: {reason}.") from fault
    if faults:
        raise file.fault(*faults)
    texts = {name: table.column(f"c{at}") for name, at in positions.items()}
    return texts, 1 if place.row < 0 else place.row + 2


def _line_after(head: Head, row: int) -> int:
    """Physical lines up to and with the row of headings (which may hold line breaks)."""
    if row + 1 < len(head.lines):
        return head.lines[row + 1]
    # The headings are the last row read: count the breaks inside them.
    return head.lines[row] + 1 + sum(cell.count("\n") for cell in head.rows[row])


def _read_sheet(
    file: InputFile, place: Place, positions: dict[str, int]
) -> tuple[dict[str, pa.Array], int]:
    columns: dict[str, list[str]] = {name: [] for name in positions}
    size = 0
    with sheets.opened(file, kind_of(file.path)) as book:
        for number, row in enumerate(book.rows(place.head.sheet or "")):
            if number <= place.row or not any(cell is not None for cell in row):
                continue
            for name, at in positions.items():
                text = cell_text(row[at]) if at < len(row) else ""
                size += len(text) + 8  # and what refers to it
                columns[name].append(text)
            # A text may stand in a million cells and be stored once.
            if size > MOST_SHEET_TEXT:
                raise file.fault(f"Sheet {place.head.sheet!r} is too large a table.")
    texts = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    return texts, place.row + 2
