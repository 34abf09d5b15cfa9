"""Refuses files that should not be committed: conflict marks, broken JSON or TOML, over 1 MB."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

LARGEST = 1_000_000
# The embedded figures and boundaries, and the picture of the README.
_LARGE = ("data/", "geo/", "docs/")
_MARKS = (b"<<<<<<< ", b">>>>>>> ")


def fault(path: Path) -> str:
    """What is wrong with a file; "" where nothing is."""
    content = path.read_bytes()
    if len(content) > LARGEST and not path.as_posix().startswith(_LARGE):
        return f"has {len(content):,} bytes"
    if any(line.startswith(_MARKS) for line in content.splitlines()):
        return "has marks of a merge conflict"
    try:
        if path.suffix == ".json":
            json.loads(content)
        if path.suffix == ".toml":
            tomllib.loads(content.decode())
    except ValueError as error:
        return f"can't be read: {error}"
    return ""


def main(names: list[str]) -> int:
    """Print each faulty file; exit status 1 where there is one."""
    found = {name: fault(Path(name)) for name in names if Path(name).is_file()}
    faults = {name: text for name, text in found.items() if text}
    for name, text in faults.items():
        print(f"{name} {text}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
