"""Two servers, PostgreSQL and HAProxy on this computer, as deploy/ has them in containers.

By hand: python -m tests.soak.replicas
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from pcs_dash.tables.paths import ROOT
from tests.browser.conftest import App, free_port
from tests.postgresql import running

PROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
PATIENCE = 120


@dataclass(frozen=True)
class Replicas:
    """The port to ask at, the servers by the names that the proxy knows them under, the library."""

    port: int
    servers: dict[str, App]
    database: str


@contextmanager
def started(folder: Path) -> Iterator[Replicas]:
    """Both servers and the proxy before them, with one library; stopped at the end."""
    if PROXY is None:
        pytest.skip("HAProxy isn't installed (apt-get install haproxy)")
    with running() as postgresql:
        with psycopg.connect(
            host=str(postgresql.directory), user=postgresql.user, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute("CREATE DATABASE pcs")
        environment = os.environ | {
            "PCS_DASH_DATABASE_URL": postgresql.url("pcs"),
            "PCS_DASH_DATA_DIR": str(folder / "data"),
        }
        servers = {
            name: App(free_port(), environment, folder / f"{name}.log") for name in ("one", "two")
        }
        port = free_port()
        with ThreadPoolExecutor() as pool:
            list(pool.map(App.start, servers.values()))
        proxy = _proxy(port, servers, folder)
        try:
            yield Replicas(port, servers, postgresql.url("pcs"))
        finally:
            proxy.kill()
            proxy.wait()
            for server in servers.values():
                server.stop()


def _proxy(port: int, servers: dict[str, App], folder: Path) -> subprocess.Popen[bytes]:
    places = {f"PCS_{name.upper()}": f"127.0.0.1:{app.port}" for name, app in servers.items()}
    with (folder / "proxy.log").open("wb") as log:
        proxy = subprocess.Popen(
            [str(PROXY), "-db", "-f", str(ROOT / "deploy" / "haproxy.cfg")],
            env=os.environ | places | {"PCS_BIND": f"127.0.0.1:{port}"},
            stdout=log,
            stderr=log,
        )
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return proxy
        except OSError:
            if proxy.poll() is not None or time.monotonic() > end:
                raise RuntimeError((folder / "proxy.log").read_text()) from None
            time.sleep(0.1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place, started(Path(place)) as both:
        print(f"http://localhost:{both.port}  Ctrl+C stops it", flush=True)
        with suppress(KeyboardInterrupt):
            time.sleep(10**6)
