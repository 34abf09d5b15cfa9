"""Files that are there whole or not at all: the one way in which this program writes a file."""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path

from pcs_dash.tables.errors import UserError


def write_whole(path: Path | str, content: bytes | str) -> None:
    """Write a file (text as UTF-8) whole or not at all, over what stands there.

    A reader, or a machine that stops in the middle, finds the old file or the new one. UserError
    if the folder is missing or can't be written to.
    """
    path = Path(path)
    try:
        replace_whole(path, content)
    except OSError as error:
        raise UserError(
            f"{path} can't be written: {error.strerror}. Name a file in a folder that is there and "
            "that you may write to."
        ) from error


def replace_whole(path: Path, content: bytes | str, *, lasting: bool = True) -> None:
    """As `write_whole`, with faults as the OSError they are, for callers who know the folder.

    `lasting=False`: not forced on to the disk, for what is made anew at the next start.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    draft = path.with_name(f".{path.name[:100]}.{uuid.uuid4().hex}.tmp")
    try:
        with draft.open("xb") as stream:
            stream.write(data)
            if lasting:
                stream.flush()
                os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    if lasting:
        flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder lasting; Windows can't and need not."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
