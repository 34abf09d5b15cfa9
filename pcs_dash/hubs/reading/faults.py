"""What is wrong with a file, collected so that one look mends all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from pcs_dash.hubs.reading.sheet import short
from pcs_dash.tables.errors import InputFileError

MAX_FAULTS = 20
_ROW = re.compile(r"(?:[Rr]ow|[Ff]eature|Placemark) (\d{1,9})")
NEEDS = "It needs a column with practice codes (practice_code) and one with hubs (hub)."


class CrossingShapeError(InputFileError):
    """The only faults are polygons that cross themselves: `read_plan(..., repair=True)` takes all
    that their lines enclose.
    """


class UnknownPracticeError(InputFileError):
    """The only faults are practices that the data don't have, in `codes` (or names):
    `read_plan(..., unknown="leave out")` reads the rest.
    """

    def __init__(self, file_name: str, problems: Sequence[str], codes: tuple[str, ...]) -> None:
        super().__init__(file_name, problems)
        self.codes = codes


class ColumnChoiceError(InputFileError):
    """Several columns could hold the hubs and none is more likely: `read_plan(..., column=...)`
    with one of `columns`.
    """

    def __init__(self, file_name: str, problem: str, columns: tuple[str, ...]) -> None:
        super().__init__(file_name, [problem])
        self.columns = columns


@dataclass
class Faults:
    """What is wrong with a file called `name`, and what its reader should know of it."""

    name: str
    faults: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    crossings: int = 0
    notes: list[str] = field(default_factory=list)

    def refuse(self, problem: str) -> NoReturn:
        """Stop at a fault that leaves nothing more to look at."""
        raise InputFileError(self.name, [problem])

    @contextmanager
    def damaged(self, problem: str) -> Iterator[None]:
        """What any library raises over a damaged file, from KeyError to struct.error, refused."""
        try:
            yield
        except InputFileError:
            raise
        except Exception as error:
            raise InputFileError(self.name, [problem]) from error

    def check(self) -> None:
        """Raise what was found, all of it."""
        if not self.faults:
            return
        shown = sorted(self.faults, key=_row_of)[:MAX_FAULTS]
        if len(self.faults) > MAX_FAULTS:
            shown.append(f"And {len(self.faults) - MAX_FAULTS:,} more faults of this kind.")
        if len(self.unknown) == len(self.faults):
            raise UnknownPracticeError(self.name, shown, tuple(dict.fromkeys(self.unknown)))
        if self.crossings == len(self.faults):
            raise CrossingShapeError(self.name, shown)
        raise InputFileError(self.name, shown)


def _row_of(fault: str) -> int:
    found = _ROW.search(fault)
    return int(found.group(1)) if found else 0


def shown_name(name: str) -> str:
    """A file's name as it may be printed."""
    text = "".join(character if character.isprintable() else "?" for character in name)
    return short(text, 80) or "The file"


def listed(items: Sequence[str], most: int = 5, *, between: str = ", ") -> str:
    """As "A, B, C and 4 more"; `between` where the items have commas of their own."""
    shown = between.join(short(item, 160 if between != ", " else 40) for item in items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most:,} more"
