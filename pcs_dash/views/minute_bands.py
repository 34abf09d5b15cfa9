"""Small areas coloured by minutes: one set of bands and colours wherever minutes are mapped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pcs_dash.views.maps import Layer

CUTS = (5.0, 10.0, 15.0, 20.0, 30.0)
BANDS = ("up to 5", "5 to 10", "10 to 15", "15 to 20", "20 to 30", "over 30")
# Yellow to brown: read by lightness alone, so in any colour vision.
COLOURS = ("#ffffd4", "#fee391", "#fec44f", "#fe9929", "#d95f0e", "#993404")


def minutes_layer(
    title: str, times: pd.Series, cuts: Sequence[float] = CUTS, names: Sequence[str] = BANDS
) -> Layer:
    """Small areas by the band of their minutes: on a border the earlier one, bare where not known
    or beyond the last.
    """
    places = np.searchsorted(cuts, times.to_numpy(float), side="left")
    words = [*names, None][: len(cuts) + 1]
    bands = pd.Series([words[place] for place in places], times.index).where(times.notna())
    return Layer(f"LSOAs: {title}", bands, dict(zip(names, COLOURS, strict=True)), tip="Minutes")
