"""Charts as specifications: valid, in order, with words, and nothing drawn that is not there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.funnel import POSITIONS
from pcs_dash.render import charts
from pcs_dash.views import maps


def rows_of(chart) -> list[dict]:
    """Every row of data that a chart carries."""
    return [row for table in chart.to_dict()["datasets"].values() for row in table]


@pytest.fixture
def quintiles() -> pd.DataFrame:
    value = pd.Series([2900.0, 2800.0, 2600.0, 2500.0, np.nan], index=range(1, 6))
    return pd.DataFrame(
        {"value": value, "value_low": value - 90, "value_high": value + 90, "patients": 1000.0}
    )


def test_by_quintile_names_the_deprived_end_and_leaves_out_what_is_missing(quintiles) -> None:
    chart = charts.by_quintile(quintiles, value="value", title="t", description="words")
    drawn = {row["quintile"]: row["value"] for row in rows_of(chart)}
    assert next(iter(drawn)) == "1 (most deprived)"
    assert len(drawn) == 4
    assert chart.to_dict()["description"] == "words"


@pytest.mark.parametrize(("size", "expected"), [(3000.0, ",.0f"), (4.0, ",.1f")])
def test_small_figures_keep_a_decimal_on_their_axis(quintiles, size, expected) -> None:
    table = quintiles / 2900 * size
    chart = charts.by_quintile(table, value="value", title="t", description="words").to_dict()
    formats = {
        layer["encoding"]["y"]["axis"]["format"]
        for layer in chart["layer"]
        if "axis" in layer["encoding"].get("y", {})
    }
    assert formats == {expected}


def test_the_gradient_runs_from_the_intercept_by_the_slope() -> None:
    groups = pd.DataFrame({"patients": [100.0, 300.0], "v": [10.0, 8.0]}, index=[1, 5])
    chart = charts.gradient(
        groups, value="v", title="t", intercept=11.0, sii=-4.0, description="words"
    )
    line = [row for row in rows_of(chart) if "label" in row]
    assert [(row["rank"], row["value"]) for row in line] == [(0, 11.0), (1, 7.0)]
    spans = [row for row in rows_of(chart) if "from" in row]
    assert [(row["from"], row["to"], row["rank"]) for row in spans] == [
        (0, 0.25, 0.125),
        (0.25, 1, 0.625),
    ]


def test_a_gradient_without_a_line_shows_the_groups_only() -> None:
    groups = pd.DataFrame({"patients": [100.0], "v": [10.0]}, index=["F1"])
    chart = charts.gradient(
        groups, value="v", title="t", intercept=np.nan, sii=np.nan, description="words"
    )
    assert not [row for row in rows_of(chart) if "label" in row]
    assert chart.to_dict()["layer"]


def test_the_concentration_curve_has_the_diagonal_beside_it() -> None:
    curve = pd.DataFrame({"people": [0.0, 0.4, 1.0], "resource": [0.0, 0.3, 1.0]})
    rows = rows_of(charts.concentration(curve, resource="GPs", description="words"))
    even = [row for row in rows if row["line"] == "even shares"]
    assert all(row["people"] == row["resource"] for row in even)
    assert len(rows) - len(even) == 3


def specification_table() -> pd.DataFrame:
    rows = [(-5.0, -9.0, -1.0), (2.0, -1.0, 5.0), (8.0, 1.0, 15.0), (np.nan,) * 3]
    table = pd.DataFrame(rows, columns=["coefficient", "ci_low", "ci_high"])
    table["excludes_zero"] = [True, False, True, False]
    table["n"] = 10
    for column in ("gp_definition", "list", "flagged", "imd_edition", "level", "weighting"):
        table[column] = "x"
    return table


def test_specifications_keep_their_order_and_say_which_exclude_zero() -> None:
    chart = charts.specifications(specification_table(), title="t", description="words")
    drawn = [row for row in rows_of(chart) if "place" in row]
    assert [row["coefficient"] for row in drawn] == [-5.0, 2.0, 8.0]
    assert [row["place"] for row in drawn] == [1, 2, 3]
    assert [row["says"] for row in drawn] == [charts.EXCLUDES, charts.INCLUDES, charts.EXCLUDES]


def test_specifications_differ_by_shape_as_well_as_colour() -> None:
    chart = charts.specifications(specification_table(), title="t", description="words").to_dict()
    dots = next(layer for layer in chart["layer"] if layer["mark"]["type"] == "point")
    shapes = dots["encoding"]["shape"]["scale"]["range"]
    assert len(set(shapes)) == len(shapes) == 2


def test_the_funnel_has_a_sign_for_every_position_and_both_limits() -> None:
    assert len(charts.FUNNEL_COLOURS) == len(charts.FUNNEL_SHAPES) == len(POSITIONS)
    points = pd.DataFrame(
        {
            "name": ["<b>A</b>"],
            "patients": [5000.0],
            "fte_per_10000": [4.0],
            "patients_per_fte_gp": [2500.0],
            "position": [POSITIONS[2]],
        },
        index=["F1"],
    )
    limits = pd.DataFrame(
        {
            "patients": [1000.0, 9000.0],
            "average": 4.0,
            "low_95": 2.0,
            "high_95": 6.0,
            "low_998": 1.0,
            "high_998": 8.0,
        }
    )
    rows = rows_of(charts.funnel(points, limits, positions=POSITIONS, description="words"))
    parts = {row["part"] for row in rows if "part" in row}
    assert parts == {"average", "low_95", "high_95", "low_998", "high_998"}
    assert [row["name"] for row in rows if "name" in row] == ["<b>A</b>"]


def test_then_and_now_draws_no_dot_for_a_missing_figure() -> None:
    table = pd.DataFrame({"then": [3.0, 4.0], "now": [2.0, np.nan]}, index=["a", "b"])
    chart = charts.then_and_now(table, title="t", then="then", now="now", description="words")
    assert sorted((row["row"], row["when"], row["value"]) for row in rows_of(chart)) == [
        ("a", "now", 2.0),
        ("a", "then", 3.0),
        ("b", "then", 4.0),
    ]


def test_raw_and_adjusted_stand_side_by_side() -> None:
    table = pd.DataFrame(
        {
            "quintile": [1, 1],
            "list": ["raw", "need-adjusted"],
            "value": [1.0, 2.0],
            "low": [0.5, 1.5],
            "high": [1.5, 2.5],
        }
    )
    chart = charts.raw_and_adjusted(table, title="t", description="words").to_dict()
    assert all("xOffset" in layer["encoding"] for layer in chart["layer"])


def test_the_forest_keeps_the_order_and_marks_what_it_is_told() -> None:
    table = pd.DataFrame(
        {
            "coefficient": [0.2, np.nan],
            "ci_low": [0.1, np.nan],
            "ci_high": [0.3, np.nan],
            "n": [9, 1],
        },
        index=pd.Index(["Z", "A"], name="area"),
    )
    chart = charts.forest(table, title="t", description="words", mark_at=(0.0, 0.5))
    rows = rows_of(chart)
    assert [row["at"] for row in rows if "at" in row] == [0.0, 0.5]
    assert [row["label"] for row in rows if "label" in row] == ["Z (n = 9)", "A (n = 1)"]
    free = charts.forest(table, title="t", description="words", domain=None).to_dict()
    assert not any("domain" in layer["encoding"]["x"].get("scale", {}) for layer in free["layer"])


def test_categories_become_letters_with_their_colours_and_signs() -> None:
    labels = pd.Series(["high", "none", "other"], index=["a", "b", "c"])
    marks = maps.category_marks(labels, {"high": "#111111", "none": "#222222"}, signs=["H", ""])
    assert marks == {"letters": "01-", "palette": ["#111111", "#222222"], "labels": ["H", ""]}
    fill = maps.category_fill(labels, {"high": "#111111"}, title="t", edition="2025")
    assert fill["letters"] == "0--"
    assert fill["labels"] == ["high"]


def test_a_hidden_count_has_no_bar_and_leaves_the_others_without_a_share() -> None:
    counts = pd.Series({1: np.nan, 2: np.nan, 3: 30.0, 4: 0.0, 5: 500.0})
    chart = charts.quintile_bars(counts, title="Patients", description="words")
    labels = [row["label"] for row in rows_of(chart)]
    assert labels == ["not shown", "not shown", "30", "0", "500"]
