"""What a published table looks like: its columns under every name they have had, and their rules.

A `Layout` serves three ends at once: it recognises a file by its headings, reads it and checks it
(as a pandera schema). So a column is described in one place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pandera.pandas as pa

Kind = Literal["code", "postcode", "text", "int", "float", "date", "yes_no"]

ODS_PRACTICE = r"^[A-Z]\d{5}$"
ODS_ANY = r"^[A-Z0-9]{3,9}$"
POSTCODE = r"^[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}$"  # as kind "postcode" writes it
LSOA_ENGLAND = r"^E01\d{6}$"
LSOA_ENGLAND_WALES = r"^[EW]01\d{6}$"
# Registrations also hold patients of Wales and of no known place.
LSOA_OR_UNKNOWN = r"^([EW]01\d{6}|[A-Z]{1,3}\d{4,8})$"
_DTYPES: Mapping[str, Any] = {
    "code": "str",
    "postcode": "str",
    "text": "str",
    "int": "int64",
    "float": "float64",
    "date": "datetime64[ns]",
    "yes_no": "bool",
}
_NULLABLE_DTYPES: Mapping[str, Any] = {**_DTYPES, "int": "Int64", "yes_no": "boolean"}


def normalise_heading(text: str) -> str:
    r"""A heading without case, punctuation, line breaks or byte-order mark.

    'Sub ICB Loc \nODS code' and 'SUB_ICB_LOC.ODS_CODE' are the same heading.
    """
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


@dataclass(frozen=True)
class Column:
    """One column: our name, the publisher's names for it in any year, its meaning and rules.

    `sources` are matched after `normalise_heading`; a source that starts with `~` is a regular
    expression on the normalised heading (for headings that carry a year). `missing` are the
    words that stand for no data. A column that is not `required` may be absent from the file;
    one that is `nullable` may have missing values.
    """

    name: str
    sources: tuple[str, ...]
    kind: Kind
    meaning: str
    unit: str = ""
    required: bool = True
    nullable: bool = False
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    missing: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    repeated: bool = False  # few distinct values in many rows: kept as a category
    first_of_month: bool = False  # dates that are always the first of a month

    @cached_property
    def _plain(self) -> frozenset[str]:
        return frozenset(normalise_heading(s) for s in self.sources if not s.startswith("~"))

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(s[1:]) for s in self.sources if s.startswith("~"))

    @property
    def has_patterns(self) -> bool:
        """Whether a heading of the file is known by a pattern, not by name."""
        return any(source.startswith("~") for source in self.sources)

    def matches(self, heading: str) -> bool:
        """Whether this normalised heading is a name of this column."""
        return heading in self._plain or any(p.fullmatch(heading) for p in self._patterns)

    @property
    def dtype(self) -> Any:
        """The pandas type that the column is stored in."""
        if self.repeated and self.kind in ("code", "text", "postcode"):
            return "category"
        return (_NULLABLE_DTYPES if self.nullable else _DTYPES)[self.kind]

    def schema(self) -> pa.Column:
        """The pandera column: type, rules, meaning and unit."""
        checks = []
        if self.pattern:
            checks.append(pa.Check.str_matches(self.pattern))
        if self.minimum is not None:
            checks.append(pa.Check.ge(self.minimum))
        if self.maximum is not None:
            checks.append(pa.Check.le(self.maximum))
        if self.allowed:
            checks.append(pa.Check.isin(list(self.allowed)))
        return pa.Column(
            None if self.dtype == "category" else self.dtype,
            checks,
            nullable=self.nullable,
            description=self.meaning,
            metadata={"unit": self.unit},
            required=self.required,
        )


def first_name(column: Column) -> str:
    """The publisher's name of a column, for messages."""
    return next((s for s in column.sources if not s.startswith("~")), column.name)


@dataclass(frozen=True)
class Layout:
    """The columns of a published table, and how to tell the table from others.

    `key`: columns whose values may not repeat together. `headless`: the file has no row of
    headings; then each column's source is its position ("0", "1", ...), the width is in
    `widths`, and `probe` maps positions to patterns that its first rows must match. `told_by`: the
    column whose first cells tell the table from those of other areas under the same headings.
    `instead`: a normalised heading of other forms of the publication, and what to take instead.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    headless: bool = False
    widths: tuple[int, int] = (0, 0)
    probe: Mapping[int, str] = field(default_factory=dict)
    minimum_rows: int = 1
    told_by: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Our names of the columns, in their order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)

    def positions(self, headings: list[str]) -> dict[str, list[int]]:
        """For each of our columns that is there, the places of its headings (normalised)."""
        names: dict[str, list[int]] = {}
        for place, heading in enumerate(headings):
            for name in self._plain.get(heading, ()):
                names.setdefault(name, []).append(place)
        for column in self._with_patterns:
            places = [i for i, heading in enumerate(headings) if column.matches(heading)]
            if places:
                names[column.name] = places
        return {name: names[name] for name in self.names if name in names}

    @cached_property
    def _plain(self) -> dict[str, list[str]]:
        """Heading -> our columns, for the columns without patterns."""
        index: dict[str, list[str]] = {}
        for column in self.columns:
            if not column.has_patterns:
                for heading in {normalise_heading(source) for source in column.sources}:
                    index.setdefault(heading, []).append(column.name)
        return index

    @cached_property
    def _with_patterns(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.has_patterns)

    def missing_columns(self, headings: list[str]) -> list[Column]:
        """The required columns that none of these normalised headings names."""
        there = self.positions(headings)
        return [c for c in self.columns if c.required and c.name not in there]

    def score(self, headings: list[str]) -> int:
        """How many columns match, 0 when a required one is missing: the highest layout wins."""
        if self.headless or self.missing_columns(headings):
            return 0
        return len(self.positions(headings))

    def closeness(self, headings: list[str]) -> float:
        """Share of the required columns found: names the likeliest layout of a changed file."""
        required = [c for c in self.columns if c.required]
        if self.headless or not required:
            return 0.0
        return 1 - len(self.missing_columns(headings)) / len(required)

    def probe_matches(self, rows: list[list[str]]) -> bool:
        """Whether nine in ten of these rows of a file without headings fit the probe."""
        if not self.headless or not rows:
            return False
        low, high = self.widths
        fits = sum(
            low <= len(row) <= high
            and all(re.fullmatch(p, row[i].strip(), re.ASCII) for i, p in self.probe.items())
            for row in rows
        )
        return fits >= 0.9 * len(rows)

    def of_other_areas(self, headings: list[str], rows: Sequence[Sequence[str]]) -> str:
        """The first code of these rows where none is of the areas wanted; else nothing."""
        if not self.told_by:
            return ""
        place = self.positions(headings)[self.told_by][0]
        pattern = self.column(self.told_by).pattern or ""
        codes = [row[place].strip() for row in rows if len(row) > place and row[place].strip()]
        return codes[0] if codes and not any(re.match(pattern, code) for code in codes) else ""

    @cached_property
    def column_schema(self) -> pa.DataFrameSchema:
        """The schema without the key, whose repeats are told with their rows (`reading`)."""
        return pa.DataFrameSchema({c.name: c.schema() for c in self.columns}, strict=False)
