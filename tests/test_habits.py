"""The habits of CONTRIBUTING.md that no linter holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pcs_dash.tables.paths import ROOT

LONGEST = 60


def long_functions(source: str) -> Iterator[str]:
    """Name and lines of every function of a module that is longer than a screen."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > LONGEST:
                yield f"{node.name}: {lines} lines"


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
