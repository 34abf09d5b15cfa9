"""Listing and exporting what the library holds: the same actions for plans and for stories."""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcs_dash.cli import output
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.writing import write_whole

if TYPE_CHECKING:
    from pcs_dash.store.documents import DocumentLibrary, Entry

# The database and pandas are imported where they are used: every command's start pays for this
# module.

# The endings of an exported file, and what is said of another one.
_ENDINGS = {
    "plan": ((".json", ".csv"), "ends neither in .json nor in .csv. Name the file so."),
    "story": ((".json",), "does not end in .json. A story's file is JSON."),
}


def add_actions(
    parser: argparse.ArgumentParser, kind: str, many: str, *, out: str, out_help: str | None = None
) -> argparse.ArgumentParser:
    """The actions list, export and import of a kind; the last still without its options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help=f"the saved {many}, last saved first")
    listing.add_argument("--search", default="", help="words in name, author or note")
    listing.add_argument("--deleted", action="store_true", help=f"the deleted {many} instead")
    listing.set_defaults(run=run_list, kind=kind)

    export = actions.add_parser("export", help=f"write a {kind} to a file")
    export.add_argument("asked", metavar="ID|NAME")
    export.add_argument("--version", type=int, help="default: the latest")
    export.add_argument("--out", type=Path, required=True, metavar=out, help=out_help)
    export.set_defaults(run=run_export, kind=kind)
    for action in (listing, export):
        output.add_format(action)
    return actions.add_parser("import", help=f"save the {kind} in a file as a new {kind}")


@contextmanager
def library_of(kind: str) -> Iterator[DocumentLibrary]:
    """The library of a kind, opened."""
    from pcs_dash.store.database import open_database
    from pcs_dash.store.documents import StoryLibrary
    from pcs_dash.store.plan_library import PlanLibrary

    with open_database() as database:
        yield PlanLibrary(database) if kind == "plan" else StoryLibrary(database)


def run_list(args: argparse.Namespace) -> int:
    """Print one row a document; exit status 0."""
    with library_of(args.kind) as library:
        entries = library.entries(args.search, deleted=args.deleted)
    print_entries(entries, args.format)
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Write the file, print what was written; exit status 0."""
    from pcs_dash.store.library_files import to_file

    suffix = args.out.suffix.lower()
    endings, otherwise = _ENDINGS[args.kind]
    if suffix not in endings:
        raise UserError(f"'{args.out}' {otherwise}")
    with library_of(args.kind) as library:
        saved = library.open(library.find(args.asked).id, args.version)
    as_table = suffix == ".csv"
    write_whole(args.out, plan_csv(saved.document) if as_table else to_file(saved, kind=args.kind))
    print_entries([saved], args.format, file=str(args.out))
    return 0


def plan_csv(document: dict[str, Any]) -> str:
    """A plan document as CSV text: practice_code and hub (name), one row an assigned practice."""
    from pcs_dash.hubs.plan import Plan

    return output.hubs_csv(Plan.from_dict(document).to_series().items())


def print_entries(entries: Iterable[Entry], format: str, **more: str) -> None:
    """One row a saved plan or story, with `more` in each.

    Names are stored as typed; a terminal must not obey what they hold, nor an id be "1,234".
    """
    rows = [_row(entry) | more for entry in entries]
    if format == "table":
        rows = [{key: _harmless(str(value)) for key, value in row.items()} for row in rows]
    output.write(rows, format)


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


def _harmless(text: str) -> str:
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in text)


def read_file(path: Path) -> bytes:
    """The bytes of a file, no more than a saved plan or story may have; UserError if unreadable."""
    from pcs_dash.store.library_files import MAX_FILE_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}.") from error
