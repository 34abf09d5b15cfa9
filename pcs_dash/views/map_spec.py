"""The maps of a report: what each shows, in words and as what the map script draws.

Without matplotlib, so that the screen need not wait for it: `render.paper_maps` draws on paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from pcs_dash.hubs.palette import UNASSIGNED_COLOUR
from pcs_dash.hubs.plan import UNASSIGNED, Plan
from pcs_dash.measures import numbers
from pcs_dash.measures.deprivation import lsoas_by_quintile
from pcs_dash.measures.profile import flags
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import maps
from pcs_dash.views.position import Position
from pcs_dash.views.question import Question

POINTS = "pcs-data:points"
NO_POINTS = "pcs-data:no-points"
ENGLAND = "pcs-data:england-"
Box = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, eq=False)
class MapSpec:
    """A map to draw: `kind` is practices, quintiles, hubs, layers or areas; `highlight` a
    practice code or a hub's name.

    A map of `layers` shows practices by `marks` (outlines where None) over LSOAs by `ground` (bare
    where None); `ring` are practices with a dashed ring, `notes` what their tooltips add, `about`
    says in words what it shows and `note` how to read it; `focus` is a name and the box in degrees
    ((south, west), (north, east)) that a page's map goes to when the name is new, `page_legend`
    what stands there in place of `ground`'s legend; `steps` (word of `ground`, geometry;
    EPSG:27700) are drawn in place of the LSOAs, smooth. A map of `areas` shows `shapes` (code,
    name, coarse; EPSG:27700), areas of England of one `level`, coloured by `ground`.
    """

    kind: str
    question: Question
    plan: Plan | None = None
    highlight: str = ""
    position: Position | None = None
    marks: maps.Layer | None = None
    ground: maps.Layer | None = None
    ring: frozenset[str] = frozenset()
    notes: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    note: str = ""
    focus: tuple[str, Box] | None = None
    page_legend: maps.Legend | None = None
    steps: gpd.GeoDataFrame | None = None
    shapes: gpd.GeoDataFrame | None = None
    level: str = ""

    def legends(self, dataset: Dataset) -> list[maps.Legend]:
        """The legends of a map of layers, the practices' first."""
        own = self.question.area.select(dataset.lsoas).index
        if self.shapes is not None:
            own = pd.Index(self.shapes["code"])
        found = []
        if self.marks is not None and self.marks.title:
            found.append(self.marks.legend(self.question.practices.index))
        if self.ground is not None and self.ground.title:
            legend = self.ground.legend(own)
            found.append(legend if self.page_legend is None else legend.used())
        return found


def alt_text(spec: MapSpec) -> str:
    """What the map shows, in words, for those who can't see it."""
    question = spec.question
    dataset, practices, name = question.dataset, question.practices, question.name
    if spec.kind == "practices":
        ratios = question.ratios
        above = int((ratios > question.benchmark.value).sum())
        known = int(ratios.notna().sum())
        have = numbers.of_all(above, known, "practice", "is", "are")
        over = f"{have} above the benchmark" if known else "No practice has a figure"
        return (
            f"Map of {name}: {numbers.count(len(practices), 'practice')} as circles sized by "
            f"{question.everyone}, coloured by patients per FTE GP against "
            f"{question.benchmark.label} ({numbers.number(question.benchmark.value)}), over LSOAs "
            f"shaded by IMD {question.edition} quintile. {over}."
        )
    if spec.kind == "quintiles":
        counts = lsoas_by_quintile(question.area.select(dataset.lsoas), question.edition)
        return (
            f"Map of {name}: LSOAs by national IMD {question.edition} quintile. "
            f"{counts[1]} of {counts.sum()} are in the most deprived fifth of England, "
            f"{counts[5]} in the least deprived fifth."
        )
    if spec.kind in ("layers", "areas"):
        told = [
            f"{legend.title}: "
            + ", ".join(
                f"{label} {count}"
                for label, count in zip(legend.labels, legend.counts or [], strict=False)
                if count
            )
            + "."
            for legend in spec.legends(dataset)[:1]
        ]
        where = "England" if spec.kind == "areas" else name
        return " ".join([f"Map of {where}: {spec.about}", *told])
    hubs = len(spec.plan.hubs) if spec.plan else 0
    return (
        f"Map of {name}: practices coloured by hub, {hubs} hubs, each over the land nearest to its "
        "surgeries. The table beside it names the hubs."
    )


