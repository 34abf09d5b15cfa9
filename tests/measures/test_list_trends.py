"""Trends, what became of practices, and plans carried over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures.list_trends import (
    between,
    compare_lists,
    growth_nearby,
    migrate_assignment,
    trend,
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
    assert (changes.before, changes.after) == ("2025-05-01", "2026-03-01")


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


@settings(max_examples=60)
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


def test_growth_near_a_closed_practice() -> None:
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
    assert growth_nearby(changes, positions, at_most=1)["neighbour"].tolist() == ["C"]
    assert growth_nearby(changes, positions, within_km=5)["neighbour"].tolist() == ["E", "C", "B"]
    assert growth_nearby(changes, positions.drop(index="A")).empty


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
