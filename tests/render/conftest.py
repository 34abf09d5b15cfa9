"""One data set and one hostile deck for all tests of reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from pcs_dash.hubs.plan import Plan
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset, build_dataset
from pcs_dash.views.content import build_deck
from pcs_dash.views.deck import Deck
from pcs_dash.views.story import ready_made

MADE = date(2026, 3, 5)
# Names as an enemy would type them: markup, script ends, formulas, mathematics, another script.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    '=HYPERLINK("http://example.com","x")',
    "$\\frac{1}{0}$ ${x} {{y}} %s",
    "Hub 漢字 \U0001f600 \u202egnp",
)


def hostile_plan(dataset: Dataset) -> Plan:
    """Thurrock's practices dealt out over hubs with such names."""
    plan = Plan()
    for name in HOSTILE:
        plan = plan.add_hub(name)
    codes = list(find_area("Thurrock").select(dataset.practices).index)
    for number, hub in enumerate(plan.hubs):
        plan = plan.assign(codes[number : -3 : len(HOSTILE)], hub.id)
    return plan


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    built = build_dataset()
    practices = built.practices.copy()
    practices.loc["F81010", "practice_name"] = "Aveley $x$ <b>&amp; \x07Medical</b> Centre"
    return replace(built, practices=practices)


# Of this data set, too: those of all tests would otherwise be whichever came first.
@pytest.fixture(scope="session")
def practices(dataset: Dataset) -> pd.DataFrame:
    return dataset.practices


@pytest.fixture(scope="session")
def thurrock(practices: pd.DataFrame) -> pd.DataFrame:
    return find_area("Thurrock").select(practices)


@pytest.fixture(scope="session")
def deck(dataset: Dataset) -> Deck:
    area = find_area("Thurrock")
    plan = hostile_plan(dataset)
    story = ready_made(area, plan=plan, plan_name="<i>Mine</i> & $more$")
    story = story.change(0, text="A line of <b>my own</b>", highlight="F81010")
    return build_deck(dataset, story, area=area, made=MADE)
