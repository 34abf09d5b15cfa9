"""An answer as plain data, for programs: what the page says, with its figures as numbers."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from pcs_dash.views.answer import (
    Answer,
    Beside,
    Block,
    Bullets,
    Chart,
    File,
    MapBlock,
    Section,
    Table,
    Text,
    View,
)
from pcs_dash.views.question import Question


def answer_as_data(view: View, question: Question, answer: Answer) -> dict[str, Any]:
    """The answer as JSON-able data: view, area, switches, options, message, figures, sections.

    Tables have one object a row with the keys of their columns; missing values are null.
    """
    front = [data for block in answer.front for data in _block(block)]
    return {
        "view": view.key,
        "title": view.title,
        "area": question.area.key,
        "area_name": question.area.label,
        "gp_definition": question.definition.key,
        "imd_edition": question.edition,
        "benchmark": {"label": question.benchmark.label, "value": question.benchmark.value},
        "practices_left_out": [str(code) for code in question.excluded.index],
        "period": question.period,
        "options": dict(question.options),
        "finding": answer.message.finding,
        "caution": answer.message.caution,
        "basis": answer.message.basis,
        "figures": [
            {"label": figure.label, "value": figure.value, "note": figure.note}
            for figure in answer.figures
        ],
        "front": front,
        "sections": [_section(section, question) for section in answer.sections],
        "sources": answer.sources,
        "notes": list(answer.notes),
    }


def _section(section: Section, question: Question) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for block in section.blocks(question):
        parts = [block] if not isinstance(block, Beside) else [b for c in block.columns for b in c]
        found += [data for part in parts for data in _block(part)]
    return {"key": section.key, "title": section.title, "blocks": found}


def _block(block: Block) -> list[dict[str, Any]]:
    """One object; none for a file, which is made when somebody takes it."""
    if isinstance(block, File):
        return []
    if isinstance(block, Table):
        return [{"kind": "table", "caption": block.caption, "rows": _rows(block)}]
    if isinstance(block, Chart):
        return [{"kind": "chart"} | {k: v for k, v in asdict(block).items() if k != "words"}]
    if isinstance(block, MapBlock):
        return [{"kind": "map", "text": block.alt}]
    if isinstance(block, Bullets):
        return [{"kind": "list", "caption": block.caption, "items": list(block.items)}]
    assert isinstance(block, Text)
    return [{"kind": "text", "text": str(block.said)}]


def _rows(table: Table) -> list[dict[str, Any]]:
    """The table's rows in full precision, under the labels of its columns where those are words;
    one that stands twice is numbered.
    """
    keys = [column.key for column in table.on_page]
    names: list[str] = []
    for column in table.on_page:
        name = column.label if column.key.isdigit() else column.key
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    frame = table.frame[keys].set_axis(names, axis=1)
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=12))
    return rows
