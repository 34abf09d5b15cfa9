"""Where the library is, how it is opened and kept up to date, and what a fault says."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from pcs_dash.store.database import (
    HEAD,
    MIGRATIONS,
    StoreError,
    database_url,
    migrate,
    open_database,
)
from pcs_dash.store.documents import DocumentLibrary
from pcs_dash.store.models import Base
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.paths import ROOT


def test_the_url_wins_over_the_path_and_the_path_over_the_default(tmp_path: Path) -> None:
    path = tmp_path / "mine.sqlite"
    both = {"PCS_DASH_DATABASE_URL": "postgres://ann@db/plans", "PCS_DASH_DATABASE": str(path)}
    assert str(database_url(both)) == "postgresql+psycopg://ann@db/plans"
    assert database_url({"PCS_DASH_DATABASE": str(path)}).database == str(path)
    default = Path(str(database_url({}).database))
    assert (default.parent.name, default.name) == ("pcs_dash", "plans.sqlite")
    assert default.is_absolute()


def test_a_blank_setting_is_no_setting() -> None:
    blank = {"PCS_DASH_DATABASE_URL": " ", "PCS_DASH_DATABASE": ""}
    assert database_url(blank) == database_url({})


def test_a_tilde_means_the_home_directory() -> None:
    url = database_url({"PCS_DASH_DATABASE": "~/p.sqlite"})
    assert url.database == str(Path.home() / "p.sqlite")


@pytest.mark.parametrize(
    "given",
    ["mysql://u:secret@h/x", "sqlite://", "sqlite:///:memory:", "secret", "postgres://h:x/"],
)
def test_an_unusable_url_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(StoreError, match="PCS_DASH_DATABASE_URL") as caught:
        database_url({"PCS_DASH_DATABASE_URL": given})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("given", ["sqlite:////tmp/plans.sqlite", "postgresql://u:secret@h/x"])
def test_an_address_where_a_path_is_asked_for_is_refused(given: str) -> None:
    with pytest.raises(StoreError, match="PCS_DASH_DATABASE_URL") as caught:
        database_url({"PCS_DASH_DATABASE": given})
    assert "secret" not in str(caught.value)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    with pytest.raises(StoreError, match="can't be used") as caught:
        open_database("postgresql://ann:hunter2@127.0.0.1:1/plans?password=hunter2")
    assert "127.0.0.1:1/plans" in caught.value.aside
    assert "hunter2" not in caught.value.aside
    # Who looks at a page learns neither place nor user.
    assert not any(word in str(caught.value) for word in ("127.0.0.1", "ann", "hunter2"))


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear Sir or Madam, " * 100)
    with pytest.raises(StoreError, match="no library") as caught:
        open_database(path)
    assert "letter.txt" in caught.value.aside
    assert "letter.txt" not in str(caught.value)
    assert path.read_bytes() == b"Dear Sir or Madam, " * 100


def test_a_directory_that_cannot_be_made_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="PCS_DASH_DATABASE"):
        open_database(tmp_path / "file" / "plans.sqlite")


def test_sqlite_is_set_up_to_be_durable_and_shared(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "plans.sqlite"
    with open_database(path) as database, database.reading() as session:
        pragma = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragma == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,  # FULL
        "busy_timeout": 10_000,
    }


def test_the_migrations_make_the_tables_of_the_models(bare_url: str) -> None:
    with open_database(bare_url) as database, database.reading() as session:
        context = MigrationContext.configure(
            session.connection(), opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == HEAD


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_can_be_undone_and_done_again(bare_url: str) -> None:
    with open_database(bare_url) as database, database.writing() as session:
        connection = session.connection()
        migrate(connection, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        migrate(connection)
        assert set(Base.metadata.tables) < set(inspect(connection).get_table_names())


def test_a_failed_migration_leaves_nothing_behind(url: str) -> None:
    with open_database(url) as database:
        with pytest.raises(RuntimeError, match="in the middle"), database.writing() as session:
            migrate(session.connection(), "base")
            raise RuntimeError("in the middle")
        assert PlanLibrary(database).entries() == []


def test_opening_again_keeps_what_is_there(bare_url: str) -> None:
    with open_database(bare_url) as database:
        saved = PlanLibrary(database).create({"a": 1}, name="Kept")
    with open_database(bare_url) as database:
        assert PlanLibrary(database).open(saved.id) == saved


def test_tables_of_a_newer_program_are_refused_and_left_alone(bare_url: str) -> None:
    with open_database(bare_url) as database:
        with database.writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StoreError, match=r"newer version.*9999"):
            open_database(bare_url)
        with database.reading() as session:
            assert (
                session.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
            )


def test_threads_may_open_an_empty_database_at_once(bare_url: str) -> None:
    def start(number: int) -> int:
        with open_database(bare_url) as database:
            return PlanLibrary(database).create({}, name=f"Plan {number}").id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(start, range(8)))
    assert len(set(ids)) == 8
    with open_database(bare_url) as database:
        assert PlanLibrary(database).count() == 8


def test_threads_may_open_different_databases_at_once(tmp_path: Path) -> None:
    # No lock of a database keeps these apart, and alembic's state is the process's.
    def start(number: int) -> list[str]:
        with (
            open_database(tmp_path / f"{number}.sqlite") as database,
            database.reading() as session,
        ):
            return sorted(inspect(session.connection()).get_table_names())

    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(start, range(8)))
    assert tables == [sorted([*Base.metadata.tables, "alembic_version"])] * 8


# Forked, so that the imports are paid for once, and let go all at the same time.
STARTERS = """
import os, sys
import alembic.command, alembic.script, psycopg
from pcs_dash.store.database import open_database
from pcs_dash.store.documents import DocumentLibrary

