"""Where slides read what is not in the data set: straight from the store, or from a cache.

The app puts functions in their place that keep what they have read (`ui.presenting`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.load import PCN_STAFF_OF, load_pcn_staff

if TYPE_CHECKING:
    from pcs_dash.measures.catchments import Registered
    from pcs_dash.official.own_columns import OwnMeasures
    from pcs_dash.travel.minutes import Stored
    from pcs_dash.views.loaded_data import England, OfficialPractices


def _registered(dataset: Dataset) -> Registered:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    found = loaded_data.registered(Store(), dataset)
    return loaded_data.modelled_registrations(Store(), dataset) if found is None else found


def _published(dataset: Dataset) -> Registered | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.registered(Store(), dataset)


def _practices(dataset: Dataset) -> OfficialPractices | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.practices(Store(), dataset)


def _own(dataset: Dataset) -> OwnMeasures | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.own(Store(), dataset)


def _history(dataset: Dataset) -> pd.DataFrame | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.history(Store(), dataset)


def _staff(dataset: Dataset) -> pd.DataFrame | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.staff(Store(), dataset)


def staff_of_networks(readers: Readers, dataset: Dataset) -> pd.DataFrame | None:
    """Staff employed by the data's networks, newest month there is: period, pcn_code, staff_group,
    staff_role, fte; None where none are known.
    """
    found = readers.network_staff(dataset)
    if found is None and dataset.version == "embedded":
        found = load_pcn_staff().assign(period=pd.Timestamp(PCN_STAFF_OF))
    return found


def _network_staff(dataset: Dataset) -> pd.DataFrame | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.network_staff(Store(), dataset)


def _successors() -> pd.DataFrame | None:
    from pcs_dash.official.store import Store

    loaded = Store().current()
    return Store().read("ods_successors") if loaded and loaded.latest("ods_successors") else None


def _england(level: str) -> England | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.england_by(Store(), level)


def _names(dataset: Dataset) -> Mapping[str, str]:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.names(Store(), dataset)


def _positions(dataset: Dataset) -> pd.DataFrame:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.positions(Store(), dataset)


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
    which data they read, where what they gave is kept.
    """

    registered: Callable[[Dataset], Registered] = _registered
    published: Callable[[Dataset], Registered | None] = _published
    practices: Callable[[Dataset], OfficialPractices | None] = _practices
    own: Callable[[Dataset], OwnMeasures | None] = _own
    history: Callable[[Dataset], pd.DataFrame | None] = _history
    staff: Callable[[Dataset], pd.DataFrame | None] = _staff
    network_staff: Callable[[Dataset], pd.DataFrame | None] = _network_staff
    successors: Callable[[], pd.DataFrame | None] = _successors
    england: Callable[[str], England | None] = _england
    names: Callable[[Dataset], Mapping[str, str]] = _names
    positions: Callable[[Dataset], pd.DataFrame] = _positions
    minutes: Callable[[], Stored | None] = _minutes
    version: tuple[str, ...] = ()


STRAIGHT = Readers()

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
