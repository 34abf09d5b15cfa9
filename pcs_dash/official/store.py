"""Where refreshed data live: versions that are swapped at once and can be rolled back.

    <data folder>/official/
      current                 the name of the version in use, replaced in one step
      versions/000007.json    a manifest: which tables, from which files, with checksums
      tables/<source>/...     the tables as Parquet, never changed once written
      tmp/                    work in progress; swept at the next update

A version is a manifest; tables that did not change are shared between versions. Everything is
on disk and flushed before `current` is replaced, so a power cut or kill -9 at any moment leaves
the last good version in use.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import geopandas as gpd
import pandas as pd
import platformdirs
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pcs_dash.official.archive import CHUNK
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.writing import flush_folder, replace_whole

DATA_DIR_VARIABLE = "PCS_DASH_DATA_DIR"
FORMAT = 1
KEEP_VERSIONS = 5
# A partitioned table of up to so many rows is kept whole as well: to open 43 files of 60 columns
# each takes ten times as long as to open one.
WHOLE = "whole.parquet"
WHOLE_TOO_UP_TO = 100_000
# Raised when a loader changes what it makes of a file, so that the same file is read again.
READER = 2


def data_dir() -> Path:
    """The folder of refreshed data: PCS_DASH_DATA_DIR, or the per-user data folder."""
    chosen = os.environ.get(DATA_DIR_VARIABLE, "").strip()
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("pcs_dash", False))


@dataclass(frozen=True)
class TableEntry:
    """One stored table: what it is, where it came from, and the checksum of its files."""

    source: str
    period: str  # ISO date
    path: str  # below the store's folder
    rows: int
    loaded_at: str
    file_name: str = ""
    file_sha256: str = ""
    bytes: int = 0
    sha256: str = ""
    geometry: bool = False
    partitioned_by: str | None = None
    notes: tuple[str, ...] = ()
    reader: int = READER
    file_member: str = ""  # the table's name in the archive it came from
    file_lines: int = 0

    @property
    def key(self) -> tuple[str, str]:
        return (self.source, self.period)


@dataclass(frozen=True)
class Manifest:
    """One version of the data."""

    version: int
    created: str
    area: str = "England"
    tables: tuple[TableEntry, ...] = ()
    notes: tuple[str, ...] = ()
    recovered: bool = field(default=False, compare=False)

    @property
    def of_england(self) -> bool:
        """Whether it was built for all of England, not for one ICB or region."""
        return self.area.strip().lower() == "england"

    def of(self, source: str) -> list[TableEntry]:
        """The tables of a source, oldest period first."""
        return sorted((t for t in self.tables if t.source == source), key=lambda t: t.period)

    def latest(self, source: str) -> TableEntry | None:
        """The table of the newest period, or None."""
        entries = self.of(source)
        return entries[-1] if entries else None

    @property
    def identity(self) -> str:
        """What tells this version from every other of its store, also after a rollback."""
        return f"{self.version} of {self.created}"

    def sources(self) -> tuple[str, ...]:
        return tuple(sorted({t.source for t in self.tables}))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _text_of(manifest: Manifest) -> str:
    content = asdict(manifest)
    del content["recovered"]
    body = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps({"format": FORMAT, "sha256": digest, "manifest": body}, ensure_ascii=False)


def _manifest_of(text: str) -> Manifest:
    outer = json.loads(text)
    if outer["format"] != FORMAT:
        raise ValueError("a format of another version of pcs_dash")
    body = outer["manifest"]
    if hashlib.sha256(body.encode()).hexdigest() != outer["sha256"]:
        raise ValueError("checksum")
    content = json.loads(body)
    tables = tuple(TableEntry(**{**t, "notes": tuple(t["notes"])}) for t in content.pop("tables"))
    return Manifest(**{**content, "tables": tables, "notes": tuple(content["notes"])})


class Store:
    """The refreshed data of one folder. Reading needs no lock: what is written never changes."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or data_dir()) / "official"

    # --- reading ---

    def current(self) -> Manifest | None:
        """The manifest in use; None when nothing has been loaded.

        When the pointer or its manifest is damaged, the newest sound version is used, marked
        `recovered`.
        """
        pointer = self.root / "current"
        try:
            return self._manifest(int(pointer.read_text(encoding="ascii").strip()))
        except (OSError, ValueError, KeyError, TypeError):
            sound = self.history()
            return replace(sound[-1], recovered=True) if sound else None

    def history(self) -> list[Manifest]:
        """Every sound version, oldest first."""
        versions = []
        for path in sorted((self.root / "versions").glob("[0-9]*.json")):
            try:
                versions.append(self._manifest(int(path.stem)))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return versions

    def _manifest(self, version: int) -> Manifest:
        path = self.root / "versions" / f"{version:06d}.json"
        manifest = _manifest_of(path.read_text(encoding="utf-8"))
        for entry in manifest.tables:
            if not (self.root / entry.path).exists():
                raise ValueError(f"table {entry.path} is missing")
        return manifest

    def require(self) -> Manifest:
        """The manifest in use; UserError with the command to run when there is none."""
        manifest = self.current()
        if manifest is None:
            raise UserError(
                "No official data are loaded. Run `python -m pcs_dash update`, or `python -m "
                "pcs_dash update --from FOLDER` with files downloaded by hand (docs/data.md)."
            )
        return manifest

    def entry(self, source: str, period: str | None = None) -> TableEntry:
        """The entry of a source (newest period unless given); UserError when not loaded."""
        entries = [t for t in self.require().of(source) if period is None or t.period == period]
        if not entries:
            of = f" of {period}" if period else ""
            raise UserError(
                f"'{source}'{of} is not loaded. Run `python -m pcs_dash update {source}`."
            )
        return entries[-1]

    def read(
        self,
        source: str,
        period: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        where: Iterable[str] | None = None,
    ) -> pd.DataFrame:
        """A stored table. `where`: only these values of the column it is partitioned by, so that
        only they are read into memory. Boundary layers come back as GeoDataFrames.
        """
        return read_entry(self.root, self.entry(source, period), columns=columns, where=where)

    def verify(self) -> list[str]:
        """Checksums of every file in use against the manifest: sentences about what differs."""
        faults = []
        for entry in self.require().tables:
            if _digest(self.root / entry.path)[0] != entry.sha256:
                faults.append(
                    f"{entry.source} of {entry.period} is damaged; run update or rollback."
                )
        return faults

    # --- writing ---

    @contextmanager
    def writing(self) -> Iterator[Update]:
        """A change to the store. Nothing is in use until `commit`; leaving without it, by an
        error or otherwise, changes nothing. UserError when another update is running.
        """
        with self._lock():
            with self._told():
                for folder in ("versions", "tables", "tmp"):
                    (self.root / folder).mkdir(parents=True, exist_ok=True)
                for left in (self.root / "tmp").iterdir():
                    shutil.rmtree(left, ignore_errors=True)
                work = self.root / "tmp" / uuid.uuid4().hex
                work.mkdir()
            update = Update(self, work)
            try:
                yield update
            except OSError as fault:
                raise UserError(
                    f"The data folder {self.root} could not be written ({fault}). The last good "
                    "version is still in use."
                ) from fault
            finally:
                shutil.rmtree(work, ignore_errors=True)
                update.clear_unused()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A folder that can't be written, as UserError."""
        try:
            yield
        except OSError as fault:
            raise UserError(
                f"The data folder {self.root} can't be written ({fault.strerror}). Set "
                f"{DATA_DIR_VARIABLE} to a folder you may write to."
            ) from fault

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with self._told():
            self.root.mkdir(parents=True, exist_ok=True)
            stream = (self.root / "lock").open("a+b")
        with stream:
            if not _try_lock(stream):
                raise UserError("Another update of these data is running. Wait until it is done.")
            try:
                yield
            finally:
                _unlock(stream)

    def note_last_update(self, failed: Sequence[str]) -> None:
        """Keep what the last update could not load, also where it changed nothing."""
        content = {"when": _now(), "failed": list(failed)}
        with self._told():
            replace_whole(self.root / "last_update.json", json.dumps(content, ensure_ascii=False))

    def last_update(self) -> tuple[str, tuple[str, ...]]:
        """When the last update ran, and a sentence on each source it could not load; empty where
        that is not known.
        """
        try:
            content = json.loads((self.root / "last_update.json").read_text(encoding="utf-8"))
            return str(content["when"]), tuple(str(text) for text in content["failed"])
        except (OSError, ValueError, KeyError, TypeError):
            return "", ()

    def rollback(self, version: int | None = None) -> Manifest:
        """Use an earlier version again: the one before the current, or the one given.

        Returns the manifest now in use. UserError when there is no such sound version.
        """
        versions = self.history()
        now = self.current()
        if now is None or not versions:
            raise UserError("Nothing has been loaded, so there is nothing to go back to.")
        if version is None:
            earlier = [m for m in versions if m.version < now.version]
            if not earlier:
                raise UserError("There is no earlier version to go back to.")
            target = earlier[-1]
        else:
            found = [m for m in versions if m.version == version]
            if not found:
                kept = ", ".join(str(m.version) for m in versions)
                raise UserError(f"There is no version {version}. Kept are: {kept}.")
            target = found[0]
        with self._lock(), self._told():
            replace_whole(self.root / "current", f"{target.version}\n")
        return target


