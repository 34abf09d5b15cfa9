"""Opening the database of the plan library: SQLite by default, PostgreSQL where one is named.

    PCS_DASH_DATABASE_URL   postgresql://user:password@host/name (or sqlite:///path); wins
    PCS_DASH_DATABASE       path of the SQLite file
    neither                 plans.sqlite in the user's data directory

Opening brings the tables up to date. Any number of processes may open at once.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import platformdirs
from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
)
from sqlalchemy.exc import (
    TimeoutError as PoolTimeoutError,
)
from sqlalchemy.orm import Session, sessionmaker

from pcs_dash.store.checks import DAMAGED_ROW, from_json, to_json
from pcs_dash.store.models import DocumentRow, DraftRow
from pcs_dash.tables.errors import UserError

MIGRATIONS = Path(__file__).parent / "migrations"
# The newest revision under migrations/versions; a test holds the two together. Knowing it here
# spares a start with nothing to migrate the import of alembic.
HEAD = "0002"

BUSY_SECONDS = 10
# Any number, as long as no other program that shares the database locks the same one.
_POSTGRESQL_LOCK = 7_252_018_431
# What SQLite says of a file that is none of its own, or was one.
_DAMAGE = ("malformed", "not a database", "no such", "corrupt", "schema")
_ROW_DAMAGE = "Could not decode"
_RESTORE = (
    "Stop the server, move the file away and put back the last backup: "
    "python -m pcs_dash restore FILE."
)
_log = logging.getLogger(__name__)
# Alembic keeps the migration in progress in module globals.
_migrating = threading.Lock()


class StoreError(UserError):
    """The database can't be reached, read or written; the text says what to do."""


def database_url(environment: Mapping[str, str] | None = None) -> URL:
    """Where the library is, from the environment (`os.environ` if None). StoreError if unusable."""
    environment = os.environ if environment is None else environment
    if given := environment.get("PCS_DASH_DATABASE_URL", "").strip():
        return _parse_url(given)
    if path := environment.get("PCS_DASH_DATABASE", "").strip():
        # It may hold a password, so it is not repeated.
        if "://" in path:
            raise StoreError(
                "PCS_DASH_DATABASE is the path of a file, and holds an address (...://...). "
                "An address goes into PCS_DASH_DATABASE_URL."
            )
        return _file_url(Path(path))
    return _file_url(platformdirs.user_data_path("pcs_dash", appauthor=False) / "plans.sqlite")


def _file_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path.expanduser().absolute()))


def _parse_url(given: str) -> URL:
    # The text may hold a password, so no message repeats it.
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise StoreError(
            "PCS_DASH_DATABASE_URL is no database address. "
            "Write it as postgresql://user:password@host:5432/database."
        ) from None
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return _file_url(Path(url.database))
    raise StoreError(
        f"PCS_DASH_DATABASE_URL names '{backend}'. Only PostgreSQL (postgresql://...) and SQLite "
        "files (sqlite:///path) can hold the plan library."
    )


