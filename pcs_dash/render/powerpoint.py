"""A report as PowerPoint: native charts and tables, maps as pictures, speaker notes, alt text.

With a template of the user's own its layouts, fonts and colours are followed; without one the
slides are 16:9, plain and in Arial.
"""

from __future__ import annotations

import copy
import io
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from openpyxl import load_workbook
from pptx import Presentation
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
)
from pptx.enum.dml import MSO_LINE, MSO_THEME_COLOR
from pptx.enum.shapes import MSO_CONNECTOR, PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.oxml.xmlchemy import OxmlElement
from pptx.util import Emu, Inches, Pt

from pcs_dash.measures import numbers
from pcs_dash.render.paper_maps import map_figure, to_png
from pcs_dash.render.paper_text import ARIAL, printable, shorten, width, wrap
from pcs_dash.render.slide_template import open_template
from pcs_dash.render.table_fit import (
    SHORT_TABLE,
    Fitted,
    best_fit,
    holds_all,
    parts_beside,
    whole_if_short,
)
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.spreadsheet_text import FORMULA_STARTS
from pcs_dash.views.answer import Bullets, Chart, Drawn, MapBlock, Series, Table
from pcs_dash.views.deck import Deck, Slide
from pcs_dash.views.report_links import LONGEST_IN_OFFICE, shown

INK = RGBColor(0x11, 0x18, 0x27)
QUIET = RGBColor(0x37, 0x41, 0x51)
GRID = RGBColor(0xD1, 0xD5, 0xDB)

_MESSAGE_SIZE = 16.0
_TEXT_SIZE = 18.0
_FOOTER_SIZE = 10
_TABLE_SIZES = (16, 14, 12)
# Only where a word would be cut: on the narrow slides of some templates.
_SMALLER_TABLE_SIZES = (11, 10, 9, 8)
_BULLET_SIZE = 20
# Town names of a map on a slide, beside those on paper: 14 to 18 points.
_BACK_ROW = 1.8
_log = logging.getLogger(__name__)
_GAP = 0.18  # inches between blocks
_LEAST_WIDTH = 4.3  # inches for a map or chart beside another block
# Placeholders that hold no content of the slide's own.
_FURNITURE = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)
_TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE)


@dataclass(frozen=True)
class _Box:
    """A place on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    @property
    def emu(self) -> tuple[Emu, Emu, Emu, Emu]:
        return Inches(self.left), Inches(self.top), Inches(self.width), Inches(self.height)


def to_pptx(deck: Deck, *, template: bytes | None = None) -> bytes:
    """The report as the bytes of a .pptx file: a title slide, then a slide or more for each view.

    UserError if the template is no PowerPoint file, too large, or has no layout to write on.
    """
    if template is None:
        return _written(_blank(), deck, templated=False)
    presentation = open_template(template)
    try:
        return _written(presentation, deck, templated=True)
    except UserError:
        raise
    except Exception as error:
        # A layout may be any XML: python-pptx meets it where it writes.
        _log.exception("a template could not be written on")
        raise UserError(
            "The template's layouts can't be written on. Open it in PowerPoint, look at its "
            "layouts (View, Slide Master), save it as .pptx and choose it again."
        ) from error


def _written(presentation: Any, deck: Deck, *, templated: bool) -> bytes:
    writer = _Writer(presentation, deck, templated=templated)
    writer.title_slide()
    for slide in deck.slides:
        writer.slide(slide)
    _properties(presentation, deck)
    data = io.BytesIO()
    presentation.save(data)
    return data.getvalue()


# --- the presentation to write into ---


# Where the blank template's own placeholders go.
_PLACES = {
    PP_PLACEHOLDER.SLIDE_NUMBER: _Box(12.43, 6.98, 0.5, 0.35),
    PP_PLACEHOLDER.TITLE: _Box(0.5, 0.28, 12.33, 0.72),
    PP_PLACEHOLDER.CENTER_TITLE: _Box(0.9, 1.9, 11.5, 1.5),
    PP_PLACEHOLDER.SUBTITLE: _Box(0.9, 3.5, 11.5, 1.9),
}


def _blank() -> Any:
    """python-pptx's own template made 16:9, in Arial, with a dark blue that carries white text."""
    presentation = Presentation()
    wide = Inches(13.333) / presentation.slide_width
    presentation.slide_width = Inches(13.333)
    theme = presentation.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme._blob = theme.blob.replace(b"Calibri", b"Arial").replace(b"4F81BD", b"005EB8")
    keep = {"Title Slide", "Title and Content", "Title Only", "Blank"}
    for layout in list(presentation.slide_layouts):
        if layout.name not in keep:
            presentation.slide_layouts.remove(layout)
    for holder in (presentation.slide_master, *presentation.slide_layouts):
        for shape in list(holder.placeholders):
            _fit(shape, wide)
    _title_style(presentation.slide_master)
    return presentation


