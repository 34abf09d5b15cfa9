"""One command from publication to page: gather files, load, check, build, swap.

A source that fails keeps its last good table, and the report says so. Nothing is in use until
everything that loaded has been built; a fault before that leaves the store as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from pcs_dash.errors import InputFileError, UserError
from pcs_dash.official.catalogue import SOURCES, Source, find_source
from pcs_dash.official.download import (
    DEFAULT_PATIENCE,
    DownloadError,
    Patience,
    Progress,
    download,
    fetch_page,
)
from pcs_dash.official.locate import data_links, locate
from pcs_dash.official.recognise import Loaded, load_file, recognised_files
from pcs_dash.official.store import (
    READER,
    Manifest,
    Store,
    TableEntry,
    Update,
    data_dir,
    file_sha256,
    read_entry,
)

Say = Callable[[str], None]
_NOT_DATA = (".md", ".txt", ".pdf", ".part", ".html", ".htm", ".docx", ".ini")
_MOST_CODES = 20


@dataclass(frozen=True)
class Outcome:
    """What became of one table: 'new', 'changed', 'unchanged', 'older' (kept the newer one),
    'failed' (kept the last good one).
    """

    source: str
    status: str
    file_name: str = ""
    period: str = ""
    rows: int = 0
    period_before: str = ""
    rows_before: int = 0
    codes_added: tuple[str, ...] = ()
    codes_removed: tuple[str, ...] = ()
    message: str = ""

    def row(self) -> dict[str, object]:
        """As a row of the command's output."""
        return {
            "source": self.source,
            "status": self.status,
            "period": self.period,
            "rows": self.rows or None,
            "was_period": self.period_before,
            "was_rows": self.rows_before or None,
            "file": self.file_name,
            "message": self.message,
        }


@dataclass
class Report:
    """The outcome of an update. `manifest` is the version now in use; None when nothing is."""

    outcomes: list[Outcome] = field(default_factory=list)
    manifest: Manifest | None = None
    committed: bool = False

    @property
    def failed(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.status == "failed"]

    @property
    def loaded(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.status in ("new", "changed")]


def update_store(
    store: Store,
    *,
    sources: Sequence[str] = (),
    origin: str | None = None,
    area: str | None = None,
    dry_run: bool = False,
    patience: Patience = DEFAULT_PATIENCE,
    progress: Progress | None = None,
    say: Say = lambda _: None,
) -> Report:
    """Load publications into the store and build the joined tables, in one swap.

    `origin`: a folder or file (whatever the names), or the address of a file or of a list of
    files; without it each source is downloaded from its publisher. `sources` restricts to
    these, and lets an older edition replace a newer one. `dry_run` changes nothing and reports
    what would change. UserError when the origin holds nothing of use.
    """
    from pcs_dash.official.build import build_all

    wanted = [find_source(key) for key in sources]
    report = Report()
    with _files(wanted, origin, patience, progress, report) as files, store.writing() as update:
        area = area or (update.base.area if update.base else "England")
        seen: dict[tuple[str, str], str] = {}
        for path in files:
            say(f"reading {path.name}")
            _take(path, wanted, update, report, seen)
        if report.loaded:
            say("building")
            build_all(update, area=area)
        elif update.base is not None and area != update.base.area:
            build_all(update, area=area)
        if not report.outcomes:
            raise UserError("Nothing to load was found.")
        changed = bool(report.loaded) or (update.base is not None and area != update.base.area)
        if changed and not dry_run:
            update.notes = [f"{o.source}: {o.message}" for o in report.failed]
            report.manifest = update.commit(area=area)
            report.committed = True
        else:
            report.manifest = update.base
    return report


def preview(path: Path, *, store: Store | None = None) -> Report:
    """What loading this file would change; nothing is changed. For an upload on the Data page."""
    store = store or Store()
    report = Report(manifest=store.current())
    loaded = load_file(path)
    base = report.manifest
    entries = {entry.key: entry for entry in base.tables} if base else {}
    digest = file_sha256(path)
    for item in loaded:
        report.outcomes.append(_judge(item, entries, store, digest, explicit=False))
    return report


def _take(
    path: Path,
    wanted: list[Source],
    update: Update,
    report: Report,
    seen: dict[tuple[str, str], str],
) -> None:
    """Load a file and put what is new of it into the update."""
    digest = file_sha256(path)
    same = [e for e in update.tables.values() if e.file_sha256 == digest and e.reader == READER]
    if same:
        for entry in same:
            seen[entry.key] = path.name
            report.outcomes.append(
                Outcome(
                    entry.source, "unchanged", path.name, entry.period, entry.rows,
                    entry.period, entry.rows,
                )
            )  # fmt: skip
        return
    try:
        loaded = load_file(path)
    except InputFileError as fault:
        # A folder of downloads holds other things too; a file asked for by name must load.
        key = _source_of(path) or (wanted[0].key if len(wanted) == 1 else "unknown")
        report.outcomes.append(Outcome(key, "failed", path.name, message=str(fault)))
        return
    keys = {source.key for source in wanted}
    for item in loaded:
        if keys and item.source.key not in keys:
            continue
        place = (item.source.key, f"{item.period:%Y-%m-%d}")
        if place in seen:
            report.outcomes.append(
                Outcome(
                    item.source.key, "failed", item.file_name, place[1],
                    message=f"{seen[place]} is for the same period; keep one of the two files.",
                )
            )  # fmt: skip
            continue
        outcome = _judge(item, update.tables, update.store, digest, explicit=bool(keys))
        if outcome.status in ("new", "changed"):
            update.put(
                item.source.key,
                item.period,
                item.table,
                file_name=item.file_name,
                file_sha256=digest,
                only_period=not item.source.series,
            )
        seen[place] = item.file_name
        report.outcomes.append(outcome)


