"""`python -m pcs_dash update`: fetch or take official files, check, build, swap."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from pcs_dash.cli import output
from pcs_dash.measures import numbers
from pcs_dash.tables.errors import UserError

if TYPE_CHECKING:
    from pcs_dash.official.update import Report

EXIT_SOME_FAILED = 1

DESCRIPTION = (
    "Load official publications into the data folder (PCS_DASH_DATA_DIR, by default that "
    "of the user) and build the tables for the app. Without --from each is downloaded "
    "from its publisher. The last good version stays in use until all is built; see "
    "also `status` and `rollback`."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The update command."""
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
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Update and print what became of each file; 1 when a source failed."""
    from pcs_dash.official.store import Store
    from pcs_dash.official.update import update_store

    if args.preview:
        return _preview(args)

    with closing(_shown(args.quiet)) as shown:
        report = update_store(
            Store(),
            sources=args.sources,
            origin=args.origin,
            area=args.area,
            dry_run=args.dry_run,
            progress=shown.bytes,
            stage=shown.stage,
        )
    _write(report, args.format)
    _tell_changes(report, args.format)
    if args.dry_run:
        print("Dry run: nothing was changed.", file=sys.stderr)
    elif report.committed and report.manifest:
        print(f"Version {report.manifest.version} is in use.", file=sys.stderr)
    else:
        print("Nothing changed; the version in use stays.", file=sys.stderr)
    _tell_left_out(report)
    if report.failed:
        names = ", ".join(sorted({outcome.source for outcome in report.failed}))
        print(f"Not loaded: {names}. What was loaded of them before stays.", file=sys.stderr)
        return EXIT_SOME_FAILED
    return 0


def _preview(args: argparse.Namespace) -> int:
    from pcs_dash.official.update import preview

    if not args.origin or "://" in args.origin:
        raise UserError("--preview looks at files at hand: name them with --from FOLDER.")
    with closing(_shown(args.quiet)) as shown:
        report = preview(Path(args.origin), sources=args.sources, stage=shown.stage)
    _write(report, args.format)
    print(report.note or "Preview: nothing was changed.", file=sys.stderr)
    _tell_left_out(report)
    return EXIT_SOME_FAILED if report.failed else 0


def _tell_left_out(report: Report) -> None:
    if report.left_out:
        print(report.left_out_words, file=sys.stderr)


def _tell_changes(report: Report, format: str) -> None:
    """What differs from the last load, in sentences: after the table, or beside the CSV."""
    if report.changes is not None and format != "json":
        said = "\n".join(["", "Since the last load", *report.changes.sentences(), ""])
        print(said, file=sys.stdout if format == "table" else sys.stderr)


def _write(report: Report, format: str) -> None:
    """A short table to read; JSON has codes, columns and faults as well, and last, under the
    source "changes", what differs from the last load.
    """
    if format == "json":
        rows = [outcome.details() for outcome in report.outcomes]
        if report.changes is not None:
            from pcs_dash.official.load_changes import CHANGES

            status = "changed" if report.changes.any else "unchanged"
            told = {"sentences": report.changes.sentences(), **report.changes.details()}
            rows.append({"source": CHANGES, "status": status, **told})
        output.write(rows, format)
    else:
        output.write([outcome.row() for outcome in report.outcomes], format)


def _shown(quiet: bool) -> Shown:
    """Progress on stderr: bars in a terminal, a line for each file and stage elsewhere."""
    return Shown() if quiet else (Bars() if sys.stderr.isatty() else Lines())


class Shown:
    """Shows nothing; what shows something builds on it."""

    def stage(self, what: str, number: int, of: int) -> None:
        """Step `number` of `of` begins."""

    def bytes(self, name: str, done: int, total: int | None) -> None:
        """So much of a download has come."""

    def close(self) -> None:
        """Nothing more comes."""


class Bars(Shown):
    """A bar for the download under way, and one for the steps of reading and building."""

    def __init__(self) -> None:
        self.bar: tqdm[Any] | None = None
        self.key: tuple[str, int | None] = ("", 0)

    def stage(self, what: str, number: int, of: int) -> None:
        """Move the bar of steps to step `number` of `of`."""
        bar = self._bar((what.split()[0], of), desc=what, total=of, unit="step")
        bar.set_description(what[:50])
        bar.update(number - bar.n)

    def bytes(self, name: str, done: int, total: int | None) -> None:
        """Move a download's bar; `total` None: the server did not say how much comes."""
        bar = self._bar((name, total), desc=name[:30], total=total, unit="B", unit_scale=True)
        bar.update(done - bar.n)

    def _bar(self, key: tuple[str, int | None], **options: Any) -> tqdm[Any]:
        if self.bar is None or key != self.key:
            self.close()
            self.bar, self.key = tqdm(file=sys.stderr, **options), key
        return self.bar

    def close(self) -> None:
        """Leave the last bar as it is, so that what follows has a line of its own."""
        if self.bar is not None:
            self.bar.close()


class Lines(Shown):
    """Whole lines, for a log: a step, the begin and end of a download, and every ten seconds."""

    EVERY_S = 10.0

    def __init__(self) -> None:
        self.name = ""
        self.last = 0.0

    def stage(self, what: str, number: int, of: int) -> None:
        """A line for the step."""
        print(f"{what} ({number} of {of})", file=sys.stderr, flush=True)

    def bytes(self, name: str, done: int, total: int | None) -> None:
        """A line for the download, where it begins, ends, or some seconds have passed."""
        now = time.monotonic()
        if name == self.name and done != total and now - self.last < self.EVERY_S:
            return
        self.name, self.last = name, now
        of = f" of {numbers.number(total / 1e6, 1)}" if total else ""
        print(f"downloading {name}: {done / 1e6:,.1f}{of} MB", file=sys.stderr, flush=True)
