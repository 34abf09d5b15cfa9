"""`python -m pcs_dash rollback`: use an earlier version of the official data again."""

from __future__ import annotations

import argparse
import sys

from pcs_dash.cli import output

DESCRIPTION = (
    "Uses the version before the current one again, or the one named; "
    "`status --history` lists them."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The rollback command."""
    parser.add_argument("--to", type=int, metavar="VERSION", help="this version")
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Roll back and print the version now in use."""
    from pcs_dash.official.store import Store

    manifest = Store().rollback(args.to)
    output.write(
        {
            "version": manifest.version,
            "created": manifest.created,
            "area": manifest.area,
            "tables": len(manifest.tables),
        },
        args.format,
    )
    print(f"Version {manifest.version} is in use again.", file=sys.stderr)
    return 0
