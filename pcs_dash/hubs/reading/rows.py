"""Rows that say the same twice, and rows whose practice the data don't have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pcs_dash.hubs.reading.columns import Layout
from pcs_dash.hubs.reading.faults import Faults
from pcs_dash.hubs.reading.groups import Entry
from pcs_dash.hubs.reading.practice_names import Practices
from pcs_dash.hubs.reading.reading_report import Unknown
from pcs_dash.hubs.reading.sheet import short
from pcs_dash.official.absent_practices import Whereabouts, whereabouts

OnUnknown = Literal["refuse", "leave out", "keep"]


def one_row_each(rows: Sequence[Entry], layout: Layout, faults: Faults) -> tuple[list[Entry], int]:
    """One row a practice, and how many said the same again; in two hubs is a fault."""
    first: dict[str, Entry] = {}
    again = 0
    for row in rows:
        key = row.match.code or row.match.given
        held = first.setdefault(key, row)
        if held is row:
            continue
        if held.hub == row.hub:
            again += 1
            continue
        faults.faults.append(
            f"{row.at}, {layout.named(layout.columns[0])}: {short(key)} is in two hubs, "
            f"'{short(held.hub or 'none')}' ({held.at.lower()}) and '{short(row.hub or 'none')}'. "
            "Keep one of them."
        )
    if again:
        faults.notes.append(f"Rows that say the same once more, left out: {again:,}.")
    return list(first.values()), again


def known_rows(
    rows: Sequence[Entry],
    layout: Layout,
    known: Practices,
    faults: Faults,
    unknown: OnUnknown,
    nearest_names: bool,
) -> tuple[list[Entry], tuple[Unknown, ...]]:
    """The rows whose practice the data have, and the others: as faults where they are refused."""
    if nearest_names:
        rows = _with_nearest(rows, known, faults)
    lost = [row for row in rows if not row.match.code and row.match.given]
    listed_elsewhere = whereabouts([row.match.given for row in lost])
    left_out: list[Unknown] = []
    for row in lost:
        about = about_unknown(row, known, listed_elsewhere, sought=len(left_out) < 50)
        left_out.append(about)
        if unknown == "refuse":
            faults.unknown.append(about.given)
            faults.faults.append(_refusal(about, layout))
    return [row for row in rows if row.match.code], tuple(left_out)


def _with_nearest(rows: Sequence[Entry], known: Practices, faults: Faults) -> list[Entry]:
    taken, made = [], []
    held = {row.match.code for row in rows}
    for row in rows:
        perhaps = row.match.perhaps
        if not row.match.code and len(perhaps) == 1 and perhaps[0] not in held:
            held.add(perhaps[0])
            taken.append(f"'{short(row.match.given)}' as {known.name(perhaps[0])}")
            row = replace(row, match=replace(row.match, code=perhaps[0]))
        made.append(row)
    if taken:
        faults.notes.append(f"Names taken for the nearest of the area: {'; '.join(taken[:20])}.")
    return made


def about_unknown(
    row: Entry, known: Practices, elsewhere: Mapping[str, Whereabouts], *, sought: bool
) -> Unknown:
    """What is known of a practice that the data lack; `sought`: worth the search for near ones."""
    given, perhaps = row.match.given, row.match.perhaps
    found = elsewhere.get(given)
    if found is not None:
        status = found.status if found.status != "no list" else "elsewhere"
        return Unknown(row.at, given, row.hub, found.words, status)
    if not perhaps and sought:
        perhaps = known.near_codes(given)
    if not perhaps:
        return Unknown(row.at, given, row.hub)
    names = " or ".join(known.name(code) for code in perhaps[:3])
    return Unknown(row.at, given, row.hub, f"perhaps {names}")


def _refusal(about: Unknown, layout: Layout) -> str:
    place = f"{about.at}, {layout.named(layout.columns[0])}"
    if about.status:
        return f"{place}: {about.given} is not in the data: {about.why}. Correct or remove it."
    near = f" ({about.why})" if about.why else ""
    return f"{place}: the data have no practice '{short(about.given)}'{near}. Correct or remove it."