class Update:
    """A change under way: add tables, then `commit`."""

    def __init__(self, store: Store, work: Path) -> None:
        self.store = store
        self.work = work
        base = store.current()
        self.base = base
        self.tables: dict[tuple[str, str], TableEntry] = (
            {entry.key: entry for entry in base.tables} if base else {}
        )
        self.notes: list[str] = []
        self._made: list[Path] = []
        self._committed = False

    def entries(self, source: str) -> list[TableEntry]:
        """The entries of a source as they will be, oldest first."""
        return sorted(
            (e for e in self.tables.values() if e.source == source), key=lambda e: e.period
        )

    def read(self, source: str, period: str | None = None) -> pd.DataFrame | None:
        """A table as it will be after the commit (newest period unless given), or None."""
        entries = [e for e in self.entries(source) if period is None or e.period == period]
        return read_entry(self.store.root, entries[-1]) if entries else None

    def put(
        self,
        source: str,
        period: pd.Timestamp,
        table: pd.DataFrame,
        *,
        file_name: str = "",
        file_sha256: str = "",
        file_member: str = "",
        file_lines: int = 0,
        partition_by: str | None = None,
        only_period: bool = True,
    ) -> TableEntry:
        """Write a table and flush it. `only_period`: it replaces every other period."""
        day = f"{pd.Timestamp(period):%Y-%m-%d}"
        draft = self.work / uuid.uuid4().hex
        draft.mkdir()
        notes = tuple(str(note) for note in table.attrs.get("notes", ()))
        geometry = isinstance(table, gpd.GeoDataFrame)
        _write(table, draft, partition_by)
        digest, size = _digest(draft)
        target = self.store.root / "tables" / source / f"{day}-{digest[:16]}"
        if target.exists():
            shutil.rmtree(draft)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(target)
            self._made.append(target)
            flush_folder(target.parent)
        entry = TableEntry(
            source=source,
            period=day,
            path=target.relative_to(self.store.root).as_posix(),
            rows=len(table),
            loaded_at=_now(),
            file_name=file_name,
            file_sha256=file_sha256,
            bytes=size,
            sha256=digest,
            geometry=geometry,
            partitioned_by=partition_by,
            notes=notes,
            file_member=file_member,
            file_lines=file_lines,
        )
        if only_period:
            for key in [k for k in self.tables if k[0] == source]:
                del self.tables[key]
        self.tables[entry.key] = entry
        return entry

    def remove(self, source: str) -> None:
        """Leave a source out of the new version."""
        for key in [k for k in self.tables if k[0] == source]:
            del self.tables[key]

    def remove_file(self, source: str, file_sha256: str, file_member: str) -> None:
        """Leave out what this very file gave the source, whatever period it was taken for."""
        for key, entry in list(self.tables.items()):
            if (entry.source, entry.file_sha256, entry.file_member) == (
                source, file_sha256, file_member,
            ):  # fmt: skip
                del self.tables[key]

    def clear_unused(self) -> None:
        """Delete the tables written for a version that never came to be."""
        if self._committed:
            return
        for folder in self._made:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # the source may have other tables
                folder.parent.rmdir()

    def commit(self, *, area: str = "England") -> Manifest:
        """Put the new version in use, in one step; older ones beyond five are cleared away."""
        numbers = [
            int(p.stem) for p in (self.store.root / "versions").glob("[0-9]*.json")
            if p.stem.isdigit()
        ]  # fmt: skip
        version = max(numbers, default=0) + 1
        manifest = Manifest(
            version=version,
            created=_now(),
            area=area,
            tables=tuple(sorted(self.tables.values(), key=lambda e: e.key)),
            notes=tuple(self.notes),
        )
        # From here on a version may name the tables, so they stay whatever happens.
        self._committed = True
        replace_whole(self.store.root / "versions" / f"{version:06d}.json", _text_of(manifest))
        replace_whole(self.store.root / "current", f"{version}\n")
        _clear_old(self.store)
        return manifest


