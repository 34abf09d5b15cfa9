"""A suggestion as one more plan: what a board is shown beside the plans that people drew."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.suggest import TIME_LIMIT, SuggestRequest, suggest
from pcs_dash.tables.errors import UserError


def suggested_plan(
    practices: pd.DataFrame, towns: Mapping[str, str], *, time_limit: float = TIME_LIMIT
) -> tuple[str, Plan]:
    """The plan of least distance in which every hub has 30,000 to 50,000 patients, and its name,
    which says whether that is proven.

    practices: as `suggest` takes them; towns: practice code -> town, after which hubs are called;
    time_limit: seconds. UserError where there is no such plan, or none was found in time.
    """
    answer = suggest(practices, SuggestRequest(towns=towns), time_limit=time_limit)
    if not answer.hubs:
        raise UserError(f"There is no suggestion to show. {answer.message}")
    how = "proven shortest" if answer.status == "optimal" else "best found"
    return f"Suggestion ({how})", Plan.from_series(answer.assignment)
