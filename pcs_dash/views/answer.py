"""A view and its answer: what is declared once, for page, slide, file, command and address.

A `View` says what it is called, where it stands and what it can be asked; its function turns a
`Question` into an `Answer`. An answer is made of six kinds of block and knows no format: `ui` puts
it on a page, `render` into files and on the screen of a room.

Names are untrusted and stand here as they are; whoever shows them makes them safe.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, Literal

import pandas as pd

from pcs_dash.measures.numbers import NO_FIGURE
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.words import Words
from pcs_dash.tables.errors import UserError
from pcs_dash.views.cells import cell_text
from pcs_dash.views.map_spec import MapSpec, alt_text
from pcs_dash.views.question import Question

CHART_COLOURS = ("#2166ac", "#e08214", "#6b7280")

ChartKind = Literal["bars", "shares", "scatter", "intervals"]
OptionKind = Literal["choice", "switch", "several", "practice", "number"]
Choices = Mapping[str, str] | Sequence[str]
# Latitude and longitude of each.
Corners = tuple[tuple[float, float], ...]


def or_none(value: float | None) -> float | None:
    """A figure as JSON has it: None where there is none."""
    return None if value is None or not math.isfinite(value) else float(value)


# --- blocks ---


@dataclass(frozen=True)
class Series:
    """One row of marks. `x` for scatters; `low` and `high` for intervals; `colours` one a mark.

    A missing value is None. `line` joins the marks instead of showing them, `dash` draws it
    broken. `codes` say which practice (or, by name, which hub) each mark is, `labels` what a mark
    is called, `sizes` how large it is (list sizes); `shape` is Vega's name of a mark.
    """

    name: str
    values: tuple[float | None, ...]
    x: tuple[float, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    colour: str = CHART_COLOURS[0]
    colours: tuple[str, ...] = ()
    line: bool = False
    dash: bool = False
    codes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sizes: tuple[float, ...] = ()
    shape: str = "circle"

    @classmethod
    def of(
        cls,
        name: str,
        values: Iterable[float | None],
        *,
        x: Iterable[float] = (),
        low: Iterable[float | None] = (),
        high: Iterable[float | None] = (),
        **more: Any,
    ) -> Series:
        """The same of any columns or lists: what is not finite is missing."""
        shown, lows, highs = (tuple(map(or_none, each)) for each in (values, low, high))
        return cls(name, shown, x=tuple(map(float, x)), low=lows, high=highs, **more)

    @classmethod
    def of_practices(
        cls, name: str, own: pd.DataFrame, values: pd.Series, x: pd.Series, **more: Any
    ) -> Series:
        """A mark for each of these practices (a row each), named and sized by its list."""
        return cls.of(
            name,
            values,
            x=x,
            codes=tuple(map(str, own.index)),
            labels=tuple(f"{name} ({code})" for code, name in own["practice_name"].items()),
            sizes=tuple(map(float, own["patients"])),
            **more,
        )


@dataclass(frozen=True)
class Chart:
    """`bars`: horizontal, first category on top; `shares`: horizontal, stacked to 100%;
    `intervals`: one mark and its interval a category; `scatter`: marks and lines over `x`, which
    is months (as fractions of a year) where `x_dates`. `bounds` are those
    of the value axis, which is logarithmic on pages where `log`.

    `alt` says in words what it shows; `words` is the paragraph for a paper ("" : the alt text).
    """

    kind: ChartKind
    title: str
    series: tuple[Series, ...]
    alt: str
    categories: tuple[str, ...] = ()
    value_title: str = ""
    x_title: str = ""
    number_format: str = "#,##0"
    x_format: str = "#,##0"
    reference: float | None = None
    reference_label: str = ""
    bounds: tuple[float, float] | None = None
    x_dates: bool = False
    log: bool = False
    highlight: str = ""
    words: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table: `key` in files, `label` on screen, and how a value is written
    (`views.cells.FORMS`). `wide` is its relative width on paper; `only` says where it is shown
    if not everywhere. `bar`: whether a page that can be sorted draws the figure as a bar, too.
    """

    key: str
    label: str
    form: str = "text"
    wide: float = 1.0
    only: Literal["", "page", "paper"] = ""
    bar: bool = False


