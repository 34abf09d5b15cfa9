"""`python -m pcs_dash plans list|export|import`: the plan library without a browser."""

from __future__ import annotations

import argparse
import csv
import io
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcs_dash.cli import output
from pcs_dash.tables.errors import InputFileError, UserError

if TYPE_CHECKING:
    from pcs_dash.store.documents import Entry
    from pcs_dash.store.library_files import FileContent

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
    importing.add_argument("file", type=Path, metavar="FILE", help="FILE.json or FILE.csv")
    importing.add_argument("--name", help="default: the name in the file, or the file's own")
    importing.add_argument("--author", help="default: the author in the file")
    importing.add_argument("--note", help="default: the note in the file")
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
    try:
        args.out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UserError(f"{args.out} can't be written: {error.strerror}. Name another.") from error
    print_entries([saved], args.format, file=str(args.out))
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Save the plan, print its row; exit status 0."""
    from pcs_dash.hubs.plan import Plan, PlanError
    from pcs_dash.store.database import open_database
    from pcs_dash.store.library_files import FileContent, from_file
    from pcs_dash.store.plan_library import PlanLibrary

    suffix = _suffix(args.file)
    data = read_file(args.file)
    content: FileContent
    if suffix == ".json":
        content = from_file(data, args.file.name)
        try:
            Plan.from_dict(content.document)
        except PlanError as error:
            raise InputFileError(args.file.name, [str(error)]) from error
    else:
        content = FileContent(document=read_plan_csv(data, args.file.name))
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


def read_plan_csv(data: bytes, file_name: str) -> dict[str, Any]:
    """The plan document of such a CSV; other columns are ignored, a blank hub is no hub.

    InputFileError, with every fault by row (the header is row 1), if it is none.
    """
    import pandas as pd

    from pcs_dash.hubs.plan import Plan, PlanError

    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputFileError(
            file_name, [f"The file is not CSV in UTF-8 ({error}). Save it as 'CSV UTF-8'."]
        ) from error
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    lacking = [column for column in ("practice_code", "hub") if column not in header]
    if lacking:
        raise InputFileError(file_name, [f"Row 1 has no column {' and no column '.join(lacking)}."])
    at_code, at_hub = header.index("practice_code"), header.index("hub")
    problems: list[str] = []
    hubs: dict[str, str] = {}
    first_row: dict[str, int] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        code = row[at_code].strip() if len(row) > at_code else ""
        hub = _typed(row[at_hub].strip()) if len(row) > at_hub else ""
        if not code:
            problems.append(f"Row {number} has no practice_code.")
        elif code in hubs:
            problems.append(
                f"Row {number} names {code} again, first named in row {first_row[code]}."
            )
        else:
            hubs[code], first_row[code] = hub, number
    if problems:
        raise InputFileError(file_name, problems)
    try:
        return Plan.from_series(pd.Series(hubs, dtype="str")).to_dict()
    except PlanError as error:
        raise InputFileError(file_name, [str(error)]) from error


def _typed(cell: str) -> str:
    """The text before `output.neutralise` put an apostrophe in front of a formula sign."""
    bare = cell.removeprefix("'")
    return bare if output.neutralise(bare) == cell else cell


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
