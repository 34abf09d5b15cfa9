"""Charts as Altair objects: tables in, charts out; no session state, no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.tables.areas import PLACES
from pcs_dash.views.maps import QUINTILE_PURPLES

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
# A count that is small, or would tell one that is.
NOT_SHOWN = "not shown"
INK = "#212b32"
MUTED = "#768692"
ACCENT = "#005eb8"
# Plain numbers with thousands separators; Vega's own shorthand would write 2e+4.
NUMBERS = alt.Axis(format=",.0f", tickCount=5)


def _numbers(values: pd.Series) -> alt.Axis:
    """`NUMBERS`, with a decimal where the figures are so small that their ticks need one."""
    largest = values.abs().max()
    return alt.Axis(format=",.1f", tickCount=5) if largest < 20 else NUMBERS


# "1 (most deprived)" in lines, so that all five labels fit a narrow screen.
_QUINTILE_AXIS = alt.Axis(labelAngle=0, labelOverlap=False, labelExpr="split(datum.label, ' ')")


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
    legend = alt.Legend(
        title="Place",
        orient="bottom",
        columns=2,
        labelLimit=220,
        values=here,
        symbolSize=90,
        symbolStrokeWidth=0.8,
    )
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
                "line:N",
                scale=dash,
                legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolSize=600),
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
            axis=_QUINTILE_AXIS,
        )
    )
    axis = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=_numbers(data["value"]))
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
    """Counts by quintile as bars with their numbers; index 1 to 5. A missing one has no bar."""
    order = list(QUINTILE_LABELS.values())
    data = pd.DataFrame(
        {"quintile": order, "count": counts.reindex(range(1, 6)).to_numpy(dtype=float)}
    )
    total = data["count"].sum()
    # With a count hidden the shares of the others would tell it.
    whole = total > 0 and data["count"].notna().all()
    data["share"] = data["count"] / total if whole else np.nan
    data["label"] = [
        NOT_SHOWN if np.isnan(count) else f"{count:,.0f}" + (f" ({share:.0%})" if whole else "")
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
    table: pd.DataFrame,
    *,
    title: str,
    description: str,
    highlight: str = "",
    domain: tuple[float, float] | None = (-1, 1),
    mark_at: Sequence[float] = (0.0,),
    unit: str = "Practices",
) -> alt.LayerChart:
    """Estimates with their intervals, one row an area in the table's order.

    `table`: index the area's name, columns coefficient, ci_low, ci_high, n (how many of `unit`).
    Areas without an estimate keep their row, empty. `domain`: the ends of the axis, None to fit
    it. `mark_at`: where dashed lines stand.
    """
    data = table.reset_index().rename(columns={table.index.name or "index": "area"})
    data["label"] = [f"{area} (n = {n:,})" for area, n in zip(data["area"], data["n"], strict=True)]
    data["chosen"] = data["area"] == highlight
    y = alt.Y("label:N", sort=list(data["label"]), title=None, axis=alt.Axis(labelLimit=260))
    tooltip = [
        alt.Tooltip("area:N", title="Area"),
        alt.Tooltip("n:Q", title=unit),
        alt.Tooltip("coefficient:Q", title=title, format=".2f"),
        alt.Tooltip("ci_low:Q", title="95% interval from", format=".2f"),
        alt.Tooltip("ci_high:Q", title="to", format=".2f"),
    ]
    colour = alt.condition("datum.chosen", alt.value(ACCENT), alt.value(INK))
    base = alt.Chart(data).encode(y=y, tooltip=tooltip)
    marks = alt.Chart(pd.DataFrame({"at": list(mark_at)})).mark_rule(color=MUTED, strokeDash=[4, 4])
    scale = alt.Scale(domain=list(domain)) if domain else alt.Scale()
    return alt.layer(
        marks.encode(x="at:Q"),
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("ci_low:Q", title=title, scale=scale),
            x2="ci_high:Q",
            color=colour,
        ),
        base.mark_point(filled=True, size=90, opacity=1).encode(x="coefficient:Q", color=colour),
    ).properties(height=80 + 32 * len(data), description=description)


# --- Inequality ---------------------------------------------------------------------------------


def gradient(
    groups: pd.DataFrame,
    *,
    value: str,
    title: str,
    intercept: float,
    sii: float,
    description: str,
    height: int = 300,
) -> alt.LayerChart:
    """Groups at their relative rank with the line of the Slope Index of Inequality.

    `groups`: from the most to the least deprived, index their names, columns patients and `value`.
    A group spans its share of the patients on the axis from 0 to 1.
    """
    patients = groups["patients"].to_numpy(dtype=float)
    ends = np.cumsum(patients) / patients.sum() if patients.sum() > 0 else np.zeros(len(groups))
    data = pd.DataFrame(
        {
            "group": [QUINTILE_LABELS.get(name, str(name)) for name in groups.index],
            "from": np.concatenate([[0.0], ends[:-1]]),
            "to": ends,
            "value": groups[value].to_numpy(dtype=float),
            "patients": patients,
        }
    ).dropna(subset=["value"])
    data["rank"] = (data["from"] + data["to"]) / 2
    tooltip = [
        alt.Tooltip("group:N", title="Group"),
        alt.Tooltip("value:Q", title=title, format=",.1f"),
        alt.Tooltip("patients:Q", title="Patients", format=",.0f"),
    ]
    # Hundreds of small areas would hide each other and the line.
    crowded = len(data) > 300
    sizes, opacity = ([4, 30], 0.35) if crowded else ([30, 220], 0.85)
    across = "Patients, most (0) to least deprived (1)"
    x = alt.X("rank:Q", title=across, scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=_numbers(data["value"]))
    spans = (
        alt.Chart(data)
        .mark_rule(color=MUTED, strokeWidth=4, opacity=0.55)
        .encode(x=alt.X("from:Q", title=across), x2="to:Q", y=y, tooltip=tooltip)
    )
    points = (
        alt.Chart(data)
        .mark_point(filled=True, color=ACCENT, stroke=INK, strokeWidth=0.6, opacity=opacity)
        .encode(
            x=x,
            y=y,
            size=alt.Size("patients:Q", legend=None, scale=alt.Scale(range=sizes)),
            tooltip=tooltip,
        )
    )
    layers: list[Any] = [spans, points]
    if np.isfinite(intercept) and np.isfinite(sii):
        line = pd.DataFrame({"rank": [0.0, 1.0], "value": [intercept, intercept + sii]})
        line["label"] = [
            f"{end:,.0f}" if abs(end) >= 100 else f"{end:,.1f}" for end in line["value"]
        ]
        drawn = alt.Chart(line).encode(x="rank:Q", y="value:Q")
        layers.append(drawn.mark_line(color=INK, strokeWidth=2))
        # On the side of the line where it leaves room.
        above = -12 if sii > 0 else 14
        for end, align, dx, dy in ((0.0, "left", 4, above), (1.0, "right", -4, -above)):
            layers.append(
                drawn.transform_filter(f"datum.rank == {end}")
                .mark_text(align=align, dx=dx, dy=dy, color=INK, fontWeight="bold")
                .encode(text="label:N")
            )
    return alt.layer(*layers).properties(height=height, description=description)


def raw_and_adjusted(
    table: pd.DataFrame, *, title: str, description: str, height: int = 300
) -> alt.Chart | alt.LayerChart:
    """A measure by quintile on raw and on need-adjusted lists, side by side, with intervals.

    `table`: columns quintile (1 to 5), list ("raw", "need-adjusted"), value, low, high.
    """
    data = table.assign(quintile=[QUINTILE_LABELS[int(q)] for q in table["quintile"]])
    kinds = list(dict.fromkeys(data["list"]))
    base = alt.Chart(data).encode(
        x=alt.X(
            "quintile:N",
            sort=list(QUINTILE_LABELS.values()),
            title="Deprivation quintile of where patients live",
            axis=_QUINTILE_AXIS,
        ),
        xOffset=alt.XOffset("list:N", sort=kinds),
        color=alt.Color(
            "list:N",
            scale=alt.Scale(domain=kinds, range=[INK, "#d55e00"]),
            legend=alt.Legend(title="Lists", orient="bottom", symbolSize=90, symbolStrokeWidth=0.8),
        ),
        tooltip=[
            alt.Tooltip("quintile:N", title="Quintile"),
            alt.Tooltip("list:N", title="Lists"),
            alt.Tooltip("value:Q", title=title, format=",.1f"),
            alt.Tooltip("low:Q", title="95% interval from", format=",.1f"),
            alt.Tooltip("high:Q", title="to", format=",.1f"),
        ],
    )
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=NUMBERS)
    return alt.layer(
        base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title=title), y2="high:Q"),
        base.mark_point(filled=True, size=110, opacity=1).encode(
            y=y,
            shape=alt.Shape(
                "list:N",
                scale=alt.Scale(domain=kinds, range=["circle", "diamond"]),
                legend=alt.Legend(
                    title="Lists", orient="bottom", symbolSize=90, symbolStrokeWidth=0.8
                ),
            ),
        ),
    ).properties(height=height, description=description)


def concentration(
    curve: pd.DataFrame, *, resource: str, description: str, height: int = 300
) -> alt.LayerChart:
    """Cumulative share of a resource over people, the most deprived first, beside even shares.

    `curve`: columns people and resource, cumulative shares from (0, 0) to (1, 1).
    """
    even = pd.DataFrame({"people": [0.0, 1.0], "resource": [0.0, 1.0]})
    both = pd.concat(
        [curve[["people", "resource"]].assign(line=resource), even.assign(line="even shares")],
        ignore_index=True,
    )
    percent = alt.Axis(format=".0%", tickCount=5)
    drawn = (
        alt.Chart(both)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("people:Q", title="Patients, most deprived first", axis=percent),
            y=alt.Y("resource:Q", title=f"Share of {resource}", axis=percent),
            order="people:Q",
            strokeDash=alt.StrokeDash(
                "line:N",
                scale=alt.Scale(domain=[resource, "even shares"], range=[[1, 0], [5, 4]]),
                legend=alt.Legend(title=None, orient="bottom"),
            ),
            color=alt.Color(
                "line:N",
                scale=alt.Scale(domain=[resource, "even shares"], range=[ACCENT, MUTED]),
                legend=alt.Legend(title=None, orient="bottom"),
            ),
            tooltip=[
                alt.Tooltip("people:Q", title="Patients", format=".1%"),
                alt.Tooltip("resource:Q", title=resource, format=".1%"),
            ],
        )
    )
    return alt.layer(drawn).properties(height=height, description=description)


# --- Does it survive? ---------------------------------------------------------------------------


EXCLUDES, INCLUDES = "interval excludes zero", "interval includes zero"


def specifications(
    curve: pd.DataFrame, *, title: str, description: str, height: int = 400
) -> alt.LayerChart:
    """Every specification as a dot with its interval, in the order of the table.

    `curve`: columns coefficient, ci_low, ci_high, excludes_zero, n and the words of each choice
    (gp_definition, list, flagged, imd_edition, level, weighting).
    """
    data = curve.dropna(subset=["coefficient"]).reset_index(drop=True)
    data["place"] = np.arange(1, len(data) + 1)
    data["says"] = np.where(data["excludes_zero"].astype(bool), EXCLUDES, INCLUDES)
    choices = {
        "gp_definition": "GPs",
        "list": "Lists",
        "flagged": "Practices",
        "imd_edition": "IMD",
        "level": "Level",
        "weighting": "Weighting",
    }
    tooltip = [
        alt.Tooltip("coefficient:Q", title=title, format="+.1f"),
        alt.Tooltip("ci_low:Q", title="95% interval from", format="+.1f"),
        alt.Tooltip("ci_high:Q", title="to", format="+.1f"),
        *(alt.Tooltip(f"{key}:N", title=label) for key, label in choices.items()),
        alt.Tooltip("n:Q", title="Practices"),
    ]
    x = alt.X(
        "place:Q",
        title="Specifications, lowest to highest",
        axis=alt.Axis(tickMinStep=1, grid=False, format=",.0f"),
        scale=alt.Scale(domain=[0, len(data) + 1], nice=False),
    )
    sign = alt.Legend(title=None, orient="bottom", columns=1, symbolSize=90, symbolStrokeWidth=0.8)
    domain = [EXCLUDES, INCLUDES]
    base = alt.Chart(data).encode(
        x=x,
        tooltip=tooltip,
        color=alt.Color(
            "says:N", scale=alt.Scale(domain=domain, range=["#b2182b", MUTED]), legend=sign
        ),
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=INK, strokeDash=[4, 4])
    return alt.layer(
        zero.encode(y="zero:Q"),
        base.mark_rule(opacity=0.55).encode(y=alt.Y("ci_low:Q", title=title), y2="ci_high:Q"),
        base.mark_point(filled=True, size=45, opacity=1).encode(
            y=alt.Y("coefficient:Q", title=title),
            shape=alt.Shape(
                "says:N", scale=alt.Scale(domain=domain, range=["circle", "square"]), legend=sign
            ),
        ),
    ).properties(height=height, description=description)


FUNNEL_LINES = {
    "average": ("average", [1, 0]),
    "95": ("95% limits", [6, 4]),
    "998": ("99.8% limits", [2, 2]),
}
# In the order of metrics.funnel.POSITIONS: far fewer, fewer, within, more, far more.
FUNNEL_COLOURS = ("#b2182b", "#f4a582", "#b4bac2", "#92c5de", "#2166ac")
FUNNEL_SHAPES = ("triangle-down", "square", "circle", "diamond", "triangle-up")


def funnel(
    points: pd.DataFrame,
    limits: pd.DataFrame,
    *,
    positions: Sequence[str],
    description: str,
    height: int = 480,
) -> alt.LayerChart:
    """Practices by list size against control limits, in FTE GPs per 10,000 patients.

    `points`: index code, columns name, patients, fte_per_10000, patients_per_fte_gp, position.
    `limits`: columns patients, average, low_95, high_95, low_998, high_998.
    """
    long = []
    for key, (label, _) in FUNNEL_LINES.items():
        for column in ("average",) if key == "average" else (f"low_{key}", f"high_{key}"):
            long.append(
                pd.DataFrame(
                    {
                        "patients": limits["patients"],
                        "value": limits[column],
                        "line": label,
                        "part": column,
                    }
                )
            )
    x = alt.X("patients:Q", title="Registered patients", scale=alt.Scale(zero=False), axis=NUMBERS)
    # The limits of the smallest practices would flatten the rest: they leave at the top.
    highest = 1.2 * float(max(points["fte_per_10000"].max(), limits["high_95"].median()))
    y = alt.Y(
        "value:Q",
        title="FTE GPs per 10,000 patients",
        axis=alt.Axis(tickCount=6),
        scale=alt.Scale(domain=[0, highest], nice=False),
    )
    lines = (
        alt.Chart(pd.concat(long, ignore_index=True))
        .mark_line(color=INK, strokeWidth=1.2, clip=True)
        .encode(
            x=x,
            y=y,
            detail="part:N",
            strokeDash=alt.StrokeDash(
                "line:N",
                scale=alt.Scale(
                    domain=[label for label, _ in FUNNEL_LINES.values()],
                    range=[dash for _, dash in FUNNEL_LINES.values()],
                ),
                # On top: beside the other legend it would leave a narrow screen.
                legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolSize=600),
            ),
        )
    )
    data = points.rename_axis("code").reset_index().rename(columns={"fte_per_10000": "value"})
    here = [position for position in positions if position in set(points["position"])]
    legend = alt.Legend(
        title=None,
        orient="bottom",
        columns=1,
        symbolSize=90,
        symbolStrokeWidth=0.8,
        labelLimit=260,
        values=here,
    )
    dots = (
        alt.Chart(data)
        .mark_point(filled=True, size=70, stroke=INK, strokeWidth=0.6, opacity=0.95)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "position:N",
                scale=alt.Scale(domain=list(positions), range=list(FUNNEL_COLOURS)),
                legend=legend,
            ),
            shape=alt.Shape(
                "position:N",
                scale=alt.Scale(domain=list(positions), range=list(FUNNEL_SHAPES)),
                legend=legend,
            ),
            tooltip=[
                alt.Tooltip("name:N", title="Practice"),
                alt.Tooltip("code:N", title="Code"),
                alt.Tooltip("patients:Q", title="Patients", format=",.0f"),
                alt.Tooltip("value:Q", title="FTE GPs per 10,000", format=",.1f"),
                alt.Tooltip("patients_per_fte_gp:Q", title="Patients per FTE GP", format=",.0f"),
                alt.Tooltip("position:N", title="Position"),
            ],
        )
    )
    return alt.layer(lines, dots).properties(height=height, description=description)


# --- Then and now -------------------------------------------------------------------------------


def then_and_now(
    table: pd.DataFrame, *, title: str, then: str, now: str, description: str, number: str = ",.0f"
) -> alt.LayerChart:
    """Two dots a row, a diamond for then, a circle for now; no line, since they may not compare.

    `table`: index the row's words, columns then and now. `then`, `now`: words for the legend.
    """
    data = (
        table[["then", "now"]]
        .rename(columns={"then": then, "now": now})
        .rename_axis("row")
        .reset_index()
        .melt(id_vars="row", var_name="when", value_name="value")
        .dropna(subset=["value"])
    )
    domain = [then, now]
    legend = alt.Legend(
        title=None,
        orient="bottom",
        columns=1,
        symbolSize=110,
        symbolStrokeWidth=0.8,
        labelLimit=420,
    )
    base = alt.Chart(data).encode(
        y=alt.Y("row:N", sort=list(table.index), title=None, axis=alt.Axis(labelLimit=240)),
        x=alt.X(
            "value:Q",
            title=title,
            axis=NUMBERS,
            scale=alt.Scale(domain=[0, 1.08 * float(data["value"].max())], nice=False),
        ),
        tooltip=[
            alt.Tooltip("row:N", title="Figure"),
            alt.Tooltip("when:N", title="When"),
            alt.Tooltip("value:Q", title=title, format=number),
        ],
    )
    dots = base.mark_point(filled=True, size=150, stroke=INK, strokeWidth=0.6, opacity=1).encode(
        shape=alt.Shape(
            "when:N", scale=alt.Scale(domain=domain, range=["diamond", "circle"]), legend=legend
        ),
        color=alt.Color(
            "when:N", scale=alt.Scale(domain=domain, range=["#e69f00", ACCENT]), legend=legend
        ),
    )
    words = base.mark_text(dy=-14, fontSize=12, color=INK).encode(
        text=alt.Text("value:Q", format=number)
    )
    return alt.layer(dots, words).properties(height=140 + 42 * len(table), description=description)


# --- List sizes over time -----------------------------------------------------------------------

DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3], [10, 4])


def lists_over_time(
    table: pd.DataFrame, *, title: str, description: str, number: str = ",.0f", height: int = 360
) -> alt.LayerChart:
    """Lines with a point at each month: colour, dash and shape differ by unit (seven at most).

    `table`: columns unit (words), period (timestamp), value. Months stand where they fall in time,
    so gaps between them show.
    """
    data = table.dropna(subset=["value"])
    units = list(dict.fromkeys(data["unit"]))
    legend = alt.Legend(
        title=None, orient="bottom", columns=1, labelLimit=380, symbolSize=110, symbolStrokeWidth=2
    )

    def scale(values: Sequence[Any]) -> alt.Scale:
        return alt.Scale(domain=units, range=list(values)[: max(len(units), 1)])

    base = alt.Chart(data).encode(
        x=alt.X(
            "period:T",
            title=None,
            axis=alt.Axis(
                format="%b %Y",
                labelAngle=0,
                labelOverlap="greedy",
                values=[
                    alt.DateTime(year=when.year, month=when.month, date=when.day)
                    for when in sorted(set(pd.to_datetime(data["period"])))
                ],
            ),
        ),
        y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format=number)),
        color=alt.Color("unit:N", scale=scale(PLACE_COLOURS), legend=legend),
        tooltip=[
            alt.Tooltip("unit:N", title="Unit"),
            alt.Tooltip("period:T", title="Month", format="%d %B %Y"),
            alt.Tooltip("value:Q", title=title, format=number),
        ],
    )
    return alt.layer(
        base.mark_line(strokeWidth=2).encode(
            strokeDash=alt.StrokeDash("unit:N", scale=scale(DASHES), legend=None)
        ),
        base.mark_point(filled=True, size=90, opacity=1).encode(
            shape=alt.Shape("unit:N", scale=scale(PLACE_SHAPES), legend=legend)
        ),
    ).properties(height=height, description=description)


def change_bars(
    values: pd.Series, *, title: str, description: str, number: str = "+,.0f"
) -> alt.LayerChart:
    """One bar a unit from zero, in the order given; gains and losses differ in colour and side.

    `values`: index the unit's words.
    """
    data = pd.DataFrame({"unit": values.index, "value": values.to_numpy(float)})
    data["sign"] = np.where(data["value"] < 0, "shrank", "grew")
    base = alt.Chart(data).encode(
        y=alt.Y(
            "unit:N",
            sort=list(data["unit"]),
            title=None,
            axis=alt.Axis(labelLimit=230, labelOverlap=False),
        ),
        x=alt.X("value:Q", title=title, axis=alt.Axis(format=number, tickCount=5)),
        tooltip=[
            alt.Tooltip("unit:N", title="Unit"),
            alt.Tooltip("value:Q", title=title, format=number),
        ],
    )
    bars = base.mark_bar().encode(
        color=alt.Color(
            "sign:N",
            scale=alt.Scale(domain=["grew", "shrank"], range=["#2166ac", "#b2182b"]),
            legend=None,
        )
    )
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=INK).encode(x="at:Q")
    return alt.layer(bars, zero).properties(height=60 + 20 * len(data), description=description)


# --- Quality beside capacity --------------------------------------------------------------------


def beside_capacity(
    table: pd.DataFrame,
    *,
    x_title: Sequence[str],
    y_title: str,
    benchmark: float | None,
    benchmark_label: str = "",
    categories: Sequence[str] | None = None,
    description: str,
    height: int = 420,
) -> alt.LayerChart:
    """Practices by a measure (across: a number, or a word of `categories`) and patients per FTE GP.

    `x_title`: lines; the first names the measure. Patients per FTE GP stand on a logarithmic axis,
    so that a few huge ratios don't flatten the rest.
    `table`: columns code, name, patients, x, y, flagged (an implausible figure: a cross). Practices
    without either figure are not drawn: the page counts them.
    """
    data = table.dropna(subset=["x", "y"])
    x: Any
    if categories is None:
        x = alt.X("x:Q", title=list(x_title), scale=alt.Scale(zero=False, nice=True))
        tip = alt.Tooltip("x:Q", title=x_title[0], format=",.1f")
        mark = alt.Chart(data).mark_point(filled=True, opacity=0.75, stroke=INK, strokeWidth=0.6)
    else:
        x = alt.X(
            "x:N",
            title=list(x_title),
            sort=list(categories),
            axis=alt.Axis(
                labelAngle=0,
                labelExpr="split(datum.label, ' ')",
                labelOverlap=False,
                labelFontSize=10,
            ),
        )
        tip = alt.Tooltip("x:N", title=x_title[0])
        # Beside one another, so that many of a kind don't hide each other.
        data = data.assign(beside=np.random.default_rng(0).uniform(-1, 1, len(data)))
        mark = alt.Chart(data).mark_point(filled=True, opacity=0.7, stroke=INK, strokeWidth=0.6)
        mark = mark.encode(xOffset=alt.XOffset("beside:Q", scale=alt.Scale(domain=[-1.6, 1.6])))
    domain = [False, True]
    points = mark.encode(
        x=x,
        y=alt.Y(
            "y:Q",
            title=y_title,
            scale=alt.Scale(type="log", nice=False, padding=12),
            axis=alt.Axis(format=",.0f", values=[500, 1000, 2000, 3000, 5000, 10000, 20000]),
        ),
        size=alt.Size("patients:Q", legend=None, scale=alt.Scale(range=[25, 360])),
        color=alt.Color(
            "flagged:N", scale=alt.Scale(domain=domain, range=[ACCENT, "#d55e00"]), legend=None
        ),
        shape=alt.Shape(
            "flagged:N", scale=alt.Scale(domain=domain, range=["circle", "cross"]), legend=None
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Practice"),
            alt.Tooltip("code:N", title="Code"),
            alt.Tooltip("patients:Q", title="Patients", format=",.0f"),
            tip,
            alt.Tooltip("y:Q", title=y_title, format=",.0f"),
        ],
    )
    layers: list[Any] = [points]
    if benchmark is not None:
        layers.append(_rule(benchmark, benchmark_label))
    return alt.layer(*layers).properties(height=height, description=description)
