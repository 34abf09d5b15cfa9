"""The workbook: figures as numbers, sums that add up, text that stays text."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from openpyxl import load_workbook

from pcs_dash.render.report_workbook import to_xlsx
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.deck import Deck

from .conftest import HOSTILE

SHEETS = [
    "About", "Places", "Districts", "PCNs", "Practices", "Hubs", "Plan", "Options", "Definitions",
    "Rules", "Sources",
]  # fmt: skip


@pytest.fixture(scope="module")
def book(deck: Deck) -> Any:
    return load_workbook(io.BytesIO(to_xlsx(deck)))


def rows(book: Any, sheet: str) -> list[dict[str, Any]]:
    heads, *body = list(book[sheet].iter_rows(min_row=3, values_only=True))
    return [dict(zip(heads, row, strict=True)) for row in body]


def test_the_sheets_and_what_they_rest_on(book: Any, deck: Deck) -> None:
    assert book.sheetnames == SHEETS
    about = dict(book["About"].iter_rows(min_row=3, max_col=2, values_only=True))
    assert about["Made"] == "5 March 2026"
    assert "31 December 2025" in about["Data"]
    assert about["Opens in the app"] == (
        "http://localhost:8501/practices?area=thurrock&gp=fully_qualified&imd=2025&benchmark=england"
        "&practice=F81010"
    )
    assert about["Opens the whole story"].startswith(
        "http://localhost:8501/present_and_pack?area=thurrock&story=s1."
    )
    assert {row["Term"] for row in rows(book, "Definitions")} >= {t for t, _ in deck.definitions}
    assert [row["Rule"] for row in rows(book, "Rules")] == [rule.name for rule in deck.rules]
    assert len(rows(book, "Sources")) >= 10


@pytest.mark.parametrize("sheet", ["Places", "Districts", "PCNs", "Practices", "Hubs"])
def test_groups_add_up_to_the_area(book: Any, dataset: Dataset, sheet: str) -> None:
    own = dataset.practices[dataset.practices["sub_icb_code"] == "07G"]
    body = rows(book, sheet)
    if sheet in ("Places", "Districts", "PCNs"):
        *body, total = body
        assert total["Patients"] == own["patients"].sum()
        assert total["Patients per FTE GP"] == pytest.approx(
            own["patients"].sum() / own["gp_fte_fully_qualified"].sum()
        )
    assert sum(row["Patients"] for row in body) == own["patients"].sum()
    assert sum(row["FTE GPs"] for row in body if row["FTE GPs"] is not None) == pytest.approx(
        np.nansum(own["gp_fte_fully_qualified"])
    )


def test_practices_carry_all_three_definitions(book: Any, dataset: Dataset) -> None:
    body = {row["Practice code"]: row for row in rows(book, "Practices")}
    own = dataset.practices[dataset.practices["sub_icb_code"] == "07G"]
    assert set(body) == set(own.index)
    for code, row in own.iterrows():
        for label, column in (
            ("All GPs", "gp_fte_all"),
            ("Permanent GPs", "gp_fte_permanent"),
            ("Fully qualified GPs", "gp_fte_fully_qualified"),
        ):
            shown = body[code][f"FTE: {label}"]
            assert (shown is None) == bool(np.isnan(row[column]))
            assert shown is None or shown == pytest.approx(row[column])


def test_headings_are_labels_and_figures_have_forms_and_room(book: Any) -> None:
    for sheet in book.worksheets[1:]:
        heads = [cell.value for cell in sheet[3]]
        assert len(set(heads)) == len(heads), sheet.title
        assert not [name for name in heads if "_" in name or name[0].islower()], sheet.title
        for cells in sheet.iter_cols(min_row=4):
            width = sheet.column_dimensions[cells[0].column_letter].width
            for cell in cells:
                if isinstance(cell.value, (int, float)):
                    assert cell.number_format != "General", (sheet.title, cell.coordinate)
                    assert width > len(f"{cell.value:,.1f}"), (sheet.title, cell.coordinate)
    hubs = [cell.value for cell in book["Hubs"][3]]
    assert {"Patients", "Nurses (FTE)", "Widest distance (km)", "GPs aged 55+"} <= set(hubs)


def test_no_cell_is_a_formula_and_none_is_nan(book: Any) -> None:
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                assert cell.value not in ("nan", "inf", "None", "<NA>"), cell.coordinate
                if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "@")):
                    assert cell.quotePrefix


def test_hostile_names_are_kept(book: Any) -> None:
    hubs = {row["Hub"] for row in rows(book, "Plan")}
    assert set(HOSTILE[:4]) <= hubs
    assert None in hubs
    assert "=HYPERLINK" in next(name for name in hubs if name and name.startswith("="))
