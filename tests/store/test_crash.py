"""kill -9 in the middle of a save: neither the old version nor, once reported, the new one is lost.

Real processes save, one version after another, and report each save once it has returned. They are
killed with SIGKILL, either from outside at any moment or by themselves at a chosen step of the
transaction. What is in the database afterwards must be whole.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import text

from pcs_dash.store.database import Database, open_database
from pcs_dash.store.documents import DocumentLibrary
from pcs_dash.store.drafts import load_draft
from pcs_dash.tables.paths import ROOT

TOKEN = "a-browser-token-0001"
NEVER = 10**9

# For each line read ("url plan step") a child process is forked, which spares it the imports;
# it opens the database itself and saves until it is killed. Each version's document says its own
# number many times over, over several pages of the file: a torn one could not pass for whole.
NURSERY = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
import sqlalchemy.dialects.postgresql.psycopg, sqlalchemy.dialects.sqlite.pysqlite, psycopg
from pcs_dash.store.database import open_database
from pcs_dash.store.documents import DocumentLibrary
from pcs_dash.store.drafts import save_draft

def say(*words):
    print(*words, flush=True)

def save_for_ever(url, token, plan, die_at):
    database = open_database(url)
    library = DocumentLibrary(database)
    version = library.open(plan).latest_version
    step = 0

    def count(*_):
        nonlocal step
        step += 1
        if step == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, count)
    say("started", os.getpid())
    while True:
        following = {"numbers": [version + 1] * 3000}
        version = library.save(plan, version, following, name=f"Plan {version + 1}").version
        save_draft(database, token, following)
        say("saved", version, step)

token = sys.argv[1]
for line in sys.stdin:
    url, plan, die_at = line.split("\\t")
    child = os.fork()
    if child == 0:
        try:
            save_for_ever(url, token, int(plan), int(die_at))
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    say("killed" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else "failed")
"""


class Nursery:
    """A process that starts saving processes, one at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, url: str, plan: int, *, die_at: int = NEVER) -> int:
        """The process id of a process that saves `plan` and kills itself at step `die_at`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{url}\t{plan}\t{die_at}\n")
        self._process.stdin.flush()
        word, pid = self.line()
        assert word == "started"
        return int(pid)

    def line(self) -> list[str]:
        assert self._process.stdout is not None
        return self._process.stdout.readline().split()

    def finish(self) -> tuple[int, int]:
        """The last version that the process reported before it was killed (0: none), and the
        steps it had taken by its first report.
        """
        reported = first_steps = 0
        while (line := self.line())[0] == "saved":
            reported = int(line[1])
            first_steps = first_steps or int(line[2])
        assert line == ["killed"]
        return reported, first_steps


@pytest.fixture(scope="module")
def workers() -> Iterator[list[Nursery]]:
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", NURSERY, TOKEN],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                )
            )
            for _ in range(2)
        ]
        yield [Nursery(process) for process in processes]


def new_plan(database: Database) -> int:
    return DocumentLibrary(database).create({"numbers": [1] * 3000}, name="Plan 1").id


def check_whole(database: Database, plan: int, reported: int) -> int:
    """The latest version, once it and all before it are found whole and `reported` among them."""
    library = DocumentLibrary(database)
    entries = library.versions(plan)
    latest = entries[0].version
    assert [entry.version for entry in entries] == list(range(latest, 0, -1))
    assert {entry.latest_version for entry in entries} == {latest}
    # At most the save that was under way when the process died.
    assert reported <= latest <= reported + 1
    for number in {1, max(1, latest - 1), latest}:
        saved = library.open(plan, number)
        assert saved.document == {"numbers": [number] * 3000}
        assert saved.name == f"Plan {number}"
    return latest


def check_usable(database: Database, plan: int, latest: int) -> None:
    following = {"numbers": [latest + 1] * 3000}
    saved = DocumentLibrary(database).save(plan, latest, following, name=f"Plan {latest + 1}")
    assert saved.version == latest + 1
    if database.kind == "sqlite":
        with database.reading() as session:
            assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_killed_at_any_moment(url: str, workers: list[Nursery]) -> None:
    with open_database(url) as database:
        latest = {new_plan(database): 1 for _ in workers}
        for delay in (0.02, 0.05, 0.08, 0.13):
            # Several write at once: each dies while the others go on.
            pids = [worker.start(url, plan) for worker, plan in zip(workers, latest, strict=True)]
            for worker, plan, pid in zip(workers, list(latest), pids, strict=True):
                time.sleep(delay)
                os.kill(pid, signal.SIGKILL)
                reported, _ = worker.finish()
                latest[plan] = check_whole(database, plan, reported or latest[plan])
        assert sum(latest.values()) > 2 * len(latest), "all were killed before they saved"
        for plan, version in latest.items():
            check_usable(database, plan, version)


def test_killed_before_and_after_each_statement_of_a_save(url: str, workers: list[Nursery]) -> None:
    worker = workers[0]
    with open_database(url) as database:
        # How many steps a save and its draft take when nobody dies.
        pid = worker.start(url, new_plan(database))
        steps = int(worker.line()[2])
        os.kill(pid, signal.SIGKILL)
        worker.finish()
        assert steps >= 10

        found: list[int] = []
        unreported = 0
        for step in range(1, steps + 1):
            plan = new_plan(database)
            worker.start(url, plan, die_at=step)
            reported, _ = worker.finish()
            found.append(check_whole(database, plan, reported or 1))
            unreported += found[-1] > 1 and not reported
            check_usable(database, plan, found[-1])
        # The old version up to the commit, the new one from then on, even where nobody was told.
        assert found == sorted(found)
        assert set(found) == {1, 2}
        assert unreported


def test_a_draft_survives_the_death_of_the_process_that_saved_it(
    url: str, workers: list[Nursery]
) -> None:
    worker = workers[0]
    with open_database(url) as database:
        pid = worker.start(url, new_plan(database))
        first = int(worker.line()[1])
        os.kill(pid, signal.SIGKILL)
        reported = worker.finish()[0] or first
        draft = load_draft(database, TOKEN)
    assert draft is not None
    # The draft is saved after the version; either may be one ahead of what was reported.
    assert draft.document in ({"numbers": [reported + more] * 3000} for more in (0, 1))