def read_entry(
    root: Path,
    entry: TableEntry,
    *,
    columns: Sequence[str] | None = None,
    where: Iterable[str] | None = None,
) -> pd.DataFrame:
    """The table of an entry below the store's folder; see `Store.read`."""
    folder = root / entry.path
    try:
        if entry.geometry and entry.partitioned_by is None:
            return gpd.read_parquet(folder / "table.parquet", columns=columns)
        if entry.partitioned_by is None:
            file = folder / "table.parquet"
            return pq.read_table(file, columns=columns, partitioning=None).to_pandas()
        wanted = None if where is None else sorted({str(value) for value in where})
        parts = _parts(folder, entry.partitioned_by, wanted)
        if (folder / WHOLE).exists() and len(parts) == len(
            _parts(folder, entry.partitioned_by, None)
        ):
            whole = pq.read_table(folder / WHOLE, columns=columns, partitioning=None)
            return whole.to_pandas()
        if not parts:
            first = next(iter(_parts(folder, entry.partitioned_by, None)), None)
            if first is None:
                raise UserError(f"'{entry.source}' of {entry.period} holds no rows.")
            return pq.read_table(first, columns=columns, partitioning=None).slice(0, 0).to_pandas()
        tables = [pq.read_table(part, columns=columns, partitioning=None) for part in parts]
        return pa.concat_tables(tables, promote_options="permissive").to_pandas()
    except (OSError, pa.ArrowInvalid) as fault:
        raise UserError(
            f"'{entry.source}' of {entry.period} can't be read: the data folder is damaged. Run "
            "`python -m pcs_dash rollback`, or `update` again."
        ) from fault


