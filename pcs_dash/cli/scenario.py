"""`python -m pcs_dash scenario`: what happens if nothing is done, and what if.

`run FILE.json` carries an area through a scenario, `close CODE` says who takes a practice's
patients, `homes N` what a number of homes brings and needs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pcs_dash.cli import output, plan_files
from pcs_dash.cli.hubs import add_area_and_definition
from pcs_dash.tables.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from pcs_dash.scenarios.changes import Close
    from pcs_dash.scenarios.today import Today
    from pcs_dash.tables.areas import Area


HOW_COUNTED = "how patients count: registered, carr_hill or primary_care"

DESCRIPTION = "Plans ahead: practices, patients and GPs year by year under dated changes."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The scenario command, its three questions and their options."""
    from pcs_dash.scenarios.grouping import KINDS
    from pcs_dash.scenarios.project import DRAWS

    asked = parser.add_subparsers(title="questions", metavar="QUESTION", required=True)
    ahead = asked.add_parser("run", help="an area under a scenario, year by year")
    ahead.add_argument("file", metavar="FILE.json", help="the scenario")
    add_area_and_definition(ahead)
    ahead.add_argument("--weight", default="", help=HOW_COUNTED)
    ahead.add_argument("--by", choices=KINDS, default="area", help="one row a year for each")
    ahead.add_argument("--plan", help="a plan's file, for --by hub and changes that name a hub")
    ahead.add_argument("--year", type=int, help="this year only (default: all)")
    ahead.add_argument("--draws", type=int, default=DRAWS, help=f"draws for the bands ({DRAWS:,})")
    plan_files.add_reading_options(ahead)
    close = asked.add_parser("close", help="who takes the patients of a practice that closes")
    close.add_argument("practice", metavar="CODE", help="the practice's code")
    add_area_and_definition(close)
    close.add_argument("--weight", default="", help=HOW_COUNTED)
    close.add_argument("--to", action="append", metavar="CODE", help="who takes them, if named")
    close.add_argument(
        "--staff-follow", type=float, default=0.0, help="share of its staff that goes with them"
    )
    close.add_argument(
        "--premises", default="", metavar="CODE",
        help="the practice that has its premises from then on (none: they are given up)",
    )  # fmt: skip
    homes = asked.add_parser("homes", help="residents, patients, GPs, square metres and cost")
    homes.add_argument("homes", type=float, metavar="N", help="how many homes")
    homes.add_argument("--district", help="where, to say who would register with which practice")
    homes.add_argument(
        "--room", type=float, default=0.0, metavar="N",
        help="patients that the practices of today have room for: the others need GPs",
    )  # fmt: skip
    for name, question, run_it in (("run", ahead, run), ("close", close, run_close)):
        output.add_format(question)
        question.set_defaults(run=run_it, question=name)
    homes.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an assumption typed over, such as residents_per_dwelling=1.54",
    )
    output.add_format(homes)
    homes.set_defaults(run=run_homes)


def run(args: argparse.Namespace) -> int:
    """Print one row a year and group, beside doing nothing; exit status 0."""
    from pcs_dash.measures.weighted_lists import find_weighting
    from pcs_dash.scenarios.changes import read_scenario
    from pcs_dash.scenarios.grouping import grouping
    from pcs_dash.scenarios.project import FIGURES, do_nothing, project

    if not 0 <= args.draws <= 100_000:
        raise UserError("--draws must be from 0 to 100,000.")
    scenario = read_scenario(_text(args.file))
    area, today = _setting(args.area, args.weight)
    hubs = _hubs(args, today, area)
    groups = grouping(area, args.by, hubs)
    more = {"definition": args.gp_definition, "draws": args.draws, "hubs": hubs}
    found = project(today, scenario, groups, **more)
    nothing = do_nothing(found, groups, **more).figures.set_index(["year", "group"])
    table = found.figures.set_index(["year", "group"])
    for name in (name + end for name in FIGURES for end in ("", "_low", "_high")):
        # A practice that opens is in no group of doing nothing.
        table[f"{name}_doing_nothing"] = nothing[name].reindex(table.index)
    table = table.reset_index()
    if args.by == "practice":
        held = {year: found.sites_of(year) for year in found.years}
        pairs = zip(table["year"], table["group"], strict=True)
        table["sites"] = [held[year].get(code, "") for year, code in pairs]
    if args.year is not None:
        if args.year not in found.years:
            raise UserError(f"The scenario goes from {found.years[0]} to {found.years[-1]}.")
        table = table[table["year"] == args.year]
    for note in found.notes:
        print(note, file=sys.stderr)
    table.insert(2, "gp_definition", args.gp_definition)
    table.insert(3, "patients_counted", find_weighting(args.weight).key)
    if args.format == "table":
        # A table for reading would write 2,035.
        table["year"] = table["year"].astype(str)
    output.write(output.records(table), args.format)
    return 0


