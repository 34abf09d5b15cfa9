"""Calls made by the workers of a Dask cluster: another office's machines instead of this one's.

    dask scheduler                             on one machine (the package distributed)
    dask worker tcp://scheduler:8786           on each of the others, with the same pcs_dash
    PCS_DASH_SCHEDULER=tcp://scheduler:8786    for the app

A worker makes a call in a process of its own as this computer would (`process`), so the limits of
time and memory hold there. One that is lost is replaced: its call is made again by another.
Dask asks nobody who they are: keep the scheduler's port to the machines that belong to it.
"""

from __future__ import annotations

import pickle
import time
import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError
from threading import Lock
from typing import Any

from pcs_dash.jobs.calls import JobError, Limits
from pcs_dash.jobs.executor import Executor
from pcs_dash.jobs.process import Process

# Seconds: to find the scheduler; between two looks at a call; beyond its own limit, for one that
# waits for a worker or is made again.
_CONNECT, _LOOK, _WAIT = 10, 0.1, 600.0
# Workers that may be lost under one call.
_RETRIES = 3
# How many calls one web process has with the cluster at a time, for each of its threads.
_LEAST = 3
_idle: list[Process] = []
_lock = Lock()


def cluster_executor(address: str) -> Executor:
    """An executor before a scheduler's workers. JobError where it can't be reached, or the package
    is missing.
    """
    try:
        from distributed import Client
    except ImportError:
        raise JobError(
            "PCS_DASH_SCHEDULER is set, but the package distributed is not installed: "
            "pip install distributed"
        ) from None
    try:
        client = Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise JobError(
            "The scheduler of PCS_DASH_SCHEDULER can't be reached. Start it (dask scheduler), or "
            "unset the variable to work on this computer."
        ) from error
    most = max(_LEAST, sum(client.nthreads().values()) + 1)
    return Executor(most, lambda: Cluster(client))


class Cluster:
    """One call at a time, made by whichever worker is free."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(
        self,
        payload: bytes,
        limits: Limits,
        progress: Callable[[Any], None],
        stopped: Callable[[], bool],
    ) -> Any:
        """As `Process.run`."""
        from distributed import Event

        name = f"pcs_dash-{uuid.uuid4().hex}"
        stop = Event(name, client=self._client)
        self._client.subscribe_topic(name, lambda event: progress(pickle.loads(event[1])))
        future = self._client.submit(
            made_here, payload, limits, name, key=name, pure=False, retries=_RETRIES
        )
        end, told = time.monotonic() + limits.seconds + _WAIT, False
        try:
            while not future.done():
                if stopped() and not told:
                    told = True
                    stop.set()
                if time.monotonic() > end:
                    raise JobError("No worker of the cluster was free. Nothing was changed.")
                time.sleep(_LOOK)
            return self._found(future)
        finally:
            self._client.unsubscribe_topic(name)
            future.release()

    def _found(self, future: Any) -> Any:
        if future.status == "finished":
            kind, value = future.result()
            if kind == "failed":
                raise value
            return value
        if future.status == "error":
            raise JobError(
                "The workers that did it were lost one after another; most likely it needs more "
                "memory than they have. Nothing was changed."
            ) from future.exception()
        raise JobError("The cluster's scheduler was lost. Nothing was changed; try again.")

    def close(self) -> None:
        """Let go of the cluster, for all that share the client."""
        self._client.close(timeout=_CONNECT)


def made_here(payload: bytes, limits: Limits, name: str) -> tuple[str, Any]:
    """What a worker of the cluster does: make the call in a process beside it. A fault of the
    call's own is an answer too: only a lost worker is worth another try.
    """
    from distributed import Event, get_client, get_worker

    worker, stop = get_worker(), Event(name, client=get_client())
    looked = [0.0, False]

    def stopped() -> bool:
        # Asking is a question to the scheduler: not twenty times a second.
        if not looked[1] and time.monotonic() > looked[0] + 0.5:
            looked[:] = [time.monotonic(), stop.is_set()]
        return bool(looked[1])

    with _lock:
        process = _idle.pop() if _idle else Process()
    try:
        return "done", process.run(
            payload, limits, lambda now: worker.log_event(name, pickle.dumps(now)), stopped
        )
    except (Exception, CancelledError) as fault:
        return "failed", fault
    finally:
        with _lock:
            _idle.append(process)
