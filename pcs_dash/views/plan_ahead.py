"""What happens if nothing is done, and what if? Patients and GPs of the years to come."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.measures.inequality import area_inequality, quintile_table, slopes_of
from pcs_dash.measures.numbers import NO_FIGURE, between, number, signed
from pcs_dash.measures.patient_matrix import PatientMatrix, quintile_matrix
from pcs_dash.measures.patient_matrix import measured as measured_groups
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.slope_index import SlopeIndex
from pcs_dash.measures.words import Words, definition_text, index_cells
from pcs_dash.measures.workforce import fte_gap, patients_per_fte_gp
from pcs_dash.scenarios.bands import BAND_ENDS, Drawn, Floats, as_today, band, banded
from pcs_dash.scenarios.changes import (
    AGES,
    Change,
    Close,
    Homes,
    Join,
    Leave,
    Merge,
    Open,
    Scenario,
    Staff,
    read_scenario,
)
from pcs_dash.scenarios.demand import USED as ON_STAFF
from pcs_dash.scenarios.demand import Values
from pcs_dash.scenarios.flows import degrees_in, most_go_to
from pcs_dash.scenarios.grouping import NO_HUB, NO_PCN, grouping, planned_homes
from pcs_dash.scenarios.homes import USED
from pcs_dash.scenarios.premises import against_need, by_year
from pcs_dash.scenarios.project import OTHERS, Grouping, Projection, project
from pcs_dash.scenarios.today import BEFORE, BUILT, NEEDED, Today, today_of
from pcs_dash.tables.areas import Area
from pcs_dash.tables.errors import UserError
from pcs_dash.views import maps, moving, placing, team, too_small, where_sites
from pcs_dash.views.answer import (
    Answer,
    Block,
    Blocks,
    Bullets,
    Chart,
    Column,
    Corners,
    Figure,
    MapBlock,
    Option,
    Section,
    Series,
    Table,
    Text,
    View,
    measured,
    or_why_not,
    text_table,
)
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.question import Question
from pcs_dash.views.readers import staff_of_networks
from pcs_dash.views.scenario_words import AGAINST, LINK, Takers, from_text, sentence

YEARS = {"10": "10 years", "5": "5 years", "15": "15 years", "20": "20 years"}
HOMES = {
    "built": "As many as were built",
    "needed": "As many as are needed",
    "before": "As many as were needed before",
    "none": "None",
}
_TABLES = {"needed": NEEDED, "before": BEFORE, "built": BUILT}
LEAVERS = {"all": "At all ages", "retirement": "Aged 55 and over", "none": "None"}
JOINERS = {"yes": "GPs who finish training", "no": "Nobody"}
STAFF = {"0": "leave", "0.5": "half follow the patients", "1": "all follow the patients"}
MAPS = {
    "after": "The last year, as decided",
    "nothing": "The last year, nothing done",
    "before": "Today",
}
NOBODY = "none"
RECRUITS = {"0": "none"} | {n: n for n in ("1", "2", "3", "5", "10", "20", "50", "100")}
NOTHING, WHAT_IF = "Nothing is done", "With what is decided"
THIS = "This scenario"
# The parts of the page that hold several sections.
HAPPENS, GROUPED, STAFFED = "What happens", "By place and hub", "Staff and space"
# What the map shows, and the practice that is clicked on it.
MAP_OF, AT = "map_of", "at"
# What is drawn on it: a point or the corners of a shape.
DRAWN = "scenario-drawn"
# When what is decided begins, years after the GP figures.
DECIDED = 2
# How many projections are kept: two megabytes each for a county.
KEPT = 16
CAUTION = "A sum of what is assumed, no forecast."
# docs/methods.md has the figures.
BACK_TEST = (
    "Homes overstate growth: in the ten months to March 2026 lists grew by a quarter of what homes "
    "built give this way, since many who move into a new home live here already."
)


def _homes_known(question: Question) -> Mapping[str, str]:
    return {"none": HOMES["none"]} if question.area.loaded else HOMES


def _closing(question: Question) -> Mapping[str, str]:
    names = question.practices["practice_name"]
    return {NOBODY: "none"} | {str(code): f"{name} ({code})" for code, name in names.items()}


OPTIONS = (
    Option("years", "How far ahead", choices=YEARS),
    Option(
        "homes",
        "Homes built",
        choices=_homes_known,
        help="In every district of Essex: built over three years; needed by the standard method "
        "of December 2024; needed by the one before.",
    ),
    Option("leave", "GPs who leave", choices=LEAVERS),
    Option("join", "Who joins", choices=JOINERS),
    Option("recruit", "FTE GPs recruited besides", choices=RECRUITS),
    # A choice, not a practice that is pointed at: it stands in stories and addresses as it is.
    Option("close", "A practice that closes", choices=_closing),
    Option(
        "staff",
        "Its staff",
        choices=STAFF,
        when=lambda question: question.options.get("close", "") in question.practices.index,
    ),
    # Nothing to choose from: the page puts a scenario of its own there, and the boxes away.
    Option(LINK, "A scenario as the text of its link"),
    Option(AGAINST, "Another one, to compare it with"),
    Option(MAP_OF, "The map shows", choices=MAPS, inside=True),
    Option(AT, "Practice on the map", "practice", inside=True),
    *placing.OPTIONS,
    *where_sites.OPTIONS,
)


def answer(question: Question) -> Answer:
    """Patients per FTE GP year by year if nothing is done, and with what is decided."""
    found, nothing = _both(question)
    said = _sentences(question, found)
    last, now = nothing.years[-1], nothing.figures["patients_per_fte_gp"].iloc[0]
    gap = banded(fte_gap(*found.whole, question.benchmark.value))
    return Answer(
        _message(question, found, nothing),
        figures=(
            Figure(f"{PER_GP.label}, {nothing.years[0]}", number(now)),
            _figure(f"{last}, nothing done", nothing),
            *([_figure(f"{last}, as decided", found)] if _decided(found.scenario) else []),
            Figure(
                f"FTE GPs to reach {question.benchmark.label}, {last}",
                signed(gap.central) if found.whole[0].any() else NO_FIGURE,
                between(gap.low, gap.high, 1) if gap.high > gap.low else "",
                term=REGISTER["fte_gap"].term,
                banded=True,
            ),
        ),
        front=(_chart(question, found, nothing), _by_year(question, found, 5)),
        sections=_sections(question, found, _by_year(question, found), said),
        sources="homes a year, December 2024; assumptions, each cited in the app",
        notes=said,
        foot=(" ".join(found.notes),) if found.notes else (),
    )


def _sections(
    question: Question, found: Projection, by_year: Table, said: tuple[str, ...]
) -> tuple[Section, ...]:
    compared = Section("compare", "Side by side", _compared, part="Compare")
    closing = Section(
        "takers", "Where patients of practices that close or merge go", _takers, part=GROUPED
    )
    return (
        Section("map", "Before and after", _map, options=(MAP_OF, AT), whole=True),
        *([compared] if question.options.get(AGAINST) else []),
        Section("happens", "What is taken to happen", lambda _: [Bullets(said)], part=HAPPENS),
        Section("years", "Year by year", lambda _: [by_year], part=HAPPENS),
        Section("groups", "By place, PCN or hub", _groups, part=GROUPED),
        Section("small", "Too small, or outside the band", _small, part=GROUPED),
        *([closing] if _moving(found.scenario) else []),
        Section("assumptions", "What it rests on most", _assumptions, part="What moves it"),
        Section("team", "Appointments needed, and what the team can give", _team, part=STAFFED),
        Section("takes", "What it would take", _takes, part=STAFFED),
        Section(
            "placing",
            "Where GPs should go",
            _placing,
            options=tuple(option.key for option in placing.OPTIONS),
            part="Where GPs should go",
        ),
        Section(
            "sites",
            "Where sites should stand",
            _sites,
            options=tuple(option.key for option in where_sites.OPTIONS),
            part="Where sites should stand",
            slow="Comparing sites",
        ),
        Section(
            "inequality",
            "Does it widen the gap?",
            _inequality,
            slow="Working out the gaps",
            part="Deprived or not",
        ),
    )


# --- the scenario ---


def today_for(question: Question) -> Today:
    """Where plans of the question's data start, worked out once a data set."""
    dataset, readers = question.dataset, question.readers
    return kept(
        dataset,
        ("plan_ahead", readers.version),
        lambda: today_of(dataset, readers.registered, staff_of_networks(readers, dataset)),
    )


