"""Are like figures near each other, and where?"""

from __future__ import annotations

from collections.abc import Mapping

from pcs_dash.measures import spatial, words
from pcs_dash.measures.numbers import NO_FIGURE, number
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.words import Words
from pcs_dash.views import access, maps, patterns
from pcs_dash.views.answer import (
    Answer,
    Block,
    Column,
    Figure,
    MapBlock,
    Option,
    Section,
    Table,
    Text,
    View,
)
from pcs_dash.views.cells import p_cell
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.phrases import whole
from pcs_dash.views.question import Question
from pcs_dash.views.readers import NO_REGISTRATIONS, patients_by_lsoa

PATTERNS = {
    "under-doctoring": f"{PER_GP.label}, by practice",
    "both": f"{PER_GP.label} in deprived surroundings, by practice",
    "deprivation": "Deprivation of residents, by small area (LSOA)",
}
RESIDENTS = {"residents": f"{PER_GP.label} of residents, by small area (LSOA)"}
STATISTICS = {"moran": "Local Moran's I", "getis": "Getis and Ord's G*"}
NEAREST = {f"{k}-nearest": f"The {k} nearest" for k in (6, 4, 8, 12)}
BY_LSOA = {"queen": "Shared borders (queen)", "6-nearest": NEAREST["6-nearest"]}
_BY_AREA = ("deprivation", "residents")


def pattern_labels(question: Question) -> Mapping[str, str]:
    """What can be looked for; residents where their registrations are loaded."""
    loaded = patients_by_lsoa(question.readers, question.dataset)
    return PATTERNS if loaded is None else PATTERNS | RESIDENTS


def _asked(question: Question) -> patterns.PatternAsked:
    what = question.option("pattern", pattern_labels(question))
    near = (
        question.option("near-lsoa", BY_LSOA)
        if what in _BY_AREA
        else question.option("near", NEAREST)
    )
    return patterns.ask(question, what, question.option("statistic", STATISTICS), near)


def answer(question: Question) -> Answer:
    """Whether there is any pattern at all, and the clusters, once the tests are allowed for."""
    asked = _asked(question)
    sources = f"MHCLG, IMD {question.edition}" if asked.what != "under-doctoring" else ""
    if asked.table.empty:
        nothing = f"{question.name} has no LSOA here, so there is no pattern to look for."
        return Answer(Words(nothing), sections=(access.SECTION,), sources=sources)
    whole, found = asked.whole(), asked.clusters()
    said = words.moran_words(whole, what=asked.named, place=question.name, date=asked.basis)
    clustered = words.clusters_words(
        found,
        what=f"{asked.named} by the deprivation around" if asked.what == "both" else asked.named,
    )
    figures = Section("figures", "The figures themselves", lambda _: (_figures(question, asked),))
    return Answer(
        Words(f"{said.finding} {clustered.finding}".strip(), said.caution, said.basis),
        figures=(
            Figure("Moran's I", number(whole.statistic, 2)),
            Figure("p", p_cell(whole.p_value)),
            Figure(
                "Stand out",
                f"{found.n_significant} of {found.n_tested}" if found.n_tested else NO_FIGURE,
            ),
            Figure(
                "By chance alone, before control",
                f"about {number(found.expected_by_chance, 1)}",
            ),
        ),
        front=() if found.reason else (_clusters(question, asked, found, clustered),
                                       _surest(question, asked, found)),
        below=_remarks(question, asked, found, said, clustered),
        sections=(figures, access.SECTION),
        share=0.5,
        notes=(said.text, clustered.text, found.note, found.reason),
        sources=sources,
        foot=(
            f"IMD {question.edition} (MHCLG). Moran's I, local Moran, G* and two-step floating "
            f"catchment by PySAL; {spatial.PERMUTATIONS:,} permutations, always the same ones "
            "(seed 0); false discovery rate 5% (Benjamini and Hochberg).",
        ),
    )  # fmt: skip


def _clusters(
    question: Question, asked: patterns.PatternAsked, found: spatial.LocalPattern, clustered: Words
) -> MapBlock:
    """Clusters in words, colours and letters; a dashed ring where only chance may speak."""
    layer, by_practice = patterns.layer(found), asked.by_practice
    notes = {str(code): patterns.note(row.to_dict()) for code, row in found.table.iterrows()}
    spec = MapSpec(
        "layers",
        question,
        highlight=question.highlight,
        position=question.position,
        marks=layer if by_practice else None,
        ground=None if by_practice else layer,
        ring=frozenset(map(str, patterns.only_before(found))) if by_practice else frozenset(),
        notes=notes if by_practice else {},
        about=f"clusters of {asked.named}. {clustered.finding}",
        note=patterns.control_note(found, by_practice),
    )
    return MapBlock(spec, high=400)


