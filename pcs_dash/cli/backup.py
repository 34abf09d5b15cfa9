"""`python -m pcs_dash backup FILE`: the whole library of plans, stories and scenarios as a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pcs_dash.cli import output


def add_parser(subparsers: Any) -> None:
    """The backup command."""
    parser = subparsers.add_parser(
        "backup",
        help="copy the library of plans, stories and scenarios into a file",
        description="Writes every plan, story, scenario, draft and short link into FILE, while the "
        "server runs or not, out of SQLite or PostgreSQL. `restore` puts it back.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file")
    output.add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the file, print how many rows of each table; exit status 0."""
    from pcs_dash.store.backup import back_up
    from pcs_dash.store.database import open_database

    with open_database() as database:
        rows = back_up(database, args.file)
    output.write([{"table": table, "rows": count} for table, count in rows.items()], args.format)
    return 0
