"""Time limit, Cancel and progress: one object that every step of a suggestion asks.

HiGHS lets go of Python's global lock while it works and asks back through its callbacks, so a
suggestion can run in a thread beside the page.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy

from pcs_dash.errors import UserError

# Seconds between two reports of progress.
_REPORT_EVERY = 0.1
# Kept back from the time limit to check the answer and write it out, in seconds.
_RESERVE = 0.15
_THREADS = 1
_SEED = 20


@dataclass(frozen=True)
class Progress:
    """Where a suggestion stands.

    `stage` is a few words for the screen; `best` and `bound` are in the unit of the objective, None
    while there is none; `gap` is (best - bound) / best.
    """

    stage: str
    seconds: float
    time_limit: float
    best: float | None = None
    bound: float | None = None

    @property
    def gap(self) -> float | None:
        """How far the best plan may be from the best possible, as a share; None if unknown."""
        return relative_gap(self.best, self.bound)


class Stopped(Exception):  # noqa: N818 - not a fault: a way out of the search
    """The time is up, or the user cancelled; `cancelled` says which."""

    def __init__(self, *, cancelled: bool) -> None:
        self.cancelled = cancelled
        super().__init__("cancelled" if cancelled else "time limit")


class Clock:
    """Counts the seconds of one suggestion and passes on progress.

    `time_limit` in seconds; `cancel` returns True once the user wants out; `progress` is called
    from the thread that runs the suggestion, at most ten times a second.
    """

    def __init__(
        self,
        time_limit: float,
        *,
        progress: Callable[[Progress], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> None:
        if not time_limit > 0:
            raise UserError(f"The time limit is {time_limit:g} s; give more than 0 seconds.")
        self.time_limit = float(time_limit)
        self._progress = progress
        self._cancel = cancel
        self._start = time.monotonic()
        self._end = self._start + max(time_limit - _RESERVE, time_limit / 2)
        self._last_report = -_REPORT_EVERY
        self.best: float | None = None
        self.bound: float | None = None
        self.scale = 1.0
        self.offset = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    @property
    def remaining(self) -> float:
        """Seconds left for searching, never below 0."""
        return max(0.0, self._end - time.monotonic())

    @property
    def cancelled(self) -> bool:
        """Whether the user has asked to stop."""
        return self._cancel is not None and bool(self._cancel())

    @property
    def stopped(self) -> bool:
        """Whether the search must end now."""
        return self.remaining <= 0 or self.cancelled

    def check(self) -> None:
        """Raise Stopped if the search must end now."""
        if self.cancelled:
            raise Stopped(cancelled=True)
        if self.remaining <= 0:
            raise Stopped(cancelled=False)

    def sooner(self, seconds: float) -> Clock:
        """A clock for a part of the work: at most `seconds` more, same Cancel, no progress."""
        part = Clock(max(seconds, 1e-3), cancel=self._cancel)
        part._end = min(self._end, time.monotonic() + seconds)
        return part

    def report(
        self,
        stage: str,
        best: float | None = None,
        bound: float | None = None,
        *,
        now: bool = False,
    ) -> None:
        """Pass on how far the search is; `best` and `bound` in the search's own unit."""
        if best is not None:
            self.best = best * self.scale + self.offset
        if bound is not None:
            self.bound = bound * self.scale + self.offset
        if self._progress is None or (self.seconds - self._last_report < _REPORT_EVERY and not now):
            return
        self._last_report = self.seconds
        self._progress(Progress(stage, self.seconds, self.time_limit, self.best, self.bound))


def relative_gap(best: float | None, bound: float | None) -> float | None:
    """(best - bound) / best, 0 when both are 0; None when either is missing."""
    if best is None or bound is None:
        return None
    distance = max(0.0, best - bound)
    return distance / abs(best) if distance else 0.0


def new_solver(clock: Clock, stage: str = "") -> Any:
    """A silent HiGHS object that obeys the clock: one thread and a fixed seed, so that the same
    input takes the same path."""
    highs = highspy.Highs()
    highs.silent()
    highs.setOptionValue("threads", _THREADS)
    highs.setOptionValue("random_seed", _SEED)

    def stop(event: Any) -> None:
        if clock.stopped:
            event.interrupt()

    def watch(event: Any) -> None:
        if clock.stopped:
            event.interrupt()
        elif stage:
            clock.report(stage)

    highs.cbSimplexInterrupt += stop
    highs.cbIpmInterrupt += stop
    highs.cbMipInterrupt += watch
    return highs


def run_solver(highs: Any, clock: Clock) -> str:
    """Solve; the model status in words ("Optimal", "Infeasible", ...).

    Raises Stopped when the user cancelled. When the time is up the status says so, and what HiGHS
    has found by then stays readable.
    """
    clock.check()
    highs.setOptionValue("time_limit", highs.getRunTime() + clock.remaining)
    highs.run()
    if clock.cancelled:
        raise Stopped(cancelled=True)
    return str(highs.modelStatusToString(highs.getModelStatus()))
