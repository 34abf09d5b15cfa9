"""Untrusted text on a page."""

from __future__ import annotations

import re

# Streamlit makes a link of an address even where its letters are escaped; not where a joiner, which
# nobody sees, stands inside.
_ADDRESS = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]*(?=://)|www(?=\.)|mailto(?=:))")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]#+\-.!|<>$~:&@])")


def plain(text: object) -> str:
    """Text as Markdown that shows it letter by letter, whatever it holds."""
    apart = _ADDRESS.sub("\\g<0>\u2060", str(text))
    return _MARKDOWN.sub(r"\\\1", apart).replace("\n", " ").replace("\r", " ")
