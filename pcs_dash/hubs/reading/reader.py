"""One reader of plans for the page, every command and the board pack.

A file is untrusted. Its content decides what it is, not its name; sizes are checked before anything
is unpacked or parsed; whatever is wrong comes out as one InputFileError that lists all faults (up
to MAX_FAULTS) with row and column and says what to do. Nothing is guessed in silence: what was read
of a file that could be read in two ways is in the PlanReading, with the other ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from pcs_dash.hubs.palette import PALETTE
from pcs_dash.hubs.plan import Hub, Plan, PlanError
from pcs_dash.hubs.reading.choosing import choose_sheet, tell_of_choice
from pcs_dash.hubs.reading.columns import PRACTICE_CODE, Layout
from pcs_dash.hubs.reading.faults import NEEDS, Faults, listed, shown_name
from pcs_dash.hubs.reading.formats import Contents, contents, too_large
from pcs_dash.hubs.reading.groups import Entry, entries, joined_spellings
from pcs_dash.hubs.reading.practice_names import Practices
from pcs_dash.hubs.reading.reading_report import PlanReading, Unknown
from pcs_dash.hubs.reading.rows import OnUnknown, about_unknown, known_rows, one_row_each
from pcs_dash.hubs.reading.saved_plans import saved_plan
from pcs_dash.hubs.reading.shapes import Claimed, claimed_by_shapes
from pcs_dash.hubs.reading.sheet import MAX_BYTES, Sheet, short
from pcs_dash.official.absent_practices import whereabouts
from pcs_dash.tables.areas import Area
from pcs_dash.tables.labels import name_key


def read_plan(
    name: str,
    content: bytes,
    practices: pd.DataFrame,
    *,
    area: Area | None = None,
    sheet: str | None = None,
    column: str | None = None,
    repair: bool = False,
    unknown: OnUnknown = "refuse",
    nearest_names: bool = False,
) -> PlanReading:
    """The plan in a file: CSV, Excel, OpenDocument, GeoJSON, GeoPackage, shapefile, KML, a zip of
    one of them, or a plan that was exported as JSON.

    `practices`: all practices there are (index practice_code; for names practice_name, for polygons
    longitude, latitude, easting, northing), not those of the area only; `area` tells what lies
    outside it or is not in the file, and whose names are matched first. `sheet` and `column` choose
    where a file can be read in several ways. `repair` takes all that a crossing line encloses.
    `unknown`: what to do with practices that the data lack; "keep" leaves their codes in the plan.
    `nearest_names` takes the one practice whose name is like one that fits none.

    InputFileError lists the faults; CrossingShapeError, UnknownPracticeError and ColumnChoiceError,
    its subclasses, say that `repair`, `unknown` or `column` would get around them all.
    """
    faults = Faults(shown_name(name))
    known = Practices(practices, area)
    saved = saved_plan(content, faults)
    if saved is not None:
        return _checked_plan(*saved, known, faults)
    found = contents(content, faults)
    chosen, layout, others = choose_sheet(found.sheets, faults, sheet=sheet, column=column)
    tell_of_choice(chosen, layout, others, found.sheets, faults, sheet=sheet, column=column)
    claimed = None
    if layout.practice is None:
        claimed = claimed_by_shapes(chosen, layout, practices, faults, repair=repair)
        rows: list[Entry] = []
    else:
        rows = joined_spellings(entries(chosen, layout, known, faults), faults)
    rows, repeated = one_row_each(rows, layout, faults)
    rows, left_out = known_rows(rows, layout, known, faults, unknown, nearest_names)
    faults.check()
    return _reading(
        found, chosen, layout, others, rows, left_out, repeated, claimed, known, faults, unknown
    )


def read_plan_file(
    path: Path | str, practices: pd.DataFrame, *, area: Area | None = None, **options: Any
) -> PlanReading:
    """`read_plan` of a file on disk, whose size is looked at before it is read."""
    return read_plan(Path(path).name, file_content(path), practices, area=area, **options)


def file_content(path: Path | str) -> bytes:
    """The bytes of a plan's file; InputFileError if there is none, or it is too large."""
    path = Path(path)
    faults = Faults(shown_name(path.name or str(path)))
    try:
        if path.is_dir():
            faults.refuse("This is a folder. Give the plan's file.")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        size = path.stat().st_size
    except FileNotFoundError:
        faults.refuse("There is no such file. Check the name and the folder.")
    except (OSError, ValueError) as error:
        faults.refuse(f"The file can't be read ({error}). Check its name and permissions.")
    if len(content) > MAX_BYTES:
        faults.refuse(too_large(max(size, len(content))))
    return content


# --- the plan ---


