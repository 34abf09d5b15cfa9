"""Forty hub colours that stay apart for people with and without colour blindness, best first.

How they were made (a test makes them again). The first seven are those of Okabe and Ito
("Color Universal Design", 2008), without black. For the others, every candidate of a coarse RGB
grid that is neither near white, near black, grey nor reddish (red means worse than the benchmark)
is seen four ways: as it is, and through the simulations of protanopia, deuteranopia and tritanopia
of Machado, Oliveira and Fernandes (IEEE TVCG 15(6), 2009, severity 1). The candidate is taken whose
nearest neighbour among the colours taken so far is furthest away; distance is in OKLab, nine tenths
the worst of the four views and one tenth the plain one. White paper, black labels and the grey of
unassigned practices count as taken. The first colours are therefore the most distinct, and a plan
of n hubs uses the first n.

Nobody tells forty colours apart by eye alone: names on the map and in the table say the same.
"""

from __future__ import annotations

UNASSIGNED_COLOUR = "#8c8c8c"

PALETTE: tuple[str, ...] = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#f0e442",
    "#662200",
    "#113377",
    "#aa00ff",
    "#aaddcc",
    "#775566",
    "#6600bb",
    "#994400",
    "#99bb88",
    "#bb3399",
    "#8888ff",
    "#55ff99",
    "#ee11cc",
    "#eebbff",
    "#880055",
    "#0000ee",
    "#66dd66",
    "#667755",
    "#ff77dd",
    "#ff33ff",
    "#444488",
    "#ffbb33",
    "#446633",
    "#7777dd",
    "#ee7733",
    "#8833cc",
    "#77aa66",
    "#006688",
    "#cccc99",
    "#00ddee",
    "#005533",
    "#ddaacc",
    "#448800",
    "#cc0077",
)
