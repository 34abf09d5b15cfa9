"""Beside similar places: a practice or network among those most like it, judged if that holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from pcs_dash.measures import similar
from pcs_dash.measures.numbers import NO_FIGURE, between, count, number
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.similar import Beside as Judged
from pcs_dash.measures.sums import ratio_by_group
from pcs_dash.measures.words import Words, lower_first
from pcs_dash.views.answer import (
    Answer,
    Chart,
    Column,
    Figure,
    Option,
    Section,
    Series,
    Table,
    Text,
    View,
    measured,
    or_none,
)
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.phrases import short_list
from pcs_dash.views.question import Question

PRACTICE, PCN, DISTRICT = LEVELS = ("Practice", "PCN", "District")
# Not red, which is for what is worse than the benchmark: that is another question.
COLOURS = {"worse": "#b35806", "better": "#2166ac"}
_LEGEND = (
    "Orange: worse than similar places. Blue: better. No colour: as in similar places, neither "
    "better nor worse, or it can't be told. Not the benchmark: what is better than similar places "
    "can be worse than it."
)
_OWN, _PEER = "#4b5563", "#c3c8cf"
WORDS = {
    "worse": "Worse than similar places",
    "better": "Better than similar places",
    "higher": "Higher than in similar places",
    "lower": "Lower than in similar places",
    "as similar": "As in similar places",
    "not known": "Can't be told",
}
_HOW = (
    "Similar: nearest by the variables chosen, each in standard deviations over all units of the "
    "data (list size as its logarithm), the root of the mean square of the differences. Judged: a "
    "figure outside where 95% of such places are expected (a prediction interval from the similar "
    "ones' own spread). One in twenty lies outside by chance, and so does more than one of many "
    "figures looked at. Practices whose figure is implausible are in no sum here."
)


@dataclass(frozen=True, eq=False)
class _Units:
    """Practices, networks or districts of the data: the same for whichever is asked for."""

    practices: pd.DataFrame
    level: str

    @cached_property
    def groups(self) -> pd.Series:
        if self.level == PRACTICE:
            return pd.Series(self.practices.index, self.practices.index).astype("str")
        return self.practices[self.level.lower()]

    @cached_property
    def names(self) -> dict[str, str]:
        names = self.practices["practice_name"]
        return {str(code): str(name) for code, name in names.items()}

    @cached_property
    def offered(self) -> dict[str, str]:
        return similar.offered(self.practices)

    def profiles(self, variables: Sequence[str]) -> pd.DataFrame:
        return kept(
            self,
            ("profiles", *variables),
            lambda: similar.profiles(self.practices, self.groups, variables),
        )

    def scales(self, variables: Sequence[str]) -> pd.DataFrame:
        """The variables of every unit in standard deviations."""
        return kept(self, ("scales", *variables), lambda: similar.scaled(self.profiles(variables)))

    def sizes(self, definition: str) -> pd.DataFrame:
        """List and patients per FTE GP of every unit."""

        def made() -> pd.DataFrame:
            top, bottom = PER_GP.parts(self.practices, definition)
            lists = self.practices["patients"].groupby(self.groups).sum(min_count=1)
            ratios = ratio_by_group(top, bottom, self.groups)["value"]
            return pd.DataFrame({"patients": lists, "patients_per_fte_gp": ratios})

        return kept(self, ("sizes", definition), made)


@dataclass(frozen=True, eq=False)
class _Similar:
    """The units of the data, which one is asked for, and by what they are similar."""

    question: Question
    of: _Units

    @cached_property
    def variables(self) -> list[str]:
        """By what places are similar."""
        there = self.of.offered
        first = [key for key in similar.FIRST if key in there]
        return self.question.several("similar-by", there, first) or first

    @property
    def units(self) -> pd.DataFrame:
        return self.of.profiles(self.variables)

    @cached_property
    def target(self) -> str:
        """The unit asked for; the first of the area where none is."""
        asked = self.question.options.get("similar-to", "")
        # A card asks for one of many: their names, in order, are then not needed.
        return asked if asked in set(self.own) else next(iter(_units_of(self)), "")

    @cached_property
    def own(self) -> pd.Series:
        return self.of.groups.reindex(self.question.practices.index).dropna()

    @cached_property
    def near(self) -> pd.Series:
        """The nearest units and how far they are."""
        apart = similar.distances(self.of.scales(self.variables), self.target)
        return apart.head(similar.how_many(len(self.units)))

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        definition = self.question.definition.key
        peers = list(self.near.index)
        return similar.compared(self.of.practices, self.of.groups, self.target, peers, definition)

    def name(self, unit: str) -> str:
        if self.of.level != PRACTICE:
            return unit
        return f"{self.of.names[unit]} ({unit})"


def _similar(question: Question) -> _Similar:
    level = question.option("similar-level", LEVELS)
    key = ("units", level, question.exclude, *question.readers.version)
    of = kept(question.dataset, key, lambda: _Units(_practices(question), level))
    return _Similar(question, of)


def _practices(question: Question) -> pd.DataFrame:
    """All practices of the data, with what is loaded of them besides."""
    practices = question.all_practices
    loaded = question.readers.practices(question.dataset)
    for key in ("patients_rural_per_cent", "dispensing"):
        if loaded is not None and key not in practices and f"official_{key}" in loaded.table:
            practices = practices.assign(**{key: loaded.table[f"official_{key}"]})
    return practices


def _units_of(found: _Similar) -> dict[str, str]:
    own = found.own
    if found.of.level == PRACTICE:
        first = found.question.highlight
        codes = sorted(own, key=lambda code: (code != first, found.name(code)))
        return {code: found.name(code) for code in codes}
    return {name: name for name in sorted(own.unique())}


def nearest(question: Question, code: str) -> Table | None:
    """The practices most like one, with their ratio; None where a variable of it is missing."""
    found = _similar(question.with_options({"similar-level": PRACTICE, "similar-to": code}))
    if found.near.empty:
        return None
    frame = _peers(found, [code, *map(str, found.near.index[:5])])
    by = [found.of.offered[key].lower() for key in found.variables]
    return Table(
        f"{code} beside the practices most like it", frame,
        (
            Column("name", "Practice", wide=2.4), measured("patients"),
            measured("patients_per_fte_gp"), Column("apart", "Distance", "hundredth"),
        ),
        small=True,
        note=f"By {short_list(by, 6)}; the tab Beside similar places has more.",
    )  # fmt: skip


def _peers(found: _Similar, units: list[str]) -> pd.DataFrame:
    sizes = found.of.sizes(found.question.definition.key).reindex(units)
    frame = found.units.drop(columns="patients", errors="ignore").reindex(units)
    return frame.assign(
        unit=units,
        name=[found.name(unit) for unit in units],
        patients=sizes["patients"],
        patients_per_fte_gp=sizes["patients_per_fte_gp"],
        apart=found.near.reindex(units).fillna(0.0),
    )


# --- the answer ---


def answer(question: Question) -> Answer:
    """One unit's measures beside those of similar units."""
    found = _similar(question)
    choices = _units_of(found)
    few = not choices or len(found.units) < similar.FEWEST_UNITS or found.near.empty
    head = None if few else next((b for b in found.judged if b.measure.key == PER_GP.key), None)
    if head is None:
        said = (
            "Nothing can be set beside similar places: the data hold few units of this kind, the "
            "one chosen lacks a variable, or no GP figures are loaded. Choose others."
        )
        return Answer(Words(said), refusal=said)
    by_grade = {grade: [each for each in found.judged if each.grade == grade] for grade in WORDS}
    by = [found.of.offered[key].lower() for key in found.variables]
    return Answer(
        Words(
            f"{found.name(found.target)}: {PER_GP.noun} {PER_GP.text(head.value)}, and in "
            f"{count(len(found.near), 'similar place')} {PER_GP.text(head.pooled)}. "
            f"{_verdict(head)}",
            _others(by_grade, head),
            f"Similar by {short_list(by, 6)}, of {len(found.units):,}. {question.basis}",
        ),
        figures=(
            Figure(PER_GP.label, PER_GP.text(head.value), WORDS[head.grade]),
            Figure("In similar places", PER_GP.text(head.pooled), "sum over sum"),
            Figure("Where 95% of such lie", between(head.low, head.high, 0)),
            Figure("Of all measures",
                   f"{len(by_grade['worse'])} worse, {len(by_grade['better'])} better",
                   f"of {len(found.judged):,}"),
        ),
        front=(_bars(found, head), _table(found)),
        below=(Text(_HOW, "note"),),
        sections=(Section("peers", "Who is similar", lambda _: [_who(found)]),),
        share=0.46,
        stacked=True,
    )  # fmt: skip


