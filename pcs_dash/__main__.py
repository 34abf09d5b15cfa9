"""The same answers without a browser: `python -m pcs_dash --help`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence

from pcs_dash import __version__, cli
from pcs_dash.tables.errors import UserError

EXIT_USER_ERROR = 2


def build_parser() -> argparse.ArgumentParser:
    """A parser with one command for each module of `pcs_dash.cli` that offers `add_parser`."""
    parser = argparse.ArgumentParser(
        prog="python -m pcs_dash",
        description="GP practices, deprivation and workforce: the dashboard's answers as commands.",
    )
    parser.add_argument("--version", action="version", version=f"pcs_dash {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module_name in sorted(info.name for info in pkgutil.iter_modules(cli.__path__)):
        module = importlib.import_module(f"pcs_dash.cli.{module_name}")
        if hasattr(module, "add_parser"):
            module.add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; a fault of the user's goes to stderr with exit status 2."""
    args = build_parser().parse_args(arguments)
    try:
        return int(args.run(args))
    except UserError as error:
        print(f"pcs_dash: {error}", file=sys.stderr)
        return EXIT_USER_ERROR
    except BrokenPipeError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
