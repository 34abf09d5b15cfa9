"""Where slides read what is not in the data set: straight from the store, or from a cache.

The app puts functions in their place that keep what they have read (`ui.presenting`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from pcs_dash.tables.dataset import Dataset

if TYPE_CHECKING:
    from pcs_dash.views.catchments import Registered
    from pcs_dash.views.loaded_data import England, OfficialPractices


def _registered(dataset: Dataset) -> Registered:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    found = loaded_data.registered(Store(), dataset)
    return loaded_data.modelled_registrations(Store(), dataset) if found is None else found


def _practices(dataset: Dataset) -> OfficialPractices | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.practices(Store(), dataset)


def _history(dataset: Dataset) -> pd.DataFrame | None:
    from pcs_dash.official.store import Store
    from pcs_dash.views import loaded_data

    return loaded_data.history(Store(), dataset)


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


@dataclass(frozen=True)
class Readers:
    """`registered` gives registrations or their modelled stand-in; the others give None where
    nothing is loaded. `names`: practice code to name, of closed ones too.
    """

    registered: Callable[[Dataset], Registered] = _registered
    practices: Callable[[Dataset], OfficialPractices | None] = _practices
    history: Callable[[Dataset], pd.DataFrame | None] = _history
    successors: Callable[[], pd.DataFrame | None] = _successors
    england: Callable[[str], England | None] = _england
    names: Callable[[Dataset], Mapping[str, str]] = _names


STRAIGHT = Readers()