def measured(
    key: str,
    wide: float = 1.0,
    *,
    name: Literal["label", "long", "short"] = "label",
    form: str = "",
    only: Literal["", "page", "paper"] = "",
    bar: bool = False,
) -> Column:
    """The column of a measure of the register: its heading and form as they stand there."""
    measure = REGISTER[key]
    return Column(key, getattr(measure, name), form or measure.form, wide, only, bar)


@dataclass(frozen=True, eq=False)
class Table:
    """A table: values in `frame`, and `fields`, the columns that are shown, in order.

    The first shown column heads the rows. `small`: a few rows that stand whole on a page.
    `overflow`: what a slide does with more rows than fit: "top" shows the first and says so,
    "split" goes on on the next slide. `name`: the file of `file` (or else of `frame`) that a page
    offers for download. `pick`: the option that the `codes` entry of a clicked row is given to,
    `compare` the one that those of ticked rows are.
    `missing`: what a figure that is not there is called. `colours`: that of each row that is a hub
    or that `note` says what it means of, "" for others, shown before its name.
    """

    caption: str
    frame: pd.DataFrame
    fields: tuple[Column, ...]
    small: bool = False
    overflow: Literal["top", "split"] = "top"
    note: str = ""
    name: str = ""
    file: pd.DataFrame | None = None
    pick: str = ""
    compare: str = ""
    codes: tuple[str, ...] = ()
    missing: str = NO_FIGURE
    colours: tuple[str, ...] = ()

    @property
    def on_page(self) -> tuple[Column, ...]:
        """The columns that a page shows."""
        return tuple(column for column in self.fields if column.only != "paper")

    @property
    def on_paper(self) -> tuple[Column, ...]:
        """The columns that slides and paper show."""
        return tuple(column for column in self.fields if column.only != "page")

    @property
    def columns(self) -> tuple[str, ...]:
        """The headings on paper."""
        return tuple(column.label for column in self.on_paper)

    @property
    def widths(self) -> tuple[float, ...]:
        """Relative widths of the columns on paper."""
        return tuple(column.wide for column in self.on_paper)

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells on paper as text, ready to show."""
        columns = [
            [cell_text(value, column.form, self.missing) for value in self.frame[column.key]]
            for column in self.on_paper
        ]
        return tuple(zip(*columns, strict=True))


def text_table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    widths: Sequence[float] = (),
    words: bool = False,
    **more: Any,
) -> Table:
    """A table whose cells are ready-made text: figures, which stand to the right, or `words`."""
    keys = [str(place) for place in range(len(columns))]
    wide = tuple(widths) or (1.0,) * len(columns)
    fields = tuple(
        Column(key, label, "text" if words or key == "0" else "ready", width)
        for key, label, width in zip(keys, columns, wide, strict=True)
    )
    frame = pd.DataFrame([list(row) for row in rows], columns=keys, dtype="object")
    return Table(caption, frame, fields, small=more.pop("small", True), **more)


def side_by_side(
    caption: str, columns: Mapping[str, Mapping[str, str]], wide: float, note: str = ""
) -> Table:
    """Some things (name to the cell of each measure), a column each, whose measures are alike."""
    measures = next(iter(columns.values()))
    rows = [(measure, *(column[measure] for column in columns.values())) for measure in measures]
    widths = (wide, *[1.1] * len(columns))
    return text_table(caption, ("Measure", *columns), rows, widths=widths, note=note)


@dataclass(frozen=True)
class Bullets:
    """Sentences, one a bullet."""

    items: tuple[str, ...]
    caption: str = ""


@dataclass(frozen=True)
class Text:
    """A paragraph: a `finding` (with caution and basis), a `note` in small print, or an `info` that
    says what is missing and what brings it. With `words` it stands among the words to copy, a note
    there alone.
    """

    said: Words | str
    kind: Literal["finding", "note", "info"] = "finding"
    words: bool = False


@dataclass(frozen=True, eq=False)
class MapBlock:
    """A map. `pick`: the option that a clicked practice is given
    to; without one, or where `listed`, the page puts a list above the map, to point at a practice
    there. `draw`: what the page keeps a point or a shape under that is drawn with the map's tools
    ("lat, lng; ..."); `shapes` are shown besides (corners in degrees; one is a point).
    """

    spec: MapSpec
    pick: str = ""
    high: int = 520
    listed: bool = False
    draw: str = ""
    shapes: tuple[Corners, ...] = ()

    @cached_property
    def alt(self) -> str:
        """The words that stand for it."""
        return alt_text(self.spec)


@dataclass(frozen=True, eq=False)
class File:
    """A file to take away; `made` gives its bytes when it is asked for."""

    name: str
    label: str
    mime: str
    made: Callable[[], bytes]


# What a slide and a sheet of paper hold.
Drawn = MapBlock | Chart | Table | Bullets
Block = Drawn | Text | File


@dataclass(frozen=True, eq=False)
class Beside:
    """Columns of blocks side by side on a wide screen, one under another on a narrow one."""

    shares: tuple[float, ...]
    columns: tuple[tuple[Block, ...], ...]


Blocks = Sequence[Block | Beside]


def or_why_not(blocks: Callable[[Question], Blocks]) -> Callable[[Question], Blocks]:
    """A section's blocks, or in their place why they can't be had (UserError)."""

    @wraps(blocks)
    def told(question: Question) -> Blocks:
        try:
            return blocks(question)
        except UserError as error:
            return [Text(str(error), "info")]

    return told


# --- an answer ---


@dataclass(frozen=True)
class Figure:
    """A headline figure: what it is, its value as text, a short note below.

    `more_is_worse` colours the note by its sign. `term`: a word of the glossary.
    `slide`: whether a slide, which holds four, shows it; `banded`: the note is the figure's band,
    which stands on the slide too.
    """

    label: str
    value: str
    note: str = ""
    more_is_worse: bool = False
    term: str = ""
    slide: bool = True
    banded: bool = False

    @property
    def on_slide(self) -> tuple[str, str]:
        """Label and value as a slide has them."""
        band = f" ({self.note})" if self.banded and self.note else ""
        return f"{self.label}{band}", self.value


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a page under a heading, computed when it is shown.

    `blocks` gets the question with the options that stand above the section (`options`: names of
    the view's). `slow`: what the page says while it waits. `message` makes the section a slide of
    its own too, with `figures`; `share` is the first column's width there. `part`: the page shows
    it where that part is chosen, and computes it then; else with the picture. `whole`: what is
    chosen in it changes the view, not the section alone.
    """

    key: str
    title: str
    blocks: Callable[[Question], Blocks]
    options: tuple[str, ...] = ()
    slow: str = ""
    message: str = ""
    heading: str = ""
    figures: tuple[Figure, ...] = ()
    share: float = 0.5
    part: str = ""
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Answer:
    """What a view says.

    `message`: what was found, how far it can be trusted, what it rests on. `front`: the picture
    and what stands beside it, on the page and on the slide (`share`: the first one's width);
    `below` goes under it on the page only. `questions`, each with its answer, stand there in place
    of the message. `screen`: what a room sees instead of the first block.
    `about_gps`: whether its figures rest on the workforce data; `sources` what else. `notes` are
    for the speaker, `foot` lines in small print under it on the page. `stacked`: a page shows
    the front's blocks one under another. `picked` gives what stands beside the picture on the page
    once a practice (its code) is chosen there. `refusal` says why there is no slide of it, and
    what brings one; the page shows what there is. `warning` stands above all on the page.
    """

    message: Words
    figures: tuple[Figure, ...] = ()
    front: tuple[Block, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    below: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    share: float = 0.58
    screen: Block | None = None
    notes: tuple[str, ...] = ()
    sources: str = ""
    about_gps: bool = True
    heading: str = ""
    foot: tuple[str, ...] = ()
    stacked: bool = False
    picked: Callable[[Question, str], Sequence[Block]] | None = None
    refusal: str = ""
    warning: str = ""


# --- a view ---


@dataclass(frozen=True, eq=False)
class Option:
    """What a view can be asked: `key` in addresses, stories and commands, `label` on the page.

    `choices` has or gives key -> label of what can be chosen (for `choice` and `several`), or keys
    that are their own labels; `default` is a
    key, or keys joined by "|" ("" : the first, or none). `practice` chooses one of the area's.
    `inside`: it stands above a section, not above the answer. `when`: whether it is asked at all,
    as the options before it stand; such options follow one another in one place. `sets`: what else
    is set when a click on the map chooses it. `bounds`: those of a whole `number`.
    """

    key: str
    label: str
    kind: OptionKind = "choice"
    choices: Choices | Callable[[Question], Choices] = ()
    default: str = ""
    help: str = ""
    placeholder: str = ""
    inside: bool = False
    when: Callable[[Question], bool] | None = None
    sets: Mapping[str, str] = field(default_factory=dict)
    bounds: tuple[int, int] = (0, 0)

    def labels(self, question: Question) -> Mapping[str, str]:
        """Key -> label of what can be chosen now."""
        if self.kind == "practice":
            names = question.practices["practice_name"]
            return {str(code): f"{name} ({code})" for code, name in names.items()}
        found = self.choices(question) if callable(self.choices) else self.choices
        return found if isinstance(found, Mapping) else {name: name for name in found}

    def check(self, question: Question) -> None:
        """UserError where it is asked for what is not offered: a page falls back and says so, a
        program must not take another answer for its own.
        """
        asked = question.options.get(self.key, "")
        if self.kind == "number":
            low, high = self.bounds
            offered = not asked or (asked.isdecimal() and low <= int(asked) <= high)
            known = f"a whole number from {low} to {high}"
        else:
            labels = {"true": "", "false": ""} if self.kind == "switch" else self.labels(question)
            wanted = asked.split("|") if self.kind == "several" else [asked]
            offered = not asked or not labels or set(wanted) <= set(labels)
            known = ", ".join([*labels][:20])
        if not offered:
            raise UserError(f"{self.key} can't be '{asked[:40]}' here. Choose of: {known}.")

    def whole(self, question: Question) -> int:
        """The whole number that a `number` stands at; UserError where it is none within bounds."""
        text = question.options.get(self.key, "") or self.default
        low, high = self.bounds
        if not text.isdecimal() or not low <= int(text) <= high:
            raise UserError(f"{self.label}: {text[:20]} must be a whole number, {low} to {high}.")
        return int(text)


@dataclass(frozen=True, eq=False)
class Late:
    """What of a view's answer takes longer than the rest: `begun` gives the answer without it,
    `ended` puts it in, `known` says whether it is there already.
    """

    begun: Callable[[Question], Answer]
    ended: Callable[[Question, Answer], Answer]
    known: Callable[[Question], bool]


@dataclass(frozen=True, eq=False)
class View:
    """One question, declared once.

    `page` is the sheet it stands on (`views.places`), `title` what a story calls it, `about` one
    line on what it shows, `answer` the function. `needs_gps`: whether it says anything without GP
    figures;
    `with_plan`: whether the plan of hubs on the table belongs to it; `map_key`: the name under
    which the browser remembers where its map stood ("" : it has none); `pointer`: the map whose
    list says which practice is pointed at, if that is another; `slow`: what a page says
    while it waits for the answer; `late`: what a page shows after the rest; `tag`: what stands
    behind the title of its page; `prints`: whether the page offers it as a sheet of paper.
    """

    key: str
    page: str
    title: str
    about: str
    answer: Callable[[Question], Answer]
    options: tuple[Option, ...] = ()
    needs_gps: bool = True
    with_plan: bool = False
    map_key: str = ""
    pointer: str = ""
    slow: str = ""
    late: Late | None = None
    tag: Callable[[Question], str] | None = None
    prints: bool = False

    def option(self, key: str) -> Option:
        """The option of that name; KeyError when there is none."""
        return next(option for option in self.options if option.key == key)

    def check(self, question: Question) -> None:
        """UserError where an option is asked for what is not offered (`Option.check`)."""
        for option in self.options:
            option.check(question)
