"""How many minutes is it to a practice, by which mode, and for whom is it far?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd

from pcs_dash.measures.catchments import Registered
from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.measures.numbers import NO_FIGURE, count, number, per_cent
from pcs_dash.measures.small_numbers import hide_small, small_text
from pcs_dash.measures.words import Words, definition_text, upper_first
from pcs_dash.tables.constants import MODES
from pcs_dash.travel.households import by_lsoa_of_2011
from pcs_dash.travel.minutes import (
    LIMITS,
    MEASURED,
    MODEL_ERROR,
    MODELLED,
    MODELLED_MODES,
    NEAREST,
    PUBLISHED,
    Minutes,
    access_in_reach,
    between,
    factors,
    reach,
    summary,
)
from pcs_dash.views import steps_around
from pcs_dash.views.answer import (
    Answer,
    Beside,
    Block,
    Blocks,
    Column,
    Figure,
    MapBlock,
    Option,
    Section,
    Table,
    Text,
    View,
    text_table,
)
from pcs_dash.views.catchment_maps import box_of, own_marks
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.maps import minutes_layer
from pcs_dash.views.question import Question

WITHIN = {str(limit): f"{limit} minutes" for limit in (20, 10, 15, 30, 45)}
TO = {"nearest": "The nearest practice", "own": "The practice they are registered with"}
_KINDS = {
    MEASURED: "Measured (loaded)",
    MODELLED: "Modelled (straight line)",
    PUBLISHED: "Published (Department for Transport)",
}
_FURTHEST = 8
NOT_MODELLED = (
    "Minutes by public transport are not modelled, as they need timetables: a table of minutes "
    "computed by another program from published timetables (GTFS) can be loaded."
)


def _there(question: Question) -> dict[str, tuple[str, ...]]:
    """The modes that there are minutes for, by kind. Published ones go to the nearest alone."""
    stored = question.readers.minutes()
    nearest = question.option("to", TO) == "nearest"
    return {
        MEASURED: () if stored is None else stored.modes,
        MODELLED: MODELLED_MODES,
        PUBLISHED: stored.nearest_modes if stored is not None and nearest else (),
    }


def _modes(question: Question) -> Mapping[str, str]:
    there = {mode for modes in _there(question).values() for mode in modes}
    return {mode: words.capitalize() for mode, words in MODES.items() if mode in there}


def _kinds(question: Question) -> Mapping[str, str]:
    mode = question.option("mode", _modes(question))
    return {kind: _KINDS[kind] for kind, modes in _there(question).items() if mode in modes}


OPTIONS = (
    Option("mode", "How", choices=_modes),
    Option("within", "Within", choices=WITHIN),
    Option("to", "To", choices=TO),
    *steps_around.OPTIONS,
    Option(
        "minutes", "Which minutes", choices=_kinds, when=lambda question: len(_kinds(question)) > 1
    ),
)


@dataclass(frozen=True, eq=False)
class _Asked:
    """People of the area's small areas and their minutes: a row a small area, or (`own`) a row a
    small area and practice of registration. `rows`: lsoa, people, minutes.
    """

    minutes: Minutes
    registered: Registered
    rows: pd.DataFrame
    lsoas: pd.DataFrame
    within: int
    own: bool

    @property
    def goal(self) -> str:
        return "their own practice" if self.own else "the nearest practice"

    def by(self, group: pd.Series) -> pd.DataFrame:
        """`summary` by what `group` (on the small areas, told apart by its name) says."""
        limits = sorted({*LIMITS, self.within})

        def made() -> pd.DataFrame:
            labels = self.rows["lsoa"].map(group)
            return summary(self.rows["minutes"], self.rows["people"], labels, limits)

        return kept(self, ("by", group.name), made)

    @cached_property
    def whole(self) -> pd.Series:
        one = pd.Series("all", index=self.lsoas.index, name="all")
        return self.by(one).iloc[0]

    @cached_property
    def of_areas(self) -> pd.Series:
        """Minutes by small area: the mean of its people where they go to several practices."""
        known = self.rows.dropna(subset=["minutes"])
        known = known[known["people"] > 0] if self.own else known
        weight = known["people"] if self.own else pd.Series(1.0, index=known.index)
        total = (known["minutes"] * weight).groupby(known["lsoa"]).sum()
        return (total / weight.groupby(known["lsoa"]).sum()).reindex(self.lsoas.index)


def _asked(question: Question) -> _Asked | None:
    """What the options ask for; None where nobody is known to live in the area."""
    dataset, readers = question.dataset, question.readers
    mode = question.option("mode", _modes(question))
    kind = question.option("minutes", _kinds(question))
    minutes = kept(
        dataset,
        ("getting_there", mode, kind, readers.version),
        lambda: between(dataset, mode, kind, readers.minutes()),
    )
    registered = kept(
        dataset, ("getting_there", readers.version), lambda: readers.registered(dataset)
    )
    own = question.option("to", TO) == "own"
    within = int(question.option("within", WITHIN))
    # Whatever practice or hub is pointed at, these are the same.
    key = ("asked", question.area.key, own, within)
    made = kept(minutes, key, lambda: _people(question, minutes, registered, within, own=own))
    return made if made.rows["people"].sum() > 0 else None


def _people(
    question: Question, minutes: Minutes, registered: Registered, within: int, *, own: bool
) -> _Asked:
    lsoas = question.area.select(question.dataset.lsoas)
    table = registered.table[registered.table["lsoa_code"].isin(lsoas.index)]
    if own:
        rows = pd.DataFrame(
            {
                "lsoa": table["lsoa_code"].astype("str"),
                "people": table["patients"],
                "minutes": minutes.to_own(table),
            }
        )
    else:
        totals = registered.totals
        totals = totals[totals.index.isin(lsoas.index)]
        near = minutes.nearest()["minutes"].reindex(totals.index)
        rows = pd.DataFrame({"lsoa": totals.index, "people": totals, "minutes": near})
    rows = rows.astype({"people": "float64", "minutes": "float64"}).reset_index(drop=True)
    return _Asked(minutes, registered, rows, lsoas, within, own)


def answer(question: Question) -> Answer:
    """How many people are within so many minutes, and who is not."""
    asked = _asked(question)
    if asked is None or asked.rows["minutes"].isna().all():
        return _nothing(question, asked)
    whole, within = asked.whole, asked.within
    share = 1 - whole[f"share_beyond_{within}"]
    how, tag = MODES[asked.minutes.mode], asked.minutes.kind
    by_quintile = asked.by(_quintiles(question, asked))
    half, most = (_in_minutes(whole[name]) for name in ("median", "p90"))
    found = (
        f"In {question.name} {per_cent(share)} of {question.everyone} live within {within} minutes "
        f"of {asked.goal} {how} ({tag}){_by_deprivation(asked, by_quintile)}."
    )
    quintiles = kept(
        asked,
        ("quintiles", question.edition),
        lambda: _quintile_table(question, asked, by_quintile),
    )
    nearest = Answer(
        Words(found, "", _basis(question, asked)),
        figures=(
            Figure(f"Within {within} minutes", per_cent(share), tag),
            Figure(
                f"Patients further away{asked.registered.suffix}",
                small_text(round(whole[f"beyond_{within}"])),
            ),
            Figure("Half get there within", half),
            Figure("Nine in ten get there within", most),
        ),
        front=(_map(question, asked), quintiles),
        sections=(
            *_car_section(question, asked),
            *(
                (Section("places", "By place and district", partial(_places, asked)),)
                if _groups(asked)
                else ()
            ),
            Section(
                "furthest",
                "Where it is furthest, and GPs within reach",
                partial(_furthest_section, asked),
            ),
            Section("rests_on", "What the minutes rest on", partial(_rests_on, asked)),
        ),
        share=0.6,
        sources=f"{asked.minutes.label}; {asked.registered.label}",
        about_gps=False,
        foot=tuple(text for text in (asked.minutes.note, asked.registered.note) if text),
    )
    centre = steps_around.centre_of(question, asked.minutes)
    return nearest if centre is None else _around(asked, centre, nearest)


def _around(asked: _Asked, centre: steps_around.Centre, nearest: Answer) -> Answer:
    """The answer for one practice, whose reach the map shows: who lives within it. What is said of
    the nearest practice stands under it.
    """
    minutes, within = asked.minutes, asked.within
    near = reach(minutes, centre.code, within)
    # Without a figure for one of its small areas there is none.
    people = asked.registered.totals.reindex(near.index).sum(skipna=False)
    who = f"Patients within {within} minutes{asked.registered.suffix}"
    found = (
        f"{number(people)} patients live within {within} minutes of {centre.name} "
        f"{MODES[minutes.mode]} ({minutes.kind}), whichever practice they are registered with."
    )
    error = f" {MODEL_ERROR}" if minutes.kind == MODELLED else ""
    basis = f"{upper_first(minutes.label)}; {asked.registered.label}.{error}"
    return replace(
        nearest,
        message=Words(found, "", basis),
        figures=(
            Figure(who, number(people), minutes.kind),
            Figure(f"Small areas (LSOAs) within {within} minutes", number(len(near))),
        ),
        front=(nearest.front[0], _reach_table(asked, centre)),
        sections=(
            Section(
                "reach", "How the steps are drawn, and their file", partial(_reached, asked, centre)
            ),
            Section("nearest", "To the nearest practice", lambda _: nearest.front[1:]),
            *nearest.sections,
        ),
    )


def _in_minutes(value: float) -> str:
    return NO_FIGURE if pd.isna(value) else count(round(value), "minute")


def _nothing(question: Question, asked: _Asked | None) -> Answer:
    why = (
        f"Nobody is known to live in a small area (LSOA) of {question.name}, so minutes can't be "
        "told."
        if asked is None
        else f"No minutes are known for the small areas of {question.name}: their boundaries, or "
        "a table of minutes, are not loaded."
    )
    return Answer(Words(why, NOT_MODELLED), about_gps=False, sources="no minutes are known here")


def _basis(question: Question, asked: _Asked) -> str:
    lost = asked.whole["unknown"]
    without = f" {small_text(round(lost))} without minutes left out." if lost >= 0.5 else ""
    which = "each to the practice of registration" if asked.own else "each to the nearest practice"
    # In small print, so that what was found stands alone on a slide; it says "modelled" itself.
    error = f" {MODEL_ERROR}" if asked.minutes.kind == MODELLED else ""
    return (
        f"{upper_first(asked.minutes.label)}; {which}, summed over "
        f"{question.everyone}: {asked.registered.label}.{without}{error}"
    )


def _by_deprivation(asked: _Asked, quintiles: pd.DataFrame) -> str:
    """The most beside the least deprived fifth, to end a sentence; "" where one has nobody."""
    column = f"share_beyond_{asked.within}"
    shares = 1 - quintiles[column]
    first, last = (shares.get(QUINTILE_LABELS[q], np.nan) for q in (1, 5))
    if pd.isna(first) or pd.isna(last):
        return ""
    return (
        f": {per_cent(first)} in the most deprived fifth of small areas, {per_cent(last)} in the "
        "least deprived"
    )


def _quintiles(question: Question, asked: _Asked) -> pd.Series:
    return asked.lsoas[f"imd{question.edition}_quintile"].map(QUINTILE_LABELS)


# --- the picture and the tables ---


def _map(question: Question, asked: _Asked) -> MapBlock:
    centre, smooth = steps_around.centre_of(question, asked.minutes), None
    goal = asked.goal if centre is None else centre.name
    title = f"minutes to {goal} {MODES[asked.minutes.mode]}, {asked.minutes.kind}"
    if centre is None:
        ground = minutes_layer(title, asked.of_areas)
    else:
        times = asked.minutes.table[centre.code].reindex(asked.lsoas.index)
        ground = minutes_layer(title, times, steps_around.LIMITS, steps_around.WORDS)
        smooth = steps_around.shapes_around(question, asked.minutes, centre)
    spec = MapSpec(
        "layers",
        question,
        highlight=question.highlight if centre is None else centre.code,
        position=question.position,
        marks=None if centre is None else own_marks(question.dataset.practices, [centre.code]),
        ground=ground,
        about=f"small areas by {title}.",
        note="Circles: practices. Uncoloured: no figure."
        if centre is None
        else f"Magenta: {centre.name}. Circles: practices. Uncoloured: over 30, or no figure.",
        steps=smooth,
        # Of their boxes: lines have thousands of corners.
        focus=None
        if centre is None or smooth is None
        else (title, box_of(smooth.geometry.envelope)),
    )
    return MapBlock(spec, high=400, pick="around")


def _reach_table(asked: _Asked, centre: steps_around.Centre) -> Table:
    """Small areas and registered patients by steps of five minutes from the practice asked about,
    each step with all before it.
    """
    steps = _steps(asked, centre.code)
    rows = [(str(limit), number(areas), number(people)) for limit, areas, people in steps]
    return text_table(
        f"Who lives within reach of {centre.name} {MODES[asked.minutes.mode]}, "
        f"{asked.minutes.kind}",
        ("Within, minutes", "Small areas", f"Patients{asked.registered.suffix}"), rows,
    )  # fmt: skip


def _steps(asked: _Asked, code: str) -> list[tuple[int, int, float]]:
    """By step of minutes around a practice, each with all before it: small areas and registered
    patients; a step without a figure for one of its small areas has none.
    """
    near = reach(asked.minutes, code, steps_around.LIMITS[-1])["minutes"]
    people = asked.registered.totals.reindex(near.index)
    return [
        (limit, int((near <= limit).sum()), float(people[near <= limit].sum(skipna=False)))
        for limit in steps_around.LIMITS
    ]


def _reached(asked: _Asked, centre: steps_around.Centre, question: Question) -> Blocks:
    file = steps_around.file_of(question, asked.minutes, centre, asked.registered)
    return [
        Text(
            "Patients are registered with any practice; a small area (LSOA) counts where its "
            "middle is within; those beyond the data are not counted. "
            f"{steps_around.HOW if file else ''}".strip(), "note",
        ),
        *([file] if file else []),
    ]  # fmt: skip


def _shown(table: pd.DataFrame, within: int) -> pd.DataFrame:
    """Whole people; counts of few, and the shares that would tell them, are missing."""
    shown = table.assign(whole=0)
    for name in ("unknown", *(f"beyond_{limit}" for limit in {*LIMITS, within})):
        shown[name] = shown[name].round()
        derived = [f"share_{name}"] if f"share_{name}" in shown else []
        shown = hide_small(shown, name, derived=derived, within="whole")
    return shown.drop(columns=["whole", "hidden"])


def _table(
    caption: str, head: str, table: pd.DataFrame, asked: _Asked, name: str, *, small: bool = False,
    people: str = "",
) -> Table:  # fmt: skip
    # A small table is the same on page and paper; the share says how many are beyond.
    limits = [asked.within] if small else sorted({*LIMITS, asked.within})
    beyond = Column(f"beyond_{asked.within}", f"Beyond {asked.within} minutes", "count",
                    only="page")  # fmt: skip
    shown = _shown(table, asked.within)
    return Table(
        f"{caption}, {asked.minutes.kind}",
        shown.rename_axis("group").reset_index(),
        (
            Column("group", head, wide=1.6),
            Column("people", people or f"Patients{asked.registered.suffix}", "count", wide=1.8),
            Column("median", "Half within", "count"),
            Column("p90", "Nine in ten within", "count"),
            *(() if small else (beyond,)),
            *(
                Column(
                    f"share_beyond_{limit}", f"Share beyond {limit}", "share", wide=1.3,
                    only="" if limit == asked.within else "page",
                )
                for limit in limits
            ),
        ),
        small=small,
        name=name,
        file=shown,
    )  # fmt: skip


def _quintile_table(question: Question, asked: _Asked, table: pd.DataFrame) -> Table:
    table = table.reindex([label for label in QUINTILE_LABELS.values() if label in table.index])
    return _table(
        f"Minutes to {asked.goal} by deprivation quintile (IMD {question.edition})",
        "Quintile", table, asked, f"minutes-quintile-{_file_tag(question, asked)}", small=True,
    )  # fmt: skip


def _file_tag(question: Question, asked: _Asked) -> str:
    goal = "own" if asked.own else "nearest"
    return f"{question.area.key}-{asked.minutes.mode}-{goal}-{asked.minutes.kind}"


def _places(asked: _Asked, question: Question) -> Blocks:
    def tables() -> list[Table]:
        return [
            _table(
                f"Minutes to {asked.goal} by {column}",
                column.capitalize(),
                asked.by(groups).sort_values(f"share_beyond_{asked.within}", ascending=False),
                asked,
                f"minutes-{column}-{_file_tag(question, asked)}",
            )
            for column, groups in _groups(asked).items()
        ]

    return kept(asked, "places", tables)


def _groups(asked: _Asked) -> dict[str, pd.Series]:
    """The groupings of the area's small areas that tell more than the area as a whole."""
    found = {name: asked.lsoas[name] for name in ("place", "district") if name in asked.lsoas}
    return {name: groups for name, groups in found.items() if len(groups.dropna().unique()) > 1}


