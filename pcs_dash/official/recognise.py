"""Which publication is this file? Told by its columns, whatever it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pcs_dash.errors import InputFileError, UserError
from pcs_dash.official.archive import DEFAULT_LIMITS, InputFile, Limits, kind_of, unpacked
from pcs_dash.official.catalogue import SOURCES, Source, find_source
from pcs_dash.official.layout import normalise_heading
from pcs_dash.official.loaders.boundaries import CODE_PROPERTIES, layer_fields
from pcs_dash.official.reading import Head, changed_layout, find_layout, month_in_name, read_heads

_HEAD = 1 << 18


@dataclass(frozen=True)
class Recognised:
    """A plain file and the source it belongs to."""

    file: InputFile
    source: Source


@dataclass(frozen=True)
class Loaded:
    """A loaded table with the period it is for."""

    source: Source
    table: pd.DataFrame
    period: pd.Timestamp
    file_name: str


def recognise(file: InputFile) -> Source:
    """The source whose columns fit this plain file best.

    Raises InputFileError that shows the headings found, and which source comes nearest.
    """
    kind = kind_of(file.path)
    if kind == "json":
        return _recognise_geojson(file)
    if kind in ("geopackage", "shapefile"):
        return _boundary_with(file, layer_fields(file))
    heads = read_heads(file)
    best: tuple[int, Source] | None = None
    for source in SOURCES.values():
        if source.columns is None:
            continue
        place = find_layout(heads, source.columns)
        if place is None:
            continue
        if place.row < 0:
            return source
        score = source.columns.score(place.head.headings(place.row))
        if best is None or score > best[0]:
            best = (score, source)
    if best:
        return best[1]
    raise _unknown(file, heads)


def _unknown(file: InputFile, heads: list[Head]) -> InputFileError:
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
        return InputFileError(file.name, [f"It looks like '{source.title}', but:", *fault.problems])
    found = next((r for h in heads for r in h.rows if any(r)), ())
    headings = ", ".join(" ".join(cell.split())[:60] for cell in found[:12]) or "nothing"
    return InputFileError(
        file.name,
        [
            f"Its columns fit no publication this tool reads. Its first row: {headings}. "
            "docs/data.md lists what is read."
        ],
    )


def _recognise_geojson(file: InputFile) -> Source:
    with file.path.open("rb") as stream:
        head = stream.read(_HEAD).decode("utf-8", errors="replace")
    # Files from desktop tools state the coordinates first, and that has "properties" too.
    blocks = re.findall(r'"properties"\s*:\s*\{(.*?)\}', head, re.DOTALL)[:20]
    keys = {normalise_heading(k) for block in blocks for k in re.findall(r'"([^"]+)"\s*:', block)}
    if "practice_id" in keys and "accepting_adults" in keys:
        return SOURCES["dentists"]
    return _boundary_with(file, sorted(keys))


def _boundary_with(file: InputFile, fields: list[str]) -> Source:
    """The boundary layer with these columns; the finest wins: LSOAs also name district and ICB."""
    keys = [normalise_heading(field) for field in fields]
    for key, pattern in CODE_PROPERTIES.items():
        if any(re.fullmatch(pattern, k) for k in keys):
            return SOURCES[key]
    raise InputFileError(
        file.name,
        [
            "It is none of the layers this tool reads; its first columns: "
            + (", ".join(field[:60] for field in fields[:12]) or "none")
            + "."
        ],
    )


@contextmanager
def recognised_files(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[list[Recognised]]:
    """The tables inside a file (plain, gzip, zip) with their sources.

    In an archive with several files, those of no known publication are left out so long as one
    is known (a zip often holds notes, or the male and female tables beside that of all).
    """
    with unpacked(path, limits=limits) as files:
        known: list[Recognised] = []
        faults: list[InputFileError] = []
        for file in files:
            try:
                known.append(Recognised(file, recognise(file)))
            except InputFileError as fault:
                faults.append(fault)
        if not known:
            raise faults[0]
        yield known


def load_file(path: Path, *, source: str | None = None) -> list[Loaded]:
    """Every table of a known publication inside `path`, loaded and validated.

    `source` restricts to one publication. Raises InputFileError when nothing can be loaded;
    where an archive holds several tables of one source, those that load are returned.
    """
    wanted = find_source(source).key if source else None
    loaded: list[Loaded] = []
    faults: list[InputFileError] = []
    with recognised_files(path) as files:
        chosen = [f for f in files if wanted is None or f.source.key == wanted]
        if not chosen:
            titles = ", ".join(sorted({f.source.title for f in files}))
            raise InputFileError(path.name, [f"It holds {titles}, not {wanted}."])
        for item in chosen:
            try:
                loaded.append(load_recognised(item))
            except InputFileError as fault:
                faults.append(fault)
    if not loaded:
        raise faults[0]
    return loaded


def load_recognised(item: Recognised) -> Loaded:
    """Load one recognised file and find its period. Raises InputFileError."""
    table = item.source.parser(item.file)
    return Loaded(item.source, table, period_of(item, table), item.file.name)


def period_of(item: Recognised, table: pd.DataFrame) -> pd.Timestamp:
    """The day a table is for: from its column, its file's name, or the edition.

    A list that is published anew every night carries no date: the day the file was written.
    """
    source = item.source
    if "period" in table.columns:
        return pd.Timestamp(table["period"].max())
    if source.period_from == "fixed" and source.fixed_period:
        return pd.Timestamp(source.fixed_period)
    if source.period_from == "rating":
        return pd.Timestamp(int(table["cqc_year"].max()), 12, 31)
    for name in (item.file.base_name, item.file.name):
        # QOF writes 2020-21 as 2021.
        from_name = _years_run_together(name) if source.key.startswith("qof") else None
        from_name = from_name or month_in_name(name) or _year_in_name(name)
        if from_name is not None:
            return from_name
    written = pd.Timestamp(item.file.path.stat().st_mtime, unit="s").normalize()
    if pd.isna(written):  # pragma: no cover - a file always has a time
        raise UserError(f"{item.file.name}: the period can't be told.")
    return written


def _years_run_together(name: str) -> pd.Timestamp | None:
    """The last day of a financial year written 2324, or None."""
    found = re.search(r"(?<!\d)(\d\d)(\d\d)(?![-_/]?\d)", name)
    if found and int(found[2]) == int(found[1]) + 1:
        return pd.Timestamp(2000 + int(found[2]), 3, 31)
    return None


def _year_in_name(name: str) -> pd.Timestamp | None:
    """The last day of a financial or calendar year in a file name ('2022-23', '22-23', 2023)."""
    found = re.search(r"(?<!\d)(?:20)?(\d\d)[-_/](\d\d)(?!\d)", name)
    if found and int(found[2]) == int(found[1]) + 1:
        return pd.Timestamp(2000 + int(found[2]), 3, 31)
    found = re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", name)
    return pd.Timestamp(int(found[1]), 12, 31) if found else None
