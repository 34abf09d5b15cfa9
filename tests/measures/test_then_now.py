"""Today's side against counts made by hand; the published side against the table."""

from __future__ import annotations

import pandas as pd
import pytest

from pcs_dash.measures.correlation import Correlation
from pcs_dash.measures.then_now import AGED_55, _verdict, claim_retested, then_and_now
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset, build_dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.load import load_gp_age_profile_2014

DATE = "31 December 2025"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return build_dataset()


def rows(dataset: Dataset, **options: str) -> dict[tuple[str, str], object]:
    found = then_and_now(
        dataset.practices, dataset.published, load_gp_age_profile_2014(), date=DATE, **options
    )
    return {(row.figure, row.place): row for row in found}


def test_the_headline_is_todays_check_figure_beside_the_published_one(dataset: Dataset) -> None:
    row = rows(dataset)["patients per FTE GP (mean)", "Thurrock"]
    assert (row.then_value, row.then_period) == (2072, "2014/15")
    assert row.now_value == pytest.approx(2780.1, abs=0.05)
    assert "1.23 times England's 2,258 (May 2025)" in row.now_text
    assert "1.57 times England's 1,321" in row.now_text
    assert not row.comparable
    assert "September 2015" in row.change


def test_counts_by_hand(dataset: Dataset) -> None:
    found = rows(dataset)
    thurrock = find_area("Thurrock").select(dataset.practices)
    ratio = thurrock["patients"] / thurrock["gp_fte_fully_qualified"]
    assert found["practices worse than the England average", "Thurrock"].now_value == sum(
        ratio > 2258
    )
    assert found["GP practices", "Thurrock"].now_value == 26
    assert found["GP practices", "Thurrock"].comparable
    assert found["rank among CCGs by under-doctoring", "Thurrock"].now_value == 1
    older = 100 * thurrock["gps_60_plus"].sum() / thurrock["gps_with_known_age"].sum()
    assert found["GP workforce aged over 60", "Thurrock"].now_value == pytest.approx(older)
    singles = [row for (figure, _), row in found.items() if figure.startswith("single-handed")]
    assert len(singles) == 7
    assert sum(row.now_value for row in singles) == dataset.practices["single_handed"].sum()
    # The source contradicts itself twice, which is said.
    assert sum(row.then_value for row in singles) == 50
    assert all("adds up to 50 contracts, where its total says 51" in row.change for row in singles)
    said = {row.place: "19 of 36" in row.change for row in singles}
    assert [place for place, there in said.items() if there] == ["Southend"]


def test_the_age_profile_of_2014_stands_beside_todays(dataset: Dataset) -> None:
    found = rows(dataset)
    then = {place: row.then_value for (figure, place), row in found.items() if figure == AGED_55}
    assert then == {
        "Thurrock": 46, "Southend": 47, "Castle Point and Rochford": 45,
        "Basildon and Brentwood": 32, "Mid Essex": 26, "North East Essex": 23, "West Essex": 22,
    }  # fmt: skip
    thurrock = find_area("Thurrock").select(dataset.practices)
    now = 100 * thurrock["gps_55_plus"].sum() / thurrock["gps_with_known_age"].sum()
    assert found[AGED_55, "Thurrock"].now_value == pytest.approx(now)
    assert not found[AGED_55, "Thurrock"].comparable


@pytest.mark.parametrize(
    ("district", "then"), [("Chelmsford", 1331), ("Braintree", 1653), ("Maldon", 1849)]
)
def test_districts_of_mid_essex_stand_beside_2014(
    dataset: Dataset, district: str, then: int
) -> None:
    row = rows(dataset)["patients per GP", district]
    local = dataset.practices[dataset.practices["district"] == district]
    known = local[local["gp_headcount_permanent"].notna()]
    assert (row.then_value, row.then_period) == (then, "2014")
    assert row.now_value == pytest.approx(
        known["patients"].sum() / known["gp_headcount_permanent"].sum()
    )
    assert f"{len(local)} practices" in row.now_text
    assert not row.comparable


def test_every_row_is_complete_and_as_published(dataset: Dataset) -> None:
    published = dataset.published
    for row in rows(dataset, definition="all", edition="2019").values():
        same = published[(published["figure"] == row.figure) & (published["place"] == row.place)]
        if row.figure != AGED_55:  # of a table of its own
            assert row.then_value == same["value"].iloc[0]
            assert row.then_source == same["source"].iloc[0]
        assert row.then_source
        assert row.change
        assert row.now_text
        assert row.now_period == DATE


def test_another_definition_warns_that_englands_figure_is_not_of_it(dataset: Dataset) -> None:
    row = rows(dataset, definition="all")["patients per FTE GP (mean)", "Thurrock"]
    assert "mixes definitions" in row.change
    assert row.now_value == pytest.approx(2330.2, abs=0.05)


def test_a_missing_published_figure_is_named(dataset: Dataset) -> None:
    short = dataset.published[dataset.published["figure"] != "GP practices"]
    with pytest.raises(UserError, match="GP practices"):
        then_and_now(dataset.practices, short, load_gp_age_profile_2014(), date=DATE)


def test_the_claim_is_not_upheld_by_todays_figures(dataset: Dataset) -> None:
    claim = claim_retested(dataset.practices, date=DATE)
    assert claim.then.startswith("On 15 March 2017 Thurrock's Health and Wellbeing Board was told")
    assert "strong positive correlation" in claim.then
    assert "15 March 2017, item 11, 1.2" in claim.then_source
    assert "no evidence of an association" in claim.now.finding
    assert "do not show it" in claim.verdict
    assert list(claim.results) == ["Thurrock", "Mid and South Essex", "Essex"]
    assert claim.results["Essex"].n == 204


@pytest.mark.parametrize(
    ("low", "r", "high", "words"),
    [
        (0.5, 0.7, 0.85, "uphold it"),
        (0.1, 0.4, 0.6, "not that it is strong"),
        (-0.6, -0.4, -0.1, "the other way"),
        (-0.3, 0.1, 0.4, "leaves out a strong"),
        (-0.1, 0.3, 0.6, "cannot rule it out"),
    ],
)
def test_the_verdict_claims_no_more_than_the_interval(
    low: float, r: float, high: float, words: str
) -> None:
    p_value = 0.3 if low <= 0 <= high else 0.02
    result = Correlation(26, r, low, high, p_value, "spearman", False, "jackknife")
    assert words in _verdict(result)


def test_the_verdict_without_figures_gives_the_reason() -> None:
    nan = float("nan")
    nothing = Correlation(2, nan, nan, nan, nan, "spearman", False, "none", reason="Only 2.")
    assert "can't test it. Only 2." in _verdict(nothing)


def test_rows_are_a_table(dataset: Dataset) -> None:
    table = pd.DataFrame([row.__dict__ for row in rows(dataset).values()])
    assert table["now_value"].notna().all()