def stored_columns(root: Path, entry: TableEntry) -> tuple[str, ...]:
    """The columns of a stored table, without reading its rows; none where it can't be read."""
    first = next(iter(sorted((root / entry.path).rglob("*.parquet"))), None)
    try:
        return tuple(pq.read_schema(first).names) if first else ()
    except (OSError, pa.ArrowInvalid):
        return ()


def _parts(folder: Path, column: str, wanted: list[str] | None) -> list[Path]:
    found = sorted(folder.glob(f"{column}=*/*.parquet"))
    if wanted is None:
        return found
    return [part for part in found if part.parent.name.split("=", 1)[1] in wanted]


def dataset(root: Path, entry: TableEntry) -> ds.Dataset:
    """The files of an entry as a pyarrow dataset, to filter before reading."""
    return ds.dataset(root / entry.path, format="parquet", partitioning=None)


def _write(table: pd.DataFrame, folder: Path, partition_by: str | None) -> None:
    plain = table.copy(deep=False)
    plain.attrs = {}
    if isinstance(table, gpd.GeoDataFrame) and partition_by is None:
        plain.to_parquet(folder / "table.parquet", index=False)
    elif partition_by is None:
        pq.write_table(
            pa.Table.from_pandas(plain, preserve_index=False), folder / "table.parquet",
            compression="zstd",
        )  # fmt: skip
    else:
        if len(plain) <= WHOLE_TOO_UP_TO:
            pq.write_table(
                pa.Table.from_pandas(plain, preserve_index=False), folder / WHOLE,
                compression="zstd",
            )  # fmt: skip
        for value, part in plain.groupby(partition_by, observed=True, sort=True):
            name = str(value)
            if not name.replace("_", "").replace("-", "").isalnum():
                raise ValueError(f"{name!r} can't name a partition")
            place = folder / f"{partition_by}={name}"
            place.mkdir()
            for column in part.columns:
                if isinstance(part[column].dtype, pd.CategoricalDtype):
                    part = part.assign(**{column: part[column].cat.remove_unused_categories()})
            pq.write_table(
                pa.Table.from_pandas(part, preserve_index=False), place / "part.parquet",
                compression="zstd",
            )  # fmt: skip
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _flush(path)
    for path in sorted([folder, *(p for p in folder.rglob("*") if p.is_dir())]):
        flush_folder(path)


def _digest(folder: Path) -> tuple[str, int]:
    """SHA-256 over names and contents of the files of a folder, and their size in bytes."""
    digest = hashlib.sha256()
    size = 0
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
    return digest.hexdigest(), size


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _clear_old(store: Store) -> None:
    """Keep the newest five versions and the tables they name."""
    versions = store.history()
    current = store.current()
    kept = versions[-KEEP_VERSIONS:]
    if current and current.version not in {m.version for m in kept}:
        kept.append(current)
    numbers = {m.version for m in kept}
    for path in (store.root / "versions").iterdir():
        if path.suffix == ".tmp" or (path.stem.isdigit() and int(path.stem) not in numbers):
            path.unlink(missing_ok=True)
    used = {entry.path for manifest in kept for entry in manifest.tables}
    for folder in (store.root / "tables").glob("*/*"):
        if folder.relative_to(store.root).as_posix() not in used:
            shutil.rmtree(folder, ignore_errors=True)


def _try_lock(stream: IO[Any]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlock(stream: IO[Any]) -> None:
    if sys.platform == "win32":
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_UN)
