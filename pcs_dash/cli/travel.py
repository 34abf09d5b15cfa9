"""`python -m pcs_dash travel`: minutes to practices, and where sites should stand.

`build` computes minutes over an OpenStreetMap extract and stores them, `reach CODE` says who lives
within so many minutes of a practice, `sites` where k sites would stand best, `todd` who lives
within a 20-minute walk beside the paper that asked it.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcs_dash.cli import output
from pcs_dash.tables.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from pcs_dash.tables.areas import Area
    from pcs_dash.tables.dataset import Dataset
    from pcs_dash.travel.minutes import Minutes
    from pcs_dash.travel.sites import Sites, Wanted

_MODES = ("walk", "cycle", "drive", "transit")
_AIMS = ("p-median", "p-centre", "max-cover", "set-cover")

DESCRIPTION = "Minutes from small areas to practices: modelled, loaded or computed here."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The travel command, its three questions and their options."""
    asked = parser.add_subparsers(title="questions", metavar="QUESTION", required=True)
    build = asked.add_parser("build", help="compute minutes over an OpenStreetMap extract")
    build.add_argument("--osm", required=True, type=Path, metavar="FILE.osm.pbf")
    build.add_argument("--area", default="Essex", help="whose practices and small areas")
    build.add_argument("--largest-mb", type=float, help="refuse larger extracts (400)")
    build.add_argument(
        "--engine", choices=("own", "valhalla", "r5py"), default="own",
        help="what computes them: the app (default), or a program installed beside it",
    )  # fmt: skip
    build.add_argument(
        "--gtfs", action="append", default=[], type=Path, metavar="FILE.zip",
        help="timetables, for public transport by r5py",
    )  # fmt: skip
    build.add_argument(
        "--departure", type=_moment, metavar="2026-11-24T09:00",
        help="r5py: the median of departures in the two hours from here",
    )  # fmt: skip
    build.set_defaults(run=run_build)
    reach = asked.add_parser("reach", help="who lives within so many minutes of a practice")
    reach.add_argument("practice", metavar="CODE", help="the practice's code")
    reach.add_argument("--within", type=float, default=20, help="minutes (default: 20)")
    reach.add_argument("--by", choices=("band", "lsoa"), default="band", help="one row for each")
    sites = asked.add_parser("sites", help="where k sites would stand best")
    _add_sites(sites)
    todd = asked.add_parser("todd", help="20 minutes' walk: ours beside Todd et al. 2015")
    output.add_format(todd)
    todd.set_defaults(run=run_todd)
    # Sites are few: by car, as on the pages.
    for question, run_it, mode in ((reach, run_reach, "walk"), (sites, run_sites, "drive")):
        question.add_argument("--area", default="Essex", help="an area's name (default: Essex)")
        question.add_argument("--mode", choices=_MODES, default=mode, help=f"default: {mode}")
        question.add_argument(
            "--minutes", choices=("modelled", "measured"), default="",
            help="which minutes (default: measured where they are loaded)",
        )  # fmt: skip
        output.add_format(question)
        question.set_defaults(run=run_it)


def _add_sites(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sites", type=int, default=0, metavar="K", help="how many")
    parser.add_argument("--aim", choices=_AIMS, default="p-median", help="default: p-median")
    parser.add_argument("--within", type=float, default=20, help="minutes, for covers (20)")
    parser.add_argument(
        "--candidates", choices=("practices", "lsoas"), default="practices",
        help="where a site may stand: premises of today, or the middle of any small area",
    )  # fmt: skip
    for name, what in (("keep", "a site that stays"), ("without", "one that must not be used")):
        parser.add_argument(f"--{name}", action="append", default=[], metavar="CODE", help=what)
    parser.add_argument(
        "--weight-deprived", type=float, default=1.0, metavar="X",
        help="count patients of the most deprived fifth X times (1)",
    )  # fmt: skip
    parser.add_argument("--capacity", type=float, metavar="N", help="most patients of a site")
    parser.add_argument("--curve", action="store_true", help="what each more site up to K buys")
    parser.add_argument("--time-limit", type=float, default=30, help="seconds (30)")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text[:30]}' is no time like 2026-11-24T09:00"
        ) from None


