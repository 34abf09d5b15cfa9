"""pcs_dash: GP practices, deprivation and workforce joined, mapped, grouped and compared.

For analysts, without the app (docs/analysts.md); each name is imported when it is first used:

    load, area, ask, Question       the data of an area, and a question about it
    summarise, correlate, slope_index_of_inequality
    Plan, suggest, compare          hubs
    answer, report                  what a page says; a whole board paper
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "load": "render.analysis:load",
    "area": "official.any_area:find_any_area",
    "ask": "views.question:ask",
    "Question": "views.question:Question",
    "summarise": "measures.workforce:summarise",
    "correlate": "measures.correlation:correlate_practices",
    "slope_index_of_inequality": "measures.slope_index:slope_index_of_inequality",
    "Plan": "hubs.plan:Plan",
    "suggest": "hubs.suggest:suggest",
    "compare": "hubs.compare:compare_plans",
    "answer": "render.analysis:answer",
    "report": "render.analysis:report",
}
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"pcs_dash has no '{name}'. It has: {', '.join(_PUBLIC)}.")
    module, _, attribute = _PUBLIC[name].partition(":")
    return getattr(import_module(f"pcs_dash.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
