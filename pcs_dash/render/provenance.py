"""Exports: a plan and what it means as CSV, Excel, GeoJSON and GeoPackage.

Every export says what it was made from: `Provenance` holds the date, the data period, the GP
definition and the rules the plan was judged by, and each format carries it in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pcs_dash.hubs.rules import Rule
from pcs_dash.measures.numbers import number
from pcs_dash.measures.workforce import Benchmark, gp_definition
from pcs_dash.tables.sources import ATTRIBUTION, QUINTILE_MIX_PERIOD, WORKFORCE_PERIOD


@dataclass(frozen=True)
class Provenance:
    """What an export was made from. `area` and `plan_name` are shown as they are.

    `data_period`: of the GP figures, `mix_period`: of the patients by quintile; the embedded ones
    unless given.
    """

    exported: date
    area: str
    definition: str
    edition: str = "2025"
    benchmark: Benchmark | None = None
    rules: tuple[Rule, ...] = ()
    plan_name: str = ""
    data_period: str = WORKFORCE_PERIOD
    mix_period: str = QUINTILE_MIX_PERIOD

    @property
    def rules_in_words(self) -> str:
        """The rules that are on, each with its bounds: "Hub (at least 20,000 patients); ..."."""
        return "; ".join(rule.label for rule in self.rules if rule.on) or "none"

    def lines(self) -> list[tuple[str, str]]:
        """Name and value of everything, in order, for a sheet or a table."""
        gps = gp_definition(self.definition)
        lines = [
            ("Plan", self.plan_name or "not named"),
            ("Area", self.area),
            ("Exported", self.exported.isoformat()),
            ("Practices, patients and workforce", self.data_period),
            ("GP definition", f"{gps.label}: {gps.meaning}"),
            ("IMD edition", f"{self.edition}; patients by quintile {self.mix_period}"),
        ]
        if self.benchmark is not None:
            lines.append(("Benchmark", _benchmark_in_words(self.benchmark)))
        lines.append(("Rules judged by", self.rules_in_words))
        lines.append(("Licence", ATTRIBUTION))
        return lines

    def columns(self) -> dict[str, str]:
        """The short form that each row of a CSV carries: it survives sorting and cutting."""
        return {
            "area": self.area,
            "data_period": self.data_period,
            "gp_definition": self.definition,
            "rules": self.rules_in_words,
            "exported": self.exported.isoformat(),
        }


def _benchmark_in_words(benchmark: Benchmark) -> str:
    parts = [f"{benchmark.label}: {number(benchmark.value)} patients per FTE GP"]
    parts += [part for part in (benchmark.period, benchmark.source) if part]
    return ", ".join(parts)