def takers_of(today: Today) -> Takers:
    """Which practices most patients of one would go to, worked out once for each."""

    def takers(code: str) -> list[tuple[str, float]]:
        known = code in today.practices.index
        return kept(today, ("takers", code), lambda: most_go_to(today, code) if known else [])

    return takers


def scenario_of(question: Question, start: int) -> Scenario:
    """The scenario that is asked for, or that the view's options make; `start`: the year of
    today's figures.
    """
    if own := question.options.get(LINK, ""):
        return from_text(own)
    first = start + 1
    changes: list[Change] = []
    homes = question.option("homes", _homes_known(question))
    if homes != "none":
        changes += planned_homes(first, which=_TABLES[homes])
    leavers = question.option("leave", LEAVERS)
    if leavers != "none":
        changes.append(Leave(year=first, ages=leavers))
    if question.option("join", JOINERS) == "yes":
        # Of all the data, not of the area: where GPs train is not where they stay.
        changes.append(Join(year=first))
    recruits = float(question.option("recruit", RECRUITS))
    if recruits:
        where = question.area.label
        changes.append(Staff(year=start + DECIDED, role="gp", fte=recruits, where=where))
    code = question.options.get("close", NOBODY).strip().upper()
    if code not in ("", NOBODY.upper()):
        if code not in question.practices.index:
            raise UserError(f"There is no practice {code[:20]} in {question.name}.")
        follow = float(question.option("staff", STAFF))
        changes.append(Close(year=start + DECIDED, practice=code, staff_follow=follow))
    return Scenario(question.name, int(question.option("years", YEARS)), tuple(changes))


def _decided(scenario: Scenario) -> bool:
    return any(change.on and not change.comes_anyway for change in scenario.changes)


