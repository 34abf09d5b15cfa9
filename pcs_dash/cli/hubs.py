"""`python -m pcs_dash hubs PLAN.csv`: what a hub plan means, one row a hub."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from pcs_dash.cli import output, plan_files
from pcs_dash.hubs.contiguity import Neighbours, neighbours
from pcs_dash.hubs.journeys import Journeys
from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import Rule, default_rules
from pcs_dash.hubs.summary import summarise_hubs
from pcs_dash.measures.sums import whole_counts
from pcs_dash.measures.workforce import (
    DEFAULT_DEFINITION,
    GP_DEFINITIONS,
    Benchmark,
    england_benchmark,
)
from pcs_dash.official.any_area import dataset_for, find_area
from pcs_dash.tables.areas import Area
from pcs_dash.travel.hub_minutes import journeys_of
from pcs_dash.views.readers import STRAIGHT


@dataclass(frozen=True)
class Setting:
    """What a plan is judged within: practices, their neighbours, rules, benchmark, journeys."""

    area: Area
    practices: pd.DataFrame
    everywhere: pd.DataFrame
    neighbours: Neighbours
    rules: tuple[Rule, ...]
    benchmark: Benchmark | None
    journeys: Journeys


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """The hubs command and its options."""
    parser = subparsers.add_parser(
        "hubs",
        help="what a hub plan means: patients, GPs, deprivation and rules by hub",
        description="What a hub plan means, one row a hub and one for Unassigned. PLAN is a table "
        "(CSV, Excel, OpenDocument) with a column of practice codes or names and one of hubs, a "
        "map file (GeoJSON, GeoPackage, zipped shapefile, KML) or an exported plan (JSON).",
    )
    parser.add_argument("plan", metavar="PLAN.csv", help="the plan's file")
    add_area_and_definition(parser)
    plan_files.add_reading_options(parser)
    output.add_format(parser)
    parser.set_defaults(run=run)


def add_area_and_definition(parser: argparse.ArgumentParser) -> None:
    """The options that set what a plan is judged within."""
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS), default=DEFAULT_DEFINITION)


def run(args: argparse.Namespace) -> int:
    """Print the table; exit status 0."""
    setting = find_setting(args.area, args.gp_definition)
    plan = plan_files.read(args.plan, setting.everywhere, setting.area, args).plan
    output.write(rows(plan, setting, definition=args.gp_definition), args.format)
    return 0


def find_setting(area_name: str, definition: str) -> Setting:
    """What a plan is judged within; UserError if there is no such area.

    England's benchmark counts fully qualified GPs and is left out under the other definitions.
    """
    area = find_area(area_name)
    dataset = dataset_for(area)
    everywhere, published = dataset.practices, dataset.published
    practices = area.select(everywhere)
    return Setting(
        area=area,
        practices=practices,
        everywhere=everywhere,
        neighbours=neighbours(practices, outline_of(area, dataset.outlines)),
        rules=default_rules(published),
        benchmark=england_benchmark(published) if definition == "fully_qualified" else None,
        journeys=journeys_of(dataset, STRAIGHT.registered(dataset), STRAIGHT.minutes()),
    )


def outline_of(area: Area, outlines: gpd.GeoDataFrame) -> shapely.Geometry | None:
    """The area's outline (EPSG:27700); None for a district whose land is not in the data."""
    found = outlines[(outlines["kind"] == area.kind) & (outlines["name"] == area.name)]
    return found.geometry.iloc[0] if len(found) else None


def rows(plan: Plan, setting: Setting, *, definition: str) -> list[dict[str, object]]:
    """One mapping a hub and one for Unassigned, which is always there; counts add up to the area.

    Hubs all of whose practices lie outside the area make no row; hubs without any practice do.
    """
    table = summarise_hubs(
        plan,
        setting.practices,
        definition=definition,
        benchmark=setting.benchmark,
        rules=setting.rules,
        neighbours=setting.neighbours,
        journeys=setting.journeys,
    )
    elsewhere = (table["practices"] == 0) & (table["practices_outside_area"] > 0)
    elsewhere.iloc[-1] = False
    table = whole_counts(table)[~elsewhere].drop(columns=["hub_id", "colour", "locked"])
    table.insert(0, "gp_definition", definition)
    return table.astype(object).reset_index().to_dict("records")  # type: ignore[return-value]
