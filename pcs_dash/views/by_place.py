"""Practices as marks of a chart, a series a place, each place in its own colour and shape."""

from __future__ import annotations

import pandas as pd

from pcs_dash.tables.areas import PLACES
from pcs_dash.views.answer import Series

# Okabe and Ito's colours, told apart in the three common colour-vision deficiencies, and a shape
# for each place, so that colour is never the only sign.
PLACE_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#5b5b5b")
PLACE_SHAPES = (
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right",
)  # fmt: skip
NOWHERE = "No place"


def place_series(practices: pd.DataFrame, x: pd.Series, y: pd.Series) -> tuple[Series, ...]:
    """The practices that have both figures, sized by list; the places of Essex keep their signs.

    `x` and `y` are on the index of `practices`.
    """
    both = pd.DataFrame({"x": x, "y": y}).dropna().astype("float64")
    own = practices.loc[both.index]
    places = own["place"].astype(object).where(own["place"].notna(), NOWHERE)
    known = list(PLACES.values())
    order = [*known, *sorted(set(places) - set(known))]
    return tuple(
        Series.of_practices(
            str(place),
            own.loc[part.index],
            part["y"],
            part["x"],
            colour=PLACE_COLOURS[number % len(PLACE_COLOURS)],
            shape=PLACE_SHAPES[number % len(PLACE_SHAPES)],
        )
        for number, place in enumerate(order)
        if len(part := both[places == place])
    )
