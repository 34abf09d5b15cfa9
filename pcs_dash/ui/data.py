"""The data, read once for every session of the server."""

from __future__ import annotations

import gc

import streamlit as st

from pcs_dash import web
from pcs_dash.build import Dataset, build_dataset


@st.cache_resource(show_spinner="Reading the data ...")
def load() -> tuple[Dataset, web.WebFiles]:
    """The joined tables and the addresses of the map's files; shared, so never changed."""
    dataset = build_dataset()
    files = web.prepare(dataset)
    # Streamlit collects garbage after every run: what never dies need not be looked at again.
    gc.collect()
    gc.freeze()
    return dataset, files
