"""What a commissioner reads: no shell command, one word for full-time equivalent."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pcs_dash.measures.glossary import TERMS
from pcs_dash.measures.workforce import BENCHMARK_LABELS
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.views.question import ask

PACKAGE = ROOT / "pcs_dash"
# Where whoever runs the server is told what to type, and what the command line itself says.
FOR_OPERATORS = {"ui/official_data.py"}
SHOWN = [
    path
    for room in ("views", "ui", "measures", "hubs", "render")
    for path in sorted((PACKAGE / room).rglob("*.py"))
    if str(path.relative_to(PACKAGE)) not in FOR_OPERATORS
]


def texts(path: Path) -> Iterator[str]:
    """The strings of a module but its docstrings, an f-string's parts joined."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documents
        ):
            yield node.value


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_command_and_no_wte_in_what_is_shown(path: Path) -> None:
    for text in texts(path):
        assert "python -m" not in text, text
        if "`" in text:
            # A pattern that looks for backticks, not a sentence with some.
            assert not re.search(r"`[\w ./-]+`", text), text
        # The published rule's own words, and the glossary's one explanation, are quotations.
        if re.search(r"\bWTEs?\b", text):
            assert (
                "Transforming Primary Care" in text
                or '"WTE"' in text
                or text == "WTE"
                or (path.name == "workforce.py" and text.startswith(" WTE GPs: Transforming"))
            ), text


def test_fte_is_explained_once() -> None:
    assert [term.word for term in TERMS if "37.5" in term.meaning] == ["FTE"]


@pytest.mark.parametrize("text", ["1,800 per WTE rule", "1,800 per FTE GP rule", "rule"])
def test_the_rule_of_2014_is_read_by_its_earlier_name_too(dataset: Dataset, text: str) -> None:
    question = ask(dataset, find_area("Thurrock"), {"benchmark": text})
    assert question.benchmark.label == BENCHMARK_LABELS["rule"]
