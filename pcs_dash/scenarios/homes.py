"""Homes to residents, patients, GPs, square metres and pounds: the sum for a phone call."""

from __future__ import annotations

from collections.abc import Mapping

from pcs_dash.scenarios.assumptions import Assumption
from pcs_dash.tables.errors import UserError

# Homes in all, not a year: the strategy of 2014 has 107,000 for the county.
MOST_HOMES = 1_000_000
STEPS = ("residents", "patients", "fte_gp", "square_metres", "cost_pounds")
USED = (
    "residents_per_dwelling",
    "patients_per_wte_gp_new_homes",
    "floor_space_per_gp",
    "cost_per_square_metre",
)


def what_homes_need(
    homes: float, assumptions: Mapping[str, Assumption], *, room: float = 0
) -> dict[str, float]:
    """What that many homes bring and need: `STEPS`, central, and with _low and _high.

    Homes x residents per dwelling; every resident is a patient; patients beyond those whom the
    practices of today have `room` for / patients per WTE GP; x square metres per GP; x pounds per
    square metre. Low and high: all assumptions at that end at once. UserError unless there are 1 to
    1,000,000 homes and room for 0 to 1,000,000 patients.
    """
    if not 1 <= homes <= MOST_HOMES:
        raise UserError(f"{homes:,g} homes can't be right. Give a number from 1 to {MOST_HOMES:,}.")
    if not 0 <= room <= MOST_HOMES:
        raise UserError(
            f"Room for {room:,g} patients can't be right. Give a number from 0 to {MOST_HOMES:,}."
        )
    per_home, per_gp, space, cost = (assumptions[key] for key in USED)
    found: dict[str, float] = {}
    for end, suffix in (("central", ""), ("low", "_low"), ("high", "_high")):
        residents = homes * getattr(per_home, end)
        fte = max(0.0, residents - room) / getattr(per_gp, end)
        metres = fte * getattr(space, end)
        values = (residents, residents, fte, metres, metres * getattr(cost, end))
        found |= {step + suffix: value for step, value in zip(STEPS, values, strict=True)}
    return {step + end: found[step + end] for step in STEPS for end in ("", "_low", "_high")}
