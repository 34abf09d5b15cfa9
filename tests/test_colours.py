"""Every palette in the three common colour-vision deficiencies (Machado, Oliveira and Fernandes
2009, full severity): colours that stand side by side stay apart (CAM02-UCS).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from colorspacious import cspace_convert, deltaE

from pcs_dash.hubs.palette import PALETTE, UNASSIGNED_COLOUR
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.views import by_place, hub_plans, maps, quality
from pcs_dash.views.answer import Chart
from pcs_dash.views.map_spec import MapSpec, map_view
from pcs_dash.views.question import ask
from tests.hubs.palette_maker import red

PACKAGE = ROOT / "pcs_dash"

VISIONS = ("normal", "protanomaly", "deuteranomaly", "tritanomaly")
# About 1 is the least that can be told in a laboratory; on a projector seven times that.
LEAST = 7.0
# Numbers stand on the hubs' dots and beside their names, so colour is never the only sign.
LEAST_NUMBERED = 5.0


def seen(colour: str, vision: str) -> Sequence[float]:
    """A colour "#rrggbb" as it is seen, as sRGB from 0 to 1."""
    rgb = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    if vision == "normal":
        return rgb
    space = {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}
    converted: Sequence[float] = cspace_convert(rgb, space, "sRGB1")
    return converted


def apart(one: str, other: str, vision: str) -> float:
    return float(deltaE(seen(one, vision), seen(other, vision), input_space="sRGB1"))


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize(
    "palette",
    [
        maps.QUINTILE_PURPLES,
        maps.QUINTILE_GREYS,
        maps.CLASS_BLUES,
        maps.HIGH_TO_LOW,
        tuple(colour for colour, _ in quality.STYLES["cqc_rating"].values()),
        maps.BENCHMARK_COLOURS,
        maps.BIVARIATE_COLOURS,
        by_place.PLACE_COLOURS,
    ],
    ids=["purples", "greys", "classes", "high to low", "cqc", "benchmark", "bivariate", "places"],
)
def test_no_two_colours_of_a_palette_look_the_same(palette: Sequence[str], vision: str) -> None:
    near = min(combinations(palette, 2), key=lambda pair: apart(*pair, vision))
    assert apart(*near, vision) >= LEAST, near


@pytest.mark.parametrize("vision", VISIONS)
def test_neighbouring_hubs_differ_beyond_their_numbers(vision: str) -> None:
    near = min(pairwise(PALETTE), key=lambda pair: apart(*pair, vision))
    assert apart(*near, vision) >= LEAST_NUMBERED, near


def test_in_style_sheets_red_is_a_fault_or_the_pointer_alone() -> None:
    used = {
        (path.name, line.split("{")[0].split()[-1])
        for path in sorted((PACKAGE / "assets").glob("*.css"))
        for line in re.sub(r"\s*\n(?![.@#:])\s*", " ", path.read_text("utf-8")).splitlines()
        if any(map(red, re.findall(r"#[0-9a-fA-F]{6}\b", line)))
    }
    assert used
    assert [rule for rule in used if "fault" not in rule[1] and "laser" not in rule[1]] == []


def test_red_is_worse_than_the_benchmark_and_nothing_else() -> None:
    assert [red(colour) for colour in maps.BENCHMARK_COLOURS] == [False] * 3 + [True] * 3
    drawn = [
        *(PACKAGE / "views").glob("*.py"), *(PACKAGE / "render").glob("*.py"),
        *(PACKAGE / "assets").glob("*.js"), *(PACKAGE / "measures").glob("*.py"),
        PACKAGE / "hubs" / "palette.py",
    ]  # fmt: skip
    found = {
        (path.name, colour)
        for path in drawn
        for colour in re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text("utf-8"))
        if red(colour)
    }
    assert found == {("maps.py", colour) for colour in maps.BENCHMARK_COLOURS[3:]}


@pytest.mark.parametrize("ramp", [maps.CLASS_BLUES, quality.LESS_TO_MORE])
def test_purple_is_deprivation_alone(ramp: Sequence[str]) -> None:
    assert not set(ramp) & {*maps.QUINTILE_PURPLES, *maps.QUINTILE_GREYS}


def test_fifths_have_the_ramp_of_the_maps_in_the_builder_too() -> None:
    script = (PACKAGE / "assets" / "hub_lists.js").read_text("utf-8")
    (greys,) = re.findall(r"const GREYS = \[(.*?)\]", script)
    assert tuple(re.findall(r"#[0-9a-f]{6}", greys)) == maps.QUINTILE_GREYS
    rooms = [*(PACKAGE / "views").glob("*.py"), *(PACKAGE / "render").glob("*.py")]
    ramps = {*maps.QUINTILE_GREYS, *maps.QUINTILE_PURPLES}
    found = {
        path.name
        for path in rooms
        if len(ramps & set(re.findall(r"#[0-9a-f]{6}\b", path.read_text("utf-8")))) > 2
    }
    assert found == {"maps.py"}


def test_a_hub_has_one_colour_in_every_map_and_chart(dataset: Dataset) -> None:
    question = ask(dataset, find_area("thurrock"))
    own = {hub.name: hub.colour for hub in question.shown_plan.hubs}
    bars = hub_plans.one_by_one(question).screen
    assert isinstance(bars, Chart)
    assert bars.series[0].colours == tuple(own[name] for name in bars.categories)
    spec = MapSpec("hubs", question, plan=question.shown_plan)
    content, (legend,), _ = map_view(dataset, spec, "hubs")
    named = dict(zip(legend.labels, legend.colours, strict=True))
    assert {label.split(". ", 1)[1]: colour for label, colour in named.items()} == own
    assert set(content["marks"]["palette"]) == {*own.values(), UNASSIGNED_COLOUR}


def test_the_measure_can_fail() -> None:
    # Red and green of one lightness: the textbook pair that deuteranopes confuse.
    assert apart("#c1272d", "#5f7f2f", "normal") > 30
    assert apart("#a85a3c", "#7d7a32", "deuteranomaly") < LEAST
