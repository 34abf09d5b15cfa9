"""The official data behind the pages, read once for every version of the store.

Each reader returns None when nothing is loaded (or it can't be read: the log says why), and is
kept under the store's folder and the version in use, so that an update or a rollback is seen at
the next run and nothing is read twice.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd
import streamlit as st

from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views.readers import Readers

if TYPE_CHECKING:
    from pcs_dash.measures.catchments import Registered
    from pcs_dash.official.manifest import Manifest
    from pcs_dash.official.own_columns import OwnMeasures
    from pcs_dash.official.store import Store
    from pcs_dash.travel.minutes import Stored
    from pcs_dash.views.loaded_data import England, OfficialPractices

T = TypeVar("T")
_log = logging.getLogger(__name__)


def manifest() -> Manifest | None:
    """What is loaded, or None."""
    return or_none(lambda: _store().current())


def version() -> tuple[str, ...]:
    """Folder and version of the store in use, the key of all that is kept; () where empty."""
    loaded = manifest()
    if loaded is None:
        return ()
    return (str(_store().root.parent), str(loaded.version), loaded.created)


def periods() -> dict[str, str]:
    """Source -> ISO date of the newest table loaded; empty where nothing is."""
    if manifest() is None:
        return {}
    found: dict[str, str] = loaded_data().periods(_store(version()))
    return found


def or_none(read: Callable[[], T]) -> T | None:
    """What `read` gives; None where it can't be read, which the log tells."""
    try:
        return read()
    except UserError as error:
        _log.warning("official data not read: %s", error)
        return None


def loaded_data() -> Any:
    """`views.loaded_data`, which takes seconds to import: only where it is asked for."""
    from pcs_dash.views import loaded_data

    return loaded_data


def _store(key: tuple[str, ...] = ()) -> Store:
    from pcs_dash.official.store import Store

    return Store(Path(key[0])) if key else Store()


def _kept(
    words: str | bool = False, *, most: int = 4, always: bool = False
) -> Callable[[Callable[[Store, Dataset], T]], Callable[[Dataset], T | None]]:
    """Make a reader of a store one that reads once for a version and a data set, saying `words`
    meanwhile; None where nothing is loaded (unless it reads `always`), or it can't be read.
    """

    def of_store(work: Callable[[Store, Dataset], T]) -> Callable[[Dataset], T | None]:
        def read(
            key: tuple[str, ...],
            data: tuple[str, str],  # noqa: ARG001 - part of the cache's key
            _dataset: Dataset,
        ) -> T:
            return work(_store(key), _dataset)

        # By this Streamlit tells what it keeps of one from what it keeps of another.
        read.__qualname__ = work.__qualname__
        kept = st.cache_resource(show_spinner=words, max_entries=most)(read)

        @wraps(work)
        def reader(dataset: Dataset) -> T | None:
            key = version()
            return or_none(lambda: kept(key, dataset.key, dataset)) if key or always else None

        return reader

    return of_store


@_kept("Reading the official data ...", most=8)
def practices(store: Store, dataset: Dataset) -> OfficialPractices | None:
    """Quality and other official columns for the practices of the data; None if none are loaded."""
    return loaded_data().practices(store, dataset)


@_kept(most=8)
def own(store: Store, dataset: Dataset) -> OwnMeasures | None:
    """Measures of users' own files for the practices of the data; None if none are loaded."""
    return loaded_data().own(store, dataset)


@_kept("Reading the registrations ...")
def published(store: Store, dataset: Dataset) -> Registered | None:
    """Registrations around the practices and LSOAs of the data; None if none are loaded."""
    found = loaded_data().registered(store, dataset)
    gc.collect()
    gc.freeze()
    return found


@_kept("Reading the lists ...")
def history(store: Store, dataset: Dataset) -> pd.DataFrame | None:
    """List sizes of every month loaded, for the data's sub-ICBs: period, practice_code, patients,
    sub_icb_code, district (missing where a closed practice's is unknown), postcode.
    """
    return loaded_data().history(store, dataset)


@_kept("Reading the workforce ...", always=True)
def staff(store: Store, dataset: Dataset) -> pd.DataFrame | None:
    """Staff of practices by role, every month there is; None without any."""
    return loaded_data().staff(store, dataset)


@_kept(always=True)
def _positions(store: Store, dataset: Dataset) -> pd.DataFrame:
    return loaded_data().positions(store, dataset)


@_kept(most=8)
def _names(store: Store, dataset: Dataset) -> dict[str, str]:
    return loaded_data().names(store, dataset)


def registered(dataset: Dataset) -> Registered:
    """Registrations around the practices and LSOAs of the data, or the modelled stand-in."""
    found = published(dataset)
    return _modelled(version(), dataset.key, dataset) if found is None else found


# Without words: it may be asked for beside a page, where there is none to show them on.
@st.cache_resource(show_spinner=False, max_entries=4)
def _modelled(
    key: tuple[str, ...],
    data: tuple[str, str],  # noqa: ARG001 - part of the cache's key
    _dataset: Dataset,
) -> Registered:
    from pcs_dash.measures.catchments import modelled

    found = or_none(lambda: loaded_data().modelled_registrations(_store(key), _dataset))
    return modelled(_dataset.practices, _dataset.lsoas) if found is None else found


def network_staff(dataset: Dataset) -> pd.DataFrame | None:
    """Staff employed by networks, newest month loaded; None if none is."""
    key = version()
    return or_none(lambda: loaded_data().network_staff(_store(key), dataset)) if key else None


def positions(dataset: Dataset) -> pd.DataFrame:
    """Easting and northing by practice_code, of closed practices too where allocations say it."""
    found = _positions(dataset)
    return dataset.practices[["easting", "northing"]] if found is None else found


def names(dataset: Dataset) -> dict[str, str]:
    """Practice names by code, closed ones too where the ODS list is loaded."""
    found = _names(dataset)
    if found is not None:
        return found
    return {str(code): str(name) for code, name in dataset.practices["practice_name"].items()}


def successors() -> pd.DataFrame | None:
    """practice_code, successor_code, effective, as loaded from the ODS; None if they are not."""
    if "ods_successors" not in periods():
        return None
    return or_none(lambda: _store().read("ods_successors"))


def minutes() -> Stored | None:
    """The loaded minutes from small areas to practices, or None."""
    key = version()
    return or_none(lambda: _minutes(key)) if key else None


@st.cache_resource(show_spinner="Reading the minutes ...", max_entries=2)
def _minutes(key: tuple[str, ...]) -> Stored | None:
    from pcs_dash.travel.minutes import stored_minutes

    return stored_minutes(_store(key))


def readers() -> Readers:
    """What views read beside the data set, each read once for all sessions."""
    return Readers(
        registered=registered,
        published=published,
        practices=practices,
        own=own,
        history=history,
        staff=staff,
        network_staff=network_staff,
        successors=successors,
        england=_england,
        names=names,
        positions=positions,
        minutes=minutes,
        version=version(),
    )


def _england(level: str) -> England | None:
    from pcs_dash.ui import england_data

    loaded = england_data.load(level)
    return None if loaded is None else loaded.figures
