"""Addresses that people type: `?area=thurrock&gp=permanent` as well as the labels on screen.

Streamlit writes a widget's label into the address and drops whatever is no label. So a short
name is spelled out before the page runs, and what is neither is told instead of passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import streamlit as st

from pcs_dash.measures.practice_measures import VARIABLES
from pcs_dash.measures.workforce import BENCHMARK_LABELS, GP_DEFINITIONS
from pcs_dash.official.any_area import find_area
from pcs_dash.official.england import CHANGE, CHANGE_LABEL, LEVEL_LABELS, MEASURES
from pcs_dash.official.loaded_areas import loaded_areas
from pcs_dash.tables.areas import Area, all_areas
from pcs_dash.tables.dataset import IMD_EDITIONS
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import data
from pcs_dash.ui.text import plain
from pcs_dash.views.inequality import LEVELS

Labels = Mapping[str, str]


def known_areas() -> dict[str, Area]:
    """Every area by its key: embedded, then loaded, then the set of areas that is asked for."""
    areas: dict[str, Area] = {area.key: area for area in (*all_areas(), *loaded_areas())}
    for asked in (st.session_state.get("area"), st.query_params.get("area")):
        if asked and asked not in areas:
            with suppress(UserError):
                found = find_area(asked)
                areas[found.key] = found
    return areas


def asked_area(default: str) -> Area:
    """The area that this run is about, before the sidebar is drawn."""
    asked = st.session_state.get("area") or st.query_params.get("area") or default
    try:
        return find_area(asked)
    except UserError:
        return find_area(default)


def area_labels() -> Labels:
    """Key of every area to its label."""
    return {key: area.label for key, area in known_areas().items()}


def definition_labels() -> Labels:
    """Key of every GP definition to its label."""
    return {key: item.label for key, item in GP_DEFINITIONS.items()}


def edition_labels() -> Labels:
    """IMD editions by year."""
    return {year: f"IMD {year}" for year in IMD_EDITIONS}


def variable_labels() -> Labels:
    """Measures that can stand on an axis."""
    return {key: variable.label for key, variable in VARIABLES.items()}


def level_labels() -> Labels:
    """Levels at which inequality is measured; LSOAs where their registrations are loaded."""
    loaded = bool(data.registrations_version())
    return {key: label for key, label in LEVELS.items() if loaded or key != "lsoa"}


def pattern_labels() -> Labels:
    """What the page of spatial patterns looks for."""
    labels = {
        "under-doctoring": "Patients per FTE GP, by practice",
        "both": "Patients per FTE GP in deprived surroundings, by practice",
        "deprivation": "Deprivation of residents, by small area (LSOA)",
    }
    if data.registrations() is None:
        return labels
    return labels | {"residents": "Patients per FTE GP of residents, by small area (LSOA)"}


def statistic_labels() -> Labels:
    """Local statistics of the page of spatial patterns."""
    return {"moran": "Local Moran's I", "getis": "Getis and Ord's G*"}


def neighbour_labels() -> Labels:
    """How neighbours are chosen on the page of spatial patterns."""
    nearest = {f"{k}-nearest": f"The {k} nearest" for k in (6, 4, 8, 12)}
    return nearest | {"queen": "Shared borders (queen)"}


def england_measure_labels() -> Labels:
    """Measures of the page of England."""
    labels = {measure.key: measure.label for measure in MEASURES}
    return labels | {CHANGE: CHANGE_LABEL}


def quality_labels() -> Labels:
    """Measures of quality that the practices of this run have."""
    # Official data take seconds to import: only where an address asks for them.
    from pcs_dash.measures import quality
    from pcs_dash.ui import official

    dataset = data.current()
    loaded = official.practices(dataset)
    table = quality.quality_table(dataset.practices, loaded.table if loaded else None)
    periods = loaded.periods if loaded else {}
    return {
        key: f"{measure.label} ({quality.period_of(measure, periods)})"
        for key, measure in quality.available(table).items()
    }


def practice_labels() -> Labels:
    """ODS code of every practice to the label by which it is found: "name (code)"."""
    names = data.current().practices["practice_name"]
    return {str(code): f"{name} ({code})" for code, name in names.items()}


_KNOWN: dict[str, Callable[[], Labels]] = {
    "area": area_labels,
    "gp": definition_labels,
    "imd": edition_labels,
    "benchmark": lambda: BENCHMARK_LABELS,
    "x": variable_labels,
    "y": variable_labels,
    "practice": practice_labels,
    "level": level_labels,
    "pattern": pattern_labels,
    "statistic": statistic_labels,
    "near": neighbour_labels,
    "near-lsoa": neighbour_labels,
    "quality": quality_labels,
    "england-areas": lambda: LEVEL_LABELS,
    "england-measure": england_measure_labels,
}


def spelled_out(parameters: Mapping[str, str]) -> dict[str, str] | None:
    """The parameters with short names as labels; None where there is nothing to spell out."""
    result = dict(parameters)
    for name, labels in _KNOWN.items():
        if name in result:
            result[name] = _label(name, result[name], labels())
    return result if result != dict(parameters) else None


def _label(name: str, text: str, labels: Labels) -> str:
    if text in labels.values():
        return text
    if name == "area":
        try:
            return find_area(text).label
        except UserError:
            return text
    folded = text.casefold()
    return next(
        (label for key, label in labels.items() if folded in (key.casefold(), label.casefold())),
        text,
    )


def tell_unknown(name: str, labels: Labels) -> None:
    """Say so where the address asks for what is not there; call it before the widget `name`."""
    wanted = st.query_params.get(name)
    if wanted is None or wanted in labels.values():
        return
    if name == "area":
        try:
            find_area(wanted)
        except UserError as error:
            st.warning(plain(str(error)))
        return
    st.warning(
        f"The address asks for {name} = '{plain(wanted)}', which is not there. "
        "Choose from the list instead."
    )
