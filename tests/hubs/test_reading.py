"""Bad input: each fault has a clear message with its place, and nothing but a UserError comes
out.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
import xlwt
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.reading import (
    CrossingShapeError,
    PlanReading,
    UnknownPracticeError,
    read_plan,
    read_plan_file,
)
from pcs_dash.hubs.reading.faults import MAX_FAULTS
from pcs_dash.hubs.reading.sheet import MAX_BYTES, MAX_CELLS
from pcs_dash.hubs.reading.workbooks import MAX_UNPACKED_BYTES
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.errors import InputFileError, UserError


def read(practices: pd.DataFrame, text: str | bytes, **options: Any) -> PlanReading:
    content = text.encode() if isinstance(text, str) else text
    return read_plan("plan.csv", content, practices, **options)


def hubs(found: PlanReading) -> dict[str, list[str]]:
    return {hub.name: list(found.plan.members(hub.id)) for hub in found.plan.hubs}


def workbook(rows: list[list[Any]], title: str = "Sheet1") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def collection(*features: dict[str, Any], **members: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **members}).encode()


def square(hub: Any, west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "properties": {"hub": hub},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


BOWTIE = {
    "type": "Feature",
    "properties": {"hub": "Bow"},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[0.2, 51.4], [0.6, 51.6], [0.6, 51.4], [0.2, 51.6], [0.2, 51.4]]],
    },
}

PLAIN = "practice_code,hub\nF81010,North\nF81082,South\nF81088,\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        "\ufeff" + PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        "sep=;\n" + PLAIN.replace(",", ";"),
        "\n\n" + PLAIN + "\n,\n",
        PLAIN.replace("practice_code,hub", "Practice Code,HUB"),
        PLAIN.replace("F81010,North", '"f81010 ","  North "'),
        "list,hub,practice_code,note\n1,North,F81010,=x\n2,South,F81082,\n3,NaN,F81088,\n",
        PLAIN.replace("F81088,", "F81088,Unassigned"),
        PLAIN.replace("F81088,", "F81088,nan"),
    ],
)
def test_the_same_plan_in_many_hands(practices: pd.DataFrame, text: str) -> None:
    found = read(practices, text)
    assert hubs(found) == {"North": ["F81010"], "South": ["F81082"]}
    (note,) = found.notes
    assert note.startswith("Practices without a hub in the file, left unassigned: 1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "plan.csv: The file is empty"),
        ("\ufeff \r\n", "The file is empty"),
        ("practice_code,hub\n", "no practices"),
        ("when,hub\nMay,A\n", r"Row 1: no column with practice codes \(there is 'when', 'hub'\)"),
        ("practice_code\nF81010\n", "Row 1: the heading has no column for the hubs"),
        ("practice_code,hub,hub\nF81010,A,B\n", r"Row 1.*'hub \(column B\)', 'hub \(column C\)'"),
        (
            "ODS code,practice_code,hub\nF81010,F81082,A\n",
            "Row 1.*codes more than once, in 'ODS code' and 'practice_code', and they differ",
        ),
        ("practice_code,hub\nF99999,A\n", "Row 2, column 'practice_code': .*'F99999'"),
        ("practice_code,hub\nF810100,A\n", r"\(perhaps .*F81010.*\)"),
        ("practice_code,hub\nF81010,A\nF81010,B\n", r"Row 3.*two hubs, 'A' \(row 2\) and 'B'"),
        ("practice_code,hub\nF81010,A\nF81010,\n", r"Row 3.*two hubs, 'A' \(row 2\) and 'none'"),
        ("practice_code,hub\n,A\n", "Row 2, column 'practice_code': no practice code for hub 'A'"),
        ("practice_code,hub\nF81010,A,B\n", "Row 2: 3 fields under 2 headings.*double quotes"),
        ("practice_code,hub\nF81010\n", "Row 2: 1 fields under 2 headings.*'hub' is missing"),
        ('practice_code,hub\nF81010,"A\n', "Row 2: .*double quote"),
        ("practice_code,hub\nF81010,A\x07B\n", "Row 2, column 'hub': .*can't be shown"),
        ("practice_code,hub\nF81010," + "x" * 200, "Row 2, column 'hub': .*120"),
        ("hello", "Row 1: no column with practice codes"),
        ("<html></html>", "a web page"),
        ("<gml></gml>", "XML of a kind that holds no plan"),
        ("{\\rtf1 x}", "a text document"),
        ("{}", "not a GeoJSON FeatureCollection"),
        ("[1, 2", "Row 1, column 6: this is not valid JSON"),
        ("[" * 50_000, "nested too deeply"),
    ],
)
def test_faults_of_a_text_name_row_and_column(
    practices: pd.DataFrame, text: str, expected: str
) -> None:
    with pytest.raises(InputFileError, match=expected):
        read(practices, text)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("practice_code,hub\nF81010,A\nF81082,Café\n".encode("latin-1"), "Row 3, column 2.*UTF-8"),
        (b"\xef\xbb\xbfpractice_code,hub\n\xff81010,A\n", "Row 2, column 1: .*0xff"),
        (PLAIN.encode("utf-16-le"), "UTF-16"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old Office file.*with a password"),
        (b"\x1f\x8b\x08" + bytes(50), "gzip file is damaged"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (b"SQLite format 3\x00", "map file is damaged"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"PK\x05\x06" + bytes(18), "no table inside the zip"),
        (b"a" * (MAX_BYTES + 1), r"10\.0 MB; the most is 10 MB"),
        (b"practice_code,hub\n" + b"F81010,A\n" * 20_001, "more than 20,000 rows"),
    ],
)
def test_faults_of_other_content(practices: pd.DataFrame, content: bytes, expected: str) -> None:
    with pytest.raises(InputFileError, match=expected):
        read(practices, content)


def zipped(**files: str | bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


def test_a_zip_is_opened_where_a_plan_is_in_it(practices: pd.DataFrame) -> None:
    found = read(practices, zipped(**{"mine/plan.csv": PLAIN, "read me.txt": "A plan."}))
    assert hubs(found) == {"North": ["F81010"], "South": ["F81082"]}
    assert found.kind == "CSV in a zip"
    found = read(practices, gzip.compress(PLAIN.encode()))
    assert hubs(found) == {"North": ["F81010"], "South": ["F81082"]}
    with pytest.raises(InputFileError, match="no column with practice codes"):
        read(practices, zipped(**{"read me.txt": "A plan."}))


def test_of_two_plans_in_a_zip_the_first_is_read_and_the_other_told(
    practices: pd.DataFrame,
) -> None:
    content = zipped(**{"a.csv": PLAIN, "b.csv": PLAIN.replace("North", "Other")})
    found = read(practices, content)
    assert found.sheets == ("a.csv", "b.csv")
    assert "Others could be: 'b.csv'." in " ".join(found.notes)
    assert list(hubs(read(practices, content, sheet="b.csv"))) == ["Other", "South"]
    with pytest.raises(InputFileError, match=r"no sheet or layer 'c'.*a\.csv, b\.csv"):
        read(practices, content, sheet="c")


def test_an_archive_in_an_archive_and_a_bomb_are_refused(practices: pd.DataFrame) -> None:
    with pytest.raises(InputFileError, match="unpack"):
        read(practices, zipped(**{"plan.csv": b"\n" * (MAX_UNPACKED_BYTES + 1)}))
    with pytest.raises(InputFileError, match="10 MB"):
        read(practices, zipped(**{"plan.csv": b"\n" * (MAX_BYTES + 1)}))


def test_text_of_windows_that_says_what_it_is(practices: pd.DataFrame) -> None:
    # What Excel calls "Unicode text": tabs, UTF-16 with its mark.
    found = read(practices, PLAIN.replace(",", "\t").encode("utf-16"))
    assert hubs(found) == {"North": ["F81010"], "South": ["F81082"]}


def test_all_faults_come_at_once_up_to_a_number(practices: pd.DataFrame) -> None:
    text = "practice_code,hub\nF81010,A\nF81010,B\n,C\nX1,D\n"
    with pytest.raises(InputFileError) as caught:
        read(practices, text)
    assert [problem[:5] for problem in caught.value.problems] == ["Row 3", "Row 4", "Row 5"]
    many = "practice_code,hub\n" + "".join(f"X{number},A\n" for number in range(50))
    with pytest.raises(InputFileError) as caught:
        read(practices, many)
    assert len(caught.value.problems) == MAX_FAULTS + 1
    assert "30 more" in caught.value.problems[-1]


def test_unknown_practices_can_be_left_out_on_request(practices: pd.DataFrame) -> None:
    text = "practice_code,hub\nF81010,A\nX1,A\nX2,B\n"
    with pytest.raises(UnknownPracticeError) as caught:
        read(practices, text)
    assert caught.value.codes == ("X1", "X2")
    found = read(practices, text, unknown="leave out")
    assert hubs(found) == {"A": ["F81010"]}
    assert [(row.at, row.given, row.hub) for row in found.unknown] == [
        ("Row 3", "X1", "A"), ("Row 4", "X2", "B"),
    ]  # fmt: skip
    assert found.not_in_data == "Practices not in the data, left out: 2 (X1; X2)."
    assert found.called == "plan (without 2 unknown practices)"


def test_unknown_codes_can_be_kept_for_their_successors(practices: pd.DataFrame) -> None:
    found = read(practices, "practice_code,hub\nF81999,A\nTotal,B\n", unknown="keep")
    assert hubs(found) == {"A": ["F81999"]}
    assert [row.given for row in found.unknown] == ["F81999", "TOTAL"]
    assert found.practices == 0


def test_names_are_text_whatever_they_look_like(practices: pd.DataFrame) -> None:
    name = "<img src=x onerror=alert(1)>${alert(2)}"
    text = f"practice_code,hub\nF81010,=1+1\nF81082,'=1+1\nF81088,{name}\nF81110,'a'\n"
    found = read(practices, text)
    # An apostrophe before a formula is what our own exports put there.
    assert hubs(found) == {"=1+1": ["F81010", "F81082"], name: ["F81088"], "'a'": ["F81110"]}
    assert any("formulas were taken as text: =1+1" in note for note in found.notes)


def test_spellings_of_one_hub_are_joined_and_said(practices: pd.DataFrame) -> None:
    found = read(practices, "practice_code,hub\nF81010,North  East\nF81082,NORTH EAST\n")
    assert hubs(found) == {"North East": ["F81010", "F81082"]}
    assert found.notes == (
        "Hubs that differ in spelling only were taken as one: 'NORTH EAST' as 'North East'.",
    )


def test_notes_on_the_area(practices: pd.DataFrame) -> None:
    area = find_area("Thurrock")
    found = read(practices, "practice_code,hub\nF81010,A\nF81001,A\n", area=area)
    assert found.notes == (
        "Practices of the file outside Thurrock, kept in the plan: 1 (F81001 in Castle Point and "
        "Rochford).",
        "Practices of Thurrock that are not in the file, left unassigned: 25 of 26.",
    )


# --- on disk ---


def test_a_file_on_disk(practices: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text(PLAIN)
    assert hubs(read_plan_file(path, practices)) == {"North": ["F81010"], "South": ["F81082"]}
    with pytest.raises(InputFileError, match=r"^none\.csv: There is no such file"):
        read_plan_file(tmp_path / "none.csv", practices)
    with pytest.raises(InputFileError, match="folder"):
        read_plan_file(tmp_path, practices)


def test_200_mb_are_not_read(practices: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(200_000_000)
    with pytest.raises(InputFileError, match=r"huge\.csv: The file has 200\.0 MB"):
        read_plan_file(path, practices)


# --- Excel ---


def test_a_workbook_with_a_title_above_the_heading(practices: pd.DataFrame) -> None:
    rows = [
        ["My plan"],
        [],
        ["Hub", "Practice code"],
        [1, "F81010"],
        [2.0, "f81082"],
        [None, "F81088"],
    ]
    found = read(practices, workbook(rows))
    assert hubs(found) == {"1": ["F81010"], "2": ["F81082"]}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["practice_code", "hub"], ["F81010", "=A1"]], "row 2, column 'hub': a formula"),
        ([["practice_code", "hub"], ["F81010", "#N/A"]], "row 2, column 'hub': an error"),
        ([["practice_code", "hub"], ["X1", "A"]], "Sheet 'Sheet1', row 2, column 'practice_code'"),
        ([["practice_code", "hub", "hub"], ["F81010", "A", "B"]], "row 1.*several columns"),
        ([["when", "hub"], ["May", "A"]], "Sheet 'Sheet1', row 1: no column with practice codes"),
        ([], "no column with practice codes"),
        ([["practice_code", "hub"]], "no practices"),
    ],
)
def test_faults_of_a_workbook_name_sheet_row_and_column(
    practices: pd.DataFrame, rows: list[list[Any]], expected: str
) -> None:
    with pytest.raises(InputFileError, match=expected):
        read(practices, workbook(rows))


def repacked(content: bytes, **changed: bytes) -> bytes:
    """The workbook with parts replaced or added."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            new.writestr(entry, changed.pop(entry, old.read(entry)))
        for entry, part in changed.items():
            new.writestr(entry, part)
    return stream.getvalue()


