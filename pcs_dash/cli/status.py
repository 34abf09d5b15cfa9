"""`python -m pcs_dash status`: which official data are loaded, how old, how to refresh them."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pcs_dash.cli import output

# A table to read; CSV and JSON have every column, with addresses and licences.
_SHORT = ("source", "period", "rows", "age_days", "due", "refresh")

DESCRIPTION = "Lists every source with what is loaded of it and where it comes from."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The status command."""
    parser.add_argument("--measures", action="store_true", help="list measures instead of sources")
    parser.add_argument("--history", action="store_true", help="list the versions kept instead")
    parser.add_argument("--check", action="store_true", help="also check every stored file")
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the status; 1 when --check finds damage."""
    from pcs_dash.official.status import history_rows, source_rows
    from pcs_dash.official.store import Store

    store = Store()
    manifest = store.current()
    rows: list[dict[str, Any]]
    if args.measures:
        from pcs_dash.official.available_measures import measures

        rows = [{str(k): v for k, v in row.items()} for row in measures(store).to_dict("records")]
    elif args.history:
        rows = history_rows(store)
    else:
        rows = source_rows(store)
        if args.format == "table":
            rows = [{column: row[column] for column in _SHORT} for row in rows]
    output.write(rows, args.format)
    when, failed = store.last_update()
    if failed:
        print(f"The last update ({when}) could not load:", file=sys.stderr)
        for sentence in failed:
            print(f"  {sentence}", file=sys.stderr)
    if manifest is None:
        print("No official data are loaded; the app shows its embedded tables.", file=sys.stderr)
        return 0
    print(
        f"Version {manifest.version} of {manifest.created}, built for {manifest.area}, in "
        f"{store.root}.",
        file=sys.stderr,
    )
    if manifest.recovered:
        print("The last version is damaged: the one before it is in use.", file=sys.stderr)
    if args.check:
        faults = store.verify()
        for fault in faults:
            print(fault, file=sys.stderr)
        return 1 if faults else 0
    return 0
