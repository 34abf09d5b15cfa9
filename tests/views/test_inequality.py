"""Inequality: every figure against the raw columns; levels, need, and areas too small for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.need import need_model
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import inequality
from pcs_dash.views.answer import Chart, Table, Text
from pcs_dash.views.catchments import Registered
from pcs_dash.views.question import Question, ask
from pcs_dash.views.readers import NO_REGISTRATIONS, Readers

from .test_correlation import flat, one, section


def none(_: Dataset) -> None:
    return None


@pytest.fixture
def asked(dataset: Dataset):
    def make(
        area: str,
        switches: dict[str, str] | None = None,
        readers: Readers | None = None,
        **options: str,
    ) -> Question:
        empty = Readers(published=none)
        return ask(dataset, find_area(area), switches, options=options, readers=readers or empty)

    return make


def ratios_by_hand(practices: pd.DataFrame, edition: str = "2025") -> np.ndarray:
    """Patients per FTE GP by quintile, from the raw columns."""
    fte = practices["gp_fte_fully_qualified"].to_numpy(float)
    known = ~np.isnan(fte)
    mix = practices[[f"imd{edition}_patients_quintile_{q}" for q in range(1, 6)]].to_numpy(float)
    weights = mix / mix.sum(axis=1, keepdims=True)
    patients = practices["patients"].to_numpy(float)[:, None] * weights
    return patients[known].sum(axis=0) / (fte[:, None] * weights)[known].sum(axis=0)


@pytest.mark.parametrize("edition", ["2025", "2019"])
def test_figures_chart_and_table_are_sums_over_sums(asked, edition: str) -> None:
    question = asked("essex", {"imd": edition})
    expected = ratios_by_hand(question.practices, edition)
    answer = inequality.answer(question)
    chart, table = one(answer.front, Chart), one(answer.front, Table)
    assert chart.series[0].values == pytest.approx(tuple(expected))
    assert [row[3] for row in table.rows] == [f"{value:,.0f}" for value in expected]
    figures = {figure.label: figure.value for figure in answer.figures}
    assert figures["Most deprived fifth"] == f"{expected[0]:,.0f}"
    assert figures["Least deprived fifth"] == f"{expected[4]:,.0f}"
    assert figures["Ratio, most to least"] == f"{expected[0] / expected[4]:.2f}"
    assert figures["Difference"] == f"{expected[0] - expected[4]:+,.0f}"
    per_10000 = one(section(inequality.VIEW, question, "per-10000"), Chart)
    assert per_10000.series[0].values == pytest.approx(tuple(1e4 / expected))
    assert sum(figure.slide for figure in answer.figures) == 4


def test_implausible_fte_leaves_every_figure(asked) -> None:
    question = asked("essex", {"exclude": "true"})
    own = question.area.select(question.dataset.practices)
    expected = ratios_by_hand(own[~own["flag_low_fte"].astype(bool)])
    assert one(inequality.answer(question).front, Chart).series[0].values == pytest.approx(
        tuple(expected)
    )
    assert ratios_by_hand(own)[0] != pytest.approx(expected[0])


@pytest.mark.parametrize("level", ["quintile", "practice"])
def test_the_line_is_the_weighted_fit_of_the_marks(asked, level: str) -> None:
    """The same line by numpy, from the marks of the chart alone."""
    blocks = section(inequality.VIEW, asked("essex", level=level), "slopes")
    marks, line = one(blocks, Chart).series
    fit = np.polynomial.Polynomial.fit(
        marks.x, marks.values, 1, w=np.sqrt(marks.sizes), domain=[-1, 1]
    )
    assert line.values == pytest.approx((fit(0.0), fit(1.0)))
    assert line.x == (0.0, 1.0)
    table = one(blocks, Table)
    assert table.rows[0][1] == f"{fit(1.0) - fit(0.0):,.0f}".replace("-", "−")
    assert table.file["level"].tolist() == [level] * 2


def test_no_figure_stands_with_a_hyphen_for_a_minus(asked) -> None:
    question = asked("essex")
    for part in inequality.answer(question).sections:
        for table in (b for b in flat(part.blocks(question)) if isinstance(b, Table)):
            cells = [cell for row in table.rows for cell in row[1:]]
            assert not [cell for cell in cells if cell.startswith("-") or "to -" in cell]
    rows = one(section(inequality.VIEW, question, "slopes"), Table).rows
    assert rows[0][1].startswith("−")


def test_a_level_says_its_finding_where_it_is_not_the_headline(asked) -> None:
    plain = section(inequality.VIEW, asked("essex"), "slopes")
    texts = section(inequality.VIEW, asked("essex", level="practice"), "slopes")
    said = " ".join(str(block.said) for block in texts if isinstance(block, Text))
    assert "Measured by practice" in said
    # By quintile it is the headline of the page, and not said twice.
    assert sum(isinstance(b, Text) for b in plain) + 1 == sum(isinstance(b, Text) for b in texts)


def test_small_areas_can_be_chosen_where_registrations_are_loaded(dataset: Dataset, asked) -> None:
    question = asked("essex")
    assert list(inequality.levels(question)) == ["quintile", "practice"]
    texts = section(inequality.VIEW, question, "slopes")
    assert NO_REGISTRATIONS in [b.said for b in texts if isinstance(b, Text)]
    codes, lsoas = dataset.practices.index[:30], dataset.lsoas.index[:40]
    rows = [
        (code, lsoa, 100)
        for i, code in enumerate(codes)
        for j, lsoa in enumerate(lsoas)
        if (i + j) % 40 < 5
    ]
    table = pd.DataFrame(rows, columns=["practice_code", "lsoa_code", "patients"])
    few = table["lsoa_code"] == lsoas[0]
    table = table[~few | (table["practice_code"] == codes[0])].assign(
        patients=table["patients"].mask(few, small_number() - 1)
    )
    readers = Readers(
        published=lambda _: Registered(table, dataset.lsoas.index, period="July 2023")
    )
    loaded = asked("essex", readers=readers, level="lsoa")
    assert list(inequality.levels(loaded)) == ["quintile", "practice", "lsoa"]
    blocks = section(inequality.VIEW, loaded, "slopes")
    said = " ".join(str(block.said) for block in blocks if isinstance(block, Text))
    assert "Weighed by patients by LSOA of July 2023 (NHS England)" in said
    assert "those beyond Essex leave with their share of FTE" in said
    # Where a handful of the patients live there is no mark.
    labels = one(blocks, Chart).series[0].labels
    assert lsoas[0] not in labels
    assert len(labels) == len(set(table["lsoa_code"])) - 1


def test_even_shares_are_the_diagonal_and_the_curve_ends_at_all(asked) -> None:
    curve, even = one(section(inequality.VIEW, asked("essex"), "concentration"), Chart).series
    assert even.x == even.values
    assert (curve.x[0], curve.values[0]) == (0, 0)
    assert (curve.x[-1], curve.values[-1]) == pytest.approx((100, 100))


def test_need_stands_beside_raw_on_the_same_practices(dataset: Dataset, asked) -> None:
    question = asked("essex")
    chart = one(section(inequality.VIEW, question, "need"), Chart)
    index = need_model(dataset.practices).index
    own = question.practices[index.reindex(question.practices.index).notna()]
    assert chart.series[0].values == pytest.approx(tuple(ratios_by_hand(own)))
    adjusted = own.assign(patients=own["patients"] * index.reindex(own.index))
    assert chart.series[1].values == pytest.approx(tuple(ratios_by_hand(adjusted)))


def test_need_that_cannot_be_told_says_why(dataset: Dataset, asked) -> None:
    from dataclasses import replace

    question = asked("thurrock")
    bare = replace(dataset, practices=dataset.practices.assign(prev_hyp=float("nan")))
    (said,) = section(inequality.VIEW, replace(question, dataset=bare), "need")
    assert said.kind == "info"
    assert "No list can be adjusted for need here" in said.said


def test_few_practices_are_told_to_choose_a_larger_area(asked) -> None:
    answer = inequality.answer(asked("redbridge-district"))
    assert "Choose a larger area" in answer.message.caution
    assert (answer.figures, answer.front, answer.sections) == ((), (), ())
