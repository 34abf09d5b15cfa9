"""The commands as a whole: all are listed, and none is imported."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

from pcs_dash import cli
from pcs_dash.__main__ import main
from pcs_dash.cli import COMMANDS
from pcs_dash.tables.paths import ROOT


def test_every_module_that_offers_a_command_is_listed() -> None:
    modules = [info.name for info in pkgutil.iter_modules(cli.__path__)]
    loaded = {name: importlib.import_module(f"pcs_dash.cli.{name}") for name in modules}
    assert {name for name, module in loaded.items() if hasattr(module, "add_options")} == set(
        COMMANDS
    )


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from pcs_dash.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('pandas', 'pandera', 'pcs_dash.cli.metrics')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout.strip().endswith("[]")
    assert all(name in found.stdout for name in COMMANDS)


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["nothing"])
    assert ended.value.code == 2
    assert "nothing" in capsys.readouterr().err
