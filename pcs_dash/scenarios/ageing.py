"""How long GPs stay: the share that is left of each age band, year by year.

In a year a share of each band leaves; of those who stay one in five is a band older at its end,
each band being five years wide. Nobody ages out of the last band, and GPs of unknown age neither
age nor leave at another rate than that of all ages.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcs_dash.measures.sums import Floats
from pcs_dash.scenarios.today import BANDS

ALL_AGES = "leavers_all_ages"
# The published rates; bands between two of them have their mean.
RATES: dict[str, tuple[str, ...]] = {
    "UNDER30": ("leavers_under_30",),
    "30TO34": ("leavers_30_34",),
    "35TO39": ("leavers_30_34", "leavers_40_49"),
    "40TO44": ("leavers_40_49",),
    "45TO49": ("leavers_40_49",),
    "50TO54": ("leavers_40_49", "leavers_55_59"),
    "55TO59": ("leavers_55_59",),
    "60TO64": ("leavers_60_plus",),
    "65TO69": ("leavers_60_plus",),
    "70PLUS": ("leavers_60_plus",),
    "UNKNOWN_AGE": (ALL_AGES,),
}
INTERPOLATED = tuple(band for band, keys in RATES.items() if len(keys) > 1)
RETIRING = ("55TO59", "60TO64", "65TO69", "70PLUS")
YEARS_IN_BAND = 5
# Who joins from training is about this old.
JOINING_BAND = BANDS.index("30TO34")


def bands_that_leave(ages: str) -> tuple[str, ...]:
    """The bands that leave under a key of `changes.AGES`."""
    return RETIRING if ages == "retirement" else BANDS


def keys_used(ages: str) -> list[str]:
    """The assumptions behind the rates of those bands."""
    return list(dict.fromkeys(key for band in bands_that_leave(ages) for key in RATES[band]))


def leaving_rates(ages: str, values: Callable[[str], Floats], columns: int) -> Floats:
    """Share that leaves in a year, shape (bands, columns); `values` gives per cent by key."""
    rates = np.zeros((len(BANDS), columns))
    for place, band in enumerate(BANDS):
        if band in bands_that_leave(ages):
            rates[place] = sum(values(key) for key in RATES[band]) / (100 * len(RATES[band]))
    return np.minimum(rates, 1.0)


def a_year_earlier(left: Floats, rates: Floats | None) -> Floats:
    """Share left of those who were in service a year earlier, by the band they were in then.

    `left`: what is left of each band from a year later on, shape (bands, columns); `rates`: None
    in a year in which nobody leaves.
    """
    older = left.copy()
    older[:-2] = left[1:-1]
    moved = left + (older - left) / YEARS_IN_BAND
    return moved if rates is None else (1 - rates) * moved
