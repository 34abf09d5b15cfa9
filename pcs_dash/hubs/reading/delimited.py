"""Text with delimiters: CSV by comma, semicolon, tab or pipe, in UTF-8, or UTF-16 that says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

from pcs_dash.hubs.reading.columns import heading_worth
from pcs_dash.hubs.reading.faults import Faults
from pcs_dash.hubs.reading.sheet import LAST_HEADING_ROW, MAX_ROWS, Row, Sheet, column_key, visible

DELIMITERS = (",", ";", "\t", "|")
# What a CSV of our own has besides practices and hubs.
_OURS = {"practice_code", "hub", "data_period", "gp_definition", "exported"}
_SAVE_AS = "In Excel choose Save As, 'CSV UTF-8 (Comma delimited)'."


def csv_sheet(content: bytes, faults: Faults) -> Sheet:
    """The one sheet of a text file; its rows are counted from the top of the file."""
    text = decoded(content, faults)
    first, _, rest = text.partition("\n")
    hint = first.strip().lower().removeprefix("sep=")
    if first.lower().startswith("sep=") and (hint in DELIMITERS or first.strip("\r") == "sep=\t"):
        # Excel's own hint for the delimiter; rows still count from the top of the file.
        text = "\n" + rest
    delimiter = _delimiter(text)
    rows = tuple(
        Row(f"Row {number}", tuple(cell.strip() for cell in record))
        for number, record in _records(text, delimiter, faults)
    )
    heading = next((row for row in rows if any(row.cells)), None)
    ours = heading is not None and {column_key(cell) for cell in heading.cells} >= _OURS
    return Sheet("", rows, ragged=True, ours=ours)


def decoded(content: bytes, faults: Faults) -> str:
    """The text of a file. Refuses what is neither UTF-8 nor UTF-16 with its mark: a wrong guess
    would misspell names in silence.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            faults.refuse(f"Row 1, column 1: the text is cut or no text at all. {_SAVE_AS}")
    if b"\x00" in content[:1000]:
        faults.refuse(f"Row 1, column 1: the text is UTF-16 or no text at all. {_SAVE_AS}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # With a mark the error counts from behind it, so cut it off before looking back.
        plain = content.removeprefix(b"\xef\xbb\xbf")
        before = plain[: error.start]
        line = before[before.rfind(b"\n") + 1 :]
        column = 1 + max(line.count(delimiter.encode()) for delimiter in DELIMITERS)
        faults.refuse(
            f"Row {before.count(10) + 1}, column {column}: the text is not UTF-8 "
            f"(byte {plain[error.start]:#04x}). {_SAVE_AS}"
        )


def _delimiter(text: str) -> str:
    """The delimiter that makes the best heading, else the most frequent; a comma of equals."""
    head = list(islice((line for line in io.StringIO(text) if line.strip()), LAST_HEADING_ROW))

    def worth(delimiter: str) -> tuple[int, int]:
        rows = csv.reader(head, delimiter=delimiter)
        try:
            best = max((heading_worth([visible(cell) for cell in row]) for row in rows), default=0)
        except csv.Error:
            best = 0
        return best, sum(line.count(delimiter) for line in head)

    return max(DELIMITERS, key=worth)


def _records(text: str, delimiter: str, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Each record with its row number as a spreadsheet counts it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.refuse(
                f"Row {number}: the row can't be read ({error}). Look for a double quote that is "
                "not closed."
            )
        if number > MAX_ROWS + 1:
            faults.refuse(too_many_rows())
        yield number, record


def too_many_rows() -> str:
    """Said of every format alike."""
    return f"The file has more than {MAX_ROWS:,} rows. A plan needs one row a practice."
