"""The unit tests of the scripts (tests/js), by node's own test runner."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from pcs_dash.tables.paths import ROOT


def test_the_scripts_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: apt-get install nodejs")
    files = sorted((ROOT / "tests" / "js").glob("*.test.js"))
    assert files
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