def _both(question: Question) -> tuple[Projection, Projection]:
    """With what is decided, and without it, of the area as a whole."""
    scenario = scenario_of(question, today_for(question).year)
    return _projected(question, scenario), _projected(question, scenario.doing_nothing)


def _rival(question: Question, years: int) -> tuple[str, Projection] | None:
    """The scenario that is compared with, and its name; UserError where it looks elsewhere."""
    text = question.options.get(AGAINST, "")
    if not text:
        return None
    scenario = from_text(text)
    if scenario.years != years:
        raise UserError(
            f"'{scenario.name}' looks {scenario.years} years ahead, this one {years}. Give both "
            "the same years to compare them."
        )
    return scenario.name, _projected(question, scenario)


def _hubs(question: Question) -> dict[str, str]:
    return {str(code): str(name) for code, name in question.shown_plan.to_series().items()}


def _projected(question: Question, scenario: Scenario) -> Projection:
    """The area under a scenario; the last ones are kept for sections and others."""
    # Its name moves no figure.
    text = json.dumps(replace(scenario, name=question.name).to_dict())
    excluded, hubs = tuple(map(str, question.excluded.index)), tuple(_hubs(question).items())
    definition = question.definition.key
    return _projection(today_for(question), text, question.area, excluded, definition, hubs)


@lru_cache(maxsize=KEPT)
def _projection(
    today: Today,
    scenario: str,
    area: Area,
    excluded: tuple[str, ...],
    definition: str,
    hubs: tuple[tuple[str, str], ...],
) -> Projection:
    groups = _counted(grouping(area), excluded)
    return project(today, read_scenario(scenario), groups, definition=definition, hubs=dict(hubs))


def _counted(groups: Grouping, excluded: Collection[str]) -> Grouping:
    """The same groups without practices that are left out on demand."""

    def counted(practices: pd.DataFrame) -> pd.Series:
        return groups(practices).where(~practices.index.isin(list(excluded)))

    return counted


# --- words ---


def _band(row: pd.Series) -> str:
    return between(row["patients_per_fte_gp_low"], row["patients_per_fte_gp_high"])


def _last(question: Question, found: Projection) -> Drawn:
    """The area's practices in the last year, those left out on demand apart."""
    codes = _own(question, found, found.years[-1]).index
    return found.last_year(question.definition.column).of(codes)


def _figure(label: str, projection: Projection) -> Figure:
    row = projection.figures.iloc[-1]
    return Figure(label, number(row["patients_per_fte_gp"]), _band(row), banded=True)


def _message(question: Question, found: Projection, nothing: Projection) -> Words:
    """What the years bring, with no more claimed of a difference than its draws allow."""
    now, then, last = nothing.figures.iloc[0], nothing.figures.iloc[-1], nothing.years[-1]
    said = (
        f"If nothing is done, {question.name} would have {number(then['patients_per_fte_gp'])} "
        f"patients per FTE GP in {last} ({_band(then)}), against "
        f"{number(now['patients_per_fte_gp'])} in {nothing.years[0]}."
    )
    if _decided(found.scenario):
        ahead = found.figures.iloc[-1]
        ratio = ahead["patients_per_fte_gp"]
        said += (
            f" With what is decided {number(ratio)} ({_band(ahead)}): {_apart(found, nothing)}."
            if pd.notna(ratio)
            else " With what is decided no practice here is left with a figure."
        )
    taken = _taken(found.scenario)
    basis = definition_text(question.definition.key, question.period)
    typed = [found.assumptions[key].label for key in found.used if found.assumptions[key].typed]
    own = f"; typed in: {', '.join(typed)}" if typed else ""
    return Words(
        said,
        f"{CAUTION} In brackets: 95% of the draws.",
        f"{taken} {basis} Assumptions: published ones, cited below{own}.",
    )


def _taken(scenario: Scenario) -> str:
    """Who leaves and joins, in a sentence."""
    on = [change for change in scenario.changes if change.on]
    leave = [AGES[each.ages] for each in on if isinstance(each, Leave)]
    joining = any(isinstance(each, Join) for each in on)
    joins = "only those who finish training here join" if joining else "nobody joins"
    leaves = f"{leave[0]} at the rates of England in 2022" if leave else "No GP leaves"
    return f"{leaves}; {joins}; all else stays but for what is decided."


def _apart(found: Projection, nothing: Projection) -> str:
    """How many patients per FTE GP more or fewer, and whether the draws tell which."""
    low, high = np.percentile(found.drawn - nothing.drawn, BAND_ENDS)
    ahead, then = (each.figures["patients_per_fte_gp"].iloc[-1] for each in (found, nothing))
    if max(abs(low), abs(high)) < 0.5:
        return "as many"
    if low <= 0 <= high:
        return f"it could be more or fewer ({signed(low, 0)} to {signed(high, 0)})"
    ends = sorted(map(abs, (low, high)))
    word = "more" if ahead > then else "fewer"
    return f"{number(abs(ahead - then))} {word} ({between(*ends)})"


