"""An area's capacity measures by group, as rows for a file or another program."""

from __future__ import annotations

import pandas as pd

from pcs_dash.measures.sums import COUNTS_OF_GPS
from pcs_dash.measures.workforce import summarise
from pcs_dash.tables.areas import Area, places

GROUPS = ("area", "place", "district", "pcn", "practice")
NO_PCN = "No PCN"


def group_figures(
    practices: pd.DataFrame, area: Area, *, by: str, definition: str
) -> list[dict[str, object]]:
    """One mapping a group; practices in no PCN make a group of their own, so totals add up."""
    table = summarise(practices, _keys(practices, by), definition=definition, name=area.name)
    if by == "place" and not area.loaded:
        table = table.reindex([place.name for place in places() if place.name in table.index])
    codes = practices.dropna(subset=["pcn"]).groupby("pcn")["pcn_code"].first()
    records = []
    for name, row in table.iterrows():
        record: dict[str, object] = {"area": name}
        if by == "practice":
            record["practice_name"] = practices.loc[str(name), "practice_name"]
        if by == "pcn":
            record["pcn_code"] = codes.get(name)
        record |= {"gp_definition": definition}
        records.append(record | _whole_counts(row, table))
    return records


def _keys(practices: pd.DataFrame, by: str) -> pd.Series | None:
    if by == "area":
        return None
    if by == "practice":
        return practices.index.to_series()
    if by == "pcn":
        return practices["pcn"].mask(practices["pcn"].isna(), NO_PCN)
    return practices[by]


def _whole_counts(row: pd.Series, table: pd.DataFrame) -> dict[str, object]:
    """A row's figures, counts as whole numbers (a row of mixed types comes back as floats)."""
    whole = {*table.select_dtypes("integer").columns, *COUNTS_OF_GPS}
    return {
        str(column): int(value) if column in whole and pd.notna(value) else float(value)
        for column, value in row.drop("fte_gap").items()
    }
