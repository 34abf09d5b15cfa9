from __future__ import annotations

import pytest

from pcs_dash.scenarios.assumptions import draw, published, with_typed
from pcs_dash.scenarios.homes import what_homes_need
from pcs_dash.tables.errors import UserError


def test_five_thousand_homes_by_hand() -> None:
    found = what_homes_need(5_000, published())
    assert found["residents"] == found["patients"] == 12_000
    assert found["fte_gp"] == 6.0
    assert found["square_metres"] == 540
    assert found["cost_pounds"] == pytest.approx(1_242_000)
    assert found["residents_low"] == pytest.approx(7_700)
    assert found["fte_gp_high"] == pytest.approx(5_000 * 2.53 / 1_800)


def test_the_county_s_homes_by_hand() -> None:
    found = what_homes_need(14_088, published())
    assert round(found["residents"]) == 33_811
    assert round(found["fte_gp"], 1) == 16.9
    typed = with_typed(published(), {"patients_per_wte_gp_new_homes": (1_800,) * 3})
    assert round(what_homes_need(14_088, typed)["fte_gp"], 1) == 18.8


def test_the_strategy_s_own_residents_per_dwelling() -> None:
    typed = with_typed(published(), {"residents_per_dwelling": (1.54, 1.54, 1.54)})
    assert what_homes_need(107_000, typed)["residents"] == pytest.approx(165_000, rel=0.002)
    assert typed["residents_per_dwelling"].typed
    assert not published()["residents_per_dwelling"].typed


@pytest.mark.parametrize("homes", [0, -5, 10_000_000, float("nan")])
def test_a_number_that_can_not_be_is_refused(homes: float) -> None:
    with pytest.raises(UserError, match="can't be right"):
        what_homes_need(homes, published())


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"happiness": (1, 1, 1)}, "no assumption 'happiness'"),
        ({"residents_per_dwelling": (3, 2, 4)}, "is not between"),
        ({"residents_per_dwelling": (-1, 2, 4)}, "must be between 0"),
        ({"room_utilisation_minimum": (0, 60, 75)}, "must be more than 0"),
    ],
)
def test_an_assumption_that_can_not_be_typed_is_told(typed: dict, says: str) -> None:
    with pytest.raises(UserError, match=says):
        with_typed(published(), typed)


def test_draws_stay_between_their_ends_and_do_not_depend_on_others() -> None:
    keys = ["residents_per_dwelling", "joiner_participation"]
    both = draw(published(), keys, number=500, seed=1)
    drawn = both.of(keys[0])[both.drawn]
    assert 1.54 <= drawn.min() < drawn.max() <= 2.53
    assert both.of(keys[0])[0] == 2.4
    assert [both.of(keys[0])[end] for end in both.ends(keys[0])] == [1.54, 2.53]
    assert set(both.of(keys[0])[list(both.ends(keys[1]))]) == {2.4}
    alone = draw(published(), keys[1:], number=500, seed=1)
    assert (alone.of(keys[1])[alone.drawn] == both.of(keys[1])[both.drawn]).all()


def test_only_those_beyond_the_room_there_is_need_gps() -> None:
    """(12,000 - 3,000) / 2,000 = 4.5 GPs; low: 7,700 leave 4,700; room for all needs none."""
    found = what_homes_need(5_000, published(), room=3_000)
    assert found["patients"] == 12_000
    assert found["fte_gp"] == 4.5
    assert found["square_metres"] == 405
    assert found["fte_gp_low"] == pytest.approx(4_700 / 2_000)
    assert what_homes_need(5_000, published(), room=20_000)["cost_pounds_high"] == 0
    for wrong in (-1, float("nan"), 1e9):
        with pytest.raises(UserError, match="Room for"):
            what_homes_need(5_000, published(), room=wrong)
