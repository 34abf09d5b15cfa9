"""A practice with GPs but no list leaves both sums, whatever counts it: one rule, one figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.hubs.summary import summarise_hubs
from pcs_dash.measures import quality
from pcs_dash.measures.funnel import funnel
from pcs_dash.measures.inequality import area_inequality, quintile_table
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.workforce import area_patients_per_fte_gp, summarise

CODE = "F81010"


@pytest.fixture(scope="module")
def spoilt(practices: pd.DataFrame) -> pd.DataFrame:
    """Essex with a practice whose list is not known."""
    table = practices.copy()
    table["patients"] = table["patients"].astype("float64")
    assert table.loc[CODE, "gp_fte_fully_qualified"] > 0
    table.loc[CODE, "patients"] = np.nan
    return table


@pytest.fixture(scope="module")
def without(practices: pd.DataFrame) -> pd.DataFrame:
    return practices.drop(CODE)


def test_the_area_and_its_groups(spoilt: pd.DataFrame, without: pd.DataFrame) -> None:
    assert area_patients_per_fte_gp(spoilt) == area_patients_per_fte_gp(without)
    column = "patients_per_fte_gp"
    ours, right = summarise(spoilt, "district"), summarise(without, "district")
    pd.testing.assert_series_equal(ours[column], right[column])
    assert ours["practices_without_fte"].sum() == right["practices_without_fte"].sum() + 1
    plans = [
        summarise_hubs(plan_from_column(table, "pcn"), table)[column] for table in (spoilt, without)
    ]
    pd.testing.assert_series_equal(plans[0], plans[1].reindex(plans[0].index))


def test_categories_of_quality(spoilt: pd.DataFrame, without: pd.DataFrame) -> None:
    rating = REGISTER["cqc_rating"]
    found = []
    for table in (spoilt, without):
        labels = pd.DataFrame({"cqc_rating": np.where(table["pcn"].isna(), "Good", "Inadequate")})
        labels.index = table.index
        found.append(quality.by_category(labels, rating, table, "gp_fte_fully_qualified"))
    pd.testing.assert_series_equal(*(table["patients_per_fte_gp"] for table in found))


@pytest.mark.parametrize("level", ["quintile", "practice"])
def test_inequality(level: str, spoilt: pd.DataFrame, without: pd.DataFrame) -> None:
    ours, right = (area_inequality(table, level=level) for table in (spoilt, without))
    assert ours.index.sii == right.index.sii
    assert ours.n_missing == right.n_missing + 1
    table = quintile_table(spoilt)
    assert table.shown["patients_per_fte_gp"].notna().all()


def test_the_funnel(spoilt: pd.DataFrame, without: pd.DataFrame) -> None:
    ours, right = funnel(spoilt), funnel(without)
    assert (ours.average, ours.n) == (right.average, right.n)
    assert ours.n_missing == right.n_missing + 1