def test_a_bomb_is_not_unpacked(practices: pd.DataFrame) -> None:
    plan = workbook([["practice_code", "hub"], ["F81010", "A"]])
    bomb = repacked(plan, **{"xl/media/image1.bin": bytes(MAX_UNPACKED_BYTES)})
    assert len(bomb) < 100_000
    with pytest.raises(InputFileError, match="unpacks to 30 MB"):
        read(practices, bomb)


@pytest.mark.parametrize(
    ("part", "content", "says"),
    [
        (
            "xl/worksheets/sheet1.xml",
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            b"<sheetData><row>" + b"<c/>" * (MAX_CELLS + 1) + b"</row></sheetData></worksheet>",
            "has more cells or rows than any plan and was not read",
        ),
        ("xl/sharedStrings.xml", b"<sst>" + b"<si/>" * (MAX_CELLS + 1), "more than 200,000 texts"),
        ("xl/styles.xml", b"<x/>" * 1_000_001, "xl/styles.xml has 4 MB, as no plan's has"),
    ],
)
def test_a_small_file_of_much_work_is_refused_before_it_is_parsed(
    practices: pd.DataFrame, part: str, content: bytes, says: str
) -> None:
    bomb = repacked(workbook([["practice_code", "hub"], ["F81010", "A"]]), **{part: content})
    assert len(bomb) < 60_000
    with pytest.raises(InputFileError, match=says):
        read(practices, bomb)


