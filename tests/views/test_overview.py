"""The Overview says what the views of each question say, and names the worst by plain sums."""

from __future__ import annotations

import pytest

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import overview, under_doctored, verdict
from pcs_dash.views.answer import Chart, Table
from pcs_dash.views.question import Question, ask

AREAS = ["essex", "thurrock", "mid-essex", "maldon-district", "redbridge-district"]


def question(dataset: Dataset, area: str, **switches: str) -> Question:
    return ask(dataset, find_area(area), switches)


@pytest.mark.parametrize("area", AREAS)
def test_each_sentence_is_that_of_the_view_of_its_question(dataset: Dataset, area: str) -> None:
    asked = question(dataset, area, gp="permanent")
    answer = overview.answer(asked)
    told = verdict.answer(asked).message
    assert answer.questions[0][1] == under_doctored.answer(asked).message.finding
    assert answer.questions[1][1] == f"{told.finding} {told.caution}".strip()
    assert answer.figures == under_doctored.answer(asked).figures


def worst(asked: Question) -> list[str]:
    """The five highest ratios among plausible ones, by pandas alone."""
    practices = asked.practices[~asked.practices["flag_low_fte"]]
    ratios = practices["patients"] / practices[asked.definition.column]
    return list(ratios[practices[asked.definition.column] > 0].nlargest(5).index)


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("exclude", ["true", "false"])
def test_the_worst_five_are_those_of_plain_division(
    dataset: Dataset, area: str, exclude: str
) -> None:
    asked = question(dataset, area, exclude=exclude)
    (table,) = (block for block in overview.answer(asked).front if isinstance(block, Table))
    assert list(table.frame.index) == worst(asked)
    flagged = asked.practices.index[asked.practices["flag_low_fte"].astype(bool)]
    assert all((str(code) in table.note) for code in flagged)
    assert bool(table.note) == bool(len(flagged))


def test_why_tells_the_flags_of_the_practice(dataset: Dataset) -> None:
    answer = overview.answer(question(dataset, "thurrock"))
    (table,) = (block for block in answer.front if isinstance(block, Table))
    assert table.frame.loc["F81088", "why"] == (
        "0.6 FTE GPs for 2,665 patients; single-handed; under 2.5 FTE; under 4,500 patients; "
        "0% in the most deprived fifth"
    )


@pytest.mark.parametrize(
    ("area", "column", "what"),
    [
        ("essex", "place", "places"),
        ("mid-essex", "district", "districts"),
        ("thurrock", "pcn", "PCNs"),
    ],
)
def test_the_parts_are_sums_over_sums(dataset: Dataset, area: str, column: str, what: str) -> None:
    asked = question(dataset, area)
    answer = overview.answer(asked)
    assert answer.questions[2][0] == f"Which {what}?"
    (chart,) = (block for block in answer.front if isinstance(block, Chart))
    fte = asked.definition.column
    sums = asked.practices.dropna(subset=[fte]).groupby(column)[["patients", fte]].sum()
    ratios = (sums["patients"] / sums[fte]).sort_values(ascending=False)
    assert list(chart.categories) == list(ratios.index)
    assert chart.series[0].values == pytest.approx(tuple(ratios))
    highest, over = ratios.index[0], int((ratios > asked.benchmark.value).sum())
    assert answer.questions[2][1].startswith(f"{over} of {len(ratios)} {what} ")
    assert f"{highest} ({ratios.iloc[0]:,.0f})" in answer.questions[2][1]


def test_one_part_is_no_chart(dataset: Dataset) -> None:
    answer = overview.answer(question(dataset, "redbridge-district"))
    assert not any(isinstance(block, Chart) for block in answer.front)
    assert answer.questions[2][1].startswith("1 of 1 PCN is above England: ")


def test_a_page_has_the_rest_before_the_verdict(dataset: Dataset) -> None:
    asked = question(dataset, "rochford-district")
    late = overview.VIEW.late
    assert late is not None
    begun = late.begun(asked)
    # Nothing of the verdict was worked out for it, and all the rest stands.
    assert not late.known(asked)
    ended = late.ended(asked, begun)
    assert late.known(asked)
    assert ended.front is begun.front
    assert [new == old for new, old in zip(ended.questions, begun.questions, strict=True)] == [
        True, False, True,
    ]  # fmt: skip
