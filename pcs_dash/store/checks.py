"""What may be stored: text as typed within limits, and JSON within limits."""

from __future__ import annotations

import json
from typing import Any

from pcs_dash.tables.errors import UserError

MAX_NAME = 200
MAX_AUTHOR = 200
MAX_NOTE = 5_000
MAX_PERIOD = 200
MAX_SEARCH = 200
# A plan of all 6,200 practices of England takes about 130 kB.
MAX_DOCUMENT_BYTES = 2_000_000
MAX_RULES_BYTES = 200_000
DAMAGED_ROW = (
    "This is damaged in the library and can't be opened; the others can. Whoever runs the server "
    "can put back a backup (python -m pcs_dash restore FILE)."
)


def check_text(text: str, *, what: str, limit: int, required: bool = False) -> str:
    """`text` itself, unchanged: names are stored as typed and made safe where they are shown.

    UserError if it is longer than `limit` characters, blank though required, or holds what no
    database column can keep (NUL, half of a surrogate pair).
    """
    if required and not text.strip():
        raise UserError(f"The {what} is empty. Type one.")
    if len(text) > limit:
        raise UserError(
            f"The {what} has {len(text):,} characters. Shorten it to {limit:,} at most."
        )
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise UserError(f"The {what} holds a character that can't be stored. Type it again.")
    return text


def to_json(value: Any) -> str:
    """Compact JSON, ASCII only, so that every database keeps it as it is.

    ValueError or TypeError (a fault of ours) for what JSON can't say, NaN included.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def from_json(text: str | bytes) -> Any:
    """What `to_json` wrote. UserError where it is damaged, which leaves the rest of use."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(DAMAGED_ROW) from error


def check_json(value: Any, *, what: str, limit: int) -> Any:
    """`value` itself; UserError if its JSON is longer than `limit` bytes."""
    size = len(to_json(value))
    if size > limit:
        raise UserError(
            f"The {what} takes {size:,} bytes, more than the {limit:,} that can be saved. "
            "Leave something out and save again."
        )
    return value
