"""Spreadsheets of three kinds: the same table whichever it is saved as, and bounded reading."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcs_dash.official import sheets
from pcs_dash.official.archive import InputFile, kind_of
from pcs_dash.tables.errors import InputFileError, UserError
from tests.loading import load_file

NOTES: list[list[object]] = [["Source: NHS England"], [None], ["Notes", "1. See the methodology"]]
TEXTS = {
    "qof": samples.QOF, "cqc": samples.CQC, "payments": samples.PAYMENTS,
    "pcn_membership": samples.MAPPING, "qof_prevalence": samples.QOF_PREVALENCE,
}  # fmt: skip
WRITERS = {"ods": samples.ods, "xls": samples.xls}


def load(path: Path, content: bytes) -> tuple[str, pd.DataFrame]:
    path.write_bytes(content)
    loaded = load_file(path)[0]
    return loaded.source.key, loaded.table


@pytest.mark.parametrize("source", TEXTS)
@pytest.mark.parametrize("kind", WRITERS)
def test_a_table_behind_a_notes_sheet_and_a_title_is_that_of_the_csv(
    kind: str, source: str, tmp_path: Path
) -> None:
    text = TEXTS[source]
    rows = [["Table 1: as published"], [], *samples.sheet_rows(text)]
    content = WRITERS[kind]({"Notes": NOTES, "Data": rows})
    found, table = load(tmp_path / "download 2022-23", content)
    assert found == source
    _, expected = load(tmp_path / "x 2022-23.csv", text.encode())
    pd.testing.assert_frame_equal(table, expected)


@pytest.mark.parametrize("kind", WRITERS)
def test_zipped_and_named_otherwise(kind: str, tmp_path: Path) -> None:
    content = WRITERS[kind]({"Sheet": samples.sheet_rows(samples.QOF)})
    zipped = samples.zipped({"notes.txt": b"words", "QOF_2022-23.dat": content})
    source, table = load(tmp_path / "a.bin", zipped)
    assert (source, len(table)) == ("qof", 2)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_changed_layout_names_sheet_row_and_what_is_missing(kind: str, tmp_path: Path) -> None:
    changed = samples.QOF.replace("List size", "Patients")
    content = WRITERS[kind]({"Notes": NOTES, "Data": samples.sheet_rows(changed)})
    with pytest.raises(InputFileError, match=r"missing 'List size'.*sheet 'Data', row 1"):
        load(tmp_path / f"q.{kind}", content)


def test_dates_booleans_comments_and_repeated_cells_of_opendocument(tmp_path: Path) -> None:
    row = (
        '<table:table-row><table:table-cell office:value-type="date" '
        'office:date-value="2025-04-01"><text:p>1 April</text:p></table:table-cell>'
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>'
        '<table:table-cell table:number-columns-repeated="2"/>'
        '<table:table-cell office:value-type="string"><office:annotation><text:p>a remark</text:p>'
        '</office:annotation><text:p>two<text:s text:c="2"/>words</text:p><text:p>below</text:p>'
        '</table:table-cell><table:table-cell table:number-columns-repeated="2" '
        'office:value-type="percentage" office:value="0.25"><text:p>25%</text:p>'
        "</table:table-cell></table:table-row>"
    )
    path = tmp_path / "x.ods"
    path.write_bytes(samples.ods_of(f'<table:table table:name="A">{row}</table:table>'))
    [(title, [cells], hidden)] = sheets.heads(InputFile.of(path), "ods", 5)
    assert title == "A"
    assert not hidden
    assert cells == ("2025-04-01", True, None, None, "two  words\nbelow", 0.25, 0.25)


def test_the_second_of_two_sheets_of_one_name_is_left_alone(tmp_path: Path) -> None:
    table = '<table:table table:name="A">{}</table:table>'
    cell = '<table:table-cell office:value-type="float" office:value="{}"/>'
    row = f"<table:table-row>{cell}</table:table-row>"
    path = tmp_path / "x.ods"
    path.write_bytes(
        samples.ods_of(table.format(row.format(1)) + table.format(row.format(2) + row.format(3)))
    )
    with sheets.opened(InputFile.of(path), "ods") as book:
        assert list(book.rows("A")) == [(1.0,)]


def _ods_row(cell: str, rows: int = 1, columns: int = 1) -> str:
    return (
        f'<table:table-row table:number-rows-repeated="{rows}"><table:table-cell '
        f'table:number-columns-repeated="{columns}" office:value-type="string">'
        f"<text:p>{cell}</text:p></table:table-cell></table:table-row>"
    )


@pytest.mark.parametrize(
    "rows",
    [
        _ods_row("x", columns=10**9),
        _ods_row("x", rows=10**9),
        _ods_row("x", rows=10**9, columns=4_000),
        _ods_row("x" * 20_000_000),
        f'<table:table-row a="{"x" * 20_000_000}"/>',
        f"<table:table-row><table:table-cell {'a' * 1_000_000}",
    ],
    ids=["columns", "rows", "both", "a long text", "a long attribute", "cut short"],
)
def test_an_opendocument_file_that_declares_more_than_it_holds_is_refused(
    rows: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.ods"
    head = _ods_row("Practice code")
    path.write_bytes(samples.ods_of(f'<table:table table:name="A">{head}{rows}</table:table>'))
    with pytest.raises(InputFileError, match=r"too large|repeats one|damaged|hundreds of"):
        load_file(path)


def test_a_million_empty_rows_end_the_sheet(tmp_path: Path) -> None:
    text = f'<table:table table:name="A">{_ods_row("x")}' + (
        '<table:table-row table:number-rows-repeated="1048575"/>' * 50
    )
    path = tmp_path / "x.ods"
    path.write_bytes(samples.ods_of(f"{text}{_ods_row('y')}</table:table>"))
    with sheets.opened(InputFile.of(path), "ods") as book:
        rows = list(book.rows("A"))
    assert rows[0] == ("x",)
    assert len(rows) == 1 + sheets.EMPTY_ROWS_END_SHEET


def test_entities_in_opendocument_are_refused(tmp_path: Path) -> None:
    prolog = f'<!-- {"x" * 5_000} --><!DOCTYPE a [<!ENTITY b "c">]>'
    path = tmp_path / "x.ods"
    path.write_bytes(samples.ods_of('<table:table table:name="A"/>', prolog))
    with pytest.raises(InputFileError, match="XML entities"):
        load_file(path)


def test_a_text_document_and_an_old_word_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(
        samples.zipped(
            {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"}
        )
    )
    with pytest.raises(InputFileError, match="no spreadsheet"):
        load_file(path)
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2_000)
    with pytest.raises(InputFileError, match="save it as"):
        load_file(path)


CONTENT = {
    kind: write({"Data": samples.sheet_rows(samples.QOF)}) for kind, write in WRITERS.items()
}


@pytest.mark.parametrize("kind", WRITERS)
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_spreadsheets_give_a_table_or_a_clear_error(
    kind: str, data: st.DataObject, tmp_path: Path
) -> None:
    content = CONTENT[kind]
    at = data.draw(st.integers(0, len(content) - 1))
    piece = data.draw(st.binary(max_size=8))
    cut = data.draw(st.booleans())
    damaged = content[:at] + piece + (b"" if cut else content[at + len(piece) :])
    path = tmp_path / "x"
    path.write_bytes(damaged)
    try:
        load_file(path)
    except UserError as fault:
        assert "Traceback" not in str(fault)
        assert len(str(fault)) < 6_000


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    xml=st.lists(
        st.sampled_from(
            [
                '<table:table table:name="A">', "</table:table>", "<table:table-row>",
                "</table:table-row>", '<table:table-cell office:value-type="float"/>',
                '<table:table-cell office:value-type="float" office:value="1e999">',
                "</table:table-cell>", "<text:p>", "</text:p>", "<office:annotation>",
                "</office:annotation>", "words", "<text:s text:c='99999999999'/>", "&#xA0;",
            ]
        ),
        max_size=12,
    )
)  # fmt: skip
def test_any_nesting_of_opendocument_elements_is_read_or_refused(
    xml: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "x.ods"
    path.write_bytes(samples.ods_of("".join(xml)))
    assert kind_of(path) == "ods"
    with pytest.raises(UserError):
        load_file(path)
