"""Small words and roundings that slides share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from pcs_dash.measures.numbers import NO_INTERVAL, number, per_cent
from pcs_dash.measures.register import PER_GP
from pcs_dash.tables.areas import Area
from pcs_dash.tables.constants import BAND
from pcs_dash.views.answer import Chart, Figure, Series
from pcs_dash.views.question import Question


def fifths(low: float, high: float) -> tuple[float, float]:
    """Bounds in steps of 0.2 that hold an interval and zero."""
    below, above = math.floor(min(low, 0) * 5) / 5, math.ceil(max(high, 0) * 5) / 5
    return round(below, 1), round(above, 1)


def interval_figures(interval: str, of: str = "", note: str = "") -> tuple[Figure, ...]:
    """An interval (`numbers.between`) as a headline figure; no figure where there is none."""
    label = f"95% interval, {of}" if of else "95% interval"
    return () if interval == NO_INTERVAL else (Figure(label, interval, note),)


def ratio_bars(
    question: Question,
    title: str,
    ratios: pd.Series,
    alt: str,
    *,
    colours: Sequence[str],
    names: Sequence[str],
    codes: Sequence[str] = (),
    said: bool = True,
) -> Chart:
    """Patients per FTE GP as bars, the benchmark as a line; `said`: its figure on the axis too."""
    benchmark = question.benchmark
    value = f" (benchmark: {number(benchmark.value)})" if said else ""
    return Chart(
        "bars",
        title,
        (Series.of(PER_GP.label, ratios, colours=tuple(colours), codes=tuple(codes)),),
        alt,
        categories=tuple(names),
        value_title=f"{PER_GP.label}{value}",
        reference=benchmark.value,
        reference_label=benchmark.label,
    )


def at_the_edge(
    marks: Sequence[Series], most_of: float = 0.95
) -> tuple[tuple[Series, ...], tuple[float, float] | None]:
    """Marks of a scatter chart with those far above all others at its upper edge, in a series that
    names them with their figures, and the bounds of its axis; as they are, and None, where the
    highest is not twice what `most_of` the marks reach.
    """
    values = pd.Series([value for series in marks for value in series.values], dtype="float64")
    usual = float(values.quantile(most_of)) if len(values) else math.nan
    if not values.max() > 2 * usual > 0:
        return tuple(marks), None
    step = 10 ** math.floor(math.log10(usual)) / 2
    edge = math.ceil(1.2 * usual / step) * step
    kept: list[Series] = []
    beyond: list[tuple[Series, int]] = []
    for series in marks:
        over = [place for place, value in enumerate(series.values) if value and value > edge]
        beyond += [(series, place) for place in over]
        kept.append(_of(series, [n for n in range(len(series.values)) if n not in over]))
    beyond.sort(key=lambda mark: -(mark[0].values[mark[1]] or 0))
    told = "; ".join(f"{one.codes[n]} {number(one.values[n] or math.nan)}" for one, n in beyond[:2])
    more = f" and {len(beyond) - 2} more" if len(beyond) > 2 else ""
    edged = Series(
        f"Beyond the edge: {told}{more}",
        (edge,) * len(beyond),
        x=tuple(one.x[n] for one, n in beyond),
        colour="#111827",
        shape="triangle-up",
        codes=tuple(one.codes[n] for one, n in beyond),
        labels=tuple(f"{one.labels[n]}: {number(one.values[n] or math.nan)}" for one, n in beyond),
        sizes=tuple(one.sizes[n] for one, n in beyond),
    )
    low = min(0.0, float(values.min()))
    return (*(series for series in kept if series.values), edged), (low, edge)


def _of(series: Series, places: Sequence[int]) -> Series:
    """Some marks of a series."""

    def taken(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[place] for place in places) if values else ()

    names = ("values", "x", "codes", "labels", "sizes", "colours")
    some: dict[str, Any] = {name: taken(getattr(series, name)) for name in names}
    return replace(series, **some)


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


def join_words(parts: Sequence[str]) -> str:
    """'A, B and C'."""
    return " and ".join([*filter(None, [", ".join(parts[:-1])]), *parts[-1:]])


def short_list(codes: Sequence[str], limit: int = 6) -> str:
    """The first codes, and how many more there are."""
    rest = f" and {len(codes) - limit} more" if len(codes) > limit else ""
    return ", ".join(codes[:limit]) + rest


NO_OFFICIAL = (
    "No official data are loaded. Data and methods says which files there are, and takes them."
)
