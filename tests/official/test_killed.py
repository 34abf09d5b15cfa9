"""kill -9 at every stage of a real update, and in the middle of a real download."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import samples
from conftest import ROOT, BadServer

from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
PRACTICES = 2_000


def lists(day: str, patients: int = 5_000) -> str:
    return samples.list_sizes(
        day, {f"F8{n:04d}": ("99F", "SS7 4EA", patients) for n in range(PRACTICES)}
    )


def command(*arguments: str, data: Path) -> subprocess.Popen[str]:
    """A process of its own that runs a command of pcs_dash."""
    return subprocess.Popen(
        [sys.executable, "-m", "pcs_dash", *arguments],
        cwd=ROOT,
        env=os.environ | {"PCS_DASH_DATA_DIR": str(data)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_at(process: subprocess.Popen[str], words: str) -> None:
    """Kill the process when it says that it begins this stage."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            process.send_signal(signal.SIGKILL)
            break
    assert process.wait(timeout=30) == -signal.SIGKILL
    process.stderr.close()


def check(data: Path) -> str:
    """`status --check`: sound, and what it says."""
    process = command("status", "--check", data=data)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "damaged" not in said
    return said


@pytest.mark.parametrize(
    "stage",
    [
        "reading lists", "reading mapping", "building: practices", "building: registrations",
        "building: tables",
    ],
)  # fmt: skip
def test_an_update_killed_at_any_stage_leaves_the_last_version_in_use(
    stage: str, tmp_path: Path
) -> None:
    data, folder = tmp_path / "data", tmp_path / "files"
    samples.write(folder, "pcn_membership", "registrations_lsoa", "imd2019")
    (folder / "lists.csv").write_text(lists("2025-10-01"), encoding="utf-8")
    store = Store(data)
    update_store(store, origin=str(folder))
    (folder / "lists.csv").write_text(lists("2025-11-01"), encoding="utf-8")
    (folder / "mapping-2025-08.csv").write_text(
        samples.MAPPING.replace("BENFLEET", "NEW"), encoding="utf-8"
    )
    kill_at(command("update", "--from", str(folder), data=data), stage)
    assert "Version 1 " in check(data)
    assert [e.period for e in store.require().of("list_sizes")] == ["2025-10-01"]
    assert store.read("pcn_membership")["pcn"].tolist()[0] == "BENFLEET PCN"
    # The lock went with the process, and the next update goes through.
    update_store(store, origin=str(folder))
    assert "Version 2 " in check(data)
    assert [e.period for e in store.require().of("list_sizes")] == ["2025-10-01", "2025-11-01"]
    assert store.read("pcn_membership")["pcn"].tolist()[0] == "NEW PCN"


def test_a_download_killed_in_the_middle_is_resumed_from_there(
    server: BadServer, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    server.body, server.slow_s = lists("2025-10-01").encode(), 0.1
    process = command("update", "--from", f"{server.url}/slow.csv", data=data)
    part = data / "downloads" / "slow.csv.part"
    until = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size > 20_000):
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    have = part.stat().st_size
    assert 20_000 < have < len(server.body)
    assert "No official data are loaded" in check(data)
    again = command("update", "--from", f"{server.url}/slow.csv", data=data)
    _, said = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert server.requests == [("/slow.csv", None), ("/slow.csv", f"bytes={have}-")]
    assert Store(data).entry("list_sizes").rows == PRACTICES
    assert "Version 1 " in check(data)
    assert list((data / "downloads").iterdir()) == []


def test_a_file_that_had_come_when_the_update_was_killed_does_not_come_again(
    server: BadServer, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    server.body = lists("2025-10-01").encode()
    kill_at(command("update", "--from", f"{server.url}/kept.csv", data=data), "building: tables")
    assert (data / "downloads" / "kept.csv").read_bytes() == server.body
    again = command("update", "--from", f"{server.url}/kept.csv", data=data)
    _, said = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert [status for _, status in server.answers] == [200, 304]
    assert "Version 1 " in check(data)
