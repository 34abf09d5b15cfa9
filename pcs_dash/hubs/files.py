"""Plans that people bring along: CSV, Excel and GeoJSON, read with every fault named by its place.

A file is untrusted. Its content decides what it is, not its name; sizes are checked before anything
is unpacked or parsed; whatever is wrong comes out as one InputFileError that lists all faults (up
to MAX_FAULTS) with row and column and says what to do. Nothing is guessed: text that is not UTF-8
is refused, because a wrong guess would misspell names in silence.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import openpyxl
import pandas as pd

from pcs_dash.hubs.geometry import CrossingError, ShapeError, claims, polygon
from pcs_dash.hubs.palette import PALETTE
from pcs_dash.hubs.plan import (
    MAX_HUBS,
    NO_HUB,
    Hub,
    Plan,
    PlanError,
    clean_name,
    name_key,
)
from pcs_dash.tables.areas import Area
from pcs_dash.tables.errors import InputFileError
from pcs_dash.tables.spreadsheet_text import FORMULA_STARTS, restore

MAX_BYTES = 10_000_000
MAX_UNPACKED_BYTES = 30_000_000
MAX_ZIP_ENTRIES = 1_000
MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_FAULTS = 20

CODE_NAMES = ("practice_code", "ods_code", "prac_code", "practice")
HUB_NAMES = ("hub", "hub_name")
# Below this row a sheet's heading is not looked for.
_LAST_HEADING_ROW = 20
_EXCEL_ROWS = 1_048_576
_NEEDS = "It needs a column practice_code and a column hub."


class CrossingShapeError(InputFileError):
    """The only faults are polygons that cross themselves: `read_plan(..., repair=True)` takes all
    that their lines enclose."""


class UnknownPracticeError(InputFileError):
    """The only faults are practice codes that the data doesn't have, in `codes`:
    `read_plan(..., skip_unknown=True)` leaves them out."""

    def __init__(self, file_name: str, problems: Sequence[str], codes: tuple[str, ...]) -> None:
        super().__init__(file_name, problems)
        self.codes = codes


@dataclass(frozen=True)
class PlanImport:
    """A plan that was read, and what the user should know about it.

    notes: sentences to show; twice_claimed: practices that polygons of several hubs cover, with
    the hubs' names (they stay unassigned); skipped: unknown codes left out on request.
    """

    plan: Plan
    notes: tuple[str, ...] = ()
    twice_claimed: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    skipped: tuple[str, ...] = ()


@dataclass
class _Reading:
    """What is known so far of a file, and what is wrong with it."""

    name: str
    faults: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    crossings: int = 0
    notes: list[str] = field(default_factory=list)
    formulas: dict[str, None] = field(default_factory=dict)

    def refuse(self, problem: str) -> NoReturn:
        """Stop at a fault that leaves nothing more to look at."""
        raise InputFileError(self.name, [problem])

    def check(self) -> None:
        """Raise what was found, all of it."""
        if not self.faults:
            return
        shown = self.faults[:MAX_FAULTS]
        if len(self.faults) > MAX_FAULTS:
            shown.append(f"And {len(self.faults) - MAX_FAULTS:,} more faults of this kind.")
        if len(self.unknown) == len(self.faults):
            raise UnknownPracticeError(self.name, shown, tuple(dict.fromkeys(self.unknown)))
        if self.crossings == len(self.faults):
            raise CrossingShapeError(self.name, shown)
        raise InputFileError(self.name, shown)


@dataclass(frozen=True)
class _Row:
    """A practice and its hub as the file has them, and where: `at` "Row 3"."""

    at: str
    code: str
    hub: str


@dataclass(frozen=True)
class _Table:
    """Rows, how the file calls the two columns ("column 'hub'"), and hubs with their colours."""

    rows: tuple[_Row, ...]
    code_at: str
    hub_at: str
    hubs: tuple[Mapping[str, Any], ...] = ()
    twice: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_plan(
    name: str,
    content: bytes,
    practices: pd.DataFrame,
    *,
    area: Area | None = None,
    repair: bool = False,
    skip_unknown: bool = False,
) -> PlanImport:
    """The plan in a CSV, Excel or GeoJSON file.

    `practices`: all practices there are (index practice_code; for polygons longitude, latitude,
    easting, northing), not those of the area only; `area` adds notes on what lies outside it or is
    not in the file. A blank hub, NaN or "Unassigned" leaves a practice unassigned. Extra columns
    are passed over. InputFileError lists the faults; CrossingShapeError and UnknownPracticeError,
    its subclasses, say that `repair` or `skip_unknown` would get around them all.
    """
    reading = _Reading(_shown_name(name))
    if len(content) > MAX_BYTES:
        reading.refuse(_too_large(len(content)))
    kind = _kind(content, reading)
    if kind == "excel":
        table = _read_excel(content, reading)
    elif kind == "geojson":
        table = _read_geojson(content, practices, reading, repair=repair)
    else:
        table = _read_csv(content, reading)
    return _assemble(table, practices, reading, area=area, skip_unknown=skip_unknown)


def read_plan_file(
    path: Path | str,
    practices: pd.DataFrame,
    *,
    area: Area | None = None,
    repair: bool = False,
    skip_unknown: bool = False,
) -> PlanImport:
    """`read_plan` of a file on disk, whose size is looked at before it is read."""
    path = Path(path)
    reading = _Reading(_shown_name(path.name or str(path)))
    try:
        if path.is_dir():
            reading.refuse("This is a folder. Give the plan's file.")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        size = path.stat().st_size
    except FileNotFoundError:
        reading.refuse("There is no such file. Check the name and the folder.")
    except (OSError, ValueError) as error:
        reading.refuse(f"The file can't be read ({error}). Check its name and permissions.")
    if len(content) > MAX_BYTES:
        reading.refuse(_too_large(max(size, len(content))))
    return read_plan(
        path.name, content, practices, area=area, repair=repair, skip_unknown=skip_unknown
    )


# --- what a file is ---

_NOT_A_TABLE = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls) or one with a password. Save it as .xlsx "
    "without a password.",
    b"\x1f\x8b": "a compressed file (gzip). Unpack it and choose the file inside.",
    b"7z\xbc\xaf": "a compressed file (7z). Unpack it and choose the file inside.",
    b"Rar!": "a compressed file (RAR). Unpack it and choose the file inside.",
    b"%PDF": "a PDF. Choose a CSV, Excel (.xlsx) or GeoJSON file.",
    b"\x89PNG": "a picture. Choose a CSV, Excel (.xlsx) or GeoJSON file.",
    b"\xff\xd8\xff": "a picture. Choose a CSV, Excel (.xlsx) or GeoJSON file.",
    b"SQLite format 3": "a database or GeoPackage. Export the plan as CSV or GeoJSON.",
}


def _kind(content: bytes, reading: _Reading) -> str:
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        reading.refuse(f"The file is empty. {_NEEDS}")
    for start, what in _NOT_A_TABLE.items():
        if content.startswith(start):
            reading.refuse(f"This is {what}")
    if content.startswith(b"PK"):
        _check_zip(content, reading)
        return "excel"
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "geojson"
    return "csv"


def _check_zip(content: bytes, reading: _Reading) -> None:
    """An .xlsx is a zip: refuse other zips, and those that would unpack to too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            # zipfile reads no more of an entry than its directory declares.
            unpacked = sum(entry.file_size for entry in entries)
            if "xl/workbook.xml" not in names:
                reading.refuse("This is a zip archive. Unpack it and choose the file inside.")
            if len(entries) > MAX_ZIP_ENTRIES or unpacked > MAX_UNPACKED_BYTES:
                reading.refuse(
                    f"The workbook unpacks to {unpacked / 1e6:,.0f} MB in {len(entries):,} parts; "
                    f"the most is {MAX_UNPACKED_BYTES / 1e6:,.0f} MB. Save the plan's sheet alone."
                )
            for entry in entries:
                # A document type can make a few bytes expand to gigabytes; Excel writes none.
                if entry.filename.endswith((".xml", ".rels")) and b"<!" in archive.read(entry):
                    _refuse_declarations(archive.read(entry), reading)
    except InputFileError:
        raise
    except Exception as error:
        # A damaged archive raises what its damage hits, from zlib.error to struct.error.
        raise _damaged(reading) from error


