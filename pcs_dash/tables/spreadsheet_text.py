"""Text that spreadsheets would run as a formula, made harmless and taken back.

Such a text gets a leading apostrophe, which `restore` takes off again. So that no text is changed
by the way out and back, one that already begins with apostrophes before such a character gets one
more.
"""

from __future__ import annotations

from typing import Any

# What makes spreadsheets read a cell as a formula: the last four are full-width forms, which
# some locales take for the plain ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutralise(value: Any) -> Any:
    """Text that a spreadsheet would run, made harmless by an apostrophe; the rest as it is."""
    if isinstance(value, str) and value.lstrip("'").startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def restore(value: str) -> str:
    """What `neutralise` was given."""
    if value.startswith("'") and value.lstrip("'").startswith(FORMULA_STARTS):
        return value[1:]
    return value
