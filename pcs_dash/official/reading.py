"""Read one published table: find its headings, take the columns that matter, type and check them.

CSV goes through pyarrow (the registrations have 868,505 rows), spreadsheets row by row
(`sheets`). Every fault becomes a sentence with file, row and column; the first ten are listed.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from pcs_dash.official import sheets
from pcs_dash.official.archive import CHUNK, InputFile, kind_of
from pcs_dash.official.layout import Column, Layout, normalise_heading
from pcs_dash.official.sheets import MOST_COLUMNS, cell_text
from pcs_dash.tables.errors import InputFileError

HEAD_BYTES = 1 << 18
HEADING_ROWS = 40  # notes above the headings, in CSV and Excel
LONGEST_FIELD = 32_767  # Excel's own limit; no published field comes near
MOST_PROBLEMS = 10
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

    def headings(self, row: int) -> list[str]:
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
    raise InputFileError(
        file.name, [f"A {kind} file where a CSV file or a spreadsheet was expected."]
    )


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
                raise InputFileError(file.name, [f"Row {len(rows) + 1} has {len(row):,} columns."])
            rows.append(tuple(row))
            lines.append(before)
            before = reader.line_num
            if len(rows) >= HEADING_ROWS:
                break
    except csv.Error as fault:
        raise InputFileError(
            file.name, [f"Row {len(rows) + 1} can't be read as CSV ({fault})."]
        ) from fault
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
        while chunk := stream.read(CHUNK):
            nul = chunk.find(b"\0")
            if nul >= 0:
                raise InputFileError(
                    file.name,
                    [
                        f"It holds a zero byte at position {position + nul:,}: it is damaged, or "
                        "saved as 'Unicode text'. Download it again, or save it as 'CSV UTF-8'."
                    ],
                )
            for name in tuple(candidates):
                try:
                    candidates[name].decode(chunk)
                except UnicodeDecodeError:
                    del candidates[name]
            position += len(chunk)
    for name in tuple(candidates):
        try:
            candidates[name].decode(b"", final=True)
        except UnicodeDecodeError:
            del candidates[name]
    return next(iter(candidates), "latin-1")


@lru_cache(maxsize=4)
def _sheet_heads_once(file: InputFile, kind: str, _mtime: int, _size: int) -> tuple[Head, ...]:
    """To open a spreadsheet takes a second: recognising and reading share its heads."""
    found = []
    for title, cells in sheets.heads(file, kind, HEADING_ROWS):
        rows = tuple(tuple(cell_text(cell) for cell in row) for row in cells)
        found.append(Head(rows, tuple(range(len(rows))), ",", "", title))
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
    count = 0
    with file.path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            count += chunk.count(b"\n")
    return count


# --- finding the headings -------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a layout's headings were found: which head and row (-1: a file without headings)."""

    head: Head
    row: int


def find_layout(heads: Sequence[Head], layout: Layout) -> Place | None:
    """Where the layout fits, or None. A file without headings is judged by its first rows."""
    best: tuple[int, Place] | None = None
    for head in heads:
        if layout.headless:
            rows = [list(row) for row in head.rows if any(row)]
            if head.sheet is None and layout.probe_matches(rows):
                return Place(head, -1)
            continue
        for number in range(len(head.rows)):
            score = layout.score(head.headings(number))
            if score and (best is None or score > best[0]):
                best = (score, Place(head, number))
    return best[1] if best else None


