"""What the tests have made elsewhere; a process imports it by name."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pcs_dash.tables.errors import InputFileError


def where(_: object = None) -> int:
    """The process it runs in."""
    print("this must not come between the answers")
    return os.getpid()


def frozen() -> MappingProxyType[str, int]:
    """What pickle alone refuses."""
    return MappingProxyType({"a": 1})


def faulty(name: str) -> None:
    """A file's fault."""
    raise InputFileError(name, ["Row 3 is wrong.", "Row 4 is."])


def greedy(megabytes: int) -> int:
    """Takes memory."""
    return len(bytearray(megabytes * 1024**2))


def endless() -> None:
    """Never ends."""
    while True:
        time.sleep(1)


def until_told(mark: Path, progress: Callable[[Any], None], cancel: Callable[[], bool]) -> str:
    """Begins (writes `mark`), tells, and ends when it shall."""
    mark.touch()
    while not cancel():
        progress({"at": 7})
        time.sleep(0.01)
    return "as far as it got"


def until_there(mark: Path, told: Path) -> str:
    """Begins (writes `mark`), and ends once `told` is there."""
    mark.touch()
    while not told.exists():
        time.sleep(0.01)
    return mark.name


def dies() -> None:
    """As a library does that runs out of memory."""
    os._exit(9)


def dies_once(mark: Path) -> str:
    """Kills its process the first time."""
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return "the second time"
