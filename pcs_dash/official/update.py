"""One command from publication to page: gather files, load, check, build, swap.

A source that fails keeps its last good table, and the report says so. Nothing is in use until
everything that loaded has been built; a fault before that leaves the store as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from pcs_dash.errors import InputFileError, UserError
from pcs_dash.official.catalogue import SOURCES, Source, find_source
from pcs_dash.official.download import (
    DEFAULT_PATIENCE,
    DownloadError,
    NoConnectionError,
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
    stored_columns,
)

Say = Callable[[str], None]
Keep = Callable[[Loaded, str], None]
NOT_DATA = (
    ".md", ".txt", ".pdf", ".part", ".html", ".htm", ".docx", ".ini",
    ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".xml",  # parts of a shapefile
)  # fmt: skip
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
    added: int = 0
    removed: int = 0
    columns: tuple[str, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    message: str = ""
    faults: tuple[str, ...] = ()

    def details(self) -> dict[str, object]:
        """All that is known, for JSON and the Data page; the codes are the first twenty."""
        return asdict(self)

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
    note: str = ""

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
            _take(path, wanted, update.tables, store, report, seen, _put_into(update))
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


def preview(origin: Path, *, sources: Sequence[str] = (), store: Store | None = None) -> Report:
    """What loading a file, or the files of a folder, would change; nothing is built or changed.

    `sources` as for `update_store`. `note` says what would keep the load from going through.
    """
    store = store or Store()
    report = Report(manifest=store.current())
    base = report.manifest
    tables = {entry.key: entry for entry in base.tables} if base else {}
    wanted = [find_source(key) for key in sources]
    seen: dict[tuple[str, str], str] = {}
    for path in folder_files(origin):
        _take(path, wanted, tables, store, report, seen, lambda *_: None)
    there = {source for source, _ in tables} | {o.source for o in report.loaded}
    if report.loaded and not there & {"list_sizes", "workforce"}:
        report.note = (
            "These files can't be loaded alone: no list of practices is loaded yet. Give them "
            f"together with '{SOURCES['list_sizes'].title}'."
        )
    return report


def _put_into(update: Update) -> Keep:
    def keep(item: Loaded, digest: str) -> None:
        update.put(
            item.source.key,
            item.period,
            item.table,
            file_name=item.file_name,
            file_sha256=digest,
            only_period=not item.source.series,
        )

    return keep


def _take(
    path: Path,
    wanted: list[Source],
    tables: dict[tuple[str, str], TableEntry],
    store: Store,
    report: Report,
    seen: dict[tuple[str, str], str],
    keep: Keep,
) -> None:
    """Load a file, report on it, and keep what is new of it."""
    digest = file_sha256(path)
    same = [e for e in tables.values() if e.file_sha256 == digest and e.reader == READER]
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
        report.outcomes.append(
            Outcome(key, "failed", path.name, message=str(fault), faults=fault.problems)
        )
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
        outcome = _judge(item, tables, store, digest, explicit=bool(keys))
        if outcome.status in ("new", "changed"):
            keep(item, digest)
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
    columns = tuple(str(column) for column in item.table.columns)
    # A new month stands beside the others: it is compared with the newest of them.
    beside = before or (stored[-1] if stored else None)
    if beside is None:
        return Outcome(key, "new", item.file_name, day, len(item.table), columns=columns)
    compared = {
        "period_before": beside.period,
        "rows_before": beside.rows,
        "columns": columns,
        **_columns(columns, beside, store),
        **_codes(item.table, beside, store),
    }
    status, message = "changed", ""
    if before is None:
        status = "new"
    elif before.file_sha256 == digest and before.period == day:
        status = "unchanged"
    elif day < before.period and not explicit:
        status = "older"
        message = f"Older than what is loaded; name the source ({key}) to load it all the same."
    return Outcome(key, status, item.file_name, day, len(item.table), message=message, **compared)  # type: ignore[arg-type]


def _columns(
    columns: tuple[str, ...], before: TableEntry, store: Store
) -> dict[str, tuple[str, ...]]:
    """Columns that come and go."""
    old = stored_columns(store.root, before)
    return {
        "columns_added": tuple(column for column in columns if column not in old),
        "columns_removed": tuple(column for column in old if column not in columns),
    }


def _codes(
    table: pd.DataFrame, before: TableEntry, store: Store
) -> dict[str, tuple[str, ...] | int]:
    """Codes that come and go, for tables with a row a practice or LSOA."""
    column = next((c for c in ("practice_code", "lsoa_code", "code") if c in table.columns), None)
    if column is None or before.geometry or column not in stored_columns(store.root, before):
        return {}
    old = set(read_entry(store.root, before, columns=[column])[column].astype(str))
    new = set(table[column].astype(str))
    return {
        "codes_added": tuple(sorted(new - old)[:_MOST_CODES]),
        "codes_removed": tuple(sorted(old - new)[:_MOST_CODES]),
        "added": len(new - old),
        "removed": len(old - new),
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
        and path.suffix.lower() not in NOT_DATA
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
    unknown: dict[str | None, str] = {}
    for source in chosen:
        host = urlsplit(source.address or source.landing_page).hostname
        message = unknown.get(host)
        try:
            if message is None:
                url = locate(source, patience=patience)
                paths.append(download(url, _downloads(), patience=patience, progress=progress))
                continue
        except NoConnectionError as fault:
            message = unknown[host] = str(fault)
        except DownloadError as fault:
            report.outcomes.append(Outcome(source.key, "failed", message=str(fault)))
            continue
        by_hand = f"By hand: open {source.landing_page}, download the file, and use --from."
        report.outcomes.append(Outcome(source.key, "failed", message=f"{message} {by_hand}"))
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
