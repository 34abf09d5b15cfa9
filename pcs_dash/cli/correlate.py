"""`python -m pcs_dash correlate`: one correlation between two measures of practices."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pcs_dash.cli import output
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS
from pcs_dash.official.any_area import find_any_area
from pcs_dash.tables.constants import IMD_EDITIONS
from pcs_dash.tables.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = "Correlation of two measures over an area's practices, with its interval."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The correlate command and its options."""
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    parser.add_argument(
        "--x", help="default: imd_score, or the first measure of deprivation there is"
    )
    parser.add_argument(
        "--imd", choices=IMD_EDITIONS, help="IMD edition of the deprivation (default: 2025)"
    )
    parser.add_argument("--y", default="patients_per_fte_gp", help="default: patients_per_fte_gp")
    parser.add_argument(
        "--method",
        choices=("spearman", "kendall", "pearson"),
        default="spearman",
        help="default: spearman, whose interval holds however long the tails of the figures",
    )
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS), default=DEFAULT_DEFINITION)
    parser.add_argument(
        "--weighted", action="store_true", help="weigh practices by their list size"
    )
    parser.add_argument(
        "--exclude-flagged",
        action="store_true",
        help="leave out practices whose figure is implausible",
    )
    output.add_format(parser)


def _measure_across(practices: pd.DataFrame, asked: str, edition: str) -> str:
    """The measure asked for, or the one of deprivation; UserError where that is of another edition
    than the one asked for.
    """
    from pcs_dash.measures.practice_measures import deprivation_measure, measured_edition

    x = asked or deprivation_measure(practices, edition)
    if edition and measured_edition(x) != edition:
        raise UserError(
            f"--x {x} is no measure of IMD {edition}. Leave out --x or --imd, or choose --x "
            f"{deprivation_measure(practices, edition)}."
        )
    return x


def run(args: argparse.Namespace) -> int:
    """Print the correlation; exit status 0."""
    # Imported here: scipy takes half a second that the other commands need not wait for.
    from pcs_dash.measures.correlation import correlate_practices
    from pcs_dash.measures.practice_measures import without_flagged
    from pcs_dash.measures.words import correlation_words
    from pcs_dash.official.any_area import practices_for
    from pcs_dash.official.own_columns import with_own_columns

    area = find_any_area(args.area)
    everywhere, period = practices_for(area)
    everywhere = with_own_columns(everywhere)
    practices = area.select(everywhere)
    x = _measure_across(everywhere, args.x or "", args.imd or "")
    kept = without_flagged(practices, [x, args.y]) if args.exclude_flagged else practices
    result = correlate_practices(
        kept,
        x,
        args.y,
        definition=args.gp_definition,
        method=args.method,
        weighted=args.weighted,
    )
    words = correlation_words(
        result,
        place=area.name,
        x=x,
        y=args.y,
        definition=args.gp_definition,
        date=period,
    )
    output.write(
        {
            "area": area.name,
            "x": x,
            "y": args.y,
            "n": result.n,
            "coefficient": result.coefficient,
            "ci_low": result.ci_low,
            "ci_high": result.ci_high,
            "p_value": result.p_value,
            "method": result.method,
            "gp_definition": args.gp_definition,
            "weighted": result.weighted,
            "confidence": result.confidence,
            "interval_method": result.interval_method,
            "n_missing": result.n_missing,
            "n_flagged_left_out": len(practices) - len(kept),
            "period": period,
            "reason": result.reason,
            "sentence": words.text,
        },
        args.format,
    )
    return 0
