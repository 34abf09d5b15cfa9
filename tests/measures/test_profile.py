from __future__ import annotations

import pandas as pd
import pytest

from pcs_dash.measures import profile
from pcs_dash.measures.completeness import flagged_practices, join_table, missing_figures
from pcs_dash.measures.workforce import GP_DEFINITIONS, england_benchmark
from pcs_dash.official.any_area import find_area


@pytest.fixture
def card(dataset):
    def build(code: str, definition: str = "fully_qualified") -> pd.DataFrame:
        return profile.practice_card(
            find_area("Essex").select(dataset.practices),
            code,
            definition=GP_DEFINITIONS[definition],
            benchmark=england_benchmark(dataset.published),
            edition="2025",
            area_name="Essex",
        ).set_index("Measure")

    return build


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


def test_flags_are_told(practices) -> None:
    assert any("low FTE" in flag for flag in profile.flags(practices.loc["F81006"]))
    assert any("appointment" in flag for flag in profile.flags(practices.loc["F81082"]))
    assert any("Single-handed" in flag for flag in profile.flags(practices.loc["F81006"])) == bool(
        practices.loc["F81006", "single_handed"]
    )


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (15.84, "Matching it would take 15.8 more FTE GPs."),
        (-3.2, "It has 3.2 FTE GPs more than matching it takes."),
        (0.01, "It already has the FTE GPs that matching it takes."),
        (float("nan"), ""),
    ],
)
def test_the_gap_in_words(gap: float, words: str) -> None:
    assert profile.gap_sentence(gap) == words


def test_what_is_missing_is_counted_and_listed(practices) -> None:
    table = missing_figures(practices).set_index("Figure")
    assert table["Practices without it"].to_dict() == {
        "Nurse FTE": 9,
        "Direct patient care FTE": 5,
        "Prevalence: hypertension": 3,
        "Prevalence: coronary heart disease": 3,
        "PCN": 3,
    }
    assert table.loc["PCN", "Which"] == "F81014, F81031, Y05023"
    assert missing_figures(practices.loc[["F81010"]]).empty


def test_flagged_practices_come_with_figure_and_rule(practices) -> None:
    table = flagged_practices(practices)
    assert len(table) == 6
    assert table["Figure"].str.len().min() > 20


def test_the_join_table_lists_the_unmatched(dataset) -> None:
    table = join_table(dataset.reports).set_index("Join")
    assert table.loc["practices with PCN", "Only on the left"] == "F81014, F81031, Y05023"
    assert (table["Matched"] <= table["Left rows"]).all()