def changed_layout(file: InputFile, heads: Sequence[Head], layout: Layout) -> InputFileError:
    """The error for a file whose headings are not as expected: what was expected, what found."""
    if layout.headless:
        width = max((len(row) for head in heads for row in head.rows), default=0)
        low, high = layout.widths
        return InputFileError(
            file.name,
            [
                f"Expected a file without headings of {low} to {high} columns whose first columns "
                f"are {', '.join(c.meaning for c in layout.columns[:3])}; found {width} columns. "
                "The layout has changed, or it is another file."
            ],
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
        return InputFileError(file.name, ["It holds no rows."])
    head, row = nearest
    missing = layout.missing_columns(head.headings(row))
    found = [cell.strip() for cell in head.rows[row] if cell.strip()][:30]
    where = f" (sheet {head.sheet!r}, row {row + 1})" if head.sheet else f" (row {row + 1})"
    return InputFileError(
        file.name,
        [
            "The layout is not as expected: missing "
            + ", ".join(f"'{_first_name(c)}' ({c.meaning})" for c in missing)
            + f". Found{where}: "
            + (", ".join(_short(cell) for cell in found) or "nothing")
            + "."
        ],
    )


def _first_name(column: Column) -> str:
    return next((s for s in column.sources if not s.startswith("~")), column.name)


def _short(text: str, length: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


# --- reading --------------------------------------------------------------------------------


def read_table(file: InputFile, layout: Layout) -> pd.DataFrame:
    """The table with our column names and types, one row a published row, validated.

    Columns that the layout does not require and the file lacks are left out. Raises
    InputFileError that lists up to ten faults by row and column.
    """
    heads = read_heads(file)
    place = find_layout(heads, layout)
    if place is None:
        raise changed_layout(file, heads, layout)
    if layout.headless:
        positions = {c.name: int(c.sources[0]) for c in layout.columns}
    else:
        found = layout.positions(place.head.headings(place.row))
        twice = [name for name, places in found.items() if len(places) > 1]
        if twice:
            named = ", ".join(
                f"'{place.head.rows[place.row][i]}'" for name in twice for i in found[name]
            )
            raise InputFileError(file.name, [f"These columns mean the same: {named}."])
        positions = {name: places[0] for name, places in found.items()}
    if place.head.sheet is None:
        texts, first_row = _read_text(file, place, positions, layout)
    else:
        texts, first_row = _read_sheet(file, place, positions)
    return convert(file.name, texts, layout, first_row=first_row)


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
                f"were expected ({_short(row.text)})."
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
        raise InputFileError(file.name, [f"It can't be read as CSV: {reason}."]) from fault
    if faults:
        raise InputFileError(file.name, faults)
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
                raise InputFileError(
                    file.name, [f"Sheet {place.head.sheet!r} is too large a table."]
                )
    texts = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    return texts, place.row + 2


# --- from text to types ---------------------------------------------------------------------


class _Problems:
    """Collects faults as sentences, ten at most, with how many more there were."""

    def __init__(self, first_row: int) -> None:
        self.first_row = first_row
        self.sentences: list[str] = []
        self.more = 0

    def add(self, sentence: str) -> None:
        if len(self.sentences) < MOST_PROBLEMS:
            self.sentences.append(sentence)
        else:
            self.more += 1

    def at(self, rows: Iterable[int], column: Column, values: Sequence[Any], what: str) -> None:
        rows = list(rows)
        for row, value in list(zip(rows, values, strict=False))[:MOST_PROBLEMS]:
            self.add(
                f"Row {self.first_row + int(row):,}, column '{_first_name(column)}': "
                f"{_short(repr(value), 50)} {what}."
            )
        self.more += max(0, len(rows) - MOST_PROBLEMS)

    def raise_for(self, name: str) -> None:
        if self.sentences:
            tail = [f"And {self.more:,} more faults."] if self.more else []
            raise InputFileError(name, [*self.sentences, *tail])


def convert(
    name: str, texts: dict[str, Any], layout: Layout, *, first_row: int = 2
) -> pd.DataFrame:
    """Text columns typed and checked against the layout.

    `texts`: our column name -> array of text. Raises InputFileError with row and column.
    """
    rows = len(next(iter(texts.values()))) if texts else 0
    if rows < layout.minimum_rows:
        raise InputFileError(name, ["There are no rows below the headings."])
    problems = _Problems(first_row)
    series: dict[str, pd.Series] = {}
    for column in layout.columns:
        if column.name not in texts:
            continue
        array = texts[column.name]
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if rows and (pc.max(pc.utf8_length(array)).as_py() or 0) > LONGEST_FIELD:
            problems.add(f"Column '{_first_name(column)}' holds a field that is far too long.")
            continue
        series[column.name] = _CONVERTERS[column.kind](array, column, problems)
    problems.raise_for(name)
    table = pd.DataFrame(series)
    _validate(name, table, layout, problems)
    return table


def _trimmed(array: pa.Array, column: Column) -> pa.Array:
    """Text without outer spaces; the words for no data, and nothing at all, become null."""
    text = pc.utf8_trim_whitespace(array)
    gone = pc.equal(text, "")
    for word in column.missing:
        gone = pc.or_(gone, pc.equal(pc.utf8_upper(text), word.upper()))
    return pc.if_else(gone, pa.scalar(None, pa.string()), text)


def _refuse_nulls(text: pa.Array, raw: pa.Array, column: Column, problems: _Problems) -> None:
    if column.nullable or text.null_count == 0:
        return
    rows = np.flatnonzero(text.is_null().to_numpy(zero_copy_only=False))
    values = [raw[int(row)].as_py() for row in rows[:MOST_PROBLEMS]]
    problems.at(rows, column, values, "stands where a value is needed")


def _as_text(array: pa.Array, column: Column, problems: _Problems) -> pd.Series:
    text = _trimmed(array, column)
    if column.kind == "code":
        text = pc.utf8_upper(text)
    _refuse_nulls(text, array, column, problems)
    if column.repeated:
        return pd.Series(text.dictionary_encode().to_pandas()).astype("category")
    return pd.Series(text.to_pandas(), dtype="str")


_NUMBER = re.compile(r"[+-]?(\d+(,\d{3})*(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?%?", re.ASCII)


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace(",", "").removesuffix("%"))
    return value if math.isfinite(value) else None


def _as_number(array: pa.Array, column: Column, problems: _Problems) -> pd.Series:
    text = _trimmed(array, column)
    _refuse_nulls(text, array, column, problems)
    whole = column.kind == "int"
    try:
        numbers = pc.cast(text, pa.int64() if whole else pa.float64())
        if not whole and not pc.all(pc.is_finite(numbers), min_count=0).as_py():
            raise pa.ArrowInvalid("not finite")
    except pa.ArrowInvalid:
        # Something is not a plain number: go value by value, and say which row is wrong.
        parsed: list[float | None] = []
        bad: list[int] = []
        for row, value in enumerate(text.to_pylist()):
            number = None if value is None else _number(value)
            if value is not None and (
                number is None or (whole and (number != int(number) or abs(number) > 2**53))
            ):
                bad.append(row)
                number = None
            parsed.append(number)
        what = "is not a whole number" if whole else "is not a number"
        problems.at(bad, column, [text[row].as_py() for row in bad[:MOST_PROBLEMS]], what)
        numbers = pa.array(parsed, pa.float64())
    if whole:
        values = pd.array(numbers.to_pylist() if numbers.null_count else numbers, dtype="Int64")
        series = pd.Series(values)
        return series if column.nullable or numbers.null_count else series.astype("int64")
    return pd.Series(numbers.to_numpy(zero_copy_only=False).astype("float64"))


_DATE_FORMATS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%d%b%Y",
    "%Y%m%d",
    "%b-%y",
    "%b%y",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %B %Y",
    "%Y%m",
    "%B %Y",
)


