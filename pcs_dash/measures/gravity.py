"""A modelled stand-in for registrations by LSOA, where the real ones are not loaded.

Patients of an LSOA are shared out over practices by distance, so that every practice gets its
list and every LSOA its residents (a doubly constrained gravity model, balanced in turns):

    patients(i, j) = a(i) * b(j) * residents(i) * list(j) * exp(-distance(i, j) / decay)

Whatever shows its result says "modelled": the table carries `modelled` = True. Its error against
the real registrations of July 2023 is in docs/methods.md and tested.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pcs_dash.tables.errors import UserError

# Calibrated on the registrations of Mid and South Essex, July 2023 (`benchmarks.gravity_error`): at
# this decay the fewest patients are misplaced; North East and West Essex served as the test.
DECAY_KM = 0.70
ROUNDS = 200
# Balanced when no LSOA is further than this from its residents.
TOLERANCE = 1e-3
# Cells below this are left out; the rest of each practice is scaled up to its list again.
SMALLEST_CELL = 0.05
MODELLED_LABEL = "modelled (gravity model, not registrations)"
# The figures of docs/methods.md, which a test measures again.
MODEL_ERROR = (
    "Against the real registrations of July 2023 the model puts 27% to 29% of patients in the "
    "wrong LSOA, and names the right main practice for 70% to 75% of LSOAs, in Essex, for which "
    "it was calibrated. Elsewhere it is worse: 30% to 40%, and 58% to 67%, in four other ICBs."
)


def gravity_registrations(
    practices: pd.DataFrame,
    points: pd.DataFrame,
    *,
    decay_km: float = DECAY_KM,
    population: str | None = None,
) -> pd.DataFrame:
    """Modelled patients by practice and LSOA: practice_code, lsoa_code, patients (float), modelled.

    `practices`: index practice_code, columns patients, easting, northing (m); `points`: index
    LSOA code, columns easting, northing and, if `population` names it, residents. Without
    residents every LSOA counts the same: they are drawn to be of like size. Each practice's
    patients add up to its list. UserError when a position or list is missing.
    """
    _check(practices, points, decay_km, population)
    used = practices[practices["patients"] > 0]
    distance = distance_km(points, used)
    lists = used["patients"].to_numpy(float)
    weights = np.ones(len(points)) if population is None else points[population].to_numpy(float)
    flows = _balance(distance, lists, weights, decay_km)
    flows = np.where(flows >= SMALLEST_CELL, flows, 0.0)
    flows *= lists / flows.sum(axis=0)
    row, column = np.nonzero(flows)
    table = pd.DataFrame(
        {
            "practice_code": pd.Categorical.from_codes(column, used.index.astype("str")),
            "lsoa_code": pd.Categorical.from_codes(row, points.index.astype("str")),
            "patients": flows[row, column],
            "modelled": True,
        }
    )
    table.attrs["label"] = MODELLED_LABEL
    return table


def _check(
    practices: pd.DataFrame, points: pd.DataFrame, decay_km: float, population: str | None
) -> None:
    if not decay_km > 0:
        raise UserError("The decay of the gravity model must be more than 0 km.")
    if practices.empty or points.empty:
        raise UserError("The gravity model needs at least one practice and one LSOA.")
    for table, columns, what in (
        (practices, ["patients", "easting", "northing"], "practices"),
        (points, ["easting", "northing", *([population] if population else [])], "LSOAs"),
    ):
        bad = table.index[table[columns].isna().any(axis=1)]
        if len(bad):
            raise UserError(
                f"The gravity model needs {', '.join(columns)} for all {what}; missing for "
                f"{', '.join(str(code) for code in bad[:5])}" + (" ..." if len(bad) > 5 else ".")
            )
    if not (practices["patients"] > 0).any():
        raise UserError("The gravity model needs a practice with patients.")
    if population and (points[population] <= 0).any():
        raise UserError("The gravity model needs residents in every LSOA.")


def distance_km(points: pd.DataFrame, practices: pd.DataFrame) -> np.ndarray:
    """Straight line from each LSOA (row) to each practice (column), km."""
    east, north = (
        points[axis].to_numpy(float)[:, None] - practices[axis].to_numpy(float)
        for axis in ("easting", "northing")
    )
    return np.hypot(east, north) / 1000


def _balance(
    distance: np.ndarray, lists: np.ndarray, weights: np.ndarray, decay_km: float
) -> np.ndarray:
    """Flows whose columns add up to the lists exactly and rows to the residents nearly."""
    residents = weights / weights.sum() * lists.sum()
    # Only differences of distance matter within an LSOA and within a practice, so the least of
    # each may go: far places would otherwise underflow to nothing at all.
    relative = distance - distance.min(axis=1, keepdims=True)
    relative = relative - relative.min(axis=0, keepdims=True)
    flows = np.exp(-np.minimum(relative / decay_km, 600.0))
    flows *= lists / flows.sum(axis=0)
    for _ in range(ROUNDS):
        rows = flows.sum(axis=1)
        if np.abs(rows / residents - 1).max() < TOLERANCE:
            break
        flows *= (residents / np.maximum(rows, 1e-300))[:, None]
        flows *= lists / flows.sum(axis=0)
    return flows
