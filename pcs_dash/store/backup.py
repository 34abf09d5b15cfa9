"""The library as one file, out of either kind of database and into either kind.

A backup is a library of its own in SQLite: every table, row by row, seen at one moment. So one of
PostgreSQL can be put into SQLite, and the other way round.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, delete, func, insert, select, text
from sqlalchemy.orm import Session

from pcs_dash.store.database import Database, open_database
from pcs_dash.store.models import Base
from pcs_dash.tables.errors import UserError

_AT_ONCE = 200  # rows; a plan of England has 130 kB
_TABLES = Base.metadata.sorted_tables
_AUDIT = Base.metadata.tables["audit"]


def back_up(database: Database, file: Path) -> Mapping[str, int]:
    """Write the library into `file`, which appears whole or not at all; the rows of each table.

    UserError where there is such a file already; StoreError where the library is damaged, since a
    backup with a hole in it would be taken for one.
    """
    if file.exists():
        raise UserError(f"There is a file {file.name} already. Name another, or move it away.")
    database.check()
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".pcs_dash-backup-") as folder:
        made = Path(folder) / "library.sqlite"
        with database.reading() as source, open_database(made) as copy:
            rows = _copied(source, copy)
            copy.check()
        # The last connection to close has put its log into the file.
        made.replace(file)
    return rows


def restore(database: Database, file: Path, *, replace: bool = False) -> Mapping[str, int]:
    """Put what `back_up` wrote into the library, in one step; the rows of each table.

    UserError where the file is none, or the library has plans or stories and `replace` is not
    said; StoreError where the file is damaged: the library is then as it was.
    """
    if not file.is_file():
        raise UserError(f"There is no file {file.name}.")
    with tempfile.TemporaryDirectory(prefix="pcs_dash-restore-") as folder:
        # Opening may bring an old one up to date: the backup itself stays as it was written.
        copied = Path(folder) / "library.sqlite"
        copied.write_bytes(file.read_bytes())
        os.utime(copied, (file.stat().st_atime, file.stat().st_mtime))
        with open_database(copied) as source:
            source.check()
            with source.reading() as session:
                return _copied(session, database, clear=True, replace=replace)


def _copied(
    source: Session, target: Database, *, clear: bool = False, replace: bool = False
) -> dict[str, int]:
    """Every row of every table, in one transaction of `target`."""
    rows = {}
    with target.writing() as session:
        documents = Base.metadata.tables["documents"]
        there = session.execute(select(func.count()).select_from(documents)).scalar_one()
        if there and not replace:
            raise UserError(
                f"The library has {there:,} documents, which a restore would replace. Back it up "
                "first, then say --replace."
            )
        # The audit is only ever added to: what it has that the backup has not yet, stays.
        for table in reversed(_TABLES) if clear else ():
            if table is not _AUDIT:
                session.execute(delete(table))
        kept = set(session.execute(select(_AUDIT.c.id)).scalars())
        for table in _TABLES:
            rows[table.name] = 0
            found = source.execute(select(table).execution_options(yield_per=_AT_ONCE))
            for part in found.mappings().partitions():
                new = [dict(row) for row in part if table is not _AUDIT or row["id"] not in kept]
                if new:
                    session.execute(insert(table), new)
                rows[table.name] += len(part)
        if target.kind == "postgresql":
            _count_on(session)
    return rows


def _count_on(session: Session) -> None:
    """PostgreSQL's counters of keys go on after the greatest that was put in."""
    for table in _TABLES:
        key: Any = table.c.get("id")
        if key is None or not isinstance(key.type, Integer):
            continue
        greatest = session.execute(select(func.max(key))).scalar()
        if greatest is not None:
            session.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :value)"),
                {"table": table.name, "value": greatest},
            )
