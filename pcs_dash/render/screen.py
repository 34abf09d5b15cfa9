"""A story for the screen: every slide at once as plain data, for `assets/present.js` to draw.

A slide for a room holds less than one on paper: a title, a sentence, one picture, at most four
figures. All of it travels in one piece, so that going to the next slide asks nobody. Names are
untrusted and stand here as they are; the script only makes text nodes of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd

from pcs_dash.hubs.plan import Plan, plan_from_column
from pcs_dash.hubs.summary import summarise_hubs
from pcs_dash.measures.numbers import number, per_cent, signed, signed_per_cent
from pcs_dash.measures.profile import flags
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.workforce import summarise
from pcs_dash.render.table_fit import cut_caption, is_numeric
from pcs_dash.tables.constants import LSOAS_IN_ENGLAND
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import Bullets, Chart, Drawn, MapBlock
from pcs_dash.views.deck import Deck, Slide
from pcs_dash.views.map_spec import MapSpec, map_view
from pcs_dash.views.maps import Legend
from pcs_dash.views.question import Question
from pcs_dash.views.web_files import AreaLayer, WebFiles

MAX_FIGURES = 4
MAX_ROWS = 12

Rows = list[list[str]]
England = Callable[[str], WebFiles | None]
# The layer and the points that a map is drawn with.
Layers = Callable[[MapSpec], tuple[AreaLayer, str]]


def _no_england(_: str) -> WebFiles | None:
    return None


def to_screen(
    title: str, parts: Sequence[tuple[Deck, WebFiles]], *, england: England = _no_england
) -> dict[str, Any]:
    """Decks, one after another, as JSON-able data: `id` (a digest of the rest), `title`, `slides`,
    `cards`. The areas of a deck share a data set, and with it the files of its maps.

    `cards` are lists of practices (code to name and rows of figures), one for each state of the
    sidebar; a slide's `cards` says which. Maps name the layers that the browser fetches; `england`
    gives those of all areas of a level.
    """
    cards: dict[str, dict[str, Any]] = {}
    slides: list[dict[str, Any]] = []
    for deck, files in parts:
        layers = partial(_layers, files=files, england=england)
        # What belongs to no view (definitions and sources) is for paper.
        for slide in (item for item in deck.slides if item.view is not None):
            slides.append(_slide(deck, slide, len(slides), layers, cards))
    content = {"title": title, "slides": slides, "cards": cards}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False, sort_keys=True)
    return {"id": hashlib.sha256(text.encode()).hexdigest()[:12], **content}


def _layers(spec: MapSpec, *, files: WebFiles, england: England) -> tuple[AreaLayer, str]:
    key = spec.question.area.key
    if spec.kind == "areas":
        found = england(spec.level)
        if found is None:
            raise UserError("No boundaries are loaded for a map of England.")
        files, key = found, spec.level
    return files.areas[key], files.points_url


def _slide(
    deck: Deck, slide: Slide, place: int, layers: Layers, cards: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    question, view = slide.question, slide.view
    assert question is not None
    assert view is not None
    which = json.dumps([question.area.key, *sorted(question.switches.items())])
    if which not in cards:
        cards[which] = practice_cards(question)
    block = slide.screen or (slide.blocks[0] if slide.blocks else None)
    return {
        "heading": slide.heading,
        "message": slide.message,
        "text": slide.text,
        "figures": [list(item) for item in slide.figures[:MAX_FIGURES]],
        "picture": _picture(deck, block, place, layers) if block is not None else None,
        "hubs": _hub_cards(deck, slide) if view.topic in ("options", "hubs") else {},
        "highlight": view.highlight,
        "area": question.area.name,
        "benchmark": [question.benchmark.label, question.benchmark.value],
        "lsoas": LSOAS_IN_ENGLAND,
        "foot": slide.footer,
        "notes": list(slide.notes),
        "link": slide.link,
        "cards": which,
    }


def _picture(deck: Deck, block: Drawn, place: int, layers: Layers) -> dict[str, Any]:
    if isinstance(block, MapBlock):
        return _map(deck, block, place, layers)
    if isinstance(block, Chart):
        return {"kind": "chart", "chart": asdict(block), "alt": block.alt}
    if isinstance(block, Bullets):
        return {"kind": "list", "caption": block.caption, "items": list(block.items)}
    return {
        "kind": "table",
        "caption": cut_caption(block.caption, MAX_ROWS, len(block.rows)),
        "columns": list(block.columns),
        "words": [not is_numeric(block.rows, place) for place in range(len(block.columns))],
        "rows": [list(row) for row in block.rows[:MAX_ROWS]],
        "colours": list(block.colours[:MAX_ROWS]),
        "note": block.note,
    }


def _map(deck: Deck, block: MapBlock, place: int, layers: Layers) -> dict[str, Any]:
    spec = block.spec
    content, legends, note = map_view(deck.dataset, spec, f"present-{place}")
    layer, points = layers(spec)
    content["area"] = {"url": layer.url, "bounds": layer.bounds}
    content["points"] = {"url": points}
    # The presenter rings what is pointed at itself, larger than a page's map does.
    content["selected"] = None
    own = set(spec.question.practices.index)
    hub_of = (spec.plan or Plan()).assignment if spec.kind == "hubs" else {}
    hubs = {hub.id: hub.name for hub in (spec.plan or Plan()).hubs}
    at = spec.position
    return {
        "kind": "map",
        "view": content,
        "position": [at.latitude, at.longitude, at.zoom] if at is not None else None,
        # The greys under practices need one line, not a second legend.
        "legends": [_legend(legend) for legend in legends[:1]],
        "note": note
        if spec.kind != "practices"
        else f"{note} Grey land: the darker, the more deprived (IMD {spec.question.edition}).",
        "hubOf": {code: hubs[hub] for code, hub in hub_of.items() if code in own},
        "alt": block.alt,
    }


def _legend(legend: Legend) -> dict[str, Any]:
    return {
        "title": legend.title,
        "items": [
            [colour, label, None if legend.counts is None else int(legend.counts[place])]
            for place, (colour, label) in enumerate(zip(legend.colours, legend.labels, strict=True))
        ],
    }


def practice_cards(question: Question) -> dict[str, Any]:
    """What is said of each practice that is pointed at: code to [name, line, rows, remark, sums].

    `sums` are what a group of practices is added up from: patients, those in the ratio, FTE GPs.
    """
    practices, benchmark, key = question.practices, question.benchmark, "patients_per_fte_gp"
    figures = summarise(
        practices,
        practices.index.to_series(),
        definition=question.definition.key,
        benchmark=benchmark.value,
    )
    return {
        str(code): [
            str(row["practice_name"]),
            ", ".join(str(row[key]) for key in ("district", "pcn") if not pd.isna(row[key])),
            _rows(
                row_of,
                [f"Against {benchmark.label}", signed_per_cent(row_of[key] / benchmark.value - 1)],
                ["IMD 2025 score", number(row_of["imd_score"], 1)],
            ),
            " ".join(flags(row)),
            [_plain(row_of[name]) for name in ("patients", "patients_in_ratio", "fte_gp")],
        ]
        for (code, row), (_, row_of) in zip(
            practices.iterrows(), figures.loc[practices.index].iterrows(), strict=True
        )
    }


def _plain(value: Any) -> float | None:
    return None if pd.isna(value) else round(float(value), 3)


def _rows(row: pd.Series, second: list[str], last: list[str]) -> Rows:
    """What is said of a practice as of a hub, around what is said of one of them."""
    return [
        [PER_GP.label, number(row["patients_per_fte_gp"])],
        second,
        ["Patients", number(row["patients"])],
        [REGISTER["fte_gp"].label, number(row["fte_gp"], 1)],
        [REGISTER["fte_gap"].noun, signed(row["fte_gap"])],
        last,
    ]


def _hub_cards(deck: Deck, slide: Slide) -> dict[str, Rows]:
    """What is said of each hub that is pointed at, by its name."""
    question, view = slide.question, slide.view
    assert question is not None
    assert view is not None
    plan = view.plan if view.plan is not None else deck.plan
    if plan is None:
        plan = plan_from_column(question.practices, "pcn")
    table = summarise_hubs(
        plan,
        question.practices,
        definition=question.definition.key,
        benchmark=question.benchmark,
        rules=deck.rules,
        edition=question.edition,
    ).iloc[:-1]
    return {
        str(name): _rows(
            row,
            ["Practices", number(row["practices"])],
            ["In the most deprived fifth", per_cent(row["share_quintile_1"])],
        )
        for name, row in table[table["practices"] > 0].iterrows()
    }
