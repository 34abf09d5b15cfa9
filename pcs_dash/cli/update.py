"""`python -m pcs_dash update`: fetch or take official files, check, build, swap."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from pcs_dash.cli import output

EXIT_SOME_FAILED = 1


def add_parser(subparsers: Any) -> None:
    """The update command."""
    parser = subparsers.add_parser(
        "update",
        help="load this month's official data",
        description=(
            "Load official publications into the data folder (PCS_DASH_DATA_DIR, by default that "
            "of the user) and build the tables for the app. Without --from each is downloaded "
            "from its publisher. The last good version stays in use until all is built; see "
            "also `status` and `rollback`."
        ),
    )
    parser.add_argument(
        "sources", nargs="*", metavar="SOURCE", help="only these (default: all; see `status`)"
    )
    parser.add_argument(
        "--from",
        dest="origin",
        metavar="FOLDER|URL",
        help="take the files of a folder, whatever their names; or of a web address",
    )
    parser.add_argument(
        "--area", help="build for this ICB or region only, or England (default: as before)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    output.add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Update and print what became of each file; 1 when a source failed."""
    from pcs_dash.official.store import Store
    from pcs_dash.official.update import update_store

    quiet = not sys.stderr.isatty()
    report = update_store(
        Store(),
        sources=args.sources,
        origin=args.origin,
        area=args.area,
        dry_run=args.dry_run,
        progress=None if quiet else progress_bar(),
        say=(lambda _: None) if quiet else (lambda text: print(f"\r{text:<79}", file=sys.stderr)),
    )
    output.write([outcome.row() for outcome in report.outcomes], args.format)
    if args.dry_run:
        print("Dry run: nothing was changed.", file=sys.stderr)
    elif report.committed and report.manifest:
        print(f"Version {report.manifest.version} is in use.", file=sys.stderr)
    else:
        print("Nothing changed; the version in use stays.", file=sys.stderr)
    if report.failed:
        names = ", ".join(sorted({outcome.source for outcome in report.failed}))
        print(f"Not loaded: {names}. What was loaded of them before stays.", file=sys.stderr)
        return EXIT_SOME_FAILED
    return 0


def progress_bar() -> Callable[[str, int, int | None], None]:
    """A bar on stderr, redrawn five times a second at most."""
    last = 0.0

    def show(name: str, done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < 0.2 and done != total:
            return
        last = now
        size = f"{done / 1e6:,.1f} MB"
        if total:
            filled = int(30 * done / total)
            size = f"[{'#' * filled}{'.' * (30 - filled)}] {size} of {total / 1e6:,.1f}"
        end = "\n" if done == total else ""
        print(f"\r{name[:30]:<30} {size}", end=end, file=sys.stderr, flush=True)

    return show
