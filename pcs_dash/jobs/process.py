"""A process beside this one that makes calls, and is ended where one goes beyond its limits."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from pcs_dash.jobs.calls import JobError, Limits, receive, send
from pcs_dash.tables.paths import ROOT

# Every thread reserves memory, and a server has many cores: few threads, so that a limit of memory
# means the same everywhere.
ENVIRONMENT = {
    "PYTHONUTF8": "1", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2",
}  # fmt: skip
# Seconds: to start and import; to stop when asked; between two looks.
_START, _PATIENCE, _LOOK = 120.0, 20.0, 0.05


class Process:
    """Makes one call at a time. Started when first needed, and afresh after it was ended."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._messages: queue.Queue[tuple[Any, ...] | None] = queue.Queue()
        self._number = 0

    def run(
        self,
        payload: bytes,
        limits: Limits,
        progress: Callable[[Any], None],
        stopped: Callable[[], bool],
    ) -> Any:
        """What the call of `calls.packed` returns. Raises what it raises, and JobError where it
        went beyond its limits; CancelledError where it was ended since it did not stop when asked.
        """
        self._number += 1
        self._send(("call", self._number, limits.memory_mb, payload), again=True)
        end, asked = time.monotonic() + _START + limits.seconds, 0.0
        while True:
            kind, value = self._next()
            if kind == "begun":
                end = time.monotonic() + limits.seconds
            elif kind == "progress":
                progress(value)
            elif kind == "done":
                return value
            elif kind == "failed":
                raise value
            elif kind in ("memory", "gone"):
                self.close()
                raise _ended(kind, limits)
            now = time.monotonic()
            if stopped() and not asked:
                asked = now
                self._send(("stop", self._number))
            if now > end or (asked and now > asked + _PATIENCE):
                self.close()
                raise CancelledError() if asked else _ended("time", limits)

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    pipe.close()
            self._child = None

    def _next(self) -> tuple[str, Any]:
        """The next message of this call; ("", None) where there is none yet."""
        try:
            message = self._messages.get(timeout=_LOOK)
        except queue.Empty:
            return "", None
        if message is None:
            return "gone", None
        kind, number, value = message
        return (kind, value) if number == self._number else ("", None)

    def _send(self, message: tuple[Any, ...], *, again: bool = False) -> None:
        child = self._child
        if child is None or child.poll() is not None:
            self.close()
            child = self._start()
        assert child.stdin is not None
        try:
            send(child.stdin, message)
        except OSError:
            # It ended between the look and the word.
            if again:
                self.close()
                self._send(message)

    def _start(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "pcs_dash.jobs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | ENVIRONMENT,
        )
        self._messages = queue.Queue()
        arguments = (self._child, self._messages)
        threading.Thread(target=_listen, args=arguments, daemon=True, name="job-answers").start()
        return self._child


def _listen(child: subprocess.Popen[bytes], messages: queue.Queue[tuple[Any, ...] | None]) -> None:
    assert child.stdout is not None
    try:
        while (message := receive(child.stdout)) is not None:
            messages.put(message)
    except (OSError, ValueError):
        pass  # closed under our hands
    messages.put(None)


def _ended(how: str, limits: Limits) -> JobError:
    told = {
        "memory": f"It needs more memory than {limits.memory_mb:,} MB, so it was stopped.",
        "time": f"It took longer than {limits.seconds:,.0f} seconds, so it was stopped.",
        "gone": "The process that did it ended; most likely it needed too much memory.",
    }
    return JobError(f"{told[how]} Nothing was changed.")
