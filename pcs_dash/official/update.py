"""One command from publication to page: gather files, load, check, build, swap.

A source that fails keeps its last good table, and the report says so. Nothing is in use until
everything that loaded has been built; a fault before that leaves the store as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from pcs_dash.official.build import Stage, build_all
from pcs_dash.official.built_tables import PRACTICES
from pcs_dash.official.catalogue import SOURCES, Source, find_source
from pcs_dash.official.download import DEFAULT_PATIENCE, Patience, Progress
from pcs_dash.official.load_changes import LoadChanges, changes_between
from pcs_dash.official.manifest import READER, Manifest, TableEntry
from pcs_dash.official.outcomes import Outcome, content_of, judge, second_file, unchanged
from pcs_dash.official.recognise import (
    DoubtfulError,
    Loaded,
    Recognised,
    contents,
    is_note,
    load_recognised,
    name_carries_period,
)
from pcs_dash.official.store import Store, Update
from pcs_dash.official.stored_tables import file_sha256, read_entry
from pcs_dash.official.update_files import folder_files, gathered
from pcs_dash.tables.errors import InputFileError, UserError

Keep = Callable[[Loaded, str, str], None]
# What other sources are joined with: the columns of it that they take.
_NEEDED = {
    source.joined.source: source.joined.columns for source in SOURCES.values() if source.joined
}


@dataclass
class Report:
    """The outcome of an update. `manifest` is the version now in use; None when nothing is.
    `changes`: what differs from the last load; None where there is nothing to compare with, as at
    the first load or where another area was built.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    manifest: Manifest | None = None
    committed: bool = False
    note: str = ""
    left_out: list[str] = field(default_factory=list)
    changes: LoadChanges | None = None

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
        """What could not be loaded."""
        return [o for o in self.outcomes if o.status == "failed"]

    @property
    def loaded(self) -> list[Outcome]:
        """What is new or has changed."""
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
            with gathered(wanted, origin, patience, progress, report.outcomes) as files:
                area = area or (update.base.area if update.base else "England")
                run = _Run(
                    store, tuple(s.key for s in wanted), update.tables, report, _put_into(update)
                )
                _take_all(files, run, stage)
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
    if not moved:
        report.changes = _changes(update)
    if not dry_run:
        update.notes = _sentences(report)
        report.manifest = update.commit(area=area)
        report.committed = True


def _changes(update: Update) -> LoadChanges | None:
    """What the practices built differ in from those of the version in use."""
    built = update.base.of(PRACTICES) if update.base else []
    now = update.read(PRACTICES)
    if update.base is None or not built or now is None:
        return None
    periods = [
        dict(sorted(entry.key for entry in entries))
        for entries in (update.base.tables, update.tables.values())
    ]
    return changes_between(read_entry(update.store.root, built[-1]), now, *periods)


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
    _take_all(folder_files(origin), run, stage)
    there = {source for source, _ in tables} | {o.source for o in report.loaded}
    alone = all(SOURCES[key].stands_alone for key in there if key in SOURCES)
    if report.loaded and not alone and not there & {"list_sizes", "workforce"}:
        report.note = (
            "These files can't be loaded alone: no list of practices is loaded yet. Give them "
            f"together with '{SOURCES['list_sizes'].title}'."
        )
    return report


@dataclass(frozen=True, eq=False)
class _Taken:
    """A table that loads, of which file (and member of an archive), and what of it is stored."""

    loaded: Loaded
    member: str
    digest: str
    stored: TableEntry | None


@dataclass
class _Run:
    """One update or preview: the sources named (none: all), what is stored, what was seen.

    `seen`: (source, period) -> the file that gave it, and the checksum of its figures ("" where
    it was not read again). `later`: tables that need another source, which may be in a later file;
    `needed`: tables of this run that others may need, by source.
    """

    store: Store
    wanted: tuple[str, ...]
    tables: dict[tuple[str, str], TableEntry]
    report: Report
    keep: Keep
    seen: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    later: list[_Taken] = field(default_factory=list)
    needed: dict[str, pd.DataFrame] = field(default_factory=dict)

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
        if not item.source.merged_by:
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


def _take_all(files: Sequence[Path], run: _Run, stage: Stage) -> None:
    """Each file, and last the tables that waited for others."""
    for number, path in enumerate(files, start=1):
        stage(f"reading {path.name}", number, len(files))
        _take(path, run)
    for taken in run.later:
        try:
            _settle(replace(taken, loaded=_joined(taken.loaded, run)), run)
        except InputFileError as fault:
            run.fail(taken.loaded.source.key, taken.loaded.file_name, fault)


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


def _merged(loaded: Loaded, run: _Run) -> Loaded:
    """The table with what is stored of its source, where files of it stand side by side."""
    columns = list(loaded.source.merged_by)
    stored = [entry for entry in run.tables.values() if entry.source == loaded.source.key]
    if not columns or not stored:
        return loaded
    before = read_entry(run.store.root, max(stored, key=lambda entry: entry.period))
    replaced = pd.MultiIndex.from_frame(loaded.table[columns])
    kept = before[~pd.MultiIndex.from_frame(before[columns]).isin(replaced)]
    table = pd.concat([kept, loaded.table], ignore_index=True)
    return replace(loaded, table=table, period=table["period"].max(), lines=0)


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
        run.report.outcomes.append(unchanged(stored[0], item.file.name, twice))
        return
    try:
        loaded = load_recognised(item, trusted=bool(run.wanted))
    except InputFileError as fault:
        run.fail(key, item.file.name, fault)
        return
    taken = _Taken(loaded, member, digest, stored[0] if stored else None)
    joined = loaded.source.joined
    if joined is not None and joined.needed(loaded.table):
        run.later.append(taken)
        return
    if key in _NEEDED:
        run.needed[key] = loaded.table[list(_NEEDED[key])]
    _settle(taken, run)


def _joined(loaded: Loaded, run: _Run) -> Loaded:
    """The table joined with what it needs, of this run or as stored; InputFileError."""
    joined = loaded.source.joined
    assert joined is not None
    other = run.needed.get(joined.source)
    stored = [entry for entry in run.tables.values() if entry.source == joined.source]
    if other is None and stored:
        newest = max(stored, key=lambda entry: entry.period)
        other = read_entry(run.store.root, newest, columns=list(joined.columns))
    table, notes = joined.join(loaded.table, other, loaded.file_name)
    return replace(loaded, table=table, notes=(*loaded.notes, *notes))


def _settle(taken: _Taken, run: _Run) -> None:
    """Report on a table, and keep it if it is new."""
    loaded, digest = _merged(taken.loaded, run), taken.digest
    place = (loaded.source.key, f"{loaded.period:%Y-%m-%d}")
    content = content_of(loaded.table)
    if place in run.seen and not loaded.source.merged_by:
        run.report.outcomes.append(second_file(loaded, place[1], content, *run.seen[place]))
        return
    outcome = judge(
        loaded, run.tables, run.store.root, digest=digest, itself=taken.stored,
        explicit=bool(run.wanted),
    )  # fmt: skip
    if outcome.status in ("new", "changed"):
        run.keep(loaded, digest, taken.member)
    run.seen[place] = (loaded.file_name, content)
    run.report.outcomes.append(outcome)
