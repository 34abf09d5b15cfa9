"""The rooms of the package lean one way: each imports only rooms above it in the list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pcs_dash.tables.paths import ROOT

PACKAGE = ROOT / "pcs_dash"
# Rooms of one line may not import each other either.
ROOMS = (
    ("tables",),
    ("jobs",),
    ("measures",),
    ("official",),
    ("hubs",),
    ("travel",),
    ("scenarios",),
    ("store",),
    ("views",),
    ("render",),
    ("api", "cli", "ui"),
)
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Line and room of every import of the package, deferred and type-only ones too."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "pcs_dash":
            names = [f"pcs_dash.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            package, _, rest = name.partition(".")
            if package == "pcs_dash" and rest.partition(".")[0] in FLOOR:
                yield node.lineno, rest.partition(".")[0]


def leans_back(room: str, source: str) -> list[str]:
    """The imports of a module of `room` that lead below it or to its neighbour on one floor."""
    return [
        f"line {line}: {room} imports {other}"
        for line, other in imported(source)
        if other != room and FLOOR[other] >= FLOOR[room]
    ]


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/**/*.py")), ids=str)
def test_rooms_import_only_rooms_above_them(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    assert room in FLOOR, f"{room} is no room: move {path.name} into one"
    assert not leans_back(room, path.read_text("utf-8"))


def test_the_package_has_no_loose_modules() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_a_wrong_import_is_seen() -> None:
    source = "def late():\n    from pcs_dash.ui import page\n    import pcs_dash.hubs.plan\n"
    assert leans_back("views", source) == ["line 2: views imports ui"]
    assert leans_back("cli", source) == ["line 2: cli imports ui"]
    assert leans_back("measures", source) == [
        "line 2: measures imports ui",
        "line 3: measures imports hubs",
    ]
