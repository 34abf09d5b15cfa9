"""Marks far above all others stand at the edge of a chart, named, and none is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.views.answer import Series
from pcs_dash.views.phrases import at_the_edge

VALUES = st.lists(st.floats(1, 1e5), min_size=1, max_size=60)


def marks(values: list[float], name: str = "Practices") -> Series:
    codes = tuple(f"{name[0]}{number}" for number in range(len(values)))
    return Series(
        name, tuple(values), x=tuple(map(float, range(len(values)))), codes=codes, labels=codes,
        sizes=(1.0,) * len(values),
    )  # fmt: skip


def test_an_outlier_is_named_at_the_edge_and_the_others_fill_the_chart() -> None:
    usual = [2_000.0 + 10 * number for number in range(98)]
    (own, edge), bounds = at_the_edge([marks([*usual, 25_088.0, 12_000.0])])
    assert own.values == tuple(usual)
    assert edge.name == "Beyond the edge: P98 25,088; P99 12,000"
    assert bounds == (0.0, 4_000.0)
    assert edge.values == (4_000.0, 4_000.0)
    assert edge.codes == ("P98", "P99")
    assert edge.labels[0] == "P98: 25,088"
    assert edge.x == (98.0, 99.0)


@given(VALUES, VALUES)
def test_every_mark_is_there_once_and_inside(first: list[float], second: list[float]) -> None:
    given_marks = [marks(first), marks(second, "Others")]
    found, bounds = at_the_edge(given_marks)
    if bounds is None:
        assert list(found) == given_marks
        return
    drawn = [code for series in found for code in series.codes]
    assert sorted(drawn) == sorted(code for series in given_marks for code in series.codes)
    assert all(0 < (value or 0) <= bounds[1] for series in found for value in series.values)


def test_marks_that_lie_together_keep_their_own_axis() -> None:
    together = [marks([1_000.0, 2_000.0, 1_900.0])]
    assert at_the_edge(together) == (tuple(together), None)
    assert at_the_edge([]) == ((), None)
