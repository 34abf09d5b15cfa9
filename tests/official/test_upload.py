"""Uploads: safe names, a process of its own, and nothing changed unless all went well."""

from __future__ import annotations

import os
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcs_dash.official import upload
from pcs_dash.official.store import Store
from pcs_dash.official.update import preview, update_store


@pytest.fixture(autouse=True)
def data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(folder))
    return folder


def kept(tmp_path: Path, *files: tuple[str, bytes]) -> Path:
    folder = tmp_path / "upload"
    folder.mkdir(exist_ok=True, parents=True)
    upload.keep_files(files, folder)
    return folder


SMALL = (
    ("lists", samples.LISTS_NEW.encode()),
    ("mapping-2025-08.csv", samples.MAPPING.encode()),
)


def test_look_and_load_say_and_do_the_same(tmp_path: Path) -> None:
    folder = kept(tmp_path, *SMALL, ("notes.txt", b"a,b\n1,2\n"))
    seen = upload.look(folder)
    assert seen.finished
    assert {o["source"] for o in seen.to_load} == {"list_sizes", "pcn_membership"}
    [failed] = seen.failed
    assert "fit no publication" in failed["faults"][0]
    assert Store().current() is None
    done = upload.load(folder)
    assert done.finished
    assert [o["source"] for o in done.to_load] == [o["source"] for o in seen.to_load]
    assert "Version 1 is in use" in done.words
    manifest = Store().require()
    assert manifest.latest("list_sizes") is not None
    assert "notes.txt" in manifest.notes[0]


def test_a_load_that_can_not_be_built_changes_nothing(tmp_path: Path) -> None:
    folder = kept(tmp_path, ("QOF_2022-23.csv", samples.QOF.encode()))
    seen = upload.look(folder)
    assert seen.words.startswith("These files can't be loaded alone")
    done = upload.load(folder)
    assert not done.finished
    assert "No list of practices is loaded" in done.words
    assert Store().current() is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04" + b"\0" * 100,
        samples.zipped({"../../../../tmp/out.csv": samples.QOF.encode()}),
        samples.zipped({"a.csv": b"x," * 60_000_000}),
        samples.gzipped(b"\0" * 60_000_000),
    ],
    ids=["empty", "broken zip", "traversal", "zip bomb", "gzip bomb"],
)
def test_hostile_files_are_told_and_leave_the_store_as_it_is(
    content: bytes, tmp_path: Path
) -> None:
    store = Store()
    folder = tmp_path / "first"
    folder.mkdir()
    upload.keep_files(SMALL, folder)
    update_store(store, origin=str(folder))
    before = store.require()
    done = upload.load(kept(tmp_path, ("QOF_2022-23.zip", content)))
    assert done.finished
    assert len(done.failed) == 1
    assert done.failed[0]["faults"]
    assert store.require() == before
    assert store.verify() == []


def test_a_zip_that_declares_ten_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.csv", b"x" * 100)
    content = bytearray(stream.getvalue())
    # The size unpacked, in the central directory: 4 GB less one byte, three times over.
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = b"\xfe\xff\xff\xff"
    [failed] = upload.look(kept(tmp_path, ("a.zip", bytes(content)))).failed
    assert "not unpacked" in failed["faults"][0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCS_DASH_UPLOAD_MEMORY_MB", "1200")
    # 210 MB of one short list become some gigabytes in memory.
    rows = b"GP_PRAC_PAT_LIST,2025-10-01,GP,99F,E38000000,F81001,SS7 4EA,ALL,ALL,1\n" * 3_000_000
    content = samples.LISTS_NEW.encode() + rows
    answer = upload.look(kept(tmp_path, ("lists.csv", content)))
    assert not answer.finished
    assert "more memory than 1,200 MB" in answer.words
    assert upload.look(kept(tmp_path / "small", *SMALL)).finished


def test_time_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "PREVIEW_SECONDS", 0.01)
    answer = upload.look(kept(tmp_path, *SMALL))
    assert not answer.finished
    assert "was stopped" in answer.words


