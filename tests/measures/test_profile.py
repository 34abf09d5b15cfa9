from __future__ import annotations

import pandas as pd
import pytest

from pcs_dash.measures import profile
from pcs_dash.measures.workforce import GP_DEFINITIONS, Benchmark, england_benchmark
from pcs_dash.official.any_area import find_area


@pytest.fixture
def card(dataset):
    def build(code: str, definition: str = "fully_qualified") -> pd.DataFrame:
        asked = GP_DEFINITIONS[definition], england_benchmark(dataset.published), "2025"
        practices = find_area("Essex").select(dataset.practices)
        return card_of(practices, code, *asked, area_name="Essex").set_index("Measure")

    return build


def card_of(practices, code, definition, benchmark, edition, *, area_name="Here") -> pd.DataFrame:
    own, area = (
        profile.every_figure(some, definition, benchmark, edition)
        for some in (practices.loc[[code]], practices)
    )
    return profile.practice_card(own, area, benchmark=benchmark, area_name=area_name)


def test_the_card_of_a_practice_gives_its_own_figures(card, practices) -> None:
    table = card("F81010")
    row = practices.loc["F81010"]
    ratio = row["patients"] / row["gp_fte_fully_qualified"]
    assert table.loc["Patients per FTE GP", "This practice"] == f"{ratio:,.0f}"
    assert table.loc["Patients per FTE GP", "Essex"] == "2,584"
    assert table.loc["Patients per FTE GP", "Benchmark"] == "2,258 (England)"


def test_a_missing_figure_says_so(card, practices) -> None:
    code = practices.index[practices["nurse_fte"].isna()][0]
    assert card(code).loc["Nurse FTE", "This practice"] == "no figure"


def test_no_gp_under_a_definition_gives_no_ratio(card) -> None:
    table = card("F81032", "permanent")
    assert table.loc["Patients per FTE GP", "This practice"] == "no figure"
    assert table.loc["FTE GPs", "This practice"] == "0.0"


SOUND = {
    "flag_low_fte": False, "gp_fte_fully_qualified": 2.0, "single_handed": False,
    "flag_appointments": False, "nurse_fte": 1.0, "direct_care_fte": 1.0, "patients": 4_500,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        (
            {"flag_low_fte": True},
            ["Implausibly low FTE for the list: check the workforce return."],
        ),
        ({"gp_fte_fully_qualified": None}, ["No GP figure was supplied."]),
        ({"single_handed": True}, ["Single-handed: one permanent GP by headcount."]),
        ({"flag_appointments": True}, ["Implausible appointment count."]),
        ({"nurse_fte": None}, ["No nurse figure was supplied."]),
        ({"direct_care_fte": None}, ["No direct patient care figure was supplied."]),
        ({"patients": 4_499}, ["Fewer than 4,500 patients."]),
        (
            {"single_handed": True, "patients": 0},
            ["Single-handed: one permanent GP by headcount.", "Fewer than 4,500 patients."],
        ),
    ],
)
def test_each_caution_stands_for_its_own_figure(change: dict, words: list[str]) -> None:
    assert profile.flags(pd.Series(SOUND | change)) == words


def area() -> pd.DataFrame:
    """Two practices: 10,000 and 2,000 patients, 5 and 1 FTE GPs, in quintiles 1 and 5."""
    table = pd.DataFrame(
        {
            "patients": [10_000, 2_000], "gp_fte_fully_qualified": [5.0, 1.0],
            "gp_fte_all": [6.0, 1.0], "nurse_fte": [2.5, None], "direct_care_fte": [1.0, 0.5],
            "gps_with_known_age": [8, 2], "gps_55_plus": [4, 1], "gps_60_plus": [1, 0],
            "single_handed": [False, True], "flag_low_fte": [False, False],
            "imd_score": [30.0, 12.0],
        },
        index=["P1", "P2"],
    )  # fmt: skip
    mix = {1: [6_000, 500], 2: [0, 0], 3: [2_000, 0], 4: [0, 0], 5: [0, 1_500]}
    for edition in ("2025", "2019"):
        for quintile, patients in mix.items():
            table[f"imd{edition}_patients_quintile_{quintile}"] = patients
    return table


