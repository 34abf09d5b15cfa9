"""`python -m pcs_dash inequality`: slope and relative index of inequality of an area."""

from __future__ import annotations

import argparse

from pcs_dash.cli import output
from pcs_dash.measures.deprivation import DEFAULT_EDITION
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS
from pcs_dash.official.any_area import find_any_area
from pcs_dash.tables.constants import IMD_EDITIONS

DESCRIPTION = (
    "Slope and Relative Index of Inequality by deprivation. Below zero: the figure is "
    "higher where people are more deprived."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The inequality command and its options."""
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    parser.add_argument(
        "--level", choices=("practice", "quintile"), default="quintile", help="default: quintile"
    )
    parser.add_argument(
        "--measure",
        choices=("patients_per_fte_gp", "fte_gp_per_10000"),
        default="patients_per_fte_gp",
        help="default: patients_per_fte_gp",
    )
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS), default=DEFAULT_DEFINITION)
    parser.add_argument(
        "--imd-edition", choices=IMD_EDITIONS, default=DEFAULT_EDITION, help="of the quintiles"
    )
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the indices; exit status 0."""
    # Imported here: scipy takes half a second that the other commands need not wait for.
    from pcs_dash.measures.inequality import area_inequality
    from pcs_dash.measures.words import inequality_words
    from pcs_dash.official.any_area import practices_for

    area = find_any_area(args.area)
    practices, period = practices_for(area)
    result = area_inequality(
        area.select(practices),
        level=args.level,
        measure=args.measure,
        definition=args.gp_definition,
        edition=args.imd_edition,
    )
    index = result.index
    output.write(
        {
            "area": area.name,
            "level": result.level,
            "measure": result.measure,
            "gp_definition": result.definition,
            "sii": index.sii,
            "sii_low": index.sii_low,
            "sii_high": index.sii_high,
            "rii": index.rii,
            "rii_low": index.rii_low,
            "rii_high": index.rii_high,
            "intercept": index.intercept,
            "n": result.n_practices,
            "n_missing": result.n_missing,
            "n_groups": result.n_groups,
            "imd_edition": result.edition,
            "confidence": index.confidence,
            "interval_method": index.interval_method,
            "period": period,
            "reason": result.reason,
            "sentence": inequality_words(result, place=area.name, date=period).text,
        },
        args.format,
    )
    return 0