def test_merged_cells_can_t_multiply_without_end(practices: pd.DataFrame) -> None:
    plan = workbook([["practice_code", "hub"], ["F81010", "A"], *[["F81082", "B"]] * 2_000])
    with zipfile.ZipFile(io.BytesIO(plan)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    merged = b"<mergeCells>" + b'<mergeCell ref="A2:B2002"/>' * 200 + b"</mergeCells>"
    bomb = repacked(
        plan,
        **{"xl/worksheets/sheet1.xml": sheet.replace(b"</sheetData>", b"</sheetData>" + merged)},
    )
    with pytest.raises(InputFileError, match="more merged cells than any plan"):
        read(practices, bomb)


# --- other workbooks ---


def opendocument(*tables: str, styles: str = "") -> bytes:
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    content = (
        f"<office:document-content {names}><office:automatic-styles>{styles}"
        "</office:automatic-styles><office:body><office:spreadsheet>"
        f"{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet",
                  **{"content.xml": content})  # fmt: skip


def ods_row(*cells: str) -> str:
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def ods_cell(text: str, rows: int = 1) -> str:
    span = (
        f' table:number-rows-spanned="{rows}" table:number-columns-spanned="1"' if rows > 1 else ""
    )
    return f"<table:table-cell{span}><text:p>{text}</text:p></table:table-cell>"


COVERED = "<table:covered-table-cell/>"


def test_merged_cells_and_hidden_sheets_of_opendocument(practices: pd.DataFrame) -> None:
    styles = (
        '<style:style style:name="ta1" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>'
    )
    heading = ods_row(ods_cell("hub"), ods_cell("practice_code"))
    old = f'<table:table table:name="Old" table:style-name="ta1">{heading}' + (
        ods_row(ods_cell("Old"), ods_cell("F81010")) + "</table:table>"
    )
    new = f'<table:table table:name="New">{heading}' + "".join(
        [
            ods_row(ods_cell("North", rows=2), ods_cell("F81010")),
            ods_row(COVERED, ods_cell("F81082")),
            ods_row(ods_cell("South"), ods_cell("F81088")),
            "</table:table>",
        ]
    )
    found = read(practices, opendocument(old, new, styles=styles))
    assert hubs(found) == {"North": ["F81010", "F81082"], "South": ["F81088"]}
    assert found.notes == ("Sheet or layer 'New' was read. Others could be: 'Old' (hidden).",)
    assert list(hubs(read(practices, opendocument(old, new, styles=styles), sheet="old"))) == [
        "Old"
    ]


def test_an_opendocument_that_unrolls_is_refused(practices: pd.DataFrame) -> None:
    cell = ods_cell("x").replace("cell>", 'cell table:number-columns-repeated="3000">', 1)
    rows = f'<table:table-row table:number-rows-repeated="900">{cell}</table:table-row>'
    bomb = opendocument(f'<table:table table:name="Sheet1">{rows}</table:table>')
    assert len(bomb) < 2_000
    with pytest.raises(InputFileError, match="too large a table"):
        read(practices, bomb)


def test_an_old_workbook_is_read_with_its_merged_cells(practices: pd.DataFrame) -> None:
    book = xlwt.Workbook()
    hidden, sheet = book.add_sheet("Old"), book.add_sheet("New")
    hidden.visibility = 1
    for one, hub in ((hidden, "Old"), (sheet, "North")):
        one.write(0, 0, "hub")
        one.write(0, 1, "practice_code")
        one.write_merge(1, 2, 0, 0, hub)
        one.write(1, 1, "F81010")
        one.write(2, 1, "F81082")
    sheet.write(3, 0, 3.0)
    sheet.write(3, 1, "F81088")
    book.active_sheet = 1
    stream = io.BytesIO()
    book.save(stream)
    found = read(practices, stream.getvalue())
    assert hubs(found) == {"3": ["F81088"], "North": ["F81010", "F81082"]}
    assert found.kind == "Excel workbook (.xls)"
    assert found.sheets == ("New", "Old")


def test_entities_that_expand_are_refused(practices: pd.DataFrame) -> None:
    plan = workbook([["practice_code", "hub"], ["F81010", "A"]])
    laughs = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">]><l>&a;</l>'
    with pytest.raises(InputFileError, match="declarations"):
        read(practices, repacked(plan, **{"xl/sharedStrings.xml": laughs}))


def test_a_sheet_that_claims_a_million_rows_is_read_in_bounds(practices: pd.DataFrame) -> None:
    rows: list[list[Any]] = [["practice_code", "hub"], ["F81010", "A"]]
    rows += [[]] * 3
    plan = workbook(rows)
    with zipfile.ZipFile(io.BytesIO(plan)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    far = sheet.replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    assert far != sheet
    found = read(practices, repacked(plan, **{"xl/worksheets/sheet1.xml": far}))
    assert hubs(found) == {"A": ["F81010"]}


# --- GeoJSON ---


def test_polygons_claim_what_lies_inside(practices: pd.DataFrame) -> None:
    found = read(
        practices,
        collection(square("West", 0.2, 51.4, 0.45, 51.6), square("East", 0.45, 51.4, 0.7, 51.6)),
    )
    place = practices[["longitude", "latitude"]]
    band = place["latitude"].between(51.4, 51.6)
    west = practices.index[band & place["longitude"].between(0.2, 0.45)]
    east = practices.index[band & place["longitude"].between(0.45, 0.7)]
    assert hubs(found) == {"West": list(west), "East": list(east)}
    assert [hub.name for hub in found.plan.hubs] == ["West", "East"]


@pytest.mark.parametrize("ending", ["gpkg", "geojson"])
def test_shapes_without_any_field_are_numbered(
    practices: pd.DataFrame, tmp_path: Path, ending: str
) -> None:
    """A layer that was drawn and saved, without a table behind it."""
    halves = [shapely.box(0.2, 51.4, 0.45, 51.6), shapely.box(0.45, 51.4, 0.7, 51.6)]
    drawn = gpd.GeoDataFrame(geometry=halves, crs=4326)
    drawn.to_file(tmp_path / f"drawn.{ending}")
    found = read(practices, (tmp_path / f"drawn.{ending}").read_bytes())
    place = shapely.points(practices["longitude"], practices["latitude"])
    west, east = (list(practices.index[shapely.contains(half, place)]) for half in halves)
    assert hubs(found) == {"Hub 1": west, "Hub 2": east}
    assert len(west) > 0


def test_twice_claimed_practices_are_listed_and_unassigned(practices: pd.DataFrame) -> None:
    found = read(
        practices,
        collection(square("West", 0.2, 51.4, 0.5, 51.6), square("East", 0.4, 51.4, 0.7, 51.6)),
    )
    place = practices[["longitude", "latitude"]]
    both = practices.index[
        place["latitude"].between(51.4, 51.6) & place["longitude"].between(0.4, 0.5)
    ]
    assert len(both) > 0
    assert set(found.twice_claimed) == set(both)
    assert set(found.twice_claimed.values()) == {("West", "East")}
    assert not set(both) & set(found.plan.assignment)
    assert any(f"more than one hub, left unassigned: {len(both)}" in note for note in found.notes)


def test_parts_of_one_hub_claim_together(practices: pd.DataFrame) -> None:
    found = read(
        practices,
        collection(square("All", 0.2, 51.4, 0.5, 51.6), square("all", 0.4, 51.4, 0.7, 51.6)),
    )
    assert not found.twice_claimed
    assert list(hubs(found)) == ["All"]


@pytest.mark.parametrize("crs", [None, "urn:ogc:def:crs:EPSG::27700"])
def test_national_grid_is_known_by_its_size_or_name(
    practices: pd.DataFrame, crs: str | None
) -> None:
    members = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    found = read(
        practices, collection(square("Grid", 550_000, 175_000, 580_000, 195_000), **members)
    )
    inside = practices["easting"].between(550_000, 580_000) & practices["northing"].between(
        175_000, 195_000
    )
    assert hubs(found) == {"Grid": list(practices.index[inside])}
    assert any("British National Grid" in note for note in found.notes) == (crs is None)


def test_a_crossing_polygon_is_named_and_can_be_repaired(practices: pd.DataFrame) -> None:
    content = collection(square("Far", 0.7, 51.5, 0.8, 51.6), BOWTIE)
    with pytest.raises(
        CrossingShapeError, match=r"Feature 2 \('Bow'\): its line crosses itself.*QGIS"
    ):
        read(practices, content)
    found = read(practices, content, repair=True)
    assert found.plan.members("h2")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (collection(), "no features"),
        (collection(square(None, 0.2, 51.4, 0.5, 51.6)), "Feature 1, property hub: .*name"),
        (collection(square("A", 51.4, 0.2, 51.6, 0.5)), r"Feature 1 \('A'\) has latitude before"),
        (collection(square("A", 1e6, 1e6, 2e6, 2e6)), r"Feature 1 \('A'\) is not in longitude"),
        (
            collection({"type": "Feature", "properties": {"hub": "A"}, "geometry": None}),
            "neither practice codes nor polygons",
        ),
        (
            collection(
                {
                    "type": "Feature",
                    "properties": {},
                    "geometry": {"type": "Point", "coordinates": [0, 51]},
                }
            ),
            "neither practice codes nor polygons",
        ),
        (
            collection(
                square("A", 0, 51, 1, 52), crs={"type": "name", "properties": {"name": "EPSG:3035"}}
            ),
            "EPSG:3035",
        ),
        (
            collection(
                {"type": "Feature", "properties": {"practice_code": "F81010"}, "geometry": None}
            ),
            r"no column for the hubs \(it has 'practice_code'\)",
        ),
        (
            collection(
                {
                    "type": "Feature",
                    "properties": {"practice_code": "X1", "hub": "A"},
                    "geometry": None,
                }
            ),
            "Feature 1, property 'practice_code': .*'X1'",
        ),
        (b'{"type": "Topology"}', "TopoJSON.*GeoJSON"),
    ],
)
def test_faults_of_geojson_name_the_feature(
    practices: pd.DataFrame, content: bytes, expected: str
) -> None:
    with pytest.raises(InputFileError, match=expected):
        read(practices, content)


