"""`python -m pcs_dash update`: fetch or take official files, check, build, swap."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcs_dash.cli import output
from pcs_dash.errors import UserError

if TYPE_CHECKING:
    from pcs_dash.official.update import Report

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
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would change, after a trial build"
    )
    parser.add_argument(
        "--preview", action="store_true", help="only say what would change, without building"
    )
    output.add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Update and print what became of each file; 1 when a source failed."""
    from pcs_dash.official.store import Store
    from pcs_dash.official.update import update_store

    if args.preview:
        return _preview(args)

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
    _write(report, args.format)
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


def _preview(args: argparse.Namespace) -> int:
    from pcs_dash.official.update import preview

    if not args.origin or "://" in args.origin:
        raise UserError("--preview looks at files at hand: name them with --from FOLDER.")
    report = preview(Path(args.origin), sources=args.sources)
    _write(report, args.format)
    print(report.note or "Preview: nothing was changed.", file=sys.stderr)
    return EXIT_SOME_FAILED if report.failed else 0


def _write(report: Report, format: str) -> None:
    """A short table to read; JSON has codes, columns and faults as well."""
    if format == "json":
        output.write([outcome.details() for outcome in report.outcomes], format)
    else:
        output.write([outcome.row() for outcome in report.outcomes], format)


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
