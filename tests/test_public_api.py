"""The names that analysts import, and the example that the documentation shows them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pcs_dash
from pcs_dash.tables.paths import ROOT

EXAMPLE = re.search(
    r"```python\n(.*?)```", (ROOT / "docs" / "analysts.md").read_text("utf-8"), re.DOTALL
)


def test_the_example_of_the_documentation_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    assert EXAMPLE is not None
    names: dict[str, object] = {}
    exec(EXAMPLE[1], names)
    whole = names["whole"]
    # 190,486 patients over 68.52 FTE GPs, as the publisher's file adds up.
    assert round(whole["patients_per_fte_gp"].iloc[0], 1) == 2780.1  # type: ignore[index]
    assert "2,780" in str(names["said"])
    assert names["by_pcn"]["patients"].sum() == 190_486  # type: ignore[index]
    assert (tmp_path / "thurrock.pptx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize("name", [name for name in pcs_dash.__all__ if name != "__version__"])
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(pcs_dash, name).__doc__
    assert f"`{name}" in (ROOT / "docs" / "analysts.md").read_text("utf-8")


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import pcs_dash, sys; print('pandas' in sys.modules, len(dir(pcs_dash)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout.split()[0] == "False"


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AttributeError, match="It has: load"):
        _ = pcs_dash.nothing