gate, opener = os.pipe()
children = []
for _ in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        os.close(opener)
        os.read(gate, 1)
        with open_database(sys.argv[1]) as database:
            DocumentLibrary(database).create({}, name="Plan")
        os._exit(0)
    children.append(child)
os.close(opener)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


def test_processes_may_open_an_empty_database_at_once(bare_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", STARTERS, bare_url, "6"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    with open_database(bare_url) as database:
        assert DocumentLibrary(database).count() == 6


def test_the_package_migrates_from_wherever_it_lies(tmp_path: Path) -> None:
    # A '%' in the path is special to the configuration that alembic reads.
    home = tmp_path / "100% elsewhere"
    shutil.copytree(
        ROOT / "pcs_dash",
        home / "pcs_dash",
        ignore=shutil.ignore_patterns("__pycache__", "ui", "export", "metrics", "cli"),
    )
    code = (
        "import sys, pcs_dash, pathlib; from pcs_dash.store.database import *;"
        "print(pcs_dash.__file__);"
        "open_database(pathlib.Path('plans.sqlite')).close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(home))
    with sqlite3.connect(tmp_path / "plans.sqlite") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
    connection.close()


def test_a_busy_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "plans.sqlite"
    with open_database(path) as database, ThreadPoolExecutor(1) as pool:
        library = PlanLibrary(database)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = pool.submit(library.create, {}, name="Patient")
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        # Who only reads doesn't wait.
        assert library.entries() == []
        other.execute("COMMIT")
        other.close()
        assert waiting.result(timeout=5).version == 1


def test_a_restarted_server_is_reached_again(postgresql_url: str) -> None:
    with open_database(postgresql_url) as database, open_database(postgresql_url) as other:
        library = PlanLibrary(database)
        library.create({}, name="Before")
        with other.writing() as session:
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        assert library.create({}, name="After").id > 0
        assert library.count() == 2


def test_a_connection_lost_in_the_middle_is_a_store_error_and_saves_nothing(
    postgresql_url: str,
) -> None:
    with open_database(postgresql_url) as database:
        library = PlanLibrary(database)
        with pytest.raises(StoreError, match="try again"), database.writing() as session:
            session.execute(text("DELETE FROM documents"))
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar()
            with database.writing() as killer:
                killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            session.execute(text("SELECT 1"))
        assert library.count() == 0
