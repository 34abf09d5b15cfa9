"""`python -m pcs_dash hubs PLAN.csv`: what a hub plan means, one row a hub."""

from __future__ import annotations

import argparse

from pcs_dash.cli import output, plan_files
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS
from pcs_dash.views.judging import find_setting, hub_figures

DESCRIPTION = (
    "What a hub plan means, one row a hub and one for Unassigned. PLAN is a table "
    "(CSV, Excel, OpenDocument) with a column of practice codes or names and one of hubs, a "
    "map file (GeoJSON, GeoPackage, zipped shapefile, KML) or an exported plan (JSON)."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The hubs command and its options."""
    parser.add_argument("plan", metavar="PLAN.csv", help="the plan's file")
    add_area_and_definition(parser)
    plan_files.add_reading_options(parser)
    output.add_format(parser)


def add_area_and_definition(parser: argparse.ArgumentParser) -> None:
    """The options that set what a plan is judged within."""
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS), default=DEFAULT_DEFINITION)


def run(args: argparse.Namespace) -> int:
    """Print the table; exit status 0."""
    setting = find_setting(args.area, args.gp_definition)
    plan = plan_files.read(args.plan, setting.everywhere, setting.area, args).plan
    output.write(hub_figures(plan, setting, definition=args.gp_definition), args.format)
    return 0