def test_points_with_codes_decide(practices: pd.DataFrame) -> None:
    point = {
        "type": "Feature",
        "geometry": None,
        "properties": {"practice_code": "F81010", "hub": "A"},
    }
    loose = {
        "type": "Feature",
        "geometry": None,
        "properties": {"practice_code": "F81082", "hub": None},
    }
    found = read(practices, collection(point, loose, square("B", 0.2, 51.4, 0.5, 51.6)))
    assert hubs(found) == {"A": ["F81010"]}
    assert any("practices decide" in note for note in found.notes)


def test_what_the_file_says_of_hubs_is_not_trusted(practices: pd.DataFrame) -> None:
    point = {
        "type": "Feature",
        "geometry": None,
        "properties": {"practice_code": "F81010", "hub": "A"},
    }
    found = read(practices, collection(point, hubs=[{"name": "A", "colour": "url(javascript:x)"}]))
    assert hubs(found) == {"A": ["F81010"]}
    assert found.plan.hubs[0].colour.startswith("#")
    assert any("not taken over" in note for note in found.notes)


# --- other map files ---

KML = """<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Folder><name>One</name>{west}</Folder><Folder><name>Two</name>{east}</Folder></Document></kml>"""
MARK = """<Placemark><name>{name}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>
{west},51.4 {east},51.4 {east},51.6 {west},51.6 {west},51.4
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"""


