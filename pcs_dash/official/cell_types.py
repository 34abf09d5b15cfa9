"""From text to types: each column of a published table by its layout, with every fault told.

A fault is a sentence with row and column. One or two impossible values among thousands are no
reason to refuse a month: they are left out, counted and told; more are a sign of another layout.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.compute as pc

from pcs_dash.official.archive import InputFile
from pcs_dash.official.file_dates import US_DATE, parse_date, parse_us_date
from pcs_dash.official.layout import Column, Layout, first_name

LONGEST_FIELD = 32_767  # Excel's own limit; no published field comes near
MOST_PROBLEMS = 10
# So many faulty rows of a thousand are left out; a table with more is refused.
TOLERATED_IN_A_THOUSAND = 1
_REMARKS_NAMED = 3


class _Faults:
    """What is wrong with a table: by row and column, or with the whole of it."""

    def __init__(self, file: InputFile, first_row: int) -> None:
        self.file = file
        self.first_row = first_row
        self.sentences: list[str] = []
        self.rows: dict[str, set[int]] = {}  # column -> labels of its faulty rows
        self.more = 0
        self.fatal = False

    def add(self, sentence: str) -> None:
        """A fault that no row can be left out for."""
        self.fatal = True
        self._say(sentence)

    def at(self, rows: Iterable[int], column: Column, values: Sequence[Any], what: str) -> None:
        """The same fault of a column in several rows; `values`: those of the first rows."""
        rows = [int(row) for row in rows]
        self.rows.setdefault(column.name, set()).update(rows)
        for row, value in list(zip(rows, values, strict=False))[:MOST_PROBLEMS]:
            self._say(
                f"Row {self.first_row + row:,}, column '{first_name(column)}': "
                f"{short(repr(value), 50)} {what}."
            )
        self.more += max(0, len(rows) - MOST_PROBLEMS)

    def _say(self, sentence: str) -> None:
        if len(self.sentences) < MOST_PROBLEMS:
            self.sentences.append(sentence)
        else:
            self.more += 1

    def settle(self, table: pd.DataFrame, layout: Layout) -> pd.DataFrame:
        """The table without its few faulty values or rows, which are noted; InputFileError where
        they are more than few.
        """
        if not self.sentences:
            return table
        faulty = set().union(*self.rows.values())
        if self.fatal or len(faulty) * 1_000 > TOLERATED_IN_A_THOUSAND * len(table):
            tail = [f"And {self.more:,} more faults."] if self.more else []
            raise self.file.fault(*self.sentences, *tail)
        gone: set[int] = set()
        for name, rows in self.rows.items():
            column = layout.column(name)
            if column.nullable and column.kind not in ("code", "text"):
                table.loc[sorted(rows), name] = None
            else:
                gone |= rows
        self._note(len(table), len(faulty), len(gone))
        return table.drop(index=sorted(gone))

    def _note(self, rows: int, faulty: int, gone: int) -> None:
        named = " ".join(self.sentences[:_REMARKS_NAMED])
        more = len(self.sentences) + self.more - _REMARKS_NAMED
        tail = f" And {more:,} more." if more > 0 else ""
        kept = "the value is" if faulty == 1 else "the values are"
        left_out = "the row is" if gone == 1 else "the rows are"
        what = f"{left_out if gone else kept} left out, the rest is kept"
        self.file.notes.append(f"{faulty:,} of {rows:,} rows can't be right, {what}: {named}{tail}")
        self.sentences, self.rows, self.more = [], {}, 0


def convert(
    file: InputFile, texts: dict[str, Any], layout: Layout, *, first_row: int = 2
) -> pd.DataFrame:
    """Text columns typed and checked against the layout.

    `texts`: our column name -> array of text. Raises InputFileError with row and column. What was
    left out or read against the letter is told in `file.notes`.
    """
    rows = len(next(iter(texts.values()))) if texts else 0
    if rows < layout.minimum_rows:
        raise file.fault("There are no rows below the headings.")
    faults = _Faults(file, first_row)
    series: dict[str, pd.Series] = {}
    for column in layout.columns:
        if column.name not in texts:
            continue
        array = texts[column.name]
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if rows and (pc.max(pc.utf8_length(array)).as_py() or 0) > LONGEST_FIELD:
            faults.add(f"Column '{first_name(column)}' holds a field that is far too long.")
            continue
        text = _trimmed(array, column)
        _refuse_nulls(text, array, column, faults)
        series[column.name] = _CONVERTERS[column.kind](text, column, faults)
    table = faults.settle(pd.DataFrame(series), layout)
    table = _of_their_types(table, layout)
    _refuse_repeats(table, layout, faults)
    table = faults.settle(table, layout)
    _check(table, layout, faults)
    return faults.settle(table, layout).reset_index(drop=True)


def _of_their_types(table: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Whole numbers and yes/no that may not be missing, without the rows where they were."""
    strict = {"int": "int64", "yes_no": "bool"}
    return table.astype(
        {
            column.name: strict[column.kind]
            for column in layout.columns
            if column.name in table and column.kind in strict and not column.nullable
        }
    )


