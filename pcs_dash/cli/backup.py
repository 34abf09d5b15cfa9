"""`python -m pcs_dash backup FILE`: the whole library of plans, stories and scenarios as a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from pcs_dash.cli import output

DESCRIPTION = (
    "Writes every plan, story, scenario, draft and short link into FILE, while the "
    "server runs or not, out of SQLite or PostgreSQL. `restore` puts it back."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The backup command."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file")
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file, print how many rows of each table; exit status 0."""
    from pcs_dash.store.backup import back_up
    from pcs_dash.store.database import open_database

    with open_database() as database:
        rows = back_up(database, args.file)
    output.write([{"table": table, "rows": count} for table, count in rows.items()], args.format)
    return 0
