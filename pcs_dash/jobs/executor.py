"""Whose turn it is: a queue that is fair to each session, before a few places where calls are made.

PCS_DASH_WORKERS     how many at once; unset, as many as the computer has cores, 3 at least
PCS_DASH_SCHEDULER   tcp://host:port of a Dask scheduler, whose workers make the calls instead
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from typing import Any, Protocol

from pcs_dash.jobs.calls import JobError, Limits, packed
from pcs_dash.jobs.process import Process
from pcs_dash.tables.environment import whole_number

WORKERS_VARIABLE = "PCS_DASH_WORKERS"
SCHEDULER_VARIABLE = "PCS_DASH_SCHEDULER"


class Place(Protocol):
    """Where a call is made, one at a time."""

    def run(
        self,
        payload: bytes,
        limits: Limits,
        progress: Callable[[Any], None],
        stopped: Callable[[], bool],
    ) -> Any:
        """What the call returns, or raises; JobError beyond its limits."""

    def close(self) -> None:
        """Let go of it."""


class Job:
    """A call that waits, is made, or is done. `progress` is what its function last told."""

    def __init__(self, payload: bytes, owner: str, limits: Limits, *, long: bool) -> None:
        self.payload, self.owner, self.limits, self.long = payload, owner, limits, long
        self.future: Future[Any] = Future()
        self.progress: Any = None
        self.stopping = threading.Event()

    def cancel(self) -> None:
        """Take it from the queue, or tell the function that it shall stop."""
        self.stopping.set()
        self.future.cancel()

    def _note(self, progress: Any) -> None:
        self.progress = progress


class Executor:
    """Makes calls in `most` places. One is always kept from long work, and from any one session
    (`owner`), so that neither makes the others wait.
    """

    def __init__(self, most: int, new_place: Callable[[], Place] = Process) -> None:
        self.most = most
        self._new_place = new_place
        self._waiting: list[Job] = []
        self._running: Counter[str] = Counter()
        self._long = 0
        self._idle = 0
        self._places: list[Place] = []
        self._turn = threading.Condition()
        self._closed = False

    def submit(
        self,
        function: Callable[..., Any],
        *args: Any,
        owner: str,
        limits: Limits,
        told: bool = False,
        long: bool = False,
        **options: Any,
    ) -> Job:
        """Queue a call of a function of a module, with arguments that can be pickled.

        `told`: it takes `progress` (called with what the job then shows) and `cancel` (returns
        True once it shall stop). `long`: it may take a minute, so it waits behind what does not.
        """
        job = Job(packed(function, args, options, told=told), owner, limits, long=long)
        with self._turn:
            if self._closed:
                raise JobError("The server is stopping. Try again once it runs.")
            self._waiting.append(job)
            if self._idle < len(self._waiting) and len(self._places) < self.most:
                place = self._new_place()
                self._places.append(place)
                threading.Thread(target=self._serve, args=(place,), daemon=True).start()
            self._turn.notify_all()
        return job

    def close(self) -> None:
        """Stop all work."""
        with self._turn:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            self._turn.notify_all()
        for job in waiting:
            job.future.cancel()
        for place in self._places:
            place.close()

    def _serve(self, place: Place) -> None:
        while (job := self._next()) is not None:
            try:
                found = place.run(job.payload, job.limits, job._note, job.stopping.is_set)
            except BaseException as fault:
                self._done(job)
                job.future.set_exception(fault)
            else:
                self._done(job)
                job.future.set_result(found)

    def _next(self) -> Job | None:
        with self._turn:
            self._idle += 1
            while not self._closed and (job := self._choose()) is None:
                self._turn.wait()
            self._idle -= 1
            if self._closed:
                return None
            assert job is not None
            self._running[job.owner] += 1
            self._long += job.long
            return job

    def _choose(self) -> Job | None:
        """Take the first job of who has least under way; None while none may begin."""
        self._waiting = [job for job in self._waiting if not job.future.cancelled()]
        kept = max(self.most - 1, 1)
        may = [
            job
            for job in self._waiting
            if self._running[job.owner] < kept and not (job.long and self._long >= kept)
        ]
        for job in sorted(may, key=lambda job: self._running[job.owner]):
            self._waiting.remove(job)
            if job.future.set_running_or_notify_cancel():
                return job
        return None

    def _done(self, job: Job) -> None:
        with self._turn:
            self._running[job.owner] -= 1
            self._long -= job.long
            self._turn.notify_all()


@cache
def executor() -> Executor:
    """The one of this process, as the environment says. UserError where that makes no sense."""
    if scheduler := os.environ.get(SCHEDULER_VARIABLE, "").strip():
        from pcs_dash.jobs.cluster import cluster_executor

        made = cluster_executor(scheduler)
    else:
        made = Executor(whole_number(WORKERS_VARIABLE, max(3, os.cpu_count() or 1)))
    atexit.register(made.close)
    return made
