"""Where slides read what is not in the data set: straight from the store, or from a cache.

The app puts functions in their place that keep what they have read (`ui.presenting`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.load import PCN_STAFF_OF, load_pcn_staff

if TYPE_CHECKING:
    from pcs_dash.measures.catchments import Registered
    from pcs_dash.official.own_columns import OwnMeasures
    from pcs_dash.travel.minutes import Stored
    from pcs_dash.views.loaded_data import England, OfficialPractices


def _read(name: str, *asked: Dataset | str) -> Any:
    """What the reader of that name in `loaded_data` gives; it is imported when first asked."""
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return getattr(loaded_data, name)(Store(), *asked)


def _minutes() -> Stored | None:
    from pcs_dash.travel.minutes import stored_minutes

    return stored_minutes()


@dataclass(frozen=True)
class Readers:
    """`registered` gives registrations or their modelled stand-in, `published` the former only; it
    and the others give None where nothing is loaded. `names`: practice code to name, of closed
    ones too; `own`: measures of users' files; `staff` of practices by role and month,
    `network_staff` of networks; `positions`: easting and northing by practice code, of closed ones
    too where the allocations name a place; `minutes` from small areas to practices. `version` says
    which data they read, where what they gave is kept. They go to another process with a deck, so
    each can be pickled.
    """

    registered: Callable[[Dataset], Registered] = partial(_read, "registered_or_modelled")
    published: Callable[[Dataset], Registered | None] = partial(_read, "registered")
    practices: Callable[[Dataset], OfficialPractices | None] = partial(_read, "practices")
    own: Callable[[Dataset], OwnMeasures | None] = partial(_read, "own")
    history: Callable[[Dataset], pd.DataFrame | None] = partial(_read, "history")
    staff: Callable[[Dataset], pd.DataFrame | None] = partial(_read, "staff")
    network_staff: Callable[[Dataset], pd.DataFrame | None] = partial(_read, "network_staff")
    successors: Callable[[], pd.DataFrame | None] = partial(_read, "successors")
    england: Callable[[str], England | None] = partial(_read, "england_by")
    names: Callable[[Dataset], Mapping[str, str]] = partial(_read, "names")
    positions: Callable[[Dataset], pd.DataFrame] = partial(_read, "positions")
    minutes: Callable[[], Stored | None] = _minutes
    version: tuple[str, ...] = ()


STRAIGHT = Readers()


def staff_of_networks(readers: Readers, dataset: Dataset) -> pd.DataFrame | None:
    """Staff employed by the data's networks, newest month there is: period, pcn_code, staff_group,
    staff_role, fte; None where none are known.
    """
    found = readers.network_staff(dataset)
    if found is None and dataset.version == "embedded":
        found = load_pcn_staff().assign(period=pd.Timestamp(PCN_STAFF_OF))
    return found


# Registrations are joined to the practices of a list, so both are named.
NO_REGISTRATIONS = (
    "Patients by practice and small area (LSOA) are not loaded. Data and methods says which "
    "files bring them, and what is loaded."
)


def patients_by_lsoa(readers: Readers, dataset: Dataset) -> tuple[pd.DataFrame, str] | None:
    """Patients of the data's practices by LSOA (practice_code, lsoa11cd, patients), and a label of
    what they are; None where no registrations are loaded.
    """
    found = readers.published(dataset)
    if found is None:
        return None
    own = found.table[found.table["practice_code"].isin(dataset.practices.index)]
    return own.rename(columns={"lsoa_code": "lsoa11cd"}), found.label