def _sentences(question: Question, found: Projection) -> tuple[str, ...]:
    called = question.dataset.practices["practice_name"]
    names = {str(code): str(name) for code, name in called.items()}
    takers = takers_of(found.today)
    if question.options.get(LINK, ""):
        listed = found.scenario.changes
        more = (BACK_TEST,) if any(isinstance(each, Homes) and each.on for each in listed) else ()
        return (*(sentence(change, names, takers) for change in listed), *more)
    first = found.years[0] + 1
    homes = question.option("homes", _homes_known(question))
    said = []
    if homes == "none":
        said.append("No homes are built, and the population stays as it is.")
    else:
        total = sum(c.a_year for c in planned_homes(first, which=_TABLES[homes]))
        per = found.assumptions["residents_per_dwelling"]
        said.append(
            f"From {first} {number(total)} homes a year are built in Essex, with "
            f"{per.central:g} residents each ({per.low:g} to {per.high:g}); all register as those "
            "who live in their district do. Some districts are known only together."
        )
        said.append(BACK_TEST)
    leavers = question.option("leave", LEAVERS)
    said.append(f"From {first} {AGES[leavers]}." if leavers != "none" else "No GP leaves.")
    if question.option("join", JOINERS) == "yes":
        said.append(
            f"From {first} those who finish their training in Essex join its practices each year, "
            "in proportion to the GPs there."
        )
    for change in found.scenario.changes:
        if isinstance(change, Staff):
            said.append(
                f"From {change.year} {change.fte:g} FTE GPs more work in {question.name}, shared "
                "out by list size; their posts stay filled."
            )
        if isinstance(change, Close):
            said.append(sentence(change, names, takers))
    return tuple(said)


# --- the picture ---


def _chart(question: Question, found: Projection, nothing: Projection) -> Chart:
    lines = _lines(NOTHING, nothing, "#2166ac")
    if _decided(found.scenario):
        lines += _lines(WHAT_IF, found, "#e08214")
    rival = _rival(question, found.scenario.years)
    if rival is not None:
        lines += _lines(*rival, "#1b7837")
    benchmark = question.benchmark
    years = (float(nothing.years[0]), float(nothing.years[-1]))
    lines.append(
        Series(benchmark.label, (benchmark.value,) * 2, x=years, colour="#6b7280", line=True)
    )
    then = nothing.figures.iloc[-1]
    return Chart(
        "scatter",
        f"{PER_GP.label} in {question.name}, and the band of 95% of the draws",
        tuple(lines),
        f"Lines by year, {nothing.years[0]} to {nothing.years[-1]}. Nothing done: from "
        f"{number(nothing.figures['patients_per_fte_gp'].iloc[0])} to "
        f"{number(then['patients_per_fte_gp'])} ({_band(then)}).",
        value_title=PER_GP.label,
        x_title="Year (December)",
        x_format="0",
    )


def _lines(name: str, projection: Projection, colour: str) -> list[Series]:
    table = projection.figures
    central, low, high = (table[f"patients_per_fte_gp{end}"] for end in ("", "_low", "_high"))
    looks: dict[str, Any] = {"x": table["year"], "colour": colour, "line": True}
    # One name for both ends: one line of the legend.
    ends = (Series.of(f"{name}, 95%", end, dash=True, **looks) for end in (low, high))
    return [Series.of(name, central, **looks), *ends]


def _map(question: Question) -> Blocks:
    """Each practice against the benchmark, today or in the last year."""
    found, nothing = _both(question)
    which = question.option(MAP_OF, MAPS)
    shown = found if which == "after" else nothing
    year = shown.years[0 if which == "before" else -1]
    ratios = patients_per_fte_gp(shown.frame(year), question.definition.key)
    # A practice stands at each of its sites.
    held = shown.sites(year)
    held = held[held.index.isin(question.practices.index) & held.isin(ratios.index)]
    at = {str(code): str(holder) for code, holder in held.items()}
    ratios = ratios.reindex(held).set_axis(held.index)
    benchmark = question.benchmark
    bands = {} if which == "before" else _bands(_last(question, shown))
    names = shown.practices["practice_name"]
    spec = MapSpec(
        "layers",
        question,
        marks=maps.benchmark_layer(
            f"{PER_GP.label} in {year} against {benchmark.label} ({number(benchmark.value)})",
            ratios,
            benchmark.value,
            tip=str(year),
        ),
        highlight=question.highlight,
        notes={
            code: f"{year}: {number(value)} patients per FTE GP{bands.get(at[code], '')}"
            + ("" if at[code] == code else f", as a site of {names[at[code]]}")
            for code, value in zip(at, ratios, strict=True)
            if value == value
        },
        about=f"practices by patients per FTE GP in {year}, {MAPS[which].lower()}",
        note="Size: patients today. Hollow: no figure, or no longer there. Click a practice to "
        "change something there; draw a point or a shape where homes come.",
    )
    return [MapBlock(spec, pick=AT, high=400, draw=DRAWN, shapes=_shapes(found.scenario))]


def _bands(drawn: Drawn) -> dict[str, str]:
    """What holds 95% of the draws of each practice's patients per FTE GP, in brackets."""
    ratios = np.divide(
        drawn.patients, drawn.fte, out=np.full(drawn.fte.shape, np.nan), where=drawn.fte > 0
    )
    low, high = band(ratios[:, 1:], ratios[:, 0])
    ends = zip(map(str, drawn.codes), low, high, strict=True)
    return {code: f" ({between(least, most)})" for code, least, most in ends if most > least}