def _refuse_declarations(part: bytes, reading: _Reading) -> None:
    if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        reading.refuse("The workbook has declarations that no Excel writes. Save it anew in Excel.")


def _damaged(reading: _Reading) -> InputFileError:
    return InputFileError(
        reading.name, ["The workbook is damaged. Open it in Excel and save it again as .xlsx."]
    )


def _too_large(size: int) -> str:
    return (
        f"The file has {size / 1e6:,.1f} MB; the most is {MAX_BYTES / 1e6:,.0f} MB. A plan needs "
        "two columns, practice_code and hub, and one row a practice: save those alone."
    )


def _spreadsheet_row(at: str, code: str, hub: str, reading: _Reading) -> _Row:
    """A row of a CSV or a sheet: takes off the apostrophe that our exports put before formulas."""
    hub = hub.strip()
    if hub.startswith(FORMULA_STARTS):
        reading.formulas[hub] = None
    return _Row(at, code, restore(hub))


# --- CSV ---


def _read_csv(content: bytes, reading: _Reading) -> _Table:
    text = _decoded(content, reading)
    first, _, rest = text.partition("\n")
    if first.strip().lower() in ("sep=;", "sep=,", "sep=\t"):
        # Excel's own hint for the delimiter; rows still count from the top of the file.
        text = "\n" + rest
    delimiter = _delimiter(text)
    records = _records(text, delimiter, reading)
    heading_at, heading = next(((at, row) for at, row in records if any(row)), (0, []))
    code, hub = _columns(heading, reading, where=f"Row {heading_at}: the heading")
    rows = []
    for at, record in records:
        if not any(cell.strip() for cell in record):
            continue
        if len(record) > len(heading) and any(cell.strip() for cell in record[len(heading) :]):
            reading.faults.append(
                f"Row {at}: {len(record)} fields under {len(heading)} headings. Put a name that "
                f"has '{delimiter}' in it between double quotes."
            )
            continue
        if len(record) <= max(code, hub):
            reading.faults.append(
                f"Row {at}: {len(record)} fields under {len(heading)} headings; column "
                f"'{_short(heading[max(code, hub)])}' is missing. Complete the row."
            )
            continue
        rows.append(_spreadsheet_row(f"Row {at}", record[code], record[hub], reading))
    return _Table(
        tuple(rows), f"column '{_short(heading[code])}'", f"column '{_short(heading[hub])}'"
    )


