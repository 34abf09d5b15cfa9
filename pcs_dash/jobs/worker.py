"""`python -m pcs_dash.jobs.worker`: makes one call after another for the process that started it.

Calls come in by its standard input, answers go out by its standard output; it ends with either.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from pcs_dash.jobs.calls import receive, send
from pcs_dash.jobs.memory import limit_memory

Tell = Callable[[str, Any], None]


def ready(*names: str) -> None:
    """Import modules, so that a call of what is in them begins at once."""
    for name in names:
        import_module(name)


def main() -> int:
    """Serve until the other end closes."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not come between the answers.
    os.dup2(2, 1)
    calls: queue.Queue[tuple[Any, ...]] = queue.Queue()
    stopped: set[int] = set()
    threading.Thread(target=_listen, args=(calls, stopped), daemon=True).start()
    speaking = threading.Lock()
    while True:
        _, number, memory_mb, payload = calls.get()

        def tell(kind: str, value: Any, number: int = number) -> None:
            with speaking:
                send(answers, (kind, number, value))

        def told(number: int = number) -> bool:
            return number in stopped

        with contextlib.ExitStack() as meanwhile:
            meanwhile.callback(limit_memory(memory_mb))
            kind, value = _made(payload, tell, told)
        try:
            tell(kind, value)
        except Exception as fault:  # what can't be pickled says so in many ways
            tell("failed", RuntimeError(f"the answer can't be handed over: {fault}"))
        if kind == "memory":
            return 0


def _made(payload: bytes, tell: Tell, stopped: Callable[[], bool]) -> tuple[str, Any]:
    """How a call ended, and what it gave or raised."""
    try:
        function, args, options, told = pickle.loads(payload)
        tell("begun", None)
        if told:
            options = {**options, "progress": lambda now: tell("progress", now), "cancel": stopped}
        return "done", function(*args, **options)
    except MemoryError:
        return "memory", None
    except Exception as fault:
        return "failed", fault


def _listen(calls: queue.Queue[tuple[Any, ...]], stopped: set[int]) -> None:
    while (message := receive(sys.stdin.buffer)) is not None:
        if message[0] == "stop":
            stopped.add(message[1])
        else:
            calls.put(message)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