def _fit(shape: Any, wide: float) -> None:
    """A placeholder of the narrow template in its place on a slide that is `wide` times as wide."""
    kind = shape.placeholder_format.type
    if kind in (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER):
        shape._element.getparent().remove(shape._element)
    elif kind in _PLACES:
        _place(shape, _PLACES[kind])
        if kind == PP_PLACEHOLDER.TITLE:
            shape.text_frame.margin_left = 0
    elif shape._element.spPr.find(qn("a:xfrm")) is not None:
        shape.left, shape.width = int(shape.left * wide), int(shape.width * wide)


def _place(shape: Any, box: _Box) -> None:
    shape.left, shape.top, shape.width, shape.height = box.emu


def _title_style(master: Any) -> None:
    """Titles to the left, 28 points, bold."""
    style = master._element.find(qn("p:txStyles")).find(qn("p:titleStyle")).find(qn("a:lvl1pPr"))
    style.set("algn", "l")
    run = style.find(qn("a:defRPr"))
    run.set("sz", "2800")
    run.set("b", "1")


def _properties(presentation: Any, deck: Deck) -> None:
    properties = presentation.core_properties
    properties.title = printable(deck.title)[:255]
    properties.subject = printable(deck.subtitle)[:255]
    properties.author = properties.last_modified_by = "pcs_dash"
    comments = f"Made {deck.made_text}. Opens the first view: {deck.link}"
    properties.comments = printable(comments)[:255]
    properties.keywords = "general practice, deprivation, workforce"


# --- slides ---


