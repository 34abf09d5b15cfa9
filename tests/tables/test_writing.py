"""A file is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pcs_dash.tables.errors import UserError
from pcs_dash.tables.writing import replace_whole, write_whole


@pytest.mark.parametrize("write", [write_whole, replace_whole])
def test_what_stands_there_is_replaced(write, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    write(path, b"old")
    write(path, "n\u00e9w\n")
    assert path.read_bytes() == b"n\xc3\xa9w\n"
    assert [item.name for item in tmp_path.iterdir()] == ["plan.csv"]


def test_a_disk_that_is_full_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.csv"
    write_whole(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(UserError, match="No space left"):
            write_whole(path, b"newer")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["plan.csv"]


def test_a_place_that_can_t_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "none" / "plan.csv", tmp_path / "folder"):
        with pytest.raises(UserError, match=f"{place} can't be written: .*folder that is there"):
            write_whole(place, b"x")
    assert [item.name for item in tmp_path.iterdir()] == ["folder"]


def test_a_written_file_is_as_readable_as_any_new_one(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "whole", b"")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode
