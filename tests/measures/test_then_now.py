"""Today's side against counts made by hand; the published side against the table."""

from __future__ import annotations

import pandas as pd
import pytest

from pcs_dash.measures.correlation import Correlation
from pcs_dash.measures.then_now import (
    AGED_55,
    _figure_text,
    _verdict,
    claim_retested,
    published_value,
    then_and_now,
)
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.load import load_gp_age_profile_2014

DATE = "31 December 2025"


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


def test_the_claim_is_not_upheld_by_todays_figures(dataset: Dataset) -> None:
    claim = claim_retested(dataset.practices, date=DATE)
    assert claim.then.startswith("On 15 March 2017 Thurrock's Health and Wellbeing Board was told")
    assert "strong positive correlation" in claim.then
    assert "15 March 2017, item 11, 1.2" in claim.then_source
    assert "no evidence of an association" in claim.now.finding
    assert "do not show it" in claim.verdict
    assert list(claim.results) == ["Thurrock", "Mid and South Essex", "Essex"]
    assert claim.results["Essex"].n == 204


def test_the_verdict_without_figures_gives_the_reason() -> None:
    nan = float("nan")
    nothing = Correlation(2, nan, nan, nan, nan, "spearman", False, "none", reason="Only 2.")
    assert "can't test it. Only 2." in _verdict(nothing)


def test_rows_are_a_table(dataset: Dataset) -> None:
    table = pd.DataFrame([row.__dict__ for row in rows(dataset).values()])
    assert table["now_value"].notna().all()


# --- in full ------------------------------------------------------------------------------------

BOARD = "Thurrock Health and Wellbeing Board, 15 March 2017, item 11"
STRATEGY = "Transforming Primary Care in Essex, NHS England, 2014"
NEW_COUNT = (
    "The national count of GPs changed in September 2015, with a new collection of the general "
    "practice workforce: England's own figure is 1,321 patients per FTE GP for 2014/15 and 1,938 "
    "for September 2015. The source of 2014/15 does not say which GPs it counts."
)
MIXED = " England's figure counts fully qualified GPs, so today's ratio to it mixes definitions."
SINGLE = (
    "Then: contracts held by a single GP. Now: practices with one GP by headcount, trainees and "
    "locums apart. A contract holder may employ other GPs, so the two differ. The source's table "
    "adds up to 50 contracts, where its total says 51."
)
MEAN = "Another count of GPs and another England figure; more than half of practices can lie above"
# Figure and place -> then, its period and source, now, what changed; of fully qualified GPs.
IN_FULL = {
    ("patients per FTE GP (mean)", "Thurrock"): (
        "2,072 patients per FTE GP", "2014/15", f"{BOARD}, 1.2",
        "2,780 patients per FTE GP (fully qualified GPs), 1.23 times England's 2,258 (May 2025); "
        "in 2014/15 it was 1.57 times England's 1,321",
        NEW_COUNT,
    ),
    ("practices worse than the England average", "Thurrock"): (
        "29 practices of 33", "2014/15", f"{BOARD}, 1.1-1.2",
        "21 of 26 practices with a figure above England's 2,258 (May 2025)",
        f"{MEAN} a mean.",
    ),
    ("rank among CCGs by under-doctoring", "Thurrock"): (
        "rank 4 (1 = most under-doctored)", "2014/15", f"{BOARD}, 1.2",
        "rank 1 of the 7 places of Essex (1 = most patients per FTE GP)",
        "Then among all CCGs of England, now among the seven places of Essex only: CCGs ended in "
        "2022 and no figures for the rest of England are embedded.",
    ),
    ("GP practices", "Thurrock"): (
        "33 practices", "2017", f"{BOARD}, 1.1", "26 practices",
        "Practices that merged count once; a branch surgery is not a practice.",
    ),
    ("GPs per 1000 population", "Essex"): (
        "0.66 GPs per 1000", "2014", f"{STRATEGY}, Basildon and Brentwood",
        "0.49 GPs (headcount, all but trainees and locums) per 1,000 patients",
        "Then per resident, now per registered patient; the strategy does not say which GPs it "
        "counted, nor whether by headcount or FTE.",
    ),
    ("GP workforce aged over 60", "Thurrock"): (
        "30%", "2014", f"{STRATEGY}, Thurrock", "12% of 119 GPs with a known age are 60 or over",
        "Then 'over 60', now 60 and over; today's age bands cover all GPs, trainees and locums "
        "among them, which makes the share smaller.",
    ),
    ("population living in the most deprived fifth of England", "Thurrock"): (
        "12.4%", "2014 (IMD 2010)", f"{STRATEGY}, Thurrock",
        "15.4% of patients registered with Thurrock's practices (IMD 2025)",
        "Then residents by IMD 2010, now patients (July 2023) by IMD 2025. Each edition "
        "ranks England afresh, so a share can move though nothing has changed locally.",
    ),
    ("patients per GP", "Chelmsford"): (
        "1,331 patients per GP", "2014", f"{STRATEGY}, Mid Essex",
        "1,818 patients per GP (headcount, all but trainees and locums) in 15 practices of the "
        "district; 2,425 per FTE GP (fully qualified GPs)",
        "Then before the new national count of September 2015; the source says neither which GPs "
        "it counted, nor whether by headcount or FTE, nor whether the place is the district of "
        "that name. Now practices count where their main surgery is.",
    ),
    ("single-handed GP contracts", "Thurrock"): (
        "8 contracts of 34", "2014", f"{STRATEGY}, section 5", "5 of 26 practices single-handed",
        SINGLE,
    ),
    ("single-handed GP contracts", "Southend"): (
        "12 contracts of 36", "2014", f"{STRATEGY}, section 5", "6 of 23 practices single-handed",
        f"{SINGLE} Its text on Southend says 19 of 36, its table 12 of 36.",
    ),
    (AGED_55, "Thurrock"): (
        "46%", "2014", f"{STRATEGY}, GP age profile", "24% of 119 GPs with a known age",
        "Then the CCG's GPs, rounded to whole per cents, without saying which GPs count; now all "
        "GPs by headcount, trainees and locums among them, which makes the share smaller.",
    ),
}  # fmt: skip


