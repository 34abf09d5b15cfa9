"""What is kept between runs is kept under the data it is made of, never under a count or an id."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT

FILES = sorted([*(ROOT / "pcs_dash" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")])


def keys(tree: ast.AST) -> Iterator[ast.expr]:
    """The name of every `slow_work.computed`, and the `hash_funcs` of every cache."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name == "computed":
            yield node.args[0]
        yield from (k.value for k in node.keywords if k.arg == "hash_funcs")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_kept_under_a_count_or_an_address_in_memory(path: Path) -> None:
    for key in keys(ast.parse(path.read_text(encoding="utf-8"))):
        named = {node.id for node in ast.walk(key) if isinstance(node, ast.Name)}
        assert not named & {"len", "id", "hash"}, ast.unparse(key)


def test_a_data_set_has_a_key_of_its_own(dataset: Dataset) -> None:
    assert dataset.key == replace(dataset).key
    fewer = replace(dataset, practices=dataset.practices.iloc[1:])
    other = replace(dataset, practices=dataset.practices.rename(index={"F81010": "F81011"}))
    later = replace(dataset, version="3 of 2026-01-01")
    assert len({dataset.key, fewer.key, other.key, later.key}) == 4
    assert len(other.practices) == len(dataset.practices)
