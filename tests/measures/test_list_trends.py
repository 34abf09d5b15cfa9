"""Trends, what became of practices, and plans carried over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures.list_trends import (
    DISTRICT,
    HUB,
    PATIENTS,
    PCN,
    PER_CENT,
    PRACTICE,
    WHOLE,
    between,
    compare_lists,
    fair,
    groups_of,
    growth_nearby,
    migrate_assignment,
    sentence,
    trend,
    unplaced,
)
from pcs_dash.tables.errors import UserError


def history(rows: dict[str, dict[str, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"period": pd.Timestamp(day), "practice_code": code, "patients": n}
            for day, lists in rows.items()
            for code, n in lists.items()
        ]
    )


MONTHS = history(
    {
        "2025-01-01": {"A": 1000, "B": 2000, "C": 300},
        "2025-07-02": {"A": 1100, "B": 1900, "C": 300},
        "2026-01-01": {"A": 1200, "B": 1800, "D": 50},
    }
)


def test_the_change_of_each_practice() -> None:
    table = trend(MONTHS)
    assert table.loc["A", "change"] == 200
    assert table.loc["A", "change_per_cent"] == pytest.approx(20)
    assert table.loc["A", "per_year"] == pytest.approx(200, rel=0.01)
    assert table.loc["B", "per_year"] == pytest.approx(-200, rel=0.01)
    assert table.loc["C", ["last", "change", "per_year"]].isna().all()
    assert pd.isna(table.loc["D", "2025-01-01"])


def test_groups_count_their_practices() -> None:
    table = trend(MONTHS, {"A": "north", "C": "north", "D": "south"})
    assert table.loc["north", "first"] == 1300
    assert table.loc["north", "last"] == 1200
    assert (table.loc["north", "practices_first"], table.loc["north", "practices_last"]) == (2, 1)
    assert pd.isna(table.loc["south", "change"])
    assert "B" not in table.index


def test_one_month_is_no_trend() -> None:
    with pytest.raises(UserError, match="at least two months"):
        trend(MONTHS[MONTHS["period"] == "2025-01-01"])


def listed(lists: dict[str, tuple[int, str]], day: str = "2025-05-01") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": pd.Timestamp(day),
            "practice_code": list(lists),
            "patients": [n for n, _ in lists.values()],
            "postcode": [place for _, place in lists.values()],
        }
    )


OLD = listed(
    {"A": (1000, "X1"), "B": (2000, "X2"), "C": (300, "X2"), "D": (400, "X4"), "E": (9, "X5")}
)
NEW = listed({"A": (1010, "X9"), "B": (2250, "X2"), "F": (700, "X6"), "E": (0, "X5")}, "2026-03-01")


def test_what_became_of_each() -> None:
    changes = compare_lists(OLD, NEW)
    assert changes.table["change"].to_dict() == {
        "A": "moved", "B": "continuing", "C": "merged", "D": "closed", "E": "closed", "F": "new",
    }  # fmt: skip
    assert changes.successors == {"C": "B"}
    assert changes.table.loc["C", "basis"] == "same postcode and growth (inferred)"
    assert changes.counts == {"continuing": 1, "moved": 1, "new": 1, "merged": 1, "closed": 2}


def test_the_ods_names_successors_and_chains_are_followed() -> None:
    named = pd.DataFrame(
        {
            "practice_code": ["D", "Z", "E"],
            "successor_code": ["Z", "A", "E"],
            "effective": pd.to_datetime(["2025-06-01", "2025-07-01", None]),
        }
    )
    changes = compare_lists(OLD, NEW, successors=named)
    assert changes.successors["D"] == "A"
    assert changes.table.loc["D", "basis"] == "ODS"
    assert "E" not in changes.successors


def test_a_circle_of_successors_ends() -> None:
    named = pd.DataFrame({"practice_code": ["D", "Z"], "successor_code": ["Z", "D"]})
    assert "D" not in compare_lists(OLD, NEW, successors=named).successors


def test_a_neighbour_that_did_not_grow_is_no_successor() -> None:
    still = NEW.assign(patients=NEW["patients"].where(NEW["practice_code"] != "B", 2100))
    assert compare_lists(OLD, still).table.loc["C", "change"] == "closed"


def test_plans_are_carried_over_with_a_report() -> None:
    changes = compare_lists(OLD, NEW)
    moved = migrate_assignment({"A": "h1", "C": "h2", "D": "h1", "Q": "h3"}, changes)
    assert moved.assignment == {"A": "h1", "B": "h2"}
    assert dict(zip(moved.report["practice_code"], moved.report["what"], strict=True)) == {
        "C": "merged", "D": "closed", "F": "new", "Q": "unknown",
    }  # fmt: skip
    assert any("700 patients) is new" in s for s in moved.sentences)


def test_a_successor_in_another_hub_stays_there() -> None:
    moved = migrate_assignment({"B": "h1", "C": "h2"}, compare_lists(OLD, NEW))
    assert moved.assignment == {"B": "h1"}
    assert moved.report.set_index("practice_code").loc["C", "what"] == "conflict"


lists = st.dictionaries(
    st.sampled_from("ABCDEFGH"), st.tuples(st.integers(1, 9999), st.sampled_from(["x", "y", "z"]))
)


@settings(max_examples=25)
@given(lists, lists, st.dictionaries(st.sampled_from("ABCDEFGH"), st.sampled_from(["h1", "h2"])))
def test_every_practice_is_accounted_for(
    before: dict[str, tuple[int, str]],
    after: dict[str, tuple[int, str]],
    plan: dict[str, str],
) -> None:
    changes = compare_lists(listed(before), listed(after))
    assert set(changes.table.index) == set(before) | set(after)
    assert sum(changes.counts.values()) == len(changes.table)
    assert set(changes.successors.values()) <= set(after)
    moved = migrate_assignment(plan, changes)
    assert set(moved.assignment) <= set(after)
    for code, hub in plan.items():
        told = code in set(moved.report["practice_code"])
        assert moved.assignment.get(code) == hub or told
    # Carrying over again changes nothing more.
    again = migrate_assignment(moved.assignment, compare_lists(listed(after), listed(after)))
    assert again.assignment == moved.assignment


def test_slopes_are_least_squares() -> None:
    draw = np.random.default_rng(1)
    days = pd.to_datetime(["2025-05-01", "2025-10-01", "2025-12-01", "2026-01-01", "2026-03-01"])
    values = draw.integers(500, 900, 5)
    table = pd.DataFrame({"period": days, "practice_code": "A", "patients": values})
    years = (days - days[0]).days.to_numpy() / 365.25
    x = np.column_stack([np.ones(5), years])
    expected = np.linalg.lstsq(x, values.astype(float), rcond=None)[0][1]
    assert trend(table).loc["A", "per_year"] == pytest.approx(expected)


def test_growth_near_a_closed_practice(monkeypatch: pytest.MonkeyPatch) -> None:
    before = pd.DataFrame(
        {"practice_code": list("ABCDEF"), "patients": [500, 1000, 1000, 1000, 1000, 1000]}
    )
    after = pd.DataFrame(
        {"practice_code": list("BCDEF"), "patients": [1100, 1300, 900, 1400, 1250]}
    )
    changes = compare_lists(before, after)
    positions = pd.DataFrame(
        # E is 4 km away; F's place is not known; D shrank.
        {"easting": [0.0, 300.0, 0.0, 100.0, 4000.0, np.nan], "northing": [0.0, 400.0, 2000.0, 0.0,
         0.0, np.nan]}, index=list("ABCDEF"),
    )  # fmt: skip
    found = growth_nearby(changes, positions)
    assert found["closed"].tolist() == ["A", "A"]
    assert found["neighbour"].tolist() == ["C", "B"]
    assert found["gained"].tolist() == [300, 100]
    assert found["km"].tolist() == [2.0, 0.5]
    assert found["patients_lost"].tolist() == [500, 500]
    assert growth_nearby(changes, positions.drop(index="A")).empty
    monkeypatch.setattr("pcs_dash.measures.list_trends.NEAR_KM", 5)
    assert growth_nearby(changes, positions)["neighbour"].tolist() == ["E", "C", "B"]
    monkeypatch.setattr("pcs_dash.measures.list_trends.NEAREST", 1)
    assert growth_nearby(changes, positions)["neighbour"].tolist() == ["E"]


def test_no_growth_is_looked_for_where_a_successor_is_known() -> None:
    before = pd.DataFrame({"practice_code": ["A", "B"], "patients": [500, 1000]})
    after = pd.DataFrame({"practice_code": ["B"], "patients": [1400]})
    named = pd.DataFrame({"practice_code": ["A"], "successor_code": ["B"]})
    positions = pd.DataFrame({"easting": [0.0, 0.0], "northing": [0.0, 0.0]}, index=["A", "B"])
    assert growth_nearby(compare_lists(before, after, successors=named), positions).empty
    assert len(growth_nearby(compare_lists(before, after), positions)) == 1


def test_between_keeps_both_ends() -> None:
    kept = between(MONTHS, pd.Timestamp("2025-07-02"), pd.Timestamp("2026-01-01"))
    assert sorted(kept["period"].unique()) == [
        pd.Timestamp("2025-07-02"),
        pd.Timestamp("2026-01-01"),
    ]


# --- whose lists --------------------------------------------------------------------------------

PLACED = pd.DataFrame(
    {"practice_code": ["A", "A", "B", "C", "C"], "district": [None, "D1", "D2", None, None]}
)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (PRACTICE, {"A": "Alpha (A)", "B": "B", "C": "Gone (C)"}),
        (WHOLE, {"A": "Essex", "B": "Essex", "C": "Essex"}),
        (DISTRICT, {"A": "D1", "B": "D2"}),
        (PCN, {"A": "P1"}),
        (HUB, {"B": "North"}),
    ],
)
def test_practices_by_level(level: str, expected: dict[str, str]) -> None:
    practices = pd.DataFrame({"pcn": ["P1", None]}, index=["A", "B"])
    names = {"A": "Alpha", "C": "Gone"}
    plan = pd.Series({"A": None, "B": "North"})
    found = groups_of(level, PLACED, practices, names=names, plan=plan, area_name="Essex")
    assert found == expected


def test_practices_of_no_district_are_counted_once() -> None:
    assert unplaced(PLACED) == 2
    assert unplaced(PLACED.dropna()) == 0


FIRST, LAST = pd.Timestamp("2025-05-01"), pd.Timestamp("2026-03-01")


@pytest.mark.parametrize(
    ("whole", "counts", "words"),
    [
        (
            {"change": 1234.0, "change_per_cent": 2.34, "last": 54_321.0},
            {"closed": 1, "merged": 0, "new": 0},
            "grew by 1,234 patients (+2.3%), to 54,321. 1 practice closed or merged, none opened.",
        ),
        (
            {"change": -10.0, "change_per_cent": -0.5, "last": 1_990.0},
            {"closed": 2, "merged": 3, "new": 4},
            "shrank by 10 patients (−0.5%), to 1,990. 5 practices closed or merged, 4 opened.",
        ),
        (
            {"change": 0.0, "change_per_cent": 0.0, "last": 5.0},
            {"closed": 0, "merged": 0, "new": 1},
            "grew by 0 patients (0.0%), to 5. No practice closed or merged, 1 opened.",
        ),
    ],
)
def test_the_sentence_in_full(whole: dict[str, float], counts: dict[str, int], words: str) -> None:
    said = sentence("Essex", pd.Series(whole), counts, FIRST, LAST)
    assert said == f"From May 2025 to March 2026 the lists of Essex {words}"


def test_small_lists_are_left_out_of_percentages_only() -> None:
    table = pd.DataFrame(
        {
            "first": [999, 1_000, 5_000, 800],
            "change": [900, 100, 200, None],
            "change_per_cent": [90.1, 10, 4, None],
        },
        index=[*"abcd"],
    )
    assert fair(table, PER_CENT).index.tolist() == ["b", "c"]
    assert fair(table, PATIENTS).index.tolist() == ["a", "c", "b"]


# --- in full ------------------------------------------------------------------------------------


def test_the_table_of_trends_in_full() -> None:
    table = trend(MONTHS)
    assert list(table.columns) == [
        "2025-01-01", "2025-07-02", "2026-01-01", "first", "last", "change", "change_per_cent",
        "per_year",
    ]  # fmt: skip
    assert table.index.tolist() == [*"ABCD"]
    assert table.index.name == "practice_code"
    assert set(table.dtypes.astype(str)) == {"Float64"}
    assert table.loc["C"].tolist()[:4] == [300, 300, pd.NA, 300]
    grouped = trend(MONTHS, {"A": "north", "B": "north", "D": "south"})
    assert grouped.index.name == "group"
    assert grouped.loc["north", "2025-07-02"] == 3_000
    assert grouped["practices_first"].tolist() == [2, 0]
    assert grouped["practices_last"].tolist() == [2, 1]
    # Lists that were empty have no percentage; growth is per 365.25 days.
    empty = history({"2024-01-01": {"A": 0}, "2025-01-01": {"A": 366}})
    assert pd.isna(trend(empty).loc["A", "change_per_cent"])
    assert trend(empty).loc["A", "per_year"] == pytest.approx(365.25)
    with pytest.raises(UserError) as told:
        trend(MONTHS[:2])
    assert str(told.value) == (
        "Trends need the lists of at least two months; load more list_sizes files."
    )
    with pytest.raises(UserError) as told:
        trend(pd.concat([MONTHS, MONTHS[:1]]))
    assert str(told.value) == "A practice stands twice in a month; load one file a month."


def test_lists_without_postcodes_or_dates_and_a_practice_twice() -> None:
    bare = [each.drop(columns=["postcode", "period"]) for each in (OLD, NEW)]
    changes = compare_lists(*bare)
    assert changes.counts == {"continuing": 2, "moved": 0, "new": 1, "merged": 0, "closed": 3}
    assert compare_lists(bare[0], NEW).table.loc["A", "change"] == "continuing"
    assert compare_lists(OLD, bare[1]).table.loc["A", "change"] == "continuing"
    assert compare_lists(OLD.assign(postcode=None), NEW).table.loc["A", "change"] == "continuing"
    table = compare_lists(OLD, NEW).table
    assert list(table.columns) == [
        "patients_before", "patients_after", "change", "successor", "basis",
    ]  # fmt: skip
    assert table.index.name == "practice_code"
    assert table[["patients_before", "patients_after"]].dtypes.astype(str).tolist() == ["Int64"] * 2
    assert table["patients_after"].tolist() == [1_010, 2_250, pd.NA, pd.NA, pd.NA, 700]
    assert table["successor"].isna().tolist() == [True, True, False, True, True, True]
    assert compare_lists(OLD, NEW).of("closed").index.tolist() == ["D", "E"]
    with pytest.raises(UserError) as told:
        compare_lists(pd.concat([OLD, OLD[1:2]]), NEW)
    assert str(told.value) == "Practice B stands twice in one list."


def test_who_took_over_a_list_at_the_same_door() -> None:
    """Half of the list is enough; of several the one that grew most; a new one by all it has."""
    before = listed({"C": (300, "X"), "N": (1_000, "X"), "M": (500, "X"), "Z": (9, "Y")})

    def successor(after: dict[str, tuple[int, str]]) -> str | None:
        return compare_lists(before, listed(after)).successors.get("C")

    rest = {"M": (500, "X"), "Z": (9, "Y")}
    assert successor({"N": (1_150, "X")} | rest) == "N"
    assert successor({"N": (1_149, "X")} | rest) is None
    assert successor({"N": (1_150, "X"), "M": (700, "X")}) == "M"
    assert successor({"N": (1_000, "X"), "Q": (150, "X")} | rest) == "Q"
    assert successor({"N": (1_300, "Y")} | rest) is None
    nowhere = before.assign(postcode=before["postcode"].where(before["practice_code"] != "C"))
    assert compare_lists(nowhere, listed({"N": (1_300, "X")})).table.loc["C", "change"] == "closed"


def test_the_last_word_of_the_ods_counts() -> None:
    named = pd.DataFrame(
        {
            "practice_code": ["D", "D"],
            "successor_code": ["A", "B"],
            "effective": pd.to_datetime(["2025-09-01", "2025-06-01"]),
        }
    )
    assert compare_lists(OLD, NEW, successors=named).successors["D"] == "A"
    undated = named.drop(columns="effective")
    assert compare_lists(OLD, NEW, successors=undated).successors["D"] == "B"
    # The ODS goes before what the postcode suggests.
    other = pd.DataFrame({"practice_code": ["C"], "successor_code": ["F"]})
    changes = compare_lists(OLD, NEW, successors=other)
    assert changes.table.loc["C", ["change", "successor", "basis"]].tolist() == [
        "merged", "F", "ODS",
    ]  # fmt: skip
    # A circle that the practice itself is not in ends as well.
    ring = pd.DataFrame({"practice_code": [*"DYZ"], "successor_code": [*"YZY"]})
    assert "D" not in compare_lists(OLD, NEW, successors=ring).successors


def test_what_is_told_of_a_plan_in_full() -> None:
    changes = compare_lists(OLD, NEW)
    moved = migrate_assignment({"A": "h1", "C": "h2", "D": "h1", "Q": "h3"}, changes)
    assert list(moved.report.columns) == ["practice_code", "what", "hub", "successor", "sentence"]
    assert moved.report.to_numpy().tolist() == [
        ["C", "merged", "h2", "B", "C has closed; its successor B joins hub h2 (same postcode and "
         "growth (inferred))."],
        ["D", "closed", "h1", "", "D (400 patients) has closed and no successor is known; it "
         "leaves hub h1."],
        ["Q", "unknown", "h3", "", "Q is in neither list; it leaves hub h3."],
        ["F", "new", "", "", "F (700 patients) is new and in no hub."],
    ]  # fmt: skip
    assert moved.sentences == tuple(moved.report["sentence"])
    there = migrate_assignment({"B": "h1", "C": "h1", "F": "h1"}, changes)
    assert there.report.to_numpy().tolist() == [
        ["C", "merged", "h1", "B", "C has closed; its successor B is in hub h1 already."],
    ]
    other = migrate_assignment({"B": "h1", "C": "h2", "F": "h1"}, changes)
    assert other.report.to_numpy().tolist() == [
        ["C", "conflict", "h2", "B", "C of hub h2 has closed; its successor B stays in hub h1. "
         "Move it if need be."],
    ]  # fmt: skip
    assert list(other.assignment) == ["B", "F"]


def test_growth_has_bounds() -> None:
    """3 km are near, 3,001 m are not; who stayed as large has gained nothing; E moved."""
    before = pd.DataFrame(
        {"practice_code": [*"ABCDE"], "patients": [500, 100, 100, 100, 100], "postcode": "x"}
    )
    after = pd.DataFrame(
        {"practice_code": [*"BCDE"], "patients": [110, 110, 100, 105], "postcode": [*"xxxy"]}
    )
    positions = pd.DataFrame(
        {"easting": [0.0, 3_000, 3_001, 0, 0], "northing": 0.0}, index=[*"ABCDE"]
    )
    found = growth_nearby(compare_lists(before, after), positions)
    assert found.to_numpy().tolist() == [["A", 500, "B", 3.0, 10], ["A", 500, "E", 0.0, 5]]
    assert list(found.columns) == ["closed", "patients_lost", "neighbour", "km", "gained"]
    many = pd.DataFrame({"practice_code": [*"ABCDE"], "patients": 100, "postcode": [*"abcde"]})
    grown = many.iloc[1:].assign(patients=[110, 120, 130, 140])
    near = growth_nearby(compare_lists(many, grown), positions.assign(easting=0.0))
    assert near["neighbour"].tolist() == [*"EDC"]
    lost = positions.assign(northing=[np.nan, 0, 0, 0, 0])
    assert list(growth_nearby(compare_lists(many, grown), lost).columns) == list(near.columns)


def test_between_takes_texts_as_dates() -> None:
    texts = pd.DataFrame({"period": ["2025-01-01", "2025-07-02", "2026-01-01"]})
    kept = between(texts, pd.Timestamp("2025-01-02"), pd.Timestamp("2025-12-31"))
    assert kept["period"].tolist() == ["2025-07-02"]
