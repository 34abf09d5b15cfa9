from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures import deprivation
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import DATA_DIR


@pytest.mark.parametrize("edition", ["2019", "2025"])
def test_patients_by_quintile_against_the_raw_file(practices, edition: str) -> None:
    name = f"practice_patients_by_imd{edition}_quintile_2023-07_essex.csv"
    with (DATA_DIR / name).open(encoding="utf-8", newline="") as file:
        raw = list(csv.DictReader(file))
    own = find_area("Thurrock").select(practices)
    rows = [row for row in raw if row["practice_code"] in set(own.index)]
    expected = [sum(int(row[f"patients_quintile_{q}"]) for row in rows) for q in range(1, 6)]
    assert deprivation.patients_by_quintile(own, edition).tolist() == expected
    unknown = sum(int(row["patients_outside_england_or_unknown"]) for row in rows)
    assert deprivation.patients_of_unknown_quintile(own, edition) == unknown


@pytest.mark.parametrize("edition", ["2019", "2025"])
def test_shares_add_up_to_one(practices: pd.DataFrame, edition: str) -> None:
    shares = deprivation.quintile_shares(practices, edition)
    counts = practices[deprivation.quintile_columns(edition)].to_numpy()
    small = ((counts > 0) & (counts < 5)).any(axis=1)
    assert small.any()
    assert shares[~small].sum(axis=1).to_numpy() == pytest.approx(1)
    # Those that rest on a few patients are whole per cent.
    assert (shares[small] * 100).to_numpy() == pytest.approx(np.rint(shares[small] * 100))
    assert shares[small].sum(axis=1).to_numpy() == pytest.approx(1, abs=0.025)
    by_place = deprivation.group_quintile_shares(practices, "place", edition)
    assert by_place.sum(axis=1).to_numpy() == pytest.approx(1)
    assert len(by_place) == 7


def test_small_counts_of_a_practice_are_not_exported(practices: pd.DataFrame) -> None:
    shown = deprivation.without_small_counts(practices)
    for edition in ("2019", "2025"):
        columns = [*deprivation.quintile_columns(edition), f"imd{edition}_patients_unknown"]
        cells = shown[columns].astype("float64")
        assert not ((cells > 0) & (cells < 5)).any(axis=None)
        assert (cells.isna().sum(axis=1) != 1).all()
        kept = cells.notna()
        assert (cells.where(kept, 0) == practices[columns].where(kept, 0)).all(axis=None)
    assert practices["imd2025_patients_unknown"].between(1, 4).any()


def test_a_practice_s_small_counts_are_not_drawn(practices: pd.DataFrame) -> None:
    counts = practices[deprivation.quintile_columns()]
    code = counts.index[((counts > 0) & (counts < 5)).any(axis=1)][0]
    shown = deprivation.shown_patients_by_quintile(practices.loc[[code]])
    exact = deprivation.patients_by_quintile(practices.loc[[code]])
    assert shown.isna().sum() >= 1
    assert not shown.between(1, 4).any()
    assert (shown.dropna() == exact[shown.notna()]).all()
    whole = deprivation.shown_patients_by_quintile(practices)
    assert whole.tolist() == deprivation.patients_by_quintile(practices).tolist()


def test_a_practice_without_known_patients_has_no_shares(practices: pd.DataFrame) -> None:
    empty = practices.head(2).copy()
    empty.loc[empty.index[0], deprivation.quintile_columns()] = 0
    shares = deprivation.quintile_shares(empty)
    assert shares.iloc[0].isna().all()
    assert shares.iloc[1].sum() == pytest.approx(1)


def test_group_shares_are_of_sums_not_means(practices: pd.DataFrame) -> None:
    own = find_area("Southend").select(practices)
    counts = own[deprivation.quintile_columns()].sum()
    shares = deprivation.group_quintile_shares(own, "place").loc["Southend"]
    assert shares.to_numpy() == pytest.approx((counts / counts.sum()).to_numpy())


def test_every_quintile_is_counted_even_where_there_is_none(dataset) -> None:
    lsoas = dataset.lsoas[dataset.lsoas["imd2025_quintile"] == 3]
    counts = deprivation.lsoas_by_quintile(lsoas)
    assert counts.tolist() == [0, 0, len(lsoas), 0, 0]
    assert deprivation.lsoas_by_quintile(dataset.lsoas).sum() == 1_077


def test_the_district_table_adds_up_and_keeps_redbridge(dataset) -> None:
    table = deprivation.district_table(dataset.practices, dataset.lsoas)
    assert table["practices"].sum() == 204
    assert table["lsoas"].sum() == 1_077
    assert table["patients"].sum() == dataset.practices["patients"].sum()
    assert pd.isna(table.loc["Redbridge", "lsoas"])
    assert table.loc["Redbridge", "practices"] == 1


def test_the_score_of_a_district_leaves_out_who_has_none(dataset) -> None:
    own = dataset.practices[dataset.practices["district"] == "Harlow"].copy()
    own.loc[own.index[0], "imd_score"] = float("nan")
    rest = own.iloc[1:]
    expected = (rest["imd_score"] * rest["patients"]).sum() / rest["patients"].sum()
    table = deprivation.district_table(own, dataset.lsoas[dataset.lsoas["district"] == "Harlow"])
    assert table.loc["Harlow", "imd_score"] == pytest.approx(expected)


def test_an_unknown_edition_is_refused() -> None:
    with pytest.raises(UserError, match="2025 or 2019"):
        deprivation.imd_edition("2015")


def test_quintile_one_can_not_be_misread() -> None:
    assert deprivation.QUINTILE_LABELS[1] == "1 (most deprived)"