def test_the_folders_of_a_kml_are_read_together(practices: pd.DataFrame) -> None:
    west = MARK.format(name="West", west=0.2, east=0.45)
    text = KML.format(west=west, east=MARK.format(name="East", west=0.45, east=0.7))
    found = read(practices, text)
    assert list(hubs(found)) == ["West", "East"]
    assert len(found.plan.assignment) > 50
    assert hubs(read(practices, zipped(**{"doc.kml": text}))) == hubs(found)


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE kml [<!ENTITY a 'x'>]><kml>&a;</kml>",
        "<kml><OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource></kml>",
    ],
)
def test_a_kml_that_points_elsewhere_is_refused(practices: pd.DataFrame, text: str) -> None:
    with pytest.raises(InputFileError, match="declarations that no map program writes"):
        read(practices, text)


@pytest.mark.parametrize(
    ("crs", "said"), [(4326, True), (27700, True), (3857, True), (27700, False)]
)
def test_a_shapefile_in_any_projection(
    practices: pd.DataFrame, tmp_path: Path, crs: int, said: bool
) -> None:
    shapes = gpd.GeoDataFrame(
        {"Zone": ["West", "East"]},
        geometry=[shapely.box(0.2, 51.4, 0.45, 51.6), shapely.box(0.45, 51.4, 0.7, 51.6)],
        crs=4326,
    ).to_crs(crs)
    shapes.to_file(tmp_path / "hubs.shp")
    if not said:
        (tmp_path / "hubs.prj").unlink()
    files = {f"{path.name}": path.read_bytes() for path in tmp_path.iterdir()}
    found = read(practices, zipped(**{f"Export/{name}": part for name, part in files.items()}))
    # Edges of another projection are straight in it: practices near one may change sides.
    place = practices[["longitude", "latitude"]]
    inside = place["latitude"].between(51.41, 51.59) & place["longitude"].between(0.21, 0.69)
    assert len(found.plan.assignment) == pytest.approx(inside.sum(), abs=6)
    assert found.column == "Zone"
    assert any("British National Grid" in note for note in found.notes) != said


