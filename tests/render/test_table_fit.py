"""Text measured, wrapped and cut; tables that never run off a page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.textpath import TextPath

from pcs_dash.render.paper_text import drawable, printable, shorten, width, wrap
from pcs_dash.render.table_fit import best_fit, fit_rows, whole_if_short, words_whole
from pcs_dash.views.answer import Table, text_table

words = st.text(st.characters(codec="utf-8"), max_size=40)


@pytest.mark.parametrize("text", ["Patients per FTE GP", "Aveley Medical Centre (F81010)", "1,234"])
def test_width_is_that_of_the_drawn_text(text: str) -> None:
    drawn = TextPath((0, 0), text, size=12).get_extents()
    assert drawn.width <= width(text, 12) <= 1.08 * drawn.width + 2


@settings(max_examples=200)
@given(words, st.floats(30, 300))
def test_wrapped_lines_fit_and_lose_no_word(text: str, limit: float) -> None:
    lines = wrap(text, 10, limit)
    assert all(width(line, 10) <= limit for line in lines)
    if not any("…" in line for line in lines):
        assert " ".join(lines) == printable(text)


@settings(max_examples=200)
@given(words, st.floats(20, 300))
def test_shortened_text_is_a_beginning_that_fits(text: str, limit: float) -> None:
    cut = shorten(text, 10, limit)
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))
    assert width(cut, 10) <= limit or len(cut) <= 2


@settings(max_examples=200)
@given(st.text(max_size=30))
def test_printable_text_has_no_control_or_direction_character(text: str) -> None:
    safe = printable(text)
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2028\ufeff" for c in safe)
    assert printable(safe) == safe
    safe.encode("utf-8")
    assert len(drawable(text)) == len(safe)


tables = st.builds(
    text_table,
    caption=st.just("Practices of the area"),
    columns=st.just(("Practice", "Patients", "Note")),
    rows=st.lists(st.tuples(words, st.just("1,234"), words), max_size=60).map(tuple),
    overflow=st.sampled_from(["top", "split"]),
    note=st.sampled_from(["", "A note."]),
    widths=st.just((2.0, 1.0, 1.5)),
)


@settings(max_examples=150)
@given(tables, st.floats(250, 800), st.floats(180, 500))
def test_no_page_of_a_table_is_higher_than_its_box(table: Table, wide: float, high: float) -> None:
    parts = fit_rows(table, wide, high, 12, 0.9)
    for part in parts:
        assert sum(part.widths) == pytest.approx(wide)
        assert len(part.heights) == len(part.rows) + 1
        total = part.caption_height + sum(part.heights) + part.note_height
        # One row that alone is too high still has a page.
        assert total <= high + 0.01 or len(part.rows) <= 1
    shown = [row for part in parts for row in part.rows]
    if table.overflow == "split":
        assert shown == list(table.rows)
    else:
        assert len(parts) == 1
        assert shown == list(table.rows[: len(shown)])
        if len(shown) < len(table.rows):
            assert f"first {len(shown)} of {len(table.rows)}" in parts[0].caption


def test_the_largest_size_that_holds_everything_is_taken() -> None:
    table = text_table("Few", ("Name", "Figure"), (("A", "1"), ("B", "2")))
    assert best_fit(table, 400, 300, (16, 14, 12), 0.9)[0].size == 16
    short = text_table("Short", ("Name", "Figure"), tuple((f"Row {n}", "1") for n in range(9)))
    pages = best_fit(whole_if_short(short), 400, 120, (16, 14, 12), 0.9)
    assert [row for page in pages for row in page.rows] == list(short.rows)
    assert len(pages) > 1
    many = text_table("Many", ("Name", "Figure"), tuple((f"Row {n}", "1") for n in range(40)))
    fitted = best_fit(many, 400, 300, (16, 14, 12), 0.9)[0]
    assert fitted.size == 12
    assert "of 40" in fitted.caption


def test_a_column_is_as_wide_as_its_longest_word_and_a_sentence_is_no_figure() -> None:
    rows = (("A", "12", "2.40 residents per dwelling (from 1.54 to 2.53)", "0.4 (0.2 to 0.6)"),)
    table = text_table(
        "T", ("Name", "Patients (modelled)", "By", "Of it"), rows, widths=(9, 1, 2, 1)
    )
    (part,) = fit_rows(table, 420, 300, 12, 1.0)
    assert words_whole([part], 1.0)
    assert sum(part.widths) == pytest.approx(420)
    assert part.numbers == (False, True, False, True)
