"""A real PostgreSQL server that tests start and stop themselves (Debian's package `postgresql`)."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

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


@contextmanager
def running() -> Iterator[Server]:
    """A server that is started, and stopped at the end; skips the test where there is none."""
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
