"""A chart of an answer as an Altair chart, for a page."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import altair as alt
import pandas as pd

from pcs_dash.views.answer import Chart, Series

INK = "#212b32"
MUTED = "#768692"
ACCENT = "#005eb8"
_BAR, _INTERVAL, _LEGEND = 26, 32, 26
# Letters of an axis title that fit a narrow screen.
_TITLE = 26
_LABEL = 260
# Letters of a category's line: a name is whole, and beside it a phone has room for the bars. Vega
# breaks the line, so that the name stays data; a word that is longer stays in one piece.
_LINE = 34
_BROKEN = f"split(trim(replace(datum.label, regexp('(.{{1,{_LINE}}})( |$)', 'g'), '$1\\n')), '\\n')"
_NARROW = 7
# More marks than this would hide each other and the lines at their full size.
_CROWD = 300
_COLOUR = attrgetter("colour")


def drawn(chart: Chart) -> alt.LayerChart:
    """The chart; names reach it as data, never as markup. Its title stands on the page."""
    picture = alt.layer(*_KINDS[chart.kind](chart)).properties(height=_height(chart))
    if chart.kind == "scatter":
        # Marks and lines have a legend each; shared, one would take the other's colours.
        return picture.resolve_scale(
            color="independent", shape="independent", strokeDash="independent"
        )
    return picture


def _height(chart: Chart) -> int:
    if chart.kind == "scatter":
        points = sum(not series.line for series in chart.series)
        return 420 + (_LEGEND * math.ceil(points / 2) if points > 1 else 0)
    rows = len(chart.categories) * (len(chart.series) if chart.kind != "shares" else 1)
    # The names of series stand above the plot, which shares its height with them.
    lines = math.ceil(len(chart.series) / _legend_columns(chart))
    legend = 24 + 30 * lines if len(chart.series) > 1 else 0
    return 70 + legend + (_INTERVAL if chart.kind == "intervals" else _BAR) * rows


def _legend_columns(chart: Chart) -> int:
    """One where names are long: two would not fit where a chart stands beside a map."""
    return 1 if any(len(series.name) > 18 for series in chart.series) else 2


def vega_format(pattern: str) -> str:
    """A spreadsheet's number format as D3's: '#,##0.0"%"' is ",.1f"; the unit is in the title."""
    bare = re.sub(r'"[^"]*"', "", pattern)
    return f"{',' if ',' in bare else ''}.{len(bare.partition('.')[2])}f"


def _categories(chart: Chart) -> alt.Y:
    return alt.Y(
        "category:N",
        sort=list(chart.categories),
        title=None,
        axis=alt.Axis(
            labelLimit=_LABEL,
            labelOverlap=False,
            labelExpr=_BROKEN,
            labelLineHeight=11,
            # The first of two lines stands above the middle of their bar, the second below.
            labelBaseline={
                "condition": {"test": f"length(datum.label) > {_LINE}", "value": "bottom"},
                "value": "middle",
            },
        ),
    )


def _title(text: str) -> list[str] | None:
    """The title of an axis in lines that fit a narrow screen."""
    return textwrap.wrap(text, _TITLE) or None


def _value_axis(chart: Chart) -> alt.Axis:
    return alt.Axis(format=vega_format(chart.number_format), tickCount=5)


def _beside(chart: Chart) -> dict[str, Any]:
    """Where marks of several series stand side by side: an encoding, none of one series."""
    names = [series.name for series in chart.series]
    return {"yOffset": alt.YOffset("series:N", sort=names)} if len(names) > 1 else {}


def _rows(chart: Chart) -> pd.DataFrame:
    """One row a mark of a chart by category: category, series, value, low, high, colour."""
    rows = (
        (
            category,
            series.name,
            series.values[place],
            series.low[place] if series.low else None,
            series.high[place] if series.high else None,
            series.colours[place] if series.colours else series.colour,
            bool(chart.highlight) and category == chart.highlight,
        )
        for series in chart.series
        for place, category in enumerate(chart.categories)
    )
    names = ["category", "series", "value", "low", "high", "colour", "chosen"]
    return pd.DataFrame(rows, columns=names)


def _tooltip(chart: Chart, *, interval: bool = False) -> list[alt.Tooltip]:
    shown = vega_format(chart.number_format)
    fields = [alt.Tooltip("category:N", title=" ")]
    if len(chart.series) > 1:
        fields.append(alt.Tooltip("series:N", title="Series"))
    fields.append(alt.Tooltip("value:Q", title=chart.value_title or chart.title, format=shown))
    return [*fields, *(_interval_tips(shown) if interval else [])]


def _interval_tips(shown: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("low:Q", title="95% interval from", format=shown),
        alt.Tooltip("high:Q", title="to", format=shown),
    ]


def _by_name(series: Iterable[Series], shown: Callable[[Series], Any]) -> alt.Scale:
    """Series by name to a colour, shape or dash."""
    found = {each.name: shown(each) for each in series}
    return alt.Scale(domain=list(found), range=list(found.values()))


def _series_colour(chart: Chart) -> alt.Color:
    return alt.Color(
        "series:N",
        sort=[series.name for series in chart.series],
        scale=_by_name(chart.series, _COLOUR),
        legend=alt.Legend(
            title=None,
            orient="top",
            labelLimit=_LABEL,
            columns=_legend_columns(chart),
            # Of a pale fifth more is to be seen than its edge.
            symbolStrokeWidth=0.5,
            symbolSize=160,
        ),
    )


def _colour(chart: Chart) -> alt.Color:
    """That of each series; of each mark where there is one series."""
    return _series_colour(chart) if len(chart.series) > 1 else alt.Color("colour:N", scale=None)


def _bars(chart: Chart) -> list[Any]:
    rows = _rows(chart).dropna(subset=["value"])
    base = alt.Chart(rows).encode(y=_categories(chart), tooltip=_tooltip(chart))
    # Room at the end of the longest bar for its number.
    room = chart.bounds or (
        min(0.0, rows["value"].min() * 1.2),
        max(0.0, rows["value"].max() * 1.2),
    )
    across = alt.X(
        "value:Q",
        title=_title(chart.value_title),
        scale=alt.Scale(domain=list(room)) if len(rows) else alt.Scale(),
        axis=_value_axis(chart),
    )
    offset, colour = _beside(chart), _colour(chart)
    bars = base.mark_bar(stroke=INK, strokeWidth=0.5).encode(x=across, color=colour, **offset)
    # A number stands at the end of its bar, to whichever side that is.
    numbers = [
        base.mark_text(
            align=alt.expr("datum.value < 0 ? 'right' : 'left'"),
            dx=alt.expr("datum.value < 0 ? -4 : 4"),
            **paint,
        ).encode(
            x=across, text=alt.Text("value:Q", format=vega_format(chart.number_format)), **offset
        )
        # White around it, or the line of the benchmark would strike it through.
        for paint in ({"stroke": "#ffffff", "strokeWidth": 4}, {"color": INK})
    ]
    return [bars, *_reference(chart, upright=True), *numbers]


def _shares(chart: Chart) -> list[Any]:
    rows = _rows(chart)
    return [
        alt.Chart(rows)
        .mark_bar(stroke=INK, strokeWidth=0.4)
        .encode(
            y=_categories(chart),
            x=alt.X(
                "value:Q",
                stack="normalize",
                title=_title(chart.value_title),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            color=_series_colour(chart),
            tooltip=_tooltip(chart),
        )
    ]


def _intervals(chart: Chart) -> list[Any]:
    base = alt.Chart(_rows(chart)).encode(
        y=_categories(chart), tooltip=_tooltip(chart, interval=True), **_beside(chart)
    )
    colour = alt.condition("datum.chosen", alt.value(ACCENT), alt.value(INK))
    scale = alt.Scale(domain=list(chart.bounds)) if chart.bounds else alt.Scale(zero=False)
    title = _title(chart.value_title)
    across = alt.X("low:Q", title=title, scale=scale, axis=_value_axis(chart))
    rule = base.mark_rule(strokeWidth=2, clip=True).encode(x=across, x2="high:Q", color=colour)
    point = base.mark_point(filled=True, size=90, opacity=1, stroke=INK, clip=True).encode(
        x=alt.X("value:Q"), color=_colour(chart)
    )
    return [*_reference(chart, upright=True), rule, point]


def _scatter(chart: Chart) -> list[Any]:
    across = _scatter_axis(chart)
    title, axis = chart.value_title or None, _value_axis(chart)
    up = alt.Y("value:Q", title=title, scale=_up_scale(chart), axis=axis)
    points = [series for series in chart.series if not series.line and series.values]
    joined = [series for series in chart.series if series.line and series.values]
    layers: list[Any] = []
    if any(series.low for series in points):
        layers.append(_whiskers(chart, points, across, up))
    if points:
        layers.append(_points(chart, points, across, up))
    if joined:
        marked = {series.name for series in points}
        layers.append(_lines(chart, joined, across, up, known=marked))
    return [*layers, *_reference(chart, upright=False)]


def _up_scale(chart: Chart) -> alt.Scale:
    if chart.log:
        return alt.Scale(type="log", nice=False, padding=12)
    return alt.Scale(domain=list(chart.bounds)) if chart.bounds else alt.Scale(zero=False)


def _scatter_axis(chart: Chart) -> alt.X:
    if chart.x_dates:
        months = map(_date, sorted({at for series in chart.series for at in series.x}))
        return alt.X(
            "x:T",
            title=_title(chart.x_title),
            axis=alt.Axis(
                format="%b %Y",
                labelOverlap="greedy",
                values=[alt.DateTime(year=d.year, month=d.month, date=d.day) for d in months],
            ),
        )
    return alt.X(
        "x:Q",
        title=_title(chart.x_title),
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(format=vega_format(chart.x_format), tickCount=_NARROW),
    )


def _date(year: float) -> pd.Timestamp:
    """A fraction of a year as the day it is."""
    start = pd.Timestamp(int(year), 1, 1)
    days = 366 if start.is_leap_year else 365
    return start + pd.Timedelta(days=round((year - start.year) * days))


def _long(chart: Chart, series: Series) -> pd.DataFrame:
    number = len(series.values)
    return pd.DataFrame(
        {
            "series": series.name,
            "x": [_date(at) for at in series.x] if chart.x_dates else series.x,
            "value": series.values,
            "low": series.low or [None] * number,
            "high": series.high or [None] * number,
            "label": series.labels or series.codes or [series.name] * number,
            "size": series.sizes or [1.0] * number,
            "colour": series.colours or [series.colour] * number,
        }
    )


def _points(chart: Chart, points: list[Series], across: alt.X, up: alt.Y) -> alt.Chart:
    rows = pd.concat([_long(chart, series) for series in points], ignore_index=True)
    sized = any(series.sizes for series in points)
    crowded = len(rows) > _CROWD
    shown, whole = vega_format(chart.number_format), chart.x_format == "0"
    tips = [
        alt.Tooltip("label:N", title=" "),
        alt.Tooltip("x:T", title="Month", format="%B %Y")
        if chart.x_dates
        else alt.Tooltip("x:Q", title=chart.x_title, format=".0f" if whole else ",.1f"),
        alt.Tooltip("value:Q", title=chart.value_title, format=shown),
    ]
    if sized:
        tips.append(alt.Tooltip("size:Q", title="Patients", format=",.0f"))
    if any(series.low for series in points):
        tips += _interval_tips(shown)
    more: dict[str, Any] = {"color": alt.Color("colour:N", scale=None)}
    if sized:
        sizes = [4, 30] if crowded else [25, 420]
        more["size"] = alt.Size("size:Q", legend=None, scale=alt.Scale(range=sizes))
    if len(points) > 1:
        legend = alt.Legend(title=None, orient="bottom", columns=2, labelLimit=220)
        colours, shapes = _by_name(points, _COLOUR), _by_name(points, lambda each: each.shape)
        more["color"] = alt.Color("series:N", scale=colours, legend=legend)
        more["shape"] = alt.Shape("series:N", scale=shapes, legend=legend)
    if chart.x_dates:
        more["size"] = alt.value(80)  # a few months, each to be found on its line
    return (
        alt.Chart(rows)
        .mark_point(filled=True, opacity=0.4 if crowded else 0.78, stroke=INK, strokeWidth=0.6)
        .encode(x=across, y=up, tooltip=tips, **more)
    )


def _whiskers(chart: Chart, points: list[Series], across: alt.X, up: alt.Y) -> alt.Chart:
    """The interval of every mark that has one, behind the marks."""
    rows = pd.concat([_long(chart, series) for series in points], ignore_index=True)
    up = up.copy()
    up.shorthand = "low:Q"
    return (
        alt.Chart(rows.dropna(subset=["low", "high"]))
        .mark_rule(color=MUTED, strokeWidth=1, clip=True)
        .encode(x=across, y=up, y2="high:Q")
    )


def _lines(
    chart: Chart, joined: list[Series], across: alt.X, up: alt.Y, *, known: set[str]
) -> alt.Chart:
    """Lines, in the points' legend where these have the name; of one name, one line with gaps."""
    rows = pd.concat(
        [_long(chart, series).assign(part=part) for part, series in enumerate(joined)],
        ignore_index=True,
    )
    legend = None
    if not {series.name for series in joined} <= known:
        legend = alt.Legend(
            title=None,
            orient="top",
            columns=_legend_columns(chart),
            symbolType="stroke",
            symbolSize=600,
            labelLimit=460,
        )
    dashes = _by_name(joined, lambda each: [6, 4] if each.dash else [1, 0])
    return (
        alt.Chart(rows)
        .mark_line(strokeWidth=1.8)
        .encode(
            x=across,
            y=up,
            color=alt.Color("series:N", scale=_by_name(joined, _COLOUR), legend=legend),
            detail="part:N",
            strokeDash=alt.StrokeDash("series:N", scale=dashes, legend=legend),
            tooltip=[alt.Tooltip("series:N", title=" "), alt.Tooltip("value:Q", format=",.1f")],
        )
    )


def _reference(chart: Chart, *, upright: bool) -> list[Any]:
    """The benchmark, or the value of no effect, as a dashed line with its name."""
    if chart.reference is None:
        return []
    at = pd.DataFrame({"at": [chart.reference], "label": [chart.reference_label]})
    base = alt.Chart(at)
    words = {"align": "left", "dx": 4, "color": ACCENT, "fontSize": 12}
    if upright:
        rule = base.mark_rule(color=MUTED, strokeDash=[4, 4]).encode(x="at:Q")
        text = base.mark_text(dy=-6, **words).encode(x="at:Q", y=alt.value(0), text="label:N")
        return [rule, text]
    rule = base.mark_rule(color=ACCENT, strokeDash=[5, 4]).encode(y="at:Q")
    text = base.mark_text(baseline="bottom", dy=-2, **words)
    return [rule, text.encode(y="at:Q", x=alt.value(0), text="label:N")]


_KINDS = {"bars": _bars, "shares": _shares, "intervals": _intervals, "scatter": _scatter}
