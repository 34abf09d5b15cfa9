"""A view's switches turned into the area, definitions and practices they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pcs_dash.measures.deprivation import imd_edition
from pcs_dash.measures.workforce import (
    DEFAULT_DEFINITION,
    GP_DEFINITIONS,
    Benchmark,
    GPDefinition,
    benchmarks,
    typed_benchmark,
)
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError

_YES = ("true", "yes", "1", "on")
_NO = ("", "false", "no", "0", "off")


@dataclass(frozen=True, eq=False)
class Settings:
    """What the app's sidebar would say; `practices` count, `excluded` were left out on demand.

    `period` is when the GP figures are from, `mix_period` when patients lived where they are said
    to.
    """

    area: Area
    definition: GPDefinition
    edition: str
    benchmark: Benchmark
    benchmarks: Mapping[str, Benchmark]
    practices: pd.DataFrame
    excluded: pd.DataFrame
    period: str
    mix_period: str

    @property
    def basis(self) -> str:
        """Which GPs, and when: for the foot of a slide."""
        left_out = ""
        if len(self.excluded):
            left_out = f" {len(self.excluded)} with implausible FTE left out."
        return f"{self.definition.label} ({self.definition.meaning}), {self.period}.{left_out}"

    @property
    def switches(self) -> dict[str, str]:
        """The switches that stand for these settings, by their short names."""
        switches = {"gp": self.definition.key, "imd": self.edition, "benchmark": self.benchmark.key}
        if self.benchmark.key == "own":
            switches["own"] = f"{self.benchmark.value:g}"
        if len(self.excluded):
            switches["exclude"] = "true"
        return switches


def resolve(switches: Mapping[str, str], dataset: Dataset, area: Area) -> Settings:
    """The settings of an area under switches as they stand in an address (keys or labels).

    UserError for a switch that names nothing there is, and for an area left without practices.
    """
    definition = _definition(switches.get("gp", ""))
    known = benchmarks(
        dataset.published,
        dataset.practices,
        definition=definition.key,
        practices_period=dataset.workforce_period,
    )
    edition = imd_edition(switches.get("imd", "").upper().removeprefix("IMD").strip() or "2025")
    own = area.select(dataset.practices)
    flagged = own["flag_low_fte"] if _switch(switches, "exclude") else pd.Series(False, own.index)
    practices = own[~flagged.astype(bool)]
    if practices.empty:
        raise UserError(f"No practice is left in {area.label}. Choose another area.")
    return Settings(
        area=area,
        definition=definition,
        edition=edition,
        benchmark=_benchmark(switches, known, definition),
        benchmarks=known,
        practices=practices,
        excluded=own[flagged.astype(bool)],
        period=dataset.workforce_period,
        mix_period=dataset.mix_period or "not loaded",
    )


def _definition(text: str) -> GPDefinition:
    wanted = (text or DEFAULT_DEFINITION).casefold()
    for key, definition in GP_DEFINITIONS.items():
        if wanted in (key, definition.label.casefold()):
            return definition
    raise UserError(
        f"There is no GP definition '{text[:40]}'. Choose one of: {', '.join(GP_DEFINITIONS)}."
    )


def _benchmark(
    switches: Mapping[str, str], known: Mapping[str, Benchmark], definition: GPDefinition
) -> Benchmark:
    text = switches.get("benchmark", "")
    wanted = text.casefold()
    if not wanted:
        return next(iter(known.values()))
    for key, benchmark in known.items():
        if wanted in (key, benchmark.label.casefold()):
            return benchmark
    if wanted in ("own", "type in a figure"):
        return typed_benchmark(_figure(switches.get("own", "1800")))
    names = ", ".join([*known, "own"])
    raise UserError(
        f"There is no benchmark '{text[:40]}' for {definition.label.lower()}. "
        f"Choose one of: {names}."
    )


def _figure(text: str) -> float:
    try:
        return float(text.replace(",", "").strip())
    except ValueError:
        raise UserError(
            f"'{text[:40]}' is no number of patients per FTE GP. Type one, for example own=1800."
        ) from None


def _switch(switches: Mapping[str, str], name: str) -> bool:
    value = switches.get(name, "").casefold()
    if value not in (*_YES, *_NO):
        raise UserError(f"The switch '{name}' is '{value[:40]}'. Use true or false.")
    return value in _YES
