"""How much of a table fits: columns, wrapped cells, rows a page. Shared by slides and PDF pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pcs_dash.render.paper_text import width, wrap
from pcs_dash.views.answer import Table

T = TypeVar("T")
LEADING = 1.22
SHORT_TABLE = 16  # rows: a table of no more is always shown whole
# "0.4 (−0.2 to 0.6)", "1,590 to 1,988".
_LONGEST_FIGURE = 17
_NUMBER = re.compile(r"[−+-]?[\d,.]+(%| km)?")


@dataclass(frozen=True)
class Fitted:
    """A table, or a part of one, with sizes in points; `heights` begin with the heading's."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    heights: tuple[float, ...]
    numbers: tuple[bool, ...]
    size: float
    padding: float
    caption_height: float
    note: str = ""
    note_height: float = 0.0
    colours: tuple[str, ...] = ()


def fit_rows(table: Table, wide: float, high: float, size: float, narrow: float) -> list[Fitted]:
    """The table in parts of at most `wide` by `high` points at a font size, one a page.

    A "top" table is one part: its first rows, and a caption that says how many are not there.
    `narrow` is the width of the font over DejaVu Sans's.
    """
    padding = 5.0
    widths = _widths(
        table, wide, [2 * padding + 1.5 + each for each in _longest(table, size, narrow)]
    )
    numbers = tuple(is_numeric(table.rows, column) for column in range(len(table.columns)))
    line = size * LEADING

    def lines(cells: Sequence[str], *, bold: bool) -> int:
        # Text tools may break a line a little earlier than measured: a point is kept in hand.
        return max(
            len(wrap(cell, size, column - 2 * padding - 1, bold=bold, narrow=narrow)) or 1
            for cell, column in zip(cells, widths, strict=True)
        )

    head = lines(table.columns, bold=True) * line + 6
    each = [lines(row, bold=False) * line + 6 for row in table.rows]
    note_high = _height(table.note, size, wide, narrow) + 6 if table.note else 0.0
    part = cut_caption(table.caption, 444, 888)
    caption_high = _height(part, size + 1, wide, narrow, bold=True) + 4
    whole = _height(table.caption, size + 1, wide, narrow, bold=True) + 4
    if head + sum(each) + note_high + whole <= high:
        caption_high = whole
    pages = _paged(table, each, high - caption_high - head - note_high)
    return [
        Fitted(
            caption=_part_caption(table, pages, page),
            columns=table.columns,
            rows=tuple(table.rows[number] for number in rows),
            widths=widths,
            heights=(head, *(each[number] for number in rows)),
            numbers=numbers,
            size=size,
            padding=padding,
            caption_height=caption_high,
            note=table.note,
            note_height=note_high,
            colours=tuple(table.colours[number] for number in rows) if table.colours else (),
        )
        for page, rows in enumerate(pages)
    ]


def _longest(table: Table, size: float, narrow: float) -> list[float]:
    """How wide the longest word of each column is, in points; where it holds figures, the cell."""
    found = []
    for column, head in enumerate(table.columns):
        cells = [row[column] for row in table.rows]
        whole = _LONGEST_FIGURE if is_numeric(table.rows, column) else 0
        words = [
            word for cell in cells for word in ([cell] if len(cell) <= whole else cell.split())
        ]
        found.append(
            max(
                *(width(word, size, bold=True, narrow=narrow) for word in head.split()),
                *(width(word, size, narrow=narrow) for word in set(words)),
                0.0,
                0.0,
            )
        )
    return found


def _widths(table: Table, wide: float, least: Sequence[float]) -> tuple[float, ...]:
    """`wide` shared out as asked, no column under its `least` where there is room for that."""
    shares = table.widths or (1.0,) * len(table.columns)
    plain = tuple(wide * share / sum(shares) for share in shares)
    if sum(least) > wide:
        return plain
    kept: set[int] = set()
    while True:
        rest = wide - sum(least[column] for column in kept)
        free = sum(share for column, share in enumerate(shares) if column not in kept)
        shared = [
            least[column] if column in kept else rest * share / free
            for column, share in enumerate(shares)
        ]
        short = {column for column, own in enumerate(shared) if own < least[column] - 1e-9}
        if not short - kept:
            return tuple(shared)
        kept |= short


