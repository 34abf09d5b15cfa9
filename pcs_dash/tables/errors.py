"""Faults that the user can mend, kept apart from faults of our own.

A `UserError` is shown as it stands, on the page or on stderr, so its text says what is wrong,
where, and what to do. Any other exception is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class UserError(ValueError):
    """Something the user gave, or asked for, can't be used; the message says what to do.

    `aside` says where on the server, for who runs it: on stderr and in the log, never on a page.
    """

    def __init__(self, *args: object, aside: str = "") -> None:
        super().__init__(*args)
        self.aside = aside

    def __reduce__(self) -> tuple[Any, ...]:
        """Whole from one process to another, whatever its own `__init__` asks for."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[UserError], args: tuple[Any, ...], state: dict[str, Any]) -> UserError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class InputFileError(UserError):
    """A file can't be used. Carries every fault found, so that one look mends them all.

    `problems` are complete sentences that name row and column; `file_name` leads the message.
    """

    def __init__(self, file_name: str, problems: Sequence[str]) -> None:
        self.file_name = file_name
        self.problems = tuple(problems)
        super().__init__(f"{file_name}: " + " ".join(self.problems))
