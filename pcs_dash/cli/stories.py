"""`python -m pcs_dash stories list|export|import`: the story library without a browser."""

from __future__ import annotations

import argparse
from pathlib import Path

from pcs_dash.cli import output
from pcs_dash.cli.library_actions import add_actions, library_of, print_entries, read_file

DESCRIPTION = (
    "The library of saved stories. PCS_DASH_DATABASE_URL or PCS_DASH_DATABASE says where it is."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The stories command with its three actions."""
    importing = add_actions(parser, "story", "stories", out="FILE.json")
    importing.add_argument("file", type=Path, metavar="FILE.json")
    importing.add_argument("--name", help="default: the name in the file")
    importing.add_argument("--author", default="", help="as others shall see it")
    importing.add_argument("--note", default="")
    output.add_format(importing)
    importing.set_defaults(run=run_import)


def run_import(args: argparse.Namespace) -> int:
    """Save the story, print its row; exit status 0. A file that holds none changes nothing."""
    from pcs_dash.views.story import Story

    story = Story.from_json(read_file(args.file), args.file.name)
    if args.name:
        story = story.rename(args.name)
    with library_of("story") as library:
        saved = library.create(story.to_dict(), name=story.name, note=args.note, author=args.author)
    print_entries([saved], args.format)
    return 0
