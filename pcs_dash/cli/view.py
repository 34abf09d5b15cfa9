"""`python -m pcs_dash view`: any view of the app as words, or as data for another program."""

from __future__ import annotations

import argparse
import json
import sys

from pcs_dash.tables.errors import UserError

DESCRIPTION = "What a view of the app says of an area: message, figures, tables, charts."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The view command and its options."""
    parser.add_argument("key", metavar="KEY", nargs="?", help="which view; without one: their list")
    parser.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
    parser.add_argument("--gp-definition", default="", help="which GPs count")
    parser.add_argument(
        "--weight", default="", help="how patients count: registered, carr_hill or primary_care"
    )
    parser.add_argument("--imd", default="", help="IMD edition: 2025 or 2019")
    parser.add_argument("--benchmark", default="", help="what the area is held against")
    parser.add_argument(
        "--exclude", dest="exclude_flagged", action="store_true", help="leave out implausible FTE"
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what the view itself is asked, as in an address; may be given several times",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Print the answer, or the list of views; exit status 0."""
    # Imported here: the views bring all of the measures with them.
    from pcs_dash.official.any_area import dataset_for, find_area
    from pcs_dash.views.as_data import answer_as_data
    from pcs_dash.views.question import ask
    from pcs_dash.views.registry import VIEWS, find_view

    if args.key is None:
        for known in VIEWS.values():
            print(f"{known.key:14}{known.title}. {known.about}")
        return 0
    view, area = find_view(args.key), find_area(args.area)
    dataset = dataset_for(area)
    question = ask(
        dataset,
        area,
        switches(args),
        options=_options(args.option, [option.key for option in view.options]),
    )
    view.check(question)
    answer = view.answer(question)
    if args.format == "json":
        found = answer_as_data(view, question, answer)
        json.dump(found, sys.stdout, indent=2, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
        return 0
    print(answer.message.text)
    for figure in answer.figures:
        print(f"{figure.label}: {figure.value}{f' ({figure.note})' if figure.note else ''}")
    return 0


def switches(args: argparse.Namespace) -> dict[str, str]:
    """The switches that were given, by their names in an address; a benchmark may be a number."""
    benchmark, own = args.benchmark, ""
    if benchmark and benchmark.replace(",", "").replace(".", "", 1).isdigit():
        benchmark, own = "own", benchmark
    given = {
        "gp": args.gp_definition,
        "weight": args.weight,
        "imd": args.imd,
        "benchmark": benchmark,
        "own": own,
        "exclude": "true" if args.exclude_flagged else "",
    }
    return {name: value for name, value in given.items() if value}


def _options(given: list[str], known: list[str]) -> dict[str, str]:
    """NAME=VALUE as a mapping; UserError for a name that the view does not know."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            there = f"Choose of: {', '.join(known)}." if known else "This view has none."
            raise UserError(f"'{text[:60]}' is no option of this view (NAME=VALUE). {there}")
        found[name] = value
    return found
