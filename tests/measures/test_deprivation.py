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


def made(**other: object) -> pd.DataFrame:
    """Four practices of two districts: exact counts large enough to be shown, but for the last."""
    counts = [[500, 100, 100, 100, 200], [100, 0, 0, 300, 600], [0, 0, 50, 0, 50], [3, 90, 0, 7, 0]]
    names = [f"imd2019_patients_quintile_{q}" for q in range(1, 6)]
    table = pd.DataFrame(counts, columns=names, index=list("wxyz")).assign(
        imd2019_patients_unknown=[10, 20, 0, 2],
        district=["A", "A", "B", None],
        patients=[1_000, 3_000, 500, 100],
        imd_score=[40.0, 20.0, None, 10.0],
    )
    # The other edition: twice as many, the other way round.
    for name, opposite in zip(names, reversed(names), strict=True):
        table[name.replace("2019", "2025")] = table[opposite] * 2
    return table.assign(imd2025_patients_unknown=7, **other)


def test_figures_by_quintile_of_either_edition_by_hand() -> None:
    table = made()
    counts = deprivation.patients_by_quintile(table, "2019")
    assert counts.to_dict() == {1: 603, 2: 190, 3: 150, 4: 407, 5: 850}
    assert (counts.name, counts.index.name) == ("patients", "quintile")
    assert deprivation.patients_by_quintile(table).tolist() == [1700, 814, 300, 380, 1206]
    assert deprivation.patients_of_unknown_quintile(table, "2019") == 32
    assert deprivation.patients_of_unknown_quintile(table) == 28
    shares = deprivation.quintile_shares(table, "2019")
    assert shares.loc["w"].tolist() == pytest.approx([0.5, 0.1, 0.1, 0.1, 0.2])
    assert shares.loc["z"].isna().all()  # 3 of 100: too few to be even rounded
    assert (shares.columns.tolist(), shares.columns.name) == ([1, 2, 3, 4, 5], "quintile")
    groups = deprivation.group_quintile_shares(table, "district", "2019")
    assert groups.loc["A"].tolist() == pytest.approx([0.3, 0.05, 0.05, 0.2, 0.4])
    assert groups.index.tolist() == ["A", "B"]
    by = pd.Series({"z": "late", "y": "late"})
    assert deprivation.group_quintile_shares(table, by, "2019").index.tolist() == ["late"]


def test_an_unknown_quintile_of_a_few_hides_another_count_with_it() -> None:
    """200 patients and 3 unknown: with the total known, the unknown would follow from the rest."""
    one = made(imd2019_patients_unknown=3).loc[["w"]]
    shown = deprivation.shown_patients_by_quintile(one, "2019")
    assert shown.isna().tolist() == [False, True, False, False, False]
    assert shown[1] == 500
    exported = deprivation.without_small_counts(one)
    assert exported["imd2019_patients_unknown"].isna().all()
    assert exported["imd2019_patients_quintile_2"].isna().all()
    assert exported["imd2019_patients_quintile_1"].dtype == "Int64"
    assert exported["imd2025_patients_quintile_2"].tolist() == [200]
    none = deprivation.without_small_counts(one.iloc[:0])
    assert (none.columns.tolist(), len(none)) == (one.columns.tolist(), 0)


def test_the_district_table_by_hand() -> None:
    lsoas = pd.DataFrame({"district": ["A", "A", "A", "C"], "imd2019_quintile": [1, 1, 2, 5]})
    lsoas["imd2025_quintile"] = [2, 2, 2, 1]
    table = deprivation.district_table(made(), lsoas, "2019")
    assert (table.index.tolist(), table.index.name) == (["A", "B", "C"], "district")
    expected = {
        "lsoas": [3, None, 1],
        "lsoas_quintile_1": [2, None, 0],
        "share_lsoas_quintile_1": [2 / 3, None, 0],
        "practices": [2, 1, None],
        "patients": [4_000, 500, None],
        "imd_score": [25, None, None],
        "share_patients_quintile_1": [0.3, 0, None],
    }
    assert list(table.columns) == list(expected)
    for name, values in expected.items():
        found = [None if pd.isna(value) else value for value in table[name]]
        assert found == pytest.approx(values), name
    for name in ("lsoas", "lsoas_quintile_1", "practices", "patients"):
        assert table[name].dtype == "Int64"
    assert deprivation.district_table(made(), lsoas)["lsoas_quintile_1"].tolist()[0] == 0
    assert deprivation.lsoas_by_quintile(lsoas, "2019").to_dict() == {1: 2, 2: 1, 3: 0, 4: 0, 5: 1}
    assert deprivation.lsoas_by_quintile(lsoas, "2019").name == "lsoas"
    assert deprivation.lsoas_by_quintile(lsoas).index.name == "quintile"


def test_the_editions_are_named_when_there_is_no_such_one() -> None:
    with pytest.raises(UserError) as told:
        deprivation.quintile_columns("2015")
    assert str(told.value) == "There is no IMD edition '2015'. Choose 2025 or 2019."
