"""What is asked: the data, the area, which GPs count, and everything else an answer depends on.

A page, a slide, a file and a command that hold the same question get the same answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from pcs_dash.hubs.contiguity import neighbours
from pcs_dash.hubs.journeys import Journeys
from pcs_dash.hubs.plan import Plan, plan_from_column
from pcs_dash.hubs.rules import Rule, counting, default_rules, rules_to_list
from pcs_dash.hubs.summary import summarise_hubs
from pcs_dash.measures.deprivation import DEFAULT_EDITION, imd_edition
from pcs_dash.measures.practice_measures import deprivation_measure
from pcs_dash.measures.weighted_lists import WEIGHTINGS, Weighting, find_weighting, weighted_dataset
from pcs_dash.measures.words import lower_first
from pcs_dash.measures.workforce import (
    DEFAULT_DEFINITION,
    EARLIER_LABELS,
    GP_DEFINITIONS,
    Benchmark,
    GPDefinition,
    benchmarks,
    patients_per_fte_gp,
    summarise,
    typed_benchmark,
)
from pcs_dash.tables.areas import Area
from pcs_dash.tables.constants import PATIENTS_PER_WTE_RULE
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.travel.hub_minutes import journeys_of
from pcs_dash.views.judging import outline_of
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.position import Position
from pcs_dash.views.readers import STRAIGHT, Readers

TODAY_S_PCNS = "Today's PCNs"
_YES = ("true", "yes", "1", "on")
_NO = ("", "false", "no", "0", "off")


@dataclass(frozen=True, eq=False)
class Question:
    """A question to a view.

    `practices` are the area's that count, `excluded` those left out on demand (implausible FTE),
    `exclude` whether that was asked, in an area that has some or not. `plan` is the grouping that
    "my plan" means (None: today's PCNs), `others` more of them to be put beside it, by
    name, `rules` what hubs are judged by, `options` what the view itself is asked, by their names
    in an address, `highlight` a practice code or a hub's name that
    is pointed at. `readers` fetch what is in no data set; `tiles`: whether a page's maps show the
    street map.
    """

    dataset: Dataset
    area: Area
    definition: GPDefinition
    edition: str
    benchmark: Benchmark
    benchmarks: Mapping[str, Benchmark]
    practices: pd.DataFrame
    excluded: pd.DataFrame
    exclude: bool = False
    plan: Plan | None = None
    plan_name: str = ""
    others: Mapping[str, Plan] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    highlight: str = ""
    position: Position | None = None
    readers: Readers = STRAIGHT
    tiles: bool = False

    # --- what it rests on, in words ---

    @property
    def name(self) -> str:
        """The area's name for a sentence."""
        return self.area.name

    @property
    def period(self) -> str:
        """When the GP figures are from."""
        return self.dataset.workforce_period

    @property
    def mix_period(self) -> str:
        """When patients lived where they are said to."""
        return self.dataset.mix_period or "not loaded"

    @property
    def version(self) -> str:
        """The data set's version, which tells data sets apart whose practices share codes, and how
        patients are counted.
        """
        return self.dataset.key[0]

    @property
    def weighting(self) -> Weighting:
        """How patients are counted: as registered, or weighted by need."""
        return WEIGHTINGS[self.dataset.weighting or "registered"]

    @property
    def patients(self) -> str:
        """What is counted, for beside a figure or a band: "patients", or "weighted patients"."""
        return "weighted patients" if self.dataset.weighting else "patients"

    @property
    def everyone(self) -> str:
        """The same where those on lists are told from others: "registered patients"."""
        return self.patients if self.dataset.weighting else "registered patients"

    @property
    def told_rules(self) -> tuple[Rule, ...]:
        """The rules in words of how patients are counted."""
        return counting(self.rules, self.patients)

    @property
    def basis(self) -> str:
        """Which GPs, and when: for under a figure and the foot of a slide."""
        left_out = ""
        if len(self.excluded):
            left_out = f" {len(self.excluded)} with implausible FTE left out."
        return f"{self.definition.label} ({self.definition.meaning}), {self.period}.{left_out}"

    @property
    def switches(self) -> dict[str, str]:
        """The switches that every page shares, by their names in an address."""
        switches = {"gp": self.definition.key, "imd": self.edition, "benchmark": self.benchmark.key}
        if self.exclude:
            switches["exclude"] = "true"
        if self.dataset.weighting:
            switches["weight"] = self.dataset.weighting
        if self.benchmark.key == "own":
            switches["own"] = f"{self.benchmark.value:g}"
        return switches

    @property
    def key(self) -> tuple[str, ...]:
        """Everything that the answer depends on, but for `position`: what it may be kept under."""
        asked = {
            "plan": None if self.plan is None else self.plan.to_dict(),
            "plan_name": self.plan_name,
            "others": [[name, plan.to_dict()] for name, plan in self.others.items()],
            "rules": rules_to_list(self.rules),
            "options": dict(self.options),
            "highlight": self.highlight,
        }
        text = json.dumps([self.switches, asked], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        data = (self.version, self.period, self.mix_period)
        return (*data, self.area.key, digest, *self.readers.version)

    # --- what views share ---

    @property
    def all_practices(self) -> pd.DataFrame:
        """All practices of the data, without those left out on demand."""
        practices = self.dataset.practices
        return practices[~practices["flag_low_fte"].astype(bool)] if self.exclude else practices

    @property
    def deprivation(self) -> str:
        """The measure of deprivation that the data at hand have: of IMD 2019 where that is asked
        for (UserError without it), else the first there is.
        """
        edition = "" if self.edition == DEFAULT_EDITION else self.edition
        return deprivation_measure(self.dataset.practices, edition)

    @property
    def outline(self) -> Any:
        """The area's outline (EPSG:27700), None where there is none (a district without LSOAs)."""
        return outline_of(self.area, self.dataset.outlines)

    @property
    def shown_plan(self) -> Plan:
        """The plan of hubs that a page means by "my plan": its own, else the area's PCNs."""
        return self.plan if self.plan is not None else plan_from_column(self.practices, "pcn")

    @property
    def hub_colours(self) -> dict[str, str]:
        """The colour of each hub of that plan, by name: the same in every map, chart and table."""
        return {hub.name: hub.colour for hub in self.shown_plan.hubs}

    def colours_of(self, hubs: Iterable[object]) -> tuple[str, ...]:
        """The colours of such hubs by their names, in this order; "" for what is none."""
        colours = self.hub_colours
        return tuple(colours.get(str(hub), "") for hub in hubs)

    @property
    def shown_plan_name(self) -> str:
        """What that plan is called."""
        return (self.plan_name or "The plan") if self.plan is not None else TODAY_S_PCNS

    @property
    def groupings(self) -> dict[str, Plan]:
        """Every grouping to choose from, by name: today's PCNs, the plan, the others."""
        found = {TODAY_S_PCNS: plan_from_column(self.practices, "pcn")}
        own = {} if self.plan is None else {self.shown_plan_name: self.plan}
        for name, plan in (*own.items(), *self.others.items()):
            found[free_name(name, found)] = plan
        return found

    def option(self, name: str, known: Iterable[str], default: str = "") -> str:
        """What an option stands at if that is one of `known`; else `default`, else the first."""
        there = list(known)
        asked = self.options.get(name, "")
        if asked in there:
            return asked
        return default if default in there or not there else there[0]

    def several(self, name: str, known: Iterable[str], default: Iterable[str] = ()) -> list[str]:
        """What an option of several stands at ("a|b"); `default` where nothing was asked."""
        if name not in self.options:
            return list(default)
        asked = self.options[name].split("|")
        return [item for item in known if item in asked]

    def on(self, name: str) -> bool:
        """Whether a switch of the view is on."""
        return self.options.get(name, "") == "true"

    def with_options(self, options: Mapping[str, str]) -> Question:
        """The question with some options (name -> value) changed."""
        return replace(self, options={**self.options, **options})

    def summarised(
        self, by: str | pd.Series | None = None, practices: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Every measure of groups of its practices, or of others (`workforce.summarise`)."""
        return summarise(
            self.practices if practices is None else practices,
            by,
            definition=self.definition.key,
            benchmark=self.benchmark.value,
        )

    def total(self) -> pd.Series:
        """Every measure of the area as a whole."""
        return self.summarised().iloc[0]

    @property
    def ratios(self) -> pd.Series:
        """Patients per FTE GP of each practice."""
        return patients_per_fte_gp(self.practices, self.definition.key)

    def hubs(self, plan: Plan) -> pd.DataFrame:
        """Every measure of each hub of a plan, the practices in none last."""
        return summarise_hubs(
            plan,
            self.with_own_figures,
            definition=self.definition.key,
            benchmark=self.benchmark,
            rules=self.rules,
            edition=self.edition,
            neighbours=neighbours(self.practices, self.outline),
            journeys=self.journeys,
        )

    def filled_hubs(self, plan: Plan) -> pd.DataFrame:
        """The same of the hubs that have practices alone."""
        hubs = self.hubs(plan).iloc[:-1]
        return hubs[hubs["practices"] > 0]

    @property
    def with_own(self) -> Question:
        """The same question, its practices with a column for each measure of users' own files;
        itself without any.
        """
        found, known = self.readers.own(self.dataset), self.dataset
        if found is None or set(found.table.columns) <= set(self.practices.columns):
            return self
        every = known.practices
        dataset = kept(found, known.key, lambda: replace(known, practices=every.join(found.table)))
        own, others = (dataset.practices.loc[one.index] for one in (self.practices, self.excluded))
        return replace(self, dataset=dataset, practices=own, excluded=others)

    @property
    def with_own_figures(self) -> pd.DataFrame:
        """`practices` with the columns of users' own files, where any are loaded."""
        return self.with_own.practices

    @property
    def journeys(self) -> Journeys:
        """Where the practices' patients live, and their minutes to every practice."""
        data, readers = self.dataset, self.readers
        return kept(
            data,
            ("journeys", *readers.version),
            lambda: journeys_of(data, readers.registered(data), readers.minutes()),
        )


def ask(
    dataset: Dataset,
    area: Area,
    switches: Mapping[str, str] | None = None,
    *,
    plan: Plan | None = None,
    plan_name: str = "",
    others: Mapping[str, Plan] | None = None,
    rules: tuple[Rule, ...] = (),
    options: Mapping[str, str] | None = None,
    highlight: str = "",
    position: Position | None = None,
    readers: Readers = STRAIGHT,
    allow_empty: bool = False,
) -> Question:
    """The question about an area under switches as they stand in an address (keys or labels).

    UserError for a switch that names nothing there is and, unless `allow_empty`, for an area
    that is left without practices.
    """
    chosen = switches or {}
    dataset = counted_by(dataset, find_weighting(chosen.get("weight", "")))
    definition = _definition(chosen.get("gp", ""))
    known = benchmarks_of(dataset, definition)
    edition = imd_edition(chosen.get("imd", "").upper().removeprefix("IMD").strip() or "2025")
    own = area.select(dataset.practices)
    exclude = _switch(chosen, "exclude")
    flagged = own["flag_low_fte"].astype(bool) & exclude
    if own[~flagged].empty and not allow_empty:
        raise UserError(f"No practice is left in {area.label}. Choose another area.")
    return Question(
        dataset=dataset,
        area=area,
        definition=definition,
        edition=edition,
        benchmark=_benchmark(chosen, known, definition),
        benchmarks=known,
        practices=own[~flagged],
        excluded=own[flagged],
        exclude=exclude,
        plan=plan,
        plan_name=plan_name,
        others=dict(others or {}),
        rules=rules or default_rules(dataset.published),
        options=dict(options or {}),
        highlight=highlight,
        position=position,
        readers=readers,
    )


def benchmarks_of(dataset: Dataset, definition: GPDefinition) -> Mapping[str, Benchmark]:
    """The benchmarks of the data under a definition, by key; worked out once."""
    return kept(
        dataset,
        ("benchmarks", definition.key),
        lambda: benchmarks(
            dataset.published,
            dataset.practices,
            definition=definition.key,
            practices_period=dataset.workforce_period,
        ),
    )


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where it is taken."""
    known, number, found = set(taken), 1, name
    while found in known:
        number += 1
        found = f"{name} ({number})"
    return found


def counted_by(dataset: Dataset, weighting: Weighting) -> Dataset:
    """The data with patients counted that way, made once. UserError where no ratio is known."""
    if weighting.key == (dataset.weighting or "registered"):
        return dataset
    return kept(dataset, weighting, lambda: weighted_dataset(dataset, weighting))


def _definition(text: str) -> GPDefinition:
    wanted = (text or DEFAULT_DEFINITION).casefold()
    for key, definition in GP_DEFINITIONS.items():
        if wanted in (key, definition.label.casefold()):
            return definition
    raise UserError(
        f"There is no GP definition '{text[:40]}'. Choose one of: {', '.join(GP_DEFINITIONS)}."
    )


def _benchmark(
    switches: Mapping[str, str], known: Mapping[str, Benchmark], definition: GPDefinition
) -> Benchmark:
    text = switches.get("benchmark", "")
    wanted = EARLIER_LABELS.get(text.casefold(), text.casefold())
    if not wanted:
        return next(iter(known.values()))
    for key, benchmark in known.items():
        if wanted in (key, benchmark.label.casefold()):
            return benchmark
    if wanted in ("own", "type in a figure"):
        return typed_benchmark(_figure(switches.get("own", str(PATIENTS_PER_WTE_RULE))))
    names = ", ".join([*known, "own"])
    raise UserError(
        f"There is no benchmark '{text[:40]}' for {lower_first(definition.label)}. "
        f"Choose one of: {names}."
    )


def _figure(text: str) -> float:
    try:
        return float(text.replace(",", "").strip())
    except ValueError:
        raise UserError(
            f"'{text[:40]}' is no number of patients per FTE GP. Type one, for example own=1800."
        ) from None


def _switch(switches: Mapping[str, str], name: str) -> bool:
    value = switches.get(name, "").casefold()
    if value not in (*_YES, *_NO):
        raise UserError(f"The switch '{name}' is '{value[:40]}'. Use true or false.")
    return value in _YES
