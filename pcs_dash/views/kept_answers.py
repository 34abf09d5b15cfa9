"""What is worked out once for as long as the object lives that it was worked out from."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")
_KEPT: WeakKeyDictionary[object, dict[Hashable, Any]] = WeakKeyDictionary()


def is_kept(owner: object, key: Hashable) -> bool:
    """Whether `kept` has it already."""
    return key in _KEPT.get(owner, {})


def kept(owner: object, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, which depends on `owner` (compared by identity) and `key` alone.

    Shared between sessions: never change it. It goes with its owner, so no other takes its place.
    """
    own = _KEPT.setdefault(owner, {})
    if key not in own:
        own[key] = make()
    found: T = own[key]
    return found