class _Writer:
    """Adds slides; knows which layouts to use and where there is room on them."""

    def __init__(self, presentation: Any, deck: Deck, *, templated: bool) -> None:
        self.presentation = presentation
        self.templated = templated
        # A template's font may be any; DejaVu Sans, as measured, is wider than nearly all.
        self.narrow = 1.0 if templated else ARIAL
        self.deck = deck
        self.wide = presentation.slide_width / Inches(1)
        self.high = presentation.slide_height / Inches(1)
        layouts = list(presentation.slide_layouts)
        titled = [layout for layout in layouts if _holder(layout, _TITLES) is not None]
        if not titled:
            raise UserError(
                "The template has no layout with a title. Add one in PowerPoint (View, Slide "
                "Master) and choose the file again."
            )
        self.opening = next(
            (item for item in titled if _holder(item, (PP_PLACEHOLDER.SUBTITLE,)) is not None),
            titled[0],
        )
        rest = [item for item in titled if item is not self.opening] or titled
        self.plain = min(rest, key=_contents)

    def title_slide(self) -> None:
        deck = self.deck
        slide = self.presentation.slides.add_slide(self.opening)
        slide.shapes.title.text_frame.text = printable(deck.title)
        slide.shapes.title.text_frame.auto_size = MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE
        basis = (*deck.basis_lines, f"Made {deck.made_text}")
        lines = [deck.subtitle, *([f"Plan: {deck.plan_name}"] if deck.plan_name else []), *basis]
        subtitle = _holder(slide, (PP_PLACEHOLDER.SUBTITLE,))
        if subtitle is not None:
            frame = subtitle.text_frame
            frame.text = "\n".join(map(printable, lines))
            frame.auto_size = MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE
            for paragraph in frame.paragraphs:
                paragraph.font.size = Pt(18)
                if not self.templated:
                    paragraph.font.color.rgb = QUIET
                    paragraph.alignment = PP_ALIGN.LEFT
        else:
            box = replace(self._body(), height=2.0)
            self._text(slide, box, lines, size=18, name="About this report")
        self._drop_empty(slide)
        foot = f"Source: NHS England. GPs counted: {deck.question.basis}"
        self._footer(slide, foot, deck.link, opens=deck.story_link)
        self._notes(slide, [f"{term}: {meaning}" for term, meaning in deck.definitions])

    def slide(self, content: Slide) -> None:
        """One slide; further ones where a table goes on."""
        parts = self._parts(content)
        for number, blocks in enumerate(parts, start=1):
            of = f" ({number} of {len(parts)})" if len(parts) > 1 else ""
            self._one(content, f"{content.heading}{of}", blocks)

    def _parts(self, content: Slide) -> list[tuple[Drawn | Fitted, ...]]:
        """The blocks of each slide: side by side where there is room, tables cut to what fits."""
        if len(content.blocks) > 2:
            halves = (content.blocks[:2], content.blocks[2:])
            return [part for own in halves for part in self._parts(replace(content, blocks=own))]
        room = self._blocks_box(content, self._body())
        boxes = _split(room, len(content.blocks), content.share)
        if len(boxes) > 1 and any(
            self._too_small(block, box) for block, box in zip(content.blocks, boxes, strict=True)
        ):
            return [(part,) for block in content.blocks for part in self._pages(block, room)]
        both = zip(content.blocks, boxes, strict=True)
        return parts_beside([self._pages(block, box) for block, box in both])

    def _pages(self, block: Drawn, box: _Box) -> list[Drawn | Fitted]:
        if not isinstance(block, Table):
            return [block]
        table = whole_if_short(block)
        wide, high = box.width * 72, box.height * 72
        smaller = _SMALLER_TABLE_SIZES if self.templated else ()
        return [*best_fit(table, wide, high, _TABLE_SIZES, self.narrow, smaller=smaller)]

    def _too_small(self, block: Drawn, box: _Box) -> bool:
        """Whether a block needs a slide to itself: on a 4:3 template two rarely fit."""
        if isinstance(block, (Chart, MapBlock)):
            return box.width < _LEAST_WIDTH
        if not isinstance(block, Table):
            return False
        parts = best_fit(block, box.width * 72, box.height * 72, _TABLE_SIZES, self.narrow)
        if len(block.rows) <= SHORT_TABLE:
            return not holds_all(parts, block, self.narrow, figures_whole=False)
        return len(parts[0].rows) < 8

    def _one(self, content: Slide, heading: str, blocks: Sequence[Drawn | Fitted]) -> None:
        slide = self.presentation.slides.add_slide(self.plain)
        title = slide.shapes.title
        title.text_frame.text = printable(heading)
        title.text_frame.auto_size = MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE
        self._drop_empty(slide)
        body = self._body()
        top = body.top
        for text, size, bold in _lead(content):
            high = _text_height(text, size, body.width, self.narrow)
            box = replace(body, top=top, height=high)
            self._text(slide, box, [text], size=size, bold=bold, name="Message")
            top += high
        room = self._blocks_box(content, body)
        for block, box in zip(blocks, _split(room, len(blocks), content.share), strict=True):
            self._block(slide, block, box)
        self._footer(slide, content.footer, content.link)
        self._notes(slide, content.notes)

    # --- where there is room ---

    def _body(self) -> _Box:
        """Below the layout's title, above its footer, as wide as its title."""
        holder = _holder(self.plain, _TITLES)
        left, top, _, height = _inches(holder)
        if top > 0.4 * self.high or top + height > 0.5 * self.high:
            # A title at the foot or down the side: the upper left is free.
            left, below = 0.04 * self.wide, 0.06 * self.high
        else:
            below = top + height + 0.04
        margin = min(max(left, 0.3), 0.08 * self.wide)
        return _Box(margin, below, self.wide - 2 * margin, self._footer_top() - 0.08 - below)

    def _footer_top(self) -> float:
        """The source line stands above the template's own footer, if it has one."""
        lowest = self.high - 0.12
        for shape in self.plain.placeholders:
            kind = shape.placeholder_format.type
            if kind in (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER) and shape.top is not None:
                top = _inches(shape)[1]
                if top > 0.75 * self.high:
                    lowest = min(lowest, top)
        return lowest - 0.42

    def _blocks_box(self, content: Slide, body: _Box) -> _Box:
        used = sum(
            _text_height(text, size, body.width, self.narrow) for text, size, _ in _lead(content)
        )
        used += 0.08 if used else 0
        return replace(body, top=body.top + used, height=body.height - used)

    # --- parts of a slide ---

    def _drop_empty(self, slide: Any) -> None:
        """Placeholders that would say "Click to add text" go; a slide number comes."""
        for shape in list(slide.placeholders):
            if shape.has_text_frame and shape.text_frame.text:
                continue
            shape._element.getparent().remove(shape._element)
        number = _holder(slide.slide_layout, (PP_PLACEHOLDER.SLIDE_NUMBER,))
        if number is not None:
            slide.shapes._spTree.append(copy.deepcopy(number._element))

    def _text(
        self,
        slide: Any,
        box: _Box,
        paragraphs: Sequence[str],
        *,
        size: float,
        name: str,
        bold: bool = False,
        colour: RGBColor = INK,
        bullets: bool = False,
    ) -> None:
        shape = slide.shapes.add_textbox(*box.emu)
        shape.name = name
        _describe(shape, name)
        frame = shape.text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        for number, text in enumerate(paragraphs):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            run = paragraph.add_run()
            run.text = printable(text)
            run.font.size = Pt(size)
            run.font.bold = bold or None
            # A template's own colour reads on its own background, whatever that is.
            if not self.templated:
                run.font.color.rgb = colour
            if bullets:
                paragraph.space_after = Pt(size * 0.6)
                _bullet(paragraph, size)

    def _footer(self, slide: Any, text: str, link: str, *, opens: str = "") -> None:
        body = self._body()
        box = _Box(body.left, self._footer_top(), body.width - 0.35, 0.4)
        words = f"{text} Made {self.deck.made_text}. View: {shown(link)}"
        size: float = _FOOTER_SIZE
        while size > 7 and len(wrap(words, size, box.width * 72, narrow=self.narrow)) > 2:
            size -= 0.5
        self._text(slide, box, [words], size=size, colour=QUIET, name="Source and period")
        self._link(slide.shapes[-1], shown(link), opens or link)

    def _link(self, shape: Any, words: str, link: str) -> None:
        """Make the end of a text box, which are these words, a link."""
        paragraph = shape.text_frame.paragraphs[0]
        run = paragraph.runs[0]
        if not words or not run.text.endswith(printable(words)):
            return
        size, colour = run.font.size, run.font.color
        run.text = run.text.removesuffix(printable(words))
        tail = paragraph.add_run()
        tail.text = printable(words)
        tail.font.size = size
        if colour.type is not None:
            tail.font.color.rgb = colour.rgb
        if len(link) <= LONGEST_IN_OFFICE:
            tail.hyperlink.address = link

    def _notes(self, slide: Any, paragraphs: Sequence[str]) -> None:
        slide.notes_slide.notes_text_frame.text = "\n".join(map(printable, paragraphs))

    def _block(self, slide: Any, block: Drawn | Fitted, box: _Box) -> None:
        if isinstance(block, MapBlock):
            size = (box.width, box.height)
            figure = map_figure(self.deck.dataset, block.spec, size=size, enlarged=_BACK_ROW)
            picture = slide.shapes.add_picture(io.BytesIO(to_png(figure)), *box.emu)
            picture.name = "Map"
            _describe(picture, block.alt)
        elif isinstance(block, Chart):
            _add_chart(slide, block, box, templated=self.templated)
        elif isinstance(block, Fitted):
            self._table(slide, block, box)
        elif isinstance(block, Bullets):
            self._bullets(slide, block, box)

    def _bullets(self, slide: Any, block: Bullets, box: _Box) -> None:
        if block.caption:
            high = _text_height(block.caption, _BULLET_SIZE, box.width, self.narrow)
            self._text(slide, replace(box, height=high), [block.caption], size=_BULLET_SIZE,
                       bold=True, name="Caption")  # fmt: skip
            box = replace(box, top=box.top + high + 0.1, height=box.height - high - 0.1)
        size: float = _BULLET_SIZE
        while size > 12 and self._bullets_height(block.items, size, box.width) > box.height:
            size -= 1
        self._text(slide, box, block.items, size=size, bullets=True, name="Points")

    def _bullets_height(self, items: Sequence[str], size: float, wide: float) -> float:
        lines = sum(_text_height(item, size, wide - 0.35, self.narrow) for item in items)
        return lines + len(items) * size * 0.6 / 72

    def _table(self, slide: Any, fitted: Fitted, box: _Box) -> None:
        caption_high = fitted.caption_height / 72
        self._text(slide, replace(box, height=caption_high), [fitted.caption],
                   size=fitted.size + 1, bold=True, name="Table caption")  # fmt: skip
        top = box.top + caption_high
        shape = slide.shapes.add_table(
            len(fitted.rows) + 1,
            len(fitted.columns),
            *replace(box, top=top, height=sum(fitted.heights) / 72).emu,
        )
        shape.name = "Table"
        _describe(shape, f"Table: {fitted.caption}")
        table = shape.table
        table.first_row = table.horz_banding = True
        for number, wide in enumerate(fitted.widths):
            table.columns[number].width = Pt(wide)
        for number, high in enumerate(fitted.heights):
            table.rows[number].height = Pt(high)
        for row, cells in enumerate([fitted.columns, *fitted.rows]):
            for column, text in enumerate(cells):
                cell = table.cell(row, column)
                _fill_cell(cell, text, fitted, right=fitted.numbers[column], head=row == 0)
        for row, colour in enumerate(fitted.colours, start=1):
            if colour:
                _line_before(table.cell(row, 0), colour)
        if fitted.note:
            below = top + sum(fitted.heights) / 72 + 0.06
            self._text(slide, _Box(box.left, below, box.width, fitted.note_height / 72),
                       [fitted.note], size=fitted.size, colour=QUIET, name="Note")  # fmt: skip


