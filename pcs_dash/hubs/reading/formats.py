"""What a file is, by its content and never by its name, and the sheets in it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pcs_dash.hubs.reading.delimited import csv_sheet
from pcs_dash.hubs.reading.faults import NEEDS, Faults
from pcs_dash.hubs.reading.map_files import (
    gdal_sheets,
    geojson_sheet,
    geopackage_sheets,
    kml_sheet,
)
from pcs_dash.hubs.reading.sheet import MAX_BYTES, Sheet, on_disk
from pcs_dash.hubs.reading.workbooks import (
    MAX_ENTRIES,
    MAX_UNPACKED_BYTES,
    opendocument_sheets,
    xls_sheets,
    xlsx_sheets,
)
from pcs_dash.official.archive import InputFile, Limits, check_excel, unpacked
from pcs_dash.tables.errors import InputFileError

_CHOOSE = "Choose a CSV, Excel (.xlsx), OpenDocument (.ods), GeoJSON, GeoPackage or KML file."
_LIMITS = Limits(
    total_bytes=MAX_UNPACKED_BYTES,
    members=MAX_ENTRIES,
    ods_bytes=MAX_UNPACKED_BYTES,
    excel_bytes=MAX_UNPACKED_BYTES,
)
# What can't be read, by its first bytes, and what to do.
_OTHERS = {
    b"7z\xbc\xaf": "a compressed file (7z). Unpack it and choose the file inside.",
    b"Rar!": "a compressed file (RAR). Unpack it and choose the file inside.",
    b"%PDF": f"a PDF. {_CHOOSE}",
    b"\x89PNG": f"a picture. {_CHOOSE}",
    b"\xff\xd8\xff": f"a picture. {_CHOOSE}",
    b"GIF8": f"a picture. {_CHOOSE}",
    b"PAR1": "a Parquet file. Save the table as CSV.",
    b"fgb\x03": "a FlatGeobuf. Save the layer as GeoPackage or GeoJSON.",
    b"{\\rtf": "a text document (RTF). Copy the table into Excel and save it as .xlsx.",
    b"\x00\x00\x27\x0a": "one part of a shapefile (.shp). Put all its parts (.shp, .shx, .dbf, "
    ".prj) into one zip and choose that.",
}
# Zips that are documents, by a part that each has.
_DOCUMENTS = {
    "word/document.xml": "a Word document. Copy its table into Excel and save it as .xlsx or CSV.",
    "ppt/presentation.xml": "a PowerPoint file. Copy its table into Excel and save it as .xlsx. "
    "(A template for slides goes to Present and pack, or to report --template.)",
    "xl/workbook.bin": "a binary Excel workbook (.xlsb). Save it as .xlsx.",
    "Index/Document.iwa": "an Apple Numbers or Pages document. Export it as Excel or CSV.",
}
_ODS = b"opendocument.spreadsheet"


@dataclass(frozen=True)
class Contents:
    """A file's sheets and what kind of file it is, for a sentence: "CSV", "Excel workbook"."""

    kind: str
    sheets: list[Sheet]


def contents(content: bytes, faults: Faults) -> Contents:
    """What is in a file; InputFileError for what can't be read, with a way out."""
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        faults.refuse(f"The file is empty. {NEEDS}")
    if len(content) > MAX_BYTES:
        faults.refuse(too_large(len(content)))
    for start, what in _OTHERS.items():
        if content.startswith(start):
            faults.refuse(f"This is {what}")
    for start, read in _BINARY.items():
        if content.startswith(start):
            return read(content, faults)
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n\x1e")[:1_000]
    if start[:1] in (b"{", b"["):
        return Contents("GeoJSON", [geojson_sheet(content, faults)])
    if start.startswith(b"<"):
        return _xml(content, start.lower(), faults)
    return Contents("CSV", [csv_sheet(content, faults)])


def too_large(size: int) -> str:
    """Said of a file before it is read."""
    return (
        f"The file has {size / 1e6:,.1f} MB; the most is {MAX_BYTES / 1e6:,.0f} MB. A plan needs "
        "two columns, practice_code and hub, and one row a practice: save those alone."
    )


