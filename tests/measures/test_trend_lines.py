"""Least squares against its formula, Theil-Sen against the median of every slope."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from pcs_dash.measures.trend_lines import lines

X = [1.0, 2, 4, 5, 7, 8, 9, 11, 12, 15]
Y = [3.0, 2, 6, 5, 9, 8, 7, 12, 13, 40]


def test_the_two_lines_by_hand() -> None:
    plain, robust = lines(X, Y)
    x, y = np.array(X), np.array(Y)
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    assert (plain.name, plain.n) == ("least squares", 10)
    assert plain.slope == pytest.approx(slope)
    assert plain.intercept == pytest.approx(y.mean() - slope * x.mean())
    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i, j in combinations(range(10), 2)]
    assert (robust.name, robust.n) == ("Theil-Sen", 10)
    assert robust.slope == pytest.approx(np.median(slopes))
    assert robust.intercept == pytest.approx(np.median(y) - np.median(slopes) * np.median(x))
    assert plain.at([0, 2]) == pytest.approx([plain.intercept, plain.intercept + 2 * slope])


def test_weights_count_as_often_as_they_say() -> None:
    """A practice of weight 3 pulls as three of weight 1; the odd one without a figure leaves."""
    weights = [1, 3, 1, 2, 1, 1, 1, 1, 2, 1]
    weighted, robust = lines([*X, np.nan], [*Y, 1.0], weights=[*weights, 9])
    often = lines(np.repeat(X, weights), np.repeat(Y, weights))[0]
    assert weighted.name == "least squares, weighted"
    assert weighted.slope == pytest.approx(often.slope)
    assert weighted.intercept == pytest.approx(often.intercept)
    assert weighted.n == robust.n == 10
    assert robust.slope == pytest.approx(lines(X, Y)[1].slope)


def test_too_few_points_have_no_line() -> None:
    assert lines([1, 2], [1, 2]) == ()
    assert lines([], []) == ()
