"""`python -m pcs_dash audit`: who signed in, saved, shared, deleted, loaded, was refused."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from pcs_dash.cli import output
from pcs_dash.tables.errors import UserError

DESCRIPTION = (
    "Lists what people did to documents and data, the latest first; empty where "
    "nobody signs in. Commands are not in it: who may run them may read the database."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The audit command."""
    parser.add_argument("--since", metavar="DAY", help="from this day on (2026-11-26, UTC)")
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the rows; exit status 0."""
    from pcs_dash.store.audit import entries
    from pcs_dash.store.database import open_database

    since = None if args.since is None else _day(args.since)
    with open_database() as database:
        rows = entries(database, since=since)
    output.write([{**row, "at": row["at"].isoformat()} for row in rows], args.format)
    return 0


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UserError(f"'{text[:40]}' is no day. Write it as 2026-11-26.") from None