def parse_date(text: str) -> pd.Timestamp | None:
    """A date in any form the publications use (01Jul2023, 2025-10-01, 01/05/2025, Apr-25 ...)."""
    for form in _DATE_FORMATS:
        try:
            value = datetime.strptime(text, form)
        except ValueError:
            continue
        # strptime reads '2023071' as a date too; years beyond the series are faults.
        if 1850 <= value.year <= 2100 and (form != "%Y%m%d" or len(text) == 8):
            return pd.Timestamp(value)
    return None


def _as_date(array: pa.Array, column: Column, problems: _Problems) -> pd.Series:
    text = _trimmed(array, column)
    _refuse_nulls(text, array, column, problems)
    codes = text.dictionary_encode()
    known = {value: parse_date(value) for value in codes.dictionary.to_pylist()}
    wrong = {value for value, parsed in known.items() if parsed is None}
    values = text.to_pylist()
    if wrong:
        bad = [row for row, value in enumerate(values) if value in wrong]
        problems.at(bad, column, [values[row] for row in bad[:MOST_PROBLEMS]], "is not a date")
    dates = [pd.NaT if value is None else known[value] or pd.NaT for value in values]
    return pd.Series(pd.DatetimeIndex(dates).as_unit("ns"))


_YES = frozenset({"Y", "YES", "TRUE", "1"})
_NO = frozenset({"N", "NO", "FALSE", "0"})


