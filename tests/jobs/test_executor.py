"""Work in processes of its own: limits, cancel, and a queue that is fair."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pcs_dash.jobs import Executor, Job, JobError, Limits, beside, for_page
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import InputFileError
from pcs_dash.views import patterns, verdict
from pcs_dash.views.question import ask
from tests.jobs import work

LIMITS = Limits(60)
PATIENCE = 120


@pytest.fixture(scope="module")
def one() -> Iterator[Executor]:
    made = Executor(1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def two() -> Iterator[Executor]:
    made = Executor(2)
    yield made
    made.close()


def result(job: Job) -> Any:
    return job.future.result(PATIENCE)


def wait(there: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < end, "never came"
        time.sleep(0.01)


def test_it_runs_elsewhere_and_the_process_stays(one: Executor) -> None:
    first, second = (result(one.submit(work.where, owner="a", limits=LIMITS)) for _ in range(2))
    assert first == second != os.getpid()
    assert result(one.submit(work.frozen, owner="a", limits=LIMITS)) == {"a": 1}


def test_statistics_of_a_page_are_made_elsewhere_to_the_last_digit(
    one: Executor, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pcs_dash.jobs.for_pages.executor", lambda: one)
    asked: list[str] = []
    submit = one.submit
    monkeypatch.setattr(
        one, "submit", lambda f, *a, **k: asked.append(f.__name__) or submit(f, *a, **k)
    )
    question = ask(dataset, find_area("Thurrock"))

    def found() -> tuple[Any, ...]:
        pattern = patterns.ask(question)
        curve = verdict.every_way(question)
        judged, _ = verdict._together(question)
        table = pattern.clusters().table
        return repr(pattern.whole()), table.to_csv(), curve.to_csv(), repr(judged)

    here = found()
    assert not asked
    # The curve is kept from there on, here for itself and for the verdict on it: only what is not
    # kept is made elsewhere.
    monkeypatch.setattr("pcs_dash.views.robustness.kept", lambda _owner, _key, make: make())
    with for_page("a"):
        assert beside(work.where) != os.getpid()
        assert found() == here
    curves = ["specification_curve"] * 2
    assert asked == ["where", *curves, "verdict", "local_moran", "global_moran"]


def test_a_fault_comes_back_whole(one: Executor) -> None:
    with pytest.raises(InputFileError, match=r"Row 3 is wrong. Row 4") as caught:
        result(one.submit(work.faulty, "plan.csv", owner="a", limits=LIMITS))
    assert caught.value.file_name == "plan.csv"
    assert caught.value.problems == ("Row 3 is wrong.", "Row 4 is.")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_memory_time_and_a_sudden_end_are_told_and_the_next_call_is_made(one: Executor) -> None:
    little = Limits(60, memory_mb=300)
    for job, says in (
        (one.submit(work.greedy, 400, owner="a", limits=little), "more memory than 300 MB"),
        (one.submit(work.endless, owner="a", limits=Limits(0.2)), "longer than 0 seconds"),
        (one.submit(work.dies, owner="a", limits=LIMITS), "ended"),
    ):
        with pytest.raises(JobError, match=says):
            result(job)
    assert result(one.submit(work.greedy, 400, owner="a", limits=LIMITS)) == 400 * 1024**2


def test_progress_is_seen_and_a_cancelled_one_gives_what_it_has(
    one: Executor, tmp_path: Path
) -> None:
    job = one.submit(work.until_told, tmp_path / "begun", owner="a", limits=LIMITS, told=True)
    waiting = one.submit(work.where, owner="a", limits=LIMITS)
    wait(lambda: job.progress)
    assert job.progress == {"at": 7}
    waiting.cancel()
    job.cancel()
    assert result(job) == "as far as it got"
    assert waiting.future.cancelled()


def test_one_session_never_takes_the_last_place_and_others_come_before_its_next(
    two: Executor, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    greedy = [
        two.submit(work.until_there, tmp_path / f"greedy {n}", go, owner="greedy", limits=LIMITS)
        for n in range(3)
    ]
    wait((tmp_path / "greedy 0").exists)
    # The other's is made at once, though two of the first one's were asked for before.
    other = two.submit(work.until_there, tmp_path / "other", tmp_path, owner="b", limits=LIMITS)
    assert result(other) == "other"
    assert not (tmp_path / "greedy 1").exists()
    go.touch()
    assert [result(job) for job in greedy] == ["greedy 0", "greedy 1", "greedy 2"]


def test_long_work_leaves_a_place_for_short(two: Executor, tmp_path: Path) -> None:
    go = tmp_path / "go"
    long = [
        two.submit(work.until_there, tmp_path / n, go, owner=n, limits=LIMITS, long=True)
        for n in ("a", "b")
    ]
    wait((tmp_path / "a").exists)
    short = two.submit(work.where, owner="c", limits=LIMITS)
    assert isinstance(result(short), int)
    assert not (tmp_path / "b").exists()
    go.touch()
    assert [result(job) for job in long] == ["a", "b"]