def _trimmed(array: pa.Array, column: Column) -> pa.Array:
    """Text without outer spaces; the words for no data, and nothing at all, become null."""
    text = pc.utf8_trim_whitespace(array)
    gone = pc.equal(text, "")
    for word in column.missing:
        gone = pc.or_(gone, pc.equal(pc.utf8_upper(text), word.upper()))
    return pc.if_else(gone, pa.scalar(None, pa.string()), text)


def _refuse_nulls(text: pa.Array, raw: pa.Array, column: Column, faults: _Faults) -> None:
    if column.nullable or text.null_count == 0:
        return
    rows = np.flatnonzero(text.is_null().to_numpy(zero_copy_only=False))
    values = [raw[int(row)].as_py() for row in rows[:MOST_PROBLEMS]]
    faults.at(rows, column, values, "stands where a value is needed")


def _as_text(text: pa.Array, column: Column, _: _Faults) -> pd.Series:
    if column.kind in ("code", "postcode"):
        text = pc.utf8_upper(text)
    if column.kind == "postcode":
        text = _with_one_space(text)
    if column.repeated:
        return pd.Series(text.dictionary_encode().to_pandas()).astype("category")
    return pd.Series(text.to_pandas(), dtype="str")


def _with_one_space(postcodes: pa.Array) -> pa.Array:
    """'SS71LT', 'SS7  1LT' -> 'SS7 1LT'; the inward part is always three characters."""
    plain = pc.replace_substring_regex(postcodes, r"\s+", "")
    return pc.replace_substring_regex(plain, r"^([A-Z0-9]{2,4})([0-9][A-Z]{2})$", r"\1 \2")


_NUMBER = re.compile(r"[+-]?(\d+(,\d{3})*(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?%?", re.ASCII)
_ROUNDED = r"\d[eE]\+?\d"


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace(",", "").removesuffix("%"))
    return value if math.isfinite(value) else None


def _as_number(text: pa.Array, column: Column, faults: _Faults) -> pd.Series:
    whole = column.kind == "int"
    try:
        numbers = pc.cast(text, pa.int64() if whole else pa.float64())
        if not whole and not pc.all(pc.is_finite(numbers), min_count=0).as_py():
            raise pa.ArrowInvalid("not finite")
    except pa.ArrowInvalid:
        # Something is not a plain number: go value by value, and say which row is wrong.
        numbers = _one_by_one(text, column, faults)
        if whole:
            _tell_rounded(text, column, faults)
    if whole:
        values = pd.array(numbers.to_pylist() if numbers.null_count else numbers, dtype="Int64")
        series = pd.Series(values)
        return series if column.nullable or numbers.null_count else series.astype("int64")
    return pd.Series(numbers.to_numpy(zero_copy_only=False).astype("float64"))


def _one_by_one(text: pa.Array, column: Column, faults: _Faults) -> pa.Array:
    whole = column.kind == "int"
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
    faults.at(bad, column, [text[row].as_py() for row in bad[:MOST_PROBLEMS]], what)
    return pa.array(parsed, pa.float64())