def _lead(content: Slide) -> list[tuple[str, float, bool]]:
    """The presenter's own line, then what the figures say."""
    lines = ((content.text, _TEXT_SIZE, True), (content.message, _MESSAGE_SIZE, False))
    return [line for line in lines if line[0]]


def _split(box: _Box, parts: int, share: float) -> list[_Box]:
    """One box (none for no part), or two side by side, the left one with `share` of the width."""
    if parts < 2:
        return [box] * parts
    left = (box.width - _GAP) * share
    return [
        replace(box, width=left),
        replace(box, left=box.left + left + _GAP, width=box.width - _GAP - left),
    ]


def _text_height(text: str, size: float, wide: float, narrow: float) -> float:
    """Inches that a text takes at a width in inches."""
    return max(1, len(wrap(text, size, wide * 72, narrow=narrow))) * size * 1.22 / 72 + 0.03


def _holder(shapes: Any, kinds: Sequence[Any]) -> Any:
    """The first placeholder of these kinds, or None."""
    found = (shape for shape in shapes.placeholders if shape.placeholder_format.type in kinds)
    return next(found, None)


def _contents(layout: Any) -> int:
    """How many placeholders a layout has beside its title and furniture."""
    return sum(
        shape.placeholder_format.type not in (*_TITLES, *_FURNITURE)
        for shape in layout.placeholders
    )


