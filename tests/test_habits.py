"""The habits of CONTRIBUTING.md that no linter holds."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from pcs_dash.tables.paths import ROOT

LONGEST = 60
# A view is named after its measure, a command after what it calls, a loader after its publication.
NAMESAKES = ("views", "cli", "official/loaders")


def long_functions(source: str) -> Iterator[str]:
    """Name and lines of every function of a module that is longer than a screen."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > LONGEST:
                yield f"{node.name}: {lines} lines"


def repeated(names: Iterable[str]) -> list[str]:
    """File names that modules of several rooms share, those of the rooms of namesakes aside."""
    own = [PurePosixPath(name) for name in names]
    counted = Counter(path.name for path in own if str(path.parent) not in NAMESAKES)
    return sorted(name for name, count in counted.items() if count > 1 and name != "__init__.py")


def test_a_file_name_says_which_module_is_meant() -> None:
    package = ROOT / "pcs_dash"
    assert repeated(path.relative_to(package).as_posix() for path in package.rglob("*.py")) == []


def test_a_repeated_name_is_seen() -> None:
    names = ["ui/links.py", "store/links.py", "views/quality.py", "measures/quality.py"]
    assert repeated(names) == ["links.py"]


def test_no_function_is_longer_than_a_screen() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {fault}"
        for folder in ("pcs_dash", "pages", "tests", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for fault in long_functions(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_long_function_is_seen() -> None:
    body = "    pass\n" * (LONGEST - 1)
    assert list(long_functions(f"def fits():\n{body}")) == []
    assert list(long_functions(f"def long():\n{body}    pass\n")) == ["long: 61 lines"]
