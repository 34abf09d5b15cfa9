"""What is worked out once for as long as the object lives that it was worked out from."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class _Kept(dict[Hashable, Any]):
    """Stands in its owner's own attributes: what refers back to the owner goes with it, which it
    never would from a table elsewhere. Another process gets the owner without it.
    """

    def __reduce__(self) -> tuple[type[_Kept], tuple[()]]:
        return _Kept, ()


def _kept_of(owner: object) -> _Kept:
    found: _Kept = vars(owner).setdefault("_kept", _Kept())
    return found


def is_kept(owner: object, key: Hashable) -> bool:
    """Whether `kept` has it already."""
    return key in _kept_of(owner)


def kept(owner: object, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, which depends on `owner` (compared by identity) and `key` alone.

    Shared between sessions: never change it. It goes with its owner, so no other takes its place.
    """
    own = _kept_of(owner)
    if key not in own:
        own[key] = make()
    found: T = own[key]
    return found
