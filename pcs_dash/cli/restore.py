"""`python -m pcs_dash restore FILE`: a backup put back into the library."""

from __future__ import annotations

import argparse
from pathlib import Path

from pcs_dash.cli import output

DESCRIPTION = (
    "Puts what `backup` wrote into the library that PCS_DASH_DATABASE_URL or "
    "PCS_DASH_DATABASE names, in one step. Stop the server first."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The restore command."""
    parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
    parser.add_argument(
        "--replace", action="store_true", help="though the library is not empty: what it has goes"
    )
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Restore, print how many rows of each table; exit status 0."""
    from pcs_dash.store.backup import restore
    from pcs_dash.store.database import open_database

    with open_database() as database:
        rows = restore(database, args.file, replace=args.replace)
    output.write([{"table": table, "rows": count} for table, count in rows.items()], args.format)
    return 0
