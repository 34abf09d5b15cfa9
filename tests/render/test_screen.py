"""What the slides of a screen are made of, beside what they share with paper."""

from __future__ import annotations

import pytest

from pcs_dash.official.any_area import find_area
from pcs_dash.render.screen import practice_cards
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.question import ask


def test_cards_hold_what_a_group_is_added_up_from(dataset: Dataset) -> None:
    """Practices without FTE leave both sums, as in every figure of an area."""
    settings = ask(dataset, find_area("essex"), {"gp": "permanent"})
    cards = practice_cards(settings)
    own = settings.practices
    known = own["gp_fte_permanent"].notna()
    sums = [card[4] for card in cards.values()]
    assert sum(patients for patients, _, _ in sums) == own["patients"].sum()
    assert sum(counted or 0 for _, counted, _ in sums) == own["patients"][known].sum()
    fte = sum(fte or 0 for _, _, fte in sums)
    assert fte == pytest.approx(own["gp_fte_permanent"].sum(), abs=0.1)