def _inches(shape: Any) -> tuple[float, float, float, float]:
    return tuple(value / Inches(1) for value in (shape.left, shape.top, shape.width, shape.height))


def _describe(shape: Any, text: str) -> None:
    """Alternative text."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", printable(text)[:2_000])


def _bullet(paragraph: Any, size: float) -> None:
    """A real bullet with a hanging indent, whatever the text box's style."""
    properties = paragraph._p.get_or_add_pPr()
    indent = int(Pt(size * 1.1))
    properties.set("marL", str(indent))
    properties.set("indent", str(-indent))
    mark = OxmlElement("a:buChar")
    mark.set("char", "•")
    properties.append(mark)


def _fill_cell(cell: Any, text: str, fitted: Fitted, *, right: bool, head: bool) -> None:
    cell.margin_left = cell.margin_right = Pt(fitted.padding)
    cell.margin_top = cell.margin_bottom = Pt(2)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = printable(text)
    run.font.size = Pt(fitted.size)
    run.font.bold = head or None


def _line_before(cell: Any, colour: str) -> None:
    """A thick line of a hub's colour at the left of its name: `a:lnL`, first in its element."""
    space = "http://schemas.openxmlformats.org/drawingml/2006/main"
    fill = f'<a:solidFill><a:srgbClr val="{_rgb(colour)}"/></a:solidFill>'
    line = f'<a:lnL xmlns:a="{space}" w="76200" cap="flat">{fill}</a:lnL>'
    cell._tc.get_or_add_tcPr().insert(0, parse_xml(line))


# --- charts ---

# Of a chart's width, at most so much is for the names of its categories.
_MOST_NAMES = 0.46


