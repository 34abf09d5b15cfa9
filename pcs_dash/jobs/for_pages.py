"""Statistics that take a core for a second: made in a process of their own where a page asks for
them, and in place for everyone else (a command, a worker, a program at the API).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from pcs_dash.jobs.calls import Limits
from pcs_dash.jobs.executor import executor

T = TypeVar("T")
# Whose page this thread works for; None where there is none.
_owner: ContextVar[str | None] = ContextVar("owner", default=None)


@contextmanager
def for_page(owner: str) -> Iterator[None]:
    """Meanwhile this thread works for a page, and what calls `beside` is made elsewhere."""
    before = _owner.set(owner)
    try:
        yield
    finally:
        _owner.reset(before)


def beside(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """What a function of a module returns or raises, to the last digit as if called here; JobError
    where it takes longer, or more memory, than `Limits` allow.
    """
    owner = _owner.get()
    if owner is None:
        return function(*args, **options)
    job = executor().submit(function, *args, owner=owner, limits=Limits(), **options)
    found: T = job.future.result()
    return found
