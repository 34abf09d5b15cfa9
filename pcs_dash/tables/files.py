"""Files written whole or not at all."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from pcs_dash.tables.errors import UserError


def write_file(path: Path | str, content: bytes) -> None:
    """Write a file whole or not at all: to a temporary neighbour first, then put in place.

    UserError if the folder is missing or can't be written to.
    """
    path = Path(path)
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        try:
            with new.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"'{path}' can't be written ({error.strerror}). Check the folder and its permissions."
        ) from error
