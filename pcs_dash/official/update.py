"""One command from publication to page: gather files, load, check, build, swap.

A source that fails keeps its last good table, and the report says so. Nothing is in use until
everything that loaded has been built; a fault before that leaves the store as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import geopandas as gpd
import pandas as pd

from pcs_dash.official.build import Stage, build_all
from pcs_dash.official.catalogue import SOURCES, Source, find_source
from pcs_dash.official.download import (
    DEFAULT_PATIENCE,
    FACTS,
    PART,
    DownloadError,
    NoConnectionError,
    Patience,
    Progress,
    download,
    fetch_page,
    file_name_of,
)
from pcs_dash.official.file_dates import month_in_name
from pcs_dash.official.locate import Found, data_links, locate
from pcs_dash.official.recognise import (
    NOTES,
    DoubtfulError,
    Loaded,
    Recognised,
    contents,
    is_note,
    load_recognised,
    name_carries_period,
)
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
from pcs_dash.tables.errors import InputFileError, UserError

Keep = Callable[[Loaded, str, str], None]
# The parts of a shapefile beside its .shp, and of a download, are no files of their own.
_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", PART)
NOT_DATA = (*NOTES, *_PARTS)
_MOST_CODES = 20
# Between two editions of a publication its rows or patients fall by less than this, and by so
# much more for each year between them: practices merge, some 2% a year.
MOST_FALL = 0.10
MOST_FALL_A_YEAR = 0.03


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
    by_name: bool = False  # it is loaded when its source is named

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
    left_out: list[str] = field(default_factory=list)

    @property
    def left_out_words(self) -> str:
        """How many files were no table this tool reads, with the first names; empty for none."""
        if not self.left_out:
            return ""
        count = len(self.left_out)
        more = " ..." if count > 5 else ""
        return (
            f"Left out: {count} {'file' if count == 1 else 'files'} with no table this tool "
            f"reads ({', '.join(self.left_out[:5])}{more})."
        )

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
    stage: Stage = lambda *_: None,
) -> Report:
    """Load publications into the store and build the joined tables, in one swap.

    `origin`: a folder or file (whatever the names), or the address of a file or of a list of
    files; without it each source is downloaded from its publisher. `sources` restricts to
    these, lets an older edition replace a newer one, and takes a file that has lost rows as it
    is. `dry_run` changes nothing and reports what would change. UserError when the origin holds
    nothing of use, or another update is running.
    """
    wanted = [find_source(key) for key in sources]
    report = Report()
    # The lock comes first: two updates would write into the same downloads.
    with store.writing() as update:
        try:
            with _files(wanted, origin, patience, progress, report) as files:
                area = area or (update.base.area if update.base else "England")
                run = _Run(
                    store, tuple(s.key for s in wanted), update.tables, report, _put_into(update)
                )
                for number, path in enumerate(files, start=1):
                    stage(f"reading {path.name}", number, len(files))
                    _take(path, run)
                _build_and_swap(update, area, report, stage, dry_run=dry_run)
        except UserError as fault:
            if not dry_run:
                store.note_last_update([*_sentences(report), str(fault)])
            raise
        if not dry_run:
            store.note_last_update(_sentences(report))
    return report


def _build_and_swap(
    update: Update, area: str, report: Report, stage: Stage, *, dry_run: bool
) -> None:
    """Build what follows from the tables taken, and put it in use unless it is a dry run."""
    if not report.outcomes:
        raise UserError(" ".join(["Nothing to load was found.", report.left_out_words]).strip())
    report.manifest = update.base
    moved = update.base is not None and area != update.base.area
    if not report.loaded and not moved:
        return
    build_all(update, area=area, stage=stage)
    if not dry_run:
        update.notes = _sentences(report)
        report.manifest = update.commit(area=area)
        report.committed = True


def _sentences(report: Report) -> list[str]:
    """A sentence on each table that could not be loaded."""
    return [f"{o.source}: {o.message}" for o in report.failed]


def preview(
    origin: Path,
    *,
    sources: Sequence[str] = (),
    store: Store | None = None,
    stage: Stage = lambda *_: None,
) -> Report:
    """What loading a file, or the files of a folder, would change; nothing is built or changed.

    `sources` as for `update_store`. `note` says what would keep the load from going through.
    """
    store = store or Store()
    report = Report(manifest=store.current())
    base = report.manifest
    tables = {entry.key: entry for entry in base.tables} if base else {}
    wanted = tuple(find_source(key).key for key in sources)
    run = _Run(store, wanted, tables, report, lambda *_: None)
    files = folder_files(origin)
    for number, path in enumerate(files, start=1):
        stage(f"reading {path.name}", number, len(files))
        _take(path, run)
    there = {source for source, _ in tables} | {o.source for o in report.loaded}
    if report.loaded and not there & {"list_sizes", "workforce"}:
        report.note = (
            "These files can't be loaded alone: no list of practices is loaded yet. Give them "
            f"together with '{SOURCES['list_sizes'].title}'."
        )
    return report


@dataclass
class _Run:
    """One update or preview: the sources named (none: all), what is stored, what was seen.

    `seen`: (source, period) -> the file that gave it, and the checksum of its figures ("" where
    it was not read again).
    """

    store: Store
    wanted: tuple[str, ...]
    tables: dict[tuple[str, str], TableEntry]
    report: Report
    keep: Keep
    seen: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def wants(self, source: Source | None) -> bool:
        return not self.wanted or source is None or source.key in self.wanted

    def fail(self, source: str, file_name: str, fault: InputFileError) -> None:
        self.report.outcomes.append(
            Outcome(
                source, "failed", file_name, message=str(fault), faults=fault.problems,
                by_name=isinstance(fault, DoubtfulError),
            )
        )  # fmt: skip


def _put_into(update: Update) -> Keep:
    def keep(item: Loaded, digest: str, member: str) -> None:
        # The same file may have been loaded for another period, by its former name.
        update.remove_file(item.source.key, digest, member)
        update.put(
            item.source.key,
            item.period,
            item.table,
            file_name=item.file_name,
            file_sha256=digest,
            file_member=member,
            file_lines=item.lines,
            notes=item.notes,
            only_period=not item.source.series,
        )

    return keep


def _take(path: Path, run: _Run) -> None:
    """Load the tables of a file, report on them, and keep what is new."""
    digest = file_sha256(path)
    try:
        with contents(path) as found:
            run.report.left_out.extend(found.left_out)
            for bad in found.unreadable:
                if run.wants(bad.source):
                    key = bad.source.key if bad.source else _only(run.wanted)
                    run.fail(key, bad.file_name, bad.fault)
            for item in found.known:
                if run.wants(item.source):
                    _take_table(item, _member(path, item.file.name), digest, run)
    except InputFileError as fault:
        # A folder of downloads holds other things too; a file that looks like data must load.
        if is_note(path.name, fault):
            run.report.left_out.append(path.name)
        else:
            run.fail(_only(run.wanted), path.name, fault)


def _only(wanted: tuple[str, ...]) -> str:
    """The source a file that can't be told was meant to be of: the one named, if one was."""
    return wanted[0] if len(wanted) == 1 else "unknown"


