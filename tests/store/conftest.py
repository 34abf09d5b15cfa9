"""Databases to test against: a fresh SQLite file, and a fresh database on a real PostgreSQL server
that the tests start and stop themselves (Debian's package `postgresql`).
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pcs_dash.store.database import Database, open_database
from pcs_dash.store.models import Base

START_SECONDS = 20
INITDB_OPTIONS = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
# No TCP port at all: the socket lies in a directory of our own. The zone is far from UTC, so that
# a time that went in or out without its zone would show.
SERVER_OPTIONS = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "timezone=Asia/Tokyo")


@dataclass(frozen=True)
class Server:
    """A running server, reached through a Unix socket in `directory` by the system user `user`."""

    directory: Path
    user: str

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@/{database}?host={self.directory}"


def _binaries() -> Path | None:
    """Where initdb and postgres are: newest Debian version first, then the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL isn't installed (apt-get install postgresql)")
    # The server refuses to run as root, so it gets the unprivileged user of the package.
    as_root = os.geteuid() == 0
    user = "postgres" if as_root else getpass.getuser()
    run_as = {"user": user, "group": user, "extra_groups": []} if as_root else {}
    directory = Path(tempfile.mkdtemp(prefix="pcs_dash_pg_"))
    if as_root:
        shutil.chown(directory, user, user)
    data = directory / "data"
    try:
        subprocess.run(
            [binaries / "initdb", "-D", data, *INITDB_OPTIONS, "-U", user],
            check=True,
            capture_output=True,
            cwd=directory,
            **run_as,
        )
        log = (directory / "log").open("w")
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", directory, *SERVER_OPTIONS],
            stdout=log,
            stderr=log,
            cwd=directory,
            **run_as,
        )
        try:
            _wait(directory, user, server)
            yield Server(directory, user)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=START_SECONDS)
            log.close()
    finally:
        shutil.rmtree(directory)


def _wait(directory: Path, user: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(directory), user=user, dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((directory / "log").read_text()) from None
            time.sleep(0.05)


def _administer(server: Server) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=str(server.directory), user=server.user, dbname="postgres", autocommit=True
    )


@pytest.fixture(scope="session")
def postgresql_prepared(postgresql_server: Server) -> str:
    """The address of a database with the tables made, which the tests use one after another."""
    with _administer(postgresql_server) as connection:
        connection.execute("CREATE DATABASE prepared")
    url = postgresql_server.url("prepared")
    open_database(url).close()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "plans.sqlite"
    open_database(path).close()
    return path


@pytest.fixture
def postgresql_url(postgresql_prepared: str) -> str:
    """The address of a PostgreSQL database with empty tables."""
    with psycopg.connect(postgresql_prepared) as connection:
        tables = ", ".join(Base.metadata.tables)
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
    return postgresql_prepared


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of either kind with empty tables."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    # All of it: the last connection to close has emptied the write-ahead log into the file.
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "plans.sqlite")
    return f"sqlite:///{tmp_path}/plans.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of either kind without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/plans.sqlite"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    name = f"t{uuid.uuid4().hex}"
    with _administer(server) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield server.url(name)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with open_database(url) as opened:
        yield opened
