"""Charts of an answer on a page: nothing hides another, and every series keeps its colour."""

from __future__ import annotations

import re
from dataclasses import replace

from pcs_dash.render.page_charts import drawn
from pcs_dash.views.answer import Chart, Series

TWO = Chart(
    "intervals",
    "t",
    (
        Series("raw", (1.0, 2.0), low=(0.5, 1.5), high=(1.5, 2.5), colour="#111111"),
        Series("adjusted", (1.1, None), low=(0.6, None), high=(1.6, None), colour="#222222"),
    ),
    "words",
    categories=("a", "b"),
)


def test_intervals_of_several_series_stand_one_under_another_in_their_colours() -> None:
    marks = [layer["encoding"] for layer in drawn(TWO).to_dict()["layer"]]
    assert all(mark["yOffset"]["sort"] == ["raw", "adjusted"] for mark in marks)
    assert marks[-1]["color"]["scale"]["range"] == ["#111111", "#222222"]
    one = replace(TWO, series=TWO.series[:1])
    assert not any("yOffset" in layer["encoding"] for layer in drawn(one).to_dict()["layer"])
    assert drawn(one).to_dict()["height"] < drawn(TWO).to_dict()["height"]


def test_lines_do_not_take_the_colours_of_the_marks() -> None:
    chart = Chart(
        "scatter",
        "t",
        (
            Series("A", (1.0,), x=(1.0,), colour="#0072b2"),
            Series("B", (2.0,), x=(2.0,), colour="#e69f00", shape="square"),
            Series("fit", (1.0, 2.0), x=(1.0, 2.0), colour="#111111", line=True),
        ),
        "words",
    )
    spec = drawn(chart).to_dict()
    assert spec["resolve"]["scale"]["color"] == "independent"
    assert [layer["encoding"]["color"]["scale"]["range"] for layer in spec["layer"]] == [
        ["#0072b2", "#e69f00"],
        ["#111111"],
    ]


def test_a_crowd_of_marks_is_drawn_small() -> None:
    def sizes(number: int) -> list[int]:
        places = tuple(map(float, range(number)))
        chart = Chart("scatter", "t", (Series("A", places, x=places, sizes=places),), "words")
        return drawn(chart).to_dict()["layer"][0]["encoding"]["size"]["scale"]["range"]

    assert sizes(301)[1] < sizes(300)[1]


def test_a_long_category_is_whole_on_lines_that_leave_a_phone_room_for_its_bar() -> None:
    name = "Peartree Surgery & West Horndon Surgery (F81134)"
    bars = drawn(Chart("bars", "t", (Series("s", (1.0,)),), "w", categories=(name,))).to_dict()
    said = bars["layer"][0]["encoding"]["y"]["axis"]["labelExpr"]
    (pattern,) = re.findall(r"regexp\('(.*?)'", said)
    lines = re.sub(pattern, r"\1\n", name).strip().split("\n")
    assert " ".join(lines) == name
    assert max(map(len, lines)) <= 34


def test_the_line_of_the_benchmark_strikes_no_figure_through() -> None:
    chart = Chart(
        "bars", "t", (Series("s", (1.0,)),), "w", categories=("a",), reference=1.0,
        reference_label="England",
    )  # fmt: skip
    marks = [layer["mark"] for layer in drawn(chart).to_dict()["layer"]]
    assert [mark["type"] for mark in marks] == ["bar", "rule", "text", "text", "text"]
    assert [mark.get("stroke") for mark in marks[-2:]] == ["#ffffff", None]
