"""From rows to "this practice, that hub": what stands in the two columns, cell by cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pcs_dash.hubs.plan import PlanError, clean_name
from pcs_dash.hubs.reading.columns import PCN_CODE, Layout
from pcs_dash.hubs.reading.faults import Faults, listed
from pcs_dash.hubs.reading.practice_names import Match, Practices
from pcs_dash.hubs.reading.sheet import Row, Sheet, column_key, short
from pcs_dash.tables.labels import group_labels, name_key
from pcs_dash.tables.no_value import NO_HUB, NO_PCN, means_no_group
from pcs_dash.tables.spreadsheet_text import FORMULA_STARTS, restore

_ERRORS = frozenset(
    {
        "#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
        "#ERROR!", "Err:502", "Err:508",
    }
)  # fmt: skip
_WRAPPED = re.compile(r'="(.*)"', re.DOTALL)
_WHOLE = re.compile(r"(-?\d{1,15})\.0+")
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# What Excel makes of 1-2, MAR1 or 1E5 when it is typed.
_DATE = re.compile(
    rf"\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|\d{{1,2}}-({_MONTH})(-\d{{2,4}})?"
    rf"|({_MONTH})-\d{{2,4}}|\d(\.\d+)?E\+\d{{2,3}}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Entry:
    """A practice and its hub, None for none, as a row has them; `written`: what stood there for
    "none", "" for an empty cell.
    """

    at: str
    match: Match
    hub: str | None
    written: str = ""


def entries(sheet: Sheet, layout: Layout, practices: Practices, faults: Faults) -> list[Entry]:
    """The practices of a sheet and their hubs; every cell that can't be read is a fault."""
    rows = _rows(sheet, layout, faults)
    texts = _hub_texts(sheet, layout, rows)
    codes = _network_codes(layout, rows, texts, sheet)
    if any(codes):
        texts = _networks(codes, texts, practices, faults)
    find = practices.by_name if layout.by_name else practices.by_code
    practice, _ = layout.columns
    made = [
        _entry(row, find(row.cell(practice)), text, sheet, layout, faults)
        for row, text in zip(rows, texts, strict=True)
    ]
    _tell_of_cells(rows, made, texts, layout, sheet, faults)
    return made


def _rows(sheet: Sheet, layout: Layout, faults: Faults) -> list[Row]:
    """The rows that name a practice, but for those that can't be read, which are faults."""
    kept, pictures = [], 0
    for row in sheet.rows[layout.top + 1 :]:
        cells = [row.cell(column) for column in layout.columns]
        if not any(row.cells) and not row.flaws:
            continue
        if sheet.is_features and not cells[0]:
            pictures += row.shape is not None and row.shape.get("type") != "Point"
            if row.shape is None or row.shape.get("type") == "Point":
                faults.faults.append(
                    f"{row.at}: no property {layout.headings[layout.columns[0]]}. Add it or remove "
                    "the feature."
                )
            continue
        fault = _fault_of(row, sheet, layout)
        if fault:
            faults.faults.append(fault)
        elif any(cells) and not _is_heading(cells, layout):
            kept.append(row)
    if pictures and not sheet.hubs:
        faults.notes.append(
            f"The file has practices and polygons ({pictures}): the practices decide, the polygons "
            "were passed over."
        )
    return kept


def _fault_of(row: Row, sheet: Sheet, layout: Layout) -> str:
    """Why a row can't be read, as a sentence; "" where it can."""
    width = len(layout.headings)
    if sheet.ragged and any(row.cells[width:]):
        return (
            f"{row.at}: {len(row.cells)} fields under {width} headings. Put a name that has the "
            "delimiter in it between double quotes."
        )
    for column in layout.columns:
        place = f"{row.at}, {layout.named(column)}"
        if sheet.ragged and column >= len(row.cells):
            return (
                f"{row.at}: {len(row.cells)} fields under {width} headings; "
                f"{layout.named(column)} is missing. Complete the row."
            )
        if column in row.flaws:
            return f"{place}: {row.flaws[column]}."
        # In a file of our own it may be a name that was typed.
        if row.cell(column) in _ERRORS and not (sheet.ours and column == layout.hub):
            return (
                f"{place}: an error ({row.cell(column)}) instead of a value. Mend the formula, or "
                "leave the cell empty if the practice is in no hub."
            )
    return ""


def _is_heading(cells: Sequence[str], layout: Layout) -> bool:
    """Whether a row is the heading once more, as on the pages of a printed list."""
    wanted = [layout.headings[column] for column in layout.columns]
    return [*map(column_key, cells)] == [*map(column_key, wanted)]


def _entry(
    row: Row, match: Match, text: str, sheet: Sheet, layout: Layout, faults: Faults
) -> Entry:
    practice, hub = layout.columns
    if not match.given:
        faults.faults.append(
            f"{row.at}, {layout.named(practice)}: no practice code for hub "
            f"'{short(text)}'. Add the code or remove the row."
        )
    if not text or (name_key(text) in NO_HUB if sheet.ours else means_no_group(text)):
        return Entry(row.at, match, None, text)
    try:
        return Entry(row.at, match, clean_name(text))
    except PlanError as error:
        faults.faults.append(f"{row.at}, {layout.named(hub)}: {error}")
        return Entry(row.at, match, None)


