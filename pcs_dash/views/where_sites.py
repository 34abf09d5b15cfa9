"""Where should so many sites stand, whom does each serve, and what does each more site buy?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pcs_dash.measures.numbers import number
from pcs_dash.measures.register import REGISTER
from pcs_dash.tables.constants import MODES
from pcs_dash.travel.minutes import MODELLED, between, summary
from pcs_dash.travel.sites import AIMS, Aim, Sites, Wanted, choose, curve, possible, served
from pcs_dash.views.answer import (
    Beside,
    Block,
    Chart,
    Column,
    MapBlock,
    Option,
    Series,
    Table,
    Text,
    measured,
    text_table,
)
from pcs_dash.views.catchment_maps import own_marks
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.maps import minutes_layer
from pcs_dash.views.question import Question

# How people travel to few sites, unless it is said.
USUAL = "drive"


@dataclass(frozen=True, eq=False)
class Standing:
    """The sites found, whom each serves (practice_name, people, mean_minutes), the best of every
    number of sites up to those (`steps`: sites, value, bought), the minutes of each small area to
    the nearest of them (`times`), and what the minutes are; `suffix`: " (modelled)" where
    people are; `ways`: how far it is to the nearest of them, a row a mode.
    """

    found: Sites
    each: pd.DataFrame
    steps: list[dict[str, Any]]
    times: pd.Series
    mode: str
    kind: str
    label: str
    suffix: str
    ways: tuple[tuple[str, ...], ...] = ()


def usual_mode(modes: Collection[str]) -> str:
    """How people travel unless it is said: by car, as a hub's main site is chosen, for few sites of
    an area lie beyond a walk; else the first mode there is. What it means on foot stands below.
    """
    return USUAL if USUAL in modes else next(iter(modes))


def standing(question: Question, mode: str, wanted: Wanted) -> Standing:
    """Where sites of the area's practices would stand best for who lives in the area.

    UserError for what can't be asked.
    """
    dataset, readers = question.dataset, question.readers
    minutes = between(dataset, mode, "", readers.minutes())
    registered = readers.registered(dataset)
    table, people, deprived = possible(question.area, dataset, minutes, registered.totals)
    found = choose(table, people, wanted, deprived)
    each = served(table, people, found)
    each.insert(0, "practice_name", each.index.to_series().map(dataset.practices["practice_name"]))
    steps = []
    if found.chosen and wanted.aim != "set-cover" and wanted.capacity is None:
        part = replace(wanted, time_limit=wanted.time_limit / wanted.sites)
        steps = curve(table, people, part, wanted.sites, deprived)
    label = f"{minutes.label}; {registered.label}"
    times = table[list(found.chosen)].min(axis=1)
    kinds = (mode, minutes.kind, label, registered.suffix)
    ways = _ways(question, list(found.chosen), people) if found.chosen else ()
    return Standing(found, each, steps, times, *kinds, ways)


def _ways(question: Question, chosen: list[str], people: pd.Series) -> tuple[tuple[str, ...], ...]:
    """Mode and kind, and the minutes to the nearest site that half and nine in ten don't exceed."""
    rows = []
    for mode, kind in question.journeys.kinds.items():
        minutes = between(question.dataset, mode, "", question.readers.minutes())
        # A table that lacks one of the sites can't say which is nearest: no figure.
        ways = minutes.table.reindex(index=people.index, columns=chosen)
        near = ways.min(axis=1, skipna=bool(ways.notna().any().all()))
        row = summary(near, people, None, []).iloc[0]
        rows.append(
            (f"{MODES[mode].capitalize()}, {kind}", number(row["median"]), number(row["p90"]))
        )
    return tuple(rows)


def blocks(question: Question, made: Standing) -> list[Block | Beside]:
    """What was found, in a sentence, on the map, in a table and a curve."""
    found = made.found
    if not found.chosen:
        return [Text(found.message, "info")]
    said = f"{found.message.removesuffix('.')}, {MODES[made.mode]} ({made.kind})."
    shown: list[Block | Beside] = [Text(said, "info")]
    table = Table(
        f"The sites: {AIMS[found.aim][0]}, {MODES[made.mode]}, {made.kind}",
        made.each.reset_index(),
        (
            Column("practice_name", "Where", wide=2.4),
            Column("practice_code", "Code"),
            Column("people", f"Patients it serves{made.suffix}", "count"),
            Column("mean_minutes", "Minutes, mean", "tenth"),
        ),
        small=True,
        name=f"sites-{question.area.key}-{made.mode}",
        file=made.each,
    )
    bought = (_curve(made),) if len(made.steps) > 1 else ()
    ways = text_table(
        "From home to the nearest of these sites, minutes",
        ("How", "Half within", "Nine in ten within"), made.ways,
    )  # fmt: skip
    shown.append(Beside((1, 1), ((_map(question, made),), (table, ways, *bought))))
    lost = " Where no way is known, a day is counted." if made.kind != MODELLED else ""
    shown.append(Text(f"Sites serve who lives in {question.name}: {made.label}.{lost}", "note"))
    return shown