class Database:
    """An open database. Safe to share between threads; `close` it, or use it in `with`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = sessionmaker(engine, expire_on_commit=False)
        # SQLite: a transaction that will write takes the write lock at its start and waits for it
        # there. One that began by reading could only fail when someone else wrote in between.
        self._writing = sessionmaker(
            engine.execution_options(pcs_dash_begin="IMMEDIATE"), expire_on_commit=False
        )
        self._latest: datetime | None = None

    @property
    def kind(self) -> str:
        """sqlite or postgresql."""
        return self._engine.dialect.name

    @property
    def label(self) -> str:
        """Where it is, without the password."""
        return _label(self._engine.url)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database. StoreError if it can't be reached."""
        with _explained(self.label), self._reading.begin() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits at its end, or leaves all as it was if anything is raised."""
        with _explained(self.label), self._writing.begin() as session:
            yield session

    def check(self) -> None:
        """Look through the whole of a SQLite file. StoreError, told in the log too, where it is
        damaged; PostgreSQL looks after itself.
        """
        if self.kind != "sqlite":
            return
        with _explained(self.label), self._engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(5)").scalars().all()
        if found != ["ok"]:
            raise _damaged(self.label, "; ".join(map(str, found)))

    def now(self) -> datetime:
        """The time, UTC; where this computer's clock has gone back behind what was written here,
        the latest of that: what is kept now must not look old once the clock is right.
        """
        if self._latest is None:
            self._latest = self._newest()
        self._latest = max(self._latest, datetime.now(UTC))
        return self._latest

    def _newest(self) -> datetime:
        """When something was last written here, as far as the library knows."""
        began = datetime.now(UTC)
        with self.reading() as session:
            times = [
                session.execute(select(func.max(column))).scalar()
                for column in (DraftRow.saved_at, DocumentRow.saved_at)
            ]
        newest = max((time for time in times if time is not None), default=began)
        if newest > began + timedelta(minutes=5):
            _log.warning("the clock says %s, but the library was written to at %s", began, newest)
        return newest

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_database(url: URL | str | Path | None = None) -> Database:
    """The library's database, its tables up to date; made if there is none.

    `url`: an address (str or URL), the Path of a SQLite file, or None for what the environment
    says. StoreError if it can't be opened, or was made by a newer version of pcs_dash.
    """
    if url is None:
        target = database_url()
    elif isinstance(url, Path):
        target = _file_url(url)
    else:
        target = _parse_url(url if isinstance(url, str) else url.render_as_string(False))
    _refuse_emptied(target)
    engine = _engine(target)
    try:
        with _explained(_label(target)):
            _upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine)


def _refuse_emptied(url: URL) -> None:
    """A file of no bytes was a library once, unless another process is just making it."""
    if url.get_backend_name() != "sqlite":
        return
    path = Path(str(url.database))
    try:
        found = path.stat()
    except OSError:
        return
    if found.st_size == 0 and time.time() - found.st_mtime > BUSY_SECONDS:
        _log.error("the library's file %s is empty (0 bytes)", path)
        raise StoreError(
            f"The library's file is empty (0 bytes), so what was in it is lost. {_RESTORE} To "
            "begin with an empty library, delete the file.",
            aside=f"({path})",
        )


def _damaged(label: str, reason: str) -> StoreError:
    _log.error("the library %s is damaged: %s", label, reason)
    return StoreError(
        f"The library's file is damaged, or no library; nothing was changed. {_RESTORE}",
        aside=f"({label}: {reason})",
    )


def _label(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def _explained(label: str) -> Iterator[None]:
    """Turns faults of the database (not of our statements) into a StoreError."""
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except (DBAPIError, PoolTimeoutError) as error:
        lines = str(getattr(error, "orig", None) or error).strip().splitlines()
        reason = lines[0] if lines else str(error)
        if reason.startswith(_ROW_DAMAGE):
            raise UserError(DAMAGED_ROW) from error
        if isinstance(getattr(error, "orig", None), sqlite3.DatabaseError) and any(
            word in reason for word in _DAMAGE
        ):
            raise _damaged(label, reason) from error
        raise StoreError(
            "The plan library can't be used. Nothing saved before was changed. Check that the "
            "database runs, that its disk has room and that this program may write there, then "
            "try again.",
            aside=f"({label}: {reason})",
        ) from error
    except UnicodeDecodeError as error:
        # sqlite3 meets it in the words of its own message.
        raise _damaged(label, str(error)) from error


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    # pre_ping: a connection that the server dropped (a restart) is replaced, not handed out.
    return create_engine(
        url,
        json_serializer=to_json,
        json_deserializer=from_json,
        pool_pre_ping=True,
        connect_args={"connect_timeout": BUSY_SECONDS},
    )


def _sqlite_engine(url: URL) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            "The directory of the plan library can't be made. Name another file in "
            "PCS_DASH_DATABASE.",
            aside=f"({error})",
        ) from error
    engine = create_engine(url, json_serializer=to_json, json_deserializer=from_json)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        # None: the driver leaves transactions alone and `begin` below starts them, so that DDL is
        # part of them and the kind of BEGIN is ours to choose.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA foreign_keys = ON")
        _use_wal(connection)
        # In WAL mode the default would lose the last commits when the power fails.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get("pcs_dash_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Write-ahead log, kept in the file once set. The busy timeout doesn't cover this pragma, so
    two first starts at once need the retries.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # A file system without shared memory stays with the rollback journal: as durable,
            # only slower.
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _upgrade(engine: Engine) -> None:
    """Runs the migrations that are missing, one starter at a time."""
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    immediate = engine.execution_options(pcs_dash_begin="IMMEDIATE")
    with _migrating, immediate.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRESQL_LOCK}
            )
        # Someone else may have done it while we waited for the lock.
        if _revision(connection) != HEAD:
            migrate(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(connection: Connection, revision: str = "head") -> None:
    """Brings the tables to `revision` inside the transaction of `connection`."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    present = _revision(connection)
    if present is not None and present not in known:
        raise StoreError(
            f"The plan library was made by a newer version of pcs_dash (its tables are at "
            f"revision {present}, this version knows up to {HEAD}). Update pcs_dash."
        )
    config.attributes["connection"] = connection
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
