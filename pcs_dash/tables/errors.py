"""Faults that the user can mend, kept apart from faults of our own.

A `UserError` is shown as it stands, on the page or on stderr, so its text says what is wrong,
where, and what to do. Any other exception is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence


class UserError(ValueError):
    """Something the user gave, or asked for, can't be used; the message says what to do.

    `aside` says where on the server, for who runs it: on stderr and in the log, never on a page.
    """

    aside = ""


class InputFileError(UserError):
    """A file can't be used. Carries every fault found, so that one look mends them all.

    `problems` are complete sentences that name row and column; `file_name` leads the message.
    """

    def __init__(self, file_name: str, problems: Sequence[str]) -> None:
        self.file_name = file_name
        self.problems = tuple(problems)
        super().__init__(f"{file_name}: " + " ".join(self.problems))
