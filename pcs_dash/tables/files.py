"""Files written whole or not at all."""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path

from pcs_dash.tables.errors import UserError


def write_file(path: Path | str, content: bytes) -> None:
    """As `replace_file`; UserError if the folder is missing or can't be written to."""
    try:
        replace_file(Path(path), content)
    except OSError as error:
        raise UserError(
            f"'{path}' can't be written ({error.strerror}). Name a file in a folder that is there "
            "and that you may write to."
        ) from error


def replace_file(path: Path, content: bytes) -> None:
    """Write to a temporary neighbour (".tmp") first, then put it in place, on disk before and
    after: a power cut leaves the old file or the new one. Raises OSError.
    """
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with new.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    flush_folder(path.parent)


def flush_folder(path: Path) -> None:
    """Make the names in a folder lasting; Windows can't and need not."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
