"""Every table of a file, as tests look at it."""

from __future__ import annotations

from pathlib import Path

from pcs_dash.official.recognise import Loaded, contents, load_recognised
from pcs_dash.tables.errors import InputFileError


def load_file(path: Path) -> list[Loaded]:
    """Every table of a known publication inside `path`; InputFileError when none can be loaded."""
    loaded: list[Loaded] = []
    with contents(path) as found:
        faults = [item.fault for item in found.unreadable]
        for item in found.known:
            try:
                loaded.append(load_recognised(item))
            except InputFileError as fault:
                faults.append(fault)
    if not loaded:
        raise faults[0]
    return loaded
