"""`python -m pcs_dash specifications`: the gradient measured every reasonable way."""

from __future__ import annotations

import argparse

from pcs_dash.cli import output
from pcs_dash.official.any_area import find_any_area

DESCRIPTION = (
    "The gradient of patients per FTE GP towards deprivation, in per cent of the mean, "
    "under every GP definition, kind of list, IMD edition, level and weighting."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The specifications command and its options."""
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row a specification, lowest coefficient first; exit status 0."""
    # Imported here: scipy takes half a second that the other commands need not wait for.
    from pcs_dash.measures.specification import UNIT, other_lists, specification_curve
    from pcs_dash.official.any_area import practices_for

    area = find_any_area(args.area)
    practices, _ = practices_for(area)
    curve = specification_curve(area.select(practices), lists=other_lists(practices))
    records = []
    for place, row in enumerate(curve.to_dict("records"), start=1):
        named = {str(column): value for column, value in row.items()}
        records.append({"specification": place, "area": area.name, **named, "unit": UNIT})
    output.write(records, args.format)
    return 0
