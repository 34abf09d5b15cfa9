"""Weighted lists: each practice's by its own ratio, missing where there is none, and said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pcs_dash.measures.weighted_lists import WEIGHTINGS, weighted_dataset
from pcs_dash.tables.areas import embedded_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.load import load_relative_need
from pcs_dash.views.question import ask
from pcs_dash.views.under_doctored import answer


def test_a_list_is_the_registered_one_times_its_ratio(dataset: Dataset) -> None:
    found = weighted_dataset(dataset, WEIGHTINGS["carr_hill"]).practices
    before = dataset.practices
    ratio = load_relative_need().set_index("practice_code")["weighted_per_registered_2022_23"]
    for name in ("patients", "imd2025_patients_quintile_1"):
        expected = before.loc["F81001", name] * 0.9108
        assert found.loc["F81001", name] == round(expected)
    whole = (before["patients"] * ratio.reindex(before.index)).sum()
    assert found["patients"].sum() == pytest.approx(whole, abs=len(before) / 2)
    # Thurrock's weighted list is 6% smaller than its registered one.
    ours = before["place"] == "Thurrock"
    assert found.loc[ours, "patients"].sum() / before.loc[ours, "patients"].sum() == pytest.approx(
        0.94, abs=0.005
    )


def test_what_is_too_small_to_be_shown_stays_hidden(dataset: Dataset) -> None:
    """Four patients of a ratio of 1.33 are not shown as five."""
    heaviest = load_relative_need().set_index("practice_code")["weighted_per_registered_2022_23"]
    code = heaviest.idxmax()
    few = dataset.practices.loc[[code]].assign(imd2025_patients_quintile_1=4)
    found = weighted_dataset(replace(dataset, practices=few), WEIGHTINGS["carr_hill"]).practices
    assert found.loc[code, "imd2025_patients_quintile_1"] == 4


def test_a_practice_without_a_ratio_has_no_weighted_list(dataset: Dataset) -> None:
    two = dataset.practices.iloc[:2].rename(index={dataset.practices.index[0]: "Z99999"})
    found = weighted_dataset(replace(dataset, practices=two), WEIGHTINGS["primary_care"])
    assert found.practices["patients"].isna().tolist() == [True, False]
    with pytest.raises(UserError, match="Essex only"):
        weighted_dataset(replace(dataset, practices=two.iloc[:1]), WEIGHTINGS["primary_care"])


def test_an_answer_says_how_patients_are_counted(dataset: Dataset) -> None:
    area = embedded_area("Thurrock")
    assert area is not None
    plain, counted = (ask(dataset, area, {"weight": key}) for key in ("", "carr_hill"))
    assert "weight" not in plain.switches
    assert counted.switches["weight"] == "carr_hill"
    assert counted.key != plain.key
    # An answer for a board: the message's basis, which slides and files print too.
    assert "Carr-Hill weight" in counted.basis
    assert "Carr-Hill weight" in answer(counted).message.basis
    assert answer(counted).figures != answer(plain).figures
    with pytest.raises(UserError, match="can't be counted"):
        ask(dataset, area, {"weight": "moon"})