def run_build(args: argparse.Namespace) -> int:
    """Compute the minutes of an extract and put them into the store in one step."""
    from pcs_dash.official.any_area import dataset_for, find_area
    from pcs_dash.travel.engines import Asked, computed
    from pcs_dash.travel.minutes import factors, placed
    from pcs_dash.travel.network import build
    from pcs_dash.travel.roads import LARGEST_MB, read_roads

    def told(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    dataset = dataset_for(find_area(args.area))
    speeds = [factors()[f"{mode}_speed"].central for mode in ("walk", "cycle")]
    limit = LARGEST_MB if args.largest_mb is None else args.largest_mb
    roads = read_roads(args.osm, speeds[0], speeds[1], largest_mb=limit, progress=told)
    told(f"{len(roads.ways):,} ways, {len(roads.node):,} places on them")
    practices = dataset.practices.dropna(subset=["easting", "northing", "longitude", "latitude"])
    if args.engine == "own":
        if args.gtfs:
            raise UserError("Timetables (--gtfs) go with --engine r5py.")
        source = f"own network, {args.osm.name}"
        land = dataset.lsoas.geometry
        built = build(roads, placed(dataset), practices, source, told, land)
    else:
        asked = Asked(args.osm, tuple(args.gtfs), args.departure)
        built = computed(args.engine, asked, roads, placed(dataset), practices, told)
    version = _keep(built.table, built.notes, args.osm, roads.period)
    for note in built.notes:
        told(note)
    print(f"{len(built.table):,} minutes stored as version {version}.")
    return 0


def _keep(table: pd.DataFrame, notes: tuple[str, ...], path: Path, period: str) -> int:
    """Put the table in use; the version it makes."""
    import pandas as pd

    from pcs_dash.official.store import Store
    from pcs_dash.official.stored_tables import file_sha256
    from pcs_dash.travel.minutes import STORED

    store = Store()
    written = pd.Timestamp(path.stat().st_mtime, unit="s").normalize()
    with store.writing() as update:
        update.put(
            STORED, pd.Timestamp(period) if period else written, table,
            file_name=path.name, file_sha256=file_sha256(path), notes=notes,
        )  # fmt: skip
        return update.commit(area=update.base.area if update.base else "England").version


def _setting(args: argparse.Namespace) -> tuple[Area, Dataset, Minutes, pd.Series]:
    """The area, its data, the minutes asked for, and registered patients by small area."""
    from pcs_dash.official.any_area import dataset_for, find_area
    from pcs_dash.travel.minutes import between, stored_minutes
    from pcs_dash.views.readers import STRAIGHT

    area = find_area(args.area)
    dataset = dataset_for(area)
    minutes = between(dataset, args.mode, args.minutes, stored_minutes())
    registered = STRAIGHT.registered(dataset)
    print(f"{minutes.label}; {registered.label}.", file=sys.stderr)
    if minutes.note:
        print(minutes.note, file=sys.stderr)
    return area, dataset, minutes, registered.totals


def run_reach(args: argparse.Namespace) -> int:
    """Print small areas and registered patients within reach, by bands of five minutes."""
    from pcs_dash.travel.minutes import reach

    _, dataset, minutes, people = _setting(args)
    found = reach(minutes, args.practice.strip().upper(), args.within)
    found["patients"] = people.reindex(found.index).round()
    counted = ["patients", *_with_households(found)]
    rows: list[dict[str, Any]]
    if args.by == "lsoa":
        found.insert(0, "name", dataset.lsoas["lsoa11nm"].reindex(found.index))
        records = found.reset_index().to_dict("records")
        rows = [{str(name): value for name, value in row.items()} for row in records]
    else:
        # A band without a figure for one of its small areas has none.
        total = f"within {args.within:g}"
        rows = [
            {"band": band, "lsoas": len(own), **own[counted].sum(skipna=False).to_dict()}
            for band, own in (*found.groupby("band", sort=False), (total, found))
        ]
    output.write(rows, args.format)
    return 0


_TODD_NEEDS = {
    "population_2015": (
        "the population of each LSOA, which the IMD 2019 that is loaded lacks: load its File 7 "
        "(python -m pcs_dash update imd2019)."
    ),
    "easting": (
        "the place of each LSOA: load the boundaries (python -m pcs_dash update boundaries_lsoa11)."
    ),
}


def run_todd(args: argparse.Namespace) -> int:
    """Print who lives within a 20-minute walk of a practice, of England where it is loaded."""
    from pcs_dash.official.built_tables import LSOAS, PRACTICES
    from pcs_dash.official.store import Store
    from pcs_dash.travel.walking_share import walking_shares

    loaded = Store().current()
    if loaded is not None and loaded.latest(LSOAS) and loaded.latest(PRACTICES):
        lsoas, practices = Store().read(LSOAS), Store().read(PRACTICES)
        for column, lacks in _TODD_NEEDS.items():
            if column not in lsoas:
                raise UserError(f"The shares need {lacks}")
        lsoas["people"], where = lsoas["population_2015"], "England as loaded"
    else:
        lsoas, practices = _embedded()
        where = "Essex alone (England's tables are not loaded), small areas counting alike"
    lsoas = lsoas.rename(columns={"imd2019_decile": "imd_decile"})
    names = ["easting", "northing", "people", "imd_decile", "rural_urban"]
    found = walking_shares(lsoas.reindex(columns=names), practices)
    print(
        f"Per cent of people. Paper: England, BMJ Open 2015;5:e007328. Ours: {where}; straight "
        "line, and with the model's detour factor.",
        file=sys.stderr,
    )
    output.write(output.records(found.reset_index()), args.format)
    return 0


def _embedded() -> tuple[pd.DataFrame, pd.DataFrame]:
    from pcs_dash.official.any_area import dataset_for, find_area
    from pcs_dash.travel.minutes import placed

    dataset = dataset_for(find_area("Essex"))
    lsoas = dataset.lsoas[["imd2019_decile"]].join(placed(dataset)).assign(people=1.0)
    return lsoas, dataset.practices


def _with_households(found: pd.DataFrame) -> list[str]:
    """Add households, and those without a car, where the census is loaded; the columns added."""
    from pcs_dash.travel.households import CARS, by_lsoa_of_2011
    from pcs_dash.travel.minutes import stored_minutes

    stored = stored_minutes()
    if stored is None or stored.cars is None:
        return []
    found[CARS] = by_lsoa_of_2011(stored.cars, stored.lookup, found.index)
    return CARS


def run_sites(args: argparse.Namespace) -> int:
    """Print the sites; exit status 0, or 3 (infeasible), or 4 (none found in time)."""
    from pcs_dash.travel.sites import Wanted, choose, curve, served

    area, dataset, minutes, people = _setting(args)
    table, people, deprived = _choice(args, area, dataset, minutes, people)
    wanted = Wanted(
        args.aim, args.sites, args.within,
        tuple(code.upper() for code in args.keep), tuple(code.upper() for code in args.without),
        args.time_limit, args.capacity, args.weight_deprived,
    )  # fmt: skip
    found = choose(table, people, wanted, deprived)
    each = served(table, people, found)
    names = dataset.practices["practice_name"] if args.candidates == "practices" else None
    rows = [
        {
            "site": code,
            "name": dataset.lsoas.at[code, "lsoa11nm"] if names is None else names[code],
            "patients": round(row["people"]),
            "mean_minutes": row["mean_minutes"],
        }
        for code, row in zip(map(str, each.index), each.to_dict("records"), strict=True)
    ]
    steps = curve(table, people, wanted, args.sites, deprived) if args.curve else []
    _write_sites(args, area, minutes, found, wanted, rows, steps)
    return output.exit_status(found.status)


def _choice(
    args: argparse.Namespace, area: Area, dataset: Dataset, minutes: Minutes, people: pd.Series
) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Minutes from the area's small areas to where a site may stand, who lives there, and where the
    most deprived fifth does.
    """
    from pcs_dash.travel.minutes import modelled, placed
    from pcs_dash.travel.sites import possible

    lsoas = area.select(dataset.lsoas)
    table, own, most = possible(area, dataset, minutes, people)
    lost = len(lsoas) - len(own)
    if args.candidates == "lsoas":
        if minutes.kind != "modelled":
            raise UserError("Minutes to any small area are modelled only: add --minutes modelled.")
        points = placed(dataset).reindex(own.index).dropna()
        table = modelled(points, points, args.mode).table
        own, most = own.reindex(table.index), most.reindex(table.index)
    if lost:
        print(f"{lost} small areas without registered patients left out.", file=sys.stderr)
    return table, own, most


def _write_sites(
    args: argparse.Namespace, area: Area, minutes: Minutes, found: Sites, wanted: Wanted,
    rows: list[dict[str, Any]], steps: list[dict[str, Any]],
) -> None:  # fmt: skip
    if args.format == "json":
        output.write(
            {
                "area": area.name, "aim": wanted.aim, "minutes": minutes.label,
                "status": found.status, "message": found.message, "value": found.value,
                "bound": found.bound, "unit": found.unit, "seconds": round(found.seconds, 2),
                "sites": rows, "curve": steps,
            },
            "json",
        )  # fmt: skip
        return
    output.write(rows, args.format)
    if args.format == "table":
        print(f"\n{found.message}")
        if steps:
            print()
            output.write(steps, "table")