def _surest(question: Question, asked: patterns.PatternAsked, found: spatial.LocalPattern) -> Table:
    """Every unit with its statistic, the smallest p first."""
    dataset = question.dataset
    names = (
        dataset.practices["practice_name"] if asked.by_practice else dataset.lsoas["lsoa11nm"]
    ).reindex(found.table.index)
    table = found.table.assign(name=names).sort_values("p_value", na_position="last")
    columns = ["name", "value", "statistic", "p_value", "unadjusted", "significant", "label"]
    table = table.rename_axis("code")[columns]
    named = [f"{name} ({code})" for code, name in table["name"].items()]
    unit = "Practice" if asked.by_practice else "LSOA"
    value = "Deprivation percentile" if asked.what == "deprivation" else PER_GP.label
    return Table(
        f"Smallest p of {found.n_tested} ({found.statistic_name})",
        table.reset_index().assign(named=named),
        (
            Column("named", unit, wide=2.6),
            # Beside a map there is room for little more than it is sorted by.
            Column("p_value", "p", "p", 0.8),
            Column("label", "Cluster", wide=1.6),
            Column("value", value, "count", 0.9),
            Column("statistic", found.statistic_name, "hundredth", only="page"),
            Column("unadjusted", "p below 0.05", "yes", only="page"),
            Column("significant", "After control", "yes", only="page"),
        ),
        note=f"Neighbours: {found.weights}. Control of tests: {found.control}.",
        name=f"clusters-{question.area.key}",
        file=table,
    )


def _remarks(
    question: Question,
    asked: patterns.PatternAsked,
    found: spatial.LocalPattern,
    said: Words,
    clustered: Words,
) -> tuple[Block, ...]:
    """What to beware of when reading this pattern."""
    told: list[Block] = []
    if found.reason:
        told.append(Text(f"No clusters can be looked for here. {found.reason}", "info"))
    if rest := f"{clustered.caution} {clustered.basis}".strip():
        # What was found stands in the headline.
        told.append(Text(rest, "note"))
    if asked.what == "both":
        both = (
            "Bivariate local Moran's I: a practice's own patients per FTE GP against the "
            "deprivation of its neighbours' patients. Read: 'high surrounded by high' has many "
            "patients per FTE GP, and its neighbours' patients are deprived. Deprivation is itself "
            "clustered, so many practices stand out for their surroundings alone; that is no "
            "evidence that the two go together."
        )
        told.append(Text(both, "note"))
    if asked.what == "residents":
        shared = (
            "A practice's GPs are shared out over LSOAs by where its patients live, so neighbours "
            "who share practices are alike by construction: a pattern is to be expected. Patients "
            f"of practices outside {whole(question.area)} or left out do not count; an LSOA with "
            f"fewer than {small_number()} patients has no figure."
        )
        told.append(Text(shared, "note"))
    elif patients_by_lsoa(question.readers, question.dataset) is None:
        told.append(Text(NO_REGISTRATIONS, "note"))
    if found.note:
        told.append(Text(found.note, "note"))
    told.append(Text(f"{said.text} {clustered.text}", "note", words=True))
    return tuple(told)


def _figures(question: Question, asked: patterns.PatternAsked) -> MapBlock:
    """The figures themselves, before anything is computed of them."""
    if asked.by_practice:
        spec = MapSpec("practices", question)
    elif asked.what == "deprivation":
        spec = MapSpec("quintiles", question)
    else:
        spec = MapSpec(
            "layers",
            question,
            ground=maps.benchmark_layer(
                f"LSOAs: patients per FTE GP against {question.benchmark.label}",
                asked.measured,
                question.benchmark.value,
                tip="Residents' patients per FTE GP",
            ),
            about="residents' patients per FTE GP by small area.",
        )
    return MapBlock(spec, high=380)


VIEW = View(
    "pattern",
    "spatial_pattern",
    "Spatial pattern",
    "Whether high figures stand beside high ones on the map, or are scattered as chance would have "
    "it.",
    answer,
    options=(
        Option(
            "pattern",
            "Pattern of",
            choices=pattern_labels,
            help="What is compared with neighbours.",
        ),
        Option("statistic", "Statistic", choices=STATISTICS, help="How clusters are found."),
        Option(
            "near",
            "Neighbours of a practice",
            choices=NEAREST,
            help="Who counts as a neighbour. The answer can depend on it: try another.",
        ),
        Option(
            "near-lsoa",
            "Neighbours of a small area",
            choices=BY_LSOA,
            help="Who counts as a neighbour. The answer can depend on it: try another.",
        ),
        access.REACH,
    ),
    map_key="clusters",
    pointer="clusters",
    slow="Shuffling the figures over the map",
)
