"""Every palette in the three common colour-vision deficiencies (Machado, Oliveira and Fernandes
2009, full severity): colours that stand side by side stay apart (CAM02-UCS).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from colorspacious import cspace_convert, deltaE

from pcs_dash.hubs.palette import PALETTE
from pcs_dash.views import by_place, maps, robustness

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
        maps.CLASS_PURPLES,
        maps.BENCHMARK_COLOURS,
        maps.BIVARIATE_COLOURS,
        tuple(colour for colour, _ in robustness.FUNNEL_LOOKS),
        by_place.PLACE_COLOURS,
    ],
    ids=["purples", "greys", "classes", "benchmark", "bivariate", "funnel", "places"],
)
def test_no_two_colours_of_a_palette_look_the_same(palette: Sequence[str], vision: str) -> None:
    near = min(combinations(palette, 2), key=lambda pair: apart(*pair, vision))
    assert apart(*near, vision) >= LEAST, near


@pytest.mark.parametrize("vision", VISIONS)
def test_neighbouring_hubs_differ_beyond_their_numbers(vision: str) -> None:
    near = min(pairwise(PALETTE), key=lambda pair: apart(*pair, vision))
    assert apart(*near, vision) >= LEAST_NUMBERED, near


def test_the_measure_can_fail() -> None:
    # Red and green of one lightness: the textbook pair that deuteranopes confuse.
    assert apart("#c1272d", "#5f7f2f", "normal") > 30
    assert apart("#a85a3c", "#7d7a32", "deuteranomaly") < LEAST
