"""Two plans beside each other: one hub, one colour."""

from __future__ import annotations

import pandas as pd

from pcs_dash.hubs.compare import compare_plans
from pcs_dash.hubs.plan import Plan
from pcs_dash.ui.hubs.comparing import _in_colours_of


def test_a_hub_has_the_colour_of_its_match_and_of_no_other(thurrock: pd.DataFrame) -> None:
    codes = list(thurrock.index)
    a, b = Plan(), Plan()
    for name in ("North", "South"):
        a, b = a.add_hub(name), b.add_hub(f"New {name}")
    north, south = (hub.id for hub in a.hubs)
    a = a.assign(codes[:4], north).assign(codes[4:8], south)
    # Its first hub, in the colour of a's first, is a's second; its second is none of them.
    b = b.assign(codes[4:8], north).assign(codes[10:14], south)
    matched, other = _in_colours_of(a, b, compare_plans(a, b, thurrock)).hubs
    assert matched.colour == a.hub(south).colour
    assert other.colour not in {hub.colour for hub in a.hubs}