def _add_chart(slide: Any, chart: Chart, box: _Box, *, templated: bool) -> None:
    if chart.kind == "scatter":
        data: Any = XyChartData(number_format="General")
        for series in chart.series:
            own = data.add_series(printable(series.name))
            for x, y in zip(series.x, series.values, strict=True):
                own.add_data_point(x, y)
        kind = XL_CHART_TYPE.XY_SCATTER
    else:
        # A bar chart draws its first category at the foot: turned round, the first is on top.
        data = CategoryChartData(number_format="General")
        data.categories = [printable(name) for name in reversed(_names_in(chart, box))]
        for series in _drawn(chart):
            data.add_series(printable(series.name), list(reversed(series.values)))
        kind = XL_CHART_TYPE.BAR_CLUSTERED
        if chart.kind == "shares":
            kind = XL_CHART_TYPE.BAR_STACKED_100
    frame = slide.shapes.add_chart(kind, *box.emu, data)
    frame.name = "Chart"
    _describe(frame, chart.alt)
    _names_as_text(frame.chart, chart)
    _style(frame.chart, chart, templated=templated)
    if chart.reference is not None and chart.kind in ("bars", "intervals"):
        _reference_line(slide, frame.chart, chart, box, templated=templated)


def _name_size(chart: Chart) -> int:
    return 10 if len(chart.categories) > 10 else 12


def _names_in(chart: Chart, box: _Box) -> tuple[str, ...]:
    """The names of categories, each short enough for one line where two of two lines each would
    touch: LibreOffice then leaves out every second one. A code in brackets stays whole.
    """
    size = _name_size(chart)
    room = box.height * 72 - _title_lines(chart, box) * 18 - 90
    wide = _MOST_NAMES * box.width * 72 - 16
    long = [width(name, size, narrow=ARIAL) > wide for name in chart.categories]
    touch = room < 2.15 * size * len(chart.categories)
    if not (touch and any(map(all, pairwise(long)))):
        return chart.categories

    def short(name: str) -> str:
        if width(name, size, narrow=ARIAL) <= wide:
            return name
        head, bracket, tail = name.rpartition(" (")
        end = bracket + tail if head else ""
        left = wide - width(end, size, narrow=ARIAL)
        return shorten(head or name, size, left, narrow=ARIAL) + end

    return tuple(map(short, chart.categories))


def _title_lines(chart: Chart, box: _Box) -> int:
    return len(wrap(chart.title, 13, box.width * 72 - 24, bold=True, narrow=ARIAL))


def _names_as_text(native: Any, chart: Chart) -> None:
    """In the workbook behind the chart, where python-pptx writes "=..." as a formula, as text."""
    names = [*chart.categories, *(series.name for series in chart.series)]
    if not any(name.startswith(FORMULA_STARTS) for name in names):
        return
    behind = native.part.chart_workbook
    book = load_workbook(io.BytesIO(behind.xlsx_part.blob))
    for row in book.active.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type, cell.quotePrefix = "s", True
    changed = io.BytesIO()
    book.save(changed)
    behind.update_from_xlsx_blob(changed.getvalue())


def _reference_line(slide: Any, native: Any, chart: Chart, box: _Box, *, templated: bool) -> None:
    """The reference as a dashed line over the bars, which native bar charts have no part for.

    The plot is given a fixed place in the chart and the axis fixed ends, so that the line's place
    is known; without them each program would choose its own.
    """
    assert chart.reference is not None
    low, high = chart.bounds or _round_ends(chart)
    native.value_axis.minimum_scale, native.value_axis.maximum_scale = low, high
    names = max((width(name, 12, narrow=ARIAL) for name in map(printable, chart.categories)),
                default=0.0)  # fmt: skip
    left = min(_MOST_NAMES, (names + 16) / 72 / box.width)
    above = (_title_lines(chart, box) * 18 + 38) / 72 / box.height
    below = 52 / 72 / box.height
    plot = (left, above, 1 - left - 0.05, 1 - above - below)
    _fix_plot(native, plot)
    share = (chart.reference - low) / (high - low)
    x = box.left + box.width * (plot[0] + plot[2] * share)
    top, foot = box.top + box.height * plot[1], box.top + box.height * (plot[1] + plot[3])
    line = slide.shapes.add_connector(
        MSO_CONNECTOR.STRAIGHT, Inches(x), Inches(top), Inches(x), Inches(foot)
    )
    _ink(line.line.color, templated=templated)
    line.line.width = Pt(1.75)
    line.line.dash_style = MSO_LINE.DASH
    line.name = "Reference line"
    label = chart.reference_label or numbers.number(chart.reference)
    _describe(line, f"Line at {label}")
    words = slide.shapes.add_textbox(Inches(x - 1), Inches(top - 0.26), Inches(2), Inches(0.24))
    words.name = "Reference label"
    _describe(words, f"Line at {label}")
    words.text_frame.margin_top = words.text_frame.margin_bottom = 0
    paragraph = words.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.CENTER
    run = paragraph.add_run()
    run.text = printable(label)
    run.font.size = Pt(12)