def for_workbook(question: Question) -> tuple[str, pd.DataFrame]:
    """What the minutes are, and the figures of the area, its quintiles, places and districts, one
    row each: by, group, people, unknown, median, p90, and beyond_N and share_beyond_N of `LIMITS`;
    around one practice its reach (by "Within reach of ...", people) too. Few people are missing.
    """
    asked = _asked(question)
    if asked is None:
        return "", pd.DataFrame()
    every = pd.Series(question.name, index=asked.lsoas.index, name="named")
    groups = {"Area": every, "Quintile": _quintiles(question, asked)} | {
        name.capitalize(): group for name, group in _groups(asked).items()
    }
    parts = [
        _shown(asked.by(group), asked.within).rename_axis("group").reset_index().assign(by=by)
        for by, group in groups.items()
    ]
    centre = steps_around.centre_of(question, asked.minutes)
    if centre is not None:
        steps = [(f"{limit} minutes", people) for limit, _, people in _steps(asked, centre.code)]
        reached = pd.DataFrame(steps, columns=["group", "people"])
        parts.append(reached.assign(by=f"Within reach of {centre.name}"))
    limits = [f"{start}beyond_{limit}" for limit in LIMITS for start in ("", "share_")]
    table = pd.concat(parts, ignore_index=True)
    names = ["by", "group", "people", "unknown", "median", "p90", *limits]
    return f"{asked.minutes.label}, to {asked.goal}; {asked.registered.label}", table[names]


