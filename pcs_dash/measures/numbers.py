"""How every figure is written: thousands separators, one minus sign, one word for no figure.

All words, screens and files take their numbers from here; only machine-readable output (JSON, CSV,
cells of workbooks) holds bare numbers.
"""

from __future__ import annotations

import math

import pandas as pd

MINUS = "−"
NO_FIGURE = "no figure"
NO_INTERVAL = "no interval"
# More decimals than this are not asked for to keep a limit apart from the null value.
MOST_DECIMALS = 5
# "+1,011%" is hard to read: from this share more, figures are said as times.
TIMES = 2.0


def number(value: float, decimals: int = 0) -> str:
    """As "1,234.5" and "−3"; "no figure" where it is missing."""
    if not _is_known(value):
        return NO_FIGURE
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and _is_seen(text) else text


def signed(value: float, decimals: int = 1) -> str:
    """The same with its sign: "+1.2", "−0.3", "0.0"."""
    text = number(value, decimals)
    return f"+{text}" if _is_known(value) and value > 0 and _is_seen(text) else text


def per_cent(share: float, decimals: int = 0) -> str:
    """A share (0 to 1) as "12%"."""
    return f"{number(100 * share, decimals)}%" if _is_known(share) else NO_FIGURE


def signed_per_cent(share: float, decimals: int = 0) -> str:
    """A share with its sign: "+12%", "−3%"; from three times as much on "3.0 times", "11 times"."""
    if _is_known(share) and share >= TIMES:
        return times(1 + share)
    return f"{signed(100 * share, decimals)}%" if _is_known(share) else NO_FIGURE


def times(ratio: float) -> str:
    """A ratio as "3.4 times" and "11 times"."""
    return f"{number(ratio, 0 if ratio >= 10 else 1)} times"


def _is_known(value: float) -> bool:
    return not pd.isna(value) and math.isfinite(value)


def _is_seen(text: str) -> bool:
    """Whether anything is left of the figure after rounding."""
    return any(digit not in "0.," for digit in text)


def between(low: float, high: float, decimals: int = 0, *, null: float = 0.0) -> str:
    """As "2,636 to 3,144"; "no interval" where there is none.

    A limit gets as many decimals as it takes to be told from `null`: an interval that leaves it out
    must not look as if it did not.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return NO_INTERVAL
    if not low <= null <= high:
        near = low if low > null else high
        while decimals < MOST_DECIMALS and round(near, decimals) == round(null, decimals):
            decimals += 1
    return f"{number(low, decimals)} to {number(high, decimals)}"


def p_text(p_value: float) -> str:
    """As "p = 0.015" and "p < 0.001"; never rounded onto 0.05 or 0.01, by which verdicts go."""
    if not math.isfinite(p_value):
        return ""
    if p_value < 0.001:
        return "p < 0.001"
    decimals = 3 if p_value < 0.1 else 2
    for bound in (0.01, 0.05):
        if p_value < bound == round(p_value, MOST_DECIMALS):
            return f"p < {bound}"
        while p_value < bound == round(p_value, decimals):
            decimals += 1
    return f"p = {p_value:.{decimals}f}"


def count(n: int, singular: str, plural: str | None = None) -> str:
    """As "1 practice" and "1,234 practices"."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def of_all(part: int, whole: int, noun: str, singular: str, plural: str) -> str:
    """A part of a whole with its verb: "1 of 4 groups has", "2 of 4 groups have"."""
    return f"{part:,} of {count(whole, noun)} {singular if part == 1 else plural}"


def decimals_for(value: float) -> int:
    """Decimals that show about three figures: 0 from 100 up, 1 from 10, otherwise 2."""
    size = abs(value)
    return 0 if size >= 100 else 1 if size >= 10 else 2
