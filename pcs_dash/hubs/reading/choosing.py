"""Which of a file's sheets or layers is the plan, and what is told of the others."""

from __future__ import annotations

from collections.abc import Sequence

from pcs_dash.hubs.reading.columns import Layout, understand
from pcs_dash.hubs.reading.faults import NEEDS, ColumnChoiceError, Faults, listed
from pcs_dash.hubs.reading.sheet import Sheet, short
from pcs_dash.tables.errors import InputFileError
from pcs_dash.tables.labels import name_key


def choose_sheet(
    sheets: Sequence[Sheet], faults: Faults, *, sheet: str | None, column: str | None
) -> tuple[Sheet, Layout, tuple[str, ...]]:
    """The sheet to read, how it is laid out, and the names of the others that could be read."""
    if sheet is not None:
        named = [one for one in sheets if one.name == sheet] or [
            one for one in sheets if name_key(one.name) == name_key(sheet)
        ]
        if not named:
            faults.refuse(
                f"There is no sheet or layer '{short(sheet)}'. There are: "
                f"{listed([one.name or 'one without a name' for one in sheets], 12)}."
            )
        chosen = named[0].seen()
        layout = understand(chosen, faults, column=column)
        if layout is None:
            faults.refuse(_no_practices([chosen]))
    else:
        chosen, layout = _first(sheets, faults, column)
    others = tuple(
        one.name for one in sheets if one.name != chosen.name and _is_plan(one, faults.name)
    )
    return chosen, layout, others


def _first(sheets: Sequence[Sheet], faults: Faults, column: str | None) -> tuple[Sheet, Layout]:
    """The first sheet that is a plan: one that is shown before one that is hidden, one with codes
    before one with shapes. A fault of a sheet is told if no other can be read.
    """
    fault: InputFileError | None = None
    shapes: tuple[Sheet, Layout] | None = None
    for one in sorted(sheets, key=lambda one: one.hidden):
        try:
            layout = understand(one.seen(), faults, column=column)
        except InputFileError as error:
            fault = fault or error
            continue
        if layout is not None and layout.practice is not None:
            return one.seen(), layout
        if layout is not None and shapes is None:
            shapes = one.seen(), layout
    if shapes is not None:
        return shapes
    if fault is not None:
        raise fault
    raise InputFileError(faults.name, [_no_practices(sheets)])


def _no_practices(sheets: Sequence[Sheet]) -> str:
    large = [sheet.name for sheet in sheets if sheet.too_large]
    if large:
        return (
            f"Sheet '{short(large[0])}' has more cells or rows than any plan and was not read. "
            "Save the plan's two columns in a workbook of their own."
        )
    if len(sheets) > 1:
        names = ", ".join(f"'{short(sheet.name)}'" for sheet in sheets[:8])
        return f"No sheet or layer ({names}) has a heading with practices and hubs. {NEEDS}"
    first = next((row for sheet in sheets for row in sheet.rows if any(row.cells)), None)
    have = ", ".join(f"'{short(cell)}'" for cell in (first.cells[:8] if first else ()) if cell)
    if sheets and sheets[0].is_features:
        return (
            "The map file has neither practice codes nor polygons. Draw a polygon round each hub, "
            "or give each point a property practice_code and a property hub."
        )
    at = first.at if first else "Row 1"
    return f"{at}: no column with practice codes (there is {have or 'nothing'}). {NEEDS}"


def _is_plan(sheet: Sheet, name: str) -> bool:
    try:
        return understand(sheet.seen(), Faults(name)) is not None
    except ColumnChoiceError:
        return True
    except InputFileError:
        return False


def tell_of_choice(
    chosen: Sheet,
    layout: Layout,
    others: Sequence[str],
    sheets: Sequence[Sheet],
    faults: Faults,
    *,
    sheet: str | None,
    column: str | None,
) -> None:
    """Note which sheet and column were read, where others could be, and what was passed over."""
    hidden = {one.name for one in sheets if one.hidden}
    faults.notes += chosen.notes
    if others and sheet is None:
        told = [f"'{short(name)}'{' (hidden)' if name in hidden else ''}" for name in others[:8]]
        faults.notes.append(
            f"Sheet or layer '{short(chosen.name)}' was read. Others could be: {', '.join(told)}."
        )
    large = [one.name for one in sheets if one.too_large]
    if large:
        faults.notes.append(f"Too large to be a plan, and passed over: {listed(large)}.")
    if not layout.sure and column is None and layout.possible:
        rest = [f"'{short(name)}'" for name in layout.possible[1:9]]
        could = f" It could be {' or '.join(rest)} instead." if rest else ""
        faults.notes.append(f"Hubs were taken from '{short(layout.possible[0])}'.{could}")
    if chosen.formulas:
        faults.notes.append(
            f"Formulas, read with the values stored when the file was saved: {chosen.formulas:,}."
        )
