"""`python -m pcs_dash metrics`: patients per FTE GP of an area and of its parts."""

from __future__ import annotations

import argparse

from pcs_dash.cli import output
from pcs_dash.measures.group_figures import GROUPS, group_figures
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS
from pcs_dash.official.any_area import find_any_area, practices_for

DESCRIPTION = f"{PER_GP.label} and the other capacity measures of an area."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The metrics command and its options."""
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    parser.add_argument(
        "--by", choices=GROUPS, default="area", help="one row for each (default: area)"
    )
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS), default=DEFAULT_DEFINITION)
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the table; exit status 0."""
    area = find_any_area(args.area)
    practices = area.select(practices_for(area)[0])
    found = group_figures(practices, area, by=args.by, definition=args.gp_definition)
    output.write(found, args.format)
    return 0