def _decoded(content: bytes, reading: _Reading) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content[:1000]:
        reading.refuse(
            "Row 1, column 1: the text is UTF-16 or no text at all. In Excel choose Save As, "
            "'CSV UTF-8 (Comma delimited)'."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # With a BOM the error counts from behind it, so cut it off before looking back.
        before = content.removeprefix(b"\xef\xbb\xbf")[: error.start]
        line = before[before.rfind(b"\n") + 1 :]
        column = 1 + max(line.count(delimiter) for delimiter in (b",", b";", b"\t"))
        byte = content.removeprefix(b"\xef\xbb\xbf")[error.start]
        row = before.count(b"\n") + 1
        reading.refuse(
            f"Row {row}, column {column}: the text is not UTF-8 "
            f"(byte {byte:#04x}). In Excel choose Save As, 'CSV UTF-8 (Comma delimited)'."
        )


def _delimiter(text: str) -> str:
    """The delimiter by which the heading has both columns; a comma if none does."""
    heading = next((line for line in text.splitlines() if line.strip()), "")
    for delimiter in (",", ";", "\t"):
        names = [_column_key(cell) for cell in heading.split(delimiter)]
        if set(names) & set(CODE_NAMES) and set(names) & set(HUB_NAMES):
            return delimiter
    return max((",", ";", "\t"), key=heading.count)


def _records(text: str, delimiter: str, reading: _Reading) -> Iterator[tuple[int, list[str]]]:
    """Each record with its row number as a spreadsheet counts it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reading.refuse(
                f"Row {number}: the row can't be read ({error}). Look for a double quote that is "
                "not closed."
            )
        if number > MAX_ROWS + 1:
            reading.refuse(_too_many_rows())
        yield number, record


def _too_many_rows() -> str:
    return f"The file has more than {MAX_ROWS:,} rows. A plan needs one row a practice."


def _columns(heading: Sequence[str], reading: _Reading, *, where: str) -> tuple[int, int]:
    """Positions of the code and hub columns; refuses a heading without, or with two of one."""
    keys = [_column_key(cell) for cell in heading]
    found = []
    for wanted in (CODE_NAMES, HUB_NAMES):
        named = [name for name in wanted if name in keys]
        if not named:
            have = ", ".join(f"'{_short(cell)}'" for cell in heading[:8] if cell.strip())
            reading.refuse(
                f"{where} has no column {wanted[0]} (it has {have or 'nothing'}). {_NEEDS}"
            )
        if keys.count(named[0]) > 1:
            reading.refuse(f"{where} has the column {named[0]} more than once. Remove one.")
        found.append(keys.index(named[0]))
    return found[0], found[1]


def _column_key(name: Any) -> str:
    """ "Practice Code" and practice_code are one."""
    return "_".join(str(name).strip().strip('"').casefold().replace("-", " ").split()).strip("_")


# --- Excel ---


def _read_excel(content: bytes, reading: _Reading) -> _Table:
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        try:
            # In a workbook of our own the sheet Hubs also has a column hub, but no codes.
            sheets = sorted(workbook.worksheets, key=lambda sheet: sheet.title != "Plan")
            for sheet in sheets:
                table = _sheet_table(sheet, reading)
                if table is not None:
                    return _with_hub_sheet(table, workbook)
        finally:
            workbook.close()
    except InputFileError:
        raise
    except Exception as error:
        # openpyxl and the XML parsers raise what a damaged part hits: KeyError, ParseError, ...
        raise _damaged(reading) from error
    names = ", ".join(f"'{_short(sheet.title)}'" for sheet in sheets[:8])
    raise InputFileError(
        reading.name,
        [
            f"No sheet ({names}) has a heading with the columns practice_code and hub in its first "
            f"{_LAST_HEADING_ROW} rows. {_NEEDS}"
        ],
    )


def _sheet_table(sheet: Any, reading: _Reading) -> _Table | None:
    """The table under the first heading with both columns; None without such a heading."""
    top, heading = _heading(sheet)
    if not heading:
        return None
    at = f"Sheet '{_short(sheet.title)}', row"
    code, hub = _columns(heading, reading, where=f"{at} {top}: the heading")
    names = {place: f"column '{_short(heading[place])}'" for place in (code, hub)}
    rows = []
    # No wider than needed and no longer than Excel can be, whatever the file claims.
    body = sheet.iter_rows(min_row=top + 1, max_row=_EXCEL_ROWS, max_col=max(code, hub) + 1)
    for number, cells in enumerate(body, start=top + 1):
        if len(cells) <= max(code, hub) or (cells[code].value is None and cells[hub].value is None):
            continue
        sound = True
        for place in (code, hub):
            fault = {"f": "a formula", "e": "an error"}.get(cells[place].data_type)
            if fault is not None:
                sound = False
                reading.faults.append(
                    f"{at} {number}, {names[place]}: {fault} instead of a value. Copy the column "
                    "and paste it as values."
                )
        if sound:
            texts = _cell_text(cells[code]), _cell_text(cells[hub])
            rows.append(_spreadsheet_row(f"{at} {number}", *texts, reading))
        if len(rows) > MAX_ROWS:
            reading.refuse(_too_many_rows())
    return _Table(tuple(rows), names[code], names[hub])


def _heading(sheet: Any) -> tuple[int, list[str]]:
    """Row number and texts of the first row with both columns; an empty list if there is none."""
    rows = sheet.iter_rows(max_row=_LAST_HEADING_ROW, max_col=MAX_COLUMNS)
    for number, cells in enumerate(rows, start=1):
        texts = [_cell_text(cell) for cell in cells]
        keys = {_column_key(text) for text in texts}
        if keys & set(CODE_NAMES) and keys & set(HUB_NAMES):
            return number, texts
    return 0, []


def _cell_text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        # Excel keeps whole numbers as floats: hub 1 is "1", not "1.0".
        value = int(value)
    return str(value).strip()


def _with_hub_sheet(table: _Table, workbook: Any) -> _Table:
    """The hubs' colours, notes and locks, where the workbook is one of our own."""
    if "Hubs" not in workbook.sheetnames:
        return table
    rows = workbook["Hubs"].iter_rows(max_row=MAX_HUBS + 2, max_col=MAX_COLUMNS, values_only=True)
    heading = [_column_key(cell) for cell in next(rows, ())]
    if not {"hub", "hub_id", "colour"} <= set(heading):
        return table
    hubs = []
    for row in rows:
        values = dict(zip(heading, row, strict=False))
        if values.get("hub_id"):
            hubs.append(
                {
                    "id": values["hub_id"],
                    "name": restore(str(values.get("hub"))),
                    "colour": values["colour"],
                    "note": restore(str(values.get("note") or "")),
                    "locked": values.get("locked") in (True, "yes"),
                }
            )
    return _Table(table.rows, table.code_at, table.hub_at, tuple(hubs))


# --- GeoJSON ---


def _read_geojson(
    content: bytes, practices: pd.DataFrame, reading: _Reading, *, repair: bool
) -> _Table:
    data = _json(content, reading)
    if not isinstance(data, dict) or data.get("type") not in ("FeatureCollection", "Feature"):
        reading.refuse(
            "This is JSON, but not a GeoJSON FeatureCollection. Export the plan as CSV, Excel or "
            "GeoJSON."
        )
    features = [data] if data["type"] == "Feature" else data.get("features")
    if not isinstance(features, list) or not features:
        reading.refuse("The GeoJSON has no features. Draw or choose at least one hub.")
    if len(features) > MAX_ROWS:
        reading.refuse(_too_many_rows())
    found = [_Feature.read(number, item) for number, item in enumerate(features, start=1)]
    if any(feature.code is not None for feature in found):
        return _points(found, data, reading)
    return _polygons(found, data, practices, reading, repair=repair)


@dataclass(frozen=True)
class _Feature:
    """A feature's number, its practice code and hub (None = no such property) and geometry."""

    at: str
    code: str | None
    hub: str | None
    geometry: Mapping[str, Any]

    @classmethod
    def read(cls, number: int, item: Any) -> _Feature:
        item = item if isinstance(item, dict) else {}
        properties, geometry = item.get("properties"), item.get("geometry")
        values = {
            _column_key(key): "" if value is None or value != value else str(value)
            for key, value in (properties if isinstance(properties, dict) else {}).items()
        }
        return cls(
            f"Feature {number}",
            next((values[name] for name in CODE_NAMES if name in values), None),
            next((values[name] for name in (*HUB_NAMES, "name") if name in values), None),
            geometry if isinstance(geometry, dict) else {},
        )

    @property
    def is_area(self) -> bool:
        return self.geometry.get("type") in ("Polygon", "MultiPolygon")


def _points(features: Sequence[_Feature], data: Mapping[str, Any], reading: _Reading) -> _Table:
    """Practices with their hub; polygons beside them are pictures of the same plan."""
    rows = []
    pictures = 0
    for feature in features:
        if feature.code is None and feature.is_area:
            pictures += 1
        elif feature.code is None:
            reading.faults.append(
                f"{feature.at}: no property practice_code. Add it or remove the feature."
            )
        elif feature.hub is None:
            reading.faults.append(
                f"{feature.at}: no property hub. Add it (null leaves the practice unassigned)."
            )
        else:
            rows.append(_Row(feature.at, feature.code, feature.hub))
    hubs = _hub_member(data)
    if pictures and not hubs:
        reading.notes.append(
            f"The file has practices and polygons ({pictures}): the practices decide, the polygons "
            "were passed over."
        )
    return _Table(tuple(rows), "property practice_code", "property hub", hubs)


def _polygons(
    features: Sequence[_Feature],
    data: Mapping[str, Any],
    practices: pd.DataFrame,
    reading: _Reading,
    *,
    repair: bool,
) -> _Table:
    """Polygons named after hubs: each claims the practices inside."""
    if len(features) > MAX_HUBS:
        reading.refuse(f"The file has {len(features):,} polygons; the most is {MAX_HUBS:,}.")
    crs = _file_crs(data, features, reading)
    shapes: dict[str, Any] = {}
    names: dict[str, str] = {}
    for feature in features:
        hub = (feature.hub or "").strip()
        named = f"{feature.at} ('{_short(hub)}')" if hub else feature.at
        try:
            shape = polygon(feature.geometry, what=named, crs=crs, repair=repair)
            key = f"{feature.at}\n{name_key(clean_name(hub))}"
        except CrossingError as error:
            reading.crossings += 1
            reading.faults.append(
                f"{error} Draw it again, mend it (in QGIS: Vector, Geometry Tools, Fix Geometries)"
                " or let it be read as all that its line encloses."
            )
        except ShapeError as error:
            reading.faults.append(str(error))
        except PlanError as error:
            reading.faults.append(f"{named}, property hub: {error}")
        else:
            shapes[key] = shape
            names.setdefault(key.partition("\n")[2], clean_name(hub))
    reading.check()
    _, claimed = claims(shapes, practices, on_map=crs != 27700)
    rows = []
    twice = {}
    hubs_of = {code: (key,) for code, key in claimed.assigned.items()} | dict(claimed.twice)
    for code, keys in hubs_of.items():
        # Several polygons of one name are one hub in several parts.
        hubs = tuple(dict.fromkeys(names[key.partition("\n")[2]] for key in keys))
        if len(hubs) == 1:
            rows.append(_Row("Polygons", code, hubs[0]))
        else:
            twice[code] = hubs
    if twice:
        listed = "; ".join(f"{code} ({' and '.join(hubs)})" for code, hubs in [*twice.items()][:5])
        reading.notes.append(
            f"Practices in polygons of more than one hub, left unassigned: {len(twice)}, namely "
            f"{listed}{'; and more' if len(twice) > 5 else ''}."
        )
    rest = len(claimed.nobody)
    if rest:
        reading.notes.append(f"Practices in no polygon, left unassigned: {rest:,}.")
    filled = {row.hub for row in rows}
    empty = [name for name in names.values() if name not in filled]
    if empty:
        reading.notes.append(
            f"Without a practice: {', '.join(_short(name) for name in empty[:8])}."
        )
    hubs_found = tuple({"name": name} for name in names.values())
    return _Table(tuple(rows), "polygon", "property hub", hubs_found, twice)


def _file_crs(data: Mapping[str, Any], features: Iterable[_Feature], reading: _Reading) -> int:
    """4326, or 27700 where the file says so or its figures are too large for degrees."""
    member = data.get("crs")
    named = ""
    if isinstance(member, dict) and isinstance(member.get("properties"), dict):
        named = str(member["properties"].get("name", ""))
    if "27700" in named:
        return 27700
    if named and not any(known in named for known in ("4326", "CRS84", "84")):
        reading.refuse(
            f"The coordinates are in '{_short(named)}'. Save the GeoJSON in WGS 84 (EPSG:4326)."
        )
    places = [place for feature in features if (place := _first_place(feature.geometry))]
    on_grid = [0 <= x <= 700_000 and 0 <= y <= 1_300_000 for x, y in places]
    in_degrees = [abs(x) <= 180 and abs(y) <= 90 for x, y in places]
    if places and all(on_grid) and not any(in_degrees):
        reading.notes.append(
            "The coordinates were taken as British National Grid (EPSG:27700): they are too large "
            "for degrees."
        )
        return 27700
    return 4326


def _first_place(geometry: Mapping[str, Any]) -> tuple[float, float] | None:
    place = geometry.get("coordinates")
    for _ in range(4):
        if not isinstance(place, list) or not place:
            return None
        if isinstance(place[0], (int, float)):
            break
        place = place[0]
    if (
        isinstance(place, list)
        and len(place) >= 2
        and all(isinstance(value, (int, float)) for value in place[:2])
    ):
        return place[0], place[1]
    return None


def _json(content: bytes, reading: _Reading) -> Any:
    text = _decoded(content, reading)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reading.refuse(
            f"Row {error.lineno}, column {error.colno}: this is not valid JSON ({error.msg}). "
            "Export the GeoJSON again."
        )
    except (RecursionError, ValueError):
        reading.refuse("The JSON is nested too deeply or has a number that is far too long.")


def _hub_member(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The hubs that our own GeoJSON carries beside its features."""
    member = data.get("hubs")
    if not isinstance(member, list) or not all(isinstance(hub, dict) for hub in member):
        return ()
    return tuple(member[: MAX_HUBS + 1])


# --- the plan ---


def _assemble(
    table: _Table,
    practices: pd.DataFrame,
    reading: _Reading,
    *,
    area: Area | None,
    skip_unknown: bool,
) -> PlanImport:
    known = {str(code).upper(): str(code) for code in practices.index}
    hub_of: dict[str, str | None] = {}
    first_at: dict[str, str] = {}
    spelling: dict[str, str] = {}
    other_spellings: dict[str, None] = {}
    skipped: dict[str, None] = {}
    for row in table.rows:
        code, hub = row.code.strip().upper(), row.hub.strip()
        if not code and not hub:
            continue
        if not code:
            reading.faults.append(
                f"{row.at}, {table.code_at}: no practice code for hub '{_short(hub)}'. "
                "Add the code or remove the row."
            )
            continue
        name = _hub_name(hub, row.at, table.hub_at, reading)
        if name is not None:
            spelled = spelling.setdefault(name_key(name), name)
            if spelled != name:
                other_spellings[f"'{_short(name)}' as '{_short(spelled)}'"] = None
            name = spelled
        if code in first_at:
            reading.faults.append(
                _said_twice(code, row.at, first_at[code], hub_of.get(code), name, table.code_at)
            )
            continue
        first_at[code] = row.at
        hub_of[code] = name
        if code not in known:
            if skip_unknown:
                skipped[code] = None
            else:
                reading.unknown.append(code)
                reading.faults.append(_unknown(code, row.at, table.code_at, known, reading))
    reading.check()
    if not first_at and not table.hubs:
        reading.refuse(f"The file has a heading but no practices. {_NEEDS}")
    assigned = {
        known[code]: name
        for code, name in hub_of.items()
        if name is not None and code not in skipped
    }
    plan = _plan(assigned, table.hubs, reading)
    if reading.formulas:
        listed = ", ".join(_short(name) for name in [*reading.formulas][:5])
        reading.notes.append(f"Hub names that look like formulas were taken as text: {listed}.")
    if other_spellings:
        listed = ", ".join([*other_spellings][:5])
        reading.notes.append(f"Hubs that differ in spelling only were taken as one: {listed}.")
    if skipped:
        listed = ", ".join([*skipped][:5])
        reading.notes.append(f"Practices not in the data, left out: {len(skipped)} ({listed}).")
    blank = sum(1 for name in hub_of.values() if name is None)
    if blank:
        reading.notes.append(f"Practices without a hub in the file, left unassigned: {blank}.")
    if area is not None:
        reading.notes += _area_notes(plan, hub_of, practices, area)
    return PlanImport(
        plan, tuple(reading.notes), MappingProxyType(dict(table.twice)), tuple(skipped)
    )


def _hub_name(hub: str, at: str, hub_at: str, reading: _Reading) -> str | None:
    """The hub's name; None where unassigned, or where the name is a fault."""
    if not hub or name_key(hub) in NO_HUB:
        return None
    try:
        return clean_name(hub)
    except PlanError as error:
        reading.faults.append(f"{at}, {hub_at}: {error}")
        return None


def _said_twice(
    code: str, at: str, first: str, one: str | None, other: str | None, code_at: str
) -> str:
    if one == other:
        return f"{at}, {code_at}: {_short(code)} is there already ({first.lower()}). Remove one."
    return (
        f"{at}, {code_at}: {_short(code)} is in two hubs, '{_short(one or 'none')}' "
        f"({first.lower()}) and '{_short(other or 'none')}'. Keep one of them."
    )


def _unknown(code: str, at: str, code_at: str, known: Mapping[str, str], reading: _Reading) -> str:
    # Only what will be shown is worth the search.
    close = (
        difflib.get_close_matches(code[:20], known, n=3, cutoff=0.8)
        if len(reading.faults) < MAX_FAULTS
        else []
    )
    near = f" (there is {', '.join(close)})" if close else ""
    return (
        f"{at}, {code_at}: the data has no practice '{_short(code)}'{near}. Correct or remove it."
    )


def _plan(
    assigned: Mapping[str, str], hubs: Sequence[Mapping[str, Any]], reading: _Reading
) -> Plan:
    """The plan, with the hubs that the file describes first, in its order and colours."""
    names = pd.Series(assigned, dtype="str")
    try:
        plain = Plan.from_series(names)
        if not hubs:
            return plain
        described = _described_hubs(hubs)
    except PlanError as error:
        if not hubs:
            reading.refuse(str(error))
        reading.notes.append(f"Colours and notes of the hubs were not taken over: {error}")
        return plain
    plan = Plan(described)
    for hub in plain.hubs:
        if plan.hub_by_name(hub.name) is None:
            plan = plan.add_hub(hub.name)
    ids = {name_key(hub.name): hub.id for hub in plan.hubs}
    return plan.changed({code: ids[name_key(name)] for code, name in assigned.items()})


def _described_hubs(items: Sequence[Mapping[str, Any]]) -> tuple[Hub, ...]:
    return tuple(
        Hub(
            id=str(item.get("id", f"h{number}")),
            name=item.get("name", ""),
            colour=item.get("colour", PALETTE[(number - 1) % len(PALETTE)]),
            note=item.get("note", ""),
            locked=item.get("locked", False),
        )
        for number, item in enumerate(items, start=1)
    )


def _area_notes(
    plan: Plan, hub_of: Mapping[str, str | None], practices: pd.DataFrame, area: Area
) -> list[str]:
    inside = set(area.select(practices).index)
    outside = [code for code in plan.assignment if code not in inside]
    absent = [code for code in inside if code not in hub_of and code not in plan.assignment]
    notes = []
    if outside:
        notes.append(f"Practices of the plan outside {area.label}, kept: {len(outside)}.")
    if absent:
        notes.append(
            f"Practices of {area.label} that are not in the file, left unassigned: {len(absent)} "
            f"of {len(inside)}."
        )
    return notes


def _shown_name(name: str) -> str:
    text = "".join(character if character.isprintable() else "?" for character in name)
    return _short(text, 80) or "The file"


def _short(value: object, limit: int = 40) -> str:
    text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