def _round_ends(chart: Chart) -> tuple[float, float]:
    """Round ends of the axis, 0 within, with room for the figures behind the bars."""
    values = [value for series in chart.series for value in series.values if value is not None]
    ends = [*values, chart.reference or 0.0, 0.0]
    step = _step(chart)
    return step * math.floor(1.08 * min(ends) / step), step * math.ceil(1.08 * max(ends) / step)


def _fix_plot(native: Any, plot: tuple[float, float, float, float]) -> None:
    """Give the plot (without its labels) a place in the chart, as shares of its size."""
    sizes = "".join(
        f'<c:{name} val="{value:.4f}"/>' for name, value in zip("xywh", plot, strict=True)
    )
    layout = parse_xml(
        '<c:layout xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:manualLayout>'
        '<c:layoutTarget val="inner"/><c:xMode val="edge"/><c:yMode val="edge"/>'
        f"{sizes}</c:manualLayout></c:layout>"
    )
    area = native._chartSpace.chart.plotArea
    for old in area.findall(qn("c:layout")):
        area.remove(old)
    area.insert(0, layout)


def _drawn(chart: Chart) -> Sequence[Series]:
    """Several bars of a category are drawn from the foot as well."""
    return tuple(reversed(chart.series)) if chart.kind == "bars" else chart.series


def _style(native: Any, chart: Chart, *, templated: bool) -> None:
    native.font.size = Pt(12)
    _ink(native.font.color, templated=templated)
    native.has_title = True
    native.chart_title.include_in_layout = False
    title = native.chart_title.text_frame
    title.text = printable(chart.title)
    title.paragraphs[0].font.size = Pt(13)
    title.paragraphs[0].font.bold = True
    native.has_legend = len(chart.series) > 1
    if native.has_legend:
        native.legend.position = XL_LEGEND_POSITION.BOTTOM
        native.legend.include_in_layout = False
        native.legend.font.size = Pt(12)
        _names_once(native.legend, chart)
    whole = chart.number_format
    if chart.kind == "bars":
        # As many decimals as the distance between the ticks has.
        decimals = len(f"{_step(chart):g}".partition(".")[2])
        bare = whole.partition(".")[0].removesuffix('"%"') + "." * bool(decimals) + "0" * decimals
        whole = bare + ('"%"' if "%" in whole else "")
    _axis_style(native.value_axis, chart.value_title, f"{whole};−{whole}")
    if chart.kind == "bars":
        native.value_axis.major_unit = _step(chart)
        # Bars that differ little would else begin at any figure, and seem to differ much.
        native.value_axis.minimum_scale, native.value_axis.maximum_scale = _round_ends(chart)
    if chart.bounds is not None:
        native.value_axis.minimum_scale, native.value_axis.maximum_scale = chart.bounds
        if chart.kind == "intervals" and chart.bounds[1] - chart.bounds[0] <= 2:
            # Coefficients, whose bounds are in fifths: 0 is one of the ticks.
            native.value_axis.major_unit = 0.2
            native.value_axis.tick_labels.number_format = "0.0;−0.0"
    if chart.kind == "scatter":
        _axis_style(native.category_axis, chart.x_title, "General")
        _scatter_series(native, chart)
        return
    names = native.category_axis
    names.tick_labels.font.size = Pt(_name_size(chart))
    _every_label(names)
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    names.has_major_gridlines = False
    names.format.line.color.rgb = GRID
    plot = native.plots[0]
    plot.gap_width = 45 if chart.kind != "intervals" else 110
    if chart.kind == "shares":
        plot.overlap = 100
        native.value_axis.tick_labels.number_format = "0%"
    for series, own in zip(_drawn(chart), plot.series, strict=True):
        _bar_series(own, series, chart)


def _ink(colour: Any, *, templated: bool) -> None:
    """Dark, or as the template has its text."""
    if templated:
        colour.theme_color = MSO_THEME_COLOR.TEXT_1
    else:
        colour.rgb = INK