def _source_of(path: Path) -> str | None:
    """The source a faulty file belongs to by its columns, if that can be told."""
    try:
        with recognised_files(path) as files:
            return files[0].source.key
    except UserError:
        return None


def _judge(
    item: Loaded,
    tables: dict[tuple[str, str], TableEntry],
    store: Store,
    digest: str,
    *,
    explicit: bool,
) -> Outcome:
    """Compare a loaded table with what is stored of its source."""
    day = f"{item.period:%Y-%m-%d}"
    key = item.source.key
    stored = sorted((e for e in tables.values() if e.source == key), key=lambda e: e.period)
    before = tables.get((key, day)) if item.source.series else (stored[-1] if stored else None)
    base = Outcome(key, "new", item.file_name, day, len(item.table))
    if before is None:
        return base
    compared = {
        "period_before": before.period,
        "rows_before": before.rows,
        **_codes(item.table, before, store),
    }
    status, message = "changed", ""
    if before.file_sha256 == digest and before.period == day:
        status = "unchanged"
    elif day < before.period and not explicit:
        status = "older"
        message = f"Older than what is loaded; name the source ({key}) to load it all the same."
    return Outcome(key, status, item.file_name, day, len(item.table), message=message, **compared)  # type: ignore[arg-type]


def _codes(table: pd.DataFrame, before: TableEntry, store: Store) -> dict[str, tuple[str, ...]]:
    """Codes that come and go, for tables with a row a practice or LSOA."""
    column = next((c for c in ("practice_code", "lsoa_code", "code") if c in table.columns), None)
    if column is None or before.geometry:
        return {}
    old = set(read_entry(store.root, before, columns=[column])[column].astype(str))
    new = set(table[column].astype(str))
    return {
        "codes_added": tuple(sorted(new - old)[:_MOST_CODES]),
        "codes_removed": tuple(sorted(old - new)[:_MOST_CODES]),
    }


# --- gathering files ------------------------------------------------------------------------


@contextmanager
def _files(
    wanted: list[Source],
    origin: str | None,
    patience: Patience,
    progress: Progress | None,
    report: Report,
) -> Iterator[list[Path]]:
    """The files to load: those of a folder, or downloaded into the store's download folder."""
    if origin is None:
        yield _from_publishers(wanted, patience, progress, report)
    elif urlsplit(origin).scheme in ("http", "https"):
        yield _from_address(origin, patience, progress, report)
    else:
        yield folder_files(Path(origin))
        return
    # Everything that loaded is in the store now; parts of failed downloads stay to be resumed.
    for path in _downloads().glob("*"):
        if path.is_file() and not path.name.endswith((".part", ".part.json")):
            path.unlink(missing_ok=True)


def _downloads() -> Path:
    return data_dir() / "downloads"


def folder_files(folder: Path) -> list[Path]:
    """The files in a folder (and below) that may hold data, by name; or the one file given.

    Hidden files and notes are left out; links are not followed out of the folder.
    """
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise UserError(f"There is no folder or file {folder}.")
    root = folder.resolve()
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.startswith(".")
        and path.suffix.lower() not in _NOT_DATA
        and path.resolve().is_relative_to(root)
    ]
    if not found:
        raise UserError(f"{folder}: there are no files to load in it.")
    return found


def _from_publishers(
    wanted: list[Source], patience: Patience, progress: Progress | None, report: Report
) -> list[Path]:
    chosen = wanted or [source for source in SOURCES.values() if source.downloadable]
    paths = []
    for source in chosen:
        try:
            url = locate(source, patience=patience)
            paths.append(download(url, _downloads(), patience=patience, progress=progress))
        except DownloadError as fault:
            report.outcomes.append(Outcome(source.key, "failed", message=str(fault)))
    return paths


def _from_address(
    origin: str, patience: Patience, progress: Progress | None, report: Report
) -> list[Path]:
    """One file, or every data file that a list of files links to."""
    addresses = [origin]
    if origin.endswith("/"):
        page, base = fetch_page(origin, patience=patience)
        addresses = data_links(page, base)
        if not addresses:
            raise DownloadError(f"{origin}: the page links to no data files.")
    paths = []
    for address in addresses:
        try:
            paths.append(download(address, _downloads(), patience=patience, progress=progress))
        except DownloadError as fault:
            report.outcomes.append(
                Outcome(address.rsplit("/", 1)[-1], "failed", message=str(fault))
            )
    return paths
