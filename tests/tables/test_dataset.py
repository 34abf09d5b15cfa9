from __future__ import annotations

import csv
from fractions import Fraction
from math import ceil

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.tables import dataset
from pcs_dash.tables.constants import LSOAS_IN_ENGLAND
from pcs_dash.tables.dataset import carry_imd2025, join, quintile_of_rank
from pcs_dash.tables.paths import DATA_DIR


def rows(name: str) -> list[dict[str, str]]:
    with (DATA_DIR / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_left_join_keeps_every_left_row_and_reports_both_sides() -> None:
    left = pd.DataFrame({"key": ["a", "b", "c"], "x": [1, 2, 3]})
    right = pd.DataFrame({"key": ["b", "c", "d"], "y": [20.0, 30.0, 40.0]})
    joined, report = join(left, right, on="key", cardinality="1:1", name="letters")
    assert list(joined["key"]) == ["a", "b", "c"]
    assert joined["y"].isna().tolist() == [True, False, False]
    assert (report.matched, report.left_only, report.right_only) == (2, ("a",), ("d",))
    assert not report.complete


def test_a_join_that_would_multiply_rows_is_refused() -> None:
    left = pd.DataFrame({"key": ["a", "a"]})
    right = pd.DataFrame({"key": ["a"], "y": [1]})
    with pytest.raises(pd.errors.MergeError):
        join(left, right, on="key", cardinality="1:1", name="letters")
    assert len(join(left, right, on="key", cardinality="m:1", name="letters")[0]) == 2


@given(st.integers(1, LSOAS_IN_ENGLAND["2025"]))
def test_the_quintile_is_the_fifth_that_the_rank_falls_in(rank: int) -> None:
    lsoas = LSOAS_IN_ENGLAND["2025"]
    assert quintile_of_rank(pd.Series([float(rank)]), lsoas)[0] == ceil(Fraction(rank * 5, lsoas))


def test_quintiles_agree_with_published_deciles(dataset) -> None:
    """MHCLG publishes deciles: a quintile is two of them (IMD 2019, and unsplit LSOAs in 2025)."""
    lsoas = dataset.lsoas
    assert (lsoas["imd2019_quintile"] == (lsoas["imd2019_decile"] + 1) // 2).all()
    deciles = {
        row["lsoa21cd"]: int(row["imd2025_decile"]) for row in rows("imd2025_lsoa21_essex.csv")
    }
    whole = lsoas[~lsoas["imd2025_split"]]
    assert len(whole) == 1_077 - 28
    for code, quintile in whole["imd2025_quintile"].items():
        assert quintile == (deciles[code] + 1) // 2


def test_split_lsoas_take_the_mean_rank_of_their_parts(dataset) -> None:
    ranks = {row["lsoa21cd"]: int(row["imd2025_rank"]) for row in rows("imd2025_lsoa21_essex.csv")}
    parts: dict[str, list[str]] = {}
    for row in rows("lsoa11_lsoa21_splits_essex.csv"):
        parts.setdefault(row["lsoa11cd"], []).append(row["lsoa21cd"])
    split = dataset.lsoas[dataset.lsoas["imd2025_split"]]
    assert set(split.index) == set(parts)
    for code, row in split.iterrows():
        own = [ranks[part] for part in parts[code]]
        assert row["imd2025_rank"] == pytest.approx(sum(own) / len(own))
        assert all(part in row["imd2025_parts"] for part in parts[code])


def test_a_part_without_a_rank_leaves_its_parent_without_one() -> None:
    imd = pd.DataFrame({"lsoa21cd": ["E01000001"], "imd2025_rank": [10], "imd2025_decile": [1]})
    splits = pd.DataFrame({"lsoa11cd": ["E01000009"] * 2, "lsoa21cd": ["E01000001", "E01000002"]})
    carried, report = carry_imd2025(imd, splits)
    assert carried.set_index("lsoa11cd").loc["E01000009", "imd2025_rank"] != 10
    assert pd.isna(carried.set_index("lsoa11cd").loc["E01000009", "imd2025_rank"])
    assert report.left_only == ("E01000002",)


def test_a_pcn_is_its_code(practices: pd.DataFrame) -> None:
    raw = {row["practice_code"]: row["pcn_name"] for row in rows("practices_essex.csv")}
    codes = {row["pcn_name"]: row["pcn_code"] for row in rows("pcn_codes_essex.csv")}
    assert len(codes) == 41
    for code, name in raw.items():
        row = practices.loc[code]
        if name == "UNALLOCATED":
            assert row[["pcn", "pcn_code"]].isna().all()
        else:
            assert row["pcn"] == name
            assert (row["pcn_code"] if codes[name] else "") == codes[name]
    groups = practices.dropna(subset=["pcn"]).groupby("pcn")["pcn_code"].nunique()
    assert groups.loc[groups != 1].index.tolist() == ["STOUR ESTUARY PCN"]


def test_the_joins_are_complete_but_for_what_is_known(dataset) -> None:
    unmatched = {report.name: report.left_only for report in dataset.reports if not report.complete}
    assert unmatched == {
        "practices with PCN": ("F81014", "F81031", "Y05023"),
        "PCNs with their code (without one: by name)": ("STOUR ESTUARY PCN",),
        "practices with district": ("Redbridge",),
    }
    assert all(report.cardinality in ("1:1", "m:1") for report in dataset.reports)


def test_nothing_is_dropped_or_filled(practices: pd.DataFrame) -> None:
    raw = {row["practice_code"]: row for row in rows("gp_workforce_practice_2025-12_essex.csv")}
    assert sorted(practices.index) == sorted(raw)
    for code, row in raw.items():
        for column, source in {
            "patients": "TOTAL_PATIENTS",
            "gp_fte_all": "TOTAL_GP_FTE",
            "gp_fte_fully_qualified": "TOTAL_GP_EXTG_FTE",
            "gp_fte_permanent": "TOTAL_GP_EXTGL_FTE",
            "nurse_fte": "TOTAL_NURSES_FTE",
            "direct_care_fte": "TOTAL_DPC_FTE",
        }.items():
            value = practices.loc[code, column]
            if row[source] == "NA":
                assert pd.isna(value)
            else:
                assert value == float(row[source])


def test_ages_add_up_to_the_headcount_of_known_age(practices: pd.DataFrame) -> None:
    raw = {row["practice_code"]: row for row in rows("gp_workforce_practice_2025-12_essex.csv")}
    unknown = sum(float(row["TOTAL_GP_HC_UNKNOWN_AGE"]) for row in raw.values())
    assert practices["gps_with_known_age"].sum() == practices["gp_headcount_all"].sum() - unknown
    assert unknown == 5
    assert (practices["gps_60_plus"] <= practices["gps_55_plus"]).all()


def test_flags_find_the_practices_that_were_published_with_odd_figures(practices) -> None:
    assert list(practices.index[practices["flag_low_fte"]]) == ["F81006", "F81121", "F81737"]
    assert list(practices.index[practices["flag_appointments"]]) == ["F81082", "F81104", "F81635"]
    assert (
        practices["single_handed"].sum() == (practices["gp_headcount_permanent"] == 1).sum() == 28
    )


def test_a_missing_figure_raises_no_flag(practices: pd.DataFrame) -> None:
    unknown = practices.assign(gp_fte_fully_qualified=float("nan"), appointments=float("nan"))
    flagged = dataset.flag(unknown)
    assert not flagged["flag_low_fte"].any()
    assert not flagged["flag_appointments"].any()


def test_a_pcn_lies_in_one_place_only(practices: pd.DataFrame) -> None:
    """PCN names serve as keys, so a name in two places would merge two PCNs."""
    assert practices.groupby("pcn")["sub_icb_code"].nunique().max() == 1
    assert practices["pcn"].nunique() == 40
