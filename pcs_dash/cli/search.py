"""`python -m pcs_dash search TEXT`: what the dashboard's search box finds."""

from __future__ import annotations

import argparse

from pcs_dash.cli import output


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """The search command and its options."""
    parser = subparsers.add_parser(
        "search",
        help="find a practice, PCN, area, town, postcode or LSOA",
        description="Find by any part of a name or code; best first.",
    )
    parser.add_argument("text", nargs="+", metavar="TEXT")
    parser.add_argument("--limit", type=int, default=10, help="default: 10")
    output.add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one row a find; exit status 0, also where nothing was found."""
    from pcs_dash.tables.dataset import build_dataset
    from pcs_dash.views.search import build_index

    hits = build_index(build_dataset()).find(" ".join(args.text), max(args.limit, 0))
    output.write(
        [
            {
                "kind": hit.kind,
                "key": hit.key,
                "name": hit.name,
                "detail": hit.detail,
                "latitude": hit.latitude,
                "longitude": hit.longitude,
                "note": hit.note,
            }
            for hit in hits
        ],
        args.format,
    )
    return 0