def _map(question: Question, made: Standing) -> MapBlock:
    title = f"minutes to the nearest of the sites {MODES[made.mode]}, {made.kind}"
    spec = MapSpec(
        "layers",
        question,
        marks=own_marks(question.dataset.practices, made.found.chosen, "S"),
        ground=minutes_layer(title, made.times),
        about=f"sites, over small areas by {title}.",
        note="Magenta, S: the sites. Outlines: other practices. Uncoloured: no figure.",
    )
    return MapBlock(spec, high=420)


def _curve(made: Standing) -> Chart:
    unit = made.found.unit
    values = tuple(float(step["value"]) for step in made.steps)
    counts = tuple(str(step["sites"]) for step in made.steps)
    last = made.steps[-1]
    return Chart(
        "bars",
        f"What each more site buys: {unit}",
        (Series(unit, values),),
        f"Bar chart of {unit} with 1 to {counts[-1]} sites: from {number(values[0], 1)} to "
        f"{number(values[-1], 1)}; the last site changes it by {number(last['bought'], 1)}.",
        categories=tuple(f"{count} site{'s' * (count != '1')}" for count in counts),
        value_title=unit,
        number_format="#,##0.0" if "minutes," in unit else "#,##0",
    )


def main_sites(question: Question) -> list[Block]:
    """The main site of each hub of the question's plan, and how far its patients have to go there;
    nothing where no hub has one.
    """
    names, kinds = question.dataset.practices["practice_name"], question.journeys.kinds
    every = question.hubs(question.shown_plan).iloc[:-1].dropna(subset=["main_site"])
    if every.empty:
        return []
    table = every.assign(site=every["main_site"].map(names)).rename_axis("hub").reset_index()
    shown = [mode for mode in ("walk", "drive", "transit") if mode in kinds]
    how = "; ".join(f"{MODES[mode]} {kinds[mode]}" for mode in shown)
    return [
        Table(
            f"Where each hub's main site is ({how})",
            table,
            (
                Column("hub", "Hub", wide=1.6),
                Column("site", REGISTER["main_site"].label, wide=2.0),
                *(measured(f"site_most_{mode}", name="short") for mode in shown),
            ),
            small=True,
            name=f"main-sites-{question.area.key}",
            colours=question.colours_of(table["hub"]),
        ),
        Text(
            "The member that all its patients together reach in the least minutes (by car, where "
            "there are such minutes). Steps around it: Practices, Getting there, Around a hub.",
            "note",
        ),
    ]


# --- in Plan ahead ---

NUMBER, AIM, HOW, WITHIN = "sites", "sites_aim", "sites_how", "sites_within"
# A page waits no longer than this for a proof.
_SECONDS = 15.0
OPTIONS = (
    Option(NUMBER, "How many sites", "number", default="3", bounds=(1, 30), inside=True),
    Option(AIM, "What they are to do", inside=True,
           choices={aim: words[0].capitalize() for aim, words in AIMS.items()}),
    Option(HOW, "How people travel", inside=True, default=USUAL, choices=lambda question: {
        mode: f"{MODES[mode].capitalize()} ({kind})"
        for mode, kind in question.journeys.kinds.items()
    }),
    Option(WITHIN, "Within (minutes)", "number", default="20", bounds=(1, 240), inside=True),
)  # fmt: skip


def of_plan(question: Question, closed: Collection[str]) -> list[Block | Beside]:
    """Where sites would stand best among the practices that a plan leaves open; UserError for what
    can't be asked.
    """
    mode = question.option(HOW, question.journeys.kinds, usual_mode(question.journeys.kinds))
    aims: dict[str, Aim] = {aim: aim for aim in AIMS}
    here = question.area.select(question.dataset.practices).index
    wanted = Wanted(
        aims[question.option(AIM, AIMS)],
        OPTIONS[0].whole(question),
        float(OPTIONS[3].whole(question)),
        without=tuple(code for code in here if code in closed),
        time_limit=_SECONDS,
    )
    said = (
        "For a hub or an extra service at the practices that are open in the plan's last year; "
        "patients live where they do today. Practices that the plan opens have no minutes."
    )
    return [*blocks(question, standing(question, mode, wanted)), Text(said, "note")]