def run_close(args: argparse.Namespace) -> int:
    """Print who takes the patients, before and after; exit status 0."""
    from pcs_dash.measures.weighted_lists import find_weighting
    from pcs_dash.scenarios.changes import Close
    from pcs_dash.scenarios.grouping import who_takes_them
    from pcs_dash.views.scenario_words import sentence

    area, today = _setting(args.area, args.weight)
    code = args.practice.strip().upper()
    if code not in area.select(today.practices).index:
        raise UserError(f"There is no practice {code[:20]} in {area.name}.")
    if not 0 <= args.staff_follow <= 1:
        raise UserError("--staff-follow is a share, from 0 to 1.")
    to = tuple(name.strip().upper() for name in args.to or ())
    close = Close(
        year=today.year + 1, practice=code, to=to, staff_follow=args.staff_follow,
        premises=args.premises.strip().upper(),
    )  # fmt: skip
    table = who_takes_them(today, close, args.gp_definition)
    names = {str(key): str(name) for key, name in today.practices["practice_name"].items()}
    print(sentence(close, names), file=sys.stderr)
    table = table.join(_minutes_to(area, close, table.index))
    table["patients_counted"] = find_weighting(args.weight).key
    output.write(output.records(table.reset_index()), args.format)
    return 0


def _minutes_to(area: Area, close: Close, takers: pd.Index) -> pd.DataFrame:
    """Mean minutes of the closing practice's patients to it and to each taker, by mode, of the same
    people as on the page; said on the way what they are.
    """
    import pandas as pd

    from pcs_dash.official.any_area import dataset_for
    from pcs_dash.tables.constants import MODES
    from pcs_dash.travel.closing import mean_minutes
    from pcs_dash.travel.minutes import between
    from pcs_dash.views.readers import STRAIGHT

    dataset = dataset_for(area)
    registered, stored = STRAIGHT.registered(dataset), STRAIGHT.minutes()
    found = pd.DataFrame(index=takers)
    for mode in MODES:
        try:
            minutes = between(dataset, mode, "", stored)
        except UserError:
            # No model has this mode, and none of its minutes are loaded.
            continue
        mean = mean_minutes(minutes, registered, close.practice, close.premises)
        print(f"{minutes.label}.", file=sys.stderr)
        found[f"minutes_{mode}_before"] = mean[close.practice]
        found[f"minutes_{mode}_after"] = mean.reindex(takers)
    nearest = " Minutes: of those for whom it is the nearest." if registered.modelled else ""
    print(f"{registered.label}.{nearest}", file=sys.stderr)
    return found


def run_homes(args: argparse.Namespace) -> int:
    """Print what the homes bring and need, with low and high; exit status 0."""
    from pcs_dash.scenarios.assumptions import published, with_typed
    from pcs_dash.scenarios.homes import USED, what_homes_need

    assumptions = with_typed(published(), _assumed(args.assume))
    needed = what_homes_need(args.homes, assumptions, room=args.room)
    found: dict[str, object] = {"homes": args.homes, **needed}
    if args.district:
        found = {"district": args.district, **found}
        shares = _registering(args.district)
        if args.format == "json":
            found["practices"] = [
                {"practice_code": code, "patients": share * float(str(found["patients"]))}
                for code, share in shares.items()
            ]
    if args.room:
        print(f"Room for {args.room:,g} patients today: typed in.", file=sys.stderr)
    for key in USED:
        one = assumptions[key]
        print(f"{one.label}: {one.low:g}, {one.central:g}, {one.high:g} {one.unit}. {one.source}",
              file=sys.stderr)  # fmt: skip
    output.write(found, args.format)
    return 0


def _text(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} can't be read: {error}.") from None


def _setting(area_name: str, weight: str = "") -> tuple[Area, Today]:
    from pcs_dash.measures.weighted_lists import find_weighting, weighted_dataset
    from pcs_dash.official.any_area import dataset_for, find_area
    from pcs_dash.scenarios.today import today_of
    from pcs_dash.views.readers import STRAIGHT, staff_of_networks

    area = find_area(area_name)
    dataset = weighted_dataset(dataset_for(area), find_weighting(weight))
    networks = staff_of_networks(STRAIGHT, dataset)
    return area, today_of(dataset, STRAIGHT.registered, networks)


def _hubs(args: argparse.Namespace, today: Today, area: Area) -> Mapping[str, str]:
    """Practice code -> hub of the plan's file, else, as on the page, its PCN (the code: two have
    one name).
    """
    if args.plan is None:
        if args.by == "hub":
            raise UserError("--by hub needs a plan: --plan FILE.")
        codes = today.practices["pcn_code"].dropna()
        return {str(code): str(pcn) for code, pcn in codes.items()}
    plan = plan_files.read(args.plan, today.practices, area, args).plan
    return {str(code): str(name) for code, name in plan.to_series().items()}


def _assumed(given: list[str]) -> dict[str, tuple[float, float, float]]:
    """NAME=VALUE or NAME=LOW,CENTRAL,HIGH as three figures each."""
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            numbers = [float(part) for part in value.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) not in (1, 3):
            raise UserError(f"'{text[:60]}' is no assumption: NAME=VALUE or NAME=LOW,CENTRAL,HIGH.")
        low, central, high = numbers * (3 if len(numbers) == 1 else 1)
        found[name] = (low, central, high)
    return found


def _registering(district: str) -> Mapping[str, float]:
    """The share of new residents of a district that registers with each practice."""
    from pcs_dash.scenarios.flows import shares_of_new_residents

    _, today = _setting(district)
    shares = shares_of_new_residents(today, district, {})
    print(today.registrations.label, file=sys.stderr)
    return {str(code): float(share) for code, share in shares.sort_values(ascending=False).items()}
