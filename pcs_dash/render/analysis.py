"""What an analyst needs beside the measures: the data of an area, an answer, a report."""

from __future__ import annotations

from pathlib import Path

from pcs_dash.hubs.plan import Plan
from pcs_dash.official.any_area import dataset_for, find_any_area
from pcs_dash.render.report_files import kind_of, make
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.writing import write_whole
from pcs_dash.views.answer import Answer
from pcs_dash.views.content import build_deck
from pcs_dash.views.question import Question
from pcs_dash.views.registry import find_view
from pcs_dash.views.story import ready_made


def load(area: Area | str = "Essex") -> Dataset:
    """The tables that hold an area, joined: practices, LSOAs, outlines, towns, published figures.

    Of an embedded area all of Essex, else the ICBs of official data that it lies in: choose its
    rows with `Area.select`. UserError where there is no such area.
    """
    return dataset_for(find_any_area(area) if isinstance(area, str) else area)


def answer(key: str, question: Question) -> Answer:
    """What the view of that key says to a question; UserError names the views there are."""
    return find_view(key).answer(question)


def report(question: Question, path: Path | str, *, plan: Plan | None = None) -> Path:
    """Write the ready-made board paper of the question's area and switches: .pptx, .pdf, .html or
    .xlsx, whole or not at all. `plan` is put beside today's PCNs.
    """
    target = Path(path)
    kind = kind_of(target)
    chosen = plan if plan is not None else question.plan
    story = ready_made(
        question.area, switches=question.switches, plan=chosen, plan_name=question.plan_name,
        has_gps=question.dataset.has_gps,
    )  # fmt: skip
    deck = build_deck(question.dataset, story, area=question.area, plan=chosen)
    write_whole(target, make(deck, kind))
    return target