def _verdict(head: Judged) -> str:
    if head.grade == "as similar":
        return "That lies where such places are expected."
    if head.grade == "not known":
        return "Whether that is unusual can't be told."
    side = "more" if head.value > head.high else "fewer"
    return f"That is {side} than such places lead to expect."


def _others(by_grade: Mapping[str, Sequence[Judged]], head: Judged) -> str:
    """Which measures beside the one in the headline are better or worse than expected."""
    told = [
        f"{grade}: {short_list([lower_first(each.measure.label) for each in some], 2)}"
        for grade in COLOURS
        if (some := [each for each in by_grade.get(grade, ()) if each is not head])
    ]
    outside = f"Also outside what is expected, {'; '.join(told)}. " if told else ""
    return f"{outside}Similar in what was chosen is not similar in all."


def _bars(found: _Similar, head: Judged) -> Chart:
    frame = _peers(found, [found.target, *map(str, found.near.index)]).dropna(
        subset=["patients_per_fte_gp"]
    )
    own = COLOURS.get(head.grade, _OWN)
    colours = tuple(own if unit == found.target else _PEER for unit in frame["unit"])
    values = tuple(map(float, frame["patients_per_fte_gp"]))
    told = "; ".join(
        f"{name} {number(value)}" for name, value in zip(frame["name"], values, strict=True)
    )
    return Chart(
        "bars",
        f"{PER_GP.label}: {found.name(found.target)} ({lower_first(WORDS[head.grade])}) and the "
        "places most like it, nearest first",
        (Series(PER_GP.label, values, colours=colours),),
        f"Bars of {PER_GP.noun}: {told}.",
        categories=tuple(frame["name"]),
        value_title=PER_GP.label,
        reference=or_none(float(head.pooled)),
        reference_label="similar places",
    )


