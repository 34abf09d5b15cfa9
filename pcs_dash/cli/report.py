"""`python -m pcs_dash report`: a board paper as PowerPoint, PDF, one HTML file or a workbook."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pcs_dash.cli import output, plan_files
from pcs_dash.cli.view import switches
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.official.any_area import find_area, practices_for
from pcs_dash.tables.constants import IMD_EDITIONS
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.writing import write_whole
from pcs_dash.views.report_links import LOCAL_APP

if TYPE_CHECKING:
    from pcs_dash.hubs.plan import Plan
    from pcs_dash.tables.areas import Area

DEFAULT_AREA = "Essex"

DESCRIPTION = (
    "A story of views as PowerPoint, PDF or one HTML file, or its tables as an "
    "Excel workbook. The ending of --to says which."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The report command and its options."""
    parser.add_argument(
        "--area", default=DEFAULT_AREA, help=f"an area's name (default: {DEFAULT_AREA})"
    )
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FILE", help="FILE.pptx, .pdf, .html or .xlsx"
    )
    parser.add_argument(
        "--plan",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a hub plan to put beside today's PCNs: a table, a map file or an exported plan (see "
        "the command hubs); once for each, at most four with --suggest",
    )
    parser.add_argument(
        "--suggest",
        action="store_true",
        help="put a suggestion beside them: 30,000 to 50,000 patients a hub, shortest distances",
    )
    parser.add_argument(
        "--story", type=Path, metavar="FILE", help="a story's FILE.json (default: a ready-made one)"
    )
    parser.add_argument(
        "--template",
        type=Path,
        metavar="FILE",
        help="a .pptx or .potx whose layouts the slides follow",
    )
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS))
    parser.add_argument(
        "--weight", default="", help="how patients count: registered, carr_hill or primary_care"
    )
    parser.add_argument("--imd", choices=list(IMD_EDITIONS), help="IMD edition")
    parser.add_argument("--benchmark", help="england, mse, rule or patients per FTE GP (1800)")
    parser.add_argument(
        "--exclude-flagged", action="store_true", help="leave out practices with implausible FTE"
    )
    parser.add_argument(
        "--url",
        default=os.environ.get("PCS_DASH_URL", LOCAL_APP),
        help="where the app is, for the links in the report (default: PCS_DASH_URL, or this "
        "computer)",
    )
    plan_files.add_reading_options(parser)
    output.add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file, print what was written; exit status 0."""
    from pcs_dash.render.report_files import KINDS, check_writable, kind_of, make

    # What can be refused is refused before the work begins.
    kind = kind_of(args.to)
    check_writable(args.to)
    area = find_area(args.area)
    template = _read(args.template) if args.template else None
    plans = _plans(args, area)

    from pcs_dash.official.any_area import dataset_for
    from pcs_dash.views.content import build_deck, only_dataset
    from pcs_dash.views.story import Story, ready_made, with_options

    chosen = switches(args)
    if args.story:
        story = Story.from_json(_read(args.story), args.story.name)
        if chosen:
            raise UserError(
                "A story has its own definitions: leave out --gp-definition, --imd, --benchmark "
                "and --exclude-flagged, or leave out --story."
            )
        dataset = only_dataset(story, area, dataset_for)
    else:
        dataset = dataset_for(area)
        story = ready_made(area, switches=chosen, has_gps=dataset.has_gps)
        if plans:
            story = with_options(story, plans, area)
    plan_name, plan = next(iter(plans.items()), ("", None))
    deck = build_deck(
        dataset,
        story,
        area=area,
        plan=plan,
        plan_name=plan_name,
        base=args.url.rstrip("/"),
    )
    content = make(deck, kind, template=template)
    write_whole(args.to, content)
    output.write(
        [
            {
                "file": str(args.to),
                "kind": KINDS[kind],
                "area": deck.question.area.label,
                "story": deck.title,
                "views": len(story.views),
                "bytes": len(content),
            }
        ],
        args.format,
    )
    return 0


def _plans(args: argparse.Namespace, area: Area) -> dict[str, Plan]:
    """The plans in files by their names there, or the files' own, and the suggestion asked for;
    what was left out is in the name, so that the paper says it too. UserError for a file that puts
    no practice of the area in a hub.
    """
    from pcs_dash.views.question import free_name

    plans: dict[str, Plan] = {}
    if not args.plan and not args.suggest:
        return plans
    practices = practices_for(area)[0]
    for place, path in enumerate(args.plan):
        reading = plan_files.read(path, practices, area, args, place=place)
        if reading.nobody:
            raise UserError(f"{path}: {reading.nobody}")
        plans[free_name(reading.called, plans)] = reading.plan
    if args.suggest:
        name, plan = _suggestion(area)
        plans[free_name(name, plans)] = plan
    return plans


def _suggestion(area: Area) -> tuple[str, Plan]:
    from pcs_dash.hubs.suggested_plan import suggested_plan
    from pcs_dash.hubs.town_names import towns_of
    from pcs_dash.official.any_area import dataset_for

    dataset = dataset_for(area)
    practices = area.select(dataset.practices)
    return suggested_plan(practices, towns_of(practices, dataset.towns))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}.") from error
