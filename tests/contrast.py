"""How light colours are, and how well one reads on another, as WCAG 2.2 defines it."""

from __future__ import annotations

from collections.abc import Sequence


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of "#rrggbb"."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def luminance(colour: Sequence[float]) -> float:
    """From 0, black, to 1, white; `colour`: red, green and blue from 0 to 255."""
    parts = [part / 255 for part in colour]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(dark: Sequence[float], light: Sequence[float]) -> float:
    """Of text and what it stands on: 4.5 at least."""
    return (luminance(light) + 0.05) / (luminance(dark) + 0.05)
