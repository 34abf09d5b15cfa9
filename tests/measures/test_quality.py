"""Quality measures: groups by plain loops, classes that say what they hold, careful words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pcs_dash.measures import quality
from pcs_dash.measures.correlation import Correlation, correlate
from pcs_dash.measures.register import QUALITY_MEASURES
from pcs_dash.measures.words import NOT_WHY, Words, definition_text, size_range
from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.tables.dataset import Dataset

CODES = ["A", "B", "C", "D"]
PRACTICES = pd.DataFrame(
    {"patients": [1000, 3000, 2000, 500], "prev_dm": [4.0, 8.0, np.nan, 2.0]}, index=CODES
)
OFFICIAL = pd.DataFrame(
    {
        "cqc_rating": ["Good", "Inadequate", None, "Good"],
        "cqc_year": pd.array([2016, 2024, None, 2020], dtype="Int64"),
        "qof_per_cent": [90.0, 80.0, np.nan, 100.0],
        "appointments": pd.array([500, 900, None, 9000], dtype="Int64"),
        "same_day": pd.array([100, 450, None, 10], dtype="Int64"),
        "wait_unknown": pd.array([100, 0, None, 0], dtype="Int64"),
        "appointments_per_patient": [0.5, 0.3, np.nan, 18.0],
        "same_day_per_cent": [25.0, 50.0, np.nan, 0.1],
        "within_week": pd.array([300, 600, None, 20], dtype="Int64"),
        "days_over_28": pd.array([40, 90, None, 5], dtype="Int64"),
        "carr_hill_ratio": [0.8, 1.2, 1.0, np.nan],
        "payment_per_patient": [100.0, 180.0, np.nan, 90.0],
        "weighted_primary_care": [900.0, 3300.0, np.nan, 500.0],
        "list_size": [1000, 3000, 2000, 500],
        "flag_appointments": pd.array([False, False, None, True], dtype="boolean"),
        "dispensing": pd.array([True, False, False, None], dtype="boolean"),
        "contract_type": ["GMS", "PMS", "GMS", "Other"],
        "patients": [1000, 3000, 2000, 500],
    },
    index=CODES,
).add_prefix(quality.PREFIX)
ALL = pd.Series("all", index=CODES)
BY_KEY = QUALITY_MEASURES


@pytest.fixture
def table() -> pd.DataFrame:
    return quality.quality_table(PRACTICES, OFFICIAL)


def test_groups_by_hand(table: pd.DataFrame) -> None:
    row = quality.by_group(table, ALL).loc["all"]
    assert row["practices"] == 4
    assert row["cqc_rating"] == "Good 2, Inadequate 1, no figure 1"
    assert row["contract_type"] == "GMS 2, PMS 1, Other 1"
    assert row["dispensing"] == "yes 1, no 2, no figure 1"
    assert row["qof_per_cent"] == pytest.approx((90 * 1000 + 80 * 3000 + 100 * 500) / 4500)
    assert row["qof_per_cent_n"] == 3
    assert row["prev_dm"] == pytest.approx((4 * 1000 + 8 * 3000 + 2 * 500) / 4500)
    # D's 18 appointments a patient are implausible: left out and counted.
    assert row["appointments_per_patient"] == pytest.approx(1400 / 4000)
    assert (row["appointments_per_patient_n"], row["appointments_per_patient_flagged"]) == (2, 1)
    assert row["within_week_per_cent"] == pytest.approx(100 * 900 / 1300)
    assert row["days_over_28_per_cent"] == pytest.approx(100 * 130 / 1300)
    # C has no payment and D no weight: neither counts above or below.
    paid = (100 * 1000 + 180 * 3000) / (0.8 * 1000 + 1.2 * 3000)
    assert row["payment_per_weighted_patient"] == pytest.approx(paid)
    assert row["need_per_patient"] == pytest.approx(4700 / 4500)
    assert table["payment_per_weighted_patient"].tolist()[:2] == [125.0, 150.0]
    assert table.loc["A", "days_over_28_per_cent"] == 10
    # A's unknown waits leave the whole.
    assert row["same_day_per_cent"] == pytest.approx(100 * 550 / 1300)


def test_a_group_without_a_figure_has_none(table: pd.DataFrame) -> None:
    grouped = quality.by_group(table, pd.Series({"C": "c", "D": "d", "A": None}))
    assert grouped.index.tolist() == ["c", "d"]
    assert np.isnan(grouped.loc["c", "qof_per_cent"])
    assert np.isnan(grouped.loc["c", "appointments_per_patient"])
    assert np.isnan(grouped.loc["d", "appointments_per_patient"])
    assert grouped.loc["d", "appointments_per_patient_flagged"] == 1
    assert grouped.loc["c", "cqc_rating"] == "no figure 1"


def test_the_area_as_one_group(table: pd.DataFrame) -> None:
    measure = BY_KEY["appointments_per_patient"]
    assert quality.of_area(table, measure) == (pytest.approx(0.35), 2, 1, 1)
    assert quality.flags(table, measure).tolist() == [False, False, False, True]
    assert not quality.flags(table, BY_KEY["qof_per_cent"]).any()


def test_what_is_embedded_stands_without_official_data(dataset: Dataset) -> None:
    table = quality.quality_table(dataset.practices, None)
    assert set(quality.available(table)) == {
        "recent_appointments_per_patient",
        *(key for key in BY_KEY if key.startswith("prev_")),
    }
    assert table["flag_recent"].sum() == dataset.practices["flag_appointments"].sum() > 0
    district = quality.by_group(table, dataset.practices["district"])
    for name, group in dataset.practices.groupby("district"):
        booked = size = 0.0
        for _, row in group.iterrows():
            if row["appointments"] > 0 and not row["flag_appointments"]:
                booked += row["appointments"]
                size += row["list_size_2025_12"]
        assert district.loc[name, "recent_appointments_per_patient"] == pytest.approx(booked / size)


def test_a_column_without_a_figure_is_not_offered() -> None:
    empty = OFFICIAL.assign(official_qof_per_cent=np.nan)
    table = quality.quality_table(PRACTICES, empty)
    assert "qof_per_cent" not in quality.available(table)


def test_periods_in_words() -> None:
    dates = {
        "qof": "2023-03-31", "cqc": "2024-12-31", "appointments": "2025-04-01",
        "payments": "2023-03-31", "dentists": "2026-02-28",
    }  # fmt: skip
    said = {key: quality.period_of(m, dates) for key, m in BY_KEY.items()}
    assert said["qof_per_cent"] == said["contract_type"] == said["dispensing"] == "2022-23"
    assert said["cqc_rating"] == "to 2024"
    assert said["same_day_per_cent"] == "April 2025"
    assert said["dentists_1_mile"] == "February 2026"
    assert said["prev_dm"] == "QOF 2024/25"
    assert said["survey_overall_good"] == "period unknown"


def test_what_the_build_counted_and_recorded_is_offered() -> None:
    built = OFFICIAL.assign(
        official_pharmacies_1_mile=pd.array([2, 0, None, 1], dtype="Int64"),
        official_qof_prev_dm=[7.5, np.nan, 8.0, 9.0],
    )
    for column in ("pharmacies_1_mile", "opticians_1_mile", "dental_sites_1_mile", "qof_prev_dm"):
        assert column in quality.OFFICIAL_COLUMNS
    table = quality.quality_table(PRACTICES.drop(columns="prev_dm"), built)
    assert table["pharmacies_1_mile"].tolist()[:2] == [2, 0]
    assert np.isnan(table.loc["C", "pharmacies_1_mile"])
    measure = quality.available(table)["qof_prev_dm"]
    assert quality.period_of(measure, {"qof_prevalence": "2024-03-31"}) == "2023-24"


def test_with_capacity_is_spearman_without_the_implausible(dataset: Dataset) -> None:
    table = quality.quality_table(dataset.practices, None)
    ratios = patients_per_fte_gp(dataset.practices)
    measure = BY_KEY["recent_appointments_per_patient"]
    result = quality.with_capacity(table, measure, ratios)
    sound = ~table["flag_recent"] & table[measure.key].notna() & ratios.notna()
    expected = stats.spearmanr(table.loc[sound, measure.key], ratios[sound])
    assert result.n == sound.sum()
    assert result.coefficient == pytest.approx(expected.statistic)


def words_of(rho: float, n: int) -> str:
    """The words for points whose rank correlation is about `rho`."""
    draw = np.random.default_rng(1)
    x = draw.normal(size=n)
    y = rho * x + np.sqrt(1 - rho**2) * draw.normal(size=n)
    said = quality.capacity_words(
        correlate(x, y, method="spearman"),
        BY_KEY["qof_per_cent"],
        place="Thurrock",
        period="2022-23",
        definition="fully_qualified",
        date="31 December 2025",
    )
    return "" if said is None else said.text


def said_of(result: Correlation, **options: int) -> Words | None:
    return quality.capacity_words(
        result,
        BY_KEY["qof_per_cent"],
        place="Thurrock",
        period="2022-23",
        definition="fully_qualified",
        date="31 December 2025",
        **options,
    )


def test_the_words_in_full() -> None:
    """Clear, weak, none: each sentence as it stands; who is left out is counted once."""
    clear = Correlation(
        30, 0.5, 0.2, 0.7, 0.004, "spearman", False, "jackknife", confidence=0.95, n_missing=5
    )
    words = said_of(clear, left_out=2)
    assert words is not None
    assert words.finding == (
        "In Thurrock there is clear evidence that QOF achievement (2022-23) and patients per FTE "
        "GP (31 December 2025) go together: where there are more patients per GP, QOF achievement "
        "tends to be higher."
    )
    assert words.caution == (
        f"The size could be {size_range(0.2, 0.7)}. {NOT_WHY} The two figures are of different "
        "dates."
    )
    assert words.basis == (
        "Spearman's rho = 0.50 (95% interval 0.20 to 0.70, p = 0.004), 30 practices, 3 without "
        "both figures. 2 with implausible counts left out. "
        f"{definition_text('fully_qualified', '31 December 2025')}"
    )
    weak = said_of(replace(clear, coefficient=-0.4, ci_low=-0.7, ci_high=-0.02, p_value=0.04))
    assert weak is not None
    assert "there is weak evidence that" in weak.finding
    assert weak.finding.endswith("patients per GP, QOF achievement may tend to be lower.")
    assert "30 practices, 5 without both figures. " in weak.basis
    assert "implausible" not in weak.basis
    nothing = said_of(replace(clear, p_value=0.4, ci_low=-0.1, n_missing=0), left_out=1)
    assert nothing is not None
    assert nothing.finding == (
        "In Thurrock there is no evidence that QOF achievement (2022-23) and patients per FTE GP "
        "(31 December 2025) go together."
    )
    assert nothing.caution == (
        "That is not the same as evidence that they don't. The two figures are of different dates."
    )
    assert "30 practices. 1 with" in nothing.basis


def test_ten_practices_with_an_interval_are_enough_for_words() -> None:
    enough = Correlation(10, 0.9, 0.5, 1.0, 0.001, "spearman", False, "jackknife")
    assert said_of(enough) is not None
    assert said_of(replace(enough, n=9)) is None
    assert said_of(replace(enough, ci_high=np.nan)) is None
    assert said_of(replace(enough, ci_low=np.nan)) is None


def test_sentences_of_an_area(table: pd.DataFrame) -> None:
    assert quality.sentence(table, BY_KEY["cqc_rating"], "Thurrock", "to 2024") == (
        "CQC rating in Thurrock, to 2024: practices Good 2, Inadequate 1, no figure 1."
    )
    # D's 18 appointments a patient are no practice's figure: 0.3 and 0.5 are left.
    assert quality.sentence(
        table, BY_KEY["appointments_per_patient"], "Thurrock", "April 2025"
    ) == (
        "Appointments per patient and month in Thurrock, April 2025: 0.35. The 2 practices "
        "shown lie between 0.30 and 0.50."
    )
    ten = pd.DataFrame({"patients": 1.0, "qof_per_cent": np.arange(90.0, 100.0)})
    said = [quality.sentence(ten.head(n), BY_KEY["qof_per_cent"], "X", "2025") for n in (1, 9, 10)]
    assert said[0].endswith(": 90.0%.")
    assert said[1].endswith("The 9 practices shown lie between 90.0% and 98.0%.")
    assert said[2].endswith("Eight in ten practices lie between 90.9% and 98.1%.")
    assert quality.value_text(2.345, BY_KEY["pharmacies_1_mile"]) == "2.3"
    assert quality.value_text(2.345, BY_KEY["carr_hill_ratio"]) == "2.345"
    assert quality.value_text(92.345, BY_KEY["qof_per_cent"]) == "92.3%"


def test_the_periods_of_a_year_by_its_last_day() -> None:
    """A year to March has two names, one to December has one; a survey is of its year."""
    qof, survey = BY_KEY["qof_per_cent"], BY_KEY["survey_overall_good"]
    assert quality.period_of(qof, {"qof": "2009-03-31"}) == "2008-09"
    assert quality.period_of(qof, {"qof": "2009-04-01"}) == "2009"
    assert quality.period_of(survey, {"survey": "2025-06-30"}) == "2025"


def test_the_table_has_floats_words_and_what_groups_are_sums_of() -> None:
    kept = OFFICIAL.loc[:, :"official_same_day_per_cent"].columns
    own = [*kept, *(f"official_{key}" for key in ("dispensing", "contract_type", "patients"))]
    official = OFFICIAL[list(dict.fromkeys([*own, "official_flag_appointments"]))]
    table = quality.quality_table(PRACTICES, official)
    assert list(table.columns) == [
        "patients", "cqc_rating", "qof_per_cent", "appointments_per_patient", "same_day_per_cent",
        "contract_type", "dispensing", "cqc_year", "flag_month", "appointments_per_patient_top",
        "appointments_per_patient_bottom", "same_day_per_cent_top", "same_day_per_cent_bottom",
        "prev_dm",
    ]  # fmt: skip
    assert table["dispensing"].tolist()[:3] == ["yes", "no", "no"]
    assert pd.isna(table["dispensing"].iloc[3])
    numbers = [key for key, m in BY_KEY.items() if key in table and m.kind == "number"]
    assert {table[key].dtype for key in numbers} == {np.dtype("float64")}
    assert list(quality.available(table)) == [key for key in BY_KEY if key in table]
    # Loaded rows are matched by code, whatever their order and whoever else is among them.
    other = pd.concat([official.iloc[::-1], official.rename(index={"A": "Z"}).loc[["Z"]]])
    pd.testing.assert_frame_equal(quality.quality_table(PRACTICES, other), table)
    found = quality.by_group(table, ALL)
    assert found.index.name == "group"
    assert found.loc["all", "patients"] == 6_500
    assert found.loc["all", "same_day_per_cent_flagged"] == 1


def test_categories_that_no_legend_knows_come_after_those_it_does() -> None:
    values = pd.Series(["zebra", "Inadequate", None, "ape", "Good", "ape"])
    assert quality.counted(values, BY_KEY["cqc_rating"]) == (
        "Good 1, Inadequate 1, ape 2, zebra 1, no figure 1"
    )
    assert quality.counted(values.dropna(), BY_KEY["cqc_rating"]).endswith("zebra 1")


def test_words_claim_no_more_than_the_interval() -> None:
    assert "clear evidence" in words_of(0.7, 100)
    assert "tends to be higher" in words_of(0.7, 100)
    assert "tends to be lower" in words_of(-0.7, 100)
    nothing = words_of(0.02, 60)
    assert "there is no evidence that QOF achievement (2022-23)" in nothing
    assert "tends" not in nothing
    for text in (words_of(0.7, 100), nothing):
        assert "95% interval" in text
        assert "different dates" in text
        assert "31 December 2025" in text
    assert words_of(0.9, quality.FEWEST_FOR_WORDS - 1) == ""


def test_categories_add_up_to_everyone(table: pd.DataFrame) -> None:
    practices = PRACTICES.assign(fte=[1.0, 0.5, np.nan, 0.0])
    found = quality.by_category(table, BY_KEY["cqc_rating"], practices, "fte")
    assert found.index.tolist() == ["Good", "Inadequate", "no figure"]
    assert found["practices"].sum() == 4
    assert found["patients"].sum() == PRACTICES["patients"].sum()
    # D reports no GP at all: its patients stay. C's FTE is unknown: it leaves both sums.
    assert found.loc["Good", "patients_per_fte_gp"] == 1500
    assert found.loc["Inadequate", "patients_per_fte_gp"] == 6000
    assert np.isnan(found.loc["no figure", "patients_per_fte_gp"])
    assert found["patients"].to_dict() == {"Good": 1500, "Inadequate": 3000, "no figure": 2000}
    assert found["practices"].tolist() == [2, 1, 1]
    # Others are matched by code; a practice without a list leaves the ratio and keeps its place.
    other = practices.drop(index="B").iloc[::-1].assign(patients=[500, 2000, np.nan])
    again = quality.by_category(table, BY_KEY["cqc_rating"], other, "fte")
    assert again["practices"].tolist() == [2, 1, 1]
    assert again["patients"].tolist() == [500, 0, 2000]
    assert again["patients_per_fte_gp"].isna().all()