def _car_section(question: Question, asked: _Asked) -> tuple[Section, ...]:
    stored = question.readers.minutes()
    if stored is None or stored.cars is None:
        return ()
    blocks = partial(_cars, asked, stored.cars, stored.lookup)
    return (Section("cars", "Households without a car", blocks),)


def _cars(
    asked: _Asked, cars: pd.DataFrame, lookup: pd.DataFrame | None, question: Question
) -> Blocks:
    """The same minutes over households instead of patients, by whether they have a car."""
    homes = by_lsoa_of_2011(cars, lookup, asked.lsoas.index)
    limits = sorted({*LIMITS, asked.within})
    lots = {
        "Without a car": homes["without_car"],
        "With a car": homes["households"] - homes["without_car"],
        "All households": homes["households"],
    }
    parts = [
        summary(asked.of_areas, lot.dropna(), None, limits).set_axis([name])
        for name, lot in lots.items()
    ]
    lost = int(homes["households"].isna().sum())
    without = f" {count(lost, 'small area')} without a figure left out." if lost else ""
    table = _table(
        f"Minutes to {asked.goal} by households", "Households", pd.concat(parts), asked,
        f"minutes-cars-{_file_tag(question, asked)}", people="Households",
    )  # fmt: skip
    said = (
        "Households of the census of March 2021 (ONS, TS045), each with the minutes of its small "
        f"area.{without} Who has no car goes on foot, by bicycle or by public transport."
    )
    return [table, Text(said, "note")]


