"""What was read of a file: the plan, how it was understood, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.reading.faults import listed
from pcs_dash.measures.numbers import count


@dataclass(frozen=True)
class Unknown:
    """A row whose practice the data don't have. `given`: its code or name; `why`: what the loaded
    lists know of it, or what it may be, "" for nothing; `status`: "closed", "elsewhere" or "".
    """

    at: str
    given: str
    hub: str | None = None
    why: str = ""
    status: str = ""

    @property
    def words(self) -> str:
        """As "F81084: closed on 30 November 2019"."""
        return f"{self.given}: {self.why}" if self.why else self.given


@dataclass(frozen=True)
class PlanReading:
    """A plan that was read, and what its reader should know.

    kind            what the file is: "CSV", "Excel workbook"
    sheet, sheets   the sheet or layer read ("" where there is one only), and all that could be
    column, columns the column of the hubs ("" for shapes without a name), and all that could be
    sure            no other column is as likely as `column`
    practices       practices in a hub; in_area: those of the area; of_area: practices there are
    without_hub     practices that the file has in no hub
    unknown         rows whose practice the data don't have; kept: their codes stay in the plan
    elsewhere       practices (code) of the data outside the area, with their place
    repeated        rows that said what another had said
    twice_claimed   practices that shapes of several hubs cover, which stay unassigned
    nobody          why the plan puts no practice of the area in a hub, "" where it does
    plan_name       what an exported plan calls itself, "" for other files
    notes           all but `unknown` in sentences, and more
    """

    plan: Plan
    file: str
    kind: str
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    practice_column: str = ""
    column: str = ""
    columns: tuple[str, ...] = ()
    sure: bool = True
    practices: int = 0
    in_area: int = 0
    of_area: int = 0
    without_hub: int = 0
    unknown: tuple[Unknown, ...] = ()
    kept: bool = False
    elsewhere: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    repeated: int = 0
    twice_claimed: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    nobody: str = ""
    plan_name: str = ""
    notes: tuple[str, ...] = ()

    @property
    def hubs(self) -> int:
        """Hubs with a practice."""
        return len(set(self.plan.assignment.values()))

    @property
    def closed(self) -> int:
        """Rows whose practice has closed, as far as the loaded lists know."""
        return sum(row.status == "closed" for row in self.unknown)

    @property
    def not_in_data(self) -> str:
        """A sentence on `unknown`, "" where there is none."""
        if not self.unknown:
            return ""
        told = listed([row.words for row in self.unknown], 8, between="; ")
        done = "kept in the plan" if self.kept else "left out"
        return f"Practices not in the data, {done}: {len(self.unknown):,} ({told})."

    @property
    def left_out(self) -> int:
        """Rows of which nothing is in the plan."""
        return len(self.unknown) + self.repeated

    @property
    def called(self) -> str:
        """The plan's name for a paper, or the file's; what was left out is in it."""
        name = self.plan_name or PurePath(self.file).stem
        if not self.unknown or self.kept:
            return name
        return f"{name} (without {count(len(self.unknown), 'unknown practice')})"

    @property
    def read_as(self) -> str:
        """How the file was understood, in a sentence."""
        of = f", sheet '{self.sheet}'" if self.sheet else ""
        if self.plan_name or not (self.practice_column or self.columns or self.twice_claimed):
            return f"Read as {self.kind}{of}."
        if not self.practice_column:
            named = f" named by '{self.column}'" if self.column else ""
            return f"Read as {self.kind}{of}: polygons{named}, each with the practices in it."
        return (
            f"Read as {self.kind}{of}: practices in column '{self.practice_column}', hubs in "
            f"column '{self.column}'."
        )
