"""A real Dask scheduler and two workers on this computer, of which one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pcs_dash.jobs import JobError, Limits
from pcs_dash.jobs.cluster import cluster_executor
from pcs_dash.jobs.executor import Executor
from pcs_dash.tables.errors import InputFileError
from pcs_dash.tables.paths import ROOT
from tests.jobs import work

distributed = pytest.importorskip("distributed")
pytestmark = [
    # Dask's threads leave sockets to the collector when they are ended.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LIMITS = Limits(60)
PATIENCE = 180


class Cluster:
    """Processes of a scheduler and two workers, and the executor before them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        file = ("--scheduler-file", str(folder / "scheduler"), "--no-dashboard")
        self.start("distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1", *file)
        self.wait_for(folder / "scheduler")
        for number in range(2):
            own = ("--nthreads", "1", "--no-nanny", "--name", f"w{number}")
            place = ("--local-directory", str(folder / f"w{number}"))
            self.start("distributed.cli.dask_worker", *file, *own, *place)

    def start(self, module: str, *options: str) -> None:
        log = (self.folder / f"log{len(self.started)}").open("wb")
        command = [sys.executable, "-m", module, *options]
        self.started.append(
            subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        )
        log.close()

    def wait_for(self, file: Path) -> None:
        end = time.monotonic() + PATIENCE
        while not file.exists():
            if time.monotonic() > end:
                logs = [path.read_text() for path in sorted(self.folder.glob("log*"))]
                pytest.fail(f"{file.name} never came: {logs}")
            time.sleep(0.05)

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("dask"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def executor(cluster: Cluster) -> Iterator[Executor]:
    from distributed import Client

    with Client(scheduler_file=str(cluster.folder / "scheduler")) as client:
        client.wait_for_workers(2, timeout=PATIENCE)
        address = client.scheduler.address
    made = cluster_executor(address)
    yield made
    made.close()


def test_the_workers_make_it_within_limits_tell_and_stop(
    executor: Executor, tmp_path: Path
) -> None:
    job = executor.submit(work.until_told, tmp_path / "b", owner="a", limits=LIMITS, told=True)
    end = time.monotonic() + PATIENCE
    while job.progress is None and time.monotonic() < end:
        time.sleep(0.01)
    assert job.progress == {"at": 7}
    job.cancel()
    assert job.future.result(PATIENCE) == "as far as it got"
    faulty = executor.submit(work.faulty, "plan.csv", owner="a", limits=LIMITS)
    with pytest.raises(InputFileError, match="Row 3"):
        faulty.future.result(PATIENCE)
    with pytest.raises(JobError, match="more memory"):
        executor.submit(
            work.greedy, 400, owner="a", limits=Limits(60, memory_mb=300)
        ).future.result(PATIENCE)


def test_a_worker_killed_in_the_middle_is_replaced(
    executor: Executor, cluster: Cluster, tmp_path: Path
) -> None:
    go, marks = tmp_path / "go", [tmp_path / "one", tmp_path / "two"]
    jobs = [
        executor.submit(work.until_there, mark, go, owner=mark.name, limits=LIMITS)
        for mark in marks
    ]
    for mark in marks:
        cluster.wait_for(mark)
    # Each worker is in the middle of one.
    for mark in marks:
        mark.unlink()
    cluster.started[-1].kill()
    go.touch()
    assert [job.future.result(PATIENCE) for job in jobs] == ["one", "two"]
    # The one that was lost was begun again.
    assert len([mark for mark in marks if mark.exists()]) == 1


def test_no_scheduler_is_told() -> None:
    with pytest.raises(JobError, match="can't be reached"):
        cluster_executor("tcp://127.0.0.1:1")


def test_the_test_s_own_process_made_none_of_it(executor: Executor) -> None:
    assert (
        executor.submit(work.where, owner="a", limits=LIMITS).future.result(PATIENCE) != os.getpid()
    )
