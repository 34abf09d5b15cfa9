"""An answer as slides: what paper and the screen of a room show of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from pcs_dash.hubs.rules import Rule
from pcs_dash.measures.numbers import NO_INTERVAL, number
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.words import lower_first
from pcs_dash.tables.constants import FTE_IS, IMPLAUSIBLE_PATIENTS_PER_FTE_GP
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import (
    Answer,
    Block,
    Blocks,
    Bullets,
    Chart,
    Drawn,
    Figure,
    MapBlock,
    Table,
)
from pcs_dash.views.deck import Slide
from pcs_dash.views.question import Question
from pcs_dash.views.report_links import of_view
from pcs_dash.views.story import SavedView

MAX_FIGURES = 4
_MOST_SPOKEN = 40
_WORKFORCE = "NHS England, General Practice Workforce"


def slides_of(saved: SavedView, question: Question, answer: Answer, base: str) -> list[Slide]:
    """The slide of an answer, and one for each of its sections that has a message of its own.

    `base` is the address of the app that the slides' links lead to. UserError where the answer
    says that it makes no slide.
    """
    if answer.refusal:
        raise UserError(answer.refusal)
    link = of_view(saved, question, question.plan, question.dataset.practices.index, base)
    said = answer.message
    # Each of several questions has a slide of its own; here the others are for the speaker.
    parts = (said.finding,) if answer.questions else (said.finding, said.caution)
    asked = (" ".join(each) for each in answer.questions)
    front = _slide(
        saved, question, link, " ".join(filter(None, parts)), answer.front, answer.figures,
        (said.basis, *asked, *answer.notes), answer.heading, answer.share, answer.screen,
    )  # fmt: skip
    others = (
        _slide(
            saved, question, link, part.message, part.blocks(question), part.figures,
            answer.notes, part.heading, part.share,
        )
        for part in answer.sections
        if part.message
    )  # fmt: skip
    footer = _footer(question, answer)
    defined = tuple(
        f"{each.term}: {each.meaning}"
        for each in definitions(question, ())
        # What rests on no GPs needs no word on which of them count.
        if answer.about_gps or ("IMD" in footer and each.term.startswith("Deprivation"))
    )
    return [
        replace(slide, footer=footer, notes=(*slide.notes, *defined, f"Opens this view: {link}"))
        for slide in (front, *others)
    ]


def _footer(question: Question, answer: Answer) -> str:
    if not answer.about_gps:
        return f"Source: {answer.sources}."
    # A view of the workforce itself names it with its months.
    named = answer.sources.startswith(_WORKFORCE)
    sources = "; ".join(filter(None, ("" if named else _WORKFORCE, answer.sources)))
    return f"Source: {sources}. GPs counted: {question.basis}"


def _slide(
    saved: SavedView,
    question: Question,
    link: str,
    message: str,
    blocks: Blocks,
    figures: Sequence[Figure],
    notes: Sequence[str],
    heading: str,
    share: float,
    screen: Block | None = None,
) -> Slide:
    drawn = tuple(block for block in blocks if isinstance(block, Drawn))
    return Slide(
        heading=saved.title or heading or f"{question.name}: {lower_first(saved.heading)}",
        message=message,
        text=saved.text,
        blocks=drawn,
        footer="",
        notes=(
            *(text for text in (saved.text, message, *notes) if text),
            *(line for block in drawn for line in spoken(block)),
        ),
        link=link,
        share=share,
        view=saved,
        question=question,
        figures=tuple(f.on_slide for f in figures if f.slide)[:MAX_FIGURES],
        screen=screen if isinstance(screen, Drawn) else None,
    )


def spoken(block: Drawn) -> list[str]:
    """A block's figures as lines for the speaker's notes."""
    if isinstance(block, Table):
        rows = block.rows
        told = ["; ".join(_cells(block.columns, row)) for row in rows[:_MOST_SPOKEN]]
        rest = len(rows) - _MOST_SPOKEN
        more = [f"(and {rest} more rows)"] if rest > 0 else []
        return [f"{block.caption}:", *told, *more, *([block.note] if block.note else [])]
    if isinstance(block, Bullets):
        return []
    assert isinstance(block, (Chart, MapBlock))
    return [block.alt]


def _cells(columns: Sequence[str], row: Sequence[str]) -> list[str]:
    named = zip(columns[1:], row[1:], strict=True)
    return [row[0], *(cell if cell == NO_INTERVAL else f"{name} {cell}" for name, cell in named)]


class Definition(NamedTuple):
    """A term and what it means; of a rule that hubs are judged by also its `rule`, in short."""

    term: str
    meaning: str
    rule: str = ""


def definitions(question: Question, rules: Sequence[Rule]) -> tuple[Definition, ...]:
    """Terms and what they mean here, as printed in every export; the rules that are on last."""
    benchmark, chosen = question.benchmark, question.definition
    period = f" ({benchmark.period})" if benchmark.period else ""
    terms = {
        "GPs counted": f"{chosen.label}: {chosen.meaning} ({chosen.source_column}), "
        f"{question.period}. FTE: {FTE_IS}.",
        PER_GP.label: f"Sum of {question.everyone} over sum of FTE GPs, of the practices that "
        "report FTE; never a mean of ratios.",
        "Benchmark": f"{benchmark.label}, {number(benchmark.value)}{period}. {benchmark.source}.",
        REGISTER["fte_gap"].noun: "FTE that would bring patients per FTE GP down to the "
        "benchmark; negative where there are more GPs than it asks for.",
        f"Deprivation (IMD {question.edition})": "Quintile 1 is the most deprived fifth of "
        f"England's LSOAs. Where patients live: {question.mix_period}. A practice's score: "
        "patient-weighted mean IMD 2025 score.",
        "Implausible FTE": f"More than {IMPLAUSIBLE_PATIENTS_PER_FTE_GP:,} patients per fully "
        "qualified FTE GP: the return is more likely wrong than the staffing. Counted in unless "
        "said otherwise.",
    }
    if len(question.excluded):
        left_out = ", ".join(question.excluded.index)
        terms["Left out"] = f"Practices with implausible FTE: {left_out}."
    return (
        *(Definition(term, meaning) for term, meaning in terms.items()),
        *(
            Definition(
                f"Rule: {rule.name}", f"{rule.label}. {rule.source}, {rule.date}.", rule.label
            )
            for rule in rules
            if rule.on
        ),
    )
