"""Questions of the page of spatial patterns: what is asked, and how its answer is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures import spatial
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import patterns
from pcs_dash.views.question import ask as question_to

THURROCK = find_area("Thurrock")


def ask(dataset: Dataset, **given: object) -> patterns.PatternAsked:
    return patterns.ask(question_to(dataset, THURROCK), **given)  # type: ignore[arg-type]


def test_by_default_practices_are_asked_about(dataset: Dataset) -> None:
    question = ask(dataset)
    own = THURROCK.select(dataset.practices)
    assert question.by_practice
    expected = own["patients"] / own["gp_fte_fully_qualified"].where(
        own["gp_fte_fully_qualified"] > 0
    )
    pd.testing.assert_series_equal(question.measured, expected, check_names=False)
    assert "31 December 2025" in question.basis
    assert question.neighbours == {"neighbours": "knn", "k": 6}
    assert question.clusters().statistic_name == "Local Moran's I"


@pytest.mark.parametrize(
    ("given", "statistic"),
    [
        ({"statistic": "getis"}, "G*"),
        ({"what": "both"}, "ivariate"),
        ({"what": "deprivation", "near": "queen"}, "Moran"),
    ],
)
def test_the_statistic_is_the_one_asked_for(
    dataset: Dataset, given: dict[str, str], statistic: str
) -> None:
    question = ask(dataset, **given)
    assert statistic in question.clusters().statistic_name
    if given.get("near") == "queen":
        assert question.neighbours == {"neighbours": "queen"}
        assert "borders" in question.clusters().weights or "queen" in question.clusters().weights


def test_without_registrations_residents_are_asked_about_by_deprivation(dataset: Dataset) -> None:
    question = ask(dataset, what="residents", near="queen")
    assert question.what == "deprivation"
    assert question.basis == "IMD 2025"
    ranks = THURROCK.select(dataset.lsoas)["imd2025_rank"]
    assert question.measured.idxmax() == ranks.idxmin()
    assert question.measured.between(0, 100).all()


def test_ratios_of_residents_share_out_each_practices_gps() -> None:
    practices = pd.DataFrame({"fte": [2.0, 1.0, 4.0]}, index=["A", "B", "C"])
    table = pd.DataFrame(
        {
            "practice_code": ["A", "A", "B", "C", "B"],
            "lsoa11cd": ["X", "Y", "X", "Y", "Z"],
            "patients": [300, 100, 200, 400, 3],
        }
    )
    found = patterns.ratios_of_residents(practices, table, "fte", pd.Index(["C"]))
    # A: 2 FTE over 400 patients; B: 1 over 203; C is left out, with its patients.
    assert found["X"] == pytest.approx(500 / (2 * 300 / 400 + 1 * 200 / 203))
    assert found["Y"] == pytest.approx(100 / (2 * 100 / 400))
    assert np.isnan(found["Z"])  # three patients are too few to show


def test_the_layer_holds_a_colour_and_a_sign_for_every_word(dataset: Dataset) -> None:
    found = ask(dataset).clusters()
    layer = patterns.layer(found)
    own = THURROCK.select(dataset.practices).index
    legend = layer.legend(own)
    known = found.table["label"].isin(layer.colours)
    assert sum(legend.counts or []) == int(known.sum())
    assert all(layer.signs[word] or word == spatial.NOT_SIGNIFICANT for word in layer.colours)
    marks = layer.marks(dataset.practices.index)
    assert len(marks["letters"]) == len(dataset.practices)
    # Practices of other places have no mark.
    elsewhere = ~dataset.practices.index.isin(own)
    assert {marks["letters"][i] for i in np.flatnonzero(elsewhere)} == {"-"}


def test_what_drops_out_by_control_is_ringed_and_told(dataset: Dataset) -> None:
    found = ask(dataset).clusters()
    ringed = patterns.only_before(found)
    assert len(ringed) == found.n_unadjusted - found.n_significant
    assert f"{found.n_unadjusted:,} would stand out" in patterns.control_note(found, True)
    assert "dashed ring" not in patterns.control_note(found, False)
    row = {"p_value": 0.031, "label": "no cluster", "unadjusted": True, "significant": False}
    assert patterns.note(row) == "no cluster, p = 0.031 before control only"
    assert patterns.note(row | {"p_value": float("nan")}) == ""
