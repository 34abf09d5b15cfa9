"""Time limit, Cancel and progress: one object that every step of a suggestion asks.

HiGHS lets go of Python's global lock while it works, so a suggestion can run in a thread beside the
page.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from pcs_dash.tables.errors import UserError

# Seconds that a search may take, if nothing else is said.
TIME_LIMIT = 20.0
# Seconds between two reports of progress.
_REPORT_EVERY = 0.1
# Kept back from the time limit to end the search and check the answer: seconds, and a share.
_RESERVE = 0.15
_RESERVED_SHARE = 0.02
# Share of that which a solver gets to stop in, and seconds between two looks at the clock.
_PATIENCE_SHARE = 0.6
_LOOK_EVERY = 0.05
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
        self.reserve = min(_RESERVE + _RESERVED_SHARE * time_limit, time_limit / 2)
        self._end = self._start + time_limit - self.reserve
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
        part.reserve = self.reserve
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


def new_solver() -> Any:
    """A silent HiGHS object, with one thread and a fixed seed: the same input, the same path."""
    highs = highspy.Highs()
    highs.silent()
    highs.setOptionValue("threads", _THREADS)
    highs.setOptionValue("random_seed", _SEED)
    return highs


def add_empty_rows(highs: Any, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Rows with these bounds, without an entry yet."""
    none = np.zeros(len(low), dtype=np.int32)
    highs.addRows(len(low), low, high, 0, none, none[:0], none[:0].astype(float))


def make_whole(highs: Any, columns: NDArray[np.intp]) -> None:
    """Let columns be whole numbers only."""
    kind = np.full(len(columns), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
    highs.changeColsIntegrality(len(columns), columns.astype(np.int32), kind)


def offer(highs: Any, level: NDArray[np.float64]) -> None:
    """Start from a solution that is known."""
    solution = highspy.HighsSolution()
    solution.col_value = level.tolist()
    highs.setSolution(solution)


def run_solver(highs: Any, clock: Clock, stage: str = "") -> str:
    """Solve; the model status in words ("Optimal", "Infeasible", "Time limit reached", ...).

    HiGHS works in a thread of its own, while this one looks at the clock and reports progress.
    When the time is up HiGHS is asked to stop, and what it has found by then stays readable. If it
    does not listen soon (some of its steps ask nobody), it is left behind to stop by itself, and
    `highs` must not be touched again: that, and Cancel, raise Stopped.
    """
    clock.check()
    halt = threading.Event()

    def obey(event: Any) -> None:
        if halt.is_set():
            event.interrupt()

    highs.clearCallbacks()
    for callback in (highs.cbSimplexInterrupt, highs.cbIpmInterrupt, highs.cbMipInterrupt):
        callback.subscribe(obey)
    highs.setOptionValue("time_limit", highs.getRunTime() + clock.remaining)
    worker = threading.Thread(target=highs.run, name="HiGHS")
    worker.start()
    patience = clock.reserve * _PATIENCE_SHARE
    while worker.is_alive():
        worker.join(min(_LOOK_EVERY, clock.remaining + 1e-3))
        if halt.is_set():
            worker.join(patience)
            break
        if clock.stopped:
            halt.set()
        elif stage:
            clock.report(stage)
    if worker.is_alive() or clock.cancelled:
        raise Stopped(cancelled=clock.cancelled)
    return str(highs.modelStatusToString(highs.getModelStatus()))
