"""Which publication is this file? Told by its columns, whatever it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from pcs_dash.official.archive import (
    DEFAULT_LIMITS,
    InputFile,
    Limits,
    NoTableError,
    kind_of,
    unpacked,
)
from pcs_dash.official.catalogue import SOURCES, Source
from pcs_dash.official.file_dates import month_in_name, year_in_name, years_run_together
from pcs_dash.official.layout import normalise_heading
from pcs_dash.official.loaders.boundaries import has_codes, layer_fields
from pcs_dash.official.reading import (
    Head,
    changed_layout,
    cut_short,
    find_layout,
    line_count,
    read_heads,
)
from pcs_dash.tables.errors import InputFileError

_HEAD = 1 << 18
_BLOCKS, _MOST_BLOCKS, _BLOCK_LENGTH = 20, 500, 8_192
# Names under which notes are published; a table under such a name is read all the same.
NOTES = (
    ".md", ".txt", ".pdf", ".html", ".htm", ".docx", ".doc", ".pptx", ".ini", ".xml", ".rtf",
    ".png", ".jpg", ".jpeg", ".gif", ".svg",
)  # fmt: skip
# Lock files of Office, thumbnails and folder settings of Windows, resource forks of macOS.
_HELPER = re.compile(r"(?i)~\$.*|\.~lock\..*|\._.*|(eh)?thumbs\.db|desktop\.ini|\.ds_store|.*\.lnk")


@dataclass(frozen=True)
class Recognised:
    """A plain file and the source it belongs to."""

    file: InputFile
    source: Source


@dataclass(frozen=True)
class Loaded:
    """A loaded table with the period it is for; `lines` of its text file (0: a spreadsheet);
    `notes`: what was left out of it or read against the letter.
    """

    source: Source
    table: pd.DataFrame
    period: pd.Timestamp
    file_name: str
    lines: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unreadable:
    """A file, or a file in an archive, that looks like a table and can't be read.

    `source`: the publication it comes nearest to, where that can be told.
    """

    file_name: str
    source: Source | None
    fault: InputFileError


@dataclass(frozen=True)
class Contents:
    """What a file holds: tables of known publications, tables that can't be read, and the names
    of what is neither (notes, the tables for men and women beside that of all).
    """

    known: tuple[Recognised, ...]
    unreadable: tuple[Unreadable, ...]
    left_out: tuple[str, ...]


class NearlyError(InputFileError):
    """A table much like that of a publication, with columns missing."""

    def __init__(self, file_name: str, problems: Sequence[str], source: Source) -> None:
        super().__init__(file_name, problems)
        self.source = source


def recognise(file: InputFile) -> Source:
    """The source whose columns fit this plain file best.

    Raises InputFileError that shows the headings found, and which source comes nearest.
    """
    try:
        kind = kind_of(file.path)
    except InputFileError as fault:
        raise type(fault)(file.name, fault.problems) from fault
    if kind == "json":
        return _recognise_geojson(file)
    if kind in ("geopackage", "shapefile"):
        return _boundary_with(file, layer_fields(file))
    heads = read_heads(file)
    found = _fitting_best(file, heads)
    if found is None:
        raise _unknown(file, heads)
    return found


def _fitting_best(file: InputFile, heads: list[Head]) -> Source | None:
    """The source whose columns fit best, None where none fits; InputFileError for other areas."""
    best: tuple[int, Source] | None = None
    for source in SOURCES.values():
        if source.columns is None:
            continue
        place = find_layout(heads, source.columns)
        if place is None:
            continue
        if place.row < 0:
            return source
        headings = place.head.headings(place.row)
        other = source.columns.of_other_areas(headings, place.head.rows[place.row + 1 :])
        if other:
            said = f"It has the headings of '{source.title}', but of other areas ({other})."
            raise NoTableError(file.name, [said])
        score = source.columns.score(headings)
        if best is None or score > best[0]:
            best = (score, source)
    return best[1] if best else None


def _unknown(file: InputFile, heads: list[Head]) -> InputFileError:
    there = {heading for h in heads for row in range(len(h.rows)) for heading in h.headings(row)}
    for each in SOURCES.values():
        told = [] if each.columns is None else [
            words for heading, words in each.columns.instead.items() if heading in there
        ]  # fmt: skip
        if told:
            return NearlyError(file.name, told, each)
    near = [
        (source.columns.closeness(head.headings(row)), source)
        for source in SOURCES.values()
        if source.columns is not None
        for head in heads
        for row in range(len(head.rows))
    ]
    share, source = max(near, key=lambda pair: pair[0], default=(0.0, None))
    if source is not None and source.columns is not None and share >= 0.5:
        fault = changed_layout(file, heads, source.columns)
        words = [f"It looks like '{source.title}', but:", *fault.problems]
        return NearlyError(file.name, words, source)
    found = next((r for h in heads for r in h.rows if any(r)), ())
    headings = ", ".join(" ".join(cell.split())[:60] for cell in found[:12]) or "nothing"
    return NoTableError(
        file.name,
        [
            f"Its columns fit no publication this tool reads. Its first row: {headings}. "
            "docs/data.md lists what is read."
        ],
    )


def _recognise_geojson(file: InputFile) -> Source:
    with file.path.open("rb") as stream:
        head = stream.read(_HEAD).decode("utf-8", errors="replace")
    keys = {normalise_heading(key) for key in _property_names(head)}
    if "practice_id" in keys and "accepting_adults" in keys:
        return SOURCES["dentists"]
    return _boundary_with(file, sorted(keys))


def _property_names(text: str) -> set[str]:
    """The names in the first blocks of "properties"; no block is looked for beyond a few kB, so
    that a file of nothing but their beginnings takes no longer than another.
    """
    names: set[str] = set()
    at = found = 0
    # Files from desktop tools state the coordinates first, and that has "properties" too.
    for _ in range(_MOST_BLOCKS):
        at = text.find('"properties"', at)
        if at < 0 or found >= _BLOCKS:
            break
        at += len('"properties"')
        opening = re.match(r"\s{0,100}:\s{0,100}\{", text[at : at + 210])
        if opening is None:
            continue
        start = at + opening.end()
        end = text.find("}", start, start + _BLOCK_LENGTH)
        if end >= 0:
            found += 1
            names.update(re.findall(r'"([^"]{1,200})"\s{0,100}:', text[start:end]))
    return names


def _boundary_with(file: InputFile, fields: list[str]) -> Source:
    """The layer of LSOAs, told by its columns."""
    if has_codes(fields):
        return SOURCES["boundaries_lsoa11"]
    raise NoTableError(
        file.name,
        [
            "It is none of the layers this tool reads (LSOAs of December 2011); its first "
            "columns: " + (", ".join(field[:60] for field in fields[:12]) or "none") + "."
        ],
    )


class DoubtfulError(InputFileError):
    """A file that may be whole or cut short; it is read where its source is named."""


@contextmanager
def contents(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Contents]:
    """What is inside a file (plain, gzip, zip); the unpacked copies last as long as the context.

    Raises InputFileError for an archive that can't be opened or is out of bounds, and for a file
    with nothing in it that looks like a table (then of the first file in it).
    """
    with unpacked(path, limits=limits) as files:
        known: list[Recognised] = []
        unreadable: list[Unreadable] = []
        others: list[InputFileError] = []
        for file in files:
            try:
                known.append(Recognised(file, recognise(file)))
            except NearlyError as fault:
                unreadable.append(Unreadable(file.name, fault.source, fault))
            except InputFileError as fault:
                inside = len(files) > 1 and isinstance(fault, NoTableError)
                if inside or is_note(file.base_name, fault):
                    others.append(fault)
                else:
                    unreadable.append(Unreadable(file.name, None, fault))
        if not known and not unreadable and others:
            raise others[0]
        yield Contents(tuple(known), tuple(unreadable), tuple(f.file_name for f in others))


def is_note(name: str, fault: InputFileError) -> bool:
    """Whether a file that can't be read is notes, a page or a picture by its name, which nobody
    misses, or a helper that an operating system or an office program leaves beside files. What
    comes near to a table is not, nor a text that a spreadsheet has written as such.
    """
    if _HELPER.fullmatch(PurePosixPath(name).name):
        return True
    suffix = PurePosixPath(name).suffix.lower()
    if isinstance(fault, NoTableError):
        return suffix in NOTES
    return suffix in NOTES and suffix != ".txt" and not isinstance(fault, NearlyError)


def load_recognised(item: Recognised, *, trusted: bool = False) -> Loaded:
    """Load one recognised file and find its period. Raises InputFileError.

    `trusted`: the source was named, so a last line without an end is taken as it is.
    """
    file = item.file
    size = file.path.stat().st_size
    if size > item.source.largest_bytes:
        raise file.fault(
            f"Unpacked it has {size / 1024**2:,.0f} MB, several times the published file."
        )
    table = item.source.load(file)
    if not trusted and cut_short(file):
        raise DoubtfulError(
            file.name,
            [
                "It ends in the middle of a line, so it may be cut short. Download it again; if "
                f"it is right as it is, name the source ({item.source.key}) to load it."
            ],
        )
    period = period_of(item, table)
    return Loaded(item.source, table, period, file.name, line_count(file), tuple(file.notes))


def _agree_with_name(item: Recognised, period: pd.Timestamp) -> None:
    """Refuse lists whose dates and whose file name speak of different months: day and month may
    have been exchanged. Other publications may be named after the month they came out in.
    """
    named = month_in_name(item.file.base_name) or month_in_name(item.file.name)
    if named is None or not item.source.dated_as_named:
        return
    # Lists are of the first of a month; the name of a file may be that of its download.
    exchanged = (period.year, period.day) == (named.year, named.month)
    if (named.year, named.month) != (period.year, period.month) and (period.day > 1 or exchanged):
        raise item.file.fault(
            f"Its dates say {period.day} {period:%B %Y}, its name says {named:%B %Y}. Take the "
            "file as published (a spreadsheet may have exchanged day and month), or put the "
            "right month in its name."
        )


def name_carries_period(source: Source) -> bool:
    """Whether the month or year of this source stands in the name of its file only."""
    return source.period_from == "name" or source.key.startswith("workforce")


def period_of(item: Recognised, table: pd.DataFrame) -> pd.Timestamp:
    """The day a table is for: from its column, its file's name, or the edition.

    A list that is published anew every night carries no date: the day the file was written.
    Raises InputFileError where the name should say it and does not.
    """
    source = item.source
    if "period" in table.columns:
        period = pd.Timestamp(table["period"].max())
        _agree_with_name(item, period)
        return period
    if source.fixed_period:
        return pd.Timestamp(source.fixed_period)
    if source.period_from == "rating":
        return pd.Timestamp(int(table["cqc_year"].max()), 12, 31)
    for name in (item.file.base_name, item.file.name):
        # QOF writes 2020-21 as 2021.
        from_name = years_run_together(name) if source.key.startswith("qof") else None
        from_name = from_name or month_in_name(name) or year_in_name(name)
        if from_name is not None:
            return from_name
    if source.period_from != "loaded":
        monthly = source.cadence.startswith(("monthly", "quarterly"))
        what = "year and month" if monthly else "year"
        raise item.file.fault(
            f"Nothing in it says which period it is for: put the {what} in the file's name, "
            f"e.g. '{source.key} {'2025-08' if monthly else '2024-25'}'."
        )
    return pd.Timestamp(item.file.path.stat().st_mtime, unit="s").normalize()
