"""The choices that every page shares; they live in the address, so that a link opens the view."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

import pandas as pd
import streamlit as st

from pcs_dash.hubs.rules import default_rules
from pcs_dash.measures.numbers import number
from pcs_dash.measures.workforce import (
    BENCHMARK_LABELS,
    GP_DEFINITIONS,
    Benchmark,
    benchmarks,
    typed_benchmark,
)
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import IMD_EDITIONS
from pcs_dash.ui import data, official
from pcs_dash.ui.address import definition_labels, edition_labels, known_areas, tell_unknown
from pcs_dash.views.question import Question

DEFAULT_AREA = "mid-and-south-essex"
_OWN = "own"


# The choices of the run that this thread is in; set by the entry script before the page runs.
of_this_run: ContextVar[Question] = ContextVar("question")


def sidebar() -> Question:
    """Draw the sidebar and return its choices; the area's data are then those of this run."""
    with st.sidebar:
        area = _area()
        data.of_this_run.set(data.of(area))
        dataset = data.current()
        tell_unknown("gp", definition_labels())
        definition = GP_DEFINITIONS[
            st.selectbox(
                "Which GPs count",
                list(GP_DEFINITIONS),
                format_func=lambda key: GP_DEFINITIONS[key].label,
                key="gp",
                bind="query-params",
                help="\n".join(
                    f"- **{item.label}**: {item.meaning} ({item.source_column})."
                    for item in GP_DEFINITIONS.values()
                )
                + "\n\nHeadlines differ by a third between them, so every figure says which it is.",
            )
        ]
        tell_unknown("imd", edition_labels())
        edition = st.selectbox(
            "Deprivation (IMD edition)",
            list(IMD_EDITIONS),
            format_func=lambda year: f"IMD {year}",
            key="imd",
            bind="query-params",
            help="IMD 2025 ranks 2021 LSOAs; it is carried to the 2011 boundaries shown here. "
            "Split LSOAs take the mean rank of their parts.",
        )
        known = benchmarks(
            dataset.published,
            dataset.practices,
            definition=definition.key,
            practices_period=dataset.workforce_period,
        )
        benchmark = _benchmark(known)
        excluded = _excluded(area.select(dataset.practices))
        tiles = st.toggle(
            "Street map behind (needs internet)",
            key="tiles",
            bind="query-params",
            help="Off: nothing is asked of any other computer. On: your browser fetches map "
            "pictures from openstreetmap.org.",
        )
    return Question(
        dataset=dataset,
        area=area,
        definition=definition,
        edition=edition,
        benchmark=benchmark,
        benchmarks=known,
        practices=area.select(dataset.practices).drop(index=excluded.index),
        excluded=excluded,
        exclude=bool(st.session_state.get("exclude")),
        rules=default_rules(dataset.published),
        readers=official.readers(),
        tiles=tiles,
    )


def _area() -> Area:
    areas = known_areas()
    tell_unknown("area", {key: area.label for key, area in areas.items()})
    key = st.selectbox(
        "Area",
        # The default comes first: Streamlit warns of a default index beside a value of our own.
        sorted(areas, key=lambda key: key != DEFAULT_AREA),
        format_func=lambda key: areas[key].label,
        key="area",
        bind="query-params",
        help="Type to search. Essex and Mid and South Essex, the seven sub-ICB places (the CCGs "
        "of the 2014 strategy), and the districts; where official data are loaded, also every "
        'ICB, sub-ICB location and district of England, marked "loaded".',
    )
    return areas[key]


def _benchmark(known: Mapping[str, Benchmark]) -> Benchmark:
    labels = {key: BENCHMARK_LABELS[key] for key in (*known, _OWN)}
    tell_unknown("benchmark", labels)
    key = st.selectbox(
        "Benchmark (patients per FTE GP)",
        list(labels),
        format_func=labels.__getitem__,
        key="benchmark",
        bind="query-params",
        help="What the area is held against. England's published figure counts fully qualified "
        "GPs, so it is offered for that definition only.",
    )
    if key != _OWN:
        chosen = known[key]
        st.caption(f"{number(chosen.value)} patients per FTE GP ({chosen.period})")
        return chosen
    value = st.number_input(
        "Patients per FTE GP",
        min_value=100,
        max_value=20_000,
        value=1_800,
        step=50,
        key="own",
        bind="query-params",
    )
    return typed_benchmark(float(value))


def _excluded(practices: pd.DataFrame) -> pd.DataFrame:
    flagged = practices[practices["flag_low_fte"]]
    leave_out = st.toggle(
        "Leave out implausible FTE",
        key="exclude",
        bind="query-params",
        help="Leaves out of every figure the practices with more than 10,000 patients per fully "
        "qualified FTE GP, as published: their return is more likely wrong than their staffing.",
    )
    if leave_out:
        st.caption(
            f"Left out: {', '.join(flagged.index)}." if len(flagged) else "None in this area."
        )
        return flagged
    if len(flagged):
        st.caption(f"{len(flagged)} in this area, counted in: {', '.join(flagged.index)}.")
    return practices.iloc[:0]
