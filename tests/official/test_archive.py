"""Archives: bombs, escapes, lies about size, damage. A clear error, bounded disk and memory."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path

import pytest
import samples

from pcs_dash.official.archive import InputFile, Limits, check_excel, kind_of, unpacked
from pcs_dash.official.recognise import contents
from pcs_dash.tables.errors import InputFileError, UserError


def put(tmp_path: Path, content: bytes, name: str = "download.zip") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def names(path: Path, limits: Limits | None = None) -> list[str]:
    with unpacked(path, limits=limits or Limits()) as files:
        return [file.name for file in files]


def refused(path: Path, words: str, limits: Limits | None = None) -> None:
    with pytest.raises(InputFileError, match=words):
        names(path, limits)


def test_members_are_named_after_archive_and_member(tmp_path: Path) -> None:
    path = put(tmp_path, samples.zipped({"a/x.csv": b"a,b\n", "y.csv": b"c,d\n"}))
    assert names(path) == ["download.zip: a/x.csv", "download.zip: y.csv"]


def test_the_copies_vanish(tmp_path: Path) -> None:
    with unpacked(put(tmp_path, samples.zipped({"x.csv": b"a,b\n"}))) as files:
        copy = files[0].path
        assert copy.read_bytes() == b"a,b\n"
    assert not copy.exists()


def test_a_readme_beside_the_data_is_left_out(tmp_path: Path) -> None:
    files = {"notes.pdf": b"%PDF-1.7", "x.csv": samples.QOF.encode(), "logo.png": b"\x89PNG\0\0"}
    with contents(put(tmp_path, samples.zipped(files))) as found:
        assert [item.file.name for item in found.known] == ["download.zip: x.csv"]
        assert found.unreadable == ()
        assert found.left_out == ("download.zip: notes.pdf", "download.zip: logo.png")


@pytest.mark.parametrize("name", [".", "./", "/", "..", "a/..", "\\", " ", "a" * 5_000])
def test_any_name_inside_gives_a_clear_answer(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, samples.zipped({name: samples.QOF.encode(), "b.csv": b"a,b\n"}))
    try:
        names(path)
    except UserError as fault:
        assert str(fault)


def test_a_file_without_a_name_is_refused(tmp_path: Path) -> None:
    refused(put(tmp_path, samples.zipped({".": samples.QOF.encode()})), "without a name")
    # A name ends at a zero byte, so this one is empty.
    nameless = samples.zipped({"abc": samples.QOF.encode()}).replace(b"abc", b"\0bc")
    refused(put(tmp_path, nameless), "without a name")


def test_a_spreadsheet_that_shrinks_as_no_table_does_is_refused(tmp_path: Path) -> None:
    book = samples.zipped(
        {"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b"<row/>" * 4_000_000}
    )
    refused(put(tmp_path, book, "x.xlsx"), "hundreds of times")


@pytest.mark.parametrize(
    "name", ["../../evil.csv", "/etc/passwd", "a/../../b.csv", "..\\..\\evil.csv", "C:\\x.csv"]
)
def test_names_that_point_outside_are_refused(name: str, tmp_path: Path) -> None:
    refused(put(tmp_path, samples.zipped({name: b"a,b\n"})), "points outside")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["download.zip"]


def test_a_link_inside_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("link.csv")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    refused(put(tmp_path, stream.getvalue()), "holds a link")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = samples.zipped({"x.csv": b"0" * (120 * 1024**2)})
    assert len(bomb) < 200_000
    refused(put(tmp_path, bomb), "hundreds of times its size")


def test_a_gzip_bomb_is_refused_while_it_is_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(b"0" * (120 * 1024**2), compresslevel=6)
    refused(put(tmp_path, bomb, "x.csv.gz"), "hundreds of times its size")


def test_the_total_is_bounded(tmp_path: Path) -> None:
    content = samples.zipped({f"{n}.csv": b"a,b\n" * 1000 for n in range(10)})
    refused(put(tmp_path, content), "GB, so it was not unpacked", Limits(total_bytes=20_000))


def test_the_number_of_files_is_bounded(tmp_path: Path) -> None:
    content = samples.zipped({f"{n}.csv": b"a,b\n" for n in range(600)})
    refused(put(tmp_path, content), "600 files")


def test_a_declared_size_of_10_gb_is_refused(tmp_path: Path) -> None:
    content = bytearray(samples.zipped({"x.csv": b"a,b\n1,2\n"}))
    directory = content.index(b"PK\x01\x02")
    # The size in the central directory, 4 bytes: 0xFFFFFFFE, and ten members of it.
    struct.pack_into("<I", content, directory + 24, 0xFFFFFFFE)
    refused(put(tmp_path, bytes(content)), "more than 3.0 GB")


def test_a_size_declared_too_small_is_damage(tmp_path: Path) -> None:
    content = bytearray(samples.zipped({"x.csv": b"a,b\n" * 5000}))
    directory = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, directory + 24, 10)
    refused(put(tmp_path, bytes(content)), "damaged or cut short")


def test_encryption_is_told(tmp_path: Path) -> None:
    content = bytearray(samples.zipped({"x.csv": b"a,b\n"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(mark) + offset
        content[at] |= 1
    refused(put(tmp_path, bytes(content)), "encrypted")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_told(share: float, tmp_path: Path) -> None:
    for content in (samples.zipped({"x.csv": b"a,b\n" * 500}), gzip.compress(b"a,b\n" * 5000)):
        refused(put(tmp_path, content[: int(len(content) * share)]), "damaged or cut short")


def test_archives_in_archives_end_somewhere(tmp_path: Path) -> None:
    content = b"a,b\n"
    for _ in range(5):
        content = samples.zipped({"inner.zip": content})
    refused(put(tmp_path, content), "inside archives")


def test_an_empty_zip_is_told(tmp_path: Path) -> None:
    refused(put(tmp_path, samples.zipped({})), "no table inside")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf\r\n <HTML lang=en>", "web page"),
        (b"%PDF-1.4", "PDF"),
        (samples.zipped({"xl/workbook.bin": b"x"}), "xlsb"),
        (samples.zipped({"mimetype": b"x", "content.xml": b"<a/>"}), "OpenDocument"),
    ],
)
def test_what_is_no_table_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=words):
        kind_of(put(tmp_path, content, "x"))


def test_an_excel_file_with_entities_is_refused(tmp_path: Path) -> None:
    book = samples.zipped(
        {
            "xl/workbook.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            "[Content_Types].xml": b"<a/>",
        }
    )
    refused(put(tmp_path, book, "x.xlsx"), "XML entities")


def test_an_excel_bomb_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, samples.imd_workbook(), "x.xlsx")
    with pytest.raises(InputFileError, match="Save the sheet as CSV"):
        check_excel(InputFile.of(path), limits=Limits(excel_bytes=100))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        names(tmp_path / "absent.csv")
