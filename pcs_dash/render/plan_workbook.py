"""A plan as an Excel workbook, ready to print and to read back.

Sheets: Plan, Hubs, Practices, Score card, Rules, Definitions, About. Headings are frozen and
repeat on every printed page; A4 landscape, one page wide; header and footer say plan, area, date,
data period and GP definition. Text that looks like a formula gets a leading apostrophe (see
`export.csv`).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import rules_to_frame
from pcs_dash.measures.deprivation import without_small_counts
from pcs_dash.measures.numbers import number
from pcs_dash.measures.register import HUB_MEASURES, Measure, own, rule_measures
from pcs_dash.render.column_labels import format_of, heading, number_format
from pcs_dash.render.csv_files import plan_table
from pcs_dash.render.hub_colours import as_wide_as_a_page, mark_hubs
from pcs_dash.render.provenance import Provenance
from pcs_dash.tables.spreadsheet_text import neutralise

_A4 = 9
_WIDEST, _NARROWEST = 60, 9
_HEADING = PatternFill("solid", fgColor="FFE8EDF2")
_BOLD = Font(bold=True)
_WRAP = Alignment(wrap_text=True, vertical="top")


def plan_workbook(
    plan: Plan,
    practices: pd.DataFrame,
    provenance: Provenance,
    *,
    summary: pd.DataFrame,
    scorecard: pd.DataFrame | None = None,
) -> bytes:
    """The workbook's bytes.

    `summary` and `scorecard` are those of `hubs.summary` for this plan, these practices and the
    provenance's definition, benchmark and rules. `hubs.reading.read_plan` gives the very plan back.
    """
    workbook = Workbook()
    workbook.remove(workbook.active)
    workbook.properties.created = datetime.combine(provenance.exported, time())
    workbook.properties.title = _clean(provenance.plan_name or "Hub plan")
    workbook.properties.creator = "pcs_dash"
    colours = {neutralise(_clean(hub.name)): hub.colour for hub in plan.hubs}
    listed = _write(workbook, "Plan", plan_table(plan, practices).reset_index(), provenance)
    mark_hubs(listed, 1, heading("hub"), colours)
    measures = HUB_MEASURES | own(summary.columns)
    hubs = _hub_table(plan, summary, measures)
    formats = {measure.label: measure.number_format for measure in measures.values()}
    _colour_hubs(_write(workbook, "Hubs", hubs, provenance, formats))
    listed = _write(workbook, "Practices", _practice_table(plan, practices), provenance)
    mark_hubs(listed, 1, heading("hub"), colours)
    if scorecard is not None:
        _write(workbook, "Score card", scorecard.reset_index(drop=True), provenance)
    _write(workbook, "Rules", _rule_table(provenance), provenance)
    _write(workbook, "Definitions", _definition_table(summary), provenance)
    about = pd.DataFrame(provenance.lines(), columns=["Item", "Value"])
    _write(workbook, "About", about, provenance)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _hub_table(plan: Plan, summary: pd.DataFrame, measures: Mapping[str, Measure]) -> pd.DataFrame:
    """The summary under its measures' labels, with what a hub needs to be read back."""
    notes = {hub.id: hub.note for hub in plan.hubs}
    table = summary.reset_index()
    table.insert(4, "note", table["hub_id"].map(notes))
    return table.rename(columns={key: measure.label for key, measure in measures.items()})


def _practice_table(plan: Plan, practices: pd.DataFrame) -> pd.DataFrame:
    table = without_small_counts(practices)
    table.insert(0, "hub", plan.to_series(practices.index))
    return table.reset_index()


def _rule_table(provenance: Provenance) -> pd.DataFrame:
    table = rules_to_frame(provenance.rules)
    labels = {key: each.label for key, each in rule_measures(table["measure"]).items()}
    table["measure"] = table["measure"].map(lambda key: labels.get(key, key))
    return table


def _definition_table(summary: pd.DataFrame) -> pd.DataFrame:
    measures = (HUB_MEASURES | rule_measures(summary.columns)).values()
    return pd.DataFrame(
        [(measure.label, measure.unit, measure.definition) for measure in measures],
        columns=["Measure", "Unit", "Definition"],
    )


def _write(
    workbook: Workbook,
    title: str,
    table: pd.DataFrame,
    provenance: Provenance,
    formats: Mapping[str, str] | None = None,
) -> Worksheet:
    sheet = workbook.create_sheet(title)
    sheet.append([neutralise(_clean(heading(str(column)))) for column in table.columns])
    for row in table.itertuples(index=False, name=None):
        sheet.append([_value(value) for value in row])
    _format_columns(sheet, table, formats or {})
    for cell in sheet[1]:
        cell.font, cell.fill, cell.alignment = _BOLD, _HEADING, _WRAP
    sheet.freeze_panes = "B2"
    if len(table):
        sheet.auto_filter.ref = sheet.dimensions
    _set_up_print(sheet, title, provenance)
    return sheet


def _format_columns(sheet: Worksheet, table: pd.DataFrame, formats: Mapping[str, str]) -> None:
    for place, name in enumerate(table.columns, start=1):
        cells = [row[0] for row in sheet.iter_rows(min_row=2, min_col=place, max_col=place)]
        usual = formats.get(str(name)) or number_format(str(name))
        # A heading wraps between its words.
        longest = max(map(len, heading(str(name)).split()), default=0)
        for cell in cells:
            if isinstance(cell.value, (int, float)):
                cell.number_format = usual or format_of(cell.value)
                longest = max(longest, len(number(cell.value, 2)))
            elif isinstance(cell.value, str):
                longest = max(longest, len(cell.value))
                if len(cell.value) > _WIDEST:
                    cell.alignment = _WRAP
        width = min(max(longest + 2, _NARROWEST), _WIDEST)
        sheet.column_dimensions[get_column_letter(place)].width = width


def _colour_hubs(sheet: Worksheet) -> None:
    """The colour's cell filled with it."""
    headings: Sequence[Any] = [cell.value for cell in sheet[1]]
    place = headings.index(heading("colour"))
    for row in sheet.iter_rows(min_row=2):
        colour = row[place].value
        if isinstance(colour, str):
            row[place].fill = PatternFill("solid", fgColor="FF" + colour.removeprefix("#").upper())


def _set_up_print(sheet: Worksheet, title: str, provenance: Provenance) -> None:
    sheet.page_setup.paperSize = _A4
    as_wide_as_a_page(sheet, 1)
    sheet.oddHeader.left.text = _header(f"{provenance.plan_name or 'Hub plan'}: {title}")
    sheet.oddHeader.right.text = _header(provenance.area)
    sheet.oddFooter.left.text = _header(
        f"Data: {provenance.data_period}. GPs: {provenance.definition.replace('_', ' ')}."
    )
    sheet.oddFooter.center.text = _header(f"Exported {provenance.exported.isoformat()}")
    sheet.oddFooter.right.text = "&P / &N"


def _header(text: str) -> str:
    """An ampersand is a command in headers; all three parts together may have 255 characters."""
    return _clean(text)[:70].replace("&", "&&")


def _value(value: Any) -> Any:
    if pd.isna(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return neutralise(_clean(value)) if isinstance(value, str) else value


def _clean(text: str) -> str:
    """Without the control characters that no workbook may hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)
