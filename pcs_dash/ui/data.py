"""The data, read once for every session of the server."""

from __future__ import annotations

import gc
import logging
from pathlib import Path

import pandas as pd
import streamlit as st

from pcs_dash import web
from pcs_dash.build import Dataset, build_dataset
from pcs_dash.errors import UserError

# Registrations are joined to the practices of a list, so both are named.
NO_REGISTRATIONS = (
    "Patients by practice and small area (LSOA) are not loaded. `python -m pcs_dash update "
    "list_sizes registrations_lsoa` brings them; `python -m pcs_dash status` says what is loaded."
)
_log = logging.getLogger(__name__)


@st.cache_resource(show_spinner="Reading the data ...")
def load() -> tuple[Dataset, web.WebFiles]:
    """The joined tables and the addresses of the map's files; shared, so never changed."""
    dataset = build_dataset()
    files = web.prepare(dataset)
    # Streamlit collects garbage after every run: what never dies need not be looked at again.
    gc.collect()
    gc.freeze()
    return dataset, files


def registrations() -> pd.DataFrame | None:
    """Patients by practice of Essex and LSOA (2011) from the official data, if they are loaded.

    Columns practice_code, lsoa11cd, patients, period (the first of its month), one row a pair;
    shared, so never changed. None where the data folder holds none that can be read.
    """
    named = registrations_version()
    try:
        return _registrations(*named) if named else None
    except UserError as error:
        _log.warning("registrations not read: %s", error)
        return None


def registrations_version() -> tuple[str, ...]:
    """Folder and checksum of the registrations in use; empty where there are none."""
    from pcs_dash.official.store import Store

    store = Store()
    try:
        loaded = store.current()
        entry = loaded.latest(_registrations_key()) if loaded else None
    except UserError as error:
        _log.warning("registrations not read: %s", error)
        return ()
    return (str(store.root.parent), entry.path, entry.sha256) if entry else ()


def registered_in(table: pd.DataFrame) -> str:
    """Which registrations, for under a figure: "patients by LSOA of July 2023 (NHS England)"."""
    return f"patients by LSOA of {table['period'].iloc[0]:%B %Y} (NHS England)"


def _registrations_key() -> str:
    # The module takes seconds to import: only where data are loaded at all.
    from pcs_dash.official.build import REGISTRATIONS

    return REGISTRATIONS


@st.cache_resource(show_spinner="Reading the registrations ...", max_entries=2)
def _registrations(folder: str, path: str, sha256: str) -> pd.DataFrame | None:  # noqa: ARG001
    # Path and checksum are what Streamlit keeps the table under.
    from pcs_dash.official.build import england_registrations
    from pcs_dash.official.store import Store

    table = england_registrations(store=Store(Path(folder)))
    ours = table["practice_code"].isin(load()[0].practices.index)
    table = table.loc[ours, ["practice_code", "lsoa_code", "patients", "period"]]
    table = table.astype({"practice_code": "str", "lsoa_code": "str"})
    return table.rename(columns={"lsoa_code": "lsoa11cd"}) if len(table) else None
