"""The rules a plan is judged by: one table that the user can change, add to and switch off.

A rule holds one measure between two bounds (either may be open, both count as met). A rule on a
practice measure judges every practice of a hub; a practice without a figure is neither in nor out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from pcs_dash.hubs.plan import name_key
from pcs_dash.measures.register import (
    PER_GP,
    PRACTICE_MEASURES,
    REGISTER,
    RULE_MEASURES,
    is_own,
    rule_measures,
)
from pcs_dash.tables.errors import UserError

MAX_RULES = 50
_FTE = REGISTER["fte_gp"].label
MAX_TEXT = 300


class RuleError(UserError):
    """A rule, or a table of rules, that can't be used; the text names every fault."""


@dataclass(frozen=True)
class Rule:
    """`measure` is a key of RULE_MEASURES, or of a measure of a user's file, which need not be
    loaded here; `lower` and `upper` are in its unit, None = open.

    `source` and `date` say who asks for it and when; `on` False keeps the rule without judging.
    """

    name: str
    measure: str
    lower: float | None
    upper: float | None
    unit: str
    source: str = ""
    date: str = ""
    on: bool = True

    def __post_init__(self) -> None:
        for bound in ("lower", "upper"):
            object.__setattr__(self, bound, _number(getattr(self, bound)))
        for text in ("name", "unit", "source", "date"):
            object.__setattr__(self, text, " ".join(str(getattr(self, text)).split()))
        faults = _faults(self)
        if faults:
            raise RuleError(f"Rule '{self.name[:60]}': " + " ".join(faults))

    @property
    def of_practices(self) -> bool:
        """Whether each practice is judged rather than the hub."""
        return self.measure in PRACTICE_MEASURES

    @property
    def label(self) -> str:
        """Name and bounds in words: "PCN or locality (30,000 to 50,000 patients)"."""
        low, high = _figure(self.lower), _figure(self.upper)
        if self.upper is None:
            return f"{self.name} (at least {low} {self.unit})"
        if self.lower is None:
            return f"{self.name} (at most {high} {self.unit})"
        return f"{self.name} ({low} to {high} {self.unit})"


def default_rules(published: pd.DataFrame) -> tuple[Rule, ...]:
    """The strategies' rules, with thresholds and sources from `published` (published_figures.csv).

    UserError if a figure is missing from the table or there twice.
    """
    hub = _published(published, "hub minimum population")
    low = _published(published, "locality or PCN population (lower)")
    high = _published(published, "locality or PCN population (upper)")
    list_size = _published(published, "practice minimum list size")
    team = _published(published, "practice minimum GP team")
    return (
        _rule("Hub", "patients", hub, lower=hub["value"]),
        _rule("PCN or locality", "patients", low, lower=low["value"], upper=high["value"]),
        _rule("Practice list", "practice_patients", list_size, lower=list_size["value"]),
        _rule("Practice GP team", "practice_fte_gp", team, lower=team["value"], unit=_FTE),
        _rule(
            PER_GP.label,
            "patients_per_fte_gp",
            team,
            # The strategy's own arithmetic: 4,500 patients with 2.5 WTE GPs.
            upper=list_size["value"] / team["value"],
            unit="patients per FTE GP",
        ),
    )


def counting(rules: Iterable[Rule], patients: str) -> tuple[Rule, ...]:
    """The same rules in words for lists counted another way ("weighted patients"): they judge
    alike.
    """
    return tuple(replace(rule, unit=re.sub(r"\bpatients\b", patients, rule.unit)) for rule in rules)