def test_the_figures_in_full_and_in_order(dataset: Dataset) -> None:
    found = rows(dataset)
    assert list(dict.fromkeys(figure for figure, _ in found)) == list(
        dict.fromkeys(figure for figure, _ in IN_FULL)
    )
    for key, expected in IN_FULL.items():
        row = found[key]
        assert (
            row.then_text, row.then_period, row.then_source, row.now_text, row.change,
        ) == expected  # fmt: skip
        assert row.comparable == (row.figure == "GP practices")


def test_the_figures_that_another_definition_or_edition_changes(dataset: Dataset) -> None:
    plain, other = rows(dataset), rows(dataset, definition="all", edition="2019")
    changed = {key[0]: row for key, row in other.items() if row != plain[key]}
    assert {figure: (row.now_text, row.change) for figure, row in changed.items()} == {
        "patients per FTE GP (mean)": (
            "2,330 patients per FTE GP (all GPs), 1.03 times England's 2,258 (May 2025); in "
            "2014/15 it was 1.57 times England's 1,321",
            NEW_COUNT + MIXED,
        ),
        "practices worse than the England average": (
            "19 of 26 practices with a figure above England's 2,258 (May 2025)",
            f"{MEAN} a mean.{MIXED}",
        ),
        "population living in the most deprived fifth of England": (
            "11.7% of patients registered with Thurrock's practices (IMD 2019)",
            "Then residents by IMD 2010, now patients (July 2023) by IMD 2019. Each "
            "edition ranks England afresh, so a share can move though nothing has changed locally.",
        ),
        "patients per GP": (
            "1,995 patients per GP (headcount, all but trainees and locums) in 7 practices of the "
            "district; 1,996 per FTE GP (all GPs)",
            plain["patients per GP", "Maldon"].change,
        ),
    }


