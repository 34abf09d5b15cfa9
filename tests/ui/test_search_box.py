"""What the browser reports as a find: it may come from anywhere, so only finds pass."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.ui.search_box import hit_from
from pcs_dash.views.search import Hit

GOOD: dict[str, Any] = {
    "kind": "practice", "key": "F81110", "name": "T", "detail": "d", "note": "",
    "latitude": 51.46, "longitude": 0.36, "zoom": 14, "codes": ["F81110"],
}  # fmt: skip


def test_a_find_passes() -> None:
    assert hit_from(GOOD) == Hit("practice", "F81110", "T", "d", 51.46, 0.36, 14, ("F81110",), "")


def test_a_practice_without_a_position_passes_and_a_town_does_not() -> None:
    nowhere = GOOD | {"latitude": None, "longitude": None}
    hit = hit_from(nowhere)
    assert hit is not None
    assert math.isnan(hit.latitude)
    assert hit_from(nowhere | {"kind": "town"}) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "planet"}, {"kind": None}, {"kind": ["practice"]}, {"key": 5},
        {"name": "x" * 2_000}, {"latitude": "51"}, {"latitude": math.inf}, {"longitude": 1e9},
        {"codes": "F81110"}, {"codes": ["F81110"] * 5_000}, {"latitude": None},
    ],
)  # fmt: skip
def test_what_is_no_find_does_not(wrong: dict[str, Any]) -> None:
    assert hit_from(GOOD | wrong) is None


@settings(max_examples=100)
@given(st.one_of(st.none(), st.text(), st.integers(), st.dictionaries(st.text(), st.integers())))
def test_nothing_raises(given: Any) -> None:
    assert hit_from(given) is None
