"""Small words and roundings that slides share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from pcs_dash.measures.numbers import number, per_cent
from pcs_dash.tables.areas import Area
from pcs_dash.tables.constants import BAND


def or_none(value: float) -> float | None:
    """A figure as JSON has it: None where there is none."""
    return float(value) if math.isfinite(value) else None


def fifths(low: float, high: float) -> tuple[float, float]:
    """Bounds in steps of 0.2 that hold an interval and zero."""
    below, above = math.floor(min(low, 0) * 5) / 5, math.ceil(max(high, 0) * 5) / 5
    return round(below, 1), round(above, 1)


def whole(area: Area) -> str:
    """What the data hold around an area, in a sentence: "Essex", "these ICBs"."""
    return "these ICBs" if area.loaded else "Essex"


def span(values: pd.Series) -> str:
    """The range of the values, in words."""
    return f"{number(values.min())} to {number(values.max())}" if len(values) else "none to none"


def listed(shares: pd.Series) -> str:
    """Shares (0 to 1) by name, in words."""
    return "; ".join(f"{name} {per_cent(share)}" for name, share in shares.items())


def band(patients: float) -> str:
    """Where a group lies to the 30,000 to 50,000 patients that guidance asks of a PCN."""
    low, high = BAND
    return "below" if patients < low else "above" if patients > high else "inside"


def short_list(codes: Sequence[str], limit: int = 6) -> str:
    """The first codes, and how many more there are."""
    rest = f" and {len(codes) - limit} more" if len(codes) > limit else ""
    return ", ".join(codes[:limit]) + rest


NO_OFFICIAL = (
    "No official data are loaded. Data and methods says which files there are, and takes them."
)