def map_view(
    dataset: Dataset, spec: MapSpec, key: str
) -> tuple[dict[str, Any], list[maps.Legend], str]:
    """What the map script draws, the legends, and a line on how to read it."""
    question, practices = spec.question, dataset.practices
    definition, benchmark = question.definition, question.benchmark
    if spec.kind == "areas":
        return _areas_view(spec, key)
    ratios = patients_per_fte_gp(practices, definition.key)
    ratios = ratios.mask(~ratios.index.isin(question.practices.index))
    content: dict[str, Any] = {
        "key": key,
        "area": {"url": f"pcs-data:area-{question.area.key}", "bounds": None},
        "points": {"url": POINTS},
        "ring": "",
        "selected": spec.highlight if spec.highlight in practices.index else None,
        "tiles": False,
        "valueTitle": f"{PER_GP.label} ({definition.label[:1].lower()}{definition.label[1:]})",
        "values": maps.whole_or_none(ratios),
    }
    if spec.kind == "hubs":
        return _hub_view(content, dataset, spec)
    if spec.kind == "layers":
        return _layers_view(content, dataset, spec)
    grey = spec.kind == "practices"
    quintiles = maps.quintile_layer(
        dataset.lsoas,
        question.edition,
        maps.QUINTILE_GREYS if grey else maps.QUINTILE_PURPLES,
        tip=f"IMD {question.edition} quintile",
    )
    content["fill"] = quintiles.fill(
        dataset.lsoas.index, question.edition, opacity=0.75 if grey else 0.9
    )
    shaded = quintiles.legend(question.area.select(dataset.lsoas).index)
    if not grey:
        content["marks"] = maps.plain_marks(practices, "#ffffff")
        return content, [shaded], "Circles: practices, by patients."
    dots = maps.benchmark_layer(
        f"Practices: patients per FTE GP against {benchmark.label} "
        f"({numbers.number(benchmark.value)})",
        ratios,
        benchmark.value,
    )
    content["marks"] = dots.marks(practices.index)
    content["ring"] = maps.letters(practices["flag_low_fte"].astype(int))
    content["notes"] = {
        str(code): " ".join(flags(row))
        for code, row in question.practices.iterrows()
        if row["flag_low_fte"]
    }
    note = "Size: patients. Dashed ring: implausible FTE. Hollow: no ratio."
    return content, [dots.legend(question.practices.index), shaded], note


def _areas_view(spec: MapSpec, key: str) -> tuple[dict[str, Any], list[maps.Legend], str]:
    assert spec.shapes is not None
    assert spec.ground is not None
    codes = spec.shapes["code"].sort_values()
    words, order = spec.ground.labels.reindex(codes), list(spec.ground.colours)
    classes = pd.Series([order.index(w) if w in order else None for w in words], dtype="Float64")
    fill = maps.area_fill(
        classes,
        [[spec.notes[code]] if code in spec.notes else [] for code in codes],
        palette=list(spec.ground.colours.values()),
    )
    content = maps.blank(key, {"url": f"{ENGLAND}{spec.level}", "bounds": None}, NO_POINTS)
    # Areas are looked at here; they are opened on the page England.
    content["fill"] = {**fill, "pick": False}
    legend = spec.ground.legend(pd.Index(codes))
    return content, [legend], spec.note


def _layers_view(
    content: dict[str, Any], dataset: Dataset, spec: MapSpec
) -> tuple[dict[str, Any], list[maps.Legend], str]:
    practices, edition = dataset.practices, spec.question.edition
    content["fill"] = None
    if spec.ground is not None:
        bare = {} if spec.steps is None else {"opacity": 0.0}
        content["fill"] = spec.ground.fill(dataset.lsoas.index, edition, **bare)
    if spec.ground is not None and spec.steps is not None:
        content["steps"] = maps.shapes_in_colours(spec.steps, spec.ground.colours)
    content["marks"] = (
        maps.plain_marks(practices) if spec.marks is None else spec.marks.marks(practices.index)
    )
    content["ring"] = maps.letters(
        pd.Series(practices.index.isin(list(spec.ring)), index=practices.index).astype(int)
    )
    content["notes"] = dict(spec.notes)
    return content, spec.legends(dataset), spec.note


def _hub_view(
    content: dict[str, Any], dataset: Dataset, spec: MapSpec
) -> tuple[dict[str, Any], list[maps.Legend], str]:
    plan = spec.plan or Plan()
    own = spec.question.practices
    held = {code: plan.assignment.get(code) for code in own.index}
    hubs = [hub for hub in plan.hubs if hub.id in set(held.values())]
    number = {hub.id: place for place, hub in enumerate(hubs)}
    content["fill"] = None
    content["marks"] = {
        "letters": [
            -1 if code not in held else number.get(str(held[code]), len(hubs))
            for code in dataset.practices.index
        ],
        "palette": [*(hub.colour for hub in hubs), UNASSIGNED_COLOUR],
        "labels": [*(str(place + 1) for place in range(len(hubs))), ""],
    }
    content["notes"] = {
        code: hubs[number[hub_id]].name if hub_id in number else UNASSIGNED
        for code, hub_id in held.items()
    }
    sums = [
        int(own["patients"][[held[code] == hub.id for code in own.index]].sum()) for hub in hubs
    ]
    alone = own["patients"][[held[code] is None for code in own.index]]
    legend = maps.Legend(
        "Hubs: patients",
        [*(hub.colour for hub in hubs), *([UNASSIGNED_COLOUR] if len(alone) else [])],
        [
            *(f"{place}. {hub.name}" for place, hub in enumerate(hubs, 1)),
            *(["In no hub"] if len(alone) else []),
        ],
        [*sums, *([int(alone.sum())] if len(alone) else [])],
    )
    return content, [legend], "Circles: practices, by patients; the number is the hub's."
