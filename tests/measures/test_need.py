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


def ten_by_ten(**other: object) -> pd.DataFrame:
    """A hundred practices whose use is their age mix and illness exactly, all figures known."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {name: rng.uniform(1, 20, 100) for name in ("pct_0_14", "pct_65plus", *CONDITIONS)},
        index=[f"P{n}" for n in range(100)],
    )
    table["patients"] = rng.integers(1_000, 20_000, 100).astype(float)
    use = 0.1 + 0.02 * table["pct_0_14"] + 0.03 * table["pct_65plus"]
    table["appointments"] = table["patients"] * (use + 0.01 * table[list(CONDITIONS)].sum(axis=1))
    return table.assign(flag_appointments=False, **other)


def test_who_is_fitted_and_who_only_has_an_index() -> None:
    table = ten_by_ten()
    table.loc["P0", ["appointments", "flag_appointments"]] = [9e9, True]  # implausible: not fitted
    table.loc["P1", "appointments"] = np.nan
    table.loc["P2", "patients"] = 0
    table.loc["P3", "patients"] = np.nan
    table.loc["P4", "pct_65plus"] = np.nan
    model = need_model(table)
    assert (model.n, model.n_missing) == (95, 3)
    assert model.constant == pytest.approx(0.1)
    assert model.weights.to_dict() == pytest.approx(
        {"pct_0_14": 0.02, "pct_65plus": 0.03, "conditions_per_100": 0.01}
    )
    assert model.index.isna().to_numpy().nonzero()[0].tolist() == [2, 3, 4]
    assert model.index.name == "need_index"
    adjusted = need_adjusted_patients(table, model)
    assert adjusted.name == "need_adjusted_patients"
    assert conditions_per_100(table).name == "conditions_per_100"


def test_what_is_explained_is_weighted_by_the_list() -> None:
    """R squared of the weighted line, by numpy, where no weight would be negative."""
    table = ten_by_ten()
    noise = np.random.default_rng(4).normal(0, 0.05, 100)
    table["appointments"] = table["appointments"] + noise * table["patients"]
    model = need_model(table)
    use, weight = table["appointments"] / table["patients"], table["patients"]
    design = np.column_stack(
        [np.ones(100), table["pct_0_14"], table["pct_65plus"], conditions_per_100(table)]
    )
    root = np.sqrt(weight.to_numpy())
    line = np.linalg.lstsq(design * root[:, None], use.to_numpy() * root, rcond=None)[0]
    assert [model.constant, *model.weights] == pytest.approx(list(line))
    left = (weight * (use - design @ line) ** 2).sum()
    whole = (weight * (use - np.average(use, weights=weight)) ** 2).sum()
    assert model.r_squared == pytest.approx(1 - left / whole)


def test_thirty_are_enough_and_fewer_are_counted() -> None:
    assert need_model(ten_by_ten().iloc[:30]).n == 30
    with pytest.raises(UserError) as told:
        need_model(ten_by_ten().iloc[:29])
    assert str(told.value) == (
        "Practices with every figure for the need index: 29. It is fitted over at least 30, and "
        "takes age shares, QOF registers and appointments."
    )


def test_groups_by_hand() -> None:
    table = pd.DataFrame(
        {
            "patients": [1_000, 2_000, 4_000, 500],
            "gp_fte_fully_qualified": [1.0, np.nan, 2.0, 0.0],
            "gp_fte_all": [2.0, 1.0, 2.0, 1.0],
            "place": ["b", "b", "b", "a"],
        },
        index=list("wxyz"),
    )
    lists = pd.Series({"y": 5_000, "w": 700, "x": 2_500, "z": 600})
    found = need_adjusted_summary(table, lists, "place")
    expected = pd.DataFrame(
        {
            "practices": [1, 3],
            "left_out": [0, 1],
            "patients": [500.0, 5_000.0],
            "adjusted_patients": [600.0, 5_700.0],
            "fte_gp": [0.0, 3.0],
            "patients_per_fte_gp": [np.nan, 5_000 / 3],
            "adjusted_patients_per_fte_gp": [np.nan, 1_900.0],
            "need_index": [1.2, 1.14],
        },
        index=pd.Index(["a", "b"], name="place"),
    )
    pd.testing.assert_frame_equal(found, expected)
    by = pd.Series({"x": "one", "w": "one"})
    one = need_adjusted_summary(table, lists, by, definition="all")
    assert one.loc["one", ["practices", "patients", "fte_gp"]].tolist() == [2, 3_000, 3]
    kept, left = with_lists(table, lists.drop("x"))
    assert (kept["patients"].tolist(), left) == ([700, 5_000, 600], ("x",))
