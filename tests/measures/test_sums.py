"""The one sum engine: identities, and sums worked out one practice at a time."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.hubs.summary import summarise_hubs
from pcs_dash.measures.sums import sums_by_group
from pcs_dash.measures.workforce import GP_DEFINITIONS, summarise

figure = st.integers(-1_000, 1_000)


@given(rows=st.lists(st.tuples(st.integers(0, 4), figure, figure), max_size=40))
def test_sums_are_those_of_adding_one_by_one(rows: list[tuple[int, int, int]]) -> None:
    group = np.array([row[0] for row in rows], dtype=np.intp)
    values = np.array([row[1:] for row in rows], dtype=float).reshape(len(rows), 2)
    expected = np.zeros((5, 2))
    for number, *added in rows:
        expected[number] += added
    assert (sums_by_group(values, group, 5) == expected).all()


def test_a_pcn_is_the_same_whether_it_is_a_group_or_a_hub(practices: pd.DataFrame) -> None:
    """One name, one figure: the areas' table and the hubs' agree to the last digit."""
    plan = plan_from_column(practices, "pcn")
    names = {hub.name for hub in plan.hubs}
    for definition in GP_DEFINITIONS:
        hubs = summarise_hubs(plan, practices, definition=definition, benchmark=2258.0).iloc[:-1]
        named = plan.to_series(practices.index)
        groups = summarise(practices, named, definition=definition, benchmark=2258.0)
        assert set(groups.index) == names
        for column in ("patients", "fte_gp", "patients_per_fte_gp", "fte_gap", "imd_score"):
            pd.testing.assert_series_equal(
                hubs[column].sort_index(),
                groups[column].sort_index(),
                check_names=False,
                check_index_type=False,
                rtol=0,
                atol=0,
            )


def test_a_practice_without_a_list_or_fte_leaves_both_sums(practices: pd.DataFrame) -> None:
    two = practices.iloc[:2].copy()
    two["patients"] = two["patients"].astype("float64")
    two.loc[two.index[1], "patients"] = math.nan
    whole = summarise(two).iloc[0]
    one = summarise(two.iloc[:1]).iloc[0]
    assert whole["patients_per_fte_gp"] == one["patients_per_fte_gp"]
    assert whole["practices_without_fte"] == 1