def _furthest_section(asked: _Asked, question: Question) -> Blocks:
    """The small areas that are furthest, and the file of all."""
    near = asked.minutes.nearest().reindex(asked.lsoas.index)
    names = question.dataset.practices["practice_name"]
    table = pd.DataFrame(
        {
            "name": asked.lsoas["lsoa11nm"],
            "district": asked.lsoas["district"],
            "minutes": asked.of_areas,
            "nearest": near["practice_code"].map(names),
            "minutes_are": asked.minutes.kind,
        }
    ).rename_axis("lsoa11cd")
    table = table.sort_values("minutes", ascending=False, na_position="last")
    furthest = (
        Table(
            f"Small areas furthest from {asked.goal}, {asked.minutes.kind}",
            table.head(_FURTHEST).reset_index(),
            (
                Column("name", "Small area", wide=1.6),
                Column("minutes", "Minutes", "count"),
                Column("nearest", "Nearest practice", wide=2.0),
            ),
            small=True,
            name=f"minutes-lsoa-{_file_tag(question, asked)}",
            file=table,
        ),
    )
    return [Beside((1.1, 1), (furthest, tuple(_access(asked, question))))]


def _access(asked: _Asked, question: Question) -> Sequence[Block]:
    """Enhanced two-step floating catchments in minutes, by quintile."""
    if NEAREST in asked.minutes.table.columns:
        return [Text("Published minutes go to the nearest surgery alone.", "info")]
    fte = question.all_practices[question.definition.column].astype("float64")
    if fte.isna().all():
        return [Text("No practice here has a GP figure.", "info")]
    people = asked.registered.totals.reindex(asked.minutes.table.index)
    everyone = people.where(people.notna(), 0.0)  # nobody known to live there
    found = access_in_reach(asked.minutes.table, everyone, fte, asked.within)
    found = found.reindex(asked.lsoas.index)
    own = people.reindex(asked.lsoas.index)
    rows = []
    for label, codes in asked.lsoas.groupby(_quintiles(question, asked)).groups.items():
        both = pd.DataFrame({"access": found[codes], "people": own[codes]}).dropna()
        total = both["people"].sum()
        mean = (both["access"] * both["people"]).sum() / total if total else np.nan
        none = both.loc[both["access"] == 0, "people"].sum()
        rows.append((str(label), number(mean, 1), small_text(round(none))))
    counted = definition_text(question.definition.key, question.period)
    suffix = asked.registered.suffix
    method = (
        "Enhanced two-step floating catchment (Luo and Qi 2009): what is within a third of the "
        f"{asked.within} minutes counts whole, within two thirds 0.68, within all of them 0.22. "
        f"Means over {question.everyone}. {counted} Practices beyond the data do not count."
    )
    return [
        text_table(
            f"FTE GPs per 10,000 people within {asked.within} minutes "
            f"{MODES[asked.minutes.mode]}, {asked.minutes.kind}",
            (
                f"Quintile (IMD {question.edition})",
                "GPs in reach per 10,000",
                f"Patients with none{suffix}",
            ),
            rows,
        ),
        Text(method, "note"),
    ]


