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
from pcs_dash.store.story import View
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.sources import SOURCES
from pcs_dash.views.blocks import Block, Bullets, Slide, Table
from pcs_dash.views.links import LOCAL_APP, of_view
from pcs_dash.views.map_views import area_outline
from pcs_dash.views.readers import STRAIGHT, Readers
from pcs_dash.views.settings import Settings

TODAY_S_PCNS = "Today's PCNs"


@dataclass(frozen=True, eq=False)
class Work:
    """All that a slide is made from."""

    dataset: Dataset
    settings: Settings
    view: View
    rules: tuple[Rule, ...]
    plan: Plan | None
    plan_name: str
    readers: Readers = STRAIGHT
    base: str = LOCAL_APP

    @property
    def practices(self) -> pd.DataFrame:
        return self.settings.practices

    @property
    def name(self) -> str:
        return self.settings.area.name

    @property
    def definition(self) -> str:
        return self.settings.definition.key

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
        benchmark = self.settings.benchmark.value
        return summarise(self.practices, definition=self.definition, benchmark=benchmark).iloc[0]

    def headline(self, total: pd.Series) -> str:
        """The area's figure against the benchmark, and the gap, as the first page has it."""
        benchmark = self.settings.benchmark
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
        around = neighbours(self.practices, area_outline(self.dataset, self.settings))
        return summarise_hubs(
            plan,
            self.practices,
            definition=self.definition,
            benchmark=self.settings.benchmark,
            rules=self.rules,
            edition=self.settings.edition,
            neighbours=around,
        )

    def slide(
        self,
        message: str,
        *blocks: Block,
        notes: Sequence[str] = (),
        share: float = 0.58,
        sources: str = "",
        figures: Sequence[tuple[str, str]] = (),
        screen: Block | None = None,
        heading: str = "",
        about_gps: bool = True,
    ) -> Slide:
        """A slide of this view. `about_gps`: whether its figures rest on the workforce data; where
        not, `sources` says what they rest on.
        """
        settings, view = self.settings, self.view
        link = of_view(view, settings, self.plan, self.dataset.practices.index, self.base)
        spoken = [text for text in (view.text, message) if text]
        spoken += [note for note in notes if note]
        for block in blocks:
            spoken += _spoken(block)
        spoken += [f"{term}: {meaning}" for term, meaning in definitions(settings, ())]
        spoken.append(f"Opens this view: {link}")
        return Slide(
            heading=view.title or heading or f"{self.name}: {lower_first(view.heading)}",
            message=message,
            text=view.text,
            blocks=blocks,
            footer=(
                f"Source: NHS England, General Practice Workforce, {self.dataset.workforce_period}"
                f"{'; ' + sources if sources else ''}. GPs counted: {settings.basis}"
                if about_gps
                else f"Source: {sources}."
            ),
            notes=tuple(spoken),
            link=link,
            share=share,
            view=view,
            settings=settings,
            figures=tuple(figures),
            screen=screen,
        )


def _spoken(block: Block) -> list[str]:
    """A block's figures as lines for the notes."""
    if isinstance(block, Table):
        head = f"{block.caption}:"
        rows = ["; ".join(_cells(block.columns, row)) for row in block.rows[:40]]
        rest = [f"(and {len(block.rows) - 40} more rows)"] if len(block.rows) > 40 else []
        return [head, *rows, *rest, *([block.note] if block.note else [])]
    if isinstance(block, Bullets):
        return []
    return [block.alt]


def _cells(columns: Sequence[str], row: Sequence[str]) -> list[str]:
    return [row[0], *(f"{name} {cell}" for name, cell in zip(columns[1:], row[1:], strict=True))]


# --- definitions, rules, sources ---


def definitions(settings: Settings, rules: Sequence[Rule]) -> tuple[tuple[str, str], ...]:
    """Terms and what they mean here, as printed in every export; the rules that are on last."""
    benchmark, chosen = settings.benchmark, settings.definition
    period = f" ({benchmark.period})" if benchmark.period else ""
    left_out = (
        [("Left out", f"Practices with implausible FTE: {', '.join(settings.excluded.index)}.")]
        if len(settings.excluded)
        else []
    )
    return (
        (
            "GPs counted",
            f"{chosen.label}: {chosen.meaning} ({chosen.source_column}), {settings.period}. "
            "FTE: 37.5 hours a week = 1.",
        ),
        (
            "Patients per FTE GP",
            "Sum of registered patients over sum of FTE GPs, of the practices that report FTE; "
            "never a mean of ratios.",
        ),
        ("Benchmark", f"{benchmark.label}, {benchmark.value:,.0f}{period}. {benchmark.source}."),
        (
            "FTE GPs to add",
            "FTE that would bring patients per FTE GP down to the benchmark; negative where there "
            "are more GPs than it asks for.",
        ),
        (
            f"Deprivation (IMD {settings.edition})",
            "Quintile 1 is the most deprived fifth of England's LSOAs. Where patients live: "
            f"{settings.mix_period}. A practice's score: patient-weighted mean IMD 2025 score.",
        ),
        (
            "Implausible FTE",
            "More than 10,000 patients per fully qualified FTE GP: the return is more likely wrong "
            "than the staffing. Counted in unless said otherwise.",
        ),
        *left_out,
        *(
            (f"Rule: {rule.name}", f"{rule.label}. {rule.source}, {rule.date}.")
            for rule in rules
            if rule.on
        ),
    )


def sources() -> tuple[tuple[str, str, str, str], ...]:
    """Title, publisher, period and licence of every input."""
    return tuple(
        (source.title, source.publisher, source.period, source.licence) for source in SOURCES
    )