def checked(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules as a tuple; RuleError if two share a name or there are more than MAX_RULES."""
    table = tuple(rules)
    if len(table) > MAX_RULES:
        raise RuleError(f"There are {len(table)} rules. Use {MAX_RULES} at the most.")
    seen: set[str] = set()
    for rule in table:
        if name_key(rule.name) in seen:
            raise RuleError(f"Two rules are called '{rule.name}'. Rename one of them.")
        seen.add(name_key(rule.name))
    return table


def rules_to_frame(rules: Sequence[Rule]) -> pd.DataFrame:
    """One row a rule, columns the fields of Rule (for a table to edit and for exports)."""
    columns = [field.name for field in fields(Rule)]
    frame = pd.DataFrame([asdict(rule) for rule in rules], columns=columns)
    return frame.astype({"lower": "float64", "upper": "float64", "on": "bool"})


def rules_from_frame(frame: pd.DataFrame) -> tuple[Rule, ...]:
    """The rules of an edited table. RuleError naming each faulty row (counted from 1).

    Rows with neither name nor measure are taken as not filled in yet, and skipped.
    """
    return _read(frame.to_dict("records"))


def rules_to_list(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """A JSON-able form."""
    return [asdict(rule) for rule in rules]


def rules_from_list(items: Any) -> tuple[Rule, ...]:
    """The rules of `rules_to_list`; RuleError for anything else."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise RuleError("These are not saved rules: expected a list of objects.")
    return _read(items)


def _read(records: Sequence[dict[Any, Any]]) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    faults: list[str] = []
    for number, record in enumerate(records[: MAX_RULES + 1], start=1):
        given = {field.name: record.get(field.name) for field in fields(Rule)}
        if _blank(given["name"]) and _blank(given["measure"]):
            continue
        measure = _text(given["measure"])
        unit = given["unit"]
        known = rule_measures([measure])
        if _blank(unit) and measure in known:
            unit = known[measure].unit
        try:
            rules.append(
                Rule(
                    _text(given["name"]),
                    measure,
                    given["lower"],
                    given["upper"],
                    _text(unit),
                    _text(given["source"]),
                    _text(given["date"]),
                    on=_switch(given["on"]),
                )
            )
        except RuleError as fault:
            faults.append(f"Row {number}: {fault}")
    if faults:
        raise RuleError(" ".join(faults))
    return checked(rules)


def _faults(rule: Rule) -> list[str]:
    faults = []
    if not rule.name:
        faults.append("give it a name.")
    if rule.measure not in RULE_MEASURES and not is_own(rule.measure):
        faults.append(f"there is no measure '{str(rule.measure)[:60]}'; choose one of the list.")
    if rule.lower is None and rule.upper is None:
        faults.append("give a lower bound, an upper bound or both.")
    for bound in (rule.lower, rule.upper):
        if bound is not None and not math.isfinite(bound):
            faults.append("a bound must be a number.")
    if rule.lower is not None and rule.upper is not None and rule.lower > rule.upper:
        faults.append(
            f"the lower bound {_figure(rule.lower)} is above the upper bound {_figure(rule.upper)}."
        )
    if any(len(text) > MAX_TEXT for text in (rule.name, rule.unit, rule.source, rule.date)):
        faults.append(f"use {MAX_TEXT} characters at the most for a text.")
    if not isinstance(rule.on, bool):
        faults.append("'on' must be true or false.")
    return faults


def _number(value: Any) -> float | None:
    """None for an open bound; NaN stays out of rules, and what is no number becomes NaN's fault."""
    if _blank(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.inf


def _switch(value: Any) -> Any:
    """On unless said otherwise; what is neither true nor false is left for `_faults` to name."""
    return True if _blank(value) else bool(value) if isinstance(value, (bool, np.bool_)) else value


def _blank(value: Any) -> bool:
    return value is None or value is pd.NA or value != value or str(value).strip() == ""


def _text(value: Any) -> str:
    return "" if _blank(value) else str(value)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.10g}"


def _published(published: pd.DataFrame, figure: str) -> pd.Series[Any]:
    rows = published[published["figure"] == figure]
    if len(rows) != 1:
        raise UserError(
            f"published_figures.csv has {len(rows)} rows for '{figure}'; it needs exactly one."
        )
    return rows.iloc[0]


def _rule(
    name: str,
    measure: str,
    row: pd.Series[Any],
    *,
    lower: float | None = None,
    upper: float | None = None,
    unit: str = "",
) -> Rule:
    unit, source, date = unit or RULE_MEASURES[measure].unit, row["source"], row["period"]
    return Rule(name, measure, lower, upper, unit, source=str(source), date=str(date))
