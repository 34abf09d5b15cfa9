"""The data, read once for every session of the server."""

from __future__ import annotations

import gc
from contextvars import ContextVar

import streamlit as st

from pcs_dash.hubs.rules import Rule, default_rules
from pcs_dash.official.loaded_areas import OfficialArea
from pcs_dash.render import web
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset, build_dataset
from pcs_dash.views.kept_answers import kept

# What the thread's run shows; set by the entry script once the area is known.
of_this_run: ContextVar[tuple[Dataset, web.WebFiles] | None] = ContextVar("dataset", default=None)


@st.cache_resource(show_spinner="Reading the data ...")
def load() -> tuple[Dataset, web.WebFiles]:
    """The joined tables and the addresses of the map's files; shared, so never changed."""
    dataset = build_dataset()
    web.serve_under(st.get_option("server.baseUrlPath"))
    files = web.prepare(dataset)
    # Streamlit collects garbage after every run: what never dies need not be looked at again.
    gc.collect()
    gc.freeze()
    return dataset, files


def of(area: Area) -> tuple[Dataset, web.WebFiles]:
    """The data set and map files that show an area: the embedded ones, or those of its ICBs."""
    if not isinstance(area, OfficialArea):
        return load()
    # The module takes seconds to import: only where data are loaded at all.
    from pcs_dash.official.store import Store

    store = Store()
    return _of_loaded(area.key, str(store.root), store.require().identity, area)


def key_of(dataset: Dataset) -> tuple[str, str]:
    """`Dataset.key`, by which Streamlit keeps what is made of a data set."""
    return dataset.key


def rules_of(dataset: Dataset) -> tuple[Rule, ...]:
    """The strategies' rules, with the thresholds of this data set's published figures."""
    return kept(dataset, "rules", lambda: default_rules(dataset.published))


def current() -> Dataset:
    """The data set of this run; the embedded one before the sidebar is drawn."""
    held = of_this_run.get(None)
    return load()[0] if held is None else held[0]


@st.cache_resource(show_spinner="Reading the area ...", max_entries=6)
def _of_loaded(
    key: str,  # noqa: ARG001 - what Streamlit keeps the answer under, with the next two
    root: str,  # noqa: ARG001
    version: str,  # noqa: ARG001
    _area: OfficialArea,
) -> tuple[Dataset, web.WebFiles]:
    from pcs_dash.official.area_dataset import dataset_of

    dataset = dataset_of(_area)
    return dataset, web.prepare_area(load()[1], dataset, _area)
