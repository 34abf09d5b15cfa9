"""The need index against its definition and its identities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.need import (
    CONDITIONS,
    conditions_per_100,
    need_adjusted_patients,
    need_adjusted_summary,
    need_model,
    with_lists,
)
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import build_practices
from pcs_dash.tables.errors import UserError


@pytest.fixture(scope="module")
def practices() -> pd.DataFrame:
    return build_practices()[0]


def test_adjusted_patients_add_up_to_the_raw_ones(practices: pd.DataFrame) -> None:
    model = need_model(practices)
    adjusted = need_adjusted_patients(practices, model)
    known = adjusted.notna()
    assert adjusted[known].sum() == pytest.approx(practices["patients"][known].sum())
    assert model.n_missing == (~known).sum() > 0
    assert adjusted.index.equals(practices.index)


def test_weights_are_never_negative_and_the_fit_is_stated(practices: pd.DataFrame) -> None:
    model = need_model(practices)
    assert (model.weights >= 0).all()
    assert 0 < model.r_squared < 1
    assert model.n < 204


def test_known_weights_are_found_again(practices: pd.DataFrame) -> None:
    made = practices.copy()
    use = 0.2 + 0.03 * made["pct_0_14"] + 0.01 * made["pct_65plus"]
    use = use + 0.02 * conditions_per_100(made)
    made["appointments"] = use * made["patients"]
    made["flag_appointments"] = False
    model = need_model(made)
    assert model.constant == pytest.approx(0.2)
    assert model.weights.tolist() == pytest.approx([0.03, 0.01, 0.02])
    assert model.r_squared == pytest.approx(1)
    known = model.index.notna()
    mean = np.average(use[known], weights=made["patients"][known])
    assert model.index[known].to_numpy() == pytest.approx((use[known] / mean).to_numpy())


def test_a_missing_register_has_no_index(practices: pd.DataFrame) -> None:
    made = practices.copy()
    made.loc[made.index[0], "prev_dm"] = np.nan
    assert pd.isna(conditions_per_100(made).iloc[0])
    assert pd.isna(need_model(made).index.iloc[0])
    assert set(CONDITIONS) <= set(practices.columns)


def test_too_few_practices_are_refused(practices: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="at least 30"):
        need_model(find_area("Thurrock").select(practices))


def test_lists_replace_patients_and_name_who_left(practices: pd.DataFrame) -> None:
    lists = practices["patients"] * 2.0
    lists.iloc[:2] = np.nan
    table, left = with_lists(practices, lists)
    assert left == tuple(practices.index[:2])
    assert (table["patients"] == 2 * practices["patients"].iloc[2:]).all()
    assert practices["patients"].iloc[0] > 0


def test_summary_compares_the_same_practices(practices: pd.DataFrame) -> None:
    adjusted = need_adjusted_patients(practices, need_model(practices))
    table = need_adjusted_summary(practices, adjusted, "place")
    assert table["practices"].sum() == 204
    here = practices[(practices["place"] == "Mid Essex") & adjusted.notna()]
    fte = here["gp_fte_fully_qualified"].sum()
    row = table.loc["Mid Essex"]
    assert row["patients_per_fte_gp"] == pytest.approx(here["patients"].sum() / fte)
    assert row["adjusted_patients_per_fte_gp"] == pytest.approx(adjusted[here.index].sum() / fte)
    assert row["left_out"] == row["practices"] - len(here) > 0