def _shapes(scenario: Scenario) -> tuple[Corners, ...]:
    """Where homes are built at a point or in a shape, and where practices open."""
    found = []
    for change in scenario.changes:
        if isinstance(change, Homes) and change.on:
            corners = degrees_in(change.where)
            if corners is not None:
                found.append(tuple((float(north), float(east)) for north, east in corners))
        elif isinstance(change, Open) and change.on:
            found.append(((change.latitude, change.longitude),))
    return tuple(found)


def _by_year(question: Question, found: Projection, step: int = 1) -> Table:
    """Every `step` years up to the last, and today."""
    last = found.years[-1]
    shown = [year for year in found.years if (last - year) % step == 0 or year == found.years[0]]
    return Table(
        f"{question.name}, {WHAT_IF.lower()}" if _decided(found.scenario) else question.name,
        found.figures[found.figures["year"].isin(shown)],
        (
            Column("year", "Year", "year"),
            *([] if step > 1 else [measured("practices")]),
            measured("patients", wide=1.3),
            *([] if step > 1 else _ends_of("patients", "count")),
            measured("fte_gp"),
            *([] if step > 1 else _ends_of("fte_gp", "tenth")),
            measured("patients_per_fte_gp", 1.3),
            *_ends_of("patients_per_fte_gp", "count"),
            *([] if step > 1 else [Column(k, team.staff_label(k), "tenth") for k in OTHERS]),
        ),
        small=step > 1,
        name="" if step > 1 else f"plan-ahead-{question.area.key}-{question.definition.key}",
    )


def _ends_of(name: str, form: str) -> list[Column]:
    return [Column(f"{name}_low", "Low", form), Column(f"{name}_high", "High", form)]


# --- sections ---


def _moving(scenario: Scenario) -> list[Close | Merge]:
    return [each for each in scenario.changes if isinstance(each, (Close, Merge)) and each.on]


def _takers(question: Question) -> Blocks:
    today, hubs = today_for(question), _hubs(question)
    changes = _moving(scenario_of(question, today.year))
    return [block for change in changes for block in moving.blocks(question, today, change, hubs)]


def _compared(question: Question) -> Blocks:
    """Both scenarios and doing nothing in the last year; differences draw by draw."""
    found, nothing = _both(question)
    rival = _rival(question, found.scenario.years)
    assert rival is not None
    rows = [
        (
            name,
            number(last["patients"]),
            number(last["fte_gp"], 1),
            number(last["patients_per_fte_gp"]),
            _band(last),
            "" if projection is nothing else _difference(projection, nothing),
        )
        for name, projection in ((NOTHING, nothing), (THIS, found), rival)
        for last in [projection.figures.iloc[-1]]
    ]
    if np.array_equal(found.drawn, rival[1].drawn, equal_nan=True):
        note = f"This scenario and '{rival[0]}' are the same in patients per FTE GP in every draw."
    else:
        note = (
            f"This scenario less '{rival[0]}': {_difference(found, rival[1])} patients per FTE GP, "
            "draw by draw. Where it spans 0, either may have more."
        )
    heads = (
        f"In {found.years[-1]}", "Patients", REGISTER["fte_gp"].label, "Per FTE GP", "95% of draws",
        "Against doing nothing",
    )  # fmt: skip
    return [
        text_table(
            f"{question.name}: doing nothing, this scenario and '{rival[0]}'",
            heads,
            rows,
            widths=(1.8, 1, 0.8, 0.9, 1.3, 1.9),
            note=note,
        )
    ]


def _difference(one: Projection, other: Projection) -> str:
    """What the last year of one has more, and from what to what in 95% of the draws."""
    name = "patients_per_fte_gp"
    more = one.figures[name].iloc[-1] - other.figures[name].iloc[-1]
    low, high = np.percentile(one.drawn - other.drawn, BAND_ENDS)
    return f"{signed(more, 0)} ({signed(low, 0)} to {signed(high, 0)})"


def _groups(question: Question) -> Blocks:
    by = "hub" if question.plan is not None else "pcn"
    if question.area.kind == "region" and by == "pcn":
        by = "place"
    found, nothing = _both(question)
    own = grouping(question.area, by, _hubs(question))
    year = found.years[-1]
    first, last, ahead = (
        _summed(question, projection.frame(when), own)
        for projection, when in ((nothing, nothing.years[0]), (nothing, year), (found, year))
    )
    columns = {
        "patients_now": first["patients"],
        "patients_then": ahead["patients"],
        "now": first["patients_per_fte_gp"],
        "nothing": last["patients_per_fte_gp"],
        "decided": ahead["patients_per_fte_gp"],
        "gap": ahead["fte_gap"],
    }
    bands = {
        f"{name}{end}": pd.Series(ends, index=values.index)
        for name, values in _drawn_groups(question, found, own).items()
        for end, ends in zip(
            ("_low", "_high"), band(values.to_numpy()[:, 1:], values[0]), strict=True
        )
    }
    table = pd.DataFrame(columns | bands).rename_axis("group").reset_index()
    return [
        Table(
            f"{PER_GP.label} in {nothing.years[0]} and {year}, and FTE GPs short of "
            f"{question.benchmark.label} then; low and high: 95% of the draws, as decided",
            table,
            (
                Column("group", {"hub": "Hub", "pcn": "PCN"}.get(by, "Place"), wide=2.0),
                Column("patients_now", f"Patients {nothing.years[0]}", "count"),
                Column("patients_then", f"Patients {year}", "count"),
                Column("now", f"Per GP {nothing.years[0]}", "count"),
                Column("nothing", "Nothing done", "count"),
                Column("decided", "As decided", "count"),
                *_ends_of("decided", "count"),
                Column("gap", "GPs short", "signed_tenth"),
                Column("gap_low", "From", "signed_tenth"),
                Column("gap_high", "To", "signed_tenth"),
            ),
            name=f"plan-ahead-{by}-{question.area.key}",
            colours=() if by == "place" else question.colours_of(table["group"]),
        )
    ]