def _as_yes_no(array: pa.Array, column: Column, problems: _Problems) -> pd.Series:
    text = _trimmed(array, column)
    _refuse_nulls(text, array, column, problems)
    values = [None if v is None else v.upper() for v in text.to_pylist()]
    bad = [row for row, v in enumerate(values) if v is not None and v not in _YES | _NO]
    problems.at(bad, column, [values[row] for row in bad[:MOST_PROBLEMS]], "is neither yes nor no")
    flags = [None if v is None else v in _YES for v in values]
    series = pd.Series(pd.array(flags, dtype="boolean"))
    return series if column.nullable or None in flags else series.astype(bool)


_CONVERTERS = {
    "code": _as_text,
    "text": _as_text,
    "int": _as_number,
    "float": _as_number,
    "date": _as_date,
    "yes_no": _as_yes_no,
}


def _validate(name: str, table: pd.DataFrame, layout: Layout, problems: _Problems) -> None:
    """The pandera schema; its failures told by row and column."""
    _refuse_repeats(table, layout, problems)
    problems.raise_for(name)
    try:
        layout.column_schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as fault:
        for case in fault.failure_cases.to_dict("records"):
            column = next((c for c in layout.columns if c.name == case["column"]), None)
            if column is None or case["index"] is None or pd.isna(case["index"]):
                problems.add(f"{case['column']}: {case['check']} ({case['failure_case']}).")
            else:
                what = f"breaks the rule {case['check']}"
                problems.at([int(case["index"])], column, [case["failure_case"]], what)
        problems.raise_for(name)


def _refuse_repeats(table: pd.DataFrame, layout: Layout, problems: _Problems) -> None:
    key = [column for column in layout.key if column in table.columns]
    if not key:
        return
    repeats = table.duplicated(key, keep=False)
    if not repeats.any():
        return
    shown = table.loc[repeats, key].head(MOST_PROBLEMS)
    for row, values in zip(shown.index, shown.itertuples(index=False), strict=True):
        problems.add(
            f"Row {problems.first_row + int(row):,}: {' / '.join(str(v) for v in values)} "
            "stands in more than one row."
        )
    problems.more += int(repeats.sum()) - len(shown)


def one_period(file: InputFile, periods: pd.Series) -> None:
    """Refuse a table that mixes dates."""
    days = sorted(periods.unique())
    if len(days) != 1:
        named = ", ".join(f"{pd.Timestamp(day):%d %B %Y}" for day in days[:4])
        raise InputFileError(file.name, [f"It mixes dates ({named}): give one file a date."])


_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


def month_in_name(name: str) -> pd.Timestamp | None:
    """The month a file name carries ('... December 2025 ...', '2025-12', '122025'), or None.

    The last day of that month, as the workforce is counted on it.
    """
    for match in re.finditer(r"(?i)(?<![a-z])([a-z]{3,9})[ _.-]*((?:19|20)\d\d)(?!\d)", name):
        word = match[1].lower()
        for number, month in enumerate(_MONTHS, start=1):
            if month.startswith(word):
                return _month_end(int(match[2]), number)
    digits = re.search(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])(?!\d)", name)
    if digits:
        return _month_end(int(digits[1]), int(digits[2]))
    digits = re.search(r"(?<!\d)(0[1-9]|1[0-2])[-_.]?(20\d\d)(?!\d)", name)
    return _month_end(int(digits[2]), int(digits[1])) if digits else None


def _month_end(year: int, month: int) -> pd.Timestamp:
    return pd.Timestamp(year, month, 1) + pd.offsets.MonthEnd(0)
