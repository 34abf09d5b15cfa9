"""Bounds for the memory of a process that reads what others give."""

from __future__ import annotations

import sys
from collections.abc import Callable


def limit_memory(megabytes: int, *, for_good: bool = False) -> Callable[[], None]:
    """Allow this process no more addresses than so many megabytes, nor more than it may have.

    Returns what takes that back; `for_good`: nothing can. Windows has no such limit.
    """
    if sys.platform == "win32":
        return lambda: None
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    most = megabytes * 1024**2
    if before[1] != resource.RLIM_INFINITY:
        most = min(most, before[1])
    resource.setrlimit(resource.RLIMIT_AS, (most, most if for_good else before[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_AS, before)