def test_a_published_value_by_its_period(dataset: Dataset) -> None:
    figure = "patients per FTE GP (fully qualified)"
    assert published_value(dataset.published, figure, "England", "May 2025") == 2258
    with pytest.raises(UserError) as told:
        published_value(dataset.published, figure, "England", "May 1925")
    assert str(told.value) == (
        f"published_figures.csv has no row '{figure}' for England, May 1925; add it or restore the "
        "file."
    )
    short = dataset.published[dataset.published["figure"] != "GP practices"]
    with pytest.raises(UserError) as told:
        then_and_now(dataset.practices, short, load_gp_age_profile_2014(), date=DATE)
    assert str(told.value) == (
        "published_figures.csv has no row 'GP practices' for Thurrock; add it or restore the file."
    )


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (4.0, "rank of 7", "rank 4 of 7"),
        (1_234.0, "per cent", "1,234%"),
        (12.44, "per cent", "12.4%"),
        (0.664, "GPs", "0.66 GPs"),
        (1.0, "GPs", "1 GPs"),
        (1.25, "GPs", "1.2 GPs"),
    ],
)
def test_a_published_figure_is_written_as_finely_as_it_was(
    value: float, unit: str, words: str
) -> None:
    assert _figure_text(value, unit) == words


def test_nobody_of_known_age_and_no_ratio_are_no_figures(dataset: Dataset) -> None:
    nobody = dataset.practices.assign(gps_with_known_age=0, gp_fte_all=0.0)
    found = then_and_now(
        nobody, dataset.published, load_gp_age_profile_2014(), date=DATE, definition="all"
    )
    said = {row.figure: row for row in found if row.place == "Thurrock"}
    assert said[AGED_55].now_text == "no figure of 0 GPs with a known age"
    assert (
        said["GP workforce aged over 60"].now_value != said["GP workforce aged over 60"].now_value
    )
    rank = said["rank among CCGs by under-doctoring"]
    assert rank.now_text.startswith("rank no figure of the 0 places")
    assert pd.isna(rank.now_value)


@pytest.mark.parametrize(
    ("low", "r", "high", "words"),
    [
        (0.5, 0.7, 0.85, "Today's figures uphold it."),
        (
            0.49, 0.7, 0.85,
            "Today's figures show a positive correlation, but not that it is strong.",
        ),
        (-0.6, -0.4, -0.1, "Today's figures point the other way."),
        (
            -0.3, 0.1, 0.49,
            "Today's figures do not show it: the interval includes zero, and leaves out a strong "
            "correlation (0.5 or more).",
        ),
        (-0.1, 0.3, 0.5, "Today's figures do not show it; they cannot rule it out either."),
    ],
)  # fmt: skip
def test_the_verdicts_in_full(low: float, r: float, high: float, words: str) -> None:
    p_value = 0.3 if low <= 0 <= high else 0.02
    assert _verdict(Correlation(26, r, low, high, p_value, "spearman", False, "x")) == words


def test_the_claim_in_full(dataset: Dataset) -> None:
    claim = claim_retested(dataset.practices, definition="all", date=DATE)
    assert claim.then == (
        "On 15 March 2017 Thurrock's Health and Wellbeing Board was told of a strong positive "
        "correlation between levels of under-doctoring and deprivation."
    )
    assert claim.then_source == f"{BOARD}, 1.2"
    assert "GPs counted: all GPs" in claim.now.basis
    assert DATE in claim.now.basis
    thurrock = find_area("Thurrock").select(dataset.practices)
    pairs = thurrock[["imd_score"]].assign(ratio=thurrock["patients"] / thurrock["gp_fte_all"])
    rho = pairs.dropna().rank().corr().iloc[0, 1]
    assert claim.results["Thurrock"].coefficient == pytest.approx(rho)
    assert "In Thurrock" in claim.now.finding
