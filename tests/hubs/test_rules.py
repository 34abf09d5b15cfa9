from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from pcs_dash.hubs.rules import (
    Rule,
    RuleError,
    default_rules,
    rules_from_frame,
    rules_from_list,
    rules_to_frame,
    rules_to_list,
)
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError


def test_the_strategies_rules_with_their_sources(rules: tuple[Rule, ...]) -> None:
    found = {rule.name: (rule.measure, rule.lower, rule.upper) for rule in rules}
    assert found == {
        "Hub": ("patients", 20_000, None),
        "PCN or locality": ("patients", 30_000, 50_000),
        "Practice list": ("practice_patients", 4_500, None),
        "Practice GP team": ("practice_fte_gp", 2.5, None),
        "Patients per FTE GP": ("patients_per_fte_gp", None, 1_800),
    }
    assert all(rule.source and rule.date and rule.on for rule in rules)
    assert rules[1].label == "PCN or locality (30,000 to 50,000 patients)"
    assert rules[0].label == "Hub (at least 20,000 patients)"
    assert rules[4].label.endswith("(at most 1,800 patients per FTE GP)")


def test_a_figure_that_is_missing_from_the_published_ones_is_named(dataset: Dataset) -> None:
    without = dataset.published[dataset.published["figure"] != "hub minimum population"]
    with pytest.raises(UserError, match="hub minimum population"):
        default_rules(without)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": " "}, "name"),
        ({"measure": "sum of everything"}, "no measure"),
        ({"measure": "contiguous"}, "no measure"),
        ({"lower": None, "upper": None}, "bound"),
        ({"lower": float("nan"), "upper": None}, "bound"),
        ({"lower": "many"}, "number"),
        ({"lower": float("inf")}, "number"),
        ({"lower": 5, "upper": 4}, "above"),
        ({"source": "x" * 400}, "characters"),
        ({"on": "perhaps"}, "true or false"),
    ],
)
def test_a_rule_that_makes_no_sense_says_why(fields: dict[str, object], message: str) -> None:
    whole = {"name": "R", "measure": "patients", "lower": 1, "upper": 2, "unit": "patients"}
    with pytest.raises(RuleError, match=message):
        Rule(**{**whole, **fields})  # type: ignore[arg-type]


def test_table_and_json_round_trips(rules: tuple[Rule, ...]) -> None:
    assert rules_from_frame(rules_to_frame(rules)) == rules
    assert rules_from_list(json.loads(json.dumps(rules_to_list(rules)))) == rules
    assert rules_from_frame(rules_to_frame(())) == ()


def test_an_edited_table_is_checked_row_by_row(rules: tuple[Rule, ...]) -> None:
    frame = rules_to_frame(rules)
    frame.loc[1, "lower"] = 90_000
    frame.loc[3, "measure"] = "?"
    with pytest.raises(RuleError, match=r"Row 2: .*Row 4: "):
        rules_from_frame(frame)


def test_rows_not_filled_in_yet_are_passed_over(rules: tuple[Rule, ...]) -> None:
    empty = pd.DataFrame([{"name": None, "measure": np.nan, "lower": np.nan}])
    frame = pd.concat([rules_to_frame(rules), empty], ignore_index=True)
    assert rules_from_frame(frame) == rules


def test_what_are_no_rules_is_refused() -> None:
    for data in (None, {}, [1], "x"):
        with pytest.raises(RuleError):
            rules_from_list(data)
