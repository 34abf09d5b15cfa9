"""The XmR chart of one series of months: gaps where months are missing, limits, what stands out."""

from __future__ import annotations

import pandas as pd

from pcs_dash.measures.numbers import count
from pcs_dash.measures.process_limits import FEWEST, Process
from pcs_dash.measures.register import Measure
from pcs_dash.views.answer import CHART_COLOURS, Chart, Series

LIMITS = (
    "Limits: mean and 2.66 mean moving ranges (XmR, as in NHS England's Making Data Count). A "
    "month stands out beyond a limit, in seven in a row on one side of the mean or rising or "
    "falling, or as one of two in three near a limit. Months not loaded are gaps"
)
NOT_WHY = "What stands out is worth asking about; it says nothing of why."


def fraction_of_year(when: pd.Timestamp) -> float:
    """A day as a charts' axis of dates has it: 2025.5 is the middle of the year."""
    return float(when.year + (when.day_of_year - 1) / (366 if when.is_leap_year else 365))


def verdict(found: Process) -> str:
    """Whether a month is more than the usual variation, in a sentence."""
    known = int(found.points["value"].notna().sum())
    signals = found.signals
    if not found.limited and known < FEWEST:
        return (
            f"{count(known, 'month')} with a figure: too few to tell a change from the usual "
            f"variation ({FEWEST} of one definition are needed)."
        )
    if not found.limited:
        return (
            f"{count(known, 'month')} with a figure, but gaps or breaks leave no {FEWEST} of one "
            "definition with neighbours, so the usual variation is not known."
        )
    if signals.empty:
        return "No month stands out from the usual month-to-month variation."
    return (
        f"{len(signals):,} of {count(known, 'month')} stand out, the latest "
        f"{signals.index[-1]:%B %Y} ({signals.iloc[-1]})."
    )


def process_chart(found: Process, measure: Measure, unit: str) -> Chart:
    """The measure of a unit by month (index of days): lines break where a month is missing."""
    points = found.points
    marks = points.dropna(subset=["value"])
    usual = marks["signal"] == ""
    series = [
        *_lines(points, "value", measure.label, CHART_COLOURS[0]),
        *_lines(points, "mean", "Mean", CHART_COLOURS[2]),
        *_lines(points, "high", "Upper limit", CHART_COLOURS[2], dash=True),
        *_lines(points, "low", "Lower limit", CHART_COLOURS[2], dash=True),
    ]
    kinds = (
        (marks[usual], "Usual", CHART_COLOURS[0], "circle"),
        (marks[~usual], "Stands out", CHART_COLOURS[1], "diamond"),
    )
    series += [_marks(*kind) for kind in kinds if len(kind[0])]
    told = "; ".join(
        f"{month:%b %Y} {measure.text(value)}" for month, value in marks["value"].items()
    )
    plain = measure.per_gp or measure.unit in measure.long.lower()
    return Chart(
        "scatter",
        f"{measure.long}: {unit}",
        tuple(series),
        f"{measure.long} of {unit} by month: {told}.",
        value_title=measure.long if plain else f"{measure.long} ({measure.unit})",
        number_format="#,##0.0" if measure.decimals else "#,##0",
        x_dates=True,
    )


def _marks(part: pd.DataFrame, name: str, colour: str, shape: str) -> Series:
    labels = tuple(f"{month:%B %Y}" for month in part.index)
    when = map(fraction_of_year, part.index)
    return Series.of(name, part["value"], x=when, colour=colour, shape=shape, labels=labels)


def _lines(
    points: pd.DataFrame, column: str, name: str, colour: str, *, dash: bool = False
) -> list[Series]:
    """A line for each unbroken run of known values, limits ending where a stretch does."""
    known = points[column].notna()
    runs = (known != known.shift()).cumsum()
    if column != "value":
        # Limits of two stretches are not joined by a slope.
        runs = runs + (points[column] != points[column].shift()).cumsum()
    return [
        Series.of(
            name,
            part[column],
            x=map(fraction_of_year, part.index),
            colour=colour,
            line=True,
            dash=dash,
        )
        for _, part in points[known].groupby(runs[known])
        if len(part) > 1
    ]