def _rests_on(asked: _Asked, question: Question) -> Blocks:
    if asked.minutes.kind != MODELLED:
        stored = question.readers.minutes()
        loaded = stored.notes if stored is not None and asked.minutes.kind == MEASURED else ()
        said = (f"{upper_first(asked.minutes.label)}.", asked.minutes.note, *loaded)
        return [Text(" ".join(part for part in said if part), "note")]
    used = {"Detour factor": "detour", "Speed": f"{asked.minutes.mode}_speed"}
    rows = [
        (name, f"{f.central:g} ({f.low:g} to {f.high:g}) {f.unit}", f.source)
        for name, f in ((name, factors()[key]) for name, key in used.items())
    ]
    return [
        Text(f"Modelled: straight line x detour factor / speed. {MODEL_ERROR}", "note"),
        text_table(
            "What is assumed", ("Factor", "Value (range)", "Source"), rows, words=True,
            widths=(1, 2, 5),
        ),
        Text(f"{NOT_MODELLED} Minutes begin in the middle of a small area.", "note"),
    ]  # fmt: skip


VIEW = View(
    "getting_there",
    "getting_there",
    "Getting there",
    "How many minutes it is to a practice, by which mode, and for whom it is far.",
    answer,
    options=OPTIONS,
    needs_gps=False,
    with_plan=True,
    map_key="getting-there",
)