def _names_once(legend: Any, chart: Chart) -> None:
    """Both edges of a band have its name, which the legend says once."""
    names, after = [series.name for series in _drawn(chart)], legend._element.legendPos
    for number, name in reversed(list(enumerate(names))):
        if name in names[:number]:
            entry = f'<c:idx val="{number}"/><c:delete val="1"/>'
            space = "http://schemas.openxmlformats.org/drawingml/2006/chart"
            after.addnext(parse_xml(f'<c:legendEntry xmlns:c="{space}">{entry}</c:legendEntry>'))


def _step(chart: Chart) -> float:
    """A round distance between the ticks, so that there are about five and their words fit."""
    values = [value for series in chart.series for value in series.values if value is not None]
    span = max([*values, 0.0]) - min([*values, 0.0])
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    return power * min(step for step in (1, 2, 2.5, 5, 10) if step * power >= span / 4)


def _every_label(axis: Any) -> None:
    """No category loses its name for want of room: `c:tickLblSkip`, in its place in the schema."""
    skip = OxmlElement("c:tickLblSkip")
    skip.set("val", "1")
    after = axis._element.find(qn("c:noMultiLvlLbl"))
    if after is None:
        axis._element.append(skip)
    else:
        after.addprevious(skip)


def _axis_style(axis: Any, title: str, number_format: str) -> None:
    axis.has_major_gridlines = True
    axis.major_gridlines.format.line.color.rgb = GRID
    axis.format.line.color.rgb = GRID
    axis.tick_labels.font.size = Pt(11)
    axis.tick_labels.number_format = number_format
    axis.tick_labels.number_format_is_linked = False
    axis.has_title = bool(title)
    if title:
        frame = axis.axis_title.text_frame
        frame.text = printable(title)
        frame.paragraphs[0].font.size = Pt(12)
        frame.paragraphs[0].font.bold = False


def _bar_series(own: Any, series: Series, chart: Chart) -> None:
    own.invert_if_negative = False
    bars = [(own, series.colour)]
    bars += [(own.points[place], colour) for place, colour in enumerate(reversed(series.colours))]
    for bar, colour in bars:
        bar.format.fill.solid()
        bar.format.fill.fore_color.rgb = _rgb(colour)
        bar.format.line.color.rgb = QUIET
        bar.format.line.width = Pt(0.5)
    if chart.kind == "bars":
        labels = own.data_labels
        labels.show_value = True
        labels.number_format = f"{chart.number_format};−{chart.number_format}"
        labels.number_format_is_linked = False
        labels.font.size = Pt(11)
    if series.low:
        _error_bars(own, series)


def _error_bars(own: Any, series: Series) -> None:
    """Intervals, which python-pptx has no words for: `c:errBars` before the categories."""

    def points(ends: Sequence[float | None]) -> str:
        pairs = list(zip(series.values, ends, strict=True))[::-1]
        found = "".join(
            f'<c:pt idx="{number}"><c:v>{abs(end - value):.6g}</c:v></c:pt>'
            for number, (value, end) in enumerate(pairs)
            if value is not None and end is not None
        )
        head = f'<c:formatCode>General</c:formatCode><c:ptCount val="{len(pairs)}"/>'
        return f"<c:numLit>{head}{found}</c:numLit>"

    xml = (
        '<c:errBars xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        '<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="0"/>'
        f"<c:plus>{points(series.high)}</c:plus><c:minus>{points(series.low)}</c:minus>"
        '<c:spPr><a:ln w="22225"><a:solidFill><a:srgbClr val="111827"/></a:solidFill></a:ln>'
        "</c:spPr></c:errBars>"
    )
    own._element.find(qn("c:cat")).addprevious(parse_xml(xml))


def _scatter_series(native: Any, chart: Chart) -> None:
    for series, own in zip(chart.series, native.plots[0].series, strict=True):
        if series.line:
            own.marker.style = XL_MARKER_STYLE.NONE
            own.smooth = False
            own.format.line.color.rgb = _rgb(series.colour)
            own.format.line.width = Pt(2.25)
            if series.dash:
                own.format.line.dash_style = MSO_LINE.DASH
        else:
            own.format.line.fill.background()
            own.marker.style = XL_MARKER_STYLE.CIRCLE
            own.marker.size = 8
            own.marker.format.fill.solid()
            own.marker.format.fill.fore_color.rgb = _rgb(series.colour)
            own.marker.format.line.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.lstrip("#").upper())
