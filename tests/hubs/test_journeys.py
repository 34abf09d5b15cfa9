"""Minutes of hubs against loops over patients, a rule on them, and a river without a bridge."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.hubs.compare import compare_plans
from pcs_dash.hubs.journeys import Journeys, main_sites, quantiles
from pcs_dash.hubs.plan import EMPTY_PLAN, Plan
from pcs_dash.hubs.rules import Rule
from pcs_dash.hubs.suggest import SuggestRequest, suggest
from pcs_dash.hubs.summary import scorecard, summarise_hubs, verdict_column
from pcs_dash.measures.register import HUB_MINUTES
from pcs_dash.measures.registrations import weighted_quantile
from pcs_dash.tables.errors import UserError


def plan_of(names: dict[str, str]) -> Plan:
    return Plan.from_series(pd.Series(names))


@pytest.fixture(scope="module")
def four(mse: pd.DataFrame) -> pd.DataFrame:
    """Four practices in a row, a kilometre apart, with 10,000 patients each."""
    table = mse.iloc[:4].copy()
    return table.assign(patients=10_000, easting=[0.0, 1e3, 2e3, 3e3], northing=0.0)


@pytest.fixture(scope="module")
def river(four: pd.DataFrame) -> Journeys:
    """Each practice's patients live at its door; between the second and the third runs a river."""
    away = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0))) * 10
    away[:2, 2:], away[2:, :2] = 90, 90
    crow = np.array([[0, 1, 2, np.nan]] * 4, dtype=float)
    return Journeys(
        four.index,
        np.eye(4) * 10_000,
        {"drive": away, "walk": crow},
        {"walk": "modelled", "drive": "measured"},
        "by car measured (made up)",
    )


@pytest.mark.parametrize("seed", range(5))
def test_quantiles_are_those_of_one_group_at_a_time(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.where(random.random(200) < 0.1, np.nan, random.integers(0, 30, 200).astype(float))
    people, group = random.random(200) * 100, random.integers(0, 4, 200)
    found = quantiles(values, people, group, 6)
    for each in range(6):
        own = (group == each) & ~np.isnan(values)
        expected = [weighted_quantile(values[own], people[own], share) for share in (0.5, 0.9)]
        assert [part[each] for part in found] == pytest.approx(expected, nan_ok=True)


def test_main_sites_by_a_loop_over_the_members() -> None:
    random = np.random.default_rng(3)
    minutes = random.random((30, 8)) * 60
    minutes[:, 2] = np.nan  # cannot be reached: never a main site
    patients = random.integers(0, 50, (8, 30)).astype(float)
    patients[7] = 0
    codes = pd.Index(list("ABCDEFGH"))
    journeys = Journeys(codes, patients, {"drive": minutes}, {"drive": "measured"}, "")
    group = np.array([0, 0, 0, 1, 1, 0, 2, 3])
    expected = []
    for hub in range(4):
        members = np.flatnonzero(group == hub)
        cost = {site: float((patients[members].sum(axis=0) * minutes[:, site]).sum())
                for site in members if site != 2}  # fmt: skip
        expected.append(min(cost, key=cost.__getitem__))
    expected[3] = -1  # nobody is registered there
    assert main_sites(journeys, group, 4).tolist() == expected


def test_hubs_before_and_after_and_a_rule_on_them(four: pd.DataFrame, river: Journeys) -> None:
    a, b, c, _ = four.index
    rule = Rule("Near", "site_most_drive", None, 20, "minutes")
    plan = plan_of({a: "East", b: "East", c: "West"})
    table = summarise_hubs(plan, four, rules=(rule,), journeys=river)
    assert table["main_site"].tolist()[:2] == [a, c]
    # Half of the patients of East live at the site, the others ten minutes off.
    assert table["site_half_drive"].tolist()[:2] == [0, 0]
    assert table["site_most_drive"].tolist()[:2] == [10, 0]
    assert table["own_most_drive"].tolist() == [0, 0, 0]
    assert table["site_most_drive"].isna().tolist() == [False, False, True]
    assert table[verdict_column(rule)].tolist()[:2] == ["meets", "meets"]
    across = plan_of({b: "Across", c: "Across"})
    judged = summarise_hubs(across, four, rules=(rule,), journeys=river)
    assert judged[verdict_column(rule)].tolist()[0] == "above"
    card = scorecard(across, four, journeys=river)
    assert card.loc["site_most_drive", "value"] == 90
    assert card.loc["own_most_drive", "value"] == 0
    assert card.loc["site_most_drive", "measure"].endswith("(measured)")
    assert "site_most_transit" not in card.index
    both = compare_plans(plan, across, four, journeys=river).measures
    assert both.loc["site_most_drive", "difference"] == 80


def test_without_minutes_every_figure_in_them_is_missing(four: pd.DataFrame) -> None:
    table = summarise_hubs(EMPTY_PLAN.add_hub("A"), four)
    assert table[[*HUB_MINUTES, "main_site", "minutes_are"]].isna().all().all()


def test_a_suggestion_in_minutes_does_not_cross_the_river(
    four: pd.DataFrame, river: Journeys
) -> None:
    a, b, c, d = four.index
    asked = SuggestRequest(min_patients=20_000, max_patients=20_000, **river.asked("drive"))
    answer = suggest(four, asked, time_limit=20)
    assert answer.status == "optimal"
    assert {frozenset(hub.practices) for hub in answer.hubs} == {
        frozenset((a, b)),
        frozenset((c, d)),
    }
    assert answer.objective_value == answer.measures["minutes"] == 2 * 10_000 * 10
    assert answer.unit == "patient-minutes"
    assert answer.value_words == "5.0 minutes by car (measured) a patient on average"
    # Where the pairs across may not be parted, the way round the river is what it costs.
    forced = suggest(four, asked.but(together=[(b, c)]), time_limit=20)
    assert forced.objective_value == 2 * 10_000 * 90
    with pytest.raises(UserError, match="load a table"):
        river.asked("transit")


def test_a_practice_whose_patients_have_no_way_is_named(four: pd.DataFrame) -> None:
    table = pd.DataFrame(np.nan, four.index, four.index)
    asked = SuggestRequest(hubs=2, minutes=table, minutes_label="minutes by car (measured)")
    with pytest.raises(UserError, match="No minutes by car"):
        suggest(four, asked)
