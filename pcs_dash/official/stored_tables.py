"""The stored tables: Parquet files in a folder of their own, whole or by ICB, with a checksum."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pcs_dash.official.archive import CHUNK
from pcs_dash.official.manifest import TableEntry
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.writing import flush_folder

# A partitioned table of up to so many rows is kept whole as well: to open 43 files of 60 columns
# each takes ten times as long as to open one.
WHOLE = "whole.parquet"
WHOLE_TOO_UP_TO = 100_000


def read_entry(
    root: Path,
    entry: TableEntry,
    *,
    columns: Sequence[str] | None = None,
    where: Iterable[str] | None = None,
) -> pd.DataFrame:
    """The table of an entry below the store's folder; see `Store.read`."""
    folder = root / entry.path
    read = partial(pq.read_table, columns=columns, partitioning=None)
    try:
        if entry.partitioned_by is None:
            file = folder / "table.parquet"
            if entry.geometry:
                return gpd.read_parquet(file, columns=columns)
            return read(file).to_pandas()
        every = sorted(folder.glob(f"{entry.partitioned_by}=*/*.parquet"))
        names = None if where is None else {str(value) for value in where}
        parts = [p for p in every if names is None or p.parent.name.split("=", 1)[1] in names]
        if (folder / WHOLE).exists() and len(parts) == len(every):
            return read(folder / WHOLE).to_pandas()
        if not every:
            raise UserError(f"'{entry.source}' of {entry.period} holds no rows.")
        if not parts:
            return read(every[0]).slice(0, 0).to_pandas()
        tables = [read(part) for part in parts]
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


def write_table(table: pd.DataFrame, folder: Path, partition_by: str | None) -> None:
    """Write a table into an empty folder and flush it; `partition_by`: a file for each value."""
    plain = table.copy(deep=False)
    plain.attrs = {}
    if isinstance(table, gpd.GeoDataFrame) and partition_by is None:
        plain.to_parquet(folder / "table.parquet", index=False)
    elif partition_by is None:
        _write(plain, folder / "table.parquet")
    else:
        if len(plain) <= WHOLE_TOO_UP_TO:
            _write(plain, folder / WHOLE)
        for value, part in plain.groupby(partition_by, observed=True, sort=True):
            name = str(value)
            if not name.replace("_", "").replace("-", "").isalnum():
                raise ValueError(f"{name!r} can't name a partition")
            place = folder / f"{partition_by}={name}"
            place.mkdir()
            used = {
                str(column): part[column].cat.remove_unused_categories()
                for column in part.select_dtypes("category")
            }
            _write(part.assign(**used), place / "part.parquet")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())
    for path in sorted([folder, *(p for p in folder.rglob("*") if p.is_dir())]):
        flush_folder(path)


def _write(table: pd.DataFrame, path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path, compression="zstd")


def digest_of(folder: Path) -> tuple[str, int]:
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
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