def test_a_part_of_a_shapefile_alone_says_what_is_missing(practices: pd.DataFrame) -> None:
    with pytest.raises(InputFileError, match=r"one part of a shapefile.*into one zip"):
        read(practices, b"\x00\x00\x27\x0a" + bytes(100))


# --- whatever comes ---


def outcome(practices: pd.DataFrame, content: bytes) -> Plan | None:
    """The plan, or None for a UserError with a text; anything else fails the test."""
    try:
        return read_plan("f", content, practices, area=find_area("Thurrock")).plan
    except UserError as fault:
        assert isinstance(fault, InputFileError)
        assert str(fault).startswith("f: ")
        return None


cells = st.one_of(
    st.sampled_from(
        ["F81010", "f81082", " F81088", "X1", "", "A", "B", "nan", "=1", "'=1", '"', "\n"]
    ),
    st.text(max_size=6),
)
tables = st.lists(st.lists(cells, max_size=4), max_size=8)


@given(tables, st.sampled_from([",", ";", "\t"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
@example([["F81010", '"a']], ",", "utf-8")
def test_any_text_is_a_plan_or_a_clear_fault(
    practices: pd.DataFrame, table: list[list[str]], delimiter: str, encoding: str
) -> None:
    heading = delimiter.join(["practice_code", "hub"])
    text = "\n".join([heading, *(delimiter.join(row) for row in table)])
    outcome(practices, text.encode(encoding, errors="surrogatepass"))


@given(st.binary(max_size=200))
@example(b"PK\x03\x04")
@example(b"{}")
def test_any_bytes_are_a_plan_or_a_clear_fault(practices: pd.DataFrame, content: bytes) -> None:
    outcome(practices, content)


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
positions = st.tuples(st.floats(-0.5, 1.5), st.floats(51, 52.5)).map(list)
geometries = st.one_of(
    st.none(),
    json_like,
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Polygon", "MultiPolygon", "Point", "LineString"]),
            "coordinates": json_like
            | st.lists(st.lists(positions, min_size=3, max_size=7), max_size=2),
        }
    ),
)
features = st.one_of(
    json_like,
    st.fixed_dictionaries(
        {
            "type": st.just("Feature"),
            "properties": json_like
            | st.dictionaries(st.sampled_from(["practice_code", "hub", "name"]), json_like | cells),
            "geometry": geometries,
        }
    ),
)


@given(
    st.lists(features, max_size=4),
    st.dictionaries(st.sampled_from(["crs", "hubs", "x"]), json_like),
    st.booleans(),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_geojson_is_a_plan_or_a_clear_fault(
    practices: pd.DataFrame, items: list[Any], members: dict[str, Any], repair: bool
) -> None:
    content = json.dumps({"type": "FeatureCollection", "features": items, **members}).encode()
    try:
        read_plan("f", content, practices, repair=repair)
    except InputFileError as fault:
        assert fault.problems


excel_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.sampled_from(["F81010", "F81082", "A", "=A1", "#N/A", "practice_code", "hub"]),
)


@given(st.lists(st.lists(excel_values, max_size=4), max_size=6))
@settings(max_examples=40)
def test_any_workbook_is_a_plan_or_a_clear_fault(
    practices: pd.DataFrame, rows: list[list[Any]]
) -> None:
    outcome(practices, workbook([["practice_code", "hub"], *rows]))


@pytest.fixture(scope="module")
def sound() -> bytes:
    return workbook([["practice_code", "hub"], ["F81010", "A"], ["F81082", "B"]])


@given(place=st.integers(0, 10_000), length=st.integers(1, 40), byte=st.integers(0, 255))
@settings(max_examples=100)
def test_a_damaged_workbook_is_a_plan_or_a_clear_fault(
    practices: pd.DataFrame, sound: bytes, place: int, length: int, byte: int
) -> None:
    at = place % len(sound)
    outcome(practices, sound[:at] + bytes([byte]) * length + sound[at + length :])
    outcome(practices, sound[:at])