def _xml(content: bytes, start: bytes, faults: Faults) -> Contents:
    if b"<html" in start or b"<!doctype html" in start:
        faults.refuse(f"This is a web page, not a plan. {_CHOOSE}")
    if b"excel.sheet" in start:
        faults.refuse("This is Excel's old XML format. Save it as .xlsx.")
    if not re.search(rb"<(?:\w{1,20}:)?kml[\s>]", start):
        faults.refuse(f"This is XML of a kind that holds no plan. {_CHOOSE}")
    return Contents("KML", [kml_sheet(content, faults)])


# --- zips ---


def _zip(content: bytes, faults: Faults) -> Contents:
    names, mimetype = _names(content, faults)
    for part, what in _DOCUMENTS.items():
        if part in names:
            faults.refuse(f"This is {what}")
    if "xl/workbook.xml" in names:
        return Contents("Excel workbook", xlsx_sheets(content, faults))
    if _ODS in mimetype:
        with on_disk(content) as path:
            check_excel(InputFile(path, faults.name), limits=_LIMITS)
            return Contents("OpenDocument workbook", opendocument_sheets(path, faults))
    if b"opendocument" in mimetype:
        faults.refuse(f"This is an OpenDocument file, but no spreadsheet. {_CHOOSE}")
    return _members(content, faults)


def _names(content: bytes, faults: Faults) -> tuple[set[str], bytes]:
    """The names in a zip, and what an OpenDocument file says that it is."""
    damaged = "The file is damaged. Open it in its program and save it again."
    with faults.damaged(damaged), zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        if "mimetype" not in names or archive.getinfo("mimetype").file_size > 200:
            return names, b""
        return names, archive.read("mimetype")


def _members(content: bytes, faults: Faults) -> Contents:
    """The plans in a zip or gzip: a shapefile, or any file that would be read on its own."""
    refused: list[InputFileError] = []
    found: list[Contents] = []

    try:
        with on_disk(content) as path, unpacked(path, limits=_LIMITS) as files:
            for file in files:
                try:
                    found.append(_member(file, faults))
                except InputFileError as error:
                    refused.append(error)
    except InputFileError as error:
        raise InputFileError(faults.name, error.problems) from error
    if not found and refused:
        raise refused[0]
    if not found:
        faults.refuse(f"There is no plan in this archive. {_CHOOSE}")
    alone = len(found) == 1 and len(found[0].sheets) == 1
    sheets = [sheet.renamed("") if alone else sheet for one in found for sheet in one.sheets]
    return Contents(f"{found[0].kind} in a zip", sheets)


def _member(file: InputFile, faults: Faults) -> Contents:
    """One file of an archive; its sheets bear its name."""
    if file.path.suffix == ".shp":
        layer = gdal_sheets(file.path, faults)[0].renamed(Path(file.base_name).stem)
        return Contents("shapefile", [layer])
    inner = Faults(f"{faults.name}: {file.base_name}")
    if file.path.stat().st_size > MAX_BYTES:
        inner.refuse(too_large(file.path.stat().st_size))
    content = file.path.read_bytes()
    is_archive = content.startswith(b"\x1f\x8b")
    if content.startswith(b"PK"):
        parts, mimetype = _names(content, inner)
        is_archive = "xl/workbook.xml" not in parts and _ODS not in mimetype
    if is_archive:
        inner.refuse("An archive in an archive is not opened. Unpack it.")
    one = contents(content, inner)
    names = [": ".join(filter(None, [file.base_name, sheet.name])) for sheet in one.sheets]
    renamed = [sheet.renamed(name) for sheet, name in zip(one.sheets, names, strict=True)]
    return Contents(one.kind, renamed)


# What a file of each kind begins with, and what reads it.
_BINARY: dict[bytes, Callable[[bytes, Faults], Contents]] = {
    b"PK": _zip,
    b"\x1f\x8b": _members,
    b"\xd0\xcf\x11\xe0": lambda content, faults: Contents(
        "Excel workbook (.xls)", xls_sheets(content, faults)
    ),
    b"SQLite format 3": lambda content, faults: Contents(
        "GeoPackage", geopackage_sheets(content, faults)
    ),
}