def _paged(table: Table, each: Sequence[float], room: float) -> list[list[int]]:
    """Numbers of the rows of each page, which has `room`; one page where the rest is cut."""
    pages: list[list[int]] = [[]]
    used = 0.0
    for number, tall in enumerate(each):
        if pages[-1] and used + tall > room:
            if table.overflow == "top":
                break
            pages.append([])
            used = 0.0
        pages[-1].append(number)
        used += tall
    return _evened(pages, each, room) if table.overflow == "split" else pages


def _part_caption(table: Table, pages: Sequence[Sequence[int]], page: int) -> str:
    """The caption, with what part of the table this is where it is not the whole."""
    shown = len(pages[0])
    if table.overflow == "top" and shown < len(table.rows):
        return cut_caption(table.caption, shown, len(table.rows))
    if len(pages) > 1:
        return f"{table.caption} (part {page + 1} of {len(pages)})"
    return table.caption


def cut_caption(caption: str, shown: int, rows: int) -> str:
    """The caption of a table of which the first rows are shown, where that is not all."""
    rest = rows - shown
    return f"{caption} (first {shown} of {rows}; {rest} more on the page)" if rest > 0 else caption


def best_fit(
    table: Table,
    wide: float,
    high: float,
    sizes: Sequence[float],
    narrow: float,
    *,
    smaller: Sequence[float] = (),
) -> list[Fitted]:
    """`fit_rows` at the first of `sizes` at which the whole table fits, or else at the last; at one
    of `smaller` ones only where a word would be cut.
    """
    for size in sizes:
        parts = fit_rows(table, wide, high, size, narrow)
        if holds_all(parts, table, narrow):
            break
    for size in smaller:
        if words_whole(parts, narrow):
            break
        parts = fit_rows(table, wide, high, size, narrow)
    return parts


def holds_all(
    parts: Sequence[Fitted], table: Table, narrow: float, *, figures_whole: bool = True
) -> bool:
    """Whether one part holds every row, no word cut and (if asked) no figure over two lines."""
    whole = len(parts) == 1 and len(parts[0].rows) == len(table.rows)
    return whole and not _cramped(parts[0], narrow, figures_whole=figures_whole)


def words_whole(parts: Sequence[Fitted], narrow: float) -> bool:
    """Whether no word is cut, so that it would go on in the next line."""
    return not any(_cramped(part, narrow, figures_whole=False) for part in parts)


def whole_if_short(table: Table) -> Table:
    """A short table goes on on the next page rather than losing rows."""
    return replace(table, overflow="split") if len(table.rows) <= SHORT_TABLE else table


def _cramped(fitted: Fitted, narrow: float, *, figures_whole: bool) -> bool:
    """Whether a word is cut, or a figure broken over two lines."""
    for column, wide in enumerate(fitted.widths):
        room = wide - 2 * fitted.padding - 1
        head = [(word, True) for word in fitted.columns[column].split()]
        cells = [row[column] for row in fitted.rows]
        one_line = fitted.numbers[column] and figures_whole
        words = cells if one_line else " ".join(cells).split()
        for text, bold in [*head, *((word, False) for word in words)]:
            if width(text, fitted.size, bold=bold, narrow=narrow) > room:
                return True
    return False


def _evened(pages: list[list[int]], each: Sequence[float], room: float) -> list[list[int]]:
    """The same number of pages with about as many rows on each, where that still fits."""
    total, count = sum(map(len, pages)), len(pages)
    if count < 2:
        return pages
    bounds = [round(total * number / count) for number in range(count + 1)]
    even = [list(range(bounds[number], bounds[number + 1])) for number in range(count)]
    fits = all(sum(each[row] for row in page) <= room for page in even)
    return even if fits else pages


def _height(text: str, size: float, wide: float, narrow: float, *, bold: bool = False) -> float:
    return max(1, len(wrap(text, size, wide, bold=bold, narrow=narrow))) * size * LEADING


def parts_beside(ready: Sequence[Sequence[T]]) -> list[tuple[T, ...]]:
    """Parts of what stands side by side, by page: where one goes on, the others are repeated."""
    most = max(map(len, ready), default=1)
    return [tuple(parts[min(page, len(parts) - 1)] for parts in ready) for page in range(most)]


def is_numeric(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Whether most cells are figures, which stand to the right; a sentence that begins with one is
    none.
    """
    cells = [row[column] for row in rows if row[column]]
    figures = sum(
        bool(_NUMBER.fullmatch(cell)) or (cell[0].isdigit() and len(cell) <= _LONGEST_FIGURE)
        for cell in cells
    )
    return column > 0 and bool(cells) and figures * 2 >= len(cells)
