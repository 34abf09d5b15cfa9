"""The PDF: as many pages, words that can be searched, no office program."""

from __future__ import annotations

import io

import matplotlib as mpl
import pytest
from pptx import Presentation
from pypdf import PdfReader

from pcs_dash.official.any_area import find_area
from pcs_dash.render.pdf import slide_picture, to_pdf
from pcs_dash.render.powerpoint import to_pptx
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.content import build_deck
from pcs_dash.views.deck import Deck
from pcs_dash.views.story import SavedView, Story


@pytest.fixture(scope="module")
def pages(deck: Deck) -> list[str]:
    reader = PdfReader(io.BytesIO(to_pdf(deck)))
    assert reader.metadata is not None
    assert reader.metadata.title == deck.title
    assert all(
        float(page.mediabox.width) / float(page.mediabox.height) == pytest.approx(16 / 9, abs=0.01)
        for page in reader.pages
    )
    return [page.extract_text() for page in reader.pages]


def test_fonts_are_whole_and_matplotlib_is_left_as_it_was(deck: Deck) -> None:
    before = {name: value for name, value in mpl.rcParams.items() if name != "backend"}
    assert before["pdf.fonttype"] == 3
    reader = PdfReader(io.BytesIO(to_pdf(deck)))
    assert {name: mpl.rcParams[name] for name in before} == before
    kinds = {
        font.get_object()["/Subtype"]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert "/Type3" not in kinds


def test_a_page_or_more_for_each_view_in_order(deck: Deck, pages: list[str]) -> None:
    assert deck.title in pages[0]
    rest = iter(pages[1:])
    for slide in deck.slides:
        assert any(slide.heading in page for page in rest), slide.heading


def test_more_than_two_blocks_go_on_overleaf(dataset: Dataset) -> None:
    # The Overview has a map, a table and a chart, and can be added to a story.
    area = find_area("Thurrock")
    view = SavedView(page="overview", topic="overview", area=area.key)
    deck = build_deck(dataset, Story("A", (view,)), area=area, base="http://localhost")
    slide = deck.slides[0]
    assert len(slide.blocks) == 3
    assert slide_picture(deck).startswith(b"\x89PNG")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(to_pdf(deck))).pages]
    caption, title = slide.blocks[1].caption, slide.blocks[2].title
    found = [
        next(i for i, page in enumerate(pages) if " ".join(text.split()[:2]) in page)
        for text in (caption, title)
    ]
    assert found[0] + 1 == found[1]
    shown = Presentation(io.BytesIO(to_pptx(deck))).slides
    charts = [number for number, one in enumerate(shown) if any(s.has_chart for s in one.shapes)]
    tables = [number for number, one in enumerate(shown) if any(s.has_table for s in one.shapes)]
    assert charts == [tables[0] + 1]


def test_every_page_says_source_period_definition_and_date(pages: list[str]) -> None:
    for page in pages[:-1]:
        flat = " ".join(page.split())
        for part in ("NHS England", "31 December 2025", "Fully qualified GPs", "5 March 2026"):
            assert part in flat
        assert "area=thurrock" in flat


def test_the_figures_and_the_definitions_are_there(deck: Deck, pages: list[str]) -> None:
    every = " ".join(" ".join(pages).split())
    for part in ("2,780", "190,486", "PCN or locality", "A line of <b>my own</b>"):
        assert part in every
    for term, _ in deck.definitions:
        assert term.removeprefix("Rule: ") in every


def test_hostile_names_are_drawn_as_they_are(pages: list[str]) -> None:
    every = " ".join(" ".join(pages).split()).replace(" ", "")
    assert "<imgsrc=xonerror=alert(1)>" in every
    assert "${x}{{y}}%s" in every
    assert "\u202e" not in every
