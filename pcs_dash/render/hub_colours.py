"""A colour before the name that it stands for: in HTML, and in the cells of a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet


def swatch(colour: str) -> str:
    """A small square of a colour (#rrggbb) as HTML; nothing where there is none."""
    return colour and (
        '<span aria-hidden="true" style="display:inline-block;flex:none;width:13px;height:13px;'
        f"background:{colour};border:1px solid #4b5563;border-radius:2px;margin-right:6px;"
        'vertical-align:-2px"></span>'
    )


def as_wide_as_a_page(sheet: Worksheet, head: int) -> None:
    """Printed across, one page wide, the headings of row `head` on each."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{head}:{head}"


def mark_hubs(sheet: Worksheet, head: int, column: str, colours: Mapping[str, str]) -> None:
    """A thick line in its hub's colour before each cell under the heading `column` in row `head`;
    `colours` are those of the hubs by their names as the cells have them.
    """
    # A page needs the squares alone.
    from openpyxl.styles import Border, Side

    place = next(cell.column for cell in sheet[head] if cell.value == column)
    for (cell,) in sheet.iter_rows(min_row=head + 1, min_col=place, max_col=place):
        colour = colours.get(str(cell.value))
        if colour is not None:
            side = Side("thick", color="FF" + colour.removeprefix("#").upper())
            cell.border = Border(left=side)
