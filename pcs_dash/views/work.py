"""What every slide is made with: the data, the switches and the plan of one view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pcs_dash.hubs.contiguity import neighbours
from pcs_dash.hubs.plan import Plan, plan_from_column
from pcs_dash.hubs.rules import Rule
from pcs_dash.hubs.summary import summarise_hubs
from pcs_dash.measures.correlation import deprivation_measure
from pcs_dash.measures.profile import gap_sentence
from pcs_dash.measures.words import benchmark_words, lower_first
from pcs_dash.measures.workforce import summarise
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.sources import SOURCES
from pcs_dash.views.answer import Drawn
from pcs_dash.views.links import LOCAL_APP, of_view
from pcs_dash.views.question import TODAY_S_PCNS, Question
from pcs_dash.views.readers import STRAIGHT, Readers
from pcs_dash.views.report import Slide
from pcs_dash.views.slides import definitions, spoken
from pcs_dash.views.story import SavedView


@dataclass(frozen=True, eq=False)
class Work:
    """All that a slide is made from."""

    dataset: Dataset
    question: Question
    view: SavedView
    rules: tuple[Rule, ...]
    plan: Plan | None
    plan_name: str
    readers: Readers = STRAIGHT
    base: str = LOCAL_APP

    @property
    def practices(self) -> pd.DataFrame:
        return self.question.practices

    @property
    def name(self) -> str:
        return self.question.area.name

    @property
    def definition(self) -> str:
        return self.question.definition.key

    @property
    def deprivation(self) -> str:
        """The measure of deprivation that the data at hand have."""
        return deprivation_measure(self.dataset.practices)

    @property
    def shown_plan(self) -> Plan:
        """The plan of hubs that a page means by "my plan": the view's, else the area's PCNs."""
        return self.plan if self.plan is not None else plan_from_column(self.practices, "pcn")

    @property
    def shown_plan_name(self) -> str:
        return (self.plan_name or "The plan") if self.plan is not None else TODAY_S_PCNS

    @property
    def options(self) -> Mapping[str, str]:
        return self.view.options

    def total(self) -> pd.Series:
        benchmark = self.question.benchmark.value
        return summarise(self.practices, definition=self.definition, benchmark=benchmark).iloc[0]

    def headline(self, total: pd.Series) -> str:
        """The area's figure against the benchmark, and the gap, as the first page has it."""
        benchmark = self.question.benchmark
        words = benchmark_words(
            float(total["patients_per_fte_gp"]),
            benchmark.value,
            place=self.name,
            benchmark_label=benchmark.label,
            definition=self.definition,
            date=self.dataset.workforce_period,
            benchmark_date=benchmark.period or "typed in",
        )
        return f"{words.finding} {gap_sentence(total['fte_gap'])}".strip()

    def hubs(self, plan: Plan) -> pd.DataFrame:
        around = neighbours(self.practices, self.question.outline)
        return summarise_hubs(
            plan,
            self.practices,
            definition=self.definition,
            benchmark=self.question.benchmark,
            rules=self.rules,
            edition=self.question.edition,
            neighbours=around,
        )

    def slide(
        self,
        message: str,
        *blocks: Drawn,
        notes: Sequence[str] = (),
        share: float = 0.58,
        sources: str = "",
        figures: Sequence[tuple[str, str]] = (),
        screen: Drawn | None = None,
        heading: str = "",
        about_gps: bool = True,
    ) -> Slide:
        """A slide of this view. `about_gps`: whether its figures rest on the workforce data; where
        not, `sources` says what they rest on.
        """
        question, view = self.question, self.view
        link = of_view(view, question, self.plan, self.dataset.practices.index, self.base)
        told = [text for text in (view.text, message) if text]
        told += [note for note in notes if note]
        for block in blocks:
            told += spoken(block)
        told += [f"{term}: {meaning}" for term, meaning in definitions(question, ())]
        told.append(f"Opens this view: {link}")
        return Slide(
            heading=view.title or heading or f"{self.name}: {lower_first(view.heading)}",
            message=message,
            text=view.text,
            blocks=blocks,
            footer=(
                f"Source: NHS England, General Practice Workforce, {self.dataset.workforce_period}"
                f"{'; ' + sources if sources else ''}. GPs counted: {question.basis}"
                if about_gps
                else f"Source: {sources}."
            ),
            notes=tuple(told),
            link=link,
            share=share,
            view=view,
            question=question,
            figures=tuple(figures),
            screen=screen,
        )


def sources() -> tuple[tuple[str, str, str, str], ...]:
    """Title, publisher, period and licence of every input."""
    return tuple(
        (source.title, source.publisher, source.period, source.licence) for source in SOURCES
    )