def _drawn_groups(question: Question, found: Projection, own: Grouping) -> dict[str, pd.DataFrame]:
    """Patients, patients per FTE GP and FTE short of the benchmark of each group in the last year:
    a row each, central and drawn.
    """
    drawn = _last(question, found)
    table = found.frame(found.years[-1]).loc[drawn.codes]
    keys = own(table)

    def summed(values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, index=drawn.codes).groupby(keys).sum()

    patients, fte = (summed(part) for part in drawn.reported())
    return {
        "patients_then": summed(np.nan_to_num(drawn.patients)),
        "decided": patients / fte.where(fte > 0),
        "gap": patients / question.benchmark.value - fte,
    }


def _summed(question: Question, practices: pd.DataFrame, groups: Grouping) -> pd.DataFrame:
    keys = _counted(groups, question.excluded.index)(practices)
    return question.summarised(keys, practices)


def _takes(question: Question) -> Blocks:
    """FTE GPs, space and cost to reach each benchmark in the last year, as decided."""
    found, _ = _both(question)
    assumed = found.assumptions
    per_gp = assumed[USED[1]]
    levels = {benchmark.label: benchmark.value for benchmark in question.benchmarks.values()}
    levels[f"{number(per_gp.central)} per FTE GP rule for new homes"] = per_gp.central
    space, cost = assumed[USED[2]], assumed[USED[3]]
    metres, pounds = (found.values_of(key) for key in USED[2:])
    rows = []
    for label, value in levels.items():
        gap = fte_gap(*found.whole, value)
        room = gap.clip(min=0) * metres
        needs = (banded(gap).text(1, sign=True), banded(room).text())
        rows.append((label, number(value), *needs, banded(room * pounds / 1e6).text(2)))
    heads = ("Benchmark", PER_GP.label, "FTE GPs to add", "Square metres", "Million pounds")
    return [
        text_table(
            f"What it would take in {found.years[-1]}, with what is decided",
            heads,
            rows,
            widths=(1.6, 0.9, 1.6, 1.6, 1.4),
            note="In brackets: 95% of the draws. "
            f"{space.central:g} ({space.low:g} to {space.high:g}) square metres a GP (2014 "
            f"strategy); £{number(cost.central)} a square metre at prices of 2018. Space for GPs "
            "there already is not in it.",
        )
    ]


@or_why_not
def _placing(question: Question) -> Blocks:
    found, _ = _both(question)
    year = found.years[-1]
    return placing.blocks(question, _own(question, found, year), year)


@or_why_not
def _sites(question: Question) -> Blocks:
    found, _ = _both(question)
    closed = question.practices.index.difference(found.sites(found.years[-1]).index)
    return where_sites.of_plan(question, set(closed))


def _inequality(question: Question) -> Blocks:
    found, nothing = _both(question)
    first, last, rows = nothing.years[0], found.years[-1], []
    asked = {
        f"{first}": (nothing.frame(first), None),
        f"{last}, nothing done": (nothing.frame(last), _last(question, nothing)),
        f"{last}, as decided": (found.frame(last), _last(question, found)),
    }
    here = question.practices.index
    years = {name: (table[table.index.isin(here)], drawn) for name, (table, drawn) in asked.items()}
    definition, edition = question.definition.key, question.edition
    for label, (own, drawn) in years.items():
        index = area_inequality(own, definition=definition, edition=edition).index
        sii = rii = ""
        if drawn is not None:
            ends, (least, most) = _drawn_slopes(question, own, drawn)
            sii, rii = between(*ends), between(least, most, 2, null=1.0)
            said = _steeper(label, index, ends)
        slope, of_slope, relative, of_relative = index_cells(index)
        rows.append((label, slope, of_slope, sii, relative, of_relative, rii))
    return [
        Text(said, "finding"),
        _by_fifth(question, years),
        text_table(
            "Slope and relative index of inequality of patients per FTE GP",
            (
                "Year",
                "SII",
                "SII, 95% interval",
                "SII, draws",
                "RII",
                "RII, 95% interval",
                "RII, draws",
            ),
            rows,
            widths=(1.4, 0.7, 1.3, 1.3, 0.6, 1.2, 1.2),
            note="Least deprived less most deprived end: negative where the most deprived have "
            "more patients per FTE GP. Intervals are those of today's method (which practices "
            "happen to be there) and know nothing of the assumptions; 95% of the draws say what "
            "the assumptions leave open.",
        ),
    ]


