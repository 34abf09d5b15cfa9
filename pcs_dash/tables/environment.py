"""Numbers that the environment sets."""

from __future__ import annotations

import os


def whole_number(variable: str, default: int) -> int:
    """A whole number above 0 of an environment variable; `default` where it holds none."""
    text = os.environ.get(variable, "").strip()
    return int(text) if text.isdigit() and int(text) > 0 else default
