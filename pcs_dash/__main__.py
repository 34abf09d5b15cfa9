"""The same answers without a browser: `python -m pcs_dash --help`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from pcs_dash import __version__
from pcs_dash.cli import COMMANDS
from pcs_dash.tables.errors import UserError

EXIT_USER_ERROR = 2


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """A parser with every command; only the one called is imported and has its options."""
    parser = argparse.ArgumentParser(
        prog="python -m pcs_dash",
        description="GP practices, deprivation and workforce: the dashboard's answers as commands.",
    )
    parser.add_argument("--version", action="version", version=f"pcs_dash {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, purpose in COMMANDS.items():
        if name != command:
            subparsers.add_parser(name, help=purpose)
            continue
        module = importlib.import_module(f"pcs_dash.cli.{name}")
        own = subparsers.add_parser(name, help=purpose, description=module.DESCRIPTION)
        own.set_defaults(run=getattr(module, "run", None))
        module.add_options(own)
    return parser


def main(arguments: Sequence[str] | None = None, *, asides: bool = True) -> int:
    """Run a command; a fault of the user's goes to stderr with exit status 2. `asides`: also where
    on the server it is (`UserError`), which is for who runs it and not for who sent a file.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    args = build_parser(next((word for word in given if word in COMMANDS), "")).parse_args(given)
    try:
        return int(args.run(args))
    except UserError as error:
        print(f"pcs_dash: {error} {error.aside if asides else ''}".rstrip(), file=sys.stderr)
        return EXIT_USER_ERROR
    except BrokenPipeError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
