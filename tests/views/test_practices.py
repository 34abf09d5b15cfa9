"""The list of practices: its columns of choice, and practices side by side."""

from __future__ import annotations

import pytest

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import practices
from pcs_dash.views import quality as quality_view
from pcs_dash.views.answer import Table
from pcs_dash.views.question import ask


def tables(dataset: Dataset, **options: str) -> list[Table]:
    question = ask(dataset, find_area("Thurrock"), options=options)
    return [block for block in practices.answer(question).front if isinstance(block, Table)]


def test_the_columns_are_those_asked_for_quality_among_them(dataset: Dataset) -> None:
    _, of_quality = quality_view.practice_columns(ask(dataset, find_area("Thurrock")))
    quality = of_quality[0].key
    (first,) = tables(dataset)
    (asked,) = tables(dataset, columns=f"district|{quality}")
    kept = [column.key for column in first.on_page if column.key not in practices._FIRST_CHOSEN]
    assert [column.key for column in asked.on_page] == [*kept, "district", quality]
    assert asked.frame[quality].notna().sum() > 20
    # What is written to the file and on paper does not depend on what is looked at.
    assert set(first.file.columns) < set(asked.file.columns)
    assert first.columns == asked.columns


def test_the_ratio_is_named_as_times_the_benchmark(dataset: Dataset) -> None:
    (table,) = tables(dataset)
    row = table.frame.loc["F81010"]
    own = dataset.practices.loc["F81010"]
    assert row["against_benchmark"] == pytest.approx(
        own["patients"] / own["gp_fte_fully_qualified"] / 2258, rel=1e-3
    )


@pytest.mark.parametrize("codes", ["F81010", "F81010|nowhere", ""])
def test_one_practice_is_no_comparison(dataset: Dataset, codes: str) -> None:
    assert len(tables(dataset, compare=codes)) == 1


def test_practices_stand_side_by_side_by_name_and_code(dataset: Dataset) -> None:
    _, table = tables(dataset, compare="F81652|F81010")
    assert table.caption == "2 practices side by side"
    heads = table.columns
    for code in ("F81010", "F81652"):
        own = dataset.practices.loc[code]
        place = next(at for at, head in enumerate(heads) if head.endswith(f"({code})"))
        assert heads[place].startswith(own["practice_name"])
        ratio = own["patients"] / own["gp_fte_fully_qualified"]
        assert table.rows[0][place] == f"{ratio:,.0f}"


def test_more_than_five_are_cut(dataset: Dataset) -> None:
    codes = list(find_area("Thurrock").select(dataset.practices).index[:7])
    _, table = tables(dataset, compare="|".join(codes))
    assert len(table.columns) == 1 + practices.MOST_COMPARED
