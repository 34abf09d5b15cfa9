"""Text on paper: what a font can draw, how wide it is, how it breaks into lines.

Names are untrusted: a character that the font lacks, or that XML refuses, becomes a visible "□",
and nothing is ever read as markup or mathematics.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from matplotlib import font_manager

FAMILY = "DejaVu Sans"
# Lines up widths measured in DejaVu Sans with Arial's, which is narrower, but not in its capitals
# (from 0.94 times as wide to 1.1); kept on the safe side.
ARIAL = 0.9
_ARIAL_CAPITALS = 1.05
_MISSING = "□"


def printable(text: object) -> str:
    """One line of text that XML, a workbook and a slide can hold: no control characters."""
    kept = []
    for character in str(text):
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            kept.append(" ")
        elif category == "Cs" or ord(character) in (0xFFFE, 0xFFFF):
            kept.append(_MISSING)
        elif category != "Cf":
            # Format characters (direction overrides among them) would let a name rewrite a line.
            kept.append(character)
    return " ".join("".join(kept).split())


@lru_cache(maxsize=4)
def _characters(bold: bool) -> frozenset[int]:
    return frozenset(font_manager.get_font(_file(bold)).get_charmap())


@lru_cache(maxsize=4)
def _file(bold: bool) -> str:
    weight = "bold" if bold else "normal"
    return font_manager.findfont(font_manager.FontProperties(family=FAMILY, weight=weight))


def drawable(text: object, *, bold: bool = False) -> str:
    """Text that matplotlib draws as it stands: known characters only."""
    known = _characters(bold)
    return "".join(c if ord(c) in known else _MISSING for c in printable(text))


@lru_cache(maxsize=5_000)
def _advance(character: str, bold: bool) -> float:
    """How far one character moves the pen, as a share of the font size."""
    font = font_manager.get_font(_file(bold))
    font.set_size(100, 72)
    known = character if ord(character) in _characters(bold) else _MISSING
    return float(font.load_char(ord(known)).linearHoriAdvance) / 65_536 / 100


def width(text: str, size: float, *, bold: bool = False, narrow: float = 1.0) -> float:
    """Width in points of one line at a size in points (kerning, which narrows it, apart).

    `narrow`: the width of the font over DejaVu Sans's (1.0, or ARIAL).
    """
    capitals = narrow if narrow == 1.0 else _ARIAL_CAPITALS
    return size * sum(
        _advance(character, bold) * (capitals if character.isupper() else narrow)
        for character in text
    )


def shorten(
    text: str, size: float, limit: float, *, bold: bool = False, narrow: float = 1.0
) -> str:
    """The text itself, or its beginning with "…", so that it is at most `limit` points wide."""
    if width(text, size, bold=bold, narrow=narrow) <= limit:
        return text
    kept = len(text)
    while kept > 1 and width(text[:kept].rstrip() + "…", size, bold=bold, narrow=narrow) > limit:
        kept -= 1
    return text[:kept].rstrip() + "…"


def wrap(
    text: str, size: float, limit: float, *, bold: bool = False, narrow: float = 1.0
) -> list[str]:
    """Lines of at most `limit` points; a word that is wider by itself is shortened."""
    lines: list[str] = []
    line = ""
    for word in printable(text).split():
        longer = f"{line} {word}".strip()
        if line and width(longer, size, bold=bold, narrow=narrow) > limit:
            lines.append(line)
            longer = word
        line = longer
    if line:
        lines.append(line)
    return [shorten(line, size, limit, bold=bold, narrow=narrow) for line in lines]
