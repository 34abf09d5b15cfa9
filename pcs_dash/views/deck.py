"""A report: slides, and what they rest on; in no file's format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import Rule
from pcs_dash.measures.numbers import number
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.sources import SOURCES
from pcs_dash.views.answer import Drawn
from pcs_dash.views.phrases import join_words
from pcs_dash.views.question import Question
from pcs_dash.views.story import SavedView, Story


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
    blocks: tuple[Drawn, ...]
    footer: str
    notes: tuple[str, ...]
    link: str
    text: str = ""
    share: float = 0.58
    view: SavedView | None = None
    question: Question | None = None
    figures: tuple[tuple[str, str], ...] = ()
    screen: Drawn | None = None


@dataclass(frozen=True, eq=False)
class Basis:
    """The switches and rules that some views share; `views` are their numbers, from 1."""

    question: Question
    rules: tuple[Rule, ...]
    views: tuple[int, ...]

    @property
    def lines(self) -> tuple[str, str]:
        """Which GPs and when, and the benchmark."""
        benchmark = self.question.benchmark
        return (
            f"Data: {self.question.basis}",
            f"Benchmark: {benchmark.label}, {number(benchmark.value)} patients per FTE GP",
        )


@dataclass(frozen=True, eq=False)
class Deck:
    """A whole report. `made` is the day it was made on; `link` opens its first view, `story_link`
    the whole story ("" where it is too long for a link). `bases` are the definitions in use; with
    several of them, `question` and `rules` are those of the first view.
    """

    title: str
    subtitle: str
    slides: tuple[Slide, ...]
    made: date
    question: Question
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
            return Basis(self.question, self.rules, ()).lines
        return tuple(f"{views_text(basis.views)}: {' '.join(basis.lines)}" for basis in self.bases)

    @property
    def made_text(self) -> str:
        """The day in words."""
        return long_date(self.made)


def views_text(views: Sequence[int]) -> str:
    """As "View 2" and "Views 1, 3 and 4"."""
    numbers = [str(view) for view in views]
    if len(numbers) == 1:
        return f"View {numbers[0]}"
    return f"Views {join_words(numbers)}"


def long_date(day: date) -> str:
    """As "5 March 2026"."""
    return f"{day.day} {day:%B %Y}"


def sources() -> tuple[tuple[str, str, str, str], ...]:
    """Title, publisher, period and licence of every input."""
    return tuple(
        (source.title, source.publisher, source.period, source.licence) for source in SOURCES
    )
