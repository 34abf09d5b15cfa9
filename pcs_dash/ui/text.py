"""Untrusted text on a page."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]#+\-.!|<>$~:&@])")


def plain(text: object) -> str:
    """Text as Markdown that shows it letter by letter, whatever it holds."""
    return _MARKDOWN.sub(r"\\\1", str(text)).replace("\n", " ")
