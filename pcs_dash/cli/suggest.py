"""`python -m pcs_dash suggest`: group an area's practices into hubs, and say how good that is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from pcs_dash.cli import output
from pcs_dash.hubs.contiguity import neighbours
from pcs_dash.hubs.suggest import OBJECTIVES, TIME_LIMIT, SuggestRequest, suggest
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS
from pcs_dash.official.any_area import find_area, practices_for
from pcs_dash.tables.areas import Area
from pcs_dash.tables.constants import BAND, MODES
from pcs_dash.tables.writing import write_whole

DESCRIPTION = (
    "Suggest hubs of an area's practices. Exit status 0 with a plan, 3 when no plan keeps "
    "the rules, 4 when none was found in time, 2 for a mistake in what was asked."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The suggest command and its options."""
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    parser.add_argument("--min", type=float, default=BAND[0], help="least patients of a hub")
    parser.add_argument("--max", type=float, default=BAND[1], help="most patients of a hub")
    parser.add_argument("--hubs", type=int, help="how many hubs (default: what serves best)")
    parser.add_argument(
        "--objective", choices=list(OBJECTIVES), default="distance", help="default: distance"
    )
    parser.add_argument(
        "--by", choices=("km", *MODES), default="km",
        help="what short distances count: straight lines (km), or patients' minutes by a mode",
    )  # fmt: skip
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS), default=DEFAULT_DEFINITION)
    parser.add_argument(
        "--contiguous", action="store_true", help="every hub must hang together on the map"
    )
    parser.add_argument(
        "--keep-pcns", action="store_true", help="keep every Primary Care Network whole"
    )
    parser.add_argument(
        "--alone",
        action="append",
        default=[],
        metavar="CODE",
        help="a practice that is a hub by itself, whatever its size; once for each",
    )
    parser.add_argument(
        "--time-limit", type=float, default=TIME_LIMIT, help="seconds (default: %(default)g)"
    )
    parser.add_argument("--out", type=Path, help="write the plan to this CSV file as well")
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the suggestion; exit status 0, or 3 (infeasible), or 4 (none found in time)."""
    area = find_area(args.area)
    practices = area.select(practices_for(area)[0])
    ways = {} if args.by == "km" else _ways(area, args.by)
    request = SuggestRequest(
        min_patients=args.min,
        max_patients=args.max,
        hubs=args.hubs,
        objective=args.objective,
        gp_definition=args.gp_definition,
        alone=[code.upper() for code in args.alone],
        keep_whole=networks(practices) if args.keep_pcns else {},
        neighbours=neighbours(practices) if args.contiguous else None,
        **ways,
    )
    answer = suggest(practices, request, time_limit=args.time_limit)
    if args.out is not None and answer.hubs:
        write_whole(args.out, output.hubs_csv(answer.assignment.items()))
    if args.format == "json":
        output.write({"area": area.name, **answer.to_dict()}, "json")
    else:
        rows = [
            {
                "hub": hub.hub,
                "practices": len(hub.practices),
                "patients": hub.patients,
                "centre": hub.centre,
                "mean_distance_km": hub.mean_distance_km,
                "patients_per_fte_gp": hub.patients_per_fte_gp,
                "imd_score": hub.imd_score,
                "practice_codes": " ".join(hub.practices),
            }
            for hub in answer.hubs
        ]
        output.write(rows, args.format)
        if args.format == "table":
            print(f"\n{answer.status}: {answer.message}")
            if answer.value_words:
                print(f"objective: {answer.value_words}")
    return output.exit_status(answer.status)


def _ways(area: Area, mode: str) -> dict[str, Any]:
    """Minutes in which a suggestion counts distances; said on the way what they are."""
    from pcs_dash.official.any_area import dataset_for
    from pcs_dash.travel.hub_minutes import journeys_of
    from pcs_dash.views.readers import STRAIGHT

    dataset = dataset_for(area)
    journeys = journeys_of(dataset, STRAIGHT.registered(dataset), STRAIGHT.minutes())
    print(f"{journeys.label}.", file=sys.stderr)
    return journeys.asked(mode)


def networks(practices: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """The practices of each network by its label, one a code (`tables.labels`)."""
    members: dict[str, tuple[str, ...]] = {}
    for code, name in practices["pcn"].dropna().items():
        members[str(name)] = (*members.get(str(name), ()), str(code))
    return members
