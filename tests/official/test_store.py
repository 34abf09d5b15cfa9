"""The store: swapped at once, rolled back, and whole after a kill at any moment."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from pcs_dash.official.store import KEEP_VERSIONS, Store, data_dir
from pcs_dash.official.stored_tables import file_sha256
from pcs_dash.tables.errors import UserError

DAY = pd.Timestamp("2025-05-01")
ROOT = Path(__file__).resolve().parents[2]


def table(value: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        {"practice_code": ["A1", "B2", "C3"], "icb_code": ["QH8", "QH8", "QJG"], "n": value}
    )


def put(store: Store, value: int, day: pd.Timestamp = DAY, **options: object) -> None:
    with store.writing() as update:
        update.put("demo", day, table(value), **options)  # type: ignore[arg-type]
        update.commit()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def test_nothing_loaded_says_what_to_run(store: Store) -> None:
    assert store.current() is None
    with pytest.raises(UserError, match="pcs_dash update"):
        store.read("demo")


def test_what_is_put_is_read_back_with_its_types(store: Store) -> None:
    frame = pd.DataFrame(
        {
            "code": pd.Series(["a", None], dtype="str"),
            "kind": pd.Categorical(["x", "y"]),
            "count": pd.array([1, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "day": pd.to_datetime(["2025-05-01", None]),
            "value": [0.1, float("nan")],
        }
    )
    with store.writing() as update:
        update.put("types", DAY, frame)
        update.commit()
    pd.testing.assert_frame_equal(store.read("types"), frame, check_dtype=False)
    back = store.read("types")
    assert str(back["count"].dtype) == "Int64"
    assert str(back["kind"].dtype) == "category"


def test_boundaries_come_back_with_their_crs(store: Store) -> None:
    frame = gpd.GeoDataFrame({"code": ["E01"]}, geometry=[box(0, 0, 1, 1)], crs=27700)
    with store.writing() as update:
        update.put("layer", DAY, frame)
        update.commit()
    back = store.read("layer")
    assert isinstance(back, gpd.GeoDataFrame)
    assert back.crs.to_epsg() == 27700


def test_only_the_chosen_partitions_are_read(store: Store) -> None:
    put(store, 1, partition_by="icb_code")
    assert store.read("demo", where=["QJG"])["practice_code"].tolist() == ["C3"]
    assert len(store.read("demo")) == 3
    assert store.read("demo", where=["XXX"]).empty
    pd.testing.assert_frame_equal(store.read("demo", where=["QH8", "QJG"]), store.read("demo"))
    other = store.root / store.entry("demo").path / "icb_code=QH8" / "part.parquet"
    other.write_bytes(b"damaged")
    # The damaged part of another area is never opened.
    assert store.read("demo", where=["QJG"])["practice_code"].tolist() == ["C3"]
    with pytest.raises(UserError, match=r"damaged.*rollback"):
        store.read("demo", where=["QH8"])


def test_an_error_while_writing_changes_nothing(store: Store) -> None:
    put(store, 1)
    with pytest.raises(ZeroDivisionError), store.writing() as update:
        update.put("demo", DAY, table(2))
        raise ZeroDivisionError
    assert store.read("demo")["n"].tolist() == [1, 1, 1]
    assert list((store.root / "tmp").iterdir()) == []


def test_a_series_keeps_its_periods_and_the_newest_is_read(store: Store) -> None:
    put(store, 1, only_period=False)
    put(store, 2, pd.Timestamp("2025-10-01"), only_period=False)
    assert store.read("demo")["n"].tolist() == [2, 2, 2]
    assert store.read("demo", "2025-05-01")["n"].tolist() == [1, 1, 1]
    with pytest.raises(UserError, match="of 2020-01-01 is not loaded"):
        store.read("demo", "2020-01-01")


def test_rollback_and_forward_again(store: Store) -> None:
    for value in (1, 2, 3):
        put(store, value)
    assert store.rollback().version == 2
    assert store.read("demo")["n"].iloc[0] == 2
    assert store.rollback(3).version == 3
    assert store.read("demo")["n"].iloc[0] == 3
    with pytest.raises(UserError, match="Kept are: 1, 2, 3"):
        store.rollback(9)
    store.rollback(1)
    with pytest.raises(UserError, match="no earlier version"):
        store.rollback()
    # A new version after a rollback builds on the one in use, under a new number.
    with store.writing() as update:
        assert update.base is not None
        assert update.base.version == 1
        update.commit()
    assert store.require().version == 4


def test_old_versions_and_their_tables_are_cleared(store: Store) -> None:
    for value in range(KEEP_VERSIONS + 3):
        put(store, value)
    kept = store.history()
    assert len(kept) == KEEP_VERSIONS
    assert len(list((store.root / "tables" / "demo").iterdir())) == KEEP_VERSIONS
    assert store.read("demo")["n"].iloc[0] == KEEP_VERSIONS + 2


@pytest.mark.parametrize("content", ["", "garbage", "99", "-1", "\0\0\0"])
def test_a_damaged_pointer_falls_back_to_the_newest_version(content: str, store: Store) -> None:
    put(store, 1)
    put(store, 2)
    (store.root / "current").write_text(content)
    manifest = store.current()
    assert manifest is not None
    assert (manifest.version, manifest.recovered) == (2, True)


def test_a_damaged_manifest_falls_back_to_the_one_before(store: Store) -> None:
    put(store, 1)
    put(store, 2)
    path = store.root / "versions" / "000002.json"
    path.write_text(path.read_text().replace('\\"rows\\": 3', '\\"rows\\": 4'))
    assert store.read("demo")["n"].iloc[0] == 1
    assert [m.version for m in store.history()] == [1]


def test_a_lost_table_falls_back_too(store: Store) -> None:
    put(store, 1)
    put(store, 2)
    shutil.rmtree(store.root / store.require().tables[0].path)
    assert store.read("demo")["n"].iloc[0] == 1


def test_verify_finds_a_changed_file(store: Store) -> None:
    put(store, 1)
    assert store.verify() == []
    file = next((store.root / store.require().tables[0].path).glob("*.parquet"))
    file.write_bytes(file.read_bytes() + b"x")
    assert "demo of 2025-05-01 is damaged" in store.verify()[0]


def test_two_updates_at_once_are_refused(store: Store) -> None:
    with (
        store.writing(),
        pytest.raises(UserError, match="Another update"),
        Store(store.root.parent).writing(),
    ):
        pass


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="can't be written"), Store(tmp_path / "file").writing():
        pass


def test_the_data_folder_is_the_one_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path))
    assert data_dir() == tmp_path
    monkeypatch.delenv("PCS_DASH_DATA_DIR")
    assert data_dir().name == "pcs_dash"


def test_file_checksums(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert file_sha256(tmp_path / "x").startswith("ba7816bf8f01cfea414140de5dae2223")


_WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    import pandas as pd
    from pcs_dash.official.store import Store

    store = Store(Path(sys.argv[1]))
    print("ready", flush=True)
    value = 1
    while True:
        value += 1
        with store.writing() as update:
            for name in ("a", "b", "c"):
                frame = pd.DataFrame({"k": ["x", "y"] * 500, "n": value})
                update.put(name, pd.Timestamp("2025-05-01"), frame, partition_by="k")
            update.commit()
        print("done", flush=True)
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of POSIX systems")
def test_kill_9_at_any_moment_leaves_one_whole_version(store: Store) -> None:
    with store.writing() as update:
        for name in ("a", "b", "c"):
            frame = pd.DataFrame({"k": ["x", "y"] * 500, "n": 1})
            update.put(name, DAY, frame, partition_by="k")
        update.commit()
    moments = random.Random(7)
    reached = set()
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(store.root.parent)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert writer.stdout is not None
        for _ in range(2):  # ready, and one whole version of its own
            writer.stdout.readline()
        time.sleep(moments.uniform(0.0, 0.2))
        os.kill(writer.pid, signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        writer.stdout.close()
        values = {name: set(store.read(name)["n"]) for name in ("a", "b", "c")}
        assert len(set.union(*values.values())) == 1, values
        assert store.verify() == []
        reached |= set.union(*values.values())
    assert max(reached) > 1, "the writer was killed before it wrote anything"
    with store.writing() as update:  # the lock went with the killed process
        assert len(list((store.root / "tmp").iterdir())) == 1
        update.put("a", DAY, table(5))
        update.commit()
    assert store.read("a")["n"].iloc[0] == 5
