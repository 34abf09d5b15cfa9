"""Open what was downloaded: zip, gzip or plain, whatever its name, with bounded disk and memory.

A file is known by its first bytes, never by its name. Members of an archive are copied to
numbered files in a temporary folder, so a name inside an archive never becomes a path here.
"""

from __future__ import annotations

import gzip
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from pcs_dash.tables.errors import InputFileError, UserError

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 1 << 20
_MAGIC = {
    b"\xd0\xcf\x11\xe0": "xls",
    b"SQLite format 3\0": "geopackage",
    b"\x00\x00\x27\x0a": "shapefile",
}
# A shapefile is several files of one name; these are needed, the rest may be left out.
_SHAPE_NEEDED = (".shp", ".shx", ".dbf")
SHAPE_PARTS = (*_SHAPE_NEEDED, ".prj", ".cpg")
_HTML = (b"<!doctype html", b"<html", b"<head", b"<!--")


class NoTableError(InputFileError):
    """The file is none of the publications, as far as can be seen: notes, a page, nothing."""


@dataclass(frozen=True)
class Limits:
    """What an archive may hold; beyond it the file is refused before it fills the disk.

    The largest real file (the ONS postcode directory) unpacks to some 1.5 GB; the real files
    shrink 4 to 20 times, a bomb thousands of times.
    """

    total_bytes: int = 3 * 1024**3
    members: int = 500
    ratio: float = 250.0
    ratio_from_bytes: int = 50 * 1024**2
    # The real .xlsx shrink 6 to 8 times, to 12 MB at most; .ods is wordier and shrinks more (the
    # ratings of the CQC hold half a gigabyte), but is read as a stream.
    excel_bytes: int = 300 * 1024**2
    excel_strings_bytes: int = 150 * 1024**2
    excel_ratio: float = 60.0
    excel_ratio_from_bytes: int = 8 * 1024**2
    ods_bytes: int = 900 * 1024**2
    ods_ratio: float = 150.0


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class InputFile:
    """A plain (unpacked) file and the name to call it by, e.g. `list.zip: list.csv`.

    `notes`: what was left out or read against the letter, in sentences, as it is read.
    """

    path: Path
    name: str
    notes: list[str] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, path: Path) -> InputFile:
        """A file that stands by itself, in no archive."""
        return cls(path, path.name)

    @property
    def base_name(self) -> str:
        """The file's own name, without that of the archive."""
        return PurePosixPath(self.name.rsplit(": ", 1)[-1].replace("\\", "/")).name

    def fault(self, *problems: str) -> InputFileError:
        """What to raise of it: complete sentences that name row and column."""
        return InputFileError(self.name, problems)

    def refuse(self, wrong: pd.DataFrame, words: str) -> None:
        """Raise that where any row is wrong: `words` with the first one's columns and `count`."""
        if len(wrong):
            raise self.fault(words.format_map({**wrong.iloc[0], "count": len(wrong)}))


def kind_of(path: Path) -> str:
    """'zip', 'xlsx', 'xls', 'ods', 'gzip', 'json', 'geopackage', 'shapefile' or 'text', by content.

    Raises InputFileError for what can't be read: an empty file, a web page, a PDF, a document.
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
    name = path.name
    if not head:
        raise NoTableError(name, ["The file is empty. Download it again."])
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _zip_kind(path)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if head.startswith(b"%PDF"):
        raise NoTableError(name, ["It is a PDF. Download the CSV or Excel version."])
    if head.startswith((b"PAR1", b"7z\xbc\xaf", b"Rar!")):
        raise NoTableError(name, ["It is none of the kinds of file this tool reads."])
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:20].lower().startswith(_HTML):
        raise NoTableError(
            name,
            [
                "It is a web page, not data: the site answered with a page (log-in, error or "
                "consent). Open the address in a browser and download the file by hand."
            ],
        )
    return "json" if text.startswith((b"{", b"[")) else "text"


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mimetype = b""
            if "content.xml" in names and "mimetype" in names:
                with archive.open("mimetype") as stream:
                    mimetype = stream.read(200)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError,
        RuntimeError,
    ) as fault:  # fmt: skip
        raise InputFileError(
            path.name, ["The zip file is damaged or cut short. Download it again."]
        ) from fault
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        raise InputFileError(path.name, ["It is a binary Excel file (.xlsb). Save it as .xlsx."])
    if "content.xml" in names and "mimetype" in names:
        if b"opendocument.spreadsheet" in mimetype:
            return "ods"
        raise InputFileError(path.name, ["It is an OpenDocument file, but no spreadsheet."])
    return "zip"


@contextmanager
def unpacked(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[list[InputFile]]:
    """The plain files inside `path`: itself, or the members of the zip or gzip it is.

    Archives inside archives are opened one level down. The temporary copies vanish at the end.
    Raises InputFileError for damage, bombs, encryption and unsafe names; UserError if absent.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}.")
    with tempfile.TemporaryDirectory(prefix="pcs_dash-") as folder:
        budget = _Budget(path.name, limits)
        yield list(_expand(InputFile.of(path), Path(folder), budget, depth=0))


class _Budget:
    """Counts what has been written, and refuses once a limit is passed."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.written = 0
        self.files = 0

    def new_file(self) -> int:
        self.files += 1
        if self.files > self.limits.members:
            raise InputFileError(self.name, [f"It holds more than {self.limits.members} files."])
        return self.files

    def add(self, count: int) -> None:
        self.written += count
        if self.written > self.limits.total_bytes:
            self.refuse_size()

    def refuse_size(self) -> None:
        gigabytes = self.limits.total_bytes / 1024**3
        raise InputFileError(
            self.name,
            [f"Unpacked it would take more than {gigabytes:.1f} GB, so it was not unpacked."],
        )

    def check_ratio(self, written: int, packed: int) -> None:
        if (
            written > self.limits.ratio_from_bytes
            and packed > 0
            and written / packed > self.limits.ratio
        ):
            raise InputFileError(
                self.name,
                ["It unpacks to hundreds of times its size, as no real table does: refused."],
            )


def _expand(file: InputFile, folder: Path, budget: _Budget, depth: int) -> Iterator[InputFile]:
    try:
        kind = kind_of(file.path)
    except InputFileError:
        if depth == 0:
            raise
        # A PDF beside the data is common, a damaged table is not: `recognise` tells them apart.
        yield file
        return
    if kind in ("xlsx", "ods"):
        check_excel(file, limits=budget.limits)
        yield file
    elif kind == "shapefile":
        if not all(_beside(file.path, suffix) for suffix in _SHAPE_NEEDED):
            raise file.fault(
                "A shapefile is several files (.shp, .shx, .dbf, .prj): give them in one zip."
            )
        yield file
    elif kind == "gzip":
        target = folder / f"{budget.new_file()}"
        _copy_gzip(file, target, budget)
        inner = InputFile(target, file.name.removesuffix(".gz"))
        if depth < 2:
            yield from _expand_named(inner, folder, budget, depth + 1)
    elif kind == "zip":
        if depth >= 2:
            raise InputFileError(budget.name, ["Archives inside archives inside archives."])
        yield from _expand_zip(file, folder, budget, depth)
    else:
        yield file


def _expand_named(
    inner: InputFile, folder: Path, budget: _Budget, depth: int
) -> Iterator[InputFile]:
    try:
        yield from _expand(inner, folder, budget, depth)
    except InputFileError as fault:
        raise type(fault)(inner.name, fault.problems) from fault


def _expand_zip(file: InputFile, folder: Path, budget: _Budget, depth: int) -> Iterator[InputFile]:
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = [m for m in archive.infolist() if not m.filename.endswith("/")]
            _check_members(file, members, budget)
            layers = _shapefiles(members)
            usable = len(layers)
            for name, parts in layers.items():
                yield _copy_shapefile(archive, file, name, parts, folder, budget)
            in_layers = {part.filename for parts in layers.values() for part in parts}
            for member in members:
                if member.filename in in_layers or _goes_with(member.filename, layers):
                    continue
                if PurePosixPath(member.filename).name.startswith((".", "__MACOSX")):
                    continue
                target = folder / f"{budget.new_file()}"
                with archive.open(member) as source:
                    _copy(source, target, budget, packed=member.compress_size)
                inner = InputFile(target, f"{file.name}: {member.filename}")
                found = list(_expand(inner, folder, budget, depth + 1))
                usable += len(found)
                yield from found
            if usable == 0:
                raise file.fault("There is no table inside the zip file.")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as fault:
        raise file.fault("The zip file is damaged or cut short. Download it again.") from fault
    except (RuntimeError, NotImplementedError) as fault:
        raise file.fault(
            "The zip file is encrypted or packed in a way that can't be read."
        ) from fault


def _shapefiles(members: list[zipfile.ZipInfo]) -> dict[str, list[zipfile.ZipInfo]]:
    """The parts of each shapefile in a zip, by the name of its .shp."""
    by_stem: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for member in members:
        path = PurePosixPath(member.filename)
        if path.suffix.lower() in SHAPE_PARTS and not path.name.startswith("."):
            by_stem.setdefault(str(path.with_suffix("")), {})[path.suffix.lower()] = member
    return {
        parts[".shp"].filename: list(parts.values())
        for parts in by_stem.values()
        if all(suffix in parts for suffix in _SHAPE_NEEDED)
    }


def _goes_with(name: str, layers: dict[str, list[zipfile.ZipInfo]]) -> bool:
    """Whether a file is an index or a description of a shapefile beside it."""
    path = PurePosixPath(name)
    stems = {PurePosixPath(layer).with_suffix("") for layer in layers}
    return path.with_suffix("") in stems or path.name.lower().endswith(".shp.xml")


def _copy_shapefile(
    archive: zipfile.ZipFile,
    file: InputFile,
    name: str,
    parts: list[zipfile.ZipInfo],
    folder: Path,
    budget: _Budget,
) -> InputFile:
    """The parts of a shapefile under one name of our own, in a folder of their own."""
    place = folder / f"layer-{budget.new_file()}"
    place.mkdir()
    for part in parts:
        target = place / f"layer{PurePosixPath(part.filename).suffix.lower()}"
        with archive.open(part) as source:
            _copy(source, target, budget, packed=part.compress_size)
    return InputFile(place / "layer.shp", f"{file.name}: {name}")


def _beside(path: Path, suffix: str) -> bool:
    return path.with_suffix(suffix).is_file() or path.with_suffix(suffix.upper()).is_file()


def _check_members(file: InputFile, members: list[zipfile.ZipInfo], budget: _Budget) -> None:
    if len(members) > budget.limits.members:
        raise file.fault(f"It holds {len(members):,} files; one or few expected.")
    if budget.written + sum(m.file_size for m in members) > budget.limits.total_bytes:
        budget.refuse_size()
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if not path.parts:
            raise file.fault("It holds a file without a name.")
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or "\0" in str(path):
            raise file.fault(f"It holds a file that points outside it ({member.filename!r}).")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise file.fault(f"It holds a link ({member.filename!r}).")
        if member.flag_bits & 0x1:
            raise file.fault("It is encrypted. Save it without a password.")
        budget.check_ratio(member.file_size, max(member.compress_size, 1))


def _copy_gzip(file: InputFile, target: Path, budget: _Budget) -> None:
    packed = file.path.stat().st_size
    try:
        with gzip.open(file.path) as source:
            _copy(source, target, budget, packed=packed)
    except (gzip.BadGzipFile, EOFError, zlib.error, OSError) as fault:
        raise file.fault("The gzip file is damaged or cut short. Download it again.") from fault


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, budget: _Budget, *, packed: int) -> None:
    written = 0
    with target.open("wb") as out:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            budget.add(len(chunk))
            budget.check_ratio(written, packed)
            out.write(chunk)


def check_excel(file: InputFile, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Refuse a spreadsheet that would unpack beyond bounds or that defines XML entities."""
    packed = max(file.path.stat().st_size, 1)
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = archive.infolist()
            is_ods = any(m.filename == "content.xml" for m in members)
            most = limits.ods_bytes if is_ods else limits.excel_bytes
            size = sum(m.file_size for m in members)
            if len(members) > limits.members or size > most:
                raise file.fault(
                    f"Unpacked this spreadsheet would take more than "
                    f"{most / 1024**2:,.0f} MB. Save the sheet as CSV."
                )
            ratio = limits.ods_ratio if is_ods else limits.excel_ratio
            if size > limits.excel_ratio_from_bytes and size / packed > ratio:
                raise file.fault(
                    "It unpacks to hundreds of times its size, as no real table does: refused."
                )
            for member in members:
                if (
                    member.filename.endswith("sharedStrings.xml")
                    and member.file_size > limits.excel_strings_bytes
                ):
                    raise file.fault("It holds too much text for a table. Save it as CSV.")
                if member.filename.endswith((".xml", ".rels")):
                    with archive.open(member) as stream:
                        head = stream.read(2048)
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                        raise file.fault("It defines XML entities: refused.")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as fault:
        raise file.fault("The spreadsheet is damaged. Download it again.") from fault
    except (RuntimeError, NotImplementedError) as fault:
        raise file.fault("The spreadsheet has a password. Save it without.") from fault
