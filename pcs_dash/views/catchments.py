"""Who lives where: the patients of a practice, PCN or hub, and who else people there use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from pcs_dash.measures import catchments
from pcs_dash.measures.catchments import HUB, KINDS, PCN, PRACTICE, Registered
from pcs_dash.measures.gravity import MODEL_ERROR
from pcs_dash.measures.numbers import count, number, per_cent
from pcs_dash.measures.registrations import Overlap
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.words import Words, upper_first
from pcs_dash.tables.errors import UserError
from pcs_dash.views import catchment_maps, maps
from pcs_dash.views.answer import (
    Answer,
    Block,
    Blocks,
    Column,
    Figure,
    File,
    MapBlock,
    Option,
    Section,
    Table,
    Text,
    View,
    measured,
    or_why_not,
)
from pcs_dash.views.catchment_maps import MAIN_GROUP, MAIN_PRACTICE, MAPS, RATIO, SHARE
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.question import Question

_MOST_CHECKED = 20
# Small areas where a tenth of the patients are with practices whose GPs are not known.
_LEAST_COVERED = 0.9


# --- whose patients ---


def _kind(question: Question) -> str:
    return question.option("whose", KINDS)


def _groups(question: Question, kind: str) -> dict[str, str]:
    """Practice code to the name of its unit, over all practices of the data."""
    return catchments.groups_of(kind, question.dataset.practices, question.shown_plan.to_series())


def _units(question: Question, kind: str) -> dict[str, str]:
    """The units of the area: key to the words shown."""
    everyone = question.area.select(question.dataset.practices)
    return catchments.units_in(kind, _groups(question, kind), everyone)


@dataclass(frozen=True, eq=False)
class _Unit:
    """The unit that is looked at: whose patients, its key and name, its practices (`codes`, of
    which `missing` are not in the registrations), the units of all practices (`groups`).
    """

    registered: Registered
    kind: str
    key: str
    name: str
    codes: list[str]
    missing: int
    groups: Mapping[str, str]
    largest: bool

    @property
    def noun(self) -> str:
        return {PRACTICE: "practice", PCN: "PCN", HUB: "hub"}[self.kind]

    @property
    def overlap(self) -> Overlap:
        """Who shares whose neighbourhoods."""
        key = ("overlap", self.kind, frozenset(self.groups.items()))
        found: Overlap = kept(
            self.registered, key, lambda: catchments.overlap_of(self.registered, self.groups)
        )
        return found


_OPTION = {PCN: "catchment-pcn", PRACTICE: "practice", HUB: "catchment-hub"}


def _unit(question: Question) -> _Unit:
    """The unit asked for, else the largest. UserError where there is none, or it is not in the
    registrations.
    """
    registered = question.readers.registered(question.dataset)
    kind = _kind(question)
    groups, units = _groups(question, kind), _units(question, kind)
    if not units:
        raise UserError(
            f"No practice of {question.name} is in a PCN. Look at a practice instead."
            if kind == PCN
            else f"The plan has no practice of {question.name} in a hub. Make hubs on the page "
            "Hubs."
        )
    asked = question.options.get(_OPTION[kind], "")
    key = asked if asked in units else next(iter(units))
    if asked not in units and kind == PRACTICE:
        everyone = question.area.select(question.dataset.practices)
        key = str(everyone["patients"].fillna(0).idxmax())
    codes = [code for code, name in groups.items() if name == key]
    have = set(registered.table["practice_code"])
    if not have & set(codes):
        raise UserError(
            f"{units[key]} is not in the {registered.label}: it is newer, or had no list then."
        )
    return _Unit(
        registered, kind, key, units[key], codes, len(set(codes) - have), groups,
        largest=asked not in units,
    )  # fmt: skip


# --- the answer ---


def answer(question: Question) -> Answer:
    """Where the patients of a practice, PCN or hub live."""
    dataset = question.dataset
    registered = question.readers.registered(dataset)
    warning = _modelled_warning(registered) if registered.modelled else ""
    try:
        unit = _unit(question)
    except UserError as error:
        said = str(error)
        return Answer(Words(said), warning=warning, sections=(_CHECK,), refusal=said)
    points = kept(dataset, "points", lambda: catchments.points_of(dataset.lsoas))
    portrait = catchments.portrait(registered, unit.codes, dataset.practices, points)
    away = catchments.elsewhere(unit.overlap, unit.key)[1]
    rows = catchments.catchment_rows(registered, unit.codes, dataset.lsoas)
    beyond = catchments.beyond(registered, portrait, rows)
    what = question.option("catchment-map", MAPS, SHARE)
    return Answer(
        Words(
            catchments.sentence(unit.kind, unit.name, portrait, away,
                                modelled=registered.modelled),
            "",
            " ".join(_basis(question, unit, beyond)),
        ),
        figures=_figures(unit, portrait, away),
        front=(_map(question, unit, what, rows), *_where(question, unit, rows)),
        sections=_sections(unit, what),
        share=0.6,
        notes=(
            f"{registered.note} {MODEL_ERROR}" if registered.modelled else "",
            _DISTANCES,
            *beyond,
        ),
        sources=registered.label,
        about_gps=what == RATIO,
        heading=f"Who lives where: {unit.name}{registered.suffix}",
        foot=(f"Where patients live: {registered.label}. LSOAs of 2011 (ONS).", _DISTANCES),
        warning=warning,
    )  # fmt: skip


_DISTANCES = "Distances are straight lines from a point inside the LSOA to the surgery's postcode."


def _modelled_warning(registered: Registered) -> str:
    return (
        "Modelled, not registrations: those (Patients Registered at a GP Practice, by small area) "
        "are not loaded, so patients are shared out by distance until every practice has its list. "
        f"{registered.note} {MODEL_ERROR} Not for decisions on single small areas. The real ones "
        "can be loaded under Data and methods."
    )


def _basis(question: Question, unit: _Unit, beyond: Sequence[str]) -> list[str]:
    now = "the newest lists" if question.area.loaded else "the workforce data"
    parts = [f"Rests on {unit.registered.label}; practices as of {now}."]
    if unit.largest and unit.kind == PRACTICE:
        parts.insert(0, f"Shown: the largest, {unit.name}.")
    if unit.missing:
        parts.append(
            f"{unit.missing} of its practices {'is' if unit.missing == 1 else 'are'} not in the "
            "registrations and left out."
        )
    return [*parts, *beyond]


def _figures(unit: _Unit, portrait: catchments.Portrait, away: float) -> tuple[Figure, ...]:
    km = catchments.km_text
    return (
        Figure("Patients", number(portrait.patients), unit.registered.tag),
        Figure("Core catchment", f"{portrait.core:,} LSOAs", f"of {portrait.lsoas:,}, hold 80%"),
        Figure("Half live within", km(portrait.median_km), "straight line"),
        Figure("Nine in ten within", km(portrait.p90_km), "of their practice", slide=False),
        Figure("Mostly others' areas", per_cent(away), f"most use {catchments.another(unit.kind)}"),
    )


def _sections(unit: _Unit, what: str) -> tuple[Section, ...]:
    suffix = unit.registered.suffix
    found = []
    if what in (MAIN_PRACTICE, MAIN_GROUP):
        found.append(Section("main", f"{what}{suffix}", partial(_main_users, unit, what)))
    if unit.kind != PRACTICE:
        overlap = partial(_overlap, unit)
        found.append(Section("overlap", f"Overlap between {unit.noun}s{suffix}", overlap))
    return (*found, _CHECK)


# --- the map ---


def _map(question: Question, unit: _Unit, what: str, rows: pd.DataFrame) -> MapBlock:
    dataset = question.dataset
    ground, legend, note = _ground(question, unit, what)
    box = catchment_maps.extent(dataset.lsoas, rows) if unit.kind == PRACTICE else None
    spec = MapSpec(
        "layers",
        question,
        highlight=unit.key if unit.kind == PRACTICE else question.highlight,
        position=question.position,
        marks=catchment_maps.own_marks(dataset.practices, unit.codes),
        ground=ground,
        page_legend=legend,
        about=f"small areas around {unit.name}, whose practices are magenta.",
        note=f"Magenta: practices of {unit.name}. {note}",
        focus=None if box is None else (unit.key, box),
    )
    return MapBlock(spec, pick="practice", listed=unit.kind != PRACTICE)


def _ground(
    question: Question, unit: _Unit, what: str
) -> tuple[maps.Layer, maps.Legend | None, str]:
    """How the small areas are coloured, a legend of another kind than usual, how to read it."""
    if what == SHARE:
        layer = catchment_maps.share_layer(unit.registered, unit.codes, unit.name)
        return layer, None, "Bare: none. The numbers count small areas."
    if what == RATIO:
        return _ratio_ground(question, unit)
    named, noun = _named(question, unit, what)
    dataset = question.dataset
    borders = kept(dataset, "borders", lambda: catchment_maps.neighbours_of(dataset.lsoas))
    own = question.hub_colours if noun == "hub" else {}
    layer = catchment_maps.main_layer(unit.registered, named, dataset.practices, borders, noun, own)
    here = question.area.select(dataset.lsoas).index
    return (layer, *_main_legend(layer, here))


def _named(question: Question, unit: _Unit, what: str) -> tuple[Mapping[str, str] | None, str]:
    """The groups by which main users are told (None: by practice), and what one is called."""
    if what == MAIN_PRACTICE:
        return None, "practice"
    named = unit.groups if unit.kind != PRACTICE else _groups(question, PCN)
    return named, "hub" if unit.kind == HUB else "PCN"


def _main_legend(layer: maps.Layer, here: pd.Index) -> tuple[maps.Legend, str]:
    """The legend of main users: only the names whose colour stands for them alone."""
    counts = {word: n for word, n in zip(layer.colours, layer.counts(here), strict=True) if n}
    counts = dict(sorted(counts.items(), key=lambda item: -item[1]))
    # A colour that stands for several names says none of them.
    once = len({layer.colours[word] for word in counts}) == len(counts)
    shown = [word for word in counts if once or word == catchment_maps.ELSEWHERE]
    hint = "" if once else "; hover over one for its name, or take the table below"
    legend = maps.Legend(
        f"{layer.title}: {len(counts):,} in all{hint}",
        [layer.colours[word] for word in shown],
        shown,
        [counts[word] for word in shown],
    )
    repeated = "Colours repeat, but not side by side."
    return legend, "The numbers count small areas." if once else repeated


def _ratio_ground(question: Question, unit: _Unit) -> tuple[maps.Layer, maps.Legend | None, str]:
    """Patients per FTE GP of whoever lives there, against the benchmark."""
    definition, benchmark = question.definition, question.benchmark
    fte = question.dataset.practices[definition.column].astype("float64")
    table = catchments.ratios_by_lsoa(
        unit.registered, fte.mask(fte.index.isin(question.excluded.index))
    )
    layer = catchment_maps.ratio_layer(
        unit.registered, table["patients_per_fte_gp"], benchmark.value, benchmark.label
    )
    if fte.isna().all():
        return layer, None, "Bare: no GP figures (FTE) are loaded here."
    here = question.area.select(question.dataset.lsoas).index
    partly = int((table["coverage"].reindex(here) < _LEAST_COVERED).sum())
    note = f"{definition.label}: each practice's FTE is shared out over where its patients live."
    if partly:
        note += (
            f" In {partly} small areas more than a tenth of the patients are with practices whose "
            "GPs are not in these data; they are left out of both sums."
        )
    return layer, None, note


# --- the tables and files ---


def _where(question: Question, unit: _Unit, rows: pd.DataFrame) -> tuple[Block, ...]:
    """The small areas with most patients, and the files."""
    listed = rows[~rows["hidden"]]
    # Beyond the map there are only codes.
    listed = listed.assign(lsoa=listed["lsoa"].fillna(listed.index.to_series()))
    hidden, limit = int(rows["hidden"].sum()), small_number()
    slug = "".join(c if c.isalnum() else "-" for c in unit.name.lower()).strip("-")[:50]
    file = f"catchment-{slug}-{unit.registered.file_tag}"
    note = (
        f"{len(rows):,} small areas in all; {hidden:,} with fewer than {limit} patients (or the "
        "next fewest, where one could be had by subtraction) are not shown singly, here or in the "
        "files."
    )
    table = Table(
        f"Where most patients of {unit.name} live{unit.registered.suffix}",
        listed.reset_index(),
        (
            Column("lsoa", "Small area", wide=1.7),
            measured("patients", 0.9),
            Column("share_per_cent", "Its share there", "per_cent"),
            Column("share_of_list_per_cent", "Of its list", "per_cent_tenth", 0.9),
            Column("in_core", "Core", "yes", 0.6),
        ),
        note=note if hidden else f"{len(rows):,} small areas in all.",
        name=file,
        file=rows,
    )
    lsoas, own = question.dataset.lsoas, question.dataset.practices.loc[unit.codes]
    about = [
        ("Catchment of", unit.name),
        ("Rests on", unit.registered.label),
        ("Note", f"{unit.registered.note} {MODEL_ERROR}" if unit.registered.modelled else ""),
        ("Small counts", f"below {limit} are hidden, with what is computed from them"),
        ("LSOAs", "of 2011; shares are of all patients registered in England living there"),
    ]
    package = File(
        f"{file}.gpkg",
        "Download as GeoPackage",
        "application/geopackage+sqlite3",
        lambda: catchment_maps.catchment_file(rows, lsoas, own, about),
    )
    bare = () if lsoas["geometry"].notna().any() else (
        Text(f"Magenta: practices of {unit.name}.", "note"),
    )  # fmt: skip
    return (table, package, *bare)


def _main_users(unit: _Unit, what: str, question: Question) -> Blocks:
    named, noun = _named(question, unit, what)
    own = question.area.select(question.dataset.lsoas)
    users = catchments.main_users(unit.registered, named)
    table = users.reindex(own.index).dropna(subset=["dominant"])
    table.insert(0, "lsoa", own["lsoa11nm"])
    table["modelled"] = unit.registered.modelled
    names: tuple[Column, ...] = (Column("dominant", upper_first(noun), wide=1.6),)
    if named is None:
        known = question.dataset.practices["practice_name"]
        table.insert(2, "practice_name", table["dominant"].map(known))
        names = (Column("practice_name", "Practice", wide=1.8), Column("dominant", "Code"))
    return [
        Table(
            f"The {noun} most patients of each small area use{unit.registered.suffix}",
            table.reset_index(),
            (
                Column("lsoa", "Small area", wide=1.7),
                *names,
                measured("patients"),
                Column("share", "Share of its patients", "share"),
            ),
            missing="hidden",
            name=f"main-{noun.lower()}-{question.area.key}-{unit.registered.file_tag}",
            file=table,
        )
    ]


def _overlap(unit: _Unit, question: Question) -> Blocks:
    """The matrix: patients of each group by the group that most people use where they live."""
    noun, registered = unit.noun, unit.registered
    table = catchments.matrix_rows(unit.overlap, list(_units(question, unit.kind)))
    if table.empty:
        return [Text("None of these has registrations.", "note")]
    return [
        Text(
            f"Rows: the {noun} where patients are registered. Columns: the {noun} that most "
            "patients of their small area use. Along the diagonal they are at home."
        ),
        Table(
            f"Patients of each {noun} by the {noun} most people use where they "
            f"live{registered.suffix}",
            table.rename(columns={"patients": "known_home"}).reset_index(),
            (
                Column("group", upper_first(noun), wide=2.0),
                # Fewer than are registered: those from small areas that are not known.
                Column("known_home", "Patients whose home is known", "count"),
                Column("elsewhere_per_cent", "In others' areas", "per_cent"),
                *(Column(str(name), str(name), "count") for name in table.index),
                Column("others", f"{noun}s elsewhere", "count"),
            ),
            note=f"{upper_first(registered.label)}. Only small areas on these "
            f"maps; practices in no {noun} leave the contest. Hidden: cells below "
            f"{small_number()}, and the next smallest where one alone could be had by subtraction.",
            missing="hidden",
            name=f"overlap-{question.area.key}-{noun.lower()}-{registered.file_tag}",
            file=table,
        ),
    ]


@or_why_not
def _check(question: Question) -> Blocks:
    """The patient-weighted score, recomputed, beside the published one."""
    dataset, registered = question.dataset, question.readers.registered(question.dataset)
    if question.area.loaded:
        raise UserError(
            "No published score is loaded for these practices: theirs is computed from the "
            "registrations, and would check itself."
        )
    check = catchments.check_scores(registered, dataset.practices, dataset.lsoas)
    most = check.table.assign(name=dataset.practices["practice_name"]).sort_values(
        "difference", key=lambda column: column.abs(), ascending=False
    )
    return [
        Text(
            f"{check.agreement.sentence} Their order agrees at {number(check.rank_correlation, 3)} "
            "(Spearman)."
        ),
        Text(
            f"Recomputed: {registered.label} and the IMD 2019 score of each small area. Published: "
            "the patient-weighted IMD 2025 score (OHID). Other edition, other year: equality is "
            f"not to be expected, the same order is. {per_cent(check.unmatched, 1)} of patients "
            "live where no score is loaded and are left out.",
            "note",
        ),
        Table(
            f"The {count(min(_MOST_CHECKED, len(most)), 'practice')} where the two differ most",
            most.head(_MOST_CHECKED).reset_index(),
            (
                Column("name", "Practice", wide=2.0),
                Column("practice_code", "Code"),
                Column("recomputed", "Recomputed, IMD 2019", "tenth"),
                Column("published", "Published, IMD 2025", "tenth"),
                Column("difference", "Difference", "signed_tenth"),
            ),
            name="imd-check",
            file=most,
        ),
    ]


_CHECK = Section("check", "Is the deprivation of patients right? A check", _check)


VIEW = View(
    "catchment",
    "catchments",
    "Who lives where",
    "Where the patients of a practice, PCN or hub live, and how far they travel.",
    answer,
    options=(
        Option("whose", "Whose patients", choices=KINDS),
        Option(
            "catchment-pcn", "PCN (largest first)", choices=lambda asked: _units(asked, PCN),
            when=lambda asked: _kind(asked) == PCN,
        ),
        Option(
            "practice", "Practice", "practice", when=lambda asked: _kind(asked) == PRACTICE,
            placeholder="Type a name or code, or click one on the map", sets={"whose": PRACTICE},
        ),
        Option(
            "catchment-hub", "Hub (largest first)", choices=lambda asked: _units(asked, HUB),
            when=lambda asked: _kind(asked) == HUB,
        ),
        Option("catchment-map", "What the map shows", choices=MAPS),
    ),
    needs_gps=False,
    with_plan=True,
    map_key="catchments",
    tag=lambda question: question.readers.registered(question.dataset).suffix,
)  # fmt: skip
