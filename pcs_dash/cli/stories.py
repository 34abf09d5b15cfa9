"""`python -m pcs_dash stories list|export|import`: the story library without a browser."""

from __future__ import annotations

import argparse
from pathlib import Path

from pcs_dash.cli import output
from pcs_dash.cli.plans import print_entries, read_file
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.writing import write_whole

# The database is imported where it is used: every command's start pays for this module.


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """The stories command with its three actions."""
    parser = subparsers.add_parser(
        "stories",
        help="list, export and import saved stories",
        description="The library of saved stories. PCS_DASH_DATABASE_URL or PCS_DASH_DATABASE "
        "says where it is.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="the saved stories, last saved first")
    listing.add_argument("--search", default="", help="words in name, author or note")
    listing.add_argument("--deleted", action="store_true", help="the deleted stories instead")
    output.add_format(listing)
    listing.set_defaults(run=run_list)

    export = actions.add_parser("export", help="write a story to a file")
    export.add_argument("story", metavar="ID|NAME")
    export.add_argument("--version", type=int, help="default: the latest")
    export.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    output.add_format(export)
    export.set_defaults(run=run_export)

    importing = actions.add_parser("import", help="save the story in a file as a new story")
    importing.add_argument("file", type=Path, metavar="FILE.json")
    importing.add_argument("--name", help="default: the name in the file")
    importing.add_argument("--author", default="", help="as others shall see it")
    importing.add_argument("--note", default="")
    output.add_format(importing)
    importing.set_defaults(run=run_import)


def run_list(args: argparse.Namespace) -> int:
    """Print one row a story; exit status 0."""
    from pcs_dash.store.database import open_database
    from pcs_dash.store.story_library import StoryLibrary

    with open_database() as database:
        entries = StoryLibrary(database).entries(args.search, deleted=args.deleted)
    print_entries(entries, args.format)
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Write the file, print what was written; exit status 0."""
    from pcs_dash.store.database import open_database
    from pcs_dash.store.library_files import to_file
    from pcs_dash.store.story_library import StoryLibrary

    if args.out.suffix.lower() != ".json":
        raise UserError(f"'{args.out}' does not end in .json. A story's file is JSON.")
    with open_database() as database:
        library = StoryLibrary(database)
        saved = library.open(library.find(args.story).id, args.version)
    write_whole(args.out, to_file(saved, kind="story"))
    print_entries([saved], args.format, file=str(args.out))
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Save the story, print its row; exit status 0. A file that holds none changes nothing."""
    from pcs_dash.store.database import open_database
    from pcs_dash.store.story_library import StoryLibrary
    from pcs_dash.views.story import Story

    story = Story.from_json(read_file(args.file), args.file.name)
    if args.name:
        story = story.rename(args.name)
    with open_database() as database:
        saved = StoryLibrary(database).create(
            story.to_dict(), name=story.name, note=args.note, author=args.author
        )
    print_entries([saved], args.format)
    return 0