def test_an_older_edition_is_loaded_when_asked_for(tmp_path: Path) -> None:
    upload.load(kept(tmp_path, *SMALL))
    folder = tmp_path / "older"
    folder.mkdir()
    upload.keep_files([("mapping-2025-05.csv", samples.MAPPING.encode() + b"\r\n")], folder)
    seen = upload.look(folder)
    assert [o["status"] for o in seen.outcomes] == ["older"]
    named = upload.look(folder, sources=["pcn_membership"])
    assert [o["status"] for o in named.to_load] == ["changed"]
    upload.load(folder, sources=["pcn_membership"])
    assert Store().entry("pcn_membership").period == "2025-05-31"


def test_the_preview_says_which_practices_and_columns_come_and_go(tmp_path: Path) -> None:
    store = Store()
    update_store(store, origin=str(kept(tmp_path, *SMALL)))
    changed = samples.MAPPING.replace("F81100", "F81105").replace(",SUPPLIER", ",GP_SYSTEM_X")
    path = tmp_path / "mapping-2025-09.csv"
    path.write_text(changed, encoding="utf-8")
    [outcome] = preview(path, store=store).outcomes
    assert (outcome.added, outcome.codes_added) == (1, ("F81105",))
    assert (outcome.removed, outcome.codes_removed) == (1, ("F81100",))
    assert (outcome.columns_added, outcome.columns_removed) == ((), ("supplier",))
    assert "pcn_code" in outcome.columns


def test_a_new_month_is_compared_with_the_newest(tmp_path: Path) -> None:
    store = Store()
    update_store(store, origin=str(kept(tmp_path, *SMALL)))
    path = tmp_path / "next"
    path.write_text(
        samples.LISTS_NEW.replace("2025-10-01", "2025-11-01").replace("F81102", "F81199"),
        encoding="utf-8",
    )
    [outcome] = preview(path, store=store).outcomes
    assert (outcome.status, outcome.period_before) == ("new", "2025-10-01")
    assert (outcome.codes_added, outcome.codes_removed) == (("F81199",), ("F81102",))


def test_a_loose_shapefile_stays_together(tmp_path: Path) -> None:
    with zipfile.ZipFile(BytesIO(samples.shapefile(tmp_path))) as archive:
        files = [(Path(n).name, archive.read(n)) for n in archive.namelist()]
    [outcome] = upload.look(kept(tmp_path, *files)).outcomes
    assert (outcome["source"], outcome["rows"]) == ("boundaries_lsoa11", 3)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(names=st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=5))
def test_any_name_is_kept_inside_the_folder(
    names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("names")
    paths = upload.keep_files([(name, b"x") for name in names], folder)
    assert len(set(paths)) == len(names)
    for path in paths:
        assert path.read_bytes() == b"x"
        assert path.resolve().is_relative_to(folder)
        assert not path.name.startswith(".")


@pytest.mark.parametrize(
    "name",
    [
        "🙂" * 300 + ".csv",
        "x." + "🙂" * 300,
        "../../etc/passwd",
        "..\\..\\x.csv",
        "/etc/x",
        "..",
        ".",
        "\0",
    ],
)
def test_names_that_point_elsewhere(name: str, tmp_path: Path) -> None:
    [path] = upload.keep_files([(name, b"x")], tmp_path)
    assert path.parent == tmp_path


def test_the_switch_and_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data_folder: Path
) -> None:
    assert upload.uploads_allowed()
    for word in ("off", "OFF", "no", "0", "false"):
        monkeypatch.setenv("PCS_DASH_UPLOADS", word)
        assert not upload.uploads_allowed()
    assert upload.unwritable(Store()) == ""
    blocked = tmp_path / "a file"
    blocked.write_bytes(b"")
    assert upload.unwritable(Store(blocked)) == "The data folder can't be written by this server."
    if os.geteuid() != 0:
        data_folder.mkdir()
        data_folder.chmod(0o500)
        assert upload.unwritable(Store())
