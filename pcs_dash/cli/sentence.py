"""`python -m pcs_dash sentence`: the finding in plain English."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pcs_dash.cli import output
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS
from pcs_dash.official.any_area import find_any_area
from pcs_dash.tables.areas import Area

if TYPE_CHECKING:
    from pcs_dash.measures.words import Words
    from pcs_dash.tables.dataset import Dataset

DESCRIPTION = "What the figures of an area allow to be said, and no more."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The sentence command and its options."""
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS), default=DEFAULT_DEFINITION)
    parser.add_argument("--format", choices=("text", *output.FORMATS), default="text")


def run(args: argparse.Namespace) -> int:
    """Print the paragraphs, or one row for each; exit status 0."""
    # Imported here: scipy takes half a second that the other commands need not wait for.
    from pcs_dash.measures.words import join
    from pcs_dash.official.any_area import dataset_for

    area = find_any_area(args.area)
    dataset = dataset_for(area)
    found = findings(dataset, area, args.gp_definition)
    if args.format == "text":
        print(join(list(found.values())))
    else:
        rows = [
            {"area": area.name, "gp_definition": args.gp_definition, "topic": topic}
            | {"sentence": words.text, "finding": words.finding}
            for topic, words in found.items()
        ]
        output.write(rows, args.format)
    return 0


def findings(dataset: Dataset, area: Area, definition: str) -> dict[str, Words]:
    """The area against a benchmark, its correlation, its gradient and its fifths, by topic."""
    from pcs_dash.measures.correlation import correlate_practices
    from pcs_dash.measures.inequality import area_inequality, area_ratio, quintile_table
    from pcs_dash.measures.practice_measures import deprivation_measure
    from pcs_dash.measures.words import (
        benchmark_words,
        correlation_words,
        gap_words,
        inequality_words,
    )
    from pcs_dash.measures.workforce import benchmarks

    local, date = area.select(dataset.practices), dataset.workforce_period
    known = benchmarks(
        dataset.published, dataset.practices, definition=definition, practices_period=date
    )
    benchmark = next(iter(known.values()))
    x = deprivation_measure(dataset.practices)
    inside = benchmark.shared_with(area.name, local.index) == "inside"
    ratio = area_ratio(
        local,
        definition=definition,
        benchmark=benchmark.value,
        whole=dataset.practices.loc[list(benchmark.codes)] if inside else None,
    )
    return {
        "benchmark": benchmark_words(
            ratio.value,
            benchmark,
            place=area.name,
            definition=definition,
            date=date,
            codes=local.index,
            ratio=ratio,
        ),
        "correlation": correlation_words(
            correlate_practices(local, x, "patients_per_fte_gp", definition=definition),
            place=area.name,
            x=x,
            definition=definition,
            date=date,
        ),
        "gradient": inequality_words(
            area_inequality(local, definition=definition), place=area.name, date=date
        ),
        "quintiles": gap_words(
            quintile_table(local, definition=definition).gaps["patients_per_fte_gp"],
            place=area.name,
            definition=definition,
            date=date,
        ),
    }