def _tell_rounded(text: pa.Array, column: Column, faults: _Faults) -> None:
    """Excel shows large counts as 1.2E+04 and saves them so: the figure is rounded."""
    rounded = pc.match_substring_regex(text, _ROUNDED)
    count = pc.sum(rounded).as_py() or 0
    if count:
        first = text.filter(rounded)[0].as_py()
        faults.file.notes.append(
            f"{count:,} figures of '{first_name(column)}' were rounded by Excel ({first}): take "
            "the file as published, without saving it in Excel."
        )


def _as_date(text: pa.Array, column: Column, faults: _Faults) -> pd.Series:
    codes = text.dictionary_encode()
    known = {value: parse_date(value) for value in codes.dictionary.to_pylist()}
    if column.first_of_month:
        _turn_us_dates(known, column, faults)
    wrong = {value for value, parsed in known.items() if parsed is None}
    values = text.to_pylist()
    if wrong:
        bad = [row for row, value in enumerate(values) if value in wrong]
        faults.at(bad, column, [values[row] for row in bad[:MOST_PROBLEMS]], "is not a date")
    dates = [pd.NaT if value is None else known[value] or pd.NaT for value in values]
    return pd.Series(pd.DatetimeIndex(dates).as_unit("ns"))


def _turn_us_dates(known: dict[str, pd.Timestamp | None], column: Column, faults: _Faults) -> None:
    """12/1/2025 is 1 December where every date is the first of a month; in place, and noted."""
    for value, parsed in known.items():
        if not US_DATE.fullmatch(value) or (parsed is not None and parsed.day == 1):
            continue
        turned = parse_us_date(value)
        if turned is not None and turned.day == 1:
            known[value] = turned
            faults.file.notes.append(
                f"'{first_name(column)}' {value} is read as {turned.day} {turned:%B %Y}, month "
                "first: these figures are of the first of a month."
            )


_YES = frozenset({"Y", "YES", "TRUE", "1"})
_NO = frozenset({"N", "NO", "FALSE", "0"})


def _as_yes_no(text: pa.Array, column: Column, faults: _Faults) -> pd.Series:
    values = [None if v is None else v.upper() for v in text.to_pylist()]
    bad = [row for row, v in enumerate(values) if v is not None and v not in _YES | _NO]
    faults.at(bad, column, [values[row] for row in bad[:MOST_PROBLEMS]], "is neither yes nor no")
    flags = [None if v is None or v not in _YES | _NO else v in _YES for v in values]
    series = pd.Series(pd.array(flags, dtype="boolean"))
    return series if column.nullable or None in flags else series.astype(bool)


_CONVERTERS = {
    "code": _as_text,
    "postcode": _as_text,
    "text": _as_text,
    "int": _as_number,
    "float": _as_number,
    "date": _as_date,
    "yes_no": _as_yes_no,
}


def _check(table: pd.DataFrame, layout: Layout, faults: _Faults) -> None:
    """The rules of the layout (a pandera schema), their faults by row and column."""
    try:
        layout.column_schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as fault:
        for case in fault.failure_cases.to_dict("records"):
            column = next((c for c in layout.columns if c.name == case["column"]), None)
            if column is None or case["index"] is None or pd.isna(case["index"]):
                faults.add(f"{case['column']}: {case['check']} ({case['failure_case']}).")
            else:
                what = f"breaks the rule {case['check']}"
                faults.at([int(case["index"])], column, [case["failure_case"]], what)


def _refuse_repeats(table: pd.DataFrame, layout: Layout, faults: _Faults) -> None:
    key = [column for column in layout.key if column in table.columns]
    if not key:
        return
    repeats = table.duplicated(key, keep=False)
    if not repeats.any():
        return
    shown = table.loc[repeats, key].head(MOST_PROBLEMS)
    for row, values in zip(shown.index, shown.itertuples(index=False), strict=True):
        faults.add(
            f"Row {faults.first_row + int(row):,}: {' / '.join(str(v) for v in values)} "
            "stands in more than one row."
        )
    faults.more += int(repeats.sum()) - len(shown)


def short(text: str, length: int = 60) -> str:
    """A text on one line, cut off with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
