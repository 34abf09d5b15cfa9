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

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import platformdirs
from filelock import FileLock, Timeout

from pcs_dash.official.manifest import Manifest, TableEntry, manifest_of, now, text_of
from pcs_dash.official.stored_tables import digest_of, read_entry, write_table
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.writing import flush_folder, replace_whole

DATA_DIR_VARIABLE = "PCS_DASH_DATA_DIR"
KEEP_VERSIONS = 5


def data_dir() -> Path:
    """The folder of refreshed data: PCS_DASH_DATA_DIR, or the per-user data folder."""
    chosen = os.environ.get(DATA_DIR_VARIABLE, "").strip()
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("pcs_dash", False))


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
        manifest = manifest_of(path.read_text(encoding="utf-8"))
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
            if digest_of(self.root / entry.path)[0] != entry.sha256:
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
                    "The data folder could not be written. The last good version is still in use.",
                    aside=f"({self.root}: {fault})",
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
                f"The data folder can't be written ({fault.strerror}). Set {DATA_DIR_VARIABLE} to "
                "a folder you may write to.",
                aside=f"({self.root})",
            ) from fault

    @contextmanager
    def _lock(self) -> Iterator[None]:
        lock = FileLock(self.root / "lock")
        with self._told():
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(blocking=False)
            except Timeout as fault:
                raise UserError(
                    "Another update of these data is running. Wait until it is done."
                ) from fault
        try:
            yield
        finally:
            lock.release()

    def note_last_update(self, failed: Sequence[str]) -> None:
        """Keep what the last update could not load, also where it changed nothing."""
        content = {"when": now(), "failed": list(failed)}
        with self._told():
            replace_whole(
                self.root / "last_update.json", json.dumps(content, ensure_ascii=False).encode()
            )

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
            found = [m for m in versions if m.version < now.version]
            if not found:
                raise UserError("There is no earlier version to go back to.")
        else:
            found = [m for m in versions if m.version == version]
            if not found:
                kept = ", ".join(str(m.version) for m in versions)
                raise UserError(f"There is no version {version}. Kept are: {kept}.")
        target = found[-1]
        with self._lock(), self._told():
            replace_whole(self.root / "current", f"{target.version}\n".encode())
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
        notes: tuple[str, ...] = (),
        partition_by: str | None = None,
        only_period: bool = True,
    ) -> TableEntry:
        """Write a table and flush it. `only_period`: it replaces every other period."""
        day = f"{pd.Timestamp(period):%Y-%m-%d}"
        draft = self.work / uuid.uuid4().hex
        draft.mkdir()
        geometry = isinstance(table, gpd.GeoDataFrame)
        write_table(table, draft, partition_by)
        digest, size = digest_of(draft)
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
            loaded_at=now(),
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
            self.remove(source)
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
            created=now(),
            area=area,
            tables=tuple(sorted(self.tables.values(), key=lambda e: e.key)),
            notes=tuple(self.notes),
        )
        # From here on a version may name the tables, so they stay whatever happens.
        self._committed = True
        replace_whole(
            self.store.root / "versions" / f"{version:06d}.json", text_of(manifest).encode()
        )
        replace_whole(self.store.root / "current", f"{version}\n".encode())
        _clear_old(self.store)
        return manifest


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