ASKED = {
    "definition": GP_DEFINITIONS["fully_qualified"],
    "benchmark": Benchmark("rule", "2014 rule", 1_800.0, None, "2014", ""),
    "edition": "2025",
}


def test_a_whole_card_by_hand() -> None:
    table = card_of(area(), "P1", **ASKED)
    assert list(table.columns) == ["Measure", "This practice", "Here", "Benchmark"]
    assert table.to_numpy().tolist() == [
        ["Patients per FTE GP", "2,000", "2,000", "1,800 (2014 rule)"],
        ["Patients", "10,000", "12,000", "4,500 or more (2014 rule)"],
        ["FTE GPs", "5.0", "6.0", "2.5 or more (2014 rule)"],
        ["FTE GPs per 1,000 patients", "0.50", "0.50", ""],
        ["FTE GPs per 10,000 patients", "5.0", "5.0", "5.6"],
        ["FTE GPs to add to reach the benchmark", "+0.6", "+0.7", ""],
        ["FTE GPs to add for 1,800 per FTE GP", "+0.6", "+0.7", "0"],
        ["GPs aged 55 and over (headcount, all GPs)", "50%", "50%", ""],
        ["GPs aged 60 and over (headcount, all GPs)", "12%", "10%", ""],
        ["Nurse FTE", "2.5", "2.5", ""],
        ["Direct patient care FTE", "1.0", "1.5", ""],
        ["IMD 2025 score of patients", "30.0", "27.0", ""],
        ["Patients in quintile 1 (most deprived), IMD 2025", "75%", "65%", ""],
        ["Patients in quintile 5 (least deprived), IMD 2025", "0%", "15%", ""],
    ]


def test_groups_side_by_side() -> None:
    both = area()
    table = profile.measure_table({"one": both.loc[["P1"]], "all": both}, **ASKED)
    assert list(table.columns) == ["Measure", "one", "all"]
    card = card_of(both, "P1", **ASKED)
    assert table.to_numpy().tolist() == card.iloc[:, :3].to_numpy().tolist()
    # The rule of 2014 is the rule's, whatever the benchmark; and a practice without FTE is named.
    other = ASKED | {"benchmark": Benchmark("own", "own", 1_000.0, None, "", "")}
    found = profile.measure_table({"all": both.assign(gp_fte_fully_qualified=[5.0, None])}, **other)
    said = found.set_index("Measure")["all"]
    assert said["FTE GPs to add to reach the benchmark"] == "+5.0"
    assert said["FTE GPs to add for 1,800 per FTE GP"] == "+0.6"


def test_the_deprivation_of_an_area_in_words() -> None:
    lsoas = pd.DataFrame({"imd2025_quintile": [1, 1, 2, 5], "imd2019_quintile": [1, 2, 2, 5]})
    said = profile.deprivation_sentence("Here", lsoas, area(), "2025")
    assert said == (
        "2 of Here's 4 small areas (50%) are among England's most deprived fifth; 65% of its "
        "practices' patients live in such areas."
    )
    other = area().assign(imd2019_patients_quintile_1=0)
    assert profile.deprivation_sentence("Here", lsoas, other, "2019") == (
        "1 of Here's 4 small areas (25%) are among England's most deprived fifth; 0% of its "
        "practices' patients live in such areas."
    )
    assert profile.deprivation_sentence("Here", lsoas[:0], area(), "2025") == (
        "65% of the patients of Here live in England's most deprived fifth."
    )
    assert profile.deprivation_sentence("Here", lsoas[:0], area()[:0], "2025") == (
        "no figure of the patients of Here live in England's most deprived fifth."
    )


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (15.84, "Matching it would take 15.8 more FTE GPs."),
        (-3.2, "It has 3.2 FTE GPs more than matching it takes."),
        (0.01, "It already has the FTE GPs that matching it takes."),
        (-0.04, "It already has the FTE GPs that matching it takes."),
        (0.05, "Matching it would take 0.1 more FTE GPs."),
        (-1.0, "It has 1.0 FTE GPs more than matching it takes."),
        (float("nan"), ""),
    ],
)
def test_the_gap_in_words(gap: float, words: str) -> None:
    assert profile.gap_sentence(gap) == words
