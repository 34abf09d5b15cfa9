"""What a projection assumes: low, central and high of each figure, its source, and draws of them.

The published ones stand in `data/planning_parameters.csv`. Every one can be typed over; what was
typed is marked (`Assumption.typed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from pcs_dash.measures.sums import Floats
from pcs_dash.tables import load
from pcs_dash.tables.errors import UserError

# 28% of the GPs of Castle Point and Rochford meant to retire within five years, 14% within one to
# three (LMC survey of 2012); 28% were aged 60 and over (2014). So half of those aged 60 and over
# go within three years; at the slowest within five, at the fastest nine in ten within five.
_AGED_60 = tuple(100 * (1 - left ** (1 / years)) for left, years in ((0.5, 5), (0.5, 3), (0.1, 5)))
_LARGEST = 1_000_000
_DIVISORS = ("patients_per_wte_gp_new_homes", "room_utilisation_minimum")
# What an assumption is called where its key says too little.
_LABELS = {
    "trainee_to_nhs_gp_within_1_year": "trainees who become NHS GPs",
    "joiner_participation": "hours of GPs who join",
    "leavers_60_plus": "leavers aged 60 and over",
    "leavers_55_59": "leavers aged 55 to 59",
    "leavers_40_49": "leavers aged 40 to 49",
    "leavers_30_34": "leavers aged 30 to 34",
    "leavers_under_30": "leavers under 30",
    "leavers_all_ages": "leavers of unknown age",
    "deprived_consult_more": "more consultations of the most deprived fifth",
    "appointments_per_fte_gp": "appointments of one FTE GP more",
    "appointments_per_fte_nurse": "appointments of one FTE nurse more",
    "appointments_per_fte_direct_care": "appointments of one FTE in direct care more",
    "room_utilisation_minimum": "share of hours that rooms are used",
    "floor_space_per_gp": "square metres per GP",
    "floor_space_per_1750_patients": "square metres for 1,750 patients",
    "cost_per_square_metre": "pounds per square metre",
    "patients_per_wte_gp_new_homes": "patients per FTE GP of new homes",
}


@dataclass(frozen=True)
class Assumption:
    """A figure that is assumed: `low` and `high` are the ends of what is thought possible."""

    key: str
    low: float
    central: float
    high: float
    unit: str
    period: str
    source: str
    typed: bool = False

    @property
    def label(self) -> str:
        """Its name in words: "residents per dwelling"."""
        return _LABELS.get(self.key, self.key.replace("_", " "))

    @property
    def marked(self) -> str:
        """The label, which says where the figure was typed over."""
        return f"{self.label} (typed in)" if self.typed else self.label


_PUBLISHED = ("low", "central", "high", "unit", "period", "source")


@cache
def published() -> Mapping[str, Assumption]:
    """The published assumptions by key, and the leavers aged 60 and over worked out from them."""
    found = {
        str(row["parameter"]): Assumption(row["parameter"], *(row[name] for name in _PUBLISHED))
        for row in load.load_planning_parameters().to_dict("records")
    }
    low, central, high = _AGED_60
    retiring = replace(found["retirement_within_5_years"], low=low, central=central, high=high)
    source = (
        "Worked out: half of those aged 60 and over gone within three years (low: five; high: nine "
        f"in ten within five). {retiring.source}"
    )
    unit, key = "per cent of FTE a year", "leavers_60_plus"
    return found | {key: replace(retiring, key=key, unit=unit, source=source)}


def with_typed(
    assumptions: Mapping[str, Assumption], typed: Mapping[str, tuple[float, float, float]]
) -> dict[str, Assumption]:
    """The assumptions with some (low, central, high) typed over and marked so.

    UserError for a key there is not, and for a central value that is not between its ends.
    """
    found = dict(assumptions)
    for key, (low, central, high) in typed.items():
        if key not in found:
            raise UserError(
                f"There is no assumption '{key[:40]}'. Choose of: {', '.join(assumptions)}."
            )
        if not all(0 <= value <= _LARGEST for value in (low, central, high)):
            raise UserError(f"The assumption '{key}' must be between 0 and {_LARGEST:,}.")
        if key in _DIVISORS and min(low, central, high) <= 0:
            raise UserError(f"The assumption '{key}' must be more than 0: it is divided by.")
        if not (central - low) * (high - central) >= 0:
            raise UserError(f"The assumption '{key}': {central} is not between {low} and {high}.")
        was = found[key]
        source = f"Typed in over {was.low:g}, {was.central:g}, {was.high:g}: {was.source}"
        found[key] = replace(was, low=low, central=central, high=high, source=source, typed=True)
    return found


@dataclass(frozen=True, eq=False)
class Draws:
    """Values of each assumption, shape (columns,): the central one first, then `number` drawn
    ones, then the low and the high end of each of `keys` with all others central.
    """

    number: int
    keys: tuple[str, ...]
    values: Mapping[str, Floats]

    @property
    def columns(self) -> int:
        """How many values each assumption has."""
        return 1 + self.number + 2 * len(self.keys)

    @property
    def drawn(self) -> slice:
        """The columns of the random draws."""
        return slice(1, 1 + self.number)

    def ends(self, key: str) -> tuple[int, int]:
        """The columns in which only this assumption is at its low, and at its high end."""
        first = 1 + self.number + 2 * self.keys.index(key)
        return first, first + 1

    def of(self, key: str) -> Floats:
        """The values of one assumption."""
        return self.values[key]


def draw(
    assumptions: Mapping[str, Assumption], used: Iterable[str], *, number: int, seed: int
) -> Draws:
    """Triangular draws between low and high, most likely at the central value (seeded).

    An assumption's draws depend on its name and the seed alone, so that switching a change off
    moves no other figure.
    """
    keys = tuple(dict.fromkeys(used))
    columns = 1 + number + 2 * len(keys)
    values = {}
    for place, key in enumerate(keys):
        one = assumptions[key]
        low, high = sorted((one.low, one.high))
        column = np.full(columns, one.central)
        if high > low and number:
            stream = np.random.default_rng([seed, *key.encode()])
            column[1 : 1 + number] = stream.triangular(low, one.central, high, number)
        column[1 + number + 2 * place : 3 + number + 2 * place] = one.low, one.high
        values[key] = column
    return Draws(number, keys, values)
