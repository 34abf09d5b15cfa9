"""`python -m pcs_dash plans list|export|import`: the plan library without a browser."""

from __future__ import annotations

import argparse
from pathlib import Path

from pcs_dash.cli import output, plan_files
from pcs_dash.cli.library_actions import add_actions, library_of, print_entries, read_file
from pcs_dash.tables.errors import UserError

DESCRIPTION = (
    "The library of saved plans. PCS_DASH_DATABASE_URL or PCS_DASH_DATABASE says where it is."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The plans command with its three actions."""
    endings = "FILE.json holds everything; FILE.csv practice_code and hub"
    importing = add_actions(parser, "plan", "plans", out="FILE", out_help=endings)
    importing.add_argument(
        "file", type=Path, metavar="FILE", help="an exported plan, a table or a map file"
    )
    importing.add_argument(
        "--area", help="the area whose practices it is about (default: all that are known)"
    )
    importing.add_argument("--name", help="default: the name in the file, or the file's own")
    importing.add_argument("--author", help="default: the author in the file")
    importing.add_argument("--note", help="default: the note in the file")
    plan_files.add_reading_options(importing)
    output.add_format(importing)
    importing.set_defaults(run=run_import)


def run_import(args: argparse.Namespace) -> int:
    """Save the plan, print its row; exit status 0."""
    from pcs_dash.official.any_area import every_practice, find_area, practices_for
    from pcs_dash.store.library_files import from_file

    area = find_area(args.area) if args.area else None
    practices = every_practice() if area is None else practices_for(area)[0]
    if args.file.suffix.lower() == ".json":
        # With author, note and rules, which are beside the plan.
        content = from_file(read_file(args.file), args.file.name)
        plan_files.read(args.file, practices, area, args)
    else:
        reading = plan_files.read(args.file, practices, area, args)
        if reading.nobody:
            raise UserError(f"{args.file}: {reading.nobody} Nothing was saved.")
        content = {"document": reading.plan.to_dict()}
    given = {key: getattr(args, key) for key in ("name", "author", "note")}
    arguments = content | {key: text for key, text in given.items() if text is not None}
    arguments["name"] = arguments.get("name") or args.file.stem
    with library_of("plan") as library:
        saved = library.create(**arguments)
    print_entries([saved], args.format)
    return 0