def _table(found: _Similar) -> Table:
    rows = [
        {
            "measure": f"{each.measure.label}{', %' * each.measure.unit.startswith('per cent')}",
            "own": number(each.value, _places(each)),
            "similar": number(each.pooled, _places(each)),
            "range": between(each.low, each.high, _places(each))
            if pd.notna(each.low)
            else NO_FIGURE,
            "verdict": WORDS[each.grade],
            "n": each.n,
        }
        for each in found.judged
    ]
    return Table(
        f"Every measure of {found.name(found.target)} beside similar places",
        pd.DataFrame(rows),
        (
            Column("measure", "Measure", wide=2.4),
            Column("own", "Here", "ready"),
            Column("similar", "Similar places", "ready"),
            Column("range", "Where 95% of such lie", "ready", wide=1.4),
            Column("verdict", "Judged", wide=1.8),
            Column("n", "Similar with a figure", "count", only="page"),
        ),
        note=_LEGEND,
        colours=tuple(COLOURS.get(each.grade, "") for each in found.judged),
        name=f"similar-{found.question.area.key}-{found.target}",
    )


def _places(each: Judged) -> int:
    """Decimals of a measure here, where shares are in per cent."""
    return min(each.measure.decimals, 2) if each.measure.times != 100 else 1


def _who(found: _Similar) -> Table:
    there = found.of.offered
    fields = [Column(key, there[key], "tenth") for key in found.variables if key != "patients"]
    return Table(
        f"The places most like {found.name(found.target)}",
        _peers(found, [found.target, *map(str, found.near.index)]),
        (
            Column("name", found.of.level, wide=2.4),
            measured("patients"),
            *fields,
            measured("patients_per_fte_gp"),
            Column("apart", "Distance (standard deviations)", "hundredth"),
        ),
        name=f"similar-to-{found.question.area.key}-{found.target}",
    )


VIEW = View(
    "similar",
    "similar",
    "Beside similar places",
    "A practice, network or district beside those most like it by size, age and deprivation: what "
    "is unusual, where the figures allow that to be said.",
    answer,
    options=(
        Option("similar-level", "What", choices=LEVELS),
        Option("similar-to", "Which", choices=lambda question: _units_of(_similar(question))),
        Option(
            "similar-by", "Similar by", "several",
            choices=lambda question: _similar(question).of.offered,
            placeholder="List size, age, deprivation, and what else is loaded",
        ),
    ),
)  # fmt: skip