def _member(path: Path, name: str) -> str:
    """The name of a table inside its archive; empty for a file of its own."""
    archive = f"{path.name.removesuffix('.gz')}: "
    return name.removeprefix(archive) if name.startswith(archive) else ""


def _take_table(item: Recognised, member: str, digest: str, run: _Run) -> None:
    key = item.source.key
    stored = [
        entry
        for entry in run.tables.values()
        if (entry.source, entry.file_sha256, entry.file_member) == (key, digest, member)
        and entry.reader == READER
    ]
    if stored and (not name_carries_period(item.source) or stored[0].file_name == item.file.name):
        first, _ = run.seen.setdefault(stored[0].key, (item.file.name, ""))
        twice = "" if first == item.file.name else f"It holds the same as {first}."
        run.report.outcomes.append(_unchanged(stored[0], item.file.name, twice))
        return
    try:
        loaded = load_recognised(item, trusted=bool(run.wanted))
    except InputFileError as fault:
        run.fail(key, item.file.name, fault)
        return
    place = (key, f"{loaded.period:%Y-%m-%d}")
    content = _content_of(loaded.table)
    if place in run.seen:
        run.report.outcomes.append(_second(loaded, place[1], content, *run.seen[place]))
        return
    outcome = _judge(loaded, run, digest, stored[0] if stored else None)
    if outcome.status in ("new", "changed"):
        run.keep(loaded, digest, member)
    run.seen[place] = (loaded.file_name, content)
    run.report.outcomes.append(outcome)


def _content_of(table: pd.DataFrame) -> str:
    """A checksum of a table's figures, whatever file they stand in."""
    plain = pd.DataFrame(table)
    if isinstance(table, gpd.GeoDataFrame):
        plain = plain.assign(geometry=table.geometry.to_wkb())
    hashes = pd.util.hash_pandas_object(plain, index=False)
    return hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()


def _second(item: Loaded, period: str, content: str, first: str, its_content: str) -> Outcome:
    """A second file for a period: the same figures again, or others."""
    if content == its_content:
        return Outcome(
            item.source.key, "unchanged", item.file_name, period, len(item.table), period,
            len(item.table), message=f"It holds the same as {first}.",
        )  # fmt: skip
    return Outcome(
        item.source.key, "failed", item.file_name, period,
        message=f"{first} is for the same period; keep one of the two files.",
    )  # fmt: skip


def _unchanged(entry: TableEntry, file_name: str, message: str) -> Outcome:
    return Outcome(
        entry.source, "unchanged", file_name, entry.period, entry.rows, entry.period, entry.rows,
        message=message,
    )  # fmt: skip


