"""Every benchmark starts, as a script and as a module; what it measures is looked at by hand."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pcs_dash.tables.paths import ROOT

NAMES = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if not path.stem.startswith("_") and "__main__" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_starts_as_a_script(name: str) -> None:
    command = [sys.executable, f"benchmarks/{name}.py", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{name}.py" in done.stdout


def test_they_run_one_after_the_other_by_name() -> None:
    command = [sys.executable, "-m", "benchmarks", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "suggest" in done.stderr