def _steeper(label: str, index: SlopeIndex, drawn: Floats) -> str:
    """Which end has more patients per FTE GP, where draws and interval over practices both tell."""
    ends = np.array([*drawn, index.sii_low, index.sii_high])
    if not ((ends > 0).all() or (ends < 0).all()):
        return (
            f"{label}: it can't be told which end of deprivation would have more patients per FTE "
            "GP."
        )
    least, most = sorted(map(abs, drawn))
    more, fewer = ("least", "most") if index.sii > 0 else ("most", "least")
    return (
        f"{label}: the {more} deprived end would have {number(abs(index.sii))} patients per FTE GP "
        f"more than the {fewer} deprived ({between(least, most)} in 95% of the draws)."
    )


def _drawn_slopes(question: Question, practices: pd.DataFrame, drawn: Drawn) -> list[Floats]:
    """Both ends of 95% of the draws of the slope, then of the relative index."""
    matrix = _fifths(question, practices)
    own = drawn.of(pd.Index(matrix.codes))
    slopes = slopes_of(matrix, own.patients.T, own.fte.T)
    return [np.percentile(each[1:], BAND_ENDS) for each in slopes]


def _with_draws(
    question: Question, practices: pd.DataFrame, fifths: pd.DataFrame, drawn: Drawn
) -> pd.DataFrame:
    """The fifths with 95% of the draws in place of the interval; none where they are hidden."""
    matrix = _fifths(question, practices)
    own = drawn.of(pd.Index(matrix.codes))
    patients, fte = matrix.sums(own.patients.T, own.fte.T)
    ratios = measured_groups(patients, fte, "patients_per_fte_gp").T
    ends = np.percentile(ratios[:, 1:], BAND_ENDS, axis=1)
    shown = fifths["patients_per_fte_gp"].notna()
    for name, values in zip(("low", "high"), ends, strict=True):
        known = pd.Series(values, index=[*matrix.groups]).reindex(fifths.index)
        fifths = fifths.assign(**{f"patients_per_fte_gp_{name}": known.where(shown)})
    return fifths


def _fifths(question: Question, practices: pd.DataFrame) -> PatientMatrix:
    return quintile_matrix(practices, definition=question.definition.key, edition=question.edition)


def _by_fifth(question: Question, years: Mapping[str, tuple[pd.DataFrame, Drawn | None]]) -> Table:
    """Patients per FTE GP of each fifth, a row each: today with its interval, later with 95% of the
    draws.
    """
    cells, definition = [], question.definition.key
    for own, drawn in years.values():
        found = quintile_table(own, definition=definition, edition=question.edition).shown
        found = found if drawn is None else _with_draws(question, own, found, drawn)
        rows = [row for _, row in found.loc[[*QUINTILE_LABELS]].iterrows()]
        cells.append([f"{number(row['patients_per_fte_gp'])} ({_band(row)})" for row in rows])
    return text_table(
        f"{PER_GP.label} by fifth of deprivation (IMD {question.edition})",
        ("Fifth", *years),
        list(zip(QUINTILE_LABELS.values(), *cells, strict=True)),
        widths=(1.4, *[1.4] * len(years)),
        note="In brackets: today the 95% interval (which practices happen to be there), later 95% "
        "of the draws.",
    )


def _team(question: Question) -> Blocks:
    found, nothing = _both(question)
    return team.blocks(question, _three(question, found, nothing), found.values_of)


def _three(question: Question, found: Projection, nothing: Projection) -> dict[str, team.Year]:
    first, last = nothing.years[0], nothing.years[-1]
    asked = {
        f"{first}": (nothing, first),
        f"{last}, nothing done": (nothing, last),
        f"{last}, as decided": (found, last),
    }
    return {name: _year(question, *each) for name, each in asked.items()}


def _year(question: Question, projection: Projection, year: int) -> team.Year:
    """The area's practices in the first or the last year, and in every draw."""
    table = _own(question, projection, year)

    @cache
    def gps(name: str) -> Drawn:
        if year == projection.years[0]:
            return as_today(table, name)
        return projection.last_year(name).of(table.index)

    drawn = gps(question.definition.column)
    figures = projection.figures
    others = figures.loc[figures["year"] == year, [*OTHERS]].iloc[0]
    return team.Year(table, others, drawn, gps, projection.successors(year))


def _small(question: Question) -> Blocks:
    found, nothing = _both(question)
    kind = "hub" if question.plan is not None else "pcn"
    own = grouping(question.area, kind, _hubs(question))
    years = _three(question, found, nothing)
    groups = {name: own(year.table).replace([NO_PCN, NO_HUB], None) for name, year in years.items()}
    return too_small.blocks(question, years, groups, {"hub": "Hub", "pcn": "PCN"}[kind])


def _own(question: Question, projection: Projection, year: int) -> pd.DataFrame:
    """The area's practices in a year, those left out on demand apart."""
    practices = projection.frame(year)
    keys = _counted(grouping(question.area), question.excluded.index)(practices)
    return practices[keys.notna()]