def _reading(
    found: Contents,
    chosen: Sheet,
    layout: Layout,
    others: Sequence[str],
    rows: Sequence[Entry],
    left_out: tuple[Unknown, ...],
    repeated: int,
    claimed: Claimed | None,
    known: Practices,
    faults: Faults,
    unknown: OnUnknown,
) -> PlanReading:
    described: Sequence[Mapping[str, Any]] = chosen.hubs
    hub_of: dict[str, str | None] = {row.match.code: row.hub for row in rows}
    if claimed is not None:
        hub_of = dict(claimed.hub_of)
        described = [{"name": hub} for hub in claimed.hubs]
    elif not rows and not left_out and not described:
        faults.refuse(f"The file has a heading but no practices. {NEEDS}")
    if unknown == "keep":
        hub_of |= {row.given: row.hub for row in left_out if PRACTICE_CODE.fullmatch(row.given)}
    plan = _plan({c: hub for c, hub in hub_of.items() if hub is not None}, described, faults)
    _tell_of_none(rows, faults)
    reading = PlanReading(
        plan,
        faults.name,
        found.kind,
        sheet=chosen.name,
        sheets=(chosen.name, *others) if others else (),
        practice_column="" if layout.practice is None else layout.headings[layout.practice],
        column="" if layout.hub is None else layout.headings[layout.hub],
        columns=layout.possible,
        sure=layout.sure,
        without_hub=sum(hub is None for hub in hub_of.values()),
        unknown=left_out,
        kept=unknown == "keep",
        repeated=repeated,
        twice_claimed=MappingProxyType({} if claimed is None else dict(claimed.twice)),
    )
    listed_codes = set(hub_of) | set(reading.twice_claimed)
    return _held_against_area(reading, listed_codes, known, faults, shapes=claimed is not None)


def _tell_of_none(rows: Sequence[Entry], faults: Faults) -> None:
    none = [row for row in rows if row.hub is None]
    if none:
        words = dict.fromkeys(f"'{short(row.written)}'" for row in none if row.written)
        spelt = f" (among them {', '.join([*words][:12])})" if words else ""
        faults.notes.append(
            f"Practices without a hub in the file, left unassigned: {len(none):,}{spelt}."
        )


def _checked_plan(plan: Plan, name: str, known: Practices, faults: Faults) -> PlanReading:
    """A plan that came whole; codes that the data lack stay in it, and are told."""
    lost = plan.unknown_codes(known.table.index)
    elsewhere = whereabouts(lost)
    rows = [
        Entry("", known.by_code(code), None if (hub := plan.hub_of(code)) is None else hub.name)
        for code in lost
    ]
    left_out = tuple(about_unknown(row, known, elsewhere, sought=False) for row in rows)
    reading = PlanReading(
        plan, faults.name, "a plan exported here", plan_name=name, unknown=left_out, kept=True
    )
    return _held_against_area(reading, set(plan.assignment), known, faults, shapes=False)


def _held_against_area(
    reading: PlanReading, in_file: set[str], known: Practices, faults: Faults, *, shapes: bool
) -> PlanReading:
    """The reading with its counts and with notes on what lies outside the area or is missing."""
    assigned = [code for code in reading.plan.assignment if code in known.table.index]
    here = [code for code in assigned if code in known.inside]
    outside = {code: known.place(code) for code in assigned if code not in known.inside}
    notes = list(faults.notes)
    words = known.area_words()
    if outside:
        told = listed([f"{code} in {place}" for code, place in outside.items()])
        notes.append(
            f"Practices of the file outside {words}, kept in the plan: {len(outside)} ({told})."
        )
    absent = [code for code in known.inside if code not in in_file]
    if absent and known.area is not None:
        what = "in no polygon" if shapes else "not in the file"
        notes.append(
            f"Practices of {words} that are {what}, left unassigned: {len(absent)} of "
            f"{len(known.inside)}."
        )
    elif absent and shapes:
        notes.append(f"Practices in no polygon, left unassigned: {len(absent):,}.")
    bare = [
        hub.name
        for hub in reading.plan.hubs
        if (members := reading.plan.members(hub.id)) and not set(members) & known.inside
    ]
    if bare and known.area is not None:
        notes.append(f"Hubs without a practice in {words}: {listed(bare, 8)}.")
    return replace(
        reading,
        practices=len(assigned),
        in_area=len(here),
        of_area=len(known.inside),
        elsewhere=MappingProxyType(outside),
        nobody="" if here else _why_nobody(reading, outside, words),
        notes=tuple(notes),
    )


def _why_nobody(reading: PlanReading, outside: Mapping[str, str], words: str) -> str:
    if outside:
        places = listed([*dict.fromkeys(outside.values())], 3)
        return f"None of its practices is in {words}: they are in {places}. Choose that area first."
    if reading.unknown and not reading.without_hub:
        return (
            "None of its practices is in the data: "
            f"{listed([row.words for row in reading.unknown], between='; ')}."
        )
    return f"It puts no practice of {words} in a hub."


def _plan(assigned: Mapping[str, str], hubs: Sequence[Mapping[str, Any]], faults: Faults) -> Plan:
    """The plan, with the hubs that the file describes first, in its order and colours."""
    names = pd.Series(dict(assigned), dtype="str")
    try:
        plain = Plan.from_series(names)
        if not hubs:
            return plain
        described = _described_hubs(hubs)
    except PlanError as error:
        if not hubs:
            faults.refuse(str(error))
        faults.notes.append(f"Colours and notes of the hubs were not taken over: {error}")
        return plain
    plan = Plan(described)
    for hub in plain.hubs:
        if plan.hub_by_name(hub.name) is None:
            plan = plan.add_hub(hub.name)
    ids = {name_key(hub.name): hub.id for hub in plan.hubs}
    return plan.changed({code: ids[name_key(name)] for code, name in assigned.items()})


def _described_hubs(items: Sequence[Mapping[str, Any]]) -> tuple[Hub, ...]:
    return tuple(
        Hub(
            id=str(item.get("id", f"h{number}")),
            name=item.get("name", ""),
            colour=item.get("colour", PALETTE[(number - 1) % len(PALETTE)]),
            note=item.get("note", ""),
            locked=item.get("locked", False),
        )
        for number, item in enumerate(items, start=1)
    )
