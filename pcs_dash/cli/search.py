"""`python -m pcs_dash search TEXT`: what the dashboard's search box finds."""

from __future__ import annotations

import argparse
import sys

import pandas as pd

from pcs_dash.cli import output

DESCRIPTION = (
    "Find by any part of a name or code; best first. `area` is the key of the area "
    "that a find lies in, for --area of this and other commands."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The search command and its options."""
    parser.add_argument("text", nargs="+", metavar="TEXT")
    parser.add_argument("--limit", type=int, default=10, help="default: 10")
    parser.add_argument(
        "--area",
        default="Essex",
        help="search what is around this area: Essex (the default, embedded), or any area of the "
        "official data loaded. Areas are found everywhere",
    )
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row a find; exit status 0, also where nothing was found. What the loaded lists know
    of a practice that is closed or elsewhere goes to stderr.
    """
    from pcs_dash.official.absent_practices import whereabouts
    from pcs_dash.official.any_area import dataset_for, find_area
    from pcs_dash.views.search import areas_of, build_index, directory_near, is_postcode

    text = " ".join(args.text)
    area = find_area(args.area)
    dataset = dataset_for(area)
    areas, others = areas_of(dataset, area)
    table = _postcodes() if is_postcode(text) else None
    directory = None if table is None else directory_near(table, dataset, areas)
    index = build_index(dataset, areas=areas, others=others, directory=directory)
    found = index.find(text, max(args.limit, 0))
    if not found:
        for known in whereabouts([text]).values():
            print(known.sentence, file=sys.stderr)
    output.write(
        [
            {
                "kind": hit.kind,
                "key": hit.key,
                "name": hit.name,
                "detail": hit.detail,
                "area": hit.key if hit.kind == "area" else hit.home,
                "latitude": hit.latitude,
                "longitude": hit.longitude,
                "note": hit.note,
            }
            for hit in found
        ],
        args.format,
    )
    return 0


def _postcodes() -> pd.DataFrame | None:
    """The postcode directory, or None where none is loaded."""
    from pcs_dash.official.store import Store

    store = Store()
    loaded = store.current()
    return store.read("postcodes") if loaded and loaded.latest("postcodes") else None
