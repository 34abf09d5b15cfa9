"""What the builder shows of a plan: the figures of every hub and the score card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd

from pcs_dash.hubs.rules import Rule
from pcs_dash.hubs.summary import BAND, own_count, verdict_column
from pcs_dash.measures.numbers import number
from pcs_dash.measures.register import HUB_MEASURES, PER_GP, Measure, is_own
from pcs_dash.measures.words import lower_first
from pcs_dash.measures.workforce import Benchmark
from pcs_dash.tables.constants import QUINTILES

_SHARES = [f"share_quintile_{quintile}" for quintile in QUINTILES]
# In the order shown; those of the second list only with "every measure".
_FIRST = ("practices", "patients", "fte_gp", "patients_per_fte_gp", "against", "imd_score", "mix")
_MORE = (
    "fte_gap", "nurse_fte", "direct_care_fte", "single_handed", "below_4500", "below_2_5_wte",
    "share_gps_55_plus", "share_gps_60_plus", "share_quintile_1", "mean_distance_km", "widest_km",
    "contiguous", "practices_without_fte", "practices_outside_area",
)  # fmt: skip


def columns(
    rules: Sequence[Rule],
    benchmark: Benchmark,
    kinds: Mapping[str, str] = MappingProxyType({}),
    own: Mapping[str, Measure] = MappingProxyType({}),
    *,
    every: bool,
) -> list[dict[str, Any]]:
    """The table's columns: key, label, help, kind, decimals, more; those with more only with
    `every`. `kinds`: by mode that there are minutes for whether they are modelled or measured.
    `own`: measures of users' files; those that a rule in force is about are always shown.
    """
    first = [_column(key, benchmark) for key in _FIRST]
    asked = {rule.measure for rule in rules if rule.on}
    first += [_measured(each) for key, each in own.items() if key in asked]
    on = [rule for rule in rules if rule.on]
    first += [
        _verdict(rule, rule.name, f"{rule.label}. {rule.source}, {rule.date}.")
        for rule in on
        if not rule.of_practices
    ]
    if not every:
        return first
    more = [_column(key, benchmark) for key in _MORE]
    more += [_measured(each) for key, each in own.items() if key not in asked]
    more += [
        {
            "key": own_count(key),
            "label": f"Practices with {lower_first(each.label)}",
            "kind": "number",
            "decimals": 0,
            "help": f"Practices that the hub's figure rests on. {each.definition}.",
        }
        for key, each in own.items()
    ]
    more += [
        {**column, "label": f"{column['label']} ({kind})"}
        for mode, kind in kinds.items()
        for column in (_column(f"{goal}_most_{mode}", benchmark) for goal in ("own", "site"))
    ]
    more += [
        _verdict(rule, f"Every practice: {rule.label}", rule.source)
        for rule in on
        if rule.of_practices
    ]
    return [*first, *({**column, "more": True} for column in more)]


def _verdict(rule: Rule, label: str, help: str) -> dict[str, Any]:
    return {"key": verdict_column(rule), "label": label, "kind": "verdict", "help": help}


def _column(key: str, benchmark: Benchmark) -> dict[str, Any]:
    if key == "against":
        help = f"{PER_GP.label} against {benchmark.label}: {number(benchmark.value)}."
        return {"key": key, "label": f"Against {benchmark.label}", "kind": "change", "help": help}
    if key == "mix":
        help = "Patients by national deprivation quintile, darkest = most deprived."
        return {"key": key, "label": "Quintiles 1 to 5", "kind": "mix", "help": help}
    return _measured(HUB_MEASURES[key])


def _measured(measure: Measure) -> dict[str, Any]:
    unit = f", {measure.unit}" if is_own(measure.key) else ""
    kind = {"share": "share", "yes/no": "yesno"}.get(measure.unit, "number")
    return {
        "key": measure.key,
        "label": f"{measure.short}{unit}",
        "kind": "signed" if measure.signed else kind,
        "decimals": measure.decimals,
        "help": measure.definition,
    }


def rows(
    table: pd.DataFrame, wanted: Sequence[dict[str, Any]], benchmark: Benchmark
) -> list[list[Any]]:
    """The cells of a summary in the order of `wanted`, one list a row; None = missing."""
    keys = {str(column["key"]) for column in wanted} | {"patients_per_fte_gp", *_SHARES}
    values = {name: _listed(table[name]) for name in keys if name in table}
    values["against"] = [
        None if ratio != ratio else ratio / benchmark.value - 1
        for ratio in values["patients_per_fte_gp"]
    ]
    shares = zip(*(values[name] for name in _SHARES), strict=True)
    values["mix"] = [
        None if share[0] != share[0] else [round(part, 4) for part in share] for share in shares
    ]
    columns = [[_plain(value) for value in values[str(column["key"])]] for column in wanted]
    return [list(row) for row in zip(*columns, strict=True)]


def _listed(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        words = [*column.cat.categories, None]
        return [words[code] for code in column.cat.codes.to_numpy()]
    return column.tolist()


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA:
        return None
    if isinstance(value, (str, list)):
        return value
    if isinstance(value, float):
        return None if value != value else round(value, 4)
    return value


def score_lines(score: pd.DataFrame) -> list[list[str]]:
    """The score card as text: measure, value, unit, definition."""
    units = score["unit"].where(score["unit"] != "0 to 1", "")
    return [
        [str(row.measure), _score_value(row), str(unit), str(row.definition)]
        for row, unit in zip(score.itertuples(), units, strict=True)
    ]


def _score_value(row: Any) -> str:
    if pd.isna(row.value):
        return "no figure"
    small = row.unit in ("ratio", "0 to 1")
    value = number(row.value, 2) if small else number(row.value)
    return value if pd.isna(row.of) else f"{value} of {number(row.of)}"


def band_of(rules: Sequence[Rule]) -> tuple[float, float]:
    """The band drawn in the bars: the first rule that is on and holds patients between two."""
    for rule in rules:
        low, high = rule.lower, rule.upper
        if rule.on and rule.measure == "patients" and low is not None and high is not None:
            return low, high
    return float(BAND[0]), float(BAND[1])
