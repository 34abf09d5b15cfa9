"""`python -m pcs_dash compare A.csv B.csv`: two hub plans held against each other."""

from __future__ import annotations

import argparse
from pathlib import Path

from pcs_dash.cli import output, plan_files
from pcs_dash.cli.hubs import add_area_and_definition
from pcs_dash.hubs.compare import Comparison, compare_plans, paper_table
from pcs_dash.hubs.plan import Plan, plan_from_column
from pcs_dash.views.judging import Setting, find_setting

TODAY = ("pcn", "district", "place")

DESCRIPTION = (
    "Two hub plans held against each other. Either may be a file (see the command "
    "hubs) or one of the words pcn, district and place for today's groupings."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The compare command and its options."""
    parser.add_argument("first", metavar="A.csv", help="the first plan: a file, or pcn")
    parser.add_argument("second", metavar="B.csv", help="the second plan: a file, or pcn")
    add_area_and_definition(parser)
    plan_files.add_reading_options(parser)
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the comparison; exit status 0."""
    setting = find_setting(args.area, args.gp_definition)
    comparison = compare_plans(
        _plan(args.first, setting, args, 0),
        _plan(args.second, setting, args, 1),
        setting.practices,
        names=(_name(args.first), _name(args.second)),
        definition=args.gp_definition,
        benchmark=setting.benchmark,
        rules=setting.rules,
        neighbours=setting.neighbours,
        journeys=setting.journeys,
    )
    if args.format == "json":
        output.write(as_mapping(comparison, setting, definition=args.gp_definition), "json")
        return 0
    table = paper_table(comparison)
    if args.format == "table":
        table = table.drop(columns="definition")
    output.write(output.records(table), args.format)
    if args.format == "table":
        print()
        output.write(output.records(comparison.moved.reset_index()), "table")
    return 0


def as_mapping(comparison: Comparison, setting: Setting, *, definition: str) -> dict[str, object]:
    """The comparison as one JSON-able object."""
    return {
        "area": setting.area.name,
        "gp_definition": definition,
        "a": comparison.name_a,
        "b": comparison.name_b,
        "practices": comparison.practices,
        "patients": comparison.patients,
        "practices_moved": comparison.practices_moved,
        "patients_moved": comparison.patients_moved,
        "share_of_patients_moved": comparison.share_of_patients_moved,
        "share_kept_together": comparison.share_kept_together,
        "share_together_before": comparison.share_together_before,
        "measures": output.records(comparison.measures.reset_index()),
        "hubs": output.records(comparison.matching),
        "moved": output.records(comparison.moved.reset_index()),
    }


def _plan(given: str, setting: Setting, args: argparse.Namespace, place: int) -> Plan:
    if given.lower() in TODAY and not Path(given).exists():
        return plan_from_column(setting.everywhere, given.lower())
    return plan_files.read(given, setting.everywhere, setting.area, args, place=place).plan


def _name(given: str) -> str:
    return given if given.lower() in TODAY else Path(given).name
