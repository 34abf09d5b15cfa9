"""How far the gravity model lies from real registrations, and the decay that lies nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from pcs_dash.measures.gravity import distance_km, gravity_registrations


@dataclass(frozen=True)
class ModelError:
    """How far a model lies from real registrations.

    `misplaced`: share of patients who would have to move to another LSOA for the model to be
    right (0 perfect, 1 all). `median_practice`, `worst_practice`: the same by practice.
    `dominant_right`: share of LSOAs whose main practice the model names. `outside`: share of
    the real patients who live outside the modelled LSOAs, whom it can't place.
    """

    practices: int
    lsoas: int
    misplaced: float
    median_practice: float
    worst_practice: float
    dominant_right: float
    mean_distance_difference_km: float
    outside: float


def model_error(
    modelled: pd.DataFrame, real: pd.DataFrame, practices: pd.DataFrame, points: pd.DataFrame
) -> ModelError:
    """Compare modelled and real registrations over the practices and LSOAs of the model.

    Both are taken as shares of each practice's patients in these LSOAs, so that lists of
    different dates can be compared; practices weigh by their real patients.
    """
    codes = sorted(
        set(modelled["practice_code"].astype(str)) & set(real["practice_code"].astype(str))
    )
    if not codes:
        raise ValueError("The model and the registrations have no practice in common.")
    theirs = real[real["practice_code"].isin(codes)]
    inside = theirs[theirs["lsoa_code"].isin(points.index)]
    a = _wide(inside, points.index, codes)
    b = _wide(modelled, points.index, codes)
    with_patients = (a.sum(axis=0) > 0) & (b.sum(axis=0) > 0)
    a, b, kept = a[:, with_patients], b[:, with_patients], np.array(codes)[with_patients]
    size = a.sum(axis=0)
    scaled = b * (size / b.sum(axis=0))
    by_practice = 0.5 * np.abs(scaled - a).sum(axis=0) / size
    settled = a.sum(axis=1) > 0
    km = distance_km(points, practices.loc[kept])
    difference = ((scaled - a) * km).sum() / size.sum()
    total = float(theirs["patients"].sum())
    return ModelError(
        practices=len(kept),
        lsoas=int(settled.sum()),
        misplaced=float((by_practice * size).sum() / size.sum()),
        median_practice=float(np.median(by_practice)),
        worst_practice=float(by_practice.max()),
        dominant_right=float((a.argmax(axis=1)[settled] == scaled.argmax(axis=1)[settled]).mean()),
        mean_distance_difference_km=float(difference),
        outside=1 - float(inside["patients"].sum()) / total,
    )


def _wide(table: pd.DataFrame, lsoas: pd.Index, codes: Sequence[str]) -> np.ndarray:
    lsoa = pd.Index(lsoas).get_indexer(pd.Index(table["lsoa_code"].astype("str")))
    practice = pd.Index(codes).get_indexer(pd.Index(table["practice_code"].astype("str")))
    known = (lsoa >= 0) & (practice >= 0)
    result = np.zeros((len(lsoas), len(codes)))
    np.add.at(result, (lsoa[known], practice[known]), table["patients"].to_numpy(float)[known])
    return result


def calibrate(
    real: pd.DataFrame,
    practices: pd.DataFrame,
    points: pd.DataFrame,
    *,
    population: str | None = None,
) -> float:
    """The decay (km) at which the fewest patients are misplaced against real registrations."""

    def misplaced(decay_km: float) -> float:
        modelled = gravity_registrations(
            practices, points, decay_km=decay_km, population=population
        )
        return model_error(modelled, real, practices, points).misplaced

    found = minimize_scalar(misplaced, bounds=(0.2, 5.0), method="bounded", options={"xatol": 0.01})
    return float(found.x)
