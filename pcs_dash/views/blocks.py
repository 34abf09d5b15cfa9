"""What a slide is made of: charts, tables, maps and words, in no file's format.

Names are untrusted and stand here as they are; whoever writes them into a file makes them safe
for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import Rule
from pcs_dash.store.story import Story, View
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.map_views import MapSpec
from pcs_dash.views.settings import Settings

CHART_COLOURS = ("#2166ac", "#d6604d", "#6b7280", "#f4a582")

ChartKind = Literal["bars", "shares", "scatter", "intervals"]


@dataclass(frozen=True)
class Series:
    """One row of marks. `x` for scatters; `low` and `high` for intervals; `colours` one a mark.

    A missing value is None. `line` joins the marks instead of showing them. `codes` say which
    practice (or, by name, which hub) each mark is, where marks are practices or hubs.
    """

    name: str
    values: tuple[float | None, ...]
    x: tuple[float, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    colour: str = CHART_COLOURS[0]
    colours: tuple[str, ...] = ()
    line: bool = False
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chart:
    """`bars`: horizontal, first category on top; `shares`: horizontal, stacked to 100%;
    `intervals`: one bar and its interval a category. `bounds` are those of the value axis.
    """

    kind: ChartKind
    title: str
    series: tuple[Series, ...]
    alt: str
    categories: tuple[str, ...] = ()
    value_title: str = ""
    x_title: str = ""
    number_format: str = "#,##0"
    reference: float | None = None
    reference_label: str = ""
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Table:
    """Cells as text, ready to show; the first column heads the rows.

    `overflow`: what a slide does with more rows than fit: "top" shows the first and says so,
    "split" goes on on the next slide. `widths` are relative.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    overflow: Literal["top", "split"] = "top"
    note: str = ""
    widths: tuple[float, ...] = ()


@dataclass(frozen=True)
class Bullets:
    """Sentences, one a bullet."""

    items: tuple[str, ...]
    caption: str = ""


@dataclass(frozen=True, eq=False)
class MapBlock:
    """A map, with the words that stand for it."""

    spec: MapSpec
    alt: str


Block = MapBlock | Chart | Table | Bullets


@dataclass(frozen=True, eq=False)
class Slide:
    """One slide: heading, what it says in a sentence or two, one or two blocks side by side.

    `text` is the presenter's own line; `footer` the source, period and GP definition; `notes` the
    paragraphs for the speaker; `link` the address that opens the view in the app. A room
    that looks at a screen sees one picture, `screen` or else the first block, and `figures` (label
    and value, at most four).
    """

    heading: str
    message: str
    blocks: tuple[Block, ...]
    footer: str
    notes: tuple[str, ...]
    link: str
    text: str = ""
    share: float = 0.58
    view: View | None = None
    settings: Settings | None = None
    figures: tuple[tuple[str, str], ...] = ()
    screen: Block | None = None


@dataclass(frozen=True, eq=False)
class Basis:
    """The switches and rules that some views share; `views` are their numbers, from 1."""

    settings: Settings
    rules: tuple[Rule, ...]
    views: tuple[int, ...]

    @property
    def lines(self) -> tuple[str, str]:
        """Which GPs and when, and the benchmark."""
        benchmark = self.settings.benchmark
        return (
            f"Data: {self.settings.basis}",
            f"Benchmark: {benchmark.label}, {benchmark.value:,.0f} patients per FTE GP",
        )


@dataclass(frozen=True, eq=False)
class Deck:
    """A whole report. `made` is the day it was made on; `link` opens its first view, `story_link`
    the whole story ("" where it is too long for a link). `bases` are the definitions in use; with
    several of them, `settings` and `rules` are those of the first view.
    """

    title: str
    subtitle: str
    slides: tuple[Slide, ...]
    made: date
    settings: Settings
    definitions: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]
    link: str
    dataset: Dataset
    bases: tuple[Basis, ...] = ()
    story_link: str = ""
    plan: Plan | None = None
    plan_name: str = ""
    story: Story = field(default_factory=Story)

    @property
    def basis_lines(self) -> tuple[str, ...]:
        """What the figures rest on, for the title; where views differ, that they do."""
        if len(self.bases) < 2:
            return Basis(self.settings, self.rules, ()).lines
        return tuple(f"{views_text(basis.views)}: {' '.join(basis.lines)}" for basis in self.bases)

    @property
    def made_text(self) -> str:
        return long_date(self.made)


def views_text(views: Sequence[int]) -> str:
    """ "View 2", "Views 1, 3 and 4"."""
    numbers = [str(view) for view in views]
    if len(numbers) == 1:
        return f"View {numbers[0]}"
    return f"Views {', '.join(numbers[:-1])} and {numbers[-1]}"


def long_date(day: date) -> str:
    """ "5 March 2026"."""
    return f"{day.day} {day:%B %Y}"
