"""What every format is turned into: sheets of rows of text, some of them with a shape."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pcs_dash.hubs.plan import short as short

# Bounds of what is read at all: a plan has one row a practice, and England some 6,200 practices.
MAX_BYTES = 10_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_CELLS = 200_000
# Below this row a sheet's heading is not looked for.
LAST_HEADING_ROW = 20
# A sheet that says it has a million rows is read until so many of them were empty.
EMPTY_ROWS_END = 1_000

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad\u200e\u200f"))


@dataclass(frozen=True)
class Row:
    """A row as it stands: `at` "Row 3"; `flaws` by column: why a cell has no value to read;
    `shape` a GeoJSON geometry, untrusted, of a row that has one.
    """

    at: str
    cells: tuple[str, ...]
    flaws: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    shape: Mapping[str, Any] | None = None

    def cell(self, column: int) -> str:
        """The text in a column; "" where the row is too short to have one."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook, a layer of a map file, or all of a CSV.

    `name`: "" where the file has one only. `rows`: all there are, titles and heading included,
    but for features, whose property names are the `headings`. `at`: how a row is called
    ("Row", "Sheet 'Plan', row"). `hidden`, `too_large`: why it isn't read unless asked for, or at
    all. `hubs`: what a file of our own says of its hubs; `ours`: the names in it are taken as they
    stand. `crs`: 4326, 27700 or None where the file doesn't say. `ragged`: a row that is shorter
    or longer than the heading is a fault. `formulas`: values that formulas had when saved.
    """

    name: str
    rows: tuple[Row, ...]
    at: str = "Row"
    headings: tuple[str, ...] | None = None
    hidden: bool = False
    too_large: bool = False
    hubs: tuple[Mapping[str, Any], ...] = ()
    ours: bool = False
    crs: int | None = None
    ragged: bool = False
    formulas: int = 0
    notes: tuple[str, ...] = ()

    @property
    def is_features(self) -> bool:
        """Whether the rows are features of a map."""
        return self.headings is not None

    def seen(self) -> Sheet:
        """The sheet without what can't be seen; one of our own as it stands."""
        if self.ours:
            return self
        rows = tuple(replace(row, cells=tuple(map(visible, row.cells))) for row in self.rows)
        headings = None if self.headings is None else tuple(map(visible, self.headings))
        return replace(self, rows=rows, headings=headings)

    def renamed(self, name: str) -> Sheet:
        """The sheet under another name."""
        return replace(self, name=name)


def grid_rows(
    grid: Sequence[Sequence[str]], at: str, flaws: Mapping[tuple[int, int], str] | None = None
) -> tuple[Row, ...]:
    """Rows, counted from 1 as a spreadsheet does, of a grid of texts; `flaws` by row and column
    counted from 0.
    """
    by_row: dict[int, dict[int, str]] = {}
    for (row, column), why in (flaws or {}).items():
        by_row.setdefault(row, {})[column] = why
    return tuple(
        Row(f"{at} {number + 1}", tuple(cells), MappingProxyType(by_row.get(number, {})))
        for number, cells in enumerate(grid)
    )


@contextmanager
def on_disk(content: bytes, name: str = "plan") -> Iterator[Path]:
    """A file of this name with this content, for what reads files only."""
    with tempfile.TemporaryDirectory(prefix="pcs_dash-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def cell_text(value: Any) -> str:
    """A value of a spreadsheet or property as text: whole numbers without ".0", days as ISO."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        # Spreadsheets keep whole numbers as floats: hub 1 is "1", not "1.0".
        value = int(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    return str(value)


def visible(text: str) -> str:
    """Text without what can't be seen but makes it differ: zero-width spaces, soft hyphens, byte
    order marks, and spaces around it.
    """
    if text.isascii():
        return text.strip()
    return text.translate(_INVISIBLE).strip()


def column_key(name: object) -> str:
    """What makes two headings the same: "Practice Code (ODS)" and practice_code are one."""
    text = unicodedata.normalize("NFKC", visible(str(name)[:200])).casefold()
    while "(" in text and ")" in text.partition("(")[2]:
        before, _, rest = text.partition("(")
        text = f"{before} {rest.partition(')')[2]}"
    return "_".join("".join(c if c.isalnum() else " " for c in text).split())
