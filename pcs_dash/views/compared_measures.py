"""Two measures of practices set beside each other, as the options x, y and weighted ask for it.

Everything that the views `correlation` and `sure` compute about the pair is asked for here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from pcs_dash.measures import correlation as measures
from pcs_dash.measures import practice_measures
from pcs_dash.measures.correlation import (
    COEFFICIENT_NAMES,
    HEADLINE,
    Correlation,
    Method,
    WithinBetween,
)
from pcs_dash.measures.numbers import between, number
from pcs_dash.measures.register import Measure
from pcs_dash.measures.trend_lines import Line, lines
from pcs_dash.measures.words import Words, correlation_words
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.views.answer import Series
from pcs_dash.views.cells import p_cell
from pcs_dash.views.question import Question


@dataclass(frozen=True, eq=False)
class Compared:
    """Two measures of a question's practices: `x` of deprivation, `y` what it is compared with."""

    question: Question
    x: Measure
    y: Measure
    weighted: bool

    @cached_property
    def x_values(self) -> pd.Series:
        """The measure of deprivation of each practice that counts."""
        return self._measured(self.x)

    @cached_property
    def y_values(self) -> pd.Series:
        """The other measure of each practice that counts."""
        return self._measured(self.y)

    @property
    def weights(self) -> pd.Series | None:
        """List sizes where practices weigh by them."""
        patients = self.question.practices["patients"].astype("float64")
        return patients if self.weighted else None

    @property
    def y_title(self) -> str:
        """What the other measure is, with its unit."""
        label, unit = self.y.label, self.y.unit
        return label if unit.lower() in label.lower() else f"{label} ({unit})"

    @property
    def coefficient_name(self) -> str:
        """What the headline coefficient is called."""
        return f"{'Weighted ' if self.weighted else ''}{COEFFICIENT_NAMES[HEADLINE]}"

    @property
    def edition(self) -> str:
        """The edition that the measure of deprivation is of, as a source: "IMD 2019"."""
        return f"IMD {practice_measures.measured_edition(self.x.key) or self.question.edition}"

    @property
    def benchmark(self) -> float | None:
        """The benchmark, where the other measure is held against one."""
        on_ratio = self.y.key == "patients_per_fte_gp"
        return self.question.benchmark.value if on_ratio else None

    def shown(self) -> tuple[pd.Series, pd.Series]:
        """Both as a dot may show them (`shown_measure`)."""
        practices, definition = self.question.practices, self.question.definition.key
        return (
            practice_measures.shown_measure(practices, self.x.key, definition),
            practice_measures.shown_measure(practices, self.y.key, definition),
        )

    def result(self, method: Method = HEADLINE) -> Correlation:
        """A coefficient over the practices that count."""
        return measures.correlate(self.x_values, self.y_values, method=method, weights=self.weights)

    def unweighted(self) -> Correlation:
        """The headline coefficient with every practice counting alike."""
        return measures.correlate(self.x_values, self.y_values)

    def said(self, result: Correlation) -> Words:
        """A coefficient in words."""
        return correlation_words(
            result,
            place=self.question.name,
            x=self.x.key,
            y=self.y.key,
            definition=self.question.definition.key,
            date=self.question.period,
        )

    def lines(self) -> tuple[Line, ...]:
        """Least squares and Theil-Sen through the cloud; none for too few practices."""
        return lines(self.x_values, self.y_values, weights=self.weights)

    def influence(self) -> pd.DataFrame:
        """The coefficient without each practice (`measures.correlation.influence`)."""
        return measures.influence(self.x_values, self.y_values, weights=self.weights)

    def given(self, columns: Mapping[str, str]) -> Correlation:
        """What is left once columns of the practices are allowed for; unweighted."""
        covariates = self.question.practices[list(columns)].rename(columns=dict(columns))
        return measures.partial_correlation(self.x_values, self.y_values, covariates)

    def within(self, column: str) -> WithinBetween:
        """What holds over all, within and between groups of practices."""
        groups = self.question.practices[column]
        return measures.within_between(self.x_values, self.y_values, groups)

    def everywhere(self) -> pd.DataFrame:
        """The coefficient in each area of the data (`correlation.forest`), implausible FTE
        left out where the question asks for that.
        """
        return measures.forest(
            self.question.all_practices,
            x=self.x.key,
            y=self.y.key,
            definition=self.question.definition.key,
            weighted=self.weighted,
        )

    def ways(self) -> list[tuple[str, Correlation]]:
        """The coefficient of the area counted in every way: other GPs where `y` is of GPs, without
        the implausible figures where there are any, by list size or not. The question's own choice
        of these is one of them, so that it changes no row.
        """
        practices = self.question.area.select(self.question.dataset.practices)
        chosen = self.question.definition
        definitions = list(GP_DEFINITIONS.values()) if self.y.per_gp else [chosen]
        marked = bool(self.y.flag) and bool(practices[self.y.flag].any())
        return [
            (
                f"{definition.label if self.y.per_gp else 'All practices'}"
                f"{', implausible left out' if left_out else ''}"
                f"{', weighted' if weighted else ''}",
                measures.correlate_practices(
                    practice_measures.without_flagged(practices, [self.y.key])
                    if left_out
                    else practices,
                    self.x.key,
                    self.y.key,
                    definition=definition.key,
                    weighted=weighted,
                ),
            )
            for definition in definitions
            for left_out in ((False, True) if marked else (False,))
            for weighted in (False, True)
        ]

    def _measured(self, variable: Measure) -> pd.Series:
        question = self.question
        return practice_measures.measure(question.practices, variable.key, question.definition.key)


def axis_labels(question: Question, axis: Literal["x", "y"]) -> dict[str, str]:
    """Key -> label of the measures that can stand on an axis."""
    found = practice_measures.available_variables(question.with_own.dataset.practices, axis)
    return {key: variable.label for key, variable in found.items()}


def asked(question: Question) -> Compared:
    """The pair that the options name; the first of each menu where they name none that is there."""
    x = question.option("x", axis_labels(question, "x"), question.deprivation)
    y = question.option("y", axis_labels(question, "y"), "patients_per_fte_gp")
    asked_of = question.with_own
    practices = asked_of.dataset.practices
    return Compared(
        asked_of,
        practice_measures.variable(practices, x),
        practice_measures.variable(practices, y),
        question.on("weighted"),
    )


def cells(result: Correlation) -> tuple[str, str, str]:
    """A coefficient, its interval and its p-value in cells."""
    return number(result.coefficient, 2), interval_cell(result), p_of(result)


def interval_cell(result: Correlation) -> str:
    """The interval of a coefficient in a cell."""
    return between(result.ci_low, result.ci_high, 2)


def coefficient_marks(name: str, found: Collection[Correlation], **looks: Any) -> Series:
    """Coefficients as marks with their intervals."""
    table = pd.DataFrame([(each.coefficient, each.ci_low, each.ci_high) for each in found])
    return Series.of(name, table[0], low=table[1], high=table[2], **looks)


def p_of(result: Correlation) -> str:
    """The p-value of a coefficient in a cell headed "p"."""
    return p_cell(result.p_value) or number(result.p_value)
