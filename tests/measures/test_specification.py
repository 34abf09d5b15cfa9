"""The curve against its parts: each row is the gradient that its choices define."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.inequality import area_inequality
from pcs_dash.measures.need import need_adjusted_patients, need_model
from pcs_dash.measures.patient_matrix import quintile_matrix
from pcs_dash.measures.practice_measures import measure
from pcs_dash.measures.slope_index import slope_index_of_inequality
from pcs_dash.measures.specification import (
    NEED_ADJUSTED,
    PUBLISHED_WEIGHTED,
    other_lists,
    specification_curve,
    summarise_curve,
)
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import build_practices
from pcs_dash.tables.errors import UserError


@pytest.fixture(scope="module")
def practices() -> pd.DataFrame:
    return build_practices()[0]


@pytest.fixture(scope="module")
def curve(practices: pd.DataFrame) -> pd.DataFrame:
    return specification_curve(practices)


def test_every_combination_of_choices_stands_once_and_in_order(curve: pd.DataFrame) -> None:
    assert len(curve) == 3 * 1 * 2 * 2 * 2 * 2
    assert not curve[[*DEFAULT, "level", "weighting"]].duplicated().any()
    assert curve["coefficient"].is_monotonic_increasing
    assert curve.index.tolist() == list(range(1, 49))
    assert curve.index.name == "specification"
    known = curve[curve["ci_low"].notna()]
    assert len(known) > 20
    assert (
        (known["ci_low"] < known["coefficient"]) & (known["coefficient"] < known["ci_high"])
    ).all()
    assert (curve["excludes_zero"] == ((curve["ci_low"] > 0) | (curve["ci_high"] < 0))).all()


def row(curve: pd.DataFrame, **choices: str) -> pd.Series:
    found = curve
    for column, value in choices.items():
        found = found[found[column] == value]
    assert len(found) == 1
    return found.iloc[0]


DEFAULT = {
    "gp_definition": "fully_qualified",
    "list": "raw",
    "flagged": "with flagged",
    "imd_edition": "2025",
}


def test_a_quintile_row_is_the_slope_index_over_the_mean(
    curve: pd.DataFrame, practices: pd.DataFrame
) -> None:
    found = row(curve, **DEFAULT, level="quintile", weighting="by patients")
    matrix = quintile_matrix(practices)
    patients, fte = matrix.sums(matrix.patients, matrix.fte)
    values = patients / fte
    sii = slope_index_of_inequality(range(1, 6), patients, values).sii
    assert found["coefficient"] == pytest.approx(-100 * sii / np.average(values, weights=patients))
    alike = row(curve, **DEFAULT, level="quintile", weighting="each alike")
    plain = slope_index_of_inequality(range(1, 6), np.ones(5), values).sii
    assert alike["coefficient"] == pytest.approx(-100 * plain / values.mean())


def test_a_practice_row_is_the_line_over_practices(
    curve: pd.DataFrame, practices: pd.DataFrame
) -> None:
    found = row(curve, **DEFAULT, level="practice", weighting="by patients")
    index = area_inequality(practices, level="practice").index
    assert found["coefficient"] == pytest.approx(
        -100 * index.sii / (index.intercept + index.sii / 2)
    )
    assert found["n"] == 204
    ordered = practices.sort_values("imd_score", ascending=False)
    values = ordered["patients"] / ordered["gp_fte_fully_qualified"]
    rank = ordered["imd_score"].rank(ascending=False) - 0.5
    slope = np.polyfit(rank / 204, values, 1)[0]
    alike = row(curve, **DEFAULT, level="practice", weighting="each alike")
    assert alike["coefficient"] == pytest.approx(-100 * slope / values.mean(), rel=1e-6)


def test_a_practice_row_of_2019_goes_by_the_share_in_the_most_deprived_fifth(
    curve: pd.DataFrame, practices: pd.DataFrame
) -> None:
    found = row(
        curve, **DEFAULT | {"imd_edition": "2019"}, level="practice", weighting="each alike"
    )
    share = measure(practices, "imd2019_share_quintile_1")
    values = practices["patients"] / practices["gp_fte_fully_qualified"]
    rank = share.rank(ascending=False) - 0.5
    slope = np.polyfit(rank / 204, values, 1)[0]
    assert found["coefficient"] == pytest.approx(-100 * slope / values.mean(), rel=1e-6)


def test_the_interval_is_of_the_confidence_asked_for(practices: pd.DataFrame) -> None:
    thurrock = find_area("Thurrock").select(practices)
    wide, narrow = (
        specification_curve(thurrock, confidence=share).set_index([*DEFAULT, "level", "weighting"])
        for share in (0.95, 0.5)
    )
    known = narrow["ci_low"].notna()
    assert known.sum() > 5
    assert (narrow["ci_low"] > wide["ci_low"].reindex(narrow.index))[known].all()


def test_lists_are_adjusted_in_every_way_that_the_columns_allow(practices: pd.DataFrame) -> None:
    assert list(other_lists(practices)) == [NEED_ADJUSTED]
    bare = practices[:3].assign(weighted_population=1.5)  # Too few for a need index.
    assert list(other_lists(bare)) == [PUBLISHED_WEIGHTED]
    assert other_lists(bare)[PUBLISHED_WEIGHTED].eq(1.5).all()
    assert other_lists(practices[:3]) == {}


def test_flagged_practices_leave_and_are_counted(curve: pd.DataFrame) -> None:
    without = curve[curve["flagged"] == "without flagged"]
    assert without["n_left_out"].min() >= 3
    assert (curve["n"] + curve["n_left_out"] == 204).all()


def test_more_kinds_of_list_double_the_curve(practices: pd.DataFrame) -> None:
    need = need_adjusted_patients(practices, need_model(practices))
    thurrock = find_area("Thurrock").select(practices)
    curve = specification_curve(thurrock, lists={NEED_ADJUSTED: need})
    assert len(curve) == 96
    assert set(curve["list"]) == {"raw", NEED_ADJUSTED}
    same = specification_curve(thurrock, lists={"copy": practices["patients"].astype(float)})
    raw, copy = (same[same["list"] == name] for name in ("raw", "copy"))
    assert sorted(raw["coefficient"]) == pytest.approx(sorted(copy["coefficient"]))


def test_the_lsoa_level_appears_with_registrations(practices: pd.DataFrame) -> None:
    thurrock = find_area("Thurrock").select(practices)
    rng = np.random.default_rng(1)
    registrations = pd.DataFrame(
        [
            {"practice_code": code, "lsoa11cd": f"E{i}", "patients": int(rng.integers(1, 200))}
            for code in thurrock.index
            for i in range(12)
        ]
    )
    rank = pd.Series(np.arange(12) + 1, index=[f"E{i}" for i in range(12)])
    curve = specification_curve(
        thurrock, registrations=registrations, lsoa_ranks={"2025": rank, "2019": rank}
    )
    assert len(curve) == 3 * 2 * 2 * 3 * 2
    assert set(curve["level"]) == {"practice", "quintile", "lsoa"}
    with pytest.raises(UserError, match=r"^The LSOA level needs the IMD ranks of LSOAs as well\.$"):
        specification_curve(thurrock, registrations=registrations)
    without = specification_curve(thurrock, lsoa_ranks={"2025": rank})
    assert set(without["level"]) == {"practice", "quintile"}


def test_summary_counts_what_the_table_shows(curve: pd.DataFrame) -> None:
    summary = summarise_curve(curve)
    assert summary.n == 48
    assert summary.n_positive == sum(curve["coefficient"] > 0)
    assert summary.n_positive_excludes_zero == sum(curve["ci_low"] > 0)
    assert summary.n_negative_excludes_zero == sum(curve["ci_high"] < 0)
    values = curve["coefficient"]
    assert (summary.lowest, summary.median, summary.highest) == (
        values.iloc[0],
        pytest.approx((values.iloc[23] + values.iloc[24]) / 2),
        values.iloc[47],
    )
    nothing = summarise_curve(curve[:0])
    assert (nothing.n, nothing.n_undefined) == (0, 0)
    assert all(map(math.isnan, (nothing.lowest, nothing.median, nothing.highest)))
    some = summarise_curve(curve.assign(coefficient=values.where(values.index > 10)))
    assert (some.n, some.n_undefined) == (38, 10)


def test_a_tiny_area_is_undefined_with_a_reason(practices: pd.DataFrame) -> None:
    curve = specification_curve(practices[:3])
    assert curve["coefficient"].isna().all()
    assert (curve["reason"] == "too few practices or groups").all()
    assert not curve["excludes_zero"].any()
    summary = summarise_curve(curve)
    assert (summary.n, summary.n_undefined) == (0, 48)
    assert math.isnan(summary.median)
