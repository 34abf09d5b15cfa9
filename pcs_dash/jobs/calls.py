"""A call as bytes: what goes to the process that makes it, and what comes back.

Both ends are this program; what files hold never comes as a pickle.
"""

from __future__ import annotations

import copyreg
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, Any

from pcs_dash.tables.errors import UserError

_LENGTH = struct.Struct(">Q")


def _frozen(items: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(items)


def _thawed(proxy: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _frozen, (dict(proxy),)


# Frozen dataclasses hold read-only mappings, which pickle refuses.
copyreg.pickle(MappingProxyType, _thawed)


class JobError(UserError):
    """Work that did not come to its end: too long, too large, stopped, or its computer is gone."""


@dataclass(frozen=True)
class Limits:
    """What one call may take: seconds from when it begins, and megabytes of addresses (libraries
    reserve more than they use; not held on Windows, which has no such limit).
    """

    seconds: float = 60.0
    memory_mb: int = 4_096


def packed(function: Callable[..., Any], args: Any, options: Any, *, told: bool) -> bytes:
    """A call as bytes; `told`: the function takes `progress` and `cancel`."""
    return pickle.dumps((function, args, options, told), protocol=pickle.HIGHEST_PROTOCOL)


def send(pipe: IO[bytes], message: tuple[Any, ...]) -> None:
    """Write one message into a pipe."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[Any, ...] | None:
    """The next message of a pipe; None where its other end is closed."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        return None
    message: tuple[Any, ...] = pickle.loads(data)
    return message
