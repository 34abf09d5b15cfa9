"""`python -m pcs_dash metrics`: patients per FTE GP of an area and of its parts."""

from __future__ import annotations

import argparse

import pandas as pd

from pcs_dash.cli import output
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.sums import COUNTS_OF_GPS
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS, summarise
from pcs_dash.official.any_area import find_any_area, practices_for
from pcs_dash.tables.areas import Area, places

GROUPS = ("area", "place", "district", "pcn", "practice")
NO_PCN = "No PCN"


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """The metrics command and its options."""
    parser = subparsers.add_parser(
        "metrics",
        help="patients per FTE GP and the other capacity measures",
        description=f"{PER_GP.label} and the other capacity measures of an area.",
    )
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    parser.add_argument(
        "--by", choices=GROUPS, default="area", help="one row for each (default: area)"
    )
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS), default=DEFAULT_DEFINITION)
    output.add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the table; exit status 0."""
    area = find_any_area(args.area)
    practices = area.select(practices_for(area)[0])
    output.write(rows(practices, area, by=args.by, definition=args.gp_definition), args.format)
    return 0


def rows(
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
