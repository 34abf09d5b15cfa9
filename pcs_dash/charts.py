"""Charts as Altair objects: tables in, charts out; no session state, no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from pcs_dash.areas import PLACES
from pcs_dash.maps import QUINTILE_PURPLES
from pcs_dash.metrics.deprivation import QUINTILE_LABELS

# Okabe and Ito's colours, told apart in the three common colour-vision deficiencies, and a shape
# for each place, so that colour is never the only sign.
PLACE_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#5b5b5b")
PLACE_SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
)
INK = "#212b32"
MUTED = "#768692"
ACCENT = "#005eb8"
# Plain numbers with thousands separators; Vega's own shorthand would write 2e+4.
NUMBERS = alt.Axis(format=",.0f", tickCount=5)


def _place_scale(kind: str) -> alt.Scale:
    values = PLACE_COLOURS if kind == "colour" else PLACE_SHAPES
    return alt.Scale(domain=list(PLACES.values()), range=list(values))


def scatter(
    practices: pd.DataFrame,
    *,
    x: pd.Series,
    y: pd.Series,
    x_title: str,
    y_title: str,
    benchmark: float | None = None,
    benchmark_label: str = "",
    lines: Sequence[tuple[str, float, float]] = (),
    description: str,
    height: int = 420,
) -> alt.LayerChart:
    """Practices as named points, sized by list, coloured and shaped by place.

    `lines` are (name, intercept, slope) drawn over the range of x. A practice without either
    figure is not drawn: the page counts those. Names reach the chart as data, never as markup.
    """
    table = pd.DataFrame(
        {
            "code": practices.index,
            "name": practices["practice_name"].to_numpy(),
            "place": practices["place"].to_numpy(),
            "patients": practices["patients"].to_numpy(),
            "x": x.to_numpy(dtype=float),
            "y": y.to_numpy(dtype=float),
        }
    ).dropna(subset=["x", "y"])
    here = [place for place in PLACES.values() if place in set(table["place"])]
    legend = alt.Legend(title="Place", orient="bottom", columns=4, values=here, symbolSize=90)
    points = (
        alt.Chart(table)
        .mark_point(filled=True, opacity=0.78, stroke=INK, strokeWidth=0.6)
        .encode(
            x=alt.X("x:Q", title=x_title, scale=alt.Scale(zero=False, nice=True)),
            y=alt.Y(
                "y:Q",
                title=y_title,
                scale=alt.Scale(zero=False, nice=True),
                axis=NUMBERS,
            ),
            size=alt.Size("patients:Q", legend=None, scale=alt.Scale(range=[25, 420])),
            color=alt.Color("place:N", scale=_place_scale("colour"), legend=legend),
            shape=alt.Shape("place:N", scale=_place_scale("shape"), legend=legend),
            tooltip=[
                alt.Tooltip("name:N", title="Practice"),
                alt.Tooltip("code:N", title="Code"),
                alt.Tooltip("place:N", title="Place"),
                alt.Tooltip("patients:Q", title="Patients", format=",.0f"),
                alt.Tooltip("x:Q", title=x_title, format=",.1f"),
                alt.Tooltip("y:Q", title=y_title, format=",.1f"),
            ],
        )
    )
    layers: list[Any] = [points, *_fitted(table["x"], lines)]
    if benchmark is not None:
        layers.append(_rule(benchmark, benchmark_label))
    return alt.layer(*layers).properties(height=height, description=description)


def _fitted(x: pd.Series, lines: Sequence[tuple[str, float, float]]) -> list[alt.Chart]:
    if x.empty or not lines:
        return []
    ends = np.array([x.min(), x.max()])
    rows = [
        {"x": end, "y": intercept + slope * end, "line": name}
        for name, intercept, slope in lines
        if np.isfinite(intercept) and np.isfinite(slope)
        for end in ends
    ]
    dash = alt.Scale(range=[[1, 0], [6, 4], [2, 2]])
    return [
        alt.Chart(pd.DataFrame(rows))
        .mark_line(color=INK, strokeWidth=1.6)
        .encode(
            x="x:Q",
            y="y:Q",
            strokeDash=alt.StrokeDash(
                "line:N", scale=dash, legend=alt.Legend(title="Line", orient="bottom")
            ),
        )
    ]


def _rule(value: float, label: str) -> alt.LayerChart:
    at = pd.DataFrame({"value": [value], "label": [label]})
    rule = alt.Chart(at).mark_rule(color=ACCENT, strokeDash=[5, 4]).encode(y="value:Q")
    text = (
        alt.Chart(at)
        .mark_text(align="left", baseline="bottom", dx=4, dy=-2, color=ACCENT, fontSize=12)
        .encode(y="value:Q", x=alt.value(0), text="label:N")
    )
    return rule + text


def by_quintile(
    table: pd.DataFrame,
    *,
    value: str,
    title: str,
    benchmark: float | None = None,
    benchmark_label: str = "",
    description: str,
    height: int = 300,
) -> alt.LayerChart:
    """A measure by deprivation quintile as points with their intervals.

    `table`: index quintile 1 to 5, columns `value`, `value_low`, `value_high`.
    """
    data = pd.DataFrame(
        {
            "quintile": [QUINTILE_LABELS[int(q)] for q in table.index],
            "value": table[value].to_numpy(dtype=float),
            "low": table[f"{value}_low"].to_numpy(dtype=float),
            "high": table[f"{value}_high"].to_numpy(dtype=float),
            "patients": table["patients"].to_numpy(dtype=float),
        }
    ).dropna(subset=["value"])
    order = list(QUINTILE_LABELS.values())
    base = alt.Chart(data).encode(
        x=alt.X(
            "quintile:N",
            sort=order,
            title="Deprivation quintile of where patients live",
            axis=alt.Axis(labelAngle=0),
        )
    )
    axis = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=NUMBERS)
    tooltip = [
        alt.Tooltip("quintile:N", title="Quintile"),
        alt.Tooltip("value:Q", title=title, format=",.1f"),
        alt.Tooltip("low:Q", title="95% interval from", format=",.1f"),
        alt.Tooltip("high:Q", title="to", format=",.1f"),
        alt.Tooltip("patients:Q", title="Patients", format=",.0f"),
    ]
    layers: list[Any] = [
        base.mark_rule(color=INK, strokeWidth=2).encode(
            y=alt.Y("low:Q", title=title), y2="high:Q", tooltip=tooltip
        ),
        base.mark_point(filled=True, size=130, stroke=INK, strokeWidth=1, opacity=1).encode(
            y=axis,
            color=alt.Color(
                "quintile:N",
                sort=order,
                scale=alt.Scale(domain=order, range=list(QUINTILE_PURPLES)),
                legend=None,
            ),
            tooltip=tooltip,
        ),
    ]
    if benchmark is not None:
        layers.append(_rule(benchmark, benchmark_label))
    return alt.layer(*layers).properties(height=height, description=description)


def quintile_bars(
    counts: pd.Series, *, title: str, description: str, height: int = 220
) -> alt.Chart:
    """Counts by quintile as bars with their numbers; index 1 to 5."""
    order = list(QUINTILE_LABELS.values())
    data = pd.DataFrame(
        {"quintile": order, "count": counts.reindex(range(1, 6)).to_numpy(dtype=float)}
    )
    total = data["count"].sum()
    data["share"] = data["count"] / total if total else np.nan
    data["label"] = [
        f"{count:,.0f} ({share:.0%})" if total else ""
        for count, share in zip(data["count"], data["share"], strict=True)
    ]
    base = alt.Chart(data).encode(
        y=alt.Y("quintile:N", sort=order, title="IMD quintile"),
        x=alt.X(
            "count:Q",
            title=title,
            axis=NUMBERS,
            scale=alt.Scale(domainMax=float(max(data["count"].max(), 1)) * 1.3),
        ),
    )
    bars = base.mark_bar(stroke=INK, strokeWidth=0.5).encode(
        color=alt.Color(
            "quintile:N",
            sort=order,
            scale=alt.Scale(domain=order, range=list(QUINTILE_PURPLES)),
            legend=None,
        ),
        tooltip=[
            alt.Tooltip("quintile:N", title="Quintile"),
            alt.Tooltip("count:Q", title=title, format=",.0f"),
            alt.Tooltip("share:Q", title="Share", format=".1%"),
        ],
    )
    return (bars + base.mark_text(align="left", dx=4, color=INK).encode(text="label:N")).properties(
        height=height, description=description
    )


def forest(
    table: pd.DataFrame, *, title: str, description: str, highlight: str = ""
) -> alt.LayerChart:
    """Estimates with their intervals, one row an area in the table's order.

    `table`: index the area's name, columns coefficient, ci_low, ci_high, n. Areas without an
    estimate keep their row, empty.
    """
    data = table.reset_index().rename(columns={table.index.name or "index": "area"})
    data["label"] = [f"{area} (n = {n:,})" for area, n in zip(data["area"], data["n"], strict=True)]
    data["chosen"] = data["area"] == highlight
    y = alt.Y("label:N", sort=list(data["label"]), title=None, axis=alt.Axis(labelLimit=260))
    tooltip = [
        alt.Tooltip("area:N", title="Area"),
        alt.Tooltip("n:Q", title="Practices"),
        alt.Tooltip("coefficient:Q", title=title, format=".2f"),
        alt.Tooltip("ci_low:Q", title="95% interval from", format=".2f"),
        alt.Tooltip("ci_high:Q", title="to", format=".2f"),
    ]
    colour = alt.condition("datum.chosen", alt.value(ACCENT), alt.value(INK))
    base = alt.Chart(data).encode(y=y, tooltip=tooltip)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=MUTED, strokeDash=[4, 4])
    return alt.layer(
        zero.encode(x="zero:Q"),
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("ci_low:Q", title=title, scale=alt.Scale(domain=[-1, 1])),
            x2="ci_high:Q",
            color=colour,
        ),
        base.mark_point(filled=True, size=90, opacity=1).encode(x="coefficient:Q", color=colour),
    ).properties(height=34 * len(data), description=description)
