"""Values of tables as Python's own types, for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def as_plain(value: Any) -> Any:
    """Python's own types, with None for anything missing."""
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if type(value).__name__ in ("NAType", "NaTType") else str(value)