# --- the hubs ---


def _hub_texts(sheet: Sheet, layout: Layout, rows: Sequence[Row]) -> list[str]:
    """What stands for the hub in each row; in a sheet of our own just as it was typed."""
    texts = [row.cell(layout.columns[1]) for row in rows]
    if not sheet.ours:
        texts = [_plain(text) for text in texts]
    return texts if sheet.is_features else [restore(text) for text in texts]


def _plain(text: str) -> str:
    """Without what spreadsheets put round a text, or behind a whole number."""
    for pattern in (_WRAPPED, _WHOLE):
        found = pattern.fullmatch(text)
        text = found.group(1) if found else text
    return text


def _network_codes(
    layout: Layout, rows: Sequence[Row], texts: Sequence[str], sheet: Sheet
) -> list[str]:
    """The code of each row's network, "" for none: of its column, or of hubs that are codes."""
    if sheet.ours:
        return []
    if layout.pcn_code is not None:
        found = [row.cell(layout.pcn_code).upper() for row in rows]
        return ["" if code in NO_PCN or means_no_group(code) else code for code in found]
    codes = [text.upper() for text in texts if not means_no_group(text)]
    if codes and all(PCN_CODE.fullmatch(code) for code in codes):
        return ["" if means_no_group(text) else text.upper() for text in texts]
    return []


def _networks(
    codes: Sequence[str], texts: Sequence[str], practices: Practices, faults: Faults
) -> list[str]:
    """The label of each row's network: a network is its code, and called as in the data."""
    known = practices.networks()
    names = [
        known.get(code) or ("" if code == text.upper() or means_no_group(text) else text)
        for code, text in zip(codes, texts, strict=True)
    ]
    labels = [label or "" for label in group_labels(codes, names)]
    if any(code and code == text.upper() for code, text in zip(codes, texts, strict=True)):
        faults.notes.append("Hubs are codes of PCNs: they are called as the data call the PCN.")
    apart = [label for label in dict.fromkeys(labels) if label.endswith(")")]
    told = [label for label in apart if PCN_CODE.fullmatch(label[-7:-1]) and label not in names]
    if told:
        faults.notes.append(f"PCNs of one name, kept apart by their codes: {listed(told)}.")
    return labels


# --- what the reader should know ---


def _tell_of_cells(
    rows: Sequence[Row],
    made: Sequence[Entry],
    texts: Sequence[str],
    layout: Layout,
    sheet: Sheet,
    faults: Faults,
) -> None:
    within = sum(entry.match.within for entry in made)
    if within:
        faults.notes.append(f"Codes that stood within more text were taken out of it: {within:,}.")
    cells = [] if sheet.is_features else [row.cell(layout.columns[1]) for row in rows]
    formulas = dict.fromkeys(
        text
        for cell, text in zip(cells, texts, strict=False)
        if cell.startswith(FORMULA_STARTS) and not _WRAPPED.fullmatch(cell)
    )
    if formulas:
        faults.notes.append(
            f"Hub names that look like formulas were taken as text: {listed([*formulas])}."
        )
    dates = [] if sheet.ours else [*dict.fromkeys(t for t in texts if _DATE.fullmatch(t))]
    if dates:
        faults.notes.append(
            f"Hub names that look like dates, or like figures that Excel changed: {listed(dates)}. "
            "If they were names such as 1-2, format the column as text and type them again."
        )
    names = [entry.hub for entry in made if entry.hub is not None]
    errors = [name for name in dict.fromkeys(names) if name in _ERRORS]
    if errors:
        faults.notes.append(
            f"Hubs called as spreadsheets call an error: {listed(errors)}. If a formula failed "
            "there, mend it and open the file again."
        )
    gaps = sum(entry.hub is None and not entry.written for entry in made)
    if names and gaps >= len(names) == len(set(names)) and made[0].hub is not None and gaps > 1:
        faults.notes.append(
            "Each hub stands at one practice only, with empty cells below: if it is meant for "
            "those too, fill the column down."
        )


def joined_spellings(made: Sequence[Entry], faults: Faults) -> list[Entry]:
    """The entries with one spelling of each hub, the first."""
    spelling: dict[str, str] = {}
    other: dict[str, None] = {}
    joined = []
    for entry in made:
        if entry.hub is not None:
            first = spelling.setdefault(name_key(entry.hub), entry.hub)
            if first != entry.hub:
                other[f"'{short(entry.hub)}' as '{short(first)}'"] = None
            entry = replace(entry, hub=first)
        joined.append(entry)
    if other:
        faults.notes.append(
            f"Hubs that differ in spelling only were taken as one: {', '.join([*other][:5])}."
        )
    return joined