def _judge(item: Loaded, run: _Run, digest: str, itself: TableEntry | None) -> Outcome:
    """Compare a loaded table with what is stored of its source.

    `itself`: the entry of the very same table, loaded before under another name of its file.
    """
    day = f"{item.period:%Y-%m-%d}"
    key = item.source.key
    explicit = bool(run.wanted)
    stored = sorted((e for e in run.tables.values() if e.source == key), key=lambda e: e.period)
    before = run.tables.get((key, day)) if item.source.series else (stored[-1] if stored else None)
    columns = tuple(str(column) for column in item.table.columns)
    # A new month stands beside the others: it is compared with the newest of them.
    beside = before or (stored[-1] if stored else None)
    if beside is None:
        return Outcome(
            key, "new", item.file_name, day, len(item.table), columns=columns, message=_told(item)
        )
    compared = {
        "period_before": beside.period,
        "rows_before": beside.rows,
        "columns": columns,
        **_columns(columns, beside, run.store),
        **_codes(item.table, beside, run.store),
    }
    status, message, by_name = "changed", _told(item), False
    if before is None:
        status = "new"
    if itself is not None and itself.period != day:
        status = "changed"
        message = f"It was loaded for {itself.period} under another name; that is put right."
    elif before is not None and (before.file_sha256, before.period) == (digest, day):
        status = "unchanged" if before.reader == READER else "changed"
    elif explicit:
        pass
    elif before is not None and day < before.period:
        status, by_name = "older", True
        message = f"Older than what is loaded; name the source ({key}) to load it all the same."
    elif fall := _fall(item, stored, run.store):
        status, message, by_name = "failed", fall, True
    return Outcome(
        key, status, item.file_name, day, len(item.table), message=message, by_name=by_name,
        **compared,  # type: ignore[arg-type]
    )  # fmt: skip


def _told(item: Loaded) -> str:
    """What to say of a table that loads: that it is short, and what was left out of it."""
    return " ".join(filter(None, (_few(item), *item.notes)))


def _few(item: Loaded) -> str:
    """A word of caution for a table of fewer rows than the publication has: any fewer where there
    is one edition, a fifth fewer where their number changes.
    """
    usual, rows = item.source.usual_rows, len(item.table)
    if rows >= usual * (1.0 if item.source.period_from == "fixed" else 0.8):
        return ""
    return f"Only {rows:,} rows; the published file has some {usual:,}: is it a part, or cut short?"


def _fall(item: Loaded, stored: Sequence[TableEntry], store: Store) -> str:
    """Why a table looks cut short beside the stored edition nearest to it in time; else nothing.

    Rows and patients are compared; without patients the lines of the files, as several lines can
    make one row.
    """
    near = min(stored, key=lambda entry: abs(pd.Timestamp(entry.period) - item.period))
    years = abs((pd.Timestamp(near.period) - item.period).days) / 365.25
    pairs = [("rows", near.rows, len(item.table))]
    if "patients" in item.table.columns and "patients" in stored_columns(store.root, near):
        old = read_entry(store.root, near, columns=["patients"])["patients"]
        pairs.append(("patients", int(old.sum()), int(item.table["patients"].sum())))
    elif item.lines and near.file_lines:
        pairs.append(("lines", near.file_lines, item.lines))
    for what, before, now in pairs:
        if now < before * (1 - MOST_FALL - MOST_FALL_A_YEAR * years):
            return (
                f"It has {now:,} {what}, {1 - now / before:.0%} fewer than the {before:,} loaded "
                f"for {near.period}: it may be cut short or a part. Download it again; if it is "
                f"right, name the source ({item.source.key}) to load it."
            )
    return ""


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
        part = path.with_name(path.name.removesuffix(FACTS).removesuffix(PART) + PART)
        if path.is_file() and not part.is_file():
            path.unlink(missing_ok=True)


def _downloads() -> Path:
    return data_dir() / "downloads"


def folder_files(folder: Path) -> list[Path]:
    """The files in a folder (and below) that may hold data; or the one file given.

    Hidden files and parts of shapefiles are left out; links are not followed out of the folder.
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
        and path.suffix.lower() not in _PARTS
        and not path.name.lower().endswith(".shp.xml")
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
                found = locate(source, patience=patience)
                name = _named(source, found)
                paths.append(
                    download(
                        found.address, _downloads(), name=name, patience=patience, progress=progress
                    )
                )
                continue
        except NoConnectionError as fault:
            message = unknown[host] = str(fault)
        except DownloadError as fault:
            report.outcomes.append(Outcome(source.key, "failed", message=str(fault)))
            continue
        by_hand = f"By hand: open {source.landing_page}, download the file, and use --from."
        report.outcomes.append(Outcome(source.key, "failed", message=f"{message} {by_hand}"))
    return paths


def _named(source: Source, found: Found) -> str:
    """The file's own name; with the month of its edition where only a name can say the period."""
    name = file_name_of(found.address)
    if found.month is None or not name_carries_period(source) or month_in_name(name) is not None:
        return name
    return f"{found.month:%Y-%m} {name}"


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
    paths: list[Path] = []
    for address in addresses:
        name = file_name_of(address)
        if name in {path.name for path in paths}:
            name = f"{len(paths)}-{name}"  # of another folder on that server
        try:
            paths.append(
                download(address, _downloads(), name=name, patience=patience, progress=progress)
            )
        except DownloadError as fault:
            report.outcomes.append(
                Outcome(address.rsplit("/", 1)[-1], "failed", message=str(fault))
            )
    return paths
