"""Forty hub colours that stay apart for people with and without colour blindness, best first.

How they were made (a test makes them again). The first seven are those of Okabe and Ito
("Color Universal Design", 2008), without black. For the others, every candidate of a coarse RGB
grid that is neither near white, near black nor grey is seen four ways: as it is, and through the
simulations of protanopia, deuteranopia and tritanopia of Machado, Oliveira and Fernandes (IEEE
TVCG 15(6), 2009, severity 1). The candidate is taken whose nearest neighbour among the colours
taken so far is furthest away; distance is in OKLab, nine tenths the worst of the four views and
one tenth the plain one. White paper, black labels and the grey of unassigned practices count as
taken. The first colours are therefore the most distinct, and a plan of n hubs uses the first n.

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
    "#994444",
    "#aa00ff",
    "#aaddcc",
    "#6600bb",
    "#99bb88",
    "#115588",
    "#8888ff",
    "#55ff99",
    "#cc22bb",
    "#881144",
    "#eebbff",
    "#aa5588",
    "#66dd66",
    "#bb4400",
    "#ff77dd",
    "#0011ee",
    "#ee33dd",
    "#774400",
    "#ddaabb",
    "#ee7744",
    "#7777dd",
    "#aa0088",
    "#ff4477",
    "#663366",
    "#cccc99",
    "#00ddee",
    "#eebb00",
    "#aa7755",
    "#66aa55",
    "#660066",
    "#6644aa",
)