def premises_ahead(
    question: Question, premises: pd.DataFrame
) -> tuple[int, pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """The last year asked for, what the user's premises are then against need, as decided
    (`against_need`), the same of all years together (`by_year`), and the sites that have fallen
    away by then.
    """
    found, _ = _both(question)
    last = found.years[-1]

    held = {year: found.sites(year) for year in found.years}

    def against(year: int, own: pd.DataFrame, drawn: Drawn, value: Values) -> pd.DataFrame:
        return against_need(premises, own, drawn, year, value, question.edition, held[year])

    def central(year: int) -> pd.DataFrame:
        own = _own(question, found, year)
        drawn = as_today(own, question.definition.column)
        return against(year, own, drawn, lambda key: found.values_of(key)[:1])

    codes = premises["practice_code"]
    gone = codes.isin(question.practices.index) & ~codes.isin(held[last].index)
    fallen = tuple(f"{row.site} ({row.practice_code})" for row in premises[gone].itertuples())
    own, drawn = _own(question, found, last), _last(question, found)
    return (last, against(last, own, drawn, found.values_of), by_year(found.years, central), fallen)


def for_workbook(
    question: Question,
) -> tuple[tuple[str, ...], pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What is taken to happen in sentences and what is missing, the figures by year with nothing
    done and as decided (`Projection.figures`, and before them which), what is assumed (label,
    of_what, low, central, high, unit, typed, source), and what becomes of premises (`_premises`).
    """
    found, nothing = _both(question)
    cases = {NOTHING: nothing.figures, WHAT_IF: found.figures}
    figures = pd.concat(cases, names=["case"]).reset_index(level="case")
    said = (*_sentences(question, found), *found.notes)
    return said, figures, _assumed(found), _premises(found)


def _premises(found: Projection) -> pd.DataFrame:
    """Who has the premises of practices that merge or close from then on, a row each: year,
    premises (whose they are today) and holder, names with codes.
    """
    called = found.practices["practice_name"]
    names = {code: f"{name} ({code})" for code, name in called.items()}
    rows = []
    for change in _moving(found.scenario):
        own = change.practices if isinstance(change, Merge) else (change.practice,)
        was, now = (found.sites(year) for year in (change.year - 1, change.year))
        rows += [
            (change.year, names[code], names.get(now.get(code), "given up"))
            for code in was.index[was.isin(own)]
        ]
    return pd.DataFrame(rows, columns=["year", "premises", "holder"]).drop_duplicates()


def _assumptions(question: Question) -> Blocks:
    found, _ = _both(question)
    table = _assumed(found)
    blocks: list[Block] = []
    if not found.used:
        none = "Patients and GPs rest on no assumption: no homes, and nobody leaves or joins."
        blocks.append(Text(none, "info"))
    ends = found.ends[(found.ends["low"] - found.ends["high"]).abs() > 0.5]
    central = float(found.figures["patients_per_fte_gp"].iloc[-1])
    if len(ends):
        blocks.append(_tornado(question, ends, central, found))
    fields = (
        Column("label", "Assumption", wide=1.6),
        Column("of_what", "Of", wide=0.9),
        Column("low", "Low", "hundredth"),
        Column("central", "Central", "hundredth"),
        Column("high", "High", "hundredth"),
        Column("unit", "Unit", wide=1.2),
        Column("source", "Source", wide=3.0),
    )
    name = f"assumptions-{question.area.key}"
    blocks.append(Table("What is assumed", table, fields, name=name))
    return blocks


def _assumed(found: Projection) -> pd.DataFrame:
    """What the patients and GPs of the years rest on, then what staff and space do."""
    keys = dict.fromkeys(found.used, "Patients and GPs")
    keys |= dict.fromkeys((key for key in (*ON_STAFF, *USED) if key not in keys), STAFFED)
    assumed = found.assumptions
    return pd.DataFrame(
        [
            {
                "label": assumed[key].marked,
                "of_what": of_what,
                **{end: getattr(assumed[key], end) for end in ("low", "central", "high")},
                "unit": assumed[key].unit,
                "typed": assumed[key].typed,
                "source": assumed[key].source,
            }
            for key, of_what in keys.items()
        ]
    )


def _tornado(question: Question, ends: pd.DataFrame, central: float, found: Projection) -> Chart:
    labels = tuple(found.assumptions[str(key)].marked for key in ends.index)
    low, high = ends.min(axis=1), ends.max(axis=1)
    told = (f"{label} {between(a, b)}" for label, a, b in zip(labels, low, high, strict=True))
    return Chart(
        "intervals",
        f"{PER_GP.label} of {question.name} in {found.years[-1]}, one assumption at its ends",
        (Series.of(PER_GP.label, [central] * len(ends), low=low, high=high),),
        f"What moves it most: {'; '.join(told)}.",
        categories=labels,
        value_title=PER_GP.label,
        reference=question.benchmark.value,
        reference_label=question.benchmark.label,
    )


VIEW = View(
    "plan_ahead",
    "plan_ahead",
    "Plan ahead",
    "What happens in the years to come if nothing is done, and what if: homes, GPs who leave and "
    "join, a practice that closes.",
    answer,
    options=OPTIONS,
    with_plan=True,
    slow="Working out the years to come",
)
