"""Databases to test against: a fresh SQLite file, and a fresh database on a real PostgreSQL server
that the tests start and stop themselves (Debian's package `postgresql`).
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pcs_dash.store.database import Database, open_database
from pcs_dash.store.models import Base
from tests.postgresql import Server, running


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    with running() as server:
        yield server


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
