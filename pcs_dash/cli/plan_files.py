"""The plan's file on the command line: its options, and what was read of it said on stderr."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from pcs_dash.hubs.reading import PlanReading
    from pcs_dash.tables.areas import Area

# The reader is imported where it is used: every command's start pays for this module.


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """What to do where a plan's file can be read in two ways, or not whole."""
    group = parser.add_argument_group("how the plan's file is read")
    group.add_argument(
        "--column",
        action="append",
        metavar="NAME",
        help="the column (or property) that holds the hubs; once for each of two files",
    )
    group.add_argument(
        "--sheet", action="append", metavar="NAME", help="the sheet or layer; once for each file"
    )
    group.add_argument(
        "--leave-out-unknown",
        action="store_true",
        help="read the rest where the data lack a practice (default: refuse the file)",
    )
    group.add_argument(
        "--nearest-names",
        action="store_true",
        help="take the practice with the nearest name where none has the very one",
    )
    group.add_argument(
        "--repair", action="store_true", help="take all that a polygon's crossing line encloses"
    )


def read(
    path: Path | str,
    practices: pd.DataFrame,
    area: Area | None,
    args: argparse.Namespace,
    *,
    place: int = 0,
) -> PlanReading:
    """The plan in a file; what there is to know of it goes to stderr. `place`: the how manieth
    file of the command it is.
    """
    from pcs_dash.hubs.reading import read_plan_file

    reading = read_plan_file(
        path,
        practices,
        area=area,
        column=_of(args.column, place),
        sheet=_of(args.sheet, place),
        repair=args.repair,
        unknown="leave out" if args.leave_out_unknown else "refuse",
        nearest_names=args.nearest_names,
    )
    notes = [*reading.notes, *filter(None, [reading.not_in_data])]
    if not reading.sure or reading.sheets:
        notes.insert(0, f"{reading.read_as} --column and --sheet choose.")
    if reading.nobody:
        notes.append(reading.nobody)
    for note in notes:
        print(f"{path}: {note}", file=sys.stderr)
    return reading


def _of(given: list[str] | None, place: int) -> str | None:
    """The option for a file: the only one given is for every file."""
    if not given:
        return None
    return given[min(place, len(given) - 1)]
