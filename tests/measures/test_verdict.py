"""The verdict against made-up practices of known truth, and against the curve it stands on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.verdict import Truth, made_up
from pcs_dash.measures.specification import (
    CHOICES,
    NEED_ADJUSTED,
    SpecificationSummary,
    specification_curve,
    summarise_curve,
)
from pcs_dash.measures.verdict import (
    Verdict,
    _chance,
    deal,
    deal_within,
    dealt_gradients,
    verdict,
)
from pcs_dash.measures.words import verdict_words


def judged(truth: Truth, seed: int = 1) -> Verdict:
    """On raw lists only, which is half the work."""
    practices, _ = made_up(truth, np.random.default_rng(seed))
    ways, as_is = dealt_gradients(practices, deal(truth.n, 0))
    curve = ways.assign(coefficient=as_is[:, 0], ci_low=np.nan, ci_high=np.nan)
    return verdict(practices, curve, deals=99)


def test_the_first_deal_is_the_specification_curve_itself() -> None:
    practices, need = made_up(Truth("", 15, slope=0.1), np.random.default_rng(3))
    practices.loc["P003", "gp_fte_all"] = np.nan
    practices.loc["P004", ["gp_fte_permanent", "flag_low_fte"]] = [0.0, True]
    need["P005"] = np.nan
    rng = np.random.default_rng(4)
    registrations = pd.DataFrame(
        [(code, f"E{n}", int(rng.integers(1, 200))) for code in practices.index for n in range(6)],
        columns=["practice_code", "lsoa11cd", "patients"],
    )
    rank = pd.Series(np.arange(6) + 1, index=[f"E{n}" for n in range(6)])
    data: dict[str, Any] = {
        "lists": {NEED_ADJUSTED: need},
        "registrations": registrations,
        "lsoa_ranks": {"2019": rank, "2025": rank},
    }
    curve = specification_curve(practices, **data)
    ways, dealt = dealt_gradients(practices, deal(15, 0), **data)
    both = ways.assign(dealt=dealt[:, 0]).merge(curve, on=list(CHOICES), validate="1:1")
    assert len(both) == len(curve) == len(ways)
    np.testing.assert_allclose(both["dealt"], both["coefficient"])


def test_a_deal_within_places_keeps_everyone_in_place() -> None:
    groups = np.array([0, 1, 0, 2, 1, 0])
    orders = deal_within(deal(6, 50), groups)
    assert orders[0].tolist() == list(range(6))
    assert (np.sort(orders, axis=1) == np.arange(6)).all()
    assert (groups[orders] == groups).all()
    assert len(np.unique(orders, axis=0)) > 5


@pytest.mark.parametrize(
    ("truth", "outcome", "more"),
    [
        (Truth("", 40, slope=0.4), "shown", True),
        (Truth("", 40, slope=-0.4), "shown", False),
    ],
)
def test_what_was_put_in_is_found(truth: Truth, outcome: str, more: bool) -> None:
    found = judged(truth)
    assert (found.outcome, found.more) == (outcome, more)


def test_four_practices_are_too_few() -> None:
    practices, _ = made_up(Truth("", 4, slope=0.4), np.random.default_rng(1))
    found = verdict(practices, specification_curve(practices), deals=19)
    assert found.outcome == "undefined"
    assert "too few practices" in verdict_words(found, place="X", date="").finding


def test_the_same_seed_deals_the_same_and_another_seed_another() -> None:
    practices, need = made_up(Truth("", 12), np.random.default_rng(5))
    data: dict[str, Any] = {"lists": {NEED_ADJUSTED: need}}
    curve = specification_curve(practices, **data)
    found = [verdict(practices, curve, deals=49, seed=seed, **data) for seed in (1, 1, 2)]
    assert found[0].p_value == found[1].p_value != found[2].p_value
    # Both kinds of list were dealt, each with a p value of its own.
    assert set(found[0].lists) == {"raw", NEED_ADJUSTED}
    assert found[0].inside == "" and np.isnan(found[0].inside_p)


def test_chance_alone_is_rarely_taken_for_a_finding() -> None:
    """Seeded: of 20 sets without a relation one is expected, five have a chance of 1 in 400."""
    claims = [judged(Truth("", 12), seed).outcome in ("shown", "depends") for seed in range(20)]
    assert sum(claims) <= 4


def test_what_lies_inside_places_is_found_there() -> None:
    found = judged(Truth("", 60, slope=0.4, places=5))
    assert (found.outcome, found.more) == ("shown", True)
    assert (found.inside, found.n_places) == ("same", 5)


def test_two_places_are_enough_to_look_inside_and_one_is_not() -> None:
    found = judged(Truth("", 60, slope=0.4, places=2))
    assert (found.outcome, found.inside, found.n_places) == ("shown", "same", 2)
    alone = judged(Truth("", 40, slope=0.4))
    assert (alone.outcome, alone.inside, alone.n_places) == ("shown", "", 0)


def test_what_lies_between_places_only_is_not_found_inside_them() -> None:
    found = judged(Truth("", 60, between=0.8, places=5), seed=3)
    assert (found.outcome, found.inside, found.n_places) == ("shown", "none", 5)
    assert judged(Truth("", 26)).n_places == 0


def test_both_sides_count_the_deals_that_are_as_far_out() -> None:
    # Two ways, five deals; the medians are 3, 3, 1, 0 and 5.
    dealt = np.array([[2.0, 3.0, 0.0, 0.0, 5.0], [4.0, 3.0, 2.0, np.nan, 5.0]])
    assert _chance(dealt) == (1.0, True)
    assert _chance(dealt[:, [4, 0, 1, 2, 3]]) == (0.4, True)
    assert _chance(dealt[:, [3, 0, 1, 2, 4]]) == (0.4, False)


# --- in words ---

SUMMARY = SpecificationSummary(96, 0, 0, 84, 4, 0, -7.3, 23.1, 71.3)
FOUND = Verdict(SUMMARY, "not shown", 0.21, "", float("nan"), 0, {"raw": 0.25})


def said(**changes: object) -> str:
    return verdict_words(replace(FOUND, **changes), place="Thurrock", date="2025").text


def test_what_is_not_shown_is_not_said_to_be_absent() -> None:
    text = said()
    assert "Of 96 ways to ask, 84 point to more patients per FTE GP" in text
    falling = replace(SUMMARY, n_positive=0, median=-23.1)
    assert "Of 96 ways to ask, all point to fewer patients per FTE GP" in said(summary=falling)
    assert "in Thurrock the figures do not show it" in text
    assert "not the same as evidence of none" in text
    assert "evidence of it" not in text


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("same", "also found inside the 7 places"),
        ("none", "inside them it can't be told from chance"),
        ("opposite", "Simpson's paradox"),
    ],
)
def test_places_are_reconciled_with_the_whole(inside: str, words: str) -> None:
    text = said(outcome="shown", p_value=0.004, inside=inside, n_places=7)
    assert "clear evidence of it" in text
    assert words in text


def test_the_other_side_and_the_weak_and_the_mixed_are_named() -> None:
    fewer = replace(SUMMARY, n_positive=6, median=-12.0, n_negative_excludes_zero=9)
    text = said(summary=fewer, outcome="shown", p_value=0.03)
    assert "90 point to fewer" in text
    assert "weak evidence" in text
    assert "Taken singly, 9 of the ways can be told" in text
    few = replace(fewer, n_without_interval=fewer.n - 14)
    said_of_few = said(summary=few, outcome="shown", p_value=0.03)
    assert "9 of the 14 ways with an interval that holds can be told" in said_of_few
    mixed = said(outcome="depends", p_value=0.03, lists={"raw": 0.4, "need-adjusted": 0.01})
    assert "the answer depends on how it is asked" in mixed
    assert "with need-adjusted lists alone it is told from chance, with raw ones it is not" in mixed


def test_counts_are_the_robustness_views(practices: pd.DataFrame) -> None:
    own = practices[practices["place"] == "Southend"]
    curve = specification_curve(own)
    found = verdict(own, curve, deals=19)
    assert found.summary == summarise_curve(curve)
    # Nineteen deals can't give less than one in ten.
    assert found.p_value >= 0.1
    assert found.outcome == "not shown"
