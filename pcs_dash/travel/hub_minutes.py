"""Minutes of every practice's patients to every practice, for hubs: each mode of one kind whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pcs_dash.hubs.journeys import Journeys
from pcs_dash.measures.catchments import Registered
from pcs_dash.tables.constants import MODES
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.travel.minutes import Minutes, Stored, between


def journeys_of(dataset: Dataset, registered: Registered, stored: Stored | None) -> Journeys:
    """`registered` patients of the data's practices and their minutes, measured ones first.

    Patients who live beyond the small areas of the data are one place more, without minutes.
    """
    codes, lsoas = dataset.practices.index, dataset.lsoas.index
    own = registered.table[registered.table["practice_code"].isin(codes)]
    patients = np.zeros((len(codes), len(lsoas) + 1))
    # Practice and small area stand once in the registrations; beyond the data they add up.
    place = lsoas.get_indexer(pd.Index(own["lsoa_code"].astype("str")))
    practice = codes.get_indexer(pd.Index(own["practice_code"].astype("str")))
    np.add.at(patients, (practice, place), own["patients"].to_numpy(float))
    found = [_known(dataset, mode, stored) for mode in MODES]
    known = [minutes for minutes in found if minutes is not None]
    return Journeys(
        codes,
        patients,
        {minutes.mode: _matrix(minutes, lsoas, codes) for minutes in known},
        {minutes.mode: minutes.kind for minutes in known},
        "; ".join([*(minutes.label for minutes in known), registered.label]),
    )


def _known(dataset: Dataset, mode: str, stored: Stored | None) -> Minutes | None:
    """Minutes of a mode; None where it has no model, and none are loaded for these places."""
    try:
        return between(dataset, mode, "", stored)
    except UserError:
        return None


def _matrix(minutes: Minutes, lsoas: pd.Index, codes: pd.Index) -> np.ndarray:
    table = minutes.table.reindex(index=lsoas, columns=codes).to_numpy(float)
    return np.vstack([table, np.full(len(codes), np.nan)])
