"""England's areas and their measures, read once for every session of the server."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pcs_dash import web
from pcs_dash.errors import UserError
from pcs_dash.ui import data


@dataclass(frozen=True)
class England:
    """`table` is `england.by_area` with change_per_cent, `periods` the newest of each source,
    `months` the first and last month of list sizes, `missing` the measures no file brings yet.
    """

    table: pd.DataFrame
    measures: dict[str, str]
    periods: dict[str, str]
    months: tuple[str, str]
    missing: pd.DataFrame
    files: web.WebFiles | None


def load(level: str) -> England | None:
    """England by one kind of area, or None where no official data are loaded."""
    from pcs_dash.official.build import PRACTICES
    from pcs_dash.official.store import Store

    try:
        manifest = Store().current()
    except UserError:
        return None
    entry = manifest.latest(PRACTICES) if manifest else None
    return _load(level, entry.path) if entry else None


@st.cache_resource(show_spinner="Reading England ...", max_entries=6)
def _load(level: str, path: str) -> England:  # noqa: ARG001 - a new version has another path
    from pcs_dash.official import england
    from pcs_dash.official.build import england_practices, list_history, measures
    from pcs_dash.official.dataset import england_outlines
    from pcs_dash.official.store import Store

    store = Store()
    practices = england_practices(store=store)
    table = england.by_area(practices, level)
    manifest = store.require()
    periods = {source: _month(manifest.of(source)[-1].period) for source in manifest.sources()}
    months = [_month(entry.period) for entry in manifest.of("list_sizes")]
    if len(months) > 1:
        change = england.change_of_lists(list_history(store=store), practices, level)
        table["change_per_cent"] = change["change_per_cent"].reindex(table.index)
    loaded = measures(store)
    outlines = england_outlines(store)
    drawn = bool((outlines["kind"] == level).any())
    return England(
        table=table,
        measures={key: item.label for key, item in england.available(practices).items()},
        periods=periods,
        months=(months[0], months[-1]) if months else ("", ""),
        missing=loaded[~loaded["available"]],
        files=web.prepare_england(data.load()[1], outlines, level) if drawn else None,
    )


def _month(period: str) -> str:
    return f"{pd.Timestamp(period):%B %Y}"
