"""How sure are we? The correlation area by area, and in every way of measuring it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from pcs_dash.measures.correlation import Correlation
from pcs_dash.measures.numbers import number
from pcs_dash.measures.words import NOT_WHY, Words, definition_text, interval_text
from pcs_dash.views import compared_measures
from pcs_dash.views.answer import Answer, Chart, Column, Figure, Series, Table, View
from pcs_dash.views.compared_measures import Compared
from pcs_dash.views.phrases import fifths
from pcs_dash.views.question import Question

_MARK = "#92c5de"


def answer(question: Question) -> Answer:
    """Whether the correlation can be told from chance, here and elsewhere, however measured."""
    pair = compared_measures.asked(question)
    ways = pair.ways()
    clear = sum(result.excludes_zero for _, result in ways)
    everywhere = pair.everywhere()
    return Answer(
        Words(
            _verdict(question.name, [result for _, result in ways]),
            "",
            f"Of {pair.y.label} with {pair.x.label}. "
            + definition_text(question.definition.key, question.period),
        ),
        figures=(
            Figure("Ways of counting", f"{len(ways)}"),
            Figure("Evidence of it (p < 0.05)", f"{clear} of {len(ways)}"),
        ),
        front=(_areas(pair, everywhere), _ways(question, ways)),
        share=0.46,
        notes=(
            "An interval that includes zero means that the figures are compatible with no "
            "correlation at all.",
            NOT_WHY,
        ),
        sources=f"MHCLG, {pair.edition}",
        foot=(
            "An interval that crosses zero is no evidence of an association in that place. With "
            f"{len(everywhere)} intervals side by side, one or two may exclude zero by chance "
            "alone.",
        ),
    )


def _verdict(name: str, ways: Sequence[Correlation]) -> str:
    sides = [
        (1 if result.coefficient > 0 else -1) if result.excludes_zero else 0 for result in ways
    ]
    n, told = len(sides), sum(side != 0 for side in sides)
    if all(math.isnan(result.coefficient) for result in ways):
        return f"In {name} there is nothing to be sure or unsure of. {ways[0].reason}"
    if told == 0:
        return (
            f"In none of {n} ways of counting it in {name} can the correlation be told from "
            "chance. That is not evidence of no link."
        )
    if abs(sum(sides)) == n:
        return (
            f"All {n} ways of counting it in {name} agree on a "
            f"{'positive' if sides[0] > 0 else 'negative'} correlation that chance alone would "
            "rarely give."
        )
    rest = "the others none" if abs(sum(sides)) == told else "not all to one side"
    return (
        f"In {name} {told} of {n} ways of counting it {'shows' if told == 1 else 'show'} evidence "
        f"of a correlation (p < 0.05), {rest}: the figures do not settle it."
    )


def _areas(pair: Compared, table: pd.DataFrame) -> Chart:
    """The areas with their intervals; one without a coefficient keeps its row, empty."""
    question = pair.question
    names = {str(area): f"{area} (n = {n:,})" for area, n in table["n"].items()}
    weighted = " Practices weigh by their list size." if pair.weighted else ""
    told = "; ".join(
        f"{area}: {number(row['coefficient'], 2)} "
        f"({interval_text(row['ci_low'], row['ci_high'], 2)}, n = {int(row['n']):,})"
        for area, row in table.iterrows()
    )
    known = table["ci_low"].notna().any()
    return Chart(
        "intervals",
        f"{pair.coefficient_name} place by place (95% intervals)",
        (
            Series.of(
                pair.coefficient_name,
                table["coefficient"],
                low=table["ci_low"],
                high=table["ci_high"],
                colour=_MARK,
            ),
        ),
        f"{pair.coefficient_name} of {pair.y.label} with {pair.x.label}. {told}.{weighted} "
        f"{definition_text(question.definition.key, question.period)}",
        categories=tuple(names.values()),
        value_title=f"{pair.coefficient_name}: left of 0 negative, right of 0 positive",
        number_format="0.00",
        reference=0.0,
        reference_label="none",
        bounds=fifths(
            min(table["coefficient"].min(), table["ci_low"].min()),
            max(table["coefficient"].max(), table["ci_high"].max()),
        )
        if known
        else (-1.0, 1.0),
        highlight=names.get(question.name, ""),
    )


def _ways(question: Question, ways: Sequence[tuple[str, Correlation]]) -> Table:
    frame = pd.DataFrame(
        [
            {
                "way": name,
                "n": result.n,
                "rho": result.coefficient,
                "interval": compared_measures.interval_cell(result),
                "p": compared_measures.p_of(result),
            }
            for name, result in ways
        ]
    )
    return Table(
        f"{question.name}: does the conclusion survive?",
        frame,
        (
            Column("way", "GPs and practices counted", wide=3.3),
            Column("n", "n", "count", wide=0.55),
            Column("rho", "rho", "hundredth", wide=0.75),
            Column("interval", "95% interval", wide=1.55),
            Column("p", "p", wide=0.85),
        ),
        small=True,
        note="Weighted: by list size. These ways are of all the area's practices, but for those "
        "that a row leaves out.",
    )


VIEW = View(
    "sure",
    "correlation",
    "How sure are we?",
    "Whether the correlation can be told from chance, place by place and however it is measured.",
    answer,
)
