"""`python -m pcs_dash plans list|export|import`: the plan library without a browser."""

from __future__ import annotations

import argparse
import csv
import io
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcs_dash.cli import output, plan_files
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.writing import write_whole

if TYPE_CHECKING:
    from pcs_dash.store.documents import Entry

# The database and pandas are imported where they are used: every command's start pays for this
# module.


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """The plans command with its three actions."""
    parser = subparsers.add_parser(
        "plans",
        help="list, export and import saved plans",
        description="The library of saved plans. PCS_DASH_DATABASE_URL or PCS_DASH_DATABASE says "
        "where it is.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="the saved plans, last saved first")
    listing.add_argument("--search", default="", help="words in name, author or note")
    listing.add_argument("--deleted", action="store_true", help="the deleted plans instead")
    output.add_format(listing)
    listing.set_defaults(run=run_list)

    export = actions.add_parser("export", help="write a plan to a file")
    export.add_argument("plan", metavar="ID|NAME")
    export.add_argument("--version", type=int, help="default: the latest")
    export.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="FILE.json holds everything; FILE.csv practice_code and hub",
    )
    output.add_format(export)
    export.set_defaults(run=run_export)

    importing = actions.add_parser("import", help="save the plan in a file as a new plan")
    importing.add_argument(
        "file", type=Path, metavar="FILE", help="an exported plan, a table or a map file"
    )
    importing.add_argument(
        "--area", help="the area whose practices it is about (default: all that are known)"
    )
    importing.add_argument("--name", help="default: the name in the file, or the file's own")
    importing.add_argument("--author", help="default: the author in the file")
    importing.add_argument("--note", help="default: the note in the file")
    plan_files.add_reading_options(importing)
    output.add_format(importing)
    importing.set_defaults(run=run_import)


def run_list(args: argparse.Namespace) -> int:
    """Print one row a plan; exit status 0."""
    from pcs_dash.store.database import open_database
    from pcs_dash.store.plan_library import PlanLibrary

    with open_database() as database:
        entries = PlanLibrary(database).entries(args.search, deleted=args.deleted)
    print_entries(entries, args.format)
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Write the file, print what was written; exit status 0."""
    from pcs_dash.store.database import open_database
    from pcs_dash.store.library_files import to_file
    from pcs_dash.store.plan_library import PlanLibrary

    suffix = _suffix(args.out)
    with open_database() as database:
        library = PlanLibrary(database)
        saved = library.open(library.find(args.plan).id, args.version)
    text = to_file(saved) if suffix == ".json" else plan_csv(saved.document)
    write_whole(args.out, text)
    print_entries([saved], args.format, file=str(args.out))
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Save the plan, print its row; exit status 0."""
    from pcs_dash.official.any_area import every_practice, find_area, practices_for
    from pcs_dash.store.database import open_database
    from pcs_dash.store.library_files import FileContent, from_file
    from pcs_dash.store.plan_library import PlanLibrary

    area = find_area(args.area) if args.area else None
    practices = every_practice() if area is None else practices_for(area)[0]
    if args.file.suffix.lower() == ".json":
        # With author, note and rules, which are beside the plan.
        content = from_file(read_file(args.file), args.file.name)
        plan_files.read(args.file, practices, area, args)
    else:
        reading = plan_files.read(args.file, practices, area, args)
        if reading.nobody:
            raise UserError(f"{args.file}: {reading.nobody} Nothing was saved.")
        content = FileContent(document=reading.plan.to_dict())
    given = {key: getattr(args, key) for key in ("name", "author", "note")}
    arguments = content.arguments() | {key: text for key, text in given.items() if text is not None}
    arguments["name"] = arguments["name"] or args.file.stem
    with open_database() as database:
        saved = PlanLibrary(database).create(**arguments)
    print_entries([saved], args.format)
    return 0


def plan_csv(document: dict[str, Any]) -> str:
    """A plan document as CSV text: practice_code and hub (name), one row an assigned practice."""
    from pcs_dash.hubs.plan import Plan

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["practice_code", "hub"])
    for code, hub in Plan.from_dict(document).to_series().items():
        writer.writerow([output.neutralise(code), output.neutralise(hub)])
    return text.getvalue()


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "version": entry.version,
        "name": entry.name,
        "author": entry.author,
        "saved_at": f"{entry.saved_at:%Y-%m-%dT%H:%M:%SZ}",
        "data_period": entry.data_period,
        "note": entry.note,
    }


def print_entries(entries: Iterable[Entry], format: str, **more: str) -> None:
    """One row a saved plan or story, with `more` in each.

    Names are stored as typed; a terminal must not obey what they hold, nor an id be "1,234".
    """
    rows = [_row(entry) | more for entry in entries]
    if format == "table":
        rows = [{key: _harmless(str(value)) for key, value in row.items()} for row in rows]
    output.write(rows, format)


def _harmless(text: str) -> str:
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in text)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in (".json", ".csv"):
        raise UserError(f"'{path}' ends neither in .json nor in .csv. Name the file so.")
    return suffix


def read_file(path: Path) -> bytes:
    """The bytes of a file, no more than a saved plan or story may have; UserError if unreadable."""
    from pcs_dash.store.library_files import MAX_FILE_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}.") from error
