"""A report as PDF, drawn with matplotlib: no office program is needed.

Same slides, same order; letters are embedded and stay text, so that a page can be searched.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pcs_dash.render.paper_maps import draw_map, to_png
from pcs_dash.render.paper_text import FAMILY, drawable, wrap
from pcs_dash.render.svg_charts import draw_chart
from pcs_dash.render.table_fit import LEADING, Fitted, best_fit, parts_beside, whole_if_short
from pcs_dash.views.answer import Bullets, Chart, Drawn, MapBlock, Table
from pcs_dash.views.deck import Deck, Slide
from pcs_dash.views.report_links import shown

WIDE, HIGH = 13.333, 7.5
INK = "#111827"
QUIET = "#374151"
BLUE = "#005eb8"
BAND = "#e8edf4"
_MARGIN = 0.5
_FOOT = 0.75
_GAP = 0.2
_SWATCH = 0.1
TABLE_SIZES = (14, 12, 11)
_SMALLER_SIZES = (10, 9)
# Whole fonts, not shapes of letters: text that can be searched, copied and read aloud. Matplotlib
# knows the setting for the whole process only, so that one file is drawn at a time.
_ONE_AT_A_TIME = threading.Lock()


def to_pdf(deck: Deck, *, cover: bool = True) -> bytes:
    """The bytes of a PDF file, pages 16:9: a title (`cover`), then a page or more a view."""
    data = io.BytesIO()
    about = {
        "Title": drawable(deck.title),
        "Subject": drawable(f"{deck.subtitle}. Opens the first view: {deck.link}"),
        "Author": "pcs_dash",
        "Creator": "pcs_dash",
        "CreationDate": datetime(deck.made.year, deck.made.month, deck.made.day, tzinfo=UTC),
    }
    with (
        _ONE_AT_A_TIME,
        mpl.rc_context({"pdf.fonttype": 42}),
        PdfPages(data, metadata=about) as pages,
    ):
        number = int(cover)
        if cover:
            pages.savefig(_title_page(deck))
        for slide in deck.slides:
            for figure in _pages(deck, slide, number):
                number += 1
                pages.savefig(figure)
    return data.getvalue()


def slide_picture(deck: Deck) -> bytes:
    """The first slide of a report as PNG bytes, drawn as its page is."""
    with _ONE_AT_A_TIME:
        return to_png(_pages(deck, deck.slides[0], 0)[0], dpi=72)


def _figure() -> Figure:
    return Figure(figsize=(WIDE, HIGH), facecolor="white")


def _write(
    figure: Figure,
    text: str,
    *,
    left: float,
    top: float,
    wide: float,
    size: float,
    bold: bool = False,
    colour: str = INK,
    link: str = "",
) -> float:
    """Write lines that open `link` from `top` down (inches); returns where the next may begin."""
    for line in wrap(text, size, wide * 72, bold=bold):
        figure.text(
            left / WIDE, 1 - top / HIGH, drawable(line, bold=bold), fontsize=size, color=colour,
            fontweight="bold" if bold else "normal", family=FAMILY, ha="left", va="top",
            parse_math=False, url=link or None,
        )  # fmt: skip
        top += size * LEADING / 72
    return top


def _title_page(deck: Deck) -> Figure:
    figure = _figure()
    question = deck.question
    figure.add_artist(Rectangle((0, 0), 0.025, 1, transform=figure.transFigure, color=BLUE))
    top = _write(figure, deck.title, left=1, top=2.0, wide=11, size=34, bold=True) + 0.2
    lines = [
        deck.subtitle,
        *([f"Plan: {deck.plan_name}"] if deck.plan_name else []),
        *deck.basis_lines,
        f"Made {deck.made_text}",
    ]
    for line in lines:
        top = _write(figure, line, left=1, top=top, wide=11, size=16, colour=QUIET) + 0.08
    source = f"Source: NHS England. GPs counted: {question.basis}"
    _foot(figure, source, deck, deck.link, 1, opens=deck.story_link)
    return figure


def _foot(
    figure: Figure, text: str, deck: Deck, link: str, number: int, *, opens: str = ""
) -> None:
    words = f"{text} Made {deck.made_text}. View: {shown(link)}"
    _write(
        figure, words, left=_MARGIN, top=HIGH - _FOOT + 0.2, wide=WIDE - 2 * _MARGIN - 0.5,
        size=8.5, colour=QUIET, link=opens or link,
    )  # fmt: skip
    figure.text(1 - _MARGIN / WIDE, 0.045, f"{number}", fontsize=10, family=FAMILY, color=QUIET,
                ha="right", va="bottom")  # fmt: skip


def _pages(deck: Deck, slide: Slide, before: int) -> list[Figure]:
    """A page, or several where a table goes on, or more than two blocks need room."""
    if len(slide.blocks) > 2:
        pages = _pages(deck, replace(slide, blocks=slide.blocks[:2]), before)
        rest = replace(slide, blocks=slide.blocks[2:])
        return [*pages, *_pages(deck, rest, before + len(pages))]
    wide = WIDE - 2 * _MARGIN
    probe = _figure()
    top = _head(probe, slide, slide.heading)
    high = HIGH - _FOOT - top
    alone = len(slide.blocks) < 2
    shares = [1.0] * len(slide.blocks) if alone else [slide.share, 1 - slide.share]
    room = wide if alone else wide - _GAP
    ready: list[list[Drawn | Fitted]] = []
    for block, share in zip(slide.blocks, shares, strict=True):
        if isinstance(block, Table):
            box = (room * share * 72, high * 72)
            table = whole_if_short(block)
            ready.append([*best_fit(table, *box, TABLE_SIZES, 1.0, smaller=_SMALLER_SIZES)])
        else:
            ready.append([block])
    figures, parts = [], parts_beside(ready)
    for page, blocks in enumerate(parts, start=1):
        figure = _figure()
        of = f" ({page} of {len(parts)})" if len(parts) > 1 else ""
        _head(figure, slide, slide.heading + of)
        left = _MARGIN
        for part, share in zip(blocks, shares, strict=True):
            _block(deck, figure, part, left, top, room * share, high)
            left += room * share + _GAP
        _foot(figure, slide.footer, deck, slide.link, before + page)
        figures.append(figure)
    return figures


def _head(figure: Figure, slide: Slide, heading: str) -> float:
    wide = WIDE - 2 * _MARGIN
    top = _write(figure, heading, left=_MARGIN, top=0.38, wide=wide, size=24, bold=True) + 0.08
    if slide.text:
        top = _write(figure, slide.text, left=_MARGIN, top=top, wide=wide, size=15, bold=True)
    if slide.message:
        top = _write(figure, slide.message, left=_MARGIN, top=top, wide=wide, size=14)
    return top + 0.12


def _block(
    deck: Deck,
    figure: Figure,
    block: Drawn | Fitted,
    left: float,
    top: float,
    wide: float,
    high: float,
) -> None:
    box = (left, HIGH - top - high, wide, high)
    if isinstance(block, MapBlock):
        draw_map(figure, box, deck.dataset, block.spec)
    elif isinstance(block, Chart):
        draw_chart(figure, box, block)
    elif isinstance(block, Fitted):
        _table(figure, block, left, top)
    elif isinstance(block, Bullets):
        _bullets(figure, block, left, top, wide, high)


def _bullets(
    figure: Figure, block: Bullets, left: float, top: float, wide: float, high: float
) -> None:
    size = 18.0
    while size > 10 and _bullets_height(block.items, size, wide) > high - 0.5:
        size -= 1
    if block.caption:
        top = _write(figure, block.caption, left=left, top=top, wide=wide, size=18, bold=True) + 0.1
    for item in block.items:
        _write(figure, "•", left=left, top=top, wide=1, size=size)
        top = _write(figure, item, left=left + 0.3, top=top, wide=wide - 0.3, size=size)
        top += size * 0.6 / 72


def _bullets_height(items: Sequence[str], size: float, wide: float) -> float:
    lines = sum(len(wrap(item, size, (wide - 0.3) * 72)) for item in items)
    return (lines * LEADING + 0.6 * len(items)) * size / 72


def _table(figure: Figure, fitted: Fitted, left: float, top: float) -> None:
    wide = sum(fitted.widths) / 72
    _write(figure, fitted.caption, left=left, top=top, wide=wide, size=fitted.size + 1, bold=True)
    top += fitted.caption_height / 72
    for row, cells in enumerate([fitted.columns, *fitted.rows]):
        head = row == 0
        tall = fitted.heights[row] / 72
        colour = BLUE if head else BAND if row % 2 else "white"
        figure.add_artist(
            Rectangle((left / WIDE, 1 - (top + tall) / HIGH), wide / WIDE, tall / HIGH,
                      transform=figure.transFigure, facecolor=colour, edgecolor="none", zorder=0)
        )  # fmt: skip
        if not head and fitted.colours and (own := fitted.colours[row - 1]):
            figure.add_artist(
                Rectangle(((left - _SWATCH) / WIDE, 1 - (top + tall) / HIGH), _SWATCH / WIDE,
                          tall / HIGH, transform=figure.transFigure, facecolor=own,
                          edgecolor="white", linewidth=0.5)
            )  # fmt: skip
        x = left
        for column, text in enumerate(cells):
            _cell(figure, text, fitted, column, x, top, tall, head=head)
            x += fitted.widths[column] / 72
        top += tall
    if fitted.note:
        _write(figure, fitted.note, left=left, top=top + 0.06, wide=wide, size=fitted.size,
               colour=QUIET)  # fmt: skip


def _cell(
    figure: Figure,
    text: str,
    fitted: Fitted,
    column: int,
    x: float,
    top: float,
    tall: float,
    *,
    head: bool,
) -> None:
    padding, own = fitted.padding / 72, fitted.widths[column] / 72
    lines = wrap(text, fitted.size, fitted.widths[column] - 2 * fitted.padding - 1, bold=head)
    right = fitted.numbers[column]
    step = fitted.size * LEADING / 72
    y = top + (tall - step * len(lines)) / 2
    for line in lines:
        figure.text(
            (x + own - padding if right else x + padding) / WIDE, 1 - (y + step / 2) / HIGH,
            drawable(line, bold=head), fontsize=fitted.size, family=FAMILY,
            fontweight="bold" if head else "normal", color="white" if head else INK,
            ha="right" if right else "left", va="center", parse_math=False,
        )  # fmt: skip
        y += step
