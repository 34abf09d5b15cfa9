"""Weighted lists: each practice's by its own ratio, missing where there is none, and said."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.catchments import Registered
from pcs_dash.measures.weighted_lists import (
    WEIGHTINGS,
    find_weighting,
    weighted_dataset,
    weighted_registrations,
)
from pcs_dash.tables.areas import embedded_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.load import load_relative_need
from pcs_dash.views.question import ask
from pcs_dash.views.registry import VIEWS
from pcs_dash.views.under_doctored import answer


def test_a_list_is_the_registered_one_times_its_ratio(dataset: Dataset) -> None:
    weighted = weighted_dataset(dataset, WEIGHTINGS["carr_hill"])
    found = weighted.practices
    assert (weighted.weighting, dataset.weighting) == ("carr_hill", "")
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
    with pytest.raises(UserError) as refused:
        weighted_dataset(replace(dataset, practices=two.iloc[:1]), WEIGHTINGS["primary_care"])
    assert str(refused.value) == (
        "Weighted lists are known for the practices of Essex only. Count registered patients "
        "(weight=registered), or choose an area of Essex."
    )
    assert found.workforce_period == (
        f"{dataset.workforce_period}, patients by need for primary care of 2025/26"
    )
    assert weighted_dataset(dataset, WEIGHTINGS["registered"]) is dataset


def test_patients_by_small_area_count_by_the_ratio_of_their_practice(dataset: Dataset) -> None:
    """0.9108 for F81001; none for a practice that is not in the list of ratios; those of practices
    elsewhere stay as they are, and too few stay too few.
    """
    own = dataset.practices.loc[["F81001"]]
    data = replace(dataset, practices=pd.concat([own, own.rename(index={"F81001": "Z99999"})]))
    table = pd.DataFrame(
        {
            "practice_code": pd.Categorical(["F81001", "F81001", "Z99999", "Y00001"]),
            "patients": [1_000, 4, 70, 60],
        }
    )
    registered = Registered(table, pd.Index(["E01"]), period="July 2023")
    found = weighted_registrations(registered, data, WEIGHTINGS["carr_hill"])
    assert found.table["patients"].tolist() == pytest.approx([911, 4, np.nan, 60], nan_ok=True)
    assert found.label == registered.label


def test_the_ways_to_count_are_found_by_key_and_label() -> None:
    assert find_weighting("") == WEIGHTINGS["registered"]
    assert find_weighting("by carr-hill weight") == WEIGHTINGS["carr_hill"]
    with pytest.raises(UserError, match=r"by 'm{40}'"):
        find_weighting("m" * 50)
    with pytest.raises(UserError) as refused:
        find_weighting("moon")
    assert str(refused.value) == (
        "Patients can't be counted by 'moon'. Choose one of: registered, carr_hill, primary_care."
    )


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


def told(shown: object) -> Iterator[str]:
    """Every text of an answer's blocks: captions, alternatives, notes, bullets."""
    if isinstance(shown, str):
        yield shown
    elif isinstance(shown, (list, tuple)):
        for part in shown:
            yield from told(part)
    elif dataclasses.is_dataclass(shown) and type(shown).__module__ == "pcs_dash.views.answer":
        for each in dataclasses.fields(shown):
            yield from told(getattr(shown, each.name))


def test_every_view_says_that_patients_are_weighted(dataset: Dataset) -> None:
    """Its message, or each text that tells patients per GP; bands are of weighted patients too."""
    area = embedded_area("Thurrock")
    assert area is not None
    question = ask(dataset, area, {"weight": "carr_hill"})
    found = 0
    for key, view in VIEWS.items():
        made = view.answer(question)
        texts = [made.message.text, *told([*made.front, *made.below, *made.notes, *made.foot])]
        ratios = [text for text in texts if "patients per FTE GP" in text and text[:1] != "Rule"]
        found += len(ratios)
        if "weight" not in made.message.text:
            assert [text for text in ratios if "weight" not in text] == [], key
        banded = [text for text in texts if "50,000 patients" in text]
        assert banded == [], key
        if key != "lists":  # a history of lists as they were
            assert [text for text in texts if "registered patients" in text] == [], key
    assert found > 20
