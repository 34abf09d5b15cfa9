"""The charts of a report drawn with matplotlib, for PDF pages and the HTML file.

PowerPoint has native charts of the same content instead.
"""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pcs_dash.measures import numbers
from pcs_dash.render.paper_text import FAMILY, drawable, shorten, width, wrap
from pcs_dash.views.answer import Chart

INK = "#111827"
QUIET = "#374151"
GRID = "#d1d5db"
_SMALL, _NORMAL = 9.0, 10.5


def draw_chart(figure: Figure, box: tuple[float, float, float, float], chart: Chart) -> None:
    """Draw into `box` (left, bottom, width, height in inches), title and legend included."""
    left, bottom, wide, high = box
    canvas_wide, canvas_high = map(float, figure.get_size_inches())
    names = _names(chart, wide)
    beside = max((width(name, _SMALL) for name in names), default=32.0) / 72 + 0.12
    if chart.kind == "scatter":
        beside = 0.75
    title = wrap(drawable(chart.title, bold=True), _NORMAL, wide * 72 - 10, bold=True)[:2]
    head = 0.2 + 0.19 * len(title)
    legend = 0.3 if len(chart.series) > 1 else 0.0
    if legend and _legend_width(chart) > wide * 72:
        legend = 0.55
    foot = 0.55 + legend
    axes = figure.add_axes(
        (
            (left + beside) / canvas_wide,
            (bottom + foot) / canvas_high,
            (wide - beside - 0.25) / canvas_wide,
            (high - head - foot) / canvas_high,
        )
    )
    top = bottom + high - 0.08
    for line in title:
        figure.text(
            (left + wide / 2) / canvas_wide, top / canvas_high, line, fontsize=_NORMAL,
            fontweight="bold", family=FAMILY, color=INK, ha="center", va="top", parse_math=False,
        )  # fmt: skip
        top -= 0.19
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)
    axes.tick_params(colors=INK, labelsize=_SMALL, length=0)
    axes.set_axisbelow(True)
    across = chart.x_title if chart.kind == "scatter" else chart.value_title
    _label(axes, "x", shorten(drawable(across), _SMALL, wide * 72 - 20))
    if chart.kind == "scatter":
        _scatter(axes, chart)
    else:
        _bars(axes, chart, names)
    if legend:
        across_page = (left + wide / 2) / canvas_wide, (bottom + legend) / canvas_high
        _legend(axes, figure, across_page, rows=1 if legend < 0.5 else 2)


def _legend(axes: Axes, figure: Figure, at: tuple[float, float], *, rows: int) -> None:
    """Each name once, in so many rows: both edges of a band have its name."""
    handles, labels = axes.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    lines = axes.legend(
        named.values(),
        named.keys(),
        loc="upper center",
        bbox_to_anchor=at,
        bbox_transform=figure.transFigure,
        ncols=-(-len(named) // rows),
        frameon=False,
        fontsize=_SMALL,
        borderaxespad=0.0,
        handlelength=1.2,
        columnspacing=1.2,
    )
    for text in lines.get_texts():
        text.set_fontfamily(FAMILY)
        text.set_parse_math(False)


def to_svg(chart: Chart, *, size: tuple[float, float] = (7.2, 4.2)) -> str:
    """The chart as SVG text, letters as outlines, so that it looks the same everywhere."""
    figure = Figure(figsize=size, facecolor="white")
    draw_chart(figure, (0, 0, *size), chart)
    FigureCanvasSVG(figure)
    data = io.StringIO()
    figure.savefig(data, format="svg", metadata={"Date": None, "Creator": None})
    return data.getvalue()


def _names(chart: Chart, wide: float) -> list[str]:
    """Category names, cut to at most 45% of the chart's width."""
    return [shorten(drawable(name), _SMALL, 0.45 * wide * 72) for name in chart.categories]


def _legend_width(chart: Chart) -> float:
    return sum(width(series.name, _SMALL) + 34 for series in chart.series)


def _label(axes: Axes, side: str, text: str) -> None:
    set_label = axes.set_xlabel if side == "x" else axes.set_ylabel
    set_label(text, fontsize=_SMALL, family=FAMILY, color=INK, parse_math=False)


def _number(pattern: str) -> FuncFormatter:
    """A number format of the workbook's kind as an axis formatter."""
    decimals = len(pattern.partition(".")[2].rstrip('"%'))
    tail = "%" if "%" in pattern else ""

    def show(value: float, _: int | None = None) -> str:
        return f"{numbers.number(value, decimals)}{tail}".replace("-", "−")

    return FuncFormatter(show)


def _bars(axes: Axes, chart: Chart, names: list[str]) -> None:
    rows = np.arange(len(names))
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.xaxis.set_major_formatter(_number(chart.number_format))
    axes.xaxis.set_major_locator(MaxNLocator(5 if chart.kind != "intervals" else 9))
    start = np.zeros(len(names))
    thick = 0.72 if chart.kind == "shares" else 0.78 / max(len(chart.series), 1)
    for number, series in enumerate(chart.series):
        # What is None is not a number there.
        values = np.array(series.values, dtype=float)
        offset = 0.0 if chart.kind == "shares" else (number + 0.5) * thick - 0.39
        axes.barh(
            rows + offset, values, height=thick, left=start if chart.kind == "shares" else 0,
            color=list(series.colours) or series.colour, edgecolor=QUIET, linewidth=0.4,
            label=drawable(series.name),
        )  # fmt: skip
        if chart.kind == "shares":
            start = start + np.nan_to_num(values)
        if series.low:
            low, high = (np.array(ends, dtype=float) for ends in (series.low, series.high))
            axes.errorbar(
                values, rows + offset, xerr=np.abs([values - low, high - values]), fmt="none",
                ecolor=INK, elinewidth=1.4, capsize=3,
            )  # fmt: skip
        if chart.kind == "bars":
            show = _number(chart.number_format)
            for row, value in zip(rows + offset, values, strict=True):
                if np.isfinite(value):
                    axes.annotate(
                        show(value), (value, row), xytext=(3 if value >= 0 else -3, 0),
                        textcoords="offset points", va="center",
                        ha="left" if value >= 0 else "right", fontsize=_SMALL, family=FAMILY,
                    )  # fmt: skip
    axes.set_yticks(rows)
    axes.set_yticklabels(names, family=FAMILY, parse_math=False)
    axes.invert_yaxis()
    axes.margins(x=0.14 if chart.kind == "bars" else 0.02)
    if chart.kind == "shares":
        axes.set_xlim(0, 100)
    if chart.bounds is not None:
        axes.set_xlim(*chart.bounds)
    if chart.reference is not None:
        axes.axvline(chart.reference, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))


def _scatter(axes: Axes, chart: Chart) -> None:
    axes.grid(color=GRID, linewidth=0.6)
    axes.yaxis.set_major_formatter(_number(chart.number_format))
    _label(axes, "y", drawable(chart.value_title))
    for series in chart.series:
        values = np.array(series.values, dtype=float)
        if series.line:
            axes.plot(series.x, values, color=series.colour, linewidth=1.8,
                      linestyle=(0, (4, 2)) if series.dash else "solid",
                      label=drawable(series.name))  # fmt: skip
        else:
            axes.scatter(series.x, values, s=34, color=series.colour, edgecolor="white",
                         linewidth=0.6, label=drawable(series.name), zorder=3)  # fmt: skip
    lowest = min(
        (value for s in chart.series for value in s.values if value is not None), default=0
    )
    if lowest < 0:
        axes.axhline(0, color=INK, linewidth=1.0)
    else:
        axes.set_ylim(bottom=0)
